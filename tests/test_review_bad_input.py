"""R-01 of input that nobody wishes for: silence, thousands of units, odd names, absurd values."""

from __future__ import annotations

import dataclasses
import io
from decimal import Decimal

import docx
import openpyxl
import pypdfium2
import pytest
from publish_figures import COUNTS, EXTRAS, QTX, WZ, YC, Unit, definitions, year

from pipelines.figures import BLOCK, INDUSTRY, CoverageRow, Figure, Figures
from pipelines.publish import Extras, Publication, Unusual, review
from pipelines.publish.annex import annex
from pipelines.publish.content import Document, Number, Paragraph, Section, Table
from pipelines.publish.pdf import pdfs
from pipelines.publish.review import review_document


def text_of(section: Section) -> str:
    """Everything a reader of the section reads, tables included."""
    lines = []
    for block in section.blocks:
        if isinstance(block, Paragraph):
            lines.append("".join(r if isinstance(r, str) else r.text for r in block.runs))
        elif isinstance(block, Table):
            rows = [[c if isinstance(c, str) else c.text for c in row] for row in block.rows]
            lines += [block.title, *(" ".join(r) for r in rows), block.note]
        else:
            lines.append(getattr(block, "text", ""))
    return "\n".join(lines)


def section(document: Document, code: str) -> str:
    return text_of(next(s for s in document.sections if s.code == code))


def sheets(figures: Figures, extras: Extras) -> openpyxl.Workbook:
    """The annex alone; the other files say nothing more."""
    document = review_document(figures, definitions(), extras)
    return openpyxl.load_workbook(io.BytesIO(annex(document, figures, definitions(), extras)))


# --- a whole county is missing ---


def without(unit: Unit) -> Figures:
    """The year as if a county had sent nothing at all."""
    counts = {c: {u: v for u, v in by.items() if u != unit.code} for c, by in COUNTS.items()}
    figures = year(counts)
    values = {k: f for k, f in figures.values.items() if k[1] != unit.code}
    rows = [
        dataclasses.replace(r, reported=0, on_time=0, first_pass=0) if r.unit == unit.code else r
        for r in figures.coverage
    ]
    return dataclasses.replace(figures, values=values, coverage=tuple(rows))


def test_a_county_that_sent_nothing_is_named_and_is_no_zero() -> None:
    document = review_document(without(YC), definitions(), EXTRAS)
    told = section(document, "R00")
    assert f"应报而没有报送任何报表的有{YC.name}，其数据不在合计之内" in told
    assert "合计的同比含缺报的影响" in told
    assert f"{YC.name} 12 0 0.0%" in told
    for part in document.sections:
        for block in part.blocks:
            if isinstance(block, Table) and "分单位情况" in block.title:
                assert YC.name not in [row[0] for row in block.rows]
    assert not [n for n in document.numbers() if n.unit == YC.code and n.source == "indicator"]
    rows = [r for r in sheets(without(YC), EXTRAS)["报送情况"].values if r[1] == YC.name]
    assert [(r[2], r[3]) for r in rows] == [(12, 0)]


def test_nobody_is_named_where_everyone_sent_something() -> None:
    told = section(review_document(year(), definitions(), EXTRAS), "R00")
    assert "没有报送任何报表" not in told


def test_many_silent_units_are_counted() -> None:
    figures = thousands(40, silent=9)
    told = section(review_document(figures, definitions(), Extras()), "R00")
    assert "第31工会、第32工会、第33工会、第34工会、第35工会、第36工会等9家，" in told


# --- thousands of units ---


def thousands(count: int, silent: int = 0) -> Figures:
    """A federation with so many children, the last of them silent; the n-th is worth n."""
    children = tuple(Unit(f"G{n:04d}", f"第{n}工会", "基层") for n in range(count))
    heard = children[: count - silent]
    values: dict[tuple[str, str, str, str], Figure] = {}
    for code in ("I-ORG-03", "I-ORG-04", "I-ORG-15", "I-FIN-02"):
        for n, unit in enumerate(heard):
            values[BLOCK, unit.code, "2017", code] = Figure(
                code, unit.code, "2017", BLOCK, Decimal(n), last_year=Decimal(n + 1)
            )
        whole = Decimal(sum(range(len(heard))))
        values[BLOCK, "NX", "2017", code] = Figure(code, "NX", "2017", BLOCK, whole)
    coverage = tuple(
        CoverageRow(u.code, "ORG-02", "2017", 12, *(3 * [12 if u in heard else 0]))
        for u in children
    )
    return dataclasses.replace(
        year(), children={BLOCK: children, INDUSTRY: ()}, values=values, coverage=coverage,
        transfers=(), notes=(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def large() -> Figures:
    return thousands(3000, silent=5)


def test_three_thousand_units_leave_short_tables_that_add_up(large: Figures) -> None:
    document = review_document(large, definitions(), Extras())
    tables = [b for b in document.blocks() if isinstance(b, Table)]
    assert max(len(t.rows) for t in tables) <= 20
    by_unit = [t for t in tables if "分单位情况" in t.title]
    assert by_unit
    for table in by_unit:
        names = [row[0] for row in table.rows]
        assert names[:2] == ["第2994工会", "第2993工会"]
        assert names[12:] == ["其余2983家合计", "合计"]
        for column in range(1, len(table.columns)):
            cells = [row[column] for row in table.rows]
            values = [c.reference.value for c in cells if isinstance(c, Number)]
            assert sum(values[:-1]) == values[-1] == sum(range(2995))
    rest = [n for n in document.numbers() if n.basis.startswith("其余")]
    assert {len(n.units) for n in rest} == {2983}


def test_the_annex_names_all_of_them(large: Figures) -> None:
    book = sheets(large, Extras())
    rows = [r for r in book["R01 组织建设与会员发展"].values if r[0] == "会员人数"]
    assert len(rows) == 1 + 2995
    assert sum(r[4] for r in rows[1:]) == rows[0][4] == sum(range(2995))
    sent = list(book["报送情况"].values)[3:]
    assert len(sent) == 1 + 3000
    assert sum(r[2] for r in sent[1:]) == sent[0][2] == 36000


# --- names ---

LONG = Unit("WZ", "吴忠市" + "红寺堡区太阳山开发区" * 22 + "联合总工会", "市级")
RARE = Unit("QTX", "𬭚𫟹䶮（A&B<C>）“𠮷”工会/委员会", "区县级")


@pytest.fixture(scope="module")
def renamed() -> Publication:
    """The review of a federation with such names."""
    names = {LONG.code: LONG, RARE.code: RARE}
    figures = year()
    children = tuple(names.get(u.code, u) for u in figures.children[BLOCK])
    root = dataclasses.replace(figures.unit, name="示范" * 60 + "𬭚总工会")
    children_of = {**figures.children, BLOCK: children}
    figures = dataclasses.replace(figures, children=children_of, unit=root)
    return review(figures, definitions(), EXTRAS)


def test_long_and_rare_names_stand_whole_in_every_file(renamed: Publication) -> None:
    made = renamed
    files = {n.rpartition(".")[2]: c for n, c in made.files}
    assert all(len(n.encode()) < 256 for n, _ in made.files)
    document = docx.Document(io.BytesIO(files["docx"]))
    cells = {c.text for t in document.tables for c in t._cells}
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    values = {v for row in book["R01 组织建设与会员发展"].values for v in row}
    page = files["html"].decode()
    for unit in (LONG, RARE):
        assert unit.name in cells
        assert unit.name in values
    assert LONG.name in page
    assert "𬭚𫟹䶮（A&amp;B&lt;C&gt;）" in page


def test_long_and_rare_names_are_set_as_pdf(renamed: Publication) -> None:
    ((_, content),) = pdfs(renamed, draft=False)
    with pypdfium2.PdfDocument(content) as opened:
        assert len(opened) < 60


# --- absurd values that were explained ---

ODD = Unusual(
    code="WZ001", unit="吴忠仪表有限责任公司工会", period="2017-06", form="ORG-02",
    rule="会员人数比上月变动过大", message="会员人数900,000人，上月300人",
    words="含代管的外省项目部会员，已核实", indicators=frozenset({"I-ORG-04", "I-ORG-09"}),
)  # fmt: skip


def test_an_unusual_value_is_in_the_total_and_explained() -> None:
    extras = dataclasses.replace(EXTRAS, unusual=(ODD,))
    document = review_document(year(), definitions(), extras)
    told = section(document, "R00")
    assert "1家单位的1处数据经审核提示异常，由单位作出说明后采用，已计入合计" in told
    assert f"{ODD.unit}2017年6月“会员人数比上月变动过大”：{ODD.message}。" in told
    assert f"单位说明：“{ODD.words}”。" in told
    note = f"注：本节合计含{ODD.unit}经说明采用的异常数据，见第一部分。"
    assert note in section(document, "R01")
    assert "异常数据" not in section(document, "R06")
    rows = list(sheets(year(), extras)["经说明采用的数"].values)
    assert rows[3][:3] == (ODD.unit, "2017-06", "ORG-02")


def test_words_about_few_people_are_not_told() -> None:
    private = dataclasses.replace(ODD, message="", words="", indicators=frozenset({"I-AID-08"}))
    extras = dataclasses.replace(EXTRAS, unusual=(private,))
    told = section(review_document(year(), definitions(), extras), "R00")
    assert "“会员人数比上月变动过大”。单位已作说明（涉及个人信息，不列）。" in told


def test_many_unusual_values_name_a_few_units_and_annex_all() -> None:
    odd = [
        dataclasses.replace(ODD, code=f"G{n:03d}", unit=f"第{n}工会", period=f"2017-{m:02d}")
        for n in range(200)
        for m in (3, 4)
    ]
    extras = dataclasses.replace(EXTRAS, unusual=tuple(odd))
    document = review_document(year(), definitions(), extras)
    told = section(document, "R00")
    assert "200家单位的400处数据" in told
    assert told.count("单位说明：") == 3
    assert "第0工会、第1工会、第2工会等200家经说明采用" in section(document, "R01")
    assert sheets(year(), extras)["经说明采用的数"].max_row == 3 + 400


# --- nothing to compare with ---


def test_a_zero_base_is_told_and_never_divided_by() -> None:
    figures = year()
    values = {
        k: dataclasses.replace(f, last_year=Decimal(0)) if f.unit == "NX" and f.value else f
        for k, f in figures.values.items()
    }
    document = review_document(dataclasses.replace(figures, values=values), definitions(), EXTRAS)
    told = section(document, "R06")
    assert "上年为0" in told or "上年均为0" in told
    for n in document.numbers():
        assert n.value.is_finite()
    whole = "".join(text_of(s) for s in document.sections)
    assert "Infinity" not in whole
    assert "NaN" not in whole


def test_a_first_year_is_compared_with_nothing() -> None:
    figures = year()
    values = {
        k: dataclasses.replace(f, last_year=None, comparable=None)
        for k, f in figures.values.items()
    }
    first = dataclasses.replace(figures, values=values, transfers=())
    document = review_document(first, definitions(), EXTRAS)
    whole = "".join(text_of(s) for s in document.sections)
    assert "比上年" not in whole.replace("未列同比的指标，上年无同口径数据", "")
    assert "上年无同口径数据" in whole
    assert not [n for n in document.numbers() if n.basis.startswith(("比", "上年"))]
    assert WZ.name in whole
    assert QTX.name in whole
