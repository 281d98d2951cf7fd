"""Pages of administrators: accounts within one's reach, four eyes, calendar, editions, the log."""

from __future__ import annotations

import re
from asyncio import gather, run
from pathlib import Path

import pytest
from federation import Federation, union
from httpx import ASGITransport, AsyncClient
from portal_site import AT, PASSWORD, Site, words
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

import warehouse as warehouse_package
from portal.app import create_app
from portal.routes.logged import ACTIONS
from warehouse import audit
from warehouse.editions import register_definitions
from warehouse.engine import warehouse

HOME = "/administration/accounts"


@pytest.fixture(scope="module")
def site(module_home, definitions) -> Site:
    with warehouse().begin() as connection:
        Federation(
            connection, definitions,
            [
                union("P", "省级"),
                union("C", "区县级", {"块": "P"}),
                union("G", "基层", {"块": "C"}),
            ],
        )  # fmt: skip
        register_definitions(connection, definitions, AT)
    made = Site(definitions)
    made.account("sun", ("administrator", "P"))
    made.account("qian", ("administrator", "P"))
    made.account("he", ("administrator", "C"))
    made.account("wang", ("reporter", "G"))
    made.account("both", ("reporter", "G"), ("steward", "P"))
    return made


def number(login: str) -> int:
    with warehouse().connect() as connection:
        return int(
            connection.execute(
                text("SELECT id FROM account WHERE login = :l"), {"l": login}
            ).scalar_one()
        )


def test_an_account_is_opened_given_a_role_and_signs_in(site):
    browser = site.signed_in("sun")
    made = browser.post(HOME, {"login": "Xin2", "name": "新来的"})
    place = made.headers["location"]
    initial = re.search(r"初始口令 (\S+?)（", browser.get(place).text)[1]
    form = {"role": "reporter", "org": "G", "line": "块", "works": ""}
    assert browser.post(f"{place}/grants/new", form).status_code == 303
    assert "基层填报员" in words(browser.get(place))
    fresh = site.visitor()
    assert fresh.sign_in("xin2", initial).status_code == 303
    assert fresh.get("/").headers["location"] == "/password"
    grant = re.search(r"/grants/(\d+)/end", browser.get(place).text)[1]
    browser.post(f"{place}/grants/{grant}/end")
    assert "已收回" in words(browser.get(place))


def test_nobody_raises_themselves_or_reaches_beyond_their_union(site):
    browser = site.signed_in("he")
    own = f"{HOME}/{number('he')}"
    form = {"role": "leader", "org": "C", "line": "块"}
    assert browser.post(f"{own}/grants/new", form).status_code == 403
    assert browser.post(f"{own}/reset").status_code == 403
    # A grant at the province is not the county's to give, nor its holder the county's to reset.
    reporter = f"{HOME}/{number('wang')}"
    assert browser.post(f"{reporter}/grants/new", {**form, "org": "P"}).status_code == 403
    assert browser.post(f"{HOME}/{number('both')}/reset").status_code == 403
    assert browser.get(f"{HOME}/{number('sun')}").status_code == 404
    assert browser.post("/administration/parameters/sign_in_failures", {"value": "6"}).status_code \
        in (403, 422)  # fmt: skip


def test_a_reset_unlocks_and_a_closed_account_is_out_at_once(site):
    browser = site.signed_in("sun")
    for _ in range(5):
        site.visitor().sign_in("wang", "falsch")
    assert "已锁定" in words(browser.get(f"{HOME}?state=locked"))
    place = f"{HOME}/{number('wang')}"
    browser.post(f"{place}/reset")
    fresh = re.search(r"新口令 (\S+?)（", browser.get(place).text)[1]
    reporter = site.visitor()
    assert reporter.sign_in("wang", fresh).status_code == 303
    browser.post(f"{place}/close")
    assert reporter.get("/password").headers["location"].startswith("/sign-in")
    assert site.visitor().sign_in("wang", PASSWORD).status_code == 401


def test_a_parameter_wants_four_eyes(site):
    path = "/administration/parameters/sign_in_failures"
    form = {"value": "6", "since": "2018-01-01", "authority": "银总工〔2017〕1号", "reason": "试"}
    first, second = site.signed_in("sun"), site.signed_in("qian")
    for wrong in ({"since": "2017-01-01"}, {"value": "六"}, {"authority": " "}, {"value": "5"}):
        assert first.post(path, {**form, **wrong}).status_code == 422
    assert first.post(path, form).status_code == 303
    assert first.post(path, form).status_code == 422  # one waits already
    with warehouse().connect() as connection:
        waiting = connection.execute(text("SELECT max(id) FROM parameter_proposal")).scalar_one()
    settle = f"/administration/proposals/{waiting}"
    assert first.post(settle, {"decision": "approved"}).status_code == 422
    assert second.post(settle, {"decision": "withdrawn"}).status_code == 422
    assert second.post(settle, {"decision": "approved"}).status_code == 303
    assert second.post(settle, {"decision": "declined"}).status_code == 422
    assert "已批准" in words(first.get(path))
    # Not even the owner of the tables writes one's own approval.
    with pytest.raises(IntegrityError), warehouse().begin() as connection:
        connection.execute(text("UPDATE parameter_proposal SET decided_by = proposed_by"))


def test_the_log_names_every_action_and_goes_by_chinas_days(site):
    named = {*ACTIONS, "parameter.", "reopening.", "submission.", "review.", "correction.",
             "deliver.", "distribution.", "assessment."}  # fmt: skip
    root = Path(warehouse_package.__file__).parent.parent
    parts = ("warehouse", "pipelines", "portal")
    for path in (p for part in parts for p in (root / part).rglob("*.py")):
        for action in re.findall(r'action=f?"([a-z_.]+)', path.read_text(encoding="utf-8")):
            assert action in named, (path.name, action)
    with warehouse().begin() as connection:
        early = site.at.replace(hour=7, minute=0)  # the day before in London
        audit.note(connection, at=early, actor="system", action="period.open", subject="清早")
    day = f"{site.at:%Y-%m-%d}"
    asked = f"/administration/audit?subject=清早&since={day}&until={day}"
    assert "清早" in words(site.signed_in("sun").get(asked))


def test_the_log_tells_everything_and_finds_what_was_changed(site):
    browser = site.signed_in("sun")
    page = browser.get("/administration/audit?action=parameter.")
    assert {"提议参数", "批准参数"} <= set(words(page))
    assert "日志完整" in browser.get("/administration/audit?check=true").text
    with warehouse().begin() as connection:
        broken = connection.execute(
            text(
                "UPDATE audit_log SET actor = 'account:99' WHERE id = "
                "(SELECT min(id) + 2 FROM audit_log) RETURNING id, actor"
            )
        ).one()
    assert f"第 {broken.id} 条" in browser.get("/administration/audit?check=true").text
    assert site.signed_in("both").get("/administration/audit").status_code == 403


def test_calendar_and_editions(site, definitions):
    browser = site.signed_in("sun")
    shown = words(browser.get("/administration/calendar?year=2017"))
    assert "休" in shown
    assert "这一年的放假安排还没有录入" in words(browser.get("/administration/calendar?year=2093"))
    with warehouse().begin() as connection:
        connection.execute(
            text(
                "INSERT INTO definitions_edition SELECT 'older', jsonb_set(CAST(sources AS jsonb), "
                "'{works.yaml}', '\"alt\"'), registered_at - interval '1 day' "
                "FROM definitions_edition LIMIT 1"
            )
        )
    both = f"first=older&second={definitions.digest}"
    compared = browser.get(f"/administration/editions?{both}")
    assert "works.yaml" in compared.text
    assert "forms/" not in compared.text
    assert browser.get("/administration/editions?first=no&second=older").status_code == 404


def test_more_readers_than_connections_wait_for_a_place_and_all_are_answered(site, definitions):
    # The check of the whole log asks with a second connection beside the reader's.
    engine = create_engine(warehouse().url, pool_size=4, max_overflow=0, pool_timeout=5)
    app = create_app(engine=engine, definitions=definitions, clock=lambda: AT, places=2)
    cookies = site.signed_in("sun").client.cookies

    async def crowd() -> list[int]:
        async with AsyncClient(
            transport=ASGITransport(app=app), base_url="http://portal", cookies=cookies
        ) as client:
            page = "/administration/audit?check=true"
            return [a.status_code for a in await gather(*(client.get(page) for _ in range(16)))]

    assert run(crowd()) == [200] * 16
    engine.dispose()
