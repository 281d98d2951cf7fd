"""Tables and running text of a Word document, written as XML in one go.

python-docx makes a cell by a dozen calls, each of which looks through what was made before: for
the thousands of cells of a review that took most of the time of drawing it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.sax.saxutils import escape

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from pipelines.publish.content import Inline

_TWIPS = 1440 / 25.4
"""Twentieths of a point in a millimetre."""
_UNFIT = {n: None for n in (*range(32), 0xFFFE, 0xFFFF) if chr(n) not in "\t\n\r"}
"""Signs that no XML document holds."""


Side = Literal["left", "right", "center"]


@dataclass(frozen=True, slots=True)
class GridCell:
    """What stands in a cell and how; `style` is the id of a paragraph style.

    `span` counts the rows that it covers, 0 where one above covers it. One that is `held` stays
    on the page of the next row.
    """

    runs: Sequence[Inline]
    style: str
    align: Side
    shade: str = ""
    span: int = 1
    held: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines of a table: side → eighths of a point and colour; `edge` twips beside words."""

    lines: Mapping[str, tuple[int, str]]
    edge: int


def grid(
    rows: Sequence[Sequence[GridCell]],
    widths: Sequence[float],
    rules: Rules,
    ordinals: Mapping[str, int],
) -> Any:
    """The element of a table whose first row is its head; `widths` in millimetres.

    Numbers stand between bookmarks n1, n2, …, by which they are quoted; `ordinals` number them.
    """
    twips = [round(width * _TWIPS) for width in widths]
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{colour}"/>'
        for side, (size, colour) in rules.lines.items()
    )
    edges = "".join(f'<w:{s} w:w="{rules.edge}" w:type="dxa"/>' for s in ("left", "right"))
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
    body = "".join(_row(row, twips, ordinals, head=i == 0) for i, row in enumerate(rows))
    return parse_xml(
        f"<w:tbl {nsdecls('w')}><w:tblPr>"
        '<w:tblW w:type="auto" w:w="0"/><w:jc w:val="center"/>'
        f"<w:tblBorders>{lines}</w:tblBorders>"
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{edges}</w:tblCellMar>'
        '<w:tblLook w:firstColumn="1" w:firstRow="1" w:lastColumn="0" w:lastRow="0" '
        'w:noHBand="0" w:noVBand="1" w:val="04A0"/>'
        f"</w:tblPr><w:tblGrid>{columns}</w:tblGrid>{body}</w:tbl>"
    )


def elements(runs: Sequence[Inline], ordinals: Mapping[str, int]) -> Sequence[Any]:
    """Running text as the elements of a paragraph; its numbers stand between bookmarks likewise.

    A bookmark survives editing and copying, and prints nothing.
    """
    return list(parse_xml(f"<w:p {nsdecls('w')}>{''.join(_runs(runs, ordinals))}</w:p>"))


def _row(
    row: Sequence[GridCell], twips: Sequence[int], ordinals: Mapping[str, int], *, head: bool
) -> str:
    """No page parts a row, and every page begins with the head."""
    repeated = "<w:tblHeader/>" if head else ""
    cells = "".join(_cell(cell, width, ordinals) for cell, width in zip(row, twips, strict=True))
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{cells}</w:tr>"


def _cell(cell: GridCell, width: int, ordinals: Mapping[str, int]) -> str:
    joint = ""
    if cell.span != 1:
        joint = f'<w:vMerge w:val="{"restart" if cell.span else "continue"}"/>'
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{cell.shade}"/>' if cell.shade else ""
    held = "<w:keepNext/>" if cell.held else ""
    words = "".join(_runs(cell.runs, ordinals)) if cell.span else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:type="dxa" w:w="{width}"/>{joint}{shade}'
        f'<w:vAlign w:val="center"/></w:tcPr><w:p><w:pPr><w:pStyle w:val="{cell.style}"/>{held}'
        f'<w:jc w:val="{cell.align}"/></w:pPr>{words}</w:p></w:tc>'
    )


def _runs(runs: Sequence[Inline], ordinals: Mapping[str, int]) -> Iterator[str]:
    for run in runs:
        if isinstance(run, str):
            yield _run(run)
            continue
        number = ordinals[run.reference.anchor]
        yield f'<w:bookmarkStart w:id="{number}" w:name="n{number}"/>'
        yield _run(run.text)
        yield f'<w:bookmarkEnd w:id="{number}"/>'


def _run(words: str) -> str:
    """Words with their line ends, as python-docx writes them."""
    if not words:
        return ""
    lines = words.translate(_UNFIT).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    told = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in lines)
    return f"<w:r>{told}</w:r>"
