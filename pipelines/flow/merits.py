"""What is added to and taken from marks: honours, late forms, overdue audits, vetoes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from definitions import Period
from definitions.schemes import Scheme
from pipelines.assess import BonusClaim, DeductionEntry, VetoEntry
from pipelines.flow.filed_rows import Rows, day_of, row_place
from pipelines.flow.ground import CHINA
from warehouse.cutoff import prepare_expected
from warehouse.engine import sql

SELECTED = "创新项目入选"
OVERDUE, LATE = "审计整改逾期", "年报迟报"


def bonus(rows: Rows) -> Iterable[BonusClaim]:
    """Honours, and projects selected (RES-02) with the document of the honour that names them."""
    honours = rows.of("HONOR-01")
    selected = [r for r in rows.of("RES-02") if r["selected"]]
    naming: dict[int, dict[str, Any]] = {}
    for n, project in enumerate(selected):
        for row in honours:
            named = project["title"] and project["title"] in (row["honor"] or "")
            if named and row["org_code"] == project["org_code"]:
                naming[n] = row
    for row in honours:
        if not any(row is used for used in naming.values()):
            yield BonusClaim(
                unit=row["org_code"],
                kind=row["level"],
                title=row["honor"],
                document=row["doc_no"] or "",
                reference=row_place(row),
            )
    for n, project in enumerate(selected):
        document = naming[n]["doc_no"] if n in naming else None
        yield BonusClaim(
            unit=project["org_code"],
            kind=SELECTED,
            title=project["title"] or "",
            document=document or "",
            reference=row_place(project),
        )


def deductions(
    connection: Connection, scheme: Scheme, rows: Rows, period: Period, cutoff: datetime
) -> Iterable[DeductionEntry]:
    """Audits whose rectification came late or never, and yearly forms that came late."""
    if OVERDUE in scheme.deductions:
        day = min(period.end, cutoff.astimezone(CHINA).date())
        for row in rows.of("AUD-00"):
            due, done = day_of(row["rectify_due"]), day_of(row["rectify_on"])
            if due is None or due > day or (done is not None and done <= due):
                continue
            when = "至今未报" if done is None else f"{done:%Y-%m-%d} 才报"
            yield DeductionEntry(
                unit=row["org_code"],
                kind=OVERDUE,
                title=f"审计 {row['audit_id']} 的整改结果应于 {due:%Y-%m-%d} 前报送，{when}",
                reference=row_place(row),
            )
    if LATE in scheme.deductions:
        prepare_expected(connection, cutoff, period.start, period.end)
        for late in connection.execute(
            text(sql("late_yearly")), {"year": period.label, "units": list(rows.units)}
        ):
            yield DeductionEntry(
                unit=late.unit,
                kind=LATE,
                title=f"《{rows.title_of(late.form)}》{late.due_on:%Y-%m-%d} 到期，逾期收到",
                reference=f"{late.form}/{period.label}",
            )


def vetoes(connection: Connection, year: int, cutoff: datetime) -> Iterable[VetoEntry]:
    rows = connection.execute(
        text(
            """
            SELECT o.code AS unit, v.code, v.title, v.document FROM veto v
            JOIN organisation o ON o.id = v.org_id
            WHERE v.year = :year AND v.entered_at <= :cutoff
              AND (v.revoked_at IS NULL OR v.revoked_at > :cutoff)
            ORDER BY o.code, v.code
            """
        ),
        {"year": year, "cutoff": cutoff},
    )
    for row in rows:
        yield VetoEntry(unit=row.unit, code=row.code, title=row.title, document=row.document)
