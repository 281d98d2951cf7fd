"""Walks of the value improvement degree (价值改善度) to the figures whose mean it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from definitions import Period
from definitions.measures import Indicator
from pipelines.flow.walk_steps import (
    COMPARABLE,
    LAST_YEAR,
    NOW,
    At,
    Part,
    address_of,
    kept,
    now_beside,
)
from warehouse.achievement import improvement
from warehouse.publications import PrintedNumber

RULE = (
    "下列各指标改善度的平均；改善度为（本年数－上年数）÷上年数×100%，有下级单位的两年均按可比口径，"
    "越低越好的取相反数，单项以上限为限"
)


def improved(at: At, number: PrintedNumber, indicator: Indicator) -> list[Part]:
    """Each figure of the dimension that is better or worse than its base, by how many percent.

    The base is last year's on a comparable basis; of a union with nobody below it, as reported.
    """
    period = Period.parse(number.period)
    cap = Decimal(str(at.known.parameters["improvement_cap_pct"].at(period.end))) / 100
    # Where the degree is kept so is what it was made of; asking cells for what was never
    # reported would take half a minute.
    alone = kept(at, replace(number, basis=NOW), alone=True) is not None
    sides: list[tuple[Indicator, str, Decimal, Decimal | None, Decimal | None]] = []
    for one in _of_dimension(at, indicator):
        asked = replace(number, indicator=one.code, basis=NOW, units=())
        asked = replace(asked, basis=now_beside(at, asked, COMPARABLE))
        now = kept(at, asked, alone=alone)
        if now is None:
            continue
        last = replace(asked, period=period.last_year().label)
        same = kept(at, replace(last, basis=COMPARABLE), alone=alone)
        plain = kept(at, replace(last, basis=LAST_YEAR), alone=alone)
        sides.append((one, address_of(asked), now, same, plain))
    comparable = any(same is not None for *_, same, _ in sides)
    parts = []
    for one, address, now, same, plain in sides:
        base = same if comparable else plain
        degree = None
        if base is not None:
            degree = improvement(now, base, lower=one.better == "lower", cap=cap)
        if degree is not None:
            parts.append(Part(one.name, degree * 100, address))
    return parts


def _of_dimension(at: At, indicator: Indicator) -> list[Indicator]:
    """The indicators that `warehouse.second_pass` takes into the degree of a dimension."""
    return [
        i
        for i in at.known.indicators.values()
        if i.numerator
        and not i.coverage
        and i.aggregate != "growth"
        and i.better != "neither"
        and i.dimension == indicator.dimension
    ]
