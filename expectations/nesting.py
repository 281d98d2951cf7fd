"""Codes that stand inside others: 40301 under 403, as accounts do, within one submission."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from expectations.kleene import Mask

Group = Hashable


def nearest_above(groups: Sequence[Group], codes: Sequence[str | None]) -> Iterator[int]:
    """For every row the first row of its group with the longest shorter code that begins its own.

    -1 where there is none, or the row has no code.

    >>> list(nearest_above(["A"] * 4, ["403", "40301", "404", "4040199"]))
    [-1, 0, -1, 2]
    """
    place: dict[tuple[Group, str], int] = {}
    for row, (group, code) in enumerate(zip(groups, codes, strict=True)):
        if code:
            place.setdefault((group, code), row)
    for group, code in zip(groups, codes, strict=True):
        text = code or ""
        shorter = (place.get((group, text[:n])) for n in range(len(text) - 1, 0, -1))
        yield next((row for row in shorter if row is not None), -1)


def parts_below(
    groups: Sequence[Group], codes: Sequence[str | None], amounts: NDArray[np.float64], unsure: Mask
) -> NDArray[np.float64]:
    """For every row what the rows next below it add up to.

    NaN where nothing stands below it, or where one of those amounts is blank or not readable: the
    cell has been told of already. Codes that stand twice in a group are added twice.
    """
    above = np.fromiter(nearest_above(groups, codes), dtype=np.int64, count=len(codes))
    inside = np.flatnonzero(above >= 0)
    blank = unsure | np.isnan(amounts)
    sums = np.zeros(len(codes))
    np.add.at(sums, above[inside], np.where(blank[inside], 0.0, amounts[inside]))
    known = np.zeros(len(codes), dtype=bool)
    known[above[inside]] = True
    known[above[inside[blank[inside]]]] = False
    return np.where(known, sums, np.nan)
