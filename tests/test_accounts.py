"""Accounts: passwords, lockout, sessions, grants; nothing secret is stored as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from federation import Federation, moment, union
from sqlalchemy import Engine, text

from warehouse import accounts, audit
from warehouse.engine import warehouse
from warehouse.sessions import Refused, SignedIn, end_session, sign_in, sitting

PASSWORD = "春风又绿江南岸2017"
AT = moment(2017, 4, 10)


@pytest.fixture
def limits(definitions):
    return accounts.limits_on(definitions, AT.date())


@pytest.fixture
def engine(warehouse_home, definitions) -> Iterator[Engine]:
    made = warehouse()
    with made.begin() as connection:
        Federation(connection, definitions, [union("P", "省级"), union("C", "区县级", {"块": "P"})])
        accounts.keep_roles(connection, definitions)
        accounts.create_account(
            connection, "Wang.XM", "王晓梅", at=AT, actor="test", password=PASSWORD
        )
    yield made


def enter(engine: Engine, password: str, limits: accounts.Limits, at=AT) -> SignedIn | Refused:
    return sign_in(engine, " wang.xm ", password, limits, at=at)


def test_the_right_password_begins_a_session_and_the_secret_is_not_stored(engine, limits):
    found = enter(engine, PASSWORD, limits)
    assert isinstance(found, SignedIn)
    with engine.begin() as connection:
        seen = sitting(connection, found.token, limits, AT)
        stored = connection.execute(text("SELECT hash FROM session")).scalar_one()
        kept = connection.execute(text("SELECT password_hash FROM account")).scalar_one()
    assert seen is not None
    assert (seen.login, seen.must_change_password, seen.csrf) == ("wang.xm", True, found.csrf)
    assert found.token not in stored
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(engine, limits):
    wrong = enter(engine, "别的口令", limits)
    unknown = sign_in(engine, "nobody", "别的口令", limits, at=AT)
    assert isinstance(wrong, Refused)
    assert wrong == unknown


def test_five_failures_lock_for_a_quarter_of_an_hour_even_for_the_right_password(engine, limits):
    answers = [enter(engine, "别的口令", limits) for _ in range(limits.failures)]
    assert "锁定" in answers[-1].sentence
    assert isinstance(enter(engine, PASSWORD, limits, AT + timedelta(minutes=14)), Refused)
    assert isinstance(enter(engine, PASSWORD, limits, AT + timedelta(minutes=15)), SignedIn)


def test_a_success_forgets_earlier_failures(engine, limits):
    for _ in range(3):
        for _ in range(limits.failures - 1):
            enter(engine, "别的口令", limits)
        assert isinstance(enter(engine, PASSWORD, limits), SignedIn)


def test_a_session_ends_when_idle_too_old_signed_out_or_its_account_closed(engine, limits):
    found = enter(engine, PASSWORD, limits)

    def stands(at, token=found.token) -> bool:
        with engine.begin() as connection:
            return sitting(connection, token, limits, at) is not None

    assert stands(AT + limits.idle - timedelta(minutes=1))  # seen, so the hour begins again
    assert stands(AT + limits.idle + timedelta(minutes=10))
    assert not stands(AT + 3 * limits.idle)
    assert not stands(AT, token="forged")
    fresh = enter(engine, PASSWORD, limits)
    for steps in range(100):
        if not stands(AT + steps * limits.idle * 0.9, fresh.token):
            break
    assert steps * limits.idle * 0.9 >= limits.lifetime
    gone = enter(engine, PASSWORD, limits)
    with engine.begin() as connection:
        end_session(connection, gone.token, AT)
    assert not stands(AT, gone.token)
    last = enter(engine, PASSWORD, limits)
    with engine.begin() as connection:
        accounts.close_account(connection, 1, at=AT, actor="test")
    assert not stands(AT, last.token)
    assert isinstance(enter(engine, PASSWORD, limits), Refused)


def test_a_new_password_ends_every_session_and_the_old_one(engine, limits):
    before = enter(engine, PASSWORD, limits)
    with engine.begin() as connection:
        accounts.change_password(connection, 1, PASSWORD, "另一句好记的口令呀呀", limits, at=AT)
        assert sitting(connection, before.token, limits, AT) is None
    assert isinstance(enter(engine, PASSWORD, limits), Refused)
    assert isinstance(enter(engine, "另一句好记的口令呀呀", limits), SignedIn)


@pytest.mark.parametrize(
    ("current", "wanted", "why"),
    [
        ("不对的口令", "另一句好记的口令呀呀", "当前口令不正确"),
        (PASSWORD, PASSWORD, "不能与当前口令相同"),
        (PASSWORD, "短口令", "至少 10 个字符"),
        (PASSWORD, "1111111111111", "重复的字符太多"),
        (PASSWORD, "my-wang.xm-password", "不能含有账号"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(engine, limits, current, wanted, why):
    with engine.begin() as connection, pytest.raises(accounts.AccountRefused, match=why):
        accounts.change_password(connection, 1, current, wanted, limits, at=AT)


def test_a_login_is_taken_once_whatever_its_case(engine):
    with engine.begin() as connection, pytest.raises(accounts.AccountRefused, match="已经有人使用"):
        accounts.create_account(connection, "WANG.XM", "别人", at=AT, actor="test")


@pytest.mark.parametrize(
    ("role", "how", "why"),
    [
        ("chair", {}, "没有“chair”这种角色"),
        ("reporter", {"org": "X"}, "未登记"),
        ("county_reviewer", {"line": "条"}, "只能按“块”授权"),
        ("industry_reviewer", {"line": "块"}, "只能按“条”授权"),
        ("finance", {"works": ["W03"]}, "只能在 W16 之内"),
        ("department", {"works": ["W99"]}, "没有这样的分管工作"),
        ("leader", {"personal": True}, "不能授权查看人员明细"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(engine, definitions, role, how, why):
    org = how.pop("org", "C")
    with engine.begin() as connection, pytest.raises(accounts.AccountRefused, match=why):
        accounts.grant(connection, definitions, 1, role, org, at=AT, actor="test", **how)


def test_a_grant_shows_in_the_session_until_revoked_and_every_step_is_noted(
    engine, limits, definitions
):
    found = enter(engine, PASSWORD, limits)

    def roles() -> list[str]:
        with engine.begin() as connection:
            return [g.role for g in sitting(connection, found.token, limits, AT).grants]

    with engine.begin() as connection:
        number = accounts.grant(
            connection, definitions, 1, "reporter", "C", at=AT, actor="account:9"
        )
        again = accounts.grant(
            connection, definitions, 1, "reporter", "C", at=AT, actor="account:9"
        )
    assert again == number
    assert roles() == ["reporter"]
    with engine.begin() as connection:
        accounts.revoke(connection, number, at=AT, actor="account:9")
        noted = connection.execute(text("SELECT action FROM audit_log ORDER BY id")).scalars().all()
        assert audit.first_broken(connection) is None
    assert roles() == []
    assert noted == ["account.create", "account.sign_in", "account.grant", "account.revoke"]


def test_a_grant_ends_after_its_last_day(engine, limits, definitions):
    with engine.begin() as connection:
        accounts.grant(
            connection, definitions, 1, "reporter", "C", at=AT, actor="test", until=AT.date()
        )
    for day, held in ((AT, ["reporter"]), (AT + timedelta(days=1), [])):
        found = enter(engine, PASSWORD, limits, day)
        with engine.begin() as connection:
            seen = sitting(connection, found.token, limits, day)
        assert [g.role for g in seen.grants] == held
