"""Tasks beside their plan, month by month, and the board that shows them."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines.figures import Figures, Unit
from pipelines.flow.boards import tasks_in
from pipelines.progress import (
    Actual,
    Light,
    Task,
    forecast,
    light_of,
    planned_to,
    progress_of,
)
from pipelines.publish import board
from pipelines.small_cells import sensitive
from portal.reading import staff_board
from portal.reading.staff import Head

AMBER = Decimal(80)


def task(
    *, adds_up: bool = True, direction: str = "越大越好", unit: str = "A", **targets: int
) -> Task:
    """A task whose targets are given as y, q1.. and m1.."""
    labels = {"y": "2017"} | {f"q{q}": f"2017Q{q}" for q in range(1, 5)}
    labels |= {f"m{m}": f"2017-{m:02d}" for m in range(1, 13)}
    given = {labels[k]: Decimal(v) for k, v in targets.items()}
    return Task(unit, "T1", "W07", "I-SKILL-02", direction, adds_up, given)


def month(number: int) -> Period:
    return Period.parse(f"2017-{number:02d}")


def test_the_portal_tells_no_running_count_of_few_people(definitions: Definitions) -> None:
    """As the printed board: the light says how a task stands, its sum would tell a month."""
    few = frozenset(sensitive(definitions, month(2).end).codes)
    head = Head("2017-02", 1, "R03-AAAAAAAA", "", 1, datetime(2017, 3, 5, tzinfo=UTC))
    for code in ("I-AID-08", "I-SKILL-02"):
        one = replace(task(y=120), indicator=code)
        done = progress_of(one, Actual(Decimal(12), 1, 1), month(2), AMBER)
        assert staff_board._row(definitions, done, head, "块", few).withheld is (code in few)
    assert "I-AID-08" in few


@pytest.mark.parametrize(
    ("targets", "number", "planned"),
    [
        ({"y": 120, "m1": 5, "m2": 10, "m3": 20}, 2, 15),
        ({"y": 120, "m1": 5, "m2": 10, "m3": 20}, 5, 35),
        ({"y": 120, "q1": 30, "q2": 60}, 3, 30),
        ({"y": 120, "q1": 30, "q2": 60}, 4, 50),
        ({"y": 120, "q1": 30, "q2": 60}, 6, 90),
        ({"y": 120}, 5, 50),
        ({"y": 120}, 12, 120),
        ({}, 5, None),
    ],
)
def test_what_adds_up_is_due_by_months_then_quarters_then_the_calendar(
    targets: dict[str, int], number: int, planned: int | None
) -> None:
    assert planned_to(task(**targets), month(number)) == planned


@pytest.mark.parametrize(
    ("targets", "number", "planned"),
    [
        ({"y": 120, "m1": 100, "m2": 104}, 3, 104),
        ({"y": 120, "q1": 100, "q2": 110}, 5, 100),
        ({"y": 120, "q1": 100, "q2": 110}, 2, None),
        ({"y": 120}, 11, None),
        ({"y": 120}, 12, 120),
    ],
)
def test_what_stands_at_the_end_is_never_shared_out_over_months(
    targets: dict[str, int], number: int, planned: int | None
) -> None:
    assert planned_to(task(adds_up=False, **targets), month(number)) == planned


@pytest.mark.parametrize(
    ("done", "light"),
    [
        ("60", Light.GREEN), ("59.99", Light.AMBER), ("48", Light.AMBER), ("47.99", Light.RED),
        ("0", Light.RED), (None, Light.UNREPORTED),
    ],
)  # fmt: skip
def test_a_light_changes_exactly_at_the_plan_and_at_the_amber_line(
    done: str | None, light: Light
) -> None:
    actual = Actual(None if done is None else Decimal(done), 0, 4)
    assert progress_of(task(y=120), actual, month(6), AMBER).light is light


def test_what_nobody_was_asked_for_yet_is_under_way() -> None:
    assert progress_of(task(y=120), Actual(None), month(3), AMBER).light is Light.UNDER_WAY


def test_less_is_better_is_kept_at_the_limit_and_measured_beyond_it() -> None:
    limit = task(direction="越小越好", adds_up=False, m3=4)
    assert progress_of(limit, Actual(Decimal(4)), month(3), AMBER).light is Light.GREEN
    over = progress_of(limit, Actual(Decimal(5)), month(3), AMBER)
    assert (over.of_plan, over.light) == (80, Light.AMBER)
    assert progress_of(limit, Actual(Decimal(6)), month(3), AMBER).light is Light.RED


def test_a_standard_is_met_or_not() -> None:
    standard = task(direction="达标", adds_up=False, y=90)
    assert progress_of(standard, Actual(Decimal(89)), month(12), AMBER).light is Light.RED
    assert progress_of(standard, Actual(Decimal(90)), month(12), AMBER).light is Light.GREEN


def test_what_is_not_broken_down_is_under_way_until_it_is_reached() -> None:
    open_ended = task(adds_up=False, y=90)
    assert progress_of(open_ended, Actual(Decimal(50)), month(4), AMBER).light is Light.UNDER_WAY
    assert progress_of(open_ended, Actual(Decimal(95)), month(4), AMBER).light is Light.GREEN


def test_a_work_shows_the_gravest_light_of_its_tasks() -> None:
    assert light_of([Light.GREEN, Light.RED, Light.UNREPORTED]) is Light.RED
    assert light_of([Light.GREEN, Light.UNREPORTED]) is Light.GREEN
    assert light_of([]) is None


@pytest.mark.parametrize(
    ("adds_up", "number", "done", "ahead", "method", "meets"),
    [
        (True, 6, 60, 60 * 12 // 6, "按时间进度推算", True),
        (True, 9, 60, 60 * 12 // 9, "按时间进度推算", False),
        (True, 12, 119, 119, "全年实绩", False),
        (False, 6, 60, 60, "按最近一期数", False),
        (False, 3, 120, 120, "按最近一期数", True),
    ],
)
def test_flows_go_on_at_their_pace_and_stocks_stay(
    adds_up: bool, number: int, done: int, ahead: int, method: str, meets: bool
) -> None:
    told = forecast(task(adds_up=adds_up, y=120), Actual(Decimal(done)), month(number))
    assert told is not None
    assert (told.value, told.method, told.meets) == (ahead, method, meets)
    assert forecast(task(y=120), Actual(None), month(number)) is None
    open_ended = forecast(task(), Actual(Decimal(done)), month(number))
    assert open_ended is not None and open_ended.meets is None


@given(
    done=st.integers(0, 500), more=st.integers(0, 500), target=st.integers(1, 300),
    number=st.integers(1, 12),
)  # fmt: skip
def test_more_done_never_forecasts_less_nor_a_graver_light(
    done: int, more: int, target: int, number: int
) -> None:
    one, other = (
        progress_of(task(y=target), Actual(Decimal(n), 1, 1), month(number), AMBER)
        for n in (done, done + more)
    )
    assert one.forecast is not None and other.forecast is not None
    assert other.forecast.value >= one.forecast.value
    gravity = list(Light)
    assert gravity.index(other.light) >= gravity.index(one.light)


def test_the_rows_of_a_letter_become_tasks(definitions: Definitions) -> None:
    common = {"org_code": "A", "task_id": "T1", "work": "W07", "direction": "越大越好"}
    rows = [
        common | {"indicator": "I-SKILL-02", "period": "2017", "target": 120.0},
        common | {"indicator": "I-SKILL-02", "period": "2017Q1", "target": 30.0},
        common | {"task_id": "T2", "indicator": "I-ORG-04", "period": "2017", "target": 900.0},
        common | {"task_id": "T3", "indicator": "无此指标", "period": "2017", "target": 1.0},
    ]
    first, second = tasks_in(rows, definitions)
    assert first.targets == {"2017": 120, "2017Q1": 30} and first.adds_up
    assert second.task == "T2" and not second.adds_up


def test_the_board_shows_every_unit_with_tasks_and_every_work(definitions: Definitions) -> None:
    tasks = [(task(y=120), "60"), (task(y=120, unit="B"), "10")]
    progress = [progress_of(t, Actual(Decimal(v), 3, 4), month(6), AMBER) for t, v in tasks]
    figures = Figures(
        unit=Unit("F", "某某市总工会", "市级"),
        period=month(6),
        cutoff=datetime(2017, 7, 13, tzinfo=UTC),
        definitions_digest="d",
        children={},
        values={},
    )
    names = {"A": "甲县总工会", "B": "乙县总工会"}
    made = board(progress, names, AMBER, figures, definitions)
    assert made == board(progress, names, AMBER, figures, definitions)
    book = openpyxl.load_workbook(io.BytesIO(made.files[0][1]))
    assert book.sheetnames == ["总览", "任务进度", "甲县总工会", "乙县总工会", "数字来源"]
    head, total, first, second = book["总览"].iter_rows(min_row=3, values_only=True)
    assert [h[:3] for h in head[6:]] == [f"W{n:02d}" for n in range(1, 17)]
    assert total[:6] == ("合计", 2, 1, 0, 1, 0)
    assert first[:6] == ("甲县总工会", 1, 1, 0, 0, 0) and first[12] == "● 绿灯"
    assert second[:6] == ("乙县总工会", 1, 0, 0, 1, 0) and second[12] == "● 红灯"
    assert set(first[6:12]) == {None}
    assert "截至本月的计划" in str(book["总览"]["A2"].value)
    (row,) = book["乙县总工会"].iter_rows(min_row=4, values_only=True)
    assert row[4:7] == (120, 60, 10) and row[12] == "● 红灯"
    assert row[9] == 10 * 12 / 6 and row[11] == "按时间进度推算"
    assert row[13:] == (3, 4)
    # every number of the two common sheets is quoted, by its cell
    quoted = {(r[1], r[2]): r for r in book["数字来源"].iter_rows(min_row=4, values_only=True)}
    assert len(quoted) == len(made.numbers)
    for (sheet, cell), told in quoted.items():
        assert book[sheet][cell].value == told[3], (sheet, cell)
    for sheet, first_column, last in (("总览", 2, 6), ("任务进度", 6, 12)):
        for row in book[sheet].iter_rows(min_row=4, min_col=first_column, max_col=last):
            for cell in row:
                if isinstance(cell.value, int | float):
                    assert (sheet, cell.coordinate) in quoted
    assert [r[0] for r in quoted.values()][-1] == f"{made.reference}-{len(made.numbers)}"
