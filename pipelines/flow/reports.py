"""Reports of a unit and period that are made from figures: what each kind needs beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from pipelines.consolidate import consolidate, figures_of, top_unit
from pipelines.figures import Figures
from pipelines.flow.analysis_brief import analysis_of
from pipelines.flow.appeals_bulletin import appeals_of
from pipelines.flow.ground import definitions, engine, moment, register
from pipelines.flow.storing import keep_draft, lay_out
from pipelines.publish import Publication, quality
from warehouse import audit
from warehouse.cutoff import prepare_cutoff
from warehouse.engine import sql
from warehouse.organisations import standing
from warehouse.publications import decide
from warehouse.windows import china_day

ReportMaker = Callable[[Connection, Definitions, Figures], Publication]


def publish_report(
    report: str, period: str, at: str, unit: str | None = None, by: str = "system"
) -> dict[str, Any]:
    """Publish a report (R-04, …) of a period for a unit, the federation when none is named.

    Returns the publication's id and reference, how many numbers it prints, and the files.
    LookupError in Chinese for a code that is no report of this kind.
    """
    if report not in REPORTS:
        raise LookupError(f"没有编号为 {report} 的报告，可选：{'、'.join(REPORTS)}")
    known, when, span = definitions(), moment(at), Period.parse(period)
    register(known, when)
    with engine().begin() as connection:
        code = unit or top_unit(standing(connection, span.end, when)).code
        computation = consolidate(connection, known, span, when, when)
        figures = figures_of(connection, known, computation, code)
        publication = REPORTS[report](connection, known, figures)
        kept = keep_draft(connection, publication, computation, when)
        decide(connection, kept, "published", by, when)
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
        "files": lay_out(publication),
    }


def quality_of(connection: Connection, known: Definitions, figures: Figures) -> Publication:
    """R-04 of the unit and period of some figures."""
    period, cutoff = figures.period, figures.cutoff
    prepare_findings(connection, period, cutoff)
    rows = connection.execute(
        text(sql("report_finding_counts")),
        {"unit": _id(connection, figures.unit.code), "code": figures.unit.code},
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
        issued_on=china_day(cutoff),
    )
    return quality.quality_report(figures, told, known)


REPORTS: dict[str, ReportMaker] = {
    "R-04": quality_of,
    "R-12": appeals_of,
    "R-13": analysis_of,
}
"""Code → what makes it from the figures of a unit and period."""


def prepare_findings(connection: Connection, period: Period, cutoff: datetime) -> None:
    """Temporary table `report_finding`: every place found in the periods inside one."""
    prepare_cutoff(connection, cutoff)
    connection.execute(text("DROP TABLE IF EXISTS report_finding"))
    connection.execute(
        text(sql("report_findings")),
        {"starts": period.start, "ends": period.end, "cutoff": cutoff},
    )


@dataclass(frozen=True, slots=True)
class FindingBehind:
    """One place behind a count of findings; `via` is the unit next below, empty for its own."""

    rule: str
    form: str
    period: str
    sheet: str
    cell: str
    explained: bool
    waiting: bool
    submission: int
    sha256: str
    file_name: str
    org: str
    via: str

    def counts_as(self, basis: str) -> bool:
        """Whether it belongs to 处数, 已更正, 已说明 or 待处理."""
        return {
            "已说明": self.explained,
            "待处理": self.waiting,
            "已更正": not self.explained and not self.waiting,
        }.get(basis, True)


def findings_behind(
    connection: Connection, unit_id: int, period: Period, cutoff: datetime, code: str
) -> list[FindingBehind]:
    """Every place of a rule (of any rule where `code` names none) below a unit at the cut-off."""
    prepare_findings(connection, period, cutoff)
    rows = connection.execute(
        text(sql("report_finding_places")),
        {"unit": unit_id, "rule": None if code == quality.ALL else code},
    )
    return [
        FindingBehind(
            r.rule, r.form, r.period, r.sheet, r.cell, r.explained, r.waiting, r.submission_id,
            r.sha256, r.file_name, r.org, r.via,
        )
        for r in rows
    ]  # fmt: skip


def _id(connection: Connection, code: str) -> int:
    return int(
        connection.execute(
            text("SELECT id FROM organisation WHERE code = :code"), {"code": code}
        ).scalar_one()
    )
