"""The audit log: each entry carries the hash of the one before, so that none can vanish."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from warehouse.tables import audit_log

_LOCK = 7_240_003
GENESIS = "0" * 64


def note(
    connection: Connection,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append an entry; part of the caller's transaction. Never pass personal data."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": _LOCK})
    previous = (
        connection.execute(select(audit_log.c.hash).order_by(audit_log.c.id.desc()).limit(1))
    ).scalar() or GENESIS
    entry = {
        "at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": detail or {},
        "previous": previous,
    }
    connection.execute(insert(audit_log).values(**entry, hash=_hash(entry)))


def first_broken(connection: Connection) -> int | None:
    """Id of the first entry that does not fit its hash or its predecessor; None when sound."""
    previous = GENESIS
    for row in connection.execute(select(audit_log).order_by(audit_log.c.id)).mappings():
        entry = {k: row[k] for k in ("at", "actor", "action", "subject", "detail", "previous")}
        if row["previous"] != previous or row["hash"] != _hash(entry):
            return int(row["id"])
        previous = row["hash"]
    return None


def _hash(entry: dict[str, Any]) -> str:
    text_form = json.dumps(
        {**entry, "at": entry["at"].timestamp()}, ensure_ascii=False, sort_keys=True
    )
    return hashlib.sha256(text_form.encode()).hexdigest()
