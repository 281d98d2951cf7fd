"""Recall, credit, awards, funding, selections, checklists, stages: golden cases and edges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.loading import load_definitions
from pipelines.assess import awards, checklist, credit, funding, representatives, selection, stages

D = Decimal
DAY = date(2019, 12, 31)


@pytest.fixture(scope="module")
def known():
    return load_definitions()


def table(known, code) -> dict[str, Decimal]:
    return {str(k): D(str(v)) for k, v in known.parameters[code].at(DAY).items()}


# REP ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge(known):
    def evaluate(*told, **more):
        return representatives.evaluate(
            known.small_scheme("REP", 2019),
            D(known.parameters["rep_recall_unsatisfied_pct"].at(DAY)),
            D(known.parameters["rep_reward_score"].at(DAY)),
            known.parameters["rep_candidates_per_seat"].at(DAY),
            representatives.RepresentativeBallots("代表1", *told, **more),
        )

    return evaluate


@pytest.mark.parametrize(
    ("ballots", "unsatisfied", "outcome"),
    [
        (100, 60, "取消代表资格"),  # exactly 60 %
        (100, 59, "保留"),
        (10000, 5999, "保留"),  # 59.99 %
        (5, 3, "取消代表资格"),
        (7, 4, "保留"),  # 57.14 %
        (100_000, 59_999, "保留"),  # would round to 60.00 %
    ],
)
def test_golden_recall_begins_at_exactly_sixty_percent(judge, ballots, unsatisfied, outcome):
    result = judge(ballots, ballots, unsatisfied)
    assert result.outcome == outcome
    assert result.by_election is (outcome == "取消代表资格")


def test_a_share_below_the_line_is_never_printed_as_the_line(judge):
    assert "59.999%" in judge(100_000, 100_000, 59_999).why


@pytest.mark.parametrize(("score", "outcome"), [("90.00", "奖励"), ("89.99", "保留")])
def test_golden_reward_begins_at_ninety(judge, score, outcome):
    assert judge(100, 90, 3, D(score)).outcome == outcome


def test_an_excellent_proposal_is_rewarded_whatever_the_score(judge):
    result = judge(100, 90, 3, D(70), excellent_proposal=True)
    assert (result.outcome, result.why) == ("奖励", "有优秀提案，予以奖励。")


def test_recall_wins_over_reward_and_the_case_is_flagged(judge):
    result = judge(100, 100, 60, D(95))
    assert (result.outcome, result.flagged, result.by_election) == ("取消代表资格", True, True)
    assert "取消资格优先，请核实" in result.why
    assert "按 1:2 提出候选人补选" in result.why
    assert not judge(100, 100, 60, D(80)).flagged


@pytest.mark.parametrize(
    ("constituency", "ballots", "unsatisfied", "sentence"),
    [
        (100, 49, 49, "选区职工 100 人，收回 49 票，不足 50%，评估无效。"),
        (101, 50, 50, "选区职工 101 人，收回 50 票，不足 50%，评估无效。"),
        (100, 101, 3, "收回 101 票，多于选区职工 100 人，评估无效。"),
        (100, 60, 61, "不满意 61 票，多于收回 60 票，评估无效。"),
        (0, 0, 0, "选区职工人数未报，评估无效。"),
        (100, 0, 0, "选区职工 100 人，收回 0 票，不足 50%，评估无效。"),
    ],
)
def test_ballots_that_cannot_decide_are_invalid(
    judge, constituency, ballots, unsatisfied, sentence
):
    result = judge(constituency, ballots, unsatisfied, D(95))
    assert (result.outcome, result.why) == ("评估无效", sentence)


def test_half_of_the_constituency_is_enough(judge):
    assert judge(100, 50, 30).outcome == "取消代表资格"


@given(st.integers(50, 500), st.data())
def test_more_dissatisfaction_never_saves_a_representative(known, ballots, data):
    scheme = known.small_scheme("REP", 2019)
    few, many = sorted(data.draw(st.lists(st.integers(0, ballots), min_size=2, max_size=2)))

    def recalled(unsatisfied):
        told = representatives.RepresentativeBallots("代表", ballots, ballots, unsatisfied)
        return representatives.evaluate(scheme, D(60), D(90), 2, told).by_election

    assert recalled(many) >= recalled(few)
    assert recalled(many) == (Fraction(many * 100, ballots) >= 60)


# SFC ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def account(known):
    def of(*cases, year=2019, educated_on=None):
        return credit.account(
            known.small_scheme("SFC", 2019),
            D(known.parameters["safety_points_year"].at(DAY)),
            year,
            "P1",
            [credit.CreditCase(p, date.fromisoformat(on), D(points)) for p, on, points in cases],
            known.calendar,
            educated_on,
        )

    return of


def test_cases_of_a_year_take_points_and_reminders_come_at_six_and_nine(account):
    told = account(("P1", "2019-03-01", 3), ("P1", "2019-05-06", 3), ("P1", "2019-06-03", 4))
    assert (told.deducted, told.balance, told.exhausted_on) == (10, 2, None)
    assert told.reminders == ((6, date(2019, 5, 6)), (9, date(2019, 6, 3)))
    assert told.why == (
        "全年 12 分，3 次共扣 10 分，余 2 分；05-06 累计达 6 分、06-03 累计达 9 分，应予提醒。"
    )


def test_twelve_points_bring_education_within_five_working_days(account):
    # Monday 30 September 2019; 1 to 7 October are holidays, Saturday 12 October is worked
    told = account(("P1", "2019-09-30", 12))
    assert told.exhausted_on == date(2019, 9, 30)
    assert told.education_due == date(2019, 10, 12)
    assert [r for r, _ in told.reminders] == [6, 9]


def test_deductions_after_the_last_point_are_recorded_and_the_balance_stays_at_nothing(account):
    told = account(("P1", "2019-02-01", 12), ("P1", "2019-08-01", 6))
    assert (told.deducted, told.balance, told.exhausted_on) == (18, 0, date(2019, 2, 1))


def test_the_account_begins_anew_on_the_first_of_january_and_belongs_to_one_person(account):
    cases = (("P1", "2018-12-31", 11), ("P1", "2019-01-01", 1), ("P2", "2019-04-01", 12))
    assert account(*cases).balance == 11
    assert account(*cases, year=2018).balance == 1


def test_late_education_is_told(account):
    told = account(("P1", "2019-09-30", 12), educated_on=date(2019, 10, 15))
    assert told.overdue
    assert "（逾期）" in told.why
    assert not account(("P1", "2019-09-30", 12), educated_on=date(2019, 10, 12)).overdue


def test_outside_the_unit_only_counts_are_told(account):
    accounts = [account(("P1", "2019-02-01", 12)), account(("P1", "2019-02-01", 2)), account()]
    assert credit.tally(accounts) == {"扣分人数": 2, "扣满人数": 1, "完成教育人数": 0}


def test_a_case_never_gives_points(account):
    with pytest.raises(ValueError, match="扣分不能为负数"):
        account(("P1", "2019-02-01", -1))


# SKL, STU ----------------------------------------------------------------------------------------


def certificates(*levels, **changes):
    told = {"unit": "U1", "won_on": date(2019, 6, 1), "route": "职业技能鉴定", **changes}
    return [
        awards.Certificate(person=f"P{n}", category=level, number=f"C{n}", **told)
        for n, level in enumerate(levels)
    ]


def paid(known, rows):
    scheme = known.small_scheme("SKL", 2019)
    return awards.rate_awards(scheme, table(known, "skill_awards"), 2019, rows)


ONE, TWO, THREE = "一级（高级技师）", "二级（技师）", "三级（高级工）"


def test_golden_one_two_and_three_certificates_are_8500_yuan(known):
    found = paid(known, certificates(ONE, TWO, TWO, THREE, THREE, THREE))
    assert sum(a.yuan for a in found) == 3000 + 2 * 2000 + 3 * 500 == 8500


def test_a_certificate_is_paid_once_whatever_the_order_of_the_rows(known):
    first, again = certificates(ONE)[0], certificates(ONE, won_on=date(2019, 7, 1))[0]
    for rows in ([first, again], [again, first]):
        found = {a.certificate: a for a in paid(known, rows)}
        assert (found[first].yuan, found[again].yuan) == (3000, 0)
        assert found[again].why == "同一证书已奖励一次，不重复奖励，不予奖励。"


@pytest.mark.parametrize(
    ("changes", "level", "why"),
    [
        ({"won_on": date(2018, 12, 31)}, ONE, "发证日期 2018-12-31 不在 2019 年度"),
        ({"won_on": None}, ONE, "没有发证日期"),
        ({"route": "单位自评"}, ONE, "取得途径“单位自评”不属于竞赛、鉴定或考试"),
        ({}, "四级（中级工）", "“四级（中级工）”没有奖励标准"),
    ],
)
def test_what_brings_no_award_says_why(known, changes, level, why):
    (found,) = paid(known, certificates(level, **changes))
    assert (found.yuan, found.why) == (0, f"{why}，不予奖励。")


def test_before_the_revision_of_august_2017_there_was_no_rate(known):
    with pytest.raises(LookupError):
        known.parameters["skill_awards"].at(date(2017, 7, 31))


def studio(code, benefit, projects=1, activities=4, honour=""):
    figures = {"完成项目": D(projects), "开展活动": D(activities)}
    return awards.Studio(code, "U1", figures, None if benefit is None else D(benefit), honour)


def graded(known, *studios):
    scheme = known.small_scheme("STU", 2019)
    return {
        a.studio.code: a
        for a in awards.graded_awards(scheme, table(known, "studio_awards"), studios)
    }


def test_studios_pass_by_projects_and_activities_and_the_best_fifth_by_benefit(known):
    found = graded(
        known, studio("S1", 900), studio("S2", 800), studio("S3", 700), studio("S4", 600),
        studio("S5", 500), studio("S6", 9999, activities=3), studio("S7", 9999, projects=0),
    )  # fmt: skip
    assert {c: (a.grade, a.yuan) for c, a in found.items()} == {
        "S1": ("优秀", 30000), "S2": ("达标", 20000), "S3": ("达标", 20000),
        "S4": ("达标", 20000), "S5": ("达标", 20000), "S6": ("未达标", 0), "S7": ("未达标", 0),
    }  # fmt: skip
    assert found["S6"].why == "“开展活动”3，不足 4；评为“未达标”，奖励 0 元。"


def test_equal_benefits_across_the_fifth_wait_for_a_decision(known):
    studios = [studio(f"S{n}", 900 if n < 2 else 100) for n in range(5)]
    found = graded(known, *studios)
    assert {a.grade for a in found.values()} == {"达标"}
    assert "2 个并列跨名额边界" in found["S0"].why


def test_a_city_award_is_excellent_and_an_unaudited_benefit_is_not_compared(known):
    found = graded(known, studio("S1", None), studio("S2", 1, honour="市级"), studio("S3", 1))
    assert (found["S1"].grade, found["S2"].grade, found["S3"].grade) == ("达标", "优秀", "达标")
    assert "创效未经审计" in found["S1"].why


# IFE ---------------------------------------------------------------------------------------------


def unions(*grades):
    return [funding.FundedUnion(f"G{n}", f"产业工会{n}", g) for n, g in enumerate(grades, 1)]


@pytest.fixture(scope="module")
def fund(known):
    def of(members, **more):
        base = known.parameters["industry_union_funds_yuan"].at(DAY)["市级"]
        unit = known.parameters["fund_rounding_yuan"].at(DAY)
        return funding.next_year(base, table(known, "result_coefficient"), members, unit, **more)

    return of


def test_golden_five_unions_of_half_a_million_keep_the_pool(fund):
    found = fund(unions("优秀", "良好", "良好", "合格", "良好"), pool=2_500_000)
    assert [a.yuan for a in found] == [550_000, 500_000, 500_000, 450_000, 500_000]
    assert sum(a.yuan for a in found) == 2_500_000
    assert found[0].why == "“优秀”系数 1.10：500,000 × 1.10 = 550,000 元。"


def test_a_smaller_pool_is_shared_in_proportion_by_thousands(fund):
    found = fund(unions("优秀", "良好", "不合格"), pool=1_000_000)
    # 550 : 500 : 350 of 1,000 thousand: 392.86, 357.14, 250
    assert [a.yuan for a in found] == [393_000, 357_000, 250_000]
    assert (
        "经费总额 1,000,000 元，各单位应得合计 1,400,000 元，按比例为 392,857.14 元" in found[0].why
    )


def test_what_is_left_over_a_thousand_is_told_where_it_went(fund):
    found = fund(unions("合格", "合格"), pool=900_678)
    assert [a.yuan for a in found] == [450_678, 450_000]
    assert found[0].why.endswith("得 450,000 元，另计入不足 1,000 元的尾数 678 元，共 450,678 元。")
    assert "尾数" not in found[1].why


def test_without_a_fixed_pool_everybody_gets_the_claim(fund):
    assert [a.yuan for a in fund(unions("不合格", "优秀"))] == [350_000, 550_000]


def test_a_union_without_a_grade_stops_the_allocation_and_is_named(fund):
    with pytest.raises(ValueError, match="产业工会2（无等次）"):
        fund(unions("优秀", ""), pool=1_000_000)


@given(
    st.lists(st.sampled_from(["优秀", "良好", "合格", "不合格"]), min_size=1, max_size=9),
    st.integers(0, 9_999_999),
    st.randoms(),
)
def test_the_pool_is_spent_to_the_yuan_in_any_order_and_a_better_grade_never_gets_less(
    grades, pool, shuffler
):
    coefficients = {"优秀": D("1.10"), "良好": D(1), "合格": D("0.90"), "不合格": D("0.70")}
    members = unions(*grades)
    found = funding.next_year(500_000, coefficients, members, 1000, pool)
    assert sum(a.yuan for a in found) == pool
    shuffled = list(members)
    shuffler.shuffle(shuffled)
    assert funding.next_year(500_000, coefficients, shuffled, 1000, pool) == found
    for a in found:
        for b in found:
            if a.coefficient > b.coefficient:
                assert a.yuan >= b.yuan


def test_golden_district_standard_is_shared_one_two_two(known):
    standard = known.parameters["industry_union_funds_yuan"].at(DAY)["区县级"]
    shares = table(known, "district_fund_ratio")
    assert funding.shared(standard, shares) == {
        "市总工会": 10_000, "区县财政": 20_000, "区县总工会": 20_000,
    }  # fmt: skip
    found = funding.arrivals(standard, shares, {"市总工会": D(10_000), "区县财政": D(15_000)})
    assert [a.short for a in found] == [0, 5000, 20_000]
    assert found[0].why == "市总工会应承担 10,000 元，已到位 10,000 元，已足额到位。"
    assert found[1].why == "区县财政应承担 20,000 元，已到位 15,000 元，尚差 5,000 元。"


# STP, INN ----------------------------------------------------------------------------------------


def star(code, mean, items=5, days=20, group="一车间"):
    return selection.Candidate(
        code, group, {"月均分": D(mean)}, {"出勤天数": D(days), "计分项目": D(items)}
    )


def stars(known, *candidates):
    found = selection.select(known.small_scheme("STP", 2019), candidates)
    return {c.candidate.code: c for c in found}


def test_each_workshop_has_a_star_by_its_mean(known):
    found = stars(known, star("A", 91), star("B", 95), star("C", 80, group="二车间"))
    assert [c for c, choice in found.items() if choice.chosen] == ["B", "C"]


def test_more_items_decide_between_equals_and_full_equals_wait(known):
    found = stars(known, star("A", 95, items=4), star("B", 95, items=6))
    assert (found["A"].chosen, found["B"].chosen) == (False, True)
    found = stars(known, star("A", 95), star("B", 95))
    assert not (found["A"].chosen or found["B"].chosen)
    assert "2 名并列跨名额边界，提请评审会票决" in found["A"].why


@pytest.mark.parametrize(("days", "barred"), [(14, True), (15, False)])
def test_a_star_has_worked_fifteen_days(known, days, barred):
    choice = stars(known, star("A", 99, days=days))["A"]
    assert choice.chosen is not barred
    if barred:
        assert choice.why == "“出勤天数”14，不足 15，不参加评选。"


def highlight(code, *scores, untraced=()):
    criteria = dict(zip(("新颖性", "长效机制", "推广价值"), map(D, scores), strict=False))
    return selection.Candidate(code, "", criteria, untraced=untraced)


def test_five_highlights_are_chosen_by_forty_thirty_thirty(known):
    told = [highlight(f"H{n}", 90 - n, 80, 80) for n in range(7)]
    found = selection.select(known.small_scheme("INN", 2019), told)
    assert [c.candidate.code for c in found if c.chosen] == [f"H{n}" for n in range(5)]
    assert found[0].score == 90 * D("0.4") + 80 * D("0.6")
    assert found[0].why.startswith(
        "新颖性 90 × 40% + 长效机制 80 × 30% + 推广价值 80 × 30% = 84.00 分"
    )


def test_a_number_without_a_source_or_a_criterion_without_a_score_bars(known):
    told = [highlight("H1", 90, 90, 90, untraced=("节约资金",)), highlight("H2", 90, 90)]
    found = selection.select(known.small_scheme("INN", 2019), told)
    assert [(c.score, c.chosen) for c in found] == [(None, False)] * 2
    assert [c.why for c in found] == [
        "申报材料中节约资金查不到来源，不参加评选。", "缺“推广价值”评分，不参加评选。",
    ]  # fmt: skip


@given(st.lists(st.integers(0, 5), max_size=10), st.randoms())
def test_no_more_than_the_places_are_chosen_whatever_the_ties_and_the_order(
    known, scores, shuffler
):
    told = [highlight(f"H{n}", s * 20, 50, 50) for n, s in enumerate(scores)]
    scheme = known.small_scheme("INN", 2019)
    found = selection.select(scheme, told)
    assert sum(c.chosen for c in found) <= 5
    shuffled = list(told)
    shuffler.shuffle(shuffled)
    assert selection.select(scheme, shuffled) == found
    lowest = min((c.score for c in found if c.chosen), default=D(0))
    assert all(c.score <= lowest for c in found if not c.chosen) or not any(c.chosen for c in found)


def test_a_code_for_two_candidates_is_refused(known):
    with pytest.raises(ValueError, match="候选编号重复：A"):
        stars(known, star("A", 1), star("A", 2))


# DEM ---------------------------------------------------------------------------------------------

DISCLOSED = {"has_congress": "是", "has_disclosure": "是", "disclosure_items": D(3),
             "resolutions": D(2), "inspections": D(1)}  # fmt: skip


def test_a_disclosure_unit_meets_every_requirement(known):
    scheme = known.small_scheme("DEM", 2019)
    assert checklist.check(scheme, DISCLOSED).passed
    failed = checklist.check(scheme, {**DISCLOSED, "has_disclosure": "否", "inspections": D(0)})
    assert not failed.passed
    assert failed.why == "5 项条件中 2 项未达到：实行厂务公开（否）；开展代表巡视检查（0）。"


def test_a_blank_or_a_missing_form_does_not_pass(known):
    scheme = known.small_scheme("DEM", 2019)
    blank = checklist.check(scheme, {**DISCLOSED, "resolutions": None})
    assert (blank.passed, blank.reported) == (False, True)
    assert "职代会形成决议（未填）" in blank.why
    absent = checklist.check(scheme, None)
    assert (absent.passed, absent.reported) == (False, False)
    assert absent.why == "未报送 DEMO-01，不能评定，按未达标计。"


# LMR ---------------------------------------------------------------------------------------------

ROUTE = {"瑞金": D(0), "于都": D(60), "湘江": D(900)}


@pytest.mark.parametrize(
    ("km", "stage", "left"),
    [("0", "瑞金", "60"), ("59.99", "瑞金", "0.01"), ("60", "于都", "840"), ("5000", "湘江", "0")],
)
def test_a_stage_is_reached_at_its_kilometre(km, stage, left):
    told = stages.reached(ROUTE, D(km))
    assert (told.stage, told.left_km) == (stage, D(left))


def test_unreported_is_not_at_the_start():
    assert stages.reached(ROUTE, None) is None


def test_a_unit_enters_the_draw_of_each_stage_it_first_reaches():
    before = {"U1": D(59), "U2": D(60)}
    assert stages.draws(ROUTE, before, {"U2": D(100), "U1": D(900), "U3": D(61)}) == {
        "于都": ("U1", "U3"), "湘江": ("U1",),
    }  # fmt: skip


def test_a_route_that_does_not_rise_is_refused():
    with pytest.raises(ValueError, match="逐站递增"):
        stages.reached({"瑞金": D(0), "于都": D(60), "湘江": D(60)}, D(1))


def test_the_dated_route_can_be_walked(known):
    route = table(known, known.small_scheme("LMR", 2019).route)
    assert stages.reached(route, D(12500)).stage == "吴起镇"
