"""Everything an assessment reads, gathered from the warehouse at one cut-off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import Indicator
from definitions.periods import PeriodKind
from definitions.schemes import Part, Scheme, Scope
from pipelines.assess import (
    AssessmentInputs,
    AssessorMark,
    BonusClaim,
    DeductionEntry,
    IndicatorFacts,
    LastYear,
    Measurement,
    PartyScore,
    Revision,
    SelfReport,
    Tally,
    Target,
    Unit,
    VetoEntry,
)
from pipelines.assess.fund_audit import AUDIT_FACTS, SLIPS
from pipelines.flow.audited_slips import BOOKS, audited
from pipelines.flow.ground import CHINA
from warehouse.current import current_rows
from warehouse.cutoff import prepare_expected
from warehouse.engine import sql
from warehouse.measuring import measured_by_industry, own_marks
from warehouse.organisations import Registered, standing
from warehouse.ranking_groups import groups_on

Owed = dict[tuple[str, str], int]
SIZE_INDICATOR = "I-ORG-03"
"""职工人数: the size by which grassroots unions are grouped."""
SIZES = (SIZE_INDICATOR, "I-ORG-04")


def gather(
    connection: Connection,
    definitions: Definitions,
    scheme: Scheme,
    year: int,
    computation: int,
    cutoff: datetime,
    owed: Owed,
) -> AssessmentInputs:
    """Inputs of one scheme and year; only what stood in the warehouse at the cut-off.

    `owed` comes from `owed_in`, once for all schemes of the year.
    """
    period = Period(PeriodKind.YEAR, year)
    organisations = standing(connection, period.end, cutoff)
    chosen = [o for o in organisations if _under(scheme.applies, o)]
    rows = Rows(connection, definitions, period, cutoff, [o.code for o in chosen])
    figures = measured(connection, definitions, computation, [o.id for o in chosen], cutoff)
    by_industry = frozenset(measured_by_industry(connection, cutoff))
    targets = _letters(connection, definitions, scheme, rows, period, cutoff)
    wanted = _wanted(scheme, definitions, {code for _, code in targets})
    chosen = _taking_part(scheme, chosen, rows, period)
    measurements = tuple(
        _measurements(wanted, chosen, figures, period, owed, targets.keys(), by_industry)
    )
    facts = tuple(IndicatorFacts.of(i) for i in definitions.indicators.values())
    if scheme.kind == "fund-audit":
        facts = (*facts, *AUDIT_FACTS)
        measurements = (
            *measurements,
            *audited(definitions, chosen, rows, measurements, period),
        )
    return AssessmentInputs(
        year=year,
        units=tuple(_units(connection, scheme, period, cutoff, chosen, figures, rows, owed)),
        indicators=facts,
        measurements=measurements,
        targets=tuple(targets.values()),
        self_reports=tuple(_self_reports(rows, period, definitions)),
        tallies=tuple(_tallies(rows)),
        assessor_marks=tuple(_assessor_marks(rows, scheme)),
        party_scores=tuple(_party_scores(rows, scheme, year)),
        bonus_claims=tuple(_bonus(rows)) if scheme.bonus else (),
        deductions=tuple(_deductions(connection, scheme, rows, period, cutoff)),
        vetoes=tuple(_vetoes(connection, year, cutoff)),
    )


def _under(wanted: Scope, org: Registered) -> bool:
    industry = org.industry or ""
    return (
        org.status == "正常"
        and (not wanted.levels or org.level in wanted.levels)
        and (not wanted.types or org.type in wanted.types)
        and (not wanted.industries or industry.startswith(wanted.industries))
        and not industry.startswith(wanted.not_industries)
    )


class Rows:
    """Current rows of forms of the year, about the units under assessment."""

    def __init__(
        self,
        connection: Connection,
        definitions: Definitions,
        year: Period,
        cutoff: datetime,
        units: Sequence[str],
    ) -> None:
        self._connection = connection
        self._definitions = definitions
        self._year = year
        self._cutoff = cutoff
        self._units = units
        self._read: dict[str, list[dict[str, Any]]] = {}

    @property
    def units(self) -> Sequence[str]:
        """Codes of the units whose rows are read."""
        return self._units

    def as_of(self, cutoff: datetime) -> Rows:
        """The same rows as they stood at another moment."""
        return Rows(self._connection, self._definitions, self._year, cutoff, self._units)

    def of(self, form: str) -> list[dict[str, Any]]:
        """Rows as plain dictionaries, blanks as None; every period inside the year."""
        if form not in self._read:
            self._read[form] = self._rows(form)
        return self._read[form]

    def _rows(self, form: str) -> list[dict[str, Any]]:
        frame = current_rows(
            self._connection,
            self._definitions,
            form,
            labels_of(self._year),
            self._units,
            self._cutoff,
        )
        plain = frame.astype(object).where(frame.notna(), None)
        rows = [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]
        ledger = self._definitions.newest(form).ledger
        if ledger is None:
            return rows
        # a thing that is sent again, in whatever month, stands as it was told last
        rows.sort(key=lambda row: Period.parse(row["period"]).end)
        return list({tuple(row[k] for k in ledger.keys): row for row in rows}.values())


def labels_of(year: Period) -> list[str]:
    """Labels of the year and of every half, quarter and month in it."""
    halves = [Period(PeriodKind.HALF, year.year, n) for n in (1, 2)]
    quarters = [Period(PeriodKind.QUARTER, year.year, n) for n in range(1, 5)]
    return [p.label for p in (year, *halves, *quarters, *year.months())]


Figures = dict[tuple[str, str, str], Any]
LINES = {1: "块", 2: "条"}


def measured(
    connection: Connection,
    definitions: Definitions,
    computation: int,
    units: Sequence[int],
    cutoff: datetime,
) -> Figures:
    """(unit code, period, indicator) → row of line, value, numerator, denominator, coverage.

    Each unit on the line on which it is measured: an industry union by its industry.
    """
    rows = connection.execute(
        text(sql("measured")),
        {
            "computation": computation,
            "units": list(units),
            "by_industry": measured_by_industry(connection, cutoff),
            "own_marks": own_marks(definitions),
        },
    )
    return {(r.unit, r.period, r.indicator): r for r in rows}


def _units(
    connection: Connection,
    scheme: Scheme,
    period: Period,
    cutoff: datetime,
    chosen: Sequence[Registered],
    figures: Figures,
    rows: Rows,
    owed: Owed,
) -> Iterable[Unit]:
    before = _last_year(connection, scheme, period.year - 1, cutoff)
    moved = {
        r.code: r.effective
        for r in connection.execute(
            text(
                """
                SELECT o.code, max(c.effective) AS effective FROM organisation_change c
                JOIN organisation o ON o.id = c.org_id
                WHERE c.change = '划转' AND c.effective BETWEEN :a AND :b
                  AND c.in_force_at <= :cutoff
                  AND (c.undone_at IS NULL OR c.undone_at > :cutoff)
                GROUP BY o.code
                """
            ),
            {"a": period.start, "b": period.end, "cutoff": cutoff},
        )
    }
    groups = groups_on(connection, scheme.family, period.end, cutoff)
    applied = {}
    if scheme.kind == "star-home":
        applied = {r["org_code"]: r["star_applied"] or "" for r in rows.of("HOME-02")}
    for org in chosen:
        if scheme.kind == "star-home" and org.code not in applied:
            continue
        size = figures.get((org.code, period.label, SIZE_INDICATOR))
        note = ""
        if org.code in moved:
            note = f"{moved[org.code]:%Y年%-m月%-d日}划转，划转前的数据归原上级，本单位数据全年连续"
        yield Unit(
            code=org.code,
            name=org.name,
            type=org.type,
            level=org.level,
            size=int(size.value) if size is not None and size.value is not None else None,
            letter_due=owed.get((org.code, "TGT-01"), 0) > 0,
            last_year_rank=before[org.code].rank if org.code in before else None,
            last_year=before.get(org.code),
            group=groups.get(org.code, ""),
            applied_grade=applied.get(org.code, ""),
            note=note,
        )


def _last_year(
    connection: Connection, scheme: Scheme, year: int, cutoff: datetime
) -> dict[str, LastYear]:
    """What each unit was given by the newest assessment of the family in a year."""
    found = {}
    for r in connection.execute(
        text(sql("given_marks")), {"family": scheme.family, "year": year, "cutoff": cutoff}
    ):
        marks: dict[str, Decimal] = {}
        for block in r.blocks or ():
            code = block["block"]["code"]
            if block["score"] is not None:
                marks[code] = Decimal(block["score"])
            for line in block["parts"]:
                indicator = (line["indicator"] or {}).get("code", "")
                marks[f"{line['item']['code']}/{indicator}"] = Decimal(line["marks"])
        found[r.unit] = LastYear(r.scheme, r.total, r.grade, r.rank, marks)
    return found


def owed_in(connection: Connection, period: Period, cutoff: datetime) -> Owed:
    """(unit, form) → filings that the unit and those below it owed in a year."""
    rows = connection.execute(
        text(sql("owed")),
        {
            "starts": period.start,
            "ends": period.end,
            "by_industry": measured_by_industry(connection, cutoff),
        },
    )
    return {(r.unit, r.form): int(r.expected) for r in rows}


def _wanted(
    scheme: Scheme, definitions: Definitions, signed: Collection[str]
) -> dict[str, Indicator]:
    """Indicators whose figures are read: of the scheme, of letters, and of a unit's size."""
    asked = {
        code
        for block in scheme.blocks
        for item in block.items
        for part in item.parts
        for code in part.codes
    }
    asked |= {*signed, *SIZES, *(BOOKS if scheme.kind == "fund-audit" else ())}
    return {c: i for c, i in definitions.indicators.items() if c in asked}


def _taking_part(
    scheme: Scheme, chosen: Sequence[Registered], rows: Rows, period: Period
) -> list[Registered]:
    """Whom a scheme is about that does not assess everybody: who was rated, or audited."""
    if scheme.kind == "member-evaluation":
        about = {b.rated for b in scheme.blocks}
        rated = {r["org_code"] for r in rows.of("EVAL-01") if r["object"] in about}
        return [o for o in chosen if o.code in rated]
    if scheme.kind == "fund-audit":
        seen = {r["org_code"] for form in SLIPS for r in rows.of(form)}
        seen |= {r["org_code"] for r in rows.of("AUD-00") if r["year"] == period.year}
        return [o for o in chosen if o.code in seen]
    return list(chosen)


def _measurements(
    wanted: Mapping[str, Indicator],
    chosen: Sequence[Registered],
    figures: Figures,
    period: Period,
    owed: Owed,
    tasks: Collection[tuple[str, str]],
    by_industry: Collection[int],
) -> Iterable[Measurement]:
    """A measurement for every unit and indicator.

    Where there is no figure, what was owed decides between missing and not applicable; a task of
    the letter is owed whatever its form says.
    """
    for org in chosen:
        for code, indicator in wanted.items():
            row = figures.get((org.code, period.label, code))
            line = row.line if row is not None else 1 + (org.id in by_industry)
            reference = f"{LINES[line]}/{org.code}/{period.label}/{code}"
            if row is None:
                form = indicator.numerator[0].form if indicator.numerator else ""
                due = owed.get((org.code, form), 0) or int((org.code, code) in tasks)
                yield Measurement(org.code, code, None, expected=due, reference=reference)
                continue
            before = figures.get((org.code, period.last_year().label, code))
            quarters = {
                q: found.value
                for q in range(1, 5)
                if (found := figures.get((org.code, f"{period.year}Q{q}", code))) is not None
                and (found.value is not None or found.reported)
            }
            yield Measurement(
                unit=org.code,
                indicator=code,
                value=row.value,
                numerator=row.numerator,
                denominator=row.denominator,
                reported=row.reported,
                expected=row.expected or 0,
                last_year=before.value if before is not None else None,
                quarters=quarters,
                reference=reference,
            )


def _decimal(value: object) -> Decimal | None:
    return None if value is None or pd.isna(value) else Decimal(str(value))  # type: ignore[call-overload]


def first_scored(
    connection: Connection, family: str, year: int, cutoff: datetime
) -> datetime | None:
    """The cut-off at which a year was first scored under a family of schemes, up to this one."""
    found: datetime | None = connection.execute(
        text(
            "SELECT min(cutoff) FROM assessment "
            "WHERE scheme LIKE :family || '-____' AND year = :year AND cutoff <= :cutoff"
        ),
        {"family": family, "year": year, "cutoff": cutoff},
    ).scalar()
    return found


def _letters(
    connection: Connection,
    definitions: Definitions,
    scheme: Scheme,
    rows: Rows,
    period: Period,
    cutoff: datetime,
) -> dict[tuple[str, str], Target]:
    """Signed targets as they stood when the year was first scored, with what changed them.

    A target that is revised after the first scoring is told of and does not count for the year.
    """
    if not any(p.target == "letter" or _with_target(p) for p in _parts(scheme)):
        return {}
    first = first_scored(connection, scheme.family, period.year, cutoff)
    signed = rows if first is None or first >= cutoff else rows.as_of(first)
    revisions = _revisions(connection, definitions, rows.units, period, first, cutoff)
    return _targets(signed, period, revisions)


def _parts(scheme: Scheme) -> Iterable[Part]:
    return (p for b in scheme.blocks for i in b.items for p in i.parts)


def _with_target(part: Part) -> bool:
    return part.target is not None or part.rise is not None


Revisions = dict[tuple[str, str], tuple[Revision, ...]]


def _revisions(
    connection: Connection,
    definitions: Definitions,
    units: Sequence[str],
    period: Period,
    first: datetime | None,
    cutoff: datetime,
) -> Revisions:
    """(unit, indicator) → changes of the annual target, oldest first."""
    found: dict[tuple[str, str], list[Revision]] = defaultdict(list)
    for form in (f for f in definitions.forms if f.code == "TGT-01"):
        place = {name: at + 1 for name, at in form.position.items()}
        for r in connection.execute(
            text(sql("target_revisions")),
            {
                "edition": form.edition,
                "year": period.label,
                "units": list(units),
                "cutoff": cutoff,
                **{n: place[n] for n in ("task_id", "indicator", "period", "target")},
            },
        ):
            if r.now is not None:
                late = first is not None and r.accepted_at > first
                day = r.accepted_at.astimezone(CHINA).date()
                found[r.unit, r.indicator].append(
                    Revision(r.was, r.now, day, r.document or "", counted=not late)
                )
    return {key: tuple(changes) for key, changes in found.items()}


def _targets(rows: Rows, period: Period, revisions: Revisions) -> dict[tuple[str, str], Target]:
    annual: dict[tuple[str, str], dict[str, Any]] = {}
    quarters: dict[tuple[str, str], dict[int, Decimal]] = defaultdict(dict)
    for row in rows.of("TGT-01"):
        key, target = (row["org_code"], row["indicator"]), _decimal(row["target"])
        if target is None:
            continue
        label = str(row["period"] or "")
        if label == period.label:
            annual[key] = row
        elif label.startswith(f"{period.year}Q"):
            quarters[key][int(label[-1])] = target
    return {
        key: Target(
            unit=key[0],
            indicator=key[1],
            annual=Decimal(str(row["target"])),
            direction=row["direction"] or "越大越好",
            weight=_decimal(row["weight"]),
            owner="",  # a person's name: it stays in the letter
            quarters=dict(quarters.get(key, {})),
            reference=row_place(row),
            owned=row["owner"] is not None,
            revisions=revisions.get(key, ()),
        )
        for key, row in annual.items()
    }


def row_place(row: Mapping[str, Any]) -> str:
    """Where a row stands, as explanations cite it: sheet and row."""
    return f"{row['sheet']}!{row['row_no']}"


def _self_reports(rows: Rows, period: Period, definitions: Definitions) -> Iterable[SelfReport]:
    """What the unit says of the year: quarters added for flows, the last one for stocks.

    A ratio told of one quarter is not one of the year, so it is not held against the unit.
    """
    indicator_of = {(r["org_code"], r["task_id"]): r["indicator"] for r in rows.of("TGT-01")}
    told: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows.of("TGT-02"), key=lambda r: str(r["period"])):
        if row["actual"] is not None and (row["org_code"], row["task_id"]) in indicator_of:
            told[row["org_code"], row["task_id"]].append(row)
    for key, quarters in told.items():
        indicator = definitions.indicators.get(str(indicator_of[key]))
        last = quarters[-1]
        if indicator is None or last["period"] != f"{period.year}Q4":
            continue
        if not indicator.is_flow and indicator.aggregate != "latest":
            continue
        counted = quarters if indicator.is_flow else [last]
        yield SelfReport(
            unit=key[0],
            indicator=indicator.code,
            actual=sum((Decimal(str(r["actual"])) for r in counted), Decimal(0)),
            self_score=_decimal(last["self_score"]),
            gap_reason=last["gap_reason"] or "",
            reference="、".join(row_place(r) for r in counted),
        )


def _tallies(rows: Rows) -> Iterable[Tally]:
    for row in rows.of("EVAL-01"):
        yield Tally(
            unit=row["org_code"],
            rater=row["rater"],
            eligible=int(row["eligible"]),
            ballots=int(row["ballots"]),
            very_sat=int(row["very_sat"]),
            basic_sat=int(row["basic_sat"]),
            unsat=int(row["unsat"]),
            unclear=int(row["unclear"]),
            object=row["object"],
            reference=row_place(row),
        )


def _assessor_marks(rows: Rows, scheme: Scheme) -> Iterable[AssessorMark]:
    for row in rows.of("EVAL-02"):
        if row["scheme"] == scheme.code:
            yield AssessorMark(
                unit=row["org_code"],
                item=row["item"],
                assessor=row["assessor"],
                raw=Decimal(str(row["raw"])),
                reason=row["reason"] or "",
                reference=row_place(row),
            )


def _party_scores(rows: Rows, scheme: Scheme, year: int) -> Iterable[PartyScore]:
    """HOME-02: a party block named `member` takes its score from the column `member_score`."""
    blocks = [b.code for b in scheme.blocks if b.source == "party"]
    if not blocks:
        return
    for row in rows.of("HOME-02"):
        if row["cycle_year"] != year:
            continue
        for code in blocks:
            score = _decimal(row.get(f"{code}_score"))
            if score is None:
                continue
            members = code == "member"
            yield PartyScore(
                unit=row["org_code"],
                block=code,
                score=score,
                eligible=int(row["members_eligible"]) if members else None,
                ballots=int(row["members_rated"]) if members else None,
                reference=row_place(row),
            )


SELECTED = "创新项目入选"
OVERDUE, LATE = "审计整改逾期", "年报迟报"


def _bonus(rows: Rows) -> Iterable[BonusClaim]:
    """Honours, and projects selected (RES-02) with the document of the honour that names them."""
    honours = rows.of("HONOR-01")
    selected = [r for r in rows.of("RES-02") if r["selected"]]
    naming: dict[int, dict[str, Any]] = {}
    for n, project in enumerate(selected):
        for row in honours:
            named = project["title"] and project["title"] in (row["honor"] or "")
            if named and row["org_code"] == project["org_code"]:
                naming[n] = row
    for row in honours:
        if not any(row is used for used in naming.values()):
            yield BonusClaim(
                unit=row["org_code"],
                kind=row["level"],
                title=row["honor"],
                document=row["doc_no"] or "",
                reference=row_place(row),
            )
    for n, project in enumerate(selected):
        document = naming[n]["doc_no"] if n in naming else None
        yield BonusClaim(
            unit=project["org_code"],
            kind=SELECTED,
            title=project["title"] or "",
            document=document or "",
            reference=row_place(project),
        )


def _deductions(
    connection: Connection, scheme: Scheme, rows: Rows, period: Period, cutoff: datetime
) -> Iterable[DeductionEntry]:
    """Audits whose rectification came late or never, and yearly forms that came late."""
    if OVERDUE in scheme.deductions:
        day = min(period.end, cutoff.astimezone(CHINA).date())
        for row in rows.of("AUD-00"):
            due, done = day_of(row["rectify_due"]), day_of(row["rectify_on"])
            if due is None or due > day or (done is not None and done <= due):
                continue
            when = "至今未报" if done is None else f"{done:%Y-%m-%d} 才报"
            yield DeductionEntry(
                unit=row["org_code"],
                kind=OVERDUE,
                title=f"审计 {row['audit_id']} 的整改结果应于 {due:%Y-%m-%d} 前报送，{when}",
                reference=row_place(row),
            )
    if LATE in scheme.deductions:
        prepare_expected(connection, cutoff, period.start, period.end)
        for late in connection.execute(
            text(sql("late_yearly")), {"year": period.label, "units": list(rows.units)}
        ):
            yield DeductionEntry(
                unit=late.unit,
                kind=LATE,
                title=f"{late.form} {period.year} 年年报 {late.due_on:%Y-%m-%d} 到期，逾期收到",
                reference=f"{late.form}/{period.label}",
            )


def day_of(value: Any) -> date | None:
    """A date as rows have it, or nothing."""
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()


def _vetoes(connection: Connection, year: int, cutoff: datetime) -> Iterable[VetoEntry]:
    rows = connection.execute(
        text(
            """
            SELECT o.code AS unit, v.code, v.title, v.document FROM veto v
            JOIN organisation o ON o.id = v.org_id
            WHERE v.year = :year AND v.entered_at <= :cutoff
              AND (v.revoked_at IS NULL OR v.revoked_at > :cutoff)
            ORDER BY o.code, v.code
            """
        ),
        {"year": year, "cutoff": cutoff},
    )
    for row in rows:
        yield VetoEntry(unit=row.unit, code=row.code, title=row.title, document=row.document)
