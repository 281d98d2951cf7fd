"""Mark the cells of findings with a fill and a comment, and take earlier marks away again.

A mark keeps what it covers: the comment of a marked cell carries the cell's former fill and the
comment that stood there before, so that the next round can put both back, wherever the cell has
been moved to in between and whichever program saved the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import GradientFill, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.functions import fromstring, tostring

from definitions.model import Severity
from expectations.findings import Finding
from pipelines.typesetting import wrapped_lines
from pipelines.workbook import MARK_AUTHOR

# Shades nobody picks from a palette, so a fill that survived without its comment is still ours.
FILLS = {
    Severity.RETURN: "FFF9C6C1",
    Severity.EXPLAIN: "FFFFE2A1",
    Severity.NOTICE: "FFCFE5F6",
}
_OURS = frozenset(FILLS.values())
_OPENING = "【审核】"
_FORMER_FILL = re.compile(r"\n〔原底色：(.+)〕(?=\n|$)")
_FORMER_COMMENT = re.compile(r"\n——原批注（(.*)）——\n(.*)\Z", re.DOTALL)
_COMMENT_WIDTH = 320
_LONGEST_COMMENT = 8000
# Excel grows slow long before its limits; past this many, cells are filled but not commented.
MOST_COMMENTS = 4000
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384


def mark(book: Workbook, findings: Sequence[Finding]) -> int:
    """Mark every cell of every finding; returns how many cells got a fill but no comment."""
    by_cell: dict[tuple[str, int, int], list[Finding]] = defaultdict(list)
    anchors = {name: _anchors(sheet) for name, sheet in _sheets(book).items()}
    for finding in findings:
        if finding.row is None or finding.sheet not in anchors:
            continue
        for column in finding.columns:
            if not (0 < finding.row <= LAST_ROW and 0 < column <= LAST_COLUMN):
                continue
            row, anchor_column = _anchor(anchors[finding.sheet], finding.row, column)
            there = by_cell[finding.sheet, row, anchor_column]
            if finding not in there:
                there.append(finding)
    silent = 0
    for number, ((name, row, column), found) in enumerate(by_cell.items()):
        cell = book[name].cell(row, column)
        if number < MOST_COMMENTS:
            _comment(cell, found)
        else:
            silent += 1
        gravest = min((f.severity for f in found), key=lambda s: s.rank)
        cell.fill = PatternFill("solid", fgColor=FILLS[gravest])
    return silent


def remove_marks(book: Workbook) -> None:
    """Take the fills and comments of earlier rounds away and put back what they covered."""
    styled: Any = book  # numbers of fills are part of openpyxl's file format, not of its types
    ours = {number for number, fill in enumerate(styled._fills) if _shade(fill) in _OURS}
    for sheet in _sheets(book).values():
        # Only the cells that exist: a stray cell far out must not make millions.
        cells: list[Any] = list(sheet._cells.values())
        for cell in cells:
            if isinstance(cell, MergedCell):
                continue
            comment = cell.comment
            remembered = comment.text if comment is not None and _is_ours(comment) else None
            # By the fill's number: most of a workbook's cells are framed and empty.
            style = cell._style
            if style is not None and style.fillId in ours:
                cell.fill = _decoded(remembered or "")
            if remembered is not None:
                cell.comment = _former_comment(remembered)


def _sheets(book: Workbook) -> dict[str, Worksheet]:
    return {s.title: s for s in book.worksheets}


def _is_ours(comment: Comment) -> bool:
    # Some programs drop the author of a comment when they save; the opening words stay.
    return comment.author == MARK_AUTHOR or comment.text.startswith(_OPENING)


def _comment(cell: Any, findings: Iterable[Finding]) -> None:
    parts = [
        f"【{f.severity}】{f.message}\n怎么改：{f.advice}\n规则：{f.rule}"
        for f in sorted(findings, key=lambda f: f.severity.rank)
    ]
    said = "\n\n".join(parts)
    if len(said) > _LONGEST_COMMENT:
        said = said[:_LONGEST_COMMENT] + "…\n其余见“审核意见”页"
    text = f"{_OPENING}\n{said}"
    former = _encoded(cell.fill)
    if former:
        text += f"\n〔原底色：{former}〕"
    if cell.comment is not None:
        author = (cell.comment.author or "").replace("\n", " ")
        text += f"\n——原批注（{author}）——\n{cell.comment.text}"
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    height = min(600, 18 * wrapped_lines(text, 46) + 16)
    cell.comment = Comment(text, MARK_AUTHOR, height=height, width=_COMMENT_WIDTH)


def _former_comment(text: str) -> Comment | None:
    found = _FORMER_COMMENT.search(text)
    return Comment(found[2], found[1]) if found else None


def _anchors(sheet: Worksheet) -> list[tuple[int, int, int, int]]:
    return [(m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges]


def _anchor(merges: Iterable[tuple[int, int, int, int]], row: int, column: int) -> tuple[int, int]:
    """The cell that is seen at an address: a merge shows its first."""
    for top, left, bottom, right in merges:
        if top <= row <= bottom and left <= column <= right:
            return top, left
    return row, column


def _shade(fill: Any) -> str:
    if fill.fill_type == "solid" and fill.fgColor.type == "rgb":
        return str(fill.fgColor.rgb).upper()
    return ""


def _encoded(fill: Any) -> str:
    """A fill as a short text that a person can bear to see; empty for none."""
    if not fill.fill_type:
        return ""
    if fill.fill_type == "solid":
        colour = fill.fgColor
        if colour.type == "rgb":
            return f"#{str(colour.rgb)[-6:]}"
        if colour.type == "theme":
            return (
                f"主题{colour.theme}，{colour.tint:.6g}" if colour.tint else f"主题{colour.theme}"
            )
        if colour.type == "indexed":
            return f"索引{colour.indexed}"
    return str(tostring(fill.to_tree()), "utf-8").replace("\n", "")


def _decoded(comment: str) -> Any:
    """The fill that a mark's comment remembers; no fill when it remembers none."""
    found = _FORMER_FILL.search(comment)
    if found is None:
        return PatternFill()
    code = found[1]
    if match := re.fullmatch(r"#([0-9A-Fa-f]{6})", code):
        return PatternFill("solid", fgColor="FF" + match[1].upper())
    if match := re.fullmatch(r"主题(\d{1,2})(?:，(-?[\d.e-]+))?", code):
        return PatternFill("solid", fgColor=Color(theme=int(match[1]), tint=float(match[2] or 0)))
    if match := re.fullmatch(r"索引(\d{1,2})", code):
        return PatternFill("solid", fgColor=Color(indexed=int(match[1])))
    try:
        tree: Any = fromstring(code)
        kind = GradientFill if tree.tag.endswith("gradientFill") else PatternFill
        return kind.from_tree(tree)
    except Exception:  # a person edited the comment: then the former fill is lost, nothing more
        return PatternFill()
