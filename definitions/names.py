"""Which names an expression or a sentence may use: every unknown one is told."""

from __future__ import annotations

import ast
import string
from collections.abc import Collection, Iterator, Mapping

from definitions.expression import NOT_KEYS, ROW_CALLS, SPANS, Expression, parse, where_of
from definitions.model import Form, Parameter, Rule

TABLE_CALLS = ("rate", "stage", "step", "listed", "code_named")
"""Functions whose first argument names a dated table parameter."""
PERIOD_NAMES = ("start", "end", "year", "label", "month")
SENTENCE_NAMES = ("value", "label", "expected")
"""What every finding can say besides the row's own names."""


def unknown_names(
    expression: Expression,
    form: Form,
    forms: Mapping[str, Form],
    parameters: Mapping[str, Parameter],
) -> Iterator[str]:
    """A complaint per column, scoped name, table or other form that does not exist."""
    text = expression.text
    for name in expression.columns:
        if name not in form.position:
            yield f"unknown column {name} in {text!r}"
    for scope, name in expression.scoped:
        if not _known(scope, name, form, forms, parameters):
            yield f"unknown name {scope}.{name} in {text!r}"
    for node in ast.walk(expression.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for what in _unknown_in_call(node.func.id, node, form, forms, parameters):
                yield f"{what} in {text!r}"


def _known(
    scope: str,
    name: str,
    form: Form,
    forms: Mapping[str, Form],
    parameters: Mapping[str, Parameter],
) -> bool:
    match scope:
        case "previous" | "last_year":
            return name in form.position
        case "param":
            return name in parameters
        case "period":
            return name in PERIOD_NAMES
        case _:
            other = forms.get(scope.replace("_", "-"))
            return other is not None and name in other.position


def _unknown_in_call(
    function: str,
    node: ast.Call,
    form: Form,
    forms: Mapping[str, Form],
    parameters: Mapping[str, Parameter],
) -> Iterator[str]:
    literals = [str(a.value) if isinstance(a, ast.Constant) else "" for a in node.args]
    first = literals[0] if literals else ""
    if function in ("register_sum", "register_so_far") and (
        form.ledger is None or "org_code" not in form.position
    ):
        yield f"{form.code} is no union's ledger"
    if function in TABLE_CALLS:
        table = parameters.get(first)
        if table is None or not all(isinstance(d.value, dict) for d in table.values):
            yield f"{first or 'a column'} is not a table parameter"
    if function in ROW_CALLS:
        yield from _unknown_in_rows(function, node, forms, parameters)
    if function in ("exists_in", "lookup"):
        other = forms.get(first)
        if other is None:
            yield f"unknown form {first}"
            return
        for column in (*literals[1:2], *(k.arg for k in node.keywords if k.arg)):
            if column not in other.position:
                yield f"form {other.code} has no column {column}"


def _unknown_in_rows(
    function: str,
    node: ast.Call,
    forms: Mapping[str, Form],
    parameters: Mapping[str, Parameter],
) -> Iterator[str]:
    """What is wrong in a call over the rows of a form: its form, column, span, keys, condition."""
    literals = [str(a.value) if isinstance(a, ast.Constant) else "" for a in node.args]
    wanted = 3 if function == "sum_of" else 2
    if len(literals) != wanted or "" in literals:
        yield f"{function} takes {wanted} texts"
        return
    other = forms.get(literals[0])
    if other is None:
        yield f"unknown form {literals[0]}"
        return
    if literals[-1] not in SPANS:
        yield f"unknown span {literals[-1]}"
    keys = [k.arg for k in node.keywords if k.arg and k.arg not in NOT_KEYS]
    for column in (*literals[1:-1], *keys):
        if column not in other.position:
            yield f"form {other.code} has no column {column}"
    where = where_of(node)
    if where:
        yield from unknown_names(parse(where), other, forms, parameters)


def unknown_placeholders(
    rule: Rule, form: Form, parameters: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Where (message or advice) and a complaint, per {name} that no finding could fill in."""
    read = rule.check.scoped if rule.check else ()
    for where, template in (("message", rule.message), ("advice", rule.advice)):
        try:
            names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
        except ValueError as error:
            yield where, f"{rule.code}: {error} in {template!r}"
            continue
        for name in names:
            scope, _, column = name.rpartition(".")
            known = {
                "": name in form.position or name in SENTENCE_NAMES,
                "param": column in parameters,
                "period": column in PERIOD_NAMES,
            }.get(scope, (scope, column) in read)
            if not known:
                yield where, f"{rule.code}: nothing fills in {{{name}}} in {template!r}"
