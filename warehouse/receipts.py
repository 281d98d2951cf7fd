"""Receipts: what arrived, when, by which channel; recorded before anything is parsed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Connection,
    DateTime,
    Text,
    any_,
    bindparam,
    func,
    select,
    text,
    update,
)

from warehouse.tables import letter, receipt
from warehouse.turns import RECEIVE_LOCK, alone


@dataclass(frozen=True, slots=True)
class Receipt:
    """One delivery; `state` is waiting, processed, duplicate, or held (its sender is not known)."""

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
    address: str = ""


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A delivery to be recorded; `source` is what its channel calls it.

    `address` is what the channel calls the sender; `held` keeps it out of processing until
    somebody says whose it is. `letter_id` is the mail that it was attached to.
    """

    sha256: str
    size: int
    file_name: str
    channel: str
    source: str
    sender: str
    received_at: datetime
    expected_period: str | None = None
    address: str = ""
    letter_id: int | None = None
    held: bool = False


def record(connection: Connection, **given: Any) -> Receipt | None:
    """Record one delivery, given as the fields of NewReceipt; see `record_many`."""
    return record_many(connection, [NewReceipt(**given)])[0]


def record_many(connection: Connection, new: Sequence[NewReceipt]) -> list[Receipt | None]:
    """Record deliveries in their order, each once; None for one that was recorded before.

    The same bytes in a new delivery become a receipt of state duplicate, which is never parsed.
    What a stranger sent makes no duplicate of what is sent by whom it belongs to.
    """
    alone(connection, RECEIVE_LOCK)
    first = _first_receipts(connection, new)
    fresh: dict[str, NewReceipt] = {}
    for item in new:
        if item.sha256 not in first and not item.held:
            fresh.setdefault(item.sha256, item)
    recorded = _insert(connection, list(fresh.values()), first)
    recorded |= _insert(connection, [item for item in new if item.held], {})
    rest = [item for item in new if not item.held and fresh.get(item.sha256) is not item]
    if rest:
        first = _first_receipts(connection, rest)
        recorded |= _insert(connection, rest, first)
    # A delivery named twice in one batch was recorded once.
    return [recorded.pop((item.channel, item.source), None) for item in new]


def record_again(connection: Connection, item: NewReceipt) -> int:
    """Record bytes that are known to be read once more, as old as they are; the receipt's id.

    The same reading asked for again is the same receipt.
    """
    alone(connection, RECEIVE_LOCK)
    _insert(connection, [item], {})
    found = connection.execute(
        select(receipt.c.id).where(
            receipt.c.channel == item.channel, receipt.c.source == item.source
        )
    )
    return int(found.scalar_one())


def insert_for_trial(connection: Connection, item: NewReceipt) -> int:
    """A receipt of a transaction that will be rolled back; its id. Waits for nobody."""
    (entry,) = _insert(connection, [item], {}).values()
    return entry.id


def _first_receipts(connection: Connection, items: Sequence[NewReceipt]) -> dict[str, int]:
    """Content hash → the first receipt of that content."""
    rows = connection.execute(
        select(receipt.c.sha256, func.min(receipt.c.id))
        .where(
            receipt.c.sha256 == any_(bindparam("hashes", type_=ARRAY(Text))),
            receipt.c.state.not_in(("duplicate", "held")),
        )
        .group_by(receipt.c.sha256),
        {"hashes": sorted({i.sha256 for i in items})},
    )
    return {sha256: id_ for sha256, id_ in rows}


_INSERT = text(
    """
    INSERT INTO receipt (sha256, size, file_name, channel, source, sender, received_at,
        expected_period, address, letter_id, duplicate_of, state)
    SELECT n.sha256, n.size, n.file_name, n.channel, n.source, n.sender, n.received_at,
        n.expected_period, n.address, n.letter_id, n.duplicate_of,
        CASE WHEN n.held THEN 'held' WHEN n.duplicate_of IS NULL THEN 'waiting'
            ELSE 'duplicate' END
    FROM unnest(:sha256, :size, :file_name, :channel, :source, :sender, :received_at,
        :expected_period, :address, :letter_id, :held, :duplicate_of)
        AS n (sha256, size, file_name, channel, source, sender, received_at, expected_period,
            address, letter_id, held, duplicate_of)
    ON CONFLICT (channel, source) DO NOTHING
    RETURNING id, sha256, size, file_name, channel, source, sender, expected_period, received_at,
        state, address
    """
).bindparams(
    *(bindparam(n, type_=ARRAY(Text)) for n in ("sha256", "file_name", "channel", "source")),
    *(bindparam(n, type_=ARRAY(Text)) for n in ("sender", "expected_period", "address")),
    *(bindparam(n, type_=ARRAY(BigInteger)) for n in ("size", "letter_id", "duplicate_of")),
    bindparam("held", type_=ARRAY(Boolean)),
    bindparam("received_at", type_=ARRAY(DateTime(timezone=True))),
)


def _insert(
    connection: Connection, items: Sequence[NewReceipt], first: Mapping[str, int]
) -> dict[tuple[str, str], Receipt]:
    """Insert in order; what was recorded before is left out of the answer."""
    if not items:
        return {}
    columns = {name: [getattr(i, name) for i in items] for name in NewReceipt.__slots__}
    rows = connection.execute(
        _INSERT, {**columns, "duplicate_of": [first.get(i.sha256) for i in items]}
    )
    return {(row.channel, row.source): _receipt(row) for row in rows}


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


def senders_of(connection: Connection, ids: Collection[int]) -> set[str]:
    """Whose turn must be waited for before some receipts are processed; a nameless one's own."""
    rows = connection.execute(select(receipt.c.id, receipt.c.sender).where(receipt.c.id.in_(ids)))
    return {row.sender or f"#{row.id}" for row in rows}


def in_turn(connection: Connection, ids: Collection[int]) -> list[Receipt]:
    """Those of some receipts that still wait, and what their senders sent before them and waits.

    In order of arrival: an earlier version is never processed after a later one.
    """
    rows = connection.execute(
        text(
            """
            WITH last AS (
                SELECT sender, max((received_at, id)) AS moment FROM receipt
                WHERE id = ANY(:ids) AND state = 'waiting' AND sender <> '' GROUP BY sender)
            SELECT r.* FROM receipt r LEFT JOIN last ON last.sender = r.sender
            WHERE r.state = 'waiting'
                AND (r.id = ANY(:ids) OR (r.received_at, r.id) <= last.moment)
            ORDER BY r.received_at, r.id
            """
        ),
        {"ids": sorted(ids)},
    )
    return [_receipt(row) for row in rows]


def mark_processed(connection: Connection, ids: Collection[int]) -> None:
    """Processed receipts are not swept again."""
    connection.execute(
        update(receipt)
        .where(receipt.c.id.in_(ids), receipt.c.state == "waiting")
        .values(state="processed")
    )


def release(connection: Connection, channel: str, address: str, sender: str) -> list[int]:
    """Let what was held from an address be processed as its organisation's; the receipts.

    What has been received otherwise meanwhile becomes a duplicate of that. Each is answered anew.
    """
    rows = connection.execute(
        select(receipt.c.id, receipt.c.sha256)
        .where(
            receipt.c.channel == channel,
            receipt.c.address == address,
            receipt.c.state == "held",
            # A mail whose sender nobody vouched for stays nobody's.
            receipt.c.letter_id.is_(None)
            | receipt.c.letter_id.in_(select(letter.c.id).where(letter.c.confirmed)),
        )
        .order_by(receipt.c.received_at, receipt.c.id)
        .with_for_update()
    ).all()
    for row in rows:
        first = connection.execute(
            select(func.min(receipt.c.id)).where(
                receipt.c.sha256 == row.sha256, receipt.c.state.in_(("waiting", "processed"))
            )
        ).scalar()
        connection.execute(
            update(receipt)
            .where(receipt.c.id == row.id)
            .values(
                state="waiting" if first is None else "duplicate",
                duplicate_of=first,
                sender=sender,
                told_at=None,
            )
        )
    return [row.id for row in rows]


def _receipt(row: object) -> Receipt:
    return Receipt(**{name: getattr(row, name) for name in Receipt.__slots__})


def mark_told(connection: Connection, ids: Collection[int], at: datetime) -> None:
    """Whoever sent these has been told what became of them."""
    connection.execute(update(receipt).where(receipt.c.id.in_(sorted(ids))).values(told_at=at))
