"""Sums over a union's register: what earlier sendings said and this one says now, each thing once.

A ledger form carries only what is new or changed. What a rule asks of the whole register - points
lost in the year, files open for one person, members on the roll - needs the newest row of every
thing, whichever file brought it.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pandas as pd

from definitions.model import Ledger
from expectations.cells import World
from expectations.evaluate import SUBMISSION, UNREADABLE, evaluate_node, unreadable
from expectations.evidence import PERIOD, Evidence
from expectations.frames import Frame

ORG = "org_code"
OWN = "#own"
"""Number of the frame's row, and -1 for rows that came earlier."""


def register_sums(frame: Frame, node: ast.Call, evidence: Evidence, world: World) -> Any:
    """`register_sum` or `register_so_far` for every row of a frame; blank where not known.

    Rows of the same union, period and form replace what was accepted before, as loading them will.
    """
    assert isinstance(node.func, ast.Name)  # noqa: S101 (the grammar allows nothing else)
    ledger = frame.form.ledger
    assert ledger is not None  # noqa: S101 (the loader refuses other forms)
    so_far = node.func.id == "register_so_far"
    table = _register(frame, node, evidence, world, ledger, by_year=so_far)
    amount = evaluate_node(node.args[0], table, world.scope)
    added = np.where(amount.unknown, 0.0, np.asarray(amount.values, dtype=float))
    unread = unreadable(table, node.args[0])
    groups: dict[str, Any] = {SUBMISSION: table[SUBMISSION], ORG: table[ORG]}
    unknown = table[ORG].isna().to_numpy(dtype=bool)
    for number, key in enumerate(node.args[1:]):
        cells = evaluate_node(key, table, world.scope)
        groups[f"key{number}"] = cells.values
        unknown = unknown | cells.unknown
    if so_far:
        unknown = unknown | table[ledger.date].isna().to_numpy(dtype=bool)
    names = list(groups)
    data = pd.DataFrame(groups).assign(added=added, unread=unread)[~unknown]
    grouped = data.groupby(names, sort=False, dropna=False)
    sums = grouped["added"].cumsum() if so_far else grouped["added"].transform("sum")
    sums = sums.mask(grouped["unread"].transform("any"))
    own = table.loc[sums.index, OWN].to_numpy()
    values = np.full(len(frame.data), np.nan)
    values[own[own >= 0]] = sums.to_numpy(dtype=float)[own >= 0]
    return pd.arrays.FloatingArray(np.nan_to_num(values), np.isnan(values))


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _register(
    frame: Frame, node: ast.Call, evidence: Evidence, world: World, ledger: Ledger, *, by_year: bool
) -> pd.DataFrame:
    """The register of each union as each submission leaves it: newest rows, in order of date."""
    form = frame.form
    columns = [*form.position, PERIOD]
    orgs = sorted({str(v) for v in frame.data[ORG].dropna().unique()})
    first = min(f.valid_from for f in world.definitions.forms if f.code == form.code)
    labels = [p.label for p in frame.period.within(form.period).back_to(first)]
    told = evidence.rows(form.code, labels, orgs)
    fresh = told[SUBMISSION] >= 0
    now = told[PERIOD].eq(frame.period.label).fillna(False)
    sent = pd.MultiIndex.from_frame(told.loc[fresh, [ORG, PERIOD]])
    replaced = pd.MultiIndex.from_frame(told[[ORG, PERIOD]]).isin(sent)
    before = told[(fresh & ~now) | (~fresh & ~replaced)]
    # the same union may stand in several workbooks of a chunk: each is judged by itself
    owners = frame.data[[SUBMISSION, ORG]].dropna().drop_duplicates()
    past = before.drop(columns=SUBMISSION).assign(sealed=~fresh).merge(owners, on=ORG)
    past = past.sort_values(PERIOD, kind="stable")
    past[OWN] = -1
    past[UNREADABLE] = pd.array([None] * len(past), dtype="string")
    here = frame.data[[SUBMISSION, *form.position, UNREADABLE]].assign(sealed=False)
    here[PERIOD] = pd.array([frame.period.label] * len(here), dtype="string")
    here[OWN] = np.arange(len(here))
    wanted = [SUBMISSION, *columns, UNREADABLE, OWN, "sealed"]
    table = pd.concat([past[wanted], here[wanted]], ignore_index=True)
    for name in _names(node) | set(ledger.keys):
        if name in form.position and form.column(name).personal:
            plain = ~table["sealed"].to_numpy(dtype=bool) & table[name].notna().to_numpy()
            table.loc[plain, name] = [evidence.seal(str(v)) for v in table.loc[plain, name]]
    things = list(dict.fromkeys([SUBMISSION, ORG, *ledger.keys]))
    if by_year:
        # what is numbered anew every year is another thing every year
        table["#year"] = table[ledger.date].dt.year
        things.append("#year")
    table = table.drop_duplicates(things, keep="last")
    order = [ledger.date, *(k for k in ledger.keys if k != ledger.date)]
    return table.sort_values(order, kind="stable").reset_index(drop=True)
