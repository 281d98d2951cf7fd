"""The whole catalogue: a month in which every union sends every form it owes, in one workbook."""

from __future__ import annotations

import io
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from bench import ours
from bench.apart import EVERY, database, installation, process, say
from bench.figures import Row, union_code
from bench.organisations import organisations
from bench.ours import READ, VALIDATE, WARM_UP
from bench.report import aligned_table
from bench.watch import Cost, Memory, MemoryWatch
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


# --- the measurement ---


@dataclass
class CatalogueRun:
    """A month of every form by some unions: costs by stage, outcomes, the close, memory."""

    unions: int
    costs: Mapping[str, Cost]
    counts: Mapping[str, int]
    closing: Cost
    memory: Memory


def measure(sizes: Sequence[int], kept: Path | None) -> list[CatalogueRun]:
    """A month for so many unions, in one process; workbooks stay in a folder given."""
    with installation() as scratch:
        folder = kept or scratch / "workbooks"
        return [_run(unions, scratch, folder) for unions in sizes]


def _run(unions: int, scratch: Path, folder: Path) -> CatalogueRun:
    say(f"{unions:,} unions, every form of {MONTH}: making the workbooks")
    everyone = unions + WARM_UP
    paths = make(folder / f"catalogue-{unions}", everyone)
    whole = ours.Outcome()
    with (
        database(f"catalogue_{unions}", scratch) as (home, url),
        process(home, url) as there,
    ):
        there(ours.open_month, everyone, [MONTH])
        there(ours.load_month, paths[:WARM_UP], MONTH, WARM_UP)
        there(ours.take_in, paths[WARM_UP:], MONTH)
        chunks = there(ours.chunks, 500)
        with MemoryWatch(there(os.getpid), EVERY) as watch:
            for chunk in chunks:
                whole.add(there(ours.work, chunk, MONTH))
            there(ours.settle)
            closing, coverage = there(ours.close, MONTH)
    say(f"  {dict(whole.counts)}, {coverage}, closed in {closing.wall:.1f} s")
    return CatalogueRun(unions, whole.costs, whole.counts, closing, watch.seen)


def table(runs: Sequence[CatalogueRun]) -> str:
    """What a month of the whole catalogue costs, and what one expectation does; ms, s and MB."""
    asked = expectations()
    number = sum(asked.values())
    rows = []
    for run in runs:
        read, judged = run.costs.get(READ, Cost()), run.costs.get(VALIDATE, Cost())
        rows.append(
            [
                f"{run.unions:,}",
                *(f"{1000 * c.wall / run.unions:.2f}" for c in (read, judged)),
                f"{judged.wall / read.wall:.2f}" if read.wall else "",
                *(f"{1000 * c.processor / run.unions:.2f}" for c in (read, judged)),
                f"{judged.processor / read.processor:.2f}" if read.processor else "",
                f"{1000 * judged.wall / number:.1f}",
                f"{run.closing.wall:.1f}",
                f"{run.memory.together / 2**20:,.0f}",
                "、".join(f"{k} {v}" for k, v in sorted(run.counts.items()) if v),
            ]
        )
    head = [
        "unions", "read ms", "validate ms", "validate ÷ read",
        "read, processors", "validate, processors", "÷",
        "ms an expectation", "close s", "memory MB", "outcomes",
    ]  # fmt: skip
    least, most = min(asked.values()), max(asked.values())
    title = (
        f"Every form of a month: {len(asked)} forms, {number} expectations, "
        f"{least} to {most} a form; one process, milliseconds per workbook"
    )
    return aligned_table(title, head, rows)
