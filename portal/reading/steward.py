"""What reviewers and stewards read: the queue, one submission as it is opened, who is on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from portal.asking import NotFound
from warehouse.engine import sql

PAGE = 50
_ACCOUNT = re.compile(r"account:(\d+)")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty says everything. `age` and `left` are days."""

    state: str = ""
    form: str = ""
    period: str = ""
    rule: str = ""
    lead: str = ""
    search: str = ""
    age: int | None = None
    left: int | None = None
    mine: bool = False

    @property
    def query(self) -> dict[str, str]:
        """As the query part of an address, empties left out."""
        names = [f.name for f in fields(self)]
        values = {n: getattr(self, n) for n in names}
        told = {n: v for n, v in values.items() if v is not None and v is not False and v != ""}
        return {n: "1" if v is True else str(v) for n, v in told.items()}

    @property
    def narrowed(self) -> bool:
        """Whether anything but the state is asked."""
        return bool(self.query.keys() - {"state"})


@dataclass(frozen=True, slots=True)
class Item:
    """One submission that waits; `grave` and `wanting` count its findings."""

    id: int
    rank: int
    state: str
    period: str | None
    version: int
    forms: list[str]
    received_at: datetime
    reporter_id: int | None
    reporter: str | None
    reporter_name: str | None
    file_name: str | None
    sender: str | None
    grave: int
    wanting: int
    rules: list[str] | None
    assignee: str | None
    due_on: date | None
    correction: int | None
    held_by: str | None
    lock_on: date | None

    @property
    def key(self) -> str:
        """Where a page that follows this one begins."""
        return f"{self.rank}~{self.received_at.isoformat()}~{self.id}"

    @property
    def who(self) -> str:
        """The unit's name, or who sent what names no unit."""
        return self.reporter_name or self.reporter or self.sender or "—"

    def age(self, today: date) -> int:
        """Days since it came."""
        return (today - self.received_at.date()).days

    def left(self, today: date) -> int | None:
        """Days until it has to be mended or is locked; None when nothing presses."""
        day = min((d for d in (self.due_on, self.lock_on) if d is not None), default=None)
        return None if day is None else (day - today).days


def queue(
    reading: Connection,
    filters: Filters,
    at: datetime,
    *,
    me: str = "",
    after: str = "",
    most: int = PAGE,
) -> list[Item]:
    """What waits, gravest and oldest first, from a key on. `me` is whose own are meant by mine."""
    rank, time, number = _key(after)
    today = at.date()
    rows = reading.execute(
        text(sql("portal_steward_queue")),
        {
            "today": today,
            "at": at,
            "state": filters.state or None,
            "form": filters.form or None,
            "period": filters.period or None,
            "rule": filters.rule or None,
            "lead": filters.lead or None,
            "search": _like(filters.search),
            "before": None if filters.age is None else at - timedelta(days=filters.age),
            "lock_by": None if filters.left is None else today + timedelta(days=filters.left),
            "holder": me if filters.mine else None,
            "after_rank": rank,
            "after_time": time,
            "after_id": number,
            "most": most,
        },
    )
    return [Item(**row) for row in rows.mappings()]


def _like(words: str) -> str | None:
    plain = words.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%" if plain else None


def _key(after: str) -> tuple[int | None, datetime | None, int | None]:
    parts = after.split("~")
    try:
        return int(parts[0]), datetime.fromisoformat(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        return None, None, None


def counts(reading: Connection, today: date) -> dict[str, int]:
    """How many wait in each state."""
    rows = reading.execute(text(sql("portal_steward_counts")), {"today": today})
    return {row.state: row.submissions for row in rows}


@dataclass(frozen=True, slots=True)
class Opened:
    """A submission as it is opened; `hidden` are forms in it that the reader may not see."""

    id: int
    receipt_id: int
    member: str
    reporter_id: int | None
    period: str | None
    version: int
    life: str
    forms: list[str]
    received_at: datetime
    processed_at: datetime
    locks_on: date | None
    returned_file: str | None
    reporter: str | None
    reporter_name: str | None
    file_name: str | None
    channel: str | None
    sender: str | None
    sender_id: int | None
    held_by: str | None
    held_since: datetime | None
    held_until: datetime | None
    newer: int | None
    hidden: list[str]

    @property
    def owner_id(self) -> int | None:
        """The unit, or whoever sent what names none."""
        return self.reporter_id if self.reporter_id is not None else self.sender_id


def opened(reading: Connection, number: int, today: date) -> Opened:
    """A submission; NotFound when it is not there for the reader."""
    row = reading.execute(
        text(sql("portal_steward_submission")), {"id": number, "today": today}
    ).mappings()
    found = row.first()
    if found is None:
        raise NotFound
    return Opened(**found)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the same report."""

    id: int
    version: int
    state: str
    received_at: datetime
    file_name: str
    channel: str


def versions(reading: Connection, number: int) -> list[Version]:
    """Every version of what a submission reports, newest first."""
    rows = reading.execute(text(sql("portal_steward_versions")), {"id": number})
    return [Version(**row) for row in rows.mappings()]


def names_in(owner: Connection, sentences: Iterable[str | None]) -> dict[str, str]:
    """`account:7` → the person's name, for every account that some sentences name.

    Asked as the owner: who handled a report is told to whoever may see the report.
    """
    wanted = sorted({int(n) for s in sentences if s for n in _ACCOUNT.findall(s)})
    if not wanted:
        return {}
    rows = owner.execute(text(sql("portal_steward_names")), {"ids": wanted})
    return {f"account:{row.id}": row.name for row in rows}


def spoken(sentence: str, names: dict[str, str]) -> str:
    """A sentence with persons' names instead of the numbers of their accounts."""
    return _ACCOUNT.sub(lambda m: names.get(m[0], m[0]), sentence)


def visible(reading: Connection, table: str, numbers: Sequence[int]) -> set[int]:
    """Which of some rows the reader sees; `table` is one of ours, never from outside."""
    rows: Any = reading.execute(
        text(f"SELECT id FROM {table} WHERE id = ANY(:ids)"),  # noqa: S608
        {"ids": list(numbers)},
    )
    return set(rows.scalars())
