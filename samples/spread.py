"""Exact spreading of a printed total over units and months, and repeatable variation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """Whole shares that sum to `total`, by largest remainder; ties go to the earlier place.

    ValueError when there is something to give and nobody to take it.
    """
    whole = sum(weights)
    if not weights or whole <= 0:
        if total:
            raise ValueError(f"cannot spread {total} over nothing")
        return [0] * len(weights)
    exact = [total * w / whole for w in weights]
    shares = [int(x) for x in exact]
    rest = total - sum(shares)
    order = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for i in order[:rest]:
        shares[i] += 1
    return shares


def evenly(total: int, count: int) -> list[int]:
    """Shares that differ by at most one."""
    return spread(total, [1.0] * count)


def mix(*what: object) -> int:
    """A whole number that looks random and depends on nothing but its arguments."""
    text = "/".join(map(str, what))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big")


def pick(choices: Sequence[str], *what: object) -> str:
    """One of the choices, the same every time for the same arguments."""
    return choices[mix(*what) % len(choices)]
