"""From a printed number down to its cells and the workbook they came in."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from pipelines.flow import find_cell, find_numbers, walk
from pipelines.flow.handling import original
from pipelines.publish.consolidated import KIND
from pipelines.publish.quoting import basis_told
from portal.asking import Known, NotFound, Now, Reading, SignedIn, may
from portal.page import Crumb, redirect, render
from portal.reading import numbers, publications, staff, withheld
from warehouse.publications import Edition

router = APIRouter()
ABOUT_FILINGS = {
    "expected": "应报份数", "reported": "实报份数", "on_time": "按时报送份数",
    "first_pass": "首次通过份数", "missing": "未报份数", "reported_pct": "报送率",
    "on_time_pct": "按时报送率", "first_pass_pct": "首次通过率",
}  # fmt: skip
READERS = ("read_figures", "download")
# Who works with reports, not only with what is published, may go on to cells and workbooks.
TO_CELLS = ("review", "mend_format", "set_targets", "audit_funds", "mark")
Reader = Annotated[SignedIn, Depends(may(*READERS))]


@router.get("/numbers/{publication}")
def find(
    request: Request, person: Reader, reading: Reading, known: Known, at: Now,
    publication: str, printed: str = "",
) -> Response:  # fmt: skip
    """Find a number by how it reads on paper, or by the reference that the paper gives it.

    In a consolidated workbook, which prints every row, by its union and column.
    """
    edition = publications.one(reading, publication)
    if place := publications.quoted(reading, printed):
        return RedirectResponse(place, 303)
    if address := _cell(reading, edition, printed):
        return RedirectResponse(f"/numbers/{edition.id}/{quote(address)}", 303)
    found = find_numbers(edition.id, printed) if printed.strip() else []
    return render(
        request, "staff/find_number.html", edition=edition, printed=printed, found=found[:200],
        more=max(0, len(found) - 200), crumbs=_crumbs(edition), indicators=known.indicators,
        about=ABOUT_FILINGS, basis_told=basis_told, definitions=known,
        names=staff.names(reading, sorted({p.unit for _, p in found}), at.date()),
        by_cell=edition.kind == KIND,
    )  # fmt: skip


@router.get("/numbers/{publication}/{number:path}")
def show(
    request: Request,
    person: Reader,
    reading: Reading,
    known: Known,
    publication: str,
    number: str,
) -> Response:
    """One step down: how the number comes about, its parts by unit, the cells behind it."""
    edition = publications.one(reading, publication)
    numbers.require_address(reading, number)
    day = numbers.day_of(number, edition.period)
    try:
        found = walk(edition.id, number)
    except (LookupError, ValueError) as error:
        raise NotFound from error
    computation = edition.computation or 0
    addresses = [number, *(numbers.addressed(found, p) for p in found.parts)]
    hidden = withheld.asked_about(person.site.engine, known, day, computation, addresses)

    def hides(address: str) -> bool:
        return hidden.hides_address(computation, address)

    if hides(number):
        raise NotFound
    to_cells = person.may(*TO_CELLS)
    return render(
        request,
        "staff/number.html",
        edition=edition,
        seen=numbers.cut(reading, found, to_cells, day, hides),
        to_cells=to_cells,
        indicator=known.indicators.get(found.indicator),
        name=ABOUT_FILINGS.get(found.indicator, found.name),
        basis=basis_told(found.indicator, found.basis, known),
        titles={f.code: f.title for f in known.forms},
        columns={(f.code, c.code): c.label for f in known.forms for c in f.columns},
        crumbs=[*_crumbs(edition), Crumb(f"{edition.reference}-{number}")],
    )


@router.post("/figures/originals/{submission}")
def take_original(
    request: Request,
    person: Reader,
    reading: Reading,
    at: Now,
    submission: int,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """The workbook as it came; that it was taken, by whom and why, goes into the log first."""
    person.require(*TO_CELLS)
    found = numbers.original(reading, submission)
    if not reason.strip():
        return redirect(request, f"/figures/originals/{submission}", "请写明查阅理由", "bad")
    content = original(found.sha256, person.actor, reason, at.isoformat())
    return attachment(found.file_name, content)


@router.get("/figures/originals/{submission}")
def ask_original(request: Request, person: Reader, reading: Reading, submission: int) -> Response:
    """Why the workbook is wanted."""
    person.require(*TO_CELLS)
    found = numbers.original(reading, submission)
    return render(request, "staff/original.html", found=found)


def attachment(name: str, content: bytes, *, inline: bool = False) -> Response:
    """A file as a download under its own name, never run by the browser."""
    types = {
        "html": "text/html; charset=utf-8",
        "pdf": "application/pdf",
        "csv": "text/csv; charset=utf-8",
    }
    kind = types.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")
    way = "inline" if inline else "attachment"
    return Response(
        content, media_type=kind,
        headers={"content-disposition": f"{way}; filename*=UTF-8''{quote(name)}"},
    )  # fmt: skip


def _cell(reading: Connection, edition: Edition, typed: str) -> str:
    """The address of a cell of a consolidated workbook that the reader may see; or empty."""
    if edition.kind != KIND or not typed.strip():
        return ""
    address = find_cell(edition.id, typed)
    return address if address and numbers.sees_address(reading, address) else ""


def _crumbs(edition: Edition) -> list[Crumb]:
    return [
        Crumb("发布", "/publications"),
        Crumb(f"{edition.title}（第{edition.edition}版）", f"/publications/{edition.id}"),
    ]
