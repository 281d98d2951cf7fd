"""The examples beside the columns of a form, as a clerk who copies them would hand them in.

For every form: its template with one row of its examples is read as typed, and no check objects.
"""

from __future__ import annotations

import io
import warnings
from datetime import date
from typing import Any

import openpyxl
import pytest

from definitions import Period
from definitions.calendars import Deadlines
from definitions.model import Column, ColumnType, Form
from pipelines.read import Document, Limits
from pipelines.read.document import read_document
from pipelines.templates import TemplateOrganisation, template_bytes
from pipelines.templates.form_sheet import sheet_name
from tests.checking import Accepted, check, definitions, workbook

# Nobody's own numbers stand in a definition, so what is personal has no example there.
PERSONAL = {
    "id_no": "11010519491231002X",  # the example number of GB 11643
    "phone": "13800000000",
    "bank_card": "6222000000000000000",
}
SIGNED = {"填报人": "李敏", "复核人": "王强", "单位负责人": "赵国庆", "填报日期": "2020-01-03"}
LATER = date(2099, 1, 1)
# One row says truly that its others are missing: the tasks that make up a hundred marks, the
# contest in which the certificate was won.
NEEDS_MORE = {"TGT-01": ["V-S-007"], "SKILL-03": ["V-X-019"]}


def typed(column: Column) -> Any:
    """The column's example as a reader would type it; None where the column shows none."""
    shown = column.example or PERSONAL.get(column.code, "")
    if not shown:
        return None
    if column.type.numeric:
        return float(shown)
    if column.type is ColumnType.BOOL:
        return shown == "是"
    return date.fromisoformat(shown) if column.type is ColumnType.DATE else shown


def filled(form: Form, period: Period, unit: str, row: dict[str, Any]) -> bytes:
    """The form's template with one row typed in and the cover signed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = template_bytes(
            definitions(),
            [form],
            TemplateOrganisation(unit, "示范工会"),
            period,
            {form.code: Deadlines(date(2020, 1, 10), date(2020, 1, 15), date(2020, 1, 20))},
            {},
            date(2019, 12, 25),
        )
    book = openpyxl.load_workbook(io.BytesIO(made))
    page = book[sheet_name(form)]
    header = next(r for r in range(1, 16) if page.cell(r, 1).value == form.columns[0].label)
    for place, column in enumerate(form.columns, start=1):
        value = row[column.code]
        shown = {True: "是", False: "否"}[value] if isinstance(value, bool) else value
        page.cell(header + 2, place).value = shown
        if column.derived:  # openpyxl keeps no results of the formulas in the rows left empty
            for empty in range(header + 3, page.max_row + 1):
                page.cell(empty, place).value = None
    for line in book["封面"].iter_rows():
        for cell in line:
            if cell.value in SIGNED:
                book["封面"].cell(cell.row, cell.column + 1).value = SIGNED[cell.value]
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("code", definitions().form_codes)
def test_the_examples_are_a_row_that_a_template_carries_and_checks_accept(code: str) -> None:
    form = definitions().newest(code)
    example = {c.code: typed(c) for c in form.columns}
    assert [c.label for c in form.columns if c.required and example[c.code] is None] == []
    # A turn of office is told in the months in which it falls.
    month = "03" if code == "CADRE-03" else "12"
    period = Period.parse(f"{form.valid_from.year}-{month}").within(form.period)
    unit = str(example["org_code"])
    handed_in = Document("k", filled(form, period, unit, example))
    read = read_document(handed_in, definitions(), {}, Limits())
    assert [(f.rule, f.cell, f.message) for f in read.findings] == []
    (found,) = read.sheets
    assert [v[0] for v in found.values] == list(example.values())
    (findings,) = check(
        workbook(found, org=unit, period=period.label),
        accepted=Accepted(unions=[unit]),
        received=LATER,
    )
    objections = [f for f in findings if f.severity != "提示"]
    said = [(f.rule, f.cell, f.message) for f in objections]
    assert [f.rule for f in objections] == NEEDS_MORE.get(code, []), said
