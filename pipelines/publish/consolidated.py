"""The consolidated workbook: every accepted row of a form, subtotals along a line, codebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnKind, ColumnType, Form
from definitions.periods import Period, PeriodKind
from pipelines.figures import CoverageRow
from pipelines.publish.codebook import codebook
from pipelines.publish.publication import Publication, clock, reference_of
from pipelines.publish.registers import missing
from pipelines.publish.sheets import LAST_ROW, Book, Field, Kind
from pipelines.publish.sources import SOURCE, SOURCE_ROW, Source, placed, source_sheets
from pipelines.small_cells import sensitive_columns

# Columns of the frame that say whose a row is; form columns have Latin codes and never collide.
UNIT_CODE, UNIT_NAME, PARENT = "单位编码", "单位名称", "上级工会"
PARENT_CODE = "上级工会编码"
"""Not printed; unions of one name are told apart by it."""
PERIOD = "所属期"
TOTAL = "合计"
KIND = "R-14 合并报表"
PLACE = (PARENT, UNIT_CODE, UNIT_NAME)
_ROWS_PER_SHEET = LAST_ROW - 100
_SURE = 2.0**62  # a sum of whole numbers below it fits a machine's word
_FIRST_ROW = 4  # of the data on its sheet, below title, note and head
_TO_THE_ORIGINAL = (
    "“数据”表每行最后两列是来源序号和原表行号：按序号到“数据来源”表查原件文件名、工作表和列位，"
    "按列位到“原表列位”表查各栏所在的列，列与行号合起来就是原件的单元格"
)
_BY_REFERENCE = "；也可在门户打开本件，点“查数”，输入“单位编码 表头”，如“640100000001 会员人数”"
_LINES = {"块": "地方（块）", "条": "产业（条）"}


@dataclass(frozen=True, slots=True)
class Cut:
    """What the rows are: form edition, period, line, cut-off and the digest of the definitions."""

    form: Form
    period: Period
    line: str
    cutoff: datetime
    digest: str
    unit: str
    unit_name: str
    day: date | None = None
    """The day of the relations along which parents are named; the period's last where none."""
    first: Period | None = None
    """The first of several periods, of which `period` is the last; rows have 所属期 (labels)."""
    level: str = ""
    """The one level whose unions are in it; all of them where none is named."""

    @property
    def told(self) -> str:
        """The period or periods, as a cover says them."""
        if self.first is None:
            return self.period.chinese
        return f"{self.first.chinese}至{self.period.chinese}"


def consolidated(
    cut: Cut,
    rows: pd.DataFrame,
    definitions: Definitions,
    sources: Mapping[int, Source],
    coverage: Sequence[CoverageRow] = (),
    totals: Mapping[str, Decimal] | None = None,
) -> Publication:
    """The consolidated workbook as a publication of one file."""
    title = (
        f"{cut.unit_name}{cut.form.code}{cut.form.title}合并报表"
        f"（{cut.period.chinese}，{_LINES[cut.line]}）"
    )
    reference = reference_of(KIND, title, cut.unit, cut.period, cut.cutoff, cut.digest)
    content = consolidated_workbook(cut, rows, definitions, sources, coverage, totals, reference)
    name = f"{cut.form.code} {cut.form.title}合并报表 {cut.period.label} {cut.line}.xlsx"
    return Publication(
        kind=KIND,
        title=title,
        unit=cut.unit,
        period=cut.period,
        cutoff=cut.cutoff,
        digest=cut.digest,
        files=((name, content),),
        recipe={
            "form": cut.form.code,
            "line": cut.line,
            "day": (cut.day or cut.period.end).isoformat(),
        },
    )


def consolidated_workbook(
    cut: Cut,
    rows: pd.DataFrame,
    definitions: Definitions,
    sources: Mapping[int, Source],
    coverage: Sequence[CoverageRow] = (),
    totals: Mapping[str, Decimal] | None = None,
    reference: str = "",
) -> bytes:
    """Sheets 说明, 数据, 分上级小计, 数据来源, 原表列位, 指标代码表, 报送情况.

    `rows` has 单位编码, 单位名称, 上级工会 and its code (the parent along the line), filing_id and
    row_no, by which `sources` says where each came from, and the form's columns by code; columns it
    lacks stay empty, person-level ones are left out. Of several periods each has own subtotals;
    beyond one only what flows is added, since a stock of two months is no stock. `totals` by column
    code are the warehouse's own: where the rows do not add up to them a ValueError is raised,
    because one of the two is wrong.
    Written in constant memory: a sheet holds at most a million rows, more go to further sheets.
    """
    few = sensitive_columns(definitions, cut.form.code, cut.period.end)
    columns = [c for c in cut.form.columns if not c.personal and c.code not in few]
    if "rows" in few:  # every row is a household: lists of them are no publication
        rows = rows.iloc[:0]
    rows, told = placed(rows.reset_index(drop=True), sources, columns)
    added = summed(cut.form, columns)
    subtotals = _subtotals(cut, rows, added)
    _agree(subtotals, added, totals)
    title = f"{cut.form.title}合并报表"
    book = Book(f"{cut.unit_name}{title}", cut.unit_name, cut.cutoff, lean=True)
    _about(book, cut, title, rows, coverage, definitions, reference)
    _data(book, cut, columns, rows)
    _subtotal_sheet(book, cut, added, subtotals)
    source_sheets(book, told, columns, [head_of(c) for c in columns])
    codebook(book, columns, definitions)
    _coverage(book, coverage)
    return book.bytes()


def summed(form: Form, columns: Sequence[Column]) -> list[Column]:
    """The columns that subtotals add; none of rows that hold others, as accounts do."""
    return [c for c in columns if summable(c)] if form.nesting is None else []


def summable(column: Column) -> bool:
    """Whether the values of a column may be added up."""
    return column.type in (ColumnType.INT, ColumnType.DEC) and column.kind in (
        ColumnKind.STOCK,
        ColumnKind.FLOW,
        ColumnKind.CUMULATIVE,
    )


def _totals(values: pd.Series, groups: np.ndarray, count: int) -> list[Decimal | None]:
    """The exact sum of each group of rows; None for one in which nobody filled in anything.

    Figures with two decimals at most, which is nearly all, are added as whole hundredths.
    """
    filled = values.notna().to_numpy()
    places, known = groups[filled], values[filled]
    if pd.api.types.is_float_dtype(known.dtype) and len(known):
        given = known.to_numpy(dtype=float)
        hundredths = np.rint(given * 100)
        small = np.abs(hundredths).max() < _SURE / len(known)
        if small and np.array_equal(hundredths / 100, given):
            sums = np.zeros(count, dtype=np.int64)
            np.add.at(sums, places, hundredths.astype(np.int64))
            some = np.bincount(places, minlength=count).tolist()
            added = zip(sums.tolist(), some, strict=True)
            return [Decimal(cents) / 100 if n else None for cents, n in added]
    found: list[Decimal | None] = [None] * count
    for place, value in zip(places.tolist(), known, strict=True):
        found[place] = (found[place] or Decimal(0)) + Decimal(str(value))
    return found


@dataclass(frozen=True)
class _Subtotal:
    period: str
    parent: str
    units: int
    rows: int
    span: str
    sums: dict[str, Decimal | None]


def _subtotals(cut: Cut, rows: pd.DataFrame, columns: Sequence[Column]) -> list[_Subtotal]:
    """By parent in order of appearance, then the total; None where nobody filled a column.

    Of several periods one after the other, and at the end what flowed in all of them.
    """
    if rows.empty:
        return []
    if cut.first is None:
        return _by_parent("", rows, columns)
    found: list[_Subtotal] = []
    labels = sorted(rows[PERIOD].unique(), key=lambda label: Period.parse(label).start)
    for label in labels:
        found += _by_parent(Period.parse(label).chinese, rows[rows[PERIOD] == label], columns)
    flows = [c for c in columns if c.kind is ColumnKind.FLOW]
    everything = _grouped("各期", rows, np.zeros(len(rows), dtype=np.intp), [TOTAL], flows)[0]
    sums = {c.code: everything.sums.get(c.code) for c in columns}
    return [*found, replace(everything, sums=sums)]


def _by_parent(period: str, rows: pd.DataFrame, columns: Sequence[Column]) -> list[_Subtotal]:
    groups, _ = pd.factorize(rows[PARENT_CODE].fillna("").astype(str))
    names = rows[PARENT].fillna("").astype(str).groupby(groups).first()
    told = [name or "（无上级）" for name in names]
    found = _grouped(period, rows, groups, told, columns)
    everyone = np.zeros(len(rows), dtype=np.intp)
    return [*found, *_grouped(period, rows, everyone, [TOTAL], columns)]


def _grouped(
    period: str,
    rows: pd.DataFrame,
    groups: np.ndarray,
    names: Sequence[str],
    columns: Sequence[Column],
) -> list[_Subtotal]:
    """One subtotal for each group of rows; `groups` tells the place of each row's among `names`."""
    sums = {c.code: _totals(rows[c.code], groups, len(names)) for c in columns if c.code in rows}
    units = rows[UNIT_CODE].groupby(groups).nunique().tolist()
    ends = pd.Series(rows.index).groupby(groups).agg(["first", "last"]).to_numpy().tolist()
    sizes = np.bincount(groups, minlength=len(names)).tolist()
    return [
        _Subtotal(
            period, name, units[n], sizes[n], _span(ends[n]),
            {c.code: sums[c.code][n] if c.code in sums else None for c in columns},
        )
        for n, name in enumerate(names)
    ]  # fmt: skip


def _span(ends: Iterable[int]) -> str:
    """The rows of 数据, as that sheet numbers them, from the first of a group to its last."""
    told = []
    for position in ends:
        sheet, row = divmod(position, _ROWS_PER_SHEET)
        told.append(
            f"{_data_sheet(sheet)}第{row + _FIRST_ROW}行" if sheet else f"第{row + _FIRST_ROW}行"
        )
    return "至".join(dict.fromkeys(told))


def _agree(
    subtotals: list[_Subtotal], columns: Sequence[Column], totals: Mapping[str, Decimal] | None
) -> None:
    if totals is None:
        return
    sums = subtotals[-1].sums if subtotals else {}
    apart = [
        f"{c.code}: rows {sums.get(c.code) or 0}, warehouse {totals[c.code]}"
        for c in columns
        if c.code in totals and (sums.get(c.code) or Decimal(0)) != totals[c.code]
    ]
    if apart:
        raise ValueError("rows do not add up to the totals given: " + "; ".join(apart))


def _about(
    book: Book,
    cut: Cut,
    title: str,
    rows: pd.DataFrame,
    coverage: Sequence[CoverageRow],
    definitions: Definitions,
    reference: str,
) -> None:
    left_out = [c.label for c in cut.form.columns if c.personal]
    few = sensitive_columns(definitions, cut.form.code, cut.period.end)
    # The unit's own rows hold those of the units below it.
    counted = [r for r in coverage if r.unit == cut.unit] or coverage
    expected, reported = sum(r.expected for r in counted), sum(r.reported for r in counted)
    units = int(rows[UNIT_CODE].nunique()) if not rows.empty else 0
    lines = [
        *([("本件编号", reference)] if reference else []),
        ("表号", cut.form.code),
        ("报表名称", cut.form.title),
        ("表样版本", cut.form.edition),
        ("制定机关", cut.form.issuer),
        ("批准（备案）文号", cut.form.document),
        ("汇总单位", cut.unit_name),
        (PERIOD, cut.told),
        ("统计线", _LINES.get(cut.line, cut.line)),
        *([("级次", f"只含{cut.level}工会的报表")] if cut.level else []),
        ("数据截止", clock(cut.cutoff)),
        ("指标定义摘要", cut.digest),
        ("数据行数", f"{len(rows):,}"),
        ("涉及单位（家）", f"{units:,}"),
    ]
    if coverage:
        scope = "（各级次合计）" if cut.level else ""
        lines.append(("报送情况", f"应报{expected:,}份，实报{reported:,}份{scope}"))
    if left_out:
        lines.append(("未导出的个人信息列", "、".join(left_out)))
    if few:
        told = "、".join(c.label for c in cut.form.columns if c.code in few) or "全部计数"
        lines.append(("不逐行公布的列", f"{told}（人数过少时能认出个人，合计见指标）"))
    lines += [
        ("空白单元格", "未填或未报，不等于零"),
        (TOTAL, "由基层报表逐行相加；百分数和文字不合计"),
        ("怎样查到原件", _TO_THE_ORIGINAL + (_BY_REFERENCE if reference else "")),
    ]
    fields = [Field("项目", "text", 22), Field("内容", "wrap", 80)]
    book.table("说明", title, fields, lines)


def _kind(column: Column) -> Kind:
    match column.type:
        case ColumnType.INT:
            return "int"
        case ColumnType.DEC:
            return "number"
        case ColumnType.PCT:
            return "number"
        case ColumnType.DATE:
            return "date"
        case ColumnType.BOOL | ColumnType.ENUM | ColumnType.YEAR_MONTH:
            return "center"
        case _:
            return "text"


def head_of(column: Column) -> str:
    """The head of a column as printed: its label with its unit."""
    unit = column.unit or ("%" if column.type is ColumnType.PCT else "")
    return f"{column.label}（{unit}）" if unit else column.label


def _width(column: Column) -> float:
    wide = 2 * len(head_of(column)) + 2
    if column.type is ColumnType.TEXT:
        return 40
    return max(11.0, min(float(wide), 24.0))


def _data(book: Book, cut: Cut, columns: Sequence[Column], rows: pd.DataFrame) -> None:
    several = cut.first is not None
    fields = [
        Field(PARENT, "text", 26),
        Field(UNIT_CODE, "text", 18),
        Field(UNIT_NAME, "text", 34),
        *([Field(PERIOD, "center", 12)] if several else []),
        *(Field(head_of(c), _kind(c), _width(c), _decimals(c)) for c in columns),
        Field(SOURCE, "int", 8),
        Field(SOURCE_ROW, "int", 8),
    ]
    period = [PERIOD] if several else []
    codes = [*PLACE, *period, *(c.code for c in columns), SOURCE, SOURCE_ROW]
    note = f"{cut.told}　{_LINES.get(cut.line, cut.line)}　空白为未填或未报，不等于零"
    for start in range(0, max(len(rows), 1), _ROWS_PER_SHEET):
        part = rows.iloc[start : start + _ROWS_PER_SHEET]
        book.table(
            _data_sheet(start // _ROWS_PER_SHEET),
            f"{cut.form.title}",
            fields,
            _cells(part, codes),
            note=note,
            freeze=3,
            one_page_wide=False,
        )


def _data_sheet(number: int) -> str:
    return f"数据{number + 1}" if number else "数据"


def _decimals(column: Column) -> int | None:
    return column.decimals if column.type in (ColumnType.DEC, ColumnType.PCT) else None


def _cells(rows: pd.DataFrame, codes: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of the codes; a column that the frame lacks is empty."""
    blank = [None] * len(rows)
    series = [rows[c].tolist() if c in rows.columns else blank for c in codes]
    return zip(*series, strict=True)


def _subtotal_sheet(
    book: Book, cut: Cut, columns: Sequence[Column], subtotals: Sequence[_Subtotal]
) -> None:
    several = cut.first is not None
    fields = [
        *([Field(PERIOD, "center", 14)] if several else []),
        Field(PARENT, "text", 34),
        Field("单位数（家）", "int", 12),
        Field("行数", "int", 10),
        Field("在“数据”表中", "center", 18),
        *(Field(head_of(c), _kind(c), _width(c), _decimals(c)) for c in columns),
    ]
    rows = [
        (
            *([s.period] if several else []), s.parent, s.units, s.rows, s.span,
            *(s.sums[c.code] for c in columns),
        )
        for s in subtotals
    ]  # fmt: skip
    totals = frozenset(n for n, s in enumerate(subtotals) if s.parent == TOTAL)
    note = "按报告期末的上级工会小计；空白为没有单位填报。"
    if several:
        note = (
            f"按{cut.period.chinese}末的上级工会小计；"
            "各期合计只加当期发生数，期末数和累计数不跨期相加。所列各行中只加同一所属期的行。"
        )
    elif cut.period.kind is not PeriodKind.MONTH:
        note += "期末数为各期填报数相加，只供核对，期末合计见指标。"
    book.table(
        "分上级小计",
        f"{cut.form.title}分上级小计",
        fields,
        rows,
        note=note,
        totals=totals,
        one_page_wide=False,
    )


def _coverage(book: Book, coverage: Sequence[CoverageRow]) -> None:
    fields = [
        Field("单位", "text", 36),
        Field("期间", "center", 12),
        Field("应报（份）", "int", 11),
        Field("实报（份）", "int", 11),
        Field("按时（份）", "int", 11),
        Field("首次通过（份）", "int", 13),
        Field("待核实（份）", "int", 11),
        Field("缺报（份）", "int", 11),
    ]
    rows = [
        (
            r.name or r.unit,
            r.period,
            r.expected,
            r.reported,
            r.on_time,
            r.first_pass,
            r.unverified,
            r.expected - r.reported,
        )
        for r in coverage
    ]
    note = (
        "待核实：已接收并计入汇总，关账核对发现的问题尚未说明或更正。"
        if rows
        else "本表按需报送，没有应报名册。"
    )
    book.table("报送情况", "报送情况", fields, rows, note=note)
    missing(book, coverage, {r.unit: r.name or r.unit for r in coverage})
