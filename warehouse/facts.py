"""From current rows to facts: what every unit reported of a measure in a month, as SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.measures import Each, Measure, Without
from definitions.model import Form, Ledger
from definitions.tally import why_not
from warehouse.sql_expression import Sql, Translator
from warehouse.tallies import heads, is_tally, told


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


@dataclass(frozen=True, slots=True)
class Heard:
    """Measures of which a unit that reported, and nothing of their kind, had none: 0, not unknown.

    `number` stands for all of them: a fact of it says only that a unit was heard of in a month.
    """

    number: int
    measures: tuple[int, ...]
    own: bool
    query: str


def heard_of(definitions: Definitions, measures: Sequence[tuple[int, Measure]]) -> list[Heard]:
    """What the reporters of one form are heard of: its registers by the day of an event."""
    editions = _editions_of(definitions, measures)
    groups: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for number, measure in measures:
        if all(why_not(measure, f) for f in editions):
            continue
        once = reading(definitions, measure).source == "once"
        if once or (measure.distinct and measure.take == "flow"):
            groups[told(measure, editions), measure.own].append(number)
    return [
        Heard(
            -numbers[0],
            tuple(numbers),
            own,
            f"SELECT DISTINCT {-numbers[0]}, r.org_id, date_trunc('month', r.period_end)::date, 0 "
            f"FROM live r WHERE {can_tell}",
        )
        for (can_tell, own), numbers in groups.items()
    ]


def fact_queries(definitions: Definitions, measures: Sequence[tuple[int, Measure]]) -> list[str]:
    """SQL that yields (measure, org_id, month, value) for measures of one form."""
    groups: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    queries = []
    editions = _editions_of(definitions, measures)
    tally, stands_for = is_tally(editions), heads(editions)
    for number, measure in measures:
        if all(why_not(measure, f) for f in editions):
            continue  # no edition has rows that could tell it
        read = reading(definitions, measure)
        source, moment, where, translator = read.source, read.moment, read.where, read.translator
        things = [translator.column(c) for c in measure.distinct]
        single = " AND ".join([*(f"{t} IS NOT NULL" for t in things), read.known])
        known = f"({single} OR {tally} AND {read.known})" if things else read.known
        if measure.each:
            queries.append(
                f"SELECT {number}, d.org_id, d.month, (count(*) FILTER (WHERE d.reached))::numeric "
                f"FROM (SELECT r.org_id, date_trunc('month', {moment})::date AS month, "
                f"{reached(measure.each, translator)} AS reached FROM {source} r "
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
    return queries


def _editions_of(
    definitions: Definitions, measures: Sequence[tuple[int, Measure]]
) -> Sequence[Form]:
    return [f for f in definitions.forms if measures and f.code == measures[0][1].form]


def reached(each: Each, translator: Translator) -> str:
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
WHERE f.form = :form AND r.period_end BETWEEN :starts AND :ends {kept}
"""
# a clause of its own, so that it is one anti-join: inside another condition it would be looked up
# for every row, which takes minutes on tables that no statistics are known of yet
NO_SUMMARIES = """AND NOT EXISTS (
    SELECT 1 FROM organisation_state s
    WHERE s.org_id = r.org_id AND s.retired_at IS NULL AND s.valid @> r.period_end
        AND s.level <> ALL(:summed))
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
    span: dict[str, object] = {"form": form, "starts": starts, "ends": ends}
    kept = ""
    if owed_by_grassroots(definitions.newest(form)):
        kept, span["summed"] = NO_SUMMARIES, list(GRASSROOTS)
    connection.execute(text(LIVE_ROWS.format(kept=kept)), span)
    connection.execute(text(ONCE_ROWS.format(numbered=numbered)))
    if standing_on:
        days = {"days": list(standing_on)}
        known = SINCE_TALLY.format(tally=is_tally(editions).replace("r.", "g."))
        if not any(f.tally for f in editions):
            known = "true"
        connection.execute(text(STANDING_ROWS.format(known=known)), {"form": form, **days})
        connection.execute(text(STANDING_DAYS), days)
