"""Small cells: counts of a few helped people by unit are withheld, so that nobody is recognised."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from definitions.loading import Definitions
from pipelines.figures import Figure, Figures

MARK = "略"
NOTE = "注：“略”为人数过少，按个人信息保护要求不单列，已计入合计。"
_PARAMETER = "small_cell_limit"
# Figures about helped people: the counts that may be too small, then what would give them away.
_GROUPS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("I-AID-05", "I-AID-08"), ("I-AID-06", "I-AID-07")),
    (("I-WARM-06",), ("I-WARM-07",)),
)


@dataclass(frozen=True)
class Disclosure:
    """Which figures of which units must not be printed."""

    whole: str
    period: str
    limit: int
    withheld: frozenset[tuple[str, str, str]]

    def hides(self, figure: Figure) -> bool:
        """Whether this figure is withheld; months of a unit are judged with their own value too."""
        if (figure.line, figure.unit, figure.indicator) in self.withheld:
            return True
        counted = any(figure.indicator in counts for counts, _ in _GROUPS)
        below = figure.unit != self.whole and figure.period != self.period
        return counted and below and small(figure.value, self.limit)


def small(value: Decimal | None, limit: int) -> bool:
    """Above nothing and below the limit."""
    return value is not None and 0 < value < limit


def disclosure(figures: Figures, definitions: Definitions) -> Disclosure:
    """What to withhold for units below the whole.

    A lone withheld unit could be had by subtraction, so the next smallest goes with it.
    """
    parameter = definitions.parameters.get(_PARAMETER)
    limit = int(parameter.at(figures.period.end)) if parameter is not None else 0
    withheld: set[tuple[str, str, str]] = set()
    for line, units in figures.children.items():
        for counts, others in _GROUPS:
            for code in counts:
                sizes = {
                    u.code: f.value
                    for u in units
                    if (f := figures.get(code, u.code, line=line)) is not None and f.value
                }
                hidden = {u for u, value in sizes.items() if small(value, limit)}
                rest = sorted((v, u) for u, v in sizes.items() if u not in hidden)
                if len(hidden) == 1 and rest:
                    hidden.add(rest[0][1])
                withheld |= {(line, u, c) for u in hidden for c in (*counts, *others)}
    return Disclosure(figures.unit.code, figures.period.label, limit, frozenset(withheld))
