"""Printing notices (R-07): what a rule of the federation makes due, each once.

What triggers a notice is read from the rows as they stand at the cut-off and from dated
parameters. A notice is about the union that it is addressed to, lists cases by their number and
never names a person. Which cases were told is kept with the publication.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions
from definitions.small_schemes import BallotOutcome, PointsAccount
from pipelines.assess.representatives import Outcome, RepresentativeBallots
from pipelines.assess.scoring import round_once
from pipelines.assess.wording import percent_against, plain
from pipelines.assessment_year.stages import Refused
from pipelines.consolidate import top_unit
from pipelines.flow.deciding_ground import accounts_of, evaluations, ground_of
from pipelines.flow.filed_rows import day_of, decimal
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.notice_ground import KIND, NO_NUMBER, OFFICES, Case, Ground, publication_of
from pipelines.flow.paper_ground import keep_papers
from pipelines.flow.recipes import Asked, to_keep
from pipelines.flow.rectification_notices import made_rectification
from pipelines.publish import notices as papers
from pipelines.publish.notices import Notice
from pipelines.publish.paper import Paper, Words, said
from pipelines.publish.paper_numbers import cases_of, cell_of
from pipelines.publish.publication import Publication, chinese_day
from pipelines.publish.quoting import LATE_DAYS, LATE_WORKDAYS, REPORTED_LATE
from warehouse.publications import recipes_of

SLIPS, EVENTS = "RIGHT-01", "RIGHT-04"
Found = Iterator[Case]


# --- what is due ---


def _audits(ground: Ground) -> Found:
    """Audits that were registered and have not begun."""
    for row in ground.ledger("AUD-00"):
        starts, told_on = day_of(row["start_on"]), day_of(row["notice_on"])
        if starts is not None and told_on is not None and starts > ground.day:
            by = ground.orgs.get(row["reporter"])
            told = (int(row["year"]), starts, told_on, by.name if by else "")
            yield Case(row["org_code"], str(row["audit_id"]), told)


def _slips(ground: Ground) -> Found:
    """Slips that were accepted and not closed by their last day."""
    limit = int(ground.parameter("slip_limit_workdays"))
    for row in ground.ledger(SLIPS):
        accepted, closed = day_of(row["accepted_on"]), day_of(row["closed_on"])
        if accepted is None or closed is not None or accepted > ground.day:
            continue
        due = ground.known.calendar.add(accepted, limit)
        if due < ground.day:
            late = ground.known.calendar.between(due, ground.day)
            cells = (
                str(row["slip_id"]), row["slip_kind"], row["topic"], f"{accepted:%Y-%m-%d}",
                f"{due:%Y-%m-%d}",
                cell_of(str(late), late, row, SLIPS, LATE_WORKDAYS, ground.known),
            )  # fmt: skip
            yield Case(row["org_code"], str(row["slip_id"]), cells, row)


def _small(ground: Ground, kind: type[Any], year: int) -> Iterator[Any]:
    return (s for s in ground.known.small_schemes if isinstance(s, kind) and s.covers(year))


def _recalls(ground: Ground) -> Found:
    """Representatives whose evaluation of this year or last reached the share of a recall."""
    for year in (ground.day.year - 1, ground.day.year):
        for scheme in _small(ground, BallotOutcome, year):
            decided = ground_of(ground.connection, ground.known, year, ground.when)
            recall = Decimal(str(decided.parameter(scheme.recall)))
            for row, result in evaluations(scheme, decided):
                if result is None or result.outcome is not Outcome.RECALL:
                    continue
                told = result.evaluated
                flag = "同时达到奖励条件，请核实评估材料" if result.flagged else "—"
                cells = (
                    told.representative, *_evaluated(ground, scheme.form, row, told, recall), flag,
                )  # fmt: skip
                case = f"{year} {told.representative}"
                yield Case(row["org_code"], case, (year, plain(recall), cells), row)


def _evaluated(
    ground: Ground, form: str, row: Mapping[str, Any], told: RepresentativeBallots, recall: Decimal
) -> Iterator[Words]:
    """Electors, ballots, unsatisfied ones, their share, score."""
    share = Fraction(told.unsatisfied * 100, told.ballots)
    for text, value, what in (
        (str(told.constituency), told.constituency, "voters"),
        (str(told.ballots), told.ballots, "eval_ballots"),
        (str(told.unsatisfied), told.unsatisfied, "eval_unsat"),
        (percent_against(share, recall), round_once(share, 12), "eval_unsat÷eval_ballots"),
        ("—" if told.score is None else plain(told.score), told.score, "eval_score"),
    ):
        yield cell_of(text, value, row, form, what, ground.known)


def _educations(ground: Ground) -> Found:
    """Persons whose points are used up this year and who have not been educated."""
    year = ground.day.year
    for scheme in _small(ground, PointsAccount, year):
        decided = ground_of(ground.connection, ground.known, year, ground.when)
        points = plain(Decimal(str(decided.parameter(scheme.points))))
        filed = {(r["org_code"], r["deduct_id"]): r for r in decided.rows.of(scheme.form)}
        for unit, accounts in accounts_of(scheme, decided).items():
            for one in accounts:
                due, on = one.education_due, one.exhausted_on
                if on is None or due is None or on > ground.day or one.educated_on is not None:
                    continue
                row, late = filed[unit, one.exhausted_by], (ground.day - due).days
                days = cell_of(str(late), late, row, scheme.form, LATE_DAYS, ground.known)
                state = said("逾期 ", days, " 日") if late > 0 else "待完成"
                cells = (one.exhausted_by, f"{on:%Y-%m-%d}", f"{due:%Y-%m-%d}", state)
                told = (points, scheme.education_workdays, cells, scheme.form)
                yield Case(unit, f"{year} {one.exhausted_by}", told, row)


def _mergers(ground: Ground) -> Found:
    """Unions ended or merged that were told of as an event, or without a reason."""
    for row in ground.ledger(EVENTS):
        if row["event_kind"] == "撤并工会" and row["resolved_on"] is None:
            day = day_of(row["happened_on"])
            told = f"{chinese_day(day)}，" if day else ""
            words = f"{told}{row['enterprise']}有撤并工会的情况（快报编号 {row['event_id']}）。"
            yield Case(row["org_code"], f"快报 {row['event_id']}", words)
    for row in ground.ledger("ORG-03"):
        day = day_of(row["effective_date"])
        if row["change_type"] not in ("撤销", "合并") or row["remark"] or day is None:
            continue
        union = ground.orgs[row["org_code"]]
        above = row["from_parent"] if row["from_parent"] in ground.orgs else None
        above = above or next((o.code for o in ground.orgs.values() if o.id == union.block), None)
        if above is None or day > ground.day:
            continue
        name = union.name
        words = (
            f"{name}于{chinese_day(day)}{row['change_type']}（{row['approval_doc']}），"
            "变动表没有说明原因。"
        )
        yield Case(above, f"变动 {row['org_code']} {day}", words)


def _events(ground: Ground) -> Found:
    """Events in labour relations: told first, and once more when they are resolved."""
    limit = int(ground.parameter("flash_report_days"))
    for row in ground.ledger(EVENTS):
        happened, reported = day_of(row["happened_on"]), day_of(row["reported_on"])
        if happened is None or reported is None or reported > ground.day:
            continue
        over = day_of(row["resolved_on"])
        if over is not None and over > ground.day:
            over = None
        late = max(0, (reported - happened).days - limit)
        event = papers.Event(
            kind=row["event_kind"],
            reporter=ground.orgs[row["org_code"]].name,
            enterprise=row["enterprise"],
            happened_on=happened,
            reported_on=reported,
            late=cell_of(str(late), late, row, EVENTS, REPORTED_LATE, ground.known) if late else "",
            workers=_told(ground, row, "workers", "未报"),
            opinions=_told(ground, row, "opinions", "") if row["opinions"] else "",
            measures=row["measures"] or "未报处置措施",
            resolved_on=over,
        )
        yield Case(row["org_code"], f"{row['event_id']} {'终报' if over else '首报'}", event)


def _told(ground: Ground, row: Mapping[str, Any], column: str, blank: str) -> Words:
    """A number of an event as it was reported."""
    value = decimal(row[column])
    text = blank if value is None else plain(value)
    return cell_of(text, value, row, EVENTS, column, ground.known)


# --- one paper for the cases of a union ---


def _count(ground: Ground, cases: Sequence[Case], form: str) -> Words:
    """How many cases a notice lists; the number knows their rows."""
    return cases_of([c.row for c in cases], form, cases[0].unit, ground.known)


def _audit_paper(ground: Ground, notice: Notice, cases: Sequence[Case]) -> Paper:
    ((year, starts, told_on, by),) = (c.told for c in cases)
    scheme = next(s for s in ground.known.schemes if s.kind == "fund-audit" and s.covers(year))
    audit = papers.Audit(
        year=year,
        start_on=starts,
        notice_days=int(ground.known.parameters["audit_notice_days"].at(told_on)),
        aspects=tuple(b.name for b in scheme.blocks),
        bands=tuple(b.name for b in scheme.bands),
    )
    committee = f"{by or notice.issuer}经费审查委员会"
    given = Notice(notice.unit, committee, notice.office, cases[0].key, told_on)
    return papers.audit_notice(given, audit)


def _slips_paper(ground: Ground, notice: Notice, cases: Sequence[Case]) -> Paper:
    limit = int(ground.parameter("slip_limit_workdays"))
    count = _count(ground, cases, SLIPS)
    return papers.slips_notice(notice, limit, tuple(c.told for c in cases), count)


def _recall_paper(ground: Ground, notice: Notice, cases: Sequence[Case]) -> Paper:
    year, recall, _ = cases[-1].told
    seats = int(ground.parameter("rep_candidates_per_seat"))
    rows = tuple(c.told[2] for c in cases)
    scheme = next(_small(ground, BallotOutcome, year))
    count = _count(ground, cases, scheme.form)
    return papers.recall_notice(notice, year, recall, seats, rows, count)


def _education_paper(ground: Ground, notice: Notice, cases: Sequence[Case]) -> Paper:
    points, workdays, _, form = cases[0].told
    rows, count = tuple(c.told[2] for c in cases), _count(ground, cases, form)
    return papers.education_notice(notice, points, workdays, rows, count)


def _merger_paper(_ground: Ground, notice: Notice, cases: Sequence[Case]) -> Paper:
    return papers.merger_notice(notice, tuple(c.told for c in cases))


def _event_paper(_ground: Ground, notice: Notice, cases: Sequence[Case]) -> Paper:
    return papers.event_bulletin(notice, cases[0].told)


@dataclass(frozen=True, slots=True)
class _NoticeKind:
    """How one kind of notice comes about; `answer` names how long the union has to answer."""

    find: Callable[[Ground], Found]
    paper: Callable[[Ground, Notice, Sequence[Case]], Paper]
    answer: str = ""
    one_by_one: bool = False


NOTICES: dict[str, _NoticeKind] = {
    "审计通知书": _NoticeKind(_audits, _audit_paper, one_by_one=True),
    "诉求超期督办": _NoticeKind(_slips, _slips_paper, "诉求督办"),
    "代表资格取消告知": _NoticeKind(_recalls, _recall_paper, "代表资格"),
    "脱岗教育通知": _NoticeKind(_educations, _education_paper),
    "撤并工会核查": _NoticeKind(_mergers, _merger_paper, "撤并核查"),
    "重大情况快报": _NoticeKind(_events, _event_paper, "重大情况", one_by_one=True),
}
"""Kinds of notices beside those of a rectification."""


def publish_due_notices(
    kinds: Sequence[str] = (),
    *,
    office: str = "",
    by: str,
    at: str,
    number: str = "",
    first: int = 1,
) -> list[str]:
    """R-07: a notice for everything that is due and was not told yet, of some kinds or all.

    `office` is whom units answer, by default the one decided for the kind. `number` is the
    发文字号 with {n}, counted from `first`; without it the place stays blank.
    Returns the files. LookupError in Chinese for a kind that does not exist.
    """
    unknown = [k for k in kinds if k not in NOTICES]
    if unknown:
        raise LookupError(f"没有“{unknown[0]}”这种通知书，可选：{'、'.join(NOTICES)}")
    when = moment(at)
    known = definitions()
    register(known, when)
    made: list[Publication] = []
    with engine().connect() as connection:
        ground = Ground(connection, known, when, when)
        told = {
            (r["notice"], r["unit"], case)
            for r in recipes_of(connection, KIND, when)
            if "notice" in r
            for case in r["cases"]
        }
        for kind in kinds or NOTICES:
            for unit, cases in _by_paper(NOTICES[kind], ground, kind, told):
                given = number.format(n=first + len(made)) if number else ""
                asked = to_keep(
                    ground.day.year, when, notice=kind, unit=unit, cases=[c.key for c in cases],
                    office=office, number=given,
                )  # fmt: skip
                made.append(_notice(ground, cases, asked))
        connection.rollback()
    return [name for one in made for name in keep_papers(one, None, by, when)]


def _by_paper(
    kind: _NoticeKind, ground: Ground, name: str, told: set[tuple[str, str, str]]
) -> Iterator[tuple[str, list[Case]]]:
    """Cases that were not told yet, as they go into papers."""
    of: dict[str, list[Case]] = defaultdict(list)
    for case in kind.find(ground):
        if (name, case.unit, case.key) not in told:
            of[case.unit].append(case)
    for unit in sorted(of):
        cases = sorted(of[unit], key=lambda c: c.key)
        if kind.one_by_one:
            yield from ((unit, [case]) for case in cases)
        else:
            yield unit, cases


def made_notice(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    """One notice about the cases that it told, as far as they are known."""
    kind, unit = str(asked.told("notice")), str(asked.told("unit"))
    if kind not in NOTICES:
        return made_rectification(connection, known, asked)
    ground = Ground(connection, known, asked.known_at, asked.issued_at)
    told = set(asked.told("cases"))
    found = NOTICES[kind].find(ground)
    cases = sorted((c for c in found if c.unit == unit and c.key in told), key=lambda c: c.key)
    if not cases:
        raise Refused(f"所告知的事项（{'、'.join(sorted(told))}）已不需要发“{kind}”。")
    return _notice(ground, cases, asked)


def _notice(ground: Ground, cases: Sequence[Case], asked: Asked) -> Publication:
    name, unit = str(asked.told("notice")), str(asked.told("unit"))
    kind = NOTICES[name]
    notice = Notice(
        unit=ground.orgs[unit].name,
        issuer=top_unit(list(ground.orgs.values())).name,
        office=asked.told("office") or ground.parameter(OFFICES)[name],
        number=asked.told("number") or NO_NUMBER.format(year=ground.day.year),
        issued=ground.day,
        answer_by=ground.answer_by(kind.answer) if kind.answer else None,
    )
    paper = kind.paper(ground, notice, cases)
    key = cases[0].key if kind.one_by_one else f"{ground.day:%Y-%m-%d}"
    title = f"{paper.title.split('（')[0]}（{notice.unit}，{key}）"
    return publication_of(paper, title, ground.known, asked)
