"""PDFs say what Word says, in packaged faces, with the same bytes on every machine."""

from __future__ import annotations

import ctypes
import re
from datetime import date

import pypdfium2
import pypdfium2.raw as raw
import pytest
from publish_figures import CUTOFF, EXTRAS, definitions, year

from pipelines.publish.content import (
    Chart,
    Column,
    Document,
    Number,
    Paragraph,
    Section,
    Subheading,
    Table,
    ordinal,
)
from pipelines.publish.paper import Grid, Heading, Paper, Signatures, Text, Turn
from pipelines.publish.pdf import DRAFT, pdf, pdf_of
from pipelines.publish.quoting import quoted
from pipelines.publish.review import KIND, review_document

MARKUP = '#let x = 1 *粗* _斜_ $a$ @甲 <乙> [丙] \\ `丁` // /* = 戊 ~ --- "己" #image("x")'


@pytest.fixture(scope="module")
def document() -> Document:
    figures = year()
    return quoted(review_document(figures, definitions(), EXTRAS), KIND, figures)


@pytest.fixture(scope="module")
def made(document: Document) -> bytes:
    return pdf(document, CUTOFF)


def pages(content: bytes) -> list[str]:
    """The text of each page without blanks, which are the typesetter's business."""
    with pypdfium2.PdfDocument(content) as opened:
        texts = [page.get_textpage().get_text_range() for page in opened]
    return [re.sub(r"\s+", "", text) for text in texts]


def faces(content: bytes) -> set[str]:
    """The faces that text is set in, without the tag of the subset."""
    found = set()
    with pypdfium2.PdfDocument(content) as opened:
        for page in opened:
            for item in page.get_objects([raw.FPDF_PAGEOBJ_TEXT]):
                font = raw.FPDFTextObj_GetFont(item.raw)
                buffer = ctypes.create_string_buffer(200)
                raw.FPDFFont_GetBaseFontName(font, buffer, 200)
                found.add(buffer.value.decode().partition("+")[2] or buffer.value.decode())
    return found


def small(text: str, rows: int = 2) -> Document:
    cells = tuple((text, str(i)) for i in range(rows))
    table = Table(f"表题{text}", (Column(f"栏{text}", "left", 3), Column("数")), cells, note=text)
    blocks = (Subheading(text), Paragraph((text,)), Paragraph((text,), "note"), table)
    return Document(f"标题{text}", text, (text,), (Section("S1", text, blocks),), (text,), "")


def test_same_input_gives_the_same_bytes(document: Document, made: bytes) -> None:
    assert pdf(document, CUTOFF) == made


def test_another_cut_off_is_the_only_clock_in_it(document: Document, made: bytes) -> None:
    with pypdfium2.PdfDocument(made) as opened:
        told = opened.get_metadata_dict()
    assert told["Title"] == document.title
    assert told["CreationDate"].startswith(f"D:{CUTOFF:%Y%m%d%H%M%S}")
    assert told["Author"] == document.issuer
    assert b"/home/" not in made
    assert b"site-packages" not in made


def test_only_packaged_faces_are_used(made: bytes) -> None:
    names = {re.sub(r"-Identity-H$", "", name) for name in faces(made)}
    assert names == {"NotoSerifCJKsc-Regular", "NotoSansCJKsc-Regular"}


def test_everything_that_word_says_stands_in_it(document: Document, made: bytes) -> None:
    whole = "".join(re.sub(r"—\d+—", "", page) for page in pages(made))
    head = re.sub(r"\s+", "", f"{document.title}　{document.reference}")
    whole = whole.replace(head, "")
    for number, section in enumerate(document.sections, 1):
        assert f"{ordinal(number)}、{section.title}" in whole
        for block in section.blocks:
            if isinstance(block, Paragraph):
                words = "".join(r.text if isinstance(r, Number) else r for r in block.runs)
                assert re.sub(r"\s+", "", words) in whole, words
            elif isinstance(block, Table):
                assert re.sub(r"\s+", "", block.title) in whole
                for cell in block.rows[-1]:
                    text = cell.text if isinstance(cell, Number) else cell
                    assert re.sub(r"\s+", "", text) in whole
    assert f"本件编号{document.reference}" in whole


def test_contents_name_the_page_on_which_each_section_begins(
    document: Document, made: bytes
) -> None:
    told = pages(made)
    assert "目录" in told[0]
    for number, section in enumerate(document.sections, 1):
        title = f"{ordinal(number)}、{section.title}"
        listed = re.search(re.escape(title) + r"\.+(\d+)", told[0])
        assert listed is not None, title
        assert title in told[int(listed[1]) - 1]
    with pypdfium2.PdfDocument(made) as opened:
        marks = [(item.level, item.get_title()) for item in opened.get_toc()]
    assert len([m for m in marks if m[0] == 0]) == len(document.sections)


def test_text_that_looks_like_markup_stays_text() -> None:
    whole = "".join(pages(pdf(small(MARKUP), CUTOFF)))
    wanted = re.sub(r"\s+", "", MARKUP)
    # title, head, heading, subheading, paragraph, note, caption, column, two cells, note, sign
    assert whole.count(wanted) == 12
    paper = Paper(MARKUP, MARKUP, (Heading(MARKUP), Text(MARKUP), Grid((MARKUP,), (1,),
                  ((MARKUP,),))), number=MARKUP, addressee=MARKUP)  # fmt: skip
    assert "".join(pages(pdf_of([paper], MARKUP, CUTOFF))).count(wanted) == 8


def test_a_long_table_repeats_its_head_and_loses_no_row() -> None:
    told = pages(pdf(small("甲", rows=150), CUTOFF))
    assert len(told) > 3
    assert all("栏甲数" in page for page in told[1:-1])
    assert all(f"甲{i}甲" in "".join(told) or f"甲{i}" in "".join(told) for i in range(150))


def test_a_draft_says_so_on_every_page_and_nothing_else_does(made: bytes) -> None:
    short = small("甲", rows=60)
    assert all(DRAFT in page for page in pages(pdf(short, CUTOFF, draft=True)))
    assert not any("草稿" in page for page in pages(made))


def test_a_table_without_a_row_and_a_document_without_numbers_are_set() -> None:
    one = small("甲", rows=0)
    assert "附：数字编号" not in "".join(pages(pdf(one, CUTOFF)))


def test_rows_under_one_cell_stay_on_its_page() -> None:
    rows = tuple((f"单位{i // 5:02d}", f"行{i:03d}") for i in range(200))
    paper = Paper("表", "示范总工会", (Grid(("单位", "行"), (1, 1), rows, joined=1),))
    told = pages(pdf_of([paper], "表", CUTOFF))
    assert len(told) > 2
    for name, row in rows:
        (page,) = [p for p in told if row in p]
        assert name in page
    assert sum(p.count("单位03") for p in told) == 1


def test_papers_turn_their_pages_and_count_their_clauses() -> None:
    paper = Paper(
        "考核结果汇编", "示范总工会",
        (Heading("概况"), Text("甲", "numbered"), Text("乙", "numbered"), Turn(landscape=True),
         Heading("结果"), Heading("分组", 2),
         Grid(tuple("甲乙丙"), (1, 1, 1), (("1", "2", "3"),), "lrc"),
         Turn(landscape=False), Heading("签字"), Signatures((("主席", "意见", "签字："),))),
        cover=(("方案", "TRA-FED"),),
    )  # fmt: skip
    letter = Paper("通知单", "示范总工会", (Text("正文"),), number="示总工发〔2018〕1号",
                   addressee="银川市总工会", issued=date(2018, 3, 1), attachments=("甲", "乙"),
                   copies="机关各部门")  # fmt: skip
    content = pdf_of([paper, letter], "汇编", CUTOFF)
    told = pages(content)
    with pypdfium2.PdfDocument(content) as opened:
        flat = [page.get_width() > page.get_height() for page in opened]
    assert flat == [False, False, True, False, False]
    assert "方案：TRA-FED" in told[0]
    assert "一、概况1.甲2.乙" in told[1]
    assert "二、结果（一）分组" in told[2]
    assert "三、签字" in told[3]
    assert "银川市总工会：正文附件：1.甲2.乙示范总工会2018年3月1日抄送：机关各部门" in told[4]
    assert pdf_of([paper, letter], "汇编", CUTOFF) == content


def test_a_seal_never_stands_alone_on_its_page() -> None:
    for lines in range(12, 24):
        text = "".join("一二三四五六七八九十" for _ in range(lines * 3))
        letter = Paper("通知", "示范总工会", (Text(text), Text("特此通知。")), number="1号",
                       issued=date(2018, 3, 1), attachments=("甲",))  # fmt: skip
        last = pages(pdf_of([letter], "通知", CUTOFF))[-1]
        assert "特此通知。" in last, lines


def test_a_chart_is_drawn_as_lines_and_not_as_dots(document: Document, made: bytes) -> None:
    charts = sum(isinstance(b, Chart) for b in document.blocks())
    assert charts > 5
    assert len(re.findall(r"图\d+　?[^第]", "".join(pages(made)))) >= charts
    with pypdfium2.PdfDocument(made) as opened:
        dots = [list(page.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=9)) for page in opened]
    assert not any(dots)
