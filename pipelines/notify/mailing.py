"""Mail: messages handed to an SMTP server, marked as a machine's so that no machine answers."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import PurePath

from pipelines.channel_settings import SmtpSettings
from pipelines.notify.ways import NotNow, Refused, Unreachable, Unsure
from warehouse.outbox import Message

_OFFICE = "vnd.openxmlformats-officedocument"
TYPES = {
    ".xlsx": ("application", f"{_OFFICE}.spreadsheetml.sheet"),
    ".docx": ("application", f"{_OFFICE}.wordprocessingml.document"),
    ".pdf": ("application", "pdf"),
    ".html": ("text", "html"),
    ".csv": ("text", "csv"),
    ".txt": ("text", "plain"),
}
"""Named here, for what a machine knows of types differs from one to the next."""
ANY = ("application", "octet-stream")


def mail_of(
    message: Message, files: Sequence[tuple[str, bytes]], settings: SmtpSettings
) -> EmailMessage:
    """The message as RFC 5322 has it; `Auto-Submitted` (RFC 3834) keeps machines from answering."""
    mail = EmailMessage(policy=policy.SMTP)
    user, _, domain = settings.sender.rpartition("@")
    mail["From"] = Address(settings.name, user, domain)
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.written)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-replied" if message.answers else "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.answers:
        mail["In-Reply-To"] = message.answers
    if message.thread:
        mail["References"] = message.thread
    mail.set_content(message.body)
    for name, data in files:
        main, sub = TYPES.get(PurePath(name).suffix.lower(), ANY)
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail


class Mailer:
    """One connection for a run of messages; `copy_to` is the own mailbox that gets each as well."""

    again = False

    def __init__(self, settings: SmtpSettings, copy_to: str = "") -> None:
        self._settings = settings
        self._copy_to = copy_to
        self._line: smtplib.SMTP | None = None

    def hand_over(self, message: Message, files: Sequence[tuple[str, bytes]]) -> None:
        """Send one message; see `ways` for how this may fail."""
        try:
            data = mail_of(message, files, self._settings).as_bytes()
            # Only such an address can be written to a server; another must not stop the rest.
            message.address.encode("ascii")
        except ValueError as error:
            raise Refused("收件地址无法识别") from error
        line = self._connected()
        try:
            self._address(line, message.address)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self.close()
            raise NotNow(type(error).__name__) from error
        try:
            code, said = line.data(data)
        except smtplib.SMTPDataError as error:
            # The server did not want to hear it at all.
            raise _failure(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unsure(type(error).__name__) from error
        if code != 250:
            with suppress(smtplib.SMTPException, OSError):
                line.rset()
            raise _failure(code, said)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._line.quit()
            self._line = None

    def _address(self, line: smtplib.SMTP, address: str) -> None:
        """Say who it is from and to; a copy that is refused does not stop the message."""
        code, said = line.mail(self._settings.sender)
        if code == 250:
            code, said = line.rcpt(address)
        if code not in (250, 251):
            with suppress(smtplib.SMTPException, OSError):
                line.rset()
            raise _failure(code, said)
        if self._copy_to:
            line.rcpt(self._copy_to)

    def _connected(self) -> smtplib.SMTP:
        if self._line is not None:
            with suppress(smtplib.SMTPException, OSError):
                if self._line.noop()[0] == 250:
                    return self._line
            self.close()
        given = self._settings
        password = given.password.get_secret_value()
        try:
            line: smtplib.SMTP
            if given.security == "tls":
                line = smtplib.SMTP_SSL(
                    given.host, given.port, timeout=given.timeout_seconds, context=given.tls()
                )
            else:
                line = smtplib.SMTP(given.host, given.port, timeout=given.timeout_seconds)
            if given.security == "starttls":
                line.starttls(context=given.tls())
            if given.user:
                line.login(given.user, password)
            else:
                line.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            # Passwords stand in what some servers repeat: only the kind of failure is kept.
            raise Unreachable(type(error).__name__) from error
        self._line = line
        return line


@contextmanager
def mailer(settings: SmtpSettings, copy_to: str = "") -> Iterator[Mailer]:
    """A mailer that hangs up afterwards; it connects with its first message."""
    found = Mailer(settings, copy_to)
    try:
        yield found
    finally:
        found.close()


def _failure(code: int, said: bytes | str) -> Exception:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = f"{code} {' '.join(words.split())[:200]}"
    return Refused(text) if 500 <= code < 600 else NotNow(text)
