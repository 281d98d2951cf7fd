"""The fund-performance mark of an audited union (经费绩效总分): six aspects, 100 marks each.

Base (projects carried out, money spent as planned), benefit (scale, effect), award: the split that
the seed does not give stands in dated parameters. Everything is exact; nothing here reads a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO, ONE = Decimal(0), Decimal(1)
Marks = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Project:
    """One line of a slip (AUD-01 to AUD-05)."""

    budget: Decimal
    spent: Decimal
    held: bool
    persons: Decimal
    effect: Decimal
    awards: Decimal
    certificates: Decimal
    titles: Decimal
    vouched: bool


@dataclass(frozen=True, slots=True)
class Books:
    """What the fund forms say of the year; None where nothing was reported.

    `collected`, `remitted`, `executed` and `approved` are shares of what was due, 0 and up;
    `rectified` is that of the audit's issues, 1 where there were none to rectify.
    """

    collected: Decimal | None = None
    remitted: Decimal | None = None
    budgeted: bool = False
    executed: Decimal | None = None
    approved: Decimal | None = None
    balanced: bool = False
    rectified: Decimal = ONE


def spending_share(spent: Decimal, budget: Decimal, marks: Marks) -> Decimal:
    """0 to 1: all between two shares of the budget, falling in a line to nothing outside them."""
    if budget <= 0:
        return ZERO
    e = spent * 100 / budget
    low, high = marks["满分下限"], marks["满分上限"]
    least, most = marks["零分下限"], marks["零分上限"]
    if low <= e <= high:
        return ONE
    share = (e - least) / (low - least) if e < low else (most - e) / (most - high)
    return max(ZERO, min(ONE, share))


def aspect(projects: Sequence[Project], members: Decimal | None, marks: Marks) -> Decimal:
    """Marks of one slip, 0 to 100; a project without vouchers counts as planned and not done."""
    sound = [p for p in projects if p.vouched]
    if not projects or not sound:
        return ZERO
    done = Decimal(sum(p.held for p in sound)) / len(projects)
    spent = sum((p.spent for p in sound), ZERO)
    budget = sum((p.budget for p in projects), ZERO)
    base = marks["项目"] * done + marks["资金"] * spending_share(spent, budget, marks)
    taking_part = sum((p.persons for p in sound), ZERO)
    scale = ZERO
    if members:
        scale = min(ONE, taking_part * 100 / members / marks["规模参与率"])
    effect = ZERO
    if spent > 0:
        effect = sum((p.effect * p.spent for p in sound), ZERO) / spent / 100
    award = sum(
        (
            marks["每次表彰"] * p.awards
            + marks["每个证书"] * p.certificates
            + marks["每个首席称号"] * p.titles
            for p in sound
        ),
        ZERO,
    )
    return base + marks["规模"] * scale + marks["成效"] * effect + min(award, marks["奖励上限"])


def management(books: Books, projects: Sequence[Project], marks: Marks) -> Decimal:
    """Marks of the sixth aspect, 经费管理, from the books; what was not reported earns nothing."""
    each = marks["经费管理每项"]
    vouched = [ONE if p.vouched else ZERO for p in projects]
    sound = [*vouched, *([min(ONE, books.approved)] if books.approved is not None else [])]
    shares = (
        min(ONE, books.collected or ZERO),
        min(ONE, books.remitted or ZERO),
        ONE if books.budgeted else ZERO,
        sum(sound, ZERO) / len(sound) if sound else ZERO,
        spending_share(books.executed, ONE, marks) if books.executed is not None else ZERO,
        ONE if books.balanced else ZERO,
    )
    return each * sum(shares, ZERO) + marks["整改"] * min(ONE, books.rectified)


def composite(
    slips: Mapping[str, Sequence[Project]],
    books: Books,
    members: Decimal | None,
    weights: Marks,
    marks: Marks,
) -> Decimal:
    """综合效益得分, 0 to 100: aspects by their weights; `slips` by form code."""
    everything = [p for projects in slips.values() for p in projects]
    total = ZERO
    for code, weight in weights.items():
        if code == "经费管理":
            total += weight * management(books, everything, marks)
        else:
            total += weight * aspect(slips.get(code, ()), members, marks)
    return total / 100
