"""What a union was on every day: approved changes replayed over what was registered. Pure.

Nothing here reads or writes: a timeline and its changes in, another timeline out. The writer of
the warehouse and the judge of a handed-in ORG-03 share it, so both mean the same by a merger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Generic, TypeVar

ENDED = ("已撤销", "已合并")
ENDING = {"撤销": "已撤销", "合并": "已合并"}
BEGINNING = ("新建", "恢复", "分立")
CONVERSION = "转型（产业转机关）"
RENAMING = ("更名", "升格", CONVERSION, "恢复", "新建", "分立")
"""Changes after which the union may bear another name."""
OFFICE_UNION = {"type": "基层工会委员会", "level": "基层", "resident": "", "lead": "块为主"}
"""What an industry union becomes when it is turned into the union of an office (S4, Hubei)."""
LADDER = ("小组", "基层", "乡镇街道级", "区县级", "市级", "省级", "全国")
LEADING = {"块": "块为主", "条": "条为主"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class State:
    """What a union is between two changes; codes as in the code lists, empty where not known."""

    status: str = "正常"
    lead: str = "块为主"
    type: str = ""
    level: str = ""
    resident: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """A value from `since` until the day before `until`; None is open. `change` brought it."""

    since: date | None
    until: date | None
    value: T
    approval: str = ""
    change: int | None = None

    def holds(self, day: date) -> bool:
        """Whether the value is the one of that day."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


@dataclass(frozen=True, slots=True)
class Timeline:
    """One union's official names, states and parents by line; days without a parent are gaps."""

    names: tuple[Span[str], ...] = ()
    states: tuple[Span[State], ...] = ()
    parents: Mapping[str, tuple[Span[str], ...]] = field(default_factory=dict)

    def parent_on(self, line: str, day: date) -> str | None:
        """Code of the parent on a line and day."""
        return _on(self.parents.get(line, ()), day)

    def state_on(self, day: date) -> State | None:
        """The state on a day; None before the union was founded."""
        return _on(self.states, day)

    def name_on(self, day: date) -> str | None:
        """The official name on a day."""
        return _on(self.names, day)

    @property
    def end(self) -> Span[State] | None:
        """The last span when the union has ended for good, else None."""
        last = self.states[-1] if self.states else None
        return last if last is not None and last.value.status in ENDED else None


@dataclass(frozen=True, slots=True)
class After:
    """What a union is after a change, as its ORG-01 says; None where it says nothing."""

    name: str | None = None
    type: str | None = None
    level: str | None = None
    lead: str | None = None
    resident: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One accepted row of ORG-03; codes, not ids. `split_pct` and heads as the row gives them."""

    org: str
    change: str
    line: str
    from_parent: str | None
    to_parent: str | None
    effective: date
    approval: str
    filing_id: int
    row_no: int
    successor: str | None = None
    split_pct: float | None = None
    members: int | None = None
    workers: int | None = None
    after: After = After()

    @property
    def subject(self) -> str:
        """Whose timeline the change writes on: a split founds its successor."""
        return self.successor if self.change == "分立" and self.successor else self.org

    @property
    def key(self) -> tuple[str, str, str, date, str]:
        """What makes two rows the same event."""
        successor = self.successor or "" if self.change == "分立" else ""
        return (self.org, self.change, self.line, self.effective, successor)

    @property
    def content(self) -> tuple[object, ...]:
        """What a correction may alter."""
        return (
            *self.key, self.from_parent, self.to_parent, self.approval, self.successor,
            self.split_pct, self.members, self.workers, self.after,
        )  # fmt: skip


def replayed(base: Timeline, changes: Iterable[tuple[int, Change]]) -> Timeline:
    """The timeline after numbered changes, whatever order they were approved in."""
    timeline = base
    for number, change in sorted(changes, key=lambda c: (c[1].effective, c[0])):
        timeline = applied(timeline, number, change)
    return timeline


def applied(timeline: Timeline, number: int, change: Change) -> Timeline:
    """One change written on its subject's timeline, from its effective day on."""
    day = change.effective
    states = _from(timeline.states, day, lambda s: _state(s, change), State(), number)
    names = timeline.names
    if change.change in RENAMING and change.after.name:
        names = _from(names, day, lambda _: change.after.name or "", "", number)
    parents = timeline.parents
    if change.to_parent and change.change not in ENDING and change.to_parent != change.subject:
        parents = {**parents, change.line: _cut(parents.get(change.line, ()), number, change)}
    return Timeline(names, states, parents)


def _state(before: State, change: Change) -> State:
    after, kind = change.after, change.change
    if kind in ENDING:
        return replace(before, status=ENDING[kind])
    made = replace(before, status="正常") if kind in BEGINNING else before
    if kind == "升格" and before.level in LADDER[:-1]:
        made = replace(made, level=LADDER[LADDER.index(before.level) + 1])
    if kind == CONVERSION:
        made = replace(made, **OFFICE_UNION)
    if kind == "领导关系变更":
        made = replace(made, lead=LEADING.get(change.line, made.lead))
    if kind in ("更名", "划转"):  # a new seal or parent: the rest is as it was
        return made
    told = {
        name: value
        for name in ("type", "level", "lead", "resident", "host")
        if (value := getattr(after, name)) is not None
    }
    return replace(made, **told)


def _on(spans: Iterable[Span[T]], day: date) -> T | None:
    return next((s.value for s in spans if s.holds(day)), None)


def _from(
    spans: tuple[Span[T], ...], day: date, update: Callable[[T], T], empty: T, number: int
) -> tuple[Span[T], ...]:
    """Every value from a day on updated; a value that stays equal is not cut in two."""
    made: list[Span[T]] = []
    if not spans or (spans[0].since is not None and day < spans[0].since):
        # The decision is older than what was registered: it holds from its own day.
        first = spans[0].since if spans else None
        known = spans[0].value if spans else empty
        made.append(Span(day, first, update(known), change=number))
    for span in spans:
        value = update(span.value)
        if value == span.value or (span.until is not None and span.until <= day):
            made.append(span)
        elif span.since is not None and span.since >= day:
            made.append(replace(span, value=value, change=number))
        else:
            made.append(replace(span, until=day))
            made.append(replace(span, since=day, value=value, change=number))
    return tuple(made)


def _cut(spans: tuple[Span[str], ...], number: int, change: Change) -> tuple[Span[str], ...]:
    """The parent of a line from a day on, and what stood before it up to that day."""
    day = change.effective
    kept = [
        s if s.until is not None and s.until <= day else replace(s, until=day)
        for s in spans
        if s.since is None or s.since < day
    ]
    return (*kept, Span(day, None, change.to_parent or "", change.approval, number))


def circle(
    parent_spans: Callable[[str], Iterable[Span[str]]],
    org: str,
    parent: str,
    since: date,
    until: date = date.max,
) -> list[str] | None:
    """The way up from a parent back to the union, on some day from `since` until the day before
    `until`; None when there is none."""
    todo: list[tuple[str, date, date, tuple[str, ...]]] = [(parent, since, until, (parent,))]
    while todo:
        at, first, last, way = todo.pop()
        if at == org:
            return list(way)
        for span in parent_spans(at):
            begin, end = max(first, span.since or date.min), min(last, span.until or date.max)
            if begin < end and span.value not in way:
                todo.append((span.value, begin, end, (*way, span.value)))
    return None
