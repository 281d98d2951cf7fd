"""Ways of writing mended for all alike (alias, unit, sheet's name), tried before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Connection, text
from starlette.responses import Response

from pipelines.flow import correcting
from pipelines.flow.handling import Actor, StepRefused
from portal.asking import Forbidden, Ground, Known, Now, Reading, SignedIn, may
from portal.page import redirect, render
from portal.reading import steward as reads
from portal.routes.steward_submission import refused
from warehouse import mends
from warehouse.mends import Kind, Mend

router = APIRouter()
Mender = Annotated[SignedIn, Depends(may("mend_format"))]
KINDS = {"heading": "列名写法", "unit": "计量单位", "sheet": "工作表名"}
VERDICTS = {"accepted": "通过", "explain": "须说明", "returned": "退回"}


def _asked(
    kind: Annotated[str, Form()] = "heading",
    form: Annotated[str, Form(max_length=20)] = "",
    column: Annotated[str, Form(max_length=60)] = "",
    written: Annotated[str, Form(max_length=120)] = "",
    units: Annotated[str, Form(max_length=4000)] = "",
    since: Annotated[str, Form(max_length=10)] = "",
    until: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Mend:
    chosen: Kind = kind if kind in get_args(Kind) else "heading"  # type: ignore[assignment]
    # The column may come as "ORG-02 members_total" from one list for all forms.
    code = column.split()[-1] if column.strip() else None
    return Mend(
        kind=chosen, form=form.strip(), written=written.strip(),
        column=None if chosen == "sheet" else code,
        organisations=tuple(units.replace("，", " ").replace(",", " ").split()),
        since=since.strip(), until=until.strip() or None, reason=reason,
    )  # fmt: skip


Asked = Annotated[Mend, Depends(_asked)]


def _scoped(reading: Connection, person: SignedIn, mend: Mend) -> Mend:
    """The mend for units that the person is responsible for; none named: all of them."""
    from dataclasses import replace

    roots = {g.org_id for g in person.grants_for("mend_format")}
    rows = reading.execute(
        text(
            """
            WITH RECURSIVE below AS (
                SELECT unnest(CAST(:roots AS bigint[])) AS org_id
                UNION
                SELECT a.org_id FROM below b JOIN affiliation a ON a.parent_id = b.org_id
                    AND a.line IN (1, 2) AND a.retired_at IS NULL
                    AND a.valid @> CAST(:today AS date)
            )
            SELECT o.code, NOT EXISTS (SELECT 1 FROM affiliation a WHERE a.line = 1
                AND a.org_id = ANY(CAST(:roots AS bigint[])) AND a.retired_at IS NULL
                AND a.valid @> CAST(:today AS date)) AS top
            FROM below b JOIN organisation o ON o.id = b.org_id ORDER BY o.code
            """
        ),
        {"roots": sorted(roots), "today": person.at.date()},
    ).all()
    own = {row.code for row in rows}
    if mend.organisations:
        if strangers := sorted(set(mend.organisations) - own):
            raise Forbidden(f"这些单位不在您的职责范围内：{'、'.join(strangers)}")
        return mend
    if rows and rows[0].top:
        return mend
    return replace(mend, organisations=tuple(sorted(own)))


@router.get("/mends")
def standing(
    request: Request, person: Mender, reading: Reading, known: Known, ground: Ground, at: Now,
    kind: str = "heading", form: str = "", written: str = "", unit: str = "", since: str = "",
) -> Response:  # fmt: skip
    """The mends in force, and a form for a new one; findings lead here with it filled in."""
    with ground.engine.connect() as owner:
        kept = list(reversed(mends.standing_mends(owner)))
        names = reads.names_in(owner, [m.made_by for m in kept])
    codes = set(
        reading.execute(
            text(
                "SELECT code FROM organisation "
                "WHERE id IN (SELECT sight_ids('portal.organisations'))"
            )
        ).scalars()
    )
    return render(
        request,
        "steward/mends.html",
        items=[m for m in kept if not m.organisations or codes & set(m.organisations)],
        names=names,
        kinds=list(KINDS.items()),
        forms=[("", "—"), *sorted({(f.code, f"{f.code} {f.title}") for f in known.forms})],
        columns=_columns(known, form),
        given={"kind": kind if kind in KINDS else "heading", "form": form, "written": written,
               "unit": unit, "since": since or f"{at:%Y}-01"},
        titles={f.code: f.title for f in known.forms},
        labels={(f.code, c.code): c.label for f in known.forms for c in f.columns},
    )  # fmt: skip


def _columns(known: Known, form: str) -> Sequence[tuple[str, str]]:
    chosen = [f for f in known.forms if f.code == form]
    return [("", "—"), *dict.fromkeys((c.code, c.label) for f in chosen for c in f.columns)]


@router.get("/mends/columns")
def columns(request: Request, person: Mender, known: Known, form: str = "") -> Response:
    """The columns of a form, for the list that follows the choice of a form."""
    return render(request, "steward/parts/columns.html", columns=_columns(known, form))


@router.post("/mends/preview")
def preview(
    request: Request, person: Mender, reading: Reading, ground: Ground, known: Known, at: Now,
    mend: Asked,
) -> Response:  # fmt: skip
    """Which documents would be read differently, with which verdict; writes nothing."""
    scoped = _scoped(reading, person, mend)
    try:
        effects = correcting.preview_mend(scoped, at.isoformat())
    except StepRefused as error:
        return refused(request, ground, error, 422)
    except ValueError:
        return refused(request, ground, StepRefused("起始所属期请写成 2017-03 这样"), 422)
    seen = reads.visible(reading, "submission", [e.submission for e in effects])
    opened = {
        e.submission: reads.opened(reading, e.submission, at.date())
        for e in effects[:100]
        if e.submission in seen
    }
    return render(
        request, "steward/parts/mend_preview.html", mend=scoped, effects=effects, opened=opened,
        verdicts=VERDICTS, rules={r.code: r.title for r in known.rules.values()},
        better=sum(e.before == "returned" != e.after for e in effects),
        worse=sum(e.after == "returned" != e.before for e in effects),
    )  # fmt: skip


@router.post("/mends")
def make(
    request: Request, person: Mender, reading: Reading, ground: Ground, at: Now, mend: Asked
) -> Response:
    """Keep the mend and read again whatever reads differently with it."""
    scoped = _scoped(reading, person, mend)
    grant = person.grants_for("mend_format")[0]
    actor = Actor(person.actor, grant.org, person.verbs, person.id)
    try:
        _, again = correcting.make_mend(scoped, actor, at.isoformat())
    except StepRefused as error:
        return refused(request, ground, error, 422)
    except ValueError:
        return refused(request, ground, StepRefused("起始所属期请写成 2017-03 这样"), 422)
    return redirect(request, "/mends", f"已订正，{len(again)} 份报表正在重新读取")


@router.post("/mends/{number}/end")
def end(
    request: Request, person: Mender, reading: Reading, ground: Ground, at: Now, number: int
) -> Response:
    """End a mend; what was read with it stays as it is."""
    with ground.engine.connect() as owner:
        found = next((m for m in mends.standing_mends(owner) if m.id == number), None)
    if found is None:
        return refused(request, ground, StepRefused("这条订正已经停用"))
    if not found.organisations:
        top = _scoped(reading, person, found)
        if top.organisations:
            raise Forbidden("这条订正对全部单位有效，请由最上一级停用")
    else:
        _scoped(reading, person, found)
    grant = person.grants_for("mend_format")[0]
    correcting.end_mend(
        number, Actor(person.actor, grant.org, person.verbs, person.id), at.isoformat()
    )
    return redirect(request, "/mends", "已停用；以前按它读取的不变")
