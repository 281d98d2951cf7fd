"""One submission as its sheets: what stands in each cell, and what was found there."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from definitions.model import Form
from expectations.findings import column_letters
from pipelines.flow.showing import ShownSheet
from portal.reading.findings import Found

SHORT, AROUND, HEAD = 160, 1, 12
"""A sheet of more rows shows its head and the rows with something found, and those beside them."""
TONES = {"退回": "bad-cell", "须说明": "warn-cell", "提示": "info-cell"}


@dataclass(frozen=True, slots=True)
class GridCell:
    """What a cell shows; `tone` marks it, `finding` is the gravest one in it."""

    text: str
    tone: str = ""
    finding: int | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row; `skipped` rows before it are not shown."""

    number: int
    cells: tuple[GridCell, ...]
    head: bool = False
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet as a page shows it."""

    name: str
    letters: tuple[str, ...]
    rows: tuple[GridRow, ...]
    left_out: int


def counts(found: Iterable[Found]) -> Mapping[str, int]:
    """How many findings each sheet has."""
    tally: dict[str, int] = defaultdict(int)
    for finding in found:
        tally[finding.sheet] += 1
    return tally


def allowed(
    sheets: Sequence[ShownSheet], forms: Collection[str], visible: Collection[str],
    form_of: Mapping[str, str],
) -> tuple[list[ShownSheet], int]:  # fmt: skip
    """The sheets that may be shown, and how many may not.

    Who sees every form of the workbook sees all of it; others only sheets known to be of a form
    that they see.
    """
    if set(forms) <= set(visible):
        return list(sheets), 0
    shown = [s for s in sheets if form_of.get(s.name, s.name.split(" ")[0]) in set(visible)]
    return shown, len(sheets) - len(shown)


def grid(
    sheet: ShownSheet, found: Sequence[Found], forms: Iterable[Form], *, everything: bool = False
) -> Grid:
    """A sheet with its marks; long ones without the rows where nothing was found."""
    marks: dict[tuple[int, int], Found] = {}
    for finding in found:
        if finding.sheet == sheet.name and finding.row_no is not None:
            for column in finding.columns:
                marks.setdefault((finding.row_no, column), finding)
    labels = {_plain(c.label) for f in forms for c in f.columns}
    heads = {
        n
        for n, row in enumerate(sheet.rows[:30], start=1)
        if sum(_plain(cell) in labels for cell in row) >= 3
    }
    wanted = set(range(1, len(sheet.rows) + 1))
    if not everything and len(wanted) > SHORT:
        beside = {r + step for r, _ in marks for step in range(-AROUND, AROUND + 1)}
        wanted &= set(range(1, max([HEAD, *(h + 3 for h in heads)]) + 1)) | beside
    width = max([sheet.width, *(c for _, c in marks)], default=0)
    rows: list[GridRow] = []
    last = 0
    for number in sorted(wanted | {r for r, _ in marks}):
        row = sheet.rows[number - 1] if number <= len(sheet.rows) else ()
        cells = tuple(
            _cell(row[p] if p < len(row) else "", marks.get((number, p + 1))) for p in range(width)
        )
        rows.append(GridRow(number, cells, number in heads, number - last - 1))
        last = number
    letters = tuple(column_letters(p + 1) for p in range(width))
    return Grid(sheet.name, letters, tuple(rows), max(0, len(sheet.rows) - last))


def _cell(shown: str, finding: Found | None) -> GridCell:
    if finding is None:
        return GridCell(shown)
    return GridCell(shown, TONES[finding.severity], finding.id, finding.message)


def _plain(label: str) -> str:
    return "".join(unicodedata.normalize("NFKC", label).split())
