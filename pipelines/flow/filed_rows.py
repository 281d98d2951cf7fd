"""Current rows of a year's forms as plain dictionaries, and how a row is cited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from warehouse.current import current_rows


class Rows:
    """Current rows of forms of the year, about the units under assessment."""

    def __init__(
        self,
        connection: Connection,
        definitions: Definitions,
        year: Period,
        cutoff: datetime,
        units: Sequence[str],
    ) -> None:
        self._connection = connection
        self._definitions = definitions
        self._year = year
        self._cutoff = cutoff
        self._units = units
        self._read: dict[str, list[dict[str, Any]]] = {}

    @property
    def units(self) -> Sequence[str]:
        """Codes of the units whose rows are read."""
        return self._units

    def as_of(self, cutoff: datetime) -> Rows:
        """The same rows as they stood at another moment."""
        return Rows(self._connection, self._definitions, self._year, cutoff, self._units)

    def title_of(self, form: str) -> str:
        """What people call a form."""
        return self._definitions.newest(form).title

    def of(self, form: str) -> list[dict[str, Any]]:
        """Rows as plain dictionaries, blanks as None; every period inside the year."""
        if form not in self._read:
            self._read[form] = self._rows(form)
        return self._read[form]

    def _rows(self, form: str) -> list[dict[str, Any]]:
        frame = current_rows(
            self._connection,
            self._definitions,
            form,
            labels_of(self._year),
            self._units,
            self._cutoff,
        )
        rows = plain_rows(frame)
        ledger = self._definitions.newest(form).ledger
        if ledger is None:
            return rows
        # a thing that is sent again, in whatever month, stands as it was told last
        rows.sort(key=lambda row: Period.parse(row["period"]).end)
        return list({tuple(row[k] for k in ledger.keys): row for row in rows}.values())


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain dictionaries, blanks as None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]


def labels_of(year: Period) -> list[str]:
    """Labels of the year and of every half, quarter and month in it."""
    halves = [Period(PeriodKind.HALF, year.year, n) for n in (1, 2)]
    quarters = [Period(PeriodKind.QUARTER, year.year, n) for n in range(1, 5)]
    return [p.label for p in (year, *halves, *quarters, *year.months())]


def row_place(row: Mapping[str, Any]) -> str:
    """Where a row stands, as explanations cite it: sheet and row."""
    return f"{row['sheet']}!{row['row_no']}"


def day_of(value: Any) -> date | None:
    """A date as rows have it, or nothing."""
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()


def decimal(value: Any) -> Decimal | None:
    """A number as rows have it, exact, or nothing."""
    return None if value is None or pd.isna(value) else Decimal(str(value))
