"""The start page: what the person is responsible for and what needs them today."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from definitions import Definitions
from portal.asking import Known, Now, Person, Reading, SignedIn
from portal.page import NavItem, render
from portal.reading import home, reporter
from portal.routes.steward import HANDLES

router = APIRouter()
NAV = (NavItem("首页", "/", (), 0),)
SHOWN_AFTER_LOCK = timedelta(days=31)


@router.get("/")
def start(request: Request, person: Person, reading: Reading, known: Known, at: Now) -> Response:
    """Sections by what the person may do; each asks the database only when it is shown."""
    today = at.date()
    own = sorted({g.org_id for g in person.grants_for("submit") + person.grants_for("sign")})
    oversees = person.may("review", "mend_format", "read_figures")
    return render(
        request,
        "home.html",
        today=today,
        duties=duties(person, known),
        titles={f.code: f.title for f in known.forms},
        own_names={g.org_id: g.org_name for g in person.grants},
        handles=person.may(*HANDLES),
        sees_coverage=person.may("review", "chase", "send_back"),
        filings=_filings(reading, own, today) if own else None,
        coverage=home.coverage(reading, today) if oversees else None,
        stuck=home.stuck(reading, today) if person.may("review", "mend_format", "chase") else None,
        published=home.published(reading, today) if person.may("download") else None,
        accounts=home.accounts_summary(reading, at) if person.may("manage_accounts") else None,
    )


def _filings(reading: Connection, own: list[int], today: date) -> list[reporter.Owed]:
    """What the person's own units owe or owed lately, in order of the days."""
    owed = reporter.owed(reading, own, today)
    return sorted(
        (o for o in owed if o.lock_on >= today - SHOWN_AFTER_LOCK),
        key=lambda o: (not o.wants(today), o.due_on, o.period, o.form),
    )


def duties(person: SignedIn, known: Definitions) -> list[dict[str, str]]:
    """The person's grants in words: role, organisation, line, works, what the role is for."""
    told = []
    for grant in person.grants:
        role = known.roles.role(grant.role)
        works = "、".join(known.works[w] for w in grant.works or role.works)
        below = "及所属" if role.sees == "below" else ""
        told.append(
            {
                "role": role.name,
                "org": grant.org_name,
                "reach": f"{below}（{grant.line_name}）" if below else "",
                "works": works,
                "duty": role.duty,
            }
        )
    return told
