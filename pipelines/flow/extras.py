"""What a review tells beside the figures: assessment, star homes, key works, recurring problems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.schemes import Scheme
from pipelines.figures import Figures
from pipelines.flow.assessing import latest_results
from pipelines.flow.evidence import measured
from pipelines.flow.filed_rows import labels_of
from pipelines.publish import AssessmentRow, Extras, RuleCount, StarHomeRow, UnmetTarget, WorkRow
from warehouse.achievement import meets
from warehouse.current import current_rows
from warehouse.engine import sql
from warehouse.organisations import ids, standing

CENT = Decimal("0.01")


def extras_of(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    computation: int,
    cutoff: datetime,
) -> Extras:
    """Everything beside the figures as it stood at the cut-off; a month only has rule counts."""
    labels = labels_of(period) if period.label == str(period.year) else [period.label]
    counts = _rule_counts(connection, definitions, labels, cutoff)
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
    )


def own_extras(extras: Extras, figures: Figures) -> Extras:
    """What of the federation's extras is about one unit and its children."""
    names = {figures.unit.name, *(u.name for units in figures.children.values() for u in units)}
    return Extras(
        assessments=tuple(a for a in extras.assessments if a.unit in names),
        star_homes=tuple(s for s in extras.star_homes if s.name in names),
        unmet=tuple(u for u in extras.unmet if u.unit in names),
    )


def _rule_counts(
    connection: Connection,
    definitions: Definitions,
    labels: Sequence[str],
    cutoff: datetime,
) -> tuple[RuleCount, ...]:
    rows = connection.execute(text(sql("rule_counts")), {"periods": list(labels), "cutoff": cutoff})
    found = []
    for row in rows:
        rule = definitions.rules.get(row.rule)
        if rule is None:  # a rule of an earlier edition, since dropped
            continue
        found.append(
            RuleCount(
                rule=row.rule,
                title=rule.title,
                severity=row.severity,
                findings=row.findings,
                units=row.units,
                advice=rule.advice if "{" not in rule.advice else "",
            )
        )
    return tuple(found)


def _tasks(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    computation: int,
    cutoff: datetime,
    names: dict[str, str],
) -> tuple[tuple[WorkRow, ...], tuple[UnmetTarget, ...]]:
    """Annual tasks of the letters against the computed figures, by key work."""
    letters = current_rows(connection, definitions, "TGT-01", [period.label], cutoff=cutoff)
    annual = letters[letters["period"] == period.label]
    known = ids(connection)
    signed = [known[c] for c in sorted(set(annual["org_code"])) if c in known]
    actuals = {
        (unit, indicator): row.value
        for (unit, label, indicator), row in measured(
            connection, definitions, computation, signed, cutoff
        ).items()
        if label == period.label
    }
    reasons = _reasons(connection, definitions, period, cutoff)
    due: dict[str, int] = defaultdict(int)
    met: dict[str, int] = defaultdict(int)
    unmet = []
    for row in annual.to_dict("records"):
        target = Decimal(str(row["target"]))
        actual = actuals.get((row["org_code"], row["indicator"]))
        indicator = definitions.indicators.get(str(row["indicator"]))
        if indicator is None:
            continue
        due[row["work"]] += 1
        if meets(actual, target, str(row["direction"])):
            met[row["work"]] += 1
            continue
        unmet.append(
            UnmetTarget(
                unit=names.get(row["org_code"], row["org_code"]),
                task=indicator.name,
                measure=indicator.unit,
                target=target,
                actual=actual,
                reason=reasons.get((row["org_code"], row["task_id"]), ""),
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
    return {(r["org_code"], r["task_id"]): str(r["gap_reason"]) for r in told.to_dict("records")}


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
