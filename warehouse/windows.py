"""When a form of a period is taken: its window, its freezing, and reopenings after the lock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from definitions import Definitions, Period
from definitions.calendars import Deadlines, State
from definitions.model import Form
from warehouse import audit
from warehouse.codes import ids
from warehouse.engine import sql
from warehouse.tables import form_window, reopening
from warehouse.tables import period as opened_period

CHINA = ZoneInfo("Asia/Shanghai")


def china_day(moment: datetime) -> date:
    """The calendar day in China; windows are counted in days there."""
    return moment.astimezone(CHINA).date()


# --- windows ---


@dataclass(frozen=True, slots=True)
class Window:
    """One form of one opened period. `frozen` is the day its figures were first published."""

    period: str
    form: str
    days: Deadlines
    opened: date
    frozen: date | None

    def state(self, day: date, reopened_until: date | None = None) -> State:
        """Where the window stands on a day."""
        return self.days.state(
            day, opened=self.opened, frozen=self.frozen, reopened_until=reopened_until
        )


def windows(connection: Connection, periods: Collection[str]) -> dict[tuple[str, str], Window]:
    """(form, period label) → window, for the opened forms of some periods."""
    rows = connection.execute(select(form_window).where(form_window.c.period.in_(sorted(periods))))
    return {
        (r.form, r.period): Window(
            r.period,
            r.form,
            Deadlines(r.due_on, r.check_on, r.lock_on),
            china_day(r.opened_at),
            china_day(r.frozen_at) if r.frozen_at else None,
        )
        for r in rows
    }


def opened_within(
    connection: Connection, first: date, last: date, cutoff: datetime
) -> dict[str, int]:
    """Form → how many of its periods between two days had been opened by a cut-off."""
    rows = connection.execute(
        select(form_window.c.form, func.count())
        .join(opened_period, opened_period.c.label == form_window.c.period)
        .where(opened_period.c.starts >= first, opened_period.c.ends <= last)
        .where(form_window.c.opened_at <= cutoff)
        .group_by(form_window.c.form)
    )
    return {form: count for form, count in rows}


def opening_now(definitions: Definitions, month: Period) -> list[tuple[Form, Period]]:
    """Forms and periods that open with a month, and those of running periods that should have.

    A month opens what ends with it; a letter of targets opens in the December before its year and
    a campaign in the month before it is due. CalendarUnknown for a year without festivals.
    """
    found = []
    for form in definitions.forms:
        own = month.within(form.period)
        ahead = not form.due.festival and form.due.months_after < 0
        for period in (own, own.next()) if ahead else (own,):
            if not form.covers(period):
                continue
            if definitions.calendar.opening_month(form.due, period).start <= month.start:
                found.append((form, period))
    return found


def open_windows(
    connection: Connection, definitions: Definitions, month: Period, at: datetime
) -> list[tuple[Form, Period, Deadlines]]:
    """Enter the windows that open with a month; those of them that were not open before.

    The periods must have been entered. A month that was opened once opens nothing more: what is
    owed is frozen then.
    """
    done = connection.execute(
        select(form_window.c.form).where(form_window.c.opened_with == month.label).limit(1)
    ).first()
    if done is not None:
        return []
    fresh = []
    for form, period in opening_now(definitions, month):
        days = definitions.calendar.deadlines(form.due, period)
        added = connection.execute(
            upsert(form_window)
            .values(
                period=period.label,
                form=form.code,
                edition=form.edition,
                opened_with=month.label,
                due_on=days.due,
                check_on=days.check,
                lock_on=days.lock,
                opened_at=at,
            )
            .on_conflict_do_nothing()
            .returning(form_window.c.form)
        ).first()
        if added is not None:
            fresh.append((form, period, days))
    return fresh


def opened_with(connection: Connection, month: Period) -> list[tuple[str, Period]]:
    """(form, period) of the windows that a month brought, in the order of the forms.

    What was found locked already when it was opened late is left out: it has no workbook.
    """
    rows = connection.execute(
        select(form_window.c.form, form_window.c.period, form_window.c.opened_at,
               form_window.c.lock_on)
        .where(form_window.c.opened_with == month.label)
        .order_by(form_window.c.form, form_window.c.period)
    )  # fmt: skip
    found = [(r, Period.parse(r.period)) for r in rows]
    return [
        (r.form, period)
        for r, period in found
        if period.end == month.end or china_day(r.opened_at) <= r.lock_on
    ]


def ripe(connection: Connection, at: datetime) -> list[tuple[str, Period]]:
    """(form, period) of every window whose lock has passed and that is not frozen, or just now."""
    rows = connection.execute(
        select(form_window.c.form, form_window.c.period)
        .where(
            form_window.c.lock_on < china_day(at),
            (form_window.c.frozen_at.is_(None)) | (form_window.c.frozen_at == at),
        )
        .order_by(form_window.c.period, form_window.c.form)
    )
    return [(r.form, Period.parse(r.period)) for r in rows]


def freeze(connection: Connection, closed: Collection[tuple[str, Period]], at: datetime) -> None:
    """Mark windows whose figures are published; a window frozen before stays as it was."""
    for form, period in closed:
        connection.execute(
            update(form_window)
            .where(
                form_window.c.form == form,
                form_window.c.period == period.label,
                form_window.c.frozen_at.is_(None),
            )
            .values(frozen_at=at)
        )


# --- reopenings ---


class ReopeningRefused(LookupError):
    """A reopening that may not be ordered; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Reopening:
    """One correction order; empty scopes mean everything."""

    id: int
    period: str
    forms: tuple[str, ...]
    organisations: tuple[str, ...]
    reason: str
    document: str
    requested_by: str
    approved_by: str
    opened: datetime
    until: date
    ended: datetime | None

    def covers(self, form: str, above: Collection[str], moment: datetime) -> bool:
        """Whether a filing received at a moment is allowed.

        `above` are the codes of the reporter and of everyone above it: an order for a county
        covers the unions below it, and no others.
        """
        return (
            self.opened <= moment
            and china_day(moment) <= self.until
            and (self.ended is None or moment < self.ended)
            and (not self.forms or form in self.forms)
            and (not self.organisations or not set(self.organisations).isdisjoint(above))
        )


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for when a locked period is to be opened again."""

    period: str
    until: date
    reason: str
    document: str
    requested_by: str
    approved_by: str
    forms: Sequence[str] = ()
    organisations: Sequence[str] = ()


def reopen(connection: Connection, definitions: Definitions, order: Order, at: datetime) -> int:
    """Enter a correction order; its id. ReopeningRefused says what is missing or wrong."""
    known = refuse_order(connection, definitions, order, at)
    found = connection.execute(
        insert(reopening)
        .values(
            period=order.period,
            forms=sorted(set(order.forms)),
            organisations=sorted({known[code] for code in order.organisations}),
            reason=order.reason.strip(),
            document=order.document.strip(),
            requested_by=order.requested_by.strip(),
            approved_by=order.approved_by.strip(),
            until=order.until,
            opened_at=at,
        )
        .returning(reopening.c.id)
    ).scalar_one()
    audit.note(
        connection,
        at=at,
        actor=order.approved_by.strip(),
        action="period.reopen",
        subject=order.period,
        detail={
            "id": found,
            "forms": sorted(set(order.forms)),
            "organisations": sorted(set(order.organisations)),
            "reason": order.reason.strip(),
            "document": order.document.strip(),
            "until": order.until.isoformat(),
        },
    )
    return int(found)


def refuse_order(
    connection: Connection, definitions: Definitions, order: Order, at: datetime
) -> dict[str, int]:
    """ReopeningRefused for an order that may not be given; else the ids of all organisations."""
    known = ids(connection)
    opened = windows(connection, [order.period])
    needed = {
        "重开原因": order.reason,
        "批准文号": order.document,
        "申请人": order.requested_by,
        "批准人": order.approved_by,
    }
    empty = [name for name, said in needed.items() if not said.strip()]
    if empty:
        raise ReopeningRefused(f"请写明{'、'.join(empty)}")
    if order.requested_by.strip() == order.approved_by.strip():
        raise ReopeningRefused("申请人和批准人不能是同一人")
    if not opened:
        raise ReopeningRefused(f"{order.period} 没有开启过，不能重开")
    scope = sorted(set(order.forms)) or sorted(form for form, _ in opened)
    strange = [f for f in scope if (f, order.period) not in opened]
    if strange:
        raise ReopeningRefused(f"{order.period} 没有这些报表：{'、'.join(strange)}")
    strangers = sorted(set(order.organisations) - known.keys())
    if strangers:
        raise ReopeningRefused(f"工会组织编码未登记：{'、'.join(strangers)}")
    day = china_day(at)
    taking = [f for f in scope if opened[f, order.period].state(day).takes]
    if taking:
        raise ReopeningRefused(f"还没有锁定，不需要重开：{'、'.join(taking)}")
    if order.until < day:
        raise ReopeningRefused(f"重开截止日 {order.until} 已经过去")
    longest = int(definitions.parameters["reopening_workdays"].at(day))
    last = definitions.calendar.add(day, longest)
    if order.until > last:
        raise ReopeningRefused(f"重开最长 {longest} 个工作日，截止日不能晚于 {last}")
    return known


def relock(connection: Connection, order: int, actor: str, at: datetime) -> None:
    """End a reopening before its last day; ReopeningRefused when it is over or unknown."""
    row = connection.execute(select(reopening).where(reopening.c.id == order)).first()
    if row is None:
        raise ReopeningRefused(f"没有编号为 {order} 的重开记录")
    if row.ended_at is not None or row.until < china_day(at):
        raise ReopeningRefused(f"编号 {order} 的重开已经结束")
    connection.execute(
        update(reopening).where(reopening.c.id == order).values(ended_at=at, ended_by=actor)
    )
    audit.note(
        connection, at=at, actor=actor, action="period.relock", subject=row.period,
        detail={"id": order},
    )  # fmt: skip


def reopenings(connection: Connection, periods: Collection[str]) -> list[Reopening]:
    """Every reopening of some periods, over or not, oldest first."""
    codes = {number: code for code, number in ids(connection).items()}
    rows = connection.execute(
        select(reopening).where(reopening.c.period.in_(sorted(periods))).order_by(reopening.c.id)
    )
    return [
        Reopening(
            id=r.id,
            period=r.period,
            forms=tuple(r.forms),
            organisations=tuple(codes[i] for i in r.organisations),
            reason=r.reason,
            document=r.document,
            requested_by=r.requested_by,
            approved_by=r.approved_by,
            opened=r.opened_at,
            until=r.until,
            ended=r.ended_at,
        )
        for r in rows
    ]


# --- marks ---


def late_marks(
    connection: Connection, definitions: Definitions, period: Period, cutoff: datetime
) -> dict[tuple[str, str], Decimal]:
    """(form, organisation) → mark for timeliness of one period, of everyone on its roster.

    What was received by the cut-off counts; who was not heard from then has the mark of 缺报 once
    the lock has passed, and no mark before.
    """
    day = china_day(cutoff)
    marks = definitions.parameters["late_marks"].at(period.end)
    rows = connection.execute(
        text(sql("heard_of_period")), {"period": period.label, "ends": period.end, "cutoff": cutoff}
    )
    found = {}
    for r in rows:
        days = Deadlines(r.due_on, r.check_on, r.lock_on)
        if r.received_at is None and day <= r.lock_on:
            continue
        received = china_day(r.received_at) if r.received_at else None
        found[r.form, r.org] = definitions.calendar.late_mark(marks, days, received)
    return found
