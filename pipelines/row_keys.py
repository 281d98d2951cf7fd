"""Row keys as the warehouse keeps them: key columns joined by a tab, persons concealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from definitions import Definitions, Period
from definitions.model import Column, ColumnKind, ColumnType
from expectations.codes import personal_data
from expectations.findings import show
from pipelines.workbook import FormSheet
from warehouse.personal import conceal


def row_keys(sheet: FormSheet, definitions: Definitions, secret: bytes) -> list[str]:
    """The key of each row of a sheet that has been read."""
    form = definitions.form(sheet.form, Period.parse(sheet.period))
    return joined(
        stored(form.column(code), sheet.values[form.position[code]], secret)
        for code in form.identity
    )


def joined(columns: Iterable[Sequence[Any]]) -> list[str]:
    """Key columns as they are kept, value by value, as one text for each row."""
    texts = [
        [v if v.__class__ is str else "" if v is None else show(v) for v in column]
        for column in columns
    ]
    return ["\t".join(parts) for parts in zip(*texts, strict=True)]


def stored(column: Column, values: Sequence[Any], secret: bytes) -> list[Any]:
    """A column as it is kept: numbers as they are, everything else as text, persons concealed."""
    if column.type.numeric:
        return [None if v is None else float(v) for v in values]
    texts = [v if v is None or v.__class__ is str else _text(v) for v in values]
    if column.personal:
        return [None if t is None else conceal(t, secret) for t in texts]
    if column.type is ColumnType.TEXT or column.kind is ColumnKind.TEXT:
        # a number of a person in free text was asked about (V-C-016); explained or not, it rests
        # like any other
        return [conceal(t, secret) if t is not None and personal_data(t) else t for t in texts]
    return texts


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "、".join(map(str, value))
    return show(value)
