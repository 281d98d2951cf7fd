"""Cells and words that the sections of R-13 share: figures of any quarter, money in 万元."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from definitions.measures import Indicator
from definitions.periods import Period
from pipelines.figures import BLOCK, Figure, display
from pipelines.publish.content import Inline, Number
from pipelines.publish.disclosure import MARK
from pipelines.publish.tables import headed
from pipelines.publish.telling import NONE, Teller

_CITED = 60


def of_quarter(teller: Teller, figure: Figure, *, wide: bool = False) -> Inline:
    """A figure of any of the quarters; withheld ones of this quarter stay so."""
    if figure.value is None:
        return NONE
    if teller.hides(figure):
        return MARK
    indicator = teller.definitions.indicators[figure.indicator]
    text = wan(figure.value) if wide else display(figure.value, indicator)
    return teller.number(figure, figure.value, text)


_WIDE = Decimal(1_000_000)


def in_wan(indicator: Indicator, values: Sequence[Decimal | None]) -> bool:
    """Whether a row of money is told in 万元, because 元 would not fit a narrow column."""
    return indicator.unit == "元" and any(v is not None and abs(v) >= _WIDE for v in values)


def wan(value: Decimal) -> str:
    """An amount of yuan in 万元, of much money without decimals."""
    places = Decimal(1) if abs(value) >= 10 * _WIDE else Decimal("0.01")
    return f"{(value / 10000).quantize(places, ROUND_HALF_UP):,f}"


def head_of(indicator: Indicator, *, wide: bool) -> str:
    return f"{indicator.name}（万元）" if wide else headed(indicator)


def side_in(teller: Teller, figure: Figure, basis: str, *, wide: bool) -> Inline:
    """One side of a figure as a cell, of much money in 万元."""
    cell = teller.cell(figure, basis)
    if not wide or not isinstance(cell, Number):
        return cell
    text = wan(cell.reference.value)
    return Number(text, replace(cell.reference, text=text))


def over(teller: Teller, code: str, value: Decimal, basis: str, text: str = "") -> Number:
    """A number over single unions; its walk shows them all."""
    indicator = teller.definitions.indicators[code]
    figure = Figure(code, teller.figures.unit.code, teller.figures.period.label, BLOCK, value)
    return teller.number(figure, value, text or display(value, indicator), basis)


def quarter_name(label: str) -> str:
    period = Period.parse(label)
    return f"{period.year}年{'一二三四'[period.number - 1]}季度"


def cited(words: str) -> str:
    return words if len(words) <= _CITED else f"{words[:_CITED]}……"
