"""What an edition is made of beside unit, period and cut-off, as its recipe keeps it.

A paper is dated on the day on which it was kept and tells what was known at that moment. Made
again, it reads the same moment; compared with now, it keeps its date and reads a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from definitions import Period
from definitions.periods import PeriodKind
from pipelines.assessment_year.stages import Refused
from pipelines.flow.ground import moment
from warehouse.publications import Edition


@dataclass(frozen=True, slots=True)
class Asked:
    """What a publication is made of: whose, of when, cut off when, and what its kind needs.

    `known_at` is the moment as of which steps, decisions and filings count; `again` says that this
    is the moment of the edition itself.
    """

    unit: str
    period: Period
    cutoff: datetime
    recipe: Mapping[str, Any]
    known_at: datetime
    again: bool = True

    @property
    def issued_at(self) -> datetime:
        """The moment at which the edition was kept; its papers are dated on that day."""
        return moment(str(self.told("at")))

    def told(self, name: str) -> Any:
        """A line of the recipe; Refused where the edition was kept without it."""
        if name not in self.recipe:
            raise Refused("本版次留存时没有记下编印依据，不能重做，请使用已留存的文件。")
        return self.recipe[name]


def to_keep(year: int, at: datetime, **recipe: Any) -> Asked:
    """What is about to be kept for the first time, of a year and as known at a moment."""
    told = {"at": at.isoformat(), **recipe}
    return Asked("", Period(PeriodKind.YEAR, year), at, told, at)


def kept_before(edition: Edition, cutoff: datetime) -> Asked:
    """An edition as it was, or as it would be with what is known at another moment."""
    asked = Asked(edition.unit, Period.parse(edition.period), cutoff, edition.recipe, cutoff)
    if cutoff != edition.cutoff:
        return replace(asked, again=False)
    return replace(asked, known_at=asked.issued_at) if "at" in edition.recipe else asked
