"""Figures that were let pass with an explanation, and the indicators that count them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.personal_numbers import blotted
from warehouse.engine import sql


@dataclass(frozen=True, slots=True)
class ExplainedFigure:
    """One figure of a union: what was asked by which rule, what it said, which indicators read it.

    Message and words without numbers of persons.
    """

    org_id: int
    period: str
    form: str
    rule: str
    message: str
    words: str
    indicators: frozenset[str]


def explained_figures(
    connection: Connection,
    known: Definitions,
    span: Period,
    cutoff: datetime,
    codes: Iterable[str],
) -> Iterator[ExplainedFigure]:
    """Those behind some indicators in the periods inside one; over `live_filing` of the cut-off."""
    readers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for code in codes:
        for m in known.indicators[code].measures if code in known.indicators else ():
            for part in (m.sum, m.largest, m.where):
                for column in part.columns if part is not None else ():
                    readers[m.form, column].add(code)
    rows = connection.execute(
        text(sql("analysis_words")),
        {"starts": span.start, "ends": span.end, "cutoff": cutoff, "rule": None,
         "forms": sorted({form for form, _ in readers})},
    )  # fmt: skip
    for r in rows:
        rule = known.rules.get(r.rule)
        if rule is None:
            continue
        read = {*rule.columns, *([r.field] if r.field else [])}
        found = frozenset(c for column in read for c in readers.get((r.form, column), ()))
        if found:
            said = blotted(r.explanation)
            yield ExplainedFigure(
                r.org_id, r.period, r.form, r.rule, blotted(r.message), said, found
            )
