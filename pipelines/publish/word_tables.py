"""Tables of a Word document: captions that Word numbers, repeated heads, cells with their marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docx.enum.text import WD_LINE_SPACING
from docx.shared import Pt

from pipelines.publish.content import Inline, Table
from pipelines.publish.word_grid import GridCell, Rules, elements, grid
from pipelines.publish.word_styles import CAPTION, field_part, instruction

_RULES = Rules(
    {"top": (12, "22303C"), "bottom": (12, "22303C"), "insideH": (4, "B8C2CC"),
     "insideV": (4, "DDE3E8")},
    edge=70,
)  # fmt: skip
"""Strong lines above and below, faint ones between cells."""


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
    """Running text, its numbers between the marks by which they are quoted."""
    for element in elements(runs, ordinals):
        paragraph._p.append(element)


def add_table(made: Any, table: Table, number: int, ordinals: Mapping[str, int]) -> None:
    """A table under its caption, above its note; `ordinals` number what is printed in it."""
    add_caption(made, "表", number, table.title)
    head, body = (made.styles[name].style_id for name in ("Cell Head", "Cell"))
    rows = [[GridCell([c.label], head, "center", "E8EDF2") for c in table.columns]]
    spans = [table.spans(place) for place in range(len(table.columns))]
    last = len(table.rows) - table.totals
    for i, row in enumerate(table.rows):
        shade, held = "F2F4F6" if i >= last else "", _together(i, table)
        rows.append(
            [
                GridCell([words], body, column.align, shade, span[i], held)
                for words, column, span in zip(row, table.columns, spans, strict=True)
            ]
        )
    width = table.width
    widths = [width * share for share in table.shares()]
    made.element.body.sectPr.addprevious(grid(rows, widths, _RULES, ordinals))
    note = made.add_paragraph(table.note, style="Note Line")
    if not table.note:
        note.paragraph_format.line_spacing = Pt(8)
        note.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        note.paragraph_format.space_after = Pt(0)


def _together(row: int, table: Table) -> bool:
    """Very short tables stay on one page; others leave no lone row at either end of a page.

    A table of a dozen rows that had to stay whole would leave half a page empty before it. The last
    row takes its note along.
    """
    rows = len(table.rows)
    if row == rows - 1:
        return bool(table.note)
    return rows <= 5 or row < 2 or row >= rows - 3
