"""Tables of a published document: indicators beside last year and target, coverage, headlines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from definitions.measures import Indicator
from pipelines.figures import (
    BLOCK,
    POINTS,
    CoverageRow,
    Figure,
    Figures,
    Unit,
    places,
)
from pipelines.publish.content import Chart, Column, Inline, Series, Table
from pipelines.publish.disclosure import MARK
from pipelines.publish.outline import DIMENSIONS, HEADLINE_QUOTA, HEADLINES, VALUES
from pipelines.publish.telling import (
    NONE,
    Teller,
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
            row += [teller.cell(figure, "目标"), _done(teller, figure)]
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


def values_table(teller: Teller) -> Table | None:
    """By value dimension how much its figures improved, and how far its targets were met."""
    figures = teller.figures
    found = {
        d: [figures.get(code) if teller.indicator(code) else None for code in codes]
        for d, codes in VALUES.items()
    }
    told = [f for pair in found.values() for f in pair if f is not None and f.value is not None]
    if not told:
        return None
    _, then = sides(figures.period.kind)
    columns = [Column("价值维度", "center", 1.2)]
    for place, head in enumerate((f"改善度（比{then}，%）", "目标实现度（%）")):
        if any(pair[place] in told for pair in found.values()):
            columns.append(Column(head, weight=1.6))
    wide = len(columns) - 1
    first = 0 if any(pair[0] in told for pair in found.values()) else 1
    rows = tuple(
        (DIMENSIONS[d], *(teller.cell(f) for f in pair[first : first + wide]))
        for d, pair in found.items()
    )
    note = (
        f"注：改善度为该维度各项有好坏方向、两年均有数的指标比{then}改善幅度的平均数，越低越好的"
        "取相反数，单项以规定的上限为限；目标实现度为该维度责任书任务实现程度按分值的平均数，"
        "单项超过目标的按100%计。"
    )
    return Table("价值改善度与目标实现度", tuple(columns), rows, note=note)


def main_table(
    teller: Teller, title: str, codes: Sequence[str], ending: str = "", *, targets: bool = False
) -> Table | None:
    """A row for each indicator: this period, last year, change, comparable change, coverage.

    With `targets` also what a letter asked for and how far it was done, where any was asked for:
    the title says so, and else has its `ending`. None where none of them has a value.
    """
    figures = [f for c in codes if (f := teller.figures.get(c)) is not None and _worth_a_row(f)]
    if not any(f.value is not None for f in figures):
        return None
    now, then = sides(teller.figures.period.kind)
    compared = any(f.value is not None and f.last_year is not None for f in figures)
    comparable = any(
        f.comparable is not None
        and (f.comparable != f.last_year or f.comparable_now is not None)
        and f.value is not None
        for f in figures
    )
    targeted = targets and any(f.target is not None for f in figures)
    crowded = comparable and targeted  # with a column for units too, none would be wide enough
    columns = [Column("指标", "left", 2.5)]
    if not crowded:
        columns.append(Column("计量单位", "center"))
    columns.append(Column(now, weight=1.4))
    if compared:
        columns += [Column(then, weight=1.4), Column(f"比{then}", weight=1.95)]
    if comparable:
        columns.append(Column("可比口径", weight=1.95))
    if targeted:
        columns += [Column("目标", weight=1.2), Column("完成情况", weight=1.2)]
    # Where forms come in when there is cause nothing is owed, and a column of dashes tells nothing.
    filed = [teller.filed(f) for f in figures]
    owed = any(told != NONE for told in filed)
    if owed:
        columns.append(Column("实报/应报（份）", weight=1.55))
    rows = []
    for figure, told in zip(figures, filed, strict=True):
        indicator = teller.definitions.indicators[figure.indicator]
        row: list[Inline] = [headed(indicator)] if crowded else [indicator.name, indicator.unit]
        row.append(teller.cell(figure))
        if compared:
            row.append(teller.cell(figure, "上年同期"))
            row.append(teller.changed(figure))
        if comparable:
            row.append(teller.changed(figure, "可比口径上年"))
        if targeted:
            row += [teller.cell(figure, "目标"), _done(teller, figure)]
        if owed:
            row.append(told)
        rows.append(tuple(row))
    return Table(
        f"{title}及目标完成情况" if targeted else f"{title}{ending}", tuple(columns), tuple(rows)
    )


def _done(teller: Teller, figure: Figure) -> Inline:
    """How much of a target was done; of a rate, and of what should be low, whether it was met."""
    indicator = teller.definitions.indicators[figure.indicator]
    if indicator.unit not in POINTS and indicator.better != "lower":
        return teller.complete(figure)
    if figure.target is not None and teller.hides(figure):
        return MARK
    return _reached(figure, indicator)


def _worth_a_row(figure: Figure) -> bool:
    """Whether a figure has anything to show: a value of either year, or filings that are owed."""
    given = (figure.value, figure.last_year, figure.comparable)
    return any(v is not None for v in given) or bool(figure.expected)


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


_MOVED = (
    "分单位为现有各单位本期全部应报报表；合计为本单位自身的报表和各单位隶属本单位期间的报表，"
    "本期有工会划入或划出，两者不相等。"
)


def coverage_table(teller: Teller, title: str, limit: int = 12) -> Table | None:
    """Expected, reported, on time, first pass by unit; the worst first where there are many."""
    figures = teller.figures
    rows = by_unit(figures)
    total = overall(figures)
    if total is None:
        return None
    listed = sum(r.expected for r in rows)
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
        amiss = sorted((r for r in rows if _amiss(r)), key=_worst)
        if not amiss:
            return None  # the sentence above has said that everyone sent everything in time
        rows = amiss[:limit]
        which = "单位中报送率最低的{}家" if len(amiss) > limit else "的{}家单位"
        note = f"注：列未报齐或逾期{which.format(len(rows))}，全部单位见附表。"
    if total.expected != listed and figures.moved_within:
        note = f"{note or '注：'}{_MOVED}"
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
    while middle > 1 and name[middle - 1].isdecimal() and name[middle : middle + 1].isdecimal():
        middle -= 1  # a number is read whole
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
        which = "报送率最低的" if len(rows) > limit else "未报齐或逾期的"
        title = f"{which}{min(limit, len(rows))}家单位报送情况"
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
