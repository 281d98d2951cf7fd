"""Of reporting itself: corrections after the lock, and how many questions were answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from warehouse.engine import sql


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts of one unit with those below it in one period.

    `warnings` are findings that asked for an explanation and were explained or still stand; what
    was corrected instead asks for none.
    """

    corrections: int = 0
    warnings: int = 0
    explained: int = 0


QualityOf = dict[tuple[str, int, int], Quality]


def quality(connection: Connection, cutoff: datetime) -> QualityOf:
    """(period label, line, organisation) → counts, over the temporary tables of a roll-up."""
    rows = connection.execute(text(sql("roll_up_quality")), {"cutoff": cutoff})
    return {
        (r.label, r.line, r.org_id): Quality(int(r.corrections), int(r.warnings), int(r.explained))
        for r in rows
    }
