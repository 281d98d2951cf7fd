"""The shapes of every definition: forms, columns, rules, indicators, schemes, parameters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from definitions.expression import Expression, parse
from definitions.periods import Period, PeriodKind
from definitions.scenes import Scene


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
    accumulates: str | None = Field(
        default=None, description="the flow that this adds up over the year; cum_x adds up x"
    )
    guidance: str = ""
    example: str = ""


class Due(Model):
    """When a form is due, counted from the end of its period; moved to a working day."""

    months_after: int = 1
    day: int = Field(default=5, ge=1, le=31)
    check_day: int = Field(default=8, ge=1, le=31)
    lock_day: int = Field(default=12, ge=1, le=31)
    check_months_after: int | None = Field(default=None, description="where not the month of due")
    lock_months_after: int | None = Field(default=None, description="where not the month of due")
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


class Tally(Model):
    """What the rows of a tally stand for: `heads` says how many rows of the person-level form.

    `dates` are columns that were dates and now say where the day lies; `identity` is what a row of
    the person-level form was about; `whole_register`: each sending is the register as it stands.
    """

    heads: str
    dates: tuple[str, ...] = ()
    identity: tuple[str, ...]
    whole_register: bool


class Nesting(Model):
    """Rows that hold others, as an account holds its sub-accounts: no sum goes over all of them.

    `by` is the code column; a row holds those whose code begins with its own. `totals` says what
    a total row adds up: a word in its label, and how the codes begin. What begins with `carried`
    is no income of the period, though people like to add it in.
    """

    by: str
    totals: dict[str, str] = {}
    carried: str = ""


Blemish = Literal[
    "hidden row", "hidden column", "hidden sheet", "merged cells", "comment", "percent format",
    "macros", "external link", "password", "cut off", "columns without end",
]  # fmt: skip
FileKind = Literal["xlsx", "xls", "csv", "html", "pdf", "rar", "zip", "locked zip", "empty"]


class Sample(Model):
    """A file as somebody hands it in: sound rows of one form, spoiled only where it says so.

    The sheet has its headings in row 1 and its rows below, the cover is a sheet of its own. A cell
    that is not told holds the example of its column; null leaves a cell or a cover line empty.
    """

    form: str = Field(default="ORG-02", description="empty: no sheet of the file is a form")
    saved_as: FileKind = "xlsx"
    rows: tuple[dict[str, Any], ...] = Field(default=({},), description="what is typed, by column")
    cover: dict[str, Any] = Field(default={}, description="what stands there, by label")
    headings: dict[str, str] = Field(default={}, description="other headings, by column")
    without: tuple[str, ...] = Field(default=(), description="columns that the sheet lacks")
    more_columns: dict[str, Any] = Field(default={}, description="heading → cell of the first row")
    above: tuple[tuple[Any, ...], ...] = Field(default=(), description="lines above the headings")
    between: tuple[tuple[Any, ...], ...] = Field(default=(), description="lines above the rows")
    below: tuple[tuple[Any, ...], ...] = Field(default=(), description="lines below the rows")
    sheets: dict[str, tuple[tuple[Any, ...], ...]] = Field(default={}, description="other sheets")
    blemish: Blemish | None = Field(default=None, description="done to the first cell, or the file")
    expected_period: str | None = Field(default=None, description="the slot it was handed into")
    times: int = Field(default=1, description="how often the same file is handed in")


class Example(Model):
    """A case in which a rule holds, or is broken, in one of five tellings.

    - `row` (and `rows` below it on the sheet): a condition's columns, typed. Names of other rows
      stand as in the condition (`previous.x`, `ORG_02.y`); rows that others reported stand in
      `reported`, by form, each `in` the example's period or the one it says; what the warehouse
      computed for the union in `figures`, by indicator.
    - `series`: a column's values by period, the last one judged.
    - `cell` and `typed`: what a person typed into one cell (FORM.column) of a sound sheet.
    - `file`: a whole file as it is handed in, after those in `earlier`.
    - `received`: the day of receipt, where a rule is about time; `never` when nothing came.

    A column that the example does not name is not known: it is neither right nor wrong. `at` says
    where the finding stands when that is not the cell of the rule: one cell, several, or "" for
    a finding that is not about a cell.
    """

    form: str = Field(default="", description="for a rule on several forms")
    period: str = "2017-03"
    row: dict[str, Any] = {}
    rows: tuple[dict[str, Any], ...] = ()
    reported: dict[str, tuple[dict[str, Any], ...]] = {}
    figures: dict[str, Any] = {}
    series: dict[str, dict[str, Any]] = {}
    cell: str = ""
    typed: Any = None
    file: Sample | None = None
    earlier: tuple[Sample, ...] = ()
    closed: bool = Field(default=False, description="the period of the earlier files is closed")
    received: date | Literal["never", ""] = ""
    order: str = Field(default="", description="number of the correction order that lets it in")
    at: str | tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_telling(self) -> Example:
        told = ("row", "series", "cell", "file", "received")
        tellings = [name for name in told if name in self.model_fields_set]
        if len(tellings) != 1:
            raise ValueError(
                f"an example has one of {', '.join(told)}, not {', '.join(tellings) or 'none'}"
            )
        return self


class Rule(Model):
    """A condition that must hold, and everything said about it when it does not.

    `elsewhere` gives the same condition in the columns of other forms: one rule, several places.
    `since` is the first day for which it is asked; a period that ends before it is left alone.
    """

    code: str = Field(pattern=r"^V-[A-Z]+-\d{3}$")
    layer: Literal[
        "file", "cover", "timeliness", "cell", "row", "sheet", "cross-form", "cross-period",
        "cross-organisation", "warehouse",
    ]  # fmt: skip
    severity: Severity
    check: Check | None = None
    elsewhere: dict[str, Check] = {}
    since: date | None = None
    columns: tuple[str, ...] = Field(default=(), description="cells to mark; default: those named")
    types: tuple[ColumnType, ...] = Field(default=(), description="cell rules: column types")
    kinds: tuple[ColumnKind, ...] = Field(default=(), description="cell rules: column kinds")
    parameters: tuple[str, ...] = Field(
        default=(), description="dated parameters that a generic or closing check reads"
    )
    title: str
    message: str
    advice: str
    basis: str
    passes: tuple[Example, ...] = ()
    fails: tuple[Example, ...] = ()
    scenes: tuple[Scene, ...] = Field(
        default=(), description="examples of a rule over many organisations, asked at the close"
    )


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
    tally: Tally | None = Field(default=None, description="made by definitions/tally.py alone")
    nesting: Nesting | None = None
    guidance: str = ""
    sheet_names: tuple[str, ...] = Field(default=(), description="other names its sheets go by")
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _unique(self) -> Form:
        codes = [c.code for c in self.columns]
        doubled = sorted({c for c in codes if codes.count(c) > 1})
        if doubled:
            raise ValueError(f"columns named twice: {', '.join(doubled)}")
        return self

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Codes of the key columns, in order."""
        return tuple(c.code for c in self.columns if c.kind is ColumnKind.KEY)

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that tell rows apart: a ledger's own keys, otherwise the key columns."""
        return tuple(self.ledger.keys) if self.ledger else self.keys

    @cached_property
    def position(self) -> dict[str, int]:
        """Place of each column, from 0; the order of stored arrays."""
        return {c.code: i for i, c in enumerate(self.columns)}

    def column(self, code: str) -> Column:
        """The column of that code; KeyError when there is none."""
        place = self.position.get(code)
        if place is None:
            raise KeyError(f"{self.code} has no column {code}")
        return self.columns[place]

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


class CalendarYear(Model):
    """Working days of one year where it departs from Monday to Friday."""

    year: int
    holidays: tuple[date, ...]
    working_weekends: tuple[date, ...]
    festivals: dict[str, date] = {}
    authority: str
