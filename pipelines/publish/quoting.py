"""How a printed number is quoted and what its reader is told of it, the same in every format."""

from __future__ import annotations

from dataclasses import replace

from definitions.catalogue import Definitions
from pipelines import counted_rows
from pipelines.figures import Figures
from pipelines.publish.content import Document, PublishedNumber
from pipelines.publish.publication import reference_of

SOURCE_NAMES = {
    "indicator": "指标",
    "coverage": "报送情况",
    "finding": "审核问题",
    "assessment": "考核结果",
    "letters": "责任书",
    "changes": "组织变动",
    "board": "任务进度",
    "standings": "隶属关系",
    "rows": "报表各行",
    "row": "报表一行",
    "consolidated": "合并报表",
    "money": "经费核定",
    "rectification": "整改事项",
}
ALL_FINDINGS = "审核问题"
"""Code of what is counted over every rule."""
ALL_UNITS, ALL_WORKS = "ALL", "WORKS"
"""Codes of what is counted over every scheme of assessment, over every key work."""
TOTAL, RANK, TRIAL, GRADED, BLOCK_OF = "总分", "名次", "下年试算", "家数", "块:"
AUDITED = "经费绩效"
"""Begins what a count of unions in a band of fund-performance audits is called."""
DUE, DONE, SHARE_DONE = "下达任务", "完成任务", "任务完成率"
WORKS_GIVEN, WORKS_DONE = "下达任务的重点工作", "全部完成的重点工作"
"""What is told of an assessment and of letters of targets, as the basis of a number."""
SO_FAR, PLANNED, OF_PLAN, OF_YEAR = "累计", "截至本月计划", "完成计划", "完成全年"
AHEAD, AHEAD_OF_YEAR, TASKS = "预计全年", "预计完成率", "任务数"
"""What the board of key works tells of a task."""
BONUS, DEDUCTION = "加分", "扣分"
MEAN_OF, KIND_IN = "平均:", "分项:"
TARGET_OF, TOLD_OF, ACTUAL_OF, MARK_OF = "目标:", "自报:", "核定:", "得分:"
BALLOT_OF, RULED = "评价:", "核定为:"
ELIGIBLE, CAST, SHARE_CAST, GIVEN, EARNED = "应评", "收回", "参与率", "评分", "计入"
"""What papers tell of an assessment beside its totals: of a mark, of ballots, of adjustments.

Named by parts: 得分:W07:I-SKILL-15, 评价:会员:收回, 加分:市级:1.
"""
MONEY, BASE, RATE, CLAIM, GRANT = "money", "基数", "系数", "应得", "核定"
POOL, CLAIMED, GRANTED, ODD = "可安排总额", "应得合计", "核定合计", "尾数"
IN_PROPORTION = "按比例"
SHARE_DUE, SHARE_CAME, SHARE_SHORT = "应承担:", "已到位:", "尚差:"
"""What a funding note tells: money by unit, shares by payer."""
ROW, CASES = "row", "件数"
RECTIFICATION = "rectification"
"""A number that stands in a row of a form, or counts such rows."""
OVER_ROWS = "÷"
LATE_WORKDAYS, LATE_DAYS = "超期工作日", "逾期日数"
REPORTED_LATE = "晚报日数"
RECKONED = {
    LATE_WORKDAYS: ("accepted_on", "受理次日起满规定工作日之后，至本通知日的工作日数"),
    LATE_DAYS: ("event_on", "扣满次日起满规定工作日之后，至本通知日的日数"),
    REPORTED_LATE: ("reported_on", "发生至报告的日数减去规定日数"),
}
"""What is reckoned from a day that a row tells: column and how."""
COVERAGE_NAMES = {
    "expected": "应报份数",
    "reported": "实报份数",
    "on_time": "按时份数",
    "first_pass": "首次通过份数",
    "missing": "缺报份数",
    "reported_pct": "报送率",
    "on_time_pct": "按时率",
    "first_pass_pct": "首次通过率",
}


def basis_of(words: str) -> str:
    """Words as part of a number's name, in which a slash parts."""
    return words.replace("/", "／")


def quoted(document: Document, kind: str, figures: Figures) -> Document:
    """The document with the reference that its numbers are quoted by."""
    reference = reference_of(
        kind,
        document.title,
        figures.unit.code,
        figures.period,
        figures.cutoff,
        figures.definitions_digest,
    )
    return replace(document, reference=reference)


def path_of(reference: str, ordinal: int) -> str:
    """Where the portal shows what a number is made of."""
    return f"/numbers/{reference}/{ordinal}"


def names_of(figures: Figures) -> dict[str, str]:
    """Unit code → name, of the document's unit and those below it."""
    names = {u.code: u.name for units in figures.children.values() for u in units}
    names[figures.unit.code] = figures.unit.name
    return names


BASIS_WORDS = {BLOCK_OF.rstrip(":"): "部分得分"}
"""Words of a basis that people call otherwise."""


def basis_told(scheme: str, basis: str, definitions: Definitions) -> str:
    """A basis as people read it: 得分·A3 师徒结对·师徒结对数 for 得分:A3:I-SKILL-15."""
    if ":" not in basis:
        return basis
    names = {c: i.name for c, i in definitions.indicators.items()} | BASIS_WORDS
    for one in definitions.schemes:
        if one.code == scheme:
            names |= {b.code: b.name for b in one.blocks}
            names |= {i.code: f"{i.code} {i.name}" for b in one.blocks for i in b.items}
    return "·".join(names.get(word, word) for word in basis.split(":") if word)


def told_of(number: PublishedNumber, definitions: Definitions) -> str:
    """What a number counts, in words."""
    if number.source == "coverage":
        form, _, code = number.indicator.rpartition(":")
        return f"{form} {COVERAGE_NAMES.get(code, code)}".strip()
    if number.source == "finding":
        rule = definitions.rules.get(number.indicator)
        return rule.title if rule else number.indicator
    if number.source == "assessment":
        schemes = {s.code: s.label for s in definitions.schemes}
        return schemes.get(number.indicator, "考核结果")
    if number.source == ROW:
        form, _, what = number.indicator.partition(":")
        told = definitions.newest(form)
        named = {c.code: c.label for c in told.columns}
        return f"{told.title}·{OVER_ROWS.join(named.get(w, w) for w in what.split(OVER_ROWS))}"
    if number.source == RECTIFICATION:
        return f"整改事项第 {number.indicator} 号"
    if number.source == MONEY:
        return "经费核定和结果运用"
    if number.source in ("letters", "board"):
        return definitions.works.get(number.indicator, "责任书任务")
    if number.source == counted_rows.SOURCE:
        return counted_rows.told(number.indicator, definitions)
    indicator = definitions.indicators.get(number.indicator)
    return indicator.name if indicator else number.indicator
