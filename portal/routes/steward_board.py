"""The coverage board: who has reported what, and reminding those who have not in one click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import text
from starlette.responses import Response

from pipelines.flow import reminding
from portal.asking import Forbidden, Known, NotFound, Now, Reading, SignedIn, may
from portal.page import redirect, render
from portal.reading import steward_coverage as reads
from portal.reading.steward_coverage import STATES
from portal.routes.steward_lists import workbook

router = APIRouter()
Seer = Annotated[SignedIn, Depends(may("review", "chase", "send_back"))]
Chaser = Annotated[SignedIn, Depends(may("chase"))]
PAGE = 100
WORDS = {"returned": "退回待改", "explaining": "待说明", "started": "已取表未报",
         "never": "未打开", "counted": "已计入", "late": "逾期"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the board one is: a period, a union, a line, perhaps a form and a state."""

    period: str
    root: int
    line: int
    form: str
    state: str

    def query(self, **other: object) -> str:
        """The query part of the address of a place like this one."""
        values = {"period": self.period, "root": self.root, "line": self.line, "form": self.form,
                  "state": self.state} | other  # fmt: skip
        return urlencode({k: v for k, v in values.items() if v})


def place(
    person: Seer, reading: Reading, at: Now, period: str = "", root: int = 0, line: int = 0,
    form: str = "", state: str = "",
) -> Place:  # fmt: skip
    """The place asked for, within what the person oversees; empty says their own union."""
    grants = [g for v in ("chase", "review", "send_back") for g in person.grants_for(v)]
    if not grants:
        raise Forbidden
    known = reads.periods(reading)
    if period and period not in known:
        raise NotFound
    own = grants[0]
    chosen = root or own.org_id
    visible = reading.execute(
        text("SELECT CAST(:id AS bigint) IN (SELECT sight_ids('portal.organisations'))"),
        {"id": chosen},
    ).scalar_one()
    if not visible:
        raise NotFound
    return Place(
        period or _usual(known, at.strftime("%Y-%m")), chosen, line if line in (1, 2) else own.line,
        form.strip().upper(), state if state in WORDS else "",
    )  # fmt: skip


def _usual(known: list[str], month: str) -> str:
    """The last month that is over; without one the newest period."""
    over = [p for p in known if len(p) == 7 and p[4] == "-" and p < month]
    return over[0] if over else next(iter(known), "")


Here = Annotated[Place, Depends(place)]


@router.get("/coverage")
def coverage(
    request: Request, person: Seer, reading: Reading, known: Known, at: Now, here: Here
) -> Response:
    """Counts by unit and by form."""
    today = at.date()
    board = reads.board(reading, here.period, here.root, here.line, today, here.form)
    return render(
        request,
        "steward/coverage.html",
        here=here,
        board=board,
        periods=reads.periods(reading),
        trail=_trail(reading, here, today.isoformat()),
        titles={f.code: f.title for f in known.forms},
        forms=sorted({(f.code, f"{f.code} {f.title}") for f in known.forms}),
        words=WORDS,
        today=today,
        may_chase=person.may("chase"),
    )


def _trail(reading: Reading, here: Place, day: str) -> list[tuple[int, str]]:
    """The unions from the top that the person sees down to where they are."""
    rows = reading.execute(
        text(
            """
            WITH RECURSIVE up AS (
                SELECT CAST(:root AS bigint) AS id, 0 AS depth
                UNION ALL
                SELECT a.parent_id, u.depth + 1 FROM up u JOIN affiliation a
                    ON a.org_id = u.id AND a.line = :line AND a.retired_at IS NULL
                    AND a.valid @> CAST(:day AS date)
                WHERE u.depth < 12
            )
            SELECT u.id, n.name FROM up u
            JOIN organisation_name n ON n.org_id = u.id AND n.kind = 'official'
                AND n.retired_at IS NULL AND n.valid @> CAST(:day AS date)
            WHERE u.id IN (SELECT sight_ids('portal.organisations'))
            ORDER BY u.depth DESC
            """
        ),
        {"root": here.root, "line": here.line, "day": day},
    )
    return [(row.id, row.name) for row in rows]


@router.get("/coverage/units")
def units(
    request: Request, person: Seer, reading: Reading, known: Known, at: Now, here: Here,
    after: str = "",
) -> Response:  # fmt: skip
    """The organisations themselves, by state, with what each still owes."""
    today = at.date()
    found = reads.units(
        reading, here.period, here.root, here.line, today, form=here.form, state=here.state,
        after=after, most=PAGE + 1,
    )  # fmt: skip
    more = len(found) > PAGE
    found = found[:PAGE]
    return render(
        request,
        "steward/units.html",
        here=here,
        items=found,
        trail=_trail(reading, here, today.isoformat()),
        titles={f.code: f.title for f in known.forms},
        words=WORDS,
        states=(*STATES, "late"),
        today=today,
        next=f"/coverage/units?{here.query(after=found[-1].code)}" if more else "",
        first=f"/coverage/units?{here.query()}" if after else "",
        may_chase=person.may("chase"),
    )


@router.get("/coverage/units/export.xlsx")
def export(person: Seer, reading: Reading, known: Known, at: Now, here: Here) -> Response:
    """The same list as a workbook, all of it."""
    found = reads.units(
        reading, here.period, here.root, here.line, at.date(), form=here.form, state=here.state,
        most=20_000,
    )  # fmt: skip
    titles = {f.code: f.title for f in known.forms}
    rows = [
        [u.code, u.name or "", WORDS[u.state], u.expected, u.counted, u.expected - u.counted,
         u.late, "、".join(titles.get(f, f) for f in u.forms),
         u.due_on.isoformat() if u.due_on else "", u.lock_on.isoformat() if u.lock_on else ""]
        for u in found
    ]  # fmt: skip
    heads = ["单位编码", "单位", "状态", "应报表数", "已计入", "未计入", "逾期表数", "未计入的报表",
             "截止日", "锁定日"]  # fmt: skip
    return workbook(f"报送进度-{here.period}", heads, rows, at)


@router.post("/coverage/remind")
def remind(
    request: Request, person: Chaser, reading: Reading, at: Now,
    period: Annotated[str, Form()], root: Annotated[int, Form()], line: Annotated[int, Form()],
    form: Annotated[str, Form()] = "", state: Annotated[str, Form()] = "",
    upwards: Annotated[str, Form()] = "", chosen: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Remind everyone in a state (or those chosen); upwards tells those above on both lines."""
    here = place(person, reading, at, period, root, line, form, state)
    person.require_upon("chase", here.root)
    found = reads.units(
        reading, here.period, here.root, here.line, at.date(), form=here.form, state=here.state,
        most=20_000,
    )  # fmt: skip
    codes = [u.code for u in found if u.expected > u.counted and (not chosen or u.code in chosen)]
    back = f"/coverage/units?{here.query()}"
    if not codes:
        return redirect(request, back, "没有需要催报的单位", "info")
    done = reminding.remind(here.period, codes, at.isoformat(), upwards=upwards == "1")
    said = f"已通知 {done['reminders']} 个单位"
    if upwards == "1":
        said += f"，并告知上级工会 {done['escalations']} 次（块、条两线）"
    if done["again"]:
        said += f"；{done['again']} 个今天已经通知过，不再重复"
    return redirect(request, back, said)
