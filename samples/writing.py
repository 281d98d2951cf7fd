"""Workbooks as the reporting offices of the sample keep them; the same bytes each time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import xlsxwriter
import xlwt

from definitions.calendars import Deadlines
from definitions.catalogue import Definitions
from definitions.model import Column, ColumnType, Form
from definitions.periods import Period
from pipelines.templates import TemplateOrganisation, template_bytes
from pipelines.templates.form_sheet import sheet_name
from pipelines.verdict.review_sheet import HEADERS
from pipelines.workbook import REVIEW_MARK, REVIEW_SHEET
from samples.entries import Row
from samples.identity import person_name, phone

Habit = Literal["plain", "old", "et", "template"]


@dataclass(frozen=True)
class FilledForm:
    """The rows of one form as they go into a workbook."""

    form: Form
    rows: Sequence[Row]


@dataclass(frozen=True)
class Told:
    """An explanation that the reporter types on the review sheet of a returned workbook."""

    rule: str
    sheet: str
    cell: str
    text: str
    value: str = ""


@dataclass(frozen=True)
class Book:
    """Everything that one workbook says."""

    org_code: str
    org_name: str
    period: Period
    filled_on: date
    forms: Sequence[FilledForm]
    told: Sequence[Told] = ()


def cover_pairs(book: Book) -> list[tuple[str, str]]:
    """Label and value of every cover field."""
    forms = [f.form for f in book.forms]
    return [
        ("填报单位编码", book.org_code),
        ("填报单位", book.org_name),
        ("所属期", book.period.chinese),
        ("填报人", person_name("clerk", book.org_code)),
        ("复核人", person_name("reviewer", book.org_code)),
        ("单位负责人", person_name("chair", book.org_code)),
        ("填报日期", book.filled_on.isoformat()),
        ("联系电话", phone("office", book.org_code)),
        ("零报告", "否"),
        ("制定机关", "、".join(dict.fromkeys(f.issuer for f in forms))),
        ("批准文号", "、".join(dict.fromkeys(f.document for f in forms))),
        ("有效期至", min(f.document_valid_to for f in forms).isoformat()),
        ("表样版本", "、".join(dict.fromkeys(f.edition for f in forms))),
    ]


def labels(form: Form) -> list[str]:
    """Headers as the template prints them, with the unit where a column is money."""
    return [c.label for c in form.columns]


def workbook_bytes(book: Book, habit: Habit, definitions: Definitions) -> bytes:
    """The bytes of a workbook kept in one of the habits."""
    match habit:
        case "et":
            return _et(book)
        case "template":
            return _from_template(book, definitions)
        case _:
            return _xlsx(book, old=habit == "old")


def file_suffix(habit: Habit) -> str:
    """What the office's program adds to a file name."""
    return ".et" if habit == "et" else ".xlsx"


# --- plain and old workbooks ---


def _xlsx(book: Book, old: bool) -> bytes:
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    file = xlsxwriter.Workbook(target, options)
    file.set_properties({"created": datetime(book.filled_on.year, book.filled_on.month, 1)})  # noqa: DTZ001
    formats = {
        "title": file.add_format({"bold": True, "font_size": 16, "align": "center"}),
        "head": file.add_format({"bold": True, "text_wrap": True, "border": 1}),
        "date": file.add_format({"num_format": "yyyy-mm-dd"}),
        "text": file.add_format({"num_format": "@"}),
    }
    if book.told:
        _told(file, book.told)
    if not old:
        cover = file.add_worksheet("封面")
        cover.set_column(0, 1, 26)
        cover.write_string(0, 0, "工会工作报表", formats["title"])
        for r, (label, value) in enumerate(cover_pairs(book), start=2):
            cover.write_string(r, 0, label, formats["head"])
            cover.write_string(r, 1, value, formats["text"])
    for filled in book.forms:
        sheet = file.add_worksheet(sheet_name(filled.form))
        sheet.set_column(0, len(filled.form.columns), 13)
        sheet.write_string(0, 0, filled.form.title, formats["title"])
        top = _lines_above(sheet, book) if old else 1
        # A form that begins with its own 序号 gets no second one.
        first = int(old and filled.form.columns[0].label != "序号")
        if first:
            sheet.write_string(top, 0, "序号", formats["head"])
        for c, label in enumerate(labels(filled.form)):
            sheet.write_string(top, first + c, label, formats["head"])
        _rows(sheet, filled, top + 1, first, formats)
        if old:
            _total(sheet, filled, top + 1 + len(filled.rows), first)
        sheet.freeze_panes(top + 1, 0)
    file.close()
    return target.getvalue()


def _lines_above(sheet: Any, book: Book) -> int:
    """Cover fields in the lines above the table, as sheets had them before there was a cover."""
    said = dict(cover_pairs(book))
    groups = (
        ("填报单位", "填报单位编码", "所属期"),
        ("单位负责人", "复核人", "填报人", "填报日期", "联系电话"),
        ("制定机关", "批准文号", "有效期至", "表样版本"),
    )
    for r, group in enumerate(groups, start=1):
        for c, label in enumerate(group):
            sheet.write_string(r, c * 3, f"{label}：{said[label]}")
    return len(groups) + 1


def _rows(sheet: Any, filled: FilledForm, top: int, first: int, formats: dict[str, Any]) -> None:
    columns = filled.form.columns
    for r, row in enumerate(filled.rows, start=top):
        if first:
            sheet.write_number(r, 0, r - top + 1)
        for c, column in enumerate(columns, start=first):
            value = row.get(column.code)
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_string(r, c, "是" if value else "否")
            elif isinstance(value, (int, float)):
                sheet.write_number(r, c, value)
            elif isinstance(value, date):
                sheet.write_datetime(r, c, value, formats["date"])
            else:
                sheet.write_string(r, c, value)


def totals(filled: FilledForm) -> dict[int, float]:
    """Column place → sum, of the columns that a clerk adds up at the foot of a table."""
    found: dict[int, float] = {}
    for p, column in enumerate(filled.form.columns):
        if _summable(column):
            found[p] = round(sum(float(r.get(column.code) or 0) for r in filled.rows), 2)
    return found


def _summable(column: Column) -> bool:
    counted = column.type in (ColumnType.INT, ColumnType.DEC) and column.kind.value != "key"
    return counted and column.unit not in ("", "年", "分", "%")


def _total(sheet: Any, filled: FilledForm, row: int, first: int) -> None:
    sums = totals(filled)
    if sums:
        sheet.write_string(row, 0, "合计")
    for p, value in sums.items():
        sheet.write_number(row, first + p, value)


def _told(file: Any, told: Sequence[Told]) -> None:
    """The review sheet that came with the returned workbook, with the explanations typed in."""
    sheet = file.add_worksheet(REVIEW_SHEET)
    sheet.write_string(0, 0, REVIEW_MARK)
    for c, name in enumerate(HEADERS):
        sheet.write_string(2, c, name)
    for r, each in enumerate(told, start=3):
        said = {
            "序号": str(r - 2),
            "等级": "须说明",
            "工作表": each.sheet,
            "单元格": each.cell,
            "填报值": each.value,
            "规则": each.rule,
            "说明": each.text,
        }
        for c, name in enumerate(HEADERS):
            sheet.write_string(r, c, said.get(name, ""))


# --- WPS ---


def _et(book: Book) -> bytes:
    """BIFF8, as WPS writes .et files by default."""
    file = xlwt.Workbook(encoding="utf-8")
    as_date = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    cover = file.add_sheet("封面")
    cover.write(0, 0, "工会工作报表")
    for r, (label, value) in enumerate(cover_pairs(book), start=2):
        cover.write(r, 0, label)
        cover.write(r, 1, value)
    for filled in book.forms:
        sheet = file.add_sheet(sheet_name(filled.form))
        sheet.write(0, 0, filled.form.title)
        for c, label in enumerate(labels(filled.form)):
            sheet.write(1, c, label)
        for r, row in enumerate(filled.rows, start=2):
            for c, column in enumerate(filled.form.columns):
                cell = row.get(column.code)
                if isinstance(cell, bool):
                    sheet.write(r, c, "是" if cell else "否")
                elif isinstance(cell, date):
                    sheet.write(r, c, cell, as_date)
                elif cell is not None:
                    sheet.write(r, c, cell)
    target = io.BytesIO()
    file.save(target)
    return target.getvalue()


# --- the federation's own template ---


def _from_template(book: Book, definitions: Definitions) -> bytes:
    """The template of the unit and period, typed into; signatures go into the cover's cells."""
    forms = [f.form for f in book.forms]
    deadlines: dict[str, Deadlines] = {}
    empty = template_bytes(
        definitions,
        forms,
        TemplateOrganisation(book.org_code, book.org_name),
        book.period,
        deadlines,
        {f.form.code: f.rows for f in book.forms},
        book.period.end,
    )
    return sign_template(empty, dict(cover_pairs(book)))


SIGNED = ("填报人", "复核人", "单位负责人", "填报日期", "联系电话")


def sign_template(template: bytes, said: dict[str, str]) -> bytes:
    """Type the signatures beside their labels on the cover, leaving everything else alone."""
    source = zipfile.ZipFile(io.BytesIO(template))
    strings = re.findall(
        r"<si>(.*?)</si>", source.read("xl/sharedStrings.xml").decode(), flags=re.DOTALL
    )
    texts = [re.sub(r"<[^>]+>", "", s) for s in strings]
    xml = source.read("xl/worksheets/sheet1.xml").decode()
    for label in SIGNED:
        where = re.search(rf'<c r="([A-Z])(\d+)"[^>]*t="s"[^>]*><v>{texts.index(label)}</v>', xml)
        if where is None:
            raise ValueError(f"the template's cover has no field {label}")
        cell = f"{chr(ord(where.group(1)) + 1)}{where.group(2)}"
        empty = re.compile(rf'<c r="{cell}"( s="\d+")/>')
        typed = rf'<c r="{cell}"\1 t="inlineStr"><is><t>{said[label]}</t></is></c>'
        xml, done = empty.subn(typed, xml)
        if done != 1:
            raise ValueError(f"cell {cell} for {label} is not an empty input")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as signed:
        for entry in source.infolist():
            data = xml.encode() if entry.filename == "xl/worksheets/sheet1.xml" else None
            signed.writestr(entry, source.read(entry) if data is None else data)
    return target.getvalue()
