"""Words on the way in: those typed now, those given before for the same, and what a close asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from expectations.findings import Finding
from pipelines.explanations import Fingerprints
from pipelines.load import filing_of
from pipelines.row_keys import row_keys
from pipelines.verdict import Explanation, finding_key
from pipelines.workbook import ReadWorkbook
from warehouse import findings as kept
from warehouse.engine import sql
from warehouse.findings import OpenFinding
from warehouse.submissions import number_text


@dataclass(frozen=True, slots=True)
class Words:
    """What is said about the findings of one workbook, by their numbers.

    `given` are the words, typed now or carried; `carried` says to which finding (id) they were
    first given; `fingerprints` are what words given now would be about.
    """

    given: dict[int, str] = field(default_factory=dict)
    carried: dict[int, int] = field(default_factory=dict)
    fingerprints: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a close found on what a reporter has now, and where its row stands by key.

    `only_then` says that nothing but a close can ask it: a rule over many organisations.
    """

    finding: OpenFinding
    only_then: bool
    key: str
    columns: tuple[str, ...]


@dataclass
class Explaining:
    """Explanations as they concern the workbooks of one run.

    `known` are words given before, by fingerprint; `refused` words that were not accepted; `asked`
    what a close asked, by reporter.
    """

    prints: Fingerprints
    known: Mapping[str, tuple[int, str]]
    refused: Mapping[str, Collection[str]]
    asked: Mapping[str, Sequence[Asked]]
    prepared: Sequence[tuple[Sequence[Finding], Mapping[int, str]]]

    def again(self, number: int) -> Sequence[Finding]:
        """What a close asked of the rows of a workbook, where they still say the same."""
        return self.prepared[number][0]

    def words(
        self, number: int, findings: Sequence[Finding], typed: Sequence[Explanation]
    ) -> Words:
        """Words for the findings of a workbook: validation's first, then `again`, then others."""
        by_key = {e.key: e for e in typed}
        words = Words(fingerprints=dict(self.prepared[number][1]))
        for place, finding in enumerate(findings):
            own = by_key.get(finding_key(finding))
            refused = self.refused.get(words.fingerprints.get(place, ""), ())
            # An explanation is about the value it was typed beside; another wants another one.
            if own is not None and own.value == finding.value and own.text not in refused:
                words.given[place] = own.text
            elif (before := self.known.get(words.fingerprints.get(place, ""))) is not None:
                words.carried[place], words.given[place] = before
        return words

    def answers(
        self, workbook: ReadWorkbook, findings: Sequence[Finding], typed: Sequence[Explanation]
    ) -> list[tuple[int, str]]:
        """Words about what was found at the close and is not found on arrival: (finding id, words).

        A register that lacks a row may be complete on arrival and wanting at the close.
        """
        here = {finding_key(f) for f in findings}
        by_key = {e.key: e for e in typed}
        found = []
        for item in self.asked.get(workbook.org_code or "", ()):
            key = (item.finding.rule, item.finding.sheet, item.finding.cell)
            own = by_key.get(key)
            if own is not None and key not in here and own.value == item.finding.value:
                found.append((item.finding.id, own.text))
        return found


def explaining(
    connection: Connection,
    definitions: Definitions,
    secret: bytes,
    workbooks: Sequence[ReadWorkbook],
    found: Sequence[Sequence[Finding]],
) -> Explaining:
    """Gather, for all workbooks at once, what was asked and what was said before."""
    prints = Fingerprints(definitions, secret)
    asked = _asked(connection, definitions, workbooks)
    prepared = []
    for workbook, own in zip(workbooks, found, strict=True):
        again = _again(workbook, asked.get(workbook.org_code or "", ()), prints)
        findings = [*own, *again]
        prepared.append((again, prints.of_workbook(workbook, findings)))
    wanted = {f for _, fingerprints in prepared for f in fingerprints.values()}
    known = kept.explained(connection, wanted) if wanted else {}
    refused = kept.refused_words(connection, wanted) if wanted else {}
    return Explaining(prints, known, refused, asked, prepared)


def _asked(
    connection: Connection, definitions: Definitions, workbooks: Sequence[ReadWorkbook]
) -> dict[str, list[Asked]]:
    """What was found at the close and still waits, for the reporters and periods at hand."""
    reporters = {w.org_code for w in workbooks if w.org_code}
    periods = {s.period for w in workbooks for s in w.sheets}
    if not reporters or not periods:
        return {}
    editions = {(f.code, f.edition): f for f in definitions.forms}
    found: dict[str, list[Asked]] = {}
    for row in connection.execute(
        text(sql("asked_rows")), {"reporters": sorted(reporters), "periods": sorted(periods)}
    ):
        rule = definitions.rules.get(row.rule)
        form = editions.get((row.form, row.edition))
        if rule is None or form is None:
            continue
        places = {column: place for place, column in enumerate(row.sheet_columns)}
        codes = tuple(form.columns[places[c]].code for c in row.columns)
        finding = OpenFinding(
            **{n: getattr(row, n) for n in OpenFinding.__slots__ if n != "columns"},
            columns=tuple(row.columns),
        )
        found.setdefault(row.reporter, []).append(Asked(finding, bool(rule.scenes), row.key, codes))
    return found


def _again(workbook: ReadWorkbook, asked: Sequence[Asked], prints: Fingerprints) -> list[Finding]:
    from pipelines.flow.checking import finding_again

    found = []
    for item in filter(attrgetter("only_then"), asked):
        for sheet in workbook.sheets:
            if (sheet.form, sheet.period) != (item.finding.form, item.finding.period):
                continue
            form = prints.definitions.form(sheet.form, Period.parse(sheet.period))
            keys = row_keys(sheet, prints.definitions, prints.secret)
            if item.key not in keys:
                continue
            index = keys.index(item.key)
            columns = [sheet.columns[form.position[c]] for c in item.columns if c in form.position]
            finding = finding_again(
                item.finding,
                sheet=sheet.sheet,
                row=sheet.row_numbers[index],
                columns=tuple(c for c in columns if c is not None),
            )
            if prints.on_sheet(workbook, sheet, finding) == item.finding.fingerprint:
                found.append(finding)
    return found


def repeated_sheets(
    connection: Connection,
    definitions: Definitions,
    secret: bytes,
    workbook: ReadWorkbook,
    org_ids: Mapping[str, int],
) -> set[tuple[str, str]]:
    """(form, sheet) of what says exactly what stands already: handed in for the words beside it.

    Nothing is reported late by saying it again.
    """
    reporter = workbook.org_code or ""
    if reporter not in org_ids:
        return set()
    sheets: dict[tuple[str, str], list[str]] = {}
    rows: dict[tuple[str, str], Counter[tuple[object, ...]]] = {}
    for sheet in workbook.sheets:
        slot = (sheet.form, sheet.period)
        form = definitions.form(sheet.form, Period.parse(sheet.period))
        place = form.position.get("org_code")
        if place is not None and any(v not in org_ids for v in sheet.values[place]):
            return set()
        filing = filing_of(sheet, definitions, reporter, org_ids, secret)
        sheets.setdefault(slot, []).append(sheet.sheet)
        rows.setdefault(slot, Counter()).update(
            _content(r.org_id, r.key, r.numbers, r.texts) for r in filing.rows
        )
    same: set[tuple[str, str]] = set()
    for (form_code, period), names in sheets.items():
        stands = connection.execute(
            text(
                "SELECT r.org_id, r.key, CAST(r.numbers AS double precision[]) AS numbers, r.texts "
                "FROM filing f JOIN filing_row r ON r.filing_id = f.id "
                "WHERE f.superseded_at IS NULL AND f.reporter_id = :reporter "
                "AND f.form = :form AND f.period = :period AND r.period_end = :ends"
            ),
            {
                "reporter": org_ids[reporter],
                "form": form_code,
                "period": period,
                "ends": Period.parse(period).end,
            },
        )
        standing = Counter(_content(r.org_id, r.key, r.numbers, r.texts) for r in stands)
        if standing and standing == rows[form_code, period]:
            same |= {(form_code, name) for name in names}
    return same


def _content(
    org: int, key: str, numbers: Sequence[float | None], texts: Sequence[str | None]
) -> tuple[object, ...]:
    said = tuple(None if n is None else number_text(float(n)) for n in numbers)
    return org, key, said, tuple(texts)
