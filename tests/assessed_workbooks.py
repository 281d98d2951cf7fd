"""A city with two counties whose year came in as real workbooks, in a portal with people of all
sides of an assessment: its units, the office, the assessors, the joint review, the chair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from httpx import Response
from portal_site import Site

from definitions import Definitions, Period
from pipelines import flow
from pipelines.flow.ground import CHINA
from samples.generate import generate
from samples.registry import organisations, registry
from tests import published
from tests.acceptance import write_registry
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.organisations import open_periods

TOP = "110000Z90001"
COUNTY, OTHER = published.COUNTIES.values()
SCHEME, YEAR = "TRA-FED-2017", 2017
MONTHS = ("2017-12",)
UNITS = tuple(u.code for family in published.COUNTIES for u in registry().family(family)[:2])
BASE = f"/assessments/{YEAR}/{SCHEME}"
OWN = f"/own-assessments/{YEAR}/{SCHEME}/{COUNTY}"
FORMS = ("ORG-02", "FIN-01", "INNO-01", "SKILL-01", "SKILL-02", "RIGHT-01", "RIGHT-02")
PEOPLE: dict[str, tuple[tuple[str, str], ...]] = {
    "kao": (("assessor", TOP),), "ping": (("assessor", TOP),), "shen": (("department", TOP),),
    "zhuxi": (("leader", TOP),), "tian": (("reporter", COUNTY),), "he": (("reporter", OTHER),),
    "liang": (("assessor", TOP), ("leader", TOP)),  # two hats: four eyes must still be two people
    "er": (("leader", COUNTY), ("steward", TOP)),  # signs for a county, sees the whole
}  # fmt: skip


@dataclass
class Quick:
    """A signed-in browser that remembers its token, so that a form costs one request."""

    client: Any
    csrf: str

    def get(self, path: str) -> Response:
        """Open a page."""
        return self.client.get(path)

    def post(self, path: str, data: dict[str, Any], **more: Any) -> Response:
        """Send a form; `files` may go with it."""
        return self.client.post(path, data={"csrf": self.csrf, **data}, **more)


@dataclass
class Place:
    """The portal, and the browsers of those who signed in since its clock was set."""

    site: Site
    people: dict[str, Quick]

    def on(self, day: str) -> None:
        """Set the portal's clock to nine in the morning of a day; everybody signs in again."""
        self.site.at = datetime.fromisoformat(f"{day}T09:00:00").replace(tzinfo=CHINA)
        self.people.clear()

    def as_(self, login: str) -> Quick:
        """The browser of a person, signed in."""
        if login not in self.people:
            browser = self.site.visitor()
            assert browser.sign_in(login).status_code == 303
            self.people[login] = Quick(browser.client, browser.token("/password"))
        return self.people[login]


def handed_in(definitions: Definitions, folder: Path) -> Place:
    """Register, open, generate and hand in workbooks; the portal on the tenth of February."""
    everyone = {o.code: o for o in organisations()}
    wanted: set[str] = set()
    todo = list(UNITS)
    while todo:
        code = todo.pop()
        if code not in wanted:
            wanted.add(code)
            todo += [p.parent for p in everyone[code].parents]
    chosen = [everyone[c] for c in sorted(wanted)]
    history = generate(definitions, chosen, MONTHS, 11, FORMS)
    rows = {k: v for k, v in history.tables.items() if v}
    opening = datetime(2015, 12, 31, tzinfo=CHINA)
    folder.mkdir(parents=True, exist_ok=True)
    flow.register_organisations(str(write_registry(folder / "u.yaml", UNITS)), opening.isoformat())
    with warehouse().begin() as connection:
        register_definitions(connection, definitions, opening)
        for year in (2017, 2018):
            ensure_partitions(connection, year)
        for label in MONTHS:
            opened = datetime.combine(
                Period.parse(label).start, datetime.min.time(), CHINA
            ).replace(day=25)
            open_periods(connection, definitions, Period.parse(label), opened)
    for label in sorted({label for _, label in rows}, key=lambda p: (Period.parse(p).end, p)):
        published.hand_in(
            definitions, folder, {k: v for k, v in rows.items() if k[1] == label}, "报"
        )
    site = Site(definitions, at=datetime(2018, 2, 10, 9, tzinfo=CHINA))
    for login, grants in PEOPLE.items():
        site.account(login, *grants)
    return Place(site, {})
