"""With whom a union is ranked, dated: a decided group goes before the scheme's own grouping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, text
from sqlalchemy.dialects.postgresql import Range

from warehouse.codes import ids
from warehouse.tables import ranking_group


@dataclass(frozen=True, slots=True)
class Placing:
    """A union is ranked in a group of a family of schemes (TRA-FED) from `since` on."""

    org: str
    scheme: str
    name: str
    since: date
    until: date | None = None
    approval: str = ""


def place_in_groups(connection: Connection, placings: Sequence[Placing], at: datetime) -> int:
    """Enter groups; an earlier group of the same family ends the day before. Returns how many."""
    if not placings:
        return 0
    org_ids = ids(connection, {p.org for p in placings})
    for p in placings:
        cut = connection.execute(
            text(
                "UPDATE ranking_group SET retired_at = :at WHERE org_id = :org "
                "AND scheme = :scheme AND retired_at IS NULL AND valid && daterange(:since, :until)"
                " RETURNING name, valid, approval"
            ),
            {
                "at": at,
                "org": org_ids[p.org],
                "scheme": p.scheme,
                "since": p.since,
                "until": p.until,
            },
        ).all()
        kept = [
            (row.name, Range(row.valid.lower, p.since), row.approval)
            for row in cut
            if row.valid.lower is None or row.valid.lower < p.since
        ]
        connection.execute(
            insert(ranking_group),
            [
                {
                    "org_id": org_ids[p.org],
                    "scheme": p.scheme,
                    "name": name,
                    "valid": valid,
                    "approval": approval,
                    "recorded_at": at,
                }
                for name, valid, approval in [*kept, (p.name, Range(p.since, p.until), p.approval)]
            ],
        )
    return len(placings)


def groups_on(connection: Connection, scheme: str, day: date, known_at: datetime) -> dict[str, str]:
    """Union → its decided group of a family of schemes on a day, as known at a moment."""
    rows = connection.execute(
        text(
            "SELECT o.code, g.name FROM ranking_group g JOIN organisation o ON o.id = g.org_id "
            "WHERE g.scheme = :scheme AND g.valid @> CAST(:day AS date) "
            "AND g.recorded_at <= :known AND (g.retired_at IS NULL OR g.retired_at > :known)"
        ),
        {"scheme": scheme, "day": day, "known": known_at},
    )
    return {row.code: row.name for row in rows}
