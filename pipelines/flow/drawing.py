"""Drawing documents side by side: each in a process that has what it draws from, and ends with it.

Drawing is pure and takes seconds, so all cores share it. A process is forked for each document and
inherits the figures of it: nothing is sent there, and nothing of it stays. What is drawn from is
taken one by one, so that there is never more of it than there are cores.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

A = TypeVar("A")
T = TypeVar("T")
_FORK = multiprocessing.get_context("fork")


def side_by_side(draw: Callable[[A], T], wanted: Iterable[A]) -> Iterator[T]:
    """What `draw` makes of each, in order; as many at once as there are cores.

    What goes wrong in a process goes wrong here; RuntimeError where one was killed.
    """
    sources, cores = iter(wanted), len(os.sched_getaffinity(0))
    running: dict[Connection, _Drawing] = {}
    drawn: dict[int, T] = {}
    begun = told = 0
    try:
        while True:
            for source in sources:
                drawing = _Drawing(begun, partial(draw, source))
                running[drawing.result] = drawing
                begun += 1
                del source  # its process has it; the next one takes its place here
                if len(running) == cores:
                    break
            if not running:
                return
            for ready in wait(list(running)):
                drawing = running.pop(ready)  # type: ignore[call-overload]
                drawn[drawing.place] = drawing.finished()
            while told in drawn:
                yield drawn.pop(told)
                told += 1
    finally:
        for drawing in running.values():
            drawing.stop()


class _Drawing:
    """One document that is being drawn, at its place in order."""

    def __init__(self, place: int, draw: Callable[[], Any]) -> None:
        self.place = place
        self.result, there = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(target=_send, args=(there, draw))
        self._process.start()
        there.close()

    def finished(self) -> Any:
        """The document."""
        try:
            fine, found = self.result.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            raise RuntimeError(f"绘制文件的进程被中断，退出码 {code}") from None
        finally:
            self.result.close()
        self._process.join()
        if not fine:
            raise found
        return found

    def stop(self) -> None:
        """End it without its document."""
        self._process.kill()
        self._process.join()
        self.result.close()


def _send(there: Connection, draw: Callable[[], Any]) -> None:
    try:
        there.send((True, draw()))
    except BaseException as error:
        error.add_note(traceback.format_exc())
        there.send((False, error))
