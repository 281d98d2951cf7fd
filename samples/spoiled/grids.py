"""A workbook as plain grids of cells that can be damaged, and the writers that keep the damage."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from typing import Any

import msoffcrypto
import xlsxwriter
import xlwt
from msoffcrypto.format.ooxml import OOXMLFile

from pipelines.templates.form_sheet import sheet_name
from samples.writing import Book, cover_pairs, labels

Cell = Any
COVER = "封面"


@dataclass
class Grid:
    """Cells of one sheet from A1, with what a plain table of values cannot say."""

    name: str
    cells: list[list[Cell]]
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], tuple[str, object]] = field(default_factory=dict)
    comments: dict[tuple[int, int], str] = field(default_factory=dict)
    percents: set[tuple[int, int]] = field(default_factory=set)

    def put(self, address: str, value: Cell) -> None:
        """Type a value into a cell such as D5."""
        r, c = place(address)
        row = self.cells[r]
        row.extend([None] * (c + 1 - len(row)))
        row[c] = value

    def at(self, address: str) -> Cell:
        """The value of a cell such as D5."""
        r, c = place(address)
        return self.cells[r][c]


def place(address: str) -> tuple[int, int]:
    """D5 → (4, 3), both from 0."""
    letters = "".join(x for x in address if x.isalpha())
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(address[len(letters) :]) - 1, column - 1


def grids_of(book: Book) -> list[Grid]:
    """Cover first, then a sheet per form: title, header in row 2, data from row 3."""
    cover = [["工会工作报表"], [], *([label, value] for label, value in cover_pairs(book))]
    found = [Grid(COVER, [list(row) for row in cover])]
    for filled in book.forms:
        cells: list[list[Cell]] = [[filled.form.title], list(labels(filled.form))]
        cells += [[row.get(c.code) for c in filled.form.columns] for row in filled.rows]
        found.append(Grid(sheet_name(filled.form), cells))
    return found


def xlsx(grids: Sequence[Grid], made: date) -> bytes:
    """An .xlsx of the grids."""
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    book.set_properties({"created": datetime(made.year, made.month, made.day)})  # noqa: DTZ001
    as_date = book.add_format({"num_format": "yyyy-mm-dd"})
    as_percent = book.add_format({"num_format": "0%"})
    for grid in grids:
        sheet = book.add_worksheet(grid.name)
        for (r, c), words in grid.comments.items():
            sheet.write_comment(r, c, words)
        for r1, c1, r2, c2 in grid.merges:
            sheet.merge_range(r1, c1, r2, c2, "")
        for r, row in enumerate(grid.cells):
            if r in grid.hidden_rows:
                sheet.set_row(r, None, None, {"hidden": True})
            for c, value in enumerate(row):
                if (r, c) in grid.errors:
                    sheet.write_formula(r, c, "=SUM(#REF!)", None, grid.errors[r, c])
                elif (r, c) in grid.formulas:
                    formula, result = grid.formulas[r, c]
                    sheet.write_formula(r, c, formula, None, result)
                elif isinstance(value, bool):
                    sheet.write_string(r, c, "是" if value else "否")
                elif isinstance(value, (int, float)):
                    sheet.write_number(r, c, value, as_percent if (r, c) in grid.percents else None)
                elif isinstance(value, date):
                    sheet.write_datetime(r, c, value, as_date)
                elif value is not None:
                    sheet.write_string(r, c, str(value))
    book.close()
    return target.getvalue()


def with_external_link(data: bytes, target: str) -> bytes:
    """An .xlsx in which a formula has left a link to another file on somebody's disk."""
    part = "xl/externalLinks/externalLink1.xml"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"
    spaces = "http://schemas.openxmlformats.org"
    relation = f"{spaces}/officeDocument/2006/relationships"
    additions = (
        (
            "[Content_Types].xml",
            b"</Types>",
            f'<Override PartName="/{part}" ContentType="{kind}"/>',
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b"</Relationships>",
            f'<Relationship Id="rId99" Type="{relation}/externalLink" '
            'Target="externalLinks/externalLink1.xml"/>',
        ),
        (
            "xl/workbook.xml",
            b"<calcPr",
            '<externalReferences><externalReference r:id="rId99"/></externalReferences>',
        ),
    )
    found = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.infolist():
            content = old.read(item)
            for name, before, added in additions:
                if item.filename == name:
                    content = content.replace(before, added.encode() + before)
            new.writestr(item, content)
        new.writestr(
            zipfile.ZipInfo(part, (2017, 4, 5, 9, 0, 0)),
            f'<externalLink xmlns="{spaces}/spreadsheetml/2006/main"><externalBook '
            f'xmlns:r="{relation}" r:id="rId1"/></externalLink>',
        )
        new.writestr(
            zipfile.ZipInfo("xl/externalLinks/_rels/externalLink1.xml.rels", (2017, 4, 5, 9, 0, 0)),
            f'<Relationships xmlns="{spaces}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{relation}/externalLinkPath" '
            f'Target="{escape(target)}" TargetMode="External"/></Relationships>',
        )
    return found.getvalue()


def et(grids: Sequence[Grid]) -> bytes:
    """BIFF8, the default of WPS for .et."""
    book = xlwt.Workbook(encoding="utf-8")
    as_date = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for grid in grids:
        sheet = book.add_sheet(grid.name)
        for r, row in enumerate(grid.cells):
            for c, value in enumerate(row):
                if isinstance(value, bool):
                    sheet.write(r, c, "是" if value else "否")
                elif isinstance(value, date):
                    sheet.write(r, c, value, as_date)
                elif value is not None:
                    sheet.write(r, c, value)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def gbk_csv(lines: Sequence[str], grid: Grid) -> bytes:
    """One table as Excel's Chinese edition saves a csv: GBK, CRLF; `lines` stand above it."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    for line in lines:
        writer.writerow([line])
    writer.writerows([_plain(v) for v in row] for row in grid.cells)
    return target.getvalue().encode("gbk")


def html_table(lines: Sequence[str], grid: Grid) -> bytes:
    """What web systems export as “Excel”: an HTML table in a file called .xls."""
    rows = [[line] for line in lines] + [[_plain(v) for v in row] for row in grid.cells]
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(v))}</td>" for v in row) + "</tr>\n" for row in rows
    )
    head = '<html><head><meta charset="utf-8"><title>导出</title></head><body><table border="1">'
    return f"{head}\n{body}</table></body></html>".encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip with fixed times."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2017, 4, 5, 9, 0, 0)), data)
    return target.getvalue()


def with_password(data: bytes, password: str) -> bytes:
    """The workbook encrypted as Excel does it; the salt makes every result different."""
    target = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(password, target)
    found = target.getvalue()
    if not msoffcrypto.OfficeFile(io.BytesIO(found)).is_encrypted():
        raise ValueError("the workbook was not encrypted")
    return found


def _plain(value: Cell) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return value.isoformat() if isinstance(value, date) else value
