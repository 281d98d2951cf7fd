"""Employers and the unions that cover them, with dates: a joint union covers many, counts once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert

from warehouse.codes import ids
from warehouse.engine import sql
from warehouse.tables import employer, organisation_employer


@dataclass(frozen=True, slots=True)
class Cover:
    """A union covers an employer from `since` until the day before `until`; codes, not ids."""

    org: str
    name: str
    uscc: str
    since: date
    until: date | None = None


def cover(connection: Connection, covers: Sequence[Cover], at: datetime) -> int:
    """Enter which employers unions cover; what is known already stays. Returns how many are new.

    An employer is the same by credit code, without one by name; its first name is kept.
    """
    if not covers:
        return 0
    connection.execute(
        upsert(employer).on_conflict_do_nothing(),
        [
            {"key": c.uscc or c.name, "uscc": c.uscc, "name": c.name, "recorded_at": at}
            for c in covers
        ],
    )
    by_key = {
        row.key: row.id
        for row in connection.execute(
            text("SELECT id, key FROM employer WHERE key = ANY(:keys)"),
            {"keys": sorted({c.uscc or c.name for c in covers})},
        )
    }
    org_ids = ids(connection, {c.org for c in covers})
    held: dict[tuple[int, int], list[Range[date]]] = {}
    for row in connection.execute(
        text(
            "SELECT org_id, employer_id, valid FROM organisation_employer "
            "WHERE retired_at IS NULL AND org_id = ANY(:orgs)"
        ),
        {"orgs": sorted(org_ids.values())},
    ):
        held.setdefault((row.org_id, row.employer_id), []).append(row.valid)
    fresh = []
    for c in covers:
        place = org_ids[c.org], by_key[c.uscc or c.name]
        span = Range(c.since, c.until)
        if any(_overlap(span, other) for other in held.get(place, ())):
            continue
        held.setdefault(place, []).append(span)
        fresh.append(
            {"org_id": place[0], "employer_id": place[1], "valid": span, "recorded_at": at}
        )
    if fresh:
        connection.execute(insert(organisation_employer), fresh)
    return len(fresh)


def _overlap(one: Range[date], two: Range[date]) -> bool:
    low = (one.lower or date.min) < (two.upper or date.max)
    return low and (two.lower or date.min) < (one.upper or date.max)


def leave(connection: Connection, org: str, key: str, day: date, at: datetime) -> bool:
    """An employer (by credit code or name) leaves a union on a day; the past stays readable."""
    rows = connection.execute(
        text(
            "UPDATE organisation_employer e SET retired_at = :at FROM organisation o, employer m "
            "WHERE o.id = e.org_id AND m.id = e.employer_id AND o.code = :org "
            "AND (m.uscc = :key OR m.name = :key) AND e.retired_at IS NULL AND e.valid @> :day "
            "RETURNING e.org_id, e.employer_id, e.valid"
        ),
        {"at": at, "org": org, "key": key, "day": day},
    ).all()
    for row in rows:
        if row.valid.lower is None or row.valid.lower < day:
            connection.execute(
                insert(organisation_employer).values(
                    org_id=row.org_id,
                    employer_id=row.employer_id,
                    valid=Range(row.valid.lower, day),
                    recorded_at=at,
                )
            )
    return bool(rows)


def covered(
    connection: Connection, day: date, codes: Collection[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Union → names of the employers it covers on a day, as known now; ended unions cover none."""
    found: dict[str, list[str]] = {}
    for row in connection.execute(
        text(sql("covered")), {"day": day, "codes": None if codes is None else sorted(codes)}
    ):
        found.setdefault(row.org, []).append(row.name)
    return {org: tuple(names) for org, names in found.items()}
