"""Whether a text is a valid code: credit code, identity number, region, industry, phone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

Mask = NDArray[np.bool_]

# python-stdnum wants a digit first and forgives blanks, hyphens and small letters; the standard
# allows letters there (N for rural collectives) and a registry code must be exact.
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_ID18 = re.compile(r"\d{17}[0-9X]")
_ID15 = re.compile(r"\d{15}")
_MOBILE = r"1[3-9]\d{9}"
_LANDLINE = re.compile(r"0\d{2,3}-?[2-9]\d{6,7}(-\d{1,6})?")
_MOBILE_ONLY = re.compile(_MOBILE)
_NAME = re.compile(r"[^\d\s]{2,30}")
_DIGITS = re.compile(r"(?<![0-9A-Za-z])\d{11,19}[Xx]?(?![0-9A-Za-z])")
_SPLIT = re.compile(r"[、,，;；/|\s]+")


@lru_cache(maxsize=65536)
def valid_uscc(code: str) -> bool:
    """GB 32100-2015: 18 characters of the standard's alphabet and the check character."""
    if not _USCC.fullmatch(code):
        return False
    digit: str = uscc.calc_check_digit(code[:17])
    return digit == code[17]


def valid_id(code: str) -> bool:
    """GB 11643-1999: 18 characters, a real birth date, the check character.

    The region is not looked up: people keep the number of a county that was abolished long ago.
    """
    if not _ID18.fullmatch(code) or ric.calc_check_digit(code) != code[17]:
        return False
    try:
        born: date = ric.get_birth_date(code)
    except ValidationError:
        return False
    return 1880 <= born.year <= 2100


def old_id(code: str) -> bool:
    """A number of the first generation, 15 digits."""
    return bool(_ID15.fullmatch(code))


def valid_industry(code: str, industries: Mapping[str, str]) -> bool:
    """GB/T 4754: section letter and two-digit division, as one key of the table."""
    return len(code) == 3 and code in industries


def valid_phone(text: str) -> bool:
    """An 11-digit mobile number, or area code and 7-8 digits, with or without extension."""
    compact = text.replace(" ", "").replace("（", "").replace("）", "-")
    return bool(_MOBILE_ONLY.fullmatch(compact) or _LANDLINE.fullmatch(compact))


def valid_name(text: str) -> bool:
    """2-30 characters without digits or blanks."""
    return bool(_NAME.fullmatch(text))


def luhn(digits: str) -> bool:
    """The check digit of bank cards."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def personal_data(text: str) -> bool:
    """Whether a mobile, identity or bank card number stands inside free text."""
    for match in _DIGITS.finditer(text):
        run = match.group().upper()
        if _MOBILE_ONLY.fullmatch(run) or valid_id(run):
            return True
        if run.isdigit() and 16 <= len(run) <= 19 and run[0] in "3456" and luhn(run):
            return True
    return False


HIDDEN = "［号码已隐去］"
_SPACED = re.compile(r"(?<![0-9A-Za-z])\d(?:[ \-　]?\d){10,18}[Xx]?(?![0-9A-Za-z])")


def without_numbers(text: str) -> str:
    """Free text with the mobile, identity and bank card numbers in it hidden, spaced ones too."""
    return _SPACED.sub(lambda m: HIDDEN if personal_data(_compact(m.group())) else m.group(), text)


def _compact(number: str) -> str:
    return re.sub(r"[ \-　]", "", unicodedata.normalize("NFKC", number))


def split(text: str) -> list[str]:
    """The values of a cell that may hold several."""
    return [part for part in _SPLIT.split(text) if part]


def failing(values: NDArray[Any], valid: Callable[[str], bool]) -> Mask:
    """Where a text is given and not valid; every distinct text is judged once."""
    verdicts: dict[str, bool] = {"": True}
    result = np.zeros(len(values), dtype=bool)
    for i, value in enumerate(values):
        if value not in verdicts:
            verdicts[value] = valid(value)
        result[i] = not verdicts[value]
    return result
