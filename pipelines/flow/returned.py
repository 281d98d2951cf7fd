"""The documents of a receipt, and what lies in the returned folder for its sender to collect."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.places import Places
from pipelines.read import expand
from warehouse.originals import write_private
from warehouse.receipts import Receipt


@dataclass(frozen=True, slots=True)
class Arrived:
    """One workbook of a receipt; `member` and `number` say which of a zip, else empty and 0."""

    receipt: Receipt
    member: str
    number: int
    data: bytes


def documents_of(receipt: Receipt, here: Places) -> list[Arrived]:
    """The workbooks of a receipt: itself, or the members of a zip of workbooks by their path.

    Paths that differ only in how they are written get a number: each document is kept by its own.
    """
    found: dict[str, Arrived] = {}
    for path, data in expand(here.originals.get(receipt.sha256), ""):
        member = name = path.removeprefix("/")
        count = 1
        while member in found:
            count += 1
            member = f"{name}（{count}）"
        found[member] = Arrived(receipt, member, len(found) + 1 if member else 0, data)
    return list(found.values())


def lay_down(
    here: Places,
    receipt: Receipt,
    number: int,
    stem: str,
    word: str,
    content: bytes,
    code: str,
    suffix: str = ".xlsx",
) -> str:
    """Put an answer where its sender collects it, named by receipt and outcome; its content hash.

    Writing it again leaves the same file. `number` tells members of a zip apart, `code` is the
    folder of a receipt that came without a sender.
    """
    folder = here.returned / safe_name(receipt.sender or code or "未知单位")
    # Two members of a zip may bear one name in two folders.
    head = f"{receipt.id:06d}-{number}" if number else f"{receipt.id:06d}"
    target = folder / f"{head}-{safe_name(stem)}-{word}{suffix}"
    # The sender's own file may name persons: readable for nobody else.
    write_private(target, content)
    return here.originals.put(content)


def safe_name(name: str) -> str:
    """A file name without characters that a file system or a mail gateway dislikes."""
    kept = "".join("_" if c in '\\/:*?"<>|\r\n\t\0' else c for c in name).strip(" .")
    return kept.encode()[:150].decode(errors="ignore") or "_"
