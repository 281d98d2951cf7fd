"""Schemes that are no score sheets, decided from the filed forms of a year at a cut-off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import ColumnKind
from definitions.small_schemes import (
    BallotOutcome,
    Checklist,
    Funding,
    GradedAward,
    PointsAccount,
    RateTable,
    Selection,
    SmallScheme,
    Stages,
)
from pipelines.assess import awards, checklist, credit, funding, selection, stages
from pipelines.assess.decisions import Decision, DecisionResult
from pipelines.assess.wording import plain
from pipelines.flow.deciding_ground import Ground, accounts_of, evaluations, ground_of
from pipelines.flow.filed_rows import day_of, decimal, row_place
from warehouse.assessment_year import standing_marks
from warehouse.engine import sql

TEN_THOUSAND = Decimal(10_000)
Found = tuple[list[Decision], list[str]]
"""Decisions, and notices to the reader of the whole result."""


def decide(
    connection: Connection,
    definitions: Definitions,
    scheme: SmallScheme,
    year: int,
    computation: int,
    cutoff: datetime,
) -> DecisionResult:
    """Everything that one scheme decides in a year; LookupError where a parameter is not in force.

    Personal data are read and never told: cases stand under their row or number.
    """
    ground = ground_of(connection, definitions, year, cutoff, computation)
    decisions, notices = _found(scheme, ground)
    decisions = [d for d in decisions if d.unit in ground.unions]
    return DecisionResult(scheme, year, tuple(decisions), tuple(notices))


def _found(scheme: SmallScheme, ground: Ground) -> Found:
    match scheme:
        case RateTable():
            return _rates(scheme, ground)
        case GradedAward():
            return _studios(scheme, ground)
        case PointsAccount():
            return _credit(scheme, ground)
        case BallotOutcome():
            return _ballots(scheme, ground)
        case Funding():
            return _funding(scheme, ground)
        case Selection():
            return _highlights(scheme, ground) if scheme.traced else _stars(scheme, ground)
        case Checklist():
            return _checklist(scheme, ground)
        case Stages():
            return _stages(scheme, ground)


def _shown(row: Mapping[str, Any], ground: Ground, form: str, *codes: str) -> Any:
    """(label, value as reported) of some columns, blanks left out."""
    labels = {c.code: c.label for c in ground.definitions.newest(form).columns}
    return tuple((labels[c], _told(row[c])) for c in codes if row.get(c) is not None)


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    day = day_of(value) if hasattr(value, "year") else None
    if day is not None:
        return f"{day:%Y-%m-%d}"
    return value if isinstance(value, str) else plain(Decimal(str(value)))


# --- rate tables and graded awards ---


def _rates(scheme: RateTable, ground: Ground) -> Found:
    rows = ground.rows.of(scheme.form)
    certificates = [
        awards.Certificate(
            person="", unit=row["org_code"], category=row[scheme.category] or "",
            won_on=day_of(row[scheme.won_on]), route=row[scheme.route] or "",
            number=row[scheme.once_by] or "", reference=row_place(row),
        )
        for row in rows
    ]  # fmt: skip
    found = awards.rate_awards(scheme, ground.table(scheme.rates), ground.period.year, certificates)
    shown = (scheme.category, scheme.won_on, scheme.route)
    decisions = [
        Decision(
            unit=award.certificate.unit,
            outcome="奖励" if award.yuan else "不奖励",
            why=award.why,
            subject=f"证书（{award.certificate.reference}）",
            amount=award.yuan,
            measure="元",
            inputs=_shown(row, ground, scheme.form, *shown),
            reference=award.certificate.reference,
        )
        for row, award in zip(rows, found, strict=True)
    ]
    return decisions, []


def _studios(scheme: GradedAward, ground: Ground) -> Found:
    rows = ground.rows.of(scheme.form)
    honours = ground.rows.of("HONOR-01")

    def honour(row: Mapping[str, Any]) -> str:
        """The level of an honour of the year that names the studio."""
        named = [
            h["level"] or "" for h in honours
            if h["org_code"] == row["org_code"] and row["studio_name"]
            and row["studio_name"] in (h["honor"] or "") and h["doc_no"]
        ]  # fmt: skip
        return next((level for level in named if level in scheme.honours), "")

    studios = []
    for row in rows:
        benefit, done = decimal(row[scheme.by]), decimal(row["projects"])
        studios.append(
            awards.Studio(
                code=row["studio_id"] or row_place(row),
                unit=row["org_code"],
                figures={} if done is None else dict.fromkeys(scheme.least, done),
                benefit=None if benefit is None else benefit * TEN_THOUSAND,
                honour=honour(row),
            )
        )
    found = awards.graded_awards(scheme, ground.table(scheme.rates), studios)
    decisions = [
        Decision(
            unit=award.studio.unit, outcome=award.grade, why=award.why,
            subject=f"工作室 {award.studio.code}", amount=award.yuan, measure="元",
            inputs=_shown(row, ground, scheme.form, "projects", scheme.by),
            reference=row_place(row), flagged="票决" in award.why,
        )
        for row, award in zip(rows, found, strict=True)
    ]  # fmt: skip
    return decisions, []


# --- accounts and ballots ---


def _credit(scheme: PointsAccount, ground: Ground) -> Found:
    decisions = []
    for unit, own_accounts in accounts_of(scheme, ground).items():
        counts = credit.tally(own_accounts)
        told = "，".join(f"{name} {count}" for name, count in counts.items())
        waiting = counts["扣满人数"] - counts["完成教育人数"]
        why = f"{told}。" if not waiting else f"{told}；{waiting} 人扣满尚未完成脱岗安全教育。"
        decisions.append(
            Decision(unit, "有扣满" if counts["扣满人数"] else "无扣满", why,
                     inputs=tuple((k, str(v)) for k, v in counts.items()),
                     reference=scheme.form, flagged=waiting > 0)
        )  # fmt: skip
        decisions += [
            Decision(unit, "扣满" if a.exhausted_on else "未扣满", a.why,
                     subject=f"人员 {a.person}", amount=a.balance, measure="分", told=False)
            for a in own_accounts
        ]  # fmt: skip
    return decisions, []


def _ballots(scheme: BallotOutcome, ground: Ground) -> Found:
    decisions, silent = [], 0
    for row, result in evaluations(scheme, ground):
        if result is None:
            silent += 1
            continue
        decisions.append(
            Decision(
                unit=row["org_code"], outcome=str(result.outcome), why=result.why,
                subject=f"代表 {result.evaluated.representative}",
                inputs=_shown(row, ground, scheme.form, "voters", "eval_ballots", "eval_unsat",
                              "eval_score"),
                reference=row_place(row), flagged=result.flagged,
            )
        )  # fmt: skip
    notice = f"{silent} 名代表没有评估票数，未作评估。"
    return decisions, [notice] if silent else []


# --- funding ---


def _funding(scheme: Funding, ground: Ground) -> Found:
    standards = ground.table(scheme.base)
    grades, given_by = _grades(scheme, ground)
    rows = {r["org_code"]: r for r in ground.rows.of(scheme.form)}
    funded, missing = [], []
    for code, union in sorted(ground.unions.items()):
        if union.type == "产业工会" and union.level == scheme.tier:
            grade = grades.get(code, "")
            if grade:
                funded.append(funding.FundedUnion(code, union.name, grade))
            else:
                missing.append(union.name)
    found = funding.next_year(
        int(standards[scheme.tier]), ground.table(scheme.coefficients), funded,
        int(ground.parameter(scheme.rounding)),
    )  # fmt: skip
    decisions = [
        Decision(
            unit=a.union.code, outcome=a.union.grade, why=f"下年度经费：{a.why}",
            amount=Decimal(a.yuan), measure="元",
            inputs=(("本年度考核等次", a.union.grade), ("系数", f"{a.coefficient:.2f}")),
            reference=given_by[a.union.code],
        )
        for a in found
    ]  # fmt: skip
    payers = {"市总工会": "from_city_union", "区县财政": "from_finance",
              "区县总工会": "from_dist_union"}  # fmt: skip
    standard = int(standards[scheme.shared_tier])
    for code, row in sorted(rows.items()):
        if row["tier"] != scheme.shared_tier:
            continue
        arrived = {
            payer: decimal(row[column]) or Decimal(0)
            for payer, column in payers.items()
            if column in row
        }
        states = funding.arrivals(standard, ground.table(scheme.shares), arrived)
        short = sum((s.short for s in states), Decimal(0))
        when = day_of(row["arrived_on"])
        why = "".join(s.why for s in states) + (f"到位日期 {when:%Y-%m-%d}。" if when else "")
        decisions.append(
            Decision(
                unit=code, outcome="有缺口" if short else "足额到位", why=why, amount=short,
                measure="元", inputs=_shown(row, ground, scheme.form, "standard", *payers.values()),
                reference=row_place(row), flagged=short > 0,
            )
        )  # fmt: skip
    notice = f"下列产业工会本年度没有考核等次，暂不核定下年度经费：{'、'.join(missing)}。"
    return decisions, [notice] if missing else []


def _grades(scheme: Funding, ground: Ground) -> tuple[dict[str, str], dict[str, str]]:
    """Unit → grade of the year as it stands at the cut-off, and the scheme that gave it."""
    year = ground.period.year
    families = {
        s.family
        for s in ground.definitions.schemes
        if s.covers(year) and s.kind == scheme.graded_by
    }
    grades: dict[str, str] = {}
    given_by: dict[str, str] = {}
    for family in sorted(families):
        for row in standing_marks(ground.connection, family, year, ground.cutoff):
            if row.grade:
                grades[row.unit], given_by[row.unit] = row.grade, family
    return grades, given_by


# --- selections ---


def _highlights(scheme: Selection, ground: Ground) -> Found:
    columns = dict(zip(scheme.criteria, ("novelty", "mechanism", "spread"), strict=True))
    rows = ground.rows.of("RES-02")
    untraced = _untraced(ground)
    candidates, of = [], {}
    for row in rows:
        code = row["project_id"] or row_place(row)
        scores = {n: s for n, c in columns.items() if (s := decimal(row[c])) is not None}
        told = untraced.get((row["org_code"], row["row_no"]), ())
        candidates.append(selection.Candidate(code, "", scores, untraced=told))
        of[code] = row
    choices = selection.select(scheme, _once(candidates))
    return list(_chosen(scheme, ground, "RES-02", choices, of, tuple(columns.values()))), []


def _once(candidates: Iterable[selection.Candidate]) -> list[selection.Candidate]:
    """Candidates by their code; a code sent in again replaces the earlier row."""
    return list({c.code: c for c in candidates}.values())


def _untraced(ground: Ground) -> dict[tuple[str, int], tuple[str, ...]]:
    """(union, row) → key figures that lead to no record, where nobody has explained them."""
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for r in ground.connection.execute(
        text(sql("untraced")),
        {"year": ground.period.label, "cutoff": ground.cutoff, "explained": False},
    ):
        found[r.unit, r.row_no] = (*found.get((r.unit, r.row_no), ()), r.value)
    return found


def _stars(scheme: Selection, ground: Ground) -> Found:
    """Stars of the post as workshops chose them: one row a month, held to what can be asked of it.

    The register holds who was chosen with what score, not those who were not; days at work stay in
    the workshop. A row without enough items, or whose star scored below the mean, is not confirmed.
    """
    least = scheme.least.get("计分项目")
    decisions = []
    for row in ground.rows.of("SKILL-05"):
        top, mean, items = (decimal(row[c]) for c in ("top_score", "mean_score", "score_items"))
        lacking = []
        if top is None:
            lacking.append("没有当选得分")
        if top is not None and mean is not None and top < mean:
            lacking.append(f"当选得分 {plain(top)} 低于平均得分 {plain(mean)}")
        if least is not None and (items is None or items < least):
            told = "未报" if items is None else plain(items)
            lacking.append(f"自动评分件数 {told}，不足 {plain(least)}")
        score = "" if top is None else f"当选得分 {plain(top)}，"
        days = scheme.least.get("出勤天数")
        attested = f"出勤不少于 {plain(days)} 天由车间核实" if days is not None else "由车间核实"
        why = f"{'；'.join(lacking)}，不予确认。" if lacking else f"{score}{attested}。"
        decisions.append(
            Decision(
                unit=row["org_code"], outcome="不予确认" if lacking else scheme.candidates,
                why=why, subject=f"{row['period']} {row['workshop']}",
                inputs=_shown(row, ground, "SKILL-05", "candidates", "score_items", "top_score",
                              "mean_score"),
                reference=row_place(row), flagged=bool(lacking),
            )
        )  # fmt: skip
    return decisions, []


def _chosen(
    scheme: Selection,
    ground: Ground,
    form: str,
    choices: Sequence[selection.Choice],
    rows: Mapping[str, Mapping[str, Any]],
    columns: Sequence[str],
) -> Iterator[Decision]:
    for choice in choices:
        row = rows[choice.candidate.code]
        yield Decision(
            unit=row["org_code"],
            outcome=scheme.candidates if choice.chosen else "未入选",
            why=choice.why,
            subject=f"项目 {choice.candidate.code}",
            amount=choice.score,
            measure="分",
            inputs=_shown(row, ground, form, *columns),
            reference=row_place(row),
            flagged="票决" in choice.why,
        )


# --- checklists and stages ---


def _checklist(scheme: Checklist, ground: Ground) -> Found:
    """One row a union: what adds up is added over the year, anything else as last told."""
    kinds = {c.code: c.kind for c in ground.definitions.newest(scheme.form).columns}
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in ground.rows.of(scheme.form):
        rows[row["org_code"]].append(row)
    decisions = []
    for unit, own in sorted(rows.items()):
        ordered = sorted(own, key=lambda r: Period.parse(r["period"]).end)
        joined: dict[str, checklist.Cell] = {}
        for requirement in scheme.requires:
            told = [r[requirement.column] for r in ordered if r[requirement.column] is not None]
            if not told:
                continue
            if kinds[requirement.column] is ColumnKind.FLOW:
                joined[requirement.column] = sum((Decimal(str(v)) for v in told), Decimal(0))
            else:
                joined[requirement.column] = _cell(told[-1])
        result = checklist.check(scheme, joined)
        decisions.append(
            Decision(
                unit=unit, outcome="达标" if result.passed else "未达标", why=result.why,
                inputs=tuple((line.requirement.name, "达到" if line.met else "未达到")
                             for line in result.lines),
                reference="；".join(row_place(r) for r in ordered),
            )
        )  # fmt: skip
    return decisions, []


def _cell(value: Any) -> checklist.Cell:
    if isinstance(value, bool):
        return "是" if value else "否"
    return value if isinstance(value, str) else Decimal(str(value))


def _stages(scheme: Stages, ground: Ground) -> Found:
    route = ground.table(scheme.route)
    label, before = ground.period.label, ground.period.last_year().label

    def kilometres(period: str) -> dict[str, Decimal]:
        return {
            unit: row.value
            for (unit, at, indicator), row in ground.figures.items()
            if indicator == scheme.indicator and at == period and row.value is not None
        }

    now = kilometres(label)
    drawn = stages.draws(route, kilometres(before), now)
    decisions = []
    for unit, km in sorted(now.items()):
        progress = stages.reached(route, km)
        if progress is None:
            continue
        entered = [stage for stage, units in drawn.items() if unit in units]
        why = progress.why + (
            f"本年度首次到达，参加抽奖：{'、'.join(entered)}。" if entered else ""
        )
        decisions.append(
            Decision(unit, progress.stage, why, amount=km, measure="公里",
                     inputs=(("人均累计公里", plain(km)),),
                     reference=f"块/{unit}/{label}/{scheme.indicator}")
        )  # fmt: skip
    return decisions, []
