"""What units were told to put right by a day, and what was done about it. Append-only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from warehouse import audit
from warehouse.assessment_facts import org_id
from warehouse.engine import sql
from warehouse.life_cycle import Actor
from warehouse.organisations import ids
from warehouse.tables import assessment_consequence, rectification, rectification_step

Kept = tuple[str, str, str, Decimal | None, date | None]
"""Unit, kind, content, value, last day."""


def keep_consequences(
    connection: Connection, edition_id: int, found: Iterable[Kept], at: datetime
) -> int:
    """Keep what follows from a final edition; a repeat changes nothing. Returns how many."""
    known = ids(connection)
    rows = [
        {
            "edition_id": edition_id, "org_id": known[unit], "kind": kind, "content": content,
            "value": value, "due_on": due_on, "decided_at": at,
        }
        for unit, kind, content, value, due_on in found
    ]  # fmt: skip
    if rows:
        connection.execute(upsert(assessment_consequence).on_conflict_do_nothing(), rows)
    return len(rows)


def consequences_of(
    connection: Connection, edition_id: int, known_at: datetime | None = None
) -> list[Any]:
    """What follows from an edition, by unit; as decided by a moment where one is given."""
    return list(
        connection.execute(
            text(
                "SELECT o.code AS unit, c.* FROM assessment_consequence c "
                "JOIN organisation o ON o.id = c.org_id WHERE c.edition_id = :e "
                "AND (CAST(:at AS timestamptz) IS NULL OR c.decided_at <= :at) "
                "ORDER BY o.code, c.kind"
            ),
            {"e": edition_id, "at": known_at},
        )
    )


def issue(
    connection: Connection,
    unit: str,
    source: str,
    reference: str,
    matter: str,
    document: str,
    issued_on: date,
    due_on: date,
    actor: Actor,
    at: datetime,
) -> int | None:
    """Tell a unit to put something right; None where the same was issued before."""
    new = connection.execute(
        upsert(rectification)
        .values(
            org_id=org_id(connection, unit), source=source, reference=reference, matter=matter,
            document=document, issued_on=issued_on, due_on=due_on, entered_by=actor.name,
            account_id=actor.account, entered_at=at,
        )
        .on_conflict_do_nothing()
        .returning(rectification.c.id)
    ).scalar()  # fmt: skip
    if new is not None:
        audit.note(
            connection, at=at, actor=actor.logged, action="rectification.issue", subject=unit,
            detail={"source": source, "reference": reference, "due_on": due_on.isoformat()},
        )  # fmt: skip
    return None if new is None else int(new)


def record(
    connection: Connection,
    number: int,
    kind: str,
    words: str,
    happened_on: date,
    actor: Actor,
    at: datetime,
    evidence: str = "",
) -> None:
    """Keep something that was done about a rectification."""
    connection.execute(
        insert(rectification_step).values(
            rectification_id=number, kind=kind, words=words, evidence=evidence,
            happened_on=happened_on, entered_by=actor.name, account_id=actor.account,
            entered_at=at,
        )
    )  # fmt: skip
    audit.note(
        connection, at=at, actor=actor.logged, action="rectification.step", subject=str(number),
        detail={"kind": kind},
    )  # fmt: skip


def steps_at(connection: Connection, at: datetime) -> list[tuple[int, str]]:
    """Rectification and kind of everything that was entered at a moment."""
    one = rectification_step.c
    rows = connection.execute(
        select(one.rectification_id, one.kind)
        .where(one.entered_at == at)
        .order_by(one.rectification_id, one.id)
    )
    return [(r.rectification_id, r.kind) for r in rows]


def rectifications(connection: Connection, day: date, known_at: datetime) -> list[Any]:
    """Every rectification issued by a day with its steps, as known then, soonest due first."""
    wanted = {"day": day, "known_at": known_at}
    return list(connection.execute(text(sql("assessment_rectifications")), wanted))
