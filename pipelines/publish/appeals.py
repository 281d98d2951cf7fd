"""R-12: what workers asked of their unions in a month, how fast it was settled, what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from definitions.catalogue import Definitions
from definitions.periods import Period, PeriodKind
from pipelines.figures import BLOCK, Figure, Figures
from pipelines.publish import appeal_counts as counts
from pipelines.publish import registers
from pipelines.publish.appeal_progress import (
    DISPUTES,
    centre,
    days_words,
    disputes,
    settled,
    still_open,
)
from pipelines.publish.appeal_topics import topics_section
from pipelines.publish.appeal_words import months_table, sentence
from pipelines.publish.content import Block, Chart, Inline, Paragraph, Section, Series, ordinal
from pipelines.publish.issued import Report, issued
from pipelines.publish.outline import Topic
from pipelines.publish.pictures import picture
from pipelines.publish.publication import Publication
from pipelines.publish.report_count import ReportCount
from pipelines.publish.sheets import Book
from pipelines.publish.telling import Teller
from pipelines.publish.unit_tables import unit_table

KIND = "R-12 职工诉求通报"
_FUNNEL = Topic(
    "“三单”流转情况",
    (),
    chart="funnel",
    stages=tuple((name, code, "") for name, code in counts.KINDS.items()),
)
SLIPS = (*counts.KINDS.values(), "I-RIGHT-06", "I-RIGHT-14", "I-RIGHT-04", "I-RIGHT-05")
_COUNTED = (
    ("I-RIGHT-01", "收到职工维权服务菜单{v}"),
    ("I-RIGHT-02", "汇总形成企业服务需求订单{v}"),
    ("I-RIGHT-03", "办理工会维权服务受理单{v}"),
)
_NONE_CAME = {
    "I-RIGHT-01": "没有收到职工维权服务菜单",
    "I-RIGHT-02": "没有形成企业服务需求订单",
    "I-RIGHT-03": "没有办理工会维权服务受理单",
}
_SHOWN = 12
_CHARTED = 3
"""Fewer months make no picture."""


def appeals_report(figures: Figures, definitions: Definitions) -> Publication:
    """The bulletin as Word, web page and workbook; equal input gives equal bytes.

    `definitions` hold the report's own counts (`appeal_counts.with_counts`), `figures` their
    values and what of them is withheld.
    """
    teller = Teller(figures, definitions)
    sections = [_received(teller)]
    for make in (topics_section, settled, still_open, disputes, centre, _demands):
        made = make(teller)
        sections += [made] if made is not None else []

    def sheets(book: Book) -> None:
        known = definitions.indicators
        rights = [known[c] for c in (*SLIPS, *DISPUTES) if c in known]
        registers.indicators(book, "三单和争议", "各单位诉求办理情况", rights, teller)
        own = [i for c, i in known.items() if isinstance(i, ReportCount) and _printed(c)]
        registers.indicators(book, "分类情况", "各单位诉求分类情况", own, teller)
        registers.coverage(book, figures)
        registers.glossary(book, definitions, _only(figures, {*SLIPS, *DISPUTES, *_own(own)}))

    title = f"{figures.unit.name}{figures.period.chinese}职工诉求通报"
    return issued(Report(KIND, title, tuple(sections), sheets), figures, definitions)


def _printed(code: str) -> bool:
    return not code.startswith((counts.topic_persons(""), counts.rating_persons("")))


def _own(found: Sequence[ReportCount]) -> list[str]:
    return [i.code for i in found]


def _only(figures: Figures, codes: set[str]) -> Figures:
    """The figures of some indicators only, for a list of what they mean."""
    return replace(figures, values={k: f for k, f in figures.values.items() if k[3] in codes})


def _received(teller: Teller) -> Section:
    teller.open("A1")
    figures = teller.figures
    filed = figures.get(counts.FILED)
    if filed is None or not filed.value:
        told = (
            "本月各单位均未报送“三单”诉求流转台账，暂无可汇总的数据。该台账有诉求才报，"
            "未报送的不作零处理，也不视为没有诉求。"
        )
        blocks: list[Block] = [Paragraph((told,))]
        table = months_table(teller, "“三单”办理情况", SLIPS)
        return Section("A1", "诉求受理情况", (*blocks, *([table] if table else [])))
    runs: list[Inline] = []
    if figures.children.get(BLOCK):
        runs = ["本月有", teller.number(filed, filed.value, f"{filed.value:,.0f}"),
                "家工会报送“三单”诉求流转台账。"]  # fmt: skip
    runs += sentence(teller, _COUNTED, none=_NONE_CAME)
    blocks = [Paragraph(tuple(runs))]
    rates = sentence(
        teller, [("I-RIGHT-06", "订单转化率{v}"), ("I-RIGHT-14", "订单受理率{v}")], between="，"
    )
    sole = teller.sole([*counts.KINDS.values()])
    leading = [f"以上均来自{sole.name}。"] if sole else teller.leaders([*counts.KINDS.values()])
    if rates or leading:
        blocks.append(Paragraph((*rates, *leading)))
    menus = figures.get("I-RIGHT-01")
    chart = picture(teller, _FUNNEL)
    if chart is not None and menus is not None and menus.value:  # nothing flows from nothing
        blocks.append(chart)
    table = months_table(teller, "“三单”办理情况", SLIPS)
    blocks += [table] if table else []
    by_month = _by_month(teller)
    blocks += [by_month] if by_month else []
    units = unit_table(teller, "各单位“三单”办理情况", SLIPS[:3] + SLIPS[5:], limit=_SHOWN)
    blocks += [units] if units else []
    blocks.append(
        Paragraph(
            (
                "注：诉求台账有诉求才报，未报送的不计缺报，也不视为没有诉求；"
                "同一张单不论续报几次只计一次，按收单日期计入所属月。",
            ),
            "note",
        )
    )
    return Section("A1", "诉求受理情况", tuple(blocks))


def _by_month(teller: Teller) -> Chart | None:
    """Menus of the year's months so far; None with fewer than three of them told."""
    here = teller.figures.period
    months = [m for m in Period(PeriodKind.YEAR, here.year).months() if m.end <= here.end]
    found = [teller.figures.get("I-RIGHT-01", period=m.label) for m in months]
    values = tuple(f.value if f else None for f in found)
    if sum(v is not None for v in values) < _CHARTED:
        return None
    return Chart(
        "months",
        f"{here.year}年各月收到职工维权服务菜单（件）",
        "件",
        tuple(f"{m.number}月" for m in months),
        (Series(f"{here.year}年", values),),
    )


def _demands(teller: Teller) -> Section | None:
    """What is asked, each demand answering a fact of this bulletin; None where nothing is open."""
    teller.open("A7")
    figures = teller.figures
    _, _, over = days_words(teller)
    demands: list[list[Inline]] = []
    overdue, waiting = figures.get(counts.OVERDUE), figures.get(counts.WAITING)
    if overdue is not None and overdue.value:
        demands.append(
            ["抓紧办结超期诉求。超过办理时限的", teller.cell(overdue), "件诉求，由承办单位逐件"
             "说明原因和预计办结日期，上级工会督办到底，并向职工说明进展。"]
        )  # fmt: skip
    if waiting is not None and waiting.value:
        demands.append(
            ["及时受理。尚未受理的", teller.cell(waiting), "件诉求，有关工会应尽快作出是否受理"
             "的决定，不予受理的向职工说明理由。"]
        )  # fmt: skip
    slow = figures.get(counts.OVER_TIME)
    if slow is not None and slow.value:
        demands.append(
            [f"严守时限。本月{over}才办结的有", teller.cell(slow), "件，有关单位要查找受理、转办"
             "环节的堵点，临近时限的提前提醒。"]
        )  # fmt: skip
    came = figures.get("I-RIGHT-07")
    if came is not None and came.expected is not None and came.reported < came.expected:
        demands.append(["补齐报表。", *_lacking(teller, came)])
    if not demands:
        return None
    numbered = len(demands) > 1
    blocks = tuple(
        Paragraph((f"{ordinal(i)}是{runs[0]}" if numbered else runs[0], *runs[1:]), "item")
        for i, runs in enumerate(demands, 1)
    )
    return Section("A7", "工作要求", blocks)


def _lacking(teller: Teller, figure: Figure) -> list[Inline]:
    return ["劳动争议调解与法律援助情况表", *teller.gap(figure),
            "，缺报单位由直接上级工会督促补报，没有争议的也应零报告。"]  # fmt: skip
