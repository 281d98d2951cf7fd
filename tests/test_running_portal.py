"""The portal beside Airflow: sample accounts, each where its role belongs, told only once."""

from __future__ import annotations

import pytest
from federation import Federation, moment, union
from sqlalchemy import text

from running import portal
from warehouse.accounts import matches
from warehouse.engine import warehouse

AT = moment(2018, 3, 3)
UNIONS = [
    union("P", "省级"),
    union("C", "市级", {"块": "P"}),
    union("D", "区县级", {"块": "C"}),
    union("I", "市级", {"块": "P"}),
    union("G", "基层", {"块": "D", "条": "I"}),
    union("H", "基层", {"块": "D"}),
]


@pytest.fixture(scope="module")
def made(module_home, definitions):
    with warehouse().begin() as connection:
        Federation(connection, definitions, UNIONS)
    return portal.sample_accounts(AT)


def test_there_is_an_account_for_every_role_where_it_belongs(made, definitions):
    places = {login: org for login, _, org, _ in made}
    assert set(places) == {r.code for r in definitions.roles.roles}
    assert places["county_reviewer"] == "D"
    assert places["industry_reviewer"] == "I"
    assert places["reporter"] == places["signer"]
    assert places["reporter"] in ("G", "H")
    assert {places[r] for r in ("steward", "leader", "administrator", "finance")} == {"P"}
    with warehouse().connect() as connection:
        lines = dict(connection.execute(text("SELECT role, line FROM account_grant")).all())
    assert lines["industry_reviewer"] == 2
    assert lines["county_reviewer"] == 1


def test_the_passwords_work_are_random_and_told_only_once(made, capsys):
    with warehouse().connect() as connection:
        stored = dict(connection.execute(text("SELECT login, password_hash FROM account")).all())
    assert all(matches(stored[login], password) for login, _, _, password in made[:2])
    assert len({password for *_, password in made}) == len(made)
    portal.print_accounts(made)
    told = capsys.readouterr().out
    assert all(password in told for *_, password in made)
    assert portal.sample_accounts(AT) == []
    portal.print_accounts([])
    assert capsys.readouterr().out == ""
