"""The mailbox: reports that come as attachments; a mail moves only once it is kept."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from pipelines.channel_settings import MailboxSettings
from pipelines.inbox.arriving import Delivery, Letter
from pipelines.inbox.mail import head_only, letter_of

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_OWN_ID = re.compile(rb"^message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)


@contextmanager
def signed_in(settings: MailboxSettings) -> Iterator[BaseMailBox]:
    """The mailbox, opened; OSError or imap_tools' errors when it cannot be."""
    box: BaseMailBox
    timeout = settings.timeout_seconds
    if settings.security == "tls":
        box = MailBox(settings.host, settings.port, timeout, ssl_context=settings.tls())
    elif settings.security == "starttls":
        box = MailBoxStartTls(settings.host, settings.port, timeout, ssl_context=settings.tls())
    else:
        box = MailBoxUnencrypted(settings.host, settings.port, timeout)
    password = settings.password.get_secret_value()
    with box.login(settings.user, password, initial_folder=settings.folder):
        yield box


class Mailbox:
    """Every mail of the folder; each is left there, unread, until it is kept, and then moved.

    `ours` tells which of some message ids are messages of our own: copies of those are put with
    what was sent and are nobody's delivery.
    """

    name = "mail"

    def __init__(
        self,
        box: BaseMailBox,
        settings: MailboxSettings,
        ours: Callable[[Collection[str]], set[str]],
    ) -> None:
        self._box = box
        self._settings = settings
        self._ours = ours

    def deliveries(self) -> Iterator[Letter]:
        """Mails in the order in which the server received them."""
        status = self._box.folder.status(self._settings.folder, ["UIDVALIDITY"])
        place = (
            f"imap://{self._settings.user}@{self._settings.host}/{self._settings.folder}"
            f";UIDVALIDITY={status['UIDVALIDITY']};UID="
        )
        largest = self._settings.largest_mb << 20
        for uid in self._box.uids():
            found = self._fetch(uid, "(RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER])")
            if found is None:
                continue
            about, head = found
            sized = _SIZE.search(about)
            size = int(sized[1]) if sized else 0
            received = _received(about)
            own = _OWN_ID.search(head)
            by, trusted = self._settings.confirmed_by, self._settings.trust_from
            if own and self._ours([own[1].decode("latin-1")]):
                self._move(uid, self._settings.sent_folder)
            elif size > largest:
                yield head_only(head, size, place + uid, received, by, trusted=trusted)
            else:
                whole = self._fetch(uid, "(BODY.PEEK[])")
                if whole is not None:
                    yield letter_of(whole[1], place + uid, received, by, trusted=trusted)

    def done(self, delivery: Delivery | Letter) -> None:
        """Move a kept mail out of the way; one that was not taken whole goes where people look."""
        huge = isinstance(delivery, Letter) and delivery.size > len(delivery.raw)
        folder = self._settings.huge_folder if huge else self._settings.taken_folder
        self._move(delivery.source.rpartition("UID=")[2], folder)

    def _fetch(self, uid: str, parts: str) -> tuple[bytes, bytes] | None:
        """(what the server says about it, its bytes); None when it is gone meanwhile."""
        status, answer = self._box.client.uid("FETCH", uid, parts)
        if status != "OK":
            raise imaplib.IMAP4.error(f"FETCH {status}")
        # What the server says may stand before the bytes or after them.
        pieces = [a for a in answer or [] if a]
        bodies = [a for a in pieces if isinstance(a, tuple)]
        if not bodies:
            return None
        about = b" ".join(a[0] if isinstance(a, tuple) else a for a in pieces)
        return about, bytes(bodies[0][1])

    def _move(self, uid: str, folder: str) -> None:
        if not self._box.folder.exists(folder):
            self._box.folder.create(folder)
        self._box.move(uid, folder)


def _received(about: bytes) -> datetime:
    """When the server received it: no sender can choose that."""
    found = imaplib.Internaldate2tuple(about)
    if found is None:
        return datetime.now(UTC)
    # The tuple is in the local time of this machine.
    return datetime(*found[:6]).astimezone(UTC)  # noqa: DTZ001
