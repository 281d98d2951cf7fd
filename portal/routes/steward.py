"""Pages of reviewers and stewards: the queue, kept filters, and what belongs to it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from definitions import Period
from portal.asking import Ground, Known, Now, Reading, SignedIn, may
from portal.page import NavItem, redirect, render
from portal.reading import steward as reads
from portal.reading.steward import Filters
from portal.routes import (
    steward_board,
    steward_changes,
    steward_mends,
    steward_proposals,
    steward_submission,
)
from portal.routes.steward_lists import workbook
from warehouse import saved_views

HANDLES = ("review", "send_back", "mend_format", "judge_explanation", "concur")
router = APIRouter()
NAV = (
    NavItem("待办", "/queue", HANDLES, 20),
    NavItem("报送进度", "/coverage", ("review", "chase", "send_back"), 22),
    NavItem("格式订正", "/mends", ("mend_format",), 24),
    NavItem("机构变动", "/changes", ("review",), 26),
    NavItem("关账疑点", "/closing", ("review", "judge_explanation", "chase"), 28),
)
STATES = ("returned", "explaining", "explained", "validated", "checked")
MOST_EXPORTED = 10_000


def asked(
    state: str = "",
    form: str = "",
    period: str = "",
    rule: str = "",
    lead: str = "",
    search: str = "",
    age: Annotated[str, Query(max_length=4)] = "",
    left: Annotated[str, Query(max_length=4)] = "",
    mine: str = "",
) -> Filters:
    """The filters of an address; what makes no sense is as if it were not there."""
    return Filters(
        state=state if state in STATES else "",
        form=form.strip().upper(),
        period=_label(period),
        rule=rule.strip().upper(),
        lead=lead if lead in ("块为主", "条为主") else "",
        search=search.strip()[:80],
        age=int(age) if age.isdecimal() else None,
        left=int(left) if left.isdecimal() else None,
        mine=mine == "1",
    )


def _label(period: str) -> str:
    try:
        return Period.parse(period.strip()).label if period.strip() else ""
    except ValueError:
        return ""


Asked = Annotated[Filters, Depends(asked)]
Handler = Annotated[SignedIn, Depends(may(*HANDLES))]


@router.get("/queue")
def queue(
    request: Request, person: Handler, reading: Reading, known: Known, ground: Ground, at: Now,
    filters: Asked, after: str = "",
) -> Response:  # fmt: skip
    """What waits, gravest and oldest first; htmx gets the list alone."""
    items = reads.queue(reading, filters, at, me=person.actor, after=after, most=reads.PAGE + 1)
    more = len(items) > reads.PAGE
    items = items[: reads.PAGE]
    with ground.engine.connect() as owner:
        names = reads.names_in(owner, [t for i in items for t in (i.held_by, i.assignee)])
    onward = {**filters.query, "after": items[-1].key} if more else {}
    part = request.headers.get("hx-target") == "queue"
    return render(
        request,
        "steward/parts/queue.html" if part else "steward/queue.html",
        items=items,
        filters=filters,
        query=urlencode(filters.query),
        counts=reads.counts(reading, at.date()),
        states=STATES,
        views=saved_views.views_of(reading, person.id, "/queue"),
        names=names,
        titles={f.code: f.title for f in known.forms},
        forms=sorted({(f.code, f"{f.code} {f.title}") for f in known.forms}),
        rule_titles={r.code: r.title for r in known.rules.values()},
        today=at.date(),
        at_start=not after,
        next=f"/queue?{urlencode(onward)}" if onward else "",
        first=f"/queue?{urlencode(filters.query)}" if after else "",
    )


@router.get("/queue/export.xlsx")
def export(
    person: Handler, reading: Reading, known: Known, ground: Ground, at: Now, filters: Asked
) -> Response:
    """The list as it is filtered, as a workbook in which text stays text."""
    items = reads.queue(reading, filters, at, me=person.actor, most=MOST_EXPORTED)
    today = at.date()
    with ground.engine.connect() as owner:
        names = reads.names_in(owner, [t for i in items for t in (i.held_by, i.assignee)])
    words = {"returned": "退回待改", "explaining": "待说明", "explained": "已说明待审",
             "validated": "待审核", "checked": "待上级审核"}  # fmt: skip
    titles = {f.code: f.title for f in known.forms}
    rows = [
        [
            i.reporter or "", i.who, words[i.state], i.period or "",
            "、".join(titles.get(f, f) for f in i.forms), i.grave, i.wanting,
            "、".join(i.rules or ()), i.received_at.strftime("%Y-%m-%d %H:%M"), i.age(today),
            i.due_on.isoformat() if i.due_on else "", i.lock_on.isoformat() if i.lock_on else "",
            reads.spoken(i.assignee or "", names), i.file_name or "",
        ]
        for i in items
    ]  # fmt: skip
    heads = ["单位编码", "单位", "状态", "所属期", "报表", "退回问题", "须说明问题", "规则",
             "送达时间", "已等天数", "限期", "锁定日", "经办人", "文件"]  # fmt: skip
    return workbook("待办清单", heads, rows, at)


@router.post("/queue/views")
def keep_view(
    request: Request, person: Handler, ground: Ground, at: Now,
    name: Annotated[str, Form(max_length=30)] = "", filters: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Keep the present filters under a name."""
    clean = urlencode(_clean(filters).query)
    if not name.strip():
        return redirect(request, f"/queue?{clean}", "请给这组筛选起个名字", "warn")
    with ground.engine.begin() as connection:
        saved_views.save_view(connection, person.id, "/queue", name.strip(), clean, at)
    return redirect(request, f"/queue?{clean}", "筛选已保存")


@router.post("/queue/views/{number}/drop")
def drop_view(request: Request, person: Handler, ground: Ground, number: int) -> Response:
    """Forget a kept view."""
    with ground.engine.begin() as connection:
        saved_views.drop_view(connection, person.id, number)
    return redirect(request, "/queue", "已删除这组筛选")


def _clean(filters: str) -> Filters:
    given = dict(parse_qsl(filters))
    return asked(**{k: v for k, v in given.items() if k in Filters.__dataclass_fields__})


# After the pages above: /queue/{number} would take /queue/export.xlsx for a number.
for part in (steward_submission, steward_proposals, steward_mends, steward_board, steward_changes):
    router.include_router(part.router)
