"""How mends change what is read: names that a form goes by, amounts in another unit; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from definitions import Definitions, Period
from definitions.model import Form
from pipelines.read import factor
from pipelines.workbook import FormSheet, ReadWorkbook
from warehouse.mends import Mend


def applicable(
    mends: Sequence[Mend], period: str | None, codes: frozenset[str]
) -> tuple[Mend, ...]:
    """The mends for a document of a period that names or was sent by some organisations."""
    return tuple(
        m
        for m in mends
        if (not m.organisations or not codes.isdisjoint(m.organisations))
        and (period is None or _within(m, period))
    )


def _within(mend: Mend, period: str) -> bool:
    day = Period.parse(period).end
    return Period.parse(mend.since).start <= day and (
        mend.until is None or day <= Period.parse(mend.until).end
    )


def mended_definitions(known: Definitions, mends: Sequence[Mend]) -> Definitions:
    """Definitions in which forms and columns also go by the names that mends give them."""
    names = [m for m in mends if m.kind in ("heading", "sheet")]
    if not names:
        return known
    return replace(known, forms=tuple(_mended(form, names) for form in known.forms))


def _mended(form: Form, mends: Sequence[Mend]) -> Form:
    own = [m for m in mends if m.form == form.code]
    if not own:
        return form
    columns = tuple(
        column.model_copy(
            update={
                "aliases": (
                    *column.aliases,
                    *(m.written for m in own if m.kind == "heading" and m.column == column.code),
                )
            }
        )
        for column in form.columns
    )
    sheets = tuple(m.written for m in own if m.kind == "sheet")
    return form.model_copy(update={"columns": columns, "sheet_names": form.sheet_names + sheets})


def apply_units(workbook: ReadWorkbook, mends: Sequence[Mend], known: Definitions) -> int:
    """Turn numbers that were written in another unit into the form's; how many were changed.

    A cell that states its own unit (3万元) has been converted by the reader and stays.
    """
    changed = 0
    for mend in (m for m in mends if m.kind == "unit"):
        for sheet in workbook.sheets:
            if sheet.form == mend.form and _within(mend, sheet.period):
                changed += _rescale(sheet, mend, known)
    return changed


def _rescale(sheet: FormSheet, mend: Mend, known: Definitions) -> int:
    form = known.form(sheet.form, Period.parse(sheet.period))
    changed = 0
    for place, column in enumerate(form.columns):
        if mend.column not in (None, column.code) or not column.type.numeric:
            continue
        scale = factor(mend.written, column.unit)
        if scale is None or scale == 1:
            continue
        values = sheet.values[place]
        for row, value in enumerate(values):
            if value is None or any(c.isalpha() for c in sheet.raw.get((row, place), "")):
                continue
            values[row] = float(Decimal(repr(float(value))) * scale)
            changed += 1
        _rescale_totals(sheet, place, scale)
    return changed


def _rescale_totals(sheet: FormSheet, place: int, scale: Decimal) -> None:
    """A total row is written in the unit of its column."""
    for _, totals in sheet.totals:
        if place in totals:
            totals[place] = float(Decimal(repr(totals[place])) * scale)
