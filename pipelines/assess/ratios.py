"""Figures that a scheme makes of two others: A in percent of B, where no indicator says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from definitions.schemes import Part, Scheme
from pipelines.assess.inputs import AssessmentInputs, IndicatorFacts, Measurement


def with_ratios(scheme: Scheme, inputs: AssessmentInputs) -> AssessmentInputs:
    """The inputs with facts and figures of every `A/B` that the scheme asks for.

    A unit without B has no base to divide by; a unit that owes A and has not reported it keeps
    what A says of itself, so that missing stays missing.
    """
    wanted = {
        p.indicator: p
        for block in scheme.blocks
        for item in block.items
        for p in item.parts
        if len(p.codes) == 2
    }
    known = {i.code: i for i in inputs.indicators}
    wanted = {code: part for code, part in wanted.items() if set(part.codes) <= known.keys()}
    if not wanted:
        return inputs
    figures = {(m.unit, m.indicator): m for m in inputs.measurements}
    facts = [_facts(part, known) for part in wanted.values()]
    made = [m for part in wanted.values() for m in _figures(part, inputs, figures)]
    return replace(
        inputs,
        indicators=(*inputs.indicators, *facts),
        measurements=(*inputs.measurements, *made),
    )


def _facts(part: Part, known: dict[str, IndicatorFacts]) -> IndicatorFacts:
    top, base = (known[code] for code in part.codes)
    name = part.called or f"{top.name}占{base.name}的比例"
    return IndicatorFacts(
        part.indicator, name, "%", top.better, decimals=2, multiply=Decimal(100), ratio=True
    )


def _figures(
    part: Part, inputs: AssessmentInputs, figures: dict[tuple[str, str], Measurement]
) -> Iterator[Measurement]:
    for unit in inputs.units:
        top, base = (figures.get((unit.code, code)) for code in part.codes)
        if top is None:
            continue
        numerator = top.value if top.reported or not top.expected else None
        yield Measurement(
            unit=unit.code,
            indicator=part.indicator,
            value=None,
            numerator=numerator,
            denominator=base.value if base is not None else None,
            reported=top.reported,
            expected=top.expected,
            reference="；".join(m.reference for m in (top, base) if m and m.reference),
            made_of=(
                f"{top.value} ÷ {base.value}" if base is not None and numerator is not None else ""
            ),
        )
