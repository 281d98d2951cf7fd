"""Accounts, grants and passwords of the portal; the only code that writes them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from definitions import Definitions
from warehouse import audit
from warehouse.codes import id_of
from warehouse.rights import objection
from warehouse.tables import (
    LINES,
    account,
    account_grant,
    form_family,
    role,
    session,
)

# The library's defaults are RFC 9106's for memory-constrained machines; about 40 ms.
_HASHER = PasswordHasher()


@cache
def _nobody() -> str:
    """Checked when nobody bears the name, so that both answers take the same time.

    Made when it is first needed: most processes that import this module never see a password.
    """
    return _HASHER.hash(secrets.token_urlsafe(16))


class AccountRefused(Exception):
    """What was asked cannot be done; the text is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The dated parameters of signing in (definitions/parameters/access.yaml)."""

    failures: int
    lockout: timedelta
    idle: timedelta
    lifetime: timedelta
    least_length: int


def limits_on(known: Definitions, day: date) -> Limits:
    """What holds on a day."""

    def value(code: str) -> int:
        return int(known.parameters[code].at(day))

    return Limits(
        failures=value("sign_in_failures"),
        lockout=timedelta(minutes=value("lockout_minutes")),
        idle=timedelta(minutes=value("session_idle_minutes")),
        lifetime=timedelta(hours=value("session_hours")),
        least_length=value("password_least_length"),
    )


def actor_of(account_id: int) -> str:
    """How an account is named in logs: by number, never by a person's name."""
    return f"account:{account_id}"


def keep_roles(connection: Connection, known: Definitions) -> None:
    """Lay the roles and the families of forms where the policies read them; repeatable."""
    roles = [
        {
            "code": r.code,
            "sees": r.sees,
            "personal": r.personal,
            "works": list(r.works),
            "verbs": list(r.verbs),
        }
        for r in known.roles.roles
    ]
    families = {f.code.split("-")[0]: f.work for f in known.forms}
    for table, rows, key in (
        (role, roles, "code"),
        (form_family, [{"prefix": p, "work": w} for p, w in families.items()], "prefix"),
    ):
        statement = upsert(table)
        wanted = {c.name: statement.excluded[c.name] for c in table.c if c.name != key}
        connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=wanted), rows)


# --- accounts and grants ---


def create_account(
    connection: Connection,
    login: str,
    name: str,
    *,
    at: datetime,
    actor: str,
    password: str | None = None,
    must_change: bool = True,
) -> int:
    """Enter an account and return its id; AccountRefused when the login is taken or empty."""
    known_as = login.strip().lower()
    if not known_as or not name.strip():
        raise AccountRefused("账号和姓名都要填写")
    found = connection.execute(
        upsert(account)
        .values(
            login=known_as,
            name=name.strip(),
            password_hash=_HASHER.hash(password) if password else None,
            password_changed_at=at if password else None,
            must_change_password=bool(password) and must_change,
            created_at=at,
            created_by=actor,
        )
        .on_conflict_do_nothing(index_elements=["login"])
        .returning(account.c.id)
    ).scalar()
    if found is None:
        raise AccountRefused(f"账号“{known_as}”已经有人使用，请换一个")
    audit.note(
        connection, at=at, actor=actor, action="account.create", subject=actor_of(int(found))
    )
    return int(found)


def account_of(connection: Connection, login: str) -> int:
    """Id of the account with a login; AccountRefused when there is none."""
    found = connection.execute(
        select(account.c.id).where(account.c.login == login.strip().lower())
    ).scalar()
    if found is None:
        raise AccountRefused(f"没有账号“{login}”")
    return int(found)


def close_account(connection: Connection, account_id: int, *, at: datetime, actor: str) -> None:
    """End an account and all its sessions; it is kept, because logs name it."""
    connection.execute(
        update(account)
        .where(account.c.id == account_id, account.c.closed_at.is_(None))
        .values(closed_at=at, closed_by=actor)
    )
    end_sessions(connection, account_id, at)
    audit.note(connection, at=at, actor=actor, action="account.close", subject=actor_of(account_id))


def grant(
    connection: Connection,
    known: Definitions,
    account_id: int,
    role_code: str,
    org: str,
    *,
    at: datetime,
    actor: str,
    line: str = "块",
    works: Collection[str] = (),
    personal: bool = False,
    until: date | None = None,
) -> int:
    """Give an account a role for an organisation; returns the grant's id.

    A grant that stands already is returned as it is. AccountRefused with the reason otherwise.
    """
    try:
        wanted = known.roles.role(role_code)
    except KeyError:
        raise AccountRefused(f"没有“{role_code}”这种角色") from None
    unknown = sorted(set(works) - known.works.keys())
    if unknown:
        raise AccountRefused(f"没有这样的分管工作：{'、'.join(unknown)}")
    reason = objection(wanted, line, works, personal)
    if reason:
        raise AccountRefused(reason)
    org_id = id_of(connection, org)
    if org_id is None:
        raise AccountRefused(f"工会组织编码 {org} 未登记")
    slot = {
        "account_id": account_id, "role": role_code, "org_id": org_id, "line": LINES[line],
    }  # fmt: skip
    made = connection.execute(
        upsert(account_grant)
        .values(
            **slot,
            works=sorted(works),
            personal=personal,
            since=at.date(),
            until=until,
            granted_at=at,
            granted_by=actor,
        )
        .on_conflict_do_nothing()
        .returning(account_grant.c.id)
    ).scalar()
    if made is None:
        standing = select(account_grant.c.id).filter_by(**slot)
        return int(
            connection.execute(standing.where(account_grant.c.revoked_at.is_(None))).scalar_one()
        )
    audit.note(
        connection,
        at=at,
        actor=actor,
        action="account.grant",
        subject=actor_of(account_id),
        detail={
            "role": role_code, "org": org, "line": line, "works": sorted(works),
            "personal": personal, "until": until.isoformat() if until else None,
        },
    )  # fmt: skip
    return int(made)


def revoke(connection: Connection, grant_id: int, *, at: datetime, actor: str) -> None:
    """End a grant now; its account's next page no longer has it."""
    ended = connection.execute(
        update(account_grant)
        .where(account_grant.c.id == grant_id, account_grant.c.revoked_at.is_(None))
        .values(revoked_at=at, revoked_by=actor)
        .returning(account_grant.c.account_id)
    ).scalar()
    if ended is not None:
        audit.note(
            connection, at=at, actor=actor, action="account.revoke",
            subject=actor_of(int(ended)), detail={"grant": grant_id},
        )  # fmt: skip


def set_password(
    connection: Connection,
    account_id: int,
    password: str,
    limits: Limits,
    *,
    at: datetime,
    actor: str,
    must_change: bool = False,
) -> None:
    """Set a password, unlock the account and end its sessions; AccountRefused when it is weak."""
    login = connection.execute(
        select(account.c.login).where(account.c.id == account_id)
    ).scalar_one()
    complaint = weakness(password, login, limits)
    if complaint:
        raise AccountRefused(complaint)
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(
            password_hash=_HASHER.hash(password),
            password_changed_at=at,
            must_change_password=must_change,
            failures=0,
            locked_until=None,
        )
    )
    end_sessions(connection, account_id, at)
    audit.note(
        connection, at=at, actor=actor, action="account.password", subject=actor_of(account_id)
    )


def change_password(
    connection: Connection,
    account_id: int,
    current: str,
    wanted: str,
    limits: Limits,
    *,
    at: datetime,
) -> None:
    """Let a person replace their own password; AccountRefused when the current one is wrong."""
    stored = connection.execute(
        select(account.c.password_hash).where(account.c.id == account_id)
    ).scalar_one()
    if not matches(stored, current):
        raise AccountRefused("当前口令不正确")
    if current == wanted:
        raise AccountRefused("新口令不能与当前口令相同")
    set_password(connection, account_id, wanted, limits, at=at, actor=actor_of(account_id))


TAKEN = "这个邮箱已经绑定了别的账号"


def bind(connection: Connection, account_id: int, email: str, *, at: datetime, actor: str) -> None:
    """Let an account sign in at the identity provider by a verified address; empty ends it.

    The first time binds the provider's subject; entering an address again makes room for another.
    AccountRefused when the address is none or another account's.
    """
    wanted = email.strip().lower()
    if wanted and not (0 < wanted.find("@") < len(wanted) - 1):
        raise AccountRefused("请填写完整的邮箱地址")
    taken = select(account.c.id).where(
        account.c.external_email == wanted, account.c.id != account_id
    )
    if wanted and connection.execute(taken).first():
        raise AccountRefused(TAKEN)
    try:
        with connection.begin_nested():
            connection.execute(
                update(account)
                .where(account.c.id == account_id)
                .values(external_email=wanted or None, external_subject=None)
            )
    except IntegrityError:  # somebody was faster
        raise AccountRefused(TAKEN) from None
    end_sessions(connection, account_id, at)
    audit.note(
        connection, at=at, actor=actor, action="account.bind" if wanted else "account.unbind",
        subject=actor_of(account_id),
    )  # fmt: skip


def choose_language(connection: Connection, account_id: int, language: str) -> None:
    """zh or en, for this account's pages."""
    connection.execute(update(account).where(account.c.id == account_id).values(language=language))


def weakness(password: str, login: str, limits: Limits) -> str | None:
    """What is wrong with a password, in Chinese; None when nothing is."""
    if len(password) < limits.least_length:
        return f"口令至少 {limits.least_length} 个字符"
    if len(set(password)) < 5:
        return "口令中重复的字符太多"
    if login in password.lower():
        return "口令里不能含有账号"
    return None


def administrators(connection: Connection) -> int:
    """How many accounts may manage accounts; none yet means that one has to be made first."""
    return int(
        connection.execute(
            select(func.count(account_grant.c.account_id.distinct()))
            .join(role, role.c.code == account_grant.c.role)
            .where(account_grant.c.revoked_at.is_(None), role.c.verbs.contains(["manage_accounts"]))
        ).scalar_one()
    )


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the one that was set; takes as long when none was."""
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def rehashed(stored: str, password: str) -> str | None:
    """A right password hashed anew when the library's parameters have grown since."""
    return _HASHER.hash(password) if _HASHER.check_needs_rehash(stored) else None


def end_sessions(connection: Connection, account_id: int, at: datetime) -> None:
    """Sign an account out everywhere."""
    connection.execute(
        update(session)
        .where(session.c.account_id == account_id, session.c.ended_at.is_(None))
        .values(ended_at=at)
    )
