"""A form that counts from October to September, from its opening to last year's comparison."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from definitions import load_definitions
from definitions.catalogue import Definitions
from definitions.loading import HERE
from definitions.periods import Period
from pipelines import flow
from pipelines.consolidate import consolidate, figures_of
from pipelines.flow import ground
from pipelines.flow.ground import CHINA, engine
from pipelines.places import places
from samples.registry import registry
from samples.writing import Book, FilledForm, workbook_bytes
from tests.acceptance import (
    SPRING,
    Outcome,
    hand_in,
    outcome_of,
    process_waiting,
    query,
    save,
    write_registry,
)
from tests.statistical import CODE, SURVEY

INDICATORS = """
- {code: I-SURV-01, name: 调查会员人数, unit: 人, aggregate: latest, authority: 测试,
   definition: 调查会员人数之和, numerator: [{form: ORG-97, sum: survey_members, take: latest}]}
- {code: I-SURV-02, name: 统计年度内入会人数, unit: 人, aggregate: sum, authority: 测试,
   definition: 入会人数之和, numerator: [{form: ORG-97, sum: survey_joined}]}
"""
COUNTY, TOP = "640121Z00001", "110000Z90001"
UNIONS = [u.code for u in registry().family("yongning")[:3]]


@pytest.fixture(scope="module")
def known(module_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Definitions]:
    """The checkout's definitions with the survey and two indicators on it."""
    root = tmp_path_factory.mktemp("root") / "definitions"
    shutil.copytree(HERE, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (root / f"forms/{CODE}.yaml").write_text(SURVEY, encoding="utf-8")
    (root / "indicators/SURV.yaml").write_text(INDICATORS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ground, "load_definitions", lambda: load_definitions(root))
        ground.forget_definitions()
        yield ground.definitions()
    ground.forget_definitions()


def row(code: str, members: int, joined: int) -> dict[str, Any]:
    return {"org_code": code, "survey_members": members, "survey_joined": joined}


def send(known: Definitions, folder: Path, cover: str, at: str, *rows: dict[str, Any]) -> Outcome:
    """The survey in a workbook whose cover names a period, handed in and processed."""
    org = registry().org(COUNTY)
    filled = FilledForm(known.newest(CODE), list(rows))
    book = Book(org.code, org.name, Period.parse(cover), date.fromisoformat(at[:10]), [filled])
    data = workbook_bytes(book, "plain", known)
    path = save(folder / at[:10], f"{cover}.xlsx", data)
    hand_in([path], COUNTY, at)
    process_waiting(at)
    return outcome_of(path)


@pytest.fixture(scope="module")
def story(known: Definitions, module_home: Path) -> dict[str, Any]:
    """The statistical years 2017 and 2018, each opened with September and closed in November."""
    folder = module_home.parent / "survey"
    flow.register_organisations(
        str(write_registry(module_home.parent / "units.yaml", UNIONS)), SPRING
    )
    told: dict[str, Any] = {}
    a, b, c = UNIONS
    flow.open_period("2017-09", "2017-09-25T09:00:00")
    told["first"] = send(known, folder, "2017-09", "2017-10-20T09:00:00",
                         row(a, 100, 10), row(b, 200, 20), row(c, 300, 30))  # fmt: skip
    flow.close_period("2017-09", "2017-10-31T09:00:00")
    flow.open_period("2017-12", "2017-12-25T09:00:00")
    told["opened"] = flow.open_period("2018-09", "2018-09-25T09:00:00")
    told["due day"] = send(known, folder, "2018S", "2018-10-22T20:00:00",
                           row(a, 99, 9), row(b, 222, 22), row(c, 333, 33))  # fmt: skip
    told["day after"] = send(known, folder, "2018S", "2018-10-23T09:00:00",
                             row(a, 111, 9), row(b, 222, 22), row(c, 333, 33))  # fmt: skip
    told["closed"] = flow.close_period("2018-09", "2018-10-31T09:00:00")
    told["after lock"] = send(known, folder, "2018S", "2018-11-01T09:00:00", row(a, 150, 9))
    return told


def test_its_window_opens_with_september(known: Definitions, story: dict[str, Any]) -> None:
    rows = query("SELECT period, opened_with, due_on, lock_on FROM form_window WHERE form = :f "
                 "ORDER BY period", f=CODE)  # fmt: skip
    assert [tuple(r) for r in rows] == [
        ("2017S", "2017-09", date(2017, 10, 23), date(2017, 10, 30)),  # the 22nd was a Sunday
        ("2018S", "2018-09", date(2018, 10, 22), date(2018, 10, 30)),
    ]
    assert story["opened"]["expected"]["2018S"] == len(UNIONS)
    assert "2018S" not in {r.label for r in query("SELECT label FROM period WHERE ends < :d",
                                                  d=date(2018, 9, 30))}  # fmt: skip


def test_its_sheet_lies_in_septembers_workbook_with_last_years_stocks(
    known: Definitions, story: dict[str, Any]
) -> None:
    del story
    book = openpyxl.load_workbook(places().templates / "2018-09" / f"{COUNTY}.xlsx")
    (sheet,) = [s for s in book.worksheets if s.title.startswith(CODE)]
    text = {str(c.value) for r in sheet.iter_rows() for c in r if c.value is not None}
    assert any("2018-10-22" in t for t in text)
    values = {c.value for r in sheet.iter_rows() for c in r}
    assert {100, 200, 300} <= values  # what stood in 2017S
    december = openpyxl.load_workbook(places().templates / "2017-12" / f"{COUNTY}.xlsx")
    assert not [s for s in december.sheetnames if s.startswith(CODE)]


def test_both_sides_of_its_due_day_and_lock(story: dict[str, Any]) -> None:
    assert story["first"].state == "accepted"
    assert story["due day"].state == "accepted"
    assert (story["day after"].state, story["day after"].places) == (
        "explain", [("V-T-002", "")],
    )  # fmt: skip
    assert story["after lock"].state == "returned"


def test_last_year_is_the_statistical_year_before(story: dict[str, Any]) -> None:
    """99 members now, 100 in 2017S: the rule speaks; the others grew."""
    (found,) = [f for f in story["due day"].findings if f.rule == "V-R-997"]
    assert found.message == "会员 99 人，上一统计年度 100 人"


def test_its_figures_are_compared_with_the_statistical_year_before(
    known: Definitions, story: dict[str, Any]
) -> None:
    del story
    cutoff = datetime(2018, 10, 31, 9, tzinfo=CHINA)
    with engine().begin() as connection:
        number = consolidate(connection, known, Period.parse("2018S"), cutoff, cutoff)
        figures = figures_of(connection, known, number, TOP)
    stock, flow_ = figures.get("I-SURV-01"), figures.get("I-SURV-02")
    assert stock is not None
    assert flow_ is not None
    assert (stock.value, stock.last_year) == (Decimal(99 + 222 + 333), Decimal(100 + 200 + 300))
    assert (flow_.value, flow_.last_year) == (Decimal(9 + 22 + 33), Decimal(10 + 20 + 30))
    assert flow_.previous is None  # the year before is last year, told once
    assert (flow_.reported, flow_.expected) == (3, 3)
    # The twelve months of the statistical year, and what was filed stands in the last of them.
    months = figures.months("I-SURV-02")
    assert [m.label for m, _ in months][0::11] == ["2017-10", "2018-09"]
    assert [f.value for _, f in months if f is not None and f.value is not None] == [64]


def test_it_is_published_with_september(story: dict[str, Any]) -> None:
    files = [f for f in story["closed"]["files"] if CODE in f]
    assert files
    assert all("2018S" in f for f in files)
