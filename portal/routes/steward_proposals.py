"""Corrected figures on their way: what they would say, what they would move, the unit's word."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Connection
from starlette.responses import Response

from pipelines.flow import correcting, handling, impact
from pipelines.flow.handling import StepRefused
from portal.asking import Ground, Known, NotFound, Now, Person, Reading, SignedIn, Site, may
from portal.page import redirect, render
from portal.reading import steward as reads
from portal.routes.steward_acting import actor_for, allow
from portal.routes.steward_submission import refused
from warehouse import corrections

router = APIRouter()
Concerned = Annotated[SignedIn, Depends(may("propose_figures", "confirm", "submit", "review"))]
MOST_SHOWN = 200


@router.get("/proposals")
def proposals(
    request: Request, person: Concerned, reading: Reading, ground: Ground, at: Now
) -> Response:
    """Proposals that wait for a unit, oldest first: those the person sees."""
    waiting = correcting.waiting_corrections()
    seen = reads.visible(reading, "submission", [c.submission for c in waiting])
    shown = [c for c in waiting if c.submission in seen][:MOST_SHOWN]
    with ground.engine.connect() as owner:
        names = reads.names_in(owner, [c.proposed_by for c in shown])
    opened = {c.id: reads.opened(reading, c.submission, at.date()) for c in shown}
    return render(
        request, "steward/proposals.html", items=shown, opened=opened, names=names,
        today=at.date(),
    )  # fmt: skip


@router.get("/proposals/{number}")
def proposal(
    request: Request, person: Concerned, reading: Reading, ground: Ground, known: Known, at: Now,
    number: int,
) -> Response:  # fmt: skip
    """Each cell as it is and as it would be, with who proposes it and why."""
    found, one = _seen(ground, reading, at, number)
    _, cells = correcting.correction_cells(number)
    case = handling.submission_case(one.id, at.isoformat())
    # What a hidden form says is not told here either.
    hidden = set(one.hidden)
    shown = [] if hidden else cells
    with ground.engine.connect() as owner:
        names = reads.names_in(owner, [found.proposed_by, found.decided_by])
    late = case.state in ("locked", "corrected")
    own = person.may("confirm") and any(
        g.org_id == one.reporter_id for g in person.grants_for("confirm")
    )
    return render(
        request,
        "steward/proposal.html",
        one=one,
        proposal=found,
        cells=shown,
        covered=bool(hidden),
        names=names,
        late=late,
        statement=_statement(number),
        indicators={i.code: i.name for i in known.indicators.values()},
        may_confirm=own and found.decision is None,
        may_withdraw=found.decision is None and found.proposed_by == person.actor,
        may_ask=late and found.decision is None and person.may("propose_figures", "confirm"),
    )


def _seen(ground: Site, reading: Connection, at: datetime, number: int) -> tuple[Any, reads.Opened]:
    try:
        with ground.engine.connect() as owner:
            found = corrections.find(owner, number)
    except StepRefused as error:
        raise NotFound from error
    return found, reads.opened(reading, found.submission, at.date())


def _statement(number: int) -> dict[str, Any] | None:
    kept = impact.statement_of(number)
    if kept is None:
        return None
    made_at, material, says = kept
    return {**says, "made_at": made_at, "material": material}


@router.post("/proposals/{number}/impact")
def state_impact(
    request: Request, person: Concerned, reading: Reading, ground: Ground, at: Now, number: int
) -> Response:
    """Work out what would move if the proposal came into force, and keep it as its statement."""
    _, one = _seen(ground, reading, at, number)
    right = "propose_figures" if person.may("propose_figures") else "confirm"
    allow(person, right, one)
    case = handling.submission_case(one.id, at.isoformat())
    try:
        impact.impact_of_correction(number, actor_for(person, case, right), at.isoformat())
    except StepRefused as error:
        return refused(request, ground, error)
    return redirect(request, f"/proposals/{number}", "影响说明已出具")


@router.post("/proposals/{number}/decide")
def decide(
    request: Request, person: Person, reading: Reading, ground: Ground, at: Now, number: int,
    answer: Annotated[str, Form()], reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """The unit's word: agreed it becomes the unit's new version, declined it changes nothing."""
    _, one = _seen(ground, reading, at, number)
    allow(person, "confirm", one)
    case = handling.submission_case(one.id, at.isoformat())
    try:
        correcting.decide_correction(
            number, answer == "yes", actor_for(person, case, "confirm"), at.isoformat(),
            reason=reason,
        )  # fmt: skip
    except StepRefused as error:
        return refused(request, ground, error)
    said = "已确认，作为本单位新版本报出，正在校验" if answer == "yes" else "已答复：不同意更正"
    return redirect(request, f"/proposals/{number}", said)


@router.post("/proposals/{number}/withdraw")
def withdraw(
    request: Request, person: Concerned, reading: Reading, ground: Ground, at: Now, number: int,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Take one's own proposal back while it waits."""
    found, one = _seen(ground, reading, at, number)
    allow(person, "propose_figures", one)
    if found.proposed_by != person.actor:
        return refused(request, ground, StepRefused("只有提出的人可以撤回更正建议"))
    case = handling.submission_case(one.id, at.isoformat())
    try:
        correcting.withdraw_correction(
            number, actor_for(person, case, "propose_figures"), at.isoformat(), reason=reason
        )
    except StepRefused as error:
        return refused(request, ground, error)
    return redirect(request, f"/queue/{one.id}", "更正建议已撤回")
