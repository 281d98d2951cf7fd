"""From a number over many single unions, such as a median, to the unions and their figures."""

from __future__ import annotations

from decimal import Decimal

from definitions import Period
from definitions.measures import Indicator
from pipelines.flow.analysis_brief import singles_of
from pipelines.flow.walk_steps import NOW, At, Part, address_of
from warehouse.publications import PrintedNumber
from warehouse.walks import names_at


def singles(at: At, number: PrintedNumber, indicator: Indicator) -> list[Part]:
    """Grassroots unions below a unit with their figure, the least first."""
    period = Period.parse(number.period)
    found = singles_of(
        at.connection, at.known, number.unit, indicator.code, period, at.edition.cutoff
    )
    at.names.update(names_at(at.connection, list(found), period, at.edition.cutoff))
    ordered = sorted(found.items(), key=lambda p: (p[1].value or Decimal(0), p[0]))
    return [
        Part(at.names.get(u, u), f.value, address_of(number, unit=u, basis=NOW, units=()))
        for u, f in ordered
    ]
