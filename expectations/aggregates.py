"""`sum_of` and `count_of`: what a union reported, added up or counted over a stretch of rows."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from definitions.expression import NOT_KEYS, parse, where_of
from definitions.model import Form
from definitions.periods import Period, PeriodKind
from expectations.cells import World
from expectations.evaluate import SUBMISSION, Scope, evaluate, evaluate_node
from expectations.evidence import PERIOD, Evidence, as_column, literal, texts, window
from expectations.frames import Frame
from expectations.kleene import Mask, truth

ORG = "org_code"
_VALUE = "=value"


def aggregate(frame: Frame, node: ast.Call, evidence: Evidence, world: World) -> Any:
    """The sum or count for every row of the frame, as a pandas Float64 array.

    Blank where a key is not known, and where the union reported nothing that could be compared:
    of a form due every period each period of the span must be there, of a register something. Once
    all that will come is there (`evidence.complete`), a register without a row counts as nothing.
    """
    words = [literal(a) for a in node.args]
    other = world.definitions.newest(words[0])
    column = words[1] if len(words) == 3 else None
    labels = _labels(words[-1], frame.period, other)
    given = {k.arg: k.value for k in node.keywords if k.arg}
    keys = {name: value for name, value in given.items() if name not in NOT_KEYS}
    left = pd.DataFrame({SUBMISSION: frame.data[SUBMISSION].to_numpy()})
    for name, value in keys.items():
        cells = evaluate_node(value, frame.data, world.scope)
        left[name] = as_column(other.column(name), cells)
    if "under" in given:
        tops = texts(evaluate_node(given["under"], frame.data, world.scope))
        return _under(tops, other, column, labels, where_of(node), frame.period, evidence, world)
    orgs = sorted(left[ORG].dropna().unique()) if ORG in left else None
    rows = evidence.rows(other.code, labels, orgs)
    result: NDArray[np.float64] = np.full(len(left), np.nan)
    for submission, part in _versions(left, rows, other):
        chosen = _standing(rows, other, submission)
        if words[-1] == "latest":
            chosen = _latest(chosen)
        counted = _counted(chosen, column, where_of(node), world.scope)
        values = _matched(left.loc[part, list(keys)], counted, list(keys))
        known = left.loc[part, list(keys)].notna().all(axis=1).to_numpy()
        needed = [] if other.ledger or words[-1] == "latest" else labels
        there = _reported(left.loc[part], chosen, needed)
        if evidence.complete and (other.ledger or not other.reporters.expected):
            there = np.ones(len(values), dtype=bool)
        result[part] = np.where(known & there, values, np.nan)
    return pd.arrays.FloatingArray(np.nan_to_num(result), np.isnan(result))


def _labels(span: str, period: Period, other: Form) -> list[str]:
    """Labels of the other form's periods in a span, the newest first."""
    last = period.within(other.period)
    match span:
        case "period":
            return [last.label]
        case "last_year":
            return [last.last_year().label]
        case "latest":
            return window(period, other)
        case "ever":
            first = other.valid_from
        case _:
            kind = PeriodKind.QUARTER if span == "quarter" else PeriodKind.YEAR
            first = period.within(kind).start
    return [p.label for p in last.back_to(first)]


def _versions(left: pd.DataFrame, rows: pd.DataFrame, other: Form) -> list[tuple[int | None, Mask]]:
    """Rows of the frame that look at the same version of the others: nearly always one group.

    Two workbooks of one run that speak of the same thing are each held against themselves; all
    others see the newest version, which is their own.
    """
    mine = left[SUBMISSION].to_numpy()
    everyone: Mask = np.ones(len(left), dtype=bool)
    if ORG not in rows:
        return [(None, everyone)]
    things = list(other.ledger.keys) if other.ledger else [ORG, PERIOD]
    told = rows.loc[rows[SUBMISSION] >= 0, [*things, SUBMISSION]].drop_duplicates()
    doubled = set(told.loc[told.duplicated(things, keep=False), SUBMISSION]) & set(mine)
    if not doubled:
        return [(None, everyone)]
    own = np.isin(mine, list(doubled))
    found: list[tuple[int | None, Mask]] = [(int(s), mine == s) for s in sorted(doubled)]
    return [*found, (None, ~own)] if not own.all() else found


def _standing(rows: pd.DataFrame, other: Form, submission: int | None) -> pd.DataFrame:
    """The rows that count: of each union and period one version, of a register each thing once."""
    rows = rows.sort_values(PERIOD, kind="stable")
    rank = rows[SUBMISSION]
    if submission is not None:
        rank = rank.mask(rank.eq(submission), rank.max() + 1)
    rows = rows.assign(**{_VALUE: rank}).sort_values([PERIOD, _VALUE], kind="stable")
    if other.ledger:
        keys = list(other.ledger.keys)
        return rows.drop_duplicates(keys, keep="last").drop(columns=_VALUE)
    group = [ORG, PERIOD] if ORG in rows else [PERIOD]
    newest = rows.groupby(group, dropna=False)[_VALUE].transform("max")
    return rows[rows[_VALUE].eq(newest)].drop(columns=_VALUE)


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    if ORG not in rows:
        return rows[rows[PERIOD].eq(rows[PERIOD].max())]
    return rows[rows[PERIOD].eq(rows.groupby(ORG, dropna=False)[PERIOD].transform("max"))]


def _counted(rows: pd.DataFrame, column: str | None, where: str, scope: Scope) -> pd.DataFrame:
    """The rows that meet the condition, with what each adds under `=value`."""
    if where and len(rows):
        condition = evaluate(parse(where), rows, scope)
        rows = rows[truth(condition).astype(bool) & ~condition.unknown]
    adds = 1.0 if column is None else rows[column].to_numpy(dtype=float, na_value=0.0)
    return rows.assign(**{_VALUE: adds})


def _matched(left: pd.DataFrame, rows: pd.DataFrame, keys: list[str]) -> NDArray[np.float64]:
    """The sum of the rows with equal keys, 0 where there is none."""
    if not keys:
        return np.full(len(left), float(rows[_VALUE].sum()))
    sums = rows.groupby(keys)[_VALUE].sum().reset_index()
    found = left.reset_index(drop=True).merge(sums, on=keys, how="left")[_VALUE]
    return found.fillna(0.0).to_numpy(dtype=float)


def _reported(left: pd.DataFrame, rows: pd.DataFrame, needed: Sequence[str]) -> Mask:
    """Whether the union of each row reported something in every needed period, or at all."""
    if ORG not in left.columns:
        there = set(rows[PERIOD].dropna())
        return np.full(len(left), bool(there) and there >= set(needed))
    by_org = {org: set(labels) for org, labels in rows.groupby(ORG)[PERIOD]}
    wanted = set(needed)
    return np.array(
        [o in by_org and by_org[o] >= wanted for o in left[ORG].astype(object)], dtype=bool
    )


def _under(
    tops: Sequence[str | None],
    other: Form,
    column: str | None,
    labels: Sequence[str],
    where: str,
    period: Period,
    evidence: Evidence,
    world: World,
) -> Any:
    """The same for a union with all below it; not known before all that will come is there."""
    result = np.full(len(tops), np.nan)
    if evidence.complete:
        below: Mapping[str, Collection[str]] = evidence.below(period)
        rows = _standing(evidence.rows(other.code, labels, None), other, None)
        reported = set(rows[ORG].dropna().astype(str))
        counted = _counted(rows, column, where, world.scope)
        sums = counted.groupby(ORG)[_VALUE].sum().to_dict()
        for i, top in enumerate(tops):
            family = set(below.get(top, (top,))) if top is not None else set()
            if family & reported or (family and not other.reporters.expected):
                result[i] = sum(float(sums.get(o, 0.0)) for o in family)
    return pd.arrays.FloatingArray(np.nan_to_num(result), np.isnan(result))
