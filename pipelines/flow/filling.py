"""A form as the browser fills it in: its fields, the rows it begins with, what works itself out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import Column, ColumnType, Form
from pipelines.flow.ground import definitions, engine
from pipelines.flow.opening import first_rows
from pipelines.flow.showing import ShownSheet, sheets_of
from pipelines.templates.form_sheet import formulas_of, sheet_name, single_row
from pipelines.templates.inputs import guidance
from warehouse.life_cycle import StepRefused

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Field:
    """One column as it is asked for; `options` are its choices, `computed` works itself out."""

    code: str
    label: str
    unit: str
    hint: str
    required: bool
    computed: bool
    fixed: bool
    numeric: bool
    options: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Filling:
    """A form of a unit and period with the rows it begins with; `single` is one row a union."""

    form: Form
    period: Period
    fields: tuple[Field, ...]
    rows: tuple[Mapping[str, str], ...]
    single: bool
    origin: str


def filling_of(organisation: str, form: str, period: str) -> Filling:
    """What a unit fills in for a period, beginning with what it sent last or had before.

    StepRefused when the unit does not owe the form then.
    """
    known = definitions()
    try:
        wanted = Period.parse(period)
        chosen = known.form(form, wanted)
    except (KeyError, ValueError) as error:
        raise StepRefused("没有这一期的这张表") from error
    with engine().connect() as connection:
        units = _owing(connection, organisation, form, wanted.label)
        if not units:
            raise StepRefused("贵单位这一期不报这张表")
        last = _last_submission(connection, organisation, form, wanted.label)
        begun = first_rows(connection, known, chosen, wanted, units)
    rows: list[dict[str, str]] = []
    origin = ""
    if last is not None:
        rows = rows_on(sheets_of(last), chosen)
        origin = "sent" if rows else ""
    if not rows:
        rows = [{k: _typed(v) for k, v in row.items()} for row in begun]
        origin = "before" if any(len(row) > 1 for row in rows) else ""
    single = single_row(chosen)
    if single and not rows:
        rows = [{"org_code": organisation}]
    return Filling(
        chosen, wanted, fields_of(chosen, wanted, known, single), tuple(rows), single, origin
    )


def fields_of(form: Form, period: Period, known: Definitions, single: bool) -> tuple[Field, ...]:
    """The columns of a form as a page asks for them."""
    computed = formulas_of(form, period, known)
    return tuple(
        Field(
            code=c.code,
            label=c.label,
            unit=c.unit,
            hint=guidance(c, c.code in computed).replace("\n", "。"),
            required=c.required,
            computed=c.code in computed,
            fixed=single and c.code == "org_code",
            numeric=c.type.numeric,
            options=_options(c, known),
            example=c.example,
        )
        for c in form.columns
    )


def worked_out(
    form: Form, period: Period, rows: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """The rows with the columns that follow from the others filled in; what is wrong stays."""
    formulas = formulas_of(form, period, definitions())
    numeric = {c.code for c in form.columns if c.type.numeric}
    found = []
    for row in rows:
        values: dict[str, Any] = {k: _number(v) if k in numeric else v for k, v in row.items()}
        done = dict(row)
        for code, formula in formulas.items():
            result = formula.value(values)
            values[code] = result
            done[code] = "" if result is None else f"{result:f}" if isinstance(
                result, Decimal) else str(result)  # fmt: skip
        found.append(done)
    return found


def given_rows(
    form: Form, rows: Sequence[Mapping[str, str]], own_code: str
) -> list[dict[str, str]]:
    """Rows in which something was typed; one that holds only the unit's code is empty."""
    codes = {c.code for c in form.columns}
    kept = []
    for row in rows[:MOST_ROWS]:
        clean = {k: str(v).strip()[:1000] for k, v in row.items() if k in codes and str(v).strip()}
        if set(clean) - {"org_code"}:
            kept.append(clean)
    return kept


def rows_on(sheets: Sequence[ShownSheet], form: Form) -> list[dict[str, str]]:
    """The rows of a form as they stand on its sheet, by its headings; none where it has none."""
    labels = {_plain(name): c.code for c in form.columns for name in (c.label, *c.aliases)}
    names = {_plain(n) for n in (sheet_name(form), form.title, *form.sheet_names)}
    for sheet in sorted(sheets, key=lambda s: _plain(s.name) not in names):
        for n, row in enumerate(sheet.rows[:20]):
            codes = [labels.get(_plain(cell)) for cell in row]
            if sum(c is not None for c in codes) < min(3, len(form.columns)):
                continue
            found = [
                {c: cell for c, cell in zip(codes, line, strict=False) if c and cell}
                for line in sheet.rows[n + 1 :]
            ]
            return [r for r in found if r and not _is_guidance(r)][:MOST_ROWS]
    return []


def _is_guidance(row: Mapping[str, str]) -> bool:
    return any("说明：" in v or v.startswith(("必填", "选填")) for v in row.values())


def _options(column: Column, known: Definitions) -> tuple[str, ...]:
    if column.type is ColumnType.BOOL:
        return ("是", "否")
    if column.list and column.type is ColumnType.ENUM:
        return tuple(known.code_lists[column.list].values)
    return ()


def _owing(connection: Connection, organisation: str, form: str, period: str) -> list[str]:
    rows = connection.execute(
        text(
            "SELECT u.code FROM expected_filing e JOIN organisation u ON u.id = e.org_id "
            "LEFT JOIN organisation c ON c.id = e.collector_id "
            "WHERE e.form = :form AND e.period = :period AND (u.code = :org OR c.code = :org) "
            "ORDER BY u.code <> :org, u.code"
        ),
        {"form": form, "period": period, "org": organisation},
    )
    return list(rows.scalars())


def _last_submission(
    connection: Connection, organisation: str, form: str, period: str
) -> int | None:
    number = connection.execute(
        text(
            "SELECT s.id FROM submission s JOIN organisation o ON o.id = s.reporter_id "
            "LEFT JOIN form_window w ON w.form = :form AND w.period = :period "
            "WHERE o.code = :org AND :form = ANY(s.forms) "
            "AND s.period IN (:period, w.opened_with) AND s.life <> 'discarded' "
            "ORDER BY s.received_at DESC, s.id DESC LIMIT 1"
        ),
        {"form": form, "period": period, "org": organisation},
    ).scalar()
    return None if number is None else int(number)


def _typed(value: Any) -> str:
    match value:
        case bool():
            return "是" if value else "否"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float():
            return f"{value:.0f}" if value.is_integer() else f"{value:.10g}"
        case _:
            return str(value)


def _number(text_: str) -> Any:
    try:
        return Decimal(unicodedata.normalize("NFKC", text_).replace(",", "").strip())
    except InvalidOperation:
        return None


def _plain(label: str) -> str:
    return "".join(unicodedata.normalize("NFKC", label).split())
