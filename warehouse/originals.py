"""Originals by content hash: written once, never changed, checked when read."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Flushes that wait together are written by the file system together: 0.2 ms a file, not 1 to 2.
_FLUSHES_AT_ONCE = 8


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
        return self.put_many([data])[0]

    def put_many(self, contents: Sequence[bytes]) -> list[str]:
        """Store many at once; on return all of them, and their names, are on the disk.

        Each file is flushed before it gets its name, and each folder before this returns, so a
        power cut leaves whole files or none, and none that was promised is missing.
        """
        hashes = [hashlib.sha256(data).hexdigest() for data in contents]
        new = {
            sha256: data
            for sha256, data in zip(hashes, contents, strict=True)
            if not self.path(sha256).exists()
        }
        if not new:
            return hashes
        targets = [self.path(sha256) for sha256 in new]
        folders = {target.parent for target in targets}
        made = [folder for folder in folders if not folder.is_dir()]
        for folder in made:
            folder.mkdir(parents=True, exist_ok=True)
        # A folder's own name stands in the folder above it, up to one that was there before.
        above = {self.folder, *self.folder.parents[:1]} if made else set()
        if len(targets) == 1:
            _write(targets[0], *new.values())
            _flush_all(map(_flush_folder, [*folders, *above]))
            return hashes
        with ThreadPoolExecutor(_FLUSHES_AT_ONCE) as pool:
            _flush_all(pool.map(_write, targets, new.values()))
            _flush_all(pool.map(_flush_folder, [*folders, *above]))
        return hashes

    def get(self, sha256: str) -> bytes:
        """The bytes; OriginalDamaged when they are not what the hash says."""
        data = self.path(sha256).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise OriginalDamaged(sha256)
        return data


def _write(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".part-{os.getpid()}-{secrets.token_hex(6)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_all(work: Iterable[None]) -> None:
    """Wait for all of it; the first error is raised."""
    for _ in work:
        pass
