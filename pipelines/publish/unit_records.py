"""What a unit book (R-09) is told from, beside the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pipelines.publish.telling import NONE

PROMISES = ("组织承诺", "主席承诺")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a unit is on the last day of the period, in words; empty where nothing is known."""

    code: str
    name: str
    type: str
    level: str
    status: str
    lead: str
    region: str
    industry: str
    found: date | None
    joint: bool
    parents: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Span:
    """What a unit was called, how it stood or to whom it belonged, from a day on until another.

    `until` is the first day on which it was otherwise.
    """

    what: str
    value: str
    since: date | None
    until: date | None
    approval: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of an officer to the shop floor; who it was is not told."""

    key: str
    day: date
    kind: str
    place: str
    met: int | None
    issues: int | None


@dataclass(frozen=True, slots=True)
class VisitKind:
    """Visits to places of one kind: how often, workers met, wishes heard."""

    kind: str
    visits: int
    met: int | None
    issues: int | None


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise or a talk as it stands at the cut-off."""

    kind: str
    field: str
    content: str
    due: date | None
    done: date | None
    verified: str


@dataclass(frozen=True, slots=True)
class Site:
    """A home or station of the unit as last reported; `served` person-times of the period."""

    key: str
    name: str
    tier: str
    opened: date | None
    area: Decimal | None
    served: Decimal | None
    status: str


@dataclass(frozen=True, slots=True)
class Honour:
    """An honour won in the period."""

    name: str
    level: str
    object: str
    day: date | None
    document: str


@dataclass(frozen=True, slots=True)
class Placing:
    """A result of an assessment of the year."""

    scheme: str
    title: str
    group: str
    total: Decimal
    grade: str
    rank: int | None
    ranked: int


@dataclass(frozen=True, slots=True)
class Station:
    """Where the Long-March walk has led: the stage reached and the way to the next one in km."""

    reached: str
    following: str
    left: Decimal


@dataclass(frozen=True)
class UnitBook:
    """What R-09 tells beside the figures; lists are of the unit itself, not of those below it."""

    identity: Identity
    history: Sequence[Span] = ()
    visits: Sequence[Visit] = ()
    visit_kinds: Sequence[VisitKind] = ()
    promises: Sequence[Promise] = ()
    sites: Sequence[Site] = ()
    honours: Sequence[Honour] = ()
    placings: Sequence[Placing] = ()
    station: Station | None = None
    forms: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)


def stand(promise: Promise, end: date) -> str:
    """How a promise stood on a day: kept in time, late, open or broken; talks just took place."""
    if promise.kind not in PROMISES:
        return "已进行" if promise.done else NONE
    if promise.done is not None and promise.done <= end:
        return "逾期兑现" if promise.due and promise.done > promise.due else "按期兑现"
    return "未到期" if promise.due is None or promise.due > end else "到期未兑现"
