"""A steward's proposal: the sender's own workbook with some cells changed, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl.cell.cell import MergedCell
from openpyxl.utils.cell import coordinate_from_string
from openpyxl.utils.exceptions import CellCoordinatesException

from pipelines.verdict.preserving import saved
from pipelines.verdict.returning import opened

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class CellUnknown(LookupError):
    """A cell that the workbook does not have; the sentence names it."""


@dataclass(frozen=True, slots=True)
class NewValue:
    """What a cell is to say: `value` as typed, empty for nothing."""

    sheet: str
    cell: str
    value: str


def amended_workbook(
    original: bytes, format: str, values: Sequence[NewValue], *, by: str, note: str, at: date
) -> bytes:
    """The workbook with the values in their cells; its properties name who proposed them and why.

    Words typed on a review sheet stay, and so does every other cell. What is not .xlsx is
    converted. Numbers and days become such, everything else is text: nothing becomes a formula.
    CellUnknown when a sheet or cell does not exist.
    """
    book, kept = opened(original, format)
    if not book.worksheets:
        raise CellUnknown("原文件打不开，不能在上面更正")
    for new in values:
        if new.sheet not in book.sheetnames:
            raise CellUnknown(f"没有工作表“{new.sheet}”")
        try:
            coordinate_from_string(new.cell.upper())
            cell = book[new.sheet][new.cell.upper()]
        except (CellCoordinatesException, ValueError, AttributeError) as error:
            raise CellUnknown(f"“{new.sheet}”没有单元格 {new.cell}") from error
        if isinstance(cell, MergedCell) or not hasattr(cell, "value"):
            raise CellUnknown(f"“{new.sheet}”的 {new.cell} 是合并单元格的一部分，请改左上角那一格")
        typed = typed_value(new.value)
        cell.value = typed
        if isinstance(typed, str):
            cell.data_type = "s"
            cell.quotePrefix = typed[0] in "=+-@"
        elif isinstance(typed, datetime):
            cell.number_format = "yyyy-mm-dd"
        elif isinstance(typed, (int, float)) and cell.number_format == "@":
            cell.number_format = "General"
    book.properties.lastModifiedBy = by
    book.properties.description = note
    return saved(book, at, kept)


def typed_value(text: str) -> str | int | float | datetime | None:
    """A typed text as a cell's value; what has more digits than a number holds stays text."""
    stripped = text.strip().replace(",", "")
    if not stripped:
        return None
    if _NUMBER.fullmatch(stripped) and not re.fullmatch(r"-?0\d.*", stripped):
        return float(stripped) if "." in stripped else int(stripped)
    if _DAY.fullmatch(stripped):
        try:
            return datetime.fromisoformat(stripped)
        except ValueError:
            return text.strip()
    return text.strip()


def cell_texts(workbook: bytes, format: str, cells: Sequence[tuple[str, str]]) -> list[str]:
    """What some cells show, in order; empty where there is nothing."""
    book, _ = opened(workbook, format)
    found = []
    for sheet, cell in cells:
        value = book[sheet][cell].value if sheet in book.sheetnames else None
        if isinstance(value, datetime):
            value = value.date().isoformat()
        found.append("" if value is None else str(value))
    return found


__all__ = ["CellUnknown", "NewValue", "amended_workbook", "cell_texts", "typed_value"]
