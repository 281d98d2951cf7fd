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
from pipelines.assess.funding import FundedUnion, next_year, shared
from pipelines.assess.scoring import apportion
from pipelines.fund_shares import fund_split, retained_pct

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


def table(definitions: Definitions, code: str) -> dict[str, Decimal]:
    return {str(k): Decimal(str(v)) for k, v in definitions.parameters[code].at(DAY).items()}


def test_a_district_industry_union_gets_one_two_two(definitions: Definitions) -> None:
    standard = int(table(definitions, "industry_union_funds_yuan")["区县级"])
    shares = {"市总工会": 10_000, "区县财政": 20_000, "区县总工会": 20_000}
    assert shared(standard, table(definitions, "district_fund_ratio")) == shares


def allotted(definitions: Definitions, grades: dict[str, str], pool: int | None) -> dict[str, int]:
    base = int(table(definitions, "industry_union_funds_yuan")["市级"])
    unions = [FundedUnion(name, name, grade) for name, grade in grades.items()]
    unit = int(definitions.parameters["fund_rounding_yuan"].at(DAY))
    found = next_year(base, table(definitions, "result_coefficient"), unions, unit, pool)
    return {a.union.name: a.yuan for a in found}


def test_shenyang_five_unions_out_of_a_pool_that_just_suffices(definitions: Definitions) -> None:
    grades = {"甲": "优秀", "乙": "良好", "丙": "良好", "丁": "合格", "戊": "良好"}
    raw = {"甲": 550_000, "乙": 500_000, "丙": 500_000, "丁": 450_000, "戊": 500_000}
    assert allotted(definitions, grades, 2_500_000) == raw
    assert allotted(definitions, grades, None) == raw


def test_a_smaller_pool_is_shared_in_whole_thousands(definitions: Definitions) -> None:
    grades = {"甲": "优秀", "乙": "良好", "丙": "合格"}
    # 1.1 : 1.0 : 0.9 of 1,000 thousands: 366.67, 333.33, 300
    assert allotted(definitions, grades, 1_000_000) == {
        "甲": 367_000, "乙": 333_000, "丙": 300_000,
    }  # fmt: skip
    with pytest.raises(ValueError, match="没有对应的经费系数"):
        allotted(definitions, {"甲": "未定"}, None)


@given(
    pool=st.integers(0, 10**9),
    claims=st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any),
    unit=st.sampled_from((1, 100, 1000)),
)
def test_shares_sum_to_the_pool_to_the_yuan_and_none_is_off_by_a_unit(
    pool: int, claims: list[int], unit: int
) -> None:
    shares = apportion(pool, claims, unit)
    assert sum(shares) == pool
    odd = pool % unit
    for share, claim in zip(shares, claims, strict=True):
        assert abs(share - pool * claim / sum(claims)) < unit + odd + 1e-6
