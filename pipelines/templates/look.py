"""How a template looks: its shades, its cell formats, and the limits Excel sets on texts."""

from __future__ import annotations

from typing import Any

from pipelines.typesetting import BODY, INK, LINE

DERIVED_FILL = "#E4E4E4"
LOCKED_FILL = "#F5F5F5"
CARRIED_TEXT = "#1F4E79"

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

    def frame(self) -> Any:
        """That frame alone, for a conditional format."""
        return self._book.add_format({"border": 1, "border_color": LINE})


def shortened(text: str, characters: int) -> str:
    """The text, cut with an ellipsis where Excel sets a limit of characters."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def footer_text(text: str) -> str:
    """Text for a page footer, where & starts a command."""
    return text.replace("&", "&&")
