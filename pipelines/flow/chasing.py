"""Chasing: reminders by what a union has really done, and word up both lines when it is late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.flow.ground import definitions, engine, moment
from pipelines.flow.notifying import names_persons
from pipelines.flow.reopening import timeliness
from pipelines.flow.returned import safe_name
from pipelines.places import Places, places
from warehouse import findings, outbox
from warehouse.engine import sql
from warehouse.organisations import Registered, standing
from warehouse.outbox import File, NewNotice
from warehouse.windows import Window, china_day, windows

LINES = ("块", "条")
MOST_NAMES = 30
MISSING = "V-T-003"


def chase(at: str) -> dict[str, int]:
    """Note who is to be reminded of what, and whom above them to tell; counts of new notices.

    On a holiday nobody is reminded. Each threshold is told once, also when a day was missed.
    """
    known, when = definitions(), moment(at)
    day = china_day(when)
    if not known.calendar.is_workday(day):
        return {"reminders": 0, "escalations": 0, "standing": 0, "holiday": 1}
    with engine().begin() as connection:
        rows = _owed(connection, known, when)
        unions = {o.code: o for o in standing(connection, day)}
        opened = windows(connection, sorted({r.period for r in rows}))
        reminders = outbox.note(connection, _reminders(rows, known, opened, day), when)
        told = _escalations(rows, known, unions, day)
        escalations = outbox.note(connection, told, when)
        waiting = outbox.note(connection, _standing(connection, known, when, places()), when)
    return {"reminders": reminders, "escalations": escalations, "standing": waiting}


@dataclass(frozen=True, slots=True)
class Owed:
    """What one union owes for one due day of a period; `missing` are forms not heard of."""

    org: str
    period: str
    due: date
    lock: date
    expected: int
    missing: tuple[str, ...]
    status: str


def _owed(connection: Connection, known: Definitions, when: datetime) -> list[Owed]:
    """Everything due soon, late, or locked a short while ago; those who have handed in too."""
    day = china_day(when)
    ahead = max(_numbers(known, "remind_workdays_before", day))
    # A negative count of working days has no meaning in the calendar: a week holds five of them.
    back = timedelta(days=int(known.parameters["missing_told_workdays"].at(day)) * 2 + 7)
    rows = connection.execute(
        text(sql("chase")),
        {"at": when, "due_by": known.calendar.add(day, ahead), "locked_from": day - back},
    )
    return [
        Owed(
            r.org, r.period, r.due_on, r.lock_on, r.expected, tuple(r.missing),
            r.last_state or ("started" if r.fetched else "never"),
        )
        for r in rows
    ]  # fmt: skip


def _numbers(known: Definitions, code: str, day: date) -> list[int]:
    return [int(n) for n in known.parameters[code].at(day)]


def _reminders(
    rows: Sequence[Owed],
    known: Definitions,
    opened: Mapping[tuple[str, str], Window],
    day: date,
) -> Iterator[NewNotice]:
    """One notice for each union, period, due day and threshold that has been reached."""
    before = sorted(_numbers(known, "remind_workdays_before", day))
    late = sorted(_numbers(known, "remind_workdays_late", day))
    told = int(known.parameters["missing_told_workdays"].at(day))
    for row in rows:
        if not row.missing:
            continue
        facts: dict[str, Any] = {
            "period": row.period,
            "due_on": row.due.isoformat(),
            "lock_on": row.lock.isoformat(),
            "status": row.status,
            "forms": [known.form(f, Period.parse(row.period)).title for f in row.missing],
        }
        if day > row.lock:
            if known.calendar.between(row.lock, day) > told:
                continue
            step = facts["stage"] = "missing"
            found = timeliness(opened[row.missing[0], row.period], None, known)
            facts |= {"message": found.message, "advice": found.advice, "rule": MISSING}
        elif day > row.due:
            passed = facts["workdays"] = known.calendar.between(row.due, day)
            reached = [n for n in late if n <= passed]
            if not reached:
                continue
            facts["stage"], step = "late", f"late-{reached[-1]}"
        else:
            left = facts["workdays"] = known.calendar.between(day, row.due)
            reached = [n for n in before if left <= n]
            if not reached:
                continue
            facts["stage"], step = "before", f"before-{reached[0]}"
        yield NewNotice(
            f"remind:{row.period}:{row.due}:{row.org}:{step}", row.org, "reminder", facts
        )


def _escalations(
    rows: Sequence[Owed], known: Definitions, unions: Mapping[str, Registered], day: date
) -> Iterator[NewNotice]:
    """To those above on both lines: who below them is late, one level further each threshold."""
    thresholds = sorted(_numbers(known, "escalate_workdays_late", day))
    told = int(known.parameters["missing_told_workdays"].at(day))
    above = {line: chain_above(unions, line) for line in LINES}
    groups: dict[tuple[str, date, str, str, str], list[Owed]] = defaultdict(list)
    expected: dict[tuple[str, date, str, str], int] = defaultdict(int)
    late: dict[tuple[str, date], int] = {}
    for row in rows:
        if day <= row.due or row.org not in unions:
            continue
        if day > row.lock:
            if known.calendar.between(row.lock, day) > told:
                continue
            steps = [(1, "missing")]
        else:
            passed = late[row.period, row.due] = known.calendar.between(row.due, day)
            steps = [(n, f"late-{t}") for n, t in enumerate(thresholds, 1) if t <= passed]
        for line in LINES:
            chain = above[line](row.org)
            for level, step in steps:
                if level > len(chain):
                    continue
                to = chain[level - 1]
                expected[row.period, row.due, line, f"{to}:{step}"] += 1
                if row.missing:
                    groups[row.period, row.due, line, to, step].append(row)
    for (period, due, line, to, step), some in sorted(groups.items()):
        yield NewNotice(
            f"escalate:{period}:{due}:{line}:{to}:{step}",
            to,
            "escalation",
            {
                "period": period,
                "line": line,
                "missing": step == "missing",
                "workdays": late.get((period, due), 0),
                "expected": expected[period, due, line, f"{to}:{step}"],
                "count": len(some),
                "never": sum(r.status == "never" for r in some),
                "names": [unions[r.org].name for r in some[:MOST_NAMES]],
            },
        )


def chain_above(unions: Mapping[str, Registered], line: str) -> Callable[[str], list[str]]:
    """A function from a code to the codes above it on a line, nearest first."""
    codes = {o.id: o.code for o in unions.values()}

    def chain(code: str) -> list[str]:
        found: list[str] = []
        while True:
            own = unions.get(found[-1] if found else code)
            parent = None if own is None else own.block if line == "块" else own.industry_parent
            above = codes.get(parent) if parent is not None else None
            if above is None or above in found:
                return found
            found.append(above)

    return chain


def _standing(
    connection: Connection, known: Definitions, when: datetime, here: Places
) -> Iterator[NewNotice]:
    """What a close found and waits for words: told once to whom it belongs, with the workbook."""
    days = int(known.parameters["notice_days"].at(china_day(when)))
    since = when - timedelta(days=days)
    groups: dict[tuple[int, str, str, datetime], int] = defaultdict(int)
    for item in findings.open_findings(connection, when):
        if item.opened_at > since:
            groups[item.submission_id, item.reporter, item.period, item.opened_at] += 1
    if not groups:
        return
    rows = connection.execute(
        text(
            "SELECT s.id, s.receipt_id, s.forms, r.sender FROM submission s "
            "JOIN receipt r ON r.id = s.receipt_id WHERE s.id = ANY(:ids)"
        ),
        {"ids": sorted({key[0] for key in groups})},
    )
    about = {r.id: r for r in rows}
    for (submission, reporter, period, opened), count in sorted(groups.items()):
        row = about[submission]
        words = int(known.parameters["explanation_workdays"].at(china_day(opened)))
        yield NewNotice(
            f"standing:{submission}:{opened.isoformat()}",
            reporter,
            "standing",
            {
                "period": period,
                "count": count,
                "due": known.calendar.add(china_day(opened), words).isoformat(),
            },
            [] if names_persons(known, row.forms) else _marked(here, row, reporter),
        )


def _marked(here: Places, row: Any, reporter: str) -> list[File]:
    """The workbook that the close laid back for its sender, if it still lies there."""
    folder = here.returned / safe_name(row.sender or reporter)
    found = sorted(folder.glob(f"{row.receipt_id:06d}-*-待核实.xlsx"))
    return [File(p.name, here.originals.put(p.read_bytes())) for p in found[:1]]
