"""From current rows to figures: facts per unit and month, summed along both lines at a cut-off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import Each, Form, Indicator, Ledger, Measure, Without
from definitions.periods import PeriodKind
from definitions.tally import why_not
from warehouse.computed import Computed, Target, figure
from warehouse.engine import sql
from warehouse.quality import Quality, QualityOf, quality
from warehouse.second_pass import second_pass
from warehouse.sql_expression import Sql, Translator
from warehouse.tallies import heads, is_tally, told

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
    """The period, its parts, the period before, last year, and last year on a comparable basis.

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
    found.append(Target(period.last_year(), basis="comparable", as_of=period.end))
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """How a measure reads rows: SQL of its source, moment and conditions, and the translator.

    `where` says which rows count, `known` which of them tell of a day at all.
    """

    source: str
    moment: str
    known: str
    where: str
    translator: Translator


def reading(definitions: Definitions, measure: Measure) -> Reading:
    """The rows `r` that a measure counts and the day on which each of them counts."""
    editions = [f for f in definitions.forms if f.code == measure.form]
    ledger = ledger_of(editions)
    parameters = definitions.parameters
    translator = Translator(editions, {"end": Sql("r.period_end")}, parameters)
    dated = measure.dated
    if ledger and measure.take == "flow":
        dated = dated or ledger.date
    source, moment = "live", "r.period_end"
    if measure.take == "standing":
        source, moment = "standing", "r.as_of"
        translator = Translator(editions, {"end": Sql(moment)}, parameters, day=moment)
    elif measure.take == "months":
        count = len(Period(editions[0].period.label_kind, 2000).months())
        source, moment = MONTHS_OF.format(before=count - 1), "r.month_of"
    elif dated:
        # groups need every row of a series; a register's row may have been sent again
        source = "live" if measure.each and not ledger else "once"
        moment = translator.column(dated)
        if any(f.tally for f in editions):
            # a tally tells of days inside its period, and counts them at its end
            moment = (
                f"(CASE WHEN NOT {is_tally(editions)} OR {moment} = r.period_end THEN {moment} END)"
            )
    where = translator.sql(measure.where) if measure.where else "true"
    if measure.without:
        where += f" AND {_without(definitions, measure.without)}"
    known = f"{moment} IS NOT NULL AND {told(measure, editions)}"
    if source == "once":
        # before the form was asked for, its rows tell of the few things that were still open then
        known += f" AND {_collected(editions, moment)}"
    return Reading(source, moment, known, where, translator)


def ledger_of(editions: Sequence[Form]) -> Ledger | None:
    """How a form is a register, whichever of its editions says so: its tallies do not."""
    return next((f.ledger for f in reversed(editions) if f.ledger), None)


def _collected(editions: Sequence[Form], moment: str) -> str:
    """Whether an edition of the form was in force in the month of a day."""
    spans = (
        f"{moment} BETWEEN DATE '{f.valid_from}' AND DATE '{f.valid_to or date.max}'"
        for f in editions
    )
    return f"({' OR '.join(spans)})"


def _without(definitions: Definitions, absent: Without) -> str:
    """Whether a unit had reported no such row of another form in the year of the day."""
    editions = [f for f in definitions.forms if f.code == absent.form]
    translator = Translator(editions, {"end": Sql("r.period_end")}, definitions.parameters)
    return (
        "(r.org_id, r.as_of) NOT IN (SELECT r.org_id, t.ends FROM (SELECT x.*, f.edition "
        "FROM live_filing f JOIN filing_row x ON x.filing_id = f.id "
        f"WHERE f.form = '{absent.form}') r JOIN standing_day t "
        "ON r.period_end BETWEEN date_trunc('year', t.ends)::date AND t.ends "
        f"WHERE {translator.sql(absent.where)})"
    )


MONTHS_OF = """(
    SELECT l.*, (date_trunc('month', l.period_end) - make_interval(months => g))::date AS month_of
    FROM live l CROSS JOIN generate_series(0, {before}) g)"""


def fact_queries(definitions: Definitions, measures: Sequence[tuple[int, Measure]]) -> list[str]:
    """SQL that yields (measure, org_id, month, value) for measures of one form."""
    groups: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    queries = []
    heard: dict[str, list[int]] = defaultdict(list)
    editions = [f for f in definitions.forms if measures and f.code == measures[0][1].form]
    tally, stands_for = is_tally(editions), heads(editions)
    for number, measure in measures:
        if all(why_not(measure, f) for f in editions):
            continue  # no edition has rows that could tell it
        read = reading(definitions, measure)
        source, moment, where, translator = read.source, read.moment, read.where, read.translator
        things = [translator.column(c) for c in measure.distinct]
        single = " AND ".join([*(f"{t} IS NOT NULL" for t in things), read.known])
        known = f"({single} OR {tally} AND {read.known})" if things else read.known
        if source == "once" or (things and measure.take == "flow"):
            heard[told(measure, editions)].append(number)
        if measure.each:
            queries.append(
                f"SELECT {number}, d.org_id, d.month, (count(*) FILTER (WHERE d.reached))::numeric "
                f"FROM (SELECT r.org_id, date_trunc('month', {moment})::date AS month, "
                f"{_reached(measure.each, translator)} AS reached FROM {source} r "
                f"WHERE ({where}) AND {single} GROUP BY 1, 2, {', '.join(things)}) d "
                f"GROUP BY d.org_id, d.month"
            )
            continue
        if things and measure.take == "flow":
            listed = ", ".join(things)
            if not all(f.tally for f in editions):
                queries.append(
                    f"SELECT {number}, d.org_id, d.month, count(*)::numeric FROM ("
                    f"SELECT DISTINCT ON (extract(year FROM {moment}), {listed}) r.org_id, "
                    f"date_trunc('month', {moment})::date AS month FROM {source} r "
                    f"WHERE ({where}) AND {single} "
                    f"ORDER BY extract(year FROM {moment}), {listed}, {moment}, r.org_id) d "
                    f"GROUP BY d.org_id, d.month"
                )
            if tally != "false":
                queries.append(
                    f"SELECT {number}, r.org_id, date_trunc('month', {moment})::date, "
                    f"sum({stands_for})::numeric FROM {source} r "
                    f"WHERE ({where}) AND {tally} AND {read.known} GROUP BY 1, 2, 3"
                )
            continue
        if measure.sum:
            value = translator.sql(measure.sum)
            aggregate = (
                f"CASE WHEN count(*) FILTER (WHERE {where}) = 0 THEN 0 "
                f"ELSE sum({value}) FILTER (WHERE {where}) END"
            )
        elif measure.largest:
            aggregate = f"max({translator.sql(measure.largest)}) FILTER (WHERE {where})"
        elif things:
            thing = things[0] if len(things) == 1 else f"({', '.join(things)})"
            aggregate = f"count(DISTINCT {thing}) FILTER (WHERE {where} AND {single})"
            if tally != "false":
                of_tallies = f"FILTER (WHERE {where} AND {tally} AND {read.known})"
                aggregate += f" + coalesce(sum({stands_for}) {of_tallies}, 0)"
        elif tally != "false":
            aggregate = f"coalesce(sum({stands_for}) FILTER (WHERE {where}), 0)"
        else:
            aggregate = f"count(*) FILTER (WHERE {where})"
        groups[source, moment, read.known].append((number, aggregate))
    for (source, moment, known), aggregates in groups.items():
        columns = ", ".join(f"({a})::numeric AS a{n}" for n, a in aggregates)
        values = ", ".join(f"({n}, g.a{n})" for n, _ in aggregates)
        queries.append(
            f"SELECT v.measure, g.org_id, g.month, v.value FROM ("
            f"SELECT r.org_id, date_trunc('month', {moment})::date AS month, {columns} "
            f"FROM {source} r WHERE {known} GROUP BY 1, 2) g "
            f"CROSS JOIN LATERAL (VALUES {values}) AS v (measure, value) "
            f"WHERE v.value IS NOT NULL"
        )
    for can_tell, numbers in heard.items():
        # a unit that reported, and nothing of this kind in the month, had none
        listed = ", ".join(f"({n})" for n in numbers)
        queries.append(
            f"SELECT v.measure, g.org_id, g.month, 0 FROM (SELECT DISTINCT org_id, "
            f"date_trunc('month', period_end)::date AS month FROM live r WHERE {can_tell}) g "
            f"CROSS JOIN (VALUES {listed}) AS v (measure)"
        )
    return queries


def _reached(each: Each, translator: Translator) -> str:
    """Whether a group of rows has as much as is asked."""
    if each.sum:
        amount = f"coalesce(sum({translator.sql(each.sum)}), 0)"
    else:
        assert each.distinct is not None  # noqa: S101 (the model demands one of the two)
        amount = f"count(DISTINCT {translator.column(each.distinct)})"
    # max: every row of the group has the same threshold unless it changed within the month
    return f"({amount} >= max({translator.sql(each.at_least)}))"


LIVE_ROWS = """
CREATE TEMPORARY TABLE live ON COMMIT DROP AS
SELECT r.*, f.edition, f.period, f.accepted_at, f.sheet, f.sheet_columns, f.submission_id
FROM live_filing f JOIN filing_row r ON r.filing_id = f.id
WHERE f.form = :form AND r.period_end BETWEEN :starts AND :ends
    AND NOT (:grassroots AND EXISTS (
        SELECT 1 FROM organisation_state s
        WHERE s.org_id = r.org_id AND s.retired_at IS NULL AND s.valid @> r.period_end
            AND s.level <> ALL(:summed)))
"""
# a thing listed in several sendings is counted once, as its newest row says, also when they are of
# two years; a register may number its things anew every year
ONCE_ROWS = """
CREATE TEMPORARY VIEW once AS
SELECT DISTINCT ON (r.org_id, {numbered}, r.key) r.* FROM live r
ORDER BY r.org_id, {numbered}, r.key, r.period_end DESC, r.accepted_at DESC, r.filing_id DESC,
         r.row_no DESC
"""
# a thing stands as its newest row says, in whatever year that was sent
STANDING_ROWS = """
CREATE TEMPORARY TABLE standing ON COMMIT DROP AS
SELECT DISTINCT ON (e.day, r.org_id, r.key)
    r.*, f.edition, f.period, f.accepted_at, f.sheet, f.sheet_columns, f.submission_id,
    e.day AS as_of
FROM unnest(cast(:days AS date[])) AS e (day)
CROSS JOIN (live_filing f JOIN filing_row r ON r.filing_id = f.id)
WHERE f.form = :form AND r.period_end <= e.day AND {known}
ORDER BY e.day, r.org_id, r.key, r.period_end DESC, f.accepted_at DESC, r.filing_id DESC,
         r.row_no DESC
"""
# a tally is the whole register of its union: what was sent before it stands no more
SINCE_TALLY = """r.period_end >= coalesce((
    SELECT max(t.period_end) FROM live_filing g JOIN filing_row t ON t.filing_id = g.id
    WHERE g.form = :form AND t.org_id = r.org_id AND t.period_end <= e.day AND {tally}
), '-infinity')"""
STANDING_DAYS = """
CREATE TEMPORARY TABLE standing_day ON COMMIT DROP AS
SELECT e.ends FROM unnest(cast(:days AS date[])) AS e (ends)
"""
LIVE_FILINGS = """
CREATE TEMPORARY TABLE live_filing ON COMMIT DROP AS
SELECT * FROM filing
WHERE accepted_at <= :cutoff AND (superseded_at IS NULL OR superseded_at > :cutoff)
"""


def prepare_cutoff(connection: Connection, cutoff: datetime) -> None:
    """Temporary tables for one transaction: filings and relations as they stood at the cut-off."""
    for name in ("ancestor", "gone", "live_filing"):
        connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    connection.execute(text(LIVE_FILINGS), {"cutoff": cutoff})
    connection.execute(text("CREATE INDEX ON live_filing (form, period)"))
    connection.execute(text(sql("ancestors")), {"cutoff": cutoff})
    connection.execute(text("CREATE INDEX ON ancestor (org_id, line)"))
    connection.execute(text(sql("gone")), {"cutoff": cutoff})
    connection.execute(text("ANALYZE ancestor; ANALYZE gone; ANALYZE live_filing"))


def prepare_expected(connection: Connection, cutoff: datetime, starts: date, ends: date) -> None:
    """Temporary table `expected_state`: every expected filing of periods ending in a span."""
    connection.execute(
        text("DROP TABLE IF EXISTS expected_state; DROP TABLE IF EXISTS heard_filing")
    )
    span = {"cutoff": cutoff, "starts": starts, "ends": ends}
    connection.execute(text(sql("heard_filing")), span)
    # Without its size the planner compares every expected filing with every one that came.
    connection.execute(text("ANALYZE heard_filing"))
    connection.execute(text(sql("expected_state")), span)
    connection.execute(text("ANALYZE expected_state"))


GRASSROOTS = ("基层", "小组")
"""Levels of unions whose rows add up to everything above them."""


def owed_by_grassroots(form: Form) -> bool:
    """Whether grassroots unions alone owe a form.

    A row about a federation is then its own summary of them: compared when the period closes
    (V-O-001), never added.
    """
    return form.reporters.levels == ("基层",)


def load_live(
    connection: Connection,
    definitions: Definitions,
    measures: Sequence[Measure],
    starts: date,
    ends: date,
    standing_on: Sequence[date] = (),
) -> None:
    """Temporary table `live` and view `once`: the rows of the measures' form between two days.

    Of a register that is counted on another day than its own (a hazard on the day it is due) all
    rows up to then are taken, since they may have been sent long before; what is told for every
    month of a longer period may be told up to a year after the first of them. With days in
    `standing_on` also table `standing`: the register as it stood on each of them, from everything
    sent since reporting began.
    """
    connection.execute(
        text(
            "DROP TABLE IF EXISTS standing, standing_day; "
            "DROP VIEW IF EXISTS once; DROP TABLE IF EXISTS live"
        )
    )
    form = measures[0].form
    editions = [f for f in definitions.forms if f.code == form]
    ledger = ledger_of(editions)
    numbered = "CAST(NULL AS int)"
    if ledger:
        numbered = f"extract(year FROM {Translator(editions).column(ledger.date)})"
        # every tally stands by itself: its keys are kinds, not things
        numbered += f", CASE WHEN {is_tally(editions)} THEN r.period_end END"
        if any(m.dated not in (None, ledger.date) for m in measures):
            starts = min(starts, *(f.valid_from for f in editions))
    if any(m.take == "months" for m in measures):
        ends += timedelta(days=366)
    grassroots = owed_by_grassroots(definitions.newest(form))
    connection.execute(
        text(LIVE_ROWS),
        {
            "form": form,
            "starts": starts,
            "ends": ends,
            "grassroots": grassroots,
            "summed": list(GRASSROOTS),
        },
    )
    connection.execute(text(ONCE_ROWS.format(numbered=numbered)))
    if standing_on:
        days = {"days": list(standing_on)}
        known = SINCE_TALLY.format(tally=is_tally(editions).replace("r.", "g."))
        if not any(f.tally for f in editions):
            known = "true"
        connection.execute(text(STANDING_ROWS.format(known=known)), {"form": form, **days})
        connection.execute(text(STANDING_DAYS), days)


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
    measures = list(enumerate(definitions.measures().values(), start=1))
    prepare_cutoff(connection, cutoff)
    _temporary_tables(connection, wanted, measures)
    starts = min(t.starts for t in wanted)
    ends = max(t.period.end for t in wanted)
    by_form: dict[str, list[tuple[int, Measure]]] = defaultdict(list)
    filed = set(connection.execute(text("SELECT DISTINCT form FROM live_filing")).scalars())
    for number, measure in measures:
        if measure.form in filed:
            by_form[measure.form].append((number, measure))
    days = sorted({t.period.end for t in wanted})
    for owned in by_form.values():
        register = any(m.take == "standing" for _, m in owned)
        counted = [m for _, m in owned]
        load_live(connection, definitions, counted, starts, ends, days if register else ())
        for query in fact_queries(definitions, owned):
            connection.execute(text(f"INSERT INTO fact (measure, org_id, month, value) {query}"))
    # Last year's month and this year's first ones leave months between that nobody asked for.
    connection.execute(
        text(
            "DELETE FROM fact AS f WHERE NOT EXISTS "
            "(SELECT 1 FROM target AS t WHERE f.month BETWEEN t.starts AND t.ends)"
        )
    )
    connection.execute(text("CREATE INDEX ON fact (month, measure); ANALYZE fact"))
    connection.execute(text("DROP TABLE IF EXISTS flow_up"))
    connection.execute(text(sql("flow_up")))
    connection.execute(text("ANALYZE flow_up"))
    connection.execute(text(sql("roll_up")))
    prepare_expected(connection, cutoff, starts, ends)
    coverage = _coverage(connection, definitions)
    # all of them before COPY begins: a connection that copies answers no other question
    told = quality(connection, cutoff)
    rows = list(_indicators(connection, definitions, wanted, measures, coverage, told))
    rows += second_pass(connection, definitions, wanted, rows, cutoff)
    computation = connection.execute(
        text(
            "INSERT INTO computation (period, cutoff, definitions, computed_at) "
            "VALUES (:p, :c, :d, :at) RETURNING id"
        ),
        {"p": period.label, "c": cutoff, "d": definitions.digest, "at": at},
    ).scalar_one()
    _store(connection, int(computation), rows)
    return int(computation)


def _temporary_tables(
    connection: Connection,
    wanted: Sequence[Target],
    measures: Sequence[tuple[int, Measure]],
) -> None:
    connection.execute(
        text(
            """
            DROP TABLE IF EXISTS fact, target, measure, rolled, parent;
            CREATE TEMPORARY TABLE fact
                (measure int, org_id bigint, month date, value numeric) ON COMMIT DROP;
            CREATE TEMPORARY TABLE target
                (label text, basis text, starts date, ends date, as_of date, every_unit boolean)
                ON COMMIT DROP;
            CREATE TEMPORARY TABLE measure (id int, take text, own boolean) ON COMMIT DROP;
            CREATE TEMPORARY TABLE rolled
                (label text, basis text, line int, org_id bigint, measure int, value numeric)
                ON COMMIT DROP;
            CREATE TEMPORARY TABLE parent ON COMMIT DROP AS
                SELECT DISTINCT line, ancestor_id AS org_id FROM ancestor WHERE depth > 0
            """
        )
    )
    connection.execute(
        text("INSERT INTO target VALUES (:label, :basis, :starts, :ends, :as_of, :every_unit)"),
        [
            {
                "label": t.period.label,
                "basis": t.basis,
                "starts": t.starts,
                "ends": t.period.end,
                "as_of": t.as_of,
                "every_unit": t.every_unit,
            }
            for t in wanted
        ],
    )
    if measures:
        connection.execute(
            text("INSERT INTO measure VALUES (:id, :take, :own)"),
            [
                {
                    "id": n,
                    "take": "flow" if m.take in ("flow", "months") else "latest",
                    "own": m.own,
                }
                for n, m in measures
            ],
        )


Place = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Filings of one form, unit and period; expected is None for forms that nobody owes."""

    reported: int
    on_time: int
    first_pass: int
    expected: int | None


CoverageOf = dict[tuple[str, int, int, str], Coverage]


def _coverage(connection: Connection, definitions: Definitions) -> CoverageOf:
    owed = [f.code for f in definitions.forms if f.reporters.expected]
    rows = connection.execute(text(sql("roll_up_coverage")), {"owed_forms": owed})
    return {
        (r.label, r.line, r.org_id, r.form): Coverage(
            r.reported, r.on_time, r.first_pass, r.expected
        )
        for r in rows
    }


def _indicators(
    connection: Connection,
    definitions: Definitions,
    wanted: Sequence[Target],
    measures: Sequence[tuple[int, Measure]],
    coverage: CoverageOf,
    told: QualityOf,
) -> Iterable[Computed]:
    numbers = {m.code: n for n, m in measures}
    values: dict[Place, dict[int, Decimal]] = defaultdict(dict)
    for r in connection.execute(text("SELECT * FROM rolled")):
        values[r.label, r.basis, r.line, r.org_id][r.measure] = r.value
    owed: dict[Place, dict[str, Coverage]] = defaultdict(dict)
    for (label, line, org, form), counted in coverage.items():
        owed[label, "reported", line, org][form] = counted
    wide = {(t.period.label, t.basis) for t in wanted if t.every_unit}
    parents = {(r.line, r.org_id) for r in connection.execute(text("SELECT * FROM parent"))}
    plans = [
        (i, *_plan(i, numbers))
        for i in definitions.indicators.values()
        if i.numerator or i.coverage
    ]
    for place in sorted(values.keys() | owed.keys()):
        label, basis, line, org = place
        head = (line, org) in parents
        if not head and (line != 1 or (label, basis) not in wide):
            continue
        found, counts = values.get(place, {}), owed.get(place, {})
        for indicator, numerators, minus, denominators in plans:
            if indicator.coverage:
                answered = told.get((label, line, org), Quality())
                top, bottom, reported, expected = _of_coverage(indicator, counts, answered)
            else:
                top = _joined(found, numerators, minus)
                bottom = _joined(found, denominators, ())
                if indicator.aggregate == "growth":
                    bottom = _last_year(values, place, numerators, minus, head=head)
                filed = counts.get(indicator.numerator[0].form)
                reported = filed.reported if filed else 0
                expected = filed.expected if filed else None
            value = figure(indicator, top, bottom)
            if value is None and top is None and not (head and expected):
                continue
            yield Computed(
                line, org, label, basis, indicator.code, value, top, bottom, reported, expected
            )


def _of_coverage(
    indicator: Indicator, counts: dict[str, Coverage], answered: Quality
) -> tuple[Decimal | None, Decimal | None, int, int | None]:
    """Both sides of an indicator about reporting itself, over every form that is owed."""
    owed = [c for c in counts.values() if c.expected is not None]
    expected = sum(c.expected or 0 for c in owed)
    reported = sum(c.reported for c in owed)
    if not owed:
        return None, None, 0, None
    sides = {
        "expected": expected,
        "reported": reported,
        "on_time": sum(c.on_time for c in owed),
        "first_pass": sum(c.first_pass for c in owed),
        "missing": expected - reported,
        "corrections": answered.corrections,
        "warnings": answered.warnings,
        "explained": answered.explained,
    }
    top, *bottom = indicator.coverage
    denominator = Decimal(sides[bottom[0]]) if bottom else None
    return Decimal(sides[top]), denominator, reported, expected


def _plan(indicator: Indicator, numbers: dict[str, int]) -> tuple[list[int], list[int], list[int]]:
    return (
        [numbers[m.code] for m in indicator.numerator],
        [numbers[m.code] for m in indicator.minus],
        [numbers[m.code] for m in indicator.denominator],
    )


def _last_year(
    values: Mapping[Place, dict[int, Decimal]],
    place: Place,
    plus: Sequence[int],
    minus: Sequence[int],
    *,
    head: bool,
) -> Decimal | None:
    """The same sum one year earlier; for a unit with others below it, of those that it has now.

    Their own history is all that may be compared: where they have none there is no growth, whatever
    those who have left had. None for a figure that is itself last year's on a comparable basis.
    """
    label, basis, line, org = place
    if basis != "reported":
        return None
    last = Period.parse(label).last_year().label
    then = values.get((last, "comparable" if head else "reported", line, org), {})
    return _joined(then, plus, minus)


def _joined(found: dict[int, Decimal], plus: Sequence[int], minus: Sequence[int]) -> Decimal | None:
    """Sum of the measures that were reported; None when none was."""
    present = [n for n in plus if n in found]
    if not present:
        return None
    total = sum((found[n] for n in present), Decimal(0))
    return total - sum((found[n] for n in minus if n in found), Decimal(0))


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
