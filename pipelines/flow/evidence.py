"""Everything an assessment reads, gathered from the warehouse at one cut-off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.measures import Indicator
from definitions.periods import PeriodKind
from definitions.schemes import Scheme, Scope
from pipelines.assess import (
    AssessmentInputs,
    AssessorMark,
    IndicatorFacts,
    LastYear,
    Measurement,
    PartyScore,
    Tally,
    Unit,
)
from pipelines.assess.fund_audit import AUDIT_FACTS, SLIPS
from pipelines.flow.audited_slips import BOOKS, audited
from pipelines.flow.filed_rows import Rows, decimal, row_place
from pipelines.flow.letters import letters_of, self_reports
from pipelines.flow.merits import bonus, deductions, vetoes
from warehouse.assessment_year import standing_marks
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
    chosen = [o for o in organisations if applies_to(scheme.applies, o)]
    rows = Rows(connection, definitions, period, cutoff, [o.code for o in chosen])
    figures = measured(connection, definitions, computation, [o.id for o in chosen], cutoff)
    by_industry = frozenset(measured_by_industry(connection, cutoff))
    targets = letters_of(connection, definitions, scheme, rows, period, cutoff)
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
        self_reports=tuple(self_reports(rows, period, definitions)),
        tallies=tuple(_tallies(rows)),
        assessor_marks=tuple(_assessor_marks(rows, scheme)),
        party_scores=tuple(_party_scores(rows, scheme, year)),
        bonus_claims=tuple(bonus(rows)) if scheme.bonus else (),
        deductions=tuple(deductions(connection, scheme, rows, period, cutoff)),
        vetoes=tuple(vetoes(connection, year, cutoff)),
    )


def applies_to(wanted: Scope, org: Registered) -> bool:
    """Whether an organisation is among those whom a scheme assesses."""
    industry = org.industry or ""
    return (
        org.status == "正常"
        and (not wanted.levels or org.level in wanted.levels)
        and (not wanted.types or org.type in wanted.types)
        and (not wanted.industries or industry.startswith(wanted.industries))
        and not industry.startswith(wanted.not_industries)
    )


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
    """What each unit was given by the assessment of the family that stands for a year."""
    found = {}
    for r in standing_marks(connection, scheme.family, year, cutoff, with_blocks=True):
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
            score = decimal(row.get(f"{code}_score"))
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
