"""An indicator that a report makes for itself, beside those of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from definitions.measures import Indicator


class ReportCount(Indicator):
    """An indicator that one report makes for itself; its code says of which and what it counts."""

    code: str = Field(pattern=r"^I-R\d\d-.+$")


def report_count(
    report: str, code: str, name: str, unit: str, *measures: Mapping[str, Any], **more: Any
) -> ReportCount:
    """A plain count or sum of a report (R-12) over some measures; `more` overrides what it says."""
    return ReportCount.model_validate(
        {
            "code": code,
            "name": name,
            "unit": unit,
            "aggregate": "sum",
            "numerator": list(measures),
            "better": "neither",
            "authority": f"领域目录 9（{report}）；本报告自设",
            "definition": name,
            **more,
        }
    )
