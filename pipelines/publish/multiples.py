"""Small pictures side by side: months of several figures, and units by several figures."""

from __future__ import annotations

from collections.abc import Sequence

from definitions.periods import PeriodKind
from pipelines.figures import BLOCK, Unit
from pipelines.publish.content import Chart, Series
from pipelines.publish.tables import headed, two_lines
from pipelines.publish.telling import Teller

OUTSIDE = "0"  # what is in no industry is no unit to compare with others
_SHARE_TOLD = 2  # a panel needs at least so many months with a value


def months_side_by_side(teller: Teller, codes: Sequence[str], limit: int) -> Chart | None:
    """A panel per figure that was told month by month, this year's beside last year's.

    A figure of which a month is withheld gets no panel: a line can be read off as well as a number.
    None for a single month or where nothing was told twice.
    """
    period = teller.figures.period
    if period.kind is PeriodKind.MONTH:
        return None
    labels: list[str] = []
    series: list[Series] = []
    for code in codes:
        indicator = teller.indicator(code)
        if indicator is None or len(labels) >= limit:
            continue
        months = [f for _, f in teller.figures.months(code)]
        if any(f is not None and (teller.hides(f) or teller.hides(f, "上年同期")) for f in months):
            continue
        now = tuple(f.value if f else None for f in months)
        before = tuple(f.last_year if f else None for f in months)
        if sum(v is not None for v in now) < _SHARE_TOLD or not any(now):
            continue
        labels.append(headed(indicator))
        series += [Series(indicator.name, now), Series(f"{indicator.name}上年", before)]
    if not labels:
        return None
    return Chart(
        "multiples",
        "主要指标分月走势",
        "",
        tuple(f"{m.number}月" for m in period.months()),
        tuple(series),
        labels=tuple(labels),
        details=(f"{period.year}年", f"{period.year - 1}年"),
    )


def units_side_by_side(
    teller: Teller,
    title: str,
    stages: Sequence[tuple[str, str]],
    limit: int = 14,
) -> Chart | None:
    """A column of bars per stage (its name and figure), a row per unit; None where one is withheld.

    The units with the largest first stage are drawn, the rest stays in the table.
    """
    known = [(name, i) for name, code in stages if (i := teller.indicator(code)) is not None]
    units = [u for u in teller.figures.children.get(BLOCK, ()) if u.code != OUTSIDE]

    def of(unit: Unit, code: str) -> tuple[bool, object]:
        figure = teller.figures.get(code, unit.code)
        return figure is not None and teller.hides(figure), figure.value if figure else None

    told = [(n, i) for n, i in known if any(of(u, i.code)[1] is not None for u in units)]
    valued = [u for u in units if any(of(u, i.code)[1] is not None for _, i in told)]
    if len(told) < 2 or len(valued) < 2:
        return None
    first = told[0][1].code

    def size(unit: Unit) -> float:
        figure = teller.figures.get(first, unit.code)
        return float(figure.value) if figure is not None and figure.value is not None else -1.0

    shown = sorted(valued, key=size, reverse=True)[:limit]
    if any(of(u, i.code)[0] for u in shown for _, i in told):
        return None
    return Chart(
        "panels",
        title if len(valued) <= limit else f"{title}（前{limit}家）",
        "",
        tuple(two_lines(u.name, 10) for u in shown),
        tuple(
            Series(
                i.name,
                tuple(
                    f.value if (f := teller.figures.get(i.code, u.code)) else None for u in shown
                ),
            )
            for _, i in told
        ),
        labels=tuple(f"{name}（{i.unit}）" for name, i in told),
    )
