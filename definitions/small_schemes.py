"""Schemes that are no blocks of 100: rates, accounts of points, ballots, funding, selections.

Their thresholds and amounts are dated parameters, named here and not repeated; what stands in the
file itself is the shape of the scheme: which rows, which conditions, in which order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from definitions.model import Model
from definitions.schemes import Misplaced, SchemeKind, Version


class RateTable(Version):
    """A fixed amount per row by its category; paid once for a key, won in the year, by a route."""

    kind: Literal["rate-table"]
    form: str
    category: str
    rates: str
    won_on: str
    route: str
    routes: tuple[str, ...]
    once_by: str


class GradedAward(Version):
    """Things graded by a gate and by the best share of those past it; the grade sets the amount."""

    kind: Literal["graded-award"]
    form: str
    rates: str
    failed: str
    passed: str
    least: dict[str, Decimal] = Field(description="column → least value to pass")
    attested: dict[str, Decimal] = Field(
        default={}, description="least values that no form reports: whoever signs answers for them"
    )
    best: str
    by: str = Field(description="column that orders those who passed")
    top_pct: Decimal = Field(gt=0, le=100)
    honours: tuple[str, ...] = Field(description="an award of these levels is the best grade")


class PointsAccount(Version):
    """An account of points of a person and calendar year, from which cases are taken."""

    kind: Literal["points-account"]
    form: str
    points: str
    reminders: tuple[Decimal, ...] = Field(description="deducted points that bring a reminder")
    education_workdays: int = Field(gt=0)

    @model_validator(mode="after")
    def _rising(self) -> PointsAccount:
        if list(self.reminders) != sorted(set(self.reminders)):
            raise Misplaced(("reminders",), "reminders must rise")
        return self


class BallotOutcome(Version):
    """What ballots on one representative lead to: recall, reward or nothing."""

    kind: Literal["ballot-outcome"]
    form: str
    recall: str
    reward: str
    least_ballots_pct: Decimal = Field(gt=0, le=100, description="of the constituency")


class Funding(Version):
    """Next year's money by this year's grade, and a standard shared by several payers."""

    kind: Literal["funding"]
    form: str
    base: str
    tier: str
    coefficients: str
    rounding: str
    shared_tier: str
    shares: str
    graded_by: SchemeKind = Field(
        default="target-responsibility", description="kind of scheme whose grade of the year counts"
    )


class Selection(Version):
    """The best of candidates: criteria 0-100 by weight, least conditions, places in each group."""

    kind: Literal["selection"]
    candidates: str = Field(description="what is chosen, in Chinese")
    criteria: dict[str, Decimal] = Field(description="criterion → weight; together 100")
    least: dict[str, Decimal] = Field(default={}, description="condition → least value")
    ties: str = Field(default="", description="condition that decides between equals")
    places: int = Field(gt=0)
    grouped: bool = Field(default=False, description="places are given in each group")
    traced: bool = Field(default=False, description="every number must lead back to a record")

    @model_validator(mode="after")
    def _whole(self) -> Selection:
        weights = sum(self.criteria.values(), Decimal(0))
        if weights != 100:
            raise Misplaced(("criteria",), f"weights of criteria sum to {weights}, not 100")
        if self.ties and self.ties not in self.least:
            raise Misplaced(("ties",), f"{self.ties} is none of the conditions")
        return self


class Requirement(Model):
    """One line of a checklist over the columns of a form: equal to a value, or at least one."""

    code: str
    name: str
    column: str
    equals: str = ""
    at_least: Decimal | None = None

    @model_validator(mode="after")
    def _one(self) -> Requirement:
        if bool(self.equals) == (self.at_least is not None):
            raise ValueError(f"{self.code} has one of equals, at_least")
        return self


class Checklist(Version):
    """Passed when every requirement is met."""

    kind: Literal["checklist"]
    form: str
    requires: tuple[Requirement, ...] = Field(min_length=1)


class Stages(Version):
    """How far along a route a figure has come, and who enters the draw of a stage."""

    kind: Literal["stages"]
    indicator: str
    route: str


SmallScheme = (
    RateTable
    | GradedAward
    | PointsAccount
    | BallotOutcome
    | Funding
    | Selection
    | Checklist
    | Stages
)

SMALL_KINDS: dict[str, type[Version]] = {
    "rate-table": RateTable,
    "graded-award": GradedAward,
    "points-account": PointsAccount,
    "ballot-outcome": BallotOutcome,
    "funding": Funding,
    "selection": Selection,
    "checklist": Checklist,
    "stages": Stages,
}


def parameters_of(scheme: Version) -> dict[str, str]:
    """Field → the dated parameter that it names."""
    match scheme:
        case RateTable() | GradedAward():
            names: tuple[str, ...] = ("rates",)
        case PointsAccount():
            names = ("points",)
        case BallotOutcome():
            names = ("recall", "reward")
        case Funding():
            names = ("base", "coefficients", "rounding", "shares")
        case Stages():
            names = ("route",)
        case _:
            names = ()
    return {name: str(getattr(scheme, name)) for name in names}


def columns_of(scheme: Version) -> dict[str, str]:
    """Place in the file → the column of the scheme's form that stands there."""
    match scheme:
        case RateTable():
            names = ("category", "won_on", "route", "once_by")
            return {name: str(getattr(scheme, name)) for name in names}
        case GradedAward():
            return {"by": scheme.by}
        case Checklist():
            return {f"requires.{r.code}": r.column for r in scheme.requires}
    return {}
