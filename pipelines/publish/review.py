"""The year-end review: one content model out of the figures, rendered to Word, web and workbook."""

from __future__ import annotations

from collections.abc import Sequence

from definitions.catalogue import Definitions
from definitions.periods import PeriodKind
from pipelines.figures import INDUSTRY, Figures
from pipelines.publish import annex, kinds, own_words, page, unusual, word
from pipelines.publish.changes import transfers
from pipelines.publish.content import Block, Document, Inline, Paragraph, Section, Subheading
from pipelines.publish.disclosure import NOTE
from pipelines.publish.extras import Extras
from pipelines.publish.fund_bands import fund_bands
from pipelines.publish.outline import DIMENSIONS, OVERVIEW, PARTS, VALUES, Part, Topic
from pipelines.publish.own_counts import with_counts
from pipelines.publish.pictures import picture
from pipelines.publish.publication import Publication, clock, file_title, signature
from pipelines.publish.quoting import quoted
from pipelines.publish.results import problems, results, star_homes, works
from pipelines.publish.tables import (
    coverage_chart,
    coverage_table,
    filings,
    headlines,
    main_table,
    overall,
    values_table,
)
from pipelines.publish.telling import Teller
from pipelines.publish.tiles import by_region
from pipelines.publish.unit_tables import chief_table, unit_table

KIND = "R-01 年终总结"
_OVERVIEW: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("组织建设方面，", ("I-ORG-01", "I-ORG-04", "I-ORG-09", "I-ORG-15")),
    ("技能提升方面，", ("I-SKILL-02", "I-SKILL-07", "I-SKILL-09", "I-SKILL-11")),
    ("维权帮扶方面，", ("I-AID-05", "I-WARM-02", "I-RIGHT-09")),
    ("阵地和经费方面，", ("I-HOME-02", "I-HOME-03", "I-FIN-02")),
)
_ALONE = {"I-WARM-02": "发放两节慰问资金{v}", "I-FIN-02": "实拨缴工会经费{v}"}
"""Words of figures that lean on others in their section and stand without these here."""


def review(figures: Figures, definitions: Definitions, extras: Extras | None = None) -> Publication:
    """The year-end review as Word, web page and workbook; equal input gives equal bytes."""
    extras, definitions = extras or Extras(), with_counts(definitions)
    document = quoted(review_document(figures, definitions, extras), KIND, figures)
    numbers = tuple(document.numbers())
    name = file_title(document.title)
    return Publication(
        kind=KIND,
        title=document.title,
        unit=figures.unit.code,
        period=figures.period,
        cutoff=figures.cutoff,
        digest=figures.definitions_digest,
        files=(
            (f"{name}.docx", word.word(document, figures.cutoff)),
            (f"{name}.html", page.page(document, figures, definitions).encode()),
            (f"{name}附表.xlsx", annex.annex(document, figures, definitions, extras)),
        ),
        numbers=numbers,
        drawn={f"{name}.docx": document},
    )


def review_document(figures: Figures, definitions: Definitions, extras: Extras) -> Document:
    """The content of the review, sections R00 to R14 of the domain catalogue, 9.1."""
    teller = Teller(figures, definitions, lines=extras.lines)
    sections = [_overview(teller, extras)]
    for part in PARTS:
        section = _section(teller, part, extras)
        if section is not None:
            sections.append(section)
    total = overall(figures)
    teller.open("R14")
    last = problems(teller, extras, total.lacking if total else 0)
    if not last:
        # Silence on targets means all met only where targets were assessed at all.
        measured = teller.figures.get("I-TGT-01")
        met = any(w.tasks for w in extras.works)
        met = met or (measured is not None and measured.value is not None)
        told = "责任书下达的目标任务均已完成" if met else "本期没有目标任务考核数据"
        sent = "报表报送齐全，" if total else ""
        last = [Paragraph((f"{told}；{sent}没有需要列出的审核问题。",))]
    sections.append(Section("R14", "问题与下年打算", tuple(last)))
    year = figures.period.kind is PeriodKind.YEAR
    when = f"{figures.period.year}年" if year else figures.period.chinese
    return Document(
        title=f"{figures.unit.name}{when}工作总结",
        issuer=figures.unit.name,
        head=(
            f"{figures.unit.name}",
            f"数据截止：{clock(figures.cutoff)}",
        ),
        sections=tuple(sections),
        signature=signature(figures.unit.name, figures.cutoff),
    )


def _overview(teller: Teller, extras: Extras) -> Section:
    teller.open("R00")
    figures = teller.figures
    blocks: list[Block] = []
    for lead, group in _OVERVIEW:
        known = [(c, _ALONE.get(c, "")) for c in group if teller.indicator(c) is not None]
        teller.spare_gaps()  # filings are told below, for all sections at once
        told = teller.sentence(known)
        if told:
            blocks.append(Paragraph((lead, *told)))
    table = headlines(teller)
    if table is not None:
        blocks += [Subheading("关键数据"), table]
    blocks += _values(teller)
    blocks.append(Subheading("报送与口径"))
    blocks.append(Paragraph(coverage_sentence(teller)))
    lacking = unusual.silent(teller)
    if lacking:
        blocks.append(Paragraph((lacking,)))
    chart = coverage_chart(figures, "各单位报表报送情况")
    sent = coverage_table(teller, "各单位报表报送情况")
    blocks += [b for b in (sent, chart) if b is not None]
    silent = _without_data(teller, extras)
    if silent:
        blocks.append(Paragraph((silent,)))
    blocks.append(Paragraph((_basis_words(teller),), "note"))
    blocks += [Paragraph((note,), "note") for note in figures.notes]
    blocks += unusual.told(extras)
    chief = chief_table(teller)
    if chief is not None:
        blocks += [Subheading("各单位主要指标"), chief]
    return Section(OVERVIEW.code, OVERVIEW.title, tuple(blocks))


def _values(teller: Teller) -> list[Block]:
    """What the year was worth by value dimension; nothing where it was not worked out."""
    table = values_table(teller)
    if table is None:
        return []
    told: list[Inline] = []
    for place, lead in enumerate(("与上年相比，", "对照责任书目标，")):
        clauses = [
            words
            for dimension, codes in VALUES.items()
            if (f := teller.figures.get(codes[place])) is not None
            and (words := teller.words(f.indicator, _WORTH[place].format(DIMENSIONS[dimension]), f))
        ]
        for n, words in enumerate(clauses):
            told += ["、" if n else lead, *words]
        told += ["。"] if clauses else []
    return [Subheading("价值分析"), *([Paragraph(tuple(told))] if told else []), table]


_WORTH = ("{}改善度{{v}}", "{}实现度{{v}}")


def coverage_sentence(teller: Teller) -> tuple[Inline, ...]:
    """Filings owed, come, in time and right at the first try, as one paragraph."""
    total = overall(teller.figures)
    if total is None or not total.expected:
        return ("本报告期没有应报报表的名册，无法说明报送率。",)

    def of(code: str) -> Inline:
        return filings(teller, total, code)

    if total.reported == total.expected == total.on_time == total.first_pass:
        return ("本报告期应报报表", of("expected"), "份，全部按时报送，首次审核均通过。")
    told: tuple[Inline, ...] = (
        "本报告期应报报表", of("expected"), "份，实报", of("reported"), "份，报送率",
        of("reported_pct"), "；其中按时报送", of("on_time"), "份，按时率", of("on_time_pct"),
        "；首次审核通过", of("first_pass"), "份，首次通过率", of("first_pass_pct"), "。",
    )  # fmt: skip
    if total.lacking:
        told = (*told, "缺报", of("missing"), "份，缺报单位的数据不在合计之内，未以零代替。")
    return told


def _basis_words(teller: Teller) -> str:
    figures = teller.figures
    omitted = "、".join(p.title for p in PARTS if not codes_of(teller, p))
    told = (
        f"统计口径：数据截至{clock(figures.cutoff)}受理并审核通过"
        "的报表；合计由基层报表逐户相加，不由汇总数再汇总；期末数取截止时各单位最近一期，"
        "比率先分别合计分子、分母再相除；“—”表示未报或无法计算，不作零处理；"
        "未列同比的指标，上年无同口径数据；"
    )
    if figures.withheld:
        told += f"{NOTE.removeprefix('注：').removesuffix('。')}；"
    if teller.band:
        told += f"同比变动在正负{teller.band.normalize():f}%以内的记为基本持平；"
    if figures.moved_within:
        told += (
            "本期划入的单位，分单位数为其本期全部数，本期划出、撤并的不列分单位数，"
            "合计均只计隶属本单位期间的数，差额列入“本级及变动差额”；可比口径的本期数、上年数"
            "均为现有各单位的全年数；"
        )
    if teller.lines.get(figures.unit.code) == INDUSTRY:
        told += "本单位各项合计和分单位数按产业（条）线隶属关系汇总；"
    told += f"指标定义版本{figures.definitions_digest[:12]}。"
    if omitted:
        told += f"本期尚未设置报表的工作不列专节：{omitted}。"
    return told


def codes_of(teller: Teller, part: Part) -> list[str]:
    """Indicators of a section: those of its topics in order, then the rest of its families."""
    named = [c for t in part.topics for c, _ in t.clauses]
    mine = [c for c in teller.definitions.indicators if c.split("-")[1] in part.families]
    order = {code: i for i, code in enumerate(named)}
    return sorted(mine, key=lambda c: (order.get(c, len(order)), c))


def _section(teller: Teller, part: Part, extras: Extras) -> Section | None:
    """One section; None where the definitions hold no indicator for it, or nobody sent data."""
    codes = codes_of(teller, part)
    if not codes or _silent(teller, part, codes, extras):
        return None
    teller.open(part.code, codes)
    named = {c for t in part.topics for c in (*t.codes, *t.apart)}
    rest = tuple(c for c in codes if c not in named)
    topics: Sequence[Topic] = part.topics
    if rest:
        title = "其他指标" if part.topics else part.title
        clauses = tuple((c, "") for c in rest)
        topics = (*topics, Topic(title, clauses, caption=title, named=rest, by_unit=rest[:6]))
    told: list[tuple[str, list[Block]]] = []
    silent: list[Topic] = []
    for topic in topics:
        made = _topic(teller, topic, extras)
        if made:
            told.append((topic.title, made))
        elif topic in part.topics and any(c in codes for c in topic.codes):
            silent.append(topic)
    blocks: list[Block] = []
    for heading, made in told:
        # A lone （一） would promise a （二）.
        blocks += [Subheading(heading), *made] if len(told) > 1 else made
    left_out = _left_out(teller, silent)
    if left_out:
        blocks.append(Paragraph((left_out,), "note"))
    note = teller.coverage_note()
    if note:
        blocks.append(Paragraph(("注：", *note), "note"))
    odd = unusual.note(teller, extras, codes)
    if odd:
        blocks.append(Paragraph((odd,), "note"))
    said = own_words.highlights(teller, extras, part.code)
    if said:
        blocks += [Paragraph(("单位综述摘引如下。",), "lead"), *said]
    return Section(part.code, part.title, tuple(blocks))


def _left_out(teller: Teller, topics: Sequence[Topic]) -> str:
    """Which topics of a told section have nothing to tell: nobody sent data, owed or not."""
    owed: list[str] = []
    sent: list[str] = []
    free: list[str] = []
    for topic in topics:
        if topic.part == "transfers":
            continue  # that nobody moved is no gap
        figures = [f for c in topic.codes if (f := teller.figures.get(c)) is not None]
        if any(f.expected for f in figures):
            owed.append(topic.title)
        elif any(f.reported for f in figures):
            sent.append(topic.title)
        else:
            free.append(topic.title)
    told = [f"{_listed(owed)}应报的报表中没有可汇总的数据"] if owed else []
    told += [f"{_listed(sent)}方面报来的报表中没有可计算的数据"] if sent else []
    told += [f"本期无单位报送{_listed(free)}方面的报表"] if free else []
    return f"注：{'；'.join(told)}，不列表。" if told else ""


def _silent(teller: Teller, part: Part, codes: Sequence[str], extras: Extras) -> bool:
    figures = [f for c in codes if (f := teller.figures.get(c)) is not None]
    told = any(f.value is not None for f in figures)
    return not told and not _has_rows(teller, part, extras)


def _has_rows(teller: Teller, part: Part, extras: Extras) -> bool:
    """Whether something beside indicators is to be told in the section."""
    given = {
        "transfers": bool(teller.figures.transfers),
        "stars": bool(extras.star_homes),
        "works": any(w.tasks for w in extras.works),
        "results": bool(extras.assessments),
        "projects": bool(extras.projects),
        "bands": any(b.now for b in extras.fund_bands),
    }
    said = any(w.section == part.code and w.kind == own_words.DEED for w in extras.words)
    return said or any(given.get(t.part, False) for t in part.topics)


def _told_apart(teller: Teller, topic: Topic, extras: Extras) -> list[Block]:
    """Blocks of a topic that do not come from its indicators."""
    match topic.part:
        case "transfers":
            return transfers(teller, extras.shown_units)
        case "stars":
            return star_homes(teller, extras)
        case "projects":
            return own_words.projects(teller, extras)
        case "bands":
            return fund_bands(teller, extras)
        case "works":
            return works(teller, extras)
        case "results":
            return results(teller, extras)
        case _:
            return []


def _topic(teller: Teller, topic: Topic, extras: Extras) -> list[Block]:
    """Everything of a topic: its sentences, its pictures, its tables."""
    limit = extras.shown_units
    clauses = [(c, w) for c, w in topic.clauses if teller.indicator(c) is not None]
    codes = [c for c in topic.codes if teller.indicator(c) is not None]
    if topic.part == "transfers" and teller.figures.transfers:
        clauses, codes = [], []  # the list of changes says the same, and from where to where
    blocks: list[Block] = []
    told: list[Inline] = teller.sentence(clauses, topic.breaks)
    if told:
        sole = teller.sole([c for c, _ in clauses])
        leaders = [f"以上均来自{sole.name}。"] if sole else teller.leaders(topic.named)
        blocks.append(Paragraph((*told, *leaders)))
    chart = picture(teller, topic)
    if chart is not None:
        blocks.append(chart)
    if topic.tiles:
        blocks += by_region(teller, topic.tiles)
    by_kind = kinds.tables(teller, topic.kinds)
    elsewhere = {code for kind, _ in by_kind for code in kind.tells}
    rows = [c for c in codes if c not in elsewhere]
    own = main_table(teller, topic.caption, rows, "情况", targets=True)
    units = unit_table(teller, f"{topic.caption}分单位情况", topic.by_unit, limit=limit)
    if told and own is not None and len(own.rows) == 1 and (by_kind or units):
        own = None  # one row that the sentence has told, beside tables that tell more
    tables = [own, *(table for _, table in by_kind), units]
    if topic.part == "lines":
        tables.append(
            unit_table(
                teller, f"{topic.caption}分产业情况", topic.by_unit, line=INDUSTRY, limit=limit
            )
        )
    blocks += [t for t in tables if t is not None]
    if not told and not by_kind and _all_zero(teller, codes):
        blocks.insert(0, Paragraph(("本期报送的各项数据均为0。",)))
    return [*blocks, *_told_apart(teller, topic, extras)]


def _all_zero(teller: Teller, codes: Sequence[str]) -> bool:
    """Whether something was reported, and all of it is nothing."""
    values = [f.value for c in codes if (f := teller.figures.get(c)) and f.value is not None]
    return bool(values) and not any(values)


def _without_data(teller: Teller, extras: Extras) -> str:
    """Which sections are left out because nobody sent data, and what was owed for them."""
    owed: list[str] = []
    free: list[str] = []
    for part in PARTS:
        codes = codes_of(teller, part)
        if not codes or not _silent(teller, part, codes, extras):
            continue
        asked = [f for c in codes if (f := teller.figures.get(c)) and f.expected]
        if not asked:
            free.append(part.title)
            continue
        most = max(asked, key=lambda f: f.expected or 0)
        owed.append(f"{part.title}有关报表应报{most.expected or 0:,}份、实报{most.reported:,}份")
    told = []
    if owed:
        told.append(f"{'，'.join(owed)}，没有可汇总的数据，不列专节。")
    if free:
        told.append(f"本期无单位报送{_listed(free)}方面的报表，不列专节。")
    return "".join(told)


def _listed(names: Sequence[str]) -> str:
    """“甲”“乙与丙”: titles that hold a 、 themselves stand in quotes, with nothing between."""
    inner = str.maketrans("“”", "‘’")
    return "".join(f"“{name.translate(inner)}”" for name in names)
