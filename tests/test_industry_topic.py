"""R-10: what industries are told is what a second calculation finds, walks, and comes out again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

from definitions import Period
from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.figures import Figure
from pipelines.flow import walking
from pipelines.publish.industry_data import Branch, IndustryTopic, told_codes
from pipelines.publish.industry_topic import industry_topic
from pipelines.small_cells import sensitive
from tests import publish_figures
from tests.every_form import install, links, published, rows_of, shown, steps, words
from tests.independent.frames import Asked, Book
from tests.independent.rights import valid
from tests.independent.seeded import COUNTIES, GRASSROOTS, TOP, TRADES, Sending
from tests.independent.targets import FORMULAS
from tests.independent.unions import is_in

FORMS = ("ORG-01", "ORG-02", "ORG-05", "SKILL-01", "SKILL-02", "SKILL-03", "SKILL-04", "CON-01",
         "CON-02", "CADRE-05", "FIN-05", "TGT-01")  # fmt: skip
KINDS = {"集体合同", "工资专项集体合同", "女职工权益保护专项集体合同", "劳动安全卫生专项集体合同"}
MISSING = 1e-9


@pytest.fixture(scope="module")
def sent(module_home: Path, definitions: Definitions) -> Iterator[list[Sending]]:
    """What the federation sent in its first year; one industry union sent no committee."""
    found = install(definitions, FORMS)
    yield found


@pytest.fixture(scope="module")
def book(sent: list[Sending]) -> Book:
    """The same rows as plain frames."""
    return Book(sent)


@pytest.fixture(scope="module")
def topic(sent: list[Sending]) -> dict[str, Any]:
    """The topic of the federation and year."""
    return published("R-10", "2020", TOP)


def sheet(made: dict[str, Any], name: str) -> list[dict[str, Any]]:
    path = next(Path(f) for f in made["files"] if f.endswith(".xlsx"))
    values = list(openpyxl.load_workbook(io.BytesIO(path.read_bytes()))[name].values)
    return [dict(zip(map(str, values[2]), row, strict=True)) for row in values[3:]]


def agrees(printed: object, value: float | None, decimals: int) -> bool:
    if value is None or printed is None:
        return (value is None) == (printed is None)
    assert isinstance(printed, int | float)
    return abs(printed - value) <= 0.5 * 10**-decimals + MISSING * abs(value)


@pytest.mark.parametrize(("unit", "line"), [(TOP, "块"), (TRADES[1], "条")])
def test_figures_are_those_of_a_second_calculation(
    topic: dict[str, Any], book: Book, definitions: Definitions, unit: str, line: str
) -> None:
    made = topic if unit == TOP else published("R-10", "2020", unit)
    rows = sheet(made, "分产业指标")
    checked = set()
    for row in rows:
        code, told = str(row["指标代码"]), str(row["单位编码"])
        if code not in FORMULAS:
            continue  # one of those that the catalogue does not have
        own = line if row["统计线"] == "合计" else "条"
        asked = Asked(book, own, told, Period.parse("2020"))
        value = FORMULAS[code](asked)
        places = definitions.indicators[code].decimals
        assert agrees(row["本年"], value, places), (code, told, row["本年"], value)
        checked.add((code, told))
    assert {"I-SKILL-02", "I-SKILL-09", "I-CON-01", "I-CADRE-08"} <= {c for c, _ in checked}
    if unit == TOP:
        assert {TOP, *TRADES, "0"} == {u for _, u in checked}


def test_contracts_in_force_by_kind(
    topic: dict[str, Any], book: Book, definitions: Definitions
) -> None:
    asked = Asked(book, "块", TOP, Period.parse("2020"))
    told = {
        (s.indicator, s.basis): shown(text)
        for text, s in steps(topic, "rows")
        if s.indicator.startswith("CON-01")
    }
    kinds = {code.partition("=")[2] for code, _ in told}
    assert kinds == KINDS
    for kind in KINDS:
        of = valid(asked, is_in("contract_kind", kind))
        count = asked.standing_sum("CON-01", of)
        workers = asked.standing_sum("CON-01", of, "workers")
        assert told[f"CON-01:rows:contract_kind={kind}", "报表合计"] == Decimal(str(count))
        assert told[f"CON-01:workers:contract_kind={kind}", "报表合计"] == Decimal(str(workers))


def test_quotas_and_checks(topic: dict[str, Any], book: Book) -> None:
    asked = Asked(book, "块", TOP, Period.parse("2020"))
    things = asked.things("CON-02", "checked_on")
    told = {s.indicator: shown(text) for text, s in steps(topic, "rows")}
    for column in ("quota_products", "clauses", "breaches", "fixed"):
        assert told[f"CON-02:{column}"] == Decimal(str(int(things[column].sum()))), column


def test_counts_of_rows_walk_to_their_cells(topic: dict[str, Any]) -> None:
    walked = steps(topic, "rows")
    assert len(walked) > 20
    for text, step in walked:
        adds = [c.adds for c in step.cells if c.adds is not None]
        assert sum(adds, Decimal(0)) == shown(text), step.indicator
        if step.basis == "报表合计":
            assert sum((p.value or Decimal(0) for p in step.parts), Decimal(0)) == shown(text)
    whole = next(s for _, s in walked if s.basis == "报表合计" and s.parts)
    part = next(p for p in whole.parts if p.address)
    assert flow.walk(topic["reference"], part.address).value == part.value


@pytest.mark.parametrize(
    "code", ["CON-02:rows/报表合计", "CON-01:rows/报表合计", "CON-02:clauses/本单位报表"]
)
def test_a_count_that_is_not_printed_is_not_told(topic: dict[str, Any], code: str) -> None:
    with pytest.raises(LookupError, match="没有引用"):
        flow.walk(topic["reference"], f"块/{TOP}/2020/{code}")


@pytest.mark.parametrize("code", ["SKILL-03:rows:name=甲", "AID-01:rows", "AID-02:persons"])
def test_no_count_is_of_persons_or_of_few(
    topic: dict[str, Any], monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """Not even where an edition printed it."""
    monkeypatch.setattr(walking, "require_printed", lambda at, number: None)
    with pytest.raises(LookupError, match="不公布"):
        flow.walk(topic["reference"], f"块/{TOP}/2020/{code}/报表合计")


def test_committees_are_the_rows_of_the_industries(
    topic: dict[str, Any], sent: list[Sending]
) -> None:
    listed = {r["产业（行业）工会"]: r for r in sheet(topic, "班子和委员会")}
    for unit in TRADES:
        rows = [r for label, r in rows_of(sent, "CADRE-05", unit) if label == "2020"]
        if not rows:
            assert f"{unit}工会" not in listed
            continue
        told = listed[f"{unit}工会"]
        assert told["委员数"] == rows[-1]["committee"]
        assert told["主席办公会"] == rows[-1]["chair_meetings"]


def test_filings_are_counted_along_the_industry_line(topic: dict[str, Any]) -> None:
    rows = sheet(topic, "报送情况")
    whole = next(r for r in rows if r["统计线"] == "合计")
    below = [r for r in rows if r["统计线"] == "产业（条）"]
    assert {r["单位"] for r in below} == {*(f"{t}工会" for t in TRADES), "未纳入产业"}
    assert sum(r["应报（份）"] for r in below) == whole["应报（份）"]
    assert sum(r["实报（份）"] for r in below) == whole["实报（份）"]
    seen = 0
    for reference, number, text in links(topic)[30:56]:
        step = flow.walk(reference, number)
        if step.source == "coverage" and step.basis == "份数" and step.line == "条":
            assert len(step.cells) == shown(text)
            seen += 1
    assert seen >= 3


def test_a_county_is_told_by_the_industries_of_its_unions(sent: list[Sending], book: Book) -> None:
    made = published("R-10", "2020Q4", COUNTIES[1])
    rows = {r["产业（行业）"]: r for r in sheet(made, "分产业")}
    assert len(rows) >= 2
    asked = Asked(book, "块", COUNTIES[1], Period.parse("2020Q4"))
    whole = FORMULAS["I-ORG-04"](asked)
    assert sum(r["会员人数（人）"] or 0 for r in rows.values()) == whole
    assert "按各工会的产业上级归类" in words(made)
    printed = [
        flow.walk(ref, n) for ref, n, text in links(made)[:26] if text.replace(",", "").isdigit()
    ]
    branches = [s for s in printed if s.basis.endswith("合计") and s.source == "indicator"]
    assert branches
    for step in branches:
        assert sum((p.value or Decimal(0) for p in step.parts), Decimal(0)) in (step.value, 0)


def test_what_was_not_yet_asked_for_is_said(sent: list[Sending]) -> None:
    text = words(published("R-10", "2018Q1", TOP))
    assert "自2019年起报送" in text
    assert "暂无可汇总的数据" in text


def test_a_first_year_has_no_comparison(topic: dict[str, Any]) -> None:
    rows = [r for r in sheet(topic, "分产业指标") if r["指标代码"] == "I-SKILL-02"]
    assert rows
    assert all(r["上年"] is None for r in rows)
    trained = words(topic).partition("培训方面，")[2].partition("。")[0]
    assert "培训职工" in trained
    assert "比上年" not in trained


def test_a_union_without_industry_or_data(sent: list[Sending]) -> None:
    made = published("R-10", "2020Q4", GRASSROOTS[0])
    assert made["numbers"] > 0
    assert "未纳入产业（行业）工会" not in words(made)


def test_topics_come_out_again_byte_for_byte(sent: list[Sending]) -> None:
    made = published("R-10", "2020Q4", COUNTIES[1])
    again = flow.reproduce(made["publication"])
    assert again.equal, [f.name for f in again.files if not f.equal]


def test_its_indicators_are_known_and_about_no_few_people(definitions: Definitions) -> None:

    codes = set(told_codes())
    assert codes <= definitions.indicators.keys()
    # branches of a county are added up anew, and nobody decides what of them is withheld
    assert not codes & set(sensitive(definitions, Period.parse("2020").end).codes)


def test_three_hundred_industries_with_odd_names() -> None:
    known = publish_figures.definitions()
    figures = replace(publish_figures.month(), children={"块": (), "条": ()})
    name = "=1+1𬭎䶮" + "联合工会" * 12
    branches = [
        Branch(
            f"{name}{n}",
            (f"U{n}",),
            {"I-SKILL-02": (Figure("I-SKILL-02", f"U{n}", "2017-03", "块", Decimal(n)),)},
        )
        for n in range(1, 301)
    ]
    made = industry_topic(figures, IndustryTopic(branches=branches), known)
    files = dict(made.files)
    document = docx.Document(io.BytesIO(next(b for f, b in files.items() if f.endswith(".docx"))))
    lengths = [len(t.rows) for t in document.tables]
    assert max(lengths) <= 20
    annex = next(b for f, b in files.items() if f.endswith(".xlsx"))
    listed = list(openpyxl.load_workbook(io.BytesIO(annex))["分产业"].values)[3:]
    assert len(listed) == 300
    assert listed[0][0] == f"{name}1"
    assert sum(row[2] for row in listed) == 300 * 301 // 2
    again = dict(industry_topic(figures, IndustryTopic(branches=branches), known).files)
    assert again == files
