"""Assessing a year: marks at a cut-off for every scheme in force, kept with their explanations."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from definitions.scheme_files import scheme_digest
from definitions.schemes import Scheme, Version
from pipelines.assess import AssessmentResult, UnitResult, assessment_book
from pipelines.assess import assess as score
from pipelines.assess.comparison import in_words, since_last_year
from pipelines.assess.data_quality import as_result, assess_months
from pipelines.assess.decisions import DecisionResult, outcome_of
from pipelines.assess.explain import (
    block_sentence,
    function_in_words,
    next_grade,
    part_sentence,
    rater_sentence,
)
from pipelines.assess.results import PartResult
from pipelines.assess.ways_up import ways_up
from pipelines.assessment_year.stages import Refused
from pipelines.consolidate import consolidate, top_unit
from pipelines.flow.deciding import decide
from pipelines.flow.evidence import Owed, gather, owed_in
from pipelines.flow.ground import CHINA, definitions, engine, moment, register
from pipelines.flow.quality_months import months_of
from pipelines.flow.recipes import Asked, to_keep
from pipelines.flow.score_papers import (
    adjustments,
    numbers_of,
    ratings,
    sources_of,
    unit_paper,
)
from pipelines.flow.storing import lay_out, publish
from pipelines.publish.assessment_book import workbook_paper
from pipelines.publish.paper_numbers import with_numbers
from pipelines.publish.publication import Publication, file_title
from warehouse import audit
from warehouse.assessment_year import results_standing
from warehouse.codes import ids
from warehouse.cutoff import prepare_cutoff
from warehouse.organisations import Registered, standing
from warehouse.second_pass import record_scores
from warehouse.tables import assessment, assessment_unit, organisation

BOOK = "R-02 考核结果汇编"

WITHOUT_BOOK = ("data-quality",)
"""Kinds of schemes whose result is no book of score sheets: it is told month by month."""


class SchemeFrozen(LookupError):
    """A scheme was changed after a year had been scored under it."""


def assess(year: int, at: str, scheme: str = "") -> dict[str, Any]:
    """Score every scheme in force for a year at the cut-off `at`; publish the assessment books.

    With `scheme`, a code or a family of codes, only that. Schemes that nobody came under yield
    nothing. Returns scheme → number of units, what was left out and why, and the files written.
    LookupError where no such scheme is in force, SchemeFrozen where one was changed after the
    year had first been scored under it.
    """
    known, when = definitions(), moment(at)
    register(known, when)
    period = Period(PeriodKind.YEAR, year)
    asked = [s for s in known.schemes if s.covers(year) and _named(s, scheme)]
    small = [s for s in known.small_schemes if s.covers(year) and _named(s, scheme)]
    if scheme and not asked and not small:
        raise LookupError(f"{year} 年度没有在用的考评方案 {scheme}")
    results: list[AssessmentResult] = []
    counts: dict[str, int] = {}
    left_out: list[str] = []
    with engine().begin() as connection:
        for one in (*asked, *small):
            refuse_changed(connection, known, one.code, year)
        computation = consolidate(connection, known, period, when, when)
        top = top_unit(standing(connection, period.end, when))
        prepare_cutoff(connection, when)
        owed = owed_in(connection, period, when)
        for one in asked:
            result = scored(connection, known, one, year, computation, when, owed)
            if result is None:
                continue
            results.append(result)
            counts[one.code] = len(result.units)
            keep_result(connection, result, computation, when, known.digest)
            record_scores(connection, known, computation, result.scheme.family, year, when)
        for rule in small:
            try:
                decided = decide(connection, known, rule, year, computation, when)
            except LookupError as error:  # a table of rates that began later
                left_out.append(f"{rule.title}：{error}")
                continue
            left_out += [f"{rule.title}：{notice}" for notice in decided.notices]
            if decided.decisions:
                counts[rule.code] = len(decided.units)
                keep_decisions(connection, decided, computation, when, known.digest)
        audit.note(
            connection,
            at=when,
            actor="system",
            action="assess",
            subject=f"{year} {scheme}".strip(),
            detail={"units": counts},
        )
    files: list[str] = []
    for result in results:
        if result.scheme.kind in WITHOUT_BOOK:
            continue
        book = _book(result, known, to_keep(year, when, run=result.scheme.code), top)
        with engine().begin() as connection:
            _, stands = publish(connection, book, computation, when)
        files += lay_out(book) if stands else []
    return {"units": counts, "left_out": left_out, "files": files}


def made_again(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    """The book of one scheme of a run over a year, scored again."""
    code, period, cutoff = str(asked.told("run")), asked.period, asked.known_at
    scheme = next((s for s in known.schemes if s.code == code), None)
    if scheme is None:
        raise Refused(f"没有编号为 {code} 的考核方案。")
    computation = consolidate(connection, known, period, cutoff, cutoff)
    top = top_unit(standing(connection, period.end, cutoff))
    prepare_cutoff(connection, cutoff)
    owed = owed_in(connection, period, cutoff)
    result = scored(connection, known, scheme, period.year, computation, cutoff, owed)
    if result is None:
        raise Refused(f"{period.year}年度没有适用“{scheme.title}”的单位。")
    return _book(result, known, asked, top)


def _book(
    result: AssessmentResult, known: Definitions, asked: Asked, top: Registered
) -> Publication:
    title, tell = book_title(result, result.year), numbers_of(result, top.code)
    units = [unit_paper(tell, result, u) for u in result.units]
    printed = workbook_paper(
        title, top.name, units, adjustments(tell, result), ratings(tell, result)
    )
    made, _ = with_numbers(
        Publication(
            kind=BOOK,
            title=title,
            unit=top.code,
            period=asked.period,
            cutoff=asked.cutoff,
            digest=known.digest,
            files=(),
            recipe=asked.recipe,
        ),
        [printed],
        asked.issued_at,
    )
    content = assessment_book(
        result,
        title=title,
        year=result.year,
        cutoff=asked.issued_at,
        definitions_digest=known.digest,
        federation=top.name,
        process=(sources_of(result, made),),
    )
    return dataclasses.replace(made, files=((f"{file_title(title)}.xlsx", content),))


def _named(scheme: Version, wanted: str) -> bool:
    return not wanted or wanted in (scheme.code, scheme.family)


def scored(
    connection: Connection,
    known: Definitions,
    scheme: Scheme,
    year: int,
    computation: int,
    cutoff: datetime,
    owed: Owed,
) -> AssessmentResult | None:
    """One scheme of a year from what the warehouse holds at the cut-off; kept nowhere.

    None where it assesses nobody. Over the temporary tables of `prepare_cutoff`.
    """
    period = Period(PeriodKind.YEAR, year)
    inputs = gather(connection, known, scheme, year, computation, cutoff, owed)
    if not inputs.units:
        return None
    if scheme.kind == "data-quality":
        codes = [u.code for u in inputs.units]
        months = months_of(connection, known, period, codes, cutoff)
        result = as_result(scheme, year, assess_months(scheme, year, inputs.units, months))
    else:
        result = score(scheme, inputs)
        if scheme.kind == "single-target":  # who has no such task is not assessed on it
            told = tuple(u for u in result.units if u.total is not None)
            result = dataclasses.replace(result, units=told)
    return result if result.units else None


def refuse_changed(connection: Connection, known: Definitions, code: str, year: int) -> None:
    """Refuse to score a year under a scheme that is not what it was when first scored under.

    The edition of the definitions of that first scoring keeps what the scheme was.
    """
    first = connection.execute(
        text(
            "SELECT e.sources, a.cutoff FROM assessment a "
            "JOIN definitions_edition e ON e.digest = a.definitions "
            "WHERE a.scheme = :scheme AND a.year = :year AND a.definitions <> :now "
            "ORDER BY a.id LIMIT 1"
        ),
        {"scheme": code, "year": year, "now": known.digest},
    ).first()
    if first is None:
        return
    if scheme_digest(first.sources, code) != scheme_digest(known.sources, code):
        day = first.cutoff.astimezone(CHINA).date()
        raise SchemeFrozen(
            f"方案 {code} 已用于 {year} 年度考核（首次计分截止 {day:%Y-%m-%d}），计分后不得修改；"
            "需要修改的，请另立下一年度的新版本，或用“试算”查看修改后的结果"
        )


def book_title(result: AssessmentResult, year: int) -> str:
    """2017年度县（区）总工会目标责任考核结果汇编: the scheme's title without its own year."""
    name = re.sub(r"（[^（）]*年[^（）]*）$", "", result.scheme.title).removesuffix("办法")
    return f"{year}年度{name}结果汇编"


def keep_result(
    connection: Connection,
    result: AssessmentResult,
    computation: int,
    cutoff: datetime,
    digest: str,
) -> None:
    """Keep marks once per scheme, year, cut-off and definitions; a repeat changes nothing."""
    rows = [
        {
            "unit": unit.unit.code,
            "ranking_group": unit.group,
            "total": unit.total,
            "grade": unit.grade,
            "rank": unit.rank,
            "detail": detail_of(unit, result.scheme),
        }
        for unit in result.units
    ]
    _keep_rows(connection, result.scheme.code, result.year, computation, cutoff, digest, rows)


def keep_decisions(
    connection: Connection,
    result: DecisionResult,
    computation: int,
    cutoff: datetime,
    digest: str,
) -> None:
    """Keep what a scheme decided, once; a unit's total is what its cases bring together.

    What is not told outside a union is not kept either: it can be decided again from the rows.
    """
    rows = []
    for unit in result.units:
        told = tuple(d for d in result.of(unit) if d.told)
        rows.append(
            {
                "unit": unit,
                "ranking_group": "",
                "total": result.total(unit) if any(d.amount is not None for d in told) else None,
                "grade": outcome_of(told),
                "rank": None,
                "detail": {
                    "decisions": [_plain(d) for d in told],
                    "basis": _basis(result.scheme),
                },
            }
        )
    _keep_rows(connection, result.scheme.code, result.year, computation, cutoff, digest, rows)


def _keep_rows(
    connection: Connection,
    scheme: str,
    year: int,
    computation: int,
    cutoff: datetime,
    digest: str,
    rows: Sequence[dict[str, Any]],
) -> None:
    key = {"scheme": scheme, "year": year, "cutoff": cutoff, "definitions": digest}
    new = connection.execute(
        upsert(assessment)
        .values(**key, computation_id=computation)
        .on_conflict_do_nothing()
        .returning(assessment.c.id)
    ).scalar()
    if new is None:
        return
    codes = ids(connection)
    connection.execute(
        insert(assessment_unit),
        [
            {"assessment_id": new, "org_id": codes[row["unit"]]}
            | {k: v for k, v in row.items() if k != "unit"}
            for row in rows
        ],
    )


def detail_of(unit: UnitResult, scheme: Scheme | None = None) -> dict[str, Any]:
    """A unit's whole result as JSON: what the book and the portal explain marks from.

    With its scheme also every mark in words: `explanation` holds the formula with its numbers,
    basis and reference of each line, what the next grade asks, and what changed since last year.
    """
    found = dict(json.loads(json.dumps(_plain(unit), ensure_ascii=False)))
    if scheme is not None:
        found["explanation"] = explanation_of(scheme, unit)
    return found


def explanation_of(scheme: Scheme, unit: UnitResult) -> dict[str, Any]:
    """Every mark of a unit in words, by block and line; months where a year is made of them."""
    return {
        "basis": _basis(scheme),
        "blocks": [
            {
                "code": block.block.code,
                "told": block_sentence(block),
                "basis": block.block.basis,
                "lines": [_line(line) for line in block.parts],
                "raters": [
                    {"rater": r.rater, "told": rater_sentence(r, block)} for r in block.raters
                ],
            }
            for block in unit.blocks
        ],
        "months": [
            {"month": month, "lines": [_line(p) for b in own.blocks for p in b.parts]}
            for month, own in unit.months
        ],
        "next_grade": next_grade(scheme, unit) if unit.blocks else "".join(unit.grade_reasons),
        "ways_up": [way.sentence for way in ways_up(scheme, unit)],
        "last_year": in_words(unit),
        "differences": [d.sentence for d in since_last_year(unit)],
    }


def _line(line: PartResult) -> dict[str, Any]:
    """One mark: its function and settings, the formula with numbers, where it all comes from."""
    return {
        "item": line.item.code,
        "indicator": line.indicator.code if line.indicator else "",
        "function": line.part.function if line.part else "SF10",
        "rule": function_in_words(line.part, lower=line.lower) if line.part else "",
        "told": part_sentence(line),
        "self_reported": None if line.self_reported is None else str(line.self_reported),
        "basis": (line.part.basis if line.part else "") or line.item.basis,
        "reference": line.reference,
        "signed_in": line.signed_in,
    }


def _basis(scheme: Version) -> dict[str, str]:
    return {"scheme": scheme.code, "title": scheme.title, "authority": scheme.authority}


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
    """Rows of what stands of each scheme of a year at a cut-off; equal ranks by code."""
    newest, one = results_standing(year, cutoff), assessment_unit.c
    return list(
        connection.execute(
            select(newest.c.scheme, assessment_unit)
            .join(assessment_unit, one.assessment_id == newest.c.id)
            .join(organisation, organisation.c.id == one.org_id)
            .order_by(newest.c.scheme, one.ranking_group, one.rank, organisation.c.code)
        )
    )
