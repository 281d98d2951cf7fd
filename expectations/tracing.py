"""`traced`: whether each number that a text quotes stands in something the union reported."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from definitions.catalogue import Definitions
from definitions.model import ColumnKind, Form
from definitions.periods import Period
from expectations.aggregates import ORG
from expectations.cells import World
from expectations.evaluate import evaluate_node
from expectations.evidence import Evidence, texts
from expectations.frames import Frame
from expectations.kleene import DUST

OWN_WORD = "单位自述"
_ITEM = re.compile(r"(?P<name>[^=:]+)[=:](?P<value>[^=:]+)")
_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")
_SPLIT = re.compile(r"[;\n、]+")
Figures = Mapping[str, dict[str, set[float]]]
"""Per union, by name (of a column or indicator; "" for all) the numbers that were reported."""


def traced(frame: Frame, node: ast.Call, evidence: Evidence, world: World) -> Any:
    """Per row whether every number is found; blank where there is nothing to look for.

    A text reads ``名称=数值；名称=数值（单位自述）``. Where the name is that of a column or an
    indicator the number must be one of its own, else any number of the union's year will do.
    """
    said, orgs = (texts(evaluate_node(a, frame.data, world.scope)) for a in node.args)
    wanted = sorted({o for o in orgs if o is not None})
    figures = _figures(wanted, frame, evidence, world.definitions) if wanted else {}
    found = [
        None if text is None or org is None else all_found(text, figures.get(org, {}))
        for text, org in zip(said, orgs, strict=True)
    ]
    return pd.array(found, dtype="boolean")


def all_found(text: str, figures: Mapping[str, set[float]]) -> bool | None:
    """Whether every number of a text stands in the figures; None when it quotes none.

    >>> all_found("培训人数=398；带动就业=60（单位自述）", {"": {398.0}})
    True
    """
    outcomes = []
    for item in _SPLIT.split(unicodedata.normalize("NFKC", text)):
        if OWN_WORD in item:
            outcomes.append(True)
            continue
        match = _ITEM.fullmatch(item.strip())
        name, value = (match["name"].strip(), match["value"]) if match else ("", item)
        for number in _NUMBER.findall(value):
            candidates = figures.get(name, figures.get("", set()))
            sought = float(number.replace(",", ""))
            outcomes.append(any(abs(sought - c) <= DUST for c in candidates))
    return all(outcomes) if outcomes else None


def _figures(
    orgs: list[str], frame: Frame, evidence: Evidence, definitions: Definitions
) -> Figures:
    """Every number of the year: cells, the year's sums of flows, and computed indicators."""
    found: dict[str, dict[str, set[float]]] = {o: {"": set()} for o in orgs}
    for code in definitions.form_codes:
        form = definitions.newest(code)
        if ORG in form.position and code != frame.form.code:
            _add_form(found, form, frame.period, evidence)
    table = evidence.computed(frame.period)
    known = table[table["org_code"].isin(orgs)].dropna(subset=["value"])
    columns = (known[c] for c in ("indicator", "org_code", "value"))
    for code, org, value in zip(*columns, strict=True):
        if code in definitions.indicators:
            _add(found[org], (definitions.indicators[code].name,), [float(value)])
    return found


def _add_form(
    found: dict[str, dict[str, set[float]]], form: Form, period: Period, evidence: Evidence
) -> None:
    own = period.within(form.period)
    labels = [own.label]
    while own.previous().start >= period.start:
        own = own.previous()
        labels.append(own.label)
    rows = evidence.rows(form.code, labels, list(found))
    # the workbooks at hand may bring rows of other unions too
    rows = rows[rows[ORG].isin(list(found))]
    if rows.empty:
        return
    for column in form.columns:
        if not column.type.numeric:
            continue
        numbers = rows[[ORG, column.code]].dropna()
        for org, values in numbers.groupby(ORG)[column.code]:
            listed = values.to_numpy(dtype=float).tolist()
            if column.kind is ColumnKind.FLOW:
                listed.append(float(np.sum(listed)))
            _add(found[str(org)], (column.label, *column.aliases), listed)


def _add(figures: dict[str, set[float]], names: tuple[str, ...], values: list[float]) -> None:
    for name in ("", *names):
        figures.setdefault(name, set()).update(round(v, 6) for v in values)
