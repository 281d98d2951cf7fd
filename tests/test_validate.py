"""From sheets that were read to findings by cell: cells, rules, other forms and periods."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from definitions.model import Severity
from definitions.periods import Period
from expectations.findings import Finding
from expectations.suites import checks_for, suite_of
from pipelines.validate import validate
from tests.checking import (
    RECEIVED,
    Accepted,
    check,
    codes,
    definitions,
    form_of,
    funds,
    members,
    places,
    sheet,
    slip,
    workbook,
)


def column(form: str, code: str) -> str:
    """Letter of a form's column on the test sheets."""
    return chr(ord("A") + form_of(form).position[code])


def test_a_sound_workbook_has_no_findings() -> None:
    found = check(workbook(sheet("ORG-02", members()), sheet("FIN-01", funds(cum_due=12800 * 3))))
    assert found == [[]]


def test_all_problems_are_found_at_once_and_the_gravest_come_first() -> None:
    row = members(members_total=130, workers_f=None, new_members=-1, fulltime_cadres=0.5)
    (found,) = check(workbook(sheet("ORG-02", row)))
    assert places(found) == {
        ("V-R-001", f"{column('ORG-02', 'members_total')}6"),
        ("V-C-015", f"{column('ORG-02', 'workers_f')}6"),
        ("V-C-001", f"{column('ORG-02', 'new_members')}6"),
        ("V-C-001", f"{column('ORG-02', 'fulltime_cadres')}6"),
    }
    ranks = [f.severity.rank for f in found]
    assert ranks == sorted(ranks)


def test_a_finding_says_what_was_read_where_and_what_to_do() -> None:
    (found,) = check(
        workbook(sheet("ORG-02", members(), members(org_code="A002", members_total=130)))
    )
    (finding,) = found
    assert finding.rule == "V-R-001"
    assert finding.severity is Severity.RETURN
    assert finding.form == "ORG-02"
    assert finding.sheet == form_of("ORG-02").title
    assert finding.row == 7
    assert finding.cells == (
        f"{column('ORG-02', 'members_total')}7",
        f"{column('ORG-02', 'workers_total')}7",
    )
    assert "130" in finding.message
    assert "128" in finding.message
    assert finding.advice


def test_findings_return_to_the_workbook_they_belong_to() -> None:
    sound = workbook(sheet("ORG-02", members()))
    wrong = workbook(sheet("ORG-02", members(org_code="A002", new_unions_100=2)), org="A002")
    assert [codes(f) for f in check(sound, wrong, sound)] == [[], ["V-R-004"], []]


def test_a_chunk_finds_what_single_workbooks_find() -> None:
    books = [
        workbook(sheet("ORG-02", members(org_code=o, members_total=m)), org=o, period=p)
        for o, m, p in [
            ("A001", 120, "2017-03"),
            ("A002", 130, "2017-03"),
            ("A003", 140, "2017-02"),
        ]
    ]
    assert check(*books) == [check(b)[0] for b in books]


def test_a_cell_that_could_not_be_read_is_not_called_blank_as_well() -> None:
    read = sheet("ORG-02", members(members_total=None))
    read.unreadable.add((0, form_of("ORG-02").position["members_total"]))
    read.raw[0, form_of("ORG-02").position["members_total"]] = "约120"
    assert check(workbook(read)) == [[]]


def test_a_missing_column_is_not_told_again_for_each_row() -> None:
    read = sheet("ORG-02", members(groups=None), members(org_code="A002", groups=None))
    at = form_of("ORG-02").position["workers_f"]
    read.columns[at] = None
    read.values[at] = [None, None]
    assert check(workbook(read)) == [[]]


def test_readers_findings_are_kept_and_failed_workbooks_are_not_checked() -> None:
    said = Finding("V-F-001", Severity.RETURN, "文件无法读取", "请另存为 xlsx")
    failed = replace(workbook(failed=True), findings=[said])
    assert check(failed, workbook(sheet("ORG-02", members()))) == [[said], []]


def test_a_sheet_without_rows_is_nothing_to_check() -> None:
    assert check(workbook(sheet("ORG-02"))) == [[]]
    assert check() == []


def test_without_a_period_only_what_needs_no_other_period_is_checked() -> None:
    past = Accepted({("ORG-02", "2017-02"): [members(members_total=60, members_f=30)]})
    row = members(members_total=130, org_code="Z999")
    (found,) = check(workbook(sheet("ORG-02", row), period=None), accepted=past)
    assert codes(found) == ["V-R-001"]


@pytest.mark.parametrize(
    ("form", "changed", "rule"),
    [
        ("FIN-01", {"payroll": 640000.001}, "V-C-002"),
        ("FIN-01", {"arrears": -1}, "V-C-002"),
        ("FIN-01", {"paid_route": "现金"}, "V-C-010"),
        ("FIN-01", {"arrears": 5}, "V-C-017"),
        ("FIN-01", {"org_code": "Z999"}, "V-X-001"),
    ],
)
def test_cells_of_funds(form: str, changed: dict[str, Any], rule: str) -> None:
    (found,) = check(workbook(sheet(form, funds(cum_due=12800 * 3, **changed))))
    assert rule in codes(found)


def test_refunds_may_be_negative_where_the_form_says_so() -> None:
    row = funds(paid=-100, retained=-60, remitted=-40, arrears=12900)
    (found,) = check(workbook(sheet("FIN-01", row)))
    assert "V-C-002" not in codes(found)


def test_a_union_that_has_stopped_cannot_report() -> None:
    (found,) = check(
        workbook(sheet("ORG-02", members())), accepted=Accepted(unions=(), stopped=("A001",))
    )
    assert codes(found) == ["V-X-001"]
    assert "A001" in found[0].message


def test_a_union_registered_in_the_same_chunk_is_known() -> None:
    registered = sheet("ORG-01", {"org_code": "B001", "status": "正常"}, period="2017-03")
    book = workbook(sheet("ORG-02", members(org_code="B001")), registered, org="B001")
    (found,) = check(book)
    assert "V-X-001" not in codes(found)


def test_dates_lie_between_the_founding_year_and_the_day_of_receipt() -> None:
    late = slip(slip_id="D2", received_on=date(2017, 4, 4))
    early = slip(slip_id="D3", received_on=date(1949, 9, 30))
    (found,) = check(workbook(sheet("RIGHT-01", slip(), late, early)))
    received_on = column("RIGHT-01", "received_on")
    assert places(found) == {("V-C-011", f"{received_on}7"), ("V-C-011", f"{received_on}8")}
    (later,) = check(workbook(sheet("RIGHT-01", late)), received=date(2017, 4, 4))
    assert later == []


def test_a_planned_date_may_lie_ahead_and_must_be_the_computed_one() -> None:
    """Accepted Thu 2017-03-30; Sat 1 April is worked, 2-4 April is Qingming: due 2017-04-14."""
    sound = slip(accepted_on=date(2017, 3, 30), due_on=date(2017, 4, 14))
    wrong = slip(slip_id="D2", accepted_on=date(2017, 3, 30), due_on=date(2017, 4, 13))
    (found,) = check(workbook(sheet("RIGHT-01", sound, wrong)))
    assert places(found) == {("V-C-017", f"{column('RIGHT-01', 'due_on')}7")}
    assert found[0].expected == "2017-04-14"


def test_a_column_is_required_only_when_its_condition_holds() -> None:
    accepted = slip(accepted_on=date(2017, 3, 30))
    (found,) = check(workbook(sheet("RIGHT-01", slip(), accepted | {"slip_id": "D2"})))
    assert places(found) == {("V-C-015", f"{column('RIGHT-01', 'due_on')}7")}


def test_doubled_keys_are_found_within_one_workbook_only() -> None:
    two = workbook(sheet("RIGHT-01", slip(), slip(), slip(slip_id="D2")))
    other = workbook(sheet("RIGHT-01", slip()), org="A002")
    mine, theirs = check(two, other)
    slip_id = column("RIGHT-01", "slip_id")
    assert places(mine) == {("V-S-001", f"{slip_id}6"), ("V-S-001", f"{slip_id}7")}
    assert "2 行" in mine[0].message
    assert theirs == []


def apprentice(**changed: Any) -> dict[str, Any]:
    row = {"master": "张示例", "apprentice": "李示例"}
    row |= {"signed_on": date(2017, 3, 1), "end_on": date(2018, 3, 1)}
    return row | changed


def test_names_of_persons_never_stand_in_findings() -> None:
    (found,) = check(workbook(sheet("SKILL-04", apprentice(apprentice="张示例", master="王2号"))))
    assert {"V-C-013"} <= set(codes(found))
    for finding in found:
        text = f"{finding.message}{finding.advice}{finding.value}{finding.expected}"
        assert "示例" not in text
        assert "王2号" not in text
    assert {f.value for f in found if f.rule == "V-C-013"} == {""}


def test_identity_numbers_are_refused_without_being_repeated() -> None:
    rows = [
        {"org_code": "A001", "id_no": n}
        for n in ("11010519491231002X", "110105194912310021", "110105491231002")
    ]
    (found,) = check(workbook(sheet("SKILL-03", *rows)))
    id_no = column("SKILL-03", "id_no")
    marked = {p for p in places(found) if p[0] in ("V-C-006", "V-C-007")}
    assert marked == {("V-C-006", f"{id_no}7"), ("V-C-007", f"{id_no}8")}
    assert not any("1101051949" in f.message + f.value for f in found)


def test_personal_numbers_in_free_text_ask_for_removal() -> None:
    row = {"task_id": "T1", "org_code": "A001", "actual": 1, "evidence": "联系13800138000"}
    (found,) = check(workbook(sheet("TGT-02", row, period="2017Q1"), period="2017Q1"))
    (finding,) = [f for f in found if f.rule == "V-C-016"]
    assert finding.severity is Severity.EXPLAIN
    assert "13800138000" not in finding.message + finding.value


def test_a_total_row_is_compared_with_its_rows() -> None:
    read = sheet("ORG-02", members(), members(org_code="A002"))
    at = form_of("ORG-02").position
    read.totals.append((8, {at["members_total"]: 240.0, at["workers_total"]: 250.0}))
    (found,) = check(workbook(read))
    (finding,) = found
    assert (finding.rule, finding.cell) == ("V-S-002", f"{column('ORG-02', 'workers_total')}8")
    assert (finding.value, finding.expected) == ("250", "256")


def test_subtotals_stand_for_the_rows_since_the_last_one() -> None:
    read = sheet("ORG-02", *(members(org_code=o) for o in ("A001", "A002", "A003")))
    read.row_numbers[:] = [6, 7, 9]
    at = form_of("ORG-02").position["members_total"]
    read.totals += [(8, {at: 240.0}), (10, {at: 120.0}), (11, {at: 360.0})]
    assert check(workbook(read)) == [[]]
    read.totals[1] = (10, {at: 121.0})
    (found,) = check(workbook(read))
    assert [(f.rule, f.row, f.expected) for f in found] == [("V-S-002", 10, "120")]


FEBRUARY = {("FIN-01", "2017-02"): [funds(cum_due=25600, cum_paid=25600)]}


def test_a_cumulative_is_the_last_one_plus_this_month() -> None:
    sound = workbook(sheet("FIN-01", funds(cum_due=25600 + 12800, cum_paid=25600 + 12800)))
    wrong = workbook(sheet("FIN-01", funds(cum_due=25600, cum_paid=25600 + 12800)))
    first, second = (check(w, accepted=Accepted(FEBRUARY))[0] for w in (sound, wrong))
    assert first == []
    assert places(second) == {("V-P-002", f"{column('FIN-01', 'cum_due')}6")}
    assert second[0].expected == "38400"
    assert "应拨缴经费" in second[0].message


def test_in_january_the_cumulative_starts_anew() -> None:
    december = Accepted({("FIN-01", "2016-12"): [funds(cum_due=150000, cum_paid=150000)]})
    row = funds(cum_due=12800, cum_paid=12801)
    (found,) = check(
        workbook(sheet("FIN-01", row, period="2017-01"), period="2017-01"), accepted=december
    )
    assert places(found) == {("V-P-002", f"{column('FIN-01', 'cum_paid')}6")}


def test_an_unreported_month_makes_the_cumulative_unknown() -> None:
    assert check(workbook(sheet("FIN-01", funds(cum_due=99, cum_paid=99)))) == [[]]


def test_last_months_rows_of_the_same_chunk_come_before_the_warehouse() -> None:
    corrected = workbook(
        sheet("FIN-01", funds(cum_due=20000, cum_paid=25600), period="2017-02"), period="2017-02"
    )
    march = workbook(sheet("FIN-01", funds(cum_due=20000 + 12800, cum_paid=25600 + 12800)))
    found = check(corrected, march, accepted=Accepted(FEBRUARY))
    assert found[1] == []


def test_large_changes_of_stocks_are_explained_once_per_row() -> None:
    past = Accepted(
        {
            ("ORG-02", "2017-02"): [
                members(workers_total=70, members_total=60, members_f=50, realname_members=60)
            ]
        }
    )
    (found,) = check(workbook(sheet("ORG-02", members(new_members=60))), accepted=past)
    (finding,) = [f for f in found if f.rule == "V-P-005"]
    assert finding.severity is Severity.EXPLAIN
    assert "职工人数 70→128（+83%）" in finding.message
    assert "会员人数 60→120（+100%）" in finding.message
    assert "女会员" not in finding.message  # 50 → 55
    assert len(finding.columns) == 3


def test_small_changes_need_no_explanation() -> None:
    past = Accepted(
        {("ORG-02", "2017-02"): [members(workers_total=78, members_total=119, new_members=1)]}
    )
    (found,) = check(workbook(sheet("ORG-02", members(new_members=1))), accepted=past)
    assert "V-P-005" not in codes(found)  # 78 → 128 is exactly 50


def test_flows_are_compared_with_the_same_month_last_year() -> None:
    past = Accepted({("FIN-01", "2016-03"): [funds(payroll=400000, paid=12000)]})
    (found,) = check(workbook(sheet("FIN-01", funds())), accepted=past)
    (finding,) = [f for f in found if f.rule == "V-P-006"]
    assert "上月全部职工工资总额 400000→640000（+60%）" in finding.message
    assert "实际拨缴" not in finding.message


def test_three_equal_months_ask_whether_they_were_copied() -> None:
    months = {("FIN-01", p): [funds(cum_due=None, cum_paid=None)] for p in ("2017-01", "2017-02")}
    (found,) = check(workbook(sheet("FIN-01", funds())), accepted=Accepted(months))
    (finding,) = [f for f in found if f.rule == "V-P-013"]
    assert "实际拨缴经费 12800" in finding.message
    (fewer,) = check(
        workbook(sheet("FIN-01", funds())),
        accepted=Accepted({k: v for k, v in months.items() if k[1] == "2017-02"}),
    )
    assert "V-P-013" not in codes(fewer)


def test_other_forms_are_taken_from_the_same_workbook_first() -> None:
    """Payroll 640,000: 128 workers are 5,000 each; 5 would be 128,000, 640 would be 1,000."""
    staff = {("ORG-02", "2017-03"): [members(workers_total=5, workers_f=1)]}
    alone = workbook(sheet("FIN-01", funds(cum_due=12800 * 3)))
    together = workbook(sheet("FIN-01", funds(cum_due=12800 * 3)), sheet("ORG-02", members()))
    assert codes(check(alone, accepted=Accepted(staff))[0]) == ["V-R-063"]
    assert check(together, accepted=Accepted(staff)) == [[]]
    assert check(alone, together, accepted=Accepted(staff))[0] == []


def test_two_versions_in_one_chunk_are_each_held_against_themselves() -> None:
    """Payroll 640,000 over 128 workers is 5,000 each; over 5 it is 128,000."""
    money = funds(cum_due=12800 * 3)
    first = workbook(sheet("FIN-01", money), sheet("ORG-02", members()))
    second = workbook(
        sheet("FIN-01", money),
        sheet("ORG-02", members(workers_total=5, workers_f=1, workers_migrant=0, members_total=5)),
    )
    found = check(first, second)
    assert "V-R-063" not in codes(found[0])
    assert "V-R-063" in codes(found[1])


def test_a_row_left_out_of_a_correction_is_no_longer_there() -> None:
    """February's correction of A001 lists medical aid only; living aid has no last cumulative."""
    living, medical = definitions().code_lists["AID_KIND"].values[:2]

    def aid(kind: str, cumulative: float) -> dict[str, Any]:
        row = {"org_code": "A001", "aid_kind": kind, "households": 1, "persons": 1}
        return row | {"amount": 500, "cum_households": 1, "cum_amount": cumulative}

    past = Accepted({("AID-02", "2017-02"): [aid(living, 9000), aid(medical, 9000)]})
    march = workbook(sheet("AID-02", aid(living, 500)))
    corrected = workbook(sheet("AID-02", aid(medical, 1000), period="2017-02"), period="2017-02")
    (before,) = check(march, accepted=past)
    _, after = check(corrected, march, accepted=past)
    assert "V-P-002" in codes(before)
    assert "V-P-002" not in codes(after)


def test_nothing_reported_by_the_other_form_is_nothing_broken() -> None:
    small = funds(payroll=50, due=1, paid=1, retained=0.6, remitted=0.4)
    assert check(workbook(sheet("FIN-01", small))) == [[]]


def target(label: str, value: float, **changed: Any) -> dict[str, Any]:
    row = {"task_id": "T07", "org_code": "A001", "work": "W07", "indicator": "I-SKILL-15"}
    row |= {"period": label, "target": value, "direction": "越大越好"}
    return row | changed


def test_a_self_report_is_held_against_the_target_and_the_warehouse() -> None:
    accepted = Accepted(
        {("TGT-01", "2017"): [target("2017", 100), target("2017Q1", 40), target("2017Q2", 30)]},
        figures=[("I-SKILL-15", "A001", 30.0)],
    )
    missed = {"task_id": "T07", "org_code": "A001", "actual": 39, "evidence": "协议汇总"}
    met = missed | {"actual": 41, "gap_reason": None}
    (found,) = check(
        workbook(sheet("TGT-02", missed, period="2017Q1"), period="2017Q1"), accepted=accepted
    )
    assert sorted(codes(found)) == ["V-R-072", "V-X-017"]
    (found,) = check(
        workbook(sheet("TGT-02", met, period="2017Q1"), period="2017Q1"), accepted=accepted
    )
    assert codes(found) == ["V-X-017"]


def test_an_order_must_name_a_menu_that_exists() -> None:
    past = Accepted({("RIGHT-01", "2017-01"): [slip(slip_id="M1", org_code="A002")]})
    order = slip(slip_kind="企业服务需求订单")
    rows = [
        order | {"slip_id": "O1", "parent_slip": "M1"},
        order | {"slip_id": "O2", "parent_slip": "M1、D1"},
        order | {"slip_id": "O3", "parent_slip": "M7"},
        order | {"slip_id": "O4", "parent_slip": None},
        slip(),
    ]
    (found,) = check(workbook(sheet("RIGHT-01", *rows)), accepted=past)
    assert {f.row for f in found if f.rule == "V-R-077"} == {8, 9}


@pytest.mark.parametrize("code", definitions().form_codes)
def test_a_suite_is_declarative_json(code: str) -> None:
    """Its JSON carries every rule with its parameters; severities are those of the field."""
    form = form_of(code, "2019-12")
    period = Period.parse("2019-12").within(form.period)
    checks = checks_for(form, period, definitions())
    suite = json.loads(json.dumps(suite_of(form, period, checks, definitions()).to_json_dict()))
    rules = {e["meta"]["rule"]: e for e in suite["expectations"]}
    own = {r.code for r in definitions().rules_of(form) if r.check is not None}
    assert own <= set(rules)
    words = {"退回": "critical", "须说明": "warning", "提示": "info"}
    for rule, word in rules.items():
        assert word["severity"] == words[definitions().rule(rule).severity.value]


def test_the_rate_of_funds_stands_in_the_suite() -> None:
    form, period = form_of("FIN-01"), Period.parse("2017-03")
    suite = suite_of(form, period, checks_for(form, period, definitions()), definitions())
    (word,) = [e for e in suite.expectations if e.meta["rule"] == "V-R-057"]
    assert word.parameters["fund_rate_pct"] == 2


def test_broken_software_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expectations.vocabulary.broken", lambda *_: 1 / 0)
    with pytest.raises(RuntimeError, match="FIN-01"):
        validate([workbook(sheet("FIN-01", funds()))], definitions(), Accepted(), RECEIVED)
