"""What follows a close: the reports of the month, and of the quarter it ends, at its cut-off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from definitions import Period
from definitions.periods import PeriodKind, closing_periods
from pipelines.consolidate import consolidate, figures_of, top_unit
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.reports import REPORTS
from pipelines.flow.storing import lay_out, publish
from warehouse import audit
from warehouse.engine import sql
from warehouse.organisations import standing

OF_KIND = {
    PeriodKind.MONTH: ("R-04", "R-12"),
    PeriodKind.QUARTER: ("R-10", "R-13"),
    PeriodKind.YEAR: ("R-10",),
}
"""Kind of period → the federation's reports that belong to its close."""


def months_to_report(at: str) -> list[str]:
    """Months that have been closed since their reports were made, or never had them."""
    with engine().connect() as connection:
        return [month for month, _ in _closed(connection, moment(at))]


def publish_monthly(period: str, at: str) -> dict[str, Any]:
    """Publish the federation's reports of a closed month, and of the quarter that ends with it.

    They say what its bulletin says: figures are those of the last close, which are kept. Doing it
    again for the same close is the same editions. LookupError in Chinese for a month not closed.
    """
    known, when, month = definitions(), moment(at), Period.parse(period)
    register(known, when)
    made = []
    with engine().begin() as connection:
        cutoff = dict(_closed(connection, when, every=True)).get(month.label)
        if cutoff is None:
            raise LookupError(f"{month.chinese}还没有关账，没有可以通报的数")
        for span in closing_periods(month, known.period_kinds):
            codes = OF_KIND.get(span.kind, ())
            if not codes:
                continue
            top = top_unit(standing(connection, span.end, cutoff)).code
            computation = consolidate(connection, known, span, cutoff, when)
            figures = figures_of(connection, known, computation, top)
            for code in codes:
                publication = REPORTS[code](connection, known, figures)
                _, stands = publish(connection, publication, computation, when)
                made += [publication] if stands else []
        audit.note(
            connection,
            at=when,
            actor="system",
            action="period.reports",
            subject=month.label,
            detail={"publications": len(made)},
        )
    return {"publications": len(made), "files": [f for p in made for f in lay_out(p)]}


def _closed(
    connection: Connection, when: datetime, *, every: bool = False
) -> list[tuple[str, datetime]]:
    """Month and cut-off of its last close; only those without reports of that close unless all."""
    rows = connection.execute(text(sql("months_reported")), {"at": when})
    return [(r.period, r.closed) for r in rows if every or r.reported is None]
