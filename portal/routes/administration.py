"""Pages of administrators: accounts and grants, and the routers of parameters and of the log."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Connection, text
from starlette.responses import Response

from portal.asking import Forbidden, Known, NotFound, Now, Reading, SignedIn, may
from portal.page import Crumb, NavItem, redirect, render
from portal.reading import administration as reads
from portal.routes import decided_things, logged
from warehouse import accounts, second_factor
from warehouse.accounts import AccountRefused
from warehouse.sight import may_upon

router = APIRouter()
router.include_router(decided_things.router)
router.include_router(logged.router)
NAV = (
    NavItem("账号", "/administration/accounts", ("manage_accounts",), 80),
    *decided_things.NAV,
    *logged.NAV,
)
Administrator = Annotated[SignedIn, Depends(may("manage_accounts"))]
HOME = "/administration/accounts"
STATES = ("", "locked", "new", "none", "closed")


@router.get(HOME)
def listed(
    request: Request, person: Administrator, reading: Reading, known: Known, at: Now,
    words: str = "", state: str = "", after: str = "",
) -> Response:  # fmt: skip
    """Accounts by login; those in use unless another state is asked for."""
    found, onward = reads.accounts(reading, at, words[:100], state, after[:100])
    asked = {"words": words, "state": state}
    return render(
        request, "administration/accounts.html", found=found, words=words, state=state,
        roles={r.code: r.name for r in known.roles.roles},
        onward=f"{HOME}?{urlencode({**asked, 'after': onward})}" if onward else "",
        first=f"{HOME}?{urlencode(asked)}" if after else "",
    )  # fmt: skip


@router.post(HOME)
def open_account(
    request: Request, person: Administrator, at: Now,
    login: Annotated[str, Form(max_length=60)] = "",
    name: Annotated[str, Form(max_length=60)] = "",
) -> Response:  # fmt: skip
    """Open an account; its initial password is shown once and must be replaced at first use."""
    password = secrets.token_urlsafe(12)
    with person.site.engine.begin() as connection:
        number = accounts.create_account(
            connection, login, name, at=at, actor=person.actor, password=password
        )
    words = f"账号已开立，初始口令 {password}（只显示这一次）；请接着授权"
    return redirect(request, f"{HOME}/{number}", words)


@router.get(HOME + "/{account}")
def show(
    request: Request, person: Administrator, reading: Reading, known: Known, at: Now, account: int
) -> Response:
    """One account: its state, its grants, what was done to it."""
    found = reads.account(reading, account)
    with person.site.engine.connect() as connection:
        governs = _governs(connection, person, account)
    entries, _ = reads.log(reading, subject=accounts.actor_of(account), most=20)
    return render(
        request, "administration/account.html", found=found, governs=governs,
        grants=reads.grants(reading, account, at.date()), entries=entries,
        known_roles=known.roles.roles, works=known.works, own=account == person.id,
        actions=logged.ACTIONS,
        roles={r.code: r.name for r in known.roles.roles},
        crumbs=[Crumb("账号", HOME), Crumb(found.name)],
    )  # fmt: skip


@router.post(HOME + "/{account}/single-sign-on")
def bind(
    request: Request, person: Administrator, reading: Reading, at: Now, account: int,
    email: Annotated[str, Form(max_length=200)] = "",
) -> Response:  # fmt: skip
    """Bind an account to an address at the identity provider, or end that."""
    reads.account(reading, account)
    if account == person.id:
        raise Forbidden("不能这样处理自己的账号，请由另一位管理员办理。")
    with person.site.engine.begin() as connection:
        if not _governs(connection, person, account):
            raise Forbidden("这个账号还有您职责范围以外的授权，请由上级管理员办理。")
        accounts.bind(connection, account, email, at=at, actor=person.actor)
    words = "已绑定，本人第一次用统一身份登录后生效" if email.strip() else "已解除统一身份绑定"
    return redirect(request, f"{HOME}/{account}", words)


@router.post(HOME + "/{account}/{deed}")
def do(
    request: Request, person: Administrator, reading: Reading, at: Now, account: int, deed: str
) -> Response:
    """Close, reset the password (which unlocks), or forget the telephone of an account."""
    reads.account(reading, account)
    if account == person.id:
        raise Forbidden("不能这样处理自己的账号，请由另一位管理员办理。")
    limits = person.site.limits(at.date())
    with person.site.engine.begin() as connection:
        if not _governs(connection, person, account):
            raise Forbidden("这个账号还有您职责范围以外的授权，请由上级管理员办理。")
        if deed == "close":
            accounts.close_account(connection, account, at=at, actor=person.actor)
            words = "账号已停用，所有登录都已退出"
        elif deed == "reset":
            fresh = secrets.token_urlsafe(12)
            accounts.set_password(
                connection, account, fresh, limits, at=at, actor=person.actor, must_change=True
            )
            words = f"已解锁并重置，新口令 {fresh}（只显示这一次）"
        elif deed == "telephone":
            second_factor.reset(connection, account, at=at, actor=person.actor)
            words = "第二重验证已重置，下次登录时重新绑定手机"
        else:
            raise NotFound
    return redirect(request, f"{HOME}/{account}", words)


@router.post(HOME + "/{account}/grants/new")
def give(
    request: Request, person: Administrator, reading: Reading, known: Known, at: Now, account: int,
    role: Annotated[str, Form()] = "",
    org: Annotated[str, Form(max_length=60)] = "",
    line: Annotated[str, Form()] = "块",
    works: Annotated[list[str] | None, Form()] = None,
    personal: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Give a role for a union that the administrator governs; never to oneself."""
    reads.account(reading, account)
    if account == person.id:
        raise Forbidden("不能给自己授权，请由另一位管理员办理。")
    if line not in ("块", "条"):
        raise AccountRefused("请选择块或条")
    org_id = reading.execute(
        text("SELECT id FROM organisation WHERE code = :c"), {"c": org.strip()}
    ).scalar()
    if org_id is None:
        raise AccountRefused(f"工会组织编码 {org} 未登记")
    person.require_upon("manage_accounts", org_id)
    try:
        last = date.fromisoformat(until) if until else None
    except ValueError:
        raise AccountRefused("到期日写成 2017-12-31 这样") from None
    with person.site.engine.begin() as connection:
        accounts.grant(
            connection, known, account, role, org.strip(), at=at, actor=person.actor, line=line,
            works=[w for w in works or [] if w], personal=personal == "1", until=last,
        )  # fmt: skip
    return redirect(request, f"{HOME}/{account}", "已授权，下一次打开页面时生效")


@router.post(HOME + "/{account}/grants/{grant}/end")
def take(
    request: Request, person: Administrator, reading: Reading, at: Now, account: int, grant: int
) -> Response:
    """End a grant for a union that the administrator governs."""
    held = next((g for g in reads.grants(reading, account, at.date()) if g.id == grant), None)
    if held is None:
        raise NotFound
    person.require_upon("manage_accounts", held.org_id)
    with person.site.engine.begin() as connection:
        accounts.revoke(connection, grant, at=at, actor=person.actor)
    return redirect(request, f"{HOME}/{account}", "授权已收回")


def _governs(connection: Connection, person: SignedIn, account: int) -> bool:
    """Whether every standing grant of an account is within the administrator's own reach.

    Else whoever governs a county could reset the password of somebody at the province who holds a
    role in the county as well. An account without grants belongs to who opened it.
    """
    orgs = connection.execute(
        text("SELECT org_id FROM account_grant WHERE account_id = :a AND revoked_at IS NULL"),
        {"a": account},
    ).scalars()
    return all(
        may_upon(connection, person.id, "manage_accounts", org, person.at.date()) for org in orgs
    )
