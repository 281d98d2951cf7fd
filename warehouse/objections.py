"""What stands against a change of an organisation, given everyone's timelines. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from warehouse.timeline import ENDED, ENDING, Change, Span, Timeline, applied, circle

DAY = timedelta(days=1)
NAMED = 5  # unions listed by name in one sentence


@dataclass(frozen=True, slots=True)
class Objection:
    """A rule that a change breaks, the column of ORG-03 it is told at, and what fills its words."""

    rule: str
    column: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class Ground:
    """Timelines of all unions, on which changes are tried one after another.

    `below` lists who ever stood below a union on a line; it may list too many, never too few.
    """

    timelines: dict[str, Timeline]
    below: dict[tuple[str, str], frozenset[str]] | None = None

    def __post_init__(self) -> None:
        if self.below is not None:
            return
        index: dict[tuple[str, str], set[str]] = defaultdict(set)
        for code, timeline in self.timelines.items():
            for line, spans in timeline.parents.items():
                for span in spans:
                    index[line, span.value].add(code)
        self.below = {place: frozenset(codes) for place, codes in index.items()}

    def copy(self) -> Ground:
        """Another ground with the same unions; what happens there does not happen here."""
        return Ground(dict(self.timelines), dict(self._below))

    @property
    def _below(self) -> dict[tuple[str, str], frozenset[str]]:
        return self.below if self.below is not None else {}

    def put(self, code: str, timeline: Timeline) -> None:
        """Enter or replace one union's timeline."""
        self.timelines[code] = timeline
        for line, spans in timeline.parents.items():
            for span in spans:
                known = self._below.get((line, span.value), frozenset())
                if code not in known:
                    self._below[line, span.value] = known | {code}

    def apply(self, change: Change) -> None:
        """Take a change as made; number 0 stands for one that has no number yet."""
        subject = change.subject
        if subject in self.timelines:
            self.put(subject, applied(self.timelines[subject], 0, change))

    def parents(self, line: str) -> Callable[[str], tuple[Span[str], ...]]:
        """How to ask for a union's parents on a line; one that is not known has none."""
        return lambda code: self.timelines.get(code, Timeline()).parents.get(line, ())

    def name(self, code: str, day: date) -> str:
        """The union's name on a day, its code where it had none."""
        timeline = self.timelines.get(code)
        return (timeline.name_on(day) if timeline else None) or code

    def children(self, code: str, day: date, until: date | None = None) -> list[str]:
        """Living unions whose parent it is on some line of leadership on a day or later."""
        found = {
            child
            for line in ("块", "条")
            for child in self._below.get((line, code), ())
            for span in self.timelines[child].parents.get(line, ())
            if span.value == code
            and (span.until is None or span.until > day)
            and (until is None or span.since is None or span.since < until)
            and not _ended_throughout(self.timelines[child], max(day, span.since or day))
        }
        return sorted(found)


def objections(change: Change, ground: Ground) -> list[Objection]:
    """Everything that stands against a change; empty when it may be made."""
    found: list[Objection] = []
    timeline = ground.timelines.get(change.org)
    if timeline is None:
        return found  # told elsewhere as an unknown code
    day, kind = change.effective, change.change

    def say(rule: str, column: str, value: str, **values: Any) -> None:
        common = {"org": change.org, "change": kind, "date": day, "line": change.line}
        found.append(Objection(rule, column, {**common, "value": value, **values}))

    status = _status(timeline, day)
    if kind == "恢复":
        # Restored on the day on which it ended is no restoration: look at the eve.
        before = _status(timeline, day - DAY) or status
        if before is not None and before not in (*ENDED, "停止活动", "筹建"):
            say("V-O-112", "change_type", kind, status=before)
    elif (end := _end_before(timeline, day)) is not None:
        say("V-O-105", "org_code", change.org, status=end.value.status, since=end.since)
    if change.from_parent is not None:
        registered = timeline.parent_on(change.line, day)
        if registered != change.from_parent:
            say("V-O-102", "from_parent", change.from_parent, registered=registered)
    if kind in ENDING:
        left = ground.children(change.org, day)
        if left:
            named = "、".join(ground.name(c, day) for c in left[:NAMED])
            say("V-O-110", "org_code", change.org, count=len(left), examples=named)
    if kind in ("合并", "分立") and change.successor is not None:
        if change.successor == change.org:
            say("V-O-107", "successor", change.successor)
        elif change.successor not in ground.timelines:
            say("V-O-104", "successor", change.successor)
        elif kind == "合并":
            _against_ended(ground, change.successor, Span(day, None, ""), "successor", say)
    if kind == "更名":
        name = change.after.name
        if name is None or name == timeline.name_on(day):
            say("V-O-111", "change_type", kind, name=timeline.name_on(day))
    if change.to_parent is not None and kind not in ENDING:
        _against_parent(change, ground, say)
    return found


def _against_parent(change: Change, ground: Ground, say: Any) -> None:
    parent, subject, day = change.to_parent or "", change.subject, change.effective
    if parent not in ground.timelines:
        say("V-O-104", "to_parent", parent)
        return
    timeline = ground.timelines.get(subject, Timeline())
    spans = timeline.parents.get(change.line, ())
    for span in spans:
        if span.change is not None and span.since == day and span.value != parent:
            say("V-O-109", "to_parent", parent, other=span.value, approval=span.approval)
            return
    way = circle(
        ground.parents(change.line),
        subject,
        parent,
        day,
    )
    if way is not None:
        say("V-O-108", "to_parent", parent, way=" → ".join([subject, *way]))
        return
    after = applied(timeline, 0, change).parents[change.line]
    mine = next(s for s in after if s.holds(day))
    _against_ended(ground, parent, mine, "to_parent", say)


def _against_ended(ground: Ground, code: str, span: Span[str], column: str, say: Any) -> None:
    """A union that has ended takes nobody in; one that ends while it holds the union neither."""
    for state in ground.timelines[code].states:
        if state.value.status in ENDED and _meet(state, span):
            name = ground.name(code, span.since or date.min)
            say("V-O-106", column, code, name=name, status=state.value.status, since=state.since)
            return


def left_hanging(ground: Ground, subjects: Iterable[str]) -> list[Objection]:
    """What cannot stand once changes of some unions are taken back: others were built on them."""
    found: list[Objection] = []
    for code in sorted(set(subjects)):
        timeline = ground.timelines[code]
        for line, spans in timeline.parents.items():
            for span in spans:
                way = circle(
                    ground.parents(line),
                    code,
                    span.value,
                    span.since or date.min,
                    span.until or date.max,
                )
                if way is not None:
                    values = {"value": code, "why": f"{line}线成环：{' → '.join([code, *way])}"}
                    found.append(Objection("V-O-114", "org_code", values))
        for state in timeline.states:
            left = ground.children(code, state.since or date.min, state.until)
            if state.value.status in ENDED and left:
                named = "、".join(left[:NAMED])
                values = {"value": code, "why": f"{state.value.status}的该会仍有下级工会 {named}"}
                found.append(Objection("V-O-114", "org_code", values))
    return found


def _meet(one: Span[Any], two: Span[Any]) -> bool:
    return (one.since or date.min) < (two.until or date.max) and (two.since or date.min) < (
        one.until or date.max
    )


def _status(timeline: Timeline, day: date) -> str | None:
    state = timeline.state_on(day)
    return state.status if state is not None else None


def _end_before(timeline: Timeline, day: date) -> Span[Any] | None:
    """The span in which the union had ended by the eve of a day."""
    eve = day - DAY
    return next((s for s in timeline.states if s.holds(eve) and s.value.status in ENDED), None)


def _ended_throughout(timeline: Timeline, day: date) -> bool:
    rest = [s for s in timeline.states if s.until is None or s.until > day]
    return bool(rest) and all(s.value.status in ENDED for s in rest)


def in_order(changes: Iterable[tuple[int, Change]]) -> list[tuple[int, Change]]:
    """Changes as they are tried: by day, endings last, for those below leave first."""
    return sorted(changes, key=lambda c: (c[1].effective, c[1].change in ENDING, c[0]))
