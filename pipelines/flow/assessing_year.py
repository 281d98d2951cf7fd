"""The steps of an assessment year, as the portal, a schedule and the command line take them.

Every function names who, why and when; a step that may not be taken now is refused with a Chinese
sentence (Refused), and nothing is written then. All is in one transaction per call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.assess.rulings import VALUED, Kind
from pipelines.assessment_year.rating import Ballots, Turnout, objections, turnout
from pipelines.assessment_year.sampling import draw
from pipelines.assessment_year.stages import (
    Move,
    Refused,
    Stage,
    Step,
    refuse_final,
    step_from,
    steps_now,
)
from pipelines.flow import editions as made
from pipelines.flow.ground import definitions, engine, moment, register
from warehouse import assessment_facts as facts
from warehouse import assessment_year as kept
from warehouse.assessment_year import Edition, Round, Taken
from warehouse.windows import china_day

FULL_MARKS = Decimal(100)


def _parameter(known: Definitions, code: str, day: date) -> Decimal:
    return Decimal(str(known.parameters[code].at(day)))


def _round(connection: Connection, scheme: str, year: int) -> Round:
    found = kept.round_of(connection, scheme, year, lock=True)
    if found is None:
        raise Refused(f"{year}年度 {scheme} 的考核尚未启动。")
    return found


def _step(
    connection: Connection, found: Round, move: Move, when: datetime, until: date | None = None
) -> Step:
    """Check a step against the stage and keep it."""
    step = step_from(Stage(found.stage), move)
    taken = Taken(
        step.code, found.stage, step.after, move.actor, move.reason, move.document, until, when
    )
    kept.record_step(connection, found.id, f"{found.scheme} {found.year}", taken)
    return step


def _edition(
    connection: Connection,
    known: Definitions,
    found: Round,
    cutoff: datetime,
    known_at: datetime,
    cause: str,
    actor: str,
) -> Edition:
    """Score with the definitions that the round began with, and keep what came out."""
    if cutoff > known_at:
        raise Refused("数据截止时间不能晚于办理时间。")
    before = kept.editions(connection, found.id)
    if before:
        known = made.definitions_of(connection, before[0].definitions)
    scheme = made.scheme_of(known, found.scheme)
    scored = made.scored(connection, known, scheme, found.year, found.id, cutoff, known_at)
    if not scored.result.units:
        raise Refused(f"{found.year}年度没有适用“{scheme.title}”的单位。")
    return kept.keep_edition(
        connection,
        found,
        computation=scored.computation,
        definitions=known.digest,
        cutoff=cutoff,
        known_at=known_at,
        cause=cause,
        digest=scored.digest,
        units=scored.units(),
        actor=actor,
    )


def _next_edition(
    connection: Connection, known: Definitions, found: Round, when: datetime, cause: str, actor: str
) -> Edition:
    if found.cutoff is None:
        raise Refused("还没有系统核算结果。")
    return _edition(connection, known, found, found.cutoff, when, cause, actor)


# --- steps ---


def start_assessment(scheme: str, year: int, *, by: str, reason: str, at: str) -> str:
    """Begin a round with its self-assessment; returns the stage."""
    known, when = definitions(), moment(at)
    found_scheme = made.scheme_of(known, scheme)
    if not found_scheme.covers(year):
        raise Refused(f"方案 {scheme} 不适用于{year}年度。")
    register(known, when)
    move = Move("open", by, reason)
    with engine().begin() as connection:
        found = kept.round_of(connection, scheme, year, lock=True)
        step = step_from(Stage(found.stage) if found else None, move)
        round_id = kept.open_round(connection, scheme, year, by, when)
        taken = Taken(step.code, "", step.after, by, reason, "", None, when)
        kept.record_step(connection, round_id, f"{scheme} {year}", taken)
    return step.after


def compute_marks(
    scheme: str, year: int, *, by: str, reason: str, at: str, cutoff: str = ""
) -> int:
    """Compute marks from the warehouse as of a cut-off (default: now): the first edition."""
    known, when = definitions(), moment(at)
    register(known, when)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        _step(connection, found, Move("compute", by, reason), when)
        day = moment(cutoff) if cutoff else when
        return _edition(connection, known, found, day, when, "系统核算", by).number


def open_rating(
    scheme: str,
    year: int,
    *,
    opens_on: str,
    closes_on: str,
    electorates: Mapping[tuple[str, str], int],
    by: str,
    reason: str,
    at: str,
) -> None:
    """Open the ratings; `electorates` says how many may rate: (unit, rater group) → persons."""
    when = moment(at)
    begins, ends = date.fromisoformat(opens_on), date.fromisoformat(closes_on)
    if begins > ends:
        raise Refused("评价截止日期早于开始日期。")
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        _step(connection, found, Move("rate", by, reason), when, ends)
        for unit, _ in electorates:
            facts.org_id(connection, unit)
        facts.open_campaign(connection, found.id, begins, ends, electorates, by, when)


def enter_ballots(scheme: str, year: int, given: Sequence[Ballots], *, by: str, at: str) -> int:
    """Keep tallies of anonymous ballots; all or, with every objection listed, none."""
    when = moment(at)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        if found.stage != Stage.RATING:
            raise Refused(f"目前处于“{found.stage}”阶段，不能录入评价票。")
        asked = facts.electorates(connection, found.id)
        wrong = [
            f"{one.unit} {one.rater}：{'；'.join(said)}"
            for one in given
            if (said := objections(one, electorate=asked.get((one.unit, one.rater))))
        ]
        if wrong:
            raise Refused(f"评价票未录入，共 {len(wrong)} 处问题。" + "。".join(wrong) + "。")
        for one in given:
            values = {name: getattr(one, name) for name in Ballots.__dataclass_fields__}
            facts.enter_tally(connection, found.id, values, by, when)
    return len(given)


def rating_state(scheme: str, year: int, at: str) -> tuple[Turnout, ...]:
    """Participation by unit and rater group, and whether each rating counts."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        return _turnout(connection, known, _round(connection, scheme, year), when)


def _turnout(
    connection: Connection, known: Definitions, found: Round, when: datetime
) -> tuple[Turnout, ...]:
    given = [
        Ballots(**{name: row[name] for name in Ballots.__dataclass_fields__})
        for row in facts.tallies(connection, found.id, when)
    ]
    least = _parameter(known, "rating_participation_pct", date(found.year, 12, 31))
    return turnout(facts.electorates(connection, found.id), given, least)


def close_rating(
    scheme: str, year: int, *, by: str, reason: str, at: str, document: str = ""
) -> None:
    """Go on to the assessors' marks; with ratings missing or invalid only by a document."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        invalid = [t for t in _turnout(connection, known, found, when) if not t.valid]
        if found.stage == Stage.RATING and invalid and not document.strip():
            told = "；".join(f"{t.unit} {t.rater}：{t.why}" for t in invalid[:10])
            raise Refused(
                f"有 {len(invalid)} 方评价没有上报或者无效：{told}。"
                "确需按现有评价转入下一阶段的，须注明批准文号。"
            )
        _step(connection, found, Move("mark", by, reason, document), when)


@dataclass(frozen=True, slots=True)
class GivenMark:
    """One assessor group's mark, 0 to 100, of one unit and item, with reason and evidence."""

    unit: str
    item: str
    assessor: str
    raw: Decimal
    reason: str
    evidence: str


def enter_marks(scheme: str, year: int, given: Sequence[GivenMark], *, by: str, at: str) -> int:
    """Keep assessors' marks; all or, with every objection listed, none."""
    known, when = definitions(), moment(at)
    items = {
        i.code
        for b in made.scheme_of(known, scheme).blocks
        for i in b.items
        if i.assessed is not None
    }
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        if found.stage != Stage.MARKING:
            raise Refused(f"目前处于“{found.stage}”阶段，不能录入考评组评分。")
        wrong = [said for one in given for said in _mark_objections(one, items)]
        if wrong:
            raise Refused(f"评分未录入，共 {len(wrong)} 处问题：{'；'.join(wrong)}。")
        for one in given:
            facts.enter_mark(
                connection, found.id, one.unit, one.item, one.assessor, one.raw, one.reason,
                one.evidence, by, when,
            )  # fmt: skip
    return len(given)


def _mark_objections(one: GivenMark, items: set[str]) -> Iterable[str]:
    where = f"{one.unit} {one.item} {one.assessor}"
    if one.item not in items:
        yield f"{where}：不是本方案由考评组评分的项目"
    if not 0 <= one.raw <= FULL_MARKS:
        yield f"{where}：评分 {one.raw} 不在 0—100 之间"
    if one.raw < FULL_MARKS and not one.reason.strip():
        yield f"{where}：不是满分的须写明理由"
    if not one.evidence.strip():
        yield f"{where}：须写明佐证材料"


def submit_to_review(scheme: str, year: int, *, by: str, reason: str, at: str) -> int:
    """Hand ratings and marks to the joint review; the edition that it looks at."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        _step(connection, found, Move("review", by, reason), when)
        return _next_edition(connection, known, found, when, "提交联合会审", by).number


def return_to_assessors(scheme: str, year: int, *, by: str, reason: str, at: str) -> None:
    """Send a result back for marks that are missing or not reasoned."""
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        _step(connection, found, Move("return", by, reason), moment(at))


def rule(
    scheme: str,
    year: int,
    unit: str,
    *,
    kind: str,
    key: str,
    value: Decimal | None = None,
    reason: str,
    document: str,
    by: str,
    at: str,
) -> None:
    """Decide about an input of a unit's marks in joint review or after an inspection.

    It is tried at once: what does not fit the inputs is refused and not kept.
    """
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        sources = {Stage.REVIEW: "联合会审", Stage.INSPECTION: "现场抽查"}
        source = sources.get(Stage(found.stage))
        if source is None:
            raise Refused(f"目前处于“{found.stage}”阶段，只有会审和抽查中可以作出核定。")
        _rule(connection, known, found, unit, kind, key, value, source, reason, document, by, when)


def _rule(
    connection: Connection,
    known: Definitions,
    found: Round,
    unit: str,
    kind: str,
    key: str,
    value: Decimal | None,
    source: str,
    reason: str,
    document: str,
    by: str,
    when: datetime,
    appeal: int | None = None,
) -> None:
    if kind not in set(Kind):
        raise Refused(f"没有“{kind}”这种核定，可用：{'、'.join(Kind)}。")
    blank = [w for w, v in (("理由", reason), ("文号", document), ("经办人", by)) if not v.strip()]
    if kind in VALUED and value is None:
        blank.append("核定后的数值")
    if blank:
        raise Refused(f"核定须写明{'、'.join(blank)}。")
    facts.enter_ruling(
        connection, found.id, unit, kind, key, value, source, reason, document, by, when, appeal
    )
    if found.cutoff is None:
        raise Refused("还没有系统核算结果。")
    first = kept.editions(connection, found.id)[0]
    known = made.definitions_of(connection, first.definitions)
    made.inputs_as_of(
        connection, known, made.scheme_of(known, found.scheme), found.year, found.id,
        found.cutoff, when,
    )  # fmt: skip
    if kind == Kind.VETO:
        facts.revoke_veto(connection, unit, found.year, key, by, when)


def draw_sample(scheme: str, year: int, *, seed: str, by: str, reason: str, at: str) -> list[str]:
    """Draw who is visited from a published seed; codes of the units by group and place."""
    known, when = definitions(), moment(at)
    day = china_day(when)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        _step(connection, found, Move("inspect", by, reason), when)
        if found.assessment_id is None:
            raise Refused("还没有系统核算结果。")
        groups = {r.unit: r.ranking_group for r in kept.unit_rows(connection, found.assessment_id)}
        if facts.sample_of(connection, found.id)[0] is not None:
            raise Refused("本年度已经抽签，不能重抽；补充核查请用会审核定。")
        share = _parameter(known, "onsite_sample_pct", day)
        least = int(_parameter(known, "onsite_sample_least", day))
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
    by: str,
    at: str,
) -> None:
    """Keep what inspectors found: 属实, 基本属实 or 不实 (then a ruling or a veto must follow)."""
    when = moment(at)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        sample, drawn = facts.sample_of(connection, found.id)
        if sample is None or found.stage != Stage.INSPECTION:
            raise Refused(f"目前处于“{found.stage}”阶段，不能录入抽查情况。")
        if unit not in {d["unit"] for d in drawn}:
            raise Refused(f"{unit} 没有被抽中。")
        if outcome not in ("属实", "基本属实", "不实"):
            raise Refused("抽查结论只能是属实、基本属实或者不实。")
        if not finding.strip() or not evidence.strip():
            raise Refused("抽查须写明核查情况和佐证材料。")
        facts.enter_report(
            connection, sample.id, unit, outcome, finding, evidence,
            date.fromisoformat(inspected_on), by, when,
        )  # fmt: skip


def give_notice(
    scheme: str, year: int, *, by: str, reason: str, at: str, document: str = ""
) -> tuple[int, date]:
    """Publish the result for objections; its edition and the last day of the notice.

    The days are working days of the calendar, counted from the day after.
    """
    known, when = definitions(), moment(at)
    day = china_day(when)
    until = known.calendar.add(day, int(_parameter(known, "assessment_notice_workdays", day)))
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        step = "renotify" if found.stage == Stage.REVIEW else "notify"
        if step == "notify" and found.stage == Stage.INSPECTION:
            _, drawn = facts.sample_of(connection, found.id)
            waiting = [d["unit"] for d in drawn if d["outcome"] is None]
            if waiting:
                raise Refused(f"抽中的单位还没有核查情况：{'、'.join(waiting)}。")
        elif step == "renotify" and facts.sample_of(connection, found.id)[0] is None:
            raise Refused("尚未进行现场抽查，不能公示；请先“抽取现场核查单位”。")
        _step(connection, found, Move(step, by, reason, document), when, until)
        edition = _next_edition(connection, known, found, when, "公示", by)
    return edition.number, until


def withdraw_notice(
    scheme: str, year: int, *, by: str, reason: str, document: str, at: str
) -> None:
    """Take a published result back to the joint review."""
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        _step(connection, found, Move("withdraw", by, reason, document), moment(at))


def file_appeal(
    scheme: str, year: int, unit: str, *, about: str, claim: str, evidence: str, by: str, at: str
) -> int:
    """Keep a unit's objection during the notice; its number."""
    known, when = definitions(), moment(at)
    day = china_day(when)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        if found.stage != Stage.NOTICE or found.edition_id is None or found.until is None:
            raise Refused(f"目前处于“{found.stage}”阶段，只有公示期内可以申诉。")
        if day > found.until:
            raise Refused(f"公示期已于{found.until:%Y年%-m月%-d日}结束，不再受理申诉。")
        if unit not in {r.unit for r in kept.unit_rows(connection, found.assessment_id or 0)}:
            raise Refused(f"{unit} 不是本次考核的单位，不能申诉。")
        blank = [w for w, v in (("申诉事项", about), ("请求", claim), ("佐证材料", evidence))
                 if not v.strip()]  # fmt: skip
        if blank:
            raise Refused(f"申诉须写明{'、'.join(blank)}。")
        due = known.calendar.add(day, int(_parameter(known, "appeal_answer_workdays", day)))
        return facts.file_appeal(
            connection, found.edition_id, unit, about, claim, evidence, due, by, when
        )


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a granted appeal changes: the kind of ruling, its key and value."""

    kind: str
    key: str
    value: Decimal | None = None


def decide_appeal(
    scheme: str,
    year: int,
    number: int,
    *,
    outcome: str,
    reason: str,
    document: str,
    by: str,
    at: str,
    remedies: Sequence[Remedy] = (),
) -> int:
    """Answer an appeal; granted wholly or in part, it makes a new edition. Its number."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        listed = facts.appeals(connection, found.id, when)
        one = next((a for a in listed if a.id == number), None)
        if one is None:
            raise Refused(f"没有编号为 {number} 的申诉。")
        objections_ = []
        if one.outcome is not None:
            objections_.append(f"申诉 {number} 已于{one.decided_at:%Y年%-m月%-d日}答复")
        if found.stage == Stage.FINAL:
            objections_.append("结果已经审定，须先办理“审定后更正”")
        if outcome not in ("支持", "部分支持", "不予支持"):
            objections_.append("答复只能是支持、部分支持或者不予支持")
        if (outcome == "不予支持") == bool(remedies):
            objections_.append("支持的须写明更正内容，不予支持的不作更正")
        if by == one.filed_by:
            objections_.append("申诉人不能答复自己的申诉")
        objections_ += [
            f"须写明{w}" for w, v in (("理由", reason), ("文号", document)) if not v.strip()
        ]
        if objections_:
            raise Refused("；".join(objections_) + "。")
        facts.decide_appeal(connection, number, outcome, reason, document, by, when)
        if not remedies:
            return found.edition or 0
        for remedy in remedies:
            _rule(
                connection, known, found, one.unit, remedy.kind, remedy.key, remedy.value,
                "申诉", reason, document, by, when, number,
            )  # fmt: skip
        cause = f"申诉 {number} {outcome}（{document}）"
        return _next_edition(connection, known, found, when, cause, by).number


def finalise(scheme: str, year: int, *, by: str, reason: str, document: str, at: str) -> int:
    """Make the newest edition the final result, by a meeting's document; its number."""
    when = moment(at)
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        if found.stage == Stage.NOTICE:
            waiting = [a for a in facts.appeals(connection, found.id, when) if a.outcome is None]
            refuse_final(china_day(when), found.until, len(waiting))
        _step(connection, found, Move("finalise", by, reason, document), when)
        return found.edition or 0


def reopen_final(scheme: str, year: int, *, by: str, reason: str, document: str, at: str) -> None:
    """Take a final result up again by a document; the final edition stays as it was."""
    with engine().begin() as connection:
        found = _round(connection, scheme, year)
        _step(connection, found, Move("reopen", by, reason, document), moment(at))


# --- what a page shows ---


@dataclass(frozen=True, slots=True)
class RoundState:
    """Everything a page shows of a round: where it stands, how it came there, what is next."""

    round: Round
    title: str
    taken: tuple[Taken, ...]
    next_steps: tuple[Step, ...]
    editions: tuple[Edition, ...]
    appeals: tuple[Any, ...]
    sample: tuple[dict[str, Any], ...]
    seed: str


def assessment_states(year: int, at: str) -> list[RoundState]:
    """Every round of a year, as known at a moment."""
    known, when = definitions(), moment(at)
    found = []
    with engine().connect() as connection:
        for one in kept.rounds(connection, year):
            sample, drawn = facts.sample_of(connection, one.id)
            found.append(
                RoundState(
                    round=one,
                    title=made.scheme_of(known, one.scheme).title,
                    taken=tuple(kept.steps_taken(connection, one.id)),
                    next_steps=steps_now(Stage(one.stage)),
                    editions=tuple(kept.editions(connection, one.id)),
                    appeals=tuple(facts.appeals(connection, one.id, when)),
                    sample=tuple(drawn),
                    seed=sample.seed if sample is not None else "",
                )
            )
    return found
