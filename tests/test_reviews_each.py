"""R-01 of each: a county with its own letter and findings, an industry union along its own line."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest

from definitions.catalogue import Definitions
from pipelines import flow
from tests.acceptance import query
from tests.every_form import AT, install, shown, words
from tests.independent.seeded import COUNTIES, GRASSROOTS, TRADES, Sending

FORMS = ("ORG-01", "ORG-02", "FIN-01", "SKILL-01", "AID-02", "TGT-01", "TGT-02", "NARR-01")


@pytest.fixture(scope="module")
def sent(module_home: Path, definitions: Definitions) -> Iterator[list[Sending]]:
    """What the federation sent."""
    yield install(definitions, FORMS)


@pytest.fixture(scope="module")
def draft(sent: list[Sending]) -> dict[str, Any]:
    """The drafted reviews of 2020, and what their signer is told."""
    return flow.prepare_review(2020, AT)


def kept(unit: str) -> Any:
    """The kept review of a unit."""
    (row,) = query(
        "SELECT p.id, p.reference, p.title FROM publication p JOIN organisation o "
        "ON o.id = p.org_id WHERE o.code = :unit AND p.kind = 'R-01 年终总结'",
        unit=unit,
    )
    return row


def made(draft: dict[str, Any], unit: str) -> dict[str, Any]:
    """Files of a unit's review, as the helpers for reports read them."""
    one = kept(unit)
    files = [f for f in draft["files"] if Path(f).name.startswith(one.title)]
    return {"publication": one.id, "reference": one.reference, "files": files}


def sheet(review: dict[str, Any], name: str) -> list[dict[str, Any]]:
    path = next(Path(f) for f in review["files"] if f.endswith(".xlsx"))
    values = list(openpyxl.load_workbook(io.BytesIO(path.read_bytes()))[name].values)
    return [dict(zip(map(str, values[2]), row, strict=True)) for row in values[3:]]


def numbers(unit: str, *sources: str) -> list[Any]:
    return query(
        "SELECT ordinal, source, printed, basis, value, line, indicator "
        "FROM publication_number n "
        "WHERE publication_id = :number AND source = ANY(:sources) ORDER BY ordinal",
        number=kept(unit).id,
        sources=list(sources),
    )


def test_the_signer_is_told_how_many_reviews_there_are(draft: dict[str, Any]) -> None:
    count = query("SELECT count(*) AS n FROM publication WHERE kind = 'R-01 年终总结'")[0].n
    assert count == 1 + len(COUNTIES) + len(TRADES)
    told = f"另有 {len(COUNTIES)} 个下级总工会和 {len(TRADES)} 个产业（系统）工会的年终总结"
    assert draft["summary"].endswith(f"{told}一并送签。")


@pytest.mark.parametrize("unit", TRADES)
def test_an_industry_union_is_reviewed_along_its_line(draft: dict[str, Any], unit: str) -> None:
    review = made(draft, unit)
    text = words(review)
    assert "按产业（条）线隶属关系汇总" in text
    assert "条块两线合计核对" not in text
    rows = [r for r in sheet(review, "R06 劳动竞赛与技能人才") if r["指标"] == "培训人次"]
    (whole,) = [r for r in rows if r["统计线"] == "合计"]
    below = [r for r in rows if r["统计线"] == "产业（条）"]
    assert len(below) == len(rows) - 1 > 0
    (value,) = query(
        "SELECT value FROM indicator_value v JOIN organisation o ON o.id = v.org_id "
        "WHERE o.code = :code AND v.line = 2 AND v.period = '2020' AND basis = 'reported' "
        "AND v.indicator = 'I-SKILL-02' ORDER BY computation_id DESC LIMIT 1",
        code=unit,
    )
    assert whole["本年"] == value.value
    months = [whole[f"{m}月"] for m in range(1, 13)]
    assert sum(m for m in months if m is not None) == whole["本年"]
    filed = sheet(review, "报送情况")
    assert {r["统计线"] for r in filed} == {"合计", "产业（条）"}
    along = [n for n in numbers(unit, "indicator", "coverage") if n.basis != "目标"]
    assert [(n.printed, n.indicator, n.basis) for n in along if n.line != 2] == []


@pytest.mark.parametrize("unit", [*COUNTIES, *TRADES])
def test_numbers_of_each_review_walk(draft: dict[str, Any], unit: str) -> None:
    reference = made(draft, unit)["reference"]
    found = numbers(unit, "coverage", "finding", "letters")
    assert found
    # every kind of number, and a third of all: walking each takes a minute for six units
    kinds = {(n.source, n.basis): n for n in found}
    for n in (*kinds.values(), *found[::3]):
        step = flow.walk(reference, n.ordinal)
        if n.basis in ("份数", "处数", "下达任务", "完成任务"):
            held = step.parts if n.source == "letters" else step.cells
            assert len(held) == shown(n.printed), (n.printed, n.basis, n.indicator)
        if n.basis == "单位数":
            assert len({c.unit for c in step.cells}) == shown(n.printed)
    figures = [
        n
        for n in numbers(unit, "indicator")
        if n.basis == "本期" and not n.indicator.startswith("I-DQ")
    ]
    for n in figures[:: max(1, len(figures) // 8)]:
        step = flow.walk(reference, n.ordinal)
        assert step.cells or step.parts, n.printed
        if step.by_unit and step.rule == "各单位相加":
            assert sum((p.value or Decimal(0) for p in step.by_unit), Decimal(0)) == n.value


@pytest.mark.parametrize("unit", [COUNTIES[0], COUNTIES[2], TRADES[0], TRADES[2]])
def test_each_comes_out_again_byte_for_byte(draft: dict[str, Any], unit: str) -> None:
    again = flow.reproduce(kept(unit).id)
    assert again.equal, [f.name for f in again.files if not f.equal]


def test_each_has_the_board_of_its_own_letter(draft: dict[str, Any], sent: list[Sending]) -> None:
    signed = {
        (s.reporter, r["task_id"])
        for s in sent
        if s.state != "returned" and s.reporter not in GRASSROOTS
        for r in s.forms.get("TGT-01", ())
        if r["period"] == "2020"
    }
    for unit in (*COUNTIES, *TRADES):
        due = {
            n.value
            for n in numbers(unit, "letters")
            if (n.indicator, n.basis) == ("WORKS", "下达任务")
        }
        assert due == {len({t for u, t in signed if u == unit})}


@pytest.fixture(scope="module")
def short(draft: dict[str, Any]) -> dict[str, Any]:
    """The review of one grassroots union."""
    return flow.publish_report("R-01", "2020", AT, GRASSROOTS[1])


def test_a_grassroots_union_has_its_own_in_short_form(short: dict[str, Any]) -> None:
    text = words(short)
    assert "工作开展情况" in text
    assert "问题与下年打算" in text
    assert "分单位情况" not in text
    assert flow.reproduce(short["publication"]).equal
    ((_, content),) = flow.edition_pdf(short["publication"])
    with pypdfium2.PdfDocument(content) as opened:
        assert len(opened) <= 3


def test_numbers_of_the_short_form_walk_to_its_own_cells(short: dict[str, Any]) -> None:
    found = query(
        "SELECT ordinal, printed, value FROM publication_number WHERE publication_id = :number "
        "AND source = 'indicator' AND basis = '本期' AND indicator NOT LIKE 'I-DQ%' ORDER BY 1",
        number=short["publication"],
    )
    assert len(found) > 10
    for n in found[:: max(1, len(found) // 10)]:
        step = flow.walk(short["reference"], n.ordinal)
        assert {c.unit for c in step.cells} <= {GRASSROOTS[1]}
        assert step.cells or step.parts, n.printed


def test_who_has_unions_below_has_no_short_form(draft: dict[str, Any]) -> None:
    for unit in (COUNTIES[0], TRADES[0], None):
        with pytest.raises(LookupError, match="不出简式"):
            flow.publish_report("R-01", "2020", AT, unit)
    with pytest.raises(LookupError, match="按年编写"):
        flow.publish_report("R-01", "2020-12", AT, GRASSROOTS[1])
