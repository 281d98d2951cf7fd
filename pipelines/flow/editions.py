"""How one edition of an assessment comes about, and how it comes about again, byte for byte.

Figures, letters, filed self-reports and honours count as of a cut-off. What units enter of
themselves in the round, ballots, marks, vetoes and rulings come later by their nature and count as
of the moment that the edition knows.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from definitions import Definitions, Period, load_definitions
from definitions.periods import PeriodKind
from definitions.schemes import Scheme
from pipelines.assess import AssessmentInputs, AssessmentResult, AssessorMark, SelfReport, Tally
from pipelines.assess import assess as score
from pipelines.assess.rulings import Kind, Ruling, ruled
from pipelines.assessment_year.rating import Ballots, objections
from pipelines.consolidate import consolidate
from pipelines.flow.assessing import detail_of
from pipelines.flow.evidence import gather, owed_in
from pipelines.flow.ground import definitions as newest_definitions
from warehouse import assessment_facts as facts
from warehouse import self_assessments as told_by_units
from warehouse.assessment_year import KeptUnit, ranks_of_last_year
from warehouse.cutoff import prepare_cutoff
from warehouse.tables import definitions_edition

MEMBERS = "I-ORG-04"


@dataclass(frozen=True, slots=True)
class Scored:
    """A result with what it was made of; `refused` says which tallies were not counted and why."""

    result: AssessmentResult
    inputs: AssessmentInputs
    computation: int
    digest: str
    refused: tuple[str, ...]

    def units(self) -> list[KeptUnit]:
        """The result as the warehouse keeps it."""
        return [
            KeptUnit(
                u.unit.code, u.group, u.total, u.grade, u.rank, detail_of(u, self.result.scheme)
            )
            for u in self.result.units
        ]


def scored(
    connection: Connection,
    known: Definitions,
    scheme: Scheme,
    year: int,
    round_id: int,
    cutoff: datetime,
    known_at: datetime,
) -> Scored:
    """Score a year once more from everything that stood at the two moments."""
    inputs, computation, refused = inputs_as_of(
        connection, known, scheme, year, round_id, cutoff, known_at
    )
    result = score(scheme, inputs)
    return Scored(result, inputs, computation, digest_of(result), refused)


def inputs_as_of(
    connection: Connection,
    known: Definitions,
    scheme: Scheme,
    year: int,
    round_id: int,
    cutoff: datetime,
    known_at: datetime,
) -> tuple[AssessmentInputs, int, tuple[str, ...]]:
    """What an edition is scored from, the computation behind it, and the tallies refused."""
    period = Period(PeriodKind.YEAR, year)
    computation = consolidate(connection, known, period, cutoff, cutoff)
    prepare_cutoff(connection, cutoff)
    owed = owed_in(connection, period, cutoff)
    inputs = gather(connection, known, scheme, year, computation, cutoff, owed)
    if known_at > cutoff:
        prepare_cutoff(connection, known_at)
        late = gather(connection, known, scheme, year, computation, known_at, owed)
        inputs = replace(
            inputs,
            tallies=late.tallies,
            assessor_marks=late.assessor_marks,
            party_scores=late.party_scores,
            vetoes=late.vetoes,
        )
        prepare_cutoff(connection, cutoff)
    before = ranks_of_last_year(connection, scheme.family, year, known_at)
    inputs = replace(
        inputs,
        units=tuple(replace(u, last_year_rank=before.get(u.code)) for u in inputs.units),
        self_reports=_merged(
            inputs.self_reports,
            _self_reports(told_by_units.self_entries(connection, round_id, known_at)),
            lambda r: (r.unit, r.indicator),
        ),
        tallies=_merged(
            inputs.tallies,
            (_tally(row) for row in facts.tallies(connection, round_id, known_at)),
            lambda t: (t.unit, t.rater, t.object),
        ),
        assessor_marks=_merged(
            inputs.assessor_marks,
            (_mark(row) for row in facts.assessor_marks(connection, round_id, known_at)),
            lambda m: (m.unit, m.item, m.assessor),
        ),
    )
    kept, refused = _believed(connection, round_id, inputs, known_at)
    inputs = replace(inputs, tallies=kept)
    held = [_ruling(row) for row in facts.rulings(connection, round_id, known_at)]
    return ruled(inputs, held), computation, refused


def _merged(reported: Iterable[Any], entered: Iterable[Any], key: Any) -> tuple[Any, ...]:
    """What was entered in the process goes before what a form says of the same."""
    found = {key(one): one for one in reported}
    found.update({key(one): one for one in entered})
    return tuple(found[k] for k in sorted(found))


def _self_reports(rows: Iterable[dict[str, Any]]) -> Iterable[SelfReport]:
    """What units entered in the round; a line without a figure is no report."""
    for row in rows:
        if row["indicator"] and row["value"] is not None:
            yield SelfReport(
                unit=row["unit"], indicator=row["indicator"], actual=row["value"],
                self_score=row["score"], gap_reason=row["remark"], reference=f"自评 {row['id']}",
            )  # fmt: skip


def _tally(row: dict[str, Any]) -> Tally:
    names = (
        "unit", "rater", "eligible", "ballots", "very_sat", "basic_sat", "unsat", "unclear",
        "object",
    )  # fmt: skip
    return Tally(**{n: row[n] for n in names}, reference=f"评价票 {row['id']}")


def _mark(row: dict[str, Any]) -> AssessorMark:
    return AssessorMark(
        row["unit"], row["item"], row["assessor"], row["raw"], row["reason"],
        f"{row['evidence']}（评分 {row['id']}）",
    )  # fmt: skip


def _ruling(row: dict[str, Any]) -> Ruling:
    return Ruling(
        row["unit"], Kind(row["kind"]), row["key"], row["value"], row["source"], row["document"],
        row["reason"],
    )  # fmt: skip


def _believed(
    connection: Connection, round_id: int, inputs: AssessmentInputs, known_at: datetime
) -> tuple[tuple[Tally, ...], tuple[str, ...]]:
    """Tallies that can be, and a sentence for each that cannot."""
    asked = facts.electorates(connection, round_id, known_at)
    names = {u.code: u.name for u in inputs.units}
    members = {m.unit: m.value for m in inputs.measurements if m.indicator == MEMBERS}
    kept, refused = [], []
    for tally in inputs.tallies:
        count = members.get(tally.unit)
        found = objections(
            Ballots(
                tally.unit, tally.rater, tally.eligible, tally.ballots, tally.very_sat,
                tally.basic_sat, tally.unsat, tally.unclear,
            ),
            electorate=asked.get((tally.unit, tally.rater)) if asked else tally.eligible,
            members=None if count is None else int(count),
        )  # fmt: skip
        if found and tally.unit in names:
            told = "；".join(found)
            refused.append(f"{names[tally.unit]}{tally.rater}评价票不予采用：{told}。")
        else:
            kept.append(tally)
    return tuple(kept), tuple(refused)


def digest_of(result: AssessmentResult) -> str:
    """SHA-256 over everything a result says, so that the same result is known again."""
    told = {
        "scheme": result.scheme.code,
        "year": result.year,
        "units": [detail_of(u) for u in result.units],
        "provisional": result.provisional,
        "notices": result.notices,
    }
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def definitions_of(connection: Connection, digest: str) -> Definitions:
    """The definitions of an edition: today's where they are the same, else those kept then."""
    today = newest_definitions()
    if today.digest == digest:
        return today
    sources = connection.execute(
        select(definitions_edition.c.sources).where(definitions_edition.c.digest == digest)
    ).scalar()
    if sources is None:
        raise LookupError(f"没有保存摘要为 {digest[:16]} 的定义版本")
    return _loaded(json.dumps(sources, ensure_ascii=False, sort_keys=True))


@lru_cache(maxsize=2)
def _loaded(sources: str) -> Definitions:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in json.loads(sources).items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return load_definitions(Path(folder))


def scheme_of(known: Definitions, code: str) -> Scheme:
    """A scheme by its code; LookupError in Chinese when there is none."""
    for scheme in known.schemes:
        if scheme.code == code:
            return scheme
    raise LookupError(f"没有编号为 {code} 的考核方案")
