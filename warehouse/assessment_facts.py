"""What people add to an assessment: ballots, marks, samples, appeals, rulings. Append-only.

Of tallies, marks and rulings the newest of its key counts, as known at a moment; the others stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from warehouse import audit
from warehouse.codes import id_of, ids
from warehouse.engine import sql
from warehouse.tables import (
    appeal,
    appeal_decision,
    assessment_ruling,
    assessor_mark,
    inspection_draw,
    inspection_report,
    inspection_sample,
    organisation,
    rating_campaign,
    rating_electorate,
    rating_tally,
    veto,
)

Row = dict[str, Any]


def org_id(connection: Connection, code: str) -> int:
    """The id of an organisation; LookupError in Chinese when nobody has that code."""
    found = id_of(connection, code)
    if found is None:
        raise LookupError(f"工会组织编码 {code} 未登记")
    return found


def _newest(
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
    actor: str,
    at: datetime,
) -> int:
    """Open the ratings of a round with how many may rate each unit: (unit, rater) → persons."""
    new = connection.execute(
        insert(rating_campaign)
        .values(
            round_id=round_id, opens_on=opens_on, closes_on=closes_on, opened_by=actor,
            opened_at=at,
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


def campaign_of(connection: Connection, round_id: int) -> Any | None:
    """The campaign of a round, or None."""
    return connection.execute(
        select(rating_campaign).where(rating_campaign.c.round_id == round_id)
    ).first()


def electorates(connection: Connection, round_id: int) -> dict[tuple[str, str], int]:
    """(unit, rater) → how many may rate in the campaign of a round."""
    rows = connection.execute(
        select(organisation.c.code, rating_electorate.c.rater, rating_electorate.c.eligible)
        .join(rating_campaign, rating_campaign.c.id == rating_electorate.c.campaign_id)
        .join(organisation, organisation.c.id == rating_electorate.c.org_id)
        .where(rating_campaign.c.round_id == round_id)
    )
    return {(r.code, r.rater): r.eligible for r in rows}


def enter_tally(
    connection: Connection, round_id: int, given: Mapping[str, Any], actor: str, at: datetime
) -> None:
    """Keep counts of ballots; `given` names unit, rater, object, mode and the six counts."""
    values = {k: v for k, v in given.items() if k != "unit"}
    connection.execute(
        insert(rating_tally).values(
            **values, round_id=round_id, org_id=org_id(connection, given["unit"]),
            entered_by=actor, entered_at=at,
        )
    )  # fmt: skip


def tallies(connection: Connection, round_id: int, known_at: datetime) -> list[Row]:
    """Tallies that count."""
    key = ("org_id", "rater", "object")
    return _newest(connection, rating_tally, round_id, key, "entered_at", known_at)


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
    actor: str,
    at: datetime,
) -> None:
    """Keep one assessor group's mark of a unit and item, 0 to 100."""
    connection.execute(
        insert(assessor_mark).values(
            round_id=round_id, org_id=org_id(connection, unit), item=item, assessor=assessor,
            raw=raw, reason=reason, evidence=evidence, entered_by=actor, entered_at=at,
        )
    )  # fmt: skip


def assessor_marks(connection: Connection, round_id: int, known_at: datetime) -> list[Row]:
    """Marks that count."""
    key = ("org_id", "item", "assessor")
    return _newest(connection, assessor_mark, round_id, key, "entered_at", known_at)


# --- inspection ---


def keep_sample(
    connection: Connection,
    round_id: int,
    seed: str,
    share_pct: Decimal,
    least: int,
    drawn: Sequence[tuple[str, str, int, str]],
    actor: str,
    at: datetime,
) -> None:
    """Keep a drawing: its seed, and (unit, group, position, lot) of everyone drawn."""
    new = connection.execute(
        insert(inspection_sample)
        .values(
            round_id=round_id, seed=seed, share_pct=share_pct, least=least, drawn_by=actor,
            drawn_at=at,
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


def sample_of(connection: Connection, round_id: int) -> tuple[Any | None, list[Row]]:
    """The drawing of a round, and everyone drawn with the newest report on them."""
    sample = connection.execute(
        select(inspection_sample).where(inspection_sample.c.round_id == round_id)
    ).first()
    if sample is None:
        return None, []
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (d.ranking_group, d.position) o.code AS unit, d.ranking_group, "
            "d.position, d.lot, r.outcome, r.finding, r.evidence, r.inspected_on "
            "FROM inspection_draw d JOIN organisation o ON o.id = d.org_id "
            "LEFT JOIN inspection_report r ON r.sample_id = d.sample_id AND r.org_id = d.org_id "
            "WHERE d.sample_id = :s ORDER BY d.ranking_group, d.position, r.id DESC"
        ),
        {"s": sample.id},
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
    actor: str,
    at: datetime,
) -> None:
    """Keep what was found at one unit."""
    connection.execute(
        insert(inspection_report).values(
            sample_id=sample_id, org_id=org_id(connection, unit), outcome=outcome,
            finding=finding, evidence=evidence, inspected_on=inspected_on, entered_by=actor,
            entered_at=at,
        )
    )  # fmt: skip


# --- appeals and rulings ---


def file_appeal(
    connection: Connection,
    edition_id: int,
    unit: str,
    about: str,
    claim: str,
    evidence: str,
    answer_due: date,
    actor: str,
    at: datetime,
) -> int:
    """Keep an appeal; returns its number."""
    new = connection.execute(
        insert(appeal)
        .values(
            edition_id=edition_id, org_id=org_id(connection, unit), about=about, claim=claim,
            evidence=evidence, filed_by=actor, filed_at=at, answer_due=answer_due,
        )
        .returning(appeal.c.id)
    ).scalar_one()  # fmt: skip
    audit.note(
        connection, at=at, actor=actor, action="assessment.appeal", subject=unit,
        detail={"appeal": new, "about": about},
    )  # fmt: skip
    return int(new)


def decide_appeal(
    connection: Connection,
    number: int,
    outcome: str,
    reason: str,
    document: str,
    actor: str,
    at: datetime,
) -> None:
    """Keep how an appeal ended."""
    connection.execute(
        insert(appeal_decision).values(
            appeal_id=number, outcome=outcome, reason=reason, document=document,
            decided_by=actor, decided_at=at,
        )
    )  # fmt: skip
    audit.note(
        connection, at=at, actor=actor, action="assessment.appeal.decide", subject=str(number),
        detail={"outcome": outcome, "document": document},
    )  # fmt: skip


def appeals(connection: Connection, round_id: int, known_at: datetime) -> list[Any]:
    """Appeals of a round with their decisions, as known at a moment."""
    return list(
        connection.execute(
            text(sql("assessment_appeals")), {"round": round_id, "known_at": known_at}
        )
    )


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
    actor: str,
    at: datetime,
    appeal_number: int | None = None,
) -> None:
    """Keep a decision about an input of the marks."""
    connection.execute(
        insert(assessment_ruling).values(
            round_id=round_id, org_id=org_id(connection, unit), kind=kind, key=key, value=value,
            source=source, appeal_id=appeal_number, reason=reason, document=document,
            ruled_by=actor, ruled_at=at,
        )
    )  # fmt: skip
    audit.note(
        connection, at=at, actor=actor, action="assessment.ruling", subject=unit,
        detail={"kind": kind, "key": key, "document": document},
    )  # fmt: skip


def rulings(connection: Connection, round_id: int, known_at: datetime) -> list[Row]:
    """Rulings that hold at a moment."""
    key = ("org_id", "kind", "key")
    return _newest(connection, assessment_ruling, round_id, key, "ruled_at", known_at)


def revoke_veto(
    connection: Connection, unit: str, year: int, code: str, actor: str, at: datetime
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
        connection, at=at, actor=actor, action="veto.revoke", subject=unit,
        detail={"year": year, "code": code},
    )  # fmt: skip
