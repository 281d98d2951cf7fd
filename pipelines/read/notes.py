"""Collect findings while reading: one for each bad cell, one a column for each thing normalised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from definitions.model import Column, ColumnType, Form, Rule, Severity
from expectations.findings import Finding, finding_of, show

HIDDEN_VALUE = "（已隐去）"
_LONGEST = 60
# More columns than this with the same notice are told in one sentence.
_MANY_COLUMNS = 3


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
        """Everything found, gravest first; a notice that many columns share is told once."""
        together: dict[tuple[str, str, str], list[_Merged]] = {}
        for merged in self._merged.values():
            together.setdefault((merged.rule.code, merged.form, merged.sheet), []).append(merged)
        notices: list[Finding] = []
        for group in together.values():
            parts = [[m] for m in group] if len(group) <= _MANY_COLUMNS else [group]
            notices += [_notice(part) for part in parts]
        return sorted(self._with_rest() + notices, key=lambda f: f.severity.rank)

    def _with_rest(self) -> list[Finding]:
        """The findings, the last one of a rule naming how many more were not listed."""
        found = list(self.findings)
        for code, count in self._counts.items():
            if count > self.limit:
                at = max(i for i, f in enumerate(found) if f.rule == code)
                rest = f"（另有 {count - self.limit} 处同类问题，未逐一列出）"
                found[at] = replace(found[at], message=found[at].message + rest)
        return found


def _notice(group: list[_Merged]) -> Finding:
    """One finding for one column, or for many columns of a sheet that have the same to tell."""
    first = group[0]
    label = first.column.label
    if len(group) > 1:
        label = f"{label}、{group[1].column.label}等 {len(group)} 列"
    return finding_of(
        first.rule,
        {
            "label": label,
            "value": first.value,
            "result": first.result,
            "count": sum(m.count for m in group),
            "expected": first.result,
        },
        form=first.form,
        sheet=first.sheet,
        row=first.row + 1,
        columns=tuple(m.at + 1 for m in group if m.row == first.row),
        field=first.column.code,
        value="" if is_personal(first.column) else first.value,
    )
