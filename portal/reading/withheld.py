"""What of the figures is not told: counts of few people, as decided for the whole federation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from definitions import Definitions
from pipelines.flow.walk_steps import COMPARABLE_NOW
from pipelines.flow.walking_board import BOARD
from pipelines.small_cells import OWN, sensitive
from warehouse.withheld import decisions

LINES = {"块": 1, "条": 2}
UNTOLD = "不公布"


@dataclass(frozen=True, slots=True)
class Withheld:
    """Decisions of some computations about some units. Nothing sensitive is told of one that
    nobody decided."""

    codes: frozenset[str]
    decided: Mapping[int, frozenset[tuple[int, str, str, str]] | None]

    def hides(self, computation: int, line: int, unit: str, period: str, code: str) -> bool:
        """Whether a figure is withheld; `unit` is a code, `period` a label."""
        if code not in self.codes:
            return False
        found = self.decided.get(computation)
        return found is None or (line, unit, period, code) in found

    def hides_address(self, computation: int, address: str) -> bool:
        """The same of a figure named line/unit/period/code, or of a side of it (a unit's own part
        is withheld apart); of no other address. A sum of the year so far gives a month away, one of
        the unions that belong to a unit now what moved ones did before."""
        words = address.split("/")
        if len(words) not in (4, 5) or words[0] not in LINES:
            return False
        line, unit, period, code = LINES[words[0]], *words[1:4]
        if code in self.codes and (BOARD | {COMPARABLE_NOW}).intersection(words[4:]):
            return True
        if words[4:] == [OWN] and self.hides(computation, line, unit + OWN, period, code):
            return True
        return self.hides(computation, line, unit, period, code)


def asked(
    engine: Engine,
    known: Definitions,
    day: date,
    computations: Collection[int],
    indicators: Collection[str],
    units: Collection[str],
) -> Withheld:
    """What is withheld of some indicators of some units (codes); nothing is asked about others.

    Asked as the owner, for it concerns everybody.
    """
    codes = frozenset(sensitive(known, day).codes) & frozenset(indicators)
    if not codes:
        return Withheld(codes, {})
    with engine.connect() as owner:
        return Withheld(codes, decisions(owner, computations, codes, units))


def asked_about(
    engine: Engine,
    known: Definitions,
    day: date,
    computation: int,
    addresses: Collection[str],
) -> Withheld:
    """The same of the figures that some addresses name, with what units did themselves."""
    named = [w for a in addresses if len(w := a.split("/")) in (4, 5)]
    units = {u for w in named for u in (w[1], w[1] + OWN)}
    return asked(
        engine, known, day, [computation] if computation else [], {w[3] for w in named}, units
    )
