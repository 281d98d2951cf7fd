"""How many unions are in each band of the fund-performance audits, this year beside the last."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipelines.figures import BLOCK, Figure
from pipelines.publish.content import Block, Column, Inline, Paragraph, Table
from pipelines.publish.extras import Extras
from pipelines.publish.quoting import ALL_UNITS, AUDITED, GRADED
from pipelines.publish.sides import sides
from pipelines.publish.tables import percent
from pipelines.publish.telling import NONE, Teller


def fund_bands(teller: Teller, extras: Extras) -> list[Block]:
    """A sentence and a table of the bands; nothing where no audit was marked this year."""
    bands = extras.fund_bands
    now = [u for b in bands for u in b.now]
    if not now:
        return []
    before = [u for b in bands for u in b.before]
    best = next(b for b in bands if b.now)
    told: tuple[Inline, ...] = (
        "开展经费绩效审计评价的单位", _count(teller, "", now), f"家，其中评为“{best.name}”的",
        _count(teller, best.name, best.now), "家。",
    )  # fmt: skip
    year, then = sides(teller.figures.period.kind)
    columns = [Column("等次", "left", 1.6), Column(f"{year}（家）"), Column("占比")]
    if before:
        columns += [Column(f"{then}（家）"), Column("占比")]
    rows = []
    for band in (*bands, None):
        name = band.name if band else ""
        row: list[Inline] = [name or "合计"]
        for own, all_of, last in ((band.now if band else now, now, False),
                                  (band.before if band else before, before, True)):  # fmt: skip
            if not all_of:
                continue
            row.append(_count(teller, name, own, last=last) if own else "0")
            row.append(percent(len(own), len(all_of)) if own else NONE)
        rows.append(tuple(row))
    title = "经费绩效审计评价等次分布"
    return [Paragraph(told), Table(title, tuple(columns), tuple(rows), totals=1)]


def _count(teller: Teller, band: str, units: Sequence[str], *, last: bool = False) -> Inline:
    """A number of unions in a band, or of all that were marked; it knows which."""
    period = teller.figures.period
    label = (period.last_year() if last else period).label
    count = Decimal(len(units))
    figure = Figure(ALL_UNITS, teller.figures.unit.code, label, BLOCK, count)
    return teller.number(
        figure, count, f"{len(units):,}", f"{AUDITED}{band}{GRADED}",
        source="assessment", units=units,
    )  # fmt: skip
