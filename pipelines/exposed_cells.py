"""Which cells of published sums are withheld so that no small one is found out; pure.

A small cell is withheld, and with it as many other figures as it takes that no combination of the
sums gives it away. What is known of withheld cells is a system of linear equations; how far it
leaves a cell open a solver tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.optimize import linprog  # type: ignore[import-untyped]
from scipy.sparse import lil_matrix  # type: ignore[import-untyped]

Cell = tuple[int, str, str]
"""Line, unit, period label; of a unit's own part the unit is its code and 本级."""
HAIR = 1e-6
"""What a solver may be off by."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A published total and everything that it is the sum of."""

    total: Cell
    parts: tuple[Cell, ...]


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
