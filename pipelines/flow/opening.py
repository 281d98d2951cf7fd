"""Opening a period: the roster is frozen and every organisation that hands in gets its workbook."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import ColumnKind, Form
from definitions.organisations import load_organisations
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.places import places
from pipelines.templates import TemplateOrganisation, template_bytes
from warehouse import audit
from warehouse.current import current_rows
from warehouse.engine import ensure_partitions
from warehouse.organisations import Registered, open_periods, standing
from warehouse.organisations import register as register_all
from warehouse.windows import opened_with


def register_organisations(path: str, at: str) -> dict[str, int]:
    """Enter the organisations of a registry file; those known already stay as they are."""
    known, when = definitions(), moment(at)
    organisations = load_organisations(Path(path), known)
    with engine().begin() as connection:
        added = register_all(connection, organisations, when)
        if added:
            audit.note(
                connection,
                at=when,
                actor="system",
                action="organisations.register",
                subject=Path(path).name,
                detail={"added": added},
            )
    return {"organisations": len(organisations), "added": added}


def open_period(period: str, at: str) -> dict[str, Any]:
    """Open a month and the longer periods it closes; make the workbooks of those who hand in.

    Returns the filings expected by period label, and the number of workbooks made.
    """
    known, when, month = definitions(), moment(at), Period.parse(period)
    register(known, when)
    with engine().begin() as connection:
        ensure_partitions(connection, month.year)
        expected = open_periods(connection, known, month, when)
        audit.note(
            connection,
            at=when,
            actor="system",
            action="period.open",
            subject=month.label,
            detail={"expected": expected},
        )
    made = _make_templates(known, month, when)
    return {"expected": expected, "templates": made}


def _make_templates(known: Definitions, month: Period, when: datetime) -> int:
    """One workbook for each collecting organisation, with a row for each of its units."""
    folder = places().templates / month.label
    folder.mkdir(parents=True, exist_ok=True)
    with engine().connect() as connection:
        windows = opened_with(connection, month)
        collectors = connection.execute(
            text(
                """
                SELECT DISTINCT o.code FROM expected_filing e
                JOIN unnest(:forms ::text[], :periods ::text[]) AS w (form, period)
                    ON w.form = e.form AND w.period = e.period
                JOIN organisation o ON o.id = e.collector_id
                ORDER BY 1
                """
            ),
            {"forms": [f for f, _ in windows], "periods": [p.label for _, p in windows]},
        ).scalars()
        made = 0
        organisations = standing(connection, month.end)
        before = _Before(connection, known, everyone=True)
        for code in collectors:
            target = folder / f"{code}.xlsx"
            content = _template(connection, known, code, month, when, organisations, before)
            if content is not None:
                target.write_bytes(content)
                made += 1
    return made


def template_for(organisation: str, period: str, at: str) -> bytes:
    """The workbook of one organisation and month, for download."""
    month = Period.parse(period)
    with engine().connect() as connection:
        organisations = standing(connection, month.end)
        known = definitions()
        before = _Before(connection, known, everyone=False)
        content = _template(
            connection, known, organisation, month, moment(at), organisations, before
        )
    if content is None:
        raise LookupError(f"{organisation} 在 {period} 没有应填的报表，请先开启该期")
    return content


def _template(
    connection: Connection,
    known: Definitions,
    code: str,
    month: Period,
    when: datetime,
    organisations: Sequence[Registered],
    before: _Before,
) -> bytes | None:
    by_id = {o.id: o for o in organisations}
    own = next((o for o in organisations if o.code == code), None)
    if own is None:
        raise LookupError(f"工会组织编码 {code} 未登记")
    periods = dict(opened_with(connection, month))
    owed = connection.execute(
        text(
            """
            SELECT e.form, e.period, e.org_id FROM expected_filing e
            WHERE e.period = ANY(:labels) AND (e.collector_id = :id OR e.org_id = :id)
            ORDER BY e.form, e.org_id
            """
        ),
        {"labels": sorted({p.label for p in periods.values()}), "id": own.id},
    ).all()
    units: dict[str, list[str]] = defaultdict(list)
    for row in owed:
        if row.org_id in by_id and row.form in periods and periods[row.form].label == row.period:
            units[row.form].append(by_id[row.org_id].code)
    forms = [
        form
        for form in (known.form(c, periods[c]) for c in known.form_codes if c in periods)
        if form.code in units or not form.reporters.expected
    ]
    if not any(form.code in units for form in forms):
        return None
    prefill = {
        form.code: _prefilled(form, periods[form.code], units.get(form.code, ()), before)
        for form in forms
    }
    deadlines = {
        form.code: known.calendar.deadlines(form.due, periods[form.code]) for form in forms
    }
    return template_bytes(
        known,
        forms,
        TemplateOrganisation(own.code, own.name),
        month,
        deadlines,
        prefill,
        when.date(),
    )


class _Before:
    """What units had last time: read once a form for an opening, else of the units asked for."""

    def __init__(self, connection: Connection, known: Definitions, *, everyone: bool) -> None:
        self._connection = connection
        self._known = known
        self._everyone = everyone
        self._read: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}

    def carried(
        self, form: Form, period: Period, units: Sequence[str]
    ) -> Mapping[str, dict[str, Any]]:
        """Unit → keys and stocks that it reported in a period, of a form with a row per unit."""
        slot = (form.code, period.label)
        if slot in self._read:
            return self._read[slot]
        orgs = None if self._everyone else units
        rows = current_rows(self._connection, self._known, form.code, [period.label], orgs)
        carried = [
            c.code
            for c in form.columns
            if c.kind in (ColumnKind.KEY, ColumnKind.STOCK) and not c.personal and c.code in rows
        ]
        found = {
            str(row["org"]): {str(k): row[k] for k in carried if not pd.isna(row[k])}
            for row in rows[["org", *carried]].to_dict("records")
        }
        if self._everyone:
            self._read[slot] = found
        return found


def first_rows(
    connection: Connection, known: Definitions, form: Form, period: Period, units: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows that a form begins with: what is known of each unit from the period before."""
    return _prefilled(form, period, units, _Before(connection, known, everyone=False))


def _prefilled(
    form: Form, period: Period, units: Sequence[str], before: _Before
) -> list[dict[str, Any]]:
    """A row per unit with its code and last period's stocks; a register begins empty."""
    if form.keys != ("org_code",):
        return []
    last = before.carried(form, period.previous(), units)
    return [{"org_code": code} | last.get(code, {}) for code in units]
