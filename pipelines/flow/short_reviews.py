"""R-01 in short form from the warehouse, for a union with nobody below it."""

from __future__ import annotations

from sqlalchemy import Connection

from definitions import Definitions
from definitions.periods import PeriodKind
from pipelines.consolidate import consolidate
from pipelines.figures import Figures
from pipelines.flow.extras import extras_of, told_for
from pipelines.flow.single_unit import with_own_months
from pipelines.publish import Publication
from pipelines.publish.short_review import short_review


def short_review_of(connection: Connection, known: Definitions, figures: Figures) -> Publication:
    """The short R-01 of a union and year; LookupError in Chinese for others."""
    period, cutoff = figures.period, figures.cutoff
    if period.kind is not PeriodKind.YEAR:
        raise LookupError(f"年终总结按年编写，{period.chinese}不是一年")
    if any(figures.children.values()):
        raise LookupError(
            f"{figures.unit.name}有所属工会，年终总结随联合会的一并起草送签，不出简式"
        )
    computation = consolidate(connection, known, period, cutoff, cutoff)  # kept, not made again
    whole = extras_of(connection, known, period, computation, cutoff)
    figures = with_own_months(connection, known, figures)
    figures, extras = told_for(connection, known, whole, figures, top=False)
    return short_review(figures, known, extras)
