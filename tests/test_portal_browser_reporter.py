"""The reporter's pages in a real browser: from a broken workbook to an accepted one, and forms."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from portal_site import PASSWORD
from portal_unit import MILL, MINE, changed, judged, month, opened, process, served
from sqlalchemy import text

from pipelines.flow.drafting import draft_of
from tests.acceptance import query
from warehouse.engine import warehouse

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.render,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]
FORM = "ORG-02 会员与组织发展月报表"
WOMEN, MEMBERS, WOMEN_MEMBERS = "C3", "F3", "G3"


def spoil(book: openpyxl.Workbook) -> None:
    """A word for a number, more women than members, a required cell left empty."""
    sheet = book[FORM]
    sheet[WOMEN] = "约五十"
    sheet[WOMEN_MEMBERS] = 400
    sheet["K3"] = None


@pytest.fixture(scope="module")
def place(module_home, definitions) -> Iterator:
    site = opened(module_home, definitions)
    from playwright.sync_api import sync_playwright

    with served(site) as portal, sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield portal, chromium
        chromium.close()


def signed_in(place, login: str, **more):
    """A page on which somebody has signed in; script errors fail the test."""
    portal, chromium = place
    page = chromium.new_context(viewport={"width": 1440, "height": 900}, **more).new_page()
    page.broken = []
    page.on("pageerror", lambda error: page.broken.append(str(error)))
    page.goto(f"{portal.url}/sign-in?next=/my")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.locator("nav.menu").wait_for()
    return page


def test_a_reporter_gets_from_a_broken_workbook_to_an_accepted_one(
    place, definitions, tmp_path, capsys
):
    page = signed_in(place, "li")
    broken = tmp_path / "三月报表.xlsx"
    broken.write_bytes(changed(month(definitions, 101), spoil))
    clicks, began = 0, time.monotonic()

    with page.expect_file_chooser() as chooser:
        page.get_by_text("选择文件上传").click()
    chooser.value.set_files(broken)
    clicks += 1
    page.locator(".verdict.returned").wait_for()
    first_verdict = time.monotonic() - began

    page.get_by_role("link", name="看问题").click()
    clicks += 1
    page.locator(".findings-panel").wait_for()
    found = query(
        "SELECT f.id, f.cell FROM finding f JOIN submission s ON s.id = f.submission_id "
        "JOIN receipt r ON r.id = s.receipt_id WHERE r.file_name = '三月报表.xlsx'"
    )
    assert {f.cell for f in found} >= {WOMEN, WOMEN_MEMBERS, "K3"}
    assert page.locator("li.finding").count() == len(found)
    for finding in found:
        assert page.locator(f"#f-{finding.id}").is_visible()
    for cell in ("#c-3-3", "#c-3-7", "#c-3-11"):
        assert "bad-cell" in (page.locator(cell).get_attribute("class") or "")
    page.locator("#c-3-3 a").click()  # from the cell to what was found, and back; not counted
    assert page.locator("li.finding:target").inner_text().count("约五十") >= 1
    page.locator("li.finding:target a.place").click()
    assert page.locator("td:target").inner_text() == "约五十"

    with page.expect_download() as download:
        page.get_by_role("link", name="下载标注件").click()
    clicks += 1
    marked = tmp_path / download.value.suggested_filename
    download.value.save_as(marked)
    assert marked.name == "三月报表-退回.xlsx"
    book = openpyxl.load_workbook(marked)
    assert book[FORM][WOMEN].comment is not None
    book[FORM][WOMEN], book[FORM][WOMEN_MEMBERS], book[FORM]["K3"] = 52, 45, 0
    repaired = tmp_path / "三月报表（改好）.xlsx"
    book.save(repaired)

    with page.expect_file_chooser() as chooser:
        page.get_by_text("上传改好的文件").click()
    chooser.value.set_files(repaired)
    clicks += 1
    page.locator(".verdict.accepted").wait_for()
    seconds = time.monotonic() - began
    with capsys.disabled():
        print(
            f"\nbroken to accepted: {clicks} clicks, {seconds:.1f} s; "
            f"first verdict after {first_verdict:.1f} s"
        )
    assert clicks <= 4
    assert page.broken == []
    page.goto(f"{place[0].url}/my")
    row = page.locator("tr", has_text="会员与组织发展月报表")
    assert "已校验" in row.inner_text()
    page.context.close()


def test_whatever_is_dropped_gets_an_answer(place, tmp_path):
    page = signed_in(place, "li")
    names = {
        "说明.txt": b"no workbook",
        "坏.xlsx": b"PK\x03\x04broken",
        "空.csv": b"",
        "假.zip": b"PK",
    }
    for name, data in names.items():
        (tmp_path / name).write_bytes(data)
    page.set_input_files("#upload-files", [tmp_path / n for n in names])
    page.locator(".verdict.returned").nth(len(names) - 1).wait_for()
    said = page.locator("#results").inner_text()
    assert all(name in said for name in names)
    assert "Traceback" not in said
    page.locator(".verdict.returned a.button").first.click()
    assert page.locator("li.finding").count() >= 1
    assert page.broken == []
    page.context.close()


def test_a_form_is_filled_in_pasted_kept_through_a_lost_session_and_sent(place):
    portal, _ = place
    page = signed_in(place, "hu", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{portal.url}/my/{MINE}/fill/ORG-02/2017-03")
    values = "121\t52\t30\t0\t101\t45\t30\t0\t0\t0\t0\t0\t0\t101\t1\t5\t0\t3\t0"
    page.evaluate("text => navigator.clipboard.writeText(text)", values)
    page.locator('[data-code="workers_total"]').first.focus()
    page.keyboard.press("Control+v")
    page.locator(".fill-state", has_text="已保存").wait_for()
    assert page.locator('[data-code="social_workers"]').first.input_value() == "0"
    kept = draft_of(MINE, "2017-03", "ORG-02")
    assert kept is not None
    assert kept.rows[0]["members_total"] == "101"
    page.locator('[data-code="workers_total"]').first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.code") == "workers_f"

    with warehouse().begin() as connection:  # the session ends while somebody types
        connection.execute(text("UPDATE session SET ended_at = now()"))
    page.locator('[data-code="groups"]').first.fill("6")
    page.locator("#sign-in-again[open]").wait_for()
    page.fill("#again-password", PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#sign-in-again[open]").wait_for(state="detached")
    page.locator(".fill-state", has_text="已保存").wait_for()
    kept = draft_of(MINE, "2017-03", "ORG-02")
    assert kept is not None
    assert kept.rows[0]["groups"] == "6"

    page.reload()
    assert page.locator('[data-code="groups"]').first.input_value() == "6"
    page.get_by_role("button", name="报送").click()
    page.get_by_text("请填写复核人、单位负责人的姓名").wait_for()
    page.locator('[data-cover="复核人"]').fill("王强")
    page.locator('[data-cover="单位负责人"]').fill("赵国庆")
    page.get_by_role("button", name="报送").click()
    page.locator(".verdict.accepted").wait_for()
    assert draft_of(MINE, "2017-03", "ORG-02") is None
    assert page.broken == []
    page.context.close()


def test_pages_fit_a_phone(place, definitions):
    process()
    number = judged(changed(month(definitions, 102), spoil), name="手机.xlsx")
    page = signed_in(place, "li")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/my", "/my/history", f"/my/submissions/{number}",
                 f"/my/{MILL}/fill/ORG-02/2017-03", f"/my/{MILL}/fill/AID-02/2017-03"):  # fmt: skip
        page.goto(place[0].url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.context.close()
