"""R-09: everything reported about one unit between two covers, with its history and its parents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from definitions.periods import Period, PeriodKind
from pipelines.figures import Figure, Figures
from pipelines.publish import registers
from pipelines.publish.annex import line_labels
from pipelines.publish.content import (
    Block,
    Column,
    Inline,
    Paragraph,
    Section,
    Subheading,
    Table,
)
from pipelines.publish.disclosure import MARK, NOTE
from pipelines.publish.issued import Report, issued
from pipelines.publish.multiples import months_side_by_side
from pipelines.publish.outline import PARTS, Part
from pipelines.publish.publication import Publication, chinese_day
from pipelines.publish.quality import form_sheet, forms_table
from pipelines.publish.results import marks
from pipelines.publish.review import coverage_sentence
from pipelines.publish.sheets import Book, Field
from pipelines.publish.tables import (
    LISTED,
    by_unit,
    coverage_chart,
    coverage_table,
    headed,
    main_table,
    overall,
    rest_note,
)
from pipelines.publish.telling import NONE, Teller, reached, sides
from pipelines.publish.unit_doings import (
    HOME,
    among_workers,
    honours,
    safe,
    short_day,
    stations,
)
from pipelines.publish.unit_records import UnitBook

KIND = "R-09 一单位一册"
_FORMS_NAMED = 20
_TRENDS = (
    "I-ORG-04", "I-ORG-15", "I-FIN-02", "I-SKILL-02", "I-SKILL-09", "I-AID-06", "I-MUT-03",
    "I-RIGHT-03", "I-CULT-03", "I-RIGHT-09", "I-HOME-04",
)  # fmt: skip
_PANELS = 6
_PART_CLAUSES = 4


def unit_book(figures: Figures, book: UnitBook, definitions: Definitions) -> Publication:
    """The book as Word, web page and workbook; equal input gives equal bytes."""
    teller = Teller(figures, definitions, lines=book.lines)
    sections = [_identity(teller, book), _reporting(teller, book), _data(teller)]
    for made in (
        _tasks(teller, book),
        among_workers(teller, book),
        stations(teller, book),
        honours(book),
    ):
        if made is not None:
            sections.append(made)

    def sheets(annex: Book) -> None:
        known = [i for i in definitions.indicators.values() if figures.get(i.code) is not None]
        registers.indicators(annex, "全部指标", f"{figures.unit.name}全部指标", known, teller)
        registers.coverage(annex, figures, line_labels(figures, book.lines))
        form_sheet(annex, figures, book.forms)
        _sheets(annex, book)
        registers.transfers(annex, figures)
        registers.glossary(annex, definitions, figures)

    year = figures.period.kind is PeriodKind.YEAR
    when = f"{figures.period.year}年" if year else figures.period.chinese
    return issued(
        Report(
            KIND,
            f"{figures.unit.name}{when}一单位一册",
            tuple(sections),
            sheets,
        ),
        figures,
        definitions,
    )


# --- what the unit is ---


def _day(day: date | None) -> str:
    return chinese_day(day) if day else NONE


def _identity(teller: Teller, book: UnitBook) -> Section:
    teller.open("U1")
    teller.spare_gaps()
    one = book.identity
    told = [f"{one.name}，组织编码{one.code}"]
    if one.found:
        told.append(f"{_day(one.found)}建会")
    block, industry = one.parents.get("块"), one.parents.get("条")
    if block:
        told.append(f"地方上级工会为{block}")
    if industry:
        told.append(f"产业上级工会为{industry}")
    if not block and not industry:
        told.append("在登记的工会中没有上级")
    if block and industry and one.lead:
        told.append(f"领导关系以{one.lead}")
    blocks: list[Block] = [Paragraph(("，".join(told) + "。",))]
    leads = any(teller.figures.children.values())
    clauses = [("I-ORG-01", "所属基层工会{v}"), ("I-ORG-03", "职工{v}"), ("I-ORG-04", "会员{v}")]
    below = teller.sentence(clauses) if leads else []
    if below:
        blocks.append(Paragraph(tuple(below)))
    items = [
        ("工会类型", one.type),
        ("级次", one.level),
        ("组织状态", one.status),
        ("所在地", one.region),
        ("所属行业", one.industry),
        ("领导关系", one.lead),
    ]
    if one.level == "基层":
        items.append(("联合基层工会", "是" if one.joint else "否"))
    if one.parents.get("经费"):
        items.append(("经费上缴对象", one.parents["经费"]))
    if len(items) % 2:
        items.append(("", ""))
    rows = tuple(
        (a, x or NONE, b, y or NONE if b else "")
        for (a, x), (b, y) in zip(items[::2], items[1::2], strict=True)
    )
    heads = (
        Column("项目", "left", 1.0),
        Column("内容", "left", 2.0),
        Column("项目", "left", 1.0),
        Column("内容", "left", 2.0),
    )
    blocks.append(Table("基本情况", heads, rows))
    blocks += _history(book)
    moved = _moved(teller.figures)
    blocks += [moved] if moved is not None else []
    return Section("U1", "单位概况", tuple(blocks))


def _moved(figures: Figures) -> Table | None:
    """Changes of the period among the unions below the unit."""
    if not figures.transfers:
        return None
    columns = (
        Column("工会", "left", 2.2),
        Column("变动", "center", 0.7),
        Column("线", "center", 0.5),
        Column("原上级", "left", 1.6),
        Column("现上级", "left", 1.6),
        Column("生效日期", "center", 1.1),
        Column("批准文号", "left", 1.5),
    )
    together: dict[tuple[str, ...], list[str]] = {}
    for t in figures.transfers:
        told = (
            t.change, t.line or NONE, t.from_name or NONE, t.to_name or NONE,
            short_day(t.effective), t.approval or NONE,
        )  # fmt: skip
        together.setdefault(told, []).append(t.name)
    rows = tuple((_united(names), *told) for told, names in list(together.items())[:LISTED])
    note = rest_note(len(together), "列前{n}项")
    return Table("本期下级工会组织变动", columns, rows, note=note)


def _united(names: Sequence[str]) -> str:
    """One name, or the first of many that moved by the same document on the same day."""
    return names[0] if len(names) == 1 else f"{names[0]}等{len(names):,}家"


_WHAT = {"名称": "名称", "状态": "类型、级次、状态", "块": "地方上级", "条": "产业上级",
         "经费": "经费上缴对象"}  # fmt: skip


def _history(book: UnitBook) -> list[Block]:
    """Names, states and parents in the order of their days, where any of them ever changed."""
    changed = {s.what for s in book.history if s.until is not None}
    started = [s.what for s in book.history]
    changed |= {w for w in started if started.count(w) > 1}
    if not changed:
        return [Paragraph(("登记以来，名称、类型、级次和隶属关系没有变动。",))]
    rows = tuple(
        (
            _WHAT.get(s.what, s.what),
            s.value or NONE,
            _day(s.since),
            _last_day(s.until),
            s.approval or NONE,
        )
        for s in book.history
    )
    columns = (
        Column("事项", "left", 1.1),
        Column("内容", "left", 2.6),
        Column("起", "center", 1.25),
        Column("止", "center", 1.25),
        Column("批准文号", "left", 1.5),
    )
    return [Table("名称、状态和隶属关系沿革", columns, rows)]


def _last_day(until: date | None) -> str:
    return "至今" if until is None else _day(date.fromordinal(until.toordinal() - 1))


# --- how it reported ---


def _reporting(teller: Teller, book: UnitBook) -> Section:
    teller.open("U2")
    figures = teller.figures
    total = overall(figures)
    blocks: list[Block] = [Paragraph(coverage_sentence(teller))]
    if total is not None and total.expected and not total.reported:
        told = "本报告期应报报表均未报送，以下各节有关数据以“—”表示，不作零处理。"
        blocks.append(Paragraph((told,)))
    table = forms_table(teller, book.forms)
    if table is not None:
        blocks.append(table)
    if len(by_unit(figures)) >= 2:
        chart = coverage_chart(figures, "各单位报表报送情况")
        sent = coverage_table(teller, "各单位报表报送情况")
        blocks += [sent] if sent is not None else []
        blocks += [chart] if chart is not None else []
    else:
        blocks += _lacking(figures, book)
    blocks += [Paragraph((note,), "note") for note in figures.notes]
    return Section("U2", "报表报送", tuple(blocks))


def _lacking(figures: Figures, book: UnitBook) -> list[Block]:
    """The forms and periods that a unit without units below it has left out."""
    lacking: dict[str, list[str]] = {}
    came: set[str] = set()
    for row in figures.coverage:
        if row.unit == figures.unit.code:
            if row.reported < row.expected:
                lacking.setdefault(row.form, []).append(row.period)
            else:
                came.add(row.form)
    whole = [book.forms.get(f, f) for f in sorted(lacking) if f not in came]
    partly = [
        f"{book.forms.get(form, form)}（{_spans(periods)}）"
        for form, periods in sorted(lacking.items())
        if form in came
    ]
    blocks: list[Block] = []
    if whole:
        blocks.append(Paragraph((f"本报告期一直没有报送的报表：{_listed(whole)}。",)))
    if partly:
        blocks.append(Paragraph((f"部分缺报的报表：{_listed(partly)}。",)))
    return blocks


def _listed(names: Sequence[str]) -> str:
    more = "" if len(names) <= _FORMS_NAMED else f"等{len(names)}种"
    return "、".join(names[:_FORMS_NAMED]) + more


def _spans(labels: Sequence[str]) -> str:
    """2017-03, 2017-04 → 2017年3月、2017年4月; a long list is told by its ends."""
    told = [Period.parse(label).chinese for label in sorted(labels)]
    return "、".join(told) if len(told) <= 3 else f"{told[0]}至{told[-1]}间的{len(told)}期"


# --- its figures ---


def codes_of(teller: Teller, part: Part) -> list[str]:
    """Indicators of a section of the review in its order, then the rest of its families."""
    named = [c for t in part.topics for c, _ in t.clauses]
    order = {code: i for i, code in enumerate(named)}
    mine = [c for c in teller.definitions.indicators if c.split("-")[1] in part.families]
    return sorted(mine, key=lambda c: (order.get(c, len(order)), c))


def _data(teller: Teller) -> Section:
    teller.open("U3")
    teller.spare_gaps()  # said once, in the section on reporting
    blocks: list[Block] = []
    silent: list[str] = []
    told: list[tuple[Part, list[Block]]] = []
    for part in PARTS:
        codes = codes_of(teller, part)
        shown = [c for c in codes if _concerns(teller.figures.get(c))]
        made = _part(teller, part, shown)
        if made:
            told.append((part, made))
        elif codes:
            silent.append(part.title)
    chart = months_side_by_side(teller, _TRENDS, _PANELS)
    if chart is not None:
        blocks.append(chart)
    for part, made in told:
        blocks += [Subheading(part.title), *made]
    if not told:
        blocks.append(Paragraph(("本报告期没有可以计算的指标。",)))
    elif silent:
        blocks.append(
            Paragraph((f"注：本期没有数据、未列表的工作：{'、'.join(silent)}。",), "note")
        )
    if told:
        note = (
            "注：“—”为未报或无法计算，不作零处理；期末数取最近一期，比率先分别合计分子、"
            "分母再相除；实报/应报为该数所依据报表的份数，按需报送的报表不计应报。"
        )
        if any(MARK in row for b in blocks if isinstance(b, Table) for row in b.rows):
            note += NOTE.removeprefix("注：")
        blocks.append(Paragraph((note,), "note"))
    return Section("U3", "主要数据", tuple(blocks))


def _concerns(figure: Figure | None) -> bool:
    """Whether a figure is the unit's concern: it has a value, had one, or was owed."""
    if figure is None:
        return False
    told = figure.value is not None or figure.last_year is not None
    return told or bool(figure.expected)


def _part(teller: Teller, part: Part, codes: Sequence[str]) -> list[Block]:
    """A sentence on what leads a section, and the table of all its figures."""
    table = main_table(teller, f"{part.title}主要指标", codes)
    if table is None:
        return []
    clauses = [c for t in part.topics for c in t.clauses if c[0] in codes]
    valued = [c for c in clauses if (f := teller.figures.get(c[0])) and f.value is not None]
    told = teller.sentence(valued[:_PART_CLAUSES])
    return [*([Paragraph(tuple(told))] if told else []), table]


# --- its tasks ---


def _tasks(teller: Teller, book: UnitBook) -> Section | None:
    teller.open("U4")
    now, _ = sides(teller.figures.period.kind)
    aimed = [
        (i, f)
        for i in teller.definitions.indicators.values()
        if (f := teller.figures.get(i.code)) is not None and f.target is not None
    ]
    blocks: list[Block] = []
    if aimed:
        met = [f for i, f in aimed if f.value is not None and reached(f, i)]
        left = [i.name for i, f in aimed if f.value is not None and not reached(f, i)]
        none = [i.name for i, f in aimed if f.value is None]
        told = f"责任书下达目标任务{len(aimed)}项，按报表数据计算，"
        if len(met) == len(aimed):
            told += "均已完成。" if len(aimed) > 1 else "已完成。"
        else:
            parts = []
            if left:
                parts.append(f"{_named(left)}尚未达到目标")
            if none:
                parts.append(f"{_named(none)}暂无数据、无法判断")
            told += "，".join(parts) + ("，其余均已完成。" if met else "。")
        rows = tuple(
            (
                headed(i),
                teller.cell(f, "目标"),
                teller.cell(f),
                _completed(teller, f, i),
            )
            for i, f in aimed
        )
        columns = (
            Column("指标", "left", 2.8),
            Column("目标", weight=1.2),
            Column(now, weight=1.2),
            Column("完成情况", weight=1.0),
        )
        blocks += [Paragraph((told,)), Table("目标任务完成情况", columns, rows)]
    for one in book.placings:
        total = teller.counted("assessment", one.scheme, one.total, marks(one.total), "总分")
        told_of: list[Inline] = [f"按《{one.title}》考核，得分", total, "分"]
        if one.rank is not None:
            group = f"{one.group}组" if one.group else "本组"
            told_of.append(f"，在{group}{one.ranked}家单位中列第{one.rank}位")
        told_of.append(f"，等次为{one.grade}。" if one.grade else "。")
        blocks.append(Paragraph(tuple(told_of)))
    return Section("U4", "目标任务与考核", tuple(blocks)) if blocks else None


def _completed(teller: Teller, figure: Figure, indicator: Indicator) -> Inline:
    """Percent of the target; whether a rate was reached; nothing to do where 0 was asked for."""
    if indicator.unit == "%" or indicator.better == "lower":
        return _met(figure, indicator)
    return teller.complete(figure) if figure.target else "本期无任务"


def _met(figure: Figure, indicator: Indicator) -> str:
    if figure.value is None:
        return NONE
    return "达到" if reached(figure, indicator) else "未达到"


def _named(names: Sequence[str]) -> str:
    return "、".join(names[:LISTED]) + ("等" if len(names) > LISTED else "")


# --- the annex ---


def _sheets(annex: Book, book: UnitBook) -> None:
    """The whole lists; a list of nothing gets no sheet."""
    tables: tuple[tuple[str, str, tuple[Field, ...], list[tuple[Any, ...]]], ...] = (
        (
            "历史沿革",
            "名称、状态和隶属关系沿革",
            (
                Field("事项", "text", 18), Field("内容", "text", 44), Field("起", "date", 13),
                Field("止（不含）", "date", 13), Field("批准文号", "text", 28),
            ),
            [(_WHAT.get(s.what, s.what), s.value, s.since, s.until, s.approval)
             for s in book.history],
        ),
        (
            "下基层记录",
            "本单位干部下基层记录",
            (
                Field("日期", "date", 13), Field("地点类别", "text", 12), Field("地点", "text", 36),
                Field("接触职工（人）", "int", 13), Field("了解诉求（条）", "int", 13),
                Field("记录编号", "text", 24),
            ),
            [(v.day, v.kind, "" if v.kind == HOME else safe(v.place), v.met, v.issues, v.key)
             for v in book.visits],
        ),
        (
            "承诺与约谈",
            "本单位承诺和约谈事项",
            (
                Field("类别", "text", 12), Field("领域", "text", 14), Field("内容", "wrap", 50),
                Field("期限", "date", 13), Field("兑现（约谈）日期", "date", 15),
                Field("核验方", "text", 14),
            ),
            [(p.kind, p.field, safe(p.content), p.due, p.done, p.verified)
             for p in book.promises],
        ),
        (
            "服务阵地",
            "本单位服务阵地",
            (
                Field("阵地", "text", 34), Field("类型", "text", 14), Field("启用日期", "date", 13),
                Field("面积（平方米）", "number", 13), Field("服务（人次）", "int", 12),
                Field("状态", "center", 9), Field("阵地编号", "text", 24),
            ),
            [(safe(s.name), s.tier, s.opened, s.area, s.served, s.status, s.key)
             for s in book.sites],
        ),
        (
            "荣誉表彰",
            "荣誉表彰",
            (
                Field("荣誉", "wrap", 44), Field("层级", "center", 10), Field("对象", "center", 10),
                Field("授予日期", "date", 13), Field("表彰文号", "text", 28),
            ),
            [(safe(h.name), h.level, h.object, h.day, h.document) for h in book.honours],
        ),
    )  # fmt: skip
    for name, title, fields, rows in tables:
        if rows:
            annex.table(name, title, fields, rows)
