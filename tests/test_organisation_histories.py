"""Random histories: whatever happened, both lines partition the same unions and add up the same.

Histories are drawn by hypothesis and judged by the real SQL: a batch of federations is registered
at once, its events go through the same objections and the same writer as those of an ORG-03, and
the roll-up of every month is compared with a model that walks each union up by hand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from federation import START, union
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from definitions import Period
from definitions.organisations import Organisation
from warehouse.computed import Target
from warehouse.cutoff import prepare_cutoff
from warehouse.engine import warehouse
from warehouse.objections import Ground, in_order, objections
from warehouse.organisations import register, standing
from warehouse.reorganisations import (
    NotAllowed,
    apply_changes,
    living,
    timelines,
    withdraw_changes,
)
from warehouse.sums import add_up, prepare_sums
from warehouse.timeline import ENDED, After, Change, Timeline

MONTHS = Period.parse("2017").months()
COUNTIES, TRADES, GRASSROOTS, NEWBORN = 3, 2, 6, 2
STOCK, FLOW = 1, 2
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)
HISTORIES = 12  # to a batch
BATCHES = 30
HAPPENED: Counter[tuple[str, bool]] = Counter()
"""(kind, whether it was undone) of every event that came about, over all histories."""


@dataclass(frozen=True)
class Drawn:
    """One event as drawn: numbers that are read as unions of the federation it happens in."""

    kind: str
    who: int
    whither: int
    line: str
    day: int
    waits: bool
    undone: bool


DRAWN = st.builds(
    Drawn,
    kind=st.sampled_from(
        ["划转", "划转", "划转", "撤销", "合并", "合并", "分立", "恢复", "更名", "升格",
         "转型（产业转机关）", "领导关系变更", "新建"]
    ),
    who=st.integers(0, 40),
    whither=st.integers(0, 40),
    line=st.sampled_from(["块", "块", "条", "经费"]),
    day=st.integers(0, 364),
    waits=st.integers(0, 6).map(lambda n: n == 0),
    undone=st.integers(0, 6).map(lambda n: n == 0),
)  # fmt: skip
HISTORY = st.lists(DRAWN, min_size=1, max_size=9)
BATCH = st.lists(HISTORY, min_size=HISTORIES, max_size=HISTORIES)


def unions_of(name: str) -> list[Organisation]:
    """A province over a city over counties and industry unions, and grassroots of each kind."""
    top, city = f"{name}T", f"{name}S"
    made = [union(top, "省级"), union(city, "市级", {"块": top})]
    counties = [f"{name}C{n}" for n in range(COUNTIES)]
    trades = [f"{name}I{n}" for n in range(TRADES)]
    made += [union(c, "区县级", {"块": city}) for c in counties]
    made += [union(i, "市级", {"块": top}) for i in trades]
    # an industry union of the county below one of the province
    made.append(union(f"{name}J0", "区县级", {"块": counties[0], "条": trades[0]}))
    for n in range(GRASSROOTS):
        parents = {"块": (counties + [city])[n % 4]}
        if n % 3:
            parents["条"] = [f"{name}J0", *trades][n % 3]
        made.append(union(f"{name}G{n}", "基层", parents))
    made += [
        union(f"{name}N{n}", "基层", {"块": counties[n]}, status="筹建") for n in range(NEWBORN)
    ]
    return made


def event_of(name: str, drawn: Drawn) -> Change:
    """A drawn event in a federation; whether it may happen is for the objections to say."""
    grass = [f"{name}G{n}" for n in range(GRASSROOTS)]
    newborn = [f"{name}N{n}" for n in range(NEWBORN)]
    heads = [f"{name}{c}" for c in ("S", "C0", "C1", "C2", "I0", "I1", "J0", "T")]
    everyone = [*grass, *grass, *newborn, *heads]
    org = everyone[drawn.who % len(everyone)]
    successor, parent = None, heads[drawn.whither % len(heads)]
    after = After()
    if drawn.kind == "合并":
        successor = everyone[drawn.whither % len(everyone)]
    if drawn.kind == "分立":
        successor = newborn[drawn.whither % NEWBORN]
    if drawn.kind == "更名":
        after = After(name=f"{org}新名{drawn.day}")
    ending = drawn.kind in ("合并", "撤销", "更名")
    to_parent = None if ending or drawn.kind == "分立" and drawn.whither % 2 else parent
    day = date(2017, 1, 1) + timedelta(days=drawn.day)
    return Change(
        org, drawn.kind, drawn.line, None, to_parent, day, "文", 0, 0, successor, after=after
    )


@pytest.fixture(scope="module")
def connection(module_home: object) -> Iterator[Connection]:
    with warehouse().connect() as opened:
        yield opened


@settings(
    max_examples=BATCHES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(batch=BATCH)
def test_both_lines_partition_the_same_unions_after_any_history(
    connection: Connection, batch: list[list[Drawn]]
) -> None:
    outer = connection.begin()
    try:
        _happen(connection, batch)
    finally:
        outer.rollback()


def _happen(connection: Connection, batch: list[list[Drawn]]) -> None:
    names = [f"F{n:02d}" for n in range(len(batch))]
    register(connection, [o for name in names for o in unions_of(name)], START)
    ground = Ground(timelines(connection))
    made: list[Change] = []
    undone: set[tuple[object, ...]] = set()
    waiting: list[Change] = []
    for name, history in zip(names, batch, strict=True):
        drawn_events = [(event_of(name, d), d) for d in history]
        for n, _ in in_order(enumerate(c for c, _ in drawn_events)):
            change, drawn = drawn_events[n]
            if change.change == "分立" and not change.to_parent:
                parent = ground.timelines[change.org].parent_on(change.line, change.effective)
                change = replace(change, to_parent=parent)
            if any(c.key == change.key for c in (*made, *waiting)) or objections(change, ground):
                continue
            if drawn.waits:
                waiting.append(change)
                continue
            ground.apply(change)
            made.append(change)
            # taking back what others were built on is another matter: the last may go
            if drawn.undone and n == len(history) - 1:
                undone.add(change.key)
    at = datetime(2017, 6, 1, tzinfo=UTC)
    apply_changes(connection, made[::-1], at)  # approved in another order than they happen
    apply_changes(connection, waiting, at, confirm={c.change for c in waiting})
    for kept in living(connection):
        if kept.change.key in undone:
            try:
                with connection.begin_nested():
                    withdraw_changes(connection, [kept.id], "试验", "撤回", at + timedelta(days=1))
            except NotAllowed:  # others were built on it
                undone.discard(kept.change.key)
    for change in made:
        HAPPENED[change.change, change.key in undone] += 1
    believed = _model(names, [c for c in made if c.key not in undone])
    if not undone:
        _same_timelines(timelines(connection), ground.timelines)
    _compare(connection, believed)


def _same_timelines(one: dict[str, Timeline], two: dict[str, Timeline]) -> None:
    """What was written is what the judge had foreseen, day by day."""
    for day in (m.end for m in MONTHS):
        for code, timeline in one.items():
            other = two[code]
            assert timeline.state_on(day) == other.state_on(day)
            assert timeline.name_on(day) == other.name_on(day)
            for line in ("块", "条", "经费"):
                assert timeline.parent_on(line, day) == other.parent_on(line, day), (code, day)


# --- an independent model: dictionaries by day, no spans ---


@dataclass
class Day:
    """Parents and status of every union on one day."""

    parents: dict[tuple[str, str], str]
    ended: set[str]
    heirs: dict[str, str]


def _model(names: list[str], changes: list[Change]) -> dict[date, Day]:
    days = {}
    for month in MONTHS:
        day = Day({}, set(), {})
        for name in names:
            for o in unions_of(name):
                for p in o.parents:
                    day.parents[o.code, p.line] = p.parent
        # by day, then as they were numbered, which is the other way round
        for c in sorted(reversed(changes), key=lambda c: c.effective):
            if c.effective > month.end:
                continue
            if c.change in ("撤销", "合并"):
                day.ended.add(c.org)
                if c.successor:
                    day.heirs[c.org] = c.successor
                continue
            if c.change in ("恢复", "新建", "分立"):
                day.ended.discard(c.subject)
                day.heirs.pop(c.subject, None)
            if c.to_parent and c.to_parent != c.subject:
                day.parents[c.subject, c.line] = c.to_parent
        days[month.end] = day
    return days


def _way_up(day: Day, code: str, line: str) -> list[str]:
    way = [code]
    while (way[-1], line) in day.parents:
        way.append(day.parents[way[-1], line])
        assert len(way) < 20, way
    return way


def _figure(code: str, month: int) -> int:
    return 1 + sum(map(ord, code)) * (month + 3) % 97


def _compare(connection: Connection, days: dict[date, Day]) -> None:
    reporters = sorted(o.code for o in standing(connection, MONTHS[-1].end) if o.code[3] in "GNCJ")
    ids = {o.code: o.id for o in standing(connection, MONTHS[-1].end)}
    prepare_cutoff(connection, FOREVER)
    measures: Any = [(STOCK, SimpleNamespace(take="latest", own=False)),
                     (FLOW, SimpleNamespace(take="flow", own=False))]  # fmt: skip
    year = Period.parse("2017")
    wanted = [Target(year), *map(Target, MONTHS)]
    prepare_sums(connection, wanted, measures)
    facts = [
        {"m": measure, "o": ids[code], "d": month.start, "v": _figure(code, month.number)}
        for month in MONTHS
        for code in reporters
        if code not in days[month.end].ended  # who has ended reports no more
        for measure in (STOCK, FLOW)
    ]
    connection.execute(text("INSERT INTO fact VALUES (:m, :o, :d, :v)"), facts)
    add_up(connection, wanted)
    codes = {number: code for code, number in ids.items()}
    rolled = {
        (r.label, r.line, codes.get(r.org_id, "0"), r.measure): r.value
        for r in connection.execute(text("SELECT * FROM rolled WHERE basis = 'reported'"))
    }
    whole: dict[str, Decimal] = {}
    for month in MONTHS:
        day = days[month.end]
        alive = [c for c in reporters if c not in day.ended]
        plain = sum(_figure(c, month.number) for c in alive)
        whole[month.label] = Decimal(plain)
        for measure in (STOCK, FLOW):
            _adds_up(rolled, day, alive, month, measure, plain)
    flows = sum(whole.values())
    tops = {c for c in ids if c.endswith("T")}
    assert sum(rolled.get(("2017", 1, t, FLOW), 0) for t in tops) == flows
    # at the end of the year: the stock of those who live, each once
    last = days[MONTHS[-1].end]
    stock = sum(_figure(c, 12) for c in reporters if c not in last.ended)
    assert sum(rolled.get(("2017", 1, t, STOCK), 0) for t in tops) == stock


def _adds_up(
    rolled: dict[tuple[str, int, str, int], Decimal],
    day: Day,
    alive: list[str],
    month: Period,
    measure: int,
    plain: int,
) -> None:
    """Each line: every union in one place, every parent the sum below it, all the plain sum."""
    for number, line in ((1, "块"), (2, "条")):
        parents = {p for (_, ln), p in day.parents.items() if ln == line}
        expected: dict[str, int] = defaultdict(int)
        roots: dict[str, int] = defaultdict(int)
        for code in alive:
            way = _way_up(day, code, line)
            inside = len(way) > 1 or code in parents
            for unit in way:
                expected[unit] += _figure(code, month.number)
            roots[way[-1] if line == "块" or inside else "0"] += _figure(code, month.number)
            if line == "条" and not inside:
                expected["0"] += _figure(code, month.number)
        found = {
            unit: value
            for (label, ln, unit, m), value in rolled.items()
            if (label, ln, m) == (month.label, number, measure)
        }
        for unit, value in expected.items():
            if unit in parents or unit == "0":
                assert found.get(unit, 0) == value, (month.label, line, unit)
        assert sum(found.get(u, 0) for u in roots) == plain == sum(roots.values())


def test_the_histories_are_histories() -> None:
    """Every kind of event came about, many of them, and some were undone."""
    kinds = {kind for kind, _ in HAPPENED}
    assert len(kinds) == 10
    assert sum(HAPPENED.values()) > 3 * HISTORIES
    assert sum(n for (_, undone), n in HAPPENED.items() if undone) > 5


def test_a_merger_into_the_dead_and_a_circle_are_refused_in_the_same_words() -> None:
    """The judge that the histories go through does refuse: otherwise they would prove nothing."""
    from federation import moved

    ground = Ground({o.code: _timeline(o) for o in unions_of("F00")})
    day = date(2017, 3, 1)
    circle = moved("F00S", "F00T", "F00C0", day)
    assert [o.rule for o in objections(circle, ground)] == ["V-O-108"]
    ground.apply(Change("F00G0", "撤销", "块", None, None, day, "文", 0, 0))
    merge = Change("F00G1", "合并", "块", None, None, day, "文", 0, 0, successor="F00G0")
    assert [o.rule for o in objections(merge, ground)] == ["V-O-106"]
    assert ground.timelines["F00G0"].states[-1].value.status in ENDED


def _timeline(organisation: Organisation) -> Timeline:
    from pipelines.reorganising import timeline_of

    return timeline_of(organisation)
