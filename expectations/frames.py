"""Many form sheets of one form and period as one frame, with the way back to sheet and cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from definitions.model import Column, ColumnType, Form
from definitions.periods import Period
from expectations.evaluate import ABSENT, SUBMISSION, UNREADABLE

FEW = 100


class Sheet(Protocol):
    """What is needed of a form sheet that was read (pipelines.workbook.FormSheet)."""

    sheet: str
    columns: list[int | None]
    row_numbers: list[int]
    values: list[list[Any]]
    raw: dict[tuple[int, int], str]
    unreadable: set[tuple[int, int]]
    totals: list[tuple[int, dict[int, float]]]
    total_labels: dict[int, str]


@dataclass(frozen=True)
class Frame:
    """Rows of many sheets of one form; the index of `data` is the row id, from 0.

    `data` has the form's columns, `#submission` (the workbook's number), and, as texts such as
    ``,a,b,``, the row's cells that could not be read (`#unreadable`) and the columns its sheet
    lacks (`#absent`). `sheet_of` and `row_of` lead from row id to `sheets` and the row inside.
    """

    form: Form
    period: Period
    data: pd.DataFrame
    sheets: Sequence[Sheet]
    owners: Sequence[int]
    sheet_of: NDArray[np.int64]
    row_of: NDArray[np.int64]
    _lists: dict[str, list[Any]] = field(default_factory=dict, repr=False)
    _asked: dict[str, int] = field(default_factory=dict, repr=False)

    def at(self, row: int, name: str) -> Any:
        """One value, None when blank.

        A column of which many are asked for is turned into a list once; the first few cells are
        cheaper alone.
        """
        if name in self._lists:
            return self._lists[name][row]
        self._asked[name] = self._asked.get(name, 0) + 1
        column = self.data[name]
        if self._asked[name] <= FEW:
            value: Any = column.iat[row]
            if pd.isna(value):
                return None
            return value.item() if isinstance(value, np.generic) else value
        self._lists[name] = column.astype(object).where(column.notna(), None).tolist()
        return self._lists[name][row]

    def sheet(self, row: int) -> Sheet:
        """The sheet that a row id stands on."""
        return self.sheets[int(self.sheet_of[row])]

    def raw(self, row: int, position: int) -> str | None:
        """Text of a cell that did not convert to itself."""
        return self.sheet(row).raw.get((int(self.row_of[row]), position))


def typed(column: Column, values: Sequence[Any]) -> Any:
    """Values of a form column as a pandas array: Float64, boolean, datetime64[D→s] or string."""
    kind = column.type
    if kind.numeric:
        array = np.array(values, dtype=float)
        return pd.arrays.FloatingArray(np.nan_to_num(array), np.isnan(array))
    if kind is ColumnType.BOOL:
        return pd.array(list(values), dtype="boolean")
    if kind is ColumnType.DATE:
        days = [v if isinstance(v, date) else None for v in values]
        return np.array(days, dtype="datetime64[D]").astype("datetime64[s]")
    return pd.array([None if v is None or v != v else str(v) for v in values], dtype="string")


def build_frame(
    form: Form, period: Period, sheets: Sequence[Sheet], owners: Sequence[int]
) -> Frame:
    """One frame of many sheets; `owners[k]` is the number of the workbook that sheet k is from."""
    lengths = np.array([len(s.row_numbers) for s in sheets], dtype=np.int64)
    count = int(lengths.sum())
    sheet_of = np.repeat(np.arange(len(sheets)), lengths)
    row_of = np.arange(count) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    data: dict[str, Any] = {SUBMISSION: np.repeat(np.array(owners, dtype=np.int64), lengths)}
    for position, column in enumerate(form.columns):
        parts = [s.values[position] or [None] * len(s.row_numbers) for s in sheets]
        data[column.code] = typed(column, list(chain.from_iterable(parts)))
    data[UNREADABLE] = _unreadable(form, sheets, lengths, count)
    data[ABSENT] = _absent(form, sheets, lengths)
    return Frame(form, period, pd.DataFrame(data), sheets, owners, sheet_of, row_of)


def _unreadable(form: Form, sheets: Sequence[Sheet], lengths: NDArray[np.int64], count: int) -> Any:
    notes: list[str | None] = [None] * count
    starts = np.cumsum(lengths) - lengths
    for start, sheet in zip(starts, sheets, strict=True):
        for row, position in sheet.unreadable:
            at = int(start) + row
            notes[at] = f"{notes[at] or ','}{form.columns[position].code},"
    return pd.array(notes, dtype="string")


def _absent(form: Form, sheets: Sequence[Sheet], lengths: NDArray[np.int64]) -> Any:
    notes = []
    for sheet in sheets:
        missing = [c.code for c, at in zip(form.columns, sheet.columns, strict=True) if at is None]
        notes.append(f",{','.join(missing)}," if missing else None)
    return pd.array(np.repeat(np.array(notes, dtype=object), lengths), dtype="string")
