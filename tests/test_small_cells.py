"""Withheld counts cannot be had from everything that is published, whatever is put together.

The solver here is built from the figures that documents print, not from the sums by which the
software decides: whoever holds all publications knows those and nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines.exposed_cells import Asked, Cell, Sum, bounds, exposures, small, withhold
from pipelines.flow.walking import Part
from pipelines.small_cells import (
    OWN,
    Tree,
    Value,
    sensitive,
    sensitive_columns,
    untold_columns,
    withheld_of,
)
from portal.reading.numbers import addressed
from portal.reading.withheld import Withheld
from warehouse.engine import prepare
from warehouse.withheld import decision, decisions, keep_decision

LIMIT = 5
MONTHS = [m.label for m in Period.parse("2017").months()]
QUARTERS = [f"2017Q{q}" for q in range(1, 5)]
FLOW = "I-AID-08"


@dataclass
class World:
    """Grassroots counts by union and month, along two lines; figures as anyone would add them."""

    counties: Mapping[str, Sequence[str]]
    industries: Mapping[str, Sequence[str]]
    counts: Mapping[tuple[str, str], int]

    @property
    def units(self) -> list[str]:
        return sorted({u for units in self.counties.values() for u in units})

    def below(self, line: int, unit: str) -> list[str]:
        if unit == "TOP":
            return [*self.units, *self.counties]
        if line == 1 and unit in self.counties:
            return [*self.counties[unit], unit]
        if line == 2 and unit in self.industries:
            return list(self.industries[unit])
        if unit == "0":
            inside = {u for units in self.industries.values() for u in units}
            return [u for u in (*self.units, *self.counties) if u not in inside]
        return [unit]

    def months(self, label: str) -> list[str]:
        return [m.label for m in Period.parse(label).months()]

    def variables(self, line: int, unit: str, label: str) -> list[tuple[str, str]]:
        """The grassroots counts that a figure is the sum of."""
        return [
            (u, m) for u in self.below(line, unit) for m in self.months(label)
            if (u, m) in self.counts
        ]  # fmt: skip

    def figure(self, line: int, unit: str, label: str) -> int:
        return sum(self.counts[v] for v in self.variables(line, unit, label))

    def tree(self) -> Tree:
        block = {"TOP": list(self.counties), **self.counties}
        industry = {"TOP": [*self.industries, "0"], **self.industries}
        return Tree("TOP", {1: block, 2: industry})

    def printed(self, label: str) -> list[tuple[int, str]]:
        """Whose figures the publications of a period hold: grassroots ones for years alone."""
        heads = [(1, "TOP"), *((1, c) for c in self.counties), *((2, i) for i in self.industries)]
        leaves = [(1, u) for u in self.units] if label == "2017" else []
        return [*heads, (2, "0"), *leaves]

    def values(self, spans: Sequence[str]) -> list[Value]:
        return [
            Value(line, unit, label, FLOW, Decimal(self.figure(line, unit, label)))
            for label in spans
            for line, unit in self.printed(label)
        ]


def world(seed: int) -> World:
    rng = random.Random(seed)  # noqa: S311 - a draw
    counties = {f"C{i}": [f"C{i}G{j}" for j in range(rng.randint(2, 5))] for i in range(4)}
    units = [u for us in counties.values() for u in us]
    industries: dict[str, list[str]] = {"I0": [], "I1": []}
    for unit in units:
        place = rng.choice(["I0", "I1", ""])
        if place:
            industries[place].append(unit)
    months = rng.sample(MONTHS, rng.randint(2, 5))
    counts = {
        (u, m): rng.choice([0, 0, 0, 1, 2, 3, 6, 9, 14, 30])
        for u in (*units, *counties)
        for m in months
    }
    return World(counties, industries, counts)


def attacked(
    w: World, shown: Sequence[tuple[int, str, str]], asked: tuple[int, str, str]
) -> tuple[float, float]:
    """The least and most that a figure may be for somebody who holds all that is shown."""
    columns = {v: i for i, v in enumerate(w.counts)}

    def row(figure: tuple[int, str, str]) -> np.ndarray:
        found = np.zeros(len(columns))
        for variable in w.variables(*figure):
            found[columns[variable]] = 1
        return found

    matrix = np.array([row(s) for s in shown])
    known = np.array([w.figure(*s) for s in shown], dtype=float)
    goal = row(asked)
    ends = []
    for sign in (1, -1):
        done = linprog(sign * goal, A_eq=matrix, b_eq=known, bounds=(0, None), method="highs")
        assert done.status in (0, 3), done.message
        ends.append(sign * done.fun if done.status == 0 else -sign * np.inf)
    return ends[0], ends[1]


@pytest.mark.parametrize("seed", range(6))
def test_no_combination_of_publications_gives_a_small_count_away(
    definitions: Definitions, seed: int
) -> None:
    """Bulletins of every month, quarters, and reviews of every unit on both lines, together."""
    w = world(seed)
    spans = [*MONTHS, *QUARTERS, "2017"]
    chosen = sensitive(definitions, Period.parse("2017").end)
    hidden = withheld_of(w.values(spans), w.tree(), Period.parse("2017"), chosen)
    cells = [(line, unit, label) for label in spans for line, unit in w.printed(label)]
    shown = [c for c in cells if (*c, FLOW) not in hidden]
    few = [c for c in cells if small(Decimal(w.figure(*c)), LIMIT)]
    assert few, "a world without small counts proves nothing"
    assert not set(few) & set(shown)
    for cell in few:
        low, high = attacked(w, shown, cell)
        assert high - low >= LIMIT - 1e-6, (cell, w.figure(*cell), low, high)
    assert len(shown) > len(cells) / 4  # not by publishing nothing


def test_the_solver_sees_what_hiding_the_small_cells_alone_would_give_away() -> None:
    counts = {("A", "2017-01"): 3, ("B", "2017-01"): 20, ("D", "2017-01"): 40}
    w = World({"C0": ["A", "B"], "C1": ["D"]}, {"I0": ["A"]}, counts)
    alone = [(1, "TOP", "2017"), (1, "C0", "2017"), (1, "B", "2017")]
    assert attacked(w, alone, (1, "A", "2017")) == (3, 3)
    assert attacked(w, [*alone[:2]], (1, "A", "2017")) == (0, 23)


def test_a_lone_small_cell_takes_the_next_smallest_with_it() -> None:
    cells = {(1, u, "2017"): Decimal(v) for u, v in {"T": 68, "A": 3, "B": 25, "C": 40}.items()}
    total = Sum((1, "T", "2017"), tuple((1, u, "2017") for u in "ABC"))
    assert withhold(cells, [total], 5) == {(1, "A", "2017"), (1, "B", "2017")}


def test_two_small_cells_that_together_are_few_are_not_enough() -> None:
    cells = {(1, u, "2017"): Decimal(v) for u, v in {"T": 43, "A": 1, "B": 2, "C": 40}.items()}
    total = Sum((1, "T", "2017"), tuple((1, u, "2017") for u in "ABC"))
    gone = withhold(cells, [total], 5)
    assert (1, "C", "2017") in gone or (1, "T", "2017") in gone


def crossing(seed: int) -> tuple[dict[Cell, Decimal], list[Sum], list[Cell]]:
    """Units by months with both totals, all counts of units and months withheld."""
    rng = random.Random(seed)  # noqa: S311 - a draw
    units, months = "ABCDEF"[: rng.randint(3, 6)], "0123"[: rng.randint(2, 4)]
    inside = [(1, u, m) for u in units for m in months]
    cells = {c: Decimal(rng.choice([1, 2, 3, 4, 9, 14])) for c in inside}
    columns = [Sum((1, "T", m), tuple((1, u, m) for u in units)) for m in months]
    rows = [Sum((1, u, "Y"), tuple((1, u, m) for m in months)) for u in units]
    for one in (*columns, *rows):
        cells[one.total] = sum((cells[p] for p in one.parts), Decimal(0))
    return cells, [*columns, *rows], inside


@pytest.mark.parametrize("seed", [*range(20), 323])
def test_what_was_found_out_of_some_cells_holds_when_others_are_asked_for(seed: int) -> None:
    """Quarters ask again about cells that hang together with those of months: once broke it."""
    cells, sums, inside = crossing(seed)
    some = random.Random(seed).sample(inside, len(inside) // 2)  # noqa: S311 - a draw
    asked: Asked = {}
    exposures(cells, sums, inside, some, LIMIT, asked)
    again = exposures(cells, sums, inside, inside, LIMIT, asked)
    spans = {}
    for cell in inside:
        matrix, known = equations(cells, sums, inside)
        ends = [
            linprog(sign * goal_of(cell, inside), A_eq=matrix, b_eq=known, method="highs").fun
            for sign in (1, -1)
        ]
        spans[cell] = -ends[1] - ends[0]
    assert set(again) == {c for c, span in spans.items() if span < LIMIT - 1e-6}


@pytest.mark.parametrize("seed", range(20))
def test_bounds_never_say_less_than_is_possible(seed: int) -> None:
    cells, sums, inside = crossing(seed)
    matrix, known = equations(cells, sums, inside)
    low, high = bounds(csr_matrix(matrix), known)
    for place, cell in enumerate(inside):
        goal = goal_of(cell, inside)
        least = linprog(goal, A_eq=matrix, b_eq=known, method="highs").fun
        most = -linprog(-goal, A_eq=matrix, b_eq=known, method="highs").fun
        assert low[place] <= least + 1e-6 and most <= high[place] + 1e-6
        assert high[place] <= min(cells[o.total] for o in sums if cell in o.parts)


def equations(
    cells: Mapping[Cell, Decimal], sums: Sequence[Sum], inside: Sequence[Cell]
) -> tuple[np.ndarray, np.ndarray]:
    matrix = np.array([[1.0 if c in one.parts else 0.0 for c in inside] for one in sums])
    return matrix, np.array([float(cells[one.total]) for one in sums])


def goal_of(cell: Cell, inside: Sequence[Cell]) -> np.ndarray:
    return np.array([1.0 if c == cell else 0.0 for c in inside])


def test_a_year_with_withheld_months_goes_before_a_smaller_figure() -> None:
    """Its months no longer add it up; those of the other would."""
    counts = {"A": [3, 40], "B": [30, 6], "C": [50, 60]}
    cells: dict[Cell, Decimal] = {}
    sums: list[Sum] = []
    for unit, months in counts.items():
        parts = [(1, unit, str(m)) for m in range(2)]
        cells |= dict(zip(parts, map(Decimal, months), strict=True))
        cells[1, unit, "Y"] = Decimal(sum(months))
        sums.append(Sum((1, unit, "Y"), tuple(parts)))
    for label in ("0", "1", "Y"):
        parts = [(1, unit, label) for unit in counts]
        cells[1, "T", label] = sum((cells[p] for p in parts), Decimal(0))
        sums.append(Sum((1, "T", label), tuple(parts)))
    gone = withhold(cells, sums, LIMIT, printed=[c for c in cells if c[2] == "1"])
    assert (1, "A", "Y") in gone  # A's first month of 3 beside a printed second
    assert (1, "B", "0") in gone and (1, "B", "Y") in gone
    assert (1, "C", "Y") not in gone


def test_nothing_small_hides_nothing() -> None:
    cells = {(1, u, "2017"): Decimal(v) for u, v in {"T": 45, "A": 5, "B": 0, "C": 40}.items()}
    total = Sum((1, "T", "2017"), tuple((1, u, "2017") for u in "ABC"))
    assert withhold(cells, [total], 5) == set()


def test_a_units_own_part_is_a_cell_too(definitions: Definitions) -> None:
    tree = Tree("T", {1: {"T": ["A", "B"]}})
    rows = [Value(1, u, "2017", FLOW, Decimal(v)) for u, v in {"T": 63, "A": 20, "B": 40}.items()]
    hidden = withheld_of(
        rows, tree, Period.parse("2017"), sensitive(definitions, Period.parse("2017").end)
    )
    assert (1, "T" + OWN, "2017", FLOW) in hidden
    assert (1, "A", "2017", FLOW) in hidden  # or 3 could be had by subtraction


@pytest.mark.parametrize(("total", "few"), [(57, True), (50, False), (60, False)])
def test_what_few_people_of_moved_units_were_cannot_be_subtracted(
    definitions: Definitions, total: int, few: bool
) -> None:
    """A unit that joined did something before: the children hold more than the whole."""
    tree = Tree("T", {1: {"T": ["A", "B"]}})
    told = {"T": total, "A": 20, "B": 40}
    rows = [Value(1, u, "2017", FLOW, Decimal(v)) for u, v in told.items()]
    day = Period.parse("2017").end
    hidden = withheld_of(rows, tree, Period.parse("2017"), sensitive(definitions, day))
    gone = {unit for _, unit, _, _ in hidden}
    assert ("T" + OWN in gone) is few
    assert bool(gone & {"T", "A", "B"}) is few  # or total less parts would tell it


def test_amounts_and_rates_go_with_their_counts(definitions: Definitions) -> None:
    tree = Tree("T", {1: {"T": ["A", "B", "C"]}})
    rows = []
    for unit, count in {"T": 70, "A": 2, "B": 28, "C": 40}.items():
        rows.append(Value(1, unit, "2017", "I-AID-05", Decimal(count)))
        rows.append(Value(1, unit, "2017", "I-AID-06", Decimal(count * 1000)))
        rows.append(
            Value(1, unit, "2017", "I-AID-07", Decimal(1000), Decimal(count * 1000), Decimal(count))
        )
    hidden = withheld_of(
        rows, tree, Period.parse("2017"), sensitive(definitions, Period.parse("2017").end)
    )
    for code in ("I-AID-05", "I-AID-06", "I-AID-07"):
        assert {u for _, u, _, c in hidden if c == code} == {"A", "B"}


def test_last_year_is_printed_for_the_whole_alone(definitions: Definitions) -> None:
    tree = Tree("T", {1: {"T": ["A"]}})
    rows = [Value(1, u, "2016", FLOW, Decimal(90)) for u in ("T", "A")]
    hidden = withheld_of(
        rows, tree, Period.parse("2017"), sensitive(definitions, Period.parse("2017").end)
    )
    assert {(u, p) for _, u, p, _ in hidden} == {("A", "2016")}


def test_what_is_sensitive_is_named_in_the_definitions(definitions: Definitions) -> None:
    day = Period.parse("2019").end
    found = sensitive(definitions, day)
    assert found.limit == LIMIT
    assert {"I-AID-01", "I-AID-03", "I-AID-05", "I-AID-08", "I-WARM-06"} <= set(found.counts)
    assert {"I-AID-02", "I-AID-07"} <= set(found.rates)
    assert {"I-AID-06", "I-WARM-07"} <= set(found.amounts)
    assert "I-ORG-04" not in found.codes
    listed = definitions.parameters["small_cell_columns"].at(day)
    for form, groups in listed.items():
        known = {c.code for c in definitions.newest(form).columns} | {"rows"}
        assert {c for group in groups.values() for c in group} <= known, form
    assert "persons" in sensitive_columns(definitions, "AID-02", day)
    assert sensitive_columns(definitions, "ORG-02", day) == frozenset()
    # R-12 withholds topics of few slips: rows that tell each slip's topic would undo it
    assert {"topic", "satisfied"} <= sensitive_columns(definitions, "RIGHT-01", day)
    aided, officers = definitions.newest("AID-01"), definitions.newest("CADRE-02")
    assert untold_columns(definitions, aided, day) == {"rows", *(c.code for c in aided.columns)}
    assert untold_columns(definitions, officers, day) == {"cadre"}


def test_what_was_decided_stands_beside_its_computation(warehouse_home: Path) -> None:
    """The first decision stands, also that nothing is withheld; another process reads it."""
    cells = {(1, "C1", "2017-03", FLOW), (2, "C1" + OWN, "2017", FLOW)}
    with prepare().begin() as connection:
        connection.exec_driver_sql("INSERT INTO definitions_edition VALUES ('d', '{}', now())")
        one, two = connection.exec_driver_sql(
            "INSERT INTO computation (period, cutoff, definitions, computed_at) "
            "VALUES ('2017', now(), 'd', now()), ('2018', now(), 'd', now()) RETURNING id"
        ).scalars()
        assert decision(connection, one) is None
        keep_decision(connection, one, cells)
        keep_decision(connection, one, set())
        keep_decision(connection, two, set())
    with prepare().connect() as connection:
        assert decision(connection, one) == cells
        assert decision(connection, two) == frozenset()
        asked = decisions(connection, [one, two, 0], [FLOW], ["C1"])
    assert asked == {one: {(1, "C1", "2017-03", FLOW)}, two: frozenset(), 0: None}


def test_what_a_unit_did_itself_is_hidden_from_its_parts_where_it_is_withheld() -> None:
    """A unit's own part has no step below it, and so no address of its own."""
    address = f"块/C1/2017-03/{FLOW}"
    found = Withheld(frozenset({FLOW}), {7: frozenset({(1, f"C1{OWN}", "2017-03", FLOW)})})
    walk = SimpleNamespace(line="块", unit="C1", period="2017-03", indicator=FLOW)
    own, below = Part(OWN, Decimal(3)), Part("乙", Decimal(4), address.replace("C1", "U1"))
    assert found.hides_address(7, addressed(walk, own))
    assert found.hides_address(7, f"{address}/{OWN}")
    assert not found.hides_address(7, addressed(walk, below))
    assert not found.hides_address(7, address)


def test_what_is_counted_over_the_year_so_far_has_no_address_of_few_people() -> None:
    """January is withheld, February told: their sum would tell January."""
    found = Withheld(frozenset({FLOW}), {7: frozenset({(1, "C1", "2017-01", FLOW)})})
    address = f"块/C1/2017-02/{FLOW}"
    assert not found.hides_address(7, address)
    for side in ("累计", "完成计划", "完成全年", "预计全年", "预计完成率"):
        assert found.hides_address(7, f"{address}/{side}"), side
    assert not found.hides_address(7, "块/C1/2017-02/I-SKILL-02/累计")


def test_what_was_found_out_once_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same blocks and values: with what is known the answer is the same, without a solver."""
    total, parts = (1, "T", "2017"), tuple((1, f"U{n}", "2017") for n in range(6))
    values = dict(zip(parts, map(Decimal, (2, 1, 20, 30, 40, 50)), strict=True))
    values[total] = sum(values.values(), Decimal(0))
    sums, known = [Sum(total, parts)], {}
    first = withhold(values, sums, LIMIT, asked_before=known)
    assert {parts[0], parts[1]} < first
    monkeypatch.setattr("pipelines.exposed_cells.linprog", None)
    assert withhold(values, sums, LIMIT, asked_before=known) == first
