"""EVAL-01 and EVAL-02: ballots of members and others, and the marks of assessors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from definitions.catalogue import Definitions
from samples.entries import Entry, Row, year
from samples.registry import registry
from samples.spread import mix

RATERS = ("会员", "职工代表", "党政领导", "工会机关")
VOTERS = {"会员": 300, "职工代表": 60, "党政领导": 18, "工会机关": 12}


def eval_01() -> Iterator[Entry]:
    """All four groups rate counties, zones and sub-districts; members rate every union."""
    last = date(2017, 12, 31)
    for org in registry().named:
        if org.level in ("区县级", "乡镇街道级") and org.found <= last:
            for rater in RATERS:
                yield _ballots(org.code, rater, VOTERS[rater])
    for union in registry().unions:
        chosen = union.family.id in ("yizhuang", "qingtongxia", "shougang", "foxconn")
        for rater in RATERS if chosen else RATERS[:1]:
            voters = max(25, min(union.workers // 2, 400)) if rater == "会员" else VOTERS[rater]
            yield _ballots(union.code, rater, voters)


def _ballots(code: str, rater: str, eligible: int) -> Entry:
    ballots = eligible * (84 + mix("came", code, rater) % 16) // 100
    unsatisfied = ballots * (mix("unsat", code, rater) % 7) // 100
    unclear = ballots * (mix("unclear", code, rater) % 5) // 100
    basic = (ballots - unsatisfied - unclear) * (8 + mix("basic", code, rater) % 25) // 100
    row: Row = {
        "org_code": code,
        "object": "工会工作",
        "rater": rater,
        "eligible": eligible,
        "ballots": ballots,
        "very_sat": ballots - basic - unsatisfied - unclear,
        "basic_sat": basic,
        "unsat": unsatisfied,
        "unclear": unclear,
        "mode": "网上" if mix("mode", code) % 2 else "纸质",
    }
    return Entry("EVAL-01", year(2017), code, row)


def eval_02(definitions: Definitions) -> Iterator[Entry]:
    """Marks of the federations' assessors for every item that a scheme leaves to them."""
    provinces = {"64": "640000Z00001", "11": "110000Z00001"}
    for scheme in definitions.schemes:
        if scheme.family != "TRA-FED" or not scheme.covers(2017):
            continue
        items = [i.code for b in scheme.blocks for i in b.items if i.assessed is not None]
        for org in registry().named:
            if org.level != "区县级" or org.type not in scheme.applies.types:
                continue
            for item in items:
                raw = 82 + mix("assessed", org.code, item) % 17
                row: Row = {
                    "org_code": org.code,
                    "scheme": scheme.code,
                    "item": item,
                    "assessor": "考评组",
                    "raw": raw,
                    "reason": "个别台账不完整，部分工作留痕不足",
                }
                # The federation that assesses hands in, not the unit assessed.
                yield Entry("EVAL-02", year(2017), provinces[org.region[:2]], row)
