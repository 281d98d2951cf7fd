"""Which figures a topic's chart shows; None where there is too little to draw."""

from __future__ import annotations

from decimal import Decimal

from definitions.periods import PeriodKind
from pipelines.figures import BLOCK, Figure, display, places
from pipelines.publish.content import Chart, Series
from pipelines.publish.outline import Topic
from pipelines.publish.tables import two_lines
from pipelines.publish.telling import Teller

_UNITS_SHOWN = 12


def picture(teller: Teller, topic: Topic) -> Chart | None:
    """The chart of a topic."""
    known = [c for c in topic.named if teller.indicator(c) is not None]
    match topic.chart:
        case "months" if known:
            return by_month(teller, known[0])
        case "units" if known:
            return by_unit(teller, known[0])
        case "funnel":
            return _funnel(teller, topic)
        case "chain":
            return _chain(teller, topic)
        case _:
            return None


def by_month(teller: Teller, code: str) -> Chart | None:
    """Columns of the months, with last year's line where every month has one."""
    if teller.figures.period.kind is PeriodKind.MONTH:
        return None
    indicator = teller.definitions.indicators[code]
    months = teller.figures.months(code)
    if any(f is not None and teller.hides(f) for _, f in months):
        return None  # a bar can be read off as well as a number
    values = tuple(f.value if f else None for _, f in months)
    if sum(v is not None for v in values) < 2:
        return None
    year = teller.figures.period.year
    series = [Series(f"{year}年", values)]
    before = tuple(
        f.last_year if f and not teller.hides(f, "上年同期") else None for _, f in months
    )
    if all(v is not None for v in before):
        series.append(Series(f"{year - 1}年", before))
    title = f"{indicator.name}分月情况（{indicator.unit}）"
    return Chart(
        "months", title, indicator.unit, tuple(f"{m.number}月" for m, _ in months), tuple(series)
    )


def by_unit(teller: Teller, code: str) -> Chart | None:
    """Bars of the children along 块, largest first; the rest stays in the table."""
    indicator = teller.definitions.indicators[code]
    ranked = teller.ranked(code)[:_UNITS_SHOWN]
    shown = [teller.figures.get(code, u.code, line=BLOCK) for u in ranked]
    if len(ranked) < 2 or any(f is not None and teller.hides(f) for f in shown):
        return None
    values = []
    for unit in ranked:
        figure = teller.figures.get(code, unit.code, line=BLOCK)
        values.append(figure.value if figure else None)
    title = f"{indicator.name}分单位情况（{indicator.unit}）"
    if len(teller.ranked(code)) > _UNITS_SHOWN:
        title = f"{indicator.name}前{_UNITS_SHOWN}位单位（{indicator.unit}）"
    return Chart(
        "units",
        title,
        indicator.unit,
        tuple(two_lines(u.name) for u in ranked),
        (Series(indicator.name, tuple(values)),),
        labels=tuple(display(v, indicator) for v in values),
    )


def _stage(teller: Teller, code: str) -> Figure | None:
    figure = teller.figures.get(code) if teller.indicator(code) else None
    told = figure is not None and figure.value is not None and not teller.hides(figure)
    return figure if told else None


def _funnel(teller: Teller, topic: Topic) -> Chart | None:
    stages = [(name, f) for name, code, _ in topic.stages if (f := _stage(teller, code))]
    if len(stages) < 2:
        return None
    values = [f.value or Decimal(0) for _, f in stages]
    labels, shares = [], []
    for i, (_, figure) in enumerate(stages):
        indicator = teller.definitions.indicators[figure.indicator]
        labels.append(f"{display(figure.value, indicator)}{indicator.unit}")
        above = values[i - 1] if i else None
        shares.append(f"占上一环节{places(values[i] / above * 100, 2)}%" if above else "")
    return Chart(
        "funnel",
        topic.title,
        "",
        tuple(name for name, _ in stages),
        (Series(topic.title, tuple(values)),),
        labels=tuple(labels),
        details=tuple(shares),
    )


def _chain(teller: Teller, topic: Topic) -> Chart | None:
    stages = []
    for name, code, second in topic.stages:
        # Where the leading figure is not told, the second stands in for it.
        figure, more = _stage(teller, code), _stage(teller, second)
        if figure is None:
            figure, more = more, None
        if figure is not None:
            stages.append((name, figure, more))
    if len(stages) < 3:
        return None  # two of five stages are no chain
    labels, details = [], []
    for _, figure, more in stages:
        indicator = teller.definitions.indicators[figure.indicator]
        labels.append(f"{display(figure.value, indicator)} {indicator.unit}")
        other = teller.definitions.indicators[more.indicator] if more else None
        details.append(
            f"{other.name}\n{display(more.value, other)}{other.unit}" if more and other else ""
        )
    return Chart(
        "chain",
        "、".join(n for n, *_ in stages) + "一体推进情况",
        "",
        tuple(n for n, *_ in stages),
        (Series("", tuple(f.value for _, f, _ in stages)),),
        labels=tuple(labels),
        details=tuple(details),
    )
