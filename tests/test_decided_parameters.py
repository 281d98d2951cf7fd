"""Parameters decided with four eyes: they hold from their day on, everywhere, and are kept."""

from __future__ import annotations

import json
import threading
from datetime import date

import pytest
from federation import Federation, union
from portal_site import AT, Site, words
from sqlalchemy import text

from definitions import Definitions, load_definitions
from definitions.decided import DOCUMENT, Decision, as_document, with_decisions
from definitions.model import Dated, Parameter
from pipelines.flow import ground
from pipelines.flow.editions import definitions_of
from pipelines.flow.parameters import decide_parameter
from warehouse.editions import register_definitions
from warehouse.engine import warehouse
from warehouse.turns import DECIDE_LOCK, alone

FAILURES = "sign_in_failures"
PATH = f"/administration/parameters/{FAILURES}"


@pytest.fixture(scope="module")
def site(module_home, definitions) -> Site:
    with warehouse().begin() as connection:
        Federation(connection, definitions, [union("P", "省级"), union("G", "基层", {"块": "P"})])
        register_definitions(connection, definitions, AT)
    made = Site(definitions, live=True)
    made.account("sun", ("administrator", "P"))
    made.account("qian", ("administrator", "P"))
    made.account("wang", ("reporter", "G"))
    yield made
    ground.forget_definitions()


def parameter(*values: tuple[str, str | None, int]) -> Parameter:
    return Parameter(
        code="x",
        name="甲",
        values=tuple(
            Dated(since=date.fromisoformat(s), until=u and date.fromisoformat(u), value=v,
                  authority="文件")
            for s, u, v in values
        ),
    )  # fmt: skip


def decided(code: str, since: str, value: object) -> Decision:
    return Decision(code=code, since=date.fromisoformat(since), value=value, authority="决定")


@pytest.mark.parametrize(
    ("values", "decisions", "wanted"),
    [
        # day → value; the files say 5, from 2018 on 6
        ([("2016-01-01", None, 5)], [("2017-05-01", 3)],
         {"2017-04-30": 5, "2017-05-01": 3, "2020-01-01": 3}),
        ([("2016-01-01", "2017-12-31", 5), ("2018-01-01", None, 6)], [("2017-05-01", 3)],
         {"2017-04-30": 5, "2017-12-31": 3, "2018-01-01": 6}),
        ([("2016-01-01", "2017-12-31", 5), ("2018-01-01", None, 6)], [("2018-01-01", 3)],
         {"2017-12-31": 5, "2018-01-01": 3, "2019-01-01": 3}),
        ([("2016-01-01", None, 5)], [("2018-01-01", 4), ("2017-05-01", 3)],
         {"2017-05-01": 3, "2017-12-31": 3, "2018-01-01": 4}),
        ([("2016-01-01", "2016-12-31", 5)], [("2017-05-01", 3)],
         {"2016-12-31": 5, "2017-01-01": None, "2017-05-01": 3}),
    ],
)  # fmt: skip
def test_a_decided_value_holds_from_its_day_until_a_later_one(values, decisions, wanted):
    made = with_decisions(parameter(*values), [decided("x", s, v) for s, v in decisions])
    found = {}
    for day in wanted:
        try:
            found[day] = made.at(date.fromisoformat(day))
        except LookupError:
            found[day] = None
    assert found == wanted


def test_an_edition_with_decisions_loads_again_from_its_own_sources(definitions, tmp_path):
    text_ = as_document([decided(FAILURES, "2017-05-01", 3), decided("tally_forms", "2031-01-01",
                                                                     ["AID-01"])])  # fmt: skip
    known = load_definitions(decided=text_)
    assert known.digest != definitions.digest
    assert set(known.sources) - set(definitions.sources) == {DOCUMENT}
    assert known.parameters[FAILURES].at(date(2017, 5, 1)) == 3
    # A switch of forms works as one in the files does.
    assert any(f.tally for f in known.forms)
    for name, content in known.sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    again = load_definitions(tmp_path)
    assert again.digest == known.digest
    assert all(again.parameters[c] == known.parameters[c] for c in (FAILURES, "tally_forms"))


def test_a_table_keeps_the_kind_of_its_keys(definitions):
    code = "committee_size_low"
    sizes = definitions.parameters[code].at(date(2017, 1, 1))
    told = json.loads(json.dumps({**sizes, 501: 8}))  # as a page and a column of JSON give it
    known = load_definitions(decided=as_document([decided(code, "2017-05-01", told)]))
    assert known.parameters[code].at(date(2017, 5, 1)) == {**sizes, 501: 8}


def test_nothing_decided_leaves_the_files_as_they_are(definitions):
    assert as_document([]) == ""
    assert load_definitions(decided="").digest == definitions.digest


def settle(site: Site, login: str, decision: str):
    with warehouse().connect() as connection:
        number = connection.execute(text("SELECT max(id) FROM parameter_proposal")).scalar_one()
    return site.signed_in(login).post(f"/administration/proposals/{number}", {"decision": decision})


def edition(digest: str) -> Definitions:
    with warehouse().connect() as connection:
        return definitions_of(connection, digest)


def test_an_approved_value_takes_effect_everywhere_from_its_day(site):
    before = ground.definitions().digest
    given = {"value": "3", "since": "2017-05-01", "authority": "银总工〔2017〕1号", "reason": "试"}
    assert site.signed_in("sun").post(PATH, given).status_code == 303
    assert ground.definitions().digest == before  # proposed is not decided
    assert settle(site, "qian", "approved").status_code == 303
    now = ground.definitions()
    assert now.digest != before
    assert [now.parameters[FAILURES].at(date(2017, m, d)) for m, d in ((4, 30), (5, 1))] == [5, 3]
    # Both editions are kept: what was published under one is made again under it.
    assert edition(before).parameters[FAILURES].at(date(2017, 5, 1)) == 5
    assert edition(now.digest).parameters[FAILURES].at(date(2017, 5, 1)) == 3
    page = site.signed_in("sun").get(PATH)
    assert "提议 sun同志，批准 qian同志" in words(page)
    assert "银总工〔2017〕1号" in page.text


def test_a_process_that_runs_already_learns_of_it(site, monkeypatch):
    monkeypatch.setattr(ground, "ASKED_AGAIN_AFTER", 0.0)
    with warehouse().begin() as connection:
        connection.execute(
            text(
                "INSERT INTO parameter_proposal (code, since, value, authority, reason, "
                "proposed_by, proposed_at, decision, decided_by, decided_at) "
                "SELECT 'lockout_minutes', '2017-06-01', '7', '决定', '试', min(id), :at, "
                "'approved', max(id), :at FROM account"
            ),
            {"at": AT},
        )
    assert ground.definitions().parameters["lockout_minutes"].at(date(2017, 6, 1)) == 7


def test_signing_in_goes_by_the_decided_value_from_its_day_on(site):
    def failures_until_locked() -> int:
        for n in range(1, 9):
            if "账号已锁定" in site.visitor().sign_in("wang", "falsch").text:
                return n
        raise AssertionError("never locked")

    assert failures_until_locked() == 5
    site.at = AT.replace(month=5, day=2)
    assert failures_until_locked() == 3
    assert "提议 sun同志，批准 qian同志" in words(
        site.signed_in("sun").get("/administration/parameters?words=sign_in_failures")
    )


def test_of_two_decisions_at_once_the_second_sees_the_first(site):
    """Each is checked against what was decided before; unseen, two could contradict each other."""
    given = {"value": "9", "since": "2031-01-01", "authority": "文件", "reason": "试"}
    path = "/administration/parameters/session_hours"
    assert site.signed_in("sun").post(path, given).status_code == 303
    with warehouse().connect() as connection:
        number, by = connection.execute(
            text("SELECT max(p.id), max(a.id) FILTER (WHERE a.login = 'qian') "
                 "FROM parameter_proposal AS p, account AS a")
        ).one()  # fmt: skip
    asked = (number, "declined", by, AT.isoformat())
    second = threading.Thread(target=decide_parameter, args=asked)
    with warehouse().begin() as first:
        alone(first, DECIDE_LOCK)
        second.start()
        second.join(0.4)
        assert second.is_alive()
    second.join(20)
    assert not second.is_alive()


def test_a_value_that_contradicts_other_definitions_is_not_approved(site):
    given = {
        "value": '["XX-99"]', "since": "2031-01-01", "authority": "文件", "reason": "试",
    }  # fmt: skip
    path = "/administration/parameters/tally_forms"
    assert site.signed_in("sun").post(path, given).status_code == 303
    before = ground.definitions().digest
    answer = settle(site, "qian", "approved")
    assert (answer.status_code, "对不上" in answer.text) == (422, True)
    assert ground.definitions().digest == before
    assert settle(site, "qian", "declined").status_code == 303
