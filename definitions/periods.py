"""Reporting periods: 2017-03, 2017Q1, 2017H1, 2017 and 2017S, with dates and neighbours."""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache


class PeriodKind(StrEnum):
    """How often a form is due; an event form is cut monthly, a campaign belongs to its year.

    The statistical year runs from 1 October to 30 September and bears the year in which it ends,
    as the national survey of union statistics counts it (field catalogue 3.1, P8).
    """

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    STATISTICAL = "statistical"
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
    PeriodKind.STATISTICAL: re.compile(r"(\d{4})S"),
}
_MONTHS = {
    PeriodKind.MONTH: 1,
    PeriodKind.QUARTER: 3,
    PeriodKind.HALF: 6,
    PeriodKind.YEAR: 12,
    PeriodKind.STATISTICAL: 12,
}
_STATISTICAL_START = 10
CALENDAR_KINDS = (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.HALF, PeriodKind.YEAR)
"""The kinds that every federation has, shortest first."""


class NotAPeriod(ValueError, LookupError):
    """A label that names no period; the sentence is for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Period:
    """One reporting period; `number` counts periods of the kind inside the year, from 1."""

    kind: PeriodKind
    year: int
    number: int = 1

    @classmethod
    def parse(cls, label: str) -> Period:
        """Read a label such as ``2017-03``; NotAPeriod when it is none of the five shapes."""
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
            case PeriodKind.STATISTICAL:
                return f"{self.year}S"
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
            case PeriodKind.STATISTICAL:
                return f"{self.year}统计年度"
            case _:
                return f"{self.year}年度"

    @property
    def first_month(self) -> int:
        """Calendar month in which the period begins, 1-12."""
        if self.kind is PeriodKind.STATISTICAL:
            return _STATISTICAL_START
        return (self.number - 1) * _MONTHS[self.kind] + 1

    @property
    def start(self) -> date:
        """First day."""
        year = self.year - 1 if self.kind is PeriodKind.STATISTICAL else self.year
        return date(year, self.first_month, 1)

    @property
    def end(self) -> date:
        """Last day, inclusive."""
        last = (self.first_month + _MONTHS[self.kind] - 2) % 12 + 1
        return _last_day(self.year, last)

    @property
    def span(self) -> int:
        """Number of months in the period."""
        return _MONTHS[self.kind]

    def months(self) -> list[Period]:
        """The months inside the period, in order."""
        first = Period(PeriodKind.MONTH, self.start.year, self.first_month)
        return [first.later(i) for i in range(self.span)]

    def later(self, steps: int) -> Period:
        """The period so many of its kind later; earlier for a negative number."""
        in_a_year = 12 // self.span
        place = self.year * in_a_year + self.number - 1 + steps
        return Period(self.kind, place // in_a_year, place % in_a_year + 1)

    def previous(self) -> Period:
        """The period just before, of the same kind."""
        return self.later(-1)

    def next(self) -> Period:
        """The period just after, of the same kind."""
        return self.later(1)

    def last_year(self) -> Period:
        """The same period one year earlier."""
        return Period(self.kind, self.year - 1, self.number)

    def within(self, kind: PeriodKind) -> Period:
        """The period of a form of that kind to which this one belongs.

        The longer period that it lies in, or the last of the shorter ones inside it: 2017-03 is
        within 2017Q1, 2017 and 2017S; for a monthly form 2017Q1 means 2017-03.
        """
        kind = kind.label_kind
        if self.kind is kind:
            return self
        end = self.end
        if kind is PeriodKind.STATISTICAL:
            return Period(kind, end.year + (end.month >= _STATISTICAL_START))
        return Period(kind, end.year, (end.month - 1) // _MONTHS[kind] + 1)

    def back_to(self, first: date) -> list[Period]:
        """The period and those of its kind before it, newest first, that end on a day or later."""
        found = [self]
        while (earlier := found[-1].previous()).end >= first:
            found.append(earlier)
        return found

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
    raise NotAPeriod(
        f"“{label}”不是所属期，应写成 2017-03（月）、2017Q1（季）、2017H1（半年）、2017（年）"
        "或 2017S（统计年度）"
    )


@lru_cache(maxsize=4096)
def _last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def closing_periods(month: Period, kinds: Collection[PeriodKind] = CALENDAR_KINDS) -> list[Period]:
    """The month itself and every longer period of some kinds that ends with it, shortest first.

    Statistical years are no calendar kind: a federation without such forms never closes one.
    """
    longer = [month.within(kind) for kind in _MONTHS if kind in kinds]
    ends = [p for p in longer if p.kind is not PeriodKind.MONTH and p.end == month.end]
    return [month, *ends]
