"""What might mend a broken check: for each, changes of single cells, the likeliest first.

Nothing here knows a form or a rule. A condition is walked, and every comparison in it proposes
values of the columns it reads: the number that makes both sides equal, the other side's date a few
days on, another code of the list. Whoever asks tries them and keeps what helps.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import numpy as np

from definitions.model import Column, ColumnKind, ColumnType
from expectations.cells import cumulative_expected
from expectations.evaluate import evaluate_node
from expectations.suites import RULE, Check
from samples.draft import Changes, Draft, Tables
from samples.draw import within

Redraw = Callable[[Column, int, str], Any]
"""A fresh value of a column for a row, beginning with a text."""


@dataclass(frozen=True)
class Bench:
    """A draft, the rows of it to change, and where new values come from.

    `among` are all rows that a check judges together with these, if it judges rows together;
    `fixed` are columns that stay as they are.
    """

    draft: Draft
    rows: Sequence[int]
    redraw: Redraw
    rng: Random
    tables: Tables
    among: Sequence[int] = ()
    fixed: Collection[str] = ()

    def free(self, code: str) -> Column | None:
        """The column, when it may be changed: not computed, not whose row it is or of what kind."""
        form = self.draft.task.form
        if code not in form.position or code == "org_code" or code in self.fixed:
            return None
        column = form.column(code)
        return None if column.derived else column

    def put(self, column: Column, values: Sequence[Any]) -> Changes:
        """The change that gives the rows these values, in order."""
        return {column.code: dict(zip(self.rows, values, strict=True))}

    def fresh(self, column: Column, start: str = "") -> Changes:
        """The change that draws the column anew."""
        return self.put(column, [self.redraw(column, row, start) for row in self.rows])

    def values(self, node: ast.expr, draft: Draft | None = None) -> list[Any]:
        """What a part of a condition says in the rows; None where it is not known."""
        cells = evaluate_node(node, (draft or self.draft).data, self.draft.task.world.scope)
        found = []
        for row in self.rows:
            value = cells.values[row]
            found.append(
                None if cells.unknown[row] else getattr(value, "item", lambda v=value: v)()
            )
        return found


def moves(bench: Bench, check: Check) -> Iterator[Changes]:
    """Changes that might mend a check in the bench's rows."""
    if check.kind == RULE:
        yield from _of_condition(bench, check.expressions[0].tree)
        return
    for code, options in check.options.items():
        column = bench.free(code)
        if column is None:
            continue
        if check.kind == "cumulative":
            world = bench.draft.task.world
            due = cumulative_expected(bench.draft.data, code, options["flow"], world)
            yield bench.put(column, [within(column, float(due[r])) for r in bench.rows])
        elif check.kind in ("falling", "jump", "same"):
            yield from _near_before(bench, column, options.get("against", "previous"))
        elif check.kind == "required":
            yield bench.fresh(column)
    for expression in check.expressions:
        yield from _of_condition(bench, expression.tree)
    for code in check.columns:
        column = bench.free(code)
        if column is not None:
            yield bench.fresh(column)


def counted(check: Check) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Where a condition compares how many rows there are with something else: both sides."""
    for node in [n for e in check.expressions for n in ast.walk(e.tree)]:
        match node:
            case ast.Call(func=ast.Name(id="near"), args=[one, two, _]):
                pass
            case ast.Compare(left=one, ops=[ast.Eq()], comparators=[two]):
                pass
            case _:
                continue
        for here, there in ((one, two), (two, one)):
            match here:
                case ast.Call(func=ast.Name(id="group_count")):
                    yield here, there
                case ast.Call(
                    func=ast.Name(id="group_sum" | "register_sum"), args=[ast.Compare(), *_]
                ):
                    yield here, there


def counting(count: ast.expr) -> dict[str, Any]:
    """The code that a row must have to be counted, where the count asks for one."""
    match count:
        case ast.Call(
            args=[
                ast.Compare(
                    left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=code)]
                ),
                *_,
            ]
        ):
            return {name: code}
    return {}


def _near_before(bench: Bench, column: Column, scope: str) -> Iterator[Changes]:
    """A number a little above or below what it was."""
    name = f"{scope}.{column.code}"
    if name not in bench.draft.data:
        name = f"back1.{column.code}"
    before = bench.draft.data[name].to_numpy(dtype=float, na_value=np.nan)
    now = bench.draft.data[column.code].to_numpy(dtype=float, na_value=np.nan)
    for low, high in ((1.0, 1.02), (0.98, 1.0), (1.0, 1.0)):
        base = [before[r] if before[r] == before[r] else now[r] for r in bench.rows]
        step = 1 if (low, high) != (1.0, 1.0) else 0
        yield bench.put(
            column,
            [
                None if b != b else within(column, b * bench.rng.uniform(low, high) + step)
                for b in base
            ],
        )


def _of_condition(bench: Bench, tree: ast.expr) -> Iterator[Changes]:
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Compare | ast.Call)]
    for node in nodes:
        match node:
            case ast.Compare():
                sides = [node.left, *node.comparators]
                for left, operator, right in zip(sides[:-1], node.ops, sides[1:], strict=True):
                    yield from _of_pair(bench, left, operator, right)
            case ast.Call(func=ast.Name(id=name)):
                yield from _of_call(bench, name, node)
    for code in dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name)):
        column = bench.free(code)
        if column is None:
            continue
        if column.type is ColumnType.DATE:
            yield from _dates(bench, column, tree)
        if column.kind is not ColumnKind.KEY:
            yield bench.fresh(column)
            if not column.required:
                yield bench.put(column, [None] * len(bench.rows))


def _of_pair(
    bench: Bench, left: ast.expr, operator: ast.cmpop, right: ast.expr
) -> Iterator[Changes]:
    if isinstance(operator, ast.In | ast.NotIn):
        options = _options(bench, right)
        for name in _names(left):
            column = bench.free(name)
            if column is None:
                continue
            for option in bench.rng.sample(options, len(options)):
                yield bench.put(column, bench.values(option))
            yield bench.fresh(column)
        return
    for here, there in ((left, right), (right, left)):
        match here:
            case ast.Call(
                func=ast.Name(id="code_named"),
                args=[ast.Constant(value=table_name), ast.Name(id=name)],
            ):
                named = bench.free(name)
                table = bench.draft.task.world.scope.parameters.get(str(table_name), {})
                names = {str(k): str(v) for k, v in table.items()}
                if named is not None:
                    yield bench.put(named, [names.get(str(v)) for v in bench.values(there)])
        column = bench.free(here.id) if isinstance(here, ast.Name) else None
        if column is None or column.type.numeric:
            continue
        if column.type is ColumnType.DATE:
            for days in (0, 1, -1, bench.rng.randint(2, 9), -bench.rng.randint(2, 9)):
                yield bench.put(column, [_shift(v, days) for v in bench.values(there)])
        else:
            yield bench.put(column, [_as(column, v) for v in bench.values(there)])
            if isinstance(there, ast.Constant):
                yield {column.code: dict.fromkeys(bench.among, there.value)}
            yield bench.fresh(column)
    gap = ast.BinOp(left=left, op=ast.Sub(), right=right)
    for target in (0.0, 1.0, -1.0, 0.1, -0.1):
        # Beyond the border by one, or by a tenth of what stands on the other side.
        scale = right if 0 < abs(target) < 1 else None
        yield from _solve(bench, gap, target, scale)


def _options(bench: Bench, node: ast.expr) -> list[ast.expr]:
    """What `in` allows: the parts of a list that is written out, or the values of a parameter."""
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    if isinstance(node, ast.Attribute):
        values = bench.draft.task.world.scope.parameters.get(node.attr, ())
        return [ast.Constant(value=v) for v in values]
    return []


def _of_call(bench: Bench, name: str, node: ast.Call) -> Iterator[Changes]:
    arguments = node.args
    match name:
        case "near":
            yield from _solve(bench, ast.BinOp(arguments[0], ast.Sub(), arguments[1]), 0.0, None)
        case "between":
            x, low, high = arguments
            middle = ast.BinOp(ast.BinOp(low, ast.Add(), high), ast.Div(), ast.Constant(value=2.0))
            for border in (middle, low, high):
                yield from _solve(bench, ast.BinOp(x, ast.Sub(), border), 0.0, None)
        case "days":
            # One day is the other, however that one is worked out: a term ends when it should.
            for here, there in (arguments, arguments[::-1]):
                column = bench.free(here.id) if isinstance(here, ast.Name) else None
                if column is not None and column.type is ColumnType.DATE:
                    yield bench.put(column, bench.values(there))
        case "filled" | "blank" | "any_filled":
            for column in filter(None, map(bench.free, _names(*arguments))):
                yield bench.fresh(column)
                if not column.required:
                    yield bench.put(column, [None] * len(bench.rows))
        case "listed":
            for column in filter(None, map(bench.free, _names(*arguments))):
                yield bench.fresh(column)
        case "starts_with" | "lies_in":
            for column in filter(None, map(bench.free, _names(arguments[0]))):
                yield bench.put(column, bench.values(arguments[1]))
                starts = {str(v) for v in bench.values(arguments[1]) if v is not None}
                for start in sorted(starts):
                    yield bench.fresh(column, start)
        case "exists_in":
            form, code = (str(a.value) for a in arguments[:2] if isinstance(a, ast.Constant))
            known = _reported(bench, form, code)
            for column in filter(None, map(bench.free, _names(arguments[2]))):
                if known:
                    yield bench.put(column, [bench.rng.choice(known) for _ in bench.rows])
                yield bench.put(column, [None] * len(bench.rows))
        case "lookup":
            first = arguments[0]
            form = str(first.value) if isinstance(first, ast.Constant) else ""
            for word in node.keywords:
                known = _reported(bench, form, str(word.arg))
                for column in filter(None, map(bench.free, _names(word.value))):
                    if known:
                        yield bench.put(column, [bench.rng.choice(known) for _ in bench.rows])


def _reported(bench: Bench, form: str, code: str) -> list[Any]:
    """Values of a column of some form, reported earlier or standing in the draft."""
    found = {
        row.get(code): None
        for (other, _), rows in bench.tables.items()
        if other == form
        for row in rows
    }
    if form == bench.draft.task.form.code:
        found |= dict.fromkeys(bench.draft.column(code))
    return [v for v in found if v is not None]


def _names(*nodes: ast.expr) -> list[str]:
    return [n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)]


def _added_up(bench: Bench, tree: ast.expr) -> list[str]:
    """Columns of the draft's own form that a sum over reported rows names by a text."""
    form = bench.draft.task.form.code
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    literals = [[str(a.value) for a in c.args if isinstance(a, ast.Constant)] for c in calls]
    return [name for given in literals if form in given[:1] for name in given[1:]]


def _as(column: Column, value: Any) -> Any:
    if value is None or column.type is ColumnType.BOOL:
        return value
    return str(value)


def _shift(day: Any, days: int) -> date | None:
    return day + timedelta(days=days) if isinstance(day, date) else None


def _dates(bench: Bench, column: Column, tree: ast.expr) -> Iterator[Changes]:
    """A day of the period, and days close to the other dates of the condition."""
    yield bench.fresh(column)
    form = bench.draft.task.form
    for other in dict.fromkeys(_names(tree)):
        if other == column.code or other not in form.position:
            continue
        if form.column(other).type is ColumnType.DATE:
            days = bench.draft.column(other)
            for shift in (0, bench.rng.randint(1, 4), -bench.rng.randint(1, 4), 30, -30):
                yield bench.put(column, [_shift(days[r], shift) for r in bench.rows])
    period = bench.draft.task.world.scope.period
    length = (period.end - period.start).days
    yield bench.put(
        column, [period.start + timedelta(days=bench.rng.randint(0, length)) for _ in bench.rows]
    )


def _solve(bench: Bench, gap: ast.expr, target: float, scale: ast.expr | None) -> Iterator[Changes]:
    """For each free number in the gap, the value that brings the gap to a target.

    The gap is taken for a straight line through two values of the column; `scale` multiplies the
    target with another part's value. Where it is no line the change will simply not help.
    """
    for name in dict.fromkeys((*_names(gap), *_added_up(bench, gap))):
        column = bench.free(name)
        if column is None or not column.type.numeric:
            continue
        now = bench.draft.column(name)
        start = [float(now[r] or 0) for r in bench.rows]
        try:
            wanted = [target] * len(start)
            if scale is not None:
                wanted = [target * float(v or 0) for v in bench.values(scale)]
            at = [
                bench.values(gap, bench.draft.changed(bench.put(column, [x + step for x in start])))
                for step in (0.0, 1.0)
            ]
        except TypeError:
            return  # not numbers after all
        if bench.among:
            for share in (0.5, 0.1, 0.0):
                yield {name: {r: within(column, float(now[r] or 0) * share) for r in bench.among}}
        found: list[float | None] = []
        for x, low, high, goal in zip(start, *at, wanted, strict=True):
            known = isinstance(low, float) and isinstance(high, float) and high != low
            found.append(x + (goal - low) / (high - low) if known else None)
        if not any(v is not None for v in found):
            continue
        for nudge in (0.0, 0.5, -0.5):
            unit = 1.0 if column.type is ColumnType.INT else 10.0**-column.decimals
            yield {
                name: {
                    row: within(column, value + nudge * unit)
                    for row, value in zip(bench.rows, found, strict=True)
                    if value is not None and abs(value) < 1e11
                }
            }
            if column.type is not ColumnType.INT:
                break
