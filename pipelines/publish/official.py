"""Official documents (公文) as Word: red head, number, addressee, ordered clauses, seal and date.

In the manner of GB/T 9704: title in 小标宋 of 二号, text in 仿宋 of 三号 on a line of 28 points,
headings 一、（一）1. in 黑体, 楷体 and 仿宋. A file may hold many letters, each on its own page.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import docx
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from pipelines.publish.content import ordinal, shares
from pipelines.publish.paper import (
    LANDSCAPE,
    PORTRAIT,
    Grid,
    Heading,
    Paper,
    Signatures,
    Text,
    Turn,
    flat,
    title_lines,
)
from pipelines.publish.publication import chinese_day, same_bytes, stamp
from pipelines.publish.word_grid import GridCell, Rules, Side, grid
from pipelines.publish.word_styles import (
    FANG,
    HEI,
    KAI,
    SONG,
    TITLE,
    face,
    laid,
    leading,
    page_number,
)

RED = RGBColor(0xC8, 0x10, 0x2E)


def word_of(papers: Sequence[Paper], title: str, cutoff: datetime) -> bytes:
    """Papers as one .docx, each from a new page; equal input gives equal bytes."""
    made = docx.Document()
    properties = made.core_properties
    properties.title, properties.language = title, "zh-CN"
    properties.author = properties.last_modified_by = papers[0].issuer
    properties.created = properties.modified = stamp(cutoff)
    properties.comments = properties.keywords = properties.subject = ""
    _styles(made)
    laid(made.sections[0], lying=False)
    page_number(made.sections[0].footer, WD_ALIGN_PARAGRAPH.CENTER)
    for i, paper in enumerate(papers):
        _paper(made, paper, first=i == 0)
    out = io.BytesIO()
    made.save(out)
    return same_bytes(out.getvalue())


def _styles(made: Any) -> None:
    normal = made.styles["Normal"]
    face(normal, FANG, 16)
    leading(normal, 28)
    normal.paragraph_format.first_line_indent = Pt(32)
    normal.paragraph_format.widow_control = True
    centre, left, right = (
        WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.RIGHT,
    )  # fmt: skip
    for name, font, size, pitch, align, indent in (
        ("Paper Head", TITLE, 30, 44, centre, 0),
        ("Paper Number", FANG, 16, 28, centre, 0),
        ("Paper Title", TITLE, 22, 32, centre, 0),
        ("Addressee", FANG, 16, 28, left, 0),
        ("Clause 1", HEI, 16, 28, left, 32),
        ("Clause 2", KAI, 16, 28, left, 32),
        ("Closing", FANG, 16, 28, right, 0),
        ("Table Title", HEI, 12, 22, centre, 0),
        ("Small", SONG, 10.5, 16, left, 0),
        ("Quoting", SONG, 9, 12, left, 0),
        ("Cell Text", SONG, 9.5, 13, left, 0),
        ("Cell Top", HEI, 9.5, 13, centre, 0),
        ("Cover Line", KAI, 16, 30, left, 0),
        ("Sign Label", HEI, 14, 24, centre, 0),
        ("Sign Text", FANG, 14, 24, left, 0),
    ):
        style = made.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        face(style, font, size)
        leading(style, pitch)
        style.paragraph_format.first_line_indent = Pt(indent)
        style.paragraph_format.alignment = align
    for name in ("Clause 1", "Clause 2", "Table Title", "Paper Title"):
        made.styles[name].paragraph_format.keep_with_next = True
    made.styles["Small"].paragraph_format.keep_together = True
    made.styles["Paper Head"].font.color.rgb = RED
    for name, level in (("Clause 1", "0"), ("Clause 2", "1")):
        outline = OxmlElement("w:outlineLvl")
        outline.set(qn("w:val"), level)
        made.styles[name].element.get_or_add_pPr().append(outline)


def _paper(made: Any, paper: Paper, *, first: bool) -> None:
    if not first:
        made.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE) if paper.cover else None
    if paper.cover:
        _cover(made, paper)
    elif paper.number:
        head = made.add_paragraph(f"{paper.issuer}", style="Paper Head")
        head.paragraph_format.page_break_before = not first
        _rule(made.add_paragraph(paper.number, style="Paper Number"))
        title = _title(made, paper.title)
        title.paragraph_format.space_before = Pt(10 if paper.compact else 22)
        title.paragraph_format.space_after = Pt(8 if paper.compact else 14)
    else:
        title = _title(made, paper.title)
        title.paragraph_format.page_break_before = not first
        title.paragraph_format.space_after = Pt(14)
    if paper.addressee:
        made.add_paragraph(f"{paper.addressee}：", style="Addressee")
    _parts(made, paper)
    _closing(made, paper)


def _title(made: Any, text: str) -> Any:
    paragraph = made.add_paragraph("", style="Paper Title")
    first, *more = title_lines(text)
    run = paragraph.add_run(first)
    for line in more:
        run.add_break()
        run = paragraph.add_run(line)
    return paragraph


def _rule(paragraph: Any) -> None:
    """The red line under a number."""
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for key, value in (("val", "single"), ("sz", "18"), ("space", "4"), ("color", "C8102E")):
        line.set(qn(f"w:{key}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)


def _cover(made: Any, paper: Paper) -> None:
    made.add_paragraph("", style="Cover Line").paragraph_format.space_before = Pt(60)
    made.add_paragraph(paper.issuer, style="Paper Head")
    _rule(made.add_paragraph("", style="Paper Number"))
    title = _title(made, paper.title)
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(70), Pt(90)
    for label, told in paper.cover:
        line = made.add_paragraph(f"{label}：{told}", style="Cover Line")
        line.paragraph_format.left_indent = Pt(112)
        line.paragraph_format.first_line_indent = Pt(-80)
    made.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)


def _parts(made: Any, paper: Paper) -> None:
    ones = twos = items = 0
    width = PORTRAIT
    for part in paper.parts:
        match part:
            case Heading(level=1):
                ones, twos, items = ones + 1, 0, 0
                made.add_paragraph(f"{ordinal(ones)}、{flat(part.text)}", style="Clause 1")
            case Heading():
                twos, items = twos + 1, 0
                made.add_paragraph(f"（{ordinal(twos)}）{flat(part.text)}", style="Clause 2")
            case Text(style="numbered"):
                items += 1
                made.add_paragraph(f"{items}. {flat(part.text)}")
            case Text(style="note"):
                made.add_paragraph(flat(part.text), style="Small")
            case Text():
                made.add_paragraph(flat(part.text))
            case Grid():
                _grid(made, part, width)
            case Turn():
                width = LANDSCAPE if part.landscape else PORTRAIT
                section = made.add_section(WD_SECTION.NEW_PAGE)
                laid(section, lying=part.landscape)
            case Signatures():
                _signatures(made, part, width)


def _closing(made: Any, paper: Paper) -> None:
    if paper.issued is not None and made.paragraphs:
        # A page that bears the seal bears words of the text too.
        made.paragraphs[-1].paragraph_format.keep_with_next = True
        made.paragraphs[-1].paragraph_format.keep_together = True
    for i, name in enumerate(paper.attachments, 1):
        head = "附件：" if len(paper.attachments) == 1 else f"附件：{i}. "
        text = head + name if i == 1 else f"　　　{i}. {name}"
        line = made.add_paragraph(text)
        line.paragraph_format.space_before = Pt(14 if i == 1 else 0)
    if paper.issued is not None:
        issuer = made.add_paragraph(paper.issuer, style="Closing")
        # A compact paper gives the line on quoting room, so that it needs no more of its page.
        above = (4 if paper.quoting else 16) if paper.compact else 40
        issuer.paragraph_format.space_before = Pt(above)
        issuer.paragraph_format.right_indent = Pt(32)
        issuer.paragraph_format.keep_with_next = True
        day = made.add_paragraph(chinese_day(paper.issued), style="Closing")
        day.paragraph_format.right_indent = Pt(48)
        day.paragraph_format.keep_with_next = bool(paper.quoting)
    if paper.copies:
        made.add_paragraph(
            f"抄送：{paper.copies}", style="Small"
        ).paragraph_format.space_before = Pt(14)
    if paper.quoting:
        quoting = made.add_paragraph(paper.quoting, style="Quoting")
        quoting.paragraph_format.space_before = Pt(0 if paper.compact else 14)
    if paper.receipt is not None:
        title = made.add_paragraph("送达回证", style="Paper Title")
        title.paragraph_format.page_break_before = True
        title.paragraph_format.space_after = Pt(14)
        _signatures(made, paper.receipt, PORTRAIT)


def _grid(made: Any, part: Grid, width: int) -> None:
    if part.title:
        title = made.add_paragraph(flat(part.title), style="Table Title")
        title.paragraph_format.space_before = Pt(6)
    elif made.paragraphs:
        made.paragraphs[-1].paragraph_format.space_after = Pt(6)
    head, body = (made.styles[name].style_id for name in ("Cell Top", "Cell Text"))
    sides: list[Side] = [_SIDES[side] for side in part.align or "l" * len(part.heads)]
    spans = [part.spans(column) for column in range(len(part.heads))]
    rows = [[GridCell([told], head, "center") for told in part.heads]]
    for i, row in enumerate(part.shown):
        # The last row too: LibreOffice parts the last joined cell of a table that ends without.
        held = any(span[i + 1 : i + 2] in ([0], []) for span in spans[: part.joined])
        rows.append(
            [
                GridCell([words], body, side, span=span[i], held=held)
                for words, side, span in zip(row, sides, spans, strict=True)
            ]
        )
    widths = [width * share for share in shares(part.widths, part.shown, width)]
    made.element.body.sectPr.addprevious(grid(rows, widths, _RULES, {}))
    note = made.add_paragraph(flat(part.note), style="Small")
    if not part.note:
        note.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        note.paragraph_format.line_spacing = Pt(6)


_SIDES: dict[str, Side] = {"l": "left", "r": "right", "c": "center"}
_RULES = Rules(
    {s: (4, "auto") for s in ("top", "left", "bottom", "right", "insideH", "insideV")}, edge=57
)
"""A line around every cell, and a millimetre beside its words: Word's own two cost a column of
marks its width."""


def _signatures(made: Any, part: Signatures, width: int) -> None:
    grid = made.add_table(rows=0, cols=2)
    grid.style, grid.alignment, grid.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    for column, size in zip(grid.columns, (width * 0.2, width * 0.8), strict=True):
        column.width = Mm(size)
    for label, about, who in part.boxes:
        row = grid.add_row()
        row.height = Mm(part.height)
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, size, lines in zip(
            row.cells,
            (width * 0.2, width * 0.8),
            ((label,), tuple(x for x in (about, who) if x)),
            strict=True,
        ):
            cell.width = Mm(size)
            if size < width / 2:
                middle = OxmlElement("w:vAlign")
                middle.set(qn("w:val"), "center")
                cell._tc.get_or_add_tcPr().append(middle)
            for i, text in enumerate(lines):
                paragraph = cell.paragraphs[0] if i == 0 else cell.add_paragraph()
                paragraph.style = made.styles["Sign Label" if size < width / 2 else "Sign Text"]
                paragraph.add_run(text)
                if text == who and who:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                    paragraph.paragraph_format.space_before = Mm(max(0, part.height - 20))
    made.add_paragraph("", style="Small")
