"""Tables of Word documents: what python-docx reads of what is written without it."""

from __future__ import annotations

from decimal import Decimal

import docx
import pytest
from docx.oxml.ns import qn

from pipelines.publish.content import Number, PublishedNumber
from pipelines.publish.word_grid import GridCell, Rules, grid

RULES = Rules({"top": (12, "22303C")}, edge=70)


def number(text: str, anchor: str) -> Number:
    return Number(text, PublishedNumber(anchor, "块", "1", "2019", "I-ORG-01", Decimal(1)))


def cell(*runs: str | Number, span: int = 1, held: bool = False) -> GridCell:
    return GridCell(runs, "Normal", "right", span=span, held=held)


def test_words_numbers_and_joined_cells_are_read_again() -> None:
    made = docx.Document()
    rows = [
        [cell("单位"), cell("数")],
        [cell("甲 <乙> & “丙”\n丁", span=2), cell("共", number("1,234", "a"), "人")],
        [cell("", span=0), cell(number("5", "b"), held=True)],
    ]
    made.element.body.sectPr.addprevious(grid(rows, (100, 56), RULES, {"a": 17, "b": 18}))
    (table,) = made.tables
    told = [[c.text for c in row.cells] for row in table.rows]
    assert told == [
        ["单位", "数"], ["甲 <乙> & “丙”\n丁", "共1,234人"], ["甲 <乙> & “丙”\n丁", "5"],
    ]  # fmt: skip
    marks = [m.get(qn("w:name")) for m in made.element.body.iter(qn("w:bookmarkStart"))]
    assert marks == ["n17", "n18"]
    assert [c.width.mm for c in table.columns] == [pytest.approx(100, abs=0.1),
                                                   pytest.approx(56, abs=0.1)]  # fmt: skip
    assert len(list(table.rows[0]._tr.iter(qn("w:tblHeader")))) == 1
    assert not list(table.rows[1]._tr.iter(qn("w:tblHeader")))
    assert len(list(table.rows[2]._tr.iter(qn("w:keepNext")))) == 1


def test_signs_that_no_document_may_hold_are_left_out() -> None:
    made = docx.Document()
    rows = [[cell("a\x00b\x0b\x1f\ufffec\tend")]]
    made.element.body.sectPr.addprevious(grid(rows, (50,), RULES, {}))
    assert made.tables[0].cell(0, 0).text == "abc\tend"
