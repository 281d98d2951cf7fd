"""R-13: where figures lead over the quarters, told only where there are quarters enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from definitions.measures import Indicator
from definitions.periods import Period
from pipelines.figures import Figure, change_words, steady_band
from pipelines.publish.analysis_data import Analysis
from pipelines.publish.analysis_words import head_of, in_wan, of_quarter, quarter_name
from pipelines.publish.content import (
    Block,
    Chart,
    Column,
    Inline,
    Paragraph,
    Section,
    Series,
    Table,
)
from pipelines.publish.telling import NONE, Teller, change_value, words_of

_WORDS = {"I-FIN-02": "实拨缴工会经费{v}"}
"""Where the words of the review lean on the figure told before."""


def trends(teller: Teller, found: Analysis) -> Section:
    teller.open("N4")
    least = found.chosen.quarters_at_least
    told: dict[str, list[Figure | None]] = {}
    for code in found.chosen.trend:
        row = [found.trend.get((code, q)) for q in found.quarters]
        if sum(f is not None and f.value is not None for f in row):
            told[code] = row
    long = {c: r for c, r in told.items() if reported(r) >= least}
    if not told:
        return Section("N4", "走势", (Paragraph(("没有可以列出的各季数据。",)),))
    blocks: list[Block] = []
    if not long:
        blocks.append(Paragraph((f"有数据的季度不足{least}个，不作走势分析，各季数据列表如下。",)))
    flows: list[Inline] = []
    for code, row in long.items():
        words = _trend_words(teller, found, code, row)
        if words and teller.definitions.indicators[code].is_flow:
            flows += ["；" if flows else "本季", *words]
        elif words:
            blocks.append(Paragraph((*words, "。")))
    blocks += [Paragraph((*flows, "。"))] if flows else []
    if any(_moved(teller, code) for code in long):
        blocks.append(Paragraph(("一年来有工会划入或划出，上述变化含隶属关系变动的影响。",)))
    chart = _trend_chart(teller, found, long)
    blocks += [chart] if chart else []
    blocks.append(_trend_table(teller, found, told))
    short = [c for c in told if c not in long]
    if short and long:
        names = "、".join(teller.definitions.indicators[c].name for c in short)
        blocks.append(Paragraph((f"注：{names}有数据的季度不足{least}个，不作走势分析。",), "note"))
    return Section("N4", "走势", tuple(blocks))


def _moved(teller: Teller, code: str) -> bool:
    """Whether last year's stock would be another of the unions that the unit has now."""
    figure = teller.figures.get(code)
    if figure is None or figure.comparable is None or figure.last_year is None:
        return False
    return not teller.definitions.indicators[code].is_flow and figure.comparable != figure.last_year


def reported(row: Sequence[Figure | None]) -> int:
    return sum(f is not None and f.value is not None for f in row)


def _trend_words(
    teller: Teller, found: Analysis, code: str, row: Sequence[Figure | None]
) -> list[Inline]:
    """From where to where, and for how long in one direction; flows against a year before."""
    indicator = teller.definitions.indicators[code]
    now = row[-1]
    if now is None or now.value is None:
        return []
    if indicator.is_flow:
        figure = teller.figures.get(code)
        if figure is None or figure.value is None:
            return []
        moved = teller.comparison(figure)
        words = _WORDS.get(code) or words_of(code, teller.definitions)
        runs = teller.words(code, words, figure)
        return [*runs, "，", *moved] if moved and runs else []
    place, then = next((i, f) for i, f in enumerate(row) if f is not None and f.value is not None)
    start = Period.parse(found.quarters[place])
    if start == teller.figures.period:
        return []
    words = change_words(now.value, then.value, indicator, teller.band)
    if not words:
        return []
    verb = words.rstrip("0123456789.,%个百分点倍") or words
    runs = [f"{indicator.name}由{start.chinese}的", of_quarter(teller, then), indicator.unit]
    if words.endswith("持平"):
        runs += ["到本季的", of_quarter(teller, now), f"{indicator.unit}，{words}"]
    else:
        value = change_value(now.value, then.value, indicator)
        rest = words[len(verb) :]
        runs += [f"{verb}到本季的", of_quarter(teller, now), f"{indicator.unit}，{verb}"]
        runs.append(
            rest if value is None
            else teller.number(now, value, rest, f"比{start.label}")
        )  # fmt: skip
    run = _run(row, indicator, steady_band(teller.definitions, teller.figures.period.end))
    if abs(run) >= found.chosen.run:
        up, down = ("提高", "降低") if indicator.unit == "%" else ("增长", "下降")
        runs.append(f"，已连续{abs(run)}个季度{up if run > 0 else down}")
    return runs


def _run(row: Sequence[Figure | None], indicator: Indicator, band: Decimal) -> int:
    """For how many quarters up to now it went one way: above nought up, below it down."""
    count = 0
    for before, after in zip(row[-2::-1], row[:0:-1], strict=True):
        if before is None or after is None or before.value is None or after.value is None:
            break
        words = change_words(after.value, before.value, indicator, band)
        if not words or words.endswith("持平"):
            break
        way = 1 if after.value > before.value else -1
        if count and (count > 0) != (way > 0):
            break
        count += way
    return count


def _trend_chart(
    teller: Teller, found: Analysis, long: Mapping[str, Sequence[Figure | None]]
) -> Chart | None:
    series, units = [], []
    for code, row in long.items():
        if any(f is not None and teller.hides(f) for f in row):
            continue  # a point can be read off as well as a number
        indicator = teller.definitions.indicators[code]
        series.append(Series(indicator.name, tuple(f.value if f else None for f in row)))
        units.append(indicator.unit)
    if not series:
        return None
    return Chart(
        "trends",
        "主要指标各季走势",
        "",
        tuple(quarter_name(q) for q in found.quarters),
        tuple(series),
        details=tuple(units),
    )


def _trend_table(
    teller: Teller, found: Analysis, told: Mapping[str, Sequence[Figure | None]]
) -> Table:
    """Quarters side by side from the first that anything was told of."""
    first = min(
        i
        for row in told.values()
        for i, f in enumerate(row)
        if f is not None and f.value is not None
    )
    rows = []
    for code, row in told.items():
        indicator = teller.definitions.indicators[code]
        wide = in_wan(indicator, [f.value if f else None for f in row])
        cells = [NONE if f is None else of_quarter(teller, f, wide=wide) for f in row[first:]]
        rows.append((head_of(indicator, wide=wide), *cells))
    columns = (
        Column("指标", "left", 2.0),
        *(Column(quarter_name(q)) for q in found.quarters[first:]),
    )
    note = (
        "注：按本季的指标定义和截止时间、各季当时的隶属关系重新计算；"
        "“—”为未报或无法计算，不作零处理。"
    )
    return Table("主要指标各季情况", columns, tuple(rows), note=note)
