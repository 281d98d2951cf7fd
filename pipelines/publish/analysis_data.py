"""What R-13 is made of: what was chosen to analyse, and what was found beside the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines.figures import Figure, Unit

KIND = "R-13 分析简报"
SPREAD = "基层"
"""What the basis of a number over single unions begins with: 基层中位数."""
COUNT, LEAST, FIRST, MIDDLE, THIRD, MOST = (
    f"{SPREAD}{what}" for what in ("家数", "最低", "下四分位", "中位数", "上四分位", "最高")
)
BEYOND = f"{SPREAD}特殊值"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a figure is watched against: its value, whose decision, which side is good."""

    value: Decimal
    name: str
    authority: str
    at_least: bool

    def kept(self, value: Decimal) -> bool:
        """Whether a value lies on the good side."""
        return value >= self.value if self.at_least else value <= self.value


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the parameters of a quarter choose to analyse, and from when on it may be told."""

    spread: tuple[str, ...]
    trend: tuple[str, ...]
    lines: Mapping[str, Line]
    units_at_least: int
    fence: Decimal
    quarters_at_most: int
    quarters_at_least: int
    run: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A union far from those of its kind; `words` are its own, empty while it has said nothing."""

    unit: Unit
    month: str
    measure: str
    own: Decimal
    median: Decimal
    count: int
    deviations: Decimal
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A figure that was let pass with an explanation: what was asked, what the union said."""

    unit: Unit
    period: str
    form: str
    rule: str
    message: str
    words: str


@dataclass(frozen=True)
class Analysis:
    """What R-13 tells beside the quarter's figures.

    `singles`: indicator → grassroots union → figure. `trend`: (indicator, quarter) → figure of the
    unit. `groups`: grassroots union → the unit next below the report's. `compared`: whether unions
    of a kind were compared at all.
    """

    chosen: Chosen
    singles: Mapping[str, Mapping[str, Figure]]
    quarters: tuple[str, ...]
    trend: Mapping[tuple[str, str], Figure]
    groups: Mapping[str, str]
    names: Mapping[str, str]
    peers: tuple[Peer, ...]
    compared: bool
    explained: tuple[Explained, ...]


def chosen(known: Definitions, period: Period) -> Chosen:
    """What was decided for a quarter; indicators that the definitions lack are left out."""

    def at(code: str) -> object:
        return known.parameters[code].at(period.end)

    listed: dict[str, list[str]] = at("analysis_indicators")  # type: ignore[assignment]
    quarters: dict[str, int] = at("analysis_quarters")  # type: ignore[assignment]
    watched: dict[str, dict[str, str]] = at("analysis_watch_lines")  # type: ignore[assignment]
    lines = {}
    for code, line in watched.items():
        parameter = known.parameters.get(line["参数"])
        if code not in known.indicators or parameter is None:
            continue
        dated = next((v for v in parameter.values if _holds(v.since, v.until, period.end)), None)
        if dated is not None:
            value = Decimal(str(dated.value))
            lines[code] = Line(value, parameter.name, dated.authority, line["方向"] == "不低于")
    return Chosen(
        spread=tuple(c for c in listed["分布"] if c in known.indicators),
        trend=tuple(c for c in listed["走势"] if c in known.indicators),
        lines=lines,
        units_at_least=int(str(at("analysis_minimum_units"))),
        fence=Decimal(str(at("analysis_fence"))),
        quarters_at_most=int(quarters["最多"]),
        quarters_at_least=int(quarters["最少"]),
        run=int(str(at("analysis_run_quarters"))),
    )


def _holds(since: date, until: date | None, day: date) -> bool:
    return since <= day and (until is None or day <= until)


def values_of(found: Analysis, code: str) -> list[Decimal]:
    return [f.value for f in found.singles.get(code, {}).values() if f.value is not None]
