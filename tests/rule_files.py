"""A rule's example as the file that somebody hands in: sound rows, spoiled where it says so."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import openpyxl
from builders import csv_text, xls, zipped
from msoffcrypto.format.ooxml import OOXMLFile
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnType, Example, Form, Sample
from definitions.periods import Period

Grid = list[list[Any]]
COVER_SHEET, FORM_SHEET = "封面", "报表"
SOUND_IDENTITY = "11010519491231002X"
"""The example number of GB 11643."""


def sound_value(column: Column) -> Any:
    """What stands in a column's cell unless an example says otherwise: the column's own example."""
    if column.type is ColumnType.IDNO:
        return SOUND_IDENTITY
    if not column.example:
        return None
    if column.type.numeric:
        return float(column.example)
    if column.type is ColumnType.DATE:
        return date.fromisoformat(column.example)
    return column.example


def file_of(example: Example, definitions: Definitions) -> Sample:
    """The file that a `file` or `cell` example tells of."""
    if example.file is not None:
        return example.file
    form, _, column = example.cell.partition(".")
    return Sample(form=form, rows=({column: example.typed},))


def form_of(sample: Sample, period: str, definitions: Definitions) -> Form:
    """The edition of the sample's form that the period asks for."""
    newest = definitions.newest(sample.form or "ORG-02")
    return definitions.form(newest.code, Period.parse(period).within(newest.period))


def cell_of(example: Example, definitions: Definitions) -> str:
    """Address of the typed cell: headings stand in row 1, the row in row 2."""
    sample = file_of(example, definitions)
    form = form_of(sample, example.period, definitions)
    column = example.cell.partition(".")[2]
    return f"{get_column_letter(form.position[column] + 1)}2"


def grids(sample: Sample, period: str, definitions: Definitions) -> dict[str, Grid]:
    """Cover and sheet of the form, and whatever other sheets the sample has."""
    form = form_of(sample, period, definitions)
    others = {name: [list(line) for line in lines] for name, lines in sample.sheets.items()}
    columns = [c for c in form.columns if c.code not in sample.without]
    strange = {n for row in sample.rows for n in row} | set(sample.headings) - set(form.position)
    assert strange <= set(form.position), f"{form.code} has no {strange - set(form.position)}"
    head = [sample.headings.get(c.code, c.label) for c in columns] + list(sample.more_columns)
    rows = [[row.get(c.code, sound_value(c)) for c in columns] for row in sample.rows]
    if rows:
        rows[0] += list(sample.more_columns.values())
    body = [*map(list, sample.above), head, *map(list, sample.between), *rows]
    body += map(list, sample.below)
    subject = sound_value(form.column("org_code")) if "org_code" in form.position else None
    reporter = sample.rows[0].get("org_code", subject) if sample.rows else subject
    if not isinstance(reporter, str) or not reporter.isascii():
        reporter = subject
    lines: dict[str, Any] = {
        "表样版本": form.edition,
        "制定机关": form.issuer,
        "批准文号": form.document,
        "有效期至": form.document_valid_to,
        "填报单位编码": reporter,
        "所属期": period,
        "填报人": "李敏",
        "复核人": "王强",
        "单位负责人": "赵国庆",
        "填报日期": (Period.parse(period).end + timedelta(days=3)).isoformat(),
        **sample.cover,
    }
    cover = [["工会统计报表封面", None], *([k, v] for k, v in lines.items() if v is not None)]
    return {COVER_SHEET: cover, **({FORM_SHEET: body} if sample.form else {}), **others}


def data_of(sample: Sample, period: str, definitions: Definitions) -> bytes:
    """The bytes of the file."""
    match sample.saved_as:
        case "empty":
            return b""
        case "pdf":
            return b"%PDF-1.7\n..."
        case "rar":
            return b"Rar!\x1a\x07\x01\x00...."
    found = grids(sample, period, definitions)
    match sample.saved_as:
        case "xls":
            return xls(found)
        case "csv":
            return csv_text([*found[COVER_SHEET], *found[FORM_SHEET]])
        case "html":
            return _html(found)
    head = len(sample.above) + 1
    data = _xlsx(found, sample, head, form_of(sample, period, definitions))
    if sample.saved_as == "zip":
        return zipped({"三月/报表.xlsx": data})
    if sample.saved_as == "locked zip":
        return _locked(zipped({"报表.xlsx": data}))
    return data


def _xlsx(found: Mapping[str, Grid], sample: Sample, head: int, form: Form) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in found.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if FORM_SHEET in book:
        _spoil(book[FORM_SHEET], sample, head, form)
    out = io.BytesIO()
    book.save(out)
    return _in_bytes(out.getvalue(), sample.blemish)


def _spoil(sheet: Any, sample: Sample, head: int, form: Form) -> None:
    """What is done to the sheet, its first told cell, or that cell's row or column."""
    first = head + len(sample.between) + 1
    spoilt = next((c for c in sample.rows[0]), None) if sample.rows else None
    names = [c.value for c in sheet[head]]
    at = 1
    if spoilt is not None and sample.blemish is not None:
        at = names.index(sample.headings.get(spoilt, form.column(spoilt).label)) + 1
    match sample.blemish:
        case "hidden row":
            sheet.row_dimensions[first].hidden = True
        case "hidden column":
            sheet.column_dimensions[get_column_letter(at)].hidden = True
        case "hidden sheet":
            sheet.sheet_state = "hidden"
        case "merged cells":
            sheet.merge_cells(start_row=first, end_row=first + 1, start_column=at, end_column=at)
        case "comment":
            sheet.cell(first, at).comment = Comment("含外包人员", "李敏")
        case "percent format":
            sheet.cell(first, at).number_format = "0.0%"
        case "columns without end":
            sheet.cell(head, 16_000).value = "。"


def _in_bytes(data: bytes, blemish: str | None) -> bytes:
    """What is done to the whole file."""
    match blemish:
        case "cut off":
            return data[: len(data) // 2]
        case "password":
            out = io.BytesIO()
            OOXMLFile(io.BytesIO(data)).encrypt("123456", out)
            return out.getvalue()
        case "macros" | "external link":
            source = zipfile.ZipFile(io.BytesIO(data))
            parts = {n: source.read(n) for n in source.namelist()}
            if blemish == "macros":
                parts["xl/vbaProject.bin"] = b"\x00"
            else:
                parts["xl/externalLinks/externalLink1.xml"] = b"<externalLink/>"
            return zipped(parts)
    return data


def _html(found: Mapping[str, Grid]) -> bytes:
    rows = [*found[COVER_SHEET], *found[FORM_SHEET]]
    body = "".join(
        "<tr>" + "".join(f"<td>{'' if v is None else v}</td>" for v in row) + "</tr>"
        for row in rows
    )
    return f"<html><body><table>{body}</table></body></html>".encode("gb18030")


def _locked(data: bytes) -> bytes:
    """A zip that says it is encrypted."""
    locked = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + at] |= 1
    return bytes(locked)
