"""Computing a period at a cut-off: facts, their sums along both lines, and figures kept of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.measures import Measure
from definitions.periods import PeriodKind
from warehouse.computed import Computed, Target
from warehouse.cutoff import no_longer_whole, prepare_cutoff, prepare_expected
from warehouse.facts import Heard, fact_queries, heard_of, load_live
from warehouse.indicators import indicators
from warehouse.quality import quality
from warehouse.second_pass import second_pass
from warehouse.sums import enter_facts, months_in, prepare_sums, sums_of

AT_THE_TIME, AT_THE_END = "发生时归属", "期末归属"
"""Where a year's flows count: with the parents of their own months, or with those of its end."""


def attribution(definitions: Definitions, day: date) -> str:
    """How flows of a year are attributed, as decided for a day; by their own months if nothing."""
    parameter = definitions.parameters.get("flow_attribution")
    if parameter is None:
        return AT_THE_TIME
    try:
        return str(parameter.at(day))
    except LookupError:
        return AT_THE_TIME


def targets(period: Period, attributed: str = AT_THE_TIME) -> list[Target]:
    """The period, its parts, the period before, last year, and both on a comparable basis.

    The comparable basis (可比口径) is of the units that belong to a unit at the period's end, with
    all that they did in the period and in last year's, whomever they belonged to then. A month has
    only its end, so it is comparable as reported.

    A month has the year up to its end besides, which tasks are measured by. Figures of single
    unions are kept for years, where marks need them; those of a month are read from its rows.
    Attributed at the end, the flows of a year are added up along the relations of its last day;
    months and quarters always along those of their own.
    """
    yearly = period.kind is PeriodKind.YEAR
    at_the_end = yearly and attributed == AT_THE_END
    found = [Target(period, as_of=period.end if at_the_end else None, every_unit=yearly)]
    if period.kind is PeriodKind.MONTH:
        found.append(Target(period, basis="to_date"))
    else:
        found += [Target(m) for m in period.months()]
    if yearly:
        found += [Target(Period(PeriodKind.QUARTER, period.year, q)) for q in range(1, 5)]
    if period.previous() != period.last_year():
        found.append(Target(period.previous()))
    last = period.last_year()
    found.append(Target(last, as_of=last.end if at_the_end else None, every_unit=yearly))
    found.append(Target(last, basis="comparable", as_of=period.end))
    if period.kind is not PeriodKind.MONTH and not at_the_end:
        found.append(Target(period, basis="comparable", as_of=period.end))
    return found


def compute(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    cutoff: datetime,
    at: datetime,
) -> int:
    """Compute every indicator for a period and its neighbours; returns the computation's id.

    The same period, cut-off and definitions are computed once; a second call returns the first.
    """
    existing = connection.execute(
        text("SELECT id FROM computation WHERE period = :p AND cutoff = :c AND definitions = :d"),
        {"p": period.label, "c": cutoff, "d": definitions.digest},
    ).scalar()
    if existing is not None:
        return int(existing)
    wanted = targets(period, attribution(definitions, period.end))
    rows = figures_for(connection, definitions, wanted, cutoff)
    rows += second_pass(connection, definitions, wanted, rows, cutoff)
    computation = connection.execute(
        text(
            "INSERT INTO computation (period, cutoff, definitions, computed_at) "
            "VALUES (:p, :c, :d, :at) RETURNING id"
        ),
        {"p": period.label, "c": cutoff, "d": definitions.digest, "at": at},
    ).scalar_one()
    _store(connection, int(computation), _worth_keeping(rows, period.label))
    return int(computation)


def _worth_keeping(rows: Sequence[Computed], label: str) -> Iterator[Computed]:
    """Without the period's own figures on the comparable basis that are as reported: most are."""
    said = {
        (r.line, r.org_id, r.indicator): (r.value, r.numerator, r.denominator)
        for r in rows
        if r.basis == "reported" and r.period == label
    }
    for r in rows:
        own = r.basis == "comparable" and r.period == label
        same = said.get((r.line, r.org_id, r.indicator)) if own else None
        if not own or same != (r.value, r.numerator, r.denominator):
            yield r


def figures_for(
    connection: Connection,
    definitions: Definitions,
    wanted: Sequence[Target],
    cutoff: datetime,
    units: Sequence[int] = (),
) -> list[Computed]:
    """Every figure that is made of sums, of the definitions' indicators, kept nowhere.

    Definitions with a few indicators only read no more forms than these need: a report computes so
    what it prints of other periods, of single unions, or counts for itself. With `units` (ids) only
    theirs are whole: what others filed is read no more than it takes for them.
    """
    measures = list(enumerate(definitions.measures().values(), start=1))
    prepare_cutoff(connection, cutoff)
    if units:
        _only_filings_of(connection, [m for _, m in measures], units)
    prepare_sums(connection, wanted, measures)
    heard = _enter_facts(connection, definitions, wanted, measures)
    prepare_expected(
        connection, cutoff, min(t.starts for t in wanted), max(t.period.end for t in wanted)
    )
    if units:
        connection.execute(
            text("DELETE FROM expected_state WHERE org_id <> ALL(:units)"), {"units": list(units)}
        )
        no_longer_whole(connection)
    sums = sums_of(connection, definitions, wanted, heard)
    told = quality(connection, cutoff)
    return list(indicators(definitions, wanted, measures, sums, told))


def _only_filings_of(
    connection: Connection, measures: Sequence[Measure], units: Sequence[int]
) -> None:
    """Leave out filings that say nothing of some units.

    Forms of which a thing counts once whoever told of it stay whole: who was first decides.
    """
    shared = sorted({m.form for m in measures if m.distinct and m.take == "flow"})
    connection.execute(
        text(
            "DELETE FROM live_filing AS f WHERE f.form <> ALL(:shared) "
            "AND f.reporter_id <> ALL(:units) AND NOT EXISTS (SELECT 1 FROM filing_row AS r "
            "WHERE r.filing_id = f.id AND r.org_id = ANY(:units))"
        ),
        {"shared": shared, "units": list(units)},
    )


def _enter_facts(
    connection: Connection,
    definitions: Definitions,
    wanted: Sequence[Target],
    measures: Sequence[tuple[int, Measure]],
) -> list[Heard]:
    """Facts of every form that was filed; returns what their reporters were heard of."""
    by_form: dict[str, list[tuple[int, Measure]]] = defaultdict(list)
    filed = set(connection.execute(text("SELECT DISTINCT form FROM live_filing")).scalars())
    for number, measure in measures:
        if measure.form in filed:
            by_form[measure.form].append((number, measure))
    starts = min(t.starts for t in wanted)
    ends = max(t.period.end for t in wanted)
    days = sorted({t.period.end for t in wanted})
    # Last year's month and this year's first ones leave months between that nobody asks for.
    months = sorted({m.start for t in wanted for m in months_in(t)})
    everything: list[Heard] = []
    for owned in by_form.values():
        register = any(m.take == "standing" for _, m in owned)
        counted = [m for _, m in owned]
        load_live(connection, definitions, counted, starts, ends, days if register else ())
        heard = heard_of(definitions, owned)
        for query in [*fact_queries(definitions, owned), *(h.query for h in heard)]:
            enter_facts(connection, query, months)
        everything += heard
    if everything:
        connection.execute(
            text("INSERT INTO measure (id, take, own) VALUES (:id, 'flow', :own)"),
            [{"id": h.number, "own": h.own} for h in everything],
        )
    return everything


def _store(connection: Connection, computation: int, rows: Iterable[Computed]) -> None:
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(
            "COPY indicator_value (computation_id, line, org_id, period, basis, indicator, value, "
            "numerator, denominator, reported, expected) FROM STDIN"
        ) as copy,
    ):
        for r in rows:
            copy.write_row(
                (
                    computation, r.line, r.org_id, r.period, r.basis, r.indicator, r.value,
                    r.numerator, r.denominator, r.reported, r.expected,
                )
            )  # fmt: skip
