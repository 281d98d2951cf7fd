"""The cover: who reports, for when, which forms until when, and how to fill them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from definitions.calendars import Deadlines
from definitions.model import Form
from definitions.periods import Period
from pipelines.templates.inputs import YES_NO, declared_unit
from pipelines.templates.look import CARRIED_TEXT, DERIVED_FILL, LOCKED_FILL, PROTECTION, Look
from pipelines.typesetting import GREY_TEXT, HEADER_FILL, HEADING, RED, wrapped_lines

COVER = "封面"
WIDTHS = (2, 14, 30, 14, 22, 12, 7, 13, 2)
LEFT, RIGHT = 1, 7
HOW_TO = (
    "每张表填一页，只填白色格子；灰色格子由系统计算，不用填，也不要改动表头。",
    "红色表头为必填项。没有发生的请填 0，不要空着，也不要写“无”“同上”“约”。",
    "蓝色数字是上期带来的数，请对照本期实际情况修改或保留。",
    "人数填整数，金额保留两位小数，日期写成 2017-03-31；编码按原样填写，不要自编。",
    "填好保存后报上级工会，文件名不限。如有问题，会在原表上逐格标出退回，改好再报即可。",
)
ZERO_REPORT = "本期各表均无业务发生的，请将“零报告”选为“是”，各表不必填写。"


@dataclass(frozen=True)
class CoverTask:
    """What the cover is made from; deadlines by form code."""

    forms: Sequence[Form]
    sheet_names: Mapping[str, str]
    org_code: str
    org_name: str
    period: Period
    deadlines: Mapping[str, Deadlines]
    stamp: str


def write_cover(sheet: Any, task: CoverTask, look: Look) -> None:
    """Fill an empty worksheet with the cover."""
    for p, width in enumerate(WIDTHS):
        sheet.set_column(p, p, width)
    row = _title(sheet, task, look)
    row = _fields(sheet, row, task, look)
    row = _heading(sheet, row, "本期应报报表", look)
    row = _table(sheet, row, task, look)
    row = _heading(sheet, row, "怎样填写", look)
    row = _how_to(sheet, row, look)
    style = look.format(font_size=8, font_color=GREY_TEXT, align="right")
    sheet.merge_range(row, LEFT, row, RIGHT, task.stamp, style)

    sheet.protect("", PROTECTION)
    sheet.hide_gridlines(2)
    sheet.set_tab_color(RED)
    sheet.set_paper(9)
    sheet.set_portrait()
    sheet.fit_to_pages(1, 1)
    sheet.print_area(0, 0, row, len(WIDTHS) - 1)
    sheet.center_horizontally()
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.6)
    sheet.set_selection(*_first_input(task) * 2)


def _title(sheet: Any, task: CoverTask, look: Look) -> int:
    issuers = list(dict.fromkeys(f.issuer for f in task.forms))
    sheet.set_row(0, 12)
    sheet.set_row(1, 44)
    title = look.format(font_name=HEADING, font_size=22, bold=True, font_color=RED, align="center")
    sheet.merge_range(1, LEFT, 1, RIGHT, f"{'、'.join(issuers)}工作报表", title)
    sheet.set_row(2, 26)
    below = look.format(font_name=HEADING, font_size=13, align="center", bottom=5, bottom_color=RED)
    sheet.merge_range(2, LEFT, 2, RIGHT, f"{task.org_name}　·　{task.period.chinese}", below)
    sheet.set_row(3, 12)
    return 4


def _field_pairs(task: CoverTask) -> list[tuple[str, str | None, str]]:
    """(label, value or None for the reporter to fill, kind of input)."""
    forms = task.forms

    def joined(values: Sequence[str]) -> str:
        return "、".join(dict.fromkeys(values))

    units = list(dict.fromkeys(u for u in map(declared_unit, forms) if u))
    unit = next((u for u in units if u == "元"), units[0] if units else "人")
    return [
        ("填报单位编码", task.org_code, "fixed"),
        ("填报单位", task.org_name, "fixed"),
        ("所属期", task.period.chinese, "fixed"),
        ("计量单位", unit, "fixed"),
        ("填报人", None, "name"),
        ("复核人", None, "name"),
        ("单位负责人", None, "name"),
        ("填报日期", None, "date"),
        ("联系电话", None, "phone"),
        ("零报告", "否", "zero"),
        ("制定机关", joined([f.issuer for f in forms]), "fixed"),
        ("批准文号", joined([f.document for f in forms]), "fixed"),
        # The first to end counts: past that day some table of this book is no longer valid.
        ("有效期至", _iso(min(f.document_valid_to for f in forms)), "fixed"),
        ("表样版本", joined([f.edition for f in forms]), "fixed"),
    ]


def _fields(sheet: Any, row: int, task: CoverTask, look: Look) -> int:
    label = look.boxed(
        font_name=HEADING, font_size=10.5, bg_color=HEADER_FILL, align="center", bold=True
    )
    fixed = look.boxed(bg_color=LOCKED_FILL, align="left", indent=1, text_wrap=True, num_format="@")
    formats = {"date": "yyyy-mm-dd"}
    for i, (name, value, kind) in enumerate(_field_pairs(task)):
        line, side = row + i // 2, i % 2
        if side == 0:
            sheet.set_row(line, 25)
        at = LEFT + side * 2
        sheet.write_string(line, at, name, label)
        style = fixed
        if kind != "fixed":
            style = look.boxed(
                locked=False, align="left", indent=1, num_format=formats.get(kind, "@")
            )
        if side:
            sheet.merge_range(line, at + 1, line, RIGHT, "", style)
        if value is None:
            sheet.write_blank(line, at + 1, None, style)
        else:
            sheet.write_string(line, at + 1, value, style)
        if kind != "fixed":
            sheet.data_validation(line, at + 1, line, at + 1, _cover_check(name, kind))
        room = WIDTHS[at + 1] if side == 0 else sum(WIDTHS[at + 1 : RIGHT + 1])
        if value:
            sheet.set_row(line, max(25, 14 * wrapped_lines(value, room) + 6))
    last = row + (len(_field_pairs(task)) + 1) // 2
    sheet.set_row(last, 10)
    return last + 1


def _cover_check(name: str, kind: str) -> dict[str, Any]:
    common = {"ignore_blank": True, "error_title": "请检查所填内容", "input_title": name}
    match kind:
        case "date":
            return {
                **common,
                "validate": "date",
                "criteria": ">=",
                "value": date(1949, 10, 1),
                "input_message": "写成 2017-04-03 的样子",
                "error_message": "填报日期应为日期，写成 2017-04-03 的样子。",
            }
        case "zero":
            return {
                **common,
                "validate": "list",
                "source": list(YES_NO),
                "input_message": ZERO_REPORT,
                "error_message": "请选“是”或“否”。",
            }
        case "phone":
            return {
                **common,
                "validate": "length",
                "criteria": "between",
                "minimum": 7,
                "maximum": 20,
                "input_message": "11 位手机号，或区号加座机号",
                "error_message": "请填 11 位手机号，或区号加座机号。",
            }
        case _:
            return {
                **common,
                "validate": "length",
                "criteria": "between",
                "minimum": 2,
                "maximum": 30,
                "input_message": "请填姓名",
                "error_message": "请填姓名，不超过 30 个字。",
            }


def _first_input(task: CoverTask) -> tuple[int, int]:
    pairs = _field_pairs(task)
    first = next(i for i, (_, value, _) in enumerate(pairs) if value is None)
    return 4 + first // 2, LEFT + (first % 2) * 2 + 1


def _heading(sheet: Any, row: int, text: str, look: Look) -> int:
    sheet.set_row(row, 24)
    style = look.format(font_name=HEADING, font_size=12, bold=True, font_color=RED, align="left")
    sheet.merge_range(row, LEFT, row, RIGHT, text, style)
    return row + 1


def _table(sheet: Any, row: int, task: CoverTask, look: Look) -> int:
    head = look.boxed(
        font_name=HEADING, font_size=10, bold=True, bg_color=HEADER_FILL, align="center",
        top=2, top_color=RED,
    )  # fmt: skip
    names = ("表号", "表名", "制定机关", "批准文号", "有效期至", "版本", "报送截止")
    sheet.set_row(row, 22)
    for p, name in enumerate(names):
        sheet.write_string(row, LEFT + p, name, head)
    centre = look.boxed(align="center", font_size=10, text_wrap=True)
    left = look.boxed(align="left", indent=1, font_size=10, text_wrap=True)
    link = look.boxed(align="center", font_size=10, font_color=CARRIED_TEXT, underline=1)
    due = look.boxed(align="center", font_size=10, bold=True, font_color=RED)
    for form in task.forms:
        row += 1
        deadline = task.deadlines.get(form.code)
        cells = (
            form.title, form.issuer, form.document, _iso(form.document_valid_to), form.edition
        )  # fmt: skip
        target = f"internal:'{task.sheet_names[form.code]}'!A1"
        sheet.write_url(row, LEFT, target, link, form.code, "打开这张表")
        for p, text in enumerate(cells):
            sheet.write_string(row, LEFT + 1 + p, text, left if p == 0 else centre)
        sheet.write_string(row, RIGHT, _iso(deadline.due) if deadline else "", due)
        lines = max(
            wrapped_lines(text, WIDTHS[LEFT + 1 + p] - (2 if p == 0 else 0))
            for p, text in enumerate(cells)
        )
        sheet.set_row(row, max(21, 14 * lines + 5))
    sheet.set_row(row + 1, 10)
    return row + 2


def _how_to(sheet: Any, row: int, look: Look) -> int:
    text = look.format(align="left", text_wrap=True, font_size=10.5)
    room = sum(WIDTHS[LEFT : RIGHT + 1])
    for i, line in enumerate((*HOW_TO, ZERO_REPORT), start=1):
        said = f"{i}. {line}"
        sheet.set_row(row, 16 * wrapped_lines(said, room) + 4)
        sheet.merge_range(row, LEFT, row, RIGHT, said, text)
        row += 1
    sheet.set_row(row, 8)
    row += 1
    sheet.set_row(row, 20)
    samples: tuple[tuple[str, dict[str, Any]], ...] = (
        ("请填写", {"bg_color": "#FFFFFF"}),
        ("上期带来，请核对", {"bg_color": "#FFFFFF", "font_color": CARRIED_TEXT}),
        ("自动计算，不填", {"bg_color": DERIVED_FILL, "font_color": "#595959"}),
        ("必填项表头", {"bg_color": HEADER_FILL, "font_color": RED, "bold": True}),
    )
    for p, (words, properties) in enumerate(samples):
        style = look.boxed(align="center", font_size=9, **properties)
        sheet.write_string(row, LEFT + p, words, style)
    sheet.set_row(row + 1, 8)
    return row + 2


def _iso(day: date) -> str:
    return day.isoformat()
