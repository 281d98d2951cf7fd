"""How far along a route a unit has come, and who first reached which stage (LMR)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipelines.assess.wording import plain


@dataclass(frozen=True, slots=True)
class Progress:
    """The last stage reached (its kilometre included), the next one, and the way to it in km."""

    km: Decimal
    stage: str
    following: str
    left_km: Decimal
    why: str


def reached(route: Mapping[str, Decimal], km: Decimal | None) -> Progress | None:
    """Where so many kilometres a head lead; None where nothing was reported.

    Raises ValueError where the route does not begin at 0 and rise.
    """
    marks = list(route.values())
    if not marks or marks[0] != 0 or marks != sorted(set(marks)):
        raise ValueError("路线各站里程须从 0 起逐站递增")
    if km is None:
        return None
    names = list(route)
    place = max((i for i, mark in enumerate(marks) if mark <= km), default=0)
    if place == len(names) - 1:
        why = f"人均累计 {plain(km)} 公里，已到终点{names[place]}。"
        return Progress(km, names[place], "", Decimal(0), why)
    left = marks[place + 1] - km
    why = (
        f"人均累计 {plain(km)} 公里，到达{names[place]}（{plain(marks[place])} 公里），"
        f"距{names[place + 1]}还差 {plain(left)} 公里。"
    )
    return Progress(km, names[place], names[place + 1], left, why)


def draws(
    route: Mapping[str, Decimal], before: Mapping[str, Decimal], now: Mapping[str, Decimal]
) -> dict[str, tuple[str, ...]]:
    """Stage → units that reach it for the first time with `now`, in order of codes.

    `before` holds the furthest that each unit had ever come, so that a figure corrected downwards
    takes no draw back and gives none twice. A unit that passes several stages at once enters the
    draw of each; the start is no stage to reach.
    """
    reached(route, None)
    found: dict[str, tuple[str, ...]] = {}
    for stage, mark in list(route.items())[1:]:
        units = sorted(
            unit for unit, km in now.items() if before.get(unit, Decimal(0)) < mark <= km
        )
        if units:
            found[stage] = tuple(units)
    return found
