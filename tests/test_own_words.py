"""Units' own words in a review: quoted with their source, each number walked or marked."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import docx
import openpyxl
import pytest
from publish_figures import EXTRAS, SZSG, YC, Unit, year
from publish_figures import definitions as small
from sqlalchemy import text

from pipelines import flow
from pipelines.figures import BLOCK
from pipelines.flow.walking import walk
from pipelines.publish import UnitWords, review
from pipelines.publish.content import Number, Table
from pipelines.publish.disclosure import PRIVATE
from pipelines.publish.extras import Mark, Project
from pipelines.publish.own_words import LONGEST, OWN, quotation
from pipelines.publish.own_words import projects as selected
from pipelines.publish.telling import Teller
from tests.two_unions import CITY, FEDERATION, MILL, MINE, OPENED, definitions, file
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.organisations import register
from warehouse.withheld import withheld_values

AT = "2020-07-01T09:00:00"
CODE = "I-SKILL-07"


def told(said: str, *cites: str, teller: Teller | None = None, unit: Unit = YC) -> str | None:
    """A text of a unit as it is printed; numbers that walk stand in brackets."""
    teller = teller or Teller(year(), small())
    teller.open("R06")
    found = quotation(teller, UnitWords(unit.code, unit.name, "R06", "工作亮点", said, cites))
    if found is None:
        return None
    return "".join(f"[{r.text}]" if isinstance(r, Number) else r for r in found.runs)


def test_a_number_that_a_cited_figure_has_walks_and_every_other_is_marked() -> None:
    figure = year().get("I-ORG-04", YC.code)
    rate = year().get("I-ORG-09", YC.code)
    assert figure is not None and figure.value is not None
    assert rate is not None and rate.value is not None
    members = int(figure.value)
    assert told(f"会员{members}人", "I-ORG-04") == f"会员[{members}]人"
    assert told(f"会员{members:,}人", "I-ORG-04") == f"会员[{members:,}]人"
    assert told(f"会员{members}人") == f"会员{members}人{OWN}"  # nothing is cited
    assert told(f"会员{members + 1}人，净增9人（单位自述）", "I-ORG-04") == (
        f"会员{members + 1}人{OWN}，净增9人（单位自述）"
    )
    scaled = f"{figure.value / 10000:.1f}"
    assert told(f"会员{scaled}万人", "I-ORG-04") == f"会员[{scaled}万]人"
    share = f"{rate.value:.1f}"
    assert told(f"入会率{share}%，{share}人", "I-ORG-09") == f"入会率[{share}]%，{share}人{OWN}"


def test_dates_documents_and_names_are_no_numbers() -> None:
    said = "2017年3月8日印发工发〔2017〕12号，第3届，5G园区，ISO9001，2016—2017年"
    assert told(said, "I-ORG-04") == said
    assert told("联系人13912345678") == "联系人（号码略）"


def test_a_text_that_cites_a_withheld_figure_is_not_quoted() -> None:
    figures = replace(year(), withheld=frozenset({(BLOCK, SZSG.code, "2017", "I-AID-08")}))
    teller = Teller(figures, small())
    assert told("救助2人次", "I-AID-08", teller=teller, unit=SZSG) is None
    assert told("活动2场", "I-ORG-04", teller=teller, unit=SZSG) == f"活动2场{OWN}"
    words = (UnitWords(SZSG.code, SZSG.name, "R04", "工作亮点", "救助2人次", ("I-AID-08",)),)
    made = review(figures, small(), replace(EXTRAS, words=words))
    assert not any("救助2人次" in c.decode() for n, c in made.files if n.endswith(".html"))
    annex = next(c for n, c in made.files if n.endswith(".xlsx"))
    assert "单位综述素材" not in openpyxl.load_workbook(io.BytesIO(annex)).sheetnames


def test_a_text_that_says_a_withheld_number_or_tells_of_a_few_people_is_not_quoted() -> None:
    figures = replace(year(), withheld=frozenset({(BLOCK, SZSG.code, "2017", "I-AID-08")}))
    held = figures.get("I-AID-08", SZSG.code)
    assert held is not None and held.value
    teller = Teller(figures, small())
    said = f"全年{held.value:f}人次"
    assert told(said, teller=teller, unit=SZSG) is None  # whatever it cites
    assert told(said, teller=Teller(year(), small()), unit=SZSG) == f"{said}{OWN}"
    assert told("建档困难职工3户") is None
    assert told("慰问职工3户") == f"慰问职工3户{OWN}"
    assert told("救助困难职工130户") == f"救助困难职工130户{OWN}"


def test_numbers_are_taken_whole_and_by_what_they_count() -> None:
    for said in ("1.5年", "1,234号", "5.5G", "3万日", "12.5点"):
        assert told(said) == said
    figure = year().get("I-ORG-04", YC.code)
    assert figure is not None and figure.value is not None
    members = int(figure.value)
    assert told(f"提高{members}个百分点", "I-ORG-04") == f"提高{members}个百分点{OWN}"
    assert told(f"参加{members}人次", "I-ORG-04") == f"参加{members}人次{OWN}"


def test_a_telephone_number_is_blotted_before_a_text_is_cut() -> None:
    said = f"{'年' * (LONGEST - 4)}13912345678"
    words = (UnitWords(YC.code, YC.name, "R06", "工作亮点", said),)
    made = review(year(), small(), replace(EXTRAS, words=words))
    page = next(c.decode() for n, c in made.files if n.endswith(".html"))
    assert "年年（号码" in page
    assert "1391" not in page


def test_few_and_short_quotations_stand_in_the_review_and_all_in_the_annex() -> None:
    long = "开展技能竞赛，参赛职工踊跃。" * 30
    words = tuple(
        UnitWords(f"U{n}", f"第{n}工会", "R06", "工作亮点", f"{n}{long}") for n in range(9)
    ) + (UnitWords("NX", "示范总工会", "R06", "工作亮点", "健全竞赛机制。"),)
    made = review(year(), small(), replace(EXTRAS, words=words))
    page = next(c.decode() for n, c in made.files if n.endswith(".html"))
    assert page.index("示范总工会：“健全竞赛机制。”") < page.index("第0工会：“")
    assert page.count("参赛职工踊跃。……”") == 2
    assert "另有7家单位的素材见附表" in page
    quoted = re.findall("工会：“([^”]*)”", page)
    whole = (LONGEST - 1) // len("开展技能竞赛，参赛职工踊跃。")  # sentences beside the number
    length = 1 + whole * len("开展技能竞赛，参赛职工踊跃。") + len("……") + len(OWN)
    assert [len(q) for q in quoted if "竞赛，" in q] == [length] * 2
    annex = next(c for n, c in made.files if n.endswith(".xlsx"))
    rows = list(openpyxl.load_workbook(io.BytesIO(annex))["单位综述素材"].values)
    assert sum(isinstance(r[3], str) and "参赛职工踊跃" in r[3] for r in rows) == 9
    assert max(len(str(r[3])) for r in rows) > 400


def test_of_very_many_selected_projects_the_best_are_listed_and_all_are_in_the_annex() -> None:
    projects = tuple(
        Project(YC.code, YC.name, f"P{n}", f"创新项目{n}", (mark(99 - n),), "", "")
        for n in range(14)
    )
    extras = replace(EXTRAS, projects=projects)
    (listed,) = selected(Teller(year(), small()), extras)
    assert isinstance(listed, Table)
    assert [r[0] for r in listed.rows] == [f"创新项目{n}" for n in range(12)]
    assert listed.note.startswith("注：列得分居前的12项，其余见附表。成效和关键数据为申报单位原文")
    (few,) = selected(Teller(year(), small()), replace(EXTRAS, projects=projects[:12]))
    assert isinstance(few, Table)
    assert few.note.startswith("注：成效和关键数据为申报单位原文")
    made = review(year(), small(), extras)
    annex = next(b for n, b in made.files if n.endswith("附表.xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(annex))["入选创新项目"]
    assert [c.value for c in sheet["A"]][-14:] == [f"创新项目{n}" for n in range(14)]


def test_a_project_that_says_a_withheld_number_of_its_union_has_no_words() -> None:
    """Also in the review of a federation, which does not hold the union's figures."""
    far = Project("G1", "第一工会", "P1", "项目", (mark(9),), "结对帮扶17户。", "")
    teller = Teller(year(), small())

    def words(project: Project) -> object:
        (table,) = selected(teller, replace(EXTRAS, projects=(project,)))
        assert isinstance(table, Table)
        return table.rows[0][-1]

    assert words(far) == "结对帮扶17户。"
    assert words(replace(far, held=frozenset({Decimal(17)}))) == PRIVATE
    assert words(replace(far, held=frozenset({Decimal(18)}))) == "结对帮扶17户。"


def mark(value: int) -> Mark:
    return Mark("novelty", "创新性得分", Decimal(value))


@pytest.fixture
def year_of_words(warehouse_home: Path) -> dict[str, str]:
    """A year with projects, words on them and a figure each; name of file → path."""
    with warehouse().begin() as c:
        register_definitions(c, definitions(), OPENED)
        register(c, FEDERATION, OPENED)
        for y in range(2018, 2022):
            ensure_partitions(c, y)
        project = {"started_on": date(2019, 1, 1), "target_text": "一年办结率95%",
                   "result_text": "办结率达到96%。", "mechanism": 27.0, "spread": 26.0}  # fmt: skip
        file(c, "RES-02", "2019",
             project | {"project_id": "X1", "title": "三单四制", "novelty": 36.5, "selected": True,
                        "key_numbers": "受理单=16件（单位自述）"},
             project | {"project_id": "X2", "title": "落选项目", "novelty": 6.0, "selected": False,
                        "key_numbers": "受理单=1件（单位自述）"})  # fmt: skip
        for by, count in ((CITY, 12), (MILL, 1), (MINE, 7)):
            file(c, "NARR-01", "2019",
                 {"section": "R12", "highlight": f"入选创新项目{count}项，带动职工300人。",
                  "numbers_used": "I-RES-02、单位自述"},
                 {"section": "R14", "problem": f"{by}人手紧。", "plan": "补齐专职干部2名。"},
                 by=by)  # fmt: skip
    draft = flow.prepare_review(2019, AT)
    return {Path(f).name: f for f in draft["files"]} | {"draft": str(draft["publication"])}


def test_a_review_quotes_its_units_and_walks_their_numbers(year_of_words: dict[str, str]) -> None:
    (file_,) = [f for n, f in year_of_words.items() if n == "T工会2019年工作总结.docx"]
    said = [p.text for p in docx.Document(file_).paragraphs]
    assert f"T工会：“入选创新项目12项{OWN}，带动职工300人{OWN}。”" in said
    assert f"A001工会：“入选创新项目1项，带动职工300人{OWN}。”" in said
    assert any("A002工会：“入选创新项目7项（单位自述）" in p for p in said)
    assert {"A001工会：“A001人手紧。”", "T工会：“补齐专职干部2名（单位自述）。”"} <= set(said)
    # the union's one project is its own figure, and walks to the row that counts it
    with warehouse().connect() as c:
        (number,) = c.execute(
            text(
                "SELECT ordinal FROM publication_number WHERE publication_id = :p "
                "AND unit = :u AND indicator = 'I-RES-02' ORDER BY ordinal DESC LIMIT 1"
            ),
            {"p": int(year_of_words["draft"]), "u": MILL},
        ).one()
    walked = walk(int(year_of_words["draft"]), number)
    assert walked.value == Decimal(1)


def test_selected_projects_are_listed_with_marks_that_walk(year_of_words: dict[str, str]) -> None:
    (file_,) = [f for n, f in year_of_words.items() if n == "T工会2019年工作总结.docx"]
    tables = docx.Document(file_).tables
    (listed,) = [
        t for t in tables if t.rows[0].cells[0].text == "项目" and "申报" in t.rows[0].cells[1].text
    ]
    assert [[c.text for c in r.cells] for r in listed.rows[1:]] == [
        ["三单四制", "A001工会", "36.5", "27", "26", "办结率达到96%。受理单=16件（单位自述）"]
    ]
    with warehouse().connect() as c:
        rows = c.execute(
            text(
                "SELECT ordinal, value FROM publication_number WHERE publication_id = :p "
                "AND source = 'rows' AND indicator LIKE 'RES-02:%' ORDER BY ordinal"
            ),
            {"p": int(year_of_words["draft"])},
        ).all()
    assert [r.value for r in rows] == [Decimal("36.5"), 27, 26]
    assert [walk(int(year_of_words["draft"]), r.ordinal).value for r in rows] == [
        r.value for r in rows
    ]
    with warehouse().connect() as c:  # what would be withheld of the union is known beside it
        (computation,) = c.execute(
            text("SELECT computation_id FROM publication WHERE id = :p"),
            {"p": int(year_of_words["draft"])},
        ).one()
        assert withheld_values(c, computation, [MILL, MINE], ["2019"]) == {}
        c.execute(
            text("INSERT INTO withheld_figure VALUES (:c, 1, :u, '2019', 'I-RES-02')"),
            {"c": computation, "u": MILL},
        )
        assert withheld_values(c, computation, [MILL, MINE], ["2019"]) == {MILL: {Decimal(1)}}
        assert withheld_values(c, computation, [MILL], ["2018"]) == {}
        assert withheld_values(c, computation, [MINE], ["2019"]) == {}
