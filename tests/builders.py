"""Workbooks for tests, built by code so that a diff shows what changed."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import openpyxl
import xlwt

from definitions.model import Column, ColumnType, Form
from definitions.periods import Period

Rows = Sequence[Sequence[Any]]
COVER: dict[str, Any] = {
    "表样版本": "2016",
    "制定机关": "示范总工会",
    "批准文号": "示总工办〔2015〕88号",
    "有效期至": "2020-12-31",
    "填报单位编码": "640200-0031",
    "填报单位": "示范机械厂工会",
    "所属期": "2017-03",
    "填报人": "李敏",
    "复核人": "王强",
    "单位负责人": "赵国庆",
    "填报日期": "2017-04-03",
    "联系电话": "0952-2012345",
}


def cover_rows(**changes: Any) -> list[list[Any]]:
    """A cover as label and value side by side; a value of None leaves the line out.

    >>> cover_rows(所属期="2017年3月")[0]
    ['工会统计报表封面', None]
    """
    lines = {**COVER, **changes}
    return [["工会统计报表封面", None], *([k, v] for k, v in lines.items() if v is not None)]


def sample_value(column: Column, code_lists: Mapping[str, Any]) -> Any:
    """A plausible value of a column: its example where it has one."""
    if column.type.numeric:
        return float(column.example) if column.example else 12.0
    if column.list:
        return code_lists[column.list].values[0]
    if column.type is ColumnType.DATE:
        return date.fromisoformat(column.example) if column.example else date(2017, 3, 5)
    if column.type is ColumnType.BOOL:
        return "是"
    return column.example or f"{column.label}样"


def form_rows(
    form: Form,
    rows: Sequence[Mapping[str, Any]],
    *,
    title: bool = True,
    labels: Mapping[str, str] | None = None,
    omit: Sequence[str] = (),
) -> list[list[Any]]:
    """Title, header and data of one form; `rows` map column codes to values."""
    columns = [c for c in form.columns if c.code not in omit]
    head: list[list[Any]] = [[form.title], [f"表号：{form.code}"]] if title else []
    names = labels or {}
    head.append([names.get(c.code, c.label) for c in columns])
    return head + [[row.get(c.code) for c in columns] for row in rows]


def sample_rows(form: Form, code_lists: Mapping[str, Any], count: int = 1) -> list[dict[str, Any]]:
    """`count` rows of a form, distinct in their first key."""
    rows = []
    for i in range(count):
        row = {c.code: sample_value(c, code_lists) for c in form.columns}
        first = form.keys[0]
        row[first] = float(i + 1) if form.column(first).type.numeric else f"640200-{i + 31:04d}"
        rows.append(row)
    return rows


def xlsx(
    sheets: Mapping[str, Rows],
    change: Callable[[openpyxl.Workbook], None] | None = None,
) -> bytes:
    """An .xlsx file; `change` may merge, hide, format or comment before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(
    sheets: Mapping[str, Rows],
    change: Callable[[xlwt.Workbook], None] | None = None,
) -> bytes:
    """An .xls file in BIFF8, which is also what WPS writes as .et."""
    book = xlwt.Workbook(encoding="utf-8")
    dated = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write(r, c, value, dated)
                elif value is not None:
                    sheet.write(r, c, value)
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_text(rows: Rows, encoding: str = "gb18030", delimiter: str = ",") -> bytes:
    """Rows as separated text in an encoding."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def zipped(members: Mapping[str, bytes], *, level: int = 6) -> bytes:
    """A zip file of members by path."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for path, data in members.items():
            archive.writestr(path, data)
    return out.getvalue()


def patched(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The same zip with the text of one part changed."""
    source = zipfile.ZipFile(io.BytesIO(data))
    members = {name: source.read(name) for name in source.namelist()}
    members[part] = change(members[part].decode()).encode()
    return zipped(members)


def month(label: str) -> Period:
    """Shorthand for Period.parse."""
    return Period.parse(label)
