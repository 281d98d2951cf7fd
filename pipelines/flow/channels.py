"""The channels of this installation: which there are, and taking in what waits on one of them."""

from __future__ import annotations

import errno
import imaplib
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import asyncssh
from sqlalchemy import Connection

from pipelines.channel_settings import Settings, SettingsWrong, channel_settings
from pipelines.flow.answering import answer_repeats
from pipelines.flow.ground import definitions, engine, moment
from pipelines.inbox import Channel, Letter, Mailbox, ObjectStorage, SftpDrop, take
from pipelines.inbox.mailbox import signed_in
from pipelines.notify import wording
from pipelines.places import places
from pipelines.remote_files import Bucket, RemoteFile, RemoteFiles, aside, sftp_files
from warehouse import contacts, outbox
from warehouse.contacts import Contact

MAIL, SFTP, OBJECTS = Mailbox.name, SftpDrop.name, ObjectStorage.name
CHINESE = {MAIL: "收件邮箱", SFTP: "SFTP", OBJECTS: "对象存储"}


class ChannelUnreachable(ConnectionError):
    """A server of a channel does not answer or does not let us in: trying again may help."""


def channel_names() -> list[str]:
    """Names of the channels on other machines that are set; SettingsWrong says what is wrong."""
    settings = channel_settings()
    given = {MAIL: settings.mailbox, SFTP: settings.sftp, OBJECTS: settings.object_storage}
    return [name for name, section in given.items() if section is not None]


def channel_title(channel: str) -> str:
    """What people call a channel."""
    return CHINESE[channel]


def receive(channel: str, at: str) -> dict[str, int]:
    """Take in what waits on one channel; counts of received, duplicates, known and held.

    ChannelUnreachable when its server does not answer; LookupError for one that is not set.
    """
    when = moment(at)
    if channel not in channel_names():
        raise LookupError(f"没有设置渠道“{channel}”")
    with reached(channel), _opened(channel, channel_settings(), when) as opened:
        taken = take(engine(), places().originals, opened, when)
    if taken.duplicates:
        answer_repeats(definitions(), when)
    return {name: getattr(taken, name) for name in ("received", "duplicates", "known", "held")}


@contextmanager
def reached(channel: str) -> Iterator[None]:
    """Failures of the line as ChannelUnreachable, without what a server said or was told."""
    try:
        yield
    except (OSError, asyncssh.Error, imaplib.IMAP4.error) as error:
        if isinstance(error, OSError) and not _of_the_line(error):
            raise  # A full disk is no failure of a server.
        raise ChannelUnreachable(f"{CHINESE[channel]}连接失败（{type(error).__name__}）") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] in ("botocore", "imap_tools"):
            raise ChannelUnreachable(
                f"{CHINESE[channel]}连接失败（{type(error).__name__}）"
            ) from error
        raise


def _of_the_line(error: OSError) -> bool:
    return isinstance(
        error, (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)
    ) or error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)


@contextmanager
def _opened(channel: str, settings: Settings, when: datetime) -> Iterator[Channel]:
    if channel == MAIL and settings.mailbox:
        with signed_in(settings.mailbox) as box:
            yield _Bounces(Mailbox(box, settings.mailbox, _ours), when)
    elif channel == SFTP and settings.sftp:
        with sftp_files(settings.sftp) as files:
            limit = settings.sftp.largest_mb
            yield SftpDrop(
                files, settings.sftp.settle_seconds, most_bytes=limit << 20,
                too_large=_set_aside(settings, limit),
            )  # fmt: skip
    elif channel == OBJECTS and settings.object_storage:
        limit = settings.object_storage.largest_mb
        yield ObjectStorage(
            Bucket(settings.object_storage), limit << 20, _set_aside(settings, limit)
        )
    else:
        raise SettingsWrong(f"没有设置{CHINESE[channel]}")


def _set_aside(settings: Settings, limit_mb: int) -> Callable[[RemoteFiles, RemoteFile], None]:
    """What is done with a file that is too large: out of the way, its sender told beside it."""

    def done(files: RemoteFiles, file: RemoteFile) -> None:
        said = wording.too_large(settings.portal_url, limit_mb, PurePosixPath(file.path).name)
        told = f"{PurePosixPath(aside(file)).name}-未收取.txt"
        files.set_aside(file, told, f"{said.subject}\n\n{said.body}".encode("utf-8", "replace"))

    return done


def _ours(message_ids: Collection[str]) -> set[str]:
    with engine().connect() as connection:
        return {m.message_id for m in outbox.sent_as(connection, message_ids)}


class _Bounces:
    """A mailbox whose bounces are put down against the address they are about."""

    def __init__(self, inner: Mailbox, when: datetime) -> None:
        self.name = inner.name
        self._inner = inner
        self._when = when

    def deliveries(self) -> Iterator[Any]:
        """What the mailbox holds."""
        return self._inner.deliveries()

    def done(self, delivery: Any) -> None:
        """A bounce is noted before it is moved away."""
        if isinstance(delivery, Letter) and delivery.returned:
            with engine().begin() as connection:
                _note_bounced(connection, delivery.returned, self._when)
        self._inner.done(delivery)


def _note_bounced(connection: Connection, message_ids: Sequence[str], when: datetime) -> None:
    for message in outbox.sent_as(connection, message_ids):
        if message.way == "mail" and message.state != outbox.BOUNCED:
            outbox.settle(connection, message.id, outbox.BOUNCED, when, error="退信")
            contacts.mark_bounced(connection, message.address, when)


# --- contacts ---

HEADERS = ("工会组织编码", "种类", "地址", "可报送", "接收通知", "起始日", "终止日")
KIND_WORDS = {"邮箱": "mail", "SFTP": "sftp", "对象存储": "object", "群": "chat"}


def register_contacts(path: str, at: str, actor: str = "命令行") -> int:
    """Enter the contacts of a CSV file with the columns of HEADERS; how many were new.

    ContactRefused names the line that is wrong; nothing of the file is entered then.
    """
    import csv
    import io

    new = []
    try:
        written = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise contacts.ContactRefused("文件不是 UTF-8 编码，请另存为“CSV UTF-8”再登记") from error
    with io.StringIO(written, newline="") as file:
        rows = csv.DictReader(file)
        lacking = [h for h in HEADERS[:3] if h not in (rows.fieldnames or [])]
        if lacking:
            raise contacts.ContactRefused(f"缺少列：{'、'.join(lacking)}")
        for line, row in enumerate(rows, 2):
            kind = (row["种类"] or "").strip()
            try:
                new.append(
                    Contact(
                        org=(row["工会组织编码"] or "").strip(),
                        kind=KIND_WORDS.get(kind, kind),
                        address=row["地址"] or "",
                        sends=(row.get("可报送") or "是").strip() == "是",
                        told=(row.get("接收通知") or "是").strip() == "是",
                        since=date.fromisoformat(row.get("起始日") or "2000-01-01"),
                        until=date.fromisoformat(row["终止日"]) if row.get("终止日") else None,
                    )
                )
            except ValueError as error:
                raise contacts.ContactRefused(f"第 {line} 行的日期应如 2017-03-01") from error
    with engine().begin() as connection:
        return contacts.enter(connection, new, moment(at), actor)


def note_fetched(organisation: str, period: str, how: str, at: str) -> None:
    """An organisation took its workbook of a period: reminders say so."""
    with engine().begin() as connection:
        outbox.note_fetched(connection, period, organisation, how, moment(at))
