"""Tables with a row for each union below: of a topic, and of all chief figures side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from statistics import mean

from definitions.measures import Indicator
from pipelines.figures import BLOCK, INDUSTRY, UNASSIGNED, Figure, Figures, Unit, display
from pipelines.publish.content import LYING_WIDTH, Column, Inline, Table, breadth
from pipelines.publish.disclosure import MARK, NOTE
from pipelines.publish.outline import CHIEF
from pipelines.publish.tables import LISTED, headed
from pipelines.publish.telling import ADDITIVE, NONE, Teller, combined

LINES = (BLOCK, INDUSTRY)
_ALL_LISTED = 40
"""So many unions have a row each in the table of chief figures; of more the first are listed."""
_LEAST = 5
"""Columns below which such a table is not worth a page of its own."""
_NAMES, _HEAD = 44, 14
"""Millimetres for the names of unions, and for the head of a column at least."""
_CHARACTERS, _LINES = 12, 18
"""Characters of a name in one line of that column, and lines of names that a lying page holds."""


@dataclass(frozen=True)
class _Grid:
    indicators: list[Indicator]
    units: list[Unit]
    line: str
    figures: Figures

    def figure(self, unit: Unit, indicator: Indicator) -> Figure | None:
        return self.figures.get(indicator.code, unit.code, line=self.line)

    def of(self, units: Sequence[Unit], indicator: Indicator) -> list[Figure]:
        return [f for u in units if (f := self.figure(u, indicator)) is not None]


def unit_table(
    teller: Teller, title: str, codes: Sequence[str], line: str = BLOCK, limit: int = LISTED
) -> Table | None:
    """The figures of the children along a line, the rest in one row, then the total.

    Counts that belong to the unit itself and to no child stand as 本级, together with what unions
    that came or left within the year did elsewhere or before; the column total is the figure of
    the whole, so a reader can add the column up. None where a single unit has figures.
    """
    indicators = [i for c in codes if (i := teller.indicator(c)) is not None]
    units = list(teller.figures.children.get(line, ()))
    grid = _Grid(indicators, units, line, teller.figures)
    # A column of nothing but zeros says no more than the total above it.
    indicators = [i for i in indicators if any(f.value for f in grid.of(units, i))]
    if not indicators or not units:
        return None
    if all(teller.hides(f) or not f.value for i in indicators for f in grid.of(units, i)):
        return None  # a table of nothing but 略
    open_ = [i for i in indicators if not any(teller.hides(f) for f in grid.of(units, i))]
    first = next((i for i in (open_ or indicators) if _differs(grid, i)), indicators[0])
    shown, rest = _shown(teller, grid, first, units, limit)
    if len(shown) < 2:
        # One unit's figures are the total, and the sentence above has named it.
        return None
    columns = [Column("单位", "left", 2.4), *(Column(headed(i)) for i in indicators)]
    rows: list[tuple[Inline, ...]] = [
        (u.name, *(teller.cell(grid.figure(u, i)) for i in indicators)) for u in shown
    ]
    if rest:
        name = f"其余{len(rest)}家合计"
        rows.append((name, *(_derived(teller, i, grid.of(rest, i), name) for i in indicators)))
    own = [_own(teller, grid, i) for i in indicators]
    if any(c != NONE for c in own):
        what = MOVED if teller.figures.moved_within else "本级"
        rows.append((f"{teller.figures.unit.name}{what}", *own))
    total = [teller.cell(_total(teller.figures, i, line)) for i in indicators]
    rows.append(("合计", *total))
    note = ""
    if rest:
        note = f"注：按“{first.name}”列前{len(shown)}位，全部单位见附表。"
    if any(cell == MARK for row in rows for cell in row):
        note += NOTE.removeprefix("注：") if note else NOTE
    return Table(title, tuple(columns), tuple(rows), totals=1, note=note)


def _differs(grid: _Grid, indicator: Indicator) -> bool:
    """Whether units can be told apart by an indicator: not by the one union that each is."""
    return len({f.value for f in grid.of(grid.units, indicator)}) > 1


def _total(figures: Figures, indicator: Indicator, line: str) -> Figure | None:
    return figures.get(indicator.code, line=line) or figures.get(indicator.code)


def _shown(
    teller: Teller, grid: _Grid, first: Indicator, units: list[Unit], limit: int
) -> tuple[list[Unit], list[Unit]]:
    valued = [
        u
        for u in units
        if any(f.value is not None for i in grid.indicators for f in grid.of([u], i))
    ]
    if len(valued) <= limit:
        return valued, []

    def size(unit: Unit) -> Decimal:
        figure = grid.figure(unit, first)
        if figure is None or figure.value is None or teller.hides(figure):
            return Decimal(-1)  # where a union stood would tell of a withheld count
        return figure.value

    kept = [u for u in valued if u.code == UNASSIGNED or u.name == UNASSIGNED]
    ordered = sorted((u for u in valued if u not in kept), key=size, reverse=True)
    top = ordered[: limit - len(kept)]
    return [*top, *kept], [u for u in valued if u not in top and u not in kept]


def _derived(teller: Teller, indicator: Indicator, figures: list[Figure], basis: str) -> Inline:
    value = combined(indicator, figures)
    if value is None:
        return NONE
    if any(teller.disclosure.hides(f) for f in figures):
        return MARK  # the rest of a table may be as few as one
    whole = Figure(
        indicator.code,
        teller.figures.unit.code,
        teller.figures.period.label,
        figures[0].line,
        value,
    )
    units = [f.unit for f in figures]
    return teller.number(whole, value, display(value, indicator), basis, units=units)


MOVED = "本级及变动差额"
"""What a whole has beyond those below it where unions came or left within the year: also what they
did before they left, less what they did before they came."""


def _own(teller: Teller, grid: _Grid, indicator: Indicator) -> Inline:
    """What the total holds beyond the children; only counts can be told apart so."""
    total = _total(teller.figures, indicator, grid.line)
    children = combined(indicator, grid.of(grid.units, indicator))
    if indicator.aggregate not in ADDITIVE or total is None or total.value is None:
        return NONE
    if teller.disclosure.hides(total) or teller.disclosure.hides_part(total):
        return MARK
    own = total.value - (children or Decimal(0))
    if teller.figures.moved_within:
        if not own:
            return NONE
        units = [f.unit for f in grid.of(grid.units, indicator)]
        return teller.number(total, own, display(own, indicator), MOVED, units=units)
    if own <= 0:
        return NONE
    return teller.number(total, own, display(own, indicator), "本级")


def chief_table(teller: Teller) -> Table | None:
    """Chief figures of every union below, side by side: as many columns as numbers leave room.

    None where a few would say no more than the tables of the sections.
    """
    units = teller.figures.children.get(BLOCK, ())
    room, fitting = float(LYING_WIDTH - _NAMES), []
    for code in CHIEF:
        if teller.indicator(code) is None or not _told(teller, code, units):
            continue
        needed = max(_widest(teller, code, units), _HEAD)
        if needed <= room:
            room -= needed
            fitting.append(code)
    if len(fitting) < _LEAST:
        return None
    limit = _ALL_LISTED if len(units) <= _ALL_LISTED else _on_a_page(units)
    return unit_table(teller, "各单位主要指标", fitting, limit=limit)


def _on_a_page(units: Sequence[Unit]) -> int:
    """How many of very many unions are listed: a few rows spilled over would take a second page."""
    lines = mean(ceil(len(u.name) / _CHARACTERS) for u in units)
    return min(LISTED, int(_LINES / lines))


def _told(teller: Teller, code: str, units: Sequence[Unit]) -> bool:
    """Whether any union below has anything to show of an indicator."""
    figures = (teller.figures.get(code, u.code) for u in units)
    return any(f.value for f in figures if f is not None)


def _widest(teller: Teller, code: str, units: Sequence[Unit]) -> float:
    """Millimetres that the column of an indicator needs at least."""
    indicator = teller.definitions.indicators[code]
    figures = [teller.figures.get(code), *(teller.figures.get(code, u.code) for u in units)]
    told = [breadth(display(f.value, indicator)) for f in figures if f is not None]
    return max(told, default=0.0)


def line_check(teller: Teller, codes: Sequence[str]) -> Table | None:
    """Totals beside the sums of the children along both lines; None without two lines."""
    figures = teller.figures
    if not all(figures.children.get(line) for line in LINES):
        return None
    rows: list[tuple[Inline, ...]] = []
    for code in codes:
        indicator, total = teller.indicator(code), figures.get(code)
        if indicator is None or total is None or total.value is None:
            continue
        cells: list[Inline] = [headed(indicator), teller.cell(total)]
        for line in LINES:
            children = [
                f
                for u in figures.children.get(line, ())
                if (f := figures.get(code, u.code, line=line))
            ]
            cells.append(
                _derived(teller, indicator, children, f"{line}分单位合计") if children else NONE
            )
        outside = next(
            (u for u in figures.children.get("条", ()) if UNASSIGNED in (u.code, u.name)), None
        )
        cells.append(teller.cell(figures.get(code, outside.code, line="条")) if outside else NONE)
        rows.append(tuple(cells))
    if not rows:
        return None
    columns = (
        Column("指标", "left", 2.0),
        Column("全域合计", weight=1.2),
        Column("地方（块）各单位之和", weight=1.4),
        Column("产业（条）各单位之和", weight=1.4),
        Column(f"其中{UNASSIGNED}", weight=1.3),
    )
    return Table("条块两线合计核对", columns, tuple(rows))
