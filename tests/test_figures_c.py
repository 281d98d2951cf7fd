"""Figures of books, audits, targets and reporting itself, from filed rows to the federation's sums.

Each expected number is written as the sum a person would do from the rows above it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, text

from definitions import Period
from tests.assessing import score_and_keep
from tests.checking import definitions
from tests.test_forms_b import (
    CITY,
    CUTOFF,
    MILL,
    MINE,
    TRADE,
    connection,  # noqa: F401 (a fixture)
    figures,
    file,
)
from warehouse.lineage import cells_behind
from warehouse.organisations import ids

YEAR, LAST = "2019", "2018"


@pytest.fixture
def opened(connection: Connection) -> Connection:  # noqa: F811
    return connection


def account(subject: str, budget: float, final: float) -> dict[str, Any]:
    return {"subject": subject, "budget": budget, "final": final}


def test_income_and_spending_add_accounts_and_not_their_parts(opened: Connection) -> None:
    file(opened, "FIN-04", YEAR, account("402", 100, 90), account("501", 50, 40),
         account("50102", 50, 40), account("502", 30, 20),
         {"subject": "331", "opening": 10, "closing": 40})  # fmt: skip
    file(opened, "FIN-03", YEAR, {"subject": "501", "prev_final": 0, "budget": 50, "adjust": 30},
         {"subject": "50102", "prev_final": 0, "budget": 80})  # fmt: skip
    file(opened, "FIN-04", YEAR, account("402", 10, 12.5), account("503", 5, 5), by=MINE)
    told = figures(opened, YEAR, "I-FIN-07", "I-FIN-08", "I-FIN-09", "I-FIN-10")
    spent = 40 + 20 + 5
    assert told == [90 + 12.5, spent, round(100 * spent / (50 + 30), 2), round(4000 / spent, 2)]


def spending(item: str, kind: str, amount: float, day: str, **more: Any) -> dict[str, Any]:
    given = {"item_id": item, "item_kind": kind, "amount": amount, "bidding": "不适用"}
    given |= {"in_budget": True, "pre_report": True, "paid_on": date.fromisoformat(day)}
    return given | more


def test_three_public_funds_fell_by_a_fifth(opened: Connection) -> None:
    with_last_year = "2019Q2"
    file(opened, "FIN-06", with_last_year,
         spending("J1", "公务接待", 500, "2019-04-02"),
         spending("C1", "公务用车", 300, "2019-05-02"),
         spending("D1", "大额项目", 90000, "2019-05-02", approve_before=date(2019, 4, 1)),
         spending("D2", "大额项目", 90000, "2019-05-03"),
         {"item_id": "J9", "item_kind": "公务接待", "amount": 9999.0, "bidding": "不适用",
          "in_budget": True, "pre_report": True})  # fmt: skip
    file(opened, "FIN-06", "2020Q2", spending("J2", "公务接待", 640, "2020-04-02"))
    assert figures(opened, "2019", "I-FIN-11", "I-FIN-12") == [None, 50.0]
    assert figures(opened, "2020", "I-FIN-11") == [round(100 * (640 / 800 - 1), 2)]
    behind = list(
        cells_behind(opened, definitions(), "I-FIN-11", ids(opened)[CITY], 1,
                     Period.parse("2020"), CUTOFF)
    )  # fmt: skip
    assert {(c.side, float(c.value)) for c in behind} == {
        ("分子", 640.0), ("上年同期", 500.0), ("上年同期", 300.0)
    }  # fmt: skip


def test_industry_union_funds_that_arrived(opened: Connection) -> None:
    file(opened, "FIN-05", YEAR, {"tier": "区县级", "standard": 50000, "from_city_union": 10000,
         "from_finance": 15000, "from_dist_union": 20000, "spent": 0}, by=TRADE)  # fmt: skip
    assert figures(opened, YEAR, "I-FIN-13") == [100 * 45000 / 50000]


def audit(number: str, union: str, due: str | None, **more: Any) -> dict[str, Any]:
    given = {"audit_id": number, "org_code": union, "year": 2018}
    given |= {"notice_on": date(2019, 5, 6), "start_on": date(2019, 5, 10)}
    if due:
        given |= {"opinion_on": date(2019, 6, 3), "rectify_due": date.fromisoformat(due)}
    return given | more


def test_audits_are_told_of_the_unions_audited(opened: Connection) -> None:
    file(opened, "ORG-01", YEAR, *({"org_code": u, "org_level": "基层", "status": "正常"}
         for u in (MILL, MINE)), by=CITY)  # fmt: skip
    file(opened, "AUD-00", "2019-07",
         audit("1", MILL, "2019-07-03", rectify_on=date(2019, 7, 3), issues=5, fixed=4),
         audit("2", MILL, "2019-07-03", rectify_on=date(2019, 7, 4), issues=3, fixed=3),
         audit("3", MILL, "2019-07-03", issues=0, fixed=0), by=CITY)  # fmt: skip
    told = figures(opened, YEAR, "I-AUD-02", "I-AUD-03", "I-AUD-04")
    assert told == [100 * 1 / 2, 100 * 1 / 2, 100 * (4 + 3 + 0) / (5 + 3 + 0)]


def test_the_mark_of_an_audit_is_the_unions_own(opened: Connection) -> None:
    file(opened, "ORG-02", "2019-12", {"members_total": 100, "workers_total": 120})
    slip = {"project": "篮球赛", "budget": 1000, "spent": 1000, "held_on": date(2019, 5, 18),
            "persons": 30, "effect_score": 80, "upper_award": 0, "certs": 0, "chief_titles": 0,
            "voucher_ok": True}  # fmt: skip
    file(opened, "AUD-02", YEAR, slip | {"org_code": MILL}, by=CITY)
    # one of five slips: 15 % of 87; of the books only vouchers, and nothing to rectify
    mark = (15 * 87 + 20 * (15 + 10)) / 100
    score_and_keep(opened, definitions(), "FPA", int(YEAR), CUTOFF)
    assert figures(opened, YEAR, "I-AUD-01", unit=MILL) == [mark]
    assert figures(opened, YEAR, "I-AUD-01", unit=CITY) == [None]


def letter(task: str, indicator: str, target: float, **more: Any) -> dict[str, Any]:
    given = {"task_id": task, "work": "W01", "indicator": indicator, "period": YEAR}
    given |= {"target": target, "direction": "越大越好", "owner": "示例", "weight": 50.0}
    return given | more


def test_targets_are_judged_by_computed_figures_and_summed_upwards(opened: Connection) -> None:
    file(
        opened, "ORG-02", "2018-12", {"members_total": 100, "workers_total": 200, "new_members": 4}
    )
    file(
        opened, "ORG-02", "2019-12", {"members_total": 110, "workers_total": 200, "new_members": 2}
    )
    file(opened, "TGT-01", YEAR, letter("T1", "I-ORG-04", 110), letter("T2", "I-ORG-15", 4))
    file(opened, "TGT-01", YEAR, letter("T3", "I-ORG-04", 10), by=MINE)
    file(opened, "TGT-02", "2019Q4", {"task_id": "T1", "actual": 121.0}, {"task_id": "T2",
         "actual": 2.0})  # fmt: skip
    asked = ("I-TGT-01", "I-TGT-02", "I-TGT-03", "I-TGT-04", "I-VAL-05", "I-VAL-04")
    # members 110 of 110, newcomers 2 of 4; +10 % and -50 % on last year; 121 told of 110
    assert figures(opened, YEAR, *asked, unit=MILL) == [50, 0, -20, 5, 75, None]
    # the mine reported nothing: its task is due, not met, and reaches nothing
    assert figures(opened, YEAR, *asked, unit=CITY) == [33.33, None, -20, 5, 50, None]
    assert figures(opened, YEAR, "I-TGT-01", unit=TRADE, line=2) == [50]


def test_value_improves_by_dimension_on_every_figure_with_a_direction(opened: Connection) -> None:
    for year, paid in ((LAST, 100.0), (YEAR, 120.0)):
        file(opened, "FIN-01", f"{year}-12", {"payroll": 5000, "due": 100, "paid": paid,
             "paid_route": "自行缴纳", "retained": paid * 0.6, "remitted": paid * 0.4})  # fmt: skip
    # I-FIN-02, 03 and 05 have a direction and a base: each 20 % better; 01 and 04 have none
    assert figures(opened, YEAR, "I-VAL-01", "I-VAL-02", "I-VAL-03", unit=MILL) == [20, None, None]


def test_corrections_after_the_lock_and_answered_questions(opened: Connection) -> None:
    mill = ids(opened)[MILL]
    file(opened, "FIN-05", YEAR, {"tier": "市级", "standard": 1})
    opened.execute(
        text(
            "INSERT INTO period (label, kind, starts, ends, definitions, opened_at) "
            "VALUES ('2019', 'year', '2019-01-01', '2019-12-31', :d, now())"
        ),
        {"d": definitions().digest},
    )
    opened.execute(
        text(
            "INSERT INTO expected_filing (period, form, org_id, due_on, check_on, lock_on) "
            "VALUES ('2019', 'FIN-05', :o, '2020-01-10', '2020-01-20', '2020-01-31')"
        ),
        {"o": mill},
    )
    opened.execute(text(
        "INSERT INTO form_window (period, form, edition, opened_with, due_on, check_on, lock_on, "
        "opened_at) VALUES ('2019', 'FIN-05', '2018', '2019-12', '2020-01-10', '2020-01-20', "
        "'2020-01-31', now())"))  # fmt: skip
    assert figures(opened, YEAR, "I-DQ-03", "I-DQ-04", unit=MILL) == [0, None]
    first = opened.execute(text("SELECT id, submission_id FROM filing")).one()
    for cell, words in (("A1", "属实"), ("A2", None)):
        opened.execute(text(
            "INSERT INTO finding (submission_id, rule, severity, message, advice, form, sheet, "
            "columns, field, value, expected, cell, explanation, opened_at) VALUES (:s, 'V-R-061', "
            "'须说明', '', '', 'FIN-05', '表', '{}', '', '', '', :c, :e, :t)"),
            {"s": first.submission_id, "c": cell, "e": words,
             "t": datetime(2020, 6, 1, tzinfo=UTC)})  # fmt: skip
    assert fresh(opened, "I-DQ-03", "I-DQ-04") == [0, 50]
    # a second version, received after the lock as the first one was, replaces it
    opened.execute(text(
        "INSERT INTO filing (submission_id, form, edition, period, reporter_id, part, sheet, "
        "sheet_columns, row_count, received_at, accepted_at, superseded_at) "
        "SELECT submission_id, form, edition, period, reporter_id, part, sheet, sheet_columns, "
        "row_count, received_at - interval '9 months', accepted_at - interval '9 months', "
        "accepted_at FROM filing"))  # fmt: skip
    assert fresh(opened, "I-DQ-03") == [1]


def fresh(opened: Connection, *indicators: str) -> list[float | None]:
    """Figures computed again from what stands now."""
    opened.execute(text("DELETE FROM indicator_value"))
    opened.execute(text("DELETE FROM computation"))
    return figures(opened, YEAR, *indicators, unit=MILL)
