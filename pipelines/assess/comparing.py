"""Two results of the same year side by side: who moves in total, grade and rank, and by which item.

For what-if (another scheme on the same inputs), for editions (before and after an appeal), and for
the view of today beside the one at the old cut-off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipelines.assess.results import AssessmentResult, PartResult, UnitResult
from pipelines.assess.wording import marks

ZERO = Decimal(0)
LAST_DIGITS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Cause:
    """What one line adds to a unit's total before and after, in points of the total."""

    name: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """Points gained (above 0) or lost."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Move:
    """One unit in two results; `causes` by size, largest first, and they sum to the difference.

    `rounding` is what the one rounding of each total leaves between them.
    """

    unit: str
    name: str
    group: str
    total: tuple[Decimal | None, Decimal | None]
    grade: tuple[str, str]
    rank: tuple[int | None, int | None]
    causes: tuple[Cause, ...]
    rounding: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Points of the total."""
        return (self.total[1] or ZERO) - (self.total[0] or ZERO)

    @property
    def moved(self) -> bool:
        """Whether anything that is published about the unit differs."""
        return (
            self.total[0] != self.total[1]
            or self.grade[0] != self.grade[1]
            or self.rank[0] != self.rank[1]
        )

    @property
    def sentence(self) -> str:
        """Who moves and why, as a person reads it."""
        text = f"{self.name}：总分 {_shown(self.total[0])} → {_shown(self.total[1])}"
        if self.grade[0] != self.grade[1]:
            text += f"，等次“{self.grade[0] or '无'}” → “{self.grade[1] or '无'}”"
        if self.rank[0] != self.rank[1]:
            text += f"，名次 {self.rank[0] or '—'} → {self.rank[1] or '—'}"
        told = [c for c in self.causes if abs(c.difference) >= Decimal("0.005")][:5]
        if told:
            reasons = "、".join(f"{c.name} {_signed(c.difference)}" for c in told)
            return f"{text}。主要因为：{reasons}（折合总分）。"
        return f"{text}；本单位各项得分未变。" if self.moved else f"{text}，没有变化。"


def _shown(total: Decimal | None) -> str:
    return "—" if total is None else marks(total)


def _signed(points: Decimal) -> str:
    return f"{'＋' if points >= 0 else '－'}{marks(abs(points))} 分"


def compare(before: AssessmentResult, after: AssessmentResult) -> tuple[Move, ...]:
    """Every unit of either result, largest difference first, then by code."""
    one = {u.unit.code: u for u in before.units}
    other = {u.unit.code: u for u in after.units}
    found = [_move(code, one.get(code), other.get(code)) for code in sorted({*one, *other})]
    return tuple(sorted(found, key=lambda m: (not m.moved, -abs(m.difference), m.unit)))


def _move(code: str, before: UnitResult | None, after: UnitResult | None) -> Move:
    known = after or before
    if known is None:
        raise ValueError(code)
    was, now = contributions(before), contributions(after)
    named = {key: name for source in (was, now) for key, (name, _) in source.items()}
    causes = [
        Cause(name, was.get(key, ("", ZERO))[1], now.get(key, ("", ZERO))[1])
        for key, name in named.items()
    ]
    total = (before.total if before else None, after.total if after else None)
    exact = sum((c.difference for c in causes), ZERO)
    difference = (total[1] or ZERO) - (total[0] or ZERO)
    return Move(
        unit=code,
        name=known.unit.name,
        group=known.group,
        total=total,
        grade=(before.grade if before else "", after.grade if after else ""),
        rank=(before.rank if before else None, after.rank if after else None),
        causes=tuple(
            sorted((c for c in causes if c.difference), key=lambda c: (-abs(c.difference), c.name))
        ),
        rounding=difference - exact,
    )


Points = Mapping[tuple[str, ...], tuple[str, Decimal]]
"""Key of a line → its name and what it adds to the total."""


def contributions(result: UnitResult | None) -> Points:
    """What every line of a unit adds to its total: items, rater groups, parties, bonus, deductions.

    They sum to the total before its one rounding, as long as deductions do not push it below 0.
    """
    if result is None:
        return {}
    found: dict[tuple[str, ...], tuple[str, Decimal]] = {}
    for block in result.blocks:
        code, left = block.block.code, block.weighted
        if block.parts and block.due:
            for line in block.parts:
                points = line.marks * block.weight / block.due
                key = (code, line.item.code, line.part.indicator if line.part else "")
                found[key] = (_name(line), found.get(key, ("", ZERO))[1] + points)
                left -= points
        elif block.raters:
            counted = [r for r in block.raters if r.counted]
            whole = sum((r.share for r in counted), ZERO)
            for rater in counted:
                points = (rater.score or ZERO) * rater.share / whole * block.weight / 100
                found[code, rater.rater] = (f"{rater.rater}评价", points)
                left -= points
        # What the lines leave is the block of one score, or last digits of exact fractions.
        if abs(left) > LAST_DIGITS:
            found[(code,)] = (block.block.name, left)
    if result.bonus_points:
        found[("+",)] = ("加分", result.bonus_points)
    if result.deduction_points:
        found[("-",)] = ("扣分", -result.deduction_points)
    return found


def _name(line: PartResult) -> str:
    return line.indicator.name if line.indicator else f"{line.item.name}（考评组评分）"
