"""Handling one submission: sign, check, send back, judge words, claim; every change is a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection, text

from definitions.life_cycle import Transition, life_cycle
from pipelines.flow.ground import definitions, engine, moment
from pipelines.life_cycle import Asked, refusal
from pipelines.places import places
from warehouse import audit
from warehouse import life_cycle as kept
from warehouse.engine import sql
from warehouse.life_cycle import Actor, Case, Claim, Overtaken, StepRefused, Task
from warehouse.windows import china_day

_DUE = ("send_back", "refuse_words", "assign")


def as_actor(actor: Actor | str) -> Actor:
    """A bare name is an operator at the command line."""
    return Actor(actor) if isinstance(actor, str) else actor


def submission_case(submission: int, at: str) -> Case:
    """Where a submission stands, who has signed and checked, everything that happened."""
    with engine().connect() as connection:
        return kept.case_of(connection, submission, moment(at))


def act(
    submission: int,
    verb: str,
    actor: Actor | str,
    at: str,
    *,
    seen: int | None = None,
    reason: str = "",
    assignee: str | None = None,
    due: str | None = None,
    finding: int | None = None,
) -> Case:
    """Do one thing with a submission; where it stands afterwards.

    `seen` is `Case.seen` of the page the person looked at: Overtaken when somebody was faster.
    A due day that is not given is the one of the parameter. StepRefused says why not.
    """
    who, when = as_actor(actor), moment(at)
    given = date.fromisoformat(due) if due else None
    with engine().begin() as connection:
        case = kept.case_of(connection, submission, when)
        if seen is not None and seen != case.seen:
            # take_step finds the same and says who was faster.
            case = replace(case, seen=seen)
        else:
            asked = Asked(verb, reason, given or due_day(verb, when), finding, seen)
            said = refusal(case, asked, who, china_day(when), required_signatures(when))
            if said is not None:
                raise StepRefused(said)
        kept.take_step(
            connection,
            case,
            verb,
            who,
            when,
            reason=reason,
            assignee=assignee,
            due_on=(given or due_day(verb, when)) if verb in _DUE else None,
            finding_id=finding,
        )
        return kept.case_of(connection, submission, when)


def act_on_many(
    submissions: Sequence[int], verb: str, actor: Actor | str, at: str, *, reason: str = ""
) -> dict[int, str]:
    """The same for many, each for itself; submission → why not, for those that were refused."""
    refused = {}
    for submission in submissions:
        try:
            act(submission, verb, actor, at, reason=reason)
        except StepRefused as error:
            refused[submission] = str(error)
    return refused


def possible(case: Case, actor: Actor | str, at: str) -> list[tuple[Transition, str | None]]:
    """What people may do in the state of a case, each with why this one may not (None: may).

    What a person must still write (a reason, a due day) is no hindrance here.
    """
    who, when = as_actor(actor), moment(at)
    found = []
    for transition in life_cycle().by_people(case.state):
        finding = case.words[0] if case.words else None
        asked = Asked(transition.verb, "…", china_day(when), finding)
        found.append(
            (transition, refusal(case, asked, who, china_day(when), required_signatures(when)))
        )
    return found


def required_signatures(when: datetime) -> tuple[str, ...]:
    """Roles that must have signed before anybody above checks."""
    return tuple(definitions().parameters["signatures_before_check"].at(china_day(when)))


def due_day(verb: str, when: datetime) -> date | None:
    """The day by which what a step asks for is due, unless somebody names another; None: no day."""
    if verb not in _DUE:
        return None
    known, day = definitions(), china_day(when)
    return known.calendar.add(day, int(known.parameters["return_workdays"].at(day)))


# --- who is on it ---


def claim_submission(submission: int, actor: Actor | str, at: str) -> Claim:
    """Take a submission in hand; when somebody else has it, who and until when."""
    who, when = as_actor(actor), moment(at)
    minutes = int(definitions().parameters["claim_minutes"].at(china_day(when)))
    with engine().begin() as connection:
        kept.case_of(connection, submission, when)
        return kept.claim(connection, submission, who, when, minutes)


def release_submission(submission: int, actor: Actor | str) -> None:
    """Leave a submission."""
    with engine().begin() as connection:
        kept.release(connection, submission, as_actor(actor))


# --- tasks ---


def open_tasks(
    reporters: Sequence[str] | None = None,
    assignee: str | None = None,
    connection: Connection | None = None,
) -> list[Task]:
    """What waits for a correction or for words, the most urgent first."""
    if connection is not None:
        return kept.open_tasks(connection, reporters=reporters, assignee=assignee)
    with engine().connect() as own:
        return kept.open_tasks(own, reporters=reporters, assignee=assignee)


# --- originals ---


def original(sha256: str, actor: Actor | str, reason: str, at: str) -> bytes:
    """The bytes of an original by its hash; an audit entry stands before anything is given.

    StepRefused when nothing was received, corrected or returned under that hash, or without reason.
    """
    if not reason.strip():
        raise StepRefused("取原件须写明理由")
    wanted = sha256.strip().lower()
    with engine().begin() as connection:
        known = connection.execute(text(sql("life_original")), {"sha256": wanted}).first()
        if known is None:
            raise StepRefused(f"没有内容哈希为 {wanted[:16]}… 的原件")
        audit.note(
            connection, at=moment(at), actor=as_actor(actor).logged, action="original.read",
            subject=wanted,
            detail={"reason": reason.strip(), "account": as_actor(actor).account, "as": known.what},
        )  # fmt: skip
    return places().originals.get(wanted)


__all__ = [
    "Actor",
    "Case",
    "Claim",
    "Overtaken",
    "StepRefused",
    "act",
    "act_on_many",
    "claim_submission",
    "due_day",
    "open_tasks",
    "original",
    "possible",
    "release_submission",
    "submission_case",
]
