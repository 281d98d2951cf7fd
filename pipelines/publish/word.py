"""A document as Word: A4 in the manner of GB/T 9704, real headings, repeated table heads."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from pipelines.publish import charts
from pipelines.publish.content import (
    TEXT_WIDTH,
    Chart,
    Document,
    Inline,
    Paragraph,
    Section,
    Subheading,
    Table,
    index_of,
    ordinal,
    with_contents,
)
from pipelines.publish.publication import same_bytes, stamp
from pipelines.publish.word_grid import GridCell, Rules, grid

TITLE, SONG, HEI, KAI, FANG = "方正小标宋简体", "宋体", "黑体", "楷体_GB2312", "仿宋_GB2312"
# Where a reader's machine lacks a face, Word takes the alternative named beside it.
_ALTERNATIVES = {
    TITLE: "华文中宋",
    SONG: "SimSun",
    HEI: "SimHei",
    KAI: "楷体",
    FANG: "仿宋",
}
_LEFTOVERS = ("/customXml", "/thumbnail")
_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
}


def word(document: Document, cutoff: datetime) -> bytes:
    """The document as .docx; equal input gives equal bytes."""
    made = docx.Document()
    _settings(made, document, cutoff)
    _styles(made)
    _page(made)
    _running(made, document)
    _head(made, document)
    contents = with_contents(document)
    if contents:
        _contents(made, document)
    counter = _Counter(document.ordinals())
    for number, section in enumerate(document.sections, 1):
        heading = made.add_paragraph(style="Heading 1")
        _marked(heading, f"{ordinal(number)}、{section.title}", number)
        heading.paragraph_format.page_break_before = contents and number == 1
        _section(made, section, counter)
    for i, line in enumerate(document.signature):
        paragraph = made.add_paragraph(line, style="Signature Line")
        if i == 0:
            paragraph.paragraph_format.space_before = Pt(28)
    _index(made, document)
    out = io.BytesIO()
    made.save(out)
    return same_bytes(out.getvalue())


class _Counter:
    """Running numbers of tables, pictures and second-level headings."""

    def __init__(self, ordinals: Mapping[str, int]) -> None:
        self.tables = 0
        self.pictures = 0
        self.ordinals = ordinals


def _settings(made: Any, document: Document, cutoff: datetime) -> None:
    properties = made.core_properties
    properties.title = document.title
    properties.author = properties.last_modified_by = document.issuer
    properties.created = properties.modified = stamp(cutoff)
    properties.language = "zh-CN"
    properties.comments = properties.keywords = properties.subject = ""
    made.settings.odd_and_even_pages_header_footer = True
    # The library's template carries a thumbnail and a list of sources that are nobody's.
    for relations in (made.part.rels, made.part.package.rels):
        for key in [k for k, r in relations.items() if r.reltype.endswith(_LEFTOVERS)]:
            del relations[key]
    _fonts(made)


def _fonts(made: Any) -> None:
    """The font table with alternatives, for machines without the official faces."""
    rows = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
        for name, other in _ALTERNATIVES.items()
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<w:fonts xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"{rows}</w:fonts>"
    ).encode()
    for relation in made.part.rels.values():
        if relation.reltype == RT.FONT_TABLE:
            relation.target_part._blob = xml
            return
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"
    part = Part(PackURI("/word/fontTable.xml"), kind, xml, made.part.package)
    made.part.relate_to(part, RT.FONT_TABLE)


def _face(style: Any, name: str, size: float, colour: RGBColor | None = None) -> None:
    font = style.font
    font.size = Pt(size)
    font.bold = False
    font.italic = False
    font.color.rgb = colour or RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key in list(fonts.attrib):
        del fonts.attrib[key]
    for key in ("w:ascii", "w:hAnsi"):
        fonts.set(qn(key), "Times New Roman")
    fonts.set(qn("w:eastAsia"), name)


def _styles(made: Any) -> None:
    styles = made.styles
    normal = styles["Normal"]
    _face(normal, FANG, 16)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    normal.element.get_or_add_rPr().append(language)
    _spacing(normal, 29)
    normal.paragraph_format.first_line_indent = Pt(32)
    normal.paragraph_format.widow_control = True

    for name, face, size, before in (("Heading 1", HEI, 16.0, 10), ("Heading 2", KAI, 16.0, 4)):
        style = styles[name]
        _face(style, face, size)
        _spacing(style, 29, before)
        style.paragraph_format.first_line_indent = Pt(32)
        style.paragraph_format.keep_with_next = True

    title = styles["Title"]
    _face(title, TITLE, 22)
    _spacing(title, 34, 12, 10)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.first_line_indent = Pt(0)
    border = title.element.pPr.find(qn("w:pBdr"))
    if border is not None:
        title.element.pPr.remove(border)

    made_styles: tuple[tuple[str, str, float, float, Any], ...] = (
        ("Head Line", KAI, 14, 24, WD_ALIGN_PARAGRAPH.CENTER),
        ("Caption Line", HEI, 10.5, 18, WD_ALIGN_PARAGRAPH.CENTER),
        ("Cell", SONG, 9.5, 13, WD_ALIGN_PARAGRAPH.LEFT),
        ("Cell Head", HEI, 9.5, 13, WD_ALIGN_PARAGRAPH.CENTER),
        ("Note Line", SONG, 10, 16, WD_ALIGN_PARAGRAPH.LEFT),
        ("Quote Line", KAI, 16, 29, WD_ALIGN_PARAGRAPH.JUSTIFY),
        ("Picture", SONG, 9.5, 0, WD_ALIGN_PARAGRAPH.CENTER),
        ("Signature Line", FANG, 16, 29, WD_ALIGN_PARAGRAPH.RIGHT),
        ("Running Line", SONG, 9, 12, WD_ALIGN_PARAGRAPH.LEFT),
        ("Contents Head", HEI, 16, 29, WD_ALIGN_PARAGRAPH.CENTER),
        ("Contents Line", FANG, 14, 30, WD_ALIGN_PARAGRAPH.LEFT),
    )
    for name, face, size, leading, align in made_styles:
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        _face(style, face, size)
        if leading:
            _spacing(style, leading)
        else:
            style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        style.paragraph_format.first_line_indent = Pt(0)
        style.paragraph_format.alignment = align
    styles["Quote Line"].paragraph_format.first_line_indent = Pt(32)
    styles["Running Line"].font.color.rgb = RGBColor(0x6B, 0x7B, 0x88)
    styles["Contents Head"].paragraph_format.space_before = Pt(16)
    styles["Caption Line"].paragraph_format.keep_with_next = True
    styles["Caption Line"].paragraph_format.space_before = Pt(8)
    styles["Note Line"].paragraph_format.space_after = Pt(6)
    styles["Signature Line"].paragraph_format.right_indent = Pt(32)


def _spacing(style: Any, leading: float, before: float = 0, after: float = 0) -> None:
    layout = style.paragraph_format
    layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY if leading > 20 else WD_LINE_SPACING.AT_LEAST
    layout.line_spacing = Pt(leading)
    layout.space_before, layout.space_after = Pt(before), Pt(after)


def _page(made: Any) -> None:
    page = made.sections[0]
    page.orientation = WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin = Mm(37), Mm(35)
    page.left_margin, page.right_margin = Mm(28), Mm(26)
    page.footer_distance = Mm(25)
    page.different_first_page_header_footer = True
    for footer, align in (
        (page.first_page_footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (page.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (page.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = align
        paragraph.paragraph_format.first_line_indent = Pt(0)
        paragraph.paragraph_format.left_indent = Pt(14)
        paragraph.paragraph_format.right_indent = Pt(14)
        for piece in ("— ", None, " —"):
            run = paragraph.add_run(piece or "")
            run.font.size = Pt(14)
            run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), SONG)
            if piece is None:
                _field(run, "PAGE")


def _running(made: Any, document: Document) -> None:
    """Title and reference above every page but the first."""
    page = made.sections[0]
    page.header_distance = Mm(22)
    for header in (page.header, page.even_page_header):
        paragraph = header.paragraphs[0]
        paragraph.style = made.styles["Running Line"]
        paragraph.add_run(f"{document.title}　{document.reference}".strip())


_HEADING_MARK = 100_000
"""Bookmarks of headings count from here; those of numbers from 1."""


def _marked(heading: Any, words: str, number: int) -> None:
    """The words of a heading between the marks that the contents lead to."""
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for element in (start, end):
        element.set(qn("w:id"), str(_HEADING_MARK + number))
    start.set(qn("w:name"), f"_Toc{number:04d}")
    heading._p.append(start)
    heading.add_run(words)
    heading._p.append(end)


def _contents(made: Any, document: Document) -> None:
    """A field of contents, its entries filled in and leading to their headings.

    Without page numbers: only the program that shows the document knows them, and a number kept
    here would be wrong on another machine. Refreshing the field in Word or WPS keeps it so.
    """
    made.add_paragraph("目　录", style="Contents Head")
    for number, section in enumerate(document.sections, 1):
        line = made.add_paragraph(style="Contents Line")
        if number == 1:
            run = line.add_run()
            _field_part(run, "begin")
            _instruction(run, r' TOC \o "1-1" \n \h \z ')
            _field_part(run, "separate")
        link = OxmlElement("w:hyperlink")
        link.set(qn("w:anchor"), f"_Toc{number:04d}")
        link.set(qn("w:history"), "1")
        run = line.add_run(f"{ordinal(number)}、{section.title}")
        link.append(run._r)
        line._p.append(link)
        if number == len(document.sections):
            _field_part(line.add_run(), "end")


def _field_part(run: Any, kind: str) -> None:
    element = OxmlElement("w:fldChar")
    element.set(qn("w:fldCharType"), kind)
    run._r.append(element)


def _instruction(run: Any, code: str) -> None:
    element = OxmlElement("w:instrText")
    element.set(qn("xml:space"), "preserve")
    element.text = code
    run._r.append(element)


def _field(run: Any, code: str) -> None:
    _field_part(run, "begin")
    _instruction(run, code)
    _field_part(run, "end")


def _head(made: Any, document: Document) -> None:
    made.add_paragraph(document.title, style="Title")
    for line in document.head:
        made.add_paragraph(line, style="Head Line")
    made.paragraphs[-1].paragraph_format.space_after = Pt(12)


def _section(made: Any, section: Section, counter: _Counter) -> None:
    headings = 0
    for block in section.blocks:
        match block:
            case Paragraph():
                style = {"note": "Note Line", "quote": "Quote Line"}.get(block.style, "Normal")
                _tell(made.add_paragraph(style=style), block.runs, counter)
            case Subheading():
                headings += 1
                made.add_paragraph(f"（{ordinal(headings)}）{block.text}", style="Heading 2")
            case Table():
                counter.tables += 1
                _table(made, block, counter)
            case Chart():
                counter.pictures += 1
                _picture(made, block, counter.pictures)


def _tell(paragraph: Any, runs: Sequence[Inline], counter: _Counter) -> None:
    """Running text; each number stands between the marks by which it is quoted, which nobody sees.

    A bookmark n17 is number 17: it survives editing and copying, and prints nothing.
    """
    plain: list[str] = []
    for run in runs:
        if isinstance(run, str):
            plain.append(run)
            continue
        if plain:
            paragraph.add_run("".join(plain))
            plain.clear()
        ordinal = counter.ordinals[run.reference.anchor]
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for element in (start, end):
            element.set(qn("w:id"), str(ordinal))
        start.set(qn("w:name"), f"n{ordinal}")
        paragraph._p.append(start)
        paragraph.add_run(run.text)
        paragraph._p.append(end)
    if plain:
        paragraph.add_run("".join(plain))


def _index(made: Any, document: Document) -> None:
    """How numbers are quoted, and which ones each paragraph and table holds."""
    lines = index_of(document)
    if lines:
        made.add_paragraph("附：数字编号", style="Caption Line")
    for line in lines:
        made.add_paragraph(line, style="Note Line")


def _picture(made: Any, chart: Chart, number: int) -> None:
    paragraph = made.add_paragraph(style="Picture")
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = Pt(6)
    shape = paragraph.add_run().add_picture(io.BytesIO(charts.png(chart)), width=Mm(TEXT_WIDTH))
    properties = shape._inline.docPr
    properties.set("name", f"图{number}")
    properties.set("descr", chart.alt)
    caption = made.add_paragraph(f"图{number}　{chart.title}", style="Caption Line")
    caption.paragraph_format.keep_with_next = False
    caption.paragraph_format.space_before = Pt(0)
    caption.paragraph_format.space_after = Pt(8)


def _table(made: Any, table: Table, counter: _Counter) -> None:
    made.add_paragraph(f"表{counter.tables}　{table.title}", style="Caption Line")
    ids = [made.styles[name].style_id for name in ("Cell Head", "Cell")]
    spans = [table.spans(place) for place in range(len(table.columns))]
    last = len(table.rows) - table.totals
    rows = [[GridCell([c.label], ids[0], "center", "E8EDF2") for c in table.columns]]
    for i, row in enumerate(table.rows):
        shade, held = "F2F4F6" if i >= last else "", _together(i, len(table.rows))
        rows.append(
            [
                GridCell([words], ids[1], column.align, shade, span[i], held)
                for words, column, span in zip(row, table.columns, spans, strict=True)
            ]
        )
    widths = [TEXT_WIDTH * share for share in table.shares()]
    made.element.body.sectPr.addprevious(grid(rows, widths, _RULES, counter.ordinals))
    note = made.add_paragraph(table.note, style="Note Line")
    if not table.note:
        note.paragraph_format.line_spacing = Pt(8)
        note.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        note.paragraph_format.space_after = Pt(0)


def _row(
    grid: Any,
    cells: Sequence[Inline],
    aligns: Sequence[str],
    widths: Sequence[Any],
    counter: _Counter,
    head: bool = False,
) -> Any:
    row = grid.add_row()
    style = grid.part.document.styles["Cell Head" if head else "Cell"].style_id
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if head:
        properties.append(OxmlElement("w:tblHeader"))
    for cell, words, align, width in zip(row.cells, cells, aligns, widths, strict=True):
        cell.width = width
        paragraph = cell.paragraphs[0]
        # By its id: a look-up by name walks every style of the document for every cell.
        paragraph._p.style = style
        _tell(paragraph, [words], counter)
        paragraph.alignment = _ALIGN[align]
        middle = OxmlElement("w:vAlign")
        middle.set(qn("w:val"), "center")
        cell._tc.get_or_add_tcPr().append(middle)
        if head:
            _shade(cell, "E8EDF2")
    return row


_RULES = Rules(
    {
        "top": (12, "22303C"),
        "bottom": (12, "22303C"),
        "insideH": (4, "B8C2CC"),
        "insideV": (4, "DDE3E8"),
    },
    edge=70,
)


def _together(row: int, rows: int) -> bool:
    """Very short tables stay on one page; others leave no lone row at either end of a page.

    A table of a dozen rows that had to stay whole would leave half a page empty before it.
    """
    if row == rows - 1:
        return False
    return rows <= 5 or row < 2 or row >= rows - 3


def _span(cell: Any, rows: int) -> None:
    """Join a cell with the equal ones below it; the joined ones keep no text."""
    if rows == 1:
        return
    merge = OxmlElement("w:vMerge")
    if rows:
        merge.set(qn("w:val"), "restart")
    else:
        for run in cell.paragraphs[0].runs:
            run.text = ""
    properties = cell._tc.get_or_add_tcPr()
    properties.find(qn("w:tcW")).addnext(merge)


def _shade(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:color"), "auto")
    shade.set(qn("w:fill"), colour)
    properties = cell._tc.get_or_add_tcPr()
    # The schema wants shading before vertical alignment.
    middle = properties.find(qn("w:vAlign"))
    if middle is not None:
        middle.addprevious(shade)
    else:
        properties.append(shade)


def _borders(grid: Any) -> None:
    properties = grid._tbl.tblPr
    borders = OxmlElement("w:tblBorders")
    for side, size, colour in (
        ("top", 12, "22303C"),
        ("bottom", 12, "22303C"),
        ("insideH", 4, "B8C2CC"),
        ("insideV", 4, "DDE3E8"),
    ):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", str(size)), ("space", "0"), ("color", colour)):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    # Order inside tblPr is fixed by the schema: before tblLayout and tblCellMar.
    after = next(
        (properties.find(qn(f"w:{n}")) for n in ("shd", "tblLayout", "tblCellMar", "tblLook")
         if properties.find(qn(f"w:{n}")) is not None),
        None,
    )  # fmt: skip
    if after is not None:
        after.addprevious(borders)
    else:
        properties.append(borders)
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("left", 70), ("right", 70)):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), str(width))
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        look.addprevious(margins)
    else:
        properties.append(margins)
