"""The workbook comes back marked, listed and explained; the marks of the last round are gone."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from definitions.model import Severity
from definitions.periods import Period
from expectations.findings import Finding
from pipelines.templates import TemplateOrganisation, template_bytes
from pipelines.verdict import (
    Explanation,
    Verdict,
    explanations_in,
    finding_key,
    returned_workbook,
    verdict_of,
)
from pipelines.verdict.marking import FILLS
from pipelines.verdict.review_sheet import HEADERS
from pipelines.workbook import MARK_AUTHOR, REVIEW_SHEET
from tests.builders import csv_text, patched, xls, xlsx

MARCH = Period.parse("2017-03")
AT = date(2017, 4, 3)
TABLE = [["会员月报", None], ["工会组织编码", "职工人数", "会员人数"], ["640205001", 420, 431]]


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return load_definitions()


def finding(
    severity: Severity = Severity.RETURN,
    row: int | None = 3,
    columns: tuple[int, ...] = (3, 2),
    rule: str = "V-R-001",
    **given: Any,
) -> Finding:
    place = {"form": "ORG-02", "sheet": "月报", "field": "members_total", "value": "431", **given}
    return Finding(
        rule, severity, "会员人数 431 大于职工人数 420", "请核对两项人数", row=row, columns=columns,
        **place,
    )  # fmt: skip


@pytest.fixture
def send_back(definitions: Definitions) -> Callable[..., bytes]:
    def back(original: bytes, *findings: Finding, format: str = "xlsx", **given: Any) -> bytes:
        return returned_workbook(
            original, format, findings, definitions=definitions, org_name="远山机械厂工会",
            period=MARCH, at=AT, due=date(2017, 4, 5), **given,
        )  # fmt: skip

    return back


def opened(data: bytes, **options: Any) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), **options)


def listed(data: bytes) -> list[dict[str, Any]]:
    """The rows of the review's table by header, blank as ''."""
    rows = [list(r) for r in opened(data)[REVIEW_SHEET].iter_rows(values_only=True)]
    header = next(i for i, r in enumerate(rows) if tuple(r) == HEADERS)
    return [{h: "" if v is None else v for h, v in zip(HEADERS, r, strict=True)}
            for r in rows[header + 1 :]]  # fmt: skip


def summary(data: bytes) -> str:
    sheet = opened(data)[REVIEW_SHEET]
    return "\n".join(str(sheet.cell(r, 1).value or "") for r in range(1, 12))


def shade(sheet: Worksheet, cell: str) -> str:
    return str(sheet[cell].fill.fgColor.rgb) if sheet[cell].fill.fill_type else ""


def explain_at(data: bytes, rule: str, text: str) -> bytes:
    """As the reporter does it: type into 说明 beside the finding of a rule, and save."""
    book = opened(data)
    sheet = book[REVIEW_SHEET]
    for row in range(1, sheet.max_row + 1):
        if sheet.cell(row, HEADERS.index("规则") + 1).value == rule:
            assert not sheet.cell(row, HEADERS.index("说明") + 1).protection.locked
            sheet.cell(row, HEADERS.index("说明") + 1).value = text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("severities", "explained", "expected"),
    [
        ([], False, Verdict.ACCEPTED),
        ([Severity.NOTICE], False, Verdict.ACCEPTED),
        ([Severity.NOTICE, Severity.EXPLAIN], False, Verdict.EXPLAIN),
        ([Severity.EXPLAIN], True, Verdict.ACCEPTED),
        ([Severity.EXPLAIN, Severity.RETURN], False, Verdict.RETURNED),
        ([Severity.RETURN], True, Verdict.RETURNED),
    ],
)
def test_verdict(severities: list[Severity], explained: bool, expected: Verdict) -> None:
    findings = [finding(s) for s in severities]
    keys = {finding_key(f) for f in findings} if explained else set()
    assert verdict_of(findings, keys) is expected


def test_every_cell_of_a_finding_is_filled_by_the_gravest(send_back: Any) -> None:
    back = send_back(
        xlsx({"月报": TABLE}),
        finding(Severity.EXPLAIN, columns=(2,), rule="V-P-001"),
        finding(Severity.RETURN),
        finding(Severity.NOTICE, columns=(1,), rule="V-C-014"),
    )
    sheet = opened(back)["月报"]
    assert shade(sheet, "A3") == FILLS[Severity.NOTICE]
    assert shade(sheet, "B3") == shade(sheet, "C3") == FILLS[Severity.RETURN]
    assert shade(sheet, "A2") == ""
    comment = sheet["B3"].comment
    assert comment.author == MARK_AUTHOR
    # Both findings of the cell, the graver first, each with what to do and its rule.
    assert comment.text.index("【退回】") < comment.text.index("【须说明】")
    assert comment.text.count("怎么改：请核对两项人数") == 2
    assert "V-R-001" in comment.text and "V-P-001" in comment.text
    assert "V-P-001" not in sheet["C3"].comment.text
    assert [sheet[c].value for c in ("A3", "B3", "C3")] == ["640205001", 420, 431]


def test_the_first_sheet_lists_findings_gravest_first_with_links(send_back: Any) -> None:
    back = send_back(
        xlsx({"封面": [["封面"]], "3月'月报": TABLE}),
        finding(Severity.NOTICE, row=None, columns=(), rule="V-F-006", sheet="", value=""),
        finding(Severity.EXPLAIN, rule="V-P-001", columns=(2,), sheet="3月'月报"),
        finding(Severity.RETURN, sheet="3月'月报"),
    )
    book = opened(back)
    assert book.sheetnames == [REVIEW_SHEET, "封面", "3月'月报"]
    assert book.active.title == REVIEW_SHEET
    rows = listed(back)
    assert [(r["序号"], r["等级"], r["单元格"], r["规则"]) for r in rows] == [
        (1, "退回", "C3", "V-R-001"),
        (2, "须说明", "B3", "V-P-001"),
        (3, "提示", "", "V-F-006"),
    ]
    assert rows[0]["项目"] == "会员人数" and rows[0]["填报值"] == "431"
    links = [c.hyperlink.location for r in book[REVIEW_SHEET].iter_rows() for c in r if c.hyperlink]
    assert links == ["'3月''月报'!C3", "'3月''月报'!B3"]
    said = summary(back)
    assert "退回修改" in said and "必须改正 1 处，需要说明 1 处，提示 1 处" in said
    assert "2017年4月5日" in said


def test_marks_of_the_last_round_go_and_what_they_covered_returns(send_back: Any) -> None:
    def dress(book: openpyxl.Workbook) -> None:
        sheet = book["月报"]
        sheet["A3"].fill = PatternFill("solid", fgColor="FFE4E4E4")
        sheet["B3"].fill = PatternFill("solid", fgColor=Color(theme=4, tint=0.6))
        sheet["C3"].fill = PatternFill("gray125")
        sheet["A2"].fill = PatternFill("solid", fgColor=Color(indexed=22))
        sheet["C3"].comment = Comment("数字以工资表为准\n见附件", "李敏")

    original = xlsx({"月报": TABLE}, dress)
    first = send_back(
        original, finding(columns=(3, 2, 1)), finding(row=2, columns=(1, 2), rule="V-F-004")
    )
    marked = opened(first)["月报"]
    assert {shade(marked, c) for c in ("A2", "B2", "A3", "B3", "C3")} == {FILLS[Severity.RETURN]}
    assert "数字以工资表为准" in marked["C3"].comment.text

    second = send_back(first, finding(Severity.NOTICE, row=2, columns=(3,), rule="V-C-014"))
    book, before = opened(second), opened(original)
    assert book.sheetnames == [REVIEW_SHEET, "月报"]
    sheet, was = book["月报"], before["月报"]
    for cell in ("A2", "B2", "A3", "B3", "C3"):
        assert sheet[cell].fill.fill_type == was[cell].fill.fill_type
        if was[cell].fill.fill_type == "solid":
            assert sheet[cell].fill.fgColor == was[cell].fill.fgColor
    assert [c.coordinate for r in sheet.iter_rows() for c in r if c.comment] == ["C2", "C3"]
    assert (sheet["C3"].comment.text, sheet["C3"].comment.author) == (
        "数字以工资表为准\n见附件", "李敏",
    )  # fmt: skip
    assert [r["规则"] for r in listed(second)] == ["V-C-014"]


def test_a_cell_moved_by_the_reporter_still_loses_its_mark(send_back: Any) -> None:
    first = opened(send_back(xlsx({"月报": TABLE}), finding()))
    sheet = first["月报"]
    for old, new in (("B3", "B5"), ("C3", "C5")):
        sheet[new].value, sheet[new].fill = sheet[old].value, sheet[old].fill.copy()
        sheet[old].value = None
    out = io.BytesIO()
    first.save(out)
    again = opened(send_back(out.getvalue()))["月报"]
    assert all(shade(again, c.coordinate) == "" for r in again.iter_rows() for c in r)
    assert not any(c.comment for r in again.iter_rows() for c in r)


def test_the_submitters_own_work_survives(send_back: Any) -> None:
    def dress(book: openpyxl.Workbook) -> None:
        sheet = book["月报"]
        sheet.merge_cells("A1:C1")
        sheet["D3"] = "=B3-C3"
        sheet["B3"].number_format = "#,##0"
        choice = DataValidation(type="list", formula1='"是,否"', sqref="E3:E9")
        sheet.add_data_validation(choice)
        sheet.protection.sheet = True
        sheet.column_dimensions["A"].width = 33
        sheet.freeze_panes = "B3"

    back = send_back(xlsx({"月报": TABLE}, dress), finding())
    sheet = opened(back)["月报"]
    assert sheet["D3"].value == "=B3-C3"
    assert sheet["B3"].number_format == "#,##0"
    assert [str(m) for m in sheet.merged_cells.ranges] == ["A1:C1"]
    (kept,) = sheet.data_validations.dataValidation
    assert (kept.formula1, str(kept.sqref)) == ('"是,否"', "E3:E9")
    assert sheet.protection.sheet and sheet.freeze_panes == "B3"
    assert sheet.column_dimensions["A"].width == 33


def test_drop_downs_in_excels_extension_and_results_of_formulas_survive(send_back: Any) -> None:
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
        '<x14:dataValidations xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" '
        'count="1"><x14:dataValidation type="list" allowBlank="1" showErrorMessage="1" '
        'error="请从列表选"><x14:formula1><xm:f>代码表!$A$1:$A$3</xm:f></x14:formula1>'
        "<xm:sqref>E3:E9</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
    )

    def dress(book: openpyxl.Workbook) -> None:
        book["月报"]["D3"], book["月报"]["E3"], book["月报"]["F3"] = "=B3-C3", '=""', "=B3/0"

    original = patched(
        xlsx({"月报": TABLE, "代码表": [["甲"], ["乙"], ["丙"]]}, dress),
        "xl/worksheets/sheet1.xml",
        lambda text: (
            text.replace("</worksheet>", extension + "</worksheet>")
            .replace("<f>B3-C3</f><v />", "<f>B3-C3</f><v>-11</v>")
            .replace("<f>B3-C3</f><v></v>", "<f>B3-C3</f><v>-11</v>")
            .replace('<c r="E3">', '<c r="E3" t="str">')
            .replace('<c r="F3"><f>B3/0</f><v />', '<c r="F3" t="e"><f>B3/0</f><v>#DIV/0!</v>')
            .replace('<c r="F3"><f>B3/0</f><v></v>', '<c r="F3" t="e"><f>B3/0</f><v>#DIV/0!</v>')
        ),
    )
    assert opened(original, data_only=True)["月报"]["D3"].value == -11
    back = send_back(original, finding())
    (kept,) = opened(back)["月报"].data_validations.dataValidation
    assert (kept.formula1, str(kept.sqref), kept.error) == (
        "代码表!$A$1:$A$3", "E3:E9", "请从列表选",
    )  # fmt: skip
    values = opened(back, data_only=True)["月报"]
    assert (values["D3"].value, values["F3"].value) == (-11, "#DIV/0!")
    assert opened(back)["月报"]["D3"].value == "=B3-C3"
    part = _part(back, "xl/worksheets/sheet2.xml")
    # Computed and empty is not the same as never computed.
    assert 't="str"' in part.split('r="E3"')[1].split(">")[0]


def _part(data: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read(name).decode()


def test_a_finding_inside_a_merge_marks_the_cell_that_is_seen(send_back: Any) -> None:
    original = xlsx({"月报": [*TABLE, [None, 30, 20]]}, lambda b: b["月报"].merge_cells("A3:A4"))
    sheet = opened(send_back(original, finding(row=4, columns=(1,))))["月报"]
    assert shade(sheet, "A3") == FILLS[Severity.RETURN] and sheet["A3"].comment
    assert shade(sheet, "A4") == ""


def test_explanations_come_back_and_are_carried_over(send_back: Any) -> None:
    jump = finding(Severity.EXPLAIN, columns=(2,), rule="V-P-001")
    first = send_back(xlsx({"月报": TABLE}), finding(), jump)
    assert explanations_in(first) == []
    resent = explain_at(first, "V-P-001", "  新并入两家企业，共 120 人 ")
    given = Explanation("V-P-001", "月报", "B3", "新并入两家企业，共 120 人", jump.value)
    assert explanations_in(resent) == [given]
    assert verdict_of([jump], {given.key}) is Verdict.ACCEPTED
    second = send_back(resent, jump)
    assert listed(second)[0]["说明"] == "新并入两家企业，共 120 人"
    assert explanations_in(second) == [given]


def test_explanations_are_read_from_no_other_sheet_and_no_other_file() -> None:
    rows = [["说明"], list(HEADERS), [1, "须说明", "月报", "B3", "", "", "", "", "V-P-001", "假的"]]
    assert explanations_in(xlsx({REVIEW_SHEET: rows})) == []
    assert explanations_in(b"not a workbook") == []


def test_a_submitters_own_sheet_of_that_name_is_left_alone(send_back: Any) -> None:
    back = send_back(xlsx({REVIEW_SHEET: [["上月审核意见"]], "月报": TABLE}), finding())
    assert opened(back).sheetnames == [f"{REVIEW_SHEET}（系统）", REVIEW_SHEET, "月报"]
    again = send_back(back, finding())
    assert opened(again).sheetnames == [f"{REVIEW_SHEET}（系统）", REVIEW_SHEET, "月报"]


def test_hostile_text_stays_text(send_back: Any) -> None:
    call = '=HYPERLINK("http://x","点我")'
    back = send_back(xlsx({"月报": TABLE}), finding(value=call, field="x"), finding(value="\x07坏"))
    sheet = opened(back)[REVIEW_SHEET]
    cells = [c for row in sheet.iter_rows() for c in row if c.value == call]
    assert [c.data_type for c in cells] == ["s"] and cells[0].quotePrefix
    assert [r["填报值"] for r in listed(back)] == [call, "坏"]
    converted = opened(send_back(csv_text([["a"], [call]]), finding(sheet="文本"), format="csv"))
    assert converted["文本"]["A2"].data_type == "s"


@pytest.mark.parametrize("format", ["xls", "csv"])
def test_other_formats_come_back_as_xlsx_with_the_same_addresses(
    send_back: Any, format: str
) -> None:
    name = "月报" if format == "xls" else "文本"
    rows = [[None, None, None], *TABLE]
    original = xls({name: rows}) if format == "xls" else csv_text(rows)
    back = send_back(original, finding(row=4, sheet=name), format=format)
    sheet = opened(back)[name]
    assert [str(sheet.cell(4, c).value) for c in (1, 2, 3)] == ["640205001", "420", "431"]
    assert shade(sheet, "C4") == FILLS[Severity.RETURN]
    assert "已转成 .xlsx 退回" in summary(back)
    # Sent on as .xls again, our own sheet is not taken along as theirs.
    assert opened(send_back(back, finding(row=4, sheet=name))).sheetnames == [REVIEW_SHEET, name]


def test_tables_the_reader_saw_stand_in_for_formats_we_do_not_open(send_back: Any) -> None:
    back = send_back(
        b"<html><table>...", finding(), format="html", tables=[("月报", TABLE), ("别/的", [[1.5]])]
    )
    assert opened(back).sheetnames == [REVIEW_SHEET, "月报", "别的"]
    assert shade(opened(back)["月报"], "C3") == FILLS[Severity.RETURN]


@pytest.mark.parametrize("format", ["xlsx", "pdf", "encrypted", "empty"])
def test_a_file_that_does_not_open_gets_the_review_alone(send_back: Any, format: str) -> None:
    unreadable = finding(row=None, columns=(), sheet="", field="", value="", rule="V-F-001")
    back = send_back(b"PK\x03\x04 broken", unreadable, format=format)
    assert opened(back).sheetnames == [REVIEW_SHEET]
    assert [r["规则"] for r in listed(back)] == ["V-F-001"]
    assert "只有这一页" in summary(back)


def test_what_the_reader_gave_up_on_is_not_opened_again(send_back: Any) -> None:
    back = send_back(xlsx({"月报": TABLE}), finding(row=None, columns=(), sheet=""), openable=False)
    assert opened(back).sheetnames == [REVIEW_SHEET]


def test_a_damaged_xlsx_is_not_said_to_be_another_format(send_back: Any) -> None:
    assert "转成" not in summary(send_back(b"PK\x03\x04 broken", finding()))


def test_thousands_of_findings_are_filled_all_and_listed_to_a_limit(send_back: Any) -> None:
    rows = [["工会组织编码"], *([f"{i}"] for i in range(4200))]
    many = [finding(row=i + 2, columns=(1,), field="org_code", value="") for i in range(4200)]
    back = send_back(xlsx({"月报": rows}), *many)
    sheet = opened(back)["月报"]
    assert {shade(sheet, f"A{r}") for r in range(2, 4202)} == {FILLS[Severity.RETURN]}
    assert sum(1 for (c,) in sheet.iter_rows() if c.comment) == 4000
    assert "有 200 个格子只变色" in summary(back)
    assert "另有 1200 处同类问题" in str(listed(back)[-1]["序号"])


def test_the_same_input_gives_the_same_bytes(send_back: Any) -> None:
    for original, format in ((xlsx({"月报": TABLE}), "xlsx"), (csv_text(TABLE), "csv")):
        assert send_back(original, finding(), format=format) == send_back(
            original, finding(), format=format
        )


def test_a_template_returned_twice_keeps_its_drop_downs_and_protection(
    send_back: Any, definitions: Definitions
) -> None:
    form = definitions.newest("AID-02")
    template = template_bytes(
        definitions, [form], TemplateOrganisation("1", "远山机械厂工会"), MARCH, {}, {}, AT
    )
    name = opened(template).sheetnames[1]
    there = finding(row=9, columns=(2,), sheet=name, form="AID-02", field="aid_kind", value="")
    twice = opened(send_back(send_back(template, there), there))
    before = opened(template)
    assert twice.sheetnames == [REVIEW_SHEET, *before.sheetnames]
    checks = {(v.type, v.formula1) for v in before[name].data_validations.dataValidation}
    assert {(v.type, v.formula1) for v in twice[name].data_validations.dataValidation} == checks
    assert twice[name].protection.sheet
    assert twice.defined_names["LIST_AID_KIND"].attr_text


@pytest.mark.render
def test_libreoffice_opens_what_we_return(send_back: Any, tmp_path: Path) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice (soffice) is missing: returned workbooks were not opened in it")
    jump = finding(Severity.EXPLAIN, columns=(2,), rule="V-P-001")
    grey = PatternFill("solid", fgColor="FFE4E4E4")
    first = send_back(
        xlsx({"月报": TABLE}, lambda b: setattr(b["月报"]["C3"], "fill", grey)), finding(), jump
    )
    source = tmp_path / "returned.xlsx"
    source.write_bytes(first)
    for kind in ("pdf", "xlsx"):
        ran = subprocess.run(
            ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless",
             "--convert-to", kind, "--outdir", str(tmp_path / "out"), str(source)],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert (tmp_path / "out" / f"returned.{kind}").exists(), ran.stdout + ran.stderr
    # Saved by another program, the marks are still recognised, and explanations still found.
    resaved = explain_at(
        (tmp_path / "out" / "returned.xlsx").read_bytes(), "V-P-001", "新并入两家企业"
    )
    assert [e.text for e in explanations_in(resaved)] == ["新并入两家企业"]
    clean = opened(send_back(resaved))["月报"]
    assert not any(c.comment for r in clean.iter_rows() for c in r)
    assert (shade(clean, "B3"), shade(clean, "C3")) == ("", "FFE4E4E4")
