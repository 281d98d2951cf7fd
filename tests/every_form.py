"""The seeded federation of three levels and two lines in an installation, for reports of units."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from definitions import Definitions, Period
from pipelines import flow
from pipelines.flow.ground import engine
from tests.acceptance import query
from tests.independent.seeded import Row, Sending, organisations, sendings
from tests.test_all_indicators import OPENED, hand_in
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions
from warehouse.organisations import open_periods, register

AT = "2022-01-01T08:00:00+08:00"
SEED = 2020
LINK = re.compile(r'<a class="n" id="[^"]+" href="/numbers/([^/"]+)/(\d+)"[^>]*>([^<]+)</a>')
DIGITS = re.compile(r"-?[\d,]+(?:\.\d+)?")


def install(
    known: Definitions,
    forms: Collection[str],
    without: Collection[str] = (),
    since: str = "2020",
) -> list[Sending]:
    """Register the federation and load what its unions sent of some forms from a year to 2020.

    `without` are unions that sent nothing at all. Returns what was loaded.
    """
    few = replace(known, forms=tuple(f for f in known.forms if f.code in forms))
    sent = [
        replace(s, findings=[])
        for s in sendings(few, SEED)
        if s.forms and s.reporter not in without and s.period >= since
    ]
    with engine().begin() as connection:
        register_definitions(connection, known, OPENED)
        register(connection, organisations(), OPENED)
        for year in range(2018, 2022):
            ensure_partitions(connection, year)
        for month in range(1, 13):
            open_periods(connection, known, Period.parse(f"2020-{month:02d}"), OPENED)
        for wave in sorted({s.wave for s in sent}):
            hand_in(connection, known, [s for s in sent if s.wave == wave], wave)
    return sent


def rows_of(sent: Collection[Sending], form: str, unit: str) -> Iterator[tuple[str, Row]]:
    """Period and row of what counts of a union's form: of each period what was judged last."""
    last: dict[str, Sending] = {}
    for one in sorted(sent, key=lambda s: s.wave):
        if one.reporter == unit and form in one.forms and one.state != "returned":
            last[one.period] = one
    for label, one in sorted(last.items(), key=lambda p: (Period.parse(p[0]).end, p[0])):
        for row in one.forms[form]:
            yield label, row


def published(code: str, period: str, unit: str | None = None) -> dict[str, Any]:
    """A report of a unit."""
    return flow.publish_report(code, period, AT, unit)


def page(made: dict[str, Any]) -> str:
    """The web page of a report."""
    path = next(Path(f) for f in made["files"] if f.endswith(".html"))
    return path.read_text(encoding="utf-8")


def words(made: dict[str, Any]) -> str:
    """What its readers read, without marks."""
    return html.unescape(re.sub(r"<[^>]+>", "", page(made).partition("<details")[0]))


def links(made: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Reference, number and text of every printed number."""
    return [(ref, int(n), html.unescape(told)) for ref, n, told in LINK.findall(page(made))]


_WALKED: dict[tuple[str, str], list[tuple[str, Any]]] = {}


def steps(made: dict[str, Any], source: str) -> list[tuple[str, Any]]:
    """Text and step of every printed number of a source, walked once."""
    key = (made["reference"], source)
    if key not in _WALKED:
        wanted = query(
            "SELECT ordinal FROM publication_number "
            "WHERE publication_id = :number AND source = :source",
            number=made["publication"],
            source=source,
        )
        numbers = {r.ordinal for r in wanted}
        _WALKED[key] = [(t, flow.walk(ref, n)) for ref, n, t in links(made) if n in numbers]
    return _WALKED[key]


def shown(text: str) -> Decimal:
    """The number in a printed text, without its sign."""
    found = DIGITS.search(text)
    assert found is not None, text
    return abs(Decimal(found.group().replace(",", "")))
