"""The whole catalogue: a month in which every union sends every form it owes, in one workbook."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from bench.figures import Row, union_code
from bench.organisations import organisations
from bench.workbooks import Look, write_cover, write_form
from definitions import Definitions, load_definitions
from definitions.model import Form
from definitions.periods import Period, closing_periods
from samples.generate import generate

MONTH = "2019-03"
"""The first month that ends a quarter in which every form of the catalogue is asked."""
LEFT_OUT = ("ORG-01", "ORG-03")
"""They change the registry itself, which would no longer be the one that the others rest on."""


def forms_of_month(definitions: Definitions, month: Period) -> list[Form]:
    """Every form that ends with the month, but those that change the registry."""
    return [
        definitions.form(code, period)
        for period in closing_periods(month)
        for code in definitions.form_codes
        if code not in LEFT_OUT and definitions.newest(code).covers(period)
    ]


def rows_by_union(
    definitions: Definitions, unions: int, month: Period, seed: int
) -> list[dict[str, list[Row]]]:
    """For each union its rows by form."""
    forms = forms_of_month(definitions, month)
    made = generate(
        definitions, organisations(unions), [month.label], seed, [f.code for f in forms]
    )
    found: list[dict[str, list[Row]]] = [defaultdict(list) for _ in range(unions)]
    number = {union_code(n): n - 1 for n in range(1, unions + 1)}
    for (code, _), rows in made.tables.items():
        for row in rows:
            place = number.get(str(row["org_code"]))
            if place is not None:  # what federations send is not measured
                found[place][code].append(row)
    return found


def workbook(
    definitions: Definitions, rows: Mapping[str, Sequence[Row]], number: int, month: Period
) -> bytes:
    """One union's month: a cover and a sheet for each form of which it has rows."""
    forms = [f for f in forms_of_month(definitions, month) if rows.get(f.code)]
    target = io.BytesIO()
    book: Any = xlsxwriter.Workbook(target, {"in_memory": True})
    look = Look(book)
    write_cover(book.add_worksheet("封面"), forms, number, month, look)
    for form in forms:
        sheet = book.add_worksheet(f"{form.code} {form.title}"[:31])
        write_form(sheet, form, rows[form.code], number, month, look)
    book.close()
    return target.getvalue()


def make(folder: Path, unions: int, seed: int = 20190403) -> list[Path]:
    """Write the workbooks of a month; those that are there already are kept."""
    paths = [folder / f"{union_code(n)}.xlsx" for n in range(1, unions + 1)]
    if not all(p.exists() for p in paths):
        definitions, month = load_definitions(), Period.parse(MONTH)
        folder.mkdir(parents=True, exist_ok=True)
        for n, rows in enumerate(rows_by_union(definitions, unions, month, seed), 1):
            paths[n - 1].write_bytes(workbook(definitions, rows, n, month))
    return paths


def expectations() -> dict[str, int]:
    """How many Great Expectations expectations each form of the month is checked with."""
    from expectations.suites import checks_for

    definitions, month = load_definitions(), Period.parse(MONTH)
    return {
        f.code: len(checks_for(f, month.within(f.period), definitions))
        for f in forms_of_month(definitions, month)
    }
