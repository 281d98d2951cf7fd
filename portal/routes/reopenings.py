"""Locked periods opened again: one person asks, another sees what waits and decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Connection
from starlette.responses import Response

from definitions import Period
from pipelines.flow import decide_reopening, period_states, relock_period
from pipelines.flow.reopening import ask_reopening
from portal.asking import Forbidden, Known, NotFound, Now, Reading, SignedIn, may
from portal.page import Crumb, NavItem, redirect, render
from portal.reading import staff
from portal.reading.steward import names_in
from warehouse import reopening_requests as requests
from warehouse.accounts import actor_of
from warehouse.windows import Reopening, ReopeningRefused

router = APIRouter()
VERBS = ("request_reopening", "approve_reopening")
NAV = (NavItem("重开", "/reopenings", VERBS, 40),)
Either = Annotated[SignedIn, Depends(may(*VERBS))]
DECISIONS: Mapping[str, str] = {
    requests.APPROVED: "已批准，所列单位现在可以补报或更正",
    requests.DECLINED: "已答复：不批准",
    requests.WITHDRAWN: "申请已撤回",
}
USUAL_DAYS = 7


@router.get("/reopenings")
def reopenings(
    request: Request, person: Either, reading: Reading, known: Known, at: Now, period: str = ""
) -> Response:
    """What waits, whatever its period; the forms of one period, its orders, how to ask for one."""
    labels = staff.opened_periods(reading)
    chosen = period or _locked(labels, at.date())
    if period and period not in labels:
        raise NotFound
    states, every = period_states(chosen, at.isoformat(), with_marks=False) if chosen else ([], [])
    orders = _concerning(reading, every)
    waiting = requests.requests(reading, waiting=True)
    decided = [r for r in requests.requests(reading, period=chosen) if r.decision is not None]
    scopes = [o.organisations for o in orders] + [r.organisations for r in (*waiting, *decided)]
    return render(
        request, "staff/reopenings.html", labels=labels, period=chosen, states=states,
        orders=orders, waiting=waiting, decided=decided,
        names=staff.names(reading, sorted({c for s in scopes for c in s}), at.date()),
        titles={f.code: f.title for f in known.forms},
        latest=at.date() + timedelta(days=USUAL_DAYS),
        may_end=person.may_at_top("approve_reopening"),
        people=_people(
            person,
            *(a for o in orders for a in (o.requested_by, o.approved_by)),
            *(actor_of(a) for r in (*waiting, *decided) for a in (r.requested_by, r.decided_by)
              if a),
        ),
    )  # fmt: skip


def _locked(labels: list[str], day: date) -> str:
    """The newest opened period that is over."""
    over = [p for p in labels if Period.parse(p).end < day]
    return next(iter(over), next(iter(labels), ""))


@router.post("/reopenings")
def ask(
    request: Request,
    person: Annotated[SignedIn, Depends(may("request_reopening"))],
    reading: Reading,
    known: Known,
    at: Now,
    period: Annotated[str, Form()],
    until: Annotated[str, Form()],
    reason: Annotated[str, Form(max_length=300)] = "",
    document: Annotated[str, Form(max_length=100)] = "",
    forms: Annotated[list[str] | None, Form()] = None,
    organisations: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Write down what is asked for; it waits for somebody who may approve it."""
    try:
        last: date | None = date.fromisoformat(until)
    except ValueError:
        last = None
    codes = organisations.replace("，", " ").replace(",", " ").replace("、", " ").split()
    wrong = [w for w, v in (("理由", reason.strip()), ("文号", document.strip()), ("截止日", last))
             if not v]  # fmt: skip
    if not codes and not person.may_at_top("request_reopening"):
        wrong.append("重开的单位")
    back = f"/reopenings?{urlencode({'period': period})}"
    strange = sorted(set(forms or ()) - {f.code for f in known.forms})
    if wrong or last is None or strange or period not in staff.opened_periods(reading):
        return redirect(request, back, f"请写明{'、'.join(wrong) or '所属期和报表'}", "bad")
    for code in codes:
        person.require_upon("request_reopening", staff.unit_of(reading, code))
    try:
        number = ask_reopening(
            period, forms=forms or (), organisations=codes, reason=reason, document=document,
            until=last, account_id=person.id, at=at.isoformat(),
        )  # fmt: skip
    except ReopeningRefused as error:
        return redirect(request, back, str(error).strip("'"), "bad")
    return redirect(
        request, f"/reopenings/requests/{number}", "申请已提交，批准人在“重开”一页可以看到并办理"
    )


@router.get("/reopenings/requests/{number}")
def request_page(
    request: Request, person: Either, reading: Reading, known: Known, at: Now, number: int
) -> Response:
    """What is asked for, who asks, why, and how it ended or who may decide it."""
    wanted = _one(reading, number)
    return render(
        request, "staff/reopening_request.html", wanted=wanted,
        own=wanted.requested_by == person.id,
        approves=_approves(person, reading, wanted),
        names=staff.names(reading, wanted.organisations, at.date()),
        titles={f.code: f.title for f in known.forms},
        people=_people(
            person, *(actor_of(a) for a in (wanted.requested_by, wanted.decided_by) if a)
        ),
        crumbs=[
            Crumb("锁定后重开", f"/reopenings?{urlencode({'period': wanted.period})}"),
            Crumb("申请"),
        ],
    )  # fmt: skip


@router.post("/reopenings/requests/{number}")
def decide(
    request: Request, person: Either, reading: Reading, at: Now, number: int,
    decision: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:  # fmt: skip
    """Approve, decline or withdraw; whoever asked may only withdraw."""
    wanted = _one(reading, number)
    if decision not in DECISIONS:
        raise NotFound
    if decision != requests.WITHDRAWN:
        if wanted.requested_by == person.id:
            raise Forbidden("申请人不能办理自己的申请，请由另一人办理。")
        if not _approves(person, reading, wanted):
            raise Forbidden("这份申请的范围不在您可以批准的职责之内。")
    here = f"/reopenings/requests/{number}"
    try:
        decide_reopening(number, decision, person.id, at.isoformat(), reason)
    except ReopeningRefused as error:
        return redirect(request, here, str(error).strip("'"), "bad")
    return redirect(request, here, DECISIONS[decision])


@router.post("/reopenings/{order}/end")
def end(
    request: Request,
    person: Annotated[SignedIn, Depends(may("approve_reopening"))],
    at: Now,
    order: int,
) -> Response:
    """Lock again before the last day."""
    if not person.may_at_top("approve_reopening"):
        raise Forbidden("提前关闭须由总工会办理。")
    try:
        relock_period(order, person.actor, at.isoformat())
    except LookupError as error:
        raise NotFound from error
    return redirect(request, "/reopenings", "已提前关闭")


def _concerning(reading: Connection, orders: list[Reopening]) -> list[Reopening]:
    """Orders for everybody, for unions below the reader, or for one that the reader is below."""
    codes = sorted({c for o in orders for c in o.organisations})
    concerned = staff.concerned(reading, codes)
    return [o for o in orders if not o.organisations or concerned & set(o.organisations)]


def _people(person: SignedIn, *actors: str) -> dict[str, str]:
    """Names of those who asked and decided: who sees a request is told by whom it is."""
    with person.site.engine.connect() as owner:
        return names_in(owner, actors)


def _one(reading: Connection, number: int) -> requests.Request:
    found = requests.requests(reading, number=number) if number > 0 else []
    if not found:
        raise NotFound
    return found[0]


def _approves(person: SignedIn, reading: Connection, wanted: requests.Request) -> bool:
    """Whether a person may decide: for every union of the scope, or for all if it names none."""
    if not wanted.organisations:
        return person.may_at_top("approve_reopening")
    try:
        for code in wanted.organisations:
            person.require_upon("approve_reopening", staff.unit_of(reading, code))
    except (Forbidden, NotFound):
        return False
    return True
