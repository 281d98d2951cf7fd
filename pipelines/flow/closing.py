"""Closing a month: figures at a cut-off, bulletin, consolidated workbooks, and the mark on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.periods import PeriodKind, closing_periods
from pipelines.consolidate import consolidate, coverage_of, figures_of, top_unit
from pipelines.figures import BLOCK, INDUSTRY, CoverageRow
from pipelines.flow.boards import board_of
from pipelines.flow.checking import check_at_close, tell_waiting
from pipelines.flow.drawing import side_by_side
from pipelines.flow.extras import extras_of
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.sheets import named, rows_of, sources_of
from pipelines.flow.storing import Kept, lay_out, publish, set_aside
from pipelines.flow.transfers import transfers_of
from pipelines.publish import Publication, bulletin, consolidated
from pipelines.publish.consolidated import Cut
from pipelines.publish.sources import Source
from warehouse import audit
from warehouse.gates import broken_gates
from warehouse.organisations import standing
from warehouse.windows import china_day, freeze, ripe, windows


class GateBroken(Exception):
    """The warehouse contradicts itself: nothing is published until somebody has looked."""


def close_period(period: str, at: str) -> dict[str, Any]:
    """Roll up a month (and the quarter or year it ends), publish its bulletin and workbooks.

    Before anything is published, what only a close can know is asked of everything accepted; what
    is found opens on the submissions concerned, which stay counted and are marked 待核实.

    Returns filings reported, expected and unverified, findings opened and cleared, and the files.
    Closing again at a later moment makes a new edition at the new cut-off; the earlier one stays.
    """
    known, when, month = definitions(), moment(at), Period.parse(period)
    register(known, when)
    with engine().begin() as connection:
        broken = broken_gates(connection)
        if broken:
            raise GateBroken("；".join(broken))
        closings = closing_periods(month, known.period_kinds)
        for closing in closings:
            consolidate(connection, known, closing, when, when)
        checked = check_at_close(connection, known, closings, when)
        connection.execute(
            text(
                "UPDATE period SET closed_at = coalesce(closed_at, :at) WHERE label = ANY(:labels)"
            ),
            {"at": when, "labels": [p.label for p in closings]},
        )
        # Each form closes by its own lock day: funds later than the rest of the month, letters of
        # targets and the two festivals long before their year is over.
        locked = [(f, p) for f, p in ripe(connection, when) if p in closings or p.end > month.end]
        laid: list[Kept] = []
        for publication, computation in chain(
            _products(connection, known, closings, locked, when),
            _reorganised(connection, known, closings, when),
        ):
            _, stands = publish(connection, publication, computation, when)
            laid += [set_aside(publication)] if stands else []
        freeze(connection, locked, when)
        coverage = _coverage(connection, month)
        audit.note(
            connection,
            at=when,
            actor="system",
            action="period.close",
            subject=month.label,
            detail=coverage,
        )
        tell_waiting(connection, checked.submissions, known, when)
    files = [path for kept in laid for path in lay_out(kept.publication())]
    return {
        **coverage,
        "findings_opened": checked.opened,
        "findings_cleared": checked.cleared,
        "files": files,
    }


def _coverage(connection: Connection, month: Period) -> dict[str, int]:
    """Expected filings of the month's own forms, how many are in, and how many 待核实."""
    row = connection.execute(
        text(
            "SELECT count(*) AS expected, count(*) FILTER (WHERE reported) AS reported, "
            "count(*) FILTER (WHERE unverified) AS unverified "
            "FROM expected_state WHERE period = :p"
        ),
        {"p": month.label},
    ).one()
    return {"reported": row.reported, "expected": row.expected, "unverified": row.unverified}


Product = tuple[Publication, int | None]
"""A publication and the computation behind its figures; workbooks of rows have none."""


def _reorganised(
    connection: Connection, known: Definitions, closings: Sequence[Period], when: datetime
) -> Iterator[Product]:
    """R-11 of the quarter and the year that close."""
    for closing in closings:
        if closing.kind not in (PeriodKind.QUARTER, PeriodKind.YEAR):
            continue
        computation = consolidate(connection, known, closing, when, when)
        top = top_unit(standing(connection, closing.end, when))
        figures = figures_of(connection, known, computation, top.code)
        yield transfers_of(connection, known, figures)[0], computation


def _products(
    connection: Connection,
    known: Definitions,
    closings: Sequence[Period],
    locked: Sequence[tuple[str, Period]],
    when: datetime,
) -> Iterator[Product]:
    """The bulletin of the month, and a workbook per line for each form whose lock has passed."""
    organisations = standing(connection, closings[0].end, when)
    top = top_unit(organisations)
    early = dict.fromkeys(p for _, p in locked if p not in closings)
    taking = {
        slot
        for slot, window in windows(connection, [p.label for p in closings]).items()
        if window.state(china_day(when)).takes
    }
    reported: dict[Period, Sequence[CoverageRow]] = {}
    for closing in (*closings, *early):
        # Workbooks say who reported, and no figure: only the bulletin and the board of a month do.
        if closing.kind is PeriodKind.MONTH:
            computation = consolidate(connection, known, closing, when, when)
            figures = figures_of(connection, known, computation, top.code)
            reported[closing] = figures.coverage
            extras = extras_of(connection, known, closing, computation, when)
            yield bulletin(figures, known, extras), computation
            works = board_of(connection, known, figures, computation)
            if works is not None:
                yield works, computation
        else:
            reported[closing] = coverage_of(connection, closing, when, top.code)
    sheets = (
        (
            Cut(form, closing, line, when, known.digest, top.code, top.name, closings[0].end),
            named(rows, organisations, line),
            sources,
            [c for c in reported[closing] if c.form == form.code],
        )
        for closing in (*closings, *early)
        for form in known.forms
        if form.covers(closing) and (form.code, closing.label) not in taking
        if closing not in early or (form.code, closing) in locked
        if len(rows := rows_of(connection, known, form, [closing.label], organisations, when))
        for sources in [sources_of(connection, known, rows, organisations)]
        for line in (BLOCK, INDUSTRY)
    )
    for publication in side_by_side(partial(_drawn, known), sheets):
        yield publication, None


_Sheets = tuple[Cut, pd.DataFrame, dict[int, Source], list[CoverageRow]]
"""What one consolidated workbook is drawn from."""


def _drawn(known: Definitions, sheets: _Sheets) -> Publication:
    cut, rows, sources, coverage = sheets
    return consolidated(cut, rows, known, sources, coverage)
