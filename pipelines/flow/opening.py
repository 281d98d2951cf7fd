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
        for code in collectors:
            target = folder / f"{code}.xlsx"
            content = _template(connection, known, code, month, when, organisations)
            if content is not None:
                target.write_bytes(content)
                made += 1
    return made


def template_for(organisation: str, period: str, at: str) -> bytes:
    """The workbook of one organisation and month, for download."""
    month = Period.parse(period)
    with engine().connect() as connection:
        organisations = standing(connection, month.end)
        content = _template(
            connection, definitions(), organisation, month, moment(at), organisations
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
        form.code: _prefilled(connection, known, form, periods[form.code], units.get(form.code, ()))
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


def _prefilled(
    connection: Connection,
    known: Definitions,
    form: Form,
    period: Period,
    units: Sequence[str],
) -> list[dict[str, Any]]:
    """A row per unit with its code and last period's stocks; open rows of a ledger again."""
    before = current_rows(connection, known, form.code, [period.previous().label], units)
    carried = [
        c.code
        for c in form.columns
        if c.kind in (ColumnKind.KEY, ColumnKind.STOCK) and not c.personal
    ]
    if form.keys != ("org_code",):
        return []
    last: Mapping[str, Any] = {str(row["org"]): row for row in before.to_dict("records")}
    rows = []
    for code in units:
        row = {"org_code": code}
        if code in last:
            row |= {
                str(k): last[code][k]
                for k in carried
                if k in last[code] and not pd.isna(last[code][k])
            }
        rows.append(row)
    return rows
