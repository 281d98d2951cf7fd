"""What one handed-in file is once it has been read: cover, form sheets, cells, findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from expectations.findings import Finding

# How marks and the review sheet of an earlier round are recognised in a re-submission.
MARK_AUTHOR = "报表审核"
REVIEW_SHEET = "审核意见"
REVIEW_MARK = "本页由报表审核系统生成"
# What a template holds besides forms: the row of guidance under a header, the sheet of choices.
GUIDANCE_MARK = "填写说明"
CODE_TABLE = "代码表"

COVER_FIELDS: dict[str, tuple[str, ...]] = {
    "org_code": ("填报单位编码", "单位编码", "工会组织编码", "组织编码"),
    "org_name": ("填报单位", "填报单位名称", "单位名称", "工会名称", "单位全称"),
    "period": ("所属期", "报告期", "填报期", "所属时期"),
    "edition": ("表样版本", "版本", "模板版本"),
    "unit": ("计量单位", "金额单位"),
    "filled_by": ("填报人", "填表人", "制表人"),
    "reviewed_by": ("复核人", "审核人"),
    "signed_by": ("单位负责人", "负责人", "工会主席"),
    "filled_on": ("填报日期", "报出日期", "填表日期"),
    "phone": ("联系电话", "电话"),
    "zero_report": ("零报告",),
    "document": ("批准文号", "文号", "批准（备案）文号"),
    "valid_to": ("有效期至", "有效期"),
    "issuer": ("制定机关",),
}


@dataclass(slots=True)
class Cover:
    """What the cover (or the lines above a table) says; `cells` gives (sheet, row, column)."""

    values: dict[str, str] = field(default_factory=dict)
    cells: dict[str, tuple[str, int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class FormSheet:
    """The rows of one form found on one sheet, typed, column by column.

    `columns[p]` is the sheet column (1-based) of form column p, None where the sheet lacks it.
    `values[p][i]` is the typed value of row i: float, str, date, bool or None when blank or not
    readable. `raw` keeps the text of cells that did not convert to themselves; `unreadable` holds
    (i, p) of cells with content that could not be typed: a finding exists for each. `period` is
    the label of the form's own period: a cover of 2017-03 holds quarterly rows of 2017Q1.
    """

    form: str
    edition: str
    sheet: str
    header_row: int
    columns: list[int | None]
    row_numbers: list[int]
    values: list[list[Any]]
    raw: dict[tuple[int, int], str] = field(default_factory=dict)
    unreadable: set[tuple[int, int]] = field(default_factory=set)
    totals: list[tuple[int, dict[int, float]]] = field(default_factory=list)
    total_labels: dict[int, str] = field(default_factory=dict)
    period: str = ""


@dataclass(slots=True)
class ReadWorkbook:
    """The outcome of reading one document; `failed` when nothing of it can be used."""

    key: str
    format: str
    period: str | None
    org_code: str | None
    cover: Cover
    sheets: list[FormSheet]
    findings: list[Finding]
    ignored_sheets: list[str] = field(default_factory=list)
    failed: bool = False
