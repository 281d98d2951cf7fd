"""Changes of organisations: declared by ORG-03, confirmed, put in force, undone; nothing deleted.

A union's names, states and parents are what was registered with every change in force replayed
over it (`warehouse.timeline`). Whatever is confirmed or undone, in whatever order, the timelines
concerned are built anew; rows that differ are retired and others written, so that an earlier
belief can be read as of its time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text, update
from sqlalchemy.dialects.postgresql import Range

from warehouse import audit
from warehouse.codes import ids
from warehouse.engine import sql
from warehouse.objections import Ground, left_hanging
from warehouse.tables import (
    LINES,
    affiliation,
    organisation_change,
    organisation_change_row,
    organisation_name,
    organisation_state,
)
from warehouse.timeline import After, Change, Span, State, Timeline, replayed

CHANGE_LOCK = 7_240_004
LINE_NAMES = {number: name for name, number in LINES.items()}


class Contradiction(Exception):
    """Two accepted rows tell one event differently; the later file must be judged again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A change as the warehouse keeps it.

    `declared` lists (reporter, period) of every current ORG-03 with a row of it; without
    `in_force_at` it waits for a second pair of eyes.
    """

    id: int
    change: Change
    filed_by: str
    recorded_at: datetime
    in_force_at: datetime | None
    confirmed_by: str
    declared: frozenset[tuple[str, str]] = frozenset()

    @property
    def in_force(self) -> bool:
        """Whether it has taken effect."""
        return self.in_force_at is not None


def living(
    connection: Connection, codes: Collection[str] | None = None, at: datetime | None = None
) -> list[Kept]:
    """Every change that is not undone, waiting ones among them; of some unions, or of all.

    With `at` those that were told by then and not undone then, whatever was decided since.
    """
    rows = connection.execute(
        text(sql("living_changes")), {"codes": None if codes is None else sorted(codes), "at": at}
    )
    return [
        Kept(
            id=r.id,
            change=Change(
                org=r.org,
                change=r.change,
                line=LINE_NAMES[r.line],
                from_parent=r.from_parent,
                to_parent=r.to_parent,
                effective=r.effective,
                approval=r.approval,
                filing_id=r.filing_id,
                row_no=r.row_no,
                successor=r.successor,
                split_pct=None if r.split_pct is None else float(r.split_pct),
                members=r.members,
                workers=r.workers,
                after=After(**r.after),
            ),
            filed_by=r.filed_by or "",
            recorded_at=r.recorded_at,
            in_force_at=r.in_force_at,
            confirmed_by=r.confirmed_by or "",
            declared=frozenset(zip(r.reporters, r.periods, strict=True)),
        )
        for r in rows
    ]


# --- declaring ---


def apply_changes(
    connection: Connection,
    changes: Iterable[Change],
    at: datetime,
    *,
    confirm: Collection[str] = (),
    filed_by: str | None = None,
) -> int:
    """Enter changes that are new; those of the kinds in `confirm` wait for a second person.

    Returns how many are new. The same event told again is only noted; told otherwise by a newer
    version of its file, it replaces what that file had said.
    """
    listed = list(changes)
    if not listed:
        return 0
    connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": CHANGE_LOCK})
    org_ids = ids(connection)
    known = {k.change.key: k for k in living(connection, {c.org for c in listed})}
    splits = [c for c in listed if c.change == "分立" and not c.to_parent]
    above = timelines(connection, {c.org for c in splits}) if splits else {}
    fresh: dict[tuple[object, ...], Change] = {}
    told_again: list[tuple[int, Change]] = []
    replaced: list[int] = []
    for change in listed:
        if change.change == "分立" and not change.to_parent:
            # A new union begins where the one it came from stands.
            parent = above[change.org].parent_on(change.line, change.effective)
            change = replace(change, to_parent=parent)
        before = known.get(change.key)
        if before is not None and _same(before.change, change):
            told_again.append((before.id, change))
            continue
        if before is not None:
            if before.declared:
                raise Contradiction(f"{change.org} {change.change} {change.effective}")
            replaced.append(before.id)
        fresh.setdefault(change.key, change)
    _undo(connection, replaced, "system", "更正后重新申报", at)
    written = _enter(connection, fresh.values(), org_ids, filed_by, at, confirm)
    _note_rows(connection, [*told_again, *zip(written, fresh.values(), strict=True)])
    touched = {c.subject for c in fresh.values() if c.change not in confirm}
    if replaced:
        touched |= {known[c.key].change.subject for c in fresh.values() if c.key in known}
    rebuild(connection, touched, at)
    return len(fresh)


def _same(one: Change, two: Change) -> bool:
    return one.content == two.content


def _enter(
    connection: Connection,
    changes: Iterable[Change],
    org_ids: Mapping[str, int],
    filed_by: str | None,
    at: datetime,
    confirm: Collection[str],
) -> list[int]:
    rows = [
        {
            "org_id": org_ids[c.org],
            "change": c.change,
            "line": LINES[c.line],
            "from_id": org_ids.get(c.from_parent or ""),
            "to_id": org_ids.get(c.to_parent or ""),
            "successor_id": org_ids.get(c.successor or ""),
            "effective": c.effective,
            "approval": c.approval,
            "split_pct": c.split_pct,
            "members": c.members,
            "workers": c.workers,
            "after": {k: v for k, v in asdict(c.after).items() if v is not None},
            "filing_id": c.filing_id,
            "row_no": c.row_no,
            "filed_by_id": org_ids.get(filed_by or ""),
            "recorded_at": at,
            "in_force_at": None if c.change in confirm else at,
        }
        for c in changes
    ]
    if not rows:
        return []
    result = connection.execute(
        insert(organisation_change).returning(
            organisation_change.c.id, sort_by_parameter_order=True
        ),
        rows,
    )
    return list(result.scalars())


def _note_rows(connection: Connection, told: Sequence[tuple[int, Change]]) -> None:
    """Which rows of which filings declare a change; filings that were never kept are left out."""
    filings = {c.filing_id for _, c in told}
    kept = set(
        connection.execute(
            text("SELECT id FROM filing WHERE id = ANY(:ids)"), {"ids": sorted(filings)}
        ).scalars()
    )
    rows = [
        {"change_id": number, "filing_id": c.filing_id, "row_no": c.row_no}
        for number, c in told
        if c.filing_id in kept
    ]
    if rows:
        from sqlalchemy.dialects.postgresql import insert as upsert

        connection.execute(upsert(organisation_change_row).on_conflict_do_nothing(), rows)


# --- confirming and undoing ---


def waiting(connection: Connection, at: datetime | None = None) -> list[Kept]:
    """Changes that wait for confirmation, or that waited at a moment, oldest first."""
    found = (k for k in living(connection, at=at) if not _stood(k, at))
    return sorted(found, key=lambda k: k.id)


def _stood(kept: Kept, at: datetime | None) -> bool:
    """Whether a change is in force, or was at a moment."""
    return kept.in_force_at is not None and (at is None or kept.in_force_at <= at)


class NotAllowed(LookupError):
    """Somebody may not decide on a change; the sentence says why."""


def confirm_changes(
    connection: Connection, numbers: Collection[int], org: str, person: str, at: datetime
) -> int:
    """Put waiting changes in force; returns how many.

    Four eyes: the confirming organisation must stand above the one that filed; only a federation
    with nobody above it confirms its own, by a person who is named in the log.
    """
    chosen = _waiting_of(connection, numbers)
    for kept in chosen:
        _second_pair(connection, kept, org, person)
    connection.execute(
        update(organisation_change)
        .where(organisation_change.c.id.in_([k.id for k in chosen]))
        .values(in_force_at=at, confirmed_by=f"{org} {person}".strip())
    )
    rebuild(connection, {k.change.subject for k in chosen}, at)
    _audit(connection, at, f"{org} {person}", "change.confirm", chosen)
    return len(chosen)


def reject_changes(
    connection: Connection,
    numbers: Collection[int],
    org: str,
    person: str,
    reason: str,
    at: datetime,
) -> int:
    """Refuse waiting changes, with a reason; they stay in the record. Returns how many."""
    chosen = _waiting_of(connection, numbers)
    for kept in chosen:
        _second_pair(connection, kept, org, person)
    _undo(connection, [k.id for k in chosen], f"{org} {person}".strip(), reason, at)
    _audit(connection, at, f"{org} {person}", "change.reject", chosen)
    return len(chosen)


def withdraw_changes(
    connection: Connection, numbers: Collection[int], actor: str, reason: str, at: datetime
) -> int:
    """Undo changes whose period is not closed; NotAllowed tells of the first that is."""
    chosen = [k for k in living(connection) if k.id in set(numbers)]
    closed = closed_periods(connection)
    for kept in chosen:
        for _, period in sorted(kept.declared):
            if period in closed:
                raise NotAllowed(
                    f"{kept.change.org} {kept.change.effective} {kept.change.change}"
                    f"所在的 {period} 已关闭，不能撤回，请另报一次变动"
                )
    subjects = {k.change.subject for k in chosen}
    _undo(connection, [k.id for k in chosen], actor, reason, at)
    rebuild(connection, subjects, at)
    for objection in left_hanging(Ground(timelines(connection)), subjects):
        # the caller's transaction goes with it: nothing of this has happened
        raise NotAllowed(f"{objection.values['value']} 的变动撤回后，{objection.values['why']}")
    _audit(connection, at, actor, "change.withdraw", chosen)
    return len(chosen)


def undo_superseded(connection: Connection, at: datetime) -> int:
    """Undo changes that no current ORG-03 declares any more; returns how many.

    Those of a closed period stay: there a correction is a change of its own.
    """
    gone = connection.execute(text(sql("superseded_changes"))).scalars().all()
    chosen = [k for k in living(connection) if k.id in set(gone)] if gone else []
    if not chosen:
        return 0
    _undo(connection, [k.id for k in chosen], "system", "更正后的表中没有这一变动", at)
    rebuild(connection, {k.change.subject for k in chosen}, at)
    _audit(connection, at, "system", "change.withdraw", chosen)
    return len(chosen)


def _waiting_of(connection: Connection, numbers: Collection[int]) -> list[Kept]:
    by_id = {k.id: k for k in waiting(connection)}
    unknown = sorted(set(numbers) - by_id.keys())
    if unknown:
        raise NotAllowed(f"没有编号为 {'、'.join(map(str, unknown))} 的待复核变动")
    return [by_id[n] for n in sorted(set(numbers))]


def _second_pair(connection: Connection, kept: Kept, org: str, person: str) -> None:
    from warehouse.organisations import ancestors

    day = kept.change.effective
    above: set[str] = set()
    for line in LINES.values():
        above |= ancestors(connection, line, day, [kept.filed_by])[kept.filed_by]
    above.discard(kept.filed_by)
    if org == kept.filed_by and above:
        raise NotAllowed(f"变动 {kept.id} 由 {org} 自己申报，须由上级工会复核")
    if org != kept.filed_by and above and org not in above:
        raise NotAllowed(f"{org} 不是申报单位 {kept.filed_by} 的上级工会，不能复核变动 {kept.id}")
    if not person.strip():
        raise NotAllowed("复核须写明复核人")


def _undo(
    connection: Connection, numbers: Sequence[int], actor: str, reason: str, at: datetime
) -> None:
    if numbers:
        connection.execute(
            update(organisation_change)
            .where(organisation_change.c.id.in_(numbers))
            .values(undone_at=at, undone_by=actor, reason=reason)
        )


def closed_periods(connection: Connection) -> frozenset[str]:
    """Labels of the periods that are closed."""
    return frozenset(
        connection.execute(text("SELECT label FROM period WHERE closed_at IS NOT NULL")).scalars()
    )


def _audit(
    connection: Connection, at: datetime, actor: str, action: str, chosen: Sequence[Kept]
) -> None:
    audit.note(
        connection,
        at=at,
        actor=actor.strip(),
        action=action,
        subject="organisation_change",
        detail={
            "changes": [
                [k.id, k.change.org, k.change.change, k.change.effective.isoformat()]
                for k in chosen
            ]
        },
    )


# --- timelines ---


def timelines(
    connection: Connection, codes: Collection[str] | None = None, *, registered: bool = False
) -> dict[str, Timeline]:
    """Timelines of some unions or of all as believed now, or as they were once registered."""
    values = {"codes": None if codes is None else sorted(codes), "registered": registered}
    found: dict[str, dict[str, list[Span[Any]]]] = {}
    for row in connection.execute(text(sql("timelines")), values):
        spans = found.setdefault(row.org, {})
        if row.what is None:
            continue
        value = State(**row.state) if row.what == "state" else row.value
        span = Span(row.since, row.until, value, row.approval or "", row.change_id)
        spans.setdefault(row.what, []).append(span)
    return {
        org: Timeline(
            names=tuple(spans.get("name", ())),
            states=tuple(spans.get("state", ())),
            parents={line: tuple(spans[line]) for line in LINES if line in spans},
        )
        for org, spans in found.items()
    }


def rebuild(connection: Connection, codes: Collection[str], at: datetime) -> int:
    """Replay every change in force over what was registered; returns how many rows were written."""
    if not codes:
        return 0
    org_ids = ids(connection)
    bases = timelines(connection, codes, registered=True)
    changes: dict[str, list[tuple[int, Change]]] = {}
    for kept in living(connection, codes):
        if kept.in_force:
            changes.setdefault(kept.change.subject, []).append((kept.id, kept.change))
    filings = {n: c.filing_id for owned in changes.values() for n, c in owned}
    wanted: dict[Table, list[dict[str, Any]]] = {
        organisation_name: [],
        organisation_state: [],
        affiliation: [],
    }
    for code in sorted(codes):
        timeline = replayed(bases[code], changes.get(code, ()))
        for table, values in _rows_of(timeline, org_ids, filings):
            wanted[table].append({"org_id": org_ids[code], **values})
    owners = [org_ids[c] for c in codes]
    return sum(_rewrite(connection, t, rows, owners, at) for t, rows in wanted.items())


def _rows_of(
    timeline: Timeline, org_ids: Mapping[str, int], filings: Mapping[int, int]
) -> Iterable[tuple[Table, dict[str, Any]]]:
    for before, span in zip((None, *timeline.names), timeline.names, strict=False):
        common = {"valid": Range(span.since, span.until), "change_id": span.change}
        yield organisation_name, {"name": span.value, "kind": "official", **common}
        if before is not None and span.change is not None and before.value != span.value:
            # Files go on arriving under the old name; it keeps finding its union.
            old = {"name": before.value, "kind": "former", "change_id": span.change}
            yield organisation_name, {**old, "valid": Range(span.since, None)}
    for state in timeline.states:
        common = {"valid": Range(state.since, state.until), "change_id": state.change}
        yield organisation_state, {**asdict(state.value), **common}
    for line, spans in timeline.parents.items():
        for s in spans:
            yield (
                affiliation,
                {
                    "line": LINES[line],
                    "parent_id": org_ids[s.value],
                    "valid": Range(s.since, s.until),
                    "approval": s.approval,
                    "filing_id": filings.get(s.change) if s.change is not None else None,
                    "change_id": s.change,
                },
            )


def _rewrite(
    connection: Connection,
    table: Table,
    wanted: Sequence[dict[str, Any]],
    owners: Sequence[int],
    at: datetime,
) -> int:
    """Retire believed rows that are wanted no more, write those that are missing; in that order."""
    believed = select(table).where(table.c.org_id.in_(owners), table.c.retired_at.is_(None))
    if table is organisation_name:
        believed = believed.where(table.c.kind != "alias")  # what people call it is no decision
    kept: set[str] = set()
    retired: list[int] = []
    keys = [_key(row) for row in wanted]
    fields = wanted[0].keys() if wanted else ()
    for row in connection.execute(believed).mappings():
        key = _key({name: row[name] for name in fields})
        if key in keys and key not in kept:
            kept.add(key)
        else:
            retired.append(row["id"])
    if retired:
        connection.execute(update(table).where(table.c.id.in_(retired)).values(retired_at=at))
    fresh = [
        {**row, "recorded_at": at} for key, row in zip(keys, wanted, strict=True) if key not in kept
    ]
    if fresh:
        connection.execute(insert(table), fresh)
    return len(fresh)


def _key(row: Mapping[str, Any]) -> str:
    parts = {
        name: (str(value.lower), str(value.upper)) if isinstance(value, Range) else value
        for name, value in row.items()
        if name != "filing_id"
    }
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def in_force_on(connection: Connection, starts: date, ends: date, cutoff: datetime) -> list[Kept]:
    """Changes in force at a moment that took effect between two days, in order of day."""
    return sorted(
        (
            k
            for k in living(connection, at=cutoff)
            if _stood(k, cutoff) and starts <= k.change.effective <= ends
        ),
        key=lambda k: (k.change.effective, k.id),
    )
