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
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from definitions.calendars import WorkingDays
from definitions.expression import Expression
from definitions.loading import Definitions
from definitions.periods import Period
from expectations.days import add_workdays, workdays

Mask = NDArray[np.bool_]
SUBMISSION = "#submission"
UNREADABLE = "#unreadable"
ABSENT = "#absent"
DUST = 1e-6
RELATIVE_DUST = 1e-12
CONTEXT_CALLS = ("exists_in", "lookup", "computed")


@dataclass(frozen=True, slots=True)
class Cells:
    """An array of values (or one value) and where they are not known."""

    values: NDArray[Any]
    unknown: Mask

    @property
    def kind(self) -> str:
        """number, date, bool or text."""
        return {"f": "number", "i": "number", "M": "date", "b": "bool"}.get(
            self.values.dtype.kind, "text"
        )


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


def cells_of(column: pd.Series[Any]) -> Cells:
    """A column of a frame as values and mask."""
    unknown = column.isna().to_numpy()
    if pd.api.types.is_bool_dtype(column.dtype):
        return Cells(column.fillna(False).to_numpy(dtype=bool), unknown)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return Cells(column.to_numpy(dtype=float, na_value=np.nan), unknown)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return Cells(column.to_numpy().astype("datetime64[D]"), unknown)
    return Cells(column.to_numpy(dtype=object, na_value=""), unknown)


def flagged(frame: pd.DataFrame, name: str, note: str) -> Mask:
    """Rows whose note (unreadable or absent cells, as ``,a,b,``) names a column."""
    if note not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    notes = frame[note]
    if not notes.notna().any():
        return np.zeros(len(frame), dtype=bool)
    return notes.fillna("").str.contains(f",{name},", regex=False).to_numpy(dtype=bool)


def _constant(value: Any) -> Cells:
    if value is None:
        return Cells(np.array(np.nan), np.array(True))
    if isinstance(value, bool):
        return Cells(np.array(value), np.array(False))
    if isinstance(value, date):
        return Cells(np.array(value, dtype="datetime64[D]"), np.array(False))
    if isinstance(value, str):
        return Cells(np.array(value, dtype=object), np.array(False))
    return Cells(np.array(float(value)), np.array(False))


def _both(a: Cells, b: Cells) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Values of two operands in one kind; TypeError when they cannot be compared."""
    kinds = {a.kind, b.kind}
    if len(kinds) == 1:
        return a.values, b.values, a.kind
    if a.unknown.all() or b.unknown.all():
        return np.array(0.0), np.array(0.0), "number"
    if kinds == {"date", "text"}:
        return a.values.astype("datetime64[D]"), b.values.astype("datetime64[D]"), "date"
    if kinds == {"bool", "text"}:
        x, y = (v if v.dtype.kind == "b" else v == "是" for v in (a.values, b.values))
        return x, y, "bool"
    raise TypeError(f"cannot compare {a.kind} with {b.kind}")


def _tolerance(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    largest: NDArray[Any] = np.maximum(np.abs(x), np.abs(y))
    return np.maximum(DUST, np.where(np.isfinite(largest), largest, 0) * RELATIVE_DUST)


def compare(operator: ast.cmpop, a: Cells, b: Cells) -> Cells:
    """One comparison; unknown where either side is."""
    x, y, kind = _both(a, b)
    unknown = a.unknown | b.unknown
    if kind == "number":
        with np.errstate(invalid="ignore"):
            gap = x - y
            dust = _tolerance(x, y)
            result = _ORDER[type(operator)](gap, dust)
    elif kind == "text" and not isinstance(operator, ast.Eq | ast.NotEq):
        raise TypeError("text has no order")
    else:
        result = _PLAIN[type(operator)](x, y)
    return Cells(np.asarray(result, dtype=bool), np.asarray(unknown))


_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda gap, dust: np.abs(gap) <= dust,
    ast.NotEq: lambda gap, dust: np.abs(gap) > dust,
    ast.Lt: lambda gap, dust: gap < -dust,
    ast.LtE: lambda gap, dust: gap <= dust,
    ast.Gt: lambda gap, dust: gap > dust,
    ast.GtE: lambda gap, dust: gap >= -dust,
}
_PLAIN: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda x, y: x == y,
    ast.NotEq: lambda x, y: x != y,
    ast.Lt: lambda x, y: x < y,
    ast.LtE: lambda x, y: x <= y,
    ast.Gt: lambda x, y: x > y,
    ast.GtE: lambda x, y: x >= y,
}


def _not(a: Cells) -> Cells:
    return Cells(~_truth(a), a.unknown)


def _truth(a: Cells) -> NDArray[Any]:
    if a.kind == "bool":
        return a.values
    if a.unknown.all():
        return np.zeros(a.values.shape, dtype=bool)
    raise TypeError(f"{a.kind} used as a condition")


def _and(a: Cells, b: Cells) -> Cells:
    false = (~_truth(a) & ~a.unknown) | (~_truth(b) & ~b.unknown)
    unknown = ~false & (a.unknown | b.unknown)
    return Cells(np.asarray(~false & ~unknown), np.asarray(unknown))


def _or(a: Cells, b: Cells) -> Cells:
    return _not(_and(_not(a), _not(b)))


def _arithmetic(operator: ast.operator, a: Cells, b: Cells) -> Cells:
    if {a.kind, b.kind} != {"number"} and not (a.unknown.all() or b.unknown.all()):
        raise TypeError(f"cannot calculate with {a.kind} and {b.kind}")
    unknown = a.unknown | b.unknown
    if a.kind != "number" or b.kind != "number":
        return Cells(np.full(unknown.shape, np.nan), np.ones(unknown.shape, dtype=bool))
    with np.errstate(invalid="ignore", divide="ignore"):
        match operator:
            case ast.Add():
                values = a.values + b.values
            case ast.Sub():
                values = a.values - b.values
            case ast.Mult():
                values = a.values * b.values
            case _:
                values = a.values / b.values
    return Cells(np.asarray(values), np.asarray(unknown | ~np.isfinite(values)))


class _Evaluation:
    """One walk over a tree for one frame; methods named `_call_…` are the functions."""

    def __init__(self, frame: pd.DataFrame, scope: Scope) -> None:
        self.frame = frame
        self.scope = scope

    def value(self, node: ast.expr) -> Cells:
        match node:
            case ast.Constant():
                return _constant(node.value)
            case ast.Name():
                return cells_of(self.frame[node.id])
            case ast.Attribute(value=ast.Name(id="param")):
                return _constant(self.scope.parameters.get(node.attr))
            case ast.Attribute(value=ast.Name(id="period")):
                return self._period(node.attr)
            case ast.Attribute(value=ast.Name(id=scope)):
                return cells_of(self.frame[f"{scope}.{node.attr}"])
            case ast.BoolOp():
                join = _and if isinstance(node.op, ast.And) else _or
                result = self.value(node.values[0])
                for part in node.values[1:]:
                    result = join(result, self.value(part))
                return result
            case ast.UnaryOp(op=ast.Not()):
                return _not(self.value(node.operand))
            case ast.UnaryOp():
                cells = self.value(node.operand)
                return Cells(-cells.values, cells.unknown)
            case ast.BinOp():
                return _arithmetic(node.op, self.value(node.left), self.value(node.right))
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
            return _constant(period.end.month)
        return _constant(getattr(period, name))

    def _chain(self, node: ast.Compare) -> Cells:
        left = self.value(node.left)
        result: Cells | None = None
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                part = self._among(left, right)
                part = _not(part) if isinstance(operator, ast.NotIn) else part
            else:
                other = self.value(right)
                part, left = compare(operator, left, other), other
            result = part if result is None else _and(result, part)
        assert result is not None  # noqa: S101 (the grammar gives at least one)
        return result

    def _among(self, left: Cells, node: ast.expr) -> Cells:
        if isinstance(node, ast.List | ast.Tuple):
            options = [self.value(item) for item in node.elts]
        elif isinstance(node, ast.Attribute):
            options = [_constant(v) for v in self.scope.parameters.get(node.attr, ())]
        else:
            raise TypeError("`in` needs a list or a parameter that is one")
        result = Cells(np.array(False), np.asarray(left.unknown))
        for option in options:
            result = _or(result, compare(ast.Eq(), left, option))
        return result

    def _args(self, node: ast.Call) -> list[Cells]:
        return [self.value(a) for a in node.args]

    def _unreadable(self, node: ast.expr) -> Mask:
        if isinstance(node, ast.Name):
            return flagged(self.frame, node.id, UNREADABLE)
        return np.zeros(len(self.frame), dtype=bool)

    def _call_filled(self, node: ast.Call) -> Cells:
        known = ~self.value(node.args[0]).unknown | self._unreadable(node.args[0])
        return Cells(np.asarray(known), np.zeros(known.shape, dtype=bool))

    def _call_blank(self, node: ast.Call) -> Cells:
        return _not(self._call_filled(node))

    def _call_any_filled(self, node: ast.Call) -> Cells:
        result = Cells(np.array(False), np.array(False))
        for argument in node.args:
            single = ast.Call(func=node.func, args=[argument], keywords=[])
            result = _or(result, self._call_filled(single))
        return result

    def _call_implies(self, node: ast.Call) -> Cells:
        a, b = self._args(node)
        return _or(_not(a), b)

    def _call_iff(self, node: ast.Call) -> Cells:
        a, b = self._args(node)
        return Cells(_truth(a) == _truth(b), a.unknown | b.unknown)

    def _call_near(self, node: ast.Call) -> Cells:
        a, b, tolerance = self._args(node)
        gap = _arithmetic(ast.Sub(), a, b)
        return compare(ast.LtE(), Cells(np.abs(gap.values), gap.unknown), tolerance)

    def _call_between(self, node: ast.Call) -> Cells:
        x, low, high = self._args(node)
        return _and(compare(ast.LtE(), low, x), compare(ast.LtE(), x, high))

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

    def _call_first_of(self, node: ast.Call) -> Cells:
        table, unknown = self._groups(node.args)
        return Cells(~table.duplicated().to_numpy(), unknown)

    def _call_lies_in(self, node: ast.Call) -> Cells:
        """Codes of GB/T 2260 nest by pairs of digits; 00 at the end stands for the whole."""
        region, wider = self._args(node)
        unknown = np.broadcast_to(region.unknown | wider.unknown, len(self.frame))
        inner, outer = (np.broadcast_to(c.values, len(self.frame)) for c in (region, wider))
        values = [str(i).startswith(_prefix(str(o))) for i, o in zip(inner, outer, strict=True)]
        return Cells(np.array(values, dtype=bool), unknown)

    def _call_breakdown(self, node: ast.Call) -> Cells:
        target, label, flow = self._args(node)[:3]
        table, unknown = self._groups(node.args[3:])
        keys = list(table.columns)
        table["label"] = label.values
        table["target"] = np.where(target.unknown, np.nan, target.values)
        flows = np.broadcast_to(_truth(flow) & ~flow.unknown, len(table))
        unsure = unknown | label.unknown | flow.unknown
        return _breakdown(table, keys, flows, np.asarray(unsure))

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


def _prefix(region: str) -> str:
    while region.endswith("00"):
        region = region[:-2]
    return region


def _key(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _breakdown(table: pd.DataFrame, keys: list[str], flows: Mask, unsure: Mask) -> Cells:
    """What the parts of each period say the whole is; unknown where no part was given.

    `table` has the keys, `label` (2017, 2017Q1, 2017-03) and `target`. A quarter's parts are its
    months; a year's parts its quarters, or its months when no quarter was given. A flow is the sum
    of its parts, a stock the value of its last part.
    """
    wholes = table[~unsure].copy()
    parts = wholes[[*keys, "label", "target"]].dropna()
    parts = parts.drop_duplicates([*keys, "label"], keep="last")
    result = np.full(len(table), np.nan)
    for part_of in (_months_of_year, _quarters_of_year, _months_of_quarter):
        named = {label: part_of(label) for label in wholes["label"].unique()}
        rows = [
            (row, part, place)
            for row, label in zip(wholes.index, wholes["label"], strict=True)
            for place, part in enumerate(named[label])
        ]
        if not rows:
            continue
        wanted = pd.DataFrame(rows, columns=["row", "label", "place"])
        for key in keys:
            wanted[key] = wholes[key].reindex(wanted["row"]).to_numpy()
        found = wanted.merge(parts, on=[*keys, "label"], how="left")
        given = found.groupby("row")["target"].count()
        sums = found.groupby("row")["target"].sum()
        lasts = found[found["place"] == found.groupby("row")["place"].transform("max")]
        last = lasts.set_index("row")["target"]
        for row in given.index[given > 0]:
            result[row] = sums[row] if flows[row] else last[row]
    return Cells(result, np.isnan(result))


def _months_of_year(label: str) -> list[str]:
    return [f"{label}-{m:02d}" for m in range(1, 13)] if len(label) == 4 else []


def _quarters_of_year(label: str) -> list[str]:
    return [f"{label}Q{q}" for q in range(1, 5)] if len(label) == 4 else []


def _months_of_quarter(label: str) -> list[str]:
    if len(label) != 6 or label[4] != "Q" or label[5] not in "1234":
        return []
    first = 3 * int(label[5]) - 2
    return [f"{label[:4]}-{m:02d}" for m in range(first, first + 3)]
