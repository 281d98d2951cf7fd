"""What the papers of an assessment rest on: an edition scored again, and how a paper is kept.

An edition is scored again at its own moments and refused where that is not the result that was
kept, so that no paper can say anything else than the warehouse. Everything beside the marks (stage,
steps, appeals, inspections) is told as it was known at the moment of the paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from definitions.schemes import Scheme
from pipelines.assess import AssessmentResult
from pipelines.assessment_year.stages import Refused
from pipelines.consolidate import top_unit
from pipelines.flow import editions as made
from pipelines.flow.ground import engine
from pipelines.flow.recipes import Asked
from pipelines.flow.storing import lay_out, publish
from pipelines.publish import Publication
from pipelines.publish.paper import Paper
from pipelines.publish.paper_numbers import with_numbers
from pipelines.publish.pdf import paper_files
from warehouse import assessment_facts as facts
from warehouse import assessment_year as kept
from warehouse.assessment_year import Edition, Round
from warehouse.organisations import standing


@dataclass(frozen=True, slots=True)
class Shown:
    """An edition scored again, with everything its papers print beside it."""

    found: Round
    edition: Edition
    result: AssessmentResult
    computation: int
    federation: str
    top: str
    refused: tuple[str, ...]
    taken: tuple[kept.Taken, ...]
    appeals: tuple[Any, ...]
    rulings: tuple[dict[str, Any], ...]
    seed: str
    sample: tuple[dict[str, Any], ...]


def scheme_name(scheme: Scheme) -> str:
    """星级职工之家评选办法, without the years that it is in force."""
    return re.sub(r"（[^（）]*年[^（）]*）$", "", scheme.title)


def edition_shown(connection: Connection, asked: Asked) -> Shown:
    """The edition that a paper is about, or the newest of the moment where that is asked for."""
    scheme, year, at = str(asked.told("scheme")), asked.period.year, asked.known_at
    number = asked.recipe.get("edition") if asked.again else None
    found = kept.round_of(connection, scheme, year, at)
    listed = kept.editions(connection, found.id) if found else []
    chosen = [e for e in listed if number in (None, e.number) and e.known_at <= at]
    if found is None or not chosen:
        raise Refused(f"{year}年度 {scheme} 没有可以编印的考核结果。")
    edition = chosen[-1]
    known = made.definitions_of(connection, edition.definitions)
    scored = made.scored(
        connection, known, made.scheme_of(known, scheme), year, found.id, edition.cutoff,
        edition.known_at,
    )  # fmt: skip
    if scored.digest != edition.digest:
        raise Refused(
            f"{year}年度 {scheme} 第 {edition.number} 版按原数据重算的结果与留存结果"
            "不一致，不能编印，请先核查。"
        )
    top = top_unit(standing(connection, asked.period.end, edition.cutoff))
    sample, drawn = facts.sample_of(connection, found.id, at)
    return Shown(
        found, edition, scored.result, scored.computation, top.name, top.code, scored.refused,
        tuple(kept.steps_taken(connection, found.id, at)),
        tuple(facts.appeals(connection, found.id, at)),
        tuple(facts.rulings(connection, found.id, edition.known_at)),
        sample.seed if sample is not None else "", tuple(drawn),
    )  # fmt: skip


def keep_papers(
    publication: Publication, computation: int | None, by: str, when: datetime
) -> list[str]:
    with engine().begin() as connection:
        _, stands = publish(connection, publication, computation, when, by)
    return lay_out(publication) if stands else []


def on_edition(kind: str, title: str, shown: Shown, asked: Asked) -> Publication:
    """A publication about an edition with everything that it is made of; its files follow."""
    edition = shown.edition
    return Publication(
        kind=kind,
        title=title,
        unit=shown.top,
        period=asked.period,
        cutoff=edition.known_at,
        digest=edition.definitions,
        files=(),
        recipe={
            **asked.recipe, "edition": edition.number, "figures": edition.cutoff.isoformat(),
        },
    )  # fmt: skip


def paper_on(
    kind: str, paper: Paper, shown: Shown, asked: Asked, of: str = ""
) -> tuple[Publication, int]:
    """One paper on an edition; `of` tells apart papers of one year whose titles are alike."""
    title = f"{paper.title}（{of}）" if of else paper.title
    made = on_edition(kind, title, shown, asked)
    files_at = shown.edition.cutoff
    return with_paper(made, paper, shown.edition.known_at, files_at), shown.computation


def with_paper(
    publication: Publication, paper: Paper, at: datetime, files_at: datetime | None = None
) -> Publication:
    """A publication with its one paper as files, and the numbers that it prints.

    `files_at` is the moment that the files bear, where it is not the paper's own.
    """
    made, told = with_numbers(publication, [paper], at)
    return replace(made, files=paper_files(told, publication.title, files_at or at))


PaperMaker = Callable[[Connection, Asked], tuple[Publication, int]]
"""Makes a paper on an edition, and says from which computation."""


def keep_made(maker: PaperMaker, asked: Asked, by: str) -> list[str]:
    """Make a paper on an edition for the first time, keep it and lay it out; its files."""
    with engine().connect() as connection:
        publication, computation = maker(connection, asked)
        connection.rollback()
    return keep_papers(publication, computation, by, asked.known_at)
