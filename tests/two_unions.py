"""A city, an industry union and two mills: rows checked, rows handed in, figures computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Period
from definitions.organisations import Organisation
from pipelines.load import filing_of
from pipelines.workbook import FormSheet
from tests.checking import Accepted, check, definitions, sheet, workbook
from warehouse import receipts
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.organisations import ids, register
from warehouse.rollup import compute
from warehouse.submissions import NewSubmission, load

LATER = date(2099, 1, 1)
OPENED = datetime(2018, 12, 1, tzinfo=UTC)
CUTOFF = datetime(2030, 1, 1, tzinfo=UTC)
CITY, TRADE, MILL, MINE = "T", "I", "A001", "A002"


def broken(
    form: str, *rows: Mapping[str, Any], period: str, tables: dict[Any, Any] | None = None
) -> list[tuple[str, str]]:
    """Rule and sentence of every finding, apart from blanks that the case says nothing about."""
    filled = [{"org_code": "A001", **row} for row in rows]
    (found,) = check(
        workbook(sheet(form, *filled, period=period), period=period),
        accepted=Accepted(tables),
        received=LATER,
    )
    return [(f.rule, f.message) for f in found if f.rule != "V-C-015"]


def organisation(code: str, level: str, kind: str, *parents: tuple[str, str]) -> Organisation:
    return Organisation.model_validate(
        {
            "code": code,
            "name": f"{code}工会",
            "type": kind,
            "level": level,
            "region": "640200",
            "found": "2010-01-01",
            "parents": [{"line": ln, "parent": p, "since": "2010-01-01"} for ln, p in parents],
        }
    )


FEDERATION = [
    organisation(CITY, "市级", "市总工会"),
    organisation(TRADE, "市级", "产业工会", ("块", CITY)),
    organisation(MILL, "基层", "基层工会委员会", ("块", CITY), ("条", TRADE)),
    organisation(MINE, "基层", "基层工会委员会", ("块", CITY)),
]


@contextmanager
def federation() -> Iterator[Connection]:
    """The federation registered in one transaction that is rolled back at the end."""
    with warehouse().begin() as opened:
        register_definitions(opened, definitions(), OPENED)
        register(opened, FEDERATION, OPENED)
        for year in range(2018, 2022):
            ensure_partitions(opened, year)
        yield opened
        opened.rollback()


RECEIVED = datetime(2020, 6, 1, tzinfo=UTC)


def workbook_hash(page: FormSheet, name: str) -> str:
    """The hash that a workbook with the sheet is known by; no test but one reads it again."""
    return name


def file(
    connection: Connection,
    form: str,
    period: str,
    *rows: Mapping[str, Any],
    by: str = MILL,
    received: datetime = RECEIVED,
) -> None:
    """Hand in and accept one sheet; sent again later it is a correction."""
    known = ids(connection)
    page = sheet(form, *({"org_code": by, **row} for row in rows), period=period)
    page.period = period
    name = f"{form}{period}{by}" + ("" if received == RECEIVED else received.isoformat())
    receipt = receipts.record(
        connection,
        sha256=workbook_hash(page, name),
        size=1,
        file_name="表.xlsx",
        channel="test",
        source=name,
        sender=by,
        received_at=received,
    )
    assert receipt is not None
    load(
        connection,
        [
            NewSubmission(
                receipt_id=receipt.id,
                member="",
                sha256=receipt.sha256,
                format="xlsx",
                reporter_id=known[by],
                period=period,
                state="accepted",
                cover={},
                definitions=definitions().digest,
                received_at=received,
                filings=[filing_of(page, definitions(), by, known, b"k" * 64)],
            )
        ],
        received,
    )


def figures(
    connection: Connection, period: str, *indicators: str, unit: str = CITY, line: int = 1
) -> list[float | None]:
    """Figures of a unit as computed for a period, rounded to what is published."""
    number = compute(connection, definitions(), Period.parse(period), CUTOFF, CUTOFF)
    unit_id = ids(connection)[unit]
    found = {
        r.indicator: r.value
        for r in connection.execute(
            text(
                "SELECT indicator, value FROM indicator_value WHERE computation_id = :c "
                "AND org_id = :o AND line = :l AND period = :p AND basis = 'reported'"
            ),
            {"c": number, "o": unit_id, "l": line, "p": period},
        )
    }
    return [
        None
        if (value := found.get(code)) is None
        else float(round(Decimal(value), definitions().indicators[code].decimals))
        for code in indicators
    ]
