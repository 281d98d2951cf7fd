"""Palette, faces and text measures shared by every workbook that we hand to people."""

from __future__ import annotations

import math
import unicodedata

RED = "#9E1B1E"
INK = "#262626"
GREY_TEXT = "#7A7A7A"
LINE = "#BFBFBF"
HEADER_FILL = "#F3EDEA"

# Names that Windows, WPS and the domestic Linux desktops all carry or map to their own faces.
HEADING = "微软雅黑"
BODY = "宋体"


def text_width(text: str) -> int:
    """Width in columns of half-width characters; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def wrapped_lines(text: str, width: float) -> int:
    """Lines that a wrapped text needs in a column of that width."""
    # A character of margin, and a Chinese character is never cut in two.
    room = max(2.0, width - 1.5)
    return sum(max(1, math.ceil(text_width(line) / room)) for line in text.split("\n"))
