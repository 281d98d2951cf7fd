"""How a form comes out on paper: fitted to one page across, or cut into even parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from definitions.model import Form
from pipelines.templates.look import footer_text
from pipelines.typesetting import BODY

# Characters across one landscape A4 page; more would be too small to read, so pages are added.
PAGE_WIDTH = 210.0
# The parts of a wider table, printed at the per cent that brings that many characters on a page.
PART_WIDTH, PART_SCALE = 188.0, 55


def page_starts(widths: Sequence[float]) -> list[int]:
    """First column of every printed page after the first; as few pages as can be, evenly full."""
    if sum(widths) <= PAGE_WIDTH:
        return []
    room = PART_WIDTH
    best = _split(widths, room)
    while room > max(widths) * 2:
        room -= 5
        tighter = _split(widths, room)
        if len(tighter) > len(best):
            break
        best = tighter
    return best


def _scale(widths: Sequence[float], starts: Sequence[int]) -> int:
    """Per cent at which the widest part still fits on its page."""
    edges = [0, *starts, len(widths)]
    parts = [sum(widths[a:b]) + (widths[0] if a else 0) for a, b in pairwise(edges)]
    return min(75, int(PART_SCALE * PART_WIDTH / max(parts)))


def _split(widths: Sequence[float], room: float) -> list[int]:
    starts: list[int] = []
    used = 0.0
    for p, width in enumerate(widths):
        if used + width > room:
            starts.append(p)
            # The first column is repeated on every page.
            used = widths[0]
        used += width
    return starts


def print_setup(
    sheet: Any, form: Form, header: int, last_row: int, widths: Sequence[float]
) -> None:
    """Landscape A4: one page wide, or cut between columns with the first one repeated."""
    starts = page_starts(widths)
    sheet.set_landscape()
    sheet.set_paper(9)
    if starts:
        # Page breaks of one's own and fitting to a page exclude each other.
        sheet.set_print_scale(_scale(widths, starts))
        sheet.set_v_pagebreaks(starts)
        sheet.repeat_columns(0)
    else:
        sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, header + 1)
    sheet.print_area(0, 0, last_row, len(form.columns) - 1)
    sheet.set_margins(left=0.45, right=0.45, top=0.6, bottom=0.65)
    sheet.center_horizontally()
    sheet.set_footer(
        f'&L&"{BODY},Regular"&9{footer_text(form.code)}　{footer_text(form.issuer)}'
        f'&R&"{BODY},Regular"&9第 &P 页　共 &N 页'
    )
