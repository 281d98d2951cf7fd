"""How far a period has come: by unit below a union on one line, by form, and who owes what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from definitions import Period
from warehouse.engine import sql

STATES = ("returned", "explaining", "started", "never", "counted")


@dataclass(frozen=True, slots=True)
class Row:
    """Filings of one unit with all below it, or of one form: counts by state."""

    unit: int | None
    form: str | None
    code: str | None
    name: str | None
    organisations: int
    expected: int
    received: int
    counted: int
    accepted: int
    returned: int
    explaining: int
    late: int
    started: int
    never: int
    due_on: date
    lock_on: date
    has_below: bool


@dataclass(frozen=True, slots=True)
class Board:
    """The two cuts of one period."""

    units: list[Row]
    forms: list[Row]

    def total(self, name: str) -> int:
        """A count over all forms."""
        return sum(getattr(row, name) for row in self.forms)


def board(
    reading: Connection, period: str, root: int, line: int, today: date, form: str = ""
) -> Board:
    """Coverage of a period below a union on a line (1 block, 2 industry), worst first."""
    if not period:
        return Board([], [])
    rows = reading.execute(
        text(sql("portal_coverage_board")),
        {
            "period": period,
            "ends": Period.parse(period).end,
            "root": root,
            "line": line,
            "today": today,
            "form": form or None,
        },
    )
    found = [Row(**row) for row in rows.mappings()]
    return Board([r for r in found if r.unit is not None], [r for r in found if r.form is not None])


@dataclass(frozen=True, slots=True)
class Unit:
    """One organisation that owes or sent: its gravest state, and the forms not counted."""

    org_id: int
    code: str
    name: str | None
    expected: int
    counted: int
    state: str
    forms: list[str]
    late: int
    due_on: date | None
    lock_on: date | None
    submission: int | None


def units(
    reading: Connection, period: str, root: int, line: int, today: date, *,
    form: str = "", state: str = "", after: str = "", most: int = 100,
) -> list[Unit]:  # fmt: skip
    """Organisations below a union in a state (late: something due is missing), by code."""
    if not period:
        return []
    rows = reading.execute(
        text(sql("portal_coverage_units")),
        {
            "ends": Period.parse(period).end,
            "period": period, "root": root, "line": line, "today": today, "form": form or None,
            "state": state or None, "after": after or None, "most": most,
        },
    )  # fmt: skip
    return [Unit(**row) for row in rows.mappings()]


def periods(reading: Connection) -> list[str]:
    """Periods in which the reader sees something owed, newest first."""
    return list(reading.execute(text(sql("portal_coverage_periods"))).scalars())
