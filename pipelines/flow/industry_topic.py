"""R-10 from the warehouse: industries below a unit, committees, contracts, quotas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines import counted_rows
from pipelines.figures import BLOCK, INDUSTRY, UNASSIGNED, Figure, Figures
from pipelines.flow.filed_rows import decimal, plain_rows
from pipelines.flow.industry_line import INDUSTRIES, OUTSIDE, along_industry
from pipelines.publish import Publication
from pipelines.publish.industry_data import (
    SEATS,
    Branch,
    Committee,
    ContractKind,
    IndustryTopic,
    told_codes,
)
from pipelines.publish.industry_topic import industry_topic
from warehouse.computed import Target
from warehouse.current import current_rows
from warehouse.lineage import cells_of_measure
from warehouse.organisations import Registered, ids, standing
from warehouse.rollup import figures_for
from warehouse.tables import LINES

CONTRACTS, CHECKS, COMMITTEES = "CON-01", "CON-02", "CADRE-05"
_CHECKED = ("quota_products", "clauses", "breaches", "fixed")


def industry_topic_of(connection: Connection, known: Definitions, figures: Figures) -> Publication:
    """R-10 of the unit and period of some figures, told along the industry line."""
    along = along_industry(connection, figures)
    branches = [] if along.figures.children[BLOCK] else _branches(connection, known, figures)
    line = LINES[along.lines.get(figures.unit.code, BLOCK)]
    seats, seats_of = _committees(connection, known, figures)
    counted = _Counted(connection, known, figures, line)
    topic = IndustryTopic(
        committees=seats,
        committees_of=seats_of,
        kinds=counted.kinds(),
        sums=counted.checks(),
        branches=branches,
        lines=along.lines,
        unset=_unset(known, figures.period),
        asks_industry=figures.unit.type not in INDUSTRIES and figures.unit.level != "基层",
    )
    return industry_topic(along.figures, topic, known)


def _unset(known: Definitions, period: Period) -> dict[str, int]:
    """Forms of the topic that were first asked for after a period, with the year."""
    first = {
        code: min((f.valid_from for f in known.forms if f.code == code), default=None)
        for code in (CONTRACTS, CHECKS, COMMITTEES)
    }
    return {code: day.year for code, day in first.items() if day and day > period.end}


def _in_force(known: Definitions, form: str, period: Period) -> bool:
    """Whether a form was asked for in a period."""
    return any(
        f.valid_from <= period.end and (f.valid_to is None or f.valid_to >= period.start)
        for f in known.forms
        if f.code == form
    )


class _Counted:
    """Sums of rows below the unit, from the same cells that a reader walks down to."""

    def __init__(
        self, connection: Connection, known: Definitions, figures: Figures, line: int
    ) -> None:
        self._connection = connection
        self._known = known
        self._figures = figures
        self._line = line
        self._unit = ids(connection)[figures.unit.code]

    def _sum(self, code: str) -> Decimal | None:
        """A count of rows; None where no row was reported."""
        period = self._figures.period
        cells = cells_of_measure(
            self._connection,
            self._known,
            counted_rows.measure_of(code, counted_rows.ALL, self._known),
            self._unit,
            self._line,
            period,
            self._figures.cutoff,
        )
        told = [c.value for c in cells if c.value is not None]
        return sum(told, Decimal(0)) if told else None

    def kinds(self) -> list[ContractKind]:
        """Contracts in force by kind, in the order of the code list."""
        if not _in_force(self._known, CONTRACTS, self._figures.period):
            return []
        found = []
        for kind in self._known.code_lists["CONTRACT_KIND"].values:
            contracts = self._sum(
                counted_rows.code_of(CONTRACTS, counted_rows.ROWS, "contract_kind", kind)
            )
            if contracts:
                workers = counted_rows.code_of(CONTRACTS, "workers", "contract_kind", kind)
                found.append(ContractKind(kind, contracts, self._sum(workers)))
        return found

    def checks(self) -> dict[str, Decimal]:
        """What checks of contracts and quotas found, by code."""
        if not _in_force(self._known, CHECKS, self._figures.period):
            return {}
        codes = [counted_rows.code_of(CHECKS, what) for what in _CHECKED]
        return {code: value for code in codes if (value := self._sum(code)) is not None}


def _committees(
    connection: Connection, known: Definitions, figures: Figures
) -> tuple[list[Committee], str]:
    """Own rows of CADRE-05 of the unit and the industry unions below it, and the year they tell."""
    period = figures.period
    if period.kind is not PeriodKind.YEAR or not _in_force(known, COMMITTEES, period):
        return [], ""
    units = [u for u in figures.children.get(INDUSTRY, ()) if u.code != OUTSIDE]
    names = {figures.unit.code: figures.unit.name, **{u.code: u.name for u in units}}
    names |= {u.code: u.name for u in figures.children.get(BLOCK, ())}
    frame = current_rows(
        connection, known, COMMITTEES, [period.label], sorted(names), figures.cutoff
    )
    rows: dict[str, dict[str, Decimal | None]] = {}
    for row in plain_rows(frame):
        if row["org_code"] == row["org"]:
            rows[row["org"]] = {c: decimal(row[c]) for c in SEATS}
    order = [figures.unit.code, *names]
    found = [Committee(c, names[c], rows[c]) for c in dict.fromkeys(order) if c in rows]
    return found, f"{period.year}年"


def _branches(connection: Connection, known: Definitions, figures: Figures) -> list[Branch]:
    """Unions below a unit by the industry union highest above them; [] where none has any."""
    period = figures.period
    organisations = {o.id: o for o in standing(connection, period.end, figures.cutoff)}
    heads = {o.block for o in organisations.values()}
    leaves = [
        o for o in organisations.values()
        if o.id not in heads and _is_below(o, figures.unit.code, organisations)
    ]  # fmt: skip
    if not any(o.industry_parent for o in leaves):
        return []
    few = {c: i for c, i in known.indicators.items() if c in set(told_codes())}
    rows = figures_for(
        connection, replace(known, indicators=few), [Target(period, every_unit=True)],
        figures.cutoff,
    )  # fmt: skip
    told: dict[int, list[Figure]] = defaultdict(list)
    for r in rows:
        if r.line == LINES[BLOCK] and r.basis == "reported" and r.org_id in organisations:
            told[r.org_id].append(
                Figure(
                    r.indicator, organisations[r.org_id].code, period.label, BLOCK, r.value,
                    r.numerator, r.denominator, r.reported, r.expected,
                )
            )  # fmt: skip
    groups: dict[str, list[Registered]] = defaultdict(list)
    for leaf in sorted(leaves, key=lambda o: o.code):
        groups[_industry(leaf, organisations)].append(leaf)
    order = sorted(groups, key=lambda name: (name == UNASSIGNED, -len(groups[name]), name))
    return [_branch(name, groups[name], told) for name in order]


def _is_below(org: Registered, code: str, organisations: Mapping[int, Registered]) -> bool:
    above = organisations.get(org.block or 0)
    while above is not None:
        if above.code == code:
            return True
        above = organisations.get(above.block or 0)
    return False


def _industry(org: Registered, organisations: Mapping[int, Registered]) -> str:
    """Name of the industry union highest above a union."""
    above = organisations.get(org.industry_parent or 0)
    if above is None:
        return UNASSIGNED
    while (over := organisations.get(above.industry_parent or 0)) is not None:
        above = over
    return above.name


def _branch(
    name: str, members: Sequence[Registered], told: Mapping[int, Sequence[Figure]]
) -> Branch:
    figures: dict[str, list[Figure]] = defaultdict(list)
    for one in members:
        for figure in told.get(one.id, ()):
            figures[figure.indicator].append(figure)
    return Branch(
        name, tuple(o.code for o in members), {code: tuple(of) for code, of in figures.items()}
    )
