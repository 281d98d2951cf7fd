"""Publications as their readers find them: by period and state, edition by edition."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from portal.asking import NotFound
from warehouse.engine import sql
from warehouse.publications import Edition, edition_of

PAGE = 50
MOST_DIFFERENCES = 500
_QUOTED = re.compile(r"(?P<reference>[A-Z][0-9]{2}-[A-Z0-9]{8})(?:-(?P<number>[0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Listed:
    """One edition in the list."""

    id: int
    kind: str
    title: str
    period: str
    edition: int
    state: str
    cutoff: datetime
    reference: str
    signer: str | None
    decided_at: datetime | None
    unit_name: str
    files: int


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the list is asked for; `after` is period:id of the last one seen."""

    year: str = ""
    kind: str = ""
    state: str = "current"
    words: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Drafts that one signature decides over; `together` of them."""

    id: int
    kind: str
    title: str
    period: str
    edition: int
    cutoff: datetime
    org_id: int
    created_at: datetime
    together: int


@dataclass(frozen=True, slots=True)
class Decision:
    """One state an edition was in, and who put it there."""

    state: str
    actor: str
    reason: str
    at: datetime


def one(reading: Connection, which: str | int) -> Edition:
    """An edition by its id or by the reference it is quoted by; NotFound when not the reader's."""
    try:
        return edition_of(reading, int(which) if str(which).isdecimal() else str(which))
    except LookupError as error:
        raise NotFound from error


def quoted(reading: Connection, typed: str) -> str:
    """The page of an edition, or of its number, typed as documents quote it: R02-7Q4ZK2XM-17.

    Empty where something else was typed; NotFound where it is not the reader's.
    """
    found = _QUOTED.fullmatch("".join(unicodedata.normalize("NFKC", typed).upper().split()))
    if found is None:
        return ""
    edition = one(reading, found["reference"])
    if found["number"] is None:
        return f"/publications/{edition.id}"
    return f"/numbers/{edition.id}/{int(found['number'])}"


def page(reading: Connection, wanted: Filter, day: date) -> tuple[list[Listed], str]:
    """One page of the list, and where the next one begins (empty: nowhere)."""
    after_period, _, after_id = wanted.after.rpartition(":")
    if wanted.after and not after_id.isdecimal():
        raise NotFound
    rows = reading.execute(
        text(sql("portal_staff_publications")),
        {
            "year": wanted.year,
            "kind": wanted.kind,
            "state": wanted.state,
            "words": wanted.words.strip(),
            "day": day,
            "after_period": after_period,
            "after_id": int(after_id or 0),
            "most": PAGE + 1,
        },
    )
    found = [Listed(**row) for row in rows.mappings()]
    onward = f"{found[PAGE - 1].period}:{found[PAGE - 1].id}" if len(found) > PAGE else ""
    return found[:PAGE], onward


def kinds_and_years(reading: Connection) -> tuple[list[str], list[str]]:
    """What the list may be filtered by."""
    rows = reading.execute(text(sql("portal_staff_kinds"))).all()
    return sorted({r.kind for r in rows}), sorted({r.year for r in rows}, reverse=True)


def editions(reading: Connection, publication: int) -> list[Any]:
    """Every edition of the same publication, the newest first."""
    return list(reading.execute(text(sql("portal_staff_editions")), {"id": publication}))


def differences(reading: Connection, first: int, second: int, day: date) -> list[Any]:
    """Numbers that two editions print differently; `total` on each row says how many there are."""
    return list(
        reading.execute(
            text(sql("portal_staff_edition_differences")),
            {"first": first, "second": second, "day": day, "most": MOST_DIFFERENCES},
        )
    )


def drafts(reading: Connection) -> list[Draft]:
    """What waits for a signature."""
    rows = reading.execute(text(sql("portal_staff_drafts"))).mappings()
    return sorted((Draft(**row) for row in rows), key=lambda d: d.created_at)


def is_own(reading: Connection, publication: int) -> bool:
    """Whether the reader is responsible for the publisher, and not only below it."""
    found = reading.execute(text(sql("portal_publication_own")), {"id": publication})
    return bool(found.scalar())


def history(reading: Connection, publication: int) -> list[Decision]:
    """Every state of an edition, oldest first; for who answers for its publisher."""
    rows = reading.execute(
        text(sql("portal_publication_history")),
        {"id": publication},
    )
    return [Decision(**row) for row in rows.mappings()]
