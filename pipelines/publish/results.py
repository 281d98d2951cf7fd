"""Assessment, star-rated homes, the 16 works, unmet targets and recurring data problems."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from pipelines.figures import BLOCK, Figure, places
from pipelines.publish import own_words
from pipelines.publish.content import Block, Column, Inline, Paragraph, Subheading, Table, ordinal
from pipelines.publish.extras import (
    AssessmentRow,
    Extras,
    RuleCount,
    StarHomeRow,
    UnmetTarget,
    WorkRow,
)
from pipelines.publish.quoting import (
    ALL_FINDINGS,
    ALL_UNITS,
    ALL_WORKS,
    BLOCK_OF,
    DONE,
    DUE,
    GRADED,
    RANK,
    SHARE_DONE,
    TOTAL,
    TRIAL,
    WORKS_DONE,
    WORKS_GIVEN,
)
from pipelines.publish.telling import NONE, Teller

_REASON = 30  # characters of a reason in running text; the whole of it is in the annex
_WHOLE = Decimal(100)
_GRADES = ("优秀", "良好", "合格", "不合格")


def marks(value: Decimal | None) -> str:
    """Marks with two decimals; — for none."""
    if value is None:
        return NONE
    return places(value, 2)


def star_homes(teller: Teller, extras: Extras) -> list[Block]:
    """The star list with each party's marks and the weights of the year."""
    rows = extras.star_homes
    if not rows:
        return []
    member, employer, upper = rows[0].weights
    stars = Counter(r.star for r in rows)
    best = max(rows, key=lambda r: r.total)
    told: list[Inline] = [
        f"按会员评家{_weight(member)}、所在单位评家{_weight(employer)}、上级工会评家"
        f"{_weight(upper)}的权重计分，",
        _households(teller, "星级", [r.unit for r in rows]),
        "家单位完成星级职工之家评定，其中",
    ]
    for i, star in enumerate(sorted(stars, key=_star)):
        own = [r.unit for r in rows if r.star == star]
        told += ["、" if i else "", star, _households(teller, star, own), "家"]
    told += [f"；{best.name}得分", _party(teller, best, best.total, TOTAL), "分，为最高分。"]
    if len(rows) == 1:
        told = [*told[:1], f"{best.name}得", _party(teller, best, best.total, TOTAL),
                f"分，评定为{best.star}职工之家。"]  # fmt: skip
    blocks: list[Block] = [Paragraph(tuple(r for r in told if r))]
    # Sixteen or so homes are one short table; only a long list is cut.
    shown = rows[: max(extras.shown_units, 20)]
    tried = rows[0].trial_weights
    cells = tuple(
        (
            r.name,
            _party(teller, r, r.member, f"{BLOCK_OF}member"),
            _party(teller, r, r.employer, f"{BLOCK_OF}employer"),
            _party(teller, r, r.upper, f"{BLOCK_OF}upper"),
            _party(teller, r, r.total, TOTAL),
            r.star,
            *((_party(teller, r, r.trial, TRIAL),) if tried else ()),
        )
        for r in shown
    )
    columns = [
        Column("职工之家", "left", 2.6),
        Column("会员评分"),
        Column("单位评分"),
        Column("上级评分"),
        Column("总分"),
        Column("星级", "center"),
    ]
    notes = []
    if tried:
        columns.append(Column("下年试算"))
        notes.append(f"“下年试算”为同样评分按{tried}计算的总分")
    if len(rows) > len(shown):
        notes.append("其余见附表")
    note = f"注：{'；'.join(notes)}。" if notes else ""
    blocks.append(Table("星级职工之家评定结果", tuple(columns), cells, note=note))
    return blocks


def _party(teller: Teller, row: StarHomeRow, value: Decimal | None, basis: str) -> Inline:
    """One party's marks, or the total, walking back to the score sheet."""
    if value is None:
        return NONE
    return teller.counted("assessment", row.scheme, value, marks(value), basis, row.unit)


def _households(teller: Teller, what: str, units: Sequence[str]) -> Inline:
    """A count of units that were assessed, or had a grade; it knows which."""
    figure = Figure(
        ALL_UNITS, teller.figures.unit.code, teller.figures.period.label, BLOCK, Decimal(len(units))
    )
    return teller.number(
        figure, Decimal(len(units)), f"{len(units):,}", f"{what}{GRADED}",
        source="assessment", units=units,
    )  # fmt: skip


def _star(star: str) -> int:
    order = ("五星", "四星", "三星")
    return order.index(star) if star in order else len(order)


def _weight(value: Decimal) -> str:
    return f"{value.normalize():f}%"


def works(teller: Teller, extras: Extras) -> list[Block]:
    """The board of the 16 key works; nothing where no letter gave any task."""
    if not any(r.tasks for r in extras.works):
        return []
    due, met = sum(r.tasks for r in extras.works), sum(r.met for r in extras.works)
    done = sum(r.tasks > 0 and r.met == r.tasks for r in extras.works)
    given = sum(r.tasks > 0 for r in extras.works)

    def count(value: int, basis: str, work: str = ALL_WORKS) -> Inline:
        return teller.counted("letters", work, value, f"{value:,}", basis)

    def share(part: int, whole: int, work: str = ALL_WORKS) -> Inline:
        if not whole:
            return NONE
        value = _share(part, whole)
        return teller.counted("letters", work, value, f"{marks(value)}%", SHARE_DONE)

    def row(place: int, work: WorkRow) -> tuple[Inline, ...]:
        if not work.tasks:
            return (str(place), work.name, NONE, NONE, NONE)
        return (
            str(place),
            work.name,
            count(work.tasks, DUE, work.work),
            count(work.met, DONE, work.work),
            share(work.met, work.tasks, work.work),
        )

    sentence: tuple[Inline, ...] = (
        "责任书下达", count(given, WORKS_GIVEN), "项重点工作共", count(due, DUE),
        "项任务，按系统计算数完成", count(met, DONE), "项，完成率", share(met, due),
        "；任务全部完成的重点工作", count(done, WORKS_DONE), "项。",
    )  # fmt: skip
    rows = [row(i, r) for i, r in enumerate(extras.works, 1)]
    rows.append(("合计", "", count(due, DUE), count(met, DONE), share(met, due)))
    columns = (
        Column("序号", "center", 0.6),
        Column("重点工作", "left", 3.2),
        Column("下达任务（项）"),
        Column("完成任务（项）"),
        Column("完成率"),
    )
    return [
        Paragraph(sentence),
        Table("重点工作完成情况", columns, tuple(rows), totals=1, note="注：“—”为未下达任务。"),
    ]


def _share(part: int, whole: int) -> Decimal:
    return Decimal(part) / Decimal(whole) * 100


def results(teller: Teller, extras: Extras) -> list[Block]:
    """Totals, grades and ranks by group; long groups show their first."""
    rows = extras.assessments
    if not rows:
        return []
    told: list[Inline] = [
        "纳入考核单位", _households(teller, "参评", [r.code for r in rows]), "家，其中",
    ]  # fmt: skip
    graded = [(g, own) for g in _GRADES if (own := [r.code for r in rows if r.grade == g])]
    for i, (grade, own) in enumerate(graded):
        told += ["、" if i else "", grade, _households(teller, grade, own), "家"]
    blocks: list[Block] = [Paragraph((*(r for r in told if r), "。"))]
    cut = False
    cells: list[tuple[Inline, ...]] = []
    for group in sorted(dict.fromkeys(r.group for r in rows), key=_largest_first):
        members = sorted((r for r in rows if r.group == group), key=_place)
        cut = cut or len(members) > extras.shown_units
        for row in members[: extras.shown_units]:
            rank: Inline = NONE
            if row.rank is not None:
                rank = teller.counted(
                    "assessment", row.scheme, row.rank, str(row.rank), RANK, row.code
                )
            total = teller.counted(
                "assessment", row.scheme, row.total, marks(row.total), TOTAL, row.code
            )
            cells.append((group, rank, row.unit, total, row.grade))
    columns = (
        Column("组别", "center", 1.5, grouped=True),
        Column("名次", "center", 0.7),
        Column("单位", "left", 2.8),
        Column("总分", weight=0.9),
        Column("等次", "center", 0.9),
    )
    notes = []
    if any(r.rank is None for r in rows):
        notes.append("组内单位不足规定数的只评等次、不排名")
    if cut:
        notes.append("各组只列前列，其余见附表")
    note = f"注：{'；'.join(notes)}。" if notes else ""
    blocks.append(Table("考核结果", columns, tuple(cells), note=note))
    vetoed = [r for r in rows if r.veto]
    if vetoed:
        words = "；".join(f"{r.unit}（{r.veto}）" for r in vetoed)
        blocks.append(Paragraph((f"适用一票否决的单位{len(vetoed)}家：{words}。",)))
    return blocks


def mark_runs(teller: Teller, extras: Extras) -> list[Inline]:
    """What the unit itself was given, in a sentence: 考核得分88.20分，等次良好，居本组第2名。"""
    told: list[Inline] = []
    for row in extras.assessments:
        if row.code != teller.figures.unit.code:
            continue
        total = teller.counted(
            "assessment", row.scheme, row.total, marks(row.total), TOTAL, row.code
        )
        told += ["目标责任考核得", total, f"分，等次为{row.grade}"]
        if row.rank is not None:
            rank = teller.counted("assessment", row.scheme, row.rank, str(row.rank), RANK, row.code)
            told += [f"，居{row.group}第", rank, "名"]
        told.append(f"（适用一票否决：{row.veto}）。" if row.veto else "。")
    for home in extras.star_homes:
        if home.unit == teller.figures.unit.code:
            told += [
                "职工之家评定得",
                _party(teller, home, home.total, TOTAL),
                f"分，为{home.star}。",
            ]
    return told


def _largest_first(group: str) -> int:
    """Groups by head count from the largest down; others before them, in their own order."""
    found = re.match(r"\d+", group)
    return -int(found.group()) if found else -(10**9)


def _place(row: AssessmentRow) -> tuple[int, Decimal]:
    return (row.rank if row.rank is not None else 10**9, -row.total)


def problems(teller: Teller, extras: Extras, uncovered: int) -> list[Block]:
    """Unmet targets, recurring data problems, units' own words, and what follows for next year."""
    blocks: list[Block] = []
    if extras.unmet:
        blocks += [Subheading("未完成的目标任务"), *_unmet(teller, extras)]
    if extras.rule_counts:
        blocks += [Subheading("数据质量方面的主要问题"), *rules(teller, extras)]
    blocks += own_words.problems(teller, extras)
    plans = _plans(extras, uncovered)
    own = own_words.plans(teller, extras)
    if plans or own:
        blocks.append(Subheading("下年打算"))
        blocks += [Paragraph((f"{ordinal(i)}是{p}",), "item") for i, p in enumerate(plans, 1)]
        blocks += own
    return blocks


def _unmet(teller: Teller, extras: Extras) -> list[Block]:
    units = len({r.unit for r in extras.unmet})
    shown = extras.unmet[: extras.shown_units]
    rows = tuple(
        (
            r.unit,
            r.task,
            _side(teller, r, r.target, "目标"),
            _side(teller, r, r.actual, "本期"),
            _reached(teller, r),
            r.reason or NONE,
        )
        for r in shown
    )
    columns = (
        Column("单位", "left", 1.7),
        Column("任务", "left", 1.7),
        Column("目标", weight=1.1),
        Column("完成", weight=1.1),
        Column("完成率", weight=0.8),
        Column("单位说明的原因", "left", 2.2),
    )
    note = "注：其余见附表。" if len(extras.unmet) > len(shown) else ""
    own = {r.code for r in extras.unmet} == {teller.figures.unit.code}
    who = "本单位" if own else f"{units:,}家单位"
    return [
        Paragraph((f"{who}{len(extras.unmet):,}项任务未完成，具体如下。",), "lead"),
        Table("未完成目标任务", columns, rows, note=note),
    ]


def _side(teller: Teller, row: UnmetTarget, value: Decimal | None, basis: str) -> Inline:
    """What a task asked for or what was done, with its unit of measure."""
    if value is None:
        return "未报"
    text = f"{_plain(value)}{row.measure}"
    return teller.number(_figure(teller, row, value), value, text, basis)


def gap_runs(teller: Teller, row: UnmetTarget) -> list[Inline]:
    """A task that was not met in words: 会员净增目标50人、完成31人（选址未落实）."""
    told: list[Inline] = [f"{row.task}目标", _side(teller, row, row.target, "目标")]
    told += ["、", *(["完成"] if row.actual is not None else [])]
    told.append(_side(teller, row, row.actual, "本期"))
    reason = row.reason if len(row.reason) <= _REASON else f"{row.reason[:_REASON]}……"
    return [*told, f"（{reason}）"] if reason else told


def _reached(teller: Teller, row: UnmetTarget) -> Inline:
    """How much of a task was done."""
    if row.actual is None or not row.target:
        return NONE
    share = row.actual / row.target * 100
    figure = _figure(teller, row, row.actual)
    # What was not met must not read 100.0%: as many decimals as it takes.
    told = next((t for n in (1, 2, 3) if (t := places(share, n)) != places(_WHOLE, n)), None)
    return NONE if told is None else teller.number(figure, share, f"{told}%", "完成目标")


def _figure(teller: Teller, row: UnmetTarget, value: Decimal) -> Figure:
    return Figure(row.indicator, row.code, teller.figures.period.label, row.line, value)


def _plain(value: Decimal | None) -> str:
    if value is None:
        return NONE
    return f"{value:,.0f}" if value == value.to_integral_value() else marks(value)


def rules(teller: Teller, extras: Extras) -> list[Block]:
    """Recurring data problems, most frequent first."""
    rows = sorted(extras.rule_counts, key=_by_findings)
    total = sum(r.findings for r in rows)
    shown = rows[: extras.shown_units]

    def count(value: int, code: str, basis: str) -> Inline:
        return teller.counted("finding", code, value, f"{value:,}", basis)

    told: tuple[Inline, ...] = (
        "审核共发现问题", count(total, ALL_FINDINGS, "处数"), "处，",
        *most_often(teller, [(r.title, r.rule, r.findings, r.units) for r in rows]), "。",
    )  # fmt: skip
    cells: tuple[tuple[Inline, ...], ...] = tuple(
        (
            r.title,
            r.severity,
            count(r.findings, r.rule, "处数"),
            count(r.units, r.rule, "单位数"),
            r.advice or NONE,
        )
        for r in shown
    )
    columns = (
        Column("问题", "left", 2.4),
        Column("处理", "center", 0.8),
        Column("处数", weight=0.7),
        Column("涉及单位（家）", weight=0.9),
        Column("改进要求", "left", 2.6),
    )
    note = "注：其余见附表。" if len(rows) > len(shown) else ""
    return [Paragraph(told), Table("审核发现的问题", columns, cells, note=note)]


_EQUALS = 3


def most_often(teller: Teller, found: Sequence[tuple[str, str, int, int]]) -> list[Inline]:
    """The problem found most often, of (title, rule, places, units) in that order, as a clause.

    Equals are named together, and where there are many of them nobody is: none is 最多的.
    """

    def count(value: int, rule: str, basis: str) -> Inline:
        return teller.counted("finding", rule, value, f"{value:,}", basis)

    title, rule, places_, units = found[0]
    equals = [f for f in found if f[2] == places_]
    if len(found) == 1:
        return [f"均为“{title}”，涉及", count(units, rule, "单位数"), "家单位"]
    if len(equals) == 1:
        return [f"最多的是“{title}”，", count(places_, rule, "处数"), "处、涉及",
                count(units, rule, "单位数"), "家单位"]  # fmt: skip
    if len(equals) > _EQUALS:
        return [f"分属{len(found):,}类"]
    lead = "最多的是" if len(equals) < len(found) else ""
    named = "".join(f"“{f[0]}”" for f in equals)
    return [f"{lead}{named}，各", count(places_, rule, "处数"), "处"]


def findings_runs(teller: Teller, extras: Extras) -> list[Inline]:
    """The same of a single union, in a sentence."""
    first = min(extras.rule_counts, key=_by_findings)
    total = sum(r.findings for r in extras.rule_counts)
    whole = teller.counted("finding", ALL_FINDINGS, total, f"{total:,}", "处数")
    told: list[Inline] = ["报表审核发现问题", whole, f"处，最多的是“{first.title}”"]
    if first.findings < total:
        most = teller.counted("finding", first.rule, first.findings, f"{first.findings:,}", "处数")
        told += ["，", most, "处"]
    return [*told, "。"]


def _by_findings(count: RuleCount) -> tuple[int, str]:
    """Rules that spoke most often first, in one order wherever they are named."""
    return -count.findings, count.rule


def _plans(extras: Extras, uncovered: int) -> list[str]:
    """Each intention answers a fact of this document; without the fact it is not written."""
    plans = []
    if extras.unmet:
        tasks = len(extras.unmet)
        plans.append(
            f"盯住未完成任务。对{tasks:,}项未完成任务逐项明确责任单位、责任人和完成时限，"
            "纳入下年目标责任书，按月调度、按季通报。"
        )
    if uncovered:
        plans.append(
            f"补齐报送缺口。对缺报的{uncovered:,}份报表逐户核实原因，由直接上级工会督促补报。"
        )
    if extras.rule_counts:
        first = min(extras.rule_counts, key=_by_findings)
        plans.append(
            f"提高数据质量。针对“{first.title}”{'等' if len(extras.rule_counts) > 1 else ''}问题"
            "开展填报培训，把首次通过率纳入日常工作考核。"
        )
    weak = [r for r in extras.assessments if r.grade == "不合格"]
    if weak:
        plans.append(
            f"抓好结果运用。对考核不合格的{len(weak):,}家单位开展约谈，限期书面整改并跟踪复查。"
        )
    return plans
