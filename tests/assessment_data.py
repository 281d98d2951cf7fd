"""A small assessment in business terms: five county unions, one letter each, a year of figures."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import yaml

import definitions.loading
from definitions.scheme_files import inherited
from definitions.schemes import Scheme
from pipelines.assess import (
    AssessmentInputs,
    AssessorMark,
    BonusClaim,
    DeductionEntry,
    IndicatorFacts,
    Measurement,
    PartyScore,
    SelfReport,
    Tally,
    Target,
    Unit,
    VetoEntry,
)

D = Decimal
SCHEMES = Path(definitions.loading.__file__).parent / "schemes"

FACTS = tuple(
    IndicatorFacts(code, name, unit, multiply=D(100) if unit == "%" else D(1))
    for code, name, unit in (
        ("I-ORG-13", "新建基层工会数", "个"),
        ("I-ORG-15", "新发展会员数", "人"),
        ("I-ORG-17", "实名制采集率", "%"),
        ("I-HOME-02", "新建职工之家数", "个"),
        ("I-HOME-03", "新建暖心驿站数", "个"),
        ("I-HOME-06", "会员评家得分", "分"),
        ("I-AID-05", "救助户数", "户"),
        ("I-WARM-01", "两节慰问户数", "户"),
        ("I-INNO-13", "人均提建议件数", "件/人"),
        ("I-INNO-03", "合理化建议实施率", "%"),
        ("I-INNO-08", "创新工作室达标率", "%"),
        ("I-INNO-05", "“五小”获奖数", "项"),
        ("I-SKILL-10", "竞赛参赛率", "%"),
        ("I-SKILL-03", "受教育面", "%"),
        ("I-SKILL-11", "取得技能等级证书人数", "人"),
        ("I-SKILL-15", "师徒结对数", "对"),
        ("I-DEMO-04", "代表岗前培训率", "%"),
        ("I-DEMO-09", "提案落实率", "%"),
        ("I-RIGHT-04", "诉求按期办结率", "%"),
        ("I-RIGHT-08", "争议调解成功率", "%"),
        ("I-FIN-03", "经费收缴率", "%"),
        ("I-FIN-05", "上缴经费", "元"),
        ("I-DQ-01", "按时报送率", "%"),
        ("I-DQ-02", "首次通过率", "%"),
    )
)

UNITS = (
    Unit("U1", "青山县总工会", "区县总工会", "区县级", last_year_rank=2),
    Unit("U2", "临河区总工会", "区县总工会", "区县级", last_year_rank=1),
    Unit("U3", "永宁县总工会", "区县总工会", "区县级", last_year_rank=4),
    Unit("U4", "平川区总工会", "区县总工会", "区县级", last_year_rank=3),
    Unit(
        "U5", "高新技术开发区总工会", "开发区（园区）总工会", "区县级",
        note="2017年7月接收划转工会48家，流量数自7月起归集本单位。",
    ),
)  # fmt: skip

# indicator | letter target | figures of U1 to U5: a count or a ratio; — is unreported
YEAR = """
I-ORG-13   |      40 |           44           41           30           20           55
I-ORG-15   |    3000 |         3125         2890         2400         1500         4100
I-ORG-17   |         |   9100/10000   8450/10000    7320/9800    6000/9500    4800/5000
I-HOME-02  |      15 |           15           16           12            9            4
I-HOME-03  |      60 |           66           60           41           30           22
I-HOME-06  |         |    36800/400    34000/400    24900/300            —    17600/200
I-AID-05   |     500 |          512          498          470          350           90
I-WARM-01  |     600 |          655          610          590          420          120
I-INNO-13  |         |  52000/50000  41000/48000  20000/39000   9000/35000  21000/22000
I-INNO-03  |         |  27100/52000  18000/41000   7000/20000    2500/9000  11000/21000
I-INNO-08  |         |         7/10          5/8          2/6          1/5          0/0
I-INNO-05  |         |           12           12            5            2            9
I-SKILL-10 |         |  24000/26000  21000/24000  15000/19000   9000/18000  11000/11500
I-SKILL-03 |         |  46000/50000  40000/48000  27000/39000  14000/35000  20500/22000
I-SKILL-11 |    1000 |         1120          985          730          310          640
I-SKILL-15 |     100 |          278           96           70           55          120
I-DEMO-04  |         |      366/398      310/330      240/300      150/260        88/90
I-DEMO-09  |         |        82/95        70/80        40/61        15/44        18/20
I-RIGHT-04 |         |        83/83        61/63        40/44        20/31          9/9
I-RIGHT-08 |         |      150/192       98/140       60/105        31/80        20/22
I-FIN-03   |         |     982/1000      880/900      660/780      390/700      495/500
I-FIN-05   | 3800000 |      3928000      3520000      2640000      1560000      3980000
I-DQ-01    |         |      228/228      226/228      210/228      180/228      228/228
I-DQ-02    |         |      214/228      205/228      170/228      110/228      220/228
"""
LAST_YEAR = {"I-INNO-13": ("0.82", "0.80", "0.55", "0.30", None),
             "I-SKILL-03": ("85", "82", "66", "44", "90")}  # fmt: skip
# unit, rater, eligible, ballots, very satisfied, basically, not, do not know
BALLOTS = """
U1 会员 1410 1370 1180 130 40 20
U2 会员 1320 1100 820 200 60 20
U3 会员 1000 700 400 180 90 30
U4 会员 900 480 150 120 60 150
U5 会员 600 560 500 40 10 10
U1 职工代表 398 366 300 50 10 6
U2 职工代表 330 310 230 60 15 5
U3 职工代表 300 250 150 70 20 10
U4 职工代表 260 150 60 50 30 10
U5 职工代表 90 88 80 6 1 1
U1 党政领导 30 28 26 2 0 0
U2 党政领导 30 27 22 4 1 0
U3 党政领导 25 20 12 6 2 0
U4 党政领导 25 18 6 8 4 0
U5 党政领导 15 15 14 1 0 0
U1 工会机关 20 20 18 2 0 0
U2 工会机关 20 20 16 3 1 0
U3 工会机关 18 16 10 5 1 0
U4 工会机关 18 14 5 6 3 0
U5 工会机关 10 10 9 1 0 0
"""


def scheme(code: str) -> Scheme:
    """A scheme file by its code, without loading the rest of the definitions."""
    data = _data(code)
    base = data.get("based_on")
    return Scheme.model_validate(inherited(data, {base: _data(base)} if base else {}))


def _data(code: str) -> dict:
    return yaml.safe_load((SCHEMES / f"{code}.yaml").read_text(encoding="utf-8"))


def counties(*, assessors: bool = True) -> AssessmentInputs:
    """The whole year of the five unions, with honours, a false report and a veto."""
    measurements, targets, self_reports = [], [], []
    for row in YEAR.strip().splitlines():
        code, letter, figures = (cell.strip() for cell in row.split("|"))
        for i, (unit, cell) in enumerate(zip(UNITS, figures.split(), strict=True)):
            top, _, bottom = cell.partition("/")
            numerator = None if top == "—" else D(top)
            base = LAST_YEAR.get(code, (None,) * 5)[i]
            measurements.append(
                Measurement(
                    unit.code,
                    code,
                    None if bottom else numerator,
                    numerator if bottom else None,
                    D(bottom) if bottom else None,
                    reported=0 if numerator is None else 12,
                    expected=12,
                    last_year=D(base) if base else None,
                    reference=f"溯源 2017-{code[2:]}-{unit.code}",
                )
            )
            if letter:
                targets.append(Target(unit.code, code, D(letter), owner="王建国"))
    for unit, code, claimed in (("U1", "I-SKILL-15", "278"), ("U4", "I-SKILL-11", "520"),
                                ("U2", "I-ORG-15", "2900")):  # fmt: skip
        self_reports.append(SelfReport(unit, code, D(claimed), reference="TGT-02 2017Q4"))
    tallies = tuple(
        Tally(unit, rater, *(int(n) for n in counts))
        for unit, rater, *counts in (line.split() for line in BALLOTS.strip().splitlines())
    )
    given = {"U1": 94, "U2": 90, "U3": 78, "U4": 62, "U5": 92}
    marks = tuple(
        AssessorMark(unit, item, group, D(base + shift))
        for unit, base in given.items()
        for item in ("D5", "K1", "K2", "K3")
        for group, shift in (("考评一组", 0), ("考评二组", 1))
    )
    return AssessmentInputs(
        year=2017,
        units=UNITS,
        indicators=FACTS,
        measurements=tuple(measurements),
        targets=tuple(targets),
        self_reports=tuple(self_reports),
        tallies=tallies,
        assessor_marks=marks if assessors else (),
        bonus_claims=(
            BonusClaim("U1", "国家级", "全国工人先锋号", "总工发〔2017〕12号"),
            BonusClaim("U1", "市级", "劳动竞赛先进单位", ""),
            BonusClaim("U2", "省级", "五一劳动奖状", "宁工发〔2017〕9号"),
        ),
        deductions=(
            DeductionEntry("U3", "年报迟报", "2016年年报迟报", 2, "市总工办函〔2017〕3号"),
        ),
        vetoes=(VetoEntry("U2", "V4", "2017年度经费欠缴", "市总工发〔2018〕5号"),),
    )


HOMES = (
    Unit("H1", "富民食品有限公司工会委员会", "基层工会委员会", "基层", applied_grade="四星"),
    Unit("H2", "恒信机电集团工会委员会", "基层工会委员会", "基层", applied_grade="五星"),
    Unit("H3", "新源纺织联合工会", "联合基层工会", "基层", applied_grade="四星"),
    Unit("H4", "宏达物流工会委员会", "基层工会委员会", "基层", applied_grade="三星"),
)


def homes(year: int = 2017) -> AssessmentInputs:
    """Four homes: the printed 80/90/90, a five-star, a capped one, one with too few ballots."""
    given = {
        "H1": ((80, 90, 90), 300, 250),
        "H2": ((93, 95, 92), 800, 760),
        "H3": ((68, 95, 96), 120, 96),
        "H4": ((85, 80, 82), 90, 50),
    }
    return AssessmentInputs(
        year=year,
        units=HOMES,
        party_scores=tuple(
            PartyScore(unit, block, D(score), *((eligible, rated) if block == "member" else ()))
            for unit, (scores, eligible, rated) in given.items()
            for block, score in zip(("member", "employer", "upper"), scores, strict=True)
        ),
    )
