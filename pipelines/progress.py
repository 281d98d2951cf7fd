"""How far a unit's tasks have come: the plan up to a month, what was done, and a light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from definitions.periods import Period, PeriodKind
from warehouse.achievement import LOWER_IS_BETTER, completion, meets


class Light(StrEnum):
    """The state of a task at the end of a month; the gravest first."""

    RED = "红灯"
    AMBER = "黄灯"
    GREEN = "绿灯"
    UNREPORTED = "未报"
    UNDER_WAY = "进行中"


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a responsibility letter (TGT-01).

    `targets` holds the annual target and those of quarters and months, by period label. `adds_up`
    says that months add up to the year; otherwise the figure stands at the end of a period.
    """

    unit: str
    task: str
    work: str
    indicator: str
    direction: str
    adds_up: bool
    targets: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Actual:
    """What the warehouse computed from January up to the month; None when nobody reported.

    `line` is the one on which the unit is measured.
    """

    value: Decimal | None
    reported: int = 0
    expected: int | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a task comes to by the end of the year if it goes on as it did, and how that is told.

    `of_year` in percent of the annual target; both None where there is no target to meet.
    """

    value: Decimal
    method: str
    of_year: Decimal | None
    meets: bool | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A task beside its plan; shares in percent, None where there is nothing to divide by."""

    task: Task
    annual: Decimal | None
    planned: Decimal | None
    actual: Actual
    of_year: Decimal | None
    of_plan: Decimal | None
    light: Light
    forecast: Forecast | None = None


def planned_to(task: Task, month: Period) -> Decimal | None:
    """What should be reached by the end of the month; None when the letter does not say.

    Months are used where the letter breaks the task down so far, then quarters, a quarter that is
    under way by its months gone; what adds up and is not broken down at all is due by the calendar.
    """
    year, number = month.year, month.number
    months = [Period(PeriodKind.MONTH, year, m).label for m in range(1, number + 1)]
    quarters = [Period(PeriodKind.QUARTER, year, q).label for q in range(1, 5)]
    gone, rest = divmod(number, 3)
    annual = task.targets.get(str(year))
    if not task.adds_up:
        stated = [task.targets[p] for p in months if p in task.targets]
        stated = stated or [task.targets[q] for q in quarters[:gone] if q in task.targets]
        return stated[-1] if stated else (annual if number == 12 else None)
    if any(p in task.targets for p in months):
        return sum((task.targets.get(p, Decimal(0)) for p in months), Decimal(0))
    if any(q in task.targets for q in quarters):
        whole = sum((task.targets.get(q, Decimal(0)) for q in quarters[:gone]), Decimal(0))
        under_way = task.targets.get(quarters[gone], Decimal(0)) if rest else Decimal(0)
        return whole + under_way * rest / 3
    return None if annual is None else annual * number / 12


def progress_of(task: Task, actual: Actual, month: Period, amber_from: Decimal) -> Progress:
    """A task beside its plan; amber from `amber_from` percent of the plan on, red below."""
    annual = task.targets.get(str(month.year))
    planned = planned_to(task, month)
    of_plan = _share(task, actual.value, planned)
    if actual.value is None:
        # What nobody was asked for yet, such as a yearly form in March, is not missing.
        light = Light.UNREPORTED if actual.expected else Light.UNDER_WAY
    elif of_plan is None:
        done = _share(task, actual.value, annual)
        light = Light.GREEN if done is not None and done >= 100 else Light.UNDER_WAY
    elif of_plan >= 100:
        light = Light.GREEN
    else:
        light = Light.AMBER if of_plan >= amber_from else Light.RED
    of_year = _share(task, actual.value, annual)
    ahead = forecast(task, actual, month)
    return Progress(task, annual, planned, actual, of_year, of_plan, light, ahead)


BY_TIME, AS_LAST, WHOLE_YEAR = "按时间进度推算", "按最近一期数", "全年实绩"


def forecast(task: Task, actual: Actual, month: Period) -> Forecast | None:
    """The year's end from what was done up to a month; None without a figure.

    What adds up goes on at its pace so far: done x 12 / months gone. What stands at the end of a
    period, and every ratio, stays as it was last told. In December it is what was done.
    """
    if actual.value is None:
        return None
    value, method = actual.value, AS_LAST
    if month.number == 12:
        method = WHOLE_YEAR
    elif task.adds_up:
        value, method = actual.value * 12 / month.number, BY_TIME
    annual = task.targets.get(str(month.year))
    reached = None if annual is None else meets(value, annual, task.direction)
    return Forecast(value, method, _share(task, value, annual), reached)


def _share(task: Task, value: Decimal | None, wanted: Decimal | None) -> Decimal | None:
    """Percent of what is wanted; where less is better, how far the limit is kept."""
    if value is None or wanted is None:
        return None
    share = completion(value, wanted, task.direction) * 100
    return min(share, Decimal(100)) if task.direction == LOWER_IS_BETTER else share


def light_of(lights: Sequence[Light]) -> Light | None:
    """The light of a work from those of its tasks: the gravest; None without tasks."""
    order = list(Light)
    return min(lights, key=order.index, default=None)
