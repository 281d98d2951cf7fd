"""The board of the 16 key works: lights by unit and work, and every task beside its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines.figures import BLOCK, INDUSTRY, Figures, rounded
from pipelines.progress import Light, Progress, light_of
from pipelines.publish.disclosure import MARK
from pipelines.publish.publication import Publication, file_title
from pipelines.publish.quoted_sheet import Quotes, quotes
from pipelines.publish.quoting import (
    AHEAD,
    AHEAD_OF_YEAR,
    ALL_WORKS,
    OF_PLAN,
    OF_YEAR,
    PLANNED,
    SO_FAR,
    TASKS,
)
from pipelines.publish.sheets import Book, Field
from pipelines.small_cells import sensitive

MARKS = {
    Light.GREEN: ("● 绿灯", "green"),
    Light.AMBER: ("● 黄灯", "amber"),
    Light.RED: ("● 红灯", "red"),
    Light.UNREPORTED: ("未报", "absent"),
    Light.UNDER_WAY: ("进行中", "absent"),
}
KIND, TASK_SHEET = "R-03 重点工作进度表", "任务进度"
_INDUSTRY_LINE = 2
_OWN_SHEETS = 40
"""From so many units on, only the common list is laid out: nobody leafs through more sheets."""


def board(
    progress: Sequence[Progress],
    names: Mapping[str, str],
    amber_from: Decimal,
    figures: Figures,
    definitions: Definitions,
) -> Publication:
    """The board of one month as a workbook; `names` gives the units by code, in their order."""
    month = figures.period
    title = f"{figures.unit.name}{month.chinese}重点工作进度表"
    book = Book(title, figures.unit.name, figures.cutoff)
    legend = (
        f"绿灯：达到截至本月的计划；黄灯：达到计划的{amber_from:g}%以上；红灯：不足{amber_from:g}%；"
        "进行中：本月还没有到期的报表，或责任书没有分解到本月。"
        f"时间进度{Decimal(month.number) / 12 * 100:.1f}%。"
        "预计全年：累加的按已完成数 × 12 ÷ 已过月数，时点数和比率按最近一期数。"
    )
    quoted = quotes(KIND, title, figures)
    _overview(book, progress, names, definitions, legend, quoted, figures)
    hidden = sensitive(definitions, month.end).codes
    listed = _tasks(
        book, TASK_SHEET, "各单位任务进度", progress, names, definitions, legend, hidden
    )
    _quote(quoted, listed, month, hidden)
    by_unit = {code: [p for p in progress if p.task.unit == code] for code in names}
    if len(names) <= _OWN_SHEETS:
        for code, own in by_unit.items():
            if own:
                _tasks(book, names[code], f"{names[code]}　{month.chinese}重点工作进度", own, {},
                       definitions, legend, hidden)  # fmt: skip
    quoted.sheet(book, figures, definitions, dict(names))
    return Publication(
        kind=KIND,
        title=title,
        unit=figures.unit.code,
        period=month,
        cutoff=figures.cutoff,
        digest=figures.definitions_digest,
        files=((f"{file_title(title)}.xlsx", book.bytes()),),
        numbers=tuple(quoted.numbers),
    )


def _overview(
    book: Book,
    progress: Sequence[Progress],
    names: Mapping[str, str],
    definitions: Definitions,
    legend: str,
    quoted: Quotes,
    figures: Figures,
) -> None:
    """A row per unit, a column per key work: what a chair looks at first."""
    units = [code for code in names if any(p.task.unit == code for p in progress)]
    works = {code: name for code, name in definitions.works.items() if code != "ALL"}
    counted = (Light.GREEN, Light.AMBER, Light.RED, Light.UNREPORTED)
    fields = [
        Field("单位", "text", 26),
        *(Field(label, "int", 6.5) for label in ("任务数", "绿灯", "黄灯", "红灯", "未报")),
        *(Field(f"{code}\n{name}", "center", 10.5) for code, name in works.items()),
    ]
    rows: list[list[Any]] = []
    lights: list[list[Light | None]] = []
    for unit in ("", *units):
        own = [p for p in progress if not unit or p.task.unit == unit]
        count = Counter(p.light for p in own)
        row = [light_of([p.light for p in own if p.task.work == work]) for work in works]
        lights.append(row if unit else [None] * len(works))
        told = ((TASKS, len(own)), *((light.value, count[light]) for light in counted))
        for column, (basis, value) in enumerate(told, 1):
            quoted.add("总览", 3 + len(rows), column, value, ALL_WORKS,
                       unit or figures.unit.code, figures.period.label, basis, source="board",
                       units=(unit,) if unit else ())  # fmt: skip
        rows.append(
            [
                names[unit] if unit else "合计",
                len(own),
                *(count[light] for light in counted),
                *("" if x is None or not unit else MARKS[x][0] for x in row),
            ]
        )
    note = f"每格为该单位该项工作中最差任务的灯；空白为没有任务。{legend}"
    sheet, _ = book.table(
        "总览", "16项重点工作进度总览", fields, rows, note=note, freeze=1, totals=frozenset({0})
    )
    sheet.set_row(2, 76)
    first = len(fields) - len(works)
    for r, row in enumerate(lights, 3):
        for c, light in enumerate(row, first):
            if light is not None:
                text, look = MARKS[light]
                book.write(sheet, r, c, text, "center", look)


def _tasks(
    book: Book,
    name: str,
    title: str,
    progress: Sequence[Progress],
    names: Mapping[str, str],
    definitions: Definitions,
    legend: str,
    hidden: Collection[str],
) -> list[Progress]:
    """Every task with plan, actual and light; with the unit's name where `names` gives any.

    Returns the tasks in the order of their rows.
    """
    lead = [Field("单位", "text", 26)] if names else []
    fields = [
        *lead,
        Field("重点工作", "text", 30),
        Field("任务编号", "center", 10),
        Field("指标", "text", 24),
        Field("计量单位", "center", 9),
        Field("全年目标", "number", 14),
        Field("截至本月计划", "number", 14),
        Field("截至本月完成", "number", 14),
        Field("完成计划", "percent", 11),
        Field("完成全年", "percent", 11),
        Field("预计全年完成", "number", 14),
        Field("预计完成率", "percent", 11),
        Field("预计方法", "center", 14),
        Field("进度灯", "center", 10),
        Field("实报（份）", "int", 8),
        Field("应报（份）", "int", 8),
    ]
    order = {code: i for i, code in enumerate(names)}
    listed = sorted(progress, key=lambda p: (order.get(p.task.unit, 0), p.task.work, p.task.task))
    rows, decimals = [], []
    for p in listed:
        indicator = definitions.indicators.get(p.task.indicator)
        value = p.actual.value
        if value is not None and indicator is not None:
            value = rounded(value, indicator)
        # A running count of few people gives its months away; the light says what is needed.
        few = p.task.indicator in hidden
        ahead = p.forecast.value if p.forecast else None
        if ahead is not None and indicator is not None:
            ahead = rounded(ahead, indicator)
        rows.append(
            [
                *([names.get(p.task.unit, p.task.unit)] if names else []),
                f"{p.task.work} {definitions.works.get(p.task.work, '')}",
                p.task.task,
                indicator.name if indicator else p.task.indicator,
                indicator.unit if indicator else "",
                p.annual,
                p.planned,
                MARK if few and value is not None else value,
                None if few else p.of_plan,
                None if few else p.of_year,
                None if few else ahead,
                p.forecast.of_year if p.forecast and not few else None,
                p.forecast.method if p.forecast else "",
                MARKS[p.light][0],
                p.actual.reported if p.actual.expected is not None else None,
                p.actual.expected,
            ]
        )
        decimals.append(indicator.decimals if indicator else None)
    sheet, _ = book.table(
        name, title, fields, rows, note=legend, freeze=len(lead) + 2, decimals=decimals
    )
    at = len(fields) - 3
    for r, p in enumerate(listed, 3):
        text, look = MARKS[p.light]
        book.write(sheet, r, at, text, "center", look)
    return listed


def _quote(
    quoted: Quotes, listed: Sequence[Progress], month: Period, hidden: Collection[str]
) -> None:
    """Every number of the common list, by its cell; what is withheld has none."""
    for row, p in enumerate(listed, 3):
        few = p.task.indicator in hidden
        line = INDUSTRY if p.actual.line == _INDUSTRY_LINE else BLOCK
        forecast = None if few else p.forecast
        expected = p.actual.expected
        told: tuple[tuple[int, Decimal | int | None, str, str], ...] = (
            (5, p.annual, "目标", str(month.year)),
            (6, p.planned, PLANNED, month.label),
            (7, None if few else p.actual.value, SO_FAR, month.label),
            (8, None if few else p.of_plan, OF_PLAN, month.label),
            (9, None if few else p.of_year, OF_YEAR, month.label),
            (10, forecast.value if forecast else None, AHEAD, month.label),
            (11, forecast.of_year if forecast else None, AHEAD_OF_YEAR, month.label),
            (14, p.actual.reported if expected is not None else None, "实报", month.label),
            (15, expected, "应报", month.label),
        )
        for column, value, basis, period in told:
            quoted.add(TASK_SHEET, row, column, value, p.task.indicator, p.task.unit, period,
                       basis, line=line)  # fmt: skip
