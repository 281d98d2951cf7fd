"""The monthly bulletin: who reported, the headline figures, both ends, findings by rule."""

from __future__ import annotations

from definitions.catalogue import Definitions
from pipelines.figures import BLOCK, Figure, Figures, Unit, display
from pipelines.publish import page, registers, word
from pipelines.publish.annex import sources
from pipelines.publish.content import (
    Block,
    Column,
    Document,
    Inline,
    Number,
    Paragraph,
    Section,
    Table,
)
from pipelines.publish.disclosure import MARK, NOTE
from pipelines.publish.extras import Extras
from pipelines.publish.publication import Publication, clock, file_title, signature
from pipelines.publish.quoting import quoted
from pipelines.publish.results import rules
from pipelines.publish.review import coverage_sentence
from pipelines.publish.sheets import Book
from pipelines.publish.tables import (
    by_unit,
    coverage_chart,
    coverage_table,
    headed,
    headline_figures,
)
from pipelines.publish.telling import NONE, Teller, sides

KIND = "R-03 月度通报"
_NAMED_MISSING, _NAMED_IN_ALL = 20, 60
"""Who is named of each unit that lacks filings; with more names in all, the annex has them."""
_ENDS = 3
_TOLD = (
    ("I-ORG-04", "月末会员{v}"), ("I-ORG-09", "职工入会率{v}"), ("I-ORG-15", "新发展会员{v}"),
    ("I-FIN-02", "实拨缴工会经费{v}"), ("I-FIN-03", "经费收缴率{v}"),
)  # fmt: skip
"""What a month's bulletin says in words before its table."""


def bulletin(
    figures: Figures, definitions: Definitions, extras: Extras | None = None
) -> Publication:
    """The bulletin of a month as Word, web page and workbook; equal input gives equal bytes."""
    extras = extras or Extras()
    document = quoted(bulletin_document(figures, definitions, extras), KIND, figures)
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
            (f"{name}附表.xlsx", _workbook(document, figures, definitions, extras)),
        ),
        numbers=tuple(document.numbers()),
        drawn={f"{name}.docx": document},
    )


def bulletin_document(figures: Figures, definitions: Definitions, extras: Extras) -> Document:
    """The content of the bulletin: coverage, headline figures, both ends, findings by rule."""
    teller = Teller(figures, definitions)
    sections = [_coverage(teller, extras.shown_units), _headlines(teller)]
    ends = _ends(teller)
    if ends is not None:
        sections.append(ends)
    teller.open("B4")
    found = rules(teller, extras) if extras.rule_counts else []
    if not found:
        found = [Paragraph(("本期审核未发现问题。",))]
    sections.append(Section("B4", "审核发现的问题", tuple(found)))
    return Document(
        title=f"{figures.unit.name}{figures.period.chinese}工作数据通报",
        issuer=figures.unit.name,
        head=(
            figures.unit.name,
            f"数据截止：{clock(figures.cutoff)}",
        ),
        sections=tuple(sections),
        signature=signature(figures.unit.name, figures.cutoff),
    )


def _coverage(teller: Teller, limit: int) -> Section:
    teller.open("B1")
    figures = teller.figures
    blocks: list[Block] = [Paragraph(coverage_sentence(teller))]
    rows = by_unit(figures)
    full = [r for r in rows if r.expected and r.on_time == r.expected]
    if full and len(full) < len(rows) and len(full) <= limit:
        named = "、".join(r.name for r in full)
        blocks.append(Paragraph((f"全部报表按时报送的单位{len(full):,}家：{named}。",)))
    elif full and len(full) < len(rows):
        told = f"{len(rows):,}家单位中，{len(full):,}家全部报表按时报送。"
        blocks.append(Paragraph((told,)))
    chart = coverage_chart(figures, "各单位报表报送情况")
    table = coverage_table(teller, "各单位报表报送情况", limit)
    # A table turns the page anywhere, a picture nowhere: behind it, it leaves no page half empty.
    blocks += [b for b in (table, chart) if b is not None]
    late = [r for r in rows if r.lacking]
    if late:
        among = sum(min(len(row.missing), _NAMED_MISSING) for row in late[:limit])
        if among > _NAMED_IN_ALL:
            told = "；".join(
                f"{row.name}缺报{row.lacking:,}份，涉及{len(row.missing):,}家"
                if row.missing
                else f"{row.name}缺报{row.lacking:,}份"
                for row in late[:limit]
            )
            blocks.append(Paragraph((f"{told}。缺报单位名单见附表。",)))
        for row in late[:limit] if among <= _NAMED_IN_ALL else ():
            names = "、".join(row.missing[:_NAMED_MISSING])
            more = f"等{len(row.missing):,}家" if len(row.missing) > _NAMED_MISSING else ""
            told = f"：{names}{more}" if names else ""
            blocks.append(Paragraph((f"{row.name}缺报{row.lacking:,}份{told}。",)))
        if len(late) > limit:
            blocks.append(Paragraph((f"另有{len(late) - limit:,}家单位缺报，名单见附表。",)))
    return Section("B1", "报表报送情况", tuple(blocks))


def _headlines(teller: Teller) -> Section:
    teller.open("B2")
    teller.spare_gaps()  # what is lacking stands in the section before
    _, then = sides(teller.figures.period.kind)
    rows: list[tuple[Inline, ...]] = []
    for dimension, figure in headline_figures(teller):
        if figure.value is None and figure.previous is None:
            continue
        indicator = teller.definitions.indicators[figure.indicator]
        rows.append(
            (
                dimension,
                headed(indicator),
                teller.cell(figure),
                teller.cell(figure, "上期"),
                teller.changed(figure, "上期"),
                teller.cell(figure, "上年同期"),
                teller.changed(figure),
            )
        )
    if not rows:
        return Section("B2", "主要指标", (Paragraph(("本期没有可汇总的指标数据。",)),))
    columns = [
        Column("价值维度", "center", 1.3, grouped=True),
        Column("指标", "left", 2.3),
        Column("本月", weight=1.3),
        Column("上月", weight=1.3),
        Column("比上月", weight=1.65),
        Column(then, weight=1.3),
        Column(f"比{then}", weight=1.65),
    ]
    for before in (5, 3):  # a first year has nothing to compare with, and no empty columns
        if all(row[before] == NONE for row in rows):
            columns = columns[:before] + columns[before + 2 :]
            rows = [row[:before] + row[before + 2 :] for row in rows]
    note = ""
    if any(cell == NONE for row in rows for cell in row):
        note = "注：“—”为未报或无法计算，不作零处理。"
    if any(cell == MARK for row in rows for cell in row):
        note += NOTE.removeprefix("注：") if note else NOTE
    table = Table("主要指标情况", tuple(columns), tuple(rows), note=note)
    told = teller.sentence([t for t in _TOLD if teller.indicator(t[0])], breaks=("I-FIN-02",))
    return Section("B2", "主要指标", (*((Paragraph(tuple(told)),) if told else ()), table))


def _ends(teller: Teller) -> Section | None:
    """The first and last three units by each headline rate that enough units report.

    Counts rank units by their size, which is nobody's merit: they are listed only where no rate is.
    """
    teller.open("B3")
    known = teller.definitions.indicators
    ranked: dict[str, list[tuple[Unit, Figure]]] = {}
    for _, figure in headline_figures(teller):
        indicator = known[figure.indicator]
        if indicator.better == "neither" or indicator.aggregate not in ("sum", "ratio"):
            continue
        ordered = _ordered(teller, figure.indicator)
        if len(ordered) < 2 * _ENDS or len({f.value for _, f in ordered}) == 1:
            continue
        ranked[figure.indicator] = ordered[::-1] if indicator.better == "lower" else ordered
    rates = {c: units for c, units in ranked.items() if known[c].aggregate == "ratio"}
    rows: list[tuple[Inline, ...]] = []
    for code, ordered in (rates or ranked).items():
        printed = [display(own.value, known[code]) for _, own in ordered]
        ends = {"居前": range(_ENDS), "靠后": range(len(ordered) - _ENDS, len(ordered))}
        # Of equals none is in front or behind: an end that would part them is left out.
        cuts = {"居前": printed[_ENDS - 1 : _ENDS + 1], "靠后": printed[-_ENDS - 1 :][:2]}
        for place, (unit, own) in enumerate(ordered):
            end = next((e for e, places_ in ends.items() if place in places_), "")
            if not end or len(set(cuts[end])) == 1:
                continue
            value = own.value
            if value is None or teller.hides(own):
                continue
            number: Number = teller.number(own, value, display(value, known[code]))
            # Equals share the first of their places.
            rows.append(
                (headed(known[code]), end, str(printed.index(number.text) + 1), unit.name, number)
            )
    if not rows:
        return None
    columns = (
        Column("指标", "left", 2.0, grouped=True),
        Column("位置", "center", 0.7),
        Column("位次", "center", 0.7),
        Column("单位", "left", 2.8),
        Column("数值", weight=1.2),
    )
    note = "注：只排已报送的单位；未报单位不参加排序。"
    table = Table("主要指标居前和靠后的单位", columns, tuple(rows), note=note)
    return Section("B3", "各单位位次", (table,))


def _ordered(teller: Teller, code: str) -> list[tuple[Unit, Figure]]:
    """Children along 块 with a value, highest first; a reported zero is a value."""
    found = [
        (unit, figure)
        for unit in teller.figures.children.get(BLOCK, ())
        if (figure := teller.figures.get(code, unit.code)) and figure.value is not None
    ]
    return sorted(found, key=lambda pair: -(pair[1].value or 0))


def _workbook(
    document: Document, figures: Figures, definitions: Definitions, extras: Extras
) -> bytes:
    book = Book(f"{document.title}附表", document.issuer, figures.cutoff)
    registers.coverage(book, figures)
    known = list(definitions.indicators.values())
    registers.indicators(book, "主要指标", "各单位指标情况", known, Teller(figures, definitions))
    registers.results(book, extras)
    registers.glossary(book, definitions, figures)
    sources(book, document, figures, definitions)
    return book.bytes()
