"""The assessment book (考核结果汇编): one workbook that a chair can sign and a unit can check."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook

from pipelines.assess.layout import BOX, CELL, GREY, SHADE, Look, Page
from pipelines.assess.method_page import write_method
from pipelines.assess.process_page import ProcessTable, write_process
from pipelines.assess.result_pages import (
    score_sheet_names,
    write_adjustments,
    write_all_scores,
    write_ranking,
    write_ratings,
    write_score_sheet,
    write_stars,
)
from pipelines.assess.results import AssessmentResult
from pipelines.typesetting import HEADING, RED

CHINA = ZoneInfo("Asia/Shanghai")


def assessment_book(
    result: AssessmentResult,
    *,
    title: str,
    year: int,
    cutoff: date | datetime,
    definitions_digest: str,
    federation: str,
    further: Sequence[AssessmentResult] = (),
    process: Sequence[ProcessTable] = (),
    status: str = "待公示",
) -> bytes:
    """The book of one result, or of several schemes of the same year, as the bytes of an .xlsx.

    The same arguments give the same bytes: `cutoff` is the only time in the file. Star homes get
    their own page; every other scheme a ranking, a score sheet per unit, adjustments and ratings.
    `process` are pages on how the result came about, `status` where it stands.
    """
    results = (result, *further)
    several = sum(r.scheme.kind != "star-home" for r in results) > 1
    stream = io.BytesIO()
    book = Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    made = _as_read_in_china(cutoff)
    book.set_properties(
        {
            "title": title,
            "author": federation,
            "company": federation,
            "comments": f"定义版本 {definitions_digest}",
            "created": made,
        }
    )
    look = Look(book)
    footer = f"{federation}　{title}".replace("&", "&&")
    _cover(look, results, title, year, made, definitions_digest, federation, status)
    for each in results:
        tag = each.scheme.label if len(results) > 1 else ""
        write_method(look, each, f"考核办法{tag}", footer)
    for each in results:
        tag = each.scheme.label if several else ""
        if each.scheme.kind == "star-home":
            write_stars(look, each, "星级职工之家", footer)
        else:
            _target_responsibility(look, each, tag, footer)
    write_process(look, process, footer)
    _signatures(look, title, federation, footer)
    book.close()
    return stream.getvalue()


def _as_read_in_china(cutoff: date | datetime) -> datetime:
    """The cut-off as a date and time on the wall; a cover shows the day, not the UTC day."""
    if not isinstance(cutoff, datetime):
        return datetime.combine(cutoff, time())
    return cutoff.astimezone(CHINA).replace(tzinfo=None) if cutoff.tzinfo else cutoff


MOST_SHEETS = 60
"""Units with a sheet of their own; more of them share one."""


def _target_responsibility(look: Look, result: AssessmentResult, tag: str, footer: str) -> None:
    ranking, cells = write_ranking(look, result, f"排名{tag}", footer)
    write_adjustments(look, result, f"加分扣分{tag}", footer)
    if any(b.source == "ratings" for b in result.scheme.blocks):
        write_ratings(look, result, f"群众评价{tag}", footer)
    places: dict[str, tuple[Page, int]] = {}
    if len(result.units) > MOST_SHEETS:
        page, starts = write_all_scores(look, result, f"评分明细{tag}", footer)
        places = {code: (page, row) for code, row in starts.items()}
    else:
        names = score_sheet_names(look, result, tag)
        for unit in result.units:
            code = unit.unit.code
            places[code] = (write_score_sheet(look, result, unit, names[code], footer), 0)
    link = look.format(CELL, {"font_color": "#1F4E79"})
    for unit in result.units:
        page, start = places[unit.unit.code]
        row, column = cells[unit.unit.code]
        name = page.name.replace("'", "''")
        target = f"internal:'{name}'!A{start + 1}"
        ranking.sheet.write_url(row, column, target, link, unit.unit.name)


def _cover(
    look: Look,
    results: Sequence[AssessmentResult],
    title: str,
    year: int,
    made: datetime,
    digest: str,
    federation: str,
    status: str,
) -> None:
    page = Page(look, "封面", (14, 22, 30, 30, 22, 14), "")
    page.space(70)
    page.span(0, page.last, federation, {
        "font_name": HEADING, "font_size": 20, "align": "center", "font_color": RED, "bold": True,
    })  # fmt: skip
    page.end_row(38)
    page.span(1, 4, "", {"bottom": 5, "bottom_color": RED})
    page.end_row(12)
    page.space(46)
    # The page takes 24 characters of 30 points; a longer title is set smaller, never cut.
    size = min(30, 24 * 30 // max(len(title), 1))
    page.span(0, page.last, title, {
        "font_name": HEADING, "font_size": size, "align": "center", "bold": True,
    })  # fmt: skip
    page.end_row(54)
    page.span(0, page.last, f"（{year}年度）", {
        "font_size": 16, "align": "center", "font_color": GREY,
    })  # fmt: skip
    page.end_row(32)
    page.space(44)
    provisional = any(r.provisional for r in results)
    facts = [
        ("考核方案", "；".join(f"{r.scheme.title}（{r.scheme.code}）" for r in results)),
        ("考核单位", "；".join(f"{r.scheme.label} {len(r.units)} 家" for r in results)),
        ("数据截止", f"{made.year}年{made.month}月{made.day}日"),
        ("定义版本", digest[:16]),
        ("结果状态", "暂定（部分评分尚未采集，见“排名”页说明）" if provisional else status),
    ]
    for label, text in facts:
        strong = {"font_color": RED, "bold": True} if provisional and label == "结果状态" else {}
        page.line(
            (label, text),
            ({**BOX, "align": "center", "bg_color": SHADE, "font_color": GREY}, {**CELL, **strong}),
            (1, 3),
            first=1,
            least=28,
        )
    page.sheet.print_area(0, 0, page.row, page.last)


def _signatures(look: Look, title: str, federation: str, footer: str) -> None:
    page = Page(look, "签字页", (18, 34, 18, 34, 18, 34), footer)
    page.title("审定与签字", title)
    page.space(10)
    label = {**BOX, "align": "center", "bg_color": SHADE, "font_name": HEADING}
    open_below = {**CELL, "bottom": 0, "font_color": GREY, "valign": "top"}
    signed = {**BOX, "align": "right", "valign": "bottom", "font_color": GREY, "indent": 1}
    day = "　　　　年　　月　　日"
    for trio in (("制表人", "复核人", "数据管理员"), ("考评组组长", "经费审查委员会", "纪检监督")):
        for i, who in enumerate(trio):
            page.put(2 * i, who, label)
            page.put(2 * i + 1, f"签字：　　　　　　　　　　\n{day}", signed)
        page.end_row(64)
    for who, hint, who_signs in (
        ("联合会审意见", "考评组联合会审及现场抽查核实情况：", "签字："),
        ("公示情况", "公示 5 个工作日；异议与申诉的受理、答复情况：", "签字："),
        ("主席办公会意见", "等次审定、名额并列票决及一票否决事项：", "签字："),
        ("签发", "", f"{federation}（盖章）　　　　主席签字："),
    ):
        page.span(0, 0, who, label, rows=2)
        page.span(1, page.last, hint, open_below)
        page.end_row(46)
        page.span(1, page.last, f"{who_signs}　　　　　　　　{day}", signed, {"top": 0})
        page.end_row(34)
