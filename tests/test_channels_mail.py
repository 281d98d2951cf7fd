"""Mail in, verdict out: a real IMAP and a real SMTP server, and every kind of mail that comes."""

from __future__ import annotations

import smtplib
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from acceptance import process_waiting, query
from channel_servers import OURS, MailSystem, mail_system
from channel_story import (
    AGAIN,
    CLERK,
    COUNTY,
    OTHER,
    OTHER_CLERK,
    SENT,
    bad,
    good,
    mail,
    repaired,
    round_trip,
    set_up,
)

from pipelines import flow
from pipelines.flow.ground import engine, moment
from pipelines.places import places
from warehouse import contacts
from warehouse.contacts import Contact


@pytest.fixture(scope="module")
def servers() -> Iterator[MailSystem]:
    with mail_system(Path(tempfile.gettempdir()) / f"union-mail-{__name__}-{id(mail)}") as found:
        yield found


@pytest.fixture(scope="module")
def story(servers, module_home, tmp_path_factory) -> Iterator[MailSystem]:
    """A federation whose mails come and go by these servers."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.settings().items():
            patch.setenv(name, value)
        set_up(tmp_path_factory.mktemp("registry"))
        yield servers


def send(servers: MailSystem, made: EmailMessage) -> None:
    """Send a mail as a clerk's program does."""
    with smtplib.SMTP("127.0.0.1", servers.smtp_port) as line:
        line.send_message(made)


def attachments(made: EmailMessage) -> dict[str, bytes]:
    return {a.get_filename(): a.get_content() for a in made.iter_attachments()}


def text_of(made: EmailMessage) -> str:
    return made.get_body(("plain",)).get_content()


def test_mail_in_verdict_out_corrected_mail_in_accepted(story, definitions):
    """What must be shown: nobody but two mail programs and the federation's own servers."""
    first = mail(("3月报表.xlsx", bad(definitions)))
    send(story, first)
    done = round_trip("mail", SENT)
    assert (done["received"], done["returned"], done["message sent"]) == (1, 1, 1)

    (answer,) = story.received(CLERK)
    assert answer["Subject"].startswith("【退回修改】2017年3月报表")
    assert answer["In-Reply-To"] == first["Message-ID"]
    assert answer["Auto-Submitted"] == "auto-replied"
    assert "《3月报表.xlsx》：2017年3月，请改正后重报" in text_of(answer)
    ((name, marked),) = attachments(answer).items()
    assert name.endswith("-3月报表-退回.xlsx")

    reply = mail(("改好.xlsx", repaired(marked, 601, 45)), In_Reply_To=answer["Message-ID"])
    send(story, reply)
    done = round_trip("mail", AGAIN)
    assert (done["received"], done["accepted"], done["message sent"]) == (1, 1, 1)
    (answer,) = story.received(CLERK)
    assert answer["Subject"].startswith("【已接收】2017年3月报表")
    assert "收到时间 2017-04-05，报送期限 2017-04-05，按时" in text_of(answer)
    assert not attachments(answer)
    assert (story.count(), story.count("已收取")) == (0, 2)
    current = query(
        "SELECT o.code, r.channel, r.sender, r.address FROM filing f "
        "JOIN submission s ON s.id = f.submission_id JOIN receipt r ON r.id = s.receipt_id "
        "JOIN organisation o ON o.id = f.reporter_id WHERE f.superseded_at IS NULL"
    )
    assert [tuple(row) for row in current] == [(COUNTY, "mail", COUNTY, CLERK)]


def test_the_same_again_is_answered_kindly_and_once(story, definitions):
    send(story, mail(("又是.xlsx", good(definitions, 110))))
    round_trip("mail", "2017-04-05T11:00:00")
    story.received(CLERK)
    same = query("SELECT sha256 FROM receipt ORDER BY id DESC LIMIT 1")[0].sha256
    data = places().originals.get(same)
    again = mail(("又是.xlsx", data))
    send(story, again)
    done = round_trip("mail", "2017-04-05T11:10:00")
    assert (done["duplicates"], done["message sent"]) == (1, 1)
    (answer,) = story.received(CLERK)
    assert answer["Subject"].startswith("【重复上传】")
    assert "与 2017年4月5日 11:00 收到的文件内容完全相同" in text_of(answer)
    assert "已接收" in text_of(answer)
    # The mail system brings one and the same mail a second time: that is nobody's second sending.
    send(story, again)
    assert round_trip("mail", "2017-04-05T11:20:00").get("message sent", 0) == 0
    assert story.received(CLERK) == []
    assert story.count() == 0


# --- who sends ---


def test_nobody_is_taken_for_somebody(story, definitions):
    """An unknown address: kept, answered kindly, not processed; let in once it is registered."""
    data = good(definitions, 111)
    send(story, mail(("3月.xlsx", data), sender="wang@gmail.example"))
    done = round_trip("mail", "2017-04-05T12:00:00")
    assert (done["held"], done["received"], done["message sent"]) == (1, 0, 1)
    (answer,) = story.received("wang@gmail.example")
    assert answer["Subject"] == "【未处理】报送邮箱尚未登记"
    assert "已经发来的文件会自动处理" in text_of(answer)
    (held,) = query("SELECT sender, state, sha256 FROM receipt WHERE address LIKE 'wang@%'")
    assert (held.sender, held.state) == ("", "held")
    assert places().originals.get(held.sha256) == data

    # The same bytes from whom they belong to are no repetition of a stranger's.
    send(story, mail(("3月.xlsx", data)))
    assert round_trip("mail", "2017-04-05T12:10:00")["accepted"] == 1
    story.received(CLERK)

    with engine().begin() as connection:
        new = Contact(OTHER, "mail", "wang@gmail.example", told=False)
        contacts.enter(connection, [new], moment("2017-04-05T12:20:00"), "test")
    process_waiting("2017-04-05T12:30:00")
    flow.tell("2017-04-05T12:30:00")
    flow.deliver_messages("2017-04-05T12:30:00")
    (answer,) = story.received("wang@gmail.example")
    assert answer["Subject"].startswith("【重复上传】")


def test_an_address_speaks_for_its_union_only_on_its_days(story, definitions):
    with engine().begin() as connection:
        past = Contact(OTHER, "mail", "gone@helan.example", until=moment("2017-03-01").date())
        contacts.enter(connection, [past], moment(SENT), "test")
    send(story, mail(("x.xlsx", good(definitions, 112)), sender="gone@helan.example"))
    assert round_trip("mail", "2017-04-05T13:00:00")["held"] == 1
    story.received("gone@helan.example")


def test_a_union_cannot_send_in_the_name_of_another(story, definitions):
    """Sent back before anything is compared: the other county's figures and record stay as is."""
    before = query("SELECT id FROM filing WHERE superseded_at IS NULL")
    send(story, mail(("别人的.xlsx", good(definitions, 117)), sender=OTHER_CLERK))
    done = round_trip("mail", "2017-04-05T13:30:00")
    assert (done["received"], done["returned"]) == (1, 1)
    (answer,) = story.received(OTHER_CLERK)
    assert answer["Subject"].startswith("【退回修改】")
    assert query("SELECT id FROM filing WHERE superseded_at IS NULL") == before
    (found,) = query(
        "SELECT f.rule, s.reporter_id FROM finding f JOIN submission s ON s.id = f.submission_id "
        "JOIN receipt r ON r.id = s.receipt_id WHERE r.address = :a",
        a=OTHER_CLERK,
    )
    assert (found.rule, found.reporter_id) == ("V-O-101", None)


# --- no loops ---


@pytest.mark.parametrize(
    "heads",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated (vacation)"},
        {"Precedence": "bulk"},
        {"X-Auto-Response-Suppress": "All"},
        {"List-Id": "<union.example>"},
        {"Subject": "自动回复：3月报表"},
        {"From": "MAILER-DAEMON@helan.example"},
    ],
    ids=lambda h: next(iter(h)),
)
def test_no_machine_is_answered(story, heads):
    made = mail(sender=OTHER_CLERK)
    for name, value in heads.items():
        del made[name]
        made[name] = value
    send(story, made)
    assert round_trip("mail", "2017-04-05T14:00:00").get("message sent", 0) == 0
    assert story.received(OTHER_CLERK) == []
    assert story.count() == 0


def test_what_a_machine_sends_is_taken_and_its_union_told_otherwise(story, definitions):
    made = mail(("自动.xlsx", good(definitions, 113)), Auto_Submitted="auto-generated")
    send(story, made)
    done = round_trip("mail", "2017-04-05T14:10:00")
    assert (done["received"], done["accepted"]) == (1, 1)
    (told,) = story.received(CLERK)
    assert told["Auto-Submitted"] == "auto-generated"
    assert told["In-Reply-To"] is None
    assert told["Subject"] == "【报送提醒】2017年3月报表已接收"


def test_a_mail_without_a_file_is_answered_but_not_for_ever(story):
    """Two programs that answer each other without saying so stop after the dated number."""
    for number in range(4):
        send(story, mail(sender="loop@helan.example", message_id=f"<loop{number}@helan.example>"))
    with engine().begin() as connection:
        new = Contact(OTHER, "mail", "loop@helan.example", told=False)
        contacts.enter(connection, [new], moment(SENT), "test")
    round_trip("mail", "2017-04-05T14:20:00")
    answers = story.received("loop@helan.example")
    assert [a["Subject"] for a in answers] == ["【没有附件】请附上报表文件后重发"] * 2
    assert "超大附件" in text_of(answers[0])


def test_a_bounce_closes_the_address_and_is_not_answered(story, definitions):
    with engine().begin() as connection:
        new = Contact(OTHER, "mail", "moved@helan.example")
        contacts.enter(connection, [new], moment(SENT), "test")
    send(story, mail(("x.xlsx", good(definitions, 118)), sender="moved@helan.example"))
    round_trip("mail", "2017-04-05T14:30:00")
    (answer,) = story.received("moved@helan.example")
    story.received(OTHER_CLERK)
    report = EmailMessage()
    report["From"], report["To"] = "MAILER-DAEMON@helan.example", OURS
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report.set_content("The mail system: user unknown")
    report.add_attachment(answer)
    report.replace_header("Content-Type", 'multipart/report; report-type="delivery-status"')
    story.put(b"Return-Path: <>\r\n" + report.as_bytes())
    done = round_trip("mail", "2017-04-05T14:40:00")
    assert (done["received"], done.get("message sent", 0)) == (0, 0)
    (row,) = query("SELECT bounced_at FROM contact WHERE address = 'moved@helan.example'")
    assert row.bounced_at is not None
    (row,) = query("SELECT state FROM outbox WHERE message_id = :m", m=answer["Message-ID"])
    assert row.state == "bounced"


# --- the mailbox is touched last ---


def test_a_mail_stays_unread_in_its_place_until_it_is_kept(story, definitions, monkeypatch):
    send(story, mail(("稳.xlsx", good(definitions, 114))))
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", _full)
        with pytest.raises(OSError, match="No space"):
            flow.receive("mail", "2017-04-05T15:00:00")
    assert (story.count(), story.unseen()) == (1, 1)
    # Kept, but dead before it was moved: found again, and not taken twice.
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.inbox.mailbox.Mailbox.done", _dead)
        with pytest.raises(KeyboardInterrupt):
            flow.receive("mail", "2017-04-05T15:01:00")
    assert (story.count(), story.unseen()) == (1, 1)
    assert flow.receive("mail", "2017-04-05T15:02:00")["received"] == 0
    assert story.count() == 0
    assert len(query("SELECT 1 FROM receipt WHERE file_name = '稳.xlsx'")) == 1
    process_waiting("2017-04-05T15:03:00")
    flow.tell("2017-04-05T15:03:00")
    flow.deliver_messages("2017-04-05T15:03:00")
    assert len(story.received(CLERK)) == 1


def _full(handle: int) -> None:
    raise OSError(28, "No space left on device")


def _dead(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_huge_mail_is_left_where_people_look_and_answered(story, monkeypatch):
    monkeypatch.setenv("UNION_REPORTS_MAILBOX_LARGEST_MB", "1")
    send(story, mail(("大.xlsx", b"\x00" * (2 << 20))))
    done = round_trip("mail", "2017-04-05T15:10:00")
    assert (done["received"], done["message sent"]) == (0, 1)
    (answer,) = story.received(CLERK)
    assert answer["Subject"] == "【未收取】邮件过大"
    assert (story.count(), story.count("过大未收")) == (0, 1)


def test_a_forged_sender_is_nobody_until_the_own_server_vouches(story, definitions, monkeypatch):
    """Anybody can write a union's address into From: without proof it is not that union's."""
    monkeypatch.delenv("UNION_REPORTS_MAILBOX_TRUST_FROM")
    monkeypatch.setenv("UNION_REPORTS_MAILBOX_CONFIRMED_BY", "mx.fed.example")
    before = query("SELECT count(*) FROM submission")
    forged = mail(("伪.xlsx", good(definitions, 131)))
    forged["Authentication-Results"] = "mx.evil.example; dmarc=pass header.from=union.example"
    send(story, forged)
    done = round_trip("mail", "2017-04-05T15:12:00")
    assert (done["received"], done["held"], done["message sent"]) == (0, 1, 1)
    assert query("SELECT count(*) FROM submission") == before
    (answer,) = story.received(CLERK)
    assert answer["Subject"] == "【未处理】邮件来源没有通过校验"
    # Registering the address once more lets nothing in that nobody vouched for.
    with engine().begin() as connection:
        contacts._let_in(connection, "mail", CLERK, COUNTY)
    assert query("SELECT count(*) FROM receipt WHERE state = 'held'")[0][0] >= 1
    real = mail(("真.xlsx", good(definitions, 132)))
    domain = CLERK.rpartition("@")[2]
    real["Authentication-Results"] = f"mx.fed.example; dkim=pass header.d={domain}"
    send(story, real)
    done = round_trip("mail", "2017-04-05T15:14:00")
    assert (done["received"], done["held"]) == (1, 0)
    story.received(CLERK)


def test_several_files_are_answered_in_one_mail(story, definitions):
    from samples.spoiled.grids import zipped

    pack = zipped({"内/一.xlsx": bad(definitions, 116)})
    send(story, mail(("好.xlsx", good(definitions, 115)), ("包.zip", pack), ("说明.txt", b"hi")))
    done = round_trip("mail", "2017-04-05T15:20:00")
    assert (done["received"], done["message sent"]) == (3, 1)
    (answer,) = story.received(CLERK)
    said = text_of(answer)
    assert "共 3 份" in said
    assert "《好.xlsx》：2017年3月，已接收" in said
    assert "《包.zip，内/一.xlsx》：2017年3月，请改正后重报" in said
    assert len(attachments(answer)) == 2


def test_a_server_that_is_away_is_an_infrastructure_error_without_secrets(monkeypatch, story):
    monkeypatch.setenv("UNION_REPORTS_MAILBOX_PASSWORD", "wrong-secret")
    with pytest.raises(ConnectionError) as refused:
        flow.receive("mail", SENT)
    assert "wrong-secret" not in str(refused.value)
    monkeypatch.setenv("UNION_REPORTS_MAILBOX_PORT", "1")
    with pytest.raises(ConnectionError, match="收件邮箱连接失败"):
        flow.receive("mail", SENT)
