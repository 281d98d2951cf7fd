"""Every rule's own examples, through the same path that a workbook takes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pandas as pd
import pytest

from definitions.loading import Definitions, load_definitions
from definitions.model import Column, ColumnType, Example, Form, Rule
from definitions.periods import Period
from expectations.cells import World
from expectations.evaluate import call_name, scope_of
from expectations.frames import Frame, build_frame, typed
from expectations.run import run_checks
from expectations.suites import RULE, Check, checks_for
from pipelines.workbook import FormSheet


@cache
def definitions() -> Definitions:
    return load_definitions()


def conditions() -> Iterator[tuple[str, str]]:
    for form in definitions().forms:
        for rule in definitions().rules_of(form):
            if rule.check is not None:
                yield form.code, rule.code


def cell(column: Column, value: Any) -> Any:
    """A value as the reader would have typed it."""
    if column.type is ColumnType.DATE and isinstance(value, str):
        return date.fromisoformat(value)
    return float(value) if column.type.numeric and value is not None else value


def sheet_of(form: Form, example: Example) -> FormSheet:
    """The example's rows as a sheet that was read, the judged row first."""
    rows = [example.row, *example.rows]
    return FormSheet(
        form=form.code,
        edition=form.edition,
        sheet=form.title,
        header_row=1,
        columns=list(range(1, len(form.columns) + 1)),
        row_numbers=list(range(2, 2 + len(rows))),
        values=[[cell(c, r.get(c.code)) for r in rows] for c in form.columns],
    )


def joined(name: str, form: Form) -> Column | None:
    """The column whose type a scoped name has."""
    scope, code = name.split(".")
    other = scope.replace("_", "-")
    known = {f.code for f in definitions().forms}
    return (definitions().newest(other) if other in known else form).column(code)


def called(call: ast.Call) -> Column | None:
    """The column whose type a lookup has; None for exists_in and computed."""
    if isinstance(call.func, ast.Name) and call.func.id == "lookup":
        form, code = (a.value for a in call.args if isinstance(a, ast.Constant))
        return definitions().newest(str(form)).column(str(code))
    return None


def add_context(frame: Frame, check: Check, examples: list[Example]) -> None:
    """Names of other rows, as the examples give them, where the join would have put them."""
    given = [
        {ast.unparse(ast.parse(str(k))): v for k, v in r.items()}
        for e in examples
        for r in (e.row, *e.rows)
    ]
    for name in check.joined:
        column = joined(name, frame.form)
        assert column is not None
        frame.data[name] = typed(column, [cell(column, r.get(name)) for r in given])
    for call in check.calls:
        name, column = call_name(call), called(call)
        values = [r.get(name) for r in given]
        if column is not None:
            frame.data[name] = typed(column, [cell(column, v) for v in values])
        else:
            kind = "boolean" if name.startswith("exists_in") else "Float64"
            frame.data[name] = pd.array(values, dtype=kind)


def broken_examples(form: Form, rule: Rule, period: str, examples: list[Example]) -> list[bool]:
    """For each example whether its first row breaks the rule; each is a submission of its own."""
    when = Period.parse(period)
    check = next(
        c
        for c in checks_for(form, when, definitions())
        if c.rule.code == rule.code and c.kind == RULE
    )
    sheets = [sheet_of(form, e) for e in examples]
    frame = build_frame(form, when, sheets, list(range(len(sheets))))
    add_context(frame, check, examples)
    world = World(definitions(), scope_of(definitions(), when), date(2099, 1, 1))
    found = run_checks(frame, [check], world)
    for item in found:
        assert "〔" not in item.finding.message + item.finding.advice, item.finding.message
        assert "nan" not in item.finding.message.lower()
    first_rows = {
        int(frame.sheet_of[item.row]) for item in found if int(frame.row_of[item.row]) == 0
    }
    return [number in first_rows for number in range(len(examples))]


@pytest.mark.parametrize(("form_code", "rule_code"), conditions())
def test_examples_of_a_rule_hold(form_code: str, rule_code: str) -> None:
    rule = definitions().rule(rule_code)
    form = definitions().newest(form_code)
    assert rule.passes, "a rule shows at least one row that passes"
    assert rule.fails, "a rule shows at least one row that fails"
    own = any(r is rule for r in definitions().rules_of(form))
    for told, expected in ((rule.passes, False), (rule.fails, True)):
        # rows of other forms that are counted are joined in test_rule_examples
        here = (form_code, "") if own else (form_code,)
        examples = [e for e in told if e.form in here and e.row and not e.reported]
        for period in sorted({e.period for e in examples}):
            chosen = [e for e in examples if e.period == period]
            broken = broken_examples(form, rule, period, chosen)
            wrong = [e.row for e, b in zip(chosen, broken, strict=True) if b is not expected]
            assert not wrong, f"should {'fail' if expected else 'pass'}: {wrong}"
