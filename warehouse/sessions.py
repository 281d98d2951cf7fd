"""Signing in and sessions: failures counted, secrets kept only as hashes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select, text, update

from warehouse import audit
from warehouse.accounts import Limits, actor_of, matches, rehashed
from warehouse.engine import sql
from warehouse.rights import Grant
from warehouse.tables import account, session

_SEEN_AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the secret that the browser keeps, and the token that its forms carry."""

    token: str
    csrf: str
    account_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """No session, and the sentence why."""

    sentence: str


WRONG = Refused("账号或口令不正确，请检查后重新输入")


def sign_in(
    engine: Engine,
    login: str,
    password: str,
    limits: Limits,
    *,
    at: datetime,
    address: str = "",
    agent: str = "",
) -> SignedIn | Refused:
    """Check a password and begin a session; failures are counted and lock the account for a while.

    The count is kept whatever the answer, so this opens its own transactions; the slow hash is
    computed outside them.
    """
    with engine.connect() as connection:
        found = connection.execute(
            select(
                account.c.id,
                account.c.password_hash,
                account.c.locked_until,
                account.c.closed_at,
                account.c.totp_confirmed_at,
            ).where(account.c.login == login.strip().lower())
        ).first()
    if found is None or found.closed_at is not None:
        matches(None, password)
        return WRONG
    if found.locked_until is not None and found.locked_until > at:
        until = found.locked_until.astimezone(at.tzinfo)
        return Refused(f"连续输错次数过多，账号已锁定，请在 {until:%H:%M} 之后再试，或请管理员解锁")
    right = matches(found.password_hash, password)
    renewed = rehashed(found.password_hash, password) if right else None
    with engine.begin() as connection:
        if not right:
            return _failed(connection, int(found.id), limits, at)
        values: dict[str, object] = {"locked_until": None}
        if found.totp_confirmed_at is None:
            # With a second factor wrong codes count on, until one is right: a password alone must
            # not buy new guesses.
            values["failures"] = 0
        if renewed is not None:
            values["password_hash"] = renewed
        connection.execute(update(account).where(account.c.id == found.id).values(values))
        begun = begin_session(
            connection, int(found.id), limits, at=at, address=address, agent=agent
        )
        audit.note(
            connection, at=at, actor=actor_of(found.id), action="account.sign_in",
            subject=actor_of(found.id),
        )  # fmt: skip
    return begun


def sign_in_elsewhere(
    engine: Engine,
    issuer: str,
    subject: str,
    email: str,
    limits: Limits,
    *,
    at: datetime,
    address: str = "",
    agent: str = "",
) -> SignedIn | Refused:
    """Begin a session for whom an identity provider vouches, if an administrator bound them.

    By its subject, which never changes; the first time by a verified address (empty: none) that an
    administrator entered, which binds the subject. No account and no right ever comes of it.
    """
    known_as = f"{issuer}|{subject}"
    with engine.begin() as connection:
        found = connection.execute(
            select(account.c.id, account.c.closed_at, account.c.locked_until)
            .where(account.c.external_subject == known_as)
            .with_for_update()
        ).first()
        if found is None and email:
            found = connection.execute(
                select(account.c.id, account.c.closed_at, account.c.locked_until)
                .where(account.c.external_email == email, account.c.external_subject.is_(None))
                .with_for_update()
            ).first()
            if found is not None and found.closed_at is None:
                # From now on this person signs in there: the password that somebody gave is void.
                connection.execute(
                    update(account)
                    .where(account.c.id == found.id)
                    .values(
                        external_subject=known_as, password_hash=None, must_change_password=False
                    )
                )
                audit.note(
                    connection, at=at, actor=actor_of(found.id), action="account.bound",
                    subject=actor_of(found.id), detail={"issuer": issuer},
                )  # fmt: skip
        if found is None or found.closed_at is not None:
            audit.note(
                connection, at=at, actor="portal", action="account.sign_on_refused",
                subject="single-sign-on", detail={"issuer": issuer},
            )  # fmt: skip
            return Refused("这个身份没有绑定本系统的账号，请联系本级工会的系统管理员绑定")
        if found.locked_until is not None and found.locked_until > at:
            return Refused("连续输错次数过多，账号已锁定，请稍后再试，或请管理员解锁")
        begun = begin_session(
            connection, int(found.id), limits, at=at, address=address, agent=agent
        )
        audit.note(
            connection, at=at, actor=actor_of(found.id), action="account.sign_in",
            subject=actor_of(found.id), detail={"issuer": issuer},
        )  # fmt: skip
    return begun


def _failed(connection: Connection, account_id: int, limits: Limits, at: datetime) -> Refused:
    """Count a failure; the last one allowed locks, and the counting begins anew."""
    failures = connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(failures=account.c.failures + 1)
        .returning(account.c.failures)
    ).scalar_one()
    if failures < limits.failures:
        left = limits.failures - failures
        return Refused(f"{WRONG.sentence}（再错 {left} 次将锁定）") if left <= 2 else WRONG
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(failures=0, locked_until=at + limits.lockout)
    )
    audit.note(
        connection, at=at, actor="portal", action="account.lock", subject=actor_of(account_id)
    )
    minutes = int(limits.lockout.total_seconds() // 60)
    return Refused(f"连续输错 {limits.failures} 次，账号已锁定 {minutes} 分钟")


# --- sessions ---


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session that stands, with its account and the grants of the day."""

    id: int
    login: str
    name: str
    language: str
    must_change_password: bool
    has_second_factor: bool
    passed_second_factor: bool
    csrf: str
    grants: tuple[Grant, ...]


def begin_session(
    connection: Connection,
    account_id: int,
    limits: Limits,
    *,
    at: datetime,
    address: str = "",
    agent: str = "",
    second_factor_at: datetime | None = None,
) -> SignedIn:
    """A new session; only the hash of its secret is kept."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    connection.execute(
        insert(session).values(
            hash=_digest(token),
            account_id=account_id,
            csrf=csrf,
            began_at=at,
            seen_at=at,
            expires_at=at + limits.lifetime,
            second_factor_at=second_factor_at,
            address=address[:100],
            agent=agent[:200],
        )
    )
    return SignedIn(token, csrf, account_id)


def sitting(connection: Connection, token: str, limits: Limits, at: datetime) -> Sitting | None:
    """The session of a secret, unless it ended, expired or was idle for too long."""
    found = (
        connection.execute(
            text(sql("sitting")),
            {
                "hash": _digest(token),
                "at": at,
                "today": at.date(),
                "idle_since": at - limits.idle,
            },
        )
        .mappings()
        .first()
    )
    if found is None:
        return None
    if at - found["seen_at"] > _SEEN_AGAIN_AFTER:
        connection.execute(
            update(session).where(session.c.hash == found["hash"]).values(seen_at=at)
        )
    return Sitting(
        id=found["id"],
        login=found["login"],
        name=found["name"],
        language=found["language"],
        must_change_password=found["must_change_password"],
        has_second_factor=found["has_second_factor"],
        passed_second_factor=found["second_factor_at"] is not None,
        csrf=found["csrf"],
        grants=tuple(Grant(**{**g, "works": tuple(g["works"])}) for g in found["grants"]),
    )


def end_session(connection: Connection, token: str, at: datetime) -> None:
    """Sign out."""
    connection.execute(
        update(session)
        .where(session.c.hash == _digest(token), session.c.ended_at.is_(None))
        .values(ended_at=at)
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
