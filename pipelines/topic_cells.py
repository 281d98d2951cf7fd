"""Which counts of appeals by topic are withheld, so that nobody learns of one or two complainants.

Of every unit that is told apart by topic the sum over topics is printed, and so are the topics of
the unit above it. A topic that concerns few people is withheld, and with it as many others, of
nothing too, as it takes until the printed sums leave open whether there was any such appeal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.sparse import lil_matrix  # type: ignore[import-untyped]

from pipelines.exposed_cells import HAIR, filled
from pipelines.small_cells import OWN

Cell = tuple[str, str]
"""Unit (of what it adds to those told apart below it: its code and 本级) and topic."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Slips of one unit and topic, and the workers whom they concern."""

    slips: Decimal
    persons: Decimal

    def few(self, limit: int) -> bool:
        """Whether it points at a few people; a slip concerns one at least."""
        return self.slips > 0 and max(self.slips, self.persons) < limit


@dataclass(frozen=True, slots=True)
class _Line:
    """Cells that a printed sum is made of: their sum is `total`, or nought with signs."""

    cells: tuple[Cell, ...]
    signs: tuple[int, ...]


def withheld_topics(
    counted: Mapping[Cell, Counted], below: Mapping[str, Sequence[str]], limit: int
) -> frozenset[Cell]:
    """Cells that no publication prints.

    `counted` has every topic of every unit told apart, of nothing too; `below` the units told apart
    below each. What a unit adds to those is a cell of its own, since anybody may subtract.
    """
    cells = dict(counted)
    rows, columns = _lines(cells, below)
    lines = [*rows.values(), *columns]
    of: dict[Cell, list[_Line]] = {}
    for line in lines:
        for cell in line.cells:
            of.setdefault(cell, []).append(line)
    few = {c for c, v in cells.items() if v.few(limit)}
    gone = set(few)
    asked = sorted(few)
    while asked:
        asked = _told(cells, lines, gone, asked, limit)
        helpless = set()
        for cell in asked:
            more = _next(cell, cells, rows, of, gone)
            if more:
                gone |= more
            else:
                helpless.add(cell)
        asked = [c for c in asked if c not in helpless]
    return frozenset(gone)


def _lines(
    cells: dict[Cell, Counted], below: Mapping[str, Sequence[str]]
) -> tuple[dict[str, _Line], list[_Line]]:
    """Sums over topics by unit, and sums over units by topic; adds the cells of 本级."""
    topics = list(dict.fromkeys(t for _, t in cells))
    units = list(dict.fromkeys(u for u, _ in cells))
    columns = []
    for unit in units:
        children = [u for u in below.get(unit, ()) if any((u, t) in cells for t in topics)]
        if not children:
            continue
        for topic in topics:
            whole = cells.get((unit, topic))
            if whole is None:
                continue
            parts = [(u, topic) for u in children if (u, topic) in cells]
            slips = whole.slips - sum((cells[p].slips for p in parts), Decimal(0))
            persons = whole.persons - sum((cells[p].persons for p in parts), Decimal(0))
            if slips < 0:  # units that have since left or joined: the column does not add up
                continue
            own = (unit + OWN, topic)
            cells[own] = Counted(slips, max(persons, Decimal(0)))
            columns.append(
                _Line(((unit, topic), *parts, own), (1, *(-1 for _ in parts), -1))
            )  # fmt: skip
    rows = {}
    for unit in dict.fromkeys(u for u, _ in cells):
        mine = tuple((unit, t) for t in topics if (unit, t) in cells)
        rows[unit] = _Line(mine, (1,) * len(mine))
    return rows, columns


def _next(
    cell: Cell,
    cells: Mapping[Cell, Counted],
    rows: Mapping[str, _Line],
    of: Mapping[Cell, Sequence[_Line]],
    gone: set[Cell],
) -> set[Cell]:
    """What more to withhold for a cell that is still told: the least of a sum it stands alone in.

    Where a unit has no other topic, those of nothing go with it.
    """
    around = sorted(of[cell], key=lambda line: sum(c in gone for c in line.cells))
    for line in around:
        free = [c for c in line.cells if c not in gone and cells[c].slips > 0]
        if free:
            return {min(free, key=lambda c: (cells[c].slips, c))}
    row = {c for c in rows[cell[0]].cells if c not in gone}
    if row:
        return row
    beyond = {c for line in around for near in line.cells for c in rows[near[0]].cells}
    free = [c for c in beyond if c not in gone and cells[c].slips > 0]
    return {min(free, key=lambda c: (cells[c].slips, c))} if free else set()


def _told(
    cells: Mapping[Cell, Counted],
    lines: Sequence[_Line],
    gone: set[Cell],
    asked: Sequence[Cell],
    limit: int,
) -> list[Cell]:
    """Those of the cells of which the printed sums say that they are not nothing, and few."""
    place = {c: i for i, c in enumerate(sorted(gone))}
    within = [line for line in lines if any(c in place for c in line.cells)]
    if not within:
        return []
    matrix = lil_matrix((len(within), len(place)))
    known = np.zeros(len(within))
    for row, line in enumerate(within):
        for cell, sign in zip(line.cells, line.signs, strict=True):
            if cell in place:
                matrix[row, place[cell]] += sign
                known[row] += sign * float(cells[cell].slips)
    sums = _Sums(matrix.tocsr(), known)
    left = _emptied(sums, place, [c for c in asked if c in place])
    found = []
    for cell in left:
        goal = np.zeros(len(place))
        goal[place[cell]] = 1.0
        least, most = sums.filled(goal), sums.filled(-goal)
        low = float(least[place[cell]]) if least is not None else 0.0
        high = float(most[place[cell]]) if most is not None else float("inf")
        if low > HAIR and high - low < limit - HAIR:
            found.append(cell)
    return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """What print says of the withheld cells: their signed sums."""

    matrix: Any
    known: Any

    def filled(self, goal: Any) -> Any:
        """The cells filled in so that the goal is least; None where it has no end."""
        return filled(self.matrix, self.known, goal, (0, None))


def _emptied(sums: _Sums, place: Mapping[Cell, int], asked: Sequence[Cell]) -> list[Cell]:
    """The cells that no way of filling in has made nothing, many being tried at once."""
    left = list(asked)
    while left:
        goal = np.zeros(len(place))
        goal[[place[c] for c in left]] = 1.0
        made = sums.filled(goal)
        still = [c for c in left if made[place[c]] > HAIR]
        if len(still) == len(left):
            break
        left = still
    return left
