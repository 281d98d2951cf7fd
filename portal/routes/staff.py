"""Pages of the federation's staff: figures, trends, key works."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from definitions import Definitions, Period
from pipelines.publish.outline import DIMENSIONS, HEADLINES
from portal.asking import Known, NotFound, Now, Reading, SignedIn, may
from portal.page import NavItem, render
from portal.reading import home, staff, staff_board, withheld
from portal.reading.staff import BLOCK, INDUSTRY, LINES
from portal.reading.staff_chart import lines_of
from portal.routes import assessments, distribution, numbers, publications, reopenings

router = APIRouter()
for part in (numbers, publications, distribution, assessments, reopenings):
    router.include_router(part.router)
NAV = (
    NavItem("数据概况", "/figures", ("read_figures",), 30),
    NavItem("重点工作", "/board", ("read_figures",), 32),
    *reopenings.NAV,
    *publications.NAV,
    *distribution.NAV,
    *assessments.NAV,
)
Reader = Annotated[SignedIn, Depends(may("read_figures"))]
KEYS = ("I-ORG-01", "I-ORG-04", "I-FIN-02", "I-SKILL-02", "I-WARM-02", "I-RIGHT-09")
MONTHS, MOST_LINES = 13, 6


def _start(person: SignedIn, reading: Reading, code: str, day: date) -> int:
    """The unit asked for, else the one the person reads figures for; as it stood on a day."""
    if code:
        return staff.unit_on(reading, code, day)
    grants = sorted(person.grants_for("read_figures"), key=lambda g: (g.line, g.org))
    return grants[0].org_id


def _headlines(known: Definitions) -> dict[str, list[str]]:
    """Headline indicators by dimension, as far as they exist."""
    return {
        DIMENSIONS[d]: [c for c in codes if c in known.indicators] for d, codes in HEADLINES.items()
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
    day = Period.parse(head.period).end
    start = _start(person, reading, unit, day)
    around = staff.units(reading, start, day)
    if not around:
        raise NotFound
    groups = _headlines(known)
    codes = [*dict.fromkeys([c for g in groups.values() for c in g] + list(KEYS))]
    hidden = withheld.asked(
        person.site.engine, known, day, [head.computation], codes, {u.code for u in around}
    )
    figures = staff.Figures(reading, known, head, [u.id for u in around], codes, hidden)
    own = around[0]
    line = _line(person, own.id)
    keys = [c for c in KEYS if figures.shown(c, own, line).told]
    found = staff.coverage(reading, head)
    expected, reported = sum(c.expected for c in found), sum(c.reported for c in found)
    return render(
        request,
        "staff/overview.html",
        head=head,
        heads=heads,
        own=own,
        line=line,
        at_home=not unit or start == _start(person, reading, "", day),
        groups={
            name: rows
            for name, group in groups.items()
            if (rows := [s for c in group if (s := figures.shown(c, own, line)).told])
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
    number = BLOCK if line == LINES[BLOCK] else INDUSTRY
    around = staff.units(reading, _start(person, reading, unit, now.end), now.end)
    if not around:
        raise NotFound
    own, below = around[0], [u for u in around if u.line == number]
    picked = [u for u in below if u.code in (beside or ())][:MOST_LINES]
    months = staff.months_until(now, MONTHS)
    drawn = picked or [own]
    hidden = withheld.asked(
        person.site.engine, known, now.end, [h.computation for h in heads.values()], [code],
        {u.code for u in around},
    )  # fmt: skip
    told = staff.trend(reading, known, heads, code, number, drawn, months, hidden)
    figures = staff.Figures(reading, known, head, [u.id for u in around], [code], hidden)
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
        choices=[(c, i.name) for c, i in known.indicators.items()],
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
