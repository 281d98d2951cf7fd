"""Corrected figures that a steward proposes, and what the unit says to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, text, update

from warehouse import audit
from warehouse.life_cycle import Actor, StepRefused
from warehouse.tables import correction, organisation, submission

Decision = Literal["confirmed", "declined", "withdrawn", "direct"]


@dataclass(frozen=True, slots=True)
class Correction:
    """One proposal; `cells` are (sheet, cell, reason), never values: those are in the workbooks."""

    id: int
    submission: int
    reporter: str | None
    period: str | None
    sha256: str
    cells: tuple[tuple[str, str, str], ...]
    reason: str
    policy: str
    proposed_by: str
    proposed_at: datetime
    decision: str | None
    decided_by: str | None
    decision_reason: str
    decided_at: datetime | None
    receipt: int | None


def enter(
    connection: Connection,
    submission_id: int,
    sha256: str,
    cells: Sequence[tuple[str, str, str]],
    reason: str,
    policy: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Keep a proposal; its id. StepRefused while another one waits for the same submission."""
    waiting = connection.execute(
        select(correction.c.proposed_by).where(
            correction.c.submission_id == submission_id, correction.c.decision.is_(None)
        )
    ).scalar()
    if waiting is not None:
        raise StepRefused(f"{waiting} 提出的更正还在等单位确认，请先撤回或等单位答复")
    number = connection.execute(
        insert(correction)
        .values(
            submission_id=submission_id,
            sha256=sha256,
            cells=[{"sheet": s, "cell": c, "reason": r} for s, c, r in cells],
            reason=reason.strip(),
            policy=policy,
            proposed_by=actor.name,
            account_id=actor.account,
            proposed_at=at,
        )
        .returning(correction.c.id)
    ).scalar_one()
    audit.note(
        connection, at=at, actor=actor.logged, action="correction.propose",
        subject=str(submission_id),
        detail={"correction": number, "cells": [f"{s}!{c}" for s, c, _ in cells], "file": sha256},
    )  # fmt: skip
    return int(number)


def decide(
    connection: Connection,
    number: int,
    decision: Decision,
    actor: Actor,
    at: datetime,
    *,
    reason: str = "",
    receipt_id: int | None = None,
) -> None:
    """Enter what was decided, once; StepRefused when somebody was faster."""
    done = connection.execute(
        update(correction)
        .where(correction.c.id == number, correction.c.decision.is_(None))
        .values(
            decision=decision,
            decided_by=actor.name,
            decision_reason=reason.strip(),
            decided_at=at,
            receipt_id=receipt_id,
        )
        .returning(correction.c.submission_id)
    ).first()
    if done is None:
        raise StepRefused("这条更正建议刚刚已有答复，请刷新后再看")
    audit.note(
        connection, at=at, actor=actor.logged, action=f"correction.{decision}",
        subject=str(done.submission_id), detail={"correction": number, "receipt": receipt_id},
    )  # fmt: skip


def find(connection: Connection, number: int) -> Correction:
    """One proposal; StepRefused when there is none."""
    found = _corrections(connection, correction.c.id == number)
    if not found:
        raise StepRefused(f"没有编号为 {number} 的更正建议")
    return found[0]


def waiting(connection: Connection, reporters: Sequence[str] | None = None) -> list[Correction]:
    """Proposals that wait for their unit, oldest first."""
    open_ = correction.c.decision.is_(None)
    if reporters is None:
        return _corrections(connection, open_)
    return _corrections(connection, open_ & organisation.c.code.in_(list(reporters)))


def of_submission(connection: Connection, submission_id: int) -> list[Correction]:
    """Every proposal made for a submission, oldest first."""
    return _corrections(connection, correction.c.submission_id == submission_id)


def superseded_base(connection: Connection, submission_id: int) -> bool:
    """Whether the submission that a proposal was built on is no longer the newest word."""
    life = connection.execute(
        text("SELECT life FROM submission WHERE id = :id"), {"id": submission_id}
    ).scalar_one()
    return life in ("resent", "superseded", "discarded")


def has_statement(connection: Connection, number: int) -> bool:
    """Whether anybody has been told what a proposal would move."""
    return bool(
        connection.execute(
            text("SELECT EXISTS (SELECT 1 FROM impact_statement WHERE correction_id = :id)"),
            {"id": number},
        ).scalar_one()
    )


def _corrections(connection: Connection, wanted: Any) -> list[Correction]:
    rows = connection.execute(
        select(correction, organisation.c.code, submission.c.period)
        .join(submission, submission.c.id == correction.c.submission_id)
        .join(organisation, organisation.c.id == submission.c.reporter_id, isouter=True)
        .where(wanted)
        .order_by(correction.c.id)
    )
    return [
        Correction(
            id=r.id,
            submission=r.submission_id,
            reporter=r.code,
            period=r.period,
            sha256=r.sha256,
            cells=tuple((c["sheet"], c["cell"], c["reason"]) for c in r.cells),
            reason=r.reason,
            policy=r.policy,
            proposed_by=r.proposed_by,
            proposed_at=r.proposed_at,
            decision=r.decision,
            decided_by=r.decided_by,
            decision_reason=r.decision_reason,
            decided_at=r.decided_at,
            receipt=r.receipt_id,
        )
        for r in rows
    ]
