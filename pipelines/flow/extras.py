"""What a review tells beside the figures: assessment, star homes, key works, recurring problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from pipelines.flow.explained_figures import explained_figures
from pipelines.flow.filed_rows import labels_of
from pipelines.flow.findings_behind import prepare_findings
from pipelines.flow.industry_line import along_industry, leads_industry
from pipelines.flow.narratives import projects_of, words_of
from pipelines.personal_numbers import blotted
from pipelines.publish import (
    AssessmentRow,
    Extras,
    FundBand,
    LetterTask,
    RuleCount,
    StarHomeRow,
    UnmetTarget,
    Unusual,
    WorkRow,
)
from pipelines.publish.quoting import names_of
from pipelines.small_cells import sensitive, sensitive_columns
from warehouse.achievement import meets
from warehouse.codes import id_of
from warehouse.current import current_rows
from warehouse.engine import sql
from warehouse.organisations import Registered, ids, standing
from warehouse.tables import LINES

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
    prepare_findings(connection, period, cutoff)
    organisations = standing(connection, period.end, cutoff)
    counts = _rule_counts(connection, definitions, top_unit(organisations).code)
    if period.label != str(period.year):
        return Extras(rule_counts=counts)
    names = {o.code: o.name for o in organisations}
    tasks, unmet = _tasks(connection, definitions, period, computation, cutoff, names)
    assessments, stars = _results(connection, definitions, period, cutoff)
    return Extras(
        works=_works(definitions, tasks),
        tasks=tasks,
        assessments=assessments,
        star_homes=stars,
        fund_bands=_fund_bands(connection, definitions, period, cutoff),
        unmet=unmet,
        rule_counts=counts,
        projects=projects_of(connection, definitions, period, computation, cutoff, names),
        unusual=_unusual(connection, definitions, period, cutoff, organisations),
    )


def told_for(
    connection: Connection, definitions: Definitions, whole: Extras, figures: Figures, *, top: bool
) -> tuple[Figures, Extras]:
    """Figures and extras as the report of a unit tells them, with what its units wrote.

    `whole` are the federation's (`extras_of`, in the same transaction), of which others get what is
    about them. An industry union with nobody on 块 is told along its own line.
    """
    lines: Mapping[str, str] = {}
    if not top and leads_industry(figures):
        along = along_industry(connection, figures)
        figures, lines = along.figures, along.lines
    own = whole if top else _own(connection, definitions, whole, figures, lines)
    if figures.period.kind is not PeriodKind.YEAR:
        return figures, own
    units = names_of(figures)
    words = words_of(connection, definitions, figures.period, figures.cutoff, units)
    return figures, replace(own, words=words)


def _own(
    connection: Connection,
    definitions: Definitions,
    extras: Extras,
    figures: Figures,
    lines: Mapping[str, str],
) -> Extras:
    """What of the federation's extras is about one unit and those next below it.

    The board of key works is that of the unit's own letter; rules are counted over all its units.
    """
    own, codes = figures.unit.code, names_of(figures)
    line = LINES[lines.get(own, BLOCK)]
    tasks = tuple(t for t in extras.tasks if t.code == own)
    return Extras(
        works=_works(definitions, tasks),
        tasks=tasks,
        projects=tuple(p for p in extras.projects if p.code in codes),
        assessments=tuple(a for a in extras.assessments if a.code in codes),
        star_homes=tuple(s for s in extras.star_homes if s.unit in codes),
        fund_bands=tuple(
            FundBand(
                b.name,
                tuple(u for u in b.now if u in codes),
                tuple(u for u in b.before if u in codes),
            )
            for b in extras.fund_bands
        ),
        unmet=tuple(u for u in extras.unmet if u.code in codes),
        rule_counts=_rule_counts(connection, definitions, own, line),
        unusual=tuple(u for u in extras.unusual if (lines.get(own, BLOCK), own) in u.above),
        lines=lines,
    )


def _rule_counts(
    connection: Connection, definitions: Definitions, unit: str, line: int = 1
) -> tuple[RuleCount, ...]:
    """How often each rule spoke in a unit and all below it along a line, counted as R-04 counts.

    Over the findings that `prepare_findings` has laid out.
    """
    rows = connection.execute(
        text(sql("report_finding_counts")),
        {"unit": id_of(connection, unit), "code": unit, "line": line},
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


def _unusual(
    connection: Connection,
    definitions: Definitions,
    period: Period,
    cutoff: datetime,
    organisations: Sequence[Registered],
) -> tuple[Unusual, ...]:
    """Figures of the year that stand in totals with an explanation; of few people without words."""
    few = set(sensitive(definitions, period.end).codes)
    by_id = {o.id: o for o in organisations}
    found = []
    for one in explained_figures(connection, definitions, period, cutoff, definitions.indicators):
        org = by_id.get(one.org_id)
        if org is None:
            continue
        told = not (one.indicators & few or sensitive_columns(definitions, one.form, period.end))
        found.append(
            Unusual(
                code=org.code,
                unit=org.name,
                period=one.period,
                form=one.form,
                rule=definitions.rules[one.rule].title,
                message=one.message if told else "",
                words=one.words if told else "",
                indicators=one.indicators,
                above=frozenset(_above(org, by_id)),
            )
        )
    return tuple(found)


def _above(org: Registered, by_id: Mapping[int, Registered]) -> Iterator[tuple[str, str]]:
    """A union and everyone above it on each line, as (line, code)."""
    for line in (BLOCK, INDUSTRY):
        at: Registered | None = org
        while at is not None:
            yield line, at.code
            at = by_id.get((at.block if line == BLOCK else at.industry_parent) or 0)


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
) -> tuple[tuple[LetterTask, ...], tuple[UnmetTarget, ...]]:
    """Annual tasks of the letters against the computed figures, and those that were not met."""
    reasons = _reasons(connection, definitions, period, cutoff)
    tasks, unmet = [], []
    for task in annual_tasks(connection, definitions, period, computation, cutoff):
        tasks.append(LetterTask(task.unit, task.work, task.met))
        if task.met:
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
    return tuple(tasks), tuple(sorted(unmet, key=lambda u: (u.unit, u.task)))


def _works(definitions: Definitions, tasks: Sequence[LetterTask]) -> tuple[WorkRow, ...]:
    """Tasks due and met by key work; none where there is no task at all."""
    if not tasks:
        return ()
    due = Counter(t.work for t in tasks)
    met = Counter(t.work for t in tasks if t.met)
    return tuple(
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


def _fund_bands(
    connection: Connection, definitions: Definitions, period: Period, cutoff: datetime
) -> tuple[FundBand, ...]:
    """Bands of the fund-performance audits, best first: who was in each this year and last."""
    schemes = {s.code: s for s in definitions.schemes if s.kind == "fund-audit"}
    years: list[dict[str, list[str]]] = []
    names: dict[str, None] = {}
    for one in (period, period.last_year()):
        found: dict[str, list[str]] = {}
        for kept in latest_results(connection, one.year, cutoff):
            if kept.scheme in schemes and kept.total is not None:
                names |= dict.fromkeys(b.name for b in schemes[kept.scheme].bands)
                found.setdefault(kept.grade, []).append(kept.detail["unit"]["code"])
        years.append({grade: sorted(units) for grade, units in found.items()})
    now, before = years
    return tuple(FundBand(n, tuple(now.get(n, ())), tuple(before.get(n, ()))) for n in names)


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
