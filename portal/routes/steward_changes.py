"""Changes of organisations that wait for a second pair of eyes, and what closes found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import text
from starlette.responses import Response

from pipelines import flow
from pipelines.flow.handling import StepRefused
from portal.asking import Ground, Known, Now, Reading, SignedIn, may
from portal.page import redirect, render
from portal.reading import steward as reads
from portal.routes.steward_lists import workbook
from portal.routes.steward_submission import refused
from warehouse import findings
from warehouse.reorganisations import NotAllowed

router = APIRouter()
Reviewer = Annotated[SignedIn, Depends(may("review"))]
Handler = Annotated[SignedIn, Depends(may("review", "judge_explanation", "chase"))]


@router.get("/changes")
def changes(request: Request, person: Reviewer, reading: Reading, at: Now) -> Response:
    """Changes on their way, with who filed them; whoever filed one does not confirm it."""
    told = flow.waiting_changes()
    seen = reads.visible(reading, "organisation_change", [c["编号"] for c in told])
    items = [c for c in told if c["编号"] in seen]
    codes = {
        c[k] for c in items for k in ("工会组织编码", "原上级", "现上级", "承继工会", "申报单位")
    }
    return render(
        request, "steward/changes.html", items=items, names=_names(reading, codes, at),
        own={g.org for g in person.grants_for("review")},
    )  # fmt: skip


def _names(reading: Reading, codes: set[str], at: Now) -> dict[str, str]:
    rows = reading.execute(
        text(
            "SELECT o.code, n.name FROM organisation o JOIN organisation_name n ON "
            "n.org_id = o.id AND n.kind = 'official' AND n.retired_at IS NULL "
            "AND n.valid @> CAST(:day AS date) WHERE o.code = ANY(:codes)"
        ),
        {"codes": sorted(filter(None, codes)), "day": at.date()},
    )
    return {row.code: row.name for row in rows}


@router.post("/changes/decide")
def decide(
    request: Request, person: Reviewer, reading: Reading, ground: Ground, at: Now,
    answer: Annotated[str, Form()], numbers: Annotated[list[int] | None, Form()] = None,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Confirm or refuse changes on behalf of the nearest union of the person above the filer."""
    wanted = sorted(reads.visible(reading, "organisation_change", numbers or []))
    if not wanted:
        return refused(request, ground, StepRefused("请先选中要办理的变动"), 422)
    if answer != "yes" and not reason.strip():
        return refused(request, ground, StepRefused("不同意变动须写明理由"), 422)
    last: NotAllowed | None = None
    for grant in person.grants_for("review"):
        try:
            if answer == "yes":
                done = flow.confirm_changes(wanted, grant.org, person.actor, at.isoformat())
            else:
                done = flow.reject_changes(wanted, grant.org, person.actor, reason, at.isoformat())
        except NotAllowed as error:
            last = error
            continue
        said = "已确认，按生效日期起作用" if answer == "yes" else "已退回申报单位"
        return redirect(request, "/changes", f"{done} 项变动{said}")
    return refused(request, ground, StepRefused(str(last or "没有办成")))


@router.get("/closing")
def closing(
    request: Request, person: Handler, reading: Reading, known: Known, at: Now, period: str = ""
) -> Response:
    """What was found at closes and waits for words or a correction, oldest and gravest first."""
    items = findings.open_findings(reading, at, [period] if period else None)
    every = items if not period else findings.open_findings(reading, at)
    return render(
        request, "steward/closing.html", items=items[:300], count=len(items), period=period,
        periods=sorted({i.period for i in every}, reverse=True),
        names=_names(reading, {c for i in items for c in (i.reporter, i.org)}, at),
        titles={f.code: f.title for f in known.forms},
        rules={r.code: r.title for r in known.rules.values()}, today=at.date(),
    )  # fmt: skip


@router.get("/closing/export.xlsx")
def export(person: Handler, reading: Reading, at: Now, period: str = "") -> Response:
    """The same as a workbook."""
    items = findings.open_findings(reading, at, [period] if period else None)
    names = _names(reading, {c for i in items for c in (i.reporter, i.org)}, at)
    rows = [
        [i.severity, i.reporter, names.get(i.reporter, ""), i.org, names.get(i.org, ""), i.form,
         i.period, i.sheet, i.cell, i.rule, i.message, i.opened_at.strftime("%Y-%m-%d")]
        for i in items
    ]  # fmt: skip
    heads = ["等级", "报送单位编码", "报送单位", "所涉单位编码", "所涉单位", "报表", "所属期",
             "工作表", "单元格", "规则", "说明", "提出日期"]  # fmt: skip
    return workbook("关账疑点", heads, rows, at)
