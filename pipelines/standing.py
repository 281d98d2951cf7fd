"""Who may report what for whom: the registry's view of a submission that reads well otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from definitions import Definitions, Period
from definitions.organisations import Organisation, Parent
from expectations.findings import Finding, finding_of
from pipelines.reorganising import (
    Picture,
    after_of,
    change_findings,
    registering_rows,
    rows_of,
    timeline_of,
)
from pipelines.row_keys import row_keys
from pipelines.workbook import FormSheet, ReadWorkbook

Claim = tuple[str, str, str]
"""(form, period, key): one row that one reporter alone may report."""


@dataclass(slots=True)
class Registry:
    """What the warehouse knows on the last day of a period.

    `above` gives each organisation with everyone above it on any line; `claims` who reports a row
    now; `picture` everyone's timelines, needed where an ORG-03 has rows. `claims` and `picture`
    change as submissions of one run are judged, so that two files of the same run cannot claim the
    same row, nor contradict each other about a union.
    """

    names: dict[str, str]
    above: dict[str, set[str]]
    claims: dict[Claim, str] = field(default_factory=dict)
    key: bytes = b""
    picture: Picture | None = None
    held: dict[tuple[str, str, str], list[Claim]] = field(init=False)

    def __post_init__(self) -> None:
        self.held = {}
        for claim, reporter in self.claims.items():
            self.held.setdefault((claim[0], claim[1], reporter), []).append(claim)


def subjects(sheet: FormSheet, definitions: Definitions, reporter: str) -> list[str]:
    """Code of the organisation each row is about; the reporter where the form does not say."""
    form = definitions.form(sheet.form, Period.parse(sheet.period))
    place = form.position.get("org_code")
    if place is None:
        return [reporter] * len(sheet.row_numbers)
    return [str(v) if v is not None else reporter for v in sheet.values[place]]


def standing_findings(
    workbook: ReadWorkbook,
    definitions: Definitions,
    registry: Registry,
    workbook_findings: Sequence[Finding] = (),
) -> list[Finding]:
    """Findings about the reporter, its right to report each row, and claims by others.

    `workbook_findings` are those of validation: an unknown code is not told twice.
    """
    reporter = workbook.org_code
    if reporter is None or workbook.failed:
        return []
    if reporter not in registry.names:
        rule = definitions.rule("V-O-103")
        return [finding_of(rule, {"reporter": reporter, "period": workbook.period}, value=reporter)]
    found: list[Finding] = []
    said = {f.value for f in workbook_findings if f.rule == "V-X-001"}
    new = newcomers(workbook, definitions, registry)
    announced = {o.code for o in new}
    for sheet in workbook.sheets:
        # What a workbook registers it may found, split off and move in the same breath.
        skipped = announced if sheet.form == "ORG-03" else frozenset()
        found += _of_sheet(sheet, reporter, definitions, registry, said | skipped)
    if registry.picture is not None:
        found += change_findings(workbook, definitions, registry.picture, new)
    return found


def _of_sheet(
    sheet: FormSheet,
    reporter: str,
    definitions: Definitions,
    registry: Registry,
    said: Collection[str],
) -> list[Finding]:
    form = definitions.form(sheet.form, Period.parse(sheet.period))
    place = form.position.get("org_code")
    column = sheet.columns[place] if place is not None else None
    found: list[Finding] = []
    keys = row_keys(sheet, definitions, registry.key)
    for index, org in enumerate(subjects(sheet, definitions, reporter)):
        if _plainly_entitled(form.code, sheet.period, org, keys[index], reporter, registry):
            continue
        where: dict[str, Any] = {
            "form": form.code,
            "sheet": sheet.sheet,
            "row": sheet.row_numbers[index],
            "columns": (column,) if column else (),
            "field": form.columns[place].label if place is not None else "",
            "value": org,
        }
        if org not in registry.names:
            if form.code != "ORG-01" and org not in said:
                found.append(
                    finding_of(
                        definitions.rule("V-X-001"),
                        {"label": where["field"], "value": org},
                        **where,
                    )
                )
            continue
        if form.code == "ORG-01":
            continue  # anyone above may register; the parent named in the row decides
        if reporter not in registry.above.get(org, ()):
            rule = definitions.rule("V-O-101")
            found.append(finding_of(rule, {"reporter": reporter, "org": org}, **where))
            continue
        claim = (form.code, sheet.period, keys[index])
        other = registry.claims.get(claim)
        if other is not None and other != reporter:
            rule = definitions.rule("V-O-007")
            values = {
                "org": org,
                "name": registry.names[org],
                "period": Period.parse(sheet.period).chinese,
                "form": form.title,
                "other": registry.names.get(other, other),
            }
            found.append(finding_of(rule, values, **where))
    return found


def _plainly_entitled(
    form: str, period: str, org: str, key: str, reporter: str, registry: Registry
) -> bool:
    """Nearly every row: a known union, reported by itself or from above, claimed by no other."""
    return (
        org in registry.names
        and reporter in registry.above.get(org, ())
        and registry.claims.get((form, period, key), reporter) == reporter
    )


def claim_rows(workbook: ReadWorkbook, definitions: Definitions, registry: Registry) -> None:
    """Remember the rows of an accepted workbook as its reporter's, in place of those before."""
    reporter = workbook.org_code
    if reporter is None:
        return
    for form, period in {(s.form, s.period) for s in workbook.sheets}:
        for claim in registry.held.pop((form, period, reporter), ()):
            registry.claims.pop(claim, None)
    for sheet in workbook.sheets:
        held = registry.held.setdefault((sheet.form, sheet.period, reporter), [])
        for key in row_keys(sheet, definitions, registry.key):
            claim = (sheet.form, sheet.period, key)
            registry.claims[claim] = reporter
            held.append(claim)
    if registry.picture is not None:
        told = {code: after_of(row) for code, row in registering_rows(workbook, definitions)}
        for sheet in workbook.sheets:
            if sheet.form == "ORG-03":
                changes = [c for _, c in rows_of(sheet, definitions, told)]
                registry.picture.accepted[reporter, sheet.period] = changes


def newcomers(
    workbook: ReadWorkbook, definitions: Definitions, registry: Registry
) -> list[Organisation]:
    """Organisations that the ORG-01 rows of a workbook would register for the first time."""
    found = {}
    for code, row in registering_rows(workbook, definitions):
        if code in registry.names or any(row[c] is None for c in REGISTERING):
            continue
        found[code] = _organisation(row)
    return list(found.values())


def newly_registered(
    workbook: ReadWorkbook, definitions: Definitions, registry: Registry
) -> list[Organisation]:
    """Organisations that an accepted ORG-01 registers for the first time; the registry grows."""
    found = newcomers(workbook, definitions, registry)
    for organisation in found:
        code = organisation.code
        registry.names[code] = organisation.name
        registry.above[code] = {code}
        for parent in organisation.parents:
            registry.above[code] |= registry.above.get(parent.parent, {parent.parent})
        if registry.picture is not None:
            registry.picture.bases[code] = timeline_of(organisation)
    return found


REGISTERING = ("org_name", "org_type", "org_level", "region", "found_date", "lead_line", "status")


def _organisation(row: dict[str, Any]) -> Organisation:
    parents = {"块": "terr_parent", "条": "ind_parent", "经费": "fund_parent"}
    after = after_of(row)
    return Organisation(
        code=str(row["org_code"]),
        name=str(row["org_name"]),
        type=str(row["org_type"]),
        level=str(row["org_level"]),
        region=str(row["region"]),
        industry=row["industry"] or "",
        reg_type=row["reg_type"] or "",
        found=row["found_date"],
        is_joint=bool(row["is_joint"]),
        lead=row["lead_line"],
        status=row["status"],
        resident=after.resident or "",
        host=after.host or "",
        union_uscc=row["union_uscc"] or "",
        parents=tuple(
            Parent(line=line, parent=str(row[column]), since=row["found_date"])
            for line, column in parents.items()
            if row[column] and row[column] != row["org_code"]
        ),
    )
