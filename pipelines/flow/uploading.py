"""Uploads: kept at once, processed at once by a warm worker, followed by receipt id.

What is uploaded is on the disk and receipted before anybody is told so. The worker is a process of
its own with the validator imported; killed at any moment it leaves receipts that wait, and the next
worker or sweep goes on with them.
"""

from __future__ import annotations

import os
import resource
import secrets
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import psycopg
import structlog
from sqlalchemy import Connection, text

from pipelines.flow.collecting import process
from pipelines.flow.ground import CHINA, definitions, engine, moment
from pipelines.flow.handling import as_actor
from pipelines.inbox import Delivery, Letter, take
from pipelines.places import places
from warehouse import audit
from warehouse.life_cycle import Actor, StepRefused
from warehouse.receipt_progress import Progress, next_waiting, note_stage, progress_of
from warehouse.server import database_url
from warehouse.tables import receipt

CHANNEL = "portal"
FORM, WORDS, CORRECTION, REREAD = "portal-form", "portal-words", "correction", "reading-again"
AT_ONCE = (CHANNEL, FORM, WORDS, CORRECTION, REREAD)
"""Channels whose senders sit and wait."""

BATCH = 20
ATTEMPTS = 3
POLL_SECONDS = 5.0
MOST_GROWTH = 1 << 30  # bytes; a worker that has grown by more is replaced by a fresh one
_WAKE = "receipts"

log = structlog.get_logger()

STAGES = {
    "received": "已收妥，等待校验",
    "reading": "正在读取",
    "checking": "正在逐条校验",
    "done": "校验完毕",
    "failed": "系统处理出错，文件已妥善收存，不必重报；管理员处理后自动继续",
    "duplicate": "与以前交来的文件完全相同",
}
VERDICTS = {"accepted": "已通过", "explain": "请补充说明", "returned": "退回修改"}


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as the browser sends it."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of one file on arrival: its receipt, and a kind word when it is nothing new."""

    file_name: str
    receipt: int
    fresh: bool
    said: str


class _Browser:
    """Files of one request, as a channel of the inbox."""

    def __init__(self, name: str, files: Sequence[Upload], sender: str, period: str | None) -> None:
        self.name = name
        self.request = secrets.token_hex(8)
        self.files, self.sender, self.period = files, sender, period

    def source(self, number: int) -> str:
        return f"{self.sender}/{self.request}/{number}"

    def deliveries(self) -> Iterator[Delivery]:
        """The files in the order in which they were chosen."""
        for number, file in enumerate(self.files):
            yield Delivery(
                self.source(number), _base(file.name), self.sender, file.data,
                expected_period=self.period,
            )  # fmt: skip

    def done(self, delivery: Delivery | Letter) -> None:
        """Nothing to take away."""


def _base(name: str) -> str:
    """A file's own name: browsers may send a path."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "") or "未命名"


def upload(
    files: Sequence[Upload],
    sender: str,
    actor: Actor | str,
    at: str,
    *,
    period: str | None = None,
    channel: str = CHANNEL,
) -> list[Uploaded]:
    """Keep files and wake the worker; one answer per file, in order.

    `sender` is the code of the union in whose name the person is signed in. Nothing is parsed here:
    the answer takes milliseconds. Bytes that came before are told so and are not processed again.
    StepRefused when there is no file.
    """
    if not files:
        raise StepRefused("没有选择文件")
    who, when = as_actor(actor), moment(at)
    browser = _Browser(channel, files, sender, period)
    take(engine(), places().originals, browser, when)
    sources = [browser.source(n) for n in range(len(files))]
    with engine().begin() as connection:
        rows = connection.execute(
            receipt.select().where(receipt.c.channel == channel, receipt.c.source.in_(sources))
        ).all()
        found = {row.source: row for row in rows}
        announce(connection, [r.id for r in rows if r.state == "waiting"], when)
        audit.note(
            connection, at=when, actor=who.logged, action="receipt.upload", subject=sender,
            detail={"receipts": sorted(r.id for r in rows), "account": who.account},
        )  # fmt: skip
        kept = {p.receipt: p for p in progress_of(connection, [r.id for r in rows])}
    return [
        Uploaded(row.file_name, row.id, row.state == "waiting", told(kept[row.id]))
        for row in (found[source] for source in sources)
    ]


def announce(connection: Connection, receipts: Collection[int], when: datetime) -> None:
    """Say that receipts wait, to whoever follows them and to the worker, once all is written."""
    note_stage(connection, receipts, "received", when)
    connection.execute(text(f"NOTIFY {_WAKE}"))


def told(progress: Progress) -> str:
    """One sentence on how far a receipt has come, as its sender reads it."""
    if progress.stage == "duplicate":
        when = progress.first_at or progress.received_at
        same = (
            f"您以前交过内容完全相同的文件（{_clock(when)} 收到的《{progress.first_name}》），"
            "不必再报，也没有重复处理。"
        )
        verdicts = [VERDICTS[o.verdict] for o in progress.outcomes]
        if not verdicts:
            return same + "那一份正在校验。"
        outcome = "、".join(dict.fromkeys(verdicts))
        advice = "" if set(verdicts) == {"已通过"} else "请在退回的文件上改好后再报。"
        return f"{same}那一份的结果：{outcome}。{advice}"
    if progress.stage == "done":
        counts = [VERDICTS[o.verdict] for o in progress.outcomes]
        return "、".join(
            f"{name} {counts.count(name)} 份" if len(counts) > 1 else name
            for name in dict.fromkeys(counts)
        )
    ahead = f"，前面还有 {progress.ahead} 份" if progress.ahead else ""
    return STAGES[progress.stage] + ahead


def _clock(when: datetime) -> str:
    local = when.astimezone(CHINA)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def progress(receipts: Collection[int]) -> list[Progress]:
    """How far some receipts have come, in order of arrival; outcomes once there are any."""
    with engine().connect() as connection:
        return progress_of(connection, receipts)


# --- the worker ---


def work_once(at: str, channels: Collection[str] = AT_ONCE) -> int:
    """Process the oldest waiting uploads, a batch at a time; how many were taken.

    What the system cannot process is tried a few times alone, so that it stops nobody else.
    """
    with engine().connect() as connection:
        ids = next_waiting(connection, channels, ATTEMPTS, BATCH)
    if not ids:
        return 0
    try:
        process(ids, at)
    except Exception as error:  # noqa: BLE001 - told below, one by one
        _say("uploads.failed", ids, error)
        for one in ids:
            _alone(one, at)
    return len(ids)


def _alone(one: int, at: str) -> None:
    try:
        process([one], at)
    except Exception as error:  # noqa: BLE001 - the receipt stays waiting and says so
        _say("upload.failed", [one], error)
        with engine().begin() as connection:
            note_stage(connection, [one], "failed", moment(at))


def _say(event: str, receipts: Sequence[int], error: BaseException) -> None:
    """Where it broke, without the message: a database quotes the row that it refuses."""
    where = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    log.error(event, receipts=list(receipts), error=type(error).__name__, where=where[-8:])


def _peak_bytes() -> int:
    """The most memory this process has held; a forked one begins with what its parent held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def work(clock: Callable[[], str], stop: threading.Event | None = None) -> None:
    """Process uploads as they come, until stopped, orphaned or grown too big.

    Everything slow to import is imported before the first one. `clock` gives the time of each
    batch: this is an edge, where the clock is read.
    """
    import great_expectations  # noqa: F401 - two seconds that nobody should wait for

    import pipelines.validate  # noqa: F401

    definitions(), engine()
    parent, begun = os.getppid(), _peak_bytes()
    url = database_url().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as listening:
        listening.execute(f"LISTEN {_WAKE}")
        while not (stop is not None and stop.is_set()) and os.getppid() == parent:
            if work_once(clock()):
                if _peak_bytes() - begun > MOST_GROWTH:
                    return
                continue
            for _ in listening.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass


@contextmanager
def worker(
    environment: dict[str, str] | None = None, *, ahead: float = 0.0
) -> Iterator[Callable[[], int]]:
    """A worker process kept alive as long as the block runs; yields what tells its process id.

    Its clock is `ahead` seconds before the real one, as the portal's is whose uploads it judges.
    """
    ending = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "pipelines", "work", "--ahead", str(ahead)],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
        )

    def tend() -> None:
        pause = 0.2
        while not ending.is_set():
            began = time.monotonic()
            code = running[-1].wait()
            if ending.is_set():
                return
            log.warning("worker.ended", code=code)
            # One that cannot even start is not started a thousand times a minute.
            pause = 0.2 if time.monotonic() - began > 30 else min(pause * 2, 30.0)
            ending.wait(pause)
            if not ending.is_set():
                running.append(start())
                del running[:-1]

    running.append(start())
    keeper = threading.Thread(target=tend, name="worker-keeper", daemon=True)
    keeper.start()
    try:
        yield lambda: running[-1].pid
    finally:
        ending.set()
        last = cast("subprocess.Popen[Any]", running[-1])
        last.terminate()
        try:
            last.wait(10)
        except subprocess.TimeoutExpired:
            last.kill()
            last.wait()
        keeper.join(5)
