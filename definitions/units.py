"""What an indicator adds up must be of one kind: heads with heads, times with times."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from definitions.measures import Indicator, Measure
from definitions.model import Form

PERSONS, PERSON_TIMES = "人", "人次"
_ADDING = ("total", "least", "greatest", "absolute", "when")


def units_added(node: ast.expr, form: Form) -> set[str]:
    """Units of the columns that an expression adds up; a product or a share has none of its own."""
    match node:
        case ast.Name(id=code) if code in form.position:
            unit = form.column(code).unit
            return {unit} if unit else set()
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return units_added(node.left, form) | units_added(node.right, form)
        case ast.UnaryOp():
            return units_added(node.operand, form)
        case ast.Call(func=ast.Name(id=name)) if name in _ADDING:
            arguments = node.args[1:] if name == "when" else node.args
            return set().union(*(units_added(a, form) for a in arguments))
    return set()


def mixed_units(indicator: Indicator, forms: Mapping[str, Form]) -> Iterator[str]:
    """A complaint per side of an indicator that adds unlike things, or calls them another unit."""
    sides = {
        "numerator": _units((*indicator.numerator, *indicator.minus), forms),
        "denominator": _units(indicator.denominator, forms),
    }
    for side, units in sides.items():
        if len(units) > 1:
            yield f"{indicator.code}: the {side} adds {' and '.join(sorted(units))}"
    both = sides["numerator"] | sides["denominator"]
    if indicator.unit == "%" and both == {PERSONS, PERSON_TIMES}:
        yield f"{indicator.code}: a share of {PERSONS} in {PERSON_TIMES} is no share"
    plain = indicator.aggregate in ("sum", "latest", "distinct") and not indicator.denominator
    counted = sides["numerator"] & {PERSONS, PERSON_TIMES}
    if plain and len(counted) == 1 and counted != {indicator.unit} and indicator.multiply == 1:
        yield f"{indicator.code}: {indicator.unit or 'no unit'} is made of {counted.pop()}"


def _units(measures: tuple[Measure, ...], forms: Mapping[str, Form]) -> set[str]:
    found: set[str] = set()
    for measure in measures:
        form = forms.get(measure.form)
        if form is not None and measure.sum is not None:
            found |= units_added(measure.sum.tree, form)
    return found
