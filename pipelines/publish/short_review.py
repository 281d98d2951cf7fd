"""R-01 in short form, for a union with nobody below it: three pages at most, everything annexed.

What a federation's review lays out by unit is told in sentences here, a paragraph per section, with
the union's own words where room is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from definitions.catalogue import Definitions
from pipelines.figures import Figure, Figures
from pipelines.publish import own_words, registers, unusual
from pipelines.publish.content import (
    Block,
    Column,
    Inline,
    Number,
    Paragraph,
    Section,
    Subheading,
    Table,
)
from pipelines.publish.extras import Extras
from pipelines.publish.issued import Report, issued
from pipelines.publish.outline import HEADLINES, PARTS, Part
from pipelines.publish.publication import Publication
from pipelines.publish.results import findings_runs, gap_runs, mark_runs
from pipelines.publish.review import codes_of, coverage_sentence
from pipelines.publish.sheets import Book
from pipelines.publish.tables import headed, overall
from pipelines.publish.telling import Teller, sides

KIND = "R-01 年终总结（简式）"
_LINE, _LINES = 28, 39
"""Characters of a line, and lines of text that leave room for the rest on three pages."""
_TASKS, _CLAUSES, _WORDS = 3, 4, 54
_KEY_ROWS = {"E": 4, "S": 4, "H": 2}
_ALWAYS_ONE = ("I-ORG-01",)
"""What is one of every single union, and says nothing of any."""
_DEEDS = 2
"""Quotations on the year's work for which figures of a section are left to the annex."""


def short_review(figures: Figures, definitions: Definitions, extras: Extras) -> Publication:
    """The short review as Word, web page and workbook; equal input gives equal bytes."""

    def sheets(annex: Book) -> None:
        teller = Teller(figures, definitions)
        known = [i for i in definitions.indicators.values() if figures.get(i.code) is not None]
        registers.indicators(annex, "全部指标", f"{figures.unit.name}全部指标", known, teller)
        registers.results(annex, extras)
        own_words.register(annex, teller, extras)
        unusual.sheet(annex, extras)
        registers.coverage(annex, figures)
        registers.glossary(annex, definitions, figures)

    return issued(
        Report(
            KIND,
            f"{figures.unit.name}{figures.period.year}年工作总结",
            short_sections(figures, definitions, extras),
            sheets,
        ),
        figures,
        definitions,
    )


def short_sections(
    figures: Figures, definitions: Definitions, extras: Extras
) -> tuple[Section, ...]:
    """The three sections, told as fully as three pages allow.

    The union's own problems and plans are always told. Of what it says of its work a little goes
    before the last figures of each section, and the rest after them.
    """
    own = [w for w in extras.words if w.code == figures.unit.code and w.kind == own_words.DEED]
    shapes = [
        _Shape(clauses, deeds)
        for clauses in range(_CLAUSES, 0, -1)
        for deeds in range(len(own), (min(_DEEDS, len(own)) if clauses > 1 else 0) - 1, -1)
    ]
    told: tuple[Section, ...] = ()
    for shape in shapes:
        told = _Short(Teller(figures, definitions), extras, shape).sections()
        if sum(_lines(b) for s in told for b in s.blocks) <= _LINES:
            break
    return told


@dataclass(frozen=True, slots=True)
class _Shape:
    """How much is told: figures of each section at most, and quotations on the year's work."""

    clauses: int
    deeds: int


def _lines(block: Block) -> int:
    """Lines of running text that a block takes; the table of key data is reckoned apart."""
    if isinstance(block, Subheading):
        return 1
    if not isinstance(block, Paragraph) or block.style == "note":
        return 0
    length = sum(len(r.text) if isinstance(r, Number) else len(r) for r in block.runs)
    return ceil((length + 2) / _LINE)


class _Short:
    """The sections of one shape."""

    def __init__(self, teller: Teller, extras: Extras, shape: _Shape) -> None:
        self._teller = teller
        self._extras = extras
        self._shape = shape
        self._left = shape.deeds

    def sections(self) -> tuple[Section, ...]:
        """Key data, the year's work, problems and plans."""
        return (self._key_data(), self._work(), self._problems())

    def _key_data(self) -> Section:
        self._teller.open("R00")
        sent = coverage_sentence(self._teller)
        total = overall(self._teller.figures)
        if total is not None and total.lacking:
            sent = (*sent[:-1], "份，未报的没有以零代替。")
        blocks: list[Block] = [Paragraph(sent)]
        table = _table(self._teller)
        if table is not None:
            blocks.append(table)
        told = "“—”表示未报或无法计算，不作零处理；未列同比的，上年无同口径数据；全部指标见附表。"
        odd = len(self._extras.unusual)
        if odd:
            told = f"有{odd:,}处异常数据经本单位说明后采用，见附表；{told}"
        blocks.append(Paragraph((f"注：{told}",), "note"))
        return Section("R00", "报送情况与关键数据", tuple(blocks))

    def _work(self) -> Section:
        self._teller.open("R01")
        self._teller.spare_gaps()  # what the union lacks in filings is said above
        blocks: list[Block] = []
        for part in PARTS:
            told = self._part(part)
            if told:
                blocks.append(Paragraph((f"{part.title}方面，", *told)))
            said = self._said(part.code, own_words.DEED, self._left)
            self._left -= len(said)
            blocks += said
        if not blocks:
            blocks.append(Paragraph(("本年没有可汇总的数据，未以零代替。",)))
        elif any(b.style == "quote" for b in blocks if isinstance(b, Paragraph)):
            note = "注：引文为本单位综述素材原文，与报表不符或报表中没有的数标“单位自述”。"
            blocks.append(Paragraph((note,), "note"))
        return Section("R01", "工作开展情况", tuple(blocks))

    def _part(self, part: Part) -> list[Inline]:
        """A few figures of a section in sentences; of the last one also what it was given."""
        named = [c for t in part.topics for c in t.clauses]
        named += [(c, "") for c in codes_of(self._teller, part) if c not in dict(named)]
        valued = [c for c in named if self._worth(c[0])]
        told = self._teller.sentence(valued[: self._shape.clauses])
        if part.code == "R13":
            told += mark_runs(self._teller, self._extras)
        return told

    def _worth(self, code: str) -> bool:
        figure = self._teller.figures.get(code)
        return bool(figure and figure.value) and code not in _ALWAYS_ONE

    def _said(self, section: str, kind: str, most: int = 1) -> list[Block]:
        """The union's own words, shortened; the whole of them is in the annex."""
        return own_words.own(self._teller, self._extras, section, kind, _WORDS, most)

    def _problems(self) -> Section:
        self._teller.open("R14")
        blocks: list[Block] = []
        unmet = self._extras.unmet
        if unmet:
            runs: list[Inline] = [f"{len(unmet):,}项目标任务未完成："]
            for i, row in enumerate(unmet[:_TASKS]):
                runs += ["；" if i else "", *gap_runs(self._teller, row)]
            runs.append("；其余见附表。" if len(unmet) > _TASKS else "。")
            blocks.append(Paragraph(tuple(r for r in runs if r)))
        elif any(w.tasks for w in self._extras.works):
            blocks.append(Paragraph(("责任书下达的目标任务均已完成。",)))
        if self._extras.rule_counts:
            blocks.append(Paragraph(tuple(findings_runs(self._teller, self._extras))))
        own: list[Block] = []
        for title, kind in (("存在问题", own_words.PROBLEM), ("下年打算", own_words.PLAN)):
            said = self._said(own_words.LAST, kind)
            own += [Subheading(title), *said] if said else []
        if not blocks and not own:
            blocks.append(
                Paragraph(("审核没有发现需要列出的问题，本单位未报送存在问题和下年打算。",))
            )
        return Section("R14", "问题与下年打算", (*blocks, *own))


def _headlines(teller: Teller, dimension: str) -> list[Figure]:
    """Headline figures of a value dimension that have something to show."""
    codes = [c for c in HEADLINES[dimension] if teller.indicator(c) and c not in _ALWAYS_ONE]
    found = [f for c in codes if (f := teller.figures.get(c)) is not None]
    return [f for f in found if f.value or f.last_year or (f.value is not None and f.target)]


def _table(teller: Teller) -> Table | None:
    """The headline figures that have something to show, without columns by unit or target."""
    now, then = sides(teller.figures.period.kind)
    found = [f for d, most in _KEY_ROWS.items() for f in _headlines(teller, d)[:most]]
    if not found:
        return None
    compared = any(f.last_year is not None for f in found)
    targeted = any(f.target is not None for f in found)
    columns = [Column("指标", "left", 2.4), Column(now, weight=1.3)]
    if compared:
        columns += [Column(then, weight=1.3), Column(f"比{then}", weight=1.5)]
    if targeted:
        columns.append(Column("目标", weight=1.1))
    rows: list[Sequence[Inline]] = []
    for figure in found:
        row: list[Inline] = [headed(teller.definitions.indicators[figure.indicator])]
        row.append(teller.cell(figure))
        if compared:
            row += [teller.cell(figure, "上年同期"), teller.changed(figure)]
        if targeted:
            row.append(teller.cell(figure, "目标"))
        rows.append(row)
    return Table("关键数据", tuple(columns), tuple(tuple(r) for r in rows))
