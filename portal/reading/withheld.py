"""What of the figures is not told: counts of few people, as decided for the whole federation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from definitions import Definitions
from pipelines.small_cells import sensitive
from warehouse.withheld import decision

LINES = {"块": 1, "条": 2}
UNTOLD = "不公布"


@dataclass(frozen=True, slots=True)
class Withheld:
    """The decisions of some computations. Of one that nobody decided nothing sensitive is told."""

    codes: frozenset[str]
    decided: Mapping[int, frozenset[tuple[int, str, str, str]] | None]

    def hides(self, computation: int, line: int, unit: str, period: str, code: str) -> bool:
        """Whether a figure is withheld; `unit` is a code, `period` a label."""
        if code not in self.codes:
            return False
        found = self.decided.get(computation)
        return found is None or (line, unit, period, code) in found

    def hides_address(self, computation: int, address: str) -> bool:
        """The same of a figure named line/unit/period/code; of no other address."""
        words = address.split("/")
        if len(words) not in (4, 5) or words[0] not in LINES:
            return False
        return self.hides(computation, LINES[words[0]], words[1], words[2], words[3])


def asked(
    engine: Engine,
    known: Definitions,
    day: date,
    computations: Collection[int],
    indicators: Collection[str] | None = None,
) -> Withheld:
    """What is withheld of some computations (and indicators); nothing is asked about others.

    Asked as the owner, for it concerns everybody.
    """
    codes = frozenset(sensitive(known, day).codes)
    if indicators is not None:
        codes &= frozenset(indicators)
    if not codes:
        return Withheld(codes, {})
    with engine.connect() as owner:
        return Withheld(codes, {c: decision(owner, c) for c in sorted(set(computations))})
