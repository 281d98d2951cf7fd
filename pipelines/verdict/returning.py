"""The submitter's own workbook back, marked, with the review in front."""

from __future__ import annotations

import csv
import gc
import io
import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.workbook import Workbook
from python_calamine import CalamineWorkbook

from definitions.catalogue import Definitions
from definitions.periods import Period
from expectations.findings import Finding
from pipelines.verdict.deciding import FindingKey, verdict_of
from pipelines.verdict.marking import mark, remove_marks
from pipelines.verdict.preserving import Kept, keep, saved
from pipelines.verdict.review_sheet import Review, is_review, remove_review, write_review

Table = tuple[str, Sequence[Sequence[Any]]]
_CONVERTED = (
    "原文件的格式（如 .xls、.et、.csv）不能直接标注，已转成 .xlsx 退回：工作表名和单元格位置不变，"
    "颜色和公式没有保留。请在本文件中修改，或改好原文件再报。"
)
_UNOPENED = "原文件无法打开或无法标注，因此本文件只有这一页审核意见；请按意见处理后重新报送原表。"
_UNMARKED = "问题格子太多，有 {count} 个格子只变色、未加批注，问题见下表。"


@contextmanager
def _without_collection() -> Iterator[None]:
    """One workbook is a hundred thousand objects, all in use: looking for garbage is a fifth."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_without_collection()
def returned_workbook(
    original: bytes,
    format: str,
    findings: Sequence[Finding],
    *,
    definitions: Definitions,
    org_name: str,
    period: Period | None,
    at: date,
    due: date | None = None,
    explained: Collection[FindingKey] = (),
    tables: Sequence[Table] | None = None,
    openable: bool = True,
    standing: bool = False,
    carried: Mapping[FindingKey, str] | None = None,
) -> bytes:
    """An .xlsx with every finding listed on the first sheet and marked in its cell.

    `format` is the true format as the reader tells it (xlsx, xls, csv, ...). What is not .xlsx is
    converted, values only, from `tables` (sheet name and rows from A1, as the reader saw them) or
    by reading it here. A file that cannot be opened gives a workbook with the review alone; what
    the reader gave up on (`openable` False) is not even tried: it may be hostile.
    Marks and review of an earlier round are removed first, explanations typed there carried over,
    beside those that were given before for the same (`carried`). `standing` says that the workbook
    was accepted and stays so: something was found when its period closed.
    Equal arguments give equal bytes; nothing of a cell's value is copied into the review.
    """
    notes: list[str] = []
    typed: dict[FindingKey, str] = {}
    kept = Kept({}, False)
    own = _own_book(original) if openable and format in ("xlsx", "xlsm") else None
    if own is not None:
        book, kept = own
        typed = remove_review(book)
        remove_marks(book)
    else:
        if tables is None:
            tables = _read_tables(original, format, findings) if openable else ()
        book = _converted(tables)
        notes.append(_CONVERTED if book.sheetnames else _UNOPENED)
    silent = mark(book, findings)
    if silent:
        notes.append(_UNMARKED.format(count=silent))
    when = period.chinese if period else ""
    sheet = write_review(
        book,
        Review(
            heading=f"审核意见　{org_name}　{when}".rstrip("　"),
            verdict=verdict_of(findings, explained),
            findings=findings,
            labels={(f.code, c.code): c.label for f in definitions.forms for c in f.columns},
            at=at,
            due=due,
            notes=notes,
            explanations={**(carried or {}), **typed},
            standing=standing,
        ),
    )
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
    book.active = 0
    return saved(book, at, kept)


def opened(original: bytes, format: str) -> tuple[Workbook, Kept]:
    """A workbook as it was sent, to be changed; converted where it is not .xlsx.

    Without sheets when it does not open.
    """
    own = _own_book(original) if format in ("xlsx", "xlsm") else None
    return own or (_converted(_read_tables(original, format, ())), Kept({}, False))


def _own_book(original: bytes) -> tuple[Workbook, Kept] | None:
    """The submitter's workbook and what openpyxl would lose of it; None when it does not open."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(original), rich_text=True)
        # A strict-OOXML file opens without any sheet.
        return (book, keep(original, book)) if book.worksheets else None
    except Exception:  # whatever a damaged file provokes: its values are converted instead
        return None


def _converted(tables: Sequence[Table]) -> Workbook:
    """A new workbook with the values at their addresses; without sheets when there are none."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in tables:
        if is_review(rows):
            continue
        title = re.sub(r"[\[\]:*?/\\]", "", name)[:31] or "表"
        sheet = book.create_sheet(title)
        for r, row in enumerate(rows, start=1):
            for c, value in enumerate(row, start=1):
                if value is None or value == "":
                    continue
                _convert_value(sheet.cell(r, c), value)
    return book


def _convert_value(cell: Any, value: Any) -> None:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000]
        if not value:
            return
        cell.value = value
        cell.data_type = "s"
        cell.number_format = "@"
        return
    try:
        cell.value = value
    except ValueError:  # a kind of value that only the reader knows: shown as it prints
        cell.value = str(value)


def _read_tables(original: bytes, format: str, findings: Sequence[Finding]) -> list[Table]:
    if format == "csv":
        name = next((f.sheet for f in findings if f.sheet), "文本")
        return [(name, rows)] if (rows := separated(original)) else []
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(original))
        return [
            (n, book.get_sheet_by_name(n).to_python(skip_empty_area=False))
            for n in book.sheet_names
        ]
    except Exception:  # not a workbook at all: the findings say so
        return []


def separated(original: bytes) -> list[list[str]]:
    """The rows of a text file, by the separator that it uses most; empty when it is no text."""
    encodings = (
        ("utf-16",) if original[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    )
    for encoding in encodings:
        try:
            text = original.decode(encoding)
        except UnicodeError:
            continue
        separator = max((",", "\t", ";", "|"), key=text[:20_000].count)
        return [list(r) for r in csv.reader(io.StringIO(text), delimiter=separator)]
    return []
