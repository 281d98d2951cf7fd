"""Every printed number walks from the document to its cells, and adds up from the originals."""

from __future__ import annotations

import html
import io
import random
import re
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.flow.ground import engine
from pipelines.flow.walking import Cell, Walk
from pipelines.places import places
from pipelines.publish.own_counts import with_counts
from tests.acceptance import query
from tests.published import AT, Published, publish

LINK = re.compile(r'<a class="n" id="[^"]+" href="/numbers/([^/"]+)/(\d+)"[^>]*>([^<]+)</a>')
FIGURE = re.compile(r"-?[\d,]+(?:\.\d+)?")


@pytest.fixture(scope="module")
def published(module_home: Path, definitions: Definitions) -> Iterator[Published]:
    """The shared federation."""
    yield publish(definitions, module_home.parent / "lineage-files")


def printed() -> list[tuple[str, int, str]]:
    """Reference, number and text of every link in every published review."""
    found = []
    for path in sorted((places().published / "2017").glob("R-01*/*/*.html")):
        links = LINK.findall(path.read_text(encoding="utf-8"))
        found += [(ref, int(n), html.unescape(text)) for ref, n, text in links]
    return found


@cache
def workbook(sha256: str) -> openpyxl.Workbook:
    """The original as it was received, read by a reader that the pipeline does not use for it."""
    return openpyxl.load_workbook(io.BytesIO(places().originals.get(sha256)), data_only=True)


def read(cell: Cell) -> Decimal:
    """What a cell adds, from the original alone: its numbers, or one thing where rows count."""
    sheet = workbook(cell.sha256)[cell.sheet]
    values = [sheet[c].value for c in cell.cells]
    assert values, cell
    if not cell.measure_sums:
        assert all(v not in (None, "") for v in values), cell
        return Decimal(1) if cell.adds else Decimal(0)
    return sum((Decimal(str(v)) for v in values if v not in (None, "")), Decimal(0))


def total(cells: tuple[Cell, ...]) -> Decimal:
    return sum((-read(c) if c.side in ("减项", "上年减项") else read(c) for c in cells), Decimal(0))


def again(step: Walk, known: Definitions) -> Decimal:
    """The number once more: from its parts by its rule, or from the cells of the originals."""
    counts_filings = step.query == "lineage_filings"
    if step.source == "coverage" or step.basis in ("应报", "实报") or counts_filings:
        if step.parts and step.parts[0].label == "分子":
            top, bottom = (again(down(step, p.address), known) for p in step.parts)
            return top / bottom * 100
        for cell in step.cells:
            if cell.sha256:  # it names the union somewhere
                sheets = workbook(cell.sha256).worksheets
                words = {str(v) for s in sheets for r in s.iter_rows(values_only=True) for v in r}
                assert cell.unit in words, cell
        return Decimal(len(step.cells))
    if step.source == "finding":
        for cell in step.cells:
            assert workbook(cell.sha256)[cell.sheet] is not None
        return Decimal(len({c.unit for c in step.cells} if step.basis == "单位数" else step.cells))
    indicator = known.indicators[step.indicator]
    if indicator.achieved == "figures improved":
        for part in random.Random(step.number).sample(step.parts, 2):  # noqa: S311 - a draw
            assert abs(improved(step, part.address, known) - (part.value or 0)) < Decimal("1e-9")
        return sum((p.value or Decimal(0) for p in step.parts), Decimal(0)) / len(step.parts)
    if step.basis.startswith("比"):
        now, before = (again(down(step, p.address), known) for p in step.parts)
        return now - before if indicator.unit == "%" else (now - before) / before * 100
    if step.basis in ("分子", "分母") or not (step.parts and step.parts[0].label == "分子"):
        if step.cells:
            return total(step.cells)
        return sum((again(down(step, p.address), known) for p in step.parts), Decimal(0))
    top, bottom = (again(down(step, p.address), known) for p in step.parts)
    return top / bottom * indicator.multiply


def improved(step: Walk, address: str, known: Definitions) -> Decimal:
    """By how many percent a figure is better than last year's of the same units, within the cap."""
    line, unit, period, code, *_ = address.split("/")
    now = again(down(step, address), known)
    base = again(down(step, f"{line}/{unit}/{int(period) - 1}/{code}/可比口径上年"), known)
    cap = Decimal(str(known.parameters["improvement_cap_pct"].at(date(int(period), 12, 31))))
    change = (now - base) / abs(base) * 100
    change = -change if known.indicators[code].better == "lower" else change
    return max(-cap, min(cap, change))


def down(step: Walk, address: str) -> Walk:
    return flow.walk(step.reference, address)


def shown(value: Decimal, text: str, unit: str = "") -> bool:
    """Whether a value rounds to what is printed; 增长, 下降 and 降低 carry the sign.

    A sum of money kept in 元 may be told in 万元.
    """
    found = FIGURE.search(text)
    assert found, text
    number = Decimal(found.group().replace(",", ""))
    places_after = Decimal(1).scaleb(-len(found.group().partition(".")[2]))
    if "倍" in text:
        value /= 100
    if unit == "元" and text.endswith("万元"):
        value /= 10_000
    return abs(value).quantize(places_after, ROUND_HALF_UP) == abs(number)


def test_200_numbers_of_the_reviews_add_up_again_from_the_original_workbooks(
    published: Published,
) -> None:
    everything = printed()
    assert len(everything) > 400
    sample = random.Random(2017).sample(everything, 200)  # noqa: S311 - a draw
    wrong = []
    known = with_counts(published.definitions)
    bases: dict[str, int] = {}
    for reference, number, words in sample:
        step = flow.walk(reference, number)
        assert step.printed == words
        bases[step.basis] = bases.get(step.basis, 0) + 1
        found = again(step, known)
        indicator = known.indicators.get(step.indicator)
        if not shown(found, words, indicator.unit if indicator else ""):
            wrong.append((reference, number, words, step.basis, step.indicator, found))
    assert wrong == []
    # the draw holds figures, rates, last year, changes and filings alike
    assert len(bases) >= 5, bases


def test_a_sum_shows_its_units_and_they_add_up(published: Published) -> None:
    reference = query("SELECT reference FROM publication WHERE title LIKE '银川市%'")[0].reference
    step = flow.walk(reference, "块/640100Z00001/2017/I-ORG-04")
    assert {p.address.split("/")[1] for p in step.parts} >= {"640121Z00001", "640122Z00001"}
    assert sum(p.value or 0 for p in step.parts) == step.value
    county = down(step, next(p.address for p in step.parts if "640121" in p.address))
    assert sum(p.value or 0 for p in county.parts) == county.value
    union = down(county, county.parts[0].address)
    (cell,) = union.cells
    assert read(cell) == union.value


def test_what_is_on_paper_is_found_by_what_it_reads(published: Published) -> None:
    reference, number, words = next(p for p in printed() if len(p[2]) > 4)
    assert number in [n for n, _ in flow.find_numbers(reference, words)]


def test_a_pdf_is_made_when_asked_for_and_kept_and_made_again(published: Published) -> None:
    county = query("SELECT id FROM publication WHERE title LIKE '永宁县%工作总结'")[0].id
    top = query("SELECT id FROM publication WHERE kind LIKE 'R-01%' ORDER BY id")[0].id
    ((name, content),) = flow.edition_pdf(county)
    assert name == "永宁县总工会2017年工作总结.pdf"
    assert content.startswith(b"%PDF")
    kept = query("SELECT sha256 FROM publication_file WHERE publication_id = :p AND name = :n",
                 p=county, n=name)  # fmt: skip
    assert places().originals.get(kept[0].sha256) == content
    assert flow.edition_pdf(county) == ((name, content),)
    assert flow.reproduce(county).equal
    # the federation's own belongs to its edition from the beginning
    assert [f.name for f in flow.reproduce(top).files if f.name.endswith(".pdf")]
    drafted = query("SELECT count(*) AS n FROM publication")[0].n
    flow.prepare_review(2017, AT)
    assert query("SELECT count(*) AS n FROM publication")[0].n == drafted


def test_no_pdf_is_made_of_what_is_not_the_published_document(published: Published) -> None:
    one = query("SELECT id FROM publication WHERE title LIKE '贺兰县%工作总结'")[0].id
    with engine().begin() as connection:
        connection.execute(
            text("UPDATE publication_file SET sha256 = repeat('0', 64) "
                 "WHERE publication_id = :p AND name LIKE '%.docx'"), {"p": one},
        )  # fmt: skip
    with pytest.raises(LookupError, match="与当时不一致"):
        flow.edition_pdf(one)


def test_an_unknown_number_is_said_to_be_unknown(published: Published) -> None:
    reference = printed()[0][0]
    for number in (99999, "X-1", "块/640100Z00001/2017", "块/nobody/2017/I-ORG-04"):
        with pytest.raises(LookupError):
            flow.walk(reference, number)
    with pytest.raises(LookupError):
        flow.walk("R01-NOTHING2", 1)


def test_the_annex_lists_every_number_with_its_reference(published: Published) -> None:
    rows: list[Any] = query(
        "SELECT p.id, p.reference, count(n.*) AS numbers FROM publication p "
        "JOIN publication_number n ON n.publication_id = p.id GROUP BY p.id ORDER BY p.id"
    )
    books = {
        p.stem: openpyxl.load_workbook(p, read_only=True)
        for p in (places().published / "2017").glob("R-01*/*/*附表.xlsx")
    }
    listed = {}
    for book in books.values():
        codes = [r[0] for r in book["数字来源"].iter_rows(min_row=4, values_only=True)]
        listed[codes[0].rpartition("-")[0]] = codes
    for row in rows:
        assert listed[row.reference] == [f"{row.reference}-{n}" for n in range(1, row.numbers + 1)]
