"""The consolidated workbook beside plain XlsxWriter over the same values, time and memory.

ORG-02 with its columns repeated to forty and invented figures, a fifth of them left empty. Plain
means: one sheet in constant memory, a row of heads, `write_row` for each row, no formats. Ours adds
subtotals by parent, formats by column, text kept text, the workbook that each row came from,
codebook and coverage. Each size and way runs in a process of its own; memory is what it grew by at
its peak, the frame not counted.
"""

from __future__ import annotations

import hashlib
import io
import resource
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import xlsxwriter

from bench.figures import union_code, union_name
from bench.watch import processor_seconds
from definitions import Definitions, load_definitions
from definitions.model import Form
from definitions.periods import Period
from pipelines.publish.consolidated import (
    PARENT,
    PARENT_CODE,
    UNIT_CODE,
    UNIT_NAME,
    Cut,
    consolidated_workbook,
)
from pipelines.publish.sources import Source

COLUMNS = 40
MONTH = Period.parse("2019-03")
CUTOFF = datetime(2019, 4, 25, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@dataclass(frozen=True, slots=True)
class Written:
    """One workbook: processor seconds, megabytes of the file and of memory beyond the frame."""

    way: str
    rows: int
    seconds: float
    size: float
    memory: float


def wide_form(definitions: Definitions) -> Form:
    """ORG-02 with its columns again under further codes, until there are forty."""
    form = definitions.form("ORG-02", MONTH)
    shown = [c for c in form.columns if not c.personal]
    columns = [
        c if turn == 0 else c.model_copy(update={"code": f"{c.code}_{turn}"})
        for turn in range(COLUMNS)
        for c in shown
    ]
    return form.model_copy(update={"columns": tuple(columns[:COLUMNS])})


def frame(form: Form, rows: int) -> pd.DataFrame:
    """Invented rows as the warehouse gives them, in order of parents."""
    random = np.random.default_rng(rows)
    data: dict[str, Any] = {
        UNIT_CODE: [union_code(n) for n in range(rows)],
        UNIT_NAME: [union_name(n) for n in range(rows)],
        PARENT: [f"第{n // 50:03d}县总工会" for n in range(rows)],
        PARENT_CODE: [f"{n // 50:03d}" for n in range(rows)],
        "filing_id": range(rows),
        "row_no": 5,
    }
    for column in form.columns:
        empty = random.random(rows) < 0.2
        if column.type.numeric:
            values = random.integers(0, 90_000, rows) / 100
            data[column.code] = pd.arrays.FloatingArray(values, empty)
        else:
            texts = [None if e else f"文字{n % 97}" for n, e in enumerate(empty)]
            data[column.code] = pd.array(texts, dtype="string")
    return pd.DataFrame(data)


def workbooks(form: Form, rows: int) -> dict[int, Source]:
    """A workbook of its own for each row, which is the most that there can be."""
    places = {c.code: n for n, c in enumerate(form.columns, 1)}
    return {
        n: Source(
            union_code(n), union_name(n), MONTH.label, 1, f"{union_name(n)}{MONTH.label}.xlsx",
            hashlib.sha256(str(n).encode()).hexdigest(), "会员", CUTOFF, places,
        )
        for n in range(rows)
    }  # fmt: skip


def plain(form: Form, rows: pd.DataFrame) -> bytes:
    """The values alone, as quickly as the library writes them."""
    target = io.BytesIO()
    book: Any = xlsxwriter.Workbook(target, {"constant_memory": True})
    sheet = book.add_worksheet()
    codes = [PARENT, UNIT_CODE, UNIT_NAME, *(c.code for c in form.columns)]
    sheet.write_row(0, 0, codes)
    columns = [[None if v is pd.NA else v for v in rows[c].tolist()] for c in codes]
    for number, row in enumerate(zip(*columns, strict=True), 1):
        sheet.write_row(number, 0, row)
    book.close()
    return target.getvalue()


def _write(way: str, count: int) -> Written:
    definitions = load_definitions()
    form = wide_form(definitions)
    rows = frame(form, count)
    cut = Cut(form, MONTH, "块", CUTOFF, definitions.digest, "P", "示范省总工会")
    sources = workbooks(form, count)
    _once(
        way, cut, rows.head(20), definitions, sources
    )  # imports and caches are no part of a workbook
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = processor_seconds()
    content = _once(way, cut, rows, definitions, sources)
    seconds = processor_seconds() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Written(way, count, seconds, len(content) / 2**20, memory / 1024)


def _once(
    way: str,
    cut: Cut,
    rows: pd.DataFrame,
    definitions: Definitions,
    sources: Mapping[int, Source],
) -> bytes:
    if way == "plain":
        return plain(cut.form, rows)
    return consolidated_workbook(cut, rows, definitions, sources)


def measure(sizes: Sequence[int]) -> list[Written]:
    """Both ways for each size, one after the other."""
    found = []
    for count in sizes:
        for way in ("plain", "consolidated"):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                found.append(pool.submit(_write, way, count).result())
            time.sleep(0.1)
    return found


def table(found: Sequence[Written]) -> str:
    """The figures, with ours as a multiple of the plain way."""
    base = {w.rows: w.seconds for w in found if w.way == "plain"}
    lines = [
        f"| {COLUMNS} columns | rows | processor s | times plain | file MB | memory MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {w.way} | {w.rows:,} | {w.seconds:.2f} | {w.seconds / base[w.rows]:.1f} | "
        f"{w.size:.1f} | {w.memory:.0f} |"
        for w in found
    ]
    return "\n".join(lines)
