"""The board of key works: signed tasks beside what was reported, as far as the reader sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.measures import Indicator
from pipelines.figures import display
from pipelines.flow.boards import tasks_in
from pipelines.progress import Actual, Light, Progress, progress_of
from pipelines.small_cells import sensitive
from portal.reading.staff import Head
from warehouse.current import current_rows
from warehouse.engine import sql
from warehouse.measuring import measured_by_industry, own_marks

TONES = {
    Light.RED: "bad",
    Light.AMBER: "warn",
    Light.GREEN: "good",
    Light.UNREPORTED: "bad",
    Light.UNDER_WAY: "info",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One unit's task: target, plan to date, done, shares, light and forecast, as printed.

    What was done is `withheld` of few people, as the printed board does: the light says enough.
    """

    unit: str
    indicator: Indicator
    progress: Progress
    annual: str
    planned: str
    actual: str
    forecast: str
    tone: str
    address: str
    withheld: bool


@dataclass(frozen=True, slots=True)
class Work:
    """One of the key works: its rows and how many show which light."""

    code: str
    name: str
    rows: tuple[Row, ...]
    lights: Mapping[str, int]


def board(reading: Connection, known: Definitions, head: Head) -> tuple[list[Work], Decimal]:
    """Every key work with its tasks at the cut-off of a month, and the share from which on amber.

    A work without tasks is there too, with no rows.
    """
    month = Period.parse(head.period)
    letters = current_rows(reading, known, "TGT-01", [str(month.year)], cutoff=head.cutoff)
    tasks = tasks_in(letters.to_dict("records"), known)
    rows = reading.execute(
        text(sql("board")),
        {
            "computation": head.computation,
            "period": head.period,
            "units": sorted({t.unit for t in tasks}),
            "by_industry": (industry := measured_by_industry(reading, head.cutoff)),
            "own_marks": own_marks(known),
        },
    )
    actuals = {(r.unit, r.indicator): Actual(r.value, r.reported or 0, r.expected) for r in rows}
    amber = Decimal(str(known.parameters["progress_amber_pct"].at(month.end)))
    heads_industry = _codes(reading, industry)
    few = frozenset(sensitive(known, month.end).codes)
    found: dict[str, list[Row]] = {}
    for task in tasks:
        actual = actuals.get((task.unit, task.indicator), Actual(None))
        progress = progress_of(task, actual, month, amber)
        line = "条" if task.unit in heads_industry else "块"
        found.setdefault(task.work, []).append(_row(known, progress, head, line, few))
    works = [
        Work(code, name, tuple(found.get(code, ())), _lights(found.get(code, ())))
        for code, name in known.works.items()
    ]
    return works, amber


def _row(known: Definitions, progress: Progress, head: Head, line: str, few: frozenset[str]) -> Row:
    task = progress.task
    indicator = known.indicators[task.indicator]
    ahead = progress.forecast
    return Row(
        unit=task.unit,
        indicator=indicator,
        progress=progress,
        annual=display(progress.annual, indicator),
        planned=display(progress.planned, indicator),
        actual=display(progress.actual.value, indicator),
        forecast=display(ahead.value if ahead else None, indicator),
        tone=TONES[progress.light],
        address=f"{line}/{task.unit}/{head.period}/{indicator.code}",
        withheld=indicator.code in few,
    )


def _lights(rows: Sequence[Row]) -> dict[str, int]:
    return dict(Counter(str(r.progress.light) for r in rows))


def _codes(reading: Connection, ids: Sequence[int]) -> frozenset[str]:
    rows = reading.execute(
        text("SELECT code FROM organisation WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return frozenset(rows.scalars())
