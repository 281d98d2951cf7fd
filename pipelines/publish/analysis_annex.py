"""Lists behind R-13: every union's figure of what is spread, the odd ones, the quarters."""

from __future__ import annotations

from decimal import Decimal

from pipelines.figures import BLOCK, rounded
from pipelines.publish.analysis_data import Analysis, values_of
from pipelines.publish.analysis_trends import reported
from pipelines.publish.analysis_words import quarter_name
from pipelines.publish.disclosure import MARK
from pipelines.publish.registers import EXPLAINED
from pipelines.publish.sheets import Book, Field
from pipelines.publish.spread import Spread, spread
from pipelines.publish.telling import Teller


def spread_sheet(book: Book, teller: Teller, found: Analysis) -> None:
    """Every union's figure of what is spread, those beyond the fences marked."""
    fields = [
        Field("指标", "text", 24),
        Field("计量单位", "center", 10),
        Field("上级工会", "text", 30),
        Field("基层工会", "text", 36),
        Field("数值", "number", 14),
        Field("位置", "center", 16),
        Field("指标代码", "center", 12),
        Field("单位编码", "center", 18),
    ]
    parents = {u.code: u.name for u in teller.figures.children.get(BLOCK, ())}
    rows, decimals = [], []
    for code in found.chosen.spread:
        indicator, values = teller.definitions.indicators[code], values_of(found, code)
        if not values:
            continue
        told = spread(values, found.chosen.fence)
        enough = len(values) >= found.chosen.units_at_least
        ordered = sorted(
            found.singles[code].values(), key=lambda f: (-(f.value or Decimal(0)), f.unit)
        )
        for figure in ordered:
            if figure.value is None:
                continue
            group = found.groups.get(figure.unit, "")
            parent = parents.get(group, "") if group != figure.unit else teller.figures.unit.name
            rows.append(
                (
                    indicator.name, indicator.unit, parent,
                    found.names.get(figure.unit, figure.unit), rounded(figure.value, indicator),
                    _place(figure.value, told) if enough else "", code, figure.unit,
                )
            )  # fmt: skip
            decimals.append(indicator.decimals)
    if rows:
        note = "按指标、数值由高到低排列；“位置”为在全部基层工会中的位置。"
        book.table("基层工会分布", "主要指标在基层工会中的分布", fields, rows, note=note, freeze=4,
                   decimals=decimals)  # fmt: skip


def _place(value: Decimal, told: Spread) -> str:
    if told.first == told.third:
        return ""
    if value > told.high:
        return "特殊值（偏高）"
    if value < told.low:
        return "特殊值（偏低）"
    return "居中一半" if told.first <= value <= told.third else ""


def peer_sheet(book: Book, found: Analysis) -> None:
    if found.peers:
        fields = [
            Field("单位", "text", 36),
            Field("所属期", "center", 10),
            Field("指标", "text", 22),
            Field("本单位", "number", 14),
            Field("同类单位", "text", 40),
            Field("同类家数", "int", 10),
            Field("同类中位数", "number", 14),
            Field("相差（倍离差）", "number", 14),
            Field("单位说明", "wrap", 60),
        ]
        book.table("偏离较大", "与同类单位相比偏离较大的基层工会", fields, [
            (p.unit.name, p.month, p.measure, p.own, p.kind, p.count, p.median, p.deviations,
             p.words or "尚未说明")
            for p in found.peers
        ])  # fmt: skip
    if found.explained:
        book.table("有说明的数", "经说明采用的数", EXPLAINED, [
            (e.unit.name, e.period, e.form, e.rule, e.message, e.words) for e in found.explained
        ])  # fmt: skip


def trend_sheet(book: Book, teller: Teller, found: Analysis) -> None:
    fields = [
        Field("指标", "text", 28),
        Field("计量单位", "center", 10),
        *(Field(quarter_name(q), "number", 16) for q in found.quarters),
        Field("指标代码", "center", 12),
    ]
    rows, decimals = [], []
    for code in found.chosen.trend:
        indicator = teller.definitions.indicators[code]
        row = [found.trend.get((code, q)) for q in found.quarters]
        if not reported(row):
            continue
        cells = [
            None if f is None or f.value is None
            else MARK if teller.hides(f) else rounded(f.value, indicator)
            for f in row
        ]  # fmt: skip
        rows.append((indicator.name, indicator.unit, *cells, code))
        decimals.append(indicator.decimals)
    if rows:
        book.table("各季走势", "主要指标各季情况", fields, rows, freeze=2, decimals=decimals)
