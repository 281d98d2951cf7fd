"""The inbox: channels hand over files; each gets a receipt and is kept before it is parsed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from warehouse import receipts
from warehouse.originals import Originals
from warehouse.receipts import NewReceipt

# A file still being copied in is left for the next sweep.
SETTLE_SECONDS = 2.0
# What is kept with one flush and one transaction.
BATCH = 256
BATCH_BYTES = 64 << 20
PARTIAL = (".part", ".tmp", ".crdownload", ".filepart")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file handed over: what the channel calls it, who sent it, its bytes."""

    source: str
    file_name: str
    sender: str
    data: bytes
    received_at: datetime | None = None
    expected_period: str | None = None


class Channel(Protocol):
    """A way in. `deliveries` may be asked again at any time; `done` is called once kept."""

    name: str

    def deliveries(self) -> Iterator[Delivery]: ...

    def done(self, delivery: Delivery) -> None: ...


class DropFolder:
    """A folder with one sub-folder per sender; files are taken away once they are kept.

    `<folder>/<sender>/<period or anything>/<file>`; a file directly in the folder has no sender.
    """

    name = "drop-folder"

    def __init__(self, folder: Path, settle_seconds: float = SETTLE_SECONDS) -> None:
        self.folder = folder
        self.settle_seconds = settle_seconds

    def deliveries(self) -> Iterator[Delivery]:
        """Files that are complete, oldest first."""
        if not self.folder.is_dir():
            return
        files = []
        for path in self.folder.rglob("*"):
            if path.is_symlink() or not path.is_file() or _unfinished(path.name):
                continue
            files.append((path.stat().st_mtime_ns, path.relative_to(self.folder).as_posix(), path))
        for modified, relative, path in sorted(files):
            if time.time() - modified / 1e9 < self.settle_seconds:
                continue
            data = path.read_bytes()
            parts = relative.split("/")
            sha256 = hashlib.sha256(data).hexdigest()
            yield Delivery(
                source=f"{relative}@{modified}#{sha256[:16]}",
                file_name=path.name,
                sender=parts[0] if len(parts) > 1 else "",
                data=data,
            )

    def done(self, delivery: Delivery) -> None:
        """Take the file away: its bytes are kept."""
        path = self.folder / delivery.source.rsplit("@", 1)[0]
        path.unlink(missing_ok=True)


def _unfinished(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().endswith(PARTIAL)


class HandIn:
    """Files named on the command line by a member of staff."""

    name = "hand-in"

    def __init__(self, files: list[Path], sender: str, expected_period: str | None = None) -> None:
        self.files = files
        self.sender = sender
        self.expected_period = expected_period

    def deliveries(self) -> Iterator[Delivery]:
        """The named files; they stay where they are."""
        for path in self.files:
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            yield Delivery(
                source=f"{path.resolve()}@{path.stat().st_mtime_ns}#{sha256[:16]}",
                file_name=path.name,
                sender=self.sender,
                data=data,
                expected_period=self.expected_period,
            )

    def done(self, delivery: Delivery) -> None:
        """Nothing to take away."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one sweep of a channel did."""

    received: int
    duplicates: int
    known: int


def take(engine: Engine, originals: Originals, channel: Channel, at: datetime) -> Taken:
    """Keep every delivery of a channel: original first, then its receipt, then done.

    Deliveries are kept in batches, each with one flush to disk and one transaction. Killed
    between two of these steps, the next sweep finds the same deliveries by their source.
    """
    received = duplicates = known = 0
    for batch in _batches(channel.deliveries()):
        hashes = originals.put_many([d.data for d in batch])
        with engine.begin() as connection:
            entries = receipts.record_many(
                connection,
                [
                    NewReceipt(
                        sha256=sha256,
                        size=len(d.data),
                        file_name=d.file_name,
                        channel=channel.name,
                        source=d.source,
                        sender=d.sender,
                        received_at=d.received_at or at,
                        expected_period=d.expected_period,
                    )
                    for d, sha256 in zip(batch, hashes, strict=True)
                ],
            )
        for delivery, entry in zip(batch, entries, strict=True):
            if entry is None:
                known += 1
            elif entry.state == "duplicate":
                duplicates += 1
            else:
                received += 1
            channel.done(delivery)
    return Taken(received, duplicates, known)


def _batches(deliveries: Iterable[Delivery]) -> Iterator[list[Delivery]]:
    """Runs of deliveries, bounded by number and by bytes in memory."""
    batch: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        batch.append(delivery)
        size += len(delivery.data)
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
