"""Rows of any form from its definition alone: the same for the same seed, and nothing broken.

    history = generate(definitions, organisations, ["2019-01", "2019-02"], seed=1)
    history.tables["ORG-02", "2019-01"]        # list of rows by column code

`generate` makes every form that ends with each of the months (monthly, and at their ends quarterly,
half-yearly and yearly ones; each form after those that its rules look up), so that what holds over
time holds. `generate_rows` makes one form of one period; it looks back at, and does not change, the
history given. Values are int, float, str, bool, datetime.date or None, as the reader types them;
persons are nobody. Every check of `expectations` that returns a workbook or asks for words is
obeyed, or GenerationFailed says which cannot be.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, product
from random import Random
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from definitions.expression import ROW_CALLS
from definitions.loading import Definitions
from definitions.model import Column, ColumnKind, ColumnType, Form
from definitions.organisations import Organisation
from definitions.periods import Period, closing_periods
from expectations.cells import World
from expectations.evaluate import scope_of
from expectations.suites import Check
from samples.draft import Changes, Draft, Tables, Task
from samples.draw import Setting, draw, within
from samples.entries import Row
from samples.mend import Bench, counted, counting, moves
from samples.spread import mix

ROUNDS = 60
"""How often a form is gone over before it is given up."""
SHARES = (0.7, 0.0, 1.0, 0.4)
"""How many optional cells are filled: at first, and when a row is drawn again and again."""
ROWS_PER_UNION = 3
MOST_ROWS = 400
SHAKES, STEPS = 20, 6
"""How many changes are tried for each step out of a dead end, and how many steps."""
PICKS = 4
"""How many rows of a union are tried where any of them may mend what they say together."""


class GenerationFailed(Exception):
    """No rows could be found that obey a form's rules; says which rules and shows a row."""


@dataclass
class History:
    """Rows made so far by form and period label; later ones must agree with earlier ones.

    Answers what `pipelines.validate.Context` asks of a warehouse that accepted all of them.
    """

    registry: Sequence[Organisation]
    tables: dict[tuple[str, str], list[Row]] = field(default_factory=dict)

    def rows(
        self, form: str, periods: Collection[str], orgs: Collection[str] | None = None
    ) -> pd.DataFrame:
        """Rows of a form with the label of their period, those of some organisations only."""
        found = [
            {"period": label, **row}
            for label in periods
            for row in self.tables.get((form, label), ())
            if orgs is None or row.get("org_code") in orgs
        ]
        return pd.DataFrame(found)

    def organisations(self, period: str) -> pd.DataFrame:
        """Every organisation, at work, with its parents on the last day of the period."""
        day = Period.parse(period).end
        return pd.DataFrame(
            {
                "org_code": [o.code for o in self.registry],
                "status": "正常",
                "block": [o.parent_on("块", day) for o in self.registry],
                "industry_parent": [o.parent_on("条", day) for o in self.registry],
            }
        )

    def computed(self, period: str) -> pd.DataFrame:
        """No figures: nothing was computed from these rows yet."""
        return pd.DataFrame({"indicator": [], "org_code": [], "value": []}, dtype=object)

    def seal(self, value: str) -> str:
        """Persons stand here as they are: they are nobody."""
        return value


def generate(
    definitions: Definitions,
    organisations: Sequence[Organisation],
    months: Sequence[str],
    seed: int,
    forms: Collection[str] | None = None,
) -> History:
    """Rows of every form (or of some) for the months and for what ends with each of them."""
    history = History(organisations)
    order = [c for c in _in_order(definitions) if forms is None or c in forms]
    for month in months:
        closings = closing_periods(Period.parse(month), definitions.period_kinds)
        for code in order:
            for period in closings:
                try:
                    form = definitions.form(code, period)
                except KeyError:
                    continue
                rows = generate_rows(definitions, form, organisations, period, seed, history)
                history.tables[code, period.label] = rows
    return history


def generate_rows(
    definitions: Definitions,
    form: Form,
    organisations: Sequence[Organisation],
    period: Period,
    seed: int,
    history: History | None = None,
) -> list[Row]:
    """Rows of one form in one of its periods, for every organisation that owes or may send it.

    `organisations` is the whole registry. `history` holds earlier periods and other forms;
    stocks, cumulative figures and things go on from there. GenerationFailed when a rule cannot be
    obeyed.
    """
    history = history or History(organisations)
    tables = history.tables
    world = World(
        definitions,
        scope_of(definitions, period),
        period.end,
        frozenset(o.code for o in organisations),
    )
    task = Task.of(form, world, history)
    rng = Random(f"{seed}/{form.code}/{period}")  # noqa: S311 - nothing here is a secret
    maker = _Maker(definitions, form, organisations, period, tables, rng, seed)
    rows = maker.rows()
    if not rows:
        return []
    draft = _mended(Draft.of(task, rows), maker)
    if draft.cost().any():
        raise GenerationFailed(f"{form.code} {period}: {_what_is_broken(draft)}")
    return draft.rows()


def owing(form: Form, organisations: Sequence[Organisation]) -> list[Organisation]:
    """Those of the organisations that a form is asked of, by level and type."""
    asked = form.reporters
    return [
        o
        for o in organisations
        if (not asked.levels or o.level in asked.levels)
        and (not asked.types or o.type in asked.types)
    ]


def _in_order(definitions: Definitions) -> list[str]:
    """Form codes, each after the forms that its rules read, as far as there is no circle."""
    reads = {}
    for form in definitions.forms:
        rules = definitions.rules_of(form)
        reads[form.code] = {f for r in rules if r.check for f in r.check.other_forms()} - {
            form.code
        }
    done: list[str] = []
    waiting = sorted(reads)
    while waiting:
        ready = [c for c in waiting if not reads[c] - set(done)] or waiting[:1]
        done += ready
        waiting = [c for c in waiting if c not in ready]
    return done


def _what_is_broken(draft: Draft) -> str:
    said = []
    for number, check in enumerate(draft.task.checks):
        rows = np.flatnonzero(draft.broken(number))
        if len(rows):
            row = {k: v for k, v in draft.rows()[rows[0]].items() if k in check.reads}
            texts = " | ".join(e.text for e in check.expressions)
            said.append(f"{check.rule.code} ({check.kind} {texts}) cannot be obeyed: {row}")
    return "; ".join(said)


# --- first rows ------------------------------------------------------------------------------


@dataclass
class _Maker:
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


# --- mending ---------------------------------------------------------------------------------


def _mended(draft: Draft, maker: _Maker) -> Draft:
    """The draft with changes that leave fewer checks broken, until none is or none helps."""
    rng = maker.rng
    for number in range(ROUNDS):
        if not draft.cost().any():
            return draft
        before = draft
        for check in rng.sample(range(len(draft.task.checks)), len(draft.task.checks)):
            draft = _mend_one(draft, check, maker)
        if draft is before:
            draft = _grown(draft, maker)
        if draft is before:
            # A dead end: mend one thing whatever else it breaks, or begin those rows again.
            again = number % 4 == 3 and number < ROUNDS - 4
            draft = _drawn_anew(draft, maker) if again else _shaken(draft, maker)
    return draft


def _drawn_anew(draft: Draft, maker: _Maker) -> Draft:
    maker.attempt += 1
    rows = draft.rows()
    for row in map(int, np.flatnonzero(draft.cost())):
        rows[row] = maker.again(row, rows[row])
    return Draft.of(draft.task, rows)


def _grown(draft: Draft, maker: _Maker) -> Draft:
    """More rows where a rule counts a union's rows and there are fewer than another form says."""
    rows = draft.rows()
    for number, check in enumerate(draft.task.checks):
        broken = [int(r) for r in np.flatnonzero(draft.broken(number))]
        for count, other in counted(check) if broken else ():
            bench = Bench(draft, broken, maker.redraw, maker.rng, maker.tables)
            gaps = zip(broken, bench.values(count), bench.values(other), strict=True)
            for row, is_, should in gaps:
                if is_ is None or should is None or not 0 < should - is_ <= MOST_ROWS:
                    continue
                like = rows[row] | counting(count)
                rows += maker.more(row, like, round(should - is_))
    return draft if len(rows) == len(draft.data) else Draft.of(draft.task, rows)


def _together(check: Check, form: Form) -> bool:
    """Whether rows of a union stand for one another in a check: its sums and counts over rows."""
    over_rows = ("group_", "register_", "first_of", "breakdown", "parts_sum", "is_nested")
    return (
        check.kind == "duplicate"
        or any(f.startswith(over_rows) for e in check.expressions for f in e.functions)
        or any(
            isinstance(call.args[0], ast.Constant) and call.args[0].value == form.code
            for call in check.calls
            if isinstance(call.func, ast.Name) and call.func.id in ROW_CALLS
        )
    )


def _bench(draft: Draft, number: int, maker: _Maker, keep: Collection[str] = ()) -> Bench | None:
    """The rows that break a check; where rows stand together, some row of each such union."""
    rows = [int(r) for r in np.flatnonzero(draft.broken(number))]
    among: list[int] = []
    if _together(draft.task.checks[number], draft.task.form):
        # One row of each: all of them at once would overshoot.
        unions = {maker.settings[r].org.code for r in rows}
        among = [r for r, s in enumerate(maker.settings) if s.org.code in unions]
        drawn = maker.rng.sample(among, len(among))
        rows = sorted({maker.settings[r].org.code: r for r in drawn}.values())
    if not rows:
        return None
    # Codes of a chart were chosen so that every kind is there.
    fixed = [c for c in maker.choices if draft.task.form.column(c).kind is ColumnKind.KEY]
    fixed += keep
    return Bench(draft, rows, maker.redraw, maker.rng, maker.tables, among, fixed)


def _mend_one(draft: Draft, number: int, maker: _Maker) -> Draft:
    """The draft with a check broken in fewer ways, if any change found does that."""
    together = _together(draft.task.checks[number], draft.task.form)
    codes = {s.org.code: n for n, s in enumerate(maker.settings)}
    whole = [codes[s.org.code] for s in maker.settings]
    groups = np.array(whole if together else range(len(maker.settings)))
    for _ in range(PICKS if together else 1):
        bench = _bench(draft, number, maker)
        if bench is None:
            return draft
        before = draft
        for change in moves(bench, draft.task.checks[number]):
            after = _better(draft, change, groups)
            if after is not None:
                draft = after
                bench = _bench(draft, number, maker)
                if bench is None:
                    return draft
        if draft is not before:
            return draft
    return draft


def _better(draft: Draft, change: Changes, groups: NDArray[np.int64]) -> Draft | None:
    """The draft with the change made where it leaves fewer checks broken, group by group."""
    before = draft.cost()
    if not any(change.values()):
        return None
    tried = draft.changed(change)
    gain = np.bincount(groups, weights=before - tried.cost())
    kept = {
        code: {row: v for row, v in values.items() if gain[groups[row]] > 0}
        for code, values in change.items()
    }
    if not any(kept.values()):
        return None
    whole = all(len(kept[code]) == len(values) for code, values in change.items())
    after = tried if whole else draft.changed(kept)
    return after if after.cost().sum() < before.sum() else None


def _shaken(draft: Draft, maker: _Maker) -> Draft:
    """A way out of a dead end: mend one check whatever that breaks, then what it broke, and so on.

    A column that was changed on the way stays, or the next step would only undo the last.
    """
    start = draft.cost().sum()
    changed: set[str] = set()
    for _ in range(STEPS):
        numbers = [n for n in range(len(draft.task.checks)) if draft.broken(n).any()]
        number = maker.rng.choice(numbers)
        bench = _bench(draft, number, maker, changed)
        if bench is None:
            return draft
        changes = list(islice(moves(bench, draft.task.checks[number]), 60))
        best: tuple[int, Draft, Changes] | None = None
        for change in maker.rng.sample(changes, min(len(changes), SHAKES)):
            after = draft.changed(change) if any(change.values()) else draft
            if after.broken(number).sum() < draft.broken(number).sum():
                cost = int(after.cost().sum())
                best = min(best or (cost, after, change), (cost, after, change), key=_first)
        if best is None:
            continue
        _, draft, change = best
        changed |= change.keys()
        if draft.cost().sum() < start:
            break
    return draft


def _first(found: tuple[int, Draft, Changes]) -> int:
    return found[0]
