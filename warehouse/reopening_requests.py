"""Requests to open a locked period again: one asks, another decides; the only writer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, text, update

from warehouse import audit
from warehouse.accounts import actor_of
from warehouse.codes import ids
from warehouse.engine import sql
from warehouse.tables import reopening_request as request
from warehouse.windows import ReopeningRefused

APPROVED, DECLINED, WITHDRAWN = "approved", "declined", "withdrawn"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for; `organisations` and `forms` are codes, empty for all."""

    id: int
    period: str
    forms: tuple[str, ...]
    organisations: tuple[str, ...]
    reason: str
    document: str
    until: date
    requested_by: int
    requested_at: datetime
    decision: str | None
    decided_by: int | None
    decided_at: datetime | None
    decision_reason: str
    reopening_id: int | None


def ask(
    connection: Connection,
    *,
    period: str,
    forms: Collection[str],
    organisations: Collection[str],
    reason: str,
    document: str,
    until: date,
    account_id: int,
    at: datetime,
) -> int:
    """Enter a request and return its id; one that says the same and waits already is that one."""
    known = ids(connection)
    values = {
        "period": period,
        "forms": sorted(set(forms)),
        "organisations": sorted(known[code] for code in set(organisations)),
        "reason": reason.strip(),
        "document": document.strip(),
        "until": until,
        "requested_by": account_id,
    }
    waiting = connection.execute(
        select(request.c.id).filter_by(**values).where(request.c.decision.is_(None)).limit(1)
    ).scalar()
    if waiting is not None:
        return int(waiting)
    number = connection.execute(
        insert(request).values(**values, requested_at=at).returning(request.c.id)
    ).scalar_one()
    audit.note(
        connection, at=at, actor=actor_of(account_id), action="reopening.requested", subject=period,
        detail={
            "request": number, "forms": values["forms"],
            "organisations": sorted(set(organisations)), "reason": values["reason"],
            "document": values["document"], "until": until.isoformat(),
        },
    )  # fmt: skip
    return int(number)


def requests(
    connection: Connection, *, period: str = "", number: int = 0, waiting: bool = False
) -> list[Request]:
    """Requests that the connection sees, those that wait first, the oldest of them first."""
    rows = connection.execute(
        text(sql("reopening_requests")), {"period": period, "number": number, "waiting": waiting}
    ).mappings()
    return [
        Request(**{**r, "forms": tuple(r["forms"]), "organisations": tuple(r["organisations"])})
        for r in rows
    ]


def take(connection: Connection, number: int) -> Request:
    """A request that is about to be decided, held until then; ReopeningRefused when it was."""
    held = connection.execute(
        select(request.c.decision).where(request.c.id == number).with_for_update()
    ).first()
    if held is None:
        raise ReopeningRefused("没有这份申请")
    if held.decision is not None:
        raise ReopeningRefused("这份申请已经有了决定")
    return requests(connection, number=number)[0]


def decide(
    connection: Connection,
    asked: Request,
    decision: str,
    *,
    account_id: int,
    at: datetime,
    reason: str = "",
    reopening_id: int | None = None,
) -> None:
    """Write down how a request that was taken ended; ReopeningRefused for the wrong person.

    Who asked may only withdraw; whoever else may approve or decline. The table refuses, too.
    """
    own = asked.requested_by == account_id
    if decision not in (APPROVED, DECLINED, WITHDRAWN):
        raise ReopeningRefused("请选择批准、不批准或撤回")
    if own and decision != WITHDRAWN:
        raise ReopeningRefused("申请人不能办理自己的申请，请由另一人办理")
    if not own and decision == WITHDRAWN:
        raise ReopeningRefused("只有申请人可以撤回")
    if decision == DECLINED and not reason.strip():
        raise ReopeningRefused("不批准须写明理由")
    connection.execute(
        update(request)
        .where(request.c.id == asked.id)
        .values(
            decision=decision, decided_by=account_id, decided_at=at,
            decision_reason=reason.strip(), reopening_id=reopening_id,
        )
    )  # fmt: skip
    audit.note(
        connection, at=at, actor=actor_of(account_id), action=f"reopening.{decision}",
        subject=asked.period, detail={"request": asked.id},
    )  # fmt: skip
