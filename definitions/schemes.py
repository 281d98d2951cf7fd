"""The shapes of assessment schemes: blocks, items, functions, bands, and what a version refuses."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, model_validator

from definitions.model import Model, Reporters

Function = Literal[
    "SF1", "SF2", "SF3", "SF4", "SF5", "SF6", "SF7", "SF8", "SF9", "SF10", "SF12",
]  # fmt: skip
_NEEDS: dict[str, tuple[str, ...]] = {
    "SF2": ("target", "floor"),
    "SF3": ("steps",),
    "SF5": ("target", "limit"),
    "SF6": ("per_case",),
    "SF7": (),
    "SF9": ("target", "level_share"),
    "SF10": (),
    "SF12": ("inner",),
}
_RANGE = ("band", "limits")
_SETTINGS = (
    "target", "floor", "steps", "limit", "per_case", "level_share", "inner", *_RANGE,
)  # fmt: skip


class Misplaced(ValueError):
    """A complaint about one place in the data; `path` leads to its line in the file."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        self.path = path
        super().__init__(message)


class Part(Model):
    """One figure inside an item, with its marks and the function that gives them.

    `indicator` is a code of the indicator dictionary, two of them as `A/B` (A in percent of B), or
    `SLIP:figure` for what is drawn from the rows of a form in an audit. A target of `letter` is due
    in the responsibility letter (TGT-01); a number is the default that a letter may replace; `rise`
    sets the target that far above last year's figure. The settings that a function needs, and no
    others, must be given.
    """

    indicator: str
    called: str = Field(default="", description="its name here, where another is clearer")
    marks: Decimal = Field(gt=0)
    function: Function
    target: Decimal | Literal["letter"] | None = None
    rise: Decimal | None = Field(default=None, gt=0, description="target: last year's plus this")
    floor: Decimal | None = Field(default=None, description="SF2: share of the target, 0 to 1")
    steps: tuple[tuple[Decimal, Decimal], ...] = Field(
        default=(), description="SF3: (threshold, marks), best first"
    )
    limit: Decimal | None = Field(default=None, description="SF5: where the marks reach 0")
    band: tuple[Decimal, Decimal] | None = Field(
        default=None, description="SF5 on both sides: full marks from the one to the other"
    )
    limits: tuple[Decimal, Decimal] | None = Field(
        default=None, description="SF5 on both sides: where the marks reach 0"
    )
    per_case: Decimal | None = Field(default=None, description="SF6: marks lost per case")
    level_share: Decimal | None = Field(default=None, description="SF9: share of SF1, 0 to 1")
    base: Decimal | None = Field(
        default=None, description="SF8, SF9: a fixed base year's figure instead of last year's"
    )
    strict: bool = Field(default=False, description="SF4: only beyond the target")
    inner: Literal["SF1", "SF2", "SF3", "SF4"] | None = Field(
        default=None, description="SF12: function applied to each quarter"
    )
    excess: bool = Field(default=False, description="beyond the target earns a bonus (SF11)")
    basis: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """Indicators of the dictionary that it needs; none for a figure of an audit slip."""
        return () if ":" in self.indicator else tuple(self.indicator.split("/"))

    @model_validator(mode="after")
    def _settings(self) -> Part:
        needed = set(_NEEDS.get(self.function, ("target",)))
        if self.inner:
            needed |= set(_NEEDS.get(self.inner, ("target",)))
        if self.function == "SF5" and self.band is not None:
            needed = set(_RANGE)
        given = {name for name in _SETTINGS if getattr(self, name) not in (None, ())}
        if self.rise is not None:
            if "target" in given:
                raise ValueError(f"{self.indicator}: target and rise exclude each other")
            given.add("target")
        if given != needed:
            lacking, idle = sorted(needed - given), sorted(given - needed)
            raise ValueError(
                f"{self.indicator} {self.function}:"
                + (f" lacks {', '.join(lacking)}" if lacking else "")
                + (f" has no use for {', '.join(idle)}" if idle else "")
            )
        gained = [marks for _, marks in self.steps]
        if self.steps and (gained != sorted(gained, reverse=True) or gained[0] != self.marks):
            raise ValueError(f"{self.indicator}: steps must fall, from full marks {self.marks}")
        if self.band and self.limits:
            edges = [self.limits[0], *self.band, self.limits[1]]
            if edges != sorted(edges):
                raise ValueError(f"{self.indicator}: the band must lie inside its limits")
        if self.excess and "target" not in needed:
            raise ValueError(f"{self.indicator}: excess needs a target")
        if self.base is not None and self.function not in ("SF8", "SF9"):
            raise ValueError(f"{self.indicator} {self.function}: has no use for base")
        if self.strict and "SF4" not in (self.function, self.inner):
            raise ValueError(f"{self.indicator} {self.function}: has no use for strict")
        return self


class Item(Model):
    """One line of a score sheet: computed parts, or `assessed` marks that assessors give (SF10)."""

    code: str
    name: str
    work: str = ""
    parts: tuple[Part, ...] = ()
    assessed: Decimal | None = Field(default=None, gt=0)
    basis: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> Item:
        if bool(self.parts) == (self.assessed is not None):
            raise ValueError(f"item {self.code} has either parts or assessed marks")
        return self

    @property
    def marks(self) -> Decimal:
        """Full marks of the item."""
        return self.assessed or sum((p.marks for p in self.parts), Decimal(0))


class Block(Model):
    """A block of the total, worth 100 before its weight.

    `items`: computed marks; `ratings`: ballots of rater groups; `assessors`: marks of assessor
    groups; `party`: one score 0-100 per unit. `uncollected` says what happens when nobody's data
    were collected: the block scores 0, or its weight is spread; provisional in both cases.
    """

    code: str
    name: str
    weight: Decimal
    source: Literal["items", "ratings", "assessors", "party"]
    items: tuple[Item, ...] = ()
    raters: dict[str, Decimal] = {}
    rated: str = Field(default="工会工作", description="ratings: what the ballots judge")
    by_quarter: tuple[str, ...] = Field(
        default=(), description="figures whose function is applied to each quarter (SF12)"
    )
    full: Decimal | None = Field(default=None, description="what the items' marks must sum to")
    uncollected: Literal["zero", "spread"] = "zero"
    basis: str = ""

    @model_validator(mode="before")
    @classmethod
    def _quarterly(cls, data: Any) -> Any:
        """Turn the parts named in `by_quarter` into SF12 over their own function."""
        if not isinstance(data, dict) or not data.get("by_quarter"):
            return data
        wanted = set(data["by_quarter"])
        items = []
        for item in data.get("items", ()):
            parts = [
                {**p, "inner": p["function"], "function": "SF12"}
                if p.get("indicator") in wanted
                else p
                for p in item.get("parts", ())
            ]
            wanted -= {p.get("indicator") for p in parts}
            items.append({**item, "parts": parts})
        if wanted:
            raise ValueError(f"by_quarter: no item has {', '.join(sorted(wanted))}")
        return {**data, "items": items}

    @model_validator(mode="after")
    def _consistent(self) -> Block:
        marks = sum((i.marks for i in self.items), Decimal(0))
        if self.full is not None and marks != self.full:
            raise ValueError(f"block {self.code}: marks of items sum to {marks}, not {self.full}")
        if (self.source in ("items", "assessors")) != bool(self.items):
            raise ValueError(f"block {self.code}: source {self.source} and items do not agree")
        if self.source == "assessors" and any(i.parts for i in self.items):
            raise ValueError(f"block {self.code}: assessors mark whole items, without parts")
        if (self.source == "ratings") != bool(self.raters):
            raise ValueError(f"block {self.code}: source {self.source} and raters do not agree")
        if self.raters:
            shares = sum(self.raters.values(), Decimal(0))
            if shares != 100:
                raise ValueError(f"block {self.code}: shares of raters sum to {shares}, not 100")
            members = self.raters.get("会员", Decimal(0))
            if any(s >= members for r, s in self.raters.items() if r != "会员"):
                raise ValueError(f"block {self.code}: 会员 must hold the largest share")
        return self


class Band(Model):
    """A grade, the lowest total that earns it (included), and what follows from it.

    `below` may repeat where the band ends (not included), as printed tables do; it must be where
    the band above begins, or totals in the gap would have no grade.
    """

    name: str
    at_least: Decimal
    below: Decimal | None = None
    consequence: str = ""


class Veto(Model):
    """A cause that forbids grades above `highest`."""

    code: str
    name: str
    highest: str


class Ballots(Model):
    """What a ballot is worth, 0-100, and the share of 不了解 that must be explained."""

    very_sat: Decimal
    basic_sat: Decimal
    unsat: Decimal
    unclear_explain_pct: Decimal


class Excess(Model):
    """SF11: `points` for every full `step_pct` above the target, at most `cap` per indicator."""

    step_pct: Decimal = Field(gt=0)
    points: Decimal
    cap: Decimal


class SelfReporting(Model):
    """A self-report that departs by more than `tolerance_pct` costs `points`."""

    tolerance_pct: Decimal
    points: Decimal


class Validity(Model):
    """What the party score of `block` needs to count: participation and ballots."""

    block: str
    participation_pct: Decimal
    ballots: int = Field(description="or all who are eligible, where they are fewer")


class Cap(Model):
    """A party score of `block` below a line forbids grades above `highest`."""

    block: str
    below: Decimal
    highest: str


class WaitingItem(Model):
    """A line of the full table that needs forms which are not collected yet."""

    item: str
    name: str
    marks: Decimal
    indicators: tuple[str, ...]
    forms: tuple[str, ...]


class Coverage(Model):
    """How much of the full table this version holds; printed on the method page."""

    note: str
    waiting: tuple[WaitingItem, ...] = ()


class Scope(Reporters):
    """Whom a scheme assesses; industries by the beginning of their code."""

    industries: tuple[str, ...] = ()
    not_industries: tuple[str, ...] = ()


class Version(Model):
    """What every scheme says of itself, whatever its kind; frozen once a first mark was given.

    A version without `last_year` holds until the next of its family begins, so that a new version
    is a new file and no old one is touched.
    """

    code: str = Field(pattern=r"^[A-Z]+(-[A-Z]+)*-\d{4}$")
    title: str
    label: str = Field(description="whom it is for, in a few characters")
    first_year: int
    last_year: int | None = None
    authority: str

    @property
    def family(self) -> str:
        """The scheme whatever its version: `TRA-FED` of `TRA-FED-2017`."""
        return self.code.rsplit("-", 1)[0]

    def covers(self, year: int) -> bool:
        """Whether this version is the one for a year."""
        return self.first_year <= year and (self.last_year is None or year <= self.last_year)


SchemeKind = Literal[
    "target-responsibility", "star-home", "member-evaluation", "fund-audit", "data-quality",
    "single-target",
]  # fmt: skip
"""What an assessment by blocks is about; papers and inputs of their own hang on it."""


class Scheme(Version):
    """An assessment of units by blocks of 100 marks, weighted, graded and ranked."""

    kind: SchemeKind = "target-responsibility"
    based_on: str = Field(default="", description="takes from that version what it does not say")
    applies: Scope
    group_by: Literal["type", "size", "level"] = "type"
    size_bands: tuple[int, ...] = Field(default=(), description="lowest head count of each band")
    period: Literal["year", "quarter", "month"] = "year"
    blocks: tuple[Block, ...]
    ballots: Ballots | None = None
    bonus_cap: Decimal = Decimal(0)
    bonus: dict[str, Decimal] = {}
    excess: Excess | None = None
    deduction_cap: Decimal = Decimal(0)
    deductions: dict[str, Decimal] = {}
    self_reporting: SelfReporting | None = None
    validity: Validity | None = None
    criteria: tuple[str, ...] = Field(
        default=(), description="what every party scores, 0-100 and equally weighted"
    )
    caps: tuple[Cap, ...] = ()
    veto: tuple[Veto, ...] = ()
    bands: tuple[Band, ...]
    quota: dict[str, Decimal] = Field(default={}, description="highest share of a grade, percent")
    quota_least: int = Field(default=0, description="places even where the share gives none")
    smallest_group: int = 3
    coverage: Coverage | None = None

    def band_rank(self, grade: str) -> int:
        """0 is the best grade; ValueError when the scheme has no such grade."""
        return [b.name for b in self.bands].index(grade)

    @model_validator(mode="after")
    def _sound(self) -> Scheme:
        weights = sum((b.weight for b in self.blocks), Decimal(0))
        if weights != 100:
            raise Misplaced(("blocks",), f"block weights sum to {weights}, not 100")
        floors = [b.at_least for b in self.bands]
        if not floors or floors != sorted(set(floors), reverse=True) or floors[-1] != 0:
            raise Misplaced(("bands",), "bands must fall from the highest to 0 without a gap")
        for i, (above, band) in enumerate(pairwise(self.bands), 1):
            if band.below is not None and band.below != above.at_least:
                what = "a gap" if band.below < above.at_least else "an overlap"
                raise Misplaced(
                    ("bands", i, "below"),
                    f"{what} between {band.name}, below {band.below}, and {above.name}, "
                    f"from {above.at_least}",
                )
        grades = {b.name for b in self.bands}
        named = {*self.quota, *(v.highest for v in self.veto), *(c.highest for c in self.caps)}
        if named - grades:
            raise ValueError(f"unknown grades: {', '.join(sorted(named - grades))}")
        codes = [b.code for b in self.blocks] + [i.code for b in self.blocks for i in b.items]
        doubled = sorted({c for c in codes if codes.count(c) > 1})
        if doubled:
            raise ValueError(f"blocks or items named twice: {', '.join(doubled)}")
        parties = {b.code for b in self.blocks if b.source == "party"}
        watched = {c.block for c in self.caps} | ({self.validity.block} if self.validity else set())
        if watched - parties:
            raise ValueError(f"no party scores in blocks: {', '.join(sorted(watched - parties))}")
        if any(b.source == "ratings" for b in self.blocks) and self.ballots is None:
            raise ValueError("a block of ratings needs the values of ballots")
        parts = [p for b in self.blocks for i in b.items for p in i.parts]
        if any(p.excess for p in parts) and self.excess is None:
            raise ValueError("a part earns an excess bonus that the scheme does not define")
        if self.group_by == "size" and not self.size_bands:
            raise ValueError("grouping by size needs size bands")
        return self
