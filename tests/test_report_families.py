"""R-04 and the other reports of a unit and period: they say what the warehouse says, and walk."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from definitions.catalogue import Definitions
from pipelines import flow
from tests.acceptance import query
from tests.published import AT, LATER, Published, hand_in, publish

LINK = re.compile(r'<a class="n" id="[^"]+" href="/numbers/([^/"]+)/(\d+)"[^>]*>([^<]+)</a>')
DIGITS = re.compile(r"-?[\d,]+(?:\.\d+)?")


@pytest.fixture(scope="module")
def published(module_home: Path, definitions: Definitions) -> Iterator[Published]:
    """The shared federation."""
    yield publish(definitions, module_home.parent / "report-files", reviewed=False)


def links(files: list[str]) -> list[tuple[str, int, str]]:
    page = next(Path(f) for f in files if f.endswith(".html")).read_text(encoding="utf-8")
    return [(ref, int(n), html.unescape(told)) for ref, n, told in LINK.findall(page)]


def sheet(files: list[str], name: str) -> list[dict[str, object]]:
    path = next(Path(f) for f in files if f.endswith(".xlsx"))
    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()))
    values = [r for r in book[name].iter_rows(values_only=True)]
    at = next(i for i, r in enumerate(values) if sum(v is not None for v in r) > 2)
    return [dict(zip(map(str, values[at]), r, strict=True)) for r in values[at + 1 :]]


def spoiled(published: Published) -> int:
    """June once more with more members than workers, long after the lock; how many rows."""
    rows = [dict(r) for r in published.rows["ORG-02", "2017-06"]]
    rows = [r for r in rows if r["members_total"] is not None]
    for row in rows:
        row["members_total"] = (row["workers_total"] or 0) + 1000
    hand_in(
        published.definitions, published.folder, {("ORG-02", "2017-06"): rows}, "错",
        datetime.fromisoformat("2018-02-01T09:00:00+08:00"),
    )  # fmt: skip
    return len(rows)


def test_r04_counts_what_was_found_and_walks_to_the_cells(published: Published) -> None:
    assert spoiled(published) > 0
    made = flow.publish_report("R-04", "2017-06", LATER)
    counted = {r["规则"]: r for r in sheet(made["files"], "审核问题")}
    kept = {
        r.rule: (r.places, r.units)
        for r in query(
            "SELECT f.rule, count(DISTINCT concat_ws('|', s.reporter_id, f.form, f.sheet, f.cell))"
            " AS places, count(DISTINCT s.reporter_id) AS units FROM finding f "
            "JOIN submission s ON s.id = f.submission_id WHERE f.severity <> '提示' "
            "AND coalesce(f.period, s.period) = '2017-06' GROUP BY 1"
        )
    }
    assert kept
    assert {r: (c["处数"], c["涉及单位（家）"]) for r, c in counted.items()} == kept
    for row in counted.values():
        parts = [row[k] for k in ("已更正", "已说明", "待处理")]
        assert sum(p for p in parts if isinstance(p, int)) == row["处数"]
    found = links(made["files"])
    assert len(found) == made["numbers"] > 40
    bases = set()
    for reference, number, text in found:
        step = flow.walk(reference, number)
        bases.add((step.source, step.basis))
        shown = DIGITS.search(text)
        assert shown is not None
        value = abs(Decimal(shown.group().replace(",", "")))
        if step.source == "finding" and step.basis == "单位数":
            assert len({c.unit for c in step.cells}) == value
        elif step.source == "finding" or (step.source == "coverage" and step.basis == "份数"):
            assert sum((p.value or Decimal(0)) for p in step.parts) == value == len(step.cells)
        elif step.source == "coverage":
            top, bottom = (flow.walk(reference, p.address) for p in step.parts)
            assert round(Decimal(len(top.cells)) / len(bottom.cells) * 100, 1) == value
    assert {("finding", "处数"), ("finding", "单位数"), ("coverage", "占比")} <= bases


def test_reports_come_out_again_byte_for_byte(published: Published) -> None:
    editions = query("SELECT id, kind FROM publication WHERE kind LIKE 'R-04%'")
    assert editions
    for edition in editions:
        again = flow.reproduce(edition.id)
        assert again.equal, (edition.kind, [f.name for f in again.files if not f.equal])


def test_an_unknown_report_is_said_to_be_unknown(published: Published) -> None:
    with pytest.raises(LookupError, match="R-99"):
        flow.publish_report("R-99", "2017", AT)


def test_an_address_of_nothing_is_said_to_be_none(published: Published) -> None:
    one = query("SELECT p.id, o.code FROM publication p JOIN organisation o ON o.id = p.org_id")[0]
    for address, said in (("2017/NOPE", "没有“NOPE”"), ("2017-13/missing", "不是所属期")):
        with pytest.raises(LookupError, match=said):
            flow.walk(one.id, f"块/{one.code}/{address}")
