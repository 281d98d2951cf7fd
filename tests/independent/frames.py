"""Rows and relations as plain frames, and the six ways in which the catalogue aggregates them.

Written from sections 5 and 10.3 to 10.5 of the field's catalogue: flows count in the month of their
day and for whoever the union's parent was on the last day of that month; stocks are what a union
last said in the period, for its parent at the period's end; a union not heard from is missing, not
zero; on a comparable basis last year's figures count for the parents of this year's end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import pandas as pd

from definitions import Period
from tests.independent.seeded import (
    GRASSROOTS,
    OUTSIDE,
    UNITS,
    Sending,
    accepted,
    relations,
)

Frame = pd.DataFrame
Mask = Callable[[Frame], Any]
Value = float | None

GRASSROOTS_ONLY = {"ORG-02", "FIN-01", "MUT-01", "INNO-01", "INNO-02", "SAFE-01", "SAFE-03",
                   "DEMO-01", "DEMO-02", "DEMO-03", "CULT-04", "SKILL-05", "WOM-01"}  # fmt: skip
"""Forms of grassroots unions: a row about anybody else is a summary, and never added (10.3, 1)."""

REGISTERS = {
    "ORG-03": ("effective_date", ["change_type", "line", "effective_date"]),
    "HOME-03": ("received_on", ["opinion_id"]), "AID-01": ("file_date", ["file_no"]),
    "INNO-03": ("done_on", ["item_id"]), "SKILL-01": ("end_on", ["project_id"]),
    "SKILL-02": ("held_on", ["event_id"]), "SKILL-03": ("cert_date", ["person_key", "cert_no"]),
    "SKILL-04": ("signed_on", ["pair_id"]), "SAFE-02": ("found_on", ["hazard_id"]),
    "SAFE-03": ("event_on", ["deduct_id"]), "DEMO-03": ("proposed_on", ["proposal_id"]),
    "CON-01": ("signed_on", ["contract_id"]), "CON-02": ("checked_on", ["check_id"]),
    "RIGHT-01": ("received_on", ["slip_id"]), "CADRE-02": ("visit_on", ["visit_id"]),
    "CADRE-04": ("due_on", ["item_id"]), "CULT-01": ("held_on", ["activity_id"]),
    "RES-01": ("finished_on", ["output_id"]), "RES-03": ("effective_on", ["doc_id"]),
    "FIN-06": ("paid_on", ["item_id"]), "AUD-00": ("start_on", ["audit_id"]),
}  # fmt: skip
"""Registers: the day on which a thing counts, and what names it within its union."""
LISTS = {"HOME-01": ["site_id"], "INNO-02": ["studio_id"],
         "CADRE-03": ["officer", "from_on"]}  # fmt: skip
"""Lists sent anew every period, whose things count on a day of their own."""


@dataclass
class Book:
    """All accepted rows, one frame per form.

    Beside its own columns a frame has `unit`, whom a row is about; `label` and `ends`, the period
    it was sent for; `sent`, the order in which rows of one period came.
    """

    sent: Sequence[Sending]
    forms: dict[str, Frame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows: dict[str, list[dict[str, Any]]] = {}
        for s, form, given in accepted(self.sent):
            ends = Period.parse(s.period).end
            for n, row in enumerate(given):
                unit = row.get("org_code") or s.reporter
                if form in GRASSROOTS_ONLY and unit not in GRASSROOTS:
                    continue
                about = {"unit": unit, "ends": ends, "label": s.period, "sent": (s.wave, n)}
                rows.setdefault(form, []).append({**row, **about})
        self.forms = {form: Frame(given) for form, given in rows.items()}
        for frame in self.forms.values():
            # one kind of blank, so that a condition on a missing day or code is plainly false
            for column in frame.columns[frame.isna().any()]:
                frame[column] = frame[column].astype(object).where(frame[column].notna(), None)

    @cached_property
    def parents(self) -> Frame:
        return Frame([vars(r) for r in relations()])

    def under(self, line: str, head: str, day: date) -> frozenset[str]:
        """A unit and all below it on a line and day; 0 on 条 is whoever has no place there."""
        key = (line, head, day)
        if key not in self._under:
            known = self.parents[self.parents["line"] == line]
            days = zip(known["since"], known["until"], strict=True)
            at = known[tell(known, (s <= day and (u is None or day < u) for s, u in days))]
            if head == OUTSIDE:
                found = set(UNITS) - set(at["unit"]) - set(at["parent"])
            else:
                found, more = set(), {head}
                while more:
                    found |= more
                    more = set(at.loc[at["parent"].isin(found), "unit"]) - found
            self._under[key] = frozenset(found)
        return self._under[key]

    _under: dict[tuple[str, str, date], frozenset[str]] = field(default_factory=dict)
    kept: dict[tuple[Any, ...], Frame] = field(default_factory=dict)
    """Frames that are the same for every unit asked for."""
    figures: dict[tuple[str, str, str], tuple[Value, Value]] = field(default_factory=dict)
    """Union, indicator and period → its figure and last year's."""


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)


def everything(frame: Frame) -> Any:
    """No condition."""
    return pd.Series(data=True, index=frame.index)


def tell(frame: Frame, answers: Iterable[bool]) -> Any:
    """One answer for each row, as a mask; also where there are no rows."""
    return pd.Series(list(answers), index=frame.index, dtype=bool)


def filled(column: Any) -> Any:
    """Where a cell is not blank."""
    return column.notna()


def later_or_same(one: Any, other: Any) -> Any:
    """Where both days are known and the first is not before the other; blank days are neither."""
    days = zip(one, other, strict=True)
    return tell(one, (a is not None and b is not None and a >= b for a, b in days))


def total(values: Iterable[Any]) -> Value:
    """The sum of what is known; None when nothing is."""
    known = [float(v) for v in values if v is not None and v == v]  # noqa: PLR0124
    return sum(known) if known else None


def quotient(top: Value, base: Value, times: float = 1) -> Value:
    """A ratio of two aggregates; not applicable without a base."""
    return None if top is None or not base else times * top / base


@dataclass(frozen=True)
class Asked:
    """What is asked: one unit on one line in one period, perhaps as of a later day."""

    book: Book
    line: str
    head: str
    period: Period
    as_of: date | None = None
    """The day whose relations and knowledge count, where that is not the period's own."""

    # --- who, when ---

    @property
    def start(self) -> date:
        return self.period.start

    @property
    def end(self) -> date:
        return self.period.end

    def is_under(self, unit: str, day: date) -> bool:
        """Whether a union's figure of a day counts for the unit asked for."""
        return unit in self.book.under(self.line, self.head, self.as_of or day)

    def known(self, form: str) -> Frame:
        """Rows of periods that had ended by the end of the one asked for."""
        frame = self.book.forms[form]
        return frame[tell(frame, (d <= self.end for d in frame["ends"]))]

    def filed(self, form: str) -> Frame:
        """Rows for periods that ended in the one asked for, of the unions below the unit."""
        key = ("filed", form, self.start, self.end)
        if key not in self.book.kept:
            rows = self.known(form)
            self.book.kept[key] = rows[tell(rows, (d >= self.start for d in rows["ends"]))]
        rows = self.book.kept[key]
        days = zip(rows["unit"], rows["ends"], strict=True)
        return rows[tell(rows, (self.is_under(u, d) for u, d in days))]

    def heard(self, form: str) -> bool:
        """Whether a union below sent the form for a period that ended in the one asked for."""
        return not self.filed(form).empty

    # --- flows ---

    def flow(self, form: str, column: str | Mask, where: Mask = everything) -> Value:
        """Σ of what was reported for periods that ended in the one asked for.

        A union that reported, and nothing of this kind, had none of it.
        """
        sums: list[Value] = []
        for part, chosen in by_report(self.filed(form), where):
            sums.append(total(_of(part[chosen], column)) if chosen.any() else 0.0)
        return total(sums)

    def things(self, form: str, dated: str | None = None, since: date | None = None) -> Frame:
        """Things of a register or list, as last told, on whose day in the period they count."""
        cached = ("things", form, dated, since, self.start, self.end, self.as_of)
        if cached not in self.book.kept:
            self.book.kept[cached] = self._things(form, dated, since)
        return self.book.kept[cached]

    def _things(self, form: str, dated: str | None, since: date | None) -> Frame:
        rows = self.book.forms[form]
        rows = rows[tell(rows, (d <= (self.as_of or self.end) for d in rows["ends"]))]
        if form in REGISTERS:
            own, keys = REGISTERS[form]
            rows = rows.assign(number=[d.year if d is not None else 0 for d in rows[own]])
            keys = ["number", *keys]
        else:
            own, keys = dated or "", LISTS[form]
        rows = rows.sort_values(["ends", "sent"]).drop_duplicates(["unit", *keys], keep="last")
        day = rows[dated or own]
        rows = rows.assign(day=day)[filled(day)]
        first = since or self.start
        return rows[tell(rows, (first <= d <= self.end for d in rows["day"]))]

    def mine(self, things: Frame) -> Frame:
        """Those things whose union stood under the unit at the end of their month."""
        days = zip(things["unit"], things["day"], strict=True)
        return things[tell(things, (self.is_under(u, month_end(d)) for u, d in days))]

    def counted(
        self, form: str, where: Mask = everything, column: str | None = None, dated: str = ""
    ) -> Value:
        """How many things fall in the period, or the Σ of a column over them; 0 when none does.

        None when no union below sent the form and nothing of it is known.
        """
        rows = self.things(form, dated or None)
        rows = self.mine(rows)
        if rows.empty and not self.heard(form):
            return None
        chosen = rows[where(rows).astype(bool)]
        return float(len(chosen)) if column is None else total(chosen[column]) or 0.0

    def different(
        self, form: str, keys: Sequence[str], where: Mask = everything, dated: str = ""
    ) -> Value:
        """How many different things a year has, each in the month in which it first appears."""
        rows = self.things(form, dated or None, since=date(self.end.year, 1, 1))
        rows = rows[where(rows).astype(bool)].sort_values(["day", "unit"])
        rows = rows.drop_duplicates(list(keys))
        rows = self.mine(rows[tell(rows, (d >= self.start for d in rows["day"]))])
        return float(len(rows)) if len(rows) or self.heard(form) else None

    def months_of(self, form: str, column: str) -> Value:
        """Σ over the months of the period of what a quarter's report says of each of its months."""
        frame = self.book.forms[form]
        found: list[Value] = []
        for month in self.period.months():
            quarter = month.within(Period.parse("2020Q1").kind)
            rows = frame[frame["label"] == quarter.label]
            told = zip(rows["unit"], rows[column], strict=True)
            found += [n for unit, n in told if self.is_under(unit, month.end)]
        return total(found)

    # --- stocks ---

    def stock(self, form: str, column: str | Mask | None, where: Mask = everything) -> Value:
        """What each union last said in the period, added up; None for a column counts rows."""
        key = ("filed", form, self.start, self.end)
        if key not in self.book.kept:
            self.filed(form)
        rows = self.book.kept[key]
        rows = rows[tell(rows, (self.is_under(u, self.end) for u in rows["unit"]))]
        last: dict[str, Value] = {}
        for part, chosen in by_report(rows, where):
            said: Value = float(chosen.sum())
            if column is not None and chosen.any():
                said = total(_of(part[chosen], column))
            if said is not None:
                last[part["unit"].iloc[0]] = said
        return total(last.values())

    def standing(self, form: str) -> Frame | None:
        """A register as it stands at the end of the period; None when nobody below has one."""
        cached = ("standing", form, self.end)
        if cached not in self.book.kept:
            rows = self.known(form).sort_values(["ends", "sent"])
            things = ["unit", *REGISTERS[form][1]]
            self.book.kept[cached] = rows.drop_duplicates(things, keep="last")
        rows = self.book.kept[cached]
        rows = rows[tell(rows, (self.is_under(u, self.end) for u in rows["unit"]))]
        return None if rows.empty else rows

    def standing_sum(self, form: str, where: Mask, column: str | Mask | None = None) -> Value:
        """Things in force at the end of the period, or Σ of a column over them."""
        rows = self.standing(form)
        if rows is None:
            return None
        chosen = rows[where(rows).astype(bool)]
        return float(len(chosen)) if column is None else total(_of(chosen, column)) or 0.0

    # --- other periods and units ---

    def last_year(self) -> Asked:
        """The same period a year earlier, of the unions that belong to the unit now (10.5)."""
        return replace(self, period=self.period.last_year(), as_of=self.end)

    def of(self, unit: str) -> Asked:
        """Another unit in the same period; an industry union is asked on its own line."""
        line = "条" if unit in set(self.book.parents.query("line == '条'").parent) else "块"
        return replace(self, line=line, head=unit)


def by_report(rows: Frame, where: Mask) -> Iterator[tuple[Frame, Any]]:
    """Each report of a union, earlier ones first, with its rows that meet a condition."""
    meets = where(rows).astype(bool)
    for _, part in rows.groupby(["unit", "ends"], sort=True):
        yield part, meets[part.index]


def _of(rows: Frame, column: str | Mask) -> Any:
    return rows[column] if isinstance(column, str) else column(rows)
