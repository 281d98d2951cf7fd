"""Taking back an edition that went out: it stays readable as withdrawn, outside the folder."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from pipelines.flow.ground import engine, moment
from pipelines.flow.handling import as_actor
from pipelines.places import places
from pipelines.publish.publication import MANIFEST, read_manifest
from warehouse import audit
from warehouse.life_cycle import Actor
from warehouse.publications import Edition, decide, edition_of
from warehouse.tables import delivery, publication, publication_decision


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An edition taken back; `delivered` is to how many places it had been handed before."""

    reference: str
    title: str
    edition: int
    removed: tuple[str, ...]
    delivered: int


def withdraw_edition(which: int | str, *, by: Actor | str, reason: str, at: str) -> Withdrawn:
    """Take back a published edition for a reason; the editions before it stay replaced.

    Its files stay in the store and can be read as withdrawn; only the folder of what is published
    loses them. Repeated after a crash, it takes away what was left there. LookupError in Chinese
    without a reason, and for an edition that is not what stands published.
    """
    who, when = as_actor(by), moment(at)
    if not reason.strip():
        raise LookupError("撤回已发布的文件须写明理由。")
    with engine().begin() as connection:
        edition = edition_of(connection, which)
        if edition.state != "published" and not _went_out(connection, edition):
            raise LookupError(
                f"“{edition.title}”第{edition.edition}版不是现行发布的版次，不能撤回。"
            )
        if edition.state == "published":
            if not decide(connection, edition.id, "withdrawn", who.name, when, reason.strip()):
                raise LookupError(f"“{edition.title}”第{edition.edition}版刚刚被办理，请刷新。")
            audit.note(
                connection, at=when, actor=who.logged, action="publication.withdraw",
                subject=str(edition.id),
                detail={"reference": edition.reference, "reason": reason.strip()},
            )  # fmt: skip
        handed = connection.execute(
            select(func.count()).where(delivery.c.publication_id == edition.id)
        ).scalar_one()
    return Withdrawn(edition.reference, edition.title, edition.edition, _removed(edition), handed)


def _went_out(connection: Connection, edition: Edition) -> bool:
    """Whether an edition was published and withdrawn, and nothing stands in its place since."""
    if edition.state != "withdrawn":
        return False
    out = select(publication_decision.c.publication_id).where(
        publication_decision.c.publication_id == edition.id,
        publication_decision.c.state == "published",
    )
    other = (
        select(publication.c.id)
        .where(
            publication.c.kind == edition.kind,
            publication.c.title == edition.title,
            publication.c.period == edition.period,
            publication.c.state == "published",
        )
    )  # fmt: skip
    first, second = (connection.execute(q).first() for q in (out, other))
    return first is not None and second is None


def _removed(edition: Edition) -> tuple[str, ...]:
    """Take an edition's files out of the folder of what is published; another's are left alone."""
    own = {(f.name, f.sha256) for f in edition.files}
    removed = []
    for folder in sorted((places().published / edition.period / edition.kind).glob("*/")):
        laid = read_manifest(folder)
        if not laid or not {(f.name, f.sha256) for f in laid} <= own:
            continue
        # The manifest goes first: without it nobody trusts what a crash would leave.
        (folder / MANIFEST).unlink()
        for file in laid:
            (folder / file.name).unlink(missing_ok=True)
            removed.append(str(folder / file.name))
        if not any(folder.iterdir()):
            folder.rmdir()
    return tuple(removed)
