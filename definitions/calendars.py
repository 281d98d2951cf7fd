"""Working days with 调休, windows and due dates; nothing is guessed for a year not announced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import chinese_calendar

from definitions.model import CalendarYear, Due, Form
from definitions.periods import Period, PeriodKind

ONE_DAY = timedelta(days=1)


class CalendarUnknown(LookupError):
    """The working days of a year are not announced; nothing may be guessed."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"{year}年的节假日安排尚未录入：请在 definitions/calendars/ 增加 {year}.yaml 后再运行"
        )


class State(StrEnum):
    """Where a form of a period stands on a day."""

    PLANNED = "未开启"
    OPEN = "报送期"
    LATE = "补报期"
    CLOSED = "已锁定"
    FROZEN = "已冻结"
    REOPENED = "已重开"

    @property
    def takes(self) -> bool:
        """Whether filings are taken in this state."""
        return self in (State.OPEN, State.LATE, State.REOPENED)


@dataclass(frozen=True)
class Deadlines:
    """The three days of a form and period: due, checked by the level above, locked."""

    due: date
    check: date
    lock: date

    def state(
        self,
        day: date,
        *,
        opened: date | None,
        frozen: date | None = None,
        reopened_until: date | None = None,
    ) -> State:
        """The state on a day; every named day is the last one of its state.

        After the lock nothing is taken (已锁定); once its figures are published the period is
        已冻结. A reopening takes filings again up to its own last day and then locks by itself.
        """
        if opened is None or day < opened:
            return State.PLANNED
        if day <= self.due:
            return State.OPEN
        if day <= self.lock:
            return State.LATE
        if reopened_until is not None and day <= reopened_until:
            return State.REOPENED
        return State.FROZEN if frozen is not None and frozen <= day else State.CLOSED


class WorkingDays:
    """Working days from the published table, overridden by the years given as definitions."""

    def __init__(self, overrides: Iterable[CalendarYear] = ()) -> None:
        self._years = {y.year: y for y in overrides}

    def is_workday(self, day: date) -> bool:
        """Whether a day is worked; CalendarUnknown outside the tables."""
        override = self._years.get(day.year)
        if override and (override.holidays or override.working_weekends):
            if day in override.holidays:
                return False
            return day.weekday() < 5 or day in override.working_weekends
        return _published(day)

    def on_or_after(self, day: date) -> date:
        """The day itself or the next working day."""
        while not self.is_workday(day):
            day += ONE_DAY
        return day

    def add(self, day: date, count: int) -> date:
        """The count-th working day after a day, counting from the next one."""
        while count > 0:
            day += ONE_DAY
            count -= self.is_workday(day)
        return day

    def between(self, start: date, end: date) -> int:
        """Working days after start up to and including end; negative when end comes first."""
        if end < start:
            return -self.between(end, start)
        days = (end - start).days
        return sum(self.is_workday(start + timedelta(days=i)) for i in range(1, days + 1))

    def festival(self, name: str, year: int) -> date:
        """Day of a festival of the moon calendar; CalendarUnknown when not entered."""
        override = self._years.get(year)
        if override is None or name not in override.festivals:
            raise CalendarUnknown(year)
        return override.festivals[name]

    def deadlines(self, due: Due, period: Period) -> Deadlines:
        """Due, check and lock days of a period, each moved to a working day."""
        numbers = (due.day, due.check_day, due.lock_day)
        if due.festival:
            start = self.festival(due.festival, period.year)
            days = [start + timedelta(days=n) for n in numbers]
        else:
            month = period.within(PeriodKind.MONTH)
            stages = (due.months_after, due.check_months_after, due.lock_months_after)
            steps = (due.months_after if n is None else n for n in stages)
            months = [month.later(n) for n in steps]
            days = [
                date(m.year, m.number, min(n, m.end.day))
                for m, n in zip(months, numbers, strict=True)
            ]
        return Deadlines(*(self.on_or_after(d) for d in days))

    def opening_month(self, due: Due, period: Period) -> Period:
        """The month with which a form of a period opens: the one before it is due, if not over.

        A monthly form opens with its own month, a yearly one with December; a letter of targets
        due in January of its year opens with the December before, a campaign of the moon calendar
        with the month before its due day.
        """
        if due.festival:
            day = self.festival(due.festival, period.year) + timedelta(days=due.day)
            month = Period(PeriodKind.MONTH, day.year, day.month)
        else:
            month = _month_of_due(due, period)
        return min(month.previous(), period.within(PeriodKind.MONTH), key=lambda m: m.start)

    def late_mark(self, marks: dict[str, Any], days: Deadlines, received: date | None) -> Decimal:
        """Mark for timeliness, 0 to 100, by the parameter `late_marks` (field catalogue 7.2).

        Full marks up to the due day, less for every working day after it but not below a floor,
        and those of 缺报 for what came after the lock or never.
        """
        if received is None or received > days.lock:
            return Decimal(str(marks["缺报"]))
        late = max(self.between(days.due, received), 0)
        lost = Decimal(str(marks["每迟一个工作日扣"])) * late
        full = Decimal(str(marks["按时"]))
        return full if not late else max(full - lost, Decimal(str(marks["迟报最低"])))


def _month_of_due(due: Due, period: Period) -> Period:
    return period.within(PeriodKind.MONTH).later(due.months_after)


def period_on(form: Form, month: Period) -> Period:
    """The period of a form's rows in a workbook for a month.

    The one that the month lies in; where the form is due before its period begins to run out
    (targets are signed in January), the December workbook carries the letter of the next year.
    """
    own = month.within(form.period)
    coming = own.next()
    due = form.due
    if not due.festival and due.months_after < 0 and _month_of_due(due, coming).previous() == month:
        return coming
    return own


@lru_cache(maxsize=8192)
def _published(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise CalendarUnknown(day.year) from error
