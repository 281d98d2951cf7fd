"""The fund-performance audit: golden bands, aspects worked by hand, and a second computation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from assessment_data import scheme
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.loading import load_definitions
from pipelines.assess import AssessmentInputs, Measurement, Unit, assess, explain
from pipelines.assess.fund_audit import AUDIT_FACTS, SLIPS, AuditedBooks, SlipRow, audit_figures
from pipelines.assess.results import State
from pipelines.assess.scoring import round_once
from pipelines.assess.standing import grade_for
from pipelines.flow.audited_slips import BOOKS, books_of, slip_rows

D = Decimal
FPA = scheme("FPA-2019")
UNIT = Unit("G1", "宏达机械工会", "基层工会", "基层")
MARKS = {
    str(k): D(str(v))
    for k, v in load_definitions()
    .parameters["fund_performance_marks"]
    .at(date(2019, 12, 31))
    .items()
}
SOUND = AuditedBooks(
    collected=(D(100), D(100)), remitted=(D(40), D(40)), budgeted=True, approved=(D(3), D(3)),
    executed=(D(95), D(100)), balanced=True, rectified=None,
)  # fmt: skip


def project(form="AUD-01", **changes):
    told = SlipRow(form, "读书月", D(1000), D(1000), True, D(60), D(80))
    return replace(told, **changes)


MEMBERS = D(200)


def audited(rows, members=MEMBERS, books=SOUND):
    figures = audit_figures("G1", rows, members, books, MARKS)
    return assess(FPA, AssessmentInputs(2019, (UNIT,), AUDIT_FACTS, figures)).unit("G1")


def aspect(result, code="A1"):
    block = result.block(code)
    return {line.part.indicator.split(":")[1]: line.marks for line in block.parts}


@pytest.mark.parametrize(
    ("exact", "band"),
    [
        ("89.99", "效益较好"),
        ("90.00", "效益好"),
        ("79.999", "效益较好"),  # 80.00 after rounding
        ("70.00", "效益一般"),
        ("69.99", "效益较差"),
        ("89.5", "效益较好"),  # lies between the printed 80-89 and 90
        ("0", "效益较差"),
    ],
)
def test_golden_bands_are_closed_on_the_left_after_rounding(exact, band):
    assert grade_for(FPA, round_once(D(exact))) == band


def test_an_aspect_worked_by_hand():
    rows = [
        project(budget=D(1000), spent=D(700), persons=D(30), effect=D(90)),
        project(budget=D(1000), spent=D(700), persons=D(15), effect=D(70), awards=D(1),
                certificates=D(5), titles=D(1)),
        project(held=False, budget=D(0), spent=D(0), persons=D(0), effect=D(0)),
    ]  # fmt: skip
    got = aspect(audited(rows))
    assert got == {
        "projects": 20,  # two of three
        "spending": 30 * D("0.5"),  # 70 % of the budget, halfway between 50 and 90
        "scale": 15 * (D(45) / 200) / D("0.30"),
        "effect": 15 * D("0.80"),
        "award": 3 * D(1) + D("0.2") * 5 + 1,
    }


def test_everything_well_done_is_hundred_without_awards_ninety():
    rows = [project(form, effect=D(100)) for form in SLIPS]
    result = audited(rows)
    assert [b.score for b in result.blocks] == [90, 90, 90, 90, 90, 100]
    assert result.total == (80 * D(90) + 20 * D(100)) / 100
    assert result.grade == "效益好"


def test_awards_stop_at_ten():
    assert aspect(audited([project(awards=D(4))]))["award"] == 10
    assert aspect(audited([project(awards=D(3), titles=D(1))]))["award"] == 10
    assert aspect(audited([project(awards=D(3))]))["award"] == 9


def test_a_project_without_vouchers_scores_nothing_and_stays_planned():
    rows = [project(), project(vouched=False, awards=D(2), persons=D(900))]
    result = audited(rows)
    got = aspect(result)
    assert got["projects"] == 15
    assert got["spending"] == 0  # 1000 spent of 2000 budgeted
    assert got["scale"] == 15  # 60 of 200 members, not 960
    assert got["award"] == 0
    line = result.block("A1").parts[0]
    assert "计划 2 项，开展 1 项，另有 1 项凭证不全，按未开展计" in explain.part_sentence(line)


def test_an_aspect_without_a_slip_is_missing_and_not_dropped():
    result = audited([project("AUD-02")])
    lines = result.block("A1").parts
    assert {line.state for line in lines} == {State.MISSING}
    assert result.block("A1").due == 100
    assert "应报 1 份，实报 0 份，按缺报计 0 分" in explain.part_sentence(lines[0])


@pytest.mark.parametrize(
    ("rows", "members", "code", "sentence"),
    [
        ([project(budget=D(0))], D(200), "spending", "没有列预算，资金运行不得分"),
        ([project()], D(0), "scale", "会员数为 0，规模不得分"),
        ([project(spent=D(0))], D(200), "effect", "没有有效支出，成效不得分"),
    ],
)
def test_a_base_of_nothing_earns_nothing_and_says_so(rows, members, code, sentence):
    lines = {p.part.indicator: p for p in audited(rows, members).block("A1").parts}
    line = lines[f"AUD-01:{code}"]
    assert (line.marks, line.state) == (0, State.SCORED)
    assert sentence in explain.part_sentence(line)


def test_members_not_reported_are_missing():
    line = audited([project()], None).block("A1").parts[2]
    assert (line.state, line.marks) == (State.MISSING, 0)


def test_spending_tells_on_which_side_of_the_band_it_lies():
    def said(spent):
        return explain.part_sentence(audited([project(spent=D(spent))]).block("A1").parts[1])

    assert "支出占预算 100.00%（支出 1,000 元 ÷ 预算 1,000 元）" in said(1000)
    assert said(1000).endswith("在合理区间 90%—105% 内，得满分 30 分。")
    assert "低于合理区间 90%—105%：30 ×（70－50）÷（90－50），得 15.00 分" in said(700)
    assert "高于合理区间 90%—105%：30 ×（130－117.5）÷（130－105），得 15.00 分" in said(1175)
    assert "且不高于 50%，得 0.00 分" in said(400)
    assert "且不低于 130%，得 0.00 分" in said(1400)


def test_what_a_figure_is_made_of_stands_beside_it_and_not_beside_its_target():
    said = explain.part_sentence(audited([project()]).block("A1").parts[0])
    assert "100.00%（计划 1 项，开展 1 项），目标 100%，完成" in said


def test_books_not_told_earn_nothing_and_nothing_to_rectify_is_full():
    result = audited([project()], books=AuditedBooks())
    got = aspect(result, "A6")
    assert got == {
        "collected": 0, "remitted": 0, "budgeted": 0, "vouched": 15, "executed": 0,
        "balanced": 0, "rectified": 10,
    }  # fmt: skip


amounts = st.integers(0, 3000).map(D)
projects = st.builds(
    SlipRow,
    form=st.sampled_from(sorted(SLIPS)),
    project=st.just("项目"),
    budget=amounts,
    spent=amounts,
    held=st.booleans(),
    persons=st.integers(0, 300).map(D),
    effect=st.integers(0, 100).map(D),
    awards=st.integers(0, 3).map(D),
    certificates=st.integers(0, 20).map(D),
    titles=st.integers(0, 3).map(D),
    vouched=st.booleans(),
)
ratios = st.none() | st.tuples(st.integers(0, 150).map(D), st.just(D(100)))
books = st.builds(
    AuditedBooks,
    collected=ratios,
    remitted=ratios,
    budgeted=st.none() | st.booleans(),
    approved=st.none() | st.tuples(st.integers(0, 100).map(D), st.just(D(100))),
    executed=ratios,
    balanced=st.none() | st.booleans(),
    rectified=ratios,
)


@settings(max_examples=120, deadline=None)
@given(st.lists(projects, max_size=8), st.integers(1, 400).map(D), books)
def test_the_mark_lies_in_bounds_and_sound_vouchers_never_lower_it(rows, members, told):
    mark = audited(rows, members, told).total
    assert 0 <= mark <= 100
    for form in SLIPS:
        idle = [r for r in rows if r.form == form and not r.vouched]
        if not idle or any(r.vouched for r in rows if r.form == form):
            continue  # among others, its spending may leave the band
        mended = [replace(r, vouched=True) if r in idle else r for r in rows]
        assert audited(mended, members, told).total >= mark


# From the rows of the forms ----------------------------------------------------------------------


def test_rows_of_the_forms_become_projects():
    known = load_definitions()
    row = dict.fromkeys(c.code for c in known.newest("AUD-01").columns)
    row |= {"sheet": "报告单一", "row_no": 7, "project": "读书月", "budget": 1000, "spent": 900,
            "held_on": date(2019, 4, 23), "persons": 60, "effect_score": 80, "voucher_ok": True,
            "upper_award": 1}  # fmt: skip
    unheld = {**row, "held_on": None, "voucher_ok": False, "upper_award": None}
    first, second = slip_rows("AUD-01", [row, unheld])
    assert first == SlipRow(
        "AUD-01", "读书月", D(1000), D(900), True, D(60), D(80), D(1), reference="报告单一!7"
    )
    assert (second.held, second.vouched, second.awards) == (False, False, 0)


def figure(code, value=None, top=None, base=None, reported=12):
    return code, Measurement("G1", code, value, top, base, reported, 12)


def test_books_are_read_from_the_fund_figures_and_the_audits():
    told = dict(
        [
            figure("I-FIN-02", D(1000)), figure("I-FIN-05", D(380)),
            figure("I-FIN-03", top=D(98), base=D(100)), figure("I-FIN-09", top=D(90), base=D(100)),
            figure("I-FIN-12", top=D(3), base=D(4)),
            figure("I-FIN-07", D(500)), figure("I-FIN-08", D(500)),
        ]
    )  # fmt: skip
    told |= dict([figure("I-AUD-04", top=D(3), base=D(4))])
    assert books_of(told, D(60)) == AuditedBooks(
        collected=(D(98), D(100)), remitted=(D(380), D(400)), budgeted=True,
        approved=(D(3), D(4)), executed=(D(90), D(100)), balanced=True, rectified=(D(3), D(4)),
    )  # fmt: skip


def test_books_that_never_came_are_not_told():
    silent = dict([figure("I-FIN-02", reported=0), figure("I-FIN-07", D(0), reported=0)])
    silent |= dict([figure("I-AUD-04", top=D(0), base=D(0))])
    assert books_of(silent, D(60)) == AuditedBooks()
    assert books_of({}, D(60)) == AuditedBooks()


def test_the_indicators_of_the_books_exist():
    known = load_definitions().indicators
    assert set(BOOKS) <= known.keys()
