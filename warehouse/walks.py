"""What a walk from a printed number asks of the warehouse besides cells: filings and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from definitions import Period
from warehouse.cutoff import prepare_cutoff, prepare_expected
from warehouse.engine import sql


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
    connection: Connection, unit_id: int, period: Period, cutoff: datetime
) -> list[FilingBehind]:
    """Every filing owed by the unions below a unit in a period, as heard of at the cut-off."""
    prepare_cutoff(connection, cutoff)
    prepare_expected(connection, cutoff, period.start, period.end)
    rows = connection.execute(
        text(sql("lineage_filings")),
        {"unit": unit_id, "starts": period.start, "ends": period.end, "cutoff": cutoff},
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
