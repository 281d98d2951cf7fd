"""An assessment year as far as its notice, so that the pages of people who assess are not empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from pipelines.assessment_year.rating import Ballots
from pipelines.flow import (
    assessing_year,
    assessment_entries,
    assessment_rulings,
    ground,
    self_assessing,
)
from pipelines.flow.assessment_entries import GivenMark
from warehouse.life_cycle import Actor
from warehouse.self_assessments import SelfEntry

SCHEME, YEAR = "TRA-FED-2017", 2017
VOTERS = {"会员": 400, "职工代表": 60, "党政领导": 20, "工会机关": 15}
"""How many of each rater group are asked about a unit."""
Person = Callable[[str], Actor]


def assessment_year(at: datetime, unit: str, person: Person) -> None:
    """From the first word to the notice, eleven days in all; the unit `unit` appeals.

    `person` gives the actor of a sample account by its login.
    """
    leader, office, review = person("leader"), person("assessor"), person("department")

    def on(days: int) -> str:
        return (at - timedelta(days=days)).isoformat()

    assessing_year.start_assessment(SCHEME, YEAR, by=leader, reason="年度工作安排", at=on(11))
    _tell(unit, person("reporter"), on(10))
    assessing_year.compute_marks(SCHEME, YEAR, by=office, reason="年报已锁定", at=on(9))
    units = self_assessing.units_assessed(SCHEME, YEAR, on(9))
    _rate(units, office, at)
    _mark(units, office, on(5))
    assessing_year.submit_to_review(SCHEME, YEAR, by=office, reason="评分已齐", at=on(4))
    assessment_rulings.rule(
        SCHEME, YEAR, unit, kind="核定实绩", key="I-ORG-15", value=Decimal(1_019),
        reason="抽查台账，4人重复登记", document="示总工审〔2018〕1号", by=review, at=on(4),
    )  # fmt: skip
    drawn = assessment_entries.draw_sample(
        SCHEME, YEAR, seed="20180228-公证", by=review, reason="现场抽查", at=on(3)
    )
    for one in drawn:
        assessment_entries.enter_inspection(
            SCHEME, YEAR, one, outcome="属实", finding="台账、影像资料与上报一致",
            evidence="核查记录", inspected_on=on(2)[:10], by=office, at=on(2),
        )  # fmt: skip
    assessing_year.give_notice(SCHEME, YEAR, by=review, reason="抽查完毕", at=on(1))
    assessment_rulings.file_appeal(
        SCHEME, YEAR, unit, about="调解成功率", claim="漏计一件调解成功的案件，请予核增",
        evidence="调解书（2017）第12号", by=person("signer"),
        at=(at - timedelta(hours=5)).isoformat(),
    )  # fmt: skip


def _tell(unit: str, by: Actor, at: str) -> None:
    """The unit's own figure beside the system's, and its own mark where assessors decide."""
    scheme = ground.definitions().scheme("TRA-FED", YEAR)
    figures = self_assessing.so_far(SCHEME, YEAR, unit, at).figures
    given = []
    for item, part, marks in self_assessing.asked_of_unit(scheme):
        if part is None:
            given.append(SelfEntry(item.code, "", None, marks * 95 / 100, "已按要求落实"))
        elif part.indicator in figures:
            figure = figures[part.indicator]
            given.append(SelfEntry(item.code, part.indicator, figure, marks, ""))
    self_assessing.assess_self(SCHEME, YEAR, unit, given, by=by, at=at)


def _rate(units: list[str], by: Actor, at: datetime) -> None:
    opens, closes = (at - timedelta(days=8)).date(), (at - timedelta(days=6)).date()
    asked = {(unit, rater): n for unit in units for rater, n in VOTERS.items()}
    assessment_entries.open_rating(
        SCHEME, YEAR, opens_on=opens.isoformat(), closes_on=closes.isoformat(),
        electorates=asked, by=by, reason="组织评价", at=(at - timedelta(days=8)).isoformat(),
    )  # fmt: skip
    given = []
    for place, ((unit, rater), eligible) in enumerate(asked.items()):
        ballots = eligible - eligible * (place % 5) // 50
        basic = ballots * (place % 4 + 1) // 40
        unclear = ballots // 50
        given.append(Ballots(unit, rater, eligible, ballots, ballots - basic - unclear, basic, 0,
                             unclear))  # fmt: skip
    during = (at - timedelta(days=6)).isoformat()
    assessment_entries.enter_ballots(SCHEME, YEAR, given, by=by, at=during)
    assessment_entries.close_rating(SCHEME, YEAR, by=by, reason="评价结束", at=during)


def _mark(units: list[str], by: Actor, at: str) -> None:
    items = assessment_entries.assessed_items(ground.definitions().scheme("TRA-FED", YEAR))
    given = [
        GivenMark(unit, item, "考评一组", Decimal(88 + (3 * place + 5 * n) % 11), "材料基本齐全",
                  "考评记录")
        for place, unit in enumerate(units)
        for n, item in enumerate(items)
    ]  # fmt: skip
    assessment_entries.enter_marks(SCHEME, YEAR, given, by=by, at=at)
