"""Which channels an installation has, from the environment or a settings file; clear errors."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

FILE_VARIABLE = "UNION_REPORTS_CHANNELS"
PREFIX = "UNION_REPORTS_"

Security = Literal["tls", "starttls", "plain"]


class SettingsWrong(LookupError):
    """Settings that cannot be used; the sentence names every one of them."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Mail(_Section):
    host: str = Field(min_length=1)
    security: Security = "tls"
    user: str = ""
    password: SecretStr = SecretStr("")
    ca_file: Path | None = Field(default=None, description="own certificate authority, PEM")
    timeout_seconds: float = Field(default=60, gt=0)

    def tls(self) -> ssl.SSLContext:
        """Certificates are always checked; `ca_file` adds the federation's own authority."""
        return ssl.create_default_context(cafile=self.ca_file)


class MailboxSettings(_Mail):
    """The IMAP mailbox that reports are sent to."""

    port: int = 993
    folder: str = "INBOX"
    taken_folder: str = Field(default="已收取", description="where a kept mail goes")
    huge_folder: str = Field(default="过大未收", description="where a mail too large to take goes")
    sent_folder: str = Field(default="本系统发出", description="where copies of our own go")
    largest_mb: int = Field(default=40, gt=0)
    confirmed_by: str = Field(
        default="",
        description="name of the own mail server in Authentication-Results (RFC 8601); a mail that "
        "it does not confirm to come from its sender's domain is nobody's",
    )
    trust_from: bool = Field(
        default=False,
        description="take From as it stands: only where nobody outside can write to the mailbox",
    )

    @model_validator(mode="after")
    def _senders_are_known(self) -> MailboxSettings:
        if bool(self.confirmed_by) == self.trust_from:
            raise ValueError(
                "须写明怎样认定发件人：confirmed_by 填本单位邮件服务器在 Authentication-Results "
                "里的名称；只有外人写不进来的内部邮箱，"
                "才可以改填 trust_from: true（照发件人栏认定）"
            )
        return self


class SmtpSettings(_Mail):
    """The mail server that messages go out by."""

    port: int = 465
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", description="address that messages are from")
    name: str = "工会统计报送"
    copy_to_mailbox: bool = Field(
        default=False,
        description="send each message to the own mailbox too: it shows what went out",
    )


class SftpSettings(_Section):
    """A server with a folder per sender."""

    host: str = Field(min_length=1)
    port: int = 22
    user: str = Field(min_length=1)
    password: SecretStr = SecretStr("")
    key_file: Path | None = None
    host_key: str = Field(min_length=1, description="the server's public key, as in known_hosts")
    folder: str = "."
    settle_seconds: float = Field(default=10, ge=0)
    largest_mb: int = Field(default=40, gt=0, description="a larger file is set aside unread")
    timeout_seconds: float = Field(default=60, gt=0)

    @model_validator(mode="after")
    def _one_credential(self) -> SftpSettings:
        if not self.password.get_secret_value() and self.key_file is None:
            raise ValueError("password 或 key_file 须填一项")
        return self


class ObjectStorageSettings(_Section):
    """A bucket of an S3-compatible store with a prefix per sender."""

    endpoint: str | None = None
    bucket: str = Field(min_length=1)
    access_key: str = Field(min_length=1)
    secret_key: SecretStr
    region: str = "us-east-1"
    prefix: str = ""
    largest_mb: int = Field(default=40, gt=0, description="a larger object is set aside unread")


class Settings(_Section):
    """Every channel and way out that is set; what is not set does not exist."""

    mailbox: MailboxSettings | None = None
    smtp: SmtpSettings | None = None
    sftp: SftpSettings | None = None
    object_storage: ObjectStorageSettings | None = None
    chat: dict[str, SecretStr] = Field(
        default={}, description="name of a chat group → its address as apprise takes it"
    )
    portal_url: str = ""

    @model_validator(mode="after")
    def _copies_have_a_mailbox(self) -> Settings:
        if self.smtp and self.smtp.copy_to_mailbox and self.mailbox is None:
            raise ValueError("smtp.copy_to_mailbox 需要同时设置 mailbox")
        return self


def channel_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this installation; SettingsWrong names everything that is wrong at once.

    The file that UNION_REPORTS_CHANNELS names (YAML with the sections of Settings), and above it
    variables such as UNION_REPORTS_SMTP_HOST, UNION_REPORTS_MAILBOX_PASSWORD,
    UNION_REPORTS_CHAT_<NAME> and UNION_REPORTS_PORTAL_URL.
    """
    given = dict(os.environ if environment is None else environment)
    data = _from_file(given.get(FILE_VARIABLE, ""))
    for name in ("mailbox", "smtp", "sftp", "object_storage"):
        section = f"{PREFIX}{name.upper()}_"
        own = {
            k[len(section) :].lower(): v for k, v in given.items() if k.startswith(section) and v
        }
        if own:
            data[name] = {**(data.get(name) or {}), **own}
    chats = {
        k[len(f"{PREFIX}CHAT_") :].lower(): v
        for k, v in given.items()
        if k.startswith(f"{PREFIX}CHAT_") and v
    }
    if chats:
        data["chat"] = {**(data.get("chat") or {}), **chats}
    if given.get(f"{PREFIX}PORTAL_URL"):
        data["portal_url"] = given[f"{PREFIX}PORTAL_URL"]
    return _checked(data)


def _from_file(name: str) -> dict[str, Any]:
    if not name:
        return {}
    try:
        text = Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsWrong(f"读不到渠道设置文件 {name}：{error.strerror}") from error
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"第 {mark.line + 1} 行" if mark else ""
        raise SettingsWrong(f"渠道设置文件 {name} {line}不是合格的 YAML") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsWrong(f"渠道设置文件 {name} 应是“名称: 值”的表")
    return data


_WORDS = {
    "missing": "没有填",
    "extra_forbidden": "不认识这一项",
    "string_too_short": "不能为空",
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
    "bool_parsing": "应为 true 或 false",
    "literal_error": "应为 tls、starttls 或 plain",
    "string_pattern_mismatch": "不是邮箱地址",
}


@lru_cache(maxsize=1)
def _no_settings() -> Settings:
    return Settings()


def _checked(data: dict[str, Any]) -> Settings:
    if not data:
        return _no_settings()
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        mistakes = []
        for one in error.errors(include_input=False, include_url=False):
            place = ".".join(str(p) for p in one["loc"])
            said = _WORDS.get(one["type"]) or one["msg"].removeprefix("Value error, ")
            mistakes.append(f"{place} {said}".strip())
        # A wrong value may be a password: it is not repeated.
        raise SettingsWrong(f"渠道设置有误：{'；'.join(mistakes)}") from None
