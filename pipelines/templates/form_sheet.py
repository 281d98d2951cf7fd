"""One sheet per form: header in the form's own words, guidance, carried rows, empty rows."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from definitions.calendars import Deadlines
from definitions.catalogue import Definitions
from definitions.model import Column, ColumnKind, ColumnType, Form
from definitions.periods import Period
from expectations.findings import column_letters
from pipelines.templates import inputs
from pipelines.templates.derived import Inexpressible, RowFormula
from pipelines.templates.look import (
    CARRIED_TEXT,
    DERIVED_FILL,
    LOCKED_FILL,
    PROTECTION,
    Look,
)
from pipelines.templates.pages import page_starts, print_setup
from pipelines.typesetting import (
    GREY_TEXT,
    HEADER_FILL,
    HEADING,
    INK,
    RED,
    text_width,
    wrapped_lines,
)
from pipelines.workbook import GUIDANCE_MARK

LEDGER_ROWS = 200
FEWEST_ROWS = 10
# Beyond the framed rows a register may go on: cells stay open and checked down to this row.
LAST_OPEN_ROW = 5000
ROW_HEIGHT = 20


class _ComputedBlank(str):
    """The cached "" of a formula.

    Excel stores it as a string; XlsxWriter would leave the type out for a plain "", and a reader
    would then take the cell for a formula that was never computed.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


@dataclass(frozen=True)
class SheetTask:
    """What one form sheet is made from; `lists` gives the defined name of each code list."""

    form: Form
    sheet_name: str
    org_code: str
    org_name: str
    period: Period
    deadlines: Deadlines | None
    rows: Sequence[Mapping[str, Any]]
    definitions: Definitions
    lists: Mapping[str, str]


def sheet_name(form: Form) -> str:
    """Code and title within Excel's 31 characters and legal signs."""
    return re.sub(r"[\[\]:*?/\\']", "", f"{form.code} {form.title}")[:31].rstrip()


def single_row(form: Form) -> bool:
    """Whether one organisation owes exactly one row: its code is the whole key."""
    return form.ledger is None and form.keys == ("org_code",)


def row_count(form: Form, carried: int, definitions: Definitions) -> int:
    """Framed rows: one per union, or every combination of the keys' lists, or a register."""
    if single_row(form):
        return max(1, carried)
    combinations = 1
    for code in form.keys:
        column = form.column(code)
        if column.list:
            combinations *= len(definitions.code_lists[column.list].values)
        elif code != "org_code" and column.unit != "年":
            return carried + LEDGER_ROWS
    if form.ledger or combinations == 1:
        return carried + LEDGER_ROWS
    return max(FEWEST_ROWS, combinations + 2, carried + 2)


def write_form(sheet: Any, task: SheetTask, look: Look) -> None:
    """Fill an empty worksheet with the form, its checks, protection and print setup."""
    form = task.form
    widths = [inputs.column_width(c, task.definitions) for c in form.columns]
    if page_starts(widths):
        # Repeated on every page, it also carries the form's number and period there.
        widths[0] = max(widths[0], 24)
    count = row_count(form, len(task.rows), task.definitions)
    endless = not single_row(form)
    formulas = formulas_of(form, task.period, task.definitions)
    styles = [_styles(c, c.code in formulas, look) for c in form.columns]
    for p, width in enumerate(widths):
        open_column = endless and form.columns[p].code not in formulas
        sheet.set_column(p, p, width, styles[p].below if open_column else None)

    sheet.set_default_row(ROW_HEIGHT)
    header = _write_top(sheet, task, widths, look)
    _write_header(sheet, header, form, formulas, widths, look)
    first = header + 2
    for i in range(count):
        row = task.rows[i] if i < len(task.rows) else {}
        if not row and i == 0 and single_row(form):
            row = {"org_code": task.org_code}
        _write_row(sheet, first + i, row, form, formulas, styles, widths, task.org_code, endless)
    if endless:
        # Frames as a condition: a register's empty rows need no cells, which would make the
        # workbook eight times as large for everyone who sends, reads or marks it.
        frame = {"type": "formula", "criteria": "=TRUE", "format": look.frame()}
        sheet.conditional_format(first, 0, first + count - 1, len(form.columns) - 1, frame)
    last = LAST_OPEN_ROW - 1 if endless else first + count - 1
    _check_inputs(sheet, first, last, task, formulas)

    key_columns = 1 if sum(widths) > 110 else 0
    sheet.freeze_panes(first, key_columns)
    sheet.protect("", PROTECTION)
    sheet.hide_gridlines(2)
    sheet.set_tab_color("#8C8C8C")
    print_setup(sheet, form, header, first + count - 1, widths)


@dataclass(frozen=True)
class _Styles:
    """Formats of one column: an empty cell, a carried value, a fixed one, and rows below."""

    empty: Any
    carried: Any
    fixed: Any
    below: Any


def _styles(column: Column, computed: bool, look: Look) -> _Styles:
    common: dict[str, Any] = {
        "num_format": inputs.number_format(column),
        "align": inputs.alignment(column),
    }
    if column.type in (ColumnType.TEXT, ColumnType.MULTI, ColumnType.STR):
        common |= {"text_wrap": True, "indent": 1}
    if computed:
        grey = look.boxed(**common, bg_color=DERIVED_FILL, font_color="#595959")
        return _Styles(grey, grey, grey, None)
    return _Styles(
        empty=look.boxed(**common, locked=False),
        carried=look.boxed(**common, locked=False, font_color=CARRIED_TEXT),
        fixed=look.boxed(**common, bg_color=LOCKED_FILL, font_color=CARRIED_TEXT),
        below=look.format(**common, locked=False),
    )


def formulas_of(form: Form, period: Period, definitions: Definitions) -> dict[str, RowFormula]:
    """The columns that a sheet works out by itself, by code, with parameters of the period."""
    found = ((c.code, _formula(c, form, period, definitions)) for c in form.columns)
    return {code: formula for code, formula in found if formula is not None}


def _formula(
    column: Column, form: Form, period: Period, definitions: Definitions
) -> RowFormula | None:
    said = column.type.numeric or column.type in (ColumnType.STR, ColumnType.DATE)
    if column.derived is None or not said:
        return None

    def parameter(name: str) -> Any:
        try:
            return definitions.parameters[name].at(period.end)
        except LookupError as error:
            raise Inexpressible(name) from error

    decimals = 0 if column.type is ColumnType.INT else column.decimals
    formula = RowFormula(column.derived, decimals, parameter)
    try:
        formula.excel({c.code: "A1" for c in form.columns})
    except Inexpressible:
        return None
    return formula


def _write_top(sheet: Any, task: SheetTask, widths: Sequence[float], look: Look) -> int:
    """Title and the lines that name form, unit and period; returns the header's row from 0."""
    form = task.form
    # The band over the table ends where its first page does, or a screen.
    last = min(page_starts(widths), default=len(widths)) - 1
    title = look.format(font_name=HEADING, font_size=16, bold=True, font_color=RED, align="center")
    sheet.set_row(0, 34)
    _spread(sheet, 0, 0, last, form.title, title)
    facts = [
        f"表号：{form.code}",
        f"制定机关：{form.issuer}",
        f"批准文号：{form.document}",
        f"有效期至：{form.document_valid_to.isoformat()}",
        f"版本：{form.edition}",
    ]
    who = [f"所属期：{task.period.chinese}", f"填报单位：{task.org_name}"]
    unit = inputs.declared_unit(form)
    if unit:
        who.append(f"计量单位：{unit}")
    if task.deadlines:
        who.append(f"报送截止：{task.deadlines.due.isoformat()}")
    row = 1
    for texts, colour, size in ((facts, GREY_TEXT, 9), (who, INK, 10.5)):
        style = look.format(font_size=size, font_color=colour, align="left")
        for line in _lines(texts, widths[: last + 1], size / 10.5):
            sheet.set_row(row, 18)
            for left, right, text in line:
                _spread(sheet, row, left, right, text, style)
            row += 1
    if form.guidance:
        left = 1 if last + 1 < len(widths) else 0
        text = f"填报要求：{form.guidance}"
        style = look.format(font_size=9, font_color=GREY_TEXT, align="left", text_wrap=True)
        room = sum(widths[left : last + 1]) * 1.1
        sheet.set_row(row, 13 * wrapped_lines(text, room) + 4)
        _spread(sheet, row, left, last, text, style)
        row += 1
    sheet.set_row(row, 5)
    return row + 1


def _lines(
    texts: Sequence[str], widths: Sequence[float], scale: float
) -> list[list[tuple[int, int, str]]]:
    """Lay texts over runs of columns wide enough for each; as few lines as that allows."""
    lines: list[list[tuple[int, int, str]]] = [[]]
    left = 0
    for text in texts:
        need = text_width(text) * scale + 4
        if left and sum(widths[left:]) < need:
            lines.append([])
            left = 0
        right = left
        while right + 1 < len(widths) and sum(widths[left : right + 1]) < need:
            right += 1
        lines[-1].append((left, right, text))
        left = right + 1
        if left >= len(widths):
            lines.append([])
            left = 0
    return [line for line in lines if line]


def _spread(sheet: Any, row: int, left: int, right: int, text: str, style: Any) -> None:
    if right > left:
        sheet.merge_range(row, left, row, right, text, style)
    else:
        sheet.write_string(row, left, text, style)


def _write_header(
    sheet: Any,
    header: int,
    form: Form,
    formulas: Collection[str],
    widths: Sequence[float],
    look: Look,
) -> None:
    common: dict[str, Any] = {"text_wrap": True, "align": "center", "bg_color": HEADER_FILL}
    label = {"font_name": HEADING, "font_size": 10, "bold": True, "top": 2, "top_color": RED}
    plain = look.boxed(**common, **label)
    must = look.boxed(**common, **label, font_color=RED)
    small = look.boxed(
        text_wrap=True, align="center", valign="top", font_size=8, font_color=GREY_TEXT,
        bg_color="#FBF9F8",
    )  # fmt: skip
    height, guide_height = 1, 1
    for p, (column, width) in enumerate(zip(form.columns, widths, strict=True)):
        computed = column.code in formulas
        needed = column.required and not computed
        sheet.write_string(header, p, column.label, must if needed else plain)
        text = inputs.guidance(column, computed)
        # The reader drops a row whose first or key cell begins with these words.
        if p == 0:
            text = f"{GUIDANCE_MARK}：{text}"
        elif column.kind is ColumnKind.KEY and form.columns[0].kind is not ColumnKind.KEY:
            text = f"说明：{text}"
        sheet.write_string(header + 1, p, text, small)
        height = max(height, wrapped_lines(column.label, width * 0.95))
        guide_height = max(guide_height, wrapped_lines(text, width * 1.25))
    sheet.set_row(header, 16 * height + 10)
    sheet.set_row(header + 1, 11.5 * guide_height + 6)


def _write_row(
    sheet: Any,
    row: int,
    values: Mapping[str, Any],
    form: Form,
    formulas: Mapping[str, RowFormula],
    styles: Sequence[_Styles],
    widths: Sequence[float],
    own_code: str,
    sparse: bool,
) -> None:
    """One row; `sparse` leaves out cells without a value, whose looks their column gives."""
    # Only such rows get a height of their own: the others grow by themselves as text is typed.
    lines = max(
        (
            wrapped_lines(str(values[c.code]), width)
            for c, width in zip(form.columns, widths, strict=True)
            if c.code in values and not c.type.numeric
        ),
        default=1,
    )
    if lines > 1:
        sheet.set_row(row, 14 * lines + 6)
    cells = {c.code: f"{column_letters(p + 1)}{row + 1}" for p, c in enumerate(form.columns)}
    known = dict(values)
    for p, column in enumerate(form.columns):
        style = styles[p]
        formula = formulas.get(column.code)
        if formula:
            result = formula.value(known)
            known[column.code] = result
            shown = (
                _ComputedBlank("")
                if result is None
                else result
                if isinstance(result, str)
                else float(result)
            )
            sheet.write_formula(row, p, formula.excel(cells), style.empty, shown)
            continue
        value = values.get(column.code)
        if value is None or value == "":
            if not sparse:
                sheet.write_blank(row, p, None, style.empty)
            continue
        fixed = single_row(form) and column.code == "org_code" and value == own_code
        _write_value(sheet, row, p, value, style.fixed if fixed else style.carried)


def _write_value(sheet: Any, row: int, p: int, value: Any, style: Any) -> None:
    if isinstance(value, bool):
        sheet.write_string(row, p, "是" if value else "否", style)
    elif isinstance(value, int | float | Decimal):
        if math.isfinite(value):
            sheet.write_number(row, p, float(value), style)
    elif isinstance(value, date | datetime):
        sheet.write_datetime(row, p, value, style)
    else:
        sheet.write_string(row, p, str(value), style)


def _check_inputs(
    sheet: Any, first: int, last: int, task: SheetTask, formulas: Collection[str]
) -> None:
    for p, column in enumerate(task.form.columns):
        if column.code in formulas:
            continue
        letters = column_letters(p + 1)
        cell = f"{letters}{first + 1}"
        options = inputs.validation(column, cell, task.lists, task.definitions, task.org_code)
        sheet.data_validation(first, p, last, p, options)
        if inputs.number_format(column) == "@":
            area = f"{cell}:{letters}{last + 1}"
            sheet.ignore_errors({"number_stored_as_text": area})
