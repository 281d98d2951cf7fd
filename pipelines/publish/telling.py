"""Figures into words and table cells: value, comparison, target, and coverage where incomplete."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from definitions.periods import PeriodKind
from pipelines.figures import (
    BLOCK,
    POINTS,
    Figure,
    Figures,
    Unit,
    change_words,
    display,
    steady_band,
)
from pipelines.publish.content import Inline, Number, PublishedNumber
from pipelines.publish.disclosure import MARK, Disclosure, disclosure
from pipelines.publish.outline import PARTS
from pipelines.publish.sentences import gap_of, sentence, spoken
from pipelines.publish.sides import (
    ADDITIVE,
    NONE,
    change_value,
    combined,
    completion,
    coverage_words,
    gap_words,
    now_beside,
    of_period,
    plain,
    reached,
    side,
    sides,
)

__all__ = [
    "ADDITIVE", "NONE", "Teller", "change_value", "combined", "completion", "coverage_words",
    "gap_words", "of_period", "plain", "reached", "side", "sides", "words_of",
]  # fmt: skip

_SLOT = re.compile(r"\{([vnd])\}")
_NUMBER = re.compile(r"\d")
# Openings that fit the whole and not a unit named before them.
_OPENING = re.compile(r"^(其中，?|会员中，|期末实有|两节期间|现有)")
_WORDS = {code: words for part in PARTS for topic in part.topics for code, words in topic.clauses}
_END = {PeriodKind.YEAR: "年末", PeriodKind.QUARTER: "季末", PeriodKind.MONTH: "月末"}
_TARGET = {
    PeriodKind.YEAR: "年度",
    PeriodKind.STATISTICAL: "统计年度",
    PeriodKind.HALF: "半年",
    PeriodKind.QUARTER: "季度",
    PeriodKind.MONTH: "月度",
}


@dataclass
class Teller:
    """Tells the figures of one publication and numbers them section by section."""

    figures: Figures
    definitions: Definitions
    section: str = ""
    uncompared: bool = False
    lines: Mapping[str, str] = field(default_factory=dict)
    """Along which line a unit's filings and rows are counted, where it is not 块."""
    _count: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.disclosure: Disclosure = disclosure(self.figures, self.definitions)
        self.band: Decimal = steady_band(self.definitions, self.figures.period.end)

    def open(self, section: str, codes: Sequence[str] = ()) -> None:
        """Begin a section: anchors carry its code, and what it says of all its figures is anew.

        `codes` are its indicators: what most of them lack in filings is said once, by
        `coverage_note`, and not beside each.
        """
        self.section = section
        self.uncompared = False
        self.spared = False
        found = [f for c in codes if (f := self.figures.get(c)) is not None and f.value is not None]
        gaps = Counter(g for f in found if (g := gap_of(f)) is not None)
        self.lacking = gaps.most_common(1)[0][0] if gaps else None
        self._lacks = next((f for f in found if gap_of(f) == self.lacking), None)

    def spare_gaps(self) -> None:
        """Say nothing of lacking filings beside the figures of this section."""
        self.spared = True

    def coverage_note(self) -> list[Inline]:
        """What the section's figures lack in filings, once for all; [] where nothing does."""
        if self.lacking is None or self._lacks is None:
            return []
        return [
            "本节有缺报的指标，除文中另行注明外，", *self.gap(self._lacks),
            "，缺报单位的数据不在合计之内。",
        ]  # fmt: skip

    def indicator(self, code: str) -> Indicator | None:
        """The indicator, or None where these definitions have none of that code."""
        return self.definitions.indicators.get(code)

    def number(
        self,
        figure: Figure,
        value: Decimal,
        text: str,
        basis: str = "本期",
        period: str = "",
        *,
        source: str = "indicator",
        units: Sequence[str] = (),
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
            source=source,
            units=tuple(units),
            text=text,
        )
        return Number(text, reference)

    def counted(
        self, source: str, code: str, value: int | Decimal, text: str, basis: str, unit: str = ""
    ) -> Number:
        """A printed count that is no indicator: filings, findings, marks, rows of a list.

        `source` and `code` say what was counted, as `flow.walk` looks it up again.
        """
        of = unit or self.figures.unit.code
        line = self.lines.get(of, BLOCK)
        figure = Figure(code, of, self.figures.period.label, line, Decimal(value))
        return self.number(figure, Decimal(value), text, basis, source=source)

    def hides(self, figure: Figure, basis: str = "本期") -> bool:
        """Whether a side of a figure is withheld."""
        return self.disclosure.hides(figure, basis, of_period(figure, basis))

    def cell(self, figure: Figure | None, basis: str = "本期") -> Inline:
        """The value of a figure for a table; — for none, 略 for one that is withheld."""
        if figure is None:
            return NONE
        if self.hides(figure, basis):
            return MARK
        indicator = self.definitions.indicators[figure.indicator]
        value = side(figure, basis)
        if value is None:
            return NONE
        return self.number(
            figure, value, display(value, indicator), basis, of_period(figure, basis)
        )

    def changed(self, figure: Figure, basis: str = "上年同期") -> Inline:
        """The change against another side of a figure as a cell: 增长7.1%, with its reference."""
        told = self.moved(figure, basis)
        if not told or self.hides(figure, basis) or self.disclosure.hides(figure):
            return MARK if told else NONE
        indicator = self.definitions.indicators[figure.indicator]
        value = change_value(*self._compared(figure, basis), indicator)
        if value is None or not any(c.isdigit() for c in told):
            return told
        return self.number(figure, value, told, f"比{basis}")

    def filed(self, figure: Figure) -> Inline:
        """Filings behind a figure, reported of expected: 640/650; — where nothing is owed."""
        if figure.expected is None:
            return NONE
        text = coverage_words(figure.reported, figure.expected)
        return self.number(figure, Decimal(figure.reported), text, "实报")

    def complete(self, figure: Figure) -> Inline:
        """Value against target in percent as a cell."""
        told = completion(figure)
        if told == NONE or figure.value is None or not figure.target:
            return told
        if self.disclosure.hides(figure):
            return MARK
        return self.number(figure, figure.value / figure.target * 100, told, "完成目标")

    def words(self, code: str, words: str, figure: Figure) -> list[Inline]:
        """The words of a clause with its numbers in place; [] without a value."""
        indicator = self.definitions.indicators[code]
        if figure.value is None or self.disclosure.hides(figure):
            return []
        parts = {"v": figure.value, "n": figure.numerator, "d": figure.denominator}
        slots = _SLOT.findall(words)
        if any(parts[s] is None for s in slots):
            words, slots = f"{indicator.name}{{v}}", ["v"]
        words = words.replace("期末", _END.get(self.figures.period.kind, "期末"))
        lost = figure.value < 0 and "净增{v}" in words
        if lost:
            words = words.replace("净增{v}", "净减{v}")
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
                text = spoken(abs(value) if lost else value, self, code, words)
                if indicator.aggregate == "growth":  # a change itself: it grew or fell by so much
                    text = spoken(abs(value), self, code, words)
                    text = f"{'下降' if value < 0 else '增长'}{text}" if value else "持平"
                runs.append(self.number(figure, value, text))
            else:
                basis = "分子" if piece == "n" else "分母"
                runs.append(self.number(figure, value, plain(value), basis))
        return runs

    def change(self, now: Decimal | None, before: Decimal | None, code: str) -> str:
        """The words of a change of an indicator; empty without a comparison."""
        return change_words(now, before, self.definitions.indicators[code], self.band)

    def comparison(self, figure: Figure) -> list[Inline]:
        """比上年增长7.1%（可比口径增长3.0%）; empty without last year's value."""
        _, then = sides(self.figures.period.kind)
        if self.definitions.indicators[figure.indicator].aggregate == "growth":
            return []  # it is a comparison already
        if self._plainly(figure):
            if self.hides(figure, "上年同期"):
                return []
            indicator = self.definitions.indicators[figure.indicator]
            last = figure.last_year or Decimal(0)
            if not last:
                return [f"{then}为0"]
            text = display(last, indicator) + indicator.unit
            return [f"{then}为", self.number(figure, last, text, "上年同期",
                                            of_period(figure, "上年同期"))]  # fmt: skip
        before = self._moved(figure, "上年同期")
        # What is the same in words is said once: 提高2.8个百分点（可比口径提高2.8个百分点）.
        words = [self.moved(figure, b) for b in ("上年同期", "可比口径上年")]
        same = [] if words[0] == words[1] else self._moved(figure, "可比口径上年")
        if before:
            told = [f"{_against(before)}{then}{before[0]}", *before[1:]]
            return [*told, "（可比口径", *same, "）"] if same else told
        if same:
            return [f"按可比口径{_against(same)}{then}{same[0]}", *same[1:]]
        return []

    def _plainly(self, figure: Figure) -> bool:
        """Whether last year's number says more than a rate of change.

        So with counts that came from or went to nothing, that changed sign, and of which fewer
        are better: nobody reads 缺报下降100.0%.
        """
        now, then = figure.value, figure.last_year
        if now is None or then is None or now == then:
            return False
        indicator = self.definitions.indicators[figure.indicator]
        if indicator.unit == "%" or indicator.aggregate not in ADDITIVE:
            return False
        return now <= 0 or then <= 0 or indicator.better == "lower"

    def moved(self, figure: Figure, basis: str) -> str:
        """The change against another side in words; empty without one."""
        return self.change(*self._compared(figure, basis), figure.indicator)

    def _compared(self, figure: Figure, basis: str) -> tuple[Decimal | None, Decimal | None]:
        """Both sides of a change. Of few people none is told that moved unions alone make up."""
        moved = basis == "可比口径上年" and figure.comparable_now is not None
        if moved and figure.indicator in self.disclosure.sensitive:
            return None, None
        return now_beside(figure, basis), side(figure, basis)

    def _moved(self, figure: Figure, basis: str) -> list[Inline]:
        """增长 and 7.1%, the number with its reference; [] without a comparison."""
        told = self.moved(figure, basis)
        if not told or self.hides(figure, basis):
            return []
        indicator = self.definitions.indicators[figure.indicator]
        value = change_value(*self._compared(figure, basis), indicator)
        found = _NUMBER.search(told)
        if found is None or value is None:
            return [told]
        verb, rest = told[: found.start()], told[found.start() :]
        return [verb, self.number(figure, value, rest, f"比{basis}")]

    def against_target(self, figure: Figure) -> list[Inline]:
        """完成年度目标的92.0%; for rates whether the target was reached, and by how much not."""
        if figure.target is None or figure.value is None:
            return []
        indicator = self.definitions.indicators[figure.indicator]
        aim = f"{_TARGET.get(self.figures.period.kind, '')}目标"
        words = spoken(figure.target, self, figure.indicator, "")
        if indicator.unit in POINTS or indicator.better == "lower":
            goal = self.number(figure, figure.target, words, "目标")
            if reached(figure, indicator):
                return [f"达到{aim}（", goal, "）"]
            unit = "个百分点" if indicator.unit in POINTS else indicator.unit
            gap = abs(figure.value - figure.target)
            lacking = self.number(figure, gap, display(gap, indicator) + unit, "距目标")
            above = "高于" if indicator.better == "lower" else "低于"
            return [f"{above}{aim}（", goal, "）", lacking]
        if figure.target == 0:
            return []
        if figure.value == figure.target:
            return [f"完成{aim}"]
        if not figure.value:  # nobody writes 完成目标的0.0%
            words = spoken(figure.target, self, figure.indicator, "")
            return [f"{aim}为", self.number(figure, figure.target, words, "目标")]
        words = spoken(figure.target, self, figure.indicator, "")
        goal = self.number(figure, figure.target, words, "目标")
        told: list[Inline] = [f"完成{aim}（", goal, "）"]
        share = figure.value / figure.target * 100
        return [*told, "的", self.number(figure, share, completion(figure), "完成目标")]

    def words_of(self, code: str) -> str:
        """The words of an indicator in running text."""
        return words_of(code, self.definitions)

    def gap_to_tell(self, figure: Figure) -> tuple[int, int] | None:
        """(owed, come) where something owed is lacking that the section does not say."""
        lacking = gap_of(figure)
        return None if self.spared or lacking == self.lacking else lacking

    def gap_told(self, figure: Figure) -> list[Inline]:
        """（应报60份、实报58份） where there is such a gap to tell."""
        return ["（", *self.gap(figure), "）"] if self.gap_to_tell(figure) else []

    def gap(self, figure: Figure) -> list[Inline]:
        """应报60份、实报58份 with both numbers quoted; [] where nothing owed is lacking."""
        if figure.expected is None or figure.reported >= figure.expected:
            return []
        owed = self.number(figure, Decimal(figure.expected), f"{figure.expected:,}", "应报")
        came = self.number(figure, Decimal(figure.reported), f"{figure.reported:,}", "实报")
        return ["应报", owed, "份、实报", came, "份"]

    def sentence(
        self, clauses: Sequence[tuple[str, str]], breaks: Sequence[str] = ()
    ) -> list[Inline]:
        """Clauses that have a value as running text, see `sentences`; [] when none has."""
        return sentence(self, clauses, breaks)

    def leaders(self, codes: Sequence[str], limit: int = 3) -> list[Inline]:
        """The leading children along 块 by the first indicator, each with all of them.

        Where only the first has anything to tell they are listed in one breath.
        """
        known = [c for c in codes if self.indicator(c) is not None]
        # An order tells of the counts it is made of: nobody is put in front by withheld ones.
        while known and self._withheld(known[0]):
            known = known[1:]
        if not known:
            return []
        ranked = self.ranked(known[0])
        if self._level(known[0], ranked, limit):
            return []
        # What is the same of everybody, as the one union that each of them is, leads nobody.
        known = [known[0], *(c for c in known[1:] if self._differs(c, ranked))]
        told: list[tuple[Unit, list[list[Inline]]]] = []
        for unit in ranked[:limit]:
            parts = [p for code in known if (p := self._led(code, unit))]
            if parts:
                told.append((unit, parts))
        if not told:
            return []
        if len(told) > 1 and all(len(parts) == 1 for _, parts in told):
            indicator = self.definitions.indicators[known[0]]
            listed = [self.figures.get(known[0], unit.code) for unit, _ in told]
            runs: list[Inline] = [f"{indicator.name}居前的是"]
            for i, ((unit, _), figure) in enumerate(zip(told, listed, strict=True)):
                if figure is None or figure.value is None:
                    continue
                text = spoken(figure.value, self, known[0], indicator.name)
                number = self.number(figure, figure.value, text)
                runs += ["、" if i else "", f"{unit.name}（", number, "）"]
            return [*(r for r in runs if r), "。"]
        whole = self._all_of(known, told[0][0]) if len(told) == 1 else []
        if whole:
            names = "、".join(self.definitions.indicators[c].name for c in whole)
            return [f"其中，{names}{'均' if len(whole) > 1 else ''}来自{told[0][0].name}。"]
        groups = [[unit.name, *_joined(parts, "、", "")] for unit, parts in told]
        lead = "分单位看，" if len(groups) > 1 else "其中，"
        first = self.definitions.indicators[known[0]].name
        tail = f"，{first}居各单位前列。" if len(ranked) > limit else "。"
        return [lead, *_joined(groups, "；", tail)]

    def _withheld(self, code: str) -> bool:
        """Whether the figure of any child along 块 may not be printed."""
        units = self.figures.children.get(BLOCK, ())
        own = (self.figures.get(code, u.code) for u in units)
        return any(self.disclosure.hides(f) for f in own if f is not None)

    def _all_of(self, codes: Sequence[str], unit: Unit) -> list[str]:
        """The indicators that one union told of alone; [] where its share of any is another."""
        told = [c for c in codes if (f := self.figures.get(c)) is not None and f.value]
        for code in told:
            figure = self.figures.get(code, unit.code)
            whole = self.figures.get(code)
            if figure is None or whole is None or figure.value != whole.value:
                return []
            if self.disclosure.hides(figure):
                return []
        return told

    def _level(self, code: str, ranked: Sequence[Unit], limit: int) -> bool:
        """Whether those in front are no better than each other: then nobody leads."""
        if len(ranked) < 2 or self._differs(code, ranked[:limit]):
            return False
        rate = self.definitions.indicators[code].aggregate not in ADDITIVE
        return rate or len(ranked) > limit

    def _differs(self, code: str, units: Sequence[Unit]) -> bool:
        figures = [self.figures.get(code, u.code) for u in units]
        return len(units) < 2 or len({f.value for f in figures if f is not None}) > 1

    def _led(self, code: str, unit: Unit) -> list[Inline]:
        """One figure of a leading unit; numerator and denominator are told of the whole alone."""
        figure = self.figures.get(code, unit.code)
        if figure is None or not figure.value or self.disclosure.hides(figure):
            return []
        words = words_of(code, self.definitions)
        if "{d}" in words or "{n}" in words:
            words = f"{self.definitions.indicators[code].name}{{v}}"
        return self.words(code, _OPENING.sub("", words), figure)

    def sole(self, codes: Sequence[str]) -> Unit | None:
        """The one child along 块 that all of these figures come from, if it is one."""
        told = [f for c in codes if (f := self.figures.get(c)) and f.value]
        units = self.figures.children.get(BLOCK, ())
        own = {u: [self.figures.get(f.indicator, u.code) for f in told] for u in units}
        having = [u for u, mine in own.items() if any(m and m.value for m in mine)]
        if not told or len(having) != 1:
            return None
        same = all(
            m and m.value == f.value and not self.disclosure.hides(m)
            for m, f in zip(own[having[0]], told, strict=True)
        )
        return having[0] if same else None

    def ranked(self, code: str, line: str = BLOCK) -> list[Unit]:
        """Children with a value other than zero, highest first; the order given breaks ties."""
        units = self.figures.children.get(line, ())
        valued = [(u, f.value) for u in units if (f := self.figures.get(code, u.code, line=line))]
        return [u for u, v in sorted(valued, key=lambda p: -(p[1] or 0)) if v]


def _against(told: Sequence[Inline]) -> str:
    """与上年持平, but 比上年增长."""
    last = told[-1]
    return "与" if isinstance(last, str) and last.endswith("持平") else "比"


def words_of(code: str, definitions: Definitions) -> str:
    """The words of an indicator: those of the outline, else its name and value."""
    return _WORDS.get(code) or f"{definitions.indicators[code].name}{{v}}"


def _joined(groups: Sequence[Sequence[Inline]], between: str, end: str) -> list[Inline]:
    runs: list[Inline] = []
    for i, group in enumerate(groups):
        if i:
            runs.append(between)
        runs.extend(group)
    if runs and end:
        runs.append(end)
    return runs
