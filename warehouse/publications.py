"""Publications: drafts, sign-offs, files by hash, and the numbers each one printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, insert, select, update

from warehouse.tables import publication, publication_file, publication_number


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A number in a publication and the figure it came from."""

    anchor: str
    line: int
    unit: str
    period: str
    indicator: str
    basis: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a publication, kept by content hash."""

    name: str
    sha256: str
    size: int


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
    files: Sequence[StoredFile],
    numbers: Sequence[PrintedNumber],
    at: datetime,
) -> int:
    """Keep a draft; a draft of equal files is found again, any other becomes a new edition."""
    same_kind = (
        (publication.c.kind == kind)
        & (publication.c.title == title)
        & (publication.c.org_id == org_id)
        & (publication.c.period == period)
    )
    wanted = {(f.name, f.sha256) for f in files}
    for row in connection.execute(
        select(publication.c.id).where(same_kind, publication.c.cutoff == cutoff)
    ):
        have = connection.execute(
            select(publication_file.c.name, publication_file.c.sha256).where(
                publication_file.c.publication_id == row.id
            )
        )
        if {(f.name, f.sha256) for f in have} == wanted:
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
            created_at=at,
        )
        .returning(publication.c.id)
    ).scalar_one()
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
                    "line": n.line,
                    "unit": n.unit,
                    "period": n.period,
                    "indicator": n.indicator,
                    "basis": n.basis,
                    "value": n.value,
                }
                for n in numbers
            ],
        )
    return int(new_id)


def decide(
    connection: Connection, publication_id: int, state: str, signer: str, at: datetime
) -> bool:
    """Publish or withdraw a draft; False when it had been decided before."""
    done = connection.execute(
        update(publication)
        .where(publication.c.id == publication_id, publication.c.state == "draft")
        .values(state=state, signer=signer, decided_at=at)
    )
    return bool(done.rowcount)


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
