"""The warehouse as it stood at a cut-off, as temporary tables of one transaction."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

from warehouse.engine import sql

LIVE_FILINGS = """
CREATE TEMPORARY TABLE live_filing ON COMMIT DROP AS
SELECT * FROM filing
WHERE accepted_at <= :cutoff AND (superseded_at IS NULL OR superseded_at > :cutoff)
"""


STANDING = """
SELECT
    obj_description(to_regclass('pg_temp.ancestor'), 'pg_class') AS relations,
    obj_description(to_regclass('pg_temp.expected_state'), 'pg_class') AS expected
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
    _mark(connection, "ancestor", _marked(cutoff))


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
    _mark(connection, "expected_state", _marked(cutoff, starts, ends))


def expected_laid_out(connection: Connection, cutoff: datetime, starts: date, ends: date) -> None:
    """Both of the above, unless this transaction has them already for this cut-off and span.

    For reports, which read one state over and over: what was loaded in between would not be seen.
    """
    found = connection.execute(text(STANDING)).one()
    if tuple(found) != (_marked(cutoff), _marked(cutoff, starts, ends)):
        prepare_cutoff(connection, cutoff)
        prepare_expected(connection, cutoff, starts, ends)


def no_longer_whole(connection: Connection) -> None:
    """What was laid out has been cut down to some unions: nobody else may take it for everyone."""
    connection.execute(
        text("COMMENT ON TABLE ancestor IS NULL; COMMENT ON TABLE expected_state IS NULL")
    )


def _marked(cutoff: datetime, *span: date) -> str:
    return " ".join((cutoff.astimezone(UTC).isoformat(), *(day.isoformat() for day in span)))


def _mark(connection: Connection, table: str, words: str) -> None:
    """Let a temporary table say what it was made for."""
    connection.execute(text(f"COMMENT ON TABLE {table} IS '{words}'"))
