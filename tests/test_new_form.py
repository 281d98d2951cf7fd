"""A form that nobody has programmed: one YAML file takes it from template to download."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from definitions import load_definitions
from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.flow import ground
from pipelines.flow.ground import engine
from pipelines.places import places
from samples.registry import registry
from tests.acceptance import (
    SPRING,
    hand_in,
    marked_cells,
    outcome_of,
    process_waiting,
    query,
    returned_book,
    write_registry,
)
from warehouse.current import current_rows

FORM = """
code: CULT-09
title: 职工书屋建设使用月报表
work: W01
period: month
grain: 每个基层工会一行
edition: "2017"
valid_from: 2017-01-01
issuer: 示范总工会
document: 示总工办〔2016〕91号
document_valid_to: 2021-12-31
reporters: {levels: [基层]}
due: {months_after: 1, day: 5, check_day: 8, lock_day: 12, basis: 示总工办〔2016〕91号}
guidance: 期末数填本月最后一天的实有数。
columns:
- {code: org_code, label: 工会组织编码, aliases: [组织编码], type: code, kind: key, required: true}
- {code: books, label: 藏书册数, aliases: [藏书, 现有藏书], type: int, unit: 册, kind: stock,
   required: true, guidance: 月末实有, example: "1200"}
- {code: new_books, label: 本月新增册数, aliases: [新增册数], type: int, unit: 册, kind: flow,
   required: true, zero_words: true, guidance: 没有填0, example: "30"}
- {code: readers, label: 借阅人次, type: int, unit: 人次, kind: flow, required: true,
   example: "210"}
- {code: spent, label: 购书支出, type: dec, unit: 元, kind: flow, decimals: 2, example: "1500.00"}
- {code: opened_on, label: 建成日期, type: date, kind: attribute, example: "2014-05-01"}
- {code: open_evenings, label: 晚间是否开放, type: bool, kind: attribute, required: true,
   example: "是"}
rules:
- code: V-R-901
  layer: row
  severity: 退回
  check: new_books <= books
  columns: [new_books, books]
  title: 新增多于藏书
  message: 本月新增 {new_books} 册，多于藏书 {books} 册
  advice: 新增是藏书的一部分，请核对
  basis: 示总工办〔2016〕91号
  passes: [{row: {new_books: 30, books: 1200}}]
  fails: [{row: {new_books: 1201, books: 1200}}]
"""
COUNTY = "640121Z00001"
UNIONS = [u.code for u in registry().family("yongning")[:3]]
ROWS: dict[str, dict[str, Any]] = {
    UNIONS[0]: {"books": 1200, "new_books": 30, "readers": 210, "spent": 1500.5,
                "opened_on": date(2014, 5, 1), "open_evenings": "是"},
    UNIONS[1]: {"books": 800, "new_books": 900, "readers": 90, "spent": None,
                "opened_on": date(2015, 3, 8), "open_evenings": "否"},
    UNIONS[2]: {"books": 560, "new_books": 0, "readers": 45, "spent": 0,
                "opened_on": None, "open_evenings": "是"},
}  # fmt: skip


@pytest.fixture
def known(
    warehouse_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Definitions]:
    """The checkout's definitions and one more file, for every part of the flow."""
    path = tmp_path / "CULT-09.yaml"
    path.write_text(FORM, encoding="utf-8")
    monkeypatch.setattr(ground, "load_definitions", lambda: load_definitions(extra=[path]))
    ground.forget_definitions()
    yield ground.definitions()
    ground.forget_definitions()


def test_a_new_form_goes_from_template_to_download_without_code(
    known: Definitions, tmp_path: Path
) -> None:
    form = known.newest("CULT-09")
    flow.register_organisations(str(write_registry(tmp_path / "units.yaml", UNIONS)), SPRING)
    flow.open_period("2017-03", "2017-03-25T09:00:00")

    # The template has its sheet, a row for each union, and says what the form asks.
    template = openpyxl.load_workbook(places().templates / "2017-03" / f"{COUNTY}.xlsx")
    sheet, columns = sheet_of(template)
    assert columns.keys() == {c.label for c in form.columns}
    rows = row_of(sheet, columns)
    assert rows.keys() == set(UNIONS)

    # Filled in and handed in, its own rule finds the wrong cell.
    fill(template, sheet, columns, rows)
    path = tmp_path / "三月.xlsx"
    template.save(path)
    hand_in([path], COUNTY, "2017-04-05T09:00:00")
    process_waiting("2017-04-05T09:30:00")
    first = outcome_of(path)
    wrong = rows[UNIONS[1]]
    new, have = (f"{columns[c]}{wrong}" for c in ("本月新增册数", "藏书册数"))
    assert (first.state, first.places) == ("returned", [("V-R-901", new)])
    assert first.findings[0].message == "本月新增 900 册，多于藏书 800 册"
    book = returned_book(first)
    assert marked_cells(book) == {(sheet.title, new), (sheet.title, have)}

    # Mended in the workbook that came back, it is taken, every value with its cell.
    book[sheet.title][new] = 90
    again = tmp_path / "三月改.xlsx"
    book.save(again)
    hand_in([again], COUNTY, "2017-04-05T15:00:00")
    process_waiting("2017-04-05T15:30:00")
    second = outcome_of(again)
    assert (second.state, second.places) == ("accepted", [])
    with engine().connect() as connection:
        kept = current_rows(connection, known, "CULT-09", ["2017-03"]).set_index("org")
    assert kept["books"].to_dict() == {code: row["books"] for code, row in ROWS.items()}
    assert kept["new_books"].sum() == 30 + 90 + 0
    assert kept["spent"].isna().to_dict() == {code: code == UNIONS[1] for code in UNIONS}
    assert kept["row_no"].to_dict() == rows
    (filing,) = query("SELECT sheet, sheet_columns FROM filing WHERE form = 'CULT-09'")
    letters = [openpyxl.utils.get_column_letter(c) for c in filing.sheet_columns]
    assert (filing.sheet, letters) == (
        sheet.title,
        [columns[c.label] for c in form.columns],
    )

    # Closed, the month has its consolidated workbook, with coverage.
    closed = flow.close_period("2017-03", "2017-04-13T09:00:00")
    (download,) = [Path(f) for f in closed["files"] if "CULT-09" in f and "块" in Path(f).name]
    download_book = openpyxl.load_workbook(download)
    data = list(download_book["数据"].values)
    header = next(i for i, row in enumerate(data) if "藏书册数（册）" in row)
    at = {
        name: data[header].index(name) for name in ("单位编码", "藏书册数（册）", "购书支出（元）")
    }
    downloaded = {
        row[at["单位编码"]]: (row[at["藏书册数（册）"]], row[at["购书支出（元）"]])
        for row in data[header + 1 :]
    }
    assert downloaded == {code: (row["books"], row["spent"]) for code, row in ROWS.items()}
    sums = list(download_book["分上级小计"].values)
    books = next(row for row in sums if "单位数" in row or "藏书册数（册）" in row).index(
        "藏书册数（册）"
    )
    assert (sums[-1][0], sums[-1][books]) == ("合计", 1200 + 800 + 560)
    about = dict(row[:2] for row in download_book["说明"].values)
    assert about["报送情况"] == "应报3份，实报3份"


def sheet_of(book: Workbook) -> tuple[Worksheet, dict[str, str]]:
    """The sheet of the new form, and the letter of each of its labels."""
    (sheet,) = [s for s in book.worksheets if "CULT-09" in s.title]
    for row in sheet.iter_rows(max_row=15):
        labels = {str(c.value): c.column_letter for c in row if c.value}
        if "工会组织编码" in labels:
            return sheet, labels
    raise AssertionError("no header")


def row_of(sheet: Worksheet, columns: dict[str, str]) -> dict[str, int]:
    """Row of each union that the template names."""
    return {
        str(cell.value): cell.row
        for cell in sheet[columns["工会组织编码"]]
        if cell.value in UNIONS
    }  # fmt: skip


def fill(book: Workbook, sheet: Worksheet, columns: dict[str, str], rows: dict[str, int]) -> None:
    """Type the figures and the signatures; the sheets of other forms are taken out."""
    form = ground.definitions().newest("CULT-09")
    for code, row in ROWS.items():
        for column, value in row.items():
            sheet[f"{columns[form.column(column).label]}{rows[code]}"] = value
    codes = ground.definitions().form_codes
    for other in book.worksheets:
        if other is not sheet and other.title.split(" ")[0] in codes:
            book.remove(other)
    signed = {"填报人": "李敏", "复核人": "王强", "单位负责人": "赵国庆", "填报日期": "2017-04-05"}
    for line in book.worksheets[0].iter_rows():
        for cell in line:
            if cell.value in signed:
                book.worksheets[0].cell(cell.row, cell.column + 1).value = signed[cell.value]
