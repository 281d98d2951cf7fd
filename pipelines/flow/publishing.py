"""The year-end review: drafted, signed off by a person, published or withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.consolidate import consolidate, figures_of_each, top_unit, withheld_by
from pipelines.figures import BLOCK, Figures, display
from pipelines.flow.drawing import side_by_side
from pipelines.flow.extras import extras_of, told_for
from pipelines.flow.ground import CHINA, definitions, engine, moment, register
from pipelines.flow.industry_line import INDUSTRIES
from pipelines.flow.kinds import kinds_reported, with_kinds
from pipelines.flow.storing import keep_draft, lay_out
from pipelines.places import places
from pipelines.publish import Extras, Publication, review
from pipelines.publish.pdf import with_pdf
from warehouse import audit
from warehouse.facts import GRASSROOTS
from warehouse.organisations import Registered, standing
from warehouse.publications import companions, decide, edition_of

REVIEWED = ("省级", "市级", "区县级")
HEADLINES = ("I-ORG-04", "I-SKILL-02", "I-SKILL-07", "I-WARM-02", "I-RIGHT-09", "I-FIN-02")


def prepare_review(year: int, at: str) -> dict[str, Any]:
    """Draft the reviews of a year at the cut-off `at`; returns what the signer must know.

    The federation's own review stands for all: every provincial, city and county organisation and
    every industry union with unions of its line gets one beside it, and one signature decides over
    the set.
    """
    known, when = definitions(), moment(at)
    register(known, when)
    period = Period(PeriodKind.YEAR, year)
    with engine().begin() as connection:  # others need not wait for the drawing to see these
        computation = consolidate(connection, known, period, when, when)
        organisations = standing(connection, period.end, when)
        withheld_by(connection, known, computation, period, organisations)
    top = top_unit(organisations)
    reviewed = _reviewed(organisations, top)
    publications: list[Publication] = []
    summary = ""
    with engine().begin() as connection:
        wanted = _wanted(connection, known, period, computation, when, reviewed)
        for publication, told in side_by_side(_drawn, wanted):
            publications.append(publication)
            summary = summary or told
    # The federation's own is printed and handed round: its PDF belongs to the edition. For the
    # others one is made when asked for (`pdf_editions`), which spares a third of a second each.
    publications[0] = with_pdf(publications[0])
    with engine().begin() as connection:
        drafts = [(keep_draft(connection, p, computation, when), p) for p in publications]
        audit.note(
            connection,
            at=when,
            actor="system",
            action="review.prepare",
            subject=str(year),
            detail={"publications": len(drafts)},
        )
    files = [path for _, publication in drafts for path in lay_out(publication, draft=True)]
    kept, first = drafts[0]
    summary += _companions(reviewed[1:])
    return {"publication": kept, "title": first.title, "summary": summary, "files": files}


def _companions(reviewed: Sequence[Registered]) -> str:
    """Whose reviews the signature decides over beside the federation's, counted by kind."""
    lines = sum(o.type in INDUSTRIES for o in reviewed)
    kinds = ((len(reviewed) - lines, "个下级总工会"), (lines, "个产业（系统）工会"))
    told = "和".join(f" {count} {kind}" for count, kind in kinds if count)
    return f"\n\n另有{told}的年终总结一并送签。" if told else ""


def _wanted(
    connection: Connection,
    known: Definitions,
    period: Period,
    computation: int,
    cutoff: datetime,
    reviewed: Sequence[Registered],
) -> Iterator[tuple[Figures, Extras]]:
    """What each review is drawn from, one by one: of a county it is all its unions' figures."""
    extras = extras_of(connection, known, period, computation, cutoff)
    kinds = kinds_reported(connection, known, period, cutoff)
    units = [u.code for u in reviewed]
    for figures in figures_of_each(connection, known, computation, units):
        is_top = figures.unit.code == units[0]
        yield told_for(
            connection, known, extras, with_kinds(known, figures, kinds, top=is_top), top=is_top
        )
        del figures


def _drawn(wanted: tuple[Figures, Extras]) -> tuple[Publication, str]:
    """A review, and what its signer reads before deciding."""
    figures, extras = wanted
    publication = review(figures, definitions(), extras)
    return publication, _summary(publication, figures, definitions())


def _reviewed(organisations: Sequence[Registered], top: Registered) -> list[Registered]:
    """The federation first, then everyone below it that has units of its own.

    A federation or county has them on 块, an industry union on 条.
    """
    parents = {o.block for o in organisations}
    leading = {o.industry_parent for o in organisations}
    below = [
        o
        for o in organisations
        if o.id != top.id
        and ((o.id in parents and o.level in REVIEWED)
             or (o.id in leading and o.level not in GRASSROOTS))
    ]  # fmt: skip
    return [top, *below]


def _summary(publication: Publication, figures: Figures, known: Definitions) -> str:
    """What a signer reads before deciding: cut-off, coverage, headline figures."""
    own = [c for c in figures.coverage if c.unit == figures.unit.code]
    expected, reported = sum(c.expected for c in own), sum(c.reported for c in own)
    cutoff = figures.cutoff.astimezone(CHINA)
    lines = [
        f"### {publication.title}",
        f"数据截止：{cutoff:%Y-%m-%d %H:%M}；应报 {expected:,} 份，实报 {reported:,} 份。",
        "",
    ]
    for code in HEADLINES:
        indicator, figure = known.indicators.get(code), figures.get(code, line=BLOCK)
        if indicator and figure and figure.value is not None:
            lines.append(f"- {indicator.name}：{display(figure.value, indicator)}{indicator.unit}")
    return "\n".join(lines)


def publish_review(publication: int, signer: str, at: str) -> dict[str, Any]:
    """Publish a draft exactly as it was signed: its kept files, byte for byte."""
    return _decide(publication, "published", signer, at)


def withdraw_review(publication: int, signer: str, at: str) -> dict[str, Any]:
    """Withdraw a draft that the signer refused; it stays readable, unpublished."""
    return _decide(publication, "withdrawn", signer, at)


def _decide(publication_id: int, state: str, signer: str, at: str) -> dict[str, Any]:
    when = moment(at)
    written: list[str] = []
    with engine().begin() as connection:
        together = companions(connection, publication_id)
        for one in together:
            if edition_of(connection, one).state not in ("draft", "signed"):
                continue  # what was published or taken back before is not decided on again
            if state == "published":
                decide(connection, one, "signed", signer, when)
            decided = decide(connection, one, state, signer, when)
            if decided and one == publication_id:
                audit.note(
                    connection,
                    at=when,
                    actor=signer,
                    action=f"review.{state}",
                    subject=str(publication_id),
                    detail={"publications": len(together)},
                )
        kept = [_kept(connection, one) for one in together]
    states = {state for state, _ in kept}
    for now, publication in kept:
        if now == "published":
            written += lay_out(publication)
    return {"publication": publication_id, "state": "、".join(sorted(states)), "files": written}


def _kept(connection: Connection, publication_id: int) -> tuple[str, Publication]:
    """The state of a kept publication, and itself, byte for byte as it was drafted."""
    row = connection.execute(
        text(
            "SELECT p.*, o.code AS unit FROM publication p "
            "JOIN organisation o ON o.id = p.org_id WHERE p.id = :id"
        ),
        {"id": publication_id},
    ).one()
    files = connection.execute(
        text("SELECT name, sha256 FROM publication_file WHERE publication_id = :id ORDER BY name"),
        {"id": publication_id},
    ).all()
    originals = places().originals
    return row.state, Publication(
        kind=row.kind,
        title=row.title,
        unit=row.unit,
        period=Period.parse(row.period),
        cutoff=row.cutoff,
        digest=row.definitions,
        files=tuple((f.name, originals.get(f.sha256)) for f in files),
    )
