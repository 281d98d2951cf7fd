"""How far the processing of receipts has come, for whoever waits for an answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from warehouse.engine import sql


@dataclass(frozen=True, slots=True)
class Outcome:
    """One workbook of a receipt and its verdict; `member` is its path inside a zip."""

    submission: int
    member: str
    verdict: str
    reporter: str | None
    period: str | None
    returned_file: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """One receipt: received, reading, checking, done, failed or duplicate.

    `ahead` counts receipts waiting before it; `first` is the receipt of the same bytes, whose
    outcomes are told for a duplicate.
    """

    receipt: int
    file_name: str
    sender: str
    received_at: datetime
    stage: str
    ahead: int
    first: int | None
    first_at: datetime | None
    first_name: str | None
    outcomes: tuple[Outcome, ...]


def note_stage(connection: Connection, receipts: Collection[int], stage: str, at: datetime) -> None:
    """Enter how far some receipts have come; one that failed counts the attempt."""
    connection.execute(
        text(
            """
            INSERT INTO receipt_progress (receipt_id, stage, attempts, at)
            SELECT i, :stage, CASE WHEN :stage = 'failed' THEN 1 ELSE 0 END, :at
            FROM unnest(CAST(:ids AS bigint[])) AS i
            ON CONFLICT (receipt_id) DO UPDATE SET stage = excluded.stage, at = excluded.at,
                attempts = receipt_progress.attempts + excluded.attempts
            """
        ),
        {"ids": sorted(receipts), "stage": stage, "at": at},
    )


def progress_of(connection: Connection, receipts: Collection[int]) -> list[Progress]:
    """How far some receipts have come, in order of arrival."""
    rows = connection.execute(text(sql("life_progress")), {"ids": sorted(receipts)}).all()
    wanted = sorted({row.first or row.receipt for row in rows})
    outcomes: dict[int, list[Outcome]] = {}
    for row in connection.execute(
        text(
            "SELECT s.receipt_id, s.id, s.member, s.state, o.code, s.period, s.returned_file "
            "FROM submission s LEFT JOIN organisation o ON o.id = s.reporter_id "
            "WHERE s.receipt_id = ANY(:ids) ORDER BY s.member"
        ),
        {"ids": wanted},
    ):
        outcomes.setdefault(row.receipt_id, []).append(
            Outcome(row.id, row.member, row.state, row.code, row.period, row.returned_file)
        )
    return [
        Progress(**row._mapping, outcomes=tuple(outcomes.get(row.first or row.receipt, ())))
        for row in rows
    ]


def next_waiting(
    connection: Connection, channels: Collection[str], attempts: int, most: int
) -> list[int]:
    """The oldest waiting receipts of some channels that did not fail too often."""
    return list(
        connection.execute(
            text(
                "SELECT r.id FROM receipt r LEFT JOIN receipt_progress p ON p.receipt_id = r.id "
                "WHERE r.state = 'waiting' AND r.channel = ANY(:channels) "
                "AND coalesce(p.attempts, 0) < :attempts ORDER BY r.received_at, r.id LIMIT :most"
            ),
            {"channels": sorted(channels), "attempts": attempts, "most": most},
        ).scalars()
    )
