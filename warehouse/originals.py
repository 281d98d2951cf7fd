"""Originals by content hash: written once, never changed, encrypted, checked when read.

A file is named by the SHA-256 of what was handed in and holds it encrypted with AES-256-GCM: mark,
nonce, ciphertext with its tag. The name is authenticated too, so two files cannot be exchanged.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.exceptions import InvalidTag

from warehouse.personal import data_key, file_cipher

MARK = b"\x89UR1"
"""Begins an encrypted file; no workbook, archive or text begins so."""
NONCE = 12

# Flushes that wait together are written by the file system together: 0.2 ms a file, not 1 to 2.
_FLUSHES_AT_ONCE = 8


class OriginalDamaged(Exception):
    """A stored original is not what its name says: storage has failed, or the key is another."""


class Originals:
    """A folder of files named by their SHA-256; also used for returned and published files.

    `key` is the installation's data key (64 bytes); without one it is looked up when first needed.
    """

    def __init__(self, folder: Path, key: bytes | None = None) -> None:
        self.folder = folder
        self._key = key

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
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A folder's own name stands in the folder above it, up to one that was there before.
        above = {self.folder, *self.folder.parents[:1]} if made else set()
        sealed = [self._seal(sha256, data) for sha256, data in new.items()]
        if len(targets) == 1:
            _write(targets[0], sealed[0])
            _flush_all(map(_flush_folder, [*folders, *above]))
            return hashes
        with ThreadPoolExecutor(_FLUSHES_AT_ONCE) as pool:
            _flush_all(pool.map(_write, targets, sealed))
            _flush_all(pool.map(_flush_folder, [*folders, *above]))
        return hashes

    def get(self, sha256: str) -> bytes:
        """The bytes; OriginalDamaged when they are not what the hash says.

        A file without our mark was kept before originals were encrypted, and is read as it is.
        """
        data = self.path(sha256).read_bytes()
        if data.startswith(MARK):
            data = self._open(sha256, data)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise OriginalDamaged(sha256)
        return data

    def _seal(self, sha256: str, data: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        cipher = file_cipher(self._key or data_key())
        return MARK + nonce + cipher.encrypt(nonce, data, sha256.encode())

    def _open(self, sha256: str, sealed: bytes) -> bytes:
        nonce, rest = sealed[len(MARK) : len(MARK) + NONCE], sealed[len(MARK) + NONCE :]
        try:
            return file_cipher(self._key or data_key()).decrypt(nonce, rest, sha256.encode())
        except InvalidTag as error:
            raise OriginalDamaged(sha256) from error


def write_private(target: Path, data: bytes) -> None:
    """Lay a file out whole, for nobody but the owner of the folder: 0600, in folders of 0700."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    temporary.replace(target)


def _write(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".part-{os.getpid()}-{secrets.token_hex(6)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
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
