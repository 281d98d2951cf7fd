"""Figures of an invented federation, small enough to check by head, for the tests of publishing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from definitions.model import Dated, Parameter
from definitions.periods import Period
from pipelines.figures import BLOCK, INDUSTRY, UNASSIGNED, CoverageRow, Figure, Figures, Transfer
from pipelines.figures import Unit as Unit
from pipelines.publish.extras import (
    AssessmentRow,
    Extras,
    RuleCount,
    StarHomeRow,
    UnitWords,
    UnmetTarget,
    WorkRow,
)

CUTOFF = datetime(2018, 1, 20, 2, 30, tzinfo=UTC)  # 10:30 in Beijing
ROOT = Unit("NX", "示范总工会", "省级")
YC, SZS, SZSG, WZ, QTX = (
    Unit("YC", "银川市总工会", "市级"),
    Unit("SZS", "石嘴山市总工会", "市级"),
    Unit("SZSG", "石嘴山高新技术产业开发区总工会", "市级"),
    Unit("WZ", "吴忠市总工会", "市级"),
    Unit("QTX", "青铜峡市总工会", "区县级"),
)
JK, JT = Unit("JK", "教科文卫工会", "市级"), Unit("JT", "交通运输工会", "市级")
OUT = Unit(UNASSIGNED, UNASSIGNED, "")

INDICATORS = """
I-ORG-01 基层工会组织数 个 distinct 0 S
I-ORG-03 职工人数 人 latest 0 S
I-ORG-04 会员人数 人 latest 0 S
I-ORG-09 职工入会率 % ratio 2 S
I-ORG-13 新建基层工会数 个 sum 0 S
I-ORG-15 新发展会员数 人 sum 0 S
I-ORG-25 划转工会数 个 sum 0 S
I-HOME-01 职工之家数 个 latest 0 H
I-HOME-02 新建职工之家数 个 sum 0 H
I-HOME-03 新建暖心驿站数 个 sum 0 H
I-HOME-05 会员参评率 % ratio 2 H
I-DEMO-03 职工代表数 人 latest 0 S
I-DEMO-04 代表岗前培训率 % ratio 2 S
I-DEMO-08 职工提案数 件 sum 0 S
I-DEMO-11 减少损失金额 元 sum 2 S
I-AID-05 救助户数 户 latest 0 S
I-AID-08 大病救助人次 人次 sum 0 S
I-WARM-01 两节慰问户数 户 sum 0 S
I-WARM-02 两节慰问资金 元 sum 2 S
I-WARM-03 两节户均慰问标准 元/户 ratio 2 S
I-INNO-01 合理化建议件数 件 sum 0 E
I-INNO-05 “五小”获奖数 项 sum 0 E
I-SKILL-01 培训期数 期 sum 0 E
I-SKILL-02 培训人次 人次 sum 0 E
I-SKILL-04 培训投入 元 sum 2 E
I-SKILL-06 练兵场次 场 sum 0 E
I-SKILL-07 竞赛场次 场 sum 0 E
I-SKILL-08 参赛企业数 家 sum 0 E
I-SKILL-09 参赛职工数 人 sum 0 E
I-SKILL-10 竞赛参赛率 % ratio 2 E
I-SKILL-11 取得技能等级证书人数 人 sum 0 E
I-SKILL-12 通过大赛获高级资格人数 人 sum 0 E
I-SKILL-13 晋级助推奖励金额 元 sum 2 E
I-SKILL-15 师徒结对数 对 sum 0 E
I-SKILL-16 师徒结对目标完成率 % ratio 2 E
I-SKILL-18 师徒结对名师数 人 sum 0 E
I-RIGHT-01 维权服务菜单件数 件 sum 0 S
I-RIGHT-02 企业需求订单件数 件 sum 0 S
I-RIGHT-03 工会受理单件数 件 sum 0 S
I-RIGHT-04 诉求按期办结率 % ratio 2 S
I-RIGHT-09 追回欠薪金额 元 sum 2 S
I-RIGHT-10 追回欠薪惠及人数 人 sum 0 S
I-FIN-01 应拨缴经费 元 sum 2 E
I-FIN-02 实拨缴经费 元 sum 2 E
I-FIN-03 经费收缴率 % ratio 2 E
I-EVAL-01 群众满意率 % ratio 2 S
I-CULT-02 文体活动场次 场 sum 0 H
"""


PARAMETERS = {
    code: Parameter(
        code=code, name=code, values=(Dated(since=date(2016, 1, 1), value=value, authority="例"),)
    )
    for code, value in (
        ("small_cell_limit", 5),
        ("small_cell_columns", {"AID-02": {"counts": ["persons"], "amounts": ["amount"]}}),
        ("steady_band_pct", 0.5),
    )
}


def definitions(without: tuple[str, ...] = ()) -> Definitions:
    """Definitions that hold indicators only."""
    found = {}
    for line in INDICATORS.strip().splitlines():
        code, name, unit, aggregate, decimals, dimension = line.split(" ")
        if code in without:
            continue
        measure = {"form": "ORG-02", "count": "rows"}
        if code.startswith("I-AID"):
            measure = {"form": "AID-02", "sum": "persons"}
        found[code] = Indicator.model_validate(
            {
                "code": code,
                "name": name,
                "unit": unit,
                "dimension": dimension,
                "aggregate": aggregate,
                "numerator": [measure],
                "denominator": [measure] if aggregate == "ratio" else [],
                "multiply": 100 if unit == "%" else 1,
                "decimals": int(decimals),
                "authority": "示总工办〔2015〕88号",
                "definition": f"{name}，按表列数计算",
            }
        )
    return Definitions(
        forms=(), code_lists={}, indicators=found, rules={}, cross_rules={}, parameters=PARAMETERS,
        schemes=(), works={}, regions={}, industries={}, mechanisms={}, calendar=cast(Any, None),
        sources={"indicators": INDICATORS},
    )  # fmt: skip


# Value of each unit this year: (indicator, {unit: value}); the root is their sum.
COUNTS: dict[str, Mapping[str, int]] = {
    "I-ORG-01": {"YC": 1208, "SZS": 44, "SZSG": 650, "WZ": 512, "QTX": 83},
    "I-ORG-03": {"YC": 410000, "SZS": 9100, "SZSG": 61200, "WZ": 88000, "QTX": 21500},
    "I-ORG-04": {"YC": 382500, "SZS": 8800, "SZSG": 57310, "WZ": 80100, "QTX": 20050},
    "I-ORG-13": {"YC": 101, "WZ": 12},
    "I-ORG-15": {"YC": 15632, "WZ": 2210, "QTX": 310},
    "I-ORG-25": {"SZSG": 650},
    "I-HOME-01": {"YC": 210, "WZ": 40},
    "I-HOME-02": {"YC": 58},
    "I-HOME-03": {"YC": 900},
    "I-DEMO-03": {"QTX": 398},
    "I-DEMO-08": {"QTX": 216},
    "I-DEMO-11": {"QTX": 750000},
    "I-WARM-01": {"SZSG": 2602, "YC": 4100},
    "I-WARM-02": {"SZSG": 1300000, "YC": 2050000},
    "I-AID-08": {"SZSG": 25},
    "I-INNO-05": {"SZSG": 17},
    "I-SKILL-01": {"YC": 1236, "SZSG": 3},
    "I-SKILL-02": {"YC": 300000, "SZSG": 184},
    "I-SKILL-04": {"YC": 5000000},
    "I-SKILL-06": {"YC": 3000},
    "I-SKILL-07": {"YC": 120},
    "I-SKILL-08": {"YC": 3000},
    "I-SKILL-09": {"YC": 260000},
    "I-SKILL-11": {"YC": 37000},
    "I-SKILL-12": {"YC": 3725},
    "I-SKILL-13": {"YC": 4120500},
    "I-SKILL-15": {"SZSG": 278},
    "I-SKILL-18": {"SZSG": 156},
    "I-RIGHT-01": {"QTX": 836},
    "I-RIGHT-02": {"QTX": 83},
    "I-RIGHT-03": {"QTX": 16},
    "I-RIGHT-09": {"QTX": 54560},
    "I-RIGHT-10": {"QTX": 98},
    "I-FIN-01": {"YC": 20000000, "WZ": 8000000},
    "I-FIN-02": {"YC": 19100000, "WZ": 8000000},
}
RATES: dict[str, Mapping[str, tuple[int, int]]] = {
    "I-ORG-09": {u: (COUNTS["I-ORG-04"][u], COUNTS["I-ORG-03"][u]) for u in COUNTS["I-ORG-04"]},
    "I-DEMO-04": {"QTX": (366, 398)},
    "I-SKILL-10": {"YC": (260000, 282609)},
    "I-SKILL-16": {"SZSG": (278, 100)},
    "I-RIGHT-04": {"QTX": (15, 16)},
    "I-FIN-03": {"YC": (19100000, 20000000), "WZ": (8000000, 8000000)},
    "I-WARM-03": {"SZSG": (1300000, 2602), "YC": (2050000, 4100)},
}


def year(
    counts: Mapping[str, Mapping[str, int]] = COUNTS,
    children: tuple[Unit, ...] = (YC, SZS, SZSG, WZ, QTX),
) -> Figures:
    """The year 2017 of the federation, with last year's figures for some indicators."""
    values: dict[tuple[str, str, str, str], Figure] = {}

    def put(figure: Figure) -> None:
        values[(figure.line, figure.unit, figure.period, figure.indicator)] = figure

    known = definitions().indicators
    for code in known:
        multiply = known[code].multiply
        if code in counts:
            total = Decimal(sum(counts[code].values()))
            last = (total * Decimal("0.93")).to_integral_value() if code < "I-INNO" else None
            put(Figure(code, "NX", "2017", BLOCK, total, reported=58, expected=60, last_year=last))
            for unit in children:
                if unit.code in counts[code]:
                    value = Decimal(counts[code][unit.code])
                    moved = code == "I-ORG-04" and unit.code in ("SZS", "SZSG")
                    before = {"SZS": Decimal(64000), "SZSG": None}.get(unit.code) if moved else None
                    same = {"SZS": Decimal(8500), "SZSG": Decimal(55500)}.get(unit.code)
                    put(
                        Figure(
                            code, unit.code, "2017", BLOCK, value, reported=12, expected=12,
                            last_year=before, comparable=same if moved else None,
                        )
                    )  # fmt: skip
            _industry(put, code, total)
            for i, month in enumerate(Period.parse("2017").months()):
                part = total / 12 * (8 + i % 5) / 10
                value = None if i == 6 and code == "I-ORG-15" else part.to_integral_value()
                put(Figure(code, "NX", month.label, BLOCK, value))
        elif code in RATES:
            parts = RATES[code]
            for unit_code, (n, d) in parts.items():
                rate = Decimal(n) / Decimal(d) * multiply
                put(Figure(code, unit_code, "2017", BLOCK, rate, Decimal(n), Decimal(d)))
            n, d = sum(n for n, _ in parts.values()), sum(d for _, d in parts.values())
            target = Decimal(92) if code == "I-SKILL-10" else None
            rate = Decimal(n) / Decimal(d) * multiply
            last = rate - Decimal("1.2") if code == "I-ORG-09" else None
            put(
                Figure(code, "NX", "2017", BLOCK, rate, Decimal(n), Decimal(d),
                       reported=12, expected=12, last_year=last, target=target)
            )  # fmt: skip
        else:
            put(Figure(code, "NX", "2017", BLOCK, None, reported=0, expected=12))
    return Figures(
        unit=ROOT,
        period=Period.parse("2017"),
        cutoff=CUTOFF,
        definitions_digest="3f9a" * 16,
        children={BLOCK: children, INDUSTRY: (JK, JT, OUT)},
        values=values,
        transfers=tuple(_transfers()),
        coverage=(
            CoverageRow("YC", "ORG-02", "2017", 12, 12, 12, 11),
            CoverageRow("SZS", "ORG-02", "2017", 12, 12, 10, 9),
            CoverageRow("SZSG", "ORG-02", "2017", 12, 12, 12, 12),
            CoverageRow("WZ", "ORG-02", "2017", 12, 10, 8, 7, ("吴忠仪表有限责任公司工会",)),
            CoverageRow("QTX", "ORG-02", "2017", 12, 12, 12, 10),
        ),
        notes=("石嘴山市三个开发区总工会成立于2017年，划转按月末隶属关系归属。",),
    )


def _industry(put: Any, code: str, total: Decimal) -> None:
    put(Figure(code, "JK", "2017", INDUSTRY, total // 10))
    put(Figure(code, "JT", "2017", INDUSTRY, total // 20))
    put(Figure(code, UNASSIGNED, "2017", INDUSTRY, total - total // 10 - total // 20))


def month(units: int = 8) -> Figures:
    """March 2017 with as many children as asked; the n-th of them is worth n, the last unheard."""
    children = tuple(Unit(f"U{n:03d}", f"第{n}区县总工会", "区县级") for n in range(1, units + 1))
    values: dict[tuple[str, str, str, str], Figure] = {}
    for code in ("I-ORG-04", "I-ORG-15", "I-SKILL-02", "I-FIN-02"):
        total = Decimal(sum(range(1, units)))
        own = [(c.code, Decimal(n)) for n, c in enumerate(children[:-1], 1)]
        for unit, value in (("NX", total), *own):
            values[(BLOCK, unit, "2017-03", code)] = Figure(
                code, unit, "2017-03", BLOCK, value, reported=units - 1, expected=units,
                previous=value * 2, last_year=value / 2,
            )  # fmt: skip
    coverage = [CoverageRow(c.code, "ORG-02", "2017-03", 3, 3, 3, 2) for c in children[:-1]]
    last = children[-1]
    names = tuple(f"第{i}基层工会" for i in range(1, 31))
    coverage.append(CoverageRow(last.code, "ORG-02", "2017-03", 30, 0, 0, 0, names))
    return Figures(
        unit=ROOT,
        period=Period.parse("2017-03"),
        cutoff=CUTOFF,
        definitions_digest="3f9a" * 16,
        children={BLOCK: children},
        values=values,
        coverage=tuple(coverage),
    )


FROM = ("大武口区总工会", "惠农区总工会")


def _transfers() -> list[Transfer]:
    day, paper = date(2017, 7, 1), "石总工发〔2017〕21号"
    direct = [
        Transfer(
            f"D{i:03d}", f"市直第{i}单位工会", "块", "划转", "石嘴山市总工会（直属）",
            "石嘴山高新技术产业开发区总工会" if i % 2 else "教科文卫工会", day, paper,
        )
        for i in range(1, 49)
    ]  # fmt: skip
    firms = [
        Transfer(
            f"E{i:03d}", f"第{i}企业工会", "块", "划转", FROM[i % 3 == 0],
            "石嘴山高新技术产业开发区总工会", day, paper,
        )
        for i in range(1, 603)
    ]  # fmt: skip
    return direct + firms


EXTRAS = Extras(
    works=(
        WorkRow("W01", "工会组织建设与会员发展", 12, 11, Decimal("97.25")),
        WorkRow("W07", "劳动竞赛与技能人才培养（五位一体）", 8, 8, Decimal(100)),
        WorkRow("W08", "劳动保护与“安康杯”", 0, 0, None),
    ),
    assessments=(
        AssessmentRow("银川市总工会", "市级总工会", Decimal("93.415"), "优秀", 1,
                      code="YC", scheme="TRA-FED-2017"),
        AssessmentRow("石嘴山市总工会", "市级总工会", Decimal("88.2"), "良好", 2,
                      code="SZS", scheme="TRA-FED-2017"),
        AssessmentRow("吴忠市总工会", "市级总工会", Decimal("57.3"), "不合格", 3, "经费未足额上缴",
                      code="WZ", scheme="TRA-FED-2017"),
        AssessmentRow("青铜峡市总工会", "区县总工会", Decimal("85"), "良好", None,
                      code="QTX", scheme="TRA-FED-2017"),
    ),
    star_homes=(
        StarHomeRow(
            "北京经济技术开发区某科技园职工之家", "科技园工会",
            Decimal(80), Decimal(90), Decimal(90),
            (Decimal(40), Decimal(30), Decimal(30)), Decimal(86), "四星", Decimal("72.5"),
            scheme="SWH-2017",
        ),
    ),
    unmet=(
        UnmetTarget("吴忠市总工会", "新建暖心驿站", "家", Decimal(50), Decimal(31), "选址未落实",
                    "WZ", "I-HOME-03"),
        UnmetTarget("石嘴山市总工会", "会员实名制采集", "%", Decimal(95), None,
                    code="SZS", indicator="I-ORG-17"),
    ),
    rule_counts=(
        RuleCount("V-R-001", "会员人数大于职工人数", "退回", 41, 19, "核对人数，离退休会员不计入"),
        RuleCount("V-C-003", "金额单位误作万元", "须说明", 7, 5, "金额一律以元填报"),
    ),
    words=(
        UnitWords(
            "QTX", "青铜峡市总工会", "R14", "存在问题", "乡镇工会兼职干部流动大，报表交接不畅。"
        ),
    ),
)  # fmt: skip
