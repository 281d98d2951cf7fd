"""Rows of a form as a temporary table with a column per form column, for SQL over many unions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from warehouse.organisations import standing
from warehouse.sql_expression import Translator

PLACE = ("at_filing", "at_row", "at_org", "at_reporter", "at_period", "at_end")
"""Columns of every such table beside the form's own: where a row stands and whom it is about."""


def name_rows(
    connection: Connection, definitions: Definitions, form: str, periods: Collection[str]
) -> str:
    """Make the table `filed_<form>` (ORG-02: filed_org_02) for this transaction; returns its name.

    One row per current row of the form for some periods, as it stood at the cut-off of
    `rollup.prepare_cutoff`: filing, sheet row, organisation and reporter (ids), period and its last
    day, then the form's columns, typed. Personal columns stay concealed: equal for equal values.
    """
    table = f"filed_{form.lower().replace('-', '_')}"
    editions = [f for f in definitions.forms if f.code == form]
    translator = Translator(editions)
    codes = dict.fromkeys(c.code for f in editions for c in f.columns)
    columns = ", ".join(f'{translator.column(code)} AS "{code}"' for code in codes)
    ends = [Period.parse(p).end for p in periods] or [date.min]
    connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    connection.execute(
        text(
            f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS "
            f"SELECT r.filing_id AS at_filing, r.row_no AS at_row, r.org_id AS at_org, "
            f"r.reporter_id AS at_reporter, r.period AS at_period, r.period_end AS at_end, "
            f"{columns} FROM (SELECT w.*, f.edition, f.reporter_id, f.period "
            f"FROM live_filing f JOIN filing_row w ON w.filing_id = f.id "
            f"WHERE f.form = :form AND f.period = ANY(:periods) "
            f"AND w.period_end BETWEEN :starts AND :ends) r"
        ),
        {"form": form, "periods": list(periods), "starts": min(ends), "ends": max(ends)},
    )
    connection.execute(text(f"ANALYZE {table}"))
    return table


def name_units(connection: Connection, day: date, known_at: datetime) -> None:
    """Make the table `unit` for this transaction: the registry on a day, as known then.

    Columns id, code, name, type, level, region, industry, status, and ids of the parents: block,
    industry_parent, and funds, which is the territorial parent where no other is registered.
    """
    connection.execute(text("DROP TABLE IF EXISTS unit"))
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE unit (id bigint PRIMARY KEY, code text, name text, type text, "
            "level text, region text, industry text, status text, block bigint, "
            "industry_parent bigint, funds bigint) ON COMMIT DROP"
        )
    )
    found = standing(connection, day, known_at)
    names = ("id", "code", "name", "type", "level", "region", "industry", "status", "block",
             "industry_parent")  # fmt: skip
    if found:
        connection.execute(
            text(
                "INSERT INTO unit SELECT *, NULL FROM unnest("
                "CAST(:id AS bigint[]), CAST(:code AS text[]), CAST(:name AS text[]), "
                "CAST(:type AS text[]), CAST(:level AS text[]), CAST(:region AS text[]), "
                "CAST(:industry AS text[]), CAST(:status AS text[]), CAST(:block AS bigint[]), "
                "CAST(:industry_parent AS bigint[]))"
            ),
            {name: [getattr(o, name) for o in found] for name in names},
        )
    connection.execute(
        text(
            "UPDATE unit u SET funds = coalesce((SELECT a.parent_id FROM affiliation a "
            "WHERE a.org_id = u.id AND a.line = 3 AND a.valid @> :day AND a.recorded_at <= :known "
            "AND (a.retired_at IS NULL OR a.retired_at > :known) LIMIT 1), u.block)"
        ),
        {"day": day, "known": known_at},
    )
    connection.execute(text("ANALYZE unit"))
