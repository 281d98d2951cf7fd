"""Whether something may be done with a submission, and if not, the sentence that says why; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from definitions.life_cycle import Transition, life_cycle
from warehouse.life_cycle import Actor, Case

ROLE_OF_VERB = {"sign_review": "复核人", "sign": "单位负责人"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks to do; `seen` is the number of steps on the page that they looked at."""

    verb: str
    reason: str = ""
    due_on: date | None = None
    finding_id: int | None = None
    seen: int | None = None


def refusal(
    case: Case, asked: Asked, actor: Actor, day: date, signatures: Collection[str]
) -> str | None:
    """Why something may not be done on a day; None when it may.

    `signatures` are the roles that must have signed before anybody above checks.
    """
    try:
        transition = life_cycle().transition(asked.verb)
    except KeyError:
        return f"没有“{asked.verb}”这个操作"
    return (
        _out_of_state(case, transition)
        or _not_entitled(case, transition, actor)
        or _incomplete(transition, asked, day)
        or _out_of_order(case, asked, actor, signatures)
    )


def _out_of_state(case: Case, transition: Transition) -> str | None:
    if transition.actor == "system":
        return f"“{transition.chinese}”由系统按事实自动变化，不能手工操作"
    if case.state not in transition.sources:
        state = life_cycle().state(case.state)
        return f"这份报送现在是“{state.chinese}”（{state.tells}），不能{transition.chinese}"
    return None


def above(case: Case) -> tuple[str, ...]:
    """Who checks a submission, the nearest first; what nobody stands above checks itself."""
    return case.leading or ((case.reporter,) if case.reporter else ())


def _not_entitled(case: Case, transition: Transition, actor: Actor) -> str | None:
    if actor.rights is not None and transition.right not in actor.rights:
        return f"您的角色没有“{transition.chinese}”的权限"
    if not actor.organisation:
        return "请说明以哪个工会的身份办理"
    if transition.actor == "unit" and actor.organisation != case.reporter:
        return f"只有填报单位自己能{transition.chinese}"
    line = above(case)
    # Of a file that names no unit and no sender nobody knows who stands above.
    if transition.actor == "leading" and line and actor.organisation not in line:
        if actor.organisation in case.other:
            return f"贵会不在这个单位的主管线上，可以会签同意或提出异议，不能{transition.chinese}"
        return f"贵会不是这个单位的上级工会，不能{transition.chinese}"
    if transition.actor == "other" and actor.organisation not in case.other:
        return "只有另一条线上的上级工会会签"
    return None


def _incomplete(transition: Transition, asked: Asked, day: date) -> str | None:
    if "reason" in transition.needs and not asked.reason.strip():
        return f"{transition.chinese}须写明理由"
    if "due" in transition.needs and asked.due_on is None:
        return f"{transition.chinese}须写明期限"
    if asked.due_on is not None and asked.due_on < day:
        return f"期限 {asked.due_on} 已经过去"
    return None


def _out_of_order(
    case: Case, asked: Asked, actor: Actor, signatures: Collection[str]
) -> str | None:
    if asked.verb in ROLE_OF_VERB:
        return _signing(case, asked.verb, actor)
    if asked.verb in ("accept_words", "refuse_words"):
        if asked.finding_id not in case.words:
            return "这条说明不存在，或者已经有人认可或不认可过"
        return None
    if asked.verb in ("check", "accept"):
        return _checking(case, asked, actor, signatures)
    if asked.verb in ("send_back", "uncheck", "refuse_words"):
        line = above(case)
        own = line.index(actor.organisation or "") if actor.organisation in line else 0
        if any(line.index(c) > own for c in case.checked_by if c in line):
            return "再上一级已经审核，须由再上一级退回或撤销审核"
    return None


def _signing(case: Case, verb: str, actor: Actor) -> str | None:
    role = ROLE_OF_VERB[verb]
    if role in case.signed:
        return f"{role}已经签过（{case.signed[role]}）"
    if verb == "sign" and "复核人" not in case.signed:
        return "请先由复核人签名，再由单位负责人签发"
    if any(_same(actor, account, name) for account, name in case.signers):
        return "复核人和单位负责人不能是同一人"
    return None


def _same(actor: Actor, account: int | None, name: str) -> bool:
    """Whether one person acts: by account; by name only where one of the two has none."""
    if actor.account is not None and account is not None:
        return actor.account == account
    return actor.name == name


def _checking(case: Case, asked: Asked, actor: Actor, signatures: Collection[str]) -> str | None:
    wanting = [s for s in signatures if s not in case.signed]
    if wanting:
        return f"填报单位还没有签齐：缺{'、'.join(wanting)}"
    if case.words:
        return f"还有 {len(case.words)} 条说明没有认可或不认可"
    line = above(case)
    if not line:
        return "不知道是哪个单位的报送，不能审核；请退回或作废"
    own = line.index(actor.organisation or "")
    if asked.verb == "check" and own == len(line) - 1:
        return "贵会是最后一级，请用“终审接收”"
    if asked.verb == "accept" and own != len(line) - 1:
        return "只有最上一级工会能终审接收，贵会请用“审核通过”"
    if any(line.index(c) >= own for c in case.checked_by if c in line):
        return "贵会或再上一级已经审核过"
    reasoned = bool(asked.reason.strip())
    skipped = [c for c in line[:own] if c not in case.checked_by]
    if skipped and not reasoned:
        return f"下一级工会（{'、'.join(skipped)}）还没有审核；越级审核须写明理由"
    if asked.verb == "accept" and case.objecting and not reasoned:
        return f"另一条线（{'、'.join(case.objecting)}）有异议；仍要接收的须写明理由"
    return None
