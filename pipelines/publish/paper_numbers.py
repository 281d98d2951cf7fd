"""Numbers of official papers: what each refers to, and how a paper says that they are quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from definitions.catalogue import Definitions
from pipelines.figures import BLOCK
from pipelines.publish.content import Number, PublishedNumber, ordinal
from pipelines.publish.paper import Heading, Paper, Words, flat, numbers_in
from pipelines.publish.publication import Publication, reference_of
from pipelines.publish.quoting import CASES, MONEY, ROW, basis_of


@dataclass(frozen=True, slots=True)
class Numbers:
    """Makes numbers of one source: of a scheme's result in a year, or of the money it brings.

    `unit` is whom a number is about where nothing else is said.
    """

    code: str
    period: str
    unit: str
    source: str = "assessment"

    def __call__(
        self,
        text: str,
        value: Decimal | int | None,
        basis: str,
        unit: str = "",
        *,
        code: str = "",
        period: str = "",
        units: Sequence[str] = (),
    ) -> Words:
        """A printed number; plain text where there is no value to refer to."""
        if value is None:
            return text
        reference = PublishedNumber(
            "", BLOCK, unit or self.unit, period or self.period, code or self.code, Decimal(value),
            basis, self.source, tuple(units), text,
        )  # fmt: skip
        return Number(text, reference)

    def money(self) -> Numbers:
        """The same about what the result brings."""
        return replace(self, source=MONEY)


Row = Mapping[str, Any]
"""A row of a form as `Rows` yields it."""


def key_of(row: Row, form: str, definitions: Definitions) -> str:
    """What tells a row from others of its union and period: its own number, else its place."""
    told = [str(row[c]) for c in definitions.newest(form).identity if c != "org_code" and row[c]]
    return basis_of(" ".join(told)) if told else f"第{row['row_no']}行"


def cell_of(
    text: str, value: Decimal | int | None, row: Row, form: str, what: str, known: Definitions
) -> Words:
    """A number that stands in a column of a row, or is reckoned from it (`quoting.RECKONED`)."""
    if value is None:
        return text
    reference = PublishedNumber(
        "", BLOCK, row["org_code"], str(row["period"]), f"{form}:{what}", Decimal(value),
        key_of(row, form, known), ROW, (), text,
    )  # fmt: skip
    return Number(text, reference)


def cases_of(rows: Sequence[Row], form: str, unit: str, known: Definitions) -> Words:
    """How many rows of a form a paper is about; it knows which."""
    told = tuple(f"{row['period']} {key_of(row, form, known)}" for row in rows)
    count, period = str(len(rows)), str(rows[0]["period"])
    return Number(count, PublishedNumber(
        "", BLOCK, unit, period, f"{form}:{CASES}", Decimal(len(rows)), CASES, ROW, told, count,
    ))  # fmt: skip


# --- quoting ---


def with_numbers(
    publication: Publication, papers: Sequence[Paper], at: datetime
) -> tuple[Publication, list[Paper]]:
    """A publication with the numbers of its papers, and papers that say how to quote them.

    `at` is the moment that a paper keeps when it is made again as of now: what says the same then
    is quoted the same, whatever the definitions.
    """
    numbers = numbered(papers)
    if not numbers:
        return publication, list(papers)
    one = publication
    reference = reference_of(one.kind, one.title, one.unit, one.period, at, "", numbers)
    return replace(one, numbers=numbers, quoted_as=reference), quoted(papers, reference)


def numbered(papers: Sequence[Paper]) -> tuple[PublishedNumber, ...]:
    """Every number of papers in reading order, named by its place."""
    found = (n for paper in papers for n in paper.numbers())
    return tuple(replace(n, anchor=f"P-{place}") for place, n in enumerate(found, 1))


def quoted(papers: Sequence[Paper], reference: str) -> list[Paper]:
    """Papers that say at their end how their numbers are quoted; they count on from each other."""
    found, before = [], 0
    for paper in papers:
        count = len(paper.numbers())
        told = _told(paper, reference, before) if count else ""
        found.append(replace(paper, quoting=told))
        before += count
    return found


def _told(paper: Paper, reference: str, before: int) -> str:
    first, last = before + 1, before + len(paper.numbers())
    if paper.compact or first == last:  # one line, so that a letter stays on its page
        span = f"{first}" if first == last else f"{first}至{last}"
        return f"本件编号{reference}，数字编为{span}号，可在系统“查数”中逐级查到单元格。"
    told = (
        f"本件编号{reference}，文中的数自前至后编为{first}至{last}号，表中自上而下、自左至右，"
        f"如第{last}号数编号为{reference}-{last}。在系统“查数”中输入数字编号，可逐级查到评分、"
        "报表、工作簿和单元格。"
    )
    spans = list(_spans(paper, before)) if paper.cover else []
    return told + (f"各部分的编号：{'；'.join(spans)}。" if spans else "")


def _spans(paper: Paper, before: int) -> Iterator[str]:
    """Which numbers each part of a book holds, by its headings."""
    ones = twos = 0
    chapter = name = ""
    first = at = before
    for part in (*paper.parts, Heading("")):
        if isinstance(part, Heading):
            if at > first and name:
                span = f"{first + 1}—{at}" if at > first + 1 else f"{at}"
                yield f"{chapter}{name.strip()} {span}"
                chapter = ""
            first = at
            if part.level == 1:
                ones, twos = ones + 1, 0
                chapter, name = f"{ordinal(ones)}、{flat(part.text)}", " "
            else:
                twos += 1
                name = f"（{ordinal(twos)}）{flat(part.text).partition('（')[0]}"
        at += len(numbers_in(part))
