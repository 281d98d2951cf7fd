"""R-11: the list of changes, both sums, the comparable basis; and that it refuses to tell a lie."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from federation import START, Federation, event, moment, moved, union
from sqlalchemy import Connection

from definitions import Definitions, Period
from pipelines.consolidate import consolidate, figures_of, shorter
from pipelines.figures import Figure, Unit
from pipelines.flow.transfers import transfers_of
from pipelines.publish.content import Document, Paragraph
from pipelines.publish.telling import Teller
from pipelines.publish.transfers import (
    GONE,
    NEW,
    Count,
    Standing,
    TotalsMoved,
    balance,
    growth,
    proof,
)
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.organisations import open_periods

DAY = date(2017, 7, 1)


def standing_of(
    unit: str, before: str | None, after: str | None, members: int = 10, line: str = "块"
) -> Standing:
    return Standing(unit, line, before, after, before is not None, after is not None, members, 20)


def test_the_same_unions_add_up_the_same_along_either_relations() -> None:
    rows = [
        standing_of("G1", "甲", "甲", 5),
        standing_of("G2", "甲", "乙", 7),
        standing_of("G3", None, "乙", 11),
        standing_of("G4", "甲", None, 0),
    ]
    found = proof(rows, "块")
    assert found.before == {"甲": Count(3, 5 + 7, 60), NEW: Count(1, 11, 20)}
    assert found.after == {"甲": Count(1, 5, 20), "乙": Count(2, 18, 40), GONE: Count(1, 0, 20)}
    assert found.total(found.before) == found.total(found.after) == found.plain == Count(4, 23, 80)
    # on the eve, out, in, new, ended, on the last day
    assert balance(rows, "块") == {"甲": [3, 1, 0, 0, 1, 1], "乙": [0, 0, 1, 1, 0, 2]}


def test_growth_without_a_base_is_no_growth() -> None:
    assert growth(Decimal(22), Decimal(20)) == Decimal("10.00")
    assert growth(Decimal(22), None) is None
    assert growth(Decimal(22), Decimal(0)) is None


@pytest.fixture
def connection(warehouse_home: object, definitions: Definitions) -> Iterator[Connection]:
    with warehouse().begin() as opened:
        register_definitions(opened, definitions, START)
        for year in (2016, 2017):
            ensure_partitions(opened, year)
        yield opened
        opened.rollback()


@pytest.fixture
def zone(connection: Connection, definitions: Definitions) -> Federation:
    """650 unions of two counties go to a zone, 20 stay; one merges, one is renamed, one is new."""
    unions = [union("T", "市级")]
    unions += [union(c, "区县级", {"块": "T"}) for c in ("A", "B", "Z")]
    unions += [union("I", "市级", {"块": "T"})]
    unions += [
        union(f"G{n:03d}", "基层", {"块": "AB"[n % 2]} | ({"条": "I"} if n % 5 == 0 else {}))
        for n in range(670)
    ]
    unions.append(union("N1", "基层", {"块": "Z"}, found="2017-08-01"))
    f = Federation(connection, definitions, unions)
    codes = [f"G{n:03d}" for n in range(670)]
    f.report("2016-09", dict.fromkeys(codes, 10))
    f.report("2017-06", dict.fromkeys(codes, 20))
    # a county's own summary beside its unions is in no total
    f.report("2017-09", {**dict.fromkeys(codes[:669], 22), "N1": 5, "G668": 44, "A": 9999})
    changes = [moved(c, "AB"[n % 2], "Z", DAY) for n, c in enumerate(codes[:650])]
    changes = [replace(c, members=20, workers=30) for c in changes]
    changes.append(event("G669", "合并", date(2017, 8, 1), from_parent="B", successor="G668"))
    changes.append(event("G000", "更名", date(2017, 8, 1), after={"name": "新厂工会"}))
    f.change(changes, moment(2017, 8, 5))
    return f


def book_of(f: Federation, unit: str = "T") -> tuple[openpyxl.Workbook, int]:
    at = moment(2018, 1, 5)
    period = Period.parse("2017Q3")
    computation = consolidate(f.connection, f.definitions, period, at, at)
    figures = figures_of(f.connection, f.definitions, computation, unit)
    publication, changes = transfers_of(f.connection, f.definitions, figures)
    assert publication.kind.startswith("R-11")
    assert figures.unit.name in publication.files[0][0]  # or a county's would replace another's
    (content,) = [c for n, c in publication.files if n.endswith(".xlsx")]
    return openpyxl.load_workbook(io.BytesIO(content)), changes


def rows_of(book: openpyxl.Workbook, sheet: str) -> list[dict[str, object]]:
    """The rows below the head, which stands in row 3."""
    values = list(book[sheet].iter_rows(min_row=3, values_only=True))
    return [dict(zip(values[0], row, strict=True)) for row in values[1:]]


def test_r11_lists_650_rows_and_no_total_moved(zone: Federation) -> None:
    book, changes = book_of(zone)
    assert changes == 650 + 2
    listed = rows_of(book, "变动清单")
    transfers = [r for r in listed if r["变动类型"] == "划转"]
    assert len(transfers) == 650
    assert {r["合计增减"] for r in transfers} == {0}
    total = listed[-1]
    assert (total["原上级会员增减"], total["现上级会员增减"], total["合计增减"]) == (
        -650 * 20, 650 * 20, 0,
    )  # fmt: skip

    checked = rows_of(book, "合计核对")
    by_parent = {(r["隶属线"], r["上级工会"]): r for r in checked}
    whole = 669 * 22 + 22 + 5  # G668 has taken over the 22 of G669
    for line in ("地方（块）", "产业（条）"):
        for row in ("合计", "逐户直接相加"):
            found = by_parent[line, row]
            assert (found["会员（人）变动前隶属"], found["会员（人）变动后隶属"]) == (whole, whole)
            assert (found["会员（人）增减"], found["工会（家）增减"]) == (0, 0)
    block = by_parent["地方（块）", "Z工会"]
    assert block["工会（家）变动前隶属"] == 0
    assert block["工会（家）变动后隶属"] == 650 + 1
    old = [by_parent["地方（块）", f"{c}工会"]["工会（家）增减"] for c in "AB"]
    assert sum(v for v in old if isinstance(v, int)) == -650 - 1

    balanced = rows_of(book, "户数平衡")
    assert {r["差额"] for r in balanced} == {0}
    sums = next(r for r in balanced if r["上级工会"] == "合计" and r["隶属线"] == "地方（块）")
    assert (sums["期初（家）"], sums["划出"], sums["划入"]) == (670, 650, 650)
    assert (sums["新建、恢复等"], sums["撤并等"], sums["期末（家）"]) == (1, 1, 670)


def test_r11_sets_the_comparable_growth_beside_the_reported_one(zone: Federation) -> None:
    book, _ = book_of(zone)
    rows = [
        r
        for r in rows_of(book, "可比口径")
        if r["指标"] == "会员人数" and r["隶属线"] == "地方（块）"
    ]
    industry = [
        r for r in rows_of(book, "可比口径")
        if (r["指标"], r["隶属线"], r["单位"]) == ("会员人数", "产业（条）", "合计")
    ]  # fmt: skip
    by_unit = {r["单位"]: r for r in rows}
    assert industry[0]["本期"] == by_unit["合计"]["本期"]  # both lines, one total
    z, total = by_unit["Z工会"], by_unit["合计"]
    assert (z["本期"], z["上年同期（原隶属）"]) == (650 * 22 + 5, None)
    assert z["上年同期（现隶属）"] == 6500
    assert z["比上年（%）"] is None
    assert total["上年同期（原隶属）"] == total["上年同期（现隶属）"] == 6700
    assert total["相差（百分点）"] == 0
    a = by_unit["A工会"]
    assert (a["上年同期（原隶属）"], a["上年同期（现隶属）"]) == (
        3350,
        100 + 10,
    )  # and what it took in
    assert a["可比口径（%）"] != a["比上年（%）"]
    assert sum(int(str(r["归属增减"] or 0)) for r in rows if r["单位"] != "合计") == 0


def document_of(f: Federation, unit: str = "T") -> Document:
    at, period = moment(2018, 1, 5), Period.parse("2017Q3")
    computation = consolidate(f.connection, f.definitions, period, at, at)
    figures = figures_of(f.connection, f.definitions, computation, unit)
    publication, _ = transfers_of(f.connection, f.definitions, figures)
    assert [n.rpartition(".")[2] for n, _ in publication.files] == ["docx", "html", "xlsx"]
    (document,) = publication.drawn.values()
    # Numbers of the lists are numbered on from those of the paper, none twice.
    book = openpyxl.load_workbook(io.BytesIO(publication.files[2][1]))
    listed = [r["编号"] for r in rows_of(book, "数字来源")]
    printed = len(document.numbers())
    assert listed[0] == f"{publication.reference}-{printed + 1}"
    assert listed[-1] == f"{publication.reference}-{len(publication.numbers)}"
    assert len({n.anchor for n in publication.numbers}) == len(publication.numbers)
    return document


def told_in(document: Document, code: str) -> str:
    (section,) = [s for s in document.sections if s.code == code]
    words = []
    for block in section.blocks:
        rows = [block.runs] if isinstance(block, Paragraph) else block.rows
        cells = [[c if isinstance(c, str) else c.text for c in row] for row in rows]
        words += ["".join(r) if isinstance(block, Paragraph) else " ".join(r) for r in cells]
    return "\n".join(words)


def test_r11_is_told_in_words_that_say_what_the_lists_say(zone: Federation) -> None:
    document = document_of(zone)
    said = told_in(document, "M1")
    assert "组织关系变动652项，其中划转650项、合并1项、更名1项。划转只改变归属" in said
    assert "合并 块 B工会 G668工会承继 1" in said
    assert "更名 — — 新厂工会 1" in said or "更名 块 — 新厂工会 1" in said
    balanced = told_in(document, "M2")
    assert "Z工会 0 0 650 1 0 651" in balanced
    assert "合计 670 650 650 1 1 670" in balanced
    whole = f"{669 * 22 + 22 + 5:,}"
    assert f"地方（块） 会员（人） {whole} {whole} {whole} 0" in told_in(document, "M3")
    compared = told_in(document, "M4")
    assert "Z工会 14,305 — 6,500 +6,500 — 增长120.1%" in compared
    assert f"会员人数（人） {whole} 6,700 6,700 0" in compared
    assert "发生时归属" in told_in(document, "M5")
    assert document.signature == ("T工会", "2018年1月5日")


def test_r11_of_a_county_tells_its_own_and_compares_no_single_unions(zone: Federation) -> None:
    balanced = told_in(document_of(zone, "A"), "M2")
    assert "A工会 335 325 0 0 0 10" in balanced
    assert "（不属本会）" not in balanced
    # Nobody stands below a single union: last year is not added up for it by the relations of now.
    at, period = moment(2018, 1, 5), Period.parse("2017Q3")
    computation = consolidate(zone.connection, zone.definitions, period, at, at)
    figures = figures_of(zone.connection, zone.definitions, computation, "A")
    single = Figure("I-ORG-04", "G666", "2017Q3", "块", Decimal(22), last_year=Decimal(10))
    figures = replace(
        figures,
        values={**figures.values, ("块", "G666", "2017Q3", "I-ORG-04"): single},
        children={**figures.children, "块": [Unit("G666", "甲厂工会", "基层")]},
    )
    publication, _ = transfers_of(zone.connection, zone.definitions, figures)
    (document,) = publication.drawn.values()
    assert "甲厂工会" not in told_in(document, "M4")
    book = openpyxl.load_workbook(io.BytesIO(publication.files[2][1]))
    (row,) = [r for r in rows_of(book, "可比口径") if r["单位"] == "甲厂工会"]
    assert (row["上年同期（原隶属）"], row["归属增减"]) == (10, None)


def test_r11_prints_how_flows_are_attributed_and_reads_history_under_both_names(
    zone: Federation,
) -> None:
    book, _ = book_of(zone)
    told = {str(r["项目"]): str(r["内容"]) for r in rows_of(book, "说明")}
    assert told["本期数归属"].startswith("发生时归属")
    assert "划转650项" in told["期内变动"]
    assert "差额 0 人" in told["地方（块）核对"]
    assert "差额 0 人" in told["产业（条）核对"]
    assert told["复核"] == "凭批准文号自动生效"
    history = {(r["原名称"], r["现名称（承继工会）"]) for r in rows_of(book, "沿革")}
    assert history == {("G000工会", "新厂工会"), ("G669工会", "G668工会")}


def test_r11_of_a_county_shows_who_left_it(zone: Federation) -> None:
    book, changes = book_of(zone, "A")
    assert changes == 325 + 1
    by_parent = {(r["隶属线"], r["上级工会"]): r for r in rows_of(book, "合计核对")}
    assert by_parent["地方（块）", "A工会"]["工会（家）增减"] == -325
    assert by_parent["地方（块）", "（不属本会）"]["工会（家）增减"] == 325
    assert by_parent["地方（块）", "合计"]["会员（人）增减"] == 0


def test_r11_refuses_where_the_sums_do_not_agree(zone: Federation) -> None:
    at, period = moment(2018, 1, 5), Period.parse("2017Q3")
    computation = consolidate(zone.connection, zone.definitions, period, at, at)
    figures = figures_of(zone.connection, zone.definitions, computation, "T")
    wrong = dict(figures.values)
    key = ("块", "T", "2017Q3", "I-ORG-04")
    wrong[key] = replace(wrong[key], value=Decimal(1))
    with pytest.raises(TotalsMoved, match="published 1"):
        transfers_of(zone.connection, zone.definitions, replace(figures, values=wrong))


def test_r11_counts_a_union_that_rose_above_the_grassroots_as_the_totals_do(
    zone: Federation,
) -> None:
    zone.change([event("G660", "升格", date(2017, 9, 1))], moment(2017, 9, 5))
    zone.report("2017-08", {"G660": 22})
    book, changes = book_of(zone)  # refused if the sums did not agree
    assert changes == 650 + 3
    checked = {(r["隶属线"], r["上级工会"]): r for r in rows_of(book, "合计核对")}
    assert checked["地方（块）", "合计"]["会员（人）增减"] == 0


@pytest.mark.parametrize(
    ("unit", "label", "value", "now", "before", "told"),
    [
        # June was with the counties, September is with the zone; a union is new.
        ("Z", "2017", 651, 1301, 650, "增长100.2%"),
        # Ten stayed, and the one that merged into one of them: June, September, June.
        ("A", "2017", 345, 21, 11, "增长90.9%"),
        ("B", "2017", 344, 18, 9, "增长100.0%"),
        ("T", "2017", 1340, None, 670, "增长100.0%"),
        # A quarter after the move is the same either way.
        ("Z", "2017Q3", 651, None, 650, "基本持平"),
        ("A", "2017Q3", 10, None, 11, "下降9.1%"),
    ],
)
def test_flows_are_compared_of_the_unions_that_belong_to_a_unit_now(
    zone: Federation, unit: str, label: str, value: int, now: int | None, before: int, told: str
) -> None:
    at, period = moment(2018, 1, 5), Period.parse(label)
    made = consolidate(zone.connection, zone.definitions, period, at, at)
    figures = figures_of(zone.connection, zone.definitions, made, unit)
    teller = Teller(figures, zone.definitions)
    new, members = figures.get("I-ORG-15"), figures.get("I-ORG-04")
    assert new is not None
    assert (new.value, new.comparable_now, new.comparable) == (value, now, before)
    assert teller.moved(new, "可比口径上年") == told
    assert members is not None
    assert members.comparable_now is None  # what stands at the end is of the end's unions


def test_no_flow_is_compared_with_fewer_months_than_it_adds_up(zone: Federation) -> None:
    """Who began to collect in December has no year before, only its last month."""
    at, period = moment(2018, 1, 5), Period.parse("2017")

    def compared() -> tuple[bool, bool, bool]:
        made = consolidate(zone.connection, zone.definitions, period, at, at)
        figures = figures_of(zone.connection, zone.definitions, made, "T")
        new, members = figures.get("I-ORG-15"), figures.get("I-ORG-04")
        assert new is not None
        assert members is not None
        assert new.value is not None
        return new.last_year is not None, new.comparable is not None, members.last_year is not None

    def opens(*months: str) -> None:
        for label in months:
            month = Period.parse(label)
            opened = moment(month.year, month.number, 25)
            open_periods(zone.connection, zone.definitions, month, opened)

    assert compared() == (True, True, True)  # nothing is known of what was opened
    opens("2016-12", *(f"2017-{m:02d}" for m in range(1, 13)))
    assert compared() == (False, False, True)
    opens(*(f"2016-{m:02d}" for m in range(1, 12)))
    assert compared() == (True, True, True)
    year, before = (Period.parse(label) for label in ("2017", "2016"))
    only = shorter(zone.connection, zone.definitions, year, before, moment(2017, 1, 1))
    assert only == frozenset()  # what was opened after a cut-off was not open at it
