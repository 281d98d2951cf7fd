"""What an assessment is computed from: plain frozen data, fed from the warehouse or a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from definitions.measures import Indicator

LOWER_IS_BETTER = "越小越好"
RANGE = "区间"


@dataclass(frozen=True, slots=True)
class LastYear:
    """What a unit was given a year before; `marks` by block code, or by item and indicator."""

    scheme: str
    total: Decimal | None
    grade: str
    rank: int | None
    marks: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit under assessment; `size` in persons. An empty `group` is derived by the scheme.

    Without `letter_due` the unit owes no letter, and tasks measured against one do not apply.
    """

    code: str
    name: str
    type: str = ""
    level: str = ""
    size: int | None = None
    group: str = ""
    letter_due: bool = True
    last_year_rank: int | None = None
    applied_grade: str = ""
    note: str = ""
    last_year: LastYear | None = None


@dataclass(frozen=True, slots=True)
class IndicatorFacts:
    """How an indicator is named, shown and read; `multiply` turns its ratio into its unit."""

    code: str
    name: str
    unit: str
    better: Literal["higher", "lower", "neither"] = "higher"
    decimals: int = 0
    multiply: Decimal = Decimal(1)
    ratio: bool = False

    @classmethod
    def of(cls, indicator: Indicator) -> IndicatorFacts:
        """The facts of a defined indicator."""
        return cls(
            indicator.code,
            indicator.name,
            indicator.unit,
            indicator.better,
            indicator.decimals,
            indicator.multiply,
            indicator.aggregate in ("ratio", "wmean"),
        )


@dataclass(frozen=True, slots=True)
class Measurement:
    """The warehouse's figure for one unit and indicator, with how many reported of how many.

    Where a denominator is given, `numerator x multiply / denominator` is what scores, so that a
    rounded `value` cannot decide a step; `value` alone counts for sums and stocks. Nothing
    reported where something was expected is missing, whatever `value` says. `quarters` holds the
    figures of quarters 1-4 for process items: one that is not there is missing, one that is there
    without a value had no base. `made_of` says in words what the figure adds up; `reference` leads
    back to the cells.
    """

    unit: str
    indicator: str
    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    reported: int = 0
    expected: int = 0
    last_year: Decimal | None = None
    quarters: Mapping[int, Decimal | None] = field(default_factory=dict)
    reference: str = ""
    made_of: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """A target that was changed after it was signed: when, by which document, and to what.

    One that came after the year was first scored is told of and not `counted`.
    """

    was: Decimal | None
    now: Decimal
    on: date
    document: str = ""
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """A task of the responsibility letter (TGT-01): what was signed, by whom it is borne.

    Nobody's name stands here: `owned` says whether the letter names somebody.
    """

    unit: str
    indicator: str
    annual: Decimal
    direction: str = "越大越好"
    weight: Decimal | None = None
    owner: str = ""
    quarters: Mapping[int, Decimal] = field(default_factory=dict)
    reference: str = ""
    owned: bool = True
    revisions: tuple[Revision, ...] = ()


@dataclass(frozen=True, slots=True)
class SelfReport:
    """What the unit says of itself (TGT-02): shown beside the computed value, never scored."""

    unit: str
    indicator: str
    actual: Decimal
    self_score: Decimal | None = None
    gap_reason: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Anonymous ballots of one rater group on one unit (EVAL-01)."""

    unit: str
    rater: str
    eligible: int
    ballots: int
    very_sat: int
    basic_sat: int
    unsat: int
    unclear: int
    object: str = "工会工作"
    reference: str = ""


@dataclass(frozen=True, slots=True)
class AssessorMark:
    """What one assessor group gave one unit for one item, on a scale of 100 (EVAL-02)."""

    unit: str
    item: str
    assessor: str
    raw: Decimal
    reason: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PartyScore:
    """One party's score, 0-100, of one unit for the block `block` (HOME-02).

    Where the scheme lists criteria and `criteria` holds their scores, their mean is the score.
    """

    unit: str
    block: str
    score: Decimal
    eligible: int | None = None
    ballots: int | None = None
    reference: str = ""
    criteria: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BonusClaim:
    """An honour or selected project (HONOR-01); `kind` is its level as the scheme names it."""

    unit: str
    kind: str
    title: str
    document: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class DeductionEntry:
    """`count` cases of a cause that costs points; `kind` as the scheme names it."""

    unit: str
    kind: str
    title: str
    count: int = 1
    document: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class VetoEntry:
    """A one-vote veto entered by the federation, with the document that carries it."""

    unit: str
    code: str
    title: str
    document: str


@dataclass(frozen=True, slots=True)
class AssessmentInputs:
    """Everything one assessment reads; at most one record per unit and key.

    Records about other units than `units` are left aside, so that one year's rows can be handed
    to every scheme.
    """

    year: int
    units: tuple[Unit, ...]
    indicators: tuple[IndicatorFacts, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    targets: tuple[Target, ...] = ()
    self_reports: tuple[SelfReport, ...] = ()
    tallies: tuple[Tally, ...] = ()
    assessor_marks: tuple[AssessorMark, ...] = ()
    party_scores: tuple[PartyScore, ...] = ()
    bonus_claims: tuple[BonusClaim, ...] = ()
    deductions: tuple[DeductionEntry, ...] = ()
    vetoes: tuple[VetoEntry, ...] = ()
