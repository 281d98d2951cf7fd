"""The codebook of a form: what each column of a consolidated workbook is."""

from __future__ import annotations

from collections.abc import Sequence

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnKind, ColumnType
from pipelines.publish.sheets import Book, Field

_KINDS: dict[ColumnKind, str] = {
    ColumnKind.KEY: "主键",
    ColumnKind.STOCK: "期末数",
    ColumnKind.FLOW: "本期数",
    ColumnKind.CUMULATIVE: "本年累计",
    ColumnKind.DERIVED: "系统计算",
    ColumnKind.ATTRIBUTE: "属性",
    ColumnKind.TEXT: "文字",
}
_TYPES: dict[ColumnType, str] = {
    ColumnType.INT: "整数",
    ColumnType.DEC: "小数",
    ColumnType.PCT: "百分数",
    ColumnType.DATE: "日期",
    ColumnType.YEAR_MONTH: "年月",
    ColumnType.BOOL: "是/否",
    ColumnType.ENUM: "单选",
    ColumnType.MULTI: "多选",
}


def codebook(book: Book, columns: Sequence[Column], definitions: Definitions) -> None:
    """Sheet 指标代码表: each column with its type, unit, meaning and values."""
    fields = [
        Field("序号", "int", 7),
        Field("字段代码", "text", 20),
        Field("表头", "text", 26),
        Field("其他写法", "wrap", 34),
        Field("类型", "center", 9),
        Field("计量单位", "center", 10),
        Field("口径", "center", 10),
        Field("必填", "center", 8),
        Field("可选值", "wrap", 50),
        Field("填报说明", "wrap", 50),
    ]
    rows = []
    for i, column in enumerate(columns, 1):
        values = definitions.code_lists[column.list].values if column.list else ()
        rows.append(
            (
                i,
                column.code,
                column.label,
                "、".join(column.aliases),
                _TYPES.get(column.type, "文字"),
                column.unit or ("%" if column.type is ColumnType.PCT else ""),
                _KINDS[column.kind],
                "是" if column.required else "视情况" if column.required_when else "否",
                "、".join(values),
                column.guidance,
            )
        )
    book.table("指标代码表", "指标代码表", fields, rows, freeze=3)
