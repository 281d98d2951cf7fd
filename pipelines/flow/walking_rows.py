"""Walks of numbers that stand in one row of a form, or are reckoned from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipelines.flow.consequences import rectifications_at
from pipelines.flow.filed_rows import plain_rows
from pipelines.flow.ground import moment
from pipelines.flow.walk_lines import row_cell
from pipelines.flow.walk_steps import At, Cell, Part, Walk, address_of, made
from pipelines.publish.content import PublishedNumber
from pipelines.publish.paper_numbers import key_of
from pipelines.publish.quoting import CASES, OVER_ROWS, RECKONED, ROW, told_of
from warehouse.current import current_rows
from warehouse.publications import PrintedNumber
from warehouse.windows import china_day


def row(at: At, number: PrintedNumber, label: str) -> Walk:
    """A number of a row: its cell; both sides of a share; the day that it is reckoned from."""
    form, _, what = number.indicator.partition(":")
    if what == CASES:
        return _cases(at, number, label, form)
    if OVER_ROWS in what:
        return _share(at, number, label, form, what)
    column, rule = RECKONED.get(what, (what, ""))
    cells = [row_cell(at, r, number, column) for r in _rows(at, number, form)]
    value = number.value
    if value is None and cells:
        value = cells[-1].adds
    return _walk(at, replace(number, value=value), label, rule, (), cells)


def _walk(
    at: At, number: PrintedNumber, label: str, rule: str, parts: Any, cells: list[Cell]
) -> Walk:
    told = told_of(
        PublishedNumber("", "", number.unit, number.period, number.indicator, Decimal(0),
                        number.basis, ROW), at.known,
    )  # fmt: skip
    return made(at, number, label, told, "current_rows", rule, parts, cells)


def _rows(at: At, number: PrintedNumber, form: str) -> Iterator[dict[str, Any]]:
    """The row that a number is named by, as told last."""
    frame = current_rows(
        at.connection, at.known, form, [number.period], [number.unit], at.edition.cutoff
    )
    found = [r for r in plain_rows(frame) if key_of(r, form, at.known) == number.basis]
    yield from found[-1:]


def _share(at: At, number: PrintedNumber, label: str, form: str, what: str) -> Walk:
    parts = []
    for column in what.split(OVER_ROWS):
        side = replace(number, indicator=f"{form}:{column}", value=None)
        cells = [row_cell(at, r, side, column) for r in _rows(at, side, form)]
        value = cells[-1].adds if cells else None
        parts.append(Part(column, value, address_of(side), 1))
    named = {c.code: c.label for c in at.known.newest(form).columns}
    parts = [replace(p, label=named.get(p.label, p.label)) for p in parts]
    return _walk(at, number, label, "前一栏÷后一栏×100%", parts, [])


def _cases(at: At, number: PrintedNumber, label: str, form: str) -> Walk:
    """Rows that a paper counts, each with its place."""
    parts, cells = [], []
    key = next((c for c in at.known.newest(form).identity if c != "org_code"), "org_code")
    for case in number.units:
        period, _, name = case.partition(" ")
        one = replace(number, period=period, basis=name, indicator=f"{form}:{key}", value=None)
        found = [row_cell(at, r, one, key) for r in _rows(at, one, form)]
        cells += [replace(c, adds=Decimal(1), measure="rows") for c in found]
        parts.append(Part(name, Decimal(1)))
    return _walk(at, number, label, "逐件计数", parts, cells)


def rectification(at: At, number: PrintedNumber, label: str) -> Walk:
    """Days by which a rectification is late: from its own record, which has no workbook."""
    when = moment(str(at.edition.recipe["at"]))
    found = [r for r in rectifications_at(at.connection, when) if str(r.number) == number.indicator]
    parts = [
        Part(
            f"系统内记录：{one.document}，{one.issued_on:%Y-%m-%d} 印发，{one.due_on:%Y-%m-%d} "
            f"到期，截至 {china_day(when):%Y-%m-%d} {one.state}",
            None,
        )
        for one in found
    ]
    name = f"整改事项第 {number.indicator} 号：{number.basis}"
    return made(at, number, label, name, "rectification", "本通知日减去整改期限", parts, ())
