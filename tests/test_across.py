"""Rules over many organisations: each scene is filed and asked when its period closes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache

import pytest
from sqlalchemy import Connection

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from definitions.scenes import Filed, Scene, Unit
from pipelines.closing_checks.registry import RuleUnimplemented, refuse_unimplemented
from pipelines.closing_checks.seats import allocate, dues
from tests.across_scenes import AT, ask, file_scene, place_of, scenes
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, prepare


@cache
def definitions() -> Definitions:
    return load_definitions()


@pytest.fixture(scope="module")
def engine(module_home):
    """A warehouse that knows the definitions; registering a megabyte of them takes a second."""
    engine = prepare()
    with engine.begin() as connection:
        register_definitions(connection, definitions(), AT)
        for year in {int(s.period[:4]) for _, _, s in scenes(definitions())}:
            ensure_partitions(connection, year - 1)
            ensure_partitions(connection, year)
    return engine


@pytest.fixture
def connection(engine) -> Iterator[Connection]:
    """A warehouse that forgets what a test filed."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("rule", "number", "scene"),
    [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in scenes(definitions())],
)
@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "in the other order"])
def test_a_scene_shows_its_rule_at_its_cells_and_nothing_else(
    connection: Connection, rule: str, number: int, scene: Scene, backwards: bool
) -> None:
    if backwards:
        scene = scene.model_copy(update={"filed": tuple(reversed(scene.filed))})
    by = file_scene(connection, definitions(), scene)
    found = {
        (item.finding.rule, by[item.submission], item.finding.form, item.finding.cells): item
        for item in ask(connection, definitions(), scene.period)
    }
    expected = {(rule, *place_of(definitions(), spot, scene.period)): spot for spot in scene.found}
    assert found.keys() == expected.keys()
    for place, spot in expected.items():
        finding = found[place].finding
        assert "〔" not in finding.message + finding.advice, finding.message
        for words in spot.says:
            assert words in finding.message
        assert finding.severity is definitions().rule(rule).severity


def asked(connection: Connection, scene: Scene) -> list[tuple[str, str, str, str]]:
    """(rule, who filed, form, cell) of everything found in a scene."""
    by = file_scene(connection, definitions(), scene)
    return sorted(
        (i.finding.rule, by[i.submission], i.finding.form, i.finding.cell)
        for i in ask(connection, definitions(), scene.period)
    )


def test_a_rule_without_implementation_and_an_implementation_without_rule_are_refused() -> None:
    refuse_unimplemented(definitions())
    rules = dict(definitions().rules)
    scenes_of = rules["V-O-001"].scenes
    rules["V-O-999"] = rules["V-O-001"].model_copy(update={"code": "V-O-999"})
    with pytest.raises(RuleUnimplemented, match="规则 V-O-999 没有实现"):
        refuse_unimplemented(replace(definitions(), rules=rules))
    del rules["V-O-999"]
    rules["V-O-001"] = rules["V-O-001"].model_copy(update={"scenes": ()})
    with pytest.raises(RuleUnimplemented, match="实现 V-O-001 没有对应的规则"):
        refuse_unimplemented(replace(definitions(), rules=rules))
    assert scenes_of


def test_a_rule_is_asked_only_once_all_it_reads_is_closed(connection: Connection) -> None:
    scene = next(s for code, _, s in scenes(definitions()) if code == "V-O-001" and s.found)
    file_scene(connection, definitions(), scene)
    assert ask(connection, definitions(), scene.period, taking={("FIN-01", "2017-03")})
    assert not ask(connection, definitions(), scene.period, taking={("ORG-02", "2017-03")})


def test_nobody_is_compared_before_the_federation_decided_how(connection: Connection) -> None:
    """The thresholds of V-O-015 hold from 2019 on; the same figures of 2018 are left alone."""
    scene = next(s for code, _, s in scenes(definitions()) if code == "V-O-015" and s.found)
    assert asked(connection, scene.model_copy(update={"period": "2018-03"})) == []


def test_who_is_named_in_two_unions_is_named_in_no_finding(connection: Connection) -> None:
    scene = next(s for code, _, s in scenes(definitions()) if code == "V-O-011" and s.found)
    file_scene(connection, definitions(), scene)
    found = [item.finding for item in ask(connection, definitions(), scene.period)]
    assert found
    for finding in found:
        said = f"{finding.message}{finding.advice}{finding.value}{finding.expected}"
        assert "ID1" not in said and "~" not in said
        assert finding.value == ""


@pytest.mark.parametrize(
    ("unions", "said"),
    [
        (7, "A2厂工会、A3厂工会、A4厂工会、A5厂工会、A6厂工会、A7厂工会"),
        (9, "A2厂工会、A3厂工会、A4厂工会、A5厂工会、A6厂工会、A7厂工会等8家工会"),
    ],
)
def test_of_many_unions_with_one_activity_six_are_named_and_all_counted(
    connection: Connection, unions: int, said: str
) -> None:
    """Otherwise ten thousand walks of one day would be ten thousand names in every sentence."""
    row = {"name": "职工健步走", "kind": "全民健身", "held_on": date(2019, 3, 12)}
    scene = Scene(
        tells="多家工会同日同名的活动",
        period="2019-03",
        unions={f"A{n}": Unit(name=f"A{n}厂工会") for n in range(1, unions + 1)},
        filed=tuple(
            Filed(by=f"A{n}", form="CULT-01", rows=({"activity_id": f"N{n}", **row},))
            for n in range(1, unions + 1)
        ),
    )
    by = file_scene(connection, definitions(), scene)
    found = {by[i.submission]: i.finding for i in ask(connection, definitions(), scene.period)}
    assert len(found) == unions
    assert f"与{said}所报" in found["A1"].message


def test_a_zone_that_states_fewer_workers_than_its_unions_have_members(
    connection: Connection,
) -> None:
    """Its own row differs from the sum of the rows below as well, and both are said."""
    zone = Unit(name="示范开发区总工会", type="开发区（园区）总工会", level="区县级")
    scene = Scene(
        tells="园区报职工100人，一个工会就有会员120人",
        unions={"K": zone, "A": Unit(name="甲厂工会", block="K")},
        filed=(
            Filed(by="A", form="ORG-02", rows=({"workers_total": 130, "members_total": 120},)),
            Filed(by="K", form="ORG-02", rows=({"workers_total": 100, "members_total": 120},)),
        ),
    )
    assert asked(connection, scene) == [
        ("V-O-001", "K", "ORG-02", "B6"),
        ("V-O-012", "K", "ORG-02", "B6"),
    ]


def test_funds_per_worker_are_compared_within_a_size(connection: Connection) -> None:
    unions = {f"G{i:02}": Unit(name=f"第{i}厂工会") for i in range(1, 12)}
    payroll = dict.fromkeys(unions, 5000 * 200) | {"G03": 5000 * 200 * 12}
    scene = Scene(
        tells="十一家里有一家填了全年的工资总额",
        period="2019-03",
        unions=unions,
        filed=tuple(
            filed
            for code in unions
            for filed in (
                Filed(by=code, form="ORG-02", rows=({"workers_total": 200, "members_total": 180},)),
                Filed(by=code, form="FIN-01", rows=({"payroll": payroll[code]},)),
            )
        ),
    )
    by = file_scene(connection, definitions(), scene)
    (found,) = ask(connection, definitions(), scene.period)
    assert (by[found.submission], found.finding.cell) == ("G03", "B6")
    assert "人均工资总额（元）为 60000；" in found.finding.message
    assert "职工100—299人，共 11 家）的中位数为 5000" in found.finding.message


@pytest.mark.parametrize(
    ("seats", "groups", "given"),
    [
        (9, {"甲": (10, 1000), "乙": (10, 1000), "丙": (10, 1000)}, {"甲": 3, "乙": 3, "丙": 3}),
        (10, {"甲": (60, 6000), "乙": (30, 3000), "丙": (10, 1000)}, {"甲": 6, "乙": 3, "丙": 1}),
        (7, {"甲": (90, 9000), "乙": (9, 900), "丙": (1, 100)}, {"甲": 5, "乙": 1, "丙": 1}),
        (3, {"甲": (98, 98), "乙": (1, 1), "丙": (1, 1)}, {"甲": 1, "乙": 1, "丙": 1}),
    ],
)
def test_seats_follow_unions_and_members_and_every_group_has_one(
    seats: int, groups: dict[str, tuple[int, int]], given: dict[str, int]
) -> None:
    due = dues(seats, groups)
    assert sum(due.values()) == seats
    assert allocate(seats, due) == given


def test_fewer_seats_than_groups_cannot_be_shared() -> None:
    with pytest.raises(ValueError, match="1 seats for 2 groups"):
        allocate(1, {"甲": Fraction(1, 2), "乙": Fraction(1, 2)})
