"""What every notice (R-07) rests on: the day, the registers as told last, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.flow.filed_rows import Rows
from pipelines.flow.paper_ground import with_paper
from pipelines.flow.recipes import Asked
from pipelines.publish.paper import Paper
from pipelines.publish.publication import Publication
from warehouse.organisations import Registered, standing
from warehouse.windows import china_day

KIND = "R-07 通知书"
OFFICES = "notice_offices"
NO_NUMBER = "〔{year}〕　　号"
"""The number is written in by whoever keeps the register of documents."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a notice is about: its key never changes; `told` are cells or values.

    `row` is what it was found in, where that is one row of a form.
    """

    unit: str
    key: str
    told: Any
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ground:
    """What finding what is due reads."""

    connection: Connection
    known: Definitions
    when: datetime
    issued_at: datetime

    @cached_property
    def day(self) -> date:
        """The day of the notice, in China."""
        return china_day(self.issued_at)

    @cached_property
    def orgs(self) -> dict[str, Registered]:
        """Every organisation of the day by its code."""
        return {o.code: o for o in standing(self.connection, self.day, self.when)}

    def parameter(self, code: str) -> Any:
        """A dated parameter as in force on the day."""
        return self.known.parameters[code].at(self.day)

    def answer_by(self, matter: str) -> date:
        """The last day to answer a notice of the day."""
        days = int(self.parameter("notice_answer_workdays")[matter])
        return self.known.calendar.add(self.day, days)

    def ledger(self, form: str) -> list[dict[str, Any]]:
        """Things of this year and last, each as it was told last."""
        keys = self.known.newest(form).ledger
        newest: dict[tuple[Any, ...], dict[str, Any]] = {}
        for year in (self.day.year - 1, self.day.year):
            period = Period(PeriodKind.YEAR, year)
            rows = Rows(self.connection, self.known, period, self.when, list(self.orgs))
            for row in rows.of(form):
                key = tuple(row[k] for k in keys.keys) if keys else (form, year, row["row_no"])
                newest[key] = row
        return [row for row in newest.values() if row["org_code"] in self.orgs]


def publication_of(paper: Paper, title: str, known: Definitions, asked: Asked) -> Publication:
    made = Publication(
        kind=KIND,
        title=title,
        unit=str(asked.told("unit")),
        period=asked.period,
        cutoff=asked.cutoff,
        digest=known.digest,
        files=(),
        recipe=asked.recipe,
    )
    return with_paper(made, paper, asked.issued_at)
