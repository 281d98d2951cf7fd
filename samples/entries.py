"""One row of one form, with the period it belongs to and the organisation that owns it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from definitions.periods import Period, PeriodKind

Row = dict[str, Any]
FIRST_YEAR, LAST_YEAR = 2016, 2017


@dataclass(frozen=True, slots=True)
class Entry:
    """A row by column codes; `owner` is whose sender hands it in, `row` may name another unit."""

    form: str
    period: Period
    owner: str
    row: Row


def month(year: int, number: int) -> Period:
    """A month as a period."""
    return Period(PeriodKind.MONTH, year, number)


def quarter(year: int, number: int) -> Period:
    """A quarter as a period."""
    return Period(PeriodKind.QUARTER, year, number)


def year(number: int) -> Period:
    """A year as a period."""
    return Period(PeriodKind.YEAR, number)


def months_of(years: Iterable[int]) -> list[Period]:
    """All months of the years, in order."""
    return [month(y, m) for y in years for m in range(1, 13)]


def month_of(day: date) -> Period:
    """The month that contains a day."""
    return month(day.year, day.month)


def quarter_of(day: date) -> Period:
    """The quarter that contains a day."""
    return quarter(day.year, (day.month + 2) // 3)
