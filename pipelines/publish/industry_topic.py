"""R-10: industries and trades: training to reward in one chain, contracts, quotas, committees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from definitions.catalogue import Definitions
from definitions.periods import PeriodKind
from pipelines import counted_rows
from pipelines.figures import BLOCK, INDUSTRY, Figures
from pipelines.publish import registers
from pipelines.publish.content import (
    Block,
    Chart,
    Column,
    Inline,
    Number,
    Paragraph,
    Section,
    Table,
)
from pipelines.publish.industry_data import (
    CHECKS,
    COMMITTEES,
    CONTRACTS,
    FOUNDED,
    ORGANISED,
    PAIRS,
    QUOTAS,
    SEATS,
    STAGES,
    UNCHECKED,
    Committee,
    IndustryTopic,
    told_codes,
)
from pipelines.publish.industry_tables import branch_value, by_industry, told_of
from pipelines.publish.issued import Report, issued
from pipelines.publish.multiples import months_side_by_side, units_side_by_side
from pipelines.publish.outline import Topic
from pipelines.publish.pictures import picture
from pipelines.publish.publication import Publication
from pipelines.publish.review import coverage_sentence
from pipelines.publish.sheets import Book, Field
from pipelines.publish.tables import LISTED, coverage_table, headed, percent, rest_note
from pipelines.publish.telling import NONE, Teller, sides

KIND = "R-10 产业（行业）专题"
_BY_INDUSTRY = (
    "I-SKILL-02", "I-SKILL-03", "I-SKILL-19", "I-SKILL-09", "I-SKILL-10", "I-SKILL-11",
    "I-SKILL-13",
)  # fmt: skip
_CONTRACTED = ("I-CON-01", "I-CON-02", "I-CON-06", "I-CON-07")
_TRENDS = ("I-SKILL-02", "I-SKILL-01", "I-SKILL-04", "I-SKILL-09", "I-SKILL-19", "I-SKILL-06")
_CHAIN = Topic(
    "五位一体", (), chart="chain", stages=tuple((s.name, s.lead, s.second) for s in STAGES)
)


def industry_topic(figures: Figures, topic: IndustryTopic, definitions: Definitions) -> Publication:
    """The topic as Word, web page and workbook; equal input gives equal bytes."""
    teller = Teller(figures, definitions, lines=topic.lines)
    sections = [_organised(teller, topic), _chain(teller, topic)]
    later = {"CON-01": _contracts, "CON-02": _quotas, "CADRE-05": _committees}
    sections += [make(teller, topic) for form, make in later.items() if form not in topic.unset]
    if topic.unset:
        sections.append(_unset(topic))

    def sheets(book: Book) -> None:
        known = [i for c in told_codes() if (i := definitions.indicators.get(c)) is not None]
        registers.indicators(book, "分产业指标", "各产业（行业）主要指标", known, teller)
        industry = registers.LINE_NAMES[INDUSTRY]
        registers.coverage(book, figures, {BLOCK: industry, INDUSTRY: industry})
        _sheets(book, topic, teller)
        registers.glossary(book, definitions, figures)

    year = figures.period.kind is PeriodKind.YEAR
    when = f"{figures.period.year}年" if year else figures.period.chinese
    return issued(
        Report(
            KIND,
            f"{figures.unit.name}{when}产业（行业）专题",
            tuple(sections),
            sheets,
        ),
        figures,
        definitions,
    )


def _each(topic: IndustryTopic) -> str:
    """What is listed beside each other: industries, or the unions of one."""
    return "各产业（行业）" if topic.asks_industry or topic.branches else "所属单位"


# --- who is organised ---


def _organised(teller: Teller, topic: IndustryTopic) -> Section:
    teller.open("I1")
    teller.spare_gaps()  # filings are told below, for all at once
    blocks: list[Block] = []
    told = teller.sentence(ORGANISED)
    if told:
        blocks.append(Paragraph((f"{teller.figures.unit.name}所属", *told)))
    founded = teller.sentence(FOUNDED)
    if founded:
        blocks.append(Paragraph(tuple(founded)))
    table = by_industry(teller, topic, f"{_each(topic)}工会组织情况", [c for c, _ in ORGANISED])
    if table is not None:
        blocks.append(table)
    elif topic.asks_industry and not teller.figures.children.get(BLOCK) and not topic.branches:
        blocks.append(
            Paragraph(("所属工会均未纳入产业（行业）工会，以下各项为全部所属工会的数。",))
        )
    blocks.append(Paragraph(coverage_sentence(teller)))
    covered = coverage_table(teller, f"{_each(topic)}报表报送情况", LISTED)
    if covered is not None and teller.figures.children.get(BLOCK):
        blocks.append(covered)
    return Section("I1", "组织和报送情况", tuple(blocks))


# --- training to reward ---


def _chain(teller: Teller, topic: IndustryTopic) -> Section:
    teller.open("I2", [c for s in STAGES for c, _ in s.clauses])
    blocks: list[Block] = []
    told_any = False
    for stage in STAGES:
        told = teller.sentence(stage.clauses)
        if told:
            told_any = True
            blocks.append(Paragraph((f"{stage.name}方面，", *told)))
    pairs = teller.sentence(PAIRS)
    if pairs:
        told_any = True
        blocks.append(Paragraph(("师带徒方面，", *pairs)))
    if not told_any:
        nothing = "培训、练兵、竞赛、晋级、奖励各环节有关报表本期无单位报送，暂无可汇总的数据。"
        return Section("I2", "“五位一体”技能人才培养", (Paragraph((nothing,)),))
    silent = [s.name for s in STAGES if not _told(teller, s.lead)]
    if silent:
        missing = f"{'、'.join(silent)}环节本期暂无可汇总的数据，不作零处理。"
        blocks.append(Paragraph((missing,)))
    chart = picture(teller, _CHAIN)
    table = _stage_table(teller)
    trend = months_side_by_side(teller, _TRENDS, 6)
    beside = _beside(teller, topic)
    by = by_industry(teller, topic, f"{_each(topic)}“五位一体”推进情况", _BY_INDUSTRY)
    blocks += [b for b in (chart, table, trend, beside, by) if b is not None]
    note = teller.coverage_note()
    if note:
        blocks.append(Paragraph(("注：", *note), "note"))
    return Section("I2", "“五位一体”技能人才培养", tuple(blocks))


def _told(teller: Teller, code: str) -> bool:
    figure = teller.figures.get(code)
    return figure is not None and figure.value is not None


def _beside(teller: Teller, topic: IndustryTopic) -> Chart | None:
    if topic.branches:
        return None
    stages = [(s.name, s.lead) for s in STAGES]
    return units_side_by_side(teller, f"{_each(topic)}各环节情况", stages, LISTED)


def _stage_table(teller: Teller) -> Table | None:
    now, then = sides(teller.figures.period.kind)
    rows: list[tuple[Inline, ...]] = []
    compared = False
    for stage in STAGES:
        for code, _ in stage.clauses:
            figure = teller.figures.get(code)
            indicator = teller.indicator(code)
            if figure is None or indicator is None:
                continue
            if figure.value is None and figure.last_year is None:
                continue
            compared = compared or figure.last_year is not None
            rows.append(
                (
                    stage.name,
                    headed(indicator),
                    teller.cell(figure),
                    teller.cell(figure, "上年同期"),
                    teller.changed(figure),
                    teller.filed(figure),
                )
            )
    if not rows:
        return None
    columns = [
        Column("环节", "center", 0.8, grouped=True),
        Column("指标", "left", 2.6),
        Column(now, weight=1.3),
        Column(then, weight=1.3),
        Column(f"比{then}", weight=1.5),
        Column("实报/应报（份）", weight=1.3),
    ]
    if not compared:
        columns = [c for i, c in enumerate(columns) if i not in (3, 4)]
        rows = [tuple(c for i, c in enumerate(r) if i not in (3, 4)) for r in rows]
    if all(r[-1] == NONE for r in rows):
        columns, rows = columns[:-1], [r[:-1] for r in rows]
    return Table("“五位一体”各环节主要指标", tuple(columns), tuple(rows))


# --- contracts and quotas ---


def _contracts(teller: Teller, topic: IndustryTopic) -> Section:
    teller.open("I3", [c for c, _ in CONTRACTS])
    title = "集体协商与集体合同"
    told = teller.sentence(CONTRACTS, breaks=("I-CON-05", "I-CON-03"))
    blocks: list[Block] = [Paragraph(tuple(told))] if told else []
    if topic.kinds:
        columns = (
            Column("合同种类", "left", 2.6),
            Column("有效合同（份）"),
            Column("覆盖职工（人）"),
        )
        rows = tuple(
            (
                k.kind,
                _counted(teller, "CON-01", counted_rows.ROWS, k.contracts, k.kind),
                _counted(teller, "CON-01", "workers", k.workers, k.kind),
            )
            for k in topic.kinds
        )
        note = "注：各专项合同覆盖的是同一批职工，行业合同与其下的企业合同也会重复，不能相加。"
        blocks.append(Table("期末有效的集体合同", columns, rows, note=note))
    table = by_industry(teller, topic, f"{_each(topic)}集体合同情况", _CONTRACTED)
    if table is not None:
        blocks.append(table)
    if not blocks:
        blocks = [Paragraph(("期末没有报送的有效集体合同，暂无可汇总的数据。",))]
    return Section("I3", title, tuple(blocks))


def _counted(teller: Teller, form: str, what: str, value: Decimal | None, kind: str = "") -> Inline:
    if value is None:
        return NONE
    column = "contract_kind" if kind else ""
    code = counted_rows.code_of(form, what, column, kind)
    return teller.counted(counted_rows.SOURCE, code, value, f"{value:,.0f}", counted_rows.ALL)


def _quotas(teller: Teller, topic: IndustryTopic) -> Section:
    teller.open("I4", [c for c, _ in (*CHECKS, *QUOTAS)])
    title = "劳动定额与合同履约"

    def of(what: str) -> Number | None:
        value = topic.sums.get(f"CON-02:{what}")
        found = _counted(teller, "CON-02", what, value)
        return found if isinstance(found, Number) else None

    blocks: list[Block] = []
    measured = of("quota_products")
    if measured is not None:
        agreed = teller.figures.get("I-CON-07")
        told: list[Inline] = ["劳动定额“一品一测一协商”，现场测定产品品种", measured, "个"]
        if agreed is not None and agreed.value is not None:
            told += ["，其中经协商确定", *teller.words("I-CON-07", "{v}", agreed)]
        blocks.append(Paragraph((*told, "。")))
    else:
        quota = teller.sentence(QUOTAS)
        blocks += [Paragraph(tuple(quota))] if quota else []
    rate = teller.figures.get(CHECKS[0][0])
    none = rate is not None and rate.value == 0 and rate.numerator == 0
    checked = teller.sentence(UNCHECKED if none else CHECKS)
    if checked:
        blocks.append(Paragraph(tuple(checked)))
    clauses = of("clauses")
    if clauses is not None:
        told = ["履约检查共查条款", clauses, "条"]
        breaches, fixed = of("breaches"), of("fixed")
        if breaches is not None and breaches.reference.value:
            told += ["，发现未履行条款", breaches, "条"]
            if fixed is not None:
                told += ["，已整改", fixed, "条"]
        elif breaches is not None:
            told.append("，未发现未履行的条款")
        blocks.append(Paragraph((*told, "。")))
    if not blocks:
        blocks = [Paragraph(("本期没有报送劳动定额测定和合同履约检查情况。",))]
    return Section("I4", title, tuple(blocks))


_UNSET = {"CON-01": "集体合同", "CON-02": "劳动定额与合同履约", "CADRE-05": "产业工会班子和委员会"}


def _unset(topic: IndustryTopic) -> Section:
    """What could not be told because its forms were not yet asked for."""
    years: dict[int, list[str]] = {}
    for form, name in _UNSET.items():
        if form in topic.unset:
            years.setdefault(topic.unset[form], []).append(name)
    told = "，".join(
        f"{'、'.join(names)}的报表自{year}年起报送" for year, names in sorted(years.items())
    )
    return Section("I6", "暂无数据的内容", (Paragraph((f"{told}，本期没有数据。",)),))


# --- committees ---


def _committees(teller: Teller, topic: IndustryTopic) -> Section:
    teller.open("I5", [c for c, _ in COMMITTEES])
    title = "产业工会班子和委员会"
    if not topic.committees:
        why = "产业工会班子与委员构成按年度报送，见年度专题。"
        if teller.figures.period.kind is PeriodKind.YEAR:
            why = "本年度没有收到产业（行业）工会班子与委员构成情况。"
        return Section("I5", title, (Paragraph((why,)),))
    blocks: list[Block] = []
    told = teller.sentence(COMMITTEES)
    if told:
        blocks.append(Paragraph(tuple(told)))
    columns = (
        Column("产业（行业）工会", "left", 2.6),
        Column("专职"),
        Column("兼挂职"),
        Column("其中职工"),
        Column("委员"),
        Column("其中一线"),
        Column("一线占比", weight=1.1),
        Column("主席办公会"),
        Column("全委会"),
        Column("联席会议"),
    )
    rows = tuple(_seats(teller, c) for c in topic.committees[:LISTED])
    note = f"注：人数为{topic.committees_of}末实有数，会议为全年次数。"
    note += rest_note(len(topic.committees), "列前{n}家", "")
    blocks.append(Table("产业（行业）工会班子和委员会情况", columns, rows, note=note))
    return Section("I5", title, tuple(blocks))


def _seats(teller: Teller, one: Committee) -> tuple[Inline, ...]:
    def of(column: str) -> Inline:
        value = one.seats.get(column)
        if value is None:
            return NONE
        code = counted_rows.code_of("CADRE-05", column)
        return teller.counted(
            counted_rows.SOURCE, code, value, f"{value:,.0f}", counted_rows.OWN, one.unit
        )

    whole, front = one.seats.get("committee"), one.seats.get("committee_front")
    share = percent(int(front), int(whole)) if whole and front is not None else NONE
    cells = [of(c) for c in SEATS]
    return (one.name, *cells[:5], share, *cells[5:])


# --- the annex ---


def _sheets(book: Book, topic: IndustryTopic, teller: Teller) -> None:
    if topic.committees:
        fields = [Field("产业（行业）工会", "text", 34), *(Field(n, "int", 12) for n in (
            "班子专职成员", "兼挂职副主席", "其中兼任职工", "委员数", "其中基层一线", "主席办公会",
            "全委会", "联席会议",
        ))]  # fmt: skip
        rows: list[tuple[Any, ...]] = [
            (c.name, *(c.seats.get(s) for s in SEATS)) for c in topic.committees
        ]
        book.table("班子和委员会", "产业（行业）工会班子和委员会情况", fields, rows)
    if topic.branches:
        known = [i for c in told_codes() if (i := teller.indicator(c)) is not None]
        told = [i for i in known if any(told_of(b, i.code) for b in topic.branches)]
        fields = [Field("产业（行业）", "text", 30), Field("工会（家）", "int", 11)]
        fields += [Field(headed(i), "number", 16, i.decimals) for i in told]
        book.table(
            "分产业",
            "按产业上级归类的主要指标",
            fields,
            [
                (b.name, len(b.members), *(branch_value(teller, b, i.code) for i in told))
                for b in topic.branches
            ],
        )
