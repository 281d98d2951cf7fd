"""What administrators read: accounts, grants, the log, proposals, editions of the definitions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from portal.asking import NotFound
from warehouse.engine import sql

PAGE = 50
NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class Account:
    """One account in the list; `roles` are those held today."""

    id: int
    login: str
    name: str
    must_change_password: bool
    closed_at: datetime | None
    has_second_factor: bool
    locked: bool
    roles: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Held:
    """One grant, standing or ended."""

    id: int
    role: str
    org_id: int
    org: str
    org_name: str
    line: int
    works: list[str]
    personal: bool
    since: date
    until: date | None
    granted_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: str
    actor_name: str | None
    subject_name: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A new value of a parameter, waiting or decided."""

    id: int
    code: str
    since: date
    value: Any
    authority: str
    reason: str
    proposed_by: int
    proposer: str
    proposed_at: datetime
    decision: str | None
    decider: str | None
    decided_at: datetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of the definitions."""

    digest: str
    registered_at: datetime
    files: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that differs between two editions: lines as (mark, text), mark +, - or blank."""

    name: str
    kind: str
    lines: list[tuple[str, str]]


def accounts(
    reading: Connection, at: datetime, words: str, state: str, after: str
) -> tuple[list[Account], str]:
    """A page of accounts by login, and the login to go on after (empty at the end)."""
    rows = reading.execute(
        text(sql("portal_admin_accounts")),
        {
            "at": at, "today": at.date(), "words": words.strip(), "state": state,
            "after": after, "most": PAGE + 1,
        },
    )  # fmt: skip
    found = [Account(**row) for row in rows.mappings()]
    return found[:PAGE], found[PAGE - 1].login if len(found) > PAGE else ""


def account(reading: Connection, number: int) -> Any:
    """One account as the reader may see it; NotFound otherwise."""
    row = reading.execute(
        text(sql("portal_admin_account")),
        {"id": number},
    ).first()
    if row is None:
        raise NotFound
    return row


def grants(reading: Connection, number: int, today: date) -> list[Held]:
    """Its grants, the standing ones first."""
    rows = reading.execute(text(sql("portal_admin_grants")), {"account": number, "today": today})
    return [Held(**row) for row in rows.mappings()]


def log(
    reading: Connection,
    *,
    action: str = "",
    actor: str = "",
    subject: str = "",
    since: date | None = None,
    until: date | None = None,
    before: int = NEWEST,
    most: int = PAGE,
) -> tuple[list[Entry], int]:
    """Entries, newest first, and the number to go on before (0 at the end)."""
    rows = reading.execute(
        text(sql("portal_admin_audit")),
        {
            "action": action, "actor": actor.strip(), "subject": subject.strip(),
            "since": since, "until": until, "before": before, "most": most + 1,
        },
    )  # fmt: skip
    found = [Entry(**row) for row in rows.mappings()]
    return found[:most], found[most - 1].id if len(found) > most else 0


def proposals(reading: Connection, code: str = "") -> list[Proposal]:
    """Proposals, those that wait first; of one parameter if named."""
    rows = reading.execute(
        text(sql("portal_admin_proposals")),
        {"code": code},
    )
    return [Proposal(**row) for row in rows.mappings()]


def editions(reading: Connection) -> list[Edition]:
    """Every edition of the definitions, the newest first."""
    rows = reading.execute(text(sql("portal_admin_editions")))
    return [Edition(**row) for row in rows.mappings()]


def changed(reading: Connection, first: str, second: str) -> list[Changed]:
    """What differs between two editions, file by file; NotFound when one is unknown."""
    before, after = _sources(reading, first), _sources(reading, second)
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ""), after.get(name, "")
        if old == new:
            continue
        kind = "新增" if name not in before else "删除" if name not in after else "修改"
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm="")
        shown = [(ln[:1], ln[1:]) for ln in lines if not ln.startswith(("---", "+++"))]
        found.append(Changed(name, kind, shown))
    return found


def _sources(reading: Connection, digest: str) -> Mapping[str, str]:
    found = reading.execute(
        text("SELECT sources FROM definitions_edition WHERE digest = :d"), {"d": digest}
    ).scalar()
    if found is None:
        raise NotFound
    sources: Mapping[str, str] = found
    return sources
