"""From a published number down to its cells: indicator → measure → unit → row → cell → file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.expression import Expression, parse
from definitions.measures import Indicator, Measure
from definitions.periods import PeriodKind
from warehouse.cutoff import prepare_cutoff
from warehouse.facts import Reading, load_live, reached, reading
from warehouse.rollup import AT_THE_END, attribution
from warehouse.tallies import heads, is_tally


@dataclass(frozen=True, slots=True)
class CellBehind:
    """One row that a number was made of, and its cells; `value` is what it adds to the measure.

    `fields` are the form's columns that lie in the sheet's `columns`; `via` is the unit next below
    the one asked for under which the row counts, empty for what that unit did itself. A thing
    that was reported twice adds 1 once and 0 the second time.
    """

    measure: str
    side: str
    org: str
    name: str
    period: str
    file_name: str
    sha256: str
    sheet: str
    row: int
    columns: tuple[int, ...]
    value: Decimal | None
    form: str = ""
    fields: tuple[str, ...] = ()
    via: str = ""
    submission: int = 0


BEHIND = """
WITH counted AS (
    SELECT r.org_id, r.submission_id, r.period, r.period_end, r.sheet, r.sheet_columns, r.row_no,
           r.edition, {moment} AS moment, {value} AS value,
           row_number() OVER ({again} r.submission_id, r.row_no) AS again
    FROM {source} r WHERE ({where}) AND {moment} <= :ends
)
SELECT o.code AS org, coalesce(n.name, o.code) AS name, r.period, c.file_name, s.sha256, s.member,
       r.sheet, r.sheet_columns, r.row_no, r.edition, r.org_id, r.moment, r.submission_id,
       CASE WHEN {once} AND r.again > 1 THEN 0 ELSE r.value END AS value,
       coalesce(v.code, '') AS via
FROM counted r
JOIN organisation o ON o.id = r.org_id
JOIN submission s ON s.id = r.submission_id
JOIN receipt c ON c.id = s.receipt_id
LEFT JOIN LATERAL (
    SELECT name FROM organisation_name
    WHERE org_id = o.id AND kind = 'official' AND valid @> r.period_end
        AND recorded_at <= :cutoff AND (retired_at IS NULL OR retired_at > :cutoff)
    LIMIT 1) n ON true
JOIN ancestor a ON a.org_id = {counted} AND a.line = :line AND a.ancestor_id = :unit
    AND a.valid @> {day}
LEFT JOIN ancestor b ON b.org_id = a.org_id AND b.line = a.line AND b.depth = a.depth - 1
    AND a.depth > 0 AND b.valid @> {day}
LEFT JOIN organisation v ON v.id = b.ancestor_id
WHERE {kept} AND r.moment BETWEEN :starts AND :ends
ORDER BY o.code, r.moment, c.file_name, r.row_no
"""

# a stock is what the last filing says that says anything of it: none of the kind is nought, a blank
# cell says nothing
LAST = """ AND (r.org_id, r.moment) IN (
    SELECT h.org_id, max(h.moment) FROM (
        SELECT r.org_id, {moment} AS moment FROM {source} r
        WHERE {known} AND {moment} BETWEEN :starts AND :ends
        GROUP BY 1, 2
        HAVING count(*) FILTER (WHERE {where}) = 0 OR {told}) h
    GROUP BY 1)"""

# the same as in roll_up.sql: who has ended has no stock, and its heir has its flows
STANDS = "NOT EXISTS (SELECT 1 FROM gone g WHERE g.org_id = r.org_id AND g.valid @> {day})"
LIVES = """NOT EXISTS (
    SELECT 1 FROM gone g
    WHERE g.org_id = r.org_id AND g.heir_id IS NULL AND g.valid @> {day})"""
HEIR = """coalesce((
    SELECT g.heir_id FROM gone g WHERE g.org_id = r.org_id AND g.valid @> {day}
    ORDER BY g.depth DESC LIMIT 1), r.org_id)"""


def cells_behind(
    connection: Connection,
    definitions: Definitions,
    indicator_code: str,
    unit_id: int,
    line: int,
    period: Period,
    cutoff: datetime,
    as_of: date | None = None,
) -> Iterator[CellBehind]:
    """Every cell behind one figure as it stood at a cut-off; `unit_id` 0 is 未纳入产业.

    The cells of sums add up to the figure; a ratio shows the cells of both sides, growth those of
    both years, and what is told of tasks the targets that were signed. With `as_of` the figure is
    the comparable one: of the units that belong to the unit on that day.
    """
    indicator = definitions.indicators[indicator_code]
    prepare_cutoff(connection, cutoff)
    sides = (
        [("分子", m) for m in indicator.numerator]
        + [("减项", m) for m in indicator.minus]
        + [("分母", m) for m in indicator.denominator]
    )
    if indicator.achieved and indicator.achieved not in ("figures improved", "fund performance"):
        sides = [("目标", targets_of(definitions, indicator, period))]
    growth = indicator.aggregate == "growth"
    if growth and _has_others_below(connection, unit_id, line):
        as_of = period.end  # both years of the same unions
    asked = _Asked(connection, definitions, unit_id, line, cutoff, as_of)
    for side, measure in sides:
        yield from _of_measure(asked, measure, side, period)
    if growth:
        last = period.last_year()
        for side, measures in (("上年同期", indicator.numerator), ("上年减项", indicator.minus)):
            for measure in measures:
                yield from _of_measure(asked, measure, side, last)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose cells are asked for, and as things stood when."""

    connection: Connection
    definitions: Definitions
    unit_id: int
    line: int
    cutoff: datetime
    as_of: date | None


def _has_others_below(connection: Connection, unit_id: int, line: int) -> bool:
    found = connection.execute(
        text("SELECT 1 FROM ancestor WHERE ancestor_id = :u AND line = :l AND depth > 0 LIMIT 1"),
        {"u": unit_id, "l": line},
    )
    return found.first() is not None


def targets_of(definitions: Definitions, indicator: Indicator, period: Period) -> Measure:
    """The signed targets of a period, of one value dimension where the indicator has one."""
    wanted = f"period == '{period.label}'"
    if indicator.dimension:
        same = [i.code for i in definitions.indicators.values()]
        same = [c for c in same if definitions.indicators[c].dimension == indicator.dimension]
        wanted += f" and indicator in {same}"
    return Measure(form="TGT-01", sum=parse("target"), where=parse(wanted))


def cells_of_target(
    connection: Connection,
    definitions: Definitions,
    indicator: str,
    unit_id: int,
    period: Period,
    cutoff: datetime,
) -> list[CellBehind]:
    """The cell of the letter in which a unit's target for an indicator and period was signed."""
    prepare_cutoff(connection, cutoff)
    wanted = f"period == '{period.label}' and indicator == '{indicator}'"
    measure = Measure(form="TGT-01", sum=parse("target"), where=parse(wanted))
    year = Period(PeriodKind.YEAR, period.year)
    asked = _Asked(connection, definitions, unit_id, 1, cutoff, None)
    return [c for c in _of_measure(asked, measure, "目标", year) if not c.via]


def cells_of_measure(
    connection: Connection,
    definitions: Definitions,
    measure: Measure,
    unit_id: int,
    line: int,
    period: Period,
    cutoff: datetime,
) -> list[CellBehind]:
    """Every cell behind one measure of a unit, whether or not an indicator is made of it."""
    prepare_cutoff(connection, cutoff)
    asked = _Asked(connection, definitions, unit_id, line, cutoff, None)
    return list(_of_measure(asked, measure, "", period))


def _of_measure(asked: _Asked, measure: Measure, side: str, period: Period) -> Iterator[CellBehind]:
    connection, definitions = asked.connection, asked.definitions
    read = reading(definitions, measure)
    translator, moment, where = read.translator, read.moment, f"({read.where}) AND {read.known}"
    editions = {f.edition: f for f in definitions.forms if f.code == measure.form}
    tally = is_tally(list(editions.values()))
    amount = measure.sum or measure.largest
    named = (*_columns(amount), *measure.distinct)
    things = [translator.column(c) for c in measure.distinct]
    for thing in things:
        where += f" AND ({thing} IS NOT NULL OR {tally})"
    value = translator.sql(amount) if amount else heads(list(editions.values()))
    month = f"date_trunc('month', {moment})"
    again, once = "ORDER BY", "false"
    if measure.largest:
        again, once = f"PARTITION BY r.org_id, {month} ORDER BY ({value}) DESC NULLS LAST,", "true"
    elif things and (measure.each or measure.take != "flow"):
        again = f"PARTITION BY r.org_id, {month}, {', '.join(things)}, {tally} ORDER BY"
        once = f"NOT {tally}"
    elif things:
        again = (
            f"PARTITION BY extract(year FROM {moment}), {', '.join(things)}, {tally} "
            f"ORDER BY {moment}, r.org_id,"
        )
        once = f"NOT {tally}"
    if measure.each:
        value = f"CASE WHEN {_reaches(measure, read, things, where)} THEN 1 ELSE 0 END"
    standing_on = [period.end] if measure.take == "standing" else []
    january = date(period.year, 1, 1)
    load_live(connection, definitions, [measure], january, period.end, standing_on)
    closing = f"DATE '{(asked.as_of or period.end).isoformat()}'"
    month_end = "(date_trunc('month', r.moment) + interval '1 month' - interval '1 day')::date"
    flows = measure.take in ("flow", "months")
    yearly = period.kind is PeriodKind.YEAR
    at_the_end = flows and yearly and attribution(definitions, period.end) == AT_THE_END
    settled = at_the_end or asked.as_of is not None
    kept = "true" if flows else STANDS.format(day=f"DATE '{period.end.isoformat()}'")
    if asked.as_of is not None:
        kept += f" AND {LIVES.format(day=closing)}"
    if measure.own:
        kept += " AND a.depth = 0"
    if measure.take == "latest":
        told = "true"
        if amount:
            told = f"bool_or({translator.sql(amount)} IS NOT NULL) FILTER (WHERE {read.where})"
        kept += LAST.format(
            source=read.source, moment=moment, known=read.known, where=read.where, told=told
        )
    text_ = BEHIND.format(
        source=read.source,
        value=value,
        where=where,
        moment=moment,
        again=again,
        once=once,
        day=closing if settled or not flows else month_end,
        counted=HEIR.format(day=closing) if settled else "r.org_id",
        kept=kept,
    )
    found = connection.execute(
        text(text_),
        {
            "line": asked.line,
            "unit": asked.unit_id,
            "starts": period.start,
            "ends": period.end,
            "cutoff": asked.cutoff,
        },
    ).all()
    for row in found:
        form = editions[row.edition]
        position = form.position
        counted = (form.tally.heads,) if form.tally and not amount else named or form.keys[:1]
        placed = [
            (c, row.sheet_columns[position[c]])
            for c in counted
            if c in position and row.sheet_columns[position[c]]
        ]
        yield CellBehind(
            measure=measure.code,
            side=side,
            org=row.org,
            name=row.name,
            period=row.period,
            file_name=row.file_name + (f"/{row.member}" if row.member else ""),
            sha256=row.sha256,
            sheet=row.sheet,
            row=row.row_no,
            columns=tuple(place for _, place in placed),
            value=row.value,
            form=measure.form,
            fields=tuple(code for code, _ in placed),
            via=row.via,
            submission=row.submission_id,
        )


def _reaches(measure: Measure, read: Reading, things: Sequence[str], where: str) -> str:
    """Whether the row's group has as much as the measure asks for."""
    if measure.each is None:
        raise ValueError("only groups reach anything")
    each = reached(measure.each, read.translator)
    group = f"r.org_id, date_trunc('month', {read.moment})::date, {', '.join(things)}"
    return (
        f"({group}) IN (SELECT {group} FROM {read.source} r "  # noqa: S608 - from definitions
        f"WHERE {where} GROUP BY {group} HAVING {each})"
    )


def _columns(expression: Expression | None) -> tuple[str, ...]:
    return expression.columns if expression else ()
