"""What expressions mean: blanks are unknown, dust does not decide, working days are counted."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.calendars import CalendarUnknown
from definitions.expression import FUNCTIONS, parse
from definitions.periods import Period
from expectations.evaluate import (
    CONTEXT_CALLS,
    SUBMISSION,
    UNREADABLE,
    Scope,
    _Evaluation,
    broken,
    evaluate,
)

T, F, U = True, False, None
MARCH = Scope(Period.parse("2017-03"))


def frame(submission: list[int] | None = None, **columns: list[Any]) -> pd.DataFrame:
    data: dict[str, Any] = {}
    for name, values in columns.items():
        known = [v for v in values if v is not None]
        if known and isinstance(known[0], bool):
            data[name] = pd.array(values, dtype="boolean")
        elif known and isinstance(known[0], date):
            data[name] = np.array(values, dtype="datetime64[D]").astype("datetime64[s]")
        elif known and isinstance(known[0], str):
            data[name] = pd.array(values, dtype="string")
        else:
            data[name] = pd.array(values, dtype="Float64")
    rows = len(next(iter(columns.values())))
    data[SUBMISSION] = submission or [0] * rows
    return pd.DataFrame(data)


def values(text: str, table: pd.DataFrame, scope: Scope = MARCH) -> list[Any]:
    cells = evaluate(parse(text), table, scope)
    return [
        None if u else (v.item() if isinstance(v, np.generic) else v)
        for v, u in zip(cells.values, cells.unknown, strict=True)
    ]


def test_every_function_of_the_language_has_a_meaning() -> None:
    meanings = {n.removeprefix("_call_") for n in dir(_Evaluation) if n.startswith("_call_")}
    assert meanings | set(CONTEXT_CALLS) == set(FUNCTIONS)


def test_a_blank_makes_a_comparison_unknown() -> None:
    table = frame(members=[90, 101, None, 5], workers=[100, 100, 100, None])
    assert values("members <= workers", table) == [T, F, U, U]
    assert broken(parse("members <= workers"), table, MARCH).tolist() == [F, T, F, F]


def test_logic_is_kleene() -> None:
    table = frame(a=[T, T, T, F, F, F, U, U, U], b=[T, F, U, T, F, U, T, F, U])
    assert values("a and b", table) == [T, F, U, F, F, F, U, F, U]
    assert values("a or b", table) == [T, T, T, T, F, U, T, U, U]
    assert values("not a", table) == [F, F, F, T, T, T, U, U, U]
    assert values("implies(a, b)", table) == [T, F, U, T, T, T, T, U, U]
    assert values("iff(a, b)", table) == [T, F, U, F, T, U, U, U, U]


def test_dust_of_floating_point_does_not_decide() -> None:
    table = frame(a=[0.1 + 0.2, 1e9 + 0.01, 59.99], b=[0.3, 1e9, 60])
    assert values("a == b", table) == [T, F, F]
    assert values("a <= b", table) == [T, F, T]
    assert values("a < b", table) == [F, F, T]
    assert values("a >= b", table) == [T, T, F]


def test_numbers_text_days_and_lists() -> None:
    table = frame(
        kind=["划转", "撤销", None],
        start=[date(2017, 3, 1), date(2017, 3, 31), None],
        x=[1, 2, 3],
    )
    assert values("kind in ['撤销', '合并']", table) == [F, T, U]
    assert values("kind not in ['撤销']", table) == [T, F, U]
    assert values("start >= '2017-03-15'", table) == [F, T, U]
    assert values("start < period.end", table) == [T, F, U]
    assert values("days(start, period.end)", table) == [30, 0, U]
    assert values("year_of(start) == period.year", table) == [T, T, U]
    assert values("1 <= x < 3", table) == [T, T, F]
    assert values("x / (x - 1)", table) == [U, 2, 1.5]


def test_a_kind_that_does_not_fit_is_a_mistake_in_the_rule() -> None:
    table = frame(kind=["划转"], x=[1])
    with pytest.raises(TypeError):
        values("kind <= x", table)
    with pytest.raises(TypeError):
        broken(parse("x + 1"), table, MARCH)
    with pytest.raises(KeyError):
        values("nobody", table)


def test_a_total_takes_blanks_as_nothing_but_not_cells_it_could_not_read() -> None:
    table = frame(a=[1, None, None, None], b=[2, 5, None, 7])
    table[UNREADABLE] = pd.array([None, None, None, ",a,"], dtype="string")
    assert values("total(a, b)", table) == [3, 5, 0, U]
    assert values("filled(a)", table) == [T, F, F, T]
    assert values("blank(a)", table) == [F, T, T, F]
    assert values("any_filled(a, b)", table) == [T, T, F, T]
    assert values("a >= 0", table) == [T, U, U, U]


def test_a_parameter_nobody_decided_is_unknown() -> None:
    table = frame(level=["二级", "五级", None], x=[20, 21, 1])
    scope = Scope(Period.parse("2017-03"), {"limit": 20, "awards": {"二级": 2000}})
    assert values("x <= param.limit", table, scope) == [T, F, T]
    assert values("x <= param.nothing", table, scope) == [U, U, U]
    assert values("rate('awards', level)", table, scope) == [2000, 0, U]
    assert values("rate('nothing', level)", table, scope) == [U, U, U]


def test_groups_stay_inside_one_submission() -> None:
    table = frame([0, 0, 0, 1], org=["A", "A", None, "A"], x=[1, None, 5, 10])
    assert values("group_sum(x, org)", table) == [1, 1, U, 10]
    assert values("group_count(org)", table) == [2, 2, U, 1]
    assert values("first_of(org)", table) == [T, F, U, T]
    table[UNREADABLE] = pd.array([None, ",x,", None, None], dtype="string")
    assert values("group_sum(x, org)", table) == [U, U, U, 10]


def test_regions_nest_by_pairs_of_digits() -> None:
    table = frame(
        region=["640105", "640105", "640105", "640205"],
        wider=["640100", "640000", "640105", "640100"],
    )
    assert values("lies_in(region, wider)", table) == [T, T, T, F]


def test_working_days_of_the_slip_of_september_2025() -> None:
    """Section 12: accepted Thu 2025-09-25 → due 2025-10-15; amber after 2025-10-11."""
    scope = Scope(Period.parse("2025-10"))
    table = frame(
        accepted=[date(2025, 9, 25)] * 4 + [None],
        closed=[
            date(2025, 10, 11),
            date(2025, 10, 15),
            date(2025, 10, 16),
            None,
            date(2025, 10, 1),
        ],
    )
    assert values("workdays(accepted, closed)", table, scope) == [7, 10, 11, U, U]
    assert values("add_workdays(accepted, 10)", table, scope)[0] == date(2025, 10, 15)
    assert values("add_workdays(accepted, 7)", table, scope)[0] == date(2025, 10, 11)


def test_a_mistyped_year_is_unknown_but_a_missing_calendar_is_loud() -> None:
    table = frame(a=[date(1917, 3, 1), date(2017, 3, 1)], b=[date(2017, 3, 6), date(2071, 3, 6)])
    assert values("workdays(a, b)", table) == [U, U]
    later = frame(a=[date(2049, 3, 1)], b=[date(2049, 3, 6)])
    with pytest.raises(CalendarUnknown):
        values("workdays(a, b)", later, Scope(Period.parse("2049-03")))


@given(st.lists(st.tuples(st.dates(date(2015, 1, 1), date(2019, 12, 31)), st.integers(0, 30))))
def test_working_days_agree_with_the_calendar(rows: list[tuple[date, int]]) -> None:
    table = frame(a=[date(2017, 1, 1), *(r[0] for r in rows)], n=[1, *(r[1] for r in rows)])
    calendar = MARCH.calendar
    due = [calendar.add(a, n) for a, n in [(date(2017, 1, 1), 1), *rows]]
    for got, want, (a, n) in zip(
        values("add_workdays(a, n)", table), due, [(date(2017, 1, 1), 1), *rows], strict=True
    ):
        assert n == 0 or got == want, (a, n)
    table["b"] = np.array(due, dtype="datetime64[D]").astype("datetime64[s]")
    assert values("workdays(a, b)", table) == [1, *(float(n) for _, n in rows)]


@pytest.mark.parametrize(
    ("flow", "parts", "said"),
    [
        ("I-1", {"2017Q1": 20, "2017Q2": 40, "2017Q3": 20, "2017Q4": 20}, 100),
        ("I-2", {"2017Q3": 450, "2017Q4": 500}, 500),
        ("I-1", {"2017-01": 30, "2017-02": 30}, 60),
        ("I-2", {"2017Q1": 450}, None),
        ("I-1", {}, None),
        ("I-9", {"2017Q1": 20}, None),
    ],
)
def test_parts_of_a_target_add_up_or_end_up(
    flow: str, parts: dict[str, float], said: float | None
) -> None:
    """I-1 is a flow, I-2 a stock, I-9 is not known."""
    labels = ["2017", *parts]
    table = frame(
        task=["T1"] * len(labels),
        indicator=[flow] * len(labels),
        label=labels,
        target=[100, *parts.values()],
    )
    scope = Scope(
        Period.parse("2017"), flows=frozenset({"I-1"}), indicators=frozenset({"I-1", "I-2"})
    )
    found = values("breakdown(target, label, is_flow(indicator), task)", table, scope)
    assert found[0] == said
    assert all(f is None for f in found[1:])


def test_a_quarter_is_its_months_even_where_the_year_has_quarters() -> None:
    table = frame(
        label=["2017", "2017Q1", "2017-01", "2017-02", "2017-03", "2017Q2"],
        target=[50, 30, 10, 10, 10, 20],
        indicator=["I-1"] * 6,
    )
    scope = Scope(Period.parse("2017"), flows=frozenset({"I-1"}), indicators=frozenset({"I-1"}))
    found = values("breakdown(target, label, is_flow(indicator))", table, scope)
    assert found == [30 + 20, 10 + 10 + 10, U, U, U, U]


def test_years_are_added_by_the_calendar() -> None:
    table = frame(a=[date(2019, 3, 1), date(2020, 2, 29), None], n=[1, 1, 3])
    assert values("add_years(a, n)", table) == [date(2020, 3, 1), date(2021, 2, 28), U]
    assert values("add_years(a, 3)", table) == [date(2022, 3, 1), date(2023, 2, 28), U]


def test_a_stage_is_the_last_threshold_reached() -> None:
    scope = Scope(Period.parse("2019-03"), {"route": {"瑞金": 0, "湘江": 600, "遵义": 1300}})
    table = frame(km=[0, 599.99, 600, 9000, None, -1])
    assert values("stage('route', km)", table, scope) == ["瑞金", "瑞金", "湘江", "遵义", U, U]
    assert values("stage('nothing', km)", table, scope) == [U] * 6


def test_terms_of_office_overlap_only_inside_their_group() -> None:
    days = [(1, 10), (5, 6), (10, 20), (1, 31), (3, 4), (5, 9)]
    table = frame(
        [0, 0, 0, 0, 1, 0],
        org=["A", "A", "A", "B", "A", None],
        start=[date(2019, 3, a) for a, _ in days],
        end=[date(2019, 3, b) for _, b in days],
    )
    # 1-10 holds 5-6; 10-20 begins on the day of handing over; B and the other workbook are alone
    assert values("overlaps(start, end, org)", table) == [T, T, F, F, F, U]


def test_a_long_term_overlaps_with_every_later_one_inside_it() -> None:
    table = frame(
        org=["A"] * 3,
        start=[date(2019, 1, 1), date(2019, 2, 1), date(2019, 5, 1)],
        end=[date(2019, 12, 31), date(2019, 3, 1), date(2019, 6, 1)],
    )
    assert values("overlaps(start, end, org)", table) == [T, T, T]
