"""What a unit types in the browser: a form filled in, and words beside what was found.

Both become a workbook that is handed in like any other: there is one way into the warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import text

from definitions import Period
from expectations.codes import without_numbers
from pipelines.flow.correcting import arrived_of
from pipelines.flow.ground import definitions, engine, moment
from pipelines.flow.handling import as_actor
from pipelines.flow.uploading import FORM, WORDS, Upload, Uploaded, upload
from pipelines.places import places
from pipelines.templates import TemplateOrganisation, filled_workbook
from pipelines.verdict import with_words
from warehouse import drafts
from warehouse import life_cycle as kept
from warehouse.drafts import Draft
from warehouse.findings import explain as explain_closing
from warehouse.life_cycle import Actor, StepRefused
from warehouse.organisations import standing
from warehouse.windows import china_day


def draft_of(organisation: str, period: str, form: str) -> Draft | None:
    """What has been typed so far, after however long."""
    with engine().connect() as connection:
        return drafts.find(connection, organisation, Period.parse(period).label, form)


def keep_draft(
    organisation: str,
    period: str,
    form: str,
    rows: Sequence[Mapping[str, str]],
    actor: Actor | str,
    at: str,
    *,
    seen: int,
    cover: Mapping[str, str] | None = None,
) -> Draft:
    """Save what has been typed; `seen` is the version it was typed over, 0 for the first.

    Overtaken when somebody else has saved since: nothing is overwritten silently.
    """
    who, when = _of_unit(actor, organisation), moment(at)
    wanted = Period.parse(period)
    try:
        columns = definitions().form(form, wanted).position
    except KeyError as error:
        raise StepRefused(f"{wanted.chinese}没有 {form} 这张表") from error
    strange = sorted({c for row in rows for c in row} - columns.keys())
    if strange:
        raise StepRefused(f"{form} 没有这些栏：{'、'.join(strange)}")
    with engine().begin() as connection:
        return drafts.keep(
            connection, organisation, wanted.label, form, rows, cover or {}, seen, who, when
        )


def drop_draft(organisation: str, period: str, form: str, actor: Actor | str, at: str) -> None:
    """Throw a draft away."""
    _of_unit(actor, organisation)
    with engine().begin() as connection:
        drafts.close(connection, _open_draft(organisation, period, form), moment(at))


def send_draft(
    organisation: str, period: str, form: str, actor: Actor | str, at: str, *, seen: int
) -> Uploaded:
    """Send what has been typed, as the workbook that it amounts to."""
    who, when = _of_unit(actor, organisation), moment(at)
    draft, wanted = _open_draft(organisation, period, form), Period.parse(period)
    if draft.version != seen:
        raise kept.Overtaken(f"{draft.updated_by} 刚刚保存过这份草稿，请先看一看再报")
    with engine().connect() as connection:
        names = {o.code: o.name for o in standing(connection, wanted.end)}
    data = filled_workbook(
        definitions().form(form, wanted),
        TemplateOrganisation(organisation, names.get(organisation, organisation)),
        wanted,
        draft.rows,
        draft.cover,
        china_day(when),
    )
    name = f"{form} {wanted.chinese}（网上填报）.xlsx"
    (sent,) = upload([Upload(name, data)], organisation, who, at, channel=FORM)
    with engine().begin() as connection:
        drafts.close(connection, draft, when, receipt_id=sent.receipt)
    return sent


def explain(
    submission: int, words: Mapping[int, str], actor: Actor | str, at: str
) -> Uploaded | None:
    """A unit's words for findings (by id) of its submission.

    Words for what was found on arrival are written into its marked workbook and handed in again, as
    it would be by hand; words for what a close found are entered beside it (then None is returned).
    Numbers of persons in them are hidden. StepRefused says why not.
    """
    when = moment(at)
    given = {k: without_numbers(v).strip() for k, v in words.items()}
    if not given or not all(given.values()):
        raise StepRefused("请写明原因")
    with engine().connect() as connection:
        case = kept.case_of(connection, submission, when)
        who = _of_unit(actor, case.reporter or case.sender)
        rows = connection.execute(
            text(
                "SELECT id, rule, sheet, cell, stage, severity FROM finding "
                "WHERE submission_id = :s AND id = ANY(:ids)"
            ),
            {"s": submission, "ids": sorted(given)},
        ).all()
        marked = connection.execute(
            text("SELECT returned_file FROM submission WHERE id = :s"), {"s": submission}
        ).scalar()
        base, _ = arrived_of(connection, submission)
    if len(rows) < len(given) or any(r.severity != "须说明" for r in rows):
        raise StepRefused("只有“须说明”的问题可以说明；必须改正的请改正")
    closing = [r for r in rows if r.stage == "closing"]
    if closing:
        with engine().begin() as connection:
            for row in closing:
                if not explain_closing(connection, row.id, given[row.id]):
                    raise StepRefused("这个问题已经说明过或已经消除")
    arriving = {(r.rule, r.sheet, r.cell): given[r.id] for r in rows if r.stage == "receipt"}
    if not arriving:
        return None
    if case.state not in ("explaining", "returned") or marked is None:
        raise StepRefused("这份报送不在等说明")
    data = with_words(places().originals.get(marked), arriving)
    stem = (base.member or base.receipt.file_name).rsplit("/", 1)[-1].rsplit(".", 1)[0]
    sender = base.receipt.sender or case.reporter or ""
    (sent,) = upload([Upload(f"{stem}.xlsx", data)], sender, who, at, channel=WORDS)
    return sent


def _of_unit(actor: Actor | str, organisation: str) -> Actor:
    who = as_actor(actor)
    if who.organisation is not None and who.organisation != organisation:
        raise StepRefused("只有填报单位自己能填报和说明")
    return who


def _open_draft(organisation: str, period: str, form: str) -> Draft:
    draft = draft_of(organisation, period, form)
    if draft is None:
        raise StepRefused("没有这份草稿，或者已经报出")
    return draft
