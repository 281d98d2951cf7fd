"""R-10: figures side by side by industry, of industry unions or of a county's branches."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipelines.figures import Figure, display
from pipelines.publish.content import Column, Inline, Table
from pipelines.publish.disclosure import MARK, NOTE
from pipelines.publish.industry_data import Branch, IndustryTopic
from pipelines.publish.tables import LISTED, headed, rest_note
from pipelines.publish.telling import ADDITIVE, NONE, Teller, combined
from pipelines.publish.unit_tables import unit_table


def by_industry(
    teller: Teller, topic: IndustryTopic, title: str, codes: Sequence[str]
) -> Table | None:
    """Figures by industry: of industry unions where they stand below the unit, else of branches."""
    if topic.branches:
        return _by_branch(teller, topic, title, codes)
    return unit_table(teller, title, codes, limit=LISTED)


def _by_branch(
    teller: Teller, topic: IndustryTopic, title: str, codes: Sequence[str]
) -> Table | None:
    """The same where members of an industry stand below the unit and the industry does not."""
    known = [i for c in codes if (i := teller.indicator(c)) is not None]
    told = [i for i in known if any(told_of(b, i.code) for b in topic.branches)]
    if not told:
        return None
    rows: list[tuple[Inline, ...]] = []
    for branch in topic.branches[:LISTED]:
        cells = [_branch_cell(teller, branch, i.code) for i in told]
        rows.append((branch.name, *cells))
    total = [teller.cell(teller.figures.get(i.code)) for i in told]
    own: list[Inline] = []
    for i in told:
        whole = teller.figures.get(i.code)
        parts = [f for b in topic.branches for f in told_of(b, i.code)]
        value = combined(i, parts)
        if i.aggregate not in ADDITIVE or whole is None or whole.value is None:
            own.append(NONE)
        elif any(teller.hides(f) for f in (whole, *parts)):
            own.append(MARK)
        elif whole.value > (value or 0):
            rest = whole.value - (value or 0)
            own.append(teller.number(whole, rest, display(rest, i), "本级"))
        else:
            own.append(NONE)
    if len(topic.branches) <= LISTED and any(c != NONE for c in own):
        rows.append((f"{teller.figures.unit.name}本级", *own))
    rows.append(("合计", *total))
    note = "注：按各工会的产业上级归类。"
    note += rest_note(len(topic.branches), "列前{n}个产业", "")
    if any(c == MARK for row in rows for c in row):
        note += NOTE.removeprefix("注：")
    columns = [Column("产业（行业）", "left", 2.4), *(Column(headed(i)) for i in told)]
    return Table(title, tuple(columns), tuple(rows), totals=1, note=note)


def told_of(branch: Branch, code: str) -> list[Figure]:
    return [f for f in branch.figures.get(code, ()) if f.value is not None]


def _branch_cell(teller: Teller, branch: Branch, code: str) -> Inline:
    indicator = teller.definitions.indicators[code]
    figures = told_of(branch, code)
    value = combined(indicator, figures)
    if value is None:
        return NONE
    if any(teller.hides(f) for f in figures):
        return MARK
    whole = Figure(
        code, teller.figures.unit.code, teller.figures.period.label, figures[0].line, value
    )
    units = [f.unit for f in figures]
    return teller.number(whole, value, display(value, indicator), f"{branch.name}合计", units=units)


def branch_value(teller: Teller, branch: Branch, code: str) -> Decimal | str | None:
    figures = told_of(branch, code)
    if any(teller.hides(f) for f in figures):
        return MARK
    return combined(teller.definitions.indicators[code], figures)
