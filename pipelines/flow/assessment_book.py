"""Printing the assessment book (R-02) of an edition, and a letter for each of its units."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions.schemes import Scheme
from pipelines.assess import AssessmentResult, UnitResult, assessment_book, explain
from pipelines.assess.results import AppliedVeto, BlockResult, PartResult, Standing, State
from pipelines.assess.wording import (
    ABSENT,
    days_in_words,
    figure,
    goal,
    marks,
    places_in_words,
    plain,
    without_codes,
)
from pipelines.assessment_year.stages import Stage
from pipelines.flow.assessing import BOOK, book_title
from pipelines.flow.ground import moment
from pipelines.flow.paper_ground import Shown, edition_shown, keep_made, on_edition, scheme_name
from pipelines.flow.recipes import Asked, to_keep
from pipelines.publish import assessment_book as papers
from pipelines.publish.paper import Paper
from pipelines.publish.pdf import paper_files
from pipelines.publish.publication import Publication, clock, file_title
from warehouse.windows import china_day


def publish_book(
    scheme: str, year: int, *, by: str, at: str, number: int | None = None, letter: str = ""
) -> list[str]:
    """R-02 of an edition (the newest by default) as Word and xlsx, and a letter for each unit.

    `letter` is the 发文字号 of the letters with {n} for their number; none are made without it.
    Returns the files.
    """
    asked = to_keep(year, moment(at), scheme=scheme, edition=number, letter=letter)
    return keep_made(made_book, asked, by)


def made_book(connection: Connection, asked: Asked) -> tuple[Publication, int]:
    """The book of an edition with its letters, and the computation behind it."""
    shown = edition_shown(connection, asked)
    year, letter = asked.period.year, str(asked.told("letter"))
    title = book_title(shown.result, year)
    content = [
        *paper_files([_book(shown, title)], title, shown.edition.cutoff),
        (
            f"{file_title(title)}.xlsx",
            assessment_book(
                shown.result,
                title=title,
                year=year,
                cutoff=shown.edition.cutoff,
                definitions_digest=shown.edition.definitions,
                federation=shown.federation,
                process=_process_tables(shown),
                status=_status(shown),
            ),
        ),
    ]
    if letter:
        sheets = [
            papers.result_letter(
                _unit(shown.result, unit, _follows(shown, unit)),
                federation=shown.federation,
                scheme=scheme_name(shown.result.scheme),
                year=year,
                number=letter.format(n=i),
                issued=china_day(asked.issued_at),
                appeal_days=_rights(shown),
                settled=_SETTLED.get(shown.found.stage, "系统核算（尚未审定）"),
            )
            for i, unit in enumerate(shown.result.units, 1)
        ]
        name = f"{year}年度考核结果通知单（{shown.result.scheme.label}）"
        content += paper_files(sheets, name, shown.edition.cutoff)
    return on_edition(BOOK, title, tuple(content), shown, asked), shown.computation


_SETTLED = {
    "审定": "考核并审定",
    "公示": "考核和联合会审，结果现予公示",
    "待审定": "考核和公示，结果待审定",
}
"""How far a letter says that a result has come, by the stage."""


def _status(shown: Shown) -> str:
    if shown.found.stage == "审定":
        return f"已审定（{shown.taken[-1].document}）"
    if shown.found.stage == "公示" and shown.found.until is not None:
        return f"公示至{shown.found.until:%Y年%-m月%-d日}"
    return f"{shown.found.stage}阶段，未审定"


def _rights(shown: Shown) -> str:
    if shown.found.stage == "公示" and shown.found.until is not None:
        return f"如有异议，请于{shown.found.until:%Y年%-m月%-d日}前书面申诉。"
    return ""


def _follows(shown: Shown, unit: UnitResult) -> tuple[str, ...]:
    if shown.found.stage != "审定":
        return ()
    band = next((b for b in shown.result.scheme.bands if b.name == unit.grade), None)
    return (band.consequence.replace("（建议值）", ""),) if band and band.consequence else ()


# --- from results to text ---


def _unit(
    result: AssessmentResult, unit: UnitResult, follows: Sequence[str] = ()
) -> papers.UnitPaper:
    invalid = unit.standing is Standing.INVALID
    tail = "（暂定）" if unit.standing is Standing.PROVISIONAL else ""
    return papers.UnitPaper(
        name=unit.unit.name,
        group=unit.group,
        rank=str(unit.rank or ABSENT),
        last_rank=str(unit.unit.last_year_rank or ABSENT),
        blocks=tuple(
            (f"{b.block.name}（{plain(b.weight)}%）", ABSENT if b.score is None else marks(b.score))
            for b in unit.blocks
        ),
        bonus=marks(unit.bonus_points),
        deduction=marks(unit.deduction_points),
        vetoes=tuple(
            v.veto.name + ("" if v.counted else "（未附文号，暂不执行）") for v in unit.vetoes
        ),
        total=ABSENT if unit.total is None else marks(unit.total),
        grade="不予评定" if invalid else f"{unit.grade}{tail}",
        reasons=tuple(
            r.rstrip("。")
            for r in (*unit.grade_reasons, *([unit.unit.note] if unit.unit.note else []))
        ),
        vetoes_told=tuple(_veto_told(v) for v in unit.vetoes),
        lines=tuple(line for b in unit.blocks for line in _block_lines(b)),
        next_grade=explain.next_grade(result.scheme, unit),
        adjusted_for=_adjusted_for(unit),
        consequences=tuple(follows),
        adjusts=adjusts_of(result.scheme),
        sums=tuple(explain.block_sentence(b) for b in unit.blocks if b.parts or b.raters),
    )


def _veto_told(veto: AppliedVeto) -> str:
    if not veto.counted:
        return f"一票否决情形“{veto.veto.name}”未附文号，暂不执行"
    return f"有一票否决情形“{veto.veto.name}”（{veto.document}），最高评为“{veto.veto.highest}”"


def _adjusted_for(unit: UnitResult) -> tuple[str, ...]:
    """Bonus and deduction by kind; where a cap holds them, that too."""
    told = []
    for name, entries, points in (
        ("加分", unit.bonus, unit.bonus_points), ("扣分", unit.deductions, unit.deduction_points),
    ):  # fmt: skip
        kinds: dict[str, Decimal] = defaultdict(Decimal)
        for entry in entries:
            if entry.counted:
                kinds[entry.kind] += entry.points
        if kinds:
            listed = "、".join(f"{kind} {marks(sum_)} 分" for kind, sum_ in kinds.items())
            capped = f"，按上限计 {marks(points)} 分" if sum(kinds.values()) > points else ""
            told.append(f"{name}情况：{listed}{capped}。")
    return tuple(told)


def adjusts_of(scheme: Scheme) -> tuple[str, ...]:
    """What a scheme adds and takes beside its blocks."""
    given = (("加分", scheme.bonus_cap), ("扣分", scheme.deduction_cap), ("一票否决", scheme.veto))
    return tuple(name for name, there in given if there)


def _block_lines(block: BlockResult) -> Iterator[papers.ScoreLine]:
    """Lines of a block: its figures, or its rater groups, or the one score that a party gave."""
    for part in block.parts:
        yield _line(part)
    for rater in block.raters:
        score = ABSENT if rater.score is None else marks(rater.score)
        earned = (rater.score or Decimal(0)) * rater.share / 100
        yield papers.ScoreLine(
            block.block.name, f"{rater.rater}（{plain(rater.share)}%）", plain(rater.share),
            ABSENT, ABSENT,
            score, marks(earned), f"{explain.rater_sentence(rater, block)}。",
        )  # fmt: skip
    if not block.parts and not block.raters:
        yield papers.ScoreLine(
            block.block.name, "评分", plain(block.weight), ABSENT, ABSENT,
            ABSENT if block.score is None else marks(block.score), marks(block.weighted),
            explain.block_sentence(block),
        )  # fmt: skip


def _line(line: PartResult) -> papers.ScoreLine:
    told = line.indicator

    def shown(value: Decimal | None) -> str:
        return ABSENT if value is None or told is None else figure(value, told)

    return papers.ScoreLine(
        item=line.item.name,
        name=told.name if told else "考评组评分",
        full=plain(line.full),
        target=ABSENT if line.target is None or told is None else goal(line.target, told),
        told=shown(line.self_reported),
        actual=shown(line.actual),
        marks=State.NOT_APPLICABLE.value
        if line.state is State.NOT_APPLICABLE
        else marks(line.marks),
        reason=explain.part_sentence(line),
    )


def _book(shown: Shown, title: str) -> Paper:
    result, scheme = shown.result, shown.result.scheme
    names = {u.unit.code: u.unit.name for u in result.units}
    return papers.book_paper(
        papers.BookFacts(
            federation=shown.federation,
            year=result.year,
            title=title,
            scheme=scheme_name(scheme),
            code=scheme.code,
            edition=f"第 {shown.edition.number} 版，{_status(shown)}",
            cause=re.sub(r"^申诉 (\d+) ", r"第 \1 号申诉：", shown.edition.cause),
            cutoff=clock(shown.edition.cutoff),
            digest=shown.edition.digest,
            definitions=shown.edition.definitions,
            method=_method(result),
            groups=tuple(
                (group, tuple(_unit(result, u) for u in members))
                for group, members in result.groups.items()
            ),
            adjustments=_adjustments(result),
            ratings=_ratings(result),
            sample=(_drawing(shown), _inspections(shown, names)),
            rulings=_rulings(shown, names),
            appeals=_appeals(shown, names),
            course=_course(shown),
            notices=tuple(
                without_codes(n) for n in (*result.provisional, *result.notices, *shown.refused)
            ),
            rests_on=_rests_on(scheme),
            **_nothing_changed(shown),
        )
    )


def _method(result: AssessmentResult) -> tuple[str, ...]:
    scheme = result.scheme
    weights = "、".join(f"{b.name} {plain(b.weight)}%" for b in scheme.blocks)
    bands = "、".join(
        f"{b.name} {plain(b.at_least)} 分以上" if b.at_least else f"{b.name}为其余"
        for b in scheme.bands
    )
    told = [
        f"总分由{weights}构成{_adjusting(scheme)}。",
        f"等次：{bands}（“以上”含本数），按总分确定。各项得分保留精确值，只对总分修约一次，"
        "取两位小数（四舍六入五成双）；表列两位小数仅供阅读，合计说明列至四位小数，可据以复核。",
        *_of_source(scheme),
        f"分组排名，一组不足 {scheme.smallest_group} 家的不排名次；总分相同的名次并列。",
    ]
    told += [
        f"“{grade}”不超过本组单位数的 {plain(share)}%。" for grade, share in scheme.quota.items()
    ]
    if scheme.veto:
        told.append(f"有一票否决情形 {len(scheme.veto)} 项，凭文号执行，被否决单位可以申诉。")
    return tuple(told)


def _adjusting(scheme: Scheme) -> str:
    told = [
        f"{name}（不超过 {plain(cap)} 分）"
        for name, cap in (("加分", scheme.bonus_cap), ("扣分", scheme.deduction_cap))
        if cap
    ]
    return f"，另计{'和'.join(told)}" if told else ""


def _of_source(scheme: Scheme) -> Iterator[str]:
    """What is said of marks by where they come from."""
    sources = {b.source for b in scheme.blocks}
    if "items" in sources:
        yield "没有计算基数的项目不适用，分值由同块其他项目分摊；应报未报的为缺报，计 0 分。"
    for block in scheme.blocks:
        if block.raters:
            shares = "、".join(f"{rater} {plain(s)}%" for rater, s in block.raters.items())
            yield f"{block.name}无记名进行，份额为{shares}；“不了解”的票不计入得分。"
    if scheme.validity is not None:
        name = next(b.name for b in scheme.blocks if b.code == scheme.validity.block)
        yield (
            f"{name}的参评率应达到 {plain(scheme.validity.participation_pct)}%，"
            f"参评不少于 {scheme.validity.ballots} 人（会员不足此数的应全部参评），否则评家无效。"
        )


def _adjustments(result: AssessmentResult) -> tuple[tuple[str, ...], ...]:
    rows = []
    for unit in result.units:
        for sign, entries in (("＋", unit.bonus), ("－", unit.deductions)):
            rows += [
                (unit.unit.name, a.kind, days_in_words(a.title),
                 "考核办法" if a.document == result.scheme.code
                 else places_in_words(a.document) or ABSENT,
                 f"{sign}{marks(a.points)}" if a.counted else "0.00",
                 "计入" if a.counted else a.why)
                for a in entries
            ]  # fmt: skip
        rows += [
            (unit.unit.name, "一票否决", f"{v.veto.name}：{v.title}", v.document or ABSENT, ABSENT,
             f"最高评为{v.veto.highest}" if v.counted else "未附文号，暂不执行")
            for v in unit.vetoes
        ]  # fmt: skip
    return tuple(rows)


def _ratings(result: AssessmentResult) -> tuple[tuple[str, ...], ...]:
    rows = []
    for unit in result.units:
        for rater in (r for b in unit.blocks for r in b.raters):
            t = rater.tally
            counts = (
                (t.eligible, t.ballots, t.very_sat, t.basic_sat, t.unsat, t.unclear) if t else ()
            )
            texts = [f"{n:,}" for n in counts] or [ABSENT] * 6
            share = rater.participation_pct
            rows.append(
                (unit.unit.name, rater.rater, *texts[:2],
                 ABSENT if share is None else f"{share:.2f}%", *texts[2:],
                 ABSENT if rater.score is None else marks(rater.score))
            )  # fmt: skip
        for block in unit.blocks:
            if block.eligible is None or block.ballots is None:
                continue
            share = block.participation_pct
            rows.append(
                (unit.unit.name, block.block.name, f"{block.eligible:,}", f"{block.ballots:,}",
                 ABSENT if share is None else f"{share:.2f}%", *[ABSENT] * 4,
                 ABSENT if block.score is None else marks(block.score))
            )  # fmt: skip
    return tuple(rows)


def _drawing(shown: Shown) -> str:
    if not shown.seed:
        return "本版结果形成时尚未进行现场抽查。"
    return (
        f"抽签种子为“{shown.seed}”，公开产生。签号为“种子:单位编码”的 SHA-256 值，"
        f"各组按签号从小到大抽取，共 {len(shown.sample)} 家；任何人都可以据此重抽核对。"
    )


def _inspections(shown: Shown, names: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (d["ranking_group"], d["lot"][:12], names.get(d["unit"], d["unit"]),
         d["outcome"] or "待核查", d["finding"] or ABSENT, d["evidence"] or ABSENT)
        for d in shown.sample
    )  # fmt: skip


def _rulings(shown: Shown, names: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    told = {i.code: i for i in shown.result.indicators}

    def settled(ruling: dict[str, Any]) -> str:
        facts = told.get(ruling["key"])
        if ruling["value"] is None:
            return ABSENT
        return figure(ruling["value"], facts) if facts else plain(ruling["value"])

    return tuple(
        (names.get(r["unit"], r["unit"]), r["kind"],
         told[r["key"]].name if r["key"] in told else r["key"], settled(r), r["source"],
         r["document"], r["reason"])
        for r in shown.rulings
    )  # fmt: skip


_RESTS = {
    "items": "上报数据", "ratings": "评价票", "assessors": "考评组评分", "party": "各方评价得分",
}  # fmt: skip


def _rests_on(scheme: Scheme) -> str:
    """What marks are calculated from, by the sources of the scheme's blocks."""
    sources = {b.source for b in scheme.blocks}
    if any(i.assessed is not None for b in scheme.blocks for i in b.items):
        sources.add("assessors")
    *first, last = [words for source, words in _RESTS.items() if source in sources]
    return f"{'、'.join(first)}和{last}" if first else last


def _nothing_changed(shown: Shown) -> dict[str, str]:
    """What the book says where nothing was ruled and nobody appealed, as far as it has come."""
    taken = {t.stage_to for t in shown.taken}
    told = {}
    if Stage.REVIEW not in taken:
        told["no_rulings"] = "本版结果尚未经联合会审和现场抽查。"
    elif Stage.INSPECTION not in taken:
        told["no_rulings"] = "会审没有改变计分数据，尚未进行现场抽查。"
    if Stage.NOTICE not in taken:
        told["no_appeals"] = "本版结果尚未公示。"
    elif shown.found.stage == Stage.NOTICE:
        told["no_appeals"] = "截至编印时没有收到申诉。"
    return told


def _appeals(shown: Shown, names: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (str(a.id), names.get(a.unit, a.unit), a.about, a.claim, a.outcome or "办理中",
         a.reason or ABSENT, a.document or ABSENT)
        for a in shown.appeals
    )  # fmt: skip


def _course(shown: Shown) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (clock(t.at), t.stage_to, t.actor, t.reason, t.document or ABSENT) for t in shown.taken
    )


def _process_tables(shown: Shown) -> tuple[tuple[str, tuple[str, ...], Any], ...]:
    """The pages of the workbook that tell how the result came about."""
    names = {u.unit.code: u.unit.name for u in shown.result.units}
    return (
        ("考核过程", ("时间", "步骤", "经办", "事由", "文号"), _course(shown)),
        ("现场抽查", ("组别", "签号", "单位", "结论", "核查情况", "佐证材料"),
         _inspections(shown, names)),
        ("核定事项", ("单位", "事项", "内容", "核定为", "来源", "文号", "理由"),
         _rulings(shown, names)),
        ("申诉与答复", ("编号", "单位", "申诉事项", "请求", "答复", "理由", "文号"),
         _appeals(shown, names)),
    )  # fmt: skip
