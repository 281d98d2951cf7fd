"""Sentences and tables of R-12: a month beside the one before it and the one a year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from definitions.periods import PeriodKind
from pipelines.figures import Figure, display, rounded
from pipelines.publish.content import Column, Inline, Number, Table
from pipelines.publish.disclosure import MARK
from pipelines.publish.tables import headed
from pipelines.publish.telling import NONE, Teller, side, sides


def sentence(
    teller: Teller,
    clauses: Sequence[tuple[str, str]],
    between: str = "；",
    none: Mapping[str, str] | None = None,
) -> list[Inline]:
    """Clauses with a value, each against the month before and the year before.

    `none` are the words of a count of nothing, beside which the month before is told plainly.
    """
    told: list[list[Inline]] = []
    for code, words in clauses:
        figure = teller.figures.get(code)
        if figure is None or teller.indicator(code) is None:
            continue
        runs = teller.words(code, words, figure)
        if not runs:
            continue
        if not figure.value and code in (none or {}):
            told.append(_nothing(teller, figure, (none or {})[code]))
            continue
        moved = against(teller, figure)
        if moved:
            runs += ["（", *moved, "）"]
        told.append(runs)
    runs = []
    for i, clause in enumerate(told):
        runs += [between] if i else []
        runs += clause
    return [*runs, "。"] if runs else []


def _nothing(teller: Teller, figure: Figure, words: str) -> list[Inline]:
    """没有收到职工维权服务菜单（上月79件）: nobody writes 收到0件，减少79件."""
    before = teller.cell(figure, "上期")
    if not isinstance(before, Number) or not figure.previous:
        return [words]
    unit = teller.definitions.indicators[figure.indicator].unit
    return [words, "（上月", before, f"{unit}）"]


def against(teller: Teller, figure: Figure) -> list[Inline]:
    """比上月增长8.6%、比上年同月下降1.2%; a base of nought is named, and compared with nothing."""
    runs: list[Inline] = []
    for basis, words in (("上期", "上月"), ("上年同期", sides(PeriodKind.MONTH)[1])):
        told = moved_by(teller, figure, basis)
        if told in (NONE, MARK):
            before = side(figure, basis)
            if before == 0 and figure.value and told == NONE:
                runs += ["、"] if runs else []
                runs.append(f"{words}为0")
            continue
        text = told.text if isinstance(told, Number) else told
        runs += ["、"] if runs else []
        runs += [f"{'与' if text.endswith('持平') else '比'}{words}", told]
    return runs


_FEW = 10
"""Below this a count has no percentage: nobody writes that two slips are 增长100%."""


def moved_by(teller: Teller, figure: Figure, basis: str) -> Inline:
    """The change of a figure: percent or points, things where they are few, days as days."""
    indicator, before = teller.definitions.indicators[figure.indicator], side(figure, basis)
    if before is None or figure.value is None:
        return NONE
    if teller.hides(figure) or teller.hides(figure, basis):
        return MARK  # a change from nothing would be the number itself
    days = indicator.unit.endswith("工作日")
    few = min(abs(before), abs(figure.value)) < _FEW and indicator.unit not in ("%", "元")
    if not days and not few:
        return teller.changed(figure, basis)
    gap = rounded(figure.value, indicator) - rounded(before, indicator)
    if not gap:
        return "持平"
    verb = ("延长" if gap > 0 else "缩短") if days else ("增加" if gap > 0 else "减少")
    unit = "个工作日" if days else indicator.unit
    text = f"{verb}{display(abs(gap), indicator)}{unit}"
    return teller.number(figure, gap, text, f"比{basis}增减")


def months_table(teller: Teller, title: str, codes: Sequence[str]) -> Table | None:
    """The month beside the one before and the one a year before; None where nothing was told."""
    rows: list[tuple[Inline, ...]] = []
    yearly = any(
        (f := teller.figures.get(c)) is not None and f.last_year is not None for c in codes
    )
    for code in codes:
        indicator, figure = teller.indicator(code), teller.figures.get(code)
        if indicator is None:
            continue
        if figure is None:
            rows.append((headed(indicator), *([NONE] * (5 if yearly else 3))))
            continue
        row = [headed(indicator), teller.cell(figure), teller.cell(figure, "上期"),
               moved_by(teller, figure, "上期")]  # fmt: skip
        if yearly:
            row += [teller.cell(figure, "上年同期"), moved_by(teller, figure, "上年同期")]
        rows.append(tuple(row))
    if not any(isinstance(c, Number) for row in rows for c in row):
        return None
    columns = [Column("指标", "left", 2.6), Column("本月", weight=1.2), Column("上月", weight=1.2),
               Column("比上月", weight=1.7)]  # fmt: skip
    if yearly:
        columns += [Column("上年同月", weight=1.2), Column("比上年同月", weight=1.7)]
    absent = any(cell == NONE for row in rows for cell in row)
    note = "注：“—”为未报或无法计算，不作零处理。" if absent else ""
    return Table(title, tuple(columns), tuple(rows), note=note)
