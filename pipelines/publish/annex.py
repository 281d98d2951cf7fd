"""The annex of the review: every indicator of every unit along both lines, to filter and check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from definitions.periods import PeriodKind
from pipelines.figures import BLOCK, INDUSTRY, Figures
from pipelines.publish import kinds, own_words, registers, unusual
from pipelines.publish.content import Document, Inline, Number, Section, Table
from pipelines.publish.extras import Extras
from pipelines.publish.outline import OVERVIEW, PARTS
from pipelines.publish.publication import clock
from pipelines.publish.quoting import SOURCE_NAMES, names_of, told_of
from pipelines.publish.sheets import Book, Field
from pipelines.publish.telling import Teller, sides

_CHARTED = (
    "I-ORG-15",
    "I-SKILL-02",
    "I-SKILL-09",
    "I-WARM-02",
    "I-RIGHT-01",
    "I-FIN-02",
)


def annex(document: Document, figures: Figures, definitions: Definitions, extras: Extras) -> bytes:
    """The workbook; equal input gives equal bytes."""
    book = Book(f"{document.title}附表", document.issuer, figures.cutoff)
    _overview(book, document, figures)
    teller = Teller(figures, definitions, lines=extras.lines)
    charted: list[tuple[str, int, Indicator]] = []
    for section in document.sections:
        charted += _section(book, section, teller)
    _charts(book, charted, figures)
    kinds.sheet(book, teller)
    registers.results(book, extras)
    own_words.register(book, teller, extras)
    unusual.sheet(book, extras)
    registers.transfers(book, figures)
    registers.coverage(book, figures, line_labels(figures, extras.lines))
    registers.glossary(book, definitions, figures)
    sources(book, document, figures, definitions)
    return book.bytes()


def line_labels(figures: Figures, lines: Mapping[str, str]) -> dict[str, str]:
    """Line that the children stand under in the figures → the name of the one that it is."""
    own = lines.get(figures.unit.code)
    return {line: registers.LINE_NAMES[own or line] for line in (BLOCK, INDUSTRY)}


def _overview(book: Book, document: Document, figures: Figures) -> None:
    table = next(
        (b for b in document.blocks() if isinstance(b, Table) and b.title == "关键数据一览"), None
    )
    note = (
        f"数据截止 {clock(figures.cutoff)}　指标定义版本 {figures.definitions_digest[:12]}"
        "　“—”为未报或无法计算，不作零处理"
    )
    now, then = sides(figures.period.kind)
    fields = [
        Field("价值维度", "center", 11),
        Field("指标", "text", 34),
        Field(now, "number", 17),
        Field(then, "number", 17),
        Field(f"比{then}", "center", 18),
        Field("目标", "number", 15),
        Field("完成情况", "center", 12),
    ]
    if table is not None:
        fields = fields[: len(table.columns)]  # no targets: no columns for them
    rows: list[list[Any]] = []
    decimals: list[int | None] = []
    for row in table.rows if table else ():
        rows.append([_cell(c) for c in row])
        shown = next((c.text for c in row if isinstance(c, Number)), "0")  # this year's
        decimals.append(len(shown.partition(".")[2]))
    book.table("概览", f"{document.title}　关键数据一览", fields, rows, note=note, freeze=2,
               decimals=decimals)  # fmt: skip


def _cell(cell: Inline) -> Decimal | str:
    """A number as a number, a change and whatever else is told in words as it is told."""
    if not isinstance(cell, Number):
        return cell
    reference = cell.reference
    return cell.text if reference.basis.startswith("比") else reference.value


def _codes(section: Section, figures: Figures, definitions: Definitions) -> list[Indicator]:
    part = next((p for p in (OVERVIEW, *PARTS) if p.code == section.code), None)
    if part is None:
        return []
    order = [c for t in part.topics for c, _ in t.clauses]
    mine = [i for i in definitions.indicators.values() if i.code.split("-")[1] in part.families]
    mine.sort(key=lambda i: (order.index(i.code) if i.code in order else len(order), i.code))
    return [i for i in mine if figures.get(i.code) is not None]


def _section(book: Book, section: Section, teller: Teller) -> list[tuple[str, int, Indicator]]:
    """One sheet per section; returns where charted indicators have their month columns."""
    found = _codes(section, teller.figures, teller.definitions)
    if not found:
        return []
    name = f"{section.code} {section.title}"
    places = registers.indicators(book, name, section.title, found, teller)
    return [(name, places[i.code], i) for i in found if i.code in _CHARTED]


def _charts(book: Book, charted: Sequence[tuple[str, int, Indicator]], figures: Figures) -> None:
    """Native charts that read the month columns of the sections."""
    if not charted or figures.period.kind is PeriodKind.MONTH:
        return
    sheet = book.sheet("图表")
    sheet.write_string(0, 0, f"{figures.unit.name}主要指标分月情况", book.format("text", "title"))
    months, first = len(figures.period.months()), registers.FIRST_MONTH
    for place, (name, row, indicator) in enumerate(charted):
        chart = book.book.add_chart({"type": "column"})
        target = next(s.get_name() for s in book.sheets() if s.get_name() == name[:31])
        chart.add_series(
            {
                "name": indicator.name,
                "categories": [target, 2, first, 2, first + months - 1],
                "values": [target, row, first, row, first + months - 1],
                "fill": {"color": "#2F5D8C"},
                "gap": 60,
            }
        )
        chart.set_title(
            {
                "name": f"{indicator.name}（{indicator.unit}）",
                "name_font": {"size": 11, "bold": False, "name": "微软雅黑"},
            }
        )
        chart.set_legend({"none": True})
        chart.set_y_axis(
            {
                "num_format": "#,##0",
                "line": {"none": True},
                "major_gridlines": {"visible": True, "line": {"color": "#E4E8EC"}},
            }
        )
        chart.set_x_axis({"num_font": {"name": "微软雅黑", "size": 9}})
        chart.show_na_as_empty_cell()
        chart.set_size({"width": 620, "height": 280})
        options = {"description": f"{indicator.name}分月情况"}
        sheet.insert_chart(2 + (place // 2) * 15, (place % 2) * 10, chart, options)


SOURCES = "数字来源"


def sources(book: Book, document: Document, figures: Figures, definitions: Definitions) -> None:
    """Every number of the document with what it was made of, in reading order."""
    fields = [
        Field("编号", "center", 17),
        Field("章节", "text", 26),
        Field("文中", "text", 18),
        Field("单位", "text", 34),
        Field("指标", "text", 26),
        Field("口径", "text", 18),
        Field("数值", "number", 18),
        Field("统计线", "center", 9),
        Field("期间", "center", 11),
        Field("取自", "center", 11),
        Field("指标代码", "center", 13),
        Field("单位编码", "center", 18),
    ]
    names = names_of(figures)
    ordinals = document.ordinals()
    rows, decimals = [], []
    for section in document.sections:
        for number in section.numbers():
            indicator = definitions.indicators.get(number.indicator)
            rows.append(
                (
                    f"{document.reference}-{ordinals[number.anchor]}",
                    section.title,
                    number.text,
                    names.get(number.unit, number.unit),
                    told_of(number, definitions),
                    number.basis,
                    number.value,
                    number.line,
                    number.period,
                    SOURCE_NAMES.get(number.source, number.source),
                    number.indicator,
                    number.unit,
                )
            )
            decimals.append(indicator.decimals if indicator else 0)
    note = (
        f"数据截止 {clock(figures.cutoff)}。正文每个数的出处：在系统“查数”中输入编号，"
        "可逐级查到单位、报表、工作簿和单元格。"
    )
    book.table(SOURCES, "数字来源", fields, rows, note=note, decimals=decimals)
