"""A template carries the form in its own words, checks what is typed, and looks the same twice."""

from __future__ import annotations

import io
import shutil
import subprocess
import warnings
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from definitions.calendars import Deadlines
from definitions.catalogue import Definitions
from definitions.expression import parse
from definitions.loading import load_definitions
from definitions.periods import Period
from pipelines.read import Document, Limits
from pipelines.read.document import read_document
from pipelines.templates import TemplateOrganisation, template_bytes
from pipelines.templates.derived import Inexpressible, RowFormula
from pipelines.templates.form_sheet import sheet_name
from pipelines.workbook import COVER_FIELDS
from tests.builders import sample_value

MARCH = Period.parse("2017-03")
ORG = TemplateOrganisation("640205001", "示范县远山机械厂工会")
AT = date(2017, 3, 25)
DUE = Deadlines(date(2017, 4, 5), date(2017, 4, 10), date(2017, 4, 12))


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return load_definitions()


def make(definitions: Definitions, *codes: str, **prefill: list[dict[str, Any]]) -> bytes:
    forms = [definitions.newest(c) for c in codes]
    rows = {k.replace("_", "-"): v for k, v in prefill.items()}
    with warnings.catch_warnings():
        # XlsxWriter drops what breaks a limit of Excel with no more than a warning.
        warnings.simplefilter("error")
        return template_bytes(definitions, forms, ORG, MARCH, dict.fromkeys(codes, DUE), rows, AT)


def opened(data: bytes, **options: Any) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), **options)


def header_of(sheet: Worksheet, first_label: str) -> int:
    return next(r for r in range(1, 16) if sheet.cell(r, 1).value == first_label)


def form_sheet(
    book: openpyxl.Workbook, definitions: Definitions, code: str
) -> tuple[Worksheet, int]:
    form = definitions.newest(code)
    sheet = book[sheet_name(form)]
    return sheet, header_of(sheet, form.columns[0].label)


def column_of(definitions: Definitions, code: str, column: str) -> int:
    return definitions.newest(code).position[column] + 1


def checks_at(sheet: Worksheet, row: int, column: int) -> list[Any]:
    cell = sheet.cell(row, column).coordinate
    return [v for v in sheet.data_validations.dataValidation if cell in v.sqref]


def test_every_form_has_a_sheet_with_its_labels_unaltered(definitions: Definitions) -> None:
    book = opened(make(definitions, *definitions.form_codes))
    assert book.sheetnames[0] == "封面"
    for code in definitions.form_codes:
        form = definitions.newest(code)
        sheet, header = form_sheet(book, definitions, code)
        labels = [sheet.cell(header, p).value for p in range(1, len(form.columns) + 1)]
        assert labels == [c.label for c in form.columns]
        assert len(sheet.title) <= 31
        # The reader takes a row that begins so for guidance, not for data.
        assert str(sheet.cell(header + 1, 1).value).startswith("填写说明：")
        assert sheet.protection.sheet and sheet.freeze_panes is not None


def test_the_cover_names_unit_and_period_as_label_and_value(definitions: Definitions) -> None:
    sheet = opened(make(definitions, "ORG-02", "FIN-01"))["封面"]
    labels = {label: field for field, names in COVER_FIELDS.items() for label in names}
    found: dict[str, Any] = {}
    places: dict[str, Any] = {}
    for row in sheet.iter_rows(max_row=12):
        for cell in row:
            if cell.value in labels:
                value = sheet.cell(cell.row, cell.column + 1)
                found.setdefault(labels[cell.value], value.value)
                places.setdefault(labels[cell.value], value)
    assert found == {
        "org_code": "640205001",
        "org_name": "示范县远山机械厂工会",
        "period": "2017年3月",
        "unit": "元",
        "edition": "2016",
        "filled_by": None,
        "reviewed_by": None,
        "signed_by": None,
        "filled_on": None,
        "phone": None,
        "zero_report": "否",
        "document": "示总工办〔2015〕88号",
        "valid_to": "2020-12-31",
        "issuer": "示范总工会",
    }
    open_fields = {f for f, cell in places.items() if not cell.protection.locked}
    assert open_fields == {
        "filled_by", "reviewed_by", "signed_by", "filled_on", "phone", "zero_report"
    }  # fmt: skip
    texts = [str(c.value) for row in sheet.iter_rows() for c in row if c.value]
    assert "2017-04-05" in texts
    assert any(definitions.digest[:12] in t and "FIN-01/2016" in t for t in texts)


def style_at(sheet: Any, row: int, column: int) -> Any:
    """The style that a typed value takes: the cell's own, or its column's where there is none."""
    own = sheet.cell(row, column)
    return own if own.has_style else sheet.column_dimensions[own.column_letter]


def test_one_row_per_union_is_prefilled_with_its_locked_code(definitions: Definitions) -> None:
    book = opened(make(definitions, "ORG-02", "SKILL-04"))
    sheet, header = form_sheet(book, definitions, "ORG-02")
    row = header + 2
    assert sheet.cell(row, 1).value == "640205001"
    assert sheet.cell(row, 1).protection.locked
    assert not sheet.cell(row, column_of(definitions, "ORG-02", "workers_total")).protection.locked
    assert sheet.cell(row + 1, 1).value is None
    ledger, header = form_sheet(book, definitions, "SKILL-04")
    below = {ledger.cell(r, 1).value for r in range(header + 2, header + 202)}
    assert below == {None}
    assert not style_at(ledger, header + 201, 1).protection.locked
    framed = [str(area.sqref) for area in ledger.conditional_formatting]
    assert framed == [f"A{header + 2}:{ledger.cell(header + 201, ledger.max_column).coordinate}"]


def test_last_periods_stocks_and_open_rows_are_carried_over(definitions: Definitions) -> None:
    book = opened(
        make(
            definitions,
            "ORG-02",
            "SKILL-04",
            ORG_02=[{"org_code": "640205001", "workers_total": 420, "members_total": 398}],
            SKILL_04=[
                {"pair_id": "JD-1", "signed_on": date(2016, 5, 1), "apprentice": "=1+1"},
                {"pair_id": "0012", "signed_on": date(2016, 6, 1)},
            ],
        )
    )
    sheet, header = form_sheet(book, definitions, "ORG-02")
    stock = sheet.cell(header + 2, column_of(definitions, "ORG-02", "workers_total"))
    assert (stock.value, stock.number_format, stock.protection.locked) == (420, "#,##0", False)
    ledger, header = form_sheet(book, definitions, "SKILL-04")
    signed = ledger.cell(header + 2, column_of(definitions, "SKILL-04", "signed_on"))
    assert (signed.value.date(), signed.number_format) == (date(2016, 5, 1), "yyyy-mm-dd")
    hostile = ledger.cell(header + 2, column_of(definitions, "SKILL-04", "apprentice"))
    assert (hostile.value, hostile.data_type) == ("=1+1", "s")
    assert ledger.cell(header + 3, 1).value == "0012"
    assert ledger.cell(header + 3, 1).number_format == "@"


def test_inputs_are_checked_by_type(definitions: Definitions) -> None:
    book = opened(make(definitions, "ORG-02", "AID-02", "SKILL-03", "HOME-01"))
    sheet, header = form_sheet(book, definitions, "ORG-02")
    (whole,) = checks_at(sheet, header + 2, column_of(definitions, "ORG-02", "workers_total"))
    assert (whole.type, whole.operator, whole.formula1) == ("whole", "greaterThanOrEqual", "0")
    assert "职工人数" in whole.promptTitle and "整数" in whole.error
    sheet, header = form_sheet(book, definitions, "AID-02")
    p = column_of(definitions, "AID-02", "amount")
    (money,) = checks_at(sheet, header + 2, p)
    cell = sheet.cell(header + 2, p).coordinate
    assert money.type == "custom" and f"ROUND({cell},2)={cell}" in money.formula1
    (kind,) = checks_at(sheet, header + 2, column_of(definitions, "AID-02", "aid_kind"))
    assert (kind.type, kind.formula1) == ("list", "LIST_AID_KIND")
    sheet, header = form_sheet(book, definitions, "SKILL-03")
    p = column_of(definitions, "SKILL-03", "id_no")
    assert style_at(sheet, header + 2, p).number_format == "@"
    (identity,) = checks_at(sheet, header + 2, p)
    assert (identity.type, identity.operator, identity.formula1) == ("textLength", "equal", "18")
    (day,) = checks_at(sheet, header + 2, column_of(definitions, "SKILL-03", "cert_date"))
    assert (day.type, day.formula2) == ("date", "TODAY()")


def test_drop_downs_offer_the_code_list(definitions: Definitions) -> None:
    book = opened(make(definitions, "AID-02"))
    (target,) = book.defined_names["LIST_AID_KIND"].destinations
    values = tuple(c.value for (c,) in book[target[0]][target[1].replace("$", "")])
    assert values == definitions.code_lists["AID_KIND"].values
    assert book[target[0]].sheet_state == "visible" and book[target[0]].protection.sheet


def test_a_derived_column_computes_itself_and_says_so(definitions: Definitions) -> None:
    data = make(definitions, "FIN-01", FIN_01=[{"org_code": "640205001", "payroll": 1_000_000.25}])
    p = column_of(definitions, "FIN-01", "due")
    sheet, header = form_sheet(opened(data), definitions, "FIN-01")
    cell = sheet.cell(header + 2, p)
    assert cell.value.startswith("=IF(") and cell.protection.locked
    shown, _ = form_sheet(opened(data, data_only=True), definitions, "FIN-01")
    assert shown.cell(header + 2, p).value == 20_000.01
    # Nothing paid yet: blank, and stored as a text as Excel does, not as never computed.
    arrears = sheet.cell(header + 2, column_of(definitions, "FIN-01", "arrears")).coordinate
    part = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet2.xml").decode()
    assert f'<c r="{arrears}"' in part
    assert 't="str"' in part.split(f'<c r="{arrears}"')[1].split(">")[0]


@pytest.mark.parametrize(
    ("text", "row", "formula", "value"),
    [
        ("a - b", {"a": 5, "b": 3}, "ROUND((A7-B7),2)", Decimal("2.00")),
        ("a - b", {"a": 5, "b": None}, "", None),
        ("total(a, b)", {"a": 5, "b": None}, "COUNT(A7,B7)=0", Decimal("5.00")),
        ("greatest(a - b, 0)", {"a": 1, "b": 3}, "MAX((A7-B7),0)", Decimal("0.00")),
        ("a * param.share / 100", {"a": 30}, "((A7*60)/100)", Decimal("18.00")),
        ("rate('table', a)", {"a": "二级"}, '{"二级",2000;"三级",500}', Decimal("2000.00")),
        ("rate('table', a)", {"a": "五级"}, "VLOOKUP", Decimal("0.00")),
        ("a / b", {"a": 1, "b": 0}, "IFERROR", None),
    ],
)  # fmt: skip
def test_formula_and_value_agree(text: str, row: dict[str, Any], formula: str, value: Any) -> None:
    parameters = {"share": 60, "table": {"二级": 2000, "三级": 500}}
    made = RowFormula(parse(text), 2, parameters.__getitem__)
    assert formula in made.excel({"a": "A7", "b": "B7"})
    assert made.value(row) == value


def test_a_stage_of_a_route_is_looked_up_in_the_sheet() -> None:
    route = {"于都": 60, "瑞金": 0, "湘江": 900}
    made = RowFormula(parse("stage('route', km)"), 0, {"route": route}.__getitem__)
    assert 'LOOKUP(A7,{0,60,900},{"瑞金","于都","湘江"})' in made.excel({"km": "A7"})
    assert [made.value({"km": x}) for x in (0, 59.9, 60, 5000, -1, None)] == [
        "瑞金", "瑞金", "于都", "湘江", None, None
    ]  # fmt: skip


def test_a_derived_column_that_no_formula_can_say_is_open_to_be_filled(
    definitions: Definitions,
) -> None:
    sheet, header = form_sheet(opened(make(definitions, "RIGHT-01")), definitions, "RIGHT-01")
    place = column_of(definitions, "RIGHT-01", "due_on")
    # openpyxl keeps neighbouring columns of one style under the letter of the first
    (column,) = [d for d in sheet.column_dimensions.values() if d.min <= place <= d.max]
    assert not column.protection.locked
    assert str(sheet.cell(header + 1, place).value).startswith("视情况必填")
    assert checks_at(sheet, header + 2, place)
    # The station of the walk is a formula, so its cell stays shut.
    sheet, header = form_sheet(opened(make(definitions, "CULT-04")), definitions, "CULT-04")
    station = sheet.cell(header + 2, column_of(definitions, "CULT-04", "station"))
    assert station.protection.locked and str(station.value).startswith("=IF(")


def test_what_arithmetic_cannot_say_is_left_to_the_system() -> None:
    made = RowFormula(parse("add_workdays(a, 10)"), 0, {}.__getitem__)
    with pytest.raises(Inexpressible):
        made.excel({"a": "A7"})


def test_the_same_input_gives_the_same_bytes(definitions: Definitions) -> None:
    assert make(definitions, "ORG-02", "AID-02") == make(definitions, "ORG-02", "AID-02")


@pytest.mark.render
def test_libreoffice_opens_it_and_computes_the_same(
    definitions: Definitions, tmp_path: Path
) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice (soffice) is missing: templates were not opened in it")
    source = tmp_path / "template.xlsx"
    source.write_bytes(
        make(definitions, "ORG-02", "FIN-01", FIN_01=[{"org_code": "1", "payroll": 1_000_000.25}])
    )
    converted = convert(source, tmp_path / "out", "xlsx")
    sheet, header = form_sheet(
        openpyxl.load_workbook(converted, data_only=True), definitions, "FIN-01"
    )
    assert sheet.cell(header + 2, column_of(definitions, "FIN-01", "due")).value == 20_000.01
    assert convert(source, tmp_path / "out", "pdf").stat().st_size > 5_000


def convert(source: Path, out: Path, kind: str) -> Path:
    """The file as LibreOffice converts it; fails with LibreOffice's own words."""
    ran = subprocess.run(
        ["soffice", f"-env:UserInstallation={(out / 'profile').as_uri()}", "--headless",
         "--convert-to", kind, "--outdir", str(out), str(source)],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    made = out / f"{source.stem}.{kind}"
    assert made.exists(), ran.stdout + ran.stderr
    return made


def test_a_filled_template_is_read_without_a_word(definitions: Definitions) -> None:
    data = make(definitions, "ORG-02", "AID-02", "SKILL-04")
    book = opened(data)
    signed = {
        "填报人": "李敏",
        "复核人": "王强",
        "单位负责人": "赵国庆",
        "联系电话": "0952-2012345",
        "填报日期": date(2017, 4, 3),
    }
    for row in book["封面"].iter_rows(max_row=12):
        for cell in row:
            if cell.value in signed:
                book["封面"].cell(cell.row, cell.column + 1).value = signed[cell.value]
    expected = {}
    for code in ("ORG-02", "AID-02", "SKILL-04"):
        form = definitions.newest(code)
        sheet, header = form_sheet(book, definitions, code)
        row = {c.code: sample_value(c, definitions.code_lists) for c in form.columns}
        row["org_code"] = ORG.code
        for p, column in enumerate(form.columns, start=1):
            sheet.cell(header + 2, p).value = row[column.code]
        expected[code] = [row[c.code] for c in form.columns]
    out = io.BytesIO()
    book.save(out)
    read = read_document(Document("k", out.getvalue()), definitions, {}, Limits())
    assert [(f.rule, f.cell, f.message) for f in read.findings] == []
    assert (read.org_code, read.period) == (ORG.code, "2017-03")
    assert {s.form: [v[0] for v in s.values] for s in read.sheets} == expected
