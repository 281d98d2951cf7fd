"""The look of the assessment book: palette, formats, row heights, print setup of one sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipelines.assess.scoring import round_once
from pipelines.typesetting import (
    BODY,
    GREY_TEXT,
    HEADER_FILL,
    HEADING,
    INK,
    LINE,
    RED,
    wrapped_lines,
)

GREY = GREY_TEXT
RULE = LINE
SHADE = HEADER_FILL
BAND = "#E9E4DF"
ABSENT = "—"
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")

Value = str | int | float | Decimal | None
Props = dict[str, Any]

BOX: Props = {"border": 1, "border_color": RULE, "text_wrap": True}
CELL: Props = {**BOX, "align": "left", "indent": 1}
# A cell over many rows may be parted by the end of a page: its words stand before that.
AT_TOP: Props = {"valign": "top"}
CENTRE: Props = {**BOX, "align": "center"}
# "_ " leaves the width of a space: LibreOffice draws an indent of right-aligned numbers at whim.
NUMBER: Props = {**BOX, "align": "right", "num_format": "0.00_ "}
COUNT: Props = {**NUMBER, "num_format": "#,##0_ "}
SHARE: Props = {**NUMBER, "num_format": '0.00"%"_ '}
HEAD: Props = {
    **CENTRE,
    "font_name": HEADING,
    "bold": True,
    "font_color": "#FFFFFF",
    "bg_color": RED,
    "border_color": "#FFFFFF",
}
SECTION: Props = {
    "font_name": HEADING,
    "bold": True,
    "font_size": 12,
    "font_color": RED,
    "bottom": 2,
    "bottom_color": RED,
}
TITLE: Props = {
    "font_name": HEADING,
    "bold": True,
    "font_size": 18,
    "align": "center",
    "font_color": RED,
}
NOTE: Props = {"font_color": GREY, "font_size": 9, "text_wrap": True, "valign": "top"}
STRONG: Props = {"bold": True}
CENTRED: Props = {"align": "center", "indent": 0}


class Look:
    """Formats of one workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self._formats: dict[str, Format] = {}
        self._names: set[str] = set()

    def format(self, *parts: Props) -> Format:
        """The format of these properties over the body text of the book."""
        merged: Props = {
            "font_name": BODY, "font_size": 10, "font_color": INK, "valign": "vcenter",
        }  # fmt: skip
        for part in parts:
            merged.update(part)
        key = repr(sorted(merged.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(merged)
        return self._formats[key]

    def sheet_name(self, wanted: str) -> str:
        """A name that Excel accepts and that no other sheet has."""
        clean = _FORBIDDEN.sub("", wanted).strip("'")[:31] or "表"
        name, count = clean, 2
        while name.lower() in self._names:
            tail = f"({count})"
            name, count = clean[: 31 - len(tail)] + tail, count + 1
        self._names.add(name.lower())
        return name


class Page:
    """One sheet written from top to bottom, with row heights for wrapped text.

    Heights are set by us because merged cells never grow, and because WPS and LibreOffice
    disagree with Excel about the rest.
    """

    def __init__(self, look: Look, name: str, widths: Sequence[float], footer: str) -> None:
        self.look = look
        self.name = look.sheet_name(name)
        self.sheet: Worksheet = look.book.add_worksheet(self.name)
        self.widths = list(widths)
        self.row = 0
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.sheet.hide_gridlines(2)
        self.sheet.set_paper(9)
        self.sheet.set_landscape()
        self.sheet.set_margins(left=0.5, right=0.5, top=0.55, bottom=0.65)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.center_horizontally()
        if footer:
            self.sheet.set_footer(f"&L&8{footer}&R&8第 &P 页　共 &N 页")

    @property
    def last(self) -> int:
        """Index of the last column."""
        return len(self.widths) - 1

    def put(self, column: int, value: Value, *props: Props) -> None:
        """Write one cell of the current row; text stays text, nothing becomes a dash."""
        self.put_at(self.row, column, value, *props)

    def put_at(self, row: int, column: int, value: Value, *props: Props) -> None:
        """Write one cell."""
        if value is None:
            self.sheet.write_string(row, column, ABSENT, self.look.format(*props, CENTRED))
        elif isinstance(value, str):
            self.sheet.write_string(row, column, value, self.look.format(*props))
        else:
            # Excel would round halves away from zero; the sentences beside round them to even.
            number = float(round_once(value)) if isinstance(value, Decimal) else value
            self.sheet.write_number(row, column, number, self.look.format(*props))

    def span(self, first: int, last: int, text: str, *props: Props, rows: int = 1) -> None:
        """Write a text over several columns (and rows) of the current row."""
        form = self.look.format(*props)
        if first == last and rows == 1:
            self.sheet.write_string(self.row, first, text, form)
        else:
            self.sheet.merge_range(self.row, first, self.row + rows - 1, last, "", form)
            self.sheet.write_string(self.row, first, text, form)

    def join(self, first: int, column: int, text: str, *props: Props) -> None:
        """Make one cell of a column from row `first` to the last row written."""
        if self.row - 1 > first:
            form = self.look.format(*props)
            self.sheet.merge_range(first, column, self.row - 1, column, text, form)

    def end_row(self, height: float) -> None:
        """Close the current row with that height in points."""
        self.sheet.set_row(self.row, height)
        self.row += 1

    def space(self, height: float = 8) -> None:
        """An empty row."""
        self.end_row(height)

    def title(self, text: str, subtitle: str = "") -> None:
        """The heading of the sheet."""
        self.span(0, self.last, text, TITLE)
        self.end_row(32)
        if subtitle:
            self.span(0, self.last, subtitle, {"align": "center", "font_color": GREY})
            self.end_row(18)

    def section(self, text: str) -> None:
        """The heading of a section."""
        self.span(0, self.last, text, SECTION)
        self.end_row(22)

    def paragraph(self, text: str, *props: Props) -> None:
        """A text over the whole width, as high as it needs."""
        self.span(0, self.last, text, {"text_wrap": True}, *props)
        self.end_row(15 * wrapped_lines(text, sum(self.widths)) + 3)

    def head(self, labels: Sequence[str], spans: Sequence[int] | None = None) -> None:
        """The header of a table; `spans` says how many columns each label covers."""
        column, height = 0, 1
        for label, span in zip(labels, spans or [1] * len(labels), strict=True):
            width = sum(self.widths[column : column + span])
            height = max(height, wrapped_lines(label, width))
            self.span(column, column + span - 1, label, HEAD)
            column += span
        self.end_row(15 * height + 7)

    def register(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows of text, each on one line: for a register that is searched and not read."""
        look = self.look.format(CELL, {"text_wrap": False})
        for row in rows:
            for column, text in enumerate(row):
                self.sheet.write_string(self.row, column, text, look)
            self.row += 1

    def line(
        self,
        values: Sequence[Value],
        props: Sequence[Props],
        spans: Sequence[int] | None = None,
        *,
        first: int = 0,
        least: float = 20,
        shade: Props | None = None,
    ) -> None:
        """One row of a table from column `first`, as high as its longest text needs."""
        column, height = first, 1
        for value, prop, span in zip(values, props, spans or [1] * len(values), strict=True):
            look = (prop, shade) if shade else (prop,)
            if isinstance(value, str):
                width = sum(self.widths[column : column + span]) - prop.get("indent", 0)
                # Column widths are in digits of 11 points; smaller type has more room.
                width *= 10.5 / prop.get("font_size", 10)
                height = max(height, wrapped_lines(value, width))
            if span > 1:
                self.span(column, column + span - 1, ABSENT if value is None else str(value), *look)
            else:
                self.put(column, value, *look)
            column += span
        self.end_row(max(least, 13.5 * height + 6))
