"""Total rows typed under or over a table: compared with the sums of the rows they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from definitions.model import Column, ColumnKind, ColumnType, Form, Rule
from expectations.findings import Finding, finding_of, show
from expectations.frames import Sheet

SUMMED = (ColumnKind.FLOW, ColumnKind.STOCK, ColumnKind.CUMULATIVE, ColumnKind.DERIVED)
NOT_SUMMED_UNITS = ("分", "年", "%")


def summable(column: Column) -> bool:
    """Whether a column's total over rows means anything: people and money, not marks or shares."""
    return (
        column.type in (ColumnType.INT, ColumnType.DEC)
        and column.kind in SUMMED
        and column.unit not in NOT_SUMMED_UNITS
    )


def total_findings(form: Form, sheet: Sheet, rule: Rule) -> Iterator[Finding]:
    """One finding per total cell that no reading of the total row can explain.

    A total row may stand for all rows of the sheet, for those above it, or, as a subtotal, for
    those since the total row before it. Columns with a cell that could not be read are left out.
    """
    rows = [row for row, _ in sheet.totals]
    borders = [0, *rows]
    unreadable = {position for _, position in sheet.unreadable}
    for (start, end), (row, totals) in zip(pairwise(borders), sheet.totals, strict=True):
        for position, given in sorted(totals.items()):
            column = form.columns[position]
            if not summable(column) or position in unreadable:
                continue
            values = list(zip(sheet.row_numbers, sheet.values[position], strict=True))
            whole = _sum([v for _, v in values])
            above = _sum([v for r, v in values if r < end])
            since = _sum([v for r, v in values if start < r < end])
            rounding = 0.5 * 10.0 ** -(column.decimals if column.type is ColumnType.DEC else 0)
            if any(abs(given - s) <= rounding for s in (whole, above, since)):
                continue
            expected = whole if row == rows[-1] else since
            place = sheet.columns[position]
            yield finding_of(
                rule,
                {"label": column.label, "value": given, "expected": round(expected, 4)},
                form=form.code,
                sheet=sheet.sheet,
                row=row,
                columns=() if place is None else (place,),
                field=column.code,
                value=show(given),
                expected=show(round(expected, 4)),
            )


def _sum(values: Sequence[float | None]) -> float:
    return float(sum(v for v in values if v is not None))
