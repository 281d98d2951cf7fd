"""A finding: one thing wrong, or worth telling, in one place of what was handed in."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from definitions.model import Rule, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, what was read, and what to do; sentences are for the reporter.

    `row` and `columns` are 1-based as on the sheet; `columns` holds every cell to mark, the first
    is the one linked to. File and cover findings have no row. `value` never carries personal data.
    """

    rule: str
    severity: Severity
    message: str
    advice: str
    form: str = ""
    sheet: str = ""
    row: int | None = None
    columns: tuple[int, ...] = ()
    field: str = ""
    value: str = ""
    expected: str = ""

    @property
    def cell(self) -> str:
        """Address of the first cell, such as D7; empty when the finding is not about a cell."""
        if self.row is None or not self.columns:
            return ""
        return f"{column_letters(self.columns[0])}{self.row}"

    @property
    def cells(self) -> tuple[str, ...]:
        """Addresses of all cells to mark."""
        if self.row is None:
            return ()
        return tuple(f"{column_letters(c)}{self.row}" for c in self.columns)


def column_letters(number: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def show(value: Any) -> str:
    """A value as a person writes it: 12, 3.5, 2017-03-01, 是; blank is 空."""
    if value is None or value != value:
        return "空"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


class _Sentence(string.Formatter):
    """Fills {name} from a mapping, {a.b} as one name; a missing name stays visible."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        return show(kwargs[field_name]) if field_name in kwargs else f"〔{field_name}〕", field_name


_SENTENCE = _Sentence()


def sentence(template: str, values: Mapping[str, Any]) -> str:
    """A rule's message with the values filled in."""
    return _SENTENCE.vformat(template, (), values)


def finding_of(rule: Rule, values: Mapping[str, Any] | None = None, **place: Any) -> Finding:
    """A finding of a rule; `place` gives form, sheet, row, columns, field, value, expected."""
    filled = values or {}
    return Finding(
        rule=rule.code,
        severity=rule.severity,
        message=sentence(rule.message, filled),
        advice=sentence(rule.advice, filled),
        **place,
    )
