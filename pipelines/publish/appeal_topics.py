"""R-12: what workers' slips were about, by topic as far as it may be told, and how they came."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipelines.figures import Figure, display
from pipelines.publish import appeal_counts as counts
from pipelines.publish.appeal_words import against, moved_by
from pipelines.publish.content import (
    Block,
    Chart,
    Column,
    Inline,
    Number,
    Paragraph,
    Section,
    Series,
    Table,
)
from pipelines.publish.disclosure import MARK
from pipelines.publish.telling import NONE, Teller
from pipelines.publish.unit_tables import unit_table

NOTE = "注：“略”为涉及职工过少或可据以推算的数，按个人信息保护要求不单列，已计入合计。"
_SHOWN = 12
_NAMED = 5
_CHARTED = 3
"""Fewer topics make no picture."""


def topics_section(teller: Teller) -> Section | None:
    teller.open("A2")
    figures, known = teller.figures, teller.definitions
    menus = figures.get("I-RIGHT-01")
    if menus is None or not menus.value:
        return None
    found = [(t, f) for t in counts.topics(known) if (f := figures.get(counts.topic(t)))]
    if not found:
        told = (
            "诉求类别按个人信息保护要求只在县级以上工会汇总公布，本单位各类诉求请查阅本级台账。",
        )
        return Section("A2", "诉求类别和来源", (Paragraph(told),))
    shown = [(t, f) for t, f in found if not teller.hides(f) and f.value]
    shown.sort(key=lambda p: -(p[1].value or Decimal(0)))
    hidden = [(t, f) for t, f in found if teller.hides(f)]
    blocks: list[Block] = []
    if shown:
        blocks.append(Paragraph(tuple(_leading(teller, shown, bool(hidden)))))
    else:
        blocks.append(Paragraph(("本月各类诉求涉及职工较少，类别不单列。",)))
    blocks.append(_topic_table(teller, [*shown, *hidden], menus))
    if not hidden and len(shown) >= _CHARTED:
        blocks.append(_topic_chart(teller, shown))
    codes = [counts.topic(t) for t, _ in shown[:_NAMED]]
    units = unit_table(teller, "各单位主要诉求类别", codes, limit=_SHOWN) if codes else None
    if units is not None and any(isinstance(c, Number) for r in units.rows[:-1] for c in r):
        blocks.append(units)
    channels = _channels(teller)
    blocks += [Paragraph(tuple(channels))] if channels else []
    return Section("A2", "诉求类别和来源", tuple(blocks))


def _leading(
    teller: Teller, shown: Sequence[tuple[str, Figure]], partly: bool
) -> list[Inline]:  # fmt: skip
    """The topics most asked about, rank by rank; equals are named together or not at all."""
    ranks: list[list[tuple[str, Figure]]] = []
    for name, figure in shown:
        if ranks and ranks[-1][0][1].value == figure.value:
            ranks[-1].append((name, figure))
        else:
            ranks.append([(name, figure)])
    runs: list[Inline] = ["可以公布的诉求中，" if partly else "职工维权服务菜单反映的诉求中，"]
    named = 0
    for i, equals in enumerate(ranks[:3]):
        if i and named + len(equals) > 3:
            break
        named += len(equals)
        if i:
            runs.append("；")
        runs.append("其次是" if i == 1 else "再次是" if i == 2 else "")
        more = f"等{len(equals)}" if len(equals) > 3 else ""
        runs.append("、".join(n for n, _ in equals[:3]) + f"{more}类{'' if i else '最多'}，")
        share = teller.figures.get(counts.topic_share(equals[0][0]))
        each = "各" if len(equals) > 1 else ""
        runs += [each, teller.cell(equals[0][1]), f"件，{each}占", teller.cell(share), "%"]
        moved = against(teller, equals[0][1])[:2] if i == 0 and len(equals) == 1 else []
        runs += ["，", *moved] if moved else []
    return [r for r in [*runs, "。"] if r != ""]


def _topic_chart(teller: Teller, shown: Sequence[tuple[str, Figure]]) -> Chart:
    values = tuple(f.value for _, f in shown)
    known = teller.definitions.indicators
    return Chart(
        "units",
        "职工维权服务菜单分类情况（件）",
        "件",
        tuple(t for t, _ in shown),
        (Series("件数", values),),
        labels=tuple(display(f.value, known[f.indicator]) for _, f in shown),
    )


def _topic_table(
    teller: Teller, found: Sequence[tuple[str, Figure]], menus: Figure
) -> Table:  # fmt: skip
    """Topics with a menu or a withheld number; those of nothing are named in the note."""
    figures = teller.figures
    rows: list[tuple[Inline, ...]] = [
        (
            name,
            teller.cell(figure),
            teller.cell(figures.get(counts.topic_share(name))),
            teller.cell(figure, "上期"),
            moved_by(teller, figure, "上期"),
        )
        for name, figure in found
    ]
    whole = NONE if teller.hides(menus) else "100.0"
    rows.append(("合计", teller.cell(menus), whole, teller.cell(menus, "上期"),
                 moved_by(teller, menus, "上期")))  # fmt: skip
    columns = (
        Column("诉求类别", "left", 2.0),
        Column("本月（件）", weight=1.2),
        Column("占比（%）", weight=1.2),
        Column("上月（件）", weight=1.2),
        Column("比上月", weight=1.7),
    )
    names = {name for name, _ in found}
    rest = [
        t for t in counts.topics(teller.definitions)
        if t not in names and figures.get(counts.topic(t)) is not None
    ]  # fmt: skip
    note = "注：以职工维权服务菜单计；订单、受理单由菜单汇总形成，不重复计算。"
    if rest:
        note += f"本月没有收到{'、'.join(rest)}类诉求。"
    if any(cell == MARK for row in rows for cell in row):
        note += NOTE.removeprefix("注：")
    return Table("职工维权服务菜单分类情况", columns, tuple(rows), totals=1, note=note)


def _channels(teller: Teller) -> list[Inline]:
    """Where the menus came from, the three ways most used."""
    figures = teller.figures
    names = teller.definitions.code_lists["CHANNEL"].values
    found = [(n, f) for n in names if (f := figures.get(counts.channel(n))) and f.value]
    if not found:
        return []
    found.sort(key=lambda p: -(p[1].value or Decimal(0)))
    if len(found) == 1:
        return [f"诉求全部来自{found[0][0]}。"]
    runs: list[Inline] = ["从来源渠道看，"]
    for i, (name, figure) in enumerate(found[:_NAMED]):
        runs += ["、"] if i else []
        runs += [name, teller.cell(figure), "件"]
    rest = len(found) - _NAMED
    return [*runs, f"，其余来自另外{rest}种渠道。" if rest > 0 else "。"]
