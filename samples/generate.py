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

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
import pandas as pd

from definitions.catalogue import Definitions
from definitions.model import Form, Severity
from definitions.organisations import Organisation
from definitions.periods import Period, closing_periods
from expectations.cells import World
from expectations.evaluate import scope_of
from samples.draft import Draft, Task
from samples.entries import Row
from samples.making import Maker
from samples.repair import mended


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
    given: Mapping[tuple[str, str], list[Row]] | None = None,
    *,
    spotless: bool = True,
) -> History:
    """Rows of every form (or of some) for the months and for what ends with each of them.

    `given` are rows by form and period label that stand already, such as a register or the months
    before: they are left as they are, and what is made agrees with them. Months that were drawn one
    by one may leave no way to obey what is asked of their quarter: unless the rows have to be
    `spotless`, a rule that only wants an explanation may then stay broken.
    """
    history = History(organisations, dict(given or {}))
    order = [c for c in _in_order(definitions) if forms is None or c in forms]
    for month in months:
        closings = closing_periods(Period.parse(month), definitions.period_kinds)
        for code in order:
            for period in closings:
                try:
                    form = definitions.form(code, period)
                except KeyError:
                    continue
                if (code, period.label) in history.tables:
                    continue
                rows = generate_rows(
                    definitions, form, organisations, period, seed, history, spotless=spotless
                )
                history.tables[code, period.label] = rows
    return history


def generate_rows(
    definitions: Definitions,
    form: Form,
    organisations: Sequence[Organisation],
    period: Period,
    seed: int,
    history: History | None = None,
    *,
    spotless: bool = True,
) -> list[Row]:
    """Rows of one form in one of its periods, for every organisation that owes or may send it.

    `organisations` is the whole registry. `history` holds earlier periods and other forms;
    stocks, cumulative figures and things go on from there. GenerationFailed when a rule cannot be
    obeyed; one that only wants an explanation may be broken unless the rows have to be `spotless`.
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
    maker = Maker(definitions, form, organisations, period, tables, rng, seed)
    rows = maker.rows()
    if not rows:
        return []
    draft = mended(Draft.of(task, rows), maker)
    broken = _what_is_broken(draft, spotless)
    if broken:
        raise GenerationFailed(f"{form.code} {period}: {broken}")
    return draft.rows()


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


def _what_is_broken(draft: Draft, spotless: bool) -> str:
    said = []
    for number, check in enumerate(draft.task.checks):
        rows = np.flatnonzero(draft.broken(number))
        if len(rows) and (spotless or check.rule.severity is Severity.RETURN):
            row = {k: v for k, v in draft.rows()[rows[0]].items() if k in check.reads}
            texts = " | ".join(e.text for e in check.expressions)
            said.append(f"{check.rule.code} ({check.kind} {texts}) cannot be obeyed: {row}")
    return "; ".join(said)
