"""The sheet 审核意见: every finding with a link to its cell, and room for explanations."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from definitions.model import Severity
from expectations.codes import without_numbers
from expectations.findings import Finding
from pipelines.typesetting import (
    BODY,
    GREY_TEXT,
    HEADER_FILL,
    HEADING,
    INK,
    LINE,
    RED,
    wrapped_lines,
)
from pipelines.verdict.deciding import FindingKey, Verdict, finding_key
from pipelines.verdict.marking import FILLS
from pipelines.verdict.preserving import keep, saved
from pipelines.workbook import REVIEW_MARK, REVIEW_SHEET

HEADERS = (
    "序号", "等级", "工作表", "单元格", "项目", "填报值", "问题", "怎么改", "规则", "说明",
)  # fmt: skip
WIDTHS = (6, 8, 21, 8, 17, 13, 38, 38, 10, 30)
# A register with one fault in every row needs one sentence, not ten thousand.
MOST_ROWS = 3000
_MARK_ROWS = 5
_SHEET, _CELL, _VALUE, _RULE, _TEXT = (
    HEADERS.index(h) for h in ("工作表", "单元格", "填报值", "规则", "说明")
)
_LINE = Side(style="thin", color="FF" + LINE[1:])
_VERDICT_INK = {Verdict.RETURNED: RED, Verdict.EXPLAIN: "#8A5A00", Verdict.ACCEPTED: "#2E6B3A"}
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)


@dataclass(frozen=True)
class Explanation:
    """What the reporter typed beside a 须说明 finding, and the value it was typed about."""

    rule: str
    sheet: str
    cell: str
    text: str
    value: str = ""

    @property
    def key(self) -> FindingKey:
        """The finding it belongs to."""
        return self.rule, self.sheet, self.cell


@dataclass(frozen=True)
class Review:
    """What the sheet says; `labels` names a column by (form, column code)."""

    heading: str
    verdict: Verdict
    findings: Sequence[Finding]
    labels: Mapping[tuple[str, str], str]
    at: date
    due: date | None
    notes: Sequence[str]
    explanations: Mapping[FindingKey, str]
    standing: bool = False


def write_review(book: Workbook, review: Review) -> Worksheet:
    """Put the sheet in front of all others; the caller has removed an earlier one."""
    others = [s.title for s in book.worksheets]
    title = REVIEW_SHEET
    while title.lower() in (o.lower() for o in book.sheetnames):
        title += "（系统）"
    sheet: Worksheet = book.create_sheet(title, 0)
    for p, width in enumerate(WIDTHS):
        sheet.column_dimensions[chr(65 + p)].width = width
    row = _summary(sheet, review)
    if review.findings:
        _table(sheet, row, review, others)
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = RED[1:]
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    sheet.print_options.horizontalCentered = True
    sheet.page_margins.left = sheet.page_margins.right = 0.45
    sheet.page_margins.top = sheet.page_margins.bottom = 0.6
    footer: Any = sheet.HeaderFooter.oddFooter
    footer.right.text = "第 &P 页　共 &N 页"
    return sheet


def ordered(findings: Sequence[Finding], sheets: Sequence[str]) -> list[Finding]:
    """Gravest first, then in the order of the workbook's sheets, rows and columns."""
    place = {name: i for i, name in enumerate(sheets)}
    return sorted(
        findings,
        key=lambda f: (
            f.severity.rank,
            place.get(f.sheet, -1 if not f.sheet else len(place)),
            f.row or 0,
            f.columns,
            f.rule,
        ),
    )


def _summary(sheet: Worksheet, review: Review) -> int:
    """Heading, verdict, counts and what to do next; returns the row of the table's header."""
    width = sum(WIDTHS)
    row = 1
    origin = f"{REVIEW_MARK}，再次报送时会自动更新。审核日期 {review.at.isoformat()}"
    for text, size, face, colour in (
        (review.heading, 16, HEADING, RED),
        (origin, 9, BODY, GREY_TEXT),
        (_conclusion(review), 13, HEADING, _VERDICT_INK[review.verdict]),
    ):
        _line(sheet, row, text, Font(face, size, bold=face == HEADING, color=_argb(colour)))
        sheet.row_dimensions[row].height = size * 1.9
        row += 1
    for i, text in enumerate(_steps(review), start=1):
        _line(sheet, row, f"{i}. {text}", Font(BODY, 10.5, color=_argb(INK)))
        sheet.row_dimensions[row].height = 17 * wrapped_lines(text, width)
        row += 1
    sheet.row_dimensions[row].height = 8
    return row + 1


def _line(sheet: Worksheet, row: int, text: str, font: Font) -> None:
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(WIDTHS))
    cell = sheet.cell(row, 1)
    put_text(cell, text)
    cell.font = font
    cell.alignment = Alignment(vertical="center", wrap_text=True)


def _conclusion(review: Review) -> str:
    count = Counter(f.severity for f in review.findings)
    parts = [
        f"{name} {count[severity]} 处"
        for severity, name in (
            (Severity.RETURN, "必须改正"),
            (Severity.EXPLAIN, "需要说明"),
            (Severity.NOTICE, "提示"),
        )
        if count[severity]
    ]
    outcome = "已接收，待核实" if review.standing else review.verdict.chinese
    return f"审核结论：{outcome}　　{'，'.join(parts) or '没有发现问题'}"


def _steps(review: Review) -> list[str]:
    severities = {f.severity for f in review.findings}
    until = f"请于 {_chinese_date(review.due)}前重新报送" if review.due else "请尽快重新报送"
    steps = list(review.notes)
    if review.standing:
        steps.append(
            "本表已接收并计入汇总；关账时与其他报表、其他单位核对发现下列问题，答复以前标为“待核实”。"
        )
    if any(f.cell for f in review.findings):
        steps.append(
            "点“单元格”一栏可直接跳到有问题的格子；鼠标移到变色的格子上，可看到问题和改法。"
        )
    if Severity.RETURN in severities and review.standing:
        steps.append(
            "标“退回”的须更正：锁定以后更正的，先向上级工会提交更正申请，获准后改正本文件重新报送。"
        )
    elif Severity.RETURN in severities:
        steps.append(
            "标“退回”的必须改正；确认原数无误的，请与上级工会联系，不要改动其他数字来凑平。"
        )
    if Severity.EXPLAIN in severities:
        steps.append(
            "标“须说明”的：数字有误就改正；数字无误就在最右边“说明”栏写明原因，不写会被退回。"
        )
    if severities == {Severity.NOTICE}:
        steps.append("标“提示”的供了解，不影响通过，不必重新报送。")
    if severities == {Severity.EXPLAIN} and review.standing:
        steps.append(
            f"只写说明、不改数字的，保存本文件，{until}即可，锁定以后也收，不算迟报；不必删除本页。"
        )
    elif severities & {Severity.RETURN, Severity.EXPLAIN}:
        steps.append(f"直接在本文件中修改、保存，{until}，不必删除本页和颜色，系统会自动清除。")
    return steps


def _table(sheet: Worksheet, header: int, review: Review, sheets: Sequence[str]) -> None:
    sheet.row_dimensions[header].height = 24
    for p, name in enumerate(HEADERS, start=1):
        cell = sheet.cell(header, p, name)
        cell.font = Font(HEADING, 10.5, bold=True, color=_argb(INK))
        cell.fill = PatternFill("solid", fgColor=_argb(HEADER_FILL))
        cell.alignment = Alignment(horizontal="center", vertical="center")
        cell.border = Border(
            left=_LINE, right=_LINE, bottom=_LINE, top=Side(style="medium", color=_argb(RED))
        )
    check = DataValidation(type="textLength", operator="lessThanOrEqual", formula1="500")
    check.promptTitle, check.prompt = "说明", "请写明数字变动或异常的原因，500 字以内"
    check.errorTitle, check.error = "说明过长", "说明请控制在 500 字以内。"
    listed = ordered(review.findings, sheets)
    for number, finding in enumerate(listed[:MOST_ROWS], start=1):
        _finding(sheet, header + number, number, finding, review, sheets)
        if finding.severity is Severity.EXPLAIN:
            check.add(sheet.cell(header + number, _TEXT + 1).coordinate)
    last = header + min(len(listed), MOST_ROWS)
    rest = Counter(f.rule for f in listed[MOST_ROWS:])
    for rule, count in rest.items():
        last += 1
        text = f"规则 {rule} 另有 {count} 处同类问题未逐条列出，已在表中用颜色标出"
        _line(sheet, last, text, Font(BODY, 10.5, color=_argb(INK)))
    if check.sqref.ranges:
        check.showInputMessage = check.showErrorMessage = True
        sheet.add_data_validation(check)
    sheet.freeze_panes = f"A{header + 1}"
    sheet.print_title_rows = f"{header}:{header}"


def _finding(
    sheet: Worksheet,
    row: int,
    number: int,
    finding: Finding,
    review: Review,
    sheets: Sequence[str],
) -> None:
    label = review.labels.get((finding.form, finding.field), "")
    said = review.explanations.get(finding_key(finding), "")
    explain = finding.severity is Severity.EXPLAIN
    values = (
        str(number), str(finding.severity), finding.sheet, finding.cell, label, finding.value,
        finding.message, finding.advice, finding.rule, said if explain else "",
    )  # fmt: skip
    lines = 1
    for p, value in enumerate(values):
        cell = sheet.cell(row, p + 1)
        if p == 0:
            cell.value = number
        else:
            put_text(cell, value)
        cell.font = Font(BODY, 10, color=_argb(INK))
        centred = p in (0, 1, _CELL, _RULE)
        cell.alignment = Alignment(
            horizontal="center" if centred else "left",
            vertical="center",
            wrap_text=True,
            indent=0 if centred else 1,
        )
        cell.border = _BOX
        lines = max(lines, wrapped_lines(value, WIDTHS[p] - (0 if centred else 1)))
    sheet.cell(row, 2).fill = PatternFill("solid", fgColor=FILLS[finding.severity])
    sheet.row_dimensions[row].height = min(400, max(22, 14.5 * lines + 7))
    if finding.cell and finding.sheet in sheets:
        cell = sheet.cell(row, _CELL + 1)
        quoted = finding.sheet.replace("'", "''")
        cell.hyperlink = Hyperlink(
            ref=cell.coordinate,
            location=f"'{quoted}'!{finding.cell}",
            tooltip="跳到这个格子",
        )
        cell.font = Font(BODY, 10, color="FF1F4E79", underline="single")
    if explain:
        cell = sheet.cell(row, _TEXT + 1)
        cell.protection = Protection(locked=False)
        cell.fill = PatternFill("solid", fgColor="FFFFFBF0")


def put_text(cell: Any, text: str) -> None:
    """Text that stays text: nothing reported may become a formula."""
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)[:32_000]
    cell.value = clean or None
    if clean:
        cell.data_type = "s"
        cell.quotePrefix = clean[0] in "=+-@"


def remove_review(book: Workbook) -> dict[FindingKey, str]:
    """Delete the sheets of earlier rounds; returns what was typed as explanations."""
    found: dict[FindingKey, str] = {}
    for sheet in list(book.worksheets):
        if not is_review(list(sheet.iter_rows(max_row=_MARK_ROWS, values_only=True))):
            continue
        rows = list(sheet.iter_rows(values_only=True))
        found.update({e.key: e.text for e in _explanations(rows)})
        book.remove(sheet)
    return found


def explanations_in(original: bytes) -> list[Explanation]:
    """What was typed into 说明 on the review sheet of a handed-in workbook, in sheet order.

    Empty for files without such a sheet and for files that are no workbook.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(original))
        names = [n for n in book.sheet_names if n.startswith(REVIEW_SHEET)]
        tables = [book.get_sheet_by_name(n).to_python(skip_empty_area=False) for n in names]
    except Exception:  # the reader has said already what is wrong with the file
        return []
    return [e for rows in tables if is_review(rows) for e in _explanations(rows)]


def with_words(marked: bytes, words: Mapping[FindingKey, str]) -> bytes:
    """A marked workbook with words typed into 说明, as its reporter would; all else as it is."""
    book = load_workbook(io.BytesIO(marked), rich_text=True)
    kept = keep(marked, book)
    for sheet in book.worksheets:
        if not is_review(list(sheet.iter_rows(max_row=_MARK_ROWS, values_only=True))):
            continue
        for row in sheet.iter_rows():
            cells = [str(c.value or "").strip() for c in row[: len(HEADERS)]]
            if len(cells) < len(HEADERS):
                continue
            said = words.get((cells[_RULE], cells[_SHEET], cells[_CELL]))
            if said is not None:
                put_text(row[_TEXT], said)
    return saved(book, _day_of(book.properties.modified), kept)


def _day_of(moment: datetime | None) -> date:
    return moment.date() if moment is not None else date(2000, 1, 1)


def is_review(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a sheet's rows are those of a review sheet of ours, whatever it is called."""
    return any(str(row[0] or "").startswith(REVIEW_MARK) for row in rows[:_MARK_ROWS] if row)


def _explanations(rows: Sequence[Sequence[Any]]) -> list[Explanation]:
    found: list[Explanation] = []
    inside = False
    for row in rows:
        cells = [str(c).strip() if c is not None else "" for c in row[: len(HEADERS)]]
        if len(cells) < len(HEADERS):
            continue
        if tuple(cells) == HEADERS:
            inside = True
        elif inside and cells[_TEXT] and re.fullmatch(r"V-[A-Z]+-\d{3}", cells[_RULE]):
            # Whatever number of a person stands in the words stays in the original and goes no
            # further: not to the next review sheet, not into the warehouse, on no page.
            words = without_numbers(cells[_TEXT])
            found.append(
                Explanation(cells[_RULE], cells[_SHEET], cells[_CELL], words, cells[_VALUE])
            )
    return found


def _argb(colour: str) -> str:
    return "FF" + colour.lstrip("#")


def _chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
