"""The board of key works: every task of this year's letters beside what was reported so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.figures import Figures
from pipelines.progress import Actual, Progress, Task, progress_of
from pipelines.publish import Publication, board
from warehouse.current import current_rows
from warehouse.engine import sql
from warehouse.measuring import measured_by_industry, own_marks
from warehouse.organisations import standing


def board_of(
    connection: Connection, definitions: Definitions, figures: Figures, computation: int
) -> Publication | None:
    """The board of a month at its cut-off; None where nobody has signed a letter."""
    month = figures.period
    progress = progress_in(connection, definitions, month, figures.cutoff, computation)
    if not progress:
        return None
    amber = _amber(definitions, month)
    return board(progress, _names(connection, figures, progress), amber, figures, definitions)


def progress_in(
    connection: Connection,
    definitions: Definitions,
    month: Period,
    cutoff: datetime,
    computation: int,
) -> list[Progress]:
    """Every task of this year's letters beside what was reported up to a month."""
    year = Period(PeriodKind.YEAR, month.year)
    letters = current_rows(connection, definitions, "TGT-01", [year.label], cutoff=cutoff)
    tasks = tasks_in(letters.to_dict("records"), definitions)
    if not tasks:
        return []
    actuals = {
        (r.unit, r.indicator): Actual(r.value, r.reported or 0, r.expected, r.line)
        for r in connection.execute(
            text(sql("board")),
            {
                "computation": computation,
                "period": month.label,
                "units": sorted({t.unit for t in tasks}),
                "by_industry": measured_by_industry(connection, cutoff),
                "own_marks": own_marks(definitions),
            },
        )
    }
    amber = _amber(definitions, month)
    return [
        progress_of(t, actuals.get((t.unit, t.indicator), Actual(None)), month, amber)
        for t in tasks
    ]


def _amber(definitions: Definitions, month: Period) -> Decimal:
    return Decimal(str(definitions.parameters["progress_amber_pct"].at(month.end)))


def tasks_in(rows: Iterable[Mapping[Any, Any]], definitions: Definitions) -> list[Task]:
    """The tasks of letters from their rows, one for all the periods a task is broken down into."""
    targets: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    heads: dict[tuple[str, str], Mapping[Any, Any]] = {}
    for row in rows:
        key = (str(row["org_code"]), str(row["task_id"]))
        targets[key][str(row["period"])] = Decimal(str(row["target"]))
        heads.setdefault(key, row)
    found = []
    for (unit, task), head in sorted(heads.items()):
        indicator = definitions.indicators.get(str(head["indicator"]))
        if indicator is None:  # a letter may hold tasks that no report measures
            continue
        found.append(
            Task(
                unit=unit,
                task=task,
                work=str(head["work"]),
                indicator=indicator.code,
                direction=str(head["direction"]),
                adds_up=indicator.is_flow,
                targets=targets[unit, task],
            )
        )
    return found


def _names(
    connection: Connection, figures: Figures, progress: Iterable[Progress]
) -> dict[str, str]:
    """Units with tasks in the order of the report, then any others."""
    known = {o.code: o.name for o in standing(connection, figures.period.end, figures.cutoff)}
    asked = {p.task.unit for p in progress}
    listed = [u.code for units in figures.children.values() for u in units]
    ordered = dict.fromkeys([c for c in listed if c in asked] + sorted(asked))
    return {code: known.get(code, code) for code in ordered}
