"""What would have to change for the next grade: line by line, in figures and in points."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from definitions.schemes import Scheme
from pipelines.assess.results import PartResult, Standing, State, UnitResult
from pipelines.assess.wording import figure, goal, marks, plain


@dataclass(frozen=True, slots=True)
class WayUp:
    """One line that could earn more: `gain` in points of the total when `ask` is met."""

    name: str
    ask: str
    gain: Decimal
    enough: bool

    @property
    def sentence(self) -> str:
        """The way up as a person reads it."""
        tail = "，仅此一项即可升等" if self.enough else ""
        return f"{self.name}{self.ask}，总分可增加 {marks(self.gain)} 分{tail}。"


def ways_up(scheme: Scheme, result: UnitResult) -> tuple[WayUp, ...]:
    """The lines that could lift a unit, largest gain first.

    Empty at the highest grade, and where a veto, a cap, a quota or an invalid rating holds the
    unit back: then points would not help, and `explain.next_grade` says what does.
    """
    held_back = result.standing is Standing.INVALID or result.grade != result.grade_by_total
    if result.total is None or held_back:
        return ()
    place = scheme.band_rank(result.grade)
    if place == 0:
        return ()
    lacking = scheme.bands[place - 1].at_least - result.total
    found = []
    for block in result.blocks:
        for line in block.parts:
            step = _step(line) if block.due else None
            if step is None:
                continue
            ask, attained = step
            gain = (attained - line.marks) * block.weight / block.due
            if round(gain, 2) > 0:
                name = line.indicator.name if line.indicator else line.item.name
                found.append(WayUp(name, ask, gain, gain >= lacking))
    return tuple(sorted(found, key=lambda w: (-w.gain, w.name)))


def _step(line: PartResult) -> tuple[str, Decimal] | None:
    """What to reach, and the marks that it brings; None where no figure could change them."""
    facts, part = line.indicator, line.part
    if line.state is State.NOT_APPLICABLE:
        return None
    if facts is None or part is None:
        if line.state is State.MISSING:
            return None
        return "由考评组评定，取得满分", line.full
    if line.state is State.MISSING and line.actual is None:
        return (
            ("按期报送并达到目标" if line.target is not None else "按期报送并取得满分"), line.full,
        )  # fmt: skip
    now = figure(line.actual, facts, line.target)
    word = "降到" if line.lower else "提高到"
    match part.function:
        case "SF3":
            better = part.steps if line.working.step is None else part.steps[: line.working.step]
            if not better:
                return None
            threshold, gained = better[-1]
            return f"由 {now} {word} {goal(threshold, facts)}", gained
        case "SF1" | "SF2" | "SF4" | "SF8" | "SF9" if line.target is not None:
            beyond = "以上（不含）" if part.strict else ""
            return f"由 {now} {word} {goal(line.target, facts)}{beyond}", line.full
        case "SF5" if part.band is not None:
            low, high = part.band
            return f"由 {now} 调整到 {plain(low)}—{goal(high, facts)} 之间", line.full
        case "SF5" if line.target is not None:
            return f"由 {now} 降到 {goal(line.target, facts)}", line.full
        case "SF6":
            return f"由 {now} 降到 0", line.full
        case "SF7":
            return "列组内第 1 位", line.full
        case "SF10":
            return f"由 {now} 提高到 100", line.full
        case "SF12":
            return "各季度均达到目标", line.full
    return None
