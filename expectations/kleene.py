"""Values of three-valued logic: arrays with a mask of what is not known, and how they combine."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
DUST = 1e-6
RELATIVE_DUST = 1e-12


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


def constant(value: Any) -> Cells:
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


def tolerance(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    largest: NDArray[Any] = np.maximum(np.abs(x), np.abs(y))
    return np.maximum(DUST, np.where(np.isfinite(largest), largest, 0) * RELATIVE_DUST)


def compare(operator: ast.cmpop, a: Cells, b: Cells) -> Cells:
    """One comparison; unknown where either side is."""
    x, y, kind = _both(a, b)
    unknown = a.unknown | b.unknown
    if kind == "number":
        with np.errstate(invalid="ignore"):
            gap = x - y
            dust = tolerance(x, y)
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


def negate(a: Cells) -> Cells:
    return Cells(~truth(a), a.unknown)


def truth(a: Cells) -> NDArray[Any]:
    if a.kind == "bool":
        return a.values
    if a.unknown.all():
        return np.zeros(a.values.shape, dtype=bool)
    raise TypeError(f"{a.kind} used as a condition")


def conjoin(a: Cells, b: Cells) -> Cells:
    false = (~truth(a) & ~a.unknown) | (~truth(b) & ~b.unknown)
    unknown = ~false & (a.unknown | b.unknown)
    return Cells(np.asarray(~false & ~unknown), np.asarray(unknown))


def disjoin(a: Cells, b: Cells) -> Cells:
    return negate(conjoin(negate(a), negate(b)))


def calculate(operator: ast.operator, a: Cells, b: Cells) -> Cells:
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
