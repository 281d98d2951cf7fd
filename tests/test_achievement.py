"""How much of a target is reached: one meaning for figures, the board and the letters."""

from __future__ import annotations

from decimal import Decimal

import pytest

from definitions.periods import Period
from pipelines.progress import Actual, Task, progress_of
from warehouse.achievement import completion, meets

HIGHER, LOWER, MET = "越大越好", "越小越好", "达标"


@pytest.mark.parametrize(
    ("direction", "actual", "target", "reached"),
    [
        (HIGHER, 50, 100, "0.5"),
        (HIGHER, 278, 100, "2.78"),
        (HIGHER, -5, 100, "0"),
        (HIGHER, 0, 0, "1"),
        (LOWER, 8, 4, "0.5"),
        (LOWER, 2, 4, "2"),
        (LOWER, 0, 4, "1"),
        (LOWER, 0, 0, "1"),
        (LOWER, 1, 0, "0"),
        (MET, 99, 100, "0"),
        (MET, 100, 100, "1"),
        (HIGHER, None, 100, "0"),
    ],
)
def test_a_target_is_reached_by_its_direction(
    direction: str, actual: int | None, target: int, reached: str
) -> None:
    value = None if actual is None else Decimal(actual)
    share = completion(value, Decimal(target), direction)
    assert share == Decimal(reached)
    assert meets(value, Decimal(target), direction) == (share >= 1)


@pytest.mark.parametrize(
    ("direction", "actual", "percent"),
    [(HIGHER, 150, 150), (LOWER, 50, 100), (LOWER, 200, 50), (LOWER, 0, 100), (MET, 99, 0)],
)
def test_a_limit_that_is_kept_is_kept_wholly_on_the_board(
    direction: str, actual: int, percent: int
) -> None:
    task = Task("A", "T1", "W07", "I-SKILL-02", direction, False, {"2017": Decimal(100)})
    year = Period.parse("2017-12")
    found = progress_of(task, Actual(Decimal(actual), 1, 1), year, Decimal(80))
    assert (found.of_year, found.of_plan) == (percent, percent)
