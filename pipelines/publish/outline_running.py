"""Sections R10 to R13 of the review: how unions are run, paid for and assessed."""

from __future__ import annotations

from pipelines.publish.topics import Part, Topic

RUNNING: tuple[Part, ...] = (
    Part(
        "R10",
        "干部队伍与作风",
        ("CADRE",),
        (
            Topic(
                "干部队伍与培训",
                (
                    ("I-CADRE-01", "工会干部培训率{v}"),
                    ("I-CADRE-07", "领导班子中兼任的职工成员占{v}"),
                    ("I-CADRE-08", "召开主席办公会{v}"),
                    ("I-CADRE-05", "轮值主题活动完成率{v}"),
                ),
                tables=("T32",),
                caption="干部队伍与培训",
                named=("I-CADRE-01",),
                by_unit=("I-CADRE-01", "I-CADRE-07", "I-CADRE-08"),
            ),
            Topic(
                "干部下基层",
                (
                    ("I-CADRE-02", "工会干部人均每月下基层{v}"),
                    ("I-CADRE-03", "下基层达标率{v}"),
                    ("I-CADRE-04", "下沉基层的人力占{v}"),
                ),
                tables=("T33",),
                caption="干部下基层",
                named=("I-CADRE-02", "I-CADRE-03"),
                by_unit=("I-CADRE-02", "I-CADRE-03", "I-CADRE-04"),
                kinds=("T33",),
            ),
            Topic(
                "公开承诺",
                (("I-CADRE-06", "组织和主席承诺的按期兑现率{v}"),),
                tables=("T34",),
                caption="公开承诺兑现",
                named=("I-CADRE-06",),
                kinds=("T34",),
            ),
        ),
    ),
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
                    ("I-FIN-13", "产业工会经费到位率{v}"),
                ),
                tables=("T35",),
                caption="经费收缴、留成与上缴",
                named=("I-FIN-02", "I-FIN-03"),
                by_unit=("I-FIN-01", "I-FIN-02", "I-FIN-03", "I-FIN-04", "I-FIN-05"),
                chart="months",
            ),
            Topic(
                "预算执行与决算",
                (
                    ("I-FIN-07", "本年决算收入{v}"),
                    ("I-FIN-08", "支出{v}"),
                    ("I-FIN-09", "支出预算执行率{v}"),
                    ("I-FIN-10", "职工活动支出占{v}"),
                ),
                tables=("T36",),
                caption="预算执行与决算",
                named=("I-FIN-09",),
                by_unit=("I-FIN-07", "I-FIN-08", "I-FIN-09", "I-FIN-10"),
                kinds=("T36收入", "T36支出"),
            ),
            Topic(
                "经费绩效审计与整改",
                (
                    ("I-AUD-02", "审计覆盖率{v}"),
                    ("I-AUD-04", "审计发现问题整改率{v}"),
                    ("I-AUD-03", "整改结果按期报送率{v}"),
                ),
                tables=("T37", "T38"),
                caption="审计与问题整改",
                named=("I-AUD-02", "I-AUD-04"),
                by_unit=("I-AUD-02", "I-AUD-04", "I-AUD-03"),
                apart=("I-AUD-01",),
                part="bands",
            ),
            Topic(
                "“三公”经费与大额支出",
                (
                    ("I-FIN-11", "“三公”经费同比{v}"),
                    ("I-FIN-12", "大额支出合规率{v}"),
                ),
                tables=("T39",),
                caption="“三公”经费与大额支出管理",
                kinds=("T39",),
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
                tables=("T41",),
                caption="调研成果转化",
                kinds=("T41",),
                named=("I-RES-01",),
                by_unit=("I-RES-01",),
            ),
            Topic(
                "制度建设",
                (("I-RES-03", "年末有效制度{v}"), ("I-RES-04", "有效流程{v}")),
                tables=("T42",),
                caption="现行制度与流程",
                named=("I-RES-03",),
                by_unit=("I-RES-03", "I-RES-04"),
            ),
            Topic(
                "创新项目",
                (("I-RES-02", "入选创新项目{v}"),),
                tables=("T40",),
                caption="创新项目评选",
                by_unit=("I-RES-02",),
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
                tables=("T43",),
                caption="目标任务完成",
                named=("I-TGT-01",),
                by_unit=("I-TGT-01", "I-TGT-04"),
                part="works",
            ),
            Topic(
                "会员评价与考核结果",
                (
                    ("I-EVAL-03", "应参评{d}人，收回有效评价{n}份，评价参与率{v}"),
                    ("I-EVAL-01", "群众满意率{v}"),
                    ("I-EVAL-02", "群众评价得分{v}"),
                ),
                tables=("T44",),
                caption="会员（群众）评价",
                named=("I-EVAL-01", "I-EVAL-03"),
                by_unit=("I-EVAL-03", "I-EVAL-01", "I-EVAL-02"),
                apart=("I-EVAL-04",),
                part="results",
            ),
            Topic(
                "报送质量",
                (
                    ("I-DQ-01", "按时报送率{v}"),
                    ("I-DQ-02", "首次审核通过率{v}"),
                    ("I-DQ-05", "缺报{v}"),
                    ("I-DQ-03", "锁定后更正{v}"),
                    ("I-DQ-04", "须说明的问题说明率{v}"),
                ),
                caption="报表报送质量",
                named=("I-DQ-01", "I-DQ-02"),
                by_unit=("I-DQ-01", "I-DQ-02", "I-DQ-05"),
            ),
        ),
    ),
)
