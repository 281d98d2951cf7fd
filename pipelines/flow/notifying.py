"""Telling: each who sent something hears what became of it, and each union what it must know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.channel_settings import Settings, channel_settings
from pipelines.flow import channels
from pipelines.flow.ground import definitions, engine, moment
from pipelines.flow.reopening import timeliness
from pipelines.flow.returned import safe_name
from pipelines.inbox import DropFolder
from pipelines.notify import wording
from pipelines.notify.wording import Outcome
from pipelines.places import places
from warehouse import contacts, letters, outbox, receipts
from warehouse.engine import sql
from warehouse.organisations import standing
from warehouse.outbox import File, NewMessage, NewNotice
from warehouse.windows import Window, china_day, windows

LARGEST_MAIL = 12 << 20
"""Bytes of files that go with one mail; most servers take 20 to 50 MB of what base64 makes a third
larger. What does not fit waits in the portal."""
WAYS = {channels.SFTP: "sftp", channels.OBJECTS: "object", DropFolder.name: "folder"}
"""Where the answer to a file is laid, by the channel it came on."""
TOLD_STEPS = tuple(wording.STEPS)


def tell(at: str) -> dict[str, int]:
    """Write what has become tellable into the outbox: answers, then one digest for each address.

    Counts of answers, notices and digests. Nothing is sent here. Repeating it changes nothing.
    """
    known, when = definitions(), moment(at)
    settings = channel_settings()
    with engine().begin() as connection:
        desk = _Desk(connection, known, settings, when)
        answers = _answer_letters(desk) + _answer_files(desk)
        notices = _note_steps(connection, known, when)
        digests = _write_digests(desk)
    return {"answers": answers, "notices": notices, "digests": digests}


class _Desk:
    """What every answer needs, looked up once."""

    def __init__(
        self, connection: Connection, known: Definitions, settings: Settings, when: datetime
    ) -> None:
        self.connection = connection
        self.known = known
        self.settings = settings
        self.when = when
        self.day = china_day(when)
        self.names = {o.code: o.name for o in standing(connection, self.day)}
        sender = settings.smtp.sender if settings.smtp else "reports@localhost.invalid"
        self.domain = sender.rpartition("@")[2]
        self.windows: dict[tuple[str, str], Window] = {}

    def number(self, code: str) -> int:
        """A parameter as it is today."""
        return int(self.known.parameters[code].at(self.day))

    def write(self, new: NewMessage) -> bool:
        """Put a message into the outbox."""
        return outbox.write(self.connection, new, self.domain, self.when) is not None


# --- answers to mails ---


def _answer_letters(desk: _Desk) -> int:
    waiting = desk.connection.execute(text(sql("letters_to_answer"))).all()
    if not waiting:
        return 0
    rows = desk.connection.execute(text(sql("answers"))).all()
    documents: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        if row.letter is not None:
            documents[row.letter].append(row)
    _learn_windows(desk, rows)
    answered = 0
    for letter in waiting:
        own = documents.get(letter.id, [])
        answered += _answer_letter(desk, letter, own)
        letters.mark_told(desk.connection, [letter.id], desk.when)
        _mark_receipts(desk, own)
    return answered


def _answer_letter(desk: _Desk, letter: Any, documents: Sequence[Any]) -> int:
    portal = desk.settings.portal_url
    files: list[File] = []
    state = "done"
    if letter.nature == "automatic delivery":
        # A machine sent it: it is not answered, but its union is told (RFC 3834, section 2).
        _note_verdicts(desk, documents)
        return 0
    if not letter.sender:
        state = "held"
        if not _may_answer(desk, letter.address):
            return 0
        known = bool(contacts.senders(desk.connection, "mail", [letter.address], desk.day))
        said = wording.stranger(letter.address, known=known, mailed=True)
    elif letter.nature in ("empty", "huge"):
        if not _may_answer(desk, letter.address):
            return 0
        if letter.nature == "empty":
            said = wording.nothing_attached(portal)
        else:
            largest = desk.settings.mailbox.largest_mb if desk.settings.mailbox else 0
            said = wording.too_large(portal, largest)
    elif not documents:
        return 0
    else:
        outcomes, files = _outcomes(desk, documents, mailed=True)
        union = desk.names.get(letter.sender, "")
        said = wording.verdict(outcomes, union, letter.received_at, mailed=True, portal=portal)
    return desk.write(
        NewMessage(
            key=f"answer:letter:{letter.id}:{state}",
            way="mail",
            address=letter.address,
            org=letter.sender or None,
            kind="answer",
            subject=said.subject,
            body=said.body,
            files=files,
            answers=letter.message_id or "<unknown>",
            thread=letter.thread,
        )
    )


def _may_answer(desk: _Desk, address: str) -> bool:
    """Whether an address that sends nothing to work on is still answered today: no loops."""
    since = desk.when - timedelta(days=1)
    answered = letters.answered_since(desk.connection, address, since)
    return answered < desk.number("stranger_answers_a_day")


# --- answers to files ---


def _answer_files(desk: _Desk) -> int:
    """Answers laid beside uploaded files; notices where a union can be reached by other ways."""
    rows = [r for r in desk.connection.execute(text(sql("answers"))) if r.letter is None]
    _learn_windows(desk, rows)
    by_receipt: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_receipt[row.receipt].append(row)
    answered = 0
    for receipt, documents in by_receipt.items():
        head = documents[0]
        if head.channel in WAYS and (head.address or head.sender):
            answered += _lay_answer(desk, receipt, documents)
        if head.channel in (channels.SFTP, channels.OBJECTS, DropFolder.name):
            _note_verdicts(desk, documents)
    _mark_receipts(desk, rows)
    return answered


def _lay_answer(desk: _Desk, receipt: int, documents: Sequence[Any]) -> int:
    head = documents[0]
    files: list[File] = []
    if head.receipt_state == "held":
        said = wording.stranger(head.address, known=False, mailed=False)
        name, state = f"{receipt:06d}-未处理", "held"
    else:
        outcomes, files = _outcomes(desk, documents, mailed=False)
        union = desk.names.get(head.sender, "")
        said = wording.verdict(
            outcomes, union, head.received_at, mailed=False, portal=desk.settings.portal_url
        )
        name, state = f"{receipt:06d}-{safe_name(Path(head.file_name).stem)}-回执", "done"
    return desk.write(
        NewMessage(
            key=f"answer:receipt:{receipt}:{state}",
            way=WAYS[head.channel],
            address=head.address or head.sender,
            org=head.sender or None,
            kind="answer",
            subject=name,
            body=f"{said.subject}\n\n{said.body}",
            files=files,
        )
    )


def _outcomes(
    desk: _Desk, rows: Sequence[Any], *, mailed: bool
) -> tuple[list[Outcome], list[File]]:
    """What became of each document, and the marked workbooks that go along."""
    outcomes: list[Outcome] = []
    files: list[File] = []
    size = 0
    numbers: dict[int, int] = defaultdict(int)
    punctual = _punctuality(desk, [r.submission for r in rows if r.state == "accepted"])
    for row in rows:
        numbers[row.receipt] += 1
        name = f"{row.file_name}，{row.member}" if row.member else row.file_name
        laid, personal = "", False
        if row.returned_file and row.state != "accepted":
            stem = safe_name(Path(row.member or row.file_name).stem)
            word = "须说明" if row.state == "explain" else "退回"
            number = f"-{numbers[row.receipt]}" if row.member else ""
            laid = f"{row.receipt:06d}{number}-{stem}-{word}.xlsx"
            content = len(places().originals.get(row.returned_file))
            personal = mailed and (
                names_persons(desk.known, row.forms) or size + content > LARGEST_MAIL
            )
            if personal:
                laid = ""
            else:
                size += content
                files.append(File(laid, row.returned_file))
        outcomes.append(
            Outcome(
                name=name,
                state=row.state,
                period=row.period or "",
                grave=row.grave,
                words=row.words,
                returned=laid,
                personal=personal,
                repeats=row.first_received_at if row.first != row.receipt else None,
                said=punctual.get(row.submission, ()),
            )
        )
    return outcomes, files


def names_persons(known: Definitions, forms: Collection[str] | None) -> bool:
    """Whether one of some forms has people with their numbers in it: such a file is not mailed."""
    return any(
        column.personal == "identity"
        for code in forms or ()
        for column in known.newest(code).columns
    )


def _learn_windows(desk: _Desk, rows: Sequence[Any]) -> None:
    """The windows of everything accepted among some documents."""
    accepted = sorted({r.submission for r in rows if r.state == "accepted"})
    filed = desk.connection.execute(text(sql("filed_forms")), {"ids": accepted})
    desk.windows |= windows(desk.connection, sorted({row.period for row in filed}))


def _punctuality(desk: _Desk, submissions: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Submission → how its forms stand to their days, forms of one standing together."""
    rows = desk.connection.execute(text(sql("filed_forms")), {"ids": sorted(submissions)})
    said: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        window = desk.windows.get((row.form, row.period))
        if window is None:
            continue
        day = china_day(row.received_at)
        if day > window.days.lock:
            continue  # Let in by an order: it is told by its own finding.
        found = timeliness(window, day, desk.known)
        title = desk.known.form(row.form, Period.parse(row.period)).title
        said[row.submission_id][found.message].append(title)
    return {
        number: tuple(
            f"{forms[0]}{f'等 {len(forms)} 张表' if len(forms) > 1 else ''}：{message}"
            for message, forms in own.items()
        )
        for number, own in said.items()
    }


def _note_verdicts(desk: _Desk, rows: Sequence[Any]) -> None:
    """Tell the union by its other addresses; who is not known is told nothing."""
    new = [
        NewNotice(
            key=f"verdict:{row.receipt}:{row.submission}",
            org=row.sender if row.sender in desk.names else row.reporter,
            kind="verdict",
            facts={
                "period": row.period or "",
                "state": row.state,
                "grave": row.grave,
                "words": row.words,
                "repeated": row.first != row.receipt,
            },
        )
        for row in rows
        if row.submission is not None and (row.sender in desk.names or row.reporter)
    ]
    outbox.note(desk.connection, new, desk.when)


def _mark_receipts(desk: _Desk, rows: Sequence[Any]) -> None:
    receipts.mark_told(desk.connection, {r.receipt for r in rows}, desk.when)


# --- notices and digests ---


def _note_steps(connection: Connection, known: Definitions, when: datetime) -> int:
    """What a level above did with a submission, told to whom it belongs; never its free words."""
    days = int(known.parameters["notice_days"].at(china_day(when)))
    rows = connection.execute(
        text(sql("told_steps")),
        {"verbs": list(TOLD_STEPS), "since": when - timedelta(days=days), "now": when},
    )
    new = [
        NewNotice(
            f"step:{r.id}",
            r.code,
            "step",
            {
                "verb": r.verb,
                "period": r.period or "",
                "due": r.due_on.isoformat() if r.due_on else "",
            },
        )
        for r in rows
    ]
    return outbox.note(connection, new, when)


def _write_digests(desk: _Desk) -> int:
    """One message for each address of a union that has something to hear, not too often."""
    since = desk.when - timedelta(days=desk.number("notice_days"))
    waiting = outbox.untold(desk.connection, since)
    if not waiting:
        return 0
    reached: dict[str, list[contacts.Reached]] = defaultdict(list)
    for contact in contacts.standing(desk.connection, desk.day):
        if contact.told and contact.bounced is None and contact.org in waiting:
            reached[contact.org].append(contact)
    last = outbox.last_written(desk.connection, "digest")
    quiet = timedelta(minutes=desk.number("digest_minutes"))
    written = 0
    for org, notices in waiting.items():
        ways = reached.get(org, [])
        if not ways or any(
            desk.when - last[c.kind, c.address] < quiet for c in ways if (c.kind, c.address) in last
        ):
            continue
        said = wording.digest(
            desk.names.get(org, org),
            [(n.kind, n.facts) for n in notices],
            desk.settings.portal_url,
            desk.number("digest_lines"),
        )
        files = _fitting([f for n in notices for f in n.files])
        for contact in ways:
            mailed = contact.kind == "mail"
            written += desk.write(
                NewMessage(
                    key=f"digest:{contact.kind}:{contact.address}:{notices[0].id}-{notices[-1].id}",
                    way=contact.kind,
                    address=contact.address,
                    org=org,
                    kind="digest",
                    subject=said.subject,
                    body=said.body,
                    files=files if mailed else (),
                    notices=[n.id for n in notices],
                )
            )
        outbox.mark_told(desk.connection, [n.id for n in notices], desk.when)
    return written


def _fitting(files: Sequence[File]) -> list[File]:
    """As many files as one mail carries."""
    kept, size = [], 0
    for file in files:
        size += len(places().originals.get(file.sha256))
        if size > LARGEST_MAIL:
            break
        kept.append(file)
    return kept
