"""From a number in a document down to its cells: what it is made of, one step at a time.

A number is named by its place in the document (17), or by what it is: 块/640121Z00001/2017/I-ORG-04
with a side where it is not the figure itself. Every part that a step shows is named the same way,
so a reader walks on from part to part until cells of workbooks, with their hash, are left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.measures import Indicator
from pipelines import counted_rows
from pipelines.figures import POINTS, UNASSIGNED
from pipelines.flow.editions import definitions_of
from pipelines.flow.ground import engine
from pipelines.flow.walk_printed import RESULT, require_printed
from pipelines.flow.walk_steps import (
    BEFORE,
    BOTTOM,
    COMPARABLE,
    COMPARABLE_NOW,
    LAST_YEAR,
    NOW,
    TARGET,
    TOP,
    At,
    Cell,
    Part,
    Walk,
    address_of,
    by_unit,
    cell_of,
    kept,
    made,
    now_beside,
    part_of,
    sum_of,
)
from pipelines.flow.walking_board import BOARD, lights, stated, task_parts
from pipelines.flow.walking_consolidated import SOURCE as CONSOLIDATED
from pipelines.flow.walking_consolidated import find_row, is_row, told_rows
from pipelines.flow.walking_filings import COVERED, about_filings, coverage, filed, findings
from pipelines.flow.walking_marks import figures_as_of
from pipelines.flow.walking_money import OF_NOTE, money
from pipelines.flow.walking_results import changes, letters, result, standings
from pipelines.flow.walking_rows import rectification, row
from pipelines.flow.walking_singles import singles
from pipelines.flow.walking_values import RULE, improved
from pipelines.publish.analysis import SPREAD
from pipelines.publish.own_counts import with_counts
from pipelines.publish.quoting import ALL_FINDINGS as ALL
from pipelines.publish.quoting import ALL_WORKS, MONEY, RECTIFICATION, ROW
from pipelines.publish.unit_tables import MOVED
from pipelines.small_cells import untold_columns
from warehouse.lineage import cells_behind, cells_of_measure, cells_of_target
from warehouse.organisations import ids
from warehouse.publications import Edition, PrintedNumber, edition_of, numbers_of
from warehouse.tables import LINES

__all__ = ["COMPARABLE", "Cell", "Part", "Walk", "address_of", "find_cell", "find_numbers", "walk"]


def walk(publication: int | str, number: int | str) -> Walk:
    """One step down from a number of an edition; LookupError in Chinese where there is none."""
    with engine().begin() as connection:
        edition = edition_of(connection, publication)
        known = with_counts(definitions_of(connection, edition.definitions))
        at = At(connection, known, edition, ids(connection), {})
        printed, label = _named(connection, known, edition, number)
        if "/" in label:
            require_printed(at, printed)
        return _step(at, printed, label)


def find_numbers(publication: int | str, printed: str) -> list[tuple[int, PrintedNumber]]:
    """The numbers of an edition that read so in it: what a reader of paper can type in."""
    wanted = printed.strip().replace(",", "").replace("，", "")
    with engine().begin() as connection:
        numbers = numbers_of(connection, edition_of(connection, publication).id)
    return [(n, p) for n, p in numbers.items() if wanted and wanted in p.printed.replace(",", "")]


def find_cell(publication: int | str, typed: str) -> str:
    """The address of a unit's cell of a consolidated workbook, typed as “单位 表头”; or empty."""
    with engine().begin() as connection:
        edition = edition_of(connection, publication)
        return find_row(connection, definitions_of(connection, edition.definitions), edition, typed)


def _named(
    connection: Connection, known: Definitions, edition: Edition, number: int | str
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
    line, unit, period, code = words[:4]
    basis = words[4] if len(words) == 5 else NOW
    source = next(name for name, claims in _CLAIMS if claims(known, edition, code, basis))
    code = code.removeprefix(OF_NOTE)
    return PrintedNumber("", LINES[line], unit, period, code, basis, None, source), number


def _of_form(known: Definitions, code: str) -> bool:
    """Whether a code names something of the rows of a form: RIGHT-01:persons."""
    return counted_rows.is_count(code) and counted_rows.form_of(code) in known.form_codes


_CLAIMS: tuple[tuple[str, Callable[[Definitions, Edition, str, str], bool]], ...] = (
    (CONSOLIDATED, lambda known, edition, code, basis: is_row(edition, code)),
    (MONEY, lambda known, edition, code, basis: code.startswith(OF_NOTE)),
    (counted_rows.SOURCE, lambda known, edition, code, basis: (
        _of_form(known, code) and basis in (counted_rows.ALL, counted_rows.OWN))),
    (ROW, lambda known, edition, code, basis: _of_form(known, code) and basis != NOW),
    (RESULT, lambda known, edition, code, basis: code in {s.code for s in known.schemes}),
    ("letters", lambda known, edition, code, basis: code in known.works or code == ALL_WORKS),
    ("finding", lambda known, edition, code, basis: code == ALL or code.startswith("V-")),
    ("indicator", lambda known, edition, code, basis: code.startswith("I-")),
    ("coverage", lambda known, edition, code, basis: True),
)  # fmt: skip
"""What an address is about, by its code and basis: the first that claims it has it."""


def _step(at: At, number: PrintedNumber, label: str) -> Walk:
    if number.unit not in at.units and number.unit not in ("0", UNASSIGNED):
        raise LookupError(f"工会组织编码 {number.unit} 未登记")
    lists = {
        RESULT: result,
        "letters": letters,
        "changes": changes,
        "board": lights,
        "standings": standings,
        CONSOLIDATED: told_rows,
        MONEY: money,
        ROW: row,
        RECTIFICATION: rectification,
    }
    if number.source in lists:
        return lists[number.source](at, number, label)
    # A paper tells decisions of its own moment and figures of the cut-off that they were made at.
    at = replace(at, edition=replace(at.edition, cutoff=figures_as_of(at)))
    if number.source == "coverage":
        return coverage(at, number, label)
    if number.source == "finding":
        return findings(at, number, label)
    if number.source == counted_rows.SOURCE:
        return _rows(at, number, label)
    indicator = at.known.indicators.get(number.indicator)
    if number.source != "indicator" or indicator is None:
        return made(at, number, label, number.indicator, "publication_number", "", (), ())
    if number.basis in (NOW, LAST_YEAR, BEFORE, COMPARABLE, COMPARABLE_NOW, TOP, BOTTOM):
        return _figure(at, number, label, indicator)
    if number.basis == TARGET:
        period = Period.parse(number.period)
        found = cells_of_target(
            at.connection, at.known, indicator.code, at.unit_id(number.unit), period,
            at.edition.cutoff,
        )  # fmt: skip
        cells = tuple(cell_of(c) for c in found)
        value = cells[-1].adds if cells else number.value
        return made(at, replace(number, value=value), label, indicator.name, "lineage_cells",
                     "目标责任书签订的目标", (), cells)  # fmt: skip
    return _derived(at, number, label, indicator)


def _derived(at: At, number: PrintedNumber, label: str, indicator: Indicator) -> Walk:
    """A number made of other numbers of the same figure: both sides of it, or the parts of a sum.

    Last year's sides are asked about this year's period, from which they were told.
    """
    period = Period.parse(number.period)
    parts: list[Part] = []
    if number.basis == MOVED:
        rule = "合计减去下列各单位"
        parts.append(part_of(at, number, "合计", basis=NOW, units=()))
        for unit in number.units:
            parts.append(part_of(at, number, unit, unit=unit, basis=NOW, units=()))
    elif number.units:
        rule = "各单位相加" if not indicator.denominator else "分子、分母分别相加后相除"
        for unit in number.units:
            parts.append(part_of(at, number, unit, unit=unit, basis=NOW, units=()))
    elif number.basis.startswith(SPREAD):
        rule = "基层工会逐家由低到高排列，取居于该处的数或计其家数"
        parts = singles(at, number, indicator)
    elif number.basis.startswith("比"):
        side = number.basis.removeprefix("比").removesuffix(_BY)
        plain = indicator.unit in POINTS or number.basis.endswith(_BY)
        rule = "本期－对比期" if plain else "（本期－对比期）÷对比期×100%"
        basis = side if side in (BEFORE, LAST_YEAR, COMPARABLE) else NOW  # or a period's label
        now = now_beside(at, number, side)
        parts = [
            part_of(at, number, now, basis=now),
            part_of(at, number, side, basis=basis, period=_of(side, period)),
        ]
    elif number.basis in ("完成目标", "距目标"):
        rule = "本期÷目标×100%" if number.basis == "完成目标" else "本期与目标之差"
        parts = [part_of(at, number, NOW, basis=NOW), part_of(at, number, TARGET, basis=TARGET)]
    elif number.basis in ("归属增减", "两口径相差"):
        rule = "同一批上年数按现隶属与原隶属之差"
        if number.basis == "两口径相差":
            rule = "可比口径增长率－比上年增长率"
        parts = [
            part_of(at, number, side, basis=side, period=_of(side, period))
            for side in (LAST_YEAR, COMPARABLE)
        ]
    elif number.basis in BOARD:
        rule, parts = task_parts(at, number, indicator)
        if number.value is None:
            number = replace(number, value=stated(at, number))
    elif number.basis in ("应报", "实报"):
        return filed(at, number, label, indicator)
    elif number.basis == "本级":
        rule = "本单位自办、不属于下级单位的部分"
        whole = _figure(at, replace(number, basis=NOW), label, indicator)
        own = tuple(p for p in whole.parts if p.label == "本级")
        cells = tuple(c for c in whole.cells if c.unit == number.unit)
        return made(at, number, label, indicator.name, whole.query, rule, own, cells)
    else:
        rule = number.basis
        parts = [part_of(at, number, NOW, basis=NOW)]
    return made(at, number, label, indicator.name, "publication_number", rule, parts, ())


_BY = "增减"
"""How much a figure moved in its own unit, not in percent."""


def _of(side: str, now: Period) -> str:
    """The period that a side of a figure is about; a side may be a period itself."""
    if side == BEFORE:
        return now.previous().label
    if side in (LAST_YEAR, COMPARABLE):
        return now.last_year().label
    return side if side[:1].isdigit() else now.label


def _figure(at: At, number: PrintedNumber, label: str, indicator: Indicator) -> Walk:
    period = Period.parse(number.period)
    if indicator.coverage and set(indicator.coverage) <= set(COVERED):
        return about_filings(at, number, label, indicator)
    if indicator.achieved == "figures improved" and number.basis == NOW:
        return made(at, number, label, indicator.name, "indicator_value", RULE,
                     improved(at, number, indicator), ())  # fmt: skip
    day = None
    if number.basis in (COMPARABLE, COMPARABLE_NOW):
        then = number.basis == COMPARABLE
        day = Period.parse(_year_after(number.period) if then else number.period).end
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
    value = kept(at, number) if number.value is None else number.value
    if ratio and not wanted:
        sides = [sum_of([c for c in found if c.side in s]) for s in (("分子", "减项"), ("分母",))]
        parts = [
            Part(name, side, address_of(number, basis=name))
            for name, side in zip((TOP, BOTTOM), sides, strict=True)
        ]
        multiply = f"×{indicator.multiply.normalize():f}" if indicator.multiply != 1 else ""
        rule = f"分子÷分母{multiply}"
    else:
        parts = by_unit(at, number, found)
        rule = "各单位相加"
    told = f"{indicator.definition}（{rule}）"
    cells = tuple(cell_of(c) for c in found)
    return made(at, replace(number, value=value), label, indicator.name, "lineage_cells", told,
                 parts, cells)  # fmt: skip


def _year_after(label: str) -> str:
    return label.replace(label[:4], str(int(label[:4]) + 1), 1)


def _rows(at: At, number: PrintedNumber, label: str) -> Walk:
    """A count of rows that no indicator tells: what each row adds to it."""
    period = Period.parse(number.period)
    if counted_rows.columns_of(number.indicator) & untold_columns(
        at.known, at.known.newest(counted_rows.form_of(number.indicator)), period.end
    ):
        raise LookupError(f"{number.indicator} 涉及个人或者人数很少，不公布")
    measure = counted_rows.measure_of(number.indicator, number.basis, at.known)
    found = cells_of_measure(
        at.connection, at.known, measure, at.unit_id(number.unit), number.line, period,
        at.edition.cutoff,
    )  # fmt: skip
    value = sum_of(found) if number.value is None else number.value
    rule = "本单位各行相加" if measure.own else "各单位相加"
    parts = () if measure.own else by_unit(at, number, found)
    return made(at, replace(number, value=value), label,
                 counted_rows.told(number.indicator, at.known), "lineage_cells", rule, parts,
                 tuple(cell_of(c) for c in found))  # fmt: skip
