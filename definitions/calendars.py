"""Working days with 调休, due dates, and the refusal to guess a year nobody has announced."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

from definitions.model import CalendarYear, Due
from definitions.periods import Period

ONE_DAY = timedelta(days=1)


class CalendarUnknown(LookupError):
    """The working days of a year are not announced; nothing may be guessed."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"{year}年的节假日安排尚未录入：请在 definitions/calendars/ 增加 {year}.yaml 后再运行"
        )


@dataclass(frozen=True)
class Deadlines:
    """The three days of a form and period: due, checked by the level above, locked."""

    due: date
    check: date
    lock: date


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
        if due.festival:
            start = self.festival(due.festival, period.year)
            days = [start + timedelta(days=n) for n in (due.day, due.check_day, due.lock_day)]
        else:
            month = period.end.year * 12 + period.end.month - 1 + due.months_after
            year, number = month // 12, month % 12 + 1
            last = monthrange(year, number)[1]
            days = [
                date(year, number, min(n, last)) for n in (due.day, due.check_day, due.lock_day)
            ]
        return Deadlines(*(self.on_or_after(d) for d in days))


@lru_cache(maxsize=8192)
def _published(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise CalendarUnknown(day.year) from error
