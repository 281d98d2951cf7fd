"""Everything an assessment reads, gathered from the warehouse at one cut-off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from definitions.schemes import Scheme, Scope
from pipelines.assess import (
    AssessmentInputs,
    AssessorMark,
    BonusClaim,
    IndicatorFacts,
    Measurement,
    PartyScore,
    SelfReport,
    Tally,
    Target,
    Unit,
    VetoEntry,
)
from warehouse.current import current_rows
from warehouse.engine import sql
from warehouse.measuring import measured_by_industry, own_marks
from warehouse.organisations import Registered, standing
from warehouse.ranking_groups import groups_on

Owed = dict[tuple[str, str], int]
SIZE_INDICATOR = "I-ORG-03"
"""职工人数: the size by which grassroots unions are grouped."""


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
    rows = _Rows(connection, definitions, period, cutoff, [o.code for o in chosen])
    figures = measured(connection, definitions, computation, [o.id for o in chosen], cutoff)
    by_industry = frozenset(measured_by_industry(connection, cutoff))
    targets = _targets(rows, period)
    return AssessmentInputs(
        year=year,
        units=tuple(_units(connection, scheme, period, cutoff, chosen, figures, rows, owed)),
        indicators=tuple(IndicatorFacts.of(i) for i in definitions.indicators.values()),
        measurements=tuple(
            _measurements(definitions, chosen, figures, period, owed, targets.keys(), by_industry)
        ),
        targets=tuple(targets.values()),
        self_reports=tuple(_self_reports(rows, period, definitions)),
        tallies=tuple(_tallies(rows)),
        assessor_marks=tuple(_assessor_marks(rows, scheme)),
        party_scores=tuple(_party_scores(rows, scheme, year)),
        bonus_claims=tuple(_bonus(rows)),
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


class _Rows:
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

    def of(self, form: str) -> list[dict[str, Any]]:
        """Rows as plain dictionaries, blanks as None; every period inside the year."""
        frame = current_rows(
            self._connection,
            self._definitions,
            form,
            labels_of(self._year),
            self._units,
            self._cutoff,
        )
        plain = frame.astype(object).where(frame.notna(), None)
        return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]


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
    rows: _Rows,
    owed: Owed,
) -> Iterable[Unit]:
    ranks = {
        r.code: r.rank
        for r in connection.execute(
            text(
                """
                SELECT DISTINCT ON (o.code) o.code, u.rank FROM assessment a
                JOIN assessment_unit u ON u.assessment_id = a.id
                JOIN organisation o ON o.id = u.org_id
                WHERE a.scheme LIKE :family || '-%' AND a.year = :year
                ORDER BY o.code, a.cutoff DESC
                """
            ),
            {"family": scheme.family, "year": period.year - 1},
        )
    }
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
            last_year_rank=ranks.get(org.code),
            group=groups.get(org.code, ""),
            applied_grade=applied.get(org.code, ""),
            note=note,
        )


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


def _measurements(
    definitions: Definitions,
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
        for code, indicator in definitions.indicators.items():
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


def _targets(rows: _Rows, period: Period) -> dict[tuple[str, str], Target]:
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
            reference=_cell(row),
        )
        for key, row in annual.items()
    }


def _cell(row: dict[str, Any]) -> str:
    return f"{row['sheet']}!{row['row_no']}"


def _self_reports(rows: _Rows, period: Period, definitions: Definitions) -> Iterable[SelfReport]:
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
            reference="、".join(_cell(r) for r in counted),
        )


def _tallies(rows: _Rows) -> Iterable[Tally]:
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
            reference=_cell(row),
        )


def _assessor_marks(rows: _Rows, scheme: Scheme) -> Iterable[AssessorMark]:
    for row in rows.of("EVAL-02"):
        if row["scheme"] == scheme.code:
            yield AssessorMark(
                unit=row["org_code"],
                item=row["item"],
                assessor=row["assessor"],
                raw=Decimal(str(row["raw"])),
                reason=row["reason"] or "",
                reference=_cell(row),
            )


def _party_scores(rows: _Rows, scheme: Scheme, year: int) -> Iterable[PartyScore]:
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
                reference=_cell(row),
            )


def _bonus(rows: _Rows) -> Iterable[BonusClaim]:
    for row in rows.of("HONOR-01"):
        yield BonusClaim(
            unit=row["org_code"],
            kind=row["level"],
            title=row["honor"],
            document=row["doc_no"] or "",
            reference=_cell(row),
        )


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
