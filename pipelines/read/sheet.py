"""What every reader of a format hands on: grids of raw values, and cells that are no value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.read.limits import Limits

Merge = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A formula whose result is an error; `text` is #REF! and the like."""

    text: str


@dataclass(frozen=True, slots=True)
class Uncached:
    """A formula that was saved without its result."""


@dataclass(frozen=True, slots=True)
class Percent:
    """A number whose cell shows it as per cent: 0.92 is seen as 92%."""

    value: float


@dataclass(frozen=True, slots=True)
class Merged:
    """A cell under a vertical merge; `value` stands in the first cell of the merge."""

    value: Any


@dataclass(slots=True)
class Grid:
    """One sheet: rows of raw values from A1, '' when blank; rows and columns from 0."""

    name: str
    rows: list[list[Any]]
    merges: list[Merge] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    comments: int = 0
    too_large: str = ""
    # Text formats hold nothing but text: a number in them is not "stored as text".
    all_text: bool = False


@dataclass(slots=True)
class Book:
    """All grids of a document and what its container says."""

    grids: list[Grid]
    macros: bool = False
    external_links: bool = False
    date1904: bool = False


class Unreadable(Exception):
    """The real format is not one we read; `kind` is a key of formats.NAMES."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


def square(rows: list[list[Any]]) -> list[list[Any]]:
    width = max(map(len, rows), default=0)
    return [r + [""] * (width - len(r)) if len(r) < width else r for r in rows]


def refuse_extent(rows: int, columns: int, limits: Limits) -> str:
    if rows > limits.rows or columns > limits.columns or rows * columns > limits.cells:
        return f"{rows} 行 {columns} 列"
    return ""
