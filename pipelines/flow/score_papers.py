"""A scored result in the words of the book and its letters; each number knows its source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from definitions.schemes import Scheme
from pipelines.assess import AssessmentResult, UnitResult, explain
from pipelines.assess.results import (
    Adjustment,
    AppliedVeto,
    BlockResult,
    PartResult,
    RaterResult,
    Standing,
    State,
)
from pipelines.assess.wording import (
    ABSENT,
    days_in_words,
    figure,
    goal,
    marks,
    places_in_words,
    plain,
)
from pipelines.publish import assessment_book as papers
from pipelines.publish.paper import Words, listed, said
from pipelines.publish.paper_numbers import Numbers
from pipelines.publish.publication import Publication
from pipelines.publish.quoting import (
    ACTUAL_OF,
    BALLOT_OF,
    BASIS_WORDS,
    BLOCK_OF,
    BONUS,
    CAST,
    DEDUCTION,
    EARNED,
    ELIGIBLE,
    GIVEN,
    GRADED,
    MARK_OF,
    RANK,
    SHARE_CAST,
    TARGET_OF,
    TOLD_OF,
    TOTAL,
    basis_of,
)


def numbers_of(result: AssessmentResult, top: str) -> Numbers:
    """What makes the numbers of papers on a result."""
    return Numbers(result.scheme.code, str(result.year), top)


def scored(
    tell: Numbers, unit: UnitResult, value: Decimal | None, basis: str, blank: str = ABSENT
) -> Words:
    """Marks of a unit, or a dash."""
    text = blank if value is None else marks(value)
    return tell(text, value, basis, unit.unit.code)


def ranked_last_year(tell: Numbers, unit: UnitResult) -> Words:
    """The rank of the year before, from the result that it was given in."""
    rank, before = unit.unit.last_year_rank, unit.unit.last_year
    if not rank or before is None:
        return str(rank or ABSENT)
    year = str(int(tell.period) - 1)
    return tell(str(rank), rank, RANK, unit.unit.code, code=before.scheme, period=year)


def counted(tell: Numbers, what: str, units: Sequence[UnitResult]) -> Words:
    """How many units; it knows which."""
    codes = [u.unit.code for u in units]
    return tell(str(len(codes)), len(codes), basis_of(f"{what}{GRADED}"), units=codes)


def grades_of(tell: Numbers, result: AssessmentResult) -> tuple[tuple[str, Words], ...]:
    """Grade → how many units have it, in the order in which they come."""
    having: dict[str, list[UnitResult]] = defaultdict(list)
    for unit in result.units:
        having[grade_told(unit)].append(unit)
    return tuple((grade, counted(tell, grade, units)) for grade, units in having.items())


def grade_told(unit: UnitResult) -> str:
    """The grade of a unit as papers print it."""
    if unit.standing is Standing.INVALID:
        return "不予评定"
    return f"{unit.grade}{'（暂定）' if unit.standing is Standing.PROVISIONAL else ''}"


SourceTable = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]


def sources_of(result: AssessmentResult, publication: Publication) -> SourceTable:
    """The sheet 数字来源: every number of the book and its letters, and what it is made of."""
    units = {u.unit.code: u.unit.name for u in result.units}
    names = {i.code: i.name for i in result.indicators} | BASIS_WORDS
    names |= {b.code: b.name for b in result.scheme.blocks}
    names |= {i.code: i.name for b in result.scheme.blocks for i in b.items}
    rows = tuple(
        (
            f"{publication.reference}-{place}", n.text, units.get(n.unit, "全部参评单位"),
            "·".join(names.get(word, word) for word in n.basis.split(":") if word),
            n.period, n.indicator, n.unit,
        )
        for place, n in enumerate(publication.numbers, 1)
    )  # fmt: skip
    heads = ("编号", "文中", "单位", "内容", "年度", "考核方案", "单位编码")
    return "数字来源", heads, rows


def unit_paper(
    tell: Numbers, result: AssessmentResult, unit: UnitResult, follows: Sequence[str] = ()
) -> papers.UnitPaper:
    """One unit as the book and its letter tell it."""
    return papers.UnitPaper(
        name=unit.unit.name,
        group=unit.group,
        rank=tell(str(unit.rank or ABSENT), unit.rank, RANK, unit.unit.code),
        last_rank=ranked_last_year(tell, unit),
        blocks=tuple(
            (f"{b.block.name}（{plain(b.weight)}%）",
             scored(tell, unit, b.score, f"{BLOCK_OF}{b.block.code}"))
            for b in unit.blocks
        ),
        bonus=scored(tell, unit, unit.bonus_points, BONUS),
        deduction=scored(tell, unit, unit.deduction_points, DEDUCTION),
        vetoes=tuple(
            v.veto.name + ("" if v.counted else "（未附文号，暂不执行）") for v in unit.vetoes
        ),
        total=scored(tell, unit, unit.total, TOTAL),
        grade=grade_told(unit),
        reasons=tuple(
            r.rstrip("。")
            for r in (*unit.grade_reasons, *([unit.unit.note] if unit.unit.note else []))
        ),
        vetoes_told=tuple(_veto_told(v) for v in unit.vetoes),
        lines=tuple(line for b in unit.blocks for line in _block_lines(tell, unit, b)),
        next_grade=explain.next_grade(result.scheme, unit),
        adjusted_for=_adjusted_for(tell, unit),
        consequences=tuple(follows),
        adjusts=adjusts_of(result.scheme),
        sums=tuple(explain.block_sentence(b) for b in unit.blocks if b.parts or b.raters),
    )  # fmt: skip


def _veto_told(veto: AppliedVeto) -> str:
    if not veto.counted:
        return f"一票否决情形“{veto.veto.name}”未附文号，暂不执行"
    return f"有一票否决情形“{veto.veto.name}”（{veto.document}），最高评为“{veto.veto.highest}”"


def _adjusted_for(tell: Numbers, unit: UnitResult) -> tuple[Words, ...]:
    """Bonus and deduction by kind; where a cap holds them, that too."""
    told: list[Words] = []
    for name, entries, points in (
        (BONUS, unit.bonus, unit.bonus_points),
        (DEDUCTION, unit.deductions, unit.deduction_points),
    ):
        kinds: dict[str, Decimal] = defaultdict(Decimal)
        for entry in entries:
            if entry.counted:
                kinds[entry.kind] += entry.points
        if not kinds:
            continue
        parts = listed(
            said(f"{kind} ", scored(tell, unit, sum_, basis_of(f"{name}:{kind}")), " 分")
            for kind, sum_ in kinds.items()
        )
        capped: Words = ""
        if sum(kinds.values()) > points:
            capped = said("，按上限计 ", scored(tell, unit, points, name), " 分")
        told.append(said(f"{name}情况：", parts, capped, "。"))
    return tuple(told)


def adjusts_of(scheme: Scheme) -> tuple[str, ...]:
    """What a scheme adds and takes beside its blocks."""
    given = ((BONUS, scheme.bonus_cap), (DEDUCTION, scheme.deduction_cap),
             ("一票否决", scheme.veto))  # fmt: skip
    return tuple(name for name, there in given if there)


def _block_lines(tell: Numbers, unit: UnitResult, block: BlockResult) -> Iterator[papers.ScoreLine]:
    """Lines of a block: its figures, or its rater groups, or the one score that a party gave."""
    for part in block.parts:
        yield _line(tell, unit, part)
    for rater in block.raters:
        earned = (rater.score or Decimal(0)) * rater.share / 100
        yield papers.ScoreLine(
            block.block.name, f"{rater.rater}（{plain(rater.share)}%）", plain(rater.share),
            ABSENT, ABSENT, scored(tell, unit, rater.score, ballot(block, rater, GIVEN)),
            scored(tell, unit, earned, ballot(block, rater, EARNED)),
            f"{explain.rater_sentence(rater, block)}。",
        )  # fmt: skip
    if not block.parts and not block.raters:
        name = f"{BLOCK_OF}{block.block.code}"
        yield papers.ScoreLine(
            block.block.name, "评分", plain(block.weight), ABSENT, ABSENT,
            scored(tell, unit, block.score, name),
            scored(tell, unit, block.weighted, f"{name}:{EARNED}"),
            explain.block_sentence(block),
        )  # fmt: skip


def ballot(block: BlockResult, rater: RaterResult | None, what: str) -> str:
    """The name of a number about the ballots of a rater group, or of a party (`rater` None)."""
    who = rater.rater if rater else block.block.name
    return basis_of(f"{BALLOT_OF}{block.block.code}:{who}:{what}")


def mark(line: PartResult, what: str) -> str:
    """The name of a number of one line of a score sheet."""
    code = line.indicator.code if line.indicator else ""
    return basis_of(f"{what}{line.item.code}:{code}".rstrip(":"))


def _line(tell: Numbers, unit: UnitResult, line: PartResult) -> papers.ScoreLine:
    told = line.indicator

    def shown(value: Decimal | None, what: str) -> Words:
        text = ABSENT if value is None or told is None else figure(value, told)
        return tell(text, None if told is None else value, mark(line, what), unit.unit.code)

    target = ABSENT if line.target is None or told is None else goal(line.target, told)
    got: Words = State.NOT_APPLICABLE.value
    if line.state is not State.NOT_APPLICABLE:
        got = scored(tell, unit, line.marks, mark(line, MARK_OF))
    return papers.ScoreLine(
        item=line.item.name,
        name=told.name if told else "考评组评分",
        full=plain(line.full),
        target=tell(target, line.target if told else None, mark(line, TARGET_OF), unit.unit.code),
        told=shown(line.self_reported, TOLD_OF),
        actual=shown(line.actual, ACTUAL_OF),
        marks=got,
        reason=explain.part_sentence(line),
    )


def adjustments(tell: Numbers, result: AssessmentResult) -> tuple[tuple[Words, ...], ...]:
    """Every bonus, deduction and veto with what it rests on."""
    rows: list[tuple[Words, ...]] = []
    for unit in result.units:
        for sign, name, entries in (
            ("＋", BONUS, unit.bonus), ("－", DEDUCTION, unit.deductions)
        ):  # fmt: skip
            seen: dict[str, int] = defaultdict(int)
            for entry in entries:
                seen[entry.kind] += 1
                rows.append(_adjusted(tell, result, unit, entry, name, sign, seen[entry.kind]))
        rows += [
            (unit.unit.name, "一票否决", f"{v.veto.name}：{v.title}", v.document or ABSENT, ABSENT,
             f"最高评为{v.veto.highest}" if v.counted else "未附文号，暂不执行")
            for v in unit.vetoes
        ]  # fmt: skip
    return tuple(rows)


def _adjusted(
    tell: Numbers, result: AssessmentResult, unit: UnitResult, one: Adjustment, name: str,
    sign: str, place: int,
) -> tuple[Words, ...]:  # fmt: skip
    by = places_in_words(one.document) or ABSENT
    basis = basis_of(f"{name}:{one.kind}:{place}")
    return (
        unit.unit.name, one.kind, days_in_words(one.title),
        "考核办法" if one.document == result.scheme.code else by,
        tell(f"{sign}{marks(one.points)}" if one.counted else "0.00",
             one.points if one.counted else Decimal(0), basis, unit.unit.code),
        "计入" if one.counted else one.why,
    )  # fmt: skip


def ratings(tell: Numbers, result: AssessmentResult) -> tuple[tuple[Words, ...], ...]:
    """Ballots and participation of every unit by who rated it."""
    rows: list[tuple[Words, ...]] = []
    for unit in result.units:
        for block in unit.blocks:
            for rater in block.raters:
                rows.append(_rated(tell, unit, block, rater))
            if block.eligible is not None and block.ballots is not None:
                rows.append(_rated_by_party(tell, unit, block))
    return tuple(rows)


_CHOICES = (("满意", "very_sat"), ("基本满意", "basic_sat"), ("不满意", "unsat"),
            ("不了解", "unclear"))  # fmt: skip


def _rated(
    tell: Numbers, unit: UnitResult, block: BlockResult, rater: RaterResult
) -> tuple[Words, ...]:
    tally = rater.tally

    def count(value: int | None, what: str) -> Words:
        text = ABSENT if value is None else f"{value:,}"
        return tell(text, value, ballot(block, rater, what), unit.unit.code)

    return (
        unit.unit.name, rater.rater,
        count(tally.eligible if tally else None, ELIGIBLE),
        count(tally.ballots if tally else None, CAST),
        share_cast(tell, unit, block, rater),
        *(count(getattr(tally, field) if tally else None, name) for name, field in _CHOICES),
        scored(tell, unit, rater.score, ballot(block, rater, GIVEN)),
    )  # fmt: skip


def _rated_by_party(tell: Numbers, unit: UnitResult, block: BlockResult) -> tuple[Words, ...]:
    code = unit.unit.code
    return (
        unit.unit.name, block.block.name,
        tell(f"{block.eligible:,}", block.eligible, ballot(block, None, ELIGIBLE), code),
        tell(f"{block.ballots:,}", block.ballots, ballot(block, None, CAST), code),
        share_cast(tell, unit, block), *[ABSENT] * 4,
        scored(tell, unit, block.score, f"{BLOCK_OF}{block.block.code}"),
    )  # fmt: skip


def share_cast(
    tell: Numbers, unit: UnitResult, block: BlockResult, rater: RaterResult | None = None
) -> Words:
    """How many of those who may rate did."""
    share = block.participation_pct if rater is None else rater.participation_pct
    text = ABSENT if share is None else f"{share:.2f}%"
    return tell(text, share, ballot(block, rater, SHARE_CAST), unit.unit.code)
