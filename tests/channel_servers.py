"""Real servers for the channels, started by the tests: IMAP and SMTP, SFTP, an S3 store, a hook."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.message
import email.policy
import imaplib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import asyncssh
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import Envelope, Session

REPOSITORY = Path(__file__).resolve().parent.parent
OURS = "reports@fed.example"
PASSWORD = "mail-secret"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class MailSystem:
    """An SMTP server that delivers to people's lists, and to our mailbox on a real IMAP server."""

    home: Path
    imap_port: int
    smtp_port: int = 0
    people: dict[str, list[email.message.EmailMessage]] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    after_data: list[str] = field(default_factory=list)
    sent: int = 0

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        if self.replies:
            return self.replies.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: Server, session: Session, envelope: Envelope
    ) -> str:
        data = envelope.content
        assert isinstance(data, bytes)
        for address in envelope.rcpt_tos:
            if address == OURS:
                self.put(b"Return-Path: <" + (envelope.mail_from or "").encode() + b">\r\n" + data)
            else:
                mail = email.message_from_bytes(data, policy=email.policy.default)
                self.people.setdefault(address, []).append(mail)
        self.sent += 1
        return self.after_data.pop(0) if self.after_data else "250 OK"

    def put(self, raw: bytes) -> None:
        """Deliver bytes into our mailbox, as a mail server would."""
        self.with_imap(lambda box: box.append("INBOX", "", time.time(), raw))

    def with_imap(self, work):
        """Do something with our mailbox."""
        box = imaplib.IMAP4("127.0.0.1", self.imap_port)
        box.login("reports", PASSWORD)
        try:
            return work(box)
        finally:
            box.logout()

    def count(self, folder: str = "INBOX") -> int:
        """How many mails lie in a folder."""
        encoded = '"' + folder.encode("utf-7").decode().replace("+", "&").replace("/", ",") + '"'

        def look(box: imaplib.IMAP4) -> int:
            status, found = box.select(encoded, readonly=True)
            return int(found[0] or 0) if status == "OK" else 0

        return self.with_imap(look)

    def unseen(self) -> int:
        """How many mails of the inbox nobody has read."""

        def look(box: imaplib.IMAP4) -> int:
            box.select("INBOX", readonly=True)
            return len(box.search(None, "UNSEEN")[1][0].split())

        return self.with_imap(look)

    def received(self, address: str) -> list[email.message.EmailMessage]:
        """What somebody got so far; taken out of his list."""
        return self.people.pop(address, [])

    def settings(self) -> dict[str, str]:
        """The environment that names these servers."""
        return {
            "UNION_REPORTS_MAILBOX_HOST": "127.0.0.1",
            "UNION_REPORTS_MAILBOX_PORT": str(self.imap_port),
            "UNION_REPORTS_MAILBOX_SECURITY": "plain",
            "UNION_REPORTS_MAILBOX_USER": "reports",
            "UNION_REPORTS_MAILBOX_PASSWORD": PASSWORD,
            "UNION_REPORTS_MAILBOX_TRUST_FROM": "true",
            "UNION_REPORTS_SMTP_HOST": "127.0.0.1",
            "UNION_REPORTS_SMTP_PORT": str(self.smtp_port),
            "UNION_REPORTS_SMTP_SECURITY": "plain",
            "UNION_REPORTS_SMTP_SENDER": OURS,
        }


@contextlib.contextmanager
def mail_system(home: Path) -> Iterator[MailSystem]:
    """Dovecot as deploy/mailbox starts it, and an SMTP server before it."""
    if shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("NO IMAP SERVER: dovecot-imapd is missing (deploy/system-packages installs it)")
    # Not below pytest's own folder, which another user may not enter.
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o711)
    port = free_port()
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/bin:/bin",
        "MAILBOX_HOME": str(home),
        "MAILBOX_PASSWORD": PASSWORD,
        "MAILBOX_PORT": str(port),
        "MAILBOX_LISTEN": "127.0.0.1",
    }
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [REPOSITORY / "deploy" / "mailbox" / "start"],
            env=environment, stderr=log, stdout=log,
        )  # fmt: skip
    found = MailSystem(home, port)
    controller = Controller(found, hostname="127.0.0.1", port=free_port())
    try:
        _until(lambda: found.with_imap(lambda box: True), home / "log")
        controller.start()
        found.smtp_port = controller.port
        yield found
    finally:
        with contextlib.suppress(Exception):
            controller.stop()
        server.terminate()
        server.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def _until(work, log: Path) -> None:
    for _ in range(100):
        try:
            work()
        except (OSError, imaplib.IMAP4.error):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text(errors="replace")[-2000:])


# --- SFTP ---


@dataclass
class SftpSystem:
    """An SFTP server with a folder per sender below `root`."""

    root: Path
    port: int
    key: str
    folder: str = "."

    def settings(self) -> dict[str, str]:
        """The environment that names this server."""
        return {
            "UNION_REPORTS_SFTP_HOST": "127.0.0.1",
            "UNION_REPORTS_SFTP_PORT": str(self.port),
            "UNION_REPORTS_SFTP_USER": "collector",
            "UNION_REPORTS_SFTP_PASSWORD": "sftp-secret",
            "UNION_REPORTS_SFTP_HOST_KEY": self.key,
            "UNION_REPORTS_SFTP_FOLDER": self.folder,
            "UNION_REPORTS_SFTP_SETTLE_SECONDS": "0.3",
        }


@contextlib.contextmanager
def sftp_system(root: Path) -> Iterator[SftpSystem]:
    """asyncssh's server on a folder, in a thread of its own."""
    root.mkdir(parents=True, exist_ok=True)
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Gate(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("collector", "sftp-secret")

    loop = asyncio.new_event_loop()
    ready = threading.Event()
    ports: list[int] = []

    async def listen() -> None:
        server = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Gate, server_host_keys=[key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root).encode()),
        )  # fmt: skip
        ports.append(server.get_port())
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(listen())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield SftpSystem(root, ports[0], key.export_public_key().decode().strip())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


# --- a webhook ---


@contextlib.contextmanager
def webhook() -> Iterator[tuple[str, list[str]]]:
    """(address as apprise takes it, what was posted so far)."""
    posted: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - the library's name
            posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/group", posted
    finally:
        server.shutdown()
        server.server_close()
