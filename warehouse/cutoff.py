"""The warehouse as it stood at a cut-off, as temporary tables of one transaction."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, text

from warehouse.engine import sql

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
