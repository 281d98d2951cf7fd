"""Rounds of an assessment year: their stages, and the editions of their result. Append-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Subquery,
    column,
    func,
    insert,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from warehouse import audit
from warehouse.engine import sql
from warehouse.life_cycle import Actor
from warehouse.organisations import ids
from warehouse.tables import (
    assessment,
    assessment_edition,
    assessment_round,
    assessment_stage,
    assessment_unit,
)

_FINAL = table("final_assessment", column("assessment_id"), column("at", DateTime(timezone=True)))
"""The view of migration 0014: which results a meeting made final, and when."""


@dataclass(frozen=True, slots=True)
class Round:
    """A round as it stands; `until` is the last day of its stage where time ends it.

    `edition` is the number of its newest result, None before the first.
    """

    id: int
    scheme: str
    year: int
    stage: str
    since: datetime
    until: date | None
    opened_by: str
    opened_at: datetime
    edition: int | None
    edition_id: int | None
    assessment_id: int | None
    cutoff: datetime | None
    known_at: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """One step as it was taken."""

    step: str
    stage_from: str
    stage_to: str
    actor: str
    account_id: int | None
    reason: str
    document: str
    until: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a result: figures as of `cutoff`, decisions as of `known_at`."""

    id: int
    number: int
    assessment_id: int
    computation_id: int
    definitions: str
    cutoff: datetime
    known_at: datetime
    cause: str
    digest: str


@dataclass(frozen=True, slots=True)
class KeptUnit:
    """One unit of a result as it is kept; `detail` holds every mark with its explanation."""

    unit: str
    group: str
    total: Decimal | None
    grade: str
    rank: int | None
    detail: dict[str, Any]


def rounds(
    connection: Connection,
    year: int | None = None,
    scheme: str | None = None,
    known_at: datetime | None = None,
) -> list[Round]:
    """Every round of a year or of all, by scheme and year; as it stood at a moment if given."""
    wanted = {"year": year, "scheme": scheme, "known_at": known_at}
    rows = connection.execute(text(sql("assessment_rounds")), wanted)
    return [Round(**row) for row in rows.mappings()]


def round_of(
    connection: Connection,
    scheme: str,
    year: int,
    known_at: datetime | None = None,
    *,
    lock: bool = False,
) -> Round | None:
    """One round, now or as it stood; with `lock` no other step can be taken until the end."""
    if lock:
        wanted = (assessment_round.c.scheme == scheme) & (assessment_round.c.year == year)
        connection.execute(select(assessment_round.c.id).where(wanted).with_for_update())
    found = rounds(connection, year, scheme, known_at)
    return found[0] if found else None


def open_round(connection: Connection, scheme: str, year: int, actor: Actor, at: datetime) -> int:
    """Enter a round, or find the one that a repeated call entered; returns its id."""
    connection.execute(
        upsert(assessment_round)
        .values(
            scheme=scheme, year=year, opened_by=actor.name, account_id=actor.account, opened_at=at
        )
        .on_conflict_do_nothing()
    )
    wanted = (assessment_round.c.scheme == scheme) & (assessment_round.c.year == year)
    return int(
        connection.execute(
            select(assessment_round.c.id).where(wanted).with_for_update()
        ).scalar_one()
    )


def record_step(
    connection: Connection, round_id: int, subject: str, taken: Taken, actor: Actor
) -> None:
    """Keep a step and write it to the audit log; `subject` names scheme and year there."""
    connection.execute(
        insert(assessment_stage).values(
            round_id=round_id,
            step=taken.step,
            stage_from=taken.stage_from,
            stage_to=taken.stage_to,
            actor=actor.name,
            account_id=actor.account,
            reason=taken.reason,
            document=taken.document,
            until=taken.until,
            at=taken.at,
        )
    )
    audit.note(
        connection,
        at=taken.at,
        actor=actor.logged,
        action=f"assessment.{taken.step}",
        subject=subject,
        detail={"to": taken.stage_to, "reason": taken.reason, "document": taken.document},
    )


def steps_taken(
    connection: Connection, round_id: int, known_at: datetime | None = None
) -> list[Taken]:
    """Every step of a round, or every one by a moment, oldest first."""
    rows = connection.execute(
        select(assessment_stage)
        .where(assessment_stage.c.round_id == round_id)
        .order_by(assessment_stage.c.id)
    ).mappings()
    names = Taken.__dataclass_fields__
    taken = [Taken(**{name: row[name] for name in names}) for row in rows]
    return [t for t in taken if known_at is None or t.at <= known_at]


def keep_edition(
    connection: Connection,
    found: Round,
    *,
    computation: int,
    definitions: str,
    cutoff: datetime,
    known_at: datetime,
    cause: str,
    digest: str,
    units: Sequence[KeptUnit],
    actor: Actor,
) -> Edition:
    """Keep a result as the next edition of a round; the earlier ones stay as they are.

    The same result known at the same moment is the edition that is kept already.
    """
    for edition in editions(connection, found.id):
        if (edition.known_at, edition.digest) == (known_at, digest):
            return edition
    number = connection.execute(
        select(func.coalesce(func.max(assessment_edition.c.number), 0) + 1).where(
            assessment_edition.c.round_id == found.id
        )
    ).scalar_one()
    kept = _keep_result(connection, found, computation, definitions, known_at, units)
    connection.execute(
        insert(assessment_edition).values(
            round_id=found.id,
            number=number,
            assessment_id=kept,
            cutoff=cutoff,
            known_at=known_at,
            cause=cause,
            digest=digest,
            made_by=actor.name,
            account_id=actor.account,
            made_at=known_at,
        )
    )
    audit.note(
        connection,
        at=known_at,
        actor=actor.logged,
        action="assessment.edition",
        subject=f"{found.scheme} {found.year}",
        detail={"number": number, "digest": digest, "cause": cause},
    )
    return editions(connection, found.id)[-1]


def _keep_result(
    connection: Connection,
    found: Round,
    computation: int,
    definitions: str,
    known_at: datetime,
    units: Sequence[KeptUnit],
) -> int:
    """The result among all assessments; its cut-off there is the moment of what was known.

    A run over all schemes at that very moment may have kept the same result before; LookupError in
    Chinese where it kept another, for a moment has one result.
    """
    key = {
        "scheme": found.scheme, "year": found.year, "cutoff": known_at, "definitions": definitions,
    }  # fmt: skip
    new = connection.execute(
        upsert(assessment)
        .values(**key, computation_id=computation)
        .on_conflict_do_nothing()
        .returning(assessment.c.id)
    ).scalar()
    if new is None:
        same = (assessment.c[name] == value for name, value in key.items())
        kept = connection.execute(select(assessment.c.id).where(*same)).scalar_one()
        before = {(r.unit, r.total, r.grade, r.rank) for r in unit_rows(connection, kept)}
        if before != {(u.unit, u.total, u.grade, u.rank) for u in units}:
            raise LookupError(
                f"{found.year}年度 {found.scheme} 在同一时刻已留存过不同的结果，请稍后再办理。"
            )
        return int(kept)
    codes = ids(connection)
    if units:
        connection.execute(
            insert(assessment_unit),
            [
                {
                    "assessment_id": new,
                    "org_id": codes[u.unit],
                    "ranking_group": u.group,
                    "total": u.total,
                    "grade": u.grade,
                    "rank": u.rank,
                    "detail": u.detail,
                }
                for u in units
            ],
        )
    return int(new)


def editions(connection: Connection, round_id: int) -> list[Edition]:
    """Every edition of a round, oldest first."""
    rows = connection.execute(
        select(assessment_edition, assessment.c.computation_id, assessment.c.definitions)
        .join(assessment, assessment.c.id == assessment_edition.c.assessment_id)
        .where(assessment_edition.c.round_id == round_id)
        .order_by(assessment_edition.c.number)
    ).mappings()
    names = Edition.__dataclass_fields__
    return [Edition(**{name: row[name] for name in names}) for row in rows]


def unit_rows(connection: Connection, assessment_id: int) -> list[Any]:
    """Units of one kept result with their codes, by group and rank."""
    return list(
        connection.execute(
            text(
                "SELECT o.code AS unit, u.* FROM assessment_unit u "
                "JOIN organisation o ON o.id = u.org_id WHERE u.assessment_id = :a "
                "ORDER BY u.ranking_group, u.rank NULLS LAST, o.code"
            ),
            {"a": assessment_id},
        )
    )


def ranks_of_last_year(
    connection: Connection, family: str, year: int, known_at: datetime
) -> dict[str, int | None]:
    """Unit → its rank in the result of the year before that stood at a moment."""
    return {r.unit: r.rank for r in standing_marks(connection, family, year - 1, known_at)}


def results_standing(year: int, cutoff: datetime, scheme: str = "") -> Subquery:
    """Scheme and assessment of what stands of each scheme of a year (of one) at a cut-off.

    The newest edition that was final by then goes before every run, as in `standing_marks`.
    """
    made = _FINAL.c
    final = (
        select(made.assessment_id, func.max(made.at).label("at"))
        .where(made.at <= cutoff)
        .group_by(made.assessment_id)
        .subquery()
    )
    one = assessment.c
    found = (
        select(one.scheme, one.id)
        .outerjoin_from(assessment, final, final.c.assessment_id == one.id)
        .where(one.year == year, one.cutoff <= cutoff)
        .distinct(one.scheme)
        .order_by(one.scheme, final.c.at.desc().nulls_last(), one.cutoff.desc(), one.id.desc())
    )
    return (found.where(one.scheme == scheme) if scheme else found).subquery()


def standing_result(
    connection: Connection, family: str, year: int, known_at: datetime
) -> list[Any]:
    """Units of what stands of a family of schemes and year: the final edition, else the newest."""
    stands = {r.unit: r.assessment_id for r in standing_marks(connection, family, year, known_at)}
    return [
        row
        for assessment_id in sorted(set(stands.values()))
        for row in unit_rows(connection, assessment_id)
        if stands.get(row.unit) == assessment_id
    ]


def standing_marks(
    connection: Connection,
    family: str,
    year: int,
    known_at: datetime,
    *,
    with_blocks: bool = False,
) -> list[Any]:
    """Total, grade and rank of each unit under a family of schemes, as they stood at a moment.

    The newest edition made final goes before every run; `with_blocks` adds the marks by block.
    """
    wanted = {"schemes": f"{family}-____", "years": [year], "cutoff": known_at}
    return list(
        connection.execute(text(sql("standing_marks")), {**wanted, "with_blocks": with_blocks})
    )
