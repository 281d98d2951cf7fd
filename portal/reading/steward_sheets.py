"""A submission as its sheets: what each cell says, where it is, and what was found in it.

The original is read again by the sandboxed reader, with the mends in force, so nothing a sender
made is opened in this process. Sheets of forms that the reader may not see are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from definitions import Definitions
from expectations.findings import column_letters
from pipelines.flow.correcting import arrived_of
from pipelines.flow.reading import read_mended
from portal.asking import Site
from portal.reading.findings import Found

COVER = {
    "org_code": "填报单位编码", "org_name": "填报单位", "period": "所属期", "unit": "计量单位",
    "filled_by": "填报人", "reviewed_by": "复核人", "signed_by": "单位负责人",
    "filled_on": "填报日期", "document": "批准文号", "valid_to": "有效期至",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `at` like B7 (empty: the sheet lacks it), `tone` bad, warn, info or empty."""

    at: str
    text: str
    tone: str = ""
    why: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet, or one field of the cover."""

    row: int
    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form on one sheet: heads, and rows; `bad` counts its findings that ask for something."""

    form: str
    title: str
    name: str
    period: str
    heads: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    bad: int
    known: bool = True


_TONES = {"退回": "bad", "须说明": "warn", "提示": "info"}


def sheets_of(
    site: Site, submission: int, found: Sequence[Found], hidden: Collection[str]
) -> list[Sheet]:
    """The sheets of a submission in the file's order, the worst cells marked."""
    read = _read(site, submission)
    marks: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for finding in found:
        marks[finding.sheet, finding.cell].append(finding)
    titles = {f.code: f.title for f in site.definitions.forms}
    sheets = []
    cover = _cover(read.cover, marks)
    if cover is not None:
        sheets.append(cover)
    for sheet in read.sheets:
        if sheet.form not in hidden:
            sheets.append(_sheet(sheet, titles, site.definitions, marks))
    return sheets


def _read(site: Site, submission: int) -> Any:
    with site.engine.connect() as connection:
        arrived, _ = arrived_of(connection, submission)
    (read,) = read_mended([arrived], site.definitions, {})
    return read


def _cell(
    sheet: str, column: int | None, row: int, shown: str, number: bool,
    marks: dict[tuple[str, str], list[Found]],
) -> Cell:  # fmt: skip
    at = f"{column_letters(column)}{row}" if column else ""
    own = marks.get((sheet, at), ()) if at else ()
    tone = _TONES.get(own[0].severity, "") if own else ""
    return Cell(at, shown, tone, "；".join(f.message for f in own), number)


def _cover(cover: Any, marks: dict[tuple[str, str], list[Found]]) -> Sheet | None:
    lines = []
    name = ""
    for key, label in COVER.items():
        if key not in cover.cells:
            continue
        name, row, column = cover.cells[key]
        cell = _cell(name, column, row, cover.values.get(key, ""), False, marks)
        lines.append(Line(row, (Cell("", label), cell)))
    if not lines:
        return None
    bad = sum(1 for (s, _), own in marks.items() if s == name and own[0].severity != "提示")
    return Sheet("", "封面", name, "", (("项目", ""), ("填写", "")), tuple(lines), bad)


def _sheet(
    sheet: Any, titles: dict[str, str], known: Definitions,
    marks: dict[tuple[str, str], list[Found]],
) -> Sheet:  # fmt: skip
    form = next(f for f in known.forms if f.code == sheet.form)
    edition = next(
        (f for f in known.forms if (f.code, f.edition) == (sheet.form, sheet.edition)), form
    )
    lines = []
    for i, row in enumerate(sheet.row_numbers):
        cells = []
        for p, column in enumerate(edition.columns):
            if sheet.columns[p] is None:
                continue
            value = sheet.raw.get((i, p))
            shown = value if value is not None else _shown(sheet.values[p][i])
            cells.append(
                _cell(sheet.sheet, sheet.columns[p], row, shown, column.type.numeric, marks)
            )
        lines.append(Line(row, tuple(cells)))
    for row, totals in sheet.totals:
        cells = []
        for p, column in enumerate(edition.columns):
            if sheet.columns[p] is None:
                continue
            shown = sheet.total_labels.get(row, "合计") if not cells else _shown(totals.get(p))
            cells.append(
                _cell(sheet.sheet, sheet.columns[p], row, shown, column.type.numeric, marks)
            )
        lines.append(Line(row, tuple(cells), total=True))
    heads = tuple(
        (column_letters(sheet.columns[p]), c.label)
        for p, c in enumerate(edition.columns)
        if sheet.columns[p] is not None
    )
    bad = sum(
        1 for (s, _), own in marks.items() if s == sheet.sheet for f in own if f.severity != "提示"
    )
    return Sheet(
        sheet.form, titles.get(sheet.form, sheet.form), sheet.sheet, sheet.period, heads,
        tuple(sorted(lines, key=lambda line: line.row)), bad,
    )  # fmt: skip


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)
