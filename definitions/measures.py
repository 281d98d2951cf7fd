"""What is counted: measures over the rows of forms, and the indicators made of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from definitions.model import Check, Model


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Each(Model):
    """What a group of rows must reach to be counted: a sum, or a number of different values."""

    sum: Check | None = None
    distinct: str | None = None
    at_least: Check

    @model_validator(mode="after")
    def _one(self) -> Each:
        if (self.sum is None) == (self.distinct is None):
            raise ValueError("a group is judged by either a sum or a count of different values")
        return self

    @property
    def code(self) -> str:
        """A stable name, equal for equal conditions."""
        what = f"sum({self.sum.text})" if self.sum else f"distinct({self.distinct})"
        return f"each {what} >= {self.at_least.text}"


class Without(Model):
    """Rows of another form whose presence this year keeps a unit's rows from being counted."""

    form: str
    where: Check

    @property
    def code(self) -> str:
        """A stable name, equal for equal conditions."""
        return f"without {self.form} where {self.where.text}"


class Measure(Model):
    """What is added up over the rows of one form before any indicator is computed.

    `take` says how it stands to time: `flow` adds up over months; `latest` is what the unit's last
    filing says; `standing` is a register as it stands at the end of the period, the newest row of
    every thing sent up to then (`where` may ask `period.end`); `months` counts what a filing says
    for every month of its period, as in person-months.
    """

    form: str
    sum: Check | None = None
    count: Literal["rows"] | None = None
    distinct: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()
    largest: Check | None = Field(default=None, description="largest value in the unit's filing")
    each: Each | None = Field(
        default=None, description="with distinct: only groups that reach this in their month"
    )
    where: Check | None = None
    dated: str | None = Field(default=None, description="count where this date is in the period")
    without: Without | None = Field(
        default=None, description="only of units that reported no such row this year"
    )
    own: bool = Field(default=False, description="of the unit itself, not of those below it")
    take: Literal["flow", "latest", "standing", "months"] = "flow"

    @model_validator(mode="after")
    def _one(self) -> Measure:
        given = [x for x in (self.sum, self.count, self.distinct, self.largest) if x]
        if len(given) != 1:
            raise ValueError("a measure has exactly one of sum, count, distinct, largest")
        if self.each and not self.distinct:
            raise ValueError("each needs the columns of its groups in distinct")
        if self.largest and self.take != "latest":
            raise ValueError("largest is taken from the latest filing")
        if self.without and self.take != "standing":
            raise ValueError("without is asked of a register as it stands")
        return self

    @property
    def code(self) -> str:
        """A stable name, equal for equal measures."""
        if self.sum:
            what = f"sum({self.sum.text})"
        elif self.largest:
            what = f"largest({self.largest.text})"
        else:
            what = f"distinct({', '.join(self.distinct)})" if self.distinct else "count"
        parts = [self.form, what, self.take]
        if self.each:
            parts.append(self.each.code)
        if self.where:
            parts.append(f"where {self.where.text}")
        if self.dated:
            parts.append(f"dated {self.dated}")
        if self.without:
            parts.append(self.without.code)
        if self.own:
            parts.append("own")
        return " | ".join(parts)


AboutReporting = Literal[
    "expected", "reported", "on_time", "first_pass", "missing", "corrections", "warnings",
    "explained",
]  # fmt: skip
Achievement = Literal[
    "tasks met", "works completed", "targets reached", "tasks improved", "figures improved",
    "self-report gap",
]  # fmt: skip
"""Targets and improvement; where the indicator has a dimension, over figures of that one only."""


class Indicator(Model):
    """A published figure: measures, how they join, and how it is summed over units and time."""

    code: str = Field(pattern=r"^I-[A-Z]+-\d\d$")
    name: str
    unit: str
    dimension: Literal["E", "S", "H", ""] = ""
    aggregate: Literal["sum", "latest", "ratio", "wmean", "distinct", "score", "growth"]
    numerator: tuple[Measure, ...] = ()
    coverage: tuple[AboutReporting, ...] = Field(
        default=(), description="about reporting itself: one count, or numerator and base"
    )
    achieved: Achievement | None = Field(
        default=None, description="computed from other figures, with letters or last year's"
    )
    scheme: str = Field(default="", description="total in a family of assessment schemes")
    minus: tuple[Measure, ...] = ()
    denominator: tuple[Measure, ...] = ()
    multiply: Decimal = Decimal(1)
    decimals: int = 0
    better: Literal["higher", "lower", "neither"] = "higher"
    missing: Literal["not-counted", "zero-score"] = "not-counted"
    authority: str
    definition: str

    @model_validator(mode="after")
    def _sourced(self) -> Indicator:
        given = [x for x in (self.numerator, self.coverage, self.achieved, self.scheme) if x]
        if len(given) != 1:
            raise ValueError("an indicator has one of numerator, coverage, achieved, scheme")
        if self.aggregate == "growth" and (not self.numerator or self.denominator):
            raise ValueError("growth compares its numerator with last year's")
        own = any(m.own for m in self.measures)
        if self.numerator and (self.aggregate == "score") != own:
            raise ValueError("a score, and nothing else, is made of the unit's own measures")
        return self

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Every measure the indicator needs."""
        return (*self.numerator, *self.minus, *self.denominator)

    @property
    def is_flow(self) -> bool:
        """Whether months add up to the year."""
        return self.aggregate in ("sum", "distinct") and all(
            m.take == "flow" for m in self.numerator
        )
