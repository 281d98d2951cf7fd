"""Printing what a rectification makes due (R-07): the order, and the warning once it is late."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.assessment_year.stages import Refused
from pipelines.consolidate import top_unit
from pipelines.flow import consequences as following
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.notice_ground import KIND, OFFICES, Ground, publication_of
from pipelines.flow.paper_ground import keep_papers
from pipelines.flow.recipes import Asked, to_keep
from pipelines.publish import notices as papers
from pipelines.publish.paper_numbers import Numbers
from pipelines.publish.publication import Publication
from pipelines.publish.quoting import LATE_DAYS, RECTIFICATION
from warehouse.publications import recipes_of

ORDER, OVERDUE = "整改通知书", "整改督办通知书"
LATE, CLOSED = "逾期未报", "已销号"


def publish_notices(
    *, office: str = "", by: str, at: str, numbers: Sequence[int] = ()
) -> list[str]:
    """R-07: a notice for each rectification that is open, a warning for each that is overdue.

    `office` is whom units answer, by default the one decided for what the rectification came of.
    Each is printed once; those named in `numbers` again.
    """
    known, when = definitions(), moment(at)
    register(known, when)
    made: list[Publication] = []
    with engine().connect() as connection:
        told = {
            (r["notice"], case)
            for r in recipes_of(connection, KIND, when)
            if "notice" in r
            for case in r["cases"]
        }
        ground = Ground(connection, known, when, when)
        for one in following.rectifications_at(connection, when):
            case = str(one.number)
            notice = OVERDUE if one.state == LATE else ORDER
            printed = not numbers and (notice, case) in told
            if one.state == CLOSED or (numbers and one.number not in numbers) or printed:
                continue
            asked = to_keep(
                one.issued_on.year, when, notice=notice, unit=one.unit, cases=[case],
                office=office,
            )  # fmt: skip
            made.append(_rectification(ground, one, asked))
        connection.rollback()
    return [name for one in made for name in keep_papers(one, None, by, when)]


def made_rectification(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    (number,) = asked.told("cases")
    ground = Ground(connection, known, asked.known_at, asked.issued_at)
    found = following.rectifications_at(connection, asked.known_at)
    one = next((r for r in found if str(r.number) == number), None)
    if one is None or one.state == CLOSED:
        raise Refused(f"整改事项 {number} 已销号，不需要再发通知书。")
    return _rectification(ground, one, asked)


def _rectification(ground: Ground, one: following.Standing, asked: Asked) -> Publication:
    """The order to put something right, or the warning where its day is over."""
    issuer = top_unit(list(ground.orgs.values())).name
    late = max(0, (ground.day - one.due_on).days)
    tell = Numbers(str(one.number), asked.period.label, one.unit, RECTIFICATION)
    given = papers.Rectification(
        unit=one.name, number=one.document, matter=one.matter,
        basis="年度考核审定结果" if one.source == "年度考核" else "经费绩效审计意见",
        issued_on=one.issued_on, due_on=one.due_on,
        days_late=tell(str(late), late, LATE_DAYS),
    )  # fmt: skip
    asks = asked.told("office") or ground.parameter(OFFICES)[one.source]
    # What is late by now need not have been on the day of the notice.
    if one.state == LATE and ground.day > one.due_on:
        answer = ground.answer_by("整改督办")
        paper = papers.overdue_notice(given, issuer, asks, ground.day, answer)
    else:
        paper = papers.rectification_notice(given, issuer, asks)
    title = f"{paper.title}（{one.name}，{one.number}）"
    return publication_of(paper, title, ground.known, asked)
