"""What people add to an assessment: ballots, marks, drawings, reports; appeals as they stand.

Append-only. Of tallies, marks and rulings the newest of its key counts, as known at a moment; the
others stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text, true

from warehouse.codes import id_of, ids
from warehouse.engine import sql
from warehouse.life_cycle import Actor
from warehouse.tables import (
    assessment_ruling,
    assessor_mark,
    inspection_draw,
    inspection_report,
    inspection_sample,
    organisation,
    rating_campaign,
    rating_electorate,
    rating_tally,
)

Row = dict[str, Any]


def org_id(connection: Connection, code: str) -> int:
    """The id of an organisation; LookupError in Chinese when nobody has that code."""
    found = id_of(connection, code)
    if found is None:
        raise LookupError(f"工会组织编码 {code} 未登记")
    return found


def newest(
    connection: Connection,
    table: Table,
    round_id: int,
    key: Sequence[str],
    when: str,
    known_at: datetime,
) -> list[Row]:
    """Rows of a round with the unit's code, of each key the one entered last by a moment."""
    columns = [table.c[name] for name in key]
    rows = connection.execute(
        select(table, organisation.c.code.label("unit"))
        .join(organisation, organisation.c.id == table.c.org_id)
        .where(table.c.round_id == round_id, table.c[when] <= known_at)
        .distinct(*columns)
        .order_by(*columns, table.c.id.desc())
    ).mappings()
    return [dict(row) for row in rows]


# --- ratings ---


def open_campaign(
    connection: Connection,
    round_id: int,
    opens_on: date,
    closes_on: date,
    electorates: Mapping[tuple[str, str], int],
    actor: Actor,
    at: datetime,
) -> int:
    """Open the ratings of a round with how many may rate each unit: (unit, rater) → persons."""
    new = connection.execute(
        insert(rating_campaign)
        .values(
            round_id=round_id, opens_on=opens_on, closes_on=closes_on, opened_by=actor.name,
            account_id=actor.account, opened_at=at,
        )
        .returning(rating_campaign.c.id)
    ).scalar_one()  # fmt: skip
    known = ids(connection)
    if electorates:
        connection.execute(
            insert(rating_electorate),
            [
                {"campaign_id": new, "org_id": known[unit], "rater": rater, "eligible": eligible}
                for (unit, rater), eligible in sorted(electorates.items())
            ],
        )
    return int(new)


def electorates(
    connection: Connection, round_id: int, known_at: datetime | None = None
) -> dict[tuple[str, str], int]:
    """(unit, rater) → how many may rate in the campaign of a round, if it was open by a moment."""
    opened = true() if known_at is None else rating_campaign.c.opened_at <= known_at
    rows = connection.execute(
        select(organisation.c.code, rating_electorate.c.rater, rating_electorate.c.eligible)
        .join(rating_campaign, rating_campaign.c.id == rating_electorate.c.campaign_id)
        .join(organisation, organisation.c.id == rating_electorate.c.org_id)
        .where(rating_campaign.c.round_id == round_id, opened)
    )
    return {(r.code, r.rater): r.eligible for r in rows}


def enter_tally(
    connection: Connection, round_id: int, given: Mapping[str, Any], actor: Actor, at: datetime
) -> None:
    """Keep counts of ballots; `given` names unit, rater, object, mode and the six counts."""
    values = {k: v for k, v in given.items() if k != "unit"}
    connection.execute(
        insert(rating_tally).values(
            **values, round_id=round_id, org_id=org_id(connection, given["unit"]),
            entered_by=actor.name, account_id=actor.account, entered_at=at,
        )
    )  # fmt: skip


def tallies(connection: Connection, round_id: int, known_at: datetime) -> list[Row]:
    """Tallies that count."""
    key = ("org_id", "rater", "object")
    return newest(connection, rating_tally, round_id, key, "entered_at", known_at)


# --- marks of assessors ---


def enter_mark(
    connection: Connection,
    round_id: int,
    unit: str,
    item: str,
    assessor: str,
    raw: Decimal,
    reason: str,
    evidence: str,
    actor: Actor,
    at: datetime,
    file: int | None = None,
) -> None:
    """Keep one assessor group's mark of a unit and item, 0 to 100; `file` is its evidence."""
    connection.execute(
        insert(assessor_mark).values(
            round_id=round_id, org_id=org_id(connection, unit), item=item, assessor=assessor,
            raw=raw, reason=reason, evidence=evidence, evidence_id=file, entered_by=actor.name,
            account_id=actor.account, entered_at=at,
        )
    )  # fmt: skip


def assessor_marks(connection: Connection, round_id: int, known_at: datetime) -> list[Row]:
    """Marks that count."""
    key = ("org_id", "item", "assessor")
    return newest(connection, assessor_mark, round_id, key, "entered_at", known_at)


# --- inspection ---


def keep_sample(
    connection: Connection,
    round_id: int,
    seed: str,
    share_pct: Decimal,
    least: int,
    drawn: Sequence[tuple[str, str, int, str]],
    actor: Actor,
    at: datetime,
) -> None:
    """Keep a drawing: its seed, and (unit, group, position, lot) of everyone drawn."""
    new = connection.execute(
        insert(inspection_sample)
        .values(
            round_id=round_id, seed=seed, share_pct=share_pct, least=least, drawn_by=actor.name,
            account_id=actor.account, drawn_at=at,
        )
        .returning(inspection_sample.c.id)
    ).scalar_one()  # fmt: skip
    known = ids(connection)
    connection.execute(
        insert(inspection_draw),
        [
            {"sample_id": new, "org_id": known[unit], "ranking_group": group, "position": place,
             "lot": lot}
            for unit, group, place, lot in drawn
        ],
    )  # fmt: skip


def sample_of(
    connection: Connection, round_id: int, known_at: datetime | None = None
) -> tuple[Any | None, list[Row]]:
    """The drawing of a round, and everyone drawn with the newest report on them by a moment."""
    drawn = true() if known_at is None else inspection_sample.c.drawn_at <= known_at
    sample = connection.execute(
        select(inspection_sample).where(inspection_sample.c.round_id == round_id, drawn)
    ).first()
    if sample is None:
        return None, []
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (d.ranking_group, d.position) o.code AS unit, d.ranking_group, "
            "d.position, d.lot, r.outcome, r.finding, r.evidence, r.evidence_id, "
            "r.inspected_on, r.entered_by "
            "FROM inspection_draw d JOIN organisation o ON o.id = d.org_id "
            "LEFT JOIN inspection_report r ON r.sample_id = d.sample_id AND r.org_id = d.org_id "
            "AND (CAST(:at AS timestamptz) IS NULL OR r.entered_at <= :at) "
            "WHERE d.sample_id = :s ORDER BY d.ranking_group, d.position, r.id DESC"
        ),
        {"s": sample.id, "at": known_at},
    ).mappings()
    return sample, [dict(row) for row in rows]


def enter_report(
    connection: Connection,
    sample_id: int,
    unit: str,
    outcome: str,
    finding: str,
    evidence: str,
    inspected_on: date,
    actor: Actor,
    at: datetime,
    file: int | None = None,
) -> None:
    """Keep what was found at one unit."""
    connection.execute(
        insert(inspection_report).values(
            sample_id=sample_id, org_id=org_id(connection, unit), outcome=outcome,
            finding=finding, evidence=evidence, evidence_id=file, inspected_on=inspected_on,
            entered_by=actor.name, account_id=actor.account, entered_at=at,
        )
    )  # fmt: skip


# --- appeals and rulings, as they stand ---


def appeals(connection: Connection, round_id: int, known_at: datetime) -> list[Any]:
    """Appeals of a round with their decisions, as known at a moment."""
    return list(
        connection.execute(
            text(sql("assessment_appeals")), {"round": round_id, "known_at": known_at}
        )
    )


def rulings(connection: Connection, round_id: int, known_at: datetime) -> list[Row]:
    """Rulings that hold at a moment."""
    key = ("org_id", "kind", "key")
    return newest(connection, assessment_ruling, round_id, key, "ruled_at", known_at)
