"""What the federation decides in an assessment year: rulings, appeals, and what a result brings."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from definitions.schemes import Scheme
from pipelines.assess.rulings import VALUED
from pipelines.assessment_year.stages import Stage
from pipelines.flow import assessing_year as year_of
from pipelines.flow import assessment_rulings as flow
from pipelines.flow import consequences as following
from portal.asking import Known, NotFound, Now, Reading, SignedIn
from portal.page import redirect, render
from portal.reading import assessment_entries as entered
from portal.reading import assessments, staff
from portal.routes.assessment_pages import (
    Assessing,
    base_of,
    crumbs_of,
    head,
    number_of,
    require_whole,
    round_or_none,
    scheme_or_404,
    told_of,
)
from warehouse.rectifications import consequences_of

router = APIRouter()
MOST_REMEDIES = 3
TO_JUDGE = (Stage.REVIEW, Stage.INSPECTION)
Texts = list[str] | None


def _begun(reading: Reading, known: Known, scheme: str, year: int, at: Now) -> year_of.RoundState:
    require_whole(reading)
    if not isinstance(scheme_or_404(known, scheme), Scheme):
        raise NotFound
    found = round_or_none(scheme, year, at)
    if found is None:
        raise NotFound
    return found


def _detail(reading: Reading, found: year_of.RoundState, code: str) -> dict[str, Any]:
    """A unit's newest sheet in a round; NotFound where it has none."""
    if found.round.assessment_id is None:
        raise NotFound
    row = assessments.sheet(reading, found.round.assessment_id, staff.unit_of(reading, code))
    detail: dict[str, Any] = row.detail
    return detail


# --- joint review ---


@router.get("/assessments/{year}/{scheme}/review")
def review(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """What the joint review looks at: totals, where self-reports depart, what was ruled."""
    found = _begun(reading, known, scheme, year, at)
    units = entered.units_of(reading, found.round, at.date())
    ruled = entered.rulings(reading, found.round, at)
    return render(
        request, "staff/review.html", **head(known, person, reading, scheme, year),
        round=found.round, units=units, names={u.code: u.name for u in units},
        gaps=entered.gap_counts(reading, found.round), ruled=Counter(r["unit"] for r in ruled),
        about=entered.about_of(known, scheme_or_404(known, scheme)),
        rulings=ruled, may_judge=_may_rule(person, found),
        crumbs=crumbs_of(base_of(scheme, year), year, "会审核定"),
    )  # fmt: skip


def _may_rule(person: SignedIn, found: year_of.RoundState) -> bool:
    return person.may_at_top("judge_assessment") and found.round.stage in TO_JUDGE


@router.get("/assessments/{year}/{scheme}/review/{code}")
def unit_review(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
) -> Response:  # fmt: skip
    """One unit before the joint review: gaps, marks, rulings, and a ruling to be made."""
    return _review(request, person, reading, known, at, year, scheme, code)


def _review(
    request: Request, person: SignedIn, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
    *, given: dict[str, str] | None = None, error: str = "",
) -> Response:  # fmt: skip
    found = _begun(reading, known, scheme, year, at)
    detail = _detail(reading, found, code)
    official = scheme_or_404(known, scheme)
    own = [r for r in entered.rulings(reading, found.round, at) if r["unit"] == code]
    items = {i.code: i for b in official.blocks for i in b.items}
    return render(
        request, "staff/review_unit.html", 422 if error else 200,
        **head(known, person, reading, scheme, year), round=found.round, code=code,
        name=detail["unit"]["name"], gaps=entered.gaps(detail), rulings=own,
        about=entered.about_of(known, official),
        told=entered.own_words(reading, found.round, code, at),
        marked=entered.marked(reading, found.round, items, at).get(code, []),
        choices=entered.choices(detail, official), given=given or {}, error=error,
        valued="、".join(VALUED), may_judge=_may_rule(person, found),
        crumbs=crumbs_of(base_of(scheme, year), year, "会审核定", "review", detail["unit"]["name"]),
    )  # fmt: skip


@router.post("/assessments/{year}/{scheme}/review/{code}")
def rule(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
    about: Annotated[str, Form(max_length=300)] = "",
    value: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    document: Annotated[str, Form(max_length=200)] = "",
) -> Response:  # fmt: skip
    """Decide about an input of a unit's marks; what does not fit is said and not kept."""
    found = _begun(reading, known, scheme, year, at)
    person.require_at_top("judge_assessment")
    _detail(reading, found, code)
    given = {"about": about, "value": value, "reason": reason, "document": document}
    try:
        remedy = _remedy(about, value)
        if remedy is None:
            raise LookupError("请选择核定什么。")
        flow.rule(
            scheme, year, code, kind=remedy.kind, key=remedy.key, value=remedy.value,
            reason=reason, document=document, by=person.as_actor, at=at.isoformat(),
        )  # fmt: skip
    except LookupError as error:
        return _review(request, person, reading, known, at, year, scheme, code, given=given,
                       error=told_of(error))  # fmt: skip
    told = "核定已保存，公示时按它重新计分"
    return redirect(request, f"{base_of(scheme, year)}/review/{quote(code)}", told)


def _remedy(about: str, value: str) -> flow.Remedy | None:
    """What a form says is to be changed; None for a line that was left empty."""
    if not about:
        return None
    kind, _, key = about.partition("|")
    number = number_of(value) if value.strip() else None
    return flow.Remedy(kind, key, number if kind in VALUED else None)


# --- appeals ---


@router.get("/assessments/{year}/{scheme}/appeals")
def appeals(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """Every appeal of a round, those that wait for an answer first."""
    found = _begun(reading, known, scheme, year, at)
    listed = sorted(found.appeals, key=lambda a: (a.outcome is not None, a.answer_due, a.id))
    return render(
        request, "staff/appeals.html", **head(known, person, reading, scheme, year),
        round=found.round, state=found, appeals=listed,
        names=staff.names(reading, sorted({a.unit for a in listed}), at.date()),
        crumbs=crumbs_of(base_of(scheme, year), year, "申诉"),
    )  # fmt: skip


@router.get("/assessments/{year}/{scheme}/appeals/{appeal}")
def one_appeal(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, appeal: int,
) -> Response:  # fmt: skip
    """One appeal with its evidence, and the answer, given or to be given."""
    return _appeal(request, person, reading, known, at, year, scheme, appeal)


def _appeal(
    request: Request, person: SignedIn, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, appeal: int,
    *, given: dict[str, Any] | None = None, error: str = "",
) -> Response:  # fmt: skip
    found = _begun(reading, known, scheme, year, at)
    one = next((a for a in found.appeals if a.id == appeal), None)
    if one is None:
        raise NotFound
    detail = _detail(reading, found, one.unit)
    name = detail["unit"]["name"]
    filled = [*(given or {}).get("remedies", ()), *[("", "")] * MOST_REMEDIES][:MOST_REMEDIES]
    return render(
        request, "staff/appeal.html", 422 if error else 200,
        **head(known, person, reading, scheme, year), round=found.round, one=one, name=name,
        choices=entered.choices(detail, scheme_or_404(known, scheme)), remedies=filled,
        about=entered.about_of(known, scheme_or_404(known, scheme)),
        given=given or {}, error=error, outcomes=flow.OUTCOMES, valued="、".join(VALUED),
        made_by=[
            r for r in entered.rulings(reading, found.round, at) if r["appeal_id"] == appeal
        ],
        may_answer=person.may_at_top("judge_assessment") and one.outcome is None,
        crumbs=crumbs_of(base_of(scheme, year), year, "申诉", "appeals", f"{name}（{appeal} 号）"),
    )  # fmt: skip


@router.post("/assessments/{year}/{scheme}/appeals/{appeal}")
def answer(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, appeal: int,
    outcome: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
    document: Annotated[str, Form(max_length=200)] = "",
    about: Annotated[Texts, Form()] = None,
    value: Annotated[Texts, Form()] = None,
) -> Response:  # fmt: skip
    """Answer an appeal; granted, it makes a new edition of the result."""
    found = _begun(reading, known, scheme, year, at)
    person.require_at_top("judge_assessment")
    if all(a.id != appeal for a in found.appeals):
        raise NotFound
    pairs = list(zip(about or (), value or (), strict=False))
    given = {"outcome": outcome, "reason": reason, "document": document, "remedies": pairs}
    try:
        remedies = [r for r in (_remedy(a, v) for a, v in pairs) if r is not None]
        number = flow.decide_appeal(
            scheme, year, appeal, outcome=outcome, reason=reason, document=document,
            by=person.as_actor, at=at.isoformat(), remedies=remedies,
        )  # fmt: skip
    except LookupError as error:
        return _appeal(request, person, reading, known, at, year, scheme, appeal, given=given,
                       error=told_of(error))  # fmt: skip
    told = f"申诉 {appeal} 已答复" + (f"，结果改出第 {number} 版" if remedies else "")
    return redirect(request, f"{base_of(scheme, year)}/appeals", told)


# --- what a result brings ---


@router.get("/assessments/{year}/{scheme}/consequences")
def consequences(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """Honours, coefficients, letters, talks and rectifications that follow from a final result."""
    found = _begun(reading, known, scheme, year, at)
    final = found.round.stage == Stage.FINAL and found.round.edition_id is not None
    listed = consequences_of(reading, found.round.edition_id or 0) if final else []
    units = entered.units_of(reading, found.round, at.date())
    own = {u.code for u in units}
    rectified = [
        r for r in following.all_rectifications(at.isoformat())
        if r.unit in own and r.reference == f"{scheme} {year}"
    ]  # fmt: skip
    return render(
        request, "staff/consequences.html", **head(known, person, reading, scheme, year),
        round=found.round, final=final, consequences=listed, rectifications=rectified,
        names={u.code: u.name for u in units}, kinds=sorted({c.kind for c in listed}),
        may_decide=person.may_at_top("conduct_assessment") and final, today=at.date(),
        crumbs=crumbs_of(base_of(scheme, year), year, "结果运用"),
    )  # fmt: skip


@router.post("/assessments/{year}/{scheme}/consequences")
def decide_consequences(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, document: Annotated[str, Form(max_length=200)] = "",
) -> Response:  # fmt: skip
    """Work out what a final result brings, once; rectification letters begin to run."""
    _begun(reading, known, scheme, year, at)
    person.require_at_top("conduct_assessment")
    back = f"{base_of(scheme, year)}/consequences"
    try:
        found = following.decide_consequences(
            scheme, year, document=document, by=person.as_actor, at=at.isoformat()
        )
    except LookupError as error:
        return redirect(request, back, told_of(error), "bad")
    return redirect(request, back, f"结果运用已落实，共 {len(found)} 项")


@router.post("/assessments/{year}/{scheme}/rectifications/{rectification}")
def rectify(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, rectification: int,
    kind: Annotated[str, Form()] = "",
    words: Annotated[str, Form(max_length=1000)] = "",
) -> Response:  # fmt: skip
    """Accept what a unit put right, or send it back."""
    _begun(reading, known, scheme, year, at)
    person.require_at_top("conduct_assessment")
    back = f"{base_of(scheme, year)}/consequences"
    if kind not in ("验收销号", "退回重办"):
        return redirect(request, back, "请选择验收销号或者退回重办", "bad")
    known_ones = {
        r.number for r in following.all_rectifications(at.isoformat())
        if r.reference == f"{scheme} {year}"
    }  # fmt: skip
    if rectification not in known_ones:
        raise NotFound
    try:
        following.record_rectification(
            rectification, kind, words=words, happened_on=at.date().isoformat(),
            by=person.as_actor, at=at.isoformat(),
        )  # fmt: skip
    except LookupError as error:
        return redirect(request, back, told_of(error), "bad")
    return redirect(request, back, f"整改事项 {rectification} 已登记“{kind}”")
