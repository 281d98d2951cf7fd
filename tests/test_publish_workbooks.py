"""Bulletin, consolidated workbook and manifest."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from publish_figures import CUTOFF, EXTRAS, definitions, month
from test_publish_review import section

from definitions.model import Form
from definitions.periods import Period
from pipelines.figures import CoverageRow
from pipelines.publish import Extras, bulletin, consolidated_workbook, write_publication
from pipelines.publish.bulletin import bulletin_document
from pipelines.publish.consolidated import PARENT, PARENT_CODE, UNIT_CODE, UNIT_NAME, Cut
from pipelines.publish.content import Column, Table, ordinal
from pipelines.publish.publication import Publication, file_title, read_manifest
from pipelines.publish.sheets import sheet_name
from pipelines.publish.sources import Source

FORM = Form.model_validate(
    {
        "code": "TRY-01",
        "title": "试用报表",
        "work": "W01",
        "period": "month",
        "grain": "每会一行",
        "edition": "2017",
        "valid_from": date(2017, 1, 1),
        "issuer": "示范总工会",
        "document": "示总工办〔2017〕1号",
        "document_valid_to": date(2020, 12, 31),
        "reporters": {},
        "due": {"basis": "例"},
        "columns": [
            {"code": "org_code", "label": "工会组织编码", "type": "code", "kind": "key"},
            {"code": "person", "label": "姓名", "type": "str", "kind": "attribute",
             "personal": "name"},
            {"code": "members", "label": "会员人数", "type": "int", "unit": "人", "kind": "stock",
             "required": True, "aliases": ["会员数"]},
            {"code": "paid", "label": "实缴", "type": "dec", "unit": "元", "kind": "flow"},
            {"code": "rate", "label": "比率", "type": "pct", "kind": "attribute"},
            {"code": "done", "label": "完成", "type": "bool", "kind": "attribute"},
            {"code": "day", "label": "日期", "type": "date", "kind": "attribute"},
            {"code": "remark", "label": "备注", "type": "text", "kind": "text"},
        ],
    }
)  # fmt: skip
CUT = Cut(FORM, Period.parse("2017-03"), "块", CUTOFF, "3f9a" * 16, "NX", "示范总工会")
ROWS = pd.DataFrame(
    {
        UNIT_CODE: ["640100000001", "640100000002", "640100000003"],
        UNIT_NAME: ["=甲工会", "+乙工会", "丙工会"],
        PARENT: ["甲区总工会", "乙区总工会", "甲区总工会"],
        PARENT_CODE: ["A", "B", "A"],
        "filing_id": [11, 12, 11],
        "row_no": [7, 5, 9],
        "org_code": ["640100000001", "640100000002", "640100000003"],
        "person": ["张某", "李某", "王某"],
        "members": [101, None, 102],
        "paid": [Decimal("0.10"), Decimal("0.20"), None],
        "rate": [91.96, None, 50.0],
        "done": [True, False, None],
        "day": [date(2017, 3, 1), None, date(2017, 3, 31)],
        "remark": ["=cmd|'/c calc'!A1", "http://example.invalid", "@SUM(A1)"],
    }
)
PLACES = {c.code: n for n, c in enumerate(FORM.columns, 1)}
SOURCES = {
    number: Source(
        "640100Z00001", "=报送工会", "2017-03", 2, name, "ab" * 32, sheet, CUTOFF, places
    )
    for number, name, sheet, places in (
        (11, "=甲.xlsx", "+表一", PLACES),
        (12, "乙.zip/乙.et", "表一", {c: p + 24 for c, p in PLACES.items() if c != "rate"}),
    )
}


def opened(rows: pd.DataFrame = ROWS, coverage: tuple[CoverageRow, ...] = ()) -> openpyxl.Workbook:
    content = consolidated_workbook(CUT, rows, definitions(), SOURCES, coverage)
    return openpyxl.load_workbook(io.BytesIO(content))


def column(book: openpyxl.Workbook, sheet: str, head: str) -> list[object]:
    heads = [c.value for c in book[sheet][3]]
    place = heads.index(head) + 1
    return [book[sheet].cell(r, place).value for r in range(4, book[sheet].max_row + 1)]


def test_text_stays_text_whatever_it_looks_like() -> None:
    book = opened()
    assert column(book, "数据", "备注") == list(ROWS["remark"])
    assert column(book, "数据", "单位名称") == ["=甲工会", "+乙工会", "丙工会"]
    assert column(book, "数据", "单位编码")[0] == "640100000001"
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert {c.data_type for c in cells if c.value is not None} <= {"s", "n", "d"}
    assert not any(c.hyperlink for c in cells)


def test_missing_values_stay_blank_and_are_not_added_as_zero() -> None:
    book = opened()
    assert column(book, "数据", "会员人数（人）") == [101, None, 102]
    assert column(book, "分上级小计", "上级工会") == ["甲区总工会", "乙区总工会", "合计"]
    assert column(book, "分上级小计", "会员人数（人）") == [101 + 102, None, 101 + 102]
    assert column(book, "分上级小计", "实缴（元）") == pytest.approx([0.1, 0.2, 0.3])


def test_parents_of_one_name_have_a_subtotal_each() -> None:
    book = opened(ROWS.assign(**{PARENT: "城关区总工会"}))
    assert column(book, "分上级小计", "上级工会") == ["城关区总工会", "城关区总工会", "合计"]
    assert column(book, "分上级小计", "会员人数（人）") == [101 + 102, None, 101 + 102]


def test_what_is_blank_is_no_cell_and_has_its_line_all_the_same() -> None:
    """One rule for a sheet instead of a cell for each of hundreds of thousands of blanks."""
    content = consolidated_workbook(CUT, ROWS, definitions(), SOURCES)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        page = book.read("xl/worksheets/sheet2.xml").decode()
    rows = page.partition("<sheetData>")[2].partition("</sheetData>")[0]
    cells = re.findall(r"<c [^>]*?(/?)>", rows.partition('r="4"')[2])
    assert cells
    assert "/" not in cells
    (ruled,) = openpyxl.load_workbook(io.BytesIO(content))["数据"].conditional_formatting
    assert str(ruled.sqref) == "A4:L6"
    (rule,) = ruled.rules
    assert rule.type == "containsBlanks"
    assert rule.dxf.border.bottom.style == "thin"


def test_every_cell_leads_to_a_cell_of_the_workbook_it_came_in() -> None:
    """来源 to the file and its layout, 列位 to the letter, 原表行 to the row."""
    book = opened()

    def original(row: int, head: str) -> tuple[object, ...]:
        source = int(str(column(book, "数据", "来源")[row]))
        place = column(book, "数据来源", "来源").index(source)
        file, sheet, layout = (
            column(book, "数据来源", h)[place] for h in ("原件文件名", "原件工作表", "列位")
        )
        line = column(book, "原表列位", "列位").index(layout)
        letter = column(book, "原表列位", head)[line]
        return file, sheet, f"{letter}{column(book, '数据', '原表行')[row]}"

    assert original(0, "会员人数（人）") == ("=甲.xlsx", "+表一", "C7")
    assert original(1, "会员人数（人）") == ("乙.zip/乙.et", "表一", "AA5")
    assert original(2, "实缴（元）") == ("=甲.xlsx", "+表一", "D9")
    assert column(book, "数据来源", "报送版次") == [2, 2]
    assert column(book, "数据来源", "数据行数") == [2, 1]
    assert column(book, "数据来源", "原件SHA-256") == ["ab" * 32] * 2
    assert column(book, "数据来源", "接收时间") == ["2018-01-20 10:30"] * 2
    assert column(book, "原表列位", "比率（%）") == ["E", "—"]
    assert "姓名" not in [c.value for c in book["原表列位"][3]]
    assert column(book, "分上级小计", "在“数据”表中") == ["第4行至第6行", "第5行", "第4行至第6行"]


def test_percentages_are_never_added() -> None:
    assert "比率（%）" not in [c.value for c in opened()["分上级小计"][3]]


def test_personal_columns_are_left_out_and_said_to_be() -> None:
    book = opened()
    for sheet in book:
        assert not any("张某" in str(c.value) for row in sheet.iter_rows() for c in row)
    about = dict(book["说明"].iter_rows(min_row=4, max_col=2, values_only=True))
    assert about["未导出的个人信息列"] == "姓名"
    assert about["数据截止"] == "2018年1月20日10:30"
    assert "姓名" not in column(book, "指标代码表", "表头")


def test_codebook_explains_every_exported_column() -> None:
    book = opened()
    assert column(book, "指标代码表", "字段代码") == [
        "org_code", "members", "paid", "rate", "done", "day", "remark",
    ]  # fmt: skip
    assert column(book, "指标代码表", "口径")[1] == "期末数"
    assert column(book, "指标代码表", "其他写法")[1] == "会员数"


def test_values_keep_their_kind() -> None:
    book = opened()
    assert column(book, "数据", "完成") == ["是", "否", None]
    days = column(book, "数据", "日期")
    assert str(days[0]).startswith("2017-03-01")
    sheet = book["数据"]
    formats = {sheet.cell(3, i).value: sheet.cell(4, i).number_format for i in range(1, 12)
               if sheet.cell(3, i).value}  # fmt: skip
    assert formats["会员人数（人）"] == "#,##0"
    assert formats["实缴（元）"] == "#,##0.00"
    assert formats["工会组织编码"] == "@"
    assert sheet.freeze_panes == "D4"


def test_rows_that_do_not_add_up_to_the_warehouse_are_refused() -> None:
    consolidated_workbook(CUT, ROWS, definitions(), SOURCES, totals={"members": Decimal(203)})
    with pytest.raises(ValueError, match="members: rows 203"):
        consolidated_workbook(CUT, ROWS, definitions(), SOURCES, totals={"members": Decimal(204)})


def test_a_form_nobody_sent_gives_an_empty_workbook_that_says_so() -> None:
    coverage = (CoverageRow("U1", "TRY-01", "2017-03", 2, 0, 0, 0, ("甲工会", "乙工会"), "甲区"),)
    book = opened(ROWS.iloc[:0], coverage)
    assert dict(book["说明"].iter_rows(min_row=4, max_col=2, values_only=True))["报送情况"] == (
        "应报2份，实报0份"
    )
    assert column(book, "缺报名单", "缺报单位") == ["甲工会", "乙工会"]
    assert book["数据"].max_row == 3


def test_consolidated_workbook_is_the_same_bytes_again() -> None:
    first, second = (consolidated_workbook(CUT, ROWS, definitions(), SOURCES) for _ in range(2))
    assert first == second


def test_overlong_text_is_cut_visibly() -> None:
    rows = ROWS.assign(remark=["长" * 40000, "", ""])
    remark = str(column(opened(rows), "数据", "备注")[0])
    assert len(remark) == 32767
    assert remark.endswith("（超长，已截断）")


def test_sheet_names_are_legal_and_distinct() -> None:
    assert sheet_name("甲/乙:丙[1]*?", []) == "甲·乙·丙·1···"
    long = "很" * 40
    assert len(sheet_name(long, [])) == 31
    assert sheet_name(long, [sheet_name(long, [])]).endswith("（2）")


def test_bulletin_names_who_is_missing_and_who_leads() -> None:
    document = bulletin_document(month(8), definitions(), EXTRAS)
    coverage = section(document, "B1")
    assert "应报报表51份，实报21份，报送率41.2%" in coverage
    assert "第8区县总工会缺报30份：第1基层工会、" in coverage
    assert "第20基层工会等30家。" in coverage
    assert "全部报表按时报送的单位7家：" in coverage
    headlines = section(document, "B2")
    assert "新发展会员数（人） 28 56 下降50.0% 14 增长100.0%" in headlines
    ends = section(document, "B3")
    assert "新发展会员数（人） 居前 1 第7区县总工会 7" in ends
    assert "新发展会员数（人） 靠后 7 第1区县总工会 1" in ends
    assert "第8区县总工会" not in ends  # nothing reported, so not the last
    assert "会员人数" not in ends  # a stock ranks by size
    assert "会员人数大于职工人数 退回 41 19" in section(document, "B4")


def test_bulletin_counts_whom_it_would_take_pages_to_name() -> None:
    figures = month(8)
    missing = tuple(f"第{n}厂工会" for n in range(1, 41))
    coverage = tuple(
        dataclasses.replace(c, expected=43, missing=missing) if c.unit != "NX" else c
        for c in figures.coverage
    )
    said = section(
        bulletin_document(dataclasses.replace(figures, coverage=coverage), definitions(), EXTRAS),
        "B1",
    )
    assert "第1区县总工会缺报40份，涉及40家；第2区县总工会缺报40份，涉及40家；" in said
    assert "缺报单位名单见附表。" in said
    assert "第1厂工会" not in said


def test_a_wide_number_takes_its_column_from_the_others() -> None:
    columns = (Column("单位", "left", 3.0), Column("人次"), Column("金额（元）"), Column("比上年"))
    few = Table("表", columns, (("甲", "1", "2", "3"),))
    assert few.shares() == [0.5, *[pytest.approx(1 / 6)] * 3]
    narrow = tuple(dataclasses.replace(c, weight=1.0) for c in columns) + (Column("其他"),) * 4
    row = ("甲", "1", "839,830,455.30", "3", *"4567")
    shares = Table("表", narrow, (row,)).shares()
    assert sum(shares) == pytest.approx(1)
    assert shares[2] > 1.3 / 8  # 14 digits of 9.5 pt, not broken and not over the next cell
    assert len(set(shares)) == 2


def test_hundreds_of_units_are_numbered_as_officials_count() -> None:
    told = {1: "一", 10: "十", 12: "十二", 20: "二十", 105: "一百零五", 110: "一百一十",
            480: "四百八十", 1000: "一千", 1005: "一千零五"}  # fmt: skip
    assert {n: ordinal(n) for n in told} == told


def test_bulletin_without_findings_says_so() -> None:
    document = bulletin_document(month(3), definitions(), Extras())
    assert section(document, "B4") == "本期审核未发现问题。"
    assert document.title == "示范总工会2017年3月工作数据通报"


def test_bulletin_is_the_same_bytes_again_and_lists_the_missing() -> None:
    first, second = (bulletin(month(), definitions(), EXTRAS) for _ in range(2))
    assert first.files == second.files
    book = openpyxl.load_workbook(io.BytesIO(first.files[2][1]))
    assert book["缺报名单"].max_row == 3 + 30


def small(*files: tuple[str, bytes]) -> Publication:
    return Publication(
        "R-03 月度通报", "通报", "NX", Period.parse("2017-03"), CUTOFF, "d" * 64, files
    )


def test_manifest_names_every_file_with_hash_and_size(tmp_path: Path) -> None:
    written = write_publication(tmp_path, small(("甲.txt", b"abc"), ("乙.txt", b"")))
    assert written == read_manifest(tmp_path)
    told = json.loads((tmp_path / "manifest.json").read_text())
    assert told["cutoff"] == "2018-01-20T02:30:00+00:00"
    assert told["files"][0] == {
        "name": "甲.txt",
        "sha256": hashlib.sha256(b"abc").hexdigest(),
        "size": 3,
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["manifest.json", "乙.txt", "甲.txt"]


def test_a_union_may_have_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    figures = month()
    unit = dataclasses.replace(figures.unit, name="甲/乙公司（A:B）工会")
    made = bulletin(dataclasses.replace(figures, unit=unit), definitions())
    files = write_publication(tmp_path / "out", made)
    assert "甲／乙公司（A：B）工会" in files[0].name
    assert {f.name for f in files} < {p.name for p in (tmp_path / "out").iterdir()}
    assert "甲/乙公司（A:B）工会" in made.title
    assert made.reference.encode() in dict(made.files)[f"{file_title(made.title)}.html"]
    assert len(file_title("名" * 300).encode()) <= 200


def test_publishing_again_replaces_and_removes_what_is_gone(tmp_path: Path) -> None:
    write_publication(tmp_path, small(("甲.txt", b"abc"), ("乙.txt", b"")))
    (tmp_path / "旁人.txt").write_text("not ours")
    write_publication(tmp_path, small(("甲.txt", b"new")))
    assert (tmp_path / "甲.txt").read_bytes() == b"new"
    assert not (tmp_path / "乙.txt").exists()
    assert (tmp_path / "旁人.txt").exists()


def test_a_publication_cut_short_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_publication(tmp_path, small(("甲.txt", b"old")))
    before = (tmp_path / "manifest.json").read_bytes()

    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_publication(tmp_path, small(("甲.txt", b"new")))
    assert (tmp_path / "manifest.json").read_bytes() == before
    assert (tmp_path / "甲.txt").read_bytes() == b"old"
