"""The year-end review says what the figures say, in words an official would sign."""

from __future__ import annotations

import dataclasses
import io
import re
from decimal import Decimal

import docx
import openpyxl
import pytest
from publish_figures import (
    COUNTS,
    CUTOFF,
    EXTRAS,
    PARAMETERS,
    QTX,
    SZSG,
    YC,
    Unit,
    definitions,
    year,
)

from definitions.measures import Indicator
from pipelines.figures import BLOCK, CoverageRow, Figure, Figures, change_words, display
from pipelines.publish import Extras, Publication, review
from pipelines.publish.content import (
    LYING_WIDTH,
    TEXT_WIDTH,
    Chart,
    Document,
    Number,
    Paragraph,
    Section,
    Table,
    ordinal,
)
from pipelines.publish.page import offline
from pipelines.publish.review import review_document
from pipelines.publish.telling import Teller
from pipelines.publish.unit_tables import MOVED, unit_table
from pipelines.small_cells import OWN

MARK = docx.oxml.ns.qn("w:bookmarkStart")
LINK = docx.oxml.ns.qn("w:hyperlink")


def percent(code: str = "I-SKILL-10") -> Indicator:
    return definitions().indicators[code]


def text_of(section: Section) -> str:
    """Everything a reader of the section reads, tables included."""
    words = []
    for block in section.blocks:
        match block:
            case Paragraph():
                words.append("".join(r.text if isinstance(r, Number) else r for r in block.runs))
            case Table():
                words.append(block.title)
                words.append(" ".join(c.label for c in block.columns))
                for row in block.rows:
                    words.append(" ".join(c.text if isinstance(c, Number) else c for c in row))
                words.append(block.note)
            case Chart():
                words.append(block.title)
            case _:
                words.append(block.text)
    return "\n".join(words)


def section(document: Document, code: str) -> str:
    return text_of(next(s for s in document.sections if s.code == code))


@pytest.fixture(scope="module")
def document() -> Document:
    return review_document(year(), definitions(), EXTRAS)


@pytest.fixture(scope="module")
def published() -> Publication:
    return review(year(), definitions(), EXTRAS)


@pytest.mark.parametrize(
    ("now", "before", "unit", "words"),
    [
        ("107.1", "100", "人", "增长7.1%"),
        ("90", "100", "人", "下降10.0%"),
        ("100.5", "100", "人", "基本持平"),
        ("100.51", "100", "人", "增长0.5%"),
        ("100", "100", "人", "持平"),
        ("92", "90.8", "%", "提高1.2个百分点"),
        ("90", "92", "%", "降低2.0个百分点"),
        ("92", "92", "%", "持平"),
        ("2000", "100", "人", "增长19.0倍"),
        ("5", "0", "人", ""),
        ("5", "-3", "人", "增加"),
        ("0", "4", "人", "下降100.0%"),
    ],
)
def test_change_is_told_in_the_words_of_official_documents(
    now: str, before: str, unit: str, words: str
) -> None:
    indicator = percent().model_copy(update={"unit": unit})
    assert change_words(Decimal(now), Decimal(before), indicator, Decimal("0.5")) == words


def test_nothing_is_compared_with_a_year_nobody_reported() -> None:
    assert change_words(Decimal(5), None, percent(), Decimal("0.5")) == ""
    assert change_words(None, Decimal(5), percent(), Decimal("0.5")) == ""


def test_values_are_printed_with_their_decimals_and_whole_money_without() -> None:
    money = percent().model_copy(update={"unit": "元"})
    assert display(Decimal("1300000"), money) == "1,300,000"
    assert display(Decimal("1300000.5"), money) == "1,300,000.50"
    assert display(Decimal(366) / Decimal(398) * 100, percent()) == "91.96"
    assert display(Decimal("0.125"), percent()) == "0.13"
    assert display(None, percent()) == "—"


def test_ordinals_count_as_chinese_documents_do() -> None:
    assert [ordinal(n) for n in (1, 10, 12, 20, 21)] == ["一", "十", "十二", "二十", "二十一"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("R06", "培训职工300,184人次"),
        ("R06", "银川市总工会培训职工300,000人次"),
        ("R06", "举办劳动竞赛和技能大赛120场"),
        ("R06", "参赛职工260,000人"),
        ("R06", "参赛率92.00%"),
        ("R06", "取得职业技能等级证书的职工37,000人"),
        ("R06", "通过大赛获得高级职业资格3,725人"),
        ("R06", "遴选名师156人，师徒结对278对"),
        ("R06", "师徒结对目标完成率278.00%"),
        ("R00", "数据截至2018年1月20日10:30受理"),
        ("R04", "石嘴山高新技术产业开发区总工会走访慰问2,602户、发放慰问资金130万元"),
        ("R03", "接受岗前培训366人，培训率91.96%"),
        ("R08", "征集职工维权服务菜单836件"),
        ("R08", "汇总企业服务需求订单83件，办理工会维权服务受理单16件"),
        ("R08", "为职工追回欠薪54,560元，惠及职工98人"),
        ("R02", "80.00 90.00 90.00 86.00 四星"),
        ("R02", "会员评家40%、所在单位评家30%、上级工会评家30%"),
        ("R01", "划入石嘴山高新技术产业开发区总工会626家、教科文卫工会24家"),
    ],
)
def test_review_tells_the_figures_with_their_units(
    document: Document, code: str, words: str
) -> None:
    assert words in section(document, code)


def test_a_changed_figure_changes_the_sentence() -> None:
    counts = {**COUNTS, "I-SKILL-07": {"YC": 121}}
    told = section(review_document(year(counts), definitions(), EXTRAS), "R06")
    assert "技能大赛121场" in told
    assert "120场" not in told


def test_incomplete_coverage_is_told_once_in_a_section(document: Document) -> None:
    told = section(document, "R08")
    assert "受理单16件，诉求按期办结率93.75%。" in told
    assert told.count("应报60份、实报58份") == 1
    assert told.endswith(
        "注：本节有缺报的指标，除文中另行注明外，应报60份、实报58份，缺报单位的数据不在合计之内。"
    )


def test_a_figure_with_other_filings_than_its_section_says_so_beside_it() -> None:
    figures = year()
    key = (BLOCK, "NX", "2017", "I-RIGHT-09")
    less = dataclasses.replace(figures.values[key], reported=41)
    figures = dataclasses.replace(figures, values={**figures.values, key: less})
    told = section(review_document(figures, definitions(), EXTRAS), "R08")
    assert "为职工追回欠薪54,560元（应报60份、实报41份）" in told
    assert told.count("应报60份、实报58份") == 1


def test_a_section_without_data_is_left_out_and_named_once(document: Document) -> None:
    assert "R09" not in [s.code for s in document.sections]
    told = section(document, "R00")
    assert "职工文化与宣传有关报表应报12份、实报0份，没有可汇总的数据，不列专节。" in told


def test_sections_without_any_form_are_named_in_the_notes_and_left_out(
    document: Document,
) -> None:
    assert [s.code for s in document.sections] == [
        "R00", "R01", "R02", "R03", "R04", "R05", "R06", "R08", "R11", "R13", "R14",
    ]  # fmt: skip
    assert "不列专节：劳动保护、干部队伍与作风、" in section(document, "R00")


def test_unreported_is_never_shown_as_zero(document: Document) -> None:
    row = next(
        r
        for b in document.blocks()
        if isinstance(b, Table)
        for r in b.rows
        if r[0] == "合理化建议件数"
    )
    assert row[2] == "—"
    assert isinstance(row[-1], Number)
    assert row[-1].text == "0/12"
    july = next(b for b in document.blocks() if isinstance(b, Chart) and "新发展会员数" in b.title)
    assert july.series[0].values[6] is None


def test_headlines_are_at_most_twenty_by_value_dimension(document: Document) -> None:
    table = next(b for b in document.blocks() if isinstance(b, Table))
    assert table.title == "关键数据一览"
    assert len(table.rows) == 20
    assert table.spans(0) == [8, *[0] * 7, 9, *[0] * 8, 3, 0, 0]


def test_rates_reach_their_target_as_printed(document: Document) -> None:
    # 260,000 / 282,609 is 91.9999 %: printed 92.00 %, which reaches 92 %.
    assert "参赛率92.00%，达到年度目标（92.00%）" in section(document, "R06")


def test_transfers_balance_and_both_lines_hold_the_same_total(document: Document) -> None:
    told = section(document, "R01")
    assert "划出650家、划入650家，净变动0家，合计不变" in told
    assert "石嘴山高新技术产业开发区总工会 0 626 +626" in told
    assert "合计 650 650 0" in told
    assert "会员人数（人） 548,760 548,760 548,760 466,446" in told


def test_comparable_basis_moves_members_between_units_and_not_in_total(
    document: Document,
) -> None:
    told = section(document, "R01")
    assert "石嘴山市总工会 64,000 8,500 -55,500 下降86.3% 增长3.5%" in told
    assert "合计 64,000 64,000 0" in told


def test_problems_come_with_their_numbers_and_the_units_own_words(document: Document) -> None:
    told = section(document, "R14")
    assert "2家单位2项任务未完成" in told
    assert "吴忠市总工会 新建暖心驿站 50家 31家 62.0% 选址未落实" in told
    assert "石嘴山市总工会 会员实名制采集 95% 未报 — —" in told
    assert "青铜峡市总工会：“乡镇工会兼职干部流动大，报表交接不畅。”" in told
    assert "对缺报的2份报表逐户核实原因" in told


def test_nothing_is_planned_without_a_cause() -> None:
    figures = dataclasses.replace(
        year(), coverage=(CoverageRow("YC", "ORG-02", "2017", 12, 12, 12, 12),)
    )
    told = section(review_document(figures, definitions(), Extras()), "R14")
    assert told == "本期没有目标任务考核数据；报表报送齐全，没有需要列出的审核问题。"
    assessed = Extras(works=EXTRAS.works[1:2])
    told = section(review_document(figures, definitions(), assessed), "R14")
    assert told.startswith("责任书下达的目标任务均已完成；")


def test_generated_text_has_no_soft_numbers_and_no_foreign_words(document: Document) -> None:
    for part in document.sections:
        told = text_of(part)
        assert not re.search(r"[约近]\d|\d[余多]", told), part.code
        assert not re.search(r"nan|None|null|\bE-|Decimal", told, re.IGNORECASE), part.code
        assert not re.search(r"[A-Za-z]{3,}", told), part.code


def test_every_number_walks_back(published: Publication) -> None:
    html = next(b for n, b in published.files if n.endswith(".html")).decode()
    anchors = [n.anchor for n in published.numbers]
    assert len(anchors) == len(set(anchors))
    for number in published.numbers:
        assert f'id="{number.anchor}"' in html
        assert f'id="s-{number.anchor}"' in html
    assert 'data-ref="块/YC/2017/I-SKILL-02/本期">300,000人次</a>' in html
    figures = year()
    for number in published.numbers:
        if number.basis == "本期" and not number.anchor.startswith("R14"):  # tasks of letters
            figure = figures.get(number.indicator, number.unit, number.period, number.line)
            assert figure is not None
            assert figure.value == number.value


def test_page_stands_alone(published: Publication) -> None:
    html = next(b for n, b in published.files if n.endswith(".html")).decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', html)
    quoted = {f"/numbers/{published.reference}/{n}" for n in range(1, len(published.numbers) + 1)}
    assert {link for link in links if not link.startswith("#")} == quoted
    left = re.findall(r'(?:src|href)="([^"]+)"', offline(html))
    assert left
    assert all(link.startswith("#") for link in left)
    assert "@media print" in html
    assert html.count("<svg") == sum(
        isinstance(b, Chart) for b in review_document(year(), definitions(), EXTRAS).blocks()
    )


def test_same_input_gives_the_same_bytes(published: Publication) -> None:
    again = review(year(), definitions(), EXTRAS)
    assert [n for n, _ in again.files] == [n for n, _ in published.files]
    for (name, first), (_, second) in zip(published.files, again.files, strict=True):
        assert first == second, name


def test_word_file_is_an_official_document(published: Publication) -> None:
    made = docx.Document(io.BytesIO(published.files[0][1]))
    page = made.sections[0]
    assert (page.page_width.mm, page.page_height.mm) == pytest.approx((210, 297), abs=0.5)
    headings = [p.text for p in made.paragraphs if p.style.name == "Heading 1"]
    assert headings[0] == "一、概述与关键数据一览"
    assert headings[-1] == "十一、问题与下年打算"
    assert made.paragraphs[0].text == "示范总工会2017年工作总结"
    texts = [p.text for p in made.paragraphs]
    assert texts[texts.index("附：数字编号") - 1] == "2018年1月20日"
    assert f"本件编号{published.reference}" in texts[texts.index("附：数字编号") + 1]
    marks = [m.get(docx.oxml.ns.qn("w:name")) for m in made.element.iter(MARK)]
    contents = [m for m in marks if m.startswith("_Toc")]
    assert len(contents) == len(headings)
    links = [h.get(docx.oxml.ns.qn("w:anchor")) for h in made.element.iter(LINK)]
    assert links == contents
    assert texts[texts.index("目　录") + 1 :][: len(headings)] == headings
    assert made.sections[0].header.paragraphs[0].text.startswith("示范总工会2017年工作总结")
    marks = [m for m in marks if m not in contents]
    assert marks == [f"n{i}" for i in range(1, len(published.numbers) + 1)]
    assert made.core_properties.created == CUTOFF
    for table in made.tables:
        first = table.rows[0]._tr.trPr
        assert first is not None
        assert first.find(docx.oxml.ns.qn("w:tblHeader")) is not None
        width = sum(c.width.mm for c in table.rows[0].cells)
        assert any(width == pytest.approx(w, abs=1) for w in (TEXT_WIDTH, LYING_WIDTH))


def test_annex_holds_every_unit_along_both_lines(published: Publication) -> None:
    book = openpyxl.load_workbook(io.BytesIO(published.files[2][1]))
    sheet = book["R01 组织建设与会员发展"]
    rows = [r for r in sheet.iter_rows(min_row=4, values_only=True) if r[0] == "会员人数"]
    by_line: dict[str, list[float]] = {}
    for row in rows:
        by_line.setdefault(row[2], []).append(row[4])
    assert by_line["合计"] == [548760]
    assert sum(by_line["地方（块）"]) == 548760
    assert sum(by_line["产业（条）"]) == 548760
    assert [r[3] for r in rows][-1] == "未纳入产业"
    assert book["组织关系变动"].max_row == 3 + 650
    assert sheet.freeze_panes == "E4"
    assert sheet.auto_filter.ref is not None
    lineage = book["数字来源"]
    assert lineage.max_row == 3 + len(published.numbers)
    for page in book:
        assert all(
            c.data_type != "f" for line in page.iter_rows() for c in line if c.value is not None
        ), page.title


def many(count: int) -> Figures:
    """The same federation with many children, each reporting one more member than the last."""
    children = tuple(Unit(f"G{i:03d}", f"第{i}工会", "基层") for i in range(count))
    figures = year()
    values = {k: v for k, v in figures.values.items() if k[1] == "NX"}
    for i, unit in enumerate(children):
        values[(BLOCK, unit.code, "2017", "I-ORG-15")] = Figure(
            "I-ORG-15", unit.code, "2017", BLOCK, Decimal(i)
        )
    total = Decimal(sum(range(count)))
    values[(BLOCK, "NX", "2017", "I-ORG-15")] = Figure("I-ORG-15", "NX", "2017", BLOCK, total)
    return dataclasses.replace(figures, children={BLOCK: children}, values=values)


def test_many_units_are_cut_to_the_first_and_the_rest_added_up() -> None:
    document = review_document(many(650), definitions(), EXTRAS)
    table = next(
        b
        for b in document.blocks()
        if isinstance(b, Table) and b.title == "建会与发展会员分单位情况"
    )
    names = [r[0] for r in table.rows]
    assert names[0] == "第649工会"
    assert names[12:] == ["其余638家合计", "合计"]
    cells = [r[-1] for r in table.rows]
    values = [c.reference.value for c in cells if isinstance(c, Number)]
    assert sum(values[:-1]) == values[-1] == sum(range(650))


def test_own_work_of_the_federation_stands_beside_its_units() -> None:
    figures = year()
    key = (BLOCK, "NX", "2017", "I-SKILL-01")
    more = dataclasses.replace(figures.values[key], value=Decimal(1239 + 10))
    figures = dataclasses.replace(figures, values={**figures.values, key: more})
    told = section(review_document(figures, definitions(), EXTRAS), "R06")
    assert "示范总工会本级 10" in told


def test_counts_of_a_few_helped_people_are_withheld_by_unit() -> None:
    counts = {**COUNTS, "I-AID-08": {"SZSG": 25, "YC": 40, "QTX": 3}}
    document = review_document(year(counts), definitions(), EXTRAS)
    told = section(document, "R04")
    assert "青铜峡市总工会 略" in told
    assert "石嘴山高新技术产业开发区总工会 略" in told  # or 3 could be had by subtraction
    assert "银川市总工会 40" in told
    assert "合计 68" in told
    assert "人数过少" in told
    assert not any(
        n.unit in (QTX.code, SZSG.code) and n.indicator == "I-AID-08" for n in document.numbers()
    )


def test_no_sentence_tells_or_ranks_what_a_table_withholds() -> None:
    held = frozenset((BLOCK, u, "2017", "I-WARM-01") for u in (YC.code, SZSG.code))
    figures = dataclasses.replace(year(), withheld=held)
    document = review_document(figures, definitions(), EXTRAS)
    told = section(document, "R04")
    assert "两节慰问户数居前" not in told
    assert "两节慰问资金居前的是银川市总工会（205万元）" in told
    assert "4,100" not in told
    assert "2,602" not in told


def test_without_a_limit_nothing_is_withheld() -> None:
    counts = {**COUNTS, "I-AID-08": {"SZSG": 25, "QTX": 3}}
    open_rules = dataclasses.replace(
        definitions(), parameters={k: v for k, v in PARAMETERS.items() if "cell" not in k}
    )
    told = section(review_document(year(counts), open_rules, EXTRAS), "R04")
    assert "青铜峡市总工会 3" in told


def test_a_unit_that_alone_reports_is_named_once(document: Document) -> None:
    assert f"以上均来自{QTX.name}。" in section(document, "R08")
    assert f"以上均来自{YC.name}。" in section(document, "R06")


def test_an_unforeseen_indicator_is_told_without_a_line_in_the_outline() -> None:
    known = definitions()
    added = known.indicators["I-SKILL-02"].model_copy(
        update={"code": "I-SKILL-77", "name": "新设指标", "unit": "次"}
    )
    known = dataclasses.replace(known, indicators={**known.indicators, "I-SKILL-77": added})
    figures = year()
    figure = Figure("I-SKILL-77", "NX", "2017", BLOCK, Decimal(7))
    figures = dataclasses.replace(
        figures, values={**figures.values, (BLOCK, "NX", "2017", "I-SKILL-77"): figure}
    )
    assert "新设指标7次" in section(review_document(figures, known, EXTRAS), "R06")


def test_who_came_or_left_within_the_year_is_told_beside_the_totals(document: Document) -> None:
    assert "差额列入“本级及变动差额”" not in section(
        document, "R00"
    )  # nobody of its own children moved
    figures = year()
    moved = dataclasses.replace(figures.transfers[0], unit=YC.code)
    figures = dataclasses.replace(figures, transfers=(moved,))
    told = section(review_document(figures, definitions(), EXTRAS), "R00")
    assert "合计均只计隶属本单位期间的数，差额列入“本级及变动差额”" in told


def test_what_moved_unions_did_elsewhere_is_no_own_work_of_the_whole() -> None:
    figures = year()
    moved = dataclasses.replace(figures.transfers[0], unit=YC.code)
    key = (BLOCK, "NX", "2017", "I-SKILL-01")
    less = dataclasses.replace(figures.values[key], value=Decimal(1239 - 200))
    figures = dataclasses.replace(figures, transfers=(moved,), values={**figures.values, key: less})
    document = review_document(figures, definitions(), EXTRAS)
    assert "示范总工会本级及变动差额 -200" in section(document, "R06")
    (number,) = [n for n in document.numbers() if n.basis == MOVED and n.value == -200]
    assert number.units == (YC.code, SZSG.code)
    for table in document.blocks():
        if isinstance(table, Table) and table.title == "技能培训分单位情况":
            column = [r[1].reference.value for r in table.rows if isinstance(r[1], Number)]
            assert sum(column[:-1]) == column[-1]


def own_row(code: str, total: int, *, moved: bool, held: frozenset[str] = frozenset()) -> list[str]:
    """The row of what the whole has beyond YC with 300 and SZSG with 200."""
    figures = year({code: {"YC": 300, "SZSG": 200}})
    key = (BLOCK, "NX", "2017", code)
    whole = dataclasses.replace(figures.values[key], value=Decimal(total))
    figures = dataclasses.replace(
        figures,
        values={**figures.values, key: whole},
        transfers=(dataclasses.replace(figures.transfers[0], unit=YC.code),) if moved else (),
        withheld=frozenset((BLOCK, unit, "2017", code) for unit in held),
    )
    table = unit_table(Teller(figures, definitions(), "R00"), "", (code,))
    assert table is not None
    return [c.text if isinstance(c, Number) else str(c) for c in table.rows[-2]]


def test_what_moved_unions_did_elsewhere_is_not_told_of_few_people() -> None:
    own, moved = f"示范总工会{OWN}", f"示范总工会{MOVED}"
    assert own_row("I-AID-08", 520, moved=False) == [own, "20"]
    for total, told in ((520, "20"), (480, "-20")):
        assert own_row("I-AID-08", total, moved=True) == [moved, told]
        few = frozenset({"NX" + OWN})
        assert own_row("I-AID-08", total, moved=True, held=few) == [moved, "略"]
