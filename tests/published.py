"""A small federation with two years of real workbooks and its published review, for many tests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.flow.collecting import waiting_chunks
from pipelines.flow.ground import CHINA, engine
from pipelines.inbox import HandIn, take
from pipelines.places import places
from samples.generate import generate
from samples.registry import organisations, registry
from samples.writing import Book, FilledForm, workbook_bytes
from tests.acceptance import write_registry
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions
from warehouse.organisations import open_periods

COUNTIES = {"yongning": "640121Z00001", "helan": "640122Z00001"}
MONTHS = ("2016-12", "2017-06", "2017-12")
FORMS = ("ORG-02", "FIN-01", "SKILL-01", "SKILL-02", "AID-02", "WARM-01")
AT = "2018-03-01T06:00:00+08:00"
LATER = "2018-05-01T06:00:00+08:00"
UNITS = tuple(u.code for family in COUNTIES for u in registry().family(family)[:8])
PARENT = {u.code: county for f, county in COUNTIES.items() for u in registry().family(f)[:8]}

Rows = dict[tuple[str, str], list[dict[str, Any]]]


@dataclass
class Published:
    """What was handed in by form and period, and the drafts of the review of 2017."""

    definitions: Definitions
    rows: Rows
    review: dict[str, Any]
    folder: Path


def publish(
    definitions: Definitions, folder: Path, seed: int = 7, *, reviewed: bool = True
) -> Published:
    """Register, collect and, unless it is not asked for, publish the review of 2017."""
    everyone = {o.code: o for o in organisations()}
    wanted: set[str] = set()
    todo = list(UNITS)
    while todo:
        code = todo.pop()
        if code not in wanted:
            wanted.add(code)
            todo += [p.parent for p in everyone[code].parents]
    history = generate(definitions, [everyone[c] for c in sorted(wanted)], MONTHS, seed, FORMS)
    rows: Rows = {k: v for k, v in history.tables.items() if v}
    opening = datetime(2015, 12, 31, tzinfo=CHINA)
    folder.mkdir(parents=True, exist_ok=True)
    units = write_registry(folder / "units.yaml", UNITS)
    flow.register_organisations(str(units), opening.isoformat())
    with engine().begin() as connection:
        register_definitions(connection, definitions, opening)
        for year in (2016, 2017, 2018):
            ensure_partitions(connection, year)
        for year in (2016, 2017):
            for number in range(1, 13):
                month = Period.parse(f"{year}-{number:02d}")
                opened = datetime(year, number, 25, tzinfo=CHINA)
                open_periods(connection, definitions, month, opened)
    for label in sorted({label for _, label in rows}, key=lambda p: (Period.parse(p).end, p)):
        hand_in(definitions, folder, {k: v for k, v in rows.items() if k[1] == label}, "报")
    review = flow.prepare_review(2017, AT) if reviewed else {}
    if review:
        flow.publish_review(review["publication"], "主席", "2018-03-02T09:00:00+08:00")
    return Published(definitions, rows, review, folder)


def hand_in(
    definitions: Definitions, folder: Path, rows: Rows, tag: str, at: datetime | None = None
) -> None:
    """One workbook per county with all its forms of one period, taken in and processed."""
    sent: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for (form, label), given in rows.items():
        for row in given:
            county = PARENT.get(row["org_code"], row["org_code"])
            if county not in COUNTIES.values():
                county = "640100Z00001"
            sent[county, label].setdefault(form, []).append(row)
    for (county, label), forms in sent.items():
        period = Period.parse(label)
        arrived = at or datetime.combine(period.end + timedelta(days=3), datetime.min.time(), CHINA)
        org = registry().org(county)
        filled = [FilledForm(definitions.form(f, period), r) for f, r in forms.items()]
        book = Book(org.code, org.name, period, arrived.date(), filled)
        path = folder / f"{tag}-{county}-{label}.xlsx"
        path.write_bytes(workbook_bytes(book, "plain", definitions))
        take(engine(), places().originals, HandIn([path], county), arrived)
    for chunk in waiting_chunks():
        flow.process(chunk, arrived.isoformat())
