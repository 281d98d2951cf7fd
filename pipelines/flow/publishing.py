"""The year-end review: drafted, signed off by a person, published or withdrawn."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from definitions import Period
from definitions.periods import PeriodKind
from pipelines.consolidate import consolidate, figures_of, top_unit
from pipelines.figures import BLOCK, display
from pipelines.flow.extras import extras_of
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.storing import keep_draft, lay_out
from pipelines.places import places
from pipelines.publish import Publication, review, write_publication
from warehouse import audit
from warehouse.organisations import standing
from warehouse.publications import decide

HEADLINES = ("I-ORG-04", "I-SKILL-02", "I-SKILL-07", "I-WARM-02", "I-RIGHT-09", "I-FIN-02")


def prepare_review(year: int, at: str) -> dict[str, Any]:
    """Draft the review of a year at the cut-off `at`; returns what the signer must know."""
    known, when = definitions(), moment(at)
    register(known, when)
    period = Period(PeriodKind.YEAR, year)
    with engine().begin() as connection:
        computation = consolidate(connection, known, period, when, when)
        top = top_unit(standing(connection, period.end, when))
        figures = figures_of(connection, known, computation, top.code)
        extras = extras_of(connection, known, period, computation, when)
        publication = review(figures, known, extras)
        kept = keep_draft(connection, publication, computation, when)
        expected = sum(c.expected for c in figures.coverage if c.unit == top.code)
        reported = sum(c.reported for c in figures.coverage if c.unit == top.code)
        audit.note(
            connection,
            at=when,
            actor="system",
            action="review.prepare",
            subject=str(year),
            detail={"publication": kept},
        )
    lines = [
        f"### {publication.title}",
        f"数据截止：{when:%Y-%m-%d %H:%M}；应报 {expected:,} 份，实报 {reported:,} 份。",
        "",
    ]
    for code in HEADLINES:
        indicator = known.indicators.get(code)
        figure = figures.get(code, line=BLOCK)
        if indicator and figure and figure.value is not None:
            lines.append(f"- {indicator.name}：{display(figure.value, indicator)}{indicator.unit}")
    return {
        "publication": kept,
        "title": publication.title,
        "summary": "\n".join(lines),
        "files": lay_out(publication, draft=True),
    }


def publish_review(publication: int, signer: str, at: str) -> dict[str, Any]:
    """Publish a draft exactly as it was signed: its kept files, byte for byte."""
    return _decide(publication, "published", signer, at)


def withdraw_review(publication: int, signer: str, at: str) -> dict[str, Any]:
    """Withdraw a draft that the signer refused; it stays readable, unpublished."""
    return _decide(publication, "withdrawn", signer, at)


def _decide(publication_id: int, state: str, signer: str, at: str) -> dict[str, Any]:
    when = moment(at)
    with engine().begin() as connection:
        if decide(connection, publication_id, state, signer, when):
            audit.note(
                connection,
                at=when,
                actor=signer,
                action=f"review.{state}",
                subject=str(publication_id),
            )
        row = connection.execute(
            text(
                "SELECT p.*, o.code AS unit FROM publication p "
                "JOIN organisation o ON o.id = p.org_id WHERE p.id = :id"
            ),
            {"id": publication_id},
        ).one()
        files = connection.execute(
            text("SELECT name, sha256 FROM publication_file WHERE publication_id = :id"),
            {"id": publication_id},
        ).all()
    written: list[str] = []
    if row.state == "published":
        kept = Publication(
            kind=row.kind,
            title=row.title,
            unit=row.unit,
            period=Period.parse(row.period),
            cutoff=row.cutoff,
            digest=row.definitions,
            files=tuple((f.name, places().originals.get(f.sha256)) for f in files),
        )
        folder = places().published / row.period / row.kind
        written = [str(folder / f.name) for f in write_publication(folder, kept)]
    return {"publication": publication_id, "state": row.state, "files": written}
