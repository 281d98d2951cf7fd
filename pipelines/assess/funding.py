"""Next year's money of industry unions by this year's grade, and the 1:2:2 of districts (IFE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.assess import scoring
from pipelines.assess.wording import plain


@dataclass(frozen=True, slots=True)
class FundedUnion:
    """A union and the grade it was given at the year's end."""

    code: str
    name: str
    grade: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """What one union gets next year, in whole yuan, and how that came about."""

    union: FundedUnion
    base: int
    coefficient: Decimal
    claim: Decimal
    yuan: int
    why: str


def next_year(
    base: int,
    coefficients: Mapping[str, Decimal],
    unions: Sequence[FundedUnion],
    unit: int = 1000,
    pool: int | None = None,
) -> tuple[Allocation, ...]:
    """Base x coefficient for each; a fixed pool is shared in that proportion, to the yuan.

    In the order of codes, so that the order of the input decides nothing. Raises ValueError, with
    every union named, where a grade has no coefficient: without it no share is known.
    """
    ordered = sorted(unions, key=lambda u: u.code)
    lacking = [u for u in ordered if u.grade not in coefficients]
    if lacking:
        listed = "、".join(f"{u.name}（{u.grade or '无等次'}）" for u in lacking)
        raise ValueError(f"下列单位的考评等次没有对应的经费系数，不能分配：{listed}")
    if not ordered:
        return ()
    claims = [base * coefficients[u.grade] for u in ordered]
    whole = sum(claims, Decimal(0))
    total = int(scoring.round_once(whole, 0)) if pool is None else pool
    shares = scoring.apportion(total, claims, unit)
    found = []
    for union, claim, yuan in zip(ordered, claims, shares, strict=True):
        coefficient = coefficients[union.grade]
        why = (
            f"“{union.grade}”系数 {coefficient:.2f}："
            f"{plain(base)} × {coefficient:.2f} = {plain(claim)} 元"
        )
        if total != whole:
            why += (
                f"；经费总额 {plain(total)} 元，各单位应得合计 {plain(whole)} 元，"
                f"按比例为 {total * claim / whole:,.2f} 元"
            )
        odd = yuan % unit
        if yuan != claim:
            why += f"，以 {plain(unit)} 元取整（最大余数法）得 {plain(yuan - odd)} 元"
        if yuan != claim and odd:
            why += f"，另计入不足 {plain(unit)} 元的尾数 {plain(odd)} 元，共 {plain(yuan)} 元"
        found.append(Allocation(union, base, coefficient, claim, yuan, f"{why}。"))
    return tuple(found)


def shared(standard: int, shares: Mapping[str, Decimal]) -> dict[str, int]:
    """Who pays how much of a standard, in whole yuan that sum to it: 50,000 at 1:2:2."""
    paid = scoring.apportion(standard, list(shares.values()))
    return dict(zip(shares, paid, strict=True))


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one payer owed and what has come, in yuan; `short` is never below 0."""

    payer: str
    due: int
    arrived: Decimal
    short: Decimal
    why: str


def arrivals(
    standard: int, shares: Mapping[str, Decimal], arrived: Mapping[str, Decimal]
) -> tuple[Arrival, ...]:
    """The state of a shared standard by payer; money not told of has not come."""
    found = []
    for payer, due in shared(standard, shares).items():
        came = arrived.get(payer, Decimal(0))
        short = max(Decimal(0), due - came)
        state = f"尚差 {plain(short)} 元" if short else "已足额到位"
        why = f"{payer}应承担 {plain(due)} 元，已到位 {plain(came)} 元，{state}。"
        found.append(Arrival(payer, due, came, short, why))
    return tuple(found)
