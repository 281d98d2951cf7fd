"""TGT-01 and TGT-02: letters signed in January, and what the units report of them by quarter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from definitions.periods import Period, PeriodKind
from samples.entries import Entry, Row, month, quarter, year
from samples.facts import printed
from samples.identity import person_name
from samples.registry import registry
from samples.spread import mix, spread

PAIRS = "I-SKILL-15"
HIGH_TECH_ZONE = "640202K00001"
Take = Callable[[Row], float]


@dataclass(frozen=True)
class Goal:
    """An indicator that a letter may name, and how the unit counts it out of its own rows."""

    indicator: str
    work: str
    form: str
    take: Take
    rounding: int = 1
    by_quarter: bool = True
    stock: bool = False


def _column(name: str) -> Take:
    return lambda row: float(row[name] or 0)


HOME_TIERS = ("示范职工之家", "公共区域职工之家", "职工小家")
GOALS = (
    Goal("I-ORG-13", "W01", "ORG-02", _column("new_unions")),
    Goal("I-ORG-15", "W01", "ORG-02", _column("new_members"), 10),
    Goal("I-HOME-02", "W02", "HOME-01", lambda r: float(r["site_tier"] in HOME_TIERS)),
    Goal("I-HOME-03", "W02", "HOME-01", lambda r: float(r["site_tier"] == "暖心驿站")),
    Goal("I-AID-05", "W03", "AID-02", _column("cum_households"), 10, by_quarter=False, stock=True),
    Goal("I-WARM-01", "W04", "WARM-01", _column("households"), 10, by_quarter=False),
    Goal("I-INNO-01", "W06", "INNO-01", _column("suggestions"), 10),
    Goal("I-SKILL-02", "W07", "SKILL-01", _column("person_times"), 100),
    Goal("I-SKILL-07", "W07", "SKILL-02", lambda r: float(r["event_kind"] != "岗位练兵")),
    Goal("I-SKILL-11", "W07", "SKILL-03", lambda _: 1.0, 100, by_quarter=False),
    Goal(PAIRS, "W07", "SKILL-04", lambda _: 1.0, 10),
    Goal("I-DEMO-08", "W09", "DEMO-03", lambda _: 1.0),
    Goal("I-FIN-05", "W16", "FIN-01", _column("remitted"), 1000),
)
# A register counts a thing once, in the period of its own date, however often it is sent.
ONCE = {"HOME-01": ("site_id", "open_date"), "DEMO-03": ("proposal_id", "proposed_on")}
LETTER_TYPES = ("区县总工会", "开发区（园区）总工会", "产业工会")
SIGNED_FROM = date(2017, 1, 10)


class Totals:
    """(unit, goal, period) → value, counted up both lines from the rows of 2017."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._sums: dict[tuple[str, str, Period], float] = defaultdict(float)
        goals = defaultdict(list)
        for goal in GOALS:
            goals[goal.form].append(goal)
        seen: set[tuple[str, str]] = set()
        for entry in entries:
            if entry.form not in goals or entry.period.year != 2017:
                continue
            at = entry.period
            once = ONCE.get(entry.form)
            if once:
                key = entry.form, entry.row[once[0]]
                if key in seen:
                    continue
                seen.add(key)
                at = _quarter_of(entry.row[once[1]])
            for code in set(self._above(entry.row["org_code"], at)):
                for goal in goals[entry.form]:
                    if goal.stock and at != month(2017, 12):
                        continue
                    amount = goal.take(entry.row)
                    for span in {at, _longer(at), year(2017)}:
                        self._sums[code, goal.indicator, span] += amount

    @staticmethod
    def _above(code: str, at: Period) -> Iterator[str]:
        known = registry()
        yield from known.way_up(code, at.end)
        industrial = known.org(code).parent_on("条", at.end)
        if industrial:
            yield industrial

    def value(self, unit: str, indicator: str, at: Period) -> float:
        """What the unit's rows add up to; 0 where it has none."""
        return self._sums.get((unit, indicator, at), 0.0)


def _quarter_of(day: date) -> Period:
    return quarter(day.year, (day.month + 2) // 3)


def _longer(at: Period) -> Period:
    return quarter(at.year, (at.number + 2) // 3) if at.kind is PeriodKind.MONTH else at


@dataclass(frozen=True)
class Task:
    """One line of a letter with its yearly target and weight."""

    code: str
    unit: str
    goal: Goal
    target: int
    weight: int
    months: tuple[int, ...]
    owner: str

    @property
    def quarters(self) -> tuple[int, ...]:
        """Targets of the four quarters."""
        return tuple(sum(self.months[q * 3 : q * 3 + 3]) for q in range(4))


def tasks(totals: Totals) -> list[Task]:
    """The letters of all counties, zones and industry unions that existed in January."""
    found: list[Task] = []
    for org in registry().named:
        if org.type not in LETTER_TYPES or org.found > SIGNED_FROM:
            continue
        goals = [g for g in GOALS if totals.value(org.code, g.indicator, year(2017)) > 0]
        weights = spread(100, [2.0 + mix("weight", org.code, g.indicator) % 3 for g in goals])
        for i, (goal, weight) in enumerate(zip(goals, weights, strict=True)):
            found.append(_task(org.code, i, goal, weight, totals))
    return found


def _task(unit: str, i: int, goal: Goal, weight: int, totals: Totals) -> Task:
    actual = totals.value(unit, goal.indicator, year(2017))
    if unit == HIGH_TECH_ZONE and goal.indicator == PAIRS:
        target = printed("shizuishan-pairs-target")
    else:
        # Most units pass their targets, some fall short: 86 to 106 % of what they will reach.
        # The duty to remit is set lower: 88 to 100 %.
        span = 13 if goal.indicator == "I-FIN-05" else 21
        wish = actual * (88 - (span == 21) * 2 + mix("target", unit, goal.indicator) % span) / 100
        target = max(1, int(wish // goal.rounding)) * goal.rounding
    # Whoever gets its unions in July plans for the second half of the year.
    active = [
        1.0 if totals.value(unit, goal.indicator, quarter(2017, m // 3 + 1)) > 0 else 0.0
        for m in range(12)
    ]
    months = spread(target, active) if goal.by_quarter else [0] * 12
    return Task(
        code=f"{goal.work}-{i + 1:02d}",
        unit=unit,
        goal=goal,
        target=target,
        weight=weight,
        months=tuple(months),
        owner=person_name("owner", unit, goal.work),
    )


def tgt_01(letters: Iterable[Task]) -> Iterator[Entry]:
    """Yearly row with weight and day of signing, then quarters and months."""
    for task in letters:
        base: Row = {
            "task_id": task.code,
            "org_code": task.unit,
            "work": task.goal.work,
            "indicator": task.goal.indicator,
            "direction": "越大越好",
            "owner": task.owner,
        }
        signed = date(2017, 1, 10 + mix("signed", task.unit) % 6)
        head = {"period": "2017", "target": task.target, "weight": task.weight, "signed_on": signed}
        yield Entry("TGT-01", year(2017), task.unit, base | head)
        if not task.goal.by_quarter:
            continue
        for number, target in enumerate(task.quarters, start=1):
            part = {"period": f"2017Q{number}", "target": target}
            yield Entry("TGT-01", year(2017), task.unit, base | part)
        for number, target in enumerate(task.months, start=1):
            part = {"period": f"2017-{number:02d}", "target": target}
            yield Entry("TGT-01", year(2017), task.unit, base | part)


def tgt_02(letters: Iterable[Task], totals: Totals) -> Iterator[Entry]:
    """The quarter's own result of every task; what falls short says why."""
    for task in letters:
        for number in range(1, 5):
            at = quarter(2017, number)
            if not task.goal.by_quarter and number < 4:
                continue
            span = at if task.goal.by_quarter else year(2017)
            goal = task.quarters[number - 1] if task.goal.by_quarter else task.target
            actual = totals.value(task.unit, task.goal.indicator, span)
            row: Row = {
                "task_id": task.code,
                "org_code": task.unit,
                "actual": int(actual) if actual == int(actual) else actual,
                "self_score": _self_score(task, totals) if number == 4 else None,
                "evidence": f"{at.chinese}{task.goal.work}工作台账",
                "gap_reason": "部分单位活动推迟，已列入下季计划" if actual < goal else None,
            }
            yield Entry("TGT-02", at, task.unit, row)


def _self_score(task: Task, totals: Totals) -> float:
    reached = Decimal(str(totals.value(task.unit, task.goal.indicator, year(2017))))
    share = min(Decimal(1), reached / task.target)
    return float((task.weight * share).quantize(Decimal("0.01"), ROUND_HALF_UP))
