"""The hand-in: files named on the command line by a member of staff."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pipelines.inbox.arriving import Delivery, Letter


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

    def done(self, delivery: Delivery | Letter) -> None:
        """Nothing to take away."""
