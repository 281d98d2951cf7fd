"""From sums to figures: every indicator of every place that a computation is wanted for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from definitions import Definitions, Period
from definitions.measures import Indicator, Measure
from warehouse.computed import Computed, Target, figure
from warehouse.quality import Quality, QualityOf
from warehouse.sums import Coverage, Place, Sums


def indicators(
    definitions: Definitions,
    wanted: Sequence[Target],
    measures: Sequence[tuple[int, Measure]],
    sums: Sums,
    told: QualityOf,
) -> Iterator[Computed]:
    """Every figure that is made of sums alone, in the order of its place."""
    numbers = {m.code: n for n, m in measures}
    values, owed = sums.values, sums.coverage
    wide = {(t.period.label, t.basis) for t in wanted if t.every_unit}
    plans = [
        (i, *_plan(i, numbers))
        for i in definitions.indicators.values()
        if i.numerator or i.coverage
    ]
    for place in sorted(values.keys() | owed.keys()):
        label, basis, line, org = place
        head = (line, org) in sums.parents
        if not head and (line != 1 or (label, basis) not in wide):
            continue
        found, counts = values.get(place, {}), owed.get(place, {})
        for indicator, numerators, minus, denominators in plans:
            if indicator.coverage:
                answered = told.get((label, line, org), Quality())
                top, bottom, reported, expected = _of_coverage(indicator, counts, answered)
            else:
                top = _joined(found, numerators, minus)
                bottom = _joined(found, denominators, ())
                if indicator.aggregate == "growth":
                    top, bottom = _compared(values, place, numerators, minus, head=head)
                filed = counts.get(indicator.numerator[0].form)
                reported = filed.reported if filed else 0
                expected = filed.expected if filed else None
            value = figure(indicator, top, bottom)
            if value is None and top is None and not (head and expected):
                continue
            yield Computed(
                line, org, label, basis, indicator.code, value, top, bottom, reported, expected
            )


def _of_coverage(
    indicator: Indicator, counts: dict[str, Coverage], answered: Quality
) -> tuple[Decimal | None, Decimal | None, int, int | None]:
    """Both sides of an indicator about reporting itself, over every form that is owed."""
    owed = [c for c in counts.values() if c.expected is not None]
    expected = sum(c.expected or 0 for c in owed)
    reported = sum(c.reported for c in owed)
    if not owed:
        return None, None, 0, None
    sides = {
        "expected": expected,
        "reported": reported,
        "on_time": sum(c.on_time for c in owed),
        "first_pass": sum(c.first_pass for c in owed),
        "missing": expected - reported,
        "corrections": answered.corrections,
        "warnings": answered.warnings,
        "explained": answered.explained,
    }
    top, *bottom = indicator.coverage
    denominator = Decimal(sides[bottom[0]]) if bottom else None
    return Decimal(sides[top]), denominator, reported, expected


def _plan(indicator: Indicator, numbers: dict[str, int]) -> tuple[list[int], list[int], list[int]]:
    return (
        [numbers[m.code] for m in indicator.numerator],
        [numbers[m.code] for m in indicator.minus],
        [numbers[m.code] for m in indicator.denominator],
    )


def _compared(
    values: Mapping[Place, dict[int, Decimal]],
    place: Place,
    plus: Sequence[int],
    minus: Sequence[int],
    *,
    head: bool,
) -> tuple[Decimal | None, Decimal | None]:
    """A sum and the same one year earlier; of a unit with others below it, of those it has now.

    Their own history is all that may be compared: where they have none there is no growth, whatever
    those who have left had. No base for a figure that is itself on a comparable basis.
    """
    label, basis, line, org = place
    own = _joined(values.get(place, {}), plus, minus)
    if basis != "reported":
        return own, None
    last = Period.parse(label).last_year().label
    if not head:
        return own, _joined(values.get((last, basis, line, org), {}), plus, minus)
    now = values.get((label, "comparable", line, org))
    if now is not None:
        own = _joined(now, plus, minus)
    return own, _joined(values.get((last, "comparable", line, org), {}), plus, minus)


def _joined(found: dict[int, Decimal], plus: Sequence[int], minus: Sequence[int]) -> Decimal | None:
    """Sum of the measures that were reported; None when none was."""
    present = [n for n in plus if n in found]
    if not present:
        return None
    total = sum((found[n] for n in present), Decimal(0))
    return total - sum((found[n] for n in minus if n in found), Decimal(0))
