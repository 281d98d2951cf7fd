"""A document as PDF, set by typst from the same content as Word, with the packaged faces alone.

Reported text goes to typst as data (JSON through `sys.inputs`) and is never part of its source, so
whatever a unit writes stays text. No clock, no path and no font of the machine enters the file.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from pipelines.publish import charts
from pipelines.publish.content import (
    Chart,
    Document,
    Inline,
    Number,
    Paragraph,
    Section,
    Subheading,
    Table,
    index_of,
    ordinal,
    shares,
    turned,
    with_contents,
)
from pipelines.publish.official import word_of
from pipelines.publish.paper import (
    LANDSCAPE,
    PORTRAIT,
    Grid,
    Heading,
    Paper,
    Signatures,
    Text,
    Turn,
    flat,
    title_lines,
)
from pipelines.publish.publication import Publication, chinese_day, file_title, stamp

DRAFT = "草稿，未签发，不得引用"
_TEMPLATES = Path(__file__).parent / "typst"


def pdf(document: Document, cutoff: datetime, *, draft: bool = False) -> bytes:
    """The document as PDF; equal input gives equal bytes. A draft says so on every page."""
    counter = _Counter()
    told = {
        "title": document.title,
        "issuer": document.issuer,
        "running": f"{document.title}　{document.reference}".strip(),
        "head": list(document.head),
        "contents": with_contents(document),
        "sections": [
            _section(section, number, counter)
            for number, section in enumerate(document.sections, 1)
        ],
        "signature": list(document.signature),
        "index": index_of(document),
    }
    return _set("document.typ", told, cutoff, draft)


class _Counter:
    """Running numbers of tables and pictures."""

    def __init__(self) -> None:
        self.tables = 0
        self.pictures = 0


def _section(section: Section, number: int, counter: _Counter) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    headings = 0
    upright = blocks
    for block, lying in zip(section.blocks, turned(section.blocks), strict=True):
        if lying != (blocks is not upright):
            blocks = [] if lying else upright
            if lying:
                upright.append({"kind": "turned", "blocks": blocks})
        match block:
            case Paragraph():
                blocks.append({"kind": "text", "style": block.style, "runs": _runs(block.runs)})
            case Subheading():
                headings += 1
                blocks.append({"kind": "heading", "text": f"（{ordinal(headings)}）{block.text}"})
            case Table():
                counter.tables += 1
                blocks.append(_table(block, counter.tables))
            case Chart():
                counter.pictures += 1
                title = f"图{counter.pictures}　{block.title}"
                blocks.append(
                    {"kind": "picture", "title": title, "alt": block.alt, "svg": _svg(block)}
                )
    return {"title": f"{ordinal(number)}、{section.title}", "blocks": upright}


def _svg(chart: Chart) -> str:
    return charts.svg(chart)


def _runs(runs: Sequence[Inline]) -> list[str | list[str]]:
    """Text as it stands; a number as a list of one, which is not broken over lines."""
    return [[run.text] if isinstance(run, Number) else run for run in runs]


def _table(table: Table, number: int) -> dict[str, Any]:
    return {
        "kind": "table",
        "title": f"表{number}　{table.title}",
        "columns": [
            {"label": c.label, "weight": round(share * 100, 4), "align": c.align}
            for c, share in zip(table.columns, table.shares(), strict=True)
        ],
        "rows": [[_runs([cell]) for cell in row] for row in table.rows],
        "spans": [table.spans(place) for place in range(len(table.columns))],
        "totals": table.totals,
        "note": table.note,
    }


def _set(template: str, told: dict[str, Any], cutoff: datetime, draft: bool) -> bytes:
    moment = stamp(cutoff)
    told |= {
        "draft": DRAFT if draft else "",
        "made": {
            "year": moment.year, "month": moment.month, "day": moment.day,
            "hour": moment.hour, "minute": moment.minute, "second": moment.second,
        },
    }  # fmt: skip
    made = typst.Compiler(
        input=str(_TEMPLATES / template),
        root=str(_TEMPLATES),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"told": json.dumps(told, ensure_ascii=False)},
    ).compile(format="pdf", timestamp=int(moment.replace(tzinfo=UTC).timestamp()))
    if not isinstance(made, bytes):
        raise TypeError(f"typst returned {type(made).__name__}")
    return made


@cache
def _fonts() -> typst.Fonts:
    """The packaged faces and no others; no import of mplfonts, which changes global settings."""
    spec = importlib.util.find_spec("mplfonts")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mplfonts carries the Chinese faces of PDFs")
    folder = str(Path(spec.origin).parent / "fonts")
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )


# --- official documents ---


def pdf_of(papers: Sequence[Paper], title: str, cutoff: datetime, *, draft: bool = False) -> bytes:
    """Papers as one PDF, each from a new page; equal input gives equal bytes."""
    told = {
        "title": title,
        "issuer": papers[0].issuer,
        "papers": [_paper(paper) for paper in papers],
    }
    return _set("paper.typ", told, cutoff, draft)


def _paper(paper: Paper) -> dict[str, Any]:
    """A paper with its clauses counted and its parts cut where pages are turned."""
    ones = twos = items = 0
    runs: list[dict[str, Any]] = [{"flipped": False, "parts": []}]
    for part in paper.parts:
        parts = runs[-1]["parts"]
        match part:
            case Heading(level=1):
                ones, twos, items = ones + 1, 0, 0
                words = f"{ordinal(ones)}、{flat(part.text)}"
                parts.append({"kind": "heading", "level": 1, "text": words})
            case Heading():
                twos, items = twos + 1, 0
                words = f"（{ordinal(twos)}）{flat(part.text)}"
                parts.append({"kind": "heading", "level": 2, "text": words})
            case Text(style="numbered"):
                items += 1
                parts.append({"kind": "text", "text": f"{items}. {flat(part.text)}"})
            case Text():
                kind = "note" if part.style == "note" else "text"
                parts.append({"kind": kind, "text": flat(part.text)})
            case Grid():
                width = LANDSCAPE if runs[-1]["flipped"] else PORTRAIT
                parts.append(_grid(part, width))
            case Turn():
                runs.append({"flipped": part.landscape, "parts": []})
            case Signatures():
                parts.append(_boxes(part))
    named = [
        f"附件：{i}. {name}" if i == 1 else f"　　　{i}. {name}"
        for i, name in enumerate(paper.attachments, 1)
    ]
    if len(named) == 1:
        named = [f"附件：{paper.attachments[0]}"]
    return {
        "title": "\n".join(title_lines(paper.title)),
        "issuer": paper.issuer,
        "number": paper.number,
        "addressee": paper.addressee,
        "issued": "" if paper.issued is None else chinese_day(paper.issued),
        "attachments": named,
        "copies": paper.copies,
        "quoting": paper.quoting,
        "cover": paper.cover,
        "compact": paper.compact,
        "receipt": None if paper.receipt is None else _boxes(paper.receipt),
        "runs": runs,
    }


def _boxes(part: Signatures) -> dict[str, Any]:
    return {"kind": "boxes", "rows": part.boxes, "height": part.height}


_SIDES = {"l": "left", "r": "right", "c": "center"}


def _grid(grid: Grid, width: int) -> dict[str, Any]:
    align = grid.align or "l" * len(grid.heads)
    return {
        "kind": "table",
        "title": flat(grid.title),
        "columns": [
            {"label": head, "weight": round(share * 100, 4), "align": _SIDES[side]}
            for head, share, side in zip(
                grid.heads, shares(grid.widths, grid.shown, width), align, strict=True
            )
        ],
        "rows": grid.shown,
        "spans": [grid.spans(column) for column in range(len(grid.heads))],
        "totals": 0,
        "note": flat(grid.note),
    }


# --- publications ---


def paper_files(
    papers: Sequence[Paper], title: str, cutoff: datetime
) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    """Papers as Word and as PDF, each with its file's name."""
    name = file_title(title)
    return (
        (f"{name}.docx", word_of(papers, title, cutoff)),
        (f"{name}.pdf", pdf_of(papers, title, cutoff)),
    )


def pdfs(publication: Publication, *, draft: bool = False) -> tuple[tuple[str, bytes], ...]:
    """A PDF beside every Word file that was drawn from a document, as (name, bytes)."""
    return tuple(
        (name.removesuffix(".docx") + ".pdf", pdf(content, publication.cutoff, draft=draft))
        for name, content in publication.drawn.items()
    )


def with_pdf(publication: Publication) -> Publication:
    """The publication with its PDFs among its files."""
    return replace(publication, files=(*publication.files, *pdfs(publication)))
