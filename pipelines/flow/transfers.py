"""R-11 from the warehouse: what changed, where every union stood before and after, both sums."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.consolidate import consolidate, figures_of, top_unit
from pipelines.figures import Figures
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.reorganising import kinds_to_confirm
from pipelines.flow.storing import lay_out, publish
from pipelines.publish.publication import Publication
from pipelines.publish.standings import ChangeRow, Reorganised, Standing
from pipelines.publish.transfers import transfers_report
from warehouse.current import current_rows
from warehouse.cutoff import prepare_cutoff
from warehouse.engine import sql
from warehouse.facts import GRASSROOTS
from warehouse.organisations import standing
from warehouse.reorganisations import in_force_on, timelines, waiting
from warehouse.rollup import attribution
from warehouse.tables import LINES
from warehouse.timeline import Timeline

LINE_NAMES = {number: name for name, number in LINES.items()}


def publish_transfers(period: str, at: str, unit: str | None = None) -> dict[str, Any]:
    """Publish R-11 of a period for a unit (the federation when none is named).

    Returns the number of changes and the files.
    """
    known, when, span = definitions(), moment(at), Period.parse(period)
    register(known, when)
    with engine().begin() as connection:
        code = unit or top_unit(standing(connection, span.end, when)).code
        computation = consolidate(connection, known, span, when, when)
        figures = figures_of(connection, known, computation, code)
        publication, changes = transfers_of(connection, known, figures)
        _, stands = publish(connection, publication, computation, when)
    return {"changes": changes, "files": lay_out(publication) if stands else []}


def transfers_of(
    connection: Connection, known: Definitions, figures: Figures
) -> tuple[Publication, int]:
    """R-11 of the unit and period of some figures, and how many changes it lists."""
    told = reorganised(connection, known, figures)
    return transfers_report(figures, told, known), len(told.changes)


def reorganised(connection: Connection, known: Definitions, figures: Figures) -> Reorganised:
    """Changes and standings of the unions of a unit in a period, as known at the cut-off."""
    period, cutoff = figures.period, figures.cutoff
    prepare_cutoff(connection, cutoff)
    standings = standings_of(connection, known, figures.unit.code, period, cutoff)
    inside = {s.unit for s in standings if s.inside_before or s.inside_after}
    everyone = timelines(connection)
    day = period.end
    top = _is_top(figures)
    below = {o.code for o in standing(connection, day, cutoff)} if top else inside
    waits = [k.change for k in waiting(connection, cutoff) if k.change.effective <= day]
    near = inside | {figures.unit.code}
    changes = [
        _row(k, everyone)
        for k in in_force_on(connection, period.start, day, cutoff)
        if k.change.subject in below or k.change.org in below
    ]
    return Reorganised(
        changes=changes,
        standings=standings,
        attribution=attribution(known, day),
        confirmed_kinds=kinds_to_confirm(known, day),
        waiting=sum(
            top or not near.isdisjoint({c.org, c.subject, c.from_parent, c.to_parent})
            for c in waits
        ),
    )


def _is_top(figures: Figures) -> bool:
    """Whether the figures are of the federation, to which every union belongs."""
    return any(u.code == "0" for units in figures.children.values() for u in units)


def standings_of(
    connection: Connection, known: Definitions, code: str, period: Period, cutoff: datetime
) -> list[Standing]:
    """Every union on both lines with its parents on the eve and the last day of a period.

    Over the temporary tables of `prepare_cutoff`.
    """
    last = _last_heads(connection, known, period, cutoff)
    unit = connection.execute(
        text("SELECT id FROM organisation WHERE code = :code"), {"code": code}
    ).scalar_one()
    rows = connection.execute(
        text(sql("standing_between")),
        {
            "eve": period.start - timedelta(days=1),
            "ends": period.end,
            "cutoff": cutoff,
            "unit": unit,
            "reporters": sorted(last),
        },
    )
    # A union that has ended left its members to others: they are counted there.
    none = (None, None)
    return [
        Standing(
            r.code, LINE_NAMES[r.line], r.before, r.after, r.inside_before, r.inside_after,
            *(last.get(r.code, none) if r.after is not None else none),
        )
        for r in rows
    ]  # fmt: skip


def _last_heads(
    connection: Connection, known: Definitions, period: Period, cutoff: datetime
) -> dict[str, tuple[int | None, int | None]]:
    """Union → (members, workers) of its last ORG-02 of the period.

    As in every total, a row counts when its union was grassroots at the end of the row's month.
    """
    labels = [m.label for m in period.months()]
    rows = current_rows(connection, known, "ORG-02", labels, cutoff=cutoff)
    if rows.empty:
        return {}
    everyone = timelines(connection, {str(code) for code in rows["org"]})
    summed = {
        (code, month.label)
        for month in period.months()
        for code, timeline in everyone.items()
        if (state := timeline.state_on(month.end)) is not None and state.level in GRASSROOTS
    }
    own = [place in summed for place in zip(rows["org"], rows["period"], strict=True)]
    rows = rows[own].dropna(subset=["members_total"])
    newest = rows.sort_values(["period", "row_no"], kind="stable").drop_duplicates(
        "org", keep="last"
    )
    return {
        str(r["org"]): (_whole(r["members_total"]), _whole(r["workers_total"]))
        for r in newest.to_dict("records")
    }


def _whole(value: Any) -> int | None:
    return None if value is None or value != value or str(value) == "<NA>" else int(value)


def _row(kept: Any, everyone: dict[str, Timeline]) -> ChangeRow:
    change = kept.change
    eve = change.effective - timedelta(days=1)

    def name(code: str | None, day: date) -> str:
        if code is None:
            return ""
        timeline = everyone.get(code, Timeline())
        return timeline.name_on(day) or timeline.name_on(change.effective) or code

    return ChangeRow(
        unit=change.org,
        name=name(change.org, eve),
        change=change.change,
        line=change.line,
        from_name=name(change.from_parent, eve),
        to_name=name(change.to_parent, change.effective),
        successor=name(change.successor, change.effective),
        effective=change.effective,
        approval=change.approval,
        members=change.members,
        workers=change.workers,
        filed_by=name(kept.filed_by or None, change.effective),
        confirmed_by=kept.confirmed_by,
        new_name=name(change.org, change.effective),
    )
