"""R-12 of a unit and month: its own counts computed for every unit, and what of them is few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.figures import BLOCK, Figure, Figures
from pipelines.publish import Publication, appeals
from pipelines.publish import appeal_counts as counts
from pipelines.publish.own_counts import with_counts
from pipelines.small_cells import LIMIT, OWN
from pipelines.topic_cells import Cell, Counted, withheld_topics
from warehouse.computed import Computed, Target
from warehouse.facts import GRASSROOTS
from warehouse.organisations import Registered, standing
from warehouse.rollup import figures_for

Key = tuple[str, str, str, str]
"""Line, unit, period, indicator."""


def appeals_of(connection: Connection, known: Definitions, figures: Figures) -> Publication:
    """R-12 of the unit and month of some figures; LookupError in Chinese for a longer period."""
    period = figures.period
    if period.kind is not PeriodKind.MONTH:
        raise LookupError(f"职工诉求通报按月编写，{period.chinese}不是一个月")
    organisations = standing(connection, period.end, figures.cutoff)
    spans = [period, *_before(period)]
    wanted = [Target(p, every_unit=p in spans[:3]) for p in spans]
    rows = figures_for(connection, counts.only_appeals(known), wanted, figures.cutoff)
    values = _figures(rows, organisations, figures)
    withheld = frozenset(figures.withheld or ())
    told_apart = {o.code for o in organisations if o.level not in GRASSROOTS}
    for span in spans[:3]:
        withheld |= _withheld(known, rows, organisations, told_apart, span)
    # Of a workplace nobody is told what its few workers complained of.
    apart = _apart(known)
    values = {k: f for k, f in values.items() if k[1] in told_apart or k[3] not in apart}
    return appeals.appeals_report(
        replace(figures, values={**values, **figures.values}, withheld=withheld),
        with_counts(known),
    )


def _before(period: Period) -> list[Period]:
    """The month before and a year before, then the rest of the year's months so far."""
    found = [period.previous(), period.last_year()]
    year = Period(PeriodKind.YEAR, period.year)
    return found + [m for m in year.months() if m.end < period.start and m not in found]


def _figures(
    rows: Iterable[Computed], organisations: Sequence[Registered], figures: Figures
) -> dict[Key, Figure]:
    """Figures of the unit and of those below it along 块, with the month and the year before."""
    codes = {o.id: o.code for o in organisations}
    shown = {figures.unit.code, *(u.code for u in figures.children.get(BLOCK, ()))}
    found = {
        (codes[r.org_id], r.period, r.indicator): r
        for r in rows
        if r.line == 1 and codes.get(r.org_id) in shown
    }

    def value(unit: str, period: Period, code: str) -> Decimal | None:
        row = found.get((unit, period.label, code))
        return row.value if row else None

    made = {}
    for (unit, label, code), row in found.items():
        here = Period.parse(label)
        made[BLOCK, unit, label, code] = Figure(
            code, unit, label, BLOCK, row.value, row.numerator, row.denominator, row.reported,
            row.expected, value(unit, here.previous(), code), value(unit, here.last_year(), code),
        )  # fmt: skip
    return made


def _apart(known: Definitions) -> frozenset[str]:
    """Counts of appeals told apart by what they are about, or by how content workers were."""
    return frozenset(counts.told_apart(known)) | {
        counts.topic_share(t) for t in counts.topics(known)
    }


def _withheld(
    known: Definitions,
    rows: Sequence[Computed],
    organisations: Sequence[Registered],
    told_apart: set[str],
    period: Period,
) -> frozenset[Key]:
    """What of a month no unit's bulletin prints, decided over the whole federation."""
    limit = int(known.parameters[LIMIT].at(period.end))
    codes = {o.id: o.code for o in organisations}
    below: dict[str, list[str]] = {}
    for org in organisations:
        if org.code in told_apart and org.block in codes:
            below.setdefault(codes[org.block], []).append(org.code)
    mine = {
        (codes[r.org_id], r.indicator): r.value
        for r in rows
        if r.line == 1 and r.period == period.label and codes.get(r.org_id) in told_apart
    }
    columns = counts.told_apart(known)
    found: set[Key] = set()
    for group in (counts.topic(""), counts.rating("")):
        gone = withheld_topics(_counted(mine, columns, group), below, limit)
        found |= {(BLOCK, unit, period.label, code) for unit, code in gone}
    shares = {counts.topic(t): counts.topic_share(t) for t in counts.topics(known)}
    return frozenset(found) | {
        (line, unit, label, shares[code])
        for line, unit, label, code in found
        if code in shares and not unit.endswith(OWN)
    }


def _counted(
    mine: Mapping[Cell, Decimal | None], columns: Mapping[str, str], group: str
) -> dict[Cell, Counted]:
    """Slips and workers of every unit and column of a group, where anything was reported."""
    return {
        (unit, code): Counted(value, mine.get((unit, columns[code])) or Decimal(0))
        for (unit, code), value in mine.items()
        if code in columns and code.startswith(group) and value is not None
    }
