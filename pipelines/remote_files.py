"""Folders on other machines, one per sender: an SFTP server, a bucket of an S3-compatible store."""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import re
import secrets
import stat as modes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncssh

from pipelines.channel_settings import ObjectStorageSettings, SftpSettings

ANSWERS = "退回和回执"
"""The folder below a sender's own into which answers are laid, and which is never swept."""
DEPTH = 4
_ASIDE = re.compile(r"^\.[0-9a-f]{12}\.")
LONGEST_NAME, MOST_NAME = 255, 180
"""Bytes that a file system takes for a name, and those of one that others are made of."""
_REST = bytes(range(0x80, 0xC0))
"""What is left of a character of UTF-8 that was cut through."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file: its path below the root, bytes, when it changed last, and a tag of its content."""

    path: str
    size: int
    modified: datetime
    tag: str


class RemoteFiles(Protocol):
    """What both kinds of store can do. Paths are below the root, with slashes."""

    def listing(self) -> list[RemoteFile]: ...

    def read(self, path: str, most: int) -> bytes: ...

    def set_aside(self, file: RemoteFile, told: str, words: bytes) -> None: ...

    def remove(self, file: RemoteFile, sha256: str) -> bool: ...

    def put(self, path: str, data: bytes) -> None: ...


# --- SFTP ---


class SftpFiles:
    """An open connection to an SFTP server; use `sftp_files`."""

    def __init__(self, runner: asyncio.Runner, client: asyncssh.SFTPClient, root: str) -> None:
        self._runner = runner
        self._client = client
        self._root = root

    def listing(self) -> list[RemoteFile]:
        """Every plain file but answers, oldest first."""
        found = self._runner.run(self._walk("", 0))
        return sorted(found, key=lambda f: (f.modified, f.path))

    def read(self, path: str, most: int) -> bytes:
        """The file as it is now, of one that has grown beyond `most` bytes no more than one over.

        What is listed may be replaced by something larger before it is read.
        """
        return self._runner.run(self._bytes(self._full(path), most + 1))

    def set_aside(self, file: RemoteFile, told: str, words: bytes) -> None:
        """Move a file unread to where its sender finds answers, with words beside it."""
        self._runner.run(self._set_aside(file, told, words))

    def remove(self, file: RemoteFile, sha256: str) -> bool:
        """Take a file away if it still has the content that was kept; whether it is gone.

        Times of SFTP are whole seconds: only the content shows that no corrected file took its
        place. It is put aside first, so that nothing can take its place while we look.
        """
        return self._runner.run(self._remove(file, sha256))

    def put(self, path: str, data: bytes) -> None:
        """Lay a file there whole: under another name first, then renamed."""
        self._runner.run(self._put(path, data))

    def _full(self, path: str) -> str:
        return posixpath.join(self._root, path) if path else self._root

    async def _walk(self, folder: str, depth: int) -> list[RemoteFile]:
        found: list[RemoteFile] = []
        for entry in await self._client.readdir(self._full(folder)):
            name = _text(entry.filename)
            if name in (".", "..", ANSWERS):
                continue
            if _ASIDE.match(name):
                # Left by a sweep that died: it may be a newer file than the one that was kept.
                name = await self._put_back(self._full(folder), name)
            path = posixpath.join(folder, name) if folder else name
            # A link may lead out of the sender's own folder.
            mode = entry.attrs.permissions or 0
            if modes.S_ISDIR(mode) and depth < DEPTH:
                with suppress(asyncssh.SFTPError):
                    found += await self._walk(path, depth + 1)
            elif modes.S_ISREG(mode):
                found.append(_remote(path, entry.attrs))
        return found

    async def _bytes(self, full: str, most: int) -> bytes:
        async with self._client.open(full, "rb") as file:
            data: str | bytes = await file.read(most)
            return data.encode() if isinstance(data, str) else bytes(data)

    async def _set_aside(self, file: RemoteFile, told: str, words: bytes) -> None:
        target = self._full(aside(file))
        await self._client.makedirs(posixpath.dirname(target), exist_ok=True)
        with suppress(asyncssh.SFTPNoSuchFile):
            # The same file put there once more has the same name aside.
            await self._replace(self._full(file.path), target)
        await self._put(posixpath.join(answers_of(file), told), words)

    async def _remove(self, file: RemoteFile, sha256: str) -> bool:
        folder, name = posixpath.split(self._full(file.path))
        aside = posixpath.join(folder, f".{secrets.token_hex(6)}.{name}.part")
        if len(posixpath.basename(aside).encode("utf-8", "surrogateescape")) > LONGEST_NAME:
            return await self._remove_in_place(file, sha256)
        try:
            await self._client.rename(posixpath.join(folder, name), aside)
        except asyncssh.SFTPNoSuchFile:
            return True
        data = await self._bytes(aside, file.size + 1)
        if hashlib.sha256(data).hexdigest() == sha256:
            await self._client.remove(aside)
            return True
        await self._put_back(folder, posixpath.basename(aside))
        return False

    async def _remove_in_place(self, file: RemoteFile, sha256: str) -> bool:
        """The same for a name that leaves no room to put the file aside."""
        full = self._full(file.path)
        with suppress(asyncssh.SFTPNoSuchFile):
            if hashlib.sha256(await self._bytes(full, file.size + 1)).hexdigest() != sha256:
                return False
            await self._client.remove(full)
        return True

    async def _put_back(self, folder: str, aside: str) -> str:
        """Give a file that was put aside its name again; the name it has then."""
        name = _ASIDE.sub("", aside).removesuffix(".part")
        try:
            await self._client.rename(posixpath.join(folder, aside), posixpath.join(folder, name))
        except asyncssh.SFTPError:
            # Another has come meanwhile: both are swept.
            name = f"{secrets.token_hex(3)}-{name}"
            await self._client.rename(posixpath.join(folder, aside), posixpath.join(folder, name))
        return name

    async def _put(self, path: str, data: bytes) -> None:
        full = self._full(path)
        folder, name = posixpath.split(full)
        await self._client.makedirs(folder, exist_ok=True)
        partial = posixpath.join(folder, f".{name}.part")
        async with self._client.open(partial, "wb") as file:
            await file.write(data)
        await self._replace(partial, full)

    async def _replace(self, source: str, target: str) -> None:
        """Rename a file onto whatever bears the name; SFTPNoSuchFile when it is gone."""
        try:
            await self._client.posix_rename(source, target)
        except asyncssh.SFTPNoSuchFile:
            raise
        except asyncssh.SFTPError:
            # A server without the extension renames onto nothing only.
            with suppress(asyncssh.SFTPNoSuchFile):
                await self._client.remove(target)
            await self._client.rename(source, target)


def answers_of(file: RemoteFile) -> str:
    """The folder of answers of whoever sent a file."""
    return f"{file.path.split('/', 1)[0]}/{ANSWERS}"


def aside(file: RemoteFile) -> str:
    """Where a file is moved that is not taken in: among the answers, which are never swept.

    Of a long name the end stays, for the words beside it bear it, too.
    """
    name = file.path.rsplit("/", 1)[-1].encode("utf-8", "surrogateescape")
    kept = name if len(name) <= MOST_NAME else name[-MOST_NAME:].lstrip(_REST)
    digest = hashlib.sha256(f"{file.path}@{file.tag}".encode("utf-8", "surrogateescape"))
    return f"{answers_of(file)}/{digest.hexdigest()[:6]}-{kept.decode('utf-8', 'surrogateescape')}"


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")


def _remote(path: str, attrs: asyncssh.SFTPAttrs) -> RemoteFile:
    size, modified = int(attrs.size or 0), int(attrs.mtime or 0)
    return RemoteFile(path, size, datetime.fromtimestamp(modified, UTC), f"{modified}-{size}")


@contextmanager
def sftp_files(settings: SftpSettings) -> Iterator[SftpFiles]:
    """Connect to the server that the settings name; its key must be the one they name.

    OSError and asyncssh.Error when it cannot be reached or does not let us in.
    """
    words = settings.host_key.split()
    key = " ".join(words[-2:] if len(words) > 2 and "ssh" not in words[0] else words[:2])
    options: dict[str, Any] = {
        "known_hosts": ([asyncssh.import_public_key(key)], [], []),
        "username": settings.user,
        "password": settings.password.get_secret_value() or None,
        "client_keys": [str(settings.key_file)] if settings.key_file else [],
        "config": None,
        "agent_path": None,
        "login_timeout": settings.timeout_seconds,
        "connect_timeout": settings.timeout_seconds,
        "keepalive_interval": 15,
    }
    with asyncio.Runner() as runner:
        connection = runner.run(_connected(settings.host, settings.port, options))
        try:
            client = runner.run(_client(connection))
            yield SftpFiles(runner, client, settings.folder)
        finally:
            connection.close()
            runner.run(connection.wait_closed())


async def _connected(host: str, port: int, options: dict[str, Any]) -> Any:
    return await asyncssh.connect(host, port, **options)


async def _client(connection: Any) -> asyncssh.SFTPClient:
    client: asyncssh.SFTPClient = await connection.start_sftp_client(
        # One name that is not UTF-8 must not keep everybody's files from being read.
        path_errors="surrogateescape"
    )
    return client


# --- object storage ---


class Bucket:
    """A bucket of an S3-compatible store; an object appears whole or not at all."""

    def __init__(self, settings: ObjectStorageSettings) -> None:
        # Costs a quarter of a second: only whoever has a bucket pays it.
        import boto3
        from botocore.config import Config

        self._bucket = settings.bucket
        self._prefix = settings.prefix
        self._client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key.get_secret_value(),
            region_name=settings.region,
            config=Config(
                retries={"max_attempts": 4, "mode": "standard"},
                # Stores other than Amazon's refuse its newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"},
            ),
        )

    def listing(self) -> list[RemoteFile]:
        """Every object but answers and folder marks, oldest first."""
        found = []
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
            for item in page.get("Contents", []):
                path = item["Key"][len(self._prefix) :]
                if path.endswith("/") or ANSWERS in path.split("/"):
                    continue
                found.append(RemoteFile(path, item["Size"], item["LastModified"], item["ETag"]))
        return sorted(found, key=lambda f: (f.modified, f.path))

    def read(self, path: str, most: int) -> bytes:
        """The object as it is now, of one beyond `most` bytes no more than one over."""
        answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)
        with answer["Body"] as body:
            return bytes(body.read(most + 1))

    def set_aside(self, file: RemoteFile, told: str, words: bytes) -> None:
        """Move an object unread to where its sender finds answers, with words beside it."""
        key = self._prefix + file.path
        self._client.copy(
            {"Bucket": self._bucket, "Key": key}, self._bucket, self._prefix + aside(file)
        )
        self._client.delete_object(Bucket=self._bucket, Key=key)
        self.put(f"{answers_of(file)}/{told}", words)

    def remove(self, file: RemoteFile, sha256: str) -> bool:
        """Take an object away unless it was replaced since it was listed; whether it is gone.

        The tag is that of its content, so that the hash need not be computed again.
        """
        from botocore.exceptions import ClientError

        key = self._prefix + file.path
        try:
            now = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return True
            raise
        if now["ETag"] != file.tag:
            return False
        self._client.delete_object(Bucket=self._bucket, Key=key)
        return True

    def put(self, path: str, data: bytes) -> None:
        """Lay an object there."""
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + path, Body=data)
