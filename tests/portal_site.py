"""A portal in tests: an app on a warehouse, people who sign in with a browser of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyotp
from fastapi import FastAPI
from httpx import Response
from starlette.testclient import TestClient

from definitions import Definitions
from pipelines.flow.ground import CHINA
from portal.app import create_app
from portal.single_sign_on import Provider
from warehouse import accounts
from warehouse.engine import warehouse

PASSWORD = "春风又绿江南岸2017"
AT = datetime(2017, 4, 10, 9, 30, tzinfo=CHINA)


@dataclass
class Site:
    """A running app whose clock a test may set."""

    definitions: Definitions
    at: datetime = AT
    live: bool = False  # as an installation has it: definitions as they are decided
    single_sign_on: Provider | None = None
    sign_ins: int = 100_000  # a fast machine makes more of them in a minute than a person
    app: FastAPI = field(init=False)
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app = create_app(
            engine=warehouse(),
            definitions=None if self.live else self.definitions,
            clock=lambda: self.at,
            changes_per_minute=100_000,
            sign_ins_per_minute=self.sign_ins,
            single_sign_on=self.single_sign_on,
        )

    def account(self, login: str, *grants: tuple[Any, ...], must_change: bool = False) -> int:
        """An account with grants, each (role, organisation code[, options])."""
        with warehouse().begin() as connection:
            number = accounts.create_account(
                connection, login, f"{login}同志", at=self.at, actor="test",
                password=PASSWORD, must_change=must_change,
            )  # fmt: skip
            for role, org, *more in grants:
                accounts.grant(
                    connection, self.definitions, number, role, org, at=self.at, actor="test",
                    **(more[0] if more else {}),
                )  # fmt: skip
        return number

    def visitor(self) -> Browser:
        """Somebody who has not signed in."""
        return Browser(TestClient(self.app, base_url="http://portal", follow_redirects=False))

    def signed_in(self, login: str) -> Browser:
        """The account's owner at the start page."""
        browser = self.visitor()
        answer = browser.sign_in(login)
        assert answer.status_code == 303, answer.text
        if browser.get("/").headers.get("location") == "/second-factor":
            self.pass_second_factor(browser, login)
        return browser

    def pass_second_factor(self, browser: Browser, login: str) -> Response:
        """Enrol a telephone at the first time, then give its next code that was not used yet."""
        page = browser.get("/second-factor").text
        shown = re.search(r"data-secret>([A-Z2-7]+)<", page)
        if shown:
            self.secrets[login] = shown[1]
        else:
            self.at += timedelta(seconds=30)  # no code is taken twice
        code = pyotp.TOTP(self.secrets[login]).at(self.at)
        token = browser.token("/second-factor")
        answer = browser.client.post("/second-factor", data={"csrf": token, "code": code})
        assert answer.status_code in (200, 303), answer.text
        return answer


@dataclass
class Browser:
    """One person's browser: cookies, and the token of the last page."""

    client: TestClient

    def get(self, path: str, **more: Any) -> Response:
        """Open a page."""
        return self.client.get(path, **more)

    def token(self, path: str = "/") -> str:
        """The token that a page's forms carry."""
        found = re.search(r'name="csrf" (?:value|content)="([^"]+)"', self.get(path).text)
        return found[1] if found else ""

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Response:
        """Send a form as htmx or a plain form would, with the page's token."""
        data = {"csrf": self.token(), **(data or {})}
        return self.client.post(path, data=data, **more)

    def sign_in(self, login: str, password: str = PASSWORD, **more: Any) -> Response:
        """Fill in the sign-in page."""
        data = {"csrf": self.token("/sign-in"), "login": login, "password": password, **more}
        return self.client.post("/sign-in", data=data)


def words(answer: Response) -> Sequence[str]:
    """What a page says, without its markup."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", "\n", answer.text, flags=re.S)
    return [line.strip() for line in text.splitlines() if line.strip()]
