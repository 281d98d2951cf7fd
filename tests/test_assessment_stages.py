"""The rules of an assessment year: stages, ratings, the drawing of a sample, consequences."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.assessment_year.consequences import Open, Outcome, consequences, due_steps
from pipelines.assessment_year.rating import Ballots, objections, turnout
from pipelines.assessment_year.sampling import draw, lot
from pipelines.assessment_year.stages import (
    STEPS,
    Move,
    Refused,
    Stage,
    not_over,
    refuse_final,
    step_from,
    steps_now,
)

D = Decimal


def test_the_steps_lead_from_the_start_to_the_end_and_through_every_stage():
    reached, todo = set(), [None]
    while todo:
        for step in steps_now(todo.pop()):
            if step.after not in reached:
                reached.add(step.after)
                todo.append(step.after)
    assert reached == set(Stage)


@pytest.mark.parametrize("stage", [None, *Stage])
@pytest.mark.parametrize("step", STEPS, ids=lambda s: s.code)
def test_a_step_is_taken_from_its_own_stage_and_refused_from_every_other(stage, step):
    move = Move(step.code, "考核办 张", "按年度安排", "市总会纪〔2018〕4号")
    if step.before is stage:
        assert step_from(stage, move).after is step.after
    else:
        with pytest.raises(Refused, match=step.name):
            step_from(stage, move)


def test_a_refusal_says_everything_that_is_wrong_at_once():
    with pytest.raises(Refused) as refused:
        step_from(Stage.RATING, Move("finalise", " ", "", ""))
    for said in (
        "目前处于“群众评价”阶段",
        "须在“待审定”阶段办理",
        "经办人、理由、文号",
        "转入考评组评分",
    ):
        assert said in str(refused.value)


def test_a_result_becomes_final_only_after_the_notice_and_with_every_appeal_answered():
    refuse_final(date(2018, 3, 14), date(2018, 3, 13), 0)
    with pytest.raises(Refused, match="至2018年3月13日"):
        refuse_final(date(2018, 3, 13), date(2018, 3, 13), 0)
    with pytest.raises(Refused, match="1 件申诉.*；2 家单位总分并列"):
        refuse_final(date(2018, 3, 14), date(2018, 3, 13), 1, 2)


def test_days_to_appeal_that_outlast_the_notice_are_waited_for():
    notice, appeals = date(2018, 3, 13), date(2018, 3, 20)
    with pytest.raises(Refused, match="申诉期至2018年3月20日"):
        refuse_final(date(2018, 3, 20), notice, 0, appeals_until=appeals)
    refuse_final(date(2018, 3, 21), notice, 0, appeals_until=appeals)
    assert not_over(date(2018, 3, 21), notice, appeals, 0) == ()
    assert len(not_over(date(2018, 3, 13), notice, appeals, 2)) == 2


# --- ratings ---


def ballots(**changes) -> Ballots:
    told = {
        "unit": "640105", "rater": "会员", "eligible": 141, "ballots": 137, "very_sat": 127,
        "basic_sat": 10, "unsat": 0, "unclear": 0, **changes,
    }  # fmt: skip
    return Ballots(**told)


def test_the_articles_ballots_are_taken():
    assert objections(ballots(), electorate=141, members=150) == ()


@pytest.mark.parametrize(
    ("given_", "electorate", "members", "said"),
    [
        (ballots(ballots=142, very_sat=132), 141, None, "收回 142 票，多于应评 141 人"),
        (ballots(), 141, 136, "收回会员评价 137 票，多于会员 136 人"),
        (ballots(basic_sat=9), 141, None, "合计 136 票，与收回 137 票不符"),
        (ballots(), 140, None, "与评价开始时核定的 140 人不符"),
        (ballots(), None, None, "没有安排“会员”评价"),
        (ballots(unsat=-1, basic_sat=11), 141, None, "不能为负数"),
    ],
)
def test_a_tally_that_cannot_be_is_refused(given_, electorate, members, said):
    assert said in "；".join(objections(given_, electorate=electorate, members=members))


def test_all_objections_come_at_once():
    found = objections(ballots(ballots=200), electorate=150, members=100)
    assert len(found) == 4


def test_participation_of_exactly_the_line_is_valid_and_a_hair_below_is_not():
    electorates = {("A", "会员"): 100, ("B", "会员"): 100_003, ("C", "会员"): 10, ("D", "会员"): 0}
    found = turnout(
        electorates,
        [
            ballots(unit="A", eligible=100, ballots=60, very_sat=60, basic_sat=0),
            ballots(unit="B", eligible=100_003, ballots=60_001, very_sat=60_001, basic_sat=0),
        ],
        D(60),
    )
    assert [(t.unit, t.valid) for t in found] == [
        ("A", True), ("B", False), ("C", False), ("D", False),
    ]  # fmt: skip
    assert "60.00%，评价有效" in found[0].why
    assert "59.999%，低于 60%，评价无效" in found[1].why
    assert "尚未上报" in found[2].why


# --- the sample ---

GROUPS = {f"6401{n:02d}": "区县总工会" if n < 12 else "开发区总工会" for n in range(15)}


def test_the_sample_can_be_drawn_again_with_a_calculator():
    drawn = draw("2018-02-26", GROUPS, D(20), 1)
    by_hand = sorted(
        (u for u in GROUPS if GROUPS[u] == "区县总工会"),
        key=lambda u: hashlib.sha256(f"2018-02-26:{u}".encode()).hexdigest(),
    )
    assert [d.unit for d in drawn if d.group == "区县总工会"] == by_hand[:3]  # 20% of 12, up
    assert [d.unit for d in drawn if d.group == "开发区总工会"][0] in GROUPS
    assert all(d.lot == lot("2018-02-26", d.unit) for d in drawn)


@given(st.permutations(sorted(GROUPS)), st.text("0123456789", min_size=6, max_size=20))
def test_the_order_of_units_decides_nothing(order, seed):
    assert draw(seed, {u: GROUPS[u] for u in order}, D(20), 1) == draw(seed, GROUPS, D(20), 1)


@given(st.integers(1, 40), st.integers(1, 100), st.integers(0, 5))
def test_the_sample_is_as_large_as_promised(size, share, least):
    groups = {f"U{n}": "组" for n in range(size)}
    drawn = draw("123456", groups, D(share), least)
    assert len(drawn) == min(size, max(least, -(-size * share // 100)))
    assert len({d.unit for d in drawn}) == len(drawn)


def test_another_seed_draws_others():
    assert len({draw(f"seed-{n}", GROUPS, D(20), 1)[0].unit for n in range(30)}) > 5


def test_a_drawing_without_a_public_seed_is_refused():
    with pytest.raises(Refused, match="抽签种子"):
        draw(" 1 ", GROUPS, D(20), 1)
    with pytest.raises(Refused, match="没有可供抽取"):
        draw("123456", {}, D(20), 1)


# --- consequences ---

GRADES = ("优秀", "良好", "合格", "不合格")
RATES = dict(zip(GRADES, (D("1.10"), D("1.00"), D("0.90"), D("0.70")), strict=True))


def kinds(*outcomes: Outcome) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {o.unit: [] for o in outcomes}
    for c in consequences(outcomes, GRADES, RATES, date(2018, 3, 15), 30):
        found[c.unit].append(c.kind)
    return found


def test_every_grade_brings_what_the_catalogue_says():
    assert kinds(*(Outcome(f"U{n}", "某工会", g) for n, g in enumerate(GRADES))) == {
        "U0": ["表彰", "经费系数"],
        "U1": ["经费系数"],
        "U2": ["经费系数", "改进工作函"],
        "U3": ["经费系数", "取消评先资格", "约谈", "限期整改"],
    }


def test_a_veto_takes_honours_whatever_the_grade_and_an_invalid_rating_brings_no_money():
    assert kinds(
        Outcome("U0", "某工会", "良好", vetoes=("经费未足额上缴",)),
        Outcome("U1", "某工会", "", invalid="会员参评率 59.00%，低于 60%，评家无效"),
    ) == {"U0": ["取消评先资格", "经费系数"], "U1": ["重新评价"]}


def test_written_rectification_is_due_after_thirty_days():
    (due,) = [c for c in consequences([Outcome("U", "某工会", "不合格")], GRADES, RATES,
                                      date(2018, 3, 15), 30) if c.due_on]  # fmt: skip
    assert due.due_on == date(2018, 4, 14)
    assert "2018年4月14日前" in due.content


@pytest.mark.parametrize(
    ("steps", "day", "due"),
    [
        ((), date(2018, 4, 6), None),
        ((), date(2018, 4, 7), "提醒"),
        (("提醒",), date(2018, 4, 14), None),
        (("提醒",), date(2018, 4, 15), "督办"),
        ((), date(2018, 4, 15), "督办"),
        (("提醒", "督办"), date(2018, 5, 1), None),
        (("报送结果",), date(2018, 5, 1), None),
        (("提醒", "督办", "报送结果", "退回重办"), date(2018, 5, 1), "督办"),
        (("报送结果", "退回重办", "报送结果", "验收销号"), date(2018, 5, 1), None),
    ],
)
def test_reminders_and_warnings_go_out_once_each(steps, day, due):
    found = due_steps([Open(1, "U", date(2018, 4, 14), steps)], day, 7)
    assert found.get(1) == due
