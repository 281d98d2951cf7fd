"""Submissions, filings, rows and findings: the only writer of reported values.

Everything about one submission is written in one transaction or not at all. Ids are drawn first,
rows go in by COPY, and a filing that becomes current supersedes the one before it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection, text

from warehouse.findings import clear_superseded
from warehouse.life_cycle import refresh
from warehouse.turns import LOAD_LOCK, alone


@dataclass(frozen=True, slots=True)
class NewRow:
    """One sheet line; arrays are in the order of the form edition's columns."""

    row_no: int
    org_id: int
    key: str
    numbers: Sequence[float | None]
    texts: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class NewFiling:
    """One form of an accepted submission; sheet_columns are 1-based, 0 where the sheet has none."""

    form: str
    edition: str
    period: str
    period_end: date
    sheet: str
    sheet_columns: Sequence[int]
    rows: Sequence[NewRow]


@dataclass(frozen=True, slots=True)
class NewFinding:
    """A finding as it is kept; `explanation` holds the unit's words, when it gave any.

    `fingerprint` is what such words are about; `explained_by` the finding they were first given to.
    """

    rule: str
    severity: str
    message: str
    advice: str
    form: str
    sheet: str
    row: int | None
    columns: Sequence[int]
    field: str
    value: str
    expected: str
    cell: str
    explanation: str | None = None
    fingerprint: str | None = None
    explained_by: int | None = None


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """Everything that one workbook leaves behind; filings only when it was accepted."""

    receipt_id: int
    member: str
    sha256: str
    format: str
    reporter_id: int | None
    period: str | None
    state: str
    cover: dict[str, str]
    definitions: str
    received_at: datetime
    returned_file: str | None = None
    forms: Sequence[str] = ()
    filings: Sequence[NewFiling] = ()
    findings: Sequence[NewFinding] = ()


def load(
    connection: Connection,
    submissions: Sequence[NewSubmission],
    at: datetime,
    *,
    trial: bool = False,
) -> dict[int, int]:
    """Write submissions inside the caller's transaction; those written before are left alone.

    Returns id(NewFiling) → filing id for those that became current. Whatever order submissions
    are processed in, the filing received last is the current one: a replayed older version never.
    A `trial` is rolled back by its caller and waits for nobody.
    """
    if not trial:
        alone(connection, LOAD_LOCK)
    new = _not_yet_written(connection, submissions)
    if not new:
        return {}
    driver = cast("PsycopgConnection[Any]", connection.connection.driver_connection)
    submission_ids = _draw(connection, "submission", len(new))
    versions = _versions(connection, new)
    stamp = at.isoformat()
    _copy(
        driver,
        "submission (id, receipt_id, member, sha256, format, reporter_id, period, version, state, "
        "cover, definitions, returned_file, received_at, processed_at, forms)",
        (
            (
                i, s.receipt_id, s.member, s.sha256, s.format, s.reporter_id, s.period, version,
                s.state, json.dumps(s.cover, ensure_ascii=False, sort_keys=True), s.definitions,
                s.returned_file, s.received_at.isoformat(), stamp,
                _text_array(sorted(s.forms or {f.form for f in s.filings})),
            )
            for i, s, version in zip(submission_ids, new, versions, strict=True)
        ),
    )  # fmt: skip
    current = _load_filings(connection, driver, list(zip(submission_ids, new, strict=True)), at)
    _copy(
        driver,
        "finding (submission_id, rule, severity, message, advice, form, sheet, row_no, columns, "
        "field, value, expected, cell, explanation, fingerprint, explained_by, opened_at)",
        (
            (
                i, f.rule, f.severity, f.message, f.advice, f.form, f.sheet, f.row,
                _array(f.columns), f.field, f.value, f.expected, f.cell, f.explanation,
                f.fingerprint, f.explained_by, stamp,
            )
            for i, s in zip(submission_ids, new, strict=True)
            for f in s.findings
        ),
    )  # fmt: skip
    refresh(
        connection,
        submissions=submission_ids,
        reporters={s.reporter_id for s in new if s.reporter_id is not None},
        periods={s.period or "" for s in new} | {f.period for s in new for f in s.filings},
    )
    return current


def written_documents(connection: Connection, receipt_ids: Collection[int]) -> set[tuple[int, str]]:
    """(receipt, member) of every document of some receipts that has been written."""
    return {
        (row.receipt_id, row.member)
        for row in connection.execute(
            text("SELECT receipt_id, member FROM submission WHERE receipt_id = ANY(:ids)"),
            {"ids": sorted(receipt_ids)},
        )
    }


def _not_yet_written(
    connection: Connection, submissions: Sequence[NewSubmission]
) -> list[NewSubmission]:
    written = written_documents(connection, {s.receipt_id for s in submissions})
    return [s for s in submissions if (s.receipt_id, s.member) not in written]


def _draw(connection: Connection, table: str, count: int) -> list[int]:
    return list(
        connection.execute(
            text(
                f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) "
                "FROM generate_series(1, :n)"
            ),
            {"n": count},
        ).scalars()
    )


def _versions(connection: Connection, new: Sequence[NewSubmission]) -> list[int]:
    """A submission's number among those of its reporter and period."""
    reporters = sorted({s.reporter_id for s in new if s.reporter_id is not None})
    counts: dict[tuple[int | None, str | None], int] = {
        (row.reporter_id, row.period): row.n
        for row in connection.execute(
            text(
                "SELECT reporter_id, period, count(*) AS n FROM submission "
                "WHERE reporter_id = ANY(:ids) GROUP BY 1, 2"
            ),
            {"ids": reporters},
        )
    }
    versions = []
    for s in new:
        key = (s.reporter_id, s.period)
        counts[key] = counts.get(key, 0) + 1
        versions.append(counts[key] if s.reporter_id is not None and s.period else 1)
    return versions


def _load_filings(
    connection: Connection,
    driver: PsycopgConnection[Any],
    submissions: Sequence[tuple[int, NewSubmission]],
    at: datetime,
) -> dict[int, int]:
    """Write filings and rows; decide for each reporter, form and period which one is current."""
    flat = [(i, s, f) for i, s in submissions for f in s.filings]
    if not flat:
        return {}
    filing_ids = _draw(connection, "filing", len(flat))

    # Received last is current, with every sheet it fills; its first sheet is named as the winner.
    contenders: dict[tuple[int, str, str], dict[tuple[datetime, int, int], list[int]]] = {}
    parts: list[int] = []
    for filing_id, (submission_id, s, f) in zip(filing_ids, flat, strict=True):
        slot = contenders.setdefault((cast(int, s.reporter_id), f.form, f.period), {})
        sheets = slot.setdefault((s.received_at, s.receipt_id, submission_id), [])
        sheets.append(filing_id)
        parts.append(len(sheets))
    rows = connection.execute(
        text(
            """
            SELECT f.id, f.reporter_id, f.form, f.period, f.received_at, s.receipt_id,
                f.submission_id
            FROM filing f JOIN submission s ON s.id = f.submission_id
            WHERE f.superseded_at IS NULL AND f.reporter_id = ANY(:reporters)
              AND f.period = ANY(:periods)
            ORDER BY f.part
            """
        ),
        {
            "reporters": sorted({slot[0] for slot in contenders}),
            "periods": sorted({slot[2] for slot in contenders}),
        },
    )
    standing = set()
    for row in rows:
        found = contenders.get((row.reporter_id, row.form, row.period))
        if found is not None:
            moment = (row.received_at, row.receipt_id, row.submission_id)
            found.setdefault(moment, []).append(row.id)
            standing.add(row.id)
    winner_of: dict[int, int] = {}
    for entries in contenders.values():
        last = max(entries)
        for moment, sheets in entries.items():
            if moment != last:
                winner_of.update(dict.fromkeys(sheets, entries[last][0]))
    beaten = sorted(standing & winner_of.keys())
    if beaten:
        connection.execute(
            text("UPDATE filing SET superseded_at = :at WHERE id = ANY(:ids)"),
            {"at": at, "ids": beaten},
        )
        clear_superseded(connection, beaten, at)
    stamp = at.isoformat()
    _copy(
        driver,
        "filing (id, submission_id, form, edition, period, reporter_id, part, sheet, "
        "sheet_columns, row_count, received_at, accepted_at, superseded_at)",
        (
            (
                filing_id, i, f.form, f.edition, f.period, s.reporter_id, part, f.sheet,
                _array(f.sheet_columns), len(f.rows), s.received_at.isoformat(), stamp,
                stamp if filing_id in winner_of else None,
            )
            for filing_id, part, (i, s, f) in zip(filing_ids, parts, flat, strict=True)
        ),
    )  # fmt: skip
    if winner_of:
        connection.execute(
            text("UPDATE filing SET superseded_by = :winner WHERE id = :id"),
            [{"id": loser, "winner": winner} for loser, winner in winner_of.items()],
        )
    _copy(
        driver,
        "filing_row (filing_id, period_end, form, row_no, org_id, key, numbers, texts)",
        (
            (
                filing_id, end, f.form, r.row_no, r.org_id, r.key,
                _array(r.numbers), _text_array(r.texts),
            )
            for filing_id, (_, _, f) in zip(filing_ids, flat, strict=True)
            for end in (f.period_end.isoformat(),)
            for r in f.rows
        ),
    )  # fmt: skip
    return {id(f): i for i, (_, _, f) in zip(filing_ids, flat, strict=True) if i not in winner_of}


# --- COPY in PostgreSQL's own text format: far cheaper than adapting each value ---

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NEEDS_ESCAPE = re.compile(r"[\\\t\n\r]")
FLUSH = 1 << 18


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if value.__class__ is int:
        return str(value)
    written = str(value)
    return written.translate(_ESCAPES) if _NEEDS_ESCAPE.search(written) else written


@lru_cache(maxsize=65536)  # small counts make up most of what is reported
def number_text(value: float) -> str:
    """The shortest exact decimal of a number, as a person would write it."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _array(values: Iterable[float | int | None]) -> str:
    parts = [
        "NULL" if v is None else number_text(v) if v.__class__ is float else str(v) for v in values
    ]
    return "{" + ",".join(parts) + "}"


def _text_array(values: Iterable[str | None]) -> str:
    parts = []
    for value in values:
        if value is None:
            parts.append("NULL")
        elif '"' in value or "\\" in value:
            parts.append('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"')
        else:
            parts.append(f'"{value}"')
    return "{" + ",".join(parts) + "}"


def _copy(driver: PsycopgConnection[Any], target: str, rows: Iterable[Sequence[object]]) -> None:
    lines: list[str] = []
    size = 0
    with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            line = "\t".join(map(_field, row)) + "\n"
            lines.append(line)
            size += len(line)
            if size > FLUSH:
                copy.write("".join(lines))
                lines, size = [], 0
        if lines:
            copy.write("".join(lines))
