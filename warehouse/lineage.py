"""From a published number down to its cells: indicator → measure → unit → row → cell → file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.expression import Expression, parse
from definitions.model import Indicator, Measure
from definitions.periods import PeriodKind
from warehouse.cutoff import prepare_cutoff
from warehouse.facts import load_live, reading
from warehouse.rollup import AT_THE_END, attribution
from warehouse.tallies import heads, is_tally


@dataclass(frozen=True, slots=True)
class CellBehind:
    """One cell that a number was made of; `value` is what the row adds to the measure."""

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


BEHIND = """
SELECT o.code AS org, coalesce(n.name, o.code) AS name, r.period, c.file_name, s.sha256, s.member,
       r.sheet, r.sheet_columns, r.row_no, r.edition, r.org_id, {moment} AS moment,
       {value} AS value
FROM {source} r
JOIN organisation o ON o.id = r.org_id
JOIN submission s ON s.id = r.submission_id
JOIN receipt c ON c.id = s.receipt_id
LEFT JOIN LATERAL (
    SELECT name FROM organisation_name
    WHERE org_id = o.id AND kind = 'official' AND valid @> r.period_end AND retired_at IS NULL
    LIMIT 1) n ON true
JOIN ancestor a ON a.org_id = {counted} AND a.line = :line AND a.ancestor_id = :unit
    AND a.valid @> {day}
WHERE {kept} AND {where} AND {moment} BETWEEN :starts AND :ends
ORDER BY o.code, moment, c.file_name, r.row_no
"""

# the same as in roll_up.sql: who has ended has no stock, and its heir has its flows
STANDS = "NOT EXISTS (SELECT 1 FROM gone g WHERE g.org_id = r.org_id AND g.valid @> {day})"
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
) -> Iterator[CellBehind]:
    """Every cell behind one figure as it stood at a cut-off; `unit_id` 0 is 未纳入产业.

    The cells of sums add up to the figure; a ratio shows the cells of both sides, growth those of
    both years, and what is told of tasks the targets that were signed.
    """
    indicator = definitions.indicators[indicator_code]
    prepare_cutoff(connection, cutoff)
    sides = (
        [("分子", m) for m in indicator.numerator]
        + [("减项", m) for m in indicator.minus]
        + [("分母", m) for m in indicator.denominator]
    )
    if indicator.achieved and indicator.achieved not in ("figures improved", "fund performance"):
        sides = [("目标", _targets(definitions, indicator, period))]
    for side, measure in sides:
        yield from _of_measure(connection, definitions, measure, side, unit_id, line, period)
    if indicator.aggregate == "growth":
        last = period.last_year()
        for measure in indicator.numerator:
            yield from _of_measure(
                connection, definitions, measure, "上年同期", unit_id, line, last
            )


def _targets(definitions: Definitions, indicator: Indicator, period: Period) -> Measure:
    """The signed targets of a period, of one value dimension where the indicator has one."""
    wanted = f"period == '{period.label}'"
    if indicator.dimension:
        same = [i.code for i in definitions.indicators.values()]
        same = [c for c in same if definitions.indicators[c].dimension == indicator.dimension]
        wanted += f" and indicator in {same}"
    return Measure(form="TGT-01", sum=parse("target"), where=parse(wanted))


def _of_measure(
    connection: Connection,
    definitions: Definitions,
    measure: Measure,
    side: str,
    unit_id: int,
    line: int,
    period: Period,
) -> Iterator[CellBehind]:
    read = reading(definitions, measure)
    translator, moment, where = read.translator, read.moment, f"{read.where} AND {read.known}"
    editions = {f.edition: f for f in definitions.forms if f.code == measure.form}
    tally = is_tally(list(editions.values()))
    amount = measure.sum or measure.largest
    named = (*_columns(amount), *measure.distinct)
    for column in measure.distinct:
        where += f" AND ({translator.column(column)} IS NOT NULL OR {tally})"
    value = translator.sql(amount) if amount else heads(list(editions.values()))
    standing_on = [period.end] if measure.take == "standing" else []
    january = date(period.year, 1, 1)
    load_live(connection, definitions, [measure], january, period.end, standing_on)
    closing = f"DATE '{period.end.isoformat()}'"
    month_end = f"(date_trunc('month', {moment}) + interval '1 month' - interval '1 day')::date"
    flows = measure.take in ("flow", "months")
    yearly = period.kind is PeriodKind.YEAR
    at_the_end = flows and yearly and attribution(definitions, period.end) == AT_THE_END
    text_ = BEHIND.format(
        source=read.source,
        value=value,
        where=where,
        moment=moment,
        day=month_end if flows and not at_the_end else closing,
        counted=HEIR.format(day=closing) if at_the_end else "r.org_id",
        kept="true" if flows else STANDS.format(day=closing),
    )
    found = connection.execute(
        text(text_),
        {"line": line, "unit": unit_id, "starts": period.start, "ends": period.end},
    ).all()
    if measure.take == "latest":
        last: dict[int, object] = {}
        for row in found:
            last[row.org_id] = max(last.get(row.org_id, row.moment), row.moment)
        found = [row for row in found if row.moment == last[row.org_id]]
    for row in found:
        form = editions[row.edition]
        position = form.position
        counted = (form.tally.heads,) if form.tally and not amount else named or form.keys[:1]
        places = tuple(
            row.sheet_columns[position[c]]
            for c in counted
            if c in position and row.sheet_columns[position[c]]
        )
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
            columns=places,
            value=row.value,
        )


def _columns(expression: Expression | None) -> tuple[str, ...]:
    return expression.columns if expression else ()
