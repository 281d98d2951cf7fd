"""Small tables in, findings out: workbooks as the reader leaves them, and a warehouse of tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import pandas as pd

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from definitions.model import Form
from definitions.periods import Period
from expectations.findings import Finding
from pipelines.validate import validate
from pipelines.workbook import Cover, FormSheet, ReadWorkbook

RECEIVED = date(2017, 4, 3)
UNIONS = ("A001", "A002", "A003")


@cache
def definitions() -> Definitions:
    return load_definitions()


def form_of(code: str, period: str = "2017-03") -> Form:
    newest = definitions().newest(code)
    return definitions().form(code, Period.parse(period).within(newest.period))


def sheet(code: str, *rows: Mapping[str, Any], period: str = "2017-03") -> FormSheet:
    """A sheet with its header in row 5, columns from A in the form's order, data from row 6."""
    form = form_of(code, period)
    strange = {name for row in rows for name in row} - set(form.position)
    assert not strange, f"{code} has no {strange}"
    return FormSheet(
        form=code,
        edition=form.edition,
        sheet=form.title,
        header_row=5,
        columns=list(range(1, len(form.columns) + 1)),
        row_numbers=list(range(6, 6 + len(rows))),
        values=[
            [
                float(v)
                if c.type.numeric and (v := row.get(c.code)) is not None
                else row.get(c.code)
                for row in rows
            ]
            for c in form.columns
        ],
    )


def workbook(
    *sheets: FormSheet, org: str = "A001", period: str | None = "2017-03", **more: Any
) -> ReadWorkbook:
    return ReadWorkbook(f"{org}-{period}", "xlsx", period, org, Cover(), list(sheets), [], **more)


class Accepted:
    """A warehouse made of tables: {(form, period): rows}; unions are all at work."""

    def __init__(
        self,
        tables: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]] | None = None,
        unions: Sequence[str] = UNIONS,
        figures: Sequence[tuple[str, str, float]] = (),
        stopped: Sequence[str] = (),
    ) -> None:
        self.tables = tables or {}
        self.unions = unions
        self.figures = figures
        self.stopped = stopped

    def rows(
        self, form: str, periods: Collection[str], orgs: Collection[str] | None = None
    ) -> pd.DataFrame:
        found = [
            {"period": period, "reporter": row.get("org_code"), **row}
            for (code, period), rows in self.tables.items()
            if code == form and period in periods
            for row in rows
            if orgs is None or row.get("org_code") in orgs
        ]
        return pd.DataFrame(found)

    def organisations(self, period: str) -> pd.DataFrame:
        codes = [*self.unions, *self.stopped]
        states = ["正常"] * len(self.unions) + ["停止活动"] * len(self.stopped)
        return pd.DataFrame({"org_code": codes, "status": states})

    def seal(self, value: str) -> str:
        return value if value.startswith("~") else f"~{value[::-1]}"

    def computed(self, period: str) -> pd.DataFrame:
        return pd.DataFrame(self.figures, columns=["indicator", "org_code", "value"])


def check(
    *workbooks: ReadWorkbook, accepted: Accepted | None = None, received: date = RECEIVED
) -> list[list[Finding]]:
    return validate(workbooks, definitions(), accepted or Accepted(), received)


def places(findings: Sequence[Finding]) -> set[tuple[str, str]]:
    """Code and first cell of each finding."""
    return {(f.rule, f.cell) for f in findings}


def codes(findings: Sequence[Finding]) -> list[str]:
    return [f.rule for f in findings]


def members(**changed: Any) -> dict[str, Any]:
    """A month of ORG-02 of a small union that breaks nothing."""
    row: dict[str, Any] = {c.code: 0 for c in form_of("ORG-02").columns if c.type.numeric}
    row |= {"org_code": "A001", "workers_total": 128, "workers_f": 60, "workers_migrant": 20}
    row |= {"members_total": 120, "members_f": 55, "members_migrant": 18, "realname_members": 118}
    return row | {"covered_units": 1, "fulltime_cadres": 1, "parttime_cadres": 4} | changed


def funds(**changed: Any) -> dict[str, Any]:
    """A month of FIN-01: payroll 640,000, 2 % due, all paid, 60 % kept."""
    row: dict[str, Any] = {
        "org_code": "A001",
        "payroll": 640000,
        "due": 12800,
        "paid": 12800,
        "paid_route": definitions().code_lists["PAY_ROUTE"].values[0],
        "retained": 7680,
        "remitted": 5120,
        "arrears": 0,
        "cum_due": 12800 + 25600,
        "cum_paid": 12800 + 25600,
    }
    return row | changed


def slip(**changed: Any) -> dict[str, Any]:
    """A slip of RIGHT-01 just received."""
    lists = definitions().code_lists
    row: dict[str, Any] = {
        "slip_id": "D1",
        "org_code": "A001",
        "slip_kind": "职工维权服务菜单",
        "channel": lists["CHANNEL"].values[0],
        "topic": lists["TOPIC"].values[0],
        "received_on": date(2017, 3, 6),
        "persons": 1,
    }
    return row | changed
