"""Papers of an assessment year: the book (R-02), letters, notices (R-07), lists (R-05, R-06, R-08).

Pure: what is printed comes in as text that was worked out before; here it becomes documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.publish.official import (
    Grid,
    Heading,
    Paper,
    Part,
    Signatures,
    Text,
    Turn,
    chinese_day,
)


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One line of a score sheet, as text."""

    item: str
    name: str
    full: str
    target: str
    told: str
    actual: str
    marks: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnitPaper:
    """One unit of a result; `blocks` are (name with weight, score)."""

    name: str
    group: str
    rank: str
    last_rank: str
    blocks: tuple[tuple[str, str], ...]
    bonus: str
    deduction: str
    vetoes: tuple[str, ...]
    total: str
    grade: str
    reasons: tuple[str, ...]
    lines: tuple[ScoreLine, ...] = ()
    next_grade: str = ""
    ways_up: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()

    @property
    def places(self) -> str:
        """Group and rank as a letter says it."""
        if self.rank == "—":
            return f"{self.group}组，不排名次"
        return f"{self.group}组第 {self.rank} 名"


@dataclass(frozen=True, slots=True)
class BookFacts:
    """What the book says beside the units."""

    federation: str
    year: int
    title: str
    scheme: str
    code: str
    edition: str
    cutoff: str
    digest: str
    definitions: str
    method: tuple[str, ...]
    groups: tuple[tuple[str, tuple[UnitPaper, ...]], ...]
    adjustments: tuple[tuple[str, ...], ...]
    ratings: tuple[tuple[str, ...], ...]
    sample: tuple[str, tuple[tuple[str, ...], ...]]
    rulings: tuple[tuple[str, ...], ...]
    appeals: tuple[tuple[str, ...], ...]
    course: tuple[tuple[str, ...], ...]
    notices: tuple[str, ...] = ()


def book_paper(facts: BookFacts) -> Paper:
    """R-02: cover, method, ranking, ratings, inspection, appeals, score sheets, signatures."""
    units = [u for _, members in facts.groups for u in members]
    parts: list[Part] = [
        Heading("考核概况"),
        Text(
            f"按照{facts.scheme}，对 {len(units)} 家单位{facts.year}年度工作进行了考核。"
            f"{_graded(units)}计分数据截至{facts.cutoff}，全部得分由系统按上报数据计算，"
            "每项得分均可查到原始报表。"
        ),
        *(Text(n) for n in facts.notices),
        Heading("考核办法摘要"),
        *(Text(line, "numbered") for line in facts.method),
        Heading("考核过程"),
        Grid(
            ("时间", "步骤", "经办", "事由", "文号"), (20, 22, 20, 30, 26), facts.course, "clllc",
        ),
        Turn(landscape=True),
        Heading("考核结果"),
    ]  # fmt: skip
    for group, members in facts.groups:
        blocks = tuple(name for name, _ in members[0].blocks)
        parts.append(
            Grid(
                ("名次", "单位", *blocks, "加分", "扣分", "一票否决", "总分", "等次", "上年名次",
                 "备注"),
                (7, 26, *(16 for _ in blocks), 9, 9, 16, 10, 11, 8, 30),
                tuple(_ranked(u) for u in members),
                f"cl{'r' * len(blocks)}rrcrccl",
                f"{group}组（{len(members)} 家）",
            )
        )  # fmt: skip
    parts += [
        Heading("加分、扣分与一票否决"),
        _table_or("没有加分、扣分和一票否决事项。",
                  ("单位", "类别", "事项", "文号（凭据）", "分值", "处理"),
                  (24, 12, 46, 28, 10, 28), facts.adjustments, "lcllrl"),
        Heading("群众评价"),
        _table_or("本方案不含群众评价。",
                  ("单位", "评价主体", "应评人数", "收回票数", "参与率", "满意", "基本满意",
                   "不满意", "不了解", "得分"),
                  (30, 14, 11, 11, 12, 10, 11, 10, 10, 12), facts.ratings, "lcrrrrrrrr"),
        Heading("现场抽查"),
        Text(facts.sample[0]),
        _table_or("没有抽查记录。", ("组别", "签号", "单位", "结论", "核查情况", "佐证材料"),
                  (20, 22, 28, 12, 44, 26), facts.sample[1], "lclcll"),
        Heading("核定、申诉与答复"),
        _table_or("会审、抽查没有改变计分数据。",
                  ("单位", "事项", "内容", "核定为", "来源", "文号", "理由"),
                  (24, 16, 28, 12, 12, 28, 30), facts.rulings, "lclrcll"),
        _table_or("公示期内没有收到申诉。",
                  ("编号", "单位", "申诉事项", "请求", "答复", "理由", "文号"),
                  (8, 24, 26, 32, 14, 30, 28), facts.appeals, "clllcll"),
        Heading("各单位评分明细"),
    ]  # fmt: skip
    for unit in units:
        parts += [Heading(f"{unit.name}（{unit.places}，总分 {unit.total}，{unit.grade}）", 2)]
        parts += [_score_table(unit)]
        if unit.next_grade:
            parts.append(Text(f"努力方向：{unit.next_grade}", "note"))
    parts += [
        Turn(landscape=False),
        Heading("审定"),
        Signatures(
            (
                ("考评组", "评分和佐证材料核实意见：", "组长（签字）：　　　　　　年　月　日"),
                ("联合会审组", "会审、抽查和申诉意见：", "组长（签字）：　　　　　　年　月　日"),
                ("主席办公会", "等次审定、名额并列票决和一票否决意见：",
                 "主席（签字）：　　　　　　年　月　日"),
                ("签发", f"{facts.federation}（盖章）", "签发人：　　　　　　年　月　日"),
            )
        ),
    ]  # fmt: skip
    return Paper(
        title=facts.title,
        issuer=facts.federation,
        parts=tuple(parts),
        cover=(
            ("考核方案", f"{facts.scheme}（{facts.code}）"),
            ("结果版次", facts.edition),
            ("数据截止", facts.cutoff),
            ("结果摘要码", facts.digest[:16]),
            ("定义版本", facts.definitions[:16]),
        ),
    )


def _graded(units: Sequence[UnitPaper]) -> str:
    counts: dict[str, int] = {}
    for unit in units:
        counts[unit.grade] = counts.get(unit.grade, 0) + 1
    return "其中" + "、".join(f"{grade} {n} 家" for grade, n in counts.items()) + "。"


def _ranked(unit: UnitPaper) -> tuple[str, ...]:
    return (
        unit.rank, unit.name, *(score for _, score in unit.blocks), unit.bonus, unit.deduction,
        "；".join(unit.vetoes) or "—", unit.total, unit.grade, unit.last_rank,
        "；".join(unit.reasons) or "—",
    )  # fmt: skip


def _table_or(
    empty: str,
    heads: tuple[str, ...],
    widths: tuple[float, ...],
    rows: tuple[tuple[str, ...], ...],
    align: str,
) -> Part:
    return Grid(heads, widths, rows, align) if rows else Text(empty)


def _score_table(unit: UnitPaper) -> Grid:
    return Grid(
        ("项目", "指标", "分值", "目标", "自报", "核定", "得分", "计分说明"),
        (9, 34, 8, 14, 14, 15, 12, 75),
        tuple(
            (x.item, x.name, x.full, x.target, x.told, x.actual, x.marks, x.reason)
            for x in unit.lines
        ),
        "clcrrrcl",
    )


def result_letter(
    unit: UnitPaper, *, federation: str, year: int, number: str, issued: date, appeal_days: str
) -> Paper:
    """考核结果通知单: one page that says result, where marks were lost, what follows."""
    before = "" if unit.last_rank == "—" else f"（上年第 {unit.last_rank} 名）"
    parts: list[Part] = [
        Text(
            f"经考核并审定，你单位{year}年度考核总分 {unit.total} 分，等次为{unit.grade}，"
            f"列{unit.places}{before}。现将有关情况通知如下。"
        ),
        Grid(
            (*(name for name, _ in unit.blocks), "加分", "扣分", "总分", "等次"),
            (*(16 for _ in unit.blocks), 9, 9, 11, 11),
            ((*(score for _, score in unit.blocks), unit.bonus, unit.deduction, unit.total,
              unit.grade),),
            "c" * (len(unit.blocks) + 4),
        ),
    ]  # fmt: skip
    if unit.vetoes or unit.reasons:
        parts.append(Text("等次说明：" + "；".join((*unit.reasons,) or unit.vetoes) + "。"))
    if unit.next_grade:
        parts.append(Text(f"努力方向：{unit.next_grade}"))
    if unit.consequences:
        parts.append(Text("结果运用：" + "；".join(unit.consequences) + "。"))
    parts.append(Text(f"各项得分、计分说明和数据来源见所附评分表。{appeal_days}"))
    return Paper(
        title=f"{year}年度考核结果通知单",
        issuer=federation,
        parts=tuple(parts),
        number=number,
        addressee=unit.name,
        issued=issued,
        compact=True,
    )


# --- R-07 ---


@dataclass(frozen=True, slots=True)
class Rectification:
    """What a unit must put right; `kind` 整改 or, once it is overdue, 督办."""

    unit: str
    number: str
    matter: str
    basis: str
    issued_on: date
    due_on: date
    problems: tuple[str, ...] = ()
    days_late: int = 0


def rectification_notice(given: Rectification, federation: str, office: str) -> Paper:
    """R-07 整改通知书: what was found, what is asked, by which day, to whom."""
    parts: list[Part] = [
        Text(f"根据{given.basis}，{given.matter}。现通知你单位限期整改，有关事项如下。"),
        Heading("存在的问题"),
        *(Text(p, "numbered") for p in given.problems or (given.matter,)),
        Heading("整改要求"),
        Text("逐项查明原因，制定整改措施，明确责任人和完成时限。", "numbered"),
        Text("整改情况经主要负责人签字、加盖公章后书面报送。", "numbered"),
        Heading("报送期限"),
        Text(
            f"请于{chinese_day(given.due_on)}前将整改结果和佐证材料报送{office}。"
            "逾期未报的予以督办，并在考核中扣分。"
        ),
    ]
    return Paper(
        "整改通知书", federation, tuple(parts), given.number, given.unit, given.issued_on,
        compact=True,
    )  # fmt: skip


def overdue_notice(given: Rectification, federation: str, office: str, today: date) -> Paper:
    """R-07 整改督办通知书: what was asked when, and how late it is."""
    parts = (
        Text(
            f"{chinese_day(given.issued_on)}印发的《整改通知书》（{given.number}）要求你单位就"
            f"“{given.matter}”于{chinese_day(given.due_on)}前报送整改结果。截至"
            f"{chinese_day(today)}，已逾期 {given.days_late} 日，仍未收到整改结果。"
        ),
        Text(
            f"现予督办。请于收到本通知之日起 5 个工作日内将整改结果报送{office}，并书面说明"
            "逾期原因。"
            "仍不报送的，按考核办法扣分，并约谈主要负责人。"
        ),
    )
    return Paper("整改督办通知书", federation, parts, f"{given.number}（督）", given.unit, today)


# --- R-08 ---


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """One audited union: aspects are (name, weight, base, benefit, award, score)."""

    unit: str
    year: int
    number: str
    notice_on: date
    start_on: date
    aspects: tuple[tuple[str, ...], ...]
    score: str
    band: str
    last: str
    problems: tuple[str, ...]
    state: str
    issued: date
    comment_until: str


def audit_report(facts: AuditFacts, committee: str) -> Paper:
    """R-05 经费绩效审计报告: how, marks by aspect, band, problems, rectification."""
    parts: list[Part] = [
        Text(
            f"{committee}于{chinese_day(facts.notice_on)}送达审计通知书，自"
            f"{chinese_day(facts.start_on)}起对你单位{facts.year}年度工会经费使用绩效进行了审计。"
            "审计依据各项报告单、预算决算和凭证，按基础、效益、奖励三部分对六个方面计分。"
        ),
        Heading("审计结果"),
        Text(
            f"经费绩效综合得分 {facts.score} 分，评定为“{facts.band}”。"
            f"上次审计：{facts.last}。"
        ),
        Grid(
            ("方面", "权重", "基础", "效益", "奖励", "得分"), (30, 14, 16, 16, 16, 16),
            facts.aspects, "lcrrrr", "各方面得分",
        ),
        Heading("存在的问题"),
        *(
            [Text(p, "numbered") for p in facts.problems]
            or [Text("审计没有发现需要整改的问题。")]
        ),
        Heading("整改要求和情况"),
        Text(facts.state),
        Text(facts.comment_until),
    ]  # fmt: skip
    return Paper(
        f"关于{facts.unit}{facts.year}年度工会经费绩效的审计报告", committee, tuple(parts),
        facts.number, facts.unit, facts.issued,
    )  # fmt: skip


def star_list(
    *,
    federation: str,
    year: int,
    number: str,
    weights: str,
    rows: Sequence[tuple[str, ...]],
    parties: Sequence[str],
    counts: str,
    issued: date,
) -> Paper:
    """R-06 星级职工之家名单: weights of the year, three scores, participation, star."""
    parts = (
        Text(
            f"按照星级职工之家评定办法，经会员评家、所在单位评家和上级工会评家，{year}年度评定结果"
            f"现予公布。本年度权重为{weights}。{counts}"
        ),
        Grid(
            ("序号", "工会", *parties, "参评率", "总分", "星级"),
            (7, 38, *(13 for _ in parties), 13, 12, 14),
            tuple(rows),
            f"cl{'r' * len(parties)}rrc",
        ),
        Text("评家实行无记名方式，只汇总票数；对结果有异议的，可向上级工会反映。"),
    )
    return Paper(
        f"关于公布{year}年度星级职工之家名单的通知", federation, parts, number,
        "各基层工会", issued,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FundingFacts:
    """What next year's money is made of; rows as text."""

    federation: str
    year: int
    number: str
    base: str
    total: str
    rounding: str
    coefficients: tuple[tuple[str, str], ...]
    allocations: tuple[tuple[str, ...], ...]
    shares: tuple[tuple[str, ...], ...]
    shortfalls: tuple[str, ...]
    honours: tuple[str, ...]
    talks: tuple[str, ...]
    rectified: tuple[str, ...]
    issued: date


def funding_note(facts: FundingFacts) -> Paper:
    """R-08 经费与结果运用说明: coefficients, amounts, the 1:2:2 state, honours, talks."""
    following = facts.year + 1
    rates = "、".join(f"{grade} {rate}" for grade, rate in facts.coefficients)
    parts: list[Part] = [
        Text(
            f"根据{facts.year}年度考核审定结果，现将{following}年度产业工会工作经费和考核结果运用情况"
            "说明如下。"
        ),
        Heading(f"{following}年度经费核定"),
        Text(f"经费基数每家 {facts.base} 元，等次系数为：{rates}。{facts.rounding}"),
        Grid(
            ("单位", "等次", "系数", "应得（元）", "核定（元）", "说明"),
            (28, 10, 9, 18, 18, 60), facts.allocations, "lccrrl",
            f"{following}年度市级产业工会经费核定表", f"合计 {facts.total} 元。",
        ),
        Heading("区县产业工会经费三方分担情况"),
        _table_or("本年度没有上报区县产业工会经费到位情况。",
                  ("单位", "分担方", "应承担（元）", "已到位（元）", "尚差（元）", "到位日期"),
                  (30, 18, 18, 18, 18, 20), facts.shares, "lcrrrc"),
        *(Text(s, "numbered") for s in facts.shortfalls),
        Heading("表彰"),
        Text("、".join(facts.honours) + "。" if facts.honours else "本年度没有列入表彰的单位。"),
        Heading("约谈和整改"),
        Text("约谈：" + ("、".join(facts.talks) or "无") + "。"),
        Text("限期整改：" + ("、".join(facts.rectified) or "无") + "。"),
    ]  # fmt: skip
    return Paper(
        f"关于{facts.year}年度考核结果运用和{following}年度经费核定的说明", facts.federation,
        tuple(parts), facts.number, "各产业工会、区县总工会", facts.issued,
    )  # fmt: skip
