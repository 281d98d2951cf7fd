"""Tables of a Word document: captions that Word numbers, repeated heads, cells with their marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from pipelines.publish.content import Inline, Table
from pipelines.publish.word_styles import CAPTION, field_part, instruction

_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
}


def add_caption(made: Any, label: str, number: int, title: str) -> Any:
    """表3　…: its number is a field, so that Word counts again and makes a table of tables."""
    paragraph = made.add_paragraph(label, style=CAPTION)
    run = paragraph.add_run()
    field_part(run, "begin")
    instruction(run, rf" SEQ {label} \* ARABIC ")
    field_part(run, "separate")
    run = paragraph.add_run(str(number))
    field_part(paragraph.add_run(), "end")
    paragraph.add_run(f"　{title}")
    return paragraph


def add_runs(paragraph: Any, runs: Sequence[Inline], ordinals: Mapping[str, int]) -> None:
    """Running text; each number stands between the marks by which it is quoted, which nobody sees.

    A bookmark n17 is number 17: it survives editing and copying, and prints nothing.
    """
    plain: list[str] = []
    for run in runs:
        if isinstance(run, str):
            plain.append(run)
            continue
        if plain:
            paragraph.add_run("".join(plain))
            plain.clear()
        ordinal = ordinals[run.reference.anchor]
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for element in (start, end):
            element.set(qn("w:id"), str(ordinal))
        start.set(qn("w:name"), f"n{ordinal}")
        paragraph._p.append(start)
        paragraph.add_run(run.text)
        paragraph._p.append(end)
    if plain:
        paragraph.add_run("".join(plain))


def add_table(made: Any, table: Table, number: int, ordinals: Mapping[str, int]) -> None:
    """A table under its caption, above its note; `ordinals` number what is printed in it."""
    add_caption(made, "表", number, table.title)
    grid = made.add_table(rows=0, cols=len(table.columns))
    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    grid.autofit = False
    _borders(grid)
    widths = [Mm(table.width * share) for share in table.shares()]
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    centred = ["center"] * len(widths)
    _row(grid, [c.label for c in table.columns], centred, widths, ordinals, head=True)
    aligns = [c.align for c in table.columns]
    spans: dict[int, list[int]] = {}
    last = len(table.rows) - table.totals
    for place, column in enumerate(table.columns):
        if column.grouped:
            spans[place] = table.spans(place)
    for i, cells in enumerate(table.rows):
        row = _row(grid, cells, aligns, widths, ordinals)
        if i >= last:
            for cell in row.cells:
                _shade(cell, "F2F4F6")
        for place, span in spans.items():
            _span(row.cells[place], span[i])
        if _together(i, len(table.rows)):
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
    note = made.add_paragraph(table.note, style="Note Line")
    if not table.note:
        note.paragraph_format.line_spacing = Pt(8)
        note.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        note.paragraph_format.space_after = Pt(0)


def _row(
    grid: Any,
    cells: Sequence[Inline],
    aligns: Sequence[str],
    widths: Sequence[Any],
    ordinals: Mapping[str, int],
    head: bool = False,
) -> Any:
    row = grid.add_row()
    style = grid.part.document.styles["Cell Head" if head else "Cell"].style_id
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if head:
        properties.append(OxmlElement("w:tblHeader"))
    for cell, words, align, width in zip(row.cells, cells, aligns, widths, strict=True):
        cell.width = width
        paragraph = cell.paragraphs[0]
        # By its id: a look-up by name walks every style of the document for every cell.
        paragraph._p.style = style
        add_runs(paragraph, [words], ordinals)
        paragraph.alignment = _ALIGN[align]
        middle = OxmlElement("w:vAlign")
        middle.set(qn("w:val"), "center")
        cell._tc.get_or_add_tcPr().append(middle)
        if head:
            _shade(cell, "E8EDF2")
    return row


def _together(row: int, rows: int) -> bool:
    """Very short tables stay on one page; others leave no lone row at either end of a page.

    A table of a dozen rows that had to stay whole would leave half a page empty before it.
    """
    if row == rows - 1:
        return False
    return rows <= 5 or row < 2 or row >= rows - 3


def _span(cell: Any, rows: int) -> None:
    """Join a cell with the equal ones below it; the joined ones keep no text."""
    if rows == 1:
        return
    merge = OxmlElement("w:vMerge")
    if rows:
        merge.set(qn("w:val"), "restart")
    else:
        for run in cell.paragraphs[0].runs:
            run.text = ""
    properties = cell._tc.get_or_add_tcPr()
    properties.find(qn("w:tcW")).addnext(merge)


def _shade(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:color"), "auto")
    shade.set(qn("w:fill"), colour)
    properties = cell._tc.get_or_add_tcPr()
    # The schema wants shading before vertical alignment.
    middle = properties.find(qn("w:vAlign"))
    if middle is not None:
        middle.addprevious(shade)
    else:
        properties.append(shade)


def _borders(grid: Any) -> None:
    properties = grid._tbl.tblPr
    borders = OxmlElement("w:tblBorders")
    for side, size, colour in (
        ("top", 12, "22303C"),
        ("bottom", 12, "22303C"),
        ("insideH", 4, "B8C2CC"),
        ("insideV", 4, "DDE3E8"),
    ):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", str(size)), ("space", "0"), ("color", colour)):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    # Order inside tblPr is fixed by the schema: before tblLayout and tblCellMar.
    after = next(
        (properties.find(qn(f"w:{n}")) for n in ("shd", "tblLayout", "tblCellMar", "tblLook")
         if properties.find(qn(f"w:{n}")) is not None),
        None,
    )  # fmt: skip
    if after is not None:
        after.addprevious(borders)
    else:
        properties.append(borders)
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("left", 70), ("right", 70)):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), str(width))
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        look.addprevious(margins)
    else:
        properties.append(margins)
