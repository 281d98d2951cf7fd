"""Pages of reviewers and stewards: queue, submission, corrections, mends, coverage, rights."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from acceptance import SPRING, member_row, query, write_registry
from portal_site import Site, words
from test_correcting import COUNTY, members, place_of, process, report

from definitions import Definitions
from pipelines import flow
from pipelines.flow.ground import CHINA
from samples.registry import registry

UNITS = [u.code for u in registry().family("yongning")[:9]]
OUTSIDE = "640100Z00001"


@pytest.fixture(scope="module")
def site(module_home: Path, definitions: Definitions) -> Iterator[Site]:
    flow.register_organisations(
        str(write_registry(module_home / "organisations.yaml", UNITS)), SPRING
    )
    flow.open_period("2017-03", "2017-03-26T09:00:00")
    made = Site(definitions, at=datetime(2017, 4, 5, 16, 0, tzinfo=CHINA))
    made.account("ma", ("steward", COUNTY))
    made.account("bai", ("steward", COUNTY))
    made.account("shen", ("county_reviewer", COUNTY))
    made.account("li", ("reporter", UNITS[0]), ("signer", UNITS[0]))
    made.account("zhao", ("steward", UNITS[8]))
    yield made


@pytest.fixture(scope="module")
def bad(site: Site, definitions: Definitions) -> int:
    row = member_row(UNITS[0], 110) | {"members_total": 190}
    return report(definitions, UNITS[0], {"ORG-02": [row]})


@pytest.fixture(scope="module")
def good(site: Site, definitions: Definitions) -> int:
    return members(definitions, UNITS[1], 101)


def name(code: str) -> str:
    return registry().org(code).name


def test_the_queue_has_the_gravest_first_and_can_be_narrowed(site, bad, good):
    browser = site.signed_in("ma")
    answer = browser.get("/queue")
    said = words(answer)
    assert said.index(name(UNITS[0])) < said.index(name(UNITS[1]))
    assert name(UNITS[1]) not in words(browser.get("/queue?state=returned"))
    assert name(UNITS[0]) in words(browser.get("/queue?form=ORG-02&lead=块为主&age=0"))
    assert "没有符合条件的报表" in words(browser.get("/queue?form=ORG-01"))
    assert "没有符合条件的报表" in words(browser.get("/queue?age=7"))
    rule = query("SELECT rule FROM finding WHERE submission_id = :i AND severity = '退回'", i=bad)
    found = words(browser.get(f"/queue?rule={rule[0].rule}"))
    assert name(UNITS[0]) in found
    assert name(UNITS[1]) not in found
    assert name(UNITS[1]) in words(browser.get(f"/queue?search={UNITS[1][-6:]}"))


def test_pages_follow_each_other_by_key(site, bad, good, monkeypatch):
    from portal.reading import steward

    monkeypatch.setattr(steward, "PAGE", 1)
    browser = site.signed_in("ma")
    first = browser.get("/queue")
    assert name(UNITS[1]) not in words(first)
    import re
    from html import unescape

    onward = unescape(re.search(r'href="(/queue\?after=[^"]+)"', first.text)[1])
    second = words(browser.get(onward))
    assert name(UNITS[1]) in second
    assert name(UNITS[0]) not in second


def test_a_view_is_kept_for_its_person_alone(site):
    browser = site.signed_in("ma")
    browser.post("/queue/views", {"name": "退回件", "filters": "state=returned&evil=1"})
    page = browser.get("/queue").text
    assert 'href="/queue?state=returned"' in page
    assert "evil" not in page
    assert "退回件" in words(browser.get("/queue"))
    assert "退回件" not in words(site.signed_in("bai").get("/queue"))
    (kept,) = query("SELECT id FROM saved_view")
    site.signed_in("bai").post(f"/queue/views/{kept.id}/drop")
    assert len(query("SELECT id FROM saved_view")) == 1
    browser.post(f"/queue/views/{kept.id}/drop")
    assert query("SELECT id FROM saved_view") == []


def test_who_stands_elsewhere_sees_nothing(site, bad):
    stranger = site.signed_in("zhao")
    assert name(UNITS[0]) not in words(stranger.get("/queue"))
    for path in (f"/queue/{bad}", f"/queue/{bad}/returned.xlsx"):
        assert stranger.get(path).status_code == 404
    for verb in ("claim", "leave", "steps", "try", "propose"):
        data = {"verb": "send_back", "seen": 0, "reason": "x"}
        assert stranger.post(f"/queue/{bad}/{verb}", data).status_code == 404
    assert site.signed_in("li").get("/queue").status_code == 403


def test_the_sheet_shows_the_bad_cell_and_the_second_is_told_who_is_on_it(site, bad, definitions):
    sheet, cell = place_of(definitions, "ORG-02", "members_total", bad)
    browser = site.signed_in("ma")
    page = browser.get(f"/queue/{bad}").text
    assert f'name="v:{sheet}!{cell}" value="190"' in page
    assert f'data-cell="{sheet}!{cell}"' in page
    assert "您正在处理" in browser.post(f"/queue/{bad}/claim").text
    assert "ma同志 从" in site.signed_in("bai").post(f"/queue/{bad}/claim").text
    browser.post(f"/queue/{bad}/leave")
    assert "您正在处理" in site.signed_in("bai").post(f"/queue/{bad}/claim").text


def test_figures_are_tried_proposed_and_confirmed_by_the_unit(site, bad, definitions):
    sheet, cell = place_of(definitions, "ORG-02", "members_total", bad)
    steward = site.signed_in("ma")
    fields = {f"o:{sheet}!{cell}": "190", f"v:{sheet}!{cell}": "110"}
    same = {f"o:{sheet}!{cell}": "190", f"v:{sheet}!{cell}": "190", "reason": "核对"}
    assert "没有要更正" in steward.post(f"/queue/{bad}/propose", same).text
    assert "须写明理由" in steward.post(f"/queue/{bad}/propose", fields).text
    assert "试算 1 格" in "".join(words(steward.post(f"/queue/{bad}/try", fields)))
    real = place_of(definitions, "ORG-02", "realname_members", bad)[1]
    fields |= {f"o:{sheet}!{real}": "x", f"v:{sheet}!{real}": "110", "reason": "两栏填反"}
    assert steward.post(f"/queue/{bad}/propose", fields).status_code == 303
    (made,) = query("SELECT id FROM correction WHERE submission_id = :i", i=bad)
    assert steward.post(f"/proposals/{made.id}/decide", {"answer": "yes"}).status_code == 403
    assert site.signed_in("zhao").get(f"/proposals/{made.id}").status_code == 404
    unit = site.signed_in("li")
    said = words(unit.get(f"/proposals/{made.id}"))
    assert {"190", "110", "两栏填反", "确认更正"} <= set(said)
    assert unit.post(f"/proposals/{made.id}/decide", {"answer": "yes"}).status_code == 303
    process()
    (now,) = query(
        "SELECT s.life FROM submission s JOIN correction c ON c.receipt_id = s.receipt_id "
        "WHERE c.id = :i", i=made.id,
    )  # fmt: skip
    assert now.life in ("validated", "explained")


def test_sending_back_is_a_task_and_the_slower_of_two_is_told(site, good):
    steward, reviewer = site.signed_in("ma"), site.signed_in("shen")
    back = {"verb": "send_back", "seen": 0, "reason": "", "due": "2017-04-10", "assignee": "李敏"}
    assert "须写明理由" in steward.post(f"/queue/{good}/steps", back).text
    assert steward.post(f"/queue/{good}/steps", back | {"reason": "与台账不符"}).status_code == 303
    late = reviewer.post(f"/queue/{good}/steps", {"verb": "check", "seen": 0})
    assert late.status_code == 409
    assert "ma同志 刚刚对这份报送做了“退回”" in late.text
    (task,) = flow.open_tasks([UNITS[1]])
    assert (task.reason, task.assignee, str(task.due_on)) == ("与台账不符", "李敏", "2017-04-10")
    for verb in ("resend", "sign", "nonsense"):
        assert reviewer.post(f"/queue/{good}/steps", {"verb": verb, "seen": 1}).status_code == 422


def test_the_leading_line_checks_level_by_level(site, definitions):
    one = members(definitions, UNITS[2], 90)
    reviewer = site.signed_in("shen")
    assert "审核通过" in words(reviewer.get(f"/queue/{one}"))
    assert (
        site.signed_in("ma").post(f"/queue/{one}/steps", {"verb": "check", "seen": 0}).status_code
        == 403
    )
    assert reviewer.post(f"/queue/{one}/steps", {"verb": "check", "seen": 0}).status_code == 303
    assert flow.submission_case(one, "2017-04-05T17:00:00").state == "checked"


def test_a_way_of_writing_is_tried_before_it_is_mended_for_all(site, definitions):
    label = definitions.newest("ORG-02").column("members_total").label

    def other(book: openpyxl.Workbook) -> None:
        for sheet in book.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.value == label:
                        cell.value = "在册会员合计人头"

    rows = {"ORG-02": [member_row(UNITS[3], 80)]}
    one = report(definitions, UNITS[3], rows, other)
    mend = {"kind": "heading", "form": "ORG-02", "column": "members_total", "since": "2017-01",
            "written": "在册会员合计人头", "reason": "沿用旧表样"}  # fmt: skip
    steward = site.signed_in("ma")
    said = " ".join(words(steward.post("/mends/preview", mend)))
    assert "1 份报表会重新读取" in said
    assert query("SELECT id FROM reading_mend") == []
    assert steward.post("/mends/preview", mend | {"units": OUTSIDE}).status_code == 403
    assert site.signed_in("shen").post("/mends", mend).status_code == 403
    assert steward.post("/mends", mend).status_code == 303
    (kept,) = query("SELECT organisations FROM reading_mend")
    assert kept.organisations  # a county's mend is for its own units
    process()
    assert flow.submission_case(one, "2017-04-05T17:00:00").state in ("resent", "superseded")


def test_the_board_counts_and_reminds_once_a_day(site, bad, good, monkeypatch):
    monkeypatch.setattr(site, "at", datetime(2017, 4, 6, 9, 0, tzinfo=CHINA))
    steward = site.signed_in("ma")
    said = words(steward.get("/coverage"))
    assert {"应报", "已计入", "退回待改", "未打开"} <= set(said)
    late = words(steward.get("/coverage/units?state=never"))
    assert name(UNITS[7]) in late
    (root,) = query("SELECT id FROM organisation WHERE code = :c", c=COUNTY)
    data = {"period": "2017-03", "root": root.id, "line": 1, "state": "never", "upwards": "1"}
    assert steward.post("/coverage/remind", data).status_code == 303
    before = query("SELECT kind, count(*) AS n FROM notice WHERE key LIKE '%hand-%' GROUP BY kind")
    assert {r.kind for r in before} == {"reminder", "escalation"}
    steward.post("/coverage/remind", data)
    again = query("SELECT kind, count(*) AS n FROM notice WHERE key LIKE '%hand-%' GROUP BY kind")
    assert sorted(map(tuple, again)) == sorted(map(tuple, before))
    (top,) = query("SELECT id FROM organisation WHERE code = :c", c=OUTSIDE)
    assert steward.get(f"/coverage?root={top.id}").status_code == 404
    assert steward.post("/coverage/remind", data | {"root": top.id}).status_code == 404


def test_lists_leave_as_workbooks_in_which_text_stays_text(site, bad):
    steward = site.signed_in("ma")
    for path in ("/queue/export.xlsx", "/coverage/units/export.xlsx", "/closing/export.xlsx"):
        answer = steward.get(path)
        assert answer.status_code == 200
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert sheet["A1"].value
        assert all(c.data_type != "f" for row in sheet.iter_rows() for c in row)
    units = steward.get("/coverage/units/export.xlsx").content
    codes = [r[0] for r in openpyxl.load_workbook(io.BytesIO(units)).active.values]
    assert set(UNITS) <= set(codes)


def test_changes_and_findings_of_closes_have_their_lists(site):
    reviewer = site.signed_in("shen")
    assert "没有等待确认的机构变动" in words(reviewer.get("/changes"))
    assert reviewer.post("/changes/decide", {"answer": "yes"}).status_code == 422
    assert reviewer.get("/closing").status_code == 200
    assert site.signed_in("ma").get("/changes").status_code == 403
