"""What a column takes: number format, drop-down or check, prompt and refusal, all in Chinese."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnType, Form
from pipelines.templates.look import shortened
from pipelines.typesetting import text_width

FOUNDING_DAY = date(1949, 10, 1)
YES_NO = ("是", "否")
LONGEST = {ColumnType.STR: 100, ColumnType.TEXT: 1000, ColumnType.CODE: 40}
FIXED_LENGTH = {
    ColumnType.USCC: (18, "统一社会信用代码为 18 位"),
    ColumnType.IDNO: (18, "公民身份号码为 18 位"),
    ColumnType.REGION: (6, "行政区划代码为 6 位数字"),
}
_NARROWEST = {
    ColumnType.INT: 9, ColumnType.DEC: 14, ColumnType.PCT: 9, ColumnType.DATE: 12,
    ColumnType.YEAR_MONTH: 10, ColumnType.BOOL: 8, ColumnType.CODE: 16, ColumnType.STR: 18,
    ColumnType.TEXT: 30, ColumnType.USCC: 22, ColumnType.IDNO: 22, ColumnType.REGION: 10,
    ColumnType.INDUSTRY: 10, ColumnType.PHONE: 15, ColumnType.ENUM: 10, ColumnType.MULTI: 24,
}  # fmt: skip
WIDEST = 34


def number_format(column: Column) -> str:
    """Excel's number format; codes and IDs are text, so no digit is ever lost."""
    match column.type:
        case ColumnType.INT:
            # A year is a number nobody writes as 2,017.
            return "0" if column.unit == "年" else "#,##0"
        case ColumnType.DEC:
            return "#,##0." + "0" * column.decimals if column.decimals else "#,##0"
        case ColumnType.PCT:
            return "0.##"
        case ColumnType.DATE:
            return "yyyy-mm-dd"
        case _:
            return "@"


def alignment(column: Column) -> str:
    """Numbers to the right, long text to the left, short codes in the middle."""
    if column.type.numeric:
        return "right"
    if column.type in (ColumnType.STR, ColumnType.TEXT, ColumnType.MULTI):
        return "left"
    return "center"


def column_width(column: Column, definitions: Definitions) -> float:
    """Width in characters: the type's own, the longest choice, a label in 2 or 3 lines."""
    label = text_width(column.label)
    width = max(_NARROWEST[column.type], label / (3 if label > 12 else 2) + 4)
    if column.list and column.type is ColumnType.ENUM:
        values = definitions.code_lists[column.list].values
        width = max(width, max(map(text_width, values)) + 4)
    return min(width, WIDEST)


def guidance(column: Column, computed: bool = False) -> str:
    """Two short lines under the header: whether and in what unit, then how.

    A derived column that no formula of a spreadsheet can say is filled in and compared.
    """
    if computed:
        head = "自动计算"
    elif column.required:
        head = "必填"
    elif column.required_when:
        head = "视情况必填"
    else:
        head = "选填"
    if column.unit:
        head += f"，{column.unit}"
    # The unit stands in the first line already.
    said = column.guidance
    if column.unit and said.startswith((f"{column.unit}；", f"{column.unit}，")):
        said = said[len(column.unit) + 1 :]
    hints = [said] if said and said != column.unit else []
    if column.zero_words and not computed and "0" not in column.guidance:
        hints.append("没有的填 0")
    if column.type is ColumnType.MULTI and "多选" not in column.guidance:
        hints.append("可多选，用顿号隔开")
    return "\n".join([head, "；".join(hints)]) if hints else head


def validation(
    column: Column, cell: str, lists: Mapping[str, str], definitions: Definitions, own_code: str
) -> dict[str, Any]:
    """Options of XlsxWriter's data_validation; `cell` is the first cell, relative (B7)."""
    rule, refusal = _rule(column, cell, lists, own_code)
    prompt = [guidance(column).replace("\n", "。"), refusal]
    if column.type is ColumnType.MULTI and column.list:
        prompt = ["可多选，用顿号隔开：" + "、".join(definitions.code_lists[column.list].values)]
    if column.example:
        prompt.append(f"例：{column.example}")
    return {
        "ignore_blank": True,
        "input_title": shortened(column.label, 32),
        "input_message": shortened("。\n".join(p.rstrip("。") for p in prompt if p), 255),
        "error_title": "请检查所填内容",
        "error_message": shortened(f"“{column.label}”{refusal or '填写有误'}。", 255),
        **rule,
    }


def _rule(
    column: Column, cell: str, lists: Mapping[str, str], own_code: str
) -> tuple[dict[str, Any], str]:
    match column.type:
        case ColumnType.ENUM if column.list:
            return {"validate": "list", "source": f"={lists[column.list]}"}, "请从下拉列表中选择"
        case ColumnType.BOOL:
            return {"validate": "list", "source": list(YES_NO)}, "请选“是”或“否”"
        case ColumnType.INT:
            low, high = _limits(column)
            low, high = int(low), int(high) if high is not None else None
            if high is not None:
                return (
                    {"validate": "integer", "criteria": "between", "minimum": low, "maximum": high},
                    f"应为 {low:g} 至 {high:g} 的整数",
                )
            said = "应为不小于 0 的整数，没有的填 0" if low == 0 else f"应为不小于 {low:g} 的整数"
            return {"validate": "integer", "criteria": ">=", "value": low}, said
        case ColumnType.DEC | ColumnType.PCT:
            return _decimal(column, cell)
        case ColumnType.DATE:
            if column.future:
                return (
                    {"validate": "date", "criteria": ">=", "value": FOUNDING_DAY},
                    "应为日期，写成 2017-03-31 的样子",
                )
            return (
                {
                    "validate": "date",
                    "criteria": "between",
                    "minimum": FOUNDING_DAY,
                    "maximum": "=TODAY()",
                },
                "应为日期，写成 2017-03-31 的样子，不晚于今天",
            )
        case ColumnType.CODE if column.code == "org_code":
            # A choice to save typing; other codes stay possible, a county fills in for many.
            return {"validate": "list", "source": [own_code], "show_error": False}, ""
        case ColumnType.USCC | ColumnType.IDNO | ColumnType.REGION:
            length, said = FIXED_LENGTH[column.type]
            return {"validate": "length", "criteria": "==", "value": length}, said
        case ColumnType.PHONE:
            return (
                {"validate": "length", "criteria": "between", "minimum": 7, "maximum": 20},
                "请填 11 位手机号，或区号加座机号",
            )
        case ColumnType.STR | ColumnType.TEXT | ColumnType.CODE:
            longest = LONGEST[column.type]
            return (
                {"validate": "length", "criteria": "<=", "value": longest},
                f"不超过 {longest} 个字",
            )
        case _:
            return {"validate": "any"}, ""


def _limits(column: Column) -> tuple[float, float | None]:
    low = float(column.minimum) if column.minimum is not None else 0.0
    if column.negative and column.minimum is None:
        low = -1e12
    high = float(column.maximum) if column.maximum is not None else None
    return low, high


def _decimal(column: Column, cell: str) -> tuple[dict[str, Any], str]:
    low, high = _limits(column)
    if column.type is ColumnType.PCT and high is None and not column.negative:
        high = 100.0
    # "decimal" cannot also count the decimals, so the check is a formula.
    tests = [f"ISNUMBER({cell})", f"ROUND({cell},{column.decimals})={cell}", f"{cell}>={low:g}"]
    said = "应为数字" if low < 0 else f"应为不小于 {low:g} 的数字"
    if high is not None:
        tests.append(f"{cell}<={high:g}")
        said = f"应为 {low:g} 至 {high:g} 的数字"
    if column.type is ColumnType.PCT:
        said += "，92% 填 92"
    if column.decimals:
        said += f"，最多 {column.decimals} 位小数"
    return {"validate": "custom", "value": f"=AND({','.join(tests)})"}, said


def declared_unit(form: Form) -> str:
    """The unit that stands above a table: its one money unit, else that of most of its numbers.

    Empty when there is none, or when 元 and 万元 stand side by side: then the columns say it.
    """
    units = Counter(c.unit for c in form.columns if c.type.numeric and c.unit not in ("年", "%"))
    money = [u for u in ("元", "万元") if u in units]
    if len(money) > 1 or not units:
        return ""
    unit, count = units.most_common(1)[0]
    return money[0] if money else unit if count * 2 > units.total() else ""
