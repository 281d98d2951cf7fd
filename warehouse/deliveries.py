"""Where editions were handed: folders, buckets, lists, and what became of every mail."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, true
from sqlalchemy.dialects import postgresql

from warehouse.outbox import cancel
from warehouse.tables import delivery, delivery_mail, outbox


def delivered(
    connection: Connection,
    publication_id: int,
    channel: str,
    target: str,
    at: datetime,
    actor: str = "system",
) -> bool:
    """Enter that an edition was laid into a folder or bucket; False when it had been before."""
    found = connection.execute(
        postgresql.insert(delivery)
        .values(
            publication_id=publication_id, channel=channel, target=target, at=at, actor=actor
        )
        .on_conflict_do_nothing()
        .returning(delivery.c.id)
    ).first()  # fmt: skip
    return found is not None


def mail_key(publication_id: int, address: str) -> str:
    """What names the one mail of an edition to an address."""
    return f"publication/{publication_id}/{address}"


def mailed(
    connection: Connection,
    publication_id: int,
    list_id: int,
    name: str,
    messages: Collection[int],
    at: datetime,
    actor: str,
) -> None:
    """Enter that an edition was sent to a list, under its name of then, and by which messages."""
    number = connection.execute(
        insert(delivery)
        .values(
            publication_id=publication_id, channel="mail", target=name, at=at, list_id=list_id,
            actor=actor,
        )
        .returning(delivery.c.id)
    ).scalar_one()  # fmt: skip
    connection.execute(
        insert(delivery_mail), [{"delivery_id": number, "outbox_id": m} for m in messages]
    )


@dataclass(frozen=True, slots=True)
class Handed:
    """One handing over of an edition; of a mail one address and what became of it."""

    channel: str
    target: str
    at: datetime
    actor: str
    list: int | None
    address: str | None
    state: str | None
    sent: datetime | None
    error: str | None


def deliveries(
    connection: Connection, publication_id: int | None = None, list_id: int | None = None
) -> list[tuple[int, Handed]]:
    """(edition, handing over) of an edition or a list, the newest first."""
    rows = connection.execute(
        select(
            delivery, outbox.c.address, outbox.c.state, outbox.c.sent_at, outbox.c.error
        )
        .outerjoin(delivery_mail, delivery_mail.c.delivery_id == delivery.c.id)
        .outerjoin(outbox, outbox.c.id == delivery_mail.c.outbox_id)
        .where(
            true() if publication_id is None else delivery.c.publication_id == publication_id,
            true() if list_id is None else delivery.c.list_id == list_id,
        )
        .order_by(delivery.c.id.desc(), outbox.c.id)
    )  # fmt: skip
    return [
        (
            r.publication_id,
            Handed(
                r.channel, r.target, r.at, r.actor, r.list_id, r.address, r.state, r.sent_at,
                r.error,
            ),
        )
        for r in rows
    ]  # fmt: skip


def stop_mails(connection: Connection, publication_id: int) -> None:
    """What of an edition's mails has not gone out goes out no more."""
    written = select(delivery_mail.c.outbox_id).join(
        delivery, delivery.c.id == delivery_mail.c.delivery_id
    )
    of_edition = written.where(delivery.c.publication_id == publication_id)
    cancel(connection, connection.execute(of_edition).scalars())
