"""Collect findings while reading: one for each bad cell, one a column for each thing normalised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from definitions.model import Column, ColumnType, Form, Rule, Severity
from expectations.findings import Finding, finding_of, show

HIDDEN_VALUE = "（已隐去）"
_LONGEST = 60


def is_personal(column: Column) -> bool:
    """Whether a cell of the column may never be quoted."""
    return bool(column.personal) or column.type in (ColumnType.IDNO, ColumnType.PHONE)


def quote(value: Any) -> str:
    """A value as it is quoted in a sentence: short, on one line."""
    text = " ".join(show(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


@dataclass(slots=True)
class _Merged:
    """Notices of one kind in one column, waiting to become one finding."""

    rule: Rule
    form: str
    sheet: str
    column: Column
    row: int
    at: int
    value: str
    result: str
    count: int = 0


@dataclass(slots=True)
class Notes:
    """Findings of one document; rows and columns are given from 0 and stored from 1."""

    rules: Mapping[str, Rule]
    limit: int
    findings: list[Finding] = field(default_factory=list)
    _merged: dict[tuple[str, str, int, str], _Merged] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def say(self, code: str, values: Mapping[str, Any] | None = None, **place: Any) -> None:
        """A finding about the file, the cover or a sheet; `place` as in finding_of."""
        self.findings.append(finding_of(self.rules[code], values, **place))

    def cell(
        self,
        code: str,
        form: Form,
        column: Column,
        sheet: str,
        row: int,
        at: int,
        value: Any,
        result: Any = "",
    ) -> None:
        """A finding about one cell; notices are merged by column, the rest stand alone."""
        rule = self.rules[code]
        personal = is_personal(column)
        read = HIDDEN_VALUE if personal else quote(value)
        became = HIDDEN_VALUE if personal else quote(result)
        if rule.severity is Severity.NOTICE:
            key = (code, sheet, at, column.code)
            merged = self._merged.get(key)
            if merged is None:
                merged = self._merged[key] = _Merged(
                    rule, form.code, sheet, column, row, at, read, became
                )
            merged.count += 1
            return
        self._counts[code] = self._counts.get(code, 0) + 1
        if self._counts[code] > self.limit:
            return
        self.findings.append(
            finding_of(
                rule,
                {"label": column.label, "value": read, "result": became, "expected": became},
                form=form.code,
                sheet=sheet,
                row=row + 1,
                columns=(at + 1,),
                field=column.code,
                value="" if personal else read,
            )
        )

    def all(self) -> list[Finding]:
        """Everything found, gravest first, then by place on the sheets."""
        merged = [
            finding_of(
                m.rule,
                {
                    "label": m.column.label,
                    "value": m.value,
                    "result": m.result,
                    "count": m.count,
                    "expected": m.result,
                },
                form=m.form,
                sheet=m.sheet,
                row=m.row + 1,
                columns=(m.at + 1,),
                field=m.column.code,
                value="" if is_personal(m.column) else m.value,
            )
            for m in self._merged.values()
        ]
        found = self.findings + merged
        return sorted(found, key=lambda f: f.severity.rank)
