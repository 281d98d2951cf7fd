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
from pipelines.personal_numbers import blotted
from pipelines.publish import Publication, consolidated
from pipelines.publish.consolidated import PARENT, PARENT_CODE, UNIT_CODE, UNIT_NAME, Cut
from pipelines.publish.sources import Source
from warehouse.current import current_rows
from warehouse.facts import GRASSROOTS, owed_by_grassroots
from warehouse.organisations import Registered, standing
from warehouse.walks import filings_of


def rows_of(
    connection: Connection,
    known: Definitions,
    form: Form,
    periods: Sequence[str],
    organisations: Sequence[Registered],
    cutoff: datetime,
    units: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Rows that count: of grassroots unions alone where they alone owe the form; of some units."""
    rows = current_rows(connection, known, form.code, periods, units, cutoff)
    if owed_by_grassroots(form):
        summed = {o.code for o in organisations if o.level in GRASSROOTS}
        rows = rows[rows["org"].isin(summed)]
    return rows


def parents_on(organisations: Sequence[Registered], line: str) -> dict[str, str]:
    """Unit → its parent on a line; itself where none is above it, 0 where it is in no industry."""
    by_id = {o.id: o.code for o in organisations}
    found = {}
    for o in organisations:
        parent = by_id.get((o.block if line == BLOCK else o.industry_parent) or 0)
        found[o.code] = parent or ("0" if line == INDUSTRY else o.code)
    return found


def named(rows: pd.DataFrame, organisations: Sequence[Registered], line: str) -> pd.DataFrame:
    """Rows with the unit's name and its parent on the line, ordered by parent and unit."""
    names = {"0": UNASSIGNED, **{o.code: o.name for o in organisations}}
    parents = parents_on(organisations, line)
    over = rows["org"].map(parents)
    placed = rows.assign(
        **{
            UNIT_CODE: rows["org"],
            UNIT_NAME: rows["org"].map(names),
            PARENT: over.map(names),
            PARENT_CODE: over,
        }
    )
    # Rows stand as they stand in their workbooks, whatever ids they got here.
    order = [PARENT, PARENT_CODE, UNIT_CODE, "period", "row_no"]
    return placed.sort_values(order, kind="stable")


def sources_of(
    connection: Connection,
    known: Definitions,
    rows: pd.DataFrame,
    organisations: Sequence[Registered],
) -> dict[int, Source]:
    """Filing → where it came from, for every filing that some rows are of."""
    names = {o.code: o.name for o in organisations}
    positions = {(f.code, f.edition): f.position for f in known.forms}
    return {
        f.id: Source(
            reporter=f.reporter,
            reporter_name=names.get(f.reporter, f.reporter),
            period=f.period,
            version=f.version,
            file_name=blotted(f.file_name),  # people put telephone numbers into names
            sha256=f.sha256,
            sheet=f.sheet,
            accepted=f.accepted,
            places={
                code: f.columns[place]
                for code, place in positions[f.form, f.edition].items()
                if place < len(f.columns)
            },
        )
        for f in filings_of(connection, rows["filing_id"].unique().tolist())
    }


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
    sources = sources_of(connection, known, rows, organisations)
    return consolidated(cut, named(rows, organisations, line), known, sources, coverage)
