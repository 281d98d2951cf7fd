"""An installation, databases and processes of its own for a measurement, and what they spend."""

from __future__ import annotations

import os
import platform
import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import ours
from bench.watch import Memory, MemoryWatch, server_seconds

EVERY = 0.2
"""Seconds between two looks at the memory."""


def say(text: str) -> None:
    """Progress, with the load of the machine: a busy one measures nothing."""
    print(f"[{os.getloadavg()[0]:4.1f}] {text}", flush=True)


def machine() -> str:
    """The machine in one line; memory in GB."""
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


# --- the server and its databases ---


@contextmanager
def installation() -> Iterator[Path]:
    """A scratch folder with an embedded server of its own, fsync on as in production.

    Both are gone afterwards, whatever happened; so is any other server from the environment.
    """
    from warehouse import server

    scratch = Path(tempfile.mkdtemp(prefix="union-reports-bench-"))
    for variable in (server.URL_VARIABLE, server.OPTIONS_VARIABLE):
        os.environ.pop(variable, None)
    os.environ[server.HOME_VARIABLE] = str(scratch / "server")
    try:
        server.start()
        yield scratch
    finally:
        os.environ[server.HOME_VARIABLE] = str(scratch / "server")
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


def data_directory(scratch: Path) -> str:
    """Where the server of an installation keeps its data: what its processes are known by."""
    return str(scratch / "server" / "pg")


def sql(statement: str) -> None:
    """One statement on the server of this installation, outside a transaction."""
    import psycopg

    from warehouse.server import database_url

    url = database_url("postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def drop(name: str, home: Path) -> None:
    """Take away a database, whoever is still connected, and the folder that goes with it."""
    sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(home, ignore_errors=True)


@contextmanager
def database(name: str, scratch: Path) -> Iterator[tuple[Path, str]]:
    """A new database: the folder that goes with it and its address; both are gone afterwards."""
    from warehouse.server import ensure_database

    url, home = ensure_database(name), scratch / name
    try:
        yield home, url
    finally:
        drop(name, home)


# --- processes ---


@contextmanager
def process(home: Path, url: str) -> Iterator[Callable[..., Any]]:
    """A fresh process in a folder and a database of its own; call what is given to run there.

    As `there(function, *arguments)`: the function must be importable; what it raises is raised.
    """
    with Workers(1) as workers:
        workers.first(ours.enter, str(home), url)
        yield workers.first


class Workers:
    """Some processes, started afresh, that work through a queue; each runs one thing at a time."""

    def __init__(self, count: int) -> None:
        context = get_context("spawn")
        self.pools = [ProcessPoolExecutor(1, mp_context=context) for _ in range(count)]

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self.pools:
            pool.shutdown()

    def each(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """The same in every process at the same time; the first error is raised."""
        return [j.result() for j in [p.submit(function, *arguments) for p in self.pools]]

    def first(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """In the first process alone; what is raised there is raised."""
        return self.pools[0].submit(function, *arguments).result()

    def through(self, function: Callable[..., Any], work: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Every piece of work once, taken by whichever process is free; outcomes in any order.

        After an error no further piece is taken, and the first error is raised.
        """
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


# --- what they spend ---


@dataclass
class Spent:
    """Processor seconds of PostgreSQL, and the highest memory in bytes."""

    server: float = 0.0
    memory: Memory = field(default_factory=Memory)


@contextmanager
def spending(pid: int, scratch: Path) -> Iterator[Spent]:
    """What a process, its children and the server spend within it; known when it is left."""
    spent, data = Spent(), data_directory(scratch)
    before = server_seconds(data)
    with MemoryWatch(pid, EVERY, data) as watch:
        yield spent
    spent.server, spent.memory = server_seconds(data) - before, watch.seen
