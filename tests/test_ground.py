"""Definitions read ahead, in a process that others are forked from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from definitions.loading import stamp
from pipelines.flow import ground


@pytest.fixture(autouse=True)
def afresh(module_home) -> Iterator[None]:
    """A process that has asked for nothing yet."""
    ground.forget_definitions()
    yield
    ground._READ.clear()
    ground.forget_definitions()


def test_what_was_read_ahead_is_not_read_again() -> None:
    ground.read_ahead()
    ahead = ground.files_alone()
    assert ground.definitions() is ahead


def test_files_that_changed_since_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ground.read_ahead()
    ahead = ground.files_alone()
    monkeypatch.setattr(ground, "stamp", lambda: frozenset({("forms/changed.yaml", 1, 1)}))
    found = ground.definitions()
    assert found is not ahead
    assert ground.definitions() is found


def test_a_stamp_tells_a_changed_file_from_the_same_one(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 1")
    before = stamp(tmp_path)
    assert stamp(tmp_path) == before
    file.write_text("a: 12")
    assert stamp(tmp_path) != before


def test_a_file_that_cannot_be_used_does_not_stop_the_parent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ground.DefinitionsInvalid([])

    monkeypatch.setattr(ground, "load_definitions", broken)
    ground.read_ahead()
    with pytest.raises(ground.DefinitionsInvalid):
        ground.definitions()
