"""A mail as it came: whom it is from, what kind of mail it is, which files are attached."""

from __future__ import annotations

import email
import email.header
import email.utils
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from email.message import Message

from pipelines.inbox.arriving import Delivery, Letter
from pipelines.inbox.authentication import confirmed
from pipelines.inbox.winmail import attachments, is_winmail

MOST_FILES = 200
_NO_WORK = frozenset(
    {
        "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
        "text/calendar", "text/vcard", "text/x-vcard", "message/delivery-status",
        "message/disposition-notification", "text/rfc822-headers",
    }
)  # fmt: skip
_OUTLOOK_REST = re.compile(r"ATT\d+\.(txt|html?)", re.IGNORECASE)
_MACHINES = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)
_AUTOMATIC_SUBJECT = re.compile(
    r"^\s*(自动回复|自动答复|已读[:：]|Read:|Auto(matic)? ?(Reply|Response)|Out of Office)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[!-~]{1,200}@[!-~]{1,200}")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,300}>")


def letter_of(
    raw: bytes,
    source: str,
    received_at: datetime,
    confirmed_by: str = "",
    *,
    trusted: bool = False,
) -> Letter:
    """Read a mail; nothing in it makes this fail. `received_at` is the mail server's time.

    `confirmed_by` is the mail server whose word about the sender counts. Where that is nobody's
    word, From is a claim and the mail is nobody's, unless it is `trusted`.
    """
    try:
        message = email.message_from_bytes(raw)
        files = [] if _is_bounce(message) else list(_files(message, source))
    except (RecursionError, ValueError, LookupError):
        # Nested or coded beyond reason: it has a head, and no files that anyone could have meant.
        message, files = email.message_from_bytes(raw.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"), []
    return _letter(message, raw, len(raw), source, received_at, files, confirmed_by, trusted)


def head_only(
    head: bytes,
    size: int,
    source: str,
    received_at: datetime,
    confirmed_by: str = "",
    *,
    trusted: bool = False,
) -> Letter:
    """A mail too large to be taken, by its head alone; `size` is that of the whole."""
    message = email.message_from_bytes(head)
    found = _letter(message, head, size, source, received_at, [], confirmed_by, trusted)
    if found.nature != "empty":
        return found
    return Letter(**{n: getattr(found, n) for n in Letter.__slots__} | {"nature": "huge"})


def _letter(
    message: Message,
    raw: bytes,
    size: int,
    source: str,
    received_at: datetime,
    files: list[tuple[str, bytes]],
    confirmed_by: str,
    trusted: bool,
) -> Letter:
    address = _address(message)
    message_id = next(iter(_MESSAGE_ID.findall(_header(message, "Message-ID"))), "")
    if _is_bounce(message):
        nature = "bounce"
    elif _is_automatic(message, address):
        nature = "automatic delivery" if files and address else "automatic"
    else:
        nature = "delivery" if files else "empty"
    said = [
        message_id or source,
        address,
        _header(message, "Subject"),
        str(size if not files else 0),
    ]
    said += [hashlib.sha256(data).hexdigest() for _, data in files]
    return Letter(
        source=source,
        digest=hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest(),
        message_id=message_id,
        thread=" ".join(_thread(message, message_id)),
        address=address,
        nature=nature,
        raw=raw,
        size=size,
        received_at=received_at,
        files=tuple(
            Delivery(f"{source}/{n}", name, "", data, received_at, address=address)
            for n, (name, data) in enumerate(files, 1)
        ),
        confirmed=trusted
        or confirmed(
            [str(f) for f in message.get_all("Authentication-Results", [])],
            confirmed_by,
            address.rpartition("@")[2],
        ),
        returned=tuple(sorted(set(_MESSAGE_ID.findall(raw.decode("latin-1")))))
        if nature == "bounce"
        else (),
    )


# --- who, and what kind ---


def _address(message: Message) -> str:
    """The one address in From, in small letters; empty when there is none, or several.

    One that no mail server would take is none: nobody registered it, and it cannot be answered.
    """
    fields = message.get_all("From", [])
    found = {a.lower() for _, a in email.utils.getaddresses([str(f) for f in fields]) if "@" in a}
    address = found.pop() if len(found) == 1 else ""
    return address if _ADDRESS.fullmatch(address) else ""


def _is_bounce(message: Message) -> bool:
    kind = message.get_content_type()
    if kind == "multipart/report":
        return "delivery-status" in str(message.get_param("report-type", "")).lower()
    return _header(message, "Return-Path").strip() == "<>" and bool(
        _MACHINES.match(_address(message))
    )


def _is_automatic(message: Message, address: str) -> bool:
    """Whether a machine wrote it, or wants no answer: RFC 3834, and what older programs say."""
    submitted = _header(message, "Auto-Submitted").split(";")[0].strip().lower()
    suppressed = _header(message, "X-Auto-Response-Suppress").lower()
    return (
        submitted not in ("", "no")
        or not address
        or message.get_content_type() == "multipart/report"
        or _header(message, "Return-Path").strip() == "<>"
        or _header(message, "Precedence").strip().lower() in ("bulk", "list", "junk", "auto_reply")
        or any(
            message.get(n) for n in ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond")
        )
        or any(w in suppressed for w in ("all", "autoreply", "oof"))
        or bool(_MACHINES.match(address))
        or bool(_AUTOMATIC_SUBJECT.match(_header(message, "Subject")))
    )


def _thread(message: Message, message_id: str) -> list[str]:
    found = _MESSAGE_ID.findall(_header(message, "References"))[-10:]
    return [*found, message_id] if message_id else found


# --- files ---


def _files(message: Message, source: str) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of what was attached as work, also inside forwarded mails and winmail.dat."""
    count = 0
    for part in message.walk():
        if part.is_multipart():
            continue
        kind, name = part.get_content_type(), _file_name(part)
        inline = part.get_content_disposition() != "attachment"
        if (
            kind in _NO_WORK
            or kind.startswith("image/")
            or (name and _OUTLOOK_REST.fullmatch(name))
        ):
            continue
        if not name and (inline or kind.startswith("text/")):
            continue
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        inside = attachments(data) if is_winmail(data) else []
        for own_name, own in inside or [(name, data)]:
            count += 1
            if count > MOST_FILES:
                return
            yield _plain(own_name) or f"附件{count}", own


def _plain(name: str) -> str:
    """The last part of a path, without control characters, as PostgreSQL and people take it."""
    base = re.split(r"[\\/]", name)[-1]
    return "".join(c for c in base if c.isprintable()).strip()[:200]


def _file_name(part: Message) -> str:
    """The name of an attachment in any of the ways in which mail programs write it."""
    for field, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        raw = next((v for k, v in part.raw_items() if k.lower() == field), None)
        if raw is None:
            continue
        # Old programs put the bytes of GBK there as they are.
        bare = Message()
        bare[field] = repaired(str(raw))
        found = bare.get_param(parameter, header=field)
        if found:
            whole = email.utils.collapse_rfc2231_value(found)
            return _decoded(whole)
    return ""


def _header(message: Message, name: str) -> str:
    raw = next((v for k, v in message.raw_items() if k.lower() == name.lower()), "")
    return _decoded(repaired(str(raw)))


def repaired(text: str) -> str:
    """Bytes that stand bare in a header or a file name, read as UTF-8 or GB 18030."""
    if not any("\udc80" <= c <= "\udcff" for c in text):
        return text
    data = text.encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _decoded(text: str) -> str:
    """Encoded words (RFC 2047) as text; what cannot be decoded stays as it is."""
    if "=?" not in text:
        return text
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (LookupError, ValueError):
        return text
