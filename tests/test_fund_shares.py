"""Golden cases of dividing funds, and properties that hold for every division."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions import Definitions
from definitions.model import Dated
from pipelines.fund_shares import (
    apportioned,
    district_funds,
    fund_split,
    next_year_funds,
    retained_pct,
)

DAY = date(2017, 12, 31)


def test_sixty_of_twenty_thousand_stay(definitions: Definitions) -> None:
    due = Decimal(1_000_000) * definitions.parameters["fund_rate_pct"].at(DAY) / 100
    found = fund_split(due, definitions, "块", DAY)
    assert (due, found.kept, found.remitted) == (20_000, 12_000, 8_000)


def test_the_kept_part_is_rounded_and_nothing_is_lost(definitions: Definitions) -> None:
    found = fund_split(Decimal("0.02"), definitions, "块", DAY)
    assert (found.kept, found.remitted) == (Decimal("0.01"), Decimal("0.01"))


def with_shares(definitions: Definitions, *entries: dict[str, object]) -> Definitions:
    """The definitions with another table of shares."""
    code = "fund_retained_share_by_line"
    values = (
        Dated(since=date(2004, 1, 1), until=date(2016, 12, 31), value=[], authority="试"),
        Dated(since=date(2017, 1, 1), value=list(entries), authority="试"),
    )
    changed = definitions.parameters[code].model_copy(update={"values": values})
    return replace(definitions, parameters={**definitions.parameters, code: changed})


def test_a_line_a_province_or_an_industry_may_have_its_own_share(definitions: Definitions) -> None:
    by = with_shares(
        definitions,
        {"line": "条", "share": 50},
        {"line": "条", "industry": "J66", "share": 45},
        {"line": "块", "province": "64", "share": 65},
    )
    assert retained_pct(by, "条", DAY, industry="C34") == 50
    assert retained_pct(by, "条", DAY, industry="J66") == 45
    assert retained_pct(by, "块", DAY, region="640105") == 65
    assert retained_pct(by, "块", DAY, region="110107") == 60
    assert retained_pct(by, "条", date(2016, 12, 31), industry="J66") == 60  # decided from 2017


def test_no_share_goes_below_the_floor(definitions: Definitions) -> None:
    by = with_shares(definitions, {"line": "条", "share": 39})
    with pytest.raises(ValueError, match="below the floor of 40%"):
        retained_pct(by, "条", DAY)


def test_a_district_industry_union_gets_one_two_two(definitions: Definitions) -> None:
    shares = {"市总工会": 10_000, "区县财政": 20_000, "区县总工会": 20_000}
    assert district_funds(definitions, DAY) == shares
    odd = district_funds(definitions, DAY, Decimal("0.03"))
    assert sum(odd.values()) == Decimal("0.03")


def test_shenyang_five_unions_out_of_a_pool_that_just_suffices(definitions: Definitions) -> None:
    grades = {"甲": "优秀", "乙": "良好", "丙": "良好", "丁": "合格", "戊": "良好"}
    raw = {"甲": 550_000, "乙": 500_000, "丙": 500_000, "丁": 450_000, "戊": 500_000}
    assert next_year_funds(definitions, DAY, grades, pool=Decimal(2_500_000)) == raw
    assert next_year_funds(definitions, DAY, grades) == raw


def test_a_smaller_pool_is_shared_in_whole_thousands(definitions: Definitions) -> None:
    grades = {"甲": "优秀", "乙": "良好", "丙": "合格"}
    found = next_year_funds(definitions, DAY, grades, pool=Decimal(1_000_000))
    # 1.1 : 1.0 : 0.9 of 1,000 thousands: 366.67, 333.33, 300
    assert found == {"甲": 367_000, "乙": 333_000, "丙": 300_000}
    with pytest.raises(KeyError):
        next_year_funds(definitions, DAY, {"甲": "未定"})


@given(
    cents=st.integers(0, 10**9),
    weights=st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any),
)
def test_parts_add_up_and_none_is_off_by_a_step(cents: int, weights: list[int]) -> None:
    whole = Decimal(cents) / 100
    parts = apportioned(whole, {str(i): w for i, w in enumerate(weights)})
    assert sum(parts.values()) == whole
    for i, w in enumerate(weights):
        assert abs(parts[str(i)] - whole * w / sum(weights)) <= Decimal("0.01")


def test_nothing_is_divided_by_nothing() -> None:
    with pytest.raises(ValueError, match="positive"):
        apportioned(Decimal(1), {"甲": 0})
