"""R-13 of a unit and quarter: figures of single unions, of earlier quarters, and odd ones out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.closing_checks.registry import IMPLEMENTATIONS
from pipelines.consolidate import top_unit
from pipelines.figures import BLOCK, Figure, Figures, Unit
from pipelines.flow.explained_figures import explained_figures
from pipelines.personal_numbers import blotted
from pipelines.publish import Publication, analysis
from pipelines.publish.analysis_data import Analysis, Explained, Peer
from pipelines.small_cells import sensitive
from warehouse.computed import Computed, Target
from warehouse.cutoff import prepare_cutoff
from warehouse.engine import sql
from warehouse.facts import GRASSROOTS
from warehouse.named_rows import name_rows, name_units
from warehouse.organisations import Registered, standing
from warehouse.rollup import figures_for

PEERS = "V-O-015"


def analysis_of(connection: Connection, known: Definitions, figures: Figures) -> Publication:
    """R-13 of the unit and quarter of some figures; LookupError in Chinese for another period."""
    period, cutoff = figures.period, figures.cutoff
    if period.kind is not PeriodKind.QUARTER:
        raise LookupError(f"分析简报按季编写，{period.chinese}不是一个季度")
    organisations = standing(connection, period.end, cutoff)
    chosen = analysis.chosen(known, period)
    quarters = _quarters(period, chosen.quarters_at_most)
    wanted = [Target(q, every_unit=q == period) for q in quarters]
    codes = {*chosen.spread, *chosen.trend, *chosen.lines}
    rows = figures_for(connection, _only(known, codes), wanted, cutoff)
    below = _below(organisations, figures.unit.code)
    whole = figures.unit.code == top_unit(organisations).code
    month = period.months()[-1]
    return analysis.analysis_report(
        figures,
        Analysis(
            chosen=chosen,
            singles=_singles(rows, organisations, below, period),
            quarters=tuple(q.label for q in quarters),
            trend=_trend(known, rows, organisations, figures, whole=whole),
            groups=_groups(organisations, figures, below),
            names={o.code: o.name for o in below.values()},
            peers=tuple(_peers(connection, known, month, cutoff, below)),
            compared=_asked(known, month) is not None,
            explained=tuple(_explained(connection, known, figures, chosen.spread, below)),
        ),
        known,
    )


def _only(known: Definitions, codes: Iterable[str]) -> Definitions:
    kept = {c: i for c, i in known.indicators.items() if c in set(codes)}
    return replace(known, indicators=kept)


def _quarters(period: Period, count: int) -> list[Period]:
    """The quarter and those before it, the oldest first."""
    found = [period]
    while len(found) < count:
        found.append(found[-1].previous())
    return found[::-1]


def _below(organisations: Sequence[Registered], unit: str) -> dict[str, Registered]:
    """Grassroots unions below a unit along 块 by code."""
    by_id = {o.id: o for o in organisations}
    found = {}
    for org in organisations:
        above = by_id.get(org.block or 0)
        while above is not None:
            if above.code == unit:
                if org.level in GRASSROOTS:
                    found[org.code] = org
                break
            above = by_id.get(above.block or 0)
    return found


def _groups(
    organisations: Sequence[Registered], figures: Figures, below: Mapping[str, Registered]
) -> dict[str, str]:
    """Grassroots union → the unit next below the report's under which it stands."""
    by_id = {o.id: o for o in organisations}
    children = {u.code for u in figures.children.get(BLOCK, ())}
    found = {}
    for code, org in below.items():
        at: Registered | None = org
        while at is not None and at.code not in children:
            at = by_id.get(at.block or 0)
        if at is not None:
            found[code] = at.code
    return found


def _singles(
    rows: Iterable[Computed],
    organisations: Sequence[Registered],
    below: Mapping[str, Registered],
    period: Period,
) -> dict[str, dict[str, Figure]]:
    """Indicator → grassroots union → its figure of the quarter, where it has a value."""
    codes = {o.id: o.code for o in organisations}
    found: dict[str, dict[str, Figure]] = {}
    for r in rows:
        code = codes.get(r.org_id, "")
        if r.line == 1 and r.period == period.label and code in below and r.value is not None:
            found.setdefault(r.indicator, {})[code] = Figure(
                r.indicator, code, r.period, BLOCK, r.value, r.numerator, r.denominator
            )
    return found


def _trend(
    known: Definitions,
    rows: Iterable[Computed],
    organisations: Sequence[Registered],
    figures: Figures,
    *,
    whole: bool,
) -> dict[tuple[str, str], Figure]:
    """(indicator, quarter) → the unit's figure; of few people only for the whole federation.

    What earlier quarters of a part withheld was decided then; nobody decides it again here.
    """
    (unit,) = [o.id for o in organisations if o.code == figures.unit.code]
    few = set(sensitive(known, figures.period.end).codes)
    return {
        (r.indicator, r.period): Figure(
            r.indicator, figures.unit.code, r.period, BLOCK, r.value, r.numerator, r.denominator,
            r.reported, r.expected,
        )
        for r in rows
        if r.line == 1 and r.org_id == unit and (whole or r.indicator not in few)
    }  # fmt: skip


# --- single unions, again for a walk ---


def singles_of(
    connection: Connection,
    known: Definitions,
    unit: str,
    indicator: str,
    period: Period,
    cutoff: datetime,
) -> dict[str, Figure]:
    """Grassroots unions below a unit → their figure of a quarter, as R-13 spreads them."""
    organisations = standing(connection, period.end, cutoff)
    wanted = [Target(period, every_unit=True)]
    rows = figures_for(connection, _only(known, [indicator]), wanted, cutoff)
    found = _singles(rows, organisations, _below(organisations, unit), period)
    return found.get(indicator, {})


# --- far from unions of their kind ---


def _asked(known: Definitions, month: Period) -> dict[str, Any] | None:
    """The thresholds of the comparison in a month; None where it was not in force."""
    rule = known.rules.get(PEERS)
    if rule is None or (rule.since is not None and month.end < rule.since):
        return None
    try:
        return {name: known.parameters[name].at(month.end) for name in rule.parameters}
    except LookupError:
        return None


def _peers(
    connection: Connection,
    known: Definitions,
    month: Period,
    cutoff: datetime,
    below: Mapping[str, Registered],
) -> list[Peer]:
    """What the comparison with unions of a kind (V-O-015) finds in the quarter's last month."""
    given = _asked(known, month)
    if given is None:
        return []
    prepare_cutoff(connection, cutoff)
    name_units(connection, month.end, cutoff)
    by_id = {o.id: o for o in below.values()}
    words = _words(connection, month, cutoff)
    found = []
    for one in IMPLEMENTATIONS:
        if one.rule != PEERS or not isinstance(one.find, str):
            continue
        for form in one.reads:
            name_rows(connection, known, form, [month.label])
        question = text(sql(one.find))
        wanted = {n: given[n] for n in question.compile().params}
        hits = list(connection.execute(question, wanted).mappings())
        placed = _placed(connection, hits)
        form = next(iter(one.reads))
        for hit in hits:
            org = by_id.get(placed.get((hit["at_filing"], hit["at_row"]), 0))
            if org is not None:
                said = words.get((org.id, form), "")
                found.append(_peer(org, month.label, dict(hit), said))
    return sorted(found, key=lambda p: (-p.deviations, p.unit.code, p.measure))


def _peer(org: Registered, month: str, hit: Mapping[str, Any], said: str) -> Peer:
    return Peer(
        unit=Unit(org.code, org.name, org.level, org.type),
        month=month,
        measure=hit["measure"],
        own=Decimal(hit["own"]),
        median=Decimal(hit["median"]),
        count=int(hit["n"]),
        deviations=Decimal(hit["deviations"]),
        kind=f"{hit['kind']}，职工{hit['band']}",
        words=said,
    )


def _placed(connection: Connection, hits: Sequence[Any]) -> dict[tuple[int, int], int]:
    """(filing, row) → the organisation that it is about."""
    rows = connection.execute(
        text(sql("located_rows")),
        {"filings": [h["at_filing"] for h in hits], "rows": [h["at_row"] for h in hits]},
    )
    return {(r.filing_id, r.row_no): r.org_id for r in rows}


def _words(connection: Connection, month: Period, cutoff: datetime) -> dict[tuple[int, str], str]:
    """(organisation, form) → what it said of being far from its kind, as known at the cut-off."""
    rows = connection.execute(
        text(sql("analysis_words")),
        {"starts": month.start, "ends": month.end, "cutoff": cutoff, "rule": PEERS,
         "forms": None},
    )  # fmt: skip
    return {(r.org_id, r.form): blotted(r.explanation) for r in rows}


def _explained(
    connection: Connection,
    known: Definitions,
    figures: Figures,
    codes: Sequence[str],
    below: Mapping[str, Registered],
) -> list[Explained]:
    """Figures behind what is spread that were let pass with an explanation in the quarter."""
    by_id = {o.id: o for o in below.values()}
    found = []
    for r in explained_figures(connection, known, figures.period, figures.cutoff, codes):
        org = by_id.get(r.org_id)
        if org is not None and r.rule != PEERS:
            unit = Unit(org.code, org.name, org.level, org.type)
            title = known.rules[r.rule].title
            found.append(Explained(unit, r.period, r.form, title, r.message, r.words))
    return found
