"""Rows that are being made: their frame, what is broken in them, and a copy with some changed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from definitions.expression import Expression
from definitions.model import Column, ColumnType, Form, Severity
from expectations.cells import World, derived_value, masks
from expectations.context import join_context
from expectations.evaluate import ABSENT, SUBMISSION, UNREADABLE, call_name, evaluate_node
from expectations.frames import Frame, typed
from expectations.suites import RULE, Check, checks_for
from pipelines.validate import Context, RowsAtHand
from samples.draw import within
from samples.entries import Row

Changes = Mapping[str, Mapping[int, Any]]
"""New values by column and row."""
Tables = Mapping[tuple[str, str], Sequence[Row]]
"""Rows by form and period label."""


@dataclass(frozen=True)
class Task:
    """What holds for all drafts of one form and period: what is checked, and what was before.

    `before` answers for earlier periods and other forms. `derived` are the computed columns, each
    after those that it reads; a check of them all is among `checks`, so that what they read
    elsewhere is joined. Notices are nobody's mistake.
    """

    form: Form
    world: World
    before: Context
    checks: tuple[Check, ...]
    derived: tuple[Column, ...]

    @classmethod
    def of(cls, form: Form, world: World, before: Context) -> Task:
        """The task of a form in the world's period."""
        definitions = world.definitions
        checks = [
            c
            for c in checks_for(form, world.scope.period, definitions)
            if c.rule.severity is not Severity.NOTICE
        ]
        derived = _in_order([c for c in form.columns if c.derived])
        if derived:
            options = {c.code: {"check": f"filled({c.derived.text})"} for c in derived if c.derived}
            checks.append(Check(definitions.rule("V-C-017"), "derived", options))
        return cls(form, world, before, tuple(checks), tuple(derived))


def _in_order(columns: list[Column]) -> list[Column]:
    """Computed columns, each after the computed columns that it reads."""
    names = {c.code for c in columns}
    done: list[Column] = []
    while len(done) < len(columns):
        ready = [
            c
            for c in columns
            if c not in done
            and c.derived
            and not (set(c.derived.columns) & names) - {d.code for d in done}
        ]
        if not ready:
            raise ValueError(f"computed columns read one another in a circle: {sorted(names)}")
        done += ready
    return done


@dataclass
class Draft:
    """Some rows of a form and which checks they break.

    `data` has what `expectations.frames` gives a frame, with everything that checks read joined.
    """

    task: Task
    data: pd.DataFrame
    _broken: dict[int, NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def of(cls, task: Task, rows: Sequence[Row]) -> Draft:
        """A draft of rows by column code."""
        data: dict[str, Any] = {SUBMISSION: np.zeros(len(rows), dtype=np.int64)}
        for column in task.form.columns:
            data[column.code] = typed(column, [row.get(column.code) for row in rows])
        for note in (UNREADABLE, ABSENT):
            data[note] = pd.array([None] * len(rows), dtype="string")
        draft = cls(task, pd.DataFrame(data))
        draft._complete({c.code for c in task.form.columns})
        return draft

    def changed(self, changes: Changes) -> Draft:
        """The same rows with some values replaced, computed columns and joins done again."""
        data = self.data.copy()
        for code, values in changes.items():
            column = self.task.form.column(code)
            column_values = self.column(code)
            for row, value in values.items():
                column_values[row] = value
            data[code] = typed(column, column_values)
        draft = Draft(self.task, data)
        touched = draft._complete(set(changes))
        for number, wrong in self._broken.items():
            if not touched & set(self.task.checks[number].reads):
                draft._broken[number] = wrong
        return draft

    def column(self, code: str) -> list[Any]:
        """Values of a column as Python has them; None where blank."""
        return [_python(v) for v in self.data[code].astype(object)]

    def rows(self) -> list[Row]:
        """All rows; whole numbers as int."""
        columns = {c.code: self.column(c.code) for c in self.task.form.columns}
        for column in self.task.form.columns:
            if column.type is ColumnType.INT:
                columns[column.code] = [
                    None if v is None else round(v) for v in columns[column.code]
                ]
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]

    def broken(self, number: int) -> NDArray[np.int64]:
        """In how many ways each row breaks a check: cells of a wide one, parts joined by `and`."""
        if number not in self._broken:
            self._broken[number] = self._break(self.task.checks[number])
        return self._broken[number]

    def _break(self, check: Check) -> NDArray[np.int64]:
        wrong = np.zeros(len(self.data), dtype=np.int64)
        if check.kind != RULE:
            for mask in masks(check.kind, self.data, check.options, self.task.world).values():
                wrong += mask
            return wrong
        tree = check.expressions[0].tree
        parts = tree.values if isinstance(tree, ast.BoolOp) and _joins(tree) else [tree]
        for part in parts:
            cells = evaluate_node(part, self.data, self.task.world.scope)
            wrong += ~cells.values.astype(bool) & ~cells.unknown
        return wrong

    def cost(self) -> NDArray[np.int64]:
        """In how many ways each row breaks the checks."""
        total = np.zeros(len(self.data), dtype=np.int64)
        for number in range(len(self.task.checks)):
            total += self.broken(number)
        return total

    def _complete(self, touched: set[str]) -> set[str]:
        """Join and compute whatever depends on the columns touched; all columns that changed."""
        world = self.task.world
        touched = self._join(touched)
        for column in self.task.derived:
            assert column.derived is not None  # noqa: S101 (only such columns are in the list)
            if touched & set(_reads(column.derived)):
                values = derived_value(self.data, column.derived.text, world)
                self.data[column.code] = typed(column, [_fit(column, v) for v in values])
                touched = self._join({column.code}) | touched
        return touched

    def _join(self, touched: set[str]) -> set[str]:
        """Join again what the checks read elsewhere, where it depends on the columns touched."""
        form = self.task.form
        keys = {*form.keys, "org_code"}
        everything = touched >= form.position.keys()
        reads = [
            _Reads(
                c.joined if touched & keys else (),
                tuple(n for n in c.calls if everything or touched & _depends(n, form)),
            )
            for c in self.task.checks
        ]
        reads = [r for r in reads if r.joined or r.calls]
        if not reads:
            return touched
        names = {n for r in reads for n in (*r.joined, *map(call_name, r.calls))}
        data = self.data.drop(columns=[n for n in names if n in self.data.columns])
        none = np.zeros(0, dtype=np.int64)
        world = self.task.world
        frame = Frame(form, world.scope.period, data, [], [], none, none)
        evidence = RowsAtHand(world.definitions, self.task.before, [frame])
        join_context(frame, cast(list[Check], reads), evidence, world)
        self.data = frame.data
        return touched | names


def _depends(call: ast.Call, form: Form) -> set[str]:
    """Columns of the form on which the result of a call on other rows may depend."""
    names = {n.id for n in ast.walk(call) if isinstance(n, ast.Name)}
    literals = [str(a.value) for a in call.args if isinstance(a, ast.Constant)]
    function = call.func.id if isinstance(call.func, ast.Name) else ""
    if function in ("exists_in", "lookup"):
        if literals[0] == form.code:
            names |= {*literals[1:], *(str(k.arg) for k in call.keywords), "org_code"}
    elif function.startswith("register_") and form.ledger:
        names |= {"org_code", form.ledger.date, *form.ledger.keys}
    elif form.code in literals[:1]:
        names |= form.position.keys()
    return names


@dataclass(frozen=True)
class _Reads:
    """What of a check is to be joined again: the part of a Check that joining looks at."""

    joined: tuple[str, ...]
    calls: tuple[ast.Call, ...]


def _joins(tree: ast.BoolOp) -> bool:
    return isinstance(tree.op, ast.And)


def _reads(expression: Expression) -> Iterable[str]:
    return (*expression.columns, *(f"{s}.{n}" for s, n in expression.scoped))


def _python(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if isinstance(value, np.generic) else value


def _fit(column: Column, value: Any) -> Any:
    """A computed value in the column's own type and decimals."""
    value = _python(value)
    if isinstance(value, np.datetime64):
        value = value.item()
    if value is None or not column.type.numeric:
        return value
    return within(column, float(value))
