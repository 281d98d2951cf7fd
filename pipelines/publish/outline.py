"""The order of the review: which indicators each section tells, in which words, in which table.

An indicator named here is skipped where the definitions have none of that code; an indicator of
a section's families that is not named here is told at the end of the section in plain words, so
a new indicator needs no line in these files.
"""

from __future__ import annotations

from pipelines.publish.outline_members import MEMBERS
from pipelines.publish.outline_running import RUNNING
from pipelines.publish.outline_work import WORK
from pipelines.publish.topics import Part, Topic

__all__ = [
    "CHIEF", "DIMENSIONS", "HEADLINES", "HEADLINE_QUOTA", "OVERVIEW", "PARTS", "VALUES", "Part",
    "Topic",
]  # fmt: skip

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

VALUES: dict[str, tuple[str, str]] = {
    "E": ("I-VAL-01", "I-VAL-04"),
    "S": ("I-VAL-02", "I-VAL-05"),
    "H": ("I-VAL-03", "I-VAL-06"),
}
"""By value dimension: how much its figures improved on last year, how far its targets were met."""

CHIEF = (
    "I-ORG-01", "I-ORG-04", "I-ORG-09", "I-ORG-15", "I-HOME-01", "I-AID-05", "I-WARM-02",
    "I-INNO-01", "I-SKILL-02", "I-SKILL-09", "I-SKILL-11", "I-RIGHT-09", "I-FIN-02", "I-FIN-03",
    "I-TGT-01", "I-DQ-01",
)  # fmt: skip
"""Columns of the table of chief figures by union, as far as its page has room for them."""

OVERVIEW = Part("R00", "概述与关键数据一览", ("VAL",))
PARTS: tuple[Part, ...] = (*MEMBERS, *WORK, *RUNNING)
"""Sections R01 to R13; R00 and R14 are made of what these hold and of what no indicator tells."""
