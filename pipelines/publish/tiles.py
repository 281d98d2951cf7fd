"""A figure by region: a square for each, where the region lies, shaded by five classes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from itertools import count

from definitions.regions import level_of, short_name
from pipelines.figures import BLOCK, Unit, display, rounded
from pipelines.publish.content import Block, Chart, Paragraph, Series
from pipelines.publish.disclosure import MARK, NOTE
from pipelines.publish.tables import headed, two_lines
from pipelines.publish.telling import Teller

CLASSES = 5
FEWEST = 3  # regions: of two, a sentence tells more
NO_DATA = "无数据"
_NAMED = 3
# Who is the federation of a region. A zone has its county's code and an industry union its city's,
# and neither is the place.
_TYPES = {"省级": "省总工会", "市级": "市总工会", "区县级": "区县总工会"}
_STEPS = tuple(Decimal(s) for s in ("1", "1.5", "2", "2.5", "3", "4", "5", "8"))


def by_region(teller: Teller, code: str) -> list[Block]:
    """The squares of the children along 块 and how to read them.

    [] where the table of regions has no squares for them, or too little is known to compare. What
    is withheld takes no part: neither its square nor the classes of the others depend on it.
    """
    indicator = teller.indicator(code)
    units = _of_regions(teller)
    if indicator is None or len(units) < FEWEST:
        return []
    regions = teller.definitions.dated_regions
    places = [tile for u in units if (tile := regions[u.region].tile) is not None]
    if len(set(places)) < len(units):  # a map with a hole, or one region with two federations
        return []
    values: list[Decimal | None] = []
    labels: list[str] = []
    for unit in units:
        figure = teller.figures.get(code, unit.code, line=BLOCK)
        hidden = figure is not None and teller.hides(figure)
        value = None if figure is None or hidden else figure.value
        # As printed: nobody sees why a square that says 92.00 is not in the class from 92 on.
        values.append(None if value is None else rounded(value, indicator))
        labels.append(MARK if hidden else NO_DATA if value is None else display(value, indicator))
    told = [v for v in values if v is not None]
    if len(set(told)) < 2:
        return []
    names = teller.definitions.regions
    chart = Chart(
        "tiles",
        f"{indicator.name}分地区情况（{indicator.unit}）",
        indicator.unit,
        tuple(two_lines(short_name(u.region, names), 5) for u in units),
        (Series(headed(indicator), tuple(values)),),
        labels=tuple(labels),
        places=tuple(places),
        bounds=bounds(told, indicator.decimals),
    )
    return [chart, Paragraph((_note(teller, code, units, labels),), "note")]


def _of_regions(teller: Teller) -> list[Unit]:
    """Federations of regions among the children, those of the level that most of them have."""
    known = teller.definitions.dated_regions
    levels: dict[str, list[Unit]] = {}
    for unit in teller.figures.children.get(BLOCK, ()):
        level = level_of(unit.region)
        if unit.region in known and unit.type == _TYPES[level]:
            levels.setdefault(level, []).append(unit)
    return max(levels.values(), key=len, default=[])


def bounds(values: Sequence[Decimal], decimals: int) -> tuple[Decimal, ...]:
    """Where each class but the first begins: equal classes at round numbers that hold all values.

    Of 90.10 to 96.70 they begin at 91.5, 93, 94.5 and 96.
    """
    low, high = min(values), max(values)
    finest = Decimal(1).scaleb(-decimals)
    for power in count(-decimals):
        for step in (s.scaleb(power) for s in _STEPS):
            if step % finest:
                continue
            start = (low / step).to_integral_value(ROUND_FLOOR) * step
            if start + CLASSES * step > high:
                return tuple(start + n * step for n in range(1, CLASSES))
    raise AssertionError("steps grow without end")


def _note(teller: Teller, code: str, units: Sequence[Unit], labels: Sequence[str]) -> str:
    said = (
        "注：一格为一个地区，按方位大致排列，上北下南，不表示面积；颜色越深数值越大，"
        "各档含下限、不含上限。"
    )
    if NO_DATA in labels:
        said += "斜线格没有数据（未报或无法计算），不作零处理。"
    if MARK in labels:
        said += NOTE.removeprefix("注：")
    drawn = {u.code for u in units}
    others = [
        u.name
        for u in teller.figures.children.get(BLOCK, ())
        if u.code not in drawn and teller.figures.get(code, u.code, line=BLOCK) is not None
    ]
    if others:
        more = "等" if len(others) > _NAMED else ""
        said += f"{'、'.join(others[:_NAMED])}{more}不是这一级行政区的总工会，不在图上。"
    return said
