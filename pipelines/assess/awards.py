"""Money by a table of rates: skill awards per certificate, studio awards per grade (SKL, STU)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from definitions.small_schemes import GradedAward, RateTable
from pipelines.assess.wording import plain


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate won; `person` is a code, never a name."""

    person: str
    unit: str
    category: str
    won_on: date | None
    route: str
    number: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class RateAward:
    """What one certificate brings, in yuan, and why."""

    certificate: Certificate
    yuan: Decimal
    why: str


def rate_awards(
    scheme: RateTable, rates: Mapping[str, Decimal], year: int, certificates: Sequence[Certificate]
) -> tuple[RateAward, ...]:
    """The award of every certificate, in the order given; `rates` as in force at the year's end.

    A certificate told twice is paid once: the earliest row counts, whatever their order.
    """
    paid: dict[str, Certificate] = {}
    for found in sorted(certificates, key=lambda c: (c.won_on or date.max, c.unit, c.reference)):
        if found.number and found.number not in paid and not _refused(scheme, rates, year, found):
            paid[found.number] = found
    awards = []
    for found in certificates:
        why = _refused(scheme, rates, year, found)
        if not why and paid.get(found.number) is not found:
            why = "同一证书已奖励一次，不重复奖励"
        if why:
            awards.append(RateAward(found, Decimal(0), f"{why}，不予奖励。"))
            continue
        yuan = rates[found.category]
        awards.append(RateAward(found, yuan, f"{found.category}，按标准奖励 {plain(yuan)} 元。"))
    return tuple(awards)


def _refused(scheme: RateTable, rates: Mapping[str, Decimal], year: int, found: Certificate) -> str:
    if not found.number:
        return "没有证书编号"
    if found.won_on is None:
        return "没有发证日期"
    if found.won_on.year != year:
        return f"发证日期 {found.won_on:%Y-%m-%d} 不在 {year} 年度"
    if found.route not in scheme.routes:
        return f"取得途径“{found.route or '未填'}”不属于竞赛、鉴定或考试"
    if found.category not in rates:
        return f"“{found.category}”没有奖励标准"
    return ""


@dataclass(frozen=True, slots=True)
class Studio:
    """One studio of a year: figures by the scheme's conditions, benefit in yuan once audited."""

    code: str
    unit: str
    figures: Mapping[str, Decimal]
    benefit: Decimal | None = None
    honour: str = ""


@dataclass(frozen=True, slots=True)
class StudioAward:
    """Grade and yearly award of one studio, in yuan, and why."""

    studio: Studio
    grade: str
    yuan: Decimal
    why: str


def graded_awards(
    scheme: GradedAward, rates: Mapping[str, Decimal], studios: Sequence[Studio]
) -> tuple[StudioAward, ...]:
    """Grade every studio: the gate first, then the best share of those past it, or an honour.

    The share is rounded down. Equal benefits across its edge all wait for a decision; a benefit
    that nobody audited takes part in no comparison.
    """
    passed = [s for s in studios if not _below_gate(scheme, s)]
    places = int(scheme.top_pct * len(passed) // 100)
    compared = sorted((s.benefit for s in passed if s.benefit is not None), reverse=True)
    return tuple(_graded(scheme, rates, s, passed, compared, places) for s in studios)


def _below_gate(scheme: GradedAward, studio: Studio) -> list[str]:
    lacking = []
    untold = scheme.attested.keys() - studio.figures.keys()
    for name, least in {**scheme.least, **scheme.attested}.items():
        if name in untold:
            continue
        told = studio.figures.get(name)
        if told is None:
            lacking.append(f"“{name}”未报")
        elif told < least:
            lacking.append(f"“{name}”{plain(told)}，不足 {plain(least)}")
    return lacking


def _graded(
    scheme: GradedAward,
    rates: Mapping[str, Decimal],
    studio: Studio,
    passed: Sequence[Studio],
    compared: Sequence[Decimal],
    places: int,
) -> StudioAward:
    lacking = _below_gate(scheme, studio)
    grade, why = scheme.passed, "达到规定条件"
    if lacking:
        grade, why = scheme.failed, "，".join(lacking)
    elif studio.honour in scheme.honours:
        grade, why = scheme.best, f"当年获{studio.honour}表彰"
    elif studio.benefit is not None:
        ahead = sum(b > studio.benefit for b in compared)
        equal = compared.count(studio.benefit)
        rank = f"经审计创效 {plain(studio.benefit)} 元，{len(compared)} 个中列第 {ahead + 1} 位"
        share = f"前 {plain(scheme.top_pct)}% 为 {places} 个"
        if ahead + equal <= places:
            grade, why = scheme.best, f"{rank}，{share}"
        elif ahead < places:
            why = f"{rank}，{share}，{equal} 个并列跨名额边界，暂评“{grade}”，提请评审会票决"
        else:
            why = f"{rank}，{share}；{why}"
    else:
        why += "；创效未经审计，不参加比较"
    asked = "、".join(
        f"{name}不少于 {plain(n)}"
        for name, n in scheme.attested.items()
        if name not in studio.figures
    )
    if asked and not lacking:
        why += f"；{asked}，报表不报，由评审会核实"
    yuan = rates.get(grade, Decimal(0))
    return StudioAward(studio, grade, yuan, f"{why}；评为“{grade}”，奖励 {plain(yuan)} 元。")
