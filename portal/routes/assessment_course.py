"""The course of an assessment year: where a round stands, how it came there, the next step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from definitions.schemes import Scheme
from pipelines.assessment_year.stages import CHAIR, JURY, OFFICE, STEPS, Stage
from pipelines.flow import assessing_year as year_of
from pipelines.flow import assessment_entries as entries
from portal.asking import Forbidden, Known, NotFound, Now, Reading, SignedIn
from portal.page import redirect, render
from portal.reading import assessments, staff
from portal.routes.assessment_pages import (
    Assessing,
    base_of,
    head,
    require_whole,
    round_or_none,
    sees_whole,
    told_of,
)
from warehouse.life_cycle import Actor

router = APIRouter()
# Who prepares, who judges jointly, who signs: three hands of one year.
VERBS = {OFFICE: "conduct_assessment", JURY: "judge_assessment", CHAIR: "publish"}


def startable(person: SignedIn, reading: Reading, known: Known, at: Now) -> list[tuple[str, str]]:
    """Schemes whose round of last year this person may begin."""
    if not (sees_whole(reading) and person.may_at_top("conduct_assessment")):
        return []
    year = at.year - 1
    begun = {s.round.scheme for s in year_of.assessment_states(year, at.isoformat())}
    return [
        (s.code, s.title)
        for s in known.schemes
        if isinstance(s, Scheme) and s.covers(year) and s.code not in begun
    ]


@router.get("/assessments/{year}/{scheme}/course")
def course(
    request: Request, person: Assessing, reading: Reading, known: Known, at: Now,
    year: int, scheme: str,
) -> Response:  # fmt: skip
    """Where a round stands, how it came there, and what can be done next."""
    require_whole(reading)
    found = round_or_none(scheme, year, at)
    if found is None:
        raise NotFound
    codes = {s["unit"] for s in found.sample} | {a.unit for a in found.appeals}
    return render(
        request, "staff/course.html", **head(known, person, reading, scheme, year),
        state=found, round=found.round, names=staff.names(reading, sorted(codes), at.date()),
        people=staff.people(reading, [t.actor for t in found.taken]),
        steps=[(s, may_take(person, s.code)) for s in found.next_steps],
        electorates=_electorates(reading, known, scheme, found, at),
        stages=[s.value for s in Stage],
    )  # fmt: skip


def may_take(person: SignedIn, code: str) -> bool:
    """Whether a step is this person's to take; what time takes is nobody's."""
    who = next((s.who for s in STEPS if s.code == code), "")
    verb = VERBS.get(who)
    return verb is not None and person.may_at_top(verb)


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


Given = dict[str, str]
Take = Callable[[str, int, Actor, str, Given], str]


def _rate(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    counts: dict[tuple[str, str], int] = {}
    for line in given["electorates"].splitlines():
        words = line.replace("，", " ").replace(",", " ").split()
        if not words:
            continue
        if len(words) != 3 or not words[2].isdecimal() or len(words[2]) > 9:
            raise LookupError(f"“{line.strip()}”不是“单位编码 评价主体 人数”")
        counts[words[0], words[1]] = int(words[2])
    entries.open_rating(
        scheme, year, opens_on=given["opens_on"], closes_on=given["closes_on"],
        electorates=counts, by=by, reason=given["reason"], at=at,
    )  # fmt: skip
    return "群众评价已开始"


def _compute(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    number = year_of.compute_marks(scheme, year, by=by, reason=given["reason"], at=at)
    return f"已按现在的数据核算，第 {number} 版"


def _mark(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    entries.close_rating(
        scheme, year, by=by, reason=given["reason"], at=at, document=given["document"]
    )
    return "群众评价已结束，转入考评组评分"


def _review(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    number = year_of.submit_to_review(scheme, year, by=by, reason=given["reason"], at=at)
    return f"已提交联合会审，第 {number} 版"


def _return(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    year_of.return_to_assessors(scheme, year, by=by, reason=given["reason"], at=at)
    return "已退回考评组补评"


def _inspect(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    drawn = entries.draw_sample(
        scheme, year, seed=given["seed"], by=by, reason=given["reason"], at=at
    )
    return f"已抽取 {len(drawn)} 个现场核查单位"


def _notify(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    number, until = year_of.give_notice(
        scheme, year, by=by, reason=given["reason"], at=at, document=given["document"]
    )
    return f"第 {number} 版开始公示，至 {until:%Y-%m-%d}"


def _withdraw(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    year_of.withdraw_notice(
        scheme, year, by=by, reason=given["reason"], document=given["document"], at=at
    )
    return "已撤回公示，重新会审"


def _recall(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    year_of.recall(scheme, year, by=by, reason=given["reason"], document=given["document"], at=at)
    return "已退回重新会审"


def _finalise(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    number = year_of.finalise(
        scheme, year, by=by, reason=given["reason"], document=given["document"], at=at
    )
    return f"第 {number} 版已审定"


def _reopen(scheme: str, year: int, by: Actor, at: str, given: Given) -> str:
    year_of.reopen_final(
        scheme, year, by=by, reason=given["reason"], document=given["document"], at=at
    )
    return "已打开审定结果重新会审；原审定版不变"


TAKES: dict[str, Take] = {
    "compute": _compute, "rate": _rate, "mark": _mark, "review": _review, "return": _return,
    "inspect": _inspect, "notify": _notify, "renotify": _notify, "withdraw": _withdraw,
    "recall": _recall, "finalise": _finalise, "reopen": _reopen,
}  # fmt: skip


@router.post("/assessments/{year}/{scheme}/steps/{step}")
def take(
    request: Request, person: Assessing, reading: Reading, at: Now,
    year: int, scheme: str, step: str,
    reason: Annotated[str, Form()] = "",
    document: Annotated[str, Form()] = "",
    seed: Annotated[str, Form()] = "",
    opens_on: Annotated[str, Form()] = "",
    closes_on: Annotated[str, Form()] = "",
    electorates: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take the next step of a round; what may not be done now is said and nothing is changed."""
    require_whole(reading)
    if step not in TAKES:
        raise NotFound
    # Before its notice has ended by the clock, a result may be signed by whoever signs it then.
    if not may_take(person, step):
        raise Forbidden("这一步不由您的角色办理。")
    given = {
        "reason": reason, "document": document, "seed": seed, "opens_on": opens_on,
        "closes_on": closes_on, "electorates": electorates,
    }  # fmt: skip
    back = f"{base_of(scheme, year)}/course"
    if step == "inspect" and not seed.strip():
        return redirect(request, back, "请写明公开抽签的种子", "bad")
    try:
        told = TAKES[step](scheme, year, person.as_actor, at.isoformat(), given)
    except (LookupError, ValueError) as error:
        return redirect(request, back, told_of(error), "bad")
    return redirect(request, back, told)


@router.post("/assessments/start")
def start(
    request: Request, person: Assessing, reading: Reading, at: Now,
    scheme: Annotated[str, Form()], year: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Begin a round with its self-assessment."""
    require_whole(reading)
    person.require_at_top("conduct_assessment")
    try:
        year_of.start_assessment(scheme, year, by=person.as_actor, reason=reason, at=at.isoformat())
    except LookupError as error:
        return redirect(request, "/assessments", told_of(error), "bad")
    return redirect(request, f"{base_of(scheme, year)}/course", "考核已启动，进入自评")
