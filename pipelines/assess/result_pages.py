"""The result pages of the assessment book: ranking, score sheets, adjustments, ratings, stars."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.assess import explain
from pipelines.assess.layout import (
    ABSENT,
    AT_TOP,
    BAND,
    CELL,
    CENTRE,
    COUNT,
    GREY,
    NOTE,
    NUMBER,
    RULE,
    SHADE,
    SHARE,
    STRONG,
    Look,
    Page,
    Props,
    Value,
)
from pipelines.assess.results import (
    AssessmentResult,
    BlockResult,
    PartResult,
    Standing,
    State,
    UnitResult,
)
from pipelines.assess.wording import (
    days_in_words,
    marks,
    places_in_words,
    plain,
    without_codes,
)
from pipelines.typesetting import HEADING, RED

_GROUP: Props = {
    "font_name": HEADING, "bold": True, "bg_color": BAND, "border": 1, "border_color": RULE,
    "indent": 1,
}  # fmt: skip
_BEST: Props = {"bold": True, "font_color": RED}
_LABEL: Props = {**CENTRE, "bg_color": SHADE, "font_color": GREY}
_MARKS: Props = {**NUMBER, "bold": True}


def score_sheet_names(look: Look, result: AssessmentResult, tag: str) -> dict[str, str]:
    """A sheet name for every unit, in the order of the result."""
    return {u.unit.code: f"{tag}{i:02d} {u.unit.name}" for i, u in enumerate(result.units, 1)}


def write_ranking(
    look: Look, result: AssessmentResult, name: str, footer: str
) -> tuple[Page, dict[str, tuple[int, int]]]:
    """Ranking by group. Returns the page and the cell of each unit, to be linked later."""
    scheme = result.scheme
    blocks = scheme.blocks
    widths = (7, 28, *(11 for _ in blocks), 9, 9, 11, 11, 13, 10, 40)
    page = Page(look, name, widths, footer)
    page.title(f"{result.year}年度考核结果排名", scheme.title)
    for sentence in (*result.provisional, *result.notices):
        page.paragraph(f"※ {without_codes(sentence)}", {"font_color": RED})
    labels = (
        "名次", "单位", *(f"{b.name}\n（{plain(b.weight)}%）" for b in blocks),
        "加分", "扣分", "一票否决", "总分", "等次", "上年名次", "备注",
    )  # fmt: skip
    page.head(labels)
    header = page.row - 1
    page.sheet.freeze_panes(page.row, 2)
    page.sheet.repeat_rows(header)
    cells: dict[str, tuple[int, int]] = {}
    for group, units in result.groups.items():
        page.span(0, page.last, _group_title(scheme.smallest_group, group, units), _GROUP)
        page.end_row(21)
        for unit in units:
            cells[unit.unit.code] = (page.row, 1)
            _ranking_line(page, result, unit)
    page.space(4)
    page.paragraph(
        "各部分得分为百分制；总分 = Σ（部分得分 × 权重）＋ 加分 － 扣分。"
        "备注栏“※”为等次受限的原因。点击单位名称可查看评分表。",
        NOTE,
    )
    return page, cells


def _group_title(smallest: int, group: str, units: tuple[UnitResult, ...]) -> str:
    size = units[0].group_size
    if size < smallest:
        return f"{group}　{len(units)} 家（参评不足 {smallest} 家，不排名次）"
    return f"{group}　{len(units)} 家"


def _ranking_line(page: Page, result: AssessmentResult, unit: UnitResult) -> None:
    best = unit.grade == result.scheme.bands[0].name
    vetoed = "、".join(str(_veto_number(result, v.veto.code)) for v in unit.vetoes if v.counted)
    remarks = [f"※ {r}" for r in unit.grade_reasons]
    if unit.unit.note:
        remarks.append(unit.unit.note)
    page.line(
        (
            unit.rank,
            unit.unit.name,
            *(b.score for b in unit.blocks),
            unit.bonus_points,
            -unit.deduction_points if unit.deduction_points else unit.deduction_points,
            f"第 {vetoed} 项" if vetoed else None,
            unit.total,
            _grade(unit),
            unit.unit.last_year_rank,
            "\n".join(remarks),
        ),
        (
            {**CENTRE, "bold": True}, CELL, *(NUMBER for _ in unit.blocks), NUMBER, NUMBER,
            {**CENTRE, "font_color": RED}, {**_MARKS, "font_size": 11},
            {**CENTRE, **(_BEST if best else STRONG)}, CENTRE, {**CELL, "font_size": 9},
        ),
        least=24,
    )  # fmt: skip


def _veto_number(result: AssessmentResult, code: str) -> int:
    return [v.code for v in result.scheme.veto].index(code) + 1


def _grade(unit: UnitResult) -> str:
    if unit.standing is Standing.INVALID:
        return "不予评定"
    tail = "（暂定）" if unit.standing is Standing.PROVISIONAL else ""
    return f"{unit.grade}{tail}"


_SHEET_WIDTHS = (19, 25, 6, 12, 11, 12, 11, 8, 70, 24)
_SHEET_HEAD = (
    "项目", "指标", "分值", "目标", "自报", "系统核定", "计分方法", "得分", "计分说明",
    "数据来源",
)  # fmt: skip


def write_score_sheet(
    look: Look, result: AssessmentResult, unit: UnitResult, name: str, footer: str
) -> Page:
    """The score sheet of one unit: every line with its figures, marks and reason."""
    page = Page(look, name, _SHEET_WIDTHS, footer)
    page.title(f"{unit.unit.name}", f"{result.year}年度考核评分表　{result.scheme.title}")
    _summary(page, result, unit)
    for sentence in (*result.provisional, *unit.notes):
        page.paragraph(f"※ {without_codes(sentence)}", {"font_color": RED})
    page.space(6)
    page.head(_SHEET_HEAD)
    page.sheet.freeze_panes(page.row, 2)
    page.sheet.repeat_rows(page.row - 1)
    for block in unit.blocks:
        page.span(0, page.last, explain.block_sentence(block), _GROUP)
        page.end_row(21)
        _block_lines(page, block)
    page.space(6)
    outlook = explain.next_grade(result.scheme, unit)
    page.paragraph(f"{'努力方向' if outlook.startswith('距') else '等次说明'}：{outlook}", STRONG)
    page.paragraph(
        "“—”为没有该项数值；“不适用”项目不计入应得分；得分以系统核定值计算，"
        "自报值仅供对照。数据来源栏为报送份数与溯源编号。",
        NOTE,
    )
    page.space(10)
    page.span(0, 3, "被考核单位（盖章）：")
    page.span(4, 7, "考核工作机构（盖章）：")
    page.span(8, page.last, "日期：　　　　年　　月　　日", {"align": "right"})
    page.end_row(26)
    return page


def write_all_scores(
    look: Look, result: AssessmentResult, name: str, footer: str
) -> tuple[Page, dict[str, int]]:
    """Every unit's lines one below the other, and the row (from 0) where each unit begins.

    For hundreds of units a sheet each is a workbook that nobody can leaf through.
    """
    page = Page(look, name, _SHEET_WIDTHS, footer)
    page.title("考核评分明细", f"{result.year}年度　{result.scheme.title}")
    page.head(_SHEET_HEAD)
    page.sheet.freeze_panes(page.row, 2)
    page.sheet.repeat_rows(page.row - 1)
    starts = {}
    for unit in result.units:
        starts[unit.unit.code] = page.row
        rank = f"组内第 {unit.rank} 名（共 {unit.group_size} 家）" if unit.rank else "不排名次"
        page.span(
            0,
            page.last,
            f"{unit.unit.name}　　{unit.group}　　总分 {_total(unit)}　{_grade(unit)}　{rank}",
            {**_GROUP, **STRONG},
        )
        page.end_row(24)
        for block in unit.blocks:
            page.span(0, page.last, explain.block_sentence(block), _GROUP)
            page.end_row(21)
            _block_lines(page, block)
    return page, starts


def _summary(page: Page, result: AssessmentResult, unit: UnitResult) -> None:
    """A strip of labels over figures; spans of the sheet's columns, as even as they get."""
    rank = f"{unit.rank} / {unit.group_size}" if unit.rank else "不排名次"
    pairs: list[tuple[str, Value, Props]] = [("分组", unit.group, CENTRE)]
    pairs += [
        (f"{b.block.name}（{plain(b.weight)}%）", b.score, {**CENTRE, "num_format": "0.00"})
        for b in unit.blocks
    ]
    pairs += [
        (
            "加分 / 扣分",
            f"＋{marks(unit.bonus_points)} / －{marks(unit.deduction_points)}",
            CENTRE,
        ),
        ("总分 / 等次", f"{_total(unit)}　{_grade(unit)}", {**CENTRE, **_BEST, "font_size": 13}),
        ("组内名次 / 上年", f"{rank}　/　{unit.unit.last_year_rank or ABSENT}", CENTRE),
    ]
    # The widest column carries the total, so that it is the first thing seen.
    wide = page.widths.index(max(page.widths))
    spans = [*_even_spans(page.widths[:wide], len(pairs) - 2), (wide, wide), (wide + 1, page.last)]
    for row, height in (("label", 18), ("value", 28)):
        for (label, value, props), (first, last) in zip(pairs, spans, strict=True):
            if row == "label":
                page.span(first, last, label, _LABEL)
                continue
            if isinstance(value, str) or value is None:
                page.span(first, last, ABSENT if value is None else value, props, STRONG)
            else:
                if last > first:
                    page.span(first, last, "", props, STRONG)
                page.put(first, value, props, STRONG)
        page.end_row(height)


def _total(unit: UnitResult) -> str:
    return ABSENT if unit.total is None else marks(unit.total)


def _even_spans(widths: list[float], count: int) -> list[tuple[int, int]]:
    """Cut the columns into `count` runs of about the same width, each at least one column."""
    spans: list[tuple[int, int]] = []
    first = 0
    for i in range(count):
        left = count - i - 1
        goal = sum(widths[first:]) / (left + 1)
        last = first
        while (
            last + 1 < len(widths) - left
            and sum(widths[first : last + 1]) + widths[last + 1] / 2 < goal
        ):
            last += 1
        spans.append((first, last if left else len(widths) - 1))
        first = last + 1
    return spans


def _block_lines(page: Page, block: BlockResult) -> None:
    if block.raters:
        for rater in block.raters:
            tally = rater.tally
            page.line(
                (
                    f"{rater.rater}（{plain(rater.share)}%）",
                    "评价票",
                    rater.share,
                    None,
                    None,
                    f"{tally.ballots}/{tally.eligible} 票" if tally else None,
                    "票分平均",
                    rater.score if rater.score is not None else ("0.00" if rater.counted else None),
                    explain.rater_sentence(rater, block),
                    tally.reference if tally else "",
                ),
                _line_props(None),
            )
        return
    start = page.row
    for i, line in enumerate(block.parts):
        _part_line(page, line)
        following = block.parts[i + 1].item if i + 1 < len(block.parts) else None
        if following is not line.item:
            page.join(start, 0, _item_name(line), CELL, AT_TOP)
            start = page.row


def _item_name(line: PartResult) -> str:
    return f"{line.item.code} {line.item.name}"


def _line_props(line: PartResult | None) -> tuple[Props, ...]:
    unit = line.indicator.unit if line and line.indicator else ""
    figure: Props = {**NUMBER, "num_format": "#,##0.##_ "}
    if unit == "%":
        figure = SHARE
    elif line is not None and _whole(line):
        figure = COUNT
    quiet: Props = {"font_color": GREY} if line and line.state is not State.SCORED else {}
    return (
        CELL, {**CELL, **quiet}, {**CENTRE, "num_format": "0.##"},
        figure, {**figure, "font_color": GREY}, figure, CENTRE, _MARKS,
        {**CELL, "font_size": 9, **quiet}, {**CELL, "font_size": 8, "font_color": GREY},
    )  # fmt: skip


def _whole(line: PartResult) -> bool:
    shown = (line.actual, line.target, line.self_reported)
    return all(v is None or v == v.to_integral_value() for v in shown)


def _part_line(page: Page, line: PartResult) -> None:
    facts, part = line.indicator, line.part
    unit = f"（{facts.unit}）" if facts and facts.unit not in ("", "%") else ""
    page.line(
        (
            _item_name(line),
            f"{facts.name}{unit}" if facts else "考评组评分",
            line.full,
            line.target,
            line.self_reported,
            line.actual,
            explain.FUNCTION_NAMES[part.function] if part else "百分制折合",
            line.state.value if line.state is State.NOT_APPLICABLE else line.marks,
            explain.part_sentence(line),
            explain.source(line),
        ),
        _line_props(line),
    )


def _named(document: str, result: AssessmentResult) -> str:
    """A document as people name it; points that the scheme itself gives rest on the scheme."""
    return "考核办法" if document == result.scheme.code else places_in_words(document)


def write_adjustments(look: Look, result: AssessmentResult, name: str, footer: str) -> None:
    """Bonus, deductions and vetoes with the documents behind them."""
    page = Page(look, name, (26, 12, 46, 28, 9, 10, 40), footer)
    page.title("加分、扣分与一票否决", result.scheme.title)
    page.head(("单位", "类别", "事项", "文号（凭据）", "分值", "是否计入", "说明"))
    page.sheet.freeze_panes(page.row, 1)
    page.sheet.repeat_rows(page.row - 1)
    points = {**NUMBER, "num_format": "+0.00_ ;-0.00_ ;0.00_ "}
    props = (CELL, CENTRE, CELL, CELL, points, CENTRE, CELL)
    empty = True
    for unit in result.units:
        entries = [(a, 1) for a in unit.bonus] + [(a, -1) for a in unit.deductions]
        for entry, sign in entries:
            empty = False
            page.line(
                (
                    unit.unit.name, entry.kind, days_in_words(entry.title),
                    _named(entry.document, result) or None,
                    entry.points * sign if entry.counted else 0,
                    "计入" if entry.counted else "不计", entry.why,
                ),
                props,
                shade=None if entry.counted else {"font_color": GREY},
            )  # fmt: skip
        claimed = sum(a.points for a in unit.bonus if a.counted)
        if claimed > unit.bonus_points:
            page.line(
                (unit.unit.name, "封顶", f"加分合计 {plain(claimed)} 分，按上限计", None,
                 unit.bonus_points, "计入", ""),
                props, shade=STRONG,
            )  # fmt: skip
        lost = sum(a.points for a in unit.deductions if a.counted)
        if lost > unit.deduction_points:
            page.line(
                (unit.unit.name, "封顶", f"扣分合计 {plain(lost)} 分，按上限计", None,
                 -unit.deduction_points, "计入", ""),
                props, shade=STRONG,
            )  # fmt: skip
        for veto in unit.vetoes:
            empty = False
            page.line(
                (
                    unit.unit.name, "一票否决", f"{veto.veto.name}：{veto.title}",
                    veto.document or None, None, "执行" if veto.counted else "暂不执行",
                    f"最高评为“{veto.veto.highest}”" if veto.counted else "未附文号",
                ),
                props,
                shade={"font_color": RED} if veto.counted else {"font_color": GREY},
            )  # fmt: skip
    if empty:
        page.line(("本年度没有加分、扣分与一票否决事项。",), (CENTRE,), (7,))


def write_ratings(look: Look, result: AssessmentResult, name: str, footer: str) -> None:
    """Ballots and participation by unit and rater group: counts only, no voters."""
    page = Page(look, name, (28, 12, 8, 9, 9, 10, 9, 10, 9, 9, 10, 10, 10, 34), footer)
    page.title("群众评价情况", "无记名评价，只汇总票数，不保存投票人名单")
    page.head(
        ("单位", "评价主体", "份额", "应评\n人数", "收回\n票数", "参与率", "满意", "基本满意",
         "不满意", "不了解", "不了解\n占比", "满意率", "得分", "说明")
    )  # fmt: skip
    page.sheet.freeze_panes(page.row, 2)
    page.sheet.repeat_rows(page.row - 1)
    props = (CELL, CENTRE, CENTRE, COUNT, COUNT, SHARE, COUNT, COUNT, COUNT, COUNT, SHARE, SHARE,
             _MARKS, {**CELL, "font_size": 9})  # fmt: skip
    for unit in result.units:
        for block in unit.blocks:
            for rater in block.raters:
                tally = rater.tally
                counts: tuple[Value, ...] = (None,) * 8
                if tally is not None:
                    counts = (
                        tally.eligible, tally.ballots, rater.participation_pct, tally.very_sat,
                        tally.basic_sat, tally.unsat, tally.unclear, rater.unclear_pct,
                    )  # fmt: skip
                page.line(
                    (
                        unit.unit.name, rater.rater, f"{plain(rater.share)}%", *counts,
                        rater.satisfied_pct, rater.score,
                        "" if tally and not rater.must_explain and rater.score is not None
                        else explain.rater_sentence(rater, block),
                    ),
                    props,
                )  # fmt: skip
            if block.raters:
                text = f"{unit.unit.name}　{block.block.name}得分（各方加权）"
                page.span(0, 11, text + (f"：{block.note}" if block.note else ""), _GROUP)
                page.put(12, block.score, {**_MARKS, "bg_color": BAND})
                page.put(13, "", _GROUP)
                page.end_row(20)
    page.paragraph(
        "得分 =（满意票、基本满意票、不满意票折算分之和）÷（收回票数 － 不了解票数）；"
        "满意率 =（满意票 ＋ 基本满意票）÷ 收回票数；参与率 = 收回票数 ÷ 应评人数。",
        NOTE,
    )


def write_stars(look: Look, result: AssessmentResult, name: str, footer: str) -> None:
    """Star-rated homes: three parties, weights of the year, participation, total, star."""
    scheme = result.scheme
    parties = scheme.blocks
    widths = (7, 34, *(14 for _ in parties), 12, 12, 12, 11, 11, 11, 42)
    page = Page(look, name, widths, footer)
    weights = "、".join(f"{b.name} {plain(b.weight)}%" for b in parties)
    page.title(f"{result.year}年度星级职工之家评定结果", f"本年度权重：{weights}")
    for sentence in result.provisional:
        page.paragraph(f"※ {without_codes(sentence)}", {"font_color": RED})
    page.head(
        ("序号", "工会", *(f"{b.name}\n（{plain(b.weight)}%）" for b in parties),
         "有评价资格\n会员（人）", "参评会员\n（人）", "参评率", "总分", "申报\n星级", "评定\n星级",
         "说明")
    )  # fmt: skip
    page.sheet.freeze_panes(page.row, 2)
    page.sheet.repeat_rows(page.row - 1)
    voters = scheme.validity.block if scheme.validity else parties[0].code
    for number, unit in enumerate(result.units, 1):
        members = unit.block(voters)
        invalid = unit.standing is Standing.INVALID
        remarks = [*unit.grade_reasons, *unit.notes]
        page.line(
            (
                number, unit.unit.name, *(b.score for b in unit.blocks), members.eligible,
                members.ballots, members.participation_pct, unit.total,
                unit.unit.applied_grade or None, "评家无效" if invalid else _grade(unit),
                "；".join(remarks),
            ),
            (
                CENTRE, CELL, *(NUMBER for _ in parties), COUNT, COUNT, SHARE,
                {**_MARKS, "font_size": 11}, CENTRE,
                {**CENTRE, **({"font_color": GREY} if invalid else _BEST)},
                {**CELL, "font_size": 9},
            ),
            least=24,
        )  # fmt: skip
    awarded: Mapping[str, int] = {
        band.name: sum(u.grade == band.name for u in result.units) for band in scheme.bands
    }
    tally = "，".join(f"{star} {count} 家" for star, count in awarded.items())
    page.space(4)
    page.paragraph(f"合计：参评 {len(result.units)} 家；{tally}。", STRONG)
