"""A county with two mills and an open month, and people of one mill in a portal that is served."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import openpyxl
import uvicorn
from portal_site import Site

from definitions import Definitions
from pipelines import flow
from pipelines.flow.ground import CHINA
from pipelines.flow.uploading import Upload, progress, upload, work_once
from pipelines.places import places
from samples.registry import registry
from tests.acceptance import SPRING, book_bytes, member_row, write_registry
from warehouse.life_cycle import Actor

MILL, MINE, POST = (u.code for u in registry().family("yongning")[:3])
COUNTY = "640121Z00001"
AT = datetime(2017, 4, 5, 9, 0, tzinfo=CHINA)
NOW = "2017-04-05T09:00:00"
Change = Callable[[openpyxl.Workbook], None]


def opened(home: Path, definitions: Definitions) -> Site:
    """An installation with March open, and accounts: li reports and wang signs for the mill."""
    flow.register_organisations(
        str(write_registry(home / "organisations.yaml", [MILL, MINE, POST])), SPRING
    )
    flow.open_period("2017-03", "2017-03-26T09:00:00")
    site = Site(definitions, at=AT)
    site.account("li", ("reporter", MILL))
    site.account("wang", ("signer", MILL))
    site.account("zhao", ("signer", MILL))
    site.account("hu", ("reporter", MINE))
    site.account("ma", ("county_reviewer", COUNTY))
    return site


def month(definitions: Definitions, members: int, unit: str = MILL, **more: object) -> bytes:
    """A March workbook of a unit."""
    row = member_row(unit, members) | more
    return book_bytes(definitions, unit, {"ORG-02": [row]}, "2017-03")


def changed(data: bytes, change: Change) -> bytes:
    """A workbook after somebody changed it in a spreadsheet program."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def process() -> None:
    """Everything that waits."""
    while work_once(NOW):
        pass


def judged(data: bytes, unit: str = MILL, name: str = "月报.xlsx") -> int:
    """Send a workbook and have it judged; the submission's number."""
    (one,) = upload([Upload(name, data)], unit, Actor("李敏", unit), NOW)
    process()
    ((outcome,),) = [p.outcomes for p in progress([one.receipt])]
    return outcome.submission


@dataclass(frozen=True)
class Served:
    """A portal that a browser can reach."""

    url: str
    site: Site


@contextmanager
def served(site: Site) -> Iterator[Served]:
    """The app on a port of its own, with a worker beside it, until the block ends."""
    config = uvicorn.Config(site.app, host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            if not work_once(NOW):
                time.sleep(0.05)

    threads = [threading.Thread(target=server.run), threading.Thread(target=work)]
    for thread in threads:
        thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", site)
    finally:
        stop.set()
        server.should_exit = True
        for thread in threads:
            thread.join(20)


__all__ = ["AT", "COUNTY", "MILL", "MINE", "NOW", "POST", "places"]
