"""How paid-in union funds are divided: what stays at the grassroots and what goes up. Pure.

Amounts are 元 with 角分 as Decimal; both parts always add up to the whole, to the last 分. What is
given by grade or shared 1:2:2 is a scheme and scored with the others (`assess/funding.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from definitions.catalogue import Definitions

CENT = Decimal("0.01")


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
