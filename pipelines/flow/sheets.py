"""The rows of consolidated workbooks: of a form and period, each with its unit and its parent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pandas as pd
from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.model import Form
from pipelines.consolidate import coverage_of, top_unit
from pipelines.figures import BLOCK, INDUSTRY, UNASSIGNED, CoverageRow
from pipelines.publish import Publication, consolidated
from pipelines.publish.consolidated import PARENT, UNIT_CODE, UNIT_NAME, Cut
from warehouse.current import current_rows
from warehouse.facts import GRASSROOTS, owed_by_grassroots
from warehouse.organisations import Registered, standing


def rows_of(
    connection: Connection,
    known: Definitions,
    form: Form,
    periods: Sequence[str],
    organisations: Sequence[Registered],
    cutoff: datetime,
) -> pd.DataFrame:
    """Rows that count: of grassroots unions alone where they alone owe the form."""
    rows = current_rows(connection, known, form.code, periods, cutoff=cutoff)
    if owed_by_grassroots(form):
        summed = {o.code for o in organisations if o.level in GRASSROOTS}
        rows = rows[rows["org"].isin(summed)]
    return rows


def named(rows: pd.DataFrame, organisations: Sequence[Registered], line: str) -> pd.DataFrame:
    """Rows with the unit's name and its parent on the line, ordered by parent and unit."""
    by_id = {o.id: o for o in organisations}
    names = {o.code: o.name for o in organisations}
    parents = {}
    for o in organisations:
        parent = by_id.get((o.block if line == BLOCK else o.industry_parent) or 0)
        parents[o.code] = parent.name if parent else (UNASSIGNED if line == INDUSTRY else o.name)
    placed = rows.assign(
        **{
            UNIT_CODE: rows["org"],
            UNIT_NAME: rows["org"].map(names),
            PARENT: rows["org"].map(parents),
        }
    )
    # Rows stand as they stand in their workbooks, whatever ids they got here.
    return placed.sort_values([PARENT, UNIT_CODE, "period", "row_no"], kind="stable")


def consolidated_of(
    connection: Connection,
    known: Definitions,
    form_code: str,
    period: Period,
    line: str,
    day: date,
    cutoff: datetime,
) -> Publication | None:
    """One consolidated workbook along the relations of a day; None where nobody reported."""
    form = known.form(form_code, period)
    organisations = standing(connection, day, cutoff)
    top = top_unit(organisations)
    rows = rows_of(connection, known, form, [period.label], organisations, cutoff)
    if rows.empty:
        return None
    found: Sequence[CoverageRow] = coverage_of(connection, period, cutoff, top.code)
    coverage = [c for c in found if c.form == form.code]
    cut = Cut(form, period, line, cutoff, known.digest, top.code, top.name, day)
    return consolidated(cut, named(rows, organisations, line), known, coverage)
