"""Deliveries kept in batches: originals first, one receipt each, whatever arrives together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from pipelines.inbox import Delivery, Taken, take, taking
from pipelines.places import places
from warehouse.engine import prepare

AT = datetime(2017, 4, 3, 1, 0, tzinfo=UTC)


class Basket:
    """A channel that hands over what it is given, and remembers what it was told is kept."""

    name = "basket"

    def __init__(self, *given: tuple[str, bytes]) -> None:
        self.given = given
        self.kept: list[str] = []

    def deliveries(self) -> Iterator[Delivery]:
        for source, data in self.given:
            yield Delivery(source, f"{source}.xlsx", "甲", data)

    def done(self, delivery: Delivery) -> None:
        self.kept.append(delivery.source)


@pytest.fixture
def engine(warehouse_home) -> Iterator[Engine]:
    engine = prepare()
    yield engine
    engine.dispose()


def receipts(engine: Engine) -> list[tuple[str, str, str | None]]:
    """(source, state, source of the receipt it repeats), in order of arrival."""
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT r.source, r.state, f.source AS of FROM receipt r "
                "LEFT JOIN receipt f ON f.id = r.duplicate_of ORDER BY r.id"
            )
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("batch", [1, 2, 256])
def test_what_arrives_together_is_kept_like_what_arrives_alone(engine, monkeypatch, batch):
    monkeypatch.setattr(taking, "BATCH", batch)
    basket = Basket(("a", b"one"), ("b", b"two"), ("c", b"one"), ("a", b"one"), ("d", b"three"))
    assert take(engine, places().originals, basket, AT) == Taken(3, 1, 1)
    assert sorted(receipts(engine)) == [
        ("a", "waiting", None),
        ("b", "waiting", None),
        ("c", "duplicate", "a"),
        ("d", "waiting", None),
    ]
    assert basket.kept == ["a", "b", "c", "a", "d"]
    assert take(engine, places().originals, basket, AT) == Taken(0, 0, 5)
    assert take(engine, places().originals, Basket(("e", b"two")), AT) == Taken(0, 1, 0)


def test_no_receipt_without_its_original(engine, monkeypatch):
    """A disk that fails while a batch is flushed leaves no receipt; the next sweep takes all."""
    basket = Basket(("a", b"one"), ("b", b"two"))

    def broken(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="No space"):
            take(engine, places().originals, basket, AT)
    assert receipts(engine) == []
    assert basket.kept == []
    assert [p for p in places().originals.folder.rglob("*") if p.is_file()] == []
    assert take(engine, places().originals, basket, AT) == Taken(2, 0, 0)


def test_originals_are_whole_and_read_only(warehouse_home):
    originals = places().originals
    contents = [str(n).encode() * 1000 for n in range(40)]
    hashes = originals.put_many([*contents, contents[0]])
    assert hashes[-1] == hashes[0]
    assert [originals.get(h) for h in hashes[:-1]] == contents
    files = [p for p in originals.folder.rglob("*") if p.is_file()]
    assert len(files) == len(contents)
    assert {p.stat().st_mode & 0o222 for p in files} == {0}
