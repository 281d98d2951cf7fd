"""Scoring many units with every explanation, beside the same formulas over plain arrays.

The plain way is what a careful analyst would write: numpy over columns, in binary floating point,
no explanation, no missing figure, nobody's name. What it leaves out is what is paid for here:
exact fractions, targets from letters, a sentence with the numbers for every mark, ways up.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from definitions import Definitions, load_definitions
from definitions.schemes import Part, Scheme
from pipelines.assess import (
    AssessmentInputs,
    AssessorMark,
    IndicatorFacts,
    Measurement,
    Tally,
    Target,
    Unit,
    assess,
)
from pipelines.assess.explain import block_sentence, next_grade, part_sentence
from pipelines.assess.ways_up import ways_up

Array = npt.NDArray[np.float64]
LETTER = Decimal(100)
"""Every target that a letter sets, here."""
GROUPS = 20


@dataclass(frozen=True)
class Scored:
    """Seconds of processor time of each way, and how many marks and sentences there were."""

    units: int
    items: int
    marks: int
    sentences: int
    score: float
    explain: float
    plain: float
    furthest: float
    """The largest difference between the totals of both ways, in marks."""

    @property
    def multiple(self) -> float:
        """How many times the plain way scoring with explanations takes."""
        return (self.score + self.explain) / self.plain


def figures(scheme: Scheme, units: int, seed: int) -> dict[str, tuple[Array, Array, Array]]:
    """Indicator → numerator, denominator, last year's value, of every unit."""
    chance = np.random.default_rng(seed)
    found = {}
    for part in _parts(scheme):
        top = chance.integers(20, 120, units).astype(float)
        found.setdefault(part.indicator, (top, np.full(units, 100.0),
                         chance.integers(10, 90, units).astype(float)))  # fmt: skip
    return found


def _parts(scheme: Scheme) -> list[Part]:
    return [p for b in scheme.blocks for i in b.items for p in i.parts]


def inputs_of(scheme: Scheme, known: Definitions, units: int, seed: int) -> AssessmentInputs:
    """The same figures as the engine reads them."""
    told = figures(scheme, units, seed)
    facts = {i.code: IndicatorFacts.of(i) for i in known.indicators.values()}
    for part in _parts(scheme):  # A/B that the engine makes itself is told as a figure of its own
        facts.setdefault(part.indicator, IndicatorFacts(part.indicator, part.called, "%"))
    codes = [f"G{n:05d}" for n in range(units)]
    rated = random.Random(seed)
    given = tuple(rated.randint(60, 100) for _ in codes)
    assessed = [i.code for b in scheme.blocks for i in b.items if i.assessed is not None]
    raters = [r for b in scheme.blocks for r in b.raters]
    wanted = {
        indicator: [
            (Decimal(int(t)), Decimal(int(b)), Decimal(int(y)))
            for t, b, y in zip(top, base, last, strict=True)
        ]
        for indicator, (top, base, last) in told.items()
    }
    shares = {c for c, f in facts.items() if f.ratio}
    return AssessmentInputs(
        year=2019,
        units=tuple(Unit(c, f"{c}工会", group=f"第{n % GROUPS}组") for n, c in enumerate(codes)),
        indicators=tuple(facts[c] for c in wanted),
        measurements=tuple(
            Measurement(c, i, t, t * b / facts[i].multiply if i in shares else None,
                        b if i in shares else None, 12, 12, last_year=y,
                        reference=f"块/{c}/2019/{i}")
            for i, rows in wanted.items()
            for c, (t, b, y) in zip(codes, rows, strict=True)
        ),
        targets=tuple(
            Target(c, p.indicator, LETTER)
            for p in _parts(scheme) if p.target == "letter"
            for c in codes
        ),
        tallies=tuple(
            Tally(c, r, 100, 100, g, 100 - g, 0, 0)
            for c, g in zip(codes, given, strict=True) for r in raters
        ),
        assessor_marks=tuple(
            AssessorMark(c, i, "考评组", Decimal(g))
            for c, g in zip(codes, given, strict=True) for i in assessed
        ),
    )  # fmt: skip


def plain(scheme: Scheme, known: Definitions, units: int, seed: int) -> Array:
    """Totals of every unit by the same formulas over columns."""
    told = figures(scheme, units, seed)
    group = np.arange(units) % GROUPS
    rated = random.Random(seed)
    given = np.array([rated.randint(60, 100) for _ in range(units)], dtype=float)
    total = np.zeros(units)
    for block in scheme.blocks:
        score = np.zeros(units)
        if block.raters:
            score = given + (100 - given) * 0.75
        for item in block.items:
            if item.assessed is not None:
                score += float(item.assessed) * given / 100
            for part in item.parts:
                top, _, last = told[part.indicator]
                indicator = known.indicators.get(part.indicator)
                lower = indicator is not None and indicator.better == "lower"
                percent = indicator is None or indicator.unit == "%"
                score += marks(part, top, last, group, lower=lower, percent=percent)
        total += score * float(block.weight) / 100
    return total


def marks(
    part: Part, a: Array, last: Array, group: npt.NDArray[np.int_], *, lower: bool, percent: bool
) -> Array:
    """One column of marks, the way a table is computed in one stroke."""
    full = float(part.marks)
    goal: Array = np.full(len(a), float(part.target) if isinstance(part.target, Decimal) else 100.0)
    if part.rise is not None:
        goal = last + float(part.rise)
        goal = np.minimum(goal, 100.0) if percent else goal
    if part.target == "letter":
        lower = False
    with np.errstate(divide="ignore", invalid="ignore"):
        done = np.clip(goal / a if lower else a / goal, 0, 1)
        way = np.clip((last - a) / (last - goal) if lower else (a - last) / (goal - last), 0, 1)
    held = (a <= goal) if lower else (a >= goal)
    there = (last <= goal) if lower else (last >= goal)
    way = np.where(there, held, way)
    match part.function:
        case "SF1":
            return full * done
        case "SF2":
            return np.where(done < float(part.floor or 0), 0, full * done)
        case "SF3":
            found = np.zeros(len(a))
            for threshold, given in reversed(part.steps):
                found[(a <= float(threshold)) if lower else (a >= float(threshold))] = float(given)
            return found
        case "SF4":
            beyond = (a < goal) if lower else (a > goal)
            return full * (beyond if part.strict else held)
        case "SF5" if part.band is not None and part.limits is not None:
            (low, high), (least, most) = part.band, part.limits
            edges = [float(least), float(low), float(high), float(most)]
            return np.interp(a, edges, [0, full, full, 0])
        case "SF5":
            end = float(part.limit or 0)
            return full * np.clip((end - a) / (end - goal), 0, 1)
        case "SF6":
            return np.maximum(full - float(part.per_case or 0) * a, 0)
        case "SF7":
            found = np.zeros(len(a))
            for number in np.unique(group):
                mine = group == number
                place = rankdata(a[mine] if lower else -a[mine])
                found[mine] = full * (mine.sum() - place) / (mine.sum() - 1)
            return found
        case "SF8":
            return full * way
        case "SF9":
            level = float(part.level_share or 0)
            return full * (level * done + (1 - level) * way)
    return full * np.clip(a, 0, 100) / 100  # SF10


def without_bonus(scheme: Scheme) -> Scheme:
    """The scheme as both ways compute it: no bonus for what goes beyond a target."""
    blocks = tuple(
        b.model_copy(
            update={
                "items": tuple(
                    i.model_copy(
                        update={
                            "parts": tuple(
                                # a ratio of two figures is told as one figure here
                                p.model_copy(update={"excess": False,
                                                     "indicator": p.indicator.replace("/", ":")})
                                for p in i.parts
                            )
                        }
                    )
                    for i in b.items
                )
            }
        )
        for b in scheme.blocks
    )  # fmt: skip
    return scheme.model_copy(update={"blocks": blocks})


def measure(units: int, seed: int = 7, repeat: int = 3) -> Scored:
    """Score so many units both ways; the plain way's best of some runs."""
    known = load_definitions()
    scheme = without_bonus(known.scheme("TRA-FED", 2019))
    inputs = inputs_of(scheme, known, units, seed)
    began = time.process_time()
    result = assess(scheme, inputs)
    scored = time.process_time()
    sentences = 0
    for unit in result.units:
        for block in unit.blocks:
            block_sentence(block)
            sentences += 1 + len([part_sentence(line) for line in block.parts])
        next_grade(scheme, unit)
        sentences += 1 + len([way.sentence for way in ways_up(scheme, unit)])
    explained = time.process_time()
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        totals = plain(scheme, known, units, seed)
        seconds.append(time.process_time() - start)
    ours = {u.unit.code: float(u.total or 0) for u in result.units}
    gaps = [abs(ours[f"G{n:05d}"] - totals[n]) for n in range(units)]
    items = len(next(b for b in scheme.blocks if b.source == "items").items)
    return Scored(
        units, items, sum(len(b.parts) for u in result.units for b in u.blocks), sentences,
        scored - began, explained - scored, min(seconds), max(gaps),
    )  # fmt: skip


def table(found: Scored) -> str:
    """What was measured, as a small table."""
    return "\n".join(
        (
            "| 计分与解释 | 处理器秒 |",
            "|---|---|",
            f"| {found.units:,} 个单位 × {found.items} 项，{found.marks:,} 个得分（精确分数） "
            f"| {found.score:.2f} |",
            f"| {found.sentences:,} 句解释（算式、差距、升等办法） | {found.explain:.2f} |",
            f"| 同样的公式，numpy 按列计算，没有解释 | {found.plain:.3f} |",
            f"| 倍数 | {found.multiple:,.0f} |",
            f"| 两种算法总分最大相差（分） | {found.furthest:.4f} |",
        )
    )
