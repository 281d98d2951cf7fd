"""What R-10 is told from: the stages of the chain, its clauses, and what stands beside figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.figures import Figure


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the chain 五位一体: its name, the clauses that tell it, the figure that leads."""

    name: str
    clauses: tuple[tuple[str, str], ...]
    lead: str
    second: str = ""


STAGES = (
    Stage(
        "培训",
        (
            ("I-SKILL-01", "举办培训{v}"), ("I-SKILL-02", "培训职工{v}"),
            ("I-SKILL-03", "受教育面{v}"), ("I-SKILL-04", "投入培训资金{v}"),
        ),
        "I-SKILL-02", "I-SKILL-01",
    ),
    Stage(
        "练兵",
        (("I-SKILL-06", "开展岗位练兵{v}"), ("I-SKILL-19", "参加练兵职工{v}")),
        "I-SKILL-19", "I-SKILL-06",
    ),
    Stage(
        "竞赛",
        (
            ("I-SKILL-07", "举办劳动和技能竞赛{v}"), ("I-SKILL-08", "参赛企业{v}"),
            ("I-SKILL-09", "参赛职工{v}"), ("I-SKILL-10", "参赛率{v}"),
        ),
        "I-SKILL-09", "I-SKILL-07",
    ),
    Stage(
        "晋级",
        (
            ("I-SKILL-11", "取得职业技能等级证书的职工{v}"),
            ("I-SKILL-12", "其中通过大赛获得高级职业资格{v}"), ("I-SKILL-14", "另有{v}晋升职称"),
        ),
        "I-SKILL-11", "I-SKILL-12",
    ),
    Stage("奖励", (("I-SKILL-13", "发放晋级助推奖励{v}"),), "I-SKILL-13"),
)  # fmt: skip
PAIRS = (("I-SKILL-18", "遴选名师{v}"), ("I-SKILL-15", "师徒结对{v}"))
ORGANISED = (
    ("I-ORG-01", "基层工会{v}"), ("I-ORG-03", "职工{v}"), ("I-ORG-04", "会员{v}"),
    ("I-ORG-09", "职工入会率{v}"),
)  # fmt: skip
FOUNDED = (("I-ORG-27", "应建产业（行业）工会{d}家，已建{n}家，组建率{v}"),)
CONTRACTS = (
    ("I-CON-01", "期末有效的集体合同覆盖企业{v}"), ("I-CON-02", "覆盖职工{v}"),
    ("I-CON-05", "一线职工与平均工资增幅之差{v}"), ("I-CON-03", "四类合同齐全率{v}"),
    ("I-CON-06", "二次协商覆盖率{v}"),
)  # fmt: skip
CHECKS = (("I-CON-04", "期末有效合同{d}份中{n}份经过履约检查，检查率{v}"),)
UNCHECKED = (("I-CON-04", "期末有效合同{d}份，均未登记履约检查"),)
"""The same where the share is nothing: nobody writes 0份经过检查，检查率0.00%."""
QUOTAS = (("I-CON-07", "经协商确定劳动定额的品种{v}"),)
COMMITTEES = (
    ("I-CADRE-07", "班子成员{d}人中兼任职工{n}人，占{v}"), ("I-CADRE-08", "召开主席办公会{v}"),
    ("I-FIN-13", "产业工会经费到位率{v}"),
)  # fmt: skip
SEATS = (
    "leaders_full", "leaders_part", "leaders_worker", "committee", "committee_front",
    "chair_meetings", "plenaries", "joint_meetings",
)  # fmt: skip
"""Columns of CADRE-05 in the order of the table."""


@dataclass(frozen=True, slots=True)
class Committee:
    """Seats and meetings of an industry union by column of CADRE-05, None where left blank."""

    unit: str
    name: str
    seats: Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class ContractKind:
    """Contracts of a kind in force: how many, and the workers whom they cover."""

    kind: str
    contracts: Decimal
    workers: Decimal | None


@dataclass(frozen=True, slots=True)
class Branch:
    """Those of a county that belong to one industry; `members` are their codes, with figures."""

    name: str
    members: tuple[str, ...]
    figures: Mapping[str, Sequence[Figure]]


@dataclass(frozen=True)
class IndustryTopic:
    """What R-10 tells beside the figures.

    `sums` are counts of rows by code (CON-02:clauses) along `lines` of the unit; `branches` stand
    for the industries of a unit that no industry union is below;
    `unset` are forms that were first asked for in a later year. `asks_industry` is false for
    units that are an industry themselves.
    """

    committees: Sequence[Committee] = ()
    committees_of: str = ""
    kinds: Sequence[ContractKind] = ()
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    branches: Sequence[Branch] = ()
    lines: Mapping[str, str] = field(default_factory=dict)
    unset: Mapping[str, int] = field(default_factory=dict)
    asks_industry: bool = True


def told_codes() -> list[str]:
    """Every indicator that the topic tells, in its order."""
    clauses = [
        *ORGANISED, *FOUNDED, *(c for s in STAGES for c in s.clauses), *PAIRS, *CONTRACTS,
        *CHECKS, *QUOTAS, *COMMITTEES,
    ]  # fmt: skip
    return list(dict.fromkeys(code for code, _ in clauses))
