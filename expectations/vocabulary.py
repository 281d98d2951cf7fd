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
from great_expectations.expectations.registry import get_metric_kwargs
from great_expectations.validator.metric_configuration import MetricConfiguration

from definitions.expression import parse
from definitions.periods import Period
from expectations.cells import World, masks
from expectations.evaluate import broken

_INDEX_LIST = "unexpected_index_list"
_ROW_COUNT = "table.row_count"
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

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: dict[str, Any] | None = None
    ) -> Any:
        """Only which rows fail, and how many there are.

        The usual six metrics with what they rest on are 57 to work out for each expectation, most
        of the cost of a run over a chunk; and the values of failing rows, which one of them
        collects, would only be carried about: they are personal here and there.
        """
        wanted = super(MulticolumnMapExpectation, self).get_validation_dependencies(
            execution_engine=execution_engine, runtime_configuration=runtime_configuration
        )
        for name in (f"{self.map_metric}.{_INDEX_LIST}", _ROW_COUNT):
            given = get_metric_kwargs(
                name, configuration=self.configuration, runtime_configuration=runtime_configuration
            )
            wanted.set_metric_configuration(
                name,
                MetricConfiguration(
                    name, given["metric_domain_kwargs"], given["metric_value_kwargs"]
                ),
            )
        return wanted

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        failing = metrics[f"{self.map_metric}.{_INDEX_LIST}"]
        return {
            "success": not failing,
            "result": {
                "element_count": metrics[_ROW_COUNT],
                "unexpected_count": len(failing),
                "unexpected_index_list": failing,
            },
        }


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
