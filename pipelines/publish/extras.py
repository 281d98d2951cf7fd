"""What a review tells beside the figures: assessment, star-rated homes, works, problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One of the 16 key works: tasks due and met by computed values; completion in percent."""

    work: str
    name: str
    tasks: int
    met: int
    completion: Decimal | None


@dataclass(frozen=True, slots=True)
class LetterTask:
    """One annual task of a unit's letter: of which key work, and whether it was met."""

    code: str
    work: str
    met: bool


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    """One unit's result; `total` in marks, `rank` None where a group is too small to rank."""

    unit: str
    group: str
    total: Decimal
    grade: str
    rank: int | None
    veto: str = ""
    code: str = ""
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class StarHomeRow:
    """One star-rated home: three parties' marks (0-100), their weights in percent, the result.

    `trial` is what the same marks give by the weights of the year after, where these differ.
    """

    name: str
    unit: str
    member: Decimal
    employer: Decimal
    upper: Decimal
    weights: tuple[Decimal, Decimal, Decimal]
    total: Decimal
    star: str
    participation: Decimal | None = None
    trial: Decimal | None = None
    trial_weights: str = ""
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class FundBand:
    """A band of fund-performance audits: the unions that were in it this year and last."""

    name: str
    now: tuple[str, ...]
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnmetTarget:
    """A task of the letter that was not met by the computed value; `reason` in the unit's words."""

    unit: str
    task: str
    measure: str
    target: Decimal
    actual: Decimal | None
    reason: str = ""
    code: str = ""
    indicator: str = ""
    line: str = "块"


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule spoke in the period, and in how many units."""

    rule: str
    title: str
    severity: str
    findings: int
    units: int
    advice: str = ""


@dataclass(frozen=True, slots=True)
class UnitWords:
    """A unit's own text on a section of the review (NARR-01), quoted and never rewritten.

    `kind` is the heading of its column, `cites` are the indicators that its numbers come from.
    """

    code: str
    unit: str
    section: str
    kind: str
    text: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """What a project was given by one criterion: the column, what it is called, the marks."""

    column: str
    label: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Project:
    """A project that was selected (RES-02): its number, marks by criterion and its own words.

    `held` are figures of its union that may not be printed, which its words may say.
    """

    code: str
    unit: str
    key: str
    title: str
    marks: tuple[Mark, ...]
    result: str
    numbers: str
    held: frozenset[Decimal] = frozenset()


@dataclass(frozen=True, slots=True)
class Unusual:
    """A figure that a rule asked about and that was let pass with an explanation.

    `indicators` count it; `above` are the units whose totals hold it, as (line, code). `message`
    and `words` are empty where they would tell of few people.
    """

    code: str
    unit: str
    period: str
    form: str
    rule: str
    message: str
    words: str
    indicators: frozenset[str]
    above: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Extras:
    """Everything optional; what is missing is said to be missing or left out.

    `tasks` are those that `works` counts. `lines` says along which line a unit's filings and
    findings are counted, where it is not 块: an industry union is told along its own.
    """

    works: tuple[WorkRow, ...] = ()
    tasks: tuple[LetterTask, ...] = ()
    assessments: tuple[AssessmentRow, ...] = ()
    star_homes: tuple[StarHomeRow, ...] = ()
    fund_bands: tuple[FundBand, ...] = ()
    unmet: tuple[UnmetTarget, ...] = ()
    rule_counts: tuple[RuleCount, ...] = ()
    words: tuple[UnitWords, ...] = ()
    projects: tuple[Project, ...] = ()
    unusual: tuple[Unusual, ...] = ()
    shown_units: int = 12
    lines: Mapping[str, str] = field(default_factory=dict)
