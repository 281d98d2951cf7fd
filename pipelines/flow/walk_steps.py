"""What a step of a walk is: the number, its parts with their addresses, the cells behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions, Period
from expectations.findings import column_letters
from pipelines.figures import UNASSIGNED
from pipelines.publish.quoting import SO_FAR
from warehouse.computed import figure
from warehouse.lineage import CellBehind, cells_behind, cells_of_target
from warehouse.publications import Edition, PrintedNumber
from warehouse.tables import LINES
from warehouse.walks import kept_value, names_at

LINE_NAMES = {number: name for name, number in LINES.items()}
NOW, LAST_YEAR, COMPARABLE, BEFORE, TARGET = "本期", "上年同期", "可比口径上年", "上期", "目标"
COMPARABLE_NOW = "可比口径本期"
TOP, BOTTOM = "分子", "分母"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a number; `address` names it for the next step, empty where none follows.

    `record` says that it tells what somebody entered for an assessment: such records, and the rule
    of a step made of them, are for those who assess.
    """

    label: str
    value: Decimal | None
    address: str = ""
    cells: int = 0
    record: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in a workbook as it was received; `adds` is what it adds to the number."""

    unit: str
    unit_name: str
    form: str
    period: str
    file_name: str
    sha256: str
    sheet: str
    cells: tuple[str, ...]
    fields: tuple[str, ...]
    side: str
    measure: str
    adds: Decimal | None
    submission: int

    @property
    def measure_sums(self) -> bool:
        """Whether the cells' numbers are added; else the row counts as one thing."""
        return "sum(" in self.measure or "largest(" in self.measure


@dataclass(frozen=True, slots=True)
class Walk:
    """One step: the number, how it comes about, its parts and the cells behind it."""

    reference: str
    number: str
    title: str
    cutoff: datetime
    definitions: str
    printed: str
    value: Decimal | None
    unit: str
    unit_name: str
    line: str
    period: str
    source: str
    indicator: str
    name: str
    basis: str
    query: str
    rule: str
    parts: tuple[Part, ...]
    cells: tuple[Cell, ...]

    @property
    def by_unit(self) -> tuple[Part, ...]:
        """The parts that are units."""
        return tuple(p for p in self.parts if p.cells)


@dataclass(frozen=True, slots=True)
class At:
    """What a walk stands on: an edition, its definitions, units and the names met so far."""

    connection: Connection
    known: Definitions
    edition: Edition
    units: dict[str, int]
    names: dict[str, str]

    def unit_id(self, code: str) -> int:
        """The id of a union; 0 for 未纳入产业."""
        return 0 if code in ("0", UNASSIGNED) else self.units[code]


def address_of(number: PrintedNumber, **change: object) -> str:
    """A number by what it is: line/unit/period/code, and its side where it is not the figure."""
    one = replace(number, **change)  # type: ignore[arg-type]
    words = [LINE_NAMES[one.line], one.unit, one.period, one.indicator]
    if one.basis != NOW:
        words.append(one.basis)
    return "/".join(words)


def part_of(at: At, number: PrintedNumber, label: str, **change: object) -> Part:
    """A part with its value as the computation keeps it, or as its own cells say."""
    address = address_of(number, **change)
    one = replace(number, **change)  # type: ignore[arg-type]
    if one.basis == TARGET:
        period = Period.parse(one.period)
        cells = cells_of_target(
            at.connection, at.known, one.indicator, at.unit_id(one.unit), period, at.edition.cutoff
        )
        return Part(label, cells[-1].value if cells else None, address)
    if label == one.unit:
        label = name_of(at, one.unit, one.period)
    return Part(label, kept(at, one), address)


_BASES = {COMPARABLE: "comparable", COMPARABLE_NOW: "comparable", SO_FAR: "to_date"}


def kept(at: At, number: PrintedNumber, *, alone: bool = False) -> Decimal | None:
    """A figure as the computation keeps it; where it does not, from its cells, unless `alone`."""
    if at.edition.computation is None:
        return None
    if number.basis not in (NOW, LAST_YEAR, BEFORE, *_BASES, TOP, BOTTOM):
        return None
    basis = _BASES.get(number.basis, "reported")
    found = kept_value(
        at.connection, at.edition.computation, number.line, at.unit_id(number.unit), number.period,
        number.indicator, basis,
    )  # fmt: skip
    if found is None and number.basis == COMPARABLE_NOW and not alone:
        return kept(at, replace(number, basis=NOW))  # kept where it is another
    if found is None:
        return None if alone else added_up(at, number)
    return {TOP: found.numerator, BOTTOM: found.denominator}.get(number.basis, found.value)


def added_up(at: At, number: PrintedNumber) -> Decimal | None:
    """A figure from its cells, where no computation keeps it: a single union's, a report's own.

    A comparable figure is kept for every unit that has one of its own.
    """
    indicator = at.known.indicators.get(number.indicator)
    if indicator is None or not indicator.numerator or number.basis in (COMPARABLE, COMPARABLE_NOW):
        return None
    cells = list(
        cells_behind(
            at.connection, at.known, indicator.code, at.unit_id(number.unit), number.line,
            Period.parse(number.period), at.edition.cutoff,
        )
    )  # fmt: skip
    top, bottom = (sum_of([c for c in cells if c.side in s]) for s in (("分子", "减项"), ("分母",)))
    if number.basis in (TOP, BOTTOM):
        return top if number.basis == TOP else bottom
    return figure(indicator, top, bottom)


def now_beside(at: At, number: PrintedNumber, side: str) -> str:
    """Which side of this period is held against another: of the same unions as that one."""
    if side != COMPARABLE or kept(at, replace(number, basis=COMPARABLE_NOW), alone=True) is None:
        return NOW
    return COMPARABLE_NOW


def by_unit(at: At, number: PrintedNumber, cells: Sequence[CellBehind]) -> list[Part]:
    """The units next below, each with the sum of its cells; what the unit did itself comes last."""
    groups: dict[str, list[CellBehind]] = {}
    for cell in cells:
        groups.setdefault(cell.via, []).append(cell)
    at.names.update(
        names_at(at.connection, list(groups), Period.parse(number.period), at.edition.cutoff)
    )
    parts = []
    for unit, own in sorted(groups.items(), key=lambda g: (not g[0], g[0])):
        address = address_of(number, unit=unit) if unit else ""
        label = at.names.get(unit, unit) if unit else "本级"
        parts.append(Part(label, sum_of(own), address, len(own)))
    return parts


def sum_of(cells: Sequence[CellBehind]) -> Decimal | None:
    signed = [
        -c.value if c.side in ("减项", "上年减项") else c.value
        for c in cells
        if c.value is not None
    ]
    return sum(signed, Decimal(0)) if signed else None


def cell_of(cell: CellBehind) -> Cell:
    return Cell(
        unit=cell.org,
        unit_name=cell.name,
        form=cell.form,
        period=cell.period,
        file_name=cell.file_name,
        sha256=cell.sha256,
        sheet=cell.sheet,
        cells=tuple(f"{column_letters(c)}{cell.row}" for c in cell.columns),
        fields=cell.fields,
        side=cell.side,
        measure=cell.measure,
        adds=cell.value,
        submission=cell.submission,
    )


def name_of(at: At, unit: str, period: str) -> str:
    if unit in ("0", UNASSIGNED):
        return UNASSIGNED
    if unit not in at.names:
        at.names.update(names_at(at.connection, [unit], Period.parse(period), at.edition.cutoff))
    return at.names.get(unit, unit)


def made(
    at: At,
    number: PrintedNumber,
    label: str,
    name: str,
    query: str,
    rule: str,
    parts: Sequence[Part],
    cells: Sequence[Cell],
) -> Walk:
    return Walk(
        reference=at.edition.reference,
        number=label,
        title=at.edition.title,
        cutoff=at.edition.cutoff,
        definitions=at.edition.definitions,
        printed=number.printed,
        value=number.value,
        unit=number.unit,
        unit_name=name_of(at, number.unit, number.period),
        line=LINE_NAMES[number.line],
        period=number.period,
        source=number.source,
        indicator=number.indicator,
        name=name,
        basis=number.basis,
        query=query,
        rule=rule,
        parts=tuple(parts),
        cells=tuple(cells),
    )
