"""TGT and DQ of the catalogue: tasks against figures, and reporting itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from definitions import Definitions, Period
from tests.independent import funds, rights, unions, works
from tests.independent.frames import Asked, Value, quotient, tell
from tests.independent.seeded import CHINA, LEVELS, STOPPED, TYPES, UNITS, Sending
from tests.independent.unions import Formula

PLAIN: dict[str, Formula] = unions.TABLE | works.TABLE | rights.TABLE | funds.TABLE

# --- TGT ---

ADDED = {"I-ORG-15", "I-SKILL-15", "I-FIN-05", "I-CULT-03"}
"""Of the tasks in the letters: those whose quarters add up to the year; the others are ratios."""
CAP = 1.0
"""No task counts with more than 100 % of change (a parameter of the federation)."""


@dataclass(frozen=True)
class Task:
    """A task of a letter that falls due in the period, with the union's figures."""

    union: str
    code: str
    work: str
    indicator: str
    lower: bool
    met_or_missed: bool
    target: float
    mark: float
    actual: Value
    base: Value

    @property
    def met(self) -> bool:
        """Whether the target is reached; never without a figure."""
        if self.actual is None:
            return False
        return self.actual <= self.target if self.lower else self.actual >= self.target

    @property
    def completed(self) -> float:
        """The share of the target that was reached."""
        if self.actual is None:
            return 0
        if self.met_or_missed:
            return float(self.met)
        if self.lower:
            return self.target / self.actual if self.actual > 0 else 1
        return max(0, self.actual / self.target)

    @property
    def improved(self) -> Value:
        """(this year value − base value) / base value, sign by direction"""
        if self.actual is None or not self.base:
            return None
        change = (self.actual - self.base) / abs(self.base)
        return max(-CAP, min(CAP, -change if self.lower else change))


def tasks(a: Asked) -> Iterator[Task]:
    """Tasks due in the period of the unions that belong to the unit at its end."""
    letters = a.book.forms["TGT-01"]
    letters = letters[tell(letters, (d.year == a.end.year for d in letters["ends"]))]
    marks = {
        (r["unit"], r["task_id"]): r["weight"]
        for _, r in letters.iterrows()
        if r["weight"] is not None and r["weight"] == r["weight"]  # noqa: PLR0124
    }
    for _, r in letters[letters["period"] == a.period.label].iterrows():
        if not a.is_under(r["unit"], a.end):
            continue
        actual, base = _figures(a, r["unit"], r["indicator"])
        yield Task(
            r["unit"], r["task_id"], r["work"], r["indicator"], r["direction"] == "越小越好",
            r["direction"] == "达标", r["target"], marks.get((r["unit"], r["task_id"]), 0),
            actual, base,
        )  # fmt: skip


def _figures(a: Asked, unit: str, indicator: str) -> tuple[Value, Value]:
    """A union's figure of the period and of last year's; the same whoever above it is asked for."""
    place = (unit, indicator, a.period.label)
    if place not in a.book.figures:
        own, formula = a.of(unit), PLAIN[indicator]
        a.book.figures[place] = formula(own), formula(own.last_year())
    return a.book.figures[place]


def tasks_met(a: Asked) -> Value:
    """tasks met / tasks due (TGT-01.target vs warehouse value)"""
    due = list(tasks(a))
    return quotient(float(sum(t.met for t in due)), float(len(due)), 100)


def works_completed(a: Asked) -> Value:
    """count WORK16 with weighted completion ≥ 100%, of the union itself (none)"""
    if a.line != "块":
        return None
    due = [t for t in tasks(a) if t.union == a.head]
    if not due:
        return None
    marked = any(t.mark for t in due)
    by_work: dict[str, list[Task]] = {}
    for t in due:
        by_work.setdefault(t.work, []).append(t)
    done = 0
    for owned in by_work.values():
        weights = [t.mark if marked else 1 for t in owned]
        reached = sum(w * t.completed for w, t in zip(weights, owned, strict=True))
        done += sum(weights) > 0 and reached >= sum(weights)
    return float(done)


def improvement(a: Asked) -> Value:
    """Mean of the tasks' degrees by their marks, union by union; alike where there are none."""
    top = base = 0.0
    by_union: dict[str, list[Task]] = {}
    for t in tasks(a):
        by_union.setdefault(t.union, []).append(t)
    for owned in by_union.values():
        marked = any(t.mark for t in owned)
        for t in owned:
            if t.improved is not None:
                weight = t.mark if marked else 1
                top, base = top + weight * t.improved, base + weight
    return quotient(top, base, 100)


def departure(a: Asked) -> Value:
    """abs(TGT-02.actual − warehouse value) / warehouse value, a mean over the tasks told of"""
    told: dict[tuple[str, str, str], float] = {
        (r["unit"], r["task_id"], r["label"]): r["actual"] for _, r in a.known("TGT-02").iterrows()
    }
    gaps = []
    for t in tasks(a):
        if a.period.span == 12:
            said: list[Value] = [
                told.get((t.union, t.code, f"{a.end.year}Q{q}")) for q in (1, 2, 3, 4)
            ]
            if said[3] is None or t.indicator not in ADDED:
                continue  # a year without its last quarter, or a ratio told of quarters
            actual: Value = sum(s for s in said if s is not None)
        else:
            actual = told.get((t.union, t.code, a.period.label))
        if actual is None or t.actual is None:
            continue
        if t.actual == 0:
            gaps.append(float(actual != 0))
        else:
            gaps.append(abs(actual - t.actual) / abs(t.actual))
    return quotient(sum(gaps), float(len(gaps)), 100)


TGT: dict[str, Formula] = {
    "I-TGT-01": tasks_met,
    "I-TGT-02": works_completed,
    "I-TGT-03": improvement,
    "I-TGT-04": departure,
}

# --- DQ ---


@dataclass
class Owed:
    """One report that a union owed, and what became of it."""

    form: str
    unit: str
    period: Period
    received: datetime | None = None
    due: date | None = None
    first_pass: bool = False


@dataclass
class Reporting:
    """Every report owed in some months, corrections after the lock, questions and answers."""

    definitions: Definitions
    sent: list[Sending]
    labels: list[Period]
    owed: list[Owed] = field(default_factory=list)
    corrections: list[tuple[str, Period]] = field(default_factory=list)
    asked: list[tuple[str, Period, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        first: dict[tuple[str, str, str], list[Sending]] = {}
        for s in self.sent:
            for form, rows in s.forms.items():
                about = {r.get("org_code") or s.reporter for r in rows}
                for unit in about if s.state == "accepted" else ():
                    first.setdefault((form, unit, s.period), []).append(s)
        for period in self.labels:
            for form in self._forms(period):
                for unit in UNITS:
                    if self._owes(form, unit):
                        self.owed.append(self._of(form, unit, period, first))
        for period in self.labels:
            self._after(period)

    def _forms(self, period: Period) -> Iterator[Any]:
        for code in self.definitions.form_codes:
            try:
                form = self.definitions.form(code, period)
            except KeyError:
                continue
            if form.reporters.expected:
                yield form

    def _owes(self, form: Any, unit: str) -> bool:
        kinds, levels = form.reporters.types, form.reporters.levels
        of_kind = not kinds or TYPES.get(unit, "基层工会委员会") in kinds
        of_level = not levels or LEVELS.get(unit, "基层") in levels
        return unit != STOPPED and of_kind and of_level

    def _of(self, form: Any, unit: str, period: Period, first: dict[Any, list[Sending]]) -> Owed:
        due = self.definitions.calendar.deadlines(form.due, period).due
        ways = first.get((form.code, unit, period.label))
        if not ways:
            return Owed(form.code, unit, period, due=due)
        newest = max(ways, key=lambda s: s.received)
        turned_down = any(
            s.state != "accepted" and s.reporter == newest.reporter and s.period == period.label
            and s.received < newest.received and any(f in (form.code, "") for f, *_ in s.findings)
            for s in self.sent
        )  # fmt: skip
        received = min(s.received for s in ways)
        return Owed(form.code, unit, period, received, due, not turned_down)

    def _after(self, period: Period) -> None:
        mine = [s for s in self.sent if s.period == period.label]
        for s in mine:
            for form in s.forms if s.wave == 3 else ():
                lock = self.definitions.calendar.deadlines(
                    self.definitions.form(form, period).due, period
                ).lock
                if s.received.astimezone(CHINA).date() > lock:
                    self.corrections.append((s.reporter, period))
            for form, severity, words in s.findings:
                if severity != "须说明":
                    continue
                corrected = any(
                    o.wave > s.wave and form in o.forms and o.reporter == s.reporter for o in mine
                )
                if words is not None or not corrected:
                    self.asked.append((s.reporter, period, words is not None))


REPORTING: dict[str, Reporting] = {}
"""The federation's reports; filled by the test before a figure is asked for."""


def _inside(a: Asked, period: Period) -> bool:
    return a.start <= period.start and period.end <= a.end


def reports(a: Asked) -> list[Owed]:
    """Reports owed in periods that lie wholly in the one asked for."""
    return [
        o
        for o in REPORTING["all"].owed
        if _inside(a, o.period) and a.is_under(o.unit, o.period.end)
    ]


def on_time(a: Asked) -> Value:
    """submissions accepted before deadline / submissions due"""
    due = reports(a)
    arrived = [
        o for o in due
        if o.received is not None and o.due and o.received.astimezone(CHINA).date() <= o.due
    ]  # fmt: skip
    return quotient(float(len(arrived)), float(len(due)), 100)


def first_pass(a: Asked) -> Value:
    """submissions with no blocking error at first arrival / submissions"""
    came = [o for o in reports(a) if o.received is not None]
    return quotient(float(sum(o.first_pass for o in came)), float(len(came)), 100)


def corrections(a: Asked) -> Value:
    """count of accepted corrections after lock"""
    if not reports(a):
        return None
    made = REPORTING["all"].corrections
    return float(sum(_inside(a, p) and a.is_under(u, p.end) for u, p in made))


def explained(a: Asked) -> Value:
    """warnings with an explanation / warnings raised"""
    raised = [
        told
        for unit, period, told in REPORTING["all"].asked
        if _inside(a, period) and a.is_under(unit, period.end)
    ]
    return quotient(float(sum(raised)), float(len(raised)), 100)


def missing(a: Asked) -> Value:
    """periods with no submission at lock"""
    due = reports(a)
    return float(sum(o.received is None for o in due)) if due else None


DQ: dict[str, Formula] = {
    "I-DQ-01": on_time,
    "I-DQ-02": first_pass,
    "I-DQ-03": corrections,
    "I-DQ-04": explained,
    "I-DQ-05": missing,
}

TABLE: dict[str, Formula] = TGT | DQ
FORMULAS: dict[str, Formula] = PLAIN | TABLE
"""Catalogue code → what it means."""
