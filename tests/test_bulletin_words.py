"""What monthly bulletins say and leave unsaid: nothing twice, no column of dashes, equals alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal

import pytest
from publish_figures import definitions, month

from pipelines.figures import BLOCK, CoverageRow, Figure, Figures, change_words
from pipelines.publish.appeal_words import sentence
from pipelines.publish.bulletin import bulletin_document
from pipelines.publish.content import Document, Inline, Number, Paragraph, Section, Table
from pipelines.publish.extras import Extras
from pipelines.publish.quality import Found, Quality, quality_sections
from pipelines.publish.results import most_often
from pipelines.publish.tables import percent
from pipelines.publish.telling import Teller

STEADY = Decimal("0.5")


def told(runs: Sequence[Inline]) -> str:
    return "".join(r.text if isinstance(r, Number) else r for r in runs)


def texts(sections: Sequence[Section]) -> list[str]:
    return [told(b.runs) for s in sections for b in s.blocks if isinstance(b, Paragraph)]


def tables(sections: Sequence[Section]) -> dict[str, Table]:
    return {b.title: b for s in sections for b in s.blocks if isinstance(b, Table)}


def complete(figures: Figures) -> Figures:
    """The same month with everything filed in time and passed at once."""
    rows = [
        CoverageRow(u.code, "ORG-02", figures.period.label, 3, 3, 3, 3)
        for u in figures.children[BLOCK]
    ]
    return dataclasses.replace(figures, coverage=tuple(rows))


def document(figures: Figures) -> Document:
    return bulletin_document(figures, definitions(), Extras())


def test_what_prints_alike_has_not_moved() -> None:
    from definitions.loading import load_definitions

    each = load_definitions().indicators["I-INNO-13"]
    assert each.unit == "件/人"
    assert change_words(Decimal("0.0405"), Decimal("0.0423"), each, STEADY) == "基本持平"
    assert change_words(Decimal("0.045"), Decimal("0.0423"), each, STEADY) == "增长6.4%"


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(24_799, 24_803, "99.98%"), (999_999, 1_000_000, "99.99%"), (5, 5, "100.0%"),
     (999, 1000, "99.9%"), (0, 5, "0.0%"), (0, 0, "—")],
)  # fmt: skip
def test_nothing_short_of_all_is_a_hundred_percent(part: int, whole: int, words: str) -> None:
    assert percent(part, whole) == words


def test_a_bulletin_tells_its_figures_in_words_and_is_dated() -> None:
    made = document(month())
    (words,) = [t for t in texts(made.sections) if t.startswith("月末会员")]
    assert "新发展会员" in words
    assert "实拨缴工会经费" in words
    assert made.signature == (month().unit.name, "2018年1月20日")


def test_a_first_year_has_no_columns_of_dashes() -> None:
    figures = month()
    first = {k: dataclasses.replace(f, last_year=None) for k, f in figures.values.items()}
    heads = [c.label for c in tables(document(figures).sections)["主要指标情况"].columns]
    assert heads[-2:] == ["上年同月", "比上年同月"]
    made = tables(document(dataclasses.replace(figures, values=first)).sections)["主要指标情况"]
    assert [c.label for c in made.columns] == ["价值维度", "指标", "本月", "上月", "比上月"]
    assert {len(row) for row in made.rows} == {5}


def test_that_all_came_in_time_is_said_once() -> None:
    words = texts(document(complete(month())).sections)
    assert sum("按时报送" in w for w in words) == 1


def problems(*counts: int) -> str:
    listed = [(f"问题{i}", f"V-{i}", n, 1) for i, n in enumerate(counts, 1)]
    return told(most_often(Teller(month(), definitions(), "B4"), listed))


def test_the_most_frequent_problem_is_named_only_where_there_is_one() -> None:
    assert problems(3) == "均为“问题1”，涉及1家单位"
    assert problems(12, 7) == "最多的是“问题1”，12处、涉及1家单位"
    assert problems(1, 1) == "“问题1”“问题2”，各1处"
    assert problems(4, 4, 1) == "最多的是“问题1”“问题2”，各4处"
    assert problems(1, 1, 1, 1) == "分属4类"


def quality(whole: Found, rules: Sequence[Found] = ()) -> Quality:
    return Quality(whole, rules, {}, {"ORG-02": "会员与组织发展月报表"}, answer_workdays=2)


def test_a_clean_month_has_no_section_on_problems_and_says_so_once() -> None:
    clean = complete(month())
    made = quality_sections(Teller(clean, definitions()), quality(Found(0, 0, 0, 0)))
    words = texts(made)
    assert "审核发现的问题" not in [s.title for s in made]
    assert sum("审核未发现" in w for w in words) == 1
    assert "8家单位应报报表均按时报送且首次审核通过。" in words
    assert "本报告期应报报表1种，均按时报齐。" in words
    assert "各单位数据质量指标" not in tables(made)


def test_what_became_of_problems_stands_in_the_sentence_that_counts_them() -> None:
    rules = [Found(5, 2, 1, 1, "V-O-015", "须说明"), Found(1, 1, 0, 0, "V-R-003", "退回")]
    made = quality_sections(Teller(month(), definitions()), quality(Found(6, 2, 1, 1), rules))
    words = texts(made)
    assert any(
        "问题6处，涉及2家单位；其中已重报更正4处，已作说明1处，尚待处理1处。" in w for w in words
    )
    mended = quality(Found(2, 1, 0, 0), [Found(2, 1, 0, 0, "V-R-003", "退回")])
    words = texts(quality_sections(Teller(month(), definitions()), mended))
    assert any("涉及1家单位，均已重报更正。" in w for w in words)


def test_a_count_of_nothing_is_told_in_words_with_the_month_before() -> None:
    figures = month()
    nothing = {
        k: dataclasses.replace(f, value=Decimal(0), previous=Decimal(79))
        for k, f in figures.values.items()
    }
    teller = Teller(dataclasses.replace(figures, values=nothing), definitions(), "A1")
    clauses = [("I-ORG-15", "新发展会员{v}")]
    assert told(sentence(teller, clauses)).startswith("新发展会员0人（比上月减少79人")
    assert told(sentence(teller, clauses, none={"I-ORG-15": "没有新发展会员"})) == (
        "没有新发展会员（上月79人）。"
    )


def rated(figures: Figures, better: Sequence[str]) -> Figures:
    """The month with a rate beside its counts, in the order of the units given in percent."""
    values = dict(figures.values)
    for code, rate in [("NX", "50"), *((u.code, r) for u, r in zip(
        figures.children[BLOCK], better, strict=False))]:  # fmt: skip
        values[(BLOCK, code, figures.period.label, "I-FIN-03")] = Figure(
            "I-FIN-03", code, figures.period.label, BLOCK, Decimal(rate)
        )
    return dataclasses.replace(figures, values=values)


def test_units_are_ranked_by_rates_and_equals_share_a_place() -> None:
    counts = tables(document(month()).sections)["主要指标居前和靠后的单位"]
    assert {str(row[0]) for row in counts.rows} >= {"新发展会员数（人）"}
    rates = rated(month(), ["90", "95", "95", "80", "70", "60", "60"])
    made = tables(document(rates).sections)["主要指标居前和靠后的单位"]
    assert {str(row[0]) for row in made.rows} == {"经费收缴率（%）"}
    assert [row[2] for row in made.rows] == ["1", "1", "3", "5", "6", "6"]
    alike = tables(document(rated(month(), ["90"] * 7)).sections)["主要指标居前和靠后的单位"]
    assert "经费收缴率（%）" not in {str(row[0]) for row in alike.rows}


def test_an_end_that_would_part_equals_names_nobody() -> None:
    rates = rated(month(), ["100", "100", "100", "100", "80", "70", "60"])
    made = tables(document(rates).sections)["主要指标居前和靠后的单位"]
    assert [(row[1], row[2]) for row in made.rows] == [("靠后", "5"), ("靠后", "6"), ("靠后", "7")]
    behind = rated(month(), ["99.001", "98", "97", "90.004", "90.001", "90.002", "90.003"])
    made = tables(document(behind).sections)["主要指标居前和靠后的单位"]
    assert {row[1] for row in made.rows} == {"居前"}  # 90.00 as printed
