"""The order of the review: which indicators each section tells, in which words, in which table.

An indicator named here is skipped where the definitions have none of that code; an indicator of
a section's families that is not named here is told at the end of the section in plain words, so
a new indicator needs no line in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of a section.

    `clauses` pairs an indicator with its words: {v} is the value with its unit, {n} and {d} are
    numerator and denominator; an indicator of `breaks` begins a new sentence. `named` are told
    for the leading units, by the first of them; `table` are the columns of the table by unit.
    `chart` draws the first of `named`, or for funnel and chain the indicators of `stages`.
    `tiles` is an indicator that is also drawn by region.
    """

    title: str
    clauses: tuple[tuple[str, str], ...]
    named: tuple[str, ...] = ()
    table: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    chart: Literal["", "months", "units", "funnel", "chain"] = ""
    stages: tuple[tuple[str, str, str], ...] = ()
    tiles: str = ""
    part: Literal["", "lines", "transfers", "stars", "works", "results", "projects"] = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the review: code of domain section 9.1, title, indicator families, topics."""

    code: str
    title: str
    families: tuple[str, ...]
    topics: tuple[Topic, ...] = ()


HEADLINES: dict[str, tuple[str, ...]] = {
    "E": (
        "I-SKILL-02", "I-SKILL-07", "I-SKILL-09", "I-SKILL-10", "I-SKILL-11", "I-SKILL-12",
        "I-INNO-01", "I-INNO-04", "I-INNO-06", "I-FIN-02", "I-FIN-03", "I-SKILL-15", "I-INNO-09",
    ),
    "S": (
        "I-ORG-01", "I-ORG-04", "I-ORG-09", "I-ORG-15", "I-AID-05", "I-WARM-01", "I-WARM-02",
        "I-DEMO-04", "I-RIGHT-04", "I-RIGHT-09", "I-EVAL-01",
    ),
    "H": ("I-HOME-01", "I-HOME-02", "I-HOME-03", "I-HOME-04", "I-HOME-05"),
}  # fmt: skip
HEADLINE_QUOTA = {"E": 8, "S": 9, "H": 3}
DIMENSIONS = {"E": "经济价值", "S": "社会价值", "H": "人文价值"}

PARTS: tuple[Part, ...] = (
    Part(
        "R01",
        "组织建设与会员发展",
        ("ORG",),
        (
            Topic(
                "组织与会员规模",
                (
                    ("I-ORG-01", "期末实有基层工会组织{v}"),
                    ("I-ORG-02", "涵盖单位{v}"),
                    ("I-ORG-03", "职工{v}"),
                    ("I-ORG-04", "会员{v}"),
                    ("I-ORG-09", "职工入会率{v}"),
                    ("I-ORG-05", "会员中，女会员{v}"),
                    ("I-ORG-10", "占会员总数的{v}"),
                    ("I-ORG-06", "农民工会员{v}"),
                    ("I-ORG-07", "劳务派遣工会员{v}"),
                    ("I-ORG-08", "新就业形态会员{v}"),
                    ("I-ORG-17", "会员实名制采集率{v}"),
                    ("I-ORG-18", "法人资格登记率{v}"),
                ),
                named=("I-ORG-04", "I-ORG-01", "I-ORG-09"),
                table=("I-ORG-01", "I-ORG-03", "I-ORG-04", "I-ORG-09", "I-ORG-17"),
                breaks=("I-ORG-05", "I-ORG-17"),
                chart="units",
                tiles="I-ORG-09",
                part="lines",
            ),
            Topic(
                "建会与发展会员",
                (
                    ("I-ORG-13", "新建基层工会{v}"),
                    ("I-ORG-14", "其中百人以上工会{v}"),
                    ("I-ORG-15", "新发展会员{v}"),
                    ("I-ORG-16", "会员净增{v}"),
                ),
                named=("I-ORG-15", "I-ORG-13", "I-ORG-14"),
                table=("I-ORG-13", "I-ORG-14", "I-ORG-15", "I-ORG-16"),
                chart="months",
            ),
            Topic(
                "工会工作力量",
                (
                    ("I-ORG-22", "专职工会干部{v}"),
                    ("I-ORG-23", "每千名职工配备专职干部{v}"),
                    ("I-ORG-24", "社会化工会工作者{v}"),
                ),
                named=("I-ORG-24", "I-ORG-22"),
                table=("I-ORG-22", "I-ORG-23", "I-ORG-24"),
            ),
            Topic(
                "组织关系变动与可比口径",
                (
                    ("I-ORG-25", "办理工会组织关系划转{v}"),
                    ("I-ORG-26", "撤销、合并工会{v}"),
                ),
                part="transfers",
            ),
        ),
    ),
    Part(
        "R02",
        "职工之家建设",
        ("HOME",),
        (
            Topic(
                "服务阵地",
                (
                    ("I-HOME-01", "在用职工之家{v}"),
                    ("I-HOME-02", "新建职工之家{v}"),
                    ("I-HOME-03", "新建暖心驿站{v}"),
                    ("I-HOME-04", "阵地服务职工{v}"),
                ),
                named=("I-HOME-03", "I-HOME-02", "I-HOME-04"),
                table=("I-HOME-01", "I-HOME-02", "I-HOME-03", "I-HOME-04"),
            ),
            Topic(
                "会员评家与星级评定",
                (
                    ("I-HOME-05", "应参评会员{d}人，实际参评{n}人，会员参评率{v}"),
                    ("I-HOME-06", "会员评家得分{v}"),
                ),
                named=("I-HOME-05", "I-HOME-06"),
                table=("I-HOME-05", "I-HOME-06"),
                part="stars",
            ),
        ),
    ),
    Part(
        "R03",
        "民主管理与集体协商",
        ("DEMO", "CON"),
        (
            Topic(
                "职工代表",
                (
                    ("I-DEMO-03", "现有职工代表{v}"),
                    ("I-DEMO-04", "{d}名职工代表中{n}名接受岗前培训，培训率{v}"),
                    ("I-DEMO-05", "代表履职评估不满意率{v}"),
                    ("I-DEMO-06", "取消代表资格{v}"),
                    ("I-DEMO-07", "奖励履职优秀代表{v}"),
                ),
                named=("I-DEMO-03", "I-DEMO-04"),
                table=("I-DEMO-03", "I-DEMO-04", "I-DEMO-05", "I-DEMO-06", "I-DEMO-07"),
            ),
            Topic(
                "职工提案",
                (
                    ("I-DEMO-08", "征集职工提案{v}"),
                    ("I-DEMO-09", "提案落实率{v}"),
                    ("I-DEMO-10", "促使单位修改规章制度{v}"),
                    ("I-DEMO-13", "发现管理中的问题和漏洞{v}"),
                    ("I-DEMO-11", "为单位减少损失{v}"),
                ),
                named=("I-DEMO-08", "I-DEMO-10", "I-DEMO-13", "I-DEMO-11"),
                table=("I-DEMO-08", "I-DEMO-09", "I-DEMO-10", "I-DEMO-13", "I-DEMO-11"),
            ),
        ),
    ),
    Part(
        "R04",
        "帮扶、送温暖与互助保障",
        ("AID", "WARM", "MUT"),
        (
            Topic(
                "困难职工救助",
                (
                    ("I-AID-05", "救助困难职工家庭{v}"),
                    ("I-AID-06", "发放救助金{v}"),
                    ("I-AID-07", "户均救助{v}"),
                    ("I-AID-08", "大病救助{v}"),
                ),
                named=("I-AID-06", "I-AID-05", "I-AID-08"),
                table=("I-AID-05", "I-AID-06", "I-AID-07", "I-AID-08"),
            ),
            Topic(
                "两节送温暖",
                (
                    ("I-WARM-01", "两节期间走访慰问{v}"),
                    ("I-WARM-02", "发放慰问资金{v}"),
                    ("I-WARM-03", "户均慰问标准{v}"),
                    ("I-WARM-04", "走访企业{v}"),
                    ("I-WARM-06", "大病救助{v}"),
                    ("I-WARM-07", "发放大病救助金{v}"),
                ),
                named=("I-WARM-01", "I-WARM-02", "I-WARM-06", "I-WARM-07"),
                table=("I-WARM-01", "I-WARM-02", "I-WARM-03", "I-WARM-04", "I-WARM-06"),
                chart="units",
            ),
        ),
    ),
    Part(
        "R05",
        "群众性技术创新",
        ("INNO",),
        (
            Topic(
                "合理化建议与“五小”活动",
                (
                    ("I-INNO-01", "职工提出合理化建议{v}"),
                    ("I-INNO-13", "人均{v}"),
                    ("I-INNO-02", "采纳率{v}"),
                    ("I-INNO-03", "实施率{v}"),
                    ("I-INNO-04", "经审核认定的创新创效{v}"),
                    ("I-INNO-05", "“五小”成果获奖{v}"),
                ),
                named=("I-INNO-01", "I-INNO-04", "I-INNO-05"),
                table=("I-INNO-01", "I-INNO-02", "I-INNO-03", "I-INNO-04", "I-INNO-05"),
            ),
            Topic(
                "创新工作室",
                (
                    ("I-INNO-06", "现有创新工作室{v}"),
                    ("I-INNO-07", "新建{v}"),
                    ("I-INNO-08", "达标率{v}"),
                    ("I-INNO-09", "工作室创效{v}"),
                    ("I-INNO-10", "发放工作室奖励{v}"),
                ),
                named=("I-INNO-06", "I-INNO-07", "I-INNO-09"),
                table=("I-INNO-06", "I-INNO-07", "I-INNO-08", "I-INNO-09", "I-INNO-10"),
            ),
        ),
    ),
    Part(
        "R06",
        "劳动竞赛与技能人才",
        ("SKILL",),
        (
            Topic(
                "培训",
                (
                    ("I-SKILL-01", "举办培训{v}"),
                    ("I-SKILL-02", "培训职工{v}"),
                    ("I-SKILL-03", "受教育面{v}"),
                    ("I-SKILL-04", "投入培训资金{v}"),
                    ("I-SKILL-05", "每人次培训投入{v}"),
                ),
                named=("I-SKILL-02", "I-SKILL-01", "I-SKILL-04"),
                table=("I-SKILL-01", "I-SKILL-02", "I-SKILL-04", "I-SKILL-05"),
                chart="chain",
                stages=(
                    ("培训", "I-SKILL-02", "I-SKILL-01"),
                    ("练兵", "I-SKILL-19", "I-SKILL-06"),
                    ("竞赛", "I-SKILL-09", "I-SKILL-07"),
                    ("晋级", "I-SKILL-11", "I-SKILL-12"),
                    ("奖励", "I-SKILL-13", ""),
                ),
            ),
            Topic(
                "练兵与竞赛",
                (
                    ("I-SKILL-06", "开展岗位练兵{v}"),
                    ("I-SKILL-19", "参加练兵职工{v}"),
                    ("I-SKILL-07", "举办劳动竞赛和技能大赛{v}"),
                    ("I-SKILL-08", "参赛企业{v}"),
                    ("I-SKILL-09", "参赛职工{v}"),
                    ("I-SKILL-10", "参赛率{v}"),
                ),
                named=("I-SKILL-09", "I-SKILL-07", "I-SKILL-08", "I-SKILL-10", "I-SKILL-06"),
                table=(
                    "I-SKILL-06",
                    "I-SKILL-19",
                    "I-SKILL-07",
                    "I-SKILL-08",
                    "I-SKILL-09",
                    "I-SKILL-10",
                ),
                chart="months",
            ),
            Topic(
                "晋级与奖励",
                (
                    ("I-SKILL-11", "取得职业技能等级证书的职工{v}"),
                    ("I-SKILL-12", "其中通过大赛获得高级职业资格{v}"),
                    ("I-SKILL-14", "专业技术职称晋升{v}"),
                    ("I-SKILL-13", "发放晋级助推奖励{v}"),
                ),
                named=("I-SKILL-11", "I-SKILL-12", "I-SKILL-13"),
                table=("I-SKILL-11", "I-SKILL-12", "I-SKILL-13", "I-SKILL-14"),
            ),
            Topic(
                "名师带高徒",
                (
                    ("I-SKILL-18", "遴选名师{v}"),
                    ("I-SKILL-15", "师徒结对{v}"),
                    ("I-SKILL-16", "师徒结对目标完成率{v}"),
                ),
                named=("I-SKILL-15", "I-SKILL-18", "I-SKILL-16"),
                table=("I-SKILL-18", "I-SKILL-15", "I-SKILL-16"),
            ),
        ),
    ),
    Part("R07", "劳动保护", ("SAFE",)),
    Part(
        "R08",
        "维权服务与女职工",
        ("RIGHT", "WOM"),
        (
            Topic(
                "“三单”诉求服务",
                (
                    ("I-RIGHT-01", "征集职工维权服务菜单{v}"),
                    ("I-RIGHT-02", "汇总企业服务需求订单{v}"),
                    ("I-RIGHT-06", "订单转化率{v}"),
                    ("I-RIGHT-03", "办理工会维权服务受理单{v}"),
                    ("I-RIGHT-14", "订单受理率{v}"),
                    ("I-RIGHT-04", "诉求按期办结率{v}"),
                    ("I-RIGHT-05", "平均办理用时{v}"),
                ),
                named=("I-RIGHT-01", "I-RIGHT-02", "I-RIGHT-03"),
                table=("I-RIGHT-01", "I-RIGHT-02", "I-RIGHT-03", "I-RIGHT-04", "I-RIGHT-05"),
                chart="funnel",
                stages=(
                    ("职工维权服务菜单", "I-RIGHT-01", ""),
                    ("企业服务需求订单", "I-RIGHT-02", ""),
                    ("工会维权服务受理单", "I-RIGHT-03", ""),
                ),
            ),
            Topic(
                "劳动争议调处与法律援助",
                (
                    ("I-RIGHT-07", "受理劳动争议{v}"),
                    ("I-RIGHT-08", "调解成功率{v}"),
                    ("I-RIGHT-09", "为职工追回欠薪{v}"),
                    ("I-RIGHT-10", "惠及职工{v}"),
                    ("I-RIGHT-11", "提供法律援助{v}"),
                ),
                named=("I-RIGHT-09", "I-RIGHT-10", "I-RIGHT-07"),
                table=("I-RIGHT-07", "I-RIGHT-08", "I-RIGHT-09", "I-RIGHT-10", "I-RIGHT-11"),
            ),
        ),
    ),
    Part("R09", "职工文化与宣传", ("CULT",)),
    Part("R10", "干部队伍与作风", ("CADRE",)),
    Part(
        "R11",
        "经费与经审",
        ("FIN", "AUD"),
        (
            Topic(
                "经费收缴与留成",
                (
                    ("I-FIN-01", "应拨缴工会经费{v}"),
                    ("I-FIN-02", "实拨缴{v}"),
                    ("I-FIN-03", "收缴率{v}"),
                    ("I-FIN-04", "本级留成{v}"),
                    ("I-FIN-05", "上缴{v}"),
                    ("I-FIN-06", "上缴任务完成率{v}"),
                ),
                named=("I-FIN-02", "I-FIN-03"),
                table=("I-FIN-01", "I-FIN-02", "I-FIN-03", "I-FIN-04", "I-FIN-05"),
                chart="months",
            ),
        ),
    ),
    Part(
        "R12",
        "理论研究、制度建设与创新项目",
        ("RES",),
        (
            Topic(
                "理论研究",
                (("I-RES-01", "完成调研成果{d}项，其中已转化{n}项，转化率{v}"),),
                named=("I-RES-01",),
                table=("I-RES-01",),
            ),
            Topic(
                "制度建设",
                (("I-RES-03", "年末有效制度{v}"), ("I-RES-04", "有效流程{v}")),
                named=("I-RES-03",),
                table=("I-RES-03", "I-RES-04"),
            ),
            Topic(
                "创新项目",
                (("I-RES-02", "评选入选创新项目{v}"),),
                table=("I-RES-02",),
                part="projects",
            ),
        ),
    ),
    Part(
        "R13",
        "目标任务完成与考核",
        ("TGT", "EVAL", "DQ"),
        (
            Topic(
                "目标任务完成情况",
                (
                    ("I-TGT-01", "目标任务完成率{v}"),
                    ("I-TGT-02", "16项重点工作中完成{v}"),
                    ("I-TGT-03", "工作价值改善度{v}"),
                    ("I-TGT-04", "自报数与系统计算数偏差率{v}"),
                ),
                named=("I-TGT-01",),
                table=("I-TGT-01", "I-TGT-04"),
                part="works",
            ),
            Topic(
                "会员评价与考核结果",
                (
                    ("I-EVAL-03", "应参评{d}人，收回有效评价{n}份，评价参与率{v}"),
                    ("I-EVAL-01", "群众满意率{v}"),
                    ("I-EVAL-02", "群众评价得分{v}"),
                ),
                named=("I-EVAL-01", "I-EVAL-03"),
                table=("I-EVAL-03", "I-EVAL-01", "I-EVAL-02"),
                part="results",
            ),
            Topic(
                "报送质量",
                (
                    ("I-DQ-01", "按时报送率{v}"),
                    ("I-DQ-02", "首次审核通过率{v}"),
                    ("I-DQ-05", "缺报{v}"),
                ),
                named=("I-DQ-01", "I-DQ-02"),
                table=("I-DQ-01", "I-DQ-02", "I-DQ-05"),
            ),
        ),
    ),
)
