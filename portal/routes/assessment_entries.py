"""Where the federation enters an assessment year: ballots, marks, what inspectors found."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from pipelines.assessment_year.rating import Ballots
from pipelines.assessment_year.stages import Stage
from pipelines.flow import assessing_year as year_of
from pipelines.flow import assessment_entries as flow
from pipelines.flow import self_assessing
from pipelines.places import places
from portal.asking import Forbidden, Known, NotFound, Now, Person, Reading, SignedIn
from portal.page import redirect, render
from portal.reading import assessment_entries as entered
from portal.reading import staff
from portal.routes.assessment_pages import (
    ASSESSING,
    Assessing,
    base_of,
    crumbs_of,
    head,
    number_of,
    require_whole,
    round_or_none,
    scheme_or_404,
    told_of,
    uploaded,
)
from portal.routes.numbers import attachment
from warehouse import audit
from warehouse.self_assessments import evidence_of

router = APIRouter()
COUNTS = ("ballots", "very_sat", "basic_sat", "unsat", "unclear")
MODES = ("纸质", "网上", "现场")
UNITS_OWN = ("自评", "申诉")
OUTCOMES = ("属实", "基本属实", "不实")
Texts = list[str] | None


def _open(
    reading: Reading, known: Known, scheme: str, year: int, at: Now
) -> tuple[year_of.RoundState, dict[str, str]]:
    """A round that has begun, with the names of its units; NotFound to who sees only a part."""
    require_whole(reading)
    scheme_or_404(known, scheme)
    found = round_or_none(scheme, year, at)
    if found is None:
        raise NotFound
    units = entered.units_of(reading, found.round, at.date())
    return found, {u.code: u.name for u in units}


def _unit(names: dict[str, str], code: str) -> str:
    if code not in names:
        raise NotFound
    return names[code]


# --- self-assessments, as the federation sees them ---


@router.get("/assessments/{year}/{scheme}/self")
def self_told(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """Who has told of itself, and who has not."""
    found, names = _open(reading, known, scheme, year, at)
    if not names:
        asked = self_assessing.units_assessed(scheme, year, at.isoformat())
        names = staff.names(reading, asked, at.date())
    base = base_of(scheme, year)
    return render(
        request, "staff/self_told.html", **head(known, person, reading, scheme, year),
        round=found.round, told=entered.self_told(reading, found.round, names, at),
        asked=len(self_assessing.asked_of_unit(scheme_or_404(known, scheme))),
        crumbs=crumbs_of(base, year, "自评", "self"),
    )  # fmt: skip


# --- ballots ---


@router.get("/assessments/{year}/{scheme}/ballots")
def ballots(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """Participation of every rater group on every unit."""
    found, names = _open(reading, known, scheme, year, at)
    turnout = flow.rating_state(scheme, year, at.isoformat())
    base = base_of(scheme, year)
    return render(
        request, "staff/ballots.html", **head(known, person, reading, scheme, year),
        round=found.round, names=names, may_enter=_may_rate(person, found),
        tallied=entered.tallied(reading, found.round, turnout, at),
        invalid=sum(not t.valid for t in turnout),
        crumbs=crumbs_of(base, year, "群众评价", "ballots"),
    )  # fmt: skip


def _may_rate(person: SignedIn, found: year_of.RoundState) -> bool:
    return person.may_at_top("conduct_assessment") and found.round.stage == Stage.RATING


@router.get("/assessments/{year}/{scheme}/ballots/{code}")
def unit_ballots(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
) -> Response:  # fmt: skip
    """The counts of one unit, to be read or entered."""
    return _ballots(request, person, reading, known, at, year, scheme, code)


def _ballots(
    request: Request, person: SignedIn, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
    *, given: dict[str, dict[str, str]] | None = None, error: str = "",
) -> Response:  # fmt: skip
    found, names = _open(reading, known, scheme, year, at)
    name = _unit(names, code)
    turnout = [t for t in flow.rating_state(scheme, year, at.isoformat()) if t.unit == code]
    if not turnout:
        raise NotFound
    rows = entered.tallied(reading, found.round, turnout, at)[code]
    shown = given or {
        r.rater: {n: str(r.counts[n]) if r.counts else "" for n in (*COUNTS, "mode")} for r in rows
    }
    base = base_of(scheme, year)
    return render(
        request, "staff/ballots_unit.html", 422 if error else 200,
        **head(known, person, reading, scheme, year), round=found.round, name=name, code=code,
        rows=rows, given=shown, error=error, modes=MODES, may_enter=_may_rate(person, found),
        crumbs=crumbs_of(base, year, "群众评价", "ballots", name),
    )  # fmt: skip


@router.post("/assessments/{year}/{scheme}/ballots/{code}")
def enter_ballots(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
    rater: Annotated[Texts, Form()] = None,
    ballots: Annotated[Texts, Form()] = None,
    very_sat: Annotated[Texts, Form()] = None,
    basic_sat: Annotated[Texts, Form()] = None,
    unsat: Annotated[Texts, Form()] = None,
    unclear: Annotated[Texts, Form()] = None,
    mode: Annotated[Texts, Form()] = None,
) -> Response:  # fmt: skip
    """Keep the counts of one unit; nobody's ballot is ever here, only how many said what."""
    found, names = _open(reading, known, scheme, year, at)
    person.require_at_top("conduct_assessment")
    name = _unit(names, code)
    columns = {
        "ballots": ballots, "very_sat": very_sat, "basic_sat": basic_sat, "unsat": unsat,
        "unclear": unclear, "mode": mode,
    }  # fmt: skip
    given = {
        r: {n: (values or [])[k].strip() if k < len(values or []) else ""
            for n, values in columns.items()}
        for k, r in enumerate(rater or [])
    }  # fmt: skip
    turnout = flow.rating_state(scheme, year, at.isoformat())
    eligible = {t.rater: t.eligible for t in turnout if t.unit == code}
    filled = {r: c for r, c in given.items() if any(c[n] for n in COUNTS)}
    rated = {r: b.rated for b in scheme_or_404(known, scheme).blocks for r in b.raters}
    try:
        if not filled:
            raise LookupError("一张票数也没有填。")
        tallies = [
            Ballots(
                unit=code, rater=r, eligible=eligible.get(r, 0),
                mode=c["mode"] or MODES[0], object=rated.get(r, "工会工作"),
                **{n: _count(r, c[n]) for n in COUNTS},
            )
            for r, c in filled.items()
        ]  # fmt: skip
        flow.enter_ballots(scheme, year, tallies, by=person.as_actor, at=at.isoformat())
    except LookupError as error:
        return _ballots(request, person, reading, known, at, year, scheme, code, given=given,
                        error=told_of(error))  # fmt: skip
    return redirect(request, f"{base_of(scheme, year)}/ballots", f"{name}的评价票已保存")


def _count(rater: str, text: str) -> int:
    """A number of ballots; what is left empty is none."""
    if not text:
        return 0
    if not text.isdecimal() or len(text) > 9:
        raise LookupError(f"{rater}：“{text[:20]}”不是票数，请填整数")
    return int(text)


# --- marks of assessors ---


@router.get("/assessments/{year}/{scheme}/marks")
def marks(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """How far the marks of assessors have come, unit by unit."""
    found, names = _open(reading, known, scheme, year, at)
    items = flow.assessed_items(scheme_or_404(known, scheme))
    marked = entered.marked(reading, found.round, items, at)
    rows = [
        (code, name, len({m.item for m in marked.get(code, ())}),
         sorted({m.assessor for m in marked.get(code, ())}))
        for code, name in names.items()
    ]  # fmt: skip
    base = base_of(scheme, year)
    return render(
        request, "staff/marks.html", **head(known, person, reading, scheme, year),
        round=found.round, items=items, may_enter=_may_mark(person, found),
        rows=sorted(rows, key=lambda r: (r[2], r[0])),
        crumbs=crumbs_of(base, year, "考评组评分", "marks"),
    )  # fmt: skip


def _may_mark(person: SignedIn, found: year_of.RoundState) -> bool:
    return person.may_at_top("mark") and found.round.stage == Stage.MARKING


@router.get("/assessments/{year}/{scheme}/marks/{code}")
def unit_marks(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
) -> Response:  # fmt: skip
    """The marks of one unit, to be read or given."""
    return _marks(request, person, reading, known, at, year, scheme, code)


def _marks(
    request: Request, person: SignedIn, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
    *, given: dict[str, dict[str, str]] | None = None, group: str = "", error: str = "",
) -> Response:  # fmt: skip
    found, names = _open(reading, known, scheme, year, at)
    name = _unit(names, code)
    items = flow.assessed_items(scheme_or_404(known, scheme))
    listed = entered.marked(reading, found.round, items, at)
    groups = sorted({m.assessor for own in listed.values() for m in own})
    base = base_of(scheme, year)
    return render(
        request, "staff/marks_unit.html", 422 if error else 200,
        **head(known, person, reading, scheme, year), round=found.round, name=name, code=code,
        items=items, marked=listed.get(code, []), groups=groups, group=group,
        given=given or {}, error=error, may_enter=_may_mark(person, found),
        crumbs=crumbs_of(base, year, "考评组评分", "marks", name),
    )  # fmt: skip


@router.post("/assessments/{year}/{scheme}/marks/{code}")
def enter_marks(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
    assessor: Annotated[str, Form(max_length=60)] = "",
    item: Annotated[Texts, Form()] = None,
    raw: Annotated[Texts, Form()] = None,
    why: Annotated[Texts, Form()] = None,
    evidence: Annotated[Texts, Form()] = None,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Keep one assessor group's marks of a unit, each with reason and evidence."""
    _, names = _open(reading, known, scheme, year, at)
    person.require_at_top("mark")
    name = _unit(names, code)
    columns = {"raw": raw, "why": why, "evidence": evidence}
    given = {
        i: {n: (values or [])[k].strip() if k < len(values or []) else ""
            for n, values in columns.items()}
        for k, i in enumerate(item or [])
    }  # fmt: skip
    filled = {i: c for i, c in given.items() if c["raw"]}
    try:
        if not filled:
            raise LookupError("一项评分也没有填。")
        wanted = [
            flow.GivenMark(
                code, i, assessor.strip(), number_of(c["raw"], f"{i}："), c["why"], c["evidence"]
            )
            for i, c in filled.items()
        ]
        flow.enter_marks(
            scheme, year, wanted, by=person.as_actor, at=at.isoformat(), file=uploaded(file)
        )
    except LookupError as error:
        return _marks(request, person, reading, known, at, year, scheme, code, given=given,
                      group=assessor, error=told_of(error))  # fmt: skip
    told = f"{name}的 {len(wanted)} 项评分已保存"
    return redirect(request, f"{base_of(scheme, year)}/marks/{quote(code)}", told)


# --- inspection on the spot ---


@router.get("/assessments/{year}/{scheme}/sample")
def sample(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """The units drawn, with seed and lots by which anyone can draw again, and what was found."""
    found, names = _open(reading, known, scheme, year, at)
    base = base_of(scheme, year)
    return render(
        request, "staff/sample.html", **head(known, person, reading, scheme, year),
        round=found.round, state=found, names=names, may_enter=_may_inspect(person, found),
        crumbs=crumbs_of(base, year, "现场抽查", "sample"),
    )  # fmt: skip


def _may_inspect(person: SignedIn, found: year_of.RoundState) -> bool:
    return person.may_at_top("mark") and found.round.stage == Stage.INSPECTION


@router.get("/assessments/{year}/{scheme}/sample/{code}")
def unit_inspection(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
) -> Response:  # fmt: skip
    """What was found at one unit, to be read or entered."""
    return _inspection(request, person, reading, known, at, year, scheme, code)


def _inspection(
    request: Request, person: SignedIn, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
    *, given: dict[str, str] | None = None, error: str = "",
) -> Response:  # fmt: skip
    found, names = _open(reading, known, scheme, year, at)
    drawn = next((s for s in found.sample if s["unit"] == code), None)
    if drawn is None:
        raise NotFound
    name = _unit(names, code)
    shown = given or {
        "outcome": drawn["outcome"] or "", "finding": drawn["finding"] or "",
        "evidence": drawn["evidence"] or "", "inspected_on": str(drawn["inspected_on"] or ""),
    }  # fmt: skip
    base = base_of(scheme, year)
    return render(
        request, "staff/sample_unit.html", 422 if error else 200,
        **head(known, person, reading, scheme, year), round=found.round, name=name, code=code,
        drawn=drawn, given=shown, error=error, outcomes=OUTCOMES,
        may_enter=_may_inspect(person, found),
        crumbs=crumbs_of(base, year, "现场抽查", "sample", name),
    )  # fmt: skip


@router.post("/assessments/{year}/{scheme}/sample/{code}")
def enter_inspection(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str,
    outcome: Annotated[str, Form()] = "",
    finding: Annotated[str, Form(max_length=2000)] = "",
    evidence: Annotated[str, Form(max_length=300)] = "",
    inspected_on: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Keep what inspectors found at a unit that was drawn."""
    _, names = _open(reading, known, scheme, year, at)
    person.require_at_top("mark")
    name = _unit(names, code)
    given = {"outcome": outcome, "finding": finding, "evidence": evidence,
             "inspected_on": inspected_on}  # fmt: skip
    try:
        flow.enter_inspection(
            scheme, year, code, outcome=outcome, finding=finding, evidence=evidence,
            inspected_on=inspected_on, by=person.as_actor, at=at.isoformat(), file=uploaded(file),
        )  # fmt: skip
    except (LookupError, ValueError) as error:
        return _inspection(request, person, reading, known, at, year, scheme, code, given=given,
                           error=told_of(error))  # fmt: skip
    return redirect(request, f"{base_of(scheme, year)}/sample", f"{name}的核查情况已保存")


# --- files of evidence ---


@router.get("/assessment-evidence/{evidence}")
def take_evidence(
    request: Request, person: Person, reading: Reading, at: Now, evidence: int
) -> Response:
    """A file that shows what was entered; that it was taken goes into the log first.

    What assessors and inspectors attached is not for the head of the union that they judge.
    """
    course = person.may_at_top(*ASSESSING)
    if not course and not person.may(*ASSESSING, "self_assess", "appeal"):
        raise Forbidden
    found = evidence_of(reading, evidence)
    if found is None or not (course or found.about in UNITS_OWN):
        raise NotFound
    with person.site.engine.begin() as connection:
        audit.note(
            connection, at=at, actor=person.actor, action="assessment.evidence.read",
            subject=str(evidence), detail={"sha256": found.sha256, "about": found.about},
        )  # fmt: skip
    return attachment(found.file_name, places().originals.get(found.sha256))
