"""Periods as they are written, and the period each form of a workbook belongs to."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.loading import load_definitions
from definitions.model import Form
from definitions.periods import Period, PeriodKind
from pipelines.read import parse_period, period_for
from pipelines.read.periods import agree, period_in_title


@cache
def form(code: str) -> Form:
    return load_definitions().newest(code)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("2017年3月", "2017-03"), ("2017年03月份", "2017-03"), ("2017-3", "2017-03"),
        ("2017/03", "2017-03"), ("2017.3", "2017-03"), ("201703", "2017-03"),
        ("２０１７年３月", "2017-03"), ("二〇一七年三月", "2017-03"),
        ("二零一七年十二月", "2017-12"),
        ("二○一七年十月", "2017-10"), ("2017 年 3 月", "2017-03"), ("2017-03-31", "2017-03"),
        ("2017年3月1日至3月31日", "2017-03"), ("2017-03-01至2017-03-31", "2017-03"),
        ("2017年1-3月", "2017Q1"), ("2017年1月-3月", "2017Q1"), ("2017年4～6月", "2017Q2"),
        ("2017年第一季度", "2017Q1"), ("2017年1季度", "2017Q1"), ("2017年四季度", "2017Q4"),
        ("2017Q3", "2017Q3"), ("2017年度第二季度", "2017Q2"),
        ("2017年上半年", "2017H1"), ("2017年1-6月", "2017H1"), ("2017年7—12月", "2017H2"),
        ("2017年度", "2017"), ("2017年", "2017"), ("2017", "2017"), ("2017年全年", "2017"),
        ("2017年1-12月", "2017"),
    ],
)  # fmt: skip
def test_every_writing(written: str, label: str) -> None:
    period = parse_period(written)
    assert period is not None
    assert period.label == label


@pytest.mark.parametrize(
    "written",
    ["三月", "3月", "17年3月", "2017年13月", "2017年0月", "2017年1-9月", "2017年2-4月",
     "2016年12月-2017年2月", "本期", "", "201713", "2017年第五季度"],
)  # fmt: skip
def test_no_period_is_guessed(written: str) -> None:
    assert parse_period(written) is None


@given(
    st.integers(2000, 2035),
    st.sampled_from(list(PeriodKind)[:4]),
    st.integers(1, 12),
)
def test_what_we_print_we_read(year: int, kind: PeriodKind, number: int) -> None:
    most = {"month": 12, "quarter": 4, "half": 2, "year": 1}[kind.value]
    period = Period(kind, year, (number - 1) % most + 1)
    assert parse_period(period.chinese) == period
    assert parse_period(period.label) == period


def test_periods_in_titles() -> None:
    assert period_in_title("2017年3月会员与组织发展月报表") == Period.parse("2017-03")
    assert period_in_title("示范总工会2017年度工作室年度表") == Period.parse("2017")
    assert period_in_title("关于印发（2015）88号文的通知") is None
    assert period_in_title("会员与组织发展月报表") is None


def test_each_form_takes_the_period_of_its_kind() -> None:
    march, quarter = Period.parse("2017-03"), Period.parse("2017Q1")
    assert str(period_for(form("ORG-02"), march)) == "2017-03"
    assert str(period_for(form("INNO-01"), march)) == "2017Q1"
    assert str(period_for(form("INNO-02"), march)) == "2017"
    assert str(period_for(form("ORG-03"), march)) == "2017-03"  # events are cut monthly
    assert str(period_for(form("WARM-01"), march)) == "2017"  # a campaign belongs to its year
    assert str(period_for(form("INNO-01"), quarter)) == "2017Q1"
    assert period_for(form("ORG-02"), quarter) is None


def test_which_statements_can_both_be_true() -> None:
    def both(a: str, b: str) -> bool:
        forward = agree(Period.parse(a), Period.parse(b))
        assert forward == agree(Period.parse(b), Period.parse(a))
        return forward

    assert both("2017-03", "2017-03")
    assert both("2017-03", "2017Q1")
    assert both("2017-03", "2017")
    assert both("2017-06", "2017H1")
    assert not both("2017-02", "2017Q1")
    assert not both("2017-02", "2017-03")
    assert not both("2016", "2017-03")
