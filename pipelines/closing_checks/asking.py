"""The question that a rule over many organisations is put when a period closes, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from definitions import Period


@dataclass(frozen=True, slots=True)
class Asked:
    """The question as it is put: which period closes, and what was decided for it."""

    period: Period
    parameters: Mapping[str, Any]

    @property
    def day(self) -> date:
        """The last day of the period."""
        return self.period.end


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that breaks a rule; `values` fill the sentence and hold nothing personal."""

    filing: int
    row: int
    marks: tuple[str, ...]
    values: Mapping[str, Any]
