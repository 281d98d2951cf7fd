"""Numbers of persons that somebody wrote into a text: 身份证号、电话、卡号."""

from __future__ import annotations

import re

BLOT = "（号码略）"
_NUMBERS = re.compile(
    "|".join(rf"\d(?:[{parted}]?\d){{10,}}[Xx]?" for parted in (" \u3000", "-－–", ".．·"))
)
"""Any run of eleven digits, however people part telephone, card and identity numbers."""


def blotted(words: str) -> str:
    """A text without the numbers that may be a person's.

    >>> blotted("电话139 1234 5678，2019-03-11慰问1,234人")
    '电话（号码略），2019-03-11慰问1,234人'
    """
    return _NUMBERS.sub(BLOT, words)


def holds_number(words: str) -> bool:
    """Whether a text holds a number that may be a person's."""
    return _NUMBERS.search(words) is not None
