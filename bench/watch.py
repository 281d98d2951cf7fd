"""What a piece of work costs: wall time, processor time by stage, memory of parent and children."""

from __future__ import annotations

import functools
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import psutil

RARE = 20
"""How many times as long as a look took it is until the next."""


def processor_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


@dataclass(slots=True)
class Cost:
    """Seconds on the clock and of processors."""

    wall: float = 0.0
    processor: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.processor + other.processor)


@dataclass
class Stopwatch:
    """Costs by stage; what a stage calls that is a stage itself is not counted twice."""

    costs: dict[str, Cost] = field(default_factory=dict)
    _inner: list[Cost] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count everything inside towards a stage, except stages within it."""
        wall, processor = time.perf_counter(), processor_seconds()
        self._inner.append(Cost())
        try:
            yield
        finally:
            whole = Cost(time.perf_counter() - wall, processor_seconds() - processor)
            inner = self._inner.pop()
            own = Cost(whole.wall - inner.wall, whole.processor - inner.processor)
            self.costs[name] = self.costs.get(name, Cost()) + own
            if self._inner:
                self._inner[-1] += whole

    @contextmanager
    def watching(self, module: ModuleType, stages: dict[str, str]) -> Iterator[None]:
        """Within it, calls of the module's functions are counted: function name → stage."""
        kept = {name: getattr(module, name) for name in stages}
        try:
            for name, stage in stages.items():
                setattr(module, name, self._counted(kept[name], stage))
            yield
        finally:
            for name, function in kept.items():
                setattr(module, name, function)

    def _counted(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            with self.stage(stage):
                found = function(*args, **kwargs)
                # A generator does its work when asked: ask here.
                return list(found) if isinstance(found, Iterator) else found

        return counted


@dataclass
class Memory:
    """Highest memory seen, in bytes: shared pages are counted once, split among their sharers."""

    parent: int = 0
    children: int = 0
    together: int = 0
    server: int = 0


class MemoryWatch:
    """Samples a process and its descendants in a thread until stopped.

    With a data directory also the PostgreSQL server on it, its shared buffers included. Looking at
    gigabytes takes long and holds up whoever is looked at: the longer a look took, the rarer.
    """

    def __init__(self, pid: int, every: float = 0.05, data_directory: str = "") -> None:
        self.seen = Memory()
        self._process = psutil.Process(pid)
        self._data_directory = data_directory
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        took = 0.0
        while not self._over.wait(max(self._every, RARE * took)):
            began = time.perf_counter()
            try:
                parent = _share(self._process)
                children = sum(map(_share, self._process.children(recursive=True)))
            except psutil.Error:
                continue
            seen = self.seen
            if self._data_directory:
                server = sum(
                    _share(one)
                    for process in _servers(self._data_directory)
                    for one in (process, *process.children())
                )
                seen.server = max(seen.server, server)
            seen.parent = max(seen.parent, parent)
            seen.children = max(seen.children, children)
            seen.together = max(seen.together, parent + children)
            took = time.perf_counter() - began


def _share(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it has just ended
        return 0


def server_seconds(data_directory: str) -> float:
    """Processor time of the PostgreSQL server on a data directory, ended processes included."""
    total = 0.0
    for process in _servers(data_directory):
        for one in (process, *process.children()):
            try:
                times = one.cpu_times()
            except psutil.Error:
                continue
            total += times.user + times.system
        own = process.cpu_times()
        total += own.children_user + own.children_system
    return total


def _servers(data_directory: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["cmdline"]):
        if data_directory in (process.info["cmdline"] or []):
            yield process
