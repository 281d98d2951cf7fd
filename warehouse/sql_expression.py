"""The SQL meaning of the expression language, for the measures behind indicators."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from definitions.expression import Expression
from definitions.model import ColumnType, Form, Parameter
from definitions.tally import BEFORE, IN_PERIOD

_COMPARE = {
    ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class Sql(str):
    """Text that is SQL already and not a value to be quoted."""


class Translator:
    """Translates expressions over the rows `r` of one form, whatever edition they were filed in.

    `period` resolves period.start, period.end and period.year; without it they are refused. Of
    `parameters` the value that held on `day`, an SQL date, is taken: NULL where none did.
    """

    def __init__(
        self,
        editions: Sequence[Form],
        period: Mapping[str, object] | None = None,
        parameters: Mapping[str, Parameter] | None = None,
        day: str = "r.period_end",
    ):
        self.editions = editions
        self.period = period or {}
        self.parameters = parameters or {}
        self.day = day

    def sql(self, expression: Expression) -> str:
        """One SQL expression; ValueError for what only pandas can say."""
        return self._node(expression.tree)

    def column(self, code: str) -> str:
        """A column of the form as SQL, by its place in the arrays of each edition."""
        reads = {f.edition: self._read(f, code) for f in self.editions if code in f.position}
        if len(set(reads.values())) == 1 and len(reads) == len(self.editions):
            return next(iter(reads.values()))
        if not reads:
            return "NULL"
        cases = " ".join(f"WHEN {_text(e)} THEN {sql}" for e, sql in reads.items())
        return f"CASE r.edition {cases} END"

    @staticmethod
    def _read(form: Form, code: str) -> str:
        place = form.position[code] + 1
        kind = form.columns[place - 1].type
        if form.tally and code in form.tally.dates:
            return (
                f"(CASE r.texts[{place}] WHEN '{IN_PERIOD}' THEN r.period_end "
                f"WHEN '{BEFORE}' THEN date_trunc('year', r.period_end)::date - 1 END)"
            )
        if kind.numeric:
            return f"r.numbers[{place}]"
        if kind is ColumnType.DATE:
            return f"(r.texts[{place}])::date"
        if kind is ColumnType.BOOL:
            return f"(r.texts[{place}] = '是')"
        return f"r.texts[{place}]"

    def _node(self, node: ast.expr) -> str:
        match node:
            case ast.BoolOp(op=op, values=values):
                word = " AND " if isinstance(op, ast.And) else " OR "
                return "(" + word.join(self._node(v) for v in values) + ")"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"(NOT {self._node(operand)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self._node(operand)})"
            case ast.BinOp(left=left, op=op, right=right):
                right_sql = self._node(right)
                if isinstance(op, ast.Div):
                    right_sql = f"nullif({right_sql}, 0)"
                return f"({self._node(left)} {_ARITHMETIC[type(op)]} {right_sql})"
            case ast.Compare():
                return self._compare(node)
            case ast.Call(
                func=ast.Name(id="rate"), args=[ast.Constant(value=str() as table), key]
            ) if table in self.parameters:
                return self._rate(self.parameters[table], self._node(key))
            case ast.Call(
                func=ast.Name(id="step"), args=[ast.Constant(value=str() as table), x]
            ) if table in self.parameters:
                return self._step(self.parameters[table], self._node(x))
            case ast.Call(
                func=ast.Name(id="stage"), args=[ast.Constant(value=str() as table), x]
            ) if table in self.parameters:
                return self._stage(self.parameters[table], self._node(x))
            case ast.Call(
                func=ast.Name(id="listed"), args=[ast.Constant(value=str() as table), key]
            ) if table in self.parameters:
                return self._listed(self.parameters[table], self._node(key))
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, [self._node(a) for a in node.args])
            case ast.Attribute(value=ast.Name(id="param"), attr=attr) if attr in self.parameters:
                return self._dated(self.parameters[attr], _literal)
            case ast.Name(id=code):
                return self.column(code)
            case ast.Attribute(value=ast.Name(id="period"), attr=attr) if attr in self.period:
                return _literal(self.period[attr])
            case ast.Constant(value=value):
                return _literal(value)
            case _:
                raise ValueError(f"no SQL for {ast.unparse(node)!r}")

    def _dated(self, parameter: Parameter, write: Callable[[Any], str]) -> str:
        """The value that held on the day, each written by `write`."""
        cases = [
            f"WHEN {self.day} >= {_literal(value.since)}"
            + (f" AND {self.day} <= {_literal(value.until)}" if value.until else "")
            + f" THEN {write(value.value)}"
            for value in parameter.values
        ]
        return f"(CASE {' '.join(cases)} END)"

    def _rate(self, parameter: Parameter, key: str) -> str:
        def entry(table: Mapping[str, object]) -> str:
            cases = " ".join(f"WHEN {_text(k)} THEN {_literal(v)}" for k, v in table.items())
            return f"(CASE WHEN {key} IS NULL THEN NULL ELSE CASE {key} {cases} ELSE 0 END END)"

        return self._dated(parameter, entry)

    def _listed(self, parameter: Parameter, key: str) -> str:
        return self._dated(
            parameter, lambda table: f"({key} IN ({', '.join(map(_text, map(str, table)))}))"
        )

    def _stage(self, parameter: Parameter, x: str) -> str:
        def step(table: Mapping[str, Any]) -> str:
            falling = sorted(table.items(), key=lambda entry: entry[1], reverse=True)
            return f"(CASE {' '.join(f'WHEN {x} >= {v} THEN {_text(k)}' for k, v in falling)} END)"

        return self._dated(parameter, step)

    def _step(self, parameter: Parameter, x: str) -> str:
        def entry(table: Mapping[str, object]) -> str:
            falling = sorted(((float(k), v) for k, v in table.items()), reverse=True)
            cases = " ".join(f"WHEN {x} >= {k!r} THEN {_literal(v)}" for k, v in falling)
            return f"(CASE {cases} END)"

        return self._dated(parameter, entry)

    def _compare(self, node: ast.Compare) -> str:
        parts = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, (ast.In, ast.NotIn)):
                if not isinstance(right, (ast.List, ast.Tuple)):
                    raise ValueError(f"'in' takes a list: {ast.unparse(node)!r}")
                listed = ", ".join(self._node(e) for e in right.elts)
                word = "IN" if isinstance(op, ast.In) else "NOT IN"
                parts.append(f"{self._node(left)} {word} ({listed})")
            else:
                parts.append(f"{self._node(left)} {_COMPARE[type(op)]} {self._node(right)}")
            left = right
        return "(" + " AND ".join(parts) + ")"

    @staticmethod
    def _call(name: str, args: list[str]) -> str:
        match name:
            case "filled":
                return f"({args[0]} IS NOT NULL)"
            case "blank":
                return f"({args[0]} IS NULL)"
            case "any_filled":
                return f"(num_nonnulls({', '.join(args)}) > 0)"
            case "implies":
                return f"((NOT {args[0]}) OR {args[1]})"
            case "iff":
                return f"({args[0]} = {args[1]})"
            case "near":
                return f"(abs({args[0]} - {args[1]}) <= {args[2]})"
            case "between":
                return f"({args[0]} BETWEEN {args[1]} AND {args[2]})"
            case "total":
                return "(" + " + ".join(f"coalesce({a}, 0)" for a in args) + ")"
            case "absolute":
                return f"abs({args[0]})"
            case "least" | "greatest":
                # the database passes over blanks; here one of them leaves nothing to be known
                listed = ", ".join(args)
                return f"(CASE WHEN num_nulls({listed}) = 0 THEN {name}({listed}) END)"
            case "starts_with":
                return f"starts_with({args[0]}, {args[1]})"
            case "year_of":
                return f"extract(year FROM {args[0]})"
            case "add_years":
                return f"({args[0]} + make_interval(years => ({args[1]})::int))::date"
            case "odd":
                return f"(mod(cast({args[0]} AS numeric), 2) = 1)"
            case "month_of":
                return f"extract(month FROM {args[0]})"
            case "add_days":
                return f"({args[0]} + cast({args[1]} AS int))"
            case "length":
                return f"length({args[0]})"
            case "has_digits":
                return f"({args[0]} ~ '[0-9]')"
            case "when":
                return f"(CASE WHEN {args[0]} THEN {args[1]} END)"
            case "days":
                return f"({args[1]} - {args[0]})"
            case "workdays":
                return (
                    f"((SELECT ordinal FROM working_day WHERE day = {args[1]}) - "
                    f"(SELECT ordinal FROM working_day WHERE day = {args[0]}))"
                )
            case _:
                raise ValueError(f"no SQL for the function {name}")


def _text(value: str) -> str:
    # a colon would be taken for a bind parameter by the text() of SQLAlchemy
    return "'" + value.replace("'", "''").replace(":", "\\:") + "'"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, Sql):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return _text(str(value))
