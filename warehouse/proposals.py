"""Four eyes over dated parameters: one proposes a value, another decides; the only writer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from definitions import Definitions
from definitions.decided import Decision, like
from warehouse import audit
from warehouse.accounts import AccountRefused, actor_of
from warehouse.tables import parameter_proposal as proposal


def propose(
    connection: Connection,
    known: Definitions,
    code: str,
    value: Any,
    *,
    since: date,
    authority: str,
    reason: str,
    account_id: int,
    at: datetime,
) -> int:
    """Enter a proposal and return its id; AccountRefused when it cannot be decided upon.

    A new value begins on a day to come: figures that were published under the old one stay.
    """
    parameter = known.parameters.get(code)
    if parameter is None:
        raise AccountRefused("没有这个参数")
    if not authority.strip() or not reason.strip():
        raise AccountRefused("依据文件和理由都要填写")
    if since <= at.date():
        raise AccountRefused("新值只能从今天以后的日子起执行；已执行的日子不改")
    last = max(parameter.values, key=lambda v: v.since)
    value = like(value, last.value)
    if isinstance(value, bool) or not _alike(value, last.value):
        raise AccountRefused("新值与现行值不是同一种数据，请核对")
    if value == last.value and last.until is None:
        raise AccountRefused("新值与现行值相同")
    try:
        with connection.begin_nested():
            number = connection.execute(
                insert(proposal)
                .values(
                    code=code, since=since, value=value, authority=authority.strip(),
                    reason=reason.strip(), proposed_by=account_id, proposed_at=at,
                )
                .returning(proposal.c.id)
            ).scalar_one()  # fmt: skip
    except IntegrityError:
        raise AccountRefused("这个参数已有一条等待决定的提议，请先处理") from None
    audit.note(
        connection, at=at, actor=actor_of(account_id), action="parameter.propose", subject=code,
        detail={"proposal": number, "since": since.isoformat(), "value": value},
    )  # fmt: skip
    return int(number)


def decide(
    connection: Connection,
    number: int,
    decision: str,
    *,
    account_id: int,
    at: datetime,
    reason: str = "",
) -> None:
    """Approve, decline or withdraw; AccountRefused unless it waits and it is the right person.

    Who proposed may only withdraw; whoever else may approve or decline. The table refuses, too.
    """
    row = connection.execute(
        select(proposal).where(proposal.c.id == number).with_for_update()
    ).first()
    if row is None or decision not in ("approved", "declined", "withdrawn"):
        raise AccountRefused("没有这条提议")
    if row.decision is not None:
        raise AccountRefused("这条提议已经有了决定")
    own = row.proposed_by == account_id
    if own and decision != "withdrawn":
        raise AccountRefused("自己提的，须由另一位管理员决定")
    if not own and decision == "withdrawn":
        raise AccountRefused("只有提议人可以撤回")
    if decision == "approved" and row.since <= at.date():
        raise AccountRefused("起始日已经到了，请撤回后另提一个起始日")
    connection.execute(
        update(proposal)
        .where(proposal.c.id == number)
        .values(
            decision=decision, decided_by=account_id, decided_at=at, decision_reason=reason.strip()
        )
    )
    audit.note(
        connection, at=at, actor=actor_of(account_id), action=f"parameter.{decision}",
        subject=row.code, detail={"proposal": number},
    )  # fmt: skip


def decisions(connection: Connection) -> list[Decision]:
    """Every approved value; of two of one parameter and day the one that was decided last."""
    rows = connection.execute(
        select(proposal.c.code, proposal.c.since, proposal.c.value, proposal.c.authority)
        .where(proposal.c.decision == "approved")
        .order_by(proposal.c.decided_at, proposal.c.id)
    )
    found = {
        (r.code, r.since): Decision(
            code=r.code, since=r.since, value=r.value, authority=r.authority
        )
        for r in rows
    }
    return list(found.values())


def _alike(value: Any, current: Any) -> bool:
    """Numbers for numbers, texts for texts, tables with the same keys."""
    numbers = (int, float)
    if isinstance(current, numbers) and not isinstance(current, bool):
        return isinstance(value, numbers)
    if isinstance(current, dict):
        return isinstance(value, dict) and value.keys() == current.keys()
    return isinstance(value, type(current))
