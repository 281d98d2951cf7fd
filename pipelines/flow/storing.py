"""Keeping what is published: files by content, numbers with their source, a folder to look into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from pipelines.places import places
from pipelines.publish import Publication, write_publication
from warehouse.publications import PrintedNumber, StoredFile, decide, edition_of, save_draft
from warehouse.tables import LINES


def printed(publication: Publication) -> list[PrintedNumber]:
    """Its numbers as the warehouse keeps them, in reading order."""
    return [
        PrintedNumber(
            anchor=n.anchor,
            line=LINES[n.line],
            unit=n.unit,
            period=n.period,
            indicator=n.indicator,
            basis=n.basis,
            value=n.value,
            source=n.source,
            units=n.units,
            printed=n.text,
        )
        for n in publication.numbers
    ]


def keep_draft(
    connection: Connection,
    publication: Publication,
    computation: int | None,
    at: datetime,
    *,
    renew: bool = True,
) -> int:
    """Keep a publication as a draft; the same content again is the same draft. Returns its id."""
    originals = places().originals
    files = [
        StoredFile(name, originals.put(content), len(content))
        for name, content in publication.files
    ]
    org_id = connection.execute(
        text("SELECT id FROM organisation WHERE code = :code"), {"code": publication.unit}
    ).scalar_one()
    return save_draft(
        connection,
        kind=publication.kind,
        title=publication.title,
        org_id=org_id,
        period=publication.period.label,
        cutoff=publication.cutoff,
        definitions=publication.digest,
        computation_id=computation,
        reference=publication.reference,
        recipe=publication.recipe,
        files=files,
        numbers=printed(publication),
        at=at,
        renew=renew,
    )


def publish(
    connection: Connection,
    publication: Publication,
    computation: int | None,
    at: datetime,
    by: str = "system",
) -> tuple[int, bool]:
    """Keep and publish at once; the edition's id, and whether it stands.

    What a person has withdrawn is not published again by the system, only by a person.
    """
    number = keep_draft(connection, publication, computation, at, renew=by != "system")
    decide(connection, number, "published", by, at)
    return number, edition_of(connection, number).state != "withdrawn"


@dataclass(frozen=True, slots=True)
class Kept:
    """A publication whose files are in the store and not in memory."""

    told: Publication
    hashes: tuple[tuple[str, str], ...]

    def publication(self) -> Publication:
        """With its files again."""
        originals = places().originals
        return replace(self.told, files=tuple((n, originals.get(h)) for n, h in self.hashes))


def set_aside(publication: Publication) -> Kept:
    """Let go of the files of a publication that has been kept."""
    hashes = tuple((n, hashlib.sha256(content).hexdigest()) for n, content in publication.files)
    return Kept(replace(publication, files=()), hashes)


def lay_out(publication: Publication, *, draft: bool = False) -> list[str]:
    """Write the files where people look for them; returns their paths."""
    folder = folder_of(publication, draft=draft)
    return [str(folder / f.name) for f in write_publication(folder, publication)]


def folder_of(publication: Publication, *, draft: bool = False) -> Path:
    """published/<period>/<kind>/<name>, or drafts/... before anyone has signed.

    A folder of its own for each, because a manifest names everything beside it.
    """
    root = places().root / "drafts" if draft else places().published
    name = Path(publication.files[0][0]).stem
    return root / publication.period.label / publication.kind / name
