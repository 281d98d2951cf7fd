"""Codes with exact checks: what the standards accept and refuse (synthetic numbers only)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations import codes

UNION_CODES = ["81640300000000019R", "81640381MC0000012M", "81640105MJ0A1B2C5N"]


@pytest.mark.parametrize("code", ["91350100M000100Y43", *UNION_CODES])
def test_credit_codes_of_the_standard_are_valid(code: str) -> None:
    assert codes.valid_uscc(code)


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y4Z",  # Z is not in the alphabet
        "91350100M000100Y44",  # wrong check character
        "91350100m000100Y43",  # small letter
        "91350100 M000100Y43",
        "91350100M000100Y4",
        "91350100I000100Y43",  # I is not in the alphabet
        "",
    ],
)
def test_other_credit_codes_are_not(code: str) -> None:
    assert not codes.valid_uscc(code)


@given(st.integers(0, 16), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_changed_character_never_goes_unnoticed(place: int, character: str) -> None:
    code = "91350100M000100Y43"
    changed = code[:place] + character + code[place + 1 :]
    assert codes.valid_uscc(changed) == (changed == code)


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("11010519491231002X", True),
        ("440524188001010014", True),
        ("34052419800101001X", True),
        ("110105194912310021", False),
        ("11010519491331002X", False),  # month 13
        ("11010519491231002x", False),  # the reader has raised it
        ("110105491231002", False),
        ("1101051949123100", False),
    ],
)
def test_identity_numbers(number: str, valid: bool) -> None:
    assert codes.valid_id(number) is valid


def test_numbers_of_fifteen_digits_are_the_old_ones() -> None:
    assert codes.old_id("110105491231002")
    assert not codes.old_id("11010519491231002X")


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("13800138000", True),
        ("0952-2012345", True),
        ("09522012345", True),
        ("0952-2012345-801", True),
        ("（0952）2012345", True),
        ("2012345", False),
        ("1380013800", False),
        ("23800138000", False),
    ],
)
def test_phones(text: str, valid: bool) -> None:
    assert codes.valid_phone(text) is valid


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("联系王师傅13800138000", True),
        ("身份证11010519491231002X", True),
        ("卡号6222020200112233442", False),  # check digit wrong
        ("卡号6222020200112230", True),
        ("文号2017000012345678", False),
        ("共帮扶2602户，1300000元", False),
        ("20170301至20170331", False),
        ("", False),
    ],
)
def test_personal_numbers_in_free_text(text: str, personal: bool) -> None:
    assert codes.personal_data(text) is personal
