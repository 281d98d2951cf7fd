"""The database as one person sees it: row-level security decides, whichever query asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Connection, Engine, text

from warehouse.engine import sql

READER = "portal_reader"


@contextmanager
def as_person(engine: Engine, account_id: int, today: date) -> Iterator[Connection]:
    """A read-only transaction in which an account sees what its grants of the day allow.

    Every table with organisations in it shows only rows of those the account is responsible for;
    tables without a policy cannot be read at all. The sight ends with the transaction.
    """
    with engine.connect() as connection, connection.begin():
        enter(connection, account_id, today)
        yield connection


def enter(connection: Connection, account_id: int, today: date) -> int:
    """Take an account's sight for the rest of the transaction; returns how many it sees.

    `set_config('role', …, true)` is SET LOCAL ROLE, in the same round trip.
    """
    seen = connection.execute(
        text("SELECT enter_sight(:account, :today)"), {"account": account_id, "today": today}
    ).scalar_one()
    connection.execute(text("SET TRANSACTION READ ONLY"))
    connection.execute(text(f"SET LOCAL ROLE {READER}"))
    return int(seen)


def may_fetch_original(connection: Connection, sha256: str) -> bool:
    """Whether a person, on their own connection, sees every form in a file with this hash.

    An original is one piece: whoever lacks one form of it gets none of it. A file that nobody could
    read is for its sender alone.
    """
    return bool(
        connection.execute(text("SELECT may_fetch_original(:sha256)"), {"sha256": sha256}).scalar()
    )


class OutOfSight(LookupError):
    """Something that a person does not see: it looks the same as something that does not exist."""


def require_original(connection: Connection, sha256: str) -> None:
    """OutOfSight unless a person, on their own connection, may have the file with this hash."""
    if not may_fetch_original(connection, sha256):
        raise OutOfSight


def may_upon(
    connection: Connection,
    account_id: int,
    verb: str,
    org_id: int,
    today: date,
    form: str | None = None,
) -> bool:
    """Whether an account may do a thing to an organisation (and a form); asked as the owner."""
    return bool(
        connection.execute(
            text(sql("may_upon")),
            {"account": account_id, "verb": verb, "org": org_id, "today": today, "form": form},
        ).scalar_one()
    )
