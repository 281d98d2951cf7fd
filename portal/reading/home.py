"""What the start page says: what a person owes, what waits for them, how far the month has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from warehouse.engine import sql


@dataclass(frozen=True, slots=True)
class FormCoverage:
    """One form of one period over everyone the reader sees: counts of filings."""

    period: str
    form: str
    due_on: date
    lock_on: date
    expected: int
    reported: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """Hand-ins in one state: how many, and when the oldest came."""

    state: str
    submissions: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """One publication with its number of files."""

    id: int
    kind: str
    title: str
    period: str
    edition: int
    cutoff: datetime
    decided_at: datetime | None
    org_name: str
    files: int


@dataclass(frozen=True, slots=True)
class AccountsSummary:
    """Counts of accounts, and of what was noted in the log within a day."""

    accounts: int
    locked: int
    new: int
    without_grant: int
    noted: int


def coverage(reading: Connection, today: date) -> list[FormCoverage]:
    """How far each open or lately locked form has come, in order of their days."""
    # Asked first, so that only the partitions of these periods are read.
    windows = reading.execute(text(sql("portal_coverage_windows")), {"today": today}).all()
    if not windows:
        return []
    rows = reading.execute(
        text(sql("portal_coverage")),
        {
            "today": today,
            "periods": [w.label for w in windows],
            "ends": sorted({w.ends for w in windows}),
        },
    )
    return [FormCoverage(**row) for row in rows.mappings()]


def stuck(reading: Connection, today: date) -> dict[str, Stuck]:
    """What waits for somebody on a day, by state, as the queue counts it."""
    rows = reading.execute(text(sql("portal_steward_counts")), {"today": today}).mappings()
    return {row["state"]: Stuck(**row) for row in rows}


def published(reading: Connection, today: date, most: int = 8) -> list[Published]:
    """What was published last."""
    rows = reading.execute(text(sql("portal_publications")), {"today": today, "most": most})
    return [Published(**row) for row in rows.mappings()]


def accounts_summary(reading: Connection, at: datetime) -> AccountsSummary:
    """How many accounts there are and how many need attention."""
    row = reading.execute(text(sql("portal_accounts_summary")), {"at": at}).mappings().one()
    return AccountsSummary(**row)
