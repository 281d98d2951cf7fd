"""Distribution lists: whom publications are mailed to, who put them there, and until when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from warehouse import audit
from warehouse.codes import id_of
from warehouse.contacts import MAIL, normal
from warehouse.tables import distribution_list, distribution_member, organisation

_LONGEST = 80
_ADDRESS = re.compile(r"""[^\s@,;<>"']+@[^\s@,;<>"']+""")
"""One address: signs that part several, or an address from a name, are in none."""


class DistributionRefused(LookupError):
    """What cannot be done with a list; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """One address of a list; `whom` is the person or office that reads there."""

    id: int
    address: str
    whom: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class DistributionList:
    """A list that stands, with the union whose people are in it."""

    id: int
    name: str
    org: str
    created_by: str
    created_at: datetime
    members: tuple[Member, ...]


def make(connection: Connection, name: str, org: str, at: datetime, actor: str) -> int:
    """A new, empty list of a union; its number."""
    org_id = id_of(connection, org)
    if org_id is None:
        raise DistributionRefused(f"工会组织编码 {org} 未登记")
    statement = insert(distribution_list).values(
        org_id=org_id, name=_name(name), created_by=actor, created_at=at
    )
    try:
        with connection.begin_nested():
            number = connection.execute(statement.returning(distribution_list.c.id)).scalar_one()
    except IntegrityError as error:
        raise DistributionRefused(f"已有名为“{name.strip()}”的分发名单") from error
    _note(connection, "make", number, at, actor, {"name": name.strip(), "org": org})
    return int(number)


def rename(connection: Connection, number: int, name: str, at: datetime, actor: str) -> None:
    """Call a list otherwise; what was sent to it stays noted under the name it had."""
    before = named(connection, number)
    try:
        with connection.begin_nested():
            connection.execute(
                update(distribution_list)
                .where(distribution_list.c.id == number)
                .values(name=_name(name))
            )
    except IntegrityError as error:
        raise DistributionRefused(f"已有名为“{name.strip()}”的分发名单") from error
    _note(connection, "rename", number, at, actor, {"from": before.name, "to": name.strip()})


def end(connection: Connection, number: int, at: datetime, actor: str) -> None:
    """Nothing more is sent to a list; it stays noted where something was."""
    done = connection.execute(
        update(distribution_list)
        .where(distribution_list.c.id == number, distribution_list.c.ended_at.is_(None))
        .values(ended_at=at, ended_by=actor)
    )
    if not done.rowcount:
        raise _no_list(number)
    _note(connection, "end", number, at, actor, {})


def add(
    connection: Connection,
    number: int,
    people: Sequence[tuple[str, str]],
    at: datetime,
    actor: str,
) -> int:
    """Put (whom, address) on a list; those on it stay as they are; how many are new.

    DistributionRefused where nobody is named behind an address, or it is none.
    """
    named(connection, number)
    added = 0
    for whom, given in people:
        address = normal(MAIL, given)
        if not _ADDRESS.fullmatch(address) or not address.isascii():
            raise DistributionRefused(f"“{given}”不是可用的邮件地址，一次填写一个")
        if not whom.strip():
            raise DistributionRefused(f"请写明 {address} 是哪个部门或哪位同志")
        found = connection.execute(
            upsert(distribution_member)
            .values(
                list_id=number, address=address, whom=whom.strip()[:_LONGEST], added_by=actor,
                added_at=at,
            )
            .on_conflict_do_nothing()
            .returning(distribution_member.c.id)
        ).first()  # fmt: skip
        added += found is not None
    if added:
        _note(connection, "add", number, at, actor, {"added": added})
    return added


def remove(connection: Connection, number: int, member: int, at: datetime, actor: str) -> None:
    """Take an address off a list."""
    done = connection.execute(
        update(distribution_member)
        .where(
            distribution_member.c.id == member,
            distribution_member.c.list_id == number,
            distribution_member.c.removed_at.is_(None),
        )
        .values(removed_at=at, removed_by=actor)
    )
    if not done.rowcount:
        raise DistributionRefused("名单里没有这个地址，可能刚刚被移出")
    _note(connection, "remove", number, at, actor, {"member": member})


def lists(connection: Connection, number: int | None = None) -> list[DistributionList]:
    """Lists that stand, by name; that of a number alone where one is given."""
    chosen = distribution_list.c
    asked = (
        select(distribution_list, organisation.c.code)
        .join(organisation, organisation.c.id == chosen.org_id)
        .where(chosen.ended_at.is_(None))
        .order_by(chosen.name)
    )
    found = connection.execute(asked if number is None else asked.where(chosen.id == number)).all()
    people: dict[int, list[Member]] = {}
    for r in connection.execute(
        select(distribution_member)
        .where(
            distribution_member.c.list_id.in_([r.id for r in found]),
            distribution_member.c.removed_at.is_(None),
        )
        .order_by(distribution_member.c.id)
    ):
        people.setdefault(r.list_id, []).append(
            Member(r.id, r.address, r.whom, r.added_by, r.added_at)
        )
    return [
        DistributionList(
            r.id, r.name, r.code, r.created_by, r.created_at, tuple(people.get(r.id, ()))
        )
        for r in found
    ]


def named(connection: Connection, which: int | str) -> DistributionList:
    """A list that stands, by number or name; DistributionRefused where there is none."""
    number = which if isinstance(which, int) else None
    for one in lists(connection, number):
        if number is not None or one.name == which:
            return one
    raise _no_list(which)


def _no_list(which: int | str) -> DistributionRefused:
    return DistributionRefused(f"没有分发名单“{which}”，或已停用")


def _name(name: str) -> str:
    if not 0 < len(name.strip()) <= _LONGEST:
        raise DistributionRefused(f"名单须有名称，不超过{_LONGEST}个字")
    return name.strip()


def _note(
    connection: Connection,
    action: str,
    number: int,
    at: datetime,
    actor: str,
    detail: dict[str, object],
) -> None:
    """Into the log: which list, never whose address."""
    audit.note(
        connection, at=at, actor=actor, action=f"distribution.{action}",
        subject=f"list:{number}", detail=detail,
    )  # fmt: skip
