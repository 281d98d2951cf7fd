"""What is to be told, and the messages that tell it: written once, handed over once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from warehouse.codes import id_of, ids
from warehouse.tables import notice, organisation, outbox, workbook_fetched

_LOCK = 7_240_009

WAITING, HANDING, SENT = "waiting", "handing", "sent"
UNSURE, REFUSED, GIVEN_UP, BOUNCED = "unsure", "refused", "given up", "bounced"
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a message: its name there, and the hash it is kept by."""

    name: str
    sha256: str


# --- notices ---


@dataclass(frozen=True, slots=True)
class NewNotice:
    """One thing to tell an organisation. `key` names it: the same thing is told once.

    `facts` are counts, labels of periods, codes of forms and names of organisations; never a
    reported value, never a person.
    """

    key: str
    org: str
    kind: str
    facts: Mapping[str, Any]
    files: Sequence[File] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as kept."""

    id: int
    key: str
    org: str
    kind: str
    facts: Mapping[str, Any]
    files: tuple[File, ...]
    noted: datetime


def note(connection: Connection, new: Iterable[NewNotice], at: datetime) -> int:
    """Keep notices, part of the caller's transaction; those kept before stay; how many are new.

    LookupError when an organisation is not registered.
    """
    items = list(new)
    if not items:
        return 0
    org_ids = ids(connection, {i.org for i in items})
    strangers = sorted({i.org for i in items} - org_ids.keys())
    if strangers:
        raise LookupError(f"工会组织编码未登记：{'、'.join(strangers)}")
    done = connection.execute(
        upsert(notice)
        .values(
            [
                {
                    "key": i.key,
                    "org_id": org_ids[i.org],
                    "kind": i.kind,
                    "facts": dict(i.facts),
                    "files": _files(i.files),
                    "noted_at": at,
                }
                for i in items
            ]
        )
        .on_conflict_do_nothing()
        .returning(notice.c.id)
    )
    return len(done.all())


def untold(connection: Connection, since: datetime) -> dict[str, list[Notice]]:
    """Organisation → what it has not been told and is not older than a moment; locked."""
    rows = connection.execute(
        select(notice, organisation.c.code)
        .join(organisation, organisation.c.id == notice.c.org_id)
        .where(notice.c.told_at.is_(None), notice.c.noted_at >= since)
        .order_by(organisation.c.code, notice.c.id)
        .with_for_update(of=notice, skip_locked=True)
    )
    found: dict[str, list[Notice]] = {}
    for r in rows:
        found.setdefault(r.code, []).append(
            Notice(r.id, r.key, r.code, r.kind, r.facts, _of(r.files), r.noted_at)
        )
    return found


def mark_told(connection: Connection, notices: Iterable[int], at: datetime) -> None:
    """These notices are in a message."""
    connection.execute(update(notice).where(notice.c.id.in_(sorted(notices))).values(told_at=at))


# --- messages ---


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One message to one address; `key` names it: the same message is written once."""

    key: str
    way: str
    address: str
    org: str | None
    kind: str
    subject: str
    body: str
    files: Sequence[File] = ()
    answers: str = ""
    thread: str = ""
    notices: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message as kept."""

    id: int
    key: str
    way: str
    address: str
    kind: str
    subject: str
    body: str
    files: tuple[File, ...]
    answers: str
    thread: str
    message_id: str
    written: datetime
    state: str
    tries: int
    handed: datetime | None
    error: str


def write(connection: Connection, new: NewMessage, domain: str, at: datetime) -> int | None:
    """Put a message into the outbox, part of the caller's transaction; None when it was there.

    `domain` stands in its message id, which stays the same however often it is tried.
    """
    org_id = id_of(connection, new.org)
    found = connection.execute(
        upsert(outbox)
        .values(
            key=new.key,
            way=new.way,
            address=new.address,
            org_id=org_id,
            kind=new.kind,
            subject=new.subject,
            body=new.body,
            files=_files(new.files),
            answers=new.answers,
            thread=new.thread,
            message_id=f"<{secrets.token_hex(12)}.reports@{domain}>",
            notices=list(new.notices),
            written_at=at,
            next_try_at=at,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(outbox.c.id)
    ).scalar()
    return None if found is None else int(found)


def last_written(connection: Connection, kind: str) -> dict[tuple[str, str], datetime]:
    """(way, address) → when it was last written to in this kind."""
    rows = connection.execute(
        select(outbox.c.way, outbox.c.address, func.max(outbox.c.written_at))
        .where(outbox.c.kind == kind)
        .group_by(outbox.c.way, outbox.c.address)
    )
    return {(way, address): at for way, address, at in rows}


@contextmanager
def only_deliverer(engine: Engine) -> Iterator[bool]:
    """Whether this process alone hands messages over; the server lets go when it dies.

    What stands at `handing` while we hold this was left by one that died.
    """
    with engine.connect() as connection:
        mine = bool(
            connection.execute(text("SELECT pg_try_advisory_lock(:k)"), {"k": _LOCK}).scalar()
        )
        # The lock belongs to the session, not to a transaction that would stay open meanwhile.
        connection.commit()
        try:
            yield mine
        finally:
            if mine:
                connection.execute(text("SELECT pg_advisory_unlock(:k)"), {"k": _LOCK})
                connection.commit()


def to_send(connection: Connection, at: datetime) -> list[int]:
    """Messages whose time has come, in the order they were written."""
    return list(
        connection.execute(
            select(outbox.c.id)
            .where(outbox.c.state == WAITING, outbox.c.next_try_at <= at)
            .order_by(outbox.c.id)
        ).scalars()
    )


def in_state(connection: Connection, *states: str) -> list[Message]:
    """Messages in some states, oldest first."""
    rows = connection.execute(
        select(outbox).where(outbox.c.state.in_(states)).order_by(outbox.c.id)
    )
    return [_message(r) for r in rows]


def hand(connection: Connection, number: int, at: datetime) -> Message | None:
    """Take one message in hand; None when it is not waiting any more. Commit before sending."""
    row = connection.execute(
        update(outbox)
        .where(outbox.c.id == number, outbox.c.state == WAITING)
        .values(state=HANDING, tries=outbox.c.tries + 1, handed_at=at)
        .returning(outbox)
    ).first()
    return None if row is None else _message(row)


def settle(
    connection: Connection,
    number: int,
    state: str,
    at: datetime,
    *,
    error: str = "",
    next_try: datetime | None = None,
) -> None:
    """What became of a message; `next_try` when it waits again, unless it was cancelled since."""
    values: dict[str, Any] = {"state": state, "error": error[:500]}
    if state == SENT:
        values["sent_at"] = at
    if next_try is not None:
        values["next_try_at"] = next_try
    done = update(outbox).where(outbox.c.id == number).values(**values)
    connection.execute(done.where(outbox.c.state != CANCELLED) if state == WAITING else done)


def cancel(connection: Connection, numbers: Iterable[int]) -> None:
    """Messages that have not gone out are not sent any more, not even when a person asks."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(sorted(numbers)), outbox.c.state != SENT)
        .values(state=CANCELLED)
    )


def sent_as(connection: Connection, message_ids: Iterable[str]) -> list[Message]:
    """Our own messages among some message ids."""
    rows = connection.execute(
        select(outbox).where(outbox.c.message_id.in_(sorted(set(message_ids))))
    )
    return [_message(r) for r in rows]


# --- what a reminder asks about ---


def note_fetched(connection: Connection, period: str, org: str, how: str, at: datetime) -> None:
    """An organisation took its workbook of a period; only the first time is kept."""
    connection.execute(
        upsert(workbook_fetched)
        .from_select(
            ["period", "org_id", "how", "fetched_at"],
            select(text(":period"), organisation.c.id, text(":how"), text(":at")).where(
                organisation.c.code == org
            ),
        )
        .on_conflict_do_nothing(),
        {"period": period, "how": how, "at": at},
    )


def _files(files: Sequence[File]) -> list[dict[str, str]]:
    return [{"name": f.name, "sha256": f.sha256} for f in files]


def _of(files: list[dict[str, str]]) -> tuple[File, ...]:
    return tuple(File(f["name"], f["sha256"]) for f in files)


def _message(row: Any) -> Message:
    return Message(
        row.id, row.key, row.way, row.address, row.kind, row.subject, row.body, _of(row.files),
        row.answers, row.thread, row.message_id, row.written_at, row.state, row.tries,
        row.handed_at, row.error,
    )  # fmt: skip
