"""Mails that came: each kept once with what it is, whatever was attached to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from warehouse.tables import letter


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A mail to be recorded; `digest` is equal for what says the same again."""

    channel: str
    source: str
    digest: str
    message_id: str
    thread: str
    address: str
    sender: str
    nature: str
    sha256: str
    size: int
    received_at: datetime
    confirmed: bool


def record(connection: Connection, new: NewLetter) -> int | None:
    """Record a mail; its id, or None when this very mail was recorded before.

    One that says the same as an earlier one is a replay of the mail system: of nature `again`.
    """
    values = {name: getattr(new, name) for name in NewLetter.__slots__}
    earlier = connection.execute(
        select(letter.c.id)
        .where(letter.c.digest == new.digest, letter.c.source != new.source)
        .limit(1)
    ).first()
    if earlier is not None:
        values |= {"nature": "again", "told_at": new.received_at}
    elif new.nature in ("automatic", "bounce"):
        # Nobody answers a machine (RFC 3834).
        values["told_at"] = new.received_at
    found = connection.execute(
        upsert(letter).values(**values).on_conflict_do_nothing().returning(letter.c.id)
    ).scalar()
    return None if found is None else int(found)


def nature_of(connection: Connection, number: int) -> str:
    """What a recorded mail is."""
    return str(
        connection.execute(select(letter.c.nature).where(letter.c.id == number)).scalar_one()
    )


def mark_told(connection: Connection, numbers: Collection[int], at: datetime) -> None:
    """These mails have been answered, or need no answer."""
    connection.execute(update(letter).where(letter.c.id.in_(numbers)).values(told_at=at))


def answered_since(connection: Connection, address: str, since: datetime) -> int:
    """How many mails from an address, not counting those with work in them, were answered."""
    return int(
        connection.execute(
            select(func.count()).where(
                letter.c.address == address,
                letter.c.told_at > since,
                letter.c.nature.in_(("empty", "huge")) | (letter.c.sender == ""),
            )
        ).scalar_one()
    )
