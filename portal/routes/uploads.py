"""Uploads: files kept at once, their results as they happen."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.responses import Response

from pipelines.flow.uploading import Upload, told, upload
from pipelines.flow.uploading import progress as progress_of
from portal.asking import Forbidden, Now, Reading
from portal.own_unit import Reporter, acting, own_ids, unit
from portal.page import NavItem, redirect, render
from portal.reading import reporter
from warehouse.life_cycle import StepRefused

router = APIRouter()
NAV: tuple[NavItem, ...] = ()

MOST_FILES = 50
SLOW_SECONDS = 20
STEPS = ("received", "reading", "checking", "done")


@router.post("/my/uploads")
def take_files(
    request: Request,
    person: Reporter,
    at: Now,
    org: Annotated[str, Form()],
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Keep the files under receipts; nobody is told so before they are on the disk."""
    if not person.may("submit"):
        raise Forbidden("您的角色不能报送，请由填报员上传。")
    code = unit(person, org, "submit").org
    given = [Upload(f.filename or "", f.file.read()) for f in files or [] if f.filename]
    if len(given) > MOST_FILES:
        raise StepRefused(f"一次最多 {MOST_FILES} 个文件，请打成压缩包或分几次上传")
    answers = upload(given, code, acting(person, code), at.isoformat())
    query = "&".join(f"r={a.receipt}" for a in answers)
    if request.headers.get("hx-request") != "true":
        return redirect(request, f"/my/uploads?{query}")
    return _results(request, at, [a.receipt for a in answers], person)


@router.get("/my/uploads")
def results(
    request: Request,
    person: Reporter,
    reading: Reading,
    at: Now,
    r: Annotated[list[int] | None, Query()] = None,
) -> Response:
    """What became of some uploads, and what still waits; asked again each second until all done."""
    ids = reporter.own_receipts(reading, own_ids(person), (r or [])[:MOST_FILES], at)
    if request.headers.get("hx-request") == "true":
        return _results(request, at, ids, person)
    return render(request, "reporter/uploads.html", **_told(at, ids, person, reading))


def _results(request: Request, at: Now, ids: list[int], person: Reporter) -> Response:
    from warehouse.sight import as_person

    with as_person(person.site.engine, person.id, at.date()) as reading:
        return render(request, "reporter/parts/results.html", **_told(at, ids, person, reading))


def _told(at: Now, ids: list[int], person: Reporter, reading: Reading) -> dict[str, Any]:
    found = progress_of(ids)
    wanted = {p.first or p.receipt for p in found}
    # What others sent with the same content stays theirs: only own submissions are offered.
    sent = reporter.sent(reading, own_ids(person), at.date(), receipts=wanted, most=500)
    by_receipt: dict[int, list[reporter.Sent]] = {}
    for one in reversed(sent):
        by_receipt.setdefault(one.receipt_id, []).append(one)
    waits = [p for p in found if p.stage in ("received", "reading", "checking", "failed")]
    return {
        "files": [
            (
                p,
                told(p) if p.first is None or by_receipt.get(p.first) else ALREADY,
                by_receipt.get(p.first or p.receipt, []),
                (at - p.received_at).total_seconds() > SLOW_SECONDS,
            )
            for p in found
        ],
        "poll": "&".join(f"r={p.receipt}" for p in found) if waits else "",
        "steps": STEPS,
    }


ALREADY = "内容完全相同的文件已经收到过，不必再报，也没有重复处理。"
