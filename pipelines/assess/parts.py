"""How one line of a score sheet gets its marks: target, figure, function, or why it has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from definitions.schemes import Item, Part
from pipelines.assess import scoring
from pipelines.assess.inputs import (
    LOWER_IS_BETTER,
    RANGE,
    AssessmentInputs,
    AssessorMark,
    IndicatorFacts,
    Measurement,
    SelfReport,
    Target,
)
from pipelines.assess.results import PartResult, State, Working

Scored = tuple[PartResult, Fraction]
Key = tuple[str, str]
_PROPORTIONAL = ("SF1", "SF2", "SF9")
_WITH_TARGET = (*_PROPORTIONAL, "SF4", "SF5", "SF8")


@dataclass(frozen=True)
class Place:
    """Where a unit stands in its group by one indicator; `rank` is a mean among equals."""

    rank: Fraction
    size: int
    tied: bool


@dataclass(frozen=True)
class Figures:
    """The inputs by unit and indicator (or item), as scoring looks them up."""

    indicators: Mapping[str, IndicatorFacts]
    measurements: Mapping[Key, Measurement]
    targets: Mapping[Key, Target]
    self_reports: Mapping[Key, SelfReport]
    reports_of: Mapping[str, tuple[SelfReport, ...]]
    assessor_marks: Mapping[Key, tuple[AssessorMark, ...]]
    with_letter: frozenset[str]
    no_letter_due: frozenset[str]
    uncollected: frozenset[str]
    """items that no assessor group has marked for any unit"""

    @classmethod
    def of(cls, inputs: AssessmentInputs) -> Figures:
        """Index the inputs; keys are unique, which the engine has checked."""
        marks: dict[Key, list[AssessorMark]] = {}
        for mark in sorted(inputs.assessor_marks, key=lambda m: (m.unit, m.item, m.assessor)):
            marks.setdefault((mark.unit, mark.item), []).append(mark)
        reports: dict[str, list[SelfReport]] = {}
        for report in sorted(inputs.self_reports, key=lambda r: (r.unit, r.indicator)):
            reports.setdefault(report.unit, []).append(report)
        return cls(
            indicators={i.code: i for i in inputs.indicators},
            measurements={(m.unit, m.indicator): m for m in inputs.measurements},
            targets={(t.unit, t.indicator): t for t in inputs.targets},
            self_reports={(s.unit, s.indicator): s for s in inputs.self_reports},
            reports_of={k: tuple(v) for k, v in reports.items()},
            assessor_marks={k: tuple(v) for k, v in marks.items()},
            with_letter=frozenset(t.unit for t in inputs.targets),
            no_letter_due=frozenset(u.code for u in inputs.units if not u.letter_due),
            uncollected=frozenset(),
        )

    def exact(self, unit: str, indicator: str) -> Fraction | None:
        """The computed figure, exact; None when missing or not applicable."""
        measurement = self.measurements.get((unit, indicator))
        if measurement is None or absence(measurement, self.indicators[indicator]) is not None:
            return None
        if measurement.denominator is not None and measurement.numerator is not None:
            ratio = Fraction(measurement.numerator) / Fraction(measurement.denominator)
            return ratio * Fraction(self.indicators[indicator].multiply)
        return Fraction(measurement.value or 0)

    def deviation_pct(self, unit: str, indicator: str) -> Fraction | None:
        """I-TGT-04: |self-reported - computed| / |computed|; None without both figures.

        A figure claimed where the computed one is 0 has no ratio and counts as 100 %.
        """
        report = self.self_reports.get((unit, indicator))
        actual = None if report is None else self.exact(unit, indicator)
        if report is None or actual is None:
            return None
        gap = abs(Fraction(report.actual) - actual)
        if actual == 0:
            return Fraction(100 if gap else 0)
        return gap * 100 / abs(actual)


def absence(measurement: Measurement | None, facts: IndicatorFacts) -> tuple[State, str] | None:
    """Why there is no figure to score, or None when there is one."""
    if measurement is None:
        return State.MISSING, "系统无该项数据，按缺报计 0 分"
    top, bottom = measurement.numerator, measurement.denominator
    if measurement.expected > 0 and measurement.reported == 0:
        return (
            State.MISSING,
            f"应报 {measurement.expected} 份，实报 0 份，按缺报计 0 分（缺报不作“不适用”处理）",
        )
    if bottom == 0:
        return State.NOT_APPLICABLE, "本年度没有该项工作的计算基数（分母为 0），不适用"
    if measurement.value is not None or (top is not None and bottom is not None):
        return None
    if measurement.expected == 0 and measurement.reported == 0:
        return State.NOT_APPLICABLE, "该单位不承担此项报送任务，不适用"
    if facts.ratio and top is None and bottom is None:
        return State.NOT_APPLICABLE, "已报送，本年度没有该项工作（零报告），无计算基数，不适用"
    if facts.ratio and bottom is None:
        return State.MISSING, "缺少分母数据，无法计算，按缺报计 0 分"
    return State.MISSING, "已报送，没有该项数值，计 0 分"


def places_in_group(
    figures: Figures, indicator: str, units: Iterable[str], *, lower: bool
) -> dict[str, Place]:
    """Place of each unit that has a figure. A missing figure still fills a place, at the end."""
    known: dict[str, Fraction] = {}
    missing = 0
    for unit in units:
        figure = figures.exact(unit, indicator)
        if figure is not None:
            known[unit] = figure
        else:
            facts = figures.indicators[indicator]
            absent = absence(figures.measurements.get((unit, indicator)), facts)
            missing += absent is not None and absent[0] is State.MISSING
    ranks = scoring.average_ranks(known, lower=lower)
    values = list(known.values())
    return {
        unit: Place(rank, len(known) + missing, values.count(known[unit]) > 1)
        for unit, rank in ranks.items()
    }


def score_part(
    figures: Figures, unit: str, item: Item, part: Part, place: Place | None = None
) -> Scored:
    """The line and its exact marks; `place` is needed by SF7 alone."""
    key = (unit, part.indicator)
    facts = figures.indicators[part.indicator]
    measurement = figures.measurements.get(key)
    letter = figures.targets.get(key)
    report = figures.self_reports.get(key)
    actual = figures.exact(unit, part.indicator)
    deviation = figures.deviation_pct(unit, part.indicator)
    function = part.inner if part.function == "SF12" and part.inner else part.function
    if part.called:
        facts = replace(facts, name=part.called)
    uses_target = function in _WITH_TARGET and part.band is None
    before = measurement.last_year if measurement else None
    if part.base is not None:
        before = part.base
    lower = facts.better == "lower"
    if uses_target and letter is not None:
        lower = letter.direction == LOWER_IS_BETTER
    target: Decimal | None = None
    if uses_target:
        target = letter.annual if letter is not None else _default_target(part, facts, before)
    elif part.steps:
        target = part.steps[0][0]
    line = PartResult(
        item=item,
        part=part,
        indicator=facts,
        full=part.marks,
        state=State.MISSING,
        marks=Decimal(0),
        actual=None if actual is None else scoring.as_decimal(actual),
        target=target,
        from_letter=uses_target and letter is not None,
        lower=lower,
        range_target=uses_target and letter is not None and letter.direction == RANGE,
        last_year=before,
        self_reported=report.actual if report else None,
        self_score=report.self_score if report else None,
        deviation_pct=None if deviation is None else scoring.as_decimal(deviation),
        owner=letter.owner if letter else "",
        reported=measurement.reported if measurement else 0,
        expected=measurement.expected if measurement else 0,
        reference=measurement.reference if measurement else "",
        made_of=measurement.made_of if measurement else "",
        unowned=letter is not None and not letter.owned,
        revisions=letter.revisions if letter else (),
        signed_in=letter.reference if letter else "",
    )
    hindered = None
    if part.rise is not None and target is None:
        why = "没有上年同口径数据，无从确定提高后的目标，不适用"
        hindered = State.NOT_APPLICABLE, why
        if (absent := absence(measurement, facts)) is not None:
            hindered = absent
    hindered = hindered or _without_target(figures, unit, function, target, uses_target, lower)
    if hindered is None and part.function != "SF12":
        hindered = absence(measurement, facts)
    if hindered is not None:
        return replace(line, state=hindered[0], why=hindered[1]), scoring.ZERO
    if part.function == "SF12":
        return _score_quarters(line, part, function, measurement, letter, target)
    if function == "SF8" and line.last_year is None:
        why = "没有上年同口径数据，无改善基数，不适用"
        return replace(line, state=State.NOT_APPLICABLE, why=why), scoring.ZERO
    if actual is None:
        raise ValueError(f"{part.indicator} of {unit}: a figure neither present nor absent")
    return _score_figure(line, part, function, actual, target, place)


def _default_target(part: Part, facts: IndicatorFacts, before: Decimal | None) -> Decimal | None:
    """The scheme's own target; one above last year's figure ends at 100 where it is a share."""
    if part.rise is None:
        return part.target if isinstance(part.target, Decimal) else None
    if before is None:
        return None
    risen = before + part.rise
    return min(risen, Decimal(100)) if facts.unit == "%" else risen


def _without_target(
    figures: Figures,
    unit: str,
    function: str,
    target: Decimal | None,
    uses_target: bool,
    lower: bool,
) -> tuple[State, str] | None:
    if not uses_target:
        return None
    if target is None and unit in figures.with_letter:
        return State.NOT_APPLICABLE, "目标责任书未列此项任务，不适用"
    if target is None and unit in figures.no_letter_due:
        return State.NOT_APPLICABLE, "该单位不签订目标责任书，此项不适用"
    if target is None:
        return State.MISSING, "未报送目标责任书（TGT-01），没有目标可比，按缺报计 0 分"
    if function in _PROPORTIONAL and (target < 0 or (target == 0 and not lower)):
        return State.NOT_APPLICABLE, "目标值不大于 0，无法按比例计分，视为不承担此项任务，不适用"
    return None


def _score_figure(
    line: PartResult,
    part: Part,
    function: str,
    actual: Fraction,
    target: Decimal | None,
    place: Place | None,
) -> Scored:
    working = Working()
    if target is not None and function in (*_PROPORTIONAL, "SF8") and target > 0:
        reached = scoring.completion(actual, target, lower=line.lower)
        working = replace(working, completion=scoring.as_decimal(reached * 100))
    if function == "SF3":
        working = replace(working, step=scoring.step_reached(actual, part.steps, lower=line.lower))
    if function == "SF7":
        if place is None:
            raise ValueError(f"{part.indicator}: SF7 without a place in the group")
        working = replace(
            working,
            rank=scoring.as_decimal(place.rank, 1),
            group_size=place.size,
            tied=place.tied,
        )
        marks = scoring.rank_in_group(part.marks, place.rank, place.size)
    else:
        marks = _marks(part, function, actual, target, line.last_year, lower=line.lower)
    if function in ("SF8", "SF9") and line.last_year is not None and target is not None:
        degree = scoring.improvement_degree(actual, target, line.last_year, lower=line.lower)
        working = replace(working, improvement=scoring.as_decimal(degree * 100))
    scored = replace(line, state=State.SCORED, marks=scoring.as_decimal(marks), working=working)
    return scored, marks


def _marks(
    part: Part,
    function: str,
    actual: Fraction,
    target: Decimal | None,
    base: Decimal | None,
    *,
    lower: bool,
) -> Fraction:
    """Apply one function; settings that the scheme's model guarantees are read as given."""
    full, goal = part.marks, target if target is not None else Decimal(0)
    match function:
        case "SF1":
            return scoring.capped_proportion(full, actual, goal, lower=lower)
        case "SF2":
            return scoring.proportion_with_floor(full, actual, goal, part.floor or 0, lower=lower)
        case "SF3":
            return scoring.stepped(actual, part.steps, lower=lower)
        case "SF4":
            return scoring.pass_or_fail(full, actual, goal, lower=lower, strict=part.strict)
        case "SF5" if part.band is not None and part.limits is not None:
            return scoring.inside_band(full, actual, part.band, part.limits)
        case "SF5":
            return scoring.reverse(full, actual, goal, part.limit or 0)
        case "SF6":
            return scoring.deduction(full, max(actual, scoring.ZERO), part.per_case or 0)
        case "SF8":
            return scoring.improvement(full, actual, goal, base or 0, lower=lower)
        case "SF9":
            return scoring.level_and_improvement(
                full, actual, goal, base, part.level_share or 0, lower=lower
            )
        case "SF10":
            return scoring.rating_mean(full, [(actual, 1)])
    raise ValueError(f"no scoring function {function}")


def _score_quarters(
    line: PartResult,
    part: Part,
    function: str,
    measurement: Measurement | None,
    letter: Target | None,
    target: Decimal | None,
) -> Scored:
    """SF12: quarters with a target (or all, where none is needed); a missing quarter earns 0.

    A quarter that was reported and had no base does not count, as in a year without a base.
    """
    quarters: list[tuple[int, Decimal | None, Decimal, Fraction]] = []
    for quarter in (1, 2, 3, 4):
        goal = target
        if part.target == "letter":
            goal = letter.quarters.get(quarter) if letter else None
        if goal is None or (function in _PROPORTIONAL and goal <= 0):
            continue
        reported = measurement.quarters if measurement else {}
        actual = reported.get(quarter)
        if actual is None and quarter in reported:
            continue
        marks = (
            scoring.ZERO
            if actual is None
            else _marks(part, function, Fraction(actual), goal, None, lower=line.lower)
        )
        quarters.append((quarter, actual, goal, marks))
    if not quarters:
        based = measurement is not None and bool(measurement.quarters)
        why = "目标责任书没有分解到季度，无法按过程计分，不适用"
        if based and (part.target != "letter" or (letter is not None and letter.quarters)):
            why = "各季度均没有计算基数，不适用"
        return replace(line, state=State.NOT_APPLICABLE, why=why), scoring.ZERO
    if all(actual is None for _, actual, _, _ in quarters):
        why = "各季度均无数据，按缺报计 0 分"
        return replace(line, state=State.MISSING, why=why), scoring.ZERO
    mean = scoring.process([marks for *_, marks in quarters])
    shown = tuple((q, a, g, scoring.as_decimal(m)) for q, a, g, m in quarters)
    scored = replace(
        line,
        state=State.SCORED,
        marks=scoring.as_decimal(mean),
        working=Working(quarters=shown),
    )
    return scored, mean


def score_assessed(figures: Figures, unit: str, item: Item, *, spread: bool) -> Scored:
    """An item that assessor groups mark on a scale of 100 (SF10): the mean of what they gave."""
    full = item.assessed or Decimal(0)
    line = PartResult(
        item=item, part=None, indicator=None, full=full, state=State.MISSING, marks=Decimal(0)
    )
    given = figures.assessor_marks.get((unit, item.code), ())
    if not given:
        if item.code in figures.uncollected:
            state = State.NOT_APPLICABLE if spread else State.MISSING
            why = "考评组评分（EVAL-02）尚未采集" + ("，暂不计入" if spread else "，暂按 0 分计")
        else:
            state, why = State.MISSING, "考评组未对该单位评分，按缺报计 0 分"
        return replace(line, state=state, why=why), scoring.ZERO
    marks = scoring.rating_mean(full, [(m.raw, 1) for m in given])
    scored = replace(
        line,
        state=State.SCORED,
        marks=scoring.as_decimal(marks),
        why="；".join(f"{m.assessor}：{m.reason}" for m in given if m.reason),
        reference="；".join(m.reference for m in given if m.reference),
        working=Working(given=tuple((m.assessor, m.raw) for m in given)),
    )
    return scored, marks
