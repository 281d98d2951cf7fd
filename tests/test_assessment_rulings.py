"""Rulings change what marks are computed from; two results are compared line by line."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from assessment_data import counties, scheme

from pipelines.assess import assess
from pipelines.assess.comparing import compare, contributions
from pipelines.assess.rulings import Kind, Ruling, RulingRefused, ruled

D = Decimal
DOCUMENT = "市总考申〔2018〕1号"


def ruling(unit: str, kind: Kind, key: str, value: str | None = None) -> Ruling:
    return Ruling(unit, kind, key, D(value) if value else None, "申诉", DOCUMENT, "复核属实")


@pytest.fixture(scope="module")
def fed():
    return scheme("TRA-FED-2017")


@pytest.fixture(scope="module")
def before(fed):
    return assess(fed, counties())


def test_a_figure_decided_on_appeal_is_scored_by_the_schemes_own_function(fed, before):
    after = assess(fed, ruled(counties(), [ruling("U4", Kind.FIGURE, "I-SKILL-11", "800")]))
    was = next(p for p in before.unit("U4").block("targets").parts
               if p.part and p.part.indicator == "I-SKILL-11")  # fmt: skip
    now = next(p for p in after.unit("U4").block("targets").parts
               if p.part and p.part.indicator == "I-SKILL-11")  # fmt: skip
    assert (was.actual, now.actual) == (D(310), D(800))
    assert now.marks == now.full * D(800) / D(1000)
    assert DOCUMENT in now.reference
    assert [m.unit for m in compare(before, after) if m.moved] == ["U4"]


def test_a_ratio_decided_on_appeal_no_longer_rests_on_the_reported_numerator(fed):
    after = assess(fed, ruled(counties(), [ruling("U4", Kind.FIGURE, "I-SKILL-10", "92")]))
    line = next(p for p in after.unit("U4").block("targets").parts
                if p.part and p.part.indicator == "I-SKILL-10")  # fmt: skip
    assert line.actual == 92
    assert line.marks == line.full


def test_a_veto_withdrawn_restores_the_grade_of_the_total(fed, before):
    after = assess(fed, ruled(counties(), [ruling("U2", Kind.VETO, "V4")]))
    assert before.unit("U2").vetoes
    assert after.unit("U2").vetoes == ()
    assert before.unit("U2").total == after.unit("U2").total


def test_a_mark_decided_replaces_those_of_every_assessor(fed, before):
    after = assess(fed, ruled(counties(), [ruling("U4", Kind.MARK, "K1", "100")]))
    (line,) = [p for p in after.unit("U4").block("assessors").parts if p.item.code == "K1"]
    assert line.marks == line.full
    (move,) = [m for m in compare(before, after) if m.unit == "U4"]
    assert move.causes[0].name == "组织领导与责任落实（考评组评分）"


def test_void_ballots_an_honour_with_its_document_a_deduction_taken_back(fed, before):
    inputs = ruled(
        counties(),
        [
            ruling("U4", Kind.BALLOTS, "会员"),
            ruling("U1", Kind.HONOUR, "劳动竞赛先进单位"),
            ruling("U3", Kind.DEDUCTION, "年报迟报"),
        ],
    )
    assert not [t for t in inputs.tallies if (t.unit, t.rater) == ("U4", "会员")]
    after = assess(fed, inputs)
    assert after.unit("U1").bonus_points == before.unit("U1").bonus_points + D("0.5")
    assert after.unit("U3").deduction_points < before.unit("U3").deduction_points


def test_the_later_of_two_rulings_about_one_key_holds(fed):
    both = [ruling("U4", Kind.FIGURE, "I-SKILL-11", v) for v in ("800", "700")]
    found = [m for m in ruled(counties(), both).measurements
             if (m.unit, m.indicator) == ("U4", "I-SKILL-11")]  # fmt: skip
    assert [m.value for m in found] == [D(700)]


def test_rulings_about_nothing_are_refused_all_at_once():
    with pytest.raises(RulingRefused) as refused:
        ruled(
            counties(),
            [
                ruling("U1", Kind.VETO, "V1"),
                ruling("U1", Kind.FIGURE, "I-SKILL-11"),
                ruling("U1", Kind.MARK, "K1", "101"),
                ruling("U9", Kind.BALLOTS, "会员"),
            ],
        )
    for said in ("没有可以“撤销一票否决”的“V1”", "没有写明核定后的数值", "不在 0—100 之间", "U9"):
        assert said in str(refused.value)


def test_what_lines_add_sums_to_the_total_before_its_one_rounding(before):
    for unit in before.units:
        exact = sum((points for _, points in contributions(unit).values()), D(0))
        assert abs(exact - unit.total) <= D("0.005")


def test_a_changed_weight_says_who_moves_and_by_which_item(fed, before):
    blocks = tuple(
        b.model_copy(update={"weight": D({"targets": 50, "ratings": 40, "assessors": 10}[b.code])})
        for b in fed.blocks
    )
    after = assess(fed.model_copy(update={"blocks": blocks}), counties())
    moves = compare(before, after)
    assert [m.unit for m in moves if m.moved]
    for move in moves:
        told = sum((c.difference for c in move.causes), D(0)) + move.rounding
        assert abs(told - move.difference) < D("0.000001")
        assert abs(move.rounding) <= D("0.01")
        assert move.name in move.sentence


def test_a_unit_of_only_one_result_has_a_blank_on_the_other_side(fed, before):
    inputs = counties()
    fewer = replace(inputs, units=inputs.units[:-1])
    (move,) = [m for m in compare(before, assess(fed, fewer)) if m.unit == "U5"]
    assert move.total[1] is None
    assert "→ —" in move.sentence


def test_nothing_changed_moves_nobody(fed, before):
    assert not [m for m in compare(before, assess(fed, counties())) if m.moved]
