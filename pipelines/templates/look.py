"""How a template looks: palette, fonts, cell formats, and how wide a text is on paper."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

RED = "#9E1B1E"
INK = "#262626"
GREY_TEXT = "#7A7A7A"
LINE = "#BFBFBF"
HEADER_FILL = "#F3EDEA"
DERIVED_FILL = "#E4E4E4"
LOCKED_FILL = "#F5F5F5"
CARRIED_TEXT = "#1F4E79"

# Names that Windows, WPS and the domestic Linux desktops all carry or map to their own faces.
HEADING = "微软雅黑"
BODY = "宋体"

# Sheets are protected without a password, against slips and not against people.
PROTECTION = {
    "select_locked_cells": True,
    "select_unlocked_cells": True,
    "format_columns": True,
    "format_rows": True,
    "sort": True,
}


class Look:
    """Formats of one workbook, each made once: the same properties give the same format."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def format(self, **properties: Any) -> Any:
        """A cell format; vertical centring and the body face unless told otherwise."""
        wanted = {
            "font_name": BODY,
            "font_size": 10.5,
            "font_color": INK,
            "valign": "vcenter",
            **properties,
        }
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(wanted)
        return self._formats[key]

    def boxed(self, **properties: Any) -> Any:
        """A format with the thin grey frame of every table cell."""
        return self.format(border=1, border_color=LINE, **properties)


def text_width(text: str) -> int:
    """Width in columns of half-width characters; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def wrapped_lines(text: str, width: float) -> int:
    """Lines that a wrapped text needs in a column of that width."""
    # One character of margin on both sides, and a Chinese character is never cut in two.
    room = max(2.0, width - 1.5)
    return sum(max(1, math.ceil(text_width(line) / room)) for line in text.split("\n"))


def shortened(text: str, characters: int) -> str:
    """The text, cut with an ellipsis where Excel sets a limit of characters."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def footer_text(text: str) -> str:
    """Text for a page footer, where & starts a command."""
    return text.replace("&", "&&")
