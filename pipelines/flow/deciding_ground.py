"""What small schemes are decided from, and what a notice tells before anything is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from definitions.small_schemes import BallotOutcome, PointsAccount
from pipelines.assess import credit, representatives
from pipelines.flow.evidence import Figures, measured
from pipelines.flow.filed_rows import Rows, day_of, decimal, row_place
from warehouse.organisations import Registered, standing


@dataclass(frozen=True)
class Ground:
    """What deciding reads: definitions, rows, figures and unions of a year at a cut-off."""

    connection: Connection
    definitions: Definitions
    period: Period
    cutoff: datetime
    rows: Rows
    unions: Mapping[str, Registered]
    figures: Figures

    def parameter(self, code: str) -> Any:
        """A dated parameter as in force at the year's end."""
        return self.definitions.parameters[code].at(self.period.end)

    def table(self, code: str) -> dict[str, Decimal]:
        """A dated table of numbers."""
        return {str(k): Decimal(str(v)) for k, v in self.parameter(code).items()}


def ground_of(
    connection: Connection,
    definitions: Definitions,
    year: int,
    cutoff: datetime,
    computation: int | None = None,
) -> Ground:
    """What deciding reads of a year at a cut-off; without a computation no figures, rows only."""
    period = Period(PeriodKind.YEAR, year)
    unions = {o.code: o for o in standing(connection, period.end, cutoff)}
    figures: Figures = {}
    if computation is not None:
        ids = [o.id for o in unions.values()]
        figures = measured(connection, definitions, computation, ids, cutoff)
    rows = Rows(connection, definitions, period, cutoff, list(unions))
    return Ground(connection, definitions, period, cutoff, rows, unions, figures)


def accounts_of(scheme: PointsAccount, ground: Ground) -> dict[str, list[credit.Account]]:
    """Union → the account of each person whose points were taken in the year."""
    points = Decimal(str(ground.parameter(scheme.points)))
    cases: dict[tuple[str, str], list[credit.CreditCase]] = defaultdict(list)
    educated: dict[tuple[str, str], date] = {}
    for row in ground.rows.of(scheme.form):
        day, taken = day_of(row["event_on"]), decimal(row["points"])
        if day is None or taken is None or taken < 0 or not row["person_key"]:
            continue
        who = (row["org_code"], row["person_key"])
        cases[who].append(credit.CreditCase(row["person_key"], day, taken, row["deduct_id"] or ""))
        done = day_of(row["edu_done_on"])
        if done is not None:
            educated[who] = max(done, educated.get(who, done))
    accounts: dict[str, list[credit.Account]] = defaultdict(list)
    for (unit, person), own in sorted(cases.items()):
        accounts[unit].append(
            credit.account(
                scheme, points, ground.period.year, person, own,
                ground.definitions.calendar, educated.get((unit, person)),
            )
        )  # fmt: skip
    return accounts


def evaluations(
    scheme: BallotOutcome, ground: Ground
) -> Iterator[tuple[dict[str, Any], representatives.RepresentativeResult | None]]:
    """Every row of a representative, judged; None where no ballots were told."""
    recall, reward = (Decimal(str(ground.parameter(c))) for c in (scheme.recall, scheme.reward))
    seats = int(ground.parameter("rep_candidates_per_seat"))
    for row in ground.rows.of(scheme.form):
        if row["eval_ballots"] is None or row["eval_unsat"] is None:
            yield row, None
            continue
        told = representatives.RepresentativeBallots(
            representative=row["rep_id"] or row_place(row),
            constituency=int(row["voters"] or 0),
            ballots=int(row["eval_ballots"]),
            unsatisfied=int(row["eval_unsat"]),
            score=decimal(row["eval_score"]),
        )
        yield row, representatives.evaluate(scheme, recall, reward, seats, told)
