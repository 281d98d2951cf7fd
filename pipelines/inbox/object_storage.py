"""Object storage: a bucket with a prefix per sender; an object appears whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from pipelines.inbox.arriving import Delivery, unfinished
from pipelines.inbox.sftp import remote_delivery
from pipelines.remote_files import RemoteFile, RemoteFiles


class ObjectStorage:
    """Objects below `<sender>/`, taken away once they are kept; the store says when they came."""

    name = "object-storage"

    def __init__(self, files: RemoteFiles) -> None:
        self._files = files
        self._listed: dict[str, RemoteFile] = {}

    def deliveries(self) -> Iterator[Delivery]:
        """Objects, oldest first; one without a prefix has no sender and stays."""
        for file in self._files.listing():
            if "/" not in file.path or unfinished(file.path.rsplit("/", 1)[-1]):
                continue
            delivery = remote_delivery(file, self._files.read(file.path), file.modified)
            self._listed[delivery.source] = file
            yield delivery

    def done(self, delivery: Delivery) -> None:
        """Take the object away, unless a newer one has taken its place."""
        digest = hashlib.sha256(delivery.data).hexdigest()
        self._files.remove(self._listed[delivery.source], digest)
