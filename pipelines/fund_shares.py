"""How union funds are divided: what stays and what goes up, 1:2:2, next year's by grade. Pure.

Amounts are 元 with 角分 as Decimal; parts always add up to the whole, to the last 分.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from definitions.loading import Definitions

CENT = Decimal("0.01")


def apportioned(
    whole: Decimal, weights: Mapping[str, Decimal | int], step: Decimal = CENT
) -> dict[str, Decimal]:
    """A whole divided in proportion to weights, in multiples of `step`, by largest remainder.

    Equal remainders go by order. What is less than a step of the whole itself goes to the largest
    part. ValueError when there is nothing to divide by.

    >>> apportioned(Decimal(50000), {"市": 1, "财政": 2, "区": 2})
    {'市': Decimal('10000.00'), '财政': Decimal('20000.00'), '区': Decimal('20000.00')}
    """
    total = sum((Fraction(w) for w in weights.values()), Fraction(0))
    if total <= 0 or any(w < 0 for w in weights.values()):
        raise ValueError("weights must be positive together and none negative")
    steps = int(whole / step)
    exact = {name: steps * Fraction(w) / total for name, w in weights.items()}
    parts = {name: int(share) for name, share in exact.items()}
    order = sorted(exact, key=lambda n: parts[n] - exact[n])  # stable: by order when equal
    for name in order[: steps - sum(parts.values())]:
        parts[name] += 1
    shares = {name: parts[name] * step for name in weights}
    largest = max(shares, key=lambda n: shares[n])
    shares[largest] += whole - sum(shares.values(), Decimal(0))
    return shares


@dataclass(frozen=True, slots=True)
class Split:
    """What of paid-in funds a grassroots union keeps and what it remits; `pct` is kept."""

    kept: Decimal
    remitted: Decimal
    pct: Decimal


def retained_pct(
    definitions: Definitions, line: str, day: date, *, region: str = "", industry: str = ""
) -> Decimal:
    """Percent that stays at the grassroots, by line, province or industry as decided for a day.

    ValueError where a decided share lies below the floor of the grassroots share.
    """
    table: Sequence[Mapping[str, Any]] = definitions.parameters["fund_retained_share_by_line"].at(
        day
    )
    pct = Decimal(str(definitions.parameters["fund_retained_share_pct"].at(day)))
    finest = 0
    for entry in table:
        told = [k for k in ("line", "province", "industry") if k in entry]
        fits = (
            entry.get("line", line) == line
            and region.startswith(str(entry.get("province", "")))
            and industry.startswith(str(entry.get("industry", "")))
        )
        if fits and len(told) > finest:
            finest, pct = len(told), Decimal(str(entry["share"]))
    floor = Decimal(str(definitions.parameters["fund_retained_floor_pct"].at(day)))
    if pct < floor:
        raise ValueError(f"{pct}% is below the floor of {floor}% on {day}")
    return pct


def fund_split(
    paid: Decimal,
    definitions: Definitions,
    line: str,
    day: date,
    *,
    region: str = "",
    industry: str = "",
) -> Split:
    """Paid-in funds kept and remitted; the kept part is rounded to 分, the rest goes up."""
    pct = retained_pct(definitions, line, day, region=region, industry=industry)
    kept = (paid * pct / 100).quantize(CENT, ROUND_HALF_UP)
    return Split(kept, paid - kept, pct)


def district_funds(
    definitions: Definitions, day: date, amount: Decimal | None = None
) -> dict[str, Decimal]:
    """Who gives how much for a district industry union's year (1:2:2); the standard by default."""
    standard = definitions.parameters["industry_union_funds_yuan"].at(day)["区县级"]
    ratio = definitions.parameters["district_fund_ratio"].at(day)
    return apportioned(Decimal(str(standard)) if amount is None else amount, ratio)


def next_year_funds(
    definitions: Definitions,
    day: date,
    grades: Mapping[str, str],
    base: Mapping[str, Decimal] | None = None,
    pool: Decimal | None = None,
) -> dict[str, Decimal]:
    """Next year's funds of city industry unions by their grade of this year, by unit.

    base × coefficient; out of a fixed pool in proportion, rounded by largest remainder. KeyError
    for a grade without a coefficient.
    """
    table = definitions.parameters["result_coefficient"].at(day)
    standard = Decimal(str(definitions.parameters["industry_union_funds_yuan"].at(day)["市级"]))
    raw = {
        unit: (base or {}).get(unit, standard) * Decimal(str(table[grade]))
        for unit, grade in grades.items()
    }
    if pool is None or sum(raw.values(), Decimal(0)) == pool:
        return raw
    step = Decimal(str(definitions.parameters["fund_rounding_yuan"].at(day)))
    return apportioned(pool, raw, step)
