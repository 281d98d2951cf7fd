"""Whole workbooks as people spoil them: what is read, and exactly which findings come with it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import openpyxl
import pytest
from builders import cover_rows, csv_text, form_rows, patched, sample_rows, xls, xlsx
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from definitions.model import Form
from expectations.findings import Finding
from pipelines.read import Limits, name_key
from pipelines.read.document import Document, read_document
from pipelines.workbook import MARK_AUTHOR, REVIEW_MARK, REVIEW_SHEET, FormSheet, ReadWorkbook

NAMES = {
    name_key("示范机械厂工会"): ("640200-0031",),
    name_key("第一小学工会"): ("640200-0032", "640201-0007"),
}


@cache
def defs() -> Definitions:
    return load_definitions()


def form(code: str) -> Form:
    return defs().newest(code)


def rows_of(code: str, count: int = 1, **changes: Any) -> list[dict[str, Any]]:
    return [{**row, **changes} for row in sample_rows(form(code), defs().code_lists, count)]


def sheet_of(code: str, rows: Sequence[Mapping[str, Any]], **options: Any) -> list[list[Any]]:
    return form_rows(form(code), rows, **options)


def read(data: bytes, expected: str | None = None) -> ReadWorkbook:
    return read_document(Document("k", data, "附件2.xls", expected), defs(), NAMES, Limits())


def book(
    code: str = "ORG-02",
    rows: Sequence[Mapping[str, Any]] | None = None,
    *,
    change: Callable[[openpyxl.Workbook], None] | None = None,
    cover: Mapping[str, Any] | None = None,
    **options: Any,
) -> bytes:
    body = sheet_of(code, rows_of(code) if rows is None else rows, **options)
    return xlsx({"封面": cover_rows(**(cover or {})), "Sheet1": body}, change)


def codes(outcome: ReadWorkbook) -> list[tuple[str, str]]:
    return sorted((f.rule, f.cell) for f in outcome.findings)


def one(outcome: ReadWorkbook) -> FormSheet:
    (sheet,) = outcome.sheets
    return sheet


def values(sheet: FormSheet, column: str) -> list[Any]:
    return sheet.values[form(sheet.form).position[column]]


def only(outcome: ReadWorkbook) -> Finding:
    (finding,) = outcome.findings
    return finding


# --- the good ones ---------------------------------------------------------------------------


def test_a_clean_workbook_has_nothing_to_say() -> None:
    outcome = read(book(rows=rows_of("ORG-02", 3)), expected="2017-03")
    assert outcome.findings == []
    assert (outcome.period, outcome.org_code, outcome.failed) == ("2017-03", "640200-0031", False)
    sheet = one(outcome)
    assert (sheet.form, sheet.period, sheet.header_row) == ("ORG-02", "2017-03", 3)
    assert sheet.row_numbers == [4, 5, 6]
    assert values(sheet, "workers_total") == [128.0, 128.0, 128.0]
    assert sheet.columns == list(range(1, len(form("ORG-02").columns) + 1))


def cover_of(code: str) -> dict[str, str]:
    """A cover of a month in which the form is in force: March 2017, or of its first year."""
    year = max(2017, form(code).valid_from.year)
    return {
        "所属期": f"{year}年3月",
        "表样版本": form(code).edition,
        "有效期至": form(code).document_valid_to.isoformat(),
    }


def alike(code: str) -> set[str]:
    """Forms that ask for the same columns, so that only a title tells one from another."""
    labels = {c.label for c in form(code).columns}
    return {c for c in defs().form_codes if {x.label for x in form(c).columns} == labels} - {code}


@pytest.mark.parametrize("code", sorted({f.code for f in load_definitions().forms}))
def test_every_form_is_recognised_and_typed(code: str) -> None:
    outcome = read(book(code, rows_of(code, 2), cover=cover_of(code)))
    assert [f for f in outcome.findings if f.severity.rank == 0] == []
    sheet = one(outcome)
    assert sheet.form == code
    assert sheet.unreadable == set()
    assert None not in sheet.columns
    blank = [c.code for p, c in enumerate(form(code).columns) if None in sheet.values[p]]
    assert blank == []


@pytest.mark.parametrize("code", sorted({f.code for f in load_definitions().forms}))
def test_every_form_is_recognised_without_title(code: str) -> None:
    outcome = read(book(code, rows_of(code, 2), title=False, cover=cover_of(code)))
    twins = alike(code)
    assert one(outcome).form in {code, *twins}
    assert ("V-F-036" in {f.rule for f in outcome.findings}) == bool(twins)


def test_monthly_quarterly_and_yearly_forms_in_one_workbook() -> None:
    sheets = {c: sheet_of(c, rows_of(c)) for c in ("ORG-02", "INNO-01", "INNO-02")}
    outcome = read(xlsx({"封面": cover_rows(), **sheets}), expected="2017-03")
    assert [(s.form, s.period) for s in outcome.sheets] == [
        ("ORG-02", "2017-03"), ("INNO-01", "2017Q1"), ("INNO-02", "2017"),
    ]  # fmt: skip
    assert outcome.findings == []


def test_xls_et_and_csv_read_the_same_as_xlsx() -> None:
    rows = rows_of("SKILL-01", 2)
    body = sheet_of("SKILL-01", rows)
    expected = one(read(xlsx({"封面": cover_rows(), "a": body})))
    from_xls = read(xls({"封面": cover_rows(), "a": body}))
    assert from_xls.format == "xls"
    assert one(from_xls).values == expected.values
    assert from_xls.findings == []
    lines = [*cover_rows(), *body]
    for encoding in ("gb18030", "utf-8-sig", "utf-8", "utf-16"):
        outcome = read(csv_text(lines, encoding))
        assert one(outcome).values == expected.values, encoding
        assert outcome.findings == []
    assert one(read(csv_text(lines, "gb18030", "\t"))).values == expected.values


def test_traditional_characters_in_big5() -> None:
    header = ["工會組織編碼", "職工人數", "會員人數"]
    data = csv_text([["所屬期", "2017-03"], header, ["640200-0031", "128", "120"]], "big5")
    outcome = read(data)
    assert one(outcome).form == "ORG-02"
    assert values(one(outcome), "members_total") == [120.0]
    assert outcome.period == "2017-03"


# --- the cover -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["2017年3月", "2017年03月", "2017-03", "2017.3", "201703", 201703.0, "二〇一七年三月",
     "2017年3月份", "２０１７年３月", date(2017, 3, 1)],
)  # fmt: skip
def test_the_period_in_every_writing(written: Any) -> None:
    outcome = read(book(cover={"所属期": written}), expected="2017-03")
    assert outcome.period == "2017-03"
    assert outcome.findings == []


def test_a_quarter_written_as_a_range() -> None:
    for written in ("2017年1-3月", "2017年第一季度", "2017Q1", "2017年1月至3月"):
        outcome = read(book("INNO-01", cover={"所属期": written}), expected="2017-03")
        assert (outcome.period, one(outcome).period) == ("2017Q1", "2017Q1")
        assert outcome.findings == []


def test_a_quarter_on_the_cover_of_a_monthly_form_is_returned() -> None:
    assert codes(read(book(cover={"所属期": "2017年1-3月"}))) == [("V-F-010", "B8")]


def test_last_months_file_is_returned() -> None:
    outcome = read(book(cover={"所属期": "2017-02"}), expected="2017-03")
    assert codes(outcome) == [("V-F-010", "B8")]
    assert "2017年3月" in outcome.findings[0].message
    assert "2017年2月" in outcome.findings[0].message


def test_title_and_cover_contradict_each_other() -> None:
    body = sheet_of("ORG-02", rows_of("ORG-02"))
    body[0] = ["2017年2月会员与组织发展月报表"]
    assert codes(read(xlsx({"封面": cover_rows(), "a": body}))) == [("V-F-010", "A1")]


def test_no_period_anywhere() -> None:
    outcome = read(book(cover={"所属期": None}))
    assert codes(outcome) == [("V-F-011", "")]
    assert outcome.period is None
    assert len(outcome.sheets) == 1


def test_a_period_that_cannot_be_read() -> None:
    assert codes(read(book(cover={"所属期": "三月份"}))) == [("V-F-011", "B8")]


def test_a_number_that_may_be_january_or_october() -> None:
    assert codes(read(book(cover={"所属期": 2017.1}))) == [("V-F-011", "B8")]
    assert read(book(cover={"所属期": 2017.3})).period == "2017-03"


def test_the_period_may_stand_in_the_title_alone() -> None:
    body = sheet_of("ORG-02", rows_of("ORG-02"))
    body[0] = ["2017年3月会员与组织发展月报表"]
    outcome = read(xlsx({"封面": cover_rows(所属期=None), "a": body}))
    assert (outcome.period, outcome.findings) == ("2017-03", [])


def test_no_organisation_and_no_signatures() -> None:
    nobody = {"填报单位编码": None, "填报单位": None, "填报人": None, "单位负责人": ""}
    outcome = read(book(rows=rows_of("ORG-02", 2), cover=nobody))
    assert [f.rule for f in outcome.findings] == ["V-F-012", "V-F-005"]
    assert "填报人、单位负责人" in outcome.findings[1].message
    about_one = read(book(cover=nobody))
    assert about_one.org_code == "640200-0031"
    assert [f.rule for f in about_one.findings] == ["V-F-005"]


def test_the_name_of_the_unit_instead_of_its_code() -> None:
    outcome = read(book(cover={"填报单位编码": None}))
    assert (outcome.org_code, codes(outcome)) == ("640200-0031", [("V-N-021", "B6")])
    ambiguous = read(book(cover={"填报单位编码": None, "填报单位": "第一小学工会"}))
    assert codes(ambiguous) == [("V-F-022", "B6")]
    assert "640200-0032、640201-0007" in ambiguous.findings[0].message
    unknown = read(book(cover={"填报单位编码": None, "填报单位": "某某工会"}))
    assert codes(unknown) == [("V-F-023", "B6")]


def test_code_and_name_of_different_units() -> None:
    assert codes(read(book(cover={"填报单位编码": "640200-0099"}))) == [("V-F-034", "B6")]


def test_a_code_typed_as_a_number_on_the_cover() -> None:
    rows = rows_of("ORG-02", org_code=640200001.0)
    outcome = read(book(rows=rows, cover={"填报单位编码": 640200001.0, "填报单位": None}))
    assert outcome.org_code == "640200001"
    assert values(one(outcome), "org_code") == ["640200001"]
    assert codes(outcome) == [("V-N-009", "A4")]


def test_expired_and_incomplete_marks_of_the_form() -> None:
    assert codes(read(book(cover={"有效期至": "2016年12月31日"}))) == [("V-F-003", "B5")]
    assert codes(read(book(cover={"批准文号": None}))) == [("V-F-003", "B4")]


def test_a_wrong_form_code_or_edition() -> None:
    assert codes(read(book(cover={"表样版本": "2011"}))) == [("V-F-002", "B2")]
    body = sheet_of("ORG-02", rows_of("ORG-02"))
    body[1] = ["表号：AID-02"]
    assert codes(read(xlsx({"封面": cover_rows(), "a": body}))) == [("V-F-002", "A2")]


def test_the_cover_as_lines_above_the_table() -> None:
    lines = [
        ["会员与组织发展月报表"],
        ["填报单位（盖章）：示范机械厂工会　　所属期：2017年3月　　单位：人、元"],
        ["制定机关：示范总工会  批准文号：示总工办〔2015〕88号  有效期至：2020年12月31日"],
    ]
    body = sheet_of("ORG-02", rows_of("ORG-02"), title=False)
    foot = [
        ["填报人：李敏", None, "复核人：王强", None, "单位负责人：赵国庆", "填报日期：2017年4月3日"]
    ]
    outcome = read(xlsx({"Sheet1": [*lines, *body, *foot]}))
    assert codes(outcome) == [("V-N-021", "A2")]
    assert outcome.cover.values["filled_by"] == "李敏"
    assert outcome.cover.values["signed_by"] == "赵国庆"
    assert one(outcome).row_numbers == [5]


def test_an_empty_form_needs_a_zero_report() -> None:
    assert codes(read(book(rows=[]))) == [("V-F-025", "")]
    assert codes(read(book(rows=[], cover={"零报告": "是"}))) == []
    assert codes(read(book(cover={"零报告": "是"}))) == [("V-F-026", "")]
    assert codes(read(book(rows=[], cover={"零报告": "否"}))) == [("V-F-025", "")]
    assert codes(read(book("ORG-03", rows=[]))) == []  # handed in only when there is cause


# --- the header ------------------------------------------------------------------------------


def test_columns_may_be_moved_renamed_and_added() -> None:
    row = rows_of("ORG-02")[0]
    moved = ("org_code", "workers_total", "members_total")
    others = [c for c in form("ORG-02").columns if c.code not in moved]
    header = ["工会组织编码", "现有会员", "在 岗\n职 工", "我厂自用列", *(c.label for c in others)]
    line = [row["org_code"], 120.0, 128.0, "x", *(row[c.code] for c in others)]
    outcome = read(xlsx({"封面": cover_rows(), "a": [header, line]}))
    sheet = one(outcome)
    assert values(sheet, "members_total") == [120.0]
    assert values(sheet, "workers_total") == [128.0]
    assert sheet.columns[:2] == [1, 3]
    assert codes(outcome) == [("V-N-015", "D1")]
    assert "我厂自用列（D列）" in outcome.findings[0].message


def test_a_missing_required_column() -> None:
    outcome = read(book(omit=["workers_total", "members_f"]))
    assert codes(outcome) == [("V-F-004", "A3")]
    assert "职工人数、女会员人数" in outcome.findings[0].message
    assert values(one(outcome), "workers_total") == [None]


def test_a_column_twice() -> None:
    body = sheet_of("ORG-02", rows_of("ORG-02"))
    body[2].append("会员总数")
    body[3].append(7.0)
    assert [f.rule for f in read(xlsx({"封面": cover_rows(), "a": body})).findings] == ["V-F-032"]


def two_line_header(book: openpyxl.Workbook) -> None:
    sheet = book["a"]
    for span in ("A3:A4", "B3:D3", "E3:G3"):
        sheet.merge_cells(span)
    sheet.merge_cells("A1:G1")


TWO_LINES: list[list[Any]] = [
    ["会员与组织发展月报表"],
    ["填报单位：示范机械厂工会"],
    ["工会组织编码", "职工人数", None, None, "会员人数", None, None],
    [None, "合计", "其中：女", "其中：农民工", "合计", "女", "农民工"],
    ["640200-0031", 128.0, 56.0, 40.0, 120.0, 52.0, 36.0],
]


def test_a_header_of_two_merged_lines() -> None:
    outcome = read(xlsx({"封面": cover_rows(), "a": TWO_LINES}, two_line_header))
    sheet = one(outcome)
    assert (sheet.form, sheet.header_row, sheet.row_numbers) == ("ORG-02", 4, [5])
    got = {
        c: values(sheet, c)[0]
        for c in ("workers_total", "workers_f", "workers_migrant", "members_total", "members_f",
                  "members_migrant")
    }  # fmt: skip
    assert list(got.values()) == [128.0, 56.0, 40.0, 120.0, 52.0, 36.0]


def test_a_header_of_three_lines_with_a_line_that_only_says_of_which() -> None:
    lines = [
        *TWO_LINES[:3],
        [None, "合计", "其中", None, "合计", "其中", None],
        [None, None, "女", "农民工", None, "女", "农民工"],
        TWO_LINES[-1],
    ]

    def merge(book: openpyxl.Workbook) -> None:
        for span in ("A3:A5", "B3:D3", "E3:G3", "B4:B5", "C4:D4", "E4:E5", "F4:G4"):
            book["a"].merge_cells(span)

    sheet = one(read(xlsx({"封面": cover_rows(), "a": lines}, merge)))
    assert (sheet.header_row, sheet.row_numbers, sheet.totals) == (5, [6], [])
    assert values(sheet, "workers_f") == [56.0]
    assert values(sheet, "members_migrant") == [36.0]


def test_a_header_of_two_lines_without_merges_in_csv() -> None:
    lines = [[("" if v is None else v) for v in row] for row in TWO_LINES]
    sheet = one(read(csv_text([["所属期", "2017-03"], *lines])))
    assert values(sheet, "workers_f") == [56.0]
    assert values(sheet, "members_migrant") == [36.0]


def test_units_and_column_numbers_under_the_header_are_no_data() -> None:
    body = sheet_of("ORG-02", rows_of("ORG-02"))
    width = len(body[2])
    body.insert(3, ["甲", *(float(i) for i in range(1, width))])
    outcome = read(xlsx({"封面": cover_rows(), "a": body}))
    assert (one(outcome).row_numbers, outcome.findings) == ([5], [])


def test_the_header_is_found_below_fourteen_lines() -> None:
    body = [[f"说明第{i}条"] for i in range(1, 15)] + sheet_of(
        "ORG-02", rows_of("ORG-02"), title=False
    )
    assert one(read(xlsx({"封面": cover_rows(), "a": body}))).header_row == 15


def test_two_forms_on_one_sheet() -> None:
    body = [
        *sheet_of("ORG-02", rows_of("ORG-02")),
        [None],
        *sheet_of("AID-02", rows_of("AID-02", 2)),
    ]
    outcome = read(xlsx({"封面": cover_rows(), "a": body}))
    assert [(s.form, s.row_numbers) for s in outcome.sheets] == [
        ("ORG-02", [4]),
        ("AID-02", [9, 10]),
    ]
    assert outcome.findings == []


def test_other_sheets_are_ignored_and_listed() -> None:
    outcome = read(
        xlsx(
            {
                "封面": cover_rows(),
                "表一": sheet_of("ORG-02", rows_of("ORG-02")),
                "样表": sheet_of("ORG-02", rows_of("ORG-02", 1, workers_total=1.0)),
                "Sheet2": [["随手记", 3.0]],
                "Sheet3": [],
            }
        )
    )
    assert values(one(outcome), "workers_total") == [128.0]
    assert outcome.ignored_sheets == ["Sheet2", "样表"]
    assert [f.rule for f in outcome.findings] == ["V-N-016"]


def test_a_workbook_without_any_form() -> None:
    outcome = read(xlsx({"Sheet1": [["菜单", "价格"], ["面", 12.0]]}))
    assert (outcome.failed, [f.rule for f in outcome.findings]) == (
        True, ["V-F-013", "V-N-016"],
    )  # fmt: skip


def test_the_review_sheet_and_marks_of_the_last_round_are_not_read() -> None:
    def mark(workbook: openpyxl.Workbook) -> None:
        workbook["Sheet1"]["B4"].comment = Comment("会员人数大于职工人数", MARK_AUTHOR)
        sheet = workbook.create_sheet(REVIEW_SHEET, 0)
        sheet.append([REVIEW_MARK])
        sheet.append(["所属期", "2016-01"])

    assert read(book(change=mark)).findings == []


# --- rows ------------------------------------------------------------------------------------


def test_totals_notes_examples_and_blank_rows_are_no_data() -> None:
    body = sheet_of("AID-02", rows_of("AID-02", 2, amount=100.0))
    width = len(body[2])
    total: list[Any] = ["合计", *[None] * (width - 1)]
    total[form("AID-02").position["amount"]] = 200.0
    example = ["示例", *body[3][1:]]
    body = [
        *body[:3], example, body[3], [None] * width, body[2], body[4], total,
        ["填表说明：本表每月5日前报送"], ["1. 金额以元填报", "二、户数去重"],
    ]  # fmt: skip
    outcome = read(xlsx({"封面": cover_rows(), "a": body}))
    sheet = one(outcome)
    assert sheet.row_numbers == [5, 8]
    assert sheet.totals == [(9, {form("AID-02").position["amount"]: 200.0})]
    assert [f.rule for f in outcome.findings] == ["V-N-014", "V-N-020", "V-N-013"]


def test_rows_with_nothing_but_a_running_number_are_no_data() -> None:
    body = sheet_of("ORG-03", rows_of("ORG-03"))
    body += [[2.0], [3.0]]
    assert one(read(xlsx({"封面": cover_rows(), "a": body}))).row_numbers == [4]


def test_ditto_takes_the_value_above_among_words_only() -> None:
    rows = rows_of("AID-02", 2)
    rows[1] |= {"org_code": "同上", "aid_kind": "〃", "amount": "同上"}
    outcome = read(book("AID-02", rows))
    sheet = one(outcome)
    assert values(sheet, "org_code") == ["640200-0031", "640200-0031"]
    assert values(sheet, "aid_kind")[0] == values(sheet, "aid_kind")[1]
    assert values(sheet, "amount")[1] is None
    assert [f.rule for f in outcome.findings] == ["V-C-014", "V-N-004", "V-N-004"]
    assert (1, form("AID-02").position["amount"]) in sheet.unreadable


def test_merged_data_is_filled_inside_the_merge_among_words_only() -> None:
    def merge(workbook: openpyxl.Workbook) -> None:
        workbook["Sheet1"].merge_cells("A4:A6")
        workbook["Sheet1"].merge_cells("B4:B5")

    outcome = read(book("ORG-02", rows_of("ORG-02", 4), change=merge))
    sheet = one(outcome)
    assert values(sheet, "org_code") == [*["640200-0031"] * 3, "640200-0034"]
    assert values(sheet, "workers_total") == [128.0, None, 128.0, 128.0]
    assert codes(outcome) == [("V-F-030", "B5"), ("V-N-012", "A5")]


def test_hidden_rows_columns_and_sheets_are_read_and_asked_about() -> None:
    def hide(workbook: openpyxl.Workbook) -> None:
        workbook["Sheet1"].row_dimensions[5].hidden = True
        workbook["Sheet1"].column_dimensions["C"].hidden = True

    outcome = read(book(rows=rows_of("ORG-02", 2), change=hide))
    assert one(outcome).row_numbers == [4, 5]
    assert codes(outcome) == [("V-F-008", "A5"), ("V-F-008", "C3")]

    def hide_sheet(workbook: openpyxl.Workbook) -> None:
        workbook["Sheet1"].sheet_state = "hidden"

    assert codes(read(book(change=hide_sheet))) == [("V-F-008", "")]


def test_comments_and_colours_are_reported_back() -> None:
    def comment(workbook: openpyxl.Workbook) -> None:
        workbook["Sheet1"]["B4"].comment = Comment("含外包", "李敏")

    assert [f.rule for f in read(book(change=comment)).findings] == ["V-N-017"]
    body = sheet_of("ORG-02", rows_of("ORG-02"))
    body.insert(2, ["注：红色为本月新增"])
    assert [f.rule for f in read(xlsx({"封面": cover_rows(), "a": body})).findings] == ["V-N-017"]

    def paint(workbook: openpyxl.Workbook) -> None:
        workbook["Sheet1"]["A3"].fill = PatternFill("solid", "FFDDDDDD")

    assert read(book(change=paint)).findings == []


# --- cells in place --------------------------------------------------------------------------


def test_every_bad_cell_is_found_at_once_with_its_address() -> None:
    rows = rows_of("ORG-02", 3)
    rows[0] |= {"workers_total": "约200", "members_total": "120人"}
    rows[1] |= {"workers_f": "50余", "members_total": "1,120"}
    rows[2] |= {"org_code": 640200001.0, "members_total": "１２０"}
    outcome = read(book(rows=rows))
    assert codes(outcome) == [
        ("V-C-014", "B4"), ("V-C-014", "C5"),
        ("V-N-001", "F5"), ("V-N-002", "F4"), ("V-N-009", "A6"),
    ]  # fmt: skip
    told = {f.rule: f for f in outcome.findings if f.rule.startswith("V-N")}
    assert "2 处" in told["V-N-001"].message
    assert one(outcome).raw[0, 1] == "约200"
    assert one(outcome).unreadable == {(0, 1), (1, 2)}


def test_a_notice_that_many_columns_share_is_told_once() -> None:
    text = [{k: str(v) for k, v in row.items()} for row in rows_of("ORG-02", 2)]
    (finding,) = read(book(rows=text)).findings
    numbers = sum(c.type.numeric for c in form("ORG-02").columns)
    assert (finding.rule, len(finding.cells)) == ("V-N-001", numbers)
    assert f"等 {numbers} 列" in finding.message
    assert f"{numbers * 2} 处" in finding.message


def test_a_known_form_whose_header_is_lost() -> None:
    body = [["表号：ORG-02"], ["甲项", "乙项", "丙项"], ["x", 1.0, 2.0], ["y", 1.0, 2.0]]
    outcome = read(xlsx({"封面": cover_rows(), "a": body}))
    assert (outcome.failed, [f.rule for f in outcome.findings]) == (True, ["V-F-004"])


def test_error_cells_and_formulas_without_result() -> None:
    def spoil(workbook: openpyxl.Workbook) -> None:
        sheet = workbook["Sheet1"]
        sheet["B4"] = "#REF!"
        sheet["B4"].data_type = "e"
        sheet["C4"] = "=SUM(D4:E4)"

    outcome = read(book(change=spoil))
    assert codes(outcome) == [("V-F-019", "B4"), ("V-F-020", "C4")]
    assert "#REF!" in outcome.findings[0].message


def test_per_cent_formats_are_seen() -> None:
    rows = rows_of("ORG-03")
    column = form("ORG-03").column("split_ratio")
    at = form("ORG-03").position[column.code]
    rows[0][column.code] = 0.92

    def percent(workbook: openpyxl.Workbook) -> None:
        workbook["Sheet1"].cell(4, at + 1).number_format = "0.0%"

    seen = read(book("ORG-03", rows, change=percent))
    assert values(one(seen), column.code) == [92.0]
    assert [f.rule for f in seen.findings] == ["V-N-018"]
    plain = read(book("ORG-03", rows))
    assert values(one(plain), column.code) == [0.92]
    assert [f.rule for f in plain.findings] == ["V-F-027"]


def test_chinese_date_formats_are_dates() -> None:
    rows = rows_of("SKILL-01")

    def chinese(workbook: openpyxl.Workbook) -> None:
        at = form("SKILL-01").position["applied_on"] + 1
        workbook["Sheet1"].cell(4, at).value = 42799
        workbook["Sheet1"].cell(4, at).number_format = 'yyyy"年"m"月"d"日"'

    outcome = read(book("SKILL-01", rows, change=chinese))
    assert values(one(outcome), "applied_on") == [date(2017, 3, 5)]
    assert outcome.findings == []


@pytest.mark.parametrize("number", [27, 31, 57, 58])
@pytest.mark.parametrize("trap", ["", "<!-- -->"])
def test_the_date_formats_built_into_chinese_excel(number: int, trap: str) -> None:
    """Typing 2017年3月 gives such a date; the trap sends the sheet to the second reader."""

    def own(workbook: openpyxl.Workbook) -> None:
        workbook["封面"]["B8"] = 42795
        workbook["封面"]["B8"].number_format = 'yyyy"年"m"月"'
        workbook["Sheet1"]["B4"] = 42795
        workbook["Sheet1"]["B4"].number_format = 'yyyy"年"m"月"'

    data = book(change=own)
    styles = zipfile.ZipFile(io.BytesIO(data)).read("xl/styles.xml").decode()
    custom = re.findall(r'numFmtId="(16\d)" formatCode', styles)[0]
    data = patched(
        data,
        "xl/styles.xml",
        lambda t: re.sub(r"<numFmts.*?</numFmts>", "", t).replace(
            f'numFmtId="{custom}"', f'numFmtId="{number}"'
        ),
    )
    data = patched(data, "xl/worksheets/sheet2.xml", lambda t: t.replace("<v>", f"<v>{trap}", 1))
    outcome = read(data)
    assert outcome.period == "2017-03"
    assert codes(outcome) == [("V-C-014", "B4")]  # a date is not a number of workers
    assert "2017-03-01" in outcome.findings[0].message


def test_a_date_shown_as_a_number_on_the_cover() -> None:
    assert read(book(cover={"所属期": 42795.0, "填报日期": 42828.0})).period == "2017-03"


def test_ten_thousands_in_the_title_line_convert_with_a_notice() -> None:
    rows = rows_of("AID-02", 1, amount=13.5)
    body = sheet_of("AID-02", rows)
    body.insert(2, ["单位：万元"])
    outcome = read(xlsx({"封面": cover_rows(), "a": body}))
    assert values(one(outcome), "amount") == [135_000.0]
    assert {f.rule for f in outcome.findings} == {"V-N-003"}


def test_ten_thousands_in_the_column_header() -> None:
    outcome = read(
        book("AID-02", rows_of("AID-02", 1, amount=13.5), labels={"amount": "救助金额（万元）"})
    )
    assert values(one(outcome), "amount") == [135_000.0]
    assert [f.rule for f in outcome.findings] == ["V-N-003"]


def test_a_unit_that_does_not_convert() -> None:
    body = sheet_of("AID-02", rows_of("AID-02"))
    body.insert(2, ["单位：美元"])
    assert "V-F-009" in {f.rule for f in read(xlsx({"封面": cover_rows(), "a": body})).findings}


def test_a_form_of_two_money_units_is_not_scaled_by_its_title_line() -> None:
    body = sheet_of("INNO-01", rows_of("INNO-01", 1, benefit=5.0, prize_money=7.0))
    body.insert(2, ["金额单位：万元"])
    outcome = read(xlsx({"封面": cover_rows(), "a": body}))
    assert values(one(outcome), "benefit") == [5.0]
    assert values(one(outcome), "prize_money") == [7.0]
    assert [f.rule for f in outcome.findings] == ["V-F-033"]


def test_names_instead_of_codes_in_a_column_of_names() -> None:
    rows = rows_of("ORG-02")
    rows[0]["org_code"] = "示范机械厂工会"
    outcome = read(book(rows=rows, labels={"org_code": "单位名称"}))
    assert values(one(outcome), "org_code") == ["640200-0031"]
    assert codes(outcome) == [("V-N-008", "A4")]


def test_a_single_row_without_code_belongs_to_the_unit_on_the_cover() -> None:
    outcome = read(book(omit=["org_code"]))
    assert values(one(outcome), "org_code") == ["640200-0031"]
    assert [f.rule for f in outcome.findings] == ["V-N-019"]
    many = read(book(rows=rows_of("ORG-02", 2), omit=["org_code"]))
    assert [f.rule for f in many.findings] == ["V-F-004"]


def test_personal_values_are_never_quoted() -> None:
    rows = rows_of("SKILL-03", 2)
    rows[0] |= {"id_no": 1.1010519491231e17}
    names = [c.code for c in form("SKILL-03").columns if c.personal == "name"]
    rows[1] |= {names[0]: "欧阳 小凤"}
    at = form("SKILL-03").position[names[0]] + 1

    def merge(workbook: openpyxl.Workbook) -> None:
        workbook["Sheet1"].merge_cells(start_row=5, end_row=6, start_column=at, end_column=at)

    outcome = read(book("SKILL-03", [*rows, rows_of("SKILL-03")[0]], change=merge))
    assert values(one(outcome), names[0])[1:] == ["欧阳小凤", "欧阳小凤"]
    assert {f.rule for f in outcome.findings} == {"V-F-024", "V-C-013", "V-N-012"}
    for finding in outcome.findings:
        for text in (finding.message, finding.advice, finding.value):
            assert "欧阳" not in text
            assert "1101" not in text


def test_xls_tells_errors_hidden_rows_and_dates_too() -> None:
    body = sheet_of("SKILL-01", rows_of("SKILL-01", 2))

    def hide(workbook: Any) -> None:
        workbook.get_sheet(1).row(4).hidden = True

    outcome = read(xls({"封面": cover_rows(), "a": body}, hide))
    assert codes(outcome) == [("V-F-008", "A5")]
    assert values(one(outcome), "applied_on")[0].year == 2017


def test_a_thousand_bad_cells_do_not_bury_the_rest() -> None:
    rows = rows_of("ORG-02", 30, workers_total="约百")
    few = Limits(findings=10)
    outcome = read_document(Document("k", book(rows=rows)), defs(), NAMES, few)
    assert [f.rule for f in outcome.findings] == ["V-C-014"] * 10
    assert "另有 20 处" in outcome.findings[-1].message
    assert len(one(outcome).unreadable) == 30


def test_findings_come_gravest_first() -> None:
    rows = rows_of("ORG-02", 1, members_total="120人", workers_total="约1", org_code="640200-0031")
    ranks = [
        f.severity.rank for f in read(book(rows=rows, cover={"有效期至": "2016-01-01"})).findings
    ]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}
