"""Workbook pages: one table per sheet with frozen head, filter, widths and number formats."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import ceil, isfinite
from typing import Any, Literal

import xlsxwriter

from pipelines.publish.publication import stamp

FONT = "微软雅黑"
LONGEST = 32767  # characters a cell can hold
LAST_ROW = 1_048_576
Kind = Literal["text", "int", "number", "money", "percent", "date", "center", "wrap"]
_NUMBER_FORMATS: dict[Kind, str] = {
    "text": "@",
    "center": "@",
    "wrap": "@",
    "int": "#,##0",
    "number": "#,##0.00",
    "money": "#,##0.00",
    "percent": '0.00"%"',
    "date": "yyyy-mm-dd",
}
_NUMERIC: frozenset[Kind] = frozenset(("int", "number", "money", "percent"))
_LINE = {"bottom": 1, "bottom_color": "#E4E8EC"}
"""Below every row of a table."""
# Ink and ground; the words say it too, for those who print in grey or see no red.
_LIGHTS = {
    "green": ("#1E6B3A", "#E3F2E6"),
    "amber": ("#8A5A00", "#FFF1CF"),
    "red": ("#A3261B", "#FBE3E0"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a sheet: its head, kind, width in characters, decimals where they are fixed."""

    label: str
    kind: Kind = "text"
    width: float = 12
    decimals: int | None = None


class Book:
    """A workbook under way; `bytes()` closes it. Text is never taken for a formula or a link."""

    def __init__(self, title: str, issuer: str, cutoff: datetime, lean: bool = False) -> None:
        self._buffer = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self._buffer,
            {
                "constant_memory": lean,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
            },
        )
        self.book.set_properties(
            {
                "title": title,
                "author": issuer,
                "created": stamp(cutoff),
            }
        )
        self.format = cache(self._format)
        self._line = self.book.add_format(_LINE)

    def bytes(self) -> bytes:
        """Close the workbook and give its bytes."""
        self.book.close()
        return self._buffer.getvalue()

    def _format(self, kind: Kind, look: str = "", decimals: int | None = None) -> Any:
        properties: dict[str, Any] = {
            "font_name": FONT,
            "font_size": 10,
            "valign": "vcenter",
            "num_format": _NUMBER_FORMATS[kind],
        }
        if decimals is not None and kind in ("number", "money"):
            properties["num_format"] = "#,##0" + ("." + "0" * decimals if decimals else "")
        if kind in ("center", "date"):
            properties["align"] = "center"
        if kind == "wrap":
            properties["text_wrap"] = True
        if look in ("", "total", "absent", *_LIGHTS):
            properties |= _LINE
        if look == "total":
            properties |= {"bold": True, "bg_color": "#F2F4F6"}
        if look == "absent":
            properties |= {"font_color": "#8A97A3"}
            properties.setdefault("align", "right")
        if look in _LIGHTS:
            ink, ground = _LIGHTS[look]
            properties |= {"font_color": ink, "bg_color": ground, "bold": True}
        if look == "head":
            properties |= {
                "bold": True,
                "align": "center",
                "text_wrap": True,
                "bg_color": "#2F5D8C",
                "font_color": "#FFFFFF",
                "border": 1,
                "border_color": "#5680A8",
            }
        if look == "title":
            properties |= {"bold": True, "font_size": 15, "num_format": "@"}
        if look == "quiet":
            properties |= {"font_color": "#6B7B88", "font_size": 9, "num_format": "@"}
        return self.book.add_format(properties)

    def sheet(self, name: str) -> Any:
        """A new sheet, landscape A4, one page wide."""
        sheet = self.book.add_worksheet(sheet_name(name, [s.get_name() for s in self.sheets()]))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&C第 &P 页 / 共 &N 页")
        sheet.hide_gridlines(2)
        return sheet

    def sheets(self) -> Sequence[Any]:
        """The sheets so far."""
        found: Sequence[Any] = self.book.worksheets()
        return found

    def table(
        self,
        name: str,
        title: str,
        fields: Sequence[Field],
        rows: Iterable[Sequence[Any]],
        *,
        note: str = "",
        freeze: int = 1,
        totals: frozenset[int] = frozenset(),
        decimals: Sequence[int | None] = (),
        printed: int = 0,
        one_page_wide: bool = True,
    ) -> tuple[Any, int]:
        """One table on its own sheet; returns the sheet and the number of rows written.

        Title in row 1, note in row 2, head in row 3. `totals` are row numbers from 0. `decimals`
        gives, row by row, the decimals of numbers in it. `printed` columns go on paper, 0 for all;
        a wide sheet of data goes over several pages, each with the frozen columns.
        """
        sheet = self.sheet(name)
        if not one_page_wide:
            sheet.fit_to_pages(0, 0)
            sheet.set_print_scale(75)
            sheet.repeat_columns(0, freeze - 1)
        for i, field in enumerate(fields):
            sheet.set_column(i, i, field.width)
        sheet.freeze_panes(3, freeze)
        sheet.repeat_rows(2)
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, title, self.format("text", "title"))
        sheet.write_string(1, 0, note, self.format("text", "quiet"))
        sheet.set_row(2, 32)
        for i, field in enumerate(fields):
            sheet.write_string(2, i, field.label, self.format("center", "head"))
        count, left_out = 0, False
        wrapped = [i for i, field in enumerate(fields) if field.kind == "wrap"]
        looks = [self.format(field.kind, "", field.decimals) for field in fields]
        numeric = [field.kind in _NUMERIC for field in fields]
        for count, row in enumerate(rows, 1):
            look = "total" if count - 1 in totals else ""
            lines = max((_lines(row[i], fields[i]) for i in wrapped), default=1)
            if lines > 1:
                sheet.set_row(count + 2, min(15.0 * lines, 400.0))
            row_places = decimals[count - 1] if decimals else None
            usual = not look and row_places is None
            for i, (field, value) in enumerate(zip(fields, row, strict=True)):
                # Nearly all cells are a number in a column of numbers or text in one of text.
                if usual and numeric[i] and type(value) is float and isfinite(value):
                    sheet.write_number(count + 2, i, value, looks[i])
                    continue
                if usual and not numeric[i] and type(value) is str and value:
                    sheet.write_string(count + 2, i, fitting(value), looks[i])
                    continue
                if not look and _missing(value):
                    left_out = True
                    continue
                places = field.decimals if row_places is None else row_places
                self.write(sheet, count + 2, i, value, field.kind, look, places)
        if left_out:
            # Most cells of a wide table are empty: one rule draws their line, not a cell each.
            line = {"type": "blanks", "format": self._line}
            sheet.conditional_format(3, 0, count + 2, len(fields) - 1, line)
        if count:
            sheet.autofilter(2, 0, count + 2, len(fields) - 1)
        if printed:
            sheet.print_area(0, 0, count + 2, printed - 1)
        return sheet, count

    def write(
        self,
        sheet: Any,
        row: int,
        column: int,
        value: Any,
        kind: Kind,
        look: str = "",
        decimals: int | None = None,
    ) -> None:
        """One cell. Text stays text whatever it looks like; a missing number stays blank."""
        made = self.format(kind, look, decimals)
        if _missing(value):
            sheet.write_blank(row, column, None, made)
        elif isinstance(value, str):
            if kind in _NUMERIC:
                made = self.format("text", "absent" if look == "" else look)
            sheet.write_string(row, column, fitting(value), made)
        elif isinstance(value, bool):
            sheet.write_string(row, column, "是" if value else "否", made)
        elif isinstance(value, datetime | date):
            sheet.write_datetime(row, column, value, self.format("date", look))
        elif kind in ("text", "center", "wrap"):
            sheet.write_string(row, column, fitting(str(value)), made)
        else:
            sheet.write_number(row, column, float(value), made)


def fitting(text: str) -> str:
    """Text cut to what a cell can hold, saying so where it was cut."""
    if len(text) <= LONGEST:
        return text
    mark = "…（超长，已截断）"
    return text[: LONGEST - len(mark)] + mark


def _lines(value: Any, field: Field) -> int:
    """Lines that wrapped text takes; spreadsheet programs do not agree on measuring it."""
    if field.kind != "wrap" or not isinstance(value, str):
        return 1
    wide = sum(2 if ord(c) > 0x2E7F else 1 for c in value)
    return max(1, ceil(wide / (field.width - 1)))


def sheet_name(name: str, taken: Sequence[str]) -> str:
    """A legal sheet name of at most 31 characters, unlike those taken."""
    clean = "".join("·" if c in "[]:*?/\\'" else c for c in name)[:31] or "表"
    made, number = clean, 2
    while made.lower() in {t.lower() for t in taken}:
        tail = f"（{number}）"
        made, number = clean[: 31 - len(tail)] + tail, number + 1
    return made


def _missing(value: Any) -> bool:
    """Whether a cell stays blank: nothing, no text, or no number."""
    if isinstance(value, str):
        return not value
    return value is None or _not_a_number(value)


def _not_a_number(value: Any) -> bool:
    """NaN, NaT and infinities, which mean missing in a frame."""
    if isinstance(value, float):
        return not isfinite(value)
    if isinstance(value, Decimal):
        return not value.is_finite()
    return type(value).__name__ in ("NaTType", "NAType")
