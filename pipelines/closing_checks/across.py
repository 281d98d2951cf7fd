"""Rules over many organisations, asked of everything that stands when a period closes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import Column, Form, Rule
from expectations.findings import Finding, finding_of
from expectations.run import HIDDEN, hidden
from pipelines.closing_checks.asking import Asked, Hit
from pipelines.closing_checks.registry import IMPLEMENTATIONS, Implementation, Span
from pipelines.explanations import Fingerprints
from warehouse.engine import sql
from warehouse.named_rows import name_rows

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Located:
    """A finding on an accepted submission, and whom (id) its row is about."""

    finding: Finding
    submission: int
    org: int
    period: str
    fingerprint: str


def across(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    prints: Fingerprints,
    taking: Collection[tuple[str, str]] = (),
) -> Iterator[Located]:
    """Findings of every rule over many organisations that is asked when periods of the kind close.

    The caller has prepared the cut-off (`rollup.prepare_cutoff`) and the registry on the period's
    last day (`named_rows.name_units`). A rule whose parameters nobody has decided for the period,
    or of whose forms one is not yet defined, is not asked; nor is one while (form, period) it reads
    is still `taking` filings, because half of a sum compares with nothing.
    """
    known = {f.code for f in definitions.forms}
    for implementation in IMPLEMENTATIONS:
        if implementation.kind is not period.kind or not implementation.reads.keys() <= known:
            continue
        rule = definitions.rule(implementation.rule)
        parameters = _parameters(rule, definitions, period.end)
        if parameters is None or (rule.since is not None and period.end < rule.since):
            continue
        spans = {
            form: _labels(definitions, form, period, span)
            for form, span in implementation.reads.items()
        }
        if any((form, label) in taking for form, labels in spans.items() for label in labels):
            continue
        for form, labels in spans.items():
            name_rows(connection, definitions, form, labels)
        hits = _hits(connection, implementation, definitions, Asked(period, parameters))
        for start in range(0, len(hits), BATCH):
            yield from _located(connection, definitions, rule, hits[start : start + BATCH], prints)


def _parameters(rule: Rule, definitions: Definitions, day: date) -> dict[str, Any] | None:
    try:
        return {name: definitions.parameters[name].at(day) for name in rule.parameters}
    except LookupError:
        return None


def _labels(definitions: Definitions, code: str, period: Period, span: Span) -> list[str]:
    """Labels of a form's periods in a span, the newest first."""
    newest = definitions.newest(code)
    last = period.within(newest.period)
    if span == "last":
        return [last.label]
    first = {
        "period": period.start,
        "year": date(period.year, 1, 1),
        "standing": min(f.valid_from for f in definitions.forms if f.code == code),
    }[span]
    return [p.label for p in last.back_to(first)]


def _hits(
    connection: Connection,
    implementation: Implementation,
    definitions: Definitions,
    asked: Asked,
) -> list[Hit]:
    if not isinstance(implementation.find, str):
        return list(implementation.find(connection, asked))
    form = definitions.newest(next(iter(implementation.reads)))
    question = text(sql(implementation.find))
    given = {
        "label": asked.period.within(form.period).label,
        "starts": asked.period.start,
        "ends": asked.period.end,
        **{
            name: json.dumps(value, ensure_ascii=False, default=str)
            if isinstance(value, dict)
            else value
            for name, value in asked.parameters.items()
        },
    }
    wanted = {name: given[name] for name in question.compile().params}
    return [
        Hit(
            filing=row["at_filing"],
            row=row["at_row"],
            marks=tuple(row["marks"]),
            values={k: v for k, v in row.items() if k not in ("at_filing", "at_row", "marks")},
        )
        for row in connection.execute(question, wanted).mappings()
    ]


def _located(
    connection: Connection,
    definitions: Definitions,
    rule: Rule,
    hits: Sequence[Hit],
    prints: Fingerprints,
) -> Iterator[Located]:
    """Hits with their sheet and cell, and the sentence filled in."""
    rows = {
        (row.filing_id, row.row_no): row
        for row in connection.execute(
            text(sql("located_rows")),
            {"filings": [h.filing for h in hits], "rows": [h.row for h in hits]},
        )
    }
    editions = {(f.code, f.edition): f for f in definitions.forms}
    for hit in hits:
        row = rows[hit.filing, hit.row]
        form = editions[row.form, row.edition]
        marked = [form.column(code) for code in hit.marks if code in form.position]
        held = [(column, _held(form, column, row)) for column in marked]
        first, value = held[0]
        said = _sayable(form, hit.values)
        shown = "" if hidden(first) else _shown(value)
        finding = finding_of(
            rule,
            {
                "value": HIDDEN if hidden(first) else shown,
                "label": first.label,
                **said,
            },
            form=form.code,
            sheet=row.sheet,
            row=hit.row,
            columns=tuple(c for col in marked if (c := row.sheet_columns[form.position[col.code]])),
            field=first.code,
            value=shown,
        )
        if "also" in said:  # what only a close can know, behind a sentence also used on arrival
            finding = replace(finding, message=f"{finding.message}；另见：{said['also']}")
        yield Located(
            finding=finding,
            submission=row.submission_id,
            org=row.org_id,
            period=row.period,
            fingerprint=prints.of(
                finding,
                org=row.org,
                row_key=row.key,
                marked=held,
                period=Period.parse(row.period),
            ),
        )


def _held(form: Form, column: Column, row: Any) -> object:
    """What a row holds in a column, as stored."""
    values = row.numbers if column.type.numeric else row.texts
    position = form.position[column.code]
    return values[position] if position < len(values) else None


def _sayable(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a person writes them; `pairs` of (column, own, other) become one phrase."""
    said = {name: _shown(value) for name, value in values.items() if name != "pairs"}
    if "pairs" in values:
        said["pairs"] = "、".join(
            f"{form.column(code).label} {_shown(own)}（{_shown(other)}）"
            for code, own, other in values["pairs"]
        )
    return said


def _shown(value: object) -> str:
    """A number without trailing zeros and with two decimals at most; anything else as text."""
    if value is None:
        return "空"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        rounded = round(Decimal(str(value)), 2)
        return f"{rounded:f}".rstrip("0").rstrip(".") if rounded % 1 else f"{rounded:.0f}"
    return value.isoformat() if isinstance(value, date) else str(value)
