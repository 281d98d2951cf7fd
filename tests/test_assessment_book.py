"""The assessment book: what stands on which sheet, that it opens, and that it is the same again."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest
from assessment_data import counties, homes, scheme

from pipelines.assess import AssessmentInputs, Unit, assess, assessment_book
from pipelines.assess.results import Adjustment

D = Decimal
CUTOFF = datetime(2018, 2, 27, 18, 0, tzinfo=UTC)  # 2 a.m. of the 28th in China


def book(*results, **changes) -> bytes:
    """The book of the year with everything but the results held fixed."""
    told = {
        "title": "2017年度目标责任考核结果汇编",
        "year": 2017,
        "cutoff": CUTOFF,
        "definitions_digest": "3f9a2c81d07b4e65",
        "federation": "示范市总工会",
        **changes,
    }
    return assessment_book(results[0], further=results[1:], **told)


@pytest.fixture(scope="module")
def fed():
    return assess(scheme("TRA-FED-2017"), counties())


@pytest.fixture(scope="module")
def stars():
    return assess(scheme("SWH-2017"), homes())


@pytest.fixture(scope="module")
def both(fed, stars):
    return book(fed, stars)


def opened(data: bytes):
    return openpyxl.load_workbook(io.BytesIO(data))


def texts(sheet) -> list[str]:
    return [str(c.value) for row in sheet.iter_rows() for c in row if c.value is not None]


def row_of(sheet, name: str) -> list[object]:
    """The first row that carries the name in its first two cells."""
    for row in sheet.iter_rows(values_only=True):
        if name in row[:2]:
            return list(row)
    raise AssertionError(f"{name} is not on {sheet.title}")


def test_the_sheets_stand_in_the_order_of_reading(both):
    assert opened(both).sheetnames == [
        "封面", "考核办法县区", "考核办法星级职工之家", "排名", "加分扣分", "群众评价",
        "01 青山县总工会", "02 临河区总工会", "03 永宁县总工会", "04 平川区总工会",
        "05 高新技术开发区总工会", "星级职工之家", "签字页",
    ]  # fmt: skip


def test_the_cover_says_what_the_marks_rest_on(both):
    cover = " ".join(texts(opened(both)["封面"]))
    for said in ("示范市总工会", "2018年2月28日", "3f9a2c81d07b4e65", "TRA-FED-2017", "待公示"):
        assert said in cover


def test_the_ranking_shows_blocks_adjustments_veto_total_grade_and_last_year(both):
    sheet = opened(both)["排名"]
    rank, name, targets, ratings, assessors, bonus, lost, veto, total, grade, before, why = row_of(
        sheet, "临河区总工会"
    )
    assert (rank, targets, ratings, assessors) == (2, 90.67, 90.41, 90.5)
    assert (bonus, lost, veto, total, grade, before) == (1, 0, "第 4 项", 91.6, "良好", 1)
    assert "市总工发〔2018〕5号" in why
    assert row_of(sheet, "高新技术开发区总工会")[0] == "—"
    assert "2017年7月接收划转" in row_of(sheet, "高新技术开发区总工会")[-1]


def test_a_score_sheet_tells_target_claim_computed_marks_and_reason(both):
    sheet = opened(both)["01 青山县总工会"]
    row = next(r for r in sheet.iter_rows(values_only=True) if r[1] == "师徒结对数（对）")
    assert row[2:8] == (1, 100, 278, 278, "过线按比例", 1)
    assert "完成 278.00%" in row[8]
    assert "溯源 2017-SKILL-15-U1" in row[9]
    said = " ".join(texts(sheet))
    assert "竞赛参赛率 92.31%，目标 92%，按阶梯计分：≥92% 得 2 分" in said
    assert "实得 48.2473 分 ÷ 应得 49 分 × 100 = 98.4639 分，权重 70%，计入总分 68.9248 分" in said


def test_what_does_not_apply_says_so_instead_of_a_mark(both):
    sheet = opened(both)["05 高新技术开发区总工会"]
    row = next(r for r in sheet.iter_rows(values_only=True) if r[1] == "创新工作室达标率")
    assert row[7] == "不适用"
    assert "分母为 0" in row[8]


def test_every_mark_of_the_result_stands_on_the_unit_sheet(fed, both):
    sheets = opened(both)
    for number, unit in enumerate(fed.units, 1):
        sheet = sheets[f"{number:02d} {unit.unit.name}"]
        shown = {(r[1], r[8]): r[7] for r in sheet.iter_rows(values_only=True) if r[7] is not None}
        for line in unit.block("targets").parts:
            if line.indicator and line.state.value == "计分":
                marks = [m for (name, _), m in shown.items()
                         if str(name).startswith(line.indicator.name)]  # fmt: skip
                assert marks == [float(round(line.marks, 2))]


def test_bonus_without_a_document_is_shown_and_not_counted(both):
    rows = list(opened(both)["加分扣分"].iter_rows(values_only=True))
    assert next(r[:6] for r in rows if r[2] == "全国工人先锋号") == (
        "青山县总工会",
        "国家级",
        "全国工人先锋号",
        "总工发〔2017〕12号",
        2,
        "计入",
    )
    refused = next(r for r in rows if r[2] == "劳动竞赛先进单位")
    assert refused[3:] == ("—", 0, "不计", "没有表彰文号，不予加分")
    false_report = next(r for r in rows if r[1] == "自报不实")
    assert "自报 520 人，系统核定 310 人，偏差 67.74%" in false_report[2]


def test_the_ratings_page_holds_counts_and_participation(both):
    row = row_of(opened(both)["群众评价"], "青山县总工会")
    assert row[1:10] == ["会员", "60%", 1410, 1370, 97.16, 1180, 130, 40, 20]


def test_places_and_days_are_told_as_people_tell_them(fed):
    places = "自评表!9；自评表!8、自评表!9、纪要1号"
    late = Adjustment("年报迟报", "《年报》2020-01-20 到期，逾期收到", places, D(1), True)
    beyond = Adjustment("超额完成", "师徒结对数超目标", "TRA-FED-2017", D(1), True)
    claim = replace(fed.units[0], bonus=(beyond,), deductions=(late,))
    sheet = opened(book(replace(fed, units=(claim,))))["加分扣分"]
    row = next(r for r in sheet.iter_rows(values_only=True) if r[1] == "年报迟报")
    assert row[2:4] == ("《年报》2020年1月20日到期，逾期收到", "自评表第8、9行、纪要1号")
    assert next(r for r in sheet.iter_rows(values_only=True) if r[1] == "超额完成")[3] == "考核办法"


def test_star_homes_show_three_parties_weights_participation_and_star(both):
    sheet = opened(both)["星级职工之家"]
    assert "会员评家 40%、所在单位评家 30%、上级工会评家 30%" in " ".join(texts(sheet))
    assert row_of(sheet, "富民食品有限公司工会委员会")[2:11] == [
        80, 90, 90, 300, 250, 83.33, 86, "四星", "四星",
    ]  # fmt: skip
    void = row_of(sheet, "宏达物流工会委员会")
    assert void[10:] == ["评家无效", "会员参评率 55.56%，低于 60%，评家无效"]


def test_the_method_page_names_weights_functions_and_what_waits(both):
    said = " ".join(texts(opened(both)["考核办法县区"]))
    for part in ("70%", "完成率低于 60% 不得分", "优秀", "一票否决", "待补项目", "MUT-01",
                 "四舍六入五成双", "不足 3 家的不排名次"):  # fmt: skip
        assert part in said


def test_a_provisional_result_is_marked_on_every_page_that_may_be_printed_alone():
    result = assess(scheme("TRA-FED-2017"), counties(assessors=False))
    sheets = opened(book(result))
    assert "暂定" in " ".join(texts(sheets["封面"]))
    assert "尚未采集，暂按 0 分计" in " ".join(texts(sheets["排名"]))
    for name in sheets.sheetnames[5:-1]:
        assert "（暂定）" in " ".join(texts(sheets[name]))


def test_nothing_is_printed_that_a_chair_could_not_read(both):
    for sheet in opened(both).worksheets:
        for text in texts(sheet):
            assert text not in ("None", "nan", "NaN")
            assert not any(word in text for word in ("None", "Decimal", "Fraction", "#", "{"))


def test_the_same_input_gives_the_same_bytes(fed, stars, both):
    assert book(fed, stars) == both
    assert book(fed, stars, cutoff=datetime(2018, 3, 1, tzinfo=UTC)) != both


def test_a_changed_figure_changes_the_book(both, stars):
    inputs = counties()
    figure = next(m for m in inputs.measurements if (m.unit, m.indicator) == ("U3", "I-HOME-02"))
    changed = replace(figure, value=figure.value + Decimal(1))
    others = tuple(m for m in inputs.measurements if m is not figure)
    inputs = replace(inputs, measurements=(*others, changed))
    assert book(assess(scheme("TRA-FED-2017"), inputs), stars) != both


def test_no_formula_no_macro_no_hidden_sheet(both):
    with zipfile.ZipFile(io.BytesIO(both)) as archive:
        assert not [n for n in archive.namelist() if "vba" in n.lower()]
    for sheet in opened(both).worksheets:
        assert sheet.sheet_state == "visible"
        assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")


def test_reported_text_stays_text():
    members = (Unit("U1", '=HYPERLINK("http://x")\'[工会]', "区县总工会", "区县级"),)
    inputs = AssessmentInputs(2017, members, counties().indicators)
    data = book(assess(scheme("TRA-FED-2017"), inputs))
    for sheet in opened(data).worksheets:
        assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]


def test_units_with_the_same_long_name_get_their_own_sheets():
    name = "某某省某某市某某区非公有制企业联合工会委员会（第一片区）筹备组"
    members = tuple(Unit(f"U{n}", name, "区县总工会", "区县级") for n in range(3))
    inputs = AssessmentInputs(2017, members, counties().indicators)
    names = opened(book(assess(scheme("TRA-FED-2017"), inputs))).sheetnames
    assert len({n for n in names if n[:2] in ("01", "02", "03")}) == 3
    assert max(map(len, names)) <= 31


def test_several_schemes_in_one_book_keep_their_pages_apart(fed):
    grass = assess(scheme("TRA-GRASS-2017"), counties())
    names = opened(book(fed, grass)).sheetnames
    assert {"排名县区", "排名基层", "群众评价县区", "群众评价基层"} <= set(names)


@pytest.mark.render
def test_libreoffice_opens_the_book_and_prints_every_page(both, tmp_path):
    office, pages = shutil.which("soffice"), shutil.which("pdftotext")
    if not office or not pages:
        pytest.skip("LibreOffice or poppler is not installed")
    (tmp_path / "book.xlsx").write_bytes(both)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path),
         str(tmp_path / "book.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    printed = subprocess.run(
        [pages, "-layout", str(tmp_path / "book.pdf"), "-"],
        check=True, capture_output=True, text=True, timeout=60,
    ).stdout  # fmt: skip
    for said in ("审定与签字", "2017年度星级职工之家评定结果", "青山县总工会"):
        assert said in printed
    assert "###" not in printed
