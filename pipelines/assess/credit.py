"""Safety credit: points of a person and calendar year, reminders, and education when none is left.

The account starts anew on 1 January. Cases after the last point are still recorded. Outside the
unit only counts are told (`tally`), never accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from definitions.calendars import WorkingDays
from definitions.small_schemes import PointsAccount
from pipelines.assess.wording import plain


@dataclass(frozen=True, slots=True)
class CreditCase:
    """Points taken for one case; `person` is a code, never a name."""

    person: str
    on: date
    points: Decimal
    case: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A person's year: `balance` never below 0, `deducted` as recorded.

    `exhausted_by` is the case that took the last point.
    """

    person: str
    year: int
    deducted: Decimal
    balance: Decimal
    reminders: tuple[tuple[Decimal, date], ...]
    exhausted_on: date | None
    education_due: date | None
    educated_on: date | None
    why: str
    exhausted_by: str = ""

    @property
    def overdue(self) -> bool:
        """Whether the education came after its day; one that never came is asked elsewhere."""
        due, done = self.education_due, self.educated_on
        return due is not None and done is not None and done > due


def account(
    scheme: PointsAccount,
    points: Decimal,
    year: int,
    person: str,
    cases: Sequence[CreditCase],
    calendar: WorkingDays,
    educated_on: date | None = None,
) -> Account:
    """The account of one person at the end of a year; cases of other years and people are left.

    Raises ValueError for points below 0: a case takes points, it never gives them.
    """
    own = sorted(
        (c for c in cases if c.person == person and c.on.year == year), key=lambda c: (c.on, c.case)
    )
    if any(c.points < 0 for c in own):
        raise ValueError("扣分不能为负数")
    deducted = Decimal(0)
    reminders: list[tuple[Decimal, date]] = []
    exhausted: date | None = None
    exhausted_by = ""
    for case in own:
        before, deducted = deducted, deducted + case.points
        reminders += [(r, case.on) for r in scheme.reminders if before < r <= deducted]
        if before < points <= deducted:
            exhausted, exhausted_by = case.on, case.case
    due = calendar.add(exhausted, scheme.education_workdays) if exhausted else None
    balance = max(Decimal(0), points - deducted)
    why = f"全年 {plain(points)} 分，{len(own)} 次共扣 {plain(deducted)} 分，余 {plain(balance)} 分"
    if reminders:
        listed = "、".join(f"{day:%m-%d} 累计达 {plain(r)} 分" for r, day in reminders)
        why += f"；{listed}，应予提醒"
    if exhausted is not None and due is not None:
        why += f"；{exhausted:%m-%d} 扣满，脱岗安全教育须在 {due:%Y-%m-%d} 前完成"
        if educated_on is not None:
            why += f"，已于 {educated_on:%Y-%m-%d} 完成" + ("（逾期）" if educated_on > due else "")
    return Account(
        person, year, deducted, balance, tuple(reminders), exhausted, due,
        educated_on if exhausted else None, f"{why}。", exhausted_by,
    )  # fmt: skip


def tally(accounts: Sequence[Account]) -> dict[str, int]:
    """What is told outside the unit: how many people, nothing about any of them."""
    return {
        "扣分人数": sum(a.deducted > 0 for a in accounts),
        "扣满人数": sum(a.exhausted_on is not None for a in accounts),
        "完成教育人数": sum(a.educated_on is not None for a in accounts),
    }
