"""R-11: every change of organisations in a period, and the proof that no total moved by it.

The proof adds up the same unions with the same figures twice, along the relations of the eve and
along those of the last day: parents differ, totals must not. Unions that were not there on one of
the two days stand in lines of their own, so that nothing is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from pipelines.figures import UNASSIGNED, Figure, Figures, Unit, rounded
from pipelines.publish import page, word
from pipelines.publish import transfers_words as words
from pipelines.publish.changes import declared
from pipelines.publish.content import Document, PublishedNumber
from pipelines.publish.publication import Publication, clock, file_title, signature
from pipelines.publish.quoted_sheet import Quotes, quotes
from pipelines.publish.quoting import quoted
from pipelines.publish.sheets import Book, Field
from pipelines.publish.sides import of_period, side
from pipelines.publish.standings import (
    AFTER,
    ALL_PARENTS,
    BALANCED,
    BEFORE,
    GONE,
    LINES,
    NEW,
    OUTSIDE,
    PLAIN,
    SUMMED,
    ChangeRow,
    Count,
    Moved,
    Reorganised,
    Standing,
    TotalsMoved,
    balance,
    proof,
)

__all__ = [
    "GONE", "NEW", "OUTSIDE", "ChangeRow", "Count", "Reorganised", "Standing", "TotalsMoved",
    "balance", "growth", "proof", "transfers_report",
]  # fmt: skip

KIND = "R-11 组织关系变动与可比口径说明"


def transfers_report(
    figures: Figures, reorganised: Reorganised, definitions: Definitions
) -> Publication:
    """The explanation as .docx and .html, the lists behind it as .xlsx; every number walks.

    TotalsMoved rather than a false word: nothing is written where the sums do not agree.
    """
    period = figures.period
    proofs = [proof(reorganised.standings, line) for line in LINES]
    _agree(figures, proofs)
    document = quoted(
        Document(
            title=f"{figures.unit.name}组织关系变动与可比口径说明（{period.chinese}）",
            issuer=figures.unit.name,
            head=(figures.unit.name, f"数据截止：{clock(figures.cutoff)}"),
            sections=words.sections(
                figures, reorganised, proofs, definitions,
                lambda code, line: _of_unit(figures, code, line),
            ),
            signature=signature(figures.unit.name, figures.cutoff),
        ),
        KIND,
        figures,
    )  # fmt: skip
    printed = document.numbers()
    book, listed = _workbook(figures, reorganised, proofs, definitions, len(printed))
    name = file_title(document.title)
    return Publication(
        kind=KIND,
        title=document.title,
        unit=figures.unit.code,
        period=period,
        cutoff=figures.cutoff,
        digest=figures.definitions_digest,
        files=(
            (f"{name}.docx", word.word(document, figures.cutoff)),
            (f"{name}.html", page.page(document, figures, definitions).encode()),
            (f"{name}附表.xlsx", book),
        ),
        numbers=(*printed, *listed),
        drawn={f"{name}.docx": document},
    )


def _workbook(
    figures: Figures,
    reorganised: Reorganised,
    proofs: Sequence[Moved],
    definitions: Definitions,
    printed: int,
) -> tuple[bytes, list[PublishedNumber]]:
    """Sheets 说明, 变动清单, 户数平衡, 合计核对, 可比口径, 沿革, and the numbers in them.

    Those are numbered on from the `printed` ones of the document.
    """
    title = "组织关系变动与可比口径说明"
    quoted_here = quotes(KIND, f"{figures.unit.name}{title}（{figures.period.chinese}）", figures)
    quoted_here.after = printed
    book = Book(f"{figures.unit.name}{title}附表", figures.unit.name, figures.cutoff)
    _about(book, figures, reorganised, proofs, title)
    _changes(book, reorganised, quoted_here, figures)
    _balance(book, reorganised, quoted_here, figures)
    _totals(book, proofs, quoted_here, figures)
    _comparable(book, figures, definitions, quoted_here)
    _names(book, reorganised)
    names = {c.unit: c.name for c in reorganised.changes}
    quoted_here.sheet(book, figures, definitions, names)
    return book.bytes(), quoted_here.numbers


def _of_unit(figures: Figures, code: str, line: str) -> Figure | None:
    return _figure(figures, code, figures.unit, line) or _whole(figures, code, line)


def _agree(figures: Figures, proofs: Sequence[Moved]) -> None:
    """Both lines count the same unions, and as many members as the published figure says."""
    block, industry = proofs
    if block.plain != industry.plain:
        raise TotalsMoved(f"块 {block.plain}, 条 {industry.plain}")
    published = figures.get("I-ORG-04")
    if published is None or published.value is None:
        return
    own = sum((c for n, c in block.after.items() if n not in (GONE, OUTSIDE)), Count())
    if own.members != published.value:
        raise TotalsMoved(f"members {own.members}, published {published.value}")


# --- sheets ---


def _about(
    book: Book, figures: Figures, told: Reorganised, proofs: Sequence[Moved], title: str
) -> None:
    listed = "、".join(f"{k}{n:,}项" for k, n in words.kinds_of(told))
    checked = [
        (
            f"{words.LINE_TITLES[p.line]}核对",
            f"按变动前隶属合计 {p.total(p.before).members:,} 人，按变动后隶属合计 "
            f"{p.total(p.after).members:,} 人，逐户直接相加 {p.plain.members:,} 人，"
            f"差额 {(p.total(p.after) - p.total(p.before)).members:,} 人",
        )
        for p in proofs
    ]
    lines: list[tuple[str, str]] = [
        ("汇总单位", figures.unit.name),
        ("所属期", figures.period.chinese),
        ("数据截止", clock(figures.cutoff)),
        ("指标定义摘要", figures.definitions_digest),
        ("期内变动", listed or "无"),
        *checked,
        ("本期数归属", words.ATTRIBUTED.get(told.attribution, told.attribution)),
        ("期末数归属", words.STOCKS),
        ("可比口径", words.COMPARABLE),
        ("复核", words.confirmed(told)),
    ]
    if told.waiting:
        lines.append(("待复核", f"另有 {told.waiting:,} 项变动待复核，未计入本表"))
    fields = [Field("项目", "text", 18), Field("内容", "wrap", 92)]
    book.table("说明", title, fields, lines)


def _changes(book: Book, told: Reorganised, quoted: Quotes, figures: Figures) -> None:
    """Every change with what it takes from one parent and gives to another: together nothing."""
    fields = [
        Field("序号", "int", 7),
        Field("工会组织编码", "center", 15),
        Field("工会名称", "text", 28),
        Field("变动类型", "center", 11),
        Field("隶属线", "center", 7),
        Field("原上级工会", "text", 24),
        Field("现上级工会", "text", 24),
        Field("承继工会", "text", 18),
        Field("生效日期", "date", 11),
        Field("批准文号", "text", 20),
        Field("变动时会员（人）", "int", 10),
        Field("变动时职工（人）", "int", 10),
        Field("原上级会员增减", "int", 10),
        Field("现上级会员增减", "int", 10),
        Field("合计增减", "int", 8),
        Field("申报单位", "text", 26),
        Field("复核", "text", 22),
    ]
    rows: list[tuple[Any, ...]] = []
    sums = [0, 0, 0, 0, 0]
    for n, c in enumerate(told.changes, 1):
        out, into = _effect(c)
        for i, v in enumerate((c.members or 0, c.workers or 0, out or 0, into or 0)):
            sums[i] += v
        total = None if out is None else out + (into or 0)
        for column, value, what in ((10, c.members, "会员"), (11, c.workers, "职工")):
            quoted.add("变动清单", 2 + n, column, value, "I-ORG-25", c.unit, figures.period.label,
                       declared(what, c.change, c.line, c.effective), source="changes")  # fmt: skip
        sums[4] += total or 0
        rows.append(
            (
                n, c.unit, c.name, c.change, c.line, c.from_name, c.to_name, c.successor,
                c.effective, c.approval, c.members, c.workers, out, into, total, c.filed_by,
                c.confirmed_by or "自动",
            )
        )  # fmt: skip
    count = len(rows)
    if rows:
        rows.append(("", "合计", f"{count:,} 项", *[""] * 7, *sums, "", ""))
    book.table(
        "变动清单", "组织关系变动清单", fields, rows, freeze=3, printed=15,
        totals=frozenset({count} if rows else ()),
        note="划转：原上级减、现上级加同一个数，合计增减为0；其他变动不移动会员，不填增减。",
    )  # fmt: skip


def _effect(change: ChangeRow) -> tuple[int | None, int | None]:
    """Members that a transfer takes from the old parent and gives to the new one."""
    if not (change.from_name and change.to_name) or change.members is None:
        return None, None
    return -change.members, change.members


def _balance(book: Book, told: Reorganised, quoted: Quotes, figures: Figures) -> None:
    """Unions by parent: on the eve, out, in, new, ended, on the last day; each line balances."""
    fields = [
        Field("隶属线", "center", 12),
        Field("上级工会", "text", 40),
        Field("期初（家）", "int", 11),
        Field("划出", "int", 9),
        Field("划入", "int", 9),
        Field("新建、恢复等", "int", 12),
        Field("撤并等", "int", 9),
        Field("期末（家）", "int", 11),
        Field("差额", "int", 9),
    ]
    rows: list[tuple[Any, ...]] = []
    totals: set[int] = set()
    for line in LINES:
        table = balance(told.standings, line)
        listed = sorted(table, key=lambda n: (n.startswith("（"), n == UNASSIGNED, n))
        for name in listed:
            _stood(quoted, "户数平衡", len(rows), figures, line, BALANCED, table[name], name)
            rows.append((words.LINE_TITLES[line], name, *_balanced(table[name])))
        sums = [sum(column) for column in zip(*table.values(), strict=True)] or [0] * 6
        _stood(quoted, "户数平衡", len(rows), figures, line, BALANCED, sums, ALL_PARENTS)
        totals.add(len(rows))
        rows.append((words.LINE_TITLES[line], "合计", *_balanced(sums)))
    book.table(
        "户数平衡", "工会户数平衡表", fields, rows, totals=frozenset(totals), freeze=2,
        note="差额＝期末－（期初－划出＋划入＋新建、恢复等－撤并等），各行应为0；划出合计等于划入合计。",
    )  # fmt: skip


def _stood(
    quoted: Quotes,
    sheet: str,
    row: int,
    figures: Figures,
    line: str,
    columns: Sequence[str],
    values: Sequence[int],
    parent: str,
) -> None:
    """Quote a row of counts by parent, from the third column on; a nameless column is none."""
    for column, (what, value) in enumerate(zip(columns, values, strict=True), 2):
        if what and value:
            quoted.add(sheet, 3 + row, column, value, "STANDINGS", figures.unit.code,
                       figures.period.label, f"{what}：{parent}", line=line,
                       source="standings")  # fmt: skip


def _balanced(row: Sequence[int]) -> tuple[int, ...]:
    start, out, into, new, ended, end = row
    return (start, out, into, new, ended, end, end - (start - out + into + new - ended))


def _totals(book: Book, proofs: Sequence[Moved], quoted: Quotes, figures: Figures) -> None:
    """The same unions and figures by the parents of either day: lines differ, totals do not."""
    fields = [Field("隶属线", "center", 12), Field("上级工会", "text", 40)]
    for what in ("工会（家）", "会员（人）", "职工（人）"):
        for stood in ("变动前隶属", "变动后隶属", "增减"):
            fields.append(Field(f"{what}{stood}", "int", 13))
    rows: list[tuple[Any, ...]] = []
    totals: set[int] = set()
    for p in proofs:
        name = words.LINE_TITLES[p.line]
        for parent in p.parents:
            old, now = p.before.get(parent, Count()), p.after.get(parent, Count())
            _stood(quoted, "合计核对", len(rows), figures, p.line, _SIDES, _both(old, now), parent)
            rows.append((name, parent, *_both(old, now)))
        for called, old, now in (
            (ALL_PARENTS, p.total(p.before), p.total(p.after)), (PLAIN, p.plain, p.plain),
        ):  # fmt: skip
            totals.add(len(rows))
            _stood(quoted, "合计核对", len(rows), figures, p.line, _SIDES, _both(old, now), called)
            rows.append((name, called, *_both(old, now)))
    book.table(
        "合计核对", "同一批单位、同一期数据按变动前后隶属关系汇总核对", fields, rows,
        totals=frozenset(totals), freeze=2,
        note="会员、职工取各单位本期最后一次报送数；隶属变动只改变归属，合计增减为0。",
    )  # fmt: skip


_SIDES = tuple(f"{what}{side}" if side else "" for what in SUMMED for side in (BEFORE, AFTER, ""))
"""Columns of the check; what only subtracts two others has no name."""


def _both(old: Count, now: Count) -> tuple[int, ...]:
    change = now - old
    return (
        old.unions, now.unions, change.unions,
        old.members, now.members, change.members,
        old.workers, now.workers, change.workers,
    )  # fmt: skip


def _comparable(book: Book, figures: Figures, definitions: Definitions, quoted: Quotes) -> None:
    """By indicator, line and unit: last year by the parents of then and of now, both growths."""
    fields = [
        Field("指标", "text", 22),
        Field("计量单位", "center", 9),
        Field("隶属线", "center", 12),
        Field("单位", "text", 36),
        Field("本期", "number", 14, 0),
        Field("本期（现隶属）", "number", 14, 0),
        Field("上年同期（原隶属）", "number", 14, 0),
        Field("上年同期（现隶属）", "number", 14, 0),
        Field("归属增减", "number", 12, 0),
        Field("比上年（%）", "number", 11, 2),
        Field("可比口径（%）", "number", 11, 2),
        Field("相差（百分点）", "number", 11, 2),
    ]
    rows: list[tuple[Any, ...]] = []
    totals: set[int] = set()
    for code in words.COMPARED:
        indicator = definitions.indicators.get(code)
        if indicator is None:
            continue
        for line in LINES:
            told = words.compared(figures, code, line)
            for unit in [*figures.children.get(line, ()), figures.unit]:
                own = unit is figures.unit
                figure = (
                    _of_unit(figures, code, line) if own else _figure(figures, code, unit, line)
                )
                if figure is None:
                    continue
                if unit is figures.unit:
                    totals.add(len(rows))
                rows.append(
                    (
                        indicator.name, indicator.unit, words.LINE_TITLES[line],
                        "合计" if unit is figures.unit else unit.name,
                        *(None if v is None else rounded(v, indicator) for v in _sums(figure)),
                        gap := _gap(figure) if told or figure.comparable is not None else None,
                        *_growths(figure),
                    )
                )  # fmt: skip
                if figures.get(code, unit.code, line=line):
                    _sides(quoted, 2 + len(rows), figure, gap, line, indicator)
    book.table(
        "可比口径", "可比口径对照表", fields, rows, totals=frozenset(totals), freeze=4,
        note="空白为上年同期未报或当时没有下级单位，不等于零；合计为本会数；可比口径为本期（现隶属）比上年同期（现隶属）。",
    )  # fmt: skip


_SIDES_COMPARED = (
    "本期", "可比口径本期", "上年同期", "可比口径上年", "归属增减", "比上年同期",
    "比可比口径上年", "两口径相差",
)  # fmt: skip


def _sides(
    quoted: Quotes,
    row: int,
    figure: Figure,
    gap: Decimal | None,
    line: str,
    indicator: Indicator,
) -> None:
    """Quote a row of the comparison: the three sides, what moved between them, both growths."""
    told = zip(_SIDES_COMPARED, (*_sums(figure), gap, *_growths(figure)), strict=True)
    for column, (basis, value) in enumerate(told, 4):
        period = (
            of_period(figure, basis) if basis in ("上年同期", "可比口径上年") else figure.period
        )
        if value is not None:
            quoted.add("可比口径", row, column, value, indicator.code, figure.unit, period, basis,
                       line=line)  # fmt: skip


def _figure(figures: Figures, code: str, unit: Unit, line: str) -> Figure | None:
    figure = figures.get(code, unit.code, line=line)
    if figure is None and unit is figures.unit:
        return None
    if figure is None or all(v is None for v in _three(figure)):
        return None
    return figure


def _whole(figures: Figures, code: str, line: str) -> Figure | None:
    """The sum of a line that the unit itself does not stand on: counts of those below it."""
    below = [f for u in figures.children.get(line, ()) if (f := _figure(figures, code, u, line))]
    if not below:
        return None

    def added(values: list[Decimal | None]) -> Decimal | None:
        given = [v for v in values if v is not None]
        return sum(given, Decimal(0)) if given else None

    value, now = added([f.value for f in below]), added([side(f, "可比口径本期") for f in below])
    return Figure(
        code, figures.unit.code, figures.period.label, line, value,
        last_year=added([f.last_year for f in below]),
        comparable=added([f.comparable for f in below]),
        comparable_now=None if now == value else now,
    )  # fmt: skip


def _three(figure: Figure) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return figure.value, figure.last_year, figure.comparable


def _sums(figure: Figure) -> tuple[Decimal | None, ...]:
    """This period and last year's, each by the parents of then and of now."""
    return figure.value, side(figure, "可比口径本期"), figure.last_year, figure.comparable


def _gap(figure: Figure) -> Decimal | None:
    if figure.last_year is None and figure.comparable is None:
        return None
    return (figure.comparable or Decimal(0)) - (figure.last_year or Decimal(0))


def _growths(figure: Figure) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Growth as reported, on the comparable basis, and the points between them."""
    as_reported = growth(figure.value, figure.last_year)
    comparable = growth(side(figure, "可比口径本期"), figure.comparable)
    if as_reported is None or comparable is None:
        return as_reported, comparable, None
    return as_reported, comparable, comparable - as_reported


def growth(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Percent of growth; None without a figure or a base.

    >>> growth(Decimal(22), Decimal(11))
    Decimal('100.00')
    """
    if now is None or before is None or before == 0:
        return None
    return ((now - before) / before * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _names(book: Book, told: Reorganised) -> None:
    """Unions by old and new names, and what became of those that ended."""
    fields = [
        Field("工会组织编码", "center", 18),
        Field("原名称", "text", 40),
        Field("现名称（承继工会）", "text", 40),
        Field("变动类型", "center", 16),
        Field("日期", "date", 12),
        Field("批准文号", "text", 26),
    ]
    rows = [
        (c.unit, c.name, _now_called(c), c.change, c.effective, c.approval)
        for c in told.changes
        if (c.new_name and c.new_name != c.name) or c.change in ("撤销", "合并", "分立")
    ]
    book.table(
        "沿革", "名称与承继沿革", fields, rows,
        note="编码在更名、划转后不变；撤并工会的历史数据保留在原编码下，可按原名称、现名称查询。",
    )  # fmt: skip


def _now_called(change: ChangeRow) -> str:
    """The new name, or the union that goes on in its place; a dash where there is neither."""
    if change.new_name and change.new_name != change.name:
        return change.new_name
    return change.successor or "—"
