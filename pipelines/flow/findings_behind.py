"""Places found wrong below a unit in a period: what reports count, and what a count walks to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from definitions import Period
from pipelines.publish.quoting import ALL_FINDINGS
from warehouse.cutoff import prepare_cutoff
from warehouse.engine import sql


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
    connection: Connection,
    unit_id: int,
    period: Period,
    cutoff: datetime,
    code: str,
    line: int = 1,
) -> list[FindingBehind]:
    """Every place of a rule (of any rule where `code` names none) below a unit along a line."""
    prepare_findings(connection, period, cutoff)
    rows = connection.execute(
        text(sql("report_finding_places")),
        {"unit": unit_id, "line": line, "rule": None if code == ALL_FINDINGS else code},
    )
    return [
        FindingBehind(
            r.rule, r.form, r.period, r.sheet, r.cell, r.explained, r.waiting, r.submission_id,
            r.sha256, r.file_name, r.org, r.via,
        )
        for r in rows
    ]  # fmt: skip
