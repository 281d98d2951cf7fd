"""The stages of an assessment year and the steps between them, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Stage(StrEnum):
    """Where an assessment stands; what a page shows."""

    SELF = "自评"
    COMPUTED = "核算"
    RATING = "群众评价"
    MARKING = "考评组评分"
    REVIEW = "联合会审"
    INSPECTION = "现场抽查"
    NOTICE = "公示"
    WAITING = "待审定"
    FINAL = "审定"


class Refused(LookupError):
    """Something that may not be done now; the message is the Chinese sentence a person reads."""


@dataclass(frozen=True, slots=True)
class Step:
    """One way from a stage to another: who takes it, whether a document must carry it."""

    code: str
    name: str
    before: Stage | None
    after: Stage
    who: str
    documented: bool = False


OFFICE, JURY, CHAIR, CLOCK = "考核工作机构", "联合会审组", "主席办公会", "系统（到期自动）"

STEPS: tuple[Step, ...] = (
    Step("open", "启动考核", None, Stage.SELF, OFFICE),
    Step("compute", "系统核算", Stage.SELF, Stage.COMPUTED, OFFICE),
    Step("rate", "组织群众评价", Stage.COMPUTED, Stage.RATING, OFFICE),
    Step("mark", "转入考评组评分", Stage.RATING, Stage.MARKING, OFFICE),
    Step("review", "提交联合会审", Stage.MARKING, Stage.REVIEW, OFFICE),
    Step("return", "退回考评组补评", Stage.REVIEW, Stage.MARKING, JURY),
    Step("inspect", "抽取现场核查单位", Stage.REVIEW, Stage.INSPECTION, JURY),
    Step("notify", "公示", Stage.INSPECTION, Stage.NOTICE, OFFICE),
    Step("withdraw", "撤回公示重新会审", Stage.NOTICE, Stage.REVIEW, JURY, documented=True),
    Step("renotify", "会审后再次公示", Stage.REVIEW, Stage.NOTICE, OFFICE, documented=True),
    Step("end", "公示期满", Stage.NOTICE, Stage.WAITING, CLOCK),
    Step("recall", "不予审定，退回会审", Stage.WAITING, Stage.REVIEW, CHAIR, documented=True),
    Step("finalise", "审定", Stage.WAITING, Stage.FINAL, CHAIR, documented=True),
    Step("reopen", "审定后更正", Stage.FINAL, Stage.REVIEW, CHAIR, documented=True),
)


@dataclass(frozen=True, slots=True)
class Move:
    """A step as it was taken: who, when and why is kept with it."""

    step: str
    actor: str
    reason: str
    document: str = ""


def step_from(stage: Stage | None, move: Move) -> Step:
    """The step that a move takes from a stage; Refused with every objection in one sentence."""
    step = next((s for s in STEPS if s.code == move.step), None)
    if step is None:
        raise Refused(f"没有“{move.step}”这一步骤")
    lacking = [
        what for what, given in (("经办人", move.actor), ("理由", move.reason)) if not given.strip()
    ]
    if step.documented and not move.document.strip():
        lacking.append("文号（会议纪要或批准文件）")
    objections = []
    if step.before is not stage:
        now = f"目前处于“{stage}”阶段" if stage else "尚未启动"
        needed = f"须在“{step.before}”阶段办理" if step.before else "考核已经启动，不能重复启动"
        allowed = "、".join(f"“{s.name}”" for s in STEPS if s.before is stage)
        objections.append(f"{now}，不能“{step.name}”（{needed}）；现在可以办理：{allowed or '无'}")
    if lacking:
        objections.append(f"“{step.name}”须写明{'、'.join(lacking)}")
    if objections:
        raise Refused("；".join(objections) + "。")
    return step


def steps_now(stage: Stage | None) -> tuple[Step, ...]:
    """What may be done next, for the buttons of a page."""
    return tuple(s for s in STEPS if s.before is stage)


def not_over(
    day: date, notice_until: date | None, appeals_until: date | None, open_appeals: int
) -> tuple[str, ...]:
    """Why a notice is not over on a day; nothing where the result waits for its signature only."""
    found = []
    if notice_until is None or day <= notice_until:
        until = f"至{notice_until:%Y年%-m月%-d日}" if notice_until else "尚未开始"
        found.append(f"公示期{until}，期满后方可审定")
    elif appeals_until is not None and day <= appeals_until:
        found.append(f"申诉期至{appeals_until:%Y年%-m月%-d日}，期满后方可审定")
    if open_appeals:
        found.append(f"尚有 {open_appeals} 件申诉没有答复")
    return tuple(found)


def refuse_final(
    day: date,
    notice_until: date | None,
    open_appeals: int,
    tied: int = 0,
    appeals_until: date | None = None,
) -> None:
    """Refuse to make a result final before its notice is over and every appeal is answered."""
    objections = [*not_over(day, notice_until, appeals_until, open_appeals)]
    if tied:
        objections.append(f"{tied} 家单位总分并列跨优秀名额边界，须先由主席办公会票决")
    if objections:
        raise Refused("；".join(objections) + "。")
