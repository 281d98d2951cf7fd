"""Small cells: which published counts of a few people are withheld so that nobody finds them out.

A count of one to four helped people by unit points at persons. It is withheld, and with it as many
other figures as it takes that no combination of published totals gives it away: sums of units along
both lines, months against their year, a unit's own part against its children.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.optimize import linprog  # type: ignore[import-untyped]
from scipy.sparse import lil_matrix  # type: ignore[import-untyped]

from definitions.catalogue import Definitions
from definitions.measures import Indicator, Measure
from definitions.periods import Period, PeriodKind

LIMIT, COLUMNS = "small_cell_limit", "small_cell_columns"
OWN = "本级"
"""What a unit did itself, beside those below it."""

Cell = tuple[int, str, str]
"""Line, unit, period label; of a unit's own part the unit is its code and 本级."""
Withheld = frozenset[tuple[int, str, str, str]]
"""Line, unit, period label, indicator: what is not printed."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A published total and everything that it is the sum of."""

    total: Cell
    parts: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One computed figure; `top` and `bottom` are both sides of a rate."""

    line: int
    unit: str
    period: str
    indicator: str
    value: Decimal | None
    top: Decimal | None = None
    bottom: Decimal | None = None


@dataclass(frozen=True)
class Sensitive:
    """Indicators about few people: counts, rates of counts, and what goes with counts."""

    limit: int
    counts: Mapping[str, Indicator] = field(default_factory=dict)
    rates: Mapping[str, Indicator] = field(default_factory=dict)
    amounts: Mapping[str, Indicator] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(sorted({*self.counts, *self.rates, *self.amounts}))


def sensitive(definitions: Definitions, day: date) -> Sensitive:
    """What the parameters of a day make sensitive: indicators that count named columns or rows."""
    listed, limit = definitions.parameters.get(COLUMNS), definitions.parameters.get(LIMIT)
    if listed is None or limit is None:
        return Sensitive(0)
    columns: dict[str, dict[str, list[str]]] = listed.at(day)
    counts, rates, amounts = {}, {}, {}
    for code, indicator in definitions.indicators.items():
        about = [_about(m, columns) for m in indicator.measures]
        if not any(about):
            continue
        if indicator.denominator or indicator.aggregate not in ("sum", "latest", "distinct"):
            rates[code] = indicator
        elif "counts" in about:
            counts[code] = indicator
        else:
            amounts[code] = indicator
    return Sensitive(int(limit.at(day)), counts, rates, amounts)


def sensitive_columns(definitions: Definitions, form: str, day: date) -> frozenset[str]:
    """Columns of a form that are left out of published lists of its rows."""
    listed = definitions.parameters.get(COLUMNS)
    named = listed.at(day).get(form, {}) if listed is not None else {}
    return frozenset(c for group in named.values() for c in group)


def _about(measure: Measure, columns: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """Whether a measure counts people that may be few, or adds up what goes with such a count."""
    named = columns.get(measure.form)
    if named is None:
        return ""
    amount = measure.sum or measure.largest
    used = set(amount.columns) if amount else {"rows", *measure.distinct}
    for group in ("counts", "amounts"):
        if used & set(named.get(group, ())):
            return group
    return ""


def small(value: Decimal | None, limit: int) -> bool:
    """Above nothing and below the limit."""
    return value is not None and 0 < value < limit


# --- which cells ---


def withhold(
    values: Mapping[Cell, Decimal],
    sums: Sequence[Sum],
    limit: int,
    *,
    hidden: Collection[Cell] = (),
    printed: Collection[Cell] = (),
    asked_before: Asked | None = None,
) -> set[Cell]:
    """The cells that must not be printed.

    `hidden` are withheld already, `printed` stand in earlier publications and cannot be taken back.
    Small cells go first; then, as long as the published sums pin one of them down to a span
    narrower than the limit, the cheapest other figure in its sums goes too. `asked_before` keeps
    what was found out for the same sums and values, for whoever asks again with more of them.
    """
    fixed = set(printed)
    gone = {k for k, v in values.items() if small(v, limit) and k not in fixed} | set(hidden)
    if not gone:
        return gone
    known = {} if asked_before is None else asked_before
    of: dict[Cell, list[Sum]] = defaultdict(list)
    for one in sums:
        for cell in (one.total, *one.parts):
            of[cell].append(one)
    waiting = [k for k in sorted(gone) if small(values.get(k), limit)]
    while waiting:
        exposed = exposures(values, sums, gone, waiting, limit, known)
        helpless = set()
        for cell in exposed:
            candidate = _cheapest(cell, values, of, gone, fixed)
            if candidate is None:
                helpless.add(cell)
            else:
                gone.add(candidate)
        # A span only widens as more goes: what is safe stays safe. What cannot be helped stands in
        # print already; asking again changes nothing.
        waiting = [k for k in exposed if k not in helpless]
    return gone


def _cheapest(
    cell: Cell,
    values: Mapping[Cell, Decimal],
    of: Mapping[Cell, Sequence[Sum]],
    gone: Collection[Cell],
    fixed: Collection[Cell],
) -> Cell | None:
    """The figure whose loss hurts least among the sums around a cell, nearest first.

    One with withheld parts of its own is no loss to choose: it could be added up from nothing.
    """
    seen, ring = {cell}, [cell]
    while ring:
        near = {
            k for c in ring for one in of.get(c, ()) for k in (one.total, *one.parts)
        } - seen  # fmt: skip
        free = [k for k in near if k not in gone and k not in fixed and values.get(k, 0) > 0]
        if free:
            return min(free, key=lambda k: (not _month_gone(k, of, gone), values[k], k))
        seen |= near
        ring = [k for k in near if k in gone]
    return None


def _month_gone(cell: Cell, of: Mapping[Cell, Sequence[Sum]], gone: Collection[Cell]) -> bool:
    """Whether a longer period has withheld months: if not, its months would add it up again."""
    return any(
        p in gone and p[:2] == cell[:2]
        for one in of.get(cell, ())
        if one.total == cell
        for p in one.parts
    )


def exposures(
    values: Mapping[Cell, Decimal],
    sums: Sequence[Sum],
    gone: Collection[Cell],
    asked: Sequence[Cell],
    limit: int,
    known: Asked | None = None,
) -> list[Cell]:
    """The withheld cells that published sums pin down to a span narrower than the limit."""
    blocks = _blocks(sums, set(gone), {} if known is None else known)
    together: dict[int, tuple[_Block, list[Cell]]] = {}
    for cell in asked:
        block = blocks.get(cell)
        if block is not None:  # in no sum at all: nothing tells of it
            together.setdefault(id(block), (block, []))[1].append(cell)
    pinned = {c for block, cells in together.values() for c in block.pinned(values, cells, limit)}
    return [cell for cell in asked if cell in pinned]


Asked = dict[tuple[tuple[int, ...], tuple[Cell, ...]], "_Block"]
"""Blocks by their sums (as objects) and withheld cells, with what was found out about them.

Whoever keeps one keeps the sums as well.
"""
_HAIR = 1e-6
"""What a solver may be off by."""


class _Block:
    """Withheld cells that hang together through sums, and those sums.

    Two ways of filling it in that differ by the limit in a cell prove that cell safe, so every
    filling that is found is compared with the true one, for all cells at once; only what remains
    is asked for one by one, and exactly.
    """

    def __init__(self, sums: Sequence[Sum], cells: Sequence[Cell]) -> None:
        self.sums = sums
        self.cells = {cell: place for place, cell in enumerate(cells)}
        self._answers: dict[Cell, bool] = {}
        self._system: Any = None
        self._low: Any = None
        self._high: Any = None

    def pinned(
        self, values: Mapping[Cell, Decimal], asked: Sequence[Cell], limit: int
    ) -> set[Cell]:
        """Those of the cells that the sums leave a span narrower than the limit."""
        wanted = [c for c in asked if c not in self._answers]
        if wanted:
            self._answers |= dict.fromkeys(self._alone() & set(wanted), True)
            self._prepare(values)
            self._loosen(wanted, limit)
            for cell in wanted:
                if cell not in self._answers:
                    self._answers[cell] = self._is_pinned(cell, limit)
        return {c for c in asked if self._answers[c]}

    def _alone(self) -> set[Cell]:
        """Cells that are the only one withheld in a sum: the rest of it gives them away."""
        found = set()
        for one in self.sums:
            within = [k for k in (one.total, *one.parts) if k in self.cells]
            if len(within) == 1:
                found.add(within[0])
        return found

    def _prepare(self, values: Mapping[Cell, Decimal]) -> None:
        if self._system is not None:
            return
        matrix = lil_matrix((len(self.sums), len(self.cells)))
        known = np.zeros(len(self.sums))
        for row, one in enumerate(self.sums):
            for sign, k in ((1.0, one.total), *((-1.0, p) for p in one.parts)):
                if k in self.cells:
                    matrix[row, self.cells[k]] += sign
                else:
                    known[row] -= sign * float(values.get(k, 0))
        self._system = (matrix.tocsr(), known)
        self._low = np.array([float(values.get(k, 0)) for k in self.cells])
        self._high = self._low.copy()

    def _loosen(self, wanted: Sequence[Cell], limit: int) -> None:
        """Move as many of the cells at once as far from the truth as matters, up and down."""
        truth = self._low.copy()
        box = np.column_stack([np.maximum(truth - limit, 0), truth + limit])
        for sign in (-1.0, 1.0):
            left = [c for c in wanted if c not in self._answers and not self._safe(c, limit)]
            if len(left) < 2:
                return
            goal = np.zeros(len(self.cells))
            goal[[self.cells[c] for c in left]] = sign
            self._fill(goal, box)

    def _is_pinned(self, cell: Cell, limit: int) -> bool:
        for sign in (-1.0, 1.0):
            if self._safe(cell, limit):
                return False
            goal = np.zeros(len(self.cells))
            goal[self.cells[cell]] = sign
            if not self._fill(goal, (0, None)):
                return False
        return not self._safe(cell, limit)

    def _safe(self, cell: Cell, limit: int) -> bool:
        """Whether two fillings found so far differ by the limit in a cell."""
        at = self.cells[cell]
        return bool(self._high[at] - self._low[at] >= limit - _HAIR)

    def _fill(self, goal: Any, bounds: Any) -> bool:
        """Fill the block in so that the goal is least; False where it has no end."""
        matrix, known = self._system
        done = linprog(goal, A_eq=matrix, b_eq=known, bounds=bounds, method="highs")
        if done.status == 3:  # without bound
            return False
        if done.status != 0:
            raise ArithmeticError(f"{next(iter(self.cells))}: {done.message}")
        self._low = np.minimum(self._low, done.x)
        self._high = np.maximum(self._high, done.x)
        return True


def _blocks(sums: Sequence[Sum], gone: set[Cell], known: Asked) -> dict[Cell, _Block]:
    """Withheld cell → the block of cells and sums it hangs together with; a known one again."""
    leader: dict[Cell, Cell] = {}

    def find(cell: Cell) -> Cell:
        while leader.setdefault(cell, cell) != cell:
            leader[cell] = leader[leader[cell]]
            cell = leader[cell]
        return cell

    touched = []
    for one in sums:
        within = [k for k in (one.total, *one.parts) if k in gone]
        if within:
            touched.append((one, within))
            for k in within[1:]:
                leader[find(k)] = find(within[0])
    made: dict[Cell, tuple[list[Sum], dict[Cell, None]]] = {}
    for one, within in touched:
        own, cells = made.setdefault(find(within[0]), ([], {}))
        own.append(one)
        cells.update(dict.fromkeys(within))
    found = {}
    for own, cells in made.values():
        key = (tuple(map(id, own)), tuple(cells))
        block = known.get(key)
        if block is None:
            block = known[key] = _Block(own, list(cells))
        found.update(dict.fromkeys(cells, block))
    return found


# --- of a whole federation ---


@dataclass(frozen=True)
class Tree:
    """Who is printed below whom: line → unit → its children; and the unit that is the whole."""

    top: str
    children: Mapping[int, Mapping[str, Sequence[str]]]

    def place(self, line: int, unit: str, period: str) -> Cell:
        """A unit without others below it on a line is the same cell on both."""
        below = self.children.get(line, {}).get(unit)
        if line != 1 and not below and unit != "0":
            line = 1
        return (line, unit, period)


def withheld_of(
    values: Iterable[Value], tree: Tree, period: Period, about: Sensitive
) -> Withheld:  # fmt: skip
    """Everything of a computation that none of its publications may print.

    Months are decided by themselves, as their bulletins were, then quarters, then the whole with
    all of them given. Other years and the period before are printed for the whole alone: what
    stood then was decided then.
    """
    by_code: dict[str, list[Value]] = defaultdict(list)
    for value in values:
        by_code[value.indicator].append(value)
    spans = _spans(period)
    found: set[tuple[int, str, str, str]] = set()
    hidden_by_form: dict[str, set[Cell]] = defaultdict(set)
    rates: dict[str, set[Cell]] = {}
    for code, indicator in {**about.counts, **about.rates}.items():
        rows = by_code.get(code, [])
        rate = code in about.rates
        hidden: set[Cell] = set()
        sides = ("top", "bottom", "rest") if rate else ("value",)
        for which in sides:
            cells = {
                tree.place(v.line, v.unit, v.period): x
                for v in rows
                if v.period in spans and (x := _side(v, which)) is not None
            }
            if which != "value" and not _counts(indicator, which):
                continue
            hidden |= _protected(cells, tree, spans, about.limit, _adds_up(indicator))
        rates[code] = hidden
        for measure in indicator.measures:
            hidden_by_form[measure.form] |= hidden
    for code, indicator in {**about.counts, **about.rates, **about.amounts}.items():
        hidden = set(rates.get(code, ()))
        if code not in about.counts:  # what goes with a count would give it away
            hidden |= {c for m in indicator.measures for c in hidden_by_form.get(m.form, ())}
        for v in by_code.get(code, []):
            elsewhere = v.period not in spans and v.unit != tree.top
            if elsewhere or tree.place(v.line, v.unit, v.period) in hidden:
                found.add((v.line, v.unit, v.period, code))
        for line, unit, label in hidden:
            if unit.endswith(OWN):
                found.add((line, unit, label, code))
    return frozenset(found)


def _side(value: Value, which: str) -> Decimal | None:
    if which == "value":
        return value.value
    if which == "rest":  # those of the base whom the rate leaves out may be few as well
        return None if value.top is None or value.bottom is None else value.bottom - value.top
    return value.top if which == "top" else value.bottom


def _counts(indicator: Indicator, which: str) -> bool:
    """Whether a side of a rate is a count of things, not a sum of money."""
    measures = indicator.denominator if which == "bottom" else indicator.numerator
    if which == "rest":
        forms = {m.form for m in indicator.measures}
        return len(forms) == 1 and indicator.unit == "%"
    return all(not m.sum or "amount" not in m.sum.text for m in measures)


def _adds_up(indicator: Indicator) -> bool:
    """Whether months add up to their year; a stock is what its last month says."""
    return all(m.take == "flow" for m in indicator.numerator)


def _spans(period: Period) -> list[str]:
    """The periods inside a period that are published on their own, shortest first, then itself."""
    found = [m.label for m in period.months()] if period.kind is not PeriodKind.MONTH else []
    if period.kind is PeriodKind.YEAR:
        found += [Period(PeriodKind.QUARTER, period.year, q).label for q in range(1, 5)]
    return [*found, period.label]


def _protected(
    cells: Mapping[Cell, Decimal],
    tree: Tree,
    spans: Sequence[str],
    limit: int,
    adds_up: bool,
) -> set[Cell]:
    """Cells of one count that are withheld, span by span in the order of publication."""
    values = dict(cells)
    sums: list[Sum] = []
    hidden: set[Cell] = set()
    known: set[Cell] = set()
    asked: Asked = {}
    for label in spans:
        here = _sums_of_units(values, tree, label)
        sums += here
        sums += _sums_of_months(values, label, spans, adds_up)
        now = {k: v for k, v in values.items() if k[2] == label or k in known}
        within = [s for s in sums if all(k in now for k in (s.total, *s.parts))]
        hidden = withhold(
            now, within, limit, hidden=hidden, printed=known - hidden, asked_before=asked
        )
        known |= set(now)
    return hidden


def _sums_of_units(values: dict[Cell, Decimal], tree: Tree, label: str) -> list[Sum]:
    """Units below each head, both lines; a head's own part becomes a cell of its own."""
    found = []
    for line, heads in tree.children.items():
        for head, below in heads.items():
            total = tree.place(line, head, label)
            if total not in values and head == tree.top:
                total = (1, head, label)
            if total not in values:
                continue
            parts = [c for u in below if (c := tree.place(line, u, label)) in values]
            own = values[total] - sum((values[c] for c in parts), Decimal(0))
            if own < 0:  # units that have since left or joined: the column does not add up
                continue
            if own > 0:
                rest = (line, head + OWN, label)
                values[rest] = own
                parts.append(rest)
            if parts:
                found.append(Sum(total, tuple(parts)))
    return found


def _sums_of_months(
    values: Mapping[Cell, Decimal], label: str, spans: Sequence[str], adds_up: bool
) -> list[Sum]:
    """A longer period against the months in it, for units of which all are known."""
    period = Period.parse(label)
    if period.kind is PeriodKind.MONTH or label not in spans:
        return []
    months = [m.label for m in period.months()]
    found = []
    for cell in [k for k in values if k[2] == label]:
        parts = [c for m in months if (c := (cell[0], cell[1], m)) in values]
        if not adds_up:
            parts = parts[-1:]
        if parts and sum((values[p] for p in parts), Decimal(0)) == values[cell]:
            found.append(Sum(cell, tuple(parts)))
    return found
