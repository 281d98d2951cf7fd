"""What units wrote for the year-end review (NARR-01), and projects that were selected (RES-02)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.flow.filed_rows import Rows, decimal, row_place
from pipelines.publish.extras import Mark, Project, UnitWords
from pipelines.publish.own_words import DEED, OWN, PLAN, PROBLEM
from warehouse.engine import sql
from warehouse.withheld import withheld_values

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
    if "NARR-01" not in definitions.form_codes:
        return ()
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
    computation: int,
    cutoff: datetime,
    names: Mapping[str, str],
) -> tuple[Project, ...]:
    """Projects selected in a year, the best first; what leads to no report is marked 单位自述."""
    if "RES-02" not in definitions.form_codes:
        return ()
    form = definitions.newest("RES-02")
    criteria = [c for c in form.columns if c.code in ("novelty", "mechanism", "spread")]
    rows = Rows(connection, definitions, year, cutoff, list(names)).of("RES-02")
    # a project that its union sent in again stands as it was told last
    stand = {(r["org_code"], r["project_id"] or row_place(r)): r for r in rows}
    chosen = {key: r for key, r in stand.items() if r["selected"]}
    untraced = {
        (r.unit, r.row_no)
        for r in connection.execute(
            text(sql("untraced")), {"year": year.label, "cutoff": cutoff, "explained": True}
        )
    }
    spans = (year.label, year.last_year().label)
    held = withheld_values(connection, computation, {key[0] for key in chosen}, spans)
    found = [
        Project(
            code=row["org_code"],
            unit=names.get(row["org_code"], row["org_code"]),
            key=key[1],
            title=row["title"] or "",
            marks=tuple(Mark(c.code, c.label, decimal(row.get(c.code))) for c in criteria),
            result=(row["result_text"] or "").strip(),
            numbers=_marked(
                row["key_numbers"] or "", doubted=(row["reporter"], row["row_no"]) in untraced
            ),
            held=held.get(row["org_code"], frozenset()),
        )
        for key, row in chosen.items()
    ]
    return tuple(sorted(found, key=lambda p: (-sum(m.value or 0 for m in p.marks), p.code, p.key)))


def _marked(numbers: str, *, doubted: bool) -> str:
    """Key figures as written; where one of them leads nowhere, all that bear no mark get it."""
    items = [i.strip() for i in _ITEMS.split(numbers) if i.strip()]
    if doubted:
        items = [i if OWN[1:-1] in i else f"{i}{OWN}" for i in items]
    return "；".join(items)
