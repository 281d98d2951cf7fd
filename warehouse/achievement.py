"""Figures about figures: targets met, works completed, self-reports held against the warehouse,
and the value improvement degree (价值改善度) against last year and against the targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from definitions.measures import Indicator

LOWER_IS_BETTER = "越小越好"
ALL_OR_NOTHING = ("区间", "达标")
ONE, ZERO = Decimal(1), Decimal(0)

Values = Mapping[tuple[str, str], Decimal]
"""(period label, indicator) → the warehouse's figure of one unit."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a responsibility letter for one period; weight is the annual mark, 0 if none."""

    org_id: int
    task: str
    work: str
    indicator: str
    period: str
    direction: str
    target: Decimal
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """Two sides of a figure: what counts, and of how much."""

    top: Decimal
    base: Decimal


def meets(actual: Decimal | None, target: Decimal, direction: str) -> bool:
    """Whether a target is reached, itself included; never without a figure."""
    if actual is None:
        return False
    return actual <= target if direction == LOWER_IS_BETTER else actual >= target


def completion(actual: Decimal | None, target: Decimal, direction: str) -> Decimal:
    """Share of a target that was reached, 0 and up; 0 without a figure.

    Where less is better the limit over the figure, 1 for a figure of 0; all or nothing for a
    target that is only met or missed, and for one of 0.
    """
    if actual is None:
        return ZERO
    if direction in ALL_OR_NOTHING or target <= 0:
        return ONE if meets(actual, target, direction) else ZERO
    if direction == LOWER_IS_BETTER:
        return ONE if actual <= 0 else target / actual
    return max(actual / target, ZERO)


def improvement(now: Decimal, base: Decimal, *, lower: bool, cap: Decimal) -> Decimal | None:
    """(now - base) / base, signed so that better is above 0, held within the cap.

    None without a base: nothing can be said of a change from 0.
    """
    if base == 0:
        return None
    change = (now - base) / abs(base)
    return max(-cap, min(cap, -change if lower else change))


def tasks_met(tasks: Sequence[Task], values: Values) -> Share | None:
    """Tasks met, of tasks due."""
    if not tasks:
        return None
    met = sum(meets(values.get((t.period, t.indicator)), t.target, t.direction) for t in tasks)
    return Share(Decimal(met), Decimal(len(tasks)))


def _weighted(tasks: Sequence[Task]) -> Iterator[tuple[Task, Decimal]]:
    """Tasks with their marks; alike where the letter gives none."""
    marked = any(t.weight > 0 for t in tasks)
    for task in tasks:
        yield task, task.weight if marked else ONE


def works_completed(tasks: Sequence[Task], values: Values) -> Share | None:
    """Key works whose tasks reach 100% on their weighted mean, of works with tasks."""
    by_work: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        by_work[task.work].append(task)
    done = 0
    for owned in by_work.values():
        top = base = ZERO
        for task, weight in _weighted(owned):
            value = values.get((task.period, task.indicator))
            top += weight * completion(value, task.target, task.direction)
            base += weight
        done += base > 0 and top >= base
    return Share(Decimal(done), Decimal(len(by_work))) if by_work else None


def targets_reached(tasks: Sequence[Task], values: Values) -> Share | None:
    """Weighted share of the targets reached; more than a target counts as the target."""
    top = base = ZERO
    for task, weight in _weighted(tasks):
        value = values.get((task.period, task.indicator))
        top += weight * min(completion(value, task.target, task.direction), ONE)
        base += weight
    return Share(top, base) if base > 0 else None


def tasks_improved(
    tasks: Sequence[Task], values: Values, bases: Values, cap: Decimal
) -> Share | None:
    """Weighted mean improvement of the tasks whose figure has a base, by the task's direction."""
    top = base = ZERO
    for task, weight in _weighted(tasks):
        now = values.get((task.period, task.indicator))
        before = bases.get((task.period, task.indicator))
        if now is None or before is None:
            continue
        lower = task.direction == LOWER_IS_BETTER
        degree = improvement(now, before, lower=lower, cap=cap)
        if degree is not None:
            top += weight * degree
            base += weight
    return Share(top, base) if base > 0 else None


def figures_improved(
    indicators: Iterable[Indicator], label: str, values: Values, bases: Values, cap: Decimal
) -> Share | None:
    """Mean improvement of indicators that can be better or worse and have a base."""
    degrees = []
    for indicator in indicators:
        now, before = values.get((label, indicator.code)), bases.get((label, indicator.code))
        if indicator.better == "neither" or now is None or before is None:
            continue
        degree = improvement(now, before, lower=indicator.better == "lower", cap=cap)
        if degree is not None:
            degrees.append(degree)
    return Share(sum(degrees, ZERO), Decimal(len(degrees))) if degrees else None


def self_report_gap(
    tasks: Sequence[Task], told: Mapping[str, Decimal], values: Values
) -> Share | None:
    """Sum of |told - computed| / computed over the tasks told of, and how many there are.

    A computed 0 has no share of it: told as 0 it does not depart, told as more it departs wholly.
    """
    gaps = []
    for task in tasks:
        actual, said = values.get((task.period, task.indicator)), told.get(task.task)
        if actual is None or said is None:
            continue
        if actual == 0:
            gaps.append(ZERO if said == 0 else ONE)
        else:
            gaps.append(abs(said - actual) / abs(actual))
    return Share(sum(gaps, ZERO), Decimal(len(gaps))) if gaps else None
