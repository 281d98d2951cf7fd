"""Put one workbook together: cover, a sheet per form, and the code table behind drop-downs."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import xlsxwriter

from definitions.calendars import Deadlines
from definitions.catalogue import Definitions
from definitions.model import ColumnType, Form
from definitions.periods import Period
from expectations.findings import column_letters
from pipelines.templates.cover import COVER, CoverTask, write_cover
from pipelines.templates.form_sheet import SheetTask, sheet_name, write_form
from pipelines.templates.look import PROTECTION, Look
from pipelines.typesetting import GREY_TEXT, HEADER_FILL, HEADING, RED, text_width
from pipelines.workbook import CODE_TABLE


@dataclass(frozen=True)
class TemplateOrganisation:
    """The organisation a workbook is made for."""

    code: str
    name: str


def template_bytes(
    definitions: Definitions,
    forms: Sequence[Form],
    org: TemplateOrganisation,
    period: Period,
    deadlines: Mapping[str, Deadlines],
    prefill: Mapping[str, Sequence[Mapping[str, Any]]],
    at: date,
) -> bytes:
    """An .xlsx for the organisation to fill in; equal arguments give equal bytes.

    `forms` in the order of the sheets, each in the edition for the period; `deadlines` and
    `prefill` by form code, the latter as rows of typed values by column code (last period's
    stocks, open rows of a register). `at` becomes the date of creation. ValueError without forms.
    """
    if not forms:
        raise ValueError("a template needs at least one form")
    target = io.BytesIO()
    as_text = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    book = xlsxwriter.Workbook(target, {"in_memory": True} | dict.fromkeys(as_text, False))
    book.set_properties(
        {
            "title": f"{forms[0].issuer}工作报表 {period.chinese}",
            "author": "",
            "created": datetime(at.year, at.month, at.day),  # noqa: DTZ001 - a day, not a moment
        }
    )
    book.set_calc_mode("auto")
    look = Look(book)
    names = {f.code: sheet_name(f) for f in forms}
    cover = book.add_worksheet(COVER)
    sheets = {f.code: book.add_worksheet(names[f.code]) for f in forms}
    lists = _write_code_table(book, forms, definitions, look)
    stamp = "、".join(f"{f.code}/{f.edition}" for f in forms)
    write_cover(
        cover,
        CoverTask(
            forms=forms,
            sheet_names=names,
            org_code=org.code,
            org_name=org.name,
            period=period,
            deadlines=deadlines,
            stamp=f"版本标识　{stamp}　·　{definitions.digest[:12]}",
        ),
        look,
    )
    for form in forms:
        task = SheetTask(
            form=form,
            sheet_name=names[form.code],
            org_code=org.code,
            org_name=org.name,
            period=period,
            deadlines=deadlines.get(form.code),
            rows=prefill.get(form.code, ()),
            definitions=definitions,
            lists=lists,
        )
        write_form(sheets[form.code], task, look)
    cover.activate()
    book.close()
    return target.getvalue()


def _write_code_table(
    book: Any, forms: Sequence[Form], definitions: Definitions, look: Look
) -> dict[str, str]:
    """A visible, protected sheet with one column per list; returns the name of each range.

    Drop-downs go through defined names: Excel moves a direct reference to another sheet into an
    extension that many programs drop when they save.
    """
    used: dict[str, list[str]] = {}
    for form in forms:
        for column in form.columns:
            if column.list and column.type in (ColumnType.ENUM, ColumnType.MULTI):
                labels = used.setdefault(column.list, [])
                if column.label not in labels:
                    labels.append(column.label)
    if not used:
        return {}
    sheet = book.add_worksheet(CODE_TABLE)
    title = look.format(font_name=HEADING, font_size=14, bold=True, font_color=RED)
    note = look.format(font_size=9, font_color=GREY_TEXT)
    head = look.boxed(
        font_name=HEADING, font_size=10, bold=True, bg_color=HEADER_FILL, text_wrap=True,
        align="center",
    )  # fmt: skip
    cell = look.boxed(font_size=10)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, "代码表", title)
    sheet.write_string(1, 0, "各表下拉选项的来源，供查阅，请勿改动。", note)
    sheet.set_row(2, 48)
    names: dict[str, str] = {}
    for p, (code, labels) in enumerate(used.items()):
        values = definitions.code_lists[code].values
        heading = "可选值：" + "、".join(labels)
        sheet.write_string(2, p, heading, head)
        for i, value in enumerate(values):
            sheet.write_string(3 + i, p, value, cell)
        width = max(14, *(text_width(v) + 3 for v in values), text_width(heading) / 3 + 3)
        sheet.set_column(p, p, min(44, width))
        names[code] = f"LIST_{code}"
        letters = column_letters(p + 1)
        book.define_name(names[code], f"='{CODE_TABLE}'!${letters}$4:${letters}${3 + len(values)}")
    sheet.freeze_panes(3, 0)
    sheet.protect("", PROTECTION)
    sheet.hide_gridlines(2)
    sheet.set_tab_color("#D9D9D9")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 2)
    return names
