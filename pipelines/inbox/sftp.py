"""The SFTP drop: a server with a folder per sender; what is still being uploaded is left there."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from pipelines.inbox.arriving import Delivery, cut_off, unfinished
from pipelines.inbox.mail import repaired
from pipelines.remote_files import RemoteFile, RemoteFiles

MOST_BYTES = 40 << 20
TooLarge = Callable[[RemoteFiles, RemoteFile], None]
"""What is done about a file that is not read because of its size."""
PATIENCE = timedelta(hours=1)
"""A file without its end may still be coming; after this the sender is told that it is broken."""
CREDIT = timedelta(minutes=30)
"""The server's time of a file counts as its arrival when it is no older than this: it lay there
between two sweeps. Senders can set it, so older ones count from when they were seen."""


class SftpDrop:
    """Files below `<sender>/`, taken away once they are kept.

    A file is taken when its name does not say that it is partial, its size and time stand still
    for `settle_seconds`, and a workbook or zip has its end. `now` is the clock files are aged by.
    """

    name = "sftp"

    def __init__(
        self,
        files: RemoteFiles,
        settle_seconds: float,
        now: datetime | None = None,
        most_bytes: int = MOST_BYTES,
        too_large: TooLarge | None = None,
    ) -> None:
        self._files = files
        self._settle = settle_seconds
        self._now = now
        self._most = most_bytes
        self._too_large = too_large
        self._listed: dict[str, RemoteFile] = {}

    def deliveries(self) -> Iterator[Delivery]:
        """Files that are complete, oldest first."""
        before = {f.path: f for f in self._files.listing() if _wanted(f)}
        if not before:
            return
        time.sleep(self._settle)
        now = self._now or datetime.now(UTC)
        for file in self._files.listing():
            if before.get(file.path) != file:
                continue
            if file.size > self._most:
                if self._too_large is not None:
                    self._too_large(self._files, file)
                continue
            data = self._files.read(file.path, self._most)
            if len(data) != file.size or (cut_off(data) and now - file.modified < PATIENCE):
                continue
            delivery = remote_delivery(file, data)
            self._listed[delivery.source] = file
            if timedelta(0) <= now - file.modified <= CREDIT:
                delivery = remote_delivery(file, data, file.modified)
            yield delivery

    def done(self, delivery: Delivery) -> None:
        """Take the file away, unless a newer one has taken its place."""
        digest = hashlib.sha256(delivery.data).hexdigest()
        self._files.remove(self._listed[delivery.source], digest)


def _wanted(file: RemoteFile) -> bool:
    parts = file.path.split("/")
    return len(parts) > 1 and not any(unfinished(p) for p in parts)


def remote_delivery(file: RemoteFile, data: bytes, received_at: datetime | None = None) -> Delivery:
    """A file of a store with a folder per sender; the sender is looked up by that folder's name."""
    sha256 = hashlib.sha256(data).hexdigest()
    # Upload programs of Windows send names in GBK.
    path = repaired(file.path)
    return Delivery(
        source=f"{path}@{file.tag}#{sha256[:16]}",
        file_name=path.rsplit("/", 1)[-1],
        sender="",
        data=data,
        received_at=received_at,
        address=path.split("/", 1)[0],
    )
