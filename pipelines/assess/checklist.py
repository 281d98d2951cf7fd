"""Pass or fail by a list of requirements over one row of a form (DEM)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from definitions.small_schemes import Checklist, Requirement
from pipelines.assess.wording import plain

Cell = str | Decimal | int | None


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One requirement with what was reported."""

    requirement: Requirement
    met: bool
    why: str


@dataclass(frozen=True, slots=True)
class ChecklistResult:
    """Passed only when every requirement is met; `reported` False where the form never came."""

    passed: bool
    reported: bool
    lines: tuple[CheckedLine, ...]
    why: str


def check(scheme: Checklist, row: Mapping[str, Cell] | None) -> ChecklistResult:
    """Judge one unit by its row, None where it reported nothing: that is not passing."""
    if row is None:
        return ChecklistResult(False, False, (), f"未报送 {scheme.form}，不能评定，按未达标计。")
    lines = tuple(_line(r, row.get(r.column)) for r in scheme.requires)
    failed = [line for line in lines if not line.met]
    if not failed:
        return ChecklistResult(True, True, lines, f"{len(lines)} 项条件全部达到，评为达标。")
    listed = "；".join(line.why for line in failed)
    why = f"{len(lines)} 项条件中 {len(failed)} 项未达到：{listed}。"
    return ChecklistResult(False, True, lines, why)


def _line(requirement: Requirement, cell: Cell) -> CheckedLine:
    name = requirement.name
    if cell is None or cell == "":
        return CheckedLine(requirement, False, f"{name}（未填）")
    if requirement.at_least is not None:
        if isinstance(cell, str):
            return CheckedLine(requirement, False, f"{name}（填的是“{cell}”，不是数）")
        met = cell >= requirement.at_least
        return CheckedLine(requirement, met, f"{name}（{plain(cell)}）")
    return CheckedLine(requirement, str(cell) == requirement.equals, f"{name}（{cell}）")
