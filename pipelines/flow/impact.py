"""What a late correction would move, told before anything is changed.

The correction is made for a try in a transaction of its own, the figures and marks of every period
concerned are computed just before it and just after it, and everything is rolled back. Nobody waits
for it: the try takes none of the locks that real loading takes, and sees one state of the warehouse
throughout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, text

from definitions import Definitions, Period
from definitions.model import Severity
from definitions.periods import PeriodKind
from pipelines.consolidate import consolidate
from pipelines.flow.assessing import scored
from pipelines.flow.collecting import Judged, judgement_of
from pipelines.flow.correcting import arrived_of
from pipelines.flow.evidence import owed_in
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.handling import as_actor
from pipelines.flow.reorganising import put_in_force
from pipelines.flow.returned import Arrived
from pipelines.load import submission_of
from pipelines.places import places
from warehouse import corrections, receipts
from warehouse.cutoff import prepare_cutoff
from warehouse.engine import ensure_partitions, sql
from warehouse.life_cycle import Actor, StepRefused
from warehouse.organisations import ids
from warehouse.organisations import register as register_organisations
from warehouse.personal import data_key
from warehouse.receipts import NewReceipt, Receipt
from warehouse.submissions import load
from warehouse.tables import impact_statement
from warehouse.windows import china_day

TOO_LATE = "V-T-004"
"""Comes after the lock: what a correction order lets in is tried as if it had been ordered."""
T = TypeVar("T")
TICK = timedelta(microseconds=1)
"""Off the whole second: what was really computed at the same moment is another computation."""


@dataclass(frozen=True, slots=True)
class FigureMove:
    """One figure of one unit on one line; `of` is the period whose computation holds it.

    `printed` are the standing publications that print it, each with what it says.
    """

    of: str
    line: int
    unit: str
    period: str
    basis: str
    indicator: str
    before: Decimal | None
    after: Decimal | None
    printed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkMove:
    """A unit's total, grade and rank in an assessment of a year."""

    scheme: str
    year: int
    unit: str
    total: tuple[Decimal | None, Decimal | None]
    grade: tuple[str, str]
    rank: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Impact:
    """What would move, and whether that is material by the parameter of the day, and why."""

    reporter: str | None
    period: str | None
    forms: tuple[str, ...]
    verdict: str
    figures: tuple[FigureMove, ...]
    marks: tuple[MarkMove, ...]
    material: bool
    because: str


def impact_of_file(name: str, data: bytes, sender: str, at: str) -> Impact:
    """What a corrected workbook would move if it were let in now.

    StepRefused when it would be returned for more than coming late, or holds nothing.
    """
    when = moment(at)
    return _impact(_as_arrived(name, data, sender, when), when)


def impact_of_correction(number: int, actor: Actor | str, at: str) -> Impact:
    """What a proposed correction would move; kept with it as its statement."""
    when = moment(at)
    with engine().connect() as connection:
        found = corrections.find(connection, number)
        base, _ = arrived_of(connection, found.submission)
    data = places().originals.get(found.sha256)
    arrived = _as_arrived(
        base.member or base.receipt.file_name, data, found.reporter or base.receipt.sender, when
    )
    impact = _impact(arrived, when)
    keep_statement(impact, as_actor(actor), when, correction=number)
    return impact


def keep_statement(
    impact: Impact, actor: Actor, when: datetime, *, correction: int | None = None
) -> int:
    """Keep a statement; its id."""
    with engine().begin() as connection:
        return int(
            connection.execute(
                insert(impact_statement)
                .values(
                    correction_id=correction,
                    material=impact.material,
                    statement=_plain(asdict(impact)),
                    made_by=actor.name,
                    made_at=when,
                )
                .returning(impact_statement.c.id)
            ).scalar_one()
        )


def statement_of(correction: int) -> tuple[datetime, bool, dict[str, Any]] | None:
    """When the last statement of a correction was made, whether material, and what it says."""
    with engine().connect() as connection:
        row = connection.execute(
            select(impact_statement)
            .where(impact_statement.c.correction_id == correction)
            .order_by(impact_statement.c.id.desc())
            .limit(1)
        ).first()
    return None if row is None else (row.made_at, row.material, row.statement)


def _as_arrived(name: str, data: bytes, sender: str, when: datetime) -> Arrived:
    sha256 = hashlib.sha256(data).hexdigest()
    receipt = Receipt(
        id=0, sha256=sha256, size=len(data), file_name=name, channel="trial", source=sha256,
        sender=sender, expected_period=None, received_at=when, state="waiting",
    )  # fmt: skip
    return Arrived(receipt, "", 0, data)


def _impact(arrived: Arrived, when: datetime) -> Impact:
    known = definitions()
    register(known, when)
    judgement = judgement_of(arrived, known, when)
    (judged,) = judgement.judged
    _refuse_hopeless(judged)
    periods = sorted({s.period for s in judged.read.sheets})
    with engine().begin() as connection:
        for year in sorted({Period.parse(p).end.year for p in periods}):
            ensure_partitions(connection, year)
    with engine().connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        try:
            labels = _periods(connection, periods)
            years = _years(connection, labels)
            before = _state(connection, known, labels, years, when + TICK)
            if judgement.new:
                register_organisations(connection, judgement.new, when)
            _make(connection, judged, known, when + 2 * TICK)
            after = _state(connection, known, labels, years, when + 2 * TICK)
            figures = _moves(connection, before.computed, after.computed)
            figures = _where_printed(connection, figures)
        finally:
            connection.rollback()
    marks = _mark_moves(before.marks, after.marks)
    material, because = _material(known, figures, marks, china_day(when))
    return Impact(
        reporter=judged.read.org_code,
        period=judged.read.period,
        forms=tuple(sorted({s.form for s in judged.read.sheets})),
        verdict=judged.outcome.value,
        figures=figures,
        marks=marks,
        material=material,
        because=because,
    )


def _refuse_hopeless(judged: Judged) -> None:
    if judged.read.failed or not judged.read.sheets:
        raise StepRefused("文件读不出报表，无法试算影响")
    wrong = [f for f in judged.findings if f.severity is Severity.RETURN and f.rule != TOO_LATE]
    if wrong:
        raise StepRefused(
            f"更正件自身还有 {len(wrong)} 处必须改正的问题，先改正再试算影响："
            f"{wrong[0].message}（{wrong[0].rule}）"
        )


def _make(connection: Connection, judged: Judged, known: Definitions, when: datetime) -> None:
    """The correction as it would be loaded, but for locks: this transaction goes no further."""
    base = judged.arrived.receipt
    receipt = receipts.insert_for_trial(
        connection,
        NewReceipt(
            sha256=base.sha256, size=base.size, file_name=base.file_name, channel=base.channel,
            source=base.source, sender=base.sender, received_at=when,
        ),
    )  # fmt: skip
    findings = [f for f in judged.findings if f.rule != TOO_LATE]
    # Numbers of words are those of all findings: what is left out has none.
    place = {id(f): n for n, f in enumerate(judged.findings)}
    item = submission_of(
        judged.read,
        replace(base, id=receipt),
        member="",
        sha256=base.sha256,
        findings=findings,
        explanations=_renumbered(judged.words.given, findings, place),
        fingerprints=_renumbered(judged.words.fingerprints, findings, place),
        carried=_renumbered(judged.words.carried, findings, place),
        state="accepted",
        definitions=known,
        org_ids=ids(connection),
        key=data_key(),
        returned_file=None,
    )
    written = load(connection, [item], when, trial=True)
    put_in_force(connection, [item], written, known, when)


def _renumbered(
    given: Mapping[int, T], findings: Sequence[object], place: Mapping[int, int]
) -> dict[int, T]:
    return {n: given[place[id(f)]] for n, f in enumerate(findings) if place[id(f)] in given}


# --- before and after ---


@dataclass(frozen=True, slots=True)
class _Computed:
    """Computations by period, and (scheme, year, unit) → total, grade, rank."""

    computed: dict[str, int]
    marks: dict[tuple[str, int, str], tuple[Decimal | None, str, int | None]]


def _periods(connection: Connection, changed: Sequence[str]) -> list[str]:
    days = [Period.parse(p) for p in changed]
    rows = connection.execute(
        text(sql("impact_periods")),
        {"first": min(p.start for p in days), "last": max(p.end for p in days)},
    )
    return [row.period for row in rows]


def _years(connection: Connection, labels: Sequence[str]) -> list[int]:
    """Years that were assessed and whose figures are among those computed anew."""
    assessed = set(connection.execute(text("SELECT DISTINCT year FROM assessment")).scalars())
    return sorted(
        p.year
        for p in map(Period.parse, labels)
        if p.kind is PeriodKind.YEAR and p.year in assessed
    )


def _state(
    connection: Connection,
    known: Definitions,
    labels: Sequence[str],
    years: Sequence[int],
    cutoff: datetime,
) -> _Computed:
    computed: dict[str, int] = {}
    for label in labels:
        computed[label] = consolidate(connection, known, Period.parse(label), cutoff, cutoff)
    marks: dict[tuple[str, int, str], tuple[Decimal | None, str, int | None]] = {}
    for year in years:
        period = Period(PeriodKind.YEAR, year)
        prepare_cutoff(connection, cutoff)
        owed = owed_in(connection, period, cutoff)
        wanted = set(
            connection.execute(
                text("SELECT DISTINCT scheme FROM assessment WHERE year = :y"), {"y": year}
            ).scalars()
        )
        for scheme in (s for s in known.schemes if s.covers(year) and s.code in wanted):
            result = scored(connection, known, scheme, year, computed[period.label], cutoff, owed)
            for unit in result.units if result is not None else ():
                key = (scheme.code, year, unit.unit.code)
                marks[key] = (unit.total, unit.grade, unit.rank)
    return _Computed(computed, marks)


def _moves(
    connection: Connection, before: Mapping[str, int], after: Mapping[str, int]
) -> tuple[FigureMove, ...]:
    """Every figure that differs, of each period computed twice."""
    return tuple(
        FigureMove(of=label, **row)
        for label in before
        for row in connection.execute(
            text(sql("impact_moves")), {"before": before[label], "after": after[label]}
        ).mappings()
    )


def figures_moved(
    connection: Connection, before: Mapping[str, int], after: Mapping[str, int]
) -> tuple[FigureMove, ...]:
    """The difference between computations by period: what a statement is held against."""
    return _moves(connection, before, after)


def _where_printed(connection: Connection, figures: Sequence[FigureMove]) -> tuple[FigureMove, ...]:
    printed: dict[tuple[int, str, str, str], list[str]] = {}
    rows = connection.execute(
        text(sql("impact_printed")),
        {
            "indicators": sorted({f.indicator for f in figures}),
            "units": sorted({f.unit for f in figures}),
        },
    )
    for row in rows:
        said = f"{row.title}（第{row.edition}版）{row.basis} {row.printed}，引用号 {row.quoted}"
        printed.setdefault((row.line, row.unit, row.period, row.indicator), []).append(said)
    return tuple(
        replace(
            f,
            printed=tuple(printed.get((f.line, f.unit, f.period, f.indicator), ())),
        )
        for f in figures
    )


def _mark_moves(
    before: Mapping[tuple[str, int, str], tuple[Decimal | None, str, int | None]],
    after: Mapping[tuple[str, int, str], tuple[Decimal | None, str, int | None]],
) -> tuple[MarkMove, ...]:
    nothing: tuple[None, str, None] = (None, "", None)
    found = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, nothing), after.get(key, nothing)
        if old != new:
            found.append(MarkMove(*key, (old[0], new[0]), (old[1], new[1]), (old[2], new[2])))
    return tuple(found)


def _material(
    known: Definitions, figures: Sequence[FigureMove], marks: Sequence[MarkMove], day: date
) -> tuple[bool, str]:
    """Material: a rank or grade moves, or a published figure by more than the parameter says."""
    for mark in marks:
        if mark.rank[0] != mark.rank[1] or mark.grade[0] != mark.grade[1]:
            return True, f"{mark.year} 年度考核中 {mark.unit} 的名次或等次会变动"
    limit = Decimal(str(known.parameters["material_change_pct"].at(day)))
    widest = Decimal(0)
    for figure in (f for f in figures if f.printed):
        if not figure.before or figure.after is None:
            what = f"{figure.indicator}（{figure.period}，{figure.unit}）"
            return True, f"已公布的 {what} 由无变有、由有变无或由零变动"
        widest = max(widest, abs(figure.after - figure.before) / abs(figure.before) * 100)
    if widest > limit:
        return True, f"已公布的数最大变动 {widest:.2f}%，超过 {limit}%"
    if any(f.printed for f in figures):
        return False, f"已公布的数最大变动 {widest:.2f}%，未超过 {limit}%，名次和等次不变"
    return False, "不影响任何已公布的数、得分和名次"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
