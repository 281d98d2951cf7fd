"""To the identity provider and back; whom an administrator did not bind comes no further."""

from __future__ import annotations

import hmac
from dataclasses import asdict

import structlog
from fastapi import APIRouter, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import RedirectResponse, Response

from portal.asking import COOKIE, Ground, Now, visitor
from portal.guard import SIGN_IN, VISIT_COOKIE
from portal.page import own_path, redirect
from portal.routes.signing_in import keep
from portal.single_sign_on import Began, SignOnFailed
from warehouse import sessions
from warehouse.personal import data_key

router = APIRouter()
WAY_COOKIE = "portal_sign_on"
BEGIN, BACK = "/single-sign-on", "/single-sign-on/back"
MINUTES = 10
TOO_MANY = "尝试次数太多，请一分钟后再试"
NOT_DONE = "统一身份认证没有完成，请重新登录；多次不成时请联系管理员"


@router.get(BEGIN)
def begin(request: Request, site: Ground, next: str = "/") -> Response:
    """Send the browser to the provider, with a secret that it has to bring back."""
    if visitor(request) is not None:
        return RedirectResponse(own_path(next), 303)
    if site.single_sign_on is None:
        return RedirectResponse(SIGN_IN, 303)
    # A provider that does not answer holds whoever asks, and nobody has to sign in to ask.
    if not site.attempts.allows(request.client.host if request.client else ""):
        return redirect(request, SIGN_IN, TOO_MANY, "bad")
    try:
        address, began = site.single_sign_on.begin(_back(request))
    except SignOnFailed as error:
        return _failed(request, error)
    answer = RedirectResponse(address, 303)
    answer.set_cookie(
        WAY_COOKIE, _signer().dumps({**asdict(began), "next": own_path(next)}),
        max_age=MINUTES * 60, httponly=True, samesite="lax", secure=site.secure, path=BEGIN,
    )  # fmt: skip
    return answer


@router.get(BACK)
def back(request: Request, site: Ground, at: Now, code: str = "", state: str = "") -> Response:
    """Whom the provider vouches for, signed in if bound; a second factor is asked for as ever."""
    address = request.client.host if request.client else ""
    if site.single_sign_on is None or visitor(request) is not None:
        return RedirectResponse("/", 303)
    if not site.attempts.allows(address):
        return redirect(request, SIGN_IN, TOO_MANY, "bad")
    try:
        kept = _signer().loads(request.cookies.get(WAY_COOKIE, ""), max_age=MINUTES * 60)
        began = Began(kept["state"], kept["nonce"], kept["verifier"])
    except (BadSignature, KeyError, TypeError):
        return redirect(request, SIGN_IN, NOT_DONE, "bad")
    if not code or not hmac.compare_digest(state.encode(), began.state.encode()):
        return redirect(request, SIGN_IN, NOT_DONE, "bad")
    try:
        claim = site.single_sign_on.finish(_back(request), began, code)
    except SignOnFailed as error:
        return _failed(request, error)
    found = sessions.sign_in_elsewhere(
        site.engine, claim.issuer, claim.subject, claim.email, site.limits(at.date()),
        at=at, address=address, agent=request.headers.get("user-agent", ""),
    )  # fmt: skip
    if isinstance(found, sessions.Refused):
        answer = redirect(request, SIGN_IN, found.sentence, "bad")
    else:
        answer = RedirectResponse(own_path(kept.get("next")), 303)
        old = request.cookies.get(COOKIE)
        if old:
            with site.engine.begin() as connection:
                sessions.end_session(connection, old, at)
        keep(answer, found.token, site.secure)
        answer.delete_cookie(VISIT_COOKIE)
    answer.delete_cookie(WAY_COOKIE, path=BEGIN)
    return answer


def _back(request: Request) -> str:
    return str(request.base_url).rstrip("/") + BACK


def _failed(request: Request, error: Exception) -> Response:
    structlog.get_logger().warning("single sign-on failed", reason=str(error))
    answer = redirect(request, SIGN_IN, NOT_DONE, "bad")
    answer.delete_cookie(WAY_COOKIE, path=BEGIN)
    return answer


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(data_key(), salt="single sign-on")
