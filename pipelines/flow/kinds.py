"""What units reported by kind, for the tables of the year-end review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from definitions import Definitions, Period
from pipelines.exposed_cells import small
from pipelines.figures import Figure, Figures
from pipelines.publish.kinds import only_kinds
from pipelines.small_cells import Sensitive, sensitive
from warehouse.organisations import ids
from warehouse.rollup import attribution, figures_for, targets
from warehouse.tables import LINES


@dataclass(frozen=True, slots=True)
class Reported:
    """Counts by kind: unit → (line, indicator) → figure, of every unit with units below it.

    `about` says which of them tell of few people, `forms` which form each is made of.
    """

    by_unit: Mapping[str, Mapping[tuple[str, str], Figure]]
    about: Sensitive
    forms: Mapping[str, str]


_NAMES = {number: name for name, number in LINES.items()}


def kinds_reported(
    connection: Connection, known: Definitions, period: Period, cutoff: datetime
) -> Reported:
    """The review's own counts of a period, each with last year's beside it."""
    last, counts = period.last_year(), only_kinds(known)
    wanted = [  # whose the flows of a moved union are is decided as for the catalogue's figures
        replace(t, every_unit=False)
        for t in targets(period, attribution(known, period.end))
        if t.basis == "reported" and t.period in (period, last)
    ]
    rows = figures_for(connection, counts, wanted, cutoff)
    codes = {number: code for code, number in ids(connection).items()}
    before = {(r.org_id, r.line, r.indicator): r.value for r in rows if r.period == last.label}
    found: dict[str, dict[tuple[str, str], Figure]] = {}
    for r in rows:
        unit = codes.get(r.org_id)
        if unit is None or r.period != period.label or r.line not in _NAMES:
            continue
        line = _NAMES[r.line]
        found.setdefault(unit, {})[line, r.indicator] = Figure(
            r.indicator, unit, r.period, line, r.value, r.numerator, r.denominator, r.reported,
            r.expected, last_year=before.get((r.org_id, r.line, r.indicator)),
        )  # fmt: skip
    forms = {code: i.measures[0].form for code, i in counts.indicators.items()}
    return Reported(found, sensitive(counts, period.end), forms)


def with_kinds(known: Definitions, figures: Figures, found: Reported, *, top: bool) -> Figures:
    """The figures of a unit with its counts by kind.

    What tells of few people is left out: for every unit but the whole federation, whose review
    cannot be taken from another's, and there too for a form of which any kind has few, or any
    figure is withheld.
    """
    own, about, forms = found.by_unit.get(figures.unit.code, {}), found.about, found.forms
    few = {forms[code] for code in about.codes}
    if top:
        few &= {forms[f.indicator] for f in own.values() if _is_few(f, about)} | _withheld(
            known, figures
        )
    values = {
        (line, f.unit, f.period, code): f
        for (line, code), f in own.items()
        if forms[code] not in few
    }
    return replace(figures, values={**figures.values, **values})


def _is_few(figure: Figure, about: Sensitive) -> bool:
    told = (figure.value, figure.last_year)
    return figure.indicator in about.counts and any(small(v, about.limit) for v in told)


def _withheld(known: Definitions, figures: Figures) -> set[str]:
    """Forms of which a figure of the unit itself is not printed."""
    return {
        measure.form
        for _, unit, _, code in figures.withheld or ()
        if unit == figures.unit.code and code in known.indicators
        for measure in known.indicators[code].measures
    }
