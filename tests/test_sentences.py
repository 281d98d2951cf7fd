"""Clauses become text that a person would write: shared comparisons, no zeros, coverage once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from publish_figures import year

from definitions.loading import load_definitions
from pipelines.figures import BLOCK, Figure, change_words
from pipelines.publish.analysis import _against_line
from pipelines.publish.analysis_data import Line
from pipelines.publish.content import Inline, Number
from pipelines.publish.tables import percent
from pipelines.publish.telling import Teller
from pipelines.publish.transfers import growth

definitions = cache(load_definitions)
COUNTED = ("I-ORG-03", "I-ORG-04", "I-ORG-13", "I-ORG-15")


def teller(given: Mapping[str, Mapping[str, Any]], section: tuple[str, ...] = ()) -> Teller:
    """A teller over figures given by indicator: value, last_year, target, expected, reported."""
    values = {}
    for code, sides in given.items():
        told = {k: Decimal(str(v)) if k in _DECIMAL else v for k, v in sides.items()}
        figure = Figure(code, "NX", "2017", BLOCK, told.pop("value"), **told)
        values[(BLOCK, "NX", "2017", code)] = figure
    made = Teller(dataclasses.replace(year(), values=values), definitions())
    made.open("S", section)
    return made


_DECIMAL = (
    "value", "last_year", "comparable", "comparable_now", "target", "numerator", "denominator",
)  # fmt: skip


def told(runs: list[Inline]) -> str:
    return "".join(r.text if isinstance(r, Number) else r for r in runs)


def sentence(
    given: Mapping[str, Mapping[str, Any]],
    words: Mapping[str, str] = {},  # noqa: B006
    section: tuple[str, ...] = (),
    breaks: tuple[str, ...] = (),
) -> str:
    made = teller(given, section)
    return told(made.sentence([(c, words.get(c, "")) for c in given], breaks))


def moved(value: float, before: float, **more: Any) -> dict[str, Any]:
    return {"value": value, "last_year": before, **more}


def test_halves_are_rounded_up_wherever_a_number_is_printed() -> None:
    assert percent(77, 80) == "96.3%"  # 96.25, as the indicator of the same filings says it
    assert growth(Decimal("200.01"), Decimal(200)) == Decimal("0.01")  # 0.005
    assert sentence({"I-FIN-02": {"value": "1000050"}}) == "实拨缴100.01万元。"


def test_a_line_of_forty_is_never_told_as_four() -> None:
    given = teller({"I-ORG-04": {"value": "50"}})
    line = Line(Decimal(40), "线", "文件", at_least=True)
    runs = _against_line(given, given.figures.get("I-ORG-04"), line)
    assert "达到40人的参照目标" in told(runs)


def test_neighbours_that_grew_share_one_comparison() -> None:
    given = {"I-ORG-03": moved(110, 100), "I-ORG-04": moved(105, 100)}
    assert sentence(given) == "职工110人、会员105人，分别比上年增长10.0%和5.0%。"
    one_more = given | {"I-ORG-15": moved(101, 100)}
    assert sentence(one_more) == (
        "职工110人、会员105人、新发展会员101人，分别比上年增长10.0%、5.0%和1.0%。"
    )


def test_what_grew_by_as_much_is_told_once() -> None:
    given = {"I-ORG-03": moved(110, 100), "I-ORG-04": moved(55, 50)}
    assert sentence(given) == "职工110人、会员55人，均比上年增长10.0%。"


def test_what_stood_still_is_told_together() -> None:
    given = {"I-ORG-03": moved(100, 100), "I-ORG-04": moved(50, 50)}
    assert sentence(given) == "职工100人、会员50人，均与上年持平。"


def test_opposite_directions_are_never_told_together() -> None:
    given = {"I-ORG-03": moved(110, 100), "I-ORG-04": moved(90, 100)}
    assert sentence(given) == "职工110人，比上年增长10.0%；会员90人，比上年下降10.0%。"


def test_five_figures_do_not_share_one_comparison() -> None:
    codes = (*COUNTED, "I-ORG-05")
    words = dict.fromkeys(codes, "甲{v}")
    text = sentence({c: moved(110 + i, 100) for i, c in enumerate(codes)}, words)
    assert text.count("分别") == 1
    assert text.count("增长") == 2


def test_a_count_that_was_and_is_nothing_is_not_told() -> None:
    assert sentence({"I-ORG-13": moved(0, 0), "I-ORG-15": moved(5, 5)}) == (
        "新发展会员5人，与上年持平。"
    )
    assert sentence({"I-ORG-13": {"value": 0}}) == ""
    # what was asked for and not done is
    assert sentence({"I-ORG-13": {"value": 0, "target": 2}}) == ("新建基层工会0个，年度目标为2个。")


def test_a_count_that_came_from_nothing_or_went_to_it_says_what_it_was() -> None:
    assert sentence({"I-ORG-13": moved(3, 0)}) == "新建基层工会3个，上年为0。"
    assert sentence({"I-ORG-13": moved(0, 3)}) == "新建基层工会0个，上年为3个。"
    both = {"I-ORG-13": moved(3, 0), "I-ORG-14": moved(2, 0)}
    assert sentence(both) == "新建基层工会3个，其中百人以上工会2个，上年均为0。"


def test_what_was_as_much_last_year_is_told_once() -> None:
    both = {"I-ORG-13": moved(0, 10), "I-ORG-14": moved(0, 10)}
    assert sentence(both).endswith("上年均为10个。")


def test_times_grow_longer_and_what_should_be_low_rises() -> None:
    known = load_definitions().indicators
    spent, bad, good = known["I-RIGHT-05"], known["I-DEMO-05"], known["I-ORG-09"]
    none = Decimal(0)
    assert change_words(Decimal(11), Decimal(10), spent, none) == "延长10.0%"
    assert change_words(Decimal(9), Decimal(10), spent, none) == "缩短10.0%"
    assert change_words(Decimal(11), Decimal(10), bad, none) == "上升1.0个百分点"
    assert change_words(Decimal(9), Decimal(10), bad, none) == "下降1.0个百分点"
    assert change_words(Decimal(11), Decimal(10), good, none) == "提高1.0个百分点"


def test_a_part_whose_whole_is_not_told_is_called_by_its_name() -> None:
    name = definitions().indicators["I-ORG-14"].name
    assert sentence({"I-ORG-13": {"value": 0}, "I-ORG-14": {"value": 2}}) == f"{name}2个。"


def test_members_may_become_fewer() -> None:
    assert sentence({"I-ORG-16": {"value": -20}}) == "会员净减20人。"


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("I-FIN-02", "1300000", "实拨缴130万元。"),
        ("I-FIN-02", "662256290", "实拨缴66,225.63万元。"),
        ("I-FIN-02", "54560", "实拨缴54,560元。"),
        ("I-WARM-03", "471.184", "户均慰问标准471.18元。"),
    ],
)
def test_money_is_told_as_officials_write_it(code: str, value: str, words: str) -> None:
    assert sentence({code: {"value": value}}) == words


def test_a_target_met_exactly_needs_no_number() -> None:
    assert sentence({"I-ORG-13": {"value": 4, "target": 4}}) == "新建基层工会4个，完成年度目标。"
    assert sentence({"I-ORG-13": {"value": 6, "target": 4}}) == (
        "新建基层工会6个，完成年度目标（4个）的150.0%。"
    )


def test_what_the_section_lacks_is_not_repeated_and_what_differs_is() -> None:
    gap = {"reported": 58, "expected": 60}
    given = {"I-ORG-03": {"value": 9} | gap, "I-ORG-04": {"value": 8} | gap,
             "I-ORG-15": {"value": 7, "reported": 1, "expected": 3}}  # fmt: skip
    made = teller(given, tuple(given))
    assert told(made.sentence([(c, "") for c in given])) == (
        "职工9人，会员8人；新发展会员7人（应报3份、实报1份）。"
    )
    assert told(made.coverage_note()).startswith(
        "本节有缺报的指标，除文中另行注明外，应报60份、实报58份"
    )


def test_a_break_begins_a_new_sentence() -> None:
    given = {"I-ORG-04": moved(50, 50), "I-ORG-05": moved(20, 20)}
    assert sentence(given, breaks=("I-ORG-05",)) == (
        "会员50人，与上年持平。会员中，女会员20人，与上年持平。"
    )


def test_every_number_of_a_sentence_is_quoted() -> None:
    made = teller({"I-ORG-03": moved(110, 100), "I-ORG-04": moved(105, 100, target=200)})
    runs = made.sentence([("I-ORG-03", ""), ("I-ORG-04", "")])
    plain = "".join(r for r in runs if isinstance(r, str))
    assert not any(c.isdigit() for c in plain), plain


def test_what_follows_a_part_is_told_apart_from_it() -> None:
    given = {"I-SKILL-11": moved(110, 100), "I-SKILL-12": moved(40, 50),
             "I-SKILL-14": moved(45, 50), "I-SKILL-13": moved(90, 100)}  # fmt: skip
    words = {"I-SKILL-12": "其中通过大赛获得高级职业资格{v}"}
    assert sentence(given, words) == (
        "取得职业技能等级证书的职工110人，比上年增长10.0%，其中通过大赛获得高级职业资格40人，"
        "比上年下降20.0%；专业技术职称晋升45人、发放晋级助推奖励90元，均比上年下降10.0%。"
    )


def test_neighbours_of_which_fewer_are_better_name_last_year_once() -> None:
    given = {"I-DQ-05": moved(46, 4), "I-DQ-03": moved(3, 5)}
    assert sentence(given) == "缺报46次、锁定后更正3次，上年分别为4次和5次。"


def test_a_gap_in_points_is_met_or_missed_by_points() -> None:
    assert sentence({"I-CON-05": {"value": "1.5", "target": 2}}) == (
        "一线职工与平均工资增幅之差1.50个百分点，低于年度目标（2.00个百分点）0.50个百分点。"
    )


def test_of_few_people_no_growth_is_told_that_moved_unions_make_up() -> None:
    given = {"value": 100, "last_year": 50, "comparable": 80}
    assert "可比口径" in sentence({"I-AID-04": given})
    assert "可比口径" not in sentence({"I-AID-04": {**given, "comparable_now": 98}})
    members = {"value": 100, "last_year": 50, "comparable": 80, "comparable_now": 168}
    assert "（可比口径增长110.0%）" in sentence({"I-ORG-15": members})


def test_a_gap_in_points_moves_in_points() -> None:
    assert sentence({"I-CON-05": moved("1.5", "0.8")}) == (
        "一线职工与平均工资增幅之差1.50个百分点，比上年提高0.7个百分点。"
    )


@pytest.mark.parametrize(
    ("value", "words"), [("-20", "下降20.00%"), ("3.5", "增长3.50%"), ("0", "持平")]
)
def test_a_growth_is_told_as_one(value: str, words: str) -> None:
    given = {"I-FIN-11": moved(float(value), -10)}
    assert sentence(given) == f"“三公”经费同比{words}。"


def test_a_comparable_basis_that_says_the_same_is_not_told() -> None:
    alike = {"value": 1100, "last_year": 1000, "comparable": Decimal("1000.2")}
    assert sentence({"I-ORG-04": alike}) == "会员1,100人，比上年增长10.0%。"
    other = {"value": 1100, "last_year": 1000, "comparable": 1050}
    assert sentence({"I-ORG-04": other}) == "会员1,100人，比上年增长10.0%（可比口径增长4.8%）。"
