"""What a unit sees of its own assessment: its figures beside the computed ones, its appeals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions
from definitions.schemes import Scheme
from pipelines.assessment_year.stages import Stage
from pipelines.flow.self_assessing import SoFar, asked_of_unit
from portal.reading import assessments
from warehouse import assessment_facts as facts
from warehouse import assessment_year as kept
from warehouse import self_assessments as told
from warehouse.assessment_year import Round

PUBLISHED = (Stage.NOTICE, Stage.WAITING, Stage.FINAL)
"""Stages in which a unit sees its whole result, not only what was computed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a self-assessment beside what is known of it; numbers may be missing.

    `filed` is what the unit's own form (TGT-02) says, `value`, `score` and `remark` what it entered
    here, shown by `file`, `actual` and `marks` what was computed.
    """

    item: str
    item_name: str
    indicator: str
    name: str
    unit: str
    full: Decimal
    target: Decimal | None
    filed: Decimal | None
    actual: Decimal | None
    marks: Decimal | None
    state: str
    told: str
    value: Decimal | None
    score: Decimal | None
    remark: str
    file: int | None

    @property
    def departs(self) -> bool:
        """Whether the unit says something else than was computed, as far as a page shows both."""
        said = self.value if self.value is not None else self.filed
        return (
            said is not None and self.actual is not None and assessments.differ(said, self.actual)
        )


def shown_assessment(reading: Connection, found: Round) -> int | None:
    """The kept result that a unit sees: the newest once it is published, else the first."""
    listed = kept.editions(reading, found.id)
    if not listed:
        return None
    return listed[-1 if found.stage in PUBLISHED else 0].assessment_id


def lines(
    reading: Connection,
    known: Definitions,
    scheme: Scheme,
    found: Round,
    unit: str,
    detail: Mapping[str, Any] | None,
    so_far: SoFar,
    at: datetime,
) -> list[Line]:
    """Everything that the unit is asked about, in the order of the scheme."""
    entered = {
        (r["item"], r["indicator"]): r
        for r in told.self_entries(reading, found.id, at)
        if r["unit"] == unit
    }
    marks = {
        (m.item, m.indicator): m
        for block in (assessments.blocks_of(dict(detail)) if detail else ())
        for m in block.marks
    }
    listed = []
    for item, part, full in asked_of_unit(scheme):
        code = part.indicator if part else ""
        mark, own = marks.get((item.code, code)), entered.get((item.code, code))
        indicator = known.indicators.get(code)
        name = (part.called if part else "") or (indicator.name if indicator else "")
        if part and not name:
            name = "与".join(known.indicators[c].name for c in part.codes if c in known.indicators)
        listed.append(
            Line(
                item=item.code, item_name=item.name, indicator=code, name=name or item.name,
                unit=indicator.unit if indicator else "", full=full,
                target=mark.target if mark else so_far.targets.get(code),
                filed=so_far.filed.get(code),
                actual=mark.actual if mark else so_far.figures.get(code),
                marks=mark.marks if mark and part else None,
                state=mark.state if mark else "", told=mark.told if mark and part else "",
                value=own["value"] if own else None, score=own["score"] if own else None,
                remark=own["remark"] if own else "", file=own["evidence_id"] if own else None,
            )
        )  # fmt: skip
    return listed


def own_appeals(reading: Connection, found: Round, unit: str, at: datetime) -> list[Any]:
    """The unit's own appeals, oldest first."""
    return [a for a in facts.appeals(reading, found.id, at) if a.unit == unit]
