"""Pages of the assessment book that tell how a result came about: stages, sample, appeals."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.assess.layout import CELL, CENTRE, Look, Page

ProcessTable = tuple[str, tuple[str, ...], Sequence[tuple[str, ...]]]
"""Name of the page, heads, rows as text."""
WIDEST, NARROWEST = 46, 9
PAGE = 130
"""Widths of a whole page: fewer would be blown up in print."""
SHORT = 5
"""A column of nothing longer stands in the middle."""
MOST_READ = 500
"""More rows than that are a register."""


def write_process(look: Look, tables: Sequence[ProcessTable], footer: str) -> None:
    """A page for each table; one without rows says so."""
    for name, heads, rows in tables:
        widths = [
            min(WIDEST, max(NARROWEST, *(_width(r[i]) for r in (heads, *rows))))
            for i in range(len(heads))
        ]
        stretch = max(1.0, PAGE / sum(widths))
        page = Page(look, name, [w * stretch for w in widths], footer)
        page.title(name)
        page.head(heads)
        page.sheet.freeze_panes(page.row, 0)
        page.sheet.repeat_rows(page.row - 1)
        if len(rows) > MOST_READ:
            page.register(rows)
            continue
        short = [all(len(r[i]) < SHORT for r in rows) for i in range(len(heads))]
        props = tuple(CENTRE if centred else CELL for centred in short)
        for row in rows:
            page.line(row, props)
        if not rows:
            page.line((f"没有{name}的记录。",), (CENTRE,), (len(heads),))


def _width(text: str) -> float:
    """Column widths that a text needs: a Chinese character takes two."""
    return 2 + sum(2 if ord(c) > 0x2E7F else 1 for c in text)
