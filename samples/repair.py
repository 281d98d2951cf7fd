"""Drafts made obedient: changes are tried until nothing is broken, or nothing more helps."""

from __future__ import annotations

import ast
from collections.abc import Collection
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from definitions.expression import ROW_CALLS
from definitions.model import ColumnKind, Form
from expectations.suites import Check
from samples.draft import Changes, Draft
from samples.making import Maker
from samples.mend import Bench, counted, counting, moves

ROUNDS = 60
"""How often a form is gone over before it is given up."""
MOST_ROWS = 400
SHAKES, STEPS = 20, 6
"""How many changes are tried for each step out of a dead end, and how many steps."""
PICKS = 4
"""How many rows of a union are tried where any of them may mend what they say together."""


def mended(draft: Draft, maker: Maker) -> Draft:
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


def _drawn_anew(draft: Draft, maker: Maker) -> Draft:
    maker.attempt += 1
    rows = draft.rows()
    for row in map(int, np.flatnonzero(draft.cost())):
        rows[row] = maker.again(row, rows[row])
    return Draft.of(draft.task, rows)


def _grown(draft: Draft, maker: Maker) -> Draft:
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


def _bench(draft: Draft, number: int, maker: Maker, keep: Collection[str] = ()) -> Bench | None:
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


def _mend_one(draft: Draft, number: int, maker: Maker) -> Draft:
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


def _shaken(draft: Draft, maker: Maker) -> Draft:
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
