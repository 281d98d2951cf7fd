"""What all pages of an assessment share: who comes in, addresses, tabs, refusals in words."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, UploadFile
from sqlalchemy import text

from definitions.schemes import Scheme
from pipelines.flow import assessing_year as year_of
from pipelines.flow.assessment_files import File
from portal.asking import Known, NotFound, Now, Reading, SignedIn, may, signed_in
from portal.page import Crumb
from portal.reading import staff

READERS = ("read_figures", "mark")
ASSESSING = ("conduct_assessment", "mark", "judge_assessment", "publish")
"""Verbs of those who have a part in the course of a year."""
MOST_DIGITS = 15
"""Before or after the point; no figure of a federation has more."""
Reader = Annotated[SignedIn, Depends(may(*READERS))]


def assessing(person: Annotated[SignedIn, Depends(signed_in)]) -> SignedIn:
    """The signed-in person, if they have a part in some year's course; else there is no page."""
    if not person.may_at_top(*ASSESSING):
        raise NotFound
    return person


Assessing = Annotated[SignedIn, Depends(assessing)]


def base_of(scheme: str, year: int) -> str:
    """Address of one assessment."""
    return f"/assessments/{year}/{quote(scheme)}"


def sees_whole(reading: Reading) -> bool:
    """Whether the reader answers for every form of the whole federation."""
    return bool(reading.execute(text("SELECT 0 IN (SELECT sight_ids('portal.full'))")).scalar())


def require_whole(reading: Reading) -> None:
    """The course concerns the whole federation; who sees a part of it has no part in it."""
    if not sees_whole(reading):
        raise NotFound


def round_or_none(scheme: str, year: int, at: Now) -> year_of.RoundState | None:
    """A round with everything that happened in it; None where it has not begun."""
    if not 1900 < year < 2200:
        raise NotFound
    return year_of.assessment_state(scheme, year, at.isoformat())


def scheme_or_404(known: Known, code: str) -> Any:
    """A scheme by its code; NotFound where there is none."""
    found = next((s for s in known.schemes if s.code == code), None)
    if found is None:
        raise NotFound
    return found


def head(
    known: Known, person: SignedIn, reading: Reading, scheme: str, year: int
) -> dict[str, Any]:
    """What the pages of one assessment share: its title, address and tabs."""
    found = scheme_or_404(known, scheme)
    base = base_of(scheme, year)
    tabs: list[tuple[str, str, int | None]] = [("排名和得分", base, None)]
    if staff.is_federation(reading):
        if person.may_at_top(*ASSESSING) and sees_whole(reading):
            tabs.append(("办理进程", f"{base}/course", None))
            if isinstance(found, Scheme):
                tabs += [(label, f"{base}/{path}", None) for label, path in _entries(found)]
        if isinstance(found, Scheme):
            tabs.append(("试算", f"{base}/what-if", None))
    return {"title": found.title, "base": base, "tabs": tabs, "year": year, "scheme": scheme}


def _entries(scheme: Scheme) -> list[tuple[str, str]]:
    """The pages on which a scheme's year is entered."""
    sources = {b.source for b in scheme.blocks}
    found = [("自评", "self")]
    if "ratings" in sources:
        found.append(("群众评价", "ballots"))
    if "assessors" in sources:
        found.append(("考评组评分", "marks"))
    return [
        *found, ("会审核定", "review"), ("现场抽查", "sample"), ("申诉", "appeals"),
        ("结果运用", "consequences"),
    ]  # fmt: skip


def crumbs_of(base: str, year: int, label: str, path: str = "", last: str = "") -> list[Crumb]:
    """The way to a page of a year's course; `last` is a page below the one of a path."""
    found = [Crumb("考核", "/assessments"), Crumb(f"{year} 年度", f"{base}/course")]
    if not last:
        return [*found, Crumb(label)]
    return [*found, Crumb(label, f"{base}/{path}"), Crumb(last)]


def told_of(error: Exception) -> str:
    """A refusal as a person reads it; a date or number that is none is said, not shown."""
    if isinstance(error, LookupError):
        return str(error).strip("'")
    return "日期或数字写法不对，请检查后再试"


def number_of(text: str, where: str = "") -> Decimal:
    """A number as people type it, thousands apart or not; LookupError, after `where`, for none."""
    plain = text.replace(",", "").replace("，", "").removesuffix("%").strip()
    try:
        found = Decimal(plain)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found.adjusted()) > MOST_DIGITS:
        raise LookupError(f"{where}“{text[:20]}”不是数字")
    return found


def uploaded(file: UploadFile | None) -> File | None:
    """A file of evidence as it was sent; None where none was chosen."""
    if file is None or not file.filename:
        return None
    name = file.filename.replace("\\", "/").rsplit("/", 1)[-1][:120]
    return File(name, file.file.read())
