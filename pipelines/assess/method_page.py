"""The method pages of the assessment book: how marks, totals, grades and stars come about."""

from __future__ import annotations

from definitions.schemes import Block, Part, Scheme
from pipelines.assess.explain import function_in_words
from pipelines.assess.inputs import IndicatorFacts
from pipelines.assess.layout import ABSENT, AT_TOP, CELL, CENTRE, NOTE, Look, Page
from pipelines.assess.results import AssessmentResult
from pipelines.assess.wording import goal, plain

_SOURCES = {
    "items": "系统按上报数据计算",
    "ratings": "群众评价票",
    "assessors": "考评组评分",
    "party": "评家得分",
}


def write_method(look: Look, result: AssessmentResult, name: str, footer: str) -> None:
    """One sheet that says how this scheme works, for people who will be ranked by it."""
    page = Page(look, name, (16, 24, 8, 12, 46, 36), footer)
    scheme = result.scheme
    page.title("考核办法摘要", f"{scheme.title}　方案编号 {scheme.code}")
    _composition(page, scheme)
    facts = {i.code: i for i in result.indicators}
    number = 2
    if any(b.items for b in scheme.blocks):
        _items(page, scheme, facts)
        number += 1
    numerals = "一二三四五六七八"
    for heading, write in (
        ("星级标准" if scheme.kind == "star-home" else "等次与结果运用", _grades),
        ("加分与扣分", _adjustments),
        ("一票否决", _vetoes),
        ("计分约定", _conventions),
        ("待补项目", _waiting),
    ):
        if write(page, scheme, f"{numerals[number - 1]}、{heading}"):
            number += 1


def _composition(page: Page, scheme: Scheme) -> None:
    page.section("一、总分构成")
    page.head(("部分", "计分来源", "权重", "怎样得到百分制得分", "依据"), (1, 1, 1, 2, 1))
    for block in scheme.blocks:
        page.line(
            (
                block.name,
                _SOURCES[block.source],
                f"{plain(block.weight)}%",
                _how(scheme, block),
                block.basis,
            ),
            (CENTRE, CELL, CENTRE, CELL, CELL),
            (1, 1, 1, 2, 1),
        )
    page.paragraph(f"方案依据：{scheme.authority}", NOTE)


def _how(scheme: Scheme, block: Block) -> str:
    if block.source == "party":
        return "评家得分（百分制）直接计入；会员评家得分为各评价票的平均"
    if block.source == "ratings":
        worth = scheme.ballots
        shares = "、".join(f"{r} {plain(s)}%" for r, s in block.raters.items())
        if worth is None:
            return shares
        return (
            f"满意 {plain(worth.very_sat)} 分、基本满意 {plain(worth.basic_sat)} 分、"
            f"不满意 {plain(worth.unsat)} 分；“不了解”不计入平均但公布，"
            f"超过 {plain(worth.unclear_explain_pct)}% 须说明。各方份额：{shares}"
        )
    if block.source == "assessors":
        items = "、".join(f"{i.name} {plain(i.marks)} 分" for i in block.items)
        return f"各考评组按百分制评分，取平均后折合：{items}"
    return "各项得分之和 ÷ 应得分之和 × 100；不适用项目的分值由同块其他项目按比例分摊"


def _items(page: Page, scheme: Scheme, facts: dict[str, IndicatorFacts]) -> None:
    page.section("二、计分项目")
    page.head(("项目", "指标", "分值", "目标", "计分方法", "依据"))
    props = (CELL, CELL, {**CENTRE, "num_format": "0.##"}, CENTRE, CELL, CELL)
    for item in (i for b in scheme.blocks if b.source == "items" for i in b.items):
        first, name = page.row, f"{item.code} {item.name}"
        for part in item.parts:
            fact = facts.get(part.indicator)
            label = fact.name if fact else part.indicator
            lower = fact is not None and fact.better == "lower"
            words = function_in_words(part, lower=lower)
            page.line((name, label, part.marks, _target(part, fact), words, part.basis), props)
        if item.assessed is not None:
            words = "各考评组百分制评分取平均 ÷ 100 × 分值"
            page.line((name, "考评组评分", item.assessed, ABSENT, words, item.basis), props)
        page.join(first, 0, name, CELL, AT_TOP)
    page.space()


def _target(part: Part, fact: IndicatorFacts | None) -> str:
    if part.target == "letter":
        return "责任书"
    if part.rise is not None:
        return f"上年＋{goal(part.rise, fact) if fact else plain(part.rise)}"
    if part.band is not None:
        low, high = part.band
        return f"{plain(low)}—{goal(high, fact) if fact else plain(high)}"
    value = part.steps[0][0] if part.steps else part.target
    if value is None:
        return ABSENT
    return goal(value, fact) if fact else plain(value)


def _grades(page: Page, scheme: Scheme, heading: str) -> bool:
    page.section(heading)
    star = scheme.kind == "star-home"
    spans = (1, 1, 4) if star else (1, 1, 3, 1)
    page.head(
        ("星级", "总分", "条件") if star else ("等次", "总分", "名额与条件", "结果运用"), spans
    )
    above: str | None = None
    for band in scheme.bands:
        floor = plain(band.at_least)
        if above is None:
            line = f"{floor} 分及以上"
        elif band.at_least == 0:
            line = f"不满 {above} 分"
        else:
            line = f"{floor} 分及以上，不满 {above} 分"
        above = floor
        texts = (band.name, line, _condition(scheme, band.name), band.consequence or ABSENT)
        page.line(texts[: len(spans)], (CENTRE, CELL, CELL, CELL)[: len(spans)], spans)
    if scheme.validity is not None:
        rule = scheme.validity
        page.paragraph(
            f"评家有效条件：会员参评率不低于 {plain(rule.participation_pct)}%，且参评会员不少于 "
            f"{rule.ballots} 人（有评价资格会员不足 {rule.ballots} 人的，须全部参评）。"
        )
    page.space()
    return True


def _condition(scheme: Scheme, grade: str) -> str:
    conditions = []
    if grade in scheme.quota:
        text = f"不超过本组单位数的 {plain(scheme.quota[grade])}%，向下取整"
        if scheme.quota_least:
            text += f"，不足 {scheme.quota_least} 名的按 {scheme.quota_least} 名计"
        conditions.append(text + "；总分并列跨名额边界的，提请主席办公会票决")
    names = {b.code: b.name for b in scheme.blocks}
    conditions += [
        f"{names[c.block]}得分低于 {plain(c.below)} 分的，最高评为本等次"
        for c in scheme.caps
        if c.highest == grade
    ]
    return "；".join(conditions) or ABSENT


def _adjustments(page: Page, scheme: Scheme, heading: str) -> bool:
    if not scheme.bonus_cap and not scheme.deduction_cap:
        return False
    page.section(heading)
    kinds = "、".join(f"{kind} {plain(points)} 分" for kind, points in scheme.bonus.items())
    page.paragraph(
        f"加分：合计不超过 {plain(scheme.bonus_cap)} 分。{kinds}；须有表彰文号，"
        "同一文号同一荣誉不重复加分。"
    )
    if scheme.excess is not None:
        rule = scheme.excess
        page.paragraph(
            f"超额完成：注明“超目标另计加分”的指标，每超目标 {plain(rule.step_pct)}% 加 "
            f"{plain(rule.points)} 分，单项不超过 {plain(rule.cap)} 分。"
        )
    kinds = "、".join(
        f"{kind}每项 {plain(points)} 分" for kind, points in scheme.deductions.items()
    )
    page.paragraph(f"扣分：合计不超过 {plain(scheme.deduction_cap)} 分。{kinds}。")
    if scheme.self_reporting is not None:
        own = scheme.self_reporting
        page.paragraph(
            f"自报不实：自报值与系统核定值偏差超过 {plain(own.tolerance_pct)}% 的，"
            f"每项扣 {plain(own.points)} 分。"
        )
    page.space()
    return True


def _vetoes(page: Page, scheme: Scheme, heading: str) -> bool:
    if not scheme.veto:
        return False
    page.section(heading)
    page.head(("序号", "情形", "最高等次"), (1, 4, 1))
    for number, veto in enumerate(scheme.veto, 1):
        page.line((str(number), veto.name, veto.highest), (CENTRE, CELL, CENTRE), (1, 4, 1))
    page.paragraph("一票否决由联合会凭文件录入，须有文号；被否决单位可以申诉。", NOTE)
    page.space()
    return True


def _conventions(page: Page, scheme: Scheme, heading: str) -> bool:
    page.section(heading)
    texts = ["各项得分保留精确值，只在总分上按“四舍六入五成双”修约到两位小数，再按总分定等。"]
    if scheme.kind == "target-responsibility":
        texts += [
            "得分以系统按上报数据核定的数值为准，单位自报值并列公布，不作计分依据。",
            "没有计算基数的项目为“不适用”，不计入应得分；应报未报的为“缺报”，计 0 分。",
            "方案有缺省目标的，责任书另有约定时以责任书为准。",
            f"分组排名；一组不足 {scheme.smallest_group} 家的不排名次。"
            "总分相同名次并列，其后名次顺延。",
            "年度内划转的单位，流量数按发生时所属关系、期末数按年末所属关系归集，并在备注中注明。",
        ]
    for number, text in enumerate(texts, 1):
        page.paragraph(f"{number}. {text}")
    page.space()
    return True


def _waiting(page: Page, scheme: Scheme, heading: str) -> bool:
    if scheme.coverage is None:
        return False
    page.section(heading)
    page.paragraph(scheme.coverage.note)
    page.head(("项目", "项目名称", "分值", "待用指标", "待用报表"), (1, 1, 1, 2, 1))
    for waiting in scheme.coverage.waiting:
        page.line(
            (
                waiting.item,
                waiting.name,
                waiting.marks,
                "、".join(waiting.indicators),
                "、".join(waiting.forms),
            ),
            (CENTRE, CELL, {**CENTRE, "num_format": "0.##"}, CELL, CELL),
            (1, 1, 1, 2, 1),
        )
    return True
