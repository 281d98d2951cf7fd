"""R-12: how fast slips were closed and how, what is open, disputes and service centres."""

from __future__ import annotations

from decimal import Decimal

from pipelines.figures import BLOCK, Unit
from pipelines.publish import appeal_counts as counts
from pipelines.publish.appeal_words import against, months_table, sentence
from pipelines.publish.content import Block, Column, Inline, Paragraph, Section, Table
from pipelines.publish.telling import Teller, gap_words
from pipelines.publish.unit_tables import unit_table

DISPUTES = ("I-RIGHT-07", counts.SETTLED, "I-RIGHT-08", counts.PENDING, "I-RIGHT-09",
            "I-RIGHT-10", "I-RIGHT-11")  # fmt: skip
_SHOWN = 12


def days_words(teller: Teller) -> tuple[str, str, str]:
    """7个工作日以内, 8至10个工作日, 超过10个工作日, as the parameters of the month have it."""
    day, parameters = teller.figures.period.end, teller.definitions.parameters
    amber = int(parameters["slip_amber_workdays"].at(day))
    limit = int(parameters["slip_limit_workdays"].at(day))
    middle = f"{amber + 1}至{limit}个工作日" if limit > amber + 1 else f"{limit}个工作日"
    return f"{amber}个工作日以内", middle, f"超过{limit}个工作日"


def settled(teller: Teller) -> Section | None:
    teller.open("A3")
    figures = teller.figures
    closed = figures.get(counts.CLOSED)
    if closed is None or closed.value is None:
        return None
    if not closed.value:
        told = Paragraph(("已报送的台账中，本月没有办结的诉求。",))
        return Section("A3", "办理时限和结果", (told,))
    quick, middle, over = days_words(teller)
    runs: list[Inline] = ["本月办结“三单”", teller.cell(closed), "件"]
    moved = against(teller, closed)
    runs += ["（", *moved, "）"] if moved else []
    days = figures.get(counts.DAYS)
    if days is not None and days.value is not None:
        runs += ["，平均办理", teller.cell(days), "个工作日"]
    bands = [
        (words, f)
        for words, code in ((quick, counts.QUICK), (middle, counts.IN_TIME),
                            (over, counts.OVER_TIME))
        if (f := figures.get(code)) and f.value
    ]  # fmt: skip
    for i, (words, figure) in enumerate(bands):
        runs += ["；其中" if i == 0 else "，", f"{words}", teller.cell(figure), "件"]
    if bands and not any(f.indicator == counts.OVER_TIME for _, f in bands):
        runs.append(f"，无{over}办结的")
    runs.append("。")
    blocks: list[Block] = [Paragraph(tuple(runs))]
    rate = figures.get("I-RIGHT-04")
    if rate is not None and rate.value is not None:
        words = "本月到期应办结{d}件，按期办结{n}件，按期办结率{v}"
        clause = teller.words("I-RIGHT-04", words, rate)
        moved = against(teller, rate)
        blocks.append(Paragraph((*clause, *(("，", *moved) if moved else ()), "。")))
    blocks.append(_days_table(teller))
    how = _results(teller)
    blocks += [Paragraph(tuple(how))] if how else []
    return Section("A3", "办理时限和结果", tuple(blocks))


def _days_table(teller: Teller) -> Table:
    """Closed slips by kind: how many within which days, and the mean."""
    figures = teller.figures
    quick, middle, over = days_words(teller)
    codes = (counts.CLOSED, counts.QUICK, counts.IN_TIME, counts.OVER_TIME, counts.DAYS)
    rows = [
        (kind, *(teller.cell(figures.get(counts.of_kind(c, kind))) for c in codes))
        for kind in counts.KINDS
    ]
    rows.append(("合计", *(teller.cell(figures.get(c)) for c in codes)))
    columns = (
        Column("单别", "left", 2.2),
        Column("办结（件）", weight=1.0),
        Column(f"{quick}（件）", weight=1.3),
        Column(f"{middle}（件）", weight=1.3),
        Column(f"{over}（件）", weight=1.3),
        Column("平均办理（个工作日）", weight=1.3),
    )
    note = "注：办理时间自受理次日起按工作日计算；没有受理而直接答复的不计办理时间。"
    return Table("办结诉求的办理时限", columns, tuple(rows), totals=1, note=note)


def _results(teller: Teller) -> list[Inline]:
    """How slips were closed, and what workers said of it."""
    figures, known = teller.figures, teller.definitions
    runs: list[Inline] = []
    found = [(r, f) for r in counts.results(known) if (f := figures.get(counts.result(r)))]
    for name, figure in found:
        if figure.value:
            runs += ["、" if runs else "从办理结果看，", name, teller.cell(figure), "件"]
    if runs:
        runs.append("。")
    rated = figures.get(counts.RATED)
    if rated is None or not rated.value:
        return runs
    opinions = [(r, f) for r in counts.ratings(known) if (f := figures.get(counts.rating(r)))]
    runs += ["职工作出评价", teller.cell(rated), "件"]
    told: list[Inline] = []
    for name, figure in opinions:
        if figure.value and not teller.hides(figure):
            told += ["、" if told else "，其中", name, teller.cell(figure), "件"]
    runs += told
    if any(teller.hides(f) for _, f in opinions):
        runs.append("，其余评价涉及职工较少，不单列" if told else "，各项评价涉及职工较少，不单列")
    return [*runs, "。"]


# --- what is open ---


def still_open(teller: Teller) -> Section | None:
    teller.open("A4")
    figures = teller.figures
    whole = figures.get(counts.OPEN)
    if whole is None or whole.value is None:
        return None
    _, _, over = days_words(teller)
    if not whole.value:
        told = Paragraph(("截至月末，已报送的诉求全部办结。",))
        return Section("A4", "未办结诉求", (told,))
    filed = figures.get(counts.FILED)
    runs: list[Inline] = ["截至月末，尚未办结的诉求", teller.cell(whole), "件"]
    if filed is None or not filed.value:
        runs[0] = "本月没有新报的台账；按以前月份所报，尚未办结的诉求"
    moved = against(teller, whole)[:2]
    runs += ["，", *moved] if moved else []
    parts = [
        (words, f)
        for words, code in (
            ("尚未受理", counts.WAITING),
            ("正在办理且未超过时限", counts.UNDER_WAY),
            ("超过办理时限", counts.OVERDUE),
        )
        if (f := figures.get(code)) and f.value
    ]
    for i, (words, figure) in enumerate(parts):
        runs += ["；其中" if i == 0 else "，", words, teller.cell(figure), "件"]
    blocks: list[Block] = [Paragraph((*runs, "。"))]
    table = _open_table(teller, over)
    blocks += [table] if table else []
    return Section("A4", "未办结诉求", tuple(blocks))


def _open_table(teller: Teller, over: str) -> Table | None:
    """Units with open slips, those with most overdue first; None where it is the whole's own."""
    figures = teller.figures
    codes = (counts.OPEN, counts.WAITING, counts.UNDER_WAY, counts.OVERDUE)

    def value(unit: Unit, code: str) -> Decimal:
        figure = figures.get(code, unit.code)
        return figure.value if figure is not None and figure.value else Decimal(0)

    units = [u for u in figures.children.get(BLOCK, ()) if value(u, counts.OPEN)]
    if not units:
        return None
    units.sort(key=lambda u: (-value(u, counts.OVERDUE), -value(u, counts.OPEN), u.code))
    rows: list[tuple[Inline, ...]] = [
        (u.name, *(teller.cell(figures.get(c, u.code)) for c in codes)) for u in units[:_SHOWN]
    ]
    rows.append(("合计", *(teller.cell(figures.get(c)) for c in codes)))
    columns = (
        Column("单位", "left", 2.8),
        Column("未办结（件）"),
        Column("尚未受理（件）"),
        Column("办理中（件）"),
        Column("超过时限（件）"),
    )
    note = f"注：“超过时限”为自受理次日起{over}仍未办结。"
    if len(units) > _SHOWN:
        note += f"列超过时限最多的{_SHOWN}家，其余{len(units) - _SHOWN:,}家见附表。"
    return Table("各单位未办结诉求", columns, tuple(rows), totals=1, note=note)


# --- disputes, service centres ---


def disputes(teller: Teller) -> Section | None:
    teller.open("A5")
    figures = teller.figures
    came = figures.get("I-RIGHT-07")
    if teller.indicator("I-RIGHT-07") is None or came is None:
        return None
    title = "劳动争议调处和法律援助"
    if came.value is None:
        sent = gap_words(came) or "本月没有单位报送"
        none = f"劳动争议调解与法律援助情况表{sent}，暂无可汇总的数据。"
        return Section("A5", title, (Paragraph((none,)),))
    blocks: list[Block] = []
    lead: list[Inline] = []
    gap = teller.gap(came)
    if gap:
        lead = ["劳动争议调解与法律援助情况表", *gap, "，未报单位不在合计之内。"]
    told = sentence(teller, [
        ("I-RIGHT-07", "受理劳动争议{v}"),
        ("I-RIGHT-08", "办结{d}件，调解成功{n}件，调解成功率{v}"),
        (counts.PENDING, "期末未结{v}"),
    ], none={"I-RIGHT-07": "没有受理劳动争议", counts.PENDING: "月末没有未结争议"})  # fmt: skip
    blocks.append(Paragraph((*lead, *told)))
    money = figures.get("I-RIGHT-09")
    more = [("I-RIGHT-11", "提供法律援助{v}")]
    if money is not None and money.value:
        more = [("I-RIGHT-09", "为职工追回欠薪{v}"), ("I-RIGHT-10", "惠及职工{v}"), *more]
    helped = sentence(teller, more, none={"I-RIGHT-11": "没有提供法律援助"})
    blocks += [Paragraph(tuple(helped))] if helped else []
    table = months_table(teller, "劳动争议调处和法律援助情况", DISPUTES)
    blocks += [table] if table else []
    units = unit_table(
        teller, "各单位劳动争议调处情况",
        ("I-RIGHT-07", "I-RIGHT-08", counts.PENDING, "I-RIGHT-09", "I-RIGHT-11"), limit=_SHOWN,
    )  # fmt: skip
    blocks += [units] if units else []
    return Section("A5", title, tuple(blocks))


def centre(teller: Teller) -> Section | None:
    """What service centres did in each of their functions; None where nobody told of one."""
    teller.open("A6")
    figures, known = teller.figures, teller.definitions
    if counts.CENTRE not in {f.code for f in known.forms}:
        return None
    rows: list[tuple[Inline, ...]] = []
    for function in counts.functions(known):
        found = [figures.get(counts.centre(w, function)) for w in counts.CENTRE_COUNTS]
        if any(f is not None and f.value for f in found):
            rows.append((function, *(teller.cell(f) for f in found)))
    if not rows:
        return None
    told = sentence(teller, [
        ("I-RIGHT-12", "服务中心和热线受理{d}件，解决{n}件，解决率{v}"),
        ("I-RIGHT-13", "职工评价{d}件，满意{n}件，满意率{v}"),
    ])  # fmt: skip
    columns = (Column("服务职能", "left", 2.0), Column("受理（件）"), Column("答复（件）"),
               Column("解决（件）"))  # fmt: skip
    table = Table("服务中心和热线办理情况", columns, tuple(rows))
    blocks: list[Block] = [Paragraph(tuple(told))] if told else []
    units = unit_table(teller, "各单位服务中心办理情况", ("I-RIGHT-12", "I-RIGHT-13"), limit=_SHOWN)
    return Section("A6", "服务中心和热线", (*blocks, table, *([units] if units else [])))
