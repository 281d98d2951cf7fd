"""Accepted rows of a period as workbooks again, a bounded number of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import ColumnType, Form
from pipelines.workbook import Cover, FormSheet, ReadWorkbook
from warehouse.engine import sql

CHUNK_ROWS = 50_000
"""Rows checked together: the cost of a run is shared, and memory does not grow with the roster."""


@dataclass(frozen=True, slots=True)
class StandingWorkbook:
    """What stands of one submission in one period; `orgs` gives by (sheet, row) whom it is about.

    Sheets and cells are those of the workbook as it was handed in. Personal values stay concealed.
    """

    submission: int
    workbook: ReadWorkbook
    orgs: dict[tuple[str, int], int]


def standing_workbooks(
    connection: Connection, definitions: Definitions, period: Period, cutoff: datetime
) -> Iterator[list[StandingWorkbook]]:
    """Chunks of what stands in a period at a moment, whole submissions, in their order."""
    filings = connection.execute(
        text(sql("standing_filings")), {"period": period.label, "cutoff": cutoff}
    ).all()
    chunk: list[list[Any]] = []
    rows = 0
    for _, sheets in groupby(filings, key=attrgetter("submission_id")):
        chunk.append(list(sheets))
        rows += sum(f.row_count for f in chunk[-1])
        if rows >= CHUNK_ROWS:
            yield _read(connection, definitions, period, chunk)
            chunk, rows = [], 0
    if chunk:
        yield _read(connection, definitions, period, chunk)


def _read(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    submissions: Sequence[Sequence[Any]],
) -> list[StandingWorkbook]:
    editions = {(f.code, f.edition): f for f in definitions.forms}
    found = connection.execute(
        text(
            "SELECT filing_id, row_no, org_id, CAST(numbers AS double precision[]) AS numbers, "
            "texts FROM filing_row WHERE filing_id = ANY(:ids) AND period_end = :ends "
            "ORDER BY filing_id, row_no"
        ),
        {"ids": [f.id for filings in submissions for f in filings], "ends": period.end},
    )
    rows = {n: list(part) for n, part in groupby(found, key=attrgetter("filing_id"))}
    result = []
    for filings in submissions:
        sheets = [
            _sheet(editions[f.form, f.edition], f, rows.get(f.id, []), period) for f in filings
        ]
        first = filings[0]
        result.append(
            StandingWorkbook(
                submission=first.submission_id,
                workbook=ReadWorkbook(
                    key=str(first.submission_id),
                    format="",
                    period=period.label,
                    org_code=first.reporter,
                    cover=Cover(),
                    sheets=sheets,
                    findings=[],
                ),
                orgs={(f.sheet, r.row_no): r.org_id for f in filings for r in rows.get(f.id, ())},
            )
        )
    return result


def _sheet(form: Form, filing: Any, rows: Sequence[Any], period: Period) -> FormSheet:
    """One sheet of a form, typed as the reader leaves it, at its old addresses."""
    values: list[list[Any]] = []
    for position, column in enumerate(form.columns):
        if column.type.numeric:
            values.append([_at(r.numbers, position) for r in rows])
        else:
            values.append([_typed(column.type, _at(r.texts, position)) for r in rows])
    return FormSheet(
        form=form.code,
        edition=form.edition,
        sheet=filing.sheet,
        header_row=0,
        columns=[c or None for c in filing.sheet_columns],
        row_numbers=[r.row_no for r in rows],
        values=values,
        period=period.label,
    )


def _at(values: Sequence[Any], position: int) -> Any:
    return values[position] if position < len(values) else None


def _typed(kind: ColumnType, value: str | None) -> Any:
    if value is None:
        return None
    if kind is ColumnType.BOOL:
        return value == "是"
    if kind is ColumnType.DATE:
        return date.fromisoformat(value)
    return value
