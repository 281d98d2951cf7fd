"""Answers laid where the sender fetches them: beside what he uploaded, on the same channel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.notify.ways import NotNow
from pipelines.remote_files import ANSWERS, RemoteFiles
from warehouse.originals import write_private
from warehouse.outbox import Message


class Remote:
    """The sender's folder of an SFTP server or bucket; laying the same again leaves one."""

    again = True

    def __init__(self, files: RemoteFiles) -> None:
        self._files = files

    def hand_over(self, message: Message, files: Sequence[tuple[str, bytes]]) -> None:
        """Lay the files there, and the text last: who sees it finds them all."""
        for name, data in with_text(message, files):
            try:
                self._files.put(f"{message.address}/{ANSWERS}/{name}", data)
            except Exception as error:
                if isinstance(error, OSError) or type(error).__module__.startswith(
                    ("asyncssh", "botocore")
                ):
                    raise NotNow(type(error).__name__) from error
                raise


class Folder:
    """The drop folder of this machine: answers lie below the sender's own, which is never swept."""

    again = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hand_over(self, message: Message, files: Sequence[tuple[str, bytes]]) -> None:
        """Lay the files there, and the text last."""
        for name, data in with_text(message, files):
            write_private(self._folder / message.address / ANSWERS / name, data)


def with_text(message: Message, files: Sequence[tuple[str, bytes]]) -> list[tuple[Any, bytes]]:
    """The files of a message and its text as one more, named by its subject."""
    # The mark lets Notepad and WPS see that it is UTF-8.
    text = message.body.replace("\n", "\r\n").encode("utf-8-sig")
    return [*files, (f"{message.subject}.txt", text)]
