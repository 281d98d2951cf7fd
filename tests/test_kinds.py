"""Tables of the review by kind: counted like indicators, walked, and silent about few people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import docx
import openpyxl
import pytest
from sqlalchemy import text

from definitions import Period
from pipelines import flow
from pipelines.consolidate import consolidate, figures_of
from pipelines.figures import BLOCK
from pipelines.flow.ground import moment
from pipelines.flow.kinds import kinds_reported, with_kinds
from pipelines.flow.reproducing import reproduce
from pipelines.flow.walking import walk
from pipelines.publish.kinds import TABLES, counts, kinds_of
from tests.two_unions import CITY, FEDERATION, MINE, OPENED, definitions, file
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.organisations import register

AT = "2020-07-01T09:00:00"
HELD = ("在档困难职工类别", "在档困难职工主要致困原因", "帮扶救助类别", "帮扶救助资金来源")


def site(number: int, tier: str, **more: object) -> dict[str, object]:
    return {"site_id": f"S{number}", "site_name": f"阵地{number}", "site_tier": tier,
            "open_date": date(2018, 1, 1), "area": 100.0, "served": 10, "status": "在用",
            **more}  # fmt: skip


def relief(kind: str, persons: int) -> dict[str, object]:
    return {"aid_kind": kind, "households": persons, "persons": persons, "amount": 1000.0 * persons,
            "fund_central": 600.0 * persons, "fund_own": 400.0 * persons,
            "cum_households": persons, "cum_amount": 1000.0 * persons}  # fmt: skip


def filled(few: int) -> None:
    """Two unions with sites, contracts and relief; `few` persons were helped to study."""
    with warehouse().begin() as c:
        register_definitions(c, definitions(), OPENED)
        register(c, FEDERATION, OPENED)
        for y in range(2018, 2022):
            ensure_partitions(c, y)
        file(c, "HOME-01", "2018Q4", site(1, "暖心驿站"))
        file(c, "HOME-01", "2019Q4", site(1, "暖心驿站"), site(2, "职工小家", served=25),
             site(3, "暖心驿站", status="停用"))  # fmt: skip
        file(c, "HOME-01", "2019Q4", site(4, "暖心驿站"), by=MINE)
        contract = {"signed_on": date(2019, 1, 1), "valid_to": date(2021, 12, 31), "workers": 40,
                    "enterprises": 1, "scope": "企业"}  # fmt: skip
        file(c, "CON-01", "2019Q4",
             contract | {"contract_id": "C1", "contract_kind": "集体合同"},
             contract | {"contract_id": "C2", "contract_kind": "工资专项集体合同"})  # fmt: skip
        file(c, "FIN-04", "2019",
             {"subject": "402", "budget": 900.0, "final": 1000.0},
             {"subject": "501", "budget": 800.0, "final": 700.0},
             {"subject": "50101", "budget": 500.0, "final": 400.0})  # fmt: skip
        file(c, "AID-02", "2019-03", relief("生活救助", 20), relief("助学救助", few))
        file(c, "AID-02", "2019-03", relief("生活救助", 15), by=MINE)


def reviewed() -> tuple[int, dict[str, list[list[str]]], Path]:
    """The draft of the year, its tables by caption, and its annex."""
    draft = flow.prepare_review(2019, AT)
    files = {Path(f).suffix: Path(f) for f in draft["files"] if Path(f).name.startswith("T工会")}
    made = docx.Document(str(files[".docx"]))
    titles = [p.text.split("　", 1)[1] for p in made.paragraphs if p.style.name == "Caption"
              and p.text.startswith("表")]  # fmt: skip
    told = [[[c.text for c in r.cells] for r in t.rows] for t in made.tables]
    found = {title: rows for title, rows in zip(titles, told[-len(titles) :], strict=True)}
    return int(draft["publication"]), found, files[".xlsx"]


@pytest.fixture
def home(warehouse_home: Path) -> Iterator[Path]:
    yield warehouse_home


def test_sites_and_contracts_are_told_by_kind_and_walk(home: Path) -> None:
    filled(few=6)
    number, tables, annex = reviewed()
    assert tables["各类型服务阵地"][1:] == [
        ["职工小家", "1", "0", "—", "100", "25"],
        ["暖心驿站", "2", "1", "增长100.0%", "200", "30"],
        ["合计", "3", "1", "增长200.0%", "300", "55"],
    ]
    assert tables["各种集体合同"][1:] == [
        ["集体合同", "1", "1", "40"], ["工资专项集体合同", "1", "1", "40"],
    ]  # fmt: skip
    assert tables["帮扶救助类别"][1:] == [
        ["生活救助", "35", "35,000"], ["助学救助", "6", "6,000"], ["合计", "41", "41,000"],
    ]  # fmt: skip
    assert tables["帮扶救助资金来源"][-1] == ["合计", "41,000"]
    assert tables["经费收入决算"][1:] == [["拨缴经费收入", "1,000", "900"]]
    assert tables["经费支出决算"][1:] == [["职工活动支出", "700", "800"]]
    with warehouse().connect() as c:
        numbers = c.execute(
            text(
                "SELECT ordinal, value, basis FROM publication_number WHERE publication_id = :p "
                "AND indicator LIKE 'I-R01-%' ORDER BY ordinal"
            ),
            {"p": number},
        ).all()
    plain = [n for n in numbers if not n.basis.startswith("比")]
    assert len(plain) > 20
    assert [walk(number, n.ordinal).value for n in plain] == [n.value for n in plain]
    sheet = openpyxl.load_workbook(annex)["分类情况"]
    assert ("R02", "各类型服务阵地", "暖心驿站", "在用阵地", "个", 2, 1) in list(sheet.values)
    assert all(f.equal for f in reproduce(number).files)


def test_the_improvement_of_a_value_walks_to_the_figures_it_is_the_mean_of(home: Path) -> None:
    filled(few=6)
    number, tables, _ = reviewed()
    assert tables["价值改善度与目标实现度"][0] == ["价值维度", "改善度（比上年，%）"]
    with warehouse().connect() as c:
        told = c.execute(
            text(
                "SELECT ordinal, value FROM publication_number WHERE publication_id = :p "
                "AND indicator LIKE 'I-VAL-%' ORDER BY ordinal"
            ),
            {"p": number},
        ).all()
    assert told
    for one in told:
        step = walk(number, one.ordinal)
        degrees = [p.value for p in step.parts if p.value is not None]
        assert len(degrees) == len(step.parts) > 0
        assert abs(sum(degrees) / len(degrees) - one.value) < Decimal("0.000001")
        assert any(walk(number, p.address).cells for p in step.parts)


def test_a_kind_of_few_people_keeps_the_whole_form_out(home: Path) -> None:
    filled(few=2)
    _, tables, annex = reviewed()
    assert "各类型服务阵地" in tables
    assert not set(HELD) & set(tables)
    told = {r[1] for r in openpyxl.load_workbook(annex)["分类情况"].values}
    assert not set(HELD) & told


def test_no_unit_but_the_federation_tells_of_people_by_kind(home: Path) -> None:
    filled(few=6)
    known, period, at = definitions(), Period.parse("2019"), moment(AT)
    with warehouse().begin() as c:
        computation = consolidate(c, known, period, at, at)
        figures = figures_of(c, known, computation, CITY)
        found = kinds_reported(c, known, period, at)
        c.rollback()
    codes = {
        top: {code for _, _, _, code in with_kinds(known, figures, found, top=top).values}
        for top in (True, False)
    }
    assert {c for c in codes[True] if c.startswith("I-R01-T13")}
    assert not {c for c in codes[False] if c.startswith(("I-R01-T12", "I-R01-T13"))}
    assert {c for c in codes[False] if c.startswith("I-R01-T05")}
    whole = with_kinds(known, figures, found, top=True)
    totals = {"I-R01-T05-服务职工-合计": "I-HOME-04", "I-R01-T13-救助金额-合计": "I-AID-06"}
    for own, indicator in totals.items():
        told, catalogue = whole.get(own, line=BLOCK), whole.get(indicator, line=BLOCK)
        assert told is not None and catalogue is not None
        assert told.value == catalogue.value and told.value


def test_every_table_names_a_form_with_its_columns() -> None:
    known = definitions()
    made = counts(known)
    assert len({t.code for t in TABLES}) == len(TABLES)
    for table in TABLES:
        assert kinds_of(known, table)
        assert any(c.startswith(f"I-R01-{table.code}-") for c in made)
