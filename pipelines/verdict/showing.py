"""A handed-in workbook as the tables a page can show: texts by sheet from A1, and what differs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from difflib import SequenceMatcher
from typing import Any

from python_calamine import CalamineWorkbook

from pipelines.verdict.returning import separated
from pipelines.verdict.review_sheet import is_review
from pipelines.workbook import CODE_TABLE

MOST_ROWS, MOST_COLUMNS = 20_000, 120
"""Beyond these a page shows nothing more; the workbook itself is there for download."""


@dataclass(frozen=True, slots=True)
class ShownSheet:
    """One sheet: `rows[r][c]` is what the cell of row r + 1 and column c + 1 says."""

    name: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        """Columns of the widest row."""
        return max((len(r) for r in self.rows), default=0)


@dataclass(frozen=True, slots=True)
class CellDifference:
    """One cell that says something else; rows are counted from 1, None where there is no row."""

    sheet: str
    row_before: int | None
    row_after: int | None
    column: int
    before: str
    after: str


def shown_sheets(original: bytes, format: str) -> list[ShownSheet]:
    """The sheets of a workbook without our own review and code table; empty if it does not open.

    Only for what the reader has opened before: it has held the file to its limits.
    """
    if format == "csv":
        tables: list[tuple[str, Sequence[Sequence[Any]]]] = [("文本", separated(original))]
    else:
        try:
            book = CalamineWorkbook.from_filelike(io.BytesIO(original))
            tables = [
                (n, book.get_sheet_by_name(n).to_python(skip_empty_area=False, nrows=MOST_ROWS))
                for n in book.sheet_names
            ]
        except Exception:  # whatever a damaged file provokes
            return []
    return [
        ShownSheet(name, _trimmed(rows))
        for name, rows in tables
        if name != CODE_TABLE and not is_review(rows)
    ]


def differences(before: Sequence[ShownSheet], after: Sequence[ShownSheet]) -> list[CellDifference]:
    """What differs between two workbooks, in the order of the later one; rows that only moved
    do not differ."""
    old = {s.name: s for s in before}
    new = {s.name: s for s in after}
    found: list[CellDifference] = []
    for name in [*new, *(n for n in old if n not in new)]:
        one = old[name].rows if name in old else ()
        two = new[name].rows if name in new else ()
        found += _sheet_differences(name, one, two)
    return found


def _sheet_differences(
    name: str, one: Sequence[tuple[str, ...]], two: Sequence[tuple[str, ...]]
) -> list[CellDifference]:
    found: list[CellDifference] = []
    if len(one) == len(two):
        blocks: list[tuple[str, int, int, int, int]] = [("replace", 0, len(one), 0, len(two))]
    else:
        blocks = list(SequenceMatcher(None, one, two, autojunk=False).get_opcodes())
    for kind, a, b, c, d in blocks:
        if kind == "equal":
            continue
        for i in range(max(b - a, d - c)):
            r1 = a + i if a + i < b else None
            r2 = c + i if c + i < d else None
            left = one[r1] if r1 is not None else ()
            right = two[r2] if r2 is not None else ()
            for p in range(max(len(left), len(right))):
                x = left[p] if p < len(left) else ""
                y = right[p] if p < len(right) else ""
                if x != y:
                    found.append(
                        CellDifference(
                            name,
                            None if r1 is None else r1 + 1,
                            None if r2 is None else r2 + 1,
                            p + 1, x, y,
                        )
                    )  # fmt: skip
    return found


def _trimmed(rows: Sequence[Sequence[Any]]) -> tuple[tuple[str, ...], ...]:
    """Texts without what is empty to the right and below."""
    shown: list[tuple[str, ...]] = []
    for row in rows[:MOST_ROWS]:
        cells = [_text(v) for v in row[:MOST_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        shown.append(tuple(cells))
    while shown and not shown[-1]:
        shown.pop()
    return tuple(shown)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case float():
            return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
        case datetime():
            return value.date().isoformat() if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value).strip()
