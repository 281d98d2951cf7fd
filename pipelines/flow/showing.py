"""What came in, shown to whoever may see it: its sheets, two versions side by side, its files."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import Connection, text

from pipelines.flow.correcting import arrived_of
from pipelines.flow.ground import engine
from pipelines.flow.handling import as_actor
from pipelines.places import places
from pipelines.read import ChildLost, alone
from pipelines.verdict.showing import CellDifference, ShownSheet, differences, shown_sheets
from warehouse import audit
from warehouse.life_cycle import Actor, StepRefused
from warehouse.sight import require_original


def sheets_of(submission: int) -> list[ShownSheet]:
    """The sheets of a submission as they were sent; empty where nothing in it could be read.

    Opened in a sandboxed child: nothing that somebody sent is parsed in the process of the pages.
    """
    with engine().connect() as connection:
        readable = connection.execute(
            text("SELECT cardinality(forms) > 0 FROM submission WHERE id = :id"),
            {"id": submission},
        ).scalar_one()
        # What the reader gave up on may be hostile: nobody opens it again for the looks of it.
        if not readable:
            return []
        arrived, format_ = arrived_of(connection, submission)
    try:
        found = alone(lambda: [(s.name, s.rows) for s in shown_sheets(arrived.data, format_)])
    except ChildLost:
        return []
    return [ShownSheet(name, tuple(tuple(row) for row in rows)) for name, rows in found]


def differences_of(before: int, after: int) -> list[CellDifference]:
    """Cells in which two submissions differ."""
    return differences(sheets_of(before), sheets_of(after))


def sent_file(
    submission: int, actor: Actor | str, at: datetime, reading: Connection
) -> tuple[str, bytes]:
    """The workbook as it was sent: its name and bytes; noted before anything is given.

    `reading` is the connection with the sight of whom it is for: OutOfSight unless that person sees
    every form in the file.
    """
    with engine().begin() as connection:
        require_original(reading, _sha256(connection, submission))
        arrived, _ = arrived_of(connection, submission)
        _note(connection, "submission.original", submission, actor, at)
    name = arrived.member or arrived.receipt.file_name
    return PurePosixPath(name).name, arrived.data


def marked_file(
    submission: int, actor: Actor | str, at: datetime, reading: Connection
) -> tuple[str, bytes]:
    """The marked workbook that went back: its name and bytes. StepRefused when none did.

    It says all that the original says, so it is for whom that is for; see `sent_file`.
    """
    with engine().begin() as connection:
        require_original(reading, _sha256(connection, submission))
        arrived, _ = arrived_of(connection, submission)
        sha256, state = connection.execute(
            text("SELECT returned_file, state FROM submission WHERE id = :id"), {"id": submission}
        ).one()
        if sha256 is None:
            raise StepRefused("这一份没有退回件")
        _note(connection, "submission.returned", submission, actor, at)
    stem = PurePosixPath(arrived.member or arrived.receipt.file_name).stem
    word = "须说明" if state == "explain" else "退回"
    return f"{stem}-{word}.xlsx", places().originals.get(sha256)


def _sha256(connection: Connection, submission: int) -> str:
    return str(
        connection.execute(
            text("SELECT sha256 FROM submission WHERE id = :id"), {"id": submission}
        ).scalar_one()
    )


def _note(
    connection: Connection, action: str, submission: int, actor: Actor | str, at: datetime
) -> None:
    who = as_actor(actor)
    audit.note(
        connection, at=at, actor=who.logged, action=action, subject=str(submission),
        detail={"account": who.account, "organisation": who.organisation},
    )  # fmt: skip


__all__ = [
    "CellDifference",
    "ShownSheet",
    "differences_of",
    "marked_file",
    "sent_file",
    "sheets_of",
]
