"""The portal's shell: signing in and out, forged forms, errors in Chinese, the start page."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from federation import Federation, union
from portal_site import AT, PASSWORD, Site, words
from sqlalchemy import text

from portal import page
from portal.rate import Rate
from warehouse.engine import warehouse


@pytest.fixture(scope="module")
def site(module_home, definitions) -> Site:
    with warehouse().begin() as connection:
        Federation(
            connection,
            definitions,
            [
                union("P", "省级"),
                union("C", "区县级", {"块": "P"}),
                union("G", "基层", {"块": "C"}),
            ],
        )
    made = Site(definitions)
    made.account("wang", ("reporter", "G"))
    made.account("ma", ("county_reviewer", "C"))
    made.account("liu", ("leader", "P"))
    made.account("sun", ("administrator", "P"))
    made.account("xin", ("reporter", "G"), must_change=True)
    made.account("nobody")
    return made


@pytest.fixture(autouse=True)
def _clock(site):
    site.at = AT
    yield
    site.at = AT


def test_a_page_asks_for_signing_in_and_comes_back_to_itself(site):
    browser = site.visitor()
    asked = browser.get("/password?x=1")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/sign-in?next=/password%3Fx%3D1"
    entered = browser.sign_in("wang", next="/password?x=1")
    assert entered.headers["location"] == "/password?x=1"
    assert browser.get("/password?x=1").status_code == 200


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_signing_in_never_leads_to_another_site(site, wanted):
    assert site.visitor().sign_in("wang", next=wanted).headers["location"] == "/"


def test_the_session_cookie_is_new_at_each_signing_in_and_closed_to_scripts(site):
    browser = site.visitor()
    first = browser.sign_in("wang")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    before = browser.client.cookies["portal_session"]
    browser.post("/sign-out")
    browser.sign_in("wang")
    assert browser.client.cookies["portal_session"] != before


def test_signing_out_ends_the_session_in_the_database_too(site):
    browser = site.signed_in("wang")
    stolen = browser.client.cookies["portal_session"]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    thief = site.visitor()
    thief.client.cookies.set("portal_session", stolen)
    assert thief.get("/").status_code == 303


def test_an_idle_session_ends(site):
    browser = site.signed_in("wang")
    site.at = AT + timedelta(minutes=61)
    assert browser.get("/").headers["location"] == "/sign-in"


@pytest.mark.parametrize("path", ["/sign-out", "/language", "/password"])
def test_a_form_without_the_sessions_token_changes_nothing(site, path):
    browser = site.signed_in("wang")
    stranger = site.signed_in("ma")
    for token in ("", "forged", stranger.token()):
        answer = browser.client.post(path, data={"csrf": token, "language": "en"})
        assert answer.status_code == 403
        assert "页面已过期" in answer.text
    crossed = browser.client.post(
        path, data={"csrf": browser.token()}, headers={"sec-fetch-site": "cross-site"}
    )
    assert crossed.status_code == 403
    assert browser.get("/").status_code == 200


def test_signing_in_itself_cannot_be_forged(site):
    answer = site.visitor().client.post(
        "/sign-in", data={"csrf": "x", "login": "wang", "password": PASSWORD}
    )
    assert answer.status_code == 403
    assert "portal_session" not in answer.headers.get("set-cookie", "")


def test_htmx_sends_the_token_as_a_header_and_is_told_where_to_go(site):
    browser = site.signed_in("wang")
    headers = {"hx-request": "true", "x-csrf-token": browser.token()}
    answer = browser.client.post("/language", data={"language": "zh"}, headers=headers)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/")


def test_htmx_after_the_session_ended_leaves_the_page_as_it_is(site):
    browser = site.signed_in("wang")
    token = browser.token()
    site.at = AT + timedelta(hours=13)
    headers = {"hx-request": "true", "x-csrf-token": token}
    answer = browser.client.post("/language", data={"language": "en"}, headers=headers)
    assert (answer.status_code, answer.text) == (401, "")
    # The dialog signs in again and gets the token that the page's forms need from then on.
    again = browser.client.post(
        "/sign-in",
        data={"csrf": browser.token("/sign-in"), "login": "wang", "password": PASSWORD},
        headers={"accept": "application/json"},
    )
    headers["x-csrf-token"] = again.json()["csrf"]
    answer = browser.client.post("/language", data={"language": "zh"}, headers=headers)
    assert answer.status_code == 204


def test_a_given_password_must_be_replaced_before_anything_else(site):
    browser = site.signed_in("xin")
    assert browser.get("/").headers["location"] == "/password"
    wrong = {"current": PASSWORD, "wanted": "另一句好记的口令呀呀", "again": "不同"}
    token = browser.token("/password")
    answer = browser.client.post("/password", data={"csrf": token, **wrong})
    assert (answer.status_code, "两次输入的新口令不一样" in answer.text) == (422, True)
    right = {**wrong, "again": wrong["wanted"]}
    answer = browser.client.post("/password", data={"csrf": token, **right})
    assert answer.headers["location"] == "/"
    page_after = browser.get("/")
    assert "口令已更换，其他地方的登录都已退出" in page_after.text
    assert "口令已更换" not in browser.get("/").text  # a message is shown once


def test_a_person_reads_the_pages_in_english(site):
    browser = site.signed_in("liu")
    browser.post("/language", {"language": "en", "next": "/"})
    answer = browser.get("/")
    assert '<html lang="en">' in answer.text
    assert "Progress by form" in words(answer)
    browser.post("/language", {"language": "zh"})
    assert "各表进度" in words(browser.get("/"))


def test_every_phrase_of_every_template_has_its_english(site):
    templates = Path(page.HERE / "templates").rglob("*.html")
    phrase = re.compile(r"""\bt\(\s*(["'])(.+?)\1""")
    used = {m[2] for path in templates for m in phrase.finditer(path.read_text(encoding="utf-8"))}
    used |= {s.word for s in page.STATES.values()} | {item.label for item in page.MENU}
    assert used
    assert sorted(used - page._english().keys()) == []


def test_the_start_page_says_what_a_person_is_responsible_for(site):
    reporter = words(site.signed_in("wang").get("/"))
    assert {"基层填报员", "G工会", "本单位报表", "现在没有要报的报表"} <= set(reporter)
    assert "各表进度" not in reporter
    county = words(site.signed_in("ma").get("/"))
    assert {"区县审核员", "C工会", "等待处理", "各表进度"} <= set(county)
    leader = words(site.signed_in("liu").get("/"))
    assert {"主席（领导）", "各表进度", "最近发布"} <= set(leader)
    assert "等待处理" not in leader
    administrator = words(site.signed_in("sun").get("/"))
    assert {"在用账号", "已锁定"} <= set(administrator)
    assert "各表进度" not in administrator
    assert "您的账号还没有授权" in words(site.signed_in("nobody").get("/"))


def test_the_start_page_shows_what_is_due_and_how_far_it_has_come(site):
    with warehouse().begin() as connection:
        connection.execute(
            text(
                """
                INSERT INTO definitions_edition VALUES ('d', '{}', now());
                INSERT INTO period (label, kind, starts, ends, definitions, opened_at)
                VALUES ('2017-03', 'month', '2017-03-01', '2017-03-31', 'd', now());
                INSERT INTO form_window (period, form, edition, opened_with, due_on, check_on,
                    lock_on, opened_at)
                SELECT '2017-03', f.form, 'd', '2017-03', f.due, f.due, '2017-04-20', now()
                FROM (VALUES ('ORG-02', date '2017-04-05'), ('FIN-01', date '2017-04-17'))
                    AS f (form, due);
                INSERT INTO expected_filing (period, form, org_id, due_on, check_on, lock_on)
                SELECT '2017-03', f.form, o.id, f.due, f.due, '2017-04-20'
                FROM organisation AS o,
                    (VALUES ('ORG-02', date '2017-04-05'), ('FIN-01', date '2017-04-17'))
                    AS f (form, due)
                WHERE o.code = 'G';
                """
            )
        )
    own = words(site.signed_in("wang").get("/"))
    late, due = own.index("会员与组织发展月报表"), own.index("工会经费计提拨缴与分成表")
    assert own[late : late + 7] == [
        "会员与组织发展月报表", "ORG-02", "2017年3月", "2017-04-05", "已过 5 天", "✕", "逾期未报",
    ]  # fmt: skip
    assert own[due : due + 7] == [
        "工会经费计提拨缴与分成表", "FIN-01", "2017年3月", "2017-04-17", "还有 7 天", "○", "待报",
    ]  # fmt: skip
    county = words(site.signed_in("ma").get("/"))
    row = county.index("会员与组织发展月报表")
    assert county[row + 2 : row + 9] == [
        "2017年3月", "2017-04-05", "2017-04-20", "0", "/ 1", "0.0%", "1",
    ]  # fmt: skip


def test_whatever_goes_wrong_is_told_in_chinese_without_a_trace(site, capfd):
    browser = site.signed_in("wang")
    missing = browser.get("/nowhere")
    assert (missing.status_code, "没有找到" in missing.text) == (404, True)
    assert browser.client.put("/").status_code == 404

    @site.app.get("/broken-for-a-test")
    def broken() -> None:
        identity = "640302198001010011"
        raise RuntimeError(f"kaput {len(identity)}")

    browser.client._transport.raise_server_exceptions = False
    answer = browser.get("/broken-for-a-test")
    assert answer.status_code == 500
    assert "kaput" not in answer.text
    number = re.search(r"编号 ([0-9A-F]{6})", answer.text)[1]
    logged = capfd.readouterr().err
    assert number in logged
    assert "kaput 18" in logged
    assert "640302198001010011" not in logged  # values of variables stay out of the log
    part = browser.get("/broken-for-a-test", headers={"hx-request": "true"})
    assert part.headers["hx-retarget"] == "#messages"
    assert "<html" not in part.text


def test_every_answer_has_its_headers(site):
    browser = site.signed_in("wang")
    for answer in (browser.get("/"), browser.get("/nowhere"), site.visitor().get("/sign-in")):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    style = re.search(r'href="(/static/portal\.css[^"]+)"', browser.get("/").text)[1]
    assert "immutable" in browser.get(style).headers["cache-control"]


def test_pages_need_nothing_from_elsewhere_and_no_inline_script_or_style(site):
    for path in (*Path(page.HERE / "templates").rglob("*.html"), page.STATIC / "portal.css"):
        content = path.read_text(encoding="utf-8")
        assert not re.search(r"https?://|@import|<style|\sstyle=|\son\w+=|<script>", content), path


def test_a_body_that_is_too_large_is_refused_before_it_is_read(site):
    browser = site.signed_in("wang")
    headers = {"content-length": str(65 * 1024 * 1024), "x-csrf-token": browser.token()}
    answer = browser.client.post("/language", content=b"x", headers=headers)
    assert (answer.status_code, "文件太大" in answer.text) == (413, True)


def test_too_many_changes_from_one_address_have_to_wait():
    rate = Rate(3, 60.0)
    assert [rate.allows("a") for _ in range(4)] == [True, True, True, False]
    assert rate.allows("b")


def test_who_tries_many_passwords_from_one_address_has_to_wait(site):
    strict = Site(site.definitions, sign_ins=2)
    given = [strict.visitor().sign_in("nobody", "别的口令") for _ in range(3)]
    assert ["尝试次数太多" in answer.text for answer in given] == [False, False, True]
    assert "尝试次数太多" in strict.visitor().sign_in("wang").text
    assert site.visitor().sign_in("wang").status_code == 303


def test_health_is_open_and_says_nothing(site):
    answer = site.visitor().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})
