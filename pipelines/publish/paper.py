"""What an official document (公文) says, before it is drawn as Word or PDF."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipelines.publish.content import LYING_WIDTH, TEXT_WIDTH

PORTRAIT, LANDSCAPE = TEXT_WIDTH, LYING_WIDTH
"""Millimetres of text between the margins of a standing and of a lying page."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 (一、) or 2 (（一）); the document counts."""

    text: str
    level: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `numbered` ones count 1. 2. 3. under their heading, `note` is set smaller."""

    text: str
    style: Literal["body", "numbered", "note"] = "body"


MOST_JOINED = 6
"""Rows that one cell covers at most, so that they fit on a page together."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: heads, their share of the width, rows as text; `align` by column, l r or c.

    Equal neighbours in the `joined` first columns become one cell, which is not parted by the end
    of a page: what stands below it must be read beside it.
    """

    heads: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str = ""
    title: str = ""
    note: str = ""
    joined: int = 0

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
    `receipt` is a page after the seal (送达回证): whoever gets the paper signs there.
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


def table_or(
    empty: str,
    heads: tuple[str, ...],
    widths: tuple[float, ...],
    rows: tuple[tuple[str, ...], ...],
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
