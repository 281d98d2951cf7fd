"""Collecting: sweep the channels, then read, validate, judge and load chunk by chunk."""

from __future__ import annotations

import gc
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.organisations import Organisation
from expectations.findings import Finding
from pipelines.flow.answering import answer_repeats
from pipelines.flow.explaining import Words, explaining, repeated_sheets
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.reading import read_mended
from pipelines.flow.reopening import Gate, punctuality
from pipelines.flow.reorganising import picture_for, put_in_force
from pipelines.flow.returned import Arrived, documents_of, lay_down
from pipelines.flow.senders import refuse_strangers
from pipelines.inbox import Channel, DropFolder, HandIn, take
from pipelines.load import received_day, submission_of
from pipelines.places import Places, places
from pipelines.row_keys import row_keys
from pipelines.standing import (
    Registry,
    claim_rows,
    newly_registered,
    standing_findings,
)
from pipelines.validate import validate
from pipelines.verdict import (
    Verdict,
    explanations_in,
    finding_key,
    returned_workbook,
    verdict_of,
)
from pipelines.workbook import ReadWorkbook
from warehouse import receipts
from warehouse.current import WarehouseContext
from warehouse.engine import ensure_partitions, sql
from warehouse.findings import explain
from warehouse.mends import Mend
from warehouse.organisations import ancestors, ids, names_on, standing
from warehouse.organisations import register as register_organisations
from warehouse.personal import data_key
from warehouse.receipt_progress import note_stage
from warehouse.submissions import NewSubmission, load, written_documents
from warehouse.tables import LINES
from warehouse.turns import turns
from warehouse.windows import reopenings, windows

CHUNK = 1000
"""Receipts per chunk: one Great Expectations run is shared by all of them.

The run over ten forms costs half a second whatever the rows; a chunk takes some ten seconds and
200 MB.
"""


def sweep(at: str, settle_seconds: float = 2.0) -> list[list[int]]:
    """Take in what lies in the drop folder; chunks of receipt ids that wait for processing."""
    _take(DropFolder(places().drop, settle_seconds), at)
    return waiting_chunks()


def hand_in(files: Sequence[str], sender: str, at: str, period: str | None = None) -> list[int]:
    """Take in files named by a member of staff; returns the receipts that wait."""
    _take(HandIn([Path(f) for f in files], sender, period), at)
    return [i for chunk in waiting_chunks() for i in chunk]


def _take(channel: Channel, at: str) -> None:
    if take(engine(), places().originals, channel, moment(at)).duplicates:
        answer_repeats(definitions(), moment(at))


def waiting_chunks(size: int = CHUNK) -> list[list[int]]:
    """Receipts not yet processed, oldest first, in chunks."""
    with engine().connect() as connection:
        waiting = receipts.waiting(connection)
    return [waiting[i : i + size] for i in range(0, len(waiting), size)]


@dataclass(slots=True)
class Judged:
    """One document on its way: what was read, found and decided."""

    arrived: Arrived
    read: ReadWorkbook
    findings: list[Finding]
    words: Words
    outcome: Verdict


def process(receipt_ids: list[int], at: str) -> dict[str, int]:
    """Read, validate, judge and load the documents of some receipts.

    Everything of one period is validated together; earlier periods go first, so that what a later
    month is compared with has been loaded. Returns counts of accepted, explain and returned.
    """
    known, when = definitions(), moment(at)
    register(known, when)
    with engine().connect() as connection:
        senders = receipts.senders_of(connection, receipt_ids)
    # Two runs over one sender's files go one after the other, so that versions keep their order.
    with turns(engine(), senders):
        counts = _process(receipt_ids, known, when)
    answer_repeats(known, when)
    return counts


def _process(receipt_ids: list[int], known: Definitions, when: datetime) -> dict[str, int]:
    here = places()
    with engine().connect() as connection:
        waiting = receipts.in_turn(connection, receipt_ids)
        ids_ = [r.id for r in waiting]
        done = written_documents(connection, ids_)
        names = names_on(connection, when.date())
    _tell(ids_, "reading", when)
    # What an interrupted run had written stays as it was judged then, marked workbook included.
    documents = [
        arrived
        for receipt in waiting
        for arrived in documents_of(receipt, here)
        if (receipt.id, arrived.member) not in done
    ]
    by_end: dict[date, list[tuple[Arrived, ReadWorkbook]]] = defaultdict(list)
    with _kept_from_collection():
        for workbook in read_mended(documents, known, names):
            end = Period.parse(workbook.period).end if workbook.period else date.max
            by_end[end].append((documents[int(workbook.key)], workbook))
    _tell(ids_, "checking", when)
    counts: Counter[str] = Counter(accepted=0, explain=0, returned=0)
    try:
        for end in sorted(by_end):
            counts.update(_one_period(by_end[end], known, when, here))
    finally:
        gc.unfreeze()
    with engine().begin() as connection:
        receipts.mark_processed(connection, ids_)
        note_stage(connection, ids_, "done", when)
    return dict(counts)


def _tell(receipt_ids: Sequence[int], stage: str, when: datetime) -> None:
    """Let whoever waits see how far it has come."""
    with engine().begin() as connection:
        note_stage(connection, receipt_ids, stage, when)


@contextmanager
def _kept_from_collection() -> Iterator[None]:
    """What is read inside stays out of the garbage collector's way until it is unfrozen.

    A chunk's cells are millions of objects and none of them in a cycle; looking through them again
    and again took a fifth of the whole way.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


@dataclass(slots=True)
class Judgement:
    """What becomes of the documents of one period, before anything of it is written.

    `new` are organisations that they register, `answers` words about what a close had found.
    """

    judged: list[Judged]
    new: list[Organisation]
    answers: list[tuple[int, str]]
    registry: Registry
    org_ids: Mapping[str, int]


def judge(
    documents: Sequence[Arrived],
    known: Definitions,
    when: datetime,
    mends: Sequence[Mend] = (),
) -> list[Judged]:
    """Read and judge documents as if they had just arrived, in order, and write nothing.

    `mends` are ways of reading that are only being tried.
    """
    by_end: dict[date, list[tuple[Arrived, ReadWorkbook]]] = defaultdict(list)
    with engine().connect() as connection:
        names = names_on(connection, when.date())
    for arrived, workbook in zip(
        documents, read_mended(documents, known, names, mends), strict=True
    ):
        end = Period.parse(workbook.period).end if workbook.period else date.max
        by_end[end].append((arrived, workbook))
    place = {id(a): n for n, a in enumerate(documents)}
    found = [j for end in sorted(by_end) for j in _judge(by_end[end], known, when).judged]
    return sorted(found, key=lambda j: place[id(j.arrived)])


def judgement_of(arrived: Arrived, known: Definitions, when: datetime) -> Judgement:
    """One document read and judged as if it had just arrived, with whom it would register."""
    with engine().connect() as connection:
        names = names_on(connection, when.date())
    (workbook,) = read_mended([arrived], known, names)
    return _judge([(arrived, workbook)], known, when)


def _one_period(
    items: Sequence[tuple[Arrived, ReadWorkbook]],
    known: Definitions,
    when: datetime,
    here: Places,
) -> Counter[str]:
    judgement = _judge(items, known, when)
    org_ids = judgement.org_ids
    if judgement.new:
        # Before the rows that are about them; killed in between, the next run finds them known.
        with engine().begin() as connection:
            register_organisations(connection, judgement.new, when)
            org_ids = ids(connection)
    if judgement.answers:
        with engine().begin() as connection:
            for finding, text_ in judgement.answers:
                explain(connection, finding, text_)
    _write(judgement.judged, known, when, here, org_ids, judgement.registry)
    return Counter(j.outcome.value for j in judgement.judged)


def _judge(
    items: Sequence[tuple[Arrived, ReadWorkbook]], known: Definitions, when: datetime
) -> Judgement:
    refuse_strangers(items, known, when)
    workbooks = [workbook for _, workbook in items]
    with engine().connect() as connection:
        context = WarehouseContext(connection, known)
        found = validate(workbooks, known, context, when.date())
        said = explaining(connection, known, data_key(), workbooks, found)
        registry = _registry(connection, workbooks, known, when)
        labels = sorted({s.period for w in workbooks for s in w.sheets})
        gate = Gate(windows(connection, labels), reopenings(connection, labels), registry.above)
        org_ids = ids(connection)
    judged: list[Judged | None] = [None] * len(items)
    new: list[Organisation] = []
    answers: list[tuple[int, str]] = []
    # Those that register organisations go first: the others may report for them.
    for place in sorted(range(len(items)), key=lambda i: not _registers(workbooks[i])):
        arrived, workbook = items[place]
        late = list(punctuality(workbook, arrived.receipt, gate, known))
        some = found[place] or late or said.asked.get(workbook.org_code or "")
        typed = explanations_in(arrived.data) if some and not workbook.failed else ()
        if late and typed:
            # Words about what stands are no new figures: saying the same again is never late.
            with engine().connect() as connection:
                same = repeated_sheets(connection, known, data_key(), workbook, org_ids)
            late = [f for f in late if (f.form, f.sheet) not in same]
        findings = [
            *found[place],
            *said.again(place),
            *standing_findings(workbook, known, registry, found[place]),
            *late,
        ]
        words = said.words(place, findings, typed)
        outcome = verdict_of(findings, {finding_key(findings[n]) for n in words.given})
        if outcome is Verdict.ACCEPTED:
            claim_rows(workbook, known, registry)
            answers += said.answers(workbook, findings, typed)
            new += newly_registered(workbook, known, registry)
        judged[place] = Judged(
            arrived=arrived,
            read=workbook,
            findings=findings,
            words=words,
            outcome=outcome,
        )
    return Judgement([j for j in judged if j is not None], new, answers, registry, org_ids)


def _registers(workbook: ReadWorkbook) -> bool:
    return any(s.form == "ORG-01" for s in workbook.sheets)


def _registry(
    connection: Connection, workbooks: Sequence[ReadWorkbook], known: Definitions, when: datetime
) -> Registry:
    """The registry as it concerns these workbooks: names, everyone above, claims on rows."""
    periods = {Period.parse(s.period) for w in workbooks for s in w.sheets}
    secret = data_key()
    keys = sorted({k for w in workbooks for s in w.sheets for k in row_keys(s, known, secret)})
    day = max((p.end for p in periods), default=when.date())
    organisations = standing(connection, day)
    above: dict[str, set[str]] = {o.code: {o.code} for o in organisations}
    # A move inside the period leaves both the old and the new parent entitled to report for it.
    for moment_ in sorted({p.start for p in periods} | {p.end for p in periods}):
        for line in LINES.values():
            for code, chain in ancestors(connection, line, moment_).items():
                above.setdefault(code, {code}).update(chain)

    claims = {
        (row.form, row.period, row.key): row.reporter
        for row in connection.execute(
            text(sql("claims")), {"periods": sorted({p.label for p in periods}), "keys": keys}
        )
    }
    names = {o.code: o.name for o in organisations}
    return Registry(names, above, claims, secret, picture_for(connection, workbooks))


def _write(
    judged: Sequence[Judged],
    known: Definitions,
    when: datetime,
    here: Places,
    org_ids: Mapping[str, int],
    registry: Registry,
) -> None:
    """Marked workbooks first (by content, so repeating is harmless), then one transaction.

    When the database refuses the chunk, each submission is tried alone, so that none stops the
    others; the error is raised once they are in, and the refused receipt stays waiting.
    """
    key = data_key()
    items: list[NewSubmission] = []
    for j in judged:
        returned = None
        if j.outcome is not Verdict.ACCEPTED:
            returned = _return(j, when, here, registry)
        items.append(
            submission_of(
                j.read,
                j.arrived.receipt,
                member=j.arrived.member,
                sha256=hashlib.sha256(j.arrived.data).hexdigest(),
                findings=j.findings,
                explanations=j.words.given,
                fingerprints=j.words.fingerprints,
                carried=j.words.carried,
                state=j.outcome.value,
                definitions=known,
                org_ids=org_ids,
                key=key,
                returned_file=returned,
            )
        )
    try:
        _load_together(items, known, when)
    except Exception:
        if len(items) == 1:
            raise
        failures: list[Exception] = []
        for item in items:
            try:
                _load_together([item], known, when)
            except Exception as error:  # noqa: BLE001 - collected and raised below
                failures.append(error)
        if failures:
            raise ExceptionGroup("some submissions could not be loaded", failures) from None


def _load_together(items: Sequence[NewSubmission], known: Definitions, when: datetime) -> None:
    with engine().begin() as connection:
        for year in sorted({f.period_end.year for s in items for f in s.filings}):
            ensure_partitions(connection, year)
        written = load(connection, items, when)
        put_in_force(connection, items, written, known, when)


def _return(j: Judged, when: datetime, here: Places, registry: Registry) -> str:
    """The submitter's own workbook with marks, kept by content and laid out for collection."""
    code = j.read.org_code or ""
    name = registry.names.get(code, "") or j.read.cover.values.get("org_name", "")
    content = returned_workbook(
        j.arrived.data,
        j.read.format,
        j.findings,
        definitions=definitions(),
        org_name=name,
        period=Period.parse(j.read.period) if j.read.period else None,
        at=received_day(when),
        explained=[finding_key(j.findings[n]) for n in j.words.given],
        carried={finding_key(j.findings[n]): j.words.given[n] for n in j.words.carried},
        openable=not j.read.failed,
    )
    arrived = j.arrived
    stem = Path(arrived.member or arrived.receipt.file_name).stem
    word = "须说明" if j.outcome is Verdict.EXPLAIN else "退回"
    return lay_down(here, arrived.receipt, arrived.number, stem, word, content, code)
