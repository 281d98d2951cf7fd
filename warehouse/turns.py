"""Who goes first: locks of the database that keep arrivals in order, however many ask at once.

They belong to a connection, so a process that dies leaves none behind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

LOAD_LOCK = 7_240_002
"""Loading is short, and so is a step: one at a time keeps supersession and states simple."""
RECEIVE_LOCK = 7_240_010
"""Receipts are numbered in the order in which they become visible; equal bytes meet each other."""

PDF_LOCK = 7_240_021
"""A PDF takes half a minute: those who ask at once do not each make it."""
DECIDE_LOCK = 7_240_020
"""Decided parameters are checked against each other: one decision sees the one before it."""


def alone(connection: Connection, lock: int) -> None:
    """Wait until no other transaction holds a lock, and hold it to the end of this one."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": lock})


@contextmanager
def turns(engine: Engine, senders: Collection[str]) -> Iterator[None]:
    """Wait for one's turn with some senders: nobody else processes what they sent meanwhile.

    Taken in one order, so that two processes never wait for each other. Held by a connection of
    its own and outside any transaction: nothing grows old while a chunk is validated.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text(
                "SELECT count(pg_advisory_lock(k)) FROM (SELECT DISTINCT "
                "hashtextextended(s, 7240005) AS k FROM unnest(CAST(:senders AS text[])) AS s "
                "ORDER BY 1) AS t"
            ),
            {"senders": sorted(senders)},
        )
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock_all()"))
