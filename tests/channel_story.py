"""A small federation whose unions can be reached, and the workbooks that they send."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import openpyxl
from acceptance import SPRING, book_bytes, member_row, process_waiting, write_registry

from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.flow.ground import engine, moment
from samples.registry import registry
from warehouse import contacts
from warehouse.contacts import Contact

COUNTY = "640121Z00001"
OTHER = "640122Z00001"
UNIONS = [u.code for u in registry().family("yongning")[:3]]
STRANGERS = [u.code for u in registry().family("helan")[:2]]
CLERK, OTHER_CLERK = "clerk@yongning.example", "clerk@helan.example"
OPENED, SENT, AGAIN = "2017-03-25T06:00:00", "2017-04-03T09:00:00", "2017-04-05T10:30:00"
XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def set_up(folder: Path) -> None:
    """Two counties with a few unions, March open, a contact of every kind."""
    path = write_registry(folder / "registry.yaml", [*UNIONS, *STRANGERS])
    flow.register_organisations(str(path), SPRING)
    flow.open_period("2017-03", OPENED)
    with engine().begin() as connection:
        contacts.enter(
            connection,
            [
                Contact(COUNTY, "mail", "Clerk@Yongning.example"),
                Contact(COUNTY, "sftp", "yongning"),
                Contact(COUNTY, "object", "yongning"),
                Contact(OTHER, "mail", OTHER_CLERK),
            ],
            moment(SPRING),
            "test",
        )


def rows(first: int, unions: list[str] = UNIONS) -> list[dict[str, object]]:
    """Rows of ORG-02 that are right."""
    return [member_row(code, first + n) for n, code in enumerate(unions)]


def good(definitions: Definitions, first: int = 101) -> bytes:
    """A workbook of the county that is right."""
    return book_bytes(definitions, COUNTY, {"ORG-02": rows(first)}, "2017-03")


def bad(definitions: Definitions, first: int = 101) -> bytes:
    """The same with more women among the members than members."""
    given = rows(first)
    given[1] = {**given[1], "members_f": first + 500}
    return book_bytes(definitions, COUNTY, {"ORG-02": given}, "2017-03")


def repaired(workbook: bytes, wrong: int, right: int) -> bytes:
    """A returned workbook as a person mends it: the one wrong number typed over, saved."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    hits = [c for s in book for r in s.iter_rows() for c in r if c.value == wrong]
    assert len(hits) == 1
    hits[0].value = right
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def mail(
    *files: tuple[str, bytes], sender: str = CLERK, to: str = "reports@fed.example", **heads: str
) -> EmailMessage:
    """A mail with workbooks attached."""
    made = EmailMessage()
    made["From"], made["To"] = f"永宁县总工会 <{sender}>", to
    made["Subject"] = heads.pop("Subject", "3月报表")
    made["Message-ID"] = heads.pop("message_id", f"<{uuid4()}@yongning.example>")
    for name, value in heads.items():
        made[name.replace("_", "-")] = value
    made.set_content("请查收。\n")
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype=XLSX, filename=name)
    return made


def round_trip(channel: str, at: str) -> dict[str, int]:
    """Take in, process, tell and send, as a run of the DAG does; what was sent and became of it."""
    taken = flow.receive(channel, at)
    states = process_waiting(at)
    flow.tell(at)
    sent = flow.deliver_messages(at)
    return {**taken, **states, **{f"message {k}": v for k, v in sent.items()}}
