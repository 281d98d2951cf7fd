"""Run the checks of a frame through Great Expectations, and turn failing rows into findings."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from definitions.model import Column, ColumnType
from expectations.cells import World, cumulative_expected, derived_value, masks
from expectations.evaluate import SUBMISSION, broken, evaluate_node
from expectations.findings import Finding, finding_of, show
from expectations.frames import Frame
from expectations.suites import RULE, Check, suite_of

HIDDEN = "***"
BY_ROW = ("duplicate", "jump", "same")
"""Kinds with one finding per row: a person explains a row once, not each of its cells."""
RESULT_FORMAT = {"result_format": "COMPLETE", "return_unexpected_index_query": False}


@dataclass(frozen=True)
class Found:
    """A finding and the row id it belongs to."""

    row: int
    finding: Finding


def run_checks(
    frame: Frame, checks: Sequence[Check], world: World, *, again: bool = False
) -> list[Found]:
    """All findings of a frame; every column that the checks read must have been joined.

    What was validated on receipt and is only asked `again` goes to the conditions directly: the
    same answers without Great Expectations' fixed cost of import and of every expectation.
    RuntimeError when an expectation could not be evaluated: that is a mistake in software or
    definitions, never in what was handed in.
    """
    if frame.data.empty or not checks:
        return []
    found: list[Found] = []
    failing = _failing_again if again else _failing
    for check, rows in failing(frame, checks, world):
        found.extend(_findings(frame, check, rows, world))
    return found


@lru_cache(maxsize=1)
def _batches() -> Any:
    """One in-memory data source for the life of the process; nothing is sent anywhere."""
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_pandas("rows")
    return source.add_dataframe_asset("chunk").add_batch_definition_whole_dataframe("whole")


def _failing(
    frame: Frame, checks: Sequence[Check], world: World
) -> Iterator[tuple[Check, list[int]]]:
    """Checks with failing rows, and the ids of those rows."""
    from expectations.vocabulary import within

    suite = suite_of(frame.form, frame.period, checks, world.definitions)
    with within(world):
        batch = _batches().get_batch({"dataframe": frame.data})
        outcome = batch.validate(suite, result_format=RESULT_FORMAT)
    for result in outcome.results:
        check = checks[result.expectation_config.meta["check"]]
        if "unexpected_index_list" not in result.result:
            raise RuntimeError(f"{frame.form.code} {check.rule.code}: {result.exception_info}")
        rows = result.result["unexpected_index_list"]
        if rows:
            yield check, sorted(int(r) for r in rows)


def _failing_again(
    frame: Frame, checks: Sequence[Check], world: World
) -> Iterator[tuple[Check, list[int]]]:
    """The same as `_failing`, from the conditions that its expectations rest on."""
    for check in checks:
        if check.kind == RULE:
            scope = replace(world.scope, parameters=check.parameters)
            wrong = broken(check.expressions[0], frame.data, scope)
        else:
            cells = masks(check.kind, frame.data, check.options, world)
            wrong = np.logical_or.reduce(list(cells.values()))
        rows = frame.data.index[np.flatnonzero(wrong)]
        if len(rows):
            yield check, sorted(int(r) for r in rows)


def _findings(frame: Frame, check: Check, rows: list[int], world: World) -> Iterator[Found]:
    if check.kind == RULE:
        yield from _of_rule(frame, check, rows, world)
        return
    wrong = masks(check.kind, frame.data, check.options, world)
    if check.kind in BY_ROW:
        sizes = _key_sizes(frame, check) if check.kind == "duplicate" else None
        for row in rows:
            marked = [code for code in check.columns if wrong[code][row]]
            values = _row_values(frame, check, row, marked)
            if sizes is not None:
                values["count"] = int(sizes[row])
            yield _found(frame, check, row, marked, values)
        return
    for code in check.columns:
        column = frame.form.column(code)
        expected = _expected(frame, check, code, world)
        for row in np.flatnonzero(wrong[code]).tolist():
            said: dict[str, Any] = {"expected": expected.get(row, expected.get(-1, ""))}
            if "flow" in check.options[code]:
                said["flow_label"] = frame.form.column(check.options[code]["flow"]).label
            if f"previous.{code}" in frame.data.columns:
                said["previous"] = _shown(frame.at(row, f"previous.{code}"), column)
            yield _found(frame, check, row, [code], said)


def _expected(frame: Frame, check: Check, code: str, world: World) -> dict[int, str]:
    """What a cell should hold, by row id; under -1 what holds for all rows."""
    options = check.options[code]
    column = frame.form.column(code)
    if check.kind in ("limits", "percent"):
        low, high = options.get("minimum"), options.get("maximum")
        if low is None:
            return {-1: f"不大于 {show(high)}"}
        return {-1: f"不小于 {show(low)}" if high is None else f"{show(low)}—{show(high)}"}
    if check.kind == "derived":
        assert column.derived is not None  # noqa: S101 (only such columns are judged)
        values = derived_value(frame.data, column.derived.text, world)
        return {i: _shown(v, column) for i, v in enumerate(values)}
    if check.kind == "cumulative":
        numbers = cumulative_expected(frame.data, code, options["flow"], world)
        return {i: _shown(v, column) for i, v in enumerate(numbers)}
    return {}


def _key_sizes(frame: Frame, check: Check) -> Any:
    """How many rows of the submission share each row's key."""
    keys = [SUBMISSION, *check.columns]
    return frame.data.groupby(keys, dropna=False)[SUBMISSION].transform("size").to_numpy()


def _row_values(frame: Frame, check: Check, row: int, marked: Sequence[str]) -> dict[str, Any]:
    """What the sentences of checks by row say: the key that is doubled, the figures that moved."""
    columns = [frame.form.column(code) for code in marked]
    if check.kind == "duplicate":
        return {
            "labels": "、".join(c.label for c in columns),
            "key": "、".join(_value(frame, row, c) for c in columns),
        }
    if check.kind == "same":
        changes = [f"{c.label} {_value(frame, row, c)}" for c in columns]
        return {"changes": "、".join(changes)}
    changes = []
    for column in columns:
        options = check.options[column.code]
        then: Any = frame.at(row, f"{options['against']}.{column.code}")
        now: Any = frame.at(row, column.code)
        share = f"（{(now - then) / abs(then):+.0%}）" if then else ""
        changes.append(f"{column.label} {_shown(then, column)}→{_shown(now, column)}{share}")
    limit = check.options[marked[0]]["limit_pct"]
    return {"changes": "、".join(changes), "limit": show(float(limit))}


def _of_rule(frame: Frame, check: Check, rows: list[int], world: World) -> Iterator[Found]:
    names = _placeholders(check)
    expected = _right_side(frame, check, rows, world)
    columns = {c.code: c for c in frame.form.columns}
    for row in rows:
        values: dict[str, Any] = {"expected": expected.get(row, "")}
        for name in names:
            column = columns.get(name.split(".")[-1])
            if name in frame.data.columns:
                values[name] = _shown(frame.at(row, name), column)
            elif name.startswith("param."):
                given = check.parameters.get(name.removeprefix("param."))
                given = world.scope.parameters.get(name.removeprefix("param."), given)
                values[name] = given if not isinstance(given, int) else float(given)
            elif name.startswith("period."):
                values[name] = getattr(frame.period, name.removeprefix("period."), frame.period)
        yield _found(frame, check, row, check.columns, values)


def _placeholders(check: Check) -> list[str]:
    texts = (check.rule.message, check.rule.advice)
    return [n for t in texts for _, n, _, _ in string.Formatter().parse(t) if n]


def _right_side(frame: Frame, check: Check, rows: list[int], world: World) -> dict[int, str]:
    """Where a rule says that a column equals something: that something, for the failing rows."""
    tree = check.expressions[0].tree
    match tree:
        case ast.Compare(left=ast.Name(id=code), ops=[ast.Eq()], comparators=[right]):
            pass
        case ast.Call(func=ast.Name(id="near"), args=[ast.Name(id=code), right, _]):
            pass
        case _:
            return {}
    cells = evaluate_node(right, frame.data, world.scope)
    column = frame.form.column(code)
    return {
        row: "" if cells.unknown[row] else _shown(_python(cells.values[row]), column)
        for row in rows
    }


def _python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def hidden(column: Column) -> bool:
    """Whether a column's content never stands in a finding: about persons, or free text."""
    return bool(column.personal) or column.type in (
        ColumnType.IDNO,
        ColumnType.PHONE,
        ColumnType.TEXT,
    )


def _shown(value: Any, column: Column | None) -> str:
    """A value as a person writes it, rounded to the column's decimals."""
    if value is None or pd.isna(value):
        return show(None)
    if column is not None and hidden(column):
        return HIDDEN
    value = _python(value)
    if isinstance(value, float) and column is not None:
        value = round(value, max(column.decimals, 2))
        if abs(value) < 1e15:
            return f"{value:.{max(column.decimals, 2)}f}".rstrip("0").rstrip(".")
    return show(value)


def _value(frame: Frame, row: int, column: Column) -> str:
    """What stood in a cell: its own text where it did not convert to itself."""
    raw = None if hidden(column) else frame.raw(row, frame.form.position[column.code])
    return raw if raw is not None else _shown(frame.at(row, column.code), column)


def _found(
    frame: Frame, check: Check, row: int, marked: Sequence[str], values: Mapping[str, Any]
) -> Found:
    sheet = frame.sheet(row)
    position = frame.form.position
    first = frame.form.column(marked[0]) if marked else None
    cells = [sheet.columns[position[code]] for code in marked]
    value = _value(frame, row, first) if first else ""
    filled: dict[str, Any] = {"value": value, "label": first.label if first else "", **values}
    finding = finding_of(
        check.rule,
        filled,
        form=frame.form.code,
        sheet=sheet.sheet,
        row=sheet.row_numbers[int(frame.row_of[row])],
        columns=tuple(c for c in cells if c is not None),
        field=first.code if first else "",
        value="" if first is not None and hidden(first) else value,
        expected=str(values.get("expected", "")),
    )
    return Found(row, finding)
