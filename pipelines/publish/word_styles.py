"""What all Word files share: official faces, line pitch, pages that stand or lie, page numbers."""

from __future__ import annotations

from typing import Any

from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

TITLE, SONG, HEI, KAI, FANG = "方正小标宋简体", "宋体", "黑体", "楷体_GB2312", "仿宋_GB2312"
# Where a reader's machine lacks a face, Word takes the alternative named beside it.
_ALTERNATIVES = {
    TITLE: "华文中宋",
    SONG: "SimSun",
    HEI: "SimHei",
    KAI: "楷体",
    FANG: "仿宋",
}
CAPTION = "Caption"
PARAGRAPH = WD_STYLE_TYPE.PARAGRAPH


def fonts_of(made: Any) -> None:
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


def face(style: Any, name: str, size: float) -> None:
    """A style in black, in a Chinese face with Times New Roman beside it."""
    font = style.font
    font.size = Pt(size)
    font.bold = font.italic = False
    font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key in list(fonts.attrib):
        del fonts.attrib[key]
    for key in ("w:ascii", "w:hAnsi"):
        fonts.set(qn(key), "Times New Roman")
    fonts.set(qn("w:eastAsia"), name)


def leading(style: Any, points: float, before: float = 0, after: float = 0) -> None:
    """Lines of so many points: exactly so for running text, at least so in tables."""
    layout = style.paragraph_format
    layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY if points > 20 else WD_LINE_SPACING.AT_LEAST
    layout.line_spacing = Pt(points)
    layout.space_before, layout.space_after = Pt(before), Pt(after)


def laid(section: Any, *, lying: bool) -> None:
    """A4 with the margins of an official document, standing or on its side."""
    section.orientation = WD_ORIENT.LANDSCAPE if lying else WD_ORIENT.PORTRAIT
    wide, high = (297, 210) if lying else (210, 297)
    section.page_width, section.page_height = Mm(wide), Mm(high)
    section.top_margin, section.bottom_margin = (Mm(28), Mm(26)) if lying else (Mm(37), Mm(35))
    section.left_margin, section.right_margin = (Mm(30), Mm(26)) if lying else (Mm(28), Mm(26))
    section.header_distance = Mm(16 if lying else 22)
    section.footer_distance = Mm(16 if lying else 25)


def page_number(footer: Any, align: Any) -> Any:
    """— 3 — in a footer; returns its paragraph."""
    paragraph = footer.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.first_line_indent = Pt(0)
    for piece in ("— ", None, " —"):
        run = paragraph.add_run(piece or "")
        run.font.size = Pt(14)
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), SONG)
        if piece is None:
            field_part(run, "begin")
            instruction(run, "PAGE")
            field_part(run, "end")
    return paragraph


def field_part(run: Any, kind: str) -> None:
    """The begin, the middle (separate) or the end of a field."""
    element = OxmlElement("w:fldChar")
    element.set(qn("w:fldCharType"), kind)
    run._r.append(element)


def instruction(run: Any, code: str) -> None:
    """What a field tells."""
    element = OxmlElement("w:instrText")
    element.set(qn("xml:space"), "preserve")
    element.text = code
    run._r.append(element)


def styles_of(made: Any) -> None:
    """The styles of a document, in the manner of GB/T 9704."""
    styles = made.styles
    normal = styles["Normal"]
    face(normal, FANG, 16)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    normal.element.get_or_add_rPr().append(language)
    leading(normal, 29)
    normal.paragraph_format.first_line_indent = Pt(32)
    normal.paragraph_format.widow_control = True

    for name, font, size, before in (("Heading 1", HEI, 16.0, 10), ("Heading 2", KAI, 16.0, 4)):
        style = styles[name]
        face(style, font, size)
        leading(style, 29, before)
        style.paragraph_format.first_line_indent = Pt(32)
        style.paragraph_format.keep_with_next = True

    title = styles["Title"]
    face(title, TITLE, 22)
    leading(title, 34, 12, 10)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.first_line_indent = Pt(0)
    border = title.element.pPr.find(qn("w:pBdr"))
    if border is not None:
        title.element.pPr.remove(border)

    made_styles: tuple[tuple[str, str, float, float, Any], ...] = (
        ("Head Line", KAI, 14, 24, WD_ALIGN_PARAGRAPH.CENTER),
        (CAPTION, HEI, 10.5, 18, WD_ALIGN_PARAGRAPH.CENTER),
        ("Index Head", HEI, 10.5, 18, WD_ALIGN_PARAGRAPH.CENTER),
        ("Cell", SONG, 9.5, 13, WD_ALIGN_PARAGRAPH.LEFT),
        ("Cell Head", HEI, 9.5, 13, WD_ALIGN_PARAGRAPH.CENTER),
        ("Note Line", SONG, 10, 16, WD_ALIGN_PARAGRAPH.LEFT),
        ("Quote Line", KAI, 16, 29, WD_ALIGN_PARAGRAPH.JUSTIFY),
        ("Picture", SONG, 9.5, 0, WD_ALIGN_PARAGRAPH.CENTER),
        ("Signature Line", FANG, 16, 29, WD_ALIGN_PARAGRAPH.RIGHT),
        ("Running Line", SONG, 9, 12, WD_ALIGN_PARAGRAPH.LEFT),
        ("Contents Head", HEI, 16, 29, WD_ALIGN_PARAGRAPH.CENTER),
        ("Contents Line", FANG, 14, 26, WD_ALIGN_PARAGRAPH.LEFT),
    )
    for name, font, size, pitch, align in made_styles:
        # Captions bear the style that Word itself knows and makes tables of tables from.
        style = styles[name] if name == CAPTION else styles.add_style(name, PARAGRAPH)
        style.base_style = normal
        face(style, font, size)
        if pitch:
            leading(style, pitch)
        else:
            style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        style.paragraph_format.first_line_indent = Pt(0)
        style.paragraph_format.alignment = align
    styles["Quote Line"].paragraph_format.first_line_indent = Pt(32)
    styles["Running Line"].font.color.rgb = RGBColor(0x6B, 0x7B, 0x88)
    styles["Contents Head"].paragraph_format.space_before = Pt(16)
    for name in (CAPTION, "Index Head"):
        styles[name].paragraph_format.keep_with_next = True
        styles[name].paragraph_format.space_before = Pt(8)
        styles[name].paragraph_format.space_after = Pt(0)
    styles["Note Line"].paragraph_format.space_after = Pt(6)
    styles["Signature Line"].paragraph_format.right_indent = Pt(32)
