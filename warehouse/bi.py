"""The schema `reports`: views that a BI tool may read, with names that stay.

Made from the definitions whenever they change; see docs/bi.md. Personal columns are in none.
The role `reports_reader` may read the schema and nothing else.
"""

from __future__ import annotations

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
_FIXED = ("organisations", "figures", "coverage", "publications")


def create_views(connection: Connection, definitions: Definitions) -> list[str]:
    """Create or renew every view; returns their names. Harmless when repeated.

    A view is dropped and made again in one transaction, so a reader sees the old or the new.
    """
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    made = []
    for name in _FIXED:
        _view(connection, name, sql(f"publication_view_{name}"))
        made.append(name)
    for code in sorted({f.code for f in definitions.forms}):
        name = f"form_{code.lower().replace('-', '_')}"
        _view(connection, name, _of_form(definitions, code))
        made.append(name)
    connection.execute(text(_GRANT))
    return made


def _view(connection: Connection, name: str, query: str) -> None:
    connection.execute(text(f'DROP VIEW IF EXISTS {SCHEMA}."{name}"'))
    made = query.replace(":", r"\:")
    connection.execute(text(f'CREATE VIEW {SCHEMA}."{name}" AS {made}'))


def _of_form(definitions: Definitions, code: str) -> str:
    """One row per current sheet line of a form, a typed column for each column of any edition."""
    editions = [f for f in definitions.forms if f.code == code]
    translator = Translator(editions)
    personal = {c.code for f in editions for c in f.columns if c.personal}
    codes = [c for c in dict.fromkeys(c.code for f in editions for c in f.columns)]
    taken = ("unit_code", "reporter_code", "period", "period_end", "edition", "accepted_at")
    columns = ", ".join(
        f'{translator.column(c)} AS "{c if c not in taken else c + "_"}"'
        for c in codes
        if c not in personal
    )
    return (
        "SELECT o.code AS unit_code, p.code AS reporter_code, r.period, r.period_end, r.edition, "  # noqa: S608
        f"r.accepted_at, {columns} FROM (SELECT w.*, f.edition, f.period, f.reporter_id, "
        "f.accepted_at FROM filing f JOIN filing_row w ON w.filing_id = f.id "
        f"WHERE f.superseded_at IS NULL AND f.form = '{code}' AND w.form = '{code}') r "
        "JOIN organisation o ON o.id = r.org_id JOIN organisation p ON p.id = r.reporter_id"
    )
