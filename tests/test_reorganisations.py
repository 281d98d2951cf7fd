"""Reorganisations on real PostgreSQL: totals do not move, history and comparisons are right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from federation import START, Federation, event, moment, moved, union
from sqlalchemy import Connection, text

from definitions import Definitions
from definitions.model import Dated
from definitions.organisations import Organisation
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.organisations import ancestors, called, find, names_on, standing
from warehouse.reorganisations import (
    Contradiction,
    NotAllowed,
    confirm_changes,
    in_force_on,
    reject_changes,
    undo_superseded,
    waiting,
    withdraw_changes,
)

MEMBERS, NEW, UNIONS_MOVED = "I-ORG-04", "I-ORG-15", "I-ORG-25"
KNOWN = moment(2017, 8, 20)
TRADE, TRADES = "产业工会", "行业工会联合会"


@pytest.fixture
def connection(warehouse_home: object, definitions: Definitions) -> Iterator[Connection]:
    with warehouse().begin() as opened:
        register_definitions(opened, definitions, START)
        for year in (2016, 2017):
            ensure_partitions(opened, year)
        yield opened
        opened.rollback()


def federation(
    connection: Connection, definitions: Definitions, unions: list[Organisation]
) -> Federation:
    return Federation(connection, definitions, unions)


# --- 石嘴山: 48 + 602 ---

CITY = "SZS"
DAY = date(2017, 7, 1)


@pytest.fixture
def shizuishan(connection: Connection, definitions: Definitions) -> Federation:
    """48 unions directly under the city go to 3 zones and 3 industry unions, 602 of 3 counties
    to the zones; 30 unions of the counties stay. Every third has an industry parent as well."""
    counties, zones = ["D1", "D2", "D3"], ["Z1", "Z2", "Z3"]
    trades = ["I1", "I2", "I3"]
    unions = [union(CITY, "市级")]
    unions += [union(c, "区县级", {"块": CITY}) for c in counties + zones]
    unions += [union(c, "市级", {"块": CITY}) for c in trades]
    changes = []
    for n in range(48 + 602 + 30):
        old = CITY if n < 48 else counties[n % 3]
        parents = {"块": old} | ({"条": trades[n % 9 // 3]} if n % 3 == 0 else {})
        unions.append(union(f"G{n:03d}", "基层", parents))
        if n < 12 or 48 <= n < 650:
            changes.append(moved(f"G{n:03d}", old, zones[n % 3], DAY))
        elif n < 48:
            changes.append(moved(f"G{n:03d}", old, trades[n % 3], DAY))
    made = federation(connection, definitions, unions)
    for period, factor in (("2016-06", 10), ("2016-07", 11), ("2017-06", 20), ("2017-07", 22)):
        made.report(period, {f"G{n:03d}": factor * (n % 7 + 1) for n in range(680)})
    assert made.change(changes, KNOWN) == 48 + 602
    return made


def size(n: int, factor: int) -> int:
    return factor * (n % 7 + 1)


def test_shizuishan_the_citys_total_stays_zones_rise_and_counties_fall(
    shizuishan: Federation,
) -> None:
    f = shizuishan
    moving = range(48, 650)
    for month, factor in (("2017-06", 20), ("2017-07", 22)):
        everyone = sum(size(n, factor) for n in range(680))
        assert f.figure(MEMBERS, CITY, month) == everyone
        industry = [f.figure(MEMBERS, u, month, line=2) for u in ("I1", "I2", "I3", "0")]
        assert sum(v for v in industry if v is not None) == everyone
    for i, (county, zone) in enumerate((("D1", "Z1"), ("D2", "Z2"), ("D3", "Z3"))):
        gone = sum(size(n, 22) for n in moving if n % 3 == i)
        direct = sum(size(n, 22) for n in range(12) if n % 3 == i)
        left = sum(size(n, 22) for n in range(650, 680) if n % 3 == i)
        before = sum(size(n, 20) for n in range(48, 680) if n % 3 == i)
        assert f.figure(MEMBERS, county, "2017-06") == before
        assert f.figure(MEMBERS, county, "2017-07") == left
        assert f.figure(MEMBERS, zone, "2017-06") is None
        assert f.figure(MEMBERS, zone, "2017-07") == gone + direct


def test_shizuishan_comparable_growth_has_no_jump(shizuishan: Federation) -> None:
    f = shizuishan
    for unit in ("Z1", "D1", CITY):
        now = f.figure(MEMBERS, unit, "2017-07")
        before = f.figure(MEMBERS, unit, "2016-07", of="2017-07", basis="comparable")
        assert now is not None and before is not None
        assert now / before == Decimal(22) / 11  # the units doubled, every one of them
    as_reported = f.figure(MEMBERS, "D1", "2016-07", of="2017-07")
    assert as_reported == sum(size(n, 11) for n in range(48, 680) if n % 3 == 0)
    assert f.figure(MEMBERS, "Z1", "2016-07", of="2017-07") is None
    total = f.figure(MEMBERS, CITY, "2016-07", of="2017-07", basis="comparable")
    assert total == f.figure(MEMBERS, CITY, "2016-07", of="2017-07")


def test_shizuishan_as_of_before_and_after_it_was_known(shizuishan: Federation) -> None:
    f = shizuishan
    eve = KNOWN - timedelta(days=1)
    assert f.figure(MEMBERS, "Z1", "2017-07", known=eve) is None
    as_then = f.figure(MEMBERS, "D1", "2017-07", known=eve)
    assert as_then == sum(size(n, 22) for n in range(48, 680) if n % 3 == 0)
    parents = {o.code: o.block for o in standing(f.connection, date(2017, 6, 30))}
    after = {o.code: o.block for o in standing(f.connection, DAY)}
    assert sum(parents[c] != after[c] for c in parents) == 650
    assert {o.code: o.block for o in standing(f.connection, DAY, eve)} == parents


def test_flows_follow_the_month_or_the_end_of_the_year(
    shizuishan: Federation, definitions: Definitions
) -> None:
    f = shizuishan
    reported = sum(n % 3 == 0 for n in range(48, 680))  # units of D1 in June
    stayed = sum(n % 3 == 0 for n in range(650, 680))
    assert f.figure(NEW, "D1", "2017") == reported + stayed  # one a month and unit
    at_the_end = replaced(definitions, "flow_attribution", "期末归属")
    register_definitions(f.connection, at_the_end, START)
    assert f.figure(NEW, "D1", "2017", definitions=at_the_end) == 2 * stayed
    assert f.figure(NEW, CITY, "2017", definitions=at_the_end) == 2 * 680


def replaced(definitions: Definitions, code: str, value: object) -> Definitions:
    """The definitions with another value of one parameter from 2016 on."""
    from dataclasses import replace

    parameter = definitions.parameters[code]
    values = (Dated(since=date(2016, 1, 1), value=value, authority="试验"),)
    changed = parameter.model_copy(update={"values": values})
    return replace(
        definitions,
        parameters={**definitions.parameters, code: changed},
        sources={**definitions.sources, code: str(value)},
    )


# --- 重庆: 14 + 14 + 9 + 4 ---


def test_chongqing_41_unions_go_to_their_industry_unions_on_both_lines(
    connection: Connection, definitions: Definitions
) -> None:
    groups = {"A": 14, "B": 14, "C": 9, "D": 4}
    unions = [union("CQ", "市级")]
    unions += [union(f"I{g}", "市级", {"块": "CQ"}) for g in groups]
    codes = [f"{g}{n:02d}" for g, count in groups.items() for n in range(count)]
    unions += [union(c, "基层", {"块": "CQ"}) for c in codes]
    unions.append(union("REST", "基层", {"块": "CQ"}))
    f = federation(connection, definitions, unions)
    heads = {c: 10 + n for n, c in enumerate([*codes, "REST"])}
    for month in ("2017-06", "2017-07"):
        f.report(month, heads)
    both = [moved(c, "CQ", f"I{c[0]}", DAY) for c in codes]
    # before, no industry union had them: on that line the transfer has no old parent
    both += [event(c, "领导关系变更", DAY, line="条", to_parent=f"I{c[0]}") for c in codes]
    assert f.change(both, KNOWN) == 2 * 41
    for month in ("2017-06", "2017-07"):
        assert f.figure(MEMBERS, "CQ", month) == sum(heads.values())
    assert f.figure(MEMBERS, "0", "2017-06", line=2) == sum(heads.values())
    assert f.figure(MEMBERS, "0", "2017-07", line=2) == heads["REST"]
    for line in (1, 2):
        for g in groups:
            own = sum(v for c, v in heads.items() if c[0] == g and c != "REST")
            assert f.figure(MEMBERS, f"I{g}", "2017-07", line=line) == own
    lead = {o.code: o.lead for o in standing(connection, DAY)}
    assert {lead[c] for c in codes} == {"条为主"}


# --- 湖北: upgrade, conversion, restoration ---


def test_hubei_upgrade_conversion_and_restoration(
    connection: Connection, definitions: Definitions
) -> None:
    f = federation(
        connection,
        definitions,
        [
            union("HB", "省级"),
            union("ORGANS", "市级", {"块": "HB"}, type="系统（局/集团）工会"),
            union("MECH", "区县级", {"块": "HB"}, type=TRADES, name="机械行业工会联合会"),
            union("LIGHT", "市级", {"块": "HB"}, type=TRADE, resident="驻会", name="轻工工会"),
            union("BANK", "市级", {"块": "HB"}, type=TRADE, resident="不驻会", name="金融工会"),
            union("G1", "基层", {"块": "LIGHT"}),
            union("G2", "基层", {"块": "HB", "条": "LIGHT"}),
            union("G3", "基层", {"块": "HB", "条": "BANK"}),
        ],
    )
    closed, again = date(2017, 3, 1), date(2017, 6, 1)
    assert f.change([event("BANK", "撤销", closed, from_parent="HB")], KNOWN) == 1
    assert status(connection, "BANK", date(2017, 4, 1)) == "已撤销"
    f.change(
        [
            event(
                "MECH", "升格", DAY,
                after={"name": "机械工会", "type": "产业工会", "level": "市级", "resident": "驻会"},
            ),
            moved("G1", "LIGHT", "HB", DAY),
            event("LIGHT", "转型（产业转机关）", DAY, from_parent="HB", to_parent="ORGANS",
                  after={"name": "轻工行业办机关工会"}),
            event("BANK", "恢复", again, to_parent="HB", after={"lead": "条为主"}),
        ],
        KNOWN,
    )  # fmt: skip
    before = {o.code: o for o in standing(connection, date(2017, 5, 31))}
    after = {o.code: o for o in standing(connection, DAY)}
    assert (before["MECH"].level, before["MECH"].type) == ("区县级", "行业工会联合会")
    assert (after["MECH"].level, after["MECH"].type) == ("市级", "产业工会")
    assert (after["LIGHT"].type, after["LIGHT"].level) == ("基层工会委员会", "基层")
    assert (after["LIGHT"].resident, before["LIGHT"].resident) == ("", "驻会")
    assert after["LIGHT"].block == after["ORGANS"].id
    assert (after["BANK"].status, after["BANK"].lead) == ("正常", "条为主")
    # read by either name, of then and of now
    assert find(connection, "机械行业工会联合会") == find(connection, "机械工会") == ("MECH",)
    assert (before["LIGHT"].name, after["LIGHT"].name) == ("轻工工会", "轻工行业办机关工会")
    assert names_on(connection, DAY)["轻工工会"] == ("LIGHT",)
    f.report("2017-06", {"G1": 10, "G2": 20, "G3": 30})
    f.report("2017-07", {"G1": 10, "G2": 20, "G3": 30, "LIGHT": 5})
    assert f.figure(MEMBERS, "HB", "2017-06") == 10 + 20 + 30
    assert f.figure(MEMBERS, "LIGHT", "2017-06") == 10
    assert f.figure(MEMBERS, "HB", "2017-07") == 10 + 20 + 30 + 5
    assert f.figure(MEMBERS, "ORGANS", "2017-07") == 5
    for month, total in (("2017-06", 60), ("2017-07", 65)):
        industry = [f.figure(MEMBERS, u, month, line=2) for u in ("LIGHT", "BANK", "0")]
        assert sum(v for v in industry if v is not None) == total


def status(connection: Connection, code: str, day: date) -> str:
    return {o.code: o.status for o in standing(connection, day)}[code]


# --- a merger and a split ---


@pytest.fixture
def small(connection: Connection, definitions: Definitions) -> Federation:
    """A city with two counties and an industry union; G1 and G2 under A, G3 under B."""
    return federation(
        connection,
        definitions,
        [
            union("T", "市级"),
            union("A", "区县级", {"块": "T"}),
            union("B", "区县级", {"块": "T"}),
            union("I", "市级", {"块": "T"}),
            union("G1", "基层", {"块": "A", "条": "I"}),
            union("G2", "基层", {"块": "A"}),
            union("G3", "基层", {"块": "B"}),
        ],
    )


def test_a_merger_keeps_totals_and_folds_the_past_into_the_heir(small: Federation) -> None:
    f = small
    f.report("2016-07", {"G1": 50, "G2": 25, "G3": 20})
    f.report("2017-06", {"G1": 100, "G2": 50, "G3": 40})
    f.report("2017-07", {"G2": 50, "G3": 140})  # G3 has taken G1 in
    f.change([event("G1", "合并", DAY, from_parent="A", successor="G3")], KNOWN)
    assert f.figure(MEMBERS, "T", "2017-06") == f.figure(MEMBERS, "T", "2017-07") == 190
    # at the end of the year nobody is counted twice: G1's last stock went over to G3
    assert f.figure(MEMBERS, "T", "2017") == 190
    assert f.figure(MEMBERS, "A", "2017") == 50
    assert f.figure(MEMBERS, "I", "2017", line=2) is None
    assert f.figure(MEMBERS, "0", "2017", line=2) == 190
    # what it did while it lived counts where it was done
    assert f.figure(NEW, "A", "2017") == 1 + 1 + 1
    assert f.figure(NEW, "I", "2017", line=2) == 1
    # last year's members of G1 are comparable with those of G3
    assert f.figure(MEMBERS, "B", "2016-07", of="2017-07", basis="comparable") == 50 + 20
    assert f.figure(MEMBERS, "A", "2016-07", of="2017-07", basis="comparable") == 25
    assert f.figure(MEMBERS, "T", "2016-07", of="2017-07", basis="comparable") == 95
    assert f.figure(MEMBERS, "A", "2016-07", of="2017-07") == 75
    rows = f.connection.execute(text("SELECT count(*) FROM filing_row WHERE key = 'G1'")).scalar()
    assert rows == 2
    for unit, code, total in (("T", MEMBERS, 190), ("A", MEMBERS, 50), ("A", NEW, 3)):
        assert sum(behind(f, code, unit)) == total  # every figure walks back to its cells


def behind(f: Federation, code: str, unit: str) -> list[Decimal]:
    """What the cells behind a figure of 2017 add to it."""
    from definitions import Period
    from warehouse.lineage import cells_behind
    from warehouse.organisations import ids

    at = moment(2018, 1, 1)
    number, year = ids(f.connection)[unit], Period.parse("2017")
    cells = cells_behind(f.connection, f.definitions, code, number, 1, year, at)
    return [c.value for c in cells if c.value is not None]


def test_a_chain_of_mergers_ends_at_the_last_heir_and_an_abolished_union_with_nobody(
    small: Federation,
) -> None:
    f = small
    f.report("2016-07", {"G1": 50, "G2": 25, "G3": 20})
    f.report("2017-07", {"G3": 200})
    f.change([event("G1", "合并", date(2017, 3, 1), successor="G2")], KNOWN)
    f.change([event("G2", "合并", date(2017, 5, 1), successor="G3")], KNOWN)
    f.change([event("G3", "撤销", DAY, from_parent="B")], moment(2017, 9, 1))

    def comparable(unit: str, known: datetime) -> Decimal | None:
        return f.figure(MEMBERS, unit, "2016-07", of="2017-07", basis="comparable", known=known)

    assert comparable("B", moment(2017, 8, 25)) == 50 + 25 + 20
    assert comparable("T", moment(2017, 9, 2)) is None


def test_a_split_leaves_history_with_the_predecessor(
    small: Federation, connection: Connection
) -> None:
    from warehouse.organisations import register

    f = small
    f.report("2017-06", {"G1": 100, "G2": 50, "G3": 40})
    child = union("G9", "基层", {}, found="2017-07-01", status="筹建")
    register(connection, [child], KNOWN)
    f.change([event("G1", "分立", DAY, successor="G9", split_pct=40.0)], KNOWN)
    f.report("2017-07", {"G1": 60, "G9": 40, "G2": 50, "G3": 40})
    above = ancestors(connection, 1, DAY, ["G9"])["G9"]
    assert above == {"G9", "A", "T"}  # where the union stands that it came from
    assert status(connection, "G9", DAY) == "正常"
    assert f.figure(MEMBERS, "T", "2017-06") == f.figure(MEMBERS, "T", "2017-07") == 190
    assert f.figure(MEMBERS, "A", "2017-06") == f.figure(MEMBERS, "A", "2017-07") == 150
    assert f.figure(MEMBERS, "I", "2017-07", line=2) == 60
    assert f.figure(MEMBERS, "0", "2017-07", line=2) == 130


# --- four eyes, undone, corrected ---


def test_a_change_waits_until_somebody_above_confirms_it(small: Federation) -> None:
    f, c = small, small.connection
    move = moved("G2", "A", "B", DAY)
    f.change([move], KNOWN, confirm=["划转"], filed_by="A")
    (kept,) = waiting(c)
    assert parent(f, "G2", DAY) == "A"
    with pytest.raises(NotAllowed, match="须由上级工会复核"):
        confirm_changes(c, [kept.id], "A", "李四", KNOWN)
    with pytest.raises(NotAllowed, match="不是申报单位 A 的上级工会"):
        confirm_changes(c, [kept.id], "B", "李四", KNOWN)
    with pytest.raises(NotAllowed, match="须写明复核人"):
        confirm_changes(c, [kept.id], "T", " ", KNOWN)
    later = KNOWN + timedelta(days=2)
    assert confirm_changes(c, [kept.id], "T", "王五", later) == 1
    assert parent(f, "G2", DAY) == "B"
    assert waiting(c) == []
    # as known between filing and confirmation it had not moved, and waited
    day = KNOWN + timedelta(days=1)
    assert [k.id for k in waiting(c, day)] == [kept.id]
    assert (waiting(c, later), waiting(c, KNOWN - timedelta(days=1))) == ([], [])
    assert in_force_on(c, DAY, DAY, day) == []
    assert [k.id for k in in_force_on(c, DAY, DAY, later)] == [kept.id]
    blocks = {o.code: o.block for o in standing(c, DAY, KNOWN + timedelta(days=1))}
    assert blocks["G2"] == blocks["G1"]
    with pytest.raises(NotAllowed, match="没有编号为"):
        confirm_changes(c, [kept.id], "T", "王五", later)


def test_a_rejected_change_never_happens_and_stays_in_the_record(small: Federation) -> None:
    f, c = small, small.connection
    f.change([moved("G2", "A", "B", DAY)], KNOWN, confirm=["划转"], filed_by="A")
    (kept,) = waiting(c)
    assert reject_changes(c, [kept.id], "T", "王五", "批复文号不符", KNOWN) == 1
    assert (parent(f, "G2", DAY), waiting(c)) == ("A", [])
    row = c.execute(text("SELECT undone_by, reason FROM organisation_change")).one()
    assert tuple(row) == ("T 王五", "批复文号不符")


def test_what_was_taken_back_later_stands_in_what_was_told_before(small: Federation) -> None:
    f, c = small, small.connection
    f.change([moved("G2", "A", "B", DAY)], KNOWN)
    (kept,) = in_force_on(c, DAY, DAY, KNOWN)
    later = KNOWN + timedelta(days=2)
    assert withdraw_changes(c, [kept.id], "T 王五", "批复作废", later) == 1
    assert [k.id for k in in_force_on(c, DAY, DAY, KNOWN + timedelta(days=1))] == [kept.id]
    assert in_force_on(c, DAY, DAY, later) == []


def parent(f: Federation, code: str, day: date, line: int = 1) -> str | None:
    up = ancestors(f.connection, line, day)
    own = up[code] - {code}
    return next((p for p in own if up[p] | {code} == up[code]), None)


def test_a_corrected_file_undoes_what_it_had_said(small: Federation) -> None:
    f, c = small, small.connection
    first = f.declare("2017-07", "T", 2)
    rows = [
        moved("G2", "A", "B", DAY),
        event("G3", "更名", DAY, after={"name": "新名工会"}),
    ]
    f.change([at(r, first) for r in rows], KNOWN, filed_by="T")
    assert (parent(f, "G2", DAY), name(f, "G3", DAY)) == ("B", "新名工会")
    second = f.declare("2017-07", "T", 1)
    again = moved("G2", "A", "B", DAY)
    later = KNOWN + timedelta(days=1)
    assert f.change([at(again, second)], later, filed_by="T") == 0  # told again: the same event
    assert undo_superseded(c, later) == 1
    assert (parent(f, "G2", DAY), name(f, "G3", DAY)) == ("B", "G3工会")
    assert names_on(c, DAY).get("新名工会") is None
    third = f.declare("2017-07", "T", 0)
    assert third and undo_superseded(c, later + timedelta(days=1)) == 1
    assert parent(f, "G2", DAY) == "A"
    # what was believed in between can still be read
    blocks = {o.code: o.block for o in standing(c, DAY, KNOWN)}
    assert blocks["G2"] == blocks["G3"]
    kept = c.execute(text("SELECT count(*) FROM organisation_change")).scalar()
    assert kept == 2


def at(change: object, filing: int) -> object:
    from dataclasses import replace

    return replace(change, filing_id=filing)  # type: ignore[type-var]


def name(f: Federation, code: str, day: date) -> str:
    return {o.code: o.name for o in standing(f.connection, day)}[code]


def test_told_otherwise_by_a_newer_version_the_change_is_replaced(small: Federation) -> None:
    f, c = small, small.connection
    first = f.declare("2017-07", "T", 1)
    f.change([at(moved("G2", "A", "I", DAY), first)], KNOWN, filed_by="T")
    second = f.declare("2017-07", "T", 1)
    f.change([at(moved("G2", "A", "B", DAY), second)], KNOWN + timedelta(days=1), filed_by="T")
    assert undo_superseded(c, KNOWN + timedelta(days=1)) == 0
    assert parent(f, "G2", DAY) == "B"
    assert parent(f, "G2", DAY - timedelta(days=1)) == "A"


def test_two_files_that_tell_one_event_differently_are_never_both_believed(
    small: Federation,
) -> None:
    f = small
    first, other = f.declare("2017-07", "T", 1), f.declare("2017-07", "A", 1)
    f.change([at(moved("G2", "A", "B", DAY), first)], KNOWN, filed_by="T")
    with pytest.raises(Contradiction):
        f.change([at(moved("G2", "A", "I", DAY), other)], KNOWN, filed_by="A")


def test_after_closing_a_change_stays_and_a_correction_is_one_of_its_own(
    small: Federation, definitions: Definitions
) -> None:
    from definitions import Period
    from warehouse.organisations import open_periods

    f, c = small, small.connection
    open_periods(c, definitions, Period.parse("2017-07"), moment(2017, 7, 25))
    filing = f.declare("2017-07", "T", 1)
    f.change([at(moved("G2", "A", "B", DAY), filing)], KNOWN, filed_by="T")
    c.execute(text("UPDATE period SET closed_at = now() WHERE label = '2017-07'"))
    f.declare("2017-07", "T", 0)
    assert undo_superseded(c, KNOWN) == 0
    empty = f.declare("2017-08", "T", 1)
    with pytest.raises(NotAllowed, match="没有编号为"):
        confirm_changes(c, f.numbers(), "T", "王五", KNOWN)
    back = at(moved("G2", "B", "A", date(2017, 8, 1)), empty)
    assert f.change([back], KNOWN, filed_by="T") == 1
    assert (parent(f, "G2", DAY), parent(f, "G2", date(2017, 8, 1))) == ("B", "A")


def test_a_change_of_a_closed_period_cannot_be_withdrawn(
    small: Federation, definitions: Definitions
) -> None:
    from definitions import Period
    from warehouse.organisations import open_periods

    f, c = small, small.connection
    open_periods(c, definitions, Period.parse("2017-07"), moment(2017, 7, 25))
    filing = f.declare("2017-07", "T", 1)
    f.change([at(moved("G2", "A", "B", DAY), filing)], KNOWN, filed_by="T")
    c.execute(text("UPDATE period SET closed_at = now() WHERE label = '2017-07'"))
    with pytest.raises(NotAllowed, match="2017-07 已关闭"):
        withdraw_changes(c, f.numbers(), "T 王五", "填错", KNOWN)
    c.execute(text("UPDATE period SET closed_at = NULL WHERE label = '2017-07'"))
    assert withdraw_changes(c, f.numbers(), "T 王五", "填错", KNOWN) == 1
    assert parent(f, "G2", DAY) == "A"


def test_confirmed_in_any_order_the_timeline_is_the_same(small: Federation) -> None:
    f, c = small, small.connection
    early, late = moved("G2", "A", "B", date(2017, 3, 1)), moved("G2", "B", "I", DAY)
    f.change([late], KNOWN)  # the later event is approved first
    f.change([early], KNOWN + timedelta(days=1))
    assert [parent(f, "G2", d) for d in (date(2017, 2, 1), date(2017, 4, 1), DAY)] == [
        "A", "B", "I",
    ]  # fmt: skip
    first, second = f.numbers()
    withdraw_changes(c, [first], "T", "填错", KNOWN + timedelta(days=2))
    assert [parent(f, "G2", d) for d in (date(2017, 4, 1), DAY)] == ["B", "B"]
    withdraw_changes(c, [second], "T", "填错", KNOWN + timedelta(days=3))
    assert parent(f, "G2", DAY) == "A"
    assert c.execute(text("SELECT count(*) FROM affiliation WHERE org_id = 6")).scalar_one() >= 4


# --- names, codes, employers ---


def test_history_is_read_under_old_and_new_names_and_codes(
    connection: Connection, definitions: Definitions
) -> None:
    f = federation(
        connection,
        definitions,
        [
            union("T", "市级"),
            union(
                "640122-01", "基层", {"块": "T"}, name="宏远厂工会",
                former_codes=[{"name": "HL-0001", "since": "2010-01-01", "until": "2014-01-01"}],
            ),
        ],
    )  # fmt: skip
    f.change([event("640122-01", "更名", DAY, after={"name": "宏远公司工会"})], KNOWN)
    told = [(c.kind, c.text, c.since, c.until) for c in called(connection, ["640122-01"])]
    assert ("official", "宏远厂工会", date(2010, 1, 1), DAY) in told
    assert ("official", "宏远公司工会", DAY, None) in told
    assert ("former", "宏远厂工会", DAY, None) in told
    for words in ("宏远厂工会", "宏远公司工会", "HL-0001", "640122-01", " 宏远 公司工会"):
        assert find(connection, words) == ("640122-01",)
    assert find(connection, "无此工会") == ()


def test_a_joint_union_covers_many_employers_and_counts_members_once(
    connection: Connection, definitions: Definitions
) -> None:
    from warehouse.employers import Cover, cover, covered, leave

    joint = union(
        "L1", "基层", {"块": "T"}, is_joint=True, type="联合基层工会",
        employers=[{"name": "甲公司"}, {"name": "乙公司"}, {"name": "丙公司"}],
    )  # fmt: skip
    f = federation(connection, definitions, [union("T", "市级"), joint])
    assert covered(connection, DAY) == {"L1": ("丙公司", "乙公司", "甲公司")}
    assert cover(connection, [Cover("L1", "甲公司", "", date(2015, 1, 1))], KNOWN) == 0
    assert leave(connection, "L1", "乙公司", DAY, KNOWN)
    assert covered(connection, DAY) == {"L1": ("丙公司", "甲公司")}
    assert len(covered(connection, DAY - timedelta(days=1))["L1"]) == 3
    f.report("2017-07", {"L1": 90})
    assert f.figure(MEMBERS, "T", "2017-07") == 90
    f.change([event("L1", "撤销", date(2017, 8, 1), from_parent="T")], KNOWN)
    assert covered(connection, date(2017, 8, 1)) == {}


def test_a_decided_ranking_group_is_dated(connection: Connection, definitions: Definitions) -> None:
    from warehouse.ranking_groups import Placing, groups_on, place_in_groups

    known = union(
        "A", "区县级", {"块": "T"},
        groups=[{"scheme": "TRA-FED", "name": "山区组", "since": "2016-01-01"}],
    )  # fmt: skip
    federation(connection, definitions, [union("T", "市级"), known])
    place_in_groups(
        connection, [Placing("A", "TRA-FED", "川区组", date(2017, 1, 1), None, "文")], KNOWN
    )
    on = [groups_on(connection, "TRA-FED", date(y, 12, 31), KNOWN) for y in (2016, 2017)]
    assert on == [{"A": "山区组"}, {"A": "川区组"}]
    as_then = groups_on(connection, "TRA-FED", date(2017, 12, 31), KNOWN - timedelta(days=1))
    assert as_then == {"A": "山区组"}


# --- a warehouse of before ---


def test_what_was_believed_before_the_migration_is_what_changes_are_replayed_over(
    server_home: object,
) -> None:
    """Up from 0002 with a transfer made the old way, undone nowhere, and down again."""
    from pathlib import Path

    import psycopg
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    import warehouse.engine
    from warehouse import server
    from warehouse.reorganisations import rebuild, timelines

    base = server.database_url("postgres").replace("+psycopg", "")
    with psycopg.connect(base, autocommit=True) as opened:
        opened.execute("DROP DATABASE IF EXISTS before_0003")
        opened.execute("CREATE DATABASE before_0003")
    url = server.database_url("before_0003")
    config = Config()
    folder = Path(warehouse.engine.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url
    command.upgrade(config, "0002")
    engine = create_engine(url)
    with engine.begin() as c:
        c.execute(text(OLD_WAREHOUSE))
    command.upgrade(config, "head")
    with engine.begin() as c:
        before = timelines(c)
        assert [(s.until, s.value) for s in before["G"].parents["块"]] == [(DAY, "A"), (None, "B")]
        assert before["G"].states[0].value.type == "基层工会委员会"
        assert rebuild(c, ["G", "A"], KNOWN) == 0  # replaying what is there changes nothing
        assert timelines(c) == before
        living = c.execute(
            text("SELECT count(*) FROM organisation_change WHERE in_force_at IS NOT NULL")
        ).scalar()
        assert living == 0
    command.downgrade(config, "0002")
    with engine.begin() as c:
        kept = c.execute(text("SELECT count(*) FROM affiliation WHERE retired_at IS NULL")).scalar()
        assert kept == 2 + 2
    engine.dispose()


OLD_WAREHOUSE = """
INSERT INTO organisation (code, type, level, region, industry, reg_type, is_joint, found_date,
    recorded_at)
SELECT code, '基层工会委员会', '基层', '640200', '', '', false, '2010-01-01', '2016-01-01'
FROM unnest(ARRAY['T', 'A', 'B', 'G']) AS o (code);
INSERT INTO organisation_name (org_id, name, kind, valid)
SELECT id, code, 'official', daterange('2010-01-01', NULL) FROM organisation;
INSERT INTO organisation_state (org_id, status, lead, valid, recorded_at)
SELECT id, '正常', '块为主', daterange('2010-01-01', NULL), '2016-01-01' FROM organisation;
INSERT INTO affiliation (org_id, line, parent_id, valid, approval, recorded_at, retired_at)
SELECT o.id, 1, p.id, daterange(r.since, r.until), '', r.known::timestamptz, r.gone::timestamptz
FROM (VALUES
    ('A', 'T', '2010-01-01'::date, NULL::date, '2016-01-01', NULL),
    ('B', 'T', '2010-01-01', NULL, '2016-01-01', NULL),
    ('G', 'A', '2010-01-01', NULL, '2016-01-01', '2017-07-05'),
    ('G', 'A', '2010-01-01', '2017-07-01', '2017-07-05', NULL),
    ('G', 'B', '2017-07-01', NULL, '2017-07-05', NULL)
) AS r (org, parent, since, until, known, gone)
JOIN organisation o ON o.code = r.org JOIN organisation p ON p.code = r.parent;
"""
