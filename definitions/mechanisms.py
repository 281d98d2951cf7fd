"""The mechanisms that the five source articles describe, and what carries each of them here."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import Field

from definitions.model import Model

REPORTS = {
    "R-01": "年终总结", "R-02": "考核结果汇编", "R-03": "月度通报", "R-04": "数据质量报告",
    "R-05": "经费绩效审计报告", "R-06": "星级职工之家名单", "R-07": "警示与整改清单",
    "R-08": "考核结果运用", "R-09": "单位档案", "R-10": "专题报告", "R-11": "组织变动与可比口径",
    "R-12": "诉求与维权专报", "R-13": "分析简报", "R-14": "合并报表",
}  # fmt: skip
"""The reports of the field's catalogue (9), by code."""


class Mechanism(Model):
    """One mechanism: its sentence in the article, and the parts of this system that realise it.

    `tests` are the test functions that prove it, as pytest names them; nothing may be empty.
    """

    id: str = Field(pattern=r"^M\d{3}$")
    seed: str = Field(pattern=r"^S[0-4]$")
    name: str = Field(min_length=2)
    sentence: str = Field(min_length=4)
    forms: tuple[str, ...] = Field(min_length=1)
    indicators: tuple[str, ...] = Field(min_length=1)
    rules: tuple[str, ...] = Field(min_length=1)
    scheme: str = ""
    reports: tuple[str, ...] = Field(min_length=1)
    tests: tuple[str, ...] = Field(min_length=1)

    def report_names(self) -> list[str]:
        """Each report with its name: R-01 年终总结 第3章."""
        found = []
        for report in self.reports:
            code, _, chapter = report.partition(" ")
            found.append(" ".join(filter(None, (code, REPORTS[code], chapter))))
        return found


def unknown_in_mechanism(
    mechanism: Mechanism,
    forms: Collection[str],
    indicators: Collection[str],
    rules: Collection[str],
    families: Collection[str],
) -> Iterator[str]:
    """A complaint per form, indicator, rule, scheme or report that does not exist."""
    for kind, named, known in (
        ("form", mechanism.forms, forms),
        ("indicator", mechanism.indicators, indicators),
        ("rule", mechanism.rules, rules),
        ("scheme", (mechanism.scheme,) if mechanism.scheme else (), families),
        ("report", [r.partition(" ")[0] for r in mechanism.reports], REPORTS),
    ):
        for code in named:
            if code not in known:
                yield f"{mechanism.id}: unknown {kind} {code}"
