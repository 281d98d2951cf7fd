"""Bytes to grids: every sheet as rows of raw values at their true addresses."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from typing import Any

import openpyxl
from openpyxl.utils.datetime import from_excel
from python_calamine import CalamineWorkbook, SheetVisibleEnum

from pipelines.read import biff, container, formats
from pipelines.read.container import Facts, SheetFacts, TooLarge, Unsafe
from pipelines.read.limits import Limits
from pipelines.read.markup import read_html, read_xml2003
from pipelines.read.sheet import (
    Book,
    ErrorCell,
    Grid,
    Percent,
    Uncached,
    Unreadable,
    refuse_extent,
    square,
)


def read_grids(data: bytes, limits: Limits, score: Callable[[str], int]) -> tuple[str, Book]:
    """The true format and the grids; Unreadable, Unsafe, TooLarge or biff.Encrypted otherwise.

    `score` counts known labels in a text, to choose among encodings.
    """
    if len(data) > limits.file_bytes:
        raise TooLarge(f"文件 {len(data) >> 20} MB，超过 {limits.file_bytes >> 20} MB")
    kind = formats.detect(data)
    match kind:
        case "xlsx" | "xlsm":
            with _parsing():
                facts = container.scan(data, limits)
                return kind, _read_xlsx(data, facts, limits)
        case "xls":
            with _parsing():
                facts = biff.scan_xls(data, limits)
                return kind, _book(facts, _read_calamine(data, facts, limits))
        case "ods":
            macros = _check_ods(data, limits)
            with _parsing():
                return kind, Book(_read_calamine(data, None, limits), macros=macros)
        case "encrypted":
            raise biff.Encrypted
        case "html":
            with _parsing():
                return kind, Book(list(read_html(_text(data, score), limits)))
        case "xml2003":
            with _parsing():
                return kind, Book(list(read_xml2003(data, limits)))
        case "csv":
            with _parsing():
                rows: list[list[Any]] = [list(r) for r in formats.split_text(_text(data, score))]
            if size := refuse_extent(len(rows), max(map(len, rows), default=0), limits):
                raise TooLarge(size)
            return kind, Book([Grid("文本", square(rows), all_text=True)])
        case _:
            raise Unreadable(kind)


@contextmanager
def _parsing() -> Iterator[None]:
    """What a parser throws at a file is the file's fault, whatever kind of error it is."""
    try:
        yield
    except (Unsafe, Unreadable, biff.Encrypted, MemoryError):
        raise
    except Exception as error:
        raise Unsafe("内容不符合表格文件的规范") from error


def _text(data: bytes, score: Callable[[str], int]) -> str:
    text = formats.decode(data, score)
    if text is None:
        raise Unreadable("binary")
    return text


def _book(facts: Facts, grids: list[Grid]) -> Book:
    return Book(grids, facts.macros, facts.external_links, facts.date1904)


def _read_xlsx(data: bytes, facts: Facts, limits: Limits) -> Book:
    if not facts.second_reader:
        try:
            return _book(facts, _read_calamine(data, facts, limits))
        except (TooLarge, MemoryError):
            raise
        except Exception:
            # The fast reader gives up on some files that the second one reads.
            facts.second_reader = True
    grids = _read_openpyxl(data, facts, limits)
    if not grids:
        raise Unsafe("没有可读的工作表，可能存成了“严格”格式")
    return _book(facts, grids)


def _read_calamine(data: bytes, facts: Facts | None, limits: Limits) -> list[Grid]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    by_name = {s.name: s for s in facts.sheets} if facts else {}
    grids = []
    for i, metadata in enumerate(book.sheets_metadata):
        fact = by_name.get(metadata.name) or SheetFacts(metadata.name)
        hidden = fact.hidden or metadata.visible != SheetVisibleEnum.Visible
        if fact.extent and (size := refuse_extent(*fact.extent, limits)):
            grids.append(Grid(metadata.name, [], hidden=hidden, too_large=size))
            continue
        sheet = book.get_sheet_by_index(i)
        end = sheet.end
        if end is None:
            grids.append(Grid(metadata.name, [], hidden=hidden, comments=fact.comments))
            continue
        if size := refuse_extent(end[0] + 1, end[1] + 1, limits):
            grids.append(Grid(metadata.name, [], hidden=hidden, too_large=size))
            continue
        rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
        merges = [(a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or ()]
        grid = Grid(
            metadata.name,
            rows,
            merges,
            hidden,
            fact.hidden_rows,
            fact.hidden_columns,
            fact.comments,
        )
        if fact.errors or fact.uncached or fact.percents:
            _mark(grid, fact)
        grids.append(grid)
    return grids


def _mark(grid: Grid, fact: SheetFacts) -> None:
    """Put back what the fast reader blanks or drops: errors, missing results, per cent."""
    rows = grid.rows
    width = len(rows[0]) if rows else 0
    far = max((c for _, c in (*fact.errors, *fact.uncached)), default=-1)
    if far >= width:
        for row in rows:
            row.extend([""] * (far + 1 - width))
        width = far + 1
    deep = max((r for r, _ in (*fact.errors, *fact.uncached)), default=-1)
    while len(rows) <= deep:
        rows.append([""] * width)
    for (r, c), text in fact.errors.items():
        rows[r][c] = ErrorCell(text)
    for r, c in fact.uncached:
        if rows[r][c] == "":
            rows[r][c] = Uncached()
    for r, c in fact.percents:
        if r < len(rows) and c < width and isinstance(rows[r][c], (int, float)):
            rows[r][c] = Percent(float(rows[r][c]))


def _plain_value(value: Any) -> Any:
    """A value of the second reader in the terms of the first."""
    if value is None:
        return ""
    if isinstance(value, (bool, str, float, date, time, timedelta)):
        return value
    return float(value) if isinstance(value, int) else str(value)


# Built-in date formats of Chinese Excel, which openpyxl takes for plain numbers.
_CHINESE_DATES = frozenset((*range(27, 37), *range(50, 59)))


def _read_openpyxl(data: bytes, facts: Facts, limits: Limits) -> list[Grid]:
    """The slow, forgiving reader, in full mode: the read-only mode trusts declared extents."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(data))
    by_name = {s.name: s for s in facts.sheets}
    grids = []
    for sheet in book.worksheets:
        fact = by_name.get(sheet.title) or SheetFacts(sheet.title)
        hidden = sheet.sheet_state != "visible"
        size = refuse_extent(sheet.max_row, sheet.max_column, limits)
        if size:
            grids.append(Grid(sheet.title, [], hidden=hidden, too_large=size))
            continue
        rows: list[list[Any]] = []
        computed = formulas[sheet.title]
        for r, cells in enumerate(sheet.iter_rows(min_row=1, min_col=1), 1):
            row: list[Any] = []
            for c, cell in enumerate(cells, 1):
                value = _plain_value(cell.value)
                if cell.data_type == "e":
                    value = ErrorCell(str(cell.value))
                elif value == "" and computed.cell(r, c).data_type == "f":
                    value = Uncached()
                elif isinstance(value, float):
                    style = getattr(cell, "_style", None)
                    if "%" in (cell.number_format or ""):
                        value = Percent(value)
                    elif style is not None and style.numFmtId in _CHINESE_DATES:
                        value = from_excel(value, book.epoch)
                row.append(value)
            rows.append(row)
        merges = [
            (m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1)
            for m in sheet.merged_cells.ranges
        ]
        hidden_rows = {r - 1 for r, d in sheet.row_dimensions.items() if d.hidden}
        grids.append(
            Grid(
                sheet.title,
                rows,
                merges,
                hidden,
                hidden_rows,
                fact.hidden_columns,
                fact.comments,
            )
        )
    return grids


_ODS_ERROR = re.compile(rb"""calcext:value-type=["']error["']""")


def _check_ods(data: bytes, limits: Limits) -> bool:
    """Refuse what is dangerous or would be read wrongly; whether there are macros."""
    archive = container.open_zip(data, limits)
    names = {e.filename: e for e in archive.infolist()}
    for name in ("content.xml", "META-INF/manifest.xml"):
        if name not in names:
            continue
        text = container.read_entry(archive, names[name])
        if b"<!DOCTYPE" in text[:4096] or b"<!ENTITY" in text:
            raise Unsafe("内含外部实体定义（DTD）")
        if name.startswith("META") and b"encryption-data" in text:
            raise biff.Encrypted
        if name == "content.xml":
            if _ODS_ERROR.search(text):
                raise Unsafe("表中有公式错误，请改正后另存为 .xlsx 再报")
            for repeated in re.findall(rb'number-(?:rows|columns)-repeated="(\d+)"', text):
                if len(repeated) > 8:
                    raise Unsafe("重复行列数异常")
    return any(n.startswith("Basic/") and n.endswith(".xml") for n in names)
