"""The log: who did and saw what, and whether the chain of its entries is unbroken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from definitions.life_cycle import life_cycle
from pipelines.assessment_year.stages import STEPS
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
    "contact.enter": "登记联系方式", "contact.end": "停用联系方式",
    "organisations.register": "登记组织名册",
    "parameter.propose": "提议参数", "parameter.approved": "批准参数",
    "parameter.declined": "不批准参数", "parameter.withdrawn": "撤回参数提议",
    "period.open": "开放报送期", "period.close": "汇总结账", "period.reports": "编制月度报告",
    "period.reopen": "下达更正令", "period.relock": "提前关闭重开",
    "reopening.requested": "申请重开", "reopening.approved": "批准重开",
    "reopening.declined": "不批准重开", "reopening.withdrawn": "撤回重开申请",
    "receipt.upload": "网上报送",
    **{f"submission.{t.verb}": t.chinese for t in life_cycle().transitions},
    "submission.original": "查阅报送原件", "submission.returned": "查阅退回件",
    "correction.propose": "提出更正建议", "correction.confirmed": "确认更正建议",
    "correction.direct": "直接更正", "correction.declined": "不同意更正建议",
    "correction.withdrawn": "撤回更正建议",
    "reading.mend": "订正格式", "reading.mend_ended": "停用订正规则",
    "original.read": "查阅原件", "download": "下载汇总数据", "personal.view": "查看人员明细",
    "review.prepare": "编制公报", "review.answered": "答复签发", "review.published": "签发发布",
    "review.withdrawn": "退回修改", "report.publish": "发布报告",
    "publication.withdraw": "撤回发布",
    "deliver.folder": "分送到文件夹", "deliver.storage": "分送到对象存储",
    "deliver.mail": "邮件分送",
    "distribution.make": "建立分发名单", "distribution.rename": "更改名单名称",
    "distribution.add": "名单加入地址", "distribution.remove": "名单移出地址",
    "distribution.end": "停用分发名单",
    **{f"assessment.{s.code}": f"考核：{s.name}" for s in STEPS},
    "assess": "考核计分", "assessment.edition": "考核：留存结果", "assessment.self": "填报考核自评",
    "assessment.ruling": "考核：作出核定", "assessment.appeal": "提出考核申诉",
    "assessment.appeal.decide": "答复考核申诉", "assessment.evidence.read": "查阅考核佐证",
    "assessment.tried": "考核试算", "veto.enter": "登记一票否决", "veto.revoke": "撤销一票否决",
    "rectification.issue": "下达整改", "rectification.step": "登记整改进展",
}  # fmt: skip


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
        request, "administration/audit.html", entries=entries, actions=ACTIONS, asked=asked,
        checked=check, broken=broken,
        check_href=f"{here}?{urlencode({**asked, 'check': 'true'})}",
        onward=f"{here}?{urlencode({**asked, 'before': onward})}" if onward else "",
        first=f"{here}?{urlencode(asked)}" if before else "",
    )  # fmt: skip


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words) if words else None
    except ValueError:
        return None
