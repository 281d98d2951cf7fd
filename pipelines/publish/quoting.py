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
    if number.source in ("letters", "board"):
        return definitions.works.get(number.indicator, "责任书任务")
    if number.source == counted_rows.SOURCE:
        return counted_rows.told(number.indicator, definitions)
    indicator = definitions.indicators.get(number.indicator)
    return indicator.name if indicator else number.indicator
