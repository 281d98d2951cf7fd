"""How the handbook calls what the definitions leave to codes: types, periods, days, sentences."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnKind, ColumnType, Due, Form, Rule
from definitions.periods import PeriodKind

TYPES = {
    ColumnType.INT: "整数",
    ColumnType.DEC: "小数",
    ColumnType.PCT: "百分数",
    ColumnType.DATE: "日期",
    ColumnType.YEAR_MONTH: "年月",
    ColumnType.BOOL: "是/否",
    ColumnType.CODE: "编码",
    ColumnType.STR: "文字",
    ColumnType.TEXT: "长文字",
    ColumnType.USCC: "统一社会信用代码",
    ColumnType.IDNO: "公民身份号码",
    ColumnType.REGION: "行政区划代码",
    ColumnType.INDUSTRY: "行业代码",
    ColumnType.PHONE: "电话号码",
    ColumnType.ENUM: "单选",
    ColumnType.MULTI: "多选",
}
KINDS = {
    ColumnKind.KEY: "关键列",
    ColumnKind.STOCK: "期末数",
    ColumnKind.FLOW: "本期数",
    ColumnKind.CUMULATIVE: "本年累计",
    ColumnKind.DERIVED: "自动计算",
    ColumnKind.ATTRIBUTE: "属性",
    ColumnKind.TEXT: "文字",
}
PERIODS = {
    PeriodKind.MONTH: "月报",
    PeriodKind.QUARTER: "季报",
    PeriodKind.HALF: "半年报",
    PeriodKind.YEAR: "年报",
    PeriodKind.STATISTICAL: "年报（统计年度：上年10月1日至本年9月30日）",
    PeriodKind.EVENT: "随发生随报，按月汇总",
    PeriodKind.CAMPAIGN: "每年一次的专项",
}
LAYERS = {
    "file": "文件",
    "cover": "封面",
    "timeliness": "报送时限",
    "cell": "单元格",
    "row": "行内",
    "sheet": "表内",
    "cross-form": "表间",
    "cross-period": "跨期",
    "cross-organisation": "跨单位",
    "warehouse": "入库核对",
}
FESTIVALS = {"lantern": "元宵节", "spring": "春节"}
DIMENSIONS = {"E": "经济价值", "S": "社会价值", "H": "人文价值", "": "不分维度"}
AGGREGATES = {
    "sum": "累加：各单位、各期相加",
    "latest": "期末数：取各单位最近一期相加，不跨期累加",
    "ratio": "比率：分子、分母分别汇总后相除，各级重算，不作平均",
    "wmean": "加权平均：按分母加权，各级重算",
    "distinct": "去重计数：同一对象只计一次",
    "score": "得分：按本单位自己的数据计分，不向上累加",
    "growth": "增长：与上年同期相比",
}
MISSING = {"not-counted": "未报的不计入，也不当作零", "zero-score": "未报的按零分计"}
BETTER = {"higher": "越高越好", "lower": "越低越好", "neither": "不分高低"}
ABOUT_REPORTING = {
    "expected": "应报份数",
    "reported": "已接收份数",
    "on_time": "按时份数",
    "first_pass": "首次即接收的份数",
    "missing": "缺报份数",
    "corrections": "锁定后更正次数",
    "warnings": "须说明的问题数",
    "explained": "已说明的问题数",
}
ACHIEVED = {
    "tasks met": "完成目标的任务数 ÷ 下达的任务数",
    "works completed": "全部任务完成的重点工作数 ÷ 重点工作数",
    "targets reached": "实绩 ÷ 目标",
    "tasks improved": "比上年改善的任务数 ÷ 可比任务数",
    "figures improved": "（本期 − 基期）÷ 基期，越低越好的反向计",
    "self-report gap": "自评数与系统计算数之差",
}
# What procedures fill into their sentences; columns and parameters bring their own names.
SLOTS = {
    "actual": "实际", "advice": "建议", "aid_kind": "救助类别", "approval": "批准文号",
    "band": "合理区间", "benefit": "效益", "budget": "预算数", "change": "变动幅度",
    "changes": "变动", "code": "编码", "column": "列号", "columns": "列名", "committee": "委员会",
    "count": "处数", "date": "日期", "day": "日期", "deviations": "偏离倍数",
    "disputes": "争议件数",
    "document": "批准文号", "due_on": "报送期限", "employer_uscc": "用人单位信用代码",
    "examples": "例子", "excess": "超出数", "expected": "应为", "fault": "错误之处",
    "final": "决算数", "flow_label": "本期数列名", "form": "表名", "format": "文件格式",
    "from_parent": "原上级", "groups": "分组", "industry": "行业", "key": "关键列",
    "kind": "类别", "label": "列名", "labels": "列名", "limit": "限额", "line": "条块线",
    "lock_on": "锁定日", "measure": "口径", "median": "中位数", "n": "个数", "name": "单位名称",
    "org": "单位编码", "org_code": "单位编码", "other": "另一处", "others": "其他几处",
    "own": "本表数", "pairs": "成对之处", "parent": "上级", "period": "所属期", "persons": "人数",
    "plan": "计划数", "previous": "上期数", "reason": "原因", "received": "实收",
    "received_on": "收到日期", "region": "区划", "registered": "登记的", "reported": "所报数",
    "reporter": "填报单位", "result": "结果", "route": "途径", "rows": "行号", "sheets": "工作表",
    "since": "起始日", "stands_after": "变动后", "stands_before": "变动前", "status": "状态",
    "subject": "对象", "target_ref": "目标", "task_id": "任务编号", "terr_parent": "地方上级",
    "to_parent": "新上级", "union_uscc": "工会信用代码", "unit": "计量单位", "until": "截止日",
    "value": "所填内容", "way": "方式", "what": "具体情况", "why": "原因",
    "workdays_late": "迟报工作日数",
}  # fmt: skip


def column_type(column: Column) -> str:
    """整数, 小数（2位）, 单选 …"""
    said = TYPES[column.type]
    if column.type is ColumnType.DEC and column.decimals:
        return f"{said}（{column.decimals}位）"
    return said


def requirement(column: Column) -> str:
    """必填, 视情况必填, 选填 or 自动计算."""
    if column.derived is not None:
        return "自动计算"
    if column.required:
        return "必填"
    return "视情况必填" if column.required_when is not None else "选填"


def due_words(due: Due, kind: PeriodKind) -> str:
    """When a form is due, checked and locked, before holidays move the days."""
    if due.festival:
        name = FESTIVALS[due.festival]
        return (
            f"{name}后{due.day}日报送，{due.check_day}日复核，{due.lock_day}日锁定"
            f"（农历，归入春节所在年度）"
        )
    stages = (
        (due.months_after, due.day, "报送"),
        (due.check_months_after, due.check_day, "复核"),
        (due.lock_months_after, due.lock_day, "锁定"),
    )
    parts = []
    before = None
    for months, day, what in stages:
        step = due.months_after if months is None else months
        month = "" if step == before else _month(step, kind)
        parts.append(f"{month}{day}日{what}")
        before = step
    return "，".join(parts)


def _month(step: int, kind: PeriodKind) -> str:
    """次月, 季后首月, 次年1月, 当年1月: the month a day lies in, as people call it."""
    kind = kind.label_kind
    if kind is PeriodKind.YEAR:
        place = 12 + step
        year = "当年" if place <= 12 else "次年"
        return f"{year}{(place - 1) % 12 + 1}月"
    if kind is PeriodKind.STATISTICAL:
        return f"{'次年' if step > 3 else '当年'}{(9 + step - 1) % 12 + 1}月"
    names = {
        PeriodKind.MONTH: {0: "当月", 1: "次月", 2: "第三个月"},
        PeriodKind.QUARTER: {0: "季末月", 1: "季后首月", 2: "季后次月"},
        PeriodKind.HALF: {0: "末月", 1: "半年后首月", 2: "半年后次月"},
    }
    return names[kind].get(step, f"期后第{step}个月")


def reporters_words(form: Form) -> str:
    """Which organisations owe the form."""
    levels, types = form.reporters.levels, form.reporters.types
    whom = []
    if types:
        whom.append("、".join(types))
    if levels:
        whom.append("、".join(levels) + "工会")
    said = "，限".join(whom) if whom else "各级工会"
    return said if form.reporters.expected else f"{said}（有发生才报，不列入应报名单）"


def sentence(template: str, rule: Rule, form: Form | None, known: Definitions) -> Markup:
    """A message or advice with each {name} as a slot that says what will stand there."""
    parts: list[Markup] = []
    for text, name, _, _ in string.Formatter().parse(template):
        parts.append(escape(text))
        if name:
            said = slot_name(name, rule, form, known)
            parts.append(Markup('<i class="slot">{}</i>').format(said))
    return Markup("").join(parts)


UNNAMED = "具体内容"
"""What stands for a placeholder that nobody has named here."""


def slot_name(name: str, rule: Rule, form: Form | None, known: Definitions) -> str:
    """What a placeholder stands for; UNNAMED when nobody has said."""
    scope, _, column = name.rpartition(".")
    forms = [form] if form is not None else [known.newest(c) for c in rule.elsewhere]
    match scope:
        case "":
            for one in forms:
                if column in one.position:
                    return one.column(column).label
            if column in SLOTS:
                return SLOTS[column]
            return _any_label(column, known)
        case "param":
            return known.parameters[column].name
        case "period":
            return {"start": "期初日", "end": "期末日", "year": "所属年份", "label": "所属期",
                    "month": "所属月份"}[column]  # fmt: skip
        case "previous" | "last_year":
            before = "上期" if scope == "previous" else "上年同期"
            return before + forms[0].column(column).label
        case _:
            other = known.newest(scope.replace("_", "-"))
            return f"{other.code}的{other.column(column).label}"


def _any_label(code: str, known: Definitions) -> str:
    """The label of a column of that code in any form, as rules over many forms name it."""
    for form in known.forms:
        if code in form.position:
            return form.column(code).label
    return UNNAMED


# Keys inside parameters that are no words of their own.
KEYS = {
    "line": "条块",
    "industry": "行业",
    "region": "地区",
    "share": "比例",
    "counts": "人数、户数",
    "amounts": "金额",
    "subjects": "诉求内容和评价",
}
_PINYIN = re.compile(r"[（(][a-zà-üāēěīōǎǐǒǔūǖǘǚǜ]+[)）]")


def plain_sentence(text: str) -> str:
    """A quoted sentence without the readings that a scan has left inside its characters."""
    return _PINYIN.sub("", text)


def parameter_name(name: str, known: Definitions) -> str:
    """A parameter's name; where it speaks of another by its code, that one's name stands there."""
    for code in re.findall(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+", name):
        if code in known.parameters:
            name = name.replace(code, f"“{known.parameters[code].name}”")
    return name


def shown_value(value: Any, known: Definitions) -> list[tuple[str, str]]:
    """A parameter's value as rows of (name, value); one row without a name for a single value.

    Where a form is named, what is said of its columns is said by their labels; another parameter
    is told by its name.
    """
    value = _labelled(value, {p.code: f"“{p.name}”" for p in known.parameters.values()})
    if isinstance(value, Mapping):
        rows: list[tuple[str, str]] = []
        for name, inner in value.items():
            if isinstance(inner, Mapping | list):
                labels = _labels(known, str(name))
                rows.append((str(name), "；".join(_flat(_labelled(inner, labels)))))
            else:
                rows.append((str(name), _plain(inner)))
        return rows
    if isinstance(value, list):
        return [("", "；".join(_flat(value)))]
    return [("", _plain(value))]


def _labels(known: Definitions, form: str) -> dict[str, str]:
    """Column → label of a form; of anything else nothing."""
    if form not in known.form_codes:
        return {}
    return {"rows": "每行一人（户）", **{c.code: c.label for c in known.newest(form).columns}}


def _labelled(value: Any, labels: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _labelled(v, labels) for k, v in value.items()}
    if isinstance(value, list):
        return [_labelled(v, labels) for v in value]
    return labels.get(value, value) if isinstance(value, str) else value


def _flat(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{KEYS.get(k, k)}：{'、'.join(_flat(v))}" for k, v in value.items()]
    if isinstance(value, list | tuple):
        return ["、".join(_flat(v)) for v in value]
    return [_plain(value)]


def _plain(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float) and abs(value) >= 10000:
        return f"{value:,}"
    return str(value)
