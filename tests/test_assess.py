"""The assessment engine: what scores, what drops, what is provisional, who ranks where and why."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from assessment_data import counties, homes, scheme
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from definitions.loading import load_definitions
from definitions.schemes import Scheme
from pipelines.assess import (
    AssessmentInputs,
    AssessorMark,
    BonusClaim,
    DeductionEntry,
    IndicatorFacts,
    Measurement,
    PartyScore,
    SelfReport,
    Tally,
    Target,
    Unit,
    VetoEntry,
    assess,
    explain,
)
from pipelines.assess.results import Standing, State

D = Decimal
CONTEST = IndicatorFacts("I-SKILL-10", "竞赛参赛率", "%", multiply=D(100), ratio=True)
PAIRS = IndicatorFacts("I-SKILL-15", "师徒结对数", "对")
SLIPS = IndicatorFacts("I-RIGHT-04", "诉求按期办结率", "%", multiply=D(100), ratio=True)
FACTS = (CONTEST, PAIRS, SLIPS)

CONTEST_PART = {"indicator": "I-SKILL-10", "marks": 2, "function": "SF3",
                "steps": [[92, 2], [85, 1.5], [80, 1]]}  # fmt: skip
PAIRS_PART = {"indicator": "I-SKILL-15", "marks": 1, "function": "SF2", "target": "letter",
              "floor": 0.6, "excess": True}  # fmt: skip
SLIPS_PART = {"indicator": "I-RIGHT-04", "marks": 2, "function": "SF3",
              "steps": [[100, 2], [95, 1.5], [90, 1]]}  # fmt: skip
BALLOTS = {"very_sat": 100, "basic_sat": 75, "unsat": 0, "unclear_explain_pct": 30}


def small(*parts, **changes) -> Scheme:
    """A scheme of one block of items, unless `changes` says otherwise."""
    data = {
        "code": "TST-2017",
        "title": "测试方案",
        "label": "测试",
        "first_year": 2017,
        "applies": {},
        "blocks": [
            {
                "code": "targets",
                "name": "目标任务",
                "weight": 100,
                "source": "items",
                "items": [
                    {"code": f"T{n:02d}", "name": f"项目{n}", "parts": [part]}
                    for n, part in enumerate(parts, 1)
                ],
            }
        ],
        "bonus_cap": 5,
        "bonus": {"国家级": 2, "省级": 1, "市级": 0.5},
        "excess": {"step_pct": 10, "points": 1, "cap": 2},
        "deduction_cap": 10,
        "deductions": {"年报迟报": 0.5},
        "self_reporting": {"tolerance_pct": 5, "points": 1},
        "veto": [
            {"code": "V4", "name": "工会经费未足额上缴", "highest": "良好"},
            {"code": "V7", "name": "统计数据弄虚作假", "highest": "不合格"},
        ],
        "bands": [
            {"name": "优秀", "at_least": 90},
            {"name": "良好", "at_least": 80},
            {"name": "合格", "at_least": 60},
            {"name": "不合格", "at_least": 0},
        ],
        "authority": "测试",
    }
    return Scheme.model_validate({**data, **changes})


def ratio(unit, facts, numerator, denominator, **more):
    top = None if numerator is None else D(numerator)
    return Measurement(unit, facts.code, None, top, D(denominator), 12, 12, **more)


def count(unit, facts, value, **more):
    return Measurement(unit, facts.code, None if value is None else D(value), None, None,
                       **{"reported": 12, "expected": 12, **more})  # fmt: skip


def units(*codes: str) -> tuple[Unit, ...]:
    return tuple(Unit(code, f"{code}总工会", "区县总工会", "区县级") for code in codes)


def only_line(result, unit="U1"):
    return result.unit(unit).blocks[0].parts[0]


# One mark -------------------------------------------------------------------------------------


def test_golden_contest_rate_is_told_with_its_numbers():
    inputs = AssessmentInputs(2017, units("U1"), FACTS, (ratio("U1", CONTEST, 24000, 26000),))
    line = only_line(assess(small(CONTEST_PART), inputs))
    assert (line.marks, line.state) == (2, State.SCORED)
    assert explain.part_sentence(line) == "竞赛参赛率 92.31%，目标 92%，按阶梯计分：≥92% 得 2 分。"


def test_golden_pairs_278_of_100_fill_the_item_and_bring_two_bonus_points():
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (count("U1", PAIRS, 278),), (Target("U1", "I-SKILL-15", D(100)),)
    )
    unit = assess(small(PAIRS_PART), inputs).unit("U1")
    assert unit.blocks[0].parts[0].marks == 1
    assert [(a.kind, a.points) for a in unit.bonus] == [("超额完成", 2)]
    assert unit.total == 100 + 2
    assert "完成 278.00%" in explain.part_sentence(unit.blocks[0].parts[0])


def test_a_rounded_value_does_not_lift_a_ratio_over_a_step():
    rounded_up = replace(ratio("U1", CONTEST, 91999, 100000), value=D("92.00"))
    inputs = AssessmentInputs(2017, units("U1"), FACTS, (rounded_up,))
    line = only_line(assess(small(CONTEST_PART), inputs))
    assert line.marks == D("1.5")
    assert "91.999%" in explain.part_sentence(line)


def test_no_base_drops_the_item_and_the_others_carry_its_marks():
    figures = (ratio("U1", CONTEST, 22000, 26000), ratio("U1", SLIPS, 0, 0))
    result = assess(
        small(CONTEST_PART, SLIPS_PART), AssessmentInputs(2017, units("U1"), FACTS, figures)
    )
    contest, slips = result.unit("U1").blocks[0].parts
    assert slips.state is State.NOT_APPLICABLE
    assert contest.marks == 1
    assert result.unit("U1").total == 100 * D(1) / 2
    assert "不适用；分值由同块其他项目分摊" in explain.part_sentence(slips)


def test_missing_data_scores_nothing_and_keeps_its_marks_in_the_base():
    unreported = Measurement("U1", "I-RIGHT-04", D(0), D(0), D(0), reported=0, expected=4)
    figures = (ratio("U1", CONTEST, 24000, 26000), unreported)
    result = assess(
        small(CONTEST_PART, SLIPS_PART), AssessmentInputs(2017, units("U1"), FACTS, figures)
    )
    slips = result.unit("U1").blocks[0].parts[1]
    assert slips.state is State.MISSING
    assert result.unit("U1").total == 100 * D(2) / (2 + 2)
    assert "应报 4 份，实报 0 份" in explain.part_sentence(slips)


def test_a_zero_report_has_no_base_but_is_not_missing():
    nothing = Measurement("U1", "I-RIGHT-04", None, None, None, reported=12, expected=12)
    inputs = AssessmentInputs(2017, units("U1"), FACTS, (nothing,))
    line = only_line(assess(small(SLIPS_PART, CONTEST_PART), inputs))
    assert line.state is State.NOT_APPLICABLE
    assert "零报告" in line.why


def test_a_unit_without_a_single_applicable_item_gets_no_total():
    figures = (ratio("U1", SLIPS, 0, 0),)
    result = assess(small(SLIPS_PART), AssessmentInputs(2017, units("U1"), FACTS, figures))
    unit = result.unit("U1")
    assert (unit.total, unit.grade, unit.standing) == (None, "", Standing.INVALID)


def test_a_task_outside_the_letter_drops_and_no_letter_at_all_scores_nothing():
    figures = tuple(count(u, PAIRS, 90) for u in ("U1", "U2"))
    other_task = Target("U1", "I-HOME-02", D(5))
    result = assess(
        small(PAIRS_PART, CONTEST_PART),
        AssessmentInputs(2017, units("U1", "U2"), FACTS, figures, (other_task,)),
    )
    first, second = only_line(result, "U1"), only_line(result, "U2")
    assert (first.state, first.why) == (State.NOT_APPLICABLE, "目标责任书未列此项任务，不适用")
    assert second.state is State.MISSING
    assert "未报送目标责任书" in explain.part_sentence(second)


def test_a_target_of_nothing_is_a_task_not_given():
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (count("U1", PAIRS, 3),), (Target("U1", "I-SKILL-15", D(0)),)
    )
    assert only_line(assess(small(PAIRS_PART), inputs)).state is State.NOT_APPLICABLE


def test_the_letter_replaces_the_default_target_of_the_scheme():
    part = {"indicator": "I-SKILL-10", "marks": 2, "function": "SF1", "target": 80}
    figures = (ratio("U1", CONTEST, 80, 100),)
    without = AssessmentInputs(2017, units("U1"), FACTS, figures)
    signed = replace(without, targets=(Target("U1", "I-SKILL-10", D(100)),))
    assert only_line(assess(small(part), without)).marks == 2
    assert only_line(assess(small(part), signed)).marks == 2 * D("0.8")


def test_improvement_without_last_year_does_not_apply():
    part = {"indicator": "I-SKILL-15", "marks": 1, "function": "SF8", "target": "letter"}
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (count("U1", PAIRS, 90),), (Target("U1", "I-SKILL-15", D(100)),)
    )
    assert only_line(assess(small(part), inputs)).state is State.NOT_APPLICABLE
    half_way = replace(inputs, measurements=(count("U1", PAIRS, 90, last_year=D(80)),))
    assert only_line(assess(small(part), half_way)).marks == D("0.5")


def test_quarters_are_marked_one_by_one_and_a_missing_quarter_earns_nothing():
    part = {"indicator": "I-SKILL-15", "marks": 4, "function": "SF12", "inner": "SF1",
            "target": "letter"}  # fmt: skip
    figures = (count("U1", PAIRS, 100, quarters={1: D(20), 2: D(30), 4: D(30)}),)
    letter = Target("U1", "I-SKILL-15", D(100), quarters={1: D(20), 2: D(40), 3: D(20), 4: D(20)})
    line = only_line(
        assess(small(part), AssessmentInputs(2017, units("U1"), FACTS, figures, (letter,)))
    )
    assert line.marks == (4 + 3 + 0 + 4) / D(4)
    assert "第三季度缺报" in explain.part_sentence(line)


def test_rank_marks_compare_inside_the_group_and_the_missing_stand_last():
    part = {"indicator": "I-SKILL-15", "marks": 1, "function": "SF7"}
    members = (*units("U1", "U2", "U3"), Unit("Z1", "开发区总工会", "开发区总工会"))
    figures = (count("U1", PAIRS, 12), count("U2", PAIRS, 5), count("Z1", PAIRS, 1),
               count("U3", PAIRS, None, reported=0))  # fmt: skip
    result = assess(small(part), AssessmentInputs(2017, members, FACTS, figures))
    got = {u.unit.code: u.blocks[0].parts[0].marks for u in result.units}
    assert got == {"U1": 1, "U2": D("0.5"), "U3": 0, "Z1": 1}
    assert "组内仅 1 家，得满分" in explain.part_sentence(only_line(result, "Z1"))


def test_partial_coverage_is_said_beside_the_mark():
    partial = replace(ratio("U1", CONTEST, 24000, 26000), reported=10)
    inputs = AssessmentInputs(2017, units("U1"), FACTS, (partial,))
    line = only_line(assess(small(CONTEST_PART), inputs))
    assert "应报 12 份，实报 10 份，按已报数计" in explain.part_sentence(line)


# Self-reports, bonus, deductions, veto ----------------------------------------------------------


@pytest.mark.parametrize(("claimed", "points"), [("105", 0), ("95", 0), ("105.01", 1), ("94.9", 1)])
def test_the_computed_value_scores_and_a_claim_beyond_five_percent_costs_a_point(claimed, points):
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (count("U1", PAIRS, 100),), (Target("U1", "I-SKILL-15", D(200)),),
        (SelfReport("U1", "I-SKILL-15", D(claimed)),),
    )  # fmt: skip
    unit = assess(small({**PAIRS_PART, "floor": 0.1}), inputs).unit("U1")
    assert unit.blocks[0].score == 50
    assert unit.blocks[0].parts[0].self_reported == D(claimed)
    assert unit.deduction_points == points
    assert unit.total == 50 - points


def test_something_claimed_where_nothing_was_done_is_false():
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (count("U1", PAIRS, 0),), (Target("U1", "I-SKILL-15", D(9)),),
        (SelfReport("U1", "I-SKILL-15", D(1)),),
    )  # fmt: skip
    unit = assess(small(PAIRS_PART), inputs).unit("U1")
    assert unit.deduction_points == 1
    assert unit.total == 0  # never below nothing


def test_bonus_needs_a_document_counts_once_and_is_capped():
    claims = (
        BonusClaim("U1", "国家级", "全国工人先锋号", "总工发〔2017〕1号"),
        BonusClaim("U1", "国家级", "全国工人先锋号", "总工发〔2017〕1号"),
        BonusClaim("U1", "国家级", "五一劳动奖状", " "),
        BonusClaim("U1", "县级", "先进集体", "县工发〔2017〕8号"),
        BonusClaim("U1", "国家级", "模范职工之家", "总工发〔2017〕2号"),
        BonusClaim("U1", "国家级", "模范职工小家", "总工发〔2017〕3号"),
    )
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (ratio("U1", CONTEST, 0, 100),), bonus_claims=claims
    )
    unit = assess(small(CONTEST_PART), inputs).unit("U1")
    assert [a.counted for a in unit.bonus] == [True, False, False, False, True, True]
    assert [a.why for a in unit.bonus if not a.counted] == [
        "同一文号同一荣誉已计一次，不重复加分",
        "没有表彰文号，不予加分",
        "方案未设“县级”加分",
    ]
    assert unit.bonus_points == 5
    assert unit.total == min(2 + 2 + 2, 5)


def test_deductions_add_up_to_their_cap():
    late = DeductionEntry("U1", "年报迟报", "年报迟报", 30, "市总办函〔2018〕1号")
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (ratio("U1", CONTEST, 95, 100),), deductions=(late,)
    )
    unit = assess(small(CONTEST_PART), inputs).unit("U1")
    assert (unit.deduction_points, unit.total) == (10, 100 - 10)


@pytest.mark.parametrize(
    ("code", "document", "grade"),
    [
        ("V4", "市总工发〔2018〕5号", "良好"),
        ("V7", "市总工发〔2018〕6号", "不合格"),
        ("V7", "", "优秀"),
    ],
)
def test_a_veto_caps_the_grade_and_needs_a_document(code, document, grade):
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (ratio("U1", CONTEST, 95, 100),),
        vetoes=(VetoEntry("U1", code, "经查属实", document),),
    )  # fmt: skip
    unit = assess(small(CONTEST_PART), inputs).unit("U1")
    assert (unit.total, unit.grade_by_total, unit.grade) == (100, "优秀", grade)
    assert unit.grade_reasons


def test_an_unknown_veto_is_refused_and_other_units_are_left_aside():
    inputs = AssessmentInputs(
        2017, units("U1"), FACTS, (ratio("U1", CONTEST, 95, 100), ratio("X9", CONTEST, 1, 1)),
        vetoes=(VetoEntry("U1", "V99", "？", "文"),),
    )  # fmt: skip
    with pytest.raises(ValueError, match="unknown veto V99"):
        assess(small(CONTEST_PART), inputs)
    assert len(assess(small(CONTEST_PART), replace(inputs, vetoes=())).units) == 1


def test_two_figures_for_one_place_are_refused():
    twice = (ratio("U1", CONTEST, 95, 100), ratio("U1", CONTEST, 90, 100))
    with pytest.raises(ValueError, match="measurement given 2 times"):
        assess(small(CONTEST_PART), AssessmentInputs(2017, units("U1"), FACTS, twice))


# Grades, quota, ranks ---------------------------------------------------------------------------

SCORE = IndicatorFacts("I-SCORE-01", "得分", "分")
BY_SCORE = {"indicator": "I-SCORE-01", "marks": 100, "function": "SF10"}


def ranking(totals: dict[str, str], **changes):
    """Units whose total is given outright."""
    figures = tuple(count(u, SCORE, t) for u, t in totals.items())
    return assess(
        small(BY_SCORE, **changes), AssessmentInputs(2017, units(*totals), (SCORE,), figures)
    )


@pytest.mark.parametrize(
    ("exact", "total", "grade"),
    [
        ("90", "90.00", "优秀"),
        ("89.995", "90.00", "优秀"),
        ("89.99", "89.99", "良好"),
        ("89.985", "89.98", "良好"),
        ("79.995", "80.00", "良好"),
        ("79.99", "79.99", "合格"),
        ("60", "60.00", "合格"),
        ("59.994", "59.99", "不合格"),
    ],
)
def test_bands_apply_to_the_rounded_total(exact, total, grade):
    unit = ranking({"U1": exact}).unit("U1")
    assert (unit.total, unit.grade) == (D(total), grade)


def test_ties_share_a_rank_and_the_next_is_skipped():
    result = ranking({"U1": "70", "U2": "88", "U3": "88", "U4": "61"})
    assert [(u.unit.code, u.rank) for u in result.units] == [
        ("U2", 1), ("U3", 1), ("U1", 3), ("U4", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("codes", [("U1",), ("U1", "U2")])
def test_a_group_below_three_is_graded_but_not_ranked(codes):
    result = ranking(dict.fromkeys(codes, "85"))
    assert [(u.grade, u.rank) for u in result.units] == [("良好", None)] * len(codes)


def test_everybody_tied_is_first():
    assert [u.rank for u in ranking(dict.fromkeys(("U1", "U2", "U3"), "77")).units] == [1, 1, 1]


def test_at_most_thirty_percent_of_a_group_are_excellent():
    totals = {f"U{n}": str(99 - n) for n in range(1, 8)}  # 98 … 92
    result = ranking(totals, quota={"优秀": 30})
    assert [u.grade for u in result.units] == ["优秀"] * 2 + ["良好"] * 5
    assert "名额已满" in result.unit("U3").grade_reasons[0]


def test_equal_totals_across_the_quota_wait_for_the_chairs():
    totals = {"U1": "98", "U2": "95", "U3": "95", **{f"U{n}": "70" for n in range(4, 8)}}
    result = ranking(totals, quota={"优秀": 30})
    assert [result.unit(u).grade for u in ("U1", "U2", "U3")] == ["优秀", "良好", "良好"]
    assert "主席办公会票决" in result.unit("U2").grade_reasons[0]


def test_a_vetoed_unit_takes_no_place_of_the_quota():
    figures = tuple(count(u, SCORE, t) for u, t in (("U1", 98), ("U2", 95), ("U3", 91), ("U4", 50)))
    inputs = AssessmentInputs(
        2017, units("U1", "U2", "U3", "U4"), (SCORE,), figures,
        vetoes=(VetoEntry("U1", "V4", "欠缴", "文〔2018〕1号"),),
    )  # fmt: skip
    result = assess(small(BY_SCORE, quota={"优秀": 30}), inputs)
    assert [result.unit(u).grade for u in ("U1", "U2", "U3")] == ["良好", "优秀", "良好"]


@pytest.mark.parametrize(("least", "grades"), [(1, ["优秀", "良好"]), (0, ["良好", "良好"])])
def test_a_small_group_keeps_the_places_that_the_scheme_leaves_it(least, grades):
    result = ranking({"U1": "98", "U2": "95"}, quota={"优秀": 30}, quota_least=least)
    assert [u.grade for u in result.units] == grades


@settings(max_examples=60)
@given(st.lists(st.decimals("0", "100", places=2), min_size=1, max_size=15))
def test_the_quota_holds_and_a_better_rank_never_has_a_worse_grade(totals):
    result = ranking({f"U{n:02d}": str(t) for n, t in enumerate(totals)}, quota={"优秀": 30})
    best = sum(u.grade == "优秀" for u in result.units)
    assert best <= 0.3 * len(totals)
    places = [result.scheme.band_rank(u.grade) for u in result.units]
    assert places == sorted(places)


def test_groups_by_size_and_the_note_of_a_transfer_stay_with_the_unit():
    members = (
        Unit("A", "甲厂工会", size=20), Unit("B", "乙厂工会", size=99),
        Unit("C", "丙厂工会", size=1000, note="2017年7月划转"), Unit("D", "丁厂工会"),
        Unit("E", "戊厂工会", size=3, group="试点单位"),
    )  # fmt: skip
    figures = tuple(count(u.code, SCORE, 80) for u in members)
    result = assess(
        small(BY_SCORE, group_by="size", size_bands=[1, 25, 100, 200, 1000]),
        AssessmentInputs(2017, members, (SCORE,), figures),
    )
    assert {u.unit.code: u.group for u in result.units} == {
        "A": "1—24人", "B": "25—99人", "C": "1000人以上", "D": "人数未报", "E": "试点单位",
    }  # fmt: skip
    assert result.unit("C").notes == ("2017年7月划转",)


def test_the_next_grade_is_told_in_points():
    unit = ranking({"U1": "76.79"}).unit("U1")
    said = explain.next_grade(small(BY_SCORE), unit)
    assert said.startswith("距“良好”（80 分）还差 3.21 分；失分较多：得分（影响总分 23.21 分）")


# Ratings and assessors --------------------------------------------------------------------------

RATED = {
    "blocks": [
        {"code": "r", "name": "群众评价", "weight": 100, "source": "ratings",
         "raters": {"会员": 60, "职工代表": 40}},
    ],
    "ballots": BALLOTS,
}  # fmt: skip


def test_golden_ballots_141_137_127_10():
    tally = Tally("U1", "会员", 141, 137, 127, 10, 0, 0)
    others = Tally("U1", "职工代表", 10, 10, 10, 0, 0, 0)
    result = assess(small(**RATED), AssessmentInputs(2017, units("U1"), tallies=(tally, others)))
    members = result.unit("U1").blocks[0].raters[0]
    assert round(members.participation_pct, 2) == D("97.16")
    assert round(members.score, 2) == D("98.18")
    assert members.satisfied_pct == 100
    exact = Fraction(127 * 100 + 10 * 75, 137) * 60 / 100 + 40
    assert result.unit("U1").total == round(D(exact.numerator) / exact.denominator, 2)


def test_those_who_do_not_know_are_left_out_of_the_mean_and_flagged_beyond_thirty_percent():
    tallies = (
        Tally("U1", "会员", 100, 100, 69, 0, 0, 31),
        Tally("U1", "职工代表", 9, 9, 9, 0, 0, 0),
    )
    unit = assess(small(**RATED), AssessmentInputs(2017, units("U1"), tallies=tallies)).unit("U1")
    assert unit.blocks[0].raters[0].score == 100
    assert unit.blocks[0].raters[0].must_explain
    assert any("不了解" in note for note in unit.notes)
    at_the_edge = (Tally("U1", "会员", 100, 100, 70, 0, 0, 30), tallies[1])
    unit = assess(small(**RATED), AssessmentInputs(2017, units("U1"), tallies=at_the_edge)).unit(
        "U1"
    )
    assert not unit.blocks[0].raters[0].must_explain


def test_ballots_on_the_chair_do_not_count_for_the_union():
    tallies = (
        Tally("U1", "会员", 10, 10, 10, 0, 0, 0),
        Tally("U1", "职工代表", 10, 10, 10, 0, 0, 0),
        Tally("U1", "会员", 10, 10, 0, 0, 10, 0, object="工会主席"),
    )
    result = assess(small(**RATED), AssessmentInputs(2017, units("U1"), tallies=tallies))
    assert result.unit("U1").total == 100


def test_a_rater_group_nobody_asked_leaves_its_share_and_the_result_provisional():
    tallies = (Tally("U1", "会员", 10, 10, 8, 0, 2, 0),)
    result = assess(small(**RATED), AssessmentInputs(2017, units("U1"), tallies=tallies))
    assert result.unit("U1").total == 80
    assert result.unit("U1").standing is Standing.PROVISIONAL
    assert "职工代表的评价票尚未采集" in result.provisional[0]


def test_ratings_nobody_collected_score_nothing_and_say_so():
    result = assess(small(**RATED), AssessmentInputs(2017, units("U1")))
    assert (result.unit("U1").total, result.unit("U1").standing) == (0, Standing.PROVISIONAL)
    assert result.provisional == (
        "“群众评价”的评价票（EVAL-01）尚未采集，暂按 0 分计，结果为暂定。",
    )


def test_a_unit_that_did_not_vote_while_others_did_scores_nothing():
    tallies = (
        *(Tally("U1", r, 10, 10, 10, 0, 0, 0) for r in ("会员", "职工代表")),
        Tally("U2", "会员", 10, 10, 10, 0, 0, 0),
    )
    result = assess(small(**RATED), AssessmentInputs(2017, units("U1", "U2"), tallies=tallies))
    assert [u.total for u in result.units] == [100, 60]
    assert result.provisional == ()


@pytest.mark.parametrize(("outcome", "total"), [("zero", 90), ("spread", 100)])
def test_a_block_that_nobody_collected_follows_the_scheme_and_is_provisional(outcome, total):
    blocks = [
        {"code": "t", "name": "目标任务", "weight": 90, "source": "items",
         "items": [{"code": "T01", "name": "竞赛", "parts": [CONTEST_PART]}]},
        {"code": "a", "name": "考评组", "weight": 10, "source": "assessors", "uncollected": outcome,
         "items": [{"code": "K1", "name": "综合", "assessed": 100}]},
    ]  # fmt: skip
    inputs = AssessmentInputs(2017, units("U1"), FACTS, (ratio("U1", CONTEST, 95, 100),))
    result = assess(small(blocks=blocks), inputs)
    assert (result.unit("U1").total, result.unit("U1").standing) == (total, Standing.PROVISIONAL)
    assert "“考评组”的评分（EVAL-02）尚未采集" in result.provisional[0]
    marked = replace(inputs, assessor_marks=(
        AssessorMark("U1", "K1", "考评一组", D(80)), AssessorMark("U1", "K1", "考评二组", D(90)),
    ))  # fmt: skip
    result = assess(small(blocks=blocks), marked)
    assert (result.unit("U1").total, result.provisional) == (90 + D("8.5"), ())


# The schemes in force ---------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "total"), [("SWH-2017", "86.00"), ("SWH-2018", "85.00")])
def test_golden_star_home_80_90_90(code, total):
    unit = assess(scheme(code), homes()).unit("H1")
    assert (unit.total, unit.grade) == (D(total), "四星")


def test_stars_are_capped_by_the_members_and_void_without_enough_ballots():
    result = assess(scheme("SWH-2017"), homes())
    assert {u.unit.code: (u.total, u.grade, u.standing.value) for u in result.units} == {
        "H1": (D("86.00"), "四星", "正式"),
        "H2": (D("93.30"), "五星", "正式"),
        "H3": (D("84.50"), "三星", "正式"),  # members gave 68
        "H4": (D("82.60"), "", "无效"),  # 50 of 90 took part
    }


@pytest.mark.parametrize(
    ("eligible", "rated", "valid"),
    [(100, 60, True), (100, 59, False), (40, 29, False), (40, 30, True), (20, 20, True),
     (20, 19, False), (None, None, False)],
)  # fmt: skip
def test_a_home_needs_sixty_percent_and_thirty_ballots_or_all(eligible, rated, valid):
    scores = tuple(
        PartyScore("H1", b, D(85), *((eligible, rated) if b == "member" else ()))
        for b in ("member", "employer", "upper")
    )
    inputs = replace(homes(), units=homes().units[:1], party_scores=scores)
    unit = assess(scheme("SWH-2017"), inputs).unit("H1")
    assert (unit.standing is not Standing.INVALID) == valid
    assert valid or "评家无效" in unit.grade_reasons[0]


@pytest.mark.parametrize(("members", "star"), [("70", "四星"), ("69.99", "三星")])
def test_members_below_seventy_cap_the_home_at_three_stars(members, star):
    scores = (
        PartyScore("H1", "member", D(members), 100, 90),
        PartyScore("H1", "employer", D(95)),
        PartyScore("H1", "upper", D(95)),
    )
    inputs = replace(homes(), units=homes().units[:1], party_scores=scores)
    assert assess(scheme("SWH-2017"), inputs).unit("H1").grade == star


def test_the_year_of_five_county_unions():
    result = assess(scheme("TRA-FED-2017"), counties())
    assert [(u.unit.code, u.rank, u.total, u.grade) for u in result.units] == [
        ("U1", 1, D("101.47"), "优秀"),
        ("U2", 2, D("91.60"), "良好"),
        ("U3", 3, D("72.89"), "合格"),
        ("U4", 4, D("43.34"), "不合格"),
        ("U5", None, D("91.08"), "优秀"),
    ]
    assert result.provisional == ()


def test_a_total_is_its_blocks_bonus_and_deductions():
    for unit in assess(scheme("TRA-FED-2017"), counties()).units:
        blocks = sum(b.weighted for b in unit.blocks)
        assert abs(blocks + unit.bonus_points - unit.deduction_points - unit.total) < D("0.0051")


PRINTED = re.compile(
    r"(?:实得 ([\d.]+) 分 ÷ 应得 ([\d.]+) 分 × 100 = |：)([\d.]+) 分"
    r".*，权重 ([\d.]+)%，计入总分 ([\d.]+) 分。$"
)


def test_a_reader_with_a_calculator_comes_to_the_total_from_the_printed_sentences():
    for unit in assess(scheme("TRA-FED-2017"), counties()).units:
        reckoned = unit.bonus_points - unit.deduction_points
        for block in unit.blocks:
            found = PRINTED.search(explain.block_sentence(block))
            assert found, explain.block_sentence(block)
            earned, due, score, weight, counted = (D(n) if n else None for n in found.groups())
            if earned is not None:
                assert abs(earned / due * 100 - score) < D("0.0005")
            assert abs(score * weight / 100 - counted) < D("0.0002")
            reckoned += counted
        assert abs(reckoned - unit.total) < D("0.0052")


def test_reasons_that_assessors_share_stand_once():
    blocks = [
        {"code": "a", "name": "考评组", "weight": 100, "source": "assessors", "uncollected": "zero",
         "items": [{"code": "K1", "name": "综合", "assessed": 100}]},
    ]  # fmt: skip

    def said(*reasons):
        given = tuple(
            AssessorMark("U1", "K1", f"考评{n}组", D(80), reason)
            for n, reason in zip("一二", reasons, strict=True)
        )
        inputs = AssessmentInputs(2017, units("U1"), FACTS, assessor_marks=given)
        return explain.part_sentence(only_line(assess(small(blocks=blocks), inputs)))

    assert said("材料不全；缺会议记录", "材料不全；缺会议记录").endswith(
        "；理由：材料不全；缺会议记录（考评一组、考评二组）。"
    )
    assert said("材料不全", "台账不清").endswith("；理由：考评一组：材料不全；考评二组：台账不清。")


def test_cases_are_counted_in_their_own_unit_and_a_target_beyond_the_limit_is_said():
    part = {"indicator": "I-SKILL-15", "marks": 2, "function": "SF6", "per_case": 0.5}
    lower = replace(PAIRS, unit="次", better="lower")

    def said(part, value, *targets):
        figures = (count("U1", lower, value),)
        inputs = AssessmentInputs(2017, units("U1"), (lower,), figures, targets)
        return explain.part_sentence(only_line(assess(small(part), inputs)))

    assert "3 次，每次扣 0.5 分：满分 2 分，扣后得 0.50 分" in said(part, 3)
    assert "每次扣 0.5 分：满分 2 分已扣完，得 0.00 分" in said(part, 9)
    back = {**part, "function": "SF5", "target": 0, "limit": 10}
    del back["per_case"]
    assert "反向计分（10 次及以上不得分）：得 1.00 分" in said(back, 5)
    letter = Target("U1", "I-SKILL-15", D(70))
    assert "责任书目标 70 次，反向计分（超过目标不得分）：得 2.00 分" in said(back, 65, letter)


def test_last_year_beyond_the_target_is_said_beside_the_improvement():
    part = {"indicator": "I-SKILL-10", "marks": 3, "function": "SF9", "target": 80,
            "level_share": 0.7}  # fmt: skip

    def said(before):
        figures = (replace(ratio("U1", CONTEST, 90, 100), last_year=D(before)),)
        inputs = AssessmentInputs(2017, units("U1"), FACTS, figures)
        return explain.part_sentence(only_line(assess(small(part), inputs)))

    assert "上年 95.00%（已达目标，改善度看是否保持）：3 ×" in said(95)
    assert "上年 70.00%：3 ×" in said(70)


def test_every_line_of_every_unit_can_say_how_it_came_about():
    result = assess(scheme("TRA-FED-2017"), counties())
    for unit in result.units:
        for block in unit.blocks:
            assert explain.block_sentence(block).endswith("。")
            for line in block.parts:
                said = explain.part_sentence(line)
                assert said.endswith("。")
                assert line.state is not State.SCORED or "分" in said
                assert not {"None", "NaN", "nan"} & set(said.replace("。", " ").split())


def test_without_assessors_the_county_result_is_provisional_and_invents_nothing():
    result = assess(scheme("TRA-FED-2017"), counties(assessors=False))
    assert {u.standing for u in result.units} == {Standing.PROVISIONAL}
    assert [u.block("assessors").score for u in result.units] == [0] * 5
    assert len(result.provisional) == 2  # D5 and the whole block


def test_the_same_inputs_in_another_order_give_the_same_result():
    inputs = counties()
    turned = replace(
        inputs,
        units=inputs.units[::-1],
        measurements=inputs.measurements[::-1],
        tallies=inputs.tallies[::-1],
        assessor_marks=inputs.assessor_marks[::-1],
    )
    assert assess(scheme("TRA-FED-2017"), inputs).units == (
        assess(scheme("TRA-FED-2017"), turned).units
    )


@pytest.mark.parametrize(("code", "weights"), [
    ("TRA-FED-2017", (70, 20, 10)), ("TRA-GRASS-2017", (40, 50, 10)),
    ("SWH-2017", (40, 30, 30)), ("SWH-2018", (50, 25, 25)),
])  # fmt: skip
def test_block_weights_of_the_schemes(code, weights):
    assert tuple(b.weight for b in scheme(code).blocks) == weights


@pytest.mark.parametrize("code", ["TRA-FED-2017", "TRA-GRASS-2017"])
def test_items_in_force_and_items_waiting_make_up_the_whole_table(code):
    tra = scheme(code)
    in_force = {i.code: i.marks for i in tra.blocks[0].items}
    assert sum(in_force.values()) + sum(w.marks for w in tra.coverage.waiting) == 80 + 20
    full = {"T01": 8, "T02": 5, "T03": 6, "T04": 4, "T05": 4, "T06": 5, "T07": 7, "T08": 5,
            "T09": 6, "T10": 5, "T11": 6, "T12": 4, "T13": 4, "T14": 3, "T15": 2, "T16": 6,
            "D1": 6, "D2": 4, "D3": 3, "D4": 3, "D5": 4}  # fmt: skip
    together = {c: in_force.get(c, 0) for c in full}
    for waiting in tra.coverage.waiting:
        together[waiting.item] += waiting.marks
    assert together == full


def test_the_star_schemes_agree_with_the_dated_parameters():
    known = load_definitions()
    for year in (2017, 2018):
        stars, day = known.scheme("SWH", year), date(year, 12, 31)
        weights = known.parameters["star_weights"].at(day)
        assert [b.weight for b in stars.blocks] == list(weights.values())
        least = known.parameters["rating_participation_pct"].at(day)
        assert stars.validity.participation_pct == least


def test_the_scheme_of_a_year_is_found_by_its_family():
    known = load_definitions()
    assert known.scheme("SWH", 2017).code == "SWH-2017"
    assert known.scheme("SWH", 2018).code == "SWH-2018"
    assert known.scheme("SWH", 2019).code == "SWH-2019"
    with pytest.raises(KeyError, match="no version for 2016"):
        known.scheme("SWH", 2016)


# What a scheme may not be -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"blocks": [{**RATED["blocks"][0], "raters": {"会员": 50, "职工代表": 50}}],
          "ballots": BALLOTS}, "会员 must hold the largest share"),
        ({"blocks": [{**RATED["blocks"][0], "raters": {"会员": 60, "职工代表": 30}}],
          "ballots": BALLOTS}, "sum to 90"),
        ({"blocks": RATED["blocks"]}, "needs the values of ballots"),
        ({"quota": {"卓越": 30}}, "unknown grades: 卓越"),
        ({"bands": [{"name": "优秀", "at_least": 90}]}, "bands must fall"),
        ({"caps": [{"block": "targets", "below": 70, "highest": "合格"}]}, "no party scores"),
        ({"excess": None}, "excess bonus"),
        ({"code": "TST"}, "code"),
    ],
)  # fmt: skip
def test_a_scheme_that_contradicts_itself_does_not_load(changes, complaint):
    with pytest.raises(ValidationError, match=complaint):
        small(PAIRS_PART, **changes)


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ({"function": "SF2", "target": 90}, "lacks floor"),
        ({"function": "SF1", "target": 90, "limit": 3}, "no use for limit"),
        ({"function": "SF3", "steps": [[80, 1], [90, 2]]}, "steps must fall"),
        ({"function": "SF7", "excess": True}, "excess needs a target"),
        ({"function": "SF11"}, "function"),
    ],
)
def test_a_part_names_exactly_the_settings_of_its_function(part, complaint):
    with pytest.raises(ValidationError, match=complaint):
        small({"indicator": "I-X-01", "marks": 2, **part})
