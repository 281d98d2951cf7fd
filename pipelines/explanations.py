"""What an explanation is about: the row, its values and the rule; while they stay, the words hold.

An explanation that let a figure pass is not asked for again, in a later version or a later period,
as long as the same union's row says the same and the rule and its thresholds are the same. All of
that makes one fingerprint, keyed, so that nobody can guess a personal value from it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from definitions import Definitions, Period
from definitions.model import Column, Rule, Severity
from expectations.findings import Finding, show
from pipelines.row_keys import row_keys
from pipelines.workbook import FormSheet, ReadWorkbook
from warehouse.personal import PREFIX, conceal
from warehouse.submissions import number_text

_PARAMETER = re.compile(r"param\.(\w+)")
_QUOTED = re.compile(r"'(\w+)'")


@dataclass
class Fingerprints:
    """Fingerprints of findings under one edition of the definitions and one key."""

    definitions: Definitions
    secret: bytes
    _questions: dict[tuple[str, str, str, Period], str] = field(default_factory=dict)

    def of(
        self,
        finding: Finding,
        *,
        org: str,
        row_key: str,
        marked: Iterable[tuple[Column, object]],
        period: Period,
    ) -> str:
        """The fingerprint of one finding on a row; `marked` are its columns and what they hold."""
        rule = self.definitions.rule(finding.rule)
        values = [(c.code, self._stored(c, v)) for c, v in marked]
        about = [
            self._question(rule, finding, period),
            org,
            finding.form,
            row_key,
            values,
            # What a rule compares with other unions changes with them; the unit explains its own.
            "" if rule.layer == "cross-organisation" else finding.message,
        ]
        text = json.dumps(about, ensure_ascii=False)
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()[:32]

    def of_workbook(self, workbook: ReadWorkbook, findings: Sequence[Finding]) -> dict[int, str]:
        """Number of each finding that asks for words about a row's cells → its fingerprint.

        What is about a whole file, a cover or lateness is asked anew each time.
        """
        places = {
            (s.sheet, s.form): _Place(self, s, workbook.org_code or "") for s in workbook.sheets
        }
        found = {}
        for number, finding in enumerate(findings):
            place = places.get((finding.sheet, finding.form))
            if finding.severity is Severity.EXPLAIN and place is not None and finding.columns:
                value = place.fingerprint(finding)
                if value is not None:
                    found[number] = value
        return found

    def on_sheet(self, workbook: ReadWorkbook, sheet: FormSheet, finding: Finding) -> str | None:
        """The fingerprint of one finding on one sheet; None when it stands on none of its rows."""
        return _Place(self, sheet, workbook.org_code or "").fingerprint(finding)

    def _stored(self, column: Column, value: object) -> str:
        """A value as the warehouse writes it, persons concealed."""
        if value is None:
            return ""
        if column.type.numeric:
            return number_text(float(value))  # type: ignore[arg-type]
        text = "、".join(map(str, value)) if isinstance(value, (list, tuple)) else show(value)
        if column.personal and text and not text.startswith(PREFIX):
            return conceal(text, self.secret)
        return text

    def _question(self, rule: Rule, finding: Finding, period: Period) -> str:
        """The rule and every dated value that it reads, as they are for the period."""
        key = (rule.code, finding.form, finding.field, period)
        if key not in self._questions:
            form = self.definitions.form(finding.form, period)
            column = (
                form.columns[form.position[finding.field]]
                if (finding.field in form.position)
                else None
            )
            check = rule.elsewhere.get(finding.form, rule.check)
            texts = [
                check.text if check else "",
                column.derived.text if column and column.derived else "",
                rule.title,
            ]
            names = {n for t in (*texts, rule.message) for n in _PARAMETER.findall(t)}
            names |= {n for t in texts for n in _QUOTED.findall(t)}
            names |= set(rule.parameters)
            self._questions[key] = json.dumps(
                [rule.code, *texts, {n: self._value(n, period) for n in sorted(names)}],
                ensure_ascii=False,
                default=str,
            )
        return self._questions[key]

    def _value(self, name: str, period: Period) -> object:
        parameter = self.definitions.parameters.get(name)
        try:
            return parameter.at(period.end) if parameter else None
        except LookupError:
            return None


class _Place:
    """One sheet, with the way from a finding's row and columns to what stands there."""

    def __init__(self, prints: Fingerprints, sheet: FormSheet, reporter: str) -> None:
        self.prints = prints
        self.sheet = sheet
        self.period = Period.parse(sheet.period)
        self.form = prints.definitions.form(sheet.form, self.period)
        self.reporter = reporter
        self.rows = {number: index for index, number in enumerate(sheet.row_numbers)}
        self.columns = {c: p for p, c in enumerate(sheet.columns) if c is not None}
        self.keys: list[str] | None = None

    def fingerprint(self, finding: Finding) -> str | None:
        row = self.rows.get(finding.row or 0)
        if row is None:
            return None
        if self.keys is None:
            self.keys = row_keys(self.sheet, self.prints.definitions, self.prints.secret)
        place = self.form.position.get("org_code")
        org = None if place is None else self.sheet.values[place][row]
        marked = [
            (self.form.columns[self.columns[c]], self.sheet.values[self.columns[c]][row])
            for c in finding.columns
            if c in self.columns
        ]
        return self.prints.of(
            finding,
            org=str(org) if org is not None else self.reporter,
            row_key=self.keys[row],
            marked=marked,
            period=self.period,
        )
