"""Papers beside the book: audit report (R-05), star list (R-06), funding note (R-08).

Pure: what is printed comes in as words that were worked out before, each number with what it is
made of; here it becomes documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.publish.paper import Grid, Heading, Paper, Part, Text, Words, listed, said, table_or
from pipelines.publish.publication import chinese_day


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """One audited union.

    Aspects are (name, weight, base, benefit, award, score, last year's, mean of all audited);
    `losses` sentences on where marks were lost.
    """

    unit: str
    year: int
    number: str
    notice_on: date
    start_on: date
    aspects: tuple[tuple[Words, ...], ...]
    losses: tuple[Words, ...]
    score: Words
    band: str
    last: Words
    problems: tuple[Words, ...]
    state: Words
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
            said("经费绩效综合得分 ", facts.score, f" 分，评定为“{facts.band}”。上次审计：",
                 facts.last, "。")
        ),
        Grid(
            ("方面", "权重", "基础", "效益", "奖励", "得分", "上年得分", "平均得分"),
            (26, 13, 15, 15, 15, 15, 17, 17), facts.aspects, "lcrrrrrr", "各方面得分",
            "平均得分为本年度全部被审计单位的平均。",
        ),
        Heading("失分情况"),
        *(
            [Text(x, "numbered") for x in facts.losses]
            or [Text("各项计分指标均得满分。")]
        ),
        Heading("存在的问题"),
        *(
            [Text(p, "numbered" if len(facts.problems) > 1 else "body") for p in facts.problems]
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
    rows: Sequence[tuple[Words, ...]],
    parties: Sequence[str],
    counts: Words,
    issued: date,
    final: bool = True,
) -> Paper:
    """R-06 星级职工之家名单: weights of the year, three scores, participation, star.

    One that is not `final` says so: it is shown, not announced.
    """
    doing = "公布" if final else "公示"
    parts = (
        Text(
            said(
                f"按照星级职工之家评定办法，经会员评家、所在单位评家和上级工会评家，{year}年度评定"
                f"结果{'' if final else '尚未审定，'}现予{doing}。本年度权重为{weights}。",
                counts,
            )
        ),
        Grid(
            ("序号", "工会", *(f"{p[:-2]}\n{p[-2:]}" for p in parties), "参评率", "总分", "星级"),
            (10, 48, *(18 for _ in parties), 15, 14, 13),
            tuple(rows),
            f"cl{'r' * len(parties)}rrc",
        ),
        Text("评家实行无记名方式，只汇总票数；对结果有异议的，可向上级工会反映。"),
    )
    return Paper(
        f"关于{doing}{year}年度星级职工之家名单的通知", federation, parts, number,
        "各基层工会", issued,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FundingFacts:
    """What next year's money is made of; rows in words."""

    federation: str
    year: int
    number: str
    base: Words
    total: Words
    rounding: Words
    coefficients: tuple[tuple[str, Words], ...]
    allocations: tuple[tuple[Words, ...], ...]
    shares: tuple[tuple[Words, ...], ...]
    shortfalls: tuple[Words, ...]
    honours: tuple[str, ...]
    talks: tuple[str, ...]
    rectified: tuple[str, ...]
    issued: date
    ungraded: tuple[str, ...] = ()
    scheme: str = ""
    """The scheme whose result this is; other schemes of the year have notes of their own."""


def funding_note(facts: FundingFacts) -> Paper:
    """R-08 经费与结果运用说明: coefficients, amounts, the 1:2:2 state, honours, talks."""
    following = facts.year + 1
    rates = listed(said(f"{grade} ", rate) for grade, rate in facts.coefficients)
    parts: list[Part] = [
        Text(
            f"根据{f'《{facts.scheme}》' if facts.scheme else ''}{facts.year}年度考核审定结果，"
            f"现将{following}年度产业工会工作经费和参加考核单位的结果运用情况说明如下。"
        ),
        Heading(f"{following}年度经费核定"),
        Text(said("经费基数每家 ", facts.base, " 元，等次系数为：", rates, "。", facts.rounding)),
        Grid(
            ("单位", "等次", "系数", "应得（元）", "核定（元）", "说明"),
            (28, 11, 11, 18, 18, 60), facts.allocations, "lccrrl",
            f"{following}年度市级产业工会经费核定表", said("合计 ", facts.total, " 元。"),
        ),
        *(
            [Text(f"等次尚未确定、经费待定的单位：{'、'.join(facts.ungraded)}。")]
            if facts.ungraded else []
        ),
        Heading("区县产业工会经费三方分担情况"),
        table_or("本年度没有上报区县产业工会经费到位情况。",
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
