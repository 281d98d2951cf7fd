"""The golden cases of the field's catalogue (section 12) that touch checks, table by table."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from definitions.model import Severity
from definitions.periods import Period
from expectations import codes as standards
from tests.checking import Accepted, check, codes, definitions, funds, sheet, slip, workbook


def rules_of(
    form: str, row: dict[str, Any], period: str, accepted: Accepted | None = None
) -> set[str]:
    """Rules that one row breaks, apart from blanks of columns the case says nothing about."""
    (found,) = check(
        workbook(sheet(form, row, period=period), period=period),
        accepted=accepted,
        received=date(2099, 1, 1),
    )
    return set(codes(found)) - {"V-C-015"}


@pytest.mark.parametrize(
    ("code", "valid"), [("91350100M000100Y43", True), ("91350100M000100Y4Z", False)]
)
def test_credit_code(code: str, valid: bool) -> None:
    found = rules_of("ORG-01", {"org_code": "A001", "employer_uscc": code}, "2017")
    assert ("V-C-004" not in found) is valid


@pytest.mark.parametrize(
    ("number", "valid"), [("11010519491231002X", True), ("110105194912310021", False)]
)
def test_identity_number(number: str, valid: bool) -> None:
    found = rules_of("SKILL-03", {"org_code": "A001", "id_no": number}, "2017")
    assert ("V-C-006" not in found) is valid


def festival(**changed: Any) -> dict[str, Any]:
    row = {"org_code": "A001", "campaign_year": 2017, "object_kind": "困难职工", "enterprises": 40}
    return row | {"households": 2602, "cash": 1_300_000, "goods": 0} | changed


@pytest.mark.parametrize(
    ("cash", "per_household", "warned"),
    [
        (1_300_000, "499.62", False),
        (130, "0.05", True),  # 万元 typed into 元
        (2602 * 4_996_158, "4996158.00", True),
    ],
)
def test_two_festivals_band(cash: float, per_household: str, warned: bool) -> None:
    assert f"{cash / 2602:.2f}" == per_household
    found = rules_of("WARM-01", festival(cash=cash), "2017")
    assert ("V-R-029" in found) is warned
    assert definitions().rule("V-R-029").severity is Severity.EXPLAIN


@pytest.mark.parametrize(("persons", "amount", "warned"), [(25, 100_000, False), (25, 10, True)])
def test_severe_illness_is_4000_each(persons: int, amount: float, warned: bool) -> None:
    found = rules_of("WARM-01", festival(severe_persons=persons, severe_amount=amount), "2017")
    assert ("V-R-030" in found) is warned


@pytest.mark.parametrize(("amount", "warned"), [(54_560, False), (5.456, True)])
def test_wage_arrears_are_556_73_each(amount: float, warned: bool) -> None:
    assert f"{54_560 / 98:.2f}" == "556.73"
    row = {"org_code": "A001", "wage_persons": 98, "wage_amount": amount}
    assert ("V-R-080" in rules_of("RIGHT-02", row, "2017-03")) is warned


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, None),
        ({"due": 20_001}, "V-R-057"),
        ({"remitted": 7_999}, "V-R-058"),
        ({"retained": 11_900, "remitted": 8_100}, "V-R-059"),
    ],
)
def test_fund_split(changed: dict[str, Any], rule: str | None) -> None:
    """Payroll 1,000,000 → due 20,000: 12,000 kept, 8,000 remitted."""
    row = funds(payroll=1_000_000, due=20_000, paid=20_000, retained=12_000, remitted=8_000)
    split = {"V-R-057", "V-R-058", "V-R-059"}
    assert rules_of("FIN-01", row | changed, "2017-03") & split == ({rule} if rule else set())


LEVELS = {
    "一级（高级技师）": 3000,
    "二级（技师）": 2000,
    "三级（高级工）": 500,
    "四级（中级工）": 0,
}


def test_award_table() -> None:
    """1 × level 1, 2 × level 2, 3 × level 3 → 8,500 yuan, from August 2017 on."""
    known = definitions().parameters["skill_awards"].at(Period.parse("2017").end)
    counts = dict(zip(LEVELS, (1, 2, 3), strict=False))
    assert sum(known[level] * count for level, count in counts.items()) == 8500
    for level, award in LEVELS.items():
        assert level in definitions().code_lists["SKILL_LEVEL"].values
        row = {"person_key": "P1", "org_code": "A001", "cert_level": level, "award_paid": 0}
        row["cert_date"] = date(2017, 9, 1)
        assert "V-R-039" not in rules_of("SKILL-03", row | {"award_due": award}, "2017")
        assert "V-R-039" in rules_of("SKILL-03", row | {"award_due": award + 100}, "2017")


def representative(**changed: Any) -> dict[str, Any]:
    row = {"rep_id": "R1", "org_code": "A001", "eval_ballots": 100, "eval_score": 80}
    return row | {"outcome": "保留"} | changed


@pytest.mark.parametrize(
    ("unsatisfied", "ballots", "recalled"),
    [(60, 100, True), (59, 100, False), (5999, 10_000, False), (6000, 10_000, True)],
)
def test_recall(unsatisfied: int, ballots: int, recalled: bool) -> None:
    row = representative(eval_unsat=unsatisfied, eval_ballots=ballots)
    kept = "V-R-050" not in rules_of("DEMO-02", row, "2017")
    gone = "V-R-050" not in rules_of("DEMO-02", row | {"outcome": "取消代表资格"}, "2017")
    assert (kept, gone) == (not recalled, recalled)


@pytest.mark.parametrize(("score", "rewarded"), [(90.00, True), (89.99, False)])
def test_reward(score: float, rewarded: bool) -> None:
    row = representative(eval_unsat=0, eval_score=score)
    kept = rules_of("DEMO-02", row, "2017") & {"V-R-050", "V-R-090"}
    paid = rules_of("DEMO-02", row | {"outcome": "奖励"}, "2017") & {"V-R-050", "V-R-090"}
    assert (not kept, not paid) == (not rewarded, rewarded)


@pytest.mark.parametrize(
    ("year", "total", "accepted"),
    [
        ("2017", 86.00, True),
        ("2017", 85.00, False),
        ("2018", 85.00, True),
        ("2018", 86.00, False),
    ],
)
def test_star_home(year: str, total: float, accepted: bool) -> None:
    """Members 80, employer 90, union above 90."""
    row = {"org_code": "A001", "cycle_year": int(year), "total_reported": total}
    row |= {"member_score": 80, "employer_score": 90, "upper_score": 90}
    found = rules_of("HOME-02", row, year)
    assert ("V-R-021" not in found) is accepted
    assert "V-P-012" not in found


@pytest.mark.parametrize(
    ("due", "accepted"), [(date(2025, 10, 15), True), (date(2025, 10, 9), False)]
)
def test_slip_due_date(due: date, accepted: bool) -> None:
    """Accepted Thu 2025-09-25; the worked Sundays and the National Day week are counted."""
    row = slip(received_on=date(2025, 9, 25), accepted_on=date(2025, 9, 25), due_on=due)
    assert ("V-C-017" not in rules_of("RIGHT-01", row, "2025-09")) is accepted


@pytest.mark.parametrize(
    ("closed", "colour"),
    [
        (date(2025, 10, 11), None),
        (date(2025, 10, 13), "V-R-092"),
        (date(2025, 10, 15), "V-R-092"),
        (date(2025, 10, 16), "V-R-076"),
    ],
)
def test_slip_turns_amber_after_seven_and_late_after_ten(closed: date, colour: str | None) -> None:
    row = slip(received_on=date(2025, 9, 25), accepted_on=date(2025, 9, 25), closed_on=closed)
    found = rules_of("RIGHT-01", row, "2025-10") & {"V-R-076", "V-R-092"}
    assert found == ({colour} if colour else set())


def test_member_ballots() -> None:
    """141 sent, 137 back: 127 and 10; one vote too many does not balance."""
    row = {"org_code": "A001", "object": "工会工作", "rater": "会员", "eligible": 141}
    row |= {"ballots": 137, "very_sat": 127, "basic_sat": 10, "unsat": 0, "unclear": 0}
    assert "V-R-073" not in rules_of("EVAL-01", row, "2017")
    assert "V-R-073" in rules_of("EVAL-01", row | {"basic_sat": 11}, "2017")
    assert "V-R-073" in rules_of("EVAL-01", row | {"eligible": 136}, "2017")


def test_training_rate_of_representatives() -> None:
    """366 / 398 = 91.96 %: a rate is computed from counts, so it can be said to two places."""
    assert f"{100 * 366 / 398:.2f}" == "91.96"
    assert f"{100 * 366 / 398:.1f}" == "92.0"


def test_synthetic_union_codes_are_those_of_unions() -> None:
    for code in ("81640300000000019R", "81640381MC0000012M", "81640105MJ0A1B2C5N"):
        assert standards.valid_uscc(code)
        row = {"org_code": "A001", "org_type": "基层工会委员会", "union_uscc": code}
        assert not rules_of("ORG-01", row, "2017") & {"V-C-004", "V-C-005"}
    row = {"org_code": "A001", "org_type": "基层工会委员会", "union_uscc": "91350100M000100Y43"}
    assert rules_of("ORG-01", row, "2017") & {"V-C-004", "V-C-005"} == {"V-C-005"}
