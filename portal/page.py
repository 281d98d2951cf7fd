"""Pages: one template environment, flash messages, and how figures and states are written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from fastapi import Request
from itsdangerous import BadSignature, URLSafeSerializer
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse, RedirectResponse, Response

from definitions import Period
from portal.asking import SignedIn, now, site_of, visitor
from warehouse.personal import data_key

HERE = Path(__file__).parent
STATIC = HERE / "static"
FLASH_COOKIE = "portal_flash"
LANGUAGE_COOKIE = "portal_language"
_FLASH_LIFE = 60  # seconds between the redirect and the page that shows it


@dataclass(frozen=True, slots=True)
class State:
    """How a state is shown: word, tone (its colour) and mark (its shape)."""

    word: str
    tone: str
    mark: str


# Colour is never alone: each tone has its own mark, and the word is always there.
STATES: Mapping[str, State] = {
    "waiting": State("处理中", "info", "…"),
    "processed": State("已处理", "idle", "·"),
    "duplicate": State("重复", "idle", "="),
    "accepted": State("已接收", "good", "✓"),
    "explain": State("须说明", "warn", "!"),
    "returned": State("退回", "bad", "✕"),
    "unreported": State("未报", "idle", "○"),
    "late": State("逾期未报", "bad", "✕"),
    "due": State("待报", "info", "○"),
    "locked": State("已锁定", "idle", "▣"),
    "superseded": State("已更正", "idle", "↺"),
    "draft": State("草稿", "idle", "✎"),
    "published": State("已发布", "good", "✓"),
    "signed": State("已签发", "info", "✎"),
    "updated": State("已被新版替换", "idle", "↺"),
    "withdrawn": State("已撤回", "idle", "↺"),
    "open": State("报送中", "info", "○"),
    "validated": State("已校验", "good", "✓"),
    "explaining": State("待说明", "warn", "!"),
    "explained": State("已说明", "info", "✓"),
    "checked": State("已审核", "good", "✓"),
    "resent": State("已重报", "idle", "↺"),
    "corrected": State("已更正", "idle", "↺"),
    "discarded": State("已作废", "idle", "✕"),
    "taken": State("已收到", "good", "✓"),
    "missed": State("未报，已锁定", "bad", "✕"),
    "started": State("已取表未报", "info", "✎"),
    "never": State("未打开", "warn", "○"),
    "counted": State("已计入", "good", "✓"),
    "退回": State("退回", "bad", "✕"),
    "须说明": State("须说明", "warn", "!"),
    "提示": State("提示", "info", "i"),
}


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the menu; a routes module lists its own in `NAV`."""

    label: str
    href: str
    verbs: tuple[str, ...]
    order: int


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to a page."""

    label: str
    href: str = ""


MENU: list[NavItem] = []


@cache
def _english() -> dict[str, str]:
    words: dict[str, str] = {}
    for path in sorted((HERE / "words").glob("*.en.yaml")):
        words |= yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return words


@pass_context
def translated(context: Context, chinese: str, **values: Any) -> str:
    """A sentence in the reader's language; what has no English yet stays Chinese."""
    words = _english().get(chinese, chinese) if context.get("language") == "en" else chinese
    return words.format(**values) if values else words


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


def static(name: str) -> str:
    """Address of a static file, new whenever its content is."""
    return f"/static/{name}?v={_digest(name)}"


def number(value: Decimal | float | int | None, places: int = 0) -> str:
    """A figure with thousands apart; what nobody reported is a dash, never a nought."""
    return "—" if value is None else f"{value:,.{places}f}"


def plain(value: Decimal | float | int) -> str:
    """A figure as it is kept: thousands apart, up to four decimals, none that say nothing."""
    shown = f"{value:,.4f}"
    return shown.rstrip("0").rstrip(".")


def percent(part: Decimal | float | int | None, whole: Decimal | float | int | None) -> str:
    """A share with one decimal; a dash when there is nothing to share."""
    return "—" if part is None or not whole else f"{100 * float(part) / float(whole):.1f}%"


def moment(value: datetime | None, short: bool = False) -> str:
    """A time in China, to the minute."""
    from pipelines.flow.ground import CHINA

    if value is None:
        return "—"
    return f"{value.astimezone(CHINA):{'%m-%d %H:%M' if short else '%Y-%m-%d %H:%M'}}"


def day(value: date | None) -> str:
    """A date as officials write it in tables."""
    return "—" if value is None else f"{value:%Y-%m-%d}"


@pass_context
def period(context: Context, label: str) -> str:
    """A period as it is said: 2017年3月; in English pages its label."""
    return label if context.get("language") == "en" else Period.parse(label).chinese


@pass_context
def state(context: Context, code: str) -> State:
    """The state of a code; an unknown one is shown as it is."""
    found = STATES.get(code, State(code, "idle", "·"))
    return State(translated(context, found.word), found.tone, found.mark)


@cache
def environment() -> Environment:
    """The one environment; undefined names are mistakes, not empty strings."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"t": translated, "static": static, "state": state, "Crumb": Crumb}
    made.filters |= {"number": number, "percent": percent, "period": period, "plain": plain}
    made.filters |= {"moment": moment, "day": day}
    return made


def language_of(request: Request, person: SignedIn | None) -> str:
    """zh, unless the person or the visitor chose English."""
    chosen = person.language if person else request.cookies.get(LANGUAGE_COOKIE, "zh")
    return "en" if chosen == "en" else "zh"


def _here(path: str, menu: list[NavItem]) -> str:
    """The entry of the menu to which a page belongs: the nearest above it."""
    above = (i.href for i in menu if path == i.href or path.startswith(f"{i.href.rstrip('/')}/"))
    found = max(above, key=len, default="")
    return found if found != "/" or path == "/" else ""


def render(request: Request, template: str, /, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of one for htmx; `values` are what its template names."""
    person = visitor(request)
    menu = [i for i in MENU if person and (not i.verbs or person.may(*i.verbs))]
    context = {
        "request": request,
        "path": request.url.path,
        "person": person,
        "at": now(request),
        "site": site_of(request),
        "language": language_of(request, person),
        "menu": menu,
        "here_in_menu": _here(request.url.path, menu),
        "flashes": _flashes(request),
        "partial": request.headers.get("hx-request") == "true",
        **values,
    }
    answer = HTMLResponse(environment().get_template(template).render(context), status)
    if FLASH_COOKIE in request.cookies and status < 300:
        answer.delete_cookie(FLASH_COOKIE)
    return answer


def redirect(request: Request, to: str, flash: str = "", tone: str = "good") -> Response:
    """Go to a page of ours after a change, with a message for it. `tone`: good, warn, bad, info."""
    if request.headers.get("hx-request") == "true":
        answer: Response = Response(status_code=204, headers={"hx-redirect": to})
    else:
        answer = RedirectResponse(to, 303)
    if flash:
        answer.set_cookie(
            FLASH_COOKIE,
            _signer().dumps([[tone, flash]]),
            max_age=_FLASH_LIFE,
            httponly=True,
            samesite="lax",
            secure=site_of(request).secure,
        )
    return answer


def own_path(wanted: str | None) -> str:
    """A path of this site to go on to; what could lead elsewhere becomes the start page."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return "/"
    return wanted if wanted.isprintable() and "\\" not in wanted else "/"


def _flashes(request: Request) -> list[tuple[str, str]]:
    try:
        kept = _signer().loads(request.cookies.get(FLASH_COOKIE, ""))
    except BadSignature:
        return []
    return [(str(tone), str(words)) for tone, words in kept]


def _signer() -> URLSafeSerializer:
    key = hashlib.sha256(b"portal flash" + data_key()).digest()
    return URLSafeSerializer(key, salt="flash")
