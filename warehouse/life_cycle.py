"""Where a submission stands, what was done with it by whom, and the next step: the only writer.

The state follows from facts (verdict, later versions, superseded filings, lock days) and from the
steps of people. `submission.life` keeps it for queues; a gate holds it to what the database derives
again from scratch.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from definitions import Period
from definitions.life_cycle import Transition, life_cycle
from warehouse import audit
from warehouse.accounts import actor_of
from warehouse.codes import id_of
from warehouse.engine import sql
from warehouse.tables import (
    LINES,
    organisation,
    receipt,
    submission,
    submission_claim,
    submission_step,
)
from warehouse.turns import LOAD_LOCK, alone
from warehouse.windows import china_day


class StepRefused(LookupError):
    """Something that may not be done to a submission now; the sentence says why."""


class Overtaken(StepRefused):
    """Somebody did something with the submission since it was looked at."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a name, for which union, with which rights (None: an operator with all of them)."""

    name: str
    organisation: str | None = None
    rights: frozenset[str] | None = None
    account: int | None = None

    @property
    def logged(self) -> str:
        """How the log names them: the account, or what an operator is called."""
        return self.name if self.account is None else actor_of(self.account)

    def is_whom(self, name: str, account: int | None) -> bool:
        """Whether they are who stands there: two of one name with accounts of their own are not."""
        if self.account is not None and account is not None:
            return self.account == account
        return self.name == name


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `actor` is empty where the system did it, `seq` is 0 for facts."""

    at: datetime
    verb: str
    from_state: str
    to_state: str
    actor: str
    reason: str
    assignee: str | None
    due_on: date | None
    org: str | None
    finding_id: int | None
    seq: int


@dataclass(frozen=True, slots=True)
class Case:
    """A submission with everything that decides what may be done with it.

    `state` is the state on the day; `leading` are the unions above the reporter on the line that
    leads, the nearest first, `other` those on the other line only. `checked_by` and `objecting`
    are codes since figures or state were last changed; `signed` the roles that have signed, on the
    cover or in the portal, `signers` by which account (if any) and name those in the portal;
    `words` the findings whose explanations nobody has judged.
    """

    id: int
    reporter: str | None
    period: str | None
    version: int
    verdict: str
    state: str
    seen: int
    locks_on: date | None
    received_at: datetime
    sender: str
    leading: tuple[str, ...]
    other: tuple[str, ...]
    checked_by: tuple[str, ...]
    objecting: tuple[str, ...]
    signed: dict[str, str]
    words: tuple[int, ...]
    steps: tuple[Step, ...]
    signers: tuple[tuple[int | None, str], ...] = ()


COVER_SIGNATURES = {"复核人": "reviewed_by", "单位负责人": "signed_by"}
PORTAL_SIGNATURES = {"sign_review": "复核人", "sign": "单位负责人"}
ON_COVER = "封面签名"
_LOCKING = ("validated", "explained", "checked", "accepted")


def state_on(life: str, locks_on: date | None, day: date) -> str:
    """The state on a day, as life_on() of the database: locking needs nobody to run anything."""
    return "locked" if life in _LOCKING and locks_on is not None and locks_on < day else life


def refresh(
    connection: Connection,
    *,
    submissions: Collection[int] = (),
    reporters: Collection[int] = (),
    periods: Collection[str] = (),
) -> None:
    """Bring the kept states up to the facts: of some submissions, and of reporters in periods."""
    connection.execute(
        text(sql("life_refresh")),
        {
            "submissions": sorted(submissions),
            "reporters": sorted(reporters),
            "periods": sorted(periods),
        },
    )


def refresh_locks(connection: Connection, periods: Collection[str]) -> None:
    """After windows were opened: what came before them learns its lock day."""
    connection.execute(
        text(
            "UPDATE submission s SET life = l.life, locks_on = l.locks_on "
            "FROM submission_life() l WHERE l.submission_id = s.id AND s.id IN ("
            "SELECT submission_id FROM filing WHERE period = ANY(:periods)) "
            "AND s.locks_on IS DISTINCT FROM l.locks_on"
        ),
        {"periods": sorted(periods)},
    )


def wrong_states(connection: Connection) -> list[int]:
    """Submissions whose kept state is not what the facts give; a gate asks that there are none."""
    rows = connection.execute(
        text(
            "SELECT s.id FROM submission s JOIN submission_life() l ON l.submission_id = s.id "
            "WHERE s.life IS DISTINCT FROM l.life ORDER BY s.id"
        )
    )
    return list(rows.scalars())


def history(connection: Connection, submission_id: int) -> tuple[Step, ...]:
    """Everything that happened to a submission, oldest first; locking is told by its day."""
    rows = connection.execute(text(sql("life_events")), {"id": submission_id})
    return tuple(Step(**row) for row in rows.mappings())


def case_of(connection: Connection, submission_id: int, at: datetime) -> Case:
    """A submission as it stands at a moment; StepRefused when there is none."""
    row = connection.execute(
        select(submission, organisation.c.code, receipt.c.sender)
        .join(receipt, receipt.c.id == submission.c.receipt_id)
        .join(organisation, organisation.c.id == submission.c.reporter_id, isouter=True)
        .where(submission.c.id == submission_id)
    ).first()
    if row is None:
        raise StepRefused(f"没有编号为 {submission_id} 的报送")
    day = china_day(at)
    about = Period.parse(row.period).end if row.period else day
    leading, other = _lines(connection, row.reporter_id, about)
    if not leading and row.reporter_id is None and row.sender:
        # What cannot be read belongs to whoever sent it, as far as anybody can tell.
        sender = id_of(connection, row.sender)
        leading, other = _lines(connection, sender, about)
    steps = history(connection, submission_id)
    signed = {name: ON_COVER for name, key in COVER_SIGNATURES.items() if row.cover.get(key)}
    checked: list[str] = []
    objecting: list[str] = []
    for step in steps:
        if step.verb in PORTAL_SIGNATURES:
            signed[PORTAL_SIGNATURES[step.verb]] = step.actor
        elif step.verb in ("check", "accept") and step.org:
            checked.append(step.org)
        elif step.verb in ("uncheck", "send_back", "refuse_words"):
            checked.clear()
        elif step.verb == "object" and step.org and step.org not in objecting:
            objecting.append(step.org)
        elif step.verb == "concur" and step.org in objecting:
            objecting.remove(step.org)
    return Case(
        id=submission_id,
        reporter=row.code,
        period=row.period,
        version=row.version,
        verdict=row.state,
        state=state_on(row.life, row.locks_on, day),
        seen=row.steps,
        locks_on=row.locks_on,
        received_at=row.received_at,
        sender=row.sender,
        leading=leading,
        other=other,
        checked_by=tuple(checked),
        objecting=tuple(objecting),
        signed=signed,
        words=tuple(
            connection.execute(text(sql("life_pending_words")), {"id": submission_id}).scalars()
        ),
        steps=steps,
        signers=tuple(
            (row.account_id, row.actor)
            for row in connection.execute(
                select(submission_step.c.account_id, submission_step.c.actor)
                .where(
                    submission_step.c.submission_id == submission_id,
                    submission_step.c.verb.in_(PORTAL_SIGNATURES),
                )
                .order_by(submission_step.c.seq)
            )
        ),
    )


def _lines(
    connection: Connection, org_id: int | None, day: date
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes above a union on the line that leads, and those above it on the other line only.

    The industry line ends at its industry union; what stands above that is its territorial line.
    """
    if org_id is None:
        return (), ()
    lead = connection.execute(
        text(
            "SELECT lead FROM organisation_state WHERE org_id = :org "
            "AND valid @> CAST(:day AS date) AND retired_at IS NULL"
        ),
        {"org": org_id, "day": day},
    ).scalar()
    chains: dict[str, list[str]] = {
        line: list(
            connection.execute(
                text(sql("life_chain")), {"org": org_id, "line": LINES[line], "day": day}
            ).scalars()
        )
        for line in ("块", "条")
    }
    first, second = ("条", "块") if lead == "条为主" and chains["条"] else ("块", "条")
    leading = chains[first]
    if first == "条":
        top = id_of(connection, leading[-1])
        leading += [
            code
            for code in connection.execute(
                text(sql("life_chain")), {"org": top, "line": LINES["块"], "day": day}
            ).scalars()
            if code not in leading
        ]
    return tuple(leading), tuple(c for c in chains[second] if c not in leading)


def take_step(
    connection: Connection,
    case: Case,
    verb: str,
    actor: Actor,
    at: datetime,
    *,
    reason: str = "",
    assignee: str | None = None,
    due_on: date | None = None,
    finding_id: int | None = None,
) -> Transition:
    """Enter a step and move the state, part of the caller's transaction; also in the audit log.

    Whether it may be taken has been asked before (`pipelines.life_cycle.refusal`); here only what
    two people at once could break is held: Overtaken when the submission has moved since.
    """
    alone(connection, LOAD_LOCK)
    transition = life_cycle().transition(verb)
    moved = connection.execute(
        update(submission)
        .where(submission.c.id == case.id, submission.c.steps == case.seen)
        .values(steps=case.seen + 1)
        .returning(submission.c.life, submission.c.locks_on)
    ).first()
    if moved is None or state_on(moved.life, moved.locks_on, china_day(at)) != case.state:
        raise Overtaken(_overtaken(connection, case.id))
    org = id_of(connection, actor.organisation)
    connection.execute(
        insert(submission_step).values(
            submission_id=case.id,
            seq=case.seen + 1,
            verb=verb,
            from_state=case.state,
            to_state=transition.target(case.state),
            actor=actor.name,
            account_id=actor.account,
            org_id=org,
            finding_id=finding_id,
            reason=reason.strip(),
            assignee=assignee,
            due_on=due_on,
            at=at,
        )
    )
    refresh(connection, submissions=[case.id])
    audit.note(
        connection,
        at=at,
        actor=actor.logged,
        action=f"submission.{verb}",
        subject=str(case.id),
        detail={
            "from": case.state,
            "to": transition.target(case.state),
            "organisation": actor.organisation,
            "finding": finding_id,
        },
    )
    return transition


def _overtaken(connection: Connection, submission_id: int) -> str:
    last = next((s for s in reversed(history(connection, submission_id)) if s.verb), None)
    if last is None:
        return "这份报送刚刚有了变化，请刷新后再办"
    verb = life_cycle().transition(last.verb).chinese
    who = last.actor or "系统"
    return f"{who} 刚刚对这份报送做了“{verb}”，您的操作没有写入，请刷新后再办"


# --- who is on it ---


@dataclass(frozen=True, slots=True)
class Claim:
    """Who is on a submission, since and until when; `own` says that it is who asked."""

    actor: str
    since: datetime
    until: datetime
    own: bool


def claim(
    connection: Connection, submission_id: int, actor: Actor, at: datetime, minutes: int
) -> Claim:
    """Take a submission in hand, or learn who has it; one's own is prolonged."""
    entry = upsert(submission_claim).values(
        submission_id=submission_id,
        actor=actor.name,
        account_id=actor.account,
        since=at,
        until=at + timedelta(minutes=minutes),
    )
    held = submission_claim.c
    connection.execute(
        entry.on_conflict_do_update(
            index_elements=[held.submission_id],
            set_={
                "actor": entry.excluded.actor,
                "account_id": entry.excluded.account_id,
                "until": entry.excluded.until,
                "since": text(
                    "CASE WHEN submission_claim.actor = excluded.actor "
                    "AND submission_claim.until > excluded.since "
                    "THEN submission_claim.since ELSE excluded.since END"
                ),
            },
            where=(held.actor == actor.name) | (held.until <= at),
        )
    )
    found = holder(connection, submission_id, actor, at)
    if found is None:
        raise StepRefused(f"没有编号为 {submission_id} 的报送")
    return found


def holder(connection: Connection, submission_id: int, actor: Actor, at: datetime) -> Claim | None:
    """Who is on a submission at a moment, if anybody."""
    row = connection.execute(
        select(submission_claim).where(
            submission_claim.c.submission_id == submission_id, submission_claim.c.until > at
        )
    ).first()
    return None if row is None else Claim(row.actor, row.since, row.until, row.actor == actor.name)


def release(connection: Connection, submission_id: int, actor: Actor) -> None:
    """Leave a submission; somebody else's claim stays."""
    connection.execute(
        submission_claim.delete().where(
            submission_claim.c.submission_id == submission_id,
            submission_claim.c.actor == actor.name,
        )
    )


# --- tasks: what was sent back, and who is to mend it by when ---


@dataclass(frozen=True, slots=True)
class Task:
    """A submission that waits for its unit; `assignee` empty: the unit as a whole."""

    submission_id: int
    reporter: str | None
    period: str | None
    state: str
    reason: str
    assignee: str
    due_on: date | None
    asked_by: str
    asked_at: datetime


def open_tasks(
    connection: Connection,
    *,
    reporters: Sequence[str] | None = None,
    assignee: str | None = None,
) -> list[Task]:
    """What waits for a correction or for words, the most urgent first.

    It is done when a newer version has come: the state tells, nobody ticks it off.
    """
    rows = connection.execute(
        text(sql("life_tasks")),
        {"reporters": None if reporters is None else list(reporters), "assignee": assignee},
    )
    return [Task(**row) for row in rows.mappings()]
