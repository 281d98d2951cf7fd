"""What every way out does, and the four ways in which it may fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from warehouse.outbox import Message


class NotNow(Exception):
    """It did not go out, and may go out later."""


class Unreachable(NotNow):
    """The server cannot be reached: nothing else will go out this way either."""


class Refused(Exception):
    """It did not go out, and never will: the server said so for good."""


class Unsure(Exception):
    """The line broke when it may have gone out already."""


class Way(Protocol):
    """A way out. `again` says whether handing the same message over twice leaves one."""

    again: bool

    def hand_over(self, message: Message, files: Sequence[tuple[str, bytes]]) -> None: ...
