"""Whether a rule shows what it lets pass and what it does not, in columns and values that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from definitions.model import CodeList, Example, Form, Rule, Sample
from definitions.values import in_list

Place = tuple[str | int, ...]
Forms = Mapping[str, Form]
Lists = Mapping[str, CodeList]
NOT_COLUMNS = ("in", "period")
"""What a row that others reported says besides its columns."""


def example_mistakes(
    rule: Rule, owner: str | None, forms: Forms, lists: Lists
) -> Iterator[tuple[Place, str]]:
    """Where below the rule, and what is wrong, for each of its examples; and that it has none."""
    if rule.scenes:
        if not any(s.found for s in rule.scenes) or all(s.found for s in rule.scenes):
            yield ("scenes",), f"{rule.code} needs a scene that passes and one that fails"
    elif not (rule.passes and rule.fails):
        lacking = "passes" if rule.fails else "fails" if rule.passes else "passes and fails"
        yield (), f"{rule.code} needs at least one example: {lacking}"
    for side in ("passes", "fails"):
        for i, example in enumerate(getattr(rule, side)):
            for complaint in _in_example(example, owner, forms, lists):
                yield (side, i), f"{rule.code}: {complaint}"


def _in_example(example: Example, owner: str | None, forms: Forms, lists: Lists) -> Iterator[str]:
    if example.cell:
        yield from _in_cell(example.cell, forms)
        return
    for sample in (*((example.file,) if example.file else ()), *example.earlier):
        yield from _in_file(sample, forms)
    form = forms.get(example.form or owner or "")
    if example.form and form is None:
        yield f"unknown form {example.form}"
    told: list[tuple[Form, Mapping[str, Any]]] = []
    if form is not None and example.file is None:
        told += [(form, row) for row in (example.row, *example.rows, *example.series.values())]
    for code, reported in example.reported.items():
        if code in forms:
            told += [(forms[code], row) for row in reported]
        else:
            yield f"unknown form {code}"
    for row_form, row in told:
        for name, value in row.items():
            if name in row_form.position:
                column = row_form.column(name)
                if isinstance(value, str) and not in_list(column, value, lists):
                    yield f"{value} is not in {column.list}"
            elif "." not in name and name not in NOT_COLUMNS:
                yield f"{row_form.code} has no column {name}"


def _in_cell(cell: str, forms: Forms) -> Iterator[str]:
    code, _, column = cell.partition(".")
    if code not in forms or column not in forms[code].position:
        yield f"no such cell {cell}"


def _in_file(sample: Sample, forms: Forms) -> Iterator[str]:
    if not sample.form:
        return
    form = forms.get(sample.form)
    if form is None:
        yield f"unknown form {sample.form}"
        return
    named = {n for row in sample.rows for n in row} | {*sample.headings, *sample.without}
    for name in sorted(named - set(form.position)):
        yield f"{form.code} has no column {name}"
