"""One side of a figure: its value, what it moved by, how full a target is; pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from definitions.measures import Indicator
from definitions.periods import Period, PeriodKind
from pipelines.figures import POINTS, Figure, places, rounded
from pipelines.publish.sentences import gap_of

NONE = "—"
ADDITIVE = ("sum", "latest", "distinct")


def sides(kind: PeriodKind) -> tuple[str, str]:
    """What a document of this kind of period calls its own figures and those a year before."""
    if kind is PeriodKind.YEAR:
        return "本年", "上年"
    return ("本月", "上年同月") if kind is PeriodKind.MONTH else ("本期", "上年同期")


def side(figure: Figure, basis: str) -> Decimal | None:
    """One side of a figure by what it is called."""
    return {
        "本期": figure.value,
        "上期": figure.previous,
        "上年同期": figure.last_year,
        "可比口径上年": figure.comparable,
        "可比口径本期": figure.value if figure.comparable_now is None else figure.comparable_now,
        "目标": figure.target,
    }[basis]


def now_beside(figure: Figure, basis: str) -> Decimal | None:
    """This period's side to hold another one against: on the comparable basis of the same units."""
    return side(figure, "可比口径本期" if basis == "可比口径上年" else "本期")


def of_period(figure: Figure, basis: str) -> str:
    """The period that a side of a figure is about."""
    if basis == "上期":
        return Period.parse(figure.period).previous().label
    if basis in ("上年同期", "可比口径上年"):
        return Period.parse(figure.period).last_year().label
    return figure.period


def change_value(
    now: Decimal | None, before: Decimal | None, indicator: Indicator
) -> Decimal | None:
    """How much a figure moved: percent of a count, points of a rate; None without a base."""
    if now is None or before is None:
        return None
    if indicator.unit in POINTS:
        return now - before
    return (now - before) / before * 100 if before else None


def plain(value: Decimal) -> str:
    """A numerator or denominator as printed: whole where it is whole, else two decimals."""
    return places(value, 0 if value == value.to_integral_value() else 2)


def completion(figure: Figure) -> str:
    """Value against target in percent; — without a target above zero or without a value."""
    if figure.value is None or not figure.target:
        return NONE
    return f"{places(figure.value / figure.target * 100, 1)}%"


def reached(figure: Figure, indicator: Indicator) -> bool:
    """Whether the value as printed reaches the target; False without either."""
    if figure.value is None or figure.target is None:
        return False
    value, target = rounded(figure.value, indicator), rounded(figure.target, indicator)
    return value <= target if indicator.better == "lower" else value >= target


def gap_words(figure: Figure) -> str:
    """应报60份、实报58份 where something owed is lacking, else nothing."""
    gap = gap_of(figure)
    return "" if gap is None else f"应报{gap[0]:,}份、实报{gap[1]:,}份"


def coverage_words(reported: int, expected: int | None) -> str:
    """640/650, or — where nothing is owed."""
    return NONE if expected is None else f"{reported:,}/{expected:,}"


def combined(indicator: Indicator, figures: Sequence[Figure]) -> Decimal | None:
    """Several units' value in one: counts added, rates from added parts; None where undefined."""
    if indicator.aggregate in ADDITIVE:
        values = [f.value for f in figures if f.value is not None]
        return sum(values, Decimal(0)) if values else None
    if indicator.aggregate == "score":
        return None
    parts = [
        (f.numerator, f.denominator)
        for f in figures
        if f.numerator is not None and f.denominator is not None
    ]
    base = sum((d for _, d in parts), Decimal(0))
    if not base:
        return None
    top = sum((n for n, _ in parts), Decimal(0))
    if indicator.aggregate == "growth":
        top -= base
    return top / base * indicator.multiply
