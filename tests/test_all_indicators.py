"""All 183 indicators of the catalogue on a seeded federation, against a calculation in pandas.

The second calculation (tests/independent) is written from the formula texts of the catalogue, on
plain frames of the same rows, and shares no code with definitions/indicators or the warehouse. Both
must agree for every indicator, for the federation, every county, every industry union and what is
in none, in two months, two quarters and the year.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from definitions import Definitions, Period
from definitions.measures import Measure
from definitions.organisations import Organisation
from pipelines.load import filing_of
from tests.assessing import score_and_keep
from tests.checking import definitions as load
from tests.checking import sheet
from tests.independent import funds, targets
from tests.independent.frames import Asked, Book, Value
from tests.independent.seeded import (
    COUNTIES,
    GRASSROOTS,
    OUTSIDE,
    TOP,
    TRADES,
    UNITS,
    Sending,
    organisations,
    sendings,
)
from tests.independent.targets import FORMULAS
from warehouse import receipts
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.organisations import ids, open_periods, register
from warehouse.receipts import NewReceipt
from warehouse.rollup import compute
from warehouse.submissions import NewFinding, NewSubmission
from warehouse.submissions import load as load_submissions
from warehouse.tables import assessment, assessment_unit

CATALOGUE = {
    "ORG": 30, "HOME": 9, "AID": 11, "WARM": 5, "MUT": 5, "INNO": 13, "SKILL": 17, "SAFE": 8,
    "DEMO": 12, "CON": 7, "RIGHT": 13, "CADRE": 8, "CULT": 9, "WOM": 2, "RES": 4, "FIN": 13,
    "AUD": 4, "TGT": 4, "EVAL": 4, "DQ": 5,
}  # fmt: skip
"""How many indicators each family of the catalogue has; they are numbered from 01."""
CODES = [f"I-{family}-{n:02d}" for family, many in CATALOGUE.items() for n in range(1, many + 1)]

SEED = 2020
PERIODS = ("2020-07", "2020-12", "2020Q3", "2020Q4", "2020")
HEADS = (
    ("块", TOP), *(("块", c) for c in COUNTIES), *(("条", t) for t in TRADES), ("条", OUTSIDE)
)  # fmt: skip
LINES = {"块": 1, "条": 2}
OPENED = datetime(2019, 1, 1, tzinfo=UTC)
CUTOFF = datetime(2022, 1, 1, tzinfo=UTC)

Place = tuple[str, str, str]
"""Period label, line, unit."""


@dataclass(frozen=True)
class Stored:
    """A figure as the warehouse keeps it, with its coverage."""

    value: Value
    reported: int
    expected: int | None


@dataclass
class World:
    """The federation both ways: the warehouse's figures, and the frames of the same rows."""

    book: Book
    stored: dict[tuple[str, str, str, str], Stored]

    def told(self, place: Place, code: str) -> Value:
        found = self.stored.get((*place, code))
        return None if found is None else found.value

    def independent(self, place: Place, code: str) -> Value:
        label, line, unit = place
        return FORMULAS[code](Asked(self.book, line, unit, Period.parse(label)))


@pytest.fixture(scope="module")
def world(module_home: Any) -> Iterator[World]:
    known = load()
    sent = sendings(known, SEED)
    with warehouse().begin() as connection:
        register_definitions(connection, known, OPENED)
        register(connection, organisations(), OPENED)
        for year in range(2018, 2022):
            ensure_partitions(connection, year)
        for month in ("2019-12", *(f"2020-{m:02d}" for m in range(1, 13))):
            open_periods(connection, known, Period.parse(month), OPENED)
        for wave in sorted({s.wave for s in sent}):
            hand_in(connection, known, [s for s in sent if s.wave == wave], wave)
        book = Book(sent)
        labels = [p for p in periods_of(2020)]
        targets.REPORTING["all"] = targets.Reporting(known, sent, labels)
        assess(connection, known)
        score_and_keep(connection, known, "FPA", 2020, CUTOFF)
        stored = {}
        for label in PERIODS:
            number = compute(connection, known, Period.parse(label), CUTOFF, CUTOFF)
            stored |= figures(connection, number, label)
        yield World(book, stored)
        connection.rollback()


def periods_of(year: int) -> list[Period]:
    """Every period of a calendar year."""
    whole = Period.parse(str(year))
    parts = [
        Period.parse(f"{year}{k}{n}") for k, m in (("Q", 4), ("H", 2)) for n in range(1, m + 1)
    ]
    return [*whole.months(), *parts, whole]


def hand_in(connection: Connection, known: Definitions, sent: list[Sending], wave: int) -> None:
    """Workbooks of one round of judging, as the loader leaves them."""
    org_ids = ids(connection)
    names = [f"{wave}/{n}/{s.reporter}/{s.period}" for n, s in enumerate(sent)]
    arrived = receipts.record_many(
        connection,
        [
            NewReceipt(
                sha256=name, size=1, file_name="表.xlsx", channel="test", source=name,
                sender=s.reporter, received_at=s.received,
            )
            for name, s in zip(names, sent, strict=True)
        ],
    )  # fmt: skip
    load_submissions(
        connection,
        [
            NewSubmission(
                receipt_id=receipt.id, member="", sha256=name, format="xlsx",
                reporter_id=org_ids[s.reporter], period=s.period, state=s.state, cover={},
                definitions=known.digest, received_at=s.received,
                filings=[page(known, s, form, org_ids) for form in sorted(s.forms)],
                findings=[
                    NewFinding(f"V-R-{n:03d}", severity, "", "", form, "表", 6, (), "", "", "",
                               f"A{wave}", words)
                    for n, (form, severity, words) in enumerate(s.findings, start=1)
                ],
            )
            for name, s, receipt in zip(names, sent, arrived, strict=True)
            if receipt is not None
        ],
        datetime(2021, 6, wave, tzinfo=UTC),
    )  # fmt: skip


def page(known: Definitions, s: Sending, form: str, org_ids: dict[str, int]) -> Any:
    made = sheet(form, *s.forms[form], period=s.period)
    made.period = s.period
    return filing_of(made, known, s.reporter, org_ids, b"k" * 64)


def assess(connection: Connection, known: Definitions) -> None:
    """Two assessments of the year under scheme TRA; the later one replaces the marks it gives."""
    number = compute(connection, known, Period.parse("2019-05"), CUTOFF, CUTOFF)
    org_ids = ids(connection)
    given = [
        (1, {COUNTIES[0]: 71.25, COUNTIES[1]: 88.5, TRADES[0]: 65.0}),
        (2, {COUNTIES[0]: 91.75, COUNTIES[1]: None, GRASSROOTS[0]: 77.0}),
    ]
    for order, totals in given:
        scheme = connection.execute(
            insert(assessment)
            .values(
                scheme="TRA-FED-2018", year=2020, definitions=known.digest, computation_id=number,
                cutoff=datetime(2021, 7, order, tzinfo=UTC),
            )
            .returning(assessment.c.id)
        ).scalar_one()  # fmt: skip
        for unit, total in totals.items():
            funds.ASSESSED.setdefault((unit, 2020), []).append((order, total))
            row = {"assessment_id": scheme, "org_id": org_ids[unit], "ranking_group": "组",
                   "total": total, "grade": "", "detail": {}}  # fmt: skip
            connection.execute(insert(assessment_unit).values(row))


def figures(
    connection: Connection, number: int, label: str
) -> dict[tuple[str, str, str, str], Stored]:
    """What a computation says of its own period."""
    rows = connection.execute(
        text(
            "SELECT v.*, coalesce(o.code, '0') AS unit FROM indicator_value v "
            "LEFT JOIN organisation o ON o.id = v.org_id "
            "WHERE v.computation_id = :c AND v.period = :p AND v.basis = 'reported'"
        ),
        {"c": number, "p": label},
    )
    names = {number: line for line, number in LINES.items()}
    return {
        (label, names[r.line], r.unit, r.indicator): Stored(
            None if r.value is None else float(r.value), r.reported, r.expected
        )
        for r in rows
    }


def places() -> list[Place]:
    """Every head in every period, and every single union in the year."""
    found = [(label, line, unit) for label in PERIODS for line, unit in HEADS]
    return found + [("2020", "块", unit) for unit in UNITS if unit not in (TOP, *COUNTIES)]


def differs(one: Value, other: Value) -> bool:
    if one is None or other is None:
        return (one is None) != (other is None)
    return not math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def test_the_table_holds_every_indicator_of_the_catalogue_and_no_other() -> None:
    assert len(CODES) == 183
    assert sorted(FORMULAS) == sorted(CODES)
    assert set(CODES) <= set(load().indicators)


@pytest.mark.parametrize("code", CODES)
def test_the_warehouse_and_the_independent_calculation_agree(world: World, code: str) -> None:
    wrong = {
        place: (told, found)
        for place in places()
        if differs(told := world.told(place, code), found := world.independent(place, code))
    }
    assert wrong == {}, f"{code}: {{place: (warehouse, independent)}}"
    values = [world.told(place, code) for place in places()]
    assert any(v is not None for v in values), f"{code} says nothing in the whole federation"
    assert len({v for v in values if v}) >= 2, f"{code} is the same wherever it is not 0"


# --- coverage -----------------------------------------------------------------------------------

COVERED = {
    "I-ORG-03": "ORG-02", "I-ORG-09": "ORG-02", "I-ORG-18": "ORG-01", "I-ORG-19": "ORG-06",
    "I-ORG-11": "ORG-05", "I-MUT-05": "MUT-01", "I-WOM-01": "WOM-01", "I-INNO-01": "INNO-01",
    "I-SAFE-03": "SAFE-01", "I-DEMO-01": "DEMO-01", "I-RIGHT-07": "RIGHT-02", "I-AID-06": "AID-02",
    "I-CADRE-01": "CADRE-01", "I-CULT-07": "CULT-03", "I-FIN-03": "FIN-01", "I-FIN-07": "FIN-04",
    "I-EVAL-01": "EVAL-01", "I-WARM-01": "WARM-01", "I-WARM-05": "WARM-02",
}  # fmt: skip
"""Figures of every area that owes reports, and the form that they are made of."""


@pytest.mark.parametrize("code", COVERED)
def test_every_figure_says_how_many_reports_it_is_made_of(world: World, code: str) -> None:
    """x of y: reports that came of reports that were owed, in the periods inside the one told."""
    wrong, seen = {}, set()
    for label, line, unit in places():
        asked = Asked(world.book, line, unit, Period.parse(label))
        owed = [o for o in targets.reports(asked) if o.form == COVERED[code]]
        stored = world.stored.get((label, line, unit, code))
        if stored is None:
            # a union alone without the figure is not told of; one with others below it always is
            if owed and (line, unit) in HEADS:
                wrong[label, line, unit] = (None, len(owed))
            continue
        came = sum(o.received is not None for o in owed)
        found = (came, len(owed) if owed else stored.expected)
        seen.add(found)
        if (stored.reported, stored.expected) != found:
            wrong[label, line, unit] = ((stored.reported, stored.expected), found)
    assert wrong == {}
    assert any(expected and came < expected for came, expected in seen), "nobody is ever silent"


# --- people and person-times, ratios and means ---------------------------------------------------

PERSONS, TIMES = "人", "人次"


def people_counted(measures: Iterable[Measure]) -> set[str]:
    """人, 人次 or both: the units of the columns that are added up."""
    found = set()
    for measure in measures:
        form = load().newest(measure.form)
        for expression in (measure.sum, measure.largest):
            for name in expression.columns if expression else ():
                if name in form.position:
                    found.add(form.column(name).unit)
    return found & {PERSONS, TIMES}


def test_people_and_person_times_are_never_added_nor_divided() -> None:
    counting = 0
    for code, indicator in load().indicators.items():
        over = people_counted([*indicator.numerator, *indicator.minus])
        under = people_counted(indicator.denominator)
        assert len(over | under) < 2, f"{code} mixes 人 and 人次"
        if indicator.unit in (PERSONS, TIMES) and over:
            assert over == {indicator.unit}, code
            counting += 1
    assert counting > 20


def test_a_rate_is_made_of_sums_and_is_no_mean_of_rates(world: World) -> None:
    """职工入会率, of unions that differ in size; then every other ratio beside its mean."""
    members, workers, rate = (
        world.told(("2020", "块", TOP), code) for code in ("I-ORG-04", "I-ORG-03", "I-ORG-09")
    )
    assert members is not None
    assert workers is not None
    assert rate == pytest.approx(100 * members / workers)
    below = [world.told(("2020", "块", c), "I-ORG-09") for c in COUNTIES]
    unions = [v for u in GRASSROOTS if (v := world.told(("2020", "块", u), "I-ORG-09")) is not None]
    assert abs(rate - sum(v for v in below if v) / 3) > 0.01
    assert abs(rate - sum(unions) / len(unions)) > 0.5

    means, tried = [], 0
    for code in CODES:
        if load().indicators[code].aggregate != "ratio" or code.startswith(("I-TGT", "I-DQ")):
            continue
        parts = [v for c in COUNTIES if (v := world.told(("2020", "块", c), code)) is not None]
        whole = world.told(("2020", "块", TOP), code)
        if len(parts) < 2 or whole is None:
            continue
        tried += 1
        if math.isclose(whole, sum(parts) / len(parts), rel_tol=1e-6):
            means.append(code)
    assert tried > 50
    assert means == []


def test_both_lines_add_up_to_the_federation(world: World) -> None:
    """10.3: each figure stands once in each tree, so a move changes no total."""
    checked = 0
    for code in CODES:
        indicator = load().indicators[code]
        if indicator.aggregate not in ("sum", "latest", "distinct") or code.startswith("I-DQ"):
            continue
        for label in PERIODS:
            whole = world.told((label, "块", TOP), code)
            parts = [world.told((label, "条", t), code) for t in (*TRADES, OUTSIDE)]
            if whole is not None:
                assert sum(v or 0 for v in parts) == pytest.approx(whole), (code, label)
                checked += 1
    assert checked > 300


def test_growth_of_a_county_compares_nobody_who_has_left_it(warehouse_home: Any) -> None:
    """10.5: a union that moves takes its past along; those it leaves have only their own."""
    moved = {"line": "块", "parent": "C", "since": "2010-01-01", "until": "2020-01-01"}
    now = {"line": "块", "parent": "Z", "since": "2020-01-01"}
    top = {"line": "块", "parent": "T", "since": "2010-01-01"}
    unions = {
        "T": ("市级", []), "C": ("区县级", [top]), "Z": ("区县级", [top]),
        "G1": ("基层", [moved, now]), "G2": ("基层", [{**top, "parent": "C"}]),
    }  # fmt: skip
    known = load()
    with warehouse().begin() as connection:
        register_definitions(connection, known, OPENED)
        register(
            connection,
            [
                Organisation.model_validate(
                    {"code": code, "name": f"{code}工会", "type": "基层工会委员会", "level": level,
                     "region": "640200", "found": "2010-01-01", "parents": parents}
                )
                for code, (level, parents) in unions.items()
            ],
            OPENED,
        )  # fmt: skip
        for year in range(2018, 2022):
            ensure_partitions(connection, year)
        paid = {"item_kind": "公务接待"}
        amounts = {("G1", 2019): 100, ("G1", 2020): 80, ("G2", 2020): 500}
        hand_in(
            connection, known,
            [
                Sending(union, f"{year}Q4", datetime(year + 1, 1, 5, tzinfo=UTC), "accepted", 1, {
                    "FIN-06": [{**paid, "org_code": union, "item_id": f"K{year}", "amount": amount,
                                "paid_on": date(year, 11, 9)}]
                })
                for (union, year), amount in amounts.items()
            ],
            1,
        )  # fmt: skip
        number = compute(connection, known, Period.parse("2020"), CUTOFF, CUTOFF)
        told = figures(connection, number, "2020")
        connection.rollback()
    growth = {
        unit: told[slot].value if (slot := ("2020", "块", unit, "I-FIN-11")) in told else None
        for unit in unions
    }
    assert growth == {"T": 100 * (580 / 100 - 1), "Z": -20, "C": None, "G1": -20, "G2": None}
