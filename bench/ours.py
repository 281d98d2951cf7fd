"""This pipeline as it runs in production, watched from outside: no step is replaced or skipped."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from bench.organisations import organisations
from bench.watch import Cost, Stopwatch
from definitions.organisations import Organisation
from definitions.periods import Period

OPENED = "2017-01-05T09:00"
MOMENTS = {
    "2017-02": "2017-03-03T09:00",
    "2017-03": "2017-04-03T09:00",
    "2019-03": "2019-04-03T09:00",
}
CLOSED = {"2019-03": "2019-04-25T09:00"}
WARM_UP = 20
"""Workbooks that each process handles before it is measured."""
RECEIPT, READ, VALIDATE, MARK, LOAD, REST = (
    "receipt and original",
    "scan and read",
    "validate",
    "marked workbooks for what comes back",
    "load values and findings",
    "fetch, registry, verdict",
)
STAGES = (RECEIPT, READ, VALIDATE, REST, LOAD, MARK)
STAGE_OF = {
    "process": REST,
    "read_mended": READ,
    "validate": VALIDATE,
    "_return": MARK,
    "submission_of": LOAD,
    "_load_together": LOAD,
}


@dataclass
class Outcome:
    """What some chunks came to, and their costs by stage."""

    counts: Counter[str] = field(default_factory=Counter)
    costs: dict[str, Cost] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        self.counts.update(other.counts)
        for stage, cost in other.costs.items():
            self.costs[stage] = self.costs.get(stage, Cost()) + cost


def open_month(unions: int, months: Sequence[str]) -> None:
    """The invented unions below a county, registered for some months; not measured."""
    open_for(organisations(unions), months, sorted({Period.parse(m).year for m in months}))


def open_for(
    registered: Sequence[Organisation], months: Sequence[str], years: Iterable[int]
) -> None:
    """Register a federation, make room for some years and freeze who must report in some months."""
    from pipelines.flow.ground import definitions, engine, moment, register
    from warehouse.engine import ensure_partitions
    from warehouse.organisations import open_periods
    from warehouse.organisations import register as register_all

    when = moment(OPENED)
    register(definitions(), when)
    with engine().begin() as connection:
        register_all(connection, registered, when)
        for year in years:
            ensure_partitions(connection, year)
        for month in months:
            open_periods(connection, definitions(), Period.parse(month), when)


def close(month: str) -> tuple[Cost, dict[str, int]]:
    """Close a month: checks over all that came, roll up, publish; cost and coverage."""
    from pipelines.flow.closing import close_period

    watch = Stopwatch()
    with watch.stage(REST):
        told = close_period(month, CLOSED[month])
    return watch.costs[REST], {k: v for k, v in told.items() if isinstance(v, int)}


def settle() -> None:
    """Let the server finish what the preparation left: statistics, and pages to be written."""
    from sqlalchemy import text

    from pipelines.flow.ground import engine

    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def take_in(paths: Sequence[Path], month: str, sender: str = "银川市西夏区总工会") -> Cost:
    """Receipts and originals for the files; the cost of it."""
    from pipelines.flow.collecting import hand_in

    watch = Stopwatch()
    with watch.stage(RECEIPT):
        hand_in([str(p) for p in paths], sender, MOMENTS[month])
    return watch.costs[RECEIPT]


def chunks(size: int) -> list[list[int]]:
    """Receipts that wait, in chunks."""
    from pipelines.flow.collecting import waiting_chunks

    return waiting_chunks(size)


def work(ids: list[int], month: str) -> Outcome:
    """One chunk from originals to loaded values and findings, with costs by stage."""
    from pipelines.flow import collecting

    watch = Stopwatch()
    with ExitStack() as stack:
        stack.enter_context(watch.watching(collecting, STAGE_OF))
        counts = collecting.process(ids, MOMENTS[month])
    return Outcome(Counter(counts), watch.costs)


def load_month(paths: Sequence[Path], month: str, size: int) -> None:
    """A whole month before the one that is measured, so that there is a past to compare with."""
    take_in(paths, month)
    for chunk in chunks(size):
        work(chunk, month)


def warm(step: str) -> int:
    """A module of `pipelines.flow` imported, the definitions loaded: no start is measured.

    Gives the id of this process.
    """
    from pipelines.flow.ground import definitions, engine

    import_module(f"pipelines.flow.{step}")
    with engine().connect():
        definitions()
    return os.getpid()


def first_chunk(ids: list[int], month: str, started: float) -> float:
    """Seconds since `started` (time.time) after which a fresh process has done its first chunk."""
    work(ids, month)
    return time.time() - started


def enter(home: str, url: str) -> None:
    """Let this process work in an installation of its own on a database of its own."""
    from warehouse.server import HOME_VARIABLE, URL_VARIABLE

    os.environ[HOME_VARIABLE] = home
    os.environ[URL_VARIABLE] = url
    # Reading in sandboxed children must not compete for more cores than the measurement has.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
