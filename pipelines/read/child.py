"""Read documents in forked children with limits, so that no file can harm or stop the rest."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import pickle
import resource
import select
import signal
import struct
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from definitions.catalogue import Definitions
from pipelines.read.document import Document, failed, read_document
from pipelines.read.limits import Limits
from pipelines.read.notes import Notes
from pipelines.read.words import name_key
from pipelines.workbook import ReadWorkbook

_LOG = logging.getLogger(__name__)
_SIZE = struct.Struct("<I")
# Documents handed to a child at a time: enough that it never waits, few enough to share.
_BATCH = 4
# How far reading may run ahead of the document whose turn it is; bounds memory.
_AHEAD = 64
Reader = Callable[[Document], ReadWorkbook]


def read_documents(
    documents: Sequence[Document],
    definitions: Definitions,
    names: Mapping[str, tuple[str, ...]],
    *,
    limits: Limits | None = None,
    workers: int = 2,
) -> Iterator[ReadWorkbook]:
    """Read documents in order, each in a sandboxed child; every document yields one outcome.

    `names` maps names of organisations, in any writing, to their codes. A document on which the
    child dies, hangs or exceeds its memory yields a finding V-F-014 and hurts no other. Raises
    OSError when the file of a document cannot be read: the machine's fault, not the sender's.
    """
    bounds = limits or Limits()
    codes: dict[str, tuple[str, ...]] = {}
    for name, known in names.items():
        written = name_key(name)
        codes[written] = tuple(sorted({*codes[written], *known})) if written in codes else known

    def reader(document: Document) -> ReadWorkbook:
        return read_document(document, definitions, codes, bounds)

    return run(documents, reader, definitions, bounds, workers)


class ChildLost(Exception):
    """A child that died, hung or took more than it may, with the reason as findings say it."""


def alone(work: Callable[[], Any], limits: Limits | None = None) -> Any:
    """What `work` gives, done in one sandboxed child; it has to be what JSON can say.

    For whatever else opens a file that somebody sent. ChildLost when the child did not come back.
    """
    bounds = limits or Limits()
    answers, told = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            os.close(answers)
            gc.freeze()
            _confine(bounds, told, told)
            _allow_cpu(bounds)
            view = memoryview(json.dumps(work(), ensure_ascii=False).encode("utf-8", "replace"))
            while view:
                view = view[os.write(told, view) :]
            code = 0
        except BaseException:  # noqa: S110 - the parent sees the death and says what to do
            pass
        finally:
            os._exit(code)
    os.close(told)
    said = bytearray()
    until = time.monotonic() + bounds.wall_seconds
    whole = False
    try:
        while (left := until - time.monotonic()) > 0:
            if not select.select([answers], [], [], left)[0]:
                break
            data = os.read(answers, 1 << 16)
            if not data:
                whole = True
                break
            said += data
    finally:
        os.close(answers)
        if not whole:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    if not whole or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        raise ChildLost(_REASONS["time"])
    if status:
        raise ChildLost(_REASONS["crash"])
    return json.loads(said)


@dataclass(slots=True)
class _Child:
    pid: int
    orders: int
    answers: int
    # Handed out and not yet answered; the first is the one at work.
    waiting: deque[int] = field(default_factory=deque)
    buffer: bytearray = field(default_factory=bytearray)
    since: float = 0.0
    served: int = 0


def run(
    documents: Sequence[Document],
    reader: Reader,
    definitions: Definitions,
    limits: Limits,
    workers: int,
) -> Iterator[ReadWorkbook]:
    """The same with any reader; the parent only moves bytes, the children do the reading."""
    todo: deque[int] = deque(range(len(documents)))
    done: dict[int, ReadWorkbook] = {}
    children: list[_Child] = []
    turn = 0
    # Broken documents run once more alone: a child may have died of what it read before.
    suspects: set[int] = set()
    try:
        while turn < len(documents):
            _hand_out(todo, children, documents, reader, limits, workers, turn)
            for child in _ready(children, limits):
                for number, outcome in _collect(child, documents, limits, definitions):
                    done[number] = outcome
            for child in [c for c in children if _is_over(c, limits)]:
                children.remove(child)
                reason = _bury(child, limits)
                if not child.waiting:
                    continue
                culprit = child.waiting.popleft()
                todo.extendleft(reversed(child.waiting))
                if child.served and culprit not in suspects and reason != "time":
                    suspects.add(culprit)
                    todo.appendleft(culprit)
                else:
                    done[culprit] = _broken(documents[culprit], definitions, limits, reason)
            while turn in done:
                yield done.pop(turn)
                turn += 1
    finally:
        for child in children:
            _bury(child, limits)


def _hand_out(
    todo: deque[int],
    children: list[_Child],
    documents: Sequence[Document],
    reader: Reader,
    limits: Limits,
    workers: int,
    turn: int,
) -> None:
    while todo and len(children) < min(workers, len(todo)):
        children.append(_fork(documents, reader, limits))
    for child in sorted(children, key=lambda c: len(c.waiting)):
        while todo and len(child.waiting) < _BATCH and todo[0] < turn + _AHEAD:
            number = todo.popleft()
            if not child.waiting:
                child.since = time.monotonic()
            child.waiting.append(number)
            try:
                os.write(child.orders, _SIZE.pack(number))
            except BrokenPipeError:
                return  # it died; _is_over finds out and the documents go to another


def _ready(children: Sequence[_Child], limits: Limits) -> list[_Child]:
    busy = [c for c in children if c.waiting]
    if not busy:
        return []
    oldest = min(c.since for c in busy)
    patience = max(0.01, oldest + limits.wall_seconds - time.monotonic())
    readable, _, _ = select.select([c.answers for c in busy], [], [], patience)
    return [c for c in busy if c.answers in readable]


def _collect(
    child: _Child, documents: Sequence[Document], limits: Limits, definitions: Definitions
) -> Iterator[tuple[int, ReadWorkbook]]:
    """Whatever whole answers have arrived from a child."""
    data = os.read(child.answers, 1 << 16)  # what a pipe holds
    if not data:
        child.since = float("-inf")  # closed: dead or dying
        return
    child.buffer += data
    child.since = time.monotonic()
    while len(child.buffer) >= _SIZE.size:
        (size,) = _SIZE.unpack_from(child.buffer)
        if len(child.buffer) < _SIZE.size + size:
            return
        body = bytes(child.buffer[_SIZE.size : _SIZE.size + size])
        del child.buffer[: _SIZE.size + size]
        number = child.waiting.popleft()
        child.served += 1
        answer = pickle.loads(body)  # noqa: S301 - written by our own child
        if isinstance(answer, OSError):
            raise answer
        if isinstance(answer, _Bug):
            # The trace names places in our code, never what stood in a cell.
            _LOG.error(
                "reading %s failed: %s\n%s", documents[number].key, answer.kind, answer.trace
            )
            answer = _broken(documents[number], definitions, limits, "bug")
        yield number, answer


def _is_over(child: _Child, limits: Limits) -> bool:
    return bool(child.waiting) and time.monotonic() - child.since > limits.wall_seconds


def _bury(child: _Child, limits: Limits) -> str:
    """End a child and say why it ended: time, memory or crash."""
    hung = child.since != float("-inf")
    with contextlib.suppress(OSError):
        os.close(child.orders)
    with contextlib.suppress(OSError):
        os.close(child.answers)
    if hung:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    try:
        _, status = os.waitpid(child.pid, 0)
    except ChildProcessError:
        return "crash"
    if hung:
        return "time"
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "time"
    return "crash"


_REASONS = {
    "time": "读取耗时超过限额",
    "crash": "读取程序在打开它时中止",
    "bug": "读取程序遇到没有料到的内容，已通知系统管理员",
}


def _broken(
    document: Document, definitions: Definitions, limits: Limits, reason: str
) -> ReadWorkbook:
    notes = Notes(definitions.rules, limits.findings)
    notes.say("V-F-014", {"reason": _REASONS[reason]})
    return failed(document, "?", notes)


def _fork(documents: Sequence[Document], reader: Reader, limits: Limits) -> _Child:
    orders_out, orders_in = os.pipe()
    answers_out, answers_in = os.pipe()
    pid = os.fork()
    if pid:
        os.close(orders_out)
        os.close(answers_in)
        return _Child(pid, orders_in, answers_out)
    # In the child: nothing of the parent may run on here, neither exits nor finalisers.
    code = 1
    try:
        _serve(documents, reader, limits, orders_out, answers_in)
        code = 0
    except BaseException:  # noqa: S110 - the parent sees the death and says what to do
        pass
    finally:
        os._exit(code)


def _serve(
    documents: Sequence[Document], reader: Reader, limits: Limits, orders: int, answers: int
) -> None:
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # what is read holds no cycles but those of openpyxl
    _confine(limits, orders, answers)
    while order := os.read(orders, _SIZE.size):
        document = documents[_SIZE.unpack(order)[0]]
        _allow_cpu(limits)
        body = pickle.dumps(_answer(document, reader), protocol=pickle.HIGHEST_PROTOCOL)
        view = memoryview(_SIZE.pack(len(body)) + body)
        while view:
            view = view[os.write(answers, view) :]


@dataclass(frozen=True, slots=True)
class _Bug:
    """An exception that our own code did not expect: its kind and its trace, without values."""

    kind: str
    trace: str


def _answer(document: Document, reader: Reader) -> ReadWorkbook | OSError | _Bug:
    """The outcome, or what went wrong.

    Out of memory means that the document is at fault: the process goes away, so that nothing
    half-broken reads the next one. The parser's PanicException, a BaseException, ends it as well.
    """
    try:
        return reader(document)
    except MemoryError:
        os._exit(3)
    except OSError as error:
        return OSError(error.errno, error.strerror, document.name or document.key)
    except Exception as error:
        return _Bug(type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))


def _confine(limits: Limits, orders: int, answers: int) -> None:
    """No files, no sockets, no core, no more memory than allowed: only the two pipes stay."""
    # A parser that panics prints what it was reading; that belongs in no log.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGXCPU, signal.SIGALRM):
        signal.signal(signum, signal.SIG_DFL)
    keep = sorted({0, 1, 2, orders, answers})
    for low, high in zip(keep, [*keep[1:], 1 << 16], strict=True):
        os.closerange(low + 1, min(high, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    used = pages * resource.getpagesize()
    _lower(resource.RLIMIT_AS, used + limits.memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 64)
    _lower(resource.RLIMIT_FSIZE, 0)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, hard))


def _allow_cpu(limits: Limits) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + limits.cpu_seconds, hard))
