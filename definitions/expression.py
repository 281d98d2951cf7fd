"""The small language of rules and indicators: Python's own syntax, a closed set of names.

`members_total <= workers_total` names columns of the form at hand; `previous.members_total` the
same row one period earlier; `last_year.amount` one year earlier; `ORG_02.workers_total` the row of
another form for the same organisation and period; `param.fund_rate_pct` a dated parameter, blank
where nobody decided it for the period; `period.end` the period of the submission (`period.month`
is the calendar month in which it ends). `sum_of` and `count_of` go over rows of another form, or of
this one, over a span (SPANS): those whose columns equal the keys given, `under=org_code` for a
union with all below it, `where='...'` for a condition in the other form's own columns. They are
unknown where the union has reported nothing to compare with.

An expression is only parsed and checked here; pandas (expectations) and SQL (warehouse) each bring
their own meaning of it. A blank operand makes a comparison unknown, and an unknown rule is not a
broken rule.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

FUNCTIONS: dict[str, str] = {
    "filled": "filled(x): x is not blank",
    "blank": "blank(x): x is blank",
    "implies": "implies(a, b): when a holds, b must hold",
    "iff": "iff(a, b): a and b hold together or not at all",
    "near": "near(a, b, tolerance): |a - b| <= tolerance",
    "between": "between(x, low, high): low <= x <= high, both included",
    "total": "total(a, b, ...): sum in which a blank counts as nothing",
    "any_filled": "any_filled(a, b, ...): at least one is not blank",
    "absolute": "absolute(x)",
    "least": "least(a, b, ...)",
    "greatest": "greatest(a, b, ...)",
    "starts_with": "starts_with(text, prefix)",
    "workdays": "workdays(a, b): working days after a up to and including b",
    "add_workdays": "add_workdays(a, n): the n-th working day after a",
    "days": "days(a, b): calendar days from a to b",
    "year_of": "year_of(date)",
    "month_of": "month_of(date): 1 to 12",
    "add_days": "add_days(date, n): the day n calendar days later",
    "length": "length(text): number of characters",
    "has_digits": "has_digits(text): a digit stands in it",
    "when": "when(condition, x): x where the condition holds, else blank",
    "add_years": "add_years(date, n): the same day n years later; 29 February becomes the 28th",
    "odd": "odd(n): n is an odd number",
    "lies_in": "lies_in(region, wider): GB/T 2260 region inside, or equal to, a wider one",
    "rate": "rate('table', key): entry of a dated table parameter; entries not listed give 0",
    "listed": "listed('table', key): the dated table has an entry of that key",
    "code_named": "code_named('table', name): key of the only entry that bears a name, else blank",
    "step": "step('table', x): entry of a dated table of lowest bounds for the band that x is in",
    "stage": "stage('table', x): last entry of a dated table whose threshold x has reached",
    "group_sum": "group_sum(x, key, ...): sum of x over the rows of one submission sharing the key",
    "group_count": "group_count(key, ...): rows of one submission that share the key",
    "first_of": "first_of(key, ...): True on the first row of one submission with the key",
    "parts_sum": "parts_sum(x, code, key, ...): sum of x over the rows of one submission just "
    "below this one, whose codes begin with its own; blank where there are none",
    "is_nested": "is_nested(code, key, ...): another row of one submission with the keys has a "
    "shorter code with which this one begins",
    "overlaps": "overlaps(from, to, key, ...): True where another row of the submission with the "
    "key has days in common; the day of handing over belongs to both",
    "breakdown": "breakdown(target, period, flow, key, ...): what the parts say the whole is",
    "is_flow": "is_flow(indicator): True when the indicator adds up over time",
    "register_sum": "register_sum(x, key, ...): x over the union's ledger as its newest rows say, "
    "earlier sendings included, where the keys agree",
    "register_so_far": "register_so_far(x, key, ...): the same up to and including this row, "
    "by date",
    "exists_in": "exists_in('FORM', 'column', x): x is a reported value of that column",
    "lookup": "lookup('FORM', 'column', key=x, ...): value of the row with these keys",
    "computed": "computed(indicator, org): the warehouse's own value for the period",
    "sum_of": "sum_of('FORM', 'column', 'span', key=x, where='...'): sum over reported rows",
    "count_of": "count_of('FORM', 'span', key=x, where='...'): how many reported rows",
    "traced": "traced(text, org): each number in it was reported, or is marked 单位自述",
}
SPANS: dict[str, str] = {
    "period": "the other form's period that holds this one, or the last one inside it",
    "quarter": "its periods of the quarter up to that one",
    "year": "its periods of the year up to that one",
    "last_year": "its period one year earlier",
    "latest": "the newest period up to that one that the union reported, this year or last",
    "ever": "everything reported up to that one",
}
"""What stretch of another form's rows `sum_of` and `count_of` take."""
ROW_CALLS = ("sum_of", "count_of")
NOT_KEYS = ("where", "under")
"""Of the keywords of these calls: a condition on the other rows, and a union with all below it."""

_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt,
    ast.GtE, ast.In, ast.NotIn, ast.Call, ast.Name, ast.Load, ast.Attribute, ast.Constant,
    ast.List, ast.Tuple, ast.keyword,
)  # fmt: skip
OTHER_FORMS = ("exists_in", "lookup", *ROW_CALLS)
_FORM_NAME = re.compile(r"[A-Z]+_\d\d")
SCOPES = ("previous", "last_year", "param", "period")


@dataclass(frozen=True)
class Expression:
    """A parsed expression: its text, its tree, and every name it uses."""

    text: str
    tree: ast.expr
    columns: tuple[str, ...]
    scoped: tuple[tuple[str, str], ...] = field(default=())
    functions: tuple[str, ...] = field(default=())

    def other_forms(self) -> set[str]:
        """Codes of other forms that the expression reads, through names or functions."""
        forms = {s.replace("_", "-") for s, _ in self.scoped if _FORM_NAME.fullmatch(s)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _call_name(node) in OTHER_FORMS:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    forms.add(str(first.value))
        return forms


def _call_name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def where_of(node: ast.Call) -> str:
    """The condition on the other rows, as written; ValueError when it is no literal text."""
    for keyword in node.keywords:
        if keyword.arg == "where":
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
                return keyword.value.value
            raise ValueError(f"where= takes a text: {ast.unparse(node)!r}")
    return ""


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Like ast.walk, without the names of called functions and the roots of attributes."""
    yield node
    if isinstance(node, ast.Call):
        children: list[ast.AST] = [*node.args, *(k.value for k in node.keywords)]
    elif isinstance(node, ast.Attribute):
        children = []
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _walk(child)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse and check the shape of an expression; ValueError names what is not allowed."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"cannot parse {text!r}: {error.msg}") from error
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise ValueError(f"{type(node).__name__} is not part of the language: {text!r}")
    columns: dict[str, None] = {}
    scoped: dict[tuple[str, str], None] = {}
    functions: dict[str, None] = {}
    for node in _walk(tree.body):
        if isinstance(node, ast.Name):
            columns[node.id] = None
        elif isinstance(node, ast.Attribute):
            if not isinstance(node.value, ast.Name):
                raise ValueError(f"only one dot is allowed in a name: {text!r}")
            scope = node.value.id
            if scope not in SCOPES and not _FORM_NAME.fullmatch(scope):
                raise ValueError(f"unknown scope {scope!r} in {text!r}")
            scoped[scope, node.attr] = None
        elif isinstance(node, ast.Call):
            name = _call_name(node)
            if name not in FUNCTIONS:
                raise ValueError(f"unknown function {name or '?'!r} in {text!r}")
            functions[name] = None
            for keyword in node.keywords:
                if name in ROW_CALLS and keyword.arg == "where":
                    parse(where_of(node))
    return Expression(text, tree.body, tuple(columns), tuple(scoped), tuple(functions))
