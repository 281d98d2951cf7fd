"""R-01 of a grassroots union: three pages at most, facts before quotations, no tables by unit."""

from __future__ import annotations

import dataclasses
import io
from decimal import Decimal

import openpyxl
import pypdfium2
import pytest
from publish_figures import EXTRAS, Unit, definitions, year

from pipelines.figures import BLOCK, CoverageRow, Figures
from pipelines.publish import AssessmentRow, Extras, UnitWords, UnmetTarget, WorkRow
from pipelines.publish.content import Paragraph, Section, Table
from pipelines.publish.outline import PARTS
from pipelines.publish.pdf import pdfs
from pipelines.publish.short_review import short_review, short_sections

MILL = Unit("G01", "宁夏某机械制造有限责任公司工会委员会", "基层", "基层工会")


def one() -> Figures:
    """The federation's figures as if a single union had done it all."""
    whole = year()
    values = {
        (BLOCK, "G01", label, code): dataclasses.replace(f, unit="G01")
        for (line, unit, label, code), f in whole.values.items()
        if unit == "NX"
    }
    rows = (CoverageRow("G01", "ORG-02", "2017", 12, 11, 10, 9),)
    return dataclasses.replace(
        whole, unit=MILL, children={}, values=values, coverage=rows, transfers=(), notes=()
    )


def many_words(length: int = 400) -> tuple[UnitWords, ...]:
    """A text of a union on every section, and on the last its problems and plans."""
    text = "组织职工开展群众性活动，职工反映良好。" * (length // 19 + 1)
    said = [UnitWords("G01", MILL.name, p.code, "工作亮点", text) for p in PARTS]
    last = [UnitWords("G01", MILL.name, "R14", k, text) for k in ("存在问题", "下年打算")]
    return (*said, *last)


FULL = Extras(
    works=(WorkRow("W01", "工会组织建设与会员发展", 2, 1, Decimal(50)),),
    assessments=(
        AssessmentRow(MILL.name, "基层工会", Decimal("88.2"), "良好", 2, code="G01", scheme="TRA"),
        AssessmentRow("别家", "基层工会", Decimal("90"), "良好", 1, code="G02", scheme="TRA"),
    ),
    unmet=tuple(
        UnmetTarget(MILL.name, f"第{n}项任务", "人", Decimal(50), None if n % 2 else Decimal(31),
                    "人员变动较大，年底前未能补齐", "G01", "I-ORG-15")
        for n in range(9)
    ),
    rule_counts=EXTRAS.rule_counts,
    words=many_words(),
)  # fmt: skip


def told(sections: tuple[Section, ...]) -> str:
    return "\n".join(
        "".join(r if isinstance(r, str) else r.text for r in b.runs)
        for s in sections
        for b in s.blocks
        if isinstance(b, Paragraph)
    )


@pytest.mark.parametrize("extras", [Extras(), FULL], ids=["bare", "full"])
def test_it_has_three_pages_at_most(extras: Extras) -> None:
    made = short_review(one(), definitions(), extras)
    ((_, content),) = pdfs(made, draft=False)
    with pypdfium2.PdfDocument(content) as opened:
        assert len(opened) <= 3


def test_each_section_is_told_in_sentences_and_no_table_is_by_unit() -> None:
    sections = short_sections(one(), definitions(), FULL)
    text = told(sections)
    assert "劳动竞赛与技能人才方面，举办培训1,239期" in text
    assert "目标任务完成与考核方面，" in text
    assert "目标责任考核得88.20分，等次为良好，居基层工会第2名。" in text
    tables = [b for s in sections for b in s.blocks if isinstance(b, Table)]
    assert [t.title for t in tables] == ["关键数据"]
    assert "应报报表12份，实报11份" in text


def test_tasks_not_met_stand_with_their_reasons() -> None:
    text = told(short_sections(one(), definitions(), FULL))
    assert "9项目标任务未完成：第0项任务目标50人、完成31人（人员变动较大" in text
    assert "第1项任务目标50人、未报（" in text
    assert "其余见附表。" in text


def test_its_own_words_are_told_as_far_as_there_is_room() -> None:
    text = told(short_sections(one(), definitions(), FULL))
    assert text.count("“组织职工") >= 4
    assert text.index("劳动竞赛与技能人才方面，") < text.rindex("“组织职工")
    made = short_review(one(), definitions(), FULL)
    annex = next(c for n, c in made.files if n.endswith(".xlsx"))
    rows = list(openpyxl.load_workbook(io.BytesIO(annex))["单位综述素材"].values)
    assert len(rows) == 3 + len(FULL.words)


def test_a_union_that_sent_nothing_has_no_zeros() -> None:
    silent = dataclasses.replace(
        one(), values={}, coverage=(CoverageRow("G01", "ORG-02", "2017", 12, 0, 0, 0),)
    )
    sections = short_sections(silent, definitions(), Extras())
    text = told(sections)
    assert "本年没有可汇总的数据，未以零代替。" in text
    numbers = [n for s in sections for n in s.numbers()]
    assert {n.source for n in numbers} <= {"coverage"}


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = (short_review(one(), definitions(), FULL) for _ in range(2))
    assert first.files == second.files
