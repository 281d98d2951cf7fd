"""Pages of reporters and signers: what is due, hand-ins, versions, words, signatures."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from definitions.life_cycle import life_cycle
from expectations.findings import column_letters
from pipelines import flow
from pipelines.flow import showing
from pipelines.flow.correcting import correction_cells, decide_correction
from portal.asking import Forbidden, Known, NotFound, Now, Reading, note_personal_view
from portal.own_unit import VERBS, Reporter, acting, belongs, own_ids, own_units, unit
from portal.page import NavItem, redirect, render
from portal.reading import reporter, reporter_sheet
from portal.reading.findings import findings
from portal.routes import filling
from warehouse.life_cycle import Actor, Case, StepRefused
from warehouse.personal import data_key, reveal

router = APIRouter()
router.include_router(filling.router)
NAV = (NavItem("我的报表", "/my", VERBS, 10),)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 30
MOST_FINDINGS = 300
SHORTEST = 4
AFTER_LOCK = "V-T-004"
SIGNING = {"sign_review": "复核人", "sign": "单位负责人"}


@router.get("/my")
def periods(
    request: Request, person: Reporter, reading: Reading, known: Known, at: Now
) -> Response:
    """What is due, when, how far it has come; upload and download in one place."""
    today, orgs = at.date(), own_ids(person)
    found = reporter.batches(reading, list(orgs.values()), today)
    drafts = {(b.org_id, o.period, o.form) for b in found for o in b.owed if o.wants(today)}
    return render(
        request,
        "reporter/periods.html",
        today=today,
        units={g.org_id: g for g in own_units(person).values()},
        senders=(senders := list(own_units(person, "submit").values())),
        sender_options=[(g.org, g.org_name) for g in senders],
        batches=[b for b in found if b.open(today)],
        past=[b for b in found if not b.open(today)],
        titles={f.code: f.title for f in known.forms},
        tells={s.code: s.tells for s in life_cycle().states},
        proposals=reporter.proposals(reading, list(orgs.values())),
        recent=reporter.sent(reading, orgs, today, most=5),
        fillable=drafts if person.may("submit") else set(),
    )


@router.get("/my/history")
def history(
    request: Request, person: Reporter, reading: Reading, known: Known, at: Now,
    before: int | None = None,
) -> Response:  # fmt: skip
    """Everything that was sent, the newest first."""
    sent = reporter.sent(reading, own_ids(person), at.date(), before=before, most=PAGE + 1)
    more = f"/my/history?before={sent[PAGE - 1].id}" if len(sent) > PAGE else ""
    return render(
        request, "reporter/history.html", sent=sent[:PAGE], after=more,
        first="/my/history" if before else "", titles={f.code: f.title for f in known.forms},
        names={code: g.org_name for code, g in own_units(person).items()},
    )  # fmt: skip


@router.get("/my/{org}/workbook/{month}")
def workbook(person: Reporter, at: Now, org: str, month: str) -> Response:
    """The unit's own workbook of a month, made on the spot from the definitions."""
    found = unit(person, org)
    try:
        data = flow.template_for(found.org, month, at.isoformat())
    except (LookupError, ValueError) as error:
        raise NotFound from error
    flow.note_fetched(found.org, month, "portal", at.isoformat())
    return attachment(f"{found.org_name} {month} 报表.xlsx", data)


# --- one submission ---


@router.get("/my/submissions/{number}")
def submission(
    request: Request, person: Reporter, reading: Reading, known: Known, at: Now, number: int,
    sheet: str = "", every: Annotated[bool, Query(alias="all")] = False,
) -> Response:  # fmt: skip
    """The sheets with their marks, what was found beside them, and what can be done now."""
    found = _one(reading, person, at, number)
    code = belongs(found, person)
    actor = acting(person, code)
    listed = findings(reading, number, known)
    visible = reporter.visible_forms(reading, own_ids(person)[code], found.forms)
    note_personal_view(person, f"submission:{number}", visible)
    form_of = {f.sheet: f.form for f in listed if f.form}
    shown, hidden = reporter_sheet.allowed(showing.sheets_of(number), found.forms, visible, form_of)
    tally = reporter_sheet.counts(listed)
    worst = next((f.sheet for f in listed if f.sheet in {s.name for s in shown}), "")
    # A clean workbook opens at its first form, not at its cover.
    first = next((s for s in shown if s.name.split(" ")[0] in found.forms), None)
    first = first or (shown[-1] if shown else None)
    chosen = next((s for s in shown if s.name == (sheet or worst)), first)
    forms = [known.newest(code) for code in found.forms]
    shown_grid = reporter_sheet.grid(chosen, listed, forms, everything=every) if chosen else None
    case = flow.submission_case(number, at.isoformat())
    versions = (
        reporter.sent(reading, own_ids(person), at.date(), period=found.period, most=40)
        if found.period
        else []
    )
    can_explain = "explain" in (actor.rights or ()) and (
        found.life == "explaining" or any(f.wordless and f.stage == "closing" for f in listed)
    )
    return render(
        request,
        "reporter/submission.html",
        sent=found,
        unit=own_units(person)[code],
        filler=reveal(found.filled_by or "", data_key()),
        case=case,
        tells=life_cycle().state(case.state).tells,
        titles={f.code: f.title for f in known.forms},
        findings=listed if every else listed[:MOST_FINDINGS],
        finding_count=len(listed),
        tabs=[
            (s.name, f"/my/submissions/{number}?sheet={quote(s.name)}", tally.get(s.name))
            for s in shown
        ],
        here=f"/my/submissions/{number}?sheet={quote(chosen.name)}" if chosen else "",
        grid=shown_grid,
        heads=[("", "corner"), *(shown_grid.letters if shown_grid else ())],
        hidden=hidden,
        whole=set(found.forms) <= visible,
        locked=any(f.rule == AFTER_LOCK for f in listed),
        can_explain=can_explain,
        can_send="submit" in (actor.rights or ()),
        signatures=_signatures(case, actor, at.isoformat()),
        versions=[v for v in versions if v.org == found.org],
        newest=max((v for v in versions if set(v.forms) & set(found.forms)),
                   key=lambda v: v.id, default=found),
        proposals=[p for p in reporter.proposals(reading, [own_ids(person)[code]])
                   if p.submission == number],
        verbs={t.verb: t.chinese for t in life_cycle().transitions},
    )  # fmt: skip


def _one(reading: Reading, person: Reporter, at: Now, number: int) -> reporter.Sent:
    found = reporter.sent(reading, own_ids(person), at.date(), wanted=number)
    if not found:
        raise NotFound
    return found[0]


def _signatures(case: Case, actor: Actor, at: str) -> list[dict[str, str | None]]:
    """The three steps of signing: who has signed, or what this person may do or not."""
    possible = {t.verb: why for t, why in flow.possible(case, actor, at)}
    found: list[dict[str, str | None]] = []
    for verb, role in SIGNING.items():
        found.append(
            {
                "role": role,
                "by": case.signed.get(role),
                "verb": verb if verb in possible and "sign" in (actor.rights or ()) else None,
                "why": possible.get(verb),
            }
        )
    return found


@router.post("/my/submissions/{number}/words")
def give_words(
    request: Request, person: Reporter, reading: Reading, known: Known, at: Now, number: int,
    finding: Annotated[list[int], Form()], words: Annotated[list[str], Form()],
) -> Response:  # fmt: skip
    """Words for what was found: they go in as a version of the workbook."""
    found = _one(reading, person, at, number)
    actor = acting(person, belongs(found, person))
    if "explain" not in (actor.rights or ()):
        raise Forbidden("您的角色不能说明疑点，请由填报员或复核人办理。")
    given = {f: w.strip() for f, w in zip(finding, words, strict=False)}
    said = {
        f.id: given.get(f.id, "")
        for f in findings(reading, number, known)
        if f.wordless and (f.stage == "closing" or found.life == "explaining")
    }
    short = sum(len(w) < SHORTEST for w in said.values())
    if short:
        raise StepRefused(
            f"还有 {short} 条没有写明原因（每条不少于 {SHORTEST} 个字），请写全后一并提交"
        )
    answer = flow.explain(number, said, actor, at.isoformat())
    if answer is None:
        return redirect(request, f"/my/submissions/{number}", "说明已记下，等待上级认可")
    return redirect(request, f"/my/uploads?r={answer.receipt}")


@router.post("/my/submissions/{number}/sign")
def sign(
    request: Request, person: Reporter, reading: Reading, at: Now, number: int,
    verb: Annotated[str, Form()], seen: Annotated[int, Form()],
) -> Response:  # fmt: skip
    """Sign as the one who checks or as the one who answers for it."""
    if verb not in SIGNING:
        raise NotFound
    code = belongs(_one(reading, person, at, number), person)
    flow.act(number, verb, acting(person, code), at.isoformat(), seen=seen)
    return redirect(request, f"/my/submissions/{number}", f"已签名：{SIGNING[verb]}")


@router.get("/my/submissions/{number}/marked")
def marked(person: Reporter, reading: Reading, at: Now, number: int) -> Response:
    """The workbook with its marks, to be mended and sent again."""
    code = _whole(person, reading, at, number)
    return attachment(*showing.marked_file(number, acting(person, code), at, reading))


@router.get("/my/submissions/{number}/original")
def original(person: Reporter, reading: Reading, at: Now, number: int) -> Response:
    """The workbook as it was sent."""
    code = _whole(person, reading, at, number)
    return attachment(*showing.sent_file(number, acting(person, code), at, reading))


def _whole(person: Reporter, reading: Reading, at: Now, number: int) -> str:
    """The unit of a submission of which the person sees every form; NotFound otherwise."""
    found = _one(reading, person, at, number)
    code = belongs(found, person)
    if not set(found.forms) <= reporter.visible_forms(reading, own_ids(person)[code], found.forms):
        raise NotFound
    note_personal_view(person, f"submission:{number}", found.forms)
    return code


@router.get("/my/submissions/{number}/compare/{other}")
def compare(
    request: Request, person: Reporter, reading: Reading, at: Now, number: int, other: int
) -> Response:
    """What differs between two versions, cell by cell."""
    first, second = sorted((number, other))
    for one in (first, second):
        _whole(person, reading, at, one)
    before, after = (_one(reading, person, at, n) for n in (first, second))
    if before.org != after.org:
        raise NotFound
    found = showing.differences_of(first, second)
    return render(
        request, "reporter/compare.html", before=before, after=after,
        differences=found[:1000], count=len(found), letters=column_letters,
    )  # fmt: skip


# --- corrections that a steward proposes ---


@router.get("/my/corrections/{number}")
def correction(
    request: Request, person: Reporter, reading: Reading, at: Now, number: int
) -> Response:
    """What a steward proposes: each cell as it is and as it would be."""
    proposal = _proposal(person, reading, number)
    _whole(person, reading, at, proposal.submission)
    found, cells = correction_cells(number)
    return render(
        request, "reporter/correction.html", proposal=proposal, found=found, cells=cells,
        may_decide="confirm" in (acting(person, proposal.org).rights or ()),
    )  # fmt: skip


@router.post("/my/corrections/{number}")
def decide(
    request: Request, person: Reporter, reading: Reading, at: Now, number: int,
    decision: Annotated[str, Form()], reason: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """The unit's word: confirmed it becomes a new version, refused nothing changes."""
    proposal = _proposal(person, reading, number)
    actor, confirm = acting(person, proposal.org), decision == "confirm"
    receipt = decide_correction(number, confirm, actor, at.isoformat(), reason=reason)
    if receipt is None:
        return redirect(request, "/my", "已答复：不同意更正，原数不变")
    return redirect(request, f"/my/uploads?r={receipt}", "已确认，正在按更正后的数重新校验")


def _proposal(person: Reporter, reading: Reading, number: int) -> reporter.Proposal:
    for one in reporter.proposals(reading, list(own_ids(person).values())):
        if one.id == number:
            return one
    raise NotFound


def attachment(name: str, data: bytes) -> Response:
    """A file for download under a Chinese name."""
    return Response(
        data,
        media_type=XLSX if name.endswith(".xlsx") else "application/octet-stream",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )
