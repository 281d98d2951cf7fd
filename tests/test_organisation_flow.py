"""ORG-03 and ORG-01 through the whole way: changes put in force, told at the cell, corrected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from acceptance import (
    SPRING,
    Outcome,
    book_bytes,
    hand_in,
    move_row,
    outcome_of,
    process_waiting,
    query,
    save,
    write_registry,
)

from definitions import Definitions, Period
from pipelines import flow
from pipelines.flow.ground import engine
from samples import membership
from samples.registry import registry
from warehouse.organisations import standing
from warehouse.reorganisations import NotAllowed

CITY, YONGNING, HELAN = "640100Z00001", "640121Z00001", "640122Z00001"
Y = [u.code for u in registry().family("yongning")[:4]]
H = [u.code for u in registry().family("helan")[:4]]
APRIL = date(2017, 4, 1)
AT = "2017-05-03T09:00:00"


@dataclass
class Desk:
    """Hands workbooks in, one after another."""

    folder: Path
    definitions: Definitions
    count: int = 0

    def hand(
        self, sender: str, rows: dict[str, list[dict[str, Any]]], at: str = AT,
        period: str = "2017-04",
    ) -> Outcome:  # fmt: skip
        """Hand in and process one workbook of rows by form."""
        self.count += 1
        data = book_bytes(self.definitions, sender, rows, period)
        path = save(self.folder / str(self.count), "报表.xlsx", data)
        hand_in([path], sender, at, period)
        process_waiting(at)
        return outcome_of(path)

    def changes(self, sender: str, *rows: dict[str, Any], at: str = AT) -> Outcome:
        """Hand in an ORG-03 of some rows."""
        numbered = [{**row, "seq": n} for n, row in enumerate(rows, 1)]
        return self.hand(sender, {"ORG-03": numbered}, at)

    def cell(self, column: str, row: int = 3) -> str:
        """The address of a column of ORG-03."""
        place = self.definitions.form("ORG-03", Period.parse("2017-04")).position[column]
        return f"{chr(ord('A') + place)}{row}"


@pytest.fixture
def desk(warehouse_home: Path, definitions: Definitions) -> Iterator[Desk]:
    path = write_registry(warehouse_home.parent / "organisations.yaml", [*Y, *H])
    flow.register_organisations(str(path), SPRING)
    flow.open_period("2017-04", "2017-04-25T09:00:00")
    yield Desk(warehouse_home.parent / "files", definitions)


def change_row(code: str, kind: str, **more: Any) -> dict[str, Any]:
    """A row of ORG-03 of any kind, on 1 April."""
    row = {
        "seq": 1, "org_code": code, "change_type": kind, "line": "块", "effective_date": APRIL,
        "approval_doc": "银总工〔2017〕12号", "members_at_change": 120, "workers_at_change": 140,
        "funds_settled": True,
    }  # fmt: skip
    return row | more


def org_01(code: str, **change: Any) -> dict[str, Any]:
    """The ORG-01 row of a union as the sample has it, changed."""
    (row,) = [
        e.row for e in membership.register(Period.parse("2017-12")) if e.row["org_code"] == code
    ]
    return row | change


def parents(day: date = APRIL) -> dict[str, str | None]:
    with engine().connect() as connection:
        found = standing(connection, day)
    codes = {o.id: o.code for o in found}
    return {o.code: codes.get(o.block or 0) for o in found}


def state(code: str, day: date = APRIL) -> Any:
    with engine().connect() as connection:
        return next(o for o in standing(connection, day) if o.code == code)


def places(outcome: Outcome) -> list[tuple[str, str]]:
    """What was said of the changes; other rules have tests of their own."""
    return [p for p in outcome.places if p[0].startswith("V-O-1")]


def test_a_corrected_org_03_undoes_its_effect(desk: Desk) -> None:
    first = desk.changes(
        CITY, move_row(H[0], HELAN, YONGNING, APRIL), move_row(H[1], HELAN, YONGNING, APRIL)
    )
    assert first.state == "accepted"
    assert (parents()[H[0]], parents()[H[1]]) == (YONGNING, YONGNING)
    second = desk.changes(CITY, move_row(H[0], HELAN, YONGNING, APRIL), at="2017-05-04T09:00:00")
    assert second.state == "accepted"
    assert (parents()[H[0]], parents()[H[1]]) == (YONGNING, HELAN)
    third = desk.changes(CITY, move_row(H[0], HELAN, CITY, APRIL), at="2017-05-05T09:00:00")
    assert third.state == "accepted", third.places
    assert parents()[H[0]] == CITY
    assert query("SELECT count(*) FROM organisation_change WHERE undone_at IS NULL") == [(1,)]
    assert query("SELECT count(*) FROM organisation_change") == [(3,)]


def test_in_a_closed_month_nothing_can_be_taken_back(desk: Desk) -> None:
    row = move_row(H[0], HELAN, YONGNING, APRIL)
    assert desk.changes(CITY, row).state == "accepted"
    with engine().begin() as connection:
        from sqlalchemy import text

        connection.execute(text("UPDATE period SET closed_at = now() WHERE label = '2017-04'"))
    other = desk.changes(CITY, move_row(H[1], HELAN, YONGNING, APRIL), at="2017-05-04T09:00:00")
    assert (other.state, places(other)) == ("returned", [("V-O-113", "")])
    assert "2017年4月" in other.findings[0].message
    assert parents()[H[0]] == YONGNING
    more = desk.changes(CITY, row, move_row(H[1], HELAN, YONGNING, APRIL), at="2017-05-04T10:00:00")
    assert more.state == "accepted", more.places


def test_moves_merge_and_end_in_one_sheet_and_the_dissolved_take_nobody(desk: Desk) -> None:
    together = desk.changes(
        CITY,
        change_row(HELAN, "合并", from_parent=CITY, successor=YONGNING),
        *(move_row(code, HELAN, YONGNING, APRIL) for code in H),
    )
    assert together.state == "accepted", together.places
    assert {parents()[code] for code in H} == {YONGNING}
    assert state(HELAN).status == "已合并"
    late = desk.changes(YONGNING, move_row(Y[0], YONGNING, HELAN, date(2017, 5, 1)))
    assert (late.state, places(late)) == ("returned", [("V-O-106", desk.cell("to_parent"))])
    assert "贺兰县总工会" in late.findings[0].message
    dead = desk.changes(HELAN, change_row(HELAN, "更名", effective_date=date(2017, 5, 1)))
    assert ("V-O-105", desk.cell("org_code")) in places(dead)


def test_an_end_with_unions_left_below_a_circle_and_an_overlap_are_refused(desk: Desk) -> None:
    left = desk.changes(CITY, change_row(HELAN, "撤销", from_parent=CITY))
    assert places(left) == [("V-O-110", desk.cell("org_code"))]
    assert "4 个下级工会" in left.findings[0].message
    circle = desk.changes(
        CITY, move_row(YONGNING, CITY, HELAN, APRIL), move_row(HELAN, CITY, Y[0], APRIL)
    )
    assert places(circle) == [("V-O-108", desk.cell("to_parent", 4))]
    twice = desk.changes(
        CITY, move_row(H[0], HELAN, YONGNING, APRIL),
        change_row(H[0], "领导关系变更", to_parent=CITY),
    )  # fmt: skip
    assert places(twice) == [("V-O-109", desk.cell("to_parent", 4))]
    assert query("SELECT count(*) FROM organisation_change") == [(0,)]


def test_two_reporters_cannot_tell_one_event_differently(desk: Desk) -> None:
    assert desk.changes(CITY, move_row(H[0], HELAN, YONGNING, APRIL)).state == "accepted"
    row = {**move_row(H[0], HELAN, CITY, APRIL), "approval_doc": "贺总工〔2017〕1号"}
    other = desk.changes(HELAN, row)
    assert ("V-O-109", desk.cell("approval_doc")) in places(other)
    assert parents()[H[0]] == YONGNING


def test_a_new_name_comes_with_org_01_of_the_same_workbook(desk: Desk) -> None:
    bare = desk.changes(CITY, change_row(YONGNING, "更名"))
    assert places(bare) == [("V-O-111", desk.cell("change_type"))]
    row = org_01(YONGNING, org_name="永宁县工会联合总会")
    named = desk.hand(CITY, {"ORG-03": [change_row(YONGNING, "更名")], "ORG-01": [row]})
    assert named.state == "accepted", named.places
    assert state(YONGNING).name == "永宁县工会联合总会"
    assert state(YONGNING, date(2017, 3, 31)).name == "永宁县总工会"


def test_a_split_registers_its_new_union_in_the_same_workbook(desk: Desk) -> None:
    child = org_01(
        YONGNING, org_code="640121F00001", org_name="永宁县园区总工会", found_date=APRIL,
        terr_parent=CITY, union_uscc=None, legal_person=False,
    )  # fmt: skip
    row = change_row(YONGNING, "分立", successor="640121F00001", split_ratio=40.0)
    split = desk.hand(CITY, {"ORG-03": [row], "ORG-01": [child]})
    assert split.state == "accepted", [(f.rule, f.cell, f.message) for f in split.findings]
    assert parents()["640121F00001"] == CITY
    assert query("SELECT split_pct FROM organisation_change") == [(40,)]


def test_what_the_federation_wants_confirmed_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.flow import reorganising

    monkeypatch.setattr(reorganising, "kinds_to_confirm", lambda known, day: ("划转",))
    assert desk.changes(HELAN, move_row(H[0], HELAN, YONGNING, APRIL)).state == "accepted"
    assert parents()[H[0]] == HELAN
    (told,) = flow.waiting_changes()
    number = told["编号"]
    with pytest.raises(NotAllowed, match="须由上级工会复核"):
        flow.confirm_changes([number], HELAN, "张三", AT)
    assert flow.confirm_changes([number], CITY, "李四", AT) == 1
    assert parents()[H[0]] == YONGNING
    assert flow.waiting_changes() == []
    # while it waited another change may have made it impossible
    desk.changes(HELAN, move_row(H[1], HELAN, YONGNING, APRIL))
    (told,) = flow.waiting_changes()
    monkeypatch.setattr(reorganising, "kinds_to_confirm", lambda known, day: ())
    end = date(2017, 4, 20)
    gone = desk.changes(
        CITY,
        *(move_row(c, YONGNING, CITY, end) for c in Y),
        change_row(YONGNING, "撤销", from_parent=CITY, effective_date=end),
    )
    assert gone.state == "accepted", gone.places
    with pytest.raises(NotAllowed, match="已撤销"):
        flow.confirm_changes([told["编号"]], CITY, "李四", AT)


def test_the_policy_is_dated(definitions: Definitions) -> None:
    from pipelines.flow.reorganising import kinds_to_confirm

    assert kinds_to_confirm(definitions, date(2017, 5, 1)) == ()
    after = kinds_to_confirm(definitions, date(2019, 1, 1))
    assert "合并" in after
    assert set(after) | {"更名"} == set(definitions.code_lists["CHANGE_TYPE"].values)
