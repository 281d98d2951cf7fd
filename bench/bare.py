"""The bare cost of the same files: read, unzip, parse the XML and build nothing from it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat


def unzip_and_parse(path: Path) -> None:
    """Every entry inflated and checked, every XML part through expat without a handler."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith((".xml", ".rels")):
                expat.ParserCreate().Parse(data, True)


def calamine(path: Path) -> None:
    """Every cell of every sheet by python-calamine."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    for name in book.sheet_names:
        book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def openpyxl_read_only(path: Path) -> None:
    """Every cell of every sheet by openpyxl in read-only mode."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for sheet in book.worksheets:
        for _ in sheet.iter_rows(values_only=True):
            pass
    book.close()


WAYS: dict[str, Callable[[Path], None]] = {
    "unzip-and-parse": unzip_and_parse,
    "calamine": calamine,
    "openpyxl-read-only": openpyxl_read_only,
}


def run(way: str, paths: list[str]) -> None:
    """One way over some files, in this process."""
    read = WAYS[way]
    for path in paths:
        read(Path(path))
