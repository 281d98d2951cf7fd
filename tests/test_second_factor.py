"""The second factor: asked where a role needs it, each code once, guesses counted."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from federation import Federation, union
from portal_site import AT, Site
from sqlalchemy import text

from warehouse import second_factor
from warehouse.engine import warehouse


@pytest.fixture
def site(warehouse_home, definitions) -> Site:
    with warehouse().begin() as connection:
        Federation(connection, definitions, [union("P", "省级")])
    made = Site(definitions)
    made.account("sun", ("administrator", "P"))
    made.account("liu", ("leader", "P"))
    return made


def give(browser, code: str):
    token = browser.token("/second-factor")
    return browser.client.post("/second-factor", data={"csrf": token, "code": code})


def enrolled(site: Site) -> tuple[list[str], str]:
    browser = site.visitor()
    browser.sign_in("sun")
    secret = re.search(r"data-secret>([A-Z2-7]+)<", browser.get("/second-factor").text)[1]
    answer = give(browser, pyotp.TOTP(secret).at(site.at))
    assert answer.status_code == 200
    assert browser.get("/").status_code == 200
    return re.findall(r"<li><code>(\w+)</code>", answer.text), secret


def test_an_administrator_gets_nowhere_with_a_password_alone(site):
    browser = site.visitor()
    browser.sign_in("sun")
    for path in ("/", "/administration/accounts", "/administration/audit"):
        assert browser.get(path).headers["location"] == "/second-factor"
    assert give(browser, "000000").status_code == 422
    assert browser.get("/").status_code == 303
    # A leader's role does not ask for one.
    assert site.signed_in("liu").get("/").status_code == 200


def test_a_right_code_begins_a_new_session_and_is_never_taken_twice(site):
    codes, secret = enrolled(site)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    browser = site.visitor()
    browser.sign_in("sun")
    before = browser.client.cookies["portal_session"]
    used = pyotp.TOTP(secret).at(site.at)
    assert "验证码不正确" in give(browser, used).text
    site.at += timedelta(seconds=30)
    assert give(browser, pyotp.TOTP(secret).at(site.at)).status_code == 303
    assert browser.client.cookies["portal_session"] != before
    assert browser.get("/").status_code == 200


def test_wrong_codes_lock_and_a_right_password_buys_no_new_guesses(site):
    _, secret = enrolled(site)
    for _ in range(5):
        browser = site.visitor()
        browser.sign_in("sun")
        give(browser, "000000")
    site.at += timedelta(seconds=30)
    refused = site.visitor().sign_in("sun")
    assert refused.status_code == 401
    assert "锁定" in refused.text
    assert secret


def test_a_recovery_code_signs_in_once(site):
    codes, _ = enrolled(site)
    browser = site.visitor()
    browser.sign_in("sun")
    assert give(browser, codes[0].upper()).status_code == 303
    again = site.visitor()
    again.sign_in("sun")
    assert give(again, codes[0]).status_code == 422


def test_the_secret_and_the_codes_are_not_kept_as_they_are(site):
    codes, secret = enrolled(site)
    with warehouse().connect() as connection:
        kept = connection.execute(text("SELECT totp_secret FROM account WHERE login = 'sun'"))
        assert secret not in kept.scalar()
        hashes = set(connection.execute(text("SELECT hash FROM recovery_code")).scalars())
    assert not hashes & set(codes)


def test_a_reset_asks_for_a_new_telephone_and_ends_every_session(site):
    _, secret = enrolled(site)
    with warehouse().begin() as connection:
        number = connection.execute(text("SELECT id FROM account WHERE login = 'sun'")).scalar()
        second_factor.reset(connection, number, at=AT, actor="test")
    browser = site.visitor()
    browser.sign_in("sun")
    shown = re.search(r"data-secret>([A-Z2-7]+)<", browser.get("/second-factor").text)[1]
    assert shown != secret
