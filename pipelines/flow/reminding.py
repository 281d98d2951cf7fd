"""Reminding by hand: those somebody chose on the coverage board, each at most once a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from definitions import Definitions, Period
from pipelines.flow.chasing import LINES, MOST_NAMES, Owed, chain_above
from pipelines.flow.ground import definitions, engine, moment
from warehouse import outbox
from warehouse.engine import sql
from warehouse.organisations import Registered, standing
from warehouse.outbox import NewNotice
from warehouse.windows import china_day

BACK = ("returned", "explain")


def remind(
    period: str, codes: Collection[str], at: str, *, upwards: bool = False
) -> dict[str, int]:
    """Note reminders for some organisations that owe something of a period.

    With `upwards` those directly above the late ones, on both lines, are told who is missing.
    Counts: `reminders` and `escalations` are new, `again` were reminded today already.
    """
    known, when = definitions(), moment(at)
    day = china_day(when)
    wanted = frozenset(codes)
    with engine().begin() as connection:
        rows = connection.execute(
            text(sql("chase")), {"at": when, "due_by": date.max, "locked_from": date.min}
        )
        owed = [
            Owed(
                r.org, r.period, r.due_on, r.lock_on, r.expected, tuple(r.missing),
                r.last_state or ("started" if r.fetched else "never"),
            )
            for r in rows
            if r.period == period
        ]  # fmt: skip
        chosen = [r for r in owed if r.org in wanted and (r.missing or r.status in BACK)]
        notices = [_reminder(r, known, day) for r in chosen]
        new = outbox.note(connection, notices, when)
        told = 0
        if upwards:
            unions = {o.code: o for o in standing(connection, day)}
            told = outbox.note(connection, _upwards(owed, chosen, known, unions, day), when)
    return {"reminders": new, "escalations": told, "again": len(notices) - new}


def _reminder(row: Owed, known: Definitions, day: date) -> NewNotice:
    late = day > row.due
    span = (row.due, day) if late else (day, row.due)
    facts: dict[str, Any] = {
        "period": row.period,
        "due_on": row.due.isoformat(),
        "lock_on": row.lock.isoformat(),
        "status": row.status,
        "forms": [known.form(f, Period.parse(row.period)).title for f in row.missing],
        "stage": "late" if late else "before",
        "workdays": known.calendar.between(*span),
    }
    return NewNotice(
        f"remind:{row.period}:{row.due}:{row.org}:hand-{day}", row.org, "reminder", facts
    )


def _upwards(
    owed: Sequence[Owed], chosen: Sequence[Owed], known: Definitions,
    unions: Mapping[str, Registered], day: date,
) -> Iterator[NewNotice]:  # fmt: skip
    """One notice for each union directly above, line and due day."""
    late = [r for r in chosen if r.missing and day > r.due and r.org in unions]
    for line in LINES:
        chain = chain_above(unions, line)
        groups: dict[tuple[str, date], list[Owed]] = defaultdict(list)
        expected: dict[tuple[str, date], int] = defaultdict(int)
        for row in owed:
            if row.org in unions and (line_above := chain(row.org)):
                expected[line_above[0], row.due] += 1
        for row in late:
            if line_above := chain(row.org):
                groups[line_above[0], row.due].append(row)
        for (to, due), some in sorted(groups.items()):
            yield NewNotice(
                f"escalate:{some[0].period}:{due}:{line}:{to}:hand-{day}",
                to,
                "escalation",
                {
                    "period": some[0].period,
                    "line": line,
                    "missing": False,
                    "workdays": known.calendar.between(due, day),
                    "expected": expected[to, due],
                    "count": len(some),
                    "never": sum(r.status == "never" for r in some),
                    "names": [unions[r.org].name for r in some[:MOST_NAMES]],
                },
            )
