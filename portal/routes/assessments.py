"""Assessments: rankings, score sheets with every mark explained, what-if."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from definitions.schemes import Scheme
from pipelines.flow import assessing_year as year_of
from pipelines.flow import what_if
from portal.asking import Known, NotFound, Now, Reading, SignedIn
from portal.page import NavItem, render
from portal.reading import assessments, staff
from portal.routes import (
    assessment_appeals,
    assessment_course,
    assessment_entries,
    assessment_self,
)
from portal.routes.assessment_pages import READERS, Reader, head, number_of, told_of
from warehouse import audit

router = APIRouter()
for part in (assessment_course, assessment_entries, assessment_appeals, assessment_self):
    router.include_router(part.router)
NAV = (NavItem("考核", "/assessments", READERS, 38), *assessment_self.NAV)
MOST_CHANGES = 3


def require_federation(reading: Reading) -> None:
    """Trials score everybody; who sees a part of the federation sees none."""
    if not staff.is_federation(reading):
        raise NotFound


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
    return render(
        request, "staff/assessments.html", found=found, rounds=rounds,
        titles={code: s.title for code, s in schemes.items()},
        seen={(r.scheme, r.year) for r in found},
        startable=assessment_course.startable(person, reading, known, at), year=at.year - 1,
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
        request, "staff/ranking.html", **head(known, person, reading, scheme, year),
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
        request, "staff/sheet.html", **head(known, person, reading, scheme, year),
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
    require_federation(reading)
    given = [
        (p, v.strip()) for p, v in zip(path or (), value or (), strict=False) if p and v.strip()
    ]
    if not given:
        return _trial(request, person, reading, known, year, scheme, error="请至少改一个设置。")
    try:
        changes: dict[str, Any] = {p: str(number_of(v)) for p, v in given}
        found = what_if(scheme, year, overrides=changes)
    except LookupError as refused:
        error = told_of(refused)
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
    require_federation(reading)
    official = next((s for s in known.schemes if s.code == scheme), None)
    if not isinstance(official, Scheme):
        raise NotFound
    filled = [*(given or ()), *[("", "")] * MOST_CHANGES][:MOST_CHANGES]
    return render(
        request, "staff/what_if.html", 422 if error else 200,
        **head(known, person, reading, scheme, year),
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
