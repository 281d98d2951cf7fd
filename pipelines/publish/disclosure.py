"""What a document must not print, as decided for the whole federation, and how it says so."""

from __future__ import annotations

from dataclasses import dataclass

from definitions.catalogue import Definitions
from pipelines.figures import BLOCK, INDUSTRY, Figure, Figures
from pipelines.small_cells import OWN, Tree, Value, sensitive, withheld_of

MARK = "略"
PRIVATE = "（涉及个人信息，不列）"
"""What stands for words that would tell of few people."""
NOTE = "注：“略”为人数过少或可据以推算的数，按个人信息保护要求不单列，已计入合计。"
_LINES = {BLOCK: 1, INDUSTRY: 2}


@dataclass(frozen=True)
class Disclosure:
    """Which figures of which units and periods must not be printed."""

    withheld: frozenset[tuple[str, str, str, str]]
    sensitive: frozenset[str] = frozenset()

    def hides(self, figure: Figure, basis: str = "本期", period: str = "") -> bool:
        """Whether a side of a figure is withheld; `period` is the one that the side is about."""
        if basis == "目标":
            return False
        label = period or figure.period
        return (figure.line, figure.unit, label, figure.indicator) in self.withheld

    def hides_part(self, whole: Figure) -> bool:
        """Whether what a unit did itself, beside those below it, is withheld."""
        return (whole.line, whole.unit + OWN, whole.period, whole.indicator) in self.withheld


def disclosure(figures: Figures, definitions: Definitions) -> Disclosure:
    """What to withhold; where nobody has looked at the whole federation, by the figures alone."""
    about = sensitive(definitions, figures.period.end)
    withheld = figures.withheld
    if withheld is None:
        withheld = _of_figures(figures, definitions)
    return Disclosure(withheld, frozenset(about.codes))


def _of_figures(
    figures: Figures, definitions: Definitions
) -> frozenset[tuple[str, str, str, str]]:  # fmt: skip
    about = sensitive(definitions, figures.period.end)
    values = [
        Value(_LINES[f.line], f.unit, f.period, f.indicator, f.value, f.numerator, f.denominator)
        for f in figures.values.values()
        if f.indicator in about.codes
    ]
    tree = Tree(
        figures.unit.code,
        {
            _LINES[line]: {figures.unit.code: [u.code for u in units]}
            for line, units in figures.children.items()
            if units
        },
    )
    names = {number: line for line, number in _LINES.items()}
    return frozenset(
        (names[line], unit, label, code)
        for line, unit, label, code in withheld_of(values, tree, figures.period, about)
    )
