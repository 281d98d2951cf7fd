"""Single sign-on at an identity provider that the test starts: who gets in, who does not."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from federation import Federation, union
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from portal_site import AT, PASSWORD, Site, words
from sqlalchemy import text

from portal.single_sign_on import Provider, SignOnFailed, from_environment
from warehouse import accounts
from warehouse.editions import register_definitions
from warehouse.engine import warehouse

CLIENT, SECRET = "portal", "only-the-portal-knows"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


@dataclass
class Identity:
    """The provider: whom it vouches for next, and what it got wrong on purpose."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: KEY)
    algorithm: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    exchanged: list[dict[str, str]] = field(default_factory=list)

    def answer(self, path: str) -> Any:
        if path.endswith("/.well-known/openid-configuration"):
            names = ("authorization", "token", "jwks")
            ends = {f"{n}_{'uri' if n == 'jwks' else 'endpoint'}": f"{self.url}/{n}" for n in names}
            return {"issuer": self.url, **ends}
        return {"keys": [KEY.as_dict(private=False)]}

    def authorise(self, address: str) -> str:
        """A person signs in there; the code that the browser carries back."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"/single-sign-on/back?code={code}&state={asked['state']}"

    def token(self, given: dict[str, str], authorization: str) -> Any:
        """Exchange a code once, for whom has the secret and the verifier."""
        asked = self.codes.pop(given["code"])
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        told = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if challenge != asked["code_challenge"] or told != f"{CLIENT}:{SECRET}":
            return None
        self.exchanged.append(given)
        claims = {
            "iss": self.url, "aud": CLIENT, "exp": int(time.time()) + 60, "iat": int(time.time()),
            "nonce": asked["nonce"], **self.claims,
        }  # fmt: skip
        signed = jwt.encode(
            {"alg": self.algorithm, "kid": "one"}, claims, self.key, algorithms=[self.algorithm]
        )
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    found = Identity()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def say(self, body: Any) -> None:
            data = json.dumps(body or {"error": "invalid_grant"}).encode()
            self.send_response(200 if body else 400)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:  # noqa: N802 - the library's name
            self.say(found.answer(self.path))

        def do_POST(self) -> None:  # noqa: N802 - the library's name
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            given = {k: v[0] for k, v in parse_qs(body).items()}
            self.say(found.token(given, self.headers.get("authorization", "")))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()


@pytest.fixture(scope="module")
def site(module_home, definitions, identity) -> Site:
    with warehouse().begin() as connection:
        Federation(connection, definitions, [union("P", "省级"), union("G", "基层", {"块": "P"})])
        register_definitions(connection, definitions, AT)
    made = Site(definitions, single_sign_on=Provider(identity.url, CLIENT, SECRET, "银川统一认证"))
    made.account("sun", ("administrator", "P"))
    made.account("qian", ("administrator", "P"))
    made.account("wang", ("reporter", "G"), must_change=True)
    made.account("li", ("reporter", "G"))
    return made


@pytest.fixture(autouse=True)
def honest(identity) -> None:
    identity.claims, identity.key, identity.algorithm = {}, KEY, "RS256"


def numbered(login: str) -> int:
    with warehouse().connect() as connection:
        return connection.execute(
            text("SELECT id FROM account WHERE login = :l"), {"l": login}
        ).scalar_one()


def accounts_and_grants() -> tuple[int, int]:
    with warehouse().connect() as connection:
        return tuple(
            connection.execute(text(f"SELECT count(*) FROM {t}")).scalar_one()  # noqa: S608
            for t in ("account", "account_grant")
        )


def sign_on(site: Site, identity: Identity, **claims: Any):
    """Somebody signs on; (browser, what the portal answered when they came back)."""
    identity.claims |= claims
    browser = site.visitor()
    onward = browser.get("/single-sign-on?next=/my")
    assert onward.status_code == 303
    return browser, browser.get(identity.authorise(onward.headers["location"]))


def refused(browser, answer) -> str:
    assert answer.headers["location"] == "/sign-in"
    assert browser.get("/my").headers["location"].startswith("/sign-in")
    return " ".join(words(browser.get("/sign-in")))


def bound(site: Site, login: str, email: str, status: int = 303) -> None:
    path = f"/administration/accounts/{numbered(login)}/single-sign-on"
    assert site.signed_in("sun").post(path, {"email": email}).status_code == status


def test_the_page_offers_it_and_password_still_works(site):
    assert "用银川统一认证登录" in words(site.visitor().get("/sign-in"))
    assert site.visitor().sign_in("li").status_code == 303


def test_nobody_gets_in_whom_no_administrator_bound(site, identity):
    before = accounts_and_grants()
    browser, answer = sign_on(site, identity, sub="7", email="wang@p.example", email_verified=True)
    assert "没有绑定本系统的账号" in refused(browser, answer)
    assert accounts_and_grants() == before
    with warehouse().connect() as connection:
        noted = connection.execute(
            text("SELECT count(*) FROM audit_log WHERE action = 'account.sign_on_refused'")
        ).scalar_one()
    assert noted == 1


def test_a_bound_address_binds_the_subject_once_and_the_subject_holds(site, identity):
    bound(site, "wang", "Wang@P.example")
    browser, answer = sign_on(site, identity, sub="7", email="wang@p.example", email_verified=False)
    assert "没有绑定" in refused(browser, answer)  # an address that nobody verified is a claim
    browser, answer = sign_on(site, identity, sub="7", email="wang@p.example", email_verified=True)
    assert answer.headers["location"] == "/my"
    assert browser.get("/my").status_code == 200
    # The password that an administrator gave is void, so it need not be changed either.
    assert site.visitor().sign_in("wang", PASSWORD).status_code == 401
    # The subject is the person, whatever address it has now; the address alone is nobody.
    browser, answer = sign_on(site, identity, sub="7", email="new@p.example", email_verified=True)
    assert answer.headers["location"] == "/my"
    browser, answer = sign_on(site, identity, sub="8", email="wang@p.example", email_verified=True)
    assert "没有绑定" in refused(browser, answer)
    page = words(site.signed_in("sun").get("/administration/audit?action=account."))
    assert {"绑定统一身份", "首次用统一身份登录", "统一身份登录被拒"} <= set(page)


def test_a_role_with_a_second_factor_is_asked_for_it_all_the_same(site, identity):
    bound(site, "qian", "qian@p.example")
    browser, answer = sign_on(site, identity, sub="9", email="qian@p.example", email_verified=True)
    assert answer.status_code == 303
    page = browser.get("/administration/accounts")
    assert page.headers["location"] == "/second-factor"
    site.pass_second_factor(browser, "qian")
    assert browser.get("/administration/accounts").status_code == 200


def test_an_address_is_one_accounts_and_ending_it_shuts_the_door(site, identity):
    bound(site, "li", "wang@p.example", 422)
    bound(site, "li", "no-address", 422)
    bound(site, "sun", "sun@p.example", 403)  # not one's own
    browser, answer = sign_on(site, identity, sub="7")
    assert answer.headers["location"] == "/my"
    bound(site, "wang", "")
    assert browser.get("/my").headers["location"].startswith("/sign-in")
    browser, answer = sign_on(site, identity, sub="7", email="wang@p.example", email_verified=True)
    assert "没有绑定" in refused(browser, answer)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},  # meant for several, and not issued to us
        {"nonce": "of another visit"},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {"sub": ""},
    ],
)
def test_a_token_that_is_not_for_this_visit_counts_for_nothing(site, identity, claims):
    bound(site, "li", "li@p.example")
    good = {"sub": "5", "email": "li@p.example", "email_verified": True}
    browser, answer = sign_on(site, identity, **{**good, **claims})
    assert "统一身份认证没有完成" in refused(browser, answer)


@pytest.mark.parametrize(
    ("key", "algorithm"), [(OTHER_KEY, "RS256"), (OctKey.import_key(SECRET * 2), "HS256")]
)
def test_a_token_signed_by_somebody_else_counts_for_nothing(site, identity, key, algorithm):
    bound(site, "li", "li@p.example")
    identity.key, identity.algorithm = key, algorithm
    browser, answer = sign_on(site, identity, sub="5", email="li@p.example", email_verified=True)
    assert "统一身份认证没有完成" in refused(browser, answer)


def test_only_the_browser_that_went_comes_back_and_only_once(site, identity):
    bound(site, "li", "li@p.example")
    identity.claims = {"sub": "5", "email": "li@p.example", "email_verified": True}
    first, second = site.visitor(), site.visitor()
    way = identity.authorise(first.get("/single-sign-on").headers["location"])
    taken = len(identity.exchanged)
    assert "没有完成" in refused(second, second.get(way))  # it never went
    second.get("/single-sign-on")
    assert "没有完成" in refused(second, second.get(way))  # it went on another way
    assert len(identity.exchanged) == taken  # no code was even shown
    assert first.get(way.replace("state=", "state=x")).headers["location"] == "/sign-in"
    assert first.get("/single-sign-on/back?error=access_denied").headers["location"] == "/sign-in"
    assert first.get(way).headers["location"] == "/"
    assert second.get("/single-sign-on?next=//evil.example").status_code == 303


def test_two_administrators_at_once_bind_an_address_to_one_account(site):
    told: list[str] = []

    def second() -> None:
        try:
            with warehouse().begin() as connection:
                accounts.bind(connection, numbered("qian"), "one@p.example", at=AT, actor="test")
        except accounts.AccountRefused as refusal:
            told.append(str(refusal))

    thread = threading.Thread(target=second)
    with warehouse().begin() as connection:
        accounts.bind(connection, numbered("li"), "one@p.example", at=AT, actor="test")
        thread.start()
        thread.join(0.3)
    thread.join(10)
    assert told == ["这个邮箱已经绑定了别的账号"]


def test_who_asks_too_often_is_not_sent_to_the_provider(site):
    strict = Site(site.definitions, single_sign_on=site.single_sign_on, sign_ins=2)
    browser = strict.visitor()
    answers = [browser.get("/single-sign-on").headers["location"] for _ in range(3)]
    assert [a == "/sign-in" for a in answers] == [False, False, True]
    assert "尝试次数太多" in " ".join(words(browser.get("/sign-in")))


def test_settings_are_whole_or_absent_and_never_plain_over_the_net(site):
    assert from_environment({}) is None
    given = {"UNION_REPORTS_OIDC_ISSUER": "https://id.example"}
    with pytest.raises(LookupError, match="UNION_REPORTS_OIDC_CLIENT_SECRET"):
        from_environment(given)
    given |= {"UNION_REPORTS_OIDC_CLIENT_ID": "a", "UNION_REPORTS_OIDC_CLIENT_SECRET": "b"}
    assert from_environment(given) == Provider("https://id.example", "a", "b")
    with pytest.raises(SignOnFailed, match="not https"):
        Provider("http://id.example", "a", "b").begin("http://portal/back")
