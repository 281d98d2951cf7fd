"""Assessments: rankings, score sheets with every mark explained, the course of a year, what-if."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from definitions.schemes import Scheme
from pipelines.assessment_year.stages import Stage
from pipelines.flow import assessing_year as year_of
from pipelines.flow import what_if
from portal.asking import Forbidden, Known, NotFound, Now, Reading, SignedIn, may
from portal.page import NavItem, redirect, render
from portal.reading import assessments, staff
from warehouse import audit

router = APIRouter()
NAV = (NavItem("考核", "/assessments", ("read_figures", "mark"), 38),)
Reader = Annotated[SignedIn, Depends(may("read_figures", "mark"))]
# Who decides at the end of a year signs what the assessors have prepared.
CHAIR_STEPS = ("finalise", "reopen")
MOST_CHANGES = 3


@router.get("/assessments")
def listed(request: Request, person: Reader, reading: Reading, known: Known, at: Now) -> Response:
    """Every assessment with units that the person sees, and where the year's rounds stand."""
    found = assessments.results(reading)
    schemes = {s.code: s for s in known.schemes}
    years = sorted({r.year for r in found} | {at.year - 1}, reverse=True)
    federation = staff.is_federation(reading)
    rounds = {
        (r.round.scheme, r.round.year): r.round
        for y in (years if federation else ())
        for r in year_of.assessment_states(y, at.isoformat())
    }
    may_begin = federation and person.may("mark")
    begun = {scheme for scheme, year in rounds if year == at.year - 1}
    startable = [
        (s.code, s.title)
        for s in known.schemes
        if isinstance(s, Scheme) and s.covers(at.year - 1) and s.code not in begun
    ]
    return render(
        request, "staff/assessments.html", found=found, rounds=rounds,
        titles={code: s.title for code, s in schemes.items()},
        seen={(r.scheme, r.year) for r in found},
        startable=startable if may_begin else [], year=at.year - 1,
    )  # fmt: skip


@router.get("/assessments/{year}/{scheme}")
def ranking(
    request: Request, person: Reader, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, edition: int = 0,
) -> Response:  # fmt: skip
    """The ranking of an edition (the newest by default), group by group."""
    kept, chosen = _kept(reading, scheme, year, edition)
    groups = assessments.ranking(reading, chosen.id, at.date())
    blocks = list(dict.fromkeys(n for g in groups.values() for u in g for n in u.scores))
    return render(
        request, "staff/ranking.html", **_head(known, person, reading, scheme, year),
        kept=kept, chosen=chosen, groups=groups, blocks=blocks,
    )  # fmt: skip


@router.get("/assessments/{year}/{scheme}/units/{code}")
def sheet(
    request: Request, person: Reader, reading: Reading, known: Known, at: Now,
    year: int, scheme: str, code: str, edition: int = 0,
) -> Response:  # fmt: skip
    """One unit's sheet: every mark with its formula, basis and the way to its cells."""
    kept, chosen = _kept(reading, scheme, year, edition)
    org = staff.unit_of(reading, code)
    row = assessments.sheet(reading, chosen.id, org)
    return render(
        request, "staff/sheet.html", **_head(known, person, reading, scheme, year),
        kept=kept, chosen=chosen, row=row, detail=row.detail,
        words=row.detail.get("explanation", {}), blocks=assessments.blocks_of(row.detail),
        name=row.detail["unit"]["name"], code=code,
        walkable=assessments.walkable(reading, chosen.computation_id),
    )  # fmt: skip


def _kept(
    reading: Reading, scheme: str, year: int, edition: int
) -> tuple[list[assessments.Kept], assessments.Kept]:
    kept = assessments.kept(reading, scheme, year)
    if edition and not 1 <= edition <= len(kept):
        raise NotFound
    return kept, kept[edition - 1 if edition else -1]


def _head(
    known: Known, person: SignedIn, reading: Reading, scheme: str, year: int
) -> dict[str, Any]:
    """What the pages of one assessment share: its title, address and tabs."""
    found = next((s for s in known.schemes if s.code == scheme), None)
    if found is None:
        raise NotFound
    base = f"/assessments/{year}/{quote(scheme)}"
    tabs = [("排名和得分", base, None)]
    if staff.is_federation(reading):
        tabs.append(("办理进程", f"{base}/course", None))
        if isinstance(found, Scheme):
            tabs.append(("试算", f"{base}/what-if", None))
    return {"title": found.title, "base": base, "tabs": tabs, "year": year, "scheme": scheme}


# --- the course of a year ---


def _office(person: SignedIn, reading: Reading) -> None:
    """The course concerns the whole federation; who sees a part of it has no part in it."""
    if not staff.is_federation(reading):
        raise NotFound


@router.get("/assessments/{year}/{scheme}/course")
def course(
    request: Request, person: Reader, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """Where a round stands, how it came there, and what can be done next."""
    _office(person, reading)
    found = _round(scheme, year, at)
    codes = {s["unit"] for s in found.sample} | {a.unit for a in found.appeals}
    return render(
        request, "staff/course.html", **_head(known, person, reading, scheme, year),
        state=found, round=found.round, names=staff.names(reading, sorted(codes), at.date()),
        people=staff.people(reading, [t.actor for t in found.taken]),
        steps=[(s, _may_take(person, s.code)) for s in found.next_steps],
        electorates=_electorates(reading, known, scheme, found, at),
        stages=[s.value for s in Stage],
    )  # fmt: skip


def _round(scheme: str, year: int, at: Now) -> year_of.RoundState:
    states = year_of.assessment_states(year, at.isoformat())
    found = next((s for s in states if s.round.scheme == scheme), None)
    if found is None:
        raise NotFound
    return found


def _may_take(person: SignedIn, step: str) -> bool:
    return person.may("publish" if step in CHAIR_STEPS else "mark")


def _electorates(
    reading: Reading, known: Known, scheme: str, found: year_of.RoundState, at: Now
) -> str:
    """Lines to be completed for opening the ratings: unit, rater group, persons."""
    one = next(s for s in known.schemes if s.code == scheme)
    if found.round.stage != Stage.COMPUTED or not isinstance(one, Scheme):
        return ""
    if found.round.assessment_id is None:
        return ""
    raters = list(dict.fromkeys(r for b in one.blocks for r in b.raters))
    groups = assessments.ranking(reading, found.round.assessment_id, at.date())
    return "\n".join(f"{u.code} {r} 0" for g in groups.values() for u in g for r in raters)


Taken = Callable[[str, int, SignedIn, str, dict[str, str]], str]


def _rate(scheme: str, year: int, person: SignedIn, at: str, given: dict[str, str]) -> str:
    counts: dict[tuple[str, str], int] = {}
    for line in given["electorates"].splitlines():
        words = line.replace("，", " ").replace(",", " ").split()
        if not words:
            continue
        if len(words) != 3 or not words[2].isdigit():
            raise LookupError(f"“{line.strip()}”不是“单位编码 评价主体 人数”")
        counts[words[0], words[1]] = int(words[2])
    year_of.open_rating(
        scheme, year, opens_on=given["opens_on"], closes_on=given["closes_on"],
        electorates=counts, by=person.actor, reason=given["reason"], at=at,
    )  # fmt: skip
    return "群众评价已开始"


def _take(
    step: str, scheme: str, year: int, person: SignedIn, at: str, given: dict[str, str]
) -> str:
    """Take one step through the flow; what was done, in Chinese."""
    by, reason, document = person.actor, given["reason"], given["document"]
    if step == "compute":
        number = year_of.compute_marks(scheme, year, by=by, reason=reason, at=at)
        return f"已按现在的数据核算，第 {number} 版"
    if step == "rate":
        return _rate(scheme, year, person, at, given)
    if step == "mark":
        year_of.close_rating(scheme, year, by=by, reason=reason, at=at, document=document)
        return "群众评价已结束，转入考评组评分"
    if step == "review":
        number = year_of.submit_to_review(scheme, year, by=by, reason=reason, at=at)
        return f"已提交联合会审，第 {number} 版"
    if step == "return":
        year_of.return_to_assessors(scheme, year, by=by, reason=reason, at=at)
        return "已退回考评组补评"
    if step == "inspect":
        drawn = year_of.draw_sample(scheme, year, seed=given["seed"], by=by, reason=reason, at=at)
        return f"已抽取 {len(drawn)} 个现场核查单位"
    if step in ("notify", "renotify"):
        number, until = year_of.give_notice(
            scheme, year, by=by, reason=reason, at=at, document=document
        )
        return f"第 {number} 版开始公示，至 {until:%Y-%m-%d}"
    if step == "withdraw":
        year_of.withdraw_notice(scheme, year, by=by, reason=reason, document=document, at=at)
        return "已撤回公示，重新会审"
    if step == "finalise":
        number = year_of.finalise(scheme, year, by=by, reason=reason, document=document, at=at)
        return f"第 {number} 版已审定"
    if step == "reopen":
        year_of.reopen_final(scheme, year, by=by, reason=reason, document=document, at=at)
        return "已打开审定结果重新会审；原审定版不变"
    raise NotFound


@router.post("/assessments/{year}/{scheme}/steps/{step}")
def take(
    request: Request, person: Reader, reading: Reading, at: Now,
    year: int, scheme: str, step: str,
    reason: Annotated[str, Form()] = "",
    document: Annotated[str, Form()] = "",
    seed: Annotated[str, Form()] = "",
    opens_on: Annotated[str, Form()] = "",
    closes_on: Annotated[str, Form()] = "",
    electorates: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take the next step of a round; what may not be done now is said and nothing is changed."""
    _office(person, reading)
    if not _may_take(person, step):
        raise Forbidden("这一步不由您的角色办理。")
    given = {
        "reason": reason, "document": document, "seed": seed, "opens_on": opens_on,
        "closes_on": closes_on, "electorates": electorates,
    }  # fmt: skip
    back = f"/assessments/{year}/{quote(scheme)}/course"
    if step == "inspect" and not seed.strip():
        return redirect(request, back, "请写明公开抽签的种子", "bad")
    try:
        told = _take(step, scheme, year, person, at.isoformat(), given)
    except (LookupError, ValueError) as error:
        words = str(error) if isinstance(error, LookupError) else "日期写法不对，请从日历中选择"
        return redirect(request, back, words.strip("'"), "bad")
    return redirect(request, back, told)


@router.post("/assessments/start")
def start(
    request: Request, person: Reader, reading: Reading, at: Now,
    scheme: Annotated[str, Form()], year: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Begin a round with its self-assessment."""
    _office(person, reading)
    person.require("mark")
    try:
        year_of.start_assessment(scheme, year, by=person.actor, reason=reason, at=at.isoformat())
    except LookupError as error:
        return redirect(request, "/assessments", str(error).strip("'"), "bad")
    return redirect(request, f"/assessments/{year}/{quote(scheme)}/course", "考核已启动，进入自评")


# --- what-if ---


@router.get("/assessments/{year}/{scheme}/what-if")
def trial(
    request: Request, person: Reader, reading: Reading, known: Known, year: int, scheme: str
) -> Response:
    """Settings of the scheme that can be tried otherwise."""
    return _trial(request, person, reading, known, year, scheme)


@router.post("/assessments/{year}/{scheme}/what-if")
def tried(
    request: Request, person: Reader, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
    path: Annotated[list[str] | None, Form()] = None,
    value: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Who would move, and why, if the scheme were otherwise; the official result stays."""
    _office(person, reading)
    given = [
        (p, v.strip()) for p, v in zip(path or (), value or (), strict=False) if p and v.strip()
    ]
    if not given:
        return _trial(request, person, reading, known, year, scheme, error="请至少改一个设置。")
    try:
        changes: dict[str, Any] = {p: str(Decimal(v)) for p, v in given}
        found = what_if(scheme, year, overrides=changes)
    except InvalidOperation:
        error = "改后的值须是数字。"
        return _trial(request, person, reading, known, year, scheme, given=given, error=error)
    except LookupError as refused:
        error = str(refused).strip("'")
        return _trial(request, person, reading, known, year, scheme, given=given, error=error)
    with person.site.engine.begin() as connection:
        audit.note(
            connection, at=at, actor=person.actor, action="assessment.tried",
            subject=f"{scheme} {year}", detail=changes,
        )  # fmt: skip
    return _trial(request, person, reading, known, year, scheme, given=given, found=found)


def _trial(
    request: Request, person: SignedIn, reading: Reading, known: Known, year: int, scheme: str,
    *, given: list[tuple[str, str]] | None = None, error: str = "", found: Any = None,
) -> Response:  # fmt: skip
    _office(person, reading)
    official = next((s for s in known.schemes if s.code == scheme), None)
    if not isinstance(official, Scheme):
        raise NotFound
    filled = [*(given or ()), *[("", "")] * MOST_CHANGES][:MOST_CHANGES]
    return render(
        request, "staff/what_if.html", 422 if error else 200,
        **_head(known, person, reading, scheme, year),
        settings=_settings(official), given=filled, error=error, found=found,
    )  # fmt: skip


def _settings(scheme: Scheme) -> list[tuple[str, str]]:
    """What may be tried otherwise: (path, its name with what it is now)."""
    found = [
        (f"blocks.{b.code}.weight", f"{b.name}：权重（现为 {b.weight.normalize():f}%）")
        for b in scheme.blocks
    ]
    found += [
        (f"bands.{b.name}.at_least", f"等次“{b.name}”：最低分（现为 {b.at_least.normalize():f}）")
        for b in scheme.bands
    ]
    found += [
        (f"quota.{grade}", f"等次“{grade}”：名额占比上限（现为 {share.normalize():f}%）")
        for grade, share in scheme.quota.items()
    ]
    found.append(("bonus_cap", f"加分上限（现为 {scheme.bonus_cap.normalize():f} 分）"))
    found.append(("deduction_cap", f"扣分上限（现为 {scheme.deduction_cap.normalize():f} 分）"))
    return found
