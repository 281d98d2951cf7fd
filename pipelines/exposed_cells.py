"""Which cells of published sums are withheld so that no small one is found out; pure.

A small cell is withheld, and with it as many other figures as it takes that no combination of the
sums gives it away. What is known of withheld cells is a system of linear equations; how far it
leaves a cell open a solver tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
from scipy.optimize import linprog  # type: ignore[import-untyped]
from scipy.sparse import lil_matrix  # type: ignore[import-untyped]

Cell = tuple[int, str, str]
"""Line, unit, period label; of a unit's own part the unit is its code and 本级."""
HAIR = 1e-6
"""What a solver may be off by."""
ROUNDS = 40
"""How often bounds are carried from sum to sum; a chain of sums is never so long."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A published total and everything that it is the sum of.

    `beside` is what the parts hold beyond the total: what units did before they came under it.
    """

    total: Cell
    parts: tuple[Cell, ...]
    beside: tuple[Cell, ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells of the equation."""
        return (self.total, *self.beside, *self.parts)

    @property
    def signed(self) -> Iterator[tuple[float, Cell]]:
        """The same with their signs; in all they make nought."""
        yield from ((1.0, cell) for cell in (self.total, *self.beside))
        yield from ((-1.0, cell) for cell in self.parts)


def small(value: Decimal | None, limit: int) -> bool:
    """Above nothing and below the limit."""
    return value is not None and 0 < value < limit


def filled(matrix: Any, known: Any, goal: Any, bounds: Any) -> Any:
    """Cells filled in so that the goal is least under `matrix` · cells = `known`.

    None where it has no end; ArithmeticError where nothing fits.
    """
    done = linprog(goal, A_eq=matrix, b_eq=known, bounds=bounds, method="highs")
    if done.status == 3:  # without bound
        return None
    if done.status != 0:
        raise ArithmeticError(done.message)
    return done.x


def bounds(matrix: Any, known: Any) -> tuple[Any, Any]:
    """The least and most that each cell ≥ 0 may be under `matrix` · cells = `known`, row by row.

    The rows taken together may leave less; they never leave more. Entries are 1 and −1.
    """
    entries = matrix.tocoo()
    row, col, sign = entries.row, entries.col, entries.data
    low, high = np.zeros(matrix.shape[1]), np.full(matrix.shape[1], np.inf)
    for _ in range(ROUNDS):
        least = np.where(sign > 0, low[col], -high[col])
        most = np.where(sign > 0, high[col], -low[col])
        floor = known[row] - _others(most, row, len(known))
        ceiling = known[row] - _others(least, row, len(known))
        was = low.copy(), high.copy()
        np.maximum.at(low, col, np.where(sign > 0, floor, -ceiling))
        np.minimum.at(high, col, np.where(sign > 0, ceiling, -floor))
        if np.array_equal(was[0], low) and np.array_equal(was[1], high):
            break
    return low, high


def _others(ends: Any, row: Any, rows: int) -> Any:
    """For each entry the sum of the other entries of its row; without end where one of them is."""
    endless = np.isinf(ends)
    finite = np.where(endless, 0.0, ends)
    total = np.bincount(row, finite, rows)
    without = np.bincount(row, endless, rows)
    way = np.inf if ends[endless].sum() > 0 else -np.inf
    return np.where(without[row] - endless > 0, way, total[row] - finite)


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
    around = _Around(values, sums, gone, fixed)
    waiting = [k for k in sorted(gone) if small(values.get(k), limit)]
    while waiting:
        exposed = exposures(values, sums, gone, waiting, limit, known)
        helpless = set()
        for cell in exposed:
            candidate = around.cheapest(cell)
            if candidate is None:
                helpless.add(cell)
            else:
                around.withhold(candidate)
        # A span only widens as more goes: what is safe stays safe. What cannot be helped stands in
        # print already; asking again changes nothing.
        waiting = [k for k in exposed if k not in helpless]
    return gone


class _Around:
    """What stands around withheld cells: of each sum what may go as well, cheapest first.

    `gone` grows as cells are withheld. A year of which months are withheld goes before others: it
    takes nothing more with it, while the months of any other would add it up again.
    """

    def __init__(
        self,
        values: Mapping[Cell, Decimal],
        sums: Sequence[Sum],
        gone: set[Cell],
        fixed: Collection[Cell],
    ) -> None:
        self._values, self._sums, self._gone, self._fixed = values, sums, gone, fixed
        self._of: dict[Cell, list[int]] = defaultdict(list)
        for place, one in enumerate(sums):
            for cell in one.cells:
                self._of[cell].append(place)
        self._broken: set[Cell] = set()  # longer periods with withheld months
        self._heaps: dict[int, list[tuple[bool, Decimal, Cell]]] = {}
        self._within: dict[int, list[Cell]] = defaultdict(list)
        for cell in sorted(gone):
            self._enter(cell)

    def withhold(self, cell: Cell) -> None:
        """A cell goes."""
        self._gone.add(cell)
        self._enter(cell)

    def _enter(self, cell: Cell) -> None:
        for place in self._of.get(cell, ()):
            self._within[place].append(cell)
            total = self._sums[place].total
            if total[:2] == cell[:2] and total != cell and total not in self._broken:
                self._broken.add(total)
                for other in self._of[total]:
                    if other in self._heaps and self._free(total):
                        heappush(self._heaps[other], (False, self._values[total], total))

    def _free(self, cell: Cell) -> bool:
        """Whether it could go: a figure that tells something and does not stand in print."""
        return cell not in self._gone and cell not in self._fixed and self._values.get(cell, 0) > 0

    def cheapest(self, cell: Cell) -> Cell | None:
        """The figure whose loss hurts least among the sums around a cell, nearest first."""
        ring, through = [cell], set[int]()
        while ring:
            near = {p for c in ring for p in self._of.get(c, ())} - through
            free = [entry for p in near if (entry := self._first(p)) is not None]
            if free:
                return min(free)[2]
            through |= near
            ring = [c for p in sorted(near) for c in self._within[p]]
        return None

    def _first(self, place: int) -> tuple[bool, Decimal, Cell] | None:
        """The cheapest figure of one sum that could still go."""
        heap = self._heaps.get(place)
        if heap is None:
            one = self._sums[place]
            heap = self._heaps[place] = [
                (c not in self._broken, self._values[c], c) for c in one.cells if self._free(c)
            ]
            heapify(heap)
        while heap and heap[0][2] in self._gone:
            heappop(heap)
        return heap[0] if heap else None


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


class _Block:
    """Withheld cells that hang together through sums, and those sums.

    Two ways of filling it in that differ by the limit in a cell prove that cell safe, and bounds
    that the sums set for it prove it pinned; only what neither settles is asked for one by one.
    """

    def __init__(self, sums: Sequence[Sum], cells: Sequence[Cell]) -> None:
        self.sums = sums
        self.cells = {cell: place for place, cell in enumerate(cells)}
        self._answers: dict[Cell, bool] = {}
        self._system: Any = None
        self._truth: Any = None
        self._low: Any = None
        self._high: Any = None

    def pinned(
        self, values: Mapping[Cell, Decimal], asked: Sequence[Cell], limit: int
    ) -> set[Cell]:
        """Those of the cells that the sums leave a span narrower than the limit."""
        wanted = [c for c in asked if c not in self._answers]
        if wanted:
            self._prepare(values)
            self._bound(limit)
            self._loosen(wanted, limit)
            for cell in wanted:
                if cell not in self._answers:
                    self._answers[cell] = self._is_pinned(cell, limit)
        return {c for c in asked if self._answers[c]}

    def _prepare(self, values: Mapping[Cell, Decimal]) -> None:
        if self._system is not None:
            return
        matrix = lil_matrix((len(self.sums), len(self.cells)))
        known = np.zeros(len(self.sums))
        for row, one in enumerate(self.sums):
            for sign, k in one.signed:
                if k in self.cells:
                    matrix[row, self.cells[k]] += sign
                else:
                    known[row] -= sign * float(values.get(k, 0))
        self._system = (matrix.tocsr(), known)
        self._truth = np.array([float(values.get(k, 0)) for k in self.cells])
        self._low, self._high = self._truth.copy(), self._truth.copy()

    def _bound(self, limit: int) -> None:
        """Settle the cells that the sums one by one leave a span narrower than the limit."""
        if self._answers:
            return
        low, high = bounds(*self._system)
        for cell, place in self.cells.items():
            if high[place] - low[place] < limit - HAIR:
                self._answers[cell] = True

    def _loosen(self, wanted: Sequence[Cell], limit: int) -> None:
        """Move as many of the cells at once as far from the truth as matters.

        What goes up and what goes down differs from round to round, so that of any two cells of
        one sum one may give what the other takes.
        """
        box = np.column_stack([np.maximum(self._truth - limit, 0), self._truth + limit])
        left = self._unsettled(wanted, limit)
        for bit in range(len(left).bit_length()):
            places = np.array([self.cells[c] for c in left])
            goal = np.zeros(len(self.cells))
            goal[places] = np.where(np.arange(len(left)) >> bit & 1, -1.0, 1.0)
            for sign in (1.0, -1.0):
                self._fill(sign * goal, box)
            left = self._unsettled(left, limit)
            if len(left) < 2:
                return

    def _unsettled(self, cells: Sequence[Cell], limit: int) -> list[Cell]:
        return [c for c in cells if c not in self._answers and not self._safe(c, limit)]

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
        return bool(self._high[at] - self._low[at] >= limit - HAIR)

    def _fill(self, goal: Any, bounds: Any) -> bool:
        """Fill the block in so that the goal is least; False where it has no end."""
        matrix, known = self._system
        found = filled(matrix, known, goal, bounds)
        if found is None:
            return False
        self._low = np.minimum(self._low, found)
        self._high = np.maximum(self._high, found)
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
        within = [k for k in one.cells if k in gone]
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
