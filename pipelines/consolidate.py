"""Consolidation: the figures of a unit and of those below it, with comparisons and coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.figures import (
    BLOCK,
    INDUSTRY,
    UNASSIGNED,
    CoverageRow,
    Figure,
    Figures,
    Transfer,
    Unit,
)
from pipelines.small_cells import Tree, Value, Withheld, sensitive, withheld_of
from warehouse.cutoff import expected_laid_out, prepare_cutoff, prepare_expected
from warehouse.engine import sql
from warehouse.organisations import Registered, standing
from warehouse.rollup import compute
from warehouse.tables import LINES
from warehouse.windows import opened_within
from warehouse.withheld import decision, keep_decision

LINE_NAMES = {number: name for name, number in LINES.items()}
OUTSIDE = Unit("0", UNASSIGNED, "")


def consolidate(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    cutoff: datetime,
    at: datetime,
) -> int:
    """Compute (once) all indicators of a period at a cut-off; returns the computation's id."""
    return compute(connection, definitions, period, cutoff, at)


def top_unit(organisations: Sequence[Registered]) -> Registered:
    """The federation: the one organisation with children and without any parent."""
    parents = {o.block for o in organisations}
    tops = [
        o
        for o in organisations
        if o.block is None and o.industry_parent is None and o.id in parents
    ]
    if len(tops) != 1:
        names = "、".join(o.name for o in tops) or "无"
        raise LookupError(f"名录中应恰有一个没有上级的总工会，现有：{names}")
    return tops[0]


def figures_of(
    connection: Connection,
    definitions: Definitions,
    computation: int,
    unit_code: str,
    *,
    notes: Sequence[str] = (),
) -> Figures:
    """All figures of one unit and its children along both lines, from one computation."""
    (figures,) = figures_of_each(connection, definitions, computation, [unit_code], notes=notes)
    return figures


def figures_of_each(
    connection: Connection,
    definitions: Definitions,
    computation: int,
    unit_codes: Sequence[str],
    *,
    notes: Sequence[str] = (),
) -> Iterator[Figures]:
    """The same of many units in their order; what all of them share is read once."""
    head = connection.execute(
        text("SELECT period, cutoff FROM computation WHERE id = :id"), {"id": computation}
    ).one()
    period, cutoff = Period.parse(head.period), head.cutoff
    organisations = standing(connection, period.end, cutoff)
    by_code = {o.code: o for o in organisations}
    prepare_cutoff(connection, cutoff)
    prepare_expected(connection, cutoff, period.start, period.end)
    withheld = withheld_by(connection, definitions, computation, period, organisations)
    targets = _targets(connection, definitions, period)

    @cache
    def untold(now: str, then: str) -> frozenset[str]:
        return shorter(connection, definitions, Period.parse(now), Period.parse(then), cutoff)

    for unit_code in unit_codes:
        unit = by_code[unit_code]
        children = _children(organisations, unit)
        shown = _shown(unit_code, children)
        wanted = {by_code[code].id for code in shown if code in by_code} | {0}
        yield Figures(
            unit=_unit(unit),
            period=period,
            cutoff=cutoff,
            definitions_digest=definitions.digest,
            children=children,
            values=_values(connection, computation, sorted(wanted), targets, untold),
            transfers=_transfers(connection, period, cutoff, unit.id),
            coverage=_coverage(connection, period, shown, organisations, BLOCK),
            notes=notes,
            withheld=withheld,
        )


def coverage_of(
    connection: Connection, period: Period, cutoff: datetime, unit_code: str
) -> list[CoverageRow]:
    """How far a unit and its children have reported a period, without computing any figure."""
    organisations = standing(connection, period.end, cutoff)
    unit = next(o for o in organisations if o.code == unit_code)
    prepare_cutoff(connection, cutoff)
    prepare_expected(connection, cutoff, period.start, period.end)
    shown = _shown(unit_code, _children(organisations, unit))
    return _coverage(connection, period, shown, organisations, BLOCK)


def coverage_along(
    connection: Connection, period: Period, cutoff: datetime, units: Sequence[str], line: str
) -> list[CoverageRow]:
    """How far units have reported with all that stands below them along a line; 0 is 未纳入产业."""
    organisations = standing(connection, period.end, cutoff)
    expected_laid_out(connection, cutoff, period.start, period.end)
    return _coverage(connection, period, units, organisations, line)


def _children(organisations: Sequence[Registered], unit: Registered) -> dict[str, list[Unit]]:
    return {
        BLOCK: [_unit(o) for o in organisations if o.block == unit.id],
        INDUSTRY: _industry_children(organisations, unit),
    }


def _shown(unit_code: str, children: Mapping[str, Sequence[Unit]]) -> list[str]:
    return [unit_code, *(u.code for units in children.values() for u in units)]


def shorter(
    connection: Connection, definitions: Definitions, now: Period, then: Period, cutoff: datetime
) -> frozenset[str]:
    """Indicators that add up fewer periods then than now: their forms were opened later.

    A year against the last month of the year before would have grown twelvefold.
    """
    here, there = (opened_within(connection, p.start, p.end, cutoff) for p in (now, then))
    late = {form for form, count in here.items() if 0 < there.get(form, 0) < count}
    return frozenset(
        code
        for code, indicator in definitions.indicators.items()
        if any(m.take == "flow" and m.form in late for m in indicator.measures)
    )


def withheld_by(
    connection: Connection,
    definitions: Definitions,
    computation: int,
    period: Period,
    organisations: Sequence[Registered],
) -> frozenset[tuple[str, str, str, str]]:
    """What no publication of a computation may print, decided once for the whole federation.

    What one unit's review withholds must not stand in that of the unit above or beside it. The
    first to ask decides; the decision is kept with the computation, which never changes.
    """
    found = decision(connection, computation)
    if found is None:
        found = _decided(connection, definitions, computation, period, organisations)
        keep_decision(connection, computation, found)
    return frozenset((LINE_NAMES[line], unit, label, code) for line, unit, label, code in found)


def _decided(
    connection: Connection,
    definitions: Definitions,
    computation: int,
    period: Period,
    organisations: Sequence[Registered],
) -> Withheld:
    about = sensitive(definitions, period.end)
    rows = connection.execute(
        text(sql("publication_sensitive")),
        {"computation": computation, "indicators": list(about.codes)},
    )
    values = [
        Value(r.line, r.unit, r.period, r.indicator, r.value, r.numerator, r.denominator)
        for r in rows
    ]
    if not values:
        return frozenset()
    return withheld_of(values, _tree(organisations), period, about)


def _tree(organisations: Sequence[Registered]) -> Tree:
    """Whom each publication prints below whom, as `figures_of` has it."""
    codes = {o.id: o.code for o in organisations}
    top = top_unit(organisations)
    block: dict[str, list[str]] = {}
    industry: dict[str, list[str]] = {}
    for o in organisations:
        if o.block in codes:
            block.setdefault(codes[o.block], []).append(o.code)
        if o.industry_parent in codes:
            industry.setdefault(codes[o.industry_parent], []).append(o.code)
    industry.setdefault(top.code, [u.code for u in _industry_children(organisations, top)])
    return Tree(top.code, {1: block, 2: industry})


def _unit(org: Registered) -> Unit:
    return Unit(org.code, org.name, org.level, org.type, org.region)


def _industry_children(organisations: Sequence[Registered], unit: Registered) -> list[Unit]:
    """On the industry line: its own members, or for the federation every leading industry union."""
    own = [_unit(o) for o in organisations if o.industry_parent == unit.id]
    if own or unit.block is not None:
        return own
    leading = {o.industry_parent for o in organisations if o.industry_parent is not None}
    tops = [_unit(o) for o in organisations if o.id in leading and o.industry_parent is None]
    return [*tops, OUTSIDE]


def _values(
    connection: Connection,
    computation: int,
    units: Sequence[int],
    targets: Mapping[tuple[str, str, str], Decimal],
    untold: Callable[[str, str], frozenset[str]],
) -> dict[tuple[str, str, str, str], Figure]:
    """Figures beside those they are compared with; `untold` of a label and another are not."""
    rows = connection.execute(
        text(sql("unit_figures")), {"computation": computation, "units": list(units)}
    ).all()
    found: dict[tuple[int, str, str, str, str], Decimal | None] = {
        (r.line, r.unit, r.period, r.basis, r.indicator): r.value for r in rows
    }
    before = {label: _before(label) for label in {r.period for r in rows}}
    values = {}
    for r in rows:
        if r.basis != "reported":
            continue
        line, unit, code = r.line, r.unit, r.indicator
        previous, last_year = before[r.period]
        if previous and code in untold(r.period, previous):
            previous = None
        yearly = code not in untold(r.period, last_year)
        values[LINE_NAMES[line], unit, r.period, code] = Figure(
            indicator=code,
            unit=unit,
            period=r.period,
            line=LINE_NAMES[line],
            value=r.value,
            numerator=r.numerator,
            denominator=r.denominator,
            reported=r.reported,
            expected=r.expected,
            previous=found.get((line, unit, previous, "reported", code)) if previous else None,
            last_year=found.get((line, unit, last_year, "reported", code)) if yearly else None,
            comparable=found.get((line, unit, last_year, "comparable", code)) if yearly else None,
            comparable_now=(
                found.get((line, unit, r.period, "comparable", code)) if yearly else None
            ),
            target=targets.get((unit, code, r.period)),
        )
    return values


def _before(label: str) -> tuple[str | None, str]:
    """Labels of the period before, unless that is last year's, and of last year's."""
    here = Period.parse(label)
    previous, last = here.previous(), here.last_year()
    return (previous.label if previous != last else None), last.label


def _targets(
    connection: Connection, definitions: Definitions, period: Period
) -> dict[tuple[str, str, str], Decimal]:
    """Signed targets of the year by unit, indicator and period label."""
    year = Period(PeriodKind.YEAR, period.year)
    letters = [f for f in definitions.forms if f.code == "TGT-01" and f.covers(year)]
    if not letters:  # before the federation collected letters
        return {}
    place = letters[0].position
    rows = connection.execute(
        text(sql("targets")),
        {
            "indicator_place": place["indicator"] + 1,
            "period_place": place["period"] + 1,
            "target_place": place["target"] + 1,
            "year": year.label,
        },
    )
    return {(r.unit, r.indicator, r.period): r.target for r in rows if r.target is not None}


def _transfers(
    connection: Connection, period: Period, cutoff: datetime, unit: int
) -> list[Transfer]:
    rows = connection.execute(
        text(sql("changes")),
        {"starts": period.start, "ends": period.end, "cutoff": cutoff, "unit": unit},
    )
    return [
        Transfer(
            unit=r.unit,
            name=r.name,
            line=LINE_NAMES[r.line],
            change=r.change,
            from_name=r.from_name,
            to_name=r.to_name,
            effective=r.effective,
            approval=r.approval,
        )
        for r in rows
    ]


def _coverage(
    connection: Connection,
    period: Period,
    units: Sequence[str],
    organisations: Sequence[Registered],
    line: str,
) -> list[CoverageRow]:
    names = {o.code: o.name for o in organisations}
    rows = connection.execute(
        text(sql("coverage_by_unit")),
        {
            "units": list(units),
            "line": LINES[line],
            "starts": period.start,
            "ends": period.end,
        },
    )
    return [
        CoverageRow(
            unit=r.unit,
            form=r.form,
            period=r.period,
            expected=r.expected,
            reported=r.reported,
            on_time=r.on_time,
            first_pass=r.first_pass,
            missing=tuple(r.missing),
            name=names.get(r.unit, ""),
            unverified=r.unverified,
        )
        for r in rows
    ]
