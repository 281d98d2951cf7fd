"""R-13: how figures spread over unions, who lies far off and what it says, where a trend leads."""

from __future__ import annotations

from decimal import Decimal

from definitions.catalogue import Definitions
from pipelines.figures import Figure, Figures, display, rounded
from pipelines.publish import registers
from pipelines.publish.analysis_annex import peer_sheet, spread_sheet, trend_sheet
from pipelines.publish.analysis_data import KIND, SPREAD, Analysis, Line, chosen, values_of
from pipelines.publish.analysis_spread import outliers, spread_section
from pipelines.publish.analysis_trends import trends
from pipelines.publish.analysis_words import head_of, in_wan, side_in
from pipelines.publish.content import Block, Column, Inline, Paragraph, Section, Table
from pipelines.publish.disclosure import MARK
from pipelines.publish.disclosure import NOTE as WITHHELD
from pipelines.publish.issued import Report, issued
from pipelines.publish.own_counts import with_counts
from pipelines.publish.publication import Publication
from pipelines.publish.review import coverage_sentence
from pipelines.publish.sentences import trimmed
from pipelines.publish.sheets import Book
from pipelines.publish.spread import spread
from pipelines.publish.telling import NONE, Teller

__all__ = ["SPREAD", "analysis_report", "chosen"]


def analysis_report(figures: Figures, found: Analysis, definitions: Definitions) -> Publication:
    """The brief as Word, web page and workbook; equal input gives equal bytes."""
    definitions = with_counts(definitions)
    teller = Teller(figures, definitions)
    spreads = {
        code: told
        for code in found.chosen.spread
        if (values := values_of(found, code))
        and len(values) >= found.chosen.units_at_least
        and (told := spread(values, found.chosen.fence))
    }
    sections = [
        level(teller, found),
        spread_section(teller, found, spreads),
        outliers(teller, found, spreads),
        trends(teller, found),
    ]
    sections.append(_basis(teller, found))

    def sheets(book: Book) -> None:
        spread_sheet(book, teller, found)
        peer_sheet(book, found)
        trend_sheet(book, teller, found)
        registers.coverage(book, figures)
        codes = dict.fromkeys((*found.chosen.spread, *found.chosen.trend, *found.chosen.lines))
        known = [definitions.indicators[c] for c in codes]
        registers.indicators(book, "指标情况", "各单位指标情况", known, teller)

    title = f"{figures.unit.name}{figures.period.chinese}分析简报"
    return issued(Report(KIND, title, tuple(sections), sheets), figures, definitions)


def level(teller: Teller, found: Analysis) -> Section:
    teller.open("N1")
    blocks: list[Block] = [Paragraph(coverage_sentence(teller))]
    for code, line in found.chosen.lines.items():
        figure = teller.figures.get(code)
        if figure is None or figure.value is None or teller.hides(figure):
            continue
        blocks.append(Paragraph((*_against_line(teller, figure, line), "。")))
    table = _level_table(teller, found)
    if table is not None:
        blocks.append(table)
    else:
        blocks.append(Paragraph(("本季没有可以分析的指标数据。",)))
    return Section("N1", "总体水平", tuple(blocks))


def _against_line(teller: Teller, figure: Figure, line: Line) -> list[Inline]:
    """Value, movement, and where it stands to the line: 达到40%的参照目标, 高于30%的关注线."""
    indicator = teller.definitions.indicators[figure.indicator]
    value = figure.value or Decimal(0)
    runs: list[Inline] = [f"{indicator.name}", teller.cell(figure), indicator.unit]
    moved = teller.comparison(figure)
    runs += ["，", *moved] if moved else []
    edge = f"{trimmed(display(line.value, indicator))}{indicator.unit}"
    kept, equal = line.kept(value), rounded(value, indicator) == line.value
    if line.at_least:
        where = f"{'达到' if kept else '低于'}{edge}的参照目标"
    elif equal:
        where = f"与{edge}的关注线持平"
    else:
        where = f"低于{edge}的关注线" if kept else f"高于{edge}的关注线，需要关注"
    authority = line.authority.partition("；")[0].partition("（S")[0]
    return [*runs, f"，{where}（{authority}）"]


def _level_table(teller: Teller, found: Analysis) -> Table | None:
    codes = dict.fromkeys((*found.chosen.lines, *found.chosen.spread, *found.chosen.trend))
    figures = [f for c in codes if (f := teller.figures.get(c)) is not None]
    figures = [f for f in figures if f.value is not None]
    if not figures:
        return None
    yearly = any(f.last_year is not None for f in figures)
    rows: list[tuple[Inline, ...]] = []
    for figure in figures:
        indicator = teller.definitions.indicators[figure.indicator]
        wide = in_wan(indicator, [figure.value, figure.previous, figure.last_year])
        row: list[Inline] = [
            head_of(indicator, wide=wide),
            side_in(teller, figure, "本期", wide=wide),
            side_in(teller, figure, "上期", wide=wide),
            teller.changed(figure, "上期"),
        ]
        if yearly:
            row += [side_in(teller, figure, "上年同期", wide=wide), teller.changed(figure)]
        rows.append((*row, teller.filed(figure)))
    columns = [
        Column("指标", "left", 2.2),
        Column("本季", weight=1.25),
        Column("上季", weight=1.25),
        Column("比上季", weight=1.9),
    ]
    if yearly:
        columns += [Column("上年同季", weight=1.25), Column("比上年同季", weight=1.9)]
    columns.append(Column("实报/应报（份）", weight=1.4))
    note = ""
    if any(cell == NONE for row in rows for cell in row):
        note = "注：“—”为未报或无法计算，不作零处理。"
    if any(cell == MARK for row in rows for cell in row):
        note += WITHHELD.removeprefix("注：") if note else WITHHELD
    return Table("本季主要指标", tuple(columns), tuple(rows), note=note)


def _basis(teller: Teller, found: Analysis) -> Section:
    teller.open("N5")
    chosen_ = found.chosen
    fence = f"{chosen_.fence.normalize():f}"
    words = (
        "分布以所属基层工会为单位，只统计已报送且可以计算的，不足"
        f"{chosen_.units_at_least}家的不作分布分析；特殊值指超出上下四分位数{fence}倍四分位距的"
        "数值。与同类单位比较，按同一类型、同一职工规模档次分组，取中位数和绝对中位差，不受个别"
        f"特殊值影响。走势分析须有{chosen_.quarters_at_least}个以上季度的数据。"
        "分析只反映数据之间的关系，不推断原因；合计由基层报表逐户相加，未报单位不作零处理。"
    )
    return Section("N5", "分析口径", (Paragraph((words,), "note"),))
