"""What came to be known between two cut-offs: lines that changed, unions that moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from definitions import Definitions
from warehouse.cutoff import prepare_cutoff
from warehouse.engine import sql

Above = dict[tuple[int, str], frozenset[str]]
"""(line, union) → the codes of itself and everyone above it."""


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line that is not what it was: late where its filing is the first, else a correction.

    `fields` are the columns in which the line differs; None where the whole line came or went.
    """

    form: str
    period: str
    org: str
    late: bool
    fields: frozenset[str] | None
    submission: int
    accepted_at: datetime


def changed_lines(
    connection: Connection, definitions: Definitions, before: datetime, after: datetime
) -> list[ChangedLine]:
    """Lines that changed between two cut-offs, one per form, period, union and key."""
    columns = {(f.code, f.edition): [c.code for c in f.columns] for f in definitions.forms}
    pairs: dict[tuple[str, ...], dict[bool, list[object]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(
        text(sql("publication_changed")), {"before": before, "after": after}
    ):
        pairs[row.form, row.edition, row.period, row.org, row.key][row.is_new].append(row)
    found = []
    for (form, edition, period, org, _), sides in pairs.items():
        old: list[object] = sides.get(False, [])
        new: list[object] = sides.get(True, [])
        fields: frozenset[str] | None = None
        if len(old) == len(new) == 1:
            fields = _different(columns.get((form, edition), []), old[0], new[0])
            if not fields:
                continue  # sent again as it was
        told = (new or old)[-1]
        found.append(
            ChangedLine(
                form=form,
                period=period,
                org=org,
                late=bool(new) and told.is_first,  # type: ignore[attr-defined]
                fields=fields,
                submission=told.submission_id,  # type: ignore[attr-defined]
                accepted_at=told.accepted_at,  # type: ignore[attr-defined]
            )
        )
    return found


def _different(codes: Iterable[str], old: object, new: object) -> frozenset[str]:
    sides = [zip(r.numbers, r.texts, strict=True) for r in (old, new)]  # type: ignore[attr-defined]
    return frozenset(c for c, a, b in zip(codes, *sides, strict=True) if a != b)


def above_at(connection: Connection, cutoff: datetime, days: Iterable[date]) -> dict[date, Above]:
    """For each day, who stood above whom on both lines, as known at a cut-off."""
    prepare_cutoff(connection, cutoff)
    found: dict[date, Above] = {}
    for day in days:
        over: dict[tuple[int, str], set[str]] = defaultdict(set)
        for row in connection.execute(text(sql("publication_moved")), {"day": day}):
            over[row.line, row.org].add(row.ancestor)
        found[day] = {k: frozenset(v) for k, v in over.items()}
    return found
