"""Organisations in the warehouse: registry, names, codes, dated parents, who must report."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert

from definitions import Definitions, Period
from definitions.calendars import Deadlines
from definitions.model import Form
from definitions.organisations import Alias, Organisation
from definitions.periods import closing_periods
from warehouse.codes import ids as ids
from warehouse.employers import Cover, cover
from warehouse.engine import sql
from warehouse.life_cycle import refresh_locks
from warehouse.ranking_groups import Placing, place_in_groups
from warehouse.tables import (
    LINES,
    affiliation,
    expected_filing,
    organisation,
    organisation_code,
    organisation_name,
    organisation_state,
)
from warehouse.tables import (
    period as period_table,
)
from warehouse.windows import open_windows, opening_now

FORMER_CODE, CREDIT_CODE = "组织编码", "工会信用代码"


def normal_name(name: str) -> str:
    """A name without differences of width or spacing, as people compare names."""
    return "".join(unicodedata.normalize("NFKC", name).split())


def register(connection: Connection, organisations: Sequence[Organisation], at: datetime) -> int:
    """Enter organisations that are not yet known, with names and relations; returns how many."""
    known = ids(connection)
    new = [o for o in organisations if o.code not in known]
    if not new:
        return 0
    connection.execute(
        insert(organisation),
        [
            {
                "code": o.code,
                "type": o.type,
                "level": o.level,
                "region": o.region,
                "industry": o.industry,
                "reg_type": o.reg_type,
                "is_joint": o.is_joint,
                "found_date": o.found,
                "recorded_at": at,
            }
            for o in new
        ],
    )
    known = ids(connection)
    names, codes = [], []
    for o in new:
        own = known[o.code]
        names.append(_name(own, o.name, "official", o.found, None, at))
        for alias in o.aliases:
            entry = Alias(name=alias) if isinstance(alias, str) else alias
            names.append(_name(own, entry.name, "alias", entry.since, entry.until, at))
        codes += [_code(own, FORMER_CODE, c.name, c.since, c.until, at) for c in o.former_codes]
        if o.union_uscc:
            codes.append(_code(own, CREDIT_CODE, o.union_uscc, o.found, None, at))
    connection.execute(insert(organisation_name), names)
    if codes:
        connection.execute(insert(organisation_code), codes)
    connection.execute(
        insert(organisation_state),
        [
            {
                "org_id": known[o.code],
                "status": o.status,
                "lead": o.lead,
                "type": o.type,
                "level": o.level,
                "resident": o.resident,
                "host": o.host,
                "valid": Range(o.found, None),
                "recorded_at": at,
                "registered": True,
            }
            for o in new
        ],
    )
    relations = [
        {
            "org_id": known[o.code],
            "line": LINES[p.line],
            "parent_id": known[p.parent],
            "valid": Range(p.since, p.until),
            "approval": p.approval,
            "recorded_at": at,
            "registered": True,
        }
        for o in new
        for p in o.parents
    ]
    if relations:
        connection.execute(insert(affiliation), relations)
    cover(
        connection,
        [
            Cover(o.code, e.name, e.uscc, e.since or o.found, e.until)
            for o in new
            for e in o.employers
        ],
        at,
    )
    place_in_groups(
        connection,
        [
            Placing(o.code, g.scheme, g.name, g.since, g.until, g.approval)
            for o in new
            for g in o.groups
        ],
        at,
    )
    return len(new)


def _name(
    org_id: int, name: str, kind: str, since: date | None, until: date | None, at: datetime
) -> dict[str, object]:
    return {
        "org_id": org_id,
        "name": name,
        "kind": kind,
        "valid": Range(since, until),
        "recorded_at": at,
        "registered": True,
    }


def _code(
    org_id: int, kind: str, code: str, since: date | None, until: date | None, at: datetime
) -> dict[str, object]:
    return {
        "org_id": org_id,
        "kind": kind,
        "code": code,
        "valid": Range(since, until),
        "recorded_at": at,
    }


def names_on(connection: Connection, day: date) -> dict[str, tuple[str, ...]]:
    """Normalised name or alias in use on a day → codes that carry it."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = connection.execute(
        select(organisation_name.c.name, organisation.c.code)
        .join(organisation, organisation.c.id == organisation_name.c.org_id)
        .where(organisation_name.c.valid.contains(day), organisation_name.c.retired_at.is_(None))
    )
    for row in rows:
        found[normal_name(row.name)].add(row.code)
    return {name: tuple(sorted(codes)) for name, codes in found.items()}


@dataclass(frozen=True, slots=True)
class Called:
    """A name or code that a union bears or bore: official, alias, former, or a kind of code."""

    org: str
    kind: str
    text: str
    since: date | None
    until: date | None


def called(connection: Connection, codes: Collection[str] | None = None) -> list[Called]:
    """Every name and code of some unions (or all) in order of time, as known now."""
    rows = connection.execute(
        text(sql("called")), {"codes": None if codes is None else sorted(codes)}
    )
    return [Called(**row) for row in rows.mappings()]


def find(connection: Connection, words: str) -> tuple[str, ...]:
    """Codes of the unions that bear or ever bore a name or code."""
    wanted = normal_name(words)
    found = {c.org for c in called(connection) if normal_name(c.text) == wanted}
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Registered:
    """An organisation as it stands on a day, as known at a moment."""

    id: int
    code: str
    name: str
    type: str
    level: str
    region: str
    industry: str
    is_joint: bool
    found: date
    status: str
    lead: str
    block: int | None
    industry_parent: int | None
    fund_parent: int | None = None
    resident: str = ""
    host: str = ""


def standing(
    connection: Connection,
    day: date,
    known_at: datetime | None = None,
    codes: Collection[str] | None = None,
) -> list[Registered]:
    """Every organisation (of some) founded by a day, with name, state and parents on that day."""
    rows = connection.execute(
        text(
            """
            SELECT o.id, o.code, coalesce(n.name, o.code) AS name,
                   coalesce(s.type, o.type) AS type, coalesce(s.level, o.level) AS level,
                   o.region, o.industry, o.is_joint, o.found_date AS found,
                   coalesce(s.status, '正常') AS status, coalesce(s.lead, '块为主') AS lead,
                   b.parent_id AS block, i.parent_id AS industry_parent,
                   f.parent_id AS fund_parent, coalesce(s.resident, '') AS resident,
                   coalesce(s.host, '') AS host
            FROM organisation o
            LEFT JOIN organisation_name n ON n.org_id = o.id AND n.kind = 'official'
                AND n.valid @> :day
                AND n.recorded_at <= :known AND (n.retired_at IS NULL OR n.retired_at > :known)
            LEFT JOIN organisation_state s ON s.org_id = o.id AND s.valid @> :day
                AND s.recorded_at <= :known AND (s.retired_at IS NULL OR s.retired_at > :known)
            LEFT JOIN affiliation b ON b.org_id = o.id AND b.line = 1 AND b.valid @> :day
                AND b.recorded_at <= :known AND (b.retired_at IS NULL OR b.retired_at > :known)
            LEFT JOIN affiliation i ON i.org_id = o.id AND i.line = 2 AND i.valid @> :day
                AND i.recorded_at <= :known AND (i.retired_at IS NULL OR i.retired_at > :known)
            LEFT JOIN affiliation f ON f.org_id = o.id AND f.line = 3 AND f.valid @> :day
                AND f.recorded_at <= :known AND (f.retired_at IS NULL OR f.retired_at > :known)
            WHERE o.found_date <= :day
                AND (CAST(:codes AS text[]) IS NULL OR o.code = ANY(CAST(:codes AS text[])))
            ORDER BY o.code
            """
        ),
        {
            "day": day,
            "known": known_at or datetime(9999, 1, 1, tzinfo=UTC),
            "codes": None if codes is None else list(codes),
        },
    )
    return [Registered(**row) for row in rows.mappings()]


def ancestors(
    connection: Connection, line: int, day: date, codes: Collection[str] | None = None
) -> dict[str, frozenset[str]]:
    """Code → codes of itself and everyone above it on a line and day, as known now."""
    parents: dict[str, str] = {}
    rows = connection.execute(
        text(
            """
            SELECT o.code, p.code AS parent FROM affiliation a
            JOIN organisation o ON o.id = a.org_id JOIN organisation p ON p.id = a.parent_id
            WHERE a.line = :line AND a.valid @> :day AND a.retired_at IS NULL
            """
        ),
        {"line": line, "day": day},
    )
    for row in rows:
        parents[row.code] = row.parent
    found: dict[str, frozenset[str]] = {}
    for code in codes if codes is not None else ids(connection):
        chain = [code]
        while chain[-1] in parents and parents[chain[-1]] not in chain:
            chain.append(parents[chain[-1]])
        found[code] = frozenset(chain)
    return found


# --- opening a period ---


def owes(form: Form, org: Registered) -> bool:
    """Whether an organisation must hand in a form."""
    wanted = form.reporters
    return (
        wanted.expected
        and org.status == "正常"
        and (not wanted.levels or org.level in wanted.levels)
        and (not wanted.types or org.type in wanted.types)
    )


def open_periods(
    connection: Connection, definitions: Definitions, month: Period, at: datetime
) -> dict[str, int]:
    """Freeze the roster of a month, of the longer periods it closes and of what is due early.

    Returns label → number of filings expected so far. A form that is open keeps its roster. Who
    owes a form that opens before its period is over is asked at the end of the month it opens in.
    """
    targets = closing_periods(month, definitions.period_kinds)
    targets += [p for _, p in opening_now(definitions, month) if p not in targets]
    for target in dict.fromkeys(targets):
        connection.execute(
            upsert(period_table)
            .values(
                label=target.label,
                kind=target.kind.value,
                starts=target.start,
                ends=target.end,
                definitions=definitions.digest,
                opened_at=at,
            )
            .on_conflict_do_nothing()
        )
    roster = _roster(connection, open_windows(connection, definitions, month, at), month)
    if roster:
        connection.execute(insert(expected_filing), roster)
    refresh_locks(connection, [p.label for p in targets])
    counts = connection.execute(
        select(expected_filing.c.period, func.count())
        .where(expected_filing.c.period.in_([p.label for p in targets]))
        .group_by(expected_filing.c.period)
    )
    return dict.fromkeys((p.label for p in targets), 0) | {label: n for label, n in counts}


def _roster(
    connection: Connection, windows: Sequence[tuple[Form, Period, Deadlines]], month: Period
) -> list[dict[str, object]]:
    organisations = standing(connection, month.end) if windows else []
    roster: list[dict[str, object]] = []
    for form, target, deadlines in windows:
        for org in organisations:
            if not owes(form, org):
                continue
            leads_by_industry = form.line == "条" or org.lead == "条为主"
            collector = org.industry_parent if leads_by_industry else org.block
            roster.append(
                {
                    "period": target.label,
                    "form": form.code,
                    "org_id": org.id,
                    "collector_id": collector or org.block or org.industry_parent,
                    "due_on": deadlines.due,
                    "check_on": deadlines.check,
                    "lock_on": deadlines.lock,
                }
            )
    return roster
