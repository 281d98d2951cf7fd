"""Small cells: which published counts of a few people are withheld so that nobody finds them out.

A count of one to four helped people by unit points at persons. It is withheld, and with it as many
other figures as it takes that no combination of published totals gives it away: sums of units along
both lines, months against their year, a unit's own part against its children.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from definitions.catalogue import Definitions
from definitions.measures import Indicator, Measure
from definitions.model import Form
from definitions.periods import Period, PeriodKind
from pipelines.exposed_cells import Asked, Cell, Sum, withhold

LIMIT, COLUMNS = "small_cell_limit", "small_cell_columns"
OWN = "本级"
"""What a unit did itself, beside those below it, with what moved units did elsewhere."""

Withheld = frozenset[tuple[int, str, str, str]]
"""Line, unit, period label, indicator: what is not printed."""


@dataclass(frozen=True, slots=True)
class Value:
    """One computed figure; `top` and `bottom` are both sides of a rate."""

    line: int
    unit: str
    period: str
    indicator: str
    value: Decimal | None
    top: Decimal | None = None
    bottom: Decimal | None = None


@dataclass(frozen=True)
class Sensitive:
    """Indicators about few people: counts, rates of counts, and what goes with counts."""

    limit: int
    counts: Mapping[str, Indicator] = field(default_factory=dict)
    rates: Mapping[str, Indicator] = field(default_factory=dict)
    amounts: Mapping[str, Indicator] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(sorted({*self.counts, *self.rates, *self.amounts}))


def sensitive(definitions: Definitions, day: date) -> Sensitive:
    """What the parameters of a day make sensitive: indicators that count named columns or rows."""
    listed, limit = definitions.parameters.get(COLUMNS), definitions.parameters.get(LIMIT)
    if listed is None or limit is None:
        return Sensitive(0)
    columns: dict[str, dict[str, list[str]]] = listed.at(day)
    counts, rates, amounts = {}, {}, {}
    for code, indicator in definitions.indicators.items():
        about = [_about(m, columns) for m in indicator.measures]
        if not any(about):
            continue
        if indicator.denominator or indicator.aggregate not in ("sum", "latest", "distinct"):
            rates[code] = indicator
        elif "counts" in about:
            counts[code] = indicator
        else:
            amounts[code] = indicator
    return Sensitive(int(limit.at(day)), counts, rates, amounts)


def sensitive_columns(definitions: Definitions, form: str, day: date) -> frozenset[str]:
    """Columns of a form that are left out of published lists of its rows."""
    listed = definitions.parameters.get(COLUMNS)
    named = listed.at(day).get(form, {}) if listed is not None else {}
    return frozenset(c for group in named.values() for c in group)


def untold_columns(definitions: Definitions, form: Form, day: date) -> frozenset[str]:
    """Columns of which no row is told: of persons, and of so few that they would be known.

    With `rows` not even how many there are.
    """
    few = sensitive_columns(definitions, form.code, day)
    return few | {c.code for c in form.columns if c.personal or "rows" in few}


def _about(measure: Measure, columns: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """Whether a measure counts people that may be few, or adds up what goes with such a count."""
    named = columns.get(measure.form)
    if named is None:
        return ""
    amount = measure.sum or measure.largest
    used = set(amount.columns) if amount else {"rows", *measure.distinct}
    for group in ("counts", "amounts"):
        if used & set(named.get(group, ())):
            return group
    return ""


@dataclass(frozen=True)
class Tree:
    """Who is printed below whom: line → unit → its children; and the unit that is the whole."""

    top: str
    children: Mapping[int, Mapping[str, Sequence[str]]]

    def place(self, line: int, unit: str, period: str) -> Cell:
        """A unit without others below it on a line is the same cell on both."""
        below = self.children.get(line, {}).get(unit)
        if line != 1 and not below and unit != "0":
            line = 1
        return (line, unit, period)


def withheld_of(
    values: Iterable[Value], tree: Tree, period: Period, about: Sensitive
) -> Withheld:  # fmt: skip
    """Everything of a computation that none of its publications may print.

    Months are decided by themselves, as their bulletins were, then quarters, then the whole with
    all of them given. Other years and the period before are printed for the whole alone: what
    stood then was decided then.
    """
    by_code: dict[str, list[Value]] = defaultdict(list)
    for value in values:
        by_code[value.indicator].append(value)
    spans = _spans(period)
    found: set[tuple[int, str, str, str]] = set()
    hidden_by_form: dict[str, set[Cell]] = defaultdict(set)
    rates: dict[str, set[Cell]] = {}
    for code, indicator in {**about.counts, **about.rates}.items():
        rows = by_code.get(code, [])
        rate = code in about.rates
        hidden: set[Cell] = set()
        sides = ("top", "bottom", "rest") if rate else ("value",)
        for which in sides:
            cells = {
                tree.place(v.line, v.unit, v.period): x
                for v in rows
                if v.period in spans and (x := _side(v, which)) is not None
            }
            if which != "value" and not _counts(indicator, which):
                continue
            hidden |= _protected(cells, tree, spans, about.limit, _adds_up(indicator))
        rates[code] = hidden
        for measure in indicator.measures:
            hidden_by_form[measure.form] |= hidden
    for code, indicator in {**about.counts, **about.rates, **about.amounts}.items():
        hidden = set(rates.get(code, ()))
        if code not in about.counts:  # what goes with a count would give it away
            hidden |= {c for m in indicator.measures for c in hidden_by_form.get(m.form, ())}
        for v in by_code.get(code, []):
            elsewhere = v.period not in spans and v.unit != tree.top
            if elsewhere or tree.place(v.line, v.unit, v.period) in hidden:
                found.add((v.line, v.unit, v.period, code))
        for line, unit, label in hidden:
            if unit.endswith(OWN):
                found.add((line, unit, label, code))
    return frozenset(found)


def _side(value: Value, which: str) -> Decimal | None:
    if which == "value":
        return value.value
    if which == "rest":  # those of the base whom the rate leaves out may be few as well
        return None if value.top is None or value.bottom is None else value.bottom - value.top
    return value.top if which == "top" else value.bottom


def _counts(indicator: Indicator, which: str) -> bool:
    """Whether a side of a rate is a count of things, not a sum of money."""
    measures = indicator.denominator if which == "bottom" else indicator.numerator
    if which == "rest":
        forms = {m.form for m in indicator.measures}
        return len(forms) == 1 and indicator.unit == "%"
    return all(not m.sum or "amount" not in m.sum.text for m in measures)


def _adds_up(indicator: Indicator) -> bool:
    """Whether months add up to their year; a stock is what its last month says."""
    return all(m.take == "flow" for m in indicator.numerator)


def _spans(period: Period) -> list[str]:
    """The periods inside a period that are published on their own, shortest first, then itself."""
    found = [m.label for m in period.months()] if period.kind is not PeriodKind.MONTH else []
    if period.kind is PeriodKind.YEAR:
        found += [Period(PeriodKind.QUARTER, period.year, q).label for q in range(1, 5)]
    return [*found, period.label]


def _protected(
    cells: Mapping[Cell, Decimal],
    tree: Tree,
    spans: Sequence[str],
    limit: int,
    adds_up: bool,
) -> set[Cell]:
    """Cells of one count that are withheld, span by span in the order of publication."""
    by_span: dict[str, dict[Cell, Decimal]] = defaultdict(dict)
    for cell, value in cells.items():
        by_span[cell[2]][cell] = value
    known: dict[Cell, Decimal] = {}
    sums: list[Sum] = []
    hidden: set[Cell] = set()
    asked: Asked = {}
    for label in spans:
        here = by_span[label]
        sums += _sums_of_units(here, tree, label)
        sums += _sums_of_months(here, known, label, adds_up)
        printed = known.keys() - hidden
        known |= here
        hidden = withhold(known, sums, limit, hidden=hidden, printed=printed, asked_before=asked)
    return hidden


def _sums_of_units(values: dict[Cell, Decimal], tree: Tree, label: str) -> list[Sum]:
    """Units below each head, both lines; what they and the head differ by is a cell of its own."""
    found = []
    for line, heads in tree.children.items():
        for head, below in heads.items():
            total = tree.place(line, head, label)
            if total not in values and head == tree.top:
                total = (1, head, label)
            if total not in values:
                continue
            parts = [c for u in below if (c := tree.place(line, u, label)) in values]
            own = values[total] - sum((values[c] for c in parts), Decimal(0))
            rest = (line, head + OWN, label)
            if own:
                values[rest] = abs(own)
            if own < 0:  # what units did before they joined, beyond what others did that left
                found.append(Sum(total, tuple(parts), (rest,)))
            elif own:
                found.append(Sum(total, (*parts, rest)))
            elif parts:
                found.append(Sum(total, tuple(parts)))
    return found


def _sums_of_months(
    values: Mapping[Cell, Decimal], before: Mapping[Cell, Decimal], label: str, adds_up: bool
) -> list[Sum]:
    """A longer period against the months in it, for units of which all are known."""
    period = Period.parse(label)
    if period.kind is PeriodKind.MONTH:
        return []
    months = [m.label for m in period.months()]
    found = []
    for cell, value in values.items():
        parts = [c for m in months if (c := (cell[0], cell[1], m)) in before]
        if not adds_up:
            parts = parts[-1:]
        if parts and sum((before[p] for p in parts), Decimal(0)) == value:
            found.append(Sum(cell, tuple(parts)))
    return found
