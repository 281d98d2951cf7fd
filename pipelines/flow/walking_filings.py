"""Walks of what is counted about reporting itself: filings owed and come, places found wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from definitions import Period
from definitions.measures import Indicator
from pipelines.flow.findings_behind import FindingBehind, findings_behind
from pipelines.flow.walk_steps import BOTTOM, NOW, TOP, At, Cell, Part, Walk, address_of, kept, made
from warehouse.publications import PrintedNumber
from warehouse.walks import FilingBehind, filings_behind, names_at

COVERED = {
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


def coverage(at: At, number: PrintedNumber, label: str) -> Walk:
    """A count of filings by unit, each with the workbook that it came in."""
    period = Period.parse(number.period)
    filings = filings_behind(
        at.connection, at.unit_id(number.unit), period, at.edition.cutoff, number.line
    )  # fmt: skip
    # ORG-02:missing counts the filings of one form, missing those of all.
    form, _, code = number.indicator.rpartition(":")
    if form:
        filings = [f for f in filings if f.form == form]
    if code not in COVERED:
        raise LookupError(f"没有“{number.indicator}”这种可以查的数")
    top, bottom = COVERED[code]
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
    return made(at, replace(number, value=value), label, number.indicator, "lineage_filings",
                 rule, parts, cells)  # fmt: skip


def findings(at: At, number: PrintedNumber, label: str) -> Walk:
    """A count of places found by a rule, or by any, with the cell that each was found in."""
    period = Period.parse(number.period)
    found = [
        f
        for f in findings_behind(
            at.connection,
            at.unit_id(number.unit),
            period,
            at.edition.cutoff,
            number.indicator,
            number.line,
        )  # fmt: skip
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
    return made(at, replace(number, value=value), label, rule.title if rule else number.indicator,
                 "report_finding_places", "逐处计数，同一处只计一次", parts, cells)  # fmt: skip


def filed(at: At, number: PrintedNumber, label: str, indicator: Indicator) -> Walk:
    """Filings of the form behind an indicator, owed or come."""
    period = Period.parse(number.period)
    forms = {m.form for m in indicator.numerator[:1]}
    filings = [
        f
        for f in filings_behind(
            at.connection, at.unit_id(number.unit), period, at.edition.cutoff, number.line
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
    return made(at, number, label, indicator.name, "lineage_filings", "逐份报表计数", (), cells)


def about_filings(at: At, number: PrintedNumber, label: str, indicator: Indicator) -> Walk:
    """A figure about reporting itself: a count of filings, or a share of them."""
    codes = dict(zip((TOP, BOTTOM), indicator.coverage, strict=False))
    value = kept(at, number) if number.value is None else number.value
    one = replace(number, value=value)
    if len(codes) == 1:
        found = coverage(at, replace(one, indicator=codes[TOP], basis=NOW), label)
        return replace(found, name=indicator.name, indicator=indicator.code)
    parts = []
    for name, code in codes.items():
        address = address_of(number, indicator=code, basis=NOW)
        side = coverage(at, replace(number, indicator=code, basis=NOW, value=None), label)
        parts.append(Part(name, side.value, address))
    told = f"{indicator.definition}（分子÷分母×{indicator.multiply.normalize():f}）"
    return made(at, one, label, indicator.name, "lineage_filings", told, parts, ())
