"""Numbers of a workbook that is no document: each quoted by its place, all listed on a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from xlsxwriter.utility import xl_rowcol_to_cell

from definitions.catalogue import Definitions
from pipelines.figures import BLOCK, Figures
from pipelines.publish.content import PublishedNumber
from pipelines.publish.publication import clock, reference_of
from pipelines.publish.quoting import SOURCE_NAMES, names_of, told_of
from pipelines.publish.sheets import Book, Field

SOURCES = "数字来源"


@dataclass
class Quotes:
    """The numbers of a workbook in the order in which they were laid down, with their cells."""

    reference: str
    numbers: list[PublishedNumber] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)
    after: int = 0
    """How many numbers of the same publication come before those of the workbook."""

    def add(
        self,
        sheet: str,
        row: int,
        column: int,
        value: Decimal | int | None,
        code: str,
        unit: str,
        period: str,
        basis: str = "本期",
        *,
        line: str = BLOCK,
        source: str = "indicator",
        units: Sequence[str] = (),
    ) -> None:
        """Quote what stands in a cell (row and column from 0); nothing where it is blank."""
        if value is None:
            return
        cell = xl_rowcol_to_cell(row, column)
        number = PublishedNumber(
            anchor=f"{sheet}!{cell}",
            line=line,
            unit=unit,
            period=period,
            indicator=code,
            value=Decimal(value),
            basis=basis,
            source=source,
            units=tuple(units),
            text=f"{Decimal(value):,f}",
        )
        self.numbers.append(number)
        self.places.append((sheet, cell))

    def sheet(
        self,
        book: Book,
        figures: Figures,
        definitions: Definitions,
        names: dict[str, str] | None = None,
    ) -> None:
        """The list of all of them, by which a reader of the workbook can ask the portal."""
        known = names_of(figures) | (names or {})
        fields = [
            Field("编号", "center", 19),
            Field("工作表", "text", 20),
            Field("单元格", "center", 9),
            Field("数值", "number", 16),
            Field("单位", "text", 30),
            Field("指标", "text", 26),
            Field("口径", "text", 24),
            Field("统计线", "center", 8),
            Field("期间", "center", 10),
            Field("取自", "center", 10),
        ]
        rows, decimals = [], []
        for place, number in enumerate(self.numbers):
            sheet, cell = self.places[place]
            rows.append(
                (
                    f"{self.reference}-{self.after + place + 1}", sheet, cell, number.value,
                    known.get(number.unit, number.unit), told_of(number, definitions),
                    number.basis, number.line, number.period,
                    SOURCE_NAMES.get(number.source, number.source),
                )
            )  # fmt: skip
            whole = number.value == number.value.to_integral_value()
            decimals.append(0 if whole else 2)
        note = (
            f"数据截止 {clock(figures.cutoff)}。各表每个数的出处：在系统“查数”中输入编号，"
            "可逐级查到单位、报表、工作簿和单元格。"
        )
        book.table(SOURCES, "数字来源", fields, rows, note=note, freeze=1, decimals=decimals)


def quotes(kind: str, title: str, figures: Figures) -> Quotes:
    """An empty list under the reference that the publication will have."""
    return Quotes(
        reference_of(
            kind, title, figures.unit.code, figures.period, figures.cutoff,
            figures.definitions_digest,
        )
    )  # fmt: skip
