"""Workbooks that are text with tags: HTML saved as .xls, and the XML spreadsheet of 2003."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import defusedxml.ElementTree as SafeXML

from pipelines.read.container import TooLarge, Unsafe
from pipelines.read.limits import Limits
from pipelines.read.sheet import ErrorCell, Grid, Merge, Unreadable, refuse_extent, square


class _Tables(HTMLParser):
    """Collects the tables of an HTML page, spans kept as merges."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[list[dict[int, str]], list[Merge]]] = []
        self.cell: list[str] | None = None
        self.at = 0
        self.span = (1, 1)
        self.skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(([], []))
        elif tag in ("style", "script", "title"):
            self.skip += 1
        elif tag == "tr" and self.tables:
            self._close()
            self.tables[-1][0].append({})
        elif tag in ("td", "th") and self.tables and self.tables[-1][0]:
            self._close()
            given = dict(attrs)
            spans = [
                max(1, min(int(m), 200)) if (m := (given.get(k) or "1")).isdecimal() else 1
                for k in ("rowspan", "colspan")
            ]
            rows, merges = self.tables[-1]
            row, r = rows[-1], len(rows) - 1
            c = 0
            while c in row or any(m[0] <= r <= m[2] and m[1] <= c <= m[3] for m in merges[-40:]):
                c += 1
            self.at, self.cell = c, []
            row[c] = ""
            if spans != [1, 1]:
                merges.append((r, c, r + spans[0] - 1, c + spans[1] - 1))
        elif tag == "br" and self.cell is not None:
            self.cell.append("\n")

    def _close(self) -> None:
        if self.cell is not None and self.tables and self.tables[-1][0]:
            self.tables[-1][0][-1][self.at] = "".join(self.cell).strip()
        self.cell = None

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()
        elif tag in ("style", "script", "title"):
            self.skip = max(0, self.skip - 1)

    def handle_data(self, data: str) -> None:
        if self.cell is not None and not self.skip:
            self.cell.append(data)


def read_html(text: str, limits: Limits) -> Iterator[Grid]:
    parser = _Tables()
    parser.feed(text)
    parser.close()
    if not parser.tables:
        raise Unreadable("binary" if "\x00" in text else "mht")
    for i, (rows, merges) in enumerate(parser.tables[: limits.sheets]):
        width = max((max(r, default=-1) + 1 for r in rows), default=0)
        if size := refuse_extent(len(rows), width, limits):
            raise TooLarge(size)
        yield Grid(
            f"表格{i + 1}",
            [[r.get(c, "") for c in range(width)] for r in rows],
            merges,
            all_text=True,
        )


_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"


def read_xml2003(data: bytes, limits: Limits) -> Iterator[Grid]:
    """The XML spreadsheet of 2003, which statistics software still exports as .xls."""
    try:
        root = SafeXML.fromstring(data, forbid_dtd=True)
    except Exception as error:
        raise Unsafe("XML 结构有误") from error
    for sheet in root.iter(f"{_SS}Worksheet"):
        rows: list[list[Any]] = []
        merges: list[Merge] = []
        for row in sheet.iter(f"{_SS}Row"):
            at = int(row.get(f"{_SS}Index", len(rows) + 1)) - 1
            if at > limits.rows:
                raise TooLarge(f"{at} 行")
            while len(rows) < at:
                rows.append([])
            values: list[Any] = []
            for cell in row.iter(f"{_SS}Cell"):
                column = int(cell.get(f"{_SS}Index", len(values) + 1)) - 1
                if column > limits.columns:
                    raise TooLarge(f"{column} 列")
                values += [""] * (column - len(values))
                content = cell.find(f"{_SS}Data")
                values.append(_xml_value(content) if content is not None else "")
                across = min(int(cell.get(f"{_SS}MergeAcross", 0)), limits.columns)
                down = min(int(cell.get(f"{_SS}MergeDown", 0)), limits.rows)
                if across or down:
                    merges.append((len(rows), column, len(rows) + down, column + across))
                values += [""] * across
            rows.append(values)
        yield Grid(sheet.get(f"{_SS}Name", "表"), square(rows), merges)


def _xml_value(content: Any) -> Any:
    text = "".join(content.itertext())
    match content.get(f"{_SS}Type"):
        case "Number":
            return float(text)
        case "DateTime":
            return datetime.fromisoformat(text.split(".")[0])
        case "Boolean":
            return text.strip() == "1"
        case "Error":
            return ErrorCell(text)
        case _:
            return text
