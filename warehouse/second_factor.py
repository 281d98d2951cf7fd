"""The second factor: a telephone's time-based codes (RFC 6238) and codes for when it is lost."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import Connection, delete, insert, select, text, update

from warehouse import audit
from warehouse.accounts import AccountRefused, Limits, actor_of
from warehouse.personal import conceal, data_key, reveal
from warehouse.tables import account, recovery_code, session

ISSUER = "工会统计报送"
STEP_SECONDS = 30
# A telephone's clock may be one step off either way.
STEPS_OFF = 1
RECOVERY_CODES = 10
WRONG = "验证码不正确，请输入手机上现在显示的 6 位数字"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a telephone scans: the secret and its address."""

    secret: str
    uri: str


def begin_enrolment(connection: Connection, account_id: int) -> Enrolment:
    """A secret that waits to be confirmed by its first code; the same one until it is.

    AccountRefused when a second factor is in use already: only a reset by an administrator ends it.
    """
    row = connection.execute(
        select(account.c.login, account.c.totp_secret, account.c.totp_confirmed_at)
        .where(account.c.id == account_id)
        .with_for_update()
    ).one()
    if row.totp_confirmed_at is not None:
        raise AccountRefused("已经启用第二重验证；换手机时请管理员先重置")
    if row.totp_secret:
        secret = reveal(row.totp_secret, data_key())
    else:
        secret = pyotp.random_base32()
        connection.execute(
            update(account)
            .where(account.c.id == account_id)
            .values(totp_secret=conceal(secret, data_key()), totp_step=None)
        )
    return Enrolment(
        secret, pyotp.TOTP(secret).provisioning_uri(name=row.login, issuer_name=ISSUER)
    )


def confirm_enrolment(
    connection: Connection, account_id: int, code: str, *, at: datetime
) -> list[str]:
    """Take the first code and put the factor into use; returns recovery codes, shown only once."""
    row = connection.execute(
        select(account.c.totp_secret, account.c.totp_step, account.c.totp_confirmed_at)
        .where(account.c.id == account_id)
        .with_for_update()
    ).one()
    if row.totp_confirmed_at is not None or not row.totp_secret:
        raise AccountRefused("请重新打开页面再扫一次")
    step = _step_of(reveal(row.totp_secret, data_key()), code, row.totp_step, at)
    if step is None:
        raise AccountRefused(WRONG)
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(totp_confirmed_at=at, totp_step=step)
    )
    codes = [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]
    connection.execute(delete(recovery_code).where(recovery_code.c.account_id == account_id))
    connection.execute(
        insert(recovery_code),
        [{"account_id": account_id, "hash": _digest(c), "created_at": at} for c in codes],
    )
    _note(connection, account_id, "account.second_factor", at)
    return codes


def check(
    connection: Connection, account_id: int, code: str, limits: Limits, *, at: datetime
) -> str | None:
    """None when a code is right; the complaint when it is wrong, used before or the account locked.

    Wrong codes are counted with wrong passwords and lock the account as they do. The count is part
    of the caller's transaction, which has to be committed either way.
    """
    row = connection.execute(
        select(
            account.c.totp_secret, account.c.totp_step, account.c.totp_confirmed_at,
            account.c.locked_until, account.c.failures,
        )
        .where(account.c.id == account_id)
        .with_for_update()
    ).one()  # fmt: skip
    if row.locked_until is not None and row.locked_until > at:
        return "连续输错次数过多，账号已锁定，请稍后再试，或请管理员解锁"
    if row.totp_confirmed_at is None or not row.totp_secret:
        return "还没有启用第二重验证"
    given = code.strip().replace(" ", "").replace("-", "").lower()
    step = _step_of(reveal(row.totp_secret, data_key()), given, row.totp_step, at)
    if step is None and not _use_recovery(connection, account_id, given, at):
        failures = row.failures + 1
        locks = failures >= limits.failures
        connection.execute(
            update(account)
            .where(account.c.id == account_id)
            .values(
                failures=0 if locks else failures,
                locked_until=at + limits.lockout if locks else None,
            )
        )
        if locks:
            _note(connection, account_id, "account.lock", at, "portal")
            return f"连续输错 {limits.failures} 次，账号已锁定"
        return WRONG
    values: dict[str, object] = {"failures": 0}
    if step is not None:
        values["totp_step"] = step
    connection.execute(update(account).where(account.c.id == account_id).values(values))
    _note(connection, account_id, "account.second_factor_passed", at)
    return None


def reset(connection: Connection, account_id: int, *, at: datetime, actor: str) -> None:
    """Forget the telephone; the next signing in asks for a new one where a role demands it."""
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(totp_secret=None, totp_confirmed_at=None, totp_step=None)
    )
    connection.execute(delete(recovery_code).where(recovery_code.c.account_id == account_id))
    connection.execute(
        update(session)
        .where(session.c.account_id == account_id, session.c.ended_at.is_(None))
        .values(ended_at=at)
    )
    _note(connection, account_id, "account.second_factor_reset", at, actor)


def recovery_codes_left(connection: Connection, account_id: int) -> int:
    """How many codes for a lost telephone are not used yet."""
    return int(
        connection.execute(
            text("SELECT count(*) FROM recovery_code WHERE account_id = :a AND used_at IS NULL"),
            {"a": account_id},
        ).scalar_one()
    )


def _step_of(secret: str, code: str, used: int | None, at: datetime) -> int | None:
    """The time step whose code was given, unless that step or a later one was used before."""
    totp = pyotp.TOTP(secret)
    now = int(at.timestamp()) // STEP_SECONDS
    for step in range(now - STEPS_OFF, now + STEPS_OFF + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), code.strip().encode()):
            return step if used is None or step > used else None
    return None


def _use_recovery(connection: Connection, account_id: int, code: str, at: datetime) -> bool:
    done = connection.execute(
        update(recovery_code)
        .where(
            recovery_code.c.account_id == account_id,
            recovery_code.c.hash == _digest(code),
            recovery_code.c.used_at.is_(None),
        )
        .values(used_at=at)
    )
    return done.rowcount == 1


def _note(
    connection: Connection, account_id: int, action: str, at: datetime, actor: str = ""
) -> None:
    audit.note(
        connection, at=at, actor=actor or actor_of(account_id), action=action,
        subject=actor_of(account_id),
    )  # fmt: skip


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()
