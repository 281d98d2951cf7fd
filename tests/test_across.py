"""Rules over many organisations: each scene of each rule is filed and asked when its period closes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from sqlalchemy import Connection, text

from definitions.loading import Definitions, load_definitions
from definitions.scenes import Filed, Scene, Unit
from pipelines.closing_checks import refuse_unimplemented
from pipelines.closing_checks.across import RuleUnimplemented
from tests.across_scenes import ask, file_scene, place_of, scenes
from warehouse.engine import prepare


@cache
def definitions() -> Definitions:
    return load_definitions()


@pytest.fixture(scope="module")
def engine(module_home):
    return prepare()


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
    expected = {
        (rule, *place_of(definitions(), spot, scene.period)): spot for spot in scene.found
    }
    assert found.keys() == expected.keys()
    for place, spot in expected.items():
        finding = found[place].finding
        assert "〔" not in finding.message + finding.advice, finding.message
        for words in spot.says:
            assert words in finding.message
        assert finding.severity is definitions().rule(rule).severity
