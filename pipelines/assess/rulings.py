"""What joint review, inspection and appeals decided, laid over the inputs before they are scored.

A ruling never sets a mark: it sets what the mark is computed from, so that every mark of every
edition comes out of the scheme's own functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from pipelines.assess.inputs import AssessmentInputs, AssessorMark, Measurement


class Kind(StrEnum):
    """What a ruling is about, as a page offers it."""

    FIGURE = "核定实绩"
    MARK = "核定评分"
    BALLOTS = "评价票作废"
    VETO = "撤销一票否决"
    HONOUR = "认定荣誉文号"
    DEDUCTION = "撤销扣分"


VALUED = (Kind.FIGURE, Kind.MARK)
"""Kinds of rulings that need a value."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision about one unit.

    `key` names the input: an indicator, an item of assessors, a rater group, a veto, the title of
    an honour, a kind of deduction. `value` is the figure or the mark that holds from now on.
    """

    unit: str
    kind: Kind
    key: str
    value: Decimal | None
    source: str
    document: str
    reason: str = ""

    @property
    def reference(self) -> str:
        """How a score sheet names it."""
        return f"{self.source}裁定（{self.document}）"


class RulingRefused(LookupError):
    """A ruling that is about nothing; the message is a Chinese sentence."""


def ruled(inputs: AssessmentInputs, rulings: Sequence[Ruling]) -> AssessmentInputs:
    """The inputs with every ruling applied; of two about the same key the later holds.

    RulingRefused, all of them at once, where a ruling names what the unit does not have.
    """
    newest = {(r.unit, r.kind, r.key): r for r in rulings}
    wrong: list[str] = []
    for ruling in newest.values():
        inputs = _apply(inputs, ruling, wrong)
    if wrong:
        raise RulingRefused("；".join(wrong))
    return inputs


def _apply(inputs: AssessmentInputs, ruling: Ruling, wrong: list[str]) -> AssessmentInputs:
    if ruling.kind in VALUED and ruling.value is None:
        wrong.append(f"{ruling.unit}“{ruling.kind}”{ruling.key} 没有写明核定后的数值")
        return inputs
    unit, key = ruling.unit, ruling.key
    match ruling.kind:
        case Kind.FIGURE:
            figures = tuple(_figure(m, ruling) for m in inputs.measurements)
            made = replace(inputs, measurements=figures)
        case Kind.MARK:
            return _marks(inputs, ruling, wrong)
        case Kind.BALLOTS:
            kept = tuple(t for t in inputs.tallies if (t.unit, t.rater) != (unit, key))
            made = replace(inputs, tallies=kept)
        case Kind.VETO:
            left = tuple(v for v in inputs.vetoes if (v.unit, v.code) != (unit, key))
            made = replace(inputs, vetoes=left)
        case Kind.HONOUR:
            claims = tuple(
                replace(c, document=ruling.document, reference=ruling.reference)
                if (c.unit, c.title) == (unit, key)
                else c
                for c in inputs.bonus_claims
            )
            made = replace(inputs, bonus_claims=claims)
        case Kind.DEDUCTION:
            fewer = tuple(d for d in inputs.deductions if (d.unit, d.kind) != (unit, key))
            made = replace(inputs, deductions=fewer)
    if made == inputs:
        wrong.append(f"{unit} 没有可以“{ruling.kind}”的“{key}”")
    return made


def _figure(found: Measurement, ruling: Ruling) -> Measurement:
    if (found.unit, found.indicator) != (ruling.unit, ruling.key):
        return found
    # The value alone counts from now on: the reported numerator and base stand no longer for it.
    return replace(
        found,
        value=ruling.value,
        numerator=None,
        denominator=None,
        reported=max(found.reported, 1),
        reference=f"{found.reference}；{ruling.reference}",
        made_of=f"{ruling.source}核定，{ruling.document}",
    )


def _marks(inputs: AssessmentInputs, ruling: Ruling, wrong: list[str]) -> AssessmentInputs:
    value = ruling.value or Decimal(0)
    if not 0 <= value <= 100:
        wrong.append(f"{ruling.unit} 项目 {ruling.key} 的核定评分 {value} 不在 0—100 之间")
        return inputs
    others = [m for m in inputs.assessor_marks if (m.unit, m.item) != (ruling.unit, ruling.key)]
    if len(others) == len(inputs.assessor_marks):
        wrong.append(f"{ruling.unit} 的项目 {ruling.key} 没有考评组评分，不能核定")
        return inputs
    decided = AssessorMark(
        ruling.unit, ruling.key, ruling.source, value, ruling.reason, ruling.reference
    )
    return replace(inputs, assessor_marks=(*others, decided))
