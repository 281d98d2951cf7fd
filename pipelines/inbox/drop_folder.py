"""The drop folder: a folder of this machine with one sub-folder per sender."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pipelines.inbox.arriving import Delivery, Letter, unfinished
from pipelines.remote_files import ANSWERS

# A file still being copied in is left for the next sweep.
SETTLE_SECONDS = 2.0


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
            if path.is_symlink() or not path.is_file() or unfinished(path.name):
                continue
            if ANSWERS in path.parts:
                continue
            found = path.stat()
            relative = path.relative_to(self.folder).as_posix()
            files.append((found.st_mtime_ns, relative, path, found.st_ctime))
        for modified, relative, path, changed in sorted(files):
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
                # What lay here before the deadline is not late because the sweep came after it.
                # Senders can set the time of modification, but not this one.
                received_at=datetime.fromtimestamp(changed, UTC),
            )

    def done(self, delivery: Delivery | Letter) -> None:
        """Take the file away: its bytes are kept."""
        path = self.folder / delivery.source.rsplit("@", 1)[0]
        path.unlink(missing_ok=True)
