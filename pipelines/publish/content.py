"""What a published document consists of, before it becomes Word, a web page or a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class PublishedNumber:
    """One printed figure and where it comes from.

    `source` names what was asked (indicator, coverage, finding, ...), `indicator` the code there,
    `basis` which side of the figure it is: its value, last year's, a change between the two, a
    share of the target. `units` are the parts of a sum that only this document makes. `text` is
    what its readers see.
    """

    anchor: str
    line: str
    unit: str
    period: str
    indicator: str
    value: Decimal
    basis: str = "本期"
    source: str = "indicator"
    units: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A printed figure: its text as readers see it and the reference by which it walks back."""

    text: str
    reference: PublishedNumber


Inline = str | Number


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `note` is set smaller, `quote` are a unit's own words, `lead` leads to them."""

    runs: tuple[Inline, ...]
    style: Literal["body", "note", "quote", "item", "lead"] = "body"


@dataclass(frozen=True, slots=True)
class Subheading:
    """A heading of the second level, with its ordinal: （一）…."""

    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A table column: its head, how cells stand in it, and its share of the width.

    In a grouped column, equal neighbours are set as one cell.
    """

    label: str
    align: Literal["left", "right", "center"] = "right"
    weight: float = 1.0
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the last `totals` rows are set as totals.

    One that is too wide for a standing page lies on its side, see `lying`.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Inline, ...], ...]
    totals: int = 0
    note: str = ""

    def spans(self, column: int) -> list[int]:
        """Rows that each cell of a column covers; 0 where a cell above covers it."""
        if not self.columns[column].grouped:
            return [1] * len(self.rows)
        spans: list[int] = []
        first = 0
        for i, row in enumerate(self.rows):
            if i and row[column] == self.rows[first][column]:
                spans.append(0)
                spans[first] += 1
            else:
                spans.append(1)
                first = i
        return spans

    @property
    def lying(self) -> bool:
        """Whether it needs a page on its side: many columns, or numbers that leave words no room.

        It follows from the table alone, so every form of a document turns the same ones.
        """
        if len(self.columns) > _STANDING:
            return True
        numbers = sum(_needs(self.rows, len(self.columns), TEXT_WIDTH))
        words = sum(c.align == "left" for c in self.columns)
        return numbers + words * _NAMED > 1

    @property
    def width(self) -> int:
        """Millimetres of text on the page where it stands."""
        return LYING_WIDTH if self.lying else TEXT_WIDTH

    def shares(self) -> list[float]:
        """What each column gets of the width."""
        return shares([c.weight for c in self.columns], self.rows, self.width)


TEXT_WIDTH, LYING_WIDTH = 156, 241
"""Millimetres of text on a standing page and on one that lies on its side."""
_STANDING = 9
"""Columns that a standing page has room for."""
_NAMED = 0.14
"""Share of a standing page that a column of words takes at least: six characters and the edges."""


def shares(
    weights: Sequence[float], rows: Sequence[Sequence[Inline]], width: float = TEXT_WIDTH
) -> list[float]:
    """Shares of a table's width by weight, but no number is wider than its column; in all 1.

    What wide numbers take comes from the other columns by their weights. `width` in millimetres.
    """
    needs = _needs(rows, len(weights), width)
    scale = max(1.0, sum(needs))
    needs = [need / scale for need in needs]
    wide: set[int] = set()
    while True:
        others = {n: w for n, w in enumerate(weights) if n not in wide}
        rest = max(1 - sum(needs[n] for n in wide), 0.0) / (sum(others.values()) or 1.0)
        found = [rest * others[n] if n in others else need for n, need in enumerate(needs)]
        tight = {n for n in others if found[n] < needs[n] - 1e-9}
        if not tight:
            return found
        wide |= tight


def _needs(rows: Sequence[Sequence[Inline]], columns: int, width: float) -> list[float]:
    """The share of a width that each column needs for its longest number."""
    line = width / _EM
    return [max((_breadth(row[n]) / line for row in rows), default=0.0) for n in range(columns)]


_UNBROKEN = re.compile(r"[-−－+＋0-9.,%/]+")
_EM, _EDGES = 3.35, 0.85
"""Millimetres of an em of 9.5 pt, and ems that both edges of a cell take."""


def breadth(cell: Inline) -> float:
    """Millimetres that the longest number of a cell needs, with the edges of the cell."""
    return _breadth(cell) * _EM


def _breadth(cell: Inline) -> float:
    """Ems that the longest number of a cell needs, with the edges of the cell."""
    text = cell if isinstance(cell, str) else cell.text
    ems = (sum(0.3 if c in ".,/" else 0.57 for c in run) for run in _UNBROKEN.findall(text))
    longest = max(ems, default=0.0)
    return longest + _EDGES if longest else 0.0


@dataclass(frozen=True, slots=True)
class Series:
    """One row of chart values, None where nothing was reported."""

    name: str
    values: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of figures; `kind` decides how `categories` and `series` are drawn.

    months: columns of the first series, a line of the second. units: bars, largest first.
    funnel: bars of one unit of measure, each beside its share of the one above.
    chain: stages with different units of measure; `details` holds a second line per stage.
    coverage: 按时 / 逾期 / 缺报 stacked to 100 per category.
    multiples: a small panel per label, each of two series, this year's months and last year's,
    which `details` name.
    panels: a column of bars per series, headed by `labels`, all with the same categories.
    histogram: how many units lie in each span of values.
    boxes: the spread of several groups, with series 最低, 下四分位, 中位数, 上四分位, 最高.
    trends: a small line for each series over the categories; `details` tell their units.
    tiles: a square per region at `places` (row, column), shaded by the class of its value that
    `bounds` part, the lowest value of each class but the first; `labels` stand in the squares.
    """

    kind: Literal[
        "months", "units", "funnel", "chain", "coverage", "multiples", "panels", "histogram",
        "boxes", "trends", "tiles",
    ]  # fmt: skip
    title: str
    unit: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    labels: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    places: tuple[tuple[int, int], ...] = ()
    bounds: tuple[Decimal, ...] = ()

    @property
    def alt(self) -> str:
        """What stands for the picture where it cannot be seen; a map is told region by region."""
        if self.kind != "tiles":
            return self.title
        told = zip(self.categories, self.labels, strict=True)
        return f"{self.title}：" + "，".join(f"{n}{t}".replace("\n", "") for n, t in told)


Block = Paragraph | Subheading | Table | Chart


def turned(blocks: Sequence[Block]) -> list[bool]:
    """Which blocks stand on pages that lie on their side: wide tables, and headings right above."""
    found: list[bool] = []
    after = False
    for block in reversed(blocks):
        after = block.lying if isinstance(block, Table) else after and isinstance(block, Subheading)
        found.append(after)
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Section:
    """One numbered part; `code` is its stable name (R06), `title` has no ordinal."""

    code: str
    title: str
    blocks: tuple[Block, ...]

    def numbers(self) -> list[PublishedNumber]:
        """Its printed figures in reading order."""
        found: list[PublishedNumber] = []
        for block in self.blocks:
            rows: Sequence[Sequence[Inline]] = ()
            if isinstance(block, Paragraph):
                rows = (block.runs,)
            elif isinstance(block, Table):
                rows = block.rows
            found.extend(c.reference for row in rows for c in row if isinstance(c, Number))
        return found


@dataclass(frozen=True, slots=True)
class Document:
    """A whole publication: head, sections, signature, and the reference it is quoted by."""

    title: str
    issuer: str
    head: tuple[str, ...]
    sections: tuple[Section, ...]
    signature: tuple[str, ...] = ()
    reference: str = ""

    def blocks(self) -> Iterator[Block]:
        """Every block in reading order."""
        for section in self.sections:
            yield from section.blocks

    def numbers(self) -> list[PublishedNumber]:
        """Every printed figure in reading order."""
        return [number for section in self.sections for number in section.numbers()]

    def ordinals(self) -> dict[str, int]:
        """Anchor of every printed figure → its number in reading order, from 1."""
        return {number.anchor: n for n, number in enumerate(self.numbers(), 1)}


_WITH_CONTENTS = 8


def with_contents(document: Document) -> bool:
    """Whether a document is long enough to be opened by a page of contents."""
    return len(document.sections) >= _WITH_CONTENTS


def index_of(document: Document) -> list[str]:
    """For paper: how numbers are quoted, then which ones each paragraph and table holds."""
    numbers = document.ordinals()
    if not numbers or not document.reference:
        return []
    lines = [
        f"本件编号{document.reference}，文中由系统计算的数自前至后编为1至{len(numbers)}号，"
        f"表中自上而下、自左至右，如第17号数编号为{document.reference}-17。在系统“查数”中输入"
        "数字编号，可逐级查到单位、报表、工作簿和单元格。各段、各表的编号如下。"
    ]
    tables = 0
    for number, section in enumerate(document.sections, 1):
        told, paragraphs = [], 0
        for block in section.blocks:
            runs: Sequence[Sequence[Inline]] = ()
            name = ""
            if isinstance(block, Table):
                tables += 1
                name, runs = f"表{tables}", block.rows
            elif isinstance(block, Paragraph):
                paragraphs += 1
                name, runs = f"第{paragraphs}段", (block.runs,)
            held = [numbers[c.reference.anchor] for r in runs for c in r if isinstance(c, Number)]
            if held:
                first, last = held[0], held[-1]
                told.append(f"{name} {first}" if first == last else f"{name} {first}—{last}")
        if told:
            lines.append(f"{ordinal(number)}、{section.title}：{'，'.join(told)}。")
    return lines


_DIGITS = "零一二三四五六七八九"


def ordinal(number: int) -> str:
    """一, 二, … 十, 十一, … 二十, … 一百零五, … as sections are numbered; up to 9999."""
    said, gap = "", False
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // place % 10
        if digit:
            said += ("零" if gap and said else "") + _DIGITS[digit] + name
        gap = not digit
    return said.removeprefix("一") if 10 <= number < 20 else said
