"""Object storage: a bucket with a prefix per sender; an object appears whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from pipelines.inbox.arriving import Delivery, unfinished
from pipelines.inbox.sftp import MOST_BYTES, TooLarge, remote_delivery
from pipelines.remote_files import RemoteFile, RemoteFiles


class ObjectStorage:
    """Objects below `<sender>/`, taken away once they are kept; the store says when they came.

    One of more than `most_bytes` is never read: `too_large` hears of it.
    """

    name = "object-storage"

    def __init__(
        self,
        files: RemoteFiles,
        most_bytes: int = MOST_BYTES,
        too_large: TooLarge | None = None,
    ) -> None:
        self._files = files
        self._most = most_bytes
        self._too_large = too_large
        self._listed: dict[str, RemoteFile] = {}

    def deliveries(self) -> Iterator[Delivery]:
        """Objects, oldest first; one without a prefix has no sender and stays."""
        for file in self._files.listing():
            if "/" not in file.path or unfinished(file.path.rsplit("/", 1)[-1]):
                continue
            if file.size > self._most:
                if self._too_large is not None:
                    self._too_large(self._files, file)
                continue
            data = self._files.read(file.path, self._most)
            if len(data) != file.size:
                continue  # replaced meanwhile: the next sweep sees it as it is
            delivery = remote_delivery(file, data, file.modified)
            self._listed[delivery.source] = file
            yield delivery

    def done(self, delivery: Delivery) -> None:
        """Take the object away, unless a newer one has taken its place."""
        digest = hashlib.sha256(delivery.data).hexdigest()
        self._files.remove(self._listed[delivery.source], digest)
