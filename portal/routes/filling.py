"""A form filled in in the browser: kept on the server as it is typed, sent as a workbook."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from pipelines import flow
from pipelines.flow import filling
from portal.asking import Now, Reading, note_personal_view
from portal.own_unit import Reporter, acting, own_ids, unit
from portal.page import redirect, render
from portal.reading import reporter
from warehouse.life_cycle import Overtaken, StepRefused

router = APIRouter()

Text = Annotated[str, Field(max_length=2000)]
COVER = ("填报人", "复核人", "单位负责人", "联系电话")


class Typed(BaseModel):
    """What a page sends: rows by column code, names for the cover, and the version typed over."""

    model_config = ConfigDict(extra="forbid")

    rows: list[dict[str, Text]] = Field(max_length=filling.MOST_ROWS)
    cover: dict[str, Text] = Field(default_factory=dict)
    seen: int = 0
    zero: bool = False


@router.get("/my/{org}/fill/{form}/{period}")
def page(
    request: Request, person: Reporter, reading: Reading, org: str, form: str, period: str
) -> Response:
    """The form with what has been typed so far, or what it begins with."""
    code = _may_fill(person, reading, org, form)
    note_personal_view(person, f"draft:{code}/{period}", [form])
    found = filling.filling_of(code, form, period)
    draft = flow.draft_of(code, period, form)
    rows = draft.rows if draft else found.rows
    return render(
        request,
        "reporter/filling.html",
        unit=unit(person, code),
        filling=found,
        period_label=period,
        rows=filling.worked_out(found.form, found.period, rows or [{}]),
        draft=draft,
        cover=draft.cover if draft else {"填报人": person.name},
        names=COVER,
    )


@router.put("/my/{org}/fill/{form}/{period}")
def keep(
    person: Reporter, reading: Reading, at: Now, org: str, form: str, period: str, typed: Typed
) -> JSONResponse:
    """Keep what has been typed; its version, and what worked itself out. 409 when overtaken."""
    code = _may_fill(person, reading, org, form)
    found = filling.filling_of(code, form, period)
    rows = filling.worked_out(found.form, found.period, typed.rows)
    try:
        draft = flow.keep_draft(
            code, period, form, filling.given_rows(found.form, rows, code), acting(person, code),
            at.isoformat(), seen=typed.seen, cover=_cover(typed),
        )  # fmt: skip
    except Overtaken as error:
        return JSONResponse({"error": str(error)}, 409)
    computed = [f.code for f in found.fields if f.computed]
    return JSONResponse(
        {
            "version": draft.version,
            "saved": f"{at:%H:%M:%S}",
            "computed": [{c: row.get(c, "") for c in computed} for row in rows],
        }
    )


@router.post("/my/{org}/fill/{form}/{period}")
def send(
    request: Request, person: Reporter, reading: Reading, at: Now, org: str, form: str,
    period: str, typed: Typed,
) -> Response:  # fmt: skip
    """Keep and send; the answer says where to look for the result."""
    code = _may_fill(person, reading, org, form)
    found = filling.filling_of(code, form, period)
    rows = filling.given_rows(
        found.form, filling.worked_out(found.form, found.period, typed.rows), code
    )
    missing = [n for n in COVER[:3] if not typed.cover.get(n, "").strip()]
    if missing:
        raise StepRefused(f"请填写{'、'.join(missing)}的姓名，再报送")
    if not rows and not typed.zero:
        raise StepRefused("还没有填任何内容；本期确实没有发生的，请勾选“零报告”再报送")
    actor = acting(person, code)
    draft = flow.keep_draft(
        code, period, form, [] if typed.zero else rows, actor, at.isoformat(), seen=typed.seen,
        cover=_cover(typed),
    )  # fmt: skip
    sent = flow.send_draft(code, period, form, actor, at.isoformat(), seen=draft.version)
    return redirect(request, f"/my/uploads?r={sent.receipt}", "已报送，正在校验")


@router.post("/my/{org}/fill/{form}/{period}/drop")
def drop(
    request: Request, person: Reporter, reading: Reading, at: Now, org: str, form: str, period: str
) -> Response:
    """Throw what has been typed away and begin again."""
    code = _may_fill(person, reading, org, form)
    flow.drop_draft(code, period, form, acting(person, code), at.isoformat())
    return redirect(request, f"/my/{code}/fill/{form}/{period}", "草稿已删除")


def _may_fill(person: Reporter, reading: Reading, org: str, form: str) -> str:
    """The unit's code; NotFound when it is not theirs or they may not see the form's rows."""
    from portal.asking import NotFound

    code = unit(person, org, "submit").org
    if not reporter.visible_forms(reading, own_ids(person)[code], [form]):
        raise NotFound
    return code


def _cover(typed: Typed) -> dict[str, str]:
    return {n: typed.cover.get(n, "").strip()[:50] for n in COVER}
