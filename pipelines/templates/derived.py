"""A derived column as a spreadsheet formula and as a value, when arithmetic alone can say it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from definitions.expression import Expression

_OPERATORS: dict[type[ast.operator], tuple[str, Callable[[Decimal, Decimal], Decimal]]] = {
    ast.Add: ("+", lambda a, b: a + b),
    ast.Sub: ("-", lambda a, b: a - b),
    ast.Mult: ("*", lambda a, b: a * b),
    ast.Div: ("/", lambda a, b: a / b),
}
_LONGEST_TABLE = 30


class Inexpressible(Exception):
    """The expression needs more than cells of its own row and fixed parameters."""


class _Blank(Exception):
    """An operand is blank, so the result is."""


@dataclass(frozen=True)
class RowFormula:
    """The arithmetic of one derived column; `columns` are the columns that it reads.

    `parameter` gives a dated parameter's value for the template's period.
    """

    expression: Expression
    decimals: int
    parameter: Callable[[str], Any]

    def excel(self, cells: Mapping[str, str]) -> str:
        """The formula with the given cell addresses; blank until every operand is filled."""
        if (stages := self._stages()) is not None:
            name, table = stages
            cell = cells[name]
            bounds = ",".join(f"{v:f}" for v in table.values())
            names = ",".join(f'"{_quoted(n)}"' for n in table)
            return f'=IF({cell}="","",IFERROR(LOOKUP({cell},{{{bounds}}},{{{names}}}),""))'
        needed: dict[str, None] = {}
        optional: dict[str, None] = {}
        body = self._excel(self.expression.tree, cells, needed, optional)
        if needed:
            empty = ",".join(f'{cell}=""' for cell in needed)
            test = f"OR({empty})" if len(needed) > 1 else empty
        elif optional:
            test = f"COUNT({','.join(optional)})=0"
        else:
            raise Inexpressible("no operand")
        return f'=IF({test},"",IFERROR(ROUND({body},{self.decimals}),""))'

    def value(self, row: Mapping[str, Any]) -> Decimal | str | None:
        """What the formula shows for a row; None where it shows nothing."""
        try:
            if (stages := self._stages()) is not None:
                reached = _operand(row, stages[0])
                names = [name for name, bound in stages[1].items() if bound <= reached]
                return names[-1] if names else None
            result = self._value(self.expression.tree, row)
        except (_Blank, ZeroDivisionError, InvalidOperation):
            return None
        return result.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)

    def _stages(self) -> tuple[str, dict[str, Decimal]] | None:
        """Column and thresholds, lowest first, where the whole expression is a stage of a route."""
        match self.expression.tree:
            case ast.Call(
                func=ast.Name(id="stage"), args=[ast.Constant(value=table), ast.Name(id=column)]
            ):
                rising = sorted(self._table(str(table)).items(), key=lambda entry: entry[1])
                return column, dict(rising)
        return None

    def _excel(
        self,
        node: ast.expr,
        cells: Mapping[str, str],
        needed: dict[str, None],
        optional: dict[str, None],
    ) -> str:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return str(number)
            case ast.Name(id=name) if name in cells:
                needed[cells[name]] = None
                return cells[name]
            case ast.Attribute(value=ast.Name(id="param"), attr=name):
                return f"{_number(self.parameter(name)):f}"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self._excel(operand, cells, needed, optional)})"
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                sign = _OPERATORS[type(op)][0]
                a = self._excel(left, cells, needed, optional)
                b = self._excel(right, cells, needed, optional)
                return f"({a}{sign}{b})"
            case ast.Call(func=ast.Name(id="total"), args=args):
                # A blank counts as nothing inside total(), so its operands block nothing.
                return f"SUM({','.join(self._excel(a, cells, optional, optional) for a in args)})"
            case ast.Call(func=ast.Name(id="least" | "greatest" as name), args=args):
                inner = ",".join(self._excel(a, cells, needed, optional) for a in args)
                return f"{'MIN' if name == 'least' else 'MAX'}({inner})"
            case ast.Call(func=ast.Name(id="add_days"), args=[day, count]):
                start = self._excel(day, cells, needed, optional)
                return f"({start}+{self._excel(count, cells, needed, optional)})"
            case ast.Call(func=ast.Name(id="absolute"), args=[only]):
                return f"ABS({self._excel(only, cells, needed, optional)})"
            case ast.Call(
                func=ast.Name(id="rate"), args=[ast.Constant(value=table), ast.Constant(value=key)]
            ):
                return f"{self._table(str(table)).get(str(key), Decimal(0)):f}"
            case ast.Call(
                func=ast.Name(id="rate"), args=[ast.Constant(value=str() as table), ast.Name() as k]
            ):
                key = self._excel(k, cells, needed, optional)
                rows = ";".join(f'"{_quoted(n)}",{v:f}' for n, v in self._table(table).items())
                return f"IFERROR(VLOOKUP({key},{{{rows}}},2,FALSE),0)"
        raise Inexpressible(ast.dump(node))

    def _value(self, node: ast.expr, row: Mapping[str, Any]) -> Decimal:
        match node:
            case ast.Constant(value=int() | float() as number):
                return Decimal(str(number))
            case ast.Name(id=name):
                return _operand(row, name)
            case ast.Attribute(attr=name):
                return _number(self.parameter(name))
            case ast.UnaryOp(operand=operand):
                return -self._value(operand, row)
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATORS[type(op)][1](self._value(left, row), self._value(right, row))
            case ast.Call(func=ast.Name(id="add_days"), args=[ast.Name(id=name), count]):
                start = row.get(name)
                if not isinstance(start, date):
                    raise _Blank
                # a spreadsheet counts days from the end of 1899
                return (start - date(1899, 12, 30)).days + self._value(count, row)
            case ast.Call(func=ast.Name(id="total"), args=args):
                parts = []
                for argument in args:
                    try:
                        parts.append(self._value(argument, row))
                    except _Blank:
                        continue
                if not parts:
                    raise _Blank
                return sum(parts, Decimal(0))
            case ast.Call(
                func=ast.Name(id="rate"), args=[ast.Constant(value=table), ast.Constant(value=key)]
            ):
                return self._table(str(table)).get(str(key), Decimal(0))
            case ast.Call(
                func=ast.Name(id="rate"), args=[ast.Constant(value=table), ast.Name(id=key)]
            ):
                if row.get(key) in (None, ""):
                    raise _Blank
                return self._table(str(table)).get(str(row[key]), Decimal(0))
            case ast.Call(func=ast.Name(id=name), args=args):
                values = [self._value(a, row) for a in args]
                choose: dict[str, Callable[[list[Decimal]], Decimal]] = {
                    "least": min,
                    "greatest": max,
                    "absolute": lambda v: abs(v[0]),
                }
                return choose[name](values)
        raise Inexpressible(ast.dump(node))

    def _table(self, name: str) -> dict[str, Decimal]:
        table = self.parameter(name)
        if not isinstance(table, dict) or not 0 < len(table) <= _LONGEST_TABLE:
            raise Inexpressible(f"{name} is no short table")
        return {str(k): _number(v) for k, v in table.items()}


def _operand(row: Mapping[str, Any], name: str) -> Decimal:
    if row.get(name) in (None, ""):
        raise _Blank
    return _number(row[name])


def _number(value: Any) -> Decimal:
    try:
        if not isinstance(value, bool):
            return Decimal(str(value))
    except InvalidOperation:
        pass
    raise Inexpressible(f"{value!r} is no number")


def _quoted(text: str) -> str:
    return text.replace('"', '""')
