"""A publication: its files, the numbers in them, and the manifest they are written through."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from definitions.periods import Period
from pipelines.publish.content import Document, PublishedNumber

MANIFEST = "manifest.json"
_BEIJING = timezone(timedelta(hours=8))
# Zip entries carry a time of writing; a fixed one keeps equal content equal in bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything that goes out under one title at one cut-off; files as (name, bytes).

    `recipe` says what it was made of beside unit and period, so that it can be made again: the
    form and line of a consolidated workbook, for one.
    """

    kind: str
    title: str
    unit: str
    period: Period
    cutoff: datetime
    digest: str
    files: tuple[tuple[str, bytes], ...]
    numbers: tuple[PublishedNumber, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    drawn: Mapping[str, Document] = field(default_factory=dict, repr=False, compare=False)
    """Name of a Word file → the content it was drawn from, for whoever wants it as PDF too."""
    quoted_as: str = ""
    """What numbers are quoted by where that is not made of the fields above alone."""

    @property
    def reference(self) -> str:
        """What its numbers are quoted by: R01-7Q4ZK2XM-17 is its seventeenth."""
        return self.quoted_as or reference_of(
            self.kind, self.title, self.unit, self.period, self.cutoff, self.digest
        )


_LONGEST_NAME = 200  # bytes; file systems take 255, endings and the mark of a part come to it


_UNFIT = str.maketrans('/\\:*?"<>|', "／＼：＊？＂＜＞｜", "".join(map(chr, range(32))))
"""Signs that some file system does not take in a name; unions are called what they wrote."""


def file_title(title: str) -> str:
    """A title as the name of a file: as it is, or cut where no file system would take it.

    A cut one ends with six signs of the whole, so that two long names never meet in one folder.
    """
    title = title.translate(_UNFIT)
    if len(title.encode()) <= _LONGEST_NAME:
        return title
    mark = f"…〔{hashlib.sha256(title.encode()).hexdigest()[:6]}〕"
    return title.encode()[: _LONGEST_NAME - len(mark.encode())].decode(errors="ignore") + mark


def reference_of(
    kind: str,
    title: str,
    unit: str,
    period: Period,
    cutoff: datetime,
    digest: str,
    numbers: Sequence[PublishedNumber] = (),
) -> str:
    """The kind and eight signs made of what decides an edition; the same on every machine.

    An id of the warehouse would not do: it is given only once the files, which quote it, exist.
    A paper may be printed again of the same result with more to tell: its `numbers` decide too, so
    that one reference never stands for two lists of them.
    """
    moment = stamp(cutoff).isoformat()
    told = [f"{n.text}|{n.unit}|{n.period}|{n.indicator}|{n.basis}" for n in numbers]
    whole = "|".join((kind, title, unit, period.label, moment, digest, *told))
    signs = base64.b32encode(hashlib.sha256(whole.encode()).digest()).decode()[:8]
    return f"{kind.split()[0].replace('-', '')}-{signs}"


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file as the manifest records it; `size` in bytes."""

    name: str
    sha256: str
    size: int


def beijing(moment: datetime) -> datetime:
    """The moment as clocks in China show it; a naive one is taken to be so already."""
    return moment.astimezone(_BEIJING) if moment.tzinfo is not None else moment


def clock(moment: datetime) -> str:
    """2018年1月20日10:30, Beijing time."""
    local = beijing(moment)
    return f"{chinese_day(local)}{local:%H:%M}"


def chinese_day(day: date) -> str:
    """2021年3月10日."""
    return f"{day.year}年{day.month}月{day.day}日"


def signature(issuer: str, cutoff: datetime) -> tuple[str, ...]:
    """Who signs a document, and from when it is: the day up to which it tells."""
    return issuer, chinese_day(beijing(cutoff))


def stamp(moment: datetime) -> datetime:
    """The moment as document properties want it: UTC, naive, whole seconds."""
    local = moment if moment.tzinfo is not None else moment.replace(tzinfo=_BEIJING)
    return local.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def write_publication(folder: Path, publication: Publication) -> list[PublishedFile]:
    """Write the files, then the manifest that names them; a reader trusts only the manifest.

    Each file appears whole or not at all, and the manifest last, so a run killed midway leaves
    the earlier publication readable and can be repeated. Files of an earlier manifest that are
    no longer named are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = {f.name for f in read_manifest(folder)}
    written = [
        PublishedFile(name, hashlib.sha256(content).hexdigest(), len(content))
        for name, content in publication.files
    ]
    for name, content in publication.files:
        _replace(folder / name, content)
    _replace(folder / MANIFEST, manifest(publication, written))
    for name in before - {f.name for f in written}:
        (folder / name).unlink(missing_ok=True)
    return written


def manifest(publication: Publication, files: Sequence[PublishedFile]) -> bytes:
    """The manifest as bytes: what, of whom, when cut off, by which definitions, which files."""
    content = {
        "kind": publication.kind,
        "title": publication.title,
        "unit": publication.unit,
        "period": publication.period.label,
        "reference": publication.reference,
        "cutoff": stamp(publication.cutoff).isoformat() + "+00:00",
        "definitions_digest": publication.digest,
        "numbers": len(publication.numbers),
        "files": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in files],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def read_manifest(folder: Path) -> list[PublishedFile]:
    """The files of a written publication; empty when there is none."""
    path = folder / MANIFEST
    if not path.exists():
        return []
    return [PublishedFile(**item) for item in json.loads(path.read_text())["files"]]


def same_bytes(archive: bytes) -> bytes:
    """An OOXML package again with fixed entry times, so that equal content is equal in bytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            new.writestr(info, old.read(entry))
    return out.getvalue()


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
