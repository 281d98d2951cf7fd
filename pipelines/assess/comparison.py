"""What a unit's result has gained and lost against last year, from the total down to each mark."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pipelines.assess.results import PartResult, State, UnitResult
from pipelines.assess.wording import marks


@dataclass(frozen=True, slots=True)
class Difference:
    """One mark beside the same of last year; `key` is a block, or an item and its indicator."""

    key: str
    name: str
    before: Decimal
    now: Decimal

    @property
    def sentence(self) -> str:
        """The difference as a person reads it."""
        change = self.now - self.before
        if round(change, 2) == 0:
            return f"{self.name} {marks(self.now)} 分，与上年持平。"
        word = "提高" if change > 0 else "降低"
        told = f"{self.name} {marks(self.before)} 分 → {marks(self.now)} 分"
        return f"{told}，{word} {marks(abs(change))} 分。"


def key_of(line: PartResult) -> str:
    """The name under which a mark is found again a year later."""
    return f"{line.item.code}/{line.indicator.code if line.indicator else ''}"


def since_last_year(result: UnitResult) -> tuple[Difference, ...]:
    """Total, blocks and marks that were given in both years, in the order of the score sheet.

    Empty where the unit was not assessed a year before: nothing can be said of a change then.
    """
    before = result.unit.last_year
    if before is None:
        return ()
    found = []
    if before.total is not None and result.total is not None:
        found.append(Difference("", "总分", before.total, result.total))
    for block in result.blocks:
        given = before.marks.get(block.block.code)
        if given is not None and block.score is not None:
            found.append(Difference(block.block.code, block.block.name, given, block.score))
        for line in block.parts:
            mark = before.marks.get(key_of(line))
            if mark is not None and line.state is not State.NOT_APPLICABLE:
                name = line.indicator.name if line.indicator else line.item.name
                found.append(Difference(key_of(line), name, mark, line.marks))
    return tuple(found)


def in_words(result: UnitResult) -> str:
    """One sentence on this year against the last: total, grade and place."""
    before = result.unit.last_year
    if before is None:
        return "上年度没有参加本项考核，无从比较。"
    parts = []
    if before.total is not None and result.total is not None:
        change = result.total - before.total
        word = "高" if change > 0 else "低"
        told = f"比上年{word} {marks(abs(change))} 分" if change else "与上年持平"
        parts.append(f"总分 {marks(result.total)} 分，{told}（上年 {marks(before.total)} 分）")
    if before.grade and result.grade:
        same = before.grade == result.grade
        parts.append(f"等次仍为“{result.grade}”" if same else
                     f"等次由“{before.grade}”变为“{result.grade}”")  # fmt: skip
    if before.rank is not None and result.rank is not None:
        parts.append(f"名次由第 {before.rank} 位到第 {result.rank} 位"
                     if before.rank != result.rank else f"名次仍为第 {result.rank} 位")  # fmt: skip
    return "；".join(parts) + "。" if parts else "上年度没有得出总分，无从比较。"
