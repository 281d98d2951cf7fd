"""The sandbox: whatever a document does to the child that reads it, the others are read."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from pipelines.read import Document, Limits, read_documents
from pipelines.read.child import run
from pipelines.workbook import Cover, ReadWorkbook

LIMITS = Limits(memory_bytes=256 << 20, cpu_seconds=1, wall_seconds=3)


@pytest.fixture(scope="module")
def defs() -> Definitions:
    return load_definitions()


def fine(document: Document) -> ReadWorkbook:
    return ReadWorkbook(document.key, "xlsx", None, None, Cover(), [], [])


def panic() -> None:
    class PanicException(BaseException):
        """Like the one of a parser written in Rust."""

    raise PanicException("index out of bounds")


def spin() -> None:
    while True:
        pass


def eat_memory() -> None:
    hold = []
    while True:
        hold.append(bytearray(16 << 20))


HARM: dict[str, Callable[[], object]] = {
    "abort": os.abort,
    "segfault": lambda: ctypes.string_at(0),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(0),
    "panic": panic,
    "spin": spin,
    "hang": lambda: time.sleep(60),
    "memory": eat_memory,
    "recursion": lambda: (lambda f: f(f))(lambda f: f(f)),
    "bug": lambda: {}["李敏"],
}


def harmful(document: Document) -> ReadWorkbook:
    if document.name in HARM:
        HARM[document.name]()
    return fine(document)


def outcomes(
    names: Sequence[str], defs: Definitions, workers: int = 2, limits: Limits = LIMITS
) -> list[ReadWorkbook]:
    documents = [Document(f"{i} {n}", b"", n) for i, n in enumerate(names)]
    return list(run(documents, harmful, defs, limits, workers))


@pytest.mark.parametrize("harm", [h for h in HARM if h not in ("spin", "hang")])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_harmful_document_is_a_finding_and_the_rest_is_read(
    harm: str, workers: int, defs: Definitions
) -> None:
    names = ["a", "b", harm, "c", "d", "e", harm, harm, "f"]
    found = outcomes(names, defs, workers)
    assert [o.key for o in found] == [f"{i} {n}" for i, n in enumerate(names)]
    assert [o.failed for o in found] == [n == harm for n in names]
    for outcome in found:
        if outcome.failed:
            assert [f.rule for f in outcome.findings] == ["V-F-014"]
            assert "无法安全打开" in outcome.findings[0].message


@pytest.mark.parametrize("harm", ["spin", "hang"])
def test_a_document_that_takes_too_long_is_given_up(harm: str, defs: Definitions) -> None:
    before = time.monotonic()
    found = outcomes(["a", harm, "b", "c"], defs)
    assert [o.failed for o in found] == [False, True, False, False]
    assert "限额" in found[1].findings[0].message
    assert time.monotonic() - before < 8


def test_an_innocent_document_is_not_blamed_for_what_came_before(
    defs: Definitions, tmp_path: Path
) -> None:
    marker = tmp_path / "died"
    before = os.getpid()

    def tired(document: Document) -> ReadWorkbook:
        # Dies on its third document, whichever it is; a fresh child reads it.
        tired.count = getattr(tired, "count", 0) + 1  # type: ignore[attr-defined]
        if tired.count == 3:  # type: ignore[attr-defined]
            os.abort()
        return fine(document)

    documents = [Document(str(i), b"") for i in range(12)]
    found = list(run(documents, tired, defs, LIMITS, 1))
    assert [o.failed for o in found] == [False] * 12
    assert before == os.getpid()
    assert not marker.exists()


def test_a_bug_of_ours_is_logged_without_what_stood_in_the_file(
    defs: Definitions, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        found = outcomes(["a", "bug"], defs)
    assert "系统管理员" in found[1].findings[0].message
    assert "KeyError" in caplog.text
    assert "test_read_children.py" in caplog.text
    assert "李敏" not in caplog.text.split("\n")[0]


def test_a_file_that_cannot_be_opened_is_our_fault_not_the_senders(
    defs: Definitions, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="gone"):
        list(read_documents([Document("x", tmp_path / "gone.xlsx", "gone.xlsx")], defs, {}))


def test_no_child_is_left_behind(defs: Definitions) -> None:
    me = psutil.Process()
    before = set(me.children())  # a test before may have left a helper of multiprocessing
    outcomes(["a", "abort", "b"], defs)
    assert set(me.children()) <= before
    reading = run([Document(str(i), b"") for i in range(50)], fine, defs, LIMITS, 2)
    next(reading)
    assert len(set(me.children()) - before) == 2
    reading.close()
    assert set(me.children()) <= before


def test_the_parent_keeps_its_limits_and_files(defs: Definitions, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with (tmp_path / "open").open("w") as file:
        outcomes(["a", "memory", "b"], defs)
        file.write("still open")
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_a_child_sees_no_open_file_of_the_parent(defs: Definitions, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w+") as file:
        number = file.fileno()

        def look(document: Document) -> ReadWorkbook:
            try:
                os.fstat(number)
            except OSError:
                return fine(document)
            os.abort()

        (found,) = run([Document("k", b"")], look, defs, LIMITS, 1)
    assert not found.failed


def test_large_answers_pass_and_a_slow_consumer_harms_nobody(defs: Definitions) -> None:
    def large(document: Document) -> ReadWorkbook:
        outcome = fine(document)
        outcome.ignored_sheets = ["页" * 1_000_000]
        return outcome

    documents = [Document(str(i), b"") for i in range(6)]
    keys = []
    for outcome in run(documents, large, defs, Limits(wall_seconds=0.5), 2):
        time.sleep(0.7 if outcome.key == "0" else 0)
        assert not outcome.failed
        keys.append(outcome.key)
    assert keys == [d.key for d in documents]


def test_nothing_to_read(defs: Definitions) -> None:
    assert list(read_documents([], defs, {})) == []
