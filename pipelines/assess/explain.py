"""How a mark came about and what the next grade asks, in Chinese, with the numbers."""

from __future__ import annotations

from decimal import Decimal

from definitions.schemes import Part, Scheme
from pipelines.assess.inputs import IndicatorFacts, Revision
from pipelines.assess.results import (
    BlockResult,
    PartResult,
    RaterResult,
    Standing,
    State,
    UnitResult,
)
from pipelines.assess.wording import (
    exact_marks,
    figure,
    goal,
    marks,
    percent,
    plain,
    without_codes,
)

FUNCTION_NAMES: dict[str, str] = {
    "SF1": "按比例",
    "SF2": "过线按比例",
    "SF3": "阶梯",
    "SF4": "达标",
    "SF5": "反向",
    "SF6": "扣分",
    "SF7": "组内名次",
    "SF8": "改善度",
    "SF9": "水平与改善",
    "SF10": "得分率",
    "SF12": "季度过程",
}


def function_in_words(part: Part, *, lower: bool = False) -> str:
    """The function of a part with its settings, as the method page prints it."""
    return _in_words(part, part.function, lower=lower)


def _in_words(part: Part, function: str, *, lower: bool) -> str:
    full = plain(part.marks)
    sign = "≤" if lower else "≥"
    match function:
        case "SF1":
            text = "完成率 × 分值，最高得满分"
        case "SF2":
            floor = plain((part.floor or Decimal(0)) * 100)
            text = f"完成率低于 {floor}% 不得分，其余按完成率 × 分值，最高得满分"
        case "SF3":
            text = "；".join(f"{sign}{plain(t)} 得 {plain(m)} 分" for t, m in part.steps)
            text += "；未达最低一档不得分"
        case "SF4":
            asked = f"{'低于' if lower else '高于'}目标" if part.strict else "达到目标"
            text = f"{asked}得 {full} 分，否则不得分"
        case "SF5" if part.band is not None and part.limits is not None:
            (low, high), (least, most) = part.band, part.limits
            text = (
                f"在 {plain(low)}—{plain(high)} 之间得满分，向两侧按比例递减，"
                f"到 {plain(least)} 以下或 {plain(most)} 以上不得分"
            )
        case "SF5":
            text = f"达到目标得满分，到 {plain(part.limit or 0)} 时不得分，其间按比例递减"
        case "SF6":
            text = f"每发生 1 件扣 {plain(part.per_case or 0)} 分，扣完为止"
        case "SF7":
            text = "按组内名次从满分到 0 分等距计分，并列取平均名次"
        case "SF8":
            before = "上年" if part.base is None else f"基期 {plain(part.base)}"
            text = f"（本年－{before}）÷（目标－{before}）× 分值，在 0 与满分之间"
        case "SF9":
            level = plain((part.level_share or Decimal(0)) * 100)
            rest = plain((1 - (part.level_share or Decimal(0))) * 100)
            text = f"完成率占 {level}%，较上年改善度占 {rest}%"
        case "SF10":
            text = "得分 ÷ 100 × 分值"
        case _:
            text = f"各季度分别计分后取平均（{_in_words(part, part.inner or '', lower=lower)}）"
    if part.rise is not None:
        text += f"；目标为上年实绩加 {plain(part.rise)}"
    if part.excess:
        text += "；超目标另计加分"
    return text


def part_sentence(line: PartResult) -> str:
    """One line of a score sheet, told from its figures to its marks."""
    if line.state is not State.SCORED:
        share = "；分值由同块其他项目分摊" if line.state is State.NOT_APPLICABLE else ""
        claim = ""
        if line.state is State.MISSING and line.self_reported is not None and line.indicator:
            claim = f"；自报 {figure(line.self_reported, line.indicator)} 不作计分依据"
        return f"{without_codes(line.why)}{share}{claim}。"
    if line.part is None or line.indicator is None:
        return _given_sentence(line)
    text = f"{_facts(line)}{_working(line, line.part)}"
    return f"{text}{_aside(line)}。"


def _facts(line: PartResult) -> str:
    facts = line.indicator
    part = line.part
    if facts is None or part is None:
        return ""
    text = f"{facts.name} {figure(line.actual, facts, line.target)}"
    if line.made_of:
        text += f"（{line.made_of}）"
    if line.target is not None and part.function != "SF12":
        text += f"，{_whose(line)}目标 {goal(line.target, facts)}"
    return text + "，"


def _whose(line: PartResult) -> str:
    """Where a target comes from, said before the word."""
    if line.from_letter:
        return "责任书"
    if line.part is not None and line.part.rise is not None and line.indicator is not None:
        return f"按上年实绩加 {figure(line.part.rise, line.indicator)}的"
    return ""


def _working(line: PartResult, part: Part) -> str:
    working, full, got = line.working, plain(line.full), marks(line.marks)
    facts = line.indicator
    done = percent(working.completion) if working.completion is not None else "100.00%"
    whole = Decimal(100)
    capped = whole if working.completion is None else min(working.completion, whole)
    match part.function:
        case "SF1":
            return f"完成 {done}，按比例计分：{full} × {percent(capped)} = {got} 分"
        case "SF2":
            floor = plain((part.floor or Decimal(0)) * 100)
            if line.marks == 0:
                return f"完成 {done}，低于起分线 {floor}%，得 0 分"
            return f"完成 {done}，过起分线 {floor}%：{full} × {percent(capped)} = {got} 分"
        case "SF3":
            sign = "≤" if line.lower else "≥"
            unit = "%" if facts is not None and facts.unit == "%" else ""
            if working.step is None:
                last = plain(part.steps[-1][0])
                return f"按阶梯计分：未达最低一档 {sign}{last}{unit}，得 0 分"
            threshold, given = part.steps[working.step]
            return f"按阶梯计分：{sign}{plain(threshold)}{unit} 得 {plain(given)} 分"
        case "SF4":
            beyond = "，须超过目标" if part.strict and not line.marks else ""
            return f"{'已达标' if line.marks else '未达标'}{beyond}，得 {plain(line.marks)} 分"
        case "SF5" if part.band is not None and part.limits is not None:
            return _beside_band(line, part)
        case "SF5":
            return f"反向计分（{_end(line, part)}不得分）：得 {got} 分"
        case "SF6":
            each = f"每{(facts.unit if facts else '') or '件'}扣 {plain(part.per_case or 0)} 分"
            if line.marks == 0:
                return f"{each}：满分 {full} 分已扣完，得 {got} 分"
            return f"{each}：满分 {full} 分，扣后得 {got} 分"
        case "SF7":
            if working.group_size == 1:
                return f"组内仅 1 家，得满分 {full} 分"
            rank, size = plain(working.rank or 0), working.group_size
            tied = "（并列，取平均名次）" if working.tied else ""
            return (
                f"组内 {size} 家列第 {rank} 位{tied}，按名次计分："
                f"{full} ×（{size}－{rank}）÷（{size}－1）= {got} 分"
            )
        case "SF8":
            return f"{_last_year(line)}，改善度 {percent(working.improvement or 0)}，得 {got} 分"
        case "SF9":
            if working.improvement is None:
                return f"没有上年同口径数据，全部按水平计分：{full} × {percent(capped)} = {got} 分"
            level = part.level_share or Decimal(0)
            return (
                f"{_last_year(line)}：{full} ×（{plain(level)} × 完成率 {percent(capped)} + "
                f"{plain(1 - level)} × 改善度 {percent(working.improvement)}）= {got} 分"
            )
        case "SF10":
            return f"按得分率计分：得 {got} 分（满分 {full} 分）"
    quarters = "，".join(
        f"第{'一二三四'[q - 1]}季度{'缺报' if a is None else plain(a)}"
        f"/目标 {plain(g)} 得 {marks(m)} 分"
        for q, a, g, m in working.quarters
    )
    return f"{quarters}，取平均得 {got} 分"


def _end(line: PartResult, part: Part) -> str:
    """From where on a figure that ought to be small earns nothing."""
    limit = part.limit or Decimal(0)
    if line.target is not None and limit <= line.target:
        return "超过目标"
    return f"{goal(limit, line.indicator) if line.indicator else plain(limit)}及以上"


def _beside_band(line: PartResult, part: Part) -> str:
    """Where the figure stands against a band, the way that is left to its limit, and the marks."""
    if part.band is None or part.limits is None or line.actual is None:
        return ""
    (low, high), (least, most) = part.band, part.limits
    unit = "%" if line.indicator is not None and line.indicator.unit == "%" else ""
    span = f"{plain(low)}{unit}—{plain(high)}{unit}"
    full, got = plain(line.full), f"得 {marks(line.marks)} 分"
    if low <= line.actual <= high:
        return f"在合理区间 {span} 内，得满分 {full} 分"
    actual = line.actual
    if actual < low:
        if actual <= least:
            return f"低于合理区间 {span}，且不高于 {plain(least)}{unit}，{got}"
        way = f"（{plain(actual)}－{plain(least)}）÷（{plain(low)}－{plain(least)}）"
        return f"低于合理区间 {span}：{full} ×{way}，{got}"
    if actual >= most:
        return f"高于合理区间 {span}，且不低于 {plain(most)}{unit}，{got}"
    way = f"（{plain(most)}－{plain(actual)}）÷（{plain(most)}－{plain(high)}）"
    return f"高于合理区间 {span}：{full} ×{way}，{got}"


def _last_year(line: PartResult) -> str:
    if line.last_year is None or line.indicator is None:
        return ""
    when = "基期" if line.part is not None and line.part.base is not None else "上年"
    told = f"{when} {figure(line.last_year, line.indicator)}"
    if line.target is None:
        return told
    reached = line.last_year <= line.target if line.lower else line.last_year >= line.target
    return f"{told}（已达目标，改善度看是否保持）" if reached else told


_ABOUT_REPORTING = "I-DQ-"
"""Indicators about reporting itself: what did not come is part of what they say."""


def _aside(line: PartResult) -> str:
    """What a careful reader would ask beside the formula."""
    asides = []
    if line.reported < line.expected:
        told = f"应报 {line.expected:,} 份，实报 {line.reported:,} 份"
        itself = line.indicator is not None and line.indicator.code.startswith(_ABOUT_REPORTING)
        asides.append(told if itself else f"{told}，按已报数计")
    if line.range_target:
        asides.append("责任书方向为“区间”而只有一个目标值，按不低于目标计")
    deviates = line.deviation_pct is not None and round(line.deviation_pct, 2) != 0
    if deviates and line.indicator is not None and line.self_reported is not None:
        asides.append(
            f"自报 {figure(line.self_reported, line.indicator)}，"
            f"偏差 {percent(line.deviation_pct or 0)}，以系统核定值计分"
        )
    if line.owner:
        asides.append(f"责任人{line.owner}")
    if line.unowned:
        asides.append("责任书未写明责任人，请补签")
    asides += [_revised(r, line.indicator) for r in line.revisions if line.indicator]
    return "；" + "；".join(asides) if asides else ""


def _revised(revision: Revision, facts: IndicatorFacts) -> str:
    """A target that was changed after it was signed, and whether the change counts."""
    was = "未列" if revision.was is None else goal(revision.was, facts)
    by = f"（{revision.document}）" if revision.document else "（未附文号）"
    told = f"目标于 {revision.on:%Y-%m-%d} 由 {was} 修订为 {goal(revision.now, facts)}{by}"
    return told if revision.counted else f"{told}，系本年度首次计分后修订，仍按修订前的目标计分"


def _given_sentence(line: PartResult) -> str:
    given = "、".join(f"{who} {plain(raw)} 分" for who, raw in line.working.given)
    mean = "" if len(line.working.given) == 1 else "取平均，"
    reason = f"；理由：{_reasons(line)}" if line.why else ""
    return (
        f"考评组按百分制评分：{given}，{mean}折合满分 {plain(line.full)} 分得"
        f" {marks(line.marks)} 分{reason}。"
    )


def _reasons(line: PartResult) -> str:
    """Why assessors gave what they gave; a reason that several gave stands once."""
    who = [f"{name}：" for name, _ in line.working.given]
    told: list[list[str]] = []
    for piece in line.why.split("；"):
        name = next((w for w in who if piece.startswith(w)), "")
        if name or not told:
            told.append([name, piece.removeprefix(name)])
        else:  # a reason with a semicolon of its own
            told[-1][1] += f"；{piece}"
    if len(told) > 1 and len({reason for _, reason in told}) == 1:
        return f"{told[0][1]}（{'、'.join(name.rstrip('：') for name, _ in told)}）"
    return line.why


def source(line: PartResult) -> str:
    """Where the figures come from: how many reported, and the reference to the cells."""
    coverage = f"报送 {line.reported:,}/{line.expected:,} 份" if line.expected else ""
    return "；".join(t for t in (coverage, line.reference) if t)


def rater_sentence(result: RaterResult, block: BlockResult) -> str:
    """How a rater group's score came about, in a block where others may have been asked."""
    tally = result.tally
    if tally is None:
        if not any(r.counted for r in block.raters):
            return "评价票尚未采集"
        if not result.counted:
            return "本年度未采集，份额由其他评价主体分摊"
        return "未报送评价票，按缺报计 0 分"
    if result.void:
        return f"{result.void}，该方评价无效，暂按 0 分计，须重新组织评价"
    if result.score is None:
        return f"收回 {tally.ballots} 票全部为“不了解”，无有效评价，按 0 分计"
    text = (
        f"满意 {tally.very_sat:,} 票、基本满意 {tally.basic_sat:,} 票、不满意 {tally.unsat:,} 票"
        f"，有效 {tally.ballots - tally.unclear:,} 票，得 {marks(result.score)} 分"
    )
    if result.must_explain:
        text += f"；“不了解”占 {percent(result.unclear_pct or 0)}，须书面说明"
    return text


def block_sentence(result: BlockResult) -> str:
    """How a block's score on the scale of 100 came about.

    With up to four decimals: only the total is rounded, and whoever adds up two decimals of each
    block may miss it by a hundredth.
    """
    name = result.block.name
    if result.score is None:
        return f"{name}：{result.note}。"
    if result.block.items:
        text = (
            f"{name}：实得 {exact_marks(result.earned)} 分 ÷ 应得 {plain(result.due)} 分"
            f" × 100 = {exact_marks(result.score)} 分"
        )
    else:
        text = f"{name}：{exact_marks(result.score)} 分"
        if result.note:
            text += f"（{without_codes(result.note)}）"
    return f"{text}，权重 {plain(result.weight)}%，计入总分 {exact_marks(result.weighted)} 分。"


def next_grade(scheme: Scheme, result: UnitResult) -> str:
    """What would have to change for the next grade."""
    if result.total is None or result.standing is Standing.INVALID:
        return "；".join(result.grade_reasons) + "。"
    place = scheme.band_rank(result.grade)
    if place == 0:
        return f"已评为最高等次“{result.grade}”。"
    if result.grade != result.grade_by_total:
        reasons = "；".join(result.grade_reasons)
        return f"总分 {marks(result.total)} 分已达“{result.grade_by_total}”分数线；{reasons}。"
    above = scheme.bands[place - 1]
    lacking = above.at_least - result.total
    text = f"距“{above.name}”（{plain(above.at_least)} 分）还差 {marks(lacking)} 分"
    lost = largest_losses(result)
    if lost:
        text += "；失分较多：" + "、".join(
            f"{name}（影响总分 {marks(points)} 分）" for name, points in lost
        )
    return text + "。"


def largest_losses(result: UnitResult, count: int = 3) -> list[tuple[str, Decimal]]:
    """The lines that cost most of the total, in points of the total, largest first."""
    lost: list[tuple[str, Decimal]] = []
    for block in result.blocks:
        if not block.parts and block.score is not None:
            lost.append((block.block.name, block.weight - block.weighted))
        for line in block.parts:
            if line.state is not State.NOT_APPLICABLE and block.due:
                name = line.indicator.name if line.indicator else line.item.name
                points = (line.full - line.marks) * block.weight / block.due
                lost.append((name, points))
    lost = [(name, points) for name, points in lost if round(points, 2) > 0]
    return sorted(lost, key=lambda pair: -pair[1])[:count]
