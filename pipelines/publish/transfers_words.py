"""R-11 in words: what changed, that no total moved by it, how to read this year beside the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal

from definitions.catalogue import Definitions
from pipelines.figures import BLOCK, INDUSTRY, UNASSIGNED, Figure, Figures, Unit, display
from pipelines.publish.content import Block, Column, Inline, Paragraph, Section, Table
from pipelines.publish.sides import now_beside
from pipelines.publish.standings import (
    AFTER,
    ALL_PARENTS,
    BALANCED,
    BEFORE,
    LINES,
    OUTSIDE,
    PLAIN,
    SUMMED,
    ChangeRow,
    Moved,
    Reorganised,
    balance,
)
from pipelines.publish.telling import NONE, Teller, change_value

COMPARED = ("I-ORG-01", "I-ORG-03", "I-ORG-04", "I-ORG-15")
LINE_TITLES = {BLOCK: "地方（块）", INDUSTRY: "产业（条）"}
ATTRIBUTED = {
    "发生时归属": "发生时归属：本期数按各月最后一天的隶属关系分别归属后相加",
    "期末归属": "期末归属：本期数按本期最后一天的隶属关系归属",
}
STOCKS = "按本期最后一天的隶属关系汇总；已撤并的工会不再计期末数，由承继工会报送"
COMPARABLE = (
    "以本期最后一天的隶属关系汇总本期数和上年同期数：划转的单位连同其历史归现上级，并入的单位"
    "归承继工会，撤销的单位不列入；分立前的历史留在原工会"
)
_LISTED = 20
_MEMBERS, _CHANGES = "I-ORG-04", "I-ORG-25"
_MEASURES = ("家", "人", "人")

Whole = Callable[[str, str], Figure | None]
"""Indicator and line → the figure of the unit itself, or the sum of a line it does not stand on."""


def sections(
    figures: Figures,
    told: Reorganised,
    proofs: Sequence[Moved],
    definitions: Definitions,
    whole: Whole,
) -> tuple[Section, ...]:
    """The explanation: changes, unions by parent, both sums, the comparable basis, how to read."""
    teller = Teller(figures, definitions)
    return (
        _changed(teller, told),
        _stood(teller, told),
        _summed(teller, proofs),
        _compared(teller, whole),
        _explained(told),
    )


def kinds_of(told: Reorganised) -> list[tuple[str, int]]:
    """Kinds of change with how many there were, most first."""
    kinds = Counter(c.change for c in told.changes)
    return sorted(kinds.items(), key=lambda item: (-item[1], item[0]))


def confirmed(told: Reorganised) -> str:
    """How changes come into force."""
    kinds = "、".join(told.confirmed_kinds)
    return f"{kinds}须经上级复核后生效" if kinds else "凭批准文号自动生效"


# --- one, what changed ---


def _changed(teller: Teller, told: Reorganised) -> Section:
    teller.open("M1")
    blocks: list[Block] = []
    kinds = kinds_of(told)
    when = teller.figures.period.chinese
    if not kinds:
        nothing = (
            f"{when}，{teller.figures.unit.name}所属工会没有组织关系变动，各项同比即为可比口径。"
        )
        blocks.append(Paragraph((nothing,)))
        return Section("M1", "变动情况", tuple(blocks))
    runs: list[Inline] = [f"{when}，{teller.figures.unit.name}所属工会发生组织关系变动"]
    runs += [_count(teller, len(told.changes), len(teller.figures.transfers), "变动明细"), "项"]
    if len(kinds) > 1:
        runs.append("，其中")
        for n, (kind, count) in enumerate(kinds):
            listed = sum(t.change == kind for t in teller.figures.transfers)
            runs += ["、" if n else "", kind, _count(teller, count, listed, f"{kind}明细"), "项"]
    else:
        runs.append(f"，均为{kinds[0][0]}")
    runs.append("。")
    if any(kind == "划转" for kind, _ in kinds):
        runs.append("划转只改变归属：原上级减少、现上级增加同一个数，合计不变。")
    blocks.append(Paragraph(tuple(r for r in runs if r)))
    if told.waiting:
        blocks.append(Paragraph((f"另有{told.waiting:,}项变动待复核，未计入本件。",)))
    blocks.append(_routes(told))
    return Section("M1", "变动情况", tuple(blocks))


def _count(teller: Teller, count: int, listed: int, basis: str) -> Inline:
    """A count of changes, walking to the list of them where that counts the same ones."""
    if count != listed:
        return f"{count:,}"
    return teller.counted("changes", _CHANGES, count, f"{count:,}", basis)


def _routes(told: Reorganised) -> Table:
    """Changes by kind, line, old and new parent, most first."""

    def to(change: ChangeRow) -> str:
        if change.change == "更名":
            return change.new_name or NONE
        return change.to_name or (f"{change.successor}承继" if change.successor else NONE)

    routes = Counter((c.change, c.line, c.from_name or NONE, to(c)) for c in told.changes)
    ordered = sorted(routes.items(), key=lambda item: (-item[1], item[0]))
    rows: list[tuple[Inline, ...]] = [(*r, f"{n:,}") for r, n in ordered[:_LISTED]]
    rest = ordered[_LISTED:]
    if len(rest) == 1:
        rows.append((*rest[0][0], f"{rest[0][1]:,}"))
    elif rest:
        rows.append((f"其余{len(rest)}种", "", "", "", f"{sum(n for _, n in rest):,}"))
    rows.append(("合计", "", "", "", f"{len(told.changes):,}"))
    return Table(
        "组织关系变动情况",
        (
            Column("变动类型", "center", 1.0),
            Column("隶属线", "center", 0.8),
            Column("原上级工会", "left", 2.3),
            Column("现上级工会（新名称、承继）", "left", 2.3),
            Column("项数", weight=0.8),
        ),
        tuple(rows),
        totals=1,
        note="注：逐户名单、生效日期和批准文号见附表“变动清单”，名称和承继见附表“沿革”。",
    )


# --- two, unions by parent ---


def _stood(teller: Teller, told: Reorganised) -> Section:
    teller.open("M2")
    blocks: list[Block] = []
    for line in LINES:
        table = balance(told.standings, line)
        if not table:
            continue
        # of a county the unions outside it fill no row: who left or came is told by its own rows
        part = OUTSIDE in table
        moved = [name for name, row in table.items() if any(row[1:5]) and name != OUTSIDE]
        if not moved:
            continue
        moved.sort(key=lambda n: (n.startswith("（"), n == UNASSIGNED, -sum(table[n][1:5]), n))
        rows = [
            (name, *_counts(teller, line, BALANCED, table[name], name)) for name in moved[:_LISTED]
        ]
        if not part:
            sums = [sum(column) for column in zip(*table.values(), strict=True)]
            rows.append(("合计", *_counts(teller, line, BALANCED, sums, ALL_PARENTS)))
        left = len(table) - len(moved[:_LISTED]) - part
        note = f"注：另有{left:,}个上级工会未列，" if left else "注："
        blocks.append(
            Table(
                f"工会户数平衡表·{LINE_TITLES[line]}",
                (
                    Column("上级工会", "left", 2.6),
                    *(Column(f"{what}（家）") for what in ("期初", "划出", "划入")),
                    Column("新建、恢复等", weight=1.2),
                    Column("撤并等"),
                    Column("期末（家）"),
                ),
                tuple(rows),
                totals=0 if part else 1,
                note=f"{note}各行期末＝期初－划出＋划入＋新建、恢复等－撤并等，全部见附表。",
            )
        )
    lead = "户数按期初、期末两天的隶属关系清点，一个工会在地方（块）、产业（条）两线各计一次"
    tail = "，户数没有增减。" if not blocks else "，只列有增减的上级工会。"
    return Section("M2", "户数平衡", (Paragraph((f"{lead}{tail}",)), *blocks))


def _counts(
    teller: Teller, line: str, columns: Sequence[str], values: Sequence[int], parent: str
) -> list[Inline]:
    """A row of counts by parent; each walks to the unions that it counts."""
    return [
        _standing(teller, line, f"{what}：{parent}", value)
        for what, value in zip(columns, values, strict=True)
    ]


def _standing(teller: Teller, line: str, basis: str, value: int) -> Inline:
    if not value:
        return "0"
    own = teller.figures
    figure = Figure("STANDINGS", own.unit.code, own.period.label, line, Decimal(value))
    return teller.number(figure, Decimal(value), f"{value:,}", basis, source="standings")


# --- three, both sums ---


def _summed(teller: Teller, proofs: Sequence[Moved]) -> Section:
    teller.open("M3")
    rows: list[tuple[Inline, ...]] = []
    for p in proofs:
        sides = ((BEFORE, ALL_PARENTS, p.total(p.before)), (AFTER, ALL_PARENTS, p.total(p.after)),
                 (BEFORE, PLAIN, p.plain))  # fmt: skip
        for place, what in enumerate(SUMMED):
            values = [(c.unions, c.members, c.workers)[place] for _, _, c in sides]
            told = [
                _standing(teller, p.line, f"{what}{side}：{called}", value)
                for (side, called, _), value in zip(sides, values, strict=True)
            ]
            name = f"{what}（{_MEASURES[place]}）"
            rows.append((LINE_TITLES[p.line], name, *told, f"{values[1] - values[0]:+,}"
                         if values[1] != values[0] else "0"))  # fmt: skip
    table = Table(
        "同一批单位、同一期数据按变动前后隶属关系汇总核对",
        (
            Column("隶属线", "center", 1.2, grouped=True),
            Column("项目", "center", 1.2),
            Column("按变动前隶属", weight=1.3),
            Column("按变动后隶属", weight=1.3),
            Column("逐户直接相加", weight=1.3),
            Column("差额", weight=0.8),
        ),
        tuple(rows),
        note="注：会员、职工取各单位本期最后一次报送数。",
    )
    lead = (
        "同一批单位、同一期数据，按变动前、变动后的隶属关系各汇总一遍，再与逐户直接相加的数核对，"
        "三个数一致，变动没有改变合计。按上级工会的核对见附表“合计核对”。"
    )
    return Section("M3", "合计核对", (Paragraph((lead,)), table))


# --- four, the comparable basis ---


def _compared(teller: Teller, whole: Whole) -> Section:
    teller.open("M4")
    sums = [f for code in COMPARED if (f := whole(code, BLOCK)) is not None]
    same = all(f.comparable in (None, f.last_year) and f.comparable_now is None for f in sums)
    unmoved = "；本会合计不受划转影响" if same else ""
    both = any(f.comparable_now is not None for f in sums)
    blocks: list[Block] = [
        Paragraph(
            (
                "本期数、上年同期数按当时隶属、现隶属各汇总一遍：上级工会之间有增减的，以可比口径"
                f"（两期均按现隶属）的增幅为准{unmoved}。",
            )
        )
    ]
    rows = []
    for code in COMPARED:
        indicator, figure = teller.indicator(code), whole(code, BLOCK)
        if indicator is not None and figure is not None and figure.value is not None:
            told = f"{indicator.name}（{indicator.unit}）"
            rows.append((told, *_sides(teller, figure, both=both)))
    if rows:
        blocks.append(Table("本会合计对照", _columns("指标", both=both), tuple(rows)))
    for line in LINES:
        moved = [(u, f) for u, f in _moved(teller, line) if f.last_year != f.comparable]
        if not moved:
            continue
        moved.sort(
            key=lambda p: -abs((p[1].comparable or Decimal(0)) - (p[1].last_year or Decimal(0)))
        )
        name = teller.definitions.indicators[_MEMBERS].name
        left = len(moved) - _LISTED
        blocks.append(
            Table(
                f"{name}可比口径对照·{LINE_TITLES[line]}",
                _columns("单位"),
                tuple((u.name, *_sides(teller, f)) for u, f in moved[:_LISTED]),
                note=f"注：另有{left:,}个单位归属有增减，见附表“可比口径”。"
                if left > 0
                else "注：只列归属有增减的单位，其他指标和单位见附表“可比口径”。",
            )
        )
    return Section("M4", "可比口径", tuple(blocks))


def compared(figures: Figures, code: str, line: str) -> bool:
    """Whether last year was added up by the relations of now for the units below; of single
    unions it is not, for nobody stands below them."""
    below = (figures.get(code, u.code, line=line) for u in figures.children.get(line, ()))
    return any(f is not None and f.comparable is not None for f in below)


def _moved(teller: Teller, line: str) -> list[tuple[Unit, Figure]]:
    found: list[tuple[Unit, Figure]] = []
    if not compared(teller.figures, _MEMBERS, line):
        return found
    for unit in teller.figures.children.get(line, ()):
        figure = teller.figures.get(_MEMBERS, unit.code, line=line)
        if figure is not None and figure.value is not None:
            found.append((unit, figure))
    return found


def _columns(first: str, *, both: bool = False) -> tuple[Column, ...]:
    return (
        Column(first, "left", 2.2),
        Column("本期", weight=1.2),
        *((Column("本期（现隶属）", weight=1.2),) if both else ()),
        Column("上年同期（原隶属）", weight=1.2),
        Column("上年同期（现隶属）", weight=1.2),
        Column("归属增减", weight=1.0),
        Column("比上年", weight=1.2),
        Column("可比口径", weight=1.2),
    )


def _sides(teller: Teller, figure: Figure, *, both: bool = False) -> tuple[Inline, ...]:
    """This period, last year by either relations, what moved between them, both growths.

    This period by the relations of now too where `both` are asked for.
    """
    gap: Inline = NONE
    if figure.last_year is not None or figure.comparable is not None:
        value = (figure.comparable or Decimal(0)) - (figure.last_year or Decimal(0))
        indicator = teller.definitions.indicators[figure.indicator]
        gap = "0"
        if value:
            sign = "+" if value > 0 else ""
            gap = teller.number(figure, value, sign + display(value, indicator), "归属增减")
    return (
        teller.cell(figure),
        *((teller.cell(figure, "可比口径本期"),) if both else ()),
        teller.cell(figure, "上年同期"),
        teller.cell(figure, "可比口径上年"),
        gap,
        _grown(teller, figure, "上年同期", figure.last_year),
        _grown(teller, figure, "可比口径上年", figure.comparable),
    )


def _grown(teller: Teller, figure: Figure, basis: str, before: Decimal | None) -> Inline:
    """A growth in words; from nothing there is none."""
    indicator = teller.definitions.indicators[figure.indicator]
    if not before or change_value(now_beside(figure, basis), before, indicator) is None:
        return NONE
    return teller.changed(figure, basis)


# --- five, how to read it ---


def _explained(told: Reorganised) -> Section:
    lines = (
        ("本期数归属", ATTRIBUTED.get(told.attribution, told.attribution)),
        ("期末数归属", STOCKS),
        ("可比口径", COMPARABLE),
        ("变动复核", confirmed(told)),
        ("名称和编码", "更名、划转后编码不变；撤并工会的历史数据保留在原编码下"),
    )
    blocks = tuple(
        Paragraph((f"{n}．{name}。{words}。",)) for n, (name, words) in enumerate(lines, 1)
    )
    return Section("M5", "口径说明", blocks)
