"""Working days over whole columns: cumulative tables per year instead of a walk per row."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from definitions.calendars import CalendarUnknown, WorkingDays

Mask = NDArray[np.bool_]
LIFETIME = 60
ONE = np.timedelta64(1, "D")


@lru_cache(maxsize=64)
def _worked(calendar: WorkingDays, year: int) -> NDArray[np.int64] | None:
    """1 for each day of a year that is worked; None when its calendar is not known."""
    first, after = np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01")
    try:
        return np.array(
            [calendar.is_workday(d.item()) for d in np.arange(first, after)], dtype=np.int64
        )
    except CalendarUnknown:
        return None


@lru_cache(maxsize=64)
def _counted(
    calendar: WorkingDays, first: int, last: int
) -> tuple[np.datetime64, NDArray[np.int64], NDArray[np.int64]]:
    """First day, worked days up to and including each day, and 1 for days of unknown years."""
    worked, holes = [], []
    for year in range(first, last + 1):
        days = _worked(calendar, year)
        length = 366 if days is None and _leap(year) else 365 if days is None else len(days)
        worked.append(np.zeros(length, dtype=np.int64) if days is None else days)
        holes.append(np.full(length, days is None, dtype=np.int64))
    start = np.datetime64(f"{first}-01-01")
    return start, np.cumsum(np.concatenate(worked)), np.cumsum(np.concatenate(holes))


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _years(days: NDArray[Any]) -> NDArray[np.int64]:
    return days.astype("datetime64[Y]").astype(np.int64) + 1970


def _demand(calendar: WorkingDays, year: int, years: NDArray[np.int64]) -> None:
    """Refuse to go on when the year reported on needs a calendar nobody has entered."""
    if (years == year).any() and _worked(calendar, year) is None:
        raise CalendarUnknown(year)


def _reach(years: NDArray[np.int64], year: int) -> tuple[int, int]:
    """First and last year to count, never far from the year reported on."""
    near = np.clip(years, year - LIFETIME, year + LIFETIME)
    return int(near.min()), int(near.max())


def workdays(
    calendar: WorkingDays, year: int, start: NDArray[Any], end: NDArray[Any], unknown: Mask
) -> tuple[NDArray[Any], Mask]:
    """Working days after `start` up to and including `end`, negative when end comes first.

    Unknown where either day is, or where the way between them crosses a year outside the calendar
    (a mistyped 1917 or 2071); CalendarUnknown when that year is the one reported on.
    """
    start, end, unknown = np.broadcast_arrays(start, end, unknown)
    values = np.full(unknown.shape, np.nan)
    unsure = unknown.copy()
    if start.dtype.kind != "M" or end.dtype.kind != "M":
        return values, np.ones(unknown.shape, dtype=bool)
    a, b = start[~unknown], end[~unknown]
    if not a.size:
        return values, unsure
    years = np.concatenate([_years(a), _years(b)])
    _demand(calendar, year, years)
    first, counts, holes = _counted(calendar, *_reach(years, year))
    i, j = ((d - first) // ONE for d in (a, b))
    outside = (i < 0) | (j < 0) | (i >= len(counts)) | (j >= len(counts))
    i, j = (np.clip(k, 0, len(counts) - 1) for k in (i, j))
    values[~unknown] = counts[j] - counts[i]
    unsure[~unknown] = outside | (holes[j] != holes[i]) | (np.diff(holes, prepend=0)[i] > 0)
    return values, unsure


def add_workdays(
    calendar: WorkingDays, year: int, start: NDArray[Any], count: NDArray[Any], unknown: Mask
) -> tuple[NDArray[Any], Mask]:
    """The count-th working day after each day; unknown where the calendar does not reach."""
    start, count, unknown = np.broadcast_arrays(start, count, unknown)
    values = np.full(unknown.shape, np.datetime64("NaT"), dtype="datetime64[D]")
    unsure = unknown.copy()
    if start.dtype.kind != "M":
        return values, np.ones(unknown.shape, dtype=bool)
    a = start[~unknown]
    if not a.size:
        return values, unsure
    years = _years(a)
    _demand(calendar, year, years)
    earliest, latest = _reach(years, year)
    first, counts, holes = _counted(calendar, earliest, latest + 1)
    i = (a - first) // ONE
    outside = (i < 0) | (i >= len(counts))
    i = np.clip(i, 0, len(counts) - 1)
    j = np.searchsorted(counts, counts[i] + count[~unknown].astype(np.int64), side="left")
    outside |= j >= len(counts)
    j = np.clip(j, 0, len(counts) - 1)
    values[~unknown] = first + j * ONE
    unsure[~unknown] = outside | (holes[j] != holes[i]) | (np.diff(holes, prepend=0)[i] > 0)
    return values, unsure


def add_years(days: NDArray[Any], count: NDArray[np.int64]) -> NDArray[Any]:
    """The same day of the month `count` years later; the last of February where there is none."""
    months = days.astype("datetime64[M]")
    day = days.astype("datetime64[D]") - months.astype("datetime64[D]")
    later = months + count * np.timedelta64(12, "M")
    length = (later + np.timedelta64(1, "M")).astype("datetime64[D]") - later.astype(
        "datetime64[D]"
    )
    result: NDArray[Any] = later.astype("datetime64[D]") + np.minimum(day, length - ONE)
    return result
