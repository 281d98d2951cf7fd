"""An edition beside what it would say now: every number that differs, and why.

Of papers, whose numbers are not kept one by one, every file that differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.measures import Indicator, Measure
from definitions.model import Form
from pipelines import counted_rows
from pipelines.assessment_year.stages import Refused
from pipelines.flow.consequences import rectifications_at
from pipelines.flow.editions import definitions_of
from pipelines.flow.ground import definitions, engine, moment
from pipelines.flow.notices import KIND as NOTICE
from pipelines.flow.notices import ORDER, OVERDUE
from pipelines.flow.recipes import kept_before
from pipelines.flow.reproducing import PAPERS, make
from pipelines.flow.walking import COMPARABLE
from pipelines.publish import Publication
from pipelines.publish.appeal_counts import KIND_OF, told_apart
from pipelines.publish.own_counts import with_counts
from pipelines.small_cells import sensitive
from warehouse import assessment_year as years
from warehouse.publications import Edition, PrintedNumber, edition_of, numbers_of
from warehouse.revisions import Above, ChangedLine, above_at, changed_lines
from warehouse.tables import LINES

LATE, CORRECTED, MOVED = "迟报", "更正", "组织变动"
DEFINED, PARAMETER, RULED = "定义修改", "参数修改", "考核或审核变化"
PROTECTED, SHOWN = "人数保护", "列示变化"
PAPER, STEP, NOT_NOW = "文件", "考核进程", "现在不能编印"

Key = tuple[str, int, str, str, str, str, tuple[str, ...]]
"""What a number is: source, line, unit, period, code, basis, units."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of a difference: what came, of whom, for when; `submission` where it was one."""

    kind: str
    what: str
    org: str = ""
    period: str = ""
    submission: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that is not what it was; None where it is not printed on one of the sides.

    Of source `PAPER` it is a file: `indicator` is its name, and instead of the number the first
    twelve signs of its hash are printed.
    """

    source: str
    line: int
    unit: str
    period: str
    indicator: str
    basis: str
    then: Decimal | None
    now: Decimal | None
    printed_then: str
    printed_now: str
    reasons: tuple[Reason, ...]


def compare(publication: int | str, at: str) -> tuple[Difference, ...]:
    """Every number of an edition that would be another at a later moment, with its causes."""
    when = moment(at)
    with engine().connect() as connection, connection.begin() as transaction:
        edition = edition_of(connection, publication)
        old_known, new_known = definitions_of(connection, edition.definitions), definitions()
        if edition.kind in PAPERS:
            different = _files(connection, edition, old_known, new_known, when)
            transaction.rollback()
            return different
        then = _keyed(numbers_of(connection, edition.id).values())
        data = _made(make(connection, old_known, edition, when))
        same = old_known.digest == new_known.digest
        now = data if same else _made(make(connection, new_known, edition, when))
        causes = _Causes(connection, edition, old_known, new_known, when)
        found = tuple(
            _difference(key, then.get(key), now.get(key), causes.of(key, then, data, now))
            for key in dict.fromkeys((*then, *now))
            if _value(then.get(key)) != _value(now.get(key))
        )
        transaction.rollback()
    return found


def _files(
    connection: Connection, edition: Edition, old: Definitions, new: Definitions, when: datetime
) -> tuple[Difference, ...]:
    """Files of a paper that would be others, with what happened to what it is made of."""
    why: tuple[Reason, ...] = ()
    try:
        made = dict(make(connection, new, edition, when).files)
    except Refused as error:
        made, why = {}, (Reason(NOT_NOW, str(error)),)
    then = {f.name: f.sha256 for f in edition.files}
    now = {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}
    names = [n for n in sorted({*then, *now}) if then.get(n) != now.get(n)]
    if not names:
        return ()
    why += tuple(_happened(connection, edition, old, when))
    # A round keeps the definitions that it began with; a note on it follows those of its day.
    rules = edition.recipe.get("rules", "" if "edition" in edition.recipe else old.digest)
    if rules not in ("", new.digest):
        why += (Reason(DEFINED, "定义、参数有修改"),)
    return tuple(
        Difference(
            source=PAPER, line=0, unit=edition.unit, period=edition.period, indicator=name,
            basis=PAPER, then=None, now=None, printed_then=then.get(name, "")[:12],
            printed_now=now.get(name, "")[:12], reasons=why or (Reason(RULED, edition.title),),
        )
        for name in names
    )  # fmt: skip


def _happened(
    connection: Connection, edition: Edition, known: Definitions, when: datetime
) -> Iterator[Reason]:
    """What came after a paper: steps of its round, or filings about what it tells."""
    asked = kept_before(edition, edition.cutoff)
    if "edition" in edition.recipe:
        year = asked.period.year
        found = years.round_of(connection, str(asked.told("scheme")), year, when)
        taken = years.steps_taken(connection, found.id, when) if found else []
        for step in taken:
            if step.at > asked.known_at:
                told = f"（{step.document}）" if step.document else ""
                yield Reason(STEP, f"{step.stage_to}：{step.reason}{told}")
        newest = found.edition if found else None
        if newest not in (None, edition.recipe["edition"]):
            yield Reason(RULED, f"考核结果已有第 {newest} 版")
        return
    if edition.recipe.get("notice") in (ORDER, OVERDUE):
        numbers = [int(case) for case in asked.told("cases")]
        for one in rectifications_at(connection, when):
            if one.number in numbers:
                yield Reason(STEP, f"整改事项 {one.number}：{one.state}")
        return
    unit = edition.unit if edition.kind == NOTICE else ""
    for line in changed_lines(connection, known, edition.cutoff, when):
        if unit in ("", line.org):
            kind, told = (LATE, "未报后补报") if line.late else (CORRECTED, "重报更正")
            what = f"{line.org} {line.period} {line.form} {told}"
            yield Reason(kind, what, line.org, line.period, line.submission)


def _value(number: PrintedNumber | None) -> Decimal | None:
    return None if number is None else number.value


def _keyed(numbers: Iterable[PrintedNumber]) -> dict[Key, PrintedNumber]:
    return {(n.source, n.line, n.unit, n.period, n.indicator, n.basis, n.units): n for n in numbers}


def _made(publication: Publication) -> dict[Key, PrintedNumber]:
    return _keyed(
        PrintedNumber(
            anchor=n.anchor,
            line=LINES[n.line],
            unit=n.unit,
            period=n.period,
            indicator=n.indicator,
            basis=n.basis,
            value=n.value,
            source=n.source,
            units=n.units,
            printed=n.text,
        )
        for n in publication.numbers
    )


def _difference(
    key: Key, then: PrintedNumber | None, now: PrintedNumber | None, reasons: tuple[Reason, ...]
) -> Difference:
    source, line, unit, period, indicator, basis, _ = key
    return Difference(
        source=source,
        line=line,
        unit=unit,
        period=period,
        indicator=indicator,
        basis=basis,
        then=_value(then),
        now=_value(now),
        printed_then=then.printed if then else "",
        printed_now=now.printed if now else "",
        reasons=reasons,
    )


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
        if _value(then.get(key)) != _value(data.get(key)):
            found += self._of_data(key)
            if not found and (then.get(key) is None or data.get(key) is None):
                # Last year's figure is set beside today's units only once some have moved.
                found += self._of_data((*key[:5], COMPARABLE, key[6]))
        if _value(data.get(key)) != _value(now.get(key)):
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
                told = "未报后补报" if changed.late else "重报更正"
                found.append(
                    Reason(
                        LATE if changed.late else CORRECTED,
                        f"{changed.org} {changed.period} {changed.form} {told}",
                        changed.org,
                        changed.period,
                        changed.submission,
                    )
                )
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
