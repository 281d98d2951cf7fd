"""How a figure spreads over many units: quartiles, fences, columns of a histogram; pure numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

_NICE = tuple(Decimal(n) for n in ("1", "2", "2.5", "5", "10"))
_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """Five numbers of a figure over `count` units; the fences part what is ordinary from the rest.

    Quartiles are read between the two nearest values, in proportion.
    """

    count: int
    least: Decimal
    first: Decimal
    middle: Decimal
    third: Decimal
    most: Decimal
    low: Decimal
    high: Decimal


def spread(values: Sequence[Decimal], fence: Decimal) -> Spread:
    """The spread of at least one value; `fence` in widths of the middle half."""
    ordered = sorted(values)
    first, middle, third = (_quantile(ordered, Decimal(q) / 4) for q in (1, 2, 3))
    width = (third - first) * fence
    return Spread(
        len(ordered), ordered[0], first, middle, third, ordered[-1], first - width, third + width
    )


def _quantile(ordered: Sequence[Decimal], share: Decimal) -> Decimal:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True, slots=True)
class Span:
    """One column of a histogram: values from `since` up to `until`, open where it is None."""

    since: Decimal | None
    until: Decimal | None
    count: int


def histogram(values: Sequence[Decimal], told: Spread) -> list[Span]:
    """How many values lie in each of about ten spans; what lies beyond the fences has its own.

    A far value would otherwise press all the others into one column.
    """
    low, high = max(told.least, told.low), min(told.most, told.high)
    if low == high:
        return [Span(low, high, len(values))]
    step = _step((high - low) / _COLUMNS)
    start = (low / step).to_integral_value(ROUND_FLOOR) * step
    end = (high / step).to_integral_value(ROUND_CEILING) * step
    if end == high and told.most == high:
        end += step  # the greatest value belongs to a column as well
    edges = [start + step * i for i in range(int((end - start) / step) + 1)]
    found = [
        Span(a, b, sum(a <= v < b for v in values)) for a, b in zip(edges, edges[1:], strict=False)
    ]
    below, above = sum(v < start for v in values), sum(v >= end for v in values)
    if below:
        found.insert(0, Span(None, start, below))
    if above:
        found.append(Span(end, None, above))
    return found


def _step(width: Decimal) -> Decimal:
    scale = Decimal(1).scaleb(width.adjusted())
    return next(n * scale for n in _NICE if n * scale >= width)


def label(span: Span) -> str:
    """85—90, 不足50, 110以上."""
    if span.since is None:
        return f"不足{_short(span.until)}"
    if span.until is None:
        return f"{_short(span.since)}以上"
    if span.since == span.until:
        return _short(span.since)
    return f"{_short(span.since)}—{_short(span.until)}"


def _short(value: Decimal | None) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
