"""Rulings of the joint review and appeals of units: what is decided about inputs of marks.

A ruling is tried at once: what does not fit the inputs is refused with a Chinese sentence and not
kept (Refused). An appeal that is granted makes a new edition; the one objected to stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.assess.rulings import VALUED, Kind
from pipelines.assessment_year.stages import Refused, Stage
from pipelines.flow import editions as made
from pipelines.flow.assessing_year import (
    appeals_until,
    next_edition,
    noticed_on,
    parameter,
    round_now,
)
from pipelines.flow.assessment_files import File, keep_file
from pipelines.flow.ground import definitions, engine, moment
from warehouse import assessment_appeals as written
from warehouse import assessment_facts as facts
from warehouse import assessment_year as kept
from warehouse.assessment_year import Round
from warehouse.life_cycle import Actor
from warehouse.windows import china_day

OUTCOMES = ("支持", "部分支持", "不予支持")


def rule(
    scheme: str,
    year: int,
    unit: str,
    *,
    kind: str,
    key: str,
    value: Decimal | None = None,
    reason: str,
    document: str,
    by: Actor,
    at: str,
) -> None:
    """Decide about an input of a unit's marks in joint review or after an inspection."""
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        sources = {Stage.REVIEW: "联合会审", Stage.INSPECTION: "现场抽查"}
        source = sources.get(Stage(found.stage))
        if source is None:
            raise Refused(f"目前处于“{found.stage}”阶段，只有会审和抽查中可以作出核定。")
        remedy = Remedy(kind, key, value)
        _rule(connection, known, found, unit, remedy, source, reason, document, by, when)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a ruling or a granted appeal changes: the kind of ruling, its key and value."""

    kind: str
    key: str
    value: Decimal | None = None


def _rule(
    connection: Connection,
    known: Definitions,
    found: Round,
    unit: str,
    remedy: Remedy,
    source: str,
    reason: str,
    document: str,
    by: Actor,
    when: datetime,
    appeal: int | None = None,
) -> None:
    kind, key, value = remedy.kind, remedy.key, remedy.value
    if kind not in set(Kind):
        raise Refused(f"没有“{kind}”这种核定，可用：{'、'.join(Kind)}。")
    needed = (("理由", reason), ("文号", document), ("经办人", by.name))
    blank = [w for w, v in needed if not v.strip()]
    if kind in VALUED and value is None:
        blank.append("核定后的数值")
    if blank:
        raise Refused(f"核定须写明{'、'.join(blank)}。")
    written.enter_ruling(
        connection, found.id, unit, kind, key, value, source, reason, document, by, when, appeal
    )
    if found.cutoff is None:
        raise Refused("还没有系统核算结果。")
    first = kept.editions(connection, found.id)[0]
    known = made.definitions_of(connection, first.definitions)
    made.inputs_as_of(
        connection, known, made.scheme_of(known, found.scheme), found.year, found.id,
        found.cutoff, when,
    )  # fmt: skip
    if kind == Kind.VETO:
        written.revoke_veto(connection, unit, found.year, key, by, when)


def file_appeal(
    scheme: str,
    year: int,
    unit: str,
    *,
    about: str,
    claim: str,
    evidence: str,
    by: Actor,
    at: str,
    file: File | None = None,
) -> int:
    """Keep a unit's objection within its days; its number."""
    known, when = definitions(), moment(at)
    day = china_day(when)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        noticed = noticed_on(connection, found)
        if found.stage != Stage.NOTICE or found.edition_id is None or noticed is None:
            raise Refused(f"目前处于“{found.stage}”阶段，只有公示期内可以申诉。")
        last = appeals_until(known, noticed)
        if day > last:
            raise Refused(f"申诉期已于{last:%Y年%-m月%-d日}结束，不再受理申诉。")
        if unit not in {r.unit for r in kept.unit_rows(connection, found.assessment_id or 0)}:
            raise Refused(f"{unit} 不是本次考核的单位，不能申诉。")
        shown = evidence.strip() or (file.name if file else "")
        blank = [w for w, v in (("申诉事项", about), ("请求和理由", claim), ("佐证材料", shown))
                 if not v.strip()]  # fmt: skip
        if blank:
            raise Refused(f"申诉须写明{'、'.join(blank)}。")
        due = known.calendar.add(day, int(parameter(known, "appeal_answer_workdays", day)))
        number = keep_file(connection, found.id, unit, "申诉", file, by, when)
        return written.file_appeal(
            connection, found.edition_id, unit, about, claim, shown, due, by, when, number
        )


def decide_appeal(
    scheme: str,
    year: int,
    number: int,
    *,
    outcome: str,
    reason: str,
    document: str,
    by: Actor,
    at: str,
    remedies: Sequence[Remedy] = (),
) -> int:
    """Answer an appeal; granted wholly or in part, it makes a new edition. Its number.

    Neither who filed it nor who gave the unit an assessor's mark may answer it.
    """
    known, when = definitions(), moment(at)
    with engine().begin() as connection:
        found = round_now(connection, scheme, year)
        listed = facts.appeals(connection, found.id, when)
        one = next((a for a in listed if a.id == number), None)
        if one is None:
            raise Refused(f"没有编号为 {number} 的申诉。")
        objections = []
        if one.outcome is not None:
            objections.append(f"申诉 {number} 已于{one.decided_at:%Y年%-m月%-d日}答复")
        if found.stage == Stage.FINAL:
            objections.append("结果已经审定，须先办理“审定后更正”")
        if outcome not in OUTCOMES:
            objections.append("答复只能是支持、部分支持或者不予支持")
        if (outcome == "不予支持") == bool(remedies):
            objections.append("支持的须写明更正内容，不予支持的不作更正")
        if by.is_whom(one.filed_by, one.filed_account):
            objections.append("申诉人不能答复自己的申诉")
        if _marked(connection, found, one.unit, by, when):
            objections.append("给该单位评过分的人不能答复它的申诉，请由会审组其他人答复")
        objections += [
            f"须写明{w}" for w, v in (("理由", reason), ("文号", document)) if not v.strip()
        ]
        if objections:
            raise Refused("；".join(objections) + "。")
        written.decide_appeal(connection, number, outcome, reason, document, by, when)
        if not remedies:
            return found.edition or 0
        for remedy in remedies:
            _rule(
                connection, known, found, one.unit, remedy, "申诉", reason, document, by, when,
                number,
            )  # fmt: skip
        cause = f"申诉 {number} {outcome}（{document}）"
        return next_edition(connection, known, found, when, cause, by).number


def _marked(connection: Connection, found: Round, unit: str, by: Actor, when: datetime) -> bool:
    return any(
        row["unit"] == unit and by.is_whom(row["entered_by"], row["account_id"])
        for row in facts.assessor_marks(connection, found.id, when)
    )
