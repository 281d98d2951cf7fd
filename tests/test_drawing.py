"""Documents drawn side by side: in order, a few at a time, and nothing goes wrong unseen."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from pipelines.flow.drawing import side_by_side

CORES = len(os.sched_getaffinity(0))


def test_what_is_drawn_comes_in_order_whoever_is_done_first() -> None:
    def draw(number: int) -> tuple[int, int]:
        time.sleep(0.2 if number % 2 == 0 else 0)
        return number, os.getpid()

    drawn = list(side_by_side(draw, range(7)))
    assert [n for n, _ in drawn] == list(range(7))
    assert len({pid for _, pid in drawn}) == 7  # what one was drawn from ended with it
    assert os.getpid() not in {pid for _, pid in drawn}


def test_what_is_drawn_from_is_taken_as_there_are_cores() -> None:
    taken: list[int] = []

    def wanted() -> Iterator[int]:
        for number in range(CORES + 6):
            taken.append(number)
            yield number

    def draw(number: int) -> str:
        time.sleep(0.3 if number else 0)
        return str(number)

    drawing = side_by_side(draw, wanted())
    assert next(drawing) == "0"
    assert len(taken) <= CORES
    assert list(drawing) == [str(n) for n in range(1, CORES + 6)]
    assert list(side_by_side(str, [])) == []


def test_large_documents_pass() -> None:
    assert [len(d) for d in side_by_side(lambda n: b"x" * n, [3_000_000, 5_000_000])] == [
        3_000_000,
        5_000_000,
    ]


def test_what_goes_wrong_while_drawing_goes_wrong_here_and_says_where() -> None:
    def draw(number: int) -> int:
        if number == 3:
            raise LookupError("无此单位")
        return number

    with pytest.raises(LookupError, match="无此单位") as told:
        list(side_by_side(draw, range(20)))
    assert "in draw" in "".join(told.value.__notes__)
    assert not drawing_still()


def test_a_process_that_is_killed_is_no_document() -> None:
    def draw(number: int) -> int:
        if number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(30)
        return number

    with pytest.raises(RuntimeError, match="退出码 -9"):
        list(side_by_side(draw, [1, 2] if CORES > 1 else [1]))
    assert not drawing_still()


def test_whoever_stops_listening_leaves_nobody_drawing() -> None:
    def draw(number: int) -> int:
        time.sleep(0 if number == 0 else 30)
        return number

    drawing = side_by_side(draw, range(50))
    assert next(drawing) == 0
    assert CORES == 1 or drawing_still()  # or looking for them would prove nothing
    drawing.close()  # type: ignore[attr-defined]
    assert not drawing_still()


def drawing_still() -> list[psutil.Process]:
    """Children of this process that were forked from it and still run."""
    me = psutil.Process()
    return [c for c in me.children() if c.cmdline() == me.cmdline()]
