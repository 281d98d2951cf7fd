"""The gate at the lock: what comes late, what comes too late, and periods opened again by order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.calendars import State
from expectations.findings import Finding, finding_of
from pipelines.flow.ground import definitions, engine, moment
from pipelines.workbook import ReadWorkbook
from warehouse import reopening_requests
from warehouse.accounts import actor_of
from warehouse.receipts import Receipt
from warehouse.windows import (
    Order,
    Reopening,
    Window,
    china_day,
    late_marks,
    refuse_order,
    relock,
    reopen,
    reopenings,
    ripe,
    windows,
)


@dataclass(frozen=True, slots=True)
class Gate:
    """What is known about the windows of some workbooks.

    `above` gives the codes of an organisation and of everyone above it: an order for a county
    covers those below it.
    """

    windows: Mapping[tuple[str, str], Window]
    reopenings: Sequence[Reopening]
    above: Mapping[str, set[str]]

    def order_for(
        self, form: str, period: str, reporter: str | None, received: datetime
    ) -> Reopening | None:
        """The correction order under which a filing is let in, if there is one."""
        above = self.above.get(reporter or "", {reporter or ""})
        for order in self.reopenings:
            if order.period == period and order.covers(form, above, received):
                return order
        return None


def punctuality(
    workbook: ReadWorkbook, receipt: Receipt, gate: Gate, known: Definitions
) -> Iterator[Finding]:
    """One finding per sheet that came after its due day.

    Up to the lock a mark; after it back, with how to ask for a correction; under a correction
    order a note that it entered after the lock. Forms that nobody owes cannot be late.
    """
    received = receipt.received_at
    day = china_day(received)
    for sheet in workbook.sheets:
        window = gate.windows.get((sheet.form, sheet.period))
        if window is None or day <= window.days.due:
            continue
        order = None
        if day > window.days.lock:
            order = gate.order_for(sheet.form, sheet.period, workbook.org_code, received)
        elif not known.form(sheet.form, Period.parse(sheet.period)).reporters.expected:
            continue
        yield timeliness(window, day, known, order, sheet.sheet)


def timeliness(
    window: Window,
    received: date | None,
    known: Definitions,
    order: Reopening | None = None,
    sheet: str = "",
) -> Finding:
    """How a filing stands to its window: in time, late, missing, after the lock, let in by order.

    `received` is None for what had not come when the window was locked.
    """
    days = window.days
    values: dict[str, Any] = {
        "received_on": received,
        "due_on": days.due,
        "lock_on": days.lock,
    }
    if received is None:
        code = "V-T-003"
    elif received <= days.due:
        code = "V-T-001"
    elif received <= days.lock:
        code = "V-T-002"
        values["workdays_late"] = known.calendar.between(days.due, received)
    elif order is None:
        code = "V-T-004"
    else:
        code = "V-T-005"
        values |= {"document": order.document, "until": order.until}
    return finding_of(known.rule(code), values, form=window.form, sheet=sheet)


def reopen_period(
    period: str,
    *,
    until: str,
    reason: str,
    document: str,
    requested_by: str,
    approved_by: str,
    at: str,
    forms: Sequence[str] = (),
    organisations: Sequence[str] = (),
) -> int:
    """Open a locked period again for some forms and organisations (none: all); the order's id.

    It locks by itself after its last day. ReopeningRefused says in Chinese what is wrong.
    """
    order = Order(
        period=Period.parse(period).label,
        until=date.fromisoformat(until),
        reason=reason,
        document=document,
        requested_by=requested_by,
        approved_by=approved_by,
        forms=tuple(forms),
        organisations=tuple(organisations),
    )
    with engine().begin() as connection:
        return reopen(connection, definitions(), order, moment(at))


APPROVER = "批准人"
"""Whoever approves, while nobody has."""


def ask_reopening(
    period: str,
    *,
    until: date,
    reason: str,
    document: str,
    account_id: int,
    at: str,
    forms: Sequence[str] = (),
    organisations: Sequence[str] = (),
) -> int:
    """Enter a request to reopen; its id. What nobody could approve is refused at once.

    ReopeningRefused says in Chinese what is wrong.
    """
    when = moment(at)
    order = Order(
        period, until, reason, document, actor_of(account_id), APPROVER, tuple(forms),
        tuple(organisations),
    )  # fmt: skip
    with engine().begin() as connection:
        refuse_order(connection, definitions(), order, when)
        return reopening_requests.ask(
            connection, period=period, forms=forms, organisations=organisations, reason=reason,
            document=document, until=until, account_id=account_id, at=when,
        )  # fmt: skip


def decide_reopening(
    number: int, decision: str, account_id: int, at: str, reason: str = ""
) -> int | None:
    """Approve, decline or withdraw a request; the id of the order that an approval enters.

    The order and the decision are one transaction: no request is approved twice, none is approved
    without its order. ReopeningRefused says in Chinese what is wrong.
    """
    when = moment(at)
    with engine().begin() as connection:
        asked = reopening_requests.take(connection, number)
        order = None
        if decision == reopening_requests.APPROVED and asked.requested_by != account_id:
            order = reopen(
                connection,
                definitions(),
                Order(
                    period=asked.period,
                    until=asked.until,
                    reason=asked.reason,
                    document=asked.document,
                    requested_by=actor_of(asked.requested_by),
                    approved_by=actor_of(account_id),
                    forms=asked.forms,
                    organisations=asked.organisations,
                ),
                when,
            )
        reopening_requests.decide(
            connection, asked, decision, account_id=account_id, at=when, reason=reason,
            reopening_id=order,
        )  # fmt: skip
    return order


def relock_period(order: int, actor: str, at: str) -> None:
    """End a reopening before its last day."""
    with engine().begin() as connection:
        relock(connection, order, actor, moment(at))


@dataclass(frozen=True, slots=True)
class Standing:
    """One form of a period on a day; `on_roster` filings owed, `mean_mark` their mean mark."""

    form: str
    title: str
    window: Window
    state: State
    on_roster: int
    marked: int
    mean_mark: float | None


def period_states(
    period: str, at: str, *, with_marks: bool = True
) -> tuple[list[Standing], list[Reopening]]:
    """Every opened form of a period with its state and marks, and the period's reopenings.

    Marks look at every filing owed: a page that shows none does without them.
    """
    wanted, when, known = Period.parse(period), moment(at), definitions()
    with engine().connect() as connection:
        opened = windows(connection, [wanted.label])
        orders = reopenings(connection, [wanted.label])
        marks = late_marks(connection, known, wanted, when) if with_marks else {}
        owed = _owed(connection, wanted.label)
    found = []
    for (form, _), window in sorted(opened.items()):
        running = [o.until for o in orders if o.covers(form, o.organisations, when)]
        own = [mark for (code, _), mark in marks.items() if code == form]
        found.append(
            Standing(
                form=form,
                title=known.form(form, wanted).title,
                window=window,
                state=window.state(china_day(when), max(running, default=None)),
                on_roster=owed.get(form, 0),
                marked=len(own),
                mean_mark=float(sum(own) / len(own)) if own else None,
            )
        )
    return found, orders


def _owed(connection: Connection, period: str) -> dict[str, int]:
    rows = connection.execute(
        text("SELECT form, count(*) AS n FROM expected_filing WHERE period = :p GROUP BY form"),
        {"p": period},
    )
    return {r.form: r.n for r in rows}


def months_to_close(at: str) -> list[str]:
    """Months with a form that has been locked and is not frozen, oldest first.

    A form is closed with the month that its period ends with; what is due before that (targets,
    the two festivals) with the month that brought it.
    """
    when = moment(at)
    with engine().connect() as connection:
        waiting = ripe(connection, when)
    day = china_day(when)
    last = Period.parse(f"{day:%Y-%m}").previous()
    months = {min(p.months()[-1], last, key=lambda m: m.start).label for _, p in waiting}
    return sorted(months)
