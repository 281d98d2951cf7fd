"""Congresses, contracts, services, cadres, culture, women's work and research: from form to figure.

The golden cases are those of the field's catalogue (sections 1.2.1, 8.8 and 12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.expression import parse
from definitions.measures import Each, Measure
from tests.checking import check, definitions, sheet, workbook
from tests.two_unions import (
    CITY,
    CUTOFF,
    LATER,
    MILL,
    MINE,
    TRADE,
    broken,
    federation,
    figures,
    file,
)
from warehouse.lineage import cells_behind
from warehouse.organisations import ids
from warehouse.sql_expression import Translator


@pytest.fixture
def connection(warehouse_home: Any) -> Iterator[Connection]:
    with federation() as opened:
        yield opened


# --- checks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field_pct", "said"),
    [(50, []), (45, [("V-R-051", "总体统筹 10%，阵地服务 40%，下沉基层 45%，合计不是100%")])],
)
def test_staffing_ten_forty_fifty(field_pct: int, said: list[tuple[str, str]]) -> None:
    row = {"fulltime": 4, "parttime": 12, "plan_pct": 10, "post_pct": 40, "field_pct": field_pct}
    assert broken("CADRE-01", row, period="2019Q1") == said


def test_what_is_asked_depends_on_what_was_said() -> None:
    def blanks(form: str, row: Mapping[str, Any], period: str) -> set[str]:
        page = sheet(form, {"org_code": "A001", **row}, period=period)
        (found,) = check(workbook(page, period=period), received=LATER)
        labels = definitions().newest(form).columns
        asked = {c.code for c in labels if c.required_when}
        return {
            c.code
            for f in found
            if f.rule == "V-C-015"
            for c in labels
            if f"“{c.label}”" in f.message and c.code in asked
        }

    assert blanks("DEMO-01", {"has_congress": True}, "2019H1") == set()
    assert blanks("DEMO-01", {"congress_dates": "2019-03-15"}, "2019H1") == {
        "reps_should", "reps_attended", "reps_front", "reps_mid", "reps_f"
    }  # fmt: skip
    assert blanks("CON-01", {"contract_kind": "集体合同"}, "2019Q1") == set()
    assert blanks("CON-01", {"contract_kind": "工资专项集体合同"}, "2019Q1") == {
        "wage_avg_growth", "wage_front_growth"
    }  # fmt: skip
    assert blanks("CADRE-04", {"kind": "主席承诺"}, "2019Q1") == {"due_on"}
    assert blanks("CADRE-04", {"kind": "过错约谈"}, "2019Q1") == {"done_on"}
    assert blanks("CULT-01", {"is_major": True}, "2019-03") == {"units_should"}
    assert blanks("RES-02", {"selected": False}, "2019") == {"novelty", "mechanism", "spread"}


def test_wages_may_fall_but_shares_may_not() -> None:
    row = {"contract_kind": "工资专项集体合同", "wage_avg_growth": -3, "wage_front_growth": 1}
    assert broken("CON-01", row, period="2019Q1") == []
    shares = broken("CON-01", {"attend_ratio": 90, "yes_ratio": -1}, period="2019Q1")
    assert "V-C-003" in [r for r, _ in shares]


def test_the_congress_of_the_first_half_counts_for_the_year() -> None:
    spring = {"org_code": "A001", "has_congress": True, "congress_dates": "2019-03-15"}
    autumn = {"has_congress": True, "has_disclosure": True, "disclosure_items": 3}
    held = {("DEMO-01", "2019H1"): [spring]}
    missed = {("DEMO-01", "2019H1"): [{**spring, "congress_dates": None}]}
    assert broken("DEMO-01", autumn, period="2019H2", tables=held) == []
    assert [r for r, _ in broken("DEMO-01", autumn, period="2019H2", tables=missed)] == ["V-P-009"]
    assert broken("DEMO-01", autumn, period="2019H2") == []


def test_the_station_is_the_last_one_reached() -> None:
    month = {"walkers": 100, "steps": 20_000_000, "km": 13_000.0}
    right = {**month, "cum_km_avg": 900.0, "station": "湘江"}
    assert broken("CULT-04", right, period="2019-03") == []
    early = {**right, "cum_km_avg": 899.99}
    assert broken("CULT-04", early, period="2019-03") == [
        ("V-C-017", "“模拟到达站点”填的是“湘江”，按本行数据计算应为“于都”")
    ]


def test_a_turn_of_office_outside_the_month_is_returned() -> None:
    past = {"officer": "示例甲", "role": "轮值主席", "theme_events": 1}
    past |= {"from_on": date(2019, 1, 1), "to_on": date(2019, 2, 28)}
    assert [r for r, _ in broken("CADRE-03", past, period="2019-03")] == ["V-R-162"]
    assert broken("CADRE-03", past, period="2019-02") == []


def test_two_rotating_chairs_at_once_are_told_to_both() -> None:
    def turn(officer: str, role: str, first: str, last: str) -> dict[str, Any]:
        days = {"from_on": date.fromisoformat(first), "to_on": date.fromisoformat(last)}
        return {"officer": officer, "role": role, "theme_events": 1, **days}

    chairs = [
        turn("示例甲", "轮值主席", "2019-03-01", "2019-03-31"),
        turn("示例乙", "轮值主席", "2019-03-15", "2019-04-15"),
        turn("示例丙", "轮值副主席", "2019-03-01", "2019-05-31"),
    ]
    said = broken("CADRE-03", *chairs, period="2019-03")
    assert [r for r, _ in said] == ["V-R-054", "V-R-054"]
    assert not any("示例" in message for _, message in said)


# --- figures -------------------------------------------------------------------------------------


def contract(number: str, kind: str, signed: str, valid: str, **more: Any) -> dict[str, Any]:
    days = {"signed_on": date.fromisoformat(signed), "valid_to": date.fromisoformat(valid)}
    asked = {"scope": "企业", "enterprises": 1, "workers": 100}
    return {"contract_id": number, "contract_kind": kind, **days, **asked, **more}


GENERAL, WAGES, WOMEN, SAFETY = (
    "集体合同", "工资专项集体合同", "女职工权益保护专项集体合同", "劳动安全卫生专项集体合同",
)  # fmt: skip


def test_contracts_stand_until_they_end_whenever_they_were_sent(connection: Connection) -> None:
    file(
        connection, "CON-01", "2019Q1",
        contract("H1", GENERAL, "2019-01-10", "2022-01-09", workers=356),
        contract("H2", WAGES, "2019-01-10", "2020-01-09", wage_avg_growth=6, wage_front_growth=8),
    )  # fmt: skip
    file(connection, "CON-01", "2019Q3", contract("H3", WOMEN, "2019-08-01", "2022-07-31"))
    file(connection, "CON-01", "2019Q3", contract("H1", GENERAL, "2019-07-01", "2019-08-31"),
         contract("H9", WAGES, "2019-07-01", "2021-06-30", wage_avg_growth=5, wage_front_growth=5,
                  workers=300), by=MINE)  # fmt: skip
    # Until the third quarter is told the mine has none; by its end the first of two has ended.
    wanted = ("I-CON-01", "I-CON-02", "I-CON-05")
    assert figures(connection, "2019-06", *wanted) == [1, 356, 2]
    assert figures(connection, "2019-08", *wanted) == [1, 356, 2]
    assert figures(connection, "2019Q3", *wanted) == [1, 356, round((2 * 100 + 0 * 300) / 400, 2)]
    assert figures(connection, "2019", *wanted) == [1, 356, 0.5]
    # Nothing more was sent, yet the next year they still stand, until each one's last day.
    assert figures(connection, "2020-01", *wanted) == [1, 356, 0]
    assert figures(connection, "2019-06", "I-CON-01", unit=TRADE, line=2) == [1]


def test_enterprises_under_a_trade_contract_are_not_counted_again(connection: Connection) -> None:
    trade = contract("HY", GENERAL, "2019-01-10", "2021-01-09", scope="行业")
    file(connection, "CON-01", "2019Q1", {**trade, "enterprises": 40, "workers": 9000}, by=TRADE)
    under = contract("H1", GENERAL, "2019-02-10", "2021-01-09", parent_contract="HY", workers=356)
    own = contract("H1", GENERAL, "2019-02-10", "2021-01-09", workers=120)
    file(connection, "CON-01", "2019Q1", under)
    file(connection, "CON-01", "2019Q1", own, by=MINE)
    assert figures(connection, "2019Q1", "I-CON-01", "I-CON-02", "I-CON-06") == [
        40 + 1, 9000 + 120, round(100 * 1 / 40, 2)
    ]  # fmt: skip


def test_unions_with_all_four_contracts(connection: Connection) -> None:
    kinds = [GENERAL, WAGES, WOMEN, SAFETY]
    four = [contract(f"H{n}", k, "2019-01-10", "2020-12-31") for n, k in enumerate(kinds)]
    four[1] |= {"wage_avg_growth": 6, "wage_front_growth": 8}
    file(connection, "CON-01", "2019Q1", *four)
    three = [*four[:3], contract("H3", GENERAL, "2019-01-10", "2020-12-31")]
    file(connection, "CON-01", "2019Q1", *three, by=MINE)
    inspections = [("J1", "H0"), ("J2", "H0"), ("J3", "H1")]
    file(
        connection, "CON-02", "2019H1",
        *({"check_id": j, "contract_id": h, "checked_on": date(2019, 3, n), "quota_agreed": 2}
          for n, (j, h) in enumerate(inspections, start=1)),
    )  # fmt: skip
    inspected = {"check_id": "J1", "contract_id": "H0", "checked_on": date(2019, 6, 1)}
    file(connection, "CON-02", "2019H1", inspected, by=MINE)
    # Both unions have an H0, which are two contracts; the first was inspected twice.
    assert figures(connection, "2019H1", "I-CON-03", "I-CON-04", "I-CON-07") == [
        50, round(100 * (2 + 1) / (4 + 4), 2), 3 * 2
    ]  # fmt: skip


def test_four_days_below_in_a_month_make_a_cadre_month(connection: Connection) -> None:
    def visits(cadre: str, month: int, *days: int, place: str = "总装车间") -> list[dict[str, Any]]:
        return [
            {"visit_id": f"{cadre}{month}{place}{d}", "cadre": cadre, "place": place,
             "visit_on": date(2019, month, d)}
            for d in days
        ]  # fmt: skip

    file(connection, "CADRE-01", "2019Q1", {"fulltime": 2, "parttime": 8, "trained": 5,
         "plan_pct": 10, "post_pct": 40, "field_pct": 50})  # fmt: skip
    january = visits("甲", 1, 2, 9, 16, 23) + visits("乙", 1, 3, 10, 17)
    # The same day at another place is a visit more, not a day more.
    january += visits("乙", 1, 17, place="职工食堂")
    file(connection, "CADRE-02", "2019-01", *january)
    # One record twice, a fourth visit on the same day and place: merged.
    march = visits("甲", 3, 5, 12, 19) + [{**visits("甲", 3, 19)[0], "visit_id": "又"}]
    file(connection, "CADRE-02", "2019-03", *march)
    rates = ("I-CADRE-02", "I-CADRE-03")
    assert figures(connection, "2019-01", *rates) == [(4 + 3 + 1) / 2, 100 * 1 / 2]
    assert figures(connection, "2019-03", *rates) == [3 / 2, 0]
    assert figures(connection, "2019Q1", *rates, "I-CADRE-01", "I-CADRE-04") == [
        round((8 + 3) / (2 * 3), 2), round(100 * 1 / (2 * 3), 2), 50, 50
    ]  # fmt: skip


def test_a_turn_of_office_is_judged_when_it_ends(connection: Connection) -> None:
    def turn(officer: str, first: date, last: date, events: int) -> dict[str, Any]:
        return {"officer": officer, "from_on": first, "to_on": last, "theme_events": events}

    long = (date(2019, 3, 1), date(2019, 4, 30))
    file(connection, "CADRE-03", "2019-03", turn("甲", *long, 1),
         turn("乙", date(2019, 3, 1), date(2019, 3, 31), 0))  # fmt: skip
    file(connection, "CADRE-03", "2019-04", turn("甲", *long, 0))
    assert figures(connection, "2019-03", "I-CADRE-05") == [0]
    assert figures(connection, "2019-04", "I-CADRE-05") == [100]
    assert figures(connection, "2019H1", "I-CADRE-05") == [100 * 1 / 2]


def test_promises_count_in_the_period_of_their_day(connection: Connection) -> None:
    def promise(n: str, due: date | None, done: date | None, kind: str = "主席承诺") -> Any:
        return {"item_id": n, "kind": kind, "due_on": due, "done_on": done}

    day = date(2019, 9, 30)
    file(connection, "CADRE-04", "2019Q2", promise("1", day, None), promise("2", day, None))
    file(connection, "CADRE-04", "2019Q3", promise("1", day, day), promise("2", day, None),
         promise("3", date(2019, 12, 31), None),
         promise("4", None, date(2019, 8, 1), "过错约谈"))  # fmt: skip
    assert figures(connection, "2019Q3", "I-CADRE-06") == [50]
    assert figures(connection, "2019Q2", "I-CADRE-06") == [None]


def test_worker_share_in_leadership(connection: Connection) -> None:
    """5 / 8 is the 62.5 % of the source; 4 part-time members of 3 + 4 would be 57.14 %."""
    board = {"leaders_full": 3, "leaders_part": 5, "leaders_worker": 5, "chair_meetings": 4}
    smaller = {**board, "leaders_part": 4, "leaders_worker": 4}
    file(connection, "CADRE-05", "2019", smaller, by=TRADE)
    file(connection, "CADRE-05", "2020", board, by=TRADE)
    assert figures(connection, "2019", "I-CADRE-07", "I-CADRE-08", unit=TRADE) == [57.14, 4]
    assert figures(connection, "2020", "I-CADRE-07", unit=TRADE) == [62.5]


def test_fitness_is_told_once_a_month_and_read_from_the_latest(connection: Connection) -> None:
    def event(n: str, day: date, **more: Any) -> dict[str, Any]:
        counted = {"persons": 100, "person_times": 130, "units": 9}
        return {"activity_id": n, "held_on": day, "is_major": False, **counted, **more}

    for union in (MILL, MINE):
        file(connection, "ORG-02", "2019-02", {"workers_total": 500}, by=union)
    file(connection, "CULT-01", "2019-01", event("1", date(2019, 1, 8), fitness_persons_ytd=90),
         event("2", date(2019, 1, 19), fitness_persons_ytd=149))  # fmt: skip
    file(connection, "CULT-01", "2019-02", event("3", date(2019, 2, 9), is_major=True,
         units_should=12))  # fmt: skip
    file(connection, "CULT-01", "2019-02", event("1", date(2019, 2, 9), fitness_persons_ytd=149,
         is_major=True, units_should=10), by=MINE)  # fmt: skip
    # 149 + 149 of 1000 is the 29.8 % of 2014; the mill told nothing new in February.
    assert figures(connection, "2019Q1", "I-CULT-01", "I-CULT-02", "I-CULT-03", "I-CULT-04") == [
        29.8, 4, 4 * 130, round(100 * (9 + 9) / (12 + 10), 2)
    ]  # fmt: skip
    assert figures(connection, "2019-02", "I-CULT-01") == [14.9]


def test_culture_reading_and_news(connection: Connection) -> None:
    room = {"books": 3000, "fund_group": 5000, "fund_unit": 5000}
    file(connection, "CULT-02", "2019H1", {"room_id": "S1", **room}, {"room_id": "S2", **room})
    file(connection, "CULT-02", "2019H2", {"room_id": "S1", **room, "fund_unit": 2500})
    news = {"adopted_city": 6, "adopted_prov": 2, "adopted_nat": 1, "wechat_persons": 2013}
    file(connection, "CULT-03", "2019-12", news)
    walk = {"walkers": 100, "cum_km_avg": 400}
    file(connection, "CULT-04", "2019-12", walk)
    file(connection, "CULT-04", "2019-12", {"walkers": 300, "cum_km_avg": 200}, by=MINE)
    assert figures(
        connection, "2019", "I-CULT-05", "I-CULT-06", "I-CULT-07", "I-CULT-08", "I-CULT-09"
    ) == [1, round(15000 / 12500, 2), 2013, 6 * 1 + 2 * 3 + 1 * 5, (400 + 3 * 200) / 4]


def test_congress_service_centre_women_and_research(connection: Connection) -> None:
    file(connection, "DEMO-01", "2019H2", {"has_congress": True, "has_disclosure": True,
         "quality_sat": 80, "quality_total": 85})  # fmt: skip
    file(connection, "DEMO-01", "2019H2", {"has_congress": True, "has_disclosure": False}, by=MINE)
    centre = {"received": 100, "answered": 100, "solved": 96, "sat_yes": 36, "sat_total": 40}
    file(connection, "RIGHT-03", "2019-11", {"function": "职工诉求", **centre})
    women = {"workers_f": 200, "special_contract_workers": 190}
    file(connection, "WOM-01", "2019H1", {**women, "checkups": 60})
    file(connection, "WOM-01", "2019H2", {**women, "checkups": 90})
    outputs = [
        {"output_id": f"D{n}", "finished_on": date(2019, 10, n), "adopted_as": how}
        for n, how in enumerate(["决策依据", "形成制度", "未转化", "形成措施"], start=1)
    ]
    file(connection, "RES-01", "2019H2", *outputs)
    file(connection, "RES-02", "2019", {"project_id": "1", "selected": True},
         {"project_id": "2", "selected": False}, {"project_id": "3"})  # fmt: skip
    assert figures(
        connection, "2019", "I-DEMO-01", "I-DEMO-02", "I-DEMO-12", "I-RIGHT-12", "I-RIGHT-13",
        "I-WOM-01", "I-WOM-02", "I-RES-01", "I-RES-02",
    ) == [100, 50, round(100 * 80 / 85, 2), 96, 90, 95, 100 * (60 + 90) / 200, 75, 1]  # fmt: skip


def rule_book(number: str, kind: str, since: str, until: str | None = None) -> dict[str, Any]:
    ends = date.fromisoformat(until) if until else None
    return {"doc_id": number, "doc_kind": kind, "version": "V1",
            "effective_on": date.fromisoformat(since), "repealed_on": ends}  # fmt: skip


def test_house_rules_in_force(connection: Connection) -> None:
    """27 rules and 25 processes of the first source: told once, counted until repealed."""
    rules = [rule_book(f"Z{n}", "制度", "2017-05-01") for n in range(27)]
    processes = [rule_book(f"L{n}", "流程", "2017-05-01") for n in range(25)]
    file(connection, "RES-03", "2019", *rules, *processes)
    file(connection, "RES-03", "2020", rule_book("Z0", "制度", "2017-05-01", "2020-06-30"),
         {**rule_book("Z1", "制度", "2020-07-01"), "version": "V2"},
         rule_book("Z27", "制度", "2021-01-01"))  # fmt: skip
    wanted = ("I-RES-03", "I-RES-04")
    assert figures(connection, "2019", *wanted) == [27, 25]
    assert figures(connection, "2020", *wanted) == [27 - 1, 25]
    assert figures(connection, "2021-01", *wanted) == [27 - 1 + 1, 25]


def test_a_standing_figure_walks_back_to_the_row_that_says_so(connection: Connection) -> None:
    file(connection, "CON-01", "2019Q1", contract("H1", GENERAL, "2019-01-10", "2022-01-09"))
    file(connection, "CON-01", "2019Q2",
         contract("H1", GENERAL, "2019-01-10", "2022-01-09", workers=356),
         contract("H2", GENERAL, "2019-04-10", "2019-05-09"))  # fmt: skip
    (cell,) = cells_behind(
        connection, definitions(), "I-CON-02", ids(connection)[CITY], 1, Period.parse("2019Q4"),
        CUTOFF,
    )  # fmt: skip
    assert (cell.org, cell.period, cell.row, cell.value) == (MILL, "2019Q2", 6, 356)
    place = definitions().newest("CON-01").position["workers"] + 1
    assert cell.columns == (place,)


def test_person_months_walk_back_once_for_every_month(connection: Connection) -> None:
    file(connection, "CADRE-01", "2019Q1", {"fulltime": 2})
    behind = [
        c.value
        for c in cells_behind(
            connection, definitions(), "I-CADRE-03", ids(connection)[CITY], 1,
            Period.parse("2019Q1"), CUTOFF,
        )
    ]  # fmt: skip
    assert behind == [2, 2, 2]


# --- what a measure may say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": "rows", "sum": "workers"},
        {"sum": "workers", "each": {"sum": "workers", "at_least": "1"}},
        {"distinct": "org_code", "each": {"at_least": "1"}},
        {"largest": "workers"},
    ],
)
def test_a_measure_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"exactly one|needs the columns|either a sum|latest"):
        Measure.model_validate({"form": "CON-01", **wrong})


def test_measures_that_differ_have_names_that_differ() -> None:
    base: dict[str, Any] = {"form": "CON-01", "distinct": "org_code"}
    each = Each.model_validate({"distinct": "contract_kind", "at_least": "4"})
    variants = [base, {**base, "take": "standing"}, {**base, "each": each},
                {**base, "distinct": ["org_code", "contract_id"]}]  # fmt: skip
    names = [Measure.model_validate(v).code for v in variants]
    assert len(set(names)) == len(names)


def test_a_parameter_in_a_measure_is_that_of_the_day(definitions: Definitions) -> None:
    form = definitions.newest("CULT-04")
    translator = Translator([form], parameters=definitions.parameters)
    since = definitions.parameters["cadre_visits_month"].values[0].since
    assert translator.sql(parse("param.cadre_visits_month")) == (
        f"(CASE WHEN r.period_end >= DATE '{since}' THEN 4 END)"
    )


def test_stages_and_rates_mean_the_same_in_sql(connection: Connection) -> None:
    form = definitions().newest("CULT-04")
    said: Sequence[tuple[str, Any]] = [
        ("stage('long_march_route', 899.99)", "于都"),
        ("stage('long_march_route', 900)", "湘江"),
        ("stage('long_march_route', -1)", None),
        ("rate('information_weights', '省级')", 3),
        ("rate('information_weights', '村级')", 0),
        ("add_years('2020-02-29', 1)", date(2021, 2, 28)),
    ]
    translator = Translator([form], parameters=definitions().parameters, day="DATE '2019-03-31'")
    for words, value in said:
        query = translator.sql(parse(words)).replace("'2020-02-29'", "DATE '2020-02-29'")
        assert connection.execute(text(f"SELECT {query}")).scalar() == value, words
