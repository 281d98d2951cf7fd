"""The assessment book (R-02) and the letter that tells a unit its result, as official papers.

Pure: what is printed comes in as words that were worked out before, each number with what it is
made of; here it becomes documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.publish.paper import (
    Grid,
    Heading,
    Paper,
    Part,
    Signatures,
    Text,
    Turn,
    Words,
    listed,
    said,
    table_or,
)


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One line of a score sheet, in words."""

    item: str
    name: str
    full: str
    target: Words
    told: Words
    actual: Words
    marks: Words
    reason: str


@dataclass(frozen=True, slots=True)
class UnitPaper:
    """One unit of a result; `blocks` are (name with weight, score)."""

    name: str
    group: str
    rank: Words
    last_rank: Words
    blocks: tuple[tuple[str, Words], ...]
    bonus: Words
    deduction: Words
    vetoes: tuple[str, ...]
    total: Words
    grade: str
    reasons: tuple[str, ...]
    vetoes_told: tuple[str, ...] = ()
    """Each veto as a sentence with its document and the best grade it leaves."""
    lines: tuple[ScoreLine, ...] = ()
    next_grade: str = ""
    adjusted_for: tuple[Words, ...] = ()
    """What bonus and deduction are made of, by kind: 扣分 2.50 分：年报迟报 0.50 分."""
    ways_up: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    adjusts: tuple[str, ...] = ("加分", "扣分", "一票否决")
    """What the scheme adds and takes beside the blocks."""
    sums: tuple[str, ...] = ()
    """How each block came about, as sentences."""

    @property
    def adjusted(self) -> tuple[tuple[str, Words], ...]:
        """Label and text of what the scheme adds and takes."""
        told: dict[str, Words] = {
            "加分": self.bonus,
            "扣分": self.deduction,
            "一票否决": "；".join(self.vetoes) or "—",
        }
        return tuple((name, told[name]) for name in self.adjusts)

    @property
    def places(self) -> Words:
        """Group and rank as a letter says it."""
        if self.rank == "—":
            return f"{self.group}组，不排名次"
        return said(f"{self.group}组第 ", self.rank, " 名")

    @property
    def outlook(self) -> str:
        """What the next grade asks, or why there is none to be had."""
        name = "努力方向" if self.next_grade.startswith("距") else "等次说明"
        return f"{name}：{self.next_grade}" if self.next_grade else ""

    @property
    def grade_told(self) -> tuple[str, ...]:
        """Why the grade is what it is and what the next one asks, nothing twice."""
        reasons = [r for r in self.reasons if r not in self.next_grade]
        reasons += [
            told
            for name, told in zip(self.vetoes, self.vetoes_told or self.vetoes, strict=True)
            if not any(name in r for r in self.reasons)
        ]
        told = [f"等次说明：{'；'.join(reasons)}。"] if reasons else []
        return (*told, self.outlook) if self.outlook else tuple(told)


@dataclass(frozen=True, slots=True)
class BookFacts:
    """What the book says beside the units; `groups` with how many units each has."""

    federation: str
    year: int
    title: str
    scheme: str
    code: str
    edition: str
    cause: str
    cutoff: str
    digest: str
    definitions: str
    method: tuple[str, ...]
    groups: tuple[tuple[str, Words, tuple[UnitPaper, ...]], ...]
    units: Words
    grades: tuple[tuple[str, Words], ...]
    adjustments: tuple[tuple[Words, ...], ...]
    ratings: tuple[tuple[Words, ...], ...]
    sample: tuple[Words, tuple[tuple[str, ...], ...]]
    rulings: tuple[tuple[Words, ...], ...]
    appeals: tuple[tuple[str, ...], ...]
    course: tuple[tuple[str, ...], ...]
    notices: tuple[str, ...] = ()
    rests_on: str = "上报数据和评价票"
    no_rulings: str = "会审、抽查没有改变计分数据。"
    no_appeals: str = "公示期内没有收到申诉。"


_TOLD_AT_ONCE = 8
"""So many remarks on the data stand at the beginning of a book; more of them at its end."""


def book_paper(facts: BookFacts) -> Paper:
    """R-02: cover, method, ranking, ratings, inspection, appeals, score sheets, signatures."""
    units = [u for _, _, members in facts.groups for u in members]
    parts: list[Part] = [
        Heading("考核概况"),
        Text(
            said(
                f"按照《{facts.scheme}》，对 ", facts.units,
                f" 家单位{facts.year}年度工作进行了考核。其中",
                listed(said(f"{grade} ", count, " 家") for grade, count in facts.grades),
                f"。计分数据截至{facts.cutoff}，全部得分由系统按{facts.rests_on}计算，"
                "每项得分均可查到原始记录。",
            )
        ),
        *_remarks(facts.notices),
        Heading("考核办法摘要"),
        *(Text(line, "numbered") for line in facts.method),
        Heading("考核过程"),
        Grid(
            ("时间", "步骤", "经办", "事由", "文号"), (32, 17, 17, 29, 33), facts.course, "cclll",
        ),
        Turn(landscape=True),
        Heading("考核结果"),
    ]  # fmt: skip
    for group, count, members in facts.groups:
        blocks = tuple(name for name, _ in members[0].blocks)
        parts.append(
            Grid(
                ("名次", "单位", *blocks, *members[0].adjusts, "总分", "等次", "上年名次", "备注"),
                (9, 30, *(15 for _ in blocks), *(_WIDE[a] for a in members[0].adjusts), 12, 22,
                 14, 30),
                tuple(_ranked(u) for u in members),
                f"cl{'r' * len(blocks)}{''.join(_SIDE[a] for a in members[0].adjusts)}rccl",
                said(f"{group}组（", count, " 家）"),
            )
        )  # fmt: skip
    parts += [
        Text(
            "总分由各部分的精确得分计算后修约；按表列的两位小数相加，可能相差 0.01 分。", "note"
        ),
        Heading("加分、扣分与一票否决"),
        table_or("没有加分、扣分和一票否决事项。",
                  ("单位", "类别", "事项", "文号（凭据）", "分值", "处理"),
                  (22, 12, 76, 32, 10, 16), facts.adjustments, "lcllrl", 1),
        Heading("群众评价"),
        table_or("本方案不含群众评价。",
                  ("单位", "评价主体", "应评人数", "收回票数", "参与率", "满意", "基本满意",
                   "不满意", "不了解", "得分"),
                  (30, 14, 11, 11, 12, 10, 11, 10, 10, 12), facts.ratings, "lcrrrrrrrr", 1),
        Heading("现场抽查"),
        Text(facts.sample[0]),
        *([Grid(("组别", "签号", "单位", "结论", "核查情况", "佐证材料"),
                (30, 22, 28, 12, 40, 24), facts.sample[1], "lclcll", joined=1)]
          if facts.sample[1] else []),
        Heading("核定、申诉与答复"),
        *_settled(facts),
        Heading("各单位评分明细"),
    ]  # fmt: skip
    for unit in units:
        name = said(f"{unit.name}（", unit.places, "，总分 ", unit.total, f"，{unit.grade}）")
        parts += [Heading(name, 2)]
        parts += [_score_table(unit)]
        below = (*unit.sums, *([unit.outlook] if unit.outlook else []))
        parts += [Text("\n".join(below), "note")] if below else []
    parts += [
        Turn(landscape=False),
        *_listed(facts.notices),
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
        Text(
            f"核验信息：方案编号 {facts.code}，结果摘要码 {facts.digest[:16]}，定义版本 "
            f"{facts.definitions[:16]}。按同一版本、同一截止时间重算，摘要码应当一致。",
            "note",
        ),
    ]  # fmt: skip
    return Paper(
        title=facts.title,
        issuer=facts.federation,
        parts=tuple(parts),
        cover=(
            ("考核方案", facts.scheme),
            ("结果版次", facts.edition),
            ("本版形成", facts.cause),
            ("数据截止", facts.cutoff),
        ),
    )


def workbook_paper(
    title: str,
    federation: str,
    units: Sequence[UnitPaper],
    adjustments: Sequence[tuple[Words, ...]],
    ratings: Sequence[tuple[Words, ...]],
) -> Paper:
    """What the workbook of a run prints, in the order of its pages; only its numbers are kept."""
    tables = ((_ranked(u) for u in units), adjustments, ratings)
    grids = [Grid((), (), tuple(rows)) for rows in tables]
    return Paper(title, federation, (*grids, *(_score_table(u) for u in units)))


def _remarks(notices: Sequence[str]) -> list[Part]:
    """What is said of the data where a reader begins: all of it, or how much and where it is."""
    if len(notices) <= _TOLD_AT_ONCE:
        return [Text(n) for n in notices]
    return [Text(f"另有数据说明 {len(notices)} 条，列于评分明细之后。")]


def _listed(notices: Sequence[str]) -> list[Part]:
    if len(notices) <= _TOLD_AT_ONCE:
        return []
    return [
        Heading("数据说明"),
        *(Text(f"{n}. {told}", "note") for n, told in enumerate(notices, 1)),
    ]


def _settled(facts: BookFacts) -> list[Part]:
    """What was ruled and what units appealed against, or that there was none of it."""
    if not facts.rulings and not facts.appeals:
        return [Text(facts.no_rulings + facts.no_appeals)]
    return [
        table_or(facts.no_rulings,
                  ("单位", "事项", "内容", "核定为", "来源", "文号", "理由"),
                  (24, 16, 28, 12, 12, 28, 30), facts.rulings, "lclrcll"),
        table_or(facts.no_appeals,
                  ("编号", "单位", "申诉事项", "请求", "答复", "理由", "文号"),
                  (8, 24, 26, 32, 14, 30, 28), facts.appeals, "clllcll"),
    ]  # fmt: skip


_WIDE = {"加分": 10, "扣分": 10, "一票否决": 18}
_SIDE = {"加分": "r", "扣分": "r", "一票否决": "c"}


def _ranked(unit: UnitPaper) -> tuple[Words, ...]:
    return (
        unit.rank, unit.name, *(score for _, score in unit.blocks),
        *(told for _, told in unit.adjusted), unit.total, unit.grade, unit.last_rank,
        "；".join(unit.reasons) or "—",
    )  # fmt: skip


def _score_table(unit: UnitPaper) -> Grid:
    return Grid(
        ("项目", "指标", "分值", "目标", "自报", "核定", "得分", "计分说明"),
        (22, 41, 11, 16, 15, 18, 14, 104),
        tuple(
            (x.item, x.name, x.full, x.target, x.told, x.actual, x.marks, x.reason)
            for x in unit.lines
        ),
        "llcrrrcl",
        joined=1,
    )


def result_letter(
    unit: UnitPaper,
    *,
    federation: str,
    scheme: str,
    year: int,
    number: str,
    issued: date,
    appeal_days: str,
    settled: str = "考核并审定",
) -> Paper:
    """考核结果通知单: one page that says result, where marks were lost, what follows.

    `settled` says how far the result has come; only a final one is called 审定.
    """
    last = unit.last_rank
    before: Words = "" if last == "—" else said("（上年第 ", last, " 名）")
    points = {name: told for name, told in unit.adjusted if name != "一票否决"}
    parts: list[Part] = [
        Text(
            said(
                f"按照《{scheme}》，经{settled}，你单位{year}年度总分 ", unit.total,
                f" 分，等次为{unit.grade}，列", unit.places, before, "。现将有关情况通知如下。",
            )
        ),
        Grid(
            (*(name for name, _ in unit.blocks), *points, "总分", "等次"),
            (*(18 for _ in unit.blocks), *(10 for _ in points), 12, 19),
            ((*(score for _, score in unit.blocks), *points.values(), unit.total, unit.grade),),
            "c" * (len(unit.blocks) + len(points) + 2),
            note=listed(unit.adjusted_for, "　"),
        ),
    ]  # fmt: skip
    parts += [Text(told) for told in unit.grade_told]
    if unit.consequences:
        parts.append(Text("结果运用：" + "；".join(unit.consequences) + "。"))
    parts.append(Text(f"各项得分和计分说明见考核结果汇编。{appeal_days}"))
    return Paper(
        title=f"{year}年度考核结果通知单",
        issuer=federation,
        parts=tuple(parts),
        number=number,
        addressee=unit.name,
        issued=issued,
        compact=True,
    )
