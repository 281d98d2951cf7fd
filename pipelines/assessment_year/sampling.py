"""Drawing the units that are visited: anyone can draw again from the published seed, by hand.

A unit's lot is the SHA-256 of `seed:code`; in each group the units with the lowest lots are drawn.
No generator of random numbers is involved whose next version might draw differently.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from pipelines.assessment_year.stages import Refused


@dataclass(frozen=True, slots=True)
class Drawn:
    """One unit drawn: its group, its place in it (from 1), and the lot that put it there."""

    unit: str
    group: str
    position: int
    lot: str


def lot(seed: str, unit: str) -> str:
    """The lot of a unit, 64 hexadecimal digits.

    >>> lot("2018-02-26", "640105")[:8]
    '780d013f'
    """
    return hashlib.sha256(f"{seed}:{unit}".encode()).hexdigest()


def draw(seed: str, groups: Mapping[str, str], share_pct: Decimal, least: int) -> tuple[Drawn, ...]:
    """The sample: of each group `share_pct`, rounded up, and at least `least` units.

    `groups` is unit → ranking group. The order of the input decides nothing. Refused without a
    seed, or where there is nobody to draw from.
    """
    if len(seed.strip()) < 6:
        raise Refused("抽签种子须公开确定，不少于 6 个字符，例如公证处当场摇出的号码。")
    if not groups:
        raise Refused("没有可供抽取的单位。")
    members: dict[str, list[str]] = defaultdict(list)
    for unit, group in groups.items():
        members[group].append(unit)
    found = []
    for group in sorted(members):
        size = len(members[group])
        count = min(size, max(least, ceil(Decimal(size) * share_pct / 100)))
        ordered = sorted((lot(seed, unit), unit) for unit in members[group])
        found += [
            Drawn(unit, group, place, drawn)
            for place, (drawn, unit) in enumerate(ordered[:count], 1)
        ]
    return tuple(found)
