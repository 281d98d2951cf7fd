"""Rows beyond the frame (other forms, other periods, the registry) joined as columns beforehand.

A name such as ``previous.members_total`` or ``ORG_02.workers_total`` becomes a column of that
name; a call such as ``lookup('TGT-01', 'target', task_id=task_id)`` a column named by its text.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from definitions.model import Form
from definitions.periods import Period
from expectations import codes
from expectations.aggregates import aggregate
from expectations.cells import World
from expectations.evaluate import SUBMISSION, call_name, evaluate_node
from expectations.evidence import (
    PERIOD,
    Evidence,
    as_column,
    edition_for,
    empty_rows,
    literal,
    texts,
    typed_rows,
    window,
)
from expectations.frames import Frame
from expectations.registers import register_sums
from expectations.suites import Check
from expectations.tracing import traced

__all__ = ["PERIOD", "Evidence", "empty_rows", "join_context", "typed_rows"]


def _earlier_period(scope: str, period: Period) -> Period | None:
    """The period that a scope means; None for the name of a form."""
    if scope == "last_year":
        return period.last_year()
    steps = 1 if scope == "previous" else int(scope[4:]) if scope.startswith("back") else 0
    for _ in range(steps):
        period = period.previous()
    return period if steps else None


def join_context(frame: Frame, checks: Sequence[Check], evidence: Evidence, world: World) -> None:
    """Add to the frame every column that the checks read from elsewhere."""
    definitions = world.definitions
    wanted: dict[str, list[str]] = {}
    for check in checks:
        for name in check.joined:
            scope, column = name.split(".")
            if column not in wanted.setdefault(scope, []):
                wanted[scope].append(column)
    for scope, columns in wanted.items():
        earlier = _earlier_period(scope, frame.period)
        if earlier is not None:
            added = _earlier(frame, columns, earlier, evidence)
        else:
            other = edition_for(definitions, scope.replace("_", "-"), frame.period)
            added = _beside(frame, other, columns, evidence)
        for column in columns:
            frame.data[f"{scope}.{column}"] = added[column].array
    for check in checks:
        for call in check.calls:
            if call_name(call) not in frame.data.columns:
                frame.data[call_name(call)] = _call(frame, call, evidence, world)


def _orgs(frame: Frame) -> list[str] | None:
    if "org_code" not in frame.form.position:
        return None
    return [str(v) for v in frame.data["org_code"].dropna().unique()]


def _earlier(
    frame: Frame, columns: Sequence[str], period: Period, evidence: Evidence
) -> pd.DataFrame:
    """The same rows in an earlier period: same keys, and same union where the form names one."""
    form = frame.form
    keys = list(form.keys)
    if "org_code" in form.position and "org_code" not in keys:
        keys.append("org_code")
    rows = evidence.rows(form.code, [period.label], _orgs(frame))
    return _merge(frame.data[keys], rows, keys, columns)


def _beside(frame: Frame, other: Form, columns: Sequence[str], evidence: Evidence) -> pd.DataFrame:
    """The row of another form for the same union and period, first from the same workbook.

    A form of a longer period holds until the next one is sent, so a yearly statement of last year
    serves until this year's is there. Where the other form has several rows for one union nothing
    is taken: no row is the row.
    """
    keys = [k for k in other.keys if k in frame.form.position]
    if "org_code" in other.position and "org_code" in frame.form.position:
        keys = list(dict.fromkeys(["org_code", *keys]))
    period = frame.period.within(other.period)
    longer = period.start < frame.period.start or period.end > frame.period.end
    labels = [period.label, period.previous().label] if longer else [period.label]
    rows = _latest(evidence.rows(other.code, labels, _orgs(frame)), keys)
    return _nearest(frame.data[[SUBMISSION, *keys]], rows, keys, columns)


def _latest(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Rows reported for the latest period in which their key was reported at all."""
    return rows[rows[PERIOD].eq(rows.groupby(keys)[PERIOD].transform("max"))]


def _nearest(
    left: pd.DataFrame, rows: pd.DataFrame, keys: list[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Per row of `left` the matching row of the same workbook, else of the latest source."""
    own_keys = [SUBMISSION, *keys]
    own = rows[rows[SUBMISSION] >= 0].drop_duplicates(own_keys, keep=False)
    latest = rows[SUBMISSION].eq(rows.groupby(keys)[SUBMISSION].transform("max"))
    others = rows[latest].drop_duplicates(keys, keep=False)
    mine = _merge(left[own_keys], own, own_keys, columns)
    theirs = _merge(left[keys], others, keys, columns)
    found = mine["#found"].eq(True).fillna(False)
    return mine.where(found, theirs)


def _merge(
    left: pd.DataFrame, rows: pd.DataFrame, keys: list[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Left join that keeps the order; the last of several rows with equal keys is taken."""
    names = list(dict.fromkeys([*keys, *columns]))
    right = rows[names].dropna(subset=keys).drop_duplicates(keys, keep="last")
    right = right.assign(**{f"={c}": right[c] for c in columns}, **{"#found": True})
    right = right[[*keys, *(f"={c}" for c in columns), "#found"]]
    merged = left.reset_index(drop=True).merge(right, on=keys, how="left")
    return merged[[*(f"={c}" for c in columns), "#found"]].rename(
        columns={f"={c}": c for c in columns}
    )


def _call(frame: Frame, node: ast.Call, evidence: Evidence, world: World) -> Any:
    assert isinstance(node.func, ast.Name)  # noqa: S101 (the grammar allows nothing else)
    match node.func.id:
        case "exists_in":
            return _exists(frame, node, evidence, world)
        case "lookup":
            return _lookup(frame, node, evidence, world)
        case "sum_of" | "count_of":
            return aggregate(frame, node, evidence, world)
        case "traced":
            return traced(frame, node, evidence, world)
        case "register_sum" | "register_so_far":
            return register_sums(frame, node, evidence, world)
        case _:
            return _computed(frame, node, evidence, world)


def _exists(frame: Frame, node: ast.Call, evidence: Evidence, world: World) -> Any:
    """Whether every value named in a cell (several may be separated by 、) is known."""
    form, column = literal(node.args[0]), literal(node.args[1])
    named = texts(evaluate_node(node.args[2], frame.data, world.scope))
    parts = {t: codes.split(t) for t in set(named) if t is not None}
    other = edition_for(world.definitions, form, frame.period)
    wanted = {p for ps in parts.values() for p in ps}
    known = evidence.known(form, column, wanted, window(frame.period, other))
    return pd.array(
        [None if t is None else all(p in known for p in parts[t]) for t in named], dtype="boolean"
    )


def _lookup(frame: Frame, node: ast.Call, evidence: Evidence, world: World) -> Any:
    """Value of the row with these keys: of this workbook, else reported for the latest period.

    Looks back to the beginning of the year before; unknown where several rows match.
    """
    other = edition_for(world.definitions, literal(node.args[0]), frame.period)
    column = literal(node.args[1])
    given = {k.arg: evaluate_node(k.value, frame.data, world.scope) for k in node.keywords if k.arg}
    left = pd.DataFrame({SUBMISSION: frame.data[SUBMISSION].to_numpy()})
    for name, cells in given.items():
        left[name] = as_column(other.column(name), cells)
    orgs = None
    if "org_code" in given:
        orgs = [str(v) for v in left["org_code"].dropna().unique()]
    rows = evidence.rows(other.code, window(frame.period, other), orgs)
    keys = list(given)
    return _nearest(left, _latest(rows, keys), keys, [column])[column].array


def _computed(frame: Frame, node: ast.Call, evidence: Evidence, world: World) -> Any:
    """The warehouse's own value of an indicator for a union in the period."""
    indicator, org = (texts(evaluate_node(a, frame.data, world.scope)) for a in node.args)
    table = evidence.computed(frame.period)
    names = zip(table["indicator"].astype(str), table["org_code"].astype(str), strict=True)
    values = dict(zip(names, table["value"].astype(float), strict=True))
    found = [
        values.get((i, o), np.nan) if i is not None and o is not None else np.nan
        for i, o in zip(indicator, org, strict=True)
    ]
    array = np.array(found, dtype=float)
    return pd.arrays.FloatingArray(np.nan_to_num(array), np.isnan(array))
