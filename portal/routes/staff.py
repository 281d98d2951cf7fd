"""Pages of the federation's staff: figures, trends, key works, periods opened again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import Response

from definitions import Definitions, Period
from pipelines.flow import period_states, relock_period, reopen_period
from pipelines.publish.outline import DIMENSIONS, HEADLINES
from pipelines.small_cells import sensitive
from portal.asking import Forbidden, Known, NotFound, Now, Reading, SignedIn, may
from portal.page import NavItem, redirect, render
from portal.reading import home, staff, staff_board
from portal.reading.staff import BLOCK, INDUSTRY, LINES, Head
from portal.reading.staff_chart import lines_of
from portal.routes import assessments, numbers, publications
from warehouse import audit
from warehouse.personal import data_key

router = APIRouter()
for part in (numbers, publications, assessments):
    router.include_router(part.router)
NAV = (
    NavItem("数据概况", "/figures", ("read_figures",), 30),
    NavItem("重点工作", "/board", ("read_figures",), 32),
    NavItem("重开", "/reopenings", ("request_reopening", "approve_reopening"), 40),
    *publications.NAV,
    *assessments.NAV,
)
Reader = Annotated[SignedIn, Depends(may("read_figures"))]
KEYS = ("I-ORG-01", "I-ORG-04", "I-FIN-02", "I-SKILL-02", "I-WARM-02", "I-RIGHT-09")
MONTHS, MOST_LINES = 13, 6
REQUEST_DAYS = 7


def _start(person: SignedIn, reading: Reading, code: str) -> int:
    """The unit asked for, else the one the person reads figures for."""
    if code:
        return staff.unit_of(reading, code)
    grants = sorted(person.grants_for("read_figures"), key=lambda g: (g.line, g.org))
    return grants[0].org_id


def _headlines(known: Definitions, head: Head) -> dict[str, list[str]]:
    """Headline indicators by dimension that exist and are not about few people."""
    few = sensitive(known, Period.parse(head.period).end).codes
    return {
        DIMENSIONS[d]: [c for c in codes if c in known.indicators and c not in few]
        for d, codes in HEADLINES.items()
    }


@router.get("/figures")
def overview(
    request: Request,
    person: Reader,
    reading: Reading,
    known: Known,
    at: Now,
    period: str = "",
    unit: str = "",
) -> Response:
    """Coverage and headline figures of the newest closed month, with the units below."""
    heads = staff.heads(reading)
    head = staff.chosen(heads, period)
    if head is None:
        return render(request, "staff/overview.html", head=None, heads={})
    start = _start(person, reading, unit)
    around = staff.units(reading, start, Period.parse(head.period).end)
    if not around:
        raise NotFound
    groups = _headlines(known, head)
    codes = [*dict.fromkeys([c for g in groups.values() for c in g] + list(KEYS))]
    figures = staff.Figures(reading, known, head, [u.id for u in around], codes)
    own = around[0]
    line = _line(person, own.id)
    keys = [c for c in KEYS if figures.shown(c, own, line).value is not None]
    found = staff.coverage(reading, head)
    expected, reported = sum(c.expected for c in found), sum(c.reported for c in found)
    return render(
        request,
        "staff/overview.html",
        head=head,
        heads=heads,
        own=own,
        line=line,
        at_home=not unit or start == _start(person, reading, ""),
        groups={
            name: rows
            for name, group in groups.items()
            if (rows := [s for c in group if (s := figures.shown(c, own, line)).value is not None])
        },
        keys=[known.indicators[c] for c in keys],
        below={
            LINES[n]: [(u, [figures.shown(c, u, n) for c in keys]) for u in around if u.line == n]
            for n in (BLOCK, INDUSTRY)
        },
        coverage=found,
        expected=expected,
        reported=reported,
        on_time=sum(c.on_time for c in found),
        titles={f.code: f.title for f in known.forms},
        published=home.published(reading, at.date(), 5),
        previous=Period.parse(head.period).previous().label,
    )


def _line(person: SignedIn, org: int) -> int:
    """The line on which the person reads a unit's own figures."""
    held = [g.line for g in person.grants_for("read_figures") if g.org_id == org]
    return min(held, default=BLOCK)


@router.get("/figures/{code}")
def indicator(
    request: Request,
    person: Reader,
    reading: Reading,
    known: Known,
    code: str,
    period: str = "",
    unit: str = "",
    line: str = "块",
    beside: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """One indicator: thirteen months as a line and a table, units next below, some side by side."""
    one = known.indicators.get(code)
    heads = staff.heads(reading)
    head = staff.chosen(heads, period)
    if one is None or head is None or line not in LINES.values():
        raise NotFound
    now = Period.parse(head.period)
    few = sensitive(known, now.end).codes
    if code in few:
        raise NotFound
    number = BLOCK if line == LINES[BLOCK] else INDUSTRY
    around = staff.units(reading, _start(person, reading, unit), now.end)
    if not around:
        raise NotFound
    own, below = around[0], [u for u in around if u.line == number]
    picked = [u for u in below if u.code in (beside or ())][:MOST_LINES]
    months = staff.months_until(now, MONTHS)
    drawn = picked or [own]
    told = staff.trend(reading, known, heads, code, number, [u.id for u in drawn], months)
    figures = staff.Figures(reading, known, head, [u.id for u in around], [code])
    rows = [(u, figures.shown(code, u, number)) for u in below]
    rows.sort(key=lambda r: (r[1].value is None, -(r[1].value or 0), r[0].code))
    return render(
        request,
        "staff/indicator.html",
        one=one,
        head=head,
        heads=heads,
        own=own,
        line=line,
        shown=figures.shown(code, own, number),
        rows=rows,
        largest=max((r[1].value for r in rows if r[1].value is not None), default=None),
        picked={u.code for u in picked},
        months=months,
        told=[(u, told[u.id]) for u in drawn],
        chart=lines_of([(u.name, [p.value for p in told[u.id]]) for u in drawn], months),
        choices=[(c, i.name) for c, i in known.indicators.items() if c not in few],
        crumbs_query=urlencode({"period": head.period, "unit": own.code}),
    )


@router.get("/board")
def board(
    request: Request, person: Reader, reading: Reading, known: Known,
    period: str = "", work: str = "",
) -> Response:  # fmt: skip
    """The sixteen key works: lights by work, and the tasks of one of them."""
    heads = {k: h for k, h in staff.heads(reading).items() if len(k) == 7 and "-" in k}
    head = staff.chosen(heads, period)
    if head is None:
        return render(request, "staff/board.html", head=None)
    works, amber = staff_board.board(reading, known, head)
    if work and work not in known.works:
        raise NotFound
    shown = [w for w in works if (w.code == work if work else w.rows)]
    units = sorted({r.unit for w in shown for r in w.rows})
    return render(
        request, "staff/board.html", head=head, heads=heads, works=works, shown=shown, work=work,
        amber=amber, names=staff.names(reading, units, Period.parse(head.period).end),
    )  # fmt: skip


# --- periods opened again: one person asks, another approves ---


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(data_key(), salt="reopening request")


@router.get("/reopenings")
def reopenings(
    request: Request,
    person: Annotated[SignedIn, Depends(may("request_reopening", "approve_reopening"))],
    reading: Reading,
    known: Known,
    at: Now,
    period: str = "",
) -> Response:
    """The forms of a period and where they stand, its correction orders, and how to ask for one."""
    labels = staff.opened_periods(reading)
    chosen = period or _locked(reading, labels, at.date())
    if period and period not in labels:
        raise NotFound
    states, orders = period_states(chosen, at.isoformat()) if chosen else ([], [])
    codes = sorted({c for o in orders for c in o.organisations})
    return render(
        request, "staff/reopenings.html", labels=labels, period=chosen, states=states,
        orders=orders, names=staff.names(reading, codes, at.date()),
        latest=at.date() + timedelta(days=REQUEST_DAYS), given={}, error="",
        people=staff.people(reading, [a for o in orders for a in (o.requested_by, o.approved_by)]),
    )  # fmt: skip


def _locked(reading: Reading, labels: list[str], day: date) -> str:
    """The newest opened period that is over."""
    over = [p for p in labels if Period.parse(p).end < day]
    return next(iter(over), next(iter(labels), ""))


@router.post("/reopenings")
def ask(
    request: Request,
    person: Annotated[SignedIn, Depends(may("request_reopening"))],
    reading: Reading,
    known: Known,
    at: Now,
    period: Annotated[str, Form()],
    until: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "",
    document: Annotated[str, Form()] = "",
    forms: Annotated[list[str] | None, Form()] = None,
    organisations: Annotated[str, Form()] = "",
) -> Response:
    """Write down what is asked for; a second person opens the link and approves it."""
    try:
        date.fromisoformat(until)
    except ValueError:
        until = ""
    codes = organisations.replace("，", " ").replace(",", " ").replace("、", " ").split()
    wrong = [
        w for w, v in (("理由", reason), ("文号", document), ("截止日", until)) if not v.strip()
    ]
    if not codes and not staff.is_federation(reading):
        wrong.append("重开的单位")
    if wrong or period not in staff.opened_periods(reading):
        back = f"/reopenings?{urlencode({'period': period})}"
        return redirect(request, back, f"请写明{'、'.join(wrong) or '所属期'}", "bad")
    for code in codes:
        person.require_upon("request_reopening", staff.unit_of(reading, code))
    wanted = {
        "period": period, "until": until, "reason": reason.strip(), "document": document.strip(),
        "forms": sorted(forms or ()), "organisations": sorted(codes), "by": person.id,
        "name": person.name, "at": at.isoformat(),
    }  # fmt: skip
    with person.site.engine.begin() as connection:
        audit.note(
            connection, at=at, actor=person.actor, action="reopening.requested", subject=period,
            detail={k: v for k, v in wanted.items() if k not in ("by", "name", "at", "period")},
        )  # fmt: skip
    return redirect(
        request, f"/reopenings/request/{_signer().dumps(wanted)}", "申请已写好，请交批准人办理"
    )


def _wanted(token: str) -> dict[str, object]:
    try:
        found = _signer().loads(token, max_age=REQUEST_DAYS * 86400)
    except BadSignature as error:
        raise NotFound from error
    return dict(found)


@router.get("/reopenings/request/{token}")
def request_page(
    request: Request,
    person: Annotated[SignedIn, Depends(may("request_reopening", "approve_reopening"))],
    reading: Reading,
    known: Known,
    at: Now,
    token: str,
) -> Response:
    """What is asked for, for the one who approves; the one who asked sees how to pass it on."""
    wanted = _wanted(token)
    codes = [str(c) for c in wanted["organisations"]]  # type: ignore[attr-defined]
    return render(
        request, "staff/reopening_request.html", wanted=wanted, token=token,
        own=wanted["by"] == person.id, approves=person.may("approve_reopening"),
        address=str(request.url), names=staff.names(reading, codes, at.date()),
        titles={f.code: f.title for f in known.forms}, done=_approved(wanted, at),
    )  # fmt: skip


def _approved(wanted: dict[str, object], at: Now) -> bool:
    """Whether an order for exactly this request was entered already."""
    _, orders = period_states(str(wanted["period"]), at.isoformat())
    return any(
        o.requested_by == f"account:{wanted['by']}"
        and o.document == wanted["document"]
        and o.reason == wanted["reason"]
        and o.until.isoformat() == wanted["until"]
        for o in orders
    )


@router.post("/reopenings/request/{token}")
def approve(
    request: Request,
    person: Annotated[SignedIn, Depends(may("approve_reopening"))],
    reading: Reading,
    at: Now,
    token: str,
) -> Response:
    """Approve what another person asked for; the period is open again for just that."""
    wanted = _wanted(token)
    if wanted["by"] == person.id:
        raise Forbidden("申请人不能批准自己的申请，请由另一人办理。")
    codes = [str(c) for c in wanted["organisations"]]  # type: ignore[attr-defined]
    if not codes and not staff.is_federation(reading):
        raise Forbidden("全部单位重开须由总工会批准。")
    for code in codes:
        person.require_upon("approve_reopening", staff.unit_of(reading, code))
    back = f"/reopenings?{urlencode({'period': wanted['period']})}"
    if _approved(wanted, at):
        return redirect(request, back, "这份申请已经批准过了", "info")
    try:
        reopen_period(
            str(wanted["period"]), until=str(wanted["until"]), reason=str(wanted["reason"]),
            document=str(wanted["document"]), requested_by=f"account:{wanted['by']}",
            approved_by=person.actor, at=at.isoformat(),
            forms=[str(f) for f in wanted["forms"]],  # type: ignore[attr-defined]
            organisations=codes,
        )  # fmt: skip
    except (LookupError, ValueError) as error:
        return redirect(request, f"/reopenings/request/{token}", str(error).strip("'"), "bad")
    return redirect(request, back, "已批准，所列单位现在可以补报或更正")


@router.post("/reopenings/{order}/end")
def end(
    request: Request,
    person: Annotated[SignedIn, Depends(may("approve_reopening"))],
    reading: Reading,
    at: Now,
    order: int,
) -> Response:
    """Lock again before the last day."""
    if not staff.is_federation(reading):
        raise Forbidden("提前关闭须由总工会办理。")
    try:
        relock_period(order, person.actor, at.isoformat())
    except LookupError as error:
        raise NotFound from error
    return redirect(request, "/reopenings", "已提前关闭")
