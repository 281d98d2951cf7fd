"""What a scheme that is no score sheet decided, case by case, with what it was decided from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from definitions.small_schemes import SmallScheme


@dataclass(frozen=True, slots=True)
class Decision:
    """One case: of whom, what was decided, how much it brings, and why.

    `subject` says what was judged, never whom by name: a certificate, a studio, a representative's
    number; empty where it is the union itself. `inputs` are the figures behind it as reported,
    `reference` leads to their row. What is not `told` stays inside the union: outside it there
    are only counts. `flagged` cases wait for a person.
    """

    unit: str
    outcome: str
    why: str
    subject: str = ""
    amount: Decimal | None = None
    measure: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    reference: str = ""
    told: bool = True
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """Everything one scheme decided in a year, in the order of units and rows."""

    scheme: SmallScheme
    year: int
    decisions: tuple[Decision, ...]
    notices: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """Codes of the units that something was decided about."""
        return tuple(sorted({d.unit for d in self.decisions}))

    def of(self, unit: str) -> tuple[Decision, ...]:
        """What was decided about one unit."""
        return tuple(d for d in self.decisions if d.unit == unit)

    def total(self, unit: str) -> Decimal | None:
        """What all cases of a unit bring together; None where none brings anything to add up."""
        amounts = [d.amount for d in self.of(unit) if d.amount is not None]
        return sum(amounts, Decimal(0)) if amounts else None


def outcome_of(decisions: Sequence[Decision]) -> str:
    """The outcome of a unit with one case; of more, how many there are of each."""
    if len(decisions) == 1:
        return decisions[0].outcome
    counts: dict[str, int] = {}
    for decision in decisions:
        counts[decision.outcome] = counts.get(decision.outcome, 0) + 1
    return "，".join(f"{name} {count}" for name, count in counts.items())
