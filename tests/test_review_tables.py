"""Tables of the year-end review: each of the catalogue in its place, wide ones on their side."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from decimal import Decimal

import docx
import openpyxl
import pypdfium2
import pytest
from publish_figures import CUTOFF, EXTRAS, WZ, YC, definitions, year

from definitions import load_definitions
from definitions.catalogue import Definitions
from pipelines.figures import BLOCK, Figure, Figures
from pipelines.flow.industry_line import changed_along
from pipelines.publish import Extras, FundBand, review
from pipelines.publish.annex import annex
from pipelines.publish.content import (
    Column,
    Document,
    Number,
    Paragraph,
    Section,
    Subheading,
    Table,
    turned,
)
from pipelines.publish.kinds import TABLES
from pipelines.publish.outline import OVERVIEW, PARTS
from pipelines.publish.own_counts import with_counts
from pipelines.publish.pdf import pdf
from pipelines.publish.review import review_document
from pipelines.publish.tables import main_table, two_lines
from pipelines.publish.telling import Teller
from pipelines.publish.word import word

LYING = Table(
    "各单位主要指标",
    (Column("单位", "left", 2.4), *(Column(f"指标{n}") for n in range(12))),
    tuple((f"第{n}区县总工会", *("1,234" for _ in range(12))) for n in range(30)),
)
STANDING = Table("会员情况", (Column("单位", "left"), Column("会员")), (("甲", "1"), ("乙", "2")))


@pytest.fixture(scope="module")
def known() -> Definitions:
    return load_definitions()


# --- what is declared ---


def test_every_table_of_the_catalogue_has_its_topic(known: Definitions) -> None:
    declared = [t for p in PARTS for topic in p.topics for t in topic.tables]
    assert sorted(declared, key=lambda t: int(t[1:])) == [f"T{n}" for n in range(1, 45)]


def test_every_indicator_of_the_catalogue_stands_in_one_section(known: Definitions) -> None:
    families = [f for p in (OVERVIEW, *PARTS) for f in p.families]
    assert len(families) == len(set(families))
    assert {c.split("-")[1] for c in known.indicators} == set(families)
    for part in PARTS:
        told = [c for t in part.topics for c in (*t.codes, *t.apart)]
        assert len(told) == len(set(told)), part.code
        assert set(told) == {c for c in known.indicators if c.split("-")[1] in part.families}


def test_tables_by_kind_have_a_topic_and_the_units_of_their_columns(known: Definitions) -> None:
    placed = [k for p in PARTS for t in p.topics for k in t.kinds]
    assert sorted(placed) == sorted(t.code for t in TABLES)
    for table in TABLES:
        form = known.newest(table.form)
        topic = next(t for p in PARTS for t in p.topics if table.code in t.kinds)
        assert set(table.tells) <= set(topic.codes)
        for amount in table.amounts:
            unit = form.column(amount.column).unit if amount.column else None
            # people added up over visits are counted as often as they were met
            counted = (None, amount.unit, amount.unit.replace("人次", "人"))
            assert unit in counted, (table.code, amount.name, unit)


# --- what is printed ---


def titles(document: Document, code: str) -> list[str]:
    (part,) = [s for s in document.sections if s.code == code]
    return [b.title for b in part.blocks if isinstance(b, Table)]


def table(document: Document, title: str) -> Table:
    (found,) = [b for b in document.blocks() if isinstance(b, Table) and b.title == title]
    return found


def text(cells: object) -> list[str]:
    return [c.text if isinstance(c, Number) else c for c in cells]  # type: ignore[attr-defined]


def given(figures: Figures, **values: object) -> Figures:
    """The figures with other sides of some of the whole's own: I_ORG_13={"target": …}."""
    changed = dict(figures.values)
    for name, sides in values.items():
        key = (BLOCK, "NX", "2017", name.replace("_", "-"))
        changed[key] = dataclasses.replace(changed[key], **sides)  # type: ignore[arg-type]
    return dataclasses.replace(figures, values=changed)


def test_each_topic_has_a_table_that_says_what_it_is() -> None:
    document = review_document(year(), definitions(), EXTRAS)
    assert "组织建设与会员发展主要指标" not in [
        b.title for b in document.blocks() if isinstance(b, Table)
    ]
    assert titles(document, "R06")[:2] == ["技能培训情况", "技能培训分单位情况"]
    for part in document.sections[1:-1]:
        rows = [
            str(r[0])
            for b in part.blocks
            if isinstance(b, Table) and b.columns[0].label == "指标" and "核对" not in b.title
            for r in b.rows
        ]
        assert len(rows) == len(set(rows)), part.code


def test_new_unions_and_members_stand_beside_their_targets() -> None:
    asked = {"I_ORG_13": {"target": Decimal(100)}, "I_ORG_15": {"target": Decimal(20000)}}
    document = review_document(given(year(), **asked), definitions(), EXTRAS)
    found = table(document, "建会与发展会员及目标完成情况")
    assert [c.label for c in found.columns][-3:] == ["目标", "完成情况", "实报/应报（份）"]
    assert text(found.rows[0])[-3:] == ["100", "113.0%", "58/60"]
    assert text(found.rows[1])[-3:] == ["20,000", "90.8%", "58/60"]
    plain = review_document(year(), definitions(), EXTRAS)
    assert "目标" not in [c.label for c in table(plain, "建会与发展会员情况").columns]


def test_a_topic_that_nobody_reported_is_named_and_has_no_table() -> None:
    document = review_document(year(), definitions(), EXTRAS)
    (part,) = [s for s in document.sections if s.code == "R05"]
    assert "创新工作室建设情况" not in titles(document, "R05")
    figures = given(year(), I_INNO_05={"value": None}, I_INNO_01={"value": Decimal(5)})
    known = definitions()
    studio = known.indicators["I-INNO-01"].model_copy(update={"code": "I-INNO-06"})
    known = dataclasses.replace(known, indicators={**known.indicators, "I-INNO-06": studio})
    (part,) = [s for s in review_document(figures, known, EXTRAS).sections if s.code == "R05"]
    notes = [b.runs[0] for b in part.blocks if isinstance(b, Paragraph) and b.style == "note"]
    assert "注：本期无单位报送“创新工作室”方面的报表，不列表。" in notes


def valued() -> tuple[Figures, Definitions]:
    """The federation with the improvement of its values, and definitions that hold it."""
    known, figures = definitions(), year()
    base = known.indicators["I-ORG-09"]
    whole = figures.values[BLOCK, "NX", "2017", "I-ORG-09"]
    indicators, values = dict(known.indicators), dict(figures.values)
    for n, value in enumerate(("6.27", "19.83", None, "99.4", "99.64", "100"), 1):
        code = f"I-VAL-0{n}"
        indicators[code] = base.model_copy(update={"code": code, "name": code})
        values[BLOCK, "NX", "2017", code] = dataclasses.replace(
            whole, indicator=code, value=None if value is None else Decimal(value),
            last_year=None, target=None,
        )  # fmt: skip
    return (
        dataclasses.replace(figures, values=values),
        dataclasses.replace(known, indicators=indicators),
    )


def test_the_overview_tells_the_year_by_value_dimension() -> None:
    figures, known = valued()
    document = review_document(figures, known, EXTRAS)
    found = table(document, "价值改善度与目标实现度")
    assert [text(r) for r in found.rows] == [
        ["经济价值", "6.27", "99.40"], ["社会价值", "19.83", "99.64"], ["人文价值", "—", "100.00"],
    ]  # fmt: skip
    told = ["".join(text(b.runs)) for b in document.sections[0].blocks if isinstance(b, Paragraph)]
    assert (
        "与上年相比，经济价值改善度6.27%、社会价值改善度19.83%。对照责任书目标，经济价值实现度"
        "99.40%、社会价值实现度99.64%、人文价值实现度100.00%。" in told
    )
    book = openpyxl.load_workbook(io.BytesIO(annex(document, figures, known, EXTRAS)))
    rows = list(book["R00 概述与关键数据一览"].values)
    assert "I-VAL-01" in [r[0] for r in rows]


def test_bands_of_fund_audits_are_counted_beside_last_years() -> None:
    bands = (
        FundBand("好", (YC.code,), ()),
        FundBand("较好", (WZ.code, "QTX"), (YC.code,)),
        FundBand("一般", (), (WZ.code,)),
    )
    extras = dataclasses.replace(EXTRAS, fund_bands=bands)
    document = review_document(year(), definitions(), extras)
    found = table(document, "经费绩效审计评价等次分布")
    assert [text(r) for r in found.rows] == [
        ["好", "1", "33.3%", "0", "—"],
        ["较好", "2", "66.7%", "1", "50.0%"],
        ["一般", "0", "—", "1", "50.0%"],
        ["合计", "3", "100.0%", "2", "100.0%"],
    ]
    counted = [n for n in document.numbers() if n.source == "assessment" and "绩效" in n.basis]
    assert all(len(n.units) == n.value for n in counted)
    assert {n.period for n in counted} == {"2017", "2016"}
    book = openpyxl.load_workbook(io.BytesIO(annex(document, year(), definitions(), extras)))
    assert list(book["经费绩效等次"].values)[-1] == ("一般", 0, 1)
    assert list(book["重点工作"].values)[-1][:3] == ("劳动竞赛与技能人才培养（五位一体）", 8, 8)
    assert not [b for b in review_document(year(), definitions(), Extras()).blocks()
                if isinstance(b, Table) and "等次分布" in b.title]  # fmt: skip


# --- pages on their side ---


def test_a_wide_table_lies_with_its_heading_and_others_stand() -> None:
    assert LYING.lying
    assert not STANDING.lying
    blocks = (Subheading("甲"), STANDING, Subheading("乙"), LYING, Paragraph(("丙",)))
    assert turned(blocks) == [False, False, True, True, False]
    money = Table(
        "经费", (Column("单位", "left"), *(Column(f"金额{n}") for n in range(5))),
        (("甲", *("123,456,789,012.34" for _ in range(5))),),
    )  # fmt: skip
    assert money.lying


def document() -> Document:
    """Two sections, a wide table between paragraphs in the first."""
    first = (Paragraph(("前文。",)), Subheading("各单位"), LYING, Paragraph(("后文。",)), STANDING)
    return Document(
        "示范", "示范总工会", (), (Section("R00", "一节", first),
                             Section("R01", "二节", (STANDING, Paragraph(("完。",))))), ("落款",),
    )  # fmt: skip


def test_word_turns_the_page_and_back_with_heads_and_page_numbers() -> None:
    made = docx.Document(io.BytesIO(word(document(), CUTOFF)))
    shapes = [s.page_width > s.page_height for s in made.sections]
    assert shapes == [False, True, False]
    for section in made.sections[1:]:
        assert section.header.is_linked_to_previous
        assert section.footer.is_linked_to_previous
        assert not section.different_first_page_header_footer
    body = [p.text for p in made.paragraphs]
    # no blank line that could fill a page alone; the thin one below a table takes the break
    assert all(p.text or p.style.name == "Note Line" for p in made.paragraphs)
    before = made.paragraphs[body.index("前文。")]._p
    assert before.pPr.sectPr is not None


def test_pdf_turns_the_page_and_back() -> None:
    with pypdfium2.PdfDocument(pdf(document(), CUTOFF)) as opened:
        sizes = [page.get_size() for page in opened]
        words = [re.sub(r"\s", "", p.get_textpage().get_text_range()) for p in opened]
    lying = [w > h for w, h in sizes]
    assert lying[0] is False
    assert lying[-1] is False
    assert any(lying)
    for place, text_ in enumerate(words):
        assert ("第0区县总工会" in text_) <= lying[place]
        assert f"—{place + 1}—" in text_
        assert place == 0 or text_.startswith("示范")


def test_the_review_of_a_federation_has_its_unions_side_by_side() -> None:
    document = review_document(year(), definitions(), EXTRAS)
    found = table(document, "各单位主要指标")
    assert found.lying
    assert len(found.rows) == 5 + 1
    html = next(b for n, b in review(year(), definitions(), EXTRAS).files if n.endswith("html"))
    assert html.decode().count('<table class="lying">') == 1


# --- captions ---


def test_captions_are_fields_that_word_counts() -> None:
    publication = review(year(), definitions(), EXTRAS)
    content = publication.files[0][1]
    made = docx.Document(io.BytesIO(content))
    captions = [p for p in made.paragraphs if p.style.name == "Caption"]
    tables = [p.text for p in captions if p.text.startswith("表")]
    assert len(tables) == len(made.tables)
    assert [t.split("　")[0] for t in tables] == [f"表{n}" for n in range(1, len(tables) + 1)]
    xml = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    assert xml.count(r" SEQ 表 \* ARABIC ") == len(tables)
    assert xml.count(r" SEQ 图 \* ARABIC ") == len(captions) - len(tables)
    for paragraph in captions:
        kinds = [e.get(docx.oxml.ns.qn("w:fldCharType"))
                 for e in paragraph._p.iter(docx.oxml.ns.qn("w:fldChar"))]  # fmt: skip
        assert kinds == ["begin", "separate", "end"]


# --- what is said of nothing, and of what moved ---


def told_of(figures: Figures, known: Definitions | None = None) -> str:
    document = review_document(figures, known or definitions(), EXTRAS)
    return "".join(
        run.text if isinstance(run, Number) else run
        for block in document.blocks()
        if isinstance(block, Paragraph)
        for run in block.runs
    )


def test_that_a_total_stayed_is_said_only_where_last_years_members_prove_it() -> None:
    figures = year()
    assert "净变动0家，合计不变" in told_of(figures)
    key = (BLOCK, "NX", "2017", "I-ORG-04")
    whole = dataclasses.replace(
        figures.values[key], last_year=Decimal(500_000), comparable=Decimal(480_000)
    )
    lost = dataclasses.replace(figures, values={**figures.values, key: whole})
    assert "净变动0家" not in told_of(lost)
    assert "报告期内经批准划转工会650家" in told_of(lost)


def test_moves_to_one_unit_are_told_in_one_sentence() -> None:
    figures = year()
    to = "石嘴山高新技术产业开发区总工会"
    some = [t for t in figures.transfers if t.to_name == to][:3]
    several = told_of(dataclasses.replace(figures, transfers=some))
    assert f"报告期内经批准划转工会3家，均划入{to}。" in several
    one = told_of(dataclasses.replace(figures, transfers=some[:1]))
    assert f"报告期内经批准划转工会1家，划入{to}。" in one
    own = [dataclasses.replace(t, to_name=figures.unit.name) for t in some]
    assert "本单位划出" not in told_of(dataclasses.replace(figures, transfers=own))
    left = [*own, dataclasses.replace(some[0], from_name=figures.unit.name)]
    assert "本单位划出1家、划入3家。" in told_of(dataclasses.replace(figures, transfers=left))


def test_an_industry_tells_of_no_moves_from_county_to_county() -> None:
    moved, ended, changed = (
        dataclasses.replace(year().transfers[0], change=change, line=line)
        for change, line in (("划转", "块"), ("撤销", "块"), ("划转", "条"))
    )
    both = dataclasses.replace(ended, line="条", from_name="示范总工会")  # left both lines
    told = changed_along(dataclasses.replace(year(), transfers=[moved, ended, both, changed]))
    assert told == [dataclasses.replace(ended, line="条", from_name="示范总工会"), changed]
    assert dataclasses.replace(year(), transfers=told).moved_within


def test_what_is_withheld_is_explained_where_the_figures_are() -> None:
    figures = year()
    assert "“略”为" not in told_of(figures)
    few = frozenset({(BLOCK, YC.code, "2017", "I-AID-08")})
    assert "“略”为人数过少" in told_of(dataclasses.replace(figures, withheld=few))


def test_a_unit_that_missed_its_own_targets_is_not_called_one_unit() -> None:
    assert "家单位2项任务未完成，具体如下。" in told_of(year())
    own = tuple(dataclasses.replace(u, code="NX") for u in EXTRAS.unmet)
    document = review_document(year(), definitions(), dataclasses.replace(EXTRAS, unmet=own))
    (lead,) = [
        b
        for b in document.blocks()
        if isinstance(b, Paragraph) and "任务未完成，具体" in str(b.runs)
    ]
    assert lead.runs == ("本单位2项任务未完成，具体如下。",)
    assert lead.style == "lead"


def test_what_leads_to_something_stays_with_it_and_a_last_row_with_its_note() -> None:
    made = docx.Document(io.BytesIO(review(year(), definitions(), EXTRAS).files[0][1]))
    (lead,) = [p for p in made.paragraphs if p.text.endswith("任务未完成，具体如下。")]
    assert lead.paragraph_format.keep_with_next
    kept = [
        (
            bool(t.rows[-1].cells[-1].paragraphs[0].paragraph_format.keep_with_next),
            bool(docx.text.paragraph.Paragraph(t._tbl.getnext(), made._body).text),
        )
        for t in made.tables
    ]
    assert set(kept) == {(True, True), (False, False)}


def test_a_table_with_every_comparison_names_units_in_its_first_column() -> None:
    figures = year()
    key = (BLOCK, "NX", "2017", "I-ORG-04")
    whole = figures.values[key]
    full = dataclasses.replace(
        whole, comparable=Decimal(250_000), last_year=Decimal(240_000), target=whole.value
    )
    given = dataclasses.replace(figures, values={**figures.values, key: full})
    found = main_table(Teller(given, definitions(), "R01"), "规模", ["I-ORG-04"], targets=True)
    assert found is not None
    assert "计量单位" not in [c.label for c in found.columns]
    assert text(found.rows[0])[0] == "会员人数（人）"
    assert len(found.rows[0]) == len(found.columns)
    usual = main_table(Teller(figures, definitions(), "R01"), "规模", ["I-ORG-04"])
    assert usual is not None
    assert [text(usual.rows[0])[:2], usual.columns[1].label] == [["会员人数", "人"], "计量单位"]


def test_filings_are_a_column_only_where_any_are_owed() -> None:
    figures = year()
    heads = [
        c.label
        for c in table(review_document(figures, definitions(), EXTRAS), "帮扶救助情况").columns
    ]
    assert heads[-1] == "实报/应报（份）"
    free = {k: dataclasses.replace(f, reported=0, expected=None) for k, f in figures.values.items()}
    document = review_document(dataclasses.replace(figures, values=free), definitions(), EXTRAS)
    found = table(document, "帮扶救助情况")
    assert all(not c.label.startswith("实报") for c in found.columns)
    assert all(len(r) == len(found.columns) for r in found.rows)


@pytest.mark.parametrize(
    ("name", "broken"),
    [("灵武市华兴小企业第453联合工会委员会", "灵武市华兴小企业第\n453联合工会委员会"),
     ("第1工会", "第1工会"),
     ("银川市第12345678901234567890工会", "银川市第\n12345678901234567890工会")],
)  # fmt: skip
def test_a_number_in_a_name_is_not_broken(name: str, broken: str) -> None:
    assert two_lines(name) == broken


def test_reports_that_came_without_a_figure_are_not_called_missing(known: Definitions) -> None:
    figures = year()
    code = "I-CADRE-06"
    none = Figure(code, "NX", "2017", BLOCK, None, reported=3, expected=None)
    values = {k: f for k, f in figures.values.items() if not k[3].startswith("I-CADRE")}
    spoken = Figure("I-CADRE-01", "NX", "2017", BLOCK, Decimal(12), reported=2, expected=2)
    for one in (none, spoken):
        values[(BLOCK, "NX", "2017", one.indicator)] = one
    said = told_of(dataclasses.replace(figures, values=values), known)
    assert "方面报来的报表中没有可计算的数据" in said


def test_all_is_said_to_be_nought_only_where_it_is(known: Definitions) -> None:
    known, figures = with_counts(known), year()

    def said(**values: int) -> bool:
        own = {
            (BLOCK, "NX", "2017", code): Figure(code, "NX", "2017", BLOCK, Decimal(v), reported=1)
            for code, v in ((name.replace("_", "-"), v) for name, v in values.items())
        }
        given = dataclasses.replace(figures, values=own)
        return "本期报送的各项数据均为0。" in told_of(given, known)

    assert said(I_INNO_11=0, I_INNO_12=0)
    assert not said(I_INNO_11=0, I_INNO_12=0, **{"I_R01_T18荣誉_荣誉表彰_国家级": 3})
    assert said(I_AID_08=0)
    assert not said(I_AID_08=3)  # too few to be told, and yet not nothing
