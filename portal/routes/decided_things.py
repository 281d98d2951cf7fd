"""What the federation decides: dated parameters with four eyes, the calendar, editions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from definitions.calendars import CalendarUnknown
from definitions.catalogue import Definitions
from pipelines.flow.parameters import decide_parameter
from pipelines.handbook.wording import shown_value
from portal.asking import Forbidden, Known, NotFound, Now, Reading, SignedIn, may
from portal.page import Crumb, NavItem, redirect, render
from portal.reading import administration as reads
from warehouse.accounts import AccountRefused
from warehouse.proposals import propose

router = APIRouter()
NAV = (
    NavItem("参数", "/administration/parameters", ("manage_definitions",), 82),
    NavItem("日历", "/administration/calendar", ("manage_definitions",), 84),
    NavItem("定义版本", "/administration/editions", ("manage_definitions",), 86),
)
Keeper = Annotated[SignedIn, Depends(may("manage_definitions"))]
PARAMETERS = "/administration/parameters"
DECISIONS: Mapping[str, str] = {
    "approved": "已批准", "declined": "未批准", "withdrawn": "已撤回"
}  # fmt: skip


@router.get(PARAMETERS)
def parameters(
    request: Request, person: Keeper, reading: Reading, known: Known, at: Now, words: str = ""
) -> Response:
    """Every dated parameter with what holds today, and the proposals."""
    rows = [
        (p, next((v for v in p.values if _holds(v, at.date())), None))
        for _, p in sorted(known.parameters.items())
        if not words or words in p.code or words in p.name
    ]
    found = reads.proposals(reading)
    return render(
        request, "administration/parameters.html", rows=rows, words=words, proposals=found,
        names={c: p.name for c, p in known.parameters.items()}, decisions=DECISIONS,
        waiting={p.code for p in found if p.decision is None}, told=_told(known),
        signers=_signers(found),
    )  # fmt: skip


@router.get(PARAMETERS + "/{code}")
def parameter(
    request: Request, person: Keeper, reading: Reading, known: Known, at: Now, code: str
) -> Response:
    """One parameter: its values through time, each with its authority; its proposals; a new one."""
    found = known.parameters.get(code)
    if found is None:
        raise NotFound
    proposals = reads.proposals(reading, code)
    return render(
        request, "administration/parameter.html", found=found, shown=_shown, told=_told(known),
        proposals=proposals, decisions=DECISIONS, signers=_signers(proposals),
        may_propose=person.may_at_top("manage_definitions"), today=at.date(),
        holds=next((v for v in found.values if _holds(v, at.date())), None),
        crumbs=[Crumb("参数", PARAMETERS), Crumb(found.name)],
    )  # fmt: skip


@router.post(PARAMETERS + "/{code}")
def put_forward(
    request: Request, person: Keeper, known: Known, at: Now, code: str,
    value: Annotated[str, Form(max_length=4000)] = "",
    since: Annotated[str, Form()] = "",
    authority: Annotated[str, Form(max_length=300)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Propose a value; it waits for another administrator."""
    _require_federal(person)
    try:
        first = date.fromisoformat(since)
    except ValueError:
        raise AccountRefused("起始日写成 2018-01-01 这样") from None
    try:
        wanted: Any = json.loads(value)
    except ValueError:
        wanted = value
    with person.site.engine.begin() as connection:
        propose(
            connection, known, code, wanted, since=first, authority=authority, reason=reason,
            account_id=person.id, at=at,
        )  # fmt: skip
    return redirect(request, f"{PARAMETERS}/{code}", "提议已记下，等另一位管理员决定")


@router.post("/administration/proposals/{proposal}")
def settle(
    request: Request, person: Keeper, at: Now, proposal: int,
    decision: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Approve, decline or withdraw a proposal; never approve one's own."""
    _require_federal(person)
    decide_parameter(proposal, decision, person.id, at.isoformat(), reason)
    return redirect(request, PARAMETERS, f"提议{DECISIONS[decision]}")


@router.get("/administration/calendar")
def calendar(
    request: Request, person: Keeper, known: Known, at: Now, year: int | None = None
) -> Response:
    """Working days and holidays of a year, month by month."""
    chosen = at.year if year is None or not 2000 <= year <= 2100 else year
    months: list[tuple[int, list[tuple[date, bool] | None]]] = []
    unknown = ""
    try:
        for month in range(1, 13):
            months.append((month, _month(known, chosen, month)))
    except CalendarUnknown as error:
        months, unknown = [], str(error)
    return render(
        request, "administration/calendar.html", year=chosen, months=months, unknown=unknown
    )


@router.get("/administration/editions")
def editions(
    request: Request, person: Keeper, reading: Reading, known: Known,
    first: str = "", second: str = "",
) -> Response:  # fmt: skip
    """Editions of the definitions, and what changed between two."""
    both = bool(first and second)
    return render(
        request, "administration/editions.html", found=reads.editions(reading),
        current=known.digest, first=first, second=second,
        changes=reads.changed(reading, first, second) if both else None,
    )  # fmt: skip


def _month(known: Known, year: int, month: int) -> list[tuple[date, bool] | None]:
    """Days of a month as (day, working), blanks first so that weeks begin on Monday."""
    from calendar import monthrange

    lead, length = monthrange(year, month)
    days: list[tuple[date, bool] | None] = [None] * lead
    for number in range(1, length + 1):
        day = date(year, month, number)
        days.append((day, known.calendar.is_workday(day)))
    return days


def _signers(found: list[reads.Proposal]) -> dict[tuple[str, date], reads.Proposal]:
    """(parameter, first day) → the approved proposal by which a value holds; the last of two."""
    return {(p.code, p.since): p for p in reversed(found) if p.decision == "approved"}


def _holds(dated: Any, day: date) -> bool:
    return bool(dated.since <= day and (dated.until is None or day <= dated.until))


def _told(known: Definitions) -> Callable[[Any], str]:
    """A value in words, as the handbook says it."""

    def told(value: Any) -> str:
        rows = shown_value(value, known)
        return "；".join(f"{name}：{words}" if name else words for name, words in rows)

    return told


def _shown(value: Any) -> str:
    """A value as it is typed in."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _require_federal(person: SignedIn) -> None:
    if not person.may_at_top("manage_definitions"):
        raise Forbidden("参数由总工会的管理员统一管理。")
