"""A document as Word: A4 in the manner of GB/T 9704, real headings, pages turned where needed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import docx
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from pipelines.publish import charts
from pipelines.publish.content import (
    TEXT_WIDTH,
    Block,
    Chart,
    Document,
    Paragraph,
    Section,
    Subheading,
    Table,
    index_of,
    ordinal,
    turned,
    with_contents,
)
from pipelines.publish.publication import same_bytes, stamp
from pipelines.publish.word_styles import (
    field_part,
    fonts_of,
    instruction,
    laid,
    page_number,
    styles_of,
)
from pipelines.publish.word_tables import add_caption, add_runs, add_table

_LEFTOVERS = ("/customXml", "/thumbnail")


def word(document: Document, cutoff: datetime) -> bytes:
    """The document as .docx; equal input gives equal bytes."""
    made = docx.Document()
    _settings(made, document, cutoff)
    styles_of(made)
    _page(made)
    _running(made, document)
    _head(made, document)
    contents = with_contents(document)
    if contents:
        _contents(made, document)
    counter = _Counter(document.ordinals())
    for number, section in enumerate(document.sections, 1):
        _turn(made, counter, lying=False)
        heading = made.add_paragraph(style="Heading 1")
        _marked(heading, f"{ordinal(number)}、{section.title}", number)
        heading.paragraph_format.page_break_before = contents and number == 1
        _section(made, section, counter)
    _turn(made, counter, lying=False)
    _sign(made, document.signature)
    _index(made, document)
    out = io.BytesIO()
    made.save(out)
    return same_bytes(out.getvalue())


def _sign(made: Any, lines: Sequence[str]) -> None:
    """Who signs and when, on one page with the last words of the text."""
    above = made.paragraphs[-1]
    for i, line in enumerate(lines):
        above.paragraph_format.keep_with_next = True
        above = made.add_paragraph(line, style="Signature Line")
        if i == 0:
            above.paragraph_format.space_before = Pt(28)


class _Counter:
    """Running numbers of tables and pictures; whether the page lies on its side."""

    def __init__(self, ordinals: Mapping[str, int]) -> None:
        self.tables = 0
        self.pictures = 0
        self.lying = False
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
    fonts_of(made)


def _page(made: Any) -> None:
    page = made.sections[0]
    laid(page, lying=False)
    page.different_first_page_header_footer = True
    for footer, align in (
        (page.first_page_footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (page.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (page.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        layout = page_number(footer, align).paragraph_format
        layout.left_indent = layout.right_indent = Pt(14)


def _turn(made: Any, counter: _Counter, *, lying: bool) -> None:
    """From here on pages lie on their side, or stand again; heads and page numbers go on."""
    if counter.lying == lying:
        return
    counter.lying = lying
    section = made.add_section(WD_SECTION.NEW_PAGE)
    laid(section, lying=lying)
    section.different_first_page_header_footer = False
    # The break goes with the last words before it: a line of its own might not fit below a table.
    own = made.paragraphs[-1]._p
    before = own.getprevious()
    if before is not None and before.tag == qn("w:p"):
        before.get_or_add_pPr().append(own.pPr.sectPr)
        own.getparent().remove(own)


def _running(made: Any, document: Document) -> None:
    """Title and reference above every page but the first."""
    page = made.sections[0]
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
            field_part(run, "begin")
            instruction(run, r' TOC \o "1-1" \n \h \z ')
            field_part(run, "separate")
        link = OxmlElement("w:hyperlink")
        link.set(qn("w:anchor"), f"_Toc{number:04d}")
        link.set(qn("w:history"), "1")
        run = line.add_run(f"{ordinal(number)}、{section.title}")
        link.append(run._r)
        line._p.append(link)
        if number == len(document.sections):
            field_part(line.add_run(), "end")


def _head(made: Any, document: Document) -> None:
    made.add_paragraph(document.title, style="Title")
    for line in document.head:
        made.add_paragraph(line, style="Head Line")
    made.paragraphs[-1].paragraph_format.space_after = Pt(12)


def _section(made: Any, section: Section, counter: _Counter) -> None:
    headings = 0
    for block, lying in zip(section.blocks, turned(section.blocks), strict=True):
        _turn(made, counter, lying=lying)
        if isinstance(block, Subheading):
            headings += 1
            made.add_paragraph(f"（{ordinal(headings)}）{block.text}", style="Heading 2")
        else:
            _block(made, block, counter)


def _block(made: Any, block: Block, counter: _Counter) -> None:
    match block:
        case Paragraph():
            style = {"note": "Note Line", "quote": "Quote Line"}.get(block.style, "Normal")
            paragraph = made.add_paragraph(style=style)
            paragraph.paragraph_format.keep_with_next = True if block.style == "lead" else None
            add_runs(paragraph, block.runs, counter.ordinals)
        case Table():
            counter.tables += 1
            add_table(made, block, counter.tables, counter.ordinals)
        case Chart():
            counter.pictures += 1
            _picture(made, block, counter.pictures)


def _index(made: Any, document: Document) -> None:
    """How numbers are quoted, and which ones each paragraph and table holds."""
    lines = index_of(document)
    if lines:
        made.add_paragraph("附：数字编号", style="Index Head")
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
    caption = add_caption(made, "图", number, chart.title)
    caption.paragraph_format.keep_with_next = False
    caption.paragraph_format.space_before = Pt(0)
    caption.paragraph_format.space_after = Pt(8)
