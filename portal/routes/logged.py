"""The log: who did and saw what, and whether the chain of its entries is unbroken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from portal.asking import Now, Reading, SignedIn, may
from portal.page import NavItem, render
from portal.reading import administration as reads
from warehouse import audit

router = APIRouter()
NAV = (NavItem("操作日志", "/administration/audit", ("read_audit",), 88),)
Auditor = Annotated[SignedIn, Depends(may("read_audit"))]
ACTIONS: Mapping[str, str] = {
    "account.create": "开立账号", "account.close": "停用账号", "account.grant": "授权",
    "account.revoke": "收回授权", "account.password": "更换口令", "account.lock": "锁定账号",
    "account.sign_in": "登录", "account.second_factor": "绑定手机",
    "account.second_factor_passed": "通过第二重验证",
    "account.second_factor_reset": "重置第二重验证",
    "account.bind": "绑定统一身份", "account.unbind": "解除统一身份",
    "account.bound": "首次用统一身份登录", "account.sign_on_refused": "统一身份登录被拒",
    "reopening.requested": "申请重开", "reopening.approved": "批准重开",
    "reopening.declined": "不批准重开", "reopening.withdrawn": "撤回重开申请",
    "parameter.propose": "提议参数", "parameter.approved": "批准参数",
    "parameter.declined": "不批准参数", "parameter.withdrawn": "撤回参数提议",
    "original.read": "查阅原件", "download": "下载汇总数据", "personal.view": "查看人员明细",
    "log.checked": "核对日志",
}  # fmt: skip
KINDS = (
    "account.",
    "parameter.",
    "reopening.",
    "original.",
    "personal.",
    "submission.",
    "review.",
    "download",
)


@router.get("/administration/audit")
def trail(
    request: Request, person: Auditor, reading: Reading, at: Now,
    action: str = "", actor: str = "", subject: str = "", since: str = "", until: str = "",
    before: int = 0, check: bool = False,
) -> Response:  # fmt: skip
    """Entries by filter, the newest first; on demand the whole chain is worked out again."""
    entries, onward = reads.log(
        reading, action=action[:50], actor=actor[:100], subject=subject[:100],
        since=_day(since), until=_day(until), before=before or reads.NEWEST,
    )  # fmt: skip
    asked = {"action": action, "actor": actor, "subject": subject, "since": since, "until": until}
    broken = None
    if check:
        # The chain is one for everybody: what is not in sight is checked, too, but not shown.
        with person.site.engine.connect() as owner:
            broken = audit.first_broken(owner)
    here = "/administration/audit"
    return render(
        request, "administration/audit.html", entries=entries, actions=ACTIONS, kinds=KINDS,
        asked=asked, checked=check, broken=broken,
        check_href=f"{here}?{urlencode({**asked, 'check': 'true'})}",
        onward=f"{here}?{urlencode({**asked, 'before': onward})}" if onward else "",
        first=f"{here}?{urlencode(asked)}" if before else "",
    )  # fmt: skip


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words) if words else None
    except ValueError:
        return None
