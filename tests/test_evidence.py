"""What an assessment reads from the warehouse: whose figures, on which line, from which cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from definitions import Period
from pipelines.assess import AssessmentInputs, assess
from pipelines.consolidate import consolidate
from pipelines.flow.evidence import gather, owed_in
from pipelines.flow.extras import extras_of
from tests.checking import definitions
from tests.two_unions import (
    CITY,
    CUTOFF,
    MILL,
    MINE,
    TRADE,
    federation,
    file,
)
from warehouse.current import WarehouseContext
from warehouse.cutoff import prepare_cutoff

YEAR = Period.parse("2019")


@pytest.fixture
def opened(warehouse_home: Any) -> Iterator[Connection]:
    with federation() as connection:
        yield connection


def scheme(code: str) -> Any:
    return next(s for s in definitions().schemes if s.code == code)


def gathered(opened: Connection, code: str) -> AssessmentInputs:
    """The inputs of a scheme in 2019, as everything stands."""
    computation = consolidate(opened, definitions(), YEAR, CUTOFF, CUTOFF)
    prepare_cutoff(opened, CUTOFF)
    owed = owed_in(opened, YEAR, CUTOFF)
    return gather(opened, definitions(), scheme(code), 2019, computation, CUTOFF, owed)


def members(opened: Connection, union: str, count: int, new: int) -> None:
    """A union's ORG-02 of December."""
    row = {"members_total": count, "workers_total": 200, "new_members": new}
    file(opened, "ORG-02", "2019-12", row, by=union)


def letter(task: str, indicator: str, target: float, **more: Any) -> dict[str, Any]:
    given = {"task_id": task, "work": "W01", "indicator": indicator, "period": "2019"}
    given |= {"target": target, "direction": "越大越好", "owner": "示例", "weight": 100.0}
    return given | more


# --- an industry union is measured by its industry -----------------------------------------------


def test_an_industry_union_is_scored_by_its_industry_and_not_by_itself(opened: Connection) -> None:
    members(opened, MILL, 110, 9)
    members(opened, MINE, 50, 4)  # not of this industry
    funds = {"payroll": 5000, "due": 100, "paid": 80.0, "paid_route": "自行缴纳"}
    file(opened, "FIN-01", "2019-12", funds | {"retained": 48, "remitted": 32})
    own = {"payroll": 1000, "due": 20, "paid": 20.0, "paid_route": "自行缴纳"}
    file(opened, "FIN-01", "2019-12", own | {"retained": 12, "remitted": 8}, by=TRADE)
    file(opened, "TGT-01", "2019", letter("T1", "I-ORG-15", 9), by=TRADE)
    inputs = gathered(opened, "TRA-IND-2019")
    assert [u.code for u in inputs.units] == [TRADE]
    told = {m.indicator: m for m in inputs.measurements}
    assert told["I-ORG-04"].value == 110
    assert told["I-ORG-15"].value == 9
    # what its own office paid in is no work of its industry
    assert told["I-FIN-03"].numerator == 80
    assert told["I-FIN-03"].reference == f"条/{TRADE}/2019/I-FIN-03"
    lines = {
        p.part.indicator: p
        for p in assess(scheme("TRA-IND-2019"), inputs).unit(TRADE).block("targets").parts
        if p.part is not None
    }
    assert lines["I-FIN-03"].actual == 100 * 80 / 100
    assert lines["I-FIN-03"].reference.startswith("条/")


def test_the_review_and_the_checks_read_the_same_line(opened: Connection) -> None:
    members(opened, MILL, 110, 9)
    file(opened, "TGT-01", "2019", letter("T1", "I-ORG-15", 9), letter("T2", "I-ORG-04", 111),
         by=TRADE)  # fmt: skip
    computation = consolidate(opened, definitions(), YEAR, CUTOFF, CUTOFF)
    extras = extras_of(opened, definitions(), YEAR, computation, CUTOFF)
    (work,) = [w for w in extras.works if w.work == "W01"]
    assert (work.tasks, work.met) == (2, 1)
    assert [(u.actual, u.target) for u in extras.unmet] == [(110, 111)]
    table = WarehouseContext(opened, definitions()).computed("2019")
    mine = table[table["org_code"] == TRADE].set_index("indicator")["value"]
    assert mine["I-ORG-04"] == 110


def test_a_territorial_federation_stays_with_its_territory(opened: Connection) -> None:
    members(opened, MILL, 110, 9)
    members(opened, MINE, 50, 4)
    table = WarehouseContext(opened, definitions())
    consolidate(opened, definitions(), YEAR, CUTOFF, CUTOFF)
    found = table.computed("2019").set_index(["org_code", "indicator"])["value"]
    assert found[CITY, "I-ORG-04"] == 110 + 50
    assert found[MILL, "I-ORG-04"] == 110
