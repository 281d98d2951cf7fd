"""Total rows typed under or over a table: compared with the sums of the rows they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from definitions.model import Column, ColumnKind, ColumnType, Form, Nesting, Rule
from expectations.findings import Finding, finding_of, show
from expectations.frames import Sheet
from expectations.nesting import nearest_above

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
    if form.nesting:
        yield from _of_nested(form, form.nesting, sheet, rule)
        return
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
            yield _finding(form, sheet, rule, row, position, given, expected)


def _of_nested(form: Form, nesting: Nesting, sheet: Sheet, rule: Rule) -> Iterator[Finding]:
    """The same where rows hold other rows: a total is of the outer rows whose codes it names.

    A total row that names none (本月合计 over income and spending) adds up nothing that has a
    meaning and is left alone. What was carried in may stand inside a total or not.
    """
    codes = [str(c) if c is not None else None for c in sheet.values[form.position[nesting.by]]]
    owners = sheet.values[form.position["org_code"]] if "org_code" in form.position else codes
    above = list(nearest_above([str(o) for o in owners], codes))
    unreadable = {position for _, position in sheet.unreadable}
    for row, totals in sheet.totals:
        label = sheet.total_labels.get(row, "")
        begin = next((start for word, start in nesting.totals.items() if word in label), None)
        if begin is None:
            continue
        for position, given in sorted(totals.items()):
            column = form.columns[position]
            if not summable(column) or position in unreadable:
                continue
            outer = [
                (code or "", value)
                for code, value, up in zip(codes, sheet.values[position], above, strict=True)
                if up < 0
            ]
            expected = _sum([v for code, v in outer if code.startswith(begin)])
            readings = [expected]
            if nesting.carried:
                carried = _sum([v for code, v in outer if code.startswith(nesting.carried)])
                readings.append(expected + carried)
            rounding = 0.5 * 10.0 ** -(column.decimals if column.type is ColumnType.DEC else 0)
            if not any(abs(given - s) <= rounding for s in readings):
                yield _finding(form, sheet, rule, row, position, given, expected)


def _finding(
    form: Form, sheet: Sheet, rule: Rule, row: int, position: int, given: float, expected: float
) -> Finding:
    column, place = form.columns[position], sheet.columns[position]
    return finding_of(
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
