"""The rows of a form as they are first drawn: whose, how many, and what goes on from before."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, product
from random import Random
from typing import Any

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnKind, ColumnType, Form
from definitions.organisations import Organisation
from definitions.periods import Period
from samples.draft import Tables
from samples.draw import Setting, draw, within
from samples.entries import Row
from samples.spread import mix

SHARES = (0.7, 0.0, 1.0, 0.4)
"""How many optional cells are filled: at first, and when a row is drawn again and again."""
ROWS_PER_UNION = 3


def owing(form: Form, organisations: Sequence[Organisation]) -> list[Organisation]:
    """Those of the organisations that a form is asked of, by level and type."""
    asked = form.reporters
    return [
        o
        for o in organisations
        if (not asked.levels or o.level in asked.levels)
        and (not asked.types or o.type in asked.types)
    ]


@dataclass
class Maker:
    """Draws the rows of a form; every time a row is drawn anew, closer to the examples."""

    definitions: Definitions
    form: Form
    organisations: Sequence[Organisation]
    period: Period
    tables: Tables
    rng: Random
    seed: int
    attempt: int = 0
    settings: list[Setting] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for rule in self.definitions.rules_of(self.form):
            for node in ast.walk(rule.check.tree) if rule.check else ():
                match node:
                    case ast.Call(
                        func=ast.Name(id="listed"), args=[ast.Constant(value=table), ast.Name(id=c)]
                    ):
                        found = self.definitions.parameters[str(table)].at(self.period.end)
                        self.choices[c] = _roots([str(k) for k in found])

    def rows(self) -> list[Row]:
        """Rows of all organisations that are asked; a setting is remembered for each."""
        before: dict[str, list[Row]] = {}
        for row in self.tables.get((self.form.code, self.period.previous().label), ()):
            before.setdefault(str(row.get("org_code", "")), []).append(row)
        rows = []
        for org in owing(self.form, self.organisations):
            old = before.get(org.code, []) if "org_code" in self.form.position else []
            going_on = [r for r in old if self._goes_on(r)]
            for number, row in enumerate(self._of(org, going_on), start=1):
                rows.append(row)
                self.settings.append(self._setting(org, number))
        return rows

    def again(self, row: int, old: Row) -> Row:
        """A row drawn anew, under its old key."""
        at = self._setting(self.settings[row].org, self.settings[row].number)
        fresh = self._fresh(at)
        return fresh | {c: old[c] for c in self.form.keys}

    def more(self, row: int, like: Row, count: int) -> Iterator[Row]:
        """Further rows of a row's union, with its codes and without repeating its key."""
        org = self.settings[row].org
        last = sum(s.org.code == org.code for s in self.settings)
        listed = [c.code for c in self.form.columns if c.type is ColumnType.ENUM]
        for number in range(last + 1, last + count + 1):
            at = self._setting(org, number)
            self.settings.append(at)
            yield self._fresh(at) | {c: like[c] for c in listed}

    def redraw(self, column: Column, row: int, start: str) -> Any:
        """A fresh value of a column for a row."""
        return draw(column, self.settings[row], self.rng, start)

    def _setting(self, org: Organisation, number: int) -> Setting:
        share = mix(self.seed, org.code, number) % 1000 / 1000
        return Setting(
            self.definitions, self.form, self.period, self.organisations, org, number,
            size=math.exp(share * 2 - 2), spread=max(0.0, 0.6 - 0.3 * self.attempt),
            calm=self.attempt > 1, choices=self.choices,
        )  # fmt: skip

    def _goes_on(self, row: Row) -> bool:
        """A series has its next value; of a ledger only what is still open is sent again."""
        if not self.form.ledger:
            return True
        return any(row.get(c.code) is None for c in self.form.columns if c.required_when)

    def _of(self, org: Organisation, old: Sequence[Row]) -> Iterator[Row]:
        again = [dict(row) for row in old[:1]] if self.form.ledger else []
        yield from again
        if old and not self.form.ledger:
            yield from self._continued(org, old)
            return
        more = [c for c in self.form.columns if c.kind is ColumnKind.KEY and c.code != "org_code"]
        chosen = [c for c in more if c.type is ColumnType.ENUM or c.code in self.choices]
        lists = [
            self.choices.get(c.code) or self.definitions.code_lists[str(c.list)].values
            for c in chosen
        ]
        combinations = list(islice(product(*lists), 200))
        single = all(c.type.numeric and c.unit == "年" for c in more)
        count = 1 if single else ROWS_PER_UNION
        if any(c.code in self.choices for c in chosen):
            combinations = self._of_each_kind(combinations)
            count = len(combinations)
        elif chosen and len(chosen) == len([c for c in more if not c.type.numeric]):
            count = min(count, len(combinations))
        combinations = self.rng.sample(combinations, min(count, len(combinations)))
        for new in range(count):
            row = self._fresh(self._setting(org, len(again) + new + 1))
            if chosen:
                values = combinations[new % len(combinations)]
                row |= dict(zip((c.code for c in chosen), values, strict=True))
            yield row

    def _of_each_kind(self, combinations: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Some codes of each beginning: in a chart of accounts the first digit is the kind."""
        kinds: dict[str, list[tuple[str, ...]]] = {}
        for each in self.rng.sample(combinations, len(combinations)):
            kinds.setdefault("".join(value[0] for value in each), []).append(each)
        return [each for kind in sorted(kinds) for each in kinds[kind][:ROWS_PER_UNION]]

    def _fresh(self, at: Setting) -> Row:
        """A first row; its dates of the period stand in the order of the columns."""
        row = {c.code: self._first(c, at) for c in self.form.columns if not c.derived}
        within_period = [
            code
            for code, value in row.items()
            if isinstance(value, date) and self.period.start <= value <= self.period.end
        ]
        days = sorted(row[code] for code in within_period)
        return row | dict(zip(within_period, days, strict=True))

    def _first(self, column: Column, at: Setting) -> Any:
        share = SHARES[self.attempt % len(SHARES)]
        if not column.required and self.rng.random() >= share:
            return None
        return draw(column, at, self.rng)

    def _continued(self, org: Organisation, old: Sequence[Row]) -> Iterator[Row]:
        """Next period's rows: attributes stay, stocks move a little, flows and dates are new."""
        start_again = self.period.number == 1
        for number, before in enumerate(old, start=1):
            at = self._setting(org, number)
            row: Row = {}
            for column in self.form.columns:
                was = before.get(column.code)
                if column.derived:
                    continue
                if column.kind is ColumnKind.CUMULATIVE and column.type.numeric:
                    flow = row.get(column.accumulates or column.code.removeprefix("cum_"), 0)
                    base = 0 if start_again else was or 0
                    row[column.code] = within(column, float(base) + float(flow or 0))
                elif column.kind is ColumnKind.STOCK and was is not None:
                    row[column.code] = within(column, was * self.rng.uniform(0.99, 1.02))
                elif column.kind is ColumnKind.FLOW and was is not None and column.type.numeric:
                    row[column.code] = within(column, was * self.rng.uniform(0.8, 1.25))
                elif column.kind is ColumnKind.KEY and column.unit == "年":
                    row[column.code] = draw(column, at, self.rng)
                elif was is not None or column.kind is ColumnKind.ATTRIBUTE:
                    row[column.code] = was
                else:
                    row[column.code] = self._first(column, at)
            yield row


def _roots(codes: Sequence[str]) -> list[str]:
    """Codes that stand inside no other: accounts, not their sub-accounts."""
    return [c for c in codes if not any(c != o and c.startswith(o) for o in codes)]
