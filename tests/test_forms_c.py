"""The forms of funds, audit and review: charts of accounts, balances to the cent, slips, texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from definitions.expression import parse
from definitions.model import Parameter, Severity
from definitions.periods import Period
from expectations.evaluate import SUBMISSION, UNREADABLE, Scope, evaluate
from expectations.nesting import nearest_above, parts_below
from expectations.totals import total_findings
from pipelines.templates.derived import RowFormula
from tests.checking import Accepted, check, definitions, places, sheet, workbook
from warehouse.achievement import (
    Share,
    Task,
    self_report_gap,
    targets_reached,
    tasks_improved,
    tasks_met,
    works_completed,
)
from warehouse.sql_expression import Translator

CHART = {"402": "拨缴经费收入", "403": "上级补助收入", "40301": "回拨补助", "50601": "回拨补助"}
YEAR = Period.parse("2019")


def values(text: str, rows: list[dict[str, Any]], /, **columns: str) -> list[Any]:
    """What an expression says of each row; None where that is not known."""
    data = pd.DataFrame(rows)
    for name, kind in columns.items():
        data[name] = data[name].astype(kind)
    data[SUBMISSION] = data.get(SUBMISSION, 0)
    cells = evaluate(parse(text), data, Scope(YEAR, {"chart": CHART, "wait": 30}))
    return [None if u else v for v, u in zip(cells.values.tolist(), cells.unknown, strict=True)]


# --- words of the language -----------------------------------------------------------------------


def test_a_subject_is_listed_in_the_chart_of_the_year_or_not() -> None:
    rows = [{"subject": "402"}, {"subject": "409"}, {"subject": None}]
    assert values("listed('chart', subject)", rows, subject="string") == [True, False, None]
    assert values("listed('none', subject)", rows, subject="string") == [None, None, None]


def test_a_name_that_two_subjects_bear_leads_to_neither() -> None:
    rows = [{"name": "拨缴经费收入"}, {"name": "回拨补助"}, {"name": "没有这一科目"}]
    assert values("code_named('chart', name)", rows, name="string") == ["402", None, None]


def test_days_and_months_by_the_calendar() -> None:
    rows = [{"day": "2019-06-03"}, {"day": "2020-02-01"}, {"day": None}]
    days = values("add_days(day, param.wait)", rows, day="datetime64[s]")
    assert [d and d.isoformat() for d in days] == ["2019-07-03", "2020-03-02", None]
    assert values("month_of(day)", rows, day="datetime64[s]") == [6.0, 2.0, None]


def test_length_counts_characters_and_digits_are_found() -> None:
    rows = [{"text": "竞赛12场"}, {"text": "健全机制"}, {"text": None}]
    assert values("length(text)", rows, text="string") == [5.0, 4.0, None]
    assert values("has_digits(text)", rows, text="string") == [True, False, None]


def test_a_sum_can_take_some_rows_only_and_stays_unknown_where_one_was_not_read() -> None:
    rows = [
        {"code": "402", "x": 100.0, UNREADABLE: None, SUBMISSION: 0},
        {"code": "501", "x": 70.0, UNREADABLE: None, SUBMISSION: 0},
        {"code": "402", "x": None, UNREADABLE: ",x,", SUBMISSION: 1},
        {"code": "402", "x": 5.0, UNREADABLE: None, SUBMISSION: 1},
    ]
    text = "group_sum(when(starts_with(code, '4'), x))"
    found = values(text, rows, code="string", x="Float64", **{UNREADABLE: "string"})
    assert found == [100.0, 100.0, None, None]


def test_what_stands_inside_what_is_told_within_one_submission_and_union() -> None:
    rows = [
        {"org": "A", "code": "403", SUBMISSION: 0},
        {"org": "A", "code": "40301", SUBMISSION: 0},
        {"org": "B", "code": "40301", SUBMISSION: 0},
        {"org": "A", "code": "40301", SUBMISSION: 1},
    ]
    found = values("is_nested(code, org)", rows, org="string", code="string")
    assert found == [False, True, False, False]


def test_parts_are_added_to_the_nearest_row_above_them() -> None:
    codes = ["403", "40301", "4030101", "40302", "404"]
    groups = ["A"] * 5
    assert list(nearest_above(groups, codes)) == [-1, 0, 1, 0, -1]
    amounts = np.array([30.0, 10.0, 10.0, 20.0, 7.0])
    nothing = np.zeros(5, dtype=bool)
    expected = [10.0 + 20.0, 10.0, np.nan, np.nan, np.nan]
    assert parts_below(groups, codes, amounts, nothing) == pytest.approx(expected, nan_ok=True)
    amounts[3] = np.nan
    expected[0] = np.nan
    assert parts_below(groups, codes, amounts, nothing) == pytest.approx(expected, nan_ok=True)


def test_the_words_have_a_meaning_in_sql_where_no_other_row_is_needed() -> None:
    chart = Parameter.model_validate(
        {
            "code": "chart",
            "name": "科目表",
            "values": [{"since": "2010-01-01", "value": CHART, "authority": "测试"}],
        }
    )
    form = definitions().newest("FIN-01")
    translator = Translator([form], parameters={"chart": chart})
    assert translator.sql(parse("when(length(org_code) == 3, paid)")) == (
        "(CASE WHEN (length(r.texts[1]) = 3) THEN r.numbers[4] END)"
    )
    listed = translator.sql(parse("listed('chart', org_code)"))
    assert "r.texts[1] IN ('402', '403', '40301', '50601')" in listed
    with pytest.raises(ValueError, match="no SQL"):
        translator.sql(parse("is_nested(org_code)"))


# --- the achievement of targets, as plain sums ---------------------------------------------------


def task(indicator: str, target: int, **more: Any) -> Task:
    given: dict[str, Any] = {
        "org_id": 1, "task": indicator, "work": "W07", "indicator": indicator, "period": "2019",
        "direction": "越大越好", "target": Decimal(target), "weight": Decimal(0),
    }  # fmt: skip
    return Task(**given | more)


def at(**figures: int) -> dict[tuple[str, str], Decimal]:
    return {("2019", name): Decimal(value) for name, value in figures.items()}


def test_a_task_without_a_figure_is_due_and_not_met() -> None:
    tasks = [task("A", 100), task("B", 2, direction="越小越好"), task("C", 5)]
    assert tasks_met(tasks, at(A=100, B=2)) == Share(Decimal(2), Decimal(3))
    assert tasks_met(tasks, at(A=99, B=3)) == Share(Decimal(0), Decimal(3))
    assert tasks_met([], at(A=1)) is None


def test_a_work_is_completed_when_its_tasks_reach_the_whole_by_their_marks() -> None:
    tasks = [
        task("A", 100, weight=Decimal(6)),
        task("B", 100, weight=Decimal(2)),
        task("C", 10, work="W03"),
    ]
    # (6 x 110 + 2 x 70) / 8 = 100
    assert works_completed(tasks, at(A=110, B=70, C=9)) == Share(Decimal(1), Decimal(2))
    assert works_completed(tasks, at(A=110, B=69, C=10)) == Share(Decimal(1), Decimal(2))
    assert works_completed(tasks, at(A=110, B=70, C=10)) == Share(Decimal(2), Decimal(2))


def test_more_than_a_target_counts_as_the_target() -> None:
    tasks = [task("A", 100, weight=Decimal(3)), task("B", 4, direction="越小越好")]
    reached = targets_reached([tasks[0], replace(tasks[1], weight=Decimal(1))], at(A=278, B=8))
    assert reached == Share(Decimal(3) + Decimal("0.5"), Decimal(4))


def test_improvement_is_signed_by_direction_and_held_within_its_cap() -> None:
    tasks = [task("A", 0), task("B", 0, direction="越小越好"), task("C", 0), task("D", 0)]
    now, before = at(A=150, B=80, C=20, D=5), at(A=100, B=100, C=1, D=0)
    # +50 % , 20 % less, and 1900 % held at 100 %; from 0 there is no share
    degree = tasks_improved(tasks, now, before, Decimal(1))
    assert degree == Share(Decimal("0.5") + Decimal("0.2") + 1, Decimal(3))


def test_self_reports_depart_by_their_share_of_the_computed_figure() -> None:
    tasks = [task("A", 0), task("B", 0), task("C", 0)]
    told = {"A": Decimal(105), "B": Decimal(1), "C": Decimal(3)}
    assert self_report_gap(tasks, told, at(A=100, B=0)) == Share(Decimal("0.05") + 1, Decimal(2))


# --- templates -----------------------------------------------------------------------------------

MINE = (
    "FIN-02", "FIN-03", "FIN-04", "FIN-05", "FIN-06", "AUD-00", "AUD-01", "AUD-02", "AUD-03",
    "AUD-04", "AUD-05", "NARR-01",
)  # fmt: skip


def test_every_column_has_an_example_but_those_of_other_rows() -> None:
    """Balance rows of a final account hold what no other row of it holds."""
    bare = {
        f"{code}.{c.code}"
        for code in MINE
        for c in definitions().newest(code).columns
        if not c.example
    }
    assert bare == {"FIN-04.opening", "FIN-04.closing"}


def test_the_day_when_rectification_is_due_is_worked_out_in_the_template() -> None:
    form = definitions().newest("AUD-00")
    due = form.column("rectify_due").derived
    assert due is not None
    formula = RowFormula(due, 2, lambda name: definitions().parameters[name].at(YEAR.end))
    assert formula.excel({"opinion_on": "F7"}) == '=IF(F7="","",IFERROR(ROUND((F7+30),2),""))'
    shown = formula.value({"opinion_on": date(2019, 6, 3)})
    assert shown == (date(2019, 7, 3) - date(1899, 12, 30)).days
    assert formula.value({}) is None


# --- golden cases: two real public sheets, to the cent -------------------------------------------


def books(code: str, year: str, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    """Rules broken by the rows of one union's yearly books, with the cell."""
    signed = {"audited_on": date(int(year) + 1, 1, 10), "reported_on": date(int(year) + 1, 1, 20)}
    more = signed if code == "FIN-04" else {"prev_final": 0}
    full = [{"org_code": "A001", **more, **row} for row in rows]
    whole = workbook(sheet(code, *full, period=year), period=year)
    (found,) = check(whole, received=date(int(year) + 1, 1, 25))
    return sorted(places([f for f in found if f.severity is not Severity.NOTICE]))


def final(subject: str, ten_thousands: str, **more: Any) -> dict[str, Any]:
    """A row as the college printed it, in 万元."""
    amount = float(Decimal(ten_thousands) * 10000)
    return {"subject": subject, "budget": amount, "final": amount, **more}


# Dalian Vocational and Technical College, 2023 (P18): codes of the chart from 2022 on.
DALIAN = (
    final("401", "19.92"),
    final("402", "161.26"),
    final("403", "44.86"),
    final("40301", "32.63"),
    final("40302", "12.23"),
    final("408", "0.50"),
    final("501", "223.54"),
    final("50101", "1.31"),
    final("50102", "19.84"),
    final("50103", "1.01"),
    final("50105", "201.38"),
    final("503", "9.82"),
    final("50301", "2.20"),
    final("50302", "7.62"),
    final("505", "4.18"),
)
LEFT = {"subject": "304", "opening": 2712400.0, "closing": 2602400.0}


def test_the_parts_that_the_college_printed_add_up() -> None:
    spent = Decimal("146.15") + Decimal("19.97") + Decimal("9.88") + Decimal("25.38")
    assert spent == Decimal("201.38")
    income = Decimal("161.26") + Decimal("19.92") + Decimal("44.86") + Decimal("0.50")
    outlay = Decimal("223.54") + Decimal("9.82") + Decimal("4.18")
    assert (income, outlay, income - outlay) == (
        Decimal("226.54"), Decimal("237.54"), Decimal("-11.00")
    )  # fmt: skip


def test_a_real_final_account_balances_to_the_cent() -> None:
    """226.54 in, 237.54 out: 260.24 left of 271.24."""
    assert books("FIN-04", "2023", *DALIAN, LEFT) == []
    row = 5 + len(DALIAN) + 1
    off = books("FIN-04", "2023", *DALIAN, LEFT | {"closing": 2602400.01})
    assert off == [("V-S-004", f"F{row}")]


def test_a_sub_account_that_is_a_cent_off_is_found_at_its_account() -> None:
    rows = [r | {"final": 122300.01} if r["subject"] == "40302" else r for r in DALIAN]
    assert books("FIN-04", "2023", *rows, LEFT) == [("V-S-003", "D8")]


def test_an_account_under_the_code_of_the_old_chart_is_sent_back() -> None:
    assert ("V-R-062", "B21") in books("FIN-04", "2023", *DALIAN, final("50201", "0"), LEFT)


# Zhejiang Chinese Medical University, 2021 (P17): the printed total holds what was carried in.
ZHEJIANG = (
    {"subject": "401", "budget": 460354.83},
    {"subject": "402", "budget": 2999216.60},
    {"subject": "405", "budget": 712200.00},
    {"subject": "408", "budget": 115129.64},
)
CARRIED = {"subject": "331", "budget": 178104.41}
INCOME, PRINTED = 4286901.07, 4465005.48


def test_what_was_carried_in_must_say_whether_it_stands_in_the_total() -> None:
    assert sum(Decimal(str(r["budget"])) for r in ZHEJIANG) == Decimal("4286901.07")
    assert Decimal(str(INCOME)) + Decimal("178104.41") == Decimal(str(PRINTED))
    assert books("FIN-03", "2021", *ZHEJIANG, CARRIED) == [("V-S-005", "F10")]
    assert books("FIN-03", "2021", *ZHEJIANG, CARRIED | {"note": "已计入收入合计"}) == []


def totals_told(label: str, given: float, *rows: dict[str, Any]) -> list[str]:
    """What a total row over a budget is told."""
    form = sheet("FIN-03", *({"org_code": "A001", **r} for r in rows), period="2021")
    place = definitions().newest("FIN-03").position["budget"]
    form.totals.append((30, {place: given}))
    form.total_labels[30] = label
    rule = definitions().rule("V-S-002")
    newest = definitions().newest("FIN-03")
    return [f.message for f in total_findings(newest, form, rule)]


def test_a_total_of_income_adds_up_accounts_and_not_their_parts() -> None:
    rows = (*ZHEJIANG, CARRIED, {"subject": "40501", "budget": 712200.00},
            {"subject": "501", "budget": 4000000.0})  # fmt: skip
    assert totals_told("本年收入合计", INCOME, *rows) == []
    assert totals_told("收入合计", PRINTED, *rows) == []
    assert totals_told("支出合计", 4000000.0, *rows) == []
    assert totals_told("合计", 1.0, *rows) == []
    (told,) = totals_told("收入合计", INCOME + 712200.00, *rows)
    assert "4286901.07" in told.replace(",", "")


def test_a_month_of_books_goes_on_from_the_month_before() -> None:
    before = {"org_code": "A001", "subject": "402", "month_amt": 12000, "cum_amt": 24000}
    now = before | {"subject_name": "拨缴经费收入", "month_amt": -500.5, "cum_amt": 23499.5}
    accepted = Accepted({("FIN-02", "2019-02"): [before]})

    def told(**changed: Any) -> set[tuple[str, str]]:
        books_of_march = sheet("FIN-02", now | changed, period="2019-03")
        (found,) = check(
            workbook(books_of_march, period="2019-03"),
            accepted=accepted,
            received=date(2019, 4, 3),
        )
        return places([f for f in found if f.severity is Severity.RETURN])

    assert told() == set()
    assert told(cum_amt=24000) == {("V-P-002", "E6")}


def test_the_bands_of_the_dates_of_final_account_and_review() -> None:
    calendar, year = definitions().calendar, Period.parse("2020")
    final_account = calendar.deadlines(definitions().newest("FIN-04").due, year)
    # 2021-01-31 is a Sunday and 2-01 a working day; 2-15 lies in the Spring Festival week
    assert final_account.due == date(2021, 2, 1)
    assert final_account.check == date(2021, 2, 18)
    assert final_account.lock == date(2021, 3, 1)
    review = calendar.deadlines(definitions().newest("NARR-01").due, year)
    assert (review.due, review.lock) == (date(2021, 1, 15), date(2021, 2, 5))
    budget = calendar.deadlines(definitions().newest("FIN-03").due, year)
    assert budget.due == date(2020, 2, 17)  # the 15th is a Saturday of the budget's own year
