"""What openpyxl would lose between opening a submitter's workbook and saving it again."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.writer.excel import ExcelWriter

_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_EXTENDED = re.compile(r"<x14:dataValidation\b([^>]*)>(.*?)</x14:dataValidation>", re.DOTALL)
_COMPUTED = re.compile(
    rb"<c\b([^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\b[^>]*/>|<v\b[^>]*>([^<]*)</v>)\s*</c>"
)
_SAVED_FORMULA = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"([^>]*)>(<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)<v\s*(?:/>|></v>)</c>'
)
_REFERENCE = re.compile(rb'\br="([A-Z]+[0-9]+)"')
_TYPE = re.compile(rb'\bt="(str|b|e|n)"')
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)

# Sheet name -> cell -> (type attribute, text of the value), as they stood in the file.
Results = dict[str, dict[bytes, tuple[bytes, bytes]]]


@dataclass(frozen=True)
class Kept:
    """Facts of the original that go back in when the workbook is saved."""

    results: Results
    dated: bool


def keep(original: bytes, book: Workbook) -> Kept:
    """Put extended drop-downs back into the open workbook; remember the results of formulas.

    Excel stores a drop-down that points to another sheet in an extension, which openpyxl drops;
    as plain checks they work as well. openpyxl also writes formulas without their last result,
    which a reader of an unopened file would then miss.
    """
    results: Results = {}
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        parts = _sheet_parts(archive)
        for sheet in book.worksheets:
            data = _part(archive, parts.get(sheet.title, ""))
            if b"x14:dataValidation" in data:
                for check in _extended_checks(data.decode("utf-8", "replace")):
                    sheet.add_data_validation(check)
            if b"<f" in data:
                results[sheet.title] = _results(data)
        dated = "docProps/core.xml" in archive.namelist()
    return Kept(results, dated)


def saved(book: Workbook, at: date, kept: Kept) -> bytes:
    """The workbook as .xlsx; equal workbooks give equal bytes, whatever the clock says."""
    moment = datetime(at.year, at.month, at.day)  # noqa: DTZ001 - a day, not a moment
    book.properties.modified = moment
    if not kept.dated:
        book.properties.created = moment
    target = io.BytesIO()
    with _Archive(target, "w", zipfile.ZIP_DEFLATED) as archive:
        # openpyxl numbers the parts by the order of the sheets, anew at each saving.
        archive.results = {
            f"xl/worksheets/sheet{i}.xml": kept.results[sheet.title]
            for i, sheet in enumerate(book.worksheets, start=1)
            if sheet.title in kept.results
        }
        ExcelWriter(book, archive).write_data()
    return target.getvalue()


def _extended_checks(text: str) -> list[DataValidation]:
    checks = []
    for attributes, inner in _EXTENDED.findall(text):
        given = {k: html.unescape(v) for k, v in _ATTRIBUTE.findall(attributes)}
        formulas = [html.unescape(f) for f in re.findall(r"<xm:f>(.*?)</xm:f>", inner)]
        ranges = re.search(r"<xm:sqref>(.*?)</xm:sqref>", inner)
        if not formulas or ranges is None:
            continue
        kind: Any = given.get("type")
        operator: Any = given.get("operator")
        check = DataValidation(
            type=kind,
            operator=operator,
            formula1=formulas[0],
            formula2=formulas[1] if len(formulas) > 1 else None,
            sqref=ranges[1],
            allow_blank=given.get("allowBlank") == "1",
            showErrorMessage=given.get("showErrorMessage") == "1",
            showInputMessage=given.get("showInputMessage") == "1",
        )
        for name in ("error", "errorTitle", "prompt", "promptTitle", "errorStyle"):
            if name in given:
                setattr(check, name, given[name])
        checks.append(check)
    return checks


def _results(data: bytes) -> dict[bytes, tuple[bytes, bytes]]:
    found = {}
    for attributes, value in _COMPUTED.findall(data):
        reference, kind = _REFERENCE.search(attributes), _TYPE.search(attributes)
        # An empty result counts only where the file says that it is a text.
        if reference and (value or (kind and kind[1] == b"str")):
            found[reference[1]] = (kind[1] if kind else b"n", value)
    return found


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> path of its XML inside the archive."""
    targets = {}
    for given in _tags(archive, "xl/_rels/workbook.xml.rels", "Relationship"):
        target = given.get("Target", "")
        targets[given.get("Id", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    return {
        given.get("name", ""): targets.get(given.get("r:id", ""), "")
        for given in _tags(archive, "xl/workbook.xml", "sheet")
    }


def _tags(archive: zipfile.ZipFile, part: str, name: str) -> list[dict[str, str]]:
    text = _part(archive, part).decode("utf-8", "replace")
    return [
        {k: html.unescape(v) for k, v in _ATTRIBUTE.findall(tag)}
        for tag in re.findall(rf"<{name}\b[^>]*>", text)
    ]


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError:
        return b""


class _Archive(zipfile.ZipFile):
    """A zip whose entries carry no time, and whose formulas keep their last results."""

    results: Mapping[str, Mapping[bytes, tuple[bytes, bytes]]] = {}

    def writestr(
        self,
        zinfo_or_arcname: str | zipfile.ZipInfo,
        data: Any,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        given = zinfo_or_arcname
        name = given.filename if isinstance(given, zipfile.ZipInfo) else given
        entry = zipfile.ZipInfo(name, _FIXED_TIME)
        super().writestr(entry, data, zipfile.ZIP_DEFLATED, compresslevel)

    def write(self, filename: Any, arcname: Any = None, *args: Any, **kwargs: Any) -> None:
        data = Path(filename).read_bytes()
        if arcname in self.results:
            data = _with_results(data, self.results[arcname])
        self.writestr(arcname, data)


def _with_results(data: bytes, results: Mapping[bytes, tuple[bytes, bytes]]) -> bytes:
    def filled(match: re.Match[bytes]) -> bytes:
        if match[1] not in results:
            return match[0]
        kind, value = results[match[1]]
        attribute = b"" if kind == b"n" else b' t="%b"' % kind
        return b'<c r="%b"%b%b>%b<v>%b</v></c>' % (
            match[1], match[2], attribute, match[3], value
        )  # fmt: skip

    return _SAVED_FORMULA.sub(filled, data)
