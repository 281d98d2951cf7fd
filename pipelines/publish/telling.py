"""Figures into words and table cells: value, comparison, target, and coverage where incomplete."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from definitions.loading import Definitions
from definitions.model import Indicator
from definitions.periods import PeriodKind
from pipelines.figures import (
    BLOCK,
    Figure,
    Figures,
    Unit,
    change_words,
    display,
    rounded,
    steady_band,
)
from pipelines.publish.content import Inline, Number
from pipelines.publish.disclosure import MARK, Disclosure, disclosure
from pipelines.publish.outline import PARTS
from pipelines.publish.publication import PublishedNumber

NONE = "—"
ADDITIVE = ("sum", "latest", "distinct")
_SLOT = re.compile(r"\{([vnd])\}")
# Openings that fit the whole and not a unit named before them.
_OPENING = re.compile(r"^(其中|期末实有|两节期间|现有)")
_WORDS = {code: words for part in PARTS for topic in part.topics for code, words in topic.clauses}
_TARGET = {
    PeriodKind.YEAR: "年度",
    PeriodKind.STATISTICAL: "统计年度",
    PeriodKind.HALF: "半年",
    PeriodKind.QUARTER: "季度",
    PeriodKind.MONTH: "月度",
}


def sides(kind: PeriodKind) -> tuple[str, str]:
    """What a document of this kind of period calls its own figures and those a year before."""
    if kind is PeriodKind.YEAR:
        return "本年", "上年"
    return ("本月", "上年同月") if kind is PeriodKind.MONTH else ("本期", "上年同期")


@dataclass
class Teller:
    """Tells the figures of one publication and numbers them section by section."""

    figures: Figures
    definitions: Definitions
    section: str = ""
    uncompared: bool = False
    _count: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.disclosure: Disclosure = disclosure(self.figures, self.definitions)
        self.band: Decimal = steady_band(self.definitions, self.figures.period.end)

    def open(self, section: str) -> None:
        """Begin a section: anchors carry its code, and the note on comparisons starts anew."""
        self.section = section
        self.uncompared = False

    def indicator(self, code: str) -> Indicator | None:
        """The indicator, or None where these definitions have none of that code."""
        return self.definitions.indicators.get(code)

    def number(
        self, figure: Figure, value: Decimal, text: str, basis: str = "本期", period: str = ""
    ) -> Number:
        """A printed value with its reference."""
        count = self._count.get(self.section, 0) + 1
        self._count[self.section] = count
        reference = PublishedNumber(
            anchor=f"{self.section}-{count}",
            line=figure.line,
            unit=figure.unit,
            period=period or figure.period,
            indicator=figure.indicator,
            value=value,
            basis=basis,
        )
        return Number(text, reference)

    def cell(self, figure: Figure | None, basis: str = "本期") -> Inline:
        """The value of a figure for a table; — for none, 略 for one that is withheld."""
        if figure is None:
            return NONE
        if self.disclosure.hides(figure):
            return MARK
        indicator = self.definitions.indicators[figure.indicator]
        value = {
            "本期": figure.value,
            "上期": figure.previous,
            "上年同期": figure.last_year,
            "可比口径上年": figure.comparable,
            "目标": figure.target,
        }[basis]
        if value is None:
            return NONE
        period = {
            "上期": self.figures.period.previous().label,
            "上年同期": self.figures.period.last_year().label,
            "可比口径上年": self.figures.period.last_year().label,
        }.get(basis, "")
        return self.number(figure, value, display(value, indicator), basis, period)

    def words(self, code: str, words: str, figure: Figure) -> list[Inline]:
        """The words of a clause with its numbers in place; [] without a value."""
        indicator = self.definitions.indicators[code]
        if figure.value is None:
            return []
        parts = {"v": figure.value, "n": figure.numerator, "d": figure.denominator}
        slots = _SLOT.findall(words)
        if any(parts[s] is None for s in slots):
            words, slots = f"{indicator.name}{{v}}", ["v"]
        runs: list[Inline] = []
        for i, piece in enumerate(_SLOT.split(words)):
            if i % 2 == 0:
                if piece:
                    runs.append(piece)
                continue
            value = parts[piece]
            if value is None:
                continue
            if piece == "v":
                text = display(value, indicator) + indicator.unit
                runs.append(self.number(figure, value, text))
            else:
                basis = "分子" if piece == "n" else "分母"
                runs.append(self.number(figure, value, plain(value), basis))
        return runs

    def clause(self, code: str, words: str = "", figure: Figure | None = None) -> list[Inline]:
        """Value, comparison and target: one clause of a sentence; [] without a value."""
        figure = figure or self.figures.get(code)
        if figure is None or figure.value is None or self.indicator(code) is None:
            return []
        runs = self.words(code, words or words_of(code, self.definitions), figure)
        compared = self.comparison(figure)
        if compared:
            runs.append(f"，{compared}")
        elif figure.last_year is None and figure.comparable is None:
            self.uncompared = True
        aim = self.against_target(figure)
        if aim:
            runs.append(f"，{aim}")
        return runs

    def change(self, now: Decimal | None, before: Decimal | None, code: str) -> str:
        """The words of a change of an indicator; empty without a comparison."""
        return change_words(now, before, self.definitions.indicators[code], self.band)

    def comparison(self, figure: Figure) -> str:
        """比上年增长7.1%（可比口径增长3.0%）; empty without last year's value."""
        _, then = sides(self.figures.period.kind)
        before = self.change(figure.value, figure.last_year, figure.indicator)
        same = self.change(figure.value, figure.comparable, figure.indicator)
        if figure.comparable == figure.last_year:
            same = ""
        if before:
            told = f"{'与' if before.endswith('持平') else '比'}{then}{before}"
            return f"{told}（可比口径{same}）" if same else told
        if same:
            return f"按可比口径{'与' if same.endswith('持平') else '比'}{then}{same}"
        if figure.last_year == 0 and figure.value:
            return f"{then}为0"
        return ""

    def against_target(self, figure: Figure) -> str:
        """完成年度目标的92.0%; for rates whether the target was reached, and by how much not."""
        if figure.target is None or figure.value is None:
            return ""
        indicator = self.definitions.indicators[figure.indicator]
        aim = f"{_TARGET.get(self.figures.period.kind, '')}目标"
        goal = display(figure.target, indicator)
        if indicator.unit == "%" or indicator.better == "lower":
            unit = "个百分点" if indicator.unit == "%" else indicator.unit
            if reached(figure, indicator):
                return f"达到{aim}{goal}{indicator.unit}"
            gap = abs(figure.value - figure.target)
            side = "高于" if indicator.better == "lower" else "低于"
            return f"{side}{aim}{goal}{indicator.unit}共{display(gap, indicator)}{unit}"
        if figure.target == 0:
            return ""
        return f"完成{aim}{goal}{indicator.unit}的{completion(figure)}"

    def sentence(self, clauses: Sequence[tuple[str, str]]) -> list[Inline]:
        """Clauses that have a value, joined into one sentence; [] when none has.

        Coverage stands where it is incomplete, once after neighbouring clauses that share it.
        """
        told: list[list[Inline]] = []
        gaps: list[str] = []
        for code, words in clauses:
            figure = self.figures.get(code)
            runs = self.clause(code, words, figure)
            if runs and figure is not None:
                told.append(runs)
                gaps.append(gap_words(figure))
        for i, gap in enumerate(gaps):
            if gap and (i + 1 == len(gaps) or gaps[i + 1] != gap):
                told[i].append(f"（{gap}）")
        heavy = any(isinstance(r, str) and "，" in r for runs in told for r in runs)
        return _joined(told, "；" if heavy else "，", "。")

    def leaders(self, codes: Sequence[str], limit: int = 3) -> list[Inline]:
        """其中，…: the leading children along 块 by the first indicator, each with all of them."""
        known = [c for c in codes if self.indicator(c) is not None]
        if not known:
            return []
        ranked = self.ranked(known[0])
        told: list[list[Inline]] = []
        for unit in ranked[:limit]:
            parts: list[list[Inline]] = []
            for code in known:
                figure = self.figures.get(code, unit.code)
                # A rate's numerator and denominator are told once, of the whole.
                words = words_of(code, self.definitions)
                if "{d}" in words or "{n}" in words:
                    words = f"{self.definitions.indicators[code].name}{{v}}"
                if figure is not None and figure.value and not self.disclosure.hides(figure):
                    runs = self.words(code, _OPENING.sub("", words), figure)
                    if runs:
                        parts.append(runs)
            if parts:
                told.append([unit.name, *_joined(parts, "、", "")])
        if not told:
            return []
        tail = "，居各单位前列。" if len(ranked) > limit else "。"
        return ["其中，", *_joined(told, "；", tail)]

    def sole(self, codes: Sequence[str]) -> Unit | None:
        """The one child along 块 that all of these figures come from, if it is one."""
        told = [f for c in codes if (f := self.figures.get(c)) and f.value]
        for unit in self.figures.children.get(BLOCK, ()):
            mine = [self.figures.get(f.indicator, unit.code) for f in told]
            if told and all(
                m and m.value == f.value and not self.disclosure.hides(m)
                for m, f in zip(mine, told, strict=True)
            ):
                return unit
        return None

    def ranked(self, code: str, line: str = BLOCK) -> list[Unit]:
        """Children with a value other than zero, highest first; the order given breaks ties."""
        units = self.figures.children.get(line, ())
        valued = [(u, f.value) for u in units if (f := self.figures.get(code, u.code, line=line))]
        return [u for u, v in sorted(valued, key=lambda p: -(p[1] or 0)) if v]


def words_of(code: str, definitions: Definitions) -> str:
    """The words of an indicator: those of the outline, else its name and value."""
    return _WORDS.get(code) or f"{definitions.indicators[code].name}{{v}}"


def plain(value: Decimal) -> str:
    """A numerator or denominator as printed: whole where it is whole, else two decimals."""
    if value == value.to_integral_value():
        return f"{value:,.0f}"
    return f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):,f}"


def completion(figure: Figure) -> str:
    """Value against target in percent; — without a target above zero or without a value."""
    if figure.value is None or not figure.target:
        return NONE
    share = (figure.value / figure.target * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{share:,f}%"


def reached(figure: Figure, indicator: Indicator) -> bool:
    """Whether the value as printed reaches the target; False without either."""
    if figure.value is None or figure.target is None:
        return False
    value, target = rounded(figure.value, indicator), rounded(figure.target, indicator)
    return value <= target if indicator.better == "lower" else value >= target


def gap_words(figure: Figure) -> str:
    """应报60份、实报58份 where something owed is lacking, else nothing."""
    if figure.expected is None or figure.reported >= figure.expected:
        return ""
    return f"应报{figure.expected:,}份、实报{figure.reported:,}份"


def coverage_words(reported: int, expected: int | None) -> str:
    """640/650, or — where nothing is owed."""
    return NONE if expected is None else f"{reported:,}/{expected:,}"


def combined(indicator: Indicator, figures: Sequence[Figure]) -> Decimal | None:
    """Several units' value in one: counts added, rates from added parts; None where undefined."""
    if indicator.aggregate in ADDITIVE:
        values = [f.value for f in figures if f.value is not None]
        return sum(values, Decimal(0)) if values else None
    if indicator.aggregate == "score":
        return None
    parts = [
        (f.numerator, f.denominator)
        for f in figures
        if f.numerator is not None and f.denominator is not None
    ]
    base = sum((d for _, d in parts), Decimal(0))
    if not base:
        return None
    top = sum((n for n, _ in parts), Decimal(0))
    if indicator.aggregate == "growth":
        top -= base
    return top / base * indicator.multiply


def _joined(groups: Sequence[Sequence[Inline]], between: str, end: str) -> list[Inline]:
    runs: list[Inline] = []
    for i, group in enumerate(groups):
        if i:
            runs.append(between)
        runs.extend(group)
    if runs and end:
        runs.append(end)
    return runs
