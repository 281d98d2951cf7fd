"""A unit in its own assessment: it tells of itself, reads its result, objects, mends."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from starlette.responses import Response

from definitions.schemes import Scheme
from pipelines.assessment_year.stages import Stage
from pipelines.flow import assessing_year as year_of
from pipelines.flow import assessment_rulings as ruling
from pipelines.flow import consequences as following
from pipelines.flow import self_assessing as flow
from portal.asking import Known, NotFound, Now, Reading, SignedIn, may
from portal.own_unit import own_units, unit
from portal.page import Crumb, NavItem, redirect, render
from portal.reading import assessment_self as reads
from portal.reading import assessments, staff
from portal.routes.assessment_pages import (
    number_of,
    round_or_none,
    scheme_or_404,
    told_of,
    uploaded,
)
from warehouse.life_cycle import Actor
from warehouse.rectifications import consequences_of
from warehouse.self_assessments import SelfEntry

router = APIRouter()
VERBS = ("self_assess", "appeal")
NAV = (NavItem("年度考核", "/own-assessments", VERBS, 14),)
Own = Annotated[SignedIn, Depends(may(*VERBS))]
Texts = list[str] | None
LIST = "/own-assessments"


def _acting(person: SignedIn, code: str, verb: str) -> Actor:
    """The person in the name of a unit of theirs; NotFound when it is not theirs for this."""
    unit(person, code, verb)
    return Actor(person.name, code, account=person.id)


@router.get(LIST)
def listed(request: Request, person: Own, reading: Reading, known: Known, at: Now) -> Response:
    """Assessments of the person's units, those that want something of them first."""
    units = own_units(person, *VERBS)
    rows = [
        (found, title, units[code])
        for found, title, code in flow.rounds_about(units, at.isoformat())
    ]
    wants = (Stage.SELF, Stage.NOTICE)
    rows.sort(key=lambda r: (r[0].stage not in wants, -r[0].year, r[0].scheme))
    own = set(units)
    rectified = [
        r for r in following.all_rectifications(at.isoformat())
        if r.unit in own and r.state != "已销号"
    ]  # fmt: skip
    return render(
        request, "reporter/assessments.html", rows=rows, rectifications=rectified,
        names={g.org: g.org_name for g in units.values()}, today=at.date(),
    )  # fmt: skip


@router.get(LIST + "/{year}/{scheme}/{org}")
def own(
    request: Request, person: Own, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, org: str,
) -> Response:  # fmt: skip
    """One unit's year: what it is asked, what was computed, its result, its days, its appeals."""
    return _own(request, person, reading, known, at, year, scheme, org)


def _round(
    person: SignedIn, known: Known, at: Now, year: int, scheme: str, org: str
) -> tuple[year_of.RoundState, Scheme]:
    """A round in which a unit of the person is assessed; NotFound otherwise."""
    unit(person, org, *VERBS)
    official = scheme_or_404(known, scheme)
    if not isinstance(official, Scheme):
        raise NotFound
    found = round_or_none(scheme, year, at)
    if found is None or not flow.is_assessed(scheme, year, org, at.isoformat()):
        raise NotFound
    return found, official


def _own(
    request: Request, person: SignedIn, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, org: str,
    *, given: dict[tuple[str, str], dict[str, str]] | None = None,
    appeal: dict[str, str] | None = None, error: str = "",
) -> Response:  # fmt: skip
    found, official = _round(person, known, at, year, scheme, org)
    shown = reads.shown_assessment(reading, found.round)
    row = None
    if shown is not None:
        try:
            row = assessments.sheet(reading, shown, staff.unit_of(reading, org))
        except NotFound:  # it came too late for the figures, or was not there then
            row = None
    so_far = flow.so_far(scheme, year, org, at.isoformat())
    detail = row.detail if row is not None else None
    brought = []
    if found.round.stage == Stage.FINAL and found.round.edition_id:
        listed_ = consequences_of(reading, found.round.edition_id)
        brought = [c for c in listed_ if c.unit == org]
    grant = own_units(person, *VERBS)[org]
    base = f"{LIST}/{year}/{quote(scheme)}/{quote(org)}"
    return render(
        request, "reporter/assessment.html", 422 if error else 200, base=base, org=org,
        name=grant.org_name, title=official.title, year=year, round=found.round, state=found,
        lines=reads.lines(reading, known, official, found.round, org, detail, so_far, at),
        row=row if found.round.stage in reads.PUBLISHED else None, detail=detail, so_far=so_far,
        given=given or {}, appeal=appeal or {}, error=error, brought=brought,
        appeals=reads.own_appeals(reading, found.round, org, at),
        may_tell=found.round.stage == Stage.SELF and _may(person, org, "self_assess"),
        may_appeal=found.round.stage == Stage.NOTICE and _may(person, org, "appeal")
        and found.appeals_until is not None and at.date() <= found.appeals_until,
        crumbs=[Crumb("年度考核", LIST), Crumb(f"{year} 年度")],
    )  # fmt: skip


def _may(person: SignedIn, org: str, verb: str) -> bool:
    return org in own_units(person, verb)


@router.post(LIST + "/{year}/{scheme}/{org}/self")
def tell(
    request: Request, person: Own, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, org: str,
    item: Annotated[Texts, Form()] = None,
    indicator: Annotated[Texts, Form()] = None,
    value: Annotated[Texts, Form()] = None,
    score: Annotated[Texts, Form()] = None,
    remark: Annotated[Texts, Form()] = None,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Keep what the unit says of itself; every mistake is told at once, and nothing kept then."""
    _round(person, known, at, year, scheme, org)
    who = _acting(person, org, "self_assess")
    columns = {"value": value, "score": score, "remark": remark}
    keys = list(zip(item or (), indicator or (), strict=False))
    given = {
        key: {n: (values or [])[k].strip() if k < len(values or []) else ""
              for n, values in columns.items()}
        for k, key in enumerate(keys)
    }  # fmt: skip
    try:
        wrong: list[str] = []
        entries = [
            SelfEntry(
                code, figure, _number(code, "本单位的数", c["value"], wrong),
                _number(code, "自评分", c["score"], wrong), c["remark"][:500],
            )
            for (code, figure), c in given.items()
        ]  # fmt: skip
        if wrong:
            raise LookupError(f"自评未保存，共 {len(wrong)} 处问题：{'；'.join(wrong)}。")
        count = flow.assess_self(
            scheme, year, org, entries, by=who, at=at.isoformat(), file=uploaded(file)
        )
    except LookupError as error:
        return _own(request, person, reading, known, at, year, scheme, org, given=given,
                    error=told_of(error))  # fmt: skip
    told = f"自评已保存，改动 {count} 项" if count else "没有改动"
    return redirect(request, f"{LIST}/{year}/{quote(scheme)}/{quote(org)}", told)


def _number(where: str, what: str, text: str, wrong: list[str]) -> Decimal | None:
    """A number, None where nothing is typed; what is none is added to what is wrong."""
    if not text.strip():
        return None
    try:
        return number_of(text, f"{where}：{what}")
    except LookupError as error:
        wrong.append(told_of(error))
        return None


@router.post(LIST + "/{year}/{scheme}/{org}/appeals")
def file_appeal(
    request: Request, person: Own, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, org: str,
    about: Annotated[str, Form(max_length=200)] = "",
    claim: Annotated[str, Form(max_length=2000)] = "",
    evidence: Annotated[str, Form(max_length=300)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Object to a published result within its days."""
    _round(person, known, at, year, scheme, org)
    who = _acting(person, org, "appeal")
    try:
        number = ruling.file_appeal(
            scheme, year, org, about=about, claim=claim, evidence=evidence, by=who,
            at=at.isoformat(), file=uploaded(file),
        )  # fmt: skip
    except LookupError as error:
        appeal: dict[str, Any] = {"about": about, "claim": claim, "evidence": evidence}
        return _own(request, person, reading, known, at, year, scheme, org, appeal=appeal,
                    error=told_of(error))  # fmt: skip
    told = f"申诉已受理，编号 {number}，答复后在本页显示"
    return redirect(request, f"{LIST}/{year}/{quote(scheme)}/{quote(org)}", told)


@router.post("/my/rectifications/{rectification}")
def put_right(
    request: Request, person: Own, at: Now, rectification: int,
    words: Annotated[str, Form(max_length=1000)] = "",
    evidence: Annotated[str, Form(max_length=300)] = "",
) -> Response:  # fmt: skip
    """Hand in what was put right."""
    every = following.all_rectifications(at.isoformat())
    found = next((r for r in every if r.number == rectification), None)
    if found is None:
        raise NotFound
    who = _acting(person, found.unit, "appeal")
    try:
        following.record_rectification(
            rectification, "报送结果", words=words, evidence=evidence,
            happened_on=at.date().isoformat(), by=who, at=at.isoformat(),
        )  # fmt: skip
    except LookupError as error:
        return redirect(request, LIST, told_of(error), "bad")
    return redirect(request, LIST, "整改结果已报送，等待验收")
