"""What a unit's own people see: what is due, what they sent, what waits for their word."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from warehouse.engine import sql

WAITS_FOR_UNIT = ("returned", "explaining")
_RECENT = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Owed:
    """One form that a unit owes for a period; `life` and `submission` of what was sent last.

    `received_at` is when what stands was heard, also in a workbook that the county handed in.
    """

    period: str
    form: str
    org_id: int
    due_on: date
    lock_on: date
    opened_with: str
    received_at: datetime | None
    submission: int | None
    sent_at: datetime | None
    life: str | None

    def state(self, today: date) -> str:
        """A key of the portal's states: what is wanted of the unit, or how far it has come."""
        newer = self.sent_at and (self.received_at is None or self.sent_at > self.received_at)
        if self.life in WAITS_FOR_UNIT and (newer or self.received_at is None):
            return str(self.life)
        if self.life == "returned":  # sent back from above after it had been taken
            return "returned"
        if self.received_at is not None:
            return self.life if self.life and self.life not in ("resent", "superseded") else "taken"
        if self.lock_on < today:
            return "missed"
        return "late" if self.due_on < today else "due"

    def wants(self, today: date) -> bool:
        """Whether the unit has to do something."""
        return self.state(today) in (*WAITS_FOR_UNIT, "late", "due")


@dataclass(frozen=True, slots=True)
class Batch:
    """What a unit's workbook of a month holds, in order of the days; `orgs` its unit."""

    org_id: int
    month: str
    owed: tuple[Owed, ...] = field(default=())

    def open(self, today: date) -> bool:
        """Whether something is still taken or wanted."""
        return any(o.wants(today) or o.lock_on >= today for o in self.owed)

    def wanted(self, today: date) -> int:
        """Forms that the unit has to do something about."""
        return sum(o.wants(today) for o in self.owed)


@dataclass(frozen=True, slots=True)
class Sent:
    """One workbook that a unit sent, with the counts of what was found in it."""

    id: int
    receipt_id: int
    member: str
    period: str | None
    version: int
    state: str
    forms: list[str]
    received_at: datetime
    filled_by: str | None
    file_name: str
    channel: str
    sender: str
    life: str
    has_marked: bool
    org: str
    wrong: int
    wordless: int
    notices: int

    @property
    def name(self) -> str:
        """The file as its sender called it."""
        return (self.member or self.file_name).rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A correction that waits for the unit's word."""

    id: int
    submission: int
    proposed_by: str
    proposed_at: datetime
    period: str | None
    version: int
    org: str


def owed(reading: Connection, organisations: Sequence[int], today: date) -> list[Owed]:
    """What some units owe in windows not locked for long; the newest workbook first."""
    rows = reading.execute(
        text(sql("portal_reporter_owed")), {"organisations": list(organisations), "today": today}
    )
    return [Owed(**row) for row in rows.mappings()]


def batches(reading: Connection, organisations: Sequence[int], today: date) -> list[Batch]:
    """What some units owe, by workbook; the newest month first."""
    found: dict[tuple[str, int], list[Owed]] = {}
    for one in owed(reading, organisations, today):
        found.setdefault((one.opened_with, one.org_id), []).append(one)
    return [Batch(org, month, tuple(forms)) for (month, org), forms in found.items()]


def sent(
    reading: Connection,
    orgs: dict[str, int],
    today: date,
    *,
    before: int | None = None,
    wanted: int | None = None,
    receipts: Collection[int] | None = None,
    period: str | None = None,
    most: int = 30,
) -> list[Sent]:
    """What some units (code → id) sent, the newest first; before a place, or what is asked for."""
    rows = reading.execute(
        text(sql("portal_reporter_submissions")),
        {
            "organisations": list(orgs.values()), "codes": list(orgs), "today": today,
            "before": before, "wanted": wanted, "period": period, "most": most,
            "receipts": None if receipts is None else sorted(receipts),
        },
    )  # fmt: skip
    return [Sent(**row) for row in rows.mappings()]


def proposals(reading: Connection, organisations: Sequence[int]) -> list[Proposal]:
    """Corrections that wait for the word of some units."""
    rows = reading.execute(
        text(sql("portal_reporter_corrections")), {"organisations": list(organisations)}
    )
    return [Proposal(**row) for row in rows.mappings()]


def own_receipts(
    reading: Connection, codes: Collection[str], ids: Collection[int], at: datetime
) -> list[int]:
    """Of the receipts asked for those that some units sent, and what of theirs still waits."""
    rows = reading.execute(
        text(sql("portal_reporter_receipts")),
        {"codes": sorted(codes), "ids": sorted(ids), "since": at - _RECENT},
    )
    return [int(i) for i in rows.scalars()]


def visible_forms(reading: Connection, org_id: int, forms: Collection[str]) -> set[str]:
    """Of some forms those whose rows the person may see of a unit, rows about persons included."""
    rows = reading.execute(
        text(sql("portal_reporter_forms")), {"org": org_id, "forms": sorted(forms)}
    )
    return set(rows.scalars())
