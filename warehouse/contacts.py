"""Where an organisation may be reached, and whose a file from some address is; with days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from warehouse import audit, receipts
from warehouse.codes import ids
from warehouse.tables import contact, letter, organisation

MAIL, SFTP, OBJECT, CHAT = "mail", "sftp", "object", "chat"
KINDS = (MAIL, SFTP, OBJECT, CHAT)
CHANNELS = {MAIL: "mail", SFTP: "sftp", OBJECT: "object-storage"}
"""What the inbox calls the channel on which an address of a kind sends."""


class ContactRefused(LookupError):
    """A contact that may not be entered; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach an organisation. `sends`: files from here are its; `told`: tell it here."""

    org: str
    kind: str
    address: str
    sends: bool = True
    told: bool = True
    since: date = date(2000, 1, 1)
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Reached(Contact):
    """A contact as kept; `bounced` when mail to it came back."""

    id: int = 0
    bounced: datetime | None = None


def normal(kind: str, address: str) -> str:
    """An address as it is compared: mail regardless of case, others without outer slashes."""
    plain = address.strip()
    return plain.lower() if kind == MAIL else plain.strip("/")


def enter(connection: Connection, new: Sequence[Contact], at: datetime, actor: str) -> int:
    """Enter contacts; one that is known already stays; how many were new.

    What strangers sent from an address that becomes known is let in as that organisation's, but
    for mails whose sender nobody vouched for.
    ContactRefused when an organisation or kind is unknown, or an address already sends for another.
    """
    org_ids = ids(connection)
    known = {(c.org, c.kind, c.address, c.since) for c in standing(connection, None)}
    added = 0
    for item in new:
        address = normal(item.kind, item.address)
        _check(item, address, org_ids)
        if (item.org, item.kind, address, item.since) in known:
            continue
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(contact).values(
                        org_id=org_ids[item.org],
                        kind=item.kind,
                        address=address,
                        sends=item.sends and item.kind != CHAT,
                        told=item.told and item.kind in (MAIL, CHAT),
                        valid=Range(item.since, item.until),
                        recorded_at=at,
                    )
                )
        except IntegrityError as error:
            raise ContactRefused(
                f"{address} 已登记为另一工会的报送地址，一个地址同一时间只能代表一个工会"
            ) from error
        known.add((item.org, item.kind, address, item.since))
        added += 1
        if item.sends and item.kind in CHANNELS:
            _let_in(connection, item.kind, address, item.org)
        audit.note(
            connection, at=at, actor=actor, action="contact.enter", subject=item.org,
            detail={"kind": item.kind, "sends": item.sends, "told": item.told},
        )  # fmt: skip
    return added


def _check(item: Contact, address: str, known: Collection[str]) -> None:
    if item.kind not in KINDS:
        raise ContactRefused(f"联系方式的种类“{item.kind}”不认识，应为 {'、'.join(KINDS)}")
    if item.org not in known:
        raise ContactRefused(f"工会组织编码 {item.org} 未登记")
    if not address or (item.kind == MAIL and not 0 < address.find("@") < len(address) - 1):
        raise ContactRefused(f"“{item.address}”不是可用的地址（{item.org}）")


def _let_in(connection: Connection, kind: str, address: str, org: str) -> None:
    receipts.release(connection, CHANNELS[kind], address, org)
    connection.execute(
        update(letter)
        .where(letter.c.channel == CHANNELS[kind], letter.c.address == address,
               letter.c.sender == "", letter.c.nature == "delivery", letter.c.confirmed)
        .values(sender=org, told_at=None)
    )  # fmt: skip


def end(connection: Connection, number: int, last: date, at: datetime, actor: str) -> None:
    """End a contact after a day; LookupError when there is none of that number."""
    row = connection.execute(
        select(contact).where(contact.c.id == number, contact.c.retired_at.is_(None))
    ).first()
    if row is None:
        raise ContactRefused(f"没有编号为 {number} 的联系方式")
    connection.execute(update(contact).where(contact.c.id == number).values(retired_at=at))
    if row.valid.lower is None or row.valid.lower <= last:
        values = {n: getattr(row, n) for n in ("org_id", "kind", "address", "sends", "told")}
        connection.execute(
            insert(contact).values(
                **values,
                valid=Range(row.valid.lower, last, bounds="[]"),
                recorded_at=at,
                bounced_at=row.bounced_at,
            )
        )
    audit.note(
        connection, at=at, actor=actor, action="contact.end", subject=str(number),
        detail={"last": last.isoformat()},
    )  # fmt: skip


def standing(connection: Connection, day: date | None) -> list[Reached]:
    """Contacts in force on a day, or all that are not retired; by organisation and address."""
    wanted: list[ColumnElement[bool]] = [contact.c.retired_at.is_(None)]
    if day is not None:
        wanted.append(contact.c.valid.contains(day))
    rows = connection.execute(
        select(contact, organisation.c.code)
        .join(organisation, organisation.c.id == contact.c.org_id)
        .where(*wanted)
        .order_by(organisation.c.code, contact.c.kind, contact.c.address)
    )
    return [
        Reached(
            org=r.code, kind=r.kind, address=r.address, sends=r.sends, told=r.told,
            since=r.valid.lower, until=r.valid.upper, id=r.id, bounced=r.bounced_at,
        )
        for r in rows
    ]  # fmt: skip


def senders(
    connection: Connection, kind: str, addresses: Collection[str], day: date
) -> dict[str, str]:
    """Address (as compared) → code of the organisation it sends for on a day."""
    rows = connection.execute(
        select(contact.c.address, organisation.c.code)
        .join(organisation, organisation.c.id == contact.c.org_id)
        .where(
            contact.c.kind == kind,
            contact.c.address.in_({normal(kind, a) for a in addresses}),
            contact.c.sends,
            contact.c.retired_at.is_(None),
            contact.c.valid.contains(day),
        )
    )
    return {r.address: r.code for r in rows}


def mark_bounced(connection: Connection, address: str, at: datetime) -> None:
    """Mail to an address came back: nothing more is sent there until it is entered anew."""
    connection.execute(
        update(contact)
        .where(
            contact.c.kind == MAIL,
            contact.c.address == normal(MAIL, address),
            contact.c.bounced_at.is_(None),
        )
        .values(bounced_at=at)
    )
