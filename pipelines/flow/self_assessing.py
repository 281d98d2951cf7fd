"""Self-assessment: what a unit is asked, what is known of it so far, and what it says of itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from definitions import Period
from definitions.periods import PeriodKind
from definitions.schemes import Item, Part, Scheme
from pipelines.assessment_year.stages import Refused, Stage
from pipelines.flow import editions as made
from pipelines.flow.assessing_year import round_now
from pipelines.flow.assessment_files import File, keep_file
from pipelines.flow.evidence import applies_to, measured
from pipelines.flow.filed_rows import Rows
from pipelines.flow.ground import definitions, engine, moment
from pipelines.flow.letters import letters_of, self_reports
from warehouse import assessment_facts as facts
from warehouse import assessment_year as kept
from warehouse import self_assessments as told
from warehouse.assessment_year import Round
from warehouse.life_cycle import Actor
from warehouse.organisations import standing
from warehouse.self_assessments import SelfEntry


def asked_of_unit(scheme: Scheme) -> list[tuple[Item, Part | None, Decimal]]:
    """What a unit assesses itself on: each figure of an item, or a whole item that is assessed.

    The number is the full marks. Ballots and scores of other parties are not the unit's to give.
    """
    found: list[tuple[Item, Part | None, Decimal]] = []
    for block in scheme.blocks:
        if block.source not in ("items", "assessors"):
            continue
        for item in block.items:
            if item.assessed is not None:
                found.append((item, None, item.assessed))
            found += [(item, part, part.marks) for part in item.parts if part.codes]
    return found


@dataclass(frozen=True, slots=True)
class SoFar:
    """What is known of a unit before its marks are: indicator → target, own form, figure.

    `counted_at` is the moment of the newest figures of the year, None before any.
    """

    targets: dict[str, Decimal]
    filed: dict[str, Decimal]
    figures: dict[str, Decimal]
    counted_at: datetime | None


def so_far(scheme: str, year: int, unit: str, at: str) -> SoFar:
    """A unit's signed targets, what its forms say, and the newest figures of the year."""
    known, when = definitions(), moment(at)
    official, period = made.scheme_of(known, scheme), Period(PeriodKind.YEAR, year)
    with engine().connect() as connection:
        rows = Rows(connection, known, period, when, [unit])
        targets = letters_of(connection, known, official, rows, period, when)
        filed = {r.indicator: r.actual for r in self_reports(rows, period, known)}
        newest = connection.execute(
            text(
                "SELECT id, cutoff FROM computation WHERE period = :p AND cutoff <= :at "
                "ORDER BY cutoff DESC, id DESC LIMIT 1"
            ),
            {"p": period.label, "at": when},
        ).first()
        figures: dict[str, Decimal] = {}
        if newest is not None:
            org = facts.org_id(connection, unit)
            found = measured(connection, known, newest.id, [org], newest.cutoff)
            figures = {
                code: row.value
                for (_, label, code), row in found.items()
                if label == period.label and row.value is not None
            }
        connection.rollback()
    return SoFar(
        {code: t.annual for (_, code), t in targets.items()}, filed, figures,
        newest.cutoff if newest is not None else None,
    )  # fmt: skip


_UNTOLD: facts.Row = {"value": None, "score": None, "remark": "", "evidence_id": None}


def assess_self(
    scheme: str,
    year: int,
    unit: str,
    given: Sequence[SelfEntry],
    *,
    by: Actor,
    at: str,
    file: File | None = None,
) -> int:
    """Keep what a unit says of itself, line by line; how many lines are others than before.

    `file` shows every line that says something; a line that is changed without one keeps its own.
    """
    known, when = definitions(), moment(at)
    official = made.scheme_of(known, scheme)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        if found.stage != Stage.SELF:
            raise Refused(f"目前处于“{found.stage}”阶段，自评已经结束，不能再改。")
        if not _assessed(connection, official, year, when, [unit]):
            raise Refused(f"{unit} 不是本次考核的单位。")
        full = {
            (item.code, part.indicator if part else ""): marks
            for item, part, marks in asked_of_unit(official)
        }
        wrong = [said for one in given for said in _self_objections(one, full)]
        if wrong:
            raise Refused(f"自评未保存，共 {len(wrong)} 处问题：{'；'.join(wrong)}。")
        before = {
            (r["item"], r["indicator"]): r
            for r in told.self_entries(connection, found.id, when)
            if r["unit"] == unit
        }
        if file is not None and not any(one.says_something for one in given):
            raise Refused("尚未填写任何一项自评，附件无从对应；请填写后与附件一并保存。")
        number = keep_file(connection, found.id, unit, "自评", file, by, when)
        changed: list[tuple[SelfEntry, int | None]] = []
        for one in given:
            old = before.get((one.item, one.indicator), _UNTOLD)
            if (one.value, one.score, one.remark) != (old["value"], old["score"], old["remark"]):
                shown = (number or old["evidence_id"]) if one.says_something else None
                changed.append((one, shown))
            elif number is not None and one.says_something:
                changed.append((one, number))
        told.enter_self(connection, found.id, unit, changed, by, when)
    return len(changed)


def _self_objections(one: SelfEntry, full: Mapping[tuple[str, str], Decimal]) -> Iterable[str]:
    where = f"{one.item} {one.indicator}".strip()
    most = full.get((one.item, one.indicator))
    if most is None:
        yield f"{where}：本方案没有这一项"
        return
    if one.score is not None and not 0 <= one.score <= most:
        yield f"{where}：自评分 {one.score:f} 不在 0—{most.normalize():f} 之间"
    if one.value is not None and not one.indicator:
        yield f"{where}：由考评组评分的项目没有数值可填，请写在说明里"


def units_assessed(scheme: str, year: int, at: str) -> list[str]:
    """Codes of the units that a scheme assesses, as they stand at the end of the year."""
    official = made.scheme_of(definitions(), scheme)
    with engine().connect() as connection:
        return sorted(_assessed(connection, official, year, moment(at)))


def is_assessed(scheme: str, year: int, unit: str, at: str) -> bool:
    """Whether a scheme assesses a unit, as it stands at the end of the year."""
    official = made.scheme_of(definitions(), scheme)
    with engine().connect() as connection:
        return bool(_assessed(connection, official, year, moment(at), [unit]))


def rounds_about(units: Collection[str], at: str) -> list[tuple[Round, str, str]]:
    """Every round in which one of some units is assessed: round, title of its scheme, unit."""
    known, when = definitions(), moment(at)
    schemes = {s.code: s for s in known.schemes if isinstance(s, Scheme)}
    found = []
    with engine().connect() as connection:
        rounds = [r for r in kept.rounds(connection) if r.scheme in schemes]
        for year in sorted({r.year for r in rounds}):
            own = standing(connection, date(year, 12, 31), when, units)
            found += [
                (r, schemes[r.scheme].title, o.code)
                for r in rounds
                for o in own
                if r.year == year and applies_to(schemes[r.scheme].applies, o)
            ]
    return found


def _assessed(
    connection: Connection,
    scheme: Scheme,
    year: int,
    when: datetime,
    units: Collection[str] | None = None,
) -> set[str]:
    orgs = standing(connection, date(year, 12, 31), when, units)
    return {o.code for o in orgs if applies_to(scheme.applies, o)}
