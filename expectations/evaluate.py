"""What the expression language means over the rows of a frame: vectorised, three-valued.

Every value is a `Cells`: an array and a mask of what is not known. A blank operand makes a
comparison unknown and an unknown rule is not a broken rule; `and`, `or` and `not` follow Kleene.
Numbers compare with a tolerance far below a cent, so that the dust of floating point never decides.
A cell that could not be read is neither blank nor known: the reader has already said so.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from definitions.calendars import WorkingDays
from definitions.catalogue import Definitions
from definitions.expression import Expression
from definitions.periods import Period
from expectations.breakdown import said_by_parts
from expectations.days import add_workdays, add_years, workdays
from expectations.kleene import (
    DUST,
    Cells,
    Mask,
    calculate,
    cells_of,
    compare,
    conjoin,
    constant,
    disjoin,
    negate,
    truth,
)
from expectations.nesting import nearest_above, parts_below

SUBMISSION = "#submission"
UNREADABLE = "#unreadable"
ABSENT = "#absent"
CONTEXT_CALLS = (
    "exists_in", "lookup", "computed", "sum_of", "count_of", "traced",
    "register_sum", "register_so_far",
)  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """What an expression knows besides the row: the period and what was decided for it."""

    period: Period
    parameters: Mapping[str, Any] = field(default_factory=dict)
    flows: frozenset[str] = frozenset()
    indicators: frozenset[str] = frozenset()
    calendar: WorkingDays = field(default_factory=WorkingDays)


def scope_of(definitions: Definitions, period: Period) -> Scope:
    """The scope of a period; a parameter not decided for its last day is left out."""
    parameters = {}
    for code, parameter in definitions.parameters.items():
        try:
            parameters[code] = parameter.at(period.end)
        except LookupError:
            continue
    return Scope(
        period=period,
        parameters=parameters,
        flows=frozenset(c for c, i in definitions.indicators.items() if i.is_flow),
        indicators=frozenset(definitions.indicators),
        calendar=definitions.calendar,
    )


def evaluate(expression: Expression, frame: pd.DataFrame, scope: Scope) -> Cells:
    """The value of an expression for every row of a frame (arrays as long as the frame).

    Names must be columns of the frame, also scoped ones such as ``previous.members_total``; calls
    that need other rows (`exists_in`, `lookup`, `computed`) must have been joined beforehand as
    columns named by `call_name`. KeyError when one is missing, TypeError when kinds do not fit.
    """
    return evaluate_node(expression.tree, frame, scope)


def evaluate_node(node: ast.expr, frame: pd.DataFrame, scope: Scope) -> Cells:
    """The same for a part of an expression."""
    cells = _Evaluation(frame, scope).value(node)
    shape = (len(frame),)
    return Cells(np.broadcast_to(cells.values, shape), np.broadcast_to(cells.unknown, shape))


def broken(expression: Expression, frame: pd.DataFrame, scope: Scope) -> Mask:
    """Where a condition is known to be false."""
    cells = evaluate(expression, frame, scope)
    if cells.kind != "bool":
        raise TypeError(f"{expression.text!r} is not a condition")
    return ~cells.values.astype(bool) & ~cells.unknown


def call_name(node: ast.Call) -> str:
    """The column under which the result of a call on other rows is joined."""
    return ast.unparse(node)


def flagged(frame: pd.DataFrame, name: str, note: str) -> Mask:
    """Rows whose note (unreadable or absent cells, as ``,a,b,``) names a column."""
    if note not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    notes = frame[note]
    if not notes.notna().any():
        return np.zeros(len(frame), dtype=bool)
    return notes.fillna("").str.contains(f",{name},", regex=False).to_numpy(dtype=bool)


def unreadable(frame: pd.DataFrame, node: ast.AST) -> Mask:
    """Rows in which some cell that an expression names could not be read."""
    unread = np.zeros(len(frame), dtype=bool)
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            unread |= flagged(frame, part.id, UNREADABLE)
    return unread


class _Evaluation:
    """One walk over a tree for one frame; methods named `_call_…` are the functions."""

    def __init__(self, frame: pd.DataFrame, scope: Scope) -> None:
        self.frame = frame
        self.scope = scope

    def value(self, node: ast.expr) -> Cells:
        match node:
            case ast.Constant():
                return constant(node.value)
            case ast.Name():
                return cells_of(self.frame[node.id])
            case ast.Attribute(value=ast.Name(id="param")):
                return constant(self.scope.parameters.get(node.attr))
            case ast.Attribute(value=ast.Name(id="period")):
                return self._period(node.attr)
            case ast.Attribute(value=ast.Name(id=scope)):
                return cells_of(self.frame[f"{scope}.{node.attr}"])
            case ast.BoolOp():
                join = conjoin if isinstance(node.op, ast.And) else disjoin
                result = self.value(node.values[0])
                for part in node.values[1:]:
                    result = join(result, self.value(part))
                return result
            case ast.UnaryOp(op=ast.Not()):
                return negate(self.value(node.operand))
            case ast.UnaryOp():
                cells = self.value(node.operand)
                return Cells(-cells.values, cells.unknown)
            case ast.BinOp():
                return calculate(node.op, self.value(node.left), self.value(node.right))
            case ast.Compare():
                return self._chain(node)
            case ast.Call(func=ast.Name(id=name)):
                if name in CONTEXT_CALLS:
                    return cells_of(self.frame[call_name(node)])
                call: Callable[[ast.Call], Cells] = getattr(self, f"_call_{name}")
                return call(node)
        raise TypeError(f"{ast.dump(node)} has no meaning here")

    def _period(self, name: str) -> Cells:
        period = self.scope.period
        if name == "month":
            return constant(period.end.month)
        return constant(getattr(period, name))

    def _chain(self, node: ast.Compare) -> Cells:
        left = self.value(node.left)
        result: Cells | None = None
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                part = self._among(left, right)
                part = negate(part) if isinstance(operator, ast.NotIn) else part
            else:
                other = self.value(right)
                part, left = compare(operator, left, other), other
            result = part if result is None else conjoin(result, part)
        assert result is not None  # noqa: S101 (the grammar gives at least one)
        return result

    def _among(self, left: Cells, node: ast.expr) -> Cells:
        if isinstance(node, ast.List | ast.Tuple):
            options = [self.value(item) for item in node.elts]
        elif isinstance(node, ast.Attribute):
            options = [constant(v) for v in self.scope.parameters.get(node.attr, ())]
        else:
            raise TypeError("`in` needs a list or a parameter that is one")
        result = Cells(np.array(False), np.asarray(left.unknown))
        for option in options:
            result = disjoin(result, compare(ast.Eq(), left, option))
        return result

    def _args(self, node: ast.Call) -> list[Cells]:
        return [self.value(a) for a in node.args]

    def _unreadable(self, node: ast.expr) -> Mask:
        return unreadable(self.frame, node)

    def _call_filled(self, node: ast.Call) -> Cells:
        known = ~self.value(node.args[0]).unknown | self._unreadable(node.args[0])
        return Cells(np.asarray(known), np.zeros(known.shape, dtype=bool))

    def _call_blank(self, node: ast.Call) -> Cells:
        return negate(self._call_filled(node))

    def _call_any_filled(self, node: ast.Call) -> Cells:
        result = Cells(np.array(False), np.array(False))
        for argument in node.args:
            single = ast.Call(func=node.func, args=[argument], keywords=[])
            result = disjoin(result, self._call_filled(single))
        return result

    def _call_implies(self, node: ast.Call) -> Cells:
        a, b = self._args(node)
        return disjoin(negate(a), b)

    def _call_iff(self, node: ast.Call) -> Cells:
        a, b = self._args(node)
        return Cells(truth(a) == truth(b), a.unknown | b.unknown)

    def _call_near(self, node: ast.Call) -> Cells:
        a, b, tolerance = self._args(node)
        gap = calculate(ast.Sub(), a, b)
        return compare(ast.LtE(), Cells(np.abs(gap.values), gap.unknown), tolerance)

    def _call_between(self, node: ast.Call) -> Cells:
        x, low, high = self._args(node)
        return conjoin(compare(ast.LtE(), low, x), compare(ast.LtE(), x, high))

    def _call_total(self, node: ast.Call) -> Cells:
        values: NDArray[Any] = np.zeros(len(self.frame))
        unknown = np.zeros(len(self.frame), dtype=bool)
        for argument in node.args:
            cells = self.value(argument)
            values = values + np.where(cells.unknown, 0.0, cells.values)
            unknown |= self._unreadable(argument)
        return Cells(values, unknown)

    def _call_absolute(self, node: ast.Call) -> Cells:
        (x,) = self._args(node)
        return Cells(np.abs(x.values), x.unknown)

    def _extreme(self, node: ast.Call, choose: Callable[[Any, Any], Any]) -> Cells:
        first, *rest = self._args(node)
        for other in rest:
            first = Cells(choose(first.values, other.values), first.unknown | other.unknown)
        return first

    def _call_least(self, node: ast.Call) -> Cells:
        return self._extreme(node, np.minimum)

    def _call_greatest(self, node: ast.Call) -> Cells:
        return self._extreme(node, np.maximum)

    def _call_starts_with(self, node: ast.Call) -> Cells:
        text, prefix = self._args(node)
        start = str(prefix.values)
        values = np.array([str(v).startswith(start) for v in np.atleast_1d(text.values)])
        return Cells(values, text.unknown)

    def _call_lies_in(self, node: ast.Call) -> Cells:
        region, wider = self._args(node)
        pairs = np.broadcast_arrays(region.values, wider.values)
        values = np.array(
            [str(r).startswith(_trunk(str(w))) for r, w in zip(*map(np.ravel, pairs), strict=True)]
        ).reshape(pairs[0].shape)
        return Cells(values, np.asarray(region.unknown | wider.unknown))

    def _call_workdays(self, node: ast.Call) -> Cells:
        a, b = self._args(node)
        values, unknown = workdays(
            self.scope.calendar, self.scope.period.year, a.values, b.values, a.unknown | b.unknown
        )
        return Cells(values, unknown)

    def _call_add_workdays(self, node: ast.Call) -> Cells:
        a, n = self._args(node)
        values, unknown = add_workdays(
            self.scope.calendar, self.scope.period.year, a.values, n.values, a.unknown | n.unknown
        )
        return Cells(values, unknown)

    def _call_days(self, node: ast.Call) -> Cells:
        a, b = self._args(node)
        unknown = a.unknown | b.unknown
        if a.kind != "date" or b.kind != "date":
            return Cells(np.full(unknown.shape, np.nan), np.ones(unknown.shape, dtype=bool))
        gap = (b.values - a.values) / np.timedelta64(1, "D")
        return Cells(np.asarray(gap, dtype=float), unknown)

    def _call_year_of(self, node: ast.Call) -> Cells:
        (day,) = self._args(node)
        if day.kind != "date":
            return Cells(np.full(day.unknown.shape, np.nan), np.ones(day.unknown.shape, dtype=bool))
        years = day.values.astype("datetime64[Y]").astype(int) + 1970
        return Cells(years.astype(float), day.unknown)

    def _call_add_years(self, node: ast.Call) -> Cells:
        day, count = self._args(node)
        unknown = np.asarray(day.unknown | count.unknown)
        if day.kind != "date":
            return Cells(np.full(unknown.shape, np.nan), np.ones(unknown.shape, dtype=bool))
        years, unknown = np.broadcast_arrays(np.where(unknown, 0, count.values), unknown)
        return Cells(add_years(day.values, years.astype(np.int64)), unknown)

    def _call_stage(self, node: ast.Call) -> Cells:
        table = self.scope.parameters.get(str(self._literal(node.args[0])))
        x = self.value(node.args[1])
        if not table:
            return Cells(np.array("", dtype=object), np.array(True))
        steps = sorted((float(v), str(k)) for k, v in table.items())
        reached = np.atleast_1d(np.asarray(x.values, dtype=float)) + DUST
        place = np.searchsorted([v for v, _ in steps], reached, side="right") - 1
        names = np.array([k for _, k in steps], dtype=object)
        return Cells(names[np.maximum(place, 0)], np.asarray(x.unknown | (place < 0)))

    def _call_odd(self, node: ast.Call) -> Cells:
        (x,) = self._args(node)
        with np.errstate(invalid="ignore"):
            return Cells(np.asarray(np.mod(x.values, 2) == 1), x.unknown)

    def _call_step(self, node: ast.Call) -> Cells:
        table = self.scope.parameters.get(str(self._literal(node.args[0])))
        x = self.value(node.args[1])
        if table is None:
            return Cells(np.array(np.nan), np.array(True))
        bounds = sorted((float(k), float(v)) for k, v in table.items())
        place = np.searchsorted([b for b, _ in bounds], x.values, side="right")
        values = np.array([np.nan, *(v for _, v in bounds)])[place]
        return Cells(values, np.asarray(x.unknown | (place == 0)))

    def _call_month_of(self, node: ast.Call) -> Cells:
        (day,) = self._args(node)
        if day.kind != "date":
            return Cells(np.full(day.unknown.shape, np.nan), np.ones(day.unknown.shape, dtype=bool))
        months = day.values.astype("datetime64[M]").astype(int) % 12 + 1
        return Cells(months.astype(float), day.unknown)

    def _call_add_days(self, node: ast.Call) -> Cells:
        day, count = self._args(node)
        unknown = np.asarray(day.unknown | count.unknown)
        if day.kind != "date" or count.kind != "number":
            return Cells(np.full(unknown.shape, "NaT", "datetime64[D]"), np.ones_like(unknown))
        steps = np.nan_to_num(count.values).astype("timedelta64[D]")
        return Cells(day.values + steps, unknown)

    def _call_length(self, node: ast.Call) -> Cells:
        (text,) = self._args(node)
        sizes = [len(str(v)) for v in np.atleast_1d(text.values)]
        return Cells(np.array(sizes, dtype=float), np.atleast_1d(text.unknown))

    def _call_has_digits(self, node: ast.Call) -> Cells:
        (text,) = self._args(node)
        found = [any(c.isdigit() for c in str(v)) for v in np.atleast_1d(text.values)]
        return Cells(np.array(found, dtype=bool), np.atleast_1d(text.unknown))

    def _call_when(self, node: ast.Call) -> Cells:
        condition, x = self._args(node)
        return Cells(x.values, np.asarray(x.unknown | condition.unknown | ~truth(condition)))

    def _call_listed(self, node: ast.Call) -> Cells:
        table = self.scope.parameters.get(str(self._literal(node.args[0])))
        key = self.value(node.args[1])
        known = {_key(k) for k in table} if table is not None else set()
        values = np.array([_key(k) in known for k in np.atleast_1d(key.values)], dtype=bool)
        unknown = np.atleast_1d(key.unknown)
        return Cells(values, unknown if table is not None else np.ones_like(unknown))

    def _call_code_named(self, node: ast.Call) -> Cells:
        table = self.scope.parameters.get(str(self._literal(node.args[0]))) or {}
        name = self.value(node.args[1])
        names = [str(v) for v in table.values()]
        codes = {str(v): _key(k) for k, v in table.items() if names.count(str(v)) == 1}
        found = [codes.get(str(n)) for n in np.atleast_1d(name.values)]
        strange = np.array([code is None for code in found], dtype=bool)
        return Cells(np.array([c or "" for c in found], dtype=object), name.unknown | strange)

    def _call_rate(self, node: ast.Call) -> Cells:
        table = self.scope.parameters.get(str(self._literal(node.args[0])))
        key = self.value(node.args[1])
        if table is None:
            return Cells(np.array(np.nan), np.array(True))
        rates = {_key(k): float(v) for k, v in table.items()}
        values = np.array([rates.get(_key(k), 0.0) for k in np.atleast_1d(key.values)])
        return Cells(values, key.unknown)

    def _literal(self, node: ast.expr) -> Any:
        if not isinstance(node, ast.Constant):
            raise TypeError("a literal is expected here")
        return node.value

    def _groups(self, nodes: list[ast.expr]) -> tuple[pd.DataFrame, Mask]:
        """Key columns within one submission, and the rows where a key is not known."""
        keys: dict[str, Any] = {SUBMISSION: self.frame[SUBMISSION].to_numpy()}
        unknown = np.zeros(len(self.frame), dtype=bool)
        for i, node in enumerate(nodes):
            cells = self.value(node)
            keys[f"key{i}"] = np.broadcast_to(cells.values, len(self.frame))
            unknown |= cells.unknown
        return pd.DataFrame(keys), unknown

    def _call_group_sum(self, node: ast.Call) -> Cells:
        x = self.value(node.args[0])
        table, unknown = self._groups(node.args[1:])
        names = list(table.columns)
        table["x"] = np.where(x.unknown, 0.0, x.values)
        table["unread"] = self._unreadable(node.args[0])
        grouped = table[~unknown].groupby(names, sort=False)
        sums = grouped["x"].transform("sum").reindex(table.index)
        unread = grouped["unread"].transform("any").reindex(table.index, fill_value=False)
        return Cells(sums.to_numpy(float), unknown | unread.to_numpy(bool))

    def _call_group_count(self, node: ast.Call) -> Cells:
        table, unknown = self._groups(node.args)
        names = list(table.columns)
        counts = table[~unknown].groupby(names, sort=False)[SUBMISSION].transform("size")
        return Cells(counts.reindex(table.index).to_numpy(float), unknown)

    def _call_first_of(self, node: ast.Call) -> Cells:
        table, unknown = self._groups(node.args)
        first = ~table.duplicated().to_numpy()
        return Cells(first, unknown)

    def _nested(self, nodes: list[ast.expr]) -> tuple[list[Any], list[str | None], Mask]:
        """Groups and codes of rows that may stand inside one another, and where not known."""
        code = self.value(nodes[0])
        table, unknown = self._groups(nodes[1:])
        groups = list(table.itertuples(index=False, name=None))
        unknown = np.asarray(unknown | code.unknown)
        codes = [None if u else str(c) for c, u in zip(code.values, unknown, strict=True)]
        return groups, codes, unknown

    def _call_is_nested(self, node: ast.Call) -> Cells:
        groups, codes, unknown = self._nested(node.args)
        nested = np.array([above >= 0 for above in nearest_above(groups, codes)], dtype=bool)
        return Cells(nested, unknown)

    def _call_parts_sum(self, node: ast.Call) -> Cells:
        x = self.value(node.args[0])
        groups, codes, unknown = self._nested(node.args[1:])
        amounts = np.where(x.unknown, np.nan, np.asarray(x.values, dtype=float))
        sums = parts_below(groups, codes, amounts, self._unreadable(node.args[0]))
        return Cells(sums, np.asarray(unknown | np.isnan(sums)))

    def _call_overlaps(self, node: ast.Call) -> Cells:
        first, last = (self.value(n) for n in node.args[:2])
        table, unknown = self._groups(node.args[2:])
        unknown = unknown | first.unknown | last.unknown
        if first.kind != "date" or last.kind != "date":
            return Cells(np.zeros(len(table), dtype=bool), np.ones(len(table), dtype=bool))
        keys = list(table.columns)
        spans = table.assign(first=first.values, last=last.values)[~unknown]
        spans = spans.sort_values([*keys, "first", "last"], kind="stable")
        by_key = spans.groupby(keys, sort=False)
        longest = by_key["last"].cummax()
        before = longest.groupby([spans[k] for k in keys], sort=False).shift()
        after = by_key["first"].shift(-1)
        shared = (before > spans["first"]) | (after < spans["last"])
        return Cells(shared.reindex(table.index, fill_value=False).to_numpy(bool), unknown)

    def _call_breakdown(self, node: ast.Call) -> Cells:
        target, label, flow = self._args(node)[:3]
        table, unknown = self._groups(node.args[3:])
        keys = list(table.columns)
        table["label"] = label.values
        table["target"] = np.where(target.unknown, np.nan, target.values)
        flows = np.broadcast_to(truth(flow) & ~flow.unknown, len(table))
        unsure = unknown | label.unknown | flow.unknown
        return said_by_parts(table, keys, flows, np.asarray(unsure))

    def _call_is_flow(self, node: ast.Call) -> Cells:
        (code,) = self._args(node)
        codes = np.atleast_1d(code.values)
        values = np.array([str(c) in self.scope.flows for c in codes], dtype=bool)
        strange = np.array([str(c) not in self.scope.indicators for c in codes], dtype=bool)
        return Cells(values, code.unknown | strange)


def _trunk(region: str) -> str:
    """A region code without the pairs of zeros that mean all of a province or prefecture."""
    while len(region) > 2 and region.endswith("00"):
        region = region[:-2]
    return region


def _key(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
