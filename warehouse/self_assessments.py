"""What units say of themselves in an assessment, and files that show what was entered. Append-only.

Of what a unit says the newest of an item and figure counts, as known at a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, select

from warehouse import audit
from warehouse.assessment_facts import Row, newest, org_id
from warehouse.life_cycle import Actor
from warehouse.tables import assessment_evidence, organisation, self_assessment


@dataclass(frozen=True, slots=True)
class SelfEntry:
    """One line of a self-assessment; `indicator` is empty where assessors mark the whole item."""

    item: str
    indicator: str
    value: Decimal | None
    score: Decimal | None
    remark: str

    @property
    def says_something(self) -> bool:
        """Whether anything of it is filled in."""
        return self.value is not None or self.score is not None or bool(self.remark)


def enter_self(
    connection: Connection,
    round_id: int,
    unit: str,
    given: Sequence[tuple[SelfEntry, int | None]],
    actor: Actor,
    at: datetime,
) -> None:
    """Keep lines of a unit's self-assessment, each with the file that shows it, if any."""
    if not given:
        return
    org = org_id(connection, unit)
    connection.execute(
        insert(self_assessment),
        [
            {
                "round_id": round_id, "org_id": org, "item": one.item, "indicator": one.indicator,
                "value": one.value, "score": one.score, "remark": one.remark,
                "evidence_id": file, "entered_by": actor.name, "account_id": actor.account,
                "entered_at": at,
            }
            for one, file in given
        ],
    )  # fmt: skip
    audit.note(
        connection, at=at, actor=actor.logged, action="assessment.self", subject=unit,
        detail={"lines": len(given)},
    )  # fmt: skip


def self_entries(connection: Connection, round_id: int, known_at: datetime) -> list[Row]:
    """Lines that count, of every unit."""
    key = ("org_id", "item", "indicator")
    return newest(connection, self_assessment, round_id, key, "entered_at", known_at)


# --- files of evidence ---


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that shows what was entered; its content lies with the originals."""

    id: int
    round_id: int
    unit: str
    about: str
    file_name: str
    sha256: str
    size: int
    added_by: str
    added_at: datetime


def add_evidence(
    connection: Connection,
    round_id: int,
    unit: str,
    about: str,
    file_name: str,
    sha256: str,
    size: int,
    actor: Actor,
    at: datetime,
) -> int:
    """Keep that a file belongs to a unit's assessment; its number."""
    new = connection.execute(
        insert(assessment_evidence)
        .values(
            round_id=round_id, org_id=org_id(connection, unit), about=about, file_name=file_name,
            sha256=sha256, size=size, added_by=actor.name, account_id=actor.account, added_at=at,
        )
        .returning(assessment_evidence.c.id)
    ).scalar_one()  # fmt: skip
    return int(new)


def evidence_of(connection: Connection, number: int) -> Evidence | None:
    """One file, as far as the connection's person sees it; None otherwise."""
    names = [n for n in Evidence.__dataclass_fields__ if n != "unit"]
    row = (
        connection.execute(
            select(*(assessment_evidence.c[n] for n in names), organisation.c.code.label("unit"))
            .join(organisation, organisation.c.id == assessment_evidence.c.org_id)
            .where(assessment_evidence.c.id == number)
        )
        .mappings()
        .first()
    )
    return None if row is None else Evidence(**row)
