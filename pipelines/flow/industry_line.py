"""A unit's figures with its industry line in the leading place, for reports told along it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from pipelines.consolidate import coverage_along
from pipelines.figures import BLOCK, INDUSTRY, Figure, Figures, Transfer
from warehouse.facts import GRASSROOTS
from warehouse.timeline import ENDING

OUTSIDE = "0"
INDUSTRIES = ("产业工会", "系统（局/集团）工会", "行业工会联合会")
"""Types of unions that an industry line leads to."""


@dataclass(frozen=True)
class Along:
    """Figures as a report tells them, and along which line each unit's filings are counted."""

    figures: Figures
    lines: Mapping[str, str]


def leads_industry(figures: Figures) -> bool:
    """Whether all that stands below a unit stands below it on the industry line."""
    return bool(figures.children.get(INDUSTRY)) and not figures.children.get(BLOCK)


def along_industry(connection: Connection, figures: Figures) -> Along:
    """The same figures where `get` without a line means the industry line.

    The whole of a unit that leads an industry is what its industry line adds up to; that of a
    federation or county stays what it is, and only its children are those of the line.
    """
    children = list(figures.children.get(INDUSTRY, ()))
    own = figures.unit.code
    whole = leads_industry(figures)
    values: dict[tuple[str, str, str, str], Figure] = {}
    for (line, unit, label, code), figure in figures.values.items():
        if (line == INDUSTRY) == (whole or unit != own):
            values[BLOCK, unit, label, code] = figure
            values[line, unit, label, code] = figure  # months are asked for by its own line
    # A grassroots union is kept once, on 块: with nobody below it it is the same on both lines.
    led = {unit for line, unit, _, _ in figures.values if line == INDUSTRY}
    alone = {u.code for u in children if u.level in GRASSROOTS} - led
    for (line, unit, label, code), figure in figures.values.items():
        if line == BLOCK and unit in alone:
            same = replace(figure, line=INDUSTRY)
            values[BLOCK, unit, label, code] = values[INDUSTRY, unit, label, code] = same
    withheld = figures.withheld
    if withheld is not None:
        withheld |= {(INDUSTRY, u, label, code) for _, u, label, code in withheld if u in alone}
    lines = {u.code: INDUSTRY for u in children}
    asked = [u.code for u in children]
    if whole:
        lines[own] = INDUSTRY
        asked.append(own)
    coverage = [r for r in figures.coverage if r.unit == own and not whole]
    if asked:
        coverage += coverage_along(connection, figures.period, figures.cutoff, asked, INDUSTRY)
    turned = replace(
        figures,
        children={BLOCK: children, INDUSTRY: ()},
        transfers=changed_along(figures) if whole else figures.transfers,
        values=values,
        coverage=coverage,
        withheld=withheld,
    )
    return Along(turned, lines)


def changed_along(figures: Figures) -> list[Transfer]:
    """Changes on the industry line: who moved from county to county stayed, who ended left it."""
    own = figures.unit.name
    told = (
        replace(t, line=INDUSTRY, from_name=own) if t.change in ENDING else t
        for t in figures.transfers
        if t.line == INDUSTRY or t.change in ENDING
    )
    return list(dict.fromkeys(told))  # who ended left both lines at once
