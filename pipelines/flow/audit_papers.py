"""Printing the report (R-05) of every audit whose opinion was delivered and whose mark is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions
from definitions.schemes import Scheme
from pipelines.assess.wording import ABSENT, marks, plain
from pipelines.assessment_year.stages import Refused
from pipelines.consolidate import top_unit
from pipelines.flow import consequences as following
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.kept_sheets import KINDS, kind_of, mark_of
from pipelines.flow.paper_ground import keep_papers, with_paper
from pipelines.flow.recipes import Asked, to_keep
from pipelines.publish import Publication
from pipelines.publish import assessment_papers as papers
from pipelines.publish.paper import Words, flat, said
from pipelines.publish.paper_numbers import Numbers, cell_of
from pipelines.publish.quoting import BLOCK_OF, KIND_IN, MEAN_OF, TOTAL
from warehouse import assessment_year as kept
from warehouse.organisations import Registered, standing
from warehouse.windows import china_day

AUDITED, FORM = "R-05 经费绩效审计报告", "AUD-00"


@dataclass(frozen=True, slots=True)
class _Audits:
    """Audits of a year as they were known: their rows, and what stands of this year and last."""

    known: Definitions
    orgs: dict[str, Registered]
    rows: list[dict[str, Any]]
    scored: dict[int, dict[str, Any]]


def publish_audit_reports(year: int, *, committee: str, by: str, at: str) -> list[str]:
    """R-05 of every audit of a year's funds whose opinion was delivered and whose mark is known.

    Marks come from the newest kept result of the year's scheme of fund performance; an audited
    union without one gets no report yet.
    """
    known, when = definitions(), moment(at)
    register(known, when)
    with engine().connect() as connection:
        found = _audits(connection, known, to_keep(year, when))
        connection.rollback()
    written: list[str] = []
    for row in found.rows:
        audit = to_keep(year, when, audit=row["audit_id"], committee=committee)
        publication = _report(found, row, audit)
        if publication is not None:
            written += keep_papers(publication, None, by, when)
    return written


def made_audit_report(connection: Connection, known: Definitions, asked: Asked) -> Publication:
    """The report of one audit, from what was known of it."""
    found, audit = _audits(connection, known, asked), asked.told("audit")
    rows = [r for r in found.rows if r["audit_id"] == audit]
    made = _report(found, rows[0], asked) if rows else None
    if made is None:
        raise Refused(f"审计事项 {audit} 没有已送达的审计意见或绩效得分，不出审计报告。")
    return made


def _audits(connection: Connection, known: Definitions, asked: Asked) -> _Audits:
    year, at, day = asked.period.year, asked.known_at, china_day(asked.issued_at)
    orgs = {o.code: o for o in standing(connection, day, at)}
    rows = [
        r
        for r in following.audit_rows(connection, known, list(orgs), day.year, at)
        if r["year"] == year and r["opinion_on"] is not None and r["opinion_on"] <= day
    ]
    scored = {
        y: {
            r.unit: r
            for s in known.schemes
            if s.kind == "fund-audit" and s.covers(y)
            for r in kept.standing_result(connection, s.family, y, at)
        }
        for y in (year - 1, year)
    }
    return _Audits(known, orgs, rows, scored)


def _report(found: _Audits, row: dict[str, Any], asked: Asked) -> Publication | None:
    """The report of one row; None where its union has no mark."""
    known, year = found.known, asked.period.year
    unit = found.scored[year].get(row["org_code"])
    if unit is None or unit.total is None:
        return None
    before = found.scored[year - 1].get(row["org_code"])
    tell = _Tell(known, year, row, unit, before)
    paper = papers.audit_report(
        papers.AuditFacts(
            unit=found.orgs[row["org_code"]].name, year=year, number=row["audit_id"],
            notice_on=row["notice_on"], start_on=row["start_on"],
            aspects=_aspects(tell, found.scored[year].values()), losses=_losses(tell),
            score=tell.now(unit.total, TOTAL), band=unit.grade,
            last="没有记录" if before is None or before.total is None
            else said(f"{year - 1}年度 ", tell.then(before.total, TOTAL), f" 分，{before.grade}"),
            problems=_problems(tell), state=_rectified(tell), issued=row["opinion_on"],
            comment_until=_comment_until(known, row),
        ),
        str(asked.told("committee")),
    )  # fmt: skip
    # A union may be audited twice in a year: its reports are told apart by their numbers.
    title = f"{paper.title}（{row['audit_id']}）"
    made = Publication(
        kind=AUDITED, title=title, unit=top_unit(list(found.orgs.values())).code,
        period=asked.period, cutoff=asked.cutoff, digest=known.digest, files=(),
        recipe=asked.recipe,
    )  # fmt: skip
    return with_paper(made, paper, asked.issued_at)


@dataclass(frozen=True, slots=True)
class _Tell:
    """Numbers of one report: marks of this year and last, and what the register of audits says."""

    known: Definitions
    year: int
    row: dict[str, Any]
    unit: Any
    before: Any

    def now(self, value: Decimal | None, basis: str) -> Words:
        """Marks of the year."""
        return self._marks(self.year, value, basis)

    def then(self, value: Decimal | None, basis: str) -> Words:
        """Marks of the year before."""
        return ABSENT if self.before is None else self._marks(self.year - 1, value, basis)

    def _marks(self, year: int, value: Decimal | None, basis: str) -> Words:
        if value is None:
            return ABSENT
        tell = Numbers(_scheme(self.known, year).code, str(year), str(self.row["org_code"]))
        return tell(marks(value), value, basis)

    def cell(self, column: str) -> Words:
        """A number of the register of audits."""
        value = Decimal(str(self.row[column] or 0))
        blank = self.row[column] is None
        return cell_of(plain(value), None if blank else value, self.row, FORM, column, self.known)


def _scheme(known: Definitions, year: int) -> Scheme:
    """The scheme of fund performance of a year."""
    return next(s for s in known.schemes if s.kind == "fund-audit" and s.covers(year))


def _comment_until(known: Definitions, row: dict[str, Any]) -> str:
    days = int(known.parameters["audit_comment_days"].at(row["opinion_on"]))
    return f"对本报告有意见的，请于收到之日起 {days} 日内书面提出。"


def _aspects(tell: _Tell, everybody: Iterable[Any]) -> tuple[tuple[Words, ...], ...]:
    """Each aspect with its marks, last year's score and the mean of all audited unions."""
    last = {} if tell.before is None else _scores(tell.before)
    all_scores = [_scores(one) for one in everybody]
    found = []
    for block in tell.unit.detail["blocks"]:
        code = block["block"]["code"]
        given = [s[code] for s in all_scores if code in s]
        mean = sum(given, Decimal(0)) / len(given) if given else None
        found.append(
            (*_aspect(tell, block), tell.then(last.get(code), f"{BLOCK_OF}{code}"),
             tell.now(mean, f"{MEAN_OF}{code}"))
        )  # fmt: skip
    return tuple(found)


def _scores(unit: Any) -> dict[str, Decimal]:
    return {
        str(b["block"]["code"]): Decimal(b["score"])
        for b in unit.detail["blocks"]
        if b["score"] is not None
    }


LOSSES = 8
"""How many of the largest losses a report tells."""


def _losses(tell: _Tell) -> tuple[Words, ...]:
    """Where most marks were lost, weighted as they count in the total, largest first."""
    found: list[tuple[Decimal, str, Words]] = []
    explained = tell.unit.detail["explanation"]["blocks"]
    for block, told in zip(tell.unit.detail["blocks"], explained, strict=True):
        for part, line in zip(block["parts"], told["lines"], strict=True):
            full, got = Decimal(part["full"]), Decimal(part["marks"])
            kind = str(part["item"]["name"])
            if got < full and "奖励" not in kind:
                cost = (full - got) * Decimal(block["weight"]) / 100
                name = f"{block['block']['name']}·{kind}（{plain(full)} 分）"
                words = said(f"{name}得 ", tell.now(got, mark_of(part)), f" 分：{line['told']}")
                found.append((-cost, flat(words), words))
    return tuple(words for _, _, words in sorted(found, key=lambda f: f[:2])[:LOSSES])


def _aspect(tell: _Tell, block: dict[str, Any]) -> tuple[Words, ...]:
    """Name, weight, base, benefit, award, score of one aspect of a kept audit result."""
    code = block["block"]["code"]
    sums = dict.fromkeys(KINDS, Decimal(0))
    for part in block["parts"]:
        sums[kind_of(part)] += Decimal(part["marks"])
    score = None if block["score"] is None else Decimal(block["score"])
    return (
        str(block["block"]["name"]), f"{plain(Decimal(block['weight']))}%",
        *(tell.now(v, f"{KIND_IN}{code}:{kind}") for kind, v in sums.items()),
        tell.now(score, f"{BLOCK_OF}{code}"),
    )  # fmt: skip


def _problems(tell: _Tell) -> tuple[Words, ...]:
    if not int(tell.row["issues"] or 0):
        return ()
    amount: Words = ""
    if tell.row["money_issue"]:
        amount = said("，涉及金额 ", tell.cell("money_issue"), " 元")
    told = said("审计意见书列出问题 ", tell.cell("issues"), " 个", amount)
    return (said(told, "，具体内容见审计意见书。"),)


def _rectified(tell: _Tell) -> Words:
    row = tell.row
    if not int(row["issues"] or 0):
        return "没有需要整改的事项。"
    days = int(tell.known.parameters["audit_rectification_days"].at(row["opinion_on"]))
    track = f"，跟踪监督结论：{row['track_result']}。" if row["track_result"] else "。"
    return said(
        f"整改结果须于审计意见送达之日起 {days} 日内书面报送。目前已整改 ", tell.cell("fixed"),
        f" 个{track}",
    )  # fmt: skip
