"""Appeals of units and rulings about inputs of their marks, as they are written. Append-only."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, insert

from warehouse import audit
from warehouse.assessment_facts import org_id
from warehouse.life_cycle import Actor
from warehouse.tables import appeal, appeal_decision, assessment_ruling, veto


def file_appeal(
    connection: Connection,
    edition_id: int,
    unit: str,
    about: str,
    claim: str,
    evidence: str,
    answer_due: date,
    actor: Actor,
    at: datetime,
    file: int | None = None,
) -> int:
    """Keep an appeal; returns its number."""
    new = connection.execute(
        insert(appeal)
        .values(
            edition_id=edition_id, org_id=org_id(connection, unit), about=about, claim=claim,
            evidence=evidence, evidence_id=file, filed_by=actor.name, account_id=actor.account,
            filed_at=at, answer_due=answer_due,
        )
        .returning(appeal.c.id)
    ).scalar_one()  # fmt: skip
    audit.note(
        connection, at=at, actor=actor.logged, action="assessment.appeal", subject=unit,
        detail={"appeal": new, "about": about},
    )  # fmt: skip
    return int(new)


def decide_appeal(
    connection: Connection,
    number: int,
    outcome: str,
    reason: str,
    document: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Keep how an appeal ended."""
    connection.execute(
        insert(appeal_decision).values(
            appeal_id=number, outcome=outcome, reason=reason, document=document,
            decided_by=actor.name, account_id=actor.account, decided_at=at,
        )
    )  # fmt: skip
    audit.note(
        connection, at=at, actor=actor.logged, action="assessment.appeal.decide",
        subject=str(number), detail={"outcome": outcome, "document": document},
    )  # fmt: skip


def enter_ruling(
    connection: Connection,
    round_id: int,
    unit: str,
    kind: str,
    key: str,
    value: Decimal | None,
    source: str,
    reason: str,
    document: str,
    actor: Actor,
    at: datetime,
    appeal_number: int | None = None,
) -> None:
    """Keep a decision about an input of the marks."""
    connection.execute(
        insert(assessment_ruling).values(
            round_id=round_id, org_id=org_id(connection, unit), kind=kind, key=key, value=value,
            source=source, appeal_id=appeal_number, reason=reason, document=document,
            ruled_by=actor.name, account_id=actor.account, ruled_at=at,
        )
    )  # fmt: skip
    audit.note(
        connection, at=at, actor=actor.logged, action="assessment.ruling", subject=unit,
        detail={"kind": kind, "key": key, "document": document},
    )  # fmt: skip


def revoke_veto(
    connection: Connection, unit: str, year: int, code: str, actor: Actor, at: datetime
) -> None:
    """End a veto from a moment on; results known before it keep it."""
    connection.execute(
        veto.update()
        .where(
            veto.c.org_id == org_id(connection, unit), veto.c.year == year, veto.c.code == code,
            veto.c.revoked_at.is_(None),
        )
        .values(revoked_at=at)
    )  # fmt: skip
    audit.note(
        connection, at=at, actor=actor.logged, action="veto.revoke", subject=unit,
        detail={"year": year, "code": code},
    )  # fmt: skip
