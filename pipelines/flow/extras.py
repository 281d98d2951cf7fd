"""What a review tells beside the figures: assessment, star homes, key works, recurring problems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from definitions.schemes import Scheme
from pipelines.consolidate import top_unit
from pipelines.figures import BLOCK, INDUSTRY, Figures
from pipelines.flow.assessing import latest_results
from pipelines.flow.evidence import measured
from pipelines.flow.filed_rows import labels_of
from pipelines.flow.findings_behind import prepare_findings
from pipelines.flow.narratives import projects_of, words_of
from pipelines.personal_numbers import blotted
from pipelines.publish import AssessmentRow, Extras, RuleCount, StarHomeRow, UnmetTarget, WorkRow
from pipelines.publish.quoting import names_of
from warehouse.achievement import meets
from warehouse.current import current_rows
from warehouse.engine import sql
from warehouse.organisations import ids, standing

CENT = Decimal("0.01")
_LINES = {1: BLOCK, 2: INDUSTRY}


def extras_of(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    computation: int,
    cutoff: datetime,
) -> Extras:
    """Everything beside the figures as it stood at the cut-off; a month only has rule counts."""
    counts = _rule_counts(connection, definitions, period, cutoff)
    if period.label != str(period.year):
        return Extras(rule_counts=counts)
    names = {o.code: o.name for o in standing(connection, period.end, cutoff)}
    works, unmet = _tasks(connection, definitions, period, computation, cutoff, names)
    assessments, stars = _results(connection, definitions, period, cutoff)
    return Extras(
        works=works,
        assessments=assessments,
        star_homes=stars,
        unmet=unmet,
        rule_counts=counts,
        projects=projects_of(connection, definitions, period, cutoff, names),
    )


def extras_for(
    connection: Connection, definitions: Definitions, whole: Extras, figures: Figures, *, top: bool
) -> Extras:
    """The federation's extras, or what of them is about one unit, with what its units wrote."""
    own = whole if top else _own(whole, figures)
    if figures.period.kind is not PeriodKind.YEAR:
        return own
    units = names_of(figures)
    words = words_of(connection, definitions, figures.period, figures.cutoff, units)
    return replace(own, words=words)


def _own(extras: Extras, figures: Figures) -> Extras:
    """What of the federation's extras is about one unit and its children."""
    codes = names_of(figures)
    names = set(codes.values())
    return Extras(
        projects=tuple(p for p in extras.projects if p.code in codes),
        assessments=tuple(a for a in extras.assessments if a.unit in names),
        star_homes=tuple(s for s in extras.star_homes if s.name in names),
        unmet=tuple(u for u in extras.unmet if u.unit in names),
    )


def _rule_counts(
    connection: Connection, definitions: Definitions, period: Period, cutoff: datetime
) -> tuple[RuleCount, ...]:
    """How often each rule spoke in the whole federation, counted as R-04 counts."""
    prepare_findings(connection, period, cutoff)
    top = top_unit(standing(connection, period.end, cutoff))
    rows = connection.execute(
        text(sql("report_finding_counts")), {"unit": top.id, "code": top.code}
    )
    found = []
    for row in rows:
        rule = definitions.rules.get(row.rule) if row.rule else None
        if rule is None:  # the whole, a unit below, or a rule of an earlier edition since dropped
            continue
        found.append(
            RuleCount(
                rule=row.rule,
                title=rule.title,
                severity=row.severity,
                findings=row.places,
                units=row.units,
                advice=rule.advice if "{" not in rule.advice else "",
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class AnnualTask:
    """One task of a letter beside what was computed for it, on the line the unit is measured."""

    unit: str
    task: str
    work: str
    indicator: str
    line: int
    target: Decimal
    actual: Decimal | None
    met: bool


def annual_tasks(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    computation: int,
    cutoff: datetime,
) -> list[AnnualTask]:
    """Annual tasks of the letters of a year that stand at a cut-off and that a report measures."""
    letters = current_rows(connection, definitions, "TGT-01", [period.label], cutoff=cutoff)
    annual = letters[letters["period"] == period.label]
    known = ids(connection)
    signed = [known[c] for c in sorted(set(annual["org_code"])) if c in known]
    actuals = {
        (unit, indicator): row
        for (unit, label, indicator), row in measured(
            connection, definitions, computation, signed, cutoff
        ).items()
        if label == period.label
    }
    found = []
    for row in annual.to_dict("records"):
        indicator = str(row["indicator"])
        if indicator not in definitions.indicators:
            continue
        target = Decimal(str(row["target"]))
        actual = actuals.get((row["org_code"], indicator))
        value = actual.value if actual is not None else None
        found.append(
            AnnualTask(
                unit=str(row["org_code"]),
                task=str(row["task_id"]),
                work=str(row["work"]),
                indicator=indicator,
                line=actual.line if actual is not None else 1,
                target=target,
                actual=value,
                met=meets(value, target, str(row["direction"])),
            )
        )
    return found


def _tasks(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    computation: int,
    cutoff: datetime,
    names: dict[str, str],
) -> tuple[tuple[WorkRow, ...], tuple[UnmetTarget, ...]]:
    """Annual tasks of the letters against the computed figures, by key work."""
    reasons = _reasons(connection, definitions, period, cutoff)
    due: dict[str, int] = defaultdict(int)
    met: dict[str, int] = defaultdict(int)
    unmet = []
    for task in annual_tasks(connection, definitions, period, computation, cutoff):
        due[task.work] += 1
        if task.met:
            met[task.work] += 1
            continue
        indicator = definitions.indicators[task.indicator]
        unmet.append(
            UnmetTarget(
                unit=names.get(task.unit, task.unit),
                task=indicator.name,
                measure=indicator.unit,
                target=task.target,
                actual=task.actual,
                reason=reasons.get((task.unit, task.task), ""),
                code=task.unit,
                indicator=task.indicator,
                line=_LINES[task.line],
            )
        )
    works = tuple(
        WorkRow(
            work=code,
            name=name,
            tasks=due[code],
            met=met[code],
            completion=Decimal(met[code]) / due[code] * 100 if due[code] else None,
        )
        for code, name in definitions.works.items()
        if code != "ALL"
    )
    return works, tuple(sorted(unmet, key=lambda u: (u.unit, u.task)))


def _reasons(
    connection: Connection, definitions: Definitions, period: Period, cutoff: datetime
) -> dict[tuple[str, str], str]:
    """The unit's own reason for a task, as told in its last self-report."""
    rows = current_rows(
        connection, definitions, "TGT-02", labels_of(period), cutoff=cutoff
    ).sort_values("period", kind="stable")
    told = rows[rows["gap_reason"].notna()]
    return {
        (r["org_code"], r["task_id"]): blotted(str(r["gap_reason"]))
        for r in told.to_dict("records")
    }


def _results(
    connection: Connection, definitions: Definitions, period: Period, cutoff: datetime
) -> tuple[tuple[AssessmentRow, ...], tuple[StarHomeRow, ...]]:
    schemes = {s.code: s for s in definitions.schemes}
    rows, stars = [], []
    for kept in latest_results(connection, period.year, cutoff):
        scheme = schemes.get(kept.scheme)
        if scheme is None or kept.total is None:
            continue
        name = kept.detail["unit"]["name"]
        if scheme.kind == "star-home":
            star = _star(scheme, kept, name, definitions, period.year)
            if star is not None:
                stars.append(star)
            continue
        if scheme.kind != "target-responsibility":
            continue
        rows.append(
            AssessmentRow(
                unit=name,
                group=kept.ranking_group,
                total=kept.total,
                grade=kept.grade,
                rank=kept.rank,
                veto="、".join(v["title"] for v in kept.detail["vetoes"] if v["counted"]),
                code=kept.detail["unit"]["code"],
                scheme=kept.scheme,
            )
        )
    return tuple(rows), tuple(sorted(stars, key=lambda s: (-s.total, s.name)))


def _star(
    scheme: Scheme, kept: Any, name: str, definitions: Definitions, year: int
) -> StarHomeRow | None:
    blocks = {b["block"]["code"]: b for b in kept.detail["blocks"]}
    if any(blocks[c]["score"] is None for c in ("member", "employer", "upper")):
        return None
    scores = [Decimal(blocks[c]["score"]) for c in ("member", "employer", "upper")]
    weights = {b.code: b.weight for b in scheme.blocks}
    trial, trial_weights = _next_year(scheme, scores, definitions, year)
    participation = blocks["member"].get("participation_pct")
    return StarHomeRow(
        name=name,
        unit=kept.detail["unit"]["code"],
        member=scores[0],
        employer=scores[1],
        upper=scores[2],
        weights=(weights["member"], weights["employer"], weights["upper"]),
        total=kept.total,
        star=kept.grade,
        participation=Decimal(participation) if participation is not None else None,
        trial=trial,
        trial_weights=trial_weights,
        scheme=scheme.code,
    )


def _next_year(
    scheme: Scheme, scores: Sequence[Decimal], definitions: Definitions, year: int
) -> tuple[Decimal | None, str]:
    """What the same scores give by next year's weights, and these; nothing where they are equal."""
    parties = ("member", "employer", "upper")
    for other in definitions.schemes:
        if other.family != scheme.family or not other.covers(year + 1) or other is scheme:
            continue
        weights = {b.code: b.weight for b in other.blocks}
        if weights == {b.code: b.weight for b in scheme.blocks}:
            continue
        total = sum((s * weights[c] for s, c in zip(scores, parties, strict=True)), Decimal(0))
        told = "、".join(f"{weights[c].normalize():f}%" for c in parties)
        return (total / 100).quantize(CENT, ROUND_HALF_EVEN), f"{year + 1}年权重（{told}）"
    return None, ""
