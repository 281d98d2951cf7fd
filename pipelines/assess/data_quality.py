"""Reporting quality of a unit, month by month, and the year made of the months due (DQ)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from definitions.schemes import Scheme
from pipelines.assess import scoring
from pipelines.assess.engine import assess, group_of
from pipelines.assess.inputs import AssessmentInputs, IndicatorFacts, Measurement, Unit
from pipelines.assess.results import AssessmentResult, Standing, UnitResult
from pipelines.assess.standing import grade_for
from pipelines.assess.wording import marks, plain

QUALITY_FACTS: tuple[IndicatorFacts, ...] = (
    IndicatorFacts("DQ:timeliness", "报送及时得分", "分", decimals=2),
    IndicatorFacts(
        "DQ:first_pass", "一次通过率", "%", decimals=2, multiply=Decimal(100), ratio=True
    ),
    IndicatorFacts(
        "DQ:explained", "说明采纳率", "%", decimals=2, multiply=Decimal(100), ratio=True
    ),
    IndicatorFacts("DQ:corrections", "锁定后更正", "次", "lower"),
)


@dataclass(frozen=True, slots=True)
class MonthFilings:
    """What a unit owed and sent of one month.

    `timeliness` has a mark 0-100 for every form owed (7.2); `received` of them were accepted,
    `first_pass` at the first sending; of `warnings` that stayed, `explained` were accepted.
    """

    unit: str
    month: int
    timeliness: tuple[Decimal, ...]
    received: int
    first_pass: int
    warnings: int = 0
    explained: int = 0
    corrections: int = 0
    reference: str = ""


@dataclass(frozen=True, slots=True)
class QualityYear:
    """A unit's year: months due with their results; `mean` of the published months, 2 decimals."""

    unit: Unit
    months: tuple[tuple[int, UnitResult], ...]
    mean: Decimal | None
    grade: str
    why: str


def quality_figures(filings: MonthFilings) -> tuple[Measurement, ...]:
    """The four figures of a month; a unit that sent nothing has no figure and scores 0."""
    owed = len(filings.timeliness)
    late = sum((Fraction(t) for t in filings.timeliness), scoring.ZERO)
    told = "、".join(plain(t) for t in filings.timeliness)

    def figure(
        code: str, value: Decimal | None = None, top: int | None = None, base: int | None = None,
        made_of: str = "",
    ) -> Measurement:  # fmt: skip
        return Measurement(
            filings.unit, f"DQ:{code}", value,
            None if top is None else Decimal(top), None if base is None else Decimal(base),
            filings.received, owed, reference=filings.reference, made_of=made_of,
        )  # fmt: skip

    return (
        Measurement(
            filings.unit, "DQ:timeliness", None, Decimal(late.numerator),
            Decimal(late.denominator * owed), filings.received, owed,
            reference=filings.reference, made_of=f"各表 {told}，取平均",
        ),
        figure("first_pass", top=filings.first_pass, base=filings.received),
        figure("explained", top=filings.explained, base=filings.warnings),
        figure("corrections", Decimal(filings.corrections)),
    )  # fmt: skip


def assess_months(
    scheme: Scheme, year: int, units: Sequence[Unit], filings: Sequence[MonthFilings]
) -> tuple[QualityYear, ...]:
    """Score every month due and take the mean of the published marks, so that a clerk can add
    them up again. A month in which nothing was owed does not count; the best grade is only for
    those who reached it in every month."""
    scored: dict[str, list[tuple[int, UnitResult]]] = {u.code: [] for u in units}
    for month in range(1, 13):
        due = {f.unit: f for f in filings if f.month == month and f.timeliness}
        present = tuple(u for u in units if u.code in due)
        if not present:
            continue
        figures = tuple(m for u in present for m in quality_figures(due[u.code]))
        result = assess(scheme, AssessmentInputs(year, present, QUALITY_FACTS, figures))
        for unit in result.units:
            scored[unit.unit.code].append((month, unit))
    return tuple(_year(scheme, u, tuple(scored[u.code])) for u in units)


def _year(scheme: Scheme, unit: Unit, months: tuple[tuple[int, UnitResult], ...]) -> QualityYear:
    totals = [(m, r.total) for m, r in months if r.total is not None]
    if not totals:
        return QualityYear(unit, months, None, "", "全年没有应报报表，不予评价。")
    mean = scoring.round_once(sum((Fraction(t) for _, t in totals), scoring.ZERO) / len(totals))
    grade = grade_for(scheme, mean)
    best = scheme.bands[0]
    why = f"应报 {len(totals)} 个月，各月得分平均 {marks(mean)} 分，评为“{grade}”"
    below = [m for m, total in totals if total < best.at_least]
    if grade == best.name and below:
        grade = scheme.bands[1].name
        listed = "、".join(f"{m}月" for m in below)
        why = (
            f"应报 {len(totals)} 个月，各月得分平均 {marks(mean)} 分；{listed}低于 "
            f"{plain(best.at_least)} 分，“{best.name}”须每月达到，评为“{grade}”"
        )
    return QualityYear(unit, months, mean, grade, f"{why}。")


def as_result(scheme: Scheme, year: int, units: Sequence[QualityYear]) -> AssessmentResult:
    """The years of all units as a result like any other: graded, ranked in their groups.

    A unit that owed nothing all year is not in it.
    """
    rated = [u for u in units if u.mean is not None]
    groups = {u.unit.code: group_of(scheme, u.unit) for u in rated}
    means: dict[str, list[Decimal]] = {}
    for own in rated:
        means.setdefault(groups[own.unit.code], []).append(own.mean or Decimal(0))
    for same in means.values():
        same.sort()
    found = []
    for own in rated:
        same = means[groups[own.unit.code]]
        ahead = len(same) - bisect_right(same, own.mean or Decimal(0))
        found.append(
            UnitResult(
                unit=own.unit,
                group=groups[own.unit.code],
                blocks=(),
                bonus=(),
                bonus_points=Decimal(0),
                deductions=(),
                deduction_points=Decimal(0),
                vetoes=(),
                total=own.mean,
                grade_by_total=grade_for(scheme, own.mean) if own.mean is not None else "",
                grade=own.grade,
                grade_reasons=(own.why,),
                standing=Standing.FINAL,
                rank=1 + ahead if len(same) >= scheme.smallest_group else None,
                group_size=len(same),
                months=own.months,
            )
        )
    found.sort(key=lambda u: (u.group, -(u.total or Decimal(0)), u.unit.code))
    return AssessmentResult(scheme, year, tuple(found), QUALITY_FACTS)
