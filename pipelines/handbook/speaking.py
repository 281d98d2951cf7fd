"""Conditions and formulas in Chinese: the same expression that is checked, as a clerk reads it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from definitions.catalogue import Definitions
from definitions.expression import NOT_KEYS, Expression, parse, where_of
from definitions.model import Form

SPANS = {
    "period": "同期",
    "quarter": "本季至今",
    "year": "本年至今",
    "last_year": "上年同期",
    "latest": "最近一期",
    "ever": "历年至今",
}
PERIOD_WORDS = {
    "start": "期初日",
    "end": "期末日",
    "year": "所属年份",
    "label": "所属期",
    "month": "所属月份",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠",
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", 4), ast.Sub: (" − ", 4), ast.Mult: (" × ", 5), ast.Div: (" ÷ ", 5),
}  # fmt: skip
_SIMPLE = {
    "filled": "{0}已填",
    "blank": "{0}为空",
    "implies": "凡{0}的，{1}",
    "iff": "{0}与{1}同时成立或同时不成立",
    "near": "{0}与{1}相差不超过{2}",
    "between": "{0}在{1}至{2}之间",
    "absolute": "{0}的绝对值",
    "starts_with": "{0}以{1}开头",
    "workdays": "{0}至{1}的工作日数",
    "add_workdays": "{0}后第{1}个工作日",
    "days": "{0}至{1}的天数",
    "year_of": "{0}的年份",
    "month_of": "{0}的月份",
    "add_days": "{0}后{1}天",
    "add_years": "{0}后{1}年的同日",
    "length": "{0}的字数",
    "has_digits": "{0}含有数字",
    "when": "{1}（限{0}）",
    "odd": "{0}为奇数",
    "lies_in": "{0}在{1}的辖区内",
    "is_flow": "{0}是可以累计的指标",
    "computed": "系统按已报数据算出的{0}",
    "traced": "{0}中的数字都有报表来源或注明“单位自述”",
}
_TABLES = {
    "rate": "“{table}”中{0}对应的标准",
    "listed": "“{table}”列有{0}",
    "code_named": "“{table}”中名称为{0}的编号",
    "step": "“{table}”中{0}所在的一档",
    "stage": "“{table}”中{0}达到的一档",
}
_SEVERAL: dict[str, tuple[str, str]] = {
    "total": (" + ", "{all}（空白不计）"),
    "any_filled": ("、", "{all}至少填一项"),
    "least": ("、", "{all}中的最小值"),
    "greatest": ("、", "{all}中的最大值"),
}
_KEYED = {
    "group_sum": (1, "本表{keys}相同各行的{0}之和"),
    "group_count": (0, "本表{keys}相同的行数"),
    "first_of": (0, "{keys}相同各行中的第一行"),
    "parts_sum": (2, "{1}的下级各行{0}之和"),
    "is_nested": (1, "{0}是本表另一编号的下级"),
    "overlaps": (2, "{keys}相同的另一行与{0}至{1}重叠"),
    "breakdown": (3, "各分解期合计的{0}"),
    "register_sum": (1, "台账中{keys}相同各行的{0}之和"),
    "register_so_far": (1, "台账中{keys}相同、截至本行的{0}之和"),
}


class Unspeakable(LookupError):
    """An expression uses a function that has no words yet."""


@dataclass(frozen=True)
class Speaker:
    """Says expressions over the columns of one form."""

    definitions: Definitions
    form: Form

    def say(self, expression: Expression) -> str:
        """The expression in Chinese; Unspeakable when a function has no words."""
        return self._say(expression.tree)

    def _say(self, node: ast.expr, above: int = 0) -> str:
        match node:
            case ast.Constant(value=value):
                return _constant(value)
            case ast.Name(id=name):
                return self.form.column(name).label
            case ast.Attribute(value=ast.Name(id=scope), attr=name):
                return self._scoped(scope, name)
            case ast.BoolOp(op=op, values=values):
                word, rank = ("或", 1) if isinstance(op, ast.Or) else ("，且", 2)
                return _bracket(word.join(self._say(v, rank) for v in values), rank, above)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"并非“{self._say(operand)}”"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"−{self._say(operand, 6)}"
            case ast.BinOp(left=left, op=op, right=right):
                word, rank = _ARITHMETIC[type(op)]
                said = self._say(left, rank) + word + self._say(right, rank + 1)
                return _bracket(said, rank, above)
            case ast.Compare():
                return _bracket(self._compare(node), 3, above)
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return "、".join(self._say(e) for e in elements)
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, node)
            case _:
                raise Unspeakable(ast.unparse(node))

    def _scoped(self, scope: str, name: str) -> str:
        if scope == "param":
            return f"“{self.definitions.parameters[name].name}”"
        if scope == "period":
            return PERIOD_WORDS[name]
        if scope == "previous":
            return f"上期{self.form.column(name).label}"
        if scope == "last_year":
            return f"上年同期{self.form.column(name).label}"
        other = self.definitions.newest(scope.replace("_", "-"))
        return f"{other.code}的{other.column(name).label}"

    def _compare(self, node: ast.Compare) -> str:
        said = self._say(node.left, 4)
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                word = "属于" if isinstance(op, ast.In) else "不属于"
                said += f"{word}{self._say(right)}"
            elif isinstance(right, ast.Constant) and isinstance(right.value, str | bool):
                word = "为" if isinstance(op, ast.Eq) else "不为"
                said += word + _constant(right.value)
            else:
                said += f" {_COMPARE[type(op)]} {self._say(right, 4)}"
        return said

    def _call(self, name: str, node: ast.Call) -> str:
        tables: Mapping[str, Callable[[ast.Call], str]] = {
            "exists_in": self._exists_in,
            "lookup": self._lookup,
            "sum_of": self._rows,
            "count_of": self._rows,
        }
        if name in tables:
            return tables[name](node)
        if name in _TABLES:
            table, *rest = node.args
            code = table.value if isinstance(table, ast.Constant) else ""
            named = self.definitions.parameters[str(code)].name
            return _TABLES[name].format(*(self._say(a, 3) for a in rest), table=named)
        if name in _SEVERAL:
            joint, words = _SEVERAL[name]
            return words.format(all=joint.join(self._say(a, 5) for a in node.args))
        if name in _KEYED:
            count, words = _KEYED[name]
            said = [self._say(a, 3) for a in node.args]
            return words.format(*said[:count], keys="、".join(said[count:]))
        if name in _SIMPLE:
            return _SIMPLE[name].format(*(self._say(a, 2) for a in node.args))
        raise Unspeakable(name)

    def _other(self, node: ast.Call) -> tuple[Form, list[str]]:
        texts = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
        return self.definitions.newest(texts[0]), texts[1:]

    def _exists_in(self, node: ast.Call) -> str:
        other, (column, *_) = self._other(node)
        return f"{self._say(node.args[2])}已在{other.code}的“{other.column(column).label}”中登记"

    def _lookup(self, node: ast.Call) -> str:
        other, (column, *_) = self._other(node)
        return f"{other.code}对应行的{other.column(column).label}"

    def _rows(self, node: ast.Call) -> str:
        """`sum_of` and `count_of`: rows of another form over a span, by keys and a condition."""
        other, (*columns, span) = self._other(node)
        limits = []
        under = [k.value for k in node.keywords if k.arg == "under"]
        if under:
            limits.append(f"{self._say(under[0])}及其下级")
        keys = [k.arg for k in node.keywords if k.arg and k.arg not in NOT_KEYS]
        shared = [other.column(k).label for k in keys if k != "org_code"]
        if "org_code" in keys:
            limits.append("同一单位")
        if shared:
            limits.append("、".join(shared) + "相同")
        where = where_of(node)
        if where:
            limits.append(Speaker(self.definitions, other).say(parse(where)))
        what = f"{other.column(columns[0]).label}之和" if columns else "的行数"
        limit = f"（{'；'.join(limits)}）" if limits else ""
        return f"{other.code}{SPANS[span]}{what}{limit}"


def _constant(value: object) -> str:
    if value is True:
        return "“是”"
    if value is False:
        return "“否”"
    return f"“{value}”" if isinstance(value, str) else f"{value}"


def _bracket(said: str, rank: int, above: int) -> str:
    return f"（{said}）" if rank < above else said


def listing(parts: Sequence[str]) -> str:
    """Parts in a row, told apart by 、."""
    return "、".join(parts)
