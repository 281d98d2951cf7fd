"""Lines of sheets as places of a walk: named by sheet and row, by key, or by task."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from definitions import Period
from expectations.findings import column_letters
from pipelines.flow.filed_rows import labels_of, plain_rows
from pipelines.flow.walk_steps import NOW, At, Cell, name_of
from warehouse.current import current_rows
from warehouse.publications import PrintedNumber
from warehouse.walks import LineBehind, line_at, lines_behind


def cells_of_place(
    at: At, number: PrintedNumber, reference: str, cutoff: datetime, column: str = ""
) -> Iterator[Cell]:
    """The cells of places told as 会员评价汇总表!6、会员评价汇总表!7; nothing for other words.

    With `column` the one cell of each line.
    """
    period = Period.parse(number.period)
    for place in re.split("[、；]", reference or ""):
        sheet, _, row = place.rpartition("!")
        if sheet and row.isdigit():
            for line in lines_behind(at.connection, sheet, int(row), at.unit_id(number.unit),
                                     period, cutoff):  # fmt: skip
                yield line_cell(at, line, number, NOW, column)


def cells_of_self_report(
    at: At, number: PrintedNumber, indicator: str, cutoff: datetime
) -> list[Cell]:
    """What a unit told of a task's indicator in TGT-02: every quarter of a flow, else the last."""
    year = Period.parse(number.period)

    def rows(form: str) -> list[dict[str, Any]]:
        labels = labels_of(year)
        found = current_rows(at.connection, at.known, form, labels, [number.unit], cutoff)
        return plain_rows(found)

    tasks = {r["task_id"] for r in rows("TGT-01") if r["indicator"] == indicator}
    told = [r for r in rows("TGT-02") if r["task_id"] in tasks and r["actual"] is not None]
    told.sort(key=lambda r: str(r["period"]))
    counted = told if at.known.indicators[indicator].is_flow else told[-1:]
    return [row_cell(at, row, number, "actual") for row in counted]


def row_cell(at: At, row: dict[str, Any], number: PrintedNumber, column: str) -> Cell:
    """The cell of a column of a current row."""
    line = line_at(at.connection, row["filing_id"], row["row_no"], row["org_code"])
    return line_cell(at, line, number, NOW, column)


def line_cell(at: At, line: LineBehind, number: PrintedNumber, side: str, column: str = "") -> Cell:
    """A line as one place: the columns in which it holds numbers, or its row where it has none.

    With `column` that cell alone, and what it adds.
    """
    columns: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    adds = None
    if line.numbers:
        form = at.known.edition(line.form, line.edition)
        told = [
            (c.code, place, value)
            for c, place, value in zip(form.columns, line.columns, line.numbers, strict=True)
            if place and (c.code == column if column else value is not None)
        ]
        fields = tuple(code for code, _, _ in told)
        columns = tuple(f"{column_letters(place)}{line.row}" for _, place, _ in told)
        adds = told[0][2] if column and told else None
    unit = line.org or number.unit
    return Cell(
        unit, name_of(at, unit, number.period), line.form, line.period, line.file_name, line.sha256,
        line.sheet, columns or (f"A{line.row}",), fields, side,
        f"sum({column})" if column else "line", adds, line.submission,
    )  # fmt: skip
