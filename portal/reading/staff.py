"""What the figures' pages show: closed periods, units next below, figures beside others, trends."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.measures import Indicator
from pipelines.consolidate import shorter
from pipelines.figures import change_words, display, steady_band
from pipelines.small_cells import sensitive
from portal.asking import NotFound
from portal.reading.withheld import UNTOLD, Withheld
from warehouse.engine import sql

KINDS = ("R-03 月度通报", "R-01 年终总结")
BLOCK, INDUSTRY = 1, 2
LINES = {BLOCK: "块", INDUSTRY: "条"}


@dataclass(frozen=True, slots=True)
class Head:
    """A closed period: the edition by which its figures are quoted and what it stands on."""

    period: str
    publication: int
    reference: str
    title: str
    computation: int
    cutoff: datetime


@dataclass(frozen=True, slots=True)
class Unit:
    """A union that the reader sees, on the line by which it hangs below another (0: itself)."""

    line: int
    id: int
    code: str
    name: str
    has_units: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """One form of a period: filings expected, heard of, heard of in time."""

    form: str
    expected: int
    reported: int
    on_time: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as a page shows it: printed, with its change in words and the way (up, down)."""

    indicator: Indicator
    value: Decimal | None
    text: str
    before: str
    before_way: str
    year: str
    year_way: str
    comparable: str
    reported: int | None
    expected: int | None
    address: str
    withheld: bool = False

    @property
    def told(self) -> bool:
        """Whether there is something to say: a value, or that it is withheld."""
        return self.withheld or self.value is not None


@dataclass(frozen=True, slots=True)
class Point:
    """One month of a trend."""

    period: str
    value: Decimal | None
    text: str
    publication: int | None
    withheld: bool = False


def heads(reading: Connection) -> dict[str, Head]:
    """Every closed period whose figures the reader may see, the newest first."""
    rows = reading.execute(text(sql("portal_staff_heads")), {"kinds": list(KINDS)}).mappings()
    found = [Head(**row) for row in rows]
    found.sort(key=lambda h: (Period.parse(h.period).end, h.period), reverse=True)
    return {h.period: h for h in found}


def chosen(heads_: Mapping[str, Head], wanted: str) -> Head | None:
    """The period asked for, else the newest month, else the newest of any kind."""
    if wanted:
        if wanted not in heads_:
            raise NotFound
        return heads_[wanted]
    months = [h for label, h in heads_.items() if len(label) == 7 and "-" in label]
    return next(iter(months), next(iter(heads_.values()), None))


def unit_of(reading: Connection, code: str) -> int:
    """The id of a union that the reader sees; NotFound otherwise."""
    found = reading.execute(text(sql("portal_own_unit")), {"code": code}).scalar()
    if found is None:
        raise NotFound
    return int(found)


def unit_on(reading: Connection, code: str, day: date) -> int:
    """The id of a union that the reader sees, or saw on a day while it was the reader's."""
    found = reading.execute(text(sql("portal_staff_unit_on")), {"code": code, "day": day}).scalar()
    if found is None:
        raise NotFound
    return int(found)


def units(reading: Connection, unit: int, day: date) -> list[Unit]:
    """A union (first) and those next below it on both lines, as far as the reader sees them."""
    rows = reading.execute(text(sql("portal_staff_units")), {"unit": unit, "day": day})
    return [Unit(**row) for row in rows.mappings()]


def coverage(reading: Connection, head: Head) -> list[Coverage]:
    """How far each form of a period came until its cut-off, over everyone the reader sees."""
    rows = reading.execute(
        text(sql("portal_staff_coverage")),
        {"period": head.period, "ends": Period.parse(head.period).end, "cutoff": head.cutoff},
    )
    return [Coverage(**row) for row in rows.mappings()]


class Figures:
    """Figures of some units and indicators in one closed period, beside the one before and last
    year's."""

    def __init__(
        self,
        reading: Connection,
        known: Definitions,
        head: Head,
        orgs: Collection[int],
        codes: Sequence[str],
        withheld: Withheld,
    ) -> None:
        self.known, self.head, self.withheld = known, head, withheld
        self.period = Period.parse(head.period)
        self.band = steady_band(known, self.period.end)
        self.previous, self.last_year = self.period.previous().label, self.period.last_year().label
        self.sensitive = sensitive(known, self.period.end).codes
        labels = [head.period, self.previous, self.last_year]
        self._untold = {
            label: shorter(reading, known, self.period, Period.parse(label), head.cutoff)
            for label in (self.previous, self.last_year)
        }
        rows = reading.execute(
            text(sql("portal_staff_figures")),
            {
                "computation": head.computation,
                "units": sorted(set(orgs)),
                "periods": labels,
                "indicators": list(codes),
            },
        )
        self._found = {(r.line, r.org_id, r.period, r.basis, r.indicator): r for r in rows}

    def _hides(self, line: int, unit: Unit, period: str, code: str) -> bool:
        return self.withheld.hides(self.head.computation, line, unit.code, period, code)

    def _value(
        self, line: int, unit: Unit, period: str, code: str, basis: str = "reported"
    ) -> Decimal | None:
        row = self._found.get((line, unit.id, period, basis, code))
        if (
            row is None
            or code in self._untold.get(period, ())
            or self._hides(line, unit, period, code)
        ):
            return None
        value: Decimal | None = row.value
        return value

    def shown(self, code: str, unit: Unit, line: int) -> Shown:
        """One figure of one unit, with its changes in words and the address of its parts."""
        indicator = self.known.indicators[code]
        now = self._found.get((line, unit.id, self.head.period, "reported", code))
        value = self._value(line, unit, self.head.period, code)
        withheld = now is not None and self._hides(line, unit, self.head.period, code)
        before = self._value(line, unit, self.previous, code)
        year = self._value(line, unit, self.last_year, code)
        comparable = self._value(line, unit, self.last_year, code, "comparable")

        of_now = self._value(line, unit, self.head.period, code, "comparable")
        if of_now is not None and code in self.sensitive:
            comparable = None  # it would tell what moved unions alone did

        def said(other: Decimal | None, now: Decimal | None = value) -> str:
            return change_words(now, other, indicator, self.band)

        return Shown(
            indicator=indicator,
            value=value,
            text=UNTOLD if withheld else display(value, indicator),
            before=said(before),
            before_way=_way(value, before, indicator),
            year=said(year),
            year_way=_way(value, year, indicator),
            comparable=said(comparable, value if of_now is None else of_now)
            if comparable != year or of_now is not None
            else "",
            reported=None if now is None else now.reported,
            expected=None if now is None else now.expected,
            address=f"{LINES[line]}/{unit.code}/{self.head.period}/{code}",
            withheld=withheld,
        )


def _way(now: Decimal | None, before: Decimal | None, indicator: Indicator) -> str:
    """better, worse or nothing, by what is good for this indicator."""
    if now is None or before is None or now == before or indicator.better == "neither":
        return ""
    return "better" if (now > before) == (indicator.better == "higher") else "worse"


def months_until(period: Period, count: int) -> list[str]:
    """Labels of the last months up to the end of a period, oldest first."""
    found = [period.months()[-1]]
    while len(found) < count:
        found.insert(0, found[0].previous())
    return [p.label for p in found]


def trend(
    reading: Connection,
    known: Definitions,
    heads_: Mapping[str, Head],
    code: str,
    line: int,
    units: Sequence[Unit],
    months: Sequence[str],
    withheld: Withheld,
) -> dict[int, list[Point]]:
    """One indicator month by month for some units; a month nobody computed has no value.

    A value that is withheld in any of the computations that have it is not told.
    """
    indicator = known.indicators[code]
    told = list(heads_.values())
    rows = reading.execute(
        text(sql("portal_staff_trend")),
        {
            "computations": [h.computation for h in told],
            "publications": [h.publication for h in told],
            "cutoffs": [h.cutoff for h in told],
            "line": line,
            "units": [u.id for u in units],
            "months": list(months),
            "indicator": code,
        },
    )
    found = {(r.org_id, r.period): r for r in rows}

    def point(unit: Unit, month: str) -> Point:
        row = found.get((unit.id, month))
        if (
            row is not None
            and code in withheld.codes
            and any(
                withheld.hides(h.computation, line, unit.code, month, code)
                for h in told
                if h.publication == row.publication or _within(month, h.period)
            )
        ):
            return Point(month, None, UNTOLD, None, withheld=True)
        value = None if row is None else row.value
        return Point(month, value, display(value, indicator), row.publication if row else None)

    return {unit.id: [point(unit, month) for month in months] for unit in units}


def _within(month: str, period: str) -> bool:
    whole = Period.parse(period)
    return whole.start <= Period.parse(month).end <= whole.end


def names(reading: Connection, codes: Sequence[str], day: date) -> dict[str, str]:
    """Official names of unions on a day, by code; a union without one goes by its code."""
    rows = reading.execute(
        text(sql("portal_union_names")),
        {"codes": list(codes), "day": day},
    )
    return {code: code for code in codes} | {r.code: r.name for r in rows}


def opened_periods(reading: Connection) -> list[str]:
    """Labels of opened periods, the newest first."""
    rows = reading.execute(text(sql("portal_opened_periods")))
    return list(rows.scalars())


def concerned(reading: Connection, codes: Sequence[str]) -> frozenset[str]:
    """Those unions, of some, that are the reader's own, below them or above them."""
    rows = reading.execute(text(sql("portal_concerned_units")), {"codes": list(codes)})
    return frozenset(rows.scalars())


def is_federation(reading: Connection) -> bool:
    """Whether the reader sees the whole: what belongs to no industry is only the federation's."""
    return bool(reading.execute(text(sql("portal_is_federation"))).scalar())


def people(reading: Connection, actors: Sequence[str]) -> dict[str, str]:
    """Names of accounts by how the log names them; who is no account goes by what is written."""
    rows = reading.execute(text(sql("portal_people")), {"actors": list(actors)})
    return {a: a for a in actors} | {r.actor: r.name for r in rows}
