"""A month of workbooks on disk, one per union, byte for byte the same for the same arguments."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

from bench.figures import Row, figures, union_code, union_name
from definitions import Definitions, load_definitions
from definitions.model import Column, ColumnType, Form
from definitions.periods import Period
from pipelines.templates import TemplateOrganisation, template_bytes

SEED = 20170403
ERRORS_EVERY = 33
"""One workbook in so many holds one seeded error: 3 of 100 come back."""
SIGNATURES = {
    "填报人": "李敏",
    "复核人": "王强",
    "单位负责人": "赵国庆",
    "填报日期": "2017-04-03",
    "联系电话": "0951-2012345",
}
HEADER_ROW = 4
"""Row of the column labels on every form sheet, from 1; data begins below."""


@dataclass(frozen=True, slots=True)
class Spoiling:
    """One mistake in row `row` (from 0) of a form, the rule it breaks, and how many rows suffer."""

    name: str
    form: str
    rule: str
    row: int
    changes: Mapping[str, Any]
    rows: int = 1


def _later(days: int) -> timedelta:
    return timedelta(days=days)


SPOILINGS = (
    Spoiling("more real-name members than members", "ORG-02", "V-R-005", 0,
             {"realname_members": lambda row: row["members_total"] + 7}),
    Spoiling("shares do not add up to what was paid", "FIN-01", "V-R-058", 0,
             {"remitted": lambda row: round(row["remitted"] + 40, 2),
              "retained": lambda row: round(row["retained"] + 60, 2)}),
    Spoiling("amount left empty", "AID-02", "V-C-015", 2, {"amount": None}),
    Spoiling("closed before it was received", "RIGHT-01", "V-R-075", 1,
             {"closed_on": lambda row: row["received_on"] - _later(3)}),
    Spoiling("more mediated than closed", "RIGHT-02", "V-R-079", 0,
             {"mediated_ok": lambda row: row["closed"] + 2}),
    Spoiling("a category that no list knows", "SKILL-01", "V-C-010", 1,
             {"category": "其他培训班"}),
    Spoiling("half a person", "SKILL-01", "V-C-001", 2,
             {"person_times": lambda row: row["person_times"] + 0.5}),
    Spoiling("about so many", "SKILL-02", "V-C-014", 1, {"enterprises": "约3"}),
    Spoiling("one project twice", "SKILL-01", "V-S-001", 1,
             {"project_id": lambda row: row["project_id"][:-1] + "0"}, rows=2),
    Spoiling("more adopted than made", "INNO-01", "V-R-032", 0,
             {"adopted": lambda row: row["suggestions"] + 3}),
    Spoiling("more took part than should", "SKILL-02", "V-R-038", 3,
             {"persons": lambda row: row["should_persons"] + 4}),
    Spoiling("ended before it was signed", "SKILL-04", "V-R-084", 2,
             {"end_on": lambda row: row["signed_on"] - _later(30), "result": "合格"}),
    Spoiling("answered before it was asked", "DEMO-03", "V-R-091", 2,
             {"replied_on": lambda row: row["proposed_on"] - _later(2)}),
)  # fmt: skip


def spoiling_of(number: int) -> Spoiling | None:
    """The mistake in the n-th union's workbook (numbers start from 1); most have none."""
    if number % ERRORS_EVERY:
        return None
    return SPOILINGS[number // ERRORS_EVERY % len(SPOILINGS)]


def spoiled(rows: Mapping[str, Sequence[Row]], what: Spoiling) -> dict[str, list[Row]]:
    """The same rows with one mistake."""
    changed = {form: [dict(r) for r in given] for form, given in rows.items()}
    row = changed[what.form][what.row]
    for column, change in what.changes.items():
        row[column] = change(row) if callable(change) else change
    return changed


def forms_in(definitions: Definitions, month: Period, codes: Sequence[str]) -> list[Form]:
    """The editions in force for a month, in the order given."""
    return [definitions.form(code, month.within(definitions.newest(code).period)) for code in codes]


def content(
    definitions: Definitions, number: int, month: Period, seed: int = SEED
) -> dict[str, list[Row]]:
    """Rows by form of the n-th union's workbook, with its mistake if it has one.

    Mistakes are made in workbooks that close a quarter, which hold all ten forms.
    """
    rows = figures(definitions, seed, number, month)
    mistake = spoiling_of(number)
    if mistake is None or month.number % 3:
        return rows
    return spoiled(rows, mistake)


def template_workbook(
    definitions: Definitions, number: int, month: Period, seed: int = SEED
) -> bytes:
    """The same content typed into the workbook that this system sends out.

    With its drop-downs, formulas and 200 framed rows for every register, it is three times as
    large on the inside as a sheet that somebody has drawn up.
    """
    rows = content(definitions, number, month, seed)
    forms = forms_in(definitions, month, list(rows))
    empty = template_bytes(
        definitions,
        forms,
        TemplateOrganisation(union_code(number), union_name(number)),
        month,
        {f.code: definitions.calendar.deadlines(f.due, month.within(f.period)) for f in forms},
        rows,
        month.start,
    )
    return _signed(empty)


def _signed(data: bytes) -> bytes:
    """The same workbook with the empty fields of its cover filled in, as a reporter does."""
    source = zipfile.ZipFile(io.BytesIO(data))
    texts = re.findall(
        r"<si><t[^>]*>([^<]*)</t></si>", source.read("xl/sharedStrings.xml").decode()
    )
    cover = source.read("xl/worksheets/sheet1.xml").decode()
    for label, value in SIGNATURES.items():
        shown = rf'<c r="[A-Z]+\d+"[^>]* t="s"><v>{texts.index(label)}</v></c>'
        beside = re.compile(rf'({shown}<c r="[A-Z]+\d+"[^>/]*)/>')
        cover = beside.sub(rf'\1 t="inlineStr"><is><t>{value}</t></is></c>', cover, count=1)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            part = source.read(entry)
            archive.writestr(
                zipfile.ZipInfo(entry.filename, entry.date_time),
                cover.encode() if entry.filename == "xl/worksheets/sheet1.xml" else part,
                zipfile.ZIP_DEFLATED,
            )
    return target.getvalue()


def workbook(definitions: Definitions, number: int, month: Period, seed: int = SEED) -> bytes:
    """The workbook of the n-th union: a cover and a sheet per form, with its mistake if any."""
    rows = content(definitions, number, month, seed)
    forms = forms_in(definitions, month, list(rows))
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"created": datetime(month.year, month.number, 1)})  # noqa: DTZ001
    look = Look(book)
    write_cover(book.add_worksheet("封面"), forms, number, month, look)
    for form in forms:
        write_form(book.add_worksheet(form.title[:31]), form, rows[form.code], number, month, look)
    book.close()
    return target.getvalue()


class Look:
    """The few cell formats of a filled-in report: frames, a wrapped header, amounts, days."""

    def __init__(self, book: Any) -> None:
        framed = {"border": 1, "font_name": "宋体", "font_size": 10}
        self.title = book.add_format({"bold": True, "font_size": 16, "align": "center"})
        self.line = book.add_format({"font_size": 9})
        self.head = book.add_format(
            {**framed, "bold": True, "text_wrap": True, "bg_color": "#F2E9E4", "align": "center"}
        )
        self.text = book.add_format({**framed, "num_format": "@"})
        self.whole = book.add_format({**framed, "num_format": "#,##0"})
        self.amount = book.add_format({**framed, "num_format": "#,##0.00"})
        self.day = book.add_format({**framed, "num_format": "yyyy-mm-dd"})

    def of(self, column: Column) -> Any:
        match column.type:
            case ColumnType.INT:
                return self.whole
            case ColumnType.DEC | ColumnType.PCT:
                return self.amount
            case ColumnType.DATE:
                return self.day
            case _:
                return self.text


def write_cover(sheet: Any, forms: Sequence[Form], number: int, month: Period, look: Look) -> None:
    """A cover as people type one: whose workbook it is, of which month, signed by whom."""
    newest = forms[0]
    lines = (
        ("填报单位编码", union_code(number)),
        ("填报单位", union_name(number)),
        ("所属期", month.chinese),
        ("表样版本", newest.edition),
        ("制定机关", newest.issuer),
        ("批准文号", newest.document),
        ("有效期至", newest.document_valid_to.isoformat()),
        *SIGNATURES.items(),
    )
    sheet.set_column(0, 1, 28)
    sheet.write_string(0, 0, "工会统计报表封面", look.title)
    for r, (label, value) in enumerate(lines, 2):
        sheet.write_string(r, 0, label, look.text)
        sheet.write_string(r, 1, value, look.text)


def write_form(
    sheet: Any, form: Form, rows: Sequence[Row], number: int, month: Period, look: Look
) -> None:
    """A form with its title lines, its labels in row HEADER_ROW and its rows below."""
    formats = [look.of(c) for c in form.columns]
    sheet.set_column(0, len(form.columns) - 1, 13)
    sheet.merge_range(0, 0, 0, min(7, len(form.columns) - 1), form.title, look.title)
    sheet.write_string(1, 0, f"表号：{form.code}", look.line)
    sheet.write_string(1, 3, f"所属期：{month.chinese}", look.line)
    sheet.write_string(2, 0, f"填报单位：{union_name(number)}", look.line)
    for p, column in enumerate(form.columns):
        sheet.write_string(HEADER_ROW - 1, p, column.label, look.head)
    for r, row in enumerate(rows, HEADER_ROW):
        for p, column in enumerate(form.columns):
            _write_cell(sheet, r, p, row.get(column.code), formats[p])
    sheet.freeze_panes(HEADER_ROW, 1)


def _write_cell(sheet: Any, row: int, p: int, value: Any, style: Any) -> None:
    if value is None:
        sheet.write_blank(row, p, None, style)
    elif isinstance(value, date):
        sheet.write_datetime(row, p, value, style)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, p, value, style)
    else:
        sheet.write_string(row, p, value, style)


def path_of(folder: Path, number: int) -> Path:
    """Where the workbook of the n-th union lies below a folder of workbooks."""
    return folder / f"{number // 1000:03d}" / f"{union_code(number)}.xlsx"


SHAPES = {"typed": workbook, "template": template_workbook}


def _make_some(folder: Path, numbers: Sequence[int], label: str, shape: str) -> None:
    definitions, month = load_definitions(), Period.parse(label)
    for number in numbers:
        target = path_of(folder, number)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(SHAPES[shape](definitions, number, month))


def make(
    folder: Path, count: int, month: Period, cores: int = 2, shape: str = "typed"
) -> list[Path]:
    """Write the workbooks of unions 1 to `count`; those that are there already are kept."""
    lots = [range(k + 1, count + 1, cores * 4) for k in range(cores * 4)]
    with ProcessPoolExecutor(cores) as pool:
        for job in [pool.submit(_make_some, folder, lot, month.label, shape) for lot in lots]:
            job.result()
    return [path_of(folder, n) for n in range(1, count + 1)]
