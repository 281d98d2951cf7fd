"""`python -m bench`: make a month of workbooks, measure every way over it, print one table."""

from __future__ import annotations

import argparse
import os
import platform
import queue
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import bare, books, catalogue, closing, families, naive, ours, review, scoring
from bench.report import (
    CatalogueRun,
    Other,
    Results,
    Run,
    catalogue_table,
    closing_table,
    markdown,
)
from bench.watch import MemoryWatch, processor_seconds, server_seconds
from bench.workbooks import make, path_of
from definitions.periods import Period

BEFORE, MONTH = "2017-02", "2017-03"
WARM_UP = 20
"""Workbooks that each worker handles before it is measured."""


def main() -> None:
    """Parse the arguments, measure, print; write the page only when asked."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also 10,000 workbooks")
    parser.add_argument("--quick", action="store_true", help="a few workbooks once, to see it work")
    parser.add_argument("--cores", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the median counts")
    parser.add_argument("--workbooks", type=Path, help="folder to keep generated workbooks in")
    parser.add_argument("--write", action="store_true", help="write docs/speed.md")
    parser.add_argument("--on", help="the date to state in the page; required with --write")
    parser.add_argument(
        "--catalogue", type=int, nargs="*", metavar="UNIONS",
        help="every form of a month, with its close, for so many unions (100 500)",
    )  # fmt: skip
    parser.add_argument(
        "--scoring", type=int, nargs="?", const=10_000, metavar="UNITS",
        help="scoring so many units (10000) with explanations, beside plain arrays",
    )  # fmt: skip
    parser.add_argument(
        "--close", type=int, nargs="*", metavar="UNIONS",
        help="closing a month of the whole catalogue for so many unions (1000 2500 10000)",
    )  # fmt: skip
    parser.add_argument(
        "--portal", action="store_true",
        help="pages over 120,000 submissions, fifty people at once, from upload to verdict",
    )  # fmt: skip
    parser.add_argument(
        "--books", type=int, nargs="*", metavar="ROWS",
        help="the consolidated workbook beside plain XlsxWriter (1000 10000)",
    )  # fmt: skip
    parser.add_argument(
        "--families", action="store_true",
        help="every family of reports over a federation of 500 unions",
    )  # fmt: skip
    parser.add_argument("--keep", type=Path, help="folder to keep what --families makes")
    parser.add_argument(
        "--review", type=int, nargs="*", metavar="UNIONS",
        help="the year-end review as a multiple of bare SQL totals (100 300 1000)",
    )  # fmt: skip
    parser.add_argument(
        "--months", type=int, default=12, help="how many months of the year --review fills"
    )
    given = parser.parse_args()
    if given.portal:
        from bench import portal  # the web's libraries; nothing else here needs them

        print(f"{machine()}\n\n{portal.table(portal.measure())}")
        return
    if given.scoring is not None:
        print(scoring.table(scoring.measure(given.scoring)))
        return
    if given.catalogue is not None:
        print(whole_catalogue(given.catalogue or [100, 500], given.workbooks))
        return
    if given.books is not None:
        print(books.table(books.measure(given.books or [1000, 10_000])))
        return
    if given.close is not None:
        print(closes(given.close or [1000, 2500, 10_000], given.workbooks))
        return
    if given.families:
        print(all_families(given.workbooks, given.keep))
        return
    if given.review is not None:
        print(reviews(given.review or [100, 300, 1000], given.months, given.workbooks))
        return
    if given.write and not given.on:
        parser.error("--write needs --on YYYY-MM-DD")
    sizes = [100, 1000, 2000] + ([10_000] if given.full else [])
    plan = Plan(sizes, [(2000, 2000)], 1000, 12, 300, given.repeat, given.cores)
    if given.quick:
        plan = Plan([40], [(40, 40)], 40, 1, 20, 1, given.cores)
    scratch = Path(tempfile.mkdtemp(prefix="union-reports-bench-"))
    try:
        results = measure(plan, scratch, given.workbooks or scratch / "workbooks")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    table = markdown(results)
    print(f"\n{results.machine}\n")
    for shape, told in results.files.items():
        print(f"{shape}: {told}")
    print(f"\n{table}\n")
    if given.write:
        write_page(results, table, given.on)


def whole_catalogue(sizes: Sequence[int], kept: Path | None) -> str:
    """A month of every form for so many unions, in one process: stages, close, memory."""
    with _installation() as scratch:
        folder = kept or scratch / "workbooks"
        runs = [_catalogue_run(unions, scratch, folder) for unions in sizes]
    return f"{machine()}\n\n{catalogue_table(runs, catalogue.expectations())}"


def _catalogue_run(unions: int, scratch: Path, folder: Path) -> CatalogueRun:
    from warehouse.server import ensure_database

    say(f"{unions:,} unions, every form of {catalogue.MONTH}: making the workbooks")
    everyone = unions + WARM_UP
    paths = catalogue.make(folder / f"catalogue-{unions}", everyone)
    url = ensure_database(f"catalogue_{unions}")
    with _Workers(1) as workers:
        (pool,) = workers.pools
        workers.each(ours.enter, str(scratch / f"catalogue-{unions}"), url)
        workers.each(ours.open_month, everyone, [catalogue.MONTH])
        workers.each(ours.load_month, paths[:WARM_UP], catalogue.MONTH, WARM_UP)
        workers.each(ours.take_in, paths[WARM_UP:], catalogue.MONTH)
        (chunks,) = workers.each(ours.chunks, 500)
        with MemoryWatch(pool.submit(os.getpid).result(), every=0.2) as watch:
            whole = ours.Outcome()
            for chunk in chunks:
                (outcome,) = workers.each(ours.work, chunk, catalogue.MONTH)
                whole.add(outcome)
            workers.each(ours.settle)
            ((closing, coverage),) = workers.each(ours.close, catalogue.MONTH)
    say(f"  {dict(whole.counts)}, {coverage}, closed in {closing.wall:.1f} s")
    return CatalogueRun(unions, whole.costs, whole.counts, closing, watch.seen)


def closes(sizes: Sequence[int], kept: Path | None) -> str:
    """A close for each size of federation, each in a fresh process on a database of its own."""
    with _installation() as scratch:
        folder = kept or scratch / "workbooks"
        folder.mkdir(parents=True, exist_ok=True)
        runs = [_closing_run(unions, scratch, folder) for unions in sizes]
    return f"{machine()}\n\n{closing_table(runs)}"


def _closing_run(unions: int, scratch: Path, folder: Path) -> closing.ClosingRun:
    from warehouse.server import ensure_database

    say(f"{unions:,} unions: what {closing.BLOCK} of them file")
    name, data = f"close_{unions}", str(scratch / "server" / "pg")
    url, home = ensure_database(name), str(scratch / name)
    with _Workers(1) as workers:
        workers.each(ours.enter, home, url)
        (paths,) = workers.each(closing.block, folder)
        workers.each(closing.open_for, unions, [*closing.EARLIER, closing.MONTH])
        workers.each(closing.load_earlier, folder)
        workers.each(ours.take_in, paths, closing.MONTH, "示范省总工会")
        (chunks,) = workers.each(ours.chunks, 500)
        counts = [workers.each(ours.work, chunk, closing.MONTH)[0].counts for chunk in chunks]
        say(f"  {counts}; copying them")
        (filed,) = workers.each(closing.further, unions)
    say(f"  {filed}; closing")
    with _Workers(1) as workers:
        workers.each(ours.enter, home, url)
        (pid,) = workers.each(closing.warm)
        server = server_seconds(data)
        with MemoryWatch(pid, every=0.2, data_directory=data) as watch:
            run: closing.ClosingRun = workers.each(closing.close)[0]
        server = server_seconds(data) - server
    say(f"  closed in {run.wall:.1f} s")
    _sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(home, ignore_errors=True)
    return replace(run, unions=unions, filed=filed, server=server, memory=watch.seen)


def all_families(kept: Path | None, laid: Path | None) -> str:
    """Every family of reports in an installation of its own; its files stay in a folder given."""
    from warehouse.server import ensure_database

    with _installation() as scratch:
        home = laid or scratch / "families"
        with _Workers(1) as workers:
            workers.each(ours.enter, str(home), ensure_database("families"))
            (found,) = workers.each(families.run, kept or scratch / "workbooks")
    return f"{machine()}\n\n{families.table(found)}"


def reviews(sizes: Sequence[int], months: int, kept: Path | None) -> str:
    """A review for each size of federation, each in a fresh process on a database of its own."""
    from bench.synthetic import BEFORE, MONTHS

    chosen = (BEFORE, *MONTHS[-months:])
    with _installation() as scratch:
        folder = kept or scratch / "workbooks"
        runs = [_review_run(unions, chosen, scratch, folder) for unions in sizes]
    return f"{machine()}\n{months} months and {BEFORE}\n\n{review.table(runs)}"


def _review_run(
    unions: int, months: Sequence[str], scratch: Path, folder: Path
) -> review.ReviewRun:
    from warehouse.server import ensure_database

    say(f"{unions:,} unions: filling {len(months)} months")
    name, data = f"review_{unions}", str(scratch / "server" / "pg")
    url, home = ensure_database(name), str(scratch / name)
    with _Workers(1) as workers:
        workers.each(ours.enter, home, url)
        (filed,) = workers.each(review.fill, folder, unions, months)
    with _Workers(1) as workers:
        workers.each(ours.enter, home, url)
        (pid,) = workers.each(review.warm)
        ((seconds, totals),) = workers.each(review.bare)
        server = server_seconds(data)
        with MemoryWatch(pid, every=0.2, data_directory=data) as watch:
            run: review.ReviewRun = workers.each(review.review, unions, filed)[0]
        server = server_seconds(data) - server
    say(f"  {filed}; totals in {seconds:.2f} s, review in {run.whole:.1f} s")
    _sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(home, ignore_errors=True)
    return replace(run, bare=seconds, totals=totals, server=server, memory=watch.seen)


@contextmanager
def _installation() -> Iterator[Path]:
    """A scratch folder with an embedded server of its own, fsync on as in production."""
    from warehouse import server

    scratch = Path(tempfile.mkdtemp(prefix="union-reports-bench-"))
    for variable in (server.URL_VARIABLE, server.OPTIONS_VARIABLE):
        os.environ.pop(variable, None)
    os.environ[server.HOME_VARIABLE] = str(scratch / "server")
    server.start()
    try:
        yield scratch
    finally:
        os.environ[server.HOME_VARIABLE] = str(scratch / "server")
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


@dataclass(frozen=True)
class Plan:
    """What is run: months by size, single chunks (workbooks, chunk), samples for other ways."""

    sizes: Sequence[int]
    alone: Sequence[tuple[int, int]]
    template: int
    naive_each: int
    bare: int
    repeat: int
    cores: int


def measure(plan: Plan, scratch: Path, folder: Path) -> Results:
    """Run the plan on an embedded server of its own, with fsync on as in production."""
    from warehouse import server

    most = max(*plan.sizes, plan.template) + WARM_UP * plan.cores
    say(f"making {most:,} workbooks for two months, and {plan.template:,} from our template")
    make(folder / BEFORE, most, Period.parse(BEFORE), plan.cores)
    make(folder / MONTH, most, Period.parse(MONTH), plan.cores)
    make(folder / "template", plan.template + WARM_UP * plan.cores, Period.parse(MONTH),
         plan.cores, "template")  # fmt: skip
    results = Results(plan.cores, machine(), {})
    for variable in (server.URL_VARIABLE, server.OPTIONS_VARIABLE):
        os.environ.pop(variable, None)
    os.environ[server.HOME_VARIABLE] = str(scratch / "server")
    server.start()
    try:
        bench = _Bench(plan, scratch, folder, results)
        for count in plan.sizes:
            bench.month(count, MONTH, "typed")
        bench.month(plan.template, "template", "template")
        bench.others("typed", MONTH)
        bench.others("template", "template")
        results.files = {
            s: _files(folder, f) for s, f in (("typed", MONTH), ("template", "template"))
        }
    finally:
        os.environ[server.HOME_VARIABLE] = str(scratch / "server")
        server.stop()
    return results


def say(text: str) -> None:
    """Progress, with the load of the machine: a busy one measures nothing."""
    print(f"[{os.getloadavg()[0]:4.1f}] {text}", flush=True)


def machine() -> str:
    """The machine in one line."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, "
        "embedded PostgreSQL 18 with fsync on"
    )


def _files(folder: Path, month: str) -> str:
    import zipfile

    sizes, inside = [], []
    for number in range(1, 21):
        path = path_of(folder / month, number)
        sizes.append(path.stat().st_size / 1024)
        with zipfile.ZipFile(path) as archive:
            inside.append(sum(e.file_size for e in archive.infolist()) / 1024)
    return (
        f"ten form sheets and a cover, {statistics.mean(sizes):.0f} KB, "
        f"{statistics.mean(inside):.0f} KB unzipped"
    )


class _Workers:
    """Some processes, started afresh, that work through a queue; each runs one thing at a time."""

    def __init__(self, count: int) -> None:
        context = get_context("spawn")
        self.pools = [ProcessPoolExecutor(1, mp_context=context) for _ in range(count)]

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self.pools:
            pool.shutdown()

    def each(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """The same in every process at the same time."""
        return [j.result() for j in [p.submit(function, *arguments) for p in self.pools]]

    def through(self, function: Callable[..., Any], work: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Every piece of work once, taken by whichever process is free; outcomes in any order."""
        todo: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        for piece in work:
            todo.put(piece)
        found: list[Any] = []
        errors: list[BaseException] = []

        def drive(pool: ProcessPoolExecutor) -> None:
            while not errors:
                try:
                    piece = todo.get_nowait()
                except queue.Empty:
                    return
                try:
                    found.append(pool.submit(function, *piece).result())
                except BaseException as error:  # noqa: BLE001 - raised below, in the main thread
                    errors.append(error)

        threads = [threading.Thread(target=drive, args=(pool,)) for pool in self.pools]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return found


class _Bench:
    """One server, a template database per size of registry, a fresh copy of it for every run."""

    def __init__(self, plan: Plan, scratch: Path, folder: Path, results: Results) -> None:
        self.plan, self.scratch, self.folder, self.results = plan, scratch, folder, results
        self.runs = 0

    def month(self, count: int, month: str, shape: str) -> None:
        """All runs over one month of workbooks."""
        plan = self.plan
        from pipelines.flow.collecting import CHUNK

        say(f"{count:,} {shape} workbooks: registering and loading the month before")
        name = f"before_{shape}_{count}"
        self._prepare(name, count)
        repeat = plan.repeat if count <= 2000 else 1
        share = -(-count // plan.cores)
        for n in range(repeat + 1):
            watched = n == repeat
            self._run(name, count, month, shape, plan.cores, min(CHUNK, share), watched)
        for workbooks, chunk in plan.alone:
            if shape == "typed" and workbooks == count:
                for _ in range(plan.repeat):
                    self._run(name, count, month, shape, 1, chunk, False)
        if shape == "template":
            self._run(name, count, month, shape, 1, count, False)
        self._drop(name)

    def _prepare(self, name: str, count: int) -> None:
        from warehouse.server import ensure_database

        home, url = self.scratch / name, ensure_database(name)
        unions = count + WARM_UP * self.plan.cores
        paths = [path_of(self.folder / BEFORE, n) for n in range(1, unions + 1)]
        with _Workers(1) as workers:
            workers.each(ours.enter, str(home), url)
            workers.each(ours.open_month, unions, [BEFORE, MONTH])
            workers.each(ours.load_month, paths, BEFORE, 2000)
            workers.each(ours.settle)

    def _run(
        self, name: str, count: int, month: str, shape: str, cores: int, chunk: int, watched: bool
    ) -> None:
        from warehouse.server import database_url

        self.runs += 1
        fresh = f"run_{self.runs}"
        self._sql(f'CREATE DATABASE "{fresh}" TEMPLATE "{name}" STRATEGY file_copy')
        self._sql("CHECKPOINT")
        home = self.scratch / fresh
        shutil.copytree(self.scratch / name, home, ignore=shutil.ignore_patterns("originals"))
        paths = [path_of(self.folder / month, n) for n in range(1, count + 1 + WARM_UP * cores)]
        files, warm_up = paths[:count], paths[count:]
        started = time.time()
        with _Workers(cores) as workers, ExitStack() as stack:
            workers.each(ours.enter, str(home), database_url(fresh))
            workers.pools[0].submit(ours.take_in, warm_up, MONTH).result()
            lots = workers.pools[0].submit(ours.chunks, WARM_UP).result()
            jobs = [
                pool.submit(ours.first_chunk, lot, MONTH, started)
                for pool, lot in zip(workers.pools, lots, strict=True)
            ]
            cold = max(job.result() for job in jobs)
            watch = None
            if watched:
                pid = workers.pools[0].submit(os.getpid).result()
                watch = stack.enter_context(MemoryWatch(pid, every=0.2))
            server = self._server_seconds()
            began = time.perf_counter()
            receipt = workers.pools[0].submit(ours.take_in, files, MONTH).result()
            chunks = workers.pools[0].submit(ours.chunks, chunk).result()
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
                shape,
                count,
                cores,
                chunk,
                wall,
                whole.costs,
                server,
                whole.counts["returned"],
                cold,
                watch.seen if watch else None,
            )  # fmt: skip
        )
        say(
            f"  {count:,} {shape}, {cores} process(es), chunks of {chunk:,}: "
            f"{1000 * wall / count:.2f} ms per workbook" + (" (memory watched)" if watched else "")
        )
        self._sql(f'DROP DATABASE "{fresh}" WITH (FORCE)')
        shutil.rmtree(home, ignore_errors=True)

    def others(self, shape: str, month: str) -> None:
        """The other ways over samples of the same files, in as many processes."""
        from warehouse.server import ensure_database

        plan = self.plan
        files = [str(path_of(self.folder / month, n)) for n in range(1, plan.bare + 1)]
        for way in bare.WAYS:
            few = files[: max(plan.cores, len(files) // 5)] if "openpyxl" in way else files
            self._other(way, shape, few, bare.run, partial(_with, way))
        url = ensure_database("naive")
        sample = files[: plan.naive_each * plan.cores]
        with _Workers(1) as workers:
            (self.results.expectations,) = workers.each(naive.expectations, url, MONTH)
        self._other("naive", shape, sample, naive.run, lambda lot: (lot, url, MONTH))

    def _other(
        self,
        name: str,
        shape: str,
        files: list[str],
        function: Callable[..., Any],
        arguments: Callable[[list[str]], tuple[Any, ...]],
    ) -> None:
        cores = self.plan.cores
        walls, processors = [], []
        with _Workers(cores) as workers:
            lots = [files[k::cores] for k in range(cores)]
            # One workbook first: imports and what is made once per process do not count.
            for pool, lot in zip(workers.pools, lots, strict=True):
                pool.submit(function, *arguments(lot[:1])).result()
            for _ in range(self.plan.repeat if name != "naive" else 1):
                server = self._server_seconds()
                before = sum(workers.each(processor_seconds))
                began = time.perf_counter()
                for job in [
                    p.submit(function, *arguments(lot))
                    for p, lot in zip(workers.pools, lots, strict=True)
                ]:
                    job.result()
                walls.append(1000 * (time.perf_counter() - began) / len(files))
                spent = sum(workers.each(processor_seconds)) - before
                server = self._server_seconds() - server
                processors.append(1000 * (spent + server) / len(files))
        self.results.others.append(Other(name, shape, len(files), walls, processors))
        say(f"  {name}, {shape}: {walls[0]:.2f} ms per workbook")

    def _server_seconds(self) -> float:
        return server_seconds(str(self.scratch / "server" / "pg"))

    def _drop(self, name: str) -> None:
        self._sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        shutil.rmtree(self.scratch / name, ignore_errors=True)

    def _sql(self, statement: str) -> None:
        _sql(statement)


def _sql(statement: str) -> None:
    import psycopg

    from warehouse.server import database_url

    url = database_url("postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _with(way: str, lot: list[str]) -> tuple[str, list[str]]:
    return way, lot


def write_page(results: Results, table: str, day: str) -> None:
    """docs/speed.md: how it was measured above, the numbers below."""
    page = Path(__file__).resolve().parent.parent / "docs" / "speed.md"
    mark = "<!-- numbers -->"
    text = page.read_text(encoding="utf-8") if page.exists() else f"# Speed\n\n{mark}\n"
    above = text.partition(mark)[0]
    files = "\n".join(f"- {shape}: {told}" for shape, told in results.files.items())
    page.write_text(
        f"{above}{mark}\n\nMeasured on {day}. {results.machine}.\n\n{files}\n"
        f"- naive: {results.expectations} expectations a workbook\n\n{table}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
