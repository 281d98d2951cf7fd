"""Checking at the close: all rules beyond one workbook, asked of everything that was accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import Severity
from expectations.findings import Finding
from pipelines.closing_checks.across import Located, across
from pipelines.closing_checks.standing_rows import StandingWorkbook, standing_workbooks
from pipelines.explanations import Fingerprints
from pipelines.flow.ground import definitions, engine, moment
from pipelines.flow.returned import documents_of, lay_down
from pipelines.places import places
from pipelines.validate import recheck
from pipelines.verdict import returned_workbook
from warehouse import findings, receipts
from warehouse.current import WarehouseContext
from warehouse.cutoff import prepare_cutoff
from warehouse.findings import Changed, ClosingFinding, OpenFinding
from warehouse.named_rows import name_units
from warehouse.organisations import standing
from warehouse.personal import data_key
from warehouse.windows import china_day, windows


def check_at_close(
    connection: Connection, known: Definitions, closings: Sequence[Period], when: datetime
) -> Changed:
    """Ask every rule beyond one workbook again, over some periods and those changed since checked.

    New findings open on the accepted submissions concerned, what is found no more is cleared,
    everything else stays: checking again changes nothing. Figures of the periods must have been
    computed. Rows are read and judged a bounded number at a time.
    """
    labels = _labels(connection, closings, when)
    prints = Fingerprints(known, data_key())
    context = WarehouseContext(connection, known)
    taking = {
        slot
        for slot, window in windows(connection, labels).items()
        if window.state(china_day(when)).takes
    }
    prepare_cutoff(connection, when)
    findings.begin(connection)
    day = date.min
    for period in map(Period.parse, labels):
        complete = not any(label == period.label for _, label in taking)
        for chunk in standing_workbooks(connection, known, period, when):
            found = recheck(
                [s.workbook for s in chunk], known, context, china_day(when), complete=complete
            )
            kept = [k for s, own in zip(chunk, found, strict=True) for k in _kept(s, own, prints)]
            findings.note(connection, kept)
        if period.end != day:
            day = period.end
            name_units(connection, day, when)
        located = list(across(connection, known, period, prints, taking))
        findings.note(connection, map(_closing, located))
    return findings.settle(connection, labels, when)


def _labels(connection: Connection, closings: Sequence[Period], when: datetime) -> list[str]:
    """The closing periods, and checked ones in which something changed since, with their kin.

    Periods that end together are asked together: a rule of the quarter may be found on a form of
    its last month. What follows a changed period compares itself with it.
    """
    labels = {p.label for p in closings}
    changed = [Period.parse(label) for label in findings.late_periods(connection, when)]
    touched = {p.label for p in changed} | {p.next().label for p in changed}
    rows = connection.execute(
        text(
            "SELECT label FROM period WHERE checked_at IS NOT NULL AND ends IN "
            "(SELECT ends FROM period WHERE label = ANY(:touched) AND checked_at IS NOT NULL)"
        ),
        {"touched": sorted(touched)},
    )
    labels |= {row.label for row in rows}
    return sorted(labels, key=lambda label: (Period.parse(label).end, label))


def _kept(
    standing: StandingWorkbook, found: Sequence[Finding], prints: Fingerprints
) -> Iterator[ClosingFinding]:
    fingerprints = prints.of_workbook(standing.workbook, found)
    for number, finding in enumerate(found):
        org = standing.orgs.get((finding.sheet, finding.row or 0))
        if org is None:
            continue
        yield _row(
            finding,
            submission=standing.submission,
            org=org,
            period=str(standing.workbook.period),
            fingerprint=fingerprints.get(number),
        )


def _closing(located: Located) -> ClosingFinding:
    return _row(
        located.finding,
        submission=located.submission,
        org=located.org,
        period=located.period,
        fingerprint=located.fingerprint,
    )


def _row(
    finding: Finding, *, submission: int, org: int, period: str, fingerprint: str | None
) -> ClosingFinding:
    return ClosingFinding(
        submission_id=submission,
        rule=finding.rule,
        severity=finding.severity.value,
        message=finding.message,
        advice=finding.advice,
        form=finding.form,
        sheet=finding.sheet,
        row_no=finding.row or 0,
        columns=list(finding.columns),
        field=finding.field,
        value=finding.value,
        expected=finding.expected,
        cell=finding.cell,
        period=period,
        org_id=org,
        fingerprint=fingerprint,
    )


def finding_again(
    open_: OpenFinding,
    *,
    sheet: str | None = None,
    row: int | None = None,
    columns: tuple[int, ...] | None = None,
) -> Finding:
    """An open finding as it was made, or moved to where its row stands in another workbook."""
    return Finding(
        rule=open_.rule,
        severity=Severity(open_.severity),
        message=open_.message,
        advice=open_.advice,
        form=open_.form,
        field=open_.field,
        value=open_.value,
        expected=open_.expected,
        sheet=open_.sheet if sheet is None else sheet,
        row=open_.row_no if row is None else row,
        columns=open_.columns if columns is None else columns,
    )


def tell_waiting(
    connection: Connection, submissions: Iterable[int], known: Definitions, when: datetime
) -> int:
    """Lay the workbooks back for their senders, marked with all that waits on each; how many.

    The submission stays accepted: the workbook asks for words or a correction and says so. Done
    before the findings are committed, so that whoever is killed in between does it again.
    """
    wanted = sorted(submissions)
    if not wanted:
        return 0
    here = places()
    waiting: dict[int, list[OpenFinding]] = {}
    for item in findings.open_findings(connection, when):
        waiting.setdefault(item.submission_id, []).append(item)
    rows = connection.execute(
        text(
            "SELECT s.id, s.receipt_id, s.member, s.format, s.period, o.code, "
            "coalesce(n.name, o.code) AS name FROM submission s "
            "JOIN organisation o ON o.id = s.reporter_id LEFT JOIN LATERAL ("
            "SELECT name FROM organisation_name WHERE org_id = o.id AND kind = 'official' "
            "AND valid @> :day AND retired_at IS NULL LIMIT 1) n ON true "
            "WHERE s.id = ANY(:ids) ORDER BY s.id"
        ),
        {"ids": wanted, "day": china_day(when)},
    ).all()
    arrived = {r.id: r for r in receipts.fetch(connection, {row.receipt_id for row in rows})}
    told = 0
    for row in rows:
        own = waiting.get(row.id)
        if not own:
            continue
        receipt = arrived[row.receipt_id]
        (document,) = (d for d in documents_of(receipt, here) if d.member == row.member)
        content = returned_workbook(
            document.data,
            row.format,
            [finding_again(item) for item in own],
            definitions=known,
            org_name=row.name,
            period=Period.parse(row.period) if row.period else None,
            at=china_day(when),
            due=known.calendar.add(china_day(when), _days_to_explain(known, when)),
            standing=True,
        )
        stem = Path(row.member or receipt.file_name).stem
        lay_down(here, receipt, document.number, stem, "待核实", content, row.code)
        told += 1
    return told


def _days_to_explain(known: Definitions, when: datetime) -> int:
    return int(known.parameters["explanation_workdays"].at(china_day(when)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the steward's list; `due` is the last day for words, `org` whom it is about."""

    severity: str
    reporter: str
    reporter_name: str
    org: str
    collector: str | None
    form: str
    period: str
    sheet: str
    cell: str
    rule: str
    message: str
    due: date


def waiting_findings(at: str, period: str | None = None) -> list[Waiting]:
    """What was found at the close and waits at a moment, oldest and gravest first."""
    known, when = definitions(), moment(at)
    with engine().connect() as connection:
        found = findings.open_findings(connection, when, None if period is None else [period])
        names = {o.code: o.name for o in standing(connection, china_day(when), when)}
    return [
        Waiting(
            severity=f.severity,
            reporter=f.reporter,
            reporter_name=names.get(f.reporter, f.reporter),
            org=f.org,
            collector=f.collector,
            form=f.form,
            period=f.period,
            sheet=f.sheet,
            cell=f.cell,
            rule=f.rule,
            message=f.message,
            due=known.calendar.add(china_day(f.opened_at), _days_to_explain(known, f.opened_at)),
        )
        for f in found
    ]
