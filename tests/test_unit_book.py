"""R-09: a unit between two covers says what its rows say, walks back, and comes out again."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.figures import CoverageRow, Transfer
from pipelines.publish.content import Table
from pipelines.publish.unit_book import unit_book
from pipelines.publish.unit_doings import safe
from pipelines.publish.unit_records import Identity, Promise, UnitBook, stand
from tests import publish_figures
from tests.acceptance import query
from tests.every_form import AT, install, links, page, published, rows_of, shown, steps, words
from tests.independent.seeded import COUNTIES, GRASSROOTS, TRADES, Sending

FORMS = ("ORG-01", "ORG-02", "FIN-01", "SKILL-01", "CADRE-01", "CADRE-02", "CADRE-04", "HOME-01",
         "AID-02", "CULT-04", "TGT-01")  # fmt: skip
UNIT, SILENT = GRASSROOTS[1], GRASSROOTS[10]


@pytest.fixture(scope="module")
def sent(module_home: Path, definitions: Definitions) -> Iterator[list[Sending]]:
    """What the federation sent; one union sent nothing."""
    yield install(definitions, FORMS, without=[SILENT])


@pytest.fixture(scope="module")
def book(sent: list[Sending]) -> dict[str, Any]:
    """The book of one grassroots union and year."""
    return published("R-09", "2020", UNIT)


def sheet(made: dict[str, Any], name: str) -> list[dict[str, Any]]:
    path = next(Path(f) for f in made["files"] if f.endswith(".xlsx"))
    values = list(openpyxl.load_workbook(io.BytesIO(path.read_bytes()))[name].values)
    return [dict(zip(map(str, values[2]), row, strict=True)) for row in values[3:]]


def visits_of(sent: list[Sending], unit: str) -> dict[str, dict[str, Any]]:
    """Number of a visit → its row as told last, of visits of 2020."""
    return {
        r["visit_id"]: r
        for label, r in rows_of(sent, "CADRE-02", unit)
        if label.startswith("2020") and r["visit_on"].year == 2020
    }


def test_visits_are_those_of_the_rows(sent: list[Sending], book: dict[str, Any]) -> None:
    rows = visits_of(sent, UNIT).values()
    listed = sheet(book, "下基层记录")
    assert len(listed) == len(rows) > 12
    met, places = Counter[str](), Counter[str]()
    for r in rows:
        met[r["place_kind"]] += r["persons_met"]
    once = {(r["cadre"], r["visit_on"], r["place"], r["place_kind"]) for r in rows}
    for *_, kind in once:
        places[kind] += 1
    assert sum(r["接触职工（人）"] for r in listed) == sum(met.values())
    told = {s.indicator: shown(text) for text, s in steps(book, "rows")}
    for kind, count in places.items():
        assert told[f"CADRE-02:visits:place_kind={kind}"] == count
        assert told[f"CADRE-02:persons_met:place_kind={kind}"] == met[kind]


def test_counts_of_rows_walk_to_their_cells(book: dict[str, Any]) -> None:
    walked = steps(book, "rows")
    assert len(walked) > 30
    for text, step in walked:
        told = [c.adds for c in step.cells if c.adds is not None]
        assert told, (text, step.indicator)
        assert sum(told, Decimal(0)) == shown(text), (text, step.indicator)
        assert {c.unit for c in step.cells} == {UNIT}
    assert {s.indicator.split(":")[0] for _, s in walked} == {"CADRE-02", "HOME-01"}


def test_other_numbers_walk_too(book: dict[str, Any]) -> None:
    found = links(book)
    assert len(found) == book["numbers"]
    for reference, number, text in found[:: max(1, len(found) // 12)]:
        step = flow.walk(reference, number)
        if step.source == "indicator" and step.basis == "本期" and not step.by_unit:
            assert step.cells or step.parts, text


def test_who_an_officer_is_is_not_told(book: dict[str, Any]) -> None:
    whole = page(book) + str(sheet(book, "下基层记录"))
    assert "cadre-" not in whole
    assert "enc:" not in whole
    homes = [r for r in sheet(book, "下基层记录") if r["地点类别"] == "职工家中"]
    assert homes
    assert all(r["地点"] is None for r in homes)


def test_months_of_a_single_union_are_told(sent: list[Sending]) -> None:
    made = published("R-09", "2020-12", UNIT)
    (row,) = [r for label, r in rows_of(sent, "ORG-02", UNIT) if label == "2020-12"]
    told = {r["指标"]: r for r in sheet(made, "全部指标")}
    assert told["会员人数"]["本月"] == row["members_total"]
    assert told["职工人数"]["本月"] == row["workers_total"]
    assert told["会员人数"]["上年同月"] is None
    # of a month nobody has decided what may be told of few people
    assert told["救助户数"]["本月"] == told["救助金额"]["本月"] == "略"


def test_a_year_shows_every_month_of_a_single_union(
    sent: list[Sending], book: dict[str, Any]
) -> None:
    (told,) = [r for r in sheet(book, "全部指标") if r["指标"] == "会员人数"]
    rows = {label: r for label, r in rows_of(sent, "ORG-02", UNIT)}
    for month in range(1, 13):
        row = rows.get(f"2020-{month:02d}")
        assert told[f"{month}月"] == (row["members_total"] if row else None)


def test_nothing_reported_is_a_dash_and_never_a_zero(sent: list[Sending]) -> None:
    made = published("R-09", "2020", SILENT)
    text = words(made)
    assert "应报报表均未报送" in text
    assert "不作零处理" in text
    values = [r["本年"] for r in sheet(made, "全部指标") if not r["指标代码"].startswith("I-DQ")]
    assert all(v is None for v in values)
    assert "下基层" not in {s for s in text.split() if "记录" in s}


def test_a_year_nobody_was_asked_about(sent: list[Sending]) -> None:
    made = published("R-09", "2018-03", UNIT)
    assert made["numbers"] == 0
    assert "没有应报报表的名册" in words(made)


def test_an_industry_union_is_told_along_its_line(sent: list[Sending]) -> None:
    made = published("R-09", "2020", TRADES[0])
    (whole,) = [
        r for r in sheet(made, "全部指标") if r["指标"] == "培训人次" and r["统计线"] == "合计"
    ]
    kept = query(
        "SELECT value FROM indicator_value v JOIN organisation o ON o.id = v.org_id "
        "WHERE o.code = :code AND v.line = 2 AND v.period = '2020' "
        "AND v.indicator = 'I-SKILL-02' AND basis = 'reported' AND value IS NOT NULL "
        "ORDER BY computation_id DESC LIMIT 1",
        code=TRADES[0],
    )
    assert whole["本年"] == float(kept[0].value)
    below = [r for r in sheet(made, "报送情况") if r["统计线"] == "产业（条）"]
    total = next(r for r in sheet(made, "报送情况") if r["统计线"] == "合计")
    assert below
    assert sum(r["应报（份）"] for r in below) < total["应报（份）"]
    for reference, number, text in links(made)[:12]:
        step = flow.walk(reference, number)
        if step.source == "coverage" and step.basis == "份数":
            assert step.line == "条"
            assert len(step.cells) == shown(text)


def test_parents_and_moves_are_told_with_their_days(sent: list[Sending]) -> None:
    text = words(published("R-09", "2020-12", GRASSROOTS[0]))
    assert f"地方上级{COUNTIES[0]}工会2010年1月1日2020年6月30日" in text
    assert f"地方上级{COUNTIES[2]}工会2020年7月1日至今" in text


def test_a_county_tells_of_its_unions(sent: list[Sending]) -> None:
    text = words(published("R-09", "2020-12", COUNTIES[1]))
    assert "所属基层工会" in text
    assert "各单位报表报送情况" in text


def test_books_come_out_again_byte_for_byte(book: dict[str, Any]) -> None:
    again = flow.reproduce(book["publication"])
    assert again.equal, [f.name for f in again.files if not f.equal]
    assert len(again.files) >= 3


def test_what_was_corrected_since_is_named(sent: list[Sending]) -> None:
    corrected = next(
        s for s in sent
        if s.wave == 3 and s.reporter in GRASSROOTS and s.forms.keys() <= {"ORG-02", "FIN-01"}
    )  # fmt: skip
    early = "2021-06-02T20:00:00+08:00"  # before what was judged in the third round
    made = flow.publish_report("R-09", corrected.period, early, corrected.reporter)
    found = flow.compare(made["publication"], AT)
    assert found
    told = {(r.kind, r.org) for d in found for r in d.reasons}
    assert told == {("更正", corrected.reporter)}
    assert all(d.then != d.now for d in found)


def test_word_has_real_headings(book: dict[str, Any]) -> None:
    path = next(f for f in book["files"] if f.endswith(".docx"))
    headings = [p.text for p in docx.Document(path).paragraphs if p.style.name == "Heading 1"]
    assert headings[:3] == ["一、单位概况", "二、报表报送", "三、主要数据"]


def test_a_unit_that_is_not_known(sent: list[Sending]) -> None:
    with pytest.raises(LookupError, match="999999"):
        published("R-09", "2020", "999999")


def test_how_a_promise_stands() -> None:
    end = date(2020, 12, 31)

    def told(due: date | None, done: date | None, kind: str = "主席承诺") -> str:
        return stand(Promise(kind, "", "", due, done, ""), end)

    assert told(date(2020, 9, 1), date(2020, 9, 1)) == "按期兑现"
    assert told(date(2020, 9, 1), date(2020, 9, 2)) == "逾期兑现"
    assert told(date(2020, 9, 1), None) == "到期未兑现"
    assert told(date(2021, 1, 1), None) == "未到期"
    assert told(date(2020, 9, 1), date(2021, 1, 5)) == "到期未兑现"
    assert told(None, date(2020, 5, 1), "过错约谈") == "已进行"


def test_numbers_of_persons_stay_out_of_free_text() -> None:
    assert safe("三季度前签订合同") == "三季度前签订合同"
    assert safe("联系张某13800001111") == "（含个人号码，不列）"
    assert safe("身份证11010519491231002X") == "（含个人号码，不列）"


def test_three_hundred_unions_of_a_month() -> None:
    known, figures = publish_figures.definitions(), publish_figures.month(300)
    one = Identity("NX", "=很长" * 30, "", "", "", "", "", "", None, False, {})
    made = unit_book(figures, UnitBook(one), known)
    files = dict(made.files)
    document = docx.Document(io.BytesIO(next(b for f, b in files.items() if f.endswith(".docx"))))
    assert max(len(t.rows) for t in document.tables) <= 30
    assert dict(unit_book(figures, UnitBook(one), known).files) == files


def test_filings_of_moved_unions_are_why_lines_differ_from_their_total() -> None:
    known, figures = publish_figures.definitions(), publish_figures.year()
    one = Identity("NX", "示范总工会", "", "", "", "", "", "", None, False, {})
    moved = (replace(figures.transfers[0], unit=publish_figures.YC.code),)
    listed = sum(r.expected for r in figures.coverage)

    def told(total: int, transfers: tuple[Transfer, ...]) -> bool:
        """Whether the table of filings says so below it."""
        own = CoverageRow("NX", "ORG-02", "2017", total, 50, 50, 50)
        given = replace(figures, coverage=(*figures.coverage, own), transfers=transfers)
        (document,) = unit_book(given, UnitBook(one), known).drawn.values()
        (part,) = [s for s in document.sections if s.code == "U2"]
        (table,) = [
            b for b in part.blocks if isinstance(b, Table) and b.title == "各单位报表报送情况"
        ]
        return "隶属本单位期间的报表" in table.note

    assert told(listed + 3, moved)
    assert not told(listed, moved)
    assert not told(listed + 3, ())
    assert not told(listed + 3, figures.transfers)
