"""Lists behind a publication, each on its own sheet: results, transfers, coverage, indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from definitions.periods import PeriodKind
from pipelines.figures import (
    BLOCK,
    INDUSTRY,
    POINTS,
    UNASSIGNED,
    CoverageRow,
    Figure,
    Figures,
    Unit,
    rounded,
)
from pipelines.publish.disclosure import MARK, NOTE
from pipelines.publish.extras import Extras
from pipelines.publish.sheets import Book, Field
from pipelines.publish.tables import by_unit, overall, percent
from pipelines.publish.telling import Teller, side, sides

FIRST_MONTH = 13  # column of the first month in a sheet of indicators, from 0
EXPLAINED = (
    Field("单位", "text", 36),
    Field("所属期", "center", 10),
    Field("报表", "center", 10),
    Field("审核问题", "wrap", 30),
    Field("数据", "wrap", 50),
    Field("单位说明", "wrap", 60),
)
"""Columns of a list of figures that were let pass with an explanation."""
LINE_NAMES = {BLOCK: "地方（块）", INDUSTRY: "产业（条）"}


def indicators(
    book: Book, name: str, title: str, found: Sequence[Indicator], teller: Teller
) -> dict[str, int]:
    """Every unit's figures, the whole first; returns the sheet row (from 0) of each whole."""
    figures = teller.figures
    months = figures.period.months() if figures.period.kind is not PeriodKind.MONTH else []
    now, then = sides(figures.period.kind)
    fields = [
        Field("指标", "text", 24),
        Field("计量单位", "center", 9),
        Field("统计线", "center", 11),
        Field("单位", "text", 34),
        Field(now, "number", 15),
        Field(then, "number", 15),
        Field(f"比{then}", "center", 15),
        Field(f"可比口径{then}", "number", 15),
        Field("可比口径变动", "center", 15),
        Field("目标", "number", 14),
        Field("完成率（%）", "number", 11),
        Field("实报（份）", "int", 9),
        Field("应报（份）", "int", 9),
        *(Field(f"{m.number}月", "number", 12) for m in months),
        Field("指标代码", "center", 12),
        Field("单位编码", "center", 16),
    ]
    rows: list[list[Any]] = []
    decimals: list[int | None] = []
    totals: set[int] = set()
    withheld = False
    first: dict[str, int] = {}
    for indicator in found:
        first[indicator.code] = len(rows) + 3
        for line, unit in _units(figures):
            whole = unit.code == figures.unit.code
            figure = figures.get(indicator.code, unit.code, line=line)
            if figure is None:
                continue
            if whole:
                totals.add(len(rows))
            label = "合计" if whole else LINE_NAMES.get(figure.line, figure.line)
            cells: list[Any] = [indicator.name, indicator.unit, label, unit.name]
            if teller.hides(figure):
                withheld = True
                cells += [MARK, *[None] * (FIRST_MONTH - 5 + len(months))]
            else:
                cells += _cells(teller, indicator, figure)
                cells += [_month(teller, figure, m.label) for m in months]
            rows.append([*cells, indicator.code, unit.code])
            decimals.append(indicator.decimals)
    note = (
        "按指标、统计线、单位排列，可用表头筛选；空白为未报或无法计算，不作零处理；"
        "各数出处按“统计线/单位编码/期间/指标代码”查询。"
    )
    if withheld:
        note += NOTE.removeprefix("注：")
    book.table(name, title, fields, rows, note=note, freeze=4, printed=FIRST_MONTH,
               totals=frozenset(totals), decimals=decimals)  # fmt: skip
    return first


def _units(figures: Figures) -> list[tuple[str, Unit]]:
    """The whole first, then its children along 块, then along 条 with those outside it last."""
    found = [(BLOCK, figures.unit)]
    for line in (BLOCK, INDUSTRY):
        children = figures.children.get(line, ())
        outside = [u for u in children if UNASSIGNED in (u.code, u.name)]
        found += [(line, u) for u in children if u not in outside]
        found += [(line, u) for u in outside]
    return found


def _cells(teller: Teller, indicator: Indicator, figure: Figure) -> list[Any]:
    share = None
    if figure.target and figure.value is not None and indicator.unit not in POINTS:
        share = figure.value / figure.target * 100

    def before(basis: str) -> list[Decimal | str | None]:
        """Another side of the figure and the change against it."""
        value = side(figure, basis)
        if value is not None and teller.hides(figure, basis):
            return [MARK, MARK]
        return [_rounded(value, indicator), teller.moved(figure, basis)]

    return [
        _rounded(figure.value, indicator),
        *before("上年同期"),
        *before("可比口径上年"),
        figure.target,
        share,
        figure.reported if figure.expected is not None else None,
        figure.expected,
    ]


def _rounded(value: Decimal | None, indicator: Indicator) -> Decimal | None:
    """Rounded as printed, so that the workbook and the review never differ."""
    return None if value is None else rounded(value, indicator)


def _month(teller: Teller, year: Figure, label: str) -> Decimal | str | None:
    figure = teller.figures.get(year.indicator, year.unit, label, year.line)
    if figure is None:
        return None
    if teller.hides(figure):
        return MARK
    return _rounded(figure.value, teller.definitions.indicators[year.indicator])


def results(book: Book, extras: Extras) -> None:
    if extras.assessments:
        fields = [
            Field("组别", "text", 20),
            Field("名次", "center", 8),
            Field("单位", "text", 38),
            Field("总分", "number", 11),
            Field("等次", "center", 10),
            Field("一票否决事项", "wrap", 40),
        ]
        book.table("考核结果", "考核结果", fields, [
            (r.group, r.rank, r.unit, r.total, r.grade, r.veto) for r in extras.assessments
        ])  # fmt: skip
    if extras.star_homes:
        fields = [
            Field("职工之家", "text", 32),
            Field("所属工会", "text", 34),
            Field("会员评分", "number", 11),
            Field("单位评分", "number", 11),
            Field("上级评分", "number", 11),
            Field("会员权重（%）", "int", 11),
            Field("单位权重（%）", "int", 11),
            Field("上级权重（%）", "int", 11),
            Field("参评率（%）", "number", 11),
            Field("总分", "number", 11),
            Field("星级", "center", 9),
            Field("下年试算", "number", 11),
            Field("试算权重", "wrap", 30),
        ]
        book.table("星级职工之家", "星级职工之家评定结果", fields, [
            (r.name, r.unit, r.member, r.employer, r.upper, *r.weights, r.participation,
             r.total, r.star, r.trial, r.trial_weights)
            for r in extras.star_homes
        ])  # fmt: skip
    if any(b.now or b.before for b in extras.fund_bands):
        fields = [
            Field("等次", "center", 12),
            Field("本年（家）", "int", 11),
            Field("上年（家）", "int", 11),
        ]
        book.table("经费绩效等次", "经费绩效审计评价等次分布", fields, [
            (b.name, len(b.now), len(b.before)) for b in extras.fund_bands
        ])  # fmt: skip
    if any(w.tasks for w in extras.works):
        fields = [
            Field("重点工作", "text", 36),
            Field("下达任务（项）", "int", 14),
            Field("完成任务（项）", "int", 14),
            Field("完成率（%）", "number", 11),
        ]
        book.table("重点工作", "重点工作完成情况", fields, [
            (w.name, w.tasks, w.met, w.completion) for w in extras.works if w.tasks
        ])  # fmt: skip
    if extras.unmet:
        fields = [
            Field("单位", "text", 34),
            Field("任务", "wrap", 34),
            Field("目标", "number", 14),
            Field("完成", "number", 14),
            Field("计量单位", "center", 10),
            Field("单位说明的原因", "wrap", 50),
        ]
        book.table("未完成任务", "未完成的目标任务", fields, [
            (r.unit, r.task, r.target, r.actual if r.actual is not None else "未报", r.measure,
             r.reason)
            for r in extras.unmet
        ])  # fmt: skip
    if extras.rule_counts:
        fields = [
            Field("规则", "center", 12),
            Field("问题", "wrap", 38),
            Field("处理", "center", 10),
            Field("处数", "int", 9),
            Field("涉及单位（家）", "int", 12),
            Field("改进要求", "wrap", 60),
        ]
        book.table("审核问题", "审核发现的问题", fields, [
            (r.rule, r.title, r.severity, r.findings, r.units, r.advice)
            for r in extras.rule_counts
        ])  # fmt: skip


def transfers(book: Book, figures: Figures) -> None:
    if not figures.transfers:
        return
    fields = [
        Field("序号", "int", 7),
        Field("工会组织编码", "center", 18),
        Field("工会名称", "text", 38),
        Field("变动类型", "center", 12),
        Field("隶属线", "center", 9),
        Field("原上级工会", "text", 30),
        Field("现上级工会", "text", 30),
        Field("生效日期", "date", 13),
        Field("批准文号", "text", 26),
    ]
    rows = [
        (i, t.unit, t.name, t.change, t.line, t.from_name, t.to_name, t.effective, t.approval)
        for i, t in enumerate(figures.transfers, 1)
    ]
    note = "隶属关系变动只改变归属，不改变合计；月内变动按月末隶属关系归属。"
    book.table("组织关系变动", "工会组织关系变动明细", fields, rows, note=note, freeze=3)


def coverage(
    book: Book, figures: Figures, labels: Mapping[str, str] = MappingProxyType(LINE_NAMES)
) -> None:
    """Filings by unit; `labels` name the lines under which the units stand in the figures."""
    fields = [
        Field("统计线", "center", 12),
        Field("单位", "text", 36),
        Field("应报（份）", "int", 11),
        Field("实报（份）", "int", 11),
        Field("报送率", "center", 10),
        Field("按时（份）", "int", 11),
        Field("按时率", "center", 10),
        Field("首次通过（份）", "int", 12),
        Field("首次通过率", "center", 11),
        Field("待核实（份）", "int", 11),
        Field("缺报（份）", "int", 11),
    ]
    rows: list[tuple[Any, ...]] = []
    total = overall(figures)
    found = [("合计", total)] if total else []
    found += [(labels[line], r) for line in (BLOCK, INDUSTRY) for r in by_unit(figures, line)]
    for line, r in found:
        rows.append(
            (
                line,
                r.name,
                r.expected,
                r.reported,
                percent(r.reported, r.expected),
                r.on_time,
                percent(r.on_time, r.expected),
                r.first_pass,
                percent(r.first_pass, r.reported),
                r.unverified,
                r.lacking,
            )
        )
    if rows:
        totals = frozenset({0}) if total else frozenset()
        book.table("报送情况", "报表报送情况", fields, rows, freeze=2, totals=totals)
    names = {u.code: u.name for u in figures.children.get(BLOCK, ())}
    missing(book, figures.coverage, names)


def missing(book: Book, coverage: Sequence[CoverageRow], names: Mapping[str, str]) -> None:
    """One row per filing that did not arrive; `names` gives the parents by code."""
    fields = [
        Field("上级工会", "text", 36),
        Field("报表", "center", 12),
        Field("期间", "center", 12),
        Field("缺报单位", "text", 44),
    ]
    rows = [
        (names[r.unit], r.form, r.period, name)
        for r in coverage
        if r.unit in names
        for name in r.missing
    ]
    if rows:
        book.table("缺报名单", "缺报名单", fields, rows)


_AGGREGATES = {
    "sum": "按单位、按月相加",
    "latest": "取各单位最近一期后相加",
    "ratio": "分子、分母分别合计后相除",
    "wmean": "加权平均",
    "distinct": "去重计数",
    "score": "按方案计分，不汇总",
    "growth": "本期与上年同期分别合计后相比",
}


def glossary(book: Book, definitions: Definitions, figures: Figures) -> None:
    used = {key[3] for key in figures.values}
    fields = [
        Field("指标代码", "center", 13),
        Field("指标", "text", 26),
        Field("计量单位", "center", 10),
        Field("汇总方法", "text", 24),
        Field("定义", "wrap", 60),
        Field("依据", "wrap", 40),
    ]
    rows = [
        (i.code, i.name, i.unit, _AGGREGATES[i.aggregate], i.definition, i.authority)
        for i in definitions.indicators.values()
        if i.code in used
    ]
    book.table("指标说明", "指标说明", fields, rows, freeze=2)
