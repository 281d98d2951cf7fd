"""R-13: how figures spread over grassroots unions, and who lies far off and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from definitions.periods import Period
from pipelines.figures import BLOCK, Figure, places, rounded
from pipelines.publish.analysis_data import (
    BEYOND,
    COUNT,
    FIRST,
    LEAST,
    MIDDLE,
    MOST,
    THIRD,
    Analysis,
    Peer,
    values_of,
)
from pipelines.publish.analysis_words import cited, of_quarter, over
from pipelines.publish.appeal_counts import KIND_OF, PEERS
from pipelines.publish.content import (
    Block,
    Chart,
    Column,
    Inline,
    Paragraph,
    Section,
    Series,
    Subheading,
    Table,
)
from pipelines.publish.spread import Spread, histogram, label, spread
from pipelines.publish.tables import LISTED, headed, rest_note, two_lines
from pipelines.publish.telling import NONE, Teller

_DRAWN = 12


def spread_section(teller: Teller, found: Analysis, spreads: Mapping[str, Spread]) -> Section:
    teller.open("N2")
    title, least = "基层工会分布情况", found.chosen.units_at_least
    if not spreads:
        most = max((len(values_of(found, c)) for c in found.chosen.spread), default=0)
        told = (
            f"可供比较的基层工会最多{most:,}家，不足{least}家，不作分布分析。"
            if most
            else "没有可供比较的基层工会数据，不作分布分析。"
        )
        return Section("N2", title, (Paragraph((told,)),))
    blocks: list[Block] = []
    blocks.append(Paragraph(tuple(_spreads_told(teller, spreads))))
    blocks.append(_spread_table(teller, spreads))
    first = next(iter(spreads))
    blocks.append(_histogram(teller, first, values_of(found, first), spreads[first]))
    boxes = _boxes(teller, found, first)
    blocks += [boxes] if boxes else []
    lacking = [c for c in found.chosen.spread if c not in spreads and values_of(found, c)]
    if lacking:
        names = "、".join(teller.definitions.indicators[c].name for c in lacking)
        blocks.append(
            Paragraph((f"注：{names}可供比较的基层工会不足{least}家，不作分布分析。",), "note")
        )
    return Section("N2", title, tuple(blocks))


def _spreads_told(teller: Teller, spreads: Mapping[str, Spread]) -> list[Inline]:
    """How many unions are compared, then where their middle half lies, figure by figure.

    Where it is not the same number for all, the table tells of how many each is.
    """
    counts = {told.count for told in spreads.values()}
    first, one = next(iter(spreads.items()))
    runs: list[Inline] = []
    if len(counts) == 1:
        runs = ["参加比较的基层工会", over(teller, first, Decimal(one.count), COUNT,
                                   f"{one.count:,}"), "家。"]  # fmt: skip
    for code, told in spreads.items():
        runs += _spread_words(teller, code, told)
    return runs


def _spread_words(teller: Teller, code: str, told: Spread) -> list[Inline]:
    """职工入会率中位数为93.43%，居中的半数单位在91.38%至95.57%之间，最低89.05%，最高98.39%。"""
    indicator = teller.definitions.indicators[code]
    unit = indicator.unit
    runs: list[Inline] = [indicator.name]
    if rounded(told.least, indicator) == rounded(told.most, indicator):
        return [*runs, "各单位均为", over(teller, code, told.middle, MIDDLE), f"{unit}。"]
    runs += ["中位数为", over(teller, code, told.middle, MIDDLE), f"{unit}，"]
    alike = {rounded(v, indicator) for v in (told.first, told.middle, told.third)}
    if len(alike) == 1:
        runs.append("居中的半数单位均为该值，")
    else:
        each = "%" if unit == "%" else ""  # a percent sign stands by both, a word once
        runs += ["居中的半数单位在", over(teller, code, told.first, FIRST), f"{each}至",
                 over(teller, code, told.third, THIRD), f"{unit}之间，"]  # fmt: skip
    return [*runs, "最低", over(teller, code, told.least, LEAST), f"{unit}，最高",
            over(teller, code, told.most, MOST), f"{unit}。"]  # fmt: skip


def _spread_table(teller: Teller, spreads: Mapping[str, Spread]) -> Table:
    rows = []
    for code, told in spreads.items():
        indicator = teller.definitions.indicators[code]
        rows.append(
            (
                headed(indicator),
                over(teller, code, Decimal(told.count), COUNT, f"{told.count:,}"),
                over(teller, code, told.least, LEAST),
                over(teller, code, told.first, FIRST),
                over(teller, code, told.middle, MIDDLE),
                over(teller, code, told.third, THIRD),
                over(teller, code, told.most, MOST),
            )
        )
    columns = (
        Column("指标", "left", 2.6),
        Column("比较家数", weight=1.0),
        Column("最低"),
        Column("下四分位"),
        Column("中位数"),
        Column("上四分位"),
        Column("最高"),
    )
    note = "注：由低到高排列，下四分位、中位数、上四分位依次为居四分之一、一半、四分之三处的数值。"
    return Table("主要指标在基层工会中的分布", columns, tuple(rows), note=note)


def _histogram(teller: Teller, code: str, values: Sequence[Decimal], told: Spread) -> Chart:
    indicator = teller.definitions.indicators[code]
    spans = histogram(values, told)
    return Chart(
        "histogram",
        f"{indicator.name}的分布（家）",
        f"{indicator.name}（{indicator.unit}）",
        tuple(label(s) for s in spans),
        (Series("家数", tuple(Decimal(s.count) for s in spans)),),
    )


def _boxes(teller: Teller, found: Analysis, code: str) -> Chart | None:
    """A box for each unit next below with enough unions; None with fewer than two of them."""
    indicator = teller.definitions.indicators[code]
    by_group: dict[str, list[Decimal]] = {}
    for unit, figure in found.singles.get(code, {}).items():
        if figure.value is not None and unit in found.groups:
            by_group.setdefault(found.groups[unit], []).append(figure.value)
    names = {u.code: u.name for u in teller.figures.children.get(BLOCK, ())}
    drawn = [
        (names[g], spread(v, found.chosen.fence))
        for g, v in by_group.items()
        if len(v) >= found.chosen.units_at_least and g in names
    ]
    if len(drawn) < 2:
        return None
    drawn.sort(key=lambda p: (-p[1].middle, p[0]))
    drawn = drawn[:_DRAWN]
    ends = [
        (max(t.least, t.low), t.first, t.middle, t.third, min(t.most, t.high)) for _, t in drawn
    ]
    series = [
        Series(name, tuple(e[i] for e in ends))
        for i, name in enumerate(("最低", "下四分位", "中位数", "上四分位", "最高"))
    ]
    return Chart(
        "boxes",
        f"各单位所属基层工会{indicator.name}的分布（{indicator.unit}）",
        "方框为居中的一半，竖线为中位数，横线为其余各家的范围，特殊值不在图内",
        tuple(two_lines(name) for name, _ in drawn),
        tuple(series),
        labels=tuple(f"{t.count:,}家" for _, t in drawn),
    )


# --- who lies far off ---


def outliers(teller: Teller, found: Analysis, spreads: Mapping[str, Spread]) -> Section:
    teller.open("N3")
    peers: list[Block] = [Paragraph((_no_peers(found),))]
    if found.peers:
        peers = _peers_told(teller, found)
    odd = _odd(teller, found, spreads)
    parts: list[tuple[str, list[Block]]] = [("与同类单位比较", peers)]
    if odd:
        parts.append(("特殊值", odd))
    if found.explained:
        told = f"本季有{len(found.explained):,}项数据经单位说明后采用，已计入合计。"
        parts.append(("经说明采用的数据", [Paragraph((told,)), _explained_table(found)]))
    blocks: list[Block] = []
    for heading, told_ in parts:
        blocks += [Subheading(heading), *told_] if len(parts) > 1 else told_
    return Section("N3", "偏离较大的单位", tuple(blocks))


def _no_peers(found: Analysis) -> str:
    if not found.compared:
        return "与同类单位比较的审核规定本季尚未施行，不作比较。"
    return (
        "与类型相同、职工规模同档的单位比较，未发现偏离较大的基层工会；同类单位家数不足的未作比较。"
    )


def _how_many_silent(silent: int, whole: int) -> str:
    if silent == whole:
        return "，均尚未说明原因。" if whole > 1 else "，尚未说明原因。"
    return f"，其中{silent:,}项尚未说明原因。" if silent else "，均已说明原因。"


def _peers_told(teller: Teller, found: Analysis) -> list[Block]:
    units = len({p.unit.code for p in found.peers})
    silent = sum(not p.words for p in found.peers)
    month = Period.parse(found.peers[0].month).chinese
    runs = (
        f"以{month}数据与同类单位（类型相同、职工规模同档）的中位数比较，有{units:,}家基层工会的"
        f"{len(found.peers):,}项数据偏离较大"
        + _how_many_silent(silent, len(found.peers))
        + "上述数据已计入合计，偏离不等于差错。"
    )
    rows = tuple(
        (
            p.unit.name,
            p.measure,
            _of_peer(teller, p, p.own, places(p.own, 2)),
            f"{p.kind}，{p.count:,}家",
            _of_peer(teller, p, p.median, places(p.median, 2), f"{KIND_OF}中位数"),
            _of_peer(teller, p, p.deviations, places(p.deviations, 1), f"{KIND_OF}离差倍数"),
            cited(p.words) or "尚未说明",
        )
        for p in found.peers[:LISTED]
    )
    columns = (
        Column("单位", "left", 2.0, grouped=True),
        Column("指标", "left", 1.3),
        Column("本单位", weight=1.0),
        Column("同类单位", "left", 1.7),
        Column("同类中位数", weight=1.0),
        Column("相差（倍离差）", weight=0.8),
        Column("单位说明", "left", 1.9),
    )
    note = "注：离差为绝对中位差乘1.4826；说明为单位原话，号码已略。"
    note += rest_note(len(found.peers), "列偏离最大的{n}项", "")
    return [Paragraph((runs,)), Table("与同类单位相比偏离较大的基层工会", columns, rows, note=note)]


def _of_peer(teller: Teller, peer: Peer, value: Decimal, text: str, basis: str = "本期") -> Inline:
    """A number of the comparison, by the indicator that says the same."""
    code = PEERS.get(peer.measure)
    if code is None or teller.indicator(code) is None:
        return text
    figure = Figure(code, peer.unit.code, peer.month, BLOCK, value)
    return teller.number(figure, value, text, basis)


def _odd(teller: Teller, found: Analysis, spreads: Mapping[str, Spread]) -> list[Block]:
    """Values beyond the fences: how many of each figure, and the farthest by name.

    Where half of all unions have one and the same value there is no ordinary width to measure by.
    """
    runs: list[Inline] = []
    far: list[tuple[Decimal, Figure]] = []
    for code, told in spreads.items():
        width = told.third - told.first
        if not width:
            continue
        odd = [
            (max(told.low - f.value, f.value - told.high) / width, f)
            for f in found.singles[code].values()
            if f.value is not None and not told.low <= f.value <= told.high
        ]
        if odd:
            runs += ["、"] if runs else []
            name = teller.definitions.indicators[code].name
            runs += [name, over(teller, code, Decimal(len(odd)), BEYOND, f"{len(odd):,}"), "家"]
            far += odd
    if not far:
        return []
    far.sort(key=lambda p: (-p[0], p[1].indicator, p[1].unit))
    fence = f"{found.chosen.fence.normalize():f}"
    lead = f"从全部基层工会的分布看，超出上下四分位数{fence}倍四分位距的有："
    words = {(e.unit.code, f): e.words for e in found.explained for f in (e.form,)}
    known = teller.definitions.indicators
    rows = tuple(
        (
            found.names.get(f.unit, f.unit),
            headed(known[f.indicator]),
            of_quarter(teller, f),
            over(teller, f.indicator, spreads[f.indicator].middle, MIDDLE),
            next(
                (
                    cited(w)
                    for m in known[f.indicator].measures
                    if (w := words.get((f.unit, m.form)))
                ),
                NONE,
            ),
        )
        for _, f in far[:LISTED]
    )
    columns = (
        Column("单位", "left", 2.6),
        Column("指标", "left", 1.8),
        Column("本单位", weight=1.0),
        Column("全部中位数", weight=1.0),
        Column("单位说明", "left", 2.4),
    )
    note = "注：特殊值已计入合计，是否属实以单位说明和核实为准；“—”为没有要求说明或尚未说明。"
    note += rest_note(len(far), "列偏离最远的{n}项", "")
    table = Table("超出一般范围的数据", columns, rows, note=note)
    return [Paragraph((lead, *runs, "。")), table]


def _explained_table(found: Analysis) -> Table:
    rows = tuple(
        (e.unit.name, Period.parse(e.period).chinese, e.rule, cited(e.message), cited(e.words))
        for e in found.explained[:LISTED]
    )
    columns = (
        Column("单位", "left", 1.9),
        Column("所属期", "center", 1.0),
        Column("审核问题", "left", 1.3),
        Column("数据", "left", 2.2),
        Column("单位说明", "left", 2.2),
    )
    note = "注：上述数据经单位说明后计入合计；说明为单位原话，号码已略。"
    note += rest_note(len(found.explained), "列{n}条", "")
    return Table("经说明采用的数据", columns, rows, note=note)
