"""Whether the changes of an ORG-03 can be made: tried one after another on everyone's timelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from definitions import Definitions, Period
from definitions.organisations import Organisation
from expectations.findings import Finding, finding_of
from pipelines.workbook import FormSheet, ReadWorkbook
from warehouse.objections import Ground, in_order, left_hanging, objections
from warehouse.reorganisations import Kept
from warehouse.timeline import After, Change, Span, State, Timeline, replayed

NEEDED = ("org_code", "change_type", "line", "effective_date")


@dataclass(slots=True)
class Picture:
    """Unions as registered and every living change, before a run; accepted files add to it.

    `closed` has the labels of periods that are closed: what was declared for them stays.
    """

    bases: dict[str, Timeline]
    living: Sequence[Kept]
    closed: frozenset[str] = frozenset()
    accepted: dict[tuple[str, str], list[Change]] = field(default_factory=dict)
    common: Ground | None = None

    def declared(self, reporter: str, period: str) -> list[Kept]:
        """What a reporter's current ORG-03 of a period declares."""
        return [k for k in self.living if (reporter, period) in k.declared]

    def ground(self, reporter: str, period: str) -> Ground:
        """Timelines as they would be without what this reporter said for this period before."""
        own = (reporter, period)
        if self.common is None:
            self.common = Ground(self._replayed(self.bases, lambda k: True))
        ground = self.common.copy()
        mine = {k.change.subject for k in self.living if k.declared == {own}}
        late = self.bases.keys() - ground.timelines.keys()  # registered by this very run
        for code, timeline in self._replayed(mine | late, lambda k: k.declared != {own}).items():
            ground.put(code, timeline)
        for where, changes in self.accepted.items():
            if where != own:
                for _, change in in_order(enumerate(changes)):
                    ground.apply(change)
        return ground

    def _replayed(
        self, codes: Iterable[str], counts: Callable[[Kept], bool]
    ) -> dict[str, Timeline]:
        """Timelines of some unions with the changes in force that count."""
        chosen = set(codes)
        changes: dict[str, list[tuple[int, Change]]] = {}
        for k in self.living:
            if k.in_force and k.change.subject in chosen and counts(k):
                changes.setdefault(k.change.subject, []).append((k.id, k.change))
        return {code: replayed(self.bases[code], changes.get(code, ())) for code in chosen}


def timeline_of(organisation: Organisation) -> Timeline:
    """A union that is just being registered, as a timeline."""
    o = organisation
    parents: dict[str, tuple[Span[str], ...]] = {}
    for p in o.parents:
        parents[p.line] = (*parents.get(p.line, ()), Span(p.since, p.until, p.parent, p.approval))
    state = State(o.status, o.lead, o.type, o.level, o.resident, o.host)
    return Timeline((Span(o.found, None, o.name),), (Span(o.found, None, state),), parents)


def after_of(row: Mapping[str, Any]) -> After:
    """What an ORG-01 row says of a union; values as read or as kept."""
    resident = row["resident"] or ""
    return After(
        name=row["org_name"],
        type=row["org_type"],
        level=row["org_level"],
        lead=row["lead_line"],
        resident=resident,
        # Only a union that does not sit with a federation has a host that leads it.
        host=row["employer_name"] or "" if resident == "不驻会" else "",
    )


def registering_rows(
    workbook: ReadWorkbook, definitions: Definitions
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(code, row by column) of every ORG-01 row of a workbook."""
    for sheet in workbook.sheets:
        if sheet.form != "ORG-01":
            continue
        form = definitions.form(sheet.form, Period.parse(sheet.period))
        for index in range(len(sheet.row_numbers)):
            row = {c: sheet.values[p][index] for c, p in form.position.items()}
            if row["org_code"] is not None:
                yield str(row["org_code"]), row


def rows_of(
    sheet: FormSheet, definitions: Definitions, told: Mapping[str, After]
) -> list[tuple[int, Change]]:
    """(place, change) of the rows that say enough to be judged."""
    form = definitions.form(sheet.form, Period.parse(sheet.period))
    found = []
    for index, row_no in enumerate(sheet.row_numbers):
        row = {c: sheet.values[p][index] for c, p in form.position.items()}
        if any(row[c] is None for c in NEEDED) or not isinstance(row["effective_date"], date):
            continue
        change = Change(
            org=str(row["org_code"]),
            change=str(row["change_type"]),
            line=str(row["line"]),
            from_parent=row["from_parent"],
            to_parent=row["to_parent"],
            effective=row["effective_date"],
            approval=str(row["approval_doc"] or ""),
            filing_id=0,
            row_no=row_no,
            successor=row["successor"],
            split_pct=row["split_ratio"],
            members=_whole(row["members_at_change"]),
            workers=_whole(row["workers_at_change"]),
        )
        found.append((index, replace(change, after=told.get(change.subject, After()))))
    return found


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def change_findings(
    workbook: ReadWorkbook,
    definitions: Definitions,
    picture: Picture,
    newcomers: Sequence[Organisation],
) -> list[Finding]:
    """What stands against the changes of a workbook's ORG-03, each at its cell."""
    reporter = workbook.org_code or ""
    told = {code: after_of(row) for code, row in registering_rows(workbook, definitions)}
    found: list[Finding] = []
    for sheet in workbook.sheets:
        if sheet.form != "ORG-03":
            continue
        changes = rows_of(sheet, definitions, told)
        found += _of_closed(sheet, definitions, picture, reporter, [c for _, c in changes])
        before = picture.declared(reporter, sheet.period)
        if not changes and not before:
            continue
        ground = picture.ground(reporter, sheet.period)
        for organisation in newcomers:
            ground.put(organisation.code, timeline_of(organisation))
        standing = {
            k.change.key: k
            for k in picture.living
            if k.declared and k.declared != {(reporter, sheet.period)}
        }
        complaints: list[tuple[int, Finding]] = []
        for index, change in in_order(changes):
            other = standing.get(change.key)
            if other is not None and _same(other.change, change):
                continue  # told again in another file: made already, or waiting
            said = list(objections(change, ground))
            values = {"org": change.org, "change": change.change, "date": change.effective}
            if other is not None:
                values |= {"line": change.line, "value": change.approval}
                values |= {"other": other.change.to_parent or other.change.change}
                values |= {"approval": other.change.approval}
                complaints.append(
                    (index, _finding("V-O-109", "approval_doc", values, sheet, index, definitions))
                )
            complaints += [
                (index, _finding(o.rule, o.column, o.values, sheet, index, definitions))
                for o in said
            ]
            if not said and other is None:
                ground.apply(change)
        found += [finding for _, finding in sorted(complaints, key=lambda c: c[0])]
        if not complaints:
            dropped = {k.change.subject for k in before} - {c.subject for _, c in changes}
            found += [
                finding_of(
                    definitions.rule(o.rule), dict(o.values), form=sheet.form, sheet=sheet.sheet,
                    value=str(o.values["value"]),
                )
                for o in left_hanging(ground, dropped)
            ]  # fmt: skip
    return found


def _same(one: Change, two: Change) -> bool:
    """Equal but for the parent of a split, which is filled in when the row leaves it out."""
    if two.change == "分立" and two.to_parent is None:
        two = replace(two, to_parent=one.to_parent)
    return one.content == two.content


def _of_closed(
    sheet: FormSheet,
    definitions: Definitions,
    picture: Picture,
    reporter: str,
    changes: Sequence[Change],
) -> Iterator[Finding]:
    """A change of a closed period can neither be dropped nor told otherwise any more."""
    if sheet.period not in picture.closed:
        return
    told = {c.key: c for c in changes}
    for kept in picture.declared(reporter, sheet.period):
        now = told.get(kept.change.key)
        if now is not None and _same(kept.change, now):
            continue
        values = {
            "org": kept.change.org,
            "change": kept.change.change,
            "date": kept.change.effective,
            "period": Period.parse(sheet.period).chinese,
            "approval": kept.change.approval,
        }
        yield finding_of(
            definitions.rule("V-O-113"), values, form=sheet.form, sheet=sheet.sheet,
            value=kept.change.org,
        )  # fmt: skip


def _finding(
    rule: str,
    column: str,
    values: Mapping[str, Any],
    sheet: FormSheet,
    index: int,
    definitions: Definitions,
) -> Finding:
    form = definitions.form(sheet.form, Period.parse(sheet.period))
    place = sheet.columns[form.position[column]]
    return finding_of(
        definitions.rule(rule),
        dict(values),
        form=form.code,
        sheet=sheet.sheet,
        row=sheet.row_numbers[index],
        columns=(place,) if place else (),
        field=form.column(column).label,
        value=str(values["value"]),
    )
