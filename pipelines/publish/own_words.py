"""What units say of themselves (NARR-01, RES-02), quoted; its numbers are traced or marked.

A number of a text that equals a figure of an indicator which the text cites becomes that figure, to
be walked to its cells; every other one is marked 单位自述. Not quoted at all is a text that cites a
withheld figure, says its number or tells of a few helped people: it would tell what is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from pipelines import counted_rows
from pipelines.exposed_cells import small
from pipelines.figures import BLOCK, INDUSTRY, Figure
from pipelines.personal_numbers import blotted
from pipelines.publish.content import Block, Column, Inline, Paragraph, Subheading, Table
from pipelines.publish.disclosure import PRIVATE
from pipelines.publish.extras import Extras, Mark, Project, UnitWords
from pipelines.publish.sheets import Book, Field
from pipelines.publish.sides import of_period, side
from pipelines.publish.tables import LISTED, rest_note
from pipelines.publish.telling import NONE, Teller
from pipelines.small_cells import sensitive

DEED, PROBLEM, PLAN = "工作亮点", "存在问题", "下年打算"
OWN = "（单位自述）"
LAST = "R14"
QUOTED, QUOTED_PROBLEMS = 2, 6
"""Units below whose words a section quotes, and whose problems the last section does."""
LONGEST = 160
"""Characters of a quotation; the whole text is in the annex."""
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9.,〔第-])(?P<value>\d+(?:,\d{3})*(?:\.\d+)?)(?![.,]?\d)(?P<scale>[万亿]?)"
    r"(?![A-Za-z0-9〕万亿])(?!\s*[年月日号届时点])(?![—–~至-]\d+年)"
)
"""A number that counts something: no date, no number of a document, no part of a name like 5G."""
_MEASURE = re.compile(
    r"个百分点|[公平]方?米|公里|人次|[%％元人名个家户场次项件份期所处支条篇天对座台套批站点卷册张]?"
)
_PEOPLE = ("户", "人", "名", "人次")
_OF_FEW = re.compile(r"困难|救助|帮扶|大病|致困|诉求|欠薪|工伤")
_SCALES = {"": Decimal(1), "万": Decimal(10_000), "亿": Decimal(100_000_000)}
_SIDES = ("本期", "分子", "分母", "上年同期")
_WHOLE = ("本期", "上年同期")
_RATES = ("%", "％", "个百分点")
_ALIKE = (("%", "％"), ("人", "名", "人数"), ("个", "家"), ("场", "次", "场次"), ("项", "件", "个"))
"""Words that count the same thing, as people write them."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """A text with its numbers in place, how many of them are figures and how many are marked."""

    runs: tuple[Inline, ...]
    traced: int
    marked: int


def quotation(teller: Teller, said: UnitWords, longest: int | None = None) -> Quotation | None:
    """What a unit said as it may be printed, cut to a length; None where it would tell of few."""
    figures = [
        found
        for code in said.cites
        for line in (BLOCK, INDUSTRY)
        if (found := teller.figures.get(code, said.code, line=line)) is not None
    ]
    hidden = any(teller.hides(f, b) for f in figures for b in _WHOLE)
    if hidden or _exposes(teller, said.code, said.text):
        return None
    text = blotted(said.text) if longest is None else _cut(said.text, longest)
    runs: list[Inline] = []
    traced = marked = at = 0
    for token in _NUMBER.finditer(text):
        measure = _MEASURE.match(text, token.end())
        end = measure.end() if measure else token.end()
        equal = _equal(teller, figures, token["value"], token["scale"], text[token.end() : end])
        runs.append(text[at : token.start()])
        if equal is None:
            at, marked = end, marked + 1
            runs.append(text[token.start() : end])
            if not text.startswith((OWN, OWN[1:-1]), end):
                runs.append(OWN)
        else:
            at, traced = token.end(), traced + 1
            value = _side(equal.figure, equal.basis)
            period = of_period(equal.figure, equal.basis)
            assert value is not None  # noqa: S101 - it is what the number was equal to
            runs.append(teller.number(equal.figure, value, token[0], equal.basis, period))
    runs.append(text[at:])
    return Quotation(tuple(r for r in runs if r), traced, marked)


def _exposes(teller: Teller, unit: str, text: str, also: frozenset[Decimal] = frozenset()) -> bool:
    """Whether a text says a number that is withheld of its unit, or how few people were helped.

    `also` are such numbers of a unit whose figures the document does not hold.
    """
    held = also | {
        value
        for code in teller.disclosure.sensitive
        for line in (BLOCK, INDUSTRY)
        if (figure := teller.figures.get(code, unit, line=line)) is not None
        for basis in _WHOLE
        if teller.hides(figure, basis)
        for value in ((figure.value, figure.numerator, figure.denominator)
                      if basis == "本期" else (figure.last_year,))
        if value is not None
    }  # fmt: skip
    limit = sensitive(teller.definitions, teller.figures.period.end).limit
    about_few = _OF_FEW.search(text) is not None
    for token in _NUMBER.finditer(text):
        value = Decimal(token["value"].replace(",", "")) * _SCALES[token["scale"]]
        measure = _MEASURE.match(text, token.end())
        people = measure is not None and measure[0] in _PEOPLE
        if value in held or (about_few and people and small(value, limit)):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Side:
    figure: Figure
    basis: str


def _equal(
    teller: Teller, figures: Sequence[Figure], written: str, scale: str, measure: str
) -> _Side | None:
    """The figure that a number is, to as many places as it is written with, and which side."""
    plain, factor = written.replace(",", ""), _SCALES[scale]
    value = Decimal(plain) * factor
    margin = factor * Decimal(1).scaleb(-len(plain.partition(".")[2])) / 2
    for figure in figures:
        unit = teller.definitions.indicators[figure.indicator].unit
        for basis in _SIDES:
            held = _side(figure, basis)
            # both sides of a rate are counts of anything; a rate and a count have their own unit
            counted = unit == "%" and basis not in _WHOLE
            fits = measure not in _RATES if counted else _means(unit, measure)
            if held is not None and fits and abs(held - value) <= margin:
                return _Side(figure, basis)
    return None


def _means(unit: str, measure: str) -> bool:
    """Whether a word after a number says what an indicator is counted in; 人次 is no 人."""
    alike = next((group for group in _ALIKE if unit in group), (unit,))
    return measure in alike if unit in ("%", "元") or measure else True


def _side(figure: Figure, basis: str) -> Decimal | None:
    if basis == "分子":
        return figure.numerator
    if basis == "分母":
        return figure.denominator
    return side(figure, basis)


def highlights(teller: Teller, extras: Extras, section: str) -> list[Block]:
    """What the unit itself and a few below it say of a section, and where the rest stands."""
    said = [w for w in extras.words if w.section == section and w.kind == DEED]
    shown, rest = _chosen(teller, said, QUOTED)
    if not shown:
        return []
    more = f"；另有{rest:,}家单位的素材见附表" if rest else ""
    note = (
        "注：引文为各单位年度工作综述素材（NARR-01）原文，所引数字与报表相符的可追溯到报表，"
        f"其余标“单位自述”{more}。"
    )
    return [*shown, Paragraph((note,), "note")]


def problems(teller: Teller, extras: Extras) -> list[Block]:
    """Problems that the unit and those below it tell of."""
    said = [w for w in extras.words if w.section == LAST and w.kind == PROBLEM]
    shown, _ = _chosen(teller, said, QUOTED_PROBLEMS)
    return [Subheading("各单位反映的问题"), *shown] if shown else []


def plans(teller: Teller, extras: Extras) -> list[Block]:
    """What the unit itself intends for the next year, in its own words."""
    own = teller.figures.unit.code
    said = [w for w in extras.words if (w.section, w.kind, w.code) == (LAST, PLAN, own)]
    return _chosen(teller, said, 0)[0]


def own(
    teller: Teller, extras: Extras, section: str, kind: str, longest: int, most: int
) -> list[Block]:
    """What the unit itself says of a section, each text cut to a length, `most` of them at most."""
    code = teller.figures.unit.code
    said = [w for w in extras.words if (w.section, w.kind, w.code) == (section, kind, code)]
    told = (quotation(teller, words, longest) for words in said)
    shown = (Paragraph(("“", *t.runs, "”"), "quote") for t in told if t is not None)
    return list(islice(shown, most))


def _chosen(teller: Teller, said: Sequence[UnitWords], most: int) -> tuple[list[Block], int]:
    """Quotations of the unit itself and of some below it, and how many other units there are.

    First those who can prove most: by numbers that are figures, then by code.
    """
    own = teller.figures.unit.code
    trial = Teller(teller.figures, teller.definitions)  # numbers only what is printed
    proven = [(w, q) for w in said if (q := quotation(trial, w, LONGEST)) is not None]
    proven.sort(key=lambda p: (p[0].code != own, -p[1].traced, p[1].marked, p[0].code))
    count = sum(w.code == own for w, _ in proven) + most
    shown: list[Block] = []
    for words, _ in proven[:count]:
        told = quotation(teller, words, LONGEST)
        if told is not None:
            shown.append(Paragraph((f"{words.unit}：“", *told.runs, "”"), "quote"))
    quoted = {w.code for w, _ in proven[:count]}
    return shown, len({w.code for w, _ in proven} - quoted)


def _cut(text: str, longest: int) -> str:
    """A text no longer than a quotation, to the end of a sentence where there is one."""
    text = blotted(" ".join(text.split()))  # before it is cut, or half a number would be left
    if len(text) <= longest:
        return text
    end = max(text.rfind(mark, 0, longest) for mark in "。；！？")
    return f"{text[: end + 1]}……" if end > longest // 3 else f"{text[:longest]}……"


# --- selected projects ---


def projects(teller: Teller, extras: Extras) -> list[Block]:
    """T40: projects that were selected, the best first, with their marks and what they brought."""
    if not extras.projects:
        return []
    criteria = [m.label for m in extras.projects[0].marks]
    columns = (
        Column("项目", "left", 2.0),
        Column("申报工会", "left", 1.7),
        *(Column(name.removesuffix("得分"), weight=0.8) for name in criteria),
        Column("成效和关键数据", "left", 3.4),
    )
    rows = tuple(
        (
            blotted(p.title),
            p.unit,
            *(_mark(teller, p, m) for m in p.marks),
            _result(teller, p),
        )
        for p in extras.projects[:LISTED]
    )
    note = rest_note(len(extras.projects), "列得分居前的{n}项") or "注："
    note += "成效和关键数据为申报单位原文（RES-02），注明“单位自述”的数不在报表之内。"
    return [Table("入选创新项目", columns, rows, note=note)]


def _result(teller: Teller, project: Project) -> str:
    words = f"{project.title}{project.result}{project.numbers}"
    if _exposes(teller, project.code, words, project.held):
        return PRIVATE
    return f"{_cut(project.result, LONGEST)}{blotted(project.numbers)}"


def _mark(teller: Teller, project: Project, mark: Mark) -> Inline:
    if mark.value is None:
        return NONE
    code = counted_rows.code_of("RES-02", mark.column, "project_id", project.key)
    text = f"{mark.value.normalize():f}"
    return teller.counted(
        counted_rows.SOURCE, code, mark.value, text, counted_rows.OWN, unit=project.code
    )


# --- annex ---


def register(book: Book, teller: Teller, extras: Extras) -> None:
    """Every text in full, and how many of its numbers are figures of the reports."""
    rows = []
    for said in sorted(extras.words, key=lambda w: (w.section, w.code, w.kind)):
        told = quotation(teller, said)
        if told is None:
            continue
        text = "".join(r if isinstance(r, str) else r.text for r in told.runs)
        rows.append(
            (said.section, said.unit, said.kind, text, "、".join(said.cites), told.traced,
             told.marked)
        )  # fmt: skip
    if rows:
        fields = [
            Field("章节", "center", 8), Field("单位", "text", 32), Field("内容", "center", 10),
            Field("原文", "wrap", 80), Field("引用指标", "wrap", 24),
            Field("与报表相符（处）", "int", 11), Field("单位自述（处）", "int", 11),
        ]  # fmt: skip
        note = "原文不作改写；引用数字以报表为准，与报表不符或报表中没有的标“单位自述”"
        book.table("单位综述素材", "各单位年度工作综述素材", fields, rows, note=note)
    if extras.projects:
        marks = [m.label for m in extras.projects[0].marks]
        fields = [
            Field("项目", "wrap", 36), Field("申报工会", "text", 32),
            *(Field(name, "number", 11) for name in marks), Field("成效和关键数据", "wrap", 80),
        ]  # fmt: skip
        book.table("入选创新项目", "入选创新项目", fields, [
            (blotted(p.title), p.unit, *(m.value for m in p.marks), _result(teller, p))
            for p in extras.projects
        ])  # fmt: skip
