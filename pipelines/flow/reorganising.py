"""Changes of organisations on their way: judged, put in force, confirmed, refused, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.flow.ground import definitions, engine, moment
from pipelines.load import changes_in, covers_in, told_of
from pipelines.reorganising import Picture
from pipelines.workbook import ReadWorkbook
from warehouse import reorganisations
from warehouse.employers import cover
from warehouse.objections import Ground, objections
from warehouse.organisations import ids
from warehouse.reorganisations import (
    Kept,
    NotAllowed,
    apply_changes,
    closed_periods,
    living,
    timelines,
    undo_superseded,
    waiting,
)
from warehouse.submissions import NewSubmission

CONFIRMED = "organisation_changes_confirmed"
"""Parameter: the kinds of change that a second person has to confirm, by day."""


def kinds_to_confirm(known: Definitions, day: date) -> tuple[str, ...]:
    """The kinds of change that wait for a second pair of eyes when filed on a day."""
    parameter = known.parameters.get(CONFIRMED)
    return tuple(parameter.at(day)) if parameter is not None else ()


def picture_for(connection: Connection, workbooks: Sequence[ReadWorkbook]) -> Picture | None:
    """Everyone's timelines, where some workbook has an ORG-03 that could change them."""
    if not any(s.form == "ORG-03" for w in workbooks for s in w.sheets):
        return None
    return Picture(
        timelines(connection, registered=True), living(connection), closed_periods(connection)
    )


def put_in_force(
    connection: Connection,
    items: Sequence[NewSubmission],
    written: Mapping[int, int],
    known: Definitions,
    when: datetime,
) -> None:
    """What accepted ORG-01 and ORG-03 say of organisations; `written` as `submissions.load` gives.

    New events first, so that a row told again keeps its event; then what newer versions dropped
    is undone.
    """
    kinds = kinds_to_confirm(known, when.date())
    codes: dict[int, str] = {}
    touched = False
    for item in items:
        told = None
        for filing in item.filings:
            if id(filing) not in written:
                continue
            if filing.form == "ORG-01":
                cover(connection, covers_in(filing, known), when)
            if filing.form != "ORG-03":
                continue
            touched = True
            if not filing.rows:
                continue
            told = told_of(item.filings, known) if told is None else told
            codes = codes or {number: code for code, number in ids(connection).items()}
            changes = changes_in(filing, known, written[id(filing)], told)
            reporter = codes.get(item.reporter_id or 0)
            apply_changes(connection, changes, when, confirm=kinds, filed_by=reporter)
    if touched:
        undo_superseded(connection, when)


def waiting_changes() -> list[dict[str, Any]]:
    """Changes that wait for confirmation, for a list on screen."""
    with engine().connect() as connection:
        return [_told(k) for k in waiting(connection)]


def confirm_changes(numbers: Sequence[int], org: str, person: str, at: str) -> int:
    """Confirm waiting changes on behalf of an organisation above the one that filed them."""
    with engine().begin() as connection:
        chosen = [k for k in waiting(connection) if k.id in set(numbers)]
        _still_possible(connection, chosen)
        return reorganisations.confirm_changes(connection, numbers, org, person, moment(at))


def _still_possible(connection: Connection, chosen: Sequence[Kept]) -> None:
    """What has happened since the change was filed may stand against it now."""
    ground = Ground(timelines(connection))
    for kept in sorted(chosen, key=lambda k: (k.change.effective, k.id)):
        for objection in objections(kept.change, ground):
            rule = definitions().rule(objection.rule)
            raise NotAllowed(f"变动 {kept.id}：{rule.message.format(**objection.values)}")
        ground.apply(kept.change)


def reject_changes(numbers: Sequence[int], org: str, person: str, reason: str, at: str) -> int:
    """Refuse waiting changes with a reason."""
    with engine().begin() as connection:
        return reorganisations.reject_changes(connection, numbers, org, person, reason, moment(at))


def withdraw_changes(numbers: Sequence[int], actor: str, reason: str, at: str) -> int:
    """Undo changes in force whose period is not closed."""
    with engine().begin() as connection:
        return reorganisations.withdraw_changes(connection, numbers, actor, reason, moment(at))


def _told(kept: Kept) -> dict[str, Any]:
    change = kept.change
    return {
        "编号": kept.id,
        "工会组织编码": change.org,
        "变动类型": change.change,
        "隶属线": change.line,
        "原上级": change.from_parent or "",
        "现上级": change.to_parent or "",
        "承继工会": change.successor or "",
        "生效日期": change.effective.isoformat(),
        "批准文号": change.approval,
        "申报单位": kept.filed_by,
        "申报时间": kept.recorded_at.isoformat(timespec="minutes"),
    }
