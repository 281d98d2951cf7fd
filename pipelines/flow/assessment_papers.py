"""Making the papers of an assessment: the book with its letters, star list, funding note, notices.

A book is made from an edition scored again at its own moments and refused where that is not the
result that was kept, so that no paper can say anything else than the warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions import Period
from definitions.periods import PeriodKind
from pipelines.assess import AssessmentResult, UnitResult, assessment_book, explain
from pipelines.assess.results import PartResult, Standing, State
from pipelines.assess.wording import ABSENT, figure, goal, marks, plain
from pipelines.assessment_year.stages import Refused
from pipelines.consolidate import top_unit
from pipelines.flow import consequences as following
from pipelines.flow import editions as made
from pipelines.flow.assessing import book_title
from pipelines.flow.ground import CHINA, definitions, engine, moment
from pipelines.flow.storing import keep_draft, lay_out
from pipelines.publish import Publication
from pipelines.publish import assessment_papers as papers
from pipelines.publish.official import Paper, word_of
from warehouse import assessment_facts as facts
from warehouse import assessment_year as kept
from warehouse.assessment_year import Edition, Round
from warehouse.organisations import standing
from warehouse.publications import decide
from warehouse.rectifications import consequences_of
from warehouse.windows import china_day


@dataclass(frozen=True, slots=True)
class _Shown:
    """An edition scored again, with everything its papers print beside it."""

    found: Round
    edition: Edition
    result: AssessmentResult
    computation: int
    federation: str
    top: str
    refused: tuple[str, ...]
    taken: tuple[kept.Taken, ...]
    appeals: tuple[Any, ...]
    rulings: tuple[dict[str, Any], ...]
    seed: str
    sample: tuple[dict[str, Any], ...]


def _shown(
    connection: Connection, scheme: str, year: int, number: int | None, at: datetime
) -> _Shown:
    found = kept.round_of(connection, scheme, year)
    listed = kept.editions(connection, found.id) if found else []
    chosen = [e for e in listed if number in (None, e.number)]
    if found is None or not chosen:
        raise Refused(f"{year}年度 {scheme} 没有可以编印的考核结果。")
    edition = chosen[-1]
    known = made.definitions_of(connection, edition.definitions)
    scored = made.scored(
        connection, known, made.scheme_of(known, scheme), year, found.id, edition.cutoff,
        edition.known_at,
    )  # fmt: skip
    if scored.digest != edition.digest:
        raise Refused(
            f"{year}年度 {scheme} 第 {edition.number} 版按原数据重算的结果与留存结果"
            "不一致，不能编印，请先核查。"
        )
    top = top_unit(standing(connection, Period(PeriodKind.YEAR, year).end, edition.cutoff))
    sample, drawn = facts.sample_of(connection, found.id)
    return _Shown(
        found, edition, scored.result, scored.computation, top.name, top.code, scored.refused,
        tuple(kept.steps_taken(connection, found.id)),
        tuple(facts.appeals(connection, found.id, at)),
        tuple(facts.rulings(connection, found.id, edition.known_at)),
        sample.seed if sample is not None else "", tuple(drawn),
    )  # fmt: skip


def _keep(publication: Publication, computation: int | None, by: str, when: datetime) -> list[str]:
    with engine().begin() as connection:
        number = keep_draft(connection, publication, computation, when)
        decide(connection, number, "published", by, when)
    return lay_out(publication)


def publish_book(
    scheme: str, year: int, *, by: str, at: str, number: int | None = None, letter: str = ""
) -> list[str]:
    """R-02 of an edition (the newest by default) as Word and xlsx, and a letter for each unit.

    `letter` is the 发文字号 of the letters with {n} for their number; none are made without it.
    Returns the files.
    """
    when = moment(at)
    with engine().connect() as connection:
        shown = _shown(connection, scheme, year, number, when)
        connection.rollback()
    title = book_title(shown.result, year)
    content = [
        (f"{title}.docx", word_of([_book(shown, title)], title, shown.edition.cutoff)),
        (
            f"{title}.xlsx",
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
                year=year,
                number=letter.format(n=i),
                issued=china_day(when),
                appeal_days=_rights(shown),
            )
            for i, unit in enumerate(shown.result.units, 1)
        ]
        name = f"{year}年度考核结果通知单（{shown.result.scheme.label}）"
        content.append((f"{name}.docx", word_of(sheets, name, shown.edition.cutoff)))
    publication = Publication(
        kind="R-02 考核结果汇编",
        title=title,
        unit=shown.top,
        period=Period(PeriodKind.YEAR, year),
        cutoff=shown.edition.known_at,
        digest=shown.edition.definitions,
        files=tuple(content),
    )
    return _keep(publication, shown.computation, by, when)


def _status(shown: _Shown) -> str:
    if shown.found.stage == "审定":
        return f"已审定（{shown.taken[-1].document}）"
    if shown.found.stage == "公示" and shown.found.until is not None:
        return f"公示至{shown.found.until:%Y年%-m月%-d日}"
    return f"{shown.found.stage}阶段，未审定"


def _rights(shown: _Shown) -> str:
    if shown.found.stage == "公示" and shown.found.until is not None:
        return f"如有异议，请于{shown.found.until:%Y年%-m月%-d日}前书面申诉。"
    return ""


def _follows(shown: _Shown, unit: UnitResult) -> tuple[str, ...]:
    band = next((b for b in shown.result.scheme.bands if b.name == unit.grade), None)
    return (band.consequence.replace("（建议值）", ""),) if band and band.consequence else ()


def _day(when: datetime) -> str:
    local = when.astimezone(CHINA)
    return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"


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
        lines=tuple(_line(p) for b in unit.blocks for p in b.parts),
        next_grade=explain.next_grade(result.scheme, unit),
        consequences=tuple(follows),
    )


def _line(line: PartResult) -> papers.ScoreLine:
    told = line.indicator

    def shown(value: Decimal | None) -> str:
        return ABSENT if value is None or told is None else figure(value, told)

    return papers.ScoreLine(
        item=line.item.code,
        name=told.name if told else f"{line.item.name}（考评组评分）",
        full=plain(line.full),
        target=ABSENT if line.target is None or told is None else goal(line.target, told),
        told=shown(line.self_reported),
        actual=shown(line.actual),
        marks=State.NOT_APPLICABLE.value
        if line.state is State.NOT_APPLICABLE
        else marks(line.marks),
        reason=explain.part_sentence(line),
    )


def _book(shown: _Shown, title: str) -> Paper:
    result, scheme = shown.result, shown.result.scheme
    names = {u.unit.code: u.unit.name for u in result.units}
    return papers.book_paper(
        papers.BookFacts(
            federation=shown.federation,
            year=result.year,
            title=title,
            scheme=scheme.title,
            code=scheme.code,
            edition=f"第 {shown.edition.number} 版（{shown.edition.cause}）；{_status(shown)}",
            cutoff=_day(shown.edition.cutoff),
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
            notices=(*result.provisional, *result.notices, *shown.refused),
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
        f"总分由{weights}构成，另计加分（不超过 {plain(scheme.bonus_cap)} 分）和扣分"
        f"（不超过 {plain(scheme.deduction_cap)} 分）。",
        f"等次：{bands}（“以上”含本数），按修约到两位小数的总分确定。",
        "没有计算基数的项目不适用，分值由同块其他项目分摊；应报未报的为缺报，计 0 分。",
        f"分组排名，一组不足 {scheme.smallest_group} 家的不排名次；总分相同的名次并列。",
    ]
    told += [
        f"“{grade}”不超过本组单位数的 {plain(share)}%。" for grade, share in scheme.quota.items()
    ]
    if scheme.veto:
        told.append(f"有一票否决情形 {len(scheme.veto)} 项，凭文号执行，被否决单位可以申诉。")
    return tuple(told)


def _adjustments(result: AssessmentResult) -> tuple[tuple[str, ...], ...]:
    rows = []
    for unit in result.units:
        for sign, entries in (("＋", unit.bonus), ("－", unit.deductions)):
            rows += [
                (unit.unit.name, a.kind, a.title, a.document or ABSENT,
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
    return tuple(rows)


def _drawing(shown: _Shown) -> str:
    if not shown.seed:
        return "尚未进行现场抽查。"
    return (
        f"抽签种子为“{shown.seed}”，公开产生。签号为“种子:单位编码”的 SHA-256 值，"
        f"各组按签号从小到大抽取，共 {len(shown.sample)} 家；任何人都可以据此重抽核对。"
    )


def _inspections(shown: _Shown, names: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (d["ranking_group"], d["lot"][:12], names.get(d["unit"], d["unit"]),
         d["outcome"] or "待核查", d["finding"] or ABSENT, d["evidence"] or ABSENT)
        for d in shown.sample
    )  # fmt: skip


def _rulings(shown: _Shown, names: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    told = {i.code: i.name for i in shown.result.indicators}
    return tuple(
        (names.get(r["unit"], r["unit"]), r["kind"], told.get(r["key"], r["key"]),
         ABSENT if r["value"] is None else plain(r["value"]), r["source"], r["document"],
         r["reason"])
        for r in shown.rulings
    )  # fmt: skip


def _appeals(shown: _Shown, names: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (str(a.id), names.get(a.unit, a.unit), a.about, a.claim, a.outcome or "办理中",
         a.reason or ABSENT, a.document or ABSENT)
        for a in shown.appeals
    )  # fmt: skip


def _course(shown: _Shown) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (_day(t.at), t.stage_to, t.actor, t.reason, t.document or ABSENT) for t in shown.taken
    )


def _process_tables(shown: _Shown) -> tuple[tuple[str, tuple[str, ...], Any], ...]:
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


# --- lists and notes ---


def publish_star_list(scheme: str, year: int, *, document: str, by: str, at: str) -> list[str]:
    """R-06: who is a star home, by the weights of the year."""
    when = moment(at)
    with engine().connect() as connection:
        shown = _shown(connection, scheme, year, None, when)
        connection.rollback()
    result = shown.result
    stars = [u for u in result.units if u.grade and u.standing is not Standing.INVALID]
    counts = "、".join(
        f"{b.name} {sum(u.grade == b.name for u in stars)} 家" for b in result.scheme.bands
    )
    rows = [
        (str(i), u.unit.name,
         *(ABSENT if b.score is None else marks(b.score) for b in u.blocks),
         _share(u), marks(u.total or 0), u.grade)
        for i, u in enumerate(stars, 1)
    ]  # fmt: skip
    paper = papers.star_list(
        federation=shown.federation,
        year=year,
        number=document,
        weights="、".join(f"{b.name} {plain(b.weight)}%" for b in result.scheme.blocks),
        rows=rows,
        parties=[b.name for b in result.scheme.blocks],
        counts=f"共评定 {len(stars)} 家，其中{counts}。",
        issued=china_day(when),
    )
    return _publish_one("R-06 星级职工之家名单", paper, shown, year, by, when)


def _share(unit: UnitResult) -> str:
    found = next((b.participation_pct for b in unit.blocks if b.participation_pct), None)
    return ABSENT if found is None else f"{found:.2f}%"


def _publish_one(
    kind: str, paper: Paper, shown: _Shown, year: int, by: str, when: datetime
) -> list[str]:
    publication = Publication(
        kind=kind,
        title=paper.title,
        unit=shown.top,
        period=Period(PeriodKind.YEAR, year),
        cutoff=shown.edition.known_at,
        digest=shown.edition.definitions,
        files=((f"{paper.title}.docx", word_of([paper], paper.title, shown.edition.cutoff)),),
    )
    return _keep(publication, shown.computation, by, when)


def publish_funding_note(
    scheme: str, year: int, *, document: str, by: str, at: str, pool: int | None = None
) -> list[str]:
    """R-08: coefficients, next year's amounts, how districts' shares arrived, honours, talks."""
    when = moment(at)
    money = following.next_year_money(scheme, year, at=at, pool=pool)
    with engine().connect() as connection:
        shown = _shown(connection, scheme, year, None, when)
        brought = consequences_of(connection, shown.edition.id)
        connection.rollback()
    names = {u.unit.code: u.unit.name for u in shown.result.units}

    def of(kind: str) -> tuple[str, ...]:
        return tuple(names.get(c.unit, c.unit) for c in brought if c.kind == kind)

    rounding = (
        f"合计以 {plain(money.step)} 元为单位，按最大余数法分配。" if pool is not None else ""
    )
    short = [
        f"{name}：{one.payer}尚差 {plain(one.short)} 元。"
        for _, name, one, _ in money.shares
        if one.short
    ]
    paper = papers.funding_note(
        papers.FundingFacts(
            federation=shown.federation,
            year=year,
            number=document,
            base=plain(money.base),
            total=plain(money.total),
            rounding=rounding,
            coefficients=tuple((g, f"{r:.2f}") for g, r in money.coefficients.items()),
            allocations=tuple(
                (a.union.name, a.union.grade, f"{a.coefficient:.2f}", plain(a.claim),
                 plain(a.yuan), a.why)
                for a in money.allocations
            ),
            shares=tuple(
                (name, one.payer, plain(one.due), plain(one.arrived), plain(one.short), day)
                for _, name, one, day in money.shares
            ),
            shortfalls=tuple(short),
            honours=of("表彰"),
            talks=of("约谈"),
            rectified=of("限期整改"),
            issued=china_day(when),
        )
    )  # fmt: skip
    return _publish_one("R-08 经费与结果运用说明", paper, shown, year, by, when)


def publish_notices(*, office: str, by: str, at: str, numbers: Sequence[int] = ()) -> list[str]:
    """R-07: a notice for each rectification that is open, a warning for each that is overdue."""
    known, when = definitions(), moment(at)
    day = china_day(when)
    with engine().connect() as connection:
        top = top_unit(standing(connection, day, when))
    written: list[str] = []
    for one in following.open_rectifications(at):
        if numbers and one.number not in numbers:
            continue
        given = papers.Rectification(
            unit=one.name, number=one.document, matter=one.matter,
            basis="年度考核审定结果" if one.source == "年度考核" else "经费绩效审计意见",
            issued_on=one.issued_on, due_on=one.due_on, days_late=max(0, -one.days_left),
        )  # fmt: skip
        late = one.state == "逾期未报"
        paper = (
            papers.overdue_notice(given, top.name, office, day)
            if late
            else papers.rectification_notice(given, top.name, office)
        )
        name = f"{paper.title}（{one.name}，{one.number}）"
        publication = Publication(
            kind="R-07 通知书",
            title=name,
            unit=top.code,
            period=Period(PeriodKind.YEAR, one.issued_on.year),
            cutoff=when,
            digest=known.digest,
            files=((f"{name}.docx", word_of([paper], name, when)),),
        )
        written += _keep(publication, None, by, when)
    return written


# --- R-05 ---


def publish_audit_reports(year: int, *, committee: str, by: str, at: str) -> list[str]:
    """R-05 of every audit of a year's funds whose opinion was delivered and whose mark is known.

    Marks come from the newest kept assessment of fund performance (FPA); an audited union without
    one gets no report yet.
    """
    known, when = definitions(), moment(at)
    day = china_day(when)
    period = Period(PeriodKind.YEAR, year)
    with engine().connect() as connection:
        orgs = {o.code: o for o in standing(connection, day, when)}
        top = top_unit(list(orgs.values()))
        rows = [
            r
            for r in following.audit_rows(connection, known, list(orgs), day.year, when)
            if r["year"] == year and r["opinion_on"] is not None and r["opinion_on"] <= day
        ]
        scored = {
            y: {r.unit: r for r in kept.standing_result(connection, "FPA", y, when)}
            for y in (year - 1, year)
        }
        connection.rollback()
    written: list[str] = []
    for row in rows:
        unit = scored[year].get(row["org_code"])
        if unit is None or unit.total is None:
            continue
        before = scored[year - 1].get(row["org_code"])
        paper = papers.audit_report(
            papers.AuditFacts(
                unit=orgs[row["org_code"]].name, year=year, number=row["audit_id"],
                notice_on=row["notice_on"], start_on=row["start_on"],
                aspects=tuple(_aspect(b) for b in unit.detail["blocks"]),
                score=marks(unit.total), band=unit.grade,
                last="没有记录" if before is None or before.total is None
                else f"{year - 1}年度 {marks(before.total)} 分，{before.grade}",
                problems=_problems(row), state=_rectified(known, row), issued=row["opinion_on"],
                comment_until="对本报告有意见的，请于收到之日起 10 日内书面提出。",
            ),
            committee,
        )  # fmt: skip
        publication = Publication(
            kind="R-05 经费绩效审计报告", title=paper.title, unit=top.code, period=period,
            cutoff=when, digest=known.digest,
            files=((f"{paper.title}.docx", word_of([paper], paper.title, when)),),
        )  # fmt: skip
        written += _keep(publication, None, by, when)
    return written


def _aspect(block: dict[str, Any]) -> tuple[str, ...]:
    """Name, weight, base, benefit, award, score of one aspect of a kept audit result."""
    sums = {"基础": Decimal(0), "效益": Decimal(0), "": Decimal(0)}
    for part in block["parts"]:
        kind = str(part["item"]["name"])[:2]
        sums[kind if kind in sums else ""] += Decimal(part["marks"])
    score = block["score"]
    return (
        str(block["block"]["name"]), f"{plain(Decimal(block['weight']))}%",
        *(marks(v) for v in sums.values()), ABSENT if score is None else marks(Decimal(score)),
    )  # fmt: skip


def _problems(row: dict[str, Any]) -> tuple[str, ...]:
    issues = int(row["issues"] or 0)
    if not issues:
        return ()
    money = Decimal(str(row["money_issue"] or 0))
    amount = f"，涉及金额 {plain(money)} 元" if money else ""
    return (f"审计意见书列出问题 {issues} 个{amount}，具体内容见审计意见书。",)


def _rectified(known: Any, row: dict[str, Any]) -> str:
    if not int(row["issues"] or 0):
        return "没有需要整改的事项。"
    days = int(known.parameters["audit_rectification_days"].at(row["opinion_on"]))
    told = f"整改结果须于审计意见送达之日起 {days} 日内书面报送。"
    told += f"目前已整改 {int(row['fixed'] or 0)} 个"
    return told + (f"，跟踪监督结论：{row['track_result']}。" if row["track_result"] else "。")
