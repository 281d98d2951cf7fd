"""Printing the assessment book (R-02) of an edition, and a letter for each of its units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from definitions.schemes import Scheme
from pipelines.assess import AssessmentResult, UnitResult, assessment_book
from pipelines.assess.wording import ABSENT, figure, plain, without_codes
from pipelines.assessment_year.stages import Stage
from pipelines.flow.assessing import BOOK, book_title
from pipelines.flow.ground import moment
from pipelines.flow.paper_ground import Shown, edition_shown, keep_made, on_edition, scheme_name
from pipelines.flow.recipes import Asked, to_keep
from pipelines.flow.score_papers import (
    adjustments,
    counted,
    grades_of,
    numbers_of,
    ratings,
    sources_of,
    unit_paper,
)
from pipelines.publish import assessment_book as papers
from pipelines.publish.paper import Paper, Words, flat, said
from pipelines.publish.paper_numbers import Numbers, with_numbers
from pipelines.publish.pdf import paper_files
from pipelines.publish.publication import Publication, clock, file_title
from pipelines.publish.quoting import GRADED, RULED, basis_of
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
    tell = numbers_of(shown.result, shown.top)
    made, told = with_numbers(
        on_edition(BOOK, title, shown, asked),
        [_book(tell, shown, title), *(_letters(tell, shown, asked, letter) if letter else ())],
        shown.edition.known_at,
    )
    content = [
        *paper_files(told[:1], title, shown.edition.cutoff),
        (
            f"{file_title(title)}.xlsx",
            assessment_book(
                shown.result,
                title=title,
                year=year,
                cutoff=shown.edition.cutoff,
                definitions_digest=shown.edition.definitions,
                federation=shown.federation,
                process=(*_process_tables(tell, shown), sources_of(shown.result, made)),
                status=_status(shown),
            ),
        ),
    ]
    if letter:
        name = f"{year}年度考核结果通知单（{shown.result.scheme.label}）"
        content += paper_files(told[1:], name, shown.edition.cutoff)
    return replace(made, files=tuple(content)), shown.computation


def _letters(tell: Numbers, shown: Shown, asked: Asked, letter: str) -> list[Paper]:
    return [
        papers.result_letter(
            unit_paper(tell, shown.result, unit, _follows(shown, unit)),
            federation=shown.federation,
            scheme=scheme_name(shown.result.scheme),
            year=shown.result.year,
            number=letter.format(n=i),
            issued=china_day(asked.issued_at),
            appeal_days=_rights(shown),
            settled=_SETTLED.get(shown.found.stage, "系统核算（尚未审定）"),
        )
        for i, unit in enumerate(shown.result.units, 1)
    ]


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


def _book(tell: Numbers, shown: Shown, title: str) -> Paper:
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
                (
                    group,
                    counted(tell, f"{group}组", members),
                    tuple(unit_paper(tell, result, u) for u in members),
                )
                for group, members in result.groups.items()
            ),
            units=counted(tell, "参评", result.units),
            grades=grades_of(tell, result),
            adjustments=adjustments(tell, result),
            ratings=ratings(tell, result),
            sample=(_drawing(tell, shown), _inspections(shown, names)),
            rulings=_rulings(tell, shown, names),
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


def _drawing(tell: Numbers, shown: Shown) -> Words:
    if not shown.seed:
        return "本版结果形成时尚未进行现场抽查。"
    drawn = [d["unit"] for d in shown.sample]
    return said(
        f"抽签种子为“{shown.seed}”，公开产生。签号为“种子:单位编码”的 SHA-256 值，"
        "各组按签号从小到大抽取，共 ",
        tell(str(len(drawn)), len(drawn), f"抽查{GRADED}", units=drawn),
        " 家；任何人都可以据此重抽核对。",
    )


def _inspections(shown: Shown, names: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (d["ranking_group"], d["lot"][:12], names.get(d["unit"], d["unit"]),
         d["outcome"] or "待核查", d["finding"] or ABSENT, d["evidence"] or ABSENT)
        for d in shown.sample
    )  # fmt: skip


def _rulings(tell: Numbers, shown: Shown, names: dict[str, str]) -> tuple[tuple[Words, ...], ...]:
    told = {i.code: i for i in shown.result.indicators}

    def settled(ruling: dict[str, Any]) -> Words:
        facts, value = told.get(ruling["key"]), ruling["value"]
        if value is None:
            return ABSENT
        text = figure(value, facts) if facts else plain(value)
        return tell(text, value, basis_of(f"{RULED}{ruling['kind']}:{ruling['key']}"),
                    ruling["unit"])  # fmt: skip

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


def _process_tables(tell: Numbers, shown: Shown) -> tuple[tuple[str, tuple[str, ...], Any], ...]:
    """The pages of the workbook that tell how the result came about."""
    names = {u.unit.code: u.unit.name for u in shown.result.units}
    return (
        ("考核过程", ("时间", "步骤", "经办", "事由", "文号"), _course(shown)),
        ("现场抽查", ("组别", "签号", "单位", "结论", "核查情况", "佐证材料"),
         _inspections(shown, names)),
        ("核定事项", ("单位", "事项", "内容", "核定为", "来源", "文号", "理由"),
         tuple(tuple(flat(c) for c in row) for row in _rulings(tell, shown, names))),
        ("申诉与答复", ("编号", "单位", "申诉事项", "请求", "答复", "理由", "文号"),
         _appeals(shown, names)),
    )  # fmt: skip
