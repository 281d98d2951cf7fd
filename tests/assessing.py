"""Schemes scored and kept in tests as the flow does it, in a transaction that is rolled back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from definitions import Definitions, Period
from pipelines.assess import AssessmentResult
from pipelines.assess.decisions import DecisionResult
from pipelines.consolidate import consolidate
from pipelines.flow.assessing import keep_decisions, keep_result, scored
from pipelines.flow.deciding import decide
from pipelines.flow.evidence import owed_in
from warehouse.cutoff import prepare_cutoff
from warehouse.second_pass import record_scores


def score_and_keep(
    connection: Connection, known: Definitions, family: str, year: int, cutoff: datetime
) -> AssessmentResult | None:
    """One scheme of score sheets, its totals added to the figures of the year."""
    period = Period.parse(str(year))
    computation = consolidate(connection, known, period, cutoff, cutoff)
    prepare_cutoff(connection, cutoff)
    owed = owed_in(connection, period, cutoff)
    scheme = known.scheme(family, year)
    result = scored(connection, known, scheme, year, computation, cutoff, owed)
    if result is not None:
        keep_result(connection, result, computation, cutoff, known.digest)
        record_scores(connection, known, computation, scheme.family, year, cutoff)
    return result


def decide_and_keep(
    connection: Connection, known: Definitions, family: str, year: int, cutoff: datetime
) -> DecisionResult:
    """One scheme of its own shape."""
    period = Period.parse(str(year))
    computation = consolidate(connection, known, period, cutoff, cutoff)
    scheme = known.small_scheme(family, year)
    result = decide(connection, known, scheme, year, computation, cutoff)
    if result.decisions:
        keep_decisions(connection, result, computation, cutoff, known.digest)
    return result
