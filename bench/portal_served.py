"""The portal as it runs, behind a real server: fifty people at once, and from upload to verdict.

Fifty people of all levels ask for pages, each as soon as the last one came (no pause: more than
fifty people do) and with a few seconds in between (as people do). An upload is timed from the
first byte sent until the page says what became of it, asked again as the page asks; beside it
stands what the same workbook costs the pipeline alone, in one process and without a portal.
"""

from __future__ import annotations

import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

PASSWORD = "春风又绿江南岸2017"  # noqa: S105
POLL = 0.1
"""Seconds between two questions about an upload; the page itself asks less often."""
_FINISHED = ('class="verdict ', 'class="result failed"', 'class="result duplicate"')


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who looks at pages: a login, and the paths they go to."""

    login: str
    paths: tuple[str, ...]


@dataclass
class Crowd:
    """What some people saw together: milliseconds per path, answers that were none."""

    people: int
    pause: float
    seconds: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        """Every time."""
        return [t for times in self.times.values() for t in times]


@dataclass(frozen=True, slots=True)
class Uploads:
    """Seconds of some workbooks: through the portal, and through the pipeline alone."""

    portal: tuple[float, ...]
    pipeline: tuple[float, ...]


@contextmanager
def served(environment: dict[str, str], at: str, *, worker: bool) -> Iterator[str]:
    """A portal in processes of its own, at a moment; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(  # noqa: S603
        [
            sys.executable, "-m", "portal", "serve", "--port", str(port),
            "--worker" if worker else "--no-worker",
        ],
        env={
            **os.environ, **environment,
            "UNION_REPORTS_PORTAL_AT": at, "GX_ANALYTICS_ENABLED": "False",
        },
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise RuntimeError(f"the portal ended with {process.returncode}")
            try:
                if httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def browser(url: str, login: str) -> httpx.Client:
    """Somebody signed in."""
    client = httpx.Client(base_url=url, trust_env=False, timeout=60)
    page = client.get("/sign-in").text
    token = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
    entered = client.post("/sign-in", data={"csrf": token, "login": login, "password": PASSWORD})
    if entered.status_code != 303:
        raise RuntimeError(f"{login} could not sign in: {entered.status_code}")
    return client


def crowd(
    people: Sequence[Person], clients: Sequence[httpx.Client], seconds: float, pause: float
) -> Crowd:
    """Everybody at once for some seconds, each going through their pages in an order of their own.

    `clients` are theirs, signed in: signing in is slow on purpose, and limited. `pause` is the mean
    time that a person looks at a page before asking for the next.
    """
    seen, guard = Crowd(len(people), pause), threading.Lock()
    begin = threading.Barrier(len(people) + 1)

    def look(number: int) -> None:
        chance = random.Random(number)  # noqa: S311
        own: dict[str, list[float]] = {}
        errors = []
        begin.wait()
        end = time.monotonic() + seconds
        if pause:
            time.sleep(chance.random() * pause)
        while time.monotonic() < end:
            path = chance.choice(people[number].paths)
            before = time.perf_counter()
            try:
                status: int | str = clients[number].get(path).status_code
            except httpx.HTTPError as error:
                status = type(error).__name__
            own.setdefault(path, []).append(1000 * (time.perf_counter() - before))
            if status != 200:
                errors.append(f"{path}: {status}")
            if pause:
                time.sleep(chance.uniform(0.5, 1.5) * pause)
        with guard:
            seen.errors += errors
            for path, times in own.items():
                seen.times.setdefault(path, []).extend(times)

    threads = [threading.Thread(target=look, args=(n,)) for n in range(len(people))]
    for thread in threads:
        thread.start()
    begin.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    seen.seconds = time.monotonic() - began
    return seen


def upload(client: httpx.Client, org: str, data: bytes) -> float:
    """Seconds from the first byte of a workbook to the page that says what became of it."""
    page = client.get("/my").text
    token = page.split('name="csrf" content="', 1)[1].split('"', 1)[0]
    began = time.perf_counter()
    answer = client.post(
        "/my/uploads", data={"csrf": token, "org": org}, files={"files": ("报表.xlsx", data)},
        headers={"hx-request": "true"},
    )  # fmt: skip
    while True:
        answer.raise_for_status()
        if any(mark in answer.text for mark in _FINISHED):
            break
        if time.perf_counter() - began > 120:
            raise RuntimeError(f"no verdict within two minutes: {answer.text[:500]}")
        time.sleep(POLL)
        onward = answer.text.split('hx-get="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
        answer = client.get(onward, headers={"hx-request": "true"})
    if 'class="verdict ' not in answer.text:
        raise RuntimeError(f"no verdict: {answer.text[:500]}")
    return time.perf_counter() - began


def through_portal(
    url: str, workbooks: Sequence[tuple[str, str, Callable[[], bytes]]], warm: int
) -> tuple[float, ...]:
    """Seconds of each (login, unit, workbook), one after the other; the first few do not count."""
    times = []
    for login, org, content in workbooks:
        client = browser(url, login)
        times.append(upload(client, org, content()))
        client.close()
    return tuple(times[warm:])


def p95(times: Sequence[float]) -> float:
    """The time that one in twenty exceeds."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def crowd_table(crowds: Sequence[Crowd]) -> str:
    """The figures as a table."""
    lines = ["| people | pause, s | pages | pages a second | median ms | p95 ms | errors |",
             "|---:|---:|---:|---:|---:|---:|---:|"]  # fmt: skip
    lines += [
        f"| {c.people} | {c.pause:g} | {len(c.all)} | {len(c.all) / c.seconds:.0f} "
        f"| {statistics.median(c.all):.0f} | {p95(c.all):.0f} | {len(c.errors)} |"
        for c in crowds
    ]
    return "\n".join([*lines, *sorted({e for c in crowds for e in c.errors})[:10]])


def upload_table(found: Uploads) -> str:
    """The figures as a table."""
    base = statistics.median(found.pipeline)
    lines = ["| one ten-sheet workbook | count | median s | p95 s | of the pipeline's median |",
             "|---|---:|---:|---:|---:|"]  # fmt: skip
    lines += [
        f"| {name} | {len(times)} | {statistics.median(times):.2f} | {p95(times):.2f} "
        f"| {statistics.median(times) / base:.2f} |"
        for name, times in (
            ("from receipt to verdict, pipeline alone", found.pipeline),
            ("from upload to verdict, portal", found.portal),
        )
    ]
    return "\n".join(lines)
