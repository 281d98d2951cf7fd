"""A zip of workbooks becomes its members, each a document of its own."""

from __future__ import annotations

import zipfile

from pipelines.read import container, formats
from pipelines.read.container import TooLarge, Unsafe
from pipelines.read.limits import Limits


def expand(data: bytes, name: str, limits: Limits | None = None) -> list[tuple[str, bytes]]:
    """The documents inside a zip by their path, two zips deep; anything else is one document.

    Members that are no workbook come out too, so that each gets its own finding; folders,
    resource forks of macOS and lock files of Office do not. A zip that may not be opened comes
    out whole: reading it says why.
    """
    limits = limits or Limits()
    if not formats.is_archive(data):
        return [(name, data)]
    found: list[tuple[str, bytes]] = []
    budget = [limits.unpacked_bytes, limits.archive_members]
    try:
        _expand(data, name, limits, 1, found, budget)
    except Unsafe:
        return [(name, data)]
    return found or [(name, data)]


def _expand(
    data: bytes,
    name: str,
    limits: Limits,
    depth: int,
    found: list[tuple[str, bytes]],
    budget: list[int],
) -> None:
    archive = container.open_zip(data, limits)
    for entry in archive.infolist():
        path = _member_name(entry)
        base = path.rsplit("/", 1)[-1]
        if entry.is_dir() or base.startswith(("~$", "._", ".DS_Store")) or "__MACOSX/" in path:
            continue
        budget[0] -= entry.file_size
        budget[1] -= 1
        if min(budget) < 0:
            raise TooLarge("压缩包内容超过上限")
        member = container.read_entry(archive, entry)
        whole = f"{name}/{path}"
        if depth < limits.archive_depth and formats.is_archive(member):
            try:
                _expand(member, whole, limits, depth + 1, found, budget)
            except TooLarge:
                raise
            except Unsafe:
                found.append((whole, member))
        else:
            found.append((whole, member))


def _member_name(entry: zipfile.ZipInfo) -> str:
    """Windows tools write member names in GBK without saying so."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            return name
    return name.replace("\\", "/")


def why_not(data: bytes, limits: Limits) -> str:
    """Why a zip could not be expanded; a sentence for the reporter."""
    found: list[tuple[str, bytes]] = []
    try:
        _expand(data, "", limits, 1, found, [limits.unpacked_bytes, limits.archive_members])
    except Unsafe as error:
        return str(error)
    return "压缩包层数过多" if found else "压缩包里没有文件"
