"""The app: its ground, its routers, its fences, and what is said when something goes wrong."""

from __future__ import annotations

import secrets
import sys
from asyncio import Semaphore
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from urllib.parse import quote

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from definitions import Definitions
from portal import page
from portal.asking import (
    PASSWORD_PAGE,
    SECOND_FACTOR_PAGE,
    Forbidden,
    MustChangePassword,
    MustPassSecondFactor,
    NotFound,
    NotSignedIn,
    Site,
    site_of,
)
from portal.guard import SIGN_IN, Fences, Forged, guard
from portal.rate import Rate
from portal.single_sign_on import Provider, from_environment
from warehouse.accounts import AccountRefused, keep_roles
from warehouse.life_cycle import StepRefused
from warehouse.sight import OutOfSight

# Each part of the portal is one module with `router` and, where it has a menu, `NAV`.
PARTS = (
    "signing_in",
    "single_sign_on",
    "home",
    "reporter",
    "uploads",
    "steward",
    "staff",
    "administration",
)
# PostgreSQL: number out of range, character or text that no column holds.
IMPOSSIBLE = ("22003", "22021", "22P02", "22008", "22007")
CONNECTIONS, MORE_CONNECTIONS = 12, 28
"""Connections that are kept, and those beyond while many people ask at once."""
PLACES = (CONNECTIONS + MORE_CONNECTIONS) // 2
"""Readers at once; see `portal.asking.place`."""
MOST_BYTES = 64 * 1024 * 1024
CHANGES_PER_MINUTE = 300
SIGN_INS_PER_MINUTE = 60
"""A whole office may share one address; each account has its own lockout besides."""


def create_app(
    *,
    engine: Engine | None = None,
    definitions: Definitions | None = None,
    clock: Callable[[], datetime] | None = None,
    secure: bool = False,
    airflow_url: str = "",
    changes_per_minute: int = CHANGES_PER_MINUTE,
    sign_ins_per_minute: int = SIGN_INS_PER_MINUTE,
    places: int = PLACES,
    single_sign_on: Provider | None = None,
) -> FastAPI:
    """The portal on the warehouse that the environment names, unless another is given.

    `secure` marks cookies for HTTPS only. `clock` says what time it is, in China's time.
    `definitions` given stay as they are; else a parameter decided while the app runs holds in it.
    `places` is how many readers hold connections at once, at most half of those that there are.
    """
    from pipelines.flow import ground

    site = Site(
        engine=engine or _pool(),
        known=ground.definitions if definitions is None else lambda: definitions,
        clock=clock or (lambda: datetime.now(ground.CHINA)),
        secure=secure,
        airflow_url=airflow_url,
        places=Semaphore(places),
        attempts=Rate(sign_ins_per_minute, 60.0),
        single_sign_on=single_sign_on or from_environment(),
    )
    with site.engine.begin() as connection:
        keep_roles(connection, site.definitions)
    app = FastAPI(
        title="工会统计报送", openapi_url=None, docs_url=None, redoc_url=None,
        dependencies=[Depends(guard)],
    )  # fmt: skip
    app.state.site = site
    app.mount("/static", StaticFiles(directory=page.STATIC), name="static")
    page.MENU.clear()
    for part in PARTS:
        module = import_module(f"portal.routes.{part}")
        app.include_router(module.router)
        page.MENU.extend(getattr(module, "NAV", ()))
    page.MENU.sort(key=lambda item: item.order)
    app.add_middleware(Fences, most_bytes=MOST_BYTES, changes_per_minute=changes_per_minute)
    _handlers(app)
    return app


def _log_error(event: str, error: Exception, **values: str) -> None:
    """One line of JSON; the traceback is without the values of variables, which may be personal."""
    log = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    log.error(event, exc_info=error, **values)


def _pool() -> Engine:
    """The warehouse, with a connection for each of the requests that run at once."""
    from pipelines.flow import ground

    prepared = ground.engine()
    return create_engine(
        prepared.url,
        pool_size=CONNECTIONS,
        max_overflow=MORE_CONNECTIONS,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text goes to the log
        # A page's plan depends on who looks and what is filtered; one kept for all is bad for most.
        connect_args={"prepare_threshold": None},
    )


def _handlers(app: FastAPI) -> None:
    """Every error becomes a Chinese page or, for htmx, a message; never a stack trace."""

    @app.get("/health", include_in_schema=False)
    def health(request: Request) -> JSONResponse:
        with site_of(request).engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return JSONResponse({"status": "healthy"})

    @app.exception_handler(NotSignedIn)
    def not_signed_in(request: Request, _: Exception) -> Response:
        if request.headers.get("hx-request") == "true":
            # The page stays as it is, so nothing typed is lost; portal.js asks to sign in again.
            return Response(status_code=401, headers={"hx-reswap": "none"})
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        onward = f"?next={quote(wanted)}" if request.method == "GET" and wanted != "/" else ""
        return RedirectResponse(f"{SIGN_IN}{onward}", 303)

    @app.exception_handler(MustChangePassword)
    def must_change(request: Request, _: Exception) -> Response:
        return page.redirect(request, PASSWORD_PAGE)

    @app.exception_handler(MustPassSecondFactor)
    def must_pass(request: Request, _: Exception) -> Response:
        return page.redirect(request, SECOND_FACTOR_PAGE)

    @app.exception_handler(Forbidden)
    def forbidden(request: Request, error: Exception) -> Response:
        return _say(
            request, 403, "没有权限", str(error) or "您的授权里没有这一项，需要时请联系管理员。"
        )

    @app.exception_handler(NotFound)
    def missing(request: Request, _: Exception) -> Response:
        return _say(request, 404, "没有找到", "这个页面或这份资料不存在，或者不在您的职责范围内。")

    @app.exception_handler(OutOfSight)
    def out_of_sight(request: Request, error: Exception) -> Response:
        return missing(request, error)

    @app.exception_handler(Forged)
    def forged(request: Request, _: Exception) -> Response:
        return _say(request, 403, "页面已过期", "请刷新页面后再试一次，刚才的操作没有生效。")

    @app.exception_handler(AccountRefused)
    def refused(request: Request, error: Exception) -> Response:
        return _say(request, 422, "没有办成", str(error))

    @app.exception_handler(StepRefused)
    def step_refused(request: Request, error: Exception) -> Response:
        return _say(request, 409, "没有办成", str(error))

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, _: Exception) -> Response:
        return _say(request, 422, "没有看懂", "提交的内容不完整或格式不对，请检查后再试。")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status in (404, 405):
            return _say(request, 404, "没有找到", "这个地址没有页面，请从首页重新进入。")
        return _say(request, status, "没有办成", "请求没有完成，请返回后再试。")

    @app.exception_handler(DataError)
    def impossible(request: Request, error: DataError) -> Response:
        # A number beyond any id, a text with a zero byte: such a thing cannot exist.
        state = getattr(error.orig, "sqlstate", None)
        if state in (None, *IMPOSSIBLE):
            return missing(request, error)
        return broken(request, error)

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> Response:
        number = secrets.token_hex(3).upper()
        _log_error("request failed", error, number=number, path=request.url.path)
        words = f"系统出了问题，已经记录，编号 {number}。请稍后再试；仍不行时把编号告诉管理员。"
        return _say(request, 500, "系统出错", words)


def _say(request: Request, status: int, title: str, words: str) -> Response:
    if request.headers.get("hx-request") == "true":
        headers = {"hx-retarget": "#messages", "hx-reswap": "beforeend"}
        answer = page.render(request, "parts/message.html", status, tone="bad", words=words)
        answer.headers.update(headers)
        return answer
    try:
        return page.render(request, "error.html", status, title=title, words=words)
    except Exception as error:  # the page itself may be what is broken, or the database away
        _log_error("error page failed", error)
        return Response(f"{title}：{words}", status, media_type="text/plain; charset=utf-8")
