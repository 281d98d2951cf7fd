"""Official papers: one page each, every word on the page, the same bytes again."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docx
import pytest

from pipelines.assess.funding import FundedUnion, next_year
from pipelines.flow import assessment_book
from pipelines.flow.assessment_papers import _allocated, _rounding
from pipelines.flow.consequences import Money
from pipelines.publish.assessment_book import BookFacts, UnitPaper, book_paper, result_letter
from pipelines.publish.assessment_papers import (
    AuditFacts,
    FundingFacts,
    audit_report,
    funding_note,
    star_list,
)
from pipelines.publish.notices import Rectification, overdue_notice, rectification_notice
from pipelines.publish.official import word_of
from pipelines.publish.paper import Grid, Paper, Text, flat, title_lines
from pipelines.publish.paper_numbers import Numbers
from pipelines.publish.quoting import MONEY

AT = datetime(2021, 3, 15, tzinfo=UTC)
FEDERATION = "示范市总工会"

UNIT = UnitPaper(
    name="平川县总工会",
    group="区县总工会",
    rank="4",
    last_rank="2",
    blocks=(("目标任务（70%）", "55.59"), ("群众评价（20%）", "92.16"), ("考评组（10%）", "79.81")),
    bonus="1.00",
    deduction="2.50",
    vetoes=("工会经费未足额上缴",),
    total="63.82",
    grade="合格",
    reasons=("一票否决“工会经费未足额上缴”（示总工发〔2021〕5号），最高评为“良好”",),
    next_grade="距“良好”（80 分）还差 16.18 分；失分较多：按时报送率（影响总分 4.97 分）、"
    "年度建会目标完成率（影响总分 3.89 分）、年度发展会员目标完成率（影响总分 2.59 分）。",
    consequences=("发改进工作函，下年度经费系数 0.90",),
    adjusted_for=("扣分情况：年报迟报 0.50 分、自报不实 2.00 分。",),
)
NOTICE = Rectification(
    "平川县总工会", "审〔2021〕12号", "经费绩效审计发现问题 3 个，已整改 1 个", "经费绩效审计意见",
    date(2021, 5, 6), date(2021, 6, 5),
    ("2020年第三季度两笔支出凭证不全，金额 32,600 元。", "年初预算未经经费审查委员会审查。"), "12",
)  # fmt: skip


def papers() -> dict[str, Paper]:
    """One of each, as full as they come."""
    return {
        "R-02 通知单": result_letter(
            UNIT, federation=FEDERATION, scheme="县（区）总工会目标责任考核办法", year=2020,
            number="示总工考〔2021〕4号",
            issued=date(2021, 3, 15), appeal_days="如有异议，请于2021年3月22日前书面申诉。",
        ),
        "R-05": audit_report(
            AuditFacts(
                unit="平川县总工会", year=2020, number="示总工经审〔2021〕8号",
                notice_on=date(2021, 4, 12), start_on=date(2021, 4, 16),
                aspects=(("教育宣传", "15%", "54.00", "24.50", "3.00", "81.50", "78.00", "80.10"),
                         ("经费管理", "20%", "45.00", "20.00", "5.00", "70.00", "—", "72.35")),
                losses=("教育宣传活动规模 15 分，得 9.50 分：参加人数占会员数 19.00%。",),
                score="74.60", band="效益一般", last="2018年度，效益较差",
                problems=NOTICE.problems, state="整改结果须于2021年6月5日前报送，目前已整改 1 个。",
                issued=date(2021, 5, 6),
                comment_until="对本报告有意见的，请于收到之日起 10 日内书面提出。",
            ),
            "示范市总工会经费审查委员会",
        ),
        "R-06": star_list(
            federation=FEDERATION, year=2020, number="示总工发〔2021〕9号",
            weights="会员评家 50%、所在单位评家 25%、上级工会评家 25%",
            rows=[("1", "恒信机电集团工会委员会", "92.00", "91.00", "90.00", "88.85%", "91.25",
                   "五星")],
            parties=("会员评家", "所在单位评家", "上级工会评家"),
            counts="共评定 1 家，其中五星 1 家。", issued=date(2021, 3, 20),
        ),
        "R-07": rectification_notice(NOTICE, FEDERATION, "经审会办公室"),
        "R-07 督办": overdue_notice(
            NOTICE, FEDERATION, "经审会办公室", date(2021, 6, 17), date(2021, 6, 24)
        ),
        "R-08": funding_note(
            FundingFacts(
                federation=FEDERATION, year=2020, number="示总工财〔2021〕3号", base="500,000",
                total="2,500,000", rounding="合计以 1,000 元为单位，按最大余数法分配。",
                coefficients=(("优秀", "1.10"), ("良好", "1.00"), ("合格", "0.90")),
                allocations=(("机械冶金工会", "优秀", "1.10", "550,000", "550,000",
                              "“优秀”系数 1.10：500,000 × 1.10 = 550,000 元。"),),
                shares=(("平川县机械工会", "区县财政", "20,000", "10,000", "10,000",
                         "2020-05-20"),),
                shortfalls=("平川县机械工会：区县财政尚差 10,000 元。",),
                honours=("机械冶金工会",), talks=(), rectified=(), issued=date(2021, 3, 31),
            )
        ),
    }  # fmt: skip


def words(content: bytes) -> str:
    """Everything that a document says."""
    made = docx.Document(io.BytesIO(content))
    cells = [c.text for t in made.tables for row in t.rows for c in row.cells]
    return "\n".join([*(p.text for p in made.paragraphs), *cells])


@pytest.mark.parametrize("name", sorted(papers()))
def test_a_paper_says_number_addressee_issuer_and_day_and_is_the_same_again(name: str) -> None:
    paper = papers()[name]
    content = word_of([paper], paper.title, AT)
    assert content == word_of([papers()[name]], paper.title, AT)
    said = words(content)
    said += said.replace("\n", "")  # a long title is broken into two lines
    assert paper.issued is not None
    day = f"{paper.issued.year}年{paper.issued.month}月{paper.issued.day}日"
    for wanted in (paper.title, paper.number, f"{paper.addressee}：", paper.issuer, day):
        assert wanted in said
    assert "None" not in said


def test_clauses_are_counted_as_officials_count_them() -> None:
    said = words(word_of([papers()["R-07"]], "整改通知书", AT))
    for clause in ("一、存在的问题", "1. 2020年第三季度", "二、整改要求", "三、报送期限",
                   "2021年6月5日前"):  # fmt: skip
        assert clause in said


def test_a_warning_says_how_late_it_is() -> None:
    said = words(word_of([papers()["R-07 督办"]], "整改督办通知书", AT))
    assert "已逾期 12 日" in said
    assert "审〔2021〕12号（督）" in said


def letter_of(unit: UnitPaper) -> str:
    """What a unit is told of its result."""
    paper = result_letter(unit, federation=FEDERATION, scheme="办法", year=2020, number="一号",
                          issued=date(2021, 3, 15), appeal_days="")  # fmt: skip
    return words(word_of([paper], paper.title, AT))


def test_a_letter_says_what_points_were_taken_for_and_nothing_twice() -> None:
    said = letter_of(UNIT)
    assert "扣分情况：年报迟报 0.50 分、自报不实 2.00 分。" in said
    assert said.count("工会经费未足额上缴") == 1
    void = "会员参评率 59.50%，低于 60%，评家无效"
    assert (
        letter_of(replace(UNIT, vetoes=(), reasons=(void,), next_grade=f"{void}。")).count(
            "等次说明：会员参评率 59.50%"
        )
        == 1
    )
    # a veto that cost no grade is told all the same, with what it means
    told = "有一票否决情形“工会经费未足额上缴”（示总工发〔2021〕5号），最高评为“良好”"
    assert f"等次说明：{told}。" in letter_of(replace(UNIT, reasons=(), vetoes_told=(told,)))


@pytest.mark.parametrize(
    ("taken", "stage", "rulings", "appeals"),
    [
        (("自评", "核算"), "核算", "尚未经联合会审", "本版结果尚未公示。"),
        (("核算", "联合会审"), "联合会审", "尚未进行现场抽查", "本版结果尚未公示。"),
        (("联合会审", "现场抽查", "公示"), "公示", "", "截至编印时没有收到申诉。"),
        (("联合会审", "现场抽查", "公示", "待审定"), "待审定", "", ""),
    ],
)
def test_a_book_says_no_more_than_its_stage_allows(
    taken: tuple[str, ...], stage: str, rulings: str, appeals: str
) -> None:
    steps = tuple(SimpleNamespace(stage_to=s) for s in taken)
    shown: Any = SimpleNamespace(taken=steps, found=SimpleNamespace(stage=stage))
    told = assessment_book._nothing_changed(shown)
    assert rulings in told.get("no_rulings", "")
    assert ("no_rulings" in told) is bool(rulings)
    assert told.get("no_appeals", "") == appeals


def test_a_long_title_is_broken_after_a_word_and_never_in_brackets() -> None:
    assert title_lines("2020年度产业工会、系统（局、集团）工会目标责任考核结果汇编") == (
        "2020年度产业工会、系统（局、集团）", "工会目标责任考核结果汇编",
    )  # fmt: skip
    assert title_lines("关于2020年度考核结果运用和2021年度经费核定的说明")[0].endswith("和")
    assert title_lines("整改通知书") == ("整改通知书",)


def test_equal_neighbours_are_one_cell_of_six_rows_at_most() -> None:
    rows = tuple(("甲工会" if i < 8 else "乙工会", str(i)) for i in range(10))
    grid = Grid(("单位", "数"), (1, 1), rows, joined=1)
    assert grid.spans(0) == [6, 0, 0, 0, 0, 0, 2, 0, 2, 0]
    assert grid.spans(1) == [1] * 10
    made = docx.Document(io.BytesIO(word_of([Paper("表", FEDERATION, (grid,))], "表", AT)))
    table = made.tables[0]
    assert [r.cells[0].text for r in table.rows] == ["单位", *(name for name, _ in rows)]
    assert len({r.cells[0]._tc for r in table.rows}) == 4
    held = [r.cells[1].paragraphs[0].paragraph_format.keep_with_next for r in table.rows[1:]]
    assert held == [True] * 5 + [None, True, None, True, True]


def test_the_note_on_money_says_how_claims_became_amounts() -> None:
    unions = [FundedUnion(c, f"{c}工会", "良好" if c == "C" else "优秀") for c in "ABC"]

    def told(rate: str, pool: int | None) -> tuple[str, list[str]]:
        rates = {"优秀": Decimal(rate), "良好": Decimal(1)}
        shares = next_year(50_000, rates, unions, 1000, pool)
        money = Money(50_000, pool, 1000, rates, shares, (), ())
        tell = Numbers("TRA-IND-2019", "2020", "T", MONEY)
        notes = [flat(_allocated(tell, a, money)) for a in shares]
        return flat(_rounding(tell, money)), notes

    assert told("1.10", None) == ("", [*["50,000 × 1.10"] * 2, "50,000 × 1.00"])
    said, notes = told("1.05", None)
    assert said == "各单位应得合计 155,000 元，以 1,000 元为单位按最大余数法取整，合计不变。"
    assert notes[0] == "50,000 × 1.05"
    said, notes = told("1.10", 140_500)
    assert said.startswith("可安排经费总额 140,500 元，各单位应得合计 160,000 元，按应得比例分配")
    assert "不足 1,000 元的尾数 500 元计入应得最多的单位" in said
    assert sum(n.endswith("，另计尾数 500 元") for n in notes) == 1
    assert all(n.startswith("按比例为 ") for n in notes)


@pytest.mark.parametrize("count", [8, 9])
def test_a_book_does_not_begin_with_pages_of_remarks(count: int) -> None:
    notices = tuple(f"第{n}厂工会会员评价票不予采用：收回多于会员。" for n in range(count))
    book = book_paper(
        BookFacts(
            federation=FEDERATION, year=2020, title="结果汇编", scheme="办法", code="X", digest="0",
            edition="第 1 版", cause="公示", cutoff="2021年1月1日", definitions="0", method=(),
            groups=(("区县总工会", "1", (UNIT,)),), units="1",
                grades=(("优秀", "1"),), adjustments=(), ratings=(), sample=("未抽查。", ()),
            rulings=(), appeals=(), course=(), notices=notices,
        )
    )  # fmt: skip
    told = [p.text for p in book.parts if isinstance(p, Text)]
    assert ("另有数据说明 9 条，列于评分明细之后。" in told) == (count == 9)
    place = told.index(f"9. {notices[-1]}" if count == 9 else notices[-1])
    assert (place > len(told) / 2) == (count == 9)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_letters_and_notices_take_one_page_each(tmp_path: Path) -> None:
    line = "本件编号R02-Q6LOIFGE，数字编为1219至1245号，可在系统“查数”中逐级查到单元格。"
    chosen = [
        replace(papers()[n], quoting=line)
        for n in ("R-02 通知单", "R-07", "R-07 督办", "R-06", "R-02 通知单")
    ]
    file = tmp_path / "papers.docx"
    file.write_bytes(word_of(chosen, "公文", AT))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/lo", "--headless", "--convert-to",
         "pdf", "--outdir", str(tmp_path), str(file)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    told = subprocess.run(
        ["pdfinfo", str(tmp_path / "papers.pdf")], check=True, capture_output=True, text=True
    )
    assert f"Pages:           {len(chosen)}" in told.stdout
