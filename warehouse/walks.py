"""What a walk from a printed number asks of the warehouse besides cells: filings and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select, text

from definitions import Period
from warehouse.assessment_year import results_standing
from warehouse.cutoff import prepare_cutoff, prepare_expected
from warehouse.engine import sql
from warehouse.tables import assessment, assessment_unit, organisation


@dataclass(frozen=True, slots=True)
class FilingBehind:
    """One filing that was owed; file and hash where it came."""

    form: str
    period: str
    org: str
    name: str
    reported: bool
    on_time: bool
    first_pass: bool
    via: str
    file_name: str | None
    sha256: str | None
    submission: int | None


def filings_behind(
    connection: Connection, unit_id: int, period: Period, cutoff: datetime, line: int = 1
) -> list[FilingBehind]:
    """Every filing owed by the unions below a unit in a period, as heard of at the cut-off.

    `line` is the one along which they stand below it.
    """
    prepare_cutoff(connection, cutoff)
    prepare_expected(connection, cutoff, period.start, period.end)
    rows = connection.execute(
        text(sql("lineage_filings")),
        {
            "unit": unit_id,
            "line": line,
            "starts": period.start,
            "ends": period.end,
            "cutoff": cutoff,
        },
    )
    return [
        FilingBehind(
            form=r.form,
            period=r.period,
            org=r.org,
            name=r.name,
            reported=r.reported,
            on_time=r.on_time,
            first_pass=r.first_pass,
            via=r.via,
            file_name=r.file_name,
            sha256=r.sha256,
            submission=r.submission_id,
        )
        for r in rows
    ]


@dataclass(frozen=True, slots=True)
class Filed:
    """One form of an accepted workbook; `columns` are the places of its columns in the sheet."""

    id: int
    form: str
    edition: str
    period: str
    reporter: str
    version: int
    file_name: str
    sha256: str
    submission: int
    sheet: str
    columns: tuple[int, ...]
    accepted: datetime


def filings_of(connection: Connection, numbers: Sequence[int]) -> list[Filed]:
    """Filings by their numbers, with the workbook that each came in."""
    found = connection.execute(text(sql("filing_sources")), {"filings": list(numbers)})
    return [
        Filed(
            r.filing_id, r.form, r.edition, r.period, r.reporter, r.version, r.file_name, r.sha256,
            r.submission_id, r.sheet, tuple(r.sheet_columns), r.accepted_at,
        )
        for r in found
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A figure as its computation keeps it."""

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    reported: int
    expected: int | None


def kept_value(
    connection: Connection,
    computation: int,
    line: int,
    unit_id: int,
    period: str,
    indicator: str,
    basis: str = "reported",
) -> KeptValue | None:
    """One figure of a computation; None where none was computed."""
    row = connection.execute(
        text(
            "SELECT value, numerator, denominator, reported, expected FROM indicator_value "
            "WHERE computation_id = :c AND line = :l AND org_id = :o AND period = :p "
            "AND indicator = :i AND basis = :b"
        ),
        {"c": computation, "l": line, "o": unit_id, "p": period, "i": indicator, "b": basis},
    ).first()
    return KeptValue(*row) if row is not None else None


def names_at(
    connection: Connection, codes: Sequence[str], period: Period, cutoff: datetime
) -> dict[str, str]:
    """Union code → its name at the end of a period, as known at the cut-off."""
    rows = connection.execute(
        text(
            "SELECT o.code, n.name FROM organisation o JOIN organisation_name n "
            "ON n.org_id = o.id AND n.kind = 'official' AND n.valid @> CAST(:day AS date) "
            "AND n.recorded_at <= :k AND (n.retired_at IS NULL OR n.retired_at > :k) "
            "WHERE o.code = ANY(:codes)"
        ),
        {"day": period.end, "k": cutoff, "codes": list(codes)},
    )
    return {r.code: r.name for r in rows}


@dataclass(frozen=True, slots=True)
class ScoredUnit:
    """One unit of the newest result of a scheme; `detail` only where it was asked for."""

    scheme: str
    unit: str
    name: str
    group: str
    total: Decimal | None
    grade: str
    rank: int | None
    detail: Mapping[str, Any]


def results_behind(
    connection: Connection,
    year: int,
    cutoff: datetime,
    scheme: str = "",
    unit: str = "",
    *,
    result: int | None = None,
) -> list[ScoredUnit]:
    """Units of what stands of each scheme (of one) at a cut-off, by group and rank.

    With `unit` that unit alone, its score sheet in `detail`; with `result` those of that one,
    whatever stands.
    """
    newest = results_standing(year, cutoff, scheme)
    if result is not None:
        made = assessment.c
        newest = select(made.scheme, made.id).where(made.id == result).subquery()
    one = assessment_unit.c
    rows = connection.execute(
        select(
            newest.c.scheme,
            organisation.c.code,
            one.detail["unit"]["name"].astext.label("name"),
            one.ranking_group,
            one.total,
            one.grade,
            one.rank,
            one.detail if unit else text("NULL AS detail"),
        )
        .select_from(newest)
        .join(assessment_unit, one.assessment_id == newest.c.id)
        .join(organisation, organisation.c.id == one.org_id)
        .where(organisation.c.code == unit if unit else text("true"))
        .order_by(newest.c.scheme, one.ranking_group, one.rank, organisation.c.code)
    )
    return [
        ScoredUnit(
            r.scheme, r.code, r.name or r.code, r.ranking_group, r.total, r.grade, r.rank,
            r.detail or {},
        )
        for r in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineBehind:
    """One line of a sheet as it was received; `columns` are its places in the sheet."""

    org: str
    form: str
    edition: str
    period: str
    sheet: str
    row: int
    columns: tuple[int, ...]
    numbers: tuple[Decimal | None, ...]
    file_name: str
    sha256: str
    submission: int


def lines_behind(
    connection: Connection, sheet: str, row: int, unit_id: int, period: Period, cutoff: datetime
) -> list[LineBehind]:
    """The lines about a union that stand in a row of a sheet of that name, in a period."""
    rows = connection.execute(
        text(sql("walk_rows")),
        {
            "sheet": sheet,
            "row": row,
            "unit": unit_id,
            "starts": period.start,
            "ends": period.end,
            "cutoff": cutoff,
        },
    )
    return [_line(r) for r in rows]


def line_at(connection: Connection, filing: int, row: int, org: str) -> LineBehind:
    """One line of a filing."""
    found = connection.execute(
        text(sql("walk_line")), {"filing": filing, "row": row, "org": org}
    ).one()
    return _line(found)


def _line(r: Any) -> LineBehind:
    return LineBehind(
        r.org, r.form, r.edition, r.period, r.sheet, r.row_no, tuple(r.sheet_columns),
        tuple(r.numbers), r.file_name, r.sha256, r.submission_id,
    )  # fmt: skip


def result_kept(
    connection: Connection, scheme: str, year: int, *, number: int | None, cutoff: datetime,
    definitions: str,
) -> int | None:  # fmt: skip
    """The result of an edition of a round by its number, or of the run at a cut-off by definitions
    of that digest; None where none is kept."""
    wanted = {
        "scheme": scheme, "year": year, "number": number, "cutoff": cutoff,
        "definitions": definitions,
    }  # fmt: skip
    found: int | None = connection.execute(
        text(
            "SELECT e.assessment_id FROM assessment_edition e "
            "JOIN assessment_round r ON r.id = e.round_id "
            "WHERE r.scheme = :scheme AND r.year = :year AND e.number = :number"
            if number is not None
            else "SELECT id FROM assessment WHERE scheme = :scheme AND year = :year "
            "AND cutoff = :cutoff AND definitions = :definitions"
        ),
        wanted,
    ).scalar()
    return found


@dataclass(frozen=True, slots=True)
class ChangeBehind:
    """One change of relations in force, and a line that declared it."""

    change_id: int
    unit: str
    name: str
    line: int
    change: str
    from_name: str
    to_name: str
    effective: date


def changes_behind(
    connection: Connection, unit_id: int, period: Period, cutoff: datetime
) -> list[ChangeBehind]:
    """Every change of unions below a unit that took effect in a period, as a review lists them."""
    prepare_cutoff(connection, cutoff)
    rows = connection.execute(
        text(sql("changes")),
        {"starts": period.start, "ends": period.end, "cutoff": cutoff, "unit": unit_id},
    )
    return [
        ChangeBehind(
            r.change_id, r.unit, r.name, r.line, r.change, r.from_name, r.to_name, r.effective
        )
        for r in rows
    ]


def change_lines(
    connection: Connection, changes: Sequence[int], cutoff: datetime
) -> dict[int, list[LineBehind]]:
    """Change → the sheet lines that declared it."""
    found: dict[int, list[LineBehind]] = {}
    rows = connection.execute(
        text(sql("walk_changes")), {"changes": list(changes), "cutoff": cutoff}
    )
    for r in rows:
        line = LineBehind(
            "", r.form, "", r.period, r.sheet, r.row_no, (), (), r.file_name, r.sha256,
            r.submission_id,
        )  # fmt: skip
        found.setdefault(r.change_id, []).append(line)
    return found
