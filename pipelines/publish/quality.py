"""R-04: how the unions reported: in time, right at the first try, what was found, what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from definitions.catalogue import Definitions
from pipelines.figures import BLOCK, CoverageRow, Figures
from pipelines.publish import registers
from pipelines.publish.content import Block, Column, Inline, Paragraph, Section, Table, ordinal
from pipelines.publish.issued import Report, issued
from pipelines.publish.publication import Publication
from pipelines.publish.quoting import ALL_FINDINGS
from pipelines.publish.results import most_often
from pipelines.publish.review import coverage_sentence
from pipelines.publish.sheets import Book, Field
from pipelines.publish.tables import (
    UnitCoverage,
    by_unit,
    coverage_chart,
    coverage_table,
    filings,
    main_table,
    overall,
    percent,
)
from pipelines.publish.telling import NONE, Teller
from pipelines.publish.unit_tables import unit_table

KIND = "R-04 数据质量通报"
ALL = ALL_FINDINGS
MEASURES = ("I-DQ-01", "I-DQ-02", "I-DQ-04", "I-DQ-03", "I-DQ-05")
_SHOWN = 12
_FORMS = 20
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Found:
    """Places found wrong or in doubt, of one rule, one unit or all; `waiting` are not dealt with.

    What is neither explained nor waiting has been put right by a later workbook.
    """

    places: int
    units: int
    explained: int
    waiting: int
    rule: str = ""
    severity: str = ""

    @property
    def mended(self) -> int:
        """Places that a later workbook put right."""
        return self.places - self.explained - self.waiting


@dataclass(frozen=True)
class Quality:
    """What R-04 tells beside coverage: findings in all, by rule, by unit code; names of forms."""

    whole: Found
    rules: Sequence[Found]
    by_unit: Mapping[str, Found]
    forms: Mapping[str, str]
    answer_workdays: int


def quality_report(figures: Figures, quality: Quality, definitions: Definitions) -> Publication:
    """The bulletin as Word, web page and workbook; equal input gives equal bytes."""
    teller = Teller(figures, definitions)
    sections = quality_sections(teller, quality)

    def sheets(book: Book) -> None:
        registers.coverage(book, figures)
        form_sheet(book, figures, quality.forms)
        _rule_sheet(book, quality, definitions)
        known = [i for c in MEASURES if (i := definitions.indicators.get(c)) is not None]
        registers.indicators(book, "质量指标", "各单位数据质量指标", known, teller)

    return issued(
        Report(
            KIND,
            f"{figures.unit.name}{figures.period.chinese}数据质量通报",
            tuple(sections),
            sheets,
        ),
        figures,
        definitions,
    )


def quality_sections(teller: Teller, quality: Quality) -> list[Section]:
    """The bulletin's content; sections with nothing to say are left out."""
    sections = [_overall(teller, quality), _units(teller), _forms(teller, quality)]
    for make in (_findings, _demands):
        made = make(teller, quality)
        sections += [made] if made is not None else []
    return sections


def _overall(teller: Teller, quality: Quality) -> Section:
    teller.open("Q1")
    blocks: list[Block] = [Paragraph(coverage_sentence(teller))]
    whole = quality.whole
    told: list[Inline] = ["审核未发现须退回或须说明的问题。"]
    if whole.places:
        told = [
            "审核共发现问题", _count(teller, whole, ALL, "处数"), "处，涉及",
            _count(teller, whole, ALL, "单位数"), "家单位", *_states(teller, whole, ALL),
        ]  # fmt: skip
    corrected = teller.figures.get("I-DQ-03")
    clauses = [("I-DQ-04", "须说明的问题说明率{v}")]
    if corrected is not None and corrected.value:
        clauses.append(("I-DQ-03", "锁定后更正{v}"))
    blocks.append(Paragraph((*told, *teller.sentence(clauses))))
    table = main_table(teller, "数据质量主要指标", MEASURES)
    if table is not None:
        blocks.append(table)
    return Section("Q1", "总体情况", tuple(blocks))


def _count(teller: Teller, found: Found, code: str, basis: str, unit: str = "") -> Inline:
    value = {
        "处数": found.places,
        "单位数": found.units,
        "已说明": found.explained,
        "已更正": found.mended,
        "待处理": found.waiting,
    }[basis]
    return teller.counted("finding", code, value, f"{value:,}", basis, unit)


def _states(teller: Teller, found: Found, code: str) -> list[Inline]:
    """；其中已重报更正8处，尚待处理1处。 or ，均尚待处理。; states of none are left out."""
    parts = (
        ("已重报更正", "已更正", found.mended),
        ("已作说明", "已说明", found.explained),
        ("尚待处理", "待处理", found.waiting),
    )
    runs: list[Inline] = []
    for words, basis, value in parts:
        if value == found.places:
            return [f"，均{words}。"]
        if value:
            lead = "，" if runs else "；其中"
            runs += [f"{lead}{words}", _count(teller, found, code, basis), "处"]
    return [*runs, "。"]


def _units(teller: Teller) -> Section:
    teller.open("Q2")
    figures = teller.figures
    rows = by_unit(figures)
    blocks: list[Block] = []
    clean = [r for r in rows if r.expected and r.first_pass == r.on_time == r.expected]
    if clean and len(clean) == len(rows):
        told = f"{len(rows):,}家单位应报报表均按时报送且首次审核通过。"
        blocks.append(Paragraph((told if len(rows) > 1 else told.replace("1家", "所属1家"),)))
    elif clean and len(clean) <= _NAMED:
        named = "、".join(r.name for r in clean)
        blocks.append(
            Paragraph((f"应报报表全部按时报送且首次审核通过的单位{len(clean)}家：{named}。",))
        )
    elif clean:
        told = (
            f"{len(rows):,}家单位中，应报报表全部按时报送且首次审核通过的{len(clean):,}家，"
            "名单见附表。"
        )
        blocks.append(Paragraph((told,)))
    if len(rows) >= 2:
        chart = coverage_chart(figures, "各单位报表报送情况")
        table = coverage_table(teller, "各单位报表报送情况", _SHOWN)
        blocks += [b for b in (table, chart) if b is not None]
        # What came in time and passed at once stands in the table before this one.
        known = [c for c in ("I-DQ-04", "I-DQ-03") if _tells(teller, c)]
        compared = _by_measure(teller, known)
        if compared is not None:
            blocks.append(compared)
    late = sorted((r for r in rows if r.lacking), key=lambda r: (-r.lacking, r.name))
    if late:
        runs: list[Inline] = ["截至本次通报仍缺报的单位："]
        for i, row in enumerate(late[:_SHOWN]):
            runs += ["、"] if i else []
            runs += [row.name, filings(teller, row, "missing"), "份"]
        runs.append("。" if len(late) <= _SHOWN else f"等{len(late):,}家，全部名单见附表。")
        blocks.append(Paragraph(tuple(runs)))
    if not blocks:
        blocks.append(Paragraph(("本单位没有下级单位，各报表情况见下节。",)))
    return Section("Q2", "分单位情况", tuple(blocks))


def _tells(teller: Teller, code: str) -> bool:
    """Whether a measure has something to say: a column of noughts has not."""
    figure = teller.figures.get(code)
    counted = code == "I-DQ-03"
    return figure is not None and (bool(figure.value) if counted else figure.value is not None)


def _by_measure(teller: Teller, codes: Sequence[str]) -> Table | None:
    """Rates and corrections side by side; corrections stand last and decide no order."""
    told = [c for c in codes if (f := teller.figures.get(c)) is not None and f.value is not None]
    return unit_table(teller, "各单位数据质量指标", told, BLOCK, _SHOWN) if told else None


def _by_form(figures: Figures) -> list[UnitCoverage]:
    """Coverage of each form over all periods of the report, the least complete first."""
    own = [r for r in figures.coverage if r.unit == figures.unit.code]
    if not own:
        children = {u.code for u in figures.children.get(BLOCK, ())}
        own = [r for r in figures.coverage if r.unit in children]
    rows: dict[str, list[CoverageRow]] = {}
    for row in own:
        rows.setdefault(row.form, []).append(row)
    found = [
        UnitCoverage(
            form, form,
            sum(r.expected for r in of), sum(r.reported for r in of), sum(r.on_time for r in of),
            sum(r.first_pass for r in of), (),
        )
        for form, of in rows.items()
    ]  # fmt: skip
    return sorted(found, key=_incomplete)


def _incomplete(row: UnitCoverage) -> tuple[Decimal, Decimal, Decimal, str]:
    owed, came = Decimal(max(row.expected, 1)), Decimal(max(row.reported, 1))
    return row.reported / owed, row.on_time / owed, row.first_pass / came, row.unit


def _forms(teller: Teller, quality: Quality) -> Section:
    teller.open("Q3")
    rows = _by_form(teller.figures)
    if not rows:
        return Section("Q3", "分报表情况", (Paragraph(("本报告期没有应报报表。",)),))
    whole = [r for r in rows if r.on_time == r.expected]
    told = f"本报告期应报报表{len(rows):,}种，"
    if len(whole) == len(rows):
        told += "均按时报齐。"
    else:
        told += f"按时报齐的有{len(whole):,}种。" if whole else "均未全部按时报齐。"
    table = forms_table(teller, quality.forms)
    blocks: list[Block] = [Paragraph((told,))]
    blocks += [table] if table is not None else []
    return Section("Q3", "分报表情况", tuple(blocks))


def forms_table(teller: Teller, names: Mapping[str, str]) -> Table | None:
    """How each form came, the least complete first; `names` are the titles of the forms."""
    rows = _by_form(teller.figures)
    if not rows:
        return None
    columns = (
        Column("报表", "left", 3.2),
        Column("应报（份）"),
        Column("实报（份）"),
        Column("报送率"),
        Column("按时率"),
        Column("首次通过率", weight=1.1),
        Column("缺报（份）"),
    )
    cells = tuple(
        (names.get(r.unit, r.unit), *(_form_cell(teller, r, c) for c in _FORM_CELLS))
        for r in rows[:_FORMS]
    )
    note = "注：按报送率、按时率、首次通过率由低到高排列。"
    if len(rows) > _FORMS:
        note = f"注：列报送率最低的{_FORMS}种报表，全部报表见附表。"
    return Table("各报表报送和审核情况", columns, cells, note=note)


_FORM_CELLS = ("expected", "reported", "reported_pct", "on_time_pct", "first_pass_pct", "missing")


def _form_cell(teller: Teller, row: UnitCoverage, code: str) -> Inline:
    """A count or share of one form's filings, by which it walks to them: ORG-02:missing."""
    counts = {"expected": row.expected, "reported": row.reported, "missing": row.lacking}
    name = f"{row.unit}:{code}"
    if code in counts:
        return teller.counted("coverage", name, counts[code], f"{counts[code]:,}", "份数")
    top, bottom = {
        "reported_pct": (row.reported, row.expected),
        "on_time_pct": (row.on_time, row.expected),
        "first_pass_pct": (row.first_pass, row.reported),
    }[code]
    if not bottom:
        return NONE
    share = Decimal(top) / Decimal(bottom) * 100
    return teller.counted("coverage", name, share, percent(top, bottom), "占比")


def _findings(teller: Teller, quality: Quality) -> Section | None:
    teller.open("Q4")
    rows = sorted(quality.rules, key=_by_places)
    if not rows:
        return None  # said with the whole, before
    listed = [(_title(teller, f.rule), f.rule, f.places, f.units) for f in rows]
    most = most_often(teller, listed)
    if most[0] != f"分属{len(rows):,}类":
        most = [f"审核发现的问题涉及{len(rows):,}类，", *most]
    else:
        most = ["审核发现的问题", *most]
    blocks: list[Block] = [Paragraph((*most, "。"))]
    columns = (
        Column("问题", "left", 3.0),
        Column("处理", "center", 0.9),
        Column("处数", weight=0.8),
        Column("涉及单位（家）", weight=1.0),
        Column("已更正", weight=0.8),
        Column("已说明", weight=0.8),
        Column("待处理", weight=0.8),
    )
    bases = ("处数", "单位数", "已更正", "已说明", "待处理")
    cells: list[tuple[Inline, ...]] = [
        (
            _title(teller, f.rule),
            f.severity,
            *(_count(teller, f, f.rule, b) for b in bases),
        )
        for f in rows[:_SHOWN]
    ]
    total = tuple(_count(teller, quality.whole, ALL, b) for b in bases)
    cells.append(("合计", "", *total))
    note = (
        "注：同一处问题多次退回的只计一次；“已更正”指以后报来的报表已不再有该问题。首次通过率按首次"
        "报送的报表份数计算，汇总报送的表中有一处被退回，所含各单位的该表均计为首次未通过；退回后"
        "尚未重报的计为缺报。问题处数含报表接收后核对发现的。"
    )
    if len(rows) > _SHOWN:
        note += f"列前{_SHOWN}类，其余见附表。"
    blocks.append(Table("审核问题分类情况", columns, tuple(cells), totals=1, note=note))
    table = _by_unit_table(teller, quality)
    if table is not None:
        blocks.append(table)
    return Section("Q4", "审核发现的问题", tuple(blocks))


def _by_places(found: Found) -> tuple[int, str]:
    """Rules that spoke most often first, in one order for every section."""
    return -found.places, found.rule


def _title(teller: Teller, rule: str) -> str:
    known = teller.definitions.rules.get(rule)
    return known.title if known else rule


def _by_unit_table(teller: Teller, quality: Quality) -> Table | None:
    listed = [(u, f) for u in teller.figures.children.get(BLOCK, ())
              if (f := quality.by_unit.get(u.code))]  # fmt: skip
    if len(listed) < 2:
        return None
    listed.sort(key=lambda p: (-p[1].waiting, -p[1].places))
    bases = ("处数", "单位数", "已更正", "已说明", "待处理")
    rows = tuple(
        (u.name, *(_count(teller, f, ALL, b, u.code) for b in bases)) for u, f in listed[:_SHOWN]
    )
    columns = (
        Column("单位", "left", 3.0),
        Column("处数", weight=0.9),
        Column("涉及单位（家）", weight=1.1),
        Column("已更正", weight=0.9),
        Column("已说明", weight=0.9),
        Column("待处理", weight=0.9),
    )
    note = f"注：按待处理处数列前{_SHOWN}家。" if len(listed) > _SHOWN else ""
    return Table("各单位审核问题情况", columns, rows, note=note)


def _demands(teller: Teller, quality: Quality) -> Section | None:
    """What is asked, each demand answering a fact of this bulletin; None where nothing is open."""
    teller.open("Q5")
    total = overall(teller.figures)
    demands: list[list[Inline]] = []
    if total is not None and total.lacking:
        lacking = filings(teller, total, "missing")
        demands.append(
            ["抓紧补报。尚缺报的", lacking, "份报表，由直接上级工会逐户核实原因并督促补报；"
             "补报前其数据不计入合计，也不以零代替。"]
        )  # fmt: skip
    if quality.whole.waiting:
        demands.append(
            ["限期处理。尚待处理的", _count(teller, quality.whole, ALL, "待处理"),
             f"处问题，有关单位应自本通报印发之日起{quality.answer_workdays}个工作日内"
             "核对原始资料，数据有误的重报更正，情况属实的写明原因。"]
        )  # fmt: skip
    if total is not None and total.reported > total.first_pass and quality.rules:
        most = min(quality.rules, key=_by_places)
        often = sum(f.places == most.places for f in quality.rules) == 1 and most.places > 1
        named = f"重点核对“{_title(teller, most.rule)}”等多发问题，" if often else ""
        demands.append(["把好首报关。", f"各单位报送前应先行自查，{named}提高首次通过率。"])
    if not demands:
        return None
    numbered = len(demands) > 1
    blocks = tuple(
        Paragraph(((f"{ordinal(i)}是{runs[0]}" if numbered else runs[0]), *runs[1:])
                  if isinstance(runs[0], str) else tuple(runs), "item")
        for i, runs in enumerate(demands, 1)
    )  # fmt: skip
    return Section("Q5", "工作要求", blocks)


def form_sheet(book: Book, figures: Figures, names: Mapping[str, str]) -> None:
    """The same of every form, on a sheet of the annex."""
    fields = [
        Field("报表", "center", 12),
        Field("名称", "text", 36),
        Field("应报（份）", "int", 11),
        Field("实报（份）", "int", 11),
        Field("报送率", "center", 10),
        Field("按时（份）", "int", 11),
        Field("按时率", "center", 10),
        Field("首次通过（份）", "int", 12),
        Field("首次通过率", "center", 11),
        Field("缺报（份）", "int", 11),
    ]
    rows = [
        (
            r.unit, names.get(r.unit, ""), r.expected, r.reported,
            percent(r.reported, r.expected), r.on_time, percent(r.on_time, r.expected),
            r.first_pass, percent(r.first_pass, r.reported), r.lacking,
        )
        for r in _by_form(figures)
    ]  # fmt: skip
    book.table("分报表", "各报表报送和审核情况", fields, rows, freeze=2)


def _rule_sheet(book: Book, quality: Quality, definitions: Definitions) -> None:
    fields = [
        Field("规则", "center", 12),
        Field("问题", "wrap", 40),
        Field("处理", "center", 10),
        Field("处数", "int", 9),
        Field("涉及单位（家）", "int", 12),
        Field("已更正", "int", 9),
        Field("已说明", "int", 9),
        Field("待处理", "int", 9),
        Field("改进要求", "wrap", 60),
    ]
    rows = []
    for f in sorted(quality.rules, key=_by_places):
        rule = definitions.rules.get(f.rule)
        advice = rule.advice if rule and "{" not in rule.advice else ""
        rows.append(
            (f.rule, rule.title if rule else f.rule, f.severity, f.places, f.units, f.mended,
             f.explained, f.waiting, advice)
        )  # fmt: skip
    if rows:
        book.table("审核问题", "审核发现的问题", fields, rows)
