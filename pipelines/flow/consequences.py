"""What a final result brings: honours, money, letters, talks, and rectification that is followed.

Amounts come from the coefficients of the day; rectification follows results that failed and audits
with problems (AUD-00), is reminded and warned of by its day, and closed by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.assess.funding import Allocation, Arrival, FundedUnion, arrivals, next_year
from pipelines.assessment_year.consequences import (
    RECTIFY,
    Consequence,
    Open,
    Outcome,
    consequences,
    due_steps,
)
from pipelines.assessment_year.stages import Refused, Stage
from pipelines.flow import editions as made
from pipelines.flow.assessing_year import CLOCK
from pipelines.flow.filed_rows import labels_of
from pipelines.flow.ground import definitions, engine, moment
from warehouse import assessment_year as kept
from warehouse import rectifications as kept_rectifications
from warehouse.assessment_year import Edition, Round
from warehouse.current import current_rows
from warehouse.life_cycle import Actor
from warehouse.organisations import standing
from warehouse.windows import china_day

FUNDED_TYPES = ("产业工会",)
ARRIVED_IN = {
    "市总工会": "from_city_union", "区县财政": "from_finance", "区县总工会": "from_dist_union",
}  # fmt: skip
"""Payer of a district's share → the column of FIN-05 that says what came."""


def final_edition(
    connection: Connection, scheme: str, year: int, known_at: datetime | None = None
) -> tuple[Round, Edition]:
    """The final edition of a round, now or at a moment; Refused where nothing is final."""
    found = kept.round_of(connection, scheme, year, known_at)
    if found is None or found.stage != Stage.FINAL:
        raise Refused(f"{year}年度 {scheme} 的考核结果尚未审定。")
    listed = kept.editions(connection, found.id)
    return found, [e for e in listed if known_at is None or e.known_at <= known_at][-1]


def outcomes_of(connection: Connection, edition: Edition) -> list[Outcome]:
    """Units of an edition as consequences read them."""
    found = []
    for row in kept.unit_rows(connection, edition.assessment_id):
        vetoes = [v["veto"]["name"] for v in row.detail["vetoes"] if v["counted"]]
        invalid = row.detail["standing"] == "无效"
        why = "；".join(row.detail["grade_reasons"]) if invalid else ""
        name = row.detail["unit"]["name"]
        found.append(Outcome(row.unit, name, row.grade, tuple(vetoes), why))
    return found


def decide_consequences(
    scheme: str, year: int, *, document: str, by: Actor, at: str
) -> tuple[Consequence, ...]:
    """Work out and keep what a final result brings; open the rectification of failed units.

    May be repeated: what is kept stays as it is.
    """
    known, when = definitions(), moment(at)
    day = china_day(when)
    if not document.strip():
        raise Refused("结果运用须写明文号。")
    with engine().begin() as connection:
        _, edition = final_edition(connection, scheme, year)
        known_then = made.definitions_of(connection, edition.definitions)
        official = made.scheme_of(known_then, scheme)
        found = consequences(
            outcomes_of(connection, edition),
            [b.name for b in official.bands],
            coefficients_on(known, day),
            day,
            int(known.parameters["result_rectification_days"].at(day)),
        )
        kept_rectifications.keep_consequences(
            connection,
            edition.id,
            [(c.unit, c.kind, c.content, c.value, c.due_on) for c in found],
            when,
        )
        for one in found:
            if one.kind == RECTIFY and one.due_on is not None:
                kept_rectifications.issue(
                    connection, one.unit, "年度考核", f"{scheme} {year}",
                    f"{year}年度考核等次为{official.bands[-1].name}", document, day, one.due_on,
                    by, when,
                )  # fmt: skip
    return found


def coefficients_on(known: Definitions, day: date) -> dict[str, Decimal]:
    """Grade → coefficient of next year's money."""
    table = known.parameters["result_coefficient"].at(day)
    return {str(grade): Decimal(str(rate)) for grade, rate in table.items()}


@dataclass(frozen=True, slots=True)
class Money:
    """Next year's money of city industry unions, and how districts' shares have arrived.

    `ungraded` are unions whose grade has no coefficient: their amount is not known yet.
    """

    base: int
    pool: int | None
    step: int
    coefficients: dict[str, Decimal]
    allocations: tuple[Allocation, ...]
    shares: tuple[tuple[str, str, Arrival, str], ...]
    ungraded: tuple[str, ...]

    @property
    def total(self) -> int:
        """Whole yuan that are allocated."""
        return sum(a.yuan for a in self.allocations)

    @property
    def claimed(self) -> Decimal:
        """Yuan that base and coefficients come to."""
        return sum((a.claim for a in self.allocations), Decimal(0))


def next_year_money(scheme: str, year: int, *, at: str, pool: int | None = None) -> Money:
    """What a final result gives industry unions next year, by largest remainder out of a pool."""
    known, when = definitions(), moment(at)
    with engine().connect() as connection:
        found = money_of(connection, known, scheme, year, china_day(when), when, pool)
        connection.rollback()
    return found


def money_of(
    connection: Connection,
    known: Definitions,
    scheme: str,
    year: int,
    day: date,
    known_at: datetime,
    pool: int | None,
) -> Money:
    """The same by the definitions and on the day given, from what was final at a moment."""
    funds = known.parameters["industry_union_funds_yuan"].at(day)
    rates = coefficients_on(known, day)
    step = int(known.parameters["fund_rounding_yuan"].at(day))
    period = Period(PeriodKind.YEAR, year)
    _, edition = final_edition(connection, scheme, year, known_at)
    orgs = {o.code: o for o in standing(connection, period.end, edition.cutoff)}
    graded = [
        o
        for o in outcomes_of(connection, edition)
        if orgs[o.unit].type in FUNDED_TYPES and orgs[o.unit].level == "市级"
    ]
    known_then = made.definitions_of(connection, edition.definitions)
    told = current_rows(
        connection, known_then, "FIN-05", labels_of(period), list(orgs), edition.cutoff
    ).to_dict("records")
    counted = [FundedUnion(o.unit, o.name, o.grade) for o in graded if o.grade in rates]
    ratio = known.parameters["district_fund_ratio"].at(day)
    shares = {str(payer): Decimal(str(part)) for payer, part in ratio.items()}
    listed = []
    for row in sorted(told, key=lambda r: str(r["org_code"])):
        if row["tier"] != "区县级":
            continue
        came = {payer: _amount(row[ARRIVED_IN[payer]]) for payer in shares}
        standard = int(_amount(row["standard"]) or funds["区县级"])
        arrived_on = row["arrived_on"]
        listed += [
            (str(row["org_code"]), orgs[str(row["org_code"])].name, one,
             str(arrived_on or "—")[:10])
            for one in arrivals(standard, shares, came)
        ]  # fmt: skip
    return Money(
        base=int(funds["市级"]),
        pool=pool,
        step=step,
        coefficients=rates,
        allocations=next_year(int(funds["市级"]), rates, counted, step, pool),
        shares=tuple(listed),
        ungraded=tuple(o.name for o in graded if o.grade not in rates),
    )


def _amount(value: Any) -> Decimal:
    """A number of a row; blank or not told is nothing that has come."""
    text = str(value)
    return Decimal(0) if value is None or text in ("nan", "NaN", "<NA>", "None") else Decimal(text)


# --- rectification ---


@dataclass(frozen=True, slots=True)
class Standing:
    """One rectification as a page shows it; `days_left` below 0 is overdue."""

    number: int
    unit: str
    name: str
    source: str
    reference: str
    matter: str
    document: str
    issued_on: date
    due_on: date
    steps: tuple[str, ...]
    state: str
    days_left: int


def open_rectifications(at: str) -> list[Standing]:
    """Every rectification that nobody has accepted yet, soonest due first."""
    return [s for s in all_rectifications(at) if s.state != "已销号"]


def all_rectifications(at: str) -> list[Standing]:
    """Every rectification issued by a day, with where it stands."""
    with engine().connect() as connection:
        return rectifications_at(connection, moment(at))


def rectifications_at(connection: Connection, when: datetime) -> list[Standing]:
    """Every rectification as it stood at a moment."""
    day = china_day(when)
    rows = kept_rectifications.rectifications(connection, day, when)
    names = {o.code: o.name for o in standing(connection, day, when)}
    return [
        Standing(
            r.id, r.unit, names.get(r.unit, r.unit), r.source, r.reference, r.matter, r.document,
            r.issued_on, r.due_on, tuple(r.steps), _state(r, day), (r.due_on - day).days,
        )
        for r in rows
    ]  # fmt: skip


def _state(row: Any, day: date) -> str:
    last = next((s for s in reversed(row.steps) if s not in ("提醒", "督办")), "")
    if last == "验收销号":
        return "已销号"
    if last == "报送结果":
        return "待验收"
    return "逾期未报" if day > row.due_on else "整改中"


def record_rectification(
    number: int, kind: str, *, words: str, evidence: str = "", happened_on: str, by: Actor, at: str
) -> None:
    """Keep a result handed in, sent back or accepted; Refused where it does not fit the state."""
    when, day = moment(at), date.fromisoformat(happened_on)
    allowed = {"报送结果": ("整改中", "逾期未报"), "退回重办": ("待验收",), "验收销号": ("待验收",)}
    with engine().begin() as connection:
        rows = kept_rectifications.rectifications(connection, china_day(when), when)
        row = next((r for r in rows if r.id == number), None)
        if row is None:
            raise Refused(f"没有编号为 {number} 的整改事项。")
        now = _state(row, china_day(when))
        if kind not in allowed:
            raise Refused(f"没有“{kind}”这种办理，可用：{'、'.join(allowed)}。")
        if now not in allowed[kind]:
            raise Refused(f"整改事项 {number} 目前“{now}”，不能办理“{kind}”。")
        if not words.strip() or (kind == "报送结果" and not evidence.strip()):
            raise Refused("须写明办理情况；报送整改结果的还须注明佐证材料。")
        kept_rectifications.record(connection, number, kind, words, day, by, when, evidence)


def audits_to_follow(at: str) -> int:
    """Open a rectification for every audit opinion with problems that has none; how many."""
    known, when = definitions(), moment(at)
    day = china_day(when)
    opened = 0
    with engine().begin() as connection:
        codes = [o.code for o in standing(connection, day, when)]
        for row in audit_rows(connection, known, codes, day.year, when):
            opinion, issues = row["opinion_on"], row["issues"]
            if opinion is None or not issues or opinion > day:
                continue
            days = int(known.parameters["audit_rectification_days"].at(opinion))
            number = kept_rectifications.issue(
                connection, row["org_code"], "经费审计", row["audit_id"],
                f"经费绩效审计发现问题 {int(issues)} 个，已整改 {int(row['fixed'] or 0)} 个",
                row["audit_id"], opinion, opinion + timedelta(days=days), CLOCK, when,
            )  # fmt: skip
            opened += number is not None
            if number is not None and row["rectify_on"] is not None and row["rectify_on"] <= day:
                kept_rectifications.record(
                    connection, number, "报送结果", "经审会登记的整改结果", row["rectify_on"],
                    CLOCK, when, "AUD-00",
                )  # fmt: skip
    return opened


def audit_rows(
    connection: Connection, known: Definitions, codes: Sequence[str], year: int, when: Any
) -> list[dict[str, Any]]:
    """Rows of AUD-00 sent in a year and the one before, each audit as it was last told."""
    labels = [m.label for y in (year - 1, year) for m in Period(PeriodKind.YEAR, y).months()]
    frame = current_rows(connection, known, "AUD-00", labels, codes, when)
    plain = frame.astype(object).where(frame.notna(), None)
    newest: dict[str, dict[str, Any]] = {}
    for row in plain.to_dict("records"):
        told = {str(k): v for k, v in row.items()}
        for name in ("notice_on", "start_on", "opinion_on", "rectify_on"):
            if told[name] is not None and hasattr(told[name], "date"):
                told[name] = told[name].date()
        newest[told["audit_id"]] = told
    return [newest[k] for k in sorted(newest)]


def follow_up(at: str) -> dict[str, list[int]]:
    """Remind of what falls due, warn of what is overdue, each once; numbers by kind.

    A repeat at the same moment returns the same: what follows may not have been printed yet.
    """
    known, when = definitions(), moment(at)
    day = china_day(when)
    reminder = int(known.parameters["rectification_reminder_days"].at(day))
    with engine().begin() as connection:
        rows = kept_rectifications.rectifications(connection, day, when)
        due = due_steps([Open(r.id, r.unit, r.due_on, tuple(r.steps)) for r in rows], day, reminder)
        for number, kind in sorted(due.items()):
            words = "整改期限将至，系统提醒" if kind == "提醒" else "逾期未报整改结果，系统督办"
            kept_rectifications.record(connection, number, kind, words, day, CLOCK, when)
        taken = kept_rectifications.steps_at(connection, when)
    return {kind: [n for n, step in taken if step == kind] for kind in ("提醒", "督办")}
