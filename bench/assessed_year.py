"""An assessment year of the invented federation, played to its end so that books can be made."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bench.synthetic import YEAR
from pipelines.assessment_year.rating import Ballots
from pipelines.flow import assessing_year, assessment_entries, assessment_rulings, self_assessing
from pipelines.flow.assessment_entries import GivenMark
from pipelines.flow.editions import scheme_of
from pipelines.flow.ground import definitions
from samples.spread import mix
from warehouse.life_cycle import Actor

RATED = ("TRA-FED-2019", "TRA-IND-2019")
"""Schemes that are rated by ballots and marked by assessors."""
VOTERS = {"会员": 400, "职工代表": 60, "党政领导": 20, "工会机关": 15}
"""How many of each rater group are asked about a federation."""


def play(scheme: str) -> None:
    """A round of a scheme from its start to the final result, in a month.

    Refused, as for anyone, when a step finds the installation not ready for it.
    """
    office, jury, chair = Actor("考核办"), Actor("会审组"), Actor("主席办公会")
    assessing_year.start_assessment(
        scheme, YEAR, by=office, reason="年度安排", at="2020-02-21T10:00"
    )
    assessing_year.compute_marks(scheme, YEAR, by=office, reason="年报锁定", at="2020-02-22T09:00")
    units = self_assessing.units_assessed(scheme, YEAR, "2020-02-22T09:30")
    asked = {(u, r): n for u in units for r, n in VOTERS.items()} if scheme in RATED else {}
    assessment_entries.open_rating(
        scheme, YEAR, opens_on="2020-02-22", closes_on="2020-02-24", electorates=asked, by=office,
        reason="组织评价", at="2020-02-22T10:00",
    )  # fmt: skip
    if asked:
        _rate(scheme, asked, office)
    assessment_entries.close_rating(
        scheme, YEAR, by=office, reason="评价结束", at="2020-02-24T18:00"
    )
    if asked:
        _mark(scheme, units, office)
    assessing_year.submit_to_review(
        scheme, YEAR, by=office, reason="评分已齐", at="2020-02-26T09:00"
    )
    drawn = assessment_entries.draw_sample(
        scheme, YEAR, seed="20200227-公证", by=jury, reason="现场抽查", at="2020-02-27T09:00"
    )
    for unit in drawn:
        assessment_entries.enter_inspection(
            scheme, YEAR, unit, outcome="属实", finding="台账、影像资料与上报一致",
            evidence="核查记录", inspected_on="2020-02-28", by=jury, at="2020-02-28T17:00",
        )  # fmt: skip
    assessing_year.give_notice(scheme, YEAR, by=office, reason="抽查完毕", at="2020-03-02T09:00")
    _appeal(scheme, units[0], jury)
    assessing_year.finalise(
        scheme, YEAR, by=chair, reason="会议审定", document="示总工纪〔2020〕3号",
        at="2020-03-20T09:00",
    )  # fmt: skip


def _rate(scheme: str, asked: dict[tuple[str, str], int], by: Actor) -> None:
    given = []
    for (unit, rater), eligible in asked.items():
        cast = eligible - eligible * (mix("cast", unit, rater) % 9) // 50
        basic = cast * (1 + mix("basic", unit, rater) % 9) // 40
        unsat = cast * (mix("unsat", unit, rater) % 5) // 60
        unclear = cast // 50
        given.append(
            Ballots(unit, rater, eligible, cast, cast - basic - unsat - unclear, basic, unsat,
                    unclear)
        )  # fmt: skip
    assessment_entries.enter_ballots(scheme, YEAR, given, by=by, at="2020-02-24T09:00")


def _mark(scheme: str, units: Sequence[str], by: Actor) -> None:
    items = assessment_entries.assessed_items(scheme_of(definitions(), scheme))
    marks = [
        GivenMark(unit, item, group, Decimal(80 + mix(unit, item, group) % 20), "个别佐证材料不全",
                  "考评档案")
        for unit in units
        for item in items
        for group in ("考评一组", "考评二组")
    ]  # fmt: skip
    assessment_entries.enter_marks(scheme, YEAR, marks, by=by, at="2020-02-25T09:00")


def _appeal(scheme: str, unit: str, by: Actor) -> None:
    number = assessment_rulings.file_appeal(
        scheme, YEAR, unit, about="考核得分", claim="有一批佐证材料未予采信，请求复核",
        evidence="补充材料目录", by=Actor("申诉单位经办人"), at="2020-03-03T09:00",
    )  # fmt: skip
    assessment_rulings.decide_appeal(
        scheme, YEAR, number, outcome="不予支持", reason="材料形成时间晚于考核年度", by=by,
        document="示考申〔2020〕1号", at="2020-03-05T09:00",
    )  # fmt: skip
