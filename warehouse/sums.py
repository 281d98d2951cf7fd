"""Facts and filings summed along both lines, in temporary tables of one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, text

from definitions import Definitions
from definitions.measures import Measure
from definitions.periods import Period, PeriodKind
from warehouse.computed import Target
from warehouse.engine import sql
from warehouse.facts import Heard

Place = tuple[str, str, int, int]
"""Period label, basis, line, organisation."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Filings of one form, unit and period; expected is None for forms that nobody owes."""

    reported: int
    on_time: int
    first_pass: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """By place: measure → sum, and form → filings; and who has others below it on which line."""

    values: dict[Place, dict[int, Decimal]]
    coverage: dict[Place, dict[str, Coverage]]
    parents: frozenset[tuple[int, int]]


TABLES = """
DROP TABLE IF EXISTS fact, target, target_month, measure, rolled, parent, seat, seat_above,
    flow_by_seat, volunteered;
CREATE TEMPORARY TABLE fact
    (measure int, org_id bigint, month date, value numeric) ON COMMIT DROP;
CREATE TEMPORARY TABLE target
    (id int, label text, basis text, starts date, ends date, as_of date, every_unit boolean)
    ON COMMIT DROP;
CREATE TEMPORARY TABLE target_month
    (target int, month date, ends date, last_day date, as_of date, every_unit boolean)
    ON COMMIT DROP;
CREATE TEMPORARY TABLE measure (id int, take text, own boolean) ON COMMIT DROP;
CREATE TEMPORARY TABLE rolled
    (label text, basis text, line int, org_id bigint, measure int, value numeric)
    ON COMMIT DROP;
CREATE TEMPORARY TABLE parent ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY line, org_id)::int AS number, line, org_id
    FROM (SELECT DISTINCT line, ancestor_id AS org_id FROM ancestor WHERE depth > 0) AS p
"""


def prepare_sums(
    connection: Connection, wanted: Sequence[Target], measures: Iterable[tuple[int, Measure]]
) -> None:
    """Empty tables for facts and sums, and what is to be summed; after `prepare_cutoff`."""
    connection.execute(text(TABLES))
    _insert(
        connection,
        "target",
        [
            {
                "id": number,
                "label": t.period.label,
                "basis": t.basis,
                "starts": t.starts,
                "ends": t.period.end,
                "as_of": t.as_of,
                "every_unit": t.every_unit,
            }
            for number, t in enumerate(wanted)
        ],
    )
    _insert(
        connection,
        "target_month",
        [
            {
                "target": number,
                "month": month.start,
                "ends": month.end,
                "last_day": t.period.end,
                "as_of": t.as_of,
                "every_unit": t.every_unit,
            }
            for number, t in enumerate(wanted)
            for month in months_in(t)
        ],
    )
    _insert(
        connection,
        "measure",
        [
            {"id": n, "take": "flow" if m.take in ("flow", "months") else "latest", "own": m.own}
            for n, m in measures
        ],
    )


def _insert(connection: Connection, table: str, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        names = list(rows[0])
        values = ", ".join(f":{n}" for n in names)
        connection.execute(
            text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"), rows
        )


def months_in(target: Target) -> list[Period]:
    """The months whose first day lies in a target: facts are kept by that day."""
    starts, ends = target.starts, target.period.end
    years = range(starts.year, ends.year + 1)
    months = (Period(PeriodKind.MONTH, year, number) for year in years for number in range(1, 13))
    return [m for m in months if starts <= m.start <= ends]


def enter_facts(connection: Connection, query: str, months: Sequence[date]) -> None:
    """Keep the facts that a query yields, of the months named by their first days."""
    connection.execute(
        text(
            f"INSERT INTO fact SELECT q.* FROM ({query}) AS q (measure, org_id, month, value) "
            "WHERE q.month = ANY(CAST(:months AS date[]))"
        ),
        {"months": list(months)},
    )


def add_up(
    connection: Connection, wanted: Sequence[Target], more_days: Iterable[date] = ()
) -> None:
    """Fill `rolled` from `fact`: flows where units stood in their month, stocks at the end.

    On `more_days`, too, `seat` and `seat_above` say where every unit stands.
    """
    days = {*more_days}
    for target in wanted:
        days |= {target.period.end, *(m.end for m in months_in(target))}
        days |= {target.as_of} if target.as_of else set()
    connection.execute(text("ANALYZE fact; ANALYZE target, target_month, measure, parent"))
    connection.execute(text(sql("seat")), {"days": sorted(days)})
    connection.execute(text(sql("seat_above")))
    connection.execute(text("ANALYZE seat; ANALYZE seat_above"))
    connection.execute(text(sql("flow_by_seat")))
    connection.execute(text("ANALYZE flow_by_seat"))
    connection.execute(text(sql("roll_up")))


def sums_of(
    connection: Connection,
    definitions: Definitions,
    wanted: Sequence[Target],
    heard: Iterable[Heard],
) -> Sums:
    """Everything summed, over the tables of `prepare_expected` and facts that have been entered."""
    starts = min(t.starts for t in wanted)
    ends = max(t.period.end for t in wanted)
    owed = [f.code for f in definitions.forms if f.reporters.expected]
    connection.execute(
        text(sql("volunteered")), {"owed_forms": owed, "starts": starts, "ends": ends}
    )
    days = connection.execute(
        text("SELECT ends FROM expected_state UNION SELECT ends FROM volunteered")
    )
    add_up(connection, wanted, days.scalars())
    values: dict[Place, dict[int, Decimal]] = defaultdict(dict)
    for label, basis, line, org, measure, value in connection.execute(
        text("SELECT label, basis, line, org_id, measure, value FROM rolled")
    ):
        values[label, basis, line, org][measure] = value
    _bring_in_zeros(values, heard)
    coverage: dict[Place, dict[str, Coverage]] = defaultdict(dict)
    for r in connection.execute(text(sql("roll_up_coverage"))):
        coverage[r.label, "reported", r.line, r.org_id][r.form] = Coverage(
            r.reported, r.on_time, r.first_pass, r.expected
        )
    heads = connection.execute(text("SELECT line, org_id FROM parent"))
    return Sums(values, coverage, frozenset((r.line, r.org_id) for r in heads))


def _bring_in_zeros(values: dict[Place, dict[int, Decimal]], heard: Iterable[Heard]) -> None:
    """Where units were heard of and had nothing, 0: entered here, it need not be summed."""
    nothing = Decimal(0)
    groups = [(h.number, h.measures) for h in heard]
    for found in values.values():
        for number, measures in groups:
            if found.pop(number, None) is not None:
                for measure in measures:
                    found.setdefault(measure, nothing)
