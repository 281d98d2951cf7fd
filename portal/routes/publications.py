"""Publications: what was published and what waits, edition by edition, and taking data away."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from definitions import Period
from pipelines.flow import (
    compare,
    download,
    edition_pdf,
    publish_review,
    withdraw_edition,
    withdraw_review,
)
from pipelines.flow.differences import PAPER, Difference
from pipelines.flow.publishing import HEADLINES
from pipelines.places import places
from pipelines.publish.quoting import basis_told
from portal.asking import Forbidden, Known, NotFound, Now, Reading, SignedIn, may
from portal.page import NavItem, redirect, render
from portal.reading import numbers, publications, publications_airflow, staff, withheld
from portal.reading.publications import Filter
from portal.routes.numbers import attachment
from warehouse import audit

router = APIRouter()
NAV = (
    NavItem("发布", "/publications", ("download", "publish"), 34),
    NavItem("数据下载", "/downloads", ("download",), 36),
)
Reader = Annotated[SignedIn, Depends(may("read_figures", "download", "publish"))]
# What a browser shows in a frame of its own: no script runs, links to numbers work.
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'none'"
)


@router.get("/publications")
def listed(
    request: Request,
    person: Reader,
    reading: Reading,
    at: Now,
    year: str = "",
    kind: str = "",
    state: str = "current",
    words: str = "",
    after: str = "",
) -> Response:
    """Everything published, by period; replaced and withdrawn editions on demand.

    A reference typed instead of a title leads to its edition, that of a number to the number.
    """
    if place := publications.quoted(reading, words):
        return RedirectResponse(place, 303)
    wanted = Filter(year, kind, state, words, after)
    found, onward = publications.page(reading, wanted, at.date())
    kinds, years = publications.kinds_and_years(reading)
    waiting = _waiting(reading) if person.may("publish") else []
    asked = {"year": year, "kind": kind, "state": state, "words": words}
    return render(
        request, "staff/publications.html", found=found, wanted=wanted, kinds=kinds, years=years,
        waiting=len(waiting),
        onward=f"/publications?{urlencode({**asked, 'after': onward})}" if onward else "",
        first=f"/publications?{urlencode(asked)}" if after else "",
    )  # fmt: skip


@router.get("/publications/{publication}")
def show(request: Request, person: Reader, reading: Reading, publication: int) -> Response:
    """One edition: its files, how it came about, the other editions, its numbers."""
    edition = publications.one(reading, publication)
    return render(
        request,
        "staff/publication.html",
        edition=edition,
        own=publications.is_own(reading, edition.id),
        editions=publications.editions(reading, edition.id),
        history=publications.history(reading, edition.id),
        readable=next((f.name for f in edition.files if f.name.endswith(".html")), ""),
        printed=next((f.name for f in edition.files if f.name.endswith(".pdf")), ""),
        printable=any(f.name.endswith(".docx") for f in edition.files),
        may_withdraw=edition.state == "published" and _may_withdraw(person, reading, edition.id),
    )


def _may_withdraw(person: SignedIn, reading: Reading, publication: int) -> bool:
    """Who signs for the publisher may take back what went out in its name."""
    return person.may("publish") and publications.is_own(reading, publication)


@router.post("/publications/{publication}/withdraw")
def withdraw(
    request: Request,
    person: Annotated[SignedIn, Depends(may("publish"))],
    reading: Reading,
    at: Now,
    publication: int,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Take a published edition back; it stays here to be read, as withdrawn."""
    edition = publications.one(reading, publication)
    if not _may_withdraw(person, reading, edition.id):
        raise NotFound
    person.require_upon("publish", staff.unit_of(reading, edition.unit))
    address = f"/publications/{edition.id}"
    try:
        done = withdraw_edition(edition.id, by=person.actor, reason=reason, at=at.isoformat())
    except LookupError as error:
        return redirect(request, address, str(error), "bad")
    told = f"已撤回；此前已分发 {done.delivered} 处，请另行通知收回" if done.delivered else "已撤回"
    return redirect(request, address, told)


@router.get("/publications/{publication}/files/{name}")
def file(
    request: Request,
    person: Reader,
    reading: Reading,
    publication: int,
    name: str,
    read: bool = False,
) -> Response:
    """One file of an edition, byte for byte as it was kept; a page can be read in place."""
    edition = publications.one(reading, publication)
    found = next((f for f in edition.files if f.name == name), None)
    if found is None:
        raise NotFound
    inline = read and name.endswith((".html", ".pdf"))
    answer = attachment(name, places().originals.get(found.sha256), inline=inline)
    if inline and name.endswith(".html"):
        answer.headers["content-security-policy"] = PAGE_POLICY
    return answer


@router.post("/publications/{publication}/pdf")
def as_pdf(request: Request, person: Reader, reading: Reading, publication: int) -> Response:
    """Make the PDF of an edition, keep it beside its files, and open it."""
    edition = publications.one(reading, publication)
    try:
        made = edition_pdf(edition.id)
    except LookupError as error:
        return redirect(request, f"/publications/{edition.id}", str(error), "bad")
    name, content = made[0]
    return attachment(name, content, inline=True)


@router.get("/publications/{publication}/compare/{other}")
def editions_beside(
    request: Request, person: Reader, reading: Reading, known: Known, at: Now,
    publication: int, other: int,
) -> Response:  # fmt: skip
    """Every number that two editions of the same publication print differently."""
    first = publications.one(reading, publication)
    second = publications.one(reading, other)
    if (first.kind, first.unit, first.period) != (second.kind, second.unit, second.period):
        raise NotFound
    if first.edition > second.edition:
        first, second = second, first
    found = publications.differences(reading, first.id, second.id, at.date())
    return render(
        request, "staff/editions.html", first=first, second=second, found=found,
        total=found[0].total if found else 0, indicators=known.indicators, lines=staff.LINES,
    )  # fmt: skip


@router.get("/publications/{publication}/now")
def beside_today(
    request: Request,
    person: Reader,
    reading: Reading,
    known: Known,
    at: Now,
    publication: int,
    worked: bool = False,
) -> Response:
    """What an edition would say today, and why each number differs; worked out while one waits."""
    edition = publications.one(reading, publication)
    if not publications.is_own(reading, edition.id):
        raise NotFound
    found: tuple[Difference, ...] = ()
    failed = ""
    if worked:
        try:
            found = compare(edition.id, at.isoformat())
        except LookupError as error:
            failed = str(error)
    units = sorted({d.unit for d in found} | {r.org for d in found for r in d.reasons if r.org})
    return render(
        request,
        "staff/now_part.html" if worked else "staff/now.html",
        edition=edition,
        found=found[: publications.MOST_DIFFERENCES],
        files=sum(d.source == PAPER for d in found),
        total=len(found),
        basis_told=basis_told,
        definitions=known,
        failed=failed,
        seen=numbers.seen_units(reading, units, "", numbers.day_of("", edition.period)),
        names=staff.names(reading, units, at.date()),
        indicators=known.indicators,
        lines=staff.LINES,
    )


# --- sign-offs ---


def _waiting(reading: Reading) -> list[publications.Draft]:
    """What waits; a signature decides over a whole set, so only who sees all may give it."""
    return publications.drafts(reading) if staff.is_federation(reading) else []


@router.get("/sign-offs")
def sign_offs(
    request: Request,
    person: Annotated[SignedIn, Depends(may("publish"))],
    reading: Reading,
    known: Known,
) -> Response:
    """Drafts that wait for a signature, with what their signer must know."""
    waiting = _waiting(reading)
    return render(
        request,
        "staff/sign_offs.html",
        waiting=waiting,
        told={d.id: _told(reading, known, person.site.engine, d) for d in waiting},
        through_airflow=publications_airflow.configured() is not None,
    )


def _told(
    reading: Reading, known: Known, engine: Engine, draft: publications.Draft
) -> tuple[staff.Head, list[staff.Shown]]:
    """Headline figures of a draft, each with the way to its parts."""
    edition = publications.one(reading, draft.id)
    head = staff.Head(
        draft.period, draft.id, edition.reference, draft.title, edition.computation or 0,
        draft.cutoff,
    )  # fmt: skip
    own = staff.Unit(0, draft.org_id, edition.unit, edition.unit_name, True)
    codes = [c for c in HEADLINES if c in known.indicators]
    day = numbers.day_of("", head.period)
    hidden = withheld.asked(engine, known, day, [head.computation], codes, [own.code])
    figures = staff.Figures(reading, known, head, [own.id], codes, hidden)
    shown = [figures.shown(c, own, staff.BLOCK) for c in codes]
    return head, [s for s in shown if s.value is not None]


@router.post("/sign-offs/{publication}")
def sign(
    request: Request,
    person: Annotated[SignedIn, Depends(may("publish"))],
    reading: Reading,
    at: Now,
    publication: int,
    decision: Annotated[str, Form()] = "",
) -> Response:
    """Publish exactly this draft, or send it back: in Airflow where a run waits, else directly."""
    draft = next((d for d in _waiting(reading) if d.id == publication), None)
    if draft is None or decision not in ("publish", "withdraw"):
        raise NotFound
    person.require_upon("publish", draft.org_id)
    approve = decision == "publish"
    airflow = publications_airflow.configured()
    try:
        question = airflow.waiting_for(publication) if airflow else None
        if airflow and question:
            with person.site.engine.begin() as connection:
                audit.note(
                    connection, at=at, actor=person.actor, action="review.answered",
                    subject=str(publication), detail={"run": question.run, "publish": approve},
                )  # fmt: skip
            airflow.answer(question, approve)
            told = "已答复，正在发布，稍后刷新可见" if approve else "已退回修改"
            return redirect(request, "/sign-offs", told)
    except publications_airflow.AirflowAway:
        words = "调度系统没有应答，本次没有签发，请稍后再试"
        return redirect(request, "/sign-offs", words, "bad")
    (publish_review if approve else withdraw_review)(publication, person.actor, at.isoformat())
    return redirect(
        request, f"/publications/{publication}", "已签发并发布" if approve else "已退回修改"
    )


# --- consolidated data ---


@router.get("/downloads")
def downloads(
    request: Request,
    person: Annotated[SignedIn, Depends(may("download"))],
    reading: Reading,
    known: Known,
    at: Now,
    form: str = "",
    error: str = "",
) -> Response:
    """Choose a form, a span of periods, a line, a unit and a level."""
    return render(
        request, "staff/downloads.html", forms=_forms(known, at.date()), form=form, error=error,
        grants=person.grants_for("download"), levels=LEVELS,
        opened=staff.opened_periods(reading), given={},
    )  # fmt: skip


LEVELS = ("省级", "市级", "区县级", "基层")


@router.post("/downloads")
def take(
    request: Request,
    person: Annotated[SignedIn, Depends(may("download"))],
    reading: Reading,
    known: Known,
    at: Now,
    form: Annotated[str, Form()],
    first: Annotated[str, Form()],
    last: Annotated[str, Form()] = "",
    line: Annotated[str, Form()] = "块",
    unit: Annotated[str, Form()] = "",
    level: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "xlsx",
) -> Response:
    """Make the files and hand over the one asked for; only of units the person answers for."""
    reach, whole = _reach(person, reading, unit, line)
    person.require_upon("download", reach, form)
    try:
        Period.parse(first), Period.parse(last or first)
        made = download(
            form, first, last or first, at.isoformat(),
            line=line, unit=None if whole else unit, level=level or None,
        )  # fmt: skip
    except (LookupError, ValueError) as error:
        said = str(error) if isinstance(error, LookupError) else "所属期写法不对，请从列表中选择"
        return render(
            request, "staff/downloads.html", 422, forms=_forms(known, at.date()), form=form,
            error=said.strip("'"), grants=person.grants_for("download"), levels=LEVELS,
            opened=staff.opened_periods(reading),
            given={"first": first, "last": last, "line": line, "unit": unit, "level": level},
        )  # fmt: skip
    name, content = next(f for f in made.files if f[0].endswith(f".{kind}"))
    with person.site.engine.begin() as connection:
        audit.note(
            connection, at=at, actor=person.actor, action="download", subject=form,
            detail={"first": first, "last": last or first, "line": line, "unit": unit,
                    "level": level, "kind": kind, "rows": made.rows},
        )  # fmt: skip
    return attachment(name, content)


def _reach(person: SignedIn, reading: Reading, unit: str, line: str) -> tuple[int, bool]:
    """The unit below which data is taken, and whether that is everyone.

    One's own unit on one's own line; for the federation any unit on either. No industry hangs below
    the federation itself, so there it is everyone who is meant.
    """
    federation = line in staff.LINES.values() and staff.is_federation(reading)
    for grant in person.grants_for("download"):
        if grant.org == unit and (grant.line_name == line or federation):
            return grant.org_id, federation and grant.line == staff.BLOCK
    if federation:
        return staff.unit_of(reading, unit), False
    raise Forbidden("只能下载本人职责范围内单位、本条线的数据。")


def _forms(known: Known, day: object) -> list[tuple[str, str]]:
    """Forms that hold no rows about persons, by code."""
    found = {
        f.code: f.title for f in known.forms if not any(c.personal == "identity" for c in f.columns)
    }
    return [(code, f"{code} {title}") for code, title in sorted(found.items())]
