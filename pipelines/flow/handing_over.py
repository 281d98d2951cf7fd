"""Handing over what the outbox holds, by every way that is set; what a person must look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from pipelines.channel_settings import Settings, channel_settings
from pipelines.flow import channels
from pipelines.flow.ground import definitions, engine, moment
from pipelines.inbox.mailbox import signed_in
from pipelines.notify import Chat, Folder, Remote, Way, deliver
from pipelines.notify.mailing import mailer
from pipelines.places import places
from pipelines.remote_files import Bucket, sftp_files
from warehouse import outbox
from warehouse.outbox import Message
from warehouse.windows import china_day


def deliver_messages(at: str) -> dict[str, int]:
    """Hand over what is due by every way that is set; counts by what became of it.

    A way whose server cannot be reached is left for the next run.
    """
    known, when = definitions(), moment(at)
    day = china_day(when)
    settings = channel_settings()
    waits = [int(m) for m in known.parameters["resend_minutes"].at(day)]
    with ExitStack() as stack:
        ways, closed = _ways(stack, settings)
        done = deliver(
            engine(),
            places().originals,
            ways,
            when,
            waits=waits,
            went_out=_copies(settings),
            unsure_for=timedelta(minutes=int(known.parameters["unsure_minutes"].at(day))),
        )
    return {**done, **({"closed": closed} if closed else {})}


def _ways(stack: ExitStack, settings: Settings) -> tuple[dict[str, Way], int]:
    """The ways out that are set, and how many of them could not be opened."""
    ways: dict[str, Way] = {"folder": Folder(places().drop)}
    closed = 0
    with engine().connect() as connection:
        needed = {m.way for m in outbox.in_state(connection, outbox.WAITING, outbox.HANDING)}
    if settings.smtp:
        copy_to = settings.smtp.sender if settings.smtp.copy_to_mailbox else ""
        ways["mail"] = stack.enter_context(mailer(settings.smtp, copy_to))
    if settings.chat:
        ways["chat"] = Chat(settings.chat)
    if settings.object_storage and "object" in needed:
        ways["object"] = Remote(Bucket(settings.object_storage))
    if settings.sftp and "sftp" in needed:
        try:
            with channels.reached(channels.SFTP):
                ways["sftp"] = Remote(stack.enter_context(sftp_files(settings.sftp)))
        except channels.ChannelUnreachable:
            closed += 1
    return ways, closed


def _copies(settings: Settings) -> Any:
    """Asks the own mailbox which messages it has a copy of; None where none are kept."""
    mailbox = settings.mailbox
    if mailbox is None or settings.smtp is None or not settings.smtp.copy_to_mailbox:
        return None

    def went_out(message_ids: Collection[str]) -> set[str]:
        found: set[str] = set()
        with channels.reached(channels.MAIL), signed_in(mailbox) as box:
            for folder in (mailbox.folder, mailbox.sent_folder):
                if not box.folder.exists(folder):
                    continue
                box.folder.set(folder)
                found |= {i for i in message_ids if box.uids(f'HEADER Message-ID "{i}"')}
        return found

    return went_out


def waiting_messages() -> list[Message]:
    """Messages that a person must look at: not sure whether they went out, refused, given up."""
    with engine().connect() as connection:
        return outbox.in_state(
            connection, outbox.UNSURE, outbox.REFUSED, outbox.GIVEN_UP, outbox.BOUNCED
        )


def resend(numbers: Sequence[int], at: str) -> int:
    """Let messages that a person looked at be sent again; how many."""
    wanted = {m.id for m in waiting_messages()} & set(numbers)
    with engine().begin() as connection:
        for number in sorted(wanted):
            outbox.settle(connection, number, outbox.WAITING, moment(at), next_try=moment(at))
    return len(wanted)
