"""A month of workbooks by this pipeline, by the naive way and at bare cost, on equal cores.

Every run works on a fresh copy of a database that holds the month before, in processes that have
done some workbooks already; the other ways take samples of the same files.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import bare, naive, ours
from bench.apart import (
    EVERY,
    Workers,
    data_directory,
    drop,
    installation,
    machine,
    process,
    say,
    sql,
)
from bench.ours import WARM_UP
from bench.report import Other, Results, Run
from bench.watch import MemoryWatch, processor_seconds, server_seconds
from bench.workbooks import make, path_of
from definitions.periods import Period

BEFORE, MONTH = "2017-02", "2017-03"
FOLDER_OF = {"typed": MONTH, "template": "template"}
"""Shape → the folder of its workbooks of the month."""


@dataclass(frozen=True)
class Plan:
    """What is run: months by size, single chunks (workbooks, chunk), samples for other ways.

    All but `repeat` (runs) and `cores` (processes) are numbers of workbooks.
    """

    sizes: Sequence[int]
    alone: Sequence[tuple[int, int]]
    template: int
    naive_each: int
    bare: int
    repeat: int
    cores: int


def measure(plan: Plan, kept: Path | None = None) -> Results:
    """Run the plan in an installation of its own; workbooks stay in a folder given.

    AssertionError when a run did not come to an outcome for every workbook.
    """
    results = Results(plan.cores, machine(), {})
    with installation() as scratch:
        folder = kept or scratch / "workbooks"
        _make(plan, folder)
        bench = _Bench(plan, scratch, folder, results)
        for count in plan.sizes:
            bench.month(count, "typed")
        bench.month(plan.template, "template")
        for shape, name in FOLDER_OF.items():
            bench.others(shape)
            results.files[shape] = _files(folder / name)
    return results


def _make(plan: Plan, folder: Path) -> None:
    """The workbooks of both months, and those of the month from our template."""
    warm_up = WARM_UP * plan.cores
    most = max(*plan.sizes, plan.template) + warm_up
    say(f"making {most:,} workbooks for two months, and {plan.template:,} from our template")
    before, month = Period.parse(BEFORE), Period.parse(MONTH)
    make(folder / BEFORE, most, before, plan.cores)
    make(folder / FOLDER_OF["typed"], most, month, plan.cores)
    make(folder / FOLDER_OF["template"], plan.template + warm_up, month, plan.cores, "template")


def _files(folder: Path) -> str:
    """How large the workbooks of a folder are, from its first twenty."""
    sizes, inside = [], []
    for number in range(1, 21):
        path = path_of(folder, number)
        sizes.append(path.stat().st_size / 1024)
        with zipfile.ZipFile(path) as archive:
            inside.append(sum(e.file_size for e in archive.infolist()) / 1024)
    return (
        f"ten form sheets and a cover, {statistics.mean(sizes):.0f} KB, "
        f"{statistics.mean(inside):.0f} KB unzipped"
    )


class _Bench:
    """One server, a template database per size of registry, a fresh copy of it for every run."""

    def __init__(self, plan: Plan, scratch: Path, folder: Path, results: Results) -> None:
        self.plan, self.scratch, self.folder, self.results = plan, scratch, folder, results
        self.runs = 0

    def month(self, count: int, shape: str) -> None:
        """All runs over one month of workbooks."""
        from pipelines.flow.collecting import CHUNK

        plan = self.plan
        say(f"{count:,} {shape} workbooks: registering and loading the month before")
        name = f"before_{shape}_{count}"
        self._prepare(name, count)
        repeat = plan.repeat if count <= 2000 else 1
        share = -(-count // plan.cores)
        for n in range(repeat + 1):
            watched = n == repeat
            self._run(name, count, shape, plan.cores, min(CHUNK, share), watched)
        for workbooks, chunk in plan.alone:
            if shape == "typed" and workbooks == count:
                for _ in range(plan.repeat):
                    self._run(name, count, shape, 1, chunk, False)
        if shape == "template":
            self._run(name, count, shape, 1, count, False)
        drop(name, self.scratch / name)

    def _prepare(self, name: str, count: int) -> None:
        from warehouse.server import ensure_database

        unions = count + WARM_UP * self.plan.cores
        paths = [path_of(self.folder / BEFORE, n) for n in range(1, unions + 1)]
        with process(self.scratch / name, ensure_database(name)) as there:
            there(ours.open_month, unions, [BEFORE, MONTH])
            there(ours.load_month, paths, BEFORE, 2000)
            there(ours.settle)

    def _run(
        self, name: str, count: int, shape: str, cores: int, chunk: int, watched: bool
    ) -> None:
        """One run by so many processes in chunks of so many workbooks, on a copy of a database."""
        from warehouse.server import database_url

        self.runs += 1
        fresh = f"run_{self.runs}"
        sql(f'CREATE DATABASE "{fresh}" TEMPLATE "{name}" STRATEGY file_copy')
        sql("CHECKPOINT")
        home = self.scratch / fresh
        shutil.copytree(self.scratch / name, home, ignore=shutil.ignore_patterns("originals"))
        folder = self.folder / FOLDER_OF[shape]
        paths = [path_of(folder, n) for n in range(1, count + 1 + WARM_UP * cores)]
        files, warm_up = paths[:count], paths[count:]
        started = time.time()
        with Workers(cores) as workers, ExitStack() as stack:
            workers.each(ours.enter, str(home), database_url(fresh))
            workers.first(ours.take_in, warm_up, MONTH)
            lots = workers.first(ours.chunks, WARM_UP)
            jobs = [
                pool.submit(ours.first_chunk, lot, MONTH, started)
                for pool, lot in zip(workers.pools, lots, strict=True)
            ]
            cold = max(job.result() for job in jobs)
            watch = None
            if watched:
                watch = stack.enter_context(MemoryWatch(workers.first(os.getpid), EVERY))
            server = self._server_seconds()
            began = time.perf_counter()
            receipt = workers.first(ours.take_in, files, MONTH)
            chunks = workers.first(ours.chunks, chunk)
            outcomes = workers.through(ours.work, [(c, MONTH) for c in chunks])
            wall = time.perf_counter() - began
            server = self._server_seconds() - server
        whole = ours.Outcome()
        for outcome in outcomes:
            whole.add(outcome)
        whole.costs[ours.RECEIPT] = receipt
        assert sum(whole.counts.values()) == count, whole.counts
        self.results.runs.append(
            Run(
                shape, count, cores, chunk, wall, whole.costs, server, whole.counts["returned"],
                cold, watch.seen if watch else None,
            )
        )  # fmt: skip
        say(
            f"  {count:,} {shape}, {cores} process(es), chunks of {chunk:,}: "
            f"{1000 * wall / count:.2f} ms per workbook" + (" (memory watched)" if watched else "")
        )
        drop(fresh, home)

    def others(self, shape: str) -> None:
        """The other ways over samples of the same files, in as many processes."""
        from warehouse.server import ensure_database

        plan, folder = self.plan, self.folder / FOLDER_OF[shape]
        files = [str(path_of(folder, n)) for n in range(1, plan.bare + 1)]
        for way in bare.WAYS:
            few = files[: max(plan.cores, len(files) // 5)] if "openpyxl" in way else files
            self._other(way, shape, few, plan.repeat, partial(bare.run, way))
        url = ensure_database("naive")
        sample = files[: plan.naive_each * plan.cores]
        with Workers(1) as workers:
            self.results.expectations = workers.first(naive.expectations, url, MONTH)
        run = partial(naive.run, url=url, month=MONTH)
        self._other("naive", shape, sample, 1, run)

    def _other(
        self,
        name: str,
        shape: str,
        files: list[str],
        repeat: int,
        run: Callable[[list[str]], Any],
    ) -> None:
        """One way: `run` over a lot of the files in each process, so many times."""
        cores = self.plan.cores
        walls, processors = [], []
        with Workers(cores) as workers:
            lots = [files[k::cores] for k in range(cores)]
            # One workbook first: imports and what is made once per process do not count.
            for pool, lot in zip(workers.pools, lots, strict=True):
                pool.submit(run, lot[:1]).result()
            for _ in range(repeat):
                server = self._server_seconds()
                before = sum(workers.each(processor_seconds))
                began = time.perf_counter()
                pairs = zip(workers.pools, lots, strict=True)
                for job in [pool.submit(run, lot) for pool, lot in pairs]:
                    job.result()
                walls.append(1000 * (time.perf_counter() - began) / len(files))
                spent = sum(workers.each(processor_seconds)) - before
                server = self._server_seconds() - server
                processors.append(1000 * (spent + server) / len(files))
        self.results.others.append(Other(name, shape, len(files), walls, processors))
        say(f"  {name}, {shape}: {walls[0]:.2f} ms per workbook")

    def _server_seconds(self) -> float:
        return server_seconds(data_directory(self.scratch))
