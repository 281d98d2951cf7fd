"""Why a published number would be another today: late reports, changed definitions, parameters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from definitions import Definitions
from definitions.measures import Measure
from pipelines import flow
from pipelines.flow import comparing
from pipelines.flow.differences import DEFINED, LATE, PARAMETER, SHOWN, Difference
from tests.two_unions import FEDERATION, MILL, MINE, OPENED, definitions, file
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.organisations import register

AT, LATER = "2020-06-10T09:00:00", "2020-07-01T09:00:00"
PROJECT = {"started_on": date(2019, 1, 1), "target_text": "一年办结", "result_text": "已办结",
           "key_numbers": "受理单=16件（单位自述）", "novelty": 30.0, "mechanism": 20.0,
           "spread": 20.0, "selected": True}  # fmt: skip


@pytest.fixture
def draft(warehouse_home: Path) -> int:
    """A review of what one union had filed by the cut-off; another files after it."""
    with warehouse().begin() as c:
        register_definitions(c, definitions(), OPENED)
        register(c, FEDERATION, OPENED)
        for year in range(2018, 2022):
            ensure_partitions(c, year)
        file(c, "RES-02", "2019", PROJECT | {"project_id": "X1", "title": "甲"})
        contract = {"signed_on": date(2019, 1, 1), "valid_to": date(2021, 12, 31), "workers": 40,
                    "enterprises": 1, "scope": "企业"}  # fmt: skip
        file(c, "CON-01", "2019Q4",
             contract | {"contract_id": "C1", "contract_kind": "集体合同"},
             contract | {"contract_id": "C2", "contract_kind": "工资专项集体合同"})  # fmt: skip
    return int(flow.prepare_review(2019, AT)["publication"])


def told(found: tuple[Difference, ...], code: str) -> set[tuple[str, str]]:
    return {(r.kind, r.org) for d in found if d.indicator == code for r in d.reasons}


def with_new(monkeypatch: pytest.MonkeyPatch, changed: Definitions) -> None:
    """Today's definitions are others than those of the edition."""
    changed.__dict__["digest"] = "f" * 64
    with warehouse().begin() as c:
        register_definitions(c, changed, datetime(2020, 6, 20, tzinfo=UTC))
    monkeypatch.setattr(comparing, "definitions", lambda: changed)


def test_nothing_happened_and_nothing_differs(draft: int) -> None:
    assert flow.compare(draft, LATER) == ()


def test_a_report_that_came_after_the_cutoff_is_named_with_its_union(draft: int) -> None:
    with warehouse().begin() as c:
        file(c, "RES-02", "2019", PROJECT | {"project_id": "X9", "title": "乙"}, by=MINE,
             received=datetime(2020, 6, 20, tzinfo=UTC))  # fmt: skip
    found = flow.compare(draft, LATER)
    # the table by unit is printed now that there are two: the first one's number is as it was
    assert told(found, "I-RES-02") == {(LATE, MINE), (SHOWN, "")}
    assert {r.kind for d in found for r in d.reasons} == {LATE, SHOWN}
    assert [(d.unit, d.then) for d in found if d.reasons[0].kind == SHOWN] == [(MILL, None)]


def test_a_changed_definition_is_a_cause_of_its_own_numbers_only(
    draft: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = definitions()
    none = Measure.model_validate({"form": "RES-02", "count": "rows", "where": "novelty > 35"})
    changed = known.indicators["I-RES-02"].model_copy(update={"numerator": (none,)})
    with_new(monkeypatch, replace(known, indicators={**known.indicators, "I-RES-02": changed}))
    found = flow.compare(draft, LATER)
    assert told(found, "I-RES-02") == {(DEFINED, "")}
    assert {d.indicator for d in found} == {"I-RES-02"}


def test_a_changed_parameter_is_named(draft: int, monkeypatch: pytest.MonkeyPatch) -> None:
    known = definitions()
    kinds = known.parameters["contract_kinds_complete"]
    (value, *_) = kinds.values
    two = kinds.model_copy(update={"values": (value.model_copy(update={"value": 2}),)})
    parameters = {**known.parameters, "contract_kinds_complete": two}
    with_new(monkeypatch, replace(known, parameters=parameters))
    found = flow.compare(draft, LATER)
    assert told(found, "I-CON-03") == {(PARAMETER, "")}
    assert any("contract_kinds_complete" in r.what for d in found for r in d.reasons)
    assert {d.indicator for d in found} == {"I-CON-03"}
