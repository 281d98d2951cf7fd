"""Publications: drafts, sign-offs, editions, files by hash, and the numbers each one printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, true, update
from sqlalchemy.dialects import postgresql

from warehouse.deliveries import stop_mails
from warehouse.engine import sql
from warehouse.tables import (
    publication,
    publication_decision,
    publication_file,
    publication_number,
)

NEXT = {
    "signed": ("draft",),
    "published": ("draft", "signed"),
    "updated": ("published",),
    "withdrawn": ("draft", "signed", "published", "updated"),
}
"""State → the states it may follow."""


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A number in a publication and the figure it came from.

    `source` says what kind of figure (indicator, coverage, finding, assessment, changes, letters),
    `indicator` its code there, `basis` which side of it; `units` are the parts of a sum that was
    made in the document.
    """

    anchor: str
    line: int
    unit: str
    period: str
    indicator: str
    basis: str
    value: Decimal | None
    source: str = "indicator"
    units: tuple[str, ...] = ()
    printed: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a publication, kept by content hash."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Edition:
    """A kept publication: what it is, when it was cut off, by which definitions, what it holds."""

    id: int
    kind: str
    title: str
    unit: str
    unit_name: str
    period: str
    edition: int
    cutoff: datetime
    definitions: str
    computation: int | None
    reference: str
    recipe: Mapping[str, Any]
    state: str
    signer: str | None
    created_at: datetime
    decided_at: datetime | None
    files: tuple[StoredFile, ...] = field(default=())


def save_draft(
    connection: Connection,
    *,
    kind: str,
    title: str,
    org_id: int,
    period: str,
    cutoff: datetime,
    definitions: str,
    computation_id: int | None,
    reference: str,
    recipe: Mapping[str, Any],
    files: Sequence[StoredFile],
    numbers: Sequence[PrintedNumber],
    at: datetime,
    renew: bool = True,
) -> int:
    """Keep a draft; a draft of equal files is found again, any other becomes a new edition.

    What was withdrawn is not found again where it may be renewed: said once more by a person, it is
    a new edition to be decided on.
    """
    same_kind = (
        (publication.c.kind == kind)
        & (publication.c.title == title)
        & (publication.c.org_id == org_id)
        & (publication.c.period == period)
    )
    wanted = {(f.name, f.sha256) for f in files}
    for row in connection.execute(
        select(publication.c.id).where(
            same_kind,
            publication.c.cutoff == cutoff,
            true() if not renew else publication.c.state != "withdrawn",
        )
    ):
        have = connection.execute(
            select(publication_file.c.name, publication_file.c.sha256).where(
                publication_file.c.publication_id == row.id
            )
        )
        kept = {(f.name, f.sha256) for f in have}
        # A PDF that somebody asked for later makes no other edition of it.
        if wanted <= kept and all(name.endswith(".pdf") for name, _ in kept - wanted):
            return int(row.id)
    edition = connection.execute(
        select(func.coalesce(func.max(publication.c.edition), 0) + 1).where(same_kind)
    ).scalar_one()
    new_id = connection.execute(
        insert(publication)
        .values(
            kind=kind,
            title=title,
            org_id=org_id,
            period=period,
            edition=edition,
            cutoff=cutoff,
            definitions=definitions,
            computation_id=computation_id,
            reference=reference,
            recipe=dict(recipe),
            created_at=at,
        )
        .returning(publication.c.id)
    ).scalar_one()
    _note(connection, new_id, "draft", "system", at)
    if files:
        connection.execute(
            insert(publication_file),
            [
                {"publication_id": new_id, "name": f.name, "sha256": f.sha256, "size": f.size}
                for f in files
            ],
        )
    if numbers:
        connection.execute(
            insert(publication_number),
            [
                {
                    "publication_id": new_id,
                    "anchor": n.anchor,
                    "ordinal": ordinal,
                    "source": n.source,
                    "line": n.line,
                    "unit": n.unit,
                    "period": n.period,
                    "indicator": n.indicator,
                    "basis": n.basis,
                    "units": list(n.units),
                    "printed": n.printed,
                    "value": n.value,
                }
                for ordinal, n in enumerate(numbers, 1)
            ],
        )
    return int(new_id)


def add_files(connection: Connection, publication_id: int, files: Sequence[StoredFile]) -> None:
    """Keep further files of an edition, those of an equal name once."""
    for one in files:
        connection.execute(
            postgresql.insert(publication_file)
            .values(publication_id=publication_id, name=one.name, sha256=one.sha256, size=one.size)
            .on_conflict_do_nothing()
        )


def decide(
    connection: Connection,
    publication_id: int,
    state: str,
    signer: str,
    at: datetime,
    reason: str = "",
) -> bool:
    """Sign off, publish or withdraw an edition; False when its state does not allow it (any more).

    The edition that stood published under the same title before becomes `updated`.
    """
    done = connection.execute(
        update(publication)
        .where(publication.c.id == publication_id, publication.c.state.in_(NEXT[state]))
        .values(state=state, signer=signer, decided_at=at)
    )
    if not done.rowcount:
        return False
    _note(connection, publication_id, state, signer, at, reason)
    if state == "published":
        _replace(connection, publication_id, signer, at)
    if state == "withdrawn":
        stop_mails(connection, publication_id)
    return True


def _replace(connection: Connection, publication_id: int, signer: str, at: datetime) -> None:
    one = connection.execute(select(publication).where(publication.c.id == publication_id)).one()
    before = connection.execute(
        update(publication)
        .where(
            publication.c.kind == one.kind,
            publication.c.title == one.title,
            publication.c.org_id == one.org_id,
            publication.c.period == one.period,
            publication.c.id != one.id,
            publication.c.state == "published",
        )
        .values(state="updated")
        .returning(publication.c.id)
    ).scalars()
    for old in before.all():
        _note(connection, old, "updated", signer, at, f"第{one.edition}版发布")
        stop_mails(connection, old)


def _note(
    connection: Connection,
    publication_id: int,
    state: str,
    actor: str,
    at: datetime,
    reason: str = "",
) -> None:
    connection.execute(
        insert(publication_decision).values(
            publication_id=publication_id, state=state, actor=actor, reason=reason, at=at
        )
    )


def companions(connection: Connection, publication_id: int) -> list[int]:
    """The publications drafted together: same kind, period, cut-off and definitions."""
    one = connection.execute(select(publication).where(publication.c.id == publication_id)).one()
    return list(
        connection.execute(
            select(publication.c.id)
            .where(
                publication.c.kind == one.kind,
                publication.c.period == one.period,
                publication.c.cutoff == one.cutoff,
                publication.c.definitions == one.definitions,
            )
            .order_by(publication.c.id)
        ).scalars()
    )


def edition_of(connection: Connection, which: int | str) -> Edition:
    """A kept edition by its id or reference (the newest of that reference); LookupError if none."""
    row = (
        connection.execute(
            text(sql("publication_edition")),
            {
                "id": which if isinstance(which, int) else None,
                "reference": None if isinstance(which, int) else which,
            },
        )
        .mappings()
        .first()
    )
    if row is None:
        raise LookupError(f"没有编号为 {which} 的发布件")
    files = connection.execute(
        select(publication_file.c.name, publication_file.c.sha256, publication_file.c.size)
        .where(publication_file.c.publication_id == row["id"])
        .order_by(publication_file.c.name)
    )
    return Edition(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        unit=row["unit"],
        unit_name=row["unit_name"],
        period=row["period"],
        edition=row["edition"],
        cutoff=row["cutoff"],
        definitions=row["definitions"],
        computation=row["computation_id"],
        reference=row["reference"],
        recipe=row["recipe"],
        state=row["state"],
        signer=row["signer"],
        created_at=row["created_at"],
        decided_at=row["decided_at"],
        files=tuple(StoredFile(f.name, f.sha256, f.size) for f in files),
    )


def held(connection: Connection, which: int | str) -> Edition:
    """An edition that nobody withdraws, replaces or hands on until this transaction ends.

    Who decides on it writes the same row, so its state stays what is read here.
    """
    number = edition_of(connection, which).id
    connection.execute(select(publication.c.id).where(publication.c.id == number).with_for_update())
    return edition_of(connection, number)


def recipes_of(connection: Connection, kind: str, known_at: datetime) -> list[dict[str, Any]]:
    """What every edition of a kind that went out by a moment was made of, oldest first."""
    return list(
        connection.execute(
            select(publication.c.recipe)
            .where(
                publication.c.kind == kind,
                publication.c.state.in_(("published", "updated")),
                publication.c.created_at <= known_at,
            )
            .order_by(publication.c.id)
        ).scalars()
    )


def numbers_of(connection: Connection, publication_id: int) -> dict[int, PrintedNumber]:
    """Every number an edition prints, by its ordinal, in reading order."""
    rows = connection.execute(
        select(publication_number)
        .where(publication_number.c.publication_id == publication_id)
        .order_by(publication_number.c.ordinal)
    )
    return {
        r.ordinal: PrintedNumber(
            anchor=r.anchor,
            line=r.line,
            unit=r.unit,
            period=r.period,
            indicator=r.indicator,
            basis=r.basis,
            value=r.value,
            source=r.source,
            units=tuple(r.units),
            printed=r.printed,
        )
        for r in rows
    }


def set_aside(connection: Connection, period: str, cutoff: datetime, definitions: str) -> None:
    """Let the next `compute` of this transaction compute anew; to be rolled back afterwards.

    A computation is kept once per period, cut-off and definitions; making an edition again must
    not lean on what was kept, so for the length of the attempt the kept one answers to no period.
    """
    connection.execute(
        text(
            "UPDATE computation SET period = period || ' kept' "
            "WHERE period = :p AND cutoff = :c AND definitions = :d"
        ),
        {"p": period, "c": cutoff, "d": definitions},
    )
