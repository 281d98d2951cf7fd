"""What units wrote for the year-end review (NARR-01), and projects that were selected (RES-02)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.flow.filed_rows import Rows, decimal, row_place
from pipelines.publish.extras import Project, UnitWords
from pipelines.publish.own_words import DEED, OWN, PLAN, PROBLEM
from warehouse.engine import sql

_KINDS = {"highlight": DEED, "problem": PROBLEM, "plan": PLAN}
_INDICATOR = re.compile(r"I-[A-Z]+-\d+")
_ITEMS = re.compile(r"[；;\n]+")


def words_of(
    connection: Connection,
    definitions: Definitions,
    year: Period,
    cutoff: datetime,
    units: Mapping[str, str],
) -> tuple[UnitWords, ...]:
    """What some units (code → name) wrote of a year, as it stood at a cut-off."""
    rows = Rows(connection, definitions, year, cutoff, list(units)).of("NARR-01")
    return tuple(
        UnitWords(
            code=row["org_code"],
            unit=units[row["org_code"]],
            section=row["section"],
            kind=kind,
            text=row[column].strip(),
            cites=tuple(dict.fromkeys(_INDICATOR.findall(row["numbers_used"] or ""))),
        )
        for row in rows
        for column, kind in _KINDS.items()
        if (row[column] or "").strip() and row["org_code"] in units and row["section"]
    )


def projects_of(
    connection: Connection,
    definitions: Definitions,
    year: Period,
    cutoff: datetime,
    names: Mapping[str, str],
) -> tuple[Project, ...]:
    """Projects selected in a year, the best first; what leads to no report is marked 单位自述."""
    form = definitions.newest("RES-02")
    criteria = [c for c in form.columns if c.code in ("novelty", "mechanism", "spread")]
    rows = Rows(connection, definitions, year, cutoff, list(names)).of("RES-02")
    # a project sent in again replaces the earlier row
    chosen = {r["project_id"] or row_place(r): r for r in rows if r["selected"]}
    untraced = {
        (r.unit, r.row_no)
        for r in connection.execute(
            text(sql("untraced")), {"year": year.label, "cutoff": cutoff, "explained": True}
        )
    }
    found = [
        Project(
            code=row["org_code"],
            unit=names.get(row["org_code"], row["org_code"]),
            key=key,
            title=row["title"] or "",
            marks=tuple((c.label, decimal(row[c.code])) for c in criteria),
            result=(row["result_text"] or "").strip(),
            numbers=_marked(
                row["key_numbers"] or "", doubted=(row["reporter"], row["row_no"]) in untraced
            ),
        )
        for key, row in chosen.items()
    ]
    return tuple(sorted(found, key=lambda p: (-sum(v or 0 for _, v in p.marks), p.key)))


def _marked(numbers: str, *, doubted: bool) -> str:
    """Key figures as written; where one of them leads nowhere, all that bear no mark get it."""
    items = [i.strip() for i in _ITEMS.split(numbers) if i.strip()]
    if doubted:
        items = [i if OWN[1:-1] in i else f"{i}{OWN}" for i in items]
    return "；".join(items)
