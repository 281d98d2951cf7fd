"""What the federation enters in an assessment year: ballots, marks, what inspectors found.

All lines of a call are kept or, with every objection in one sentence, none (Refused).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from definitions import Definitions
from definitions.schemes import Item, Scheme
from pipelines.assessment_year.rating import Ballots, Turnout, objections, turnout
from pipelines.assessment_year.sampling import draw
from pipelines.assessment_year.stages import Refused, Stage
from pipelines.flow import editions as made
from pipelines.flow.assessing_year import parameter, round_now, take_step
from pipelines.flow.assessment_files import File, keep_file
from pipelines.flow.ground import definitions, engine, moment
from warehouse import assessment_facts as facts
from warehouse import assessment_year as kept
from warehouse.assessment_year import Round
from warehouse.engine import sql
from warehouse.life_cycle import Actor
from warehouse.windows import china_day

FULL_MARKS = Decimal(100)
MEMBERS = made.MEMBERS


# --- ratings ---


def open_rating(
    scheme: str,
    year: int,
    *,
    opens_on: str,
    closes_on: str,
    electorates: Mapping[tuple[str, str], int],
    by: Actor,
    reason: str,
    at: str,
) -> None:
    """Open the ratings; `electorates` says how many may rate: (unit, rater group) → persons.

    They are fixed for the round, so a unit or group that the scheme does not know is refused.
    """
    known, when = definitions(), moment(at)
    raters = {r for b in made.scheme_of(known, scheme).blocks for r in b.raters}
    begins, ends = date.fromisoformat(opens_on), date.fromisoformat(closes_on)
    if begins > ends:
        raise Refused("评价截止日期早于开始日期。")
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        take_step(connection, found, "rate", by, reason, when, until=ends)
        assessed = _units(connection, found)
        wrong = [f"{u} 不是本次考核的单位" for u in sorted({u for u, _ in electorates} - assessed)]
        wrong += [
            f"“{r}”不是本方案的评价主体（{'、'.join(sorted(raters))}）"
            for r in sorted({r for _, r in electorates} - raters)
        ]
        if wrong:
            raise Refused(f"群众评价没有开始，共 {len(wrong)} 处问题：{'；'.join(wrong)}。")
        facts.open_campaign(connection, found.id, begins, ends, electorates, by, when)


def enter_ballots(scheme: str, year: int, given: Sequence[Ballots], *, by: Actor, at: str) -> int:
    """Keep tallies of anonymous ballots; all or, with every objection listed, none."""
    when = moment(at)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        if found.stage != Stage.RATING:
            raise Refused(f"目前处于“{found.stage}”阶段，不能录入评价票。")
        asked = facts.electorates(connection, found.id)
        members = members_of(connection, found, [one.unit for one in given])
        wrong = [
            f"{one.unit} {one.rater}：{'；'.join(said)}"
            for one in given
            if (
                said := objections(
                    one,
                    electorate=asked.get((one.unit, one.rater)),
                    members=members.get(one.unit),
                )
            )
        ]
        if wrong:
            raise Refused(f"评价票未录入，共 {len(wrong)} 处问题。" + "。".join(wrong) + "。")
        for one in given:
            values = {name: getattr(one, name) for name in Ballots.__dataclass_fields__}
            facts.enter_tally(connection, found.id, values, by, when)
    return len(given)


def members_of(connection: Connection, found: Round, units: Sequence[str]) -> dict[str, int]:
    """Members that units reported, as the round's own computation counted them."""
    if found.assessment_id is None:
        return {}
    asked = {
        "assessment": found.assessment_id, "indicator": MEMBERS, "period": str(found.year),
        "units": sorted(set(units)),
    }  # fmt: skip
    rows = connection.execute(text(sql("assessment_members")), asked)
    return {r.unit: int(r.members) for r in rows}


def rating_state(scheme: str, year: int, at: str) -> tuple[Turnout, ...]:
    """Participation by unit and rater group, and whether each rating counts."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        return _turnout(connection, known, round_now(connection, scheme, year), when)


def _turnout(
    connection: Connection, known: Definitions, found: Round, when: datetime
) -> tuple[Turnout, ...]:
    given = [
        Ballots(**{name: row[name] for name in Ballots.__dataclass_fields__})
        for row in facts.tallies(connection, found.id, when)
    ]
    least = parameter(known, "rating_participation_pct", date(found.year, 12, 31))
    return turnout(facts.electorates(connection, found.id), given, least)


def close_rating(
    scheme: str, year: int, *, by: Actor, reason: str, at: str, document: str = ""
) -> None:
    """Go on to the assessors' marks; with ratings missing or invalid only by a document."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        invalid = [t for t in _turnout(connection, known, found, when) if not t.valid]
        if found.stage == Stage.RATING and invalid and not document.strip():
            listed = "；".join(f"{t.unit} {t.rater}：{t.why}" for t in invalid[:10])
            raise Refused(
                f"有 {len(invalid)} 方评价没有上报或者无效：{listed}。"
                "确需按现有评价转入下一阶段的，须注明批准文号。"
            )
        take_step(connection, found, "mark", by, reason, when, document=document)


# --- marks of assessors ---


@dataclass(frozen=True, slots=True)
class GivenMark:
    """One assessor group's mark, 0 to 100, of one unit and item, with reason and evidence."""

    unit: str
    item: str
    assessor: str
    raw: Decimal
    reason: str
    evidence: str


def assessed_items(scheme: Scheme) -> dict[str, Item]:
    """Items of a scheme that assessors mark, by code."""
    return {i.code: i for b in scheme.blocks for i in b.items if i.assessed is not None}


def enter_marks(
    scheme: str,
    year: int,
    given: Sequence[GivenMark],
    *,
    by: Actor,
    at: str,
    file: File | None = None,
) -> int:
    """Keep assessors' marks; all or, with every objection listed, none.

    `file` shows all of them; it takes the place of a document where none is named.
    """
    known, when = definitions(), moment(at)
    items = assessed_items(made.scheme_of(known, scheme))
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        if found.stage != Stage.MARKING:
            raise Refused(f"目前处于“{found.stage}”阶段，不能录入考评组评分。")
        assessed = _units(connection, found)
        wrong = [said for one in given for said in _mark_objections(one, items, assessed, file)]
        if wrong:
            raise Refused(f"评分未录入，共 {len(wrong)} 处问题：{'；'.join(wrong)}。")
        numbers = {
            unit: keep_file(connection, found.id, unit, "评分", file, by, when)
            for unit in sorted({one.unit for one in given})
        }
        for one in given:
            facts.enter_mark(
                connection, found.id, one.unit, one.item, one.assessor, one.raw, one.reason,
                one.evidence.strip() or (file.name if file else ""), by, when, numbers[one.unit],
            )  # fmt: skip
    return len(given)


def _units(connection: Connection, found: Round) -> set[str]:
    return {r.unit for r in kept.unit_rows(connection, found.assessment_id or 0)}


def _mark_objections(
    one: GivenMark, items: Mapping[str, Item], units: set[str], file: File | None
) -> Iterable[str]:
    where = f"{one.unit} {one.item} {one.assessor}".rstrip()
    if one.unit not in units:
        yield f"{where}：不是本次考核的单位"
    if one.item not in items:
        yield f"{where}：不是本方案由考评组评分的项目"
    if not one.assessor.strip():
        yield f"{where}：须写明考评组"
    if not 0 <= one.raw <= FULL_MARKS:
        yield f"{where}：评分 {one.raw} 不在 0—100 之间"
    if one.raw < FULL_MARKS and not one.reason.strip():
        yield f"{where}：不是满分的须写明理由"
    if not one.evidence.strip() and file is None:
        yield f"{where}：须写明佐证材料的文号，或者上传佐证文件"


# --- inspection on the spot ---


def draw_sample(scheme: str, year: int, *, seed: str, by: Actor, reason: str, at: str) -> list[str]:
    """Draw who is visited from a published seed; codes of the units by group and place."""
    known, when = definitions(), moment(at)
    day = china_day(when)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        take_step(connection, found, "inspect", by, reason, when)
        if found.assessment_id is None:
            raise Refused("还没有系统核算结果。")
        groups = {r.unit: r.ranking_group for r in kept.unit_rows(connection, found.assessment_id)}
        if facts.sample_of(connection, found.id)[0] is not None:
            raise Refused("本年度已经抽签，不能重抽；补充核查请用会审核定。")
        share = parameter(known, "onsite_sample_pct", day)
        least = int(parameter(known, "onsite_sample_least", day))
        drawn = draw(seed, groups, share, least)
        facts.keep_sample(
            connection, found.id, seed, share, least,
            [(d.unit, d.group, d.position, d.lot) for d in drawn], by, when,
        )  # fmt: skip
    return [d.unit for d in drawn]


def enter_inspection(
    scheme: str,
    year: int,
    unit: str,
    *,
    outcome: str,
    finding: str,
    evidence: str,
    inspected_on: str,
    by: Actor,
    at: str,
    file: File | None = None,
) -> None:
    """Keep what inspectors found: 属实, 基本属实 or 不实 (then a ruling or a veto must follow)."""
    when = moment(at)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        sample, drawn = facts.sample_of(connection, found.id)
        if sample is None or found.stage != Stage.INSPECTION:
            raise Refused(f"目前处于“{found.stage}”阶段，不能录入抽查情况。")
        if unit not in {d["unit"] for d in drawn}:
            raise Refused(f"{unit} 没有被抽中。")
        if outcome not in ("属实", "基本属实", "不实"):
            raise Refused("抽查结论只能是属实、基本属实或者不实。")
        if not finding.strip() or not (evidence.strip() or file):
            raise Refused("抽查须写明核查情况和佐证材料。")
        day = date.fromisoformat(inspected_on)
        if day > china_day(when):
            raise Refused(f"核查日期 {day} 还没有到。")
        number = keep_file(connection, found.id, unit, "抽查", file, by, when)
        facts.enter_report(
            connection, sample.id, unit, outcome, finding,
            evidence.strip() or (file.name if file else ""), day, by, when, number,
        )  # fmt: skip
