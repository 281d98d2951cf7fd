"""A steward at the desk in headless Chromium: the grid instead of another round, and its clicks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from acceptance import SPRING, member_row, query, write_registry
from portal_site import PASSWORD, Site
from test_correcting import COUNTY, members, place_of, process, report

from definitions import Definitions
from pipelines import flow
from pipelines.flow.ground import CHINA
from samples.registry import registry

pytestmark = pytest.mark.render
CHROMIUM = Path("/usr/bin/chromium")
UNITS = [u.code for u in registry().family("yongning")[:5]]


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The app on a port of its own, in a thread."""
    server = uvicorn.Server(uvicorn.Config(site.app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def site(module_home: Path, definitions: Definitions) -> Site:
    flow.register_organisations(
        str(write_registry(module_home / "organisations.yaml", UNITS)), SPRING
    )
    flow.open_period("2017-03", "2017-03-26T09:00:00")
    made = Site(definitions, at=datetime(2017, 4, 5, 16, 0, tzinfo=CHINA))
    made.account("ma", ("steward", COUNTY), ("county_reviewer", COUNTY))
    made.account("wang", ("reporter", UNITS[0]), ("signer", UNITS[0]))
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


class Hand:
    """A person's hand in the browser, which counts its clicks."""

    def __init__(self, browser: Any, base: str, login: str, width: int = 1440) -> None:
        self.page = browser.new_context(
            base_url=base, viewport={"width": width, "height": 900}, locale="zh-CN"
        ).new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.goto("/sign-in")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_selector("nav.menu")
        self.clicks, self.since = 0, time.monotonic()

    def click(self, what: str) -> None:
        self.clicks += 1
        self.page.locator(what).first.click()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since


def test_a_steward_mends_in_the_grid_the_unit_confirms_and_it_is_accepted(
    site: Site, browser: Any, definitions: Definitions, capsys: pytest.CaptureFixture[str]
) -> None:
    row = member_row(UNITS[0], 110) | {"members_total": 190}
    bad = report(definitions, UNITS[0], {"ORG-02": [row]})
    members(definitions, UNITS[1], 101)
    sheet, cell = place_of(definitions, "ORG-02", "members_total", bad)
    real = place_of(definitions, "ORG-02", "realname_members", bad)[1]
    with served(site) as base:
        steward = Hand(browser, base, "ma")
        steward.click("nav.menu a[href='/queue']")
        steward.click(f"tr[data-href='/queue/{bad}'] a")
        page = steward.page
        page.wait_for_selector("#claim.own")
        assert page.locator(f"input[name='v:{sheet}!{cell}']").input_value() == "190"
        page.locator(f"input[name='v:{sheet}!{cell}']").fill("110")
        if not page.locator(f"input[name='v:{sheet}!{real}']").count():
            steward.click(f"td[data-at='{sheet}!{real}']")
        page.locator(f"input[name='v:{sheet}!{real}']").fill("110")
        page.fill("#fix-reason", "电话核对，多写了一位")
        steward.click(".fixbar button:has-text('试算')")
        page.wait_for_selector(".trial.good")
        steward.click(".fixbar button.primary")
        page.wait_for_selector(".message:has-text('等待单位确认')")

        unit = Hand(browser, base, "wang")
        (made,) = query("SELECT id FROM correction WHERE submission_id = :i", i=bad)
        unit.page.goto("/proposals")
        unit.click(f"tr[data-href='/proposals/{made.id}'] a")
        unit.click("button:has-text('确认更正')")
        unit.page.wait_for_selector(".message:has-text('已确认')")
        assert steward.complaints + unit.complaints == []
        process()
        took = (steward.clicks, steward.seconds, unit.clicks, unit.seconds)
    (new,) = query(
        "SELECT s.id, s.state, s.life, s.version FROM submission s "
        "JOIN correction c ON c.receipt_id = s.receipt_id WHERE c.id = :i", i=made.id,
    )  # fmt: skip
    assert (new.state, new.life, new.version) == ("accepted", "validated", 2)
    with capsys.disabled():
        print(
            f"\nsteward {took[0]} clicks {took[1]:.1f} s, unit {took[2]} clicks {took[3]:.1f} s, "
            "verdict included"
        )
    assert took[0] <= 6
    assert took[2] <= 3


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_is_wider_than_its_window(site: Site, browser: Any, width: int) -> None:
    (one,) = query("SELECT min(id) AS id FROM submission")
    with served(site) as base:
        hand = Hand(browser, base, "ma", width)
        for path in ("/queue", f"/queue/{one.id}", "/coverage", "/coverage/units?state=never",
                     "/mends", "/changes", "/closing", "/proposals"):  # fmt: skip
            assert hand.page.goto(path).status == 200
            hand.page.wait_for_load_state("networkidle")
            wide = hand.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, path
        assert hand.complaints == []
