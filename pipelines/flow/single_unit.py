"""Figures of a union with nobody below it, for months and quarters that no computation keeps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.figures import BLOCK, Figure, Figures
from pipelines.small_cells import sensitive
from warehouse.computed import Target
from warehouse.organisations import ids
from warehouse.rollup import figures_for
from warehouse.tables import LINES

Key = tuple[str, str]
"""Period label and indicator."""


def with_own_months(connection: Connection, known: Definitions, figures: Figures) -> Figures:
    """The same figures, and those of the period, its months and the year before where they lack.

    A computation keeps single unions for years only. What it does not keep it has not decided on
    either: figures that count few people are withheld of such periods, whatever they are, since
    the books of a county's unions side by side would tell what one of them leaves out.
    """
    code = figures.unit.code
    kept = {label for line, unit, label, _ in figures.values if line == BLOCK and unit == code}
    spans = _spans(figures.period)
    wanted = [p for p in spans if p.label not in kept]
    if not wanted or any(figures.children.values()):
        return figures
    unit = ids(connection)[code]
    rows = figures_for(
        connection, known, [Target(p, every_unit=True) for p in wanted], figures.cutoff, [unit]
    )
    found: dict[Key, Figure] = {
        (f.period, f.indicator): f for f in figures.values.values() if f.unit == code
    }
    for r in rows:
        if r.org_id == unit and r.line == LINES[BLOCK] and r.basis == "reported":
            found[r.period, r.indicator] = Figure(
                r.indicator, code, r.period, BLOCK, r.value, r.numerator, r.denominator,
                r.reported, r.expected,
            )  # fmt: skip
    fresh = {p.label for p in wanted}
    values = dict(figures.values)
    for (label, indicator), figure in found.items():
        values[BLOCK, code, label, indicator] = _compared(figure, found)
    few = sensitive(known, figures.period.end).codes
    hidden = {(BLOCK, code, label, c) for label in fresh for c in few}
    return replace(figures, values=values, withheld=frozenset({*(figures.withheld or ()), *hidden}))


def _spans(period: Period) -> list[Period]:
    """What a book of a period prints or compares with, each once."""
    months = period.months() if period.kind is not PeriodKind.MONTH else []
    all_of = [period, period.previous(), period.last_year(), *months]
    all_of += [m.last_year() for m in months]
    return list({p.label: p for p in all_of}.values())


def _compared(figure: Figure, found: dict[Key, Figure]) -> Figure:
    """A figure beside those of the period before and of last year, where these are known."""
    here = Period.parse(figure.period)
    last, before = here.last_year(), here.previous()

    def of(period: Period) -> Decimal | None:
        told = found.get((period.label, figure.indicator))
        return told.value if told else None

    previous = of(before) if before != last else None
    return replace(
        figure,
        previous=figure.previous if figure.previous is not None else previous,
        last_year=figure.last_year if figure.last_year is not None else of(last),
    )
