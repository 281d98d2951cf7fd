"""Accepted, accepted once explained, or returned."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from definitions.model import Severity
from expectations.findings import Finding


class Verdict(StrEnum):
    """The outcome of one submission; the value is what the warehouse keeps."""

    ACCEPTED = "accepted"
    EXPLAIN = "explain"
    RETURNED = "returned"

    @property
    def chinese(self) -> str:
        """As the reporter reads it."""
        return {"accepted": "已通过", "explain": "请补充说明", "returned": "退回修改"}[self.value]


FindingKey = tuple[str, str, str]


def finding_key(finding: Finding) -> FindingKey:
    """(rule, sheet, cell): what an explanation typed on the review sheet refers to."""
    return finding.rule, finding.sheet, finding.cell


def verdict_of(findings: Iterable[Finding], explained: Collection[FindingKey] = ()) -> Verdict:
    """The verdict over all findings; `explained` holds the keys of accepted explanations.

    Only 须说明 can be explained: no explanation saves a workbook with a 退回 finding.
    """
    verdict = Verdict.ACCEPTED
    for finding in findings:
        if finding.severity is Severity.RETURN:
            return Verdict.RETURNED
        if finding.severity is Severity.EXPLAIN and finding_key(finding) not in explained:
            verdict = Verdict.EXPLAIN
    return verdict
