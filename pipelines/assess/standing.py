"""What happens to a total: bonus, deductions, veto, validity, grade, quota, rank in the group."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from definitions.schemes import Scheme
from pipelines.assess import scoring
from pipelines.assess.inputs import AssessmentInputs
from pipelines.assess.parts import Figures
from pipelines.assess.results import (
    Adjustment,
    AppliedVeto,
    PartResult,
    Standing,
    State,
    UnitResult,
)
from pipelines.assess.wording import figure, percent, percent_against, plain, plain_against

EXCESS = "超额完成"
FALSE_REPORT = "自报不实"


def bonus(
    scheme: Scheme,
    inputs: AssessmentInputs,
    figures: Figures,
    unit: str,
    lines: Sequence[PartResult],
) -> tuple[list[Adjustment], Fraction]:
    """Honours with a document number and targets exceeded; the points, capped."""
    found: list[Adjustment] = []
    seen: set[tuple[str, str]] = set()
    for claim in inputs.bonus_claims:
        if claim.unit != unit:
            continue
        points = scheme.bonus.get(claim.kind)
        why = ""
        if points is None:
            why = f"方案未设“{claim.kind}”加分"
        elif not claim.document.strip():
            why = "没有表彰文号，不予加分"
        elif (claim.document, claim.title) in seen:
            why = "同一文号同一荣誉已计一次，不重复加分"
        else:
            seen.add((claim.document, claim.title))
        found.append(
            Adjustment(
                claim.kind, claim.title, claim.document, points or Decimal(0), not why, why,
                claim.reference,
            )
        )  # fmt: skip
    found += _exceeded(scheme, figures, unit, lines)
    return found, _sum(found, scheme.bonus_cap)


def _exceeded(
    scheme: Scheme, figures: Figures, unit: str, lines: Sequence[PartResult]
) -> list[Adjustment]:
    found = []
    for line in lines:
        if line.part is None or not line.part.excess or line.state is not State.SCORED:
            continue
        actual = figures.exact(unit, line.part.indicator)
        if actual is None or line.target is None or line.target <= 0 or scheme.excess is None:
            continue
        rule = scheme.excess
        points = scoring.excess(
            actual, line.target, rule.step_pct, rule.points, rule.cap, lower=line.lower
        )
        if points > 0 and line.indicator is not None:
            gap = actual - Fraction(line.target)
            beyond = abs(gap) * 100 / Fraction(line.target)
            found.append(
                Adjustment(
                    EXCESS,
                    f"{line.indicator.name}超目标 {percent(beyond)}",
                    "目标责任书" if line.from_letter else scheme.code,
                    scoring.as_decimal(points),
                    True,
                    reference=line.reference,
                )
            )
    return found


def deductions(
    scheme: Scheme, inputs: AssessmentInputs, figures: Figures, unit: str
) -> tuple[list[Adjustment], Fraction]:
    """Entered causes and self-reports that depart from the computed value; points, capped."""
    found: list[Adjustment] = []
    for entry in inputs.deductions:
        if entry.unit != unit:
            continue
        each = scheme.deductions.get(entry.kind)
        why = f"方案未设“{entry.kind}”扣分" if each is None else ""
        points = (each or Decimal(0)) * entry.count
        title = entry.title if entry.count == 1 else f"{entry.title}（{entry.count} 次）"
        found.append(
            Adjustment(entry.kind, title, entry.document, points, not why, why, entry.reference)
        )
    rule = scheme.self_reporting
    for report in figures.reports_of.get(unit, ()):
        deviation = figures.deviation_pct(unit, report.indicator)
        if rule is None or deviation is None or deviation <= rule.tolerance_pct:
            continue
        facts = figures.indicators[report.indicator]
        actual = figures.exact(unit, report.indicator) or scoring.ZERO
        found.append(
            Adjustment(
                FALSE_REPORT,
                f"{facts.name}自报 {figure(report.actual, facts)}，"
                f"系统核定 {figure(actual, facts)}，偏差 {percent(deviation)}",
                report.reference,
                rule.points,
                True,
                reference=report.reference,
            )
        )
    return found, _sum(found, scheme.deduction_cap)


def _sum(found: Sequence[Adjustment], cap: Decimal) -> Fraction:
    points = sum((Fraction(a.points) for a in found if a.counted), scoring.ZERO)
    return min(points, Fraction(cap))


def vetoes(scheme: Scheme, inputs: AssessmentInputs, unit: str) -> tuple[AppliedVeto, ...]:
    """Vetoes of a unit; one without a document number is shown and does not count."""
    causes = {v.code: v for v in scheme.veto}
    return tuple(
        AppliedVeto(causes[e.code], e.title, e.document, bool(e.document.strip()))
        for e in inputs.vetoes
        if e.unit == unit
    )


def grade_for(scheme: Scheme, total: Decimal) -> str:
    """The grade of a rounded total; the floor of a band belongs to it."""
    return next(band.name for band in scheme.bands if total >= band.at_least)


def grade_and_rank(scheme: Scheme, results: Sequence[UnitResult]) -> list[UnitResult]:
    """Grade each unit, apply the quotas, rank inside groups; ordered by group and total."""
    groups: dict[str, list[UnitResult]] = {}
    for result in results:
        groups.setdefault(result.group, []).append(_graded(scheme, result))

    def order(name: str) -> tuple[int, str]:
        """Bands of size from small to large, everything else by name."""
        sizes = [r.unit.size for r in groups[name] if r.unit.size is not None]
        return (min(sizes, default=0) if scheme.group_by == "size" else 0, name)

    return [
        unit
        for name in sorted(groups, key=order)
        for unit in _ranked(scheme, _within_quota(scheme, groups[name]))
    ]


def _graded(scheme: Scheme, result: UnitResult) -> UnitResult:
    if result.total is None:
        reason = "没有任何适用项目，不予评定"
        return replace(result, standing=Standing.INVALID, grade_reasons=(reason,))
    by_total = grade_for(scheme, result.total)
    invalid = _invalid(scheme, result)
    if invalid:
        return replace(
            result, standing=Standing.INVALID, grade_by_total=by_total, grade_reasons=(invalid,)
        )
    grade, reasons = by_total, []
    for cap in scheme.caps:
        score = result.block(cap.block).score
        if score is not None and score < cap.below and _better(scheme, grade, cap.highest):
            name = result.block(cap.block).block.name
            reasons.append(
                f"{name}得分 {plain_against(score, cap.below)} 分，低于 {plain(cap.below)} 分，"
                f"最高评为“{cap.highest}”"
            )
            grade = cap.highest
    for applied in result.vetoes:
        if not applied.counted:
            reasons.append(f"一票否决“{applied.veto.name}”未附文号，暂不执行")
        elif _better(scheme, grade, applied.veto.highest):
            reasons.append(
                f"一票否决“{applied.veto.name}”（{applied.document}），"
                f"最高评为“{applied.veto.highest}”"
            )
            grade = applied.veto.highest
    return replace(result, grade_by_total=by_total, grade=grade, grade_reasons=tuple(reasons))


def _invalid(scheme: Scheme, result: UnitResult) -> str:
    """Why the members' rating does not count, or nothing."""
    if scheme.validity is None:
        return ""
    rule = scheme.validity
    block = result.block(rule.block)
    if block.score is None or not block.eligible or block.ballots is None:
        return f"{block.block.name}未报有评价资格人数或参评人数，评家无效"
    if block.ballots > block.eligible:
        return f"参评会员 {block.ballots} 人，多于有评价资格的 {block.eligible} 人，评家无效"
    needed = min(rule.ballots, block.eligible)
    if block.ballots < needed:
        return f"参评会员 {block.ballots} 人，不足 {needed} 人，评家无效"
    share = Fraction(block.ballots * 100, block.eligible)
    if share < rule.participation_pct:
        return (
            f"会员参评率 {percent_against(share, rule.participation_pct)}，"
            f"低于 {plain(rule.participation_pct)}%，评家无效"
        )
    return ""


def _better(scheme: Scheme, grade: str, other: str) -> bool:
    return scheme.band_rank(grade) < scheme.band_rank(other)


def places_for(scheme: Scheme, grade: str, size: int) -> int:
    """How many of a group may hold a grade under quota: the share rounded down, at least the
    places that the scheme leaves to every group."""
    share = int(scheme.quota[grade] * size // 100)
    return max(share, scheme.quota_least)


def _within_quota(scheme: Scheme, members: list[UnitResult]) -> list[UnitResult]:
    """Move those beyond a quota one grade down; equal totals across the edge all wait."""
    size = sum(r.standing is not Standing.INVALID for r in members)
    current = list(members)
    for place, band in enumerate(scheme.bands[:-1]):
        if band.name not in scheme.quota:
            continue
        below = scheme.bands[place + 1].name
        free = places_for(scheme, band.name, size)
        totals = sorted(_total(r) for r in current if r.grade == band.name)
        for i, result in enumerate(current):
            if result.grade != band.name:
                continue
            ahead = _above(totals, _total(result))
            equal = len(totals) - ahead - bisect_left(totals, _total(result))
            if ahead + equal <= free:
                continue
            share = percent(scheme.quota[band.name], 0)
            reason = f"“{band.name}”不超过本组的 {share}（{size} 家中 {free} 家），名额已满"
            if ahead < free:
                reason = (
                    f"“{band.name}”名额 {free} 家，总分并列的 {equal} 家跨名额边界，"
                    f"暂列“{below}”，提请主席办公会票决"
                )
            current[i] = replace(result, grade=below, grade_reasons=(*result.grade_reasons, reason))
    return current


def _total(result: UnitResult) -> Decimal:
    return result.total if result.total is not None else Decimal(-1)


def _above(totals: Sequence[Decimal], total: Decimal) -> int:
    """How many of the totals, in rising order, are higher."""
    return len(totals) - bisect_right(totals, total)


def _ranked(scheme: Scheme, members: list[UnitResult]) -> list[UnitResult]:
    """Best total first; equal totals share a rank and the next rank is skipped."""
    totals = sorted(_total(r) for r in members if r.standing is not Standing.INVALID)
    ranked = []
    for result in members:
        rank = None
        if result.standing is not Standing.INVALID and len(totals) >= scheme.smallest_group:
            rank = 1 + _above(totals, _total(result))
        ranked.append(replace(result, rank=rank, group_size=len(totals)))
    return sorted(ranked, key=lambda r: (r.standing is Standing.INVALID, -_total(r), r.unit.code))
