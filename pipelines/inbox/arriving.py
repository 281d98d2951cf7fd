"""What every channel hands over, and the one interface that all of them have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

PARTIAL = (".part", ".tmp", ".crdownload", ".filepart", ".partial", ".!ut")
ZIP, ZIP_END, ZIP_COMMENT = b"PK\x03\x04", b"PK\x05\x06", 65_557


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file handed over: what the channel calls it, who sent it, its bytes.

    `sender` is an organisation code where the channel itself knows it. Elsewhere `address` is what
    the channel calls the sender, and the register of contacts says whose it is.
    """

    source: str
    file_name: str
    sender: str
    data: bytes
    received_at: datetime | None = None
    expected_period: str | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: its bytes, whom it says it is from, what it is, and the files attached to it.

    `nature` is delivery, automatic delivery, empty, huge, automatic or bounce. `confirmed` is
    False when nobody vouches for the sender. `returned` are the message ids of what
    came back in a bounce.
    """

    source: str
    digest: str
    message_id: str
    thread: str
    address: str
    nature: str
    raw: bytes
    size: int
    received_at: datetime
    files: tuple[Delivery, ...] = ()
    confirmed: bool = False
    returned: tuple[str, ...] = ()


class Channel(Protocol):
    """A way in. `deliveries` may be asked again at any time; `done` is called once kept."""

    name: str

    def deliveries(self) -> Iterator[Delivery | Letter]: ...

    def done(self, delivery: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """What one sweep of a channel did; `held` came from addresses that nobody has registered."""

    received: int
    duplicates: int
    known: int
    held: int = 0


def unfinished(name: str) -> bool:
    """Whether a name says that somebody is still writing: hidden, a lock file, a partial."""
    return name.startswith((".", "~$")) or name.lower().endswith(PARTIAL)


def cut_off(data: bytes) -> bool:
    """Whether a workbook or zip lacks its end, as one that is still being sent does."""
    return not data or (data.startswith(ZIP) and ZIP_END not in data[-ZIP_COMMENT:])
