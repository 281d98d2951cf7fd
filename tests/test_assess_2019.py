"""The engine under the schemes of 2019: new functions, bad input, and the way to the next grade."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest
from assessment_data import scheme
from hypothesis import given, settings
from hypothesis import strategies as st
from test_assess import BALLOTS, RATED, count, only_line, ranking, ratio, small, units
from test_fund_audit import MARKS, SOUND, project

from definitions.loading import load_definitions
from pipelines.assess import (
    AssessmentInputs,
    IndicatorFacts,
    Measurement,
    PartyScore,
    Tally,
    Target,
    Unit,
    VetoEntry,
    assess,
    assessment_book,
    explain,
)
from pipelines.assess.fund_audit import AUDIT_FACTS, SLIPS, audit_figures
from pipelines.assess.results import Standing, State
from pipelines.assess.ways_up import ways_up

D = Decimal
RATE = IndicatorFacts("I-R-01", "法人单位建会率", "%", multiply=D(100), ratio=True)
GAP = IndicatorFacts("I-G-01", "增幅差", "百分点")
CASES = IndicatorFacts("I-C-01", "未兑现件数", "件", "lower")
COVERED = IndicatorFacts("I-CON-02", "集体合同覆盖职工数", "人")
WORKERS = IndicatorFacts("I-ORG-03", "职工人数", "人", "neither")
FACTS = (RATE, GAP, CASES, COVERED, WORKERS)


def line_of(part, *figures, targets=()):
    inputs = AssessmentInputs(2019, units("U1"), FACTS, figures, targets)
    return only_line(assess(small(part), inputs))


# New functions -----------------------------------------------------------------------------------

RISE = {"indicator": "I-R-01", "marks": 1, "function": "SF9", "rise": 2, "level_share": 0.7}


def test_a_target_two_points_above_last_year():
    line = line_of(RISE, ratio("U1", RATE, 91, 100, last_year=D(90)))
    assert line.target == 92
    assert abs(line.marks - (D("0.7") * 91 / 92 + D("0.3") / 2)) < D("0.000001")
    said = explain.part_sentence(line)
    assert "按上年实绩加 2.00%的目标 92%" in said or "按上年实绩加 2%的目标 92%" in said


def test_a_share_cannot_be_asked_to_rise_above_hundred():
    line = line_of(RISE, ratio("U1", RATE, 100, 100, last_year=D("99.5")))
    assert (line.target, line.marks) == (100, 1)


def test_without_last_year_there_is_nothing_to_rise_from_but_missing_stays_missing():
    line = line_of(RISE, ratio("U1", RATE, 91, 100))
    assert (line.state, line.marks) == (State.NOT_APPLICABLE, 0)
    assert "无从确定提高后的目标" in line.why
    silent = Measurement("U1", "I-R-01", None, None, None, reported=0, expected=12)
    assert line_of(RISE, silent).state is State.MISSING


def test_the_letter_goes_before_the_rise():
    letter = (Target("U1", "I-R-01", D(95)),)
    line = line_of(RISE, ratio("U1", RATE, 95, 100, last_year=D(90)), targets=letter)
    assert (line.target, line.from_letter, line.marks) == (95, True, 1)


BAND = {"indicator": "I-R-01", "marks": 1, "function": "SF5", "band": [85, 105],
        "limits": [50, 130]}  # fmt: skip


@pytest.mark.parametrize(("rate", "marks"), [(85, 1), (105, 1), (50, 0), (130, 0)])
def test_the_budget_is_kept_between_85_and_105(rate, marks):
    assert line_of(BAND, ratio("U1", RATE, rate, 100)).marks == marks


STRICT = {"indicator": "I-G-01", "marks": 1, "function": "SF4", "target": 0, "strict": True}


@pytest.mark.parametrize(("gap", "marks"), [("0.1", 1), ("0", 0), ("-2", 0)])
def test_front_line_wages_must_rise_faster_not_as_fast(gap, marks):
    line = line_of(STRICT, count("U1", GAP, gap))
    assert line.marks == marks
    assert ("须超过目标" in explain.part_sentence(line)) is (marks == 0)


OVER = {"indicator": "I-CON-02/I-ORG-03", "called": "集体合同覆盖率", "marks": 2,
        "function": "SF3", "steps": [[80, 2], [75, 1.5], [70, 1], [65, 0.5]]}  # fmt: skip


def test_coverage_is_made_of_two_indicators_and_told_with_both():
    line = line_of(OVER, count("U1", COVERED, 780), count("U1", WORKERS, 1000))
    assert (line.marks, line.actual) == (D("1.5"), 78)
    assert explain.part_sentence(line) == (
        "集体合同覆盖率 78.00%（780 ÷ 1000），目标 80%，按阶梯计分：≥75% 得 1.5 分。"
    )


@pytest.mark.parametrize(
    ("covered", "workers", "state"),
    [
        (count("U1", COVERED, 0), count("U1", WORKERS, 0), State.NOT_APPLICABLE),
        (count("U1", COVERED, 5), count("U1", WORKERS, None), State.MISSING),
        (count("U1", COVERED, None, reported=0), count("U1", WORKERS, 9), State.MISSING),
        (count("U1", COVERED, None), count("U1", WORKERS, 9), State.MISSING),
    ],
)
def test_coverage_without_workers_does_not_apply_and_unreported_is_missing(covered, workers, state):
    line = line_of(OVER, covered, workers)
    assert (line.state, line.marks) == (state, 0)


def test_a_quarter_without_a_base_does_not_count_and_an_absent_one_is_missing():
    part = {"indicator": "I-R-01", "marks": 4, "function": "SF12", "inner": "SF1", "target": 100}
    told = {1: D(100), 2: None, 3: D(50)}
    line = line_of(part, ratio("U1", RATE, 75, 100, quarters=told))
    assert line.marks == D(4 + 2 + 0) / 3  # the second had no base, the fourth never came
    said = explain.part_sentence(line)
    assert "第四季度缺报" in said
    assert "第二季度" not in said


def test_no_quarter_with_a_base_does_not_apply():
    part = {"indicator": "I-R-01", "marks": 4, "function": "SF12", "inner": "SF1", "target": 100}
    line = line_of(part, ratio("U1", RATE, 0, 0, quarters=dict.fromkeys((1, 2, 3, 4))))
    assert (line.state, line.why) == (State.NOT_APPLICABLE, "各季度均没有计算基数，不适用")


# Golden cases ------------------------------------------------------------------------------------

FITNESS = IndicatorFacts("I-CULT-01", "全民健身活动参与率", "%", multiply=D(100), ratio=True)
PAIRS = IndicatorFacts("I-SKILL-15", "师徒结对数", "对")


@pytest.mark.parametrize(
    ("rate", "total", "grade"),
    [("29.8", "0.00", "未提高"), ("34.9", "50.00", "有提高"), ("40", "100.00", "达标"),
     ("45", "100.00", "达标"), ("25", "0.00", "未提高")],
)  # fmt: skip
def test_golden_fitness_from_29_8_to_40(rate, total, grade):
    figures = (ratio("U1", FITNESS, rate, 100, last_year=D(39)),)
    inputs = AssessmentInputs(2019, units("U1"), (FITNESS,), figures)
    unit = assess(scheme("FIT-2019"), inputs).unit("U1")
    assert (unit.total, unit.grade) == (D(total), grade)
    assert "基期 29.80%" in explain.part_sentence(unit.blocks[0].parts[0])


@pytest.mark.parametrize(
    ("done", "total", "grade"),
    [(278, 102, "完成"), (100, 100, "完成"), (99, 99, "部分完成"), (60, 60, "部分完成"),
     (59, 0, "未完成"), (110, 101, "完成"), (109, 100, "完成")],
)  # fmt: skip
def test_golden_pairs_278_of_100(done, total, grade):
    inputs = AssessmentInputs(
        2019, units("U1"), (PAIRS,), (count("U1", PAIRS, done),),
        (Target("U1", "I-SKILL-15", D(100)),),
    )  # fmt: skip
    unit = assess(scheme("PAIR-2019"), inputs).unit("U1")
    assert (unit.total, unit.grade) == (total, grade)


def test_golden_pairs_have_1_78_apprentices_each():
    assert round(D(278) / 156, 2) == D("1.78")


def stars(*scores, **more):
    told = tuple(
        PartyScore("U1", b, D(s), 100, 90, **more)
        for b, s in zip(("member", "employer", "upper"), scores, strict=True)
    )
    return assess(scheme("SWH-2019"), AssessmentInputs(2019, units("U1"), party_scores=told))


def test_golden_star_home_80_90_90_keeps_85_in_2019():
    unit = stars(80, 90, 90).unit("U1")
    assert (unit.total, unit.grade) == (D("85.00"), "四星")


@pytest.mark.parametrize(
    ("total", "star"),
    [("90", "五星"), ("89.99", "四星"), ("80", "四星"), ("79.99", "三星"), ("70", "三星"),
     ("69.99", "不授星")],
)  # fmt: skip
def test_star_bands(total, star):
    assert stars(total, total, total).unit("U1").grade == star


def test_five_criteria_weigh_alike_and_one_that_nobody_scored_counts_nothing():
    five = dict.fromkeys(scheme("SWH-2019").criteria, D(80))
    assert stars(0, 0, 0, criteria=five).unit("U1").total == 80
    four = {c: s for c, s in five.items() if c != "财务管理规范"}
    unit = stars(0, 0, 0, criteria=four).unit("U1")
    assert unit.total == D(80) * 4 / 5
    assert "财务管理规范未评，计 0 分，取平均" in unit.blocks[0].note


def test_the_chair_is_rated_apart_from_the_union():
    def both(rater, sat, unsat):
        return (
            Tally("U1", rater, 100, 100, 100, 0, 0, 0),
            Tally("U1", rater, 100, 100, sat, 0, unsat, 0, object="工会主席"),
        )

    tallies = (*both("会员", 50, 50), *both("职工代表", 100, 0), *both("党政领导", 100, 0),
               *both("工会机关", 100, 0))  # fmt: skip
    inputs = AssessmentInputs(2019, units("U1"), tallies=tallies)
    assert assess(scheme("MEV-UNIT-2019"), inputs).unit("U1").total == 100
    chair = assess(scheme("MEV-CHAIR-2019"), inputs).unit("U1")
    assert chair.total == 50 * D("0.5") + 15 + 15 + 20
    assert chair.grade == "合格"


# Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        (Tally("U1", "会员", 141, 145, 135, 10, 0, 0), "收回 145 票，多于应评 141 人"),
        (Tally("U1", "会员", 141, 137, 127, 11, 0, 0), "各项票数合计 138 票，与收回 137 票不符"),
    ],
)
def test_more_ballots_than_members_void_the_rating_and_the_result_waits(members, sentence):
    others = Tally("U1", "职工代表", 10, 10, 10, 0, 0, 0)
    inputs = AssessmentInputs(2019, units("U1"), tallies=(members, others))
    unit = assess(small(**RATED), inputs).unit("U1")
    rater = unit.blocks[0].raters[0]
    assert (rater.score, unit.total, unit.standing) == (None, 40, Standing.PROVISIONAL)
    assert unit.notes == (f"会员评价票{sentence}，该方评价无效，须重新组织评价",)
    assert explain.rater_sentence(rater, unit.blocks[0]) == (
        f"{sentence}，该方评价无效，暂按 0 分计，须重新组织评价"
    )


def test_ballots_that_nobody_collected_are_not_said_to_be_shared_out():
    asked = Tally("U1", "职工代表", 10, 10, 10, 0, 0, 0)
    for tallies, told in (
        ((), "评价票尚未采集"),
        ((asked,), "本年度未采集，份额由其他评价主体分摊"),
    ):
        inputs = AssessmentInputs(2019, units("U1"), tallies=tallies)
        block = assess(small(**RATED), inputs).unit("U1").blocks[0]
        assert explain.rater_sentence(block.raters[0], block) == told
        assert "EVAL" not in explain.block_sentence(block)


def test_more_raters_than_members_void_a_star():
    told = (
        PartyScore("U1", "member", D(95), 100, 101),
        PartyScore("U1", "employer", D(95)),
        PartyScore("U1", "upper", D(95)),
    )
    inputs = AssessmentInputs(2019, units("U1"), party_scores=told)
    unit = assess(scheme("SWH-2019"), inputs).unit("U1")
    assert (unit.grade, unit.standing) == ("", Standing.INVALID)
    assert unit.grade_reasons == ("参评会员 101 人，多于有评价资格的 100 人，评家无效",)


def test_a_base_of_zero_has_a_sentence_and_its_marks_go_to_the_others():
    other = {"indicator": "I-C-01", "marks": 3, "function": "SF6", "per_case": 0.5}
    figures = (ratio("U1", RATE, 0, 0), count("U1", CASES, 2))
    inputs = AssessmentInputs(2019, units("U1"), FACTS, figures)
    share = {"indicator": "I-R-01", "marks": 1, "function": "SF1", "target": 90}
    unit = assess(small(share, other), inputs).unit("U1")
    dropped = unit.blocks[0].parts[0]
    assert explain.part_sentence(dropped) == (
        "本年度没有该项工作的计算基数（分母为 0），不适用；分值由同块其他项目分摊。"
    )
    assert unit.total == round(100 * D(2) / 3, 2)


def test_a_group_of_one_is_graded_without_a_rank_and_may_be_excellent():
    unit = ranking({"U1": "95"}, quota={"优秀": 30}, quota_least=1).unit("U1")
    assert (unit.grade, unit.rank, unit.group_size) == ("优秀", None, 1)


def test_everybody_tied_at_the_quota_waits_for_the_chairs():
    result = ranking(dict.fromkeys(("U1", "U2", "U3", "U4"), "95"), quota={"优秀": 30})
    assert {(u.rank, u.grade) for u in result.units} == {(1, "良好")}
    assert (
        "总分并列的 4 家跨名额边界，暂列“良好”，提请主席办公会票决"
        in (result.unit("U1").grade_reasons[0])
    )


def test_a_union_that_moved_in_mid_year_is_counted_once_in_its_new_group_and_says_so():
    note = "2019年7月1日划转，划转前的数据归原上级，本单位数据全年连续"
    members = (
        Unit("U1", "甲县总工会", group="县"), Unit("U2", "乙县总工会", group="县"),
        Unit("U3", "丙区总工会", group="开发区", note=note),
        Unit("U4", "丁区总工会", group="开发区"), Unit("U5", "戊区总工会", group="开发区"),
    )  # fmt: skip
    score = IndicatorFacts("I-S-01", "得分", "分")
    part = {"indicator": "I-S-01", "marks": 100, "function": "SF10"}
    figures = tuple(count(u.code, score, 80 + n) for n, u in enumerate(members))
    result = assess(small(part), AssessmentInputs(2019, members, (score,), figures))
    assert [u.unit.code for u in result.units].count("U3") == 1
    moved = result.unit("U3")
    assert (moved.group, moved.group_size, moved.rank, moved.notes) == ("开发区", 3, 3, (note,))
    assert result.unit("U1").rank is None  # two counties are too few to rank


# The way to the next grade -----------------------------------------------------------------------


def test_the_ways_up_are_told_in_figures_and_in_points():
    steps = {"indicator": "I-R-01", "marks": 60, "function": "SF3",
             "steps": [[90, 60], [80, 45], [70, 30]]}  # fmt: skip
    cases = {"indicator": "I-C-01", "marks": 40, "function": "SF6", "per_case": 5}
    figures = (ratio("U1", RATE, 85, 100), count("U1", CASES, 2))
    tst = small(steps, cases)
    unit = assess(tst, AssessmentInputs(2019, units("U1"), FACTS, figures)).unit("U1")
    assert (unit.total, unit.grade) == (45 + 30, "合格")
    assert [w.sentence for w in ways_up(tst, unit)] == [
        "法人单位建会率由 85.00% 提高到 90%，总分可增加 15.00 分，仅此一项即可升等。",
        "未兑现件数由 2 件 降到 0，总分可增加 10.00 分，仅此一项即可升等。",
    ]


def test_the_next_step_is_asked_and_not_the_last():
    steps = {"indicator": "I-R-01", "marks": 60, "function": "SF3",
             "steps": [[90, 60], [80, 45], [70, 30]]}  # fmt: skip
    tst = small(steps)

    def ask(rate):
        inputs = AssessmentInputs(2019, units("U1"), FACTS, (ratio("U1", RATE, rate, 100),))
        (way,) = ways_up(tst, assess(tst, inputs).unit("U1"))
        return way.ask

    assert ask(75) == "由 75.00% 提高到 80%"
    assert ask(60) == "由 60.00% 提高到 70%"


def test_points_do_not_help_under_a_veto_or_at_the_top():
    score = IndicatorFacts("I-S-01", "得分", "分")
    part = {"indicator": "I-S-01", "marks": 100, "function": "SF10"}
    inputs = AssessmentInputs(2019, units("U1"), (score,), (count("U1", score, 95),))
    top = assess(small(part), inputs)
    assert ways_up(small(part), top.unit("U1")) == ()
    vetoed = replace(inputs, vetoes=(VetoEntry("U1", "V4", "欠缴", "文〔2019〕1号"),))
    held = assess(small(part), vetoed).unit("U1")
    assert ways_up(small(part), held) == ()
    assert "一票否决" in explain.next_grade(small(part), held)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 110), st.sampled_from(["SF1", "SF2", "SF3", "SF4"])),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_what_is_said_to_be_enough_is_enough(told):
    """Doing what the sentence asks really lifts the unit to the next grade."""
    facts, parts, figures = [], [], []
    for n, (value, function) in enumerate(told):
        code = f"I-P-{n:02d}"
        settings_of = {"SF1": {"target": 100}, "SF2": {"target": 100, "floor": 0.6},
                       "SF3": {"steps": [[90, 10], [70, 6], [50, 3]]},
                       "SF4": {"target": 98}}  # fmt: skip
        facts.append(IndicatorFacts(code, f"指标{n}", "%"))
        parts.append(
            {"indicator": code, "marks": 10, "function": function, **settings_of[function]}
        )
        figures.append(count("U1", facts[-1], value))
    tst = small(*parts)
    inputs = AssessmentInputs(2019, units("U1"), tuple(facts), tuple(figures))
    unit = assess(tst, inputs).unit("U1")
    for way in ways_up(tst, unit):
        done = D(way.ask.split("提高到 ")[1].rstrip("%"))
        n = int(way.name.removeprefix("指标"))
        better = replace(figures[n], value=done)
        after = assess(
            tst, replace(inputs, measurements=(*figures[:n], better, *figures[n + 1 :]))
        ).unit("U1")
        assert abs(after.total - unit.total - way.gain) < D("0.011")
        if way.enough:
            assert tst.band_rank(after.grade) < tst.band_rank(unit.grade)


# Totals and ranks --------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_year_under_the_full_table_stays_in_bounds_and_ignores_the_order(data):
    tra = scheme("TRA-FED-2019")
    codes = [f"U{n}" for n in range(data.draw(st.integers(1, 5)))]
    indicators = sorted({c for b in tra.blocks for i in b.items for p in i.parts for c in p.codes})
    known = load_once()
    facts = tuple(IndicatorFacts.of(known.indicators[c]) for c in indicators)
    number = st.none() | st.integers(0, 200).map(D)
    figures = tuple(
        Measurement(
            u, f.code, data.draw(number) if not f.ratio else None,
            data.draw(number) if f.ratio else None, data.draw(number) if f.ratio else None,
            data.draw(st.integers(0, 1)), 1, last_year=data.draw(number),
        )
        for u in codes for f in facts
    )  # fmt: skip
    targets = tuple(
        Target(u, f.code, data.draw(st.integers(0, 100).map(D)))
        for u in codes for f in facts if data.draw(st.booleans())
    )  # fmt: skip
    inputs = AssessmentInputs(2019, units(*codes), facts, figures, targets)
    result = assess(tra, inputs)
    for unit in result.units:
        assert unit.total is None or 0 <= unit.total <= 100 + tra.bonus_cap
        for block in unit.blocks:
            assert block.score is None or 0 <= block.score <= 100
            for line in block.parts:
                assert 0 <= line.marks <= line.full
                assert explain.part_sentence(line).endswith("。")
        in_force = sum(b.weight for b in unit.blocks)
        assert abs(in_force - 100) < D("0.0000001")
        assert all(w.sentence for w in ways_up(tra, unit))
    turned = replace(
        inputs, units=inputs.units[::-1], measurements=figures[::-1], targets=targets[::-1]
    )
    assert assess(tra, turned).units == result.units


_KNOWN = []


def load_once():
    if not _KNOWN:
        _KNOWN.append(load_definitions())
    return _KNOWN[0]


# The book of the new kinds -----------------------------------------------------------------------


def opened(result):
    content = assessment_book(
        result, title="汇编", year=2019, cutoff=datetime(2020, 2, 1, tzinfo=UTC),
        definitions_digest="3f9a2c81d07b4e65", federation="示范市总工会",
    )  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(content))
    return " ".join(
        str(c.value) for s in book for row in s.iter_rows() for c in row if c.value is not None
    )


def test_the_book_of_a_fund_audit_explains_each_aspect():
    rows = [project(form, awards=D(1)) for form in SLIPS]
    figures = audit_figures("U1", rows, D(200), SOUND, MARKS)
    said = opened(
        assess(scheme("FPA-2019"), AssessmentInputs(2019, units("U1"), AUDIT_FACTS, figures))
    )
    for part in ("效益较好", "教育宣传", "上级表彰 1 次 × 3", "90—105",
                 "支出 1,000 元 ÷ 预算 1,000 元",
                 "30 日内报送整改结果"):  # fmt: skip
        assert part in said
    assert not {"None", "nan"} & set(said.split())


def test_the_book_of_a_rating_shows_void_ballots():
    tallies = (Tally("U1", "会员", 141, 145, 145, 0, 0, 0),)
    said = opened(
        assess(scheme("MEV-UNIT-2019"), AssessmentInputs(2019, units("U1"), tallies=tallies))
    )
    assert "收回 145 票，多于应评 141 人" in said
    assert "（暂定）" in said


def test_ballot_worth_is_what_the_domain_says():
    assert scheme("MEV-UNIT-2019").ballots.model_dump() == BALLOTS
