"""The shapes of every definition: forms, columns, rules, indicators, schemes, parameters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from definitions.expression import Expression, parse
from definitions.periods import Period, PeriodKind


class Model(BaseModel):
    """Every definition is frozen and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _expression(value: Any) -> Any:
    return parse(value) if isinstance(value, str) else value


Check = Annotated[Expression, BeforeValidator(_expression)]


class Severity(StrEnum):
    """What a broken rule does: return the workbook, ask for an explanation, or tell."""

    RETURN = "退回"
    EXPLAIN = "须说明"
    NOTICE = "提示"

    @property
    def rank(self) -> int:
        """0 is the gravest."""
        return list(Severity).index(self)


class ColumnType(StrEnum):
    """How a cell is read."""

    INT = "int"
    DEC = "dec"
    PCT = "pct"
    DATE = "date"
    YEAR_MONTH = "ym"
    BOOL = "bool"
    CODE = "code"
    STR = "str"
    TEXT = "text"
    USCC = "uscc"
    IDNO = "idno"
    REGION = "region"
    INDUSTRY = "industry"
    PHONE = "phone"
    ENUM = "enum"
    MULTI = "multi"

    @property
    def numeric(self) -> bool:
        """Stored as a number and summable."""
        return self in (ColumnType.INT, ColumnType.DEC, ColumnType.PCT)


class ColumnKind(StrEnum):
    """What a column means over time."""

    KEY = "key"
    STOCK = "stock"
    FLOW = "flow"
    CUMULATIVE = "cumulative"
    DERIVED = "derived"
    ATTRIBUTE = "attribute"
    TEXT = "text"


class Column(Model):
    """One column of a form; `derived` and `required_when` are expressions over the row."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    aliases: tuple[str, ...] = ()
    type: ColumnType
    unit: str = ""
    kind: ColumnKind
    required: bool = False
    required_when: Check | None = None
    list: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int = 2
    negative: bool = False
    zero_words: bool = Field(default=False, description="无、/、— stand for 0 in this column")
    future: bool = Field(default=False, description="a date may lie after the day of receipt")
    personal: Literal["", "name", "identity"] = ""
    derived: Check | None = None
    guidance: str = ""
    example: str = ""


class Due(Model):
    """When a form is due, counted from the end of its period; moved to a working day."""

    months_after: int = 1
    day: int = Field(default=5, ge=1, le=31)
    check_day: int = Field(default=8, ge=1, le=31)
    lock_day: int = Field(default=12, ge=1, le=31)
    festival: str | None = Field(default=None, description="days count from this festival instead")
    workdays: int | None = Field(default=None, description="working days after the event")
    basis: str


class Reporters(Model):
    """Which organisations owe the form; an empty tuple means any."""

    levels: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    expected: bool = Field(default=True, description="False: handed in only when there is cause")


class Ledger(Model):
    """A register of things: each sending replaces rows by key; `date` places a row in time."""

    date: str
    keys: tuple[str, ...]


class Example(Model):
    """A row (with names as in the expression) for which the rule passes or fails."""

    row: dict[str, Any]
    rows: tuple[dict[str, Any], ...] = ()
    period: str = "2017-03"


class Rule(Model):
    """A condition that must hold, and everything said about it when it does not."""

    code: str = Field(pattern=r"^V-[A-Z]+-\d{3}$")
    layer: Literal[
        "file", "cover", "timeliness", "cell", "row", "sheet", "cross-form", "cross-period",
        "cross-organisation",
    ]  # fmt: skip
    severity: Severity
    check: Check | None = None
    columns: tuple[str, ...] = Field(default=(), description="cells to mark; default: those named")
    types: tuple[ColumnType, ...] = Field(default=(), description="cell rules: column types")
    kinds: tuple[ColumnKind, ...] = Field(default=(), description="cell rules: column kinds")
    title: str
    message: str
    advice: str
    basis: str
    passes: tuple[Example, ...] = ()
    fails: tuple[Example, ...] = ()


class Form(Model):
    """One form: what it asks, of whom, when, and the rules that belong to it alone."""

    code: str = Field(pattern=r"^[A-Z]+-\d\d$")
    title: str
    work: str
    period: PeriodKind
    grain: str
    line: Literal["块", "条"] = "块"
    edition: str
    valid_from: date
    valid_to: date | None = None
    issuer: str
    document: str
    document_valid_to: date
    reporters: Reporters
    due: Due
    ledger: Ledger | None = None
    guidance: str = ""
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _unique(self) -> Form:
        codes = [c.code for c in self.columns]
        doubled = sorted({c for c in codes if codes.count(c) > 1})
        if doubled:
            raise ValueError(f"columns named twice: {', '.join(doubled)}")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """Codes of the key columns, in order."""
        return tuple(c.code for c in self.columns if c.kind is ColumnKind.KEY)

    @property
    def position(self) -> dict[str, int]:
        """Place of each column, from 0; the order of stored arrays."""
        return {c.code: i for i, c in enumerate(self.columns)}

    def column(self, code: str) -> Column:
        """The column of that code; KeyError when there is none."""
        for column in self.columns:
            if column.code == code:
                return column
        raise KeyError(f"{self.code} has no column {code}")

    def covers(self, period: Period) -> bool:
        """Whether this edition is the one for a period of its kind."""
        return (
            period.kind is self.period.label_kind
            and self.valid_from <= period.end
            and (self.valid_to is None or period.end <= self.valid_to)
        )


class CodeList(Model):
    """Allowed values in order, with other spellings that mean the same."""

    values: tuple[str, ...]
    aliases: dict[str, str] = {}
    source: str


class Measure(Model):
    """What is added up over the rows of one form before any indicator is computed."""

    form: str
    sum: Check | None = None
    count: Literal["rows"] | None = None
    distinct: str | None = None
    where: Check | None = None
    dated: str | None = Field(default=None, description="count where this date is in the period")
    take: Literal["flow", "latest"] = "flow"

    @model_validator(mode="after")
    def _one(self) -> Measure:
        given = [x for x in (self.sum, self.count, self.distinct) if x is not None]
        if len(given) != 1:
            raise ValueError("a measure has exactly one of sum, count, distinct")
        return self

    @property
    def code(self) -> str:
        """A stable name, equal for equal measures."""
        what = (
            f"sum({self.sum.text})"
            if self.sum
            else f"distinct({self.distinct})"
            if self.distinct
            else "count"
        )
        parts = [self.form, what, self.take]
        if self.where:
            parts.append(f"where {self.where.text}")
        if self.dated:
            parts.append(f"dated {self.dated}")
        return " | ".join(parts)


class Indicator(Model):
    """A published figure: measures, how they join, and how it is summed over units and time."""

    code: str = Field(pattern=r"^I-[A-Z]+-\d\d$")
    name: str
    unit: str
    dimension: Literal["E", "S", "H", ""] = ""
    aggregate: Literal["sum", "latest", "ratio", "wmean", "distinct", "score"]
    numerator: tuple[Measure, ...]
    minus: tuple[Measure, ...] = ()
    denominator: tuple[Measure, ...] = ()
    multiply: Decimal = Decimal(1)
    decimals: int = 0
    better: Literal["higher", "lower", "neither"] = "higher"
    missing: Literal["not-counted", "zero-score"] = "not-counted"
    authority: str
    definition: str

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


class Dated(Model):
    """One value of a parameter with the days on which it holds and who decided it."""

    since: date
    until: date | None = None
    value: Any
    authority: str
    proposed: bool = Field(default=False, description="our proposal: the federation must decide")


class Parameter(Model):
    """A threshold, rate or table that changes with time."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    unit: str = ""
    values: tuple[Dated, ...]

    def at(self, day: date) -> Any:
        """The value on a day; LookupError when nothing was decided for it."""
        for dated in self.values:
            if dated.since <= day and (dated.until is None or day <= dated.until):
                return dated.value
        raise LookupError(f"parameter {self.code} has no value on {day}")


class Part(Model):
    """One indicator inside an item, with its marks and the function that gives them."""

    indicator: str
    marks: Decimal
    function: str
    target: Decimal | Literal["letter"] | None = None
    options: dict[str, Any] = {}


class Item(Model):
    """One line of a score sheet."""

    code: str
    name: str
    work: str = ""
    parts: tuple[Part, ...]

    @property
    def marks(self) -> Decimal:
        """Full marks of the item."""
        return sum((p.marks for p in self.parts), Decimal(0))


class Block(Model):
    """A block of the total: computed items, members' ratings, or assessors' marks."""

    code: str
    name: str
    weight: Decimal
    source: Literal["items", "ratings", "assessors"]
    items: tuple[Item, ...] = ()
    raters: dict[str, Decimal] = {}


class Band(Model):
    """A grade and the lowest total that earns it (included)."""

    name: str
    at_least: Decimal


class Veto(Model):
    """A cause that forbids grades above `highest`."""

    code: str
    name: str
    highest: str


class Scheme(Model):
    """One assessment scheme in one version; frozen once a first mark was given."""

    code: str
    title: str
    years: tuple[int, ...]
    applies: Reporters
    group_by: Literal["type", "size", "level"] = "type"
    period: Literal["year", "quarter"] = "year"
    blocks: tuple[Block, ...]
    bonus_cap: Decimal = Decimal(0)
    bonus: dict[str, Decimal] = {}
    deduction_cap: Decimal = Decimal(0)
    deductions: dict[str, Decimal] = {}
    veto: tuple[Veto, ...] = ()
    bands: tuple[Band, ...]
    quota: dict[str, Decimal] = Field(default={}, description="highest share of a grade, percent")
    smallest_group: int = 3
    authority: str

    @model_validator(mode="after")
    def _sound(self) -> Scheme:
        weights = sum((b.weight for b in self.blocks), Decimal(0))
        if weights != 100:
            raise ValueError(f"block weights sum to {weights}, not 100")
        floors = [b.at_least for b in self.bands]
        if floors != sorted(floors, reverse=True) or floors[-1] != 0:
            raise ValueError("bands must fall from the highest to 0 without a gap")
        return self


class CalendarYear(Model):
    """Working days of one year where it departs from Monday to Friday."""

    year: int
    holidays: tuple[date, ...]
    working_weekends: tuple[date, ...]
    festivals: dict[str, date] = {}
    authority: str
