"""Consolidated data to take away: any form, span of periods, line and level, in three formats."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.model import Form
from pipelines.consolidate import coverage_along, coverage_of, top_unit
from pipelines.figures import BLOCK, INDUSTRY, CoverageRow
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.sheets import named, rows_of, sources_of
from pipelines.publish.consolidated import (
    PARENT,
    PERIOD,
    UNIT_CODE,
    UNIT_NAME,
    Cut,
    consolidated_workbook,
)
from pipelines.publish.publication import file_title
from pipelines.publish.sources import flat
from pipelines.small_cells import sensitive_columns
from warehouse.organisations import Registered, ancestors, standing

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Download:
    """Files as (name, bytes), and how many rows of how many unions they hold."""

    files: tuple[tuple[str, bytes], ...]
    rows: int
    units: int


def download(
    form: str,
    first: str,
    last: str,
    at: str,
    *,
    line: str = BLOCK,
    unit: str | None = None,
    level: str | None = None,
) -> Download:
    """Rows of a form from one period to another of the same kind, as they stand at a moment.

    `line` names the parents beside each union, `unit` takes those below one organisation along
    that line, `level` those of one level alone. The workbook holds totals, coverage, codebook and
    the cut-off; CSV and Parquet the same rows, one to a line, and each with the
    workbook, sheet, row and columns it came from. Personal columns, and counts by which
    people could be known, are left out. LookupError in Chinese where there is nothing to give.
    """
    if line not in (BLOCK, INDUSTRY):
        raise LookupError(f"统计线只有“块”和“条”，没有“{line}”")
    known, when = definitions(), moment(at)
    register(known, when)
    periods = span(Period.parse(first), Period.parse(last))
    found = _edition(known, form, periods)
    with engine().begin() as connection:
        organisations = standing(connection, periods[-1].end, when)
        top = top_unit(organisations)
        # One by one: a form with a column `period` hides for which period a row was reported.
        parts = [
            rows_of(connection, known, found, [p.label], organisations, when).assign(
                **{PERIOD: p.label}
            )
            for p in periods
        ]
        rows = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
        rows = _chosen(connection, rows, organisations, line, unit, level, periods[-1])
        if rows.empty:
            raise LookupError(f"{form} 在 {first} 至 {last} 没有符合条件的数据")
        over = next((o for o in organisations if o.code == unit), top)
        along = line if unit is not None else BLOCK  # of everybody both lines count the same
        filed = [_filed(connection, p, when, over, organisations, along) for p in periods]
        coverage = [row for of_period in filed for row in of_period if row.form == form]
        sources = sources_of(connection, known, rows, organisations)
    rows = named(rows, organisations, line)
    few = sensitive_columns(known, form, periods[-1].end)
    if "rows" in few:
        raise LookupError(f"{form} 逐行登记个人情况，只提供汇总指标，不提供明细下载")
    columns = [c for c in found.columns if not c.personal and c.code not in few]
    given = [c for c in columns if c.code in rows.columns]
    plain = rows[[PARENT, UNIT_CODE, UNIT_NAME, PERIOD]]
    plain = plain.assign(**{c.code: rows[c.code] for c in given})
    plain = pd.concat([plain, flat(rows, sources, given)], axis=1)
    cut = Cut(
        found, periods[-1], line, when, known.digest, over.code, over.name,
        first=periods[0] if len(periods) > 1 else None, level=level or "",
    )  # fmt: skip
    when_told = first if first == last else f"{first}至{last}"
    narrowed = [over.name] if unit is not None else []
    narrowed += [level] if level is not None else []
    name = file_title(" ".join([form, found.title, when_told, line, *narrowed]))
    files = (
        (f"{name}.xlsx", consolidated_workbook(cut, rows, known, sources, coverage)),
        (f"{name}.csv", as_csv(plain)),
        (f"{name}.parquet", _as_parquet(plain, cut)),
    )
    return Download(files, len(plain), int(plain[UNIT_CODE].nunique()))


def span(first: Period, last: Period) -> list[Period]:
    """Every period from one to another of its kind; LookupError where they are of two kinds."""
    if first.kind is not last.kind or last.end < first.end:
        raise LookupError(f"{first.label} 至 {last.label} 不是同一种期间的先后两期")
    found = [last]
    while found[0].label != first.label:
        found.insert(0, found[0].previous())
    return found


def _edition(known: Definitions, form: str, periods: list[Period]) -> Form:
    """The newest edition that covers one of the periods."""
    for period in reversed(periods):
        try:
            return known.form(form, period)
        except KeyError:
            continue
    raise LookupError(f"{periods[0].label} 至 {periods[-1].label} 没有表 {form}")


def _chosen(
    connection: Connection,
    rows: pd.DataFrame,
    organisations: list[Registered],
    line: str,
    unit: str | None,
    level: str | None,
    last: Period,
) -> pd.DataFrame:
    """The rows of unions below a unit along the line, and of one level."""
    if unit is not None:
        if unit not in {o.code for o in organisations}:
            raise LookupError(f"工会组织编码 {unit} 未登记")
        above = ancestors(connection, 1 if line == BLOCK else 2, last.end)
        inside = {code for code, over in above.items() if unit in over}
        rows = rows[rows["org"].isin(inside)]
    if level is not None:
        wanted = {o.code for o in organisations if o.level == level}
        rows = rows[rows["org"].isin(wanted)]
    return rows


def _filed(
    connection: Connection,
    period: Period,
    when: datetime,
    unit: Registered,
    organisations: list[Registered],
    line: str,
) -> list[CoverageRow]:
    """How far a unit and those next below it along a line have reported a period."""
    if line == BLOCK:
        return coverage_of(connection, period, when, unit.code)
    below = [o.code for o in organisations if o.industry_parent == unit.id]
    return coverage_along(connection, period, when, [unit.code, *below], line)


def as_csv(rows: pd.DataFrame) -> bytes:
    """UTF-8 with the mark that Excel needs; text that a spreadsheet would run is made text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([harmless(c) for c in rows.columns])
    for row in rows.itertuples(index=False, name=None):
        writer.writerow([harmless(v) for v in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def harmless(value: Any) -> Any:
    """A cell of CSV: what begins like a formula gets an apostrophe before it, numbers do not.

    A spreadsheet decides by the first sign that is not blank, of any width.
    """
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if not isinstance(value, str):
        return value
    bare = value.lstrip(" \u00a0\u3000\ufeff\x00")
    if value.startswith(_DANGEROUS) or bare.startswith((*_DANGEROUS, "＝", "＋", "－", "＠")):
        return "'" + value
    return value


def _as_parquet(rows: pd.DataFrame, cut: Cut) -> bytes:
    """The same rows with their types; what they are stands in the file's own description."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    told = {
        "form": cut.form.code,
        "edition": cut.form.edition,
        "line": cut.line,
        "cutoff": cut.cutoff.isoformat(),
        "definitions": cut.digest,
    }
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **told})
    out = io.BytesIO()
    parquet.write_table(table, out, compression="zstd")
    return out.getvalue()


def write_download(made: Download, folder: Path) -> list[str]:
    """Write the files of a download into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in made.files:
        (folder / name).write_bytes(content)
        written.append(str(folder / name))
    return written
