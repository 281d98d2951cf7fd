"""An edition beside what it would say now: every number that differs, and why.

Of papers, which say more than numbers, every file that differs too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.measures import Indicator, Measure
from definitions.model import Form
from pipelines import counted_rows
from pipelines.flow.comparing_papers import compared_paper
from pipelines.flow.differences import (
    DEFINED,
    MOVED,
    PARAMETER,
    PROTECTED,
    RULED,
    SHOWN,
    Difference,
    Key,
    Reason,
    came,
    difference,
    keyed,
    numbers_made,
    value_of,
)
from pipelines.flow.editions import definitions_of
from pipelines.flow.ground import definitions, engine, moment
from pipelines.flow.reproducing import PAPERS, make
from pipelines.flow.walking import COMPARABLE
from pipelines.publish.appeal_counts import KIND_OF, told_apart
from pipelines.publish.own_counts import with_counts
from pipelines.small_cells import sensitive
from warehouse.publications import Edition, PrintedNumber, edition_of, numbers_of
from warehouse.revisions import Above, ChangedLine, above_at, changed_lines


def compare(publication: int | str, at: str) -> tuple[Difference, ...]:
    """Every number of an edition that would be another at a later moment, with its causes."""
    when = moment(at)
    with engine().connect() as connection, connection.begin() as transaction:
        edition = edition_of(connection, publication)
        old_known, new_known = definitions_of(connection, edition.definitions), definitions()
        if edition.kind in PAPERS:
            different = compared_paper(connection, edition, old_known, new_known, when)
            transaction.rollback()
            return different
        then = keyed(numbers_of(connection, edition.id).values())
        data = numbers_made(make(connection, old_known, edition, when))
        same = old_known.digest == new_known.digest
        now = data if same else numbers_made(make(connection, new_known, edition, when))
        causes = _Causes(connection, edition, old_known, new_known, when)
        found = tuple(
            difference(key, then.get(key), now.get(key), causes.of(key, then, data, now))
            for key in dict.fromkeys((*then, *now))
            if value_of(then.get(key)) != value_of(now.get(key))
        )
        transaction.rollback()
    return found


class _Causes:
    """What happened between the cut-off of an edition and now, and which numbers it touches."""

    def __init__(
        self,
        connection: Connection,
        edition: Edition,
        old: Definitions,
        new: Definitions,
        when: datetime,
    ) -> None:
        self.edition = edition
        self.old, self.new = with_counts(old), with_counts(new)
        period = Period.parse(edition.period)
        months = [m for p in (period, period.last_year(), period.previous()) for m in p.months()]
        days = sorted({m.end for m in months})
        self.few = frozenset((*sensitive(new, period.end).codes, *told_apart(new)))
        self.lines = changed_lines(connection, old, edition.cutoff, when)
        self.before = above_at(connection, edition.cutoff, days)
        self.after = above_at(connection, when, days)

    def of(
        self,
        key: Key,
        then: Mapping[Key, PrintedNumber],
        data: Mapping[Key, PrintedNumber],
        now: Mapping[Key, PrintedNumber],
    ) -> tuple[Reason, ...]:
        """The causes of one difference: of the data, then of the definitions."""
        found: list[Reason] = []
        if value_of(then.get(key)) != value_of(data.get(key)):
            found += self._of_data(key)
            if not found and (then.get(key) is None or data.get(key) is None):
                # Last year's figure is set beside today's units only once some have moved.
                found += self._of_data((*key[:5], COMPARABLE, key[6]))
        if value_of(data.get(key)) != value_of(now.get(key)):
            found += self._of_definitions(key)
        if found:
            return tuple(dict.fromkeys(found))
        if key[4] in self.few and (then.get(key) is None or now.get(key) is None):
            return (Reason(PROTECTED, "相邻单位的数有变化，本数随之改为不公布或可公布"),)
        if then.get(key) is None or now.get(key) is None:
            indicator = self.old.indicators.get(key[4])
            if any(self._matters(c, key[0], key[4], indicator) for c in self.lines):
                # a table by unit is there only where several have something to tell
                told = "本数没有变化，因其他单位的数有变化而列出或不再列出"
                return (Reason(SHOWN, told),)
        return (Reason(RULED, "本数所依据的考核、审核结果有变化"),)

    def _of_data(self, key: Key) -> list[Reason]:
        source, line, unit, label, code, basis, units = key
        indicator = self.old.indicators.get(code)
        spans = self._spans(label, basis)
        below = set(units) or {unit}
        found = []
        for changed in self.lines:
            if not self._matters(changed, source, code, indicator):
                continue
            filed = Period.parse(changed.period)
            if not any(_tells_of(indicator, filed, s) for s in spans):
                continue
            # a quarter's filing may tell of a month that ended before it
            day = self._day(basis, min(filed.end, spans[0].end))
            # a median of unions of a kind moves with any of them, wherever it stands
            if basis.startswith(KIND_OF) or self._below(line, changed.org, day) & below:
                found.append(came(changed))
        if source == "changes":
            return [Reason(MOVED, f"{org} 隶属关系变动", org) for org in self._reshuffled(unit)]
        for org in self._moved(line, below, spans, basis):
            found.append(Reason(MOVED, f"{org} 隶属关系变动", org))
        return found

    def _spans(self, label: str, basis: str) -> list[Period]:
        period = Period.parse(label)
        spans = [period]
        if basis.startswith("比"):
            side = basis.removeprefix("比")
            if side[:1].isdigit():  # R-13 compares with the first quarter of a trend
                spans.append(Period.parse(side))
            else:
                spans.append(period.previous() if "上期" in basis else period.last_year())
        return spans

    def _day(self, basis: str, end: date) -> date:
        """The day whose relations decide: of the filing, or of now for the comparable basis."""
        if COMPARABLE in basis:
            return Period.parse(self.edition.period).end
        return end

    def _matters(
        self, changed: ChangedLine, source: str, code: str, indicator: Indicator | None
    ) -> bool:
        if source == "coverage" or (indicator is not None and indicator.coverage):
            about = {code} if indicator is None else set(indicator.coverage)
            return changed.late or not about <= _ARRIVALS
        if source == counted_rows.SOURCE:
            return changed.form == counted_rows.form_of(code)
        if indicator is None:
            return source != "changes"
        if indicator.achieved or indicator.scheme:
            return True
        measures = [m for m in indicator.measures if m.form == changed.form]
        if changed.fields is None:
            return bool(measures)
        return any(changed.fields & _columns(m) for m in measures)

    def _below(self, line: int, org: str, day: date) -> frozenset[str]:
        """Everyone a union stood below, as known then or now."""
        none: Above = {}
        return self.before.get(day, none).get((line, org), frozenset()) | self.after.get(
            day, none
        ).get((line, org), frozenset())

    def _moved(self, line: int, units: set[str], spans: Iterable[Period], basis: str) -> list[str]:
        days = {m.end for s in spans for m in s.months()}
        if COMPARABLE in basis:
            days.add(Period.parse(self.edition.period).end)
        found = set()
        for day in sorted(days & self.before.keys()):
            for (on, org), over in self.after[day].items():
                known = self.before[day].get((on, org), frozenset())
                if on == line and (known ^ over) & units and org not in units:
                    found.add(org)
        return sorted(found)

    def _reshuffled(self, unit: str) -> list[str]:
        """Unions below a unit, then or now, over whom somebody else stands now."""
        return sorted(
            {
                org
                for day, over in self.after.items()
                for (line, org), now in over.items()
                if now != (then := self.before[day].get((line, org), frozenset()))
                and unit in now | then
            }
        )

    def _of_definitions(self, key: Key) -> list[Reason]:
        code = key[4]
        old, new = self.old.indicators.get(code), self.new.indicators.get(code)
        if old is None or new is None or old != new:
            name = (new or old).name if (new or old) else code  # type: ignore[union-attr]
            return [Reason(DEFINED, f"{code} {name}")]
        found = []
        named = " ".join(m.code for m in old.measures)
        for parameter in {*self.old.parameters, *self.new.parameters}:
            before, after = self.old.parameters.get(parameter), self.new.parameters.get(parameter)
            if before != after and (parameter in named or parameter in _EVERYWHERE):
                title = (after or before).name if (after or before) else ""  # type: ignore[union-attr]
                found.append(Reason(PARAMETER, f"{parameter} {title}"))
        forms = {m.form for m in old.measures}
        changed = {f for f in forms if _editions(self.old, f) != _editions(self.new, f)}
        found += [Reason(DEFINED, f"{f} 表样") for f in sorted(changed)]
        return found or [Reason(DEFINED, code)]


_ARRIVALS = frozenset({"expected", "reported", "on_time", "missing", "reported_pct", "on_time_pct"})
"""What a correction of something that had come leaves as it was."""
_EVERYWHERE = frozenset({"small_cell_limit", "small_cell_columns", "flow_attribution"})
"""Parameters that may change any number: whether it is printed, whose it is."""


def _tells_of(indicator: Indicator | None, filed: Period, span: Period) -> bool:
    """Whether a filing of one period decides what an indicator says of another."""
    if indicator is not None and any(m.take == "months" for m in indicator.measures):
        return filed.start <= span.end and span.start <= filed.end
    return (_long_ago(indicator) or span.start <= filed.end) and filed.end <= span.end


def _long_ago(indicator: Indicator | None) -> bool:
    """Whether a register tells of a period in rows that may have been sent long before."""
    return indicator is not None and any(
        m.dated or m.take == "standing" for m in indicator.measures
    )


def _editions(known: Definitions, form: str) -> list[Form]:
    return [f for f in known.forms if f.code == form]


def _columns(measure: Measure) -> frozenset[str]:
    """The columns of a form that decide what a measure is."""
    parts = [measure.sum, measure.largest, measure.where]
    named = {c for e in parts if e is not None for c in e.columns}
    return frozenset({*named, *measure.distinct, *([measure.dated] if measure.dated else [])})
