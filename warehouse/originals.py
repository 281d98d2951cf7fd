"""Originals by content hash: written once, never changed, checked when read."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


class OriginalDamaged(Exception):
    """A stored original no longer has the content its name says: storage has failed."""


class Originals:
    """A folder of files named by their SHA-256; also used for returned and published files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the content lies (or would lie)."""
        return self.folder / sha256[:2] / sha256[2:]

    def put(self, data: bytes) -> str:
        """Store bytes durably and return their hash; storing them again changes nothing."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self.path(sha256)
        if target.exists():
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o444)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes; OriginalDamaged when they are not what the hash says."""
        data = self.path(sha256).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise OriginalDamaged(sha256)
        return data
