"""Editions of the definitions kept in the warehouse, so that old reports can be made again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from definitions import Definitions
from definitions.calendars import CalendarUnknown
from warehouse.tables import definitions_edition, form_column, working_day

CALENDAR_START = date(2004, 1, 1)


def register_definitions(connection: Connection, definitions: Definitions, at: datetime) -> None:
    """Keep this edition of the definitions; harmless when it is kept already."""
    kept = select(definitions_edition.c.digest).where(
        definitions_edition.c.digest == definitions.digest
    )
    if connection.execute(kept).first():
        return  # without sending a megabyte of sources each time
    done = connection.execute(
        insert(definitions_edition)
        .values(digest=definitions.digest, sources=definitions.sources, registered_at=at)
        .on_conflict_do_nothing()
        .returning(definitions_edition.c.digest)
    ).first()
    if done is None:
        return
    columns: list[dict[str, object]] = [
        {
            "form": form.code,
            "edition": form.edition,
            "position": position,
            "code": column.code,
            "label": column.label,
            "type": column.type.value,
            "unit": column.unit,
            "personal": column.personal,
        }
        for form in definitions.forms
        for position, column in enumerate(form.columns)
    ]
    _refuse_moved_columns(connection, columns)
    connection.execute(insert(form_column).on_conflict_do_nothing(), columns)
    days = _working_days(definitions)
    statement = insert(working_day)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["day"], set_={"ordinal": statement.excluded.ordinal}
        ),
        days,
    )


class EditionChanged(Exception):
    """A form's columns were changed under an edition label that already has data."""


def _refuse_moved_columns(connection: Connection, columns: list[dict[str, object]]) -> None:
    known = {
        (r.form, r.edition, r.position): r.code
        for r in connection.execute(text("SELECT form, edition, position, code FROM form_column"))
    }
    filled = {
        (r.form, r.edition)
        for r in connection.execute(text("SELECT DISTINCT form, edition FROM filing"))
    }
    for c in columns:
        before = known.get((c["form"], c["edition"], c["position"]))
        if before not in (None, c["code"]) and (c["form"], c["edition"]) in filled:
            raise EditionChanged(
                f"表 {c['form']} 的版本 {c['edition']} 已有数据，列次不得改动："
                f"第 {c['position']} 列原为 {before}，现为 {c['code']}；请另立新版本"
            )
    connection.execute(
        text("DELETE FROM form_column WHERE form = :form AND edition = :edition"),
        [
            {"form": form, "edition": edition}
            for form, edition in {(c["form"], c["edition"]) for c in columns} - filled
        ],
    )


def _working_days(definitions: Definitions) -> list[dict[str, object]]:
    """Every day the calendar knows, with the count of working days up to it."""
    days: list[dict[str, object]] = []
    day, ordinal = CALENDAR_START, 0
    while True:
        try:
            ordinal += definitions.calendar.is_workday(day)
        except CalendarUnknown:
            return days
        days.append({"day": day, "ordinal": ordinal})
        day += timedelta(days=1)
