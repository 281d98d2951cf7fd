"""Our two words in Great Expectations' language: a rule that holds, and cells that conform.

Importing this module imports Great Expectations (seconds): do it inside functions, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    MulticolumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (  # noqa: E501
    multicolumn_condition_partial,
)

from definitions.expression import parse
from definitions.periods import Period
from expectations.cells import World, masks
from expectations.evaluate import broken

_world: ContextVar[World] = ContextVar("world")


@contextmanager
def within(world: World) -> Iterator[None]:
    """What an expectation cannot carry in its JSON: calendar, code tables, day of receipt."""
    token = _world.set(world)
    try:
        yield
    finally:
        _world.reset(token)


class RuleHolds(MulticolumnMapMetricProvider):  # type: ignore[misc]
    """Rows for which a rule's condition is true or unknown."""

    condition_metric_name = "union_reports.rule_holds"
    condition_value_keys = ("text", "parameters", "period")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: pd.DataFrame, **given: Any) -> pd.Series[bool]:
        scope = replace(
            _world.get().scope,
            parameters=given["parameters"],
            period=Period.parse(given["period"]),
        )
        return pd.Series(~broken(parse(given["text"]), column_list, scope), index=column_list.index)


class CellsConform(MulticolumnMapMetricProvider):  # type: ignore[misc]
    """Rows in which no judged cell is wrong."""

    condition_metric_name = "union_reports.cells_conform"
    condition_value_keys = ("kind", "options")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: pd.DataFrame, **given: Any) -> pd.Series[bool]:
        wrong = masks(given["kind"], column_list, given["options"], _world.get())
        any_wrong = np.logical_or.reduce(list(wrong.values()))
        return pd.Series(~any_wrong, index=column_list.index)


class _Written(MulticolumnMapExpectation):  # type: ignore[misc]
    """Judges every row, blanks too; written once, so its configuration is built once.

    Great Expectations asks for the configuration some seventy times in one validation and builds
    it anew each time, which took half of the run.
    """

    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = "never"
    _written: Any = pydantic.PrivateAttr(default=None)

    @property
    def configuration(self) -> Any:
        """The configuration as first built."""
        if self._written is None:
            self._written = super().configuration
        return self._written


class ExpectRuleToHold(_Written):
    """Expect a rule's condition, in our expression language, to hold for every row."""

    text: str
    parameters: dict[str, Any] = {}
    period: str

    map_metric = "union_reports.rule_holds"
    success_keys = ("text", "parameters", "period", "mostly")


class ExpectCellsToConform(_Written):
    """Expect the cells of several columns to be right in one respect, named by `kind`."""

    kind: str
    options: dict[str, dict[str, Any]]

    map_metric = "union_reports.cells_conform"
    success_keys = ("kind", "options", "mostly")
