"""Tables of a published document: main indicators, by unit along a line, coverage, headlines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from definitions.measures import Indicator
from pipelines.figures import (
    BLOCK,
    UNASSIGNED,
    CoverageRow,
    Figure,
    Figures,
    Unit,
    display,
    places,
)
from pipelines.publish.content import Chart, Column, Inline, Series, Table
from pipelines.publish.disclosure import MARK, NOTE
from pipelines.publish.outline import DIMENSIONS, HEADLINE_QUOTA, HEADLINES
from pipelines.publish.telling import (
    ADDITIVE,
    NONE,
    Teller,
    combined,
    reached,
    sides,
)

LISTED = 12
"""Rows of a list that stand in a document; all of them are in its annex."""


def rest_note(count: int, which: str, before: str = "注：") -> str:
    """What a table says that lists the first LISTED of `count`; nothing where it lists all.

    `which` says which are listed, with {n} for how many.
    """
    return f"{before}{which.format(n=LISTED)}，其余见附表。" if count > LISTED else ""


def headed(indicator: Indicator) -> str:
    """The head of an indicator's column: its name and unit."""
    return f"{indicator.name}（{indicator.unit}）"


def headlines(teller: Teller) -> Table | None:
    """At most 20 indicators by value dimension; those without a computed figure give way."""
    now, then = sides(teller.figures.period.kind)
    figures = headline_figures(teller)
    targeted = any(f.target is not None for _, f in figures)  # no letter, no empty columns
    rows: list[tuple[Inline, ...]] = []
    for dimension, figure in figures:
        indicator = teller.definitions.indicators[figure.indicator]
        row: list[Inline] = [
            dimension,
            headed(indicator),
            teller.cell(figure),
            teller.cell(figure, "上年同期"),
            teller.changed(figure),
        ]
        if targeted:
            row.append(teller.cell(figure, "目标"))
            row.append(
                teller.complete(figure) if indicator.unit != "%" else _reached(figure, indicator)
            )
        rows.append(tuple(row))
    if not rows:
        return None
    columns = [
        Column("价值维度", "center", 1.1, grouped=True),
        Column("指标", "left", 2.4),
        Column(now, weight=1.45),
        Column(then, weight=1.45),
        Column(f"比{then}", weight=1.65),
    ]
    if targeted:
        columns += [Column("目标", weight=1.1), Column("完成情况", weight=1.0)]
    return Table("关键数据一览", tuple(columns), tuple(rows))


def headline_figures(teller: Teller) -> list[tuple[str, Figure]]:
    """The headline figures with the name of their value dimension, at most 20."""
    found = []
    for dimension, codes in HEADLINES.items():
        figures = [f for c in codes if teller.indicator(c) and (f := teller.figures.get(c))]
        figures.sort(key=lambda f: f.value is None)
        found += [(DIMENSIONS[dimension], f) for f in figures[: HEADLINE_QUOTA[dimension]]]
    return found


def _reached(figure: Figure, indicator: Indicator) -> str:
    if figure.value is None or figure.target is None:
        return NONE
    return "达到" if reached(figure, indicator) else "未达到"


def main_table(teller: Teller, title: str, codes: Sequence[str]) -> Table | None:
    """Indicators of a section: this period, last year, change, comparable change, coverage."""
    figures = [f for c in codes if (f := teller.figures.get(c)) is not None and _worth_a_row(f)]
    if not any(f.value is not None for f in figures):
        return None
    now, then = sides(teller.figures.period.kind)
    compared = any(f.value is not None and f.last_year is not None for f in figures)
    comparable = any(
        f.comparable is not None and f.comparable != f.last_year and f.value is not None
        for f in figures
    )
    columns = [
        Column("指标", "left", 2.5),
        Column("计量单位", "center", 1.1),
        Column(now, weight=1.4),
    ]
    if compared:
        columns += [Column(then, weight=1.4), Column(f"比{then}", weight=1.7)]
    if comparable:
        columns.append(Column("可比口径", weight=1.7))
    columns.append(Column("实报/应报（份）", weight=1.6))
    rows = []
    for figure in figures:
        indicator = teller.definitions.indicators[figure.indicator]
        row: list[Inline] = [
            indicator.name,
            indicator.unit,
            teller.cell(figure),
        ]
        if compared:
            row.append(teller.cell(figure, "上年同期"))
            row.append(teller.changed(figure))
        if comparable:
            row.append(teller.changed(figure, "可比口径上年"))
        row.append(teller.filed(figure))
        rows.append(tuple(row))
    return Table(f"{title}主要指标", tuple(columns), tuple(rows))


def _worth_a_row(figure: Figure) -> bool:
    """Whether a figure has anything to show: a value of either year, or filings that are owed."""
    given = (figure.value, figure.last_year, figure.comparable)
    return any(v is not None for v in given) or bool(figure.expected)


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
    teller: Teller, title: str, codes: Sequence[str], line: str = BLOCK, limit: int = 12
) -> Table | None:
    """The figures of the children along a line, the rest in one row, then the total.

    Counts that belong to the unit itself and to no child stand as 本级; the column total is the
    figure of the whole, so a reader can add the column up. None where a single unit has figures.
    """
    indicators = [i for c in codes if (i := teller.indicator(c)) is not None]
    units = list(teller.figures.children.get(line, ()))
    grid = _Grid(indicators, units, line, teller.figures)
    # A column of nothing but zeros says no more than the total above it.
    indicators = [i for i in indicators if any(f.value for f in grid.of(units, i))]
    if not indicators or not units:
        return None
    first = next((i for i in indicators if _differs(grid, i)), indicators[0])
    shown, rest = _shown(grid, first, units, limit)
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
        rows.append((f"{teller.figures.unit.name}本级", *own))
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
    grid: _Grid, first: Indicator, units: list[Unit], limit: int
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
        return figure.value if figure is not None and figure.value is not None else Decimal(-1)

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


def _own(teller: Teller, grid: _Grid, indicator: Indicator) -> Inline:
    """What the total holds beyond the children; only counts can be told apart so."""
    total = _total(teller.figures, indicator, grid.line)
    children = combined(indicator, grid.of(grid.units, indicator))
    if indicator.aggregate not in ADDITIVE or total is None or total.value is None:
        return NONE
    if teller.disclosure.hides(total) or teller.disclosure.hides_part(total):
        return MARK
    own = total.value - (children or Decimal(0))
    if own <= 0:
        return NONE
    return teller.number(total, own, display(own, indicator), "本级")


def line_check(teller: Teller, codes: Sequence[str]) -> Table | None:
    """Totals beside the sums of the children along both lines: two lines, one total."""
    figures = teller.figures
    rows: list[tuple[Inline, ...]] = []
    for code in codes:
        indicator, total = teller.indicator(code), figures.get(code)
        if indicator is None or total is None or total.value is None:
            continue
        cells: list[Inline] = [headed(indicator), teller.cell(total)]
        for line in ("块", "条"):
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


@dataclass(frozen=True, slots=True)
class UnitCoverage:
    """Filings of one unit over all forms and periods of the publication."""

    unit: str
    name: str
    expected: int
    reported: int
    on_time: int
    first_pass: int
    missing: tuple[str, ...]
    unverified: int = 0

    @property
    def lacking(self) -> int:
        """Filings that did not arrive."""
        return self.expected - self.reported


def by_unit(figures: Figures, line: str = BLOCK) -> list[UnitCoverage]:
    """Coverage of each child along a line, in the given order; only children with rows."""
    rows: dict[str, list[CoverageRow]] = defaultdict(list)
    for row in figures.coverage:
        rows[row.unit].append(row)
    units = figures.children.get(line, ())
    return [_summed(u, rows[u.code]) for u in units if u.code in rows]


def overall(figures: Figures) -> UnitCoverage | None:
    """Coverage of the whole: its own rows where given, else the sum of the children."""
    rows = [r for r in figures.coverage if r.unit == figures.unit.code]
    if not rows:
        children = {u.code for u in figures.children.get(BLOCK, ())}
        rows = [r for r in figures.coverage if r.unit in children]
    return _summed(figures.unit, rows) if rows else None


def _summed(unit: Unit, rows: Sequence[CoverageRow]) -> UnitCoverage:
    return UnitCoverage(
        unit.code,
        unit.name,
        sum(r.expected for r in rows),
        sum(r.reported for r in rows),
        sum(r.on_time for r in rows),
        sum(r.first_pass for r in rows),
        tuple(dict.fromkeys(name for r in rows for name in r.missing)),
        sum(r.unverified for r in rows),
    )


def percent(part: int, whole: int) -> str:
    """A share in percent with one decimal; — of nothing, and 100.0% of nothing short of all."""
    if not whole:
        return NONE
    share = Decimal(part) / Decimal(whole) * 100
    if part < whole and places(share, 1) == "100.0":
        return f"{share.quantize(Decimal('0.01'), ROUND_DOWN)}%"
    return f"{places(share, 1)}%"


def coverage_table(teller: Teller, title: str, limit: int = 12) -> Table | None:
    """Expected, reported, on time, first pass by unit; the worst first where there are many."""
    figures = teller.figures
    rows = by_unit(figures)
    total = overall(figures)
    if total is None:
        return None
    columns = (
        Column("单位", "left", 3.2),
        Column("应报（份）"),
        Column("实报（份）"),
        Column("报送率"),
        Column("按时（份）"),
        Column("按时率"),
        Column("首次通过率", weight=1.1),
        Column("缺报（份）"),
    )
    note = ""
    if len(rows) > limit:
        rows = sorted((r for r in rows if _amiss(r)), key=_worst)[:limit]
        if not rows:
            return None  # the sentence above has said that everyone sent everything in time
        note = f"注：列未报齐或逾期单位中报送率最低的{len(rows)}家，全部单位见附表。"
    cells = [_coverage_cells(teller, r) for r in [*rows, total]]
    cells[-1] = ("合计", *cells[-1][1:])
    return Table(title, columns, tuple(cells), totals=1, note=note)


def _amiss(row: UnitCoverage) -> bool:
    """Whether something is lacking, was late or was returned at the first try."""
    return row.on_time < row.expected or row.first_pass < row.reported


def _worst(row: UnitCoverage) -> tuple[Decimal, Decimal]:
    """Sorts those who lack most to the front, then those who were late most."""
    owed = Decimal(max(row.expected, 1))
    return row.reported / owed, row.on_time / owed


def filings(teller: Teller, row: UnitCoverage, code: str) -> Inline:
    """One count or share of a unit's filings as a cell; — of nothing."""
    parts = {
        "expected": row.expected,
        "reported": row.reported,
        "on_time": row.on_time,
        "first_pass": row.first_pass,
        "missing": row.lacking,
    }
    if code in parts:
        value = parts[code]
        return teller.counted("coverage", code, value, f"{value:,}", "份数", row.unit)
    top, bottom = {
        "reported_pct": (row.reported, row.expected),
        "on_time_pct": (row.on_time, row.expected),
        "first_pass_pct": (row.first_pass, row.reported),
    }[code]
    if not bottom:
        return NONE
    share = Decimal(top) / Decimal(bottom) * 100
    return teller.counted("coverage", code, share, percent(top, bottom), "占比", row.unit)


_COVERAGE = (
    "expected", "reported", "reported_pct", "on_time", "on_time_pct", "first_pass_pct", "missing",
)  # fmt: skip


def _coverage_cells(teller: Teller, row: UnitCoverage) -> tuple[Inline, ...]:
    return (row.name, *(filings(teller, row, code) for code in _COVERAGE))


_WIDEST = 48  # characters of a name beside a chart, in two lines


def two_lines(name: str, limit: int = 14) -> str:
    """A name for a chart, broken in two where it is long.

    Only where two lines would leave no room for the chart is the middle left out: the table beside
    it has the whole name.
    """
    if len(name) > _WIDEST:
        name = f"{name[: _WIDEST * 2 // 3]}…{name[-_WIDEST // 3 + 1 :]}"
    if len(name) <= limit:
        return name
    middle = (len(name) + 1) // 2
    return f"{name[:middle]}\n{name[middle:]}"


def coverage_chart(figures: Figures, title: str, limit: int = 12) -> Chart | None:
    """按时, 逾期 and 缺报 as shares of what was owed, by unit; None with fewer than two units."""
    rows = [r for r in by_unit(figures) if r.expected]
    if len(rows) < 2:
        return None
    if len(rows) > limit:
        rows = [r for r in rows if _amiss(r)]
        if len(rows) < 2:
            return None
        title = f"报送率最低的{min(limit, len(rows))}家单位报送情况"
    rows = sorted(rows, key=_worst)[:limit]

    def share(part: int, whole: int) -> Decimal:
        return Decimal(part) / Decimal(whole) * 100

    return Chart(
        "coverage",
        title,
        "%",
        tuple(two_lines(r.name) for r in rows),
        (
            Series("按时", tuple(share(r.on_time, r.expected) for r in rows)),
            Series("逾期", tuple(share(r.reported - r.on_time, r.expected) for r in rows)),
            Series("缺报", tuple(share(r.lacking, r.expected) for r in rows)),
        ),
        labels=tuple(f"{r.reported:,}/{r.expected:,}份" for r in rows),
    )
