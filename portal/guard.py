"""What every request passes: forged forms, floods and oversized bodies stay outside."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from portal.asking import NotSignedIn, visitor
from portal.rate import Rate

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
VISIT_COOKIE = "portal_visit"
SIGN_IN = "/sign-in"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Scripts, styles and pictures come from here alone, and no other site may frame a page.
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Forged(Exception):
    """A change that did not come from one of our own pages, or from one that is too old."""


async def guard(request: Request) -> None:
    """Every change must carry the session's token; before signing in, the visit's own.

    A dependency of the whole app, so no route can forget it. htmx sends the token as a header, a
    plain form as a field.
    """
    if request.method in SAFE:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forged
    given = request.headers.get(CSRF_HEADER)
    if given is None:
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else ""
    expected = request.cookies.get(VISIT_COOKIE, "")
    if request.url.path != SIGN_IN:
        person = await _visitor(request)
        if person is None:
            raise NotSignedIn
        expected = person
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forged


async def _visitor(request: Request) -> str | None:
    from starlette.concurrency import run_in_threadpool

    person = await run_in_threadpool(visitor, request)
    return None if person is None else person.csrf


class Fences:
    """ASGI middleware: headers on every answer, a limit on the size and the rate of requests.

    `most_bytes` bounds a body; `changes_per_minute` bounds what one address may change.
    """

    def __init__(self, app: App, *, most_bytes: int, changes_per_minute: int) -> None:
        self.app = app
        self.most_bytes = most_bytes
        self.rate = Rate(changes_per_minute, 60.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] not in SAFE:
            length = Headers(scope=scope).get("content-length", "0")
            if not length.isdecimal() or int(length) > self.most_bytes:
                await _plain(413, "文件太大，请分开上传。")(scope, receive, send)
                return
            if not self.rate.allows((scope.get("client") or ("",))[0]):
                await _plain(429, "操作太频繁，请稍候再试。")(scope, receive, send)
                return
        static = scope["path"].startswith("/static/")
        taken = 0

        async def within_limit() -> MutableMapping[str, Any]:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most_bytes:  # sent without a length, or with a false one
                raise HTTPException(413)
            return message

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                # A page shows what one person may see; no cache on the way keeps it.
                headers.setdefault(
                    "cache-control", "public, max-age=31536000, immutable" if static else "no-store"
                )
            await send(message)

        await self.app(scope, within_limit, with_headers)


def _plain(status: int, words: str) -> PlainTextResponse:
    return PlainTextResponse(words, status, {**HEADERS, "cache-control": "no-store"})
