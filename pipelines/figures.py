"""Published figures: every number with its unit, its comparisons and its coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from definitions.periods import Period

POINTS = ("%", "百分点")
"""Units whose change is told in points, not in percent."""
TIMES = ("工作日", "天", "日")
"""Units of how long something takes."""
BLOCK, INDUSTRY = "块", "条"
UNASSIGNED = "未纳入产业"


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation as it stands in a report: its code, its name and level on the day.

    `region` is the code of the place where it is registered (GB/T 2260).
    """

    code: str
    name: str
    level: str
    type: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator of one unit and period along one line.

    `value` is None when nobody reported (never zero for that) or a ratio has no base. `reported`
    of `expected` counts filings due to the forms behind it; expected is None for forms handed in
    only when there is cause. `comparable` is last year's value of the units that belong to this
    unit now; `comparable_now` is this period's of the same, where that is another than `value`:
    unions that came or left within the period did something before or after.
    """

    indicator: str
    unit: str
    period: str
    line: str
    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    reported: int = 0
    expected: int | None = None
    previous: Decimal | None = None
    last_year: Decimal | None = None
    comparable: Decimal | None = None
    comparable_now: Decimal | None = None
    target: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One change of parent by an approved ORG-03 row."""

    unit: str
    name: str
    line: str
    change: str
    from_name: str
    to_name: str
    effective: date
    approval: str


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How many of the expected filings of a form arrived, in time and at first try.

    `unverified` of them are counted although something found at the close waits for an answer.
    """

    unit: str
    form: str
    period: str
    expected: int
    reported: int
    on_time: int
    first_pass: int
    missing: tuple[str, ...] = ()
    name: str = ""
    unverified: int = 0


@dataclass(frozen=True)
class Figures:
    """All figures of one unit, its children along both lines, and its months, at one cut-off."""

    unit: Unit
    period: Period
    cutoff: datetime
    definitions_digest: str
    children: Mapping[str, Sequence[Unit]]
    values: Mapping[tuple[str, str, str, str], Figure]
    transfers: Sequence[Transfer] = ()
    coverage: Sequence[CoverageRow] = ()
    notes: Sequence[str] = field(default=())
    withheld: frozenset[tuple[str, str, str, str]] | None = None
    """(line, unit, period, indicator) that may not be printed; None where nobody has looked."""

    def get(
        self, indicator: str, unit: str | None = None, period: str | None = None, line: str = BLOCK
    ) -> Figure | None:
        """The figure, or None when it was not computed."""
        key = (line, unit or self.unit.code, period or self.period.label, indicator)
        return self.values.get(key)

    @property
    def moved_within(self) -> bool:
        """Whether a union came to this one, or left it, in the period."""
        children = {u.code for u in self.children.get(BLOCK, ())}
        own = self.unit.name
        return any(t.unit in children or t.from_name == own for t in self.transfers)

    def months(self, indicator: str, unit: str | None = None) -> list[tuple[Period, Figure | None]]:
        """The figure month by month inside the period."""
        return [(m, self.get(indicator, unit, m.label)) for m in self.period.months()]


def display(value: Decimal | None, indicator: Indicator) -> str:
    """A value as printed: thousands separated, the indicator's decimals, half up; — for none.

    Whole sums of money go without 角分, as official documents write them.
    """
    if value is None:
        return "—"
    shown = rounded(value, indicator)
    if indicator.unit == "元" and shown == shown.to_integral_value():
        return f"{shown:,.0f}"
    return f"{shown:,f}"


def rounded(value: Decimal, indicator: Indicator) -> Decimal:
    """A value with the indicator's decimals, half up."""
    return value.quantize(Decimal(1).scaleb(-indicator.decimals), ROUND_HALF_UP)


def places(value: Decimal, count: int) -> str:
    """A value with so many decimals, half up too: a format alone would round halves to even."""
    return f"{value.quantize(Decimal(1).scaleb(-count), ROUND_HALF_UP):,f}"


def steady_band(definitions: Definitions, day: date) -> Decimal:
    """Percent of change, up or down, that is told as no change; 0 where nothing was decided."""
    parameter = definitions.parameters.get("steady_band_pct")
    return Decimal(str(parameter.at(day))) if parameter is not None else Decimal(0)


def change_words(
    now: Decimal | None, before: Decimal | None, indicator: Indicator, band: Decimal
) -> str:
    """增长 x%, 下降 x%, 提高 x个百分点, 缩短 x%, 持平; empty without a comparison.

    Counts within ±`band` percent are 基本持平; from a tenfold on they are told as a multiple,
    because nobody reads 增长49,900%. Rates move in points, told to one decimal.
    """
    if now is None or before is None:
        return ""
    if now == before:
        return "持平"
    up, down = _verbs(indicator)
    if indicator.unit in POINTS:
        points = now - before
        if abs(points) < Decimal("0.05"):
            return "基本持平"
        return f"{up if points > 0 else down}{_short(abs(points))}个百分点"
    if before == 0:
        return ""
    if rounded(now, indicator) == rounded(before, indicator):
        return "基本持平"  # 0.04 beside 0.04 is nobody's 下降4.3%
    if now < 0 or before < 0:
        return "增加" if now > before else "减少"
    percent = (now - before) / before * 100
    if abs(percent) <= band:
        return "基本持平"
    if percent >= 900:
        return f"{up}{_short(percent / 100)}倍"
    return f"{up if percent > 0 else down}{_short(abs(percent))}%"


def _verbs(indicator: Indicator) -> tuple[str, str]:
    """How it is said that a figure rose and fell."""
    if indicator.unit in TIMES:
        return "延长", "缩短"
    if indicator.unit not in POINTS:
        return "增长", "下降"
    return ("上升", "下降") if indicator.better == "lower" else ("提高", "降低")


def _short(value: Decimal) -> str:
    return places(value, 1)
