"""Receipts: what arrived, when, by which channel; recorded before anything is parsed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables import receipt


@dataclass(frozen=True, slots=True)
class Receipt:
    """One delivery; `state` is waiting, processed or duplicate."""

    id: int
    sha256: str
    size: int
    file_name: str
    channel: str
    source: str
    sender: str
    expected_period: str | None
    received_at: datetime
    state: str


def record(
    connection: Connection,
    *,
    sha256: str,
    size: int,
    file_name: str,
    channel: str,
    source: str,
    sender: str,
    received_at: datetime,
    expected_period: str | None = None,
) -> Receipt | None:
    """Record a delivery once; None when this very delivery was recorded before.

    The same bytes in a new delivery become a receipt of state duplicate, which is never parsed.
    """
    first = connection.execute(
        select(receipt.c.id)
        .where(receipt.c.sha256 == sha256, receipt.c.state != "duplicate")
        .order_by(receipt.c.id)
        .limit(1)
    ).scalar()
    row = connection.execute(
        insert(receipt)
        .values(
            sha256=sha256,
            size=size,
            file_name=file_name,
            channel=channel,
            source=source,
            sender=sender,
            received_at=received_at,
            expected_period=expected_period,
            state="duplicate" if first else "waiting",
            duplicate_of=first,
        )
        .on_conflict_do_nothing(index_elements=["channel", "source"])
        .returning(receipt)
    ).first()
    return _receipt(row) if row else None


def waiting(connection: Connection) -> list[int]:
    """Ids of receipts not yet processed, in order of arrival."""
    return list(
        connection.execute(
            select(receipt.c.id)
            .where(receipt.c.state == "waiting")
            .order_by(receipt.c.received_at, receipt.c.id)
        ).scalars()
    )


def fetch(connection: Connection, ids: Collection[int]) -> list[Receipt]:
    """Receipts by id, in order of arrival."""
    rows = connection.execute(
        select(receipt).where(receipt.c.id.in_(ids)).order_by(receipt.c.received_at, receipt.c.id)
    )
    return [_receipt(row) for row in rows]


def mark_processed(connection: Connection, ids: Collection[int]) -> None:
    """Processed receipts are not swept again."""
    connection.execute(
        update(receipt)
        .where(receipt.c.id.in_(ids), receipt.c.state == "waiting")
        .values(state="processed")
    )


def _receipt(row: object) -> Receipt:
    return Receipt(**{name: getattr(row, name) for name in Receipt.__slots__})
