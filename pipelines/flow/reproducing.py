"""Making an edition again from the warehouse, byte for byte, as it was at its cut-off."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.consolidate import consolidate, figures_of, top_unit
from pipelines.figures import Figures
from pipelines.flow.assessing import BOOK, made_again
from pipelines.flow.assessment_book import made_book
from pipelines.flow.assessment_papers import NOTE, STARS, made_funding_note, made_star_list
from pipelines.flow.audit_papers import AUDITED, made_audit_report
from pipelines.flow.boards import board_of
from pipelines.flow.editions import definitions_of
from pipelines.flow.extras import extras_of, told_for
from pipelines.flow.ground import engine, moment
from pipelines.flow.kinds import kinds_reported, with_kinds
from pipelines.flow.notice_ground import KIND as NOTICE
from pipelines.flow.notices import made_notice
from pipelines.flow.recipes import Asked, kept_before
from pipelines.flow.reports import REPORTS, ReportMaker
from pipelines.flow.sheets import consolidated_of
from pipelines.flow.transfers import transfers_of
from pipelines.publish import Extras, Publication, bulletin, review
from pipelines.publish.pdf import with_pdf
from warehouse.organisations import standing
from warehouse.publications import Edition, edition_of, set_aside

Maker = Callable[[Connection, Definitions, Asked], Publication]


def _figures(connection: Connection, known: Definitions, asked: Asked) -> tuple[Figures, int]:
    computation = consolidate(connection, known, asked.period, asked.cutoff, asked.cutoff)
    return figures_of(connection, known, computation, asked.unit), computation


def _told(
    connection: Connection, known: Definitions, asked: Asked, *, by_kind: bool = False
) -> tuple[Figures, Extras]:
    """Figures and extras as the unit's report tells them; a review's with its counts by kind."""
    figures, computation = _figures(connection, known, asked)
    extras = extras_of(connection, known, asked.period, computation, asked.cutoff)
    top = top_unit(standing(connection, asked.period.end, asked.cutoff))
    is_top = asked.unit == top.code
    if by_kind:
        kinds = kinds_reported(connection, known, asked.period, asked.cutoff)
        figures = with_kinds(known, figures, kinds, top=is_top)
    return told_for(connection, known, extras, figures, top=is_top)


def _review(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    figures, extras = _told(connection, known, asked, by_kind=True)
    return review(figures, known, extras)


def _bulletin(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    figures, extras = _told(connection, known, asked)
    return bulletin(figures, known, extras)


def _board(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    made = board_of(connection, known, *_figures(connection, known, asked))
    if made is None:
        raise LookupError(f"{asked.period.chinese}没有签订的目标任务")
    return made


def _transfers(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    return transfers_of(connection, known, _figures(connection, known, asked)[0])[0]


def _consolidated(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    form, line = str(asked.recipe["form"]), str(asked.recipe["line"])
    day = date.fromisoformat(str(asked.recipe["day"]))
    made = consolidated_of(connection, known, form, asked.period, line, day, asked.cutoff)
    if made is None:
        raise LookupError(f"{asked.period.chinese}没有 {form} 的数据")
    return made


def _report(maker: ReportMaker) -> Maker:
    def made(connection: Connection, known: Definitions, asked: Asked) -> Publication:
        return maker(connection, known, _figures(connection, known, asked)[0])

    return made


def _book(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    """R-02 of an edition of a round, or of a run over all schemes of a year."""
    if "run" in asked.recipe:
        return made_again(connection, known, asked)
    return made_book(connection, asked)[0]


def _stars(connection: Connection, _known: Definitions, asked: Asked) -> Publication:
    return made_star_list(connection, asked)[0]


def _note(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    return made_funding_note(connection, known, asked)[0]


PAPERS: dict[str, Maker] = {
    BOOK: _book,
    AUDITED: made_audit_report,
    STARS: _stars,
    NOTICE: made_notice,
    NOTE: _note,
}
"""Papers: they keep their date when compared, and say more than numbers."""

MAKERS: dict[str, Maker] = {
    **PAPERS,
    "R-01 年终总结": _review,
    "R-01 年终总结（简式）": _report(REPORTS["R-01"]),
    "R-03 月度通报": _bulletin,
    "R-03 重点工作进度表": _board,
    "R-04 数据质量通报": _report(REPORTS["R-04"]),
    "R-09 一单位一册": _report(REPORTS["R-09"]),
    "R-10 产业（行业）专题": _report(REPORTS["R-10"]),
    "R-11 组织关系变动与可比口径说明": _transfers,
    "R-12 职工诉求通报": _report(REPORTS["R-12"]),
    "R-13 分析简报": _report(REPORTS["R-13"]),
    "R-14 合并报表": _consolidated,
}
"""Kind → what makes it; a family that is published without being here cannot be made again."""


def make(
    connection: Connection, known: Definitions, edition: Edition, cutoff: datetime
) -> Publication:
    """The publication of an edition's kind, unit and period at a cut-off."""
    maker = MAKERS.get(edition.kind)
    if maker is None:
        raise LookupError(f"不知道怎样重做“{edition.kind}”")
    return maker(connection, known, kept_before(edition, cutoff))


@dataclass(frozen=True, slots=True)
class Again:
    """One file made again: its hash then and now."""

    name: str
    then: str
    now: str

    @property
    def equal(self) -> bool:
        """Whether it is the same, byte for byte."""
        return self.then == self.now


@dataclass(frozen=True, slots=True)
class Reproduced:
    """An edition made again."""

    id: int
    reference: str
    title: str
    edition: int
    files: tuple[Again, ...]

    @property
    def equal(self) -> bool:
        """Whether every file is the same and none is missing or new."""
        return all(f.equal for f in self.files)


def reproduce(publication: int | str) -> Reproduced:
    """Make an edition again from rows, relations and definitions as they stood; keep nothing.

    The computation that was kept is not used: everything is computed anew and rolled back.
    """
    with engine().connect() as connection, connection.begin() as transaction:
        edition = edition_of(connection, publication)
        known = definitions_of(connection, edition.definitions)
        figures = edition.recipe.get("figures")
        for cutoff in {edition.cutoff, moment(figures) if figures else edition.cutoff}:
            set_aside(connection, edition.period, cutoff, edition.definitions)
        made = make(connection, known, edition, edition.cutoff)
        transaction.rollback()
    then = {f.name: f.sha256 for f in edition.files}
    if any(name.endswith(".pdf") for name in then):
        made = with_pdf(made)
    now = {name: hashlib.sha256(content).hexdigest() for name, content in made.files}
    files = tuple(
        Again(name, then.get(name, ""), now.get(name, "")) for name in sorted({*then, *now})
    )
    return Reproduced(edition.id, edition.reference, edition.title, edition.edition, files)
