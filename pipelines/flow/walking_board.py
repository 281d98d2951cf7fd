"""Walks of the board of key works: a task's plan, progress and forecast, and counts of lights."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from definitions import Period
from definitions.measures import Indicator
from definitions.periods import PeriodKind
from pipelines.flow.boards import progress_in
from pipelines.flow.walk_steps import (
    LINE_NAMES,
    NOW,
    TARGET,
    At,
    Part,
    Walk,
    made,
    name_of,
    part_of,
)
from pipelines.publish.quoting import (
    AHEAD,
    AHEAD_OF_YEAR,
    OF_PLAN,
    OF_YEAR,
    PLANNED,
    SO_FAR,
    TASKS,
)
from warehouse.publications import PrintedNumber, numbers_of

BOARD = frozenset((SO_FAR, PLANNED, OF_PLAN, OF_YEAR, AHEAD, AHEAD_OF_YEAR))


def stated(at: At, number: PrintedNumber) -> Decimal | None:
    """What the edition itself says of a task: plans and forecasts are kept nowhere else."""
    same = (number.line, number.unit, number.period, number.indicator, number.basis)
    for told in numbers_of(at.connection, at.edition.id).values():
        if (told.line, told.unit, told.period, told.indicator, told.basis) == same:
            return told.value
    return None


def task_parts(at: At, number: PrintedNumber, indicator: Indicator) -> tuple[str, list[Part]]:
    """How a number of a task comes about, and what it is made of."""
    month = Period.parse(number.period)
    year = Period(PeriodKind.YEAR, month.year).label

    def aim() -> Part:
        return part_of(at, number, "全年目标", basis=TARGET, period=year)

    def other(basis: str) -> Part:
        part = part_of(at, number, basis, basis=basis)
        if part.value is not None or basis not in BOARD:
            return part
        return replace(part, value=stated(at, replace(number, basis=basis)))

    match number.basis:
        case "累计" if indicator.is_flow:
            months = [m for m in Period.parse(year).months() if m.end <= month.end]
            told = [part_of(at, number, m.chinese, basis=NOW, period=m.label) for m in months]
            return f"1月至{month.number}月累计", told
        case "累计":
            return "最近一期数", [other(NOW)]
        case "截至本月计划":
            return "责任书按月、按季分解数累加；没有分解的累加数按时间进度", [aim()]
        case "完成计划":
            return "累计完成÷截至本月计划×100%", [other(SO_FAR), other(PLANNED)]
        case "完成全年":
            return "累计完成÷全年目标×100%", [other(SO_FAR), aim()]
        case "预计全年":
            return "累加的按已完成数×12÷已过月数，时点数和比率按最近一期数", [other(SO_FAR)]
        case _:
            return "预计全年完成÷全年目标×100%", [other(AHEAD), aim()]


def lights(at: At, number: PrintedNumber, label: str) -> Walk:
    """A count of tasks, or of those with one light: each with what was done."""
    month = Period.parse(number.period)
    computation = at.edition.computation
    progress = [] if computation is None else progress_in(
        at.connection, at.known, month, at.edition.cutoff, computation
    )  # fmt: skip
    wanted = frozenset(number.units)
    found = [
        p
        for p in progress
        if (not wanted or p.task.unit in wanted) and number.basis in (TASKS, p.light.value)
    ]
    parts = [
        Part(
            f"{name_of(at, p.task.unit, number.period)}："
            f"{at.known.indicators[p.task.indicator].name}（{p.light.value}）",
            p.actual.value,
            "/".join((LINE_NAMES[p.actual.line], p.task.unit, number.period, p.task.indicator,
                      SO_FAR)),
            1,
        )
        for p in found
    ]  # fmt: skip
    value = number.value if number.value is not None else Decimal(len(found))
    return made(at, replace(number, value=value), label, f"重点工作{number.basis}", "board",
                "逐项任务计数，进度灯按截至本月计划评定", parts, ())  # fmt: skip
