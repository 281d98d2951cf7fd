"""A form that was filled in in the browser, as the workbook that the unit would have sent."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.workbook import Workbook

from definitions.model import Column, ColumnType, Form
from definitions.periods import Period
from pipelines.templates.cover import COVER
from pipelines.templates.form_sheet import sheet_name
from pipelines.templates.inputs import declared_unit
from pipelines.templates.making import TemplateOrganisation

_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")


def filled_workbook(
    form: Form,
    org: TemplateOrganisation,
    period: Period,
    rows: Sequence[Mapping[str, str]],
    signatures: Mapping[str, str],
    at: date,
) -> bytes:
    """An .xlsx with a cover and the rows, texts by column code as they were typed.

    What reads as the column's type becomes a number or a day, the rest stays text for the reader to
    judge. `signatures` are 填报人, 复核人, 单位负责人, 联系电话; without rows it is a 零报告.
    Equal arguments give equal content.
    """
    book = Workbook()
    cover = book.worksheets[0]
    cover.title = COVER
    lines: dict[str, str] = {
        "填报单位编码": org.code,
        "填报单位": org.name,
        "所属期": period.chinese,
        "填报人": signatures.get("填报人", ""),
        "复核人": signatures.get("复核人", ""),
        "单位负责人": signatures.get("单位负责人", ""),
        "填报日期": at.isoformat(),
        "联系电话": signatures.get("联系电话", ""),
        "零报告": "否" if rows else "是",
        "制定机关": form.issuer,
        "批准文号": form.document,
        "有效期至": form.document_valid_to.isoformat(),
        "表样版本": form.edition,
    }
    unit = declared_unit(form)
    if unit:
        lines["计量单位"] = unit
    cover.append(["工会统计报表封面"])
    for label, value in lines.items():
        cover.append([label, value or None])
    sheet = book.create_sheet(sheet_name(form))
    sheet.append([form.title])
    sheet.append([f"表号：{form.code}"])
    sheet.append([column.label for column in form.columns])
    for row in rows:
        sheet.append([_typed(column, row.get(column.code, "")) for column in form.columns])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
                cell.number_format = "@"
            elif isinstance(cell.value, datetime):
                cell.number_format = "yyyy-mm-dd"
    moment = datetime(at.year, at.month, at.day)  # noqa: DTZ001 - a day, not a moment
    book.properties.created = book.properties.modified = moment
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _typed(column: Column, text: str) -> str | int | float | datetime | None:
    clean = ILLEGAL_CHARACTERS_RE.sub("", text).strip()
    if not clean:
        return None
    plain = clean.replace(",", "")
    if column.type.numeric and _NUMBER.fullmatch(plain):
        return float(plain) if "." in plain else int(plain)
    if column.type is ColumnType.DATE:
        try:
            return datetime.fromisoformat(clean[:10])
        except ValueError:
            return clean
    return clean
