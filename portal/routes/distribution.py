"""Handing published editions on: to whom they are mailed, where they are laid, what was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Connection
from starlette.responses import Response

from pipelines.flow import deliver, deliver_to
from pipelines.flow.delivering import delivery_places, for_everyone, not_for
from portal.asking import Forbidden, NotFound, Now, Reading, SignedIn, may
from portal.page import Crumb, NavItem, redirect, render
from portal.reading import publications, staff
from portal.reading.steward import names_in
from warehouse import distribution
from warehouse.deliveries import deliveries
from warehouse.distribution import DistributionList, DistributionRefused
from warehouse.publications import Edition

router = APIRouter()
NAV = (NavItem("分发名单", "/distribution", ("publish",), 35),)
Publisher = Annotated[SignedIn, Depends(may("publish"))]


@router.get("/distribution")
def every(request: Request, person: Publisher, reading: Reading, at: Now) -> Response:
    """The lists of one's own unions, and a new one."""
    found = distribution.lists(reading)
    return render(
        request, "staff/distribution.html", lists=found,
        names=staff.names(reading, sorted({one.org for one in found}), at.date()),
        grants=person.grants_for("publish"),
        people=_people(person, *(one.created_by for one in found)),
    )  # fmt: skip


@router.post("/distribution")
def make(
    request: Request,
    person: Publisher,
    reading: Reading,
    at: Now,
    name: Annotated[str, Form(max_length=200)],
    unit: Annotated[str, Form(max_length=40)],
) -> Response:
    """A new, empty list of a union."""
    person.require_upon("publish", staff.unit_of(reading, unit.strip()))
    try:
        with person.site.engine.begin() as connection:
            number = distribution.make(connection, name, unit.strip(), at, person.actor)
    except DistributionRefused as error:
        return redirect(request, "/distribution", _said(error), "bad")
    return redirect(request, f"/distribution/{number}", "名单已建立，请加入地址")


@router.get("/distribution/{number}")
def show(request: Request, person: Publisher, reading: Reading, at: Now, number: int) -> Response:
    """One list: whom it reaches, and what was sent to it; for who may change it."""
    one = _answers(person, reading, number)
    sent = deliveries(reading, list_id=one.id)
    return render(
        request, "staff/distribution_list.html", list=one,
        name=staff.names(reading, [one.org], at.date()).get(one.org, one.org),
        sent=sent, editions={n: publications.one(reading, n) for n in {n for n, _ in sent}},
        people=_people(
            person, one.created_by, *(m.added_by for m in one.members), *(h.actor for _, h in sent)
        ),
        crumbs=[Crumb("分发名单", "/distribution"), Crumb(one.name)],
    )  # fmt: skip


@router.post("/distribution/{number}/members")
def add(
    request: Request,
    person: Publisher,
    reading: Reading,
    at: Now,
    number: int,
    whom: Annotated[str, Form(max_length=80)] = "",
    address: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Put an address on a list, with the person or office that reads there."""

    def act(connection: Connection) -> str:
        added = distribution.add(connection, number, [(whom, address)], at, person.actor)
        return "已加入" if added else "这个地址原已在名单中"

    return _changed(request, person, reading, number, act)


@router.post("/distribution/{number}/members/{member}/remove")
def remove(
    request: Request, person: Publisher, reading: Reading, at: Now, number: int, member: int
) -> Response:
    """Take an address off a list."""

    def act(connection: Connection) -> str:
        distribution.remove(connection, number, member, at, person.actor)
        return "已移出"

    return _changed(request, person, reading, number, act)


@router.post("/distribution/{number}/name")
def rename(
    request: Request,
    person: Publisher,
    reading: Reading,
    at: Now,
    number: int,
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Call a list otherwise."""

    def act(connection: Connection) -> str:
        distribution.rename(connection, number, name, at, person.actor)
        return "已改名"

    return _changed(request, person, reading, number, act)


@router.post("/distribution/{number}/end")
def end(request: Request, person: Publisher, reading: Reading, at: Now, number: int) -> Response:
    """Stop sending to a list; what was sent stays on record."""
    _answers(person, reading, number)
    try:
        with person.site.engine.begin() as connection:
            distribution.end(connection, number, at, person.actor)
    except DistributionRefused as error:
        return redirect(request, "/distribution", _said(error), "bad")
    return redirect(request, "/distribution", "名单已停用，分发记录仍可在各件页面查看")


# --- an edition ---


@router.get("/publications/{publication}/deliver")
def choose(request: Request, person: Publisher, reading: Reading, publication: int) -> Response:
    """Where an edition may go, who has had it, and what became of each mail."""
    edition = _edition(reading, publication)
    handed = [h for _, h in deliveries(reading, publication_id=edition.id)]
    had = {h.address for h in handed if h.address}
    offered = [
        (one, sum(m.address not in had for m in one.members), not_for(edition, one))
        for one in distribution.lists(reading)
    ]
    used = {h.target for h in handed if h.channel != "mail"}
    known = delivery_places() if for_everyone(edition) else {}
    return render(
        request, "staff/deliver.html", edition=edition, offered=offered, handed=handed,
        places=[(name, place.removeprefix("s3://") in used) for name, place in known.items()],
        targets={p.removeprefix("s3://"): name for name, p in delivery_places().items()},
        people=_people(person, *(h.actor for h in handed)),
        crumbs=[
            Crumb("发布", "/publications"),
            Crumb(edition.title, f"/publications/{edition.id}"),
            Crumb("分发"),
        ],
    )  # fmt: skip


@router.post("/publications/{publication}/deliver")
def hand_on(
    request: Request,
    person: Publisher,
    reading: Reading,
    at: Now,
    publication: int,
    to_list: Annotated[str, Form(max_length=20)] = "",
    place: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Send an edition to a list, or lay it into a folder or bucket that the installation names."""
    edition = _edition(reading, publication)
    person.require_upon("publish", staff.unit_of(reading, edition.unit))
    here = f"/publications/{edition.id}/deliver"
    try:
        if to_list:
            number = int(to_list) if to_list.isdecimal() else 0
            one = _answers(person, reading, number)
            done = deliver(edition.id, at.isoformat(), to_list=one.id, by=person.actor)
            told = f"已交发 {sum(len(d.handed) for d in done)} 封，发送情况见下"
        else:
            done = deliver_to(edition.id, place, at.isoformat(), person.actor)
            told = f"已放入“{place}”"
    except LookupError as error:
        return redirect(request, here, _said(error), "bad")
    return redirect(request, here, told if done else "此前都已分发过，没有重发", "good")


def _one(reading: Connection, number: int) -> DistributionList:
    found = distribution.lists(reading, number) if number > 0 else []
    if not found:
        raise NotFound
    return found[0]


def _answers(person: SignedIn, reading: Connection, number: int) -> DistributionList:
    """A list that the person may read, change or send to: of a union for which they may publish."""
    one = _one(reading, number)
    person.require_upon("publish", staff.unit_of(reading, one.org))
    return one


def _changed(
    request: Request,
    person: SignedIn,
    reading: Connection,
    number: int,
    act: Callable[[Connection], str],
) -> Response:
    _answers(person, reading, number)
    here = f"/distribution/{number}"
    try:
        with person.site.engine.begin() as connection:
            told = act(connection)
    except DistributionRefused as error:
        return redirect(request, here, _said(error), "bad")
    return redirect(request, here, told)


def _edition(reading: Connection, publication: int) -> Edition:
    """An edition that stands published and is the reader's to hand on."""
    edition = publications.one(reading, publication)
    if not publications.is_own(reading, edition.id):
        raise NotFound
    if edition.state != "published":
        raise Forbidden("只有现行发布的版次可以分发。")
    return edition


def _people(person: SignedIn, *actors: str) -> dict[str, str]:
    """Names of those who made a list or handed something on; what the system did is its own."""
    with person.site.engine.connect() as owner:
        return {"system": "系统", **names_in(owner, actors)}


def _said(error: LookupError) -> str:
    return str(error).strip("'")
