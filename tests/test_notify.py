"""Messages on their way out: each once, whatever dies in between; later when it did not go."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from channel_servers import OURS, MailSystem, mail_system, webhook
from pydantic import SecretStr

from pipelines.channel_settings import SmtpSettings, channel_settings
from pipelines.flow.handing_over import _copies
from pipelines.notify import Chat, Folder, Mailer, NotNow, Refused, Unreachable, Unsure, deliver
from pipelines.notify.mailing import mail_of
from pipelines.places import places
from pipelines.remote_files import ANSWERS
from warehouse import outbox
from warehouse.engine import prepare
from warehouse.outbox import File, Message, NewMessage

AT = datetime(2017, 4, 3, 1, 0, tzinfo=UTC)
WAITS = (1, 5, 15)


@pytest.fixture(scope="module")
def servers() -> Iterator[MailSystem]:
    with mail_system(Path(tempfile.gettempdir()) / f"union-notify-{os.getpid()}") as found:
        yield found


@pytest.fixture(scope="module")
def engine(module_home):
    engine = prepare()
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def empty(request) -> None:
    """Every test begins with nothing to send."""
    if "engine" in request.fixturenames:
        with request.getfixturevalue("engine").begin() as connection:
            connection.exec_driver_sql("DELETE FROM outbox")


def write(engine, *keys: str, way: str = "mail", address: str = "a@b.example", **more) -> None:
    with engine.begin() as connection:
        for key in keys:
            new = NewMessage(
                key, way, address, None, "digest", f"【提醒】{key}", f"{key}\n", **more
            )
            outbox.write(connection, new, "fed.example", AT)


def states(engine) -> dict[str, str]:
    with engine.connect() as connection:
        every = outbox.in_state(
            connection, "waiting", "handing", "sent", "unsure", "refused", "given up", "bounced"
        )
    return {m.key: m.state for m in every}


class Deaf:
    """A way that fails as it is told, in turn, then works; remembers what went out."""

    def __init__(self, *failures: BaseException, again: bool = False, after: bool = False) -> None:
        self.failures = list(failures)
        self.again = again
        self.after = after
        self.out: list[str] = []

    def hand_over(self, message: Message, files: Sequence[tuple[str, bytes]]) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is None or self.after:
            self.out.append(message.key)
        if failure is not None:
            raise failure


def run(engine, way, at: datetime = AT, name: str = "mail", **more) -> dict[str, int]:
    return deliver(engine, places().originals, {name: way}, at, waits=WAITS, **more)


def test_a_message_is_written_once_and_sent_once(engine):
    write(engine, "a", "b", "a")
    way = Deaf()
    assert run(engine, way) == {"sent": 2}
    assert run(engine, way) == {}
    assert way.out == ["a", "b"]


def test_what_did_not_go_is_tried_again_ever_later_and_then_given_up(engine):
    write(engine, "a")
    way = Deaf(*[NotNow("451 later")] * 9)
    tried = []
    for minute in range(60):
        if run(engine, way, AT + timedelta(minutes=minute)):
            tried.append(minute)
    assert tried == [0, 1, 1 + 5, 1 + 5 + 15]
    assert states(engine) == {"a": "given up"}


def test_what_is_refused_is_not_tried_again(engine):
    write(engine, "a", "b")
    way = Deaf(Refused("550 no such user"))
    assert run(engine, way) == {"refused": 1, "sent": 1}
    assert run(engine, way, AT + timedelta(days=2)) == {}


def test_a_server_that_is_away_is_asked_once_a_run(engine):
    write(engine, "a", "b", "c")
    way = Deaf(Unreachable("refused"), Unreachable("refused"))
    assert run(engine, way) == {"waiting": 1}
    assert len(way.failures) == 1
    assert states(engine) == dict.fromkeys("abc", "waiting")


def test_nobody_else_sends_meanwhile(engine):
    write(engine, "a")
    with outbox.only_deliverer(engine) as mine:
        assert mine
        assert run(engine, Deaf()) == {"busy": 1}
    assert run(engine, Deaf()) == {"sent": 1}


@pytest.mark.parametrize("went_out", [False, True], ids=["before it went", "after it went"])
@pytest.mark.parametrize("shown", [False, True], ids=["no copy kept", "copies kept"])
def test_a_process_killed_while_handing_over(engine, went_out, shown):
    """Never twice; with copies in the own mailbox also never not at all."""
    write(engine, "a")
    way = Deaf(KeyboardInterrupt(), after=went_out)
    with pytest.raises(KeyboardInterrupt):
        run(engine, way)
    assert states(engine) == {"a": "handing"}

    def copies(ids):
        return set(ids) if went_out else set()

    more = {"went_out": copies} if shown else {}
    for minutes in (1, 31, 62):
        run(engine, way, AT + timedelta(minutes=minutes), **more)
    assert len(way.out) == (1 if went_out or shown else 0)
    assert states(engine) == {"a": "sent" if shown else "unsure"}


def test_what_may_be_laid_twice_is_laid_again(engine, tmp_path):
    """A file in a folder: the second time leaves the same one."""
    sha256 = places().originals.put(b"workbook")
    write(engine, "回执", way="folder", address="甲", files=[File("退回.xlsx", sha256)])

    class Dying(Folder):
        def hand_over(self, message, files):
            super().hand_over(message, files)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(engine, Dying(tmp_path), name="folder")
    assert run(engine, Folder(tmp_path), name="folder") == {"sent": 1}
    laid = sorted(p.name for p in (tmp_path / "甲" / ANSWERS).iterdir())
    assert laid == ["【提醒】回执.txt", "退回.xlsx"]
    assert (tmp_path / "甲" / ANSWERS / "退回.xlsx").read_bytes() == b"workbook"


# --- real servers ---


def smtp(servers: MailSystem, **more) -> SmtpSettings:
    return SmtpSettings(
        host="127.0.0.1", port=servers.smtp_port, security="plain", sender=OURS, **more
    )


def test_a_file_goes_as_what_it_is(servers):
    """A phone opens what it knows; what it takes for text it shows as signs."""
    word = "application/vnd.openxmlformats-officedocument"
    types = {
        "通报.docx": f"{word}.wordprocessingml.document",
        "附表.XLSX": f"{word}.spreadsheetml.sheet",
        "通报.pdf": "application/pdf",
        "通报.html": "text/html",
        "附表.csv": "text/csv",
        "说明.txt": "text/plain",
        "原件.et": "application/octet-stream",
        "附表.parquet": "application/octet-stream",
    }
    message = Message(
        1, "k", "mail", "a@b.example", "publication", "通报", "见附件", (), "", "", "<1@x>", AT,
        "waiting", 0, None, "",
    )  # fmt: skip
    mail = mail_of(message, [(name, b"\x00\xff") for name in types], smtp(servers))
    sent = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert {p.get_filename(): p.get_content_type() for p in sent.iter_attachments()} == types
    assert all(p.get_payload(decode=True) == b"\x00\xff" for p in sent.iter_attachments())


def test_a_real_server_refuses_delays_and_takes(engine, servers):
    write(engine, "away", address="nobody@b.example")
    write(engine, "later", address="later@b.example")
    write(engine, "full", address="full@b.example")
    write(engine, "fine", address="fine@b.example")
    servers.replies[:] = ["450 4.2.1 greylisted"]
    servers.after_data[:] = ["552 5.2.2 mailbox full"]
    mailer = Mailer(smtp(servers))
    assert run(engine, mailer) == {"refused": 2, "waiting": 1, "sent": 1}
    assert run(engine, mailer, AT + timedelta(minutes=1)) == {"sent": 1}
    mailer.close()
    assert states(engine) == {"away": "refused", "later": "sent", "full": "refused", "fine": "sent"}
    (got,) = servers.received("fine@b.example")
    assert got["From"] == "工会统计报送 <reports@fed.example>"
    assert got["Subject"] == "【提醒】fine"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"].datetime == AT
    servers.people.clear()


def test_an_address_that_cannot_be_written_stops_no_other(engine, servers):
    for key, address in (("1", "张三@b.example"), ("2", "a\r\nb@b.example"), ("3", "a@b.example")):
        write(engine, key, address=address)
    mailer = Mailer(smtp(servers))
    assert run(engine, mailer) == {"refused": 2, "sent": 1}
    mailer.close()


def test_a_server_that_is_not_there(engine, servers):
    write(engine, "a")
    settings = SmtpSettings(host="127.0.0.1", port=1, security="plain", sender=OURS)
    assert run(engine, Mailer(settings)) == {"waiting": 1}


def test_exactly_once_through_a_kill_with_real_servers(engine, servers, monkeypatch):
    """A child is killed when the server has the mail: the copy in the own mailbox tells."""
    for name, value in {**servers.settings(), "UNION_REPORTS_SMTP_COPY_TO_MAILBOX": "true"}.items():
        monkeypatch.setenv(name, value)
    write(engine, "a", address="once@b.example")
    engine.dispose()
    child = os.fork()
    if child == 0:
        try:

            class Killed(Mailer):
                def hand_over(self, message, files):
                    super().hand_over(message, files)
                    os.kill(os.getpid(), 9)

            run(prepare(), Killed(smtp(servers), OURS))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    assert states(engine) == {"a": "handing"}
    settings = channel_settings()
    mailer = Mailer(smtp(servers), OURS)
    for minutes in (1, 40):
        run(engine, mailer, AT + timedelta(minutes=minutes), went_out=_copies(settings))
    assert states(engine) == {"a": "sent"}
    assert len(servers.received("once@b.example")) == 1
    # And one that died before it said anything is sent after all.
    write(engine, "b", address="twice@b.example")
    with pytest.raises(KeyboardInterrupt):
        run(engine, Deaf(KeyboardInterrupt()))
    for minutes in (1, 40):
        run(engine, mailer, AT + timedelta(minutes=minutes), went_out=_copies(settings))
    mailer.close()
    assert len(servers.received("twice@b.example")) == 1


def test_a_line_that_breaks_in_the_middle_is_not_sent_twice(engine, servers, monkeypatch):
    write(engine, "a", address="cut@b.example")
    mailer = Mailer(smtp(servers))
    line = mailer._connected()

    def cut(data):
        raise ConnectionResetError

    monkeypatch.setattr(line, "data", cut)
    with pytest.raises(Unsure):
        message = outbox.in_state(engine.connect(), "waiting")[0]
        mailer.hand_over(message, [])


def test_a_chat_group_is_told_by_its_webhook(engine):
    write(engine, "a", way="chat", address="office")
    write(engine, "b", way="chat", address="elsewhere")
    with webhook() as (address, posted):
        way = Chat({"office": SecretStr(address)})
        assert run(engine, way, name="chat") == {"sent": 1, "waiting": 1}
        assert len(posted) == 1
        assert json.loads(posted[0])["title"] == "【提醒】a"
    write(engine, "c", way="chat", address="office")
    assert run(engine, way, name="chat") == {"waiting": 1}
