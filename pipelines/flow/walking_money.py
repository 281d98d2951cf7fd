"""Walks of what a funding note (R-08) says: amounts, coefficients, shares due and come.

The money is worked out once more from the recipe of the note; coefficients and standards come from
dated parameters, grades from the result, what came from FIN-05.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from definitions import Period
from definitions.model import Dated
from pipelines.assess.funding import Allocation, Arrival
from pipelines.flow.consequences import ARRIVED_IN, Money, money_of
from pipelines.flow.editions import definitions_of
from pipelines.flow.filed_rows import labels_of, plain_rows
from pipelines.flow.ground import moment
from pipelines.flow.walk_lines import row_cell
from pipelines.flow.walk_steps import LINE_NAMES, At, Cell, Part, Walk, made, name_of
from pipelines.flow.walking_marks import figures_as_of
from pipelines.publish.quoting import (
    BASE,
    CLAIM,
    CLAIMED,
    GRANT,
    GRANTED,
    IN_PROPORTION,
    ODD,
    POOL,
    RATE,
    SHARE_CAME,
    SHARE_DUE,
    SHARE_SHORT,
    TOTAL,
)
from warehouse.current import current_rows
from warehouse.publications import PrintedNumber
from warehouse.windows import china_day

OF_NOTE = "经费·"
"""Before the code of a scheme: the address of a number of its money, not of its result."""


@dataclass(frozen=True, slots=True)
class _Note:
    """What a note was made of, worked out again."""

    at: At
    number: PrintedNumber
    label: str
    money: Money
    day: date

    def step(
        self, value: Decimal | int | None, rule: str, parts: Sequence[Part] = (),
        cells: Sequence[Cell] = (),
    ) -> Walk:  # fmt: skip
        """One step of the walk."""
        found = None if value is None else Decimal(value)
        one = self.number
        one = replace(one, value=one.value if one.value is not None else found)
        return made(self.at, one, self.label, f"经费核定：{one.basis}", "money_of", rule, parts,
                    cells)  # fmt: skip

    def part(self, value: Decimal | int, basis: str, unit: str = "", label: str = "") -> Part:
        """Another number of the note as a part of this one."""
        one = self.number
        words = (LINE_NAMES[one.line], unit or one.unit, one.period, OF_NOTE + one.indicator, basis)
        return Part(label or basis, Decimal(value), "/".join(words), 1)

    def decided(self, code: str) -> str:
        """Who decided a parameter, and since when it is in force."""
        known = self.at.known.parameters[code]
        dated: Dated = next(
            d
            for d in known.values
            if d.since <= self.day and (d.until is None or self.day <= d.until)
        )
        mark = "（建议值，待联合会确定）" if dated.proposed else ""
        since = f"{dated.since.year}年{dated.since.month}月{dated.since.day}日"
        return f"参数“{known.name}”，自{since}起执行，依据：{dated.authority}{mark}"


def money(at: At, number: PrintedNumber, label: str) -> Walk:
    """An amount, coefficient or share of a funding note."""
    recipe = at.edition.recipe
    if "pool" not in recipe:
        raise LookupError(f"{at.edition.reference} 不是经费与结果运用说明")
    if (number.indicator, number.period) != (recipe["scheme"], at.edition.period):
        raise LookupError(f"{at.edition.reference} 不是 {number.indicator} {number.period} 的说明")
    known = definitions_of(at.connection, str(recipe["rules"]))
    when = moment(str(recipe["at"]))
    found = money_of(
        at.connection, known, number.indicator, Period.parse(number.period).year, china_day(when),
        when, recipe["pool"],
    )  # fmt: skip
    note = _Note(replace(at, known=known), number, label, found, china_day(when))
    if ":" in number.basis and not number.basis.startswith(RATE):
        return _share(note)
    if number.basis == BASE:
        return note.step(found.base, note.decided("industry_union_funds_yuan"))
    if number.basis.startswith(f"{RATE}:"):
        grade = number.basis.partition(":")[2]
        return note.step(found.coefficients[grade], note.decided("result_coefficient"))
    if number.basis in (CLAIMED, GRANTED):
        what = CLAIM if number.basis == CLAIMED else GRANT
        parts = [
            note.part(a.claim if what == CLAIM else a.yuan, what, a.union.code, a.union.name)
            for a in found.allocations
        ]
        return note.step(found.claimed if what == CLAIM else found.total, "各单位相加", parts)
    if number.basis == POOL:
        if recipe["pool"] is not None:
            return note.step(found.total, "编印本说明时给定的可安排经费总额")
        return note.step(found.total, "应得合计取整到元", [note.part(found.claimed, CLAIMED)])
    if number.basis == ODD:
        rule = f"总额除以 {found.step} 元的余数"
        return note.step(found.total % found.step, rule, [note.part(found.total, POOL)])
    own = [a for a in found.allocations if a.union.code == number.unit]
    if not own:
        raise LookupError(f"{at.edition.reference} 没有核定 {number.unit} 的经费")
    return _allocated(note, own[0])


def _allocated(note: _Note, one: Allocation) -> Walk:
    unit, basis = one.union.code, note.number.basis
    if basis not in (RATE, CLAIM, IN_PROPORTION, GRANT):
        raise LookupError(f"{note.at.edition.reference} 没有“{basis}”")
    if basis == RATE:
        words = (LINE_NAMES[1], unit, note.number.period, note.number.indicator, TOTAL)
        total = Part(f"考核总分（等次{one.union.grade}）", None, "/".join(words), 1)
        rate = note.part(one.coefficient, f"{RATE}:{one.union.grade}")
        return note.step(one.coefficient, "按考核等次确定", [rate, total])
    if basis == CLAIM:
        sides = [note.part(one.base, BASE), note.part(one.coefficient, RATE, unit)]
        return note.step(one.claim, "基数×系数", sides)
    claim, money = note.part(one.claim, CLAIM, unit), note.money
    share = money.total * one.claim / money.claimed if money.claimed else Decimal(0)
    wholes = [note.part(money.total, POOL), note.part(money.claimed, CLAIMED)]
    if basis == IN_PROPORTION:
        return note.step(share, "可安排总额×应得÷应得合计", [claim, *wholes])
    parts = [claim]
    if money.total != money.claimed:
        parts = [note.part(share, IN_PROPORTION, unit)]
    rounding = one.yuan - (parts[0].value or Decimal(0))
    parts += [Part(f"取整（以 {money.step} 元为单位，最大余数法）", rounding)] if rounding else []
    return note.step(one.yuan, one.why, parts)


def _share(note: _Note) -> Walk:
    """What a payer owes a district's union, what came of it, and what is lacking."""
    name, _, payer = note.number.basis.partition(":")
    unit = note.number.unit
    shares = [s for code, _, s, _ in note.money.shares if (code, s.payer) == (unit, payer)]
    if not shares or f"{name}:" not in (SHARE_DUE, SHARE_CAME, SHARE_SHORT):
        raise LookupError(f"{note.at.edition.reference} 没有“{note.number.basis}”")
    found: Arrival = shares[0]
    if f"{name}:" == SHARE_SHORT:
        sides = [note.part(found.due, f"{SHARE_DUE}{payer}", unit),
                 note.part(found.arrived, f"{SHARE_CAME}{payer}", unit)]  # fmt: skip
        return note.step(found.short, "应承担－已到位，不足的记为尚差", sides)
    came = f"{name}:" == SHARE_CAME
    cells = _told(note, unit, ARRIVED_IN[payer] if came else "standard")
    if came:
        return note.step(found.arrived, "本单位报表填报的到账数", (), cells)
    rule = f"保障标准按比例分担。{note.decided('district_fund_ratio')}"
    if not any(c.adds for c in cells):
        rule += f"；报表没有填标准的，用{note.decided('industry_union_funds_yuan')}"
    return note.step(found.due, rule, (), cells)


def _told(note: _Note, unit: str, column: str) -> list[Cell]:
    at, year = note.at, Period.parse(note.number.period)
    frame = current_rows(
        at.connection, at.known, "FIN-05", labels_of(year), [unit], figures_as_of(at)
    )
    rows = [r for r in plain_rows(frame) if r["tier"] == "区县级"]
    name_of(at, unit, note.number.period)
    return [row_cell(at, row, note.number, column) for row in rows[-1:]]
