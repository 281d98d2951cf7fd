"""Reports of a unit and period that are made from figures: what each kind needs beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.consolidate import consolidate, figures_of, top_unit
from pipelines.figures import Figures
from pipelines.flow.analysis_brief import analysis_of
from pipelines.flow.appeals_bulletin import appeals_of
from pipelines.flow.findings_behind import prepare_findings
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.industry_topic import industry_topic_of
from pipelines.flow.short_reviews import short_review_of
from pipelines.flow.storing import lay_out, publish
from pipelines.flow.unit_book import unit_book_of
from pipelines.publish import Publication, quality
from warehouse import audit
from warehouse.engine import sql
from warehouse.organisations import standing
from warehouse.windows import china_day

ReportMaker = Callable[[Connection, Definitions, Figures], Publication]


def publish_report(
    report: str, period: str, at: str, unit: str | None = None, by: str = "system"
) -> dict[str, Any]:
    """Publish a report (R-04, …) of a period for a unit, the federation when none is named.

    R-01 is the short form for a union with nobody below it; the others' are drafted and signed.

    Returns the publication's id and reference, how many numbers it prints, and the files.
    LookupError in Chinese for a code that is no report of this kind.
    """
    if report not in REPORTS:
        raise LookupError(f"没有编号为 {report} 的报告，可选：{'、'.join(REPORTS)}")
    known, when, span = definitions(), moment(at), Period.parse(period)
    register(known, when)
    with engine().begin() as connection:
        known_units = standing(connection, span.end, when)
        code = unit or top_unit(known_units).code
        if code not in {o.code for o in known_units}:
            raise LookupError(f"工会组织编码 {code} 在{span.chinese}没有登记")
        computation = consolidate(connection, known, span, when, when)
        figures = figures_of(connection, known, computation, code)
        publication = REPORTS[report](connection, known, figures)
        kept, stands = publish(connection, publication, computation, when, by)
        audit.note(
            connection,
            at=when,
            actor=by,
            action="report.publish",
            subject=str(kept),
            detail={"report": report, "period": span.label},
        )
    return {
        "publication": kept,
        "reference": publication.reference,
        "numbers": len(publication.numbers),
        "files": lay_out(publication) if stands else [],
    }


def publish_reports_below(
    report: str, period: str, at: str, unit: str | None = None, by: str = "system"
) -> list[dict[str, Any]]:
    """The same for every unit directly below a unit, on 块, or on 条 where nobody is on 块.

    Each stands by itself: what was made before a run broke off is made again as the same edition.
    """
    when, span = moment(at), Period.parse(period)
    with engine().begin() as connection:
        everyone = standing(connection, span.end, when)
    code = unit or top_unit(everyone).code
    head = next((o.id for o in everyone if o.code == code), None)
    if head is None:
        raise LookupError(f"工会组织编码 {code} 在{span.chinese}没有登记")
    below = [o.code for o in everyone if o.block == head]
    below = below or [o.code for o in everyone if o.industry_parent == head]
    return [publish_report(report, period, at, one, by) for one in below]


def quality_of(connection: Connection, known: Definitions, figures: Figures) -> Publication:
    """R-04 of the unit and period of some figures."""
    period, cutoff = figures.period, figures.cutoff
    prepare_findings(connection, period, cutoff)
    rows = connection.execute(
        text(sql("report_finding_counts")),
        {"unit": _id(connection, figures.unit.code), "code": figures.unit.code, "line": 1},
    ).all()
    whole = quality.Found(0, 0, 0, 0)
    rules, by_unit = [], {}
    for r in rows:
        found = quality.Found(r.places, r.units, r.explained, r.waiting, r.rule or "",
                              r.severity or "")  # fmt: skip
        if r.rule is not None:
            rules.append(found)
        elif r.via is not None:
            by_unit[r.via] = found
        else:
            whole = found
    told = quality.Quality(
        whole=whole,
        rules=rules,
        by_unit=by_unit,
        forms={f.code: f.title for f in known.forms},
        answer_workdays=int(known.parameters["explanation_workdays"].at(china_day(cutoff))),
    )
    return quality.quality_report(figures, told, known)


REPORTS: dict[str, ReportMaker] = {
    "R-01": short_review_of,
    "R-04": quality_of,
    "R-09": unit_book_of,
    "R-10": industry_topic_of,
    "R-12": appeals_of,
    "R-13": analysis_of,
}
"""Code → what makes it from the figures of a unit and period."""


def _id(connection: Connection, code: str) -> int:
    return int(
        connection.execute(
            text("SELECT id FROM organisation WHERE code = :code"), {"code": code}
        ).scalar_one()
    )
