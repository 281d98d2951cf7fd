"""The reporter's part of the portal: results, words, signatures, versions, and whose they are."""

from __future__ import annotations

import io
import os
import re
import signal
from pathlib import Path

import openpyxl
import pytest
from portal_site import Site, words
from portal_unit import COUNTY, MILL, MINE, NOW, POST, changed, judged, month, opened, process
from sqlalchemy import text

from definitions import Period
from pipelines.flow.correcting import NewCell, propose_correction
from pipelines.flow.filling import given_rows, rows_on, worked_out
from pipelines.flow.showing import ShownSheet, sheets_of
from pipelines.verdict.showing import differences
from portal.reading import reporter_sheet
from portal.reading.findings import Found
from tests.acceptance import query
from warehouse import accounts
from warehouse.engine import warehouse
from warehouse.life_cycle import Actor
from warehouse.sight import as_person

FORM = "ORG-02 会员与组织发展月报表"


@pytest.fixture(scope="module")
def site(module_home, definitions) -> Site:
    return opened(module_home, definitions)


@pytest.fixture(scope="module")
def returned(site, definitions) -> int:
    def spoil(book: openpyxl.Workbook) -> None:
        book[FORM]["C3"] = "约五十"

    return judged(changed(month(definitions, 101), spoil), name="甲.xlsx")


@pytest.fixture(scope="module")
def passed(site, definitions, returned) -> int:
    return judged(month(definitions, 101), name="乙.xlsx")


def upload(browser, *files: tuple[str, bytes], unit: str = MILL):
    given = [("files", (name, data, "application/octet-stream")) for name, data in files]
    token = browser.token("/my")
    return browser.client.post("/my/uploads", data={"csrf": token, "org": unit}, files=given)


def test_my_periods_say_what_is_due_and_how_long_is_left(site, returned):
    said = words(site.signed_in("li").get("/my"))
    row = said.index("会员与组织发展月报表")
    assert {"2017-04-05", "今天截止", "退回", "须改正后重新报送"} <= set(said[row : row + 12])
    other = said.index("工会经费计提拨缴与分成表")
    assert {"还有 12 天", "待报"} <= set(said[other : other + 8])


def test_the_workbook_of_the_month_is_the_units_own(site):
    browser = site.signed_in("li")
    answer = browser.get(f"/my/{MILL}/workbook/2017-03")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert FORM in book.sheetnames
    assert query("SELECT 1 FROM workbook_fetched w JOIN organisation o ON o.id = w.org_id "
                 "WHERE o.code = :o", o=MILL)  # fmt: skip
    assert browser.get(f"/my/{MINE}/workbook/2017-03").status_code == 404
    assert browser.get(f"/my/{MILL}/workbook/2031-13").status_code == 404


def test_uploads_are_told_file_by_file_until_all_are_done(site, definitions):
    browser = site.signed_in("hu")
    data = month(definitions, 71, MINE)
    answer = upload(browser, ("三月.xlsx", data), ("笔记.txt", b"hello"), unit=MINE)
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"])
    assert 'hx-trigger="every 1s"' in page.text
    assert {"三月.xlsx", "笔记.txt"} <= set(words(page))
    process()
    page = browser.get(answer.headers["location"])
    assert 'hx-trigger="every 1s"' not in page.text
    assert {"已通过", "退回修改"} <= set(words(page))
    again = browser.get(upload(browser, ("换名.xlsx", data), unit=MINE).headers["location"])
    assert "您以前交过内容完全相同的文件" in again.text


def test_the_same_file_of_another_unit_is_not_named(site, definitions, returned):
    """Whoever guesses a file learns that it came, not from whom or what became of it."""
    site.account("qian", ("reporter", POST))
    browser = site.signed_in("qian")
    from pipelines.flow.showing import sent_file

    with warehouse().connect() as connection:
        li = accounts.account_of(connection, "li")
    with as_person(warehouse(), li, site.at.date()) as reading:
        _, data = sent_file(returned, "test", site.at, reading)
    page = browser.get(upload(browser, ("我的.xlsx", data), unit=POST).headers["location"])
    assert "不必再报" in page.text
    assert "甲.xlsx" not in page.text
    assert f"/my/submissions/{returned}" not in page.text


def test_nothing_chosen_and_another_units_name_are_refused_kindly(site):
    browser = site.signed_in("li")
    answer = upload(browser)
    assert (answer.status_code, "没有选择文件" in answer.text) == (409, True)
    assert upload(browser, ("a.xlsx", b"x"), unit=MINE).status_code == 404
    signer = site.signed_in("wang")
    assert upload(signer, ("a.xlsx", b"x")).status_code == 403


def test_bad_cells_stand_in_the_sheet_and_lead_to_what_was_found(site, returned):
    page = site.signed_in("li").get(f"/my/submissions/{returned}")
    (found,) = query("SELECT id FROM finding WHERE submission_id = :s AND cell = 'C3'", s=returned)
    cell = re.search(r'<td id="c-3-3" class="([^"]+)".*?href="#f-(\d+)".*?>([^<]+)</a>', page.text)
    assert cell is not None
    assert cell.groups() == ("bad-cell", str(found.id), "约五十")
    assert f'id="f-{found.id}"' in page.text
    assert 'href="#c-3-3"' in page.text


@pytest.mark.parametrize("login", ["hu", "ma"])
def test_what_a_unit_sent_is_nobody_elses(site, returned, passed, login):
    browser = site.signed_in(login)
    for path in ("", "/marked", "/original", f"/compare/{passed}"):
        answer = browser.get(f"/my/submissions/{returned}{path}")
        assert answer.status_code in (403, 404), path
        assert "约五十" not in answer.text
    for path, data in (
        ("words", {"finding": 1, "words": "x"}),
        ("sign", {"verb": "sign", "seen": 0}),
    ):
        answer = browser.post(f"/my/submissions/{returned}/{path}", data)
        assert answer.status_code in (403, 404), path
    assert browser.get(f"/my/{MILL}/fill/ORG-02/2017-03").status_code in (403, 404)
    assert "甲.xlsx" not in browser.get("/my/history").text


def test_the_marked_workbook_and_the_original_come_back_and_are_noted(site, returned):
    browser = site.signed_in("li")
    marked = browser.get(f"/my/submissions/{returned}/marked")
    assert "%E7%94%B2-%E9%80%80%E5%9B%9E.xlsx" in marked.headers["content-disposition"]
    assert openpyxl.load_workbook(io.BytesIO(marked.content))[FORM]["C3"].comment is not None
    original = browser.get(f"/my/submissions/{returned}/original")
    assert openpyxl.load_workbook(io.BytesIO(original.content))[FORM]["C3"].comment is None
    noted = query(
        "SELECT l.action FROM audit_log AS l JOIN account AS a ON l.actor = 'account:' || a.id "
        "WHERE l.subject = :s AND a.login = 'li'", s=str(returned),
    )  # fmt: skip
    assert {r.action for r in noted} >= {"submission.returned", "submission.original"}


def test_two_versions_differ_in_the_cell_that_was_corrected(site, returned, passed):
    browser = site.signed_in("li")
    said = words(browser.get(f"/my/submissions/{passed}/compare/{returned}"))
    assert {"共 1 格不同", "C3", "约五十", "52"} <= set(said)
    old = words(browser.get(f"/my/submissions/{returned}"))
    assert "这是旧版本。" in old
    new = browser.get(f"/my/submissions/{passed}")
    assert "640121G00101" in words(new)  # the form stands open, not the cover
    assert "<span>~" not in new.text  # a name that is kept encrypted is shown as it is


def test_words_given_beside_a_warning_let_it_pass(site, definitions):
    """More than two hundred workers and no full-time cadre: the unit is asked why."""
    number = judged(month(definitions, 230, POST), POST, "丙.xlsx")
    state = query("SELECT state FROM submission WHERE id = :s", s=number)[0].state
    waiting = query("SELECT id FROM finding WHERE submission_id = :s AND severity = '须说明'",
                    s=number)  # fmt: skip
    assert (state, bool(waiting)) == ("explain", True)
    site.account("sun", ("reporter", POST))
    browser = site.signed_in("sun")
    assert "说明原因" in browser.get(f"/my/submissions/{number}").text
    ids = [str(w.id) for w in waiting]
    empty = browser.post(
        f"/my/submissions/{number}/words", {"finding": ids, "words": ["无"] * len(ids)}
    )
    assert (empty.status_code, "没有写明原因" in empty.text) == (409, True)
    given = {"finding": ids, "words": ["专职干部调离，正在补选"] * len(ids)}
    answer = browser.post(f"/my/submissions/{number}/words", given)
    assert answer.status_code == 303
    process()
    assert "已通过" in words(browser.get(answer.headers["location"]))


def test_two_people_sign_one_after_the_other(site, passed):
    """Names on the cover count as signatures; here the cover bears none."""
    with warehouse().begin() as connection:
        connection.execute(
            text("UPDATE submission SET cover = cover - 'reviewed_by' - 'signed_by' WHERE id = :s"),
            {"s": passed},
        )
        # Two people of one name: 王 who checks is not 王 who answers for it.
        connection.execute(text("UPDATE account SET name = '王伟' WHERE login IN ('wang', 'zhao')"))
    reviewer, head = site.signed_in("wang"), site.signed_in("zhao")

    def sign(browser, verb: str, seen: int):
        path = f"/my/submissions/{passed}/sign"
        return browser.post(path, {"verb": verb, "seen": seen})

    assert "请先由复核人签名" in sign(head, "sign", 0).text
    assert sign(site.signed_in("li"), "sign_review", 0).status_code == 409
    assert sign(reviewer, "sign_review", 0).status_code == 303
    assert "不能是同一人" in sign(reviewer, "sign", 1).text
    assert sign(head, "sign", 0).status_code == 409  # somebody was faster
    assert sign(head, "sign", 1).status_code == 303
    said = words(head.get(f"/my/submissions/{passed}"))
    assert said.count("王伟") >= 2


def test_a_stewards_correction_waits_for_the_units_word(site, definitions, passed):
    steward = Actor("马管理", COUNTY)
    number = propose_correction(
        passed, [NewCell(FORM, "F3", "102", "与名册不符")], "核对名册", steward, NOW
    )
    assert "提出了数字更正" in site.signed_in("li").get("/my").text
    assert "更正建议由本单位的复核人" in site.signed_in("li").get(f"/my/corrections/{number}").text
    browser = site.signed_in("wang")
    said = words(browser.get(f"/my/corrections/{number}"))
    assert {"F3", "101", "102", "核对名册", "与名册不符"} <= set(said)
    assert site.signed_in("hu").get(f"/my/corrections/{number}").status_code == 404
    refused = browser.post(f"/my/corrections/{number}", {"decision": "refuse"})
    assert (refused.status_code, "须写明理由" in refused.text) == (409, True)
    answer = browser.post(f"/my/corrections/{number}", {"decision": "confirm"})
    assert answer.headers["location"].startswith("/my/uploads?r=")
    process()
    assert browser.get(f"/my/corrections/{number}").status_code == 404


def test_an_original_goes_out_only_where_the_database_says_so(site, passed, monkeypatch):
    browser = site.signed_in("li")
    paths = (f"/my/submissions/{passed}/original", f"/my/submissions/{passed}/marked")
    taken = "SELECT count(*) FROM audit_log WHERE action = 'submission.original'"
    before = query(taken)[0][0]
    assert browser.get(paths[0]).status_code == 200
    monkeypatch.setattr("warehouse.sight.may_fetch_original", lambda *_: False)
    for path in paths:
        assert browser.get(path).status_code == 404
    assert query(taken)[0][0] == before + 1  # what was refused was not given


def test_no_page_takes_an_original_from_the_store_by_itself():
    """What hands out files of submissions asks for the reader's sight; nothing goes around it."""
    pages = Path(__file__).parent.parent / "portal"
    around = {
        path.name
        for path in pages.rglob("*.py")
        if "originals" in path.read_text(encoding="utf-8")
        and re.search(r"originals\.(get|open|path)", path.read_text(encoding="utf-8"))
    }
    # Files of editions and evidence of an assessment have rows, and policies, of their own.
    assert around == {"publications.py", "assessment_entries.py"}


def test_a_workbook_that_kills_its_parser_hurts_no_page(site, passed, monkeypatch):
    from pipelines.flow import showing

    assert showing.sheets_of(passed)
    deaths = (lambda: os._exit(1), lambda: os.kill(os.getpid(), signal.SIGSEGV), _endless_memory)
    for death in deaths:
        monkeypatch.setattr(showing, "shown_sheets", lambda *_, death=death: death())
        assert showing.sheets_of(passed) == []
    assert site.signed_in("li").get(f"/my/submissions/{passed}").status_code == 200


def _endless_memory() -> None:
    held = []
    while True:
        held.append(bytearray(256 << 20))


def test_a_draft_is_not_overwritten_and_what_is_wrong_is_told(site):
    browser = site.signed_in("li")
    path = f"/my/{MILL}/fill/FIN-01/2017-03"
    headers = {"x-csrf-token": browser.token()}
    rows = [{"org_code": MILL, "payroll": "100000", "paid": "2000"}]
    one = browser.client.put(path, json={"rows": rows, "seen": 0}, headers=headers)
    assert (one.status_code, one.json()["version"]) == (200, 1)
    late = browser.client.put(path, json={"rows": rows, "seen": 0}, headers=headers)
    assert (late.status_code, "刚刚保存过" in late.json()["error"]) == (409, True)
    assert 'value="100000"' in browser.get(path).text
    nameless = browser.client.post(path, json={"rows": rows, "seen": 1}, headers=headers)
    assert "请填写填报人、复核人、单位负责人的姓名" in nameless.text
    nonsense = browser.client.put(path, json={"rows": "x"}, headers=headers)
    assert (nonsense.status_code, "没有看懂" in nonsense.text) == (422, True)
    assert browser.get(f"/my/{MILL}/fill/NO-99/2017-03").status_code in (404, 409)


# --- small parts ---


def test_rows_that_moved_do_not_differ():
    before = [ShownSheet("表", (("甲", "1"), ("乙", "2")))]
    after = [ShownSheet("表", (("新", "9"), ("甲", "1"), ("乙", "3")))]
    told = [(d.row_before, d.row_after, d.before, d.after) for d in differences(before, after)]
    assert (2, 3, "2", "3") in told
    assert all("甲" not in (b, a) for _, _, b, a in told)


def test_a_long_sheet_shows_its_head_and_the_rows_with_findings():
    sheet = ShownSheet("表", tuple((str(n),) for n in range(1, 1001)))
    found = Found(7, "V-C-001", "退回", "坏", "", "", "表", 500, (1,), "", "", "", "A500", "")
    grid = reporter_sheet.grid(sheet, [found], [])
    assert [r.number for r in grid.rows] == [*range(1, 13), 499, 500, 501]
    assert (grid.rows[12].skipped, grid.left_out) == (486, 499)
    assert grid.rows[13].cells[0].finding == 7
    whole = reporter_sheet.grid(sheet, [found], [], everything=True)
    assert len(whole.rows) == 1000


def test_a_sheet_of_another_field_of_work_is_left_out():
    sheets = [ShownSheet("ORG-02 表", ()), ShownSheet("FIN-01 表", ()), ShownSheet("附件", ())]
    forms = ["ORG-02", "FIN-01"]
    assert reporter_sheet.allowed(sheets, forms, forms, {}) == (sheets, 0)
    assert reporter_sheet.allowed(sheets, forms, ["FIN-01"], {}) == ([sheets[1]], 2)


def test_filling_reads_its_own_sheets_again(site, definitions, returned):
    form = definitions.form("ORG-02", Period.parse("2017-03"))
    (row,) = rows_on(sheets_of(returned), form)
    assert (row["org_code"], row["workers_f"], row["members_total"]) == (MILL, "约五十", "101")
    assert given_rows(form, [{"org_code": MILL}, {"strange": "1"}, row], MILL) == [row]
    assert worked_out(form, Period.parse("2017-03"), [row])[0]["workers_f"] == "约五十"
