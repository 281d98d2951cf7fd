"""The calendar of a year: what is due on which day, and which days are worked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from definitions.calendars import CalendarUnknown, Deadlines
from definitions.catalogue import Definitions
from definitions.model import Form
from definitions.periods import Period, PeriodKind

WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class DueEntry:
    """Forms of one period that share their days."""

    days: Deadlines
    period: Period
    forms: Sequence[Form]


@dataclass(frozen=True)
class MonthEntry:
    """What is due in one month of the year."""

    label: str
    entries: Sequence[DueEntry]


@dataclass(frozen=True)
class YearEntry:
    """A year: its months, its days off and worked weekends; `unknown` years have no table yet."""

    year: int
    months: Sequence[MonthEntry]
    days_off: Sequence[tuple[date, date]]
    worked: Sequence[date]
    unknown: Sequence[int]


def day_words(day: date) -> str:
    """4月8日（周日）"""
    return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def year_entry(known: Definitions, year: int) -> YearEntry:
    """Everything due in a year; CalendarUnknown when its own working days are not announced."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365 + (year % 4 == 0))]
    days = [d for d in days if d.year == year]
    off = [d for d in days if d.weekday() < 5 and not known.calendar.is_workday(d)]
    worked = [d for d in days if d.weekday() >= 5 and known.calendar.is_workday(d)]
    unknown: set[int] = set()
    groups: dict[tuple[date, date, date, date, str], list[Form]] = {}
    periods: dict[str, Period] = {}
    for form, period in _candidates(known, year):
        try:
            found = known.calendar.deadlines(form.due, period)
        except CalendarUnknown:
            unknown.add(year + 1)
            continue
        if found.due.year == year:
            key = (found.due, found.check, found.lock, period.end, period.label)
            groups.setdefault(key, []).append(form)
            periods[period.label] = period
    months = []
    for month in range(1, 13):
        entries = [
            DueEntry(Deadlines(due, check, lock), periods[label], forms)
            for (due, check, lock, _, label), forms in sorted(groups.items(), key=lambda g: g[0])
            if due.month == month
        ]
        months.append(MonthEntry(f"{month}月", entries))
    return YearEntry(year, months, _runs(off), worked, sorted(unknown))


def _candidates(known: Definitions, year: int) -> Iterator[tuple[Form, Period]]:
    """Forms and periods whose due day may lie in a year."""
    for code in known.form_codes:
        kind = known.newest(code).period
        seen: set[str] = set()
        month = Period(PeriodKind.MONTH, year - 1, 1)
        while month.year <= year + 1:
            period = month.within(kind)
            month = month.next()
            if period.label in seen:
                continue
            seen.add(period.label)
            try:
                yield known.form(code, period), period
            except KeyError:
                continue


def _runs(days: Sequence[date]) -> list[tuple[date, date]]:
    """Days off in a row, weekends between them included, as (first, last)."""
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and (day - runs[-1][1]).days <= 3 and _only_weekend(runs[-1][1], day):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _only_weekend(first: date, last: date) -> bool:
    between = [first + timedelta(days=n) for n in range(1, (last - first).days)]
    return all(d.weekday() >= 5 for d in between)
