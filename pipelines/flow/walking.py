"""From a number in a document down to its cells: what it is made of, one step at a time.

A number is named by its place in the document (17), or by what it is: 块/640121Z00001/2017/I-ORG-04
with a side where it is not the figure itself. Every part that a step shows is named the same way,
so a reader walks on from part to part until cells of workbooks, with their hash, are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.model import Indicator
from expectations.findings import column_letters
from pipelines.figures import UNASSIGNED
from pipelines.flow.editions import definitions_of
from pipelines.flow.ground import engine
from pipelines.flow.reports import FindingBehind, findings_behind
from pipelines.publish.quality import ALL
from warehouse.lineage import CellBehind, cells_behind, cells_of_target
from warehouse.organisations import ids
from warehouse.publications import Edition, PrintedNumber, edition_of, numbers_of
from warehouse.tables import LINES
from warehouse.walks import FilingBehind, filings_behind, kept_value, names_at

LINE_NAMES = {number: name for name, number in LINES.items()}
NOW, LAST_YEAR, COMPARABLE, BEFORE, TARGET = "本期", "上年同期", "可比口径上年", "上期", "目标"
TOP, BOTTOM = "分子", "分母"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a number; `address` names it for the next step, empty where none follows."""

    label: str
    value: Decimal | None
    address: str = ""
    cells: int = 0


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
class _At:
    connection: Connection
    known: Definitions
    edition: Edition
    units: dict[str, int]
    names: dict[str, str]

    def unit_id(self, code: str) -> int:
        return 0 if code in ("0", UNASSIGNED) else self.units[code]


def walk(publication: int | str, number: int | str) -> Walk:
    """One step down from a number of an edition; LookupError in Chinese where there is none."""
    with engine().begin() as connection:
        edition = edition_of(connection, publication)
        at = _At(
            connection,
            definitions_of(connection, edition.definitions),
            edition,
            ids(connection),
            {},
        )
        printed, label = _named(connection, edition, number)
        return _step(at, printed, label)


def find_numbers(publication: int | str, printed: str) -> list[tuple[int, PrintedNumber]]:
    """The numbers of an edition that read so in it: what a reader of paper can type in."""
    wanted = printed.strip().replace(",", "").replace("，", "")
    with engine().begin() as connection:
        numbers = numbers_of(connection, edition_of(connection, publication).id)
    return [(n, p) for n, p in numbers.items() if wanted and wanted in p.printed.replace(",", "")]


def address_of(number: PrintedNumber, **change: object) -> str:
    """A number by what it is: line/unit/period/code, and its side where it is not the figure."""
    one = replace(number, **change)  # type: ignore[arg-type]
    words = [LINE_NAMES[one.line], one.unit, one.period, one.indicator]
    if one.basis != NOW:
        words.append(one.basis)
    return "/".join(words)


def _named(
    connection: Connection, edition: Edition, number: int | str
) -> tuple[PrintedNumber, str]:
    if isinstance(number, int) or number.isdigit():
        numbers = numbers_of(connection, edition.id)
        if int(number) not in numbers:
            raise LookupError(f"{edition.reference} 没有第 {number} 号数")
        return numbers[int(number)], str(number)
    if "/" not in number:
        for ordinal, printed in numbers_of(connection, edition.id).items():
            if printed.anchor == number:
                return printed, str(ordinal)
        raise LookupError(f"{edition.reference} 没有编号为 {number} 的数")
    words = number.split("/")
    if len(words) not in (4, 5) or words[0] not in LINES:
        raise LookupError(f"{number} 不是“统计线/单位编码/期间/指标代码[/口径]”")
    basis = words[4] if len(words) == 5 else NOW
    source = "coverage" if not words[3].startswith("I-") else "indicator"
    if words[3] == ALL or words[3].startswith("V-"):
        source = "finding"
    return (
        PrintedNumber("", LINES[words[0]], words[1], words[2], words[3], basis, None, source),
        number,
    )


def _step(at: _At, number: PrintedNumber, label: str) -> Walk:
    if number.unit not in at.units and number.unit not in ("0", UNASSIGNED):
        raise LookupError(f"工会组织编码 {number.unit} 未登记")
    if number.source == "coverage":
        return _coverage(at, number, label)
    if number.source == "finding":
        return _findings(at, number, label)
    indicator = at.known.indicators.get(number.indicator)
    if number.source != "indicator" or indicator is None:
        return _made(at, number, label, number.indicator, "publication_number", "", (), ())
    if number.basis in (NOW, LAST_YEAR, BEFORE, COMPARABLE, TOP, BOTTOM):
        return _figure(at, number, label, indicator)
    if number.basis == TARGET:
        period = Period.parse(number.period)
        found = cells_of_target(
            at.connection, at.known, indicator.code, at.unit_id(number.unit), period,
            at.edition.cutoff,
        )  # fmt: skip
        cells = tuple(_cell(c) for c in found)
        value = cells[-1].adds if cells else number.value
        return _made(at, replace(number, value=value), label, indicator.name, "lineage_cells",
                     "目标责任书签订的目标", (), cells)  # fmt: skip
    return _derived(at, number, label, indicator)


def _derived(at: _At, number: PrintedNumber, label: str, indicator: Indicator) -> Walk:
    """A number made of other numbers of the same figure: both sides of it, or the parts of a sum.

    Last year's sides are asked about this year's period, from which they were told.
    """
    period = Period.parse(number.period)
    parts: list[Part] = []
    if number.units:
        rule = "各单位相加" if not indicator.denominator else "分子、分母分别相加后相除"
        for unit in number.units:
            parts.append(_part(at, number, unit, unit=unit, basis=NOW, units=()))
    elif number.basis.startswith("比"):
        side = number.basis.removeprefix("比")
        rule = "本期－对比期" if indicator.unit == "%" else "（本期－对比期）÷对比期×100%"
        parts = [
            _part(at, number, NOW, basis=NOW),
            _part(at, number, side, basis=side, period=_of(side, period)),
        ]
    elif number.basis in ("完成目标", "距目标"):
        rule = "本期÷目标×100%" if number.basis == "完成目标" else "本期与目标之差"
        parts = [_part(at, number, NOW, basis=NOW), _part(at, number, TARGET, basis=TARGET)]
    elif number.basis in ("应报", "实报"):
        return _filed(at, number, label, indicator)
    elif number.basis == "本级":
        rule = "本单位自办、不属于下级单位的部分"
        whole = _figure(at, replace(number, basis=NOW), label, indicator)
        own = tuple(p for p in whole.parts if p.label == "本级")
        cells = tuple(c for c in whole.cells if c.unit == number.unit)
        return _made(at, number, label, indicator.name, whole.query, rule, own, cells)
    else:
        rule = number.basis
        parts = [_part(at, number, NOW, basis=NOW)]
    return _made(at, number, label, indicator.name, "publication_number", rule, parts, ())


def _of(side: str, now: Period) -> str:
    """The period that a side of a figure is about."""
    if side == BEFORE:
        return now.previous().label
    return now.last_year().label if side in (LAST_YEAR, COMPARABLE) else now.label


def _part(at: _At, number: PrintedNumber, label: str, **change: object) -> Part:
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
        label = _name(at, one.unit, one.period)
    return Part(label, _kept(at, one), address)


def _kept(at: _At, number: PrintedNumber) -> Decimal | None:
    if at.edition.computation is None:
        return None
    basis = "comparable" if number.basis == COMPARABLE else "reported"
    found = kept_value(
        at.connection, at.edition.computation, number.line, at.unit_id(number.unit), number.period,
        number.indicator, basis,
    )  # fmt: skip
    if found is None:
        return None
    return {TOP: found.numerator, BOTTOM: found.denominator}.get(number.basis, found.value)


def _figure(at: _At, number: PrintedNumber, label: str, indicator: Indicator) -> Walk:
    period = Period.parse(number.period)
    if indicator.coverage and set(indicator.coverage) <= set(_COVERED):
        return _about_filings(at, number, label, indicator)
    day = Period.parse(_year_after(number.period)).end if number.basis == COMPARABLE else None
    found = list(
        cells_behind(
            at.connection, at.known, indicator.code, at.unit_id(number.unit), number.line, period,
            at.edition.cutoff, day,
        )
    )  # fmt: skip
    ratio = bool(indicator.denominator)
    wanted = {TOP: ("分子", "减项"), BOTTOM: ("分母",)}.get(number.basis)
    if wanted:
        found = [c for c in found if c.side in wanted]
    value = _kept(at, number) if number.value is None else number.value
    if ratio and not wanted:
        sides = [_sum([c for c in found if c.side in s]) for s in (("分子", "减项"), ("分母",))]
        parts = [
            Part(name, side, address_of(number, basis=name))
            for name, side in zip((TOP, BOTTOM), sides, strict=True)
        ]
        multiply = f"×{indicator.multiply.normalize():f}" if indicator.multiply != 1 else ""
        rule = f"分子÷分母{multiply}"
    else:
        parts = _by_unit(at, number, found)
        rule = "各单位相加"
    told = f"{indicator.definition}（{rule}）"
    cells = tuple(_cell(c) for c in found)
    return _made(at, replace(number, value=value), label, indicator.name, "lineage_cells", told,
                 parts, cells)  # fmt: skip


def _year_after(label: str) -> str:
    return label.replace(label[:4], str(int(label[:4]) + 1), 1)


def _by_unit(at: _At, number: PrintedNumber, cells: Sequence[CellBehind]) -> list[Part]:
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
        parts.append(Part(label, _sum(own), address, len(own)))
    return parts


def _sum(cells: Sequence[CellBehind]) -> Decimal | None:
    signed = [
        -c.value if c.side in ("减项", "上年减项") else c.value
        for c in cells
        if c.value is not None
    ]
    return sum(signed, Decimal(0)) if signed else None


_COVERED = {
    "expected": ("expected", ""),
    "reported": ("reported", ""),
    "on_time": ("on_time", ""),
    "first_pass": ("first_pass", ""),
    "missing": ("missing", ""),
    "reported_pct": ("reported", "expected"),
    "on_time_pct": ("on_time", "expected"),
    "first_pass_pct": ("first_pass", "reported"),
}


def _is(filing: FilingBehind, code: str) -> bool:
    return {
        "expected": True,
        "reported": filing.reported,
        "on_time": filing.on_time,
        "first_pass": filing.first_pass,
        "missing": not filing.reported,
    }[code]


def _coverage(at: _At, number: PrintedNumber, label: str) -> Walk:
    """A count of filings by unit, each with the workbook that it came in."""
    period = Period.parse(number.period)
    filings = filings_behind(
        at.connection, at.unit_id(number.unit), period, at.edition.cutoff
    )  # fmt: skip
    # ORG-02:missing counts the filings of one form, missing those of all.
    form, _, code = number.indicator.rpartition(":")
    if form:
        filings = [f for f in filings if f.form == form]
    top, bottom = _COVERED[code]
    if bottom:
        parts = [
            Part(
                name,
                Decimal(sum(_is(f, code) for f in filings)),
                address_of(number, indicator=f"{form}:{code}" if form else code, basis=NOW),
            )
            for name, code in ((TOP, top), (BOTTOM, bottom))
        ]
        rule = "分子÷分母×100%"
    else:
        counted = [f for f in filings if _is(f, top)]
        at.names.update(
            names_at(at.connection, [f.via for f in counted if f.via], period, at.edition.cutoff)
        )
        groups: dict[str, int] = {}
        for f in counted:
            groups[f.via] = groups.get(f.via, 0) + 1
        parts = [
            Part(
                at.names.get(unit, unit) or "本级",
                Decimal(count),
                address_of(number, unit=unit, basis=NOW) if unit else "",
                count,
            )
            for unit, count in sorted(groups.items())
        ]
        rule = "逐份报表计数"
    cells = tuple(
        Cell(
            f.org, f.name, f.form, f.period, f.file_name or "", f.sha256 or "", "", (), (),
            "份数", number.indicator, Decimal(1), f.submission or 0,
        )
        for f in filings
        if _is(f, bottom or top)
    )  # fmt: skip
    value = number.value
    if value is None:
        value = sum((c.adds for c in cells if c.adds is not None), Decimal(0))
    return _made(at, replace(number, value=value), label, number.indicator, "lineage_filings",
                 rule, parts, cells)  # fmt: skip


def _findings(at: _At, number: PrintedNumber, label: str) -> Walk:
    """A count of places found by a rule, or by any, with the cell that each was found in."""
    period = Period.parse(number.period)
    found = [
        f
        for f in findings_behind(
            at.connection, at.unit_id(number.unit), period, at.edition.cutoff, number.indicator
        )
        if f.counts_as(number.basis)
    ]
    units = [f.via for f in found if f.via] + [f.org for f in found]
    at.names.update(names_at(at.connection, sorted(set(units)), period, at.edition.cutoff))
    groups: dict[str, list[FindingBehind]] = {}
    for one in found:
        groups.setdefault(one.via, []).append(one)
    by_unions = number.basis == "单位数"
    parts = [
        Part(
            at.names.get(unit, unit) or "本级",
            Decimal(len({f.org for f in own}) if by_unions else len(own)),
            address_of(number, unit=unit) if unit else "",
            len(own),
        )
        for unit, own in sorted(groups.items(), key=lambda g: (not g[0], g[0]))
    ]
    cells = tuple(
        Cell(
            f.org, at.names.get(f.org, f.org), f.form, f.period, f.file_name, f.sha256, f.sheet,
            (f.cell,) if f.cell else (), (), number.basis, f.rule, Decimal(1), f.submission,
        )
        for f in found
    )  # fmt: skip
    value = number.value
    if value is None:
        value = Decimal(len({f.org for f in found}) if by_unions else len(found))
    rule = at.known.rules.get(number.indicator)
    return _made(at, replace(number, value=value), label, rule.title if rule else number.indicator,
                 "report_finding_places", "逐处计数，同一处只计一次", parts, cells)  # fmt: skip


def _filed(at: _At, number: PrintedNumber, label: str, indicator: Indicator) -> Walk:
    """Filings of the form behind an indicator, owed or come."""
    period = Period.parse(number.period)
    forms = {m.form for m in indicator.numerator[:1]}
    filings = [
        f
        for f in filings_behind(
            at.connection, at.unit_id(number.unit), period, at.edition.cutoff
        )
        if not forms or f.form in forms
    ]  # fmt: skip
    code = "expected" if number.basis == "应报" else "reported"
    cells = tuple(
        Cell(
            f.org, f.name, f.form, f.period, f.file_name or "", f.sha256 or "", "", (), (),
            "份数", code, Decimal(1), f.submission or 0,
        )
        for f in filings
        if _is(f, code)
    )  # fmt: skip
    return _made(at, number, label, indicator.name, "lineage_filings", "逐份报表计数", (), cells)


def _about_filings(at: _At, number: PrintedNumber, label: str, indicator: Indicator) -> Walk:
    """A figure about reporting itself: a count of filings, or a share of them."""
    codes = dict(zip((TOP, BOTTOM), indicator.coverage, strict=False))
    value = _kept(at, number) if number.value is None else number.value
    one = replace(number, value=value)
    if len(codes) == 1:
        found = _coverage(at, replace(one, indicator=codes[TOP], basis=NOW), label)
        return replace(found, name=indicator.name, indicator=indicator.code)
    parts = []
    for name, code in codes.items():
        address = address_of(number, indicator=code, basis=NOW)
        side = _coverage(at, replace(number, indicator=code, basis=NOW, value=None), label)
        parts.append(Part(name, side.value, address))
    told = f"{indicator.definition}（分子÷分母×{indicator.multiply.normalize():f}）"
    return _made(at, one, label, indicator.name, "lineage_filings", told, parts, ())


def _cell(cell: CellBehind) -> Cell:
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


def _name(at: _At, unit: str, period: str) -> str:
    if unit in ("0", UNASSIGNED):
        return UNASSIGNED
    if unit not in at.names:
        at.names.update(names_at(at.connection, [unit], Period.parse(period), at.edition.cutoff))
    return at.names.get(unit, unit)


def _made(
    at: _At,
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
        unit_name=_name(at, number.unit, number.period),
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
