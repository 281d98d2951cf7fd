"""Every form of the definitions, on the whole way: made, filled in, read, checked, loaded, told.

Parametrised over what the loader finds, so a new form is tested the day it is written. The rows
are generated from the definition alone (samples/generate.py); nothing here names a form.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from definitions import Period, load_definitions
from definitions.catalogue import Definitions
from definitions.model import Column, Form, Severity
from definitions.organisations import Organisation
from expectations.findings import Finding
from pipelines import flow
from pipelines.flow.ground import engine
from pipelines.read import Document, Limits
from pipelines.read.document import read_document
from pipelines.small_cells import sensitive_columns
from pipelines.templates import TemplateOrganisation, template_bytes
from pipelines.templates.form_sheet import single_row
from pipelines.validate import validate
from pipelines.workbook import FormSheet, ReadWorkbook
from samples.entries import Row
from samples.generate import GenerationFailed, History, generate
from samples.registry import organisations, registry
from tests.acceptance import Outcome, hand_in, outcome_of, process_waiting, write_registry
from warehouse.current import current_rows
from warehouse.personal import data_key, reveal

MONTHS = ("2019-11", "2019-12")
"""The second ends a quarter, a half-year and the year: with it every kind of period is there."""
SIGNED = {
    "填报人": "李敏",
    "复核人": "王强",
    "单位负责人": "赵国庆",
    "联系电话": "0952-2012345",
    "填报日期": date(2020, 1, 4),
}
ROUNDED = 0.0101


@cache
def known() -> Definitions:
    return load_definitions()


@cache
def federation() -> tuple[Organisation, ...]:
    """A small federation: a few grassroots unions on both lines, and everyone above them."""
    everyone = {o.code: o for o in organisations()}
    wanted: dict[str, None] = {}
    todo = [u.code for u in registry().family("yongning")[:3]]
    todo += ["640300G00001", "640105J00001", "640200C00001"]
    while todo:
        code = todo.pop()
        if code not in wanted:
            wanted[code] = None
            todo += [p.parent for p in everyone[code].parents]
    return tuple(o for code, o in sorted(everyone.items()) if code in wanted)


TOP = "110000Z90001"


@cache
def generated() -> History | GenerationFailed:
    """Made once, also when that fails: every test would try again otherwise."""
    try:
        return generate(known(), federation(), MONTHS, seed=2019)
    except GenerationFailed as error:
        return error


def history() -> History:
    found = generated()
    if isinstance(found, GenerationFailed):
        raise found
    return found


@dataclass(frozen=True)
class Made:
    """A form in its period, its rows, and two workbooks of them: typed in, and with formulas."""

    form: Form
    period: Period
    rows: list[Row]
    typed: bytes
    computing: bytes


CODES = known().form_codes


@cache
def made(code: str) -> Made:
    period = Period.parse(MONTHS[-1]).within(known().newest(code).period)
    form = known().form(code, period)
    rows = history().tables[code, period.label]
    assert rows, f"nobody in the federation owes {code}"
    typed, computing = filled(form, period, rows)
    return Made(form, period, rows, typed, computing)


def filled(form: Form, period: Period, rows: Sequence[Row]) -> tuple[bytes, bytes]:
    """The template of the top federation with the rows typed in.

    The second workbook keeps the template's formulas where it has them.
    """
    top = next(o for o in federation() if o.code == TOP)
    carried = [{"org_code": r["org_code"]} for r in rows] if single_row(form) else []
    empty = template_bytes(
        known(), [form], TemplateOrganisation(top.code, top.name), period, {},
        {form.code: carried}, period.end,
    )  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(empty))
    for line in book.worksheets[0].iter_rows():
        for cell in line:
            if cell.value in SIGNED:
                book.worksheets[0].cell(cell.row, cell.column + 1).value = SIGNED[cell.value]
    sheet = book.worksheets[1]
    labels = [c.label for c in form.columns]
    header = next(
        n
        for n, line in enumerate(sheet.iter_rows(values_only=True), start=1)
        if list(line[: len(labels)]) == labels
    )
    computed = []
    for number, row in enumerate(rows, start=header + 2):
        for place, column in enumerate(form.columns, start=1):
            cell = sheet.cell(number, place)
            if str(cell.value or "").startswith("="):
                computed.append((cell, row[column.code]))
            else:
                cell.value = written(row[column.code])
    computing = saved(book)
    # no program computed the formulas of the second workbook, so none may be left in the first
    for line in sheet.iter_rows(min_row=header + 2):
        for cell in line:
            if str(cell.value or "").startswith("="):
                cell.value = None
    for cell, value in computed:
        cell.value = written(value)
    return saved(book), computing


def written(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    return value


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def read(data: bytes) -> ReadWorkbook:
    return read_document(Document("k", data), known(), {}, Limits())


def differences(form: Form, rows: Sequence[Row], sheet: FormSheet) -> list[str]:
    """Every cell that was not read as the row has it; computed cells may differ by a rounding."""
    said = []
    for place, column in enumerate(form.columns):
        for number, (row, value) in enumerate(zip(rows, sheet.values[place], strict=True)):
            if not same(column, row[column.code], value):
                said.append(f"row {number} {column.code}: {row[column.code]!r} read as {value!r}")
    return said


def same(column: Column, given: Any, value: Any) -> bool:
    if given is None or value is None:
        return given is value
    if column.type.numeric and column.derived:
        return abs(float(given) - float(value)) <= ROUNDED
    return bool(given == value)


@pytest.mark.parametrize("code", CODES)
def test_what_is_typed_into_the_template_is_read_value_for_value(code: str) -> None:
    book = made(code)
    answer = read(book.typed)
    assert [(f.rule, f.cell, f.message) for f in answer.findings] == []
    assert (answer.org_code, answer.period) == (TOP, book.period.label)
    (sheet,) = answer.sheets
    assert (sheet.form, sheet.edition) == (code, book.form.edition)
    assert differences(book.form, book.rows, sheet) == []


@pytest.fixture(scope="module")
def resaved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every workbook as LibreOffice saves it, converted in one go."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice (soffice) is missing: filled templates were not opened in it")
    folder = tmp_path_factory.mktemp("forms")
    for code in CODES:
        (folder / f"{code}.xlsx").write_bytes(made(code).computing)
    ran = subprocess.run(
        ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
         "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out"),
         *(str(folder / f"{code}.xlsx") for code in CODES)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert len(list((folder / "out").glob("*.xlsx"))) == len(CODES), ran.stdout + ran.stderr
    return folder / "out"


@pytest.mark.render
@pytest.mark.parametrize("code", CODES)
def test_it_is_read_value_for_value_after_libreoffice_saved_it(code: str, resaved: Path) -> None:
    book = made(code)
    answer = read((resaved / f"{code}.xlsx").read_bytes())
    assert [(f.rule, f.cell, f.message) for f in answer.findings] == []
    (sheet,) = answer.sheets
    assert differences(book.form, book.rows, sheet) == []


@cache
def found() -> dict[str, list[Finding]]:
    """What the checks say of each form's workbook, all of them sent by one federation."""
    books = {code: read(made(code).typed) for code in CODES}
    received = Period.parse(MONTHS[-1]).end + timedelta(days=4)
    answers = validate(list(books.values()), known(), history(), received)
    return dict(zip(books, answers, strict=True))


@pytest.mark.parametrize("code", CODES)
def test_generated_rows_break_no_rule(code: str) -> None:
    grave = [f for f in found()[code] if f.severity is not Severity.NOTICE]
    assert [(f.rule, f.cell, f.message) for f in grave] == []


# --- through the warehouse to the consolidated workbook --------------------------------------


@dataclass(frozen=True)
class Told:
    """What became of each form in the warehouse, and the workbooks of the closed period."""

    outcomes: dict[str, Outcome]
    rows: dict[str, pd.DataFrame]
    files: list[Path]


@pytest.fixture(scope="module")
def told(module_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("handed")
    registry_file = write_registry(folder / "units.yaml", [o.code for o in federation()])
    flow.register_organisations(str(registry_file), "2015-12-20T09:00:00")
    # what December is compared with, and what stands in the registers already
    before = []
    for (code, label), rows in history().tables.items():
        if label == MONTHS[0]:
            period = Period.parse(label)
            before.append(folder / f"{code} {label}.xlsx")
            before[-1].write_bytes(filled(known().form(code, period), period, rows)[0])
    hand_in(before, TOP, "2019-12-04T09:00:00")
    process_waiting("2019-12-04T09:30:00")
    paths = {}
    for code in CODES:
        paths[code] = folder / f"{code}.xlsx"
        paths[code].write_bytes(made(code).typed)
    hand_in(paths.values(), TOP, "2020-01-04T09:00:00")
    process_waiting("2020-01-04T09:30:00")
    # opened afterwards: letters of a year are locked long before it ends
    flow.open_period(MONTHS[-1], "2020-01-04T10:00:00")
    closed = flow.close_period(MONTHS[-1], "2020-05-04T09:00:00")
    with engine().connect() as connection:
        rows = {
            code: current_rows(connection, known(), code, [made(code).period.label])
            for code in CODES
        }
    return Told(
        {code: outcome_of(path) for code, path in paths.items()},
        rows,
        [Path(f) for f in closed["files"]],
    )


REGISTRY = "ORG-03"
"""Its rows move unions about: what the registry says against generated ones is right to be said."""
FILED = [code for code in CODES if code != REGISTRY]


def test_generated_moves_are_refused_by_the_registry_and_by_nothing_else(told: Told) -> None:
    outcome = told.outcomes[REGISTRY]
    assert outcome.state == "returned"
    returning = {f.rule for f in outcome.findings if f.severity == Severity.RETURN}
    assert returning
    assert all(rule.startswith("V-O-") for rule in returning)


@pytest.mark.parametrize("code", FILED)
def test_it_is_loaded_value_for_value(code: str, told: Told) -> None:
    book, key = made(code), data_key()
    assert told.outcomes[code].state != "returned", told.outcomes[code].places
    kept = told.rows[code].sort_values("row_no").to_dict("records")
    assert len(kept) == len(book.rows)
    for given, row in zip(book.rows, kept, strict=True):
        for column in book.form.columns:
            value = row[column.code]
            value = None if pd.isna(value) else value
            if isinstance(value, str) and column.personal:
                assert value != given[column.code]
                value = reveal(value, key)
            if isinstance(value, pd.Timestamp):
                value = value.date()
            assert same(column, given[column.code], value), column.code


@pytest.mark.parametrize("code", FILED)
def test_it_stands_in_a_consolidated_workbook(code: str, told: Told) -> None:
    book = made(code)
    (path,) = [f for f in told.files if f.name.startswith(f"{code} ") and "块" in f.name]
    lines = list(openpyxl.load_workbook(path, read_only=True)["数据"].values)
    # what would point at a few people is told in sums only, and the first sheet says so
    few = sensitive_columns(known(), code, Period.parse(MONTHS[-1]).end)
    columns = [c for c in book.form.columns if not c.personal and c.code not in few]
    header = next(n for n, line in enumerate(lines) if "单位编码" in line)
    assert sum(any(str(h or "").startswith(c.label) for h in lines[header]) for c in columns) == (
        len(columns)
    )
    hidden = [c.label for c in book.form.columns if c.code in few]
    assert not any(str(h or "").startswith(label) for label in hidden for h in lines[header])
    if few:
        about = str(list(openpyxl.load_workbook(path, read_only=True)["说明"].values))
        assert all(label in about for label in hidden)
    assert len(lines) - header - 1 == (0 if "rows" in few else len(book.rows))
