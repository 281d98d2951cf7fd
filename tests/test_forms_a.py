"""Rosters, homes, relief, mutual aid, innovation and safety: from form to figure.

The golden cases are those of the field's catalogue (sections 5, 6 and 12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Connection, text

from definitions import Period
from definitions.expression import parse
from definitions.measures import Indicator, Measure
from definitions.names import unknown_names
from expectations.evaluate import SUBMISSION, Scope, evaluate
from tests.checking import check, definitions, sheet, workbook
from tests.two_unions import CITY, LATER, MILL, MINE, TRADE, broken, federation, figures, file
from warehouse.engine import ensure_partitions
from warehouse.lineage import cells_behind
from warehouse.organisations import ids
from warehouse.sql_expression import Translator

FORMS = (
    "ORG-04", "ORG-05", "ORG-06", "HOME-03", "AID-01", "AID-03", "WARM-02", "MUT-01", "INNO-03",
    "SKILL-05", "SAFE-01", "SAFE-02", "SAFE-03",
)  # fmt: skip
PERSON = "11010519491231002X"  # the example number of GB 11643
OTHER = "440524188001010014"
SO_FAR = "register_so_far(points, person_key, year_of(event_on))"


@pytest.fixture
def connection(warehouse_home: Any) -> Iterator[Connection]:
    with federation() as opened:
        yield opened


# --- checks --------------------------------------------------------------------------------------


def household(number: str = "K1", person: str = PERSON, **changed: Any) -> dict[str, Any]:
    """A relief file that breaks nothing: (36,000 - 22,000) / 12 / 3 = 388.89."""
    return {
        "file_no": number, "name": "示例姓名", "id_no": person, "hard_type": "深度困难",
        "main_cause": "本人大病", "health": "恶性肿瘤", "emp_form": "病休", "household_size": 3,
        "self_income": 2000, "year_income": 36000, "hard_cost": 22000, "dibao": 560,
        "percap_month": 388.89, "file_date": date(2019, 1, 8), "publicized": True, **changed,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, []),
        ({"percap_month": 388.88}, []),  # within a cent of 388.888…
        ({"percap_month": 388.90}, ["V-R-022"]),
        ({"hard_cost": 40000, "percap_month": -111.11}, []),
        ({"hard_cost": 15840, "percap_month": 560}, []),
        ({"hard_cost": 15800, "percap_month": 561.11}, ["V-R-023"]),
        ({"hard_cost": 15800, "percap_month": 561.11, "hard_type": "相对困难"}, []),
        ({"hard_cost": 0, "percap_month": 1000, "hard_type": "相对困难"}, []),
        ({"year_income": 63000, "percap_month": 1138.89, "hard_type": "相对困难"}, ["V-R-024"]),
        ({"year_income": 63000, "percap_month": 1138.89, "hard_type": "意外致困"}, []),
        ({"health": "良好"}, ["V-R-025"]),
        ({"health": "良好", "main_cause": "供养直系亲属大病"}, []),
        ({"exit_date": date(2019, 3, 1)}, ["V-R-026"]),
        ({"household_size": 0, "percap_month": None}, ["V-C-018"]),
    ],
)
def test_income_per_head_and_what_it_entitles_to(changed: dict[str, Any], rules: list[str]) -> None:
    found = broken("AID-01", household(**changed), period="2019-03")
    assert [rule for rule, _ in found] == rules
    assert not any(PERSON in message or "示例姓名" in message for _, message in found)


def test_a_household_has_one_open_file() -> None:
    """The file of January is known although March does not repeat it; persons are sealed there."""
    sealed = {"id_no": f"~{PERSON[::-1]}", "org_code": "A001"}
    january = {("AID-01", "2019-01"): [{**household("K1"), **sealed}]}
    closed = {("AID-01", "2019-01"): [
        {**household("K1", exit_date=date(2019, 1, 30), exit_reason="收入提高"), **sealed}
    ]}  # fmt: skip
    again = household("K2", file_date=date(2019, 3, 5))

    def rules(*rows: Mapping[str, Any], tables: Any = None) -> list[str]:
        return [r for r, _ in broken("AID-01", *rows, period="2019-03", tables=tables)]

    assert rules(again) == []
    assert rules(again, tables=january) == ["V-P-014"]
    assert rules(again, tables=closed) == []
    # The same file sent again, and the old one closed with the new one opened, are one open file.
    assert rules(household("K1", self_income=2100), tables=january) == []
    leaving = household("K1", exit_date=date(2019, 3, 1), exit_reason="病情好转")
    assert rules(leaving, again, tables=january) == []
    # Two open files in one sheet are told on both rows, another person's on none.
    assert rules(household("K1"), again) == ["V-P-014", "V-P-014"]
    assert rules(household("K1"), household("K2", OTHER)) == []
    # A workbook sent again for the month replaces what it had said.
    march = {("AID-01", "2019-03"): [{**household("K9"), **sealed}]}
    assert rules(again, tables=march) == []
    # Another union's file of the same person is not told here.
    elsewhere = {("AID-01", "2019-01"): [{**january["AID-01", "2019-01"][0], "org_code": "A002"}]}
    assert rules(again, tables=elsewhere) == []


def test_each_workbook_of_a_chunk_is_judged_by_itself() -> None:
    """Two months of one union in one chunk: the later sees the earlier, not the other way round."""
    books = [
        workbook(sheet("AID-01", {"org_code": "A001", **row}, period=p), period=p)
        for p, row in (
            ("2019-02", household("K1")),
            ("2019-03", household("K2")),
            ("2019-03", household("K3", OTHER)),
        )
    ]
    february, march, other = check(*books, received=LATER)
    assert [f.rule for f in february] == []
    assert [f.rule for f in march] == ["V-P-014"]
    assert [f.rule for f in other] == []


def loss(number: str, day: date, points: int, balance: int, **more: Any) -> dict[str, Any]:
    return {
        "deduct_id": number, "person_key": "P1", "event_on": day, "article": "第八条",
        "points": points, "balance": balance, "edu_required": balance == 0, **more,
    }  # fmt: skip


def test_points_are_lost_one_after_the_other_and_come_back_in_january() -> None:
    def rules(*rows: Mapping[str, Any], tables: Any = None) -> list[str]:
        return [r for r, _ in broken("SAFE-03", *rows, period="2019-03", tables=tables)]

    before = {
        ("SAFE-03", "2018-12"): [{"org_code": "A001", **loss("K1", date(2018, 12, 9), 8, 4)}],
        ("SAFE-03", "2019-01"): [{"org_code": "A001", **loss("K1", date(2019, 1, 9), 4, 8)}],
    }
    march = (loss("K2", date(2019, 3, 4), 5, 3), loss("K3", date(2019, 3, 20), 6, 0))
    assert rules(*march, tables=before) == []
    # The rows may stand in any order; what counts is the day.
    assert rules(*march[::-1], tables=before) == []
    # 4 + 5 = 9: an education that is not due, a balance that forgets January.
    assert rules({**march[0], "edu_required": True}, tables=before) == ["V-R-042"]
    assert rules({**march[0], "balance": 7}, tables=before) == ["V-R-042"]
    # Another person begins with 12.
    assert rules({**march[0], "person_key": "P2", "balance": 7}, tables=before) == []
    # Numbers begin anew every year: last December's K1, sent late, is not January's K1.
    late = loss("K1", date(2018, 12, 20), 2, 10)
    assert (
        rules(late, march[0], tables={("SAFE-03", "2019-01"): before["SAFE-03", "2019-01"]}) == []
    )
    # Last year's 8 points carried into the new year.
    carried = loss("K4", date(2019, 3, 4), 2, 2)
    assert rules(carried) == ["V-P-011"]
    assert rules({**carried, "balance": 10}) == []
    assert rules(loss("K5", date(2019, 3, 4), 13, 0)) == ["V-R-042"]


def test_the_roster_is_held_against_the_monthly_report() -> None:
    def member(number: int, status: str = "在册") -> dict[str, Any]:
        return {
            "member_key": f"M{number}", "name": "示例姓名", "id_no": PERSON, "sex": "女",
            "household": "农村", "emp_form": "合同制", "join_date": date(2018, 5, 1),
            "status": status, "status_date": date(2019, 6, 1) if status != "在册" else None,
        }  # fmt: skip

    sealed = {"org_code": "A001", "id_no": "~"}
    roll = [{**member(n), **sealed} for n in range(100)]

    def rules(reported: int, *rows: dict[str, Any]) -> list[str]:
        month = {"org_code": "A001", "realname_members": reported}
        tables = {("ORG-04", "2019Q1"): roll, ("ORG-02", "2019-06"): [month]}
        return [r for r, _ in broken("ORG-04", *rows, period="2019Q2", tables=tables)]

    # 100 on the roll, one joins, two leave: 99.
    changes = (member(100), member(0, "转出"), member(1, "退会"))
    assert rules(99, *changes) == []
    assert rules(100, *changes) == []  # 1 %
    assert rules(101, *changes) == ["V-S-009"]
    assert rules(97, *changes) == ["V-S-009"]


def test_committees_by_the_number_of_members() -> None:
    def rules(members: int, committee: int) -> list[str]:
        row = {
            "term_years": 5, "term_start": date(2018, 1, 1), "term_end": date(2022, 12, 31),
            "members_at_election": members, "committee_size": committee, "has_audit": True,
            "has_women": True, "election_date": date(2018, 1, 1), "approval_doc": "示〔2018〕1号",
        }  # fmt: skip
        return [r for r, _ in broken("ORG-06", row, period="2019")]

    right = {10: (0,), 11: (3,), 25: (3,), 26: (3, 5), 100: (3, 5), 101: (5, 7), 200: (5, 7),
             201: (7, 9), 501: (9, 15), 1001: (15, 21), 5001: (21, 29), 10001: (29, 37),
             50001: (37, 45)}  # fmt: skip
    for members, sizes in right.items():
        for size in range(0, 50):
            allowed = min(sizes) <= size <= max(sizes) and (size % 2 == 1 or size == 0)
            if size in (min(sizes) - 1, *sizes, max(sizes) + 1):
                assert rules(members, size) == ([] if allowed else ["V-R-014"]), (members, size)


def test_what_is_asked_depends_on_what_was_said() -> None:
    def blanks(form: str, row: Mapping[str, Any], period: str) -> set[str]:
        page = sheet(form, {"org_code": "A001", **row}, period=period)
        (found,) = check(workbook(page, period=period), received=LATER)
        columns = definitions().newest(form).columns
        return {
            c.code
            for f in found
            if f.rule == "V-C-015"
            for c in columns
            if f"“{c.label}”" in f.message and c.required_when
        }

    assert blanks("ORG-04", {"status": "在册"}, "2019Q1") == set()
    assert blanks("ORG-04", {"status": "转出"}, "2019Q1") == {"status_date"}
    assert blanks("ORG-05", {}, "2019-03") == set()
    assert blanks("ORG-05", {"group_name": "货车司机"}, "2019-03") == {
        "group_workers", "group_members"
    }  # fmt: skip
    assert blanks("ORG-05", {"group_members": 0}, "2019-03") == {"group_name"}
    assert blanks("HOME-03", {"result": "办理中"}, "2019Q1") == set()
    assert blanks("HOME-03", {"result": "已解决"}, "2019Q1") == {"replied_on"}
    assert blanks("HOME-03", {"replied_on": date(2019, 2, 1)}, "2019Q1") == {"result"}
    assert blanks("AID-01", {"minor_cause": "残疾"}, "2019-03") == {"disability"}
    assert blanks("INNO-03", {"saving": 0}, "2019Q1") == set()
    assert blanks("INNO-03", {"saving": 320.87}, "2019Q1") == {"done_on"}


def test_what_clerks_write_leads_to_the_code_lists() -> None:
    lists = definitions().code_lists
    used = {c.list for code in FORMS for c in definitions().newest(code).columns if c.list}
    assert [code for code in sorted(used) if not lists[code].aliases] == []
    assert lists["MUT_PLAN"].aliases["住院"] == "住院医疗"
    assert lists["HARD_CAUSE"].aliases["上学"] == "子女上学"


# --- the language --------------------------------------------------------------------------------


def frame_of(**columns: Any) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    return pd.DataFrame({SUBMISSION: np.zeros(count, dtype=int), **columns})


def test_steps_and_odd_numbers_mean_the_same_in_pandas_and_sql(
    connection: Connection,
) -> None:
    table = "step('committee_size_high', members_at_election)"
    members = [None, 0, 10, 11, 25, 26, 200, 201, 50000, 50001, 10**6]
    expected = [None, 0, 0, 3, 3, 5, 7, 9, 37, 45, 45]
    period = Period.parse("2019")
    parameters = {c: p.at(period.end) for c, p in definitions().parameters.items()
                  if c.startswith("committee_size")}  # fmt: skip
    column = pd.array(members, dtype="Float64")
    cells = evaluate(parse(table), frame_of(members_at_election=column), Scope(period, parameters))
    assert [None if u else v for v, u in zip(cells.values, cells.unknown, strict=True)] == expected
    odd = evaluate(parse("odd(committee_size)"), frame_of(committee_size=column), Scope(period))
    assert [None if u else bool(v) for v, u in zip(odd.values, odd.unknown, strict=True)] == [
        None, False, False, True, True, False, False, True, False, True, False
    ]  # fmt: skip

    form = definitions().newest("ORG-06")
    translator = Translator([form], parameters=definitions().parameters)
    translator.column = lambda code: "r.x"  # type: ignore[method-assign]
    asked = ", ".join(translator.sql(parse(t)) for t in (table, "odd(term_years)"))
    source = (
        "(SELECT x, DATE '2019-12-31' AS period_end "
        "FROM unnest(cast(:x AS double precision[])) AS x) r"
    )
    query = text(f"SELECT {asked} FROM {source}")  # noqa: S608 (no reported text)
    rows = connection.execute(query, {"x": members}).all()
    assert [None if r[0] is None else float(r[0]) for r in rows] == expected
    assert [r[1] for r in rows] == [
        None, False, False, True, True, False, False, True, False, True, False
    ]  # fmt: skip


def test_a_register_is_asked_of_registers_only() -> None:
    forms = {f.code: f for f in definitions().forms}
    asked = parse("register_sum(persons) > 1")
    complaints = unknown_names(asked, forms["SAFE-01"], forms, definitions().parameters)
    assert [c.split(" in ")[0] for c in complaints] == ["SAFE-01 is no union's ledger"]
    right = parse(f"{SO_FAR} > 1")
    assert list(unknown_names(right, forms["SAFE-03"], forms, definitions().parameters)) == []


def test_a_score_is_made_of_the_units_own_measures() -> None:
    given: dict[str, Any] = {
        "code": "I-HOME-99", "name": "总分", "unit": "分", "authority": "试", "definition": "试",
    }  # fmt: skip
    plain = Measure(form="HOME-02", sum=parse("member_score"))
    own = Measure(form="HOME-02", sum=parse("member_score"), own=True)
    assert plain.code != own.code
    Indicator(**given, aggregate="score", numerator=(own,))
    for aggregate, measure in (("score", plain), ("sum", own)):
        with pytest.raises(ValueError, match="own"):
            Indicator(**given, aggregate=aggregate, numerator=(measure,))


# --- figures -------------------------------------------------------------------------------------


def beside(connection: Connection, period: str, earlier: str, indicator: str) -> Any:
    """What the computation of one period says of the city in an earlier one."""
    return connection.execute(
        text(
            "SELECT v.value FROM indicator_value v JOIN computation c ON c.id = v.computation_id "
            "WHERE c.period = :now AND v.period = :then AND v.indicator = :indicator "
            "AND v.org_id = :city AND v.line = 1 AND v.basis = 'reported'"
        ),
        {"now": period, "then": earlier, "indicator": indicator, "city": ids(connection)[CITY]},
    ).scalar()


def test_unions_to_be_founded(connection: Connection) -> None:
    month = {
        "should_units": 420, "built_units": 300, "should_units_100": 60, "built_units_100": 50,
        "year_target_unions": 40, "cum_new_unions": 5, "year_target_members": 3000,
        "cum_new_members": 300, "list_should_industry": 9, "list_built_industry": 7,
        "group_name": "货车司机", "group_workers": 500, "group_members": 400,
    }  # fmt: skip
    file(connection, "ORG-05", "2019-02", month)
    later = {**month, "built_units": 365, "cum_new_unions": 12, "cum_new_members": 860}
    file(connection, "ORG-05", "2019-03", later)
    other = {**month, "should_units": 100, "built_units": 100, "list_should_industry": None,
             "list_built_industry": None, "cum_new_unions": 0}  # fmt: skip
    file(connection, "ORG-05", "2019-03", other, by=TRADE)
    wanted = ("I-ORG-11", "I-ORG-12", "I-ORG-27", "I-ORG-28", "I-ORG-29", "I-ORG-30")
    assert figures(connection, "2019-03", *wanted) == [
        round(100 * (365 + 100) / (420 + 100), 2), round(100 * 100 / 120, 2),
        round(100 * 7 / 9, 2), 80, 100 * (12 + 0) / 80, round(100 * (860 + 300) / 6000, 2),
    ]  # fmt: skip
    assert figures(connection, "2019-02", *wanted[:1]) == [round(100 * 300 / 420, 2)]


def test_terms_and_what_is_founded_with_a_union(connection: Connection) -> None:
    row = {"term_end": date(2019, 12, 31), "has_audit": True, "has_women": False}
    file(connection, "ORG-06", "2019", row)
    file(connection, "ORG-06", "2019", {**row, "term_end": date(2019, 12, 30)}, by=MINE)
    allowed = {"term_end": date(2018, 6, 1), "extension_doc": "示〔2019〕7号", "has_women": True}
    file(connection, "ORG-06", "2019", {**row, **allowed, "has_audit": False}, by=TRADE)
    assert figures(connection, "2019", "I-ORG-19", "I-ORG-20", "I-ORG-21") == [
        round(100 * 2 / 3, 2), round(100 * 2 / 3, 2), round(100 * 1 / 3, 2)
    ]  # fmt: skip


def test_a_star_homes_total_is_its_own(connection: Connection) -> None:
    def rated(year: int) -> dict[str, Any]:
        return {"cycle_year": year, "members_eligible": 100, "members_rated": 90,
                "member_score": 80, "employer_score": 90, "upper_score": 90}  # fmt: skip

    ensure_partitions(connection, 2017)
    for year in (2017, 2018):
        file(connection, "HOME-02", str(year), rated(year))
    file(connection, "HOME-02", "2018", {**rated(2018), "member_score": 100}, by=TRADE)
    assert figures(connection, "2017", "I-HOME-07", unit=MILL) == [86.00]
    assert figures(connection, "2018", "I-HOME-07", unit=MILL) == [85.00]
    # A union with others below it has its own total, and the federation, not rated, has none.
    assert figures(connection, "2018", "I-HOME-07", unit=TRADE) == [95.00]
    assert figures(connection, "2018", "I-HOME-07", unit=TRADE, line=2) == [95.00]
    assert figures(connection, "2018", "I-HOME-07", "I-HOME-06") == [None, 90]


def test_opinions_answered_in_ten_working_days(connection: Connection) -> None:
    def opinion(n: int, received: date, replied: date | None) -> dict[str, Any]:
        return {"opinion_id": f"Y{n}", "received_on": received, "replied_on": replied}

    # Ten working days after Fri 15 March 2019 are Fri 29 March.
    file(connection, "HOME-03", "2019Q1",
         opinion(1, date(2019, 3, 15), date(2019, 3, 29)),
         opinion(2, date(2019, 3, 15), date(2019, 4, 1)),
         opinion(3, date(2019, 3, 15), None))  # fmt: skip
    assert figures(connection, "2019Q1", "I-HOME-08", "I-HOME-09") == [3, round(100 / 3, 2)]
    # Answered and sent again in April, it remains an opinion of March.
    file(connection, "HOME-03", "2019Q2", opinion(3, date(2019, 3, 15), date(2019, 3, 20)))
    assert figures(connection, "2019Q2", "I-HOME-08", "I-HOME-09") == [0, None]
    assert figures(connection, "2019H1", "I-HOME-08", "I-HOME-09") == [3, round(100 * 2 / 3, 2)]


def test_open_files_stand_until_they_are_closed(connection: Connection) -> None:
    school = {"main_cause": "子女上学", "health": "良好", "hard_type": "相对困难"}
    file(connection, "AID-01", "2019-01", household("K1"), household("K2", OTHER, **school))
    file(connection, "AID-01", "2019-02", household("K1"), by=MINE)
    # The mill sends nothing in February; in March one file changes and one is closed.
    leaving = {"exit_date": date(2019, 3, 30), "exit_reason": "子女毕业就业"}
    file(connection, "AID-01", "2019-03", household("K1", hard_type="相对困难"),
         household("K2", OTHER, **school, **leaving))  # fmt: skip
    wanted = ("I-AID-01", "I-AID-02", "I-AID-03", "I-AID-04")
    assert figures(connection, "2019-01", *wanted) == [2, 50, 1, 0]
    assert figures(connection, "2019-02", *wanted) == [3, round(100 * 2 / 3, 2), 2, 0]
    assert figures(connection, "2019-03", *wanted) == [2, 100, 1, 1]
    assert figures(connection, "2019-03", "I-AID-01", unit=TRADE, line=2) == [1]
    assert figures(connection, "2019", *wanted) == [2, 100, 1, 1]
    # A year later nothing was sent, and the files still stand.
    assert figures(connection, "2020-02", *wanted[:3]) == [2, 100, 1]
    behind = cells_behind(connection, definitions(), "I-AID-01", ids(connection)[CITY], 1,
                          Period.parse("2019-03"), LATEST)  # fmt: skip
    assert sorted((c.org, c.period) for c in behind) == [(MILL, "2019-03"), (MINE, "2019-02")]


def test_promises_of_relief_not_kept(connection: Connection) -> None:
    """大病 without medical relief, 上学 without aid for schooling, by union and year."""
    school = {"main_cause": "子女上学", "health": "良好"}
    file(connection, "AID-01", "2019-01", household("K1"), household("K2", OTHER, **school))
    file(connection, "AID-01", "2019-01", household("K1"), by=MINE)
    assert figures(connection, "2019-01", "I-AID-11") == [3]
    medical = {"aid_kind": "医疗（大病）救助", "households": 1, "cum_households": 1}
    file(connection, "AID-02", "2019-02", medical)
    file(connection, "AID-02", "2019-02", {**medical, "cum_households": 0}, by=MINE)
    assert figures(connection, "2019-01", "I-AID-11") == [3]
    assert figures(connection, "2019-02", "I-AID-11") == [2]
    assert figures(connection, "2019-12", "I-AID-11") == [2]
    # The new year begins with nothing paid.
    assert figures(connection, "2020-01", "I-AID-11") == [3]


LATEST = pd.Timestamp("2030-01-01", tz="UTC").to_pydatetime()


def test_pairs_and_services(connection: Connection) -> None:
    for quarter, kinds in (("2019Q1", ("领导结对户", "职工结对户", "基层联系点")),
                           ("2019Q2", ("领导结对户", "基层联系点"))):  # fmt: skip
        file(connection, "AID-03", quarter,
             *({"link_id": f"J{n}", "link_kind": k} for n, k in enumerate(kinds)))  # fmt: skip
        file(connection, "WARM-02", quarter, {"send_kind": "送清凉", "persons": 840},
             {"send_kind": "送法律", "persons": 60})  # fmt: skip
    assert figures(connection, "2019Q1", "I-AID-09", "I-AID-10", "I-WARM-05") == [2, 1, 900]
    assert figures(connection, "2019H1", "I-AID-09", "I-AID-10", "I-WARM-05") == [1, 1, 1800]


def test_mutual_aid_plan_by_plan_and_stars_month_by_month(
    connection: Connection,
) -> None:
    file(connection, "ORG-02", "2019-03", {"members_total": 160, "workers_total": 250})
    for month in ("2019-02", "2019-03"):
        file(connection, "MUT-01", month,
             {"plan": "住院医疗", "persons_insured": 112, "premium": 8960, "claims": 2,
              "claim_amount": 3600},
             {"plan": "意外伤害", "persons_insured": 8, "premium": 40, "claims": 0,
              "claim_amount": 0})  # fmt: skip
        file(connection, "SKILL-05", month,
             *({"workshop": w, "top_name": "示例姓名"} for w in ("热轧", "冷轧")))  # fmt: skip
    mutual = [f"I-MUT-0{n}" for n in range(1, 6)]
    assert figures(connection, "2019Q1", *mutual, "I-SKILL-17") == [
        120, 75, 4, 7200, 40, 4
    ]  # fmt: skip


def test_an_item_of_innovation_counts_when_it_is_done(connection: Connection) -> None:
    def item(n: int, kind: str, done: date | None, saving: float | None) -> dict[str, Any]:
        return {"item_id": f"G{n}", "kind": kind, "done_on": done, "saving": saving}

    file(connection, "INNO-03", "2019Q1", item(1, "先进操作法", None, None),
         item(2, "先进操作法", date(2019, 3, 1), 100.5))  # fmt: skip
    file(connection, "INNO-03", "2019Q2", item(1, "先进操作法", date(2019, 5, 1), 220.37),
         item(2, "先进操作法", date(2019, 3, 1), 100.5),
         item(3, "攻关课题", date(2019, 6, 1), 1))  # fmt: skip
    assert figures(connection, "2019Q1", "I-INNO-11", "I-INNO-12") == [1, 100.5]
    assert figures(connection, "2019H1", "I-INNO-11", "I-INNO-12") == [2, 321.87]


def test_hazards_fall_due_whenever_they_were_sent(connection: Connection) -> None:
    def hazard(n: int, found: date, due: date, fixed: date | None = None) -> dict[str, Any]:
        return {"hazard_id": f"Y{n}", "found_on": found, "due_on": due, "fixed_on": fixed}

    march = date(2020, 3, 31)
    file(connection, "SAFE-02", "2019-02", hazard(1, date(2019, 2, 3), march))
    file(connection, "SAFE-02", "2020-03", hazard(1, date(2020, 3, 2), march, march),
         hazard(2, date(2020, 3, 2), march, date(2020, 4, 1)))  # fmt: skip
    # Number 1 was given anew in the new year; found in February 2019, the old one is due as well.
    assert figures(connection, "2020-03", "I-SAFE-04", "I-SAFE-05") == [2, round(100 / 3, 2)]
    assert figures(connection, "2019-02", "I-SAFE-04", "I-SAFE-05") == [1, None]
    # Found before the form was asked for: the rest of that year is not known.
    file(connection, "SAFE-02", "2019-03", hazard(9, date(2018, 12, 9), date(2019, 3, 9)))
    assert figures(connection, "2018-12", "I-SAFE-04") == [None]
    assert figures(connection, "2019-03", "I-SAFE-04", "I-SAFE-05") == [0, 0]
    assert figures(connection, "2019-12", "I-SAFE-04") == [None]
    assert beside(connection, "2019-12", "2018-12", "I-SAFE-04") is None


def test_twelve_points_lost_are_one_person_a_year(connection: Connection) -> None:
    file(connection, "SAFE-03", "2019-01", loss("K1", date(2019, 1, 9), 6, 6))
    file(connection, "SAFE-03", "2019-02", loss("K2", date(2019, 2, 9), 6, 0))
    file(connection, "SAFE-03", "2019-03", loss("K3", date(2019, 3, 9), 1, 0),
         loss("K2", date(2019, 2, 9), 6, 0, edu_done_on=date(2019, 3, 1)))  # fmt: skip
    # The same number is another person in another union.
    file(connection, "SAFE-03", "2019-03", loss("K1", date(2019, 3, 9), 12, 0), by=MINE)
    wanted = ("I-SAFE-06", "I-SAFE-07")
    assert figures(connection, "2019-02", *wanted) == [1, 0]
    assert figures(connection, "2019-03", *wanted) == [1, 0]
    assert figures(connection, "2019", *wanted) == [2, 50]


def test_the_safety_cup(connection: Connection) -> None:
    row = {"units": 1, "teams": 12, "persons": 118, "clean_teams": 10, "violations": 3}
    file(connection, "SAFE-01", "2019Q1", row)
    file(connection, "SAFE-01", "2019Q2", {**row, "persons": 120, "clean_teams": 9})
    file(connection, "ORG-02", "2019-06", {"workers_total": 250})
    wanted = ("I-SAFE-01", "I-SAFE-02", "I-SAFE-03", "I-SAFE-08")
    assert figures(connection, "2019H1", *wanted) == [1, 120, 75, 1000 * (3 + 3) / 250]


def test_a_list_sent_every_quarter_counts_its_sites_once(connection: Connection) -> None:
    site = {"site_id": "H1", "site_tier": "职工小家", "open_date": date(2018, 4, 1)}
    for quarter in ("2018Q2", "2018Q3", "2019Q2"):
        file(connection, "HOME-01", quarter, site)
    number = figures(connection, "2018Q2", "I-HOME-02")
    assert number == [1]
    figures(connection, "2019Q2", "I-HOME-02")
    assert beside(connection, "2019Q2", "2018Q2", "I-HOME-02") == 1


def test_what_was_not_asked_for_is_absent_and_not_zero(connection: Connection) -> None:
    file(connection, "ORG-02", "2018-03", {"members_total": 160, "workers_total": 250})
    asked = figures(connection, "2018-03", "I-ORG-04", "I-AID-01", "I-MUT-02", "I-SAFE-08")
    assert asked == [160, None, None, None]
