"""The rounds of an assessment year: from the self-assessment to the final result, step by step.

Every function names who, why and when; a step that may not be taken now is refused with a Chinese
sentence (Refused), and nothing is written then. All is in one transaction per call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.assessment_year.stages import (
    Move,
    Refused,
    Stage,
    Step,
    not_over,
    refuse_final,
    step_from,
    steps_now,
)
from pipelines.consolidate import consolidate
from pipelines.flow import editions as made
from pipelines.flow.ground import definitions, engine, moment, register
from warehouse import assessment_facts as facts
from warehouse import assessment_year as kept
from warehouse.assessment_year import Edition, Round, Taken
from warehouse.life_cycle import Actor
from warehouse.windows import china_day

CLOCK = Actor("系统")
"""Who takes the step that time takes."""
NOTICES = ("notify", "renotify")


def parameter(known: Definitions, code: str, day: date) -> Decimal:
    """A number of the process as it holds on a day."""
    return Decimal(str(known.parameters[code].at(day)))


def round_now(connection: Connection, scheme: str, year: int) -> Round:
    """A round, locked for the transaction; Refused where there is none."""
    found = kept.round_of(connection, scheme, year, lock=True)
    if found is None:
        raise Refused(f"{year}年度 {scheme} 的考核尚未启动。")
    return found


def take_step(
    connection: Connection,
    found: Round,
    code: str,
    by: Actor,
    reason: str,
    when: datetime,
    *,
    document: str = "",
    until: date | None = None,
) -> Step:
    """Check a step against the stage and keep it."""
    step = step_from(Stage(found.stage), Move(code, by.name, reason, document))
    taken = Taken(
        step.code, found.stage, step.after, by.name, by.account, reason, document, until, when
    )
    kept.record_step(connection, found.id, f"{found.scheme} {found.year}", taken, by)
    return step


def _edition(
    connection: Connection,
    known: Definitions,
    found: Round,
    cutoff: datetime,
    known_at: datetime,
    cause: str,
    actor: Actor,
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


def next_edition(
    connection: Connection,
    known: Definitions,
    found: Round,
    when: datetime,
    cause: str,
    actor: Actor,
) -> Edition:
    """The result once more, from the same figures and everything decided by now."""
    if found.cutoff is None:
        raise Refused("还没有系统核算结果。")
    return _edition(connection, known, found, found.cutoff, when, cause, actor)


# --- steps ---


def start_assessment(scheme: str, year: int, *, by: Actor, reason: str, at: str) -> str:
    """Begin a round with its self-assessment; returns the stage."""
    known, when = definitions(), moment(at)
    found_scheme = made.scheme_of(known, scheme)
    if not found_scheme.covers(year):
        raise Refused(f"方案 {scheme} 不适用于{year}年度。")
    register(known, when)
    move = Move("open", by.name, reason)
    with engine().begin() as connection:
        found = kept.round_of(connection, scheme, year, lock=True)
        step = step_from(Stage(found.stage) if found else None, move)
        round_id = kept.open_round(connection, scheme, year, by, when)
        taken = Taken(step.code, "", step.after, by.name, by.account, reason, "", None, when)
        kept.record_step(connection, round_id, f"{scheme} {year}", taken, by)
        # Units assess themselves beside the year's figures as they stand today.
        consolidate(connection, known, Period(PeriodKind.YEAR, year), when, when)
    return step.after


def compute_marks(
    scheme: str, year: int, *, by: Actor, reason: str, at: str, cutoff: str = ""
) -> int:
    """Compute marks from the warehouse as of a cut-off (default: now): the first edition."""
    known, when = definitions(), moment(at)
    register(known, when)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        take_step(connection, found, "compute", by, reason, when)
        day = moment(cutoff) if cutoff else when
        return _edition(connection, known, found, day, when, "系统核算", by).number


def submit_to_review(scheme: str, year: int, *, by: Actor, reason: str, at: str) -> int:
    """Hand ratings and marks to the joint review; the edition that it looks at."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        take_step(connection, found, "review", by, reason, when)
        return next_edition(connection, known, found, when, "提交联合会审", by).number


def return_to_assessors(scheme: str, year: int, *, by: Actor, reason: str, at: str) -> None:
    """Send a result back for marks that are missing or not reasoned."""
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        take_step(connection, found, "return", by, reason, moment(at))


def give_notice(
    scheme: str, year: int, *, by: Actor, reason: str, at: str, document: str = ""
) -> tuple[int, date]:
    """Publish the result for objections; its edition and the last day of the notice.

    The days are working days of the calendar, counted from the day after.
    """
    known, when = definitions(), moment(at)
    day = china_day(when)
    until = known.calendar.add(day, int(parameter(known, "assessment_notice_workdays", day)))
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        step = "renotify" if found.stage == Stage.REVIEW else "notify"
        if step == "notify" and found.stage == Stage.INSPECTION:
            _, drawn = facts.sample_of(connection, found.id)
            waiting = [d["unit"] for d in drawn if d["outcome"] is None]
            if waiting:
                raise Refused(f"抽中的单位还没有核查情况：{'、'.join(waiting)}。")
        elif step == "renotify" and facts.sample_of(connection, found.id)[0] is None:
            raise Refused("尚未进行现场抽查，不能公示；请先“抽取现场核查单位”。")
        take_step(connection, found, step, by, reason, when, document=document, until=until)
        edition = next_edition(connection, known, found, when, "公示", by)
    return edition.number, until


def withdraw_notice(
    scheme: str, year: int, *, by: Actor, reason: str, document: str, at: str
) -> None:
    """Take a published result back to the joint review."""
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        take_step(connection, found, "withdraw", by, reason, moment(at), document=document)


# --- the end of a notice: time, then a second person ---


def noticed_on(connection: Connection, found: Round) -> Taken | None:
    """The step by which the newest notice of a round began; None before any."""
    taken = [t for t in kept.steps_taken(connection, found.id) if t.step in NOTICES]
    return taken[-1] if taken else None


def appeals_until(known: Definitions, noticed: Taken) -> date:
    """The last day on which a unit may object to a notice."""
    day = china_day(noticed.at)
    return known.calendar.add(day, int(parameter(known, "appeal_filing_workdays", day)))


def _objections(
    connection: Connection, known: Definitions, found: Round, when: datetime
) -> tuple[str, ...]:
    noticed = noticed_on(connection, found)
    waiting = [a for a in facts.appeals(connection, found.id, when) if a.outcome is None]
    last = None if noticed is None else appeals_until(known, noticed)
    return not_over(china_day(when), found.until, last, len(waiting))


def end_notices(at: str) -> list[dict[str, Any]]:
    """Let every notice whose days are over, and whose appeals are answered, wait for its signature.

    What a schedule calls each morning. Returns every round that waits, with what the signer must
    know: who did not answer yesterday, or not as it must be, is asked again.
    """
    known, when = definitions(), moment(at)
    found: list[dict[str, Any]] = []
    with engine().begin() as connection:
        for listed in kept.rounds(connection):
            if listed.stage not in (Stage.NOTICE, Stage.WAITING):
                continue
            locked = round_now(connection, listed.scheme, listed.year)
            one = _ended(connection, known, locked, when)
            if one.stage == Stage.WAITING:
                found.append(_to_sign(connection, known, one))
    return found


def _to_sign(connection: Connection, known: Definitions, one: Round) -> dict[str, Any]:
    title = made.scheme_of(known, one.scheme).title
    rows = kept.unit_rows(connection, one.assessment_id or 0)
    grades: dict[str, int] = {}
    for row in rows:
        grades[row.grade or "未定等次"] = grades.get(row.grade or "未定等次", 0) + 1
    told = "、".join(f"{grade} {count} 家" for grade, count in grades.items())
    return {
        "scheme": one.scheme,
        "year": one.year,
        "edition": one.edition,
        "title": f"请审定{one.year}年度考核结果（按《{title}》）",
        "summary": f"第 {one.edition} 版结果公示期满，申诉均已答复。"
        f"参加考核 {len(rows)} 家：{told}。",
    }


def finalise(scheme: str, year: int, *, by: Actor, reason: str, document: str, at: str) -> int:
    """Make the newest edition the final result, by a meeting's document; its number.

    Who gave the notice may not sign it as well. A notice that is over is ended first.
    """
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        noticed = noticed_on(connection, found)
        if found.stage == Stage.NOTICE:
            waiting = [a for a in facts.appeals(connection, found.id, when) if a.outcome is None]
            last = None if noticed is None else appeals_until(known, noticed)
            refuse_final(china_day(when), found.until, len(waiting), appeals_until=last)
            found = _ended(connection, known, found, when)
        if noticed is not None and by.is_whom(noticed.actor, noticed.account_id):
            raise Refused(f"公示由{noticed.actor}办理，审定须由另一人办理。")
        take_step(connection, found, "finalise", by, reason, when, document=document)
        return found.edition or 0


def decide_final(
    scheme: str, year: int, edition: int, *, approve: bool, by: Actor, document: str, at: str
) -> str:
    """Answer a sign-off that was asked for an edition; where the round stands afterwards.

    Answered twice, or decided elsewhere meanwhile, it changes nothing any more.
    """
    with engine().connect() as connection:
        found = kept.round_of(connection, scheme, year)
    if found is None or found.stage != Stage.WAITING or found.edition != edition:
        return "" if found is None else found.stage
    if approve:
        finalise(scheme, year, by=by, reason="会议审定", document=document, at=at)
        return Stage.FINAL
    recall(scheme, year, by=by, reason="不予审定，退回会审", document=document, at=at)
    return Stage.REVIEW


def recall(scheme: str, year: int, *, by: Actor, reason: str, document: str, at: str) -> None:
    """Send a result that waits for its signature back to the joint review."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = _ended(connection, known, round_now(connection, scheme, year), when)
        take_step(connection, found, "recall", by, reason, when, document=document)


def _ended(connection: Connection, known: Definitions, found: Round, when: datetime) -> Round:
    """The round with its notice ended, where its days are over and no clock has run."""
    if found.stage != Stage.NOTICE or _objections(connection, known, found, when):
        return found
    take_step(connection, found, "end", CLOCK, "公示期满，申诉均已答复", when)
    return round_now(connection, found.scheme, found.year)


def reopen_final(scheme: str, year: int, *, by: Actor, reason: str, document: str, at: str) -> None:
    """Take a final result up again by a document; the final edition stays as it was."""
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        take_step(connection, found, "reopen", by, reason, moment(at), document=document)


# --- what a page shows ---


@dataclass(frozen=True, slots=True)
class RoundState:
    """Everything a page shows of a round: where it stands, how it came there, what is next.

    `appeals_until` is the last day for objections to the newest notice.
    """

    round: Round
    title: str
    taken: tuple[Taken, ...]
    next_steps: tuple[Step, ...]
    editions: tuple[Edition, ...]
    appeals: tuple[Any, ...]
    sample: tuple[dict[str, Any], ...]
    seed: str
    appeals_until: date | None = None


def assessment_states(year: int, at: str) -> list[RoundState]:
    """Every round of a year, as known at a moment."""
    with engine().connect() as connection:
        return [_state(connection, one, moment(at)) for one in kept.rounds(connection, year)]


def assessment_state(scheme: str, year: int, at: str) -> RoundState | None:
    """One round, as known at a moment; None where it has not begun."""
    with engine().connect() as connection:
        found = kept.round_of(connection, scheme, year)
        return None if found is None else _state(connection, found, moment(at))


def _next_steps(
    connection: Connection, known: Definitions, one: Round, when: datetime
) -> tuple[Step, ...]:
    """What may be done next; a notice that is over may be signed though no clock has ended it."""
    stage = Stage(one.stage)
    if stage == Stage.NOTICE and not _objections(connection, known, one, when):
        stage = Stage.WAITING
    return steps_now(stage)


def _state(connection: Connection, one: Round, when: datetime) -> RoundState:
    known = definitions()
    sample, drawn = facts.sample_of(connection, one.id)
    noticed = noticed_on(connection, one)
    return RoundState(
        round=one,
        title=made.scheme_of(known, one.scheme).title,
        taken=tuple(kept.steps_taken(connection, one.id)),
        next_steps=_next_steps(connection, known, one, when),
        editions=tuple(kept.editions(connection, one.id)),
        appeals=tuple(facts.appeals(connection, one.id, when)),
        sample=tuple(drawn),
        seed=sample.seed if sample is not None else "",
        appeals_until=None if noticed is None else appeals_until(known, noticed),
    )
