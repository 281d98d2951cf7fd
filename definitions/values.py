"""Values of code lists as they stand in conditions: each must be in its list."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from definitions.expression import NOT_KEYS, ROW_CALLS, SCOPES, Expression, parse, where_of
from definitions.model import CodeList, Column, ColumnType, Form

Forms = Mapping[str, Form]
Lists = Mapping[str, CodeList]


def unlisted(expression: Expression, form: Form, forms: Forms, lists: Lists) -> Iterator[str]:
    """A complaint per text that is compared with a column of a code list and not in that list."""
    for node in ast.walk(expression.tree):
        for column, texts in _compared(node, form, forms):
            for text in texts:
                if not in_list(column, text, lists):
                    yield f"{text} is not in {column.list}: {expression.text!r}"
        if isinstance(node, ast.Call) and _name(node) in ROW_CALLS and where_of(node):
            other = _other(node, forms)
            if other is not None:
                yield from unlisted(parse(where_of(node)), other, forms, lists)


def in_list(column: Column, text: str, lists: Lists) -> bool:
    """Whether a text may stand in a column: in its code list, where it has one."""
    listed = lists.get(column.list or "")
    if listed is None or column.type not in (ColumnType.ENUM, ColumnType.MULTI):
        return True
    parts = text.split("、") if column.type is ColumnType.MULTI else [text]
    return text in listed.values or all(part in listed.values for part in parts)


def _compared(node: ast.AST, form: Form, forms: Forms) -> Iterator[tuple[Column, Collection[str]]]:
    """Columns and the texts that one node sets beside them."""
    if isinstance(node, ast.Compare):
        for left, right in zip((node.left, *node.comparators[:-1]), node.comparators, strict=True):
            for one, two in ((left, right), (right, left)):
                column = _column(one, form, forms)
                if column is not None:
                    yield column, _texts(two)
    elif isinstance(node, ast.Call):
        other = _other(node, forms)
        if other is None:
            return
        keys = {k.arg: k.value for k in node.keywords if k.arg and k.arg not in NOT_KEYS}
        if _name(node) == "exists_in" and len(node.args) == 3:
            keys[_text(node.args[1])] = node.args[2]
        for code, value in keys.items():
            if code in other.position:
                yield other.column(code), _texts(value)


def _column(node: ast.expr, form: Form, forms: Forms) -> Column | None:
    """The column that a node reads: of this form, an earlier period, another form, a lookup."""
    match node:
        case ast.Name(id=code) if code in form.position:
            return form.column(code)
        case ast.Attribute(value=ast.Name(id=scope), attr=code):
            owner = form if scope in SCOPES else forms.get(scope.replace("_", "-"))
            known = (
                owner is not None and code in owner.position and scope not in ("param", "period")
            )
            return owner.column(code) if owner is not None and known else None
        case ast.Call() if _name(node) == "lookup" and len(node.args) == 2:
            other = _other(node, forms)
            code = _text(node.args[1])
            return other.column(code) if other is not None and code in other.position else None
    return None


def _texts(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _other(node: ast.Call, forms: Forms) -> Form | None:
    named = _name(node) in ("exists_in", "lookup", *ROW_CALLS) and node.args
    return forms.get(_text(node.args[0])) if named else None
