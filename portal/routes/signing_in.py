"""Signing in and out, choosing a password, choosing a language."""

from __future__ import annotations

import secrets
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from portal.asking import COOKIE, PASSWORD_PAGE, SECOND_FACTOR_PAGE, Ground, Now, Person, visitor
from portal.guard import SIGN_IN, VISIT_COOKIE
from portal.page import LANGUAGE_COOKIE, own_path, redirect, render
from warehouse import second_factor
from warehouse.accounts import AccountRefused, change_password, choose_language
from warehouse.sessions import Refused, SignedIn, begin_session, end_session, sign_in

router = APIRouter()


@router.get(SIGN_IN)
def ask(request: Request, next: str = "/") -> Response:
    """The sign-in page; whoever is signed in goes on."""
    if visitor(request) is not None:
        return RedirectResponse(own_path(next), 303)
    return _page(request, next)


@router.post(SIGN_IN)
def enter(
    request: Request,
    site: Ground,
    at: Now,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=500)] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Begin a session under a new secret; the old one, if any, ends."""
    wants_json = request.headers.get("accept") == "application/json"
    address = request.client.host if request.client else ""
    limits = site.limits(at.date())
    found: SignedIn | Refused = Refused("尝试次数太多，请一分钟后再试")
    if site.attempts.allows(address):
        found = sign_in(
            site.engine, login, password, limits,
            at=at, address=address, agent=request.headers.get("user-agent", ""),
        )  # fmt: skip
    if isinstance(found, Refused):
        if wants_json:
            return JSONResponse({"error": found.sentence}, 401)
        return _page(request, next, complaint=found.sentence, login=login, status=401)
    old = request.cookies.get(COOKIE)
    if old:
        with site.engine.begin() as connection:
            end_session(connection, old, at)
    answer: Response = RedirectResponse(own_path(next), 303)
    if wants_json:
        answer = JSONResponse({"csrf": found.csrf})
    keep(answer, found.token, site.secure)
    answer.delete_cookie(VISIT_COOKIE)
    return answer


@router.post("/sign-out")
def leave(request: Request, site: Ground, at: Now) -> Response:
    """End the session, here and in the database."""
    token = request.cookies.get(COOKIE)
    if token:
        with site.engine.begin() as connection:
            end_session(connection, token, at)
    answer = redirect(request, SIGN_IN, "已安全退出", "info")
    answer.delete_cookie(COOKIE)
    return answer


@router.get(PASSWORD_PAGE)
def password_page(request: Request, person: Person) -> Response:
    """Where a person replaces their password."""
    return _password(request, person)


@router.post(PASSWORD_PAGE)
def replace_password(
    request: Request,
    person: Person,
    site: Ground,
    at: Now,
    current: Annotated[str, Form(max_length=500)] = "",
    wanted: Annotated[str, Form(max_length=500)] = "",
    again: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Set the new password, end every session, and begin a new one here."""
    limits = site.limits(at.date())
    if wanted != again:
        return _password(request, person, "两次输入的新口令不一样", 422)
    try:
        with site.engine.begin() as connection:
            change_password(connection, person.id, current, wanted, limits, at=at)
            fresh = begin_session(
                connection,
                person.id,
                limits,
                at=at,
                address=request.client.host if request.client else "",
                agent=request.headers.get("user-agent", ""),
                second_factor_at=at if person.sitting.passed_second_factor else None,
            )
    except AccountRefused as refused:
        return _password(request, person, str(refused), 422)
    answer = redirect(request, "/", "口令已更换，其他地方的登录都已退出")
    keep(answer, fresh.token, site.secure)
    return answer


@router.get(SECOND_FACTOR_PAGE)
def second_factor_page(request: Request, person: Person, site: Ground) -> Response:
    """Ask for the telephone's code; the first time, show what the telephone scans."""
    return _second_factor(request, person, site)


@router.post(SECOND_FACTOR_PAGE)
def take_code(
    request: Request,
    person: Person,
    site: Ground,
    at: Now,
    code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Take the code: a right one begins a new session that has passed."""
    limits = site.limits(at.date())
    recovery: list[str] = []
    try:
        with site.engine.begin() as connection:
            if person.sitting.has_second_factor:
                complaint = second_factor.check(connection, person.id, code, limits, at=at)
            else:
                complaint = None
                recovery = second_factor.confirm_enrolment(connection, person.id, code, at=at)
    except AccountRefused as refused:
        complaint = str(refused)
    if complaint:
        return _second_factor(request, person, site, complaint, 422)
    with site.engine.begin() as connection:
        end_session(connection, request.cookies.get(COOKIE, ""), at)
        fresh = begin_session(
            connection,
            person.id,
            limits,
            at=at,
            address=request.client.host if request.client else "",
            agent=request.headers.get("user-agent", ""),
            second_factor_at=at,
        )
    answer: Response = RedirectResponse("/", 303)
    if recovery:
        answer = render(request, "recovery_codes.html", codes=recovery)
    keep(answer, fresh.token, site.secure)
    return answer


@router.post("/language")
def choose(
    request: Request,
    person: Person,
    site: Ground,
    language: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Chinese or English, kept with the account."""
    wanted = "en" if language == "en" else "zh"
    with site.engine.begin() as connection:
        choose_language(connection, person.id, wanted)
    answer = redirect(request, own_path(next))
    answer.set_cookie(LANGUAGE_COOKIE, wanted, max_age=31_536_000, samesite="lax")
    return answer


def _page(
    request: Request, onward: str, complaint: str = "", login: str = "", status: int = 200
) -> Response:
    """The sign-in page, with a visit of its own so that its form cannot be forged."""
    visit = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(24)
    answer = render(
        request, "signing_in.html", status,
        visit=visit, onward=own_path(onward), complaint=complaint, login=login,
    )  # fmt: skip
    answer.set_cookie(
        VISIT_COOKIE, visit, httponly=True, samesite="lax", secure=request.app.state.site.secure
    )
    return answer


def _password(request: Request, person: Person, complaint: str = "", status: int = 200) -> Response:
    limits = person.site.limits(person.at.date())
    return render(request, "password.html", status, complaint=complaint, limits=limits)


def _second_factor(
    request: Request, person: Person, site: Ground, complaint: str = "", status: int = 200
) -> Response:
    if person.sitting.has_second_factor:
        with site.engine.connect() as connection:
            left = second_factor.recovery_codes_left(connection, person.id)
        return render(
            request, "second_factor.html", status, complaint=complaint, left=left, enrolment=None
        )
    with site.engine.begin() as connection:
        enrolment = second_factor.begin_enrolment(connection, person.id)
    picture = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=2)
    return render(
        request, "second_factor.html", status,
        complaint=complaint, enrolment=enrolment, picture=picture,
    )  # fmt: skip


def keep(answer: Response, token: str, secure: bool) -> None:
    """Give the browser the secret of its session."""
    answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/")
