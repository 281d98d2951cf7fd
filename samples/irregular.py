"""What does not go smoothly in the sample years: missing, late, wrong at first, to be explained.

Every irregularity stands here and nowhere else, so that coverage, timeliness and first-pass
rates of the demonstration can be checked against a list that people can read. What is absent by
nature is not listed: unions founded in 2017 have no two-festival visits, the three industry unions
founded in June 2017 signed no letter, and of 2016 only members, funds and the register exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from definitions.periods import Period


@dataclass(frozen=True)
class Missing:
    """Unions of a family whose rows are left out of some months: an index list."""

    family: str
    indexes: tuple[int, ...]
    months: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Late:
    """A sender's monthly workbook that comes after the due day, before the lock day."""

    sender: str
    month: str
    workdays: int
    why: str


@dataclass(frozen=True)
class WrongFirst:
    """A row that was wrong in the first hand-in; the corrected workbook follows next day."""

    sender: str
    month: str
    form: str
    changes: dict[str, Any]
    row: int
    why: str


@dataclass(frozen=True)
class ToExplain:
    """A true figure that a rule asks about; the explanation comes with the second hand-in."""

    sender: str
    month: str
    form: str
    rule: str
    column: str
    changes: dict[str, Any]
    row: int
    text: str


MISSING = (
    Missing("lingwu", (5, 17), ("2017-11",), "两家企业检修停产，联系人离职"),
    Missing("huinong-others", (3,), ("2017-12",), "学校放假，无人填报"),
    Missing("yongning", (3, 4, 5), ("2017-04",), "园区工会换届"),
    Missing("xingqing", (11,), ("2016-08", "2016-09"), "企业搬迁"),
)

LATE = (
    Late("640221Z00001", "2017-05", 2, "填报人员休假，复核推迟"),
    Late("640122Z00001", "2017-09", 1, "国庆假期后第一天网络故障"),
)

WRONG_FIRST = (
    WrongFirst(
        "640205Z00001", "2017-04", "ORG-02", {"members_total": 99_999}, 4, "会员人数多打了数字"
    ),
    WrongFirst("110115K00001", "2017-06", "FIN-01", {"due": 12}, 2, "应拨缴按万元填"),
    WrongFirst(
        "640106Z00001", "2017-10", "ORG-02", {"new_members": None}, 7, "新发展会员数空着没有填 0"
    ),
)

TO_EXPLAIN = (
    ToExplain(
        "640121Z00001", "2017-08", "ORG-02", "V-R-007", "fulltime_cadres",
        {"fulltime_cadres": 0}, 1, "专职主席8月调离，已报请上级工会，9月补选",
    ),
    ToExplain(
        "110106Z00001", "2017-03", "FIN-01", "V-R-059", "retained",
        {"retained_share": 50}, 6, "按协议为筹建期工会多上缴一成，次月恢复六四分成",
    ),
)  # fmt: skip


def missing_rows() -> dict[tuple[str, int], dict[str, str]]:
    """(family, index) → month label → why nothing was handed in."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for each in MISSING:
        for index in each.indexes:
            found.setdefault((each.family, index), {}).update(dict.fromkeys(each.months, each.why))
    return found


def late_by(sender: str, at: Period) -> Late | None:
    """The lateness of a sender's monthly workbook, if it is one of the late ones."""
    return next((x for x in LATE if (x.sender, x.month) == (sender, at.label)), None)
