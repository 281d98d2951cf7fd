"""Ways of writing and what they mean: dated rules by which originals are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select, text, update

from warehouse import audit
from warehouse.codes import ids
from warehouse.life_cycle import Actor, StepRefused
from warehouse.tables import reading_mend

Kind = Literal["heading", "unit", "sheet"]


@dataclass(frozen=True, slots=True)
class Mend:
    """What a heading, a unit or the name of a sheet means in a form; changes no figure.

    `organisations` are codes of reporters or senders (empty: all); `since` and `until` are periods.
    `id` is 0 for one that is only being tried.
    """

    kind: Kind
    form: str
    written: str
    column: str | None
    organisations: tuple[str, ...]
    since: str
    until: str | None
    reason: str
    made_by: str = ""
    id: int = 0


def standing_mends(connection: Connection) -> list[Mend]:
    """Every mend in force, oldest first."""
    codes = {number: code for code, number in ids(connection).items()}
    rows = connection.execute(
        select(reading_mend).where(reading_mend.c.ended_at.is_(None)).order_by(reading_mend.c.id)
    )
    return [
        Mend(
            kind=r.kind,
            form=r.form,
            written=r.written,
            column=r.column,
            organisations=tuple(sorted(codes[i] for i in r.organisations)),
            since=r.since,
            until=r.until,
            reason=r.reason,
            made_by=r.made_by,
            id=r.id,
        )
        for r in rows
    ]


def any_mend(connection: Connection) -> bool:
    """Whether there is any: most installations read most months without."""
    return bool(
        connection.execute(
            text("SELECT EXISTS (SELECT 1 FROM reading_mend WHERE ended_at IS NULL)")
        ).scalar_one()
    )


def enter_mend(connection: Connection, mend: Mend, actor: Actor, at: datetime) -> int:
    """Keep a mend; its id."""
    known = ids(connection, mend.organisations)
    strangers = sorted(set(mend.organisations) - known.keys())
    if strangers:
        raise StepRefused(f"工会组织编码未登记：{'、'.join(strangers)}")
    number = connection.execute(
        insert(reading_mend)
        .values(
            kind=mend.kind,
            form=mend.form,
            column=mend.column,
            written=mend.written,
            organisations=sorted(known[c] for c in mend.organisations),
            since=mend.since,
            until=mend.until,
            reason=mend.reason.strip(),
            made_by=actor.name,
            account_id=actor.account,
            made_at=at,
        )
        .returning(reading_mend.c.id)
    ).scalar_one()
    audit.note(
        connection, at=at, actor=actor.logged, action="reading.mend", subject=str(number),
        detail={
            "kind": mend.kind, "form": mend.form, "column": mend.column, "written": mend.written,
            "organisations": list(mend.organisations), "since": mend.since, "until": mend.until,
        },
    )  # fmt: skip
    return int(number)


def end_mend(connection: Connection, number: int, actor: Actor, at: datetime) -> None:
    """End a mend for what is read from now on; StepRefused when there is none in force."""
    ended = connection.execute(
        update(reading_mend)
        .where(reading_mend.c.id == number, reading_mend.c.ended_at.is_(None))
        .values(ended_at=at, ended_by=actor.name)
        .returning(reading_mend.c.id)
    ).first()
    if ended is None:
        raise StepRefused(f"没有编号为 {number} 的有效订正规则")
    audit.note(
        connection, at=at, actor=actor.logged, action="reading.mend_ended", subject=str(number)
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """A document that may be read again: the newest word of its reporter on its forms."""

    submission: int
    receipt: int
    member: str
    verdict: str
    reporter: str | None
    sender: str
    period: str | None


def readable_again(
    connection: Connection, organisations: Sequence[str], periods: Sequence[str]
) -> list[Standing]:
    """What stands or waits in some periods, of some reporters or senders (empty: all)."""
    rows = connection.execute(
        text(
            """
            SELECT s.id AS submission, s.receipt_id AS receipt, s.member, s.state AS verdict,
                o.code AS reporter, r.sender, s.period
            FROM submission s JOIN receipt r ON r.id = s.receipt_id
            LEFT JOIN organisation o ON o.id = s.reporter_id
            WHERE s.life NOT IN ('resent', 'superseded', 'discarded')
                AND (s.period IS NULL OR s.period = ANY(:periods))
                AND (cardinality(CAST(:orgs AS text[])) = 0
                    OR o.code = ANY(CAST(:orgs AS text[])) OR r.sender = ANY(:orgs))
            ORDER BY s.received_at, s.id
            """
        ),
        {"orgs": list(organisations), "periods": list(periods)},
    )
    return [Standing(**row) for row in rows.mappings()]
