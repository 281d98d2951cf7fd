"""The federation staff's pages: figures walked to cells, publications, sign-offs, reopenings."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import unquote

import httpx
import openpyxl
import pytest
from portal_site import Site, words
from sqlalchemy import text

from definitions import Definitions
from pipelines import flow
from pipelines.assess import assess
from pipelines.flow import ground
from pipelines.flow.assessing import detail_of
from pipelines.flow.ground import CHINA
from pipelines.flow.walking import find_numbers
from portal.reading import publications_airflow, staff
from portal.reading.staff_chart import lines_of
from portal.reading.withheld import Withheld
from portal.routes import publications as routes
from tests import published
from tests.assessment_data import counties, scheme
from warehouse.engine import warehouse

AT = datetime(2018, 4, 3, 9, 30, tzinfo=CHINA)
COUNTY, OTHER = "640121Z00001", "640122Z00001"
MEMBERS = "I-ORG-04"


@dataclass
class Told:
    """The portal over a closed month and a published review."""

    site: Site
    top: str
    bulletin: int
    review: int


@pytest.fixture(scope="module")
def told(module_home, definitions: Definitions) -> Told:
    published.publish(definitions, module_home.parent / "portal-staff")
    flow.close_period("2017-12", "2018-03-05T06:00:00+08:00")
    with warehouse().connect() as connection:
        rows = connection.execute(
            text(
                "SELECT p.id, p.kind, o.code FROM publication p JOIN organisation o "
                "ON o.id = p.org_id WHERE kind LIKE 'R-0%' AND period IN ('2017', '2017-12') "
                "ORDER BY p.id"
            )
        ).all()
    site = Site(definitions, at=AT)
    top = rows[0].code
    for login, role, org in (
        ("bu", "department", top), ("zhuxi", "leader", top), ("fu", "leader", COUNTY),
        ("helan", "leader", OTHER),
        ("xian", "county_reviewer", COUNTY), ("bao", "reporter", published.UNITS[0]),
    ):  # fmt: skip
        site.account(login, (role, org, {"personal": role == "department"}))
    bulletin = next(r.id for r in rows if r.kind.startswith("R-03"))
    return Told(site, top, bulletin, rows[0].id)


def value(unit: str, period: str = "2017-12") -> Decimal:
    """Members of a unit as the newest computation keeps them."""
    with warehouse().connect() as connection:
        return connection.execute(
            text(
                "SELECT v.value FROM indicator_value v JOIN organisation o ON o.id = v.org_id "
                "JOIN computation c ON c.id = v.computation_id WHERE o.code = :unit "
                "AND v.line = 1 AND v.basis = 'reported' AND v.indicator = :i "
                "AND v.period = :p AND c.period = :p ORDER BY c.cutoff DESC LIMIT 1"
            ),
            {"unit": unit, "i": MEMBERS, "p": period},
        ).scalar_one()


def test_the_overview_shows_the_figures_that_the_bulletin_prints(told):
    page = told.site.signed_in("bu").get("/figures")
    assert page.status_code == 200
    said = words(page)
    assert f"{value(told.top):,.0f}" in said
    assert f'href="/numbers/{told.bulletin}/块/{told.top}/2017-12/{MEMBERS}"' in page.text
    assert "各地（块）" in said
    assert "各产业（条）" in said


def test_a_figure_walks_by_units_down_to_cells_that_add_up_and_to_the_workbook(told):
    browser = told.site.signed_in("bu")
    address = f"/numbers/{told.bulletin}/块/{told.top}/2017-12/{MEMBERS}"
    steps, share = 0, None
    while True:
        page = browser.get(address)
        assert page.status_code == 200
        onward = re.findall(r'<tr data-href="(/numbers/[^"]+)"', page.text)
        if not onward:
            break
        address, steps = onward[0], steps + 1
        told_of = re.search(
            rf'data-href="{re.escape(address)}".*?class="num">([\d,.]+)<', page.text, re.S
        )
        share = Decimal(told_of[1].replace(",", ""))
    assert steps >= 3
    adds = re.findall(r'<td class="num">([\d,]+)</td>\s*<td><a href="(/figures/originals/\d+)"',
                      page.text)  # fmt: skip
    assert sum(Decimal(n.replace(",", "")) for n, _ in adds) == share
    asked = adds[0][1]
    assert "查阅理由" in words(browser.get(asked))
    assert browser.post(asked, {"reason": " "}).status_code == 303
    book = browser.post(asked, {"reason": "核对通报数字"})
    assert openpyxl.load_workbook(io.BytesIO(book.content)).sheetnames
    with warehouse().connect() as connection:
        kept = connection.execute(
            text("SELECT detail FROM audit_log WHERE action = 'original.read' ORDER BY id DESC")
        ).scalar()
    assert kept["reason"] == "核对通报数字"


def test_the_chair_sees_reports_but_no_cells_and_no_workbooks(told):
    browser = told.site.signed_in("zhuxi")
    unit = published.UNITS[0]
    page = browser.get(f"/numbers/{told.bulletin}/块/{unit}/2017-12/{MEMBERS}")
    assert page.status_code == 200
    assert "/figures/originals/" not in page.text
    with warehouse().connect() as connection:
        submission = connection.execute(text("SELECT min(id) FROM submission")).scalar()
    assert browser.get(f"/figures/originals/{submission}").status_code == 403


def test_a_row_of_a_consolidated_workbook_is_found_by_union_and_head(told):
    with warehouse().connect() as connection:
        book = connection.execute(
            text("SELECT id FROM publication WHERE kind LIKE 'R-14%' AND title LIKE '%ORG-02%' "
                 "AND title LIKE '%块%' ORDER BY id LIMIT 1")
        ).scalar_one()  # fmt: skip
    browser = told.site.signed_in("bu")
    assert "单位编码或名称，空一格，表头" in words(browser.get(f"/numbers/{book}"))
    unit = published.UNITS[0]
    found = browser.get(f"/numbers/{book}", params={"printed": f"{unit} 会员人数"})
    assert found.status_code == 303
    page = browser.get(found.headers["location"])
    assert "/figures/originals/" in page.text
    step = flow.walk(book, f"块/{unit}/2017-12/ORG-02.members_total")
    assert f"{step.value:,.0f}" in words(page)
    assert f"{step.cells[0].sheet} {step.cells[0].cells[0]}" in " ".join(words(page))
    county = told.site.signed_in("xian")
    other = next(u for u in published.UNITS if published.PARENT[u] == OTHER)
    for code, status in ((unit, 200), (other, 404)):
        found = county.get(f"/numbers/{book}/块/{code}/2017-12/ORG-02.members_total")
        assert found.status_code == status, code
    for typed in (f"{other} 会员人数", "合计 会员人数"):  # words, not a page that is not there
        found = county.get(f"/numbers/{book}", params={"printed": typed})
        assert found.status_code == 200
        assert any("职责范围以外的单位" in w for w in words(found)), typed


def test_only_a_consolidated_workbook_is_searched_by_unit_and_head(told, monkeypatch):
    monkeypatch.setattr("portal.routes.numbers.find_cell", None)
    browser = told.site.signed_in("bu")
    assert browser.get(f"/numbers/{told.bulletin}?printed=1,234").status_code == 200


def test_a_number_is_found_by_the_reference_that_the_paper_gives_it(told):
    browser = told.site.signed_in("bu")
    with warehouse().connect() as connection:
        reference = connection.execute(
            text("SELECT reference FROM publication WHERE id = :b"), {"b": told.bulletin}
        ).scalar_one()
    page = browser.get(f"/numbers/{told.review}")
    assert "查数" in words(page)
    assert "查找数字" not in page.text
    for path, field in ((f"/numbers/{told.review}", "printed"), ("/publications", "words")):
        for typed in (f"{reference}-17", f" {reference.lower()}－１７ "):
            found = browser.get(path, params={field: typed})
            assert found.status_code == 303
            assert found.headers["location"] == f"/numbers/{told.bulletin}/17"
            assert browser.get(found.headers["location"]).status_code == 200
        found = browser.get(path, params={field: reference})
        assert found.headers["location"] == f"/publications/{told.bulletin}"
        assert browser.get(path, params={field: "R02-7Q4ZK2XM-17"}).status_code == 404


def test_a_county_walks_its_own_units_and_nobody_elses(told):
    browser = told.site.signed_in("xian")
    own, other = published.UNITS[0], next(
        u for u in published.UNITS if published.PARENT[u] == OTHER
    )  # fmt: skip
    assert browser.get(f"/numbers/{told.bulletin}/块/{own}/2017-12/{MEMBERS}").status_code == 200
    for code in (other, OTHER, told.top):
        page = browser.get(f"/numbers/{told.bulletin}/块/{code}/2017-12/{MEMBERS}")
        assert page.status_code == 404
        assert browser.get(f"/figures?unit={code}").status_code == 404
        assert browser.get(f"/figures/{MEMBERS}?unit={code}").status_code == 404
    with warehouse().connect() as connection:
        others = connection.execute(
            text("SELECT s.id FROM submission s JOIN organisation o ON o.id = s.reporter_id "
                 "WHERE o.code = :code"), {"code": OTHER}).scalars().all()  # fmt: skip
    assert others
    for submission in others:
        assert browser.get(f"/figures/originals/{submission}").status_code == 404


def test_a_printed_number_of_the_federation_shows_a_county_only_its_own_part(told):
    number = next(
        n for n, p in find_numbers(told.bulletin, f"{value(told.top):,.0f}")
        if p.indicator == MEMBERS and p.unit == told.top
    )  # fmt: skip
    page = told.site.signed_in("xian").get(f"/numbers/{told.bulletin}/{number}")
    assert page.status_code == 200
    assert "银川市总工会" not in page.text
    assert "贺兰县" not in page.text
    assert any("不在您的职责范围内" in w for w in words(page))


def test_who_only_reports_has_none_of_these_pages(told):
    browser = told.site.signed_in("bao")
    for path in ("/figures", "/board", "/publications", "/sign-offs", "/downloads", "/assessments",
                 "/reopenings", f"/numbers/{told.bulletin}/1"):  # fmt: skip
        assert browser.get(path).status_code == 403, path


def test_a_trend_is_broken_where_nobody_reported(told):
    page = told.site.signed_in("bu").get(f"/figures/{MEMBERS}?beside={COUNTY}")
    assert page.status_code == 200
    chart = lines_of([("甲", [Decimal(1), None, Decimal(3), Decimal(4)])],
                     ["2017-01", "2017-02", "2017-03", "2017-04"])  # fmt: skip
    assert chart is not None
    assert len(chart.lines[0].pieces) == 1
    assert len(chart.lines[0].dots) == 3
    assert lines_of([("甲", [Decimal(1), None])], ["2017-01", "2017-02"]) is None
    assert lines_of([("甲", [Decimal(5), Decimal(5)])], ["2017-01", "2017-02"]) is not None


def test_files_are_given_byte_for_byte_and_pages_run_no_script(told):
    browser = told.site.signed_in("bu")
    page = browser.get(f"/publications/{told.bulletin}")
    names = re.findall(rf'href="(/publications/{told.bulletin}/files/[^"?]+)"', page.text)
    assert len(names) == 3
    with warehouse().connect() as connection:
        kept = dict(
            connection.execute(
                text("SELECT name, sha256 FROM publication_file WHERE publication_id = :id"),
                {"id": told.bulletin},
            ).all()
        )
    for href in names:
        answer = browser.get(href)
        name = unquote(href.rsplit("/", 1)[-1])
        assert hashlib.sha256(answer.content).hexdigest() == kept[name]
    shown = browser.get(next(n for n in names if n.endswith(".html")) + "?read=1")
    assert shown.headers["content-disposition"].startswith("inline")
    assert "script-src" not in shown.headers["content-security-policy"]
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")
    assert browser.get(f"/publications/{told.bulletin}/files/..%2Fkey").status_code == 404


def test_published_links_lead_to_the_portals_pages(told):
    browser = told.site.signed_in("bu")
    page = browser.get(f"/publications/{told.bulletin}")
    href = re.search(r'href="([^"]+\.html\?read=1)"', page.text)
    shown = browser.get(href[1])
    links = re.findall(r'href="(/numbers/[^"]+)"', shown.text)
    assert len(links) > 20
    for link in links[:: max(1, len(links) // 8)]:
        assert browser.get(link).status_code == 200, link


def test_a_pdf_is_made_when_asked_for_and_stays_beside_the_other_files(told):
    browser = told.site.signed_in("bu")
    path = f"/publications/{told.bulletin}"
    assert f'action="{path}/pdf"' in browser.get(path).text
    made = browser.post(f"{path}/pdf")
    assert made.headers["content-type"] == "application/pdf"
    assert made.headers["content-disposition"].startswith("inline")
    assert made.content.startswith(b"%PDF")
    after = browser.get(path).text
    assert f'action="{path}/pdf"' not in after
    href = re.search(rf'href="({path}/files/[^"]+\.pdf)\?read=1"', after)
    assert browser.get(href[1]).content == made.content


class Scheduler:
    """Airflow's interface as documented, with one run that waits."""

    def __init__(self, publication: int) -> None:
        self.publication, self.answers = publication, []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        if request.headers["authorization"] != "Bearer t":
            return httpx.Response(401)
        if request.method == "PATCH":
            self.answers.append((path, request.read()))
            return httpx.Response(200, json={})
        if path.endswith("/dagRuns/~/hitlDetails"):
            task = {"task_id": "sign_off", "dag_run_id": "r1", "map_index": -1}
            return httpx.Response(200, json={"hitl_details": [{"task_instance": task}]})
        if path.endswith("/r1/taskInstances/prepare/xcomEntries/return_value"):
            return httpx.Response(200, json={"value": {"publication": self.publication}})
        return httpx.Response(404)


def airflow(handler: object) -> publications_airflow.Airflow:
    """The portal's account at a scheduler."""
    return publications_airflow.Airflow(
        "http://airflow",
        "portal",
        "secret",
        httpx.MockTransport(handler),  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def draft(told) -> int:
    """A second edition of the review, not signed."""
    return flow.prepare_review(2017, "2018-04-01T06:00:00+08:00")["publication"]


def test_a_question_that_waits_in_airflow_is_answered_there(told, draft, monkeypatch):
    scheduler = Scheduler(draft)
    monkeypatch.setattr(routes.publications_airflow, "configured", lambda: airflow(scheduler))
    browser = told.site.signed_in("zhuxi")
    assert browser.post(f"/sign-offs/{draft}", {"decision": "withdraw"}).status_code == 303
    ((path, body),) = scheduler.answers
    assert path.endswith("/dagRuns/r1/taskInstances/sign_off/-1/hitlDetails")
    assert "退回修改" in body.decode()
    monkeypatch.setattr(
        routes.publications_airflow, "configured", lambda: airflow(lambda _: httpx.Response(503))
    )
    browser.post(f"/sign-offs/{draft}", {"decision": "publish"})
    with warehouse().connect() as connection:
        state = connection.execute(
            text("SELECT state FROM publication WHERE id = :id"), {"id": draft}
        ).scalar()
    assert state == "draft", "nothing is decided where the scheduler cannot be heard"


def test_a_second_draft_is_signed_by_a_person_and_compared_with_the_first(told, draft, monkeypatch):
    monkeypatch.delenv(publications_airflow.URL, raising=False)
    assert told.site.signed_in("bu").get("/sign-offs").status_code == 403
    county = told.site.signed_in("fu")
    assert "没有等待签发的文件" in words(county.get("/sign-offs"))
    for one in range(draft, draft + 5):
        assert county.post(f"/sign-offs/{one}", {"decision": "publish"}).status_code == 404
    browser = told.site.signed_in("zhuxi")
    assert f'action="/sign-offs/{draft}"' in browser.get("/sign-offs").text
    beside = browser.get(f"/publications/{draft}/compare/{told.review}")
    assert beside.status_code == 200
    assert browser.post(f"/sign-offs/{draft}", {"decision": "sing"}).status_code == 404
    done = browser.post(f"/sign-offs/{draft}", {"decision": "publish"})
    assert done.headers["location"] == f"/publications/{draft}"
    with warehouse().connect() as connection:
        states = dict(
            connection.execute(
                text("SELECT id, state FROM publication WHERE id IN (:a, :b)"),
                {"a": draft, "b": told.review},
            ).all()
        )
    assert states == {draft: "published", told.review: "updated"}
    assert "zhuxi同志" in words(browser.get(f"/publications/{draft}"))
    assert browser.post(f"/sign-offs/{draft}", {"decision": "withdraw"}).status_code == 404


def test_data_is_taken_only_of_ones_own_units(told):
    browser = told.site.signed_in("xian")
    asked = {"form": "ORG-02", "first": "2017-12", "line": "块", "unit": COUNTY, "kind": "csv"}
    mine = browser.post("/downloads", asked)
    assert mine.status_code == 200
    rows = mine.content.decode("utf-8-sig").splitlines()
    assert len(rows) > 8
    assert not any(u in mine.text for u in published.UNITS if published.PARENT[u] == OTHER)
    for unit in (OTHER, told.top, ""):
        assert browser.post("/downloads", {**asked, "unit": unit}).status_code == 403
    assert browser.post("/downloads", {**asked, "line": "条"}).status_code == 403
    wrong = browser.post("/downloads", {**asked, "first": "2017-12-40"})
    assert wrong.status_code == 422
    everything = told.site.signed_in("bu").post(
        "/downloads", {**asked, "unit": told.top, "line": "条", "kind": "xlsx"}
    )
    assert openpyxl.load_workbook(io.BytesIO(everything.content)).sheetnames


def test_a_period_is_opened_again_by_two_persons(told):
    asks, approves = told.site.signed_in("bu"), told.site.signed_in("zhuxi")
    given = {
        "period": "2017-12", "until": "2018-04-06", "reason": "年终核对", "forms": ["ORG-02"],
        "document": "宁总工〔2018〕8号", "organisations": COUNTY,
    }  # fmt: skip
    blank = asks.post("/reopenings", {**given, "reason": " "})
    assert "/reopenings/requests/" not in blank.headers["location"]
    # What nobody could approve is told to who asks, not weeks later to who decides.
    for more, why in ({"until": "2018-06-30"}, "重开最长"), ({"until": "2018-04-02"}, "已经过去"):
        assert asks.post("/reopenings", {**given, **more}).headers["location"].endswith("2017-12")
        assert any(why in w for w in words(asks.get("/reopenings?period=2017-12")))
    written = asks.post("/reopenings", given).headers["location"]
    assert asks.post("/reopenings", given).headers["location"] == written  # twice is once
    assert "批准人（主席或其他有批准权的人）登录后" in "".join(words(asks.get(written)))
    assert asks.post(written, {"decision": "approved"}).status_code == 403
    assert approves.get(written + "9").status_code == 404
    # Who may approve finds it without being told: whose, what, why, since when.
    waiting = words(approves.get("/reopenings?period=2017-11"))
    assert "等待批准" in waiting
    assert "bu同志" in waiting
    assert any("年终核对（宁总工〔2018〕8号）" in w for w in waiting)
    assert {"04-03 09:30", "2018-04-06"} <= set(waiting)
    # A county's leader neither sees nor decides what is asked for another county.
    other = told.site.signed_in("helan")
    assert "年终核对" not in other.get("/reopenings").text
    assert other.get(written).status_code == 404
    assert flow.period_states("2017-12", AT.isoformat())[1] == []
    # Declined it stays closed, with the reason; asked again it is approved.
    approves.post(written, {"decision": "declined"})
    assert "未批准" not in words(asks.get(written))
    approves.post(written, {"decision": "declined", "reason": "请写明是哪几张表"})
    assert {"未批准", "请写明是哪几张表"} <= set(words(asks.get(written)))
    taken_back = asks.post("/reopenings", {**given, "reason": "写错了"}).headers["location"]
    asks.post(taken_back, {"decision": "withdrawn"})
    assert "已撤回" in words(asks.get(taken_back))
    approves.post(taken_back, {"decision": "approved"})
    assert flow.period_states("2017-12", AT.isoformat())[1] == []
    written = asks.post("/reopenings", given).headers["location"]
    assert "批准重开" in words(approves.get(written))
    assert approves.post(written, {"decision": "approved"}).status_code == 303
    (order,) = flow.period_states("2017-12", AT.isoformat())[1]
    assert (order.forms, order.organisations) == (("ORG-02",), (COUNTY,))
    assert order.requested_by != order.approved_by
    approves.post(written, {"decision": "approved"})
    assert len(flow.period_states("2017-12", AT.isoformat())[1]) == 1
    assert "重开中" in words(approves.get("/reopenings?period=2017-12"))
    # What was ordered is told to whom it concerns, as what was asked for is.
    for login, sees in (("fu", True), ("helan", False)):
        page = told.site.signed_in(login).get("/reopenings?period=2017-12").text
        assert ("年终核对" in page) is sees, login
        assert "提前关闭" not in page
    approves.post(f"/reopenings/{order.id}/end")
    assert "已结束" in words(approves.get("/reopenings?period=2017-12"))


def test_a_right_over_a_county_and_sight_of_the_whole_decide_nothing_for_the_whole(told):
    told.site.account("er", ("leader", COUNTY), ("steward", told.top))
    both, asks = told.site.signed_in("er"), told.site.signed_in("bu")
    given = {"period": "2017-12", "until": "2018-04-06", "reason": "全部重开", "document": "1号"}
    written = asks.post("/reopenings", given).headers["location"]
    assert "全部重开" in both.get(written).text
    assert "批准重开" not in words(both.get(written))
    assert both.post(written, {"decision": "approved"}).status_code == 403
    asks.post(written, {"decision": "withdrawn"})


def test_every_page_opens_and_says_when_there_is_nothing(told):
    browser = told.site.signed_in("bu")
    for path in ("/board", "/assessments", "/downloads", "/publications?state=withdrawn",
                 f"/numbers/{told.bulletin}", f"/publications/{told.bulletin}/now",
                 "/figures?period=2017"):  # fmt: skip
        assert browser.get(path).status_code == 200, path
    for path in ("/figures?period=2031-01", "/figures/I-XX-99", "/assessments/2017/TRA-FED-2017",
                 "/publications/999999", "/numbers/R03-NONE/1", "/board?work=W99"):  # fmt: skip
        assert browser.get(path).status_code == 404, path


def test_a_score_sheet_explains_every_mark_to_who_answers_for_the_unit(told):
    code, result = "TRA-FED-2017", assess(scheme("TRA-FED-2017"), counties())
    with warehouse().begin() as connection:
        one = connection.execute(
            text(
                "INSERT INTO assessment (scheme, year, cutoff, definitions, computation_id) "
                "SELECT :s, 2017, cutoff, definitions, id FROM computation "
                "ORDER BY id DESC LIMIT 1 RETURNING id"
            ),
            {"s": code},
        ).scalar_one()
        for unit, org in zip(result.units, (COUNTY, OTHER), strict=False):
            connection.execute(
                text(
                    "INSERT INTO assessment_unit SELECT :a, id, :g, :t, :grade, :rank, "
                    "CAST(:detail AS jsonb) FROM organisation WHERE code = :org"
                ),
                {"a": one, "g": unit.group, "t": unit.total, "grade": unit.grade, "org": org,
                 "rank": unit.rank, "detail": json.dumps(detail_of(unit, result.scheme))},
            )  # fmt: skip
    base = f"/assessments/2017/{code}"
    whole = told.site.signed_in("zhuxi")
    assert {"永宁县总工会", "贺兰县总工会"} <= set(words(whole.get(base)))
    sheet = words(whole.get(f"{base}/units/{COUNTY}"))
    first = detail_of(result.units[0], result.scheme)["explanation"]["blocks"][0]
    assert first["told"] in sheet
    assert all(line["told"] in sheet for line in first["lines"])
    assert whole.get(f"{base}/what-if").status_code == 200
    assert whole.get(f"{base}/course").status_code == 404
    county = told.site.signed_in("xian")
    assert "贺兰县总工会" not in county.get(base).text
    assert county.get(f"{base}/units/{COUNTY}").status_code == 200
    assert county.get(f"{base}/units/{OTHER}").status_code == 404
    for path in ("course", "what-if"):
        assert county.get(f"{base}/{path}").status_code == 404
    assert county.post(f"{base}/what-if", {"path": "bonus_cap", "value": "3"}).status_code == 404
    assert county.post(f"{base}/steps/compute", {"reason": "试"}).status_code == 404


def test_what_was_published_is_made_again_after_a_parameter_was_decided(told):
    """The edition quotes the definitions it was made under, not those that hold since."""
    with warehouse().begin() as connection:
        connection.execute(
            text(
                "INSERT INTO parameter_proposal (code, since, value, authority, reason, "
                "proposed_by, proposed_at, decision, decided_by, decided_at) "
                "SELECT 'steady_band_pct', '2017-01-01', '90', '决定', '试', min(id), :at, "
                "'approved', max(id), :at FROM account"
            ),
            {"at": AT},
        )
    ground.forget_definitions()
    try:
        assert ground.definitions().parameters["steady_band_pct"].at(date(2017, 12, 31)) == 90
        assert flow.reproduce(told.bulletin).equal
    finally:
        ground.forget_definitions()


def test_a_department_of_hardship_work_sees_its_figures_but_for_those_withheld(told):
    """What is about few people is asked about figure by figure, not hidden altogether."""
    told.site.account("bang", ("department", told.top, {"works": ["W03"]}))
    code, line = "I-AID-05", 1
    with warehouse().begin() as connection:
        computation = connection.execute(
            text("SELECT computation_id FROM publication WHERE id = :b"), {"b": told.bulletin}
        ).scalar_one()
        asked = {"c": computation, "i": code}
        connection.execute(
            text("DELETE FROM indicator_value WHERE computation_id = :c AND indicator = :i"), asked
        )
        for unit, value in ((told.top, 1203), (COUNTY, 3), (OTHER, 1200)):
            connection.execute(
                text(
                    "INSERT INTO indicator_value (computation_id, line, org_id, period, basis, "
                    "indicator, value, reported, expected) SELECT :c, 1, id, '2017-12', "
                    "'reported', :i, :v, 1, 1 FROM organisation WHERE code = :unit"
                ),
                {**asked, "v": value, "unit": unit},
            )
        connection.execute(text("DELETE FROM withheld_figure WHERE computation_id = :c"), asked)
        for unit in (COUNTY, OTHER, f"{told.top}本级"):
            connection.execute(
                text(
                    "INSERT INTO withheld_figure VALUES (:c, :line, :unit, '2017-12', :i)"
                ),
                {**asked, "line": line, "unit": unit},
            )  # fmt: skip
    browser = told.site.signed_in("bang")
    said = words(browser.get("/figures?period=2017-12"))
    assert "1,203" in said
    assert "不公布" not in said[: said.index("1,203")]
    below = words(browser.get(f"/figures?period=2017-12&unit={COUNTY}"))
    assert "不公布" in below
    assert "3" not in below
    for unit in (COUNTY, OTHER):
        alone = words(browser.get(f"/figures/{code}?period=2017-12&unit={unit}"))
        assert "不公布" in alone
        assert not {"3", "1,200"} & set(alone)
    base = f"/numbers/{told.bulletin}/块"
    assert browser.get(f"{base}/{told.top}/2017-12/{code}").status_code == 200
    assert browser.get(f"{base}/{COUNTY}/2017-12/{code}").status_code == 404
    assert browser.get(f"{base}/{told.top}/2017-12/{code}/本级").status_code == 404
    # The year so far less its other months would be a month that is withheld.
    for side in ("累计", "完成计划", "完成全年", "预计全年", "预计完成率"):
        assert browser.get(f"{base}/{told.top}/2017-12/{code}/{side}").status_code == 404, side
    assert browser.get(f"/numbers/{told.bulletin}/²").status_code == 404
    # Where nobody has decided, nothing of few people is told.
    with warehouse().begin() as connection:
        connection.execute(text("DELETE FROM withheld_figure WHERE computation_id = :c"), asked)
        connection.execute(text("DELETE FROM withholding WHERE computation_id = :c"), asked)
    assert "1,203" not in words(browser.get("/figures?period=2017-12"))


def beside(definitions: Definitions, code: str, **values: int) -> str:
    """The comparable column of a figure of 120, given last year's side and both comparable ones."""
    found = {"now": ("2017", "reported"), "year": ("2016", "reported"),
             "same": ("2016", "comparable"), "same_now": ("2017", "comparable")}  # fmt: skip
    rows = [
        SimpleNamespace(line=1, org_id=1, period=found[side][0], basis=found[side][1],
                        indicator=code, value=Decimal(v), reported=1, expected=1)
        for side, v in {"now": 120, **values}.items()
    ]  # fmt: skip
    figures = staff.Figures(
        SimpleNamespace(execute=lambda _, *asked: rows if asked else []),  # type: ignore[arg-type]
        definitions,
        staff.Head("2017", 1, "R01-AAAAAAAA", "", 1, AT),
        [1],
        [code],
        Withheld(frozenset({code}), {1: frozenset()}),
    )
    return figures.shown(code, staff.Unit(1, 1, "A", "甲工会", False), 1).comparable


def test_the_comparable_column_holds_both_years_of_the_same_unions(definitions: Definitions):
    few = "I-AID-08"
    for code in (MEMBERS, few):
        assert beside(definitions, code, year=100, same=80) == "增长50.0%"
        assert beside(definitions, code, year=100, same=100) == ""
    assert beside(definitions, MEMBERS, year=100, same=80, same_now=88) == "增长10.0%"
    assert beside(definitions, MEMBERS, year=100, same=100, same_now=110) == "增长10.0%"
    # beside the change of all it would tell what the moved unions alone did
    assert beside(definitions, few, year=100, same=80, same_now=88) == ""
