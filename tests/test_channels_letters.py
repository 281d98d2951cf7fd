"""Mails as they are written: what kind each is, whom it is from, which files are work."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from channel_story import mail

from pipelines.flow.notifying import names_persons
from pipelines.inbox.mail import letter_of
from pipelines.inbox.winmail import attachments
from pipelines.notify.wording import Outcome, digest, verdict

AT = datetime(2017, 4, 3, 1, 0, tzinfo=UTC)


def read(raw: bytes, confirmed_by: str = ""):
    return letter_of(raw, "imap://box;UID=1", AT, confirmed_by)


def names(raw: bytes) -> list[str]:
    return [f.file_name for f in read(raw).files]


def head(disposition: bytes, content_type: bytes = b"application/octet-stream") -> bytes:
    return (
        b"From: a@b.example\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: " + content_type + b"\r\nContent-Disposition: " + disposition + b"\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--x--\r\n"
    )


@pytest.mark.parametrize(
    "disposition",
    [
        b'attachment; filename="=?UTF-8?B?M+aciOaKpeihqC54bHN4?="',
        b'attachment; filename="=?GBK?B?M9TCsai17S54bHN4?="'.replace(b"17S5", b"7S5"),
        b"attachment; filename*=UTF-8''3%E6%9C%88%E6%8A%A5%E8%A1%A8.xlsx",
        b'attachment; filename="' + "3月报表.xlsx".encode("gb18030") + b'"',
        b'attachment; filename="' + "3月报表.xlsx".encode() + b'"',
        b"attachment; filename*0*=UTF-8''3%E6%9C%88; filename*1*=%E6%8A%A5%E8%A1%A8.xlsx",
        b'attachment; filename="C:\\\\Users\\\\me\\\\' + "3月报表.xlsx".encode("gb18030") + b'"',
    ],
    ids=["base64 word", "gbk word", "rfc2231", "bare gbk", "bare utf-8", "continued", "with path"],
)
def test_names_as_mail_programs_write_them(disposition):
    if b"GBK" in disposition:
        import base64

        word = base64.b64encode("3月报表.xlsx".encode("gbk"))
        disposition = b'attachment; filename="=?GBK?B?' + word + b'?="'
    assert names(head(disposition)) == ["3月报表.xlsx"]


def test_what_is_no_work_is_left_out():
    made = mail(("表.xlsx", b"PK"))
    made.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="image001.png")
    made.add_attachment(b"sig", maintype="application", subtype="pkcs7-signature", filename="s.p7s")
    made.add_attachment(b"card", maintype="text", subtype="vcard", filename="me.vcf")
    made.add_attachment(b"rest", maintype="text", subtype="plain", filename="ATT00001.txt")
    assert names(made.as_bytes()) == ["表.xlsx"]


def test_files_of_a_forwarded_mail_are_found():
    outer = mail()
    outer.add_attachment(mail(("里面.xlsx", b"PK"), sender="c@d.example"))
    letter = read(outer.as_bytes())
    assert [f.file_name for f in letter.files] == ["里面.xlsx"]
    # Whoever forwards answers for it.
    assert {f.address for f in letter.files} == {"clerk@yongning.example"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe" * 100,
        b"From: \xd3\xc0\xc4\xfe <a@b.example>\r\n\r\n\xd3\xc0",
        b"From: a@b.example\r\nContent-Type: text/plain; charset=nonsense-9\r\n\r\nx",
        b"From: a@b.example\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
        b"From: a@b.example\r\nMessage-ID: " + b"<" * 5000 + b"\r\n\r\n",
        b"From: =?utf-8?q?=ZZ?= <a@b.example>\r\nSubject: =?nonsense?b?AAAA?=\r\n\r\n",
        b"From: a@b.example\r\n"
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
                   for n in range(3000)),
        head(b'attachment; filename="a\x00b\x07.xlsx"'),
    ],
    ids=["nothing", "noise", "bare bytes", "charset", "boundary", "message id", "words", "deep",
         "control characters"],
)  # fmt: skip
def test_nothing_in_a_mail_makes_reading_it_fail(raw):
    letter = read(raw)
    assert letter.raw == raw
    assert all("\x00" not in f.file_name for f in letter.files)


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("永宁 <A@B.example>", "a@b.example"),
        ("a@b.example, c@d.example", ""),
        ("undisclosed", ""),
        ('"a@b.example" <evil@x.example>', "evil@x.example"),
        ("张三@b.example", ""),
        ('"a b"@b.example', ""),
    ],
)
def test_there_is_one_sender_or_none(sender, address):
    assert read(f"From: {sender}\r\n\r\nx".encode()).address == address


OWN = "mx.fed.example"
VOUCHED = [
    f"{OWN}; dkim=pass header.d=b.example; spf=fail",
    f"{OWN}; spf=pass smtp.mailfrom=bounce@b.example",
    f"{OWN}; spf=pass smtp.mailfrom=b.example",
    f"{OWN}; dmarc=pass header.from=b.example",
    f'{OWN} 1; dkim=pass (2048-bit key; (ed) x) reason="good; fine" header.i=@b.example;',
    f"{OWN.upper()};\r\n\tdkim=fail header.d=c.example;\r\n\tdkim/1=pass header.d=B.Example.",
    f"(a (nested) note) {OWN}; spf = pass smtp . mailfrom = SRS0=x/y=b=c@b.example",
    f'{OWN}; dmarc=pass (p=none) policy.x="a \\" b" header.from=b.example',
]
NOT_VOUCHED = [
    f"{OWN}; dkim=pass header.d=b.example.evil.example",
    f"{OWN}; dkim=pass header.d=evil.example",
    f"{OWN}; dkim=pass header.d=mail.b.example",
    f"{OWN}; dkim=pass header.s=b.example",
    f"{OWN}; dmarc=pass",
    f"{OWN}; dmarc=pass header.from=evil.example",
    f"{OWN}; spf=pass smtp.helo=b.example",
    f"{OWN}; dkim=neutral header.d=b.example",
    f"{OWN}; none",
    f"{OWN}",
    "elsewhere.example; dmarc=pass header.from=b.example",
    # What stands in a comment or between quotation marks is nobody's result.
    f"{OWN}; spf=fail (dmarc=pass header.from=b.example) smtp.mailfrom=x@evil.example",
    f'{OWN}; spf=fail reason="; dkim=pass header.d=b.example" smtp.mailfrom=x@evil.example',
    f"{OWN}; dkim=pass (header.d=b.example) header.d=evil.example",
    # Two domains for one signature, an unknown version, and what departs from the grammar.
    f"{OWN}; dkim=pass header.d=evil.example header.d=b.example",
    f"{OWN} 2; dkim=pass header.d=b.example",
    f"{OWN}; dkim=pass header.d=b.example; spf",
    f"{OWN}; dkim=pass header.d=b.example (unclosed",
    f"{OWN}; dmarc=pass action=none header.from=b.example",
    f"{OWN}; none; dkim=pass header.d=b.example",
    f"{OWN}; dkim=pass header.d=b.example reason=late",
]


def vouched(*results: str) -> bool:
    heads = "".join(f"Authentication-Results: {r}\r\n" for r in results)
    return read(f"{heads}From: a@b.example\r\n\r\nx".encode(), OWN).confirmed


@pytest.mark.parametrize("results", VOUCHED)
def test_the_own_server_vouches_for_exactly_the_domain_of_the_sender(results):
    assert vouched(results)


@pytest.mark.parametrize("results", NOT_VOUCHED)
def test_whatever_else_it_says_confirms_nobody(results):
    assert not vouched(results)


def test_what_a_sender_writes_himself_stands_below_what_the_own_server_added():
    assert not vouched()
    assert not vouched(f"{OWN}; dmarc=fail", VOUCHED[3])
    assert not vouched(f"{OWN}; dmarc=broken=", VOUCHED[3])
    assert vouched("elsewhere.example; dmarc=fail", VOUCHED[3])


def test_without_anybodys_word_a_sender_is_a_claim():
    raw = (
        b"Authentication-Results: ; dmarc=pass header.from=b.example\r\nFrom: a@b.example\r\n\r\nx"
    )
    assert not read(raw).confirmed
    assert letter_of(raw, "imap://box;UID=1", AT, trusted=True).confirmed


def test_a_replay_has_the_digest_of_the_first_and_another_file_has_not():
    first = mail(("a.xlsx", b"one"), message_id="<1@b.example>")
    raw = first.as_bytes()
    assert read(raw).digest == read(b"Received: from elsewhere\r\n" + raw).digest
    other = mail(("a.xlsx", b"two"), message_id="<1@b.example>")
    assert read(raw).digest != read(other.as_bytes()).digest


# --- winmail.dat ---


def attribute(number: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", 2, number, 6, len(value)) + value + b"\0\0"


def winmail(*files: tuple[bytes, str, bytes]) -> bytes:
    """(short name, long name, bytes) of each as Outlook packs them."""
    out = struct.pack("<IH", 0x223E9F78, 1) + attribute(0x9006, b"\0\0\1\0")
    for short, long, data in files:
        text = long.encode("utf-16-le") + b"\0\0"
        padded = text + b"\0" * (-len(text) % 4)
        prop = struct.pack("<IHHI", 2, 0x0003, 0x3705, 1)
        prop += struct.pack("<HHII", 0x001F, 0x3707, 1, len(text)) + padded
        out += attribute(0x9002, b"\0" * 14) + attribute(0x8010, short + b"\0")
        out += attribute(0x800F, data) + attribute(0x9005, prop)
    return out


def test_winmail_is_unpacked():
    packed = winmail((b"3YUE~1.XLS", "3月报表.xlsx", b"PK-one"), (b"b.xls", "", b"two"))
    assert attachments(packed) == [("3月报表.xlsx", b"PK-one"), ("b.xls", b"two")]
    made = EmailMessage()
    made["From"] = "a@b.example"
    made.set_content("x")
    made.add_attachment(packed, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    assert names(made.as_bytes()) == ["3月报表.xlsx", "b.xls"]


def test_a_winmail_cut_off_anywhere_gives_what_is_whole():
    packed = winmail((b"a.xls", "甲.xlsx", b"one"), (b"b.xls", "乙.xlsx", b"two"))
    for end in range(len(packed)):
        assert {data for _, data in attachments(packed[:end])} <= {b"one", b"two"}


# --- what is said in return ---


def test_a_workbook_with_numbers_of_persons_is_not_mailed_and_the_answer_says_so(definitions):
    assert names_persons(definitions, ["ORG-02", "AID-01"])
    assert not names_persons(definitions, ["ORG-02"])
    outcome = Outcome("困难职工 13812345678 11010519491231002X.xlsx", "returned", personal=True)
    said = verdict([outcome], "永宁县总工会", AT, mailed=True)
    assert "不随邮件发送，请登录系统下载" in said.body
    assert "13812345678" not in said.body + said.subject
    assert "11010519491231002X" not in said.body + said.subject


def test_a_digest_puts_the_gravest_first_and_counts_what_does_not_fit():
    late = {"stage": "late", "workdays": 1, "due_on": "2017-04-05", "lock_on": "2017-04-12"}
    facts = {"period": "2017-03", "status": "never", "forms": ["甲表", "乙表"], **late}
    done = {"period": "2017-02", "state": "accepted"}
    said = digest("永宁县总工会", [("verdict", done), ("reminder", facts)], "", 1)
    assert said.subject == "【报送提醒】2017年3月报表迟报等 2 项"
    assert "1．2017年3月报表迟报，已逾期 1 个工作日" in said.body
    assert "甲表、乙表；还没有打开过填报表" in said.body
    assert "其余 1 项请登录系统查看" in said.body
