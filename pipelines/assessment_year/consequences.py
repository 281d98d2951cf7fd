"""What a final result brings: honours, coefficients, letters, talks, rectification by a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

HONOUR, COEFFICIENT, LETTER, TALK, RECTIFY, NO_HONOURS, REDO = (
    "表彰", "经费系数", "改进工作函", "约谈", "限期整改", "取消评先资格", "重新评价",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """A unit's place in a final result, as far as consequences read it; `invalid` says why."""

    unit: str
    name: str
    grade: str
    vetoes: tuple[str, ...] = ()
    invalid: str = ""


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that follows; `value` is a coefficient, `due_on` the last day to answer."""

    unit: str
    kind: str
    content: str
    value: Decimal | None = None
    due_on: date | None = None


def consequences(
    outcomes: Sequence[Outcome],
    grades: Sequence[str],
    coefficients: Mapping[str, Decimal],
    decided_on: date,
    rectification_days: int,
) -> tuple[Consequence, ...]:
    """Everything that follows from grades, in the order of units; `grades` from best to worst.

    The best grade brings honours, the last but one of four a letter, the last a talk and written
    rectification. A unit under a veto is not honoured whatever its grade. Grades without a
    coefficient (stars) bring no money.
    """
    best, worst = grades[0], grades[-1]
    improve = grades[-2] if len(grades) > 3 else None
    due = decided_on + timedelta(days=rectification_days)
    found: list[Consequence] = []
    for one in sorted(outcomes, key=lambda o: o.unit):
        if one.invalid:
            found.append(Consequence(one.unit, REDO, f"{one.invalid}，须重新组织评价"))
            continue
        if one.grade == best and not one.vetoes:
            found.append(Consequence(one.unit, HONOUR, f"年度考核{best}，列入表彰名单"))
        if one.vetoes:
            why = f"一票否决（{'、'.join(one.vetoes)}），本年度不参加评先"
            found.append(Consequence(one.unit, NO_HONOURS, why))
        if one.grade in coefficients:
            factor = coefficients[one.grade]
            text = f"等次{one.grade}，下年度经费系数 {factor:.2f}"
            found.append(Consequence(one.unit, COEFFICIENT, text, factor))
        if one.grade == improve:
            found.append(
                Consequence(one.unit, LETTER, f"年度考核{improve}，发改进工作函，报送改进措施")
            )
        if one.grade == worst and worst in coefficients:
            if not one.vetoes:
                found.append(Consequence(one.unit, NO_HONOURS, f"年度考核{worst}，不参加评先"))
            found.append(Consequence(one.unit, TALK, f"年度考核{worst}，约谈主要负责人"))
            text = f"书面整改，{due:%Y年%-m月%-d日}前报送整改结果"
            found.append(Consequence(one.unit, RECTIFY, text, due_on=due))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Open:
    """A rectification as it stands: who, by when, and what was last done about it."""

    number: int
    unit: str
    due_on: date
    steps: tuple[str, ...]


def due_steps(found: Sequence[Open], day: date, reminder_days: int) -> dict[int, str]:
    """Rectification → 提醒 or 督办 that is due on a day; each is sent once, a closed one none.

    A result handed in and not sent back rests with those who accept it.
    """
    wanted = {}
    for one in found:
        back = one.steps[::-1].index("退回重办") if "退回重办" in one.steps else len(one.steps)
        since = one.steps[len(one.steps) - back :]
        if "报送结果" in since or "验收销号" in since:
            continue
        if day > one.due_on and "督办" not in since:
            wanted[one.number] = "督办"
        elif one.due_on - timedelta(days=reminder_days) <= day <= one.due_on and (
            "提醒" not in since
        ):
            wanted[one.number] = "提醒"
    return wanted
