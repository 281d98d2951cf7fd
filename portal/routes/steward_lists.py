"""Lists as workbooks: what is text stays text, nothing becomes a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import xlsxwriter
from starlette.responses import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], at: datetime
) -> Response:
    """One sheet with frozen heads, filters and widths; codes with leading noughts keep them."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False,
              "strings_to_urls": False},
    )  # fmt: skip
    sheet = book.add_worksheet(title[:31])
    head = book.add_format({"bold": True, "bg_color": "#F2F4F7", "bottom": 1})
    plain = book.add_format({"num_format": "@"})
    for column, name in enumerate(heads):
        longest = max([len(name), *(len(str(r[column])) for r in rows[:500])])
        sheet.set_column(column, column, min(8 + longest * 1.3, 48))
        sheet.write_string(0, column, name, head)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, column, value)
            else:
                sheet.write_string(number, column, str(value), plain)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)
    book.close()
    name = quote(f"{title}-{at:%Y%m%d}.xlsx")
    return Response(
        out.getvalue(),
        media_type=XLSX,
        headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"},
    )
