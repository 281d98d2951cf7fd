"""Printing the report (R-05) of every audit whose opinion was delivered and whose mark is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.assess.wording import ABSENT, marks, plain
from pipelines.assessment_year.stages import Refused
from pipelines.consolidate import top_unit
from pipelines.flow import consequences as following
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.paper_ground import keep_papers
from pipelines.flow.recipes import Asked, to_keep
from pipelines.publish import Publication
from pipelines.publish import assessment_papers as papers
from pipelines.publish.pdf import paper_files
from warehouse import assessment_year as kept
from warehouse.organisations import Registered, standing
from warehouse.windows import china_day

AUDITED = "R-05 经费绩效审计报告"


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
    paper = papers.audit_report(
        papers.AuditFacts(
            unit=found.orgs[row["org_code"]].name, year=year, number=row["audit_id"],
            notice_on=row["notice_on"], start_on=row["start_on"],
            aspects=_aspects(unit, before, found.scored[year].values()), losses=_losses(unit),
            score=marks(unit.total), band=unit.grade,
            last="没有记录" if before is None or before.total is None
            else f"{year - 1}年度 {marks(before.total)} 分，{before.grade}",
            problems=_problems(row), state=_rectified(known, row), issued=row["opinion_on"],
            comment_until=_comment_until(known, row),
        ),
        str(asked.told("committee")),
    )  # fmt: skip
    # A union may be audited twice in a year: its reports are told apart by their numbers.
    title = f"{paper.title}（{row['audit_id']}）"
    return Publication(
        kind=AUDITED, title=title, unit=top_unit(list(found.orgs.values())).code,
        period=asked.period, cutoff=asked.cutoff, digest=known.digest,
        files=paper_files([paper], title, asked.issued_at), recipe=asked.recipe,
    )  # fmt: skip


def _comment_until(known: Definitions, row: dict[str, Any]) -> str:
    days = int(known.parameters["audit_comment_days"].at(row["opinion_on"]))
    return f"对本报告有意见的，请于收到之日起 {days} 日内书面提出。"


def _aspects(unit: Any, before: Any, everybody: Iterable[Any]) -> tuple[tuple[str, ...], ...]:
    """Each aspect with its marks, last year's score and the mean of all audited unions."""
    last = {} if before is None else _scores(before)
    all_scores = [_scores(one) for one in everybody]
    found = []
    for block in unit.detail["blocks"]:
        code = block["block"]["code"]
        given = [s[code] for s in all_scores if code in s]
        mean = sum(given, Decimal(0)) / len(given) if given else None
        found.append((*_aspect(block), _told(last.get(code)), _told(mean)))
    return tuple(found)


def _scores(unit: Any) -> dict[str, Decimal]:
    return {
        str(b["block"]["code"]): Decimal(b["score"])
        for b in unit.detail["blocks"]
        if b["score"] is not None
    }


def _told(value: Decimal | None) -> str:
    return ABSENT if value is None else marks(value)


LOSSES = 8
"""How many of the largest losses a report tells."""


def _losses(unit: Any) -> tuple[str, ...]:
    """Where most marks were lost, weighted as they count in the total, largest first."""
    found = []
    explained = unit.detail["explanation"]["blocks"]
    for block, told in zip(unit.detail["blocks"], explained, strict=True):
        for part, line in zip(block["parts"], told["lines"], strict=True):
            full, got = Decimal(part["full"]), Decimal(part["marks"])
            kind = str(part["item"]["name"])
            if got < full and "奖励" not in kind:
                cost = (full - got) * Decimal(block["weight"]) / 100
                name = f"{block['block']['name']}·{kind}（{plain(full)} 分）"
                found.append((-cost, f"{name}得 {marks(got)} 分：{line['told']}"))
    return tuple(sentence for _, sentence in sorted(found)[:LOSSES])


def _aspect(block: dict[str, Any]) -> tuple[str, ...]:
    """Name, weight, base, benefit, award, score of one aspect of a kept audit result."""
    sums = {"基础": Decimal(0), "效益": Decimal(0), "": Decimal(0)}
    for part in block["parts"]:
        kind = str(part["item"]["name"])[:2]
        sums[kind if kind in sums else ""] += Decimal(part["marks"])
    score = block["score"]
    return (
        str(block["block"]["name"]), f"{plain(Decimal(block['weight']))}%",
        *(marks(v) for v in sums.values()), ABSENT if score is None else marks(Decimal(score)),
    )  # fmt: skip


def _problems(row: dict[str, Any]) -> tuple[str, ...]:
    issues = int(row["issues"] or 0)
    if not issues:
        return ()
    money = Decimal(str(row["money_issue"] or 0))
    amount = f"，涉及金额 {plain(money)} 元" if money else ""
    return (f"审计意见书列出问题 {issues} 个{amount}，具体内容见审计意见书。",)


def _rectified(known: Definitions, row: dict[str, Any]) -> str:
    if not int(row["issues"] or 0):
        return "没有需要整改的事项。"
    days = int(known.parameters["audit_rectification_days"].at(row["opinion_on"]))
    told = f"整改结果须于审计意见送达之日起 {days} 日内书面报送。"
    told += f"目前已整改 {int(row['fixed'] or 0)} 个"
    return told + (f"，跟踪监督结论：{row['track_result']}。" if row["track_result"] else "。")
