"""One submission as a steward opens it: its sheets, what was found, and what can be done."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from definitions.life_cycle import life_cycle
from pipelines import flow
from pipelines.flow import correcting, handling, showing
from pipelines.flow.correcting import NewCell
from pipelines.flow.handling import Case, StepRefused
from portal.asking import (
    Ground,
    Known,
    NotFound,
    Now,
    Reading,
    SignedIn,
    Site,
    may,
    note_personal_view,
)
from portal.page import redirect, render
from portal.reading import steward as reads
from portal.reading.findings import findings
from portal.reading.steward_sheets import sheets_of
from portal.routes.steward_acting import actor_for, allow, ways
from portal.routes.steward_lists import XLSX
from warehouse import corrections

router = APIRouter()
Handler = Annotated[
    SignedIn, Depends(may("review", "send_back", "mend_format", "judge_explanation", "concur"))
]
# What the page offers, in this order; signing belongs to the unit's own pages.
OFFERED = ("check", "accept", "concur", "object", "send_back", "assign", "uncheck", "set_aside")
LONGEST = 500
MOST_CELLS = 400


def refused(request: Request, ground: Site, error: StepRefused, status: int = 409) -> Response:
    """Why something was not done, in words with people's names; the page stays as it is."""
    with ground.engine.connect() as owner:
        sentence = reads.spoken(str(error), reads.names_in(owner, [str(error)]))
    if request.headers.get("hx-request") == "true":
        answer = render(request, "parts/message.html", status, tone="bad", words=sentence)
        answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#messages", "innerHTML"
        return answer
    return render(request, "error.html", status, title="没有办成", words=sentence)


@router.get("/queue/{number}")
def submission(
    request: Request, person: Handler, reading: Reading, known: Known, ground: Ground, at: Now,
    number: int, sheet: str = "",
) -> Response:  # fmt: skip
    """The sheets with their bad cells, the findings, who is on it, what can be done."""
    found = reads.opened(reading, number, at.date())
    listed = findings(reading, number, known)
    note_personal_view(person, f"submission:{number}", set(found.forms) - set(found.hidden))
    case = handling.submission_case(number, at.isoformat())
    sheets = sheets_of(ground, number, listed, found.hidden)
    with ground.engine.connect() as owner:
        proposals = corrections.of_submission(owner, number)
        told = [found.held_by, *(s.actor for s in case.steps), *(s.assignee for s in case.steps)]
        told += [p.proposed_by for p in proposals] + [p.decided_by for p in proposals]
        names = reads.names_in(owner, told)
    possible = ways(person, case)
    shown = next((n for n, s in enumerate(sheets) if s.name == sheet), None)
    if shown is None:
        shown = max(
            range(len(sheets)), key=lambda n: (sheets[n].bad, sheets[n].form != "", -n), default=0
        )
    waiting = next((p for p in proposals if p.decision is None), None)
    return render(
        request,
        "steward/submission.html",
        one=found,
        case=case,
        findings=listed,
        sheets=sheets,
        shown=shown,
        steps=[s for s in reversed(case.steps)],
        verbs={t.verb: t.chinese for t in life_cycle().transitions},
        life={s.code: s for s in life_cycle().states},
        offered=[possible[v] for v in OFFERED if v in possible],
        words=possible.get("accept_words"),
        names=names,
        org_names=_org_names(reading, case, at.date().isoformat()),
        proposals=proposals,
        waiting=waiting,
        may_fix=person.may("propose_figures") and waiting is None
        and case.state not in ("resent", "superseded", "discarded"),
        may_mend=person.may("mend_format"),
        versions=reads.versions(reading, number),
        next=_following(reading, person, at, found.id),
        today=at.date(),
        due=handling.due_day("send_back", at),
        titles={f.code: f.title for f in known.forms},
        late=case.state in ("locked", "corrected"),
    )  # fmt: skip


def _following(reading: Reading, person: SignedIn, at: Now, number: int) -> int | None:
    """The most urgent other submission: where to go on from here."""
    items = reads.queue(reading, reads.Filters(), at, me=person.actor, most=2)
    return next((i.id for i in items if i.id != number), None)


def _org_names(reading: Reading, case: Case, day: str) -> dict[str, str]:
    from sqlalchemy import text

    codes = [*case.leading, *case.other, case.reporter or ""]
    rows = reading.execute(
        text(
            "SELECT o.code, n.name FROM organisation o JOIN organisation_name n "
            "ON n.org_id = o.id AND n.kind = 'official' AND n.retired_at IS NULL "
            "AND n.valid @> CAST(:day AS date) WHERE o.code = ANY(:codes)"
        ),
        {"codes": codes, "day": day},
    )
    return {row.code: row.name for row in rows}


@router.post("/queue/{number}/claim")
def claim(
    request: Request, person: Handler, reading: Reading, ground: Ground, at: Now, number: int
) -> Response:
    """Say that one is on it, and learn who else is; the page asks again now and then."""
    found = reads.opened(reading, number, at.date())
    case = handling.submission_case(number, at.isoformat())
    held = flow.claim_submission(number, _anyone(person, case), at.isoformat())
    with ground.engine.connect() as owner:
        names = reads.names_in(owner, [held.actor])
    return render(
        request, "steward/parts/claim.html", one=found, held=held,
        holder=reads.spoken(held.actor, names),
    )  # fmt: skip


@router.post("/queue/{number}/leave")
def leave(request: Request, person: Handler, reading: Reading, at: Now, number: int) -> Response:
    """Let somebody else have it."""
    reads.opened(reading, number, at.date())
    case = handling.submission_case(number, at.isoformat())
    flow.release_submission(number, _anyone(person, case))
    return redirect(request, "/queue", "已放手，其他人可以接着办", "info")


def _anyone(person: SignedIn, case: Case) -> handling.Actor:
    rights = ("review", "send_back", "mend_format", "judge_explanation", "concur")
    return actor_for(person, case, next(r for r in rights if person.may(r)))


@router.post("/queue/{number}/steps")
def step(
    request: Request, person: Handler, reading: Reading, ground: Ground, at: Now, number: int,
    verb: Annotated[str, Form()], seen: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=LONGEST)] = "",
    assignee: Annotated[str, Form(max_length=60)] = "",
    due: Annotated[str, Form(max_length=10)] = "", finding: Annotated[int | None, Form()] = None,
    stay: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take a step with what was seen of the submission: who was slower is told, not overruled."""
    found = reads.opened(reading, number, at.date())
    case = handling.submission_case(number, at.isoformat())
    try:
        transition = life_cycle().transition(verb)
    except KeyError:
        return refused(request, ground, StepRefused("没有这个操作"), 422)
    if transition.right is None or transition.actor not in ("leading", "other"):
        return refused(request, ground, StepRefused(f"“{transition.chinese}”不在这里办"), 422)
    allow(person, transition.right, found)
    way = ways(person, case).get(verb)
    actor = way.actor if way is not None else actor_for(person, case, transition.right)
    try:
        handling.act(
            number, verb, actor, at.isoformat(), seen=seen, reason=reason,
            assignee=assignee.strip() or None, due=due or None, finding=finding,
        )  # fmt: skip
    except StepRefused as error:
        return refused(request, ground, error)
    except ValueError:
        return refused(request, ground, StepRefused("期限请写成 2017-04-20 这样的日期"), 422)
    done = (
        f"已办理：{transition.chinese}（{found.reporter_name or found.reporter or '未识别单位'}）"
    )
    here = f"/queue/{number}"
    return redirect(request, here if stay or verb in ("accept_words", "concur") else "/queue", done)


# --- figures ---


def typed(form: dict[str, str], sheets: int = 60) -> list[NewCell]:
    """What was typed into the grid: fields `v:<sheet>!<cell>` with `o:` beside, what it was."""
    cells = []
    for name, value in form.items():
        if not name.startswith("v:") or "!" not in name:
            continue
        before = form.get(f"o:{name[2:]}", "")
        if value.strip() == before.strip():
            continue
        sheet, _, cell = name[2:].rpartition("!")
        cells.append(NewCell(sheet, cell, value.strip(), form.get("reason", "").strip()))
    return cells


async def _fields(request: Request) -> dict[str, str]:
    form = await request.form(max_fields=4 * MOST_CELLS)
    return {k: v for k, v in form.items() if isinstance(v, str)}


Fields = Annotated[dict[str, str], Depends(_fields)]


@router.post("/queue/{number}/try")
def try_fix(
    request: Request, person: Handler, reading: Reading, ground: Ground, at: Now, number: int,
    fields: Fields,
) -> Response:  # fmt: skip
    """What would be found with the values as typed; nothing is kept."""
    found = reads.opened(reading, number, at.date())
    allow(person, "propose_figures", found)
    case = handling.submission_case(number, at.isoformat())
    cells = _allowed(ground, typed(fields), found)
    try:
        trial = correcting.try_correction(
            number, cells, actor_for(person, case, "propose_figures"), at.isoformat()
        )
    except StepRefused as error:
        return refused(request, ground, error)
    shown = [f for f in trial.findings if f.form not in found.hidden]
    return render(
        request, "steward/parts/trial.html", trial=trial, cells=cells,
        left=[f for f in shown if f.severity.value != "提示"],
    )  # fmt: skip


def _allowed(ground: Site, cells: list[NewCell], found: reads.Opened) -> list[NewCell]:
    """Only cells of sheets that the person sees."""
    if not found.hidden:
        return cells
    seen = {s.name for s in sheets_of(ground, found.id, [], found.hidden)}
    return [c for c in cells if c.sheet in seen]


@router.post("/queue/{number}/propose")
def propose(
    request: Request, person: Handler, reading: Reading, ground: Ground, at: Now, number: int,
    fields: Fields,
) -> Response:  # fmt: skip
    """Propose the values as typed; they wait for the unit."""
    found = reads.opened(reading, number, at.date())
    allow(person, "propose_figures", found)
    case = handling.submission_case(number, at.isoformat())
    seen = fields.get("seen", "")
    try:
        made = correcting.propose_correction(
            number, _allowed(ground, typed(fields), found), fields.get("reason", "")[:LONGEST],
            actor_for(person, case, "propose_figures"), at.isoformat(),
            seen=int(seen) if seen.isdecimal() else None,
        )  # fmt: skip
    except StepRefused as error:
        return refused(request, ground, error)
    if case.state in ("locked", "corrected"):
        return redirect(
            request, f"/proposals/{made}", "更正建议已提出。这一期已锁定，请先出具影响说明", "warn"
        )
    return redirect(request, f"/queue/{number}", "更正建议已提出，等待单位确认")


@router.get("/queue/{number}/returned.xlsx")
def marked(person: Handler, reading: Reading, at: Now, number: int) -> Response:
    """The marked workbook, for those who may see every form in it."""
    found = reads.opened(reading, number, at.date())
    if not found.returned_file or found.hidden:
        raise NotFound
    note_personal_view(person, f"submission:{number}", found.forms)
    _, data = showing.marked_file(number, person.actor, at, reading)
    name = quote(f"{found.reporter or number}-{found.period or ''}-标注件.xlsx")
    return Response(
        data,
        media_type=XLSX,
        headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"},
    )
