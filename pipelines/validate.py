"""Check what was read: one Great Expectations run per form and period over a chunk of workbooks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import pandas as pd

from definitions.catalogue import Definitions
from definitions.model import Form
from definitions.periods import Period, PeriodKind
from expectations.cells import World
from expectations.context import join_context
from expectations.evaluate import SUBMISSION, scope_of
from expectations.evidence import PERIOD, empty_rows, families, typed_rows
from expectations.findings import Finding
from expectations.frames import Frame, build_frame
from expectations.run import run_checks
from expectations.suites import Check, checks_for
from expectations.totals import total_findings
from pipelines.workbook import FormSheet, ReadWorkbook

ACTIVE = "正常"


class Context(Protocol):
    """What checks may ask about everything accepted before (the warehouse answers)."""

    def rows(
        self, form: str, periods: Collection[str], orgs: Collection[str] | None = None
    ) -> pd.DataFrame:
        """Currently accepted rows of a form: its columns, and `period` where it has none so named.

        `orgs` limits them to rows of these organisations.
        """
        ...

    def organisations(self, period: str) -> pd.DataFrame:
        """The registry on the last day of a period: org_code, status, and where known the parents.

        `block` and `industry_parent` are the codes of the parents on the two lines.
        """
        ...

    def computed(self, period: str) -> pd.DataFrame:
        """The warehouse's own figures: indicator, org_code, value."""
        ...

    def seal(self, value: str) -> str:
        """A personal value as accepted rows have it: equal for equal values, and unreadable."""
        ...


def validate(
    workbooks: Sequence[ReadWorkbook],
    definitions: Definitions,
    context: Context,
    received: date,
) -> list[list[Finding]]:
    """Findings of each workbook in the same order: the reader's and all of ours, gravest first.

    Sheets are grouped by form, edition and period over the whole chunk, so the cost hardly grows
    with the number of workbooks. A workbook whose period is not known is still checked for
    everything that needs no other period or form. `received` is the day of receipt.
    """
    frames = _frames(workbooks, definitions, received)
    evidence = RowsAtHand(definitions, context, [f for f, known in frames if known])
    found = _found(workbooks, frames, evidence, received, lambda check: True)
    for frame, _ in frames:
        for sheet, owner in zip(frame.sheets, frame.owners, strict=True):
            if sheet.totals:
                rule = definitions.rule("V-S-002")
                found[owner].extend(total_findings(frame.form, sheet, rule))
    return [_sorted(w, findings) for w, findings in zip(workbooks, found, strict=True)]


def recheck(
    workbooks: Sequence[ReadWorkbook],
    definitions: Definitions,
    context: Context,
    received: date,
    *,
    complete: bool,
) -> list[list[Finding]]:
    """What is asked again when a period closes: rules that read other forms, periods or the roll.

    The workbooks are accepted ones, so that everything they say is in `context` already, beside
    what arrived after them: the outcome is the same whatever came first. `complete` says that no
    form of the period is taken any more, so that what is not there did not happen.
    """
    frames = _frames(workbooks, definitions, received)
    evidence = RowsAtHand(definitions, context, (), complete=complete)
    found = _found(
        workbooks, frames, evidence, received, lambda check: check.needs_context, again=True
    )
    return [_sorted(w, findings) for w, findings in zip(workbooks, found, strict=True)]


def _found(
    workbooks: Sequence[ReadWorkbook],
    frames: Sequence[tuple[Frame, bool]],
    evidence: RowsAtHand,
    received: date,
    wanted: Callable[[Check], bool],
    again: bool = False,
) -> list[list[Finding]]:
    """The reader's findings of each workbook, and those of the wanted checks."""
    definitions = evidence.definitions
    found: list[list[Finding]] = [list(w.findings) for w in workbooks]
    registries: dict[Period, frozenset[str]] = {}
    for frame, period_known in frames:
        checks = tuple(filter(wanted, checks_for(frame.form, frame.period, definitions)))
        organisations = None
        if period_known:
            if frame.period not in registries:
                registries[frame.period] = evidence.active(frame.period)
            organisations = registries[frame.period]
        else:
            checks = tuple(c for c in checks if not c.needs_context)
        world = World(definitions, scope_of(definitions, frame.period), received, organisations)
        join_context(frame, checks, evidence, world)
        for item in run_checks(frame, checks, world, again=again):
            owner = frame.owners[int(frame.sheet_of[item.row])]
            found[owner].append(item.finding)
    return found


def _sorted(workbook: ReadWorkbook, findings: list[Finding]) -> list[Finding]:
    order = {sheet.sheet: i for i, sheet in enumerate(workbook.sheets)}
    return sorted(
        findings,
        key=lambda f: (
            f.severity.rank,
            order.get(f.sheet, -1),
            f.row or 0,
            f.columns or (0,),
            f.rule,
        ),
    )


def _frames(
    workbooks: Sequence[ReadWorkbook], definitions: Definitions, received: date
) -> list[tuple[Frame, bool]]:
    """One frame per form, edition and period, with whether the period is really known."""
    editions = {(f.code, f.edition): f for f in definitions.forms}
    last_month = Period(PeriodKind.MONTH, received.year, received.month).previous()
    groups: dict[tuple[str, str, Period, bool], tuple[list[FormSheet], list[int]]] = {}
    for number, workbook in enumerate(workbooks):
        if workbook.failed:
            continue
        for sheet in workbook.sheets:
            form = editions[sheet.form, sheet.edition]
            known = workbook.period is not None
            cover = Period.parse(workbook.period) if workbook.period else last_month
            # The reader places a sheet; one that was not read from a file says nothing about it.
            stated = Period.parse(sheet.period) if known and sheet.period else None
            period = stated or cover.within(form.period)
            key = (form.code, form.edition, period, known)
            sheets, owners = groups.setdefault(key, ([], []))
            sheets.append(sheet)
            owners.append(number)
    return [
        (build_frame(editions[code, edition], period, sheets, owners), known)
        for (code, edition, period, known), (sheets, owners) in sorted(
            groups.items(), key=lambda item: (item[0][2].end, item[0][0], item[0][1], item[0][3])
        )
    ]


@dataclass
class RowsAtHand:
    """Rows of this chunk first, then what was accepted before; every question asked once."""

    definitions: Definitions
    context: Context
    frames: Sequence[Frame]
    complete: bool = False
    _asked: dict[tuple[str, tuple[str, ...], frozenset[str] | None], pd.DataFrame] = field(
        default_factory=dict
    )

    def rows(
        self, form: str, periods: Collection[str], orgs: Collection[str] | None
    ) -> pd.DataFrame:
        """Rows of a form; those of this chunk replace what a union had sent for the period."""
        key = (form, tuple(periods), None if orgs is None else frozenset(orgs))
        if key not in self._asked:
            self._asked[key] = self._collect(self.definitions.newest(form), periods, orgs)
        return self._asked[key]

    def _collect(
        self, form: Form, periods: Collection[str], orgs: Collection[str] | None
    ) -> pd.DataFrame:
        columns = [*form.position, PERIOD, SUBMISSION]
        here = [
            f.data.assign(**{PERIOD: f.period.label}).astype({PERIOD: "string"})
            for f in self.frames
            if f.form.code == form.code and f.period.label in periods
        ]
        fresh = pd.concat(
            [part.reindex(columns=columns) for part in (empty_rows(form), *here)],
            ignore_index=True,
        )
        earlier = self._earlier(form, periods, orgs)
        if "org_code" in form.position and not form.ledger and len(fresh):
            sent = pd.MultiIndex.from_frame(fresh[["org_code", PERIOD]])
            old = pd.MultiIndex.from_frame(earlier[["org_code", PERIOD]])
            earlier = earlier[~old.isin(sent)]
        return pd.concat([earlier[columns], fresh], ignore_index=True)

    def _earlier(
        self, form: Form, periods: Collection[str], orgs: Collection[str] | None
    ) -> pd.DataFrame:
        if "period" not in form.position:
            rows = self.context.rows(form.code, periods, orgs)
            return typed_rows(form, rows, list(rows["period"]) if len(rows) else [])
        # A form with a column of that name hides the period it was reported for: ask one by one.
        parts = []
        for label in sorted(periods):
            rows = self.context.rows(form.code, [label], orgs)
            parts.append(typed_rows(form, rows, [label] * len(rows)))
        return pd.concat(parts, ignore_index=True)

    def known(
        self, form: str, column: str, values: Collection[str], periods: Collection[str]
    ) -> set[str]:
        """Those of the values that some row of the periods has in a column."""
        have = self.rows(form, periods, None)[column].dropna().astype(str)
        return set(have[have.isin(list(values))])

    def computed(self, period: Period) -> pd.DataFrame:
        """The warehouse's own figures of a period."""
        return self.context.computed(period.label)

    def seal(self, value: str) -> str:
        """A personal value as accepted rows have it."""
        return self.context.seal(value)

    def below(self, period: Period) -> Mapping[str, Collection[str]]:
        """Each union with all that stand below it on any line, itself included."""
        return families(self.context.organisations(period.label))

    def active(self, period: Period) -> frozenset[str]:
        """Codes of unions at work on the last day of a period, with those registered just now."""
        registry = self.context.organisations(period.label)
        codes: set[str] = set()
        if not registry.empty:
            codes |= set(registry.loc[registry["status"] == ACTIVE, "org_code"].astype(str))
        for frame in self.frames:
            if frame.form.code == "ORG-01":
                data = frame.data
                codes |= set(data.loc[data["status"].eq(ACTIVE).fillna(False), "org_code"].dropna())
        return frozenset(codes)
