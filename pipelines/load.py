"""From a read and judged workbook to what the warehouse keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from definitions import Definitions, Period
from expectations.findings import Finding
from pipelines.reorganising import after_of
from pipelines.row_keys import joined, stored
from pipelines.workbook import FormSheet, ReadWorkbook
from warehouse.employers import Cover
from warehouse.personal import conceal
from warehouse.receipts import Receipt
from warehouse.submissions import NewFiling, NewFinding, NewRow, NewSubmission
from warehouse.timeline import After, Change

PERSONS = ("filled_by", "reviewed_by", "signed_by", "phone")
"""Cover entries that name or reach a person."""


def submission_of(
    workbook: ReadWorkbook,
    receipt: Receipt,
    *,
    member: str,
    sha256: str,
    findings: Sequence[Finding],
    explanations: Mapping[int, str],
    fingerprints: Mapping[int, str],
    carried: Mapping[int, int],
    state: str,
    definitions: Definitions,
    org_ids: Mapping[str, int],
    key: bytes,
    returned_file: str | None,
) -> NewSubmission:
    """One workbook's record; its filings are part of it only when it was accepted.

    `explanations` are words by the number of their finding, `fingerprints` what words are about,
    `carried` the finding (id) that words of an earlier workbook were given to.
    """
    accepted = state == "accepted"
    reporter = workbook.org_code
    return NewSubmission(
        receipt_id=receipt.id,
        member=member,
        sha256=sha256,
        format=workbook.format,
        reporter_id=org_ids.get(reporter or ""),
        period=workbook.period,
        state=state,
        cover={
            name: conceal(value, key) if name in PERSONS and value else value
            for name, value in workbook.cover.values.items()
        },
        definitions=definitions.digest,
        received_at=receipt.received_at,
        returned_file=returned_file,
        forms=sorted({s.form for s in workbook.sheets}),
        filings=[
            filing_of(sheet, definitions, reporter or "", org_ids, key) for sheet in workbook.sheets
        ]
        if accepted
        else (),
        findings=[
            _kept(f, explanations.get(n), fingerprints.get(n), carried.get(n))
            for n, f in enumerate(findings)
        ],
    )


def _kept(
    finding: Finding, explanation: str | None, fingerprint: str | None, explained_by: int | None
) -> NewFinding:
    return NewFinding(
        rule=finding.rule,
        severity=finding.severity.value,
        message=finding.message,
        advice=finding.advice,
        form=finding.form,
        sheet=finding.sheet,
        row=finding.row,
        columns=finding.columns,
        field=finding.field,
        value=finding.value,
        expected=finding.expected,
        cell=finding.cell,
        explanation=explanation,
        fingerprint=fingerprint,
        explained_by=explained_by,
    )


def filing_of(
    sheet: FormSheet,
    definitions: Definitions,
    reporter: str,
    org_ids: Mapping[str, int],
    key: bytes,
) -> NewFiling:
    """One form sheet as arrays in the order of the edition's columns."""
    period = Period.parse(sheet.period)
    form = definitions.form(sheet.form, period)
    columns = [stored(c, v, key) for c, v in zip(form.columns, sheet.values, strict=True)]
    blank = [None] * len(sheet.row_numbers)
    numeric = [c.type.numeric for c in form.columns]
    numbers = [v if n else blank for v, n in zip(columns, numeric, strict=True)]
    texts = [blank if n else v for v, n in zip(columns, numeric, strict=True)]
    place = form.position.get("org_code")
    orgs = columns[place] if place is not None else blank
    keys = joined(columns[form.position[code]] for code in form.identity)
    rows = [
        NewRow(row_no, org_ids[org or reporter], key_, numbers_, texts_)
        for row_no, org, key_, numbers_, texts_ in zip(
            sheet.row_numbers,
            orgs,
            keys,
            zip(*numbers, strict=True),
            zip(*texts, strict=True),
            strict=True,
        )
    ]
    return NewFiling(
        form=form.code,
        edition=form.edition,
        period=period.label,
        period_end=period.end,
        sheet=sheet.sheet,
        sheet_columns=[c or 0 for c in sheet.columns],
        rows=rows,
    )


def changes_in(
    filing: NewFiling,
    definitions: Definitions,
    filing_id: int,
    told: Mapping[str, After] | None = None,
) -> list[Change]:
    """The rows of an ORG-03 filing as changes to the registry.

    `told` is what the ORG-01 rows of the same workbook say of the unions, by code.
    """
    form = definitions.form(filing.form, Period.parse(filing.period))
    at = form.position
    changes = []
    for row in filing.rows:
        texts, numbers = row.texts, row.numbers
        change = Change(
            org=str(texts[at["org_code"]]),
            change=str(texts[at["change_type"]]),
            line=str(texts[at["line"]]),
            from_parent=texts[at["from_parent"]],
            to_parent=texts[at["to_parent"]],
            effective=date.fromisoformat(str(texts[at["effective_date"]])),
            approval=str(texts[at["approval_doc"]]),
            filing_id=filing_id,
            row_no=row.row_no,
            successor=texts[at["successor"]],
            split_pct=numbers[at["split_ratio"]],
            members=_whole(numbers[at["members_at_change"]]),
            workers=_whole(numbers[at["workers_at_change"]]),
        )
        after = (told or {}).get(change.subject, After())
        changes.append(replace(change, after=after))
    return changes


def told_of(filings: Sequence[NewFiling], definitions: Definitions) -> dict[str, After]:
    """What the ORG-01 rows of a workbook say of each union, for the changes beside them."""
    found = {}
    for filing in filings:
        if filing.form != "ORG-01":
            continue
        at = definitions.form(filing.form, Period.parse(filing.period)).position
        for row in filing.rows:
            texts = row.texts
            found[str(texts[at["org_code"]])] = after_of({c: texts[p] for c, p in at.items()})
    return found


def covers_in(filing: NewFiling, definitions: Definitions) -> list[Cover]:
    """The employers that the rows of an ORG-01 filing name, each from the founding day on."""
    at = definitions.form(filing.form, Period.parse(filing.period)).position
    return [
        Cover(
            org=str(texts[at["org_code"]]),
            name=str(texts[at["employer_name"]]),
            uscc=texts[at["employer_uscc"]] or "",
            since=date.fromisoformat(str(texts[at["found_date"]])),
        )
        for texts in (row.texts for row in filing.rows)
        if texts[at["employer_name"]] and texts[at["org_level"]] == "基层"
    ]


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def received_day(moment: datetime) -> date:
    """The calendar day, in China, on which something was received."""

    return moment.astimezone(ZoneInfo("Asia/Shanghai")).date()
