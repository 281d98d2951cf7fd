"""Figures of a fund-performance audit: slips AUD-01 to AUD-05 and the books, as scores read them.

The scheme (FPA) gives the marks; here rows become figures with their numerator, denominator and a
sentence on what they are made of. A project without sound vouchers counts as planned and not done:
neither its spending nor its people, effect or awards are counted, its budget is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.assess.inputs import IndicatorFacts, Measurement
from pipelines.assess.wording import plain

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
Ratio = tuple[Decimal, Decimal]

SLIPS = {
    "AUD-01": "教育宣传",
    "AUD-02": "文体活动",
    "AUD-03": "困难帮扶",
    "AUD-04": "劳动竞赛",
    "AUD-05": "工会业务",
}
_OF_SLIP = (
    ("projects", "项目开展率", "%"),
    ("spending", "支出占预算", "%"),
    ("scale", "参加人数占会员数", "%"),
    ("effect", "成效评分", "分"),
    ("award", "奖励分", "分"),
)
_OF_BOOKS = (
    ("collected", "经费收缴率", "%"),
    ("remitted", "经费上缴率", "%"),
    ("budgeted", "年度预算", "份"),
    ("vouched", "审批与凭证合规率", "%"),
    ("executed", "预算执行率", "%"),
    ("balanced", "收支平衡", "年"),
    ("rectified", "上次审计整改率", "%"),
)


def _facts(code: str, name: str, unit: str) -> IndicatorFacts:
    share = unit == "%"
    return IndicatorFacts(
        code, name, unit, decimals=2, multiply=HUNDRED if share else Decimal(1), ratio=share
    )


AUDIT_FACTS: tuple[IndicatorFacts, ...] = (
    *(
        _facts(f"{form}:{code}", f"{title}{name}", unit)
        for form, title in SLIPS.items()
        for code, name, unit in _OF_SLIP
    ),
    *(_facts(f"FUND:{code}", name, unit) for code, name, unit in _OF_BOOKS),
)


@dataclass(frozen=True, slots=True)
class SlipRow:
    """One project of a slip; amounts in yuan, `effect` 0-100."""

    form: str
    project: str
    budget: Decimal
    spent: Decimal
    held: bool
    persons: Decimal = ZERO
    effect: Decimal = ZERO
    awards: Decimal = ZERO
    certificates: Decimal = ZERO
    titles: Decimal = ZERO
    vouched: bool = True
    reference: str = ""


@dataclass(frozen=True, slots=True)
class AuditedBooks:
    """The year's funds of one union: (part, whole) pairs, None where nothing was reported.

    `rectified` is None where the last audit left nothing to rectify.
    """

    collected: Ratio | None = None
    remitted: Ratio | None = None
    budgeted: bool | None = None
    approved: Ratio | None = None
    executed: Ratio | None = None
    balanced: bool | None = None
    rectified: Ratio | None = None
    reference: str = ""


def audit_figures(
    unit: str,
    rows: Sequence[SlipRow],
    members: Decimal | None,
    books: AuditedBooks,
    award_marks: Mapping[str, Decimal],
) -> tuple[Measurement, ...]:
    """Every figure that the audit scheme scores, of one union and year.

    `award_marks` are the points of 每次表彰, 每个证书, 每个首席称号, a dated parameter.
    """
    slips: list[Measurement] = []
    for form in SLIPS:
        own = [r for r in rows if r.form == form]
        slips += _of_slip(unit, form, own, members, award_marks)
    return (*slips, *_of_books(unit, rows, books))


def _figure(
    unit: str,
    code: str,
    made_of: str = "",
    *,
    ratio: Ratio | None = None,
    value: Decimal | None = None,
    reported: bool = True,
    reference: str = "",
) -> Measurement:
    """One figure of which one filing is due; nothing told is missing, not zero."""
    top, base = ratio if ratio is not None and reported else (None, None)
    return Measurement(
        unit=unit,
        indicator=code,
        value=value if reported else None,
        numerator=top,
        denominator=base,
        reported=int(reported),
        expected=1,
        reference=reference,
        made_of=made_of if reported else "",
    )


def _of_slip(
    unit: str,
    form: str,
    rows: Sequence[SlipRow],
    members: Decimal | None,
    award_marks: Mapping[str, Decimal],
) -> Iterator[Measurement]:
    reference = "；".join(r.reference for r in rows if r.reference)
    sound = [r for r in rows if r.vouched]
    persons = sum((r.persons for r in sound), ZERO)
    points, awards = _awards(sound, award_marks)
    for code, (made_of, ratio, value) in {
        "projects": _projects(rows, sound),
        "spending": _spending(rows, sound),
        "scale": _scale(persons, members),
        "effect": _effect(sound),
        "award": (awards, None, points),
    }.items():
        yield _figure(
            unit, f"{form}:{code}", made_of, ratio=ratio, value=value,
            reported=bool(rows) and not (code == "scale" and members is None),
            reference=reference,
        )  # fmt: skip


Told = tuple[str, Ratio | None, Decimal | None]
"""What a figure is made of, and the figure: a ratio, or a value outright."""


def _projects(rows: Sequence[SlipRow], sound: Sequence[SlipRow]) -> Told:
    held, idle = sum(r.held for r in sound), len(rows) - len(sound)
    note = f"，另有 {idle} 项凭证不全，按未开展计" if idle else ""
    return (
        f"计划 {len(rows)} 项，开展 {held} 项{note}", (Decimal(held), Decimal(len(rows))), None,
    )  # fmt: skip


def _spending(rows: Sequence[SlipRow], sound: Sequence[SlipRow]) -> Told:
    spent, budget = sum((r.spent for r in sound), ZERO), sum((r.budget for r in rows), ZERO)
    if budget <= 0:
        return "没有列预算，资金运行不得分", None, ZERO
    return f"支出 {plain(spent)} 元 ÷ 预算 {plain(budget)} 元", (spent, budget), None


def _scale(persons: Decimal, members: Decimal | None) -> Told:
    if not members:
        return "会员数为 0，规模不得分", None, ZERO
    return f"参加 {plain(persons)} 人 ÷ 会员 {plain(members)} 人", (persons, members), None


def _effect(sound: Sequence[SlipRow]) -> Told:
    spent = sum((r.spent for r in sound), ZERO)
    if spent <= 0:
        return "没有有效支出，成效不得分", None, ZERO
    return "按支出加权平均", (sum((r.effect * r.spent for r in sound), ZERO), spent), None


def _awards(sound: Sequence[SlipRow], marks: Mapping[str, Decimal]) -> tuple[Decimal, str]:
    kinds = (
        ("上级表彰", "次", sum((r.awards for r in sound), ZERO), marks["每次表彰"]),
        ("等级证书", "个", sum((r.certificates for r in sound), ZERO), marks["每个证书"]),
        ("首席称号", "名", sum((r.titles for r in sound), ZERO), marks["每个首席称号"]),
    )
    points = sum((count * each for _, _, count, each in kinds), ZERO)
    told = " + ".join(
        f"{name} {plain(count)} {unit} × {plain(each)}"
        for name, unit, count, each in kinds
        if count
    )
    return points, told


def _of_books(unit: str, rows: Sequence[SlipRow], books: AuditedBooks) -> Iterator[Measurement]:
    def share(code: str, ratio: Ratio | None, made_of: str = "") -> Measurement:
        found = ratio or (ZERO, ONE)
        told = made_of or f"{plain(found[0])} ÷ {plain(found[1])}"
        based = found[1] > 0
        return _figure(
            unit, f"FUND:{code}", told if based else "应有数为 0，不得分",
            ratio=found if based else None, value=None if based else ZERO,
            reported=ratio is not None, reference=books.reference,
        )  # fmt: skip

    def yes_or_no(code: str, told: bool | None) -> Measurement:
        return _figure(
            unit, f"FUND:{code}", value=Decimal(int(bool(told))),
            reported=told is not None, reference=books.reference,
        )  # fmt: skip

    yield share("collected", books.collected)
    yield share("remitted", books.remitted)
    yield yes_or_no("budgeted", books.budgeted)
    sound, asked = Decimal(sum(r.vouched for r in rows)), Decimal(len(rows))
    told = f"凭证齐全 {plain(sound)} 项、共 {plain(asked)} 项"
    if books.approved is not None and books.approved[1] > 0:
        sound += min(ONE, books.approved[0] / books.approved[1])
        asked += 1
        told += f"，大额支出审批 {plain(books.approved[0])} ÷ {plain(books.approved[1])}"
    yield share("vouched", (sound, asked) if asked else None, told)
    yield share("executed", books.executed)
    yield yes_or_no("balanced", books.balanced)
    if books.rectified is None:
        yield _figure(unit, "FUND:rectified", "上次审计没有需整改的问题", value=HUNDRED)
    else:
        yield share("rectified", books.rectified)
