"""What checks may ask about rows beyond the frame, and how such rows are typed."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Protocol

import numpy as np
import pandas as pd

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnType, Form
from definitions.periods import Period
from expectations.evaluate import SUBMISSION
from expectations.frames import typed
from expectations.kleene import Cells

PERIOD = "_period"
"""Column with the label of the period that a row was reported for; no form column starts so."""


class Evidence(Protocol):
    """Rows of any form and period: of the workbooks at hand and of those accepted earlier."""

    def rows(
        self, form: str, periods: Collection[str], orgs: Collection[str] | None
    ) -> pd.DataFrame:
        """Form columns, `_period` and `#submission` (-1: accepted earlier), later rows win."""
        ...

    def known(
        self, form: str, column: str, values: Collection[str], periods: Collection[str]
    ) -> set[str]:
        """Those of the values that some row of the form for these periods has in a column."""
        ...

    def computed(self, period: Period) -> pd.DataFrame:
        """The warehouse's own figures: columns indicator, org_code, value."""
        ...

    def seal(self, value: str) -> str:
        """A personal value as rows accepted earlier have it."""
        ...

    def below(self, period: Period) -> Mapping[str, Collection[str]]:
        """Codes of each union with all that stand below it on any line, itself included."""
        ...

    @property
    def complete(self) -> bool:
        """Whether all is in that will come, so that what is not there did not happen."""
        ...


def literal(node: ast.expr) -> str:
    """The text of an argument that the language wants written out."""
    assert isinstance(node, ast.Constant)  # noqa: S101
    return str(node.value)


def texts(cells: Cells) -> list[str | None]:
    """Values as texts, None where not known."""
    return [
        None if u else str(v)
        for v, u in zip(np.atleast_1d(cells.values), np.atleast_1d(cells.unknown), strict=True)
    ]


def edition_for(definitions: Definitions, code: str, period: Period) -> Form:
    """The edition of a form for its period that goes with another form's; else the newest.

    A form that is not asked for yet has no rows, and what is compared with it stays unknown.
    """
    newest = definitions.newest(code)
    try:
        return definitions.form(code, period.within(newest.period))
    except KeyError:
        return newest


def as_column(column: Column, cells: Cells) -> Any:
    """Values in the type of a form column, so that they can be joined with it."""
    values: list[Any] = []
    for value, unknown in zip(cells.values, cells.unknown, strict=True):
        if unknown:
            values.append(None)
        elif isinstance(value, np.datetime64):
            values.append(value.item())
        else:
            values.append(value)
    return typed(column, values)


def window(period: Period, other: Form) -> list[str]:
    """Labels of the other form's periods from January last year to the end of this period."""
    january = date(period.year - 1, 1, 1)
    return [p.label for p in period.within(other.period).back_to(january)]


PARENTS = ("block", "industry_parent")
"""Columns of a registry with the codes of the parents."""


def families(registry: pd.DataFrame) -> dict[str, set[str]]:
    """Each union of a registry (`org_code`, PARENTS) with all below it on any line, and itself."""
    found: dict[str, set[str]] = {}
    parents: dict[str, set[str]] = {}
    for row in registry.to_dict("records"):
        code = str(row["org_code"])
        found[code] = {code}
        parents[code] = {str(row[p]) for p in PARENTS if row.get(p) and row[p] == row[p]}
    for code in parents:
        seen, above = {code}, list(parents[code])
        while above:
            parent = above.pop()
            if parent not in seen:
                seen.add(parent)
                found.setdefault(parent, {parent}).add(code)
                above += parents.get(parent, ())
    return found


def empty_rows(form: Form) -> pd.DataFrame:
    """No rows, in the columns and types that `Evidence.rows` promises."""
    data: dict[str, Any] = {c.code: typed(c, []) for c in form.columns}
    data[PERIOD] = pd.array([], dtype="string")
    data[SUBMISSION] = np.array([], dtype=np.int64)
    return pd.DataFrame(data)


def typed_rows(form: Form, rows: pd.DataFrame, periods: Any) -> pd.DataFrame:
    """Rows accepted earlier, in the types of the form's columns; `periods` are their labels."""
    data: dict[str, Any] = {}
    for column in form.columns:
        if column.code not in rows:
            data[column.code] = typed(column, [None] * len(rows))
        elif column.type.numeric:
            data[column.code] = rows[column.code].astype("Float64").array
        elif column.type is ColumnType.BOOL:
            data[column.code] = rows[column.code].astype("boolean").array
        elif column.type is ColumnType.DATE:
            data[column.code] = pd.to_datetime(rows[column.code]).astype("datetime64[s]").array
        else:
            data[column.code] = rows[column.code].astype("string").array
    data[PERIOD] = pd.array(periods, dtype="string")
    data[SUBMISSION] = np.full(len(rows), -1, dtype=np.int64)
    return pd.DataFrame(data)
