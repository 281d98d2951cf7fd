"""Reporting quality: a month of 40 + 30 + 20 + 10, and the year as the mean of the months due."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from assessment_data import scheme

from pipelines.assess import Unit
from pipelines.assess.data_quality import MonthFilings, assess_months
from pipelines.assess.results import State

D = Decimal
DQ = scheme("DQ-2019")
UNIT = Unit("U1", "青山县总工会", "区县总工会", "区县级")
PERFECT = MonthFilings("U1", 1, (D(100),) * 4, received=4, first_pass=4, warnings=2, explained=2)


def year(*filings, units=(UNIT,)):
    return assess_months(DQ, 2019, units, filings)


def only(filings):
    (unit,) = year(filings)
    return unit.months[0][1]


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({}, 100),
        ({"timeliness": (D(100), D(100), D(80), D(40))}, 40 * D("0.80") + 30 + 20 + 10),
        ({"first_pass": 3}, 40 + 30 * D("0.75") + 20 + 10),
        ({"explained": 1}, 40 + 30 + 10 + 10),
        ({"corrections": 1}, 90),
        ({"corrections": 5}, 90),
    ],
)
def test_a_month_adds_timeliness_first_pass_explanations_and_corrections(changes, total):
    assert only(replace(PERFECT, **changes)).total == total


def test_without_anything_to_explain_the_others_carry_the_marks():
    month = only(replace(PERFECT, warnings=0, explained=0, first_pass=2))
    assert month.blocks[0].parts[2].state is State.NOT_APPLICABLE
    assert month.total == 100 * (40 + D(15) + 10) / 80


def test_a_month_of_silence_scores_nothing_at_all():
    month = only(MonthFilings("U1", 1, (D(0),) * 4, received=0, first_pass=0))
    assert {p.state for p in month.blocks[0].parts} == {State.MISSING}
    assert month.total == 0


def test_the_year_is_the_mean_of_the_months_due():
    filings = [replace(PERFECT, month=1), replace(PERFECT, month=2, corrections=1),
               replace(PERFECT, month=3, timeliness=())]  # fmt: skip
    (unit,) = year(*filings)
    assert [m for m, _ in unit.months] == [1, 2]
    assert unit.mean == (100 + D(90)) / 2


def test_class_a_asks_for_every_month():
    months = [replace(PERFECT, month=m) for m in range(1, 13)]
    assert year(*months)[0].grade == "A 类"
    months[6] = replace(months[6], corrections=1)
    (unit,) = year(*months)
    assert (unit.mean, unit.grade) == (D("99.17"), "B 类")
    assert (
        unit.why
        == "应报 12 个月，各月得分平均 99.17 分；7月低于 95 分，“A 类”须每月达到，评为“B 类”。"
    )


def test_a_unit_that_owes_nothing_is_not_rated():
    (unit,) = year()
    assert (unit.mean, unit.grade, unit.why) == (None, "", "全年没有应报报表，不予评价。")


def test_units_come_back_in_the_order_they_were_asked():
    other = Unit("U0", "临河区总工会", "区县总工会", "区县级")
    found = year(PERFECT, replace(PERFECT, unit="U0", corrections=1), units=(UNIT, other))
    assert [(u.unit.code, u.mean) for u in found] == [("U1", 100), ("U0", 90)]
