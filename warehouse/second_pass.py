"""What needs other figures first: targets and improvement, and totals of assessments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert as upsert

from definitions import Definitions, Period
from definitions.measures import Indicator
from definitions.model import Form
from definitions.periods import PeriodKind
from warehouse.achievement import (
    Share,
    Task,
    figures_improved,
    self_report_gap,
    targets_reached,
    tasks_improved,
    tasks_met,
    works_completed,
)
from warehouse.computed import Computed, Target, figure
from warehouse.engine import sql
from warehouse.measuring import measured_by_industry
from warehouse.tables import indicator_value

Unit = tuple[int, int]
"""Line and organisation."""
Keyed = dict[tuple[str, str], Decimal]
"""(period label, indicator) → value."""


@dataclass
class _Figures:
    """What the first pass computed, by unit: as reported, and of last year as units are now."""

    heads: frozenset[Unit] = frozenset()
    """Who has unions below it on which line."""
    by_industry: frozenset[int] = frozenset()
    """Who is measured by its industry."""
    reported: dict[Unit, Keyed] = field(default_factory=lambda: defaultdict(dict))
    comparable: dict[Unit, Keyed] = field(default_factory=lambda: defaultdict(dict))

    def unit(self, org: int) -> Unit:
        """The line on which a union is measured, and the union."""
        return (2, org) if org in self.by_industry else (1, org)

    def of(self, org: int) -> Mapping[tuple[str, str], Decimal]:
        """A union's figures on its line."""
        return self.reported.get(self.unit(org), {})

    def compared(self, unit: Unit, label: str) -> Mapping[tuple[str, str], Decimal]:
        """This year's figures to be held against `bases`: of the same unions."""
        return {**self.reported[unit], **self._comparable_of(unit, label)}

    def _comparable_of(self, unit: Unit, label: str) -> Keyed:
        if unit not in self.heads:
            return {}
        known = self.comparable.get(unit, {})
        return {(period, i): value for (period, i), value in known.items() if period == label}

    def bases(self, unit: Unit, label: str) -> Keyed:
        """Last year's figures under this year's label: on a comparable basis of who has others."""
        last = Period.parse(label).last_year().label
        source = self.comparable if unit in self.heads else self.reported
        known = source.get(unit, {})
        return {(label, i): value for (period, i), value in known.items() if period == last}


def second_pass(
    connection: Connection,
    definitions: Definitions,
    wanted: Sequence[Target],
    rows: Iterable[Computed],
    cutoff: datetime,
) -> list[Computed]:
    """Figures made of figures for every period wanted as reported."""
    heads = connection.execute(text("SELECT line, org_id FROM parent"))
    figures = _Figures(
        frozenset((r.line, r.org_id) for r in heads),
        frozenset(measured_by_industry(connection, cutoff)),
    )
    for row in rows:
        if row.value is not None and row.basis in ("reported", "comparable"):
            kept = figures.reported if row.basis == "reported" else figures.comparable
            kept[row.line, row.org_id][row.period, row.indicator] = row.value
    periods = [t.period for t in wanted if t.basis == "reported"]
    asked = [i for i in definitions.indicators.values() if i.achieved]
    found: list[Computed] = []
    if asked:
        tasks = _letters(connection, definitions, periods)
        told = _self_reports(connection, definitions, periods)
        for period in periods:
            found += _of_letters(connection, definitions, asked, period, figures, tasks, told)
            found += _of_figures(definitions, asked, period, figures)
    found += _of_schemes(connection, definitions, periods, cutoff)
    return found


# --- letters ---

Tasks = dict[tuple[int, str], list[Task]]
"""(organisation, period label) → tasks due in it."""
Told = dict[tuple[int, str], dict[str, Decimal]]
"""(organisation, period label) → task → what the unit says of it."""


def _editions(definitions: Definitions, code: str) -> Iterator[Form]:
    return (f for f in definitions.forms if f.code == code)


def _letters(connection: Connection, definitions: Definitions, periods: Sequence[Period]) -> Tasks:
    years = sorted({str(p.year) for p in periods})
    rows: list[Any] = []
    for form in _editions(definitions, "TGT-01"):
        place = {name: at + 1 for name, at in form.position.items()}
        rows += connection.execute(
            text(sql("letters")),
            {
                "edition": form.edition,
                "years": years,
                "task": place["task_id"],
                **{n: place[n] for n in ("work", "indicator", "period", "direction")},
                "target": place["target"],
                "weight": place["weight"],
            },
        ).all()
    marks = {(r.org_id, r.task, r.period[:4]): r.weight for r in rows if r.weight is not None}
    found: Tasks = defaultdict(list)
    for r in rows:
        if r.target is None:
            continue
        weight = marks.get((r.org_id, r.task, r.period[:4]), Decimal(0))
        found[r.org_id, r.period].append(
            Task(r.org_id, r.task, r.work, r.indicator, r.period, r.direction, r.target, weight)
        )
    return found


def _self_reports(
    connection: Connection, definitions: Definitions, periods: Sequence[Period]
) -> Told:
    """What units say of quarters, and of a year: quarters added for flows, else the last one.

    A ratio told of quarters is not one of the year, and a year without its fourth quarter is not
    told of.
    """
    quarters = sorted({f"{p.year}Q{n}" for p in periods for n in range(1, 5)})
    found: Told = defaultdict(dict)
    for form in _editions(definitions, "TGT-02"):
        for r in connection.execute(
            text(sql("self_reports")),
            {
                "edition": form.edition,
                "quarters": quarters,
                "task": form.position["task_id"] + 1,
                "actual": form.position["actual"] + 1,
            },
        ):
            if r.actual is not None:
                found[r.org_id, r.period][r.task] = r.actual
    return found


def _told_of_year(
    told: Told, org: int, year: int, tasks: Sequence[Task], indicators: Mapping[str, Indicator]
) -> dict[str, Decimal]:
    quarters = [told.get((org, f"{year}Q{n}"), {}) for n in range(1, 5)]
    found = {}
    for task in tasks:
        indicator = indicators.get(task.indicator)
        if indicator is None or task.task not in quarters[3]:
            continue
        if indicator.is_flow:
            found[task.task] = sum((q.get(task.task, Decimal(0)) for q in quarters), Decimal(0))
        elif indicator.aggregate == "latest":
            found[task.task] = quarters[3][task.task]
    return found


def _of_letters(
    connection: Connection,
    definitions: Definitions,
    asked: Sequence[Indicator],
    period: Period,
    figures: _Figures,
    tasks: Tasks,
    told: Told,
) -> Iterator[Computed]:
    """Figures of the units that signed letters, and of those above them."""
    label = period.label
    signed = {org: due for (org, when), due in tasks.items() if when == label}
    if not signed:
        return
    cap = _cap(definitions, period.end)
    shares: dict[str, dict[int, Share]] = defaultdict(dict)
    for org, due in signed.items():
        values, bases = figures.of(org), figures.bases(figures.unit(org), label)
        said = told.get((org, label), {})
        if period.kind is PeriodKind.YEAR:
            said = _told_of_year(told, org, period.year, due, definitions.indicators)
        for indicator in asked:
            mine = _of_dimension(due, indicator, definitions)
            match indicator.achieved:
                case "tasks met":
                    share = tasks_met(mine, values)
                case "works completed":
                    share = works_completed(mine, values)
                case "targets reached":
                    share = targets_reached(mine, values)
                case "tasks improved":
                    share = tasks_improved(mine, values, bases, cap)
                case "self-report gap":
                    share = self_report_gap(mine, said, values)
                case _:
                    share = None
            if share is not None:
                shares[indicator.code][org] = share
    above = _above(connection, sorted(signed), period.end)
    for code, by_org in shares.items():
        yield from _climbed(definitions.indicators[code], label, by_org, above)


def _of_dimension(
    tasks: Sequence[Task], indicator: Indicator, definitions: Definitions
) -> list[Task]:
    known = definitions.indicators
    return [
        t
        for t in tasks
        if t.indicator in known
        and (not indicator.dimension or known[t.indicator].dimension == indicator.dimension)
    ]


def _above(connection: Connection, orgs: Sequence[int], day: date) -> dict[int, list[Unit]]:
    """Organisation → itself and every unit above it on both lines on a day."""
    found: dict[int, list[Unit]] = defaultdict(list)
    for r in connection.execute(
        text(
            "SELECT org_id, line, ancestor_id FROM ancestor a WHERE org_id = ANY(:orgs) "
            "AND valid @> CAST(:day AS date) AND ((line = 1 AND org_id = ancestor_id) "
            "OR (line, ancestor_id) IN (SELECT line, org_id FROM parent))"
        ),
        {"orgs": list(orgs), "day": day},
    ):
        found[r.org_id].append((r.line, r.ancestor_id))
    return found


def _climbed(
    indicator: Indicator,
    label: str,
    by_org: Mapping[int, Share],
    above: Mapping[int, Sequence[Unit]],
) -> Iterator[Computed]:
    """A ratio is made of the sums of both sides below a unit; a score is the unit's own."""
    tops: dict[Unit, Decimal] = defaultdict(Decimal)
    bases: dict[Unit, Decimal] = defaultdict(Decimal)
    counts: dict[Unit, int] = defaultdict(int)
    for org, share in by_org.items():
        units = above.get(org, [])
        if indicator.aggregate == "score":
            units = [u for u in units if u == (1, org)]
        for unit in units:
            tops[unit] += share.top
            bases[unit] += share.base
            counts[unit] += 1
    for (line, org), top in sorted(tops.items()):
        base = bases[line, org]
        yield Computed(
            line, org, label, "reported", indicator.code,
            figure(indicator, top, base), top, base, counts[line, org], None,
        )  # fmt: skip


# --- every figure with a direction ---


def _of_figures(
    definitions: Definitions, asked: Sequence[Indicator], period: Period, figures: _Figures
) -> Iterator[Computed]:
    """The value improvement degree of a year, of every unit with figures of both years."""
    improved = [i for i in asked if i.achieved == "figures improved"]
    if period.kind is not PeriodKind.YEAR or not improved:
        return
    cap = _cap(definitions, period.end)
    plain = [i for i in definitions.indicators.values() if i.numerator and not i.coverage]
    for unit in sorted(figures.reported):
        values, bases = figures.compared(unit, period.label), figures.bases(unit, period.label)
        if not bases:
            continue
        for indicator in improved:
            mine = [
                i
                for i in plain
                if i.aggregate != "growth"
                and (i.dimension == indicator.dimension or not indicator.dimension)
            ]
            share = figures_improved(mine, period.label, values, bases, cap)
            if share is not None:
                yield Computed(
                    *unit, period.label, "reported", indicator.code,
                    figure(indicator, share.top, share.base), share.top, share.base,
                    int(share.base), None,
                )  # fmt: skip


def _cap(definitions: Definitions, day: date) -> Decimal:
    """Largest improvement, as a share, that a single figure or task counts with."""
    percent = definitions.parameters["improvement_cap_pct"].at(day)
    return Decimal(str(percent)) / 100


# --- assessments ---


def _of_schemes(
    connection: Connection, definitions: Definitions, periods: Sequence[Period], cutoff: datetime
) -> Iterator[Computed]:
    years = sorted({p.year for p in periods if p.kind is PeriodKind.YEAR})
    for indicator in definitions.indicators.values():
        if not indicator.scheme or not years:
            continue
        for r in connection.execute(
            text(sql("standing_marks")), _of_family(indicator, years, cutoff)
        ):
            if r.total is not None:
                yield score_of(indicator, r.org_id, r.year, r.total)


def _of_family(indicator: Indicator, years: Sequence[int], cutoff: datetime) -> dict[str, Any]:
    """Every scheme of the family that an indicator takes its totals from: TRA-FED, TRA-IND."""
    schemes = f"{indicator.scheme}-%"
    return {"schemes": schemes, "years": years, "cutoff": cutoff, "with_blocks": False}


def score_of(indicator: Indicator, org_id: int, year: int, total: Decimal) -> Computed:
    """A unit's total in an assessment as a figure of its year."""
    label = Period(PeriodKind.YEAR, year).label
    return Computed(1, org_id, label, "reported", indicator.code, total, total, None, 1, None)


def record_scores(
    connection: Connection,
    definitions: Definitions,
    computation: int,
    family: str,
    year: int,
    cutoff: datetime,
) -> None:
    """Add the totals that stand after an assessment was kept to the computation it came from."""
    for indicator in definitions.indicators.values():
        if not indicator.scheme or not family.startswith(indicator.scheme):
            continue
        wanted = _of_family(indicator, [year], cutoff)
        rows = [
            {
                "computation_id": computation,
                "line": score.line,
                "org_id": score.org_id,
                "period": score.period,
                "basis": score.basis,
                "indicator": score.indicator,
                "value": score.value,
                "numerator": score.numerator,
                "denominator": None,
                "reported": score.reported,
                "expected": None,
            }
            for r in connection.execute(text(sql("standing_marks")), wanted)
            if r.total is not None
            for score in (score_of(indicator, r.org_id, r.year, r.total),)
        ]
        if rows:
            kept = upsert(indicator_value)
            connection.execute(
                kept.on_conflict_do_update(
                    index_elements=[c.name for c in indicator_value.primary_key],
                    set_={"value": kept.excluded.value, "numerator": kept.excluded.numerator},
                ),
                rows,
            )
