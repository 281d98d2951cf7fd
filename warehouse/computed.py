"""What a computation asks for and what it yields, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from definitions.measures import Indicator
from definitions.periods import Period


@dataclass(frozen=True, slots=True)
class Target:
    """A period to compute for every unit with units below it, or for every unit whatever.

    `basis`: as `reported`; last year's or its own as units are at its end (`comparable`); or of
    the year up to the end of the period (`to_date`).
    """

    period: Period
    basis: str = "reported"
    as_of: date | None = None
    every_unit: bool = False

    @property
    def starts(self) -> date:
        """The first day that counts."""
        return date(self.period.year, 1, 1) if self.basis == "to_date" else self.period.start


@dataclass(frozen=True, slots=True)
class Computed:
    """One indicator of one unit, before it is stored."""

    line: int
    org_id: int
    period: str
    basis: str
    indicator: str
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    reported: int
    expected: int | None


def figure(
    indicator: Indicator, numerator: Decimal | None, denominator: Decimal | None
) -> Decimal | None:
    """The indicator's value; None when nothing was reported or a ratio or growth has no base."""
    if numerator is None:
        return None
    compared = indicator.aggregate in ("ratio", "wmean", "growth") or indicator.denominator
    if not compared:
        return numerator * indicator.multiply
    if denominator is None or denominator == 0:
        return None
    if indicator.aggregate == "growth":
        return indicator.multiply * (numerator - denominator) / denominator
    return indicator.multiply * numerator / denominator
