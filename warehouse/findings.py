"""Findings that open when a period closes: kept, explained, cleared; and words carried forward."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from warehouse.engine import sql


@dataclass(frozen=True, slots=True)
class ClosingFinding:
    """What a check at the close says about one row of an accepted submission."""

    submission_id: int
    rule: str
    severity: str
    message: str
    advice: str
    form: str
    sheet: str
    row_no: int
    columns: list[int]
    field: str
    value: str
    expected: str
    cell: str
    period: str
    org_id: int
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What one check changed: findings opened (explained ones among them) and cleared.

    `submissions` are those on which something opened that waits for its unit.
    """

    opened: int
    explained: int
    cleared: int
    submissions: tuple[int, ...]


def clear_superseded(connection: Connection, filings: Collection[int], at: datetime) -> None:
    """Clear what was open on filings that a newer version has replaced.

    The newer version was judged on arrival with everything known by then; the next close asks again
    what only a close can ask.
    """
    connection.execute(
        text(
            "UPDATE finding f SET cleared_at = :at FROM filing g "
            "WHERE g.id = ANY(:ids) AND f.submission_id = g.submission_id AND f.form = g.form "
            "AND f.period = g.period AND f.stage = 'closing' AND f.cleared_at IS NULL"
        ),
        {"at": at, "ids": sorted(filings)},
    )


def begin(connection: Connection) -> None:
    """Make room, for one transaction, for what a check finds."""
    connection.execute(
        text(
            """
            DROP TABLE IF EXISTS closing_found;
            CREATE TEMPORARY TABLE closing_found (
                submission_id bigint, rule text, severity text, message text, advice text,
                form text, sheet text, row_no int, columns int[], field text, value text,
                expected text, cell text, period text, org_id bigint, fingerprint text
            ) ON COMMIT DROP
            """
        )
    )


def note(connection: Connection, found: Iterable[ClosingFinding]) -> None:
    """Add what was found in one chunk."""
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(
            "COPY closing_found (submission_id, rule, severity, message, advice, form, sheet, "
            "row_no, columns, field, value, expected, cell, period, org_id, fingerprint) FROM STDIN"
        ) as copy,
    ):
        for item in found:
            copy.write_row(astuple(item))


def settle(connection: Connection, periods: Sequence[str], at: datetime) -> Changed:
    """Open what is new, clear what is found no more, leave the rest; again: nothing changes."""
    connection.execute(text("ANALYZE closing_found"))
    cleared = connection.execute(
        text(sql("closing_cleared")), {"periods": list(periods), "at": at}
    ).rowcount
    opened = connection.execute(text(sql("closing_opened")), {"at": at}).all()
    connection.execute(
        text("UPDATE period SET checked_at = greatest(checked_at, :at) WHERE label = ANY(:labels)"),
        {"at": at, "labels": list(periods)},
    )
    waiting = {
        row.submission_id for row in opened if row.explanation is None and row.severity != "提示"
    }
    return Changed(
        opened=len(opened),
        explained=sum(row.explanation is not None for row in opened),
        cleared=cleared,
        submissions=tuple(sorted(waiting)),
    )


def late_periods(connection: Connection, at: datetime) -> list[str]:
    """Checked periods in which something was accepted or replaced since they were checked."""
    return list(
        connection.execute(
            text(
                """
                SELECT p.label FROM period p
                WHERE p.checked_at IS NOT NULL AND EXISTS (
                    SELECT 1 FROM filing f WHERE f.period = p.label
                    AND greatest(f.accepted_at, f.superseded_at) > p.checked_at
                    AND f.accepted_at <= :at)
                ORDER BY p.ends, p.label
                """
            ),
            {"at": at},
        ).scalars()
    )


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding of closing that waits for words or for a correction; codes, not ids.

    `collector` is the union that collects the filing, where it is on the roster.
    """

    id: int
    rule: str
    severity: str
    message: str
    advice: str
    form: str
    period: str
    sheet: str
    row_no: int
    columns: tuple[int, ...]
    field: str
    value: str
    expected: str
    cell: str
    fingerprint: str | None
    opened_at: datetime
    submission_id: int
    org: str
    reporter: str
    collector: str | None


def open_findings(
    connection: Connection,
    cutoff: datetime,
    periods: Collection[str] | None = None,
    reporters: Collection[str] | None = None,
) -> list[OpenFinding]:
    """What waits at a moment, oldest and gravest first: the steward's list of 待核实."""
    rows = connection.execute(
        text(sql("open_findings")),
        {
            "cutoff": cutoff,
            "periods": None if periods is None else sorted(periods),
            "reporters": None if reporters is None else sorted(reporters),
        },
    )
    return [OpenFinding(**{**row, "columns": tuple(row["columns"])}) for row in rows.mappings()]


def explained(connection: Connection, fingerprints: Collection[str]) -> dict[str, tuple[int, str]]:
    """Fingerprint → the finding whose unit gave words to it, and the words.

    Only words that let a submission pass count; the first ones stand.
    """
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT ON (f.fingerprint)
                f.fingerprint, coalesce(f.explained_by, f.id) AS id, f.explanation
            FROM finding f JOIN submission s ON s.id = f.submission_id
            WHERE f.fingerprint = ANY(:fingerprints) AND f.explanation IS NOT NULL
                AND s.state = 'accepted'
                AND NOT EXISTS (
                    SELECT 1 FROM submission_step t
                    WHERE t.finding_id = coalesce(f.explained_by, f.id)
                        AND t.verb = 'refuse_words')
            ORDER BY f.fingerprint, f.id
            """
        ),
        {"fingerprints": sorted(fingerprints)},
    )
    return {row.fingerprint: (row.id, row.explanation) for row in rows}


def refused_words(
    connection: Connection, fingerprints: Collection[str]
) -> dict[str, frozenset[str]]:
    """Fingerprint → words that a union above did not accept: saying them again says nothing."""
    rows = connection.execute(
        text(
            """
            SELECT f.fingerprint, array_agg(DISTINCT f.explanation) AS said
            FROM finding f JOIN submission_step t ON t.finding_id = f.id
            WHERE f.fingerprint = ANY(:fingerprints) AND t.verb = 'refuse_words'
            GROUP BY f.fingerprint
            """
        ),
        {"fingerprints": sorted(fingerprints)},
    )
    return {row.fingerprint: frozenset(row.said) for row in rows}


def explain(connection: Connection, finding: int, words: str) -> bool:
    """Give a unit's words to a finding of closing; False where it waits for none."""
    done = connection.execute(
        text(
            "UPDATE finding SET explanation = :words WHERE id = :id AND stage = 'closing' "
            "AND severity = '须说明' AND explanation IS NULL AND cleared_at IS NULL RETURNING id"
        ),
        {"words": words, "id": finding},
    ).first()
    return done is not None
