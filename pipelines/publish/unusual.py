"""What a review says of figures that stand in its totals although something is odd about them.

Unusual figures that were let pass with an explanation are named with the union's words, and unions
that sent nothing at all are named as lacking, so that no total is taken for more than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from definitions.periods import Period
from pipelines.publish.analysis_words import cited
from pipelines.publish.content import Block, Paragraph, Subheading
from pipelines.publish.disclosure import PRIVATE
from pipelines.publish.extras import Extras, Unusual
from pipelines.publish.registers import EXPLAINED
from pipelines.publish.sheets import Book, Field
from pipelines.publish.sides import sides
from pipelines.publish.tables import by_unit
from pipelines.publish.telling import Teller

_NAMED = 3
_SILENT = 6


def names(units: Sequence[str], most: int) -> str:
    """甲、乙, or 甲、乙等9家: each once, in the order given."""
    units = list(dict.fromkeys(units))
    told = "、".join(units[:most])
    return told if len(units) <= most else f"{told}等{len(units):,}家"


def silent(teller: Teller) -> str:
    """Units below that owed reports and sent none; nothing where everyone sent something."""
    found = [r.name for r in by_unit(teller.figures) if r.expected and not r.reported]
    if not found:
        return ""
    _, then = sides(teller.figures.period.kind)
    return (
        f"应报而没有报送任何报表的有{names(found, _SILENT)}，其数据不在合计之内，"
        f"分单位表中不列，也不作零处理；其{then}有数的，合计的同比含缺报的影响。"
    )


def told(extras: Extras) -> list[Block]:
    """Unusual figures of the totals, a few with their words; [] where there is none."""
    found = extras.unusual
    if not found:
        return []
    units = len({u.code for u in found})
    blocks: list[Block] = [
        Subheading("经说明采用的异常数据"),
        Paragraph(
            (
                f"{units:,}家单位的{len(found):,}处数据经审核提示异常，由单位作出说明后采用，"
                "已计入合计，使用有关合计数和同比时应予注意。",
            )
        ),
    ]
    several = _first_of_each(found)
    for one in several:
        asked = f"{one.unit}{Period.parse(one.period).chinese}“{one.rule}”"
        asked += f"：{cited(one.message)}" if one.message else ""
        said = f"单位说明：“{cited(one.words)}”" if one.words else f"单位已作说明{PRIVATE}"
        blocks.append(Paragraph((f"{asked.rstrip('。')}。{said.rstrip('。')}。",), "item"))
    if len(found) > len(several):
        blocks.append(Paragraph(("注：逐项情况和单位说明见附表“经说明采用的数”。",), "note"))
    return blocks


def _first_of_each(found: Sequence[Unusual]) -> list[Unusual]:
    """The first of each of a few units, in their order."""
    ordered = sorted(found, key=lambda u: (u.code, Period.parse(u.period).end, u.form, u.rule))
    return [next(own) for _, own in groupby(ordered, key=lambda u: u.code)][:_NAMED]


def note(teller: Teller, extras: Extras, codes: Sequence[str]) -> str:
    """Which units' unusual figures the totals of a section hold; nothing where there is none."""
    printed = {c for c in codes if (f := teller.figures.get(c)) and f.value is not None}
    units = [u.unit for u in extras.unusual if u.indicators & printed]
    if not units:
        return ""
    return f"注：本节合计含{names(units, _NAMED)}经说明采用的异常数据，见第一部分。"


def sheet(book: Book, extras: Extras) -> None:
    """Every unusual figure with what was asked and what the unit said."""
    if not extras.unusual:
        return
    fields = [*EXPLAINED, Field("涉及指标", "wrap", 30)]
    book.table("经说明采用的数", "经说明采用的异常数据", fields, [
        (u.unit, u.period, u.form, u.rule, u.message or PRIVATE, u.words or PRIVATE,
         "、".join(sorted(u.indicators)))
        for u in extras.unusual
    ], note="这些数经单位说明后计入合计；说明为单位原话，号码已略")  # fmt: skip
