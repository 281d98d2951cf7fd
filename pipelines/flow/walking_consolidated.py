"""Walks of a consolidated workbook: from a cell, subtotal or total of it to the cells reported."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.model import Column, Form
from expectations.findings import column_letters
from pipelines.flow.sheets import parents_on, rows_of, sources_of
from pipelines.flow.walk_steps import NOW, At, Cell, Part, Walk, address_of, made, name_of
from pipelines.publish.consolidated import KIND, TOTAL, head_of, summable, summed
from pipelines.publish.sources import Source
from pipelines.small_cells import untold_columns
from warehouse.organisations import Registered, standing
from warehouse.publications import Edition, PrintedNumber
from warehouse.walks import filings_of

SOURCE = "consolidated"
SUBTOTAL = "小计"


def is_row(edition: Edition, code: str) -> bool:
    """Whether an address of an edition names a column of its form: ORG-02.members_total."""
    return edition.kind == KIND and "." in code


def told_rows(at: At, number: PrintedNumber, label: str) -> Walk:
    """What one union reported in a column, or what a subtotal or the total of it is made of."""
    sheet = _Sheet.of(at, number)
    rows = sheet.rows(number)
    cells = tuple(_cells(at, sheet, rows))
    parts: list[Part] = []
    rule = "本单位报表中该栏各行"
    if number.basis != NOW:
        rule = "由“数据”表中所属各单位相加"
        over = parents_on(sheet.organisations, sheet.line)
        whole = number.basis == TOTAL
        groups: dict[str, list[Cell]] = {}
        for cell in cells:
            groups.setdefault(over[cell.unit] if whole else cell.unit, []).append(cell)
        basis = SUBTOTAL if whole else NOW
        parts = [
            Part(
                name_of(at, unit, number.period),
                _sum(own),
                address_of(number, unit=unit, basis=basis),
                len(own),
            )
            for unit, own in groups.items()
        ]
    return made(
        at, replace(number, value=_sum(cells)), label, sheet.column.label, "current_rows", rule,
        parts, cells,
    )  # fmt: skip


def find_row(connection: Connection, known: Definitions, edition: Edition, typed: str) -> str:
    """The address of “单位编码或名称 表头” in a consolidated workbook; empty where none is meant.

    合计 stands for the total of all unions; of unions of one name only the code tells which.
    """
    if edition.kind != KIND:
        return ""
    form = known.form(str(edition.recipe["form"]), Period.parse(edition.period))
    unit, column = _parted(form, _plain(typed))
    if column is None or column.code in _untold(known, form, edition):
        return ""
    code, basis = edition.unit, f"/{TOTAL}"
    if unit != TOTAL:
        day = date.fromisoformat(str(edition.recipe["day"]))
        found = [
            o.code
            for o in standing(connection, day, edition.cutoff)
            if unit in (o.code, _plain(o.name))
        ]
        if len(found) != 1:  # of unions of one name nobody knows which is meant
            return ""
        code, basis = found[0], ""
    line = edition.recipe["line"]
    return f"{line}/{code}/{edition.period}/{form.code}.{column.code}{basis}"


def _parted(form: Form, typed: str) -> tuple[str, Column | None]:
    """Unit and column of what was typed: a code, a label or the head as printed ends it.

    Both names and heads may hold blanks and brackets, so the longest head that fits is taken.
    """
    heads = {_plain(h): c for c in form.columns for h in (c.code, c.label, head_of(c))}
    fitting = [h for h in heads if typed.endswith(f" {h}")]
    if not fitting:
        return "", None
    longest = max(fitting, key=len)
    return typed.removesuffix(longest).strip(), heads[longest]


def _plain(text: str) -> str:
    """As typed on any keyboard: full and half width alike, one blank for several."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _untold(known: Definitions, form: Form, edition: Edition) -> frozenset[str]:
    return untold_columns(known, form, Period.parse(edition.period).end)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The sheet 数据 of an edition, of which one column is asked about."""

    at: At
    form: Form
    column: Column
    line: str
    organisations: list[Registered]

    @classmethod
    def of(cls, at: At, number: PrintedNumber) -> _Sheet:
        code, _, field = number.indicator.partition(".")
        edition = at.edition
        if (code, number.period) != (edition.recipe.get("form"), edition.period):
            raise LookupError(f"{edition.reference} 没有 {number.period} 的 {code}")
        if number.basis == TOTAL and number.unit != edition.unit:
            # whoever sees a unit sees what is below it, not what is beside it
            raise LookupError(f"合计是{edition.unit_name}的")
        form = at.known.form(code, Period.parse(edition.period))
        if field not in form.position or field in _untold(at.known, form, edition):
            raise LookupError(f"{edition.reference} 没有“{field}”这一栏，或者该栏不逐行公布")
        column = form.column(field)
        if number.basis != NOW and column not in summed(form, [column]):
            raise LookupError(f"“{column.label}”不合计")
        day = date.fromisoformat(str(edition.recipe["day"]))
        organisations = standing(at.connection, day, edition.cutoff)
        return cls(at, form, column, str(edition.recipe["line"]), organisations)

    def rows(self, number: PrintedNumber) -> pd.DataFrame:
        """The rows that the number is made of, as they stand in the workbook."""
        units: list[str] | None = [number.unit]
        if number.basis == SUBTOTAL:
            over = parents_on(self.organisations, self.line)
            units = [unit for unit, parent in over.items() if parent == number.unit]
        elif number.basis == TOTAL:
            units = None
        edition = self.at.edition
        return rows_of(
            self.at.connection, self.at.known, self.form, [edition.period], self.organisations,
            edition.cutoff, units,
        )  # fmt: skip


def _cells(at: At, sheet: _Sheet, rows: pd.DataFrame) -> list[Cell]:
    sources = sources_of(at.connection, at.known, rows, sheet.organisations)
    submissions = {f.id: f.submission for f in filings_of(at.connection, list(sources))}
    names = {o.code: o.name for o in sheet.organisations}
    code = sheet.column.code
    at.names.update(names)
    return [
        _cell(sheet, sources[filing], submissions[filing], names.get(org, org), org, row, value)
        for filing, org, row, value in zip(
            rows["filing_id"], rows["org"], rows["row_no"], rows[code], strict=True
        )
        if not pd.isna(value)
    ]


def _cell(
    sheet: _Sheet, source: Source, submission: int, name: str, org: str, row: int, value: Any
) -> Cell:
    place = source.places.get(sheet.column.code, 0)
    return Cell(
        unit=org,
        unit_name=name,
        form=sheet.form.code,
        period=source.period,
        file_name=source.file_name,
        sha256=source.sha256,
        sheet=source.sheet,
        cells=(f"{column_letters(place)}{row}",) if place else (),
        fields=(sheet.column.code,),
        side=NOW,
        measure=f"sum({sheet.column.code})",
        adds=Decimal(str(value)) if summable(sheet.column) else None,
        submission=submission,
    )


def _sum(cells: Sequence[Cell]) -> Decimal | None:
    added = [c.adds for c in cells if c.adds is not None]
    return sum(added, Decimal(0)) if added else None
