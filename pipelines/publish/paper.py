"""What an official document (公文) says, before it is drawn as Word or PDF."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipelines.publish.content import (
    LYING_WIDTH,
    TEXT_WIDTH,
    Inline,
    Number,
    PublishedNumber,
)

PORTRAIT, LANDSCAPE = TEXT_WIDTH, LYING_WIDTH
"""Millimetres of text between the margins of a standing and of a lying page."""


Words = str | Number | tuple[Inline, ...]
"""Text, a number with its reference, or a run of both."""


def runs(words: Words) -> tuple[Inline, ...]:
    """Words piece by piece."""
    return words if isinstance(words, tuple) else (words,)


def flat(words: Words) -> str:
    """Words as their reader sees them."""
    return "".join(w if isinstance(w, str) else w.text for w in runs(words))


def said(*pieces: Words) -> tuple[Inline, ...]:
    """Pieces one after another."""
    return tuple(run for piece in pieces for run in runs(piece))


def listed(items: Iterable[Words], between: str = "、") -> tuple[Inline, ...]:
    """Items with a sign between them."""
    found: list[Inline] = []
    for n, item in enumerate(items):
        found += [between] if n else []
        found += runs(item)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 (一、) or 2 (（一）); the document counts."""

    text: Words
    level: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `numbered` ones count 1. 2. 3. under their heading, `note` is set smaller."""

    text: Words
    style: Literal["body", "numbered", "note"] = "body"


MOST_JOINED = 6
"""Rows that one cell covers at most, so that they fit on a page together."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: heads, their share of the width, rows of words; `align` by column, l r or c.

    Equal neighbours in the `joined` first columns become one cell, which is not parted by the end
    of a page: what stands below it must be read beside it.
    """

    heads: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[Words, ...], ...]
    align: str = ""
    title: Words = ""
    note: Words = ""
    joined: int = 0

    @property
    def shown(self) -> tuple[tuple[str, ...], ...]:
        """Its rows as their reader sees them."""
        return tuple(tuple(flat(cell) for cell in row) for row in self.rows)

    def spans(self, column: int) -> list[int]:
        """For each row how many rows the cell covers; 0 where it is covered by one above."""
        found = [1] * len(self.rows)
        if column >= self.joined:
            return found
        first = 0
        for i in range(1, len(self.rows)):
            alike = self.rows[i][: column + 1] == self.rows[first][: column + 1]
            if alike and i - first < MOST_JOINED:
                found[first], found[i] = found[first] + 1, 0
            else:
                first = i
        return found


@dataclass(frozen=True, slots=True)
class Turn:
    """From here on pages lie on their side, or stand again."""

    landscape: bool


@dataclass(frozen=True, slots=True)
class Signatures:
    """Boxes to sign in: label, what it is about, who signs; `height` in millimetres each."""

    boxes: tuple[tuple[str, str, str], ...]
    height: int = 34


Part = Heading | Text | Grid | Turn | Signatures


@dataclass(frozen=True, slots=True)
class Paper:
    """One document: with a red head a letter, with a cover a book.

    `number` is the 发文字号, `addressee` is followed by a colon, `issued` stands under the issuer,
    `receipt` is a page after the seal (送达回证): whoever gets the paper signs there. `quoting`
    says at its end, in small type, how its numbers are quoted.
    """

    title: str
    issuer: str
    parts: tuple[Part, ...]
    number: str = ""
    addressee: str = ""
    issued: date | None = None
    attachments: tuple[str, ...] = ()
    copies: str = ""
    cover: tuple[tuple[str, str], ...] = ()
    compact: bool = False
    receipt: Signatures | None = None
    quoting: str = ""

    def numbers(self) -> list[PublishedNumber]:
        """Its printed figures in reading order."""
        return [n for part in self.parts for n in numbers_in(part)]


def numbers_in(part: Part) -> list[PublishedNumber]:
    """The printed figures of a part: of a table's title, rows and note in this order."""
    match part:
        case Heading() | Text():
            told: Iterable[Words] = (part.text,)
        case Grid():
            told = (part.title, *(cell for row in part.rows for cell in row), part.note)
        case _:
            told = ()
    return [run.reference for words in told for run in runs(words) if isinstance(run, Number)]


def table_or(
    empty: str,
    heads: tuple[str, ...],
    widths: tuple[float, ...],
    rows: tuple[tuple[Words, ...], ...],
    align: str,
    joined: int = 0,
) -> Part:
    """A table, or a sentence where there is nothing to list."""
    return Grid(heads, widths, rows, align, joined=joined) if rows else Text(empty)


TITLE_LINE = 20
"""Characters of a title that fit on a line of text."""


def title_lines(text: str) -> tuple[str, ...]:
    """A title; one too long for a line is broken after a word, near its middle, in no brackets."""
    if len(text) <= TITLE_LINE:
        return (text,)
    words = [
        found.end()
        for found in re.finditer(r"[的和与、，》”）]|.(?=\d{4}年)", text[:-1])
        if not re.search(r"[（《“][^）》”]*$", text[: found.end()])
    ]
    at = min(words or [len(text) // 2], key=lambda i: abs(2 * i - len(text)))
    return text[:at], text[at:]
