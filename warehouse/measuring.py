"""On which line a union is measured: the industry that it heads, or else its territory."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from definitions import Definitions
from warehouse.engine import sql


def measured_by_industry(connection: Connection, cutoff: datetime) -> list[int]:
    """Ids of unions that head an industry and no territory, as known at a cut-off.

    What such a union reports of itself stands on the territorial line too, so a figure on that
    line says nothing of its industry.
    """
    return list(connection.execute(text(sql("measured_by_industry")), {"cutoff": cutoff}).scalars())


def own_marks(definitions: Definitions) -> list[str]:
    """Indicators that are marks of one union: kept on the territorial line, whatever it heads."""
    return [i.code for i in definitions.indicators.values() if i.aggregate == "score"]
