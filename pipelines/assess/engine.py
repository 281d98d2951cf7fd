"""From a scheme and plain inputs to graded, ranked units: pure, the same in, the same out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from definitions.schemes import Block, Part, Scheme
from pipelines.assess import scoring, standing
from pipelines.assess.inputs import AssessmentInputs, PartyScore, Tally, Unit
from pipelines.assess.parts import (
    Figures,
    Place,
    Scored,
    places_in_group,
    score_assessed,
    score_part,
)
from pipelines.assess.ratios import with_ratios
from pipelines.assess.results import (
    AssessmentResult,
    BlockResult,
    RaterResult,
    Standing,
    State,
    UnitResult,
)
from pipelines.assess.wording import plain

UNGROUPED = "未分组"
ScoredBlock = tuple[BlockResult, Fraction | None]


def assess(scheme: Scheme, inputs: AssessmentInputs) -> AssessmentResult:
    """Score, adjust, grade and rank every unit.

    Raises ValueError where the inputs contradict themselves or the scheme: two records for one
    key, an unknown veto code, an indicator without facts. Whatever is merely missing has an
    outcome and a sentence instead. Records about units outside the assessment are left aside.
    """
    inputs = with_ratios(scheme, _within(inputs))
    _check(scheme, inputs)
    figures = Figures.of(inputs)
    assessed = {i.code for b in scheme.blocks for i in b.items if i.assessed is not None}
    marked = {item for _, item in figures.assessor_marks}
    figures = replace(figures, uncollected=frozenset(assessed - marked))
    groups = {u.code: group_of(scheme, u) for u in inputs.units}
    places = _places(scheme, figures, groups)
    collected = _Collected.of(scheme, inputs)
    results = []
    for unit in inputs.units:
        blocks = [_block(scheme, b, figures, unit, places, collected) for b in scheme.blocks]
        results.append(_unit(scheme, inputs, figures, unit, groups[unit.code], blocks, collected))
    ordered = standing.grade_and_rank(scheme, results)
    return AssessmentResult(
        scheme=scheme,
        year=inputs.year,
        units=tuple(ordered),
        indicators=inputs.indicators,
        provisional=collected.provisional,
        notices=_notices(scheme, figures, inputs),
    )


def group_of(scheme: Scheme, unit: Unit) -> str:
    """The ranking group: the unit's own where given, else its type, level or band of size."""
    if unit.group:
        return unit.group
    if scheme.group_by != "size":
        return (unit.type if scheme.group_by == "type" else unit.level) or UNGROUPED
    if unit.size is None:
        return "人数未报"
    lowest = [b for b in sorted(scheme.size_bands) if b <= unit.size]
    above = [b for b in sorted(scheme.size_bands) if b > unit.size]
    if not lowest:
        return f"{above[0] - 1}人以下"
    return f"{lowest[-1]}—{above[0] - 1}人" if above else f"{lowest[-1]}人以上"


def _within(inputs: AssessmentInputs) -> AssessmentInputs:
    units = {u.code for u in inputs.units}
    return replace(
        inputs,
        measurements=tuple(m for m in inputs.measurements if m.unit in units),
        targets=tuple(t for t in inputs.targets if t.unit in units),
        self_reports=tuple(s for s in inputs.self_reports if s.unit in units),
        tallies=tuple(t for t in inputs.tallies if t.unit in units),
        assessor_marks=tuple(m for m in inputs.assessor_marks if m.unit in units),
        party_scores=tuple(p for p in inputs.party_scores if p.unit in units),
        bonus_claims=tuple(c for c in inputs.bonus_claims if c.unit in units),
        deductions=tuple(d for d in inputs.deductions if d.unit in units),
        vetoes=tuple(v for v in inputs.vetoes if v.unit in units),
    )


def _check(scheme: Scheme, inputs: AssessmentInputs) -> None:
    mistakes: list[str] = []

    def unique(what: str, keys: Iterable[tuple[str, ...]]) -> None:
        for key, count in Counter(keys).items():
            if count > 1:
                mistakes.append(f"{what} given {count} times for {' '.join(key)}")

    unique("unit", ((u.code,) for u in inputs.units))
    unique("measurement", ((m.unit, m.indicator) for m in inputs.measurements))
    unique("target", ((t.unit, t.indicator) for t in inputs.targets))
    unique("self-report", ((s.unit, s.indicator) for s in inputs.self_reports))
    unique("tally", ((t.unit, t.rater, t.object) for t in inputs.tallies))
    unique("mark", ((m.unit, m.item, m.assessor) for m in inputs.assessor_marks))
    unique("party score", ((p.unit, p.block) for p in inputs.party_scores))
    known = {i.code for i in inputs.indicators}
    needed = {p.indicator for b in scheme.blocks for i in b.items for p in i.parts}
    mistakes += [f"no facts of indicator {code}" for code in sorted(needed - known)]
    measured = {m.indicator for m in inputs.measurements}
    mistakes += [f"no facts of indicator {code}" for code in sorted(measured - known - needed)]
    vetoes = {v.code for v in scheme.veto}
    mistakes += [f"unknown veto {v.code}" for v in inputs.vetoes if v.code not in vetoes]
    if mistakes:
        raise ValueError("; ".join(mistakes))


class _Collected:
    """What was collected for anybody at all, and so what makes the result provisional."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str, str], Tally] = {}
        self.raters: set[tuple[str, str]] = set()
        self.scores: dict[tuple[str, str], PartyScore] = {}
        self.parties: set[str] = set()
        self.provisional: tuple[str, ...] = ()

    @classmethod
    def of(cls, scheme: Scheme, inputs: AssessmentInputs) -> _Collected:
        found = cls()
        found.tallies = {(t.unit, t.rater, t.object): t for t in inputs.tallies}
        found.raters = {(rater, about) for _, rater, about in found.tallies}
        found.scores = {(p.unit, p.block): p for p in inputs.party_scores}
        found.parties = {block for _, block in found.scores}
        marked = {m.item for m in inputs.assessor_marks}
        found.provisional = tuple(
            sentence for b in scheme.blocks for sentence in found._lacking(b, marked)
        )
        return found

    def _lacking(self, block: Block, marked: set[str]) -> list[str]:
        outcome = "其权重暂由其他部分分摊" if block.uncollected == "spread" else "暂按 0 分计"
        if block.source == "party":
            whole = f"“{block.name}”得分尚未采集，{outcome}，结果为暂定。"
            return [] if block.code in self.parties else [whole]
        if block.source == "ratings":
            absent = [r for r in block.raters if (r, block.rated) not in self.raters]
            if len(absent) == len(block.raters):
                return [f"“{block.name}”的评价票（EVAL-01）尚未采集，{outcome}，结果为暂定。"]
            return (
                [
                    f"“{block.name}”中{'、'.join(absent)}的评价票尚未采集，"
                    "其份额暂由已采集的评价主体分摊，结果为暂定。"
                ]
                if absent
                else []
            )
        absent = [i.name for i in block.items if i.assessed is not None and i.code not in marked]
        if not absent:
            return []
        if len(absent) == len(block.items):
            return [f"“{block.name}”的评分（EVAL-02）尚未采集，{outcome}，结果为暂定。"]
        shared = "其分值暂由同块其他项目分摊" if block.uncollected == "spread" else "暂按 0 分计"
        return [
            f"“{block.name}”中“{'”“'.join(absent)}”由考评组评分（EVAL-02），尚未采集，"
            f"{shared}，结果为暂定。"
        ]


def _places(
    scheme: Scheme, figures: Figures, groups: dict[str, str]
) -> dict[tuple[str, str], Place]:
    """Places by (unit, indicator) for every part scored by rank."""
    ranked = {
        p.indicator for b in scheme.blocks for i in b.items for p in i.parts if p.function == "SF7"
    }
    places = {}
    for indicator in sorted(ranked):
        lower = figures.indicators[indicator].better == "lower"
        for group in sorted(set(groups.values())):
            members = [unit for unit, name in groups.items() if name == group]
            found = places_in_group(figures, indicator, members, lower=lower)
            places.update({(unit, indicator): place for unit, place in found.items()})
    return places


def _block(
    scheme: Scheme,
    block: Block,
    figures: Figures,
    unit: Unit,
    places: dict[tuple[str, str], Place],
    collected: _Collected,
) -> ScoredBlock:
    if block.source == "ratings":
        return _ratings(scheme, block, unit, collected)
    if block.source == "party":
        return _party(scheme, block, unit, collected)
    lines: list[Scored] = []
    for item in block.items:
        if item.assessed is not None:
            spread = block.uncollected == "spread"
            lines.append(score_assessed(figures, unit.code, item, spread=spread))
        for part in item.parts:
            place = places.get((unit.code, part.indicator))
            lines.append(score_part(figures, unit.code, item, part, place))
    earned = sum((marks for _, marks in lines), scoring.ZERO)
    due = sum(
        (Fraction(line.full) for line, _ in lines if line.state is not State.NOT_APPLICABLE),
        scoring.ZERO,
    )
    score = earned * 100 / due if due else None
    result = BlockResult(
        block=block,
        score=None if score is None else scoring.as_decimal(score),
        weight=block.weight,
        weighted=scoring.as_decimal(0),
        earned=scoring.as_decimal(earned),
        due=scoring.as_decimal(due),
        parts=tuple(line for line, _ in lines),
        note="" if due else "本块各项均不适用，权重由其他部分分摊",
    )
    return result, score


def _ratings(scheme: Scheme, block: Block, unit: Unit, collected: _Collected) -> ScoredBlock:
    if scheme.ballots is None:
        raise ValueError(f"{scheme.code} does not say what a ballot is worth")
    worth = scheme.ballots
    raters: list[RaterResult] = []
    exact: list[tuple[Fraction, Fraction]] = []
    for rater, share in block.raters.items():
        tally = collected.tallies.get((unit.code, rater, block.rated))
        counted = (rater, block.rated) in collected.raters
        void = "" if tally is None else _flaw(tally)
        score: Fraction | None = None
        if tally is not None and not void:
            judged = tally.ballots - tally.unclear
            points = (
                worth.very_sat * tally.very_sat
                + worth.basic_sat * tally.basic_sat
                + worth.unsat * tally.unsat
            )
            score = Fraction(points) / judged if judged > 0 else None
        if counted:
            exact.append((score or scoring.ZERO, Fraction(share)))
        unclear = _pct(tally.unclear, tally.ballots) if tally else None
        raters.append(
            RaterResult(
                rater=rater,
                share=share,
                tally=tally,
                score=None if score is None else scoring.as_decimal(score),
                participation_pct=_shown(_pct(tally.ballots, tally.eligible)) if tally else None,
                satisfied_pct=(
                    _shown(_pct(tally.very_sat + tally.basic_sat, tally.ballots)) if tally else None
                ),
                unclear_pct=_shown(unclear),
                must_explain=unclear is not None and unclear > worth.unclear_explain_pct,
                counted=counted,
                void=void,
            )
        )
    total: Fraction | None
    if exact:
        total = scoring.weighted_mean(exact)
    else:
        total = None if block.uncollected == "spread" else scoring.ZERO
    result = BlockResult(
        block=block,
        score=_shown(total),
        weight=block.weight,
        weighted=scoring.as_decimal(0),
        raters=tuple(raters),
        note="" if exact else "评价票（EVAL-01）尚未采集",
    )
    return result, total


def _flaw(tally: Tally) -> str:
    """Why ballots cannot be believed, or nothing."""
    told = tally.very_sat + tally.basic_sat + tally.unsat + tally.unclear
    if tally.ballots > tally.eligible:
        return f"收回 {tally.ballots} 票，多于应评 {tally.eligible} 人"
    if told != tally.ballots:
        return f"各项票数合计 {told} 票，与收回 {tally.ballots} 票不符"
    return ""


def _party(scheme: Scheme, block: Block, unit: Unit, collected: _Collected) -> ScoredBlock:
    given = collected.scores.get((unit.code, block.code))
    score: Fraction | None
    if given is not None:
        score, note = _held(given.score), ""
        if scheme.criteria and given.criteria:
            score, note = _by_criteria(scheme.criteria, given.criteria)
    elif block.code in collected.parties or block.uncollected == "zero":
        score, note = scoring.ZERO, f"“{block.name}”未报送得分，按缺报计 0 分"
    else:
        score, note = None, f"“{block.name}”得分尚未采集"
    result = BlockResult(
        block=block,
        score=_shown(score),
        weight=block.weight,
        weighted=scoring.as_decimal(0),
        eligible=given.eligible if given else None,
        ballots=given.ballots if given else None,
        participation_pct=_shown(_pct(given.ballots, given.eligible)) if given else None,
        reference=given.reference if given else "",
        note=note,
    )
    return result, score


def _held(score: Decimal) -> Fraction:
    return min(max(Fraction(score), scoring.ZERO), Fraction(100))


def _by_criteria(criteria: Sequence[str], given: Mapping[str, Decimal]) -> tuple[Fraction, str]:
    """The mean over every criterion, and the sentence; one that nobody scored counts 0."""
    scores = [_held(given[c]) if c in given else scoring.ZERO for c in criteria]
    told = "、".join(
        f"{c} {plain(given[c])} 分" if c in given else f"{c}未评，计 0 分" for c in criteria
    )
    return sum(scores, scoring.ZERO) / len(scores), f"{told}，取平均"


def _pct(part: int | None, whole: int | None) -> Fraction | None:
    return Fraction(part * 100, whole) if part is not None and whole else None


def _shown(value: Fraction | None) -> Decimal | None:
    return None if value is None else scoring.as_decimal(value)


def _unit(
    scheme: Scheme,
    inputs: AssessmentInputs,
    figures: Figures,
    unit: Unit,
    group: str,
    scored: list[ScoredBlock],
    collected: _Collected,
) -> UnitResult:
    weights = scoring.spread(
        [r.weight for r, _ in scored], [score is not None for _, score in scored]
    )
    in_force = any(weights)
    blocks: list[BlockResult] = []
    total = scoring.ZERO
    for (result, score), weight in zip(scored, weights, strict=True):
        adds = (score or scoring.ZERO) * weight / 100
        total += adds
        blocks.append(
            replace(result, weight=scoring.as_decimal(weight), weighted=scoring.as_decimal(adds))
        )
    lines = [part for block in blocks for part in block.parts]
    bonus, bonus_points = standing.bonus(scheme, inputs, figures, unit.code, lines)
    deductions, deduction_points = standing.deductions(scheme, inputs, figures, unit.code)
    exact = max(total + bonus_points - deduction_points, scoring.ZERO)
    notes = [unit.note] if unit.note else []
    notes += [r.note for r, _ in scored if r.note]
    notes += [
        f"{r.rater}“不了解”票占 {r.unclear_pct:.2f}%，超过规定比例，须书面说明"
        for block in blocks
        for r in block.raters
        if r.must_explain
    ]
    void = [r for block in blocks for r in block.raters if r.void]
    notes += [f"{r.rater}评价票{r.void}，该方评价无效，须重新组织评价" for r in void]
    return UnitResult(
        unit=unit,
        group=group,
        blocks=tuple(blocks),
        bonus=tuple(bonus),
        bonus_points=scoring.as_decimal(bonus_points),
        deductions=tuple(deductions),
        deduction_points=scoring.as_decimal(deduction_points),
        vetoes=standing.vetoes(scheme, inputs, unit.code),
        total=scoring.round_once(exact) if in_force else None,
        grade_by_total="",
        grade="",
        grade_reasons=(),
        standing=Standing.PROVISIONAL if collected.provisional or void else Standing.FINAL,
        notes=tuple(notes),
    )


def _notices(scheme: Scheme, figures: Figures, inputs: AssessmentInputs) -> tuple[str, ...]:
    """Indicators without a figure for any unit: the marks are 0, and the reader must know."""
    parts: dict[str, Part] = {
        p.indicator: p for b in scheme.blocks for i in b.items for p in i.parts
    }
    silent = [
        figures.indicators[code].name
        for code, part in parts.items()
        if part.function != "SF12"
        and all(figures.exact(u.code, code) is None for u in inputs.units)
    ]
    if not silent or not inputs.units:
        return ()
    return (f"下列指标全部单位均无可计分数据，请核对报送情况：{'、'.join(silent)}。",)
