"""Where the rows of a consolidated workbook came from: filings, and where columns lay in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np
import pandas as pd

from definitions.model import Column
from definitions.periods import Period
from expectations.findings import column_letters
from pipelines.publish.publication import beijing
from pipelines.publish.sheets import Book, Field

SOURCE, SOURCE_ROW = "来源", "原表行"
"""Columns that follow those of the form: which source, and the row of its sheet."""
SOURCES, PLACES = "数据来源", "原表列位"
ABSENT = "—"


@dataclass(frozen=True, slots=True)
class Source:
    """One form of one accepted workbook; `places` are columns of its sheet from 1, by code."""

    reporter: str
    reporter_name: str
    period: str
    version: int
    file_name: str
    sha256: str
    sheet: str
    accepted: datetime
    places: Mapping[str, int]

    def layout(self, columns: Sequence[Column]) -> tuple[int, ...]:
        """The place of each column on the sheet; 0 where the sheet had none of it."""
        return tuple(self.places.get(c.code, 0) for c in columns)


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of some rows in order of appearance, how many rows each gave, and the layouts."""

    listed: tuple[Source, ...]
    rows: tuple[int, ...]
    layout: tuple[int, ...]
    layouts: tuple[tuple[int, ...], ...]
    """Distinct ones, by number from 1: the place of each column, 0 where a sheet had none of it."""


def placed(
    rows: pd.DataFrame, sources: Mapping[int, Source], columns: Sequence[Column]
) -> tuple[pd.DataFrame, Sources]:
    """Rows (columns filing_id, row_no) with source and row of the sheet, and their sources."""
    numbers, filings = pd.factorize(rows["filing_id"])
    listed = tuple(sources[int(f)] for f in filings)
    layouts: dict[tuple[int, ...], int] = {}
    layout = tuple(layouts.setdefault(s.layout(columns), len(layouts) + 1) for s in listed)
    counts = tuple(np.bincount(numbers, minlength=len(listed)).tolist())
    marked = rows.rename(columns={"row_no": SOURCE_ROW})
    marked[SOURCE] = numbers + 1
    return marked, Sources(listed, counts, layout, tuple(layouts))


def source_sheets(
    book: Book, sources: Sources, columns: Sequence[Column], heads: Sequence[str]
) -> None:
    """Sheets 数据来源 and 原表列位: from a row of 数据 to the cell of the workbook it came in."""
    fields = [
        Field(SOURCE, "int", 8),
        Field("报送单位编码", "text", 18),
        Field("报送单位", "text", 34),
        Field("所属期", "center", 12),
        Field("报送版次", "int", 10),
        Field("原件文件名", "text", 44),
        Field("原件工作表", "text", 22),
        Field("列位", "int", 8),
        Field("数据行数", "int", 10),
        Field("接收时间", "center", 17),
        Field("原件SHA-256", "text", 68),
    ]
    note = (
        f"“数据”表每行末列的“{SOURCE}”即本表序号，“{SOURCE_ROW}”为该行在原件工作表中的行号；"
        f"各栏在原件中的列见“{PLACES}”。小计、合计由“数据”表各行相加。"
    )
    book.table(
        SOURCES, SOURCES, fields, _source_rows(sources), note=note, freeze=3,
        one_page_wide=False,
    )  # fmt: skip
    fields = [Field("列位", "int", 8), *(Field(head, "center", 12) for head in heads)]
    lines = [(number, *_letters(layout)) for number, layout in enumerate(sources.layouts, 1)]
    note = f"“{SOURCES}”表“列位”一栏的序号对应本表一行；“{ABSENT}”为原件没有该栏。"
    book.table(PLACES, PLACES, fields, lines, note=note, one_page_wide=False)


def _source_rows(sources: Sources) -> Iterator[tuple[object, ...]]:
    told = zip(sources.listed, sources.layout, sources.rows, strict=True)
    for number, (source, layout, rows) in enumerate(told, 1):
        yield (
            number, source.reporter, source.reporter_name, Period.parse(source.period).chinese,
            source.version, source.file_name, source.sheet, layout, rows,
            _minute(source.accepted), source.sha256,
        )  # fmt: skip


@cache
def _letters(layout: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(column_letters(place) if place else ABSENT for place in layout)


def _minute(moment: datetime) -> str:
    return f"{beijing(moment):%Y-%m-%d %H:%M}"


def flat(
    rows: pd.DataFrame, sources: Mapping[int, Source], columns: Sequence[Column]
) -> pd.DataFrame:
    """The same told on each row, for formats without sheets; letters in the order of `columns`."""
    numbers, filings = pd.factorize(rows["filing_id"])
    listed = [sources[int(f)] for f in filings]
    told = {
        "报送单位编码": [s.reporter for s in listed],
        "报送版次": [s.version for s in listed],
        "原件文件名": [s.file_name for s in listed],
        "原件SHA-256": [s.sha256 for s in listed],
        "原件工作表": [s.sheet for s in listed],
        "接收时间": [_minute(s.accepted) for s in listed],
        "各栏原表列": [" ".join(_letters(s.layout(columns))) for s in listed],
    }
    frame = pd.DataFrame(told).iloc[numbers].set_axis(rows.index)
    frame.insert(5, SOURCE_ROW, rows["row_no"])
    return frame
