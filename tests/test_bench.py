"""The benchmark measures what it says: its workbooks, its errors, its sums. No seconds here."""

from __future__ import annotations

import io
import os
import time
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import psycopg
import pytest
from sqlalchemy import text

from bench import apart, catalogue, naive, organisations, report, scoring, synthetic, watch
from bench.__main__ import options
from bench.figures import FORMS, union_code
from bench.organisations import city_of, county_of
from bench.ours import LOAD, MARK, READ, RECEIPT, REST, STAGE_OF, VALIDATE
from bench.report import Goal, Other, Results, Run, goals, markdown, median_run, ratio
from bench.watch import Cost, Memory, MemoryWatch, Stopwatch
from bench.workbooks import (
    ERRORS_EVERY,
    SHAPES,
    SPOILINGS,
    content,
    path_of,
    spoiling_of,
    template_workbook,
    workbook,
)
from definitions import Definitions
from definitions.model import Severity
from definitions.periods import Period, PeriodKind
from pipelines.flow import collecting
from pipelines.read import Document, Limits
from pipelines.read.document import read_document
from pipelines.validate import validate
from tests.checking import Accepted
from tests.checking import definitions as load
from warehouse import server
from warehouse.engine import prepare

BEFORE, MONTH = Period.parse("2017-02"), Period.parse("2017-03")
SPOILED = [ERRORS_EVERY * n for n in range(1, len(SPOILINGS) + 1)]


def read(definitions, data: bytes):
    return read_document(Document("1", data), definitions, {}, Limits())


@cache  # two tests ask for the same ones
def found(number: int):
    """Findings of a union's March workbook beside its February in the warehouse."""
    definitions = load()
    data = workbook(definitions, number, MONTH)
    february = content(definitions, number, BEFORE)
    accepted = Accepted(
        {(form, BEFORE.label): rows for form, rows in february.items()},
        unions=[union_code(number)],
    )
    book = read(definitions, data)
    return validate([book], definitions, accepted, date(2017, 4, 3))[0]


def test_the_steps_that_are_watched_exist_under_their_names():
    assert [name for name in STAGE_OF if not callable(getattr(collecting, name, None))] == []


# --- the workbooks ---


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_arguments_make_equal_bytes(definitions, shape):
    assert SHAPES[shape](definitions, 7, MONTH) == SHAPES[shape](definitions, 7, MONTH)
    assert SHAPES[shape](definitions, 7, MONTH) != SHAPES[shape](definitions, 8, MONTH)


def test_a_workbook_has_a_cover_and_ten_forms(definitions):
    book = openpyxl.load_workbook(io.BytesIO(workbook(definitions, 1, MONTH)))
    assert book.sheetnames[0] == "封面"
    assert len(book.sheetnames) == 1 + 10
    seen = read(definitions, workbook(definitions, 1, MONTH))
    assert (seen.org_code, seen.period) == (union_code(1), "2017-03")
    assert [s.form for s in seen.sheets] == list(FORMS)


def test_registers_have_five_to_ten_rows_and_single_forms_one(definitions):
    for number in range(1, 30):
        for form, rows in content(definitions, number, MONTH).items():
            known = definitions.newest(form)
            if known.keys == ("org_code",):
                assert len(rows) == 1, form
            else:
                assert 5 <= len(rows) <= 10, form


def test_both_shapes_say_the_same(definitions):
    typed = read(definitions, workbook(definitions, 5, MONTH))
    template = read(definitions, template_workbook(definitions, 5, MONTH))
    assert [s.form for s in typed.sheets] == [s.form for s in template.sheets]
    assert [s.values for s in typed.sheets] == [s.values for s in template.sheets]


def test_what_is_not_spoiled_breaks_nothing_beside_the_month_before():
    for number in (1, 2, 40):
        assert spoiling_of(number) is None
        assert found(number) == []


def test_three_in_a_hundred_are_spoiled_and_every_mistake_has_its_turn():
    mistakes = [m for n in range(1, 10_001) if (m := spoiling_of(n)) is not None]
    assert len(mistakes) == 10_000 // ERRORS_EVERY
    assert set(Counter(m.name for m in mistakes)) == {m.name for m in SPOILINGS}


@pytest.mark.parametrize("number", SPOILED)
def test_a_spoiled_workbook_breaks_its_rule_in_its_rows(number):
    mistake = spoiling_of(number)
    assert mistake is not None
    findings = found(number)
    broken = [f for f in findings if f.severity is Severity.RETURN]
    assert {f.rule for f in broken} == {mistake.rule}
    assert {f.form for f in findings} == {mistake.form}
    assert len({f.row for f in broken}) == mistake.rows


# --- the other way ---


def test_the_naive_way_finds_the_same_rows(definitions, warehouse_home, tmp_path):
    from warehouse.server import ensure_database

    url = ensure_database("bench_naive")
    numbers = [1, *SPOILED]
    for number in numbers:
        target = path_of(tmp_path, number)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(workbook(definitions, number, MONTH))
    theirs = naive.run([str(path_of(tmp_path, n)) for n in numbers], url, MONTH.label)
    ours = {
        path_of(tmp_path, n).name: {
            (f.sheet, f.row) for f in found(n) if f.severity is not Severity.NOTICE
        }
        for n in numbers
    }
    assert theirs == ours
    assert sum(map(len, theirs.values())) == sum(m.rows for m in SPOILINGS)


# --- the arithmetic ---


def a_run(wall: float, **changed) -> Run:
    costs = {
        RECEIPT: Cost(0.5, 0.25),
        READ: Cost(4, 6),
        VALIDATE: Cost(2, 2),
        REST: Cost(1, 1),
        LOAD: Cost(1.5, 1),
        MARK: Cost(1, 1),
    }
    given = {"shape": "typed", "workbooks": 2000, "workers": 2, "chunk": 1000, "server": 0.75,
             "returned": 60, "costs": costs}  # fmt: skip
    return Run(wall=wall, **{**given, **changed})


def results() -> Results:
    return Results(
        cores=2,
        machine="a machine",
        files={},
        runs=[
            a_run(12.0), a_run(10.0), a_run(99.0),
            a_run(3.0, workbooks=100),
            a_run(11.0, memory=Memory(300 << 20, 200 << 20, 450 << 20)),
            a_run(20.0, workers=1, chunk=2000),
        ],
        others=[
            Other("naive", "typed", 24, [600.0], [1200.0]),
            Other("unzip-and-parse", "typed", 300, [2.0, 1.0, 9.0], [4.0, 2.0, 5.0]),
        ],
    )  # fmt: skip


def test_milliseconds_per_workbook():
    run = a_run(12.0)
    assert run.wall_ms == pytest.approx(1000 * 12.0 / 2000)
    assert run.processor_ms == pytest.approx(1000 * (0.25 + 6 + 2 + 1 + 1 + 1 + 0.75) / 2000)
    assert run.per_workbook(READ) == Cost(1000 * 4 / 2000, 1000 * 6 / 2000)


def test_the_median_counts_not_the_best():
    assert median_run([a_run(12.0), a_run(10.0), a_run(99.0)]).wall == 12.0
    assert results().others[1].wall_ms == 2.0


def test_targets_compare_the_largest_runs_at_equal_cores():
    assert [(g.text, round(g.reached, 6), g.met) for g in goals(results())] == [
        ("naive ÷ ours, typed", 600.0 / 6.0, True),
        ("ours ÷ bare, to loaded values, typed", (12.0 - 1 / 2) / 2 / 2.0, True),
        ("ours ÷ bare, with marked workbooks, typed", 6.0 / 2.0, True),
        ("validate ÷ read, one chunk of 2,000, typed", 2 / 4, True),
    ]


@pytest.mark.parametrize(
    ("reached", "limit", "at_least", "met"),
    [(50, 50, True, True), (49.9, 50, True, False), (4, 4, False, True), (4.1, 4, False, False),
     (0, 4, False, False)],
)  # fmt: skip
def test_a_target_is_met_or_not(reached, limit, at_least, met):
    assert Goal("", reached, limit, at_least).met is met


def test_nothing_measured_is_no_ratio():
    assert ratio(5, 0) == 0
    assert ratio(5, 2) == 2.5


def test_the_table_tells_ratios_shares_and_memory():
    table = markdown(results())
    ways = next(line for line in table.splitlines() if line.startswith("| naive, 24 typed"))
    assert [c.strip() for c in ways.split("|")[2:5]] == ["600.00", "1200.00", "100.00"]
    validation = next(line for line in table.splitlines() if line.startswith("| validate  "))
    assert "10%" in validation  # 2 of 20 seconds: of the run in one process
    growth = next(line for line in table.splitlines() if line.startswith("| 2,000 typed"))
    assert [c.strip() for c in growth.split("|")[-4:-1]] == ["300", "200", "450"]


def test_a_stage_inside_a_stage_counts_once(monkeypatch):
    clock = iter(range(0, 100, 10))
    monkeypatch.setattr(watch.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(watch, "processor_seconds", lambda: 0.0)
    stopwatch = Stopwatch()
    with stopwatch.stage("outer"), stopwatch.stage("inner"):
        pass
    assert {n: c.wall for n, c in stopwatch.costs.items()} == {"inner": 10.0, "outer": 20.0}


def test_watched_functions_still_do_their_work():
    kept = report.ratio
    stopwatch = Stopwatch()
    with stopwatch.watching(report, {"ratio": "dividing"}):
        assert report.ratio(6, 3) == 2
    assert report.ratio is kept
    assert set(stopwatch.costs) == {"dividing"}


def test_memory_of_this_process_is_seen():
    with MemoryWatch(os.getpid(), every=0.01) as seen:
        time.sleep(0.2)
    assert seen.seen.together >= seen.seen.parent > 1 << 20


def test_a_measurement_apart_leaves_nothing_behind(monkeypatch):
    monkeypatch.setenv(server.HOME_VARIABLE, "another")
    for variable in (server.URL_VARIABLE, server.OPTIONS_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    with apart.installation() as scratch:
        with apart.database("measured", scratch) as (home, url):
            with apart.process(home, url) as there:
                assert there(os.getenv, server.URL_VARIABLE) == url
                pid = there(os.getpid)
                assert pid != os.getpid()
                with apart.spending(pid, scratch) as spent:
                    there(time.sleep, 1)
            assert min(spent.memory.parent, spent.memory.server) > 1 << 20
            assert spent.server >= 0
            (home / "originals").mkdir(parents=True)
        assert not home.exists()
        with pytest.raises(psycopg.errors.InvalidCatalogName):
            apart.sql('DROP DATABASE "measured"')
    assert not scratch.exists()
    assert not server.is_running()


@pytest.mark.parametrize(
    ("given", "taken"), [("1", True), ("12", True), ("0", False), ("13", False)]
)
def test_a_review_fills_one_to_twelve_months(given, taken):
    asked = ["--review", "--months", given]
    if taken:
        assert options().parse_args(asked).months == int(given)
    else:
        with pytest.raises(SystemExit):
            options().parse_args(asked)


# --- the whole catalogue ---


def test_a_month_of_the_whole_catalogue_reads_as_it_was_drawn(definitions):
    month, unions = Period.parse(catalogue.MONTH), 3
    asked = {f.code for f in catalogue.forms_of_month(definitions, month)}
    assert not asked & set(catalogue.LEFT_OUT)
    assert {PeriodKind.MONTH, PeriodKind.QUARTER} <= {definitions.newest(c).period for c in asked}
    drawn = catalogue.rows_by_union(definitions, unions, month, seed=1)
    assert len(drawn) == unions
    assert {code for rows in drawn for code in rows} <= asked
    for number, rows in enumerate(drawn, 1):
        book = read(definitions, catalogue.workbook(definitions, rows, number, month))
        assert [f.rule for f in book.findings if f.severity is not Severity.NOTICE] == []
        assert (book.org_code, book.period) == (union_code(number), month.label)
        assert {s.form: len(s.row_numbers) for s in book.sheets} == {
            code: len(own) for code, own in rows.items()
        }


def test_workbooks_of_the_catalogue_are_made_once(tmp_path, monkeypatch):
    made = tmp_path / f"{union_code(1)}.xlsx"
    made.write_bytes(b"kept")
    monkeypatch.setattr(catalogue, "generate", None)
    assert catalogue.make(tmp_path, 1) == [made]
    assert made.read_bytes() == b"kept"


# --- scoring ---


def test_the_plain_way_comes_to_the_engines_totals():
    found = scoring.measure(40, repeat=1)
    assert found.items == 21
    # the engine rounds a total once, the arrays never
    assert found.furthest <= 0.005 + 1e-9
    assert found.sentences > found.marks > 40 * 21


# --- large federations ---


def test_a_province_has_every_union_on_the_territorial_line_and_most_on_a_trade() -> None:
    registry = {o.code: o for o in organisations.federation(1100)}
    unions = [o for o in registry.values() if o.level == "基层"]
    assert len(unions) == 1100
    assert all(registry[p.parent] for o in registry.values() for p in o.parents)
    cities = {registry[county_of(n)].parents[0].parent for n in (1, 1000, 1001)}
    assert cities == {city_of(1), city_of(1001)}
    assert sum(len(o.parents) == 2 for o in unions) == 1100 * 8 // 10


def test_further_blocks_file_what_the_first_did_under_codes_of_their_own(
    warehouse_home: Path, definitions: Definitions
) -> None:
    """Rows, keys and persons are those of other unions; figures and days are the same again."""
    from bench import closing, filings, review

    month, person = "2019-03", "~abc"
    rows = {
        union_code(1): {
            ("ORG-02", month): [{"org_code": union_code(1), "workers_total": 9}],
            ("CULT-01", month): [
                {"org_code": union_code(1), "activity_id": f"{union_code(1)}-1", "name": person}
            ],
        }
    }
    closing.open_for(2 * organisations.BLOCK, [month])
    assert filings.load_rows(rows, [month]) == 1
    assert filings.further(2 * organisations.BLOCK) == {
        "submission": 2, "filing": 4, "filing_row": 4,
    }  # fmt: skip
    copy = union_code(1 + organisations.BLOCK)
    with prepare().connect() as connection:
        found = connection.execute(
            text(
                "SELECT f.form, r.key, r.numbers, r.texts, p.code AS reporter FROM filing f "
                "JOIN filing_row r ON r.filing_id = f.id JOIN organisation o ON o.id = r.org_id "
                "JOIN organisation p ON p.id = f.reporter_id "
                "JOIN submission s ON s.id = f.submission_id AND s.reporter_id = o.id "
                "WHERE o.code = :copy ORDER BY f.form"
            ),
            {"copy": copy},
        ).all()
    activity, members = found
    assert (activity.reporter, members.reporter) == (copy, copy)
    assert f"{copy}-1" in activity.texts
    assert "~1~abc" in activity.texts
    assert copy in members.texts
    assert 9 in members.numbers
    assert review.bare()[1] == 1  # one column of one form has numbers


def test_the_invented_federation_is_uneven_and_has_names_as_in_life() -> None:
    registry = {o.code: o for o in synthetic.registry(500)}
    assert len(registry) == 500 + 1 + 10 + 8
    assert all(registry[p.parent] for o in registry.values() for p in o.parents)
    names = {o.name for o in registry.values()}
    assert len(names) == len(registry)
    assert max(map(len, names)) > 45
    assert any(ord(c) > 0xFFFF for c in "".join(names))
    sizes = Counter(
        o.parent_on("块", date(2019, 12, 31)) for o in registry.values() if "G" in o.code
    )
    assert len(sizes) == 10
    assert max(sizes.values()) > 3 * min(sizes.values())
