"""How a unit reported, month by month, from the roster and what came: what DQ is scored from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.assess.data_quality import MonthFilings
from warehouse.cutoff import prepare_expected
from warehouse.engine import sql

ON_TIME, PER_DAY, FLOOR, MISSING = "按时", "每迟一个工作日扣", "迟报最低", "缺报"


def months_of(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    units: Sequence[str],
    cutoff: datetime,
) -> list[MonthFilings]:
    """Every month of a year in which a unit owed something; over the tables of the cut-off."""
    prepare_expected(connection, cutoff, period.start, period.end)
    table = definitions.parameters["late_marks"].at(period.end)
    marks = {str(k): Decimal(str(v)) for k, v in table.items()}
    owed: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in connection.execute(text(sql("quality_months")), {"units": list(units)}):
        owed[row.unit, row.month].append(row)
    span = {"starts": period.start, "ends": period.end, "cutoff": cutoff, "units": list(units)}
    answers = {(r.unit, r.month): r for r in connection.execute(text(sql("quality_answers")), span)}
    return [
        _month(unit, month, rows, answers.get((unit, month)), marks, period)
        for (unit, month), rows in sorted(owed.items())
    ]


def timeliness(received: bool, workdays_late: int | None, marks: Mapping[str, Decimal]) -> Decimal:
    """The mark of one form: full in time, less for each working day, none after the lock."""
    if not received:
        return marks[MISSING]
    return max(marks[ON_TIME] - marks[PER_DAY] * (workdays_late or 0), marks[FLOOR])


def _month(
    unit: str,
    month: int,
    rows: Iterable[Any],
    answered: Any,
    marks: Mapping[str, Decimal],
    period: Period,
) -> MonthFilings:
    listed = list(rows)
    return MonthFilings(
        unit=unit,
        month=month,
        timeliness=tuple(timeliness(r.received, r.workdays_late, marks) for r in listed),
        received=sum(bool(r.received) for r in listed),
        first_pass=sum(bool(r.first_pass) for r in listed),
        warnings=answered.warnings if answered is not None else 0,
        explained=answered.explained if answered is not None else 0,
        corrections=answered.corrections if answered is not None else 0,
        reference="；".join(f"{r.form}/{r.period}" for r in listed),
    )
