"""The schema `reports`: views that a BI tool may read, with names that stay.

Made from the definitions whenever they change; see docs/bi.md. Personal columns are in none, and of
few people they tell what publications tell: what those withhold is withheld here.
The role `reports_reader` may read the schema and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from definitions import Definitions
from warehouse.engine import sql
from warehouse.sql_expression import Translator

SCHEMA = "reports"
_GRANT = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'reports_reader') THEN
        CREATE ROLE reports_reader NOLOGIN;
    END IF;
    GRANT USAGE ON SCHEMA reports TO reports_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA reports TO reports_reader;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    RAISE NOTICE 'role reports_reader was not made: the operator makes and grants it';
END $$
"""
ROWS = "rows"
"""In place of a column: every row of the form is about a person or household."""


@dataclass(frozen=True, slots=True)
class Untold:
    """What may be about few people: figures, withheld where that was decided; columns by form."""

    indicators: frozenset[str]
    columns: Mapping[str, frozenset[str]]


_FIXED = ("organisations", "figures", "coverage", "publications")


def create_views(connection: Connection, definitions: Definitions, untold: Untold) -> list[str]:
    """Create or renew every view; returns their names. Harmless when repeated.

    A view is dropped and made again in one transaction, so a reader sees the old or the new. A form
    whose rows are persons has none.
    """
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    made = []
    for name in _FIXED:
        codes = ", ".join(f"'{code}'" for code in sorted(untold.indicators)) or "''"
        _view(connection, name, sql(f"publication_view_{name}").replace(":few", codes))
        made.append(name)
    for code in sorted({f.code for f in definitions.forms}):
        name = f"form_{code.lower().replace('-', '_')}"
        few = untold.columns.get(code, frozenset())
        if ROWS in few:
            connection.execute(text(f'DROP VIEW IF EXISTS {SCHEMA}."{name}"'))
            continue
        _view(connection, name, _of_form(definitions, code, few))
        made.append(name)
    connection.execute(text(_GRANT))
    return made


def _view(connection: Connection, name: str, query: str) -> None:
    connection.execute(text(f'DROP VIEW IF EXISTS {SCHEMA}."{name}"'))
    made = query.replace(":", r"\:")
    connection.execute(text(f'CREATE VIEW {SCHEMA}."{name}" AS {made}'))


def _of_form(definitions: Definitions, code: str, few: frozenset[str]) -> str:
    """One row per current sheet line of a form, a typed column for each column of any edition."""
    editions = [f for f in definitions.forms if f.code == code]
    translator = Translator(editions)
    left_out = few | {c.code for f in editions for c in f.columns if c.personal}
    codes = [c for c in dict.fromkeys(c.code for f in editions for c in f.columns)]
    taken = ("unit_code", "reporter_code", "period", "period_end", "edition", "accepted_at")
    columns = ", ".join(
        f'{translator.column(c)} AS "{c if c not in taken else c + "_"}"'
        for c in codes
        if c not in left_out
    )
    return (
        "SELECT o.code AS unit_code, p.code AS reporter_code, r.period, r.period_end, r.edition, "  # noqa: S608
        f"r.accepted_at, {columns} FROM (SELECT w.*, f.edition, f.period, f.reporter_id, "
        "f.accepted_at FROM filing f JOIN filing_row w ON w.filing_id = f.id "
        f"WHERE f.superseded_at IS NULL AND f.form = '{code}' AND w.form = '{code}') r "
        "JOIN organisation o ON o.id = r.org_id JOIN organisation p ON p.id = r.reporter_id"
    )
