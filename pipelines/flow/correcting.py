"""Corrections by stewards: figures proposed to their unit, ways of writing mended for all alike.

Reported figures belong to the reporting unit: a proposal is a new version built on the original,
which names the steward and waits for the unit, unless a dated parameter says otherwise. A mend
changes no figure: it says what a heading, a unit or a sheet's name means, and originals are read
again with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from expectations.findings import Finding
from pipelines.flow.collecting import Judged, judge
from pipelines.flow.ground import definitions, engine, moment
from pipelines.flow.handling import as_actor
from pipelines.flow.reading import read_mended
from pipelines.flow.returned import Arrived, documents_of
from pipelines.flow.uploading import CORRECTION, REREAD, announce
from pipelines.inbox import HandIn
from pipelines.life_cycle import above
from pipelines.places import places
from pipelines.read import factor
from pipelines.verdict import CellUnknown, NewValue, amended_workbook, cell_texts
from pipelines.workbook import ReadWorkbook
from warehouse import corrections, mends, receipts
from warehouse import life_cycle as kept
from warehouse.corrections import Correction
from warehouse.life_cycle import Actor, Case, StepRefused
from warehouse.mends import Mend
from warehouse.organisations import names_on
from warehouse.receipts import NewReceipt, Receipt
from warehouse.windows import china_day, reopenings, windows

DIRECT = "直接生效"
_CORRECTABLE = (
    "validated", "explained", "explaining", "returned", "checked", "accepted", "locked",
    "corrected",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewCell:
    """One cell of a proposal: where, what it is to say, and why."""

    sheet: str
    cell: str
    value: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of a document if it came now: the verdict, and what would be found."""

    verdict: str
    findings: tuple[Finding, ...]


def arrived_of(connection: Connection, submission: int) -> tuple[Arrived, str]:
    """The document of a submission, and its true format."""
    row = connection.execute(
        text("SELECT receipt_id, member, format FROM submission WHERE id = :id"),
        {"id": submission},
    ).one()
    (receipt,) = receipts.fetch(connection, [row.receipt_id])
    (arrived,) = [a for a in documents_of(receipt, places()) if a.member == row.member]
    return arrived, row.format


# --- figures ---


def try_correction(submission: int, cells: Sequence[NewCell], actor: Actor | str, at: str) -> Trial:
    """What would be found with the proposed values: shown before anything is proposed."""
    who, when = as_actor(actor), moment(at)
    with engine().connect() as connection:
        case = kept.case_of(connection, submission, when)
        arrived, data = _derived(connection, case, cells, "试算", who, when)
    judged = _tried(arrived, data, case, when)
    return Trial(judged.outcome.value, tuple(judged.findings))


def propose_correction(
    submission: int,
    cells: Sequence[NewCell],
    reason: str,
    actor: Actor | str,
    at: str,
    *,
    seen: int | None = None,
) -> int:
    """Propose values for cells of a submission; the correction's id.

    The derived workbook is kept by its hash. It waits for the unit, unless the parameter
    `steward_corrections` says direct: then it is on its way at once. StepRefused says why not.
    """
    who, when = as_actor(actor), moment(at)
    known = definitions()
    if not reason.strip():
        raise StepRefused("提出更正须写明理由")
    with engine().begin() as connection:
        case = kept.case_of(connection, submission, when)
        if seen is not None and seen != case.seen:
            raise kept.Overtaken("这份报送刚刚有了变化，请刷新后再提更正")
        _may_propose(case, who)
        arrived, data = _derived(connection, case, cells, reason, who, when)
        # What is locked moves what is published: nobody sends it on before that has been told.
        direct = (
            case.state not in ("locked", "corrected")
            and known.parameters["steward_corrections"].at(china_day(when)) == DIRECT
        )
        number = corrections.enter(
            connection, submission, places().originals.put(data),
            [(c.sheet, c.cell.upper(), c.reason.strip()) for c in cells], reason,
            "direct" if direct else "confirm", who, when,
        )  # fmt: skip
        if direct:
            _send(connection, number, case, arrived, "direct", who, when)
    return number


def decide_correction(
    number: int, confirm: bool, actor: Actor | str, at: str, *, reason: str = ""
) -> int | None:
    """The unit's word on a proposal: confirmed it becomes a new version; the new receipt.

    StepRefused: not the unit, not the person who proposed it, a newer version has come since, a
    refusal without a reason.
    """
    who, when = as_actor(actor), moment(at)
    with engine().begin() as connection:
        found = corrections.find(connection, number)
        case = kept.case_of(connection, found.submission, when)
        if found.decision is not None:
            raise StepRefused("这条更正建议刚刚已有答复，请刷新后再看")
        if who.organisation != case.reporter:
            raise StepRefused("更正建议须由填报单位自己确认")
        if who.rights is not None and "confirm" not in who.rights:
            raise StepRefused("您的角色没有“确认更正建议”的权限")
        if who.name == found.proposed_by:
            raise StepRefused("提出更正的人不能自己确认")
        if not confirm:
            if not reason.strip():
                raise StepRefused("不同意更正须写明理由")
            corrections.decide(connection, number, "declined", who, when, reason=reason)
            return None
        if corrections.superseded_base(connection, found.submission):
            raise StepRefused("单位已重新报送，这条更正建议是按旧版本提的，请在新版本上重提")
        arrived, _ = arrived_of(connection, found.submission)
        return _send(connection, number, case, arrived, "confirmed", who, when, reason)


def withdraw_correction(number: int, actor: Actor | str, at: str, *, reason: str = "") -> None:
    """Take a proposal back while it waits."""
    with engine().begin() as connection:
        corrections.decide(
            connection, number, "withdrawn", as_actor(actor), moment(at), reason=reason
        )


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell of a proposal as the unit sees it."""

    sheet: str
    cell: str
    before: str
    after: str
    reason: str


def correction_cells(number: int) -> tuple[Correction, list[CellChange]]:
    """A proposal with what each cell says and would say, for who may see the unit's workbook."""
    with engine().connect() as connection:
        found = corrections.find(connection, number)
        arrived, format_ = arrived_of(connection, found.submission)
    places_ = [(sheet, cell) for sheet, cell, _ in found.cells]
    before = cell_texts(arrived.data, format_, places_)
    after = cell_texts(places().originals.get(found.sha256), "xlsx", places_)
    return found, [
        CellChange(sheet, cell, b, a, why)
        for (sheet, cell, why), b, a in zip(found.cells, before, after, strict=True)
    ]


def waiting_corrections(reporters: Sequence[str] | None = None) -> list[Correction]:
    """Proposals that wait for their units, oldest first."""
    with engine().connect() as connection:
        return corrections.waiting(connection, reporters)


def _may_propose(case: Case, who: Actor) -> None:
    if who.rights is not None and "propose_figures" not in who.rights:
        raise StepRefused("您的角色没有“提出数字更正建议”的权限")
    line = (*above(case), *case.other)
    if who.organisation is None or (line and who.organisation not in line):
        raise StepRefused("只有填报单位的上级工会可以提出更正建议")
    if case.state not in _CORRECTABLE:
        raise StepRefused("这份报送已有新版本或已作废，请在新版本上提更正")


def _derived(
    connection: Connection, case: Case, cells: Sequence[NewCell], reason: str, who: Actor,
    when: datetime,
) -> tuple[Arrived, bytes]:  # fmt: skip
    if not cells:
        raise StepRefused("没有要更正的单元格")
    arrived, format_ = arrived_of(connection, case.id)
    note = (
        f"由 {who.name}（{who.organisation or ''}）在报送 {case.id} 第 {case.version} 版上"
        f"提出更正 {len(cells)} 格：{reason.strip()}"
    )
    try:
        data = amended_workbook(
            arrived.data, format_, [NewValue(c.sheet, c.cell, c.value) for c in cells],
            by=who.name, note=note, at=china_day(when),
        )  # fmt: skip
    except CellUnknown as error:
        raise StepRefused(str(error)) from error
    return arrived, data


def _tried(arrived: Arrived, data: bytes, case: Case, when: datetime) -> Judged:
    receipt = replace(
        arrived.receipt, received_at=when, sender=case.reporter or arrived.receipt.sender
    )
    (judged,) = judge([Arrived(receipt, "", 0, data)], definitions(), when)
    return judged


def _send(
    connection: Connection, number: int, case: Case, base: Arrived, decision: str, who: Actor,
    when: datetime, reason: str = "",
) -> int:  # fmt: skip
    """Hand a proposal's workbook in as the unit's new version; its receipt."""
    found = corrections.find(connection, number)
    if case.state in ("locked", "corrected") and not corrections.has_statement(connection, number):
        raise StepRefused(
            "这一期已锁定，请先出具更正影响说明（哪些已公布的数、得分和名次会变），再办"
        )
    stem = (base.member or base.receipt.file_name).rsplit("/", 1)[-1].rsplit(".", 1)[0]
    size = len(places().originals.get(found.sha256))
    entry = receipts.record_many(
        connection,
        [
            NewReceipt(
                sha256=found.sha256, size=size, file_name=f"{stem}-更正{number}.xlsx",
                channel=CORRECTION, source=str(number), sender=case.reporter or base.receipt.sender,
                received_at=when, expected_period=base.receipt.expected_period,
            )
        ],
    )[0]  # fmt: skip
    if entry is None or entry.state != "waiting":
        raise StepRefused("同样的更正已经报送过")
    corrections.decide(
        connection, number, "direct" if decision == "direct" else "confirmed", who, when,
        reason=reason, receipt_id=entry.id,
    )  # fmt: skip
    announce(connection, [entry.id], when)
    return entry.id


# --- ways of writing ---


@dataclass(frozen=True, slots=True)
class MendEffect:
    """What a mend would do to one document: verdicts, findings gone and new, cells read anew."""

    submission: int
    receipt: int
    reporter: str | None
    before: str
    after: str
    gone: tuple[str, ...]
    new: tuple[str, ...]
    cells: int


def preview_mend(mend: Mend, at: str, most: int = 500) -> list[MendEffect]:
    """What would change if everything in the scope of a mend were read again; writes nothing.

    Only documents that would be read differently, oldest first, of the periods of the mend that
    have been opened. StepRefused when the mend makes no sense.
    """
    known, when = definitions(), moment(at)
    _check_mend(known, mend)
    with engine().connect() as connection:
        found = _in_scope(connection, mend, when)[:most]
        documents = [arrived_of(connection, s.submission)[0] for s in found]
        names = names_on(connection, when.date())
    plain = list(read_mended(documents, known, names))
    mended = list(read_mended(documents, known, names, [mend]))
    differing = [
        n for n, (a, b) in enumerate(zip(plain, mended, strict=True)) if _content(a) != _content(b)
    ]
    if not differing:
        return []
    chosen = [documents[n] for n in differing]
    old = judge(chosen, known, when)
    new = judge(chosen, known, when, [mend])
    return [
        MendEffect(
            submission=found[n].submission,
            receipt=found[n].receipt,
            reporter=found[n].reporter or b.read.org_code,
            before=a.outcome.value,
            after=b.outcome.value,
            gone=tuple(sorted(_said(a) - _said(b))),
            new=tuple(sorted(_said(b) - _said(a))),
            cells=_differing_cells(plain[n], mended[n]),
        )
        for n, a, b in zip(differing, old, new, strict=True)
    ]


def make_mend(mend: Mend, actor: Actor | str, at: str) -> tuple[int, list[int]]:
    """Keep a mend and have everything read again that reads differently with it.

    Returns its id and the new receipts. Each is as old as the delivery whose bytes it has: it
    takes that version's place, is no later than it was, and never replaces a newer one.
    """
    who, when = as_actor(actor), moment(at)
    if who.rights is not None and "mend_format" not in who.rights:
        raise StepRefused("您的角色没有“订正格式与别名”的权限")
    if not mend.reason.strip():
        raise StepRefused("订正须写明理由")
    effects = preview_mend(mend, at)
    with engine().begin() as connection:
        number = mends.enter_mend(connection, mend, who, when)
        again = [_read_again(connection, number, effect.submission) for effect in effects]
        announce(connection, again, when)
    return number, again


def end_mend(number: int, actor: Actor | str, at: str) -> None:
    """End a mend; what was read with it stays as it is."""
    with engine().begin() as connection:
        mends.end_mend(connection, number, as_actor(actor), moment(at))


def _read_again(connection: Connection, number: int, submission: int) -> int:
    arrived, _ = arrived_of(connection, submission)
    base: Receipt = arrived.receipt
    sha256 = places().originals.put(arrived.data)
    return receipts.record_again(
        connection,
        NewReceipt(
            sha256=sha256,
            size=len(arrived.data),
            file_name=(arrived.member or base.file_name).rsplit("/", 1)[-1],
            channel=REREAD,
            source=f"{number}/{submission}",
            # What staff handed in they answered for; nobody else's name is on it.
            sender="" if base.channel == HandIn.name else base.sender,
            received_at=base.received_at,
            expected_period=base.expected_period,
            address=base.address,
        ),
    )


def _in_scope(connection: Connection, mend: Mend, when: datetime) -> list[mends.Standing]:
    """What may be read again: of periods in which the form is being taken, by day or by order."""
    labels = list(
        connection.execute(text("SELECT label FROM period ORDER BY ends, label")).scalars()
    )
    opened, orders = windows(connection, labels), reopenings(connection, labels)
    first = Period.parse(mend.since).start
    last = Period.parse(mend.until).end if mend.until else None
    periods = []
    for label in labels:
        day, window = Period.parse(label).end, opened.get((mend.form, label))
        if day < first or (last is not None and day > last):
            continue
        running = [
            o.until for o in orders
            if o.period == label and o.covers(mend.form, o.organisations, when)
        ]  # fmt: skip
        if window is None or window.state(china_day(when), max(running, default=None)).takes:
            periods.append(label)
    return mends.readable_again(connection, mend.organisations, periods)


def _check_mend(known: Definitions, mend: Mend) -> None:
    forms = {f.code: f for f in known.forms}
    form = forms.get(mend.form)
    if form is None:
        raise StepRefused(f"没有编号为 {mend.form} 的报表")
    if not mend.written.strip():
        raise StepRefused("请写明报表里是怎样写的")
    if mend.column is not None and mend.column not in form.position:
        raise StepRefused(f"{mend.form} 没有 {mend.column} 这一栏")
    if mend.kind == "heading" and mend.column is None:
        raise StepRefused("请选择这个表头是哪一栏")
    if mend.kind == "unit":
        columns = [c for c in form.columns if mend.column in (None, c.code) and c.type.numeric]
        if all(factor(mend.written, c.unit) in (None, 1) for c in columns):
            raise StepRefused(f"{mend.form} 的这些栏不能由“{mend.written}”换算")
    for label in (mend.since, mend.until):
        if label is not None:
            try:
                Period.parse(label)
            except ValueError as error:
                raise StepRefused(f"“{label}”不是一个所属期") from error


def _content(workbook: ReadWorkbook) -> object:
    return [
        (s.form, s.period, s.sheet, s.columns, s.values, s.totals) for s in workbook.sheets
    ], sorted((f.rule, f.sheet, f.cell) for f in workbook.findings)


def _said(judged: Judged) -> set[str]:
    return {f"{f.rule} {f.sheet} {f.cell}".strip() for f in judged.findings}


def _differing_cells(before: ReadWorkbook, after: ReadWorkbook) -> int:
    def cells(workbook: ReadWorkbook) -> dict[tuple[str, int, str, int], object]:
        return {
            (sheet.sheet, row, sheet.form, place): values[index]
            for sheet in workbook.sheets
            for place, values in enumerate(sheet.values)
            for index, row in enumerate(sheet.row_numbers)
            if values[index] is not None
        }

    old, new = cells(before), cells(after)
    return sum(old.get(k) != new.get(k) for k in old.keys() | new.keys())
