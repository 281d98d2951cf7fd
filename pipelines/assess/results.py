"""What an assessment says: every mark with the figures it was made of, up to grade and rank."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from definitions.schemes import Block, Item, Part, Scheme, Veto
from pipelines.assess.inputs import IndicatorFacts, Revision, Tally, Unit


class State(StrEnum):
    """Whether a part of an item counts: scored, missing (0 marks) or not applicable (dropped)."""

    SCORED = "计分"
    MISSING = "缺报"
    NOT_APPLICABLE = "不适用"


class Standing(StrEnum):
    """How firm a unit's result is."""

    FINAL = "正式"
    PROVISIONAL = "暂定"
    INVALID = "无效"


@dataclass(frozen=True, slots=True)
class Working:
    """Intermediate figures of one mark, those that its function has; for the explanation."""

    completion: Decimal | None = None
    step: int | None = None
    rank: Decimal | None = None
    group_size: int | None = None
    tied: bool = False
    improvement: Decimal | None = None
    quarters: tuple[tuple[int, Decimal | None, Decimal, Decimal], ...] = ()
    """(quarter, actual, target, marks)"""
    given: tuple[tuple[str, Decimal], ...] = ()
    """(assessor group, marks on a scale of 100)"""


@dataclass(frozen=True, slots=True)
class PartResult:
    """One line of a score sheet; `marks` of `full`, 0 when missing or not applicable."""

    item: Item
    part: Part | None
    indicator: IndicatorFacts | None
    full: Decimal
    state: State
    marks: Decimal
    why: str = ""
    actual: Decimal | None = None
    target: Decimal | None = None
    from_letter: bool = False
    lower: bool = False
    range_target: bool = False
    last_year: Decimal | None = None
    self_reported: Decimal | None = None
    self_score: Decimal | None = None
    deviation_pct: Decimal | None = None
    owner: str = ""
    reported: int = 0
    expected: int = 0
    reference: str = ""
    working: Working = Working()
    made_of: str = ""
    unowned: bool = False
    """The letter sets a target for which nobody answers by name."""
    revisions: tuple[Revision, ...] = ()
    signed_in: str = ""
    """Where the target stands in the letter."""


@dataclass(frozen=True, slots=True)
class RaterResult:
    """The ballots of one rater group; `score` 0-100 without 不了解, None when nobody judged."""

    rater: str
    share: Decimal
    tally: Tally | None
    score: Decimal | None
    participation_pct: Decimal | None
    satisfied_pct: Decimal | None
    unclear_pct: Decimal | None
    must_explain: bool = False
    counted: bool = True
    void: str = ""


@dataclass(frozen=True, slots=True)
class BlockResult:
    """One block of one unit; `score` 0-100, None when nothing in it applies to the unit.

    `earned` of `due` are the nominal marks behind it; `weight` is the percentage in force after
    spreading, `weighted` what the block adds to the total.
    """

    block: Block
    score: Decimal | None
    weight: Decimal
    weighted: Decimal
    earned: Decimal = Decimal(0)
    due: Decimal = Decimal(0)
    parts: tuple[PartResult, ...] = ()
    raters: tuple[RaterResult, ...] = ()
    eligible: int | None = None
    ballots: int | None = None
    participation_pct: Decimal | None = None
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A bonus or deduction; `points` as claimed by the rule, `counted` 0 with `why` if refused."""

    kind: str
    title: str
    document: str
    points: Decimal
    counted: bool
    why: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class AppliedVeto:
    """A veto that stands, or one without a document that waits (`counted` False)."""

    veto: Veto
    title: str
    document: str
    counted: bool


@dataclass(frozen=True, slots=True)
class UnitResult:
    """One unit's outcome; `total` rounded once to 2 decimals, None when nothing applied.

    A year that is the mean of its months has them in `months`, each scored by itself, and no
    blocks of its own.
    """

    unit: Unit
    group: str
    blocks: tuple[BlockResult, ...]
    bonus: tuple[Adjustment, ...]
    bonus_points: Decimal
    deductions: tuple[Adjustment, ...]
    deduction_points: Decimal
    vetoes: tuple[AppliedVeto, ...]
    total: Decimal | None
    grade_by_total: str
    grade: str
    grade_reasons: tuple[str, ...]
    standing: Standing
    rank: int | None = None
    group_size: int = 0
    notes: tuple[str, ...] = ()
    months: tuple[tuple[int, UnitResult], ...] = ()

    def block(self, code: str) -> BlockResult:
        """The block of that code; KeyError when the scheme has none."""
        for result in self.blocks:
            if result.block.code == code:
                return result
        raise KeyError(code)


@dataclass(frozen=True, slots=True)
class AssessmentResult:
    """The whole assessment: units by group and rank, and why it is provisional, if it is."""

    scheme: Scheme
    year: int
    units: tuple[UnitResult, ...]
    indicators: tuple[IndicatorFacts, ...] = ()
    provisional: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def groups(self) -> dict[str, tuple[UnitResult, ...]]:
        """Units by group, in the order of the result."""
        found: dict[str, list[UnitResult]] = {}
        for unit in self.units:
            found.setdefault(unit.group, []).append(unit)
        return {name: tuple(units) for name, units in found.items()}

    def unit(self, code: str) -> UnitResult:
        """The result of one unit; KeyError when it was not assessed."""
        for result in self.units:
            if result.unit.code == code:
                return result
        raise KeyError(code)
