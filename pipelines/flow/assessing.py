"""Assessing a year: marks at a cut-off for every scheme in force, kept with their explanations."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from definitions import Period
from definitions.periods import PeriodKind
from pipelines.assess import AssessmentResult, UnitResult, assessment_book
from pipelines.assess import assess as score
from pipelines.consolidate import consolidate, top_unit
from pipelines.flow.evidence import gather, owed_in
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.storing import keep_draft, lay_out
from pipelines.publish import Publication
from warehouse import audit
from warehouse.cutoff import prepare_cutoff
from warehouse.organisations import standing
from warehouse.publications import decide
from warehouse.second_pass import record_scores
from warehouse.tables import assessment, assessment_unit

YEARLY = ("target-responsibility", "star-home")
"""Kinds of schemes whose evidence `gather` finds in the forms of a year; the others are scored
when their own work is done: an audit, a campaign of ratings, a month's reporting."""


def assess(year: int, at: str) -> dict[str, Any]:
    """Score every scheme in force for a year at the cut-off `at`; publish the assessment books.

    Returns scheme → number of units assessed, and the files written.
    """
    known, when = definitions(), moment(at)
    register(known, when)
    period = Period(PeriodKind.YEAR, year)
    results: list[AssessmentResult] = []
    with engine().begin() as connection:
        computation = consolidate(connection, known, period, when, when)
        top = top_unit(standing(connection, period.end, when))
        prepare_cutoff(connection, when)
        owed = owed_in(connection, period, when)
        for scheme in (s for s in known.schemes if s.kind in YEARLY and s.covers(year)):
            inputs = gather(connection, known, scheme, year, computation, when, owed)
            if not inputs.units:
                continue
            result = score(scheme, inputs)
            results.append(result)
            _keep(connection, result, computation, when, known.digest)
            record_scores(connection, known, computation, result.scheme.family, year, when)
        counts = {r.scheme.code: len(r.units) for r in results}
        audit.note(
            connection,
            at=when,
            actor="system",
            action="assess",
            subject=str(year),
            detail={"units": counts},
        )
    files: list[str] = []
    for result in results:
        title = book_title(result, year)
        content = assessment_book(
            result,
            title=title,
            year=year,
            cutoff=when,
            definitions_digest=known.digest,
            federation=top.name,
        )
        book = Publication(
            kind="R-02 考核结果汇编",
            title=title,
            unit=top.code,
            period=period,
            cutoff=when,
            digest=known.digest,
            files=((f"{title}.xlsx", content),),
        )
        with engine().begin() as connection:
            kept = keep_draft(connection, book, computation, when)
            decide(connection, kept, "published", "system", when)
        files += lay_out(book)
    return {"units": counts, "files": files}


def book_title(result: AssessmentResult, year: int) -> str:
    """2017年度县（区）总工会目标责任考核结果汇编: the scheme's title without its own year."""
    name = re.sub(r"（[^（）]*年[^（）]*）$", "", result.scheme.title).removesuffix("办法")
    return f"{year}年度{name}结果汇编"


def _keep(
    connection: Connection,
    result: AssessmentResult,
    computation: int,
    cutoff: datetime,
    digest: str,
) -> None:
    """Keep marks once per scheme, year, cut-off and definitions; a repeat changes nothing."""
    key = {
        "scheme": result.scheme.code,
        "year": result.year,
        "cutoff": cutoff,
        "definitions": digest,
    }
    new = connection.execute(
        upsert(assessment)
        .values(**key, computation_id=computation)
        .on_conflict_do_nothing()
        .returning(assessment.c.id)
    ).scalar()
    if new is None:
        return
    codes = {r.code: r.id for r in connection.execute(text("SELECT code, id FROM organisation"))}
    connection.execute(
        insert(assessment_unit),
        [
            {
                "assessment_id": new,
                "org_id": codes[unit.unit.code],
                "ranking_group": unit.group,
                "total": unit.total,
                "grade": unit.grade,
                "rank": unit.rank,
                "detail": detail_of(unit),
            }
            for unit in result.units
        ],
    )


def detail_of(unit: UnitResult) -> dict[str, Any]:
    """A unit's whole result as JSON: what the book and the portal explain marks from."""
    found = json.loads(json.dumps(_plain(unit), ensure_ascii=False))
    return dict(found)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {"code": getattr(value, "code", None), "name": getattr(value, "name", None)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def latest_results(connection: Connection, year: int, cutoff: datetime) -> list[Any]:
    """Rows of the newest assessment of each scheme of a year at or before a cut-off."""
    newest = (
        select(assessment.c.scheme, assessment.c.id)
        .where(assessment.c.year == year, assessment.c.cutoff <= cutoff)
        .distinct(assessment.c.scheme)
        .order_by(assessment.c.scheme, assessment.c.cutoff.desc(), assessment.c.id.desc())
    ).subquery()
    return list(
        connection.execute(
            select(newest.c.scheme, assessment_unit)
            .join(assessment_unit, assessment_unit.c.assessment_id == newest.c.id)
            .order_by(newest.c.scheme, assessment_unit.c.ranking_group, assessment_unit.c.rank)
        )
    )
