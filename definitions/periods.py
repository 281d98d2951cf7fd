"""Reporting periods: 2017-03, 2017Q1, 2017H1 and 2017, with their dates and neighbours."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache


class PeriodKind(StrEnum):
    """How often a form is due; an event form is cut monthly, a campaign belongs to its year."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    EVENT = "event"
    CAMPAIGN = "campaign"

    @property
    def label_kind(self) -> PeriodKind:
        """The kind of period label that a form of this kind carries."""
        return {PeriodKind.EVENT: PeriodKind.MONTH, PeriodKind.CAMPAIGN: PeriodKind.YEAR}.get(
            self, self
        )


_PATTERNS = {
    PeriodKind.MONTH: re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
    PeriodKind.QUARTER: re.compile(r"(\d{4})Q([1-4])"),
    PeriodKind.HALF: re.compile(r"(\d{4})H([12])"),
    PeriodKind.YEAR: re.compile(r"(\d{4})"),
}
_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF: 6, PeriodKind.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """One reporting period; `number` counts periods of the kind inside the year, from 1."""

    kind: PeriodKind
    year: int
    number: int = 1

    @classmethod
    def parse(cls, label: str) -> Period:
        """Read a label such as ``2017-03``; ValueError when it is none of the four shapes."""
        return _parsed(label)

    @property
    def label(self) -> str:
        """The label that stands in the warehouse and on covers."""
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.year}-{self.number:02d}"
            case PeriodKind.QUARTER:
                return f"{self.year}Q{self.number}"
            case PeriodKind.HALF:
                return f"{self.year}H{self.number}"
            case _:
                return str(self.year)

    @property
    def chinese(self) -> str:
        """The label as a Chinese reader writes it: 2017年3月, 2017年第一季度, 2017年上半年."""
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.year}年{self.number}月"
            case PeriodKind.QUARTER:
                return f"{self.year}年第{'一二三四'[self.number - 1]}季度"
            case PeriodKind.HALF:
                return f"{self.year}年{'上下'[self.number - 1]}半年"
            case _:
                return f"{self.year}年度"

    @property
    def first_month(self) -> int:
        """Calendar month in which the period begins, 1-12."""
        return (self.number - 1) * _MONTHS[self.kind] + 1

    @property
    def start(self) -> date:
        """First day."""
        return date(self.year, self.first_month, 1)

    @property
    def end(self) -> date:
        """Last day, inclusive."""
        return _last_day(self.year, self.first_month + _MONTHS[self.kind] - 1)

    def months(self) -> list[Period]:
        """The months inside the period, in order."""
        return [
            Period(PeriodKind.MONTH, self.year, self.first_month + i)
            for i in range(_MONTHS[self.kind])
        ]

    def previous(self) -> Period:
        """The period just before, of the same kind."""
        if self.number > 1:
            return Period(self.kind, self.year, self.number - 1)
        return Period(self.kind, self.year - 1, 12 // _MONTHS[self.kind])

    def last_year(self) -> Period:
        """The same period one year earlier."""
        return Period(self.kind, self.year - 1, self.number)

    def within(self, kind: PeriodKind) -> Period:
        """The period of a form of that kind to which this one belongs.

        The longer period that it lies in, or the last of the shorter ones inside it: 2017-03 is
        within 2017Q1 and 2017; for a monthly form 2017Q1 means 2017-03.
        """
        kind = kind.label_kind
        number = (self.end.month - 1) // _MONTHS[kind] + 1
        return self if kind is self.kind else Period(kind, self.year, number)

    def contains(self, other: Period) -> bool:
        """Whether the other period lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        return self.label


# A chunk of workbooks asks for the same few labels and days hundreds of thousands of times.


@lru_cache(maxsize=4096)
def _parsed(label: str) -> Period:
    for kind, pattern in _PATTERNS.items():
        match = pattern.fullmatch(label)
        if match:
            groups = match.groups()
            return Period(kind, int(groups[0]), int(groups[1]) if len(groups) > 1 else 1)
    raise ValueError(f"not a period: {label!r} (2017-03, 2017Q1, 2017H1 or 2017)")


@lru_cache(maxsize=4096)
def _last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def closing_periods(month: Period) -> list[Period]:
    """The month itself and every longer period that ends with it, shortest first."""
    periods = [month]
    for kind in (PeriodKind.QUARTER, PeriodKind.HALF, PeriodKind.YEAR):
        span = _MONTHS[kind]
        if month.number % span == 0:
            periods.append(Period(kind, month.year, month.number // span))
    return periods
