"""axe over every page that a role's menu leads to, in Chromium: no serious fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pyotp
import pytest
from portal_site import PASSWORD
from portal_unit import AT, COUNTY, MILL, judged, month, opened, served

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.render,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is missing"),
]
SERIOUS = {"serious", "critical"}
MOST_PAGES = 14
ROLES = {
    "li": ("reporter", MILL),
    "ma": ("county_reviewer", COUNTY),
    "guan": ("steward", COUNTY),
    "lead": ("leader", COUNTY),
    "kao": ("assessor", COUNTY),
    "admin": ("administrator", COUNTY),
}


@pytest.fixture(scope="module")
def place(module_home, definitions) -> Iterator[Any]:
    site = opened(module_home, definitions)
    judged(month(definitions, 101, members_f=400))  # more women than members: it comes back
    for login, grant in ROLES.items():
        if login not in ("li", "ma"):
            site.account(login, grant)
    from playwright.sync_api import sync_playwright

    with served(site) as portal, sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield portal, chromium
        chromium.close()


def faults(page: Any) -> list[str]:
    """Serious faults of the page as it stands: rule, where, and how often."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{urlparse(page.url).path} {page.viewport_size['width']}: {v['id']} ×{len(v['nodes'])} "
        f"{v['nodes'][0]['html'][:160]}"
        for v in found
        if v["impact"] in SERIOUS
    ]


def test_axe_finds_a_fault_where_there_is_one(place):
    _, chromium = place
    page = chromium.new_page()
    page.set_content("<html><body><img src='x'><input></body></html>")
    assert {f.split(": ")[1].split(" ")[0] for f in faults(page)} >= {"image-alt", "label"}
    page.close()


@pytest.mark.parametrize("login", ROLES)
def test_no_page_of_a_role_has_a_serious_fault(place, login):
    portal, chromium = place
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(portal.url)
    found = faults(page)
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("form button.primary, form button")
    page.wait_for_load_state()
    if page.url.endswith("/second-factor"):
        found += faults(page)
        page.fill("[name=code]", pyotp.TOTP(page.inner_text("[data-secret]")).at(AT))
        page.click("main form button")
        page.wait_for_load_state()
        found += faults(page)
        page.goto(portal.url)
    menu = [a.get_attribute("href") for a in page.query_selector_all("nav.menu a")]
    assert menu
    todo, seen = ["/", *menu, "/password"], []
    while todo and len(seen) < MOST_PAGES:
        path = todo.pop(0)
        if path in seen:
            continue
        seen.append(path)
        answer = page.goto(portal.url + path)
        assert answer.status == 200, path
        found += faults(page)
        # One page below each list: what its first row leads to.
        row = page.query_selector("main tr[data-href]")
        if row and (below := row.get_attribute("data-href")) not in todo:
            todo.append(below)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in seen[1:4]:
        page.goto(portal.url + path)
        found += faults(page)
    context.close()
    assert not found, "\n".join(sorted(set(found)))
