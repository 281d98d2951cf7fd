"""A whole year through the flow: the reviews print what the five articles print, and why."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import text

from definitions import Period, load_definitions
from pipelines import flow
from pipelines.consolidate import consolidate, figures_of
from pipelines.flow.collecting import waiting_chunks
from pipelines.flow.ground import CHINA, engine
from pipelines.inbox import HandIn, take
from pipelines.places import places
from samples import build
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions
from warehouse.lineage import cells_behind
from warehouse.organisations import ids, open_periods, standing

AT = "2018-03-01T06:00:00+08:00"
YINCHUAN, SHIZUISHAN, QINGTONGXIA = "640100Z00001", "640200Z00001", "640381Z00001"
HIGH_TECH, FENGTAI, BEIJING_ZONE = "640202K00001", "110106Z00001", "110115K00001"
TOP = "110000Z90001"


@pytest.fixture(scope="module")
def year(module_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """2016 and 2017 collected as they arrived, 2017 assessed, the reviews drafted and signed."""
    known = load_definitions()
    folder = tmp_path_factory.mktemp("samples")
    made = sorted(build(folder, known), key=lambda h: h.at)
    opening = datetime(2015, 12, 31, tzinfo=CHINA)
    flow.register_organisations(str(folder / "organisations.yaml"), opening.isoformat())
    with engine().begin() as connection:
        register_definitions(connection, known, opening)
        for y in (2016, 2017, 2018):
            ensure_partitions(connection, y)
    months = [Period.parse(f"{y}-{m:02d}") for y in (2016, 2017) for m in range(1, 13)]
    arrivals = defaultdict(list)
    for handed in made:
        arrivals[handed.at.date()].append(handed)
    counts: dict[str, int] = defaultdict(int)
    days = sorted(arrivals)
    for month in months:
        with engine().begin() as connection:
            open_periods(
                connection, known, month, datetime(month.year, month.number, 25, tzinfo=CHINA)
            )
        cut = date(month.year + month.number // 12, month.number % 12 + 1, 25)
        due = [d for d in days if d < cut]
        days = [d for d in days if d >= cut]
        if month is months[-1]:
            due, days = due + days, []
        for day in due:
            _collect(arrivals[day], counts)
    assessed = flow.assess(2017, AT)
    draft = flow.prepare_review(2017, AT)
    signed = flow.publish_review(draft["publication"], "主席", "2018-03-02T09:00:00+08:00")
    return {"counts": dict(counts), "assessed": assessed, "draft": draft, "signed": signed}


def _collect(files, counts) -> None:
    for handed in files:
        take(engine(), places().originals, HandIn([handed.path], handed.sender), handed.at)
    for chunk in waiting_chunks():
        for state, n in flow.process(chunk, max(h.at for h in files).isoformat()).items():
            counts[state] += n


def figure(unit: str, indicator: str, line: str = "块", period: str = "2017"):
    known = load_definitions()
    with engine().begin() as connection:
        at = datetime.fromisoformat(AT)
        computation = consolidate(connection, known, Period.parse("2017"), at, at)
        return figures_of(connection, known, computation, unit).get(indicator, None, period, line)


ARTICLES = [
    # unit, indicator, figure printed in the article (or recomputed from two printed ones)
    (YINCHUAN, "I-SKILL-02", "300000"),
    (YINCHUAN, "I-SKILL-07", "120"),
    (YINCHUAN, "I-SKILL-09", "260000"),
    (YINCHUAN, "I-SKILL-10", "92.00"),
    (YINCHUAN, "I-SKILL-11", "37000"),
    (YINCHUAN, "I-SKILL-12", "3725"),
    (SHIZUISHAN, "I-WARM-01", "2602"),
    (SHIZUISHAN, "I-WARM-02", "1300000"),
    (HIGH_TECH, "I-SKILL-15", "278"),
    (HIGH_TECH, "I-SKILL-16", "278"),
    (HIGH_TECH, "I-SKILL-18", "156"),
    (QINGTONGXIA, "I-RIGHT-01", "836"),
    (QINGTONGXIA, "I-RIGHT-02", "83"),
    (QINGTONGXIA, "I-RIGHT-03", "16"),
    (QINGTONGXIA, "I-DEMO-03", "398"),
    (QINGTONGXIA, "I-DEMO-04", "91.96"),
    (QINGTONGXIA, "I-DEMO-08", "216"),
    (QINGTONGXIA, "I-RIGHT-09", "54560"),
    (QINGTONGXIA, "I-RIGHT-10", "98"),
    (FENGTAI, "I-ORG-13", "101"),
    (FENGTAI, "I-ORG-14", "68"),
    (FENGTAI, "I-ORG-15", "15632"),
    (FENGTAI, "I-HOME-02", "58"),
    (FENGTAI, "I-HOME-03", "900"),
]


@pytest.mark.parametrize(("unit", "indicator", "printed"), ARTICLES)
def test_the_warehouse_has_the_articles_figure(year, unit, indicator, printed):
    found = figure(unit, indicator)
    assert found is not None
    places_after = len(printed.partition(".")[2])
    assert round(found.value, places_after) == Decimal(printed)


def reviews() -> dict[str, str]:
    """Text of every published review page, by its file's name."""
    return {
        path.stem: re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]+>", " ", path.read_text())))
        for path in (places().published / "2017").glob("R-01*/*/*.html")
    }


PRINTED = [
    ("银川市总工会", ["300,000", "120", "260,000", "92.00%", "37,000", "3,725"]),
    ("石嘴山市总工会", ["2,602", "1,300,000", "650"]),
    ("石嘴山高新技术产业开发区总工会", ["156", "278", "278"]),
    ("青铜峡市总工会", ["836", "83", "16", "366", "398", "91.96%", "54,560", "98"]),
]


@pytest.mark.parametrize(("unit", "numbers"), PRINTED)
def test_the_review_prints_the_articles_figures(year, unit, numbers):
    (page,) = [t for name, t in reviews().items() if name.startswith(unit)]
    assert [n for n in numbers if n not in page] == []
    assert "NaN" not in page and "None" not in page


def test_650_unions_moved_and_no_total_changed_by_it(year):
    known = load_definitions()
    with engine().begin() as connection:
        moves = connection.execute(
            text(
                "SELECT count(*) FROM organisation_change WHERE change = '划转' AND line = 1 "
                "AND effective BETWEEN '2017-01-01' AND '2017-12-31'"
            )
        ).scalar()
        assert moves == 48 + 602
        at = datetime.fromisoformat(AT)
        before = {o.code: o for o in standing(connection, date(2017, 6, 30), at)}
        after = {o.code: o for o in standing(connection, date(2017, 12, 31), at)}
        changed = [c for c in before if before[c].block != after[c].block]
        assert len(changed) == 650
        computation = consolidate(connection, known, Period.parse("2017"), at, at)
        found = figures_of(connection, known, computation, SHIZUISHAN)
        below = {m: set(_below(connection, SHIZUISHAN, m)) for m in ("2017-06", "2017-07")}
        assert below["2017-06"] <= below["2017-07"]  # they moved inside the city, none left it
        for month, units in below.items():
            rows = connection.execute(
                text(
                    "SELECT sum(r.numbers[p.position + 1]) FROM filing f "
                    "JOIN filing_row r ON r.filing_id = f.id "
                    "JOIN form_column p ON p.form = f.form AND p.edition = f.edition "
                    "  AND p.code = 'members_total' "
                    "WHERE f.form = 'ORG-02' AND f.period = :m AND f.superseded_at IS NULL "
                    "AND r.org_id = ANY(:ids)"
                ),
                {"m": month, "ids": sorted(units)},
            ).scalar()
            assert found.get("I-ORG-04", None, month).value == rows


def test_r11_of_the_year_lists_the_650_and_its_sums_agree(year):
    # it refuses to be published where the sums along either day's parents, the plain sum and the
    # published figure differ
    told = flow.publish_transfers("2017", AT)
    assert told["changes"] > 650
    (lists,) = [f for f in told["files"] if f.endswith(".xlsx")]
    book = openpyxl.load_workbook(lists, read_only=True)
    moved = [
        row
        for row in book["变动清单"].iter_rows(min_row=4, values_only=True)
        if row[3] == "划转" and row[4] == "块"
    ]
    assert len(moved) == 48 + 602
    assert {row[14] for row in moved} == {0}
    zones = [r for r in book["户数平衡"].iter_rows(min_row=4, values_only=True) if r[4]]
    assert sum(r[4] for r in zones if r[1] != "合计") == 650
    assert {r[8] for r in book["户数平衡"].iter_rows(min_row=4, values_only=True)} == {0}


def _below(connection, code: str, month: str) -> list[int]:
    from warehouse.organisations import ancestors

    known = ids(connection)
    day = Period.parse(month).end
    return [known[c] for c, up in ancestors(connection, 1, day).items() if code in up]


def printed_of(kind: str, source: str, basis: str, code: str = "") -> tuple[int, int]:
    """Edition and number of the first number of that kind in the federation's newest edition."""
    with engine().connect() as connection:
        row = connection.execute(
            text(
                "SELECT p.id, n.ordinal FROM publication_number n "
                "JOIN publication p ON p.id = n.publication_id WHERE p.kind LIKE :kind "
                "AND p.title LIKE '示范总工会%' AND n.source = :source "
                "AND n.basis = :basis AND n.indicator LIKE :code "
                "ORDER BY p.id DESC, n.ordinal LIMIT 1"
            ),
            {"kind": f"{kind}%", "source": source, "basis": basis, "code": f"{code}%"},
        ).one()
    return row.id, row.ordinal


def _cells_below(reference: str, address: str) -> tuple:
    """The cells of the first step down that has any."""
    step = flow.walk(reference, address)
    if step.cells:
        return step.cells
    below = (_cells_below(reference, p.address) for p in step.parts if p.address)
    return next((cells for cells in below if cells), ())


def test_a_mark_walks_to_the_blocks_figures_and_cells_that_it_was_made_of(year):
    step = flow.walk(*printed_of("R-01", "assessment", "总分", "TRA-FED"))
    blocks = [p for p in step.parts if "权重" in p.label]
    weighted = sum(p.value * int(re.search(r"权重(\d+)%", p.label)[1]) for p in blocks) / 100
    rest = sum(p.value for p in step.parts if p not in blocks)
    assert round(weighted + rest, 2) == step.value
    targets = flow.walk(step.reference, next(p.address for p in blocks if "目标任务" in p.label))
    assert len(targets.parts) > 10
    marks = [p for p in targets.parts if p.address]
    mark = flow.walk(step.reference, marks[0].address)
    assert len(mark.parts) >= 2, (
        mark.parts
    )  # the target, which stands in the letter, and the figure
    for side in mark.parts[:2]:
        cells = _cells_below(step.reference, side.address)
        assert cells and all(c.sha256 and c.cells for c in cells), side
    ballots = flow.walk(step.reference, next(p.address for p in blocks if "群众评价" in p.label))
    assert {c.form for c in ballots.cells} == {"EVAL-01"}
    rank = flow.walk(*printed_of("R-01", "assessment", "名次", "TRA-FED"))
    totals = [p.value for p in rank.parts]
    assert rank.value == 1 and totals == sorted(totals, reverse=True)


def test_counts_of_units_tasks_and_moves_walk_to_each_of_them(year):
    graded = flow.walk(*printed_of("R-01", "assessment", "优秀家数"))
    assert len(graded.parts) == graded.value
    assert all("优秀" in p.label and p.address for p in graded.parts)
    due = flow.walk(*printed_of("R-01", "letters", "下达任务", "WORKS"))
    assert len(due.parts) == due.value > 100
    task = flow.walk(due.reference, due.parts[0].address)
    assert task.value == due.parts[0].value
    moved = flow.walk(*printed_of("R-01", "changes", "划转明细"))
    assert moved.value == len(moved.parts) == len(moved.cells) == 48 + 602
    assert {c.form for c in moved.cells} == {"ORG-03"}
    places = flow.walk(*printed_of("R-01", "finding", "处数", "审核问题"))
    assert places.value == len(places.cells) == sum(p.value for p in places.parts)


@pytest.mark.parametrize("basis", ["期末：", "划入：", "会员变动前隶属：", "职工变动后隶属："])
def test_every_number_of_r11_walks_to_the_unions_that_it_counts(year, basis):
    flow.publish_transfers("2017", AT)
    with engine().connect() as connection:
        row = connection.execute(
            text(
                "SELECT p.id, n.ordinal FROM publication_number n JOIN publication p "
                "ON p.id = n.publication_id WHERE p.kind LIKE 'R-11%' AND p.period = '2017' "
                "AND n.basis LIKE :basis ORDER BY n.value DESC LIMIT 1"
            ),
            {"basis": f"{basis}%"},
        ).one()
    step = flow.walk(row.id, row.ordinal)
    assert step.value > 0
    assert sum(p.value or 0 for p in step.parts) == step.value


def test_star_home_scores_86_in_2017_and_85_by_the_weights_of_2018(year):
    with engine().connect() as connection:
        totals = (
            connection.execute(
                text(
                    "SELECT u.total FROM assessment a "
                    "JOIN assessment_unit u ON u.assessment_id = a.id "
                    "WHERE a.scheme = 'SWH-2017' ORDER BY 1"
                )
            )
            .scalars()
            .all()
        )
    assert Decimal("86.00") in totals
    page = next(t for name, t in reviews().items() if name.startswith("示范总工会"))
    assert "86.00" in page
    assert "85.00" in page


def test_every_sample_ends_as_its_story_says(year):
    assert year["counts"]["accepted"] > 500
    with engine().connect() as connection:
        lost = connection.execute(
            text(
                "SELECT count(*) FROM receipt r WHERE state <> 'duplicate' AND NOT EXISTS "
                "(SELECT 1 FROM submission s WHERE s.receipt_id = r.id)"
            )
        ).scalar()
    assert lost == 0


def test_a_published_number_walks_back_to_its_cells(year):
    known = load_definitions()
    with engine().begin() as connection:
        row = connection.execute(
            text(
                "SELECT n.* FROM publication_number n "
                "JOIN publication p ON p.id = n.publication_id "
                "WHERE p.kind LIKE 'R-01%' AND n.indicator = 'I-RIGHT-09' AND n.unit = :u "
                "AND n.basis = '本期' LIMIT 1"
            ),
            {"u": QINGTONGXIA},
        ).one()
        cells = list(
            cells_behind(
                connection,
                known,
                row.indicator,
                ids(connection)[row.unit],
                row.line,
                Period.parse(row.period),
                datetime.fromisoformat(AT),
            )
        )
    assert sum(c.value for c in cells if c.value) == row.value == 54560
    assert all(c.sheet and c.row and c.columns and c.file_name for c in cells)
